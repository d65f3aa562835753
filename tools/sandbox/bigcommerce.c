#include "tools/sandbox/bigcommerce.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/signature.h"
#include "tools/sandbox/wording.h"

enum { BIGCOMMERCE_TRIES_MAX = 11, BIGCOMMERCE_TIMEOUT_MS = 15000 };

static const char order_created[] = "store/order/created";
static const char order_updated[] = "store/order/updated";
static const char status_updated[] = "store/order/statusUpdated";
static const char refund_created[] = "store/order/refund/created";
static const char sku_updated[] = "store/sku/inventory/updated";
static const char sku_ordered[] = "store/sku/inventory/order/updated";
static const char product_updated[] = "store/product/inventory/updated";
static const char product_ordered[] = "store/product/inventory/order/updated";
static const char stock_changed[] = "store/channel/*/inventory/product/stock_changed";

static const char *const bigcommerce_topics[] = {
    order_created, order_updated,   status_updated,  refund_created, sku_updated,
    sku_ordered,   product_updated, product_ordered, stock_changed,  NULL,
};

/* ---- notifications: ids, and no news ---- */

/* data is a JSON object's text. */
static void emit(struct sandbox_channel *channel, const char *scope, const struct buf *data,
                 const struct sandbox_order *order, const struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.order = order, .listing = listing};
    SCOPED(buf) struct buf producer = {0};
    char hash[41];
    struct json_out json;

    buf_printf(&producer, "stores/%s", channel->config->account);
    sandbox_signature_digest(data->bytes, data->len, hash, 40);
    json_begin(&json, &about.body);
    json_object(&json);
    json_put_member(&json, "scope", scope);
    json_put_member(&json, "store_id", "1025646");
    json_key(&json, "data");
    json_put_raw(&json, buf_str(data));
    json_put_member(&json, "hash", hash);
    json_put_member_int(&json, "created_at", clock_now_ms() / 1000);
    json_put_member(&json, "producer", buf_str(&producer));
    json_object_end(&json);
    sandbox_delivery_emit(channel, scope, &about);
}

static void emit_order(struct sandbox_channel *channel, const char *scope,
                       const struct sandbox_order *order, const char *more)
{
    SCOPED(buf) struct buf data = {0};

    buf_printf(&data, "{\"type\":\"order\",\"id\":%s%s}", order->id, more);
    emit(channel, scope, &data, order, NULL);
}

/* What changed by how much (an order) or to what (somebody): nobody should count on it. */
static void emit_level(struct sandbox_channel *channel, const struct sandbox_listing *listing,
                       bool by_order, int64_t value)
{
    bool by_product = sandbox_bigcommerce_is_tracked_by_product(listing);
    const char *product = listing->product->id;
    SCOPED(buf) struct buf data = {0};
    SCOPED(buf) struct buf place = {0};

    buf_printf(&data,
               "{\"type\":\"%s\",\"id\":%s,\"inventory\":{\"product_id\":%s,\"method\":\"%s\","
               "\"value\":%" PRId64,
               by_product ? "product" : "sku", by_product ? product : listing->id, product,
               by_order ? "relative" : "absolute", value);
    if (!by_product)
        buf_printf(&data, ",\"variant_id\":%s", listing->id);
    buf_text(&data, "}}");
    if (by_product)
        emit(channel, by_order ? product_ordered : product_updated, &data, NULL, listing);
    else
        emit(channel, by_order ? sku_ordered : sku_updated, &data, NULL, listing);
    buf_printf(&place, "{\"variant_id\":%s,\"product_id\":%s,\"location_id\":%s}", listing->id,
               product, channel->config->location);
    emit(channel, stock_changed, &place, NULL, listing);
}

static void bigcommerce_started(struct sandbox_channel *channel)
{
    (void)channel;
}

/* One sale is a storm. */
static void bigcommerce_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order_created, order, "");
    emit_order(channel, order_updated, order, "");
    emit_order(channel, status_updated, order,
               ",\"status\":{\"previous_status_id\":0,\"new_status_id\":11}");
    for (size_t i = 0; i < order->lines_len; i++)
        emit_level(channel, order->lines[i].listing, true, -order->lines[i].quantity);
}

static void emit_restocked(struct sandbox_channel *channel, const struct sandbox_refund *refund)
{
    for (size_t i = 0; refund != NULL && i < refund->lines_len; i++) {
        if (strcmp(refund->lines[i].restock_type, "no_restock") != 0)
            emit_level(channel, refund->lines[i].line->listing, true, refund->lines[i].quantity);
    }
}

static void bigcommerce_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                                  struct sandbox_refund *refund)
{
    emit_order(channel, status_updated, order,
               ",\"status\":{\"previous_status_id\":11,\"new_status_id\":5}");
    emit_restocked(channel, refund);
}

static void bigcommerce_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, status_updated, order,
               ",\"status\":{\"previous_status_id\":11,\"new_status_id\":2}");
}

static void bigcommerce_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                                 struct sandbox_refund *refund)
{
    emit_order(channel, refund_created, order, ",\"refund\":{\"refund_id\":3}");
    emit_restocked(channel, refund);
}

static void bigcommerce_stock_changed(struct sandbox_channel *channel,
                                      struct sandbox_listing *listing)
{
    emit_level(channel, listing, false, listing->quantity);
}

static bool bigcommerce_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    return delivery->body.len > 0;
}

/* The key is the client secret, as it is. */
static size_t bigcommerce_headers(struct sandbox_channel *channel,
                                  const struct sandbox_delivery *delivery, struct arena *arena,
                                  struct http_header *headers)
{
    SCOPED(buf) struct buf key = {0};
    int64_t seconds = clock_now_ms() / 1000;
    const char *time = arena_printf(arena, "%" PRId64, seconds);
    const char *id = arena_strdup(arena, delivery->id);
    size_t len = 0;

    buf_text(&key, channel->config->secret);
    headers[len++] = (struct http_header){"Content-Type", "application/json"};
    headers[len++] = (struct http_header){"webhook-id", id};
    headers[len++] = (struct http_header){"webhook-timestamp", time};
    headers[len++] = (struct http_header){
        "webhook-signature", sandbox_signature_standard(&key, id, seconds, &delivery->body, arena)};
    return len;
}

static bool bigcommerce_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status >= 200 && status <= 299;
}

static void bigcommerce_tried(struct sandbox_channel *channel,
                              struct sandbox_subscription *subscription, bool success)
{
    (void)channel;
    subscription->failures = success ? 0 : subscription->failures + 1;
}

const struct sandbox_kind sandbox_bigcommerce = {
    .name = "bigcommerce",
    .topics = bigcommerce_topics,
    .tries_max = BIGCOMMERCE_TRIES_MAX,
    .timeout_ms = BIGCOMMERCE_TIMEOUT_MS,
    .rate_per_second = 15, /* a Pro plan: 450 in 30 s */
    .rate_burst = 450,
    .api = sandbox_bigcommerce_api,
    .started = bigcommerce_started,
    .sold = bigcommerce_sold,
    .cancelled = bigcommerce_cancelled,
    .fulfilled = bigcommerce_fulfilled,
    .refunded = bigcommerce_refunded,
    .stock_changed = bigcommerce_stock_changed,
    .build = bigcommerce_build,
    .headers = bigcommerce_headers,
    .is_success = bigcommerce_is_success,
    .tried = bigcommerce_tried,
};
