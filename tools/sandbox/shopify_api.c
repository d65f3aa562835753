#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/shopify.h"
#include "tools/sandbox/shopify_body.h"
#include "tools/sandbox/wording.h"

enum { SHOPIFY_QUERY_COST = 1, SHOPIFY_MUTATION_COST = 10 };
enum { ORDERS_PAGE_DEFAULT = 50, ORDERS_PAGE_MAX = 250 };

bool sandbox_shopify_since(const struct sandbox_shopify_request *request, const char *version)
{
    return strcmp(request->version, version) >= 0; /* "unstable" sorts behind digits */
}

const char *sandbox_shopify_gid(const char *gid, const char *type)
{
    if (gid == NULL || !sandbox_path_skip(&gid, "gid://shopify/") ||
        !sandbox_path_skip(&gid, type) || *gid != '/' || gid[1] == '\0')
        return NULL;
    return gid + 1;
}

static int request_cost(const struct sandbox_shopify_request *request)
{
    return request->query.mutation ? SHOPIFY_MUTATION_COST : SHOPIFY_QUERY_COST;
}

static void put_cost(const struct sandbox_shopify_request *request, struct json_out *json,
                     bool spent)
{
    struct sandbox_bucket *bucket = &request->channel->bucket;

    json_key(json, "extensions");
    json_object(json);
    json_key(json, "cost");
    json_object(json);
    json_put_member_int(json, "requestedQueryCost", request_cost(request));
    json_key(json, "actualQueryCost");
    if (spent)
        json_put_int(json, request_cost(request));
    else
        json_put_null(json);
    json_key(json, "throttleStatus");
    json_object(json);
    json_key(json, "maximumAvailable");
    json_put_double(json, bucket->burst);
    json_put_member_int(json, "currentlyAvailable",
                        (int64_t)sandbox_bucket_level(bucket, clock_monotonic_ms()));
    json_key(json, "restoreRate");
    json_put_double(json, bucket->per_second);
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

void sandbox_shopify_data(const struct sandbox_shopify_request *request, const char *payload)
{
    struct json_out json;

    sandbox_reply_json(request->reply, 200);
    json_begin(&json, &request->reply->body);
    json_object(&json);
    json_key(&json, "data");
    json_object(&json);
    json_key(&json, request->query.alias);
    json_put_raw(&json, payload);
    json_object_end(&json);
    put_cost(request, &json, true);
    json_object_end(&json);
}

static void reply_error(const struct sandbox_shopify_request *request, const char *code,
                        const char *message, bool spent)
{
    struct json_out json;

    sandbox_reply_json(request->reply, 200);
    json_begin(&json, &request->reply->body);
    json_object(&json);
    json_key(&json, "errors");
    json_array(&json);
    json_object(&json);
    json_put_member(&json, "message", message);
    json_key(&json, "extensions");
    json_object(&json);
    json_put_member(&json, "code", code);
    json_object_end(&json);
    json_object_end(&json);
    json_array_end(&json);
    put_cost(request, &json, spent);
    json_object_end(&json);
}

void sandbox_shopify_error(const struct sandbox_shopify_request *request, const char *code,
                           const char *message)
{
    request->channel->counters.rejected++;
    reply_error(request, code, message, true);
}

static void note_throttled(struct sandbox_channel *channel, int status)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = status};

    channel->counters.throttled++;
    sandbox_note(channel, &entry);
}

static const struct {
    const char *field;
    bool mutation;
    void (*run)(const struct sandbox_shopify_request *request);
} operations[] = {
    {"inventorySetQuantities", true,  sandbox_shopify_set_quantities},
    {"bulkOperationRunQuery",  true,  sandbox_shopify_bulk_run      },
    {"currentBulkOperation",   false, sandbox_shopify_bulk_current  },
    {"bulkOperation",          false, sandbox_shopify_bulk_node     },
    {"node",                   false, sandbox_shopify_bulk_node     },
};

static void run_operation(const struct sandbox_shopify_request *request)
{
    if (!sandbox_bucket_take(&request->channel->bucket, request_cost(request),
                             clock_monotonic_ms())) {
        note_throttled(request->channel, 200);
        reply_error(request, "THROTTLED", "Throttled", false);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        if (strcmp(operations[i].field, request->query.field) == 0 &&
            operations[i].mutation == request->query.mutation) {
            operations[i].run(request);
            return;
        }
    }
    sandbox_shopify_error(
        request, "undefinedField",
        arena_printf(request->call->arena, "Field '%s' doesn't exist on type '%s'",
                     request->query.field, request->query.mutation ? "Mutation" : "QueryRoot"));
}

static void handle_graphql(struct sandbox_channel *channel, const struct sandbox_call *call,
                           const char *version, struct sandbox_reply *reply)
{
    struct sandbox_shopify_request request = {
        .channel = channel, .call = call, .reply = reply, .version = version};
    const char *text = json_text(json_get(call->body, "query"));

    sandbox_reply_header(reply, call->arena, "X-Shopify-API-Version", version);
    if (text == NULL) {
        sandbox_reply_json(reply, 400);
        buf_text(&reply->body,
                 "{\"errors\":{\"query\":\"Required parameter missing or invalid\"}}");
        channel->counters.rejected++;
        return;
    }
    sandbox_graphql_read(call->arena, text, &request.query);
    request.variables = json_get(call->body, "variables");
    run_operation(&request);
}

static void handle_order(struct sandbox_channel *channel, const char *id,
                         struct sandbox_reply *reply)
{
    const struct sandbox_order *order = sandbox_market_order(&channel->market, id);

    sandbox_reply_json(reply, order == NULL ? 404 : 200);
    if (order == NULL) {
        buf_text(&reply->body, "{\"errors\":\"Not Found\"}");
        return;
    }
    buf_text(&reply->body, "{\"order\":");
    sandbox_shopify_order(&channel->market, order, &reply->body);
    buf_char(&reply->body, '}');
}

static bool is_authorized(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *token = http_request_header(call->request, "X-Shopify-Access-Token");

    return token != NULL && strcmp(token, channel->config->token) == 0;
}

/* Answers a call that a fault is to hit before anything happens. */
static bool reply_fault(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    if (sandbox_lies(channel, channel->faults.answer_429, "fault_429")) {
        note_throttled(channel, 429);
        sandbox_reply_json(reply, 429);
        sandbox_reply_header(reply, call->arena, "Retry-After", "2.0");
        buf_text(&reply->body, "{\"errors\":\"Exceeded 2 calls per second for api client. Reduce "
                               "request rates to resume uninterrupted service.\"}");
        return true;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        sandbox_reply_json(reply, 500);
        buf_text(&reply->body, "{\"errors\":\"Internal Server Error\"}");
        return true;
    }
    return false;
}

/* "<time>-<orders passed>": the cursor keeps the filter of the first page. */
static bool orders_filter(const struct sandbox_call *call, int64_t *ret_after_ms,
                          int64_t *ret_passed)
{
    const char *cursor = http_request_query(call->request, "page_info");
    const char *since = http_request_query(call->request, "updated_at_min");
    int64_t since_ms = 0;
    char dash = '\0';

    if (cursor != NULL)
        return since == NULL && sscanf(cursor, "%" SCNd64 "%c%" SCNd64, ret_after_ms, &dash,
                                       ret_passed) == 3 &&
               dash == '-';
    if (since != NULL && !clock_parse(since, &since_ms))
        return false;
    *ret_after_ms = since_ms - 1;
    return true;
}

static void handle_orders(struct sandbox_channel *channel, const struct sandbox_call *call,
                          const char *version, struct sandbox_reply *reply)
{
    const struct sandbox_order **orders = NULL;
    const char *host = http_request_header(call->request, "Host");
    int64_t limit = ORDERS_PAGE_DEFAULT;
    int64_t after_ms = 0;
    int64_t passed = 0;
    struct json_out json;

    if (!sandbox_query_number(call->request, "limit", &limit) || limit < 1 ||
        limit > ORDERS_PAGE_MAX || !orders_filter(call, &after_ms, &passed)) {
        sandbox_reply_json(reply, 400);
        buf_text(&reply->body, "{\"errors\":{\"limit\":\"or page_info: invalid value\"}}");
        return;
    }
    int64_t total =
        (int64_t)sandbox_market_changed(&channel->market, after_ms, call->arena, &orders);
    int64_t end = passed + limit < total ? passed + limit : total;

    if (end < total)
        sandbox_reply_header(reply, call->arena, "Link",
                             arena_printf(call->arena,
                                          "<https://%s/admin/api/%s/orders.json?limit=%" PRId64
                                          "&page_info=%" PRId64 "-%" PRId64 ">; rel=\"next\"",
                                          host == NULL ? "localhost" : host, version, limit,
                                          after_ms, end));
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "orders");
    json_array(&json);
    for (int64_t i = passed; i < end; i++) {
        SCOPED(buf) struct buf order = {0};

        sandbox_shopify_order(&channel->market, orders[i], &order);
        json_put_raw(&json, buf_str(&order));
    }
    json_array_end(&json);
    json_object_end(&json);
}

void sandbox_shopify_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const char *path = call->path;

    if (strncmp(path, "/bulk/", strlen("/bulk/")) == 0) {
        sandbox_shopify_bulk_download(channel, call, reply);
        return;
    }
    if (!is_authorized(channel, call)) {
        channel->counters.rejected++;
        sandbox_reply_json(reply, 401);
        buf_text(&reply->body, "{\"errors\":\"[API] Invalid API key or access token (unrecognized "
                               "login or wrong password)\"}");
        return;
    }
    if (reply_fault(channel, call, reply))
        return;
    const char *version = NULL;

    if (sandbox_path_skip(&path, "/admin/api"))
        version = sandbox_path_segment(call->arena, &path);
    if (version != NULL && strcmp(path, "/graphql.json") == 0 &&
        strcmp(call->method, "POST") == 0) {
        handle_graphql(channel, call, version, reply);
        return;
    }
    if (version != NULL && strcmp(path, "/orders.json") == 0 && strcmp(call->method, "GET") == 0) {
        handle_orders(channel, call, version, reply);
        return;
    }
    if (version != NULL && sandbox_path_skip(&path, "/orders/") &&
        strcmp(call->method, "GET") == 0) {
        handle_order(channel, arena_strndup(call->arena, path, strcspn(path, ".")), reply);
        return;
    }
    sandbox_reply_json(reply, 404);
    buf_text(&reply->body, "{\"errors\":\"Not Found\"}");
}
