#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/etsy.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/wording.h"

enum { PAGE_DEFAULT = 25, PAGE_MAX = 100, QUANTITY_MAX = 999, TOKEN_LIFE_S = 3600 };

static void refuse(struct sandbox_reply *reply, int status, const char *why)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "error", why);
    json_object_end(&json);
}

/* ---- tokens ---- */

/* The first refresh token stays good: several services start with it. Those granted are good once
   they were granted. */
static bool is_refresh_token(const struct sandbox_channel *channel, const char *token,
                             struct arena *arena)
{
    const char *first = sandbox_config_setting(channel->config, "refresh_token");

    for (int64_t i = 1; i <= channel->granted; i++) {
        if (strcmp(token, arena_printf(arena, "%s.%" PRId64, first, i)) == 0)
            return true;
    }
    return strcmp(token, first) == 0;
}

static const char *form_value(const struct sandbox_call *call, const char *name)
{
    size_t len = 0;
    const char *body = http_request_body(call->request, &len);
    const char *text = arena_strndup(call->arena, body == NULL ? "" : body, len);
    const char *at = strstr(text, arena_printf(call->arena, "%s=", name));

    if (at == NULL)
        return "";
    at += strlen(name) + 1;
    return arena_strndup(call->arena, at, strcspn(at, "&"));
}

static void grant(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *api_key = sandbox_config_setting(channel->config, "api_key");
    const char *client = form_value(call, "client_id");
    size_t client_len = strcspn(api_key, ":");
    const char *first = sandbox_config_setting(channel->config, "refresh_token");
    struct json_out json;

    if (strcmp(form_value(call, "grant_type"), "refresh_token") != 0 ||
        strlen(client) != client_len || strncmp(client, api_key, client_len) != 0 ||
        !is_refresh_token(channel, form_value(call, "refresh_token"), call->arena)) {
        refuse(reply, 400, "invalid_grant");
        return;
    }
    channel->granted++;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "access_token",
                    arena_printf(call->arena, "access.%s.%" PRId64, first, channel->granted));
    json_put_member(&json, "token_type", "Bearer");
    json_put_member_int(&json, "expires_in", TOKEN_LIFE_S);
    json_put_member(&json, "refresh_token",
                    arena_printf(call->arena, "%s.%" PRId64, first, channel->granted));
    json_object_end(&json);
}

static bool is_authorized(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *header = http_request_header(call->request, "Authorization");
    const char *api_key = http_request_header(call->request, "x-api-key");
    const char *lead = arena_printf(call->arena, "Bearer access.%s.",
                                    sandbox_config_setting(channel->config, "refresh_token"));

    if (header == NULL || api_key == NULL ||
        strcmp(api_key, sandbox_config_setting(channel->config, "api_key")) != 0 ||
        strncmp(header, lead, strlen(lead)) != 0)
        return false;
    int64_t number = strtoll(header + strlen(lead), NULL, 10);
    return number > 0 && number <= channel->granted;
}

/* ---- reading ---- */

struct page {
    size_t begin;
    size_t end;
};

static struct page page_of(const struct sandbox_call *call, size_t total)
{
    int64_t offset = 0;
    int64_t limit = PAGE_DEFAULT;
    struct page page;

    sandbox_query_number(call->request, "offset", &offset);
    sandbox_query_number(call->request, "limit", &limit);
    limit = limit < 1 || limit > PAGE_MAX ? PAGE_DEFAULT : limit;
    page.begin = offset < 0 || (size_t)offset > total ? total : (size_t)offset;
    page.end = page.begin + (size_t)limit < total ? page.begin + (size_t)limit : total;
    return page;
}

static void begin_results(struct sandbox_reply *reply, struct json_out *json, size_t total)
{
    sandbox_reply_json(reply, 200);
    json_begin(json, &reply->body);
    json_object(json);
    json_put_member_int(json, "count", (int64_t)total);
    json_key(json, "results");
    json_array(json);
}

static void end_results(struct json_out *json)
{
    json_array_end(json);
    json_object_end(json);
}

/* Whole seconds; those of the time that is given are among them. */
static void get_receipts(const struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const struct sandbox_order **orders = NULL;
    int64_t since_s = 0;
    struct json_out json;

    if (!sandbox_query_number(call->request, "min_last_modified", &since_s)) {
        refuse(reply, 400, "min_last_modified must be an integer");
        return;
    }
    size_t total =
        sandbox_market_changed(&channel->market, since_s * 1000 - 1, call->arena, &orders);
    const struct page page = page_of(call, total);
    begin_results(reply, &json, total);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_etsy_receipt(orders[i], &json);
    end_results(&json);
}

static void get_receipt(const struct sandbox_channel *channel, const char *id,
                        struct sandbox_reply *reply)
{
    const struct sandbox_order *order = sandbox_market_order(&channel->market, id);
    struct json_out json;

    if (order == NULL) {
        refuse(reply, 404, "Could not find a shop receipt");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    sandbox_etsy_receipt(order, &json);
}

static void get_listings(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const struct sandbox_market *market = &channel->market;
    const char *state = http_request_query(call->request, "state");
    bool sold_out = state != NULL && strcmp(state, "sold_out") == 0;
    const struct sandbox_product **products =
        arena_alloc(call->arena, (market->products_len + 1) * sizeof(const void *));
    const struct sandbox_entry entry = {.type = "snapshot"};
    size_t total = 0;
    struct json_out json;

    sandbox_note(channel, &entry);
    for (size_t i = 0; i < market->products_len; i++) {
        if (sandbox_etsy_is_sold_out(market->products_in_order[i]) == sold_out)
            products[total++] = market->products_in_order[i];
    }
    const struct page page = page_of(call, total);
    begin_results(reply, &json, total);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_etsy_listing(products[i], &json);
    end_results(&json);
}

/* ---- writing a whole inventory ---- */

/* The product that is meant: by its one property value, or the only one. */
static struct sandbox_listing *listing_of(const struct sandbox_channel *channel,
                                          const struct sandbox_product *product,
                                          const struct json *json)
{
    const struct json *value = json_at(json_get(json, "property_values"), 0);
    const char *id = json_text(json_at(json_get(value, "value_ids"), 0));
    struct sandbox_listing *listing = id == NULL ? NULL : map_get(channel->market.by_id, id);

    if (!product->variable)
        return value == NULL ? &product->listings[0] : NULL;
    return listing != NULL && listing->product == product ? listing : NULL;
}

static bool has_any(const struct json *object, const char *const *keys, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (json_get(object, keys[i]) != NULL)
            return true;
    }
    return false;
}

/* NULL: fine; else why not. */
static const char *product_wrong(const struct json *json, int64_t *ret_quantity)
{
    static const char *const told[] = {"product_id", "offering_id", "is_deleted", "scale_name"};
    const struct json *offering = json_at(json_get(json, "offerings"), 0);
    const struct json *value = json_at(json_get(json, "property_values"), 0);

    if (has_any(json, told, ARRAY_LEN(told)) || has_any(offering, told, ARRAY_LEN(told)) ||
        has_any(value, told, ARRAY_LEN(told)))
        return "Invalid key in products";
    if (json_kind(json_get(offering, "price")) != JSON_NUMBER)
        return "price must be a float";
    if (json_get(offering, "readiness_state_id") == NULL)
        return "readiness_state_id is required";
    if (!json_int(json_get(offering, "quantity"), 0, QUANTITY_MAX, ret_quantity))
        return "quantity must be between 0 and 999";
    return NULL;
}

struct write {
    struct sandbox_listing *listing;
    int64_t quantity;
};

static const char *writes_read(const struct sandbox_channel *channel,
                               const struct sandbox_product *product, const struct json *body,
                               struct write *writes)
{
    const struct json *list = json_get(body, "products");

    if (json_len(list) == 0 || json_len(list) > product->listings_len)
        return "Missing input parameter: [products]";
    if ((json_len(json_get(body, "quantity_on_property")) > 0) != product->variable)
        return "quantity_on_property does not agree with the products";
    for (size_t i = 0; i < json_len(list); i++) {
        const char *why = product_wrong(json_at(list, i), &writes[i].quantity);

        writes[i].listing = listing_of(channel, product, json_at(list, i));
        if (why != NULL || writes[i].listing == NULL)
            return why != NULL ? why : "property_values name no product";
    }
    return NULL;
}

/* What is left out is removed: here, sold out, and an alarm for tests. */
static void write_products(struct sandbox_channel *channel, const struct sandbox_product *product,
                           const struct write *writes, size_t len)
{
    channel->counters.rejected += (int64_t)(product->listings_len - len);
    for (size_t i = 0; i < len; i++) {
        struct sandbox_listing *listing = writes[i].listing;

        channel->counters.push_items++;
        if (listing->quantity == writes[i].quantity)
            continue;
        sandbox_market_set(listing, writes[i].quantity, clock_now_ms());
        sandbox_note_listing(channel, "push", listing, writes[i].quantity, NULL);
        channel->kind->stock_changed(channel, listing);
    }
}

static void put_inventory(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply, const struct sandbox_product *product)
{
    struct write *writes = arena_alloc(call->arena, (product->listings_len + 1) * sizeof(*writes));
    const char *why = writes_read(channel, product, call->body, writes);
    struct json_out json;

    channel->counters.pushes++;
    if (why != NULL) {
        channel->counters.rejected++;
        refuse(reply, 400, why);
        return;
    }
    if (sandbox_lies(channel, channel->faults.accept_without_applying, "push_ignored")) {
        sandbox_reply_json(reply, 200);
        json_begin(&json, &reply->body);
        sandbox_etsy_inventory(product, &json);
        return;
    }
    write_products(channel, product, writes, json_len(json_get(call->body, "products")));
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply")) {
        refuse(reply, 500, "Internal error");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    sandbox_etsy_inventory(product, &json);
}

/* Behind "/listings": "/<id>/inventory" */
static void serve_listing(struct sandbox_channel *channel, const struct sandbox_call *call,
                          const char *path, struct sandbox_reply *reply)
{
    const char *id = sandbox_path_segment(call->arena, &path);
    const char *part = sandbox_path_segment(call->arena, &path);
    const struct sandbox_product *product =
        id == NULL ? NULL : map_get(channel->market.products_by_id, id);
    struct json_out json;

    if (product == NULL || part == NULL || strcmp(part, "inventory") != 0) {
        refuse(reply, 404, "Could not find a listing");
        return;
    }
    if (strcmp(call->method, "PUT") == 0) {
        put_inventory(channel, call, reply, product);
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    sandbox_etsy_inventory(product, &json);
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
        refuse(reply, 429, "Exceeded your rate limit");
        sandbox_reply_header(reply, call->arena, "retry-after", "1");
        return true;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        refuse(reply, 500, "Internal error");
        return true;
    }
    return false;
}

/* Behind "/shops/<shop>" */
static void serve_shop(struct sandbox_channel *channel, const struct sandbox_call *call,
                       const char *path, struct sandbox_reply *reply)
{
    const char *what = sandbox_path_segment(call->arena, &path);
    const char *id = sandbox_path_segment(call->arena, &path);

    if (what != NULL && strcmp(what, "listings") == 0 && id == NULL)
        get_listings(channel, call, reply);
    else if (what == NULL || strcmp(what, "receipts") != 0)
        refuse(reply, 404, "Resource not found");
    else if (id == NULL)
        get_receipts(channel, call, reply);
    else
        get_receipt(channel, id, reply);
}

static void serve(struct sandbox_channel *channel, const struct sandbox_call *call,
                  struct sandbox_reply *reply)
{
    const char *path = call->path;
    const char *shop = arena_printf(call->arena, "/shops/%s", channel->config->account);

    if (strcmp(path, "/v3/public/oauth/token") == 0) {
        grant(channel, call, reply);
    } else if (!sandbox_path_skip(&path, "/v3/application")) {
        refuse(reply, 404, "Resource not found");
    } else if (!is_authorized(channel, call)) {
        channel->counters.rejected++;
        refuse(reply, 401, "invalid_token");
    } else if (sandbox_path_skip(&path, shop)) {
        serve_shop(channel, call, path, reply);
    } else if (sandbox_path_skip(&path, "/listings")) {
        serve_listing(channel, call, path, reply);
    } else {
        refuse(reply, 404, "Resource not found");
    }
}

void sandbox_etsy_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply)
{
    double level = 0;

    if (!reply_fault(channel, call, reply))
        serve(channel, call, reply);
    level = sandbox_bucket_level(&channel->bucket, clock_monotonic_ms());
    sandbox_reply_header(reply, call->arena, "x-limit-per-second",
                         arena_printf(call->arena, "%.0f", channel->bucket.per_second));
    sandbox_reply_header(reply, call->arena, "x-remaining-this-second",
                         arena_printf(call->arena, "%.0f", level));
}
