#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/xml/xml.h"

#include "tools/sandbox/ebay.h"
#include "tools/sandbox/wording.h"

enum { ONCE_SOLD = 3, MD5_LEN = 16 }; /* units that every listing sold before time began */

/* 2026-06-19T14:15:22.000Z: three zeros, whatever the clock says. */
static const char *time_of(char text[SANDBOX_TIME_LEN], int64_t ms)
{
    char whole[SANDBOX_TIME_LEN];

    sandbox_time_zulu(whole, ms);
    size_t len = strlen(whole) - 1;
    memcpy(text, whole, len);
    memcpy(text + len, ".000Z", 6);
    return text;
}

/* ---- orders ---- */

static bool is_cancelled(const struct sandbox_order *order)
{
    return order->cancelled_ms != 0;
}

static void put_cancel_status(const struct sandbox_order *order, bool with_requests,
                              struct json_out *json)
{
    char time[SANDBOX_TIME_LEN];

    json_key(json, "cancelStatus");
    json_object(json);
    json_put_member(json, "cancelState", is_cancelled(order) ? "CANCELED" : "NONE_REQUESTED");
    if (is_cancelled(order))
        json_put_member(json, "cancelledDate", time_of(time, order->cancelled_ms));
    json_key(json, "cancelRequests");
    json_array(json);
    if (is_cancelled(order) && with_requests) {
        json_object(json);
        json_put_member(json, "cancelRequestState", "COMPLETED");
        json_put_member(json, "cancelReason", "BUYER_CANCEL");
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void put_line(const struct sandbox_line *line, struct json_out *json)
{
    const struct sandbox_listing *listing = line->listing;
    bool is_shipped = line->fulfilled > 0 && line->fulfilled >= line->quantity - line->cancelled;

    json_object(json);
    json_put_member(json, "lineItemId", line->id);
    json_put_member(json, "legacyItemId", listing->product->id);
    if (listing->product->variable)
        json_put_member(json, "legacyVariationId", listing->id);
    json_put_member(json, "sku", listing->sku);
    json_put_member(json, "title", listing->product->title);
    json_put_member_int(json, "quantity", line->quantity);
    json_put_member(json, "soldFormat", "FIXED_PRICE");
    json_put_member(json, "listingMarketplaceId", "EBAY_US");
    json_put_member(json, "lineItemFulfillmentStatus", is_shipped ? "FULFILLED" : "NOT_STARTED");
    json_object_end(json);
}

void sandbox_ebay_order(const struct sandbox_order *order, bool with_requests,
                        struct json_out *json)
{
    char time[SANDBOX_TIME_LEN];

    json_object(json);
    json_put_member(json, "orderId", order->id);
    json_put_member(json, "legacyOrderId", order->id);
    json_put_member(json, "creationDate", time_of(time, order->created_ms));
    json_put_member(json, "lastModifiedDate", time_of(time, order->updated_ms));
    json_put_member(json, "orderFulfillmentStatus",
                    order->fulfilled_ms != 0 ? "FULFILLED" : "NOT_STARTED");
    json_put_member(json, "orderPaymentStatus", is_cancelled(order) ? "FULLY_REFUNDED" : "PAID");
    json_put_member(json, "sellerId", "masked_seller");
    json_key(json, "buyer");
    json_object(json);
    json_put_member(json, "username", "john_doe_buyer");
    json_object_end(json);
    put_cancel_status(order, with_requests, json);
    json_key(json, "lineItems");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_line(&order->lines[i], json);
    json_array_end(json);
    json_object_end(json);
}

void sandbox_ebay_shipments(const struct sandbox_order *order, struct json_out *json)
{
    char time[SANDBOX_TIME_LEN];
    bool is_shipped = order->fulfilled_ms != 0;

    json_object(json);
    json_key(json, "fulfillments");
    json_array(json);
    if (is_shipped) {
        json_object(json);
        json_put_member(json, "fulfillmentId", order->fulfillment_id);
        json_put_member(json, "shippedDate", time_of(time, order->fulfilled_ms));
        json_key(json, "lineItems");
        json_array(json);
        for (size_t i = 0; i < order->lines_len; i++) {
            if (order->lines[i].fulfilled == 0)
                continue;
            json_object(json);
            json_put_member(json, "lineItemId", order->lines[i].id);
            json_put_member_int(json, "quantity", order->lines[i].fulfilled);
            json_object_end(json);
        }
        json_array_end(json);
        json_object_end(json);
    }
    json_array_end(json);
    json_put_member_int(json, "total", is_shipped);
    json_object_end(json);
}

/* ---- notifications ---- */

static void put_order_data(const struct sandbox_order *order, struct json_out *json)
{
    json_key(json, "order");
    json_object(json);
    json_put_member(json, "orderId", order->id);
    json_key(json, "orderLineItems");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        json_object(json);
        json_put_member(json, "orderLineItemId", order->lines[i].id);
        json_put_member(json, "listingId", order->lines[i].listing->product->id);
        json_put_member_int(json, "quantity", order->lines[i].quantity);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

void sandbox_ebay_envelope(const struct sandbox_delivery *delivery, struct buf *out)
{
    const char *topic = delivery->subscription->topic;
    char time[CLOCK_TEXT_LEN];
    char id[2 * SANDBOX_UUID_LEN + 2];
    struct json_out json;

    snprintf(id, sizeof(id), "%s_%s", delivery->id, delivery->event_id);
    json_begin(&json, out);
    json_object(&json);
    json_key(&json, "metadata");
    json_object(&json);
    json_put_member(&json, "topic", topic);
    json_put_member(&json, "schemaVersion", "1.0");
    json_key(&json, "deprecated");
    json_put_bool(&json, false);
    json_object_end(&json);
    json_key(&json, "notification");
    json_object(&json);
    json_put_member(&json, "notificationId", id);
    json_put_member(&json, "eventDate", clock_format(delivery->triggered_ms, time));
    json_put_member(&json, "publishDate", clock_format(clock_now_ms(), time));
    json_put_member_int(&json, "publishAttemptCount", delivery->tries + 1);
    json_key(&json, "data");
    json_object(&json);
    if (strcmp(topic, "ORDER_CONFIRMATION") == 0)
        put_order_data(delivery->order, &json);
    else
        json_put_member(&json, "orderId", delivery->order->id);
    json_object_end(&json);
    json_object_end(&json);
    json_object_end(&json);
}

/* MD5 of the time as the body has it, and the application's three keys. */
static void put_signature(const struct sandbox_channel_config *config, const char *time,
                          struct buf *out)
{
    static const char *const names[] = {"dev_id", "client_id", "client_secret"};
    unsigned char hash[MD5_LEN];
    SCOPED(buf) struct buf text = {0};

    buf_text(&text, time);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        buf_text(&text, sandbox_config_setting(config, names[i]));
    if (!EVP_Digest(text.bytes, text.len, hash, NULL, EVP_md5(), NULL))
        abort();
    buf_base64(out, hash, sizeof(hash));
}

static void put_int(struct buf *out, const char *name, int64_t number)
{
    buf_printf(out, "<%s>%" PRId64 "</%s>", name, number, name);
}

/* Of the first line only, without an order: as deliveries of ten years ago. */
void sandbox_ebay_soap(const struct sandbox_delivery *delivery, struct buf *out)
{
    const struct sandbox_order *order = delivery->order;
    const struct sandbox_line *line = &order->lines[0];
    char time[CLOCK_TEXT_LEN];

    clock_format(clock_now_ms(), time);
    buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope "
                  "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\n <soapenv:Header>"
                  "<ebl:RequesterCredentials xmlns:ebl=\"urn:ebay:apis:eBLBaseComponents\">"
                  "<ebl:NotificationSignature>");
    put_signature(delivery->channel->config, time, out);
    buf_text(out, "</ebl:NotificationSignature></ebl:RequesterCredentials></soapenv:Header>\n "
                  "<soapenv:Body><GetItemTransactionsResponse "
                  "xmlns=\"urn:ebay:apis:eBLBaseComponents\">");
    xml_put_element(out, "Timestamp", time);
    xml_put_element(out, "Ack", "Success");
    xml_put_element(out, "NotificationEventName", delivery->subscription->topic);
    xml_put_element(out, "RecipientUserID", delivery->channel->config->account);
    buf_text(out, "<Item>");
    xml_put_element(out, "ItemID", line->listing->product->id);
    put_int(out, "Quantity", line->listing->quantity + line->quantity);
    buf_text(out, "</Item><TransactionArray><Transaction>");
    put_int(out, "QuantityPurchased", line->quantity);
    xml_put_element(out, "TransactionID", line->id);
    buf_text(out, "<ContainingOrder>");
    xml_put_element(out, "OrderID", order->id);
    buf_text(out, "</ContainingOrder></Transaction></TransactionArray>"
                  "</GetItemTransactionsResponse></soapenv:Body>\n</soapenv:Envelope>\n");
}

/* ---- listings ---- */

/* Quantity is the total: sold units are in it. */
static void put_stock(const struct sandbox_listing *listing, struct buf *out)
{
    put_int(out, "Quantity", listing->quantity + ONCE_SOLD);
    buf_text(out, "<SellingStatus>");
    put_int(out, "QuantitySold", ONCE_SOLD);
    buf_text(out, "<ListingStatus>Active</ListingStatus></SellingStatus>");
}

void sandbox_ebay_item(const struct sandbox_product *product, struct buf *out)
{
    buf_text(out, "<Item>");
    xml_put_element(out, "ItemID", product->id);
    xml_put_element(out, "Title", product->title);
    if (!product->variable) {
        xml_put_element(out, "SKU", product->listings[0].sku);
        put_stock(&product->listings[0], out);
    } else {
        buf_text(out, "<Variations>");
        for (size_t i = 0; i < product->listings_len; i++) {
            buf_text(out, "<Variation>");
            xml_put_element(out, "SKU", product->listings[i].sku);
            put_stock(&product->listings[i], out);
            buf_text(out, "</Variation>");
        }
        buf_text(out, "</Variations>");
    }
    buf_text(out, "</Item>");
}

static void put_price(const struct sandbox_listing *listing, struct buf *out)
{
    buf_printf(out, "<Price currencyID=\"USD\">%" PRId64 ".%02d</Price>",
               listing->price_cents / 100, (int)(listing->price_cents % 100));
    put_int(out, "Quantity", listing->quantity);
}

void sandbox_ebay_report(const struct sandbox_market *market, struct buf *out)
{
    buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BulkDataExchangeResponses "
                  "xmlns=\"urn:ebay:apis:eBLBaseComponents\"><ActiveInventoryReport>\n");
    for (size_t i = 0; i < market->products_len; i++) {
        const struct sandbox_product *product = &market->products[i];

        buf_text(out, "<SKUDetails>");
        if (!product->variable) {
            xml_put_element(out, "SKU", product->listings[0].sku);
            put_price(&product->listings[0], out);
        }
        xml_put_element(out, "ItemID", product->id);
        for (size_t j = 0; product->variable && j < product->listings_len; j++) {
            buf_text(out, j == 0 ? "<Variations><Variation>" : "<Variation>");
            xml_put_element(out, "SKU", product->listings[j].sku);
            put_price(&product->listings[j], out);
            buf_text(out, "</Variation>");
        }
        buf_text(out, product->variable ? "</Variations></SKUDetails>\n" : "</SKUDetails>\n");
    }
    buf_text(out, "</ActiveInventoryReport></BulkDataExchangeResponses>\n");
}
