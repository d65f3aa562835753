#include "tools/sandbox/bigcommerce.h"
#include "tools/sandbox/wording.h"

bool sandbox_bigcommerce_is_tracked_by_product(const struct sandbox_listing *listing)
{
    return listing->inventory_item_id[0] != '\0';
}

/* Ids of order statuses. */
static int status_of(const struct sandbox_order *order)
{
    enum {
        SHIPPED = 2,
        REFUNDED = 4,
        CANCELLED = 5,
        AWAITING_FULFILLMENT = 11,
        PARTIALLY_REFUNDED = 14
    };

    if (order->cancelled_ms != 0)
        return CANCELLED;
    if (order->refunds_len > 0)
        return sandbox_order_current(order) == 0 ? REFUNDED : PARTIALLY_REFUNDED;
    return order->fulfilled_ms != 0 ? SHIPPED : AWAITING_FULFILLMENT;
}

static int64_t refunded_of(const struct sandbox_order *order, const struct sandbox_line *line)
{
    int64_t sum = 0;

    for (size_t i = 0; order->cancelled_ms == 0 && i < order->refunds_len; i++) {
        for (size_t j = 0; j < order->refunds[i]->lines_len; j++) {
            if (order->refunds[i]->lines[j].line == line)
                sum += order->refunds[i]->lines[j].quantity;
        }
    }
    return sum;
}

static void put_line(const struct sandbox_order *order, const struct sandbox_line *line,
                     struct json_out *json)
{
    json_object(json);
    sandbox_put_id(json, "id", line->id);
    sandbox_put_id(json, "order_id", order->id);
    sandbox_put_id(json, "product_id", line->listing->product->id);
    sandbox_put_id(json, "variant_id", line->listing->id);
    json_put_member(json, "name", line->listing->product->title);
    json_put_member(json, "sku", line->listing->sku);
    json_put_member(json, "type", "physical");
    sandbox_put_money(json, "base_price", line->listing->price_cents);
    json_put_member_int(json, "quantity", line->quantity);
    json_put_member_int(json, "quantity_shipped", line->fulfilled);
    json_put_member_int(json, "quantity_refunded", refunded_of(order, line));
    sandbox_put_bool(json, "is_refunded", refunded_of(order, line) == line->quantity);
    sandbox_put_null(json, "parent_order_product_id");
    sandbox_put_empty_array(json, "product_options");
    json_object_end(json);
}

void sandbox_bigcommerce_lines(const struct sandbox_order *order, struct json_out *json)
{
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++)
        put_line(order, &order->lines[i], json);
    json_array_end(json);
}

static void put_resource(const struct sandbox_channel *channel, const struct sandbox_order *order,
                         const char *name, struct json_out *json)
{
    SCOPED(buf) struct buf url = {0};

    buf_printf(&url, "https://api.bigcommerce.com/stores/%s/v2/orders/%s/%s",
               channel->config->account, order->id, name);
    json_key(json, name);
    json_object(json);
    json_put_member(json, "url", buf_str(&url));
    json_object_end(json);
}

static void put_consignments(const struct sandbox_order *order, struct json_out *json)
{
    json_key(json, "consignments");
    json_object(json);
    sandbox_put_empty_array(json, "pickups");
    json_key(json, "shipping");
    json_array(json);
    json_object(json);
    json_put_member_int(json, "id", 99);
    json_key(json, "line_items");
    sandbox_bigcommerce_lines(order, json);
    json_object_end(json);
    json_array_end(json);
    sandbox_put_empty_array(json, "downloads");
    json_object_end(json);
}

static void put_time(struct json_out *json, const char *key, int64_t ms)
{
    char text[SANDBOX_TIME_LEN];

    json_put_member(json, key, ms == 0 ? "" : sandbox_time_mail(text, ms));
}

static void put_head(const struct sandbox_order *order, struct json_out *json)
{
    int64_t shipped = 0;

    for (size_t i = 0; i < order->lines_len; i++)
        shipped += order->lines[i].fulfilled;
    sandbox_put_id(json, "id", order->id);
    json_put_member_int(json, "customer_id", 0);
    put_time(json, "date_created", order->created_ms);
    put_time(json, "date_modified", order->updated_ms);
    put_time(json, "date_shipped", order->fulfilled_ms);
    json_put_member_int(json, "status_id", status_of(order));
    json_put_member(json, "custom_status", "as the merchant calls it");
    sandbox_put_money(json, "total_inc_tax", sandbox_order_total_cents(order, false));
    json_put_member_int(json, "items_shipped", shipped);
    sandbox_put_bool(json, "is_deleted", false);
    json_put_member_int(json, "channel_id", 1);
    json_key(json, "billing_address");
    json_object(json);
    json_put_member(json, "first_name", "John");
    json_put_member(json, "last_name", "Doe");
    json_put_member(json, "email", "john.doe@example.com");
    json_object_end(json);
}

void sandbox_bigcommerce_order(const struct sandbox_channel *channel,
                               const struct sandbox_order *order, bool has_lines,
                               struct json_out *json)
{
    json_object(json);
    put_head(order, json);
    put_resource(channel, order, "products", json);
    if (has_lines)
        put_consignments(order, json);
    else
        put_resource(channel, order, "consignments", json);
    json_object_end(json);
}

void sandbox_bigcommerce_shipments(const struct sandbox_order *order, struct json_out *json)
{
    json_array(json);
    json_object(json);
    sandbox_put_id(json, "id", order->fulfillment_id);
    sandbox_put_id(json, "order_id", order->id);
    put_time(json, "date_created", order->fulfilled_ms);
    json_key(json, "items");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        if (order->lines[i].fulfilled == 0)
            continue;
        json_object(json);
        sandbox_put_id(json, "order_product_id", order->lines[i].id);
        sandbox_put_id(json, "product_id", order->lines[i].listing->product->id);
        json_put_member_int(json, "quantity", order->lines[i].fulfilled);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
    json_array_end(json);
}

void sandbox_bigcommerce_item(const struct sandbox_channel *channel,
                              const struct sandbox_listing *listing, struct json_out *json)
{
    json_object(json);
    json_key(json, "identity");
    json_object(json);
    json_put_member(json, "sku", listing->sku);
    sandbox_put_id(json, "variant_id", listing->id);
    sandbox_put_id(json, "product_id", listing->product->id);
    if (sandbox_bigcommerce_is_tracked_by_product(listing))
        sandbox_put_null(json, "sku_id");
    else
        sandbox_put_id(json, "sku_id", listing->id);
    json_object_end(json);
    json_key(json, "locations");
    json_array(json);
    json_object(json);
    sandbox_put_id(json, "location_id", channel->config->location);
    json_put_member(json, "location_code", "BC-LOCATION-1");
    sandbox_put_bool(json, "location_enabled", true);
    json_put_member_int(json, "available_to_sell", listing->quantity);
    json_put_member_int(json, "total_inventory_onhand", listing->quantity);
    json_object_end(json);
    json_array_end(json);
    json_object_end(json);
}
