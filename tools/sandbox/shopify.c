#include "tools/sandbox/shopify.h"

#include <string.h>

#include "tools/sandbox/shopify_body.h"
#include "tools/sandbox/signature.h"
#include "tools/sandbox/wording.h"

enum { SHOPIFY_TRIES_MAX = 9, SHOPIFY_TIMEOUT_MS = 5000, SHOPIFY_FAILURES_MAX = 8 };

static const char *const shopify_topics[] = {
    "orders/create",  "orders/updated",          "orders/cancelled",
    "refunds/create", "inventory_levels/update", NULL,
};

static void emit(struct sandbox_channel *channel, const char *topic, struct sandbox_delivery *about,
                 struct buf *body)
{
    /* As received: slashes escaped. Whoever signs a re-serialised body is found out. */
    sandbox_escape_json(body, false, &about->body);
    buf_release(body);
    sandbox_delivery_emit(channel, topic, about);
}

static void emit_order(struct sandbox_channel *channel, const char *topic,
                       const struct sandbox_order *order)
{
    struct sandbox_delivery about = {.order = order};
    struct buf body = {0};

    sandbox_shopify_order(&channel->market, order, &body);
    emit(channel, topic, &about, &body);
}

static void emit_refund(struct sandbox_channel *channel, const struct sandbox_order *order,
                        const struct sandbox_refund *refund)
{
    struct sandbox_delivery about = {.order = order};
    struct buf body = {0};

    sandbox_shopify_refund(&channel->market, order, refund, &body);
    emit(channel, "refunds/create", &about, &body);
}

static void emit_level(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.listing = listing};
    struct buf body = {0};

    sandbox_shopify_level(&channel->market, listing, &body);
    emit(channel, "inventory_levels/update", &about, &body);
}

static void emit_restocked(struct sandbox_channel *channel, const struct sandbox_refund *refund)
{
    for (size_t i = 0; i < refund->lines_len; i++)
        if (strcmp(refund->lines[i].restock_type, "no_restock") != 0)
            emit_level(channel, refund->lines[i].line->listing);
}

static void shopify_started(struct sandbox_channel *channel)
{
    (void)channel; /* Shopify says nothing when a subscription is made */
}

static void shopify_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, "orders/create", order);
    for (size_t i = 0; i < order->lines_len; i++)
        emit_level(channel, order->lines[i].listing);
}

static void shopify_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                              struct sandbox_refund *refund)
{
    emit_order(channel, "orders/cancelled", order);
    if (refund == NULL)
        return;
    emit_refund(channel, order, refund);
    emit_restocked(channel, refund);
}

static void shopify_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, "orders/updated", order);
}

static void shopify_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                             struct sandbox_refund *refund)
{
    emit_refund(channel, order, refund);
    emit_order(channel, "orders/updated", order);
    emit_restocked(channel, refund);
}

/* The body is the one of the event, however late it is delivered. */
static bool shopify_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    return delivery->body.len > 0;
}

static size_t shopify_headers(struct sandbox_channel *channel,
                              const struct sandbox_delivery *delivery, struct arena *arena,
                              struct http_header *headers)
{
    char signature[SANDBOX_SIGNATURE_LEN + 1];
    char time[SANDBOX_TIME_LEN];
    size_t len = 0;

    sandbox_signature_text(channel->config->secret, delivery->body.bytes, delivery->body.len,
                           signature);
    headers[len++] = (struct http_header){"Content-Type", "application/json"};
    headers[len++] = (struct http_header){"User-Agent", "Shopify-Captain-Hook"};
    headers[len++] = (struct http_header){"X-Shopify-Topic", delivery->subscription->topic};
    headers[len++] = (struct http_header){"X-Shopify-Hmac-Sha256", arena_strdup(arena, signature)};
    headers[len++] = (struct http_header){"X-Shopify-Shop-Domain", channel->config->account};
    headers[len++] = (struct http_header){"X-Shopify-API-Version", "2026-10"};
    headers[len++] = (struct http_header){"X-Shopify-Webhook-Id", delivery->id};
    headers[len++] = (struct http_header){"X-Shopify-Event-Id", delivery->event_id};
    headers[len++] =
        (struct http_header){"X-Shopify-Triggered-At",
                             arena_strdup(arena, sandbox_time_nanos(time, delivery->triggered_ms))};
    return len;
}

static bool shopify_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status >= 200 && status <= 299;
}

static void shopify_tried(struct sandbox_channel *channel,
                          struct sandbox_subscription *subscription, bool success)
{
    if (success)
        subscription->failures = 0;
    else if (++subscription->failures >= SHOPIFY_FAILURES_MAX &&
             channel->config->delete_subscription && !subscription->disabled) {
        const struct sandbox_entry entry = {.type = "subscription_deleted",
                                            .topic = subscription->topic};

        subscription->disabled = true;
        sandbox_note(channel, &entry);
    }
}

const struct sandbox_kind sandbox_shopify = {
    .name = "shopify",
    .topics = shopify_topics,
    .tries_max = SHOPIFY_TRIES_MAX,
    .timeout_ms = SHOPIFY_TIMEOUT_MS,
    .rate_per_second = 100, /* points: the standard plan */
    .rate_burst = 2000,
    .api = sandbox_shopify_api,
    .started = shopify_started,
    .sold = shopify_sold,
    .cancelled = shopify_cancelled,
    .fulfilled = shopify_fulfilled,
    .refunded = shopify_refunded,
    .stock_changed = emit_level,
    .build = shopify_build,
    .headers = shopify_headers,
    .is_success = shopify_is_success,
    .tried = shopify_tried,
};
