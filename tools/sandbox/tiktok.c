#include "tools/sandbox/tiktok.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/wording.h"

enum { TIKTOK_TIMEOUT_MS = 3000, TIKTOK_TRIES_MAX = 5 };

/* By their numbers, as the notifications name them. */
static const char *const tiktok_topics[] = {"1", "11", "12", "27", NULL};

const char *sandbox_tiktok_mac(const struct sandbox_channel *channel, const struct buf *text,
                               struct arena *arena)
{
    const char *secret = channel->config->secret;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    SCOPED(buf) struct buf hex = {0};

    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)buf_str(text), text->len,
         mac, &mac_len);
    buf_hex(&hex, mac, mac_len);
    return arena_strdup(arena, buf_str(&hex));
}

/* ---- notifications: thin, but for 27 ---- */

static void begin(struct sandbox_channel *channel, const char *type, struct buf *body,
                  struct json_out *json)
{
    json_begin(json, body);
    json_object(json);
    sandbox_put_id(json, "type", type);
    json_put_member(json, "tts_notification_id", sandbox_market_new_id(&channel->market));
    json_put_member(json, "shop_id", channel->config->account);
    json_put_member_int(json, "timestamp", clock_now_ms() / 1000);
    json_key(json, "data");
    json_object(json);
}

static void end(struct json_out *json)
{
    json_object_end(json);
    json_object_end(json);
}

static void emit_order(struct sandbox_channel *channel, struct sandbox_order *order)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;

    begin(channel, "1", &about.body, &json);
    sandbox_put_bool(&json, "is_on_hold_order", false);
    json_put_member(&json, "order_id", order->id);
    json_put_member(&json, "order_status",
                    order->cancelled_ms != 0   ? "CANCEL"
                    : order->fulfilled_ms != 0 ? "IN_TRANSIT"
                                               : "AWAITING_SHIPMENT");
    json_put_member_int(&json, "update_time", order->updated_ms / 1000);
    end(&json);
    sandbox_delivery_emit(channel, "1", &about);
}

static void tiktok_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                             struct sandbox_refund *refund)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;

    (void)refund;
    begin(channel, "11", &about.body, &json);
    json_put_member(&json, "order_id", order->id);
    json_put_member(&json, "cancellations_role", "BUYER");
    json_put_member(&json, "cancel_status", "CANCELLATION_REQUEST_COMPLETE");
    json_put_member(&json, "cancel_id", sandbox_market_new_id(&channel->market));
    json_put_member_int(&json, "create_time", order->updated_ms / 1000);
    end(&json);
    sandbox_delivery_emit(channel, "11", &about);
    emit_order(channel, order);
}

static void tiktok_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                            struct sandbox_refund *refund)
{
    struct sandbox_delivery about = {.order = order};
    struct json_out json;
    bool is_return = sandbox_tiktok_is_return(refund);

    if (!is_return) {
        emit_order(channel, order);
        return;
    }
    begin(channel, "12", &about.body, &json);
    json_put_member(&json, "order_id", order->id);
    json_put_member(&json, "return_role", "BUYER");
    json_put_member(&json, "return_type", "RETURN_AND_REFUND");
    json_put_member(&json, "return_status", "RETURN_OR_REFUND_REQUEST_COMPLETE");
    json_put_member(&json, "return_id", refund->id);
    json_put_member_int(&json, "create_time", refund->created_ms / 1000);
    json_put_member_int(&json, "update_time", refund->created_ms / 1000);
    end(&json);
    sandbox_delivery_emit(channel, "12", &about);
}

/* Only when it runs out. */
static void tiktok_stock_changed(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    struct sandbox_delivery about = {.listing = listing};
    struct json_out json;

    if (listing->quantity > 0)
        return;
    begin(channel, "27", &about.body, &json);
    json_put_member(&json, "product_id", listing->product->id);
    json_put_member(&json, "sku_id", listing->id);
    json_put_member(&json, "current_inventory_status", "OUT_OF_STOCK");
    json_key(&json, "inventory_distribution");
    json_object(&json);
    json_put_member_int(&json, "total_quantity", listing->quantity + 1 + listing->committed);
    json_put_member_int(&json, "available_quantity", listing->quantity);
    json_put_member_int(&json, "creator_reserved_quantity", 0);
    json_put_member_int(&json, "campaign_reserved_quantity", 1);
    json_put_member_int(&json, "committed_quantity", listing->committed);
    json_object_end(&json);
    json_put_member_int(&json, "update_time", listing->updated_ms / 1000);
    end(&json);
    sandbox_delivery_emit(channel, "27", &about);
}

static void tiktok_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, order);
    for (size_t i = 0; i < order->lines_len; i++)
        tiktok_stock_changed(channel, order->lines[i].listing);
}

static void tiktok_started(struct sandbox_channel *channel)
{
    (void)channel;
}

static bool tiktok_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    return delivery->body.len > 0;
}

static size_t tiktok_headers(struct sandbox_channel *channel,
                             const struct sandbox_delivery *delivery, struct arena *arena,
                             struct http_header *headers)
{
    SCOPED(buf) struct buf text = {0};

    buf_text(&text, sandbox_config_setting(channel->config, "app_key"));
    buf_append(&text, delivery->body.bytes, delivery->body.len);
    headers[0] = (struct http_header){"Content-Type", "application/json"};
    headers[1] = (struct http_header){"Authorization", sandbox_tiktok_mac(channel, &text, arena)};
    return 2;
}

static bool tiktok_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status == 200;
}

static void tiktok_tried(struct sandbox_channel *channel, struct sandbox_subscription *subscription,
                         bool success)
{
    (void)channel;
    subscription->failures = success ? 0 : subscription->failures + 1;
}

const struct sandbox_kind sandbox_tiktok = {
    .name = "tiktok",
    .topics = tiktok_topics,
    .tries_max = TIKTOK_TRIES_MAX,
    .timeout_ms = TIKTOK_TIMEOUT_MS,
    .rate_per_second = 50,
    .rate_burst = 100,
    .api = sandbox_tiktok_api,
    .started = tiktok_started,
    .sold = tiktok_sold,
    .cancelled = tiktok_cancelled,
    .fulfilled = emit_order,
    .refunded = tiktok_refunded,
    .stock_changed = tiktok_stock_changed,
    .build = tiktok_build,
    .headers = tiktok_headers,
    .is_success = tiktok_is_success,
    .tried = tiktok_tried,
};
