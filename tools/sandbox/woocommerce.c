#include "tools/sandbox/woocommerce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/signature.h"
#include "tools/sandbox/woocommerce_body.h"
#include "tools/sandbox/wording.h"

enum { WOOCOMMERCE_TIMEOUT_MS = 60000, WOOCOMMERCE_FAILURES_MAX = 5 };

static const char *const woocommerce_topics[] = {
    "order.created", "order.updated", "order.deleted", "order.restored", "product.updated", NULL,
};

static void emit_order(struct sandbox_channel *channel, const char *topic,
                       const struct sandbox_order *order)
{
    struct sandbox_delivery about = {.order = order, .resource = order->id};

    sandbox_delivery_emit(channel, topic, &about);
}

/* A variation that changes is sent itself, as a product. */
static void emit_listing(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.listing = listing, .resource = listing->id};

    sandbox_delivery_emit(channel, "product.updated", &about);
}

static void emit_listings(struct sandbox_channel *channel, const struct sandbox_order *order)
{
    for (size_t i = 0; i < order->lines_len; i++)
        emit_listing(channel, order->lines[i].listing);
}

/* On activation each webhook is pinged. */
static void woocommerce_started(struct sandbox_channel *channel)
{
    for (size_t i = 0; i < channel->subscriptions_len; i++) {
        struct sandbox_delivery ping = {.ping = true};

        buf_printf(&ping.body, "webhook_id=%" PRId64, channel->subscriptions[i].id);
        sandbox_delivery_emit(channel, channel->subscriptions[i].topic, &ping);
    }
}

static void woocommerce_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, "order.created", order);
    emit_listings(channel, order);
}

static void woocommerce_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                                  struct sandbox_refund *refund)
{
    emit_order(channel, "order.updated", order);
    if (refund != NULL)
        emit_listings(channel, order);
}

static void woocommerce_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, "order.updated", order);
}

/* There is no topic for refunds. */
static void woocommerce_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                                 struct sandbox_refund *refund)
{
    emit_order(channel, "order.updated", order);
    for (size_t i = 0; i < refund->lines_len; i++)
        if (strcmp(refund->lines[i].restock_type, "no_restock") != 0)
            emit_listing(channel, refund->lines[i].line->listing);
}

static void woocommerce_trashed(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order->trashed ? "order.deleted" : "order.restored", order);
}

static void build_listing(const struct sandbox_market *market,
                          const struct sandbox_listing *listing, struct json_out *json)
{
    if (listing->product->variable)
        sandbox_woocommerce_variation(market, listing, true, json);
    else
        sandbox_woocommerce_product(market, listing->product, json);
}

/* What is true now, not what was true at the event. */
static bool woocommerce_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out json;

    if (delivery->ping)
        return true;
    json_begin(&json, &body);
    if (strcmp(delivery->subscription->topic, "order.deleted") == 0) {
        json_object(&json);
        sandbox_put_id(&json, "id", delivery->order->id);
        json_object_end(&json);
    } else if (delivery->order != NULL) {
        sandbox_woocommerce_order(&channel->market, delivery->order, &json);
    } else {
        build_listing(&channel->market, delivery->listing, &json);
    }
    buf_clear(&delivery->body);
    sandbox_escape_json(&body, true, &delivery->body);
    return true;
}

static const char *source(const struct sandbox_channel *channel, struct arena *arena)
{
    const char *account = channel->config->account;

    return arena_printf(arena, "%s%s%s", strstr(account, "://") == NULL ? "https://" : "", account,
                        account[strlen(account) - 1] == '/' ? "" : "/");
}

/* Of the webhook and the second: two deliveries of one second share it. */
static const char *delivery_id(int64_t webhook_id, struct arena *arena)
{
    char id[33];
    const char *seed =
        arena_printf(arena, "%" PRId64 "%" PRId64, webhook_id, clock_now_ms() / 1000);

    sandbox_signature_digest(seed, strlen(seed), id, 32);
    return arena_strdup(arena, id);
}

static const char *sign(const struct sandbox_channel *channel, const struct buf *body,
                        struct arena *arena)
{
    SCOPED(buf) struct buf secret = {0};
    char signature[SANDBOX_SIGNATURE_LEN + 1];

    sandbox_signature_decode_secret(channel->config->secret, &secret);
    sandbox_signature_text(buf_str(&secret), body->bytes, body->len, signature);
    return arena_strdup(arena, signature);
}

static size_t woocommerce_headers(struct sandbox_channel *channel,
                                  const struct sandbox_delivery *delivery, struct arena *arena,
                                  struct http_header *headers)
{
    const char *topic = delivery->subscription->topic;
    const char *event = strchr(topic, '.') + 1;
    size_t len = 0;

    headers[len++] =
        (struct http_header){"User-Agent", "WooCommerce/11.2.0 Hookshot (WordPress/6.8.3)"};
    if (delivery->ping) {
        headers[len++] = (struct http_header){"Content-Type", "application/x-www-form-urlencoded"};
        return len;
    }
    headers[len++] = (struct http_header){"Content-Type", "application/json"};
    headers[len++] = (struct http_header){"X-WC-Webhook-Source", source(channel, arena)};
    headers[len++] = (struct http_header){"X-WC-Webhook-Topic", topic};
    headers[len++] = (struct http_header){"X-WC-Webhook-Resource",
                                          arena_strndup(arena, topic, (size_t)(event - topic) - 1)};
    headers[len++] = (struct http_header){"X-WC-Webhook-Event", event};
    headers[len++] =
        (struct http_header){"X-WC-Webhook-Signature", sign(channel, &delivery->body, arena)};
    headers[len++] = (struct http_header){
        "X-WC-Webhook-ID", arena_printf(arena, "%" PRId64, delivery->subscription->id)};
    headers[len++] = (struct http_header){"X-WC-Webhook-Delivery-ID",
                                          delivery_id(delivery->subscription->id, arena)};
    return len;
}

static bool woocommerce_is_success(const struct sandbox_delivery *delivery, int status)
{
    return delivery->ping ? status == 200 : status >= 200 && status <= 302;
}

/* The counter is looked at before it is raised: the seventh failure in a row disables. */
static void woocommerce_tried(struct sandbox_channel *channel,
                              struct sandbox_subscription *subscription, bool success)
{
    if (success)
        subscription->failures = 0;
    else if (subscription->failures++ > WOOCOMMERCE_FAILURES_MAX && !subscription->disabled) {
        const struct sandbox_entry entry = {.type = "webhook_disabled",
                                            .topic = subscription->topic};

        subscription->disabled = true;
        sandbox_note(channel, &entry);
    }
}

const struct sandbox_kind sandbox_woocommerce = {
    .name = "woocommerce",
    .topics = woocommerce_topics,
    .tries_max = 1,
    .timeout_ms = WOOCOMMERCE_TIMEOUT_MS,
    .coalesces = true,
    .api = sandbox_woocommerce_api,
    .started = woocommerce_started,
    .sold = woocommerce_sold,
    .cancelled = woocommerce_cancelled,
    .fulfilled = woocommerce_fulfilled,
    .refunded = woocommerce_refunded,
    .stock_changed = emit_listing,
    .trashed = woocommerce_trashed,
    .build = woocommerce_build,
    .headers = woocommerce_headers,
    .is_success = woocommerce_is_success,
    .tried = woocommerce_tried,
};
