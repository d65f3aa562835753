#include "tools/sandbox/woocommerce_body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/sandbox/wording.h"

/* Two fields each: the shop's clock, and UTC; neither says which it is. */
static void put_times(struct json_out *json, const struct sandbox_market *market, const char *key,
                      int64_t ms)
{
    char gmt_key[64];
    char text[SANDBOX_TIME_LEN];

    snprintf(gmt_key, sizeof(gmt_key), "%s_gmt", key);
    json_put_member(json, key,
                    ms == 0 ? NULL
                            : sandbox_time_plain(text, ms, market->config->utc_offset_minutes));
    json_put_member(json, gmt_key, ms == 0 ? NULL : sandbox_time_plain(text, ms, 0));
}

static void put_link(struct json_out *json, const char *name, const char *base, const char *path)
{
    SCOPED(buf) struct buf url = {0};

    buf_printf(&url, "%s%swp-json/wc/v3/%s", base, base[strlen(base) - 1] == '/' ? "" : "/", path);
    json_key(json, name);
    json_array(json);
    json_object(json);
    json_put_member(json, "href", buf_str(&url));
    json_object_end(json);
    json_array_end(json);
}

static void put_links(struct json_out *json, const struct sandbox_market *market,
                      const char *collection, const char *id)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", collection, id);
    json_key(json, "_links");
    json_object(json);
    put_link(json, "self", market->config->account, path);
    put_link(json, "collection", market->config->account, collection);
    json_object_end(json);
}

static void put_meta(struct json_out *json, int64_t id, const char *key, const char *value)
{
    json_object(json);
    json_put_member_int(json, "id", id);
    json_put_member(json, "key", key);
    json_put_member(json, "value", value);
    json_object_end(json);
}

static void put_line(struct json_out *json, const struct sandbox_line *line)
{
    const struct sandbox_listing *listing = line->listing;
    char reduced[24];

    snprintf(reduced, sizeof(reduced), "%" PRId64, line->quantity - line->restocked);
    json_object(json);
    sandbox_put_id(json, "id", line->id);
    json_put_member(json, "name", listing->product->title);
    sandbox_put_id(json, "product_id", listing->product->id);
    sandbox_put_id(json, "variation_id", listing->product->variable ? listing->id : "0");
    json_put_member_int(json, "quantity", line->quantity);
    json_put_member(json, "tax_class", "");
    sandbox_put_money(json, "subtotal", line->quantity * listing->price_cents);
    json_put_member(json, "subtotal_tax", "0.00");
    sandbox_put_money(json, "total", line->quantity * listing->price_cents);
    json_put_member(json, "total_tax", "0.00");
    sandbox_put_empty_array(json, "taxes");
    json_key(json, "meta_data");
    json_array(json);
    put_meta(json, 13106, "_reduced_stock", reduced);
    json_array_end(json);
    json_put_member(json, "sku", listing->sku);
    json_key(json, "price");
    json_put_double(json, (double)listing->price_cents / 100);
    json_object_end(json);
}

static int64_t refund_cents(const struct sandbox_refund *refund)
{
    int64_t sum = 0;

    for (size_t i = 0; i < refund->lines_len; i++)
        sum += refund->lines[i].quantity * refund->lines[i].line->listing->price_cents;
    return sum;
}

/* No quantities here: those are in /orders/{id}/refunds/{refund}. */
static void put_refunds(struct json_out *json, const struct sandbox_order *order)
{
    json_key(json, "refunds");
    json_array(json);
    for (size_t i = 0; i < order->refunds_len; i++) {
        json_object(json);
        sandbox_put_id(json, "id", order->refunds[i]->id);
        json_put_member(json, "reason", "");
        sandbox_put_money(json, "total", -refund_cents(order->refunds[i]));
        json_object_end(json);
    }
    json_array_end(json);
}

static const char *order_status(const struct sandbox_order *order)
{
    if (order->trashed)
        return "trash";
    if (order->cancelled_ms != 0)
        return "cancelled";
    if (order->refunds_len > 0 && sandbox_order_current(order) == 0)
        return "refunded";
    return order->fulfilled_ms != 0 ? "completed" : "processing";
}

/* Made up: whoever stores this has stored a buyer's name and address. */
static void put_buyer(struct json_out *json)
{
    json_key(json, "billing");
    json_object(json);
    json_put_member(json, "first_name", "John");
    json_put_member(json, "last_name", "Doe");
    json_put_member(json, "address_1", "969 Market");
    json_put_member(json, "city", "San Francisco");
    json_put_member(json, "postcode", "94103");
    json_put_member(json, "country", "US");
    json_put_member(json, "email", "john.doe@example.com");
    json_put_member(json, "phone", "(555) 555-5555");
    json_object_end(json);
}

static void put_order_head(struct json_out *json, const struct sandbox_market *market,
                           const struct sandbox_order *order)
{
    char key[64];

    snprintf(key, sizeof(key), "wc_order_%s", order->id);
    sandbox_put_id(json, "id", order->id);
    json_put_member_int(json, "parent_id", 0);
    json_put_member(json, "number", order->id);
    json_put_member(json, "order_key", key);
    json_put_member(json, "created_via", "checkout");
    json_put_member(json, "version", "11.2.0");
    json_put_member(json, "status", order_status(order));
    json_put_member(json, "currency", "USD");
    put_times(json, market, "date_created", order->created_ms);
    put_times(json, market, "date_modified", order->updated_ms);
    put_times(json, market, "date_paid", order->created_ms);
    put_times(json, market, "date_completed", order->fulfilled_ms);
}

void sandbox_woocommerce_order(const struct sandbox_market *market,
                               const struct sandbox_order *order, struct json_out *json)
{
    json_object(json);
    put_order_head(json, market, order);
    json_put_member(json, "discount_total", "0.00");
    json_put_member(json, "shipping_total", "0.00");
    sandbox_put_money(json, "total", sandbox_order_total_cents(order, false));
    json_put_member(json, "total_tax", "0.00");
    sandbox_put_bool(json, "prices_include_tax", false);
    json_put_member_int(json, "customer_id", 0);
    put_buyer(json);
    json_put_member(json, "payment_method", "bacs");
    sandbox_put_empty_array(json, "meta_data");
    json_key(json, "line_items");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_line(json, &order->lines[i]);
    json_array_end(json);
    sandbox_put_empty_array(json, "tax_lines");
    sandbox_put_empty_array(json, "shipping_lines");
    sandbox_put_empty_array(json, "fee_lines");
    sandbox_put_empty_array(json, "coupon_lines");
    put_refunds(json, order);
    put_links(json, market, "orders", order->id);
    json_object_end(json);
}

static void put_refund_line(struct json_out *json, const struct sandbox_refund_line *part)
{
    const struct sandbox_listing *listing = part->line->listing;

    json_object(json);
    sandbox_put_id(json, "id", part->id);
    json_put_member(json, "name", listing->product->title);
    sandbox_put_id(json, "product_id", listing->product->id);
    sandbox_put_id(json, "variation_id", listing->product->variable ? listing->id : "0");
    json_put_member_int(json, "quantity", -part->quantity);
    sandbox_put_money(json, "total", -part->quantity * listing->price_cents);
    json_put_member(json, "sku", listing->sku);
    json_key(json, "meta_data");
    json_array(json);
    put_meta(json, 13107, "_refunded_item_id", part->line->id);
    json_array_end(json);
    json_object_end(json);
}

void sandbox_woocommerce_refund(const struct sandbox_market *market,
                                const struct sandbox_order *order,
                                const struct sandbox_refund *refund, struct json_out *json)
{
    char collection[64];

    snprintf(collection, sizeof(collection), "orders/%s/refunds", order->id);
    json_object(json);
    sandbox_put_id(json, "id", refund->id);
    put_times(json, market, "date_created", refund->created_ms);
    sandbox_put_money(json, "amount", refund_cents(refund));
    json_put_member(json, "reason", "");
    json_put_member_int(json, "refunded_by", 1);
    sandbox_put_bool(json, "refunded_payment", false);
    sandbox_put_empty_array(json, "meta_data");
    json_key(json, "line_items");
    json_array(json);
    for (size_t i = 0; i < refund->lines_len; i++)
        put_refund_line(json, &refund->lines[i]);
    json_array_end(json);
    put_links(json, market, collection, refund->id);
    json_object_end(json);
}

static void put_stock(struct json_out *json, const struct sandbox_listing *listing)
{
    json_put_member(json, "sku", listing->sku);
    sandbox_put_money(json, "price", listing->price_cents);
    sandbox_put_money(json, "regular_price", listing->price_cents);
    sandbox_put_bool(json, "manage_stock", true);
    json_put_member_int(json, "stock_quantity", listing->quantity);
    json_put_member(json, "stock_status", listing->quantity > 0 ? "instock" : "outofstock");
    json_put_member(json, "backorders", "no");
    sandbox_put_bool(json, "backorders_allowed", false);
    sandbox_put_bool(json, "backordered", false);
}

/* The parent of variations holds no stock of its own. */
static void put_no_stock(struct json_out *json, const struct sandbox_product *product)
{
    bool in_stock = false;

    for (size_t i = 0; i < product->listings_len; i++)
        in_stock = in_stock || product->listings[i].quantity > 0;
    json_put_member(json, "sku", "");
    json_put_member(json, "price", "");
    json_put_member(json, "regular_price", "");
    sandbox_put_bool(json, "manage_stock", false);
    sandbox_put_null(json, "stock_quantity");
    json_put_member(json, "stock_status", in_stock ? "instock" : "outofstock");
    json_put_member(json, "backorders", "no");
    sandbox_put_bool(json, "backorders_allowed", false);
    sandbox_put_bool(json, "backordered", false);
}

static int64_t product_updated_ms(const struct sandbox_product *product)
{
    int64_t updated_ms = 0;

    for (size_t i = 0; i < product->listings_len; i++)
        if (product->listings[i].updated_ms > updated_ms)
            updated_ms = product->listings[i].updated_ms;
    return updated_ms;
}

void sandbox_woocommerce_product(const struct sandbox_market *market,
                                 const struct sandbox_product *product, struct json_out *json)
{
    json_object(json);
    sandbox_put_id(json, "id", product->id);
    json_put_member(json, "name", product->title);
    put_times(json, market, "date_created", 1490288474000);
    put_times(json, market, "date_modified", product_updated_ms(product));
    json_put_member(json, "type", product->variable ? "variable" : "simple");
    json_put_member(json, "status", "publish");
    json_put_member(json, "catalog_visibility", "visible");
    json_put_member(json, "description", "");
    if (product->variable || product->listings_len == 0)
        put_no_stock(json, product);
    else
        put_stock(json, product->listings);
    json_put_member_int(json, "parent_id", 0);
    sandbox_put_empty_array(json, "attributes");
    json_key(json, "variations");
    json_array(json);
    for (size_t i = 0; product->variable && i < product->listings_len; i++)
        json_put_raw(json, product->listings[i].id);
    json_array_end(json);
    sandbox_put_empty_array(json, "meta_data");
    put_links(json, market, "products", product->id);
    json_object_end(json);
}

void sandbox_woocommerce_variation(const struct sandbox_market *market,
                                   const struct sandbox_listing *listing, bool as_product,
                                   struct json_out *json)
{
    char collection[80];

    snprintf(collection, sizeof(collection), "products/%s/variations", listing->product->id);
    json_object(json);
    sandbox_put_id(json, "id", listing->id);
    if (as_product)
        json_put_member(json, "name", listing->product->title);
    put_times(json, market, "date_created", 1490288474000);
    put_times(json, market, "date_modified", listing->updated_ms);
    json_put_member(json, "type", "variation");
    json_put_member(json, "status", "publish");
    json_put_member(json, "description", "");
    put_stock(json, listing);
    sandbox_put_id(json, "parent_id", listing->product->id);
    json_key(json, "attributes");
    json_array(json);
    json_object(json);
    json_put_member_int(json, "id", 6);
    json_put_member(json, "name", "Variant");
    json_put_member(json, "option", listing->title);
    json_object_end(json);
    json_array_end(json);
    if (as_product)
        sandbox_put_empty_array(json, "variations");
    sandbox_put_empty_array(json, "meta_data");
    put_links(json, market, as_product ? "products" : collection, listing->id);
    json_object_end(json);
}
