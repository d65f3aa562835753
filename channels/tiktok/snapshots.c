#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "channels/address.h"
#include "channels/tiktok/internal.h"
#include "channels/url.h"

enum {
    PAGE_LEN = 50,
    TOKEN_LEN = 512,
    TRIES_MAX = 30,
    THROTTLED_WAIT_MS = 2000,
};

/* ---- rows ---- */

struct reading {
    const struct channel_account *account;
    struct arena *arena;
    channel_row_visit *visit;
    void *opaque;
    struct err *err;
};

static const struct json *warehouse_of(const struct json *list, const char *id)
{
    for (size_t i = 0; i < json_len(list); i++) {
        if (strcmp(channel_address_text(json_at(list, i), "warehouse_id"), id) == 0)
            return json_at(list, i);
    }
    return NULL;
}

/*
 * What the shop may sell: the total has units that campaigns and creators hold [4.5]. Where stock
 * lies in several warehouses only the count of ours compares with what we write.
 */
static const struct json *quantity_of(const struct channel_account *account, const struct json *sku)
{
    const struct json *warehouses = json_get(sku, "warehouse_inventory");
    const struct json *in_shop = json_path(sku, "total_available_inventory_distribution",
                                           "in_shop_inventory", "quantity", NULL);
    const struct json *own = json_len(warehouses) < 2 || account->location[0] == '\0'
                                 ? NULL
                                 : warehouse_of(warehouses, account->location);

    if (own != NULL)
        return json_get(own, "available_quantity");
    return in_shop != NULL ? in_shop : json_get(sku, "total_available_quantity");
}

bool channel_tiktok_quantity(const struct channel_account *account, const struct json *sku,
                             int64_t *ret_quantity)
{
    return channel_address_units(quantity_of(account, sku), -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX,
                                 ret_quantity);
}

static bool visit_sku(const struct reading *reading, const char *product, const struct json *sku)
{
    const char *id = channel_address_id(json_get(sku, "id"));
    struct channel_row row = {.sku = channel_address_text(sku, "seller_sku"), .tracked = true};

    if (id == NULL)
        return err_set(reading->err, ERR_REJECT, "product %s: a sku's 'id' is missing or wrong",
                       product);
    if (!channel_tiktok_quantity(reading->account, sku, &row.quantity))
        return err_set(reading->err, ERR_REJECT, "sku %s: its quantity is missing or wrong", id);
    row.listing = id;
    row.address = arena_printf(reading->arena, "%s/%s", product, id);
    return reading->visit(reading->opaque, &row, reading->err);
}

static bool visit_product(const struct reading *reading, const struct json *product)
{
    const char *id = channel_address_id(json_get(product, "product_id"));
    const struct json *skus = json_get(product, "skus");

    if (id == NULL)
        return err_set(reading->err, ERR_REJECT, "'product_id' is missing or wrong");
    if (json_kind(skus) != JSON_ARRAY)
        return err_set(reading->err, ERR_REJECT, "product %s: no 'skus'", id);
    for (size_t i = 0; i < json_len(skus); i++) {
        if (!visit_sku(reading, id, json_at(skus, i)))
            return false;
    }
    return true;
}

/* An answer of POST /product/202309/inventory/search. */
bool channel_tiktok_rows(const struct channel_account *account, const char *format,
                         const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                         struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct reading reading = {account, arena, visit, opaque, err};

    if (format != NULL && strcmp(format, "inventory") != 0)
        return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
    const struct json *json = json_parse(arena, bytes, len, err);
    const struct json *list = json_path(json, "data", "inventory", NULL);
    if (json == NULL)
        return false;
    if (json_kind(list) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "no 'data.inventory': this is no inventory");
    for (size_t i = 0; i < json_len(list); i++) {
        if (!visit_product(&reading, json_at(list, i)))
            return err_wrap(err, "element %zu", i);
    }
    return true;
}

/* ---- fetching: a page of products, the inventory of these, the next page ---- */

struct progress {
    char token[TOKEN_LEN]; /* of the next page of products; "": there is none */
    uint64_t products[PAGE_LEN];
    int products_len; /* > 0: the last request was for their inventory */
    int tries;        /* in a row that were throttled */
    bool is_last;     /* page */
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static struct channel_request request_page(const struct channel_account *account,
                                           const struct progress *progress, struct arena *arena)
{
    const char *query = arena_printf(arena, "page_size=%d%s%s", PAGE_LEN,
                                     progress->token[0] == '\0' ? "" : "&page_token=",
                                     channel_url_encoded(arena, progress->token));

    return channel_tiktok_call(account, "/product/202502/products/search", query, "{}", arena);
}

static struct channel_request request_inventory(const struct channel_account *account,
                                                const struct progress *progress,
                                                struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};

    buf_text(&body, "{\"product_ids\":[");
    for (int i = 0; i < progress->products_len; i++)
        buf_printf(&body, "%s\"%" PRIu64 "\"", i == 0 ? "" : ",", progress->products[i]);
    buf_text(&body, "]}");
    return channel_tiktok_call(account, "/product/202309/inventory/search", "",
                               arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_fetch fetch_current(const struct channel_account *account,
                                          const struct progress *progress, struct arena *arena)
{
    return (struct channel_fetch){.request = progress->products_len > 0
                                                 ? request_inventory(account, progress, arena)
                                                 : request_page(account, progress, arena)};
}

/* Drafts show nobody anything, and deleted products have no inventory. */
static bool is_shown(const struct json *product)
{
    const char *status = channel_address_text(product, "status");

    return strcmp(status, "DELETED") != 0 && strcmp(status, "DRAFT") != 0;
}

static bool take_page(struct progress *progress, const struct json *data, struct err *err)
{
    const struct json *products = json_get(data, "products");
    const char *token = channel_address_text(data, "next_page_token");

    if (strlen(token) >= sizeof(progress->token))
        return err_set(err, ERR_RETRY, "a next_page_token of %zu bytes", strlen(token));
    strcpy(progress->token, token);
    progress->is_last = token[0] == '\0' || json_len(products) == 0;
    for (size_t i = 0; i < json_len(products) && progress->products_len < PAGE_LEN; i++) {
        const char *id = channel_address_id(json_get(json_at(products, i), "id"));

        if (id != NULL && is_shown(json_at(products, i)))
            progress->products[progress->products_len++] = strtoull(id, NULL, 10);
    }
    return true;
}

static bool next_step(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *data = NULL;
    const struct channel_result result = channel_tiktok_result(previous, arena, &data);

    if (result.verdict == CHANNEL_THROTTLED && ++progress->tries <= TRIES_MAX) {
        int64_t wait_ms = channel_retry_after_ms(previous);

        *ret_next = fetch_current(account, progress, arena);
        ret_next->wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS;
        return true;
    }
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class, result.error_text);
    progress->tries = 0;
    if (progress->products_len > 0)
        progress->products_len = 0;
    else if (!take_page(progress, data, err))
        return false;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (progress->products_len > 0 || !progress->is_last)
        *ret_next = fetch_current(account, progress, arena);
    return true;
}

bool channel_tiktok_snapshot(const struct channel_account *account,
                             const struct channel_response *previous, void *state,
                             struct arena *arena, struct channel_fetch *ret_next,
                             const char **ret_bytes, size_t *ret_len, const char **ret_format,
                             struct err *err)
{
    struct progress progress;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    bool has_rows = previous != NULL && progress.products_len > 0;
    if (previous == NULL)
        *ret_next = fetch_current(account, &progress, arena);
    else if (!next_step(account, previous, &progress, arena, ret_next, err))
        return false;
    has_rows = has_rows && ret_next->wait_ms == 0;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = "inventory";
    return true;
}
