#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/woocommerce.h"
#include "tools/sandbox/woocommerce_body.h"

enum { PER_PAGE_DEFAULT = 10, PER_PAGE_MAX = 100, PAGE_MAX = 1000000 };

static const char host_says_429[] =
    "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body>\r\n<center><h1>429 Too "
    "Many Requests</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

void sandbox_woocommerce_error(struct sandbox_reply *reply, int status, const char *code,
                               const char *message)
{
    struct json_out json;

    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "code", code);
    json_put_member(&json, "message", message);
    json_key(&json, "data");
    json_object(&json);
    json_put_member_int(&json, "status", status);
    json_object_end(&json);
    json_object_end(&json);
}

static void reply_429(struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    const struct sandbox_entry entry = {.type = "throttled", .status = 429};

    channel->counters.throttled++;
    sandbox_note(channel, &entry);
    sandbox_reply_text(reply, 429, "text/html", host_says_429);
}

/* Basic, or the two halves in the query. */
static bool is_authorized(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *header = http_request_header(call->request, "Authorization");
    const char *key = http_request_query(call->request, "consumer_key");
    const char *secret = http_request_query(call->request, "consumer_secret");
    SCOPED(buf) struct buf wanted = {0};
    const char *both =
        arena_printf(call->arena, "%s:%s", channel->config->token, channel->config->token_secret);

    if (header == NULL)
        return key != NULL && secret != NULL && strcmp(key, channel->config->token) == 0 &&
               strcmp(secret, channel->config->token_secret) == 0;
    buf_text(&wanted, "Basic ");
    buf_base64(&wanted, both, strlen(both));
    return strcmp(header, buf_str(&wanted)) == 0;
}

/* ---- reading ---- */

struct page {
    size_t begin;
    size_t end;
    bool descending;
};

/* Reads the paging parameters, checks them, sets the headers. */
static bool page_read(const struct sandbox_call *call, struct sandbox_reply *reply, size_t total,
                      struct page *page)
{
    const char *order = http_request_query(call->request, "order");
    int64_t number = 1;
    int64_t per_page = PER_PAGE_DEFAULT;

    if (!sandbox_query_number(call->request, "page", &number) ||
        !sandbox_query_number(call->request, "per_page", &per_page) || per_page < 1 ||
        per_page > PER_PAGE_MAX || number < 1 || number > PAGE_MAX) {
        sandbox_woocommerce_error(reply, 400, "rest_invalid_param",
                                  "Invalid parameter(s): page, per_page");
        return false;
    }
    size_t pages = (total + (size_t)per_page - 1) / (size_t)per_page;

    page->begin = (size_t)((number - 1) * per_page);
    page->begin = page->begin < total ? page->begin : total;
    page->end = page->begin + (size_t)per_page < total ? page->begin + (size_t)per_page : total;
    page->descending = order == NULL || strcmp(order, "asc") != 0;
    sandbox_reply_header(reply, call->arena, "X-WP-Total", arena_printf(call->arena, "%zu", total));
    sandbox_reply_header(reply, call->arena, "X-WP-TotalPages",
                         arena_printf(call->arena, "%zu", pages));
    const char *host = http_request_header(call->request, "Host");

    if ((size_t)number < pages)
        sandbox_reply_header(reply, call->arena, "Link",
                             arena_printf(call->arena,
                                          "<http://%s%s?page=%" PRId64 "&per_page=%" PRId64
                                          ">; rel=\"next\"",
                                          host == NULL ? "127.0.0.1" : host,
                                          http_request_path(call->request), number + 1, per_page));
    return true;
}

/* The products that the query is about: one by its SKU, or all. */
static size_t products_by_sku(const struct sandbox_market *market, const char *sku,
                              const struct sandbox_listing **ret_listing)
{
    for (size_t i = 0; i < market->listings_len; i++) {
        if (strcmp(market->listings[i].sku, sku) == 0) {
            *ret_listing = &market->listings[i];
            return 1;
        }
    }
    return 0;
}

static void put_as_product(const struct sandbox_market *market,
                           const struct sandbox_listing *listing, struct json_out *json)
{
    if (listing->product->variable)
        sandbox_woocommerce_variation(market, listing, true, json);
    else
        sandbox_woocommerce_product(market, listing->product, json);
}

static void get_products(const struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const struct sandbox_market *market = &channel->market;
    const char *sku = http_request_query(call->request, "sku");
    const struct sandbox_listing *listing = NULL;
    size_t total = sku == NULL ? market->products_len : products_by_sku(market, sku, &listing);
    struct page page;
    struct json_out json;

    if (!page_read(call, reply, total, &page))
        return;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++) {
        if (listing != NULL)
            put_as_product(market, listing, &json);
        else
            sandbox_woocommerce_product(
                market, market->products_in_order[page.descending ? total - 1 - i : i], &json);
    }
    json_array_end(&json);
}

static void get_product(const struct sandbox_channel *channel, const char *id,
                        struct sandbox_reply *reply)
{
    const struct sandbox_product *product = map_get(channel->market.products_by_id, id);
    const struct sandbox_listing *listing = map_get(channel->market.by_id, id);
    struct json_out json;

    if (product == NULL && listing == NULL) {
        sandbox_woocommerce_error(reply, 404, "woocommerce_rest_product_invalid_id", "Invalid ID.");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    if (product != NULL)
        sandbox_woocommerce_product(&channel->market, product, &json);
    else
        put_as_product(&channel->market, listing, &json);
}

static void get_variations(const struct sandbox_channel *channel, const struct sandbox_call *call,
                           struct sandbox_reply *reply, const char *product_id)
{
    const struct sandbox_product *product = map_get(channel->market.products_by_id, product_id);
    size_t total = product == NULL || !product->variable ? 0 : product->listings_len;
    struct page page;
    struct json_out json;

    if (product == NULL) {
        sandbox_woocommerce_error(reply, 404, "woocommerce_rest_product_invalid_id", "Invalid ID.");
        return;
    }
    if (!page_read(call, reply, total, &page))
        return;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_woocommerce_variation(&channel->market,
                                      &product->listings[page.descending ? total - 1 - i : i],
                                      false, &json);
    json_array_end(&json);
}

static void get_variation(const struct sandbox_channel *channel, const char *product_id,
                          const char *id, struct sandbox_reply *reply)
{
    const struct sandbox_listing *listing = map_get(channel->market.by_id, id);
    struct json_out json;

    if (listing == NULL || !listing->product->variable ||
        strcmp(listing->product->id, product_id) != 0) {
        sandbox_woocommerce_error(reply, 404, "woocommerce_rest_product_variation_invalid_id",
                                  "Invalid ID.");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    sandbox_woocommerce_variation(&channel->market, listing, false, &json);
}

static void get_refunds(const struct sandbox_channel *channel, const struct sandbox_order *order,
                        const char *refund_id, struct sandbox_reply *reply)
{
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    if (refund_id == NULL)
        json_array(&json);
    for (size_t i = 0; i < order->refunds_len; i++)
        if (refund_id == NULL || strcmp(order->refunds[i]->id, refund_id) == 0)
            sandbox_woocommerce_refund(&channel->market, order, order->refunds[i], &json);
    if (refund_id == NULL)
        json_array_end(&json);
    if (reply->body.len == 0)
        sandbox_woocommerce_error(reply, 404, "woocommerce_rest_shop_order_refund_invalid_id",
                                  "Invalid ID.");
}

/* modified_after takes whole seconds, of which none of its own passes. */
static void get_orders(const struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    const char *after = http_request_query(call->request, "modified_after");
    const struct sandbox_order **orders = NULL;
    int64_t after_ms = -1000;
    struct page page;
    struct json_out json;

    if (after != NULL && !clock_parse(after, &after_ms)) {
        sandbox_woocommerce_error(reply, 400, "rest_invalid_param",
                                  "Invalid parameter(s): modified_after");
        return;
    }
    size_t total = sandbox_market_changed(&channel->market, after_ms / 1000 * 1000 + 999,
                                          call->arena, &orders);
    if (!page_read(call, reply, total, &page))
        return;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_array(&json);
    for (size_t i = page.begin; i < page.end; i++)
        sandbox_woocommerce_order(&channel->market, orders[page.descending ? total - 1 - i : i],
                                  &json);
    json_array_end(&json);
}

/* "/<id>", "/<id>/refunds", "/<id>/refunds/<id>" */
static void get_order(const struct sandbox_channel *channel, const struct sandbox_call *call,
                      const char *path, struct sandbox_reply *reply)
{
    const char *id = sandbox_path_segment(call->arena, &path);
    const struct sandbox_order *order =
        id == NULL ? NULL : sandbox_market_order(&channel->market, id);
    struct json_out json;

    if (order == NULL) {
        sandbox_woocommerce_error(reply, 404, "woocommerce_rest_shop_order_invalid_id",
                                  "Invalid ID.");
        return;
    }
    if (sandbox_path_skip(&path, "/refunds")) {
        get_refunds(channel, order, sandbox_path_segment(call->arena, &path), reply);
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    sandbox_woocommerce_order(&channel->market, order, &json);
}

/* ---- by path ---- */

static void no_route(struct sandbox_reply *reply)
{
    sandbox_woocommerce_error(reply, 404, "rest_no_route",
                              "No route was found matching the URL and request method.");
}

static void get_one(struct sandbox_channel *channel, const struct sandbox_call *call,
                    struct sandbox_reply *reply, const char *product, const char *part,
                    const char *variation)
{
    if (part == NULL)
        get_product(channel, product, reply);
    else if (variation == NULL)
        get_variations(channel, call, reply, product);
    else
        get_variation(channel, product, variation, reply);
}

static void write_one(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply, const char *product, const char *part,
                      const char *variation)
{
    if (part == NULL && strcmp(product, "batch") == 0)
        sandbox_woocommerce_batch(channel, call, reply, NULL);
    else if (variation != NULL && strcmp(variation, "batch") == 0)
        sandbox_woocommerce_batch(channel, call, reply, product);
    else if (part == NULL || variation != NULL)
        sandbox_woocommerce_put(channel, call, reply, product, variation);
    else
        no_route(reply);
}

/* Behind "/products". */
static void handle_products(struct sandbox_channel *channel, const struct sandbox_call *call,
                            const char *path, struct sandbox_reply *reply)
{
    bool get = strcmp(call->method, "GET") == 0;
    const char *product = sandbox_path_segment(call->arena, &path);
    const char *part = sandbox_path_segment(call->arena, &path);
    const char *variation = sandbox_path_segment(call->arena, &path);

    if ((part != NULL && strcmp(part, "variations") != 0) || (product == NULL && !get))
        no_route(reply); /* the sandbox creates no products */
    else if (product == NULL)
        get_products(channel, call, reply);
    else if (get)
        get_one(channel, call, reply, product, part, variation);
    else
        write_one(channel, call, reply, product, part, variation);
}

/* Answers a call that never gets as far as WordPress, or that WordPress dies on. */
static bool reply_fault(struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    if (sandbox_lies(channel, channel->faults.answer_429, "fault_429") ||
        !sandbox_bucket_take(&channel->bucket, 1, clock_monotonic_ms())) {
        reply_429(channel, reply);
        return true;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        sandbox_woocommerce_error(reply, 500, "internal_server_error",
                                  "<p>There has been a critical error on this website.</p>");
        return true;
    }
    return false;
}

void sandbox_woocommerce_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply)
{
    const char *path = call->path;

    if (reply_fault(channel, reply))
        return;
    if (!sandbox_path_skip(&path, "/wp-json/wc/v3")) {
        no_route(reply);
        return;
    }
    if (!is_authorized(channel, call)) {
        channel->counters.rejected++;
        sandbox_woocommerce_error(reply, 401, "woocommerce_rest_cannot_view",
                                  "Sorry, you cannot list resources.");
        return;
    }
    if (sandbox_path_skip(&path, "/products"))
        handle_products(channel, call, path, reply);
    else if (strcmp(path, "/orders") == 0 && strcmp(call->method, "GET") == 0)
        get_orders(channel, call, reply);
    else if (sandbox_path_skip(&path, "/orders") && strcmp(call->method, "GET") == 0)
        get_order(channel, call, path, reply);
    else
        no_route(reply);
}
