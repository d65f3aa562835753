#include <inttypes.h>
#include <string.h>

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"
#include "channels/document.h"

/* ---- statuses ---- */

enum fate {
    FATE_OPEN,    /* its units are promised */
    FATE_SHIPPED, /* all that will go out has gone */
    FATE_ENDED,   /* nothing more will go out */
    FATE_REFUNDED,
};

/*
 * Ids are fixed, names are the merchant's. Sources stamp whole seconds, and a checkout goes from
 * Incomplete to Awaiting Fulfillment within one: inside a second the later step of an order's life
 * wins, as milliseconds of the version.
 */
struct status {
    const char *name;
    int64_t rank_ms;
    enum fate fate;
};
static const struct status statuses[] = {
    {"incomplete",                   0,   FATE_OPEN    },
    {"pending",                      50,  FATE_OPEN    },
    {"shipped",                      600, FATE_SHIPPED },
    {"partially shipped",            500, FATE_OPEN    },
    {"refunded",                     850, FATE_REFUNDED},
    {"cancelled",                    950, FATE_ENDED   },
    {"declined",                     900, FATE_ENDED   },
    {"awaiting payment",             200, FATE_OPEN    },
    {"awaiting pickup",              410, FATE_OPEN    },
    {"awaiting shipment",            400, FATE_OPEN    },
    {"completed",                    700, FATE_SHIPPED },
    {"awaiting fulfillment",         300, FATE_OPEN    },
    {"manual verification required", 100, FATE_OPEN    },
    {"disputed",                     750, FATE_OPEN    },
    {"partially refunded",           800, FATE_OPEN    },
};

static const struct status *status_of(const struct json *order)
{
    int64_t id = 0;

    return json_int(json_get(order, "status_id"), 0, ARRAY_LEN(statuses) - 1, &id) ? &statuses[id]
                                                                                   : NULL;
}

/* ---- where lines are ---- */

typedef void line_visit(void *opaque, const struct json *line);

/* What has a quantity is a line; the others are links to one. */
static size_t each_of_list(const struct json *list, line_visit *visit, void *opaque)
{
    size_t count = 0;

    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        if (json_is_null(json_get(json_at(list, i), "quantity")))
            continue;
        count++;
        if (visit != NULL)
            visit(opaque, json_at(list, i));
    }
    return count;
}

/* Of a consignment, or of them all by what they are; gift certificates by mail are no stock. */
static size_t each_of_consignments(const struct json *consignments, line_visit *visit, void *opaque)
{
    static const char *const groups[] = {"pickups", "shipping", "downloads"};
    size_t count = each_of_list(json_get(consignments, "line_items"), visit, opaque);

    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        const struct json *group = json_get(consignments, groups[g]);

        for (size_t i = 0; json_kind(group) == JSON_ARRAY && i < json_len(group); i++)
            count += each_of_list(json_get(json_at(group, i), "line_items"), visit, opaque);
    }
    return count;
}

/* Among the products, or within the consignments (a list of them, where their structure was not
   asked for as object). */
static size_t each_line(const struct json *order, line_visit *visit, void *opaque)
{
    const struct json *consignments = json_get(order, "consignments");
    size_t count = each_of_list(json_get(order, "products"), visit, opaque);

    if (count > 0)
        return count;
    if (json_kind(consignments) != JSON_ARRAY)
        return each_of_consignments(consignments, visit, opaque);
    for (size_t i = 0; i < json_len(consignments); i++)
        count += each_of_consignments(json_at(consignments, i), visit, opaque);
    return count;
}

bool channel_bigcommerce_order_has_lines(const struct json *order)
{
    return each_line(order, NULL, NULL) > 0;
}

bool channel_bigcommerce_order_may_have_shipments(const struct json *order)
{
    const struct status *status = status_of(order);
    int64_t shipped = 0;

    json_int(json_get(order, "items_shipped"), 0, INT64_MAX, &shipped);
    return shipped > 0 || status == NULL || status->fate == FATE_SHIPPED ||
           strcmp(status->name, "partially shipped") == 0;
}

bool channel_bigcommerce_order_is_whole(const struct json *order)
{
    return channel_bigcommerce_order_has_lines(order) &&
           !channel_bigcommerce_order_may_have_shipments(order);
}

/* ---- orders ---- */

struct order {
    const struct channel_document *document;
    const char *id;
    const struct status *status;
    bool is_idle;    /* takes nothing out of stock */
    bool is_refunds; /* refunded units that did not go out are cancelled */
    int64_t placed_ms;
    int64_t version_ms;
    int64_t shipped_ms;           /* the last of it went out; 0: not said */
    const struct json *shipments; /* pages of them; NULL: they were not asked for */
};

static bool read_order(const struct channel_document *document, const struct json *json,
                       struct order *ret_order)
{
    const struct channel_account *account = document->account;
    struct order order = {.document = document,
                          .id = channel_address_id(json_get(json, "id")),
                          .status = status_of(json)};

    if (order.id == NULL)
        return channel_document_refuse(document, "order", "id");
    if (order.status == NULL)
        return channel_document_refuse(document, "order", "status_id");
    if (!channel_address_time(json_get(json, "date_created"), &order.placed_ms))
        return channel_document_refuse(document, "order", "date_created");
    if (!channel_address_time(json_get(json, "date_modified"), &order.version_ms))
        return channel_document_refuse(document, "order", "date_modified");
    channel_address_time(json_get(json, "date_shipped"), &order.shipped_ms);
    order.is_idle = channel_account_setting_has(account, "idle_statuses",
                                                channel_address_text(json, "status_id"));
    order.is_refunds = channel_account_setting_has(account, "refunds", "open");
    *ret_order = order;
    return true;
}

/* ---- lines ---- */

struct line {
    const char *id;
    const char *listing;
    int64_t ordered;
    int64_t shipped;
    int64_t refunded;
};

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* Units that the buyer will never get. A refund is taken to be of units that are still here, as
   long as there are some: BigCommerce does not let refunded units be shipped. */
static int64_t cancelled_of(const struct order *order, const struct line *line)
{
    int64_t open = line->ordered < 0 ? 0 : line->ordered - clamp(line->shipped, 0, line->ordered);

    if (order->is_idle || order->status->fate == FATE_ENDED)
        return open;
    if (!order->is_refunds)
        return 0;
    return order->status->fate == FATE_REFUNDED ? open : clamp(line->refunded, 0, open);
}

/* The variant; products without any have one all the same, but not all orders say it. */
static const char *listing_of(const struct order *order, const struct json *json)
{
    const char *product = channel_address_id(json_get(json, "product_id"));
    const char *variant = channel_address_id(json_get(json, "variant_id"));

    if (product == NULL)
        return "";
    return variant == NULL ? product
                           : arena_printf(order->document->arena, "%s/%s", product, variant);
}

/* None is as good as 0; something else than a number might free units that are promised. */
static bool read_count(const struct order *order, const struct json *json, const char *line_id,
                       const char *key, int64_t *ret_count)
{
    const struct json *count = json_get(json, key);

    if (json_is_null(count) || channel_address_units(count, 0, EVENT_QUANTITY_MAX, ret_count))
        return true;
    channel_bad_line(order->document->bad, order->document->arena, "line %s: %s is wrong", line_id,
                     key);
    return false;
}

static bool read_line(const struct order *order, const struct json *json, struct line *ret_line)
{
    const struct channel_document *document = order->document;
    struct line line = {.id = channel_address_id(json_get(json, "id")),
                        .listing = listing_of(order, json)};

    if (line.id == NULL) {
        channel_bad_line(document->bad, document->arena,
                         "order %s: a line's id is missing or wrong", order->id);
        return false;
    }
    if (line.listing[0] == '\0') {
        channel_bad_line(document->bad, document->arena, "line %s: no product of the catalogue",
                         line.id);
        return false;
    }
    /* A number that no order can have is one all the same: the event breaks a rule, and is looked
       at where it can be put right. */
    if (!channel_address_units(json_get(json, "quantity"), INT64_MIN, INT64_MAX, &line.ordered)) {
        channel_bad_line(document->bad, document->arena,
                         "line %s: quantity is '%.50s', want a whole number", line.id,
                         channel_address_text(json, "quantity"));
        return false;
    }
    if (!read_count(order, json, line.id, "quantity_shipped", &line.shipped) ||
        !read_count(order, json, line.id, "quantity_refunded", &line.refunded))
        return false;
    *ret_line = line;
    return true;
}

static void add_part(const struct order *order, const struct line *line, const char *part_id,
                     int64_t quantity, int64_t occurred_ms)
{
    const struct channel_document *document = order->document;
    struct event *event = event_list_add(document->events, document->arena, EVENT_LINE_SHIPPED);

    event->times.occurred_ms = occurred_ms;
    event->part = (struct event_line_part){
        .order_id = order->id,
        .line_id = line->id,
        .part_id = part_id,
        .listing = line->listing,
        .quantity = quantity,
        .bucket = "",
    };
}

/* The units of the line that one shipment took. */
static int64_t add_shipment(const struct order *order, const struct line *line,
                            const struct json *shipment)
{
    const struct channel_document *document = order->document;
    const struct json *items = json_get(shipment, "items");
    const char *id = channel_address_id(json_get(shipment, "id"));
    int64_t occurred_ms = 0;
    int64_t sum = 0;

    for (size_t i = 0; i < json_len(items); i++) {
        const char *of = channel_address_id(json_get(json_at(items, i), "order_product_id"));
        int64_t quantity = 0;

        if (of == NULL || strcmp(of, line->id) != 0)
            continue;
        if (read_count(order, json_at(items, i), line->id, "quantity", &quantity))
            sum += quantity;
    }
    if (sum == 0)
        return 0;
    if (id == NULL || !channel_address_time(json_get(shipment, "date_created"), &occurred_ms)) {
        channel_bad_line(document->bad, document->arena,
                         "line %s: a shipment's id or date_created is wrong", line->id);
        return sum;
    }
    add_part(order, line, arena_printf(document->arena, "%s/%s", id, line->id), sum, occurred_ms);
    return sum;
}

/*
 * Stores that make no shipments set the order to Shipped or Completed, which ships what was not
 * refunded before. The number in the part's id keeps one that was refunded before apart from one
 * that was not.
 */
static void add_completion(const struct order *order, const struct line *line, int64_t cancelled)
{
    const struct channel_document *document = order->document;
    int64_t quantity = line->ordered - cancelled;
    const char *part_id =
        cancelled == 0 ? arena_printf(document->arena, "%s/%s/completed", order->id, line->id)
                       : arena_printf(document->arena, "%s/%s/completed/%" PRId64, order->id,
                                      line->id, quantity);

    if (quantity <= 0)
        return;
    if (order->shipped_ms == 0) {
        channel_bad_line(document->bad, document->arena,
                         "line %s: completed, but date_shipped does not say when", line->id);
        return;
    }
    add_part(order, line, part_id, quantity, order->shipped_ms);
}

static void add_shipments(const struct order *order, const struct line *line, int64_t cancelled)
{
    int64_t sum = 0;

    for (size_t p = 0; p < json_len(order->shipments); p++) {
        const struct json *page = json_at(order->shipments, p);

        for (size_t i = 0; i < json_len(page); i++)
            sum += add_shipment(order, line, json_at(page, i));
    }
    if (sum == 0 && order->status->fate == FATE_SHIPPED && !order->is_idle)
        add_completion(order, line, cancelled);
}

static void visit_line(void *opaque, const struct json *json)
{
    const struct order *order = opaque;
    const struct channel_document *document = order->document;
    struct line line = {0};

    if (strcmp(channel_address_text(json, "type"), "giftcertificate") == 0 ||
        !read_line(order, json, &line))
        return;
    struct event *event = event_list_add(document->events, document->arena, EVENT_ORDER_LINE);
    int64_t cancelled = cancelled_of(order, &line);
    event->times.occurred_ms = order->version_ms;
    event->order_line = (struct event_order_line){
        .order_id = order->id,
        .line_id = line.id,
        .listing = line.listing,
        .ordered = line.ordered,
        .cancelled = cancelled,
        .placed_ms = order->placed_ms,
        .version_ms = order->version_ms + order->status->rank_ms,
        .status = order->status->name,
    };
    if (order->shipments != NULL && line.ordered > 0)
        add_shipments(order, &line, cancelled);
}

bool channel_bigcommerce_order(const struct channel_document *document, const struct json *json)
{
    struct order order = {0};

    if (!read_order(document, json, &order))
        return false;
    each_line(json, visit_line, &order);
    return true;
}

bool channel_bigcommerce_joined_order(const struct channel_document *document,
                                      const struct json *json)
{
    const struct json *products = json_get(json, "products");
    struct order order = {0};

    if (!read_order(document, json_get(json, "order_read"), &order))
        return false;
    order.shipments = json_get(json, "shipments");
    for (size_t p = 0; p < json_len(products); p++)
        each_of_list(json_at(products, p), visit_line, &order);
    if (products == NULL)
        each_line(json_get(json, "order_read"), visit_line, &order);
    return true;
}
