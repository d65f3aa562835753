#include <string.h>

#include "tools/sandbox/tiktok.h"
#include "tools/sandbox/wording.h"

static void put_seconds(struct json_out *json, const char *key, int64_t ms)
{
    json_put_member_int(json, key, ms / 1000);
}

/* ---- orders ---- */

static const char *status_of_order(const struct sandbox_order *order)
{
    if (order->cancelled_ms != 0)
        return "CANCELLED";
    return order->fulfilled_ms != 0 ? "IN_TRANSIT" : "AWAITING_SHIPMENT";
}

/* Units in their order: the cancelled ones, those that were shipped, the others. */
static const char *status_of_unit(const struct sandbox_line *line, int64_t unit)
{
    if (unit < line->cancelled)
        return "CANCELLED";
    return unit < line->cancelled + line->fulfilled ? "IN_TRANSIT" : "AWAITING_SHIPMENT";
}

static void put_unit(const struct sandbox_order *order, const struct sandbox_line *line,
                     int64_t unit, struct json_out *json)
{
    const struct sandbox_listing *listing = line->listing;
    const char *status = status_of_unit(line, unit);
    bool is_away = strcmp(status, "IN_TRANSIT") == 0;
    SCOPED(buf) struct buf id = {0};

    buf_printf(&id, "%s%03d", line->id, (int)unit % 1000);
    json_object(json);
    json_put_member(json, "id", buf_str(&id));
    json_put_member(json, "product_id", listing->product->id);
    json_put_member(json, "product_name", listing->product->title);
    json_put_member(json, "sku_id", listing->id);
    json_put_member(json, "sku_name", listing->title);
    json_put_member(json, "seller_sku", listing->sku);
    json_put_member(json, "display_status", status);
    sandbox_put_money(json, "sale_price", listing->price_cents);
    json_put_member(json, "currency", "USD");
    if (is_away) {
        put_seconds(json, "rts_time", order->fulfilled_ms);
        json_put_member(json, "package_id", order->fulfillment_id);
    }
    json_put_member(json, "package_status", is_away ? "FULFILLING" : "TO_FULFILL");
    json_object_end(json);
}

void sandbox_tiktok_put_order(const struct sandbox_channel *channel,
                              const struct sandbox_order *order, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "id", order->id);
    json_put_member(json, "status", status_of_order(order));
    put_seconds(json, "create_time", order->created_ms);
    put_seconds(json, "update_time", order->updated_ms);
    put_seconds(json, "paid_time", order->created_ms);
    if (order->fulfilled_ms != 0)
        put_seconds(json, "collection_time", order->fulfilled_ms);
    json_put_member(json, "fulfillment_type", "FULFILLMENT_BY_SELLER");
    json_put_member(json, "warehouse_id", channel->config->location);
    json_key(json, "recipient_address");
    json_object(json);
    json_put_member(json, "name", "Zoë Example");
    json_object_end(json);
    json_key(json, "line_items");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        for (int64_t unit = 0; unit < order->lines[i].quantity; unit++)
            put_unit(order, &order->lines[i], unit, json);
    }
    json_array_end(json);
    json_object_end(json);
}

/* ---- returns ---- */

bool sandbox_tiktok_is_return(const struct sandbox_refund *refund)
{
    return refund->lines_len > 0 && strcmp(refund->lines[0].restock_type, "return") == 0;
}

static void put_returned_unit(const struct sandbox_refund_line *part, int64_t unit,
                              struct json_out *json)
{
    SCOPED(buf) struct buf id = {0};

    buf_printf(&id, "%s%03d", part->id, (int)unit % 1000);
    json_object(json);
    json_put_member(json, "return_line_item_id", buf_str(&id));
    json_put_member(json, "sku_id", part->line->listing->id);
    json_put_member(json, "seller_sku", part->line->listing->sku);
    json_object_end(json);
}

void sandbox_tiktok_put_return(const struct sandbox_order *order,
                               const struct sandbox_refund *refund, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "return_id", refund->id);
    json_put_member(json, "order_id", order->id);
    json_put_member(json, "return_type", "RETURN_AND_REFUND");
    json_put_member(json, "return_status", "RETURN_OR_REFUND_REQUEST_COMPLETE");
    put_seconds(json, "create_time", refund->created_ms);
    put_seconds(json, "update_time", refund->created_ms);
    json_key(json, "return_line_items");
    json_array(json);
    for (int64_t unit = 0; unit < refund->lines[0].quantity; unit++)
        put_returned_unit(&refund->lines[0], unit, json);
    json_array_end(json);
    json_object_end(json);
}

/* ---- inventory ---- */

/* One unit more is held for a campaign: the totals have it, the shop can't sell it. */
static void put_sku(const struct sandbox_channel *channel, const struct sandbox_listing *listing,
                    struct json_out *json)
{
    int64_t total = listing->quantity + 1;

    json_object(json);
    json_put_member(json, "id", listing->id);
    json_put_member(json, "seller_sku", listing->sku);
    json_put_member_int(json, "total_available_quantity", total);
    json_put_member_int(json, "total_committed_quantity", listing->committed);
    json_key(json, "warehouse_inventory");
    json_array(json);
    json_object(json);
    json_put_member(json, "warehouse_id", channel->config->location);
    json_put_member_int(json, "available_quantity", total);
    json_put_member_int(json, "committed_quantity", listing->committed);
    json_object_end(json);
    json_array_end(json);
    json_key(json, "total_available_inventory_distribution");
    json_object(json);
    json_key(json, "in_shop_inventory");
    json_object(json);
    json_put_member_int(json, "quantity", listing->quantity);
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

void sandbox_tiktok_put_inventory(const struct sandbox_channel *channel,
                                  const struct sandbox_product *product,
                                  const struct sandbox_listing *only, struct json_out *json)
{
    json_object(json);
    json_put_member(json, "product_id", product->id);
    json_key(json, "skus");
    json_array(json);
    for (size_t i = 0; i < product->listings_len; i++) {
        if (only == NULL || only == &product->listings[i])
            put_sku(channel, &product->listings[i], json);
    }
    json_array_end(json);
    json_object_end(json);
}
