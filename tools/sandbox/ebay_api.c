#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/ebay.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/signature.h"

enum {
    ORDERS_DEFAULT = 50,
    ORDERS_MAX = 200,
    ITEMS_DEFAULT = 25,
    ITEMS_MAX = 200,
    TOKEN_LIFE_S = 7200,
    TOKEN_LEN = 32,
};

void sandbox_ebay_error(struct sandbox_reply *reply, int status, int64_t id, const char *domain,
                        const char *message)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "errors");
    json_array(&json);
    json_object(&json);
    json_put_member_int(&json, "errorId", id);
    json_put_member(&json, "domain", domain);
    json_put_member(&json, "category", "REQUEST");
    json_put_member(&json, "message", message);
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- tokens ---- */

const char *sandbox_ebay_token(const struct sandbox_channel *channel, bool of_seller,
                               struct arena *arena)
{
    const char *from = arena_printf(
        arena, "%s %s", of_seller ? "seller" : "application",
        sandbox_config_setting(channel->config, of_seller ? "refresh_token" : "client_secret"));
    char digest[TOKEN_LEN + 1];

    sandbox_signature_digest(from, strlen(from), digest, TOKEN_LEN);
    return arena_printf(arena, "v^1.1#i^1#%s", digest);
}

/* A parameter of the form, decoded; "" when it is not there. */
static const char *form_value(const struct sandbox_call *call, const char *name)
{
    size_t len = 0;
    const char *body = http_request_body(call->request, &len);
    const char *form = arena_printf(call->arena, "&%.*s", (int)len, body == NULL ? "" : body);
    const char *at = strstr(form, arena_printf(call->arena, "&%s=", name));
    SCOPED(buf) struct buf value = {0};

    if (at == NULL)
        return "";
    at += strlen(name) + 2;
    for (; *at != '\0' && *at != '&'; at++) {
        if (*at == '%' && at[1] != '\0' && at[2] != '\0') {
            const char hex[] = {at[1], at[2], '\0'};

            buf_char(&value, (char)strtol(hex, NULL, 16));
            at += 2;
        } else {
            buf_char(&value, *at == '+' ? ' ' : *at);
        }
    }
    return arena_strdup(call->arena, buf_str(&value));
}

static bool has_keys(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *header = http_request_header(call->request, "Authorization");
    SCOPED(buf) struct buf wanted = {0};
    const char *both =
        arena_printf(call->arena, "%s:%s", sandbox_config_setting(channel->config, "client_id"),
                     sandbox_config_setting(channel->config, "client_secret"));

    buf_text(&wanted, "Basic ");
    buf_base64(&wanted, both, strlen(both));
    return header != NULL && strcmp(header, buf_str(&wanted)) == 0;
}

static void refuse_token(struct sandbox_reply *reply, int status, const char *error)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "error", error);
    json_put_member(&json, "error_description", "refused");
    json_object_end(&json);
}

static void grant_token(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    const char *grant = form_value(call, "grant_type");
    const char *refresh = form_value(call, "refresh_token");
    bool of_seller = strcmp(grant, "refresh_token") == 0;
    struct json_out json;

    if (!has_keys(channel, call)) {
        refuse_token(reply, 401, "invalid_client");
        return;
    }
    if (!of_seller && strcmp(grant, "client_credentials") != 0) {
        refuse_token(reply, 400, "unsupported_grant_type");
        return;
    }
    if (of_seller &&
        strcmp(refresh, sandbox_config_setting(channel->config, "refresh_token")) != 0) {
        refuse_token(reply, 400, "invalid_grant");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "access_token", sandbox_ebay_token(channel, of_seller, call->arena));
    json_put_member_int(&json, "expires_in", TOKEN_LIFE_S);
    json_put_member(&json, "token_type",
                    of_seller ? "User Access Token" : "Application Access Token");
    json_object_end(&json);
}

static bool is_authorized(const struct sandbox_channel *channel, const struct sandbox_call *call,
                          bool of_seller)
{
    const char *header = http_request_header(call->request, "Authorization");
    const char *token = sandbox_ebay_token(channel, of_seller, call->arena);

    return header != NULL && strncmp(header, "Bearer ", 7) == 0 && strcmp(header + 7, token) == 0;
}

/* ---- keys ---- */

static void get_key(const struct sandbox_call *call, const char *id, struct sandbox_reply *reply)
{
    struct json_out json;

    if (strcmp(id, sandbox_ebay_kid()) != 0) {
        sandbox_ebay_error(reply, 400, 195001, "API_NOTIFICATION",
                           "Please provide a valid public key ID.");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "key", sandbox_ebay_public_key(call->arena));
    json_put_member(&json, "algorithm", "ECDSA");
    json_put_member(&json, "digest", "SHA1");
    json_object_end(&json);
}

/* ---- orders ---- */

/* "lastmodifieddate:[2026-11-21T09:17:00.000Z..]" */
static bool read_filter(const char *filter, struct arena *arena, int64_t *ret_after_ms)
{
    const char *at = filter == NULL ? NULL : strstr(filter, "lastmodifieddate:[");

    *ret_after_ms = 0;
    if (filter == NULL)
        return true;
    if (at == NULL || strstr(at, "..") == NULL)
        return false;
    at += strlen("lastmodifieddate:[");
    return clock_parse(arena_strndup(arena, at, (size_t)(strstr(at, "..") - at)), ret_after_ms);
}

static void get_orders(const struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const struct sandbox_order **orders = NULL;
    int64_t after_ms = 0;
    int64_t limit = ORDERS_DEFAULT;
    int64_t offset = 0;
    struct json_out json;

    if (!read_filter(http_request_query(call->request, "filter"), call->arena, &after_ms) ||
        !sandbox_query_number(call->request, "limit", &limit) || limit < 1 || limit > ORDERS_MAX ||
        !sandbox_query_number(call->request, "offset", &offset) || offset < 0) {
        sandbox_ebay_error(reply, 400, 30700, "API_FULFILLMENT",
                           "Invalid filter, limit or offset.");
        return;
    }
    /* The filter has whole seconds, and takes its own. */
    int64_t total = (int64_t)sandbox_market_changed(&channel->market, after_ms / 1000 * 1000 - 1,
                                                    call->arena, &orders);
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member_int(&json, "total", total);
    json_put_member_int(&json, "limit", limit);
    json_put_member_int(&json, "offset", offset);
    if (offset + limit < total)
        json_put_member(&json, "next",
                        "https://api.ebay.com/sell/fulfillment/v1/order?offset=more");
    json_key(&json, "orders");
    json_array(&json);
    for (int64_t i = offset; i < total && i < offset + limit; i++)
        sandbox_ebay_order(orders[i], false, &json);
    json_array_end(&json);
    json_object_end(&json);
}

/* "/<id>", "/<id>/shipping_fulfillment" */
static void get_order(const struct sandbox_channel *channel, const struct sandbox_call *call,
                      const char *path, struct sandbox_reply *reply)
{
    const char *id = sandbox_path_segment(call->arena, &path);
    const struct sandbox_order *order =
        id == NULL ? NULL : sandbox_market_order(&channel->market, id);
    struct json_out json;

    if (order == NULL) {
        sandbox_ebay_error(reply, 404, 32100, "API_FULFILLMENT", "Invalid order ID.");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    if (strcmp(path, "/shipping_fulfillment") == 0)
        sandbox_ebay_shipments(order, &json);
    else
        sandbox_ebay_order(order, true, &json);
}

/* ---- inventory items ---- */

/* offset counts pages here, and size is how many there are. */
static void get_items(const struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply)
{
    const struct sandbox_market *market = &channel->market;
    int64_t limit = ITEMS_DEFAULT;
    int64_t page = 0;
    int64_t total = 0;
    struct json_out json;

    if (!sandbox_query_number(call->request, "limit", &limit) || limit < 1 || limit > ITEMS_MAX ||
        !sandbox_query_number(call->request, "offset", &page) || page < 0) {
        sandbox_ebay_error(reply, 400, 25709, "API_INVENTORY", "Invalid limit or offset.");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "inventoryItems");
    json_array(&json);
    for (size_t i = 0; i < market->listings_len; i++) {
        const struct sandbox_listing *listing = &market->listings[i];

        if (listing->inventory_item_id[0] == '\0') /* made by Trading */
            continue;
        if (total++ / limit != page)
            continue;
        json_object(&json);
        json_put_member(&json, "sku", listing->sku);
        json_key(&json, "availability");
        json_object(&json);
        json_key(&json, "shipToLocationAvailability");
        json_object(&json);
        json_put_member_int(&json, "quantity", listing->quantity);
        json_object_end(&json);
        json_object_end(&json);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_put_member_int(&json, "total", total);
    json_put_member_int(&json, "size", (total + limit - 1) / limit);
    json_put_member_int(&json, "limit", limit);
    json_object_end(&json);
}

/* ---- reports ---- */

static void start_task(struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const char *type = json_text(json_get(call->body, "feedType"));
    struct sandbox_bulk *bulk = NULL;
    struct arena *arena = channel->market.arena;

    if (type == NULL || strcmp(type, "LMS_ACTIVE_INVENTORY_REPORT") != 0) {
        sandbox_ebay_error(reply, 400, 160008, "API_SELL_FEED", "Invalid feedType.");
        return;
    }
    bulk = &channel->bulks[channel->bulks_len++ % SANDBOX_BULKS_MAX];
    bulk->number = arena_printf(arena, "task-6-%zu", channel->bulks_len);
    bulk->created_ms = clock_now_ms();
    bulk->done_ms = bulk->created_ms + channel->config->bulk_ms;
    buf_clear(&bulk->lines);
    sandbox_ebay_report(&channel->market, &bulk->lines);
    const struct sandbox_entry entry = {.type = "snapshot"};
    sandbox_note(channel, &entry);
    sandbox_reply_json(reply, 202);
    sandbox_reply_header(reply, call->arena, "Location",
                         arena_printf(call->arena,
                                      "https://api.ebay.com/sell/feed/v1/inventory_task/%s",
                                      bulk->number));
}

static const struct sandbox_bulk *find_task(const struct sandbox_channel *channel, const char *id)
{
    for (size_t i = 0; i < SANDBOX_BULKS_MAX && i < channel->bulks_len; i++) {
        if (id != NULL && strcmp(channel->bulks[i].number, id) == 0)
            return &channel->bulks[i];
    }
    return NULL;
}

static void get_task(const struct sandbox_bulk *bulk, struct sandbox_reply *reply)
{
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "taskId", bulk->number);
    json_put_member(&json, "feedType", "LMS_ACTIVE_INVENTORY_REPORT");
    json_put_member(&json, "status", clock_now_ms() >= bulk->done_ms ? "COMPLETED" : "IN_PROCESS");
    json_object_end(&json);
}

static void download(const struct sandbox_bulk *bulk, struct sandbox_reply *reply)
{
    if (clock_now_ms() < bulk->done_ms) {
        sandbox_ebay_error(reply, 404, 160022, "API_SELL_FEED", "The result file is not there.");
        return;
    }
    reply->status = 200;
    reply->content_type = "application/octet-stream";
    buf_clear(&reply->body);
    sandbox_zip("report.xml", bulk->lines.bytes, bulk->lines.len, &reply->body);
}

/* Behind "/sell/feed/v1". */
static void handle_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                        const char *path, struct sandbox_reply *reply)
{
    const char *what = sandbox_path_segment(call->arena, &path);
    const char *id = sandbox_path_segment(call->arena, &path);
    const struct sandbox_bulk *bulk = find_task(channel, id);

    if (what != NULL && strcmp(what, "inventory_task") == 0 && id == NULL &&
        strcmp(call->method, "POST") == 0)
        start_task(channel, call, reply);
    else if (bulk == NULL)
        sandbox_ebay_error(reply, 404, 160018, "API_SELL_FEED", "Task not found.");
    else if (strcmp(path, "/download_result_file") == 0)
        download(bulk, reply);
    else
        get_task(bulk, reply);
}

/* ---- by path ---- */

static bool reply_fault(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    if (sandbox_lies(channel, channel->faults.answer_429, "fault_429") ||
        !sandbox_bucket_take(&channel->bucket, 1, clock_monotonic_ms())) {
        const struct sandbox_entry entry = {.type = "throttled", .status = 429};

        channel->counters.throttled++;
        sandbox_note(channel, &entry);
        sandbox_ebay_error(reply, 429, 2001, "ACCESS", "Too many requests.");
        sandbox_reply_header(reply, call->arena, "Retry-After", "1");
        return true;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        sandbox_ebay_error(reply, 500, 25001, "API", "A system error has occurred.");
        return true;
    }
    return false;
}

static void handle_get(struct sandbox_channel *channel, const struct sandbox_call *call,
                       const char *path, struct sandbox_reply *reply)
{
    if (strcmp(path, "/sell/fulfillment/v1/order") == 0)
        get_orders(channel, call, reply);
    else if (sandbox_path_skip(&path, "/sell/fulfillment/v1/order"))
        get_order(channel, call, path, reply);
    else if (strcmp(path, "/sell/inventory/v1/inventory_item") == 0)
        get_items(channel, call, reply);
    else
        sandbox_ebay_error(reply, 404, 2002, "ACCESS", "Resource not found.");
}

void sandbox_ebay_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply)
{
    const char *path = call->path;
    bool is_key = strncmp(path, "/commerce/notification/v1/public_key/", 37) == 0;

    if (reply_fault(channel, call, reply))
        return;
    if (strcmp(path, "/identity/v1/oauth2/token") == 0) {
        grant_token(channel, call, reply);
    } else if (strcmp(path, "/ws/api.dll") == 0) {
        sandbox_ebay_trading(channel, call, reply);
    } else if (!is_authorized(channel, call, !is_key)) {
        channel->counters.rejected++;
        sandbox_ebay_error(reply, 401, 1001, "OAuth", "Invalid access token");
    } else if (is_key) {
        get_key(call, path + 37, reply);
    } else if (strcmp(path, "/sell/inventory/v1/bulk_update_price_quantity") == 0) {
        sandbox_ebay_bulk_update(channel, call, reply);
    } else if (sandbox_path_skip(&path, "/sell/feed/v1")) {
        handle_feed(channel, call, path, reply);
    } else {
        handle_get(channel, call, path, reply);
    }
}
