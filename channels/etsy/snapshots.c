#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "channels/address.h"
#include "channels/etsy/internal.h"

enum { PAGE_LEN = 100, OFFSET_MAX = 10000000, TRIES_MAX = 30, THROTTLED_WAIT_MS = 2000 };

/* ---- rows ---- */

/* Two products of one name that show one quantity are one row. */
static bool was_there(const struct etsy_inventory *inventory, const char *const *names,
                      size_t index, const struct channel_row *row)
{
    const char *name = row->listing[0] == '\0' ? row->sku : row->listing;

    for (size_t i = 0; i < index; i++) {
        if (names[i] != NULL && strcmp(names[i], name) == 0 &&
            inventory->products[i].quantity == row->quantity)
            return true;
    }
    return false;
}

/* {"listing_id":..,"inventory":..}, or an inventory by itself, which names its listing when that
   was asked for; else its products go by their SKUs. */
static const char *id_of(const struct json *listing, const struct json *inventory)
{
    const char *id = channel_address_id(json_get(listing, "listing_id"));

    return id != NULL ? id
                      : channel_address_id(json_path(inventory, "listing", "listing_id", NULL));
}

static bool row_of(const struct channel_account *account, const char *id,
                   const struct etsy_product *product, struct arena *arena,
                   struct channel_row *ret_row, struct err *err)
{
    const char *named = id == NULL ? "" : id;

    if (id == NULL && product->sku[0] == '\0')
        return err_set(err, ERR_REJECT,
                       "a product has no SKU, and its listing has no 'listing_id'");
    if (!product->has_quantity)
        return err_set(err, ERR_REJECT, "listing %s: an offering's 'quantity' is wrong", named);
    *ret_row = (struct channel_row){
        .listing = id == NULL
                       ? ""
                       : channel_etsy_listing(account, id, product->sku, product->values, arena),
        .address = "",
        .sku = product->sku,
        .tracked = true,
        .quantity = product->quantity,
    };
    return true;
}

bool channel_etsy_listing_rows(const struct channel_account *account, const struct json *listing,
                               struct channel_bad_lines *bad, struct arena *arena,
                               const struct etsy_visitor *visitor, struct err *err)
{
    const struct json *json = json_get(listing, "inventory");
    const char **names = NULL;
    struct etsy_inventory inventory;

    if (json == NULL)
        json = listing;
    const char *id = id_of(listing, json);
    if (!channel_etsy_inventory(json, arena, &inventory, err))
        return err_wrap(err, "listing %s", id == NULL ? "" : id);
    names = arena_alloc(arena, (inventory.len + 1) * sizeof(*names));
    for (size_t i = 0; i < inventory.len; i++) {
        struct channel_row row;

        if (!row_of(account, id, &inventory.products[i], arena, &row, err)) {
            if (bad == NULL)
                return false;
            channel_bad_line(bad, arena, "%s", err->text);
            *err = (struct err){0};
            continue;
        }
        if (!was_there(&inventory, names, i, &row) && !visitor->visit(visitor->opaque, &row, err))
            return false;
        names[i] = id == NULL ? row.sku : row.listing;
    }
    return true;
}

/* One listing with its inventory, or a page of them. Listings whose inventory was not asked for, or
   that have none, say nothing. */
bool channel_etsy_rows(const struct channel_account *account, const char *format, const void *bytes,
                       size_t len, channel_row_visit *visit, void *opaque, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct etsy_visitor visitor = {visit, opaque};
    const struct json *list = NULL;

    if (format != NULL && strcmp(format, "inventory") != 0)
        return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
    const struct json *json = json_parse(arena, bytes, len, err);
    if (json == NULL)
        return false;
    if (json_get(json, "inventory") != NULL || channel_etsy_is_inventory(json))
        return channel_etsy_listing_rows(account, json, NULL, arena, &visitor, err);
    list = json_get(json, "results");
    if (json_kind(list) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "no 'inventory' and no 'results': these are no listings");
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *listing = json_at(list, i);

        if (json_get(listing, "listing_id") == NULL)
            return err_set(err, ERR_REJECT, "element %zu is no listing", i);
        if (!json_is_null(json_get(listing, "inventory")) &&
            !channel_etsy_listing_rows(account, listing, NULL, arena, &visitor, err))
            return err_wrap(err, "element %zu", i);
    }
    return true;
}

/* ---- fetching: a page of listings of one state, the inventory of each, the next page ---- */

struct progress {
    int64_t offset;
    int state;        /* which of snapshot_states */
    int tries;        /* in a row that were throttled */
    int listings_len; /* of the page; 0: the last request was for a page */
    int listings_at;
    bool is_last_page; /* of the state */
    uint64_t listings[PAGE_LEN];
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

/* The nth text between commas; NULL: there are not so many. */
static const char *state_of(const struct channel_account *account, int index, struct arena *arena)
{
    const char *at = channel_account_setting(account, "snapshot_states");

    for (;;) {
        at += strspn(at, " ,");
        size_t len = strcspn(at, " ,");
        if (len == 0)
            return NULL;
        if (index-- == 0)
            return arena_strndup(arena, at, len);
        at += len;
    }
}

static struct channel_fetch fetch(const struct channel_account *account,
                                  const struct progress *progress, struct arena *arena)
{
    const char *includes = channel_account_setting(account, "snapshot_includes");
    const char *state = state_of(account, progress->state, arena);
    const char *listing = NULL;

    if (progress->listings_len > 0) {
        listing = arena_printf(arena, "%" PRIu64, progress->listings[progress->listings_at]);
        return (struct channel_fetch){.request =
                                          channel_etsy_inventory_call(account, listing, arena)};
    }
    if (state == NULL)
        return (struct channel_fetch){.request = {.url = ""}};
    return (struct channel_fetch){
        .request =
            channel_etsy_call(account, "GET",
                              arena_printf(arena,
                                           "shops/%s/listings?state=%s&limit=%d&offset=%" PRId64
                                           "&sort_on=created&sort_order=asc%s%s",
                                           account->account, state, PAGE_LEN, progress->offset,
                                           includes[0] == '\0' ? "" : "&includes=", includes),
                              NULL, arena)};
}

/* Behind the last listing of a page: the next page, or the first of the next state. */
static void next_page(struct progress *progress)
{
    progress->listings_len = 0;
    progress->listings_at = 0;
    progress->offset += PAGE_LEN;
    if (!progress->is_last_page)
        return;
    progress->offset = 0;
    progress->state++;
}

/* The listings of the page whose inventory is to be asked for; *ret_rows: the page has some. */
static bool take_page(struct progress *progress, const struct json *json, bool *ret_rows,
                      struct err *err)
{
    const struct json *list = json_get(json, "results");

    if (json_kind(list) != JSON_ARRAY || progress->offset > OFFSET_MAX)
        return err_set(err, ERR_RETRY, "the answer has no 'results'");
    progress->listings_len = 0;
    progress->listings_at = 0;
    progress->is_last_page = json_len(list) < PAGE_LEN;
    for (size_t i = 0; i < json_len(list) && progress->listings_len < PAGE_LEN; i++) {
        const char *id = channel_address_id(json_get(json_at(list, i), "listing_id"));

        if (!json_is_null(json_path(json_at(list, i), "inventory", "products", NULL)))
            *ret_rows = true;
        else if (id != NULL)
            progress->listings[progress->listings_len++] = strtoull(id, NULL, 10);
    }
    if (progress->listings_len == 0)
        next_page(progress);
    return true;
}

static void take_listing(struct progress *progress)
{
    if (++progress->listings_at == progress->listings_len)
        next_page(progress);
}

/* A listing that was deleted meanwhile, or that has no inventory record, has no rows. */
static bool advance(const struct channel_response *previous, struct progress *progress,
                    struct arena *arena, const char **ret_bytes, size_t *ret_len, struct err *err)
{
    const struct json *json = NULL;
    const struct channel_result result = channel_etsy_call_result(previous, arena, &json);
    bool is_listing = progress->listings_len > 0;
    bool has_rows = is_listing && previous->status != 404;

    if (result.verdict != CHANNEL_ACCEPTED && !(is_listing && previous->status == 404))
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class, result.error_text);
    progress->tries = 0;
    if (has_rows) {
        *ret_bytes = channel_etsy_wrapped(
            arena_printf(arena, "%" PRIu64, progress->listings[progress->listings_at]), previous,
            arena);
        *ret_len = strlen(*ret_bytes);
    }
    if (is_listing) {
        take_listing(progress);
        return true;
    }
    if (!take_page(progress, json, &has_rows, err))
        return false;
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    return true;
}

bool channel_etsy_snapshot(const struct channel_account *account,
                           const struct channel_response *previous, void *state,
                           struct arena *arena, struct channel_fetch *ret_next,
                           const char **ret_bytes, size_t *ret_len, const char **ret_format,
                           struct err *err)
{
    struct progress progress;
    bool is_throttled = previous != NULL && previous->status == 429;
    int64_t wait_ms = previous == NULL ? 0 : channel_retry_after_ms(previous);

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    *ret_bytes = NULL;
    *ret_len = 0;
    *ret_format = "inventory";
    if (!channel_address_is_id(account->account))
        return err_set(err, ERR_FATAL, "the channel's account does not say the shop's id");
    if (is_throttled && ++progress.tries > TRIES_MAX)
        return err_set(err, ERR_RETRY, "http_429: still throttled");
    if (previous != NULL && !is_throttled &&
        !advance(previous, &progress, arena, ret_bytes, ret_len, err))
        return false;
    *ret_next = fetch(account, &progress, arena);
    if (is_throttled)
        ret_next->wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS;
    memcpy(state, &progress, sizeof(progress));
    return true;
}
