#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/sandbox/walmart.h"
#include "tools/sandbox/wording.h"

struct sandbox_listing *sandbox_walmart_listing(const struct sandbox_channel *channel,
                                                const char *sku)
{
    return sku == NULL ? NULL : sandbox_market_listing(&channel->market, sku);
}

static void put_text_number(struct json_out *json, const char *key, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, number);
    json_put_member(json, key, text);
}

static void put_zulu(struct json_out *json, const char *key, int64_t ms)
{
    char text[SANDBOX_TIME_LEN];

    json_put_member(json, key, sandbox_time_zulu(text, ms));
}

/* ---- orders ---- */

static void put_units(struct json_out *json, const char *key, int64_t units)
{
    json_key(json, key);
    json_object(json);
    json_put_member(json, "unitOfMeasurement", "EACH");
    put_text_number(json, "amount", units);
    json_object_end(json);
}

static void put_status(struct json_out *json, const char *status, int64_t units,
                       const struct sandbox_order *order)
{
    if (units == 0)
        return;
    json_object(json);
    json_put_member(json, "status", status);
    put_units(json, "statusQuantity", units);
    if (order != NULL) {
        json_key(json, "trackingInfo");
        json_object(json);
        json_put_member_int(json, "shipDateTime", order->fulfilled_ms);
        json_put_member(json, "trackingNumber", order->fulfillment_id);
        json_object_end(json);
    }
    json_object_end(json);
}

static void put_line(const struct sandbox_order *order, size_t index, struct json_out *json)
{
    const struct sandbox_line *line = &order->lines[index];

    json_object(json);
    put_text_number(json, "lineNumber", (int64_t)index + 1);
    json_key(json, "item");
    json_object(json);
    json_put_member(json, "productName", line->listing->product->title);
    json_put_member(json, "sku", line->listing->sku);
    json_object_end(json);
    put_units(json, "orderLineQuantity", line->quantity);
    json_put_member_int(json, "statusDate", order->updated_ms);
    json_key(json, "orderLineStatuses");
    json_object(json);
    json_key(json, "orderLineStatus");
    json_array(json);
    put_status(json, "Created", sandbox_line_open(line), NULL);
    put_status(json, "Shipped", line->fulfilled, order);
    put_status(json, "Cancelled", line->cancelled, NULL);
    json_array_end(json);
    json_object_end(json);
    json_object_end(json);
}

void sandbox_walmart_put_order(const struct sandbox_order *order, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "purchaseOrderId", order->id);
    json_put_member_int(json, "orderDate", order->created_ms);
    json_key(json, "shippingInfo");
    json_object(json);
    json_put_member(json, "phone", "0000000000");
    json_object_end(json);
    json_key(json, "orderLines");
    json_object(json);
    json_key(json, "orderLine");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_line(order, i, json);
    json_array_end(json);
    json_object_end(json);
    json_key(json, "shipNode");
    json_object(json);
    json_put_member(json, "type", "SellerFulfilled");
    json_object_end(json);
    json_object_end(json);
}

static void put_told_line(const struct sandbox_order *order, size_t index, struct json_out *json)
{
    const struct sandbox_line *line = &order->lines[index];

    json_object(json);
    put_text_number(json, "lineNumber", (int64_t)index + 1);
    json_put_member(json, "sku", line->listing->sku);
    json_put_member(json, "productName", line->listing->product->title);
    json_key(json, "quantity");
    json_object(json);
    json_put_member(json, "unitOfMeasure", "EACH");
    put_text_number(json, "measurementValue", line->quantity);
    json_object_end(json);
    json_put_member(json, "status", order->cancelled_ms != 0 ? "CANCELLED" : "CREATED");
    put_zulu(json, "statusDate", order->updated_ms);
    sandbox_put_null(json, "shippingProgramType ");
    json_object_end(json);
}

void sandbox_walmart_put_told_order(const struct sandbox_channel *channel,
                                    const struct sandbox_order *order, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "partnerId", channel->config->account);
    json_put_member(json, "purchaseOrderId", order->id);
    put_zulu(json, "orderDate", order->created_ms);
    json_key(json, "orderLines");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_told_line(order, i, json);
    json_array_end(json);
    json_put_member(json, "shipNodeType", "SellerFulfilled");
    json_object_end(json);
}

/* ---- returns ---- */

bool sandbox_walmart_is_return(const struct sandbox_refund *refund)
{
    return refund->lines_len > 0 && strcmp(refund->lines[0].restock_type, "return") == 0;
}

void sandbox_walmart_put_return(const struct sandbox_order *order,
                                const struct sandbox_refund *refund, struct json_out *json)
{
    const struct sandbox_line *line = refund->lines[0].line;

    json_object(json);
    json_put_member(json, "returnOrderId", refund->id);
    json_key(json, "returnOrderLines");
    json_array(json);
    json_object(json);
    json_put_member_int(json, "returnOrderLineNumber", 1);
    json_put_member(json, "purchaseOrderId", order->id);
    json_put_member_int(json, "purchaseOrderLineNumber", line - order->lines + 1);
    json_key(json, "item");
    json_object(json);
    json_put_member(json, "sku", line->listing->sku);
    json_object_end(json);
    json_key(json, "quantity");
    json_object(json);
    json_put_member(json, "unitOfMeasure", "EACH");
    json_put_member_int(json, "measurementValue", refund->lines[0].quantity);
    json_object_end(json);
    sandbox_put_bool(json, "returnExpectedFlag", true);
    sandbox_put_bool(json, "isKeepIt", false);
    json_put_member(json, "currentDeliveryStatus", "DELIVERED");
    json_put_member(json, "status", "COMPLETED");
    put_zulu(json, "statusTime", refund->created_ms);
    json_object_end(json);
    json_array_end(json);
    json_object_end(json);
}

/* ---- inventory ---- */

static void put_amount(struct json_out *json, const char *key, int64_t amount)
{
    json_key(json, key);
    json_object(json);
    json_put_member(json, "unit", "EACH");
    json_put_member_int(json, "amount", amount);
    json_object_end(json);
}

/* What was put in holds what orders reserve. */
void sandbox_walmart_put_item(const struct sandbox_channel *channel,
                              const struct sandbox_listing *listing, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "sku", listing->sku);
    json_key(json, "nodes");
    json_array(json);
    json_object(json);
    json_put_member(json, "shipNode", channel->config->location);
    put_amount(json, "inputQty", listing->quantity + listing->committed);
    put_amount(json, "availToSellQty", listing->quantity);
    put_amount(json, "reservedQty", listing->committed);
    json_object_end(json);
    json_array_end(json);
    json_object_end(json);
}
