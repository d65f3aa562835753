#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/house.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/signature.h"

enum { ITEMS_MAX = 50, PAGE_LEN = 20, TOKEN_LEN = 40, TOKEN_LIFE_S = 3600 };

/* ---- answers ---- */

static void refuse(struct sandbox_channel *channel, struct sandbox_reply *reply, int status,
                   const char *code, const char *message)
{
    struct json_out json;

    channel->counters.rejected += status < 429;
    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "error");
    json_object(&json);
    json_put_member(&json, "code", code);
    json_put_member(&json, "message", message);
    json_object_end(&json);
    json_object_end(&json);
}

/* ---- tokens: of client credentials; the same over all starts of the sandbox ---- */

static void access_token(const struct sandbox_channel *channel, char token[TOKEN_LEN + 1])
{
    const char *secret = channel->config->token_secret;

    sandbox_signature_digest(secret, strlen(secret), token, TOKEN_LEN);
}

static bool is_authorized(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    static const char bearer[] = "Bearer ";
    const char *header = http_request_header(call->request, "Authorization");
    char token[TOKEN_LEN + 1];

    access_token(channel, token);
    return header != NULL && strncmp(header, bearer, sizeof(bearer) - 1) == 0 &&
           strcmp(header + sizeof(bearer) - 1, token) == 0;
}

static bool is_client(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *header = http_request_header(call->request, "Authorization");
    SCOPED(buf) struct buf pair = {0};
    SCOPED(buf) struct buf want = {0};

    buf_printf(&pair, "%s:%s", channel->config->token, channel->config->token_secret);
    buf_text(&want, "Basic ");
    buf_base64(&want, pair.bytes, pair.len);
    return header != NULL && strcmp(header, buf_str(&want)) == 0;
}

static void grant(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    char token[TOKEN_LEN + 1];
    struct json_out json;
    size_t len = 0;
    const char *body = http_request_body(call->request, &len);

    if (!is_client(channel, call)) {
        refuse(channel, reply, 401, "unauthorized", "wrong client or secret");
        return;
    }
    if (len == 0 ||
        strcmp(arena_strndup(call->arena, body, len), "grant_type=client_credentials") != 0) {
        refuse(channel, reply, 400, "unsupported_grant", "want grant_type=client_credentials");
        return;
    }
    channel->granted++;
    access_token(channel, token);
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "access_token", token);
    json_put_member(&json, "token_type", "bearer");
    json_put_member_int(&json, "expires_in", TOKEN_LIFE_S);
    json_object_end(&json);
}

/* ---- orders ---- */

static void get_orders(struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const char *since = http_request_query(call->request, "changed_since");
    const struct sandbox_order **orders = NULL;
    int64_t since_ms = 0;
    int64_t begin = 0;
    struct json_out json;

    if (since != NULL && !clock_parse(since, &since_ms)) {
        refuse(channel, reply, 400, "bad_time", "changed_since wants RFC 3339");
        return;
    }
    sandbox_query_number(call->request, "cursor", &begin);
    size_t total = sandbox_market_changed(&channel->market, since_ms - 1, call->arena, &orders);
    size_t at = begin < 0 || (size_t)begin > total ? total : (size_t)begin;
    size_t end = at + PAGE_LEN < total ? at + PAGE_LEN : total;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "orders");
    json_array(&json);
    for (; at < end; at++)
        sandbox_house_order(orders[at], &json);
    json_array_end(&json);
    json_put_member(&json, "next", end == total ? NULL : arena_printf(call->arena, "%zu", end));
    json_object_end(&json);
}

static void get_order(struct sandbox_channel *channel, const char *id, struct sandbox_reply *reply)
{
    const struct sandbox_order *order = sandbox_market_order(&channel->market, id);
    struct json_out json;

    if (order == NULL) {
        refuse(channel, reply, 404, "unknown_order", "there is no such order");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "data");
    sandbox_house_order(order, &json);
    json_object_end(&json);
}

/* ---- stock: each item for itself, the last write wins ---- */

static void put_result(const char *variant, const struct sandbox_listing *listing,
                       struct json_out *json)
{
    if (listing != NULL) {
        sandbox_house_stock(listing, json);
        return;
    }
    json_object(json);
    json_put_member(json, "variant", variant);
    json_key(json, "error");
    json_object(json);
    json_put_member(json, "code", "unknown_variant");
    json_put_member(json, "message", "there is no such variant");
    json_object_end(json);
    json_object_end(json);
}

/* NULL: there is no such variant. What is forgotten looks like what was done. */
static struct sandbox_listing *write_stock(struct sandbox_channel *channel, const char *variant,
                                           int64_t quantity)
{
    struct sandbox_listing *listing =
        variant == NULL ? NULL : map_get(channel->market.by_id, variant);

    channel->counters.push_items++;
    if (listing == NULL) {
        channel->counters.rejected++;
        return NULL;
    }
    if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
        sandbox_note_listing(channel, "push_ignored", listing, quantity, NULL);
        return listing;
    }
    sandbox_market_set(listing, quantity, clock_now_ms());
    sandbox_note_listing(channel, "push", listing, quantity, NULL);
    channel->kind->stock_changed(channel, listing);
    return listing;
}

static bool is_writable(const struct json *list)
{
    int64_t quantity = 0;

    if (json_kind(list) != JSON_ARRAY || json_len(list) == 0 || json_len(list) > ITEMS_MAX)
        return false;
    for (size_t i = 0; i < json_len(list); i++) {
        if (!json_int(json_get(json_at(list, i), "quantity"), 0, SANDBOX_STOCK_MAX, &quantity))
            return false;
    }
    return true;
}

static void put_stock(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply)
{
    const struct json *list = json_get(call->body, "stock");
    struct json_out json;

    channel->counters.pushes++;
    if (!is_writable(list)) {
        refuse(channel, reply, 422, "bad_stock", "want 1 to 50 variants with whole quantities");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "results");
    json_array(&json);
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *item = json_at(list, i);
        const char *variant = json_text(json_get(item, "variant"));
        int64_t quantity = 0;

        json_int(json_get(item, "quantity"), 0, SANDBOX_STOCK_MAX, &quantity);
        put_result(variant, write_stock(channel, variant, quantity), &json);
    }
    json_array_end(&json);
    json_object_end(&json);
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply"))
        refuse(channel, reply, 500, "oops", "something went wrong");
}

/* ---- by path ---- */

static bool reply_fault(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = 429};

    if (sandbox_lies(channel, channel->faults.answer_429, "fault_429") ||
        !sandbox_bucket_take(&channel->bucket, 1, clock_monotonic_ms())) {
        channel->counters.throttled++;
        sandbox_note(channel, &entry);
        refuse(channel, reply, 429, "slow_down", "too many calls");
        sandbox_reply_header(reply, call->arena, "Retry-After", "1");
        return true;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        refuse(channel, reply, 503, "maintenance", "we are counting");
        return true;
    }
    return false;
}

static void export_stock(struct sandbox_channel *channel, const char *content_type,
                         void (*write)(const struct sandbox_market *market, struct buf *out),
                         struct sandbox_reply *reply)
{
    const struct sandbox_entry entry = {.type = "snapshot"};

    sandbox_note(channel, &entry);
    sandbox_reply_text(reply, 200, content_type, "");
    write(&channel->market, &reply->body);
}

static void serve(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *path = call->path;
    bool is_get = strcmp(call->method, "GET") == 0;

    if (strcmp(call->method, "POST") == 0 && strcmp(path, "/oauth/token") == 0)
        grant(channel, call, reply);
    else if (!is_authorized(channel, call))
        refuse(channel, reply, 401, "unauthorized", "no token, or not ours");
    else if (strcmp(call->method, "PUT") == 0 && strcmp(path, "/stock") == 0)
        put_stock(channel, call, reply);
    else if (is_get && strcmp(path, "/orders") == 0)
        get_orders(channel, call, reply);
    else if (is_get && sandbox_path_skip(&path, "/orders/"))
        get_order(channel, path, reply);
    else if (is_get && strcmp(path, "/stock.csv") == 0)
        export_stock(channel, "text/csv; charset=windows-1252", sandbox_house_csv, reply);
    else if (is_get && strcmp(path, "/stock.jsonl") == 0)
        export_stock(channel, "application/jsonl", sandbox_house_lines, reply);
    else
        refuse(channel, reply, 404, "not_found", "there is nothing here");
}

void sandbox_house_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    if (!reply_fault(channel, call, reply))
        serve(channel, call, reply);
}
