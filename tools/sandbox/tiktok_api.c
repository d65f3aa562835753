#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/tiktok.h"

enum {
    PAGE_MAX = 100,
    IDS_MAX = 50,
    PRODUCTS_MAX = 100,
    TOKEN_LIFE_S = 7 * 86400,
    LATE_S = 300,
    EARLY_S = 30,
};

/* ---- answers ---- */

static void put_head(struct json_out *json, int64_t code, const char *message)
{
    json_object(json);
    json_put_member_int(json, "code", code);
    json_put_member(json, "message", message);
    json_put_member(json, "request_id", "202611210917000101890810281E8C70B7");
    json_key(json, "data");
}

void sandbox_tiktok_begin(struct sandbox_reply *reply, int status, struct json_out *json)
{
    sandbox_reply_json(reply, status);
    json_begin(json, &reply->body);
    put_head(json, 0, "Success");
    json_object(json);
}

void sandbox_tiktok_end(struct json_out *json)
{
    json_object_end(json);
    json_object_end(json);
}

void sandbox_tiktok_error(struct sandbox_reply *reply, int status, int64_t code,
                          const char *message)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    put_head(&json, code, message);
    json_put_null(&json);
    json_object_end(&json);
}

/* ---- who asks, and with what right ---- */

/* All that any of the calls knows, by name. */
static const char *const parameters[] = {
    "app_key",     "grant_type", "ids",        "page_size", "page_token",
    "shop_cipher", "sort_field", "sort_order", "timestamp", "version",
};

static bool is_signed(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *sign = http_request_query(call->request, "sign");
    const char *secret = channel->config->secret;
    SCOPED(buf) struct buf text = {0};
    size_t len = 0;
    const void *body = http_request_body(call->request, &len);

    buf_printf(&text, "%s%s", secret, http_request_path(call->request));
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        const char *value = http_request_query(call->request, parameters[i]);

        if (value != NULL)
            buf_printf(&text, "%s%s", parameters[i], value);
    }
    buf_append(&text, body, len);
    buf_text(&text, secret);
    return sign != NULL && strcmp(sign, sandbox_tiktok_mac(channel, &text, call->arena)) == 0;
}

static bool is_timely(const struct sandbox_call *call)
{
    int64_t seconds = 0;
    int64_t now = clock_now_ms() / 1000;

    return sandbox_query_number(call->request, "timestamp", &seconds) && seconds >= now - LATE_S &&
           seconds <= now + EARLY_S;
}

static bool is_query(const struct sandbox_call *call, const char *name, const char *want)
{
    const char *value = http_request_query(call->request, name);

    return value != NULL && strcmp(value, want) == 0;
}

static bool admit(const struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *token = http_request_header(call->request, "x-tts-access-token");
    const char *app_key = sandbox_config_setting(channel->config, "app_key");
    const char *cipher = sandbox_config_setting(channel->config, "shop_cipher");

    if (!is_query(call, "app_key", app_key))
        sandbox_tiktok_error(reply, 401, 106000, "The app_key is invalid");
    else if (!is_timely(call))
        sandbox_tiktok_error(reply, 401, 106001, "The timestamp is out of range");
    else if (!is_signed(channel, call))
        sandbox_tiktok_error(reply, 401, 106001, "Invalid signature");
    else if (token == NULL || strcmp(token, channel->config->token) != 0)
        sandbox_tiktok_error(reply, 401, 105002, "Expired credentials");
    else if (!is_query(call, "shop_cipher", cipher))
        sandbox_tiktok_error(reply, 400, 106013, "Shop cipher is missing");
    else
        return true;
    return false;
}

/* ---- tokens ---- */

static void refresh(const struct sandbox_channel *channel, const struct sandbox_call *call,
                    struct sandbox_reply *reply)
{
    const char *refresh_token = sandbox_config_setting(channel->config, "refresh_token");
    struct json_out json;

    if (!is_query(call, "app_key", sandbox_config_setting(channel->config, "app_key")) ||
        !is_query(call, "app_secret", channel->config->secret) ||
        !is_query(call, "refresh_token", refresh_token)) {
        sandbox_tiktok_error(reply, 200, 36004004, "invalid refresh token");
        return;
    }
    sandbox_tiktok_begin(reply, 200, &json);
    json_put_member(&json, "access_token", channel->config->token);
    json_put_member_int(&json, "access_token_expire_in", clock_now_ms() / 1000 + TOKEN_LIFE_S);
    json_put_member(&json, "refresh_token", refresh_token);
    json_put_member_int(&json, "refresh_token_expire_in", clock_now_ms() / 1000 + 365 * 86400);
    sandbox_tiktok_end(&json);
}

/* ---- writing ---- */

/* Code 0 all the same: what failed is in the list. */
static void put_sku_error(struct json_out *json, const char *sku, int64_t code, const char *message)
{
    json_object(json);
    json_put_member_int(json, "code", code);
    json_put_member(json, "message", message);
    json_key(json, "detail");
    json_object(json);
    json_put_member(json, "sku_id", sku);
    json_object_end(json);
    json_object_end(json);
}

static bool read_quantity(const struct sandbox_channel *channel, const struct json *sku,
                          int64_t *ret_quantity, int64_t *ret_code)
{
    const struct json *entry = json_at(json_get(sku, "inventory"), 0);
    const char *warehouse = json_text(json_get(entry, "warehouse_id"));

    *ret_code = 12052097;
    if (warehouse != NULL && strcmp(warehouse, channel->config->location) != 0)
        return false;
    *ret_code = 12052094;
    return json_int(json_get(entry, "quantity"), 0, SANDBOX_STOCK_MAX, ret_quantity);
}

static void write_sku(struct sandbox_channel *channel, const struct sandbox_product *product,
                      const struct json *sku, struct json_out *json)
{
    const char *id = json_text(json_get(sku, "id"));
    struct sandbox_listing *listing = id == NULL ? NULL : map_get(channel->market.by_id, id);
    int64_t quantity = 0;
    int64_t code = 12052260;

    channel->counters.push_items++;
    if (listing == NULL || listing->product != product || !listing->stocked ||
        !read_quantity(channel, sku, &quantity, &code)) {
        channel->counters.rejected++;
        put_sku_error(json, id == NULL ? "" : id, code, "The warehouse does not exist");
        return;
    }
    if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
        sandbox_note_listing(channel, "push_ignored", listing, quantity, NULL);
        return;
    }
    sandbox_market_set(listing, quantity, clock_now_ms());
    sandbox_note_listing(channel, "push", listing, quantity, NULL);
    channel->kind->stock_changed(channel, listing);
}

static void update_inventory(struct sandbox_channel *channel, const char *product_id,
                             const struct sandbox_call *call, struct sandbox_reply *reply)
{
    const struct sandbox_product *product = map_get(channel->market.products_by_id, product_id);
    const struct json *skus = json_get(call->body, "skus");
    struct json_out json;

    if (product == NULL || json_len(skus) == 0) {
        sandbox_tiktok_error(reply, 200, 12052260, "Product ID does not exist");
        return;
    }
    channel->counters.pushes++;
    sandbox_tiktok_begin(reply, 200, &json);
    json_key(&json, "errors");
    json_array(&json);
    for (size_t i = 0; i < json_len(skus); i++)
        write_sku(channel, product, json_at(skus, i), &json);
    json_array_end(&json);
    sandbox_tiktok_end(&json);
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply"))
        sandbox_tiktok_error(reply, 500, 36009003, "Internal error");
}

/* ---- reading ---- */

/* A page of a list whose tokens are numbers. */
static size_t page_begin(const struct sandbox_call *call, size_t *ret_size)
{
    const char *token = http_request_query(call->request, "page_token");
    int64_t size = 20;

    sandbox_query_number(call->request, "page_size", &size);
    *ret_size = size < 1 || size > PAGE_MAX ? PAGE_MAX : (size_t)size;
    return token == NULL ? 0 : strtoul(token, NULL, 10);
}

static void put_page(struct json_out *json, struct arena *arena, size_t total, size_t end)
{
    json_put_member_int(json, "total_count", (int64_t)total);
    json_put_member(json, "next_page_token", end < total ? arena_printf(arena, "%zu==", end) : "");
}

static void search_products(const struct sandbox_channel *channel, const struct sandbox_call *call,
                            struct sandbox_reply *reply)
{
    const struct sandbox_market *market = &channel->market;
    size_t size = 0;
    size_t at = page_begin(call, &size);
    struct json_out json;

    sandbox_tiktok_begin(reply, 200, &json);
    json_key(&json, "products");
    json_array(&json);
    for (size_t i = 0; i < size && at < market->products_len; i++, at++) {
        json_object(&json);
        json_put_member(&json, "id", market->products[at].id);
        json_put_member(&json, "title", market->products[at].title);
        json_put_member(&json, "status", "ACTIVATE");
        json_object_end(&json);
    }
    json_array_end(&json);
    put_page(&json, call->arena, market->products_len, at);
    sandbox_tiktok_end(&json);
}

/* SKU by SKU, a product for each. */
static void search_skus(const struct sandbox_channel *channel, const struct json *skus,
                        struct sandbox_reply *reply)
{
    struct json_out json;

    sandbox_tiktok_begin(reply, 200, &json);
    json_key(&json, "inventory");
    json_array(&json);
    for (size_t i = 0; i < json_len(skus); i++) {
        const char *id = json_text(json_at(skus, i));
        const struct sandbox_listing *listing =
            id == NULL ? NULL : map_get(channel->market.by_id, id);

        if (listing != NULL)
            sandbox_tiktok_put_inventory(channel, listing->product, listing, &json);
    }
    json_array_end(&json);
    sandbox_tiktok_end(&json);
}

static void search_inventory(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply)
{
    const struct json *ids = json_get(call->body, "product_ids");
    const struct json *skus = json_get(call->body, "sku_ids");
    const struct sandbox_entry entry = {.type = "snapshot"};
    struct json_out json;

    if (json_len(skus) > 0) {
        search_skus(channel, skus, reply);
        return;
    }
    if (json_len(ids) == 0 || json_len(ids) > PRODUCTS_MAX) {
        sandbox_tiktok_error(reply, 200, 12019120, "product ids exceed limit");
        return;
    }
    sandbox_note(channel, &entry);
    sandbox_tiktok_begin(reply, 200, &json);
    json_key(&json, "inventory");
    json_array(&json);
    for (size_t i = 0; i < json_len(ids); i++) {
        const char *id = json_text(json_at(ids, i));
        const struct sandbox_product *product =
            id == NULL ? NULL : map_get(channel->market.products_by_id, id);

        if (product != NULL)
            sandbox_tiktok_put_inventory(channel, product, NULL, &json);
    }
    json_array_end(&json);
    sandbox_tiktok_end(&json);
}

static void search_orders(const struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply)
{
    const struct sandbox_order **orders = NULL;
    int64_t since_s = 0;
    size_t size = 0;
    size_t at = page_begin(call, &size);
    struct json_out json;

    json_int(json_get(call->body, "update_time_ge"), 0, INT64_MAX / 1000, &since_s);
    size_t total =
        sandbox_market_changed(&channel->market, since_s * 1000 - 1, call->arena, &orders);
    sandbox_tiktok_begin(reply, 200, &json);
    if (total > 0) {
        json_key(&json, "orders");
        json_array(&json);
        for (size_t i = 0; i < size && at < total; i++, at++)
            sandbox_tiktok_put_order(channel, orders[at], &json);
        json_array_end(&json);
    }
    put_page(&json, call->arena, total, at);
    sandbox_tiktok_end(&json);
}

static void get_orders(const struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const char *ids = http_request_query(call->request, "ids");
    struct json_out json;

    sandbox_tiktok_begin(reply, 200, &json);
    json_key(&json, "orders");
    json_array(&json);
    for (int i = 0; ids != NULL && *ids != '\0' && i < IDS_MAX; i++) {
        size_t len = strcspn(ids, ",");
        const struct sandbox_order *order =
            sandbox_market_order(&channel->market, arena_strndup(call->arena, ids, len));

        if (order != NULL)
            sandbox_tiktok_put_order(channel, order, &json);
        ids += len + (ids[len] == ',');
    }
    json_array_end(&json);
    sandbox_tiktok_end(&json);
}

static bool is_wanted(const struct json *ids, const char *id)
{
    for (size_t i = 0; i < json_len(ids); i++) {
        const char *text = json_text(json_at(ids, i));

        if (text != NULL && strcmp(text, id) == 0)
            return true;
    }
    return false;
}

static void search_returns(const struct sandbox_channel *channel, const struct sandbox_call *call,
                           struct sandbox_reply *reply)
{
    const struct json *ids = json_get(call->body, "return_ids");
    const struct sandbox_order *order = NULL;
    struct json_out json;

    sandbox_tiktok_begin(reply, 200, &json);
    json_key(&json, "return_orders");
    json_array(&json);
    for (size_t cursor = 0; (order = map_next(channel->market.orders, &cursor, NULL)) != NULL;) {
        for (size_t i = 0; i < order->refunds_len; i++) {
            const struct sandbox_refund *refund = order->refunds[i];

            if (is_wanted(ids, refund->id) && sandbox_tiktok_is_return(refund))
                sandbox_tiktok_put_return(order, refund, &json);
        }
    }
    json_array_end(&json);
    sandbox_tiktok_end(&json);
}

/* ---- by path ---- */

static bool is_throttled(struct sandbox_channel *channel, struct sandbox_reply *reply,
                         struct arena *arena)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = 429};

    if (!sandbox_lies(channel, channel->faults.answer_429, "fault_429") &&
        sandbox_bucket_take(&channel->bucket, 1, clock_monotonic_ms()))
        return false;
    channel->counters.throttled++;
    sandbox_note(channel, &entry);
    sandbox_tiktok_error(reply, 429, 36009002, "Too many requests");
    sandbox_reply_header(reply, arena, "Retry-After", "1");
    return true;
}

static void route(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *path = call->path;
    const char *id = NULL;

    if (strcmp(path, "/order/202309/orders/search") == 0)
        search_orders(channel, call, reply);
    else if (strcmp(path, "/order/202507/orders") == 0)
        get_orders(channel, call, reply);
    else if (strcmp(path, "/return_refund/202309/returns/search") == 0)
        search_returns(channel, call, reply);
    else if (strcmp(path, "/product/202502/products/search") == 0)
        search_products(channel, call, reply);
    else if (strcmp(path, "/product/202309/inventory/search") == 0)
        search_inventory(channel, call, reply);
    else if (sandbox_path_skip(&path, "/product/202309/products") &&
             (id = sandbox_path_segment(call->arena, &path)) != NULL &&
             strcmp(path, "/inventory/update") == 0)
        update_inventory(channel, id, call, reply);
    else
        sandbox_tiktok_error(reply, 404, 36009009, "Invalid path");
}

void sandbox_tiktok_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    if (strcmp(call->path, "/api/v2/token/refresh") == 0) {
        refresh(channel, call, reply);
        return;
    }
    if (is_throttled(channel, reply, call->arena))
        return;
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        sandbox_tiktok_error(reply, 500, 36009003, "Internal error");
        return;
    }
    if (admit(channel, call, reply))
        route(channel, call, reply);
}
