#include "tools/sandbox/house.h"

#include <inttypes.h>
#include <openssl/hmac.h>
#include <string.h>

#include "lib/base/clock.h"

enum { HOUSE_TRIES_MAX = 6, HOUSE_TIMEOUT_MS = 10000 };

static const char order_placed[] = "order.placed";
static const char order_cancelled[] = "order.cancelled";
static const char order_shipped[] = "order.shipped";
static const char order_returned[] = "order.returned";
static const char stock_changed[] = "stock.changed";

static const char *const house_topics[] = {order_placed,   order_cancelled, order_shipped,
                                           order_returned, stock_changed,   NULL};

/* ---- notifications: {"id","type","sent_at", and what it is about} ---- */

static void begin(struct sandbox_channel *channel, const char *type, struct sandbox_delivery *about,
                  struct json_out *json)
{
    char id[SANDBOX_UUID_LEN + 1];
    char now[CLOCK_TEXT_LEN];

    sandbox_random_uuid(&channel->names, id);
    json_begin(json, &about->body);
    json_object(json);
    json_put_member(json, "id", id);
    json_put_member(json, "type", type);
    json_put_member(json, "sent_at", clock_format(clock_now_ms(), now));
}

static void emit_order(struct sandbox_channel *channel, const char *type,
                       const struct sandbox_order *order)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;

    begin(channel, type, &about, &json);
    json_key(&json, "order");
    sandbox_house_order(order, &json);
    json_object_end(&json);
    sandbox_delivery_emit(channel, type, &about);
}

static void house_started(struct sandbox_channel *channel)
{
    (void)channel;
}

static void house_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order_placed, order);
}

/* Who wrote this part of the shop sent a number and nothing else. */
static void house_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                            struct sandbox_refund *refund)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;

    (void)refund;
    begin(channel, order_cancelled, &about, &json);
    json_put_member(&json, "order_code", order->id);
    json_object_end(&json);
    sandbox_delivery_emit(channel, order_cancelled, &about);
}

static void house_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order_shipped, order);
}

static void house_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                           struct sandbox_refund *refund)
{
    (void)refund;
    emit_order(channel, order_returned, order);
}

/* Of every write, ours too. */
static void house_stock_changed(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.listing = listing};
    struct json_out json;

    begin(channel, stock_changed, &about, &json);
    json_key(&json, "stock");
    sandbox_house_stock(listing, &json);
    json_object_end(&json);
    sandbox_delivery_emit(channel, stock_changed, &about);
}

static bool house_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    return delivery->body.len > 0;
}

/* "t=1795252620,v1=<hex>": HMAC-SHA256 of time, period and body. */
static const char *signature_of(const char *secret, const struct buf *body, struct arena *arena)
{
    int64_t seconds = clock_now_ms() / 1000;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    SCOPED(buf) struct buf all = {0};
    SCOPED(buf) struct buf text = {0};

    buf_printf(&all, "%" PRId64 ".", seconds);
    buf_append(&all, body->bytes, body->len);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)all.bytes, all.len, mac,
         &mac_len);
    buf_printf(&text, "t=%" PRId64 ",v1=", seconds);
    buf_hex(&text, mac, mac_len);
    return arena_strdup(arena, buf_str(&text));
}

static size_t house_headers(struct sandbox_channel *channel,
                            const struct sandbox_delivery *delivery, struct arena *arena,
                            struct http_header *headers)
{
    size_t len = 0;

    headers[len++] = (struct http_header){"Content-Type", "application/json"};
    headers[len++] = (struct http_header){
        "X-House-Signature", signature_of(channel->config->secret, &delivery->body, arena)};
    return len;
}

static bool house_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status >= 200 && status <= 299;
}

static void house_tried(struct sandbox_channel *channel, struct sandbox_subscription *subscription,
                        bool success)
{
    (void)channel;
    subscription->failures = success ? 0 : subscription->failures + 1;
}

const struct sandbox_kind sandbox_house = {
    .name = "generic",
    .topics = house_topics,
    .tries_max = HOUSE_TRIES_MAX,
    .timeout_ms = HOUSE_TIMEOUT_MS,
    .rate_per_second = 20,
    .rate_burst = 40,
    .api = sandbox_house_api,
    .started = house_started,
    .sold = house_sold,
    .cancelled = house_cancelled,
    .fulfilled = house_fulfilled,
    .refunded = house_refunded,
    .stock_changed = house_stock_changed,
    .build = house_build,
    .headers = house_headers,
    .is_success = house_is_success,
    .tried = house_tried,
};
