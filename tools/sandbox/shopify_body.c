#include "tools/sandbox/shopify_body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/json/json.h"

#include "tools/sandbox/signature.h"
#include "tools/sandbox/wording.h"

static void put_time(struct json_out *json, const struct sandbox_market *market, const char *key,
                     int64_t ms)
{
    char text[SANDBOX_TIME_LEN];

    if (ms == 0)
        sandbox_put_null(json, key);
    else
        json_put_member(json, key,
                        sandbox_time_offset(text, ms, market->config->utc_offset_minutes));
}

static void put_money_set(struct json_out *json, const char *key, int64_t cents)
{
    static const char *const sides[] = {"shop_money", "presentment_money"};

    json_key(json, key);
    json_object(json);
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        json_key(json, sides[i]);
        json_object(json);
        sandbox_put_money(json, "amount", cents);
        json_put_member(json, "currency_code", "USD");
        json_object_end(json);
    }
    json_object_end(json);
}

static void put_names(struct json_out *json, const struct sandbox_listing *listing)
{
    char name[400];

    snprintf(name, sizeof(name), "%s - %s", listing->product->title, listing->title);
    json_put_member(json, "name", name);
    json_put_member(json, "title", listing->product->title);
    json_put_member(json, "variant_title", listing->title);
    json_put_member(json, "sku", listing->sku);
    sandbox_put_id(json, "product_id", listing->product->id);
    sandbox_put_id(json, "variant_id", listing->id);
    json_put_member(json, "variant_inventory_management", "shopify");
}

static void put_line(struct json_out *json, const struct sandbox_order *order,
                     const struct sandbox_line *line)
{
    json_object(json);
    sandbox_put_id(json, "id", line->id);
    sandbox_put_gid(json, "admin_graphql_api_id", "LineItem", line->id);
    json_put_member_int(json, "current_quantity", sandbox_line_current(line));
    json_put_member_int(json, "fulfillable_quantity",
                        order->cancelled_ms != 0 ? 0 : sandbox_line_open(line));
    json_put_member(json, "fulfillment_service", "manual");
    json_put_member(json, "fulfillment_status", line->fulfilled > 0 ? "fulfilled" : NULL);
    sandbox_put_bool(json, "gift_card", false);
    json_put_member_int(json, "grams", 200);
    put_names(json, line->listing);
    sandbox_put_money(json, "price", line->listing->price_cents);
    put_money_set(json, "price_set", line->listing->price_cents);
    sandbox_put_bool(json, "product_exists", true);
    sandbox_put_empty_array(json, "properties");
    json_put_member_int(json, "quantity", line->quantity);
    sandbox_put_bool(json, "requires_shipping", true);
    sandbox_put_bool(json, "taxable", true);
    json_put_member(json, "total_discount", "0.00");
    sandbox_put_null(json, "vendor");
    sandbox_put_empty_array(json, "tax_lines");
    sandbox_put_empty_array(json, "discount_allocations");
    json_object_end(json);
}

static void put_lines(struct json_out *json, const struct sandbox_order *order)
{
    json_key(json, "line_items");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_line(json, order, &order->lines[i]);
    json_array_end(json);
}

static void put_refund_line(struct json_out *json, const struct sandbox_market *market,
                            const struct sandbox_order *order,
                            const struct sandbox_refund_line *part)
{
    int64_t cents = part->quantity * part->line->listing->price_cents;

    json_object(json);
    if (strcmp(part->restock_type, "no_restock") == 0)
        sandbox_put_null(json, "location_id");
    else
        sandbox_put_id(json, "location_id", market->config->location);
    json_put_member(json, "restock_type", part->restock_type);
    json_put_member_int(json, "quantity", part->quantity);
    sandbox_put_id(json, "id", part->id);
    sandbox_put_id(json, "line_item_id", part->line->id);
    json_key(json, "subtotal");
    json_put_double(json, (double)cents / 100);
    json_key(json, "total_tax");
    json_put_raw(json, "0.0");
    put_money_set(json, "subtotal_set", cents);
    json_key(json, "line_item");
    put_line(json, order, part->line);
    json_object_end(json);
}

static bool refund_restocks(const struct sandbox_refund *refund)
{
    for (size_t i = 0; i < refund->lines_len; i++)
        if (strcmp(refund->lines[i].restock_type, "no_restock") != 0)
            return true;
    return false;
}

static void put_refund(struct json_out *json, const struct sandbox_market *market,
                       const struct sandbox_order *order, const struct sandbox_refund *refund)
{
    json_object(json);
    sandbox_put_id(json, "id", refund->id);
    sandbox_put_id(json, "order_id", order->id);
    sandbox_put_gid(json, "admin_graphql_api_id", "Refund", refund->id);
    put_time(json, market, "created_at", refund->created_ms);
    put_time(json, market, "processed_at", refund->created_ms);
    sandbox_put_null(json, "note");
    sandbox_put_null(json, "user_id");
    sandbox_put_bool(json, "restock", refund_restocks(refund));
    json_key(json, "refund_line_items");
    json_array(json);
    for (size_t i = 0; i < refund->lines_len; i++)
        put_refund_line(json, market, order, &refund->lines[i]);
    json_array_end(json);
    sandbox_put_empty_array(json, "transactions");
    sandbox_put_empty_array(json, "order_adjustments");
    json_object_end(json);
}

static void put_refunds(struct json_out *json, const struct sandbox_market *market,
                        const struct sandbox_order *order)
{
    json_key(json, "refunds");
    json_array(json);
    for (size_t i = 0; i < order->refunds_len; i++)
        put_refund(json, market, order, order->refunds[i]);
    json_array_end(json);
}

static void put_fulfillment(struct json_out *json, const struct sandbox_market *market,
                            const struct sandbox_order *order)
{
    char name[40];

    snprintf(name, sizeof(name), "#%" PRId64 ".1", order->number);
    json_object(json);
    sandbox_put_id(json, "id", order->fulfillment_id);
    sandbox_put_gid(json, "admin_graphql_api_id", "Fulfillment", order->fulfillment_id);
    put_time(json, market, "created_at", order->fulfilled_ms);
    put_time(json, market, "updated_at", order->fulfilled_ms);
    sandbox_put_id(json, "location_id", market->config->location);
    sandbox_put_id(json, "order_id", order->id);
    json_put_member(json, "name", name);
    json_put_member(json, "service", "manual");
    sandbox_put_null(json, "shipment_status");
    json_put_member(json, "status", "success");
    json_put_member(json, "tracking_company", "USPS");
    json_put_member(json, "tracking_number", "1Z2345");
    json_key(json, "line_items");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        if (order->lines[i].fulfilled > 0)
            put_line(json, order, &order->lines[i]);
    json_array_end(json);
    json_object_end(json);
}

static const char *financial_status(const struct sandbox_order *order)
{
    if (order->refunds_len == 0)
        return order->cancelled_ms != 0 ? "voided" : "paid";
    return sandbox_order_current(order) == 0 ? "refunded" : "partially_refunded";
}

static void put_state(struct json_out *json, const struct sandbox_market *market,
                      const struct sandbox_order *order)
{
    char name[32];
    char token[33];

    snprintf(name, sizeof(name), "#%" PRId64, order->number);
    sandbox_signature_digest(order->id, strlen(order->id), token, 32);
    json_put_member(json, "cancel_reason", order->cancelled_ms != 0 ? "customer" : NULL);
    put_time(json, market, "cancelled_at", order->cancelled_ms);
    put_time(json, market, "closed_at", order->cancelled_ms);
    sandbox_put_bool(json, "confirmed", true);
    put_time(json, market, "created_at", order->created_ms);
    put_time(json, market, "processed_at", order->created_ms);
    put_time(json, market, "updated_at", order->updated_ms);
    json_put_member(json, "financial_status", financial_status(order));
    json_put_member(json, "fulfillment_status", order->fulfilled_ms != 0 ? "fulfilled" : NULL);
    sandbox_put_null(json, "location_id");
    json_put_member(json, "name", name);
    json_put_member_int(json, "number", order->number - 1000);
    json_put_member_int(json, "order_number", order->number);
    json_put_member(json, "source_name", "web");
    sandbox_put_bool(json, "test", false);
    json_put_member(json, "token", token);
}

static void put_totals(struct json_out *json, const struct sandbox_order *order)
{
    int64_t total = sandbox_order_total_cents(order, false);
    int64_t current = sandbox_order_total_cents(order, true);

    json_put_member(json, "currency", "USD");
    json_put_member(json, "presentment_currency", "USD");
    sandbox_put_money(json, "current_subtotal_price", current);
    sandbox_put_money(json, "current_total_price", current);
    put_money_set(json, "current_total_price_set", current);
    sandbox_put_money(json, "subtotal_price", total);
    sandbox_put_money(json, "total_line_items_price", total);
    sandbox_put_money(json, "total_price", total);
    put_money_set(json, "total_price_set", total);
    json_put_member(json, "total_tax", "0.00");
    json_put_member(json, "total_discounts", "0.00");
}

/* Made up: whoever stores this has stored a buyer's name and address. */
static void put_buyer(struct json_out *json)
{
    json_put_member(json, "email", "bob.norman@mail.example.com");
    json_put_member(json, "contact_email", "bob.norman@mail.example.com");
    json_put_member(json, "phone", "+557734881234");
    json_put_member(json, "browser_ip", "0.0.0.0");
    json_key(json, "billing_address");
    json_object(json);
    json_put_member(json, "first_name", "Bob");
    json_put_member(json, "last_name", "Norman");
    json_put_member(json, "address1", "Chestnut Street 92");
    json_put_member(json, "city", "Louisville");
    json_put_member(json, "zip", "40202");
    json_put_member(json, "country_code", "US");
    json_object_end(json);
}

void sandbox_shopify_order(const struct sandbox_market *market, const struct sandbox_order *order,
                           struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    sandbox_put_id(&json, "id", order->id);
    sandbox_put_gid(&json, "admin_graphql_api_id", "Order", order->id);
    sandbox_put_null(&json, "app_id");
    put_state(&json, market, order);
    put_totals(&json, order);
    put_buyer(&json);
    sandbox_put_null(&json, "note");
    json_put_member(&json, "tags", "");
    json_key(&json, "fulfillments");
    json_array(&json);
    if (order->fulfilled_ms != 0)
        put_fulfillment(&json, market, order);
    json_array_end(&json);
    put_lines(&json, order);
    put_refunds(&json, market, order);
    sandbox_put_empty_array(&json, "shipping_lines");
    json_object_end(&json);
}

void sandbox_shopify_refund(const struct sandbox_market *market, const struct sandbox_order *order,
                            const struct sandbox_refund *refund, struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    put_refund(&json, market, order, refund);
}

/* The level's own number, which looks like an id of the location, is none. */
void sandbox_shopify_level(const struct sandbox_market *market,
                           const struct sandbox_listing *listing, struct buf *out)
{
    char gid[200];
    struct json_out json;

    snprintf(gid, sizeof(gid), "gid://shopify/InventoryLevel/%s?inventory_item_id=%s",
             "87892394150", listing->inventory_item_id);
    json_begin(&json, out);
    json_object(&json);
    sandbox_put_id(&json, "inventory_item_id", listing->inventory_item_id);
    sandbox_put_id(&json, "location_id", market->config->location);
    json_put_member_int(&json, "available", listing->quantity);
    put_time(&json, market, "updated_at", listing->updated_ms);
    json_put_member(&json, "admin_graphql_api_id", gid);
    json_object_end(&json);
}
