#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/walmart.h"

enum { LIMIT_MAX = 200, TOKEN_LIFE_S = 900 };

/* ---- answers ---- */

void sandbox_walmart_error(struct sandbox_reply *reply, int status, const char *code,
                           const char *category, const char *description)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "errors");
    json_array(&json);
    json_object(&json);
    json_put_member(&json, "code", code);
    json_put_member(&json, "description", description);
    json_put_member(&json, "severity", "ERROR");
    json_put_member(&json, "category", category);
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- who asks ---- */

static void grant(const struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *header = http_request_header(call->request, "Authorization");
    const char *both =
        arena_printf(call->arena, "%s:%s", sandbox_config_setting(channel->config, "client_id"),
                     sandbox_config_setting(channel->config, "client_secret"));
    SCOPED(buf) struct buf wanted = {0};
    struct json_out json;

    buf_text(&wanted, "Basic ");
    buf_base64(&wanted, both, strlen(both));
    if (header == NULL || strcmp(header, buf_str(&wanted)) != 0) {
        sandbox_walmart_error(reply, 401, "UNAUTHORIZED.GMP_GATEWAY_API", "DATA", "Unauthorized");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "access_token", channel->config->token);
    json_put_member(&json, "token_type", "Bearer");
    json_put_member_int(&json, "expires_in", TOKEN_LIFE_S);
    json_object_end(&json);
}

static bool admit(const struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *token = http_request_header(call->request, "WM_SEC.ACCESS_TOKEN");
    const char *id = http_request_header(call->request, "WM_QOS.CORRELATION_ID");

    if (token == NULL || strcmp(token, channel->config->token) != 0)
        sandbox_walmart_error(reply, 401, "UNAUTHORIZED.GMP_GATEWAY_API", "DATA", "Unauthorized");
    else if (id == NULL || strlen(id) != 36 ||
             http_request_header(call->request, "WM_SVC.NAME") == NULL)
        sandbox_walmart_error(reply, 400, "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "REQUEST",
                              "WM_QOS.CORRELATION_ID and WM_SVC.NAME are needed");
    else
        return true;
    return false;
}

/* ---- reading ---- */

struct page {
    size_t begin;
    size_t end;
};

/* Cursors are offsets, in the name that is given. */
static struct page page_of(const struct sandbox_call *call, const char *cursor, int64_t preset,
                           size_t total)
{
    const char *text = http_request_query(call->request, cursor);
    size_t begin = text == NULL ? 0 : strtoul(text, NULL, 10);
    int64_t limit = preset;

    sandbox_query_number(call->request, "limit", &limit);
    if (limit < 1 || limit > LIMIT_MAX)
        limit = preset;
    begin = begin < total ? begin : total;
    return (struct page){begin, begin + (size_t)limit < total ? begin + (size_t)limit : total};
}

static void get_inventories(struct sandbox_channel *channel, const struct sandbox_call *call,
                            struct sandbox_reply *reply)
{
    const struct sandbox_market *market = &channel->market;
    const struct page page = page_of(call, "nextCursor", 10, market->listings_len);
    const struct sandbox_entry entry = {.type = "snapshot"};
    struct json_out json;

    sandbox_note(channel, &entry);
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "meta");
    json_object(&json);
    json_put_member_int(&json, "totalCount", (int64_t)market->listings_len);
    if (page.end < market->listings_len)
        json_put_member(&json, "nextCursor", arena_printf(call->arena, "%zu =+", page.end));
    json_object_end(&json);
    json_key(&json, "elements");
    json_object(&json);
    json_key(&json, "inventories");
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_walmart_put_item(channel, &market->listings[i], &json);
    json_array_end(&json);
    json_object_end(&json);
    json_object_end(&json);
}

static void get_inventory(const struct sandbox_channel *channel, const char *sku,
                          struct sandbox_reply *reply)
{
    const struct sandbox_listing *listing = sandbox_walmart_listing(channel, sku);
    struct json_out json;

    if (listing == NULL) {
        sandbox_walmart_error(reply, 404, "CONTENT_NOT_FOUND.GMP_INVENTORY_API", "DATA",
                              "Resource not found");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    sandbox_walmart_put_item(channel, listing, &json);
}

static int64_t time_of(const struct sandbox_call *call, const char *name)
{
    const char *text = http_request_query(call->request, name);
    int64_t ms = 0;

    return text != NULL && clock_parse(text, &ms) ? ms : 0;
}

static void get_orders(const struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const struct sandbox_order **orders = NULL;
    int64_t since_ms = time_of(call, "lastModifiedStartDate");
    size_t total = sandbox_market_changed(&channel->market, since_ms - 1, call->arena, &orders);
    const struct page page = page_of(call, "soIndex", 100, total);
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "list");
    json_object(&json);
    json_key(&json, "meta");
    json_object(&json);
    json_put_member_int(&json, "totalCount", (int64_t)total);
    if (page.end < total)
        json_put_member(&json, "nextCursor",
                        arena_printf(call->arena,
                                     "?limit=%zu&hasMoreElements=true&soIndex=%zu"
                                     "&lastModifiedStartDate=%s",
                                     page.end - page.begin, page.end,
                                     http_request_query(call->request, "lastModifiedStartDate")));
    json_object_end(&json);
    json_key(&json, "elements");
    json_object(&json);
    json_key(&json, "order");
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_walmart_put_order(orders[i], &json);
    json_array_end(&json);
    json_object_end(&json);
    json_object_end(&json);
    json_object_end(&json);
}

static void get_order(const struct sandbox_channel *channel, const char *id,
                      struct sandbox_reply *reply)
{
    const struct sandbox_order *order = sandbox_market_order(&channel->market, id);
    struct json_out json;

    if (order == NULL) {
        sandbox_walmart_error(reply, 404, "CONTENT_NOT_FOUND.GMP_ORDER_API", "DATA", "no order");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "order");
    sandbox_walmart_put_order(order, &json);
    json_object_end(&json);
}

/* By id, or all that changed. */
static void get_returns(const struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    const char *id = http_request_query(call->request, "returnOrderId");
    int64_t since_ms = time_of(call, "returnLastModifiedStartDate");
    const struct sandbox_order *order = NULL;
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "meta");
    json_object(&json);
    json_object_end(&json);
    json_key(&json, "returnOrders");
    json_array(&json);
    for (size_t cursor = 0; (order = map_next(channel->market.orders, &cursor, NULL)) != NULL;) {
        for (size_t i = 0; i < order->refunds_len; i++) {
            const struct sandbox_refund *refund = order->refunds[i];

            if (sandbox_walmart_is_return(refund) && refund->created_ms >= since_ms &&
                (id == NULL || strcmp(id, refund->id) == 0))
                sandbox_walmart_put_return(order, refund, &json);
        }
    }
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- the on-request report ---- */

static void report_step(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    const char *host = http_request_header(call->request, "Host");
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "requestId", "98884f2c-46c7-48c6-8e19-0946ff371442");
    json_put_member(&json, "reportType", "INVENTORY");
    json_put_member(&json, "requestStatus",
                    strcmp(call->method, "POST") == 0 ? "RECEIVED" : "READY");
    json_put_member(&json, "downloadURL",
                    arena_printf(call->arena, "http://%s/%s/files/InventoryReport.csv?sig=1",
                                 host == NULL ? "127.0.0.1" : host, channel->config->name));
    json_object_end(&json);
}

static void report_file(const struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    const struct sandbox_market *market = &channel->market;

    sandbox_reply_text(reply, 200, "text/csv",
                       "SKU,Item ID,Product Name,Ship Node ID,Ship Node Name,Input Quantity,"
                       "AvailToSell Quantity\r\n");
    for (size_t i = 0; i < market->listings_len; i++) {
        const struct sandbox_listing *listing = &market->listings[i];

        buf_printf(&reply->body, "%s,%s,\"a, b\",%s,North,%lld,%lld\r\n", listing->sku, listing->id,
                   channel->config->location, (long long)(listing->quantity + listing->committed),
                   (long long)listing->quantity);
    }
}

/* ---- by path ---- */

static bool is_throttled(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = 429};
    int64_t now_ms = clock_monotonic_ms();

    if (!sandbox_lies(channel, channel->faults.answer_429, "fault_429") &&
        sandbox_bucket_take(&channel->bucket, 1, now_ms))
        return false;
    channel->counters.throttled++;
    sandbox_note(channel, &entry);
    sandbox_walmart_error(reply, 429, "REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API", "REQUEST",
                          "Request threshold violated");
    sandbox_reply_header(reply, call->arena, "x-current-token-count", "0");
    sandbox_reply_header(reply, call->arena, "X-Next-Replenishment-Time",
                         arena_printf(call->arena, "%lld", (long long)clock_now_ms() + 1000));
    return true;
}

static void route_sku(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply, const char *sku)
{
    if (strcmp(call->method, "PUT") == 0)
        sandbox_walmart_put_nodes(channel, call, reply, sku);
    else
        get_inventory(channel, sku, reply);
}

/* A SKU may have a slash, which the server has decoded. */
static void route(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *path = call->path;
    bool is_post = strcmp(call->method, "POST") == 0;

    if (strcmp(path, "/v3/inventory") == 0 && strcmp(call->method, "PUT") == 0)
        sandbox_walmart_put(channel, call, reply, http_request_query(call->request, "sku"));
    else if (strcmp(path, "/v3/inventories") == 0)
        get_inventories(channel, call, reply);
    else if (sandbox_path_skip(&path, "/v3/inventories/"))
        route_sku(channel, call, reply, path);
    else if (strcmp(path, "/v3/orders") == 0)
        get_orders(channel, call, reply);
    else if (sandbox_path_skip(&path, "/v3/orders/"))
        get_order(channel, path, reply);
    else if (strcmp(path, "/v3/returns") == 0)
        get_returns(channel, call, reply);
    else if (strcmp(path, "/v3/feeds") == 0 && is_post)
        sandbox_walmart_post_feed(channel, call, reply);
    else if (sandbox_path_skip(&path, "/v3/feeds/"))
        sandbox_walmart_get_feed(channel, call, reply, path);
    else if (sandbox_path_skip(&path, "/v3/reports/"))
        report_step(channel, call, reply);
    else
        sandbox_walmart_error(reply, 404, "NOT_FOUND.GMP_GATEWAY_API", "REQUEST", "no such path");
}

void sandbox_walmart_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    if (strcmp(call->path, "/v3/token") == 0) {
        grant(channel, call, reply);
        return;
    }
    if (strcmp(call->path, "/files/InventoryReport.csv") == 0) {
        report_file(channel, reply);
        return;
    }
    if (is_throttled(channel, call, reply))
        return;
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        sandbox_walmart_error(reply, 500, "SYSTEM_ERROR.GMP_GATEWAY_API", "SYSTEM", "down");
        return;
    }
    if (admit(channel, call, reply))
        route(channel, call, reply);
}
