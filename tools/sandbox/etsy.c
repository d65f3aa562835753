#include "tools/sandbox/etsy.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/signature.h"

enum { ETSY_TRIES_MAX = 8, ETSY_TIMEOUT_MS = 15000 };

static const char order_paid[] = "order.paid";
static const char order_canceled[] = "order.canceled";
static const char order_shipped[] = "order.shipped";
static const char out_of_stock[] = "inventory.out_of_stock";

static const char *const etsy_topics[] = {order_paid, order_canceled, order_shipped, out_of_stock,
                                          NULL};

/* ---- notifications: an address, and no news ---- */

/* The shop is a number in some deliveries, a text in others. */
static void emit(struct sandbox_channel *channel, const char *type, const char *path,
                 struct sandbox_delivery *about)
{
    bool is_text = sandbox_random_below(&channel->names, 2) == 0;
    const char *shop = channel->config->account;

    buf_printf(&about->body,
               "{\"event_type\":\"%s\",\"resource_url\":\"https://api.etsy.com/v3/application/%s\","
               "\"shop_id\":%s%s%s}",
               type, path, is_text ? "\"" : "", shop, is_text ? "\"" : "");
    sandbox_delivery_emit(channel, type, about);
}

static void emit_order(struct sandbox_channel *channel, const char *type,
                       const struct sandbox_order *order)
{
    struct sandbox_delivery about = {.order = order};
    SCOPED(buf) struct buf path = {0};

    buf_printf(&path, "shops/%s/receipts/%s", channel->config->account, order->id);
    emit(channel, type, buf_str(&path), &about);
}

/* Only that a product is sold out is told; other quantities are not. */
static void etsy_stock_changed(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.listing = listing};
    SCOPED(buf) struct buf path = {0};

    if (listing->quantity > 0)
        return;
    buf_printf(&path, "listings/%s/inventory", listing->product->id);
    emit(channel, out_of_stock, buf_str(&path), &about);
}

static void etsy_started(struct sandbox_channel *channel)
{
    (void)channel;
}

static void etsy_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order_paid, order);
    for (size_t i = 0; i < order->lines_len; i++)
        etsy_stock_changed(channel, order->lines[i].listing);
}

static void etsy_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                           struct sandbox_refund *refund)
{
    (void)refund;
    emit_order(channel, order_canceled, order);
}

static void etsy_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order_shipped, order);
}

/* Of refunds nothing is told: polls find them. */
static void etsy_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                          struct sandbox_refund *refund)
{
    (void)channel;
    (void)order;
    (void)refund;
}

static bool etsy_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    return delivery->body.len > 0;
}

/* Some say that the prefix is there, some that it is not: every other delivery has it. */
static size_t etsy_headers(struct sandbox_channel *channel, const struct sandbox_delivery *delivery,
                           struct arena *arena, struct http_header *headers)
{
    static const char prefix[] = "whsec_";
    const char *secret = channel->config->secret;
    SCOPED(buf) struct buf key = {0};
    int64_t seconds = clock_now_ms() / 1000;
    const char *id = arena_strdup(arena, delivery->id);
    size_t len = 0;

    if (strncmp(secret, prefix, sizeof(prefix) - 1) == 0)
        secret += sizeof(prefix) - 1;
    if (!buf_unbase64(&key, secret, strlen(secret)))
        buf_clear(&key); /* a secret that is none verifies nothing */
    const char *signature = sandbox_signature_standard(&key, id, seconds, &delivery->body, arena);
    headers[len++] = (struct http_header){"Content-Type", "application/json"};
    headers[len++] = (struct http_header){"webhook-id", id};
    headers[len++] =
        (struct http_header){"webhook-timestamp", arena_printf(arena, "%" PRId64, seconds)};
    headers[len++] = (struct http_header){
        "webhook-signature", delivery->seq % 2 == 0 ? signature : strchr(signature, ',') + 1};
    return len;
}

static bool etsy_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status >= 200 && status <= 299;
}

static void etsy_tried(struct sandbox_channel *channel, struct sandbox_subscription *subscription,
                       bool success)
{
    (void)channel;
    subscription->failures = success ? 0 : subscription->failures + 1;
}

const struct sandbox_kind sandbox_etsy = {
    .name = "etsy",
    .topics = etsy_topics,
    .tries_max = ETSY_TRIES_MAX,
    .timeout_ms = ETSY_TIMEOUT_MS,
    .rate_per_second = 10,
    .rate_burst = 10,
    .api = sandbox_etsy_api,
    .started = etsy_started,
    .sold = etsy_sold,
    .cancelled = etsy_cancelled,
    .fulfilled = etsy_fulfilled,
    .refunded = etsy_refunded,
    .stock_changed = etsy_stock_changed,
    .build = etsy_build,
    .headers = etsy_headers,
    .is_success = etsy_is_success,
    .tried = etsy_tried,
};
