#include <inttypes.h>
#include <string.h>

#include "channels/address.h"
#include "channels/document.h"
#include "channels/signature.h"
#include "channels/woocommerce/internal.h"

enum { SECOND_MS = 1000 };

static const char topic_header[] = "X-WC-Webhook-Topic";

/* ---- ids ---- */

/* Posted when a webhook is switched on: "webhook_id=142", unsigned, and must get 200 [WC1]. */
bool channel_woocommerce_is_ping(const struct channel_notification *notification)
{
    static const char prefix[] = "webhook_id=";
    size_t prefix_len = sizeof(prefix) - 1;
    const char *body = notification->body;

    if (channel_notification_header(notification, "X-WC-Webhook-Signature") != NULL ||
        notification->body_len <= prefix_len ||
        notification->body_len > prefix_len + CHANNEL_ID_LEN_MAX ||
        memcmp(body, prefix, prefix_len) != 0)
        return false;
    for (size_t i = prefix_len; i < notification->body_len; i++) {
        if (body[i] < '0' || body[i] > '9')
            return false;
    }
    return true;
}

/* X-WC-Webhook-Delivery-ID is a hash of webhook and second: two deliveries share it, and one that
   is queued again gets another [WC1]. */
const char *channel_woocommerce_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena)
{
    const char *texts[] = {
        channel_notification_header(notification, "X-WC-Webhook-ID"),
        channel_notification_header(notification, topic_header),
    };

    (void)account;
    return channel_signature_digest(arena, texts, ARRAY_LEN(texts), notification->body,
                                    notification->body_len);
}

/* The product, or one of its variations; "" when the line's product is gone. */
static const char *listing_of(const struct channel_document *body, const struct json *line)
{
    const char *product = channel_address_id(json_get(line, "product_id"));
    const char *variation = channel_address_id(json_get(line, "variation_id")); /* 0: none */

    if (product == NULL)
        return "";
    return variation == NULL ? product : arena_printf(body->arena, "%s/%s", product, variation);
}

/* ---- orders ---- */

struct order {
    const char *id;
    const char *status;
    int64_t placed_ms;
    int64_t version_ms;
    int64_t completed_ms; /* 0: never */
};

/*
 * A webhook may be set to an older API. The first one's times are in the shop's own time, without
 * saying which; the legacy one has names of its own. Both give orders that are open a time of
 * completion.
 */
static bool placed_of(const struct json *json, int64_t *ret_ms)
{
    return channel_address_time(json_get(json, "date_created_gmt"), ret_ms) ||
           channel_address_time(json_get(json, "created_at"), ret_ms) ||
           channel_address_time(json_get(json, "date_created"), ret_ms);
}

/* Without one, a body shows what was true when it was sent [WC1]: within one second as always. */
static int64_t version_of(const struct channel_document *body, const struct json *json)
{
    int64_t ms = 0;

    return channel_address_time(json_get(json, "date_modified_gmt"), &ms) ||
                   channel_address_time(json_get(json, "updated_at"), &ms)
               ? ms
               : body->notification->received_ms / SECOND_MS * SECOND_MS;
}

/* 0: never, or nothing says when. */
static int64_t completed_of(const struct json *json, const char *status)
{
    int64_t ms = 0;

    if (channel_address_time(json_get(json, "date_completed_gmt"), &ms) ||
        strcmp(status, "completed") != 0)
        return ms;
    if (!channel_address_time(json_get(json, "completed_at"), &ms))
        channel_address_time(json_get(json, "date_completed"), &ms);
    return ms;
}

/* Orders that take nothing out of stock. Every status that is not listed holds its units:
   processing and on-hold do [WC2, IS9], and what plugins add is most often a step of shipping. */
static bool is_void(const char *status)
{
    static const char *const names[] = {
        "pending", "checkout-draft", "failed", "cancelled", "trash", "refunded",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], status) == 0)
            return true;
    }
    return false;
}

/*
 * Sources stamp whole seconds (date_modified_gmt, 1 s grain), and a checkout goes from pending to
 * processing within one. Inside a second the later step of an order's life wins, as milliseconds of
 * the version: else the ledger could only guess, and a sold unit would count as cancelled.
 */
static int64_t status_rank_ms(const char *status)
{
    static const struct {
        const char *status;
        int64_t rank_ms;
    } steps[] = {
        {"checkout-draft", 0  },
        {"pending",        100},
        {"on-hold",        200},
        {"processing",     300},
        {"completed",      500},
        {"failed",         600},
        {"refunded",       700},
        {"cancelled",      800},
        {"trash",          900},
    };
    enum { RANK_OF_PLUGINS_MS = 400 };

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (strcmp(steps[i].status, status) == 0)
            return steps[i].rank_ms;
    }
    return RANK_OF_PLUGINS_MS;
}

/* Units that were shipped are not cancelled, whatever the order's status says later. */
static void add_order_line(const struct channel_document *body, const struct order *order,
                           const struct event_order_line *line)
{
    struct event *event = event_list_add(body->events, body->arena, EVENT_ORDER_LINE);
    bool is_cancelled = is_void(order->status) && order->completed_ms == 0;

    event->times.occurred_ms = order->version_ms;
    event->order_line = *line;
    event->order_line.order_id = order->id;
    event->order_line.status = order->status;
    event->order_line.placed_ms = order->placed_ms;
    event->order_line.version_ms = order->version_ms + status_rank_ms(order->status);
    event->order_line.cancelled = is_cancelled ? line->ordered : 0;
}

/* WooCommerce knows no parcels: completing the order ships it whole. A body shows the state at
   delivery, so completion may first be seen behind a later status. */
static void add_shipment(const struct channel_document *body, const struct order *order,
                         const struct event_order_line *line)
{
    if (order->completed_ms == 0 || line->ordered == 0)
        return;
    struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_SHIPPED);
    event->times.occurred_ms = order->completed_ms;
    event->part = (struct event_line_part){
        .order_id = order->id,
        .line_id = line->line_id,
        .part_id = arena_printf(body->arena, "%s/%s/completed", order->id, line->line_id),
        .listing = line->listing,
        .quantity = line->ordered,
        .bucket = "",
    };
}

static void read_order_line(const struct channel_document *body, const struct order *order,
                            const struct json *json)
{
    struct event_order_line line = {.line_id = channel_address_id(json_get(json, "id")),
                                    .listing = listing_of(body, json)};

    if (line.line_id == NULL) {
        channel_bad_line(body->bad, body->arena, "order %s: a line's id is missing or wrong",
                         order->id);
        return;
    }
    if (line.listing[0] == '\0') {
        channel_bad_line(body->bad, body->arena, "line %s: no product", line.line_id);
        return;
    }
    /* A number that no order can have is one all the same: the event breaks a rule, and is looked
       at where it can be put right. */
    if (!channel_address_units(json_get(json, "quantity"), INT64_MIN, INT64_MAX, &line.ordered)) {
        channel_bad_line(body->bad, body->arena,
                         "line %s: quantity is '%.50s', want a whole number", line.line_id,
                         channel_address_text(json, "quantity"));
        return;
    }
    add_order_line(body, order, &line);
    add_shipment(body, order, &line);
}

/* "wc-completed" is how the database spells it. */
static const char *status_of(const struct json *json)
{
    const char *status = channel_address_text(json, "status");

    return strncmp(status, "wc-", 3) == 0 ? status + 3 : status;
}

static bool read_order(const struct channel_document *body, const struct json *json,
                       struct order *ret_order)
{
    struct order order = {.id = channel_address_id(json_get(json, "id")),
                          .status = status_of(json),
                          .version_ms = version_of(body, json)};

    if (order.id == NULL)
        return channel_document_refuse(body, "order", "id");
    if (order.status[0] == '\0')
        return channel_document_refuse(body, "order", "status");
    if (!placed_of(json, &order.placed_ms))
        return channel_document_refuse(body, "order", "date_created_gmt");
    order.completed_ms = completed_of(json, order.status);
    /* Then its units stay promised, which takes as much off what can be sold. */
    if (order.completed_ms == 0 && strcmp(order.status, "completed") == 0)
        channel_bad_line(body->bad, body->arena, "order %s: completed, but nothing says when",
                         order.id);
    *ret_order = order;
    return true;
}

/* refunds[] holds no quantities and says nothing of goods: that takes a read-back of the refund. */
static bool normalize_order(const struct channel_document *body, const struct json *json)
{
    const struct json *lines = json_get(json, "line_items");
    struct order order = {0};

    if (!read_order(body, json, &order))
        return false;
    if (json_kind(lines) != JSON_ARRAY)
        return channel_document_refuse(body, "order", "line_items");
    for (size_t i = 0; i < json_len(lines); i++)
        read_order_line(body, &order, json_at(lines, i));
    return true;
}

/* The body is {"id":727}: no time but that of its arrival. */
static bool normalize_deleted(const struct channel_document *body, const struct json *json)
{
    const char *id = channel_address_id(json_get(json, "id"));

    if (id == NULL)
        return channel_document_refuse(body, "order", "id");
    struct event *event = event_list_add(body->events, body->arena, EVENT_ORDER_VOIDED);
    event->times.occurred_ms = body->notification->received_ms;
    event->order_voided =
        (struct event_order_voided){.order_id = id, .version_ms = body->notification->received_ms};
    return true;
}

/* ---- refunds: no notification has one, but a read-back does ---- */

/* "https://example.com/wp-json/wc/v3/orders/723" */
static const char *refund_order_id(const struct json *json)
{
    const struct json *up = json_path(json, "_links", "up", NULL);
    const char *href = channel_address_text(json_at(up, 0), "href");
    const char *slash = strrchr(href, '/');

    if (channel_address_id(json_get(json, "parent_id")) != NULL)
        return channel_address_id(json_get(json, "parent_id"));
    return slash != NULL && channel_address_is_id(slash + 1) ? slash + 1 : NULL;
}

static const char *refunded_line_id(const struct json *line)
{
    const struct json *meta = json_get(line, "meta_data");

    for (size_t i = 0; i < json_len(meta); i++) {
        if (strcmp(channel_address_text(json_at(meta, i), "key"), "_refunded_item_id") == 0)
            return channel_address_id(json_get(json_at(meta, i), "value"));
    }
    return NULL;
}

/* Its quantity is negative. */
static void add_returned(const struct channel_document *body, const struct json *line,
                         const char *order_id, int64_t occurred_ms)
{
    const char *part_id = channel_address_id(json_get(line, "id"));
    const char *line_id = refunded_line_id(line);
    int64_t quantity = 0;

    if (part_id == NULL || line_id == NULL ||
        !channel_address_units(json_get(line, "quantity"), -EVENT_QUANTITY_MAX, 0, &quantity)) {
        channel_bad_line(body->bad, body->arena,
                         "a refunded line's id, _refunded_item_id or quantity is wrong");
        return;
    }
    if (quantity == 0)
        return; /* money only */
    struct event *event = event_list_add(body->events, body->arena, EVENT_LINE_RETURNED);
    event->times.occurred_ms = occurred_ms;
    event->part = (struct event_line_part){
        .order_id = order_id,
        .line_id = line_id,
        .part_id = part_id,
        .listing = listing_of(body, line),
        .quantity = -quantity,
        .bucket = body->account->return_bucket,
    };
}

static bool normalize_refund(const struct channel_document *body, const struct json *json)
{
    const struct json *lines = json_get(json, "line_items");
    const char *order_id = refund_order_id(json);
    int64_t occurred_ms = 0;

    if (json_len(lines) == 0)
        return true;
    if (order_id == NULL)
        return channel_document_refuse(body, "refund", "_links.up");
    if (!placed_of(json, &occurred_ms))
        return channel_document_refuse(body, "refund", "date_created_gmt");
    for (size_t i = 0; i < json_len(lines); i++)
        add_returned(body, json_at(lines, i), order_id, occurred_ms);
    return true;
}

/* ---- products and variations ---- */

static void add_observation(const struct channel_document *body, const struct json *json,
                            const struct channel_row *row)
{
    struct event *event = event_list_add(body->events, body->arena, EVENT_OBSERVATION);

    event->times.occurred_ms = version_of(body, json);
    event->observation = (struct event_observation){
        .listing = row->listing,
        .address = row->address,
        .sku = row->sku,
        .tracked = row->tracked,
        .quantity = row->quantity,
        .version_ms = event->times.occurred_ms,
    };
}

/* Bodies of the older APIs hold their variations, the others only name them. */
static void add_variations(const struct channel_document *body, const struct json *product,
                           const char *listing)
{
    const struct json *list = json_get(product, "variations");

    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *json = json_at(list, i);
        struct channel_row row = {0};
        struct err why = {0};

        if (json_kind(json) != JSON_OBJECT)
            continue;
        if (!channel_woocommerce_row(json, body->arena, &row, &why)) {
            channel_bad_line(body->bad, body->arena, "product %s: %s", listing, why.text);
            continue;
        }
        row.listing = arena_printf(body->arena, "%s/%s", listing, row.listing);
        add_observation(body, json, &row);
    }
}

static bool normalize_product(const struct channel_document *body, const struct json *json)
{
    struct channel_row row = {0};

    if (!channel_woocommerce_row(json, body->arena, &row, body->err))
        return false;
    add_observation(body, json, &row);
    add_variations(body, json, row.listing);
    return true;
}

/* Answers of the batch calls; the deleted ones show nothing any more. */
static bool normalize_batch(const struct channel_document *body, const struct json *json)
{
    static const char *const keys[] = {"create", "update"};

    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        const struct json *list = json_get(json, keys[k]);

        for (size_t i = 0; i < json_len(list); i++) {
            struct channel_document element = *body;
            struct err why = {0};

            element.err = &why;
            if (!normalize_product(&element, json_at(list, i)))
                channel_bad_line(body->bad, body->arena, "%s %zu: %s", keys[k], i, why.text);
        }
    }
    return true;
}

/* ---- bodies ---- */

static const struct channel_document_reader topics[] = {
    {"order.created",    normalize_order},
    {"order.updated",                  normalize_order},
    {"order.restored",normalize_order},
    {"order.deleted",   normalize_deleted},
    {"product.created",                  normalize_product},
    {"product.updated",normalize_product},
    {"product.restored",  normalize_product},
    {"product.published",                  normalize_product},
    {0  },
};

/* clang-format off */
/* What a body without a topic is, by a member that nothing below it has. */
static const struct channel_document_reader shapes[] = {
    {"refunded_by",    normalize_refund },
    {"amount",         normalize_refund }, /* the older APIs do not say by whom */
    {"line_items",     normalize_order  },
    {"manage_stock",   normalize_product},
    {"managing_stock", normalize_product}, /* the legacy API */
    {"update",         normalize_batch  },
    {0},
};
/* clang-format on */

bool channel_woocommerce_normalize(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   struct arena *arena, struct event_list *ret_events,
                                   struct channel_bad_lines *ret_bad, struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    return channel_document_normalize(&document,
                                      channel_notification_header(notification, topic_header),
                                      &(struct channel_document_readers){topics, shapes});
}
