#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/amazon.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/wording.h"

enum { TOKEN_LIFE_S = 3600, PAGE_MAX = 100, MESSAGES_MAX = 25000 };

static const char feed_type[] = "JSON_LISTINGS_FEED";

/* {"errors":[{"code","message","details"}]} */
static void fail(struct sandbox_reply *reply, int status, const char *code, const char *message)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "errors");
    json_array(&json);
    json_object(&json);
    json_put_member(&json, "code", code);
    json_put_member(&json, "message", message);
    json_put_member(&json, "details", "");
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- tokens ---- */

static const char *form_value(const struct sandbox_call *call, const char *name)
{
    size_t len = 0;
    const char *body = http_request_body(call->request, &len);
    const char *text = arena_strndup(call->arena, len == 0 ? "" : body, len);
    const char *at = strstr(text, name);

    return at == NULL
               ? ""
               : arena_strndup(call->arena, at + strlen(name), strcspn(at + strlen(name), "&"));
}

static void login(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    struct sandbox_amazon *amazon = channel->amazon;
    const struct sandbox_channel_config *config = channel->config;
    char *token = amazon->tokens[amazon->granted % SANDBOX_AMAZON_TOKENS];
    struct json_out json;

    /* All are made of letters and digits: nothing to decode. */
    if (strcmp(form_value(call, "grant_type="), "refresh_token") != 0 ||
        strcmp(form_value(call, "client_id="), sandbox_config_setting(config, "client_id")) != 0 ||
        strcmp(form_value(call, "client_secret="),
               sandbox_config_setting(config, "client_secret")) != 0 ||
        strcmp(form_value(call, "&refresh_token="),
               sandbox_config_setting(config, "refresh_token")) != 0) {
        sandbox_reply_text(reply, 400, "application/json",
                           "{\"error\":\"invalid_grant\",\"error_description\":\"no\"}");
        return;
    }
    strcpy(token, "Atza");
    sandbox_random_hex(&channel->names, token + 4, 32);
    amazon->granted++;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "access_token", token);
    json_put_member(&json, "token_type", "bearer");
    json_put_member_int(&json, "expires_in", TOKEN_LIFE_S);
    json_put_member(&json, "refresh_token", sandbox_config_setting(config, "refresh_token"));
    json_object_end(&json);
}

static bool is_authorized(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *token = http_request_header(call->request, "x-amz-access-token");

    for (size_t i = 0; token != NULL && *token != '\0' && i < SANDBOX_AMAZON_TOKENS; i++) {
        if (strcmp(channel->amazon->tokens[i], token) == 0)
            return true;
    }
    return false;
}

/* ---- orders ---- */

static void search_orders(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply)
{
    const char *after = http_request_query(call->request, "lastUpdatedAfter");
    const char *token = http_request_query(call->request, "paginationToken");
    const struct sandbox_order **orders = NULL;
    char now[SANDBOX_TIME_LEN];
    int64_t after_ms = 0;
    int64_t max = PAGE_MAX;
    struct json_out json;

    if (!clock_parse(after, &after_ms) ||
        !sandbox_query_number(call->request, "maxResultsPerPage", &max) || max < 1 ||
        max > PAGE_MAX) {
        fail(reply, 400, "InvalidInput", "lastUpdatedAfter or maxResultsPerPage is wrong");
        return;
    }
    size_t total = sandbox_market_changed(&channel->market, after_ms - 1, call->arena, &orders);
    size_t begin = token == NULL ? 0 : strtoull(token, NULL, 10);
    size_t end = begin + (size_t)max < total ? begin + (size_t)max : total;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "orders");
    json_array(&json);
    for (size_t i = begin; i < end; i++)
        sandbox_amazon_put_order(channel, orders[i], &json);
    json_array_end(&json);
    if (end < total) {
        json_key(&json, "pagination");
        json_object(&json);
        json_put_member(&json, "nextToken", arena_printf(call->arena, "%zu", end));
        json_object_end(&json);
    }
    json_put_member(&json, "lastUpdatedBefore", sandbox_time_zulu(now, clock_now_ms()));
    json_object_end(&json);
}

static void get_order(struct sandbox_channel *channel, const char *id, struct sandbox_reply *reply)
{
    const struct sandbox_order *order = sandbox_amazon_order(channel, id);
    struct json_out json;

    if (order == NULL) {
        fail(reply, 404, "NotFound", "no such order");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "order");
    sandbox_amazon_put_order(channel, order, &json);
    json_object_end(&json);
}

/* ---- listings ---- */

/* The quantity that one patch sets, as published [JSON_LISTINGS_FEED-body.json]. */
static bool patched_quantity(const struct json *patches, int64_t *ret_quantity)
{
    const struct json *patch = json_at(patches, 0);
    const struct json *value = json_at(json_get(patch, "value"), 0);
    const char *path = json_text(json_get(patch, "path"));
    const char *code = json_text(json_get(value, "fulfillment_channel_code"));

    return json_len(patches) == 1 && path != NULL && code != NULL &&
           strcmp(path, "/attributes/fulfillment_availability") == 0 &&
           strcmp(code, "DEFAULT") == 0 &&
           json_int(json_get(value, "quantity"), 0, SANDBOX_STOCK_MAX, ret_quantity);
}

/* NULL: taken; else what is wrong. */
static const char *write_listing(struct sandbox_channel *channel, const char *sku,
                                 const struct json *patches)
{
    struct sandbox_listing *listing = sandbox_market_listing(&channel->market, sku);
    int64_t quantity = 0;

    channel->counters.push_items++;
    if (listing == NULL || !patched_quantity(patches, &quantity) || !listing->stocked) {
        channel->counters.rejected++;
        if (listing != NULL)
            sandbox_note_listing(channel, "push_rejected", listing, quantity, NULL);
        return "'fulfillment_availability' is not valid for this listing.";
    }
    if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
        sandbox_note_listing(channel, "push_ignored", listing, quantity, NULL);
        return NULL;
    }
    sandbox_market_set(listing, quantity, clock_now_ms());
    sandbox_note_listing(channel, "push", listing, quantity, NULL);
    channel->kind->stock_changed(channel, listing);
    return NULL;
}

static void patch_listing(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply, const char *sku)
{
    const char *marketplaces = http_request_query(call->request, "marketplaceIds");
    struct json_out json;

    if (marketplaces == NULL || strcmp(marketplaces, sandbox_amazon_marketplace(channel)) != 0 ||
        json_text(json_get(call->body, "productType")) == NULL) {
        fail(reply, 400, "InvalidInput", "marketplaceIds or productType is wrong");
        return;
    }
    if (sandbox_market_listing(&channel->market, sku) == NULL) {
        fail(reply, 404, "NOT_FOUND", "SKU not found in marketplace");
        return;
    }
    channel->counters.pushes++;
    const char *fault = write_listing(channel, sku, json_get(call->body, "patches"));
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "sku", sku);
    json_put_member(&json, "status", fault == NULL ? "ACCEPTED" : "INVALID");
    json_put_member(&json, "submissionId", "f1dc2914-75dd-11ea-bc55-0242ac130003");
    json_key(&json, "issues");
    json_array(&json);
    if (fault != NULL) {
        json_object(&json);
        json_put_member(&json, "code", "90000900");
        json_put_member(&json, "message", fault);
        json_put_member(&json, "severity", "ERROR");
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply"))
        fail(reply, 500, "InternalFailure", "We encountered an internal error.");
}

static void get_listing(const struct sandbox_channel *channel, struct sandbox_reply *reply,
                        const char *sku)
{
    const struct sandbox_listing *listing = sandbox_market_listing(&channel->market, sku);
    struct json_out json;

    if (listing == NULL) {
        fail(reply, 404, "NOT_FOUND", "SKU not found in marketplace");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "sku", sku);
    json_key(&json, "fulfillmentAvailability");
    json_array(&json);
    json_object(&json);
    json_put_member(&json, "fulfillmentChannelCode", "DEFAULT");
    json_put_member_int(&json, "quantity", listing->quantity);
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- reports and feeds: their documents ---- */

static struct sandbox_amazon_document *make_document(struct sandbox_channel *channel,
                                                     const char *type)
{
    struct sandbox_amazon *amazon = channel->amazon;
    uint64_t number = ++amazon->made;
    struct sandbox_amazon_document *document =
        &amazon->documents[number % SANDBOX_AMAZON_DOCUMENTS];

    buf_release(&document->bytes);
    *document = (struct sandbox_amazon_document){
        .number = number,
        .type = type,
        .done_ms = clock_monotonic_ms() + channel->config->bulk_ms,
    };
    return document;
}

static struct sandbox_amazon_document *find_document(struct sandbox_channel *channel,
                                                     const char *text)
{
    uint64_t number = text == NULL ? 0 : strtoull(text, NULL, 10);
    struct sandbox_amazon_document *document =
        &channel->amazon->documents[number % SANDBOX_AMAZON_DOCUMENTS];

    return number != 0 && document->number == number ? document : NULL;
}

static void put_number(struct json_out *json, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, number);
    json_put_member(json, key, text);
}

static const char *address_of(const struct sandbox_channel *channel,
                              const struct sandbox_call *call,
                              const struct sandbox_amazon_document *document)
{
    const char *host = http_request_header(call->request, "Host");

    return arena_printf(call->arena, "http://%s/%s/documents/%" PRIu64,
                        host == NULL ? "127.0.0.1" : host, channel->config->name, document->number);
}

/* GET_MERCHANT_LISTINGS_ALL_DATA: what is shown when it was asked for. */
static void write_listings(const struct sandbox_channel *channel, struct buf *out)
{
    const struct sandbox_market *market = &channel->market;

    buf_text(out, "item-name\tlisting-id\tseller-sku\tprice\tquantity\topen-date\titem-note\t"
                  "Deprecated column\tDeprecated column\tfulfilment-channel\tstatus\r\n");
    for (size_t i = 0; i < market->listings_len; i++) {
        const struct sandbox_listing *listing = &market->listings[i];

        buf_printf(out,
                   "%s\t%s\t%s\t%" PRId64 ".00\t%" PRId64
                   "\t08/07/2016 10:12:40 BST\tcaf\xe9\t\t\tDEFAULT\tActive\r\n",
                   listing->sku, listing->id, listing->sku, listing->price_cents / 100,
                   listing->quantity);
    }
}

static void create_report(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply)
{
    const char *type = json_text(json_get(call->body, "reportType"));
    const struct sandbox_entry entry = {.type = "snapshot"};
    struct json_out json;

    if (type == NULL || strcmp(type, "GET_MERCHANT_LISTINGS_ALL_DATA") != 0) {
        fail(reply, 400, "InvalidInput", "reportType is not played");
        return;
    }
    struct sandbox_amazon_document *document =
        make_document(channel, "GET_MERCHANT_LISTINGS_ALL_DATA");
    write_listings(channel, &document->bytes);
    sandbox_note(channel, &entry);
    sandbox_reply_json(reply, 202);
    json_begin(&json, &reply->body);
    json_object(&json);
    put_number(&json, "reportId", document->number);
    json_object_end(&json);
}

static void put_state(struct sandbox_reply *reply, const struct sandbox_amazon_document *document,
                      const char *id, const char *document_id)
{
    bool is_done = clock_monotonic_ms() >= document->done_ms;
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    put_number(&json, id, document->number);
    json_put_member(&json, "processingStatus", is_done ? "DONE" : "IN_PROGRESS");
    if (is_done)
        put_number(&json, document_id, document->number);
    json_object_end(&json);
}

static void put_address(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply, const char *id, int status,
                        const struct sandbox_amazon_document *document)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    put_number(&json, id, document->number);
    json_put_member(&json, "url", address_of(channel, call, document));
    json_object_end(&json);
}

static void reports_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply, const char *path)
{
    const char *what = sandbox_path_segment(call->arena, &path);
    const struct sandbox_amazon_document *document =
        find_document(channel, sandbox_path_segment(call->arena, &path));

    if (what != NULL && strcmp(call->method, "POST") == 0 && strcmp(what, "reports") == 0)
        create_report(channel, call, reply);
    else if (what == NULL || document == NULL)
        fail(reply, 404, "NotFound", "no such report");
    else if (strcmp(what, "reports") == 0)
        put_state(reply, document, "reportId", "reportDocumentId");
    else
        put_address(channel, call, reply, "reportDocumentId", 200, document);
}

/* Applies the feed and makes its report, which takes the place of its document's bytes. */
static void process_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_amazon_document *document)
{
    struct err err = {0};
    const struct json *feed =
        json_parse(call->arena, buf_str(&document->bytes), document->bytes.len, &err);
    const struct json *messages = json_get(feed, "messages");
    int64_t faults = 0;
    struct json_out json;

    buf_clear(&document->bytes);
    json_begin(&json, &document->bytes);
    json_object(&json);
    json_key(&json, "header");
    json_object(&json);
    json_put_member(&json, "sellerId", channel->config->account);
    json_put_member(&json, "version", "2.0");
    json_object_end(&json);
    json_key(&json, "issues");
    json_array(&json);
    for (size_t i = 0; i < json_len(messages); i++) {
        const struct json *message = json_at(messages, i);
        const char *sku = json_text(json_get(message, "sku"));
        const char *fault =
            write_listing(channel, sku == NULL ? "" : sku, json_get(message, "patches"));

        if (fault == NULL)
            continue;
        faults++;
        json_object(&json);
        json_put_member_int(&json, "messageId", (int64_t)i + 1);
        json_put_member(&json, "sku", sku);
        json_put_member(&json, "code", "90000900");
        json_put_member(&json, "severity", "ERROR");
        json_put_member(&json, "message", fault);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_key(&json, "summary");
    json_object(&json);
    json_put_member_int(&json, "errors", faults);
    json_put_member_int(&json, "messagesProcessed", (int64_t)json_len(messages));
    json_object_end(&json);
    json_object_end(&json);
    channel->counters.pushes++;
}

static void create_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    const char *type = json_text(json_get(call->body, "feedType"));
    struct sandbox_amazon_document *document =
        find_document(channel, json_text(json_get(call->body, "inputFeedDocumentId")));
    struct json_out json;

    if (type == NULL || strcmp(type, feed_type) != 0 || document == NULL) {
        fail(reply, 400, "InvalidInput", "feedType or inputFeedDocumentId is wrong");
        return;
    }
    process_feed(channel, call, document);
    document->done_ms = clock_monotonic_ms() + channel->config->bulk_ms;
    sandbox_reply_json(reply, 202);
    json_begin(&json, &reply->body);
    json_object(&json);
    put_number(&json, "feedId", document->number);
    json_object_end(&json);
}

static void feeds_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply, const char *path)
{
    const char *what = sandbox_path_segment(call->arena, &path);
    bool is_post = strcmp(call->method, "POST") == 0;
    const struct sandbox_amazon_document *document =
        find_document(channel, sandbox_path_segment(call->arena, &path));

    if (what != NULL && is_post && strcmp(what, "documents") == 0)
        put_address(channel, call, reply, "feedDocumentId", 201, make_document(channel, feed_type));
    else if (what != NULL && is_post && strcmp(what, "feeds") == 0)
        create_feed(channel, call, reply);
    else if (what == NULL || document == NULL)
        fail(reply, 404, "NotFound", "no such feed");
    else if (strcmp(what, "feeds") == 0)
        put_state(reply, document, "feedId", "resultFeedDocumentId");
    else
        put_address(channel, call, reply, "feedDocumentId", 200, document);
}

/* Addresses that are signed themselves: no token is asked for, and one that comes is a fault. */
static void documents_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply, const char *path)
{
    struct sandbox_amazon_document *document =
        find_document(channel, sandbox_path_segment(call->arena, &path));
    size_t len = 0;
    const void *body = http_request_body(call->request, &len);

    if (document == NULL || http_request_header(call->request, "x-amz-access-token") != NULL) {
        sandbox_reply_text(reply, 403, "application/xml",
                           "<Error><Code>AccessDenied</Code></Error>");
        return;
    }
    sandbox_reply_text(reply, 200, "text/plain; charset=Cp1252", "");
    if (strcmp(call->method, "PUT") == 0) {
        buf_clear(&document->bytes);
        buf_append(&document->bytes, body, len);
        return;
    }
    buf_append(&reply->body, buf_str(&document->bytes), document->bytes.len);
}

/* ---- all of it ---- */

static bool is_let_through(struct sandbox_channel *channel, const struct sandbox_call *call,
                           struct sandbox_reply *reply)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = 429};

    if (!is_authorized(channel, call)) {
        fail(reply, 403, "Unauthorized", "Access to requested resource is denied.");
        return false;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        fail(reply, 500, "InternalFailure", "We encountered an internal error.");
        return false;
    }
    if (sandbox_lies(channel, channel->faults.answer_429, "fault_429") ||
        !sandbox_bucket_take(&channel->bucket, 1, clock_monotonic_ms())) {
        channel->counters.throttled++;
        sandbox_note(channel, &entry);
        /* Neither a limit nor a time to wait. */
        fail(reply, 429, "QuotaExceeded", "You exceeded your quota for the requested resource.");
        return false;
    }
    sandbox_reply_header(reply, call->arena, "x-amzn-RateLimit-Limit",
                         arena_printf(call->arena, "%g", channel->bucket.per_second));
    return true;
}

static const struct {
    const char *prefix;
    void (*answer)(struct sandbox_channel *channel, const struct sandbox_call *call,
                   struct sandbox_reply *reply, const char *path);
} parts[] = {
    {"/reports/2021-06-30", reports_api},
    {"/feeds/2021-06-30",   feeds_api  },
};

static void authorized_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                           struct sandbox_reply *reply)
{
    const char *path = call->path;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (sandbox_path_skip(&path, parts[i].prefix)) {
            parts[i].answer(channel, call, reply, path);
            return;
        }
    }
    if (strcmp(path, "/orders/2026-01-01/orders") == 0)
        search_orders(channel, call, reply);
    else if (sandbox_path_skip(&path, "/orders/2026-01-01/orders/"))
        get_order(channel, path, reply);
    else if (sandbox_path_skip(&path, arena_printf(call->arena, "/listings/2021-08-01/items/%s/",
                                                   channel->config->account)))
        strcmp(call->method, "PATCH") == 0 ? patch_listing(channel, call, reply, path)
                                           : get_listing(channel, reply, path);
    else if (strcmp(path, "/fba/inbound/v0/shipments") == 0)
        sandbox_reply_text(reply, 200, "application/json", "{\"payload\":{\"ShipmentData\":[]}}");
    else if (strcmp(path, "/fba/inventory/v1/summaries") == 0)
        sandbox_reply_text(reply, 200, "application/json",
                           "{\"payload\":{\"inventorySummaries\":[]}}");
    else
        fail(reply, 404, "NotFound", "this is not played");
}

void sandbox_amazon_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    const char *path = call->path;

    if (strcmp(path, "/auth/o2/token") == 0)
        login(channel, call, reply);
    else if (sandbox_path_skip(&path, "/documents"))
        documents_api(channel, call, reply, path);
    else if (is_let_through(channel, call, reply))
        authorized_api(channel, call, reply);
}
