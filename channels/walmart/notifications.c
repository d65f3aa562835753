#include <inttypes.h>
#include <string.h>

#include "channels/address.h"
#include "channels/document.h"
#include "channels/signature.h"
#include "channels/walmart/internal.h"

enum { ID_LEN_MAX = 64 };

/* ---- order lines ---- */

struct order {
    const char *id;
    const char *pool;
    int64_t placed_ms;
    int64_t told_ms; /* when the notification says it; 0: it is no notification */
};

struct line {
    const struct json *json;
    const char *id;
    const char *sku;
    const char *status;
    int64_t ordered;
    int64_t cancelled;
    int64_t told; /* units of all its statuses */
    int64_t version_ms;
};

enum fate { FATE_OPEN, FATE_SHIPPED, FATE_CANCELLED, FATE_REFUNDED, FATE_UNKNOWN };

/* Refund is money: where the units are, the other entries say. */
static const struct {
    const char *status;
    enum fate fate;
} fates[] = {
    {"Created",      FATE_OPEN     },
    {"Acknowledged", FATE_OPEN     },
    {"Shipped",      FATE_SHIPPED  },
    {"Delivered",    FATE_SHIPPED  },
    {"Cancelled",    FATE_CANCELLED},
    {"Canceled",     FATE_CANCELLED},
    {"Refund",       FATE_REFUNDED },
    {"Refunded",     FATE_REFUNDED },
};

static enum fate fate_of(const char *status)
{
    for (size_t i = 0; i < ARRAY_LEN(fates); i++) {
        if (channel_walmart_is(status, fates[i].status))
            return fates[i].fate;
    }
    return FATE_UNKNOWN;
}

/* A part needs an id and a time that stay: those of its parcel. Without one the units stay
   promised, which takes as much off what can be sold. */
static void add_shipment(const struct channel_document *body, const struct order *order,
                         const struct line *line, const struct json *entry, int64_t units)
{
    const struct json *tracking = channel_walmart_get(entry, "trackingInfo");
    const char *number = channel_walmart_text(tracking, "trackingNumber");
    int64_t shipped_ms = 0;

    if (units <= 0 ||
        !channel_address_time(channel_walmart_get(tracking, "shipDateTime"), &shipped_ms))
        return;
    struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_SHIPPED);
    event->times.occurred_ms = shipped_ms;
    event->part = (struct event_line_part){
        .order_id = order->id,
        .line_id = line->id,
        .part_id = arena_printf(body->arena, "%s/%s/%.100s", order->id, line->id,
                                number[0] == '\0' ? "untracked" : number),
        .listing = line->sku,
        .quantity = units,
        .bucket = "",
    };
}

/* One line may have several statuses with a part of its units each. */
static void take_status(const struct channel_document *body, const struct order *order,
                        struct line *line, const struct json *entry)
{
    const char *status = channel_walmart_text(entry, "status");
    enum fate fate = fate_of(status);
    int64_t units = line->ordered;

    if (fate == FATE_UNKNOWN)
        channel_bad_line(body->bad, body->arena,
                         "order %s line %s: status '%.50s' is unknown, its units count as open",
                         order->id, line->id, status);
    const struct json *quantity = channel_walmart_get(entry, "statusQuantity");
    if (!json_is_null(quantity) && !channel_walmart_quantity(quantity, &units)) {
        channel_bad_line(body->bad, body->arena, "order %s line %s: a statusQuantity is wrong",
                         order->id, line->id);
        return;
    }
    line->told += fate == FATE_REFUNDED ? 0 : units;
    if (fate == FATE_CANCELLED)
        line->cancelled += units;
    else if (fate == FATE_SHIPPED)
        add_shipment(body, order, line, entry, units);
    if (line->status[0] == '\0')
        line->status = status;
}

static const struct json *first_of(const struct json *a, const struct json *b, const struct json *c)
{
    return !json_is_null(a) ? a : !json_is_null(b) ? b : c;
}

/* In the USA within a list of their own, in Mexico without one. */
static const struct json *statuses_of(const struct json *line)
{
    return first_of(channel_walmart_path(line, "orderLineStatuses", "orderLineStatus", NULL),
                    channel_walmart_get(line, "orderLineStatus"), NULL);
}

static void take_statuses(const struct channel_document *body, const struct order *order,
                          struct line *line)
{
    const struct json *list = statuses_of(line->json);

    for (size_t i = 0; i < channel_walmart_len(list); i++)
        take_status(body, order, line, channel_walmart_at(list, i));
    if (channel_walmart_len(list) == 0 && channel_walmart_text(line->json, "status")[0] != '\0')
        take_status(body, order, line, line->json);
    /* Mexico takes what was cancelled off the line. */
    if (channel_walmart_get(line->json, "orderLineStatus") != NULL && line->told > line->ordered)
        line->ordered = line->told;
}

/* The line's, else the newest of its statuses. */
static void read_version(const struct json *json, int64_t *ret_ms)
{
    const struct json *statuses = statuses_of(json);
    int64_t newest_ms = 0;

    if (channel_address_time(first_of(channel_walmart_get(json, "statusDate"),
                                      channel_walmart_get(json, "lastModifiedDate"), NULL),
                             ret_ms))
        return;
    for (size_t i = 0; i < channel_walmart_len(statuses); i++) {
        const struct json *status = channel_walmart_at(statuses, i);
        int64_t ms = 0;

        if (channel_address_time(channel_walmart_get(status, "statusDate"), &ms) && ms > newest_ms)
            newest_ms = ms;
    }
    if (newest_ms > 0)
        *ret_ms = newest_ms;
}

/* Notifications and the API name the same things differently. */
static bool read_line(const struct channel_document *body, const struct order *order,
                      const struct json *json, struct line *line)
{
    const struct json *quantity = first_of(channel_walmart_get(json, "orderLineQuantity"),
                                           channel_walmart_get(json, "quantity"), NULL);

    *line = (struct line){.json = json,
                          .id = channel_walmart_text(json, "lineNumber"),
                          .sku = channel_walmart_text(json, "sku"),
                          .status = "",
                          .version_ms = order->told_ms};
    if (line->id[0] == '\0')
        line->id = channel_walmart_text(json, "primeLineNumber");
    if (line->sku[0] == '\0')
        line->sku = channel_walmart_text(channel_walmart_get(json, "item"), "sku");
    if (line->id[0] == '\0' || strlen(line->id) > ID_LEN_MAX) {
        channel_bad_line(body->bad, body->arena,
                         "order %s: a line's lineNumber is missing or wrong", order->id);
        return false;
    }
    if (line->sku[0] == '\0') {
        channel_bad_line(body->bad, body->arena, "order %s line %s: no sku", order->id, line->id);
        return false;
    }
    if (!channel_walmart_quantity(quantity, &line->ordered)) {
        channel_bad_line(body->bad, body->arena,
                         "order %s line %s: its quantity is missing or wrong", order->id, line->id);
        return false;
    }
    read_version(json, &line->version_ms);
    if (line->version_ms > 0)
        return true;
    channel_bad_line(body->bad, body->arena, "order %s line %s: statusDate is missing or wrong",
                     order->id, line->id);
    return false;
}

static void add_line(const struct channel_document *body, const struct order *order,
                     const struct json *json)
{
    struct line line;

    if (!read_line(body, order, json, &line))
        return;
    take_statuses(body, order, &line);
    struct event *event = event_list_add(body->events, body->arena, EVENT_ORDER_LINE);
    event->times.occurred_ms = line.version_ms;
    event->order_line = (struct event_order_line){
        .order_id = order->id,
        .line_id = line.id,
        .listing = line.sku,
        .ordered = line.ordered,
        .cancelled = line.cancelled,
        .placed_ms = order->placed_ms,
        .version_ms = line.version_ms,
        .status = line.status,
        .pool = order->pool,
        .fulfils = "",
    };
}

/* SellerFulfilled, or somebody else who has the goods [wm-oas]. */
static const char *pool_of(const struct channel_document *body, const struct json *json)
{
    const char *type = channel_walmart_text(json, "shipNodeType");

    if (type[0] == '\0')
        type = channel_walmart_text(channel_walmart_get(json, "shipNode"), "type");
    return type[0] == '\0' || channel_walmart_is(type, "SellerFulfilled")
               ? ""
               : channel_account_setting(body->account, "wfs_pool");
}

static const struct json *lines_of(const struct json *json)
{
    const struct json *lines = channel_walmart_get(json, "orderLines");
    const struct json *inner = channel_walmart_get(lines, "orderLine");

    return inner == NULL ? lines : inner;
}

static bool read_order_at(const struct channel_document *body, const struct json *json,
                          int64_t told_ms)
{
    const struct json *lines = lines_of(json);
    struct order order = {.id = channel_walmart_text(json, "purchaseOrderId"),
                          .pool = pool_of(body, json),
                          .told_ms = told_ms};

    if (order.id[0] == '\0' || strlen(order.id) > ID_LEN_MAX)
        return channel_document_refuse(body, "order", "purchaseOrderId");
    if (!channel_address_time(channel_walmart_get(json, "orderDate"), &order.placed_ms))
        return channel_document_refuse(body, "order", "orderDate");
    /* Notifications cut it to seconds or not; a line must be placed at one moment. */
    order.placed_ms -= order.placed_ms % 1000;
    if (channel_walmart_len(lines) == 0)
        return channel_document_refuse(body, "order", "orderLines");
    for (size_t i = 0; i < channel_walmart_len(lines); i++)
        add_line(body, &order, channel_walmart_at(lines, i));
    return true;
}

static bool normalize_order(const struct channel_document *body, const struct json *json)
{
    return read_order_at(body, json, 0);
}

/* ---- returns ---- */

/* Refunds without the goods, and goods that the buyer keeps, move nothing. */
static bool is_back(const struct json *line)
{
    const char *delivery = channel_walmart_text(line, "currentDeliveryStatus");
    const char *status = channel_walmart_text(line, "status");
    bool is_kept = false;
    bool is_expected = true;

    json_bool(channel_walmart_get(line, "isKeepIt"), &is_kept);
    json_bool(channel_walmart_get(line, "returnExpectedFlag"), &is_expected);
    if (is_kept || !is_expected)
        return false;
    if (delivery[0] != '\0')
        return channel_walmart_is(delivery, "DELIVERED");
    return channel_walmart_is(status, "DELIVERED") || channel_walmart_is(status, "COMPLETED");
}

/* It must never change again: the parcel's delivery, while statusTime moves on with the refund. */
static bool time_of_return(const struct json *line, int64_t *ret_ms)
{
    const struct json *events = channel_walmart_get(line, "returnTrackingDetail");
    const struct json *statuses = channel_walmart_get(line, "currentTrackingStatuses");

    for (size_t i = 0; i < channel_walmart_len(events); i++) {
        const struct json *event = channel_walmart_at(events, i);

        if (strstr(channel_walmart_text(event, "eventTag"), "DELIVERED") != NULL &&
            channel_address_time(channel_walmart_get(event, "eventTime"), ret_ms))
            return true;
    }
    for (size_t i = 0; i < channel_walmart_len(statuses); i++) {
        const struct json *status = channel_walmart_at(statuses, i);

        if (channel_walmart_is(channel_walmart_text(status, "status"), "DELIVERED") &&
            channel_address_time(channel_walmart_get(status, "statusTime"), ret_ms))
            return true;
    }
    return channel_address_time(channel_walmart_get(line, "statusTime"), ret_ms);
}

static void add_return(const struct channel_document *body, const char *return_id,
                       const struct json *line)
{
    const char *number = channel_walmart_text(line, "returnOrderLineNumber");
    struct event_line_part part = {
        .order_id = channel_walmart_text(line, "purchaseOrderId"),
        .line_id = channel_walmart_text(line, "purchaseOrderLineNumber"),
        .part_id = arena_printf(body->arena, "%s/%.64s", return_id, number),
        .listing = channel_walmart_text(channel_walmart_get(line, "item"), "sku"),
        .bucket = body->account->return_bucket,
    };
    int64_t occurred_ms = 0;

    if (!is_back(line))
        return;
    if (number[0] == '\0' || part.order_id[0] == '\0' || part.line_id[0] == '\0' ||
        !channel_walmart_quantity(channel_walmart_get(line, "quantity"), &part.quantity) ||
        part.quantity <= 0 || !time_of_return(line, &occurred_ms)) {
        channel_bad_line(body->bad, body->arena,
                         "return %s line '%.50s': its order, quantity or time is missing or wrong",
                         return_id, number);
        return;
    }
    struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_RETURNED);
    event->times.occurred_ms = occurred_ms;
    event->part = part;
}

static bool normalize_return(const struct channel_document *body, const struct json *json)
{
    const char *id = channel_walmart_text(json, "returnOrderId");
    const struct json *lines = channel_walmart_get(json, "returnOrderLines");

    if (id[0] == '\0' || strlen(id) > ID_LEN_MAX)
        return channel_document_refuse(body, "return", "returnOrderId");
    for (size_t i = 0; i < channel_walmart_len(lines); i++)
        add_return(body, id, channel_walmart_at(lines, i));
    return true;
}

/* ---- lists, as the API answers with them ---- */

static bool normalize_each(const struct channel_document *body, const struct json *list,
                           channel_document_read *read)
{
    for (size_t i = 0; i < channel_walmart_len(list); i++) {
        struct channel_document element = *body;
        struct err why = {0};

        element.err = &why;
        if (!read(&element, channel_walmart_at(list, i)))
            channel_bad_line(body->bad, body->arena, "element %zu: %s", i, why.text);
    }
    return true;
}

/* An empty list comes with meta alone. */
static bool normalize_list(const struct channel_document *body, const struct json *json)
{
    return normalize_each(body, channel_walmart_path(json, "list", "elements", "order", NULL),
                          normalize_order);
}

static bool normalize_returns(const struct channel_document *body, const struct json *json)
{
    return normalize_each(body, channel_walmart_get(json, "returnOrders"), normalize_return);
}

/* Nothing is known of what an error stands for. */
static bool normalize_error(const struct channel_document *body, const struct json *json)
{
    struct channel_result why = {.error_class = "error", .error_text = ""};

    channel_walmart_error(json, &why);
    return err_set(body->err, ERR_REJECT, "%.100s: %.200s", why.error_class, why.error_text);
}

/* Mexico lists its orders here. */
static bool normalize_inner_order(const struct channel_document *body, const struct json *json)
{
    const struct json *order = json_get(json, "order");

    return json_kind(order) == JSON_ARRAY ? normalize_each(body, order, normalize_order)
                                          : normalize_order(body, order);
}

/* ---- notifications ---- */

/* An observation, if our node is among those that it tells of. */
static bool normalize_out_of_stock(const struct channel_document *body, const struct json *payload,
                                   int64_t told_ms)
{
    const char *sku = channel_walmart_text(payload, "sku");
    const struct json *nodes = channel_walmart_get(payload, "shipNodes");
    const char *own = body->account->location;
    int64_t sum = 0;
    bool found = false;

    if (sku[0] == '\0')
        return channel_document_refuse(body, "inventory", "sku");
    for (size_t i = 0; i < channel_walmart_len(nodes); i++) {
        const struct json *node = channel_walmart_at(nodes, i);
        int64_t units = 0;

        if (own[0] != '\0' && strcmp(own, channel_walmart_text(node, "shipNode")) != 0)
            continue;
        if (!channel_walmart_quantity(channel_walmart_get(node, "availToSellQty"), &units))
            return channel_document_refuse(body, "inventory", "availToSellQty");
        sum += units;
        found = true;
    }
    if (!found)
        return true;
    struct event *event = event_list_add(body->events, body->arena, EVENT_OBSERVATION);
    event->times.occurred_ms = told_ms;
    event->observation = (struct event_observation){.listing = sku,
                                                    .address = "",
                                                    .sku = sku,
                                                    .tracked = true,
                                                    .quantity = sum,
                                                    .version_ms = told_ms};
    return true;
}

static bool is_order_event(const char *type)
{
    static const char *const types[] = {"ORDER_UPDATES", "PO_CREATED", "PO_LINE_AUTOCANCELLED",
                                        "INTENT_TO_CANCEL", "FRAUD_CANCEL"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (channel_walmart_is(type, types[i]))
            return true;
    }
    return false;
}

/* An order is known by what it holds, whatever the event's type: new ones may be added [wm-dev].
   Without lines it is only read: see hints(). */
static bool normalize_notification(const struct channel_document *body, const struct json *json)
{
    const struct json *source = channel_walmart_get(json, "source");
    const struct json *payload = channel_walmart_get(json, "payload");
    const char *type = channel_walmart_text(source, "eventType");
    const char *seller = channel_walmart_text(payload, "partnerId");
    const char *own = body->account->account;
    const struct json *order = channel_walmart_order_of(payload);
    const struct json *told = channel_walmart_get(source, "eventTime");
    int64_t told_ms = body->notification->received_ms;

    if (type[0] == '\0')
        return channel_document_refuse(body, "notification", "eventType");
    if (json_kind(payload) != JSON_OBJECT)
        return channel_document_refuse(body, "notification", "payload");
    if (own[0] != '\0' && seller[0] != '\0' && strcmp(own, seller) != 0)
        return err_set(body->err, ERR_REJECT, "partnerId is '%.50s', want '%.50s'", seller, own);
    /* Without one it is as old as its arrival: lines and reports have times of their own. */
    if (!json_is_null(told) && !channel_address_time(told, &told_ms))
        return channel_document_refuse(body, "notification", "eventTime");
    if (channel_walmart_is(type, "INVENTORY_OOS"))
        return normalize_out_of_stock(body, payload, told_ms);
    if (order == NULL && is_order_event(type))
        return channel_document_refuse(body, "notification", "purchaseOrderId");
    return order == NULL || channel_walmart_len(lines_of(order)) == 0 ||
           read_order_at(body, order, told_ms);
}

static const struct channel_document_reader topics[] = {{0}};

static const struct channel_document_reader shapes[] = {
    {"source",               normalize_notification},
    {"purchaseOrderId",                      normalize_order},
    {"returnOrderId",normalize_return},
    {"order",        normalize_inner_order},
    {"list",                      normalize_list},
    {"errors",normalize_error},
    {"error",                 normalize_error},
    {"returnOrders",                      normalize_returns},
    {0             },
};

bool channel_walmart_normalize(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                               struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    return channel_document_normalize(&document, NULL,
                                      &(struct channel_document_readers){topics, shapes});
}

const char *channel_walmart_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena)
{
    struct err err = {0};
    const struct json *json = json_parse(arena, notification->body, notification->body_len, &err);
    const char *id = channel_walmart_text(channel_walmart_get(json, "source"), "eventId");

    (void)account;
    if (id[0] != '\0' && strlen(id) <= 128)
        return id;
    return channel_signature_digest(arena, NULL, 0, notification->body, notification->body_len);
}
