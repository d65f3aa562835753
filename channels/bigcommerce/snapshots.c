#include <string.h>

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"

enum { PAGE_LEN = 1000, PAGES_MAX = 100000, TRIES_MAX = 30, THROTTLED_WAIT_MS = 5000 };

/* ---- rows ---- */

struct item {
    const char *listing; /* "<product>/<variant>", or "<product>" when it is tracked by product */
    const char *sku;
};

/* The channel's own place goes by the listing, another by its address. */
static bool visit_level(const struct channel_account *account, const struct item *item,
                        const struct json *level, const char *location, struct arena *arena,
                        channel_row_visit *visit, void *opaque, struct err *err)
{
    const struct json *shown = json_get(level, channel_account_setting(account, "level"));
    bool is_own = strcmp(location, channel_bigcommerce_location(account)) == 0;
    struct channel_row row = {
        .listing = is_own ? item->listing : "",
        .address = is_own ? "" : arena_printf(arena, "%s@%s", item->listing, location),
        .sku = is_own ? item->sku : "",
        .tracked = !json_is_null(shown),
    };

    if (row.tracked &&
        !channel_address_units(shown, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(err, ERR_REJECT, "item %s at %s: '%s' is wrong", item->listing, location,
                       channel_account_setting(account, "level"));
    return visit(opaque, &row, err);
}

static bool item_of(const struct json *json, struct arena *arena, struct item *ret_item,
                    struct err *err)
{
    const struct json *identity = json_get(json, "identity");
    const char *product = channel_address_id(json_get(identity, "product_id"));
    const char *variant = channel_address_id(json_get(identity, "variant_id"));

    if (product == NULL)
        return err_set(err, ERR_REJECT, "item: 'identity.product_id' is missing or wrong");
    ret_item->listing = variant == NULL ? product : arena_printf(arena, "%s/%s", product, variant);
    ret_item->sku = channel_address_text(identity, "sku");
    return true;
}

/* Of /inventory/items with all places of an item, or of one location's own list without them. */
bool channel_bigcommerce_item_rows(const struct channel_account *account, const struct json *item,
                                   struct arena *arena, channel_row_visit *visit, void *opaque,
                                   struct err *err)
{
    const struct json *levels = json_get(item, "locations");
    struct item of = {0};

    if (!item_of(item, arena, &of, err))
        return false;
    if (levels == NULL)
        return visit_level(account, &of, item, channel_bigcommerce_location(account), arena, visit,
                           opaque, err);
    for (size_t i = 0; i < json_len(levels); i++) {
        const char *location = channel_address_id(json_get(json_at(levels, i), "location_id"));

        if (location == NULL)
            return err_set(err, ERR_REJECT, "item %s: 'location_id' is missing or wrong",
                           of.listing);
        if (!visit_level(account, &of, json_at(levels, i), location, arena, visit, opaque, err))
            return false;
    }
    return true;
}

bool channel_bigcommerce_rows(const struct channel_account *account, const char *format,
                              const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                              struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct json *items = NULL;

    if (format != NULL && strcmp(format, "items") != 0)
        return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
    const struct json *json = json_parse(arena, bytes, len, err);
    if (json == NULL)
        return false;
    items = json_get(json, "data");
    if (json_kind(items) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "'data' is no list: these are no inventory items");
    for (size_t i = 0; i < json_len(items); i++) {
        if (!channel_bigcommerce_item_rows(account, json_at(items, i), arena, visit, opaque, err))
            return err_wrap(err, "element %zu", i);
    }
    return true;
}

/* ---- fetching, page by page ---- */

struct progress {
    int page;  /* from 1 */
    int tries; /* in a row that were throttled */
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static struct channel_fetch fetch_page(const struct channel_account *account, int page,
                                       struct arena *arena)
{
    const char *locations = channel_account_setting(account, "locations");

    if (locations[0] == '\0')
        locations = channel_bigcommerce_location(account);
    return (struct channel_fetch){
        .request = channel_bigcommerce_call(
            account, "GET",
            arena_printf(arena, "v3/inventory/items?location_id:in=%s&page=%d&limit=%d", locations,
                         page, PAGE_LEN),
            NULL, arena)};
}

static bool page_result(const struct channel_account *account,
                        const struct channel_response *previous, struct progress *progress,
                        struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *json = NULL;
    const struct channel_result result = channel_bigcommerce_call_result(previous, arena, &json);
    int64_t pages = 0;

    if (result.verdict == CHANNEL_THROTTLED && ++progress->tries <= TRIES_MAX) {
        int64_t wait_ms = channel_bigcommerce_budget(previous).retry_after_ms;

        *ret_next = fetch_page(account, progress->page, arena);
        ret_next->wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS;
        return true;
    }
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class, result.error_text);
    if (!json_int(json_path(json, "meta", "pagination", "total_pages", NULL), 0, PAGES_MAX, &pages))
        return err_set(err, ERR_RETRY, "the answer does not say meta.pagination.total_pages");
    progress->tries = 0;
    if (++progress->page <= pages)
        *ret_next = fetch_page(account, progress->page, arena);
    return true;
}

bool channel_bigcommerce_snapshot(const struct channel_account *account,
                                  const struct channel_response *previous, void *state,
                                  struct arena *arena, struct channel_fetch *ret_next,
                                  const char **ret_bytes, size_t *ret_len, const char **ret_format,
                                  struct err *err)
{
    struct progress progress;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (previous == NULL) {
        progress.page = 1;
        *ret_next = fetch_page(account, progress.page, arena);
    } else if (!page_result(account, previous, &progress, arena, ret_next, err)) {
        return false;
    }
    bool has_rows = previous != NULL && ret_next->wait_ms == 0;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = "items";
    return true;
}
