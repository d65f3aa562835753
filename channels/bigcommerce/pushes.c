#include <ctype.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/map.h"

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"

/*
 * Addresses: "<product>/<variant>" writes to the variant, "<product>" to the product (one that has
 * no variants, or whose variants share its stock); "@<location>" behind it, else the channel's. The
 * listing where there is none.
 */
struct place {
    const char *product;
    const char *variant; /* "": the product itself */
    const char *location;
};

static bool place_of(const struct channel_account *account, const struct target *target,
                     struct arena *arena, struct place *ret_place)
{
    const char *address = target->address[0] == '\0' ? target->listing : target->address;
    const char *at = strchr(address, '@');
    struct place place = {.location = at == NULL ? channel_bigcommerce_location(account)
                                                 : arena_strdup(arena, at + 1)};

    if (at != NULL)
        address = arena_strndup(arena, address, (size_t)(at - address));
    if (!channel_address_is_id(place.location) ||
        !channel_address_split(arena, address, '/', &place.product, &place.variant))
        return false;
    *ret_place = place;
    return true;
}

/* Adjustments are to be grouped by location [BC5]. */
const char *channel_bigcommerce_group(const struct channel_account *account,
                                      const struct target *target, struct arena *arena)
{
    struct place place;

    return place_of(account, target, arena, &place) ? place.location : NULL;
}

/* ---- requests ---- */

static void put_item(struct json_out *out, const struct place *place, int64_t quantity)
{
    json_object(out);
    json_key(out, "location_id");
    json_put_raw(out, place->location);
    json_key(out, place->variant[0] == '\0' ? "product_id" : "variant_id");
    json_put_raw(out, place->variant[0] == '\0' ? place->product : place->variant);
    json_put_member_int(out, "quantity", quantity);
    json_object_end(out);
}

bool channel_bigcommerce_push(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              struct arena *arena, struct channel_request *ret_request,
                              struct err *err)
{
    const char *cause = pushes[0].target->event_id; /* of several, the first stands for all */
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "reason",
                    arena_printf(arena, "stockbus %s", cause[0] == '\0' ? key : cause));
    json_key(&out, "items");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        struct place place;

        if (!place_of(account, pushes[i].target, arena, &place))
            return err_set(err, ERR_REJECT,
                           "address '%.100s' of listing '%.100s': want product/variant@location",
                           pushes[i].target->address, pushes[i].target->listing);
        put_item(&out, &place, pushes[i].target->quantity);
    }
    json_array_end(&out);
    json_object_end(&out);
    *ret_request = channel_bigcommerce_call(account, "PUT", "v3/inventory/adjustments/absolute",
                                            arena_strdup(arena, buf_str(&body)), arena);
    return true;
}

/* ---- refusals ---- */

/* What the title of a refusal says, in lower case. */
static const struct {
    const char *words;
    const char *error_class;
} refusals[] = {
    {"tracked by",                          "tracking_mode"   },
    {"absolute adjustment before relative", "not_adjusted_yet"},
    {"location",                            "unknown_location"},
    {"not found",                           "unknown_item"    },
    {"not exist",                           "unknown_item"    },
};

static const char *class_of(const char *title, struct arena *arena, const char *otherwise)
{
    char *lower = arena_strdup(arena, title);

    for (char *at = lower; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        if (strstr(lower, refusals[i].words) != NULL)
            return refusals[i].error_class;
    }
    return otherwise;
}

/* "[Item with variant_id 106 is tracked by product, please update stock by product id]" */
static bool is_named(const char *title, const struct place *place, struct arena *arena)
{
    const char *name = place->variant[0] == '\0'
                           ? arena_printf(arena, "product_id %s", place->product)
                           : arena_printf(arena, "variant_id %s", place->variant);
    size_t len = strlen(name);

    for (const char *at = strstr(title, name); at != NULL; at = strstr(at + 1, name)) {
        if (!isdigit((unsigned char)at[len]))
            return true;
    }
    return false;
}

/* A refused call has changed nothing. Who is named in it is wrong for ever; the others go apart. */
static void refuse(const struct channel_account *account, const struct channel_push *pushes,
                   size_t count, const struct channel_result *whole, struct arena *arena,
                   struct channel_result *results)
{
    for (size_t i = 0; i < count; i++) {
        struct place place;

        results[i] = *whole;
        if (count > 1 && !(place_of(account, pushes[i].target, arena, &place) &&
                           is_named(whole->error_text, &place, arena)))
            results[i].verdict = CHANNEL_SPLIT;
    }
}

/* ---- reading back: the change is made some time after the answer, which shows no quantity [BC5]
 */

enum { READ_IDS_MAX = 250, READ_ITEMS_MAX = 1000 };

/* Pauses before each reading of all that was written. */
static const int64_t read_pauses_ms[] = {500, 2000, 6000};

struct confirming {
    size_t round;
    size_t next;       /* of the pushes: the first that no call has asked for */
    const char *pages; /* JSON texts with commas between them; NULL: none yet */
};

static const char *place_key(const struct place *place, struct arena *arena)
{
    return place->variant[0] == '\0'
               ? arena_printf(arena, "product %s@%s", place->product, place->location)
               : arena_printf(arena, "variant %s@%s", place->variant, place->location);
}

/* Filters of one call all hold: variants and products are asked for apart. */
static struct channel_fetch fetch_levels(const struct channel_account *account,
                                         const struct channel_push *pushes, size_t count,
                                         struct confirming *confirming, struct arena *arena)
{
    SCOPED(buf) struct buf ids = {0};
    struct place first = {0};
    size_t len = 0;

    for (; confirming->next < count && len < READ_IDS_MAX; confirming->next++) {
        struct place place = {0};

        if (!place_of(account, pushes[confirming->next].target, arena, &place))
            continue;
        if (len == 0)
            first = place;
        if ((place.variant[0] == '\0') != (first.variant[0] == '\0'))
            break;
        buf_printf(&ids, "%s%s", len++ == 0 ? "" : ",",
                   place.variant[0] == '\0' ? place.product : place.variant);
    }
    const char *path = arena_printf(arena, "v3/inventory/items?%s:in=%s&location_id:in=%s&limit=%d",
                                    first.variant[0] == '\0' ? "product_id" : "variant_id",
                                    buf_str(&ids), first.location, READ_ITEMS_MAX);
    return (struct channel_fetch){.request =
                                      channel_bigcommerce_call(account, "GET", path, NULL, arena)};
}

/* A product whose stock is tracked by product shows one quantity, whichever variant it stands at.
 */
static void keep_level(struct map *levels, const char *key, const struct json *level)
{
    if (map_get(levels, key) == NULL)
        map_set(levels, key, (void *)level);
}

static void read_item(const struct json *item, struct map *levels, struct arena *arena)
{
    const struct json *places = json_get(item, "locations");
    struct place place = {.product = channel_address_text(json_get(item, "identity"), "product_id"),
                          .variant =
                              channel_address_text(json_get(item, "identity"), "variant_id")};

    for (size_t i = 0; i < json_len(places); i++) {
        place.location = channel_address_text(json_at(places, i), "location_id");
        if (place.variant[0] != '\0')
            keep_level(levels, place_key(&place, arena), json_at(places, i));
        const struct place product = {place.product, "", place.location};
        keep_level(levels, place_key(&product, arena), json_at(places, i));
    }
}

/* {"read":[pages]}, as reading back joins them. */
static struct map *levels_of(const struct json *json, struct arena *arena)
{
    struct map *levels = map_new();
    const struct json *pages = json_get(json, "read");

    for (size_t p = 0; p < json_len(pages); p++) {
        const struct json *items = json_get(json_at(pages, p), "data");

        for (size_t i = 0; i < json_len(items); i++)
            read_item(json_at(items, i), levels, arena);
    }
    return levels;
}

static struct channel_result result_of_level(const struct channel_account *account,
                                             const struct channel_push *push, struct map *levels,
                                             struct arena *arena)
{
    struct channel_result result = {
        .verdict = CHANNEL_ACCEPTED, .error_class = "nothing_shown", .error_text = ""};
    struct place place;

    if (!place_of(account, push->target, arena, &place))
        return result;
    const struct json *level = map_get(levels, place_key(&place, arena));
    const struct json *units = json_get(level, channel_account_setting(account, "level"));
    result.has_shown =
        channel_address_units(units, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &result.shown);
    if (result.has_shown)
        result.error_class = "shows_other_quantity";
    if (result.has_shown && result.shown == push->target->quantity) {
        result.verdict = CHANNEL_CONFIRMED;
        result.error_class = "";
    }
    return result;
}

static bool all_are_shown(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const struct json *json, struct arena *arena)
{
    SCOPED(map) struct map *levels = levels_of(json, arena);

    for (size_t i = 0; i < count; i++) {
        if (result_of_level(account, &pushes[i], levels, arena).verdict != CHANNEL_CONFIRMED)
            return false;
    }
    return true;
}

/* All that was asked for is there: it is judged, or asked for once more. */
static void end_round(const struct channel_account *account, const struct channel_push *pushes,
                      size_t count, const struct channel_response *previous,
                      struct confirming *confirming, struct arena *arena,
                      struct channel_fetch *ret_next)
{
    const char *text = arena_printf(arena, "{\"read\":[%s]}", confirming->pages);
    struct channel_response judged = *previous;
    struct err ignored = {0};
    const struct json *json = json_parse(arena, text, strlen(text), &ignored);

    if (confirming->round + 1 < ARRAY_LEN(read_pauses_ms) &&
        !all_are_shown(account, pushes, count, json, arena)) {
        *confirming = (struct confirming){.round = confirming->round + 1};
        *ret_next = fetch_levels(account, pushes, count, confirming, arena);
        ret_next->wait_ms = read_pauses_ms[confirming->round];
        return;
    }
    judged.body = text;
    judged.body_len = strlen(text);
    ret_next->judged = arena_memdup(arena, &judged, sizeof(judged));
}

bool channel_bigcommerce_push_next(const struct channel_account *account,
                                   const struct channel_push *pushes, size_t count, const char *key,
                                   const struct channel_response *previous, void **state,
                                   struct arena *arena, struct channel_fetch *ret_next,
                                   struct err *err)
{
    struct confirming *confirming = *state;
    const struct json *json = NULL;
    const struct channel_result result = channel_bigcommerce_call_result(previous, arena, &json);

    (void)key;
    (void)err;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (result.verdict != CHANNEL_ACCEPTED)
        return true;
    if (confirming == NULL) {
        *state = confirming = arena_alloc(arena, sizeof(*confirming));
        *ret_next = fetch_levels(account, pushes, count, confirming, arena);
        ret_next->wait_ms = read_pauses_ms[0];
        return true;
    }
    const char *page = arena_strndup(arena, previous->body, previous->body_len);
    confirming->pages =
        confirming->pages == NULL ? page : arena_printf(arena, "%s,%s", confirming->pages, page);
    if (confirming->next < count)
        *ret_next = fetch_levels(account, pushes, count, confirming, arena);
    else
        end_round(account, pushes, count, previous, confirming, arena, ret_next);
    return true;
}

/* ---- answers: to the write, and to what was read back ---- */

void channel_bigcommerce_answer(const struct channel_account *account,
                                const struct channel_push *pushes, size_t count,
                                const struct channel_response *response, struct arena *arena,
                                struct channel_result *results, struct channel_budget *ret_budget)
{
    SCOPED(map) struct map *levels = NULL;
    const struct json *json = NULL;
    struct channel_result whole = channel_bigcommerce_call_result(response, arena, &json);

    *ret_budget = channel_bigcommerce_budget(response);
    if (whole.verdict == CHANNEL_REJECTED) {
        whole.error_class = class_of(whole.error_text, arena, whole.error_class);
        refuse(account, pushes, count, &whole, arena, results);
        return;
    }
    if (whole.verdict == CHANNEL_ACCEPTED)
        whole.error_class = "applied_later";
    if (response->status == 207 && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    levels = levels_of(json, arena);
    for (size_t i = 0; i < count; i++)
        results[i] = json_get(json, "read") == NULL
                         ? whole
                         : result_of_level(account, &pushes[i], levels, arena);
}
