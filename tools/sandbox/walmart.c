#include "tools/sandbox/walmart.h"

#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/signature.h"
#include "tools/sandbox/wording.h"

enum { WALMART_TIMEOUT_MS = 5000, WALMART_TRIES_MAX = 4 };

static const char *const walmart_topics[] = {"ORDER_UPDATES", "INVENTORY_OOS", "RETURN_DELIVERED",
                                             NULL};

/* ---- notifications ---- */

static void begin(struct sandbox_channel *channel, const char *type, struct buf *body,
                  struct json_out *json)
{
    char id[SANDBOX_UUID_LEN + 1];
    char time[SANDBOX_TIME_LEN];

    sandbox_random_uuid(&channel->names, id);
    json_begin(json, body);
    json_object(json);
    json_key(json, "source");
    json_object(json);
    json_put_member(json, "eventType", type);
    sandbox_put_null(json, "eventFilters");
    json_put_member(json, "eventTime", sandbox_time_zulu(time, clock_now_ms()));
    json_put_member(json, "eventId", id);
    json_object_end(json);
    json_key(json, "payload");
    json_object(json);
}

static void end(struct sandbox_channel *channel, const char *topic, struct sandbox_delivery *about,
                struct json_out *json)
{
    json_object_end(json);
    json_object_end(json);
    sandbox_delivery_emit(channel, topic, about);
}

/* Where the sub-event stands is told in two ways: both are played. */
static void emit_order(struct sandbox_channel *channel, const struct sandbox_order *order,
                       const char *sub_event, bool in_meta)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;

    begin(channel, "ORDER_UPDATES", &about.body, &json);
    if (in_meta) {
        json_key(&json, "meta");
        json_object(&json);
    }
    json_put_member(&json, "subEventType", sub_event);
    if (in_meta)
        json_object_end(&json);
    json_key(&json, "order");
    sandbox_walmart_put_told_order(channel, order, &json);
    end(channel, "ORDER_UPDATES", &about, &json);
}

static void walmart_stock_changed(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.listing = listing};
    struct json_out json;

    if (listing->quantity > 0)
        return;
    begin(channel, "INVENTORY_OOS", &about.body, &json);
    json_put_member(&json, "partnerId", channel->config->account);
    json_put_member(&json, "sku", listing->sku);
    json_key(&json, "shipNodes");
    json_array(&json);
    json_object(&json);
    json_put_member_int(&json, "availToSellQty", listing->quantity);
    json_put_member(&json, "shipNode", channel->config->location);
    json_object_end(&json);
    json_array_end(&json);
    end(channel, "INVENTORY_OOS", &about, &json);
}

static void walmart_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order, "PO_CREATED", false);
    for (size_t i = 0; i < order->lines_len; i++)
        walmart_stock_changed(channel, order->lines[i].listing);
}

static void walmart_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                              struct sandbox_refund *refund)
{
    (void)refund;
    emit_order(channel, order, "PO_LINE_AUTOCANCELLED", true);
}

/* Nobody tells that an order was shipped: polls find out. */
static void walmart_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    (void)channel;
    (void)order;
}

static void walmart_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                             struct sandbox_refund *refund)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;

    if (!sandbox_walmart_is_return(refund))
        return;
    begin(channel, "RETURN_DELIVERED", &about.body, &json);
    json_put_member(&json, "partnerId", channel->config->account);
    json_put_member(&json, "returnOrderId", refund->id);
    end(channel, "RETURN_DELIVERED", &about, &json);
}

static void walmart_started(struct sandbox_channel *channel)
{
    (void)channel;
}

static bool walmart_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    return delivery->body.len > 0;
}

/* Subscriptions of authMethod HMAC. */
static size_t walmart_headers(struct sandbox_channel *channel,
                              const struct sandbox_delivery *delivery, struct arena *arena,
                              struct http_header *headers)
{
    char signature[SANDBOX_SIGNATURE_LEN + 1];

    sandbox_signature_text(channel->config->secret, delivery->body.bytes, delivery->body.len,
                           signature);
    headers[0] = (struct http_header){"Content-Type", "application/json"};
    headers[1] = (struct http_header){"Authorization", arena_strdup(arena, signature)};
    return 2;
}

static bool walmart_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status >= 200 && status <= 299;
}

static void walmart_tried(struct sandbox_channel *channel,
                          struct sandbox_subscription *subscription, bool success)
{
    (void)channel;
    subscription->failures = success ? 0 : subscription->failures + 1;
}

const struct sandbox_kind sandbox_walmart = {
    .name = "walmart",
    .topics = walmart_topics,
    .tries_max = WALMART_TRIES_MAX,
    .timeout_ms = WALMART_TIMEOUT_MS,
    .rate_per_second = 50,
    .rate_burst = 100,
    .api = sandbox_walmart_api,
    .started = walmart_started,
    .sold = walmart_sold,
    .cancelled = walmart_cancelled,
    .fulfilled = walmart_fulfilled,
    .refunded = walmart_refunded,
    .stock_changed = walmart_stock_changed,
    .build = walmart_build,
    .headers = walmart_headers,
    .is_success = walmart_is_success,
    .tried = walmart_tried,
};
