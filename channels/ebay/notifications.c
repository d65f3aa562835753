#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"

#include "channels/address.h"
#include "channels/document.h"
#include "channels/ebay/internal.h"
#include "channels/signature.h"

enum { SENDER_ID_LEN_MAX = 128, ORDER_ID_LEN_MAX = 64, SKU_LEN_MAX = 255 };

/* ---- orders: getOrder, and the elements of getOrders [eb-oas sell_fulfillment] ---- */

/* eBay stamps whole seconds, and a purchase may be cancelled within one: a cancellation is final,
   so inside a second it wins. */
enum { CANCELLED_RANK_MS = 999 };

struct order {
    const char *id;
    const char *status;
    int64_t placed_ms;
    int64_t changed_ms;
    bool is_cancelled;
};

/* The variation's SKU, because reports and both writing APIs know a variation by nothing else. */
static const char *listing_of(const struct channel_document *body, const struct json *line)
{
    const char *item = channel_address_id(json_get(line, "legacyItemId"));
    const char *variation = channel_address_id(json_get(line, "legacyVariationId")); /* 0: none */
    const char *sku = channel_address_text(line, "sku");

    if (item == NULL)
        return "";
    if (variation == NULL)
        return item;
    if (sku[0] == '\0')
        return arena_printf(body->arena, "%s/#%s", item, variation);
    return arena_printf(body->arena, "%s/%.*s", item, SKU_LEN_MAX, sku);
}

/* What is not in the list is told, and taken for the first: its units stay promised. */
static size_t state_of(const struct channel_document *body, const char *what, const char *text,
                       const char *const *names)
{
    for (size_t i = 0; names[i] != NULL && text[0] != '\0'; i++) {
        if (strcasecmp(names[i], text) == 0)
            return i;
    }
    if (text[0] != '\0')
        channel_bad_line(body->bad, body->arena, "%s is '%.50s', which is not known", what, text);
    return 0;
}

/* Only IN_PROGRESS and CANCELED beside the first are on hearsay: eBay's schema names no values. */
static bool is_cancelled(const struct channel_document *body, const struct json *order)
{
    static const char *const states[] = {"NONE_REQUESTED", "IN_PROGRESS", "CANCELED", "CANCELLED",
                                         NULL};
    const struct json *status = json_get(order, "cancelStatus");

    return state_of(body, "cancelState", channel_address_text(status, "cancelState"), states) >= 2;
}

static bool is_shipped(const struct channel_document *body, const struct json *line)
{
    static const char *const states[] = {"NOT_STARTED", "IN_PROGRESS", "FULFILLED", NULL};
    const char *state = channel_address_text(line, "lineItemFulfillmentStatus");

    return state_of(body, "lineItemFulfillmentStatus", state, states) == 2;
}

/* Paid or not: a purchase lowers eBay's own quantity at once. */
static void read_order_line(const struct channel_document *body, const struct order *order,
                            const struct json *json)
{
    const char *line_id = channel_address_text(json, "lineItemId");
    const char *listing = listing_of(body, json);
    int64_t ordered = 0;

    if (!channel_ebay_is_plain(line_id, ORDER_ID_LEN_MAX)) {
        channel_bad_line(body->bad, body->arena,
                         "order %s: a line's lineItemId is missing or wrong", order->id);
        return;
    }
    if (listing[0] == '\0') {
        channel_bad_line(body->bad, body->arena, "line %s: legacyItemId is missing or wrong",
                         line_id);
        return;
    }
    if (!channel_address_units(json_get(json, "quantity"), INT64_MIN, INT64_MAX, &ordered)) {
        channel_bad_line(body->bad, body->arena,
                         "line %s: quantity is '%.50s', want a whole number", line_id,
                         channel_address_text(json, "quantity"));
        return;
    }
    /* Units that went out are not cancelled, whatever becomes of the order's money. */
    bool is_void = !is_shipped(body, json) && order->is_cancelled;
    struct event *event = event_list_add(body->events, body->arena, EVENT_ORDER_LINE);
    event->times.occurred_ms = order->changed_ms;
    event->order_line = (struct event_order_line){
        .order_id = order->id,
        .line_id = line_id,
        .listing = listing,
        .ordered = ordered,
        .cancelled = is_void && ordered > 0 ? ordered : 0,
        .placed_ms = order->placed_ms,
        .version_ms = order->changed_ms + (order->is_cancelled ? CANCELLED_RANK_MS : 0),
        .status = order->status,
        .pool = "",
        .fulfils = "",
    };
}

static bool read_order(const struct channel_document *body, const struct json *json,
                       struct order *ret_order)
{
    const char *sent = channel_address_text(json, "orderFulfillmentStatus");
    const char *paid = channel_address_text(json, "orderPaymentStatus");
    struct order order = {.id = channel_address_text(json, "orderId")};

    if (!channel_ebay_is_plain(order.id, ORDER_ID_LEN_MAX))
        return channel_document_refuse(body, "order", "orderId");
    if (!channel_address_time(json_get(json, "creationDate"), &order.placed_ms))
        return channel_document_refuse(body, "order", "creationDate");
    /* Without it, it is as old as can be: whatever else is told of the order is newer. */
    order.changed_ms = order.placed_ms;
    if (!json_is_null(json_get(json, "lastModifiedDate")) &&
        !channel_address_time(json_get(json, "lastModifiedDate"), &order.changed_ms))
        return channel_document_refuse(body, "order", "lastModifiedDate");
    if (json_kind(json_get(json, "lineItems")) != JSON_ARRAY)
        return channel_document_refuse(body, "order", "lineItems");
    order.is_cancelled = is_cancelled(body, json);
    order.status = order.is_cancelled ? "cancelled"
                                      : arena_printf(body->arena, "%.60s/%.60s",
                                                     paid[0] == '\0' ? "unknown" : paid,
                                                     sent[0] == '\0' ? "unknown" : sent);
    *ret_order = order;
    return true;
}

static bool normalize_order(const struct channel_document *body, const struct json *json)
{
    const struct json *lines = json_get(json, "lineItems");
    struct order order = {0};

    if (!read_order(body, json, &order))
        return false;
    for (size_t i = 0; i < json_len(lines); i++)
        read_order_line(body, &order, json_at(lines, i));
    return true;
}

static bool normalize_orders(const struct channel_document *body, const struct json *json)
{
    const struct json *orders = json_get(json, "orders");

    for (size_t i = 0; i < json_len(orders); i++) {
        struct channel_document element = *body;
        struct err why = {0};

        element.err = &why;
        if (!normalize_order(&element, json_at(orders, i)))
            channel_bad_line(body->bad, body->arena, "order %zu: %s", i, why.text);
    }
    return true;
}

/* ---- shipments: what read() puts beside an order of which something went out ---- */

static const struct json *line_of(const struct json *order, const char *line_id)
{
    const struct json *lines = json_get(order, "lineItems");

    for (size_t i = 0; i < json_len(lines); i++) {
        if (strcmp(channel_address_text(json_at(lines, i), "lineItemId"), line_id) == 0)
            return json_at(lines, i);
    }
    return NULL;
}

/* "This field is reserved": a line without it went out whole, in the first of its parcels. */
static bool shipped_units(const struct json *shipments, size_t shipment, const struct json *shipped,
                          const struct json *line, int64_t *ret_units)
{
    const char *line_id = channel_address_text(shipped, "lineItemId");

    if (channel_address_units(json_get(shipped, "quantity"), 1, EVENT_QUANTITY_MAX, ret_units))
        return true;
    for (size_t i = 0; i < shipment; i++) {
        const struct json *others = json_get(json_at(shipments, i), "lineItems");

        for (size_t k = 0; k < json_len(others); k++) {
            if (strcmp(channel_address_text(json_at(others, k), "lineItemId"), line_id) == 0)
                return false;
        }
    }
    return channel_address_units(json_get(line, "quantity"), 1, EVENT_QUANTITY_MAX, ret_units);
}

static void read_shipment(const struct channel_document *body, const struct json *order,
                          const struct json *shipments, size_t at)
{
    const struct json *shipment = json_at(shipments, at);
    const struct json *lines = json_get(shipment, "lineItems");
    const char *id = channel_address_text(shipment, "fulfillmentId");
    int64_t shipped_ms = 0;

    if (id[0] == '\0' || !channel_address_time(json_get(shipment, "shippedDate"), &shipped_ms)) {
        channel_bad_line(body->bad, body->arena,
                         "shipment %zu: fulfillmentId or shippedDate is missing or wrong", at);
        return;
    }
    for (size_t i = 0; i < json_len(lines); i++) {
        const char *line_id = channel_address_text(json_at(lines, i), "lineItemId");
        const struct json *line = line_id[0] == '\0' ? NULL : line_of(order, line_id);
        int64_t units = 0;

        if (line == NULL) {
            channel_bad_line(body->bad, body->arena, "shipment %.100s: a line is not of its order",
                             id);
            continue;
        }
        if (!shipped_units(shipments, at, json_at(lines, i), line, &units))
            continue;
        struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_SHIPPED);
        event->times.occurred_ms = shipped_ms;
        event->part = (struct event_line_part){
            .order_id = channel_address_text(order, "orderId"),
            .line_id = line_id,
            .part_id = arena_printf(body->arena, "%.100s/%s", id, line_id),
            .listing = listing_of(body, line),
            .quantity = units,
            .bucket = "",
        };
    }
}

static bool normalize_shipped(const struct channel_document *body, const struct json *json)
{
    const struct json *order = json_get(json, "order");
    const struct json *shipments = json_path(json, "shipping", "fulfillments", NULL);

    if (!normalize_order(body, order))
        return false;
    if (json_kind(shipments) != JSON_ARRAY)
        return channel_document_refuse(body, "shipping", "fulfillments");
    for (size_t i = 0; i < json_len(shipments); i++)
        read_shipment(body, order, shipments, i);
    return true;
}

/* ---- items: the answer of GetItem, which read() asked for ---- */

const struct xml *channel_ebay_response(const struct xml *root)
{
    const struct xml *body = strcmp(xml_name(root), "Envelope") == 0 ? xml_get(root, "Body") : NULL;

    return body == NULL ? root : xml_get(body, NULL);
}

struct item {
    const char *id;
    int64_t seen_ms;
    bool has_ended;
};

/* Quantity counts the sold ones, too [unconfirmed, though common practice]. */
static void add_item(const struct channel_document *body, const struct item *item,
                     const struct xml *what, const char *listing)
{
    const struct xml *sold = xml_path(what, "SellingStatus", "QuantitySold", NULL);
    const char *sku = xml_text(xml_get(what, "SKU"));
    int64_t total = 0;
    int64_t gone = 0;

    if (!xml_int(xml_get(what, "Quantity"), 0, EVENT_QUANTITY_MAX, &total) ||
        (sold != NULL && !xml_int(sold, 0, EVENT_QUANTITY_MAX, &gone))) {
        channel_bad_line(body->bad, body->arena, "item %s: Quantity or QuantitySold is wrong",
                         listing);
        return;
    }
    struct event *event = event_list_add(body->events, body->arena, EVENT_OBSERVATION);
    event->times.occurred_ms = item->seen_ms;
    event->observation = (struct event_observation){
        .listing = listing,
        .address = "",
        .sku = sku == NULL ? "" : sku,
        .tracked = true,
        .quantity = item->has_ended || gone > total ? 0 : total - gone,
        .version_ms = item->seen_ms,
    };
}

static bool normalize_item(const struct channel_document *body, const struct xml *response)
{
    const struct xml *what = xml_get(response, "Item");
    const struct xml *variation = xml_path(what, "Variations", "Variation", NULL);
    const char *state = xml_text(xml_path(what, "SellingStatus", "ListingStatus", NULL));
    struct item item = {.id = xml_text(xml_get(what, "ItemID"))};

    if (item.id == NULL || !channel_address_is_id(item.id))
        return xml_fail(response, body->err, "an item without an ItemID");
    if (!clock_parse(xml_text(xml_get(response, "Timestamp")), &item.seen_ms) || item.seen_ms <= 0)
        return xml_fail(response, body->err, "an item without a Timestamp");
    item.has_ended = state != NULL && strcmp(state, "Active") != 0;
    if (variation == NULL)
        add_item(body, &item, what, item.id);
    for (; variation != NULL; variation = xml_next(variation, "Variation")) {
        const char *sku = xml_text(xml_get(variation, "SKU"));

        if (sku == NULL || sku[0] == '\0')
            channel_bad_line(body->bad, body->arena, "item %s: a variation has no SKU", item.id);
        else
            add_item(body, &item, variation,
                     arena_printf(body->arena, "%s/%.*s", item.id, SKU_LEN_MAX, sku));
    }
    return true;
}

/* ---- bodies ---- */

/* Says nothing by itself: see hints(). */
static bool normalize_envelope(const struct channel_document *body, const struct json *json)
{
    if (channel_address_text(json_get(json, "metadata"), "topic")[0] == '\0')
        return channel_document_refuse(body, "metadata", "topic");
    if (json_kind(json_get(json, "notification")) != JSON_OBJECT)
        return channel_document_refuse(body, "notification", "notification");
    return true;
}

static const struct channel_document_reader no_topics[] = {{0}};

static const struct channel_document_reader shapes[] = {
    {"metadata",         normalize_envelope},
    {"shipping",                  normalize_shipped},
    {"lineItems",normalize_order},
    {"orders",        normalize_orders},
    {0                 },
};

static bool is_xml(const struct channel_notification *notification)
{
    const char *body = notification->body;
    size_t at = 0;

    while (at < notification->body_len && strchr(" \t\r\n\xEF\xBB\xBF", body[at]) != NULL &&
           body[at] != '\0')
        at++;
    return at < notification->body_len && body[at] == '<';
}

static bool is_hint(const struct channel_notification *notification, const char *what)
{
    return notification->hint != NULL && strncmp(notification->hint, what, strlen(what)) == 0;
}

/* A Platform Notification is signed without its body: nothing in it is believed. What we asked for
   ourselves is. */
static bool normalize_xml(const struct channel_document *body)
{
    const struct channel_notification *notification = body->notification;
    const struct xml *root =
        xml_parse(body->arena, notification->body, notification->body_len, body->err);
    const struct xml *response = channel_ebay_response(root);

    if (root == NULL)
        return false;
    if (response == NULL)
        return xml_fail(root, body->err, "an empty envelope");
    if (is_hint(notification, "item:"))
        return normalize_item(body, response);
    return true;
}

bool channel_ebay_normalize(const struct channel_account *account,
                            const struct channel_notification *notification, struct arena *arena,
                            struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                            struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    if (is_xml(notification))
        return normalize_xml(&document);
    return channel_document_normalize(&document, NULL,
                                      &(struct channel_document_readers){no_topics, shapes});
}

/* Spelled in more than one way over time, so lower case; XML has none. */
const char *channel_ebay_notification_id(const struct channel_account *account,
                                         const struct channel_notification *notification,
                                         struct arena *arena)
{
    struct err err = {0};
    const struct json *json =
        is_xml(notification) ? NULL
                             : json_parse(arena, notification->body, notification->body_len, &err);
    const char *id = channel_address_text(json_get(json, "notification"), "notificationId");

    (void)account;
    if (id[0] == '\0' || strlen(id) > SENDER_ID_LEN_MAX)
        return channel_signature_digest(arena, NULL, 0, notification->body, notification->body_len);
    char *lower = arena_strdup(arena, id);
    for (char *at = lower; *at != '\0'; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    return lower;
}

/* ---- hints ---- */

struct hinting {
    struct channel_hints *hints;
    struct arena *arena;
    struct err *err;
};

/* REST APIs call it "v1|110039288553|0". */
static const char *plain_item(struct arena *arena, const char *id)
{
    size_t len = strncmp(id, "v1|", 3) == 0 ? strcspn(id + 3, "|") : 0;

    return len == 0 ? id : arena_strndup(arena, id + 3, len);
}

static bool add_hint(const struct hinting *hinting, const char *what, const char *id)
{
    id = plain_item(hinting->arena, id);
    if (!channel_ebay_is_plain(id, ORDER_ID_LEN_MAX))
        return err_set(hinting->err, ERR_REJECT, "%s '%.64s' is no id", what, id);
    if (!channel_hint(hinting->hints, hinting->arena, "%s:%s", what, id))
        return err_set(hinting->err, ERR_REJECT, "more than %d orders", CHANNEL_HINTS_MAX);
    return true;
}

/* Wherever the topic's schema puts it: order.orderId, orderId, orders[].orderId. */
static bool hint_members(const struct hinting *hinting, const struct json *json, const char *member,
                         const char *what)
{
    for (size_t i = 0; i < json_len(json); i++) {
        const struct json *value = json_at(json, i);
        const char *key = json_key_at(json, i);

        if (key != NULL && strcmp(key, member) == 0 && json_text(value) != NULL &&
            !add_hint(hinting, what, json_text(value)))
            return false;
        if (!hint_members(hinting, value, member, what))
            return false;
    }
    return true;
}

/* What a topic names. Others mean nothing to stock: MARKETPLACE_ACCOUNT_DELETION among them, which
   must be answered, and of which nothing is kept. */
static const struct {
    const char *topic;
    const char *member;
    const char *what;
} topics[] = {
    {"ORDER_CONFIRMATION",          "orderId", "order"},
    {"ORDER_CANCELLATION_ACTIVITY", "orderId", "order"},
    {"ITEM_MARKED_SHIPPED",         "orderId", "order"},
    {"ITEM_AVAILABILITY",           "itemId",  "item" },
};

static bool hint_envelope(const struct hinting *hinting, const struct json *json)
{
    const char *topic = channel_address_text(json_get(json, "metadata"), "topic");
    const struct json *data = json_path(json, "notification", "data", NULL);

    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        if (strcasecmp(topics[i].topic, topic) == 0)
            return hint_members(hinting, data, topics[i].member, topics[i].what);
    }
    return true;
}

/* A page of getOrders does not say what was shipped when. Behind '@' stands what makes it worth
   another reading: the same page comes again and again. */
static bool hint_page(const struct hinting *hinting, const struct json *json)
{
    const struct json *orders = json_get(json, "orders");

    for (size_t i = 0; i < json_len(orders); i++) {
        const struct json *order = json_at(orders, i);
        const char *sent = channel_address_text(order, "orderFulfillmentStatus");
        const char *id = channel_address_text(order, "orderId");

        if (sent[0] == '\0' || strcasecmp(sent, "NOT_STARTED") == 0 ||
            !channel_ebay_is_plain(id, ORDER_ID_LEN_MAX))
            continue;
        if (!channel_hint(hinting->hints, hinting->arena, "order:%s@%.40s/%.40s", id,
                          channel_address_text(order, "lastModifiedDate"), sent))
            return err_set(hinting->err, ERR_REJECT, "more than %d orders", CHANNEL_HINTS_MAX);
    }
    return true;
}

static const char *text_or_empty(const struct xml *element)
{
    const char *text = xml_text(element);

    return text == NULL ? "" : text;
}

/* Old deliveries have no order at all; then the order's id is its line's: item and transaction. */
static bool hint_transaction(const struct hinting *hinting, const struct xml *response,
                             const struct xml *transaction)
{
    const struct xml *order = xml_get(transaction, "ContainingOrder");
    const struct xml *item = xml_path(response, "Item", "ItemID", NULL);
    const char *const ids[] = {
        text_or_empty(xml_get(order, "OrderID")),
        text_or_empty(xml_get(transaction, "ExtendedOrderID")),
        text_or_empty(xml_get(order, "ExtendedOrderID")),
        text_or_empty(xml_get(transaction, "OrderLineItemID")),
        arena_printf(hinting->arena, "%s-%s", text_or_empty(item),
                     text_or_empty(xml_get(transaction, "TransactionID"))),
    };

    for (size_t i = 0; i + 1 < ARRAY_LEN(ids); i++) {
        if (ids[i][0] != '\0')
            return add_hint(hinting, "order", ids[i]);
    }
    return add_hint(hinting, "order", ids[ARRAY_LEN(ids) - 1]);
}

static bool hint_xml(const struct hinting *hinting, const struct channel_notification *notification)
{
    const struct xml *root =
        xml_parse(hinting->arena, notification->body, notification->body_len, hinting->err);
    const struct xml *response = channel_ebay_response(root);
    const struct xml *sale = xml_path(response, "TransactionArray", "Transaction", NULL);
    const char *item = text_or_empty(xml_path(response, "Item", "ItemID", NULL));

    if (root == NULL)
        return false;
    if (sale == NULL && item[0] != '\0')
        return add_hint(hinting, "item", item);
    for (; sale != NULL; sale = xml_next(sale, "Transaction")) {
        if (!hint_transaction(hinting, response, sale))
            return false;
    }
    return true;
}

bool channel_ebay_hints(const struct channel_account *account,
                        const struct channel_notification *notification, struct arena *arena,
                        struct channel_hints *ret_hints, struct err *err)
{
    const struct hinting hinting = {ret_hints, arena, err};

    (void)account;
    if (notification->hint != NULL) /* the answer to one names nothing more */
        return true;
    if (is_xml(notification))
        return hint_xml(&hinting, notification);
    const struct json *json = json_parse(arena, notification->body, notification->body_len, err);
    if (json == NULL)
        return false;
    return json_get(json, "metadata") != NULL ? hint_envelope(&hinting, json)
                                              : hint_page(&hinting, json);
}
