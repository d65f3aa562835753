#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/shopify.h"
#include "tools/sandbox/wording.h"

/*
 * Bulk operations over inventoryItems. The lines are written when the operation starts; levels
 * follow their items in blocks, backwards, because nothing promises that they stand together.
 */

enum { BULK_BLOCK = 50, BULK_RUNNING_MAX_OLD = 1, BULK_RUNNING_MAX = 5, BULK_TOKEN_LEN = 32 };

static const char *const quantity_names[] = {"available", "on_hand", "committed"};

static bool is_done(const struct sandbox_bulk *bulk)
{
    return clock_now_ms() >= bulk->done_ms;
}

static void put_quantities(struct json_out *json, const struct sandbox_listing *listing,
                           const char *query)
{
    char time[SANDBOX_TIME_LEN];
    const int64_t values[] = {listing->quantity, listing->quantity + listing->committed,
                              listing->committed};

    sandbox_time_zulu(time, listing->updated_ms);
    json_key(json, "quantities");
    json_array(json);
    for (size_t i = 0; i < ARRAY_LEN(quantity_names); i++) {
        if (strstr(query, quantity_names[i]) == NULL)
            continue;
        json_object(json);
        json_put_member(json, "name", quantity_names[i]);
        json_put_member_int(json, "quantity", values[i]);
        json_put_member(json, "updatedAt", time);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_item(struct sandbox_bulk *bulk, const struct sandbox_listing *listing)
{
    struct json_out json;

    json_begin(&json, &bulk->lines);
    json_object(&json);
    sandbox_put_gid(&json, "id", "InventoryItem", listing->inventory_item_id);
    json_put_member(&json, "sku", listing->sku);
    json_object_end(&json);
    buf_char(&bulk->lines, '\n');
    bulk->objects++;
    bulk->roots++;
}

static void write_level(struct sandbox_bulk *bulk, const struct sandbox_channel *channel,
                        const struct sandbox_listing *listing, const char *query)
{
    struct json_out json;

    if (!listing->stocked)
        return;
    json_begin(&json, &bulk->lines);
    json_object(&json);
    json_key(&json, "location");
    json_object(&json);
    sandbox_put_gid(&json, "id", "Location", channel->config->location);
    json_object_end(&json);
    put_quantities(&json, listing, query);
    sandbox_put_gid(&json, "__parentId", "InventoryItem", listing->inventory_item_id);
    json_object_end(&json);
    buf_char(&bulk->lines, '\n');
    bulk->objects++;
}

static void write_lines(struct sandbox_bulk *bulk, const struct sandbox_channel *channel,
                        const char *query)
{
    const struct sandbox_market *market = &channel->market;

    for (size_t i = 0; i < market->listings_len; i += BULK_BLOCK) {
        size_t end = i + BULK_BLOCK < market->listings_len ? i + BULK_BLOCK : market->listings_len;

        for (size_t j = i; j < end; j++)
            write_item(bulk, &market->listings[j]);
        for (size_t j = end; j > i; j--)
            write_level(bulk, channel, &market->listings[j - 1], query);
    }
}

static size_t running(const struct sandbox_channel *channel)
{
    size_t count = 0;

    for (size_t i = 0; i < SANDBOX_BULKS_MAX; i++)
        count += channel->bulks[i].id != NULL && !is_done(&channel->bulks[i]);
    return count;
}

static struct sandbox_bulk *bulk_start(struct sandbox_channel *channel, const char *query)
{
    struct sandbox_bulk *bulk = &channel->bulks[channel->bulks_len++ % SANDBOX_BULKS_MAX];
    char token[BULK_TOKEN_LEN + 1];

    buf_release(&bulk->lines);
    *bulk = (struct sandbox_bulk){.created_ms = clock_now_ms()};
    sandbox_random_hex(&channel->names, token, BULK_TOKEN_LEN);
    bulk->number = sandbox_market_new_id(&channel->market);
    bulk->id = arena_printf(channel->market.arena, "gid://shopify/BulkOperation/%s", bulk->number);
    bulk->token = arena_strdup(channel->market.arena, token);
    bulk->done_ms = bulk->created_ms + channel->config->bulk_ms;
    write_lines(bulk, channel, query);
    const struct sandbox_entry entry = {.type = "snapshot"};
    sandbox_note(channel, &entry);
    return bulk;
}

static void put_result(const struct sandbox_shopify_request *request,
                       const struct sandbox_bulk *bulk, struct json_out *json)
{
    struct arena *arena = request->call->arena;
    const char *host = http_request_header(request->call->request, "Host");
    bool done = is_done(bulk) && bulk->lines.len > 0;
    char time[SANDBOX_TIME_LEN];

    json_put_member(json, "completedAt",
                    is_done(bulk) ? sandbox_time_zulu(time, bulk->done_ms) : NULL);
    json_put_member(json, "fileSize", done ? arena_printf(arena, "%zu", bulk->lines.len) : NULL);
    json_put_member(json, "objectCount",
                    arena_printf(arena, "%" PRId64, is_done(bulk) ? bulk->objects : 0));
    json_put_member(json, "rootObjectCount",
                    arena_printf(arena, "%" PRId64, is_done(bulk) ? bulk->roots : 0));
    json_put_member(json, "url",
                    done ? arena_printf(arena, "http://%s/%s/bulk/%s.jsonl?signature=%s",
                                        host == NULL ? "127.0.0.1" : host,
                                        request->channel->config->name, bulk->number, bulk->token)
                         : NULL);
    sandbox_put_null(json, "partialDataUrl");
}

static void put_bulk(const struct sandbox_shopify_request *request, const struct sandbox_bulk *bulk,
                     const char *status, struct json_out *json)
{
    char time[SANDBOX_TIME_LEN];

    json_object(json);
    json_put_member(json, "id", bulk->id);
    json_put_member(json, "status", status);
    json_put_member(json, "type", "QUERY");
    sandbox_put_null(json, "errorCode");
    json_put_member(json, "createdAt", sandbox_time_zulu(time, bulk->created_ms));
    put_result(request, bulk, json);
    json_object_end(json);
}

static void reply_run(const struct sandbox_shopify_request *request,
                      const struct sandbox_bulk *bulk, const char *code, const char *message)
{
    SCOPED(buf) struct buf payload = {0};
    struct json_out json;

    json_begin(&json, &payload);
    json_object(&json);
    json_key(&json, "bulkOperation");
    if (bulk == NULL)
        json_put_null(&json);
    else
        put_bulk(request, bulk, "CREATED", &json);
    json_key(&json, "userErrors");
    json_array(&json);
    if (bulk == NULL) {
        json_object(&json);
        json_key(&json, "field");
        json_put_raw(&json, "[\"query\"]");
        json_put_member(&json, "message", message);
        json_put_member(&json, "code", code);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    sandbox_shopify_data(request, buf_str(&payload));
}

void sandbox_shopify_bulk_run(const struct sandbox_shopify_request *request)
{
    const char *name = sandbox_graphql_variable(request->call->arena, &request->query, "query");
    const char *query = name == NULL ? NULL : json_text(json_get(request->variables, name));
    size_t max =
        sandbox_shopify_since(request, "2026-01") ? BULK_RUNNING_MAX : BULK_RUNNING_MAX_OLD;

    if (query == NULL) {
        sandbox_shopify_error(request, "SANDBOX_UNSUPPORTED",
                              "the sandbox reads variables only: write bulkOperationRunQuery("
                              "query: $query) and send variables.query");
        return;
    }
    if (strstr(query, "inventoryItems") == NULL || strstr(query, "inventoryLevels") == NULL) {
        reply_run(request, NULL, "INVALID",
                  "The sandbox exports inventoryItems with their inventoryLevels only.");
        return;
    }
    if (running(request->channel) >= max) {
        reply_run(request, NULL, "OPERATION_IN_PROGRESS",
                  "A bulk query operation for this app and shop is already in progress.");
        return;
    }
    reply_run(request, bulk_start(request->channel, query), NULL, NULL);
}

static void reply_bulk(const struct sandbox_shopify_request *request,
                       const struct sandbox_bulk *bulk)
{
    SCOPED(buf) struct buf payload = {0};
    struct json_out json;

    json_begin(&json, &payload);
    if (bulk == NULL)
        json_put_null(&json);
    else
        put_bulk(request, bulk, is_done(bulk) ? "COMPLETED" : "RUNNING", &json);
    sandbox_shopify_data(request, buf_str(&payload));
}

void sandbox_shopify_bulk_current(const struct sandbox_shopify_request *request)
{
    const struct sandbox_channel *channel = request->channel;

    reply_bulk(request, channel->bulks_len == 0
                            ? NULL
                            : &channel->bulks[(channel->bulks_len - 1) % SANDBOX_BULKS_MAX]);
}

void sandbox_shopify_bulk_node(const struct sandbox_shopify_request *request)
{
    const struct sandbox_channel *channel = request->channel;
    const char *name = sandbox_graphql_variable(request->call->arena, &request->query, "id");
    const char *id = name == NULL ? NULL : json_text(json_get(request->variables, name));

    if (id == NULL) {
        sandbox_shopify_error(request, "SANDBOX_UNSUPPORTED",
                              "the sandbox reads variables only: write node(id: $id) and send "
                              "variables.id");
        return;
    }
    for (size_t i = 0; i < SANDBOX_BULKS_MAX; i++) {
        if (channel->bulks[i].id != NULL && strcmp(channel->bulks[i].id, id) == 0) {
            reply_bulk(request, &channel->bulks[i]);
            return;
        }
    }
    reply_bulk(request, NULL);
}

void sandbox_shopify_bulk_download(struct sandbox_channel *channel, const struct sandbox_call *call,
                                   struct sandbox_reply *reply)
{
    const char *path = call->path + strlen("/bulk/");
    const char *signature = http_request_query(call->request, "signature");
    size_t len = strcspn(path, ".");

    for (size_t i = 0; i < SANDBOX_BULKS_MAX; i++) {
        const struct sandbox_bulk *bulk = &channel->bulks[i];

        if (bulk->number == NULL || strlen(bulk->number) != len ||
            strncmp(bulk->number, path, len) != 0 || strcmp(path + len, ".jsonl") != 0 ||
            signature == NULL || strcmp(signature, bulk->token) != 0 || !is_done(bulk))
            continue;
        sandbox_reply_text(reply, 200, "application/jsonl", "");
        buf_append(&reply->body, bulk->lines.bytes, bulk->lines.len);
        return;
    }
    sandbox_reply_text(reply, 403, "application/xml; charset=UTF-8",
                       "<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code>"
                       "<Message>Access denied.</Message></Error>");
}
