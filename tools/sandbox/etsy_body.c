#include <string.h>

#include "tools/sandbox/etsy.h"
#include "tools/sandbox/wording.h"

enum { PROPERTY = 200, READINESS_STATE = 1820107 };

static void put_amount(struct json_out *json, const char *key, int64_t cents)
{
    json_key(json, key);
    json_object(json);
    json_put_member_int(json, "amount", cents);
    json_put_member_int(json, "divisor", 100);
    json_put_member(json, "currency_code", "USD");
    json_object_end(json);
}

static void put_seconds(struct json_out *json, const char *key, int64_t ms)
{
    if (ms == 0)
        sandbox_put_null(json, key);
    else
        json_put_member_int(json, key, ms / 1000);
}

/* ---- receipts ---- */

/* Spaces, and letters of either case. */
static const char *status_of(const struct sandbox_order *order)
{
    if (order->cancelled_ms != 0)
        return "Canceled";
    if (order->refunds_len > 0)
        return sandbox_order_current(order) == 0 ? "Fully Refunded" : "partially refunded";
    return order->fulfilled_ms != 0 ? "Completed" : "paid";
}

static void put_property(struct json_out *json, const struct sandbox_listing *listing,
                         bool is_inventory)
{
    json_object(json);
    json_put_member_int(json, "property_id", PROPERTY);
    json_put_member(json, "property_name", "Primary color");
    sandbox_put_null(json, "scale_id");
    if (is_inventory)
        sandbox_put_null(json, "scale_name");
    json_key(json, "value_ids");
    json_array(json);
    json_put_raw(json, listing->id);
    json_array_end(json);
    json_key(json, "values");
    json_array(json);
    json_put_text(json, listing->title);
    json_array_end(json);
    json_object_end(json);
}

static void put_properties(struct json_out *json, const char *key,
                           const struct sandbox_listing *listing, bool is_inventory)
{
    json_key(json, key);
    json_array(json);
    if (listing->product->variable)
        put_property(json, listing, is_inventory);
    json_array_end(json);
}

static void put_transaction(const struct sandbox_order *order, const struct sandbox_line *line,
                            struct json_out *json)
{
    json_object(json);
    sandbox_put_id(json, "transaction_id", line->id);
    json_put_member(json, "title", line->listing->product->title);
    put_seconds(json, "created_timestamp", order->created_ms);
    put_seconds(json, "paid_timestamp", order->created_ms);
    put_seconds(json, "shipped_timestamp", line->fulfilled > 0 ? order->fulfilled_ms : 0);
    json_put_member_int(json, "quantity", line->quantity);
    sandbox_put_id(json, "receipt_id", order->id);
    sandbox_put_bool(json, "is_digital", false);
    sandbox_put_id(json, "listing_id", line->listing->product->id);
    json_put_member(json, "sku", line->listing->sku);
    json_put_member_int(json, "product_id", 17854054931);
    put_amount(json, "price", line->listing->price_cents);
    sandbox_put_empty_array(json, "variations");
    put_properties(json, "product_data", line->listing, false);
    json_object_end(json);
}

void sandbox_etsy_receipt(const struct sandbox_order *order, struct json_out *json)
{
    json_object(json);
    sandbox_put_id(json, "receipt_id", order->id);
    json_put_member(json, "name", "John Doe");
    json_put_member(json, "status", status_of(order));
    sandbox_put_bool(json, "is_paid", true);
    sandbox_put_bool(json, "is_shipped", order->fulfilled_ms != 0);
    put_seconds(json, "create_timestamp", order->created_ms);
    put_seconds(json, "created_timestamp", order->created_ms);
    put_seconds(json, "update_timestamp", order->updated_ms);
    put_seconds(json, "updated_timestamp", order->updated_ms);
    put_amount(json, "grandtotal", sandbox_order_total_cents(order, false));
    sandbox_put_empty_array(json, "shipments");
    json_key(json, "transactions");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_transaction(order, &order->lines[i], json);
    json_array_end(json);
    sandbox_put_empty_array(json, "refunds");
    json_object_end(json);
}

/* ---- listings ---- */

bool sandbox_etsy_is_sold_out(const struct sandbox_product *product)
{
    for (size_t i = 0; i < product->listings_len; i++) {
        if (product->listings[i].quantity > 0)
            return false;
    }
    return true;
}

void sandbox_etsy_listing(const struct sandbox_product *product, struct json_out *json)
{
    json_object(json);
    sandbox_put_id(json, "listing_id", product->id);
    json_put_member(json, "title", product->title);
    json_put_member(json, "state", sandbox_etsy_is_sold_out(product) ? "sold_out" : "active");
    json_object_end(json);
}

/* Each write gives new ids: history is kept under the old ones. */
static void put_product(struct json_out *json, const struct sandbox_listing *listing)
{
    json_object(json);
    json_put_member_int(json, "product_id", 7341796967 + listing->updated_ms % 1000000000);
    json_put_member(json, "sku", listing->sku);
    sandbox_put_bool(json, "is_deleted", false);
    json_key(json, "offerings");
    json_array(json);
    json_object(json);
    json_put_member_int(json, "offering_id", 7572681242 + listing->updated_ms % 1000000000);
    json_put_member_int(json, "quantity", listing->quantity);
    sandbox_put_bool(json, "is_enabled", true);
    sandbox_put_bool(json, "is_deleted", false);
    put_amount(json, "price", listing->price_cents);
    json_put_member_int(json, "readiness_state_id", READINESS_STATE);
    json_object_end(json);
    json_array_end(json);
    put_properties(json, "property_values", listing, true);
    json_object_end(json);
}

static void put_on_property(struct json_out *json, const char *key, bool varies)
{
    json_key(json, key);
    json_array(json);
    if (varies)
        json_put_int(json, PROPERTY);
    json_array_end(json);
}

void sandbox_etsy_inventory(const struct sandbox_product *product, struct json_out *json)
{
    json_object(json);
    json_key(json, "products");
    json_array(json);
    for (size_t i = 0; i < product->listings_len; i++)
        put_product(json, &product->listings[i]);
    json_array_end(json);
    put_on_property(json, "price_on_property", product->variable);
    put_on_property(json, "quantity_on_property", product->variable);
    put_on_property(json, "sku_on_property", product->variable);
    put_on_property(json, "readiness_state_on_property", false);
    sandbox_put_null(json, "listing");
    json_object_end(json);
}
