#include <string.h>

#include "lib/base/buf.h"

#include "channels/address.h"
#include "channels/etsy/internal.h"

/*
 * Addresses: "<listing>" is every product of it, "<listing>/<SKU>" or "<listing>/200=1213+513=99"
 * those of this SKU or variation; the listing key where there is none. An inventory is written
 * whole, so it is read before each write, again whenever a write is tried again: a write that had
 * come through is not made twice, and what was sold meanwhile is seen.
 */
struct place {
    const char *listing;
    const char *key; /* "": the whole listing */
};

static bool place_of(const struct target *target, struct arena *arena, struct place *ret_place)
{
    const char *address = target->address[0] == '\0' ? target->listing : target->address;
    size_t len = strcspn(address, "/");
    struct place place = {.listing = arena_strndup(arena, address, len),
                          .key = arena_strdup(arena, address + len + (address[len] == '/'))};

    if (!channel_address_is_id(place.listing) || (address[len] == '/' && place.key[0] == '\0'))
        return false;
    *ret_place = place;
    return true;
}

const char *channel_etsy_group(const struct channel_account *account, const struct target *target,
                               struct arena *arena)
{
    struct place place;

    (void)account;
    return place_of(target, arena, &place) ? place.listing : NULL;
}

static int64_t wanted_of(const struct channel_push *push)
{
    return push->target->quantity > ETSY_QUANTITY_MAX ? ETSY_QUANTITY_MAX : push->target->quantity;
}

/* ---- what the pushes do to an inventory ---- */

struct plan {
    struct etsy_inventory inventory;
    int64_t *quantities;     /* of each product; -1: as it is */
    const char **complaints; /* of each push: why it can never be written; NULL: it can */
};

/* Products that the push names; they must be of one pool. NULL: pool is set, if there are any. */
static const char *pool_of(const struct plan *plan, const struct place *place,
                           const char **ret_pool)
{
    *ret_pool = NULL;
    for (size_t i = 0; i < plan->inventory.len; i++) {
        const struct etsy_product *product = &plan->inventory.products[i];

        if (!channel_etsy_is_named(product, place->key))
            continue;
        if (*ret_pool != NULL && strcmp(*ret_pool, product->pool) != 0)
            return "several_quantities";
        *ret_pool = product->pool;
    }
    return *ret_pool == NULL ? "no_product" : NULL;
}

/* The smallest of those that several pushes want for one pool: never more than any of them. */
static void take_quantity(const struct plan *plan, const struct place *place, const char *pool,
                          bool is_shared, int64_t wanted)
{
    for (size_t i = 0; i < plan->inventory.len; i++) {
        const struct etsy_product *product = &plan->inventory.products[i];
        int64_t *quantity = &plan->quantities[i];

        if (strcmp(product->pool, pool) == 0 &&
            (is_shared || channel_etsy_is_named(product, place->key)))
            *quantity = *quantity < 0 || wanted < *quantity ? wanted : *quantity;
    }
}

/* One number for all products of a pool: whoever names only some of them would change the others'
   quantity unasked. */
static bool pool_is_even(const struct plan *plan, const char *pool)
{
    int64_t first = -2;

    for (size_t i = 0; i < plan->inventory.len; i++) {
        if (strcmp(plan->inventory.products[i].pool, pool) != 0)
            continue;
        if (first != -2 && plan->quantities[i] != first)
            return false;
        first = plan->quantities[i];
    }
    return true;
}

static void drop_pool(const struct plan *plan, const char *pool)
{
    for (size_t i = 0; i < plan->inventory.len; i++) {
        if (strcmp(plan->inventory.products[i].pool, pool) == 0)
            plan->quantities[i] = -1;
    }
}

static void refuse_uneven(const struct plan *plan, const char *const *pools, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (plan->complaints[i] == NULL && !pool_is_even(plan, pools[i]))
            plan->complaints[i] = "shared_quantity";
    }
    for (size_t i = 0; i < count; i++) {
        if (plan->complaints[i] != NULL && pools[i] != NULL && !pool_is_even(plan, pools[i]))
            drop_pool(plan, pools[i]);
    }
}

static bool plan_make(const struct channel_account *account, const struct channel_push *pushes,
                      size_t count, const struct json *json, struct arena *arena,
                      struct plan *ret_plan, struct err *err)
{
    bool is_shared = channel_account_setting_has(account, "shared_quantity", "write");
    struct plan plan = {.complaints = arena_alloc(arena, count * sizeof(char *))};
    const char **pools = arena_alloc(arena, count * sizeof(*pools));

    if (!channel_etsy_inventory(json, arena, &plan.inventory, err))
        return false;
    plan.quantities = arena_alloc(arena, (plan.inventory.len + 1) * sizeof(*plan.quantities));
    for (size_t i = 0; i < plan.inventory.len; i++)
        plan.quantities[i] = -1;
    for (size_t i = 0; i < count; i++) {
        struct place place;

        plan.complaints[i] = place_of(pushes[i].target, arena, &place)
                                 ? pool_of(&plan, &place, &pools[i])
                                 : "no_product";
        if (plan.complaints[i] == NULL)
            take_quantity(&plan, &place, pools[i], is_shared, wanted_of(&pushes[i]));
    }
    refuse_uneven(&plan, pools, count);
    *ret_plan = plan;
    return true;
}

static bool plan_changes(const struct plan *plan)
{
    for (size_t i = 0; i < plan->inventory.len; i++) {
        const struct etsy_product *product = &plan->inventory.products[i];

        if (plan->quantities[i] >= 0 &&
            (!product->has_quantity || product->quantity != plan->quantities[i]))
            return true;
    }
    return false;
}

/* ---- requests ---- */

bool channel_etsy_push(const struct channel_account *account, const struct channel_push *pushes,
                       size_t count, const char *key, struct arena *arena,
                       struct channel_request *ret_request, struct err *err)
{
    struct place place = {0};

    (void)key;
    for (size_t i = 0; i < count; i++) {
        if (!place_of(pushes[i].target, arena, &place))
            return err_set(err, ERR_REJECT,
                           "address '%.100s' of listing '%.100s': want listing/sku",
                           pushes[i].target->address, pushes[i].target->listing);
    }
    *ret_request = channel_etsy_inventory_call(account, place.listing, arena);
    return true;
}

static struct channel_request write_of(const struct channel_account *account, const char *listing,
                                       const struct buf *body, struct arena *arena)
{
    const char *query = channel_account_setting(account, "inventory_query");

    return channel_etsy_call(account, "PUT",
                             arena_printf(arena, "listings/%s/inventory%s%s", listing,
                                          query[0] == '\0' ? "" : "?", query),
                             arena_strdup(arena, buf_str(body)), arena);
}

/* Read, then write. Nothing is written when nothing would change, or when the inventory can't be
   said back; the answer to the reading is judged then. */
bool channel_etsy_push_next(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count, const char *key,
                            const struct channel_response *previous, void **state,
                            struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    static char has_written;
    SCOPED(buf) struct buf body = {0};
    const struct json *json = NULL;
    struct place place;
    struct plan plan;
    struct err why = {0};

    (void)key;
    (void)err;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (*state == &has_written ||
        channel_etsy_call_result(previous, arena, &json).verdict != CHANNEL_ACCEPTED)
        return true;
    if (!place_of(pushes[0].target, arena, &place) ||
        !plan_make(account, pushes, count, json, arena, &plan, &why) || !plan_changes(&plan) ||
        !channel_etsy_inventory_body(account, &plan.inventory, plan.quantities, &body, &why))
        return true;
    *state = &has_written;
    ret_next->request = write_of(account, place.listing, &body, arena);
    return true;
}

/* ---- answers: of reading and of writing, which both show the inventory ---- */

static struct channel_result result_of_push(const struct plan *plan,
                                            const struct channel_push *push, const char *complaint,
                                            struct arena *arena)
{
    struct channel_result result = {
        .verdict = CHANNEL_REJECTED, .error_class = complaint, .error_text = ""};
    struct place place;

    if (complaint != NULL || !place_of(push->target, arena, &place))
        return result;
    result.error_class = "nothing_shown";
    for (size_t i = 0; i < plan->inventory.len; i++) {
        const struct etsy_product *product = &plan->inventory.products[i];

        if (!channel_etsy_is_named(product, place.key) || !product->has_quantity)
            continue;
        if (!result.has_shown || product->quantity > result.shown)
            result.shown = product->quantity;
        result.has_shown = true;
    }
    result.verdict =
        result.has_shown && result.shown == wanted_of(push) ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    if (result.verdict == CHANNEL_CONFIRMED)
        result.error_class = "";
    else if (result.has_shown)
        result.error_class = "shows_other_quantity";
    return result;
}

void channel_etsy_answer(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const struct channel_response *response, struct arena *arena,
                         struct channel_result *results, struct channel_budget *ret_budget)
{
    SCOPED(buf) struct buf body = {0};
    const struct json *json = NULL;
    struct channel_result whole = channel_etsy_call_result(response, arena, &json);
    struct plan plan = {0};
    struct err err = {0};

    *ret_budget = channel_etsy_budget(response);
    if (whole.verdict == CHANNEL_ACCEPTED &&
        !plan_make(account, pushes, count, json, arena, &plan, &err))
        whole = (struct channel_result){.verdict = CHANNEL_RETRY,
                                        .error_class = "no_inventory",
                                        .error_text = arena_strdup(arena, err.text)};
    else if (whole.verdict == CHANNEL_ACCEPTED &&
             !channel_etsy_inventory_body(account, &plan.inventory, plan.quantities, &body, &err))
        whole = (struct channel_result){.verdict = CHANNEL_REJECTED,
                                        .error_class = "bad_inventory",
                                        .error_text = arena_strdup(arena, err.text)};
    /* One of them may be why. */
    if (whole.verdict == CHANNEL_REJECTED && count > 1 && response->status != 404)
        whole.verdict = CHANNEL_SPLIT;
    for (size_t i = 0; i < count; i++)
        results[i] = whole.verdict == CHANNEL_ACCEPTED
                         ? result_of_push(&plan, &pushes[i], plan.complaints[i], arena)
                         : whole;
}
