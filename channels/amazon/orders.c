#include <string.h>

#include "channels/amazon/internal.h"

/*
 * An order comes by three roads: ORDER_CHANGE, which may not tell of new orders and never says what
 * was cancelled [1.1], and the two Orders APIs, which do. Within one second what was read wins over
 * what was notified: a reading knows more.
 */
enum { SECOND_MS = 1000, READ_RANK_MS = 999 };

struct order {
    const char *id;
    const char *status;
    const char *marketplace;
    const char *fulfilled_by;
    const char *fulfils; /* another channel's order: a multi-channel one */
    int64_t placed_ms;
    int64_t occurred_ms;
    int64_t version_ms;
    int64_t shipped_by_ms; /* when it is promised to leave, 0: not told */
};

struct line {
    const char *id;
    const char *sku;
    int64_t ordered;
    int64_t shipped; /* so far; -1: not told */
    int64_t open;    /* to be shipped yet; -1: not told */
    bool is_cancelled;
};

/* Words of both APIs and of notifications. A status that is not listed may hold units or not: its
   bytes are kept for people. */
static const char *const held[] = {
    "Pending", "PendingAvailability", "Unshipped", "PartiallyShipped",
    "Shipped", "InvoiceUnconfirmed",  NULL};
static const char *const ended[] = {"Cancelled", "Unfulfillable", NULL};
static const char *const not_begun[] = {"Pending", "PendingAvailability", NULL};
static const char *const by_amazon[] = {"AFN", "AMAZON", NULL};
static const char *const by_merchant[] = {"MFN", "MERCHANT", "", NULL};

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

static bool check_words(const struct order *order, struct err *err)
{
    if (!channel_amazon_is_one_of(order->status, held) &&
        !channel_amazon_is_one_of(order->status, ended))
        return err_set(err, ERR_REJECT, "order %s: status '%.50s' is not known", order->id,
                       order->status);
    if (!channel_amazon_is_one_of(order->fulfilled_by, by_amazon) &&
        !channel_amazon_is_one_of(order->fulfilled_by, by_merchant))
        return err_set(err, ERR_REJECT, "order %s: fulfilment by '%.50s' is not known", order->id,
                       order->fulfilled_by);
    return true;
}

/*
 * Units that the buyer will never get. What was ordered and is neither shipped nor to be shipped
 * was taken off; but before an order may be shipped nothing is to be, and yet all is held. Units
 * that were shipped are not cancelled, whatever the status says later.
 */
static int64_t cancelled_of(const struct order *order, const struct line *line)
{
    if (line->ordered < 0)
        return 0;
    int64_t shipped = clamp(line->shipped, 0, line->ordered);
    if (line->is_cancelled || channel_amazon_is_one_of(order->status, ended))
        return line->ordered - shipped;
    if (line->open < 0 || line->shipped < 0 || channel_amazon_is_one_of(order->status, not_begun))
        return 0;
    return clamp(line->ordered - shipped - line->open, 0, line->ordered - shipped);
}

static const char *pool_of(const struct channel_document *document, const struct order *order)
{
    return channel_amazon_is_one_of(order->fulfilled_by, by_amazon)
               ? channel_account_setting(document->account, "fba_pool")
               : "";
}

static void add_line(const struct channel_document *document, const struct order *order,
                     const struct line *line)
{
    struct event *event = event_list_add(document->events, document->arena, EVENT_ORDER_LINE);

    event->times.occurred_ms = order->occurred_ms;
    event->order_line = (struct event_order_line){
        .order_id = order->id,
        .line_id = line->id,
        .listing = line->sku,
        .ordered = line->ordered,
        .cancelled = cancelled_of(order, line),
        .placed_ms = order->placed_ms,
        .version_ms = order->version_ms,
        .status = order->status,
        .pool = pool_of(document, order),
        .fulfils = order->fulfils,
    };
}

static void add_part(const struct channel_document *document, enum event_kind kind,
                     const struct event_line_part *part, int64_t occurred_ms)
{
    struct event *event = event_list_add(document->events, document->arena, kind);

    event->times.occurred_ms = occurred_ms;
    event->part = *part;
}

/* Names of an item's members. */
struct item_keys {
    const char *id;
    const char *sku;
    const char *ordered;
    const char *shipped;
};

/* False: a bad line says why. A number that no order can have is one all the same: the event breaks
   a rule, and is looked at where it can be put right. */
static bool read_item(const struct channel_document *document, const char *order_id,
                      const struct json *item, const struct item_keys *keys, struct line *ret_line)
{
    struct line line = {
        .id = channel_amazon_text(document->arena, item, keys->id),
        .sku = channel_amazon_text(document->arena, item, keys->sku),
        .shipped = -1,
        .open = -1,
    };

    if (line.id[0] == '\0') {
        channel_bad_line(document->bad, document->arena, "order %s: an item's %s is missing",
                         order_id, keys->id);
        return false;
    }
    if (!channel_amazon_units(item, keys->ordered, &line.ordered)) {
        channel_bad_line(document->bad, document->arena, "order %s: item %s: %s is no whole number",
                         order_id, line.id, keys->ordered);
        return false;
    }
    if (!json_is_null(channel_amazon_get(item, keys->shipped)) &&
        !channel_amazon_units(item, keys->shipped, &line.shipped)) {
        channel_bad_line(document->bad, document->arena, "order %s: item %s: %s is no whole number",
                         order_id, line.id, keys->shipped);
        return false;
    }
    *ret_line = line;
    return true;
}

static void say_no_sku(const struct channel_document *document, const struct order *order,
                       const struct line *line)
{
    channel_bad_line(document->bad, document->arena,
                     "order %s: item %s: the seller's SKU is missing", order->id, line->id);
}

/* ---- ORDER_CHANGE ---- */

bool channel_amazon_order_change(const struct channel_document *document,
                                 const struct json *payload, int64_t event_ms)
{
    static const struct item_keys keys = {"OrderItemId", "SellerSKU", "Quantity",
                                          "QuantityShipped"};
    const struct json *summary = channel_amazon_get(payload, "Summary");
    const struct json *items = channel_amazon_get(summary, "OrderItems");
    struct order order = {
        .id = channel_amazon_text(document->arena, payload, "AmazonOrderId"),
        .status = channel_amazon_text(document->arena, summary, "OrderStatus"),
        .marketplace = channel_amazon_text(document->arena, summary, "MarketplaceId"),
        .fulfilled_by = channel_amazon_text(document->arena, summary, "FulfillmentType"),
        .fulfils = "",
        .occurred_ms = event_ms,
    };
    struct err why = {0};

    if (order.id[0] == '\0')
        return channel_document_refuse(document, "order", "AmazonOrderId");
    if (!channel_amazon_sells_in(document->account, order.marketplace, document->arena))
        return true;
    channel_amazon_time(channel_amazon_get(payload, "OrderChangeTrigger"), "TimeOfOrderChange",
                        &order.occurred_ms);
    /* Both may be null; then the order is read, and nothing is said before. */
    if (!channel_amazon_time(summary, "PurchaseDate", &order.placed_ms) || order.occurred_ms == 0)
        return true;
    if (json_kind(items) != JSON_ARRAY)
        return json_is_null(items) || channel_document_refuse(document, "order", "OrderItems");
    if (!check_words(&order, &why)) {
        /* The order is read all the same, and may say it in words that are known. */
        channel_bad_line(document->bad, document->arena, "%s", why.text);
        return true;
    }
    /* Two changes of one second that say the same are one fact: its time may not tell them apart.
     */
    order.version_ms = order.occurred_ms - order.occurred_ms % SECOND_MS;
    order.occurred_ms = order.version_ms;
    for (size_t i = 0; i < json_len(items); i++) {
        struct line line;

        if (!read_item(document, order.id, json_at(items, i), &keys, &line))
            continue;
        if (line.sku[0] == '\0')
            say_no_sku(document, &order, &line);
        else
            add_line(document, &order, &line);
    }
    return true;
}

/* ---- what both Orders APIs say ---- */

static bool read_times(const struct channel_document *document, const struct json *json,
                       const char *placed, const char *updated, struct order *order)
{
    if (!channel_amazon_time(json, placed, &order->placed_ms))
        return channel_document_refuse(document, "order", placed);
    if (!channel_amazon_time(json, updated, &order->occurred_ms))
        return channel_document_refuse(document, "order", updated);
    order->version_ms = order->occurred_ms + READ_RANK_MS;
    return check_words(order, document->err);
}

/* ---- v0 ---- */

/*
 * It says how many were shipped so far, but not when, and a fact needs a time that does not change
 * from one reading to the next. A line that went out as a whole is dated to the day by which it was
 * promised: late rather than early, since units that are counted while they are still there must
 * not come off the books before.
 */
static void add_shipped_v0(const struct channel_document *document, const struct order *order,
                           const struct line *line)
{
    if (line->ordered <= 0 || line->shipped < line->ordered || order->shipped_by_ms == 0)
        return;
    const struct event_line_part part = {
        .order_id = order->id,
        .line_id = line->id,
        .part_id = arena_printf(document->arena, "%s/%s/shipped", order->id, line->id),
        .listing = line->sku,
        .quantity = line->ordered,
        .bucket = "",
    };
    add_part(document, EVENT_LINE_SHIPPED, &part, order->shipped_by_ms);
}

static bool read_order_v0(const struct channel_document *document, const struct json *json)
{
    static const struct item_keys keys = {"OrderItemId", "SellerSKU", "QuantityOrdered",
                                          "QuantityShipped"};
    const struct json *items = channel_amazon_get(json, "OrderItems");
    struct order order = {
        .id = channel_amazon_text(document->arena, json, "AmazonOrderId"),
        .status = channel_amazon_text(document->arena, json, "OrderStatus"),
        .marketplace = channel_amazon_text(document->arena, json, "MarketplaceId"),
        .fulfilled_by = channel_amazon_text(document->arena, json, "FulfillmentChannel"),
        .fulfils = "",
    };

    if (!channel_amazon_sells_in(document->account, order.marketplace, document->arena))
        return true;
    if (channel_amazon_is(channel_amazon_text(document->arena, json, "SalesChannel"), "NonAmazon"))
        order.fulfils = channel_amazon_text(document->arena, json, "SellerOrderId");
    if (!read_times(document, json, "PurchaseDate", "LastUpdateDate", &order))
        return false;
    channel_amazon_time(json, "LatestShipDate", &order.shipped_by_ms);
    for (size_t i = 0; i < json_len(items); i++) {
        struct line line;

        if (!read_item(document, order.id, json_at(items, i), &keys, &line))
            continue;
        if (line.sku[0] == '\0') {
            say_no_sku(document, &order, &line);
            continue;
        }
        add_line(document, &order, &line);
        add_shipped_v0(document, &order, &line);
    }
    return true;
}

/* ---- 2026-01-01 ---- */

static const char *seller_order_id(const struct channel_document *document, const struct json *json)
{
    const struct json *aliases = channel_amazon_get(json, "orderAliases");

    for (size_t i = 0; i < json_len(aliases); i++) {
        const struct json *alias = json_at(aliases, i);

        if (channel_amazon_is(channel_amazon_text(document->arena, alias, "aliasType"),
                              "SELLER_ORDER_ID"))
            return channel_amazon_text(document->arena, alias, "aliasId");
    }
    return channel_amazon_text(document->arena, json, "orderId");
}

static void read_item_2026(const struct channel_document *document, const struct order *order,
                           const struct json *item)
{
    static const struct item_keys keys = {"orderItemId", "sellerSku", "quantityOrdered",
                                          "quantityFulfilled"};
    const struct json *fulfillment = channel_amazon_get(item, "fulfillment");
    struct line line;

    if (!read_item(document, order->id, item, &keys, &line))
        return;
    line.sku =
        channel_amazon_text(document->arena, channel_amazon_get(item, "product"), "sellerSku");
    if (line.sku[0] == '\0') {
        say_no_sku(document, order, &line);
        return;
    }
    if (!channel_amazon_units(fulfillment, "quantityFulfilled", &line.shipped) ||
        !channel_amazon_units(fulfillment, "quantityUnfulfilled", &line.open))
        line.is_cancelled = !json_is_null(
            channel_amazon_get(channel_amazon_get(item, "cancellation"), "cancellationExecution"));
    add_line(document, order, &line);
}

static const char *sku_of_item(const struct channel_document *document, const struct json *json,
                               const char *line_id)
{
    const struct json *items = channel_amazon_get(json, "orderItems");

    for (size_t i = 0; i < json_len(items); i++) {
        const struct json *item = json_at(items, i);

        if (strcmp(channel_amazon_text(document->arena, item, "orderItemId"), line_id) == 0)
            return channel_amazon_text(document->arena, channel_amazon_get(item, "product"),
                                       "sellerSku");
    }
    return "";
}

static void read_package_item(const struct channel_document *document, const struct order *order,
                              const struct json *json, const char *package_id, int64_t shipped_ms,
                              const struct json *packed)
{
    struct event_line_part part = {
        .order_id = order->id,
        .line_id = channel_amazon_text(document->arena, packed, "orderItemId"),
        .bucket = "",
    };

    if (part.line_id[0] == '\0' || !channel_amazon_units(packed, "quantity", &part.quantity)) {
        channel_bad_line(document->bad, document->arena,
                         "order %s: package %s: an item's id or quantity is wrong", order->id,
                         package_id);
        return;
    }
    if (part.quantity == 0)
        return;
    part.part_id = arena_printf(document->arena, "%s/%s/%s", order->id, package_id, part.line_id);
    part.listing = sku_of_item(document, json, part.line_id);
    add_part(document, EVENT_LINE_SHIPPED, &part, shipped_ms);
}

/* Packages are the shipments of orders that the merchant fulfils; a package that is only planned
   has no shipTime [models orders_2026-01-01.json]. */
static void read_package(const struct channel_document *document, const struct order *order,
                         const struct json *json, const struct json *package)
{
    const struct json *items = channel_amazon_get(package, "packageItems");
    const char *id = channel_amazon_text(document->arena, package, "packageReferenceId");
    int64_t shipped_ms = 0;

    if (json_is_null(channel_amazon_get(package, "shipTime")))
        return;
    if (id[0] == '\0' || !channel_amazon_time(package, "shipTime", &shipped_ms)) {
        channel_bad_line(document->bad, document->arena,
                         "order %s: a package's packageReferenceId or shipTime is wrong",
                         order->id);
        return;
    }
    for (size_t i = 0; i < json_len(items); i++)
        read_package_item(document, order, json, id, shipped_ms, json_at(items, i));
}

static bool read_order_2026(const struct channel_document *document, const struct json *json)
{
    const struct json *fulfillment = channel_amazon_get(json, "fulfillment");
    const struct json *sales = channel_amazon_get(json, "salesChannel");
    const struct json *items = channel_amazon_get(json, "orderItems");
    const struct json *packages = channel_amazon_get(json, "packages");
    struct order order = {
        .id = channel_amazon_text(document->arena, json, "orderId"),
        .status = channel_amazon_text(document->arena, fulfillment, "fulfillmentStatus"),
        .marketplace = channel_amazon_text(document->arena, sales, "marketplaceId"),
        .fulfilled_by = channel_amazon_text(document->arena, fulfillment, "fulfilledBy"),
        .fulfils = "",
    };

    if (!channel_amazon_sells_in(document->account, order.marketplace, document->arena))
        return true;
    if (json_kind(items) != JSON_ARRAY)
        return channel_document_refuse(document, "order", "orderItems");
    if (channel_amazon_is(channel_amazon_text(document->arena, sales, "channelName"), "NON_AMAZON"))
        order.fulfils = seller_order_id(document, json);
    if (!read_times(document, json, "createdTime", "lastUpdatedTime", &order))
        return false;
    for (size_t i = 0; i < json_len(items); i++)
        read_item_2026(document, &order, json_at(items, i));
    for (size_t i = 0; i < json_len(packages); i++)
        read_package(document, &order, json, json_at(packages, i));
    return true;
}

bool channel_amazon_order(const struct channel_document *document, const struct json *order)
{
    if (channel_amazon_text(document->arena, order, "orderId")[0] != '\0')
        return read_order_2026(document, order);
    if (channel_amazon_text(document->arena, order, "AmazonOrderId")[0] != '\0')
        return read_order_v0(document, order);
    return channel_document_refuse(document, "order", "orderId");
}

/* ---- multi-channel fulfilment ---- */

/*
 * The storefront's order sold the units; Amazon's order for them says so, and moves nothing
 * (`fulfils`). What leaves Amazon's centres shows in Amazon's own counts of that pool, once [1.5].
 */
static const struct fulfillment_keys {
    const char *items;
    struct item_keys item;
    const char *cancelled;
    const char *unfulfillable;
} fulfillment_keys[] = {
    {"fulfillmentOrderItems",
     {"sellerFulfillmentOrderItemId", "sellerSku", "quantity", ""},
     "cancelledQuantity", "unfulfillableQuantity"},
    {"lineItems",
     {"lineItemId", "amazonSku", "amount", ""},
     "cancelledAmount",   "unfulfillableAmount"  },
};

static const char *const fulfillment_ended[] = {"Cancelled", "Unfulfillable", "Invalid", NULL};

static void read_fulfillment_item(const struct channel_document *document,
                                  const struct order *order, const struct fulfillment_keys *keys,
                                  const struct json *item)
{
    const struct json *product = channel_amazon_get(item, "product");
    int64_t cancelled = 0;
    int64_t unfulfillable = 0;
    struct line line;

    if (!read_item(document, order->id, item, &keys->item, &line))
        return;
    if (product != NULL)
        line.sku = channel_amazon_text(
            document->arena, channel_amazon_get(product, "productIdentifier"), keys->item.sku);
    if (line.sku[0] == '\0') {
        say_no_sku(document, order, &line);
        return;
    }
    channel_amazon_units(item, keys->cancelled, &cancelled);
    channel_amazon_units(item, keys->unfulfillable, &unfulfillable);
    cancelled =
        clamp(cancelled, 0, EVENT_QUANTITY_MAX) + clamp(unfulfillable, 0, EVENT_QUANTITY_MAX);
    line.shipped = 0;
    line.is_cancelled = channel_amazon_is_one_of(order->status, fulfillment_ended);
    line.open = line.ordered < 0 ? -1 : clamp(line.ordered - cancelled, 0, line.ordered);
    add_line(document, order, &line);
}

/* An item that came back is one unit, graded by who received it. */
static void read_return(const struct channel_document *document, const struct order *order,
                        const struct json *json)
{
    const char *condition = channel_amazon_text(document->arena, json, "returnReceivedCondition");
    struct event_line_part part = {
        .order_id = order->id,
        .line_id = channel_amazon_text(document->arena, json, "sellerFulfillmentOrderItemId"),
        .part_id = channel_amazon_text(document->arena, json, "sellerReturnItemId"),
        .listing = "",
        .quantity = 1,
        .bucket = channel_amazon_is(condition, "Sellable") ? "sellable" : "unfulfillable",
    };
    int64_t received_ms = 0;

    if (condition[0] == '\0')
        return; /* on its way */
    if (part.line_id[0] == '\0' || part.part_id[0] == '\0' ||
        !channel_amazon_time(json, "statusChangedDate", &received_ms)) {
        channel_bad_line(document->bad, document->arena,
                         "order %s: a returned item's id or time is missing", order->id);
        return;
    }
    add_part(document, EVENT_LINE_RETURNED, &part, received_ms);
}

bool channel_amazon_fulfillment_order(const struct channel_document *document,
                                      const struct json *json)
{
    const struct json *head = channel_amazon_get(json, "fulfillmentOrder");
    bool is_2020 = head != NULL;
    const struct fulfillment_keys *keys = &fulfillment_keys[is_2020 ? 0 : 1];
    const struct json *returns = channel_amazon_get(json, "returnItems");

    if (!is_2020)
        head = json;
    const struct json *items = channel_amazon_get(json, keys->items);
    struct order order = {
        .id = channel_amazon_text(document->arena, head,
                                  is_2020 ? "sellerFulfillmentOrderId" : "orderId"),
        .status = channel_amazon_text(document->arena, head,
                                      is_2020 ? "fulfillmentOrderStatus" : "status"),
        .fulfilled_by = "AFN",
        .fulfils = channel_amazon_text(document->arena, head, "displayableOrderId"),
    };
    if (order.id[0] == '\0')
        return channel_document_refuse(document, "fulfilment order", "sellerFulfillmentOrderId");
    if (order.fulfils[0] == '\0')
        order.fulfils = order.id;
    if (!channel_amazon_time(head, is_2020 ? "receivedDate" : "receiveTime", &order.placed_ms))
        return channel_document_refuse(document, "fulfilment order", "receivedDate");
    if (!channel_amazon_time(head, is_2020 ? "statusUpdatedDate" : "statusUpdateTime",
                             &order.occurred_ms))
        return channel_document_refuse(document, "fulfilment order", "statusUpdatedDate");
    order.version_ms = order.occurred_ms + READ_RANK_MS;
    for (size_t i = 0; i < json_len(items); i++)
        read_fulfillment_item(document, &order, keys, json_at(items, i));
    for (size_t i = 0; i < json_len(returns); i++)
        read_return(document, &order, json_at(returns, i));
    return true;
}
