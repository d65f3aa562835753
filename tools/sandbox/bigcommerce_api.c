#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/bigcommerce.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/wording.h"

enum {
    ITEMS_MAX = 2000,
    PAGE_DEFAULT = 50,
    PAGE_MAX = 250,
    ITEMS_PAGE_MAX = 1000,
    WINDOW_MS = 30000,
};

/* ---- answers ---- */

static void problem(struct sandbox_reply *reply, int status, const char *title)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    reply->content_type = "application/problem+json";
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member_int(&json, "status", status);
    json_put_member(&json, "title", title);
    json_put_member(&json, "type",
                    "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes");
    json_key(&json, "errors");
    json_object(&json);
    json_object_end(&json);
    json_object_end(&json);
}

/* Empty lists of V2 have no body. */
static void nothing(struct sandbox_reply *reply)
{
    sandbox_reply_text(reply, 204, "application/json", "");
}

static void put_budget(struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    int64_t now_ms = clock_monotonic_ms();
    double per_second = channel->bucket.per_second;

    if (per_second == 0)
        return;
    sandbox_reply_header(
        reply, call->arena, "X-Rate-Limit-Requests-Left",
        arena_printf(call->arena, "%.0f", sandbox_bucket_level(&channel->bucket, now_ms)));
    if (reply->status == 429)
        sandbox_reply_header(reply, call->arena, "X-Rate-Limit-Time-Reset-Ms",
                             arena_printf(call->arena, "%" PRId64,
                                          sandbox_bucket_wait_ms(&channel->bucket, 1, now_ms)));
    else
        sandbox_reply_header(reply, call->arena, "X-Rate-Limit-Requests-Quota",
                             arena_printf(call->arena, "%.0f", per_second * WINDOW_MS / 1000));
    sandbox_reply_header(reply, call->arena, "X-Rate-Limit-Time-Window-Ms",
                         arena_printf(call->arena, "%d", WINDOW_MS));
}

/* ---- orders ---- */

struct page {
    size_t begin;
    size_t end;
};

static struct page page_of(const struct sandbox_call *call, size_t total, int64_t preset,
                           int64_t max)
{
    int64_t number = 1;
    int64_t limit = preset;
    struct page page;

    sandbox_query_number(call->request, "page", &number);
    sandbox_query_number(call->request, "limit", &limit);
    limit = limit < 1 || limit > max ? preset : limit;
    number = number < 1 ? 1 : number;
    page.begin = (size_t)((number - 1) * limit);
    page.begin = page.begin < total ? page.begin : total;
    page.end = page.begin + (size_t)limit < total ? page.begin + (size_t)limit : total;
    return page;
}

static bool has_lines(const struct sandbox_call *call)
{
    const char *include = http_request_query(call->request, "include");
    const char *structure = http_request_query(call->request, "consignment_structure");

    return include != NULL && strstr(include, "consignments.line_items") != NULL &&
           structure != NULL && strcmp(structure, "object") == 0;
}

static void get_orders(const struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const char *since = http_request_query(call->request, "min_date_modified");
    const struct sandbox_order **orders = NULL;
    int64_t since_ms = 0;
    struct json_out json;

    if (since != NULL && !clock_parse(since, &since_ms)) {
        sandbox_reply_text(reply, 400, "application/json",
                           "[{\"status\":400,\"message\":\"The field 'min_date_modified' is "
                           "invalid.\"}]");
        return;
    }
    size_t total = sandbox_market_changed(&channel->market, since_ms - 1, call->arena, &orders);
    const struct page page = page_of(call, total, PAGE_DEFAULT, PAGE_MAX);
    if (page.begin == page.end) {
        nothing(reply);
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_bigcommerce_order(channel, orders[i], has_lines(call), &json);
    json_array_end(&json);
}

/* "/<id>", "/<id>/products", "/<id>/shipments" */
static void get_order(const struct sandbox_channel *channel, const struct sandbox_call *call,
                      const char *path, struct sandbox_reply *reply)
{
    const char *id = sandbox_path_segment(call->arena, &path);
    const char *part = sandbox_path_segment(call->arena, &path);
    const struct sandbox_order *order =
        id == NULL ? NULL : sandbox_market_order(&channel->market, id);
    int64_t number = 1;
    struct json_out json;

    sandbox_query_number(call->request, "page", &number);
    if (order == NULL ||
        (part != NULL && strcmp(part, "products") != 0 && strcmp(part, "shipments") != 0)) {
        sandbox_reply_text(reply, 404, "application/json",
                           "[{\"status\":404,\"message\":\"The requested resource was not "
                           "found.\"}]");
        return;
    }
    if (part != NULL &&
        (number > 1 || (strcmp(part, "shipments") == 0 && order->fulfilled_ms == 0))) {
        nothing(reply);
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    if (part == NULL)
        sandbox_bigcommerce_order(channel, order, has_lines(call), &json);
    else if (strcmp(part, "products") == 0)
        sandbox_bigcommerce_lines(order, &json);
    else
        sandbox_bigcommerce_shipments(order, &json);
}

/* ---- inventory ---- */

/* Whether the id is among those with commas between them; no list: all are. */
static bool is_among(const char *list, const char *id)
{
    size_t id_len = strlen(id);

    for (const char *at = list; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ",");

        if (len == id_len && strncmp(at, id, len) == 0)
            return true;
        at += len + (at[len] == ',');
    }
    return list == NULL;
}

static size_t items_of(const struct sandbox_channel *channel, const struct sandbox_call *call,
                       const struct sandbox_listing **listings)
{
    const struct sandbox_market *market = &channel->market;
    const char *variants = http_request_query(call->request, "variant_id:in");
    const char *products = http_request_query(call->request, "product_id:in");
    const char *locations = http_request_query(call->request, "location_id:in");
    size_t len = 0;

    for (size_t i = 0; i < market->listings_len; i++) {
        if (is_among(variants, market->listings[i].id) &&
            is_among(products, market->listings[i].product->id) &&
            is_among(locations, channel->config->location))
            listings[len++] = &market->listings[i];
    }
    return len;
}

static void get_items(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply)
{
    const struct sandbox_listing **listings =
        arena_alloc(call->arena, (channel->market.listings_len + 1) * sizeof(*listings));
    size_t total = items_of(channel, call, listings);
    int64_t limit = PAGE_DEFAULT;
    const struct page page = page_of(call, total, PAGE_DEFAULT, ITEMS_PAGE_MAX);
    const struct sandbox_entry entry = {.type = "snapshot"};
    struct json_out json;

    sandbox_query_number(call->request, "limit", &limit);
    limit = limit < 1 || limit > ITEMS_PAGE_MAX ? PAGE_DEFAULT : limit;
    sandbox_note(channel, &entry);
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "data");
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_bigcommerce_item(channel, listings[i], &json);
    json_array_end(&json);
    json_key(&json, "meta");
    json_object(&json);
    json_key(&json, "pagination");
    json_object(&json);
    json_put_member_int(&json, "total", (int64_t)total);
    json_put_member_int(&json, "per_page", limit);
    json_put_member_int(&json, "total_pages", ((int64_t)total + limit - 1) / limit);
    json_object_end(&json);
    json_object_end(&json);
    json_object_end(&json);
}

/* ---- absolute adjustments: all or nothing, the last write wins ---- */

struct item {
    struct sandbox_listing *listing;
    int64_t quantity;
};

/* NULL: it can be written; else why not. */
static const char *item_read(const struct sandbox_channel *channel, const struct json *json,
                             struct arena *arena, struct item *ret_item)
{
    const struct sandbox_market *market = &channel->market;
    const char *location = json_text(json_get(json, "location_id"));
    const char *variant = json_text(json_get(json, "variant_id"));
    const char *product = json_text(json_get(json, "product_id"));

    if (location == NULL || strcmp(location, channel->config->location) != 0)
        return arena_printf(arena, "Location with id %s not found",
                            location == NULL ? "" : location);
    ret_item->listing = variant != NULL   ? map_get(market->by_id, variant)
                        : product != NULL ? map_get(market->by_item, product)
                                          : NULL;
    if (ret_item->listing == NULL)
        return arena_printf(arena, "Items with identity: [%s %s] not found",
                            variant != NULL ? "variant_id" : "product_id",
                            variant != NULL   ? variant
                            : product != NULL ? product
                                              : "");
    if (variant != NULL && sandbox_bigcommerce_is_tracked_by_product(ret_item->listing))
        return arena_printf(arena,
                            "[Item with variant_id %s is tracked by product, please update stock "
                            "by product id]",
                            variant);
    if (!json_int(json_get(json, "quantity"), 0, SANDBOX_STOCK_MAX, &ret_item->quantity))
        return "quantity must be a whole number";
    return NULL;
}

static void write_items(struct sandbox_channel *channel, const struct item *items, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct sandbox_listing *listing = items[i].listing;

        channel->counters.push_items++;
        if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
            sandbox_note_listing(channel, "push_ignored", listing, items[i].quantity, NULL);
            continue;
        }
        sandbox_market_set(listing, items[i].quantity, clock_now_ms());
        sandbox_note_listing(channel, "push", listing, items[i].quantity, NULL);
        channel->kind->stock_changed(channel, listing);
    }
}

static void put_absolute(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const struct json *list = json_get(call->body, "items");
    size_t len = json_len(list);
    struct item *items = arena_alloc(call->arena, (len + 1) * sizeof(*items));
    char id[SANDBOX_UUID_LEN + 1];

    channel->counters.pushes++;
    for (size_t i = 0; i < len || len == 0 || len > ITEMS_MAX; i++) {
        const char *why = len == 0 || len > ITEMS_MAX
                              ? "items must have 1 to 2000 elements"
                              : item_read(channel, json_at(list, i), call->arena, &items[i]);

        if (why == NULL)
            continue;
        channel->counters.rejected++;
        problem(reply, 422, why);
        return;
    }
    write_items(channel, items, len);
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply")) {
        problem(reply, 500, "Internal Server Error");
        return;
    }
    sandbox_random_uuid(&channel->names, id);
    sandbox_reply_json(reply, 200);
    buf_printf(&reply->body, "{\"transaction_id\":\"%s\"}", id);
}

/* ---- by path ---- */

static bool reply_fault(struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = 429};

    if (sandbox_lies(channel, channel->faults.answer_429, "fault_429") ||
        !sandbox_bucket_take(&channel->bucket, 1, clock_monotonic_ms())) {
        channel->counters.throttled++;
        sandbox_note(channel, &entry);
        problem(reply, 429, "Too Many Requests");
        return true;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        problem(reply, 500, "Internal Server Error");
        return true;
    }
    return false;
}

static void serve(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *token = http_request_header(call->request, "X-Auth-Token");
    const char *path = call->path;
    bool get = strcmp(call->method, "GET") == 0;

    if (token == NULL || strcmp(token, channel->config->token) != 0) {
        channel->counters.rejected++;
        problem(reply, 401, "X-Auth-Token header is required");
    } else if (get && strcmp(path, "/v2/orders") == 0) {
        get_orders(channel, call, reply);
    } else if (get && sandbox_path_skip(&path, "/v2/orders")) {
        get_order(channel, call, path, reply);
    } else if (get && strcmp(path, "/v3/inventory/items") == 0) {
        get_items(channel, call, reply);
    } else if (strcmp(call->method, "PUT") == 0 &&
               strcmp(path, "/v3/inventory/adjustments/absolute") == 0) {
        put_absolute(channel, call, reply);
    } else {
        problem(reply, 404, "Not found");
    }
}

void sandbox_bigcommerce_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply)
{
    if (!reply_fault(channel, reply))
        serve(channel, call, reply);
    put_budget(channel, call, reply);
}
