#include <string.h>

#include "lib/base/buf.h"

#include "channels/url.h"
#include "channels/walmart/internal.h"

/*
 * The quantity that is written is what lies there, units that orders hold included: "inputQty" 436
 * is 433 to sell and 3 reserved [2.3]. A target is what can be sold. So each push reads first how
 * many Walmart holds, and writes as many more. A sale in between is taken off the target, which did
 * not know it; a shipment in between shows as many more until the next push.
 */

enum { SKU_LEN_MAX = 255 };

static const char *sku_of(const struct target *target)
{
    return target->address[0] == '\0' ? target->listing : target->address;
}

/* A call for each SKU, or one feed for all. */
const char *channel_walmart_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena)
{
    const char *sku = sku_of(target);

    if (strlen(sku) > SKU_LEN_MAX)
        return NULL;
    return channel_walmart_feed(account)[0] != '\0' ? "" : arena_strdup(arena, sku);
}

/* ---- what is held ---- */

static bool add_node(const struct json *node, int64_t *available, int64_t *reserved)
{
    int64_t input = 0;
    int64_t can_sell = 0;
    int64_t held = 0;
    bool has_input = channel_walmart_quantity(channel_walmart_get(node, "inputQty"), &input);
    bool has_sell =
        channel_walmart_quantity(channel_walmart_get(node, "availToSellQty"), &can_sell);
    bool has_held = channel_walmart_quantity(channel_walmart_get(node, "reservedQty"), &held);

    if (has_input + has_sell + has_held < 2)
        return false;
    if (!has_held)
        held = input - can_sell;
    if (!has_sell)
        can_sell = input - held;
    *available += can_sell;
    *reserved += held > 0 ? held : 0;
    return true;
}

bool channel_walmart_stock(const struct channel_account *account, const struct json *item,
                           int64_t *ret_available, int64_t *ret_reserved)
{
    const struct json *nodes = channel_walmart_get(item, "nodes");
    const char *own = account->location;
    int64_t available = 0;
    int64_t reserved = 0;

    for (size_t i = 0; i < channel_walmart_len(nodes); i++) {
        const struct json *node = channel_walmart_at(nodes, i);

        if (own[0] != '\0' && strcmp(own, channel_walmart_text(node, "shipNode")) != 0)
            continue;
        if (!add_node(node, &available, &reserved))
            return false;
    }
    *ret_available = available;
    *ret_reserved = reserved;
    return true;
}

/* ---- requests ---- */

bool channel_walmart_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err)
{
    (void)key; /* there is no idempotency, and setting a quantity twice does no harm */
    for (size_t i = 0; i < count; i++) {
        if (strlen(sku_of(pushes[i].target)) > SKU_LEN_MAX)
            return err_set(err, ERR_REJECT, "sku '%.50s...' has more than %d bytes",
                           sku_of(pushes[i].target), SKU_LEN_MAX);
    }
    if (channel_walmart_feed(account)[0] != '\0') {
        *ret_request = channel_walmart_feed_first(account, arena);
        return true;
    }
    *ret_request = channel_walmart_call(
        account, "GET",
        arena_printf(arena, "/v3/inventories/%s",
                     channel_url_encoded(arena, sku_of(pushes[count - 1].target))),
        NULL, arena);
    return true;
}

static void put_quantity(struct json_out *out, const char *key, int64_t quantity)
{
    json_key(out, key);
    json_object(out);
    json_put_member(out, "unit", "EACH");
    json_put_member_int(out, "amount", quantity);
    json_object_end(out);
}

static struct channel_request write_node(const struct channel_account *account, const char *sku,
                                         int64_t quantity, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "inventories");
    json_object(&out);
    json_key(&out, "nodes");
    json_array(&out);
    json_object(&out);
    json_put_member(&out, "shipNode", account->location);
    put_quantity(&out, "inputQty", quantity);
    json_object_end(&out);
    json_array_end(&out);
    json_object_end(&out);
    json_object_end(&out);
    return channel_walmart_call(
        account, "PUT", arena_printf(arena, "/v3/inventories/%s", channel_url_encoded(arena, sku)),
        arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_request write_only_node(const struct channel_account *account,
                                              const char *sku, int64_t quantity,
                                              struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "sku", sku);
    put_quantity(&out, "quantity", quantity);
    json_object_end(&out);
    return channel_walmart_call(
        account, "PUT",
        arena_printf(arena, "/v3/inventory?sku=%s", channel_url_encoded(arena, sku)),
        arena_strdup(arena, buf_str(&body)), arena);
}

bool channel_walmart_push_next(const struct channel_account *account,
                               const struct channel_push *pushes, size_t count, const char *key,
                               const struct channel_response *previous, void **state,
                               struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    static char written;
    const struct target *target = pushes[count - 1].target;
    const struct json *json = NULL;
    int64_t available = 0;
    int64_t reserved = 0;

    (void)key;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (channel_walmart_feed(account)[0] != '\0')
        return channel_walmart_feed_next(account, pushes, count, previous, state, arena, ret_next,
                                         err);
    if (*state != NULL)
        return true;
    const struct channel_result result = channel_walmart_result(previous, arena, &json);
    if (result.verdict != CHANNEL_ACCEPTED)
        return true; /* answer() says what that means */
    if (!channel_walmart_stock(account, json, &available, &reserved))
        return err_set(err, ERR_RETRY, "the quantities of a node of '%.100s' are wrong",
                       sku_of(target));
    *state = &written;
    ret_next->request =
        account->location[0] == '\0'
            ? write_only_node(account, sku_of(target), target->quantity + reserved, arena)
            : write_node(account, sku_of(target), target->quantity + reserved, arena);
    return true;
}

/* ---- answers ---- */

/* {"nodes":[{"shipNode":..,"status":"Success"}]}: success is per node. Status is absent where
   quantities were only read. */
static struct channel_result result_of_nodes(const struct channel_account *account,
                                             const struct json *nodes)
{
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};

    for (size_t i = 0; i < channel_walmart_len(nodes); i++) {
        const struct json *node = channel_walmart_at(nodes, i);
        const char *status = channel_walmart_text(node, "status");

        if (status[0] == '\0' ||
            (account->location[0] != '\0' &&
             strcmp(account->location, channel_walmart_text(node, "shipNode")) != 0))
            continue;
        if (channel_walmart_is(status, "Success"))
            return (struct channel_result){
                .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
        result.verdict = CHANNEL_REJECTED;
        result.error_class = status;
        channel_walmart_error(node, &result);
        return result;
    }
    return result;
}

/* The answer repeats what was written: at least what can be sold. */
static struct channel_result result_of_echo(const struct json *quantity,
                                            const struct target *target)
{
    int64_t units = 0;
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};

    if (!channel_walmart_quantity(quantity, &units))
        return result;
    result.verdict = units >= target->quantity ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    result.error_class = units >= target->quantity ? "" : "shows_other_quantity";
    return result;
}

void channel_walmart_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget)
{
    const struct json *json = NULL;
    struct channel_result whole = channel_walmart_result(response, arena, &json);
    const struct json *nodes = channel_walmart_get(json, "nodes");

    *ret_budget = channel_walmart_budget(response);
    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    if (whole.verdict == CHANNEL_ACCEPTED &&
        channel_walmart_feed_answer(pushes, count, json, arena, results))
        return;
    for (size_t i = 0; i < count; i++) {
        results[i] = whole;
        if (whole.verdict == CHANNEL_ACCEPTED)
            results[i] = nodes != NULL ? result_of_nodes(account, nodes)
                                       : result_of_echo(channel_walmart_get(json, "quantity"),
                                                        pushes[i].target);
    }
}
