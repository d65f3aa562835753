#include <inttypes.h>
#include <string.h>

#include "lib/base/map.h"

#include "channels/address.h"
#include "channels/document.h"
#include "channels/signature.h"
#include "channels/tiktok/internal.h"

/* ---- order lines ---- */

/* What becomes of one unit. The webhook says CANCEL where the order says CANCELLED [4.7]. */
enum fate { FATE_OPEN, FATE_SHIPPED, FATE_CANCELLED, FATE_UNKNOWN };

static const struct {
    const char *status;
    enum fate fate;
} fates[] = {
    {"UNPAID",              FATE_OPEN     },
    {"ON_HOLD",             FATE_OPEN     },
    {"AWAITING_SHIPMENT",   FATE_OPEN     },
    {"PARTIALLY_SHIPPING",  FATE_OPEN     },
    {"AWAITING_COLLECTION", FATE_OPEN     },
    {"IN_TRANSIT",          FATE_SHIPPED  },
    {"DELIVERED",           FATE_SHIPPED  },
    {"COMPLETED",           FATE_SHIPPED  },
    {"CANCEL",              FATE_CANCELLED},
    {"CANCELLED",           FATE_CANCELLED},
};

static enum fate fate_of_status(const char *status)
{
    for (size_t i = 0; i < ARRAY_LEN(fates); i++) {
        if (strcmp(fates[i].status, status) == 0)
            return fates[i].fate;
    }
    return FATE_UNKNOWN;
}

/* A unit that is on its way or there is cancelled no more: it comes back as a return, if at all. */
static bool is_away(const struct json *item)
{
    const char *package = channel_address_text(item, "package_status");

    return strcmp(package, "FULFILLING") == 0 || strcmp(package, "COMPLETED") == 0;
}

struct order {
    const struct json *json;
    const char *id;
    const char *status;
    const char *pool;
    int64_t placed_ms;
    int64_t version_ms;
};

/* The units of one SKU: line_items have one unit each [4.5]. */
struct tally {
    const char *status; /* of its first unit */
    int64_t ordered;
    int64_t cancelled;
};

/* It must never change again: the first of these that is set stays. 0: nobody says when, and then
   the unit stays promised, which takes as much off what can be sold. */
static int64_t shipped_ms_of(const struct order *order, const struct json *item)
{
    const struct json *times[] = {
        json_get(item, "rts_time"),
        json_get(order->json, "rts_time"),
        json_get(order->json, "collection_time"),
        json_get(order->json, "delivery_time"),
    };
    int64_t ms = 0;

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (channel_address_time(times[i], &ms))
            return ms;
    }
    return 0;
}

static void add_shipment(const struct channel_document *body, const struct order *order,
                         const struct json *item, const char *sku, int64_t units)
{
    const char *id = channel_address_id(json_get(item, "id"));
    int64_t shipped_ms = shipped_ms_of(order, item);

    if (id == NULL || shipped_ms == 0)
        return;
    struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_SHIPPED);
    event->times.occurred_ms = shipped_ms;
    event->part = (struct event_line_part){
        .order_id = order->id,
        .line_id = sku,
        .part_id = id,
        .listing = sku,
        .quantity = units,
        .bucket = "",
    };
}

static struct tally *tally_of(const struct channel_document *body, struct map *tallies,
                              const char *sku, const char *status)
{
    struct tally *tally = map_get(tallies, sku);

    if (tally == NULL) {
        tally = arena_alloc(body->arena, sizeof(*tally));
        tally->status = status;
        map_set(tallies, sku, tally);
    }
    return tally;
}

static void count_item(const struct channel_document *body, const struct order *order,
                       const struct json *item, struct map *tallies)
{
    const char *sku = channel_address_id(json_get(item, "sku_id"));
    const char *status = channel_address_text(item, "display_status");
    const struct json *quantity = json_get(item, "quantity");
    int64_t units = 1;

    if (sku == NULL) {
        channel_bad_line(body->bad, body->arena, "order %s: a line's sku_id is missing or wrong",
                         order->id);
        return;
    }
    if (!json_is_null(quantity) &&
        !channel_address_units(quantity, 0, EVENT_QUANTITY_MAX, &units)) {
        channel_bad_line(body->bad, body->arena, "order %s: the quantity of sku %s is wrong",
                         order->id, sku);
        return;
    }
    if (status[0] == '\0')
        status = order->status;
    enum fate fate = fate_of_status(status);
    if (fate ==
        FATE_UNKNOWN) /* sold all the same: what nobody understands must not be sold twice */
        channel_bad_line(body->bad, body->arena,
                         "order %s: status '%.50s' of sku %s is unknown, its unit counts as open",
                         order->id, status, sku);
    if (fate == FATE_CANCELLED && is_away(item))
        fate = FATE_SHIPPED;
    struct tally *tally = tally_of(body, tallies, sku, status);
    tally->ordered += units;
    tally->cancelled += fate == FATE_CANCELLED ? units : 0;
    if (fate == FATE_SHIPPED && units > 0)
        add_shipment(body, order, item, sku, units);
}

static void add_order_line(const struct channel_document *body, const struct order *order,
                           const char *sku, const struct tally *tally)
{
    struct event *event = event_list_add(body->events, body->arena, EVENT_ORDER_LINE);

    event->times.occurred_ms = order->version_ms;
    event->order_line = (struct event_order_line){
        .order_id = order->id,
        .line_id = sku,
        .listing = sku,
        .ordered = tally->ordered,
        .cancelled = tally->cancelled,
        .placed_ms = order->placed_ms,
        .version_ms = order->version_ms,
        .status = tally->status,
        .pool = order->pool,
        .fulfils = "",
    };
}

/* FULFILLMENT_BY_SELLER, or somebody else who has the goods. */
static const char *pool_of(const struct channel_document *body, const struct json *json)
{
    const char *by = channel_address_text(json, "fulfillment_type");

    return by[0] == '\0' || strcmp(by, "FULFILLMENT_BY_SELLER") == 0
               ? ""
               : channel_account_setting(body->account, "fbt_pool");
}

static bool read_order(const struct channel_document *body, const struct json *json,
                       struct order *ret_order)
{
    struct order order = {.json = json,
                          .id = channel_address_id(json_get(json, "id")),
                          .status = channel_address_text(json, "status"),
                          .pool = pool_of(body, json)};

    if (order.id == NULL)
        return channel_document_refuse(body, "order", "id");
    if (!channel_address_time(json_get(json, "create_time"), &order.placed_ms))
        return channel_document_refuse(body, "order", "create_time");
    if (!channel_address_time(json_get(json, "update_time"), &order.version_ms))
        return channel_document_refuse(body, "order", "update_time");
    if (json_kind(json_get(json, "line_items")) != JSON_ARRAY)
        return channel_document_refuse(body, "order", "line_items");
    *ret_order = order;
    return true;
}

static bool normalize_order(const struct channel_document *body, const struct json *json)
{
    SCOPED(map) struct map *tallies = map_new();
    const struct json *items = json_get(json, "line_items");
    const struct tally *tally = NULL;
    const char *sku = NULL;
    size_t cursor = 0;
    struct order order = {0};

    if (!read_order(body, json, &order))
        return false;
    for (size_t i = 0; i < json_len(items); i++)
        count_item(body, &order, json_at(items, i), tallies);
    while ((tally = map_next(tallies, &cursor, &sku)) != NULL)
        add_order_line(body, &order, arena_strdup(body->arena, sku), tally);
    return true;
}

/* ---- returns ---- */

/* Goods came back when the return is complete, and only then; refunds alone move none [TT3]. */
static bool is_back(const struct json *json)
{
    const char *type = channel_address_text(json, "return_type");
    const char *status = channel_address_text(json, "return_status");

    return (strcmp(type, "RETURN_AND_REFUND") == 0 &&
            strcmp(status, "RETURN_OR_REFUND_REQUEST_COMPLETE") == 0) ||
           (strcmp(type, "REPLACEMENT") == 0 &&
            strcmp(status, "REPLACEMENT_REQUEST_COMPLETE") == 0);
}

static void add_return(const struct channel_document *body, const char *order_id,
                       int64_t occurred_ms, const struct json *line)
{
    const char *id = channel_address_id(json_get(line, "return_line_item_id"));
    const char *sku = channel_address_id(json_get(line, "sku_id"));

    if (id == NULL || sku == NULL) {
        channel_bad_line(body->bad, body->arena,
                         "order %s: a returned line's return_line_item_id or sku_id is wrong",
                         order_id);
        return;
    }
    struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_RETURNED);
    event->times.occurred_ms = occurred_ms;
    event->part = (struct event_line_part){
        .order_id = order_id,
        .line_id = sku,
        .part_id = id,
        .listing = sku,
        .quantity = 1,
        .bucket = body->account->return_bucket,
    };
}

static bool normalize_return(const struct channel_document *body, const struct json *json)
{
    const struct json *lines = json_get(json, "return_line_items");
    const char *order_id = channel_address_id(json_get(json, "order_id"));
    int64_t occurred_ms = 0;

    if (!is_back(json))
        return true;
    if (order_id == NULL)
        return channel_document_refuse(body, "return", "order_id");
    if (!channel_address_time(json_get(json, "update_time"), &occurred_ms))
        return channel_document_refuse(body, "return", "update_time");
    for (size_t i = 0; i < json_len(lines); i++)
        add_return(body, order_id, occurred_ms, json_at(lines, i));
    return true;
}

/* ---- lists, as the API answers with them ---- */

static bool normalize_each(const struct channel_document *body, const struct json *list,
                           channel_document_read *read)
{
    for (size_t i = 0; i < json_len(list); i++) {
        struct channel_document element = *body;
        struct err why = {0};

        element.err = &why;
        if (!read(&element, json_at(list, i)))
            channel_bad_line(body->bad, body->arena, "element %zu: %s", i, why.text);
    }
    return true;
}

/* Orders that have no lines in the list are read one by one: hints() names them. */
static bool normalize_listed_order(const struct channel_document *body, const struct json *json)
{
    return json_is_null(json_get(json, "line_items")) &&
                   channel_address_id(json_get(json, "id")) != NULL
               ? true
               : normalize_order(body, json);
}

static bool normalize_orders(const struct channel_document *body, const struct json *json)
{
    return normalize_each(body, json_get(json, "orders"), normalize_listed_order);
}

static bool normalize_returns(const struct channel_document *body, const struct json *json)
{
    return normalize_each(body, json_get(json, "return_orders"), normalize_return);
}

static bool normalize_nothing(const struct channel_document *body, const struct json *json)
{
    (void)body;
    (void)json;
    return true;
}

/* ---- notifications ---- */

/* Only when stock runs low or out [TT4]: its count is an observation like any other. */
static bool normalize_stock(const struct channel_document *body, const struct json *data)
{
    const char *product = channel_address_id(json_get(data, "product_id"));
    const char *sku = channel_address_id(json_get(data, "sku_id"));
    const struct json *units =
        json_path(data, "inventory_distribution", "available_quantity", NULL);
    struct event_observation observation = {.sku = "", .address = "", .tracked = true};

    if (sku == NULL)
        return channel_document_refuse(body, "inventory", "sku_id");
    if (!channel_address_units(units, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX,
                               &observation.quantity))
        return channel_document_refuse(body, "inventory", "available_quantity");
    if (!channel_address_time(json_get(data, "update_time"), &observation.version_ms))
        return channel_document_refuse(body, "inventory", "update_time");
    observation.listing = sku;
    if (product != NULL)
        observation.address = arena_printf(body->arena, "%s/%s", product, sku);
    struct event *event = event_list_add(body->events, body->arena, EVENT_OBSERVATION);
    event->times.occurred_ms = observation.version_ms;
    event->observation = observation;
    return true;
}

/* Told by what they hold: the numbers are no safe ground [TT5]. What names an order or a return is
   read: see hints(). */
static bool normalize_notification(const struct channel_document *body, const struct json *json)
{
    const struct json *data = channel_document_carried(body->arena, json_get(json, "data"));
    const char *shop = channel_address_text(json, "shop_id");
    const char *own = body->account->account;
    int64_t type = 0;

    if (!json_int(json_get(json, "type"), 0, INT32_MAX, &type))
        return channel_document_refuse(body, "notification", "type");
    if (json_kind(data) != JSON_OBJECT)
        return channel_document_refuse(body, "notification", "data");
    /* An app has one address for all of its shops. */
    if (own[0] != '\0' && shop[0] != '\0' && strcmp(own, shop) != 0)
        return err_set(body->err, ERR_REJECT, "shop_id is '%.50s', want '%.50s'", shop, own);
    if (json_get(data, "inventory_distribution") != NULL)
        return normalize_stock(body, data);
    if ((type == 1 || type == 11 || type == 12) &&
        channel_address_id(json_get(data, "order_id")) == NULL)
        return channel_document_refuse(body, "notification", "order_id");
    return true;
}

static const struct channel_document_reader topics[] = {{0}};

static const struct channel_document_reader shapes[] = {
    {"line_items",       normalize_order},
    {"return_line_items",                  normalize_return},
    {"orders",normalize_orders},
    {"return_orders",           normalize_returns},
    {"type",                  normalize_notification},
    {"total_count",normalize_nothing}, /* of an empty list */
    {"next_page_token",             normalize_nothing},
    {0                 },
};

bool channel_tiktok_normalize(const struct channel_account *account,
                              const struct channel_notification *notification, struct arena *arena,
                              struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                              struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    return channel_document_normalize(&document, NULL,
                                      &(struct channel_document_readers){topics, shapes});
}

/* tts_notification_id stays over retries; older deliveries have none [4.1]. */
const char *channel_tiktok_notification_id(const struct channel_account *account,
                                           const struct channel_notification *notification,
                                           struct arena *arena)
{
    struct err err = {0};
    const struct json *json = json_parse(arena, notification->body, notification->body_len, &err);
    const char *id = channel_address_id(json_get(json, "tts_notification_id"));
    const char *type = channel_address_text(json, "type");

    (void)account;
    if (id != NULL && strlen(type) <= CHANNEL_ID_LEN_MAX)
        return arena_printf(arena, "%s:%s", type, id);
    return channel_signature_digest(arena, NULL, 0, notification->body, notification->body_len);
}
