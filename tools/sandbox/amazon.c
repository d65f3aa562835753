#include "tools/sandbox/amazon.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/wording.h"

enum { ORDER_DIGITS = 17, AMAZON_TIMEOUT_MS = 5000 };

static const char *const no_topics[] = {NULL};

const char *sandbox_amazon_marketplace(const struct sandbox_channel *channel)
{
    return sandbox_config_setting(channel->config, "marketplace_ids");
}

const char *sandbox_amazon_order_id(struct arena *arena, const struct sandbox_order *order)
{
    const char *digits =
        arena_printf(arena, "%0*" PRIu64, ORDER_DIGITS, (uint64_t)strtoull(order->id, NULL, 10));

    return arena_printf(arena, "%.3s-%.7s-%.7s", digits, digits + 3, digits + 10);
}

struct sandbox_order *sandbox_amazon_order(struct sandbox_channel *channel, const char *id)
{
    char digits[ORDER_DIGITS + 1];
    size_t len = 0;

    for (; *id != '\0' && len < ORDER_DIGITS; id++) {
        if (*id != '-' && (len > 0 || *id != '0'))
            digits[len++] = *id;
    }
    digits[len] = '\0';
    return sandbox_market_order(&channel->market, digits);
}

static void put_time(struct json_out *json, const char *key, int64_t ms)
{
    char text[SANDBOX_TIME_LEN];

    json_put_member(json, key, sandbox_time_zulu(text, ms));
}

/* ---- notifications ---- */

static void begin(struct sandbox_channel *channel, struct json_out *json, const char *type)
{
    char now[CLOCK_TEXT_LEN];
    char id[SANDBOX_UUID_LEN + 1];

    sandbox_random_uuid(&channel->names, id);
    clock_format(clock_now_ms(), now);
    json_object(json);
    json_put_member(json, "NotificationVersion", "1.0");
    json_put_member(json, "NotificationType", type);
    json_put_member(json, "PayloadVersion", "1.0");
    json_put_member(json, "EventTime", now);
    json_key(json, "NotificationMetadata");
    json_object(json);
    json_put_member(json, "ApplicationId", "amzn1.sellerapps.app.sandbox");
    json_put_member(json, "SubscriptionId", "7d78cc50-95c8-4641-add7-10af4b1fecd9");
    json_put_member(json, "PublishTime", now);
    json_put_member(json, "NotificationId", id);
    json_object_end(json);
    json_key(json, "Payload");
    json_object(json);
}

static void end(struct sandbox_channel *channel, struct json_out *json, const char *type,
                const char *order)
{
    const struct sandbox_entry entry = {.type = "notification", .topic = type, .order = order};

    json_object_end(json);
    json_object_end(json);
    sandbox_amazon_send(channel, json->buf);
    sandbox_note(channel, &entry);
}

static int64_t units(const struct sandbox_order *order, bool shipped)
{
    int64_t sum = 0;

    for (size_t i = 0; i < order->lines_len; i++)
        sum += shipped ? order->lines[i].fulfilled : sandbox_line_open(&order->lines[i]);
    return sum;
}

static void put_items(const struct sandbox_order *order, struct json_out *json)
{
    json_key(json, "OrderItems");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        const struct sandbox_line *line = &order->lines[i];

        json_object(json);
        json_put_member(json, "OrderItemId", line->id);
        json_put_member(json, "SellerSKU", line->listing->sku);
        sandbox_put_null(json, "SupplySourceId");
        json_put_member_int(json, "Quantity", line->quantity);
        json_put_member_int(json, "QuantityShipped", line->fulfilled);
        sandbox_put_bool(json, "IsBuyerRequestedCancel", false);
        json_object_end(json);
    }
    json_array_end(json);
}

/* It never says what was cancelled of an order that goes on. */
static void send_order(struct sandbox_channel *channel, const struct sandbox_order *order)
{
    SCOPED(buf) struct buf body = {0};
    SCOPED(arena) struct arena *arena = arena_new();
    char changed[CLOCK_TEXT_LEN];
    struct json_out json;

    json_begin(&json, &body);
    begin(channel, &json, "ORDER_CHANGE");
    json_key(&json, "OrderChangeNotification");
    json_object(&json);
    json_put_member(&json, "NotificationLevel", "OrderLevel");
    json_put_member(&json, "SellerId", channel->config->account);
    json_put_member(&json, "AmazonOrderId", sandbox_amazon_order_id(arena, order));
    json_put_member(&json, "OrderChangeType", "OrderStatusChange");
    json_key(&json, "OrderChangeTrigger");
    json_object(&json);
    json_put_member(&json, "TimeOfOrderChange", clock_format(order->updated_ms, changed));
    json_put_member(&json, "ChangeReason", "Status Change");
    json_object_end(&json);
    json_key(&json, "Summary");
    json_object(&json);
    json_put_member(&json, "MarketplaceId", sandbox_amazon_marketplace(channel));
    json_put_member(&json, "OrderStatus",
                    order->cancelled_ms != 0   ? "Canceled"
                    : order->fulfilled_ms != 0 ? "Shipped"
                                               : "Unshipped");
    put_time(&json, "PurchaseDate", order->created_ms);
    json_put_member(&json, "FulfillmentType", "MFN");
    json_put_member(&json, "OrderType", "StandardOrder");
    json_put_member_int(&json, "NumberOfItemsShipped", units(order, true));
    json_put_member_int(&json, "NumberOfItemsUnshipped", units(order, false));
    put_items(order, &json);
    json_object_end(&json);
    json_object_end(&json);
    end(channel, &json, "ORDER_CHANGE", order->id);
}

/* The echo of every write, ours too. */
static void send_quantity(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    static const char type[] = "LISTINGS_ITEM_MFN_QUANTITY_CHANGE";
    SCOPED(buf) struct buf body = {0};
    struct json_out json;

    json_begin(&json, &body);
    begin(channel, &json, type);
    json_put_member(&json, "SellerId", channel->config->account);
    json_put_member(&json, "FulfillmentChannelCode", "DEFAULT");
    json_put_member(&json, "Sku", listing->sku);
    json_put_member_int(&json, "Quantity", listing->quantity);
    end(channel, &json, type, NULL);
}

static void send_quantities(struct sandbox_channel *channel, const struct sandbox_order *order)
{
    for (size_t i = 0; i < order->lines_len; i++)
        send_quantity(channel, order->lines[i].listing);
}

/* ---- orders as the API has them ---- */

static void put_item(const struct sandbox_order *order, const struct sandbox_line *line,
                     struct json_out *json)
{
    json_object(json);
    json_put_member(json, "orderItemId", line->id);
    json_put_member_int(json, "quantityOrdered", line->quantity);
    json_key(json, "product");
    json_object(json);
    json_put_member(json, "asin", "B08DFPV54V");
    json_put_member(json, "title", line->listing->title);
    json_put_member(json, "sellerSku", line->listing->sku);
    json_object_end(json);
    if (order->cancelled_ms != 0) {
        json_key(json, "cancellation");
        json_object(json);
        json_key(json, "cancellationExecution");
        json_object(json);
        json_put_member(json, "cancelledBy", "MERCHANT");
        json_object_end(json);
        json_object_end(json);
    }
    json_key(json, "fulfillment");
    json_object(json);
    json_put_member_int(json, "quantityFulfilled", line->fulfilled);
    json_put_member_int(json, "quantityUnfulfilled", sandbox_line_open(line));
    json_object_end(json);
    json_object_end(json);
}

static void put_package(const struct sandbox_order *order, struct json_out *json)
{
    json_key(json, "packages");
    json_array(json);
    json_object(json);
    json_put_member(json, "packageReferenceId", order->fulfillment_id);
    put_time(json, "createdTime", order->fulfilled_ms);
    put_time(json, "shipTime", order->fulfilled_ms);
    json_key(json, "packageItems");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        if (order->lines[i].fulfilled == 0)
            continue;
        json_object(json);
        json_put_member(json, "orderItemId", order->lines[i].id);
        json_put_member_int(json, "quantity", order->lines[i].fulfilled);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
    json_array_end(json);
}

void sandbox_amazon_put_order(struct sandbox_channel *channel, const struct sandbox_order *order,
                              struct json_out *json)
{
    SCOPED(arena) struct arena *arena = arena_new();

    json_object(json);
    json_put_member(json, "orderId", sandbox_amazon_order_id(arena, order));
    put_time(json, "createdTime", order->created_ms);
    put_time(json, "lastUpdatedTime", order->updated_ms);
    json_key(json, "salesChannel");
    json_object(json);
    json_put_member(json, "channelName", "AMAZON");
    json_put_member(json, "marketplaceId", sandbox_amazon_marketplace(channel));
    json_object_end(json);
    json_key(json, "fulfillment");
    json_object(json);
    json_put_member(json, "fulfillmentStatus",
                    order->cancelled_ms != 0   ? "CANCELLED"
                    : order->fulfilled_ms != 0 ? "SHIPPED"
                                               : "UNSHIPPED");
    json_put_member(json, "fulfilledBy", "MERCHANT");
    json_object_end(json);
    json_key(json, "orderItems");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_item(order, &order->lines[i], json);
    json_array_end(json);
    if (order->fulfilled_ms != 0)
        put_package(order, json);
    json_object_end(json);
}

/* ---- what happens ---- */

static void amazon_started(struct sandbox_channel *channel)
{
    (void)channel;
}

static void amazon_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    send_order(channel, order);
    send_quantities(channel, order);
}

static void amazon_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                             struct sandbox_refund *refund)
{
    send_order(channel, order);
    if (refund != NULL)
        send_quantities(channel, order);
}

static void amazon_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    send_order(channel, order);
}

/* Units that come back to the merchant are told by nobody; those that were cancelled are. */
static void amazon_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                            struct sandbox_refund *refund)
{
    send_order(channel, order);
    for (size_t i = 0; i < refund->lines_len; i++)
        send_quantity(channel, refund->lines[i].line->listing);
}

static size_t amazon_headers(struct sandbox_channel *channel,
                             const struct sandbox_delivery *delivery, struct arena *arena,
                             struct http_header *headers)
{
    (void)channel;
    (void)delivery;
    (void)arena;
    (void)headers;
    return 0; /* nothing is sent by HTTP */
}

static bool amazon_is_success(const struct sandbox_delivery *delivery, int status)
{
    (void)delivery;
    return status / 100 == 2;
}

static void amazon_tried(struct sandbox_channel *channel, struct sandbox_subscription *subscription,
                         bool success)
{
    (void)channel;
    (void)subscription;
    (void)success;
}

const struct sandbox_kind sandbox_amazon = {
    .name = "amazon",
    .topics = no_topics,
    .tries_max = 1,
    .timeout_ms = AMAZON_TIMEOUT_MS,
    .rate_per_second = 5,
    .rate_burst = 5,
    .api = sandbox_amazon_api,
    .queue = sandbox_amazon_queue,
    .started = amazon_started,
    .sold = amazon_sold,
    .cancelled = amazon_cancelled,
    .fulfilled = amazon_fulfilled,
    .refunded = amazon_refunded,
    .stock_changed = send_quantity,
    .headers = amazon_headers,
    .is_success = amazon_is_success,
    .tried = amazon_tried,
};
