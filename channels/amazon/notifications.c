#include <inttypes.h>
#include <string.h>

#include "channels/amazon/internal.h"
#include "channels/signature.h"

enum { ID_LEN_MAX = 128, LISTS_DEPTH_MAX = 4 };

static const char account_prefix[] = "amzn1.merchant.o.";

/* ---- envelopes ---- */

static const char *type_of_payload(const struct json *payload);

struct message {
    const char *type;
    const struct json *payload;
    const struct json *metadata;
    const char *id;   /* "" when it has none */
    int64_t event_ms; /* 0: not told */
};

/*
 * Both spellings [1.1]. EventBridge puts the notification, or what it says alone, into `detail`:
 * which of them no source tells, so either will do. False: this is no notification.
 */
static bool message_of(struct arena *arena, const struct json *json, struct message *ret_message)
{
    const struct json *detail = channel_amazon_get(json, "detail");
    const struct json *outer = json_kind(detail) == JSON_OBJECT ? detail : json;
    struct message message = {
        .type = channel_amazon_text(arena, outer, "NotificationType"),
        .payload = channel_amazon_get(outer, "Payload"),
        .metadata = channel_amazon_get(outer, "NotificationMetadata"),
    };

    channel_amazon_time(outer, "EventTime", &message.event_ms);
    message.id = channel_amazon_text(arena, message.metadata, "NotificationId");
    if (detail != NULL && outer == detail) {
        if (message.type[0] == '\0') {
            message.type = channel_amazon_text(arena, json, "detail-type");
            message.payload = detail;
        }
        if (message.event_ms == 0)
            channel_amazon_time(json, "time", &message.event_ms);
        if (message.id[0] == '\0')
            message.id = channel_amazon_text(arena, json, "id");
    }
    if (message.type[0] == '\0') { /* the payload without its envelope */
        message.type = type_of_payload(json);
        message.payload = json;
    }
    if (message.type[0] == '\0')
        return false;
    *ret_message = message;
    return true;
}

const char *channel_amazon_notification_id(const struct channel_account *account,
                                           const struct channel_notification *notification,
                                           struct arena *arena)
{
    struct message message;
    struct err err = {0};
    const struct json *json =
        channel_amazon_is_table(notification->body, notification->body_len)
            ? NULL
            : json_parse(arena, notification->body, notification->body_len, &err);

    (void)account;
    if (json != NULL && message_of(arena, json, &message) && message.id[0] != '\0' &&
        strlen(message.id) <= ID_LEN_MAX)
        return message.id;
    return channel_signature_digest(arena, &notification->hint, 1, notification->body,
                                    notification->body_len);
}

/* A message of SQS has it in its body, one of SNS in its message. */
static const struct json *carried_by(struct arena *arena, const struct json *json)
{
    static const char *const carriers[] = {"body", "Message"};

    for (size_t i = 0; i < ARRAY_LEN(carriers); i++) {
        const struct json *text = channel_amazon_get(json, carriers[i]);
        const struct json *carried = channel_document_carried(arena, text);

        if (carried != text)
            json = carried;
    }
    return json;
}

/* ---- what a notification says ---- */

static bool read_quantity_change(const struct channel_document *document,
                                 const struct json *payload, int64_t event_ms)
{
    const char *centre = channel_amazon_text(document->arena, payload, "FulfillmentChannelCode");
    const char *sku = channel_amazon_text(document->arena, payload, "Sku");
    int64_t quantity = 0;

    if (centre[0] != '\0' && !channel_amazon_is(centre, "DEFAULT"))
        return true; /* Amazon's own stock */
    if (sku[0] == '\0')
        return channel_document_refuse(document, "quantity change", "Sku");
    if (!channel_amazon_units(payload, "Quantity", &quantity))
        return channel_document_refuse(document, "quantity change", "Quantity");
    struct event *event = event_list_add(document->events, document->arena, EVENT_OBSERVATION);
    event->times.occurred_ms = event_ms != 0 ? event_ms : document->notification->received_ms;
    event->observation = (struct event_observation){
        .listing = sku,
        .address = "",
        .sku = "",
        .tracked = true,
        .quantity = quantity,
        .version_ms = event->times.occurred_ms,
    };
    return true;
}

typedef bool payload_reader(const struct channel_document *document, const struct json *payload,
                            int64_t event_ms);

struct hinting {
    struct arena *arena;
    const struct json *payload;
    int64_t event_ms;
    struct channel_hints *hints;
};

typedef bool payload_hinter(const struct hinting *hinting);

static bool hint_order(const struct hinting *hinting)
{
    const char *id = channel_amazon_text(hinting->arena, hinting->payload, "AmazonOrderId");

    return id[0] == '\0' || channel_hint(hinting->hints, hinting->arena, "order:%s", id);
}

static bool hint_fulfillment(const struct hinting *hinting)
{
    const char *id =
        channel_amazon_text(hinting->arena, hinting->payload, "SellerFulfillmentOrderId");

    return id[0] == '\0' || channel_hint(hinting->hints, hinting->arena, "fulfillment:%s", id);
}

static bool is_done(const struct hinting *hinting)
{
    return channel_amazon_is(
        channel_amazon_text(hinting->arena, hinting->payload, "processingStatus"), "DONE");
}

static bool hint_report(const struct hinting *hinting)
{
    const char *type = channel_amazon_text(hinting->arena, hinting->payload, "reportType");
    const char *id = channel_amazon_text(hinting->arena, hinting->payload, "reportId");

    if (!is_done(hinting) || id[0] == '\0' || !channel_amazon_report_has_facts(type))
        return true;
    return channel_hint(hinting->hints, hinting->arena, "report:%s:%s:%" PRId64, type, id,
                        hinting->event_ms);
}

static bool hint_feed(const struct hinting *hinting)
{
    const char *type = channel_amazon_text(hinting->arena, hinting->payload, "feedType");
    const char *id = channel_amazon_text(hinting->arena, hinting->payload, "resultFeedDocumentId");

    if (!is_done(hinting) || id[0] == '\0' || !channel_amazon_is(type, "JSON_LISTINGS_FEED"))
        return true;
    return channel_hint(hinting->hints, hinting->arena, "feed:%s", id);
}

/* Types that are not listed mean nothing to stock. ORDER_STATUS_CHANGE and MFN_ORDER_STATUS_CHANGE
   were removed in 2026; old senders' messages name an item, but no time of its change [1.1]. */
/* clang-format off */
static const struct type {
    const char *name;
    const char *inner; /* member of the payload that holds all; NULL: the payload itself */
    payload_reader *read;
    payload_hinter *hint;
} types[] = {
    {"ORDER_CHANGE", "OrderChangeNotification", channel_amazon_order_change, hint_order},
    {"ORDER_STATUS_CHANGE", "OrderStatusChangeNotification", NULL, hint_order},
    {"MFN_ORDER_STATUS_CHANGE", "MFNOrderNotification", NULL, hint_order},
    {"FBA_OUTBOUND_SHIPMENT_STATUS", "FBAOutboundShipmentStatusNotification", NULL, hint_order},
    {"FULFILLMENT_ORDER_STATUS", "FulfillmentOrderStatusNotification", NULL, hint_fulfillment},
    {"FBA_INVENTORY_AVAILABILITY_CHANGES", NULL, channel_amazon_availability, NULL},
    {"LISTINGS_ITEM_MFN_QUANTITY_CHANGE", NULL, read_quantity_change, NULL},
    {"REPORT_PROCESSING_FINISHED", "reportProcessingFinishedNotification", NULL, hint_report},
    {"FEED_PROCESSING_FINISHED", "feedProcessingFinishedNotification", NULL, hint_feed},
};
/* clang-format on */

static const struct type *type_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (channel_amazon_is(types[i].name, name))
            return &types[i];
    }
    return NULL;
}

/* "" when it holds nothing that is listed. */
static const char *type_of_payload(const struct json *payload)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].inner != NULL && channel_amazon_get(payload, types[i].inner) != NULL)
            return types[i].name;
    }
    return "";
}

static const struct json *inner_of(const struct type *type, const struct json *payload)
{
    const struct json *inner =
        type->inner == NULL ? NULL : channel_amazon_get(payload, type->inner);

    return inner == NULL ? payload : inner;
}

/* Whose it is: sellerId may be null, and accountId then says it [1.1]. Not told: nobody else's. */
static bool check_sender(const struct channel_document *document, const struct message *message,
                         const struct json *inner)
{
    const char *seller = channel_amazon_text(document->arena, inner, "SellerId");
    const char *account = channel_amazon_text(document->arena, inner, "AccountId");
    const char *application =
        channel_amazon_text(document->arena, message->metadata, "ApplicationId");
    const char *own = channel_account_setting(document->account, "application_id");

    if (seller[0] == '\0' && strncmp(account, account_prefix, sizeof(account_prefix) - 1) == 0)
        seller = account + sizeof(account_prefix) - 1;
    if (seller[0] != '\0' && document->account->account[0] != '\0' &&
        strcmp(seller, document->account->account) != 0)
        return err_set(document->err, ERR_REJECT, "seller '%.100s' is not this channel's", seller);
    if (application[0] != '\0' && own[0] != '\0' && strcmp(application, own) != 0)
        return err_set(document->err, ERR_REJECT, "application '%.100s' is not this channel's",
                       application);
    return true;
}

static bool normalize_message(const struct channel_document *document,
                              const struct message *message)
{
    const struct type *type = type_of(message->type);

    if (type == NULL)
        return true;
    const struct json *inner = inner_of(type, message->payload);
    if (json_kind(inner) != JSON_OBJECT)
        return channel_document_refuse(document, message->type, "Payload");
    if (!check_sender(document, message, inner))
        return false;
    return type->read == NULL || type->read(document, inner, message->event_ms);
}

/* ---- what APIs answer ---- */

/* Faults of a feed are for people: they name listings that do not show what they should. */
static bool read_processing_report(const struct channel_document *document, const struct json *json)
{
    const struct json *issues = channel_amazon_get(json, "issues");

    for (size_t i = 0; i < json_len(issues); i++) {
        const struct json *issue = json_at(issues, i);

        if (channel_amazon_is(channel_amazon_text(document->arena, issue, "severity"), "ERROR"))
            channel_bad_line(document->bad, document->arena, "feed: listing '%s': %s: %s",
                             channel_amazon_text(document->arena, issue, "sku"),
                             channel_amazon_text(document->arena, issue, "code"),
                             channel_amazon_text(document->arena, issue, "message"));
    }
    return true;
}

/* The older multi-channel API has a head beside the items, the newer one has both in one object. */
static bool is_fulfillment_order(const struct json *json)
{
    return channel_amazon_get(json, "fulfillmentOrder") != NULL ||
           channel_amazon_get(json, "lineItems") != NULL;
}

static bool read_any_order(const struct channel_document *document, const struct json *json)
{
    return is_fulfillment_order(json) ? channel_amazon_fulfillment_order(document, json)
                                      : channel_amazon_order(document, json);
}

static bool is_only_named(const struct json *order)
{
    return channel_amazon_get(order, "AmazonOrderId") != NULL &&
           channel_amazon_get(order, "OrderItems") == NULL;
}

static bool read_orders(const struct channel_document *document, const struct json *list)
{
    for (size_t i = 0; i < json_len(list); i++) {
        struct channel_document one = *document;
        struct err why = {0};

        one.err = &why;
        if (!is_only_named(json_at(list, i)) && !read_any_order(&one, json_at(list, i)))
            channel_bad_line(document->bad, document->arena, "element %zu: %s", i, why.text);
    }
    return true;
}

static bool read_order_alone(const struct channel_document *document, const struct json *json)
{
    return is_only_named(json) || read_any_order(document, json);
}

static bool read_inner_order(const struct channel_document *document, const struct json *json)
{
    return read_any_order(document, channel_amazon_get(json, "order"));
}

static bool read_orders_member(const struct channel_document *document, const struct json *json)
{
    return read_orders(document, channel_amazon_get(json, "orders"));
}

static bool read_shipment(const struct channel_document *document, const struct json *json)
{
    return channel_amazon_shipment(document, channel_amazon_get(json, "shipment"),
                                   channel_amazon_get(json, "items"));
}

static bool read_payload_alone(const struct channel_document *document, const struct json *json)
{
    return channel_amazon_availability(document, json, 0);
}

static bool read_quantity_alone(const struct channel_document *document, const struct json *json)
{
    return read_quantity_change(document, json, 0);
}

static bool read_names(const struct channel_document *document, const struct json *json)
{
    (void)document;
    (void)json;
    return true; /* hints */
}

/* The first member that an answer has says what it is. */
static const struct channel_document_reader shapes[] = {
    {"inventorySummaries",                channel_amazon_summaries        },
    {"ShipmentData",                      read_names                      },
    {"shipment",                          read_shipment                   },
    {"fulfillmentOrder",                  channel_amazon_fulfillment_order},
    {"fulfillmentOrders",                 read_names                      },
    {"orders",                            read_orders_member              },
    {"order",                             read_inner_order                },
    {"orderId",                           read_order_alone                },
    {"AmazonOrderId",                     read_order_alone                },
    {"summary",                           read_processing_report          },
    {"FulfillmentInventoryByMarketplace", read_payload_alone              },
    {"FulfillmentChannelCode",            read_quantity_alone             },
};

static channel_document_read *reader_of(const struct json *json)
{
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (channel_amazon_get(json, shapes[i].name) != NULL)
            return shapes[i].read;
    }
    return NULL;
}

static bool normalize_json(const struct channel_document *document, const struct json *json,
                           int depth);

static bool normalize_list(const struct channel_document *document, const struct json *list,
                           int depth)
{
    for (size_t i = 0; i < json_len(list); i++) {
        struct channel_document element = *document;
        struct err why = {0};

        element.err = &why;
        if (!normalize_json(&element, json_at(list, i), depth))
            channel_bad_line(document->bad, document->arena, "element %zu: %s", i, why.text);
    }
    return true;
}

/* The model's sandbox pairs have the answer in `response`, most APIs theirs in `payload`; queues
   and those who pass on what they took from them hand over several messages. */
static const struct json *unwrap(const struct json *json)
{
    static const char *const wrappers[] = {"response", "payload", "Records", "Messages"};

    for (size_t i = 0; i < ARRAY_LEN(wrappers); i++) {
        const struct json *inner = channel_amazon_get(json, wrappers[i]);

        if (json_kind(inner) == JSON_OBJECT || json_kind(inner) == JSON_ARRAY)
            json = inner;
    }
    return json;
}

static bool normalize_json(const struct channel_document *document, const struct json *json,
                           int depth)
{
    struct message message;

    json = carried_by(document->arena, json);
    if (message_of(document->arena, json, &message))
        return normalize_message(document, &message);
    json = unwrap(json);
    if (json_kind(json) == JSON_ARRAY && depth < LISTS_DEPTH_MAX)
        return normalize_list(document, json, depth + 1);
    channel_document_read *read = reader_of(json);
    if (read == NULL)
        return err_set(document->err, ERR_REJECT, "no NotificationType, and the shape tells none");
    return read(document, json);
}

/* A report may be posted by hand as it was downloaded: packed. */
static bool unpack(const struct channel_notification *notification, struct arena *arena,
                   struct channel_notification *ret_plain, struct err *err)
{
    const char *bytes = NULL;

    *ret_plain = *notification;
    if (!channel_amazon_unpack(notification->body, notification->body_len, arena, &bytes,
                               &ret_plain->body_len, err))
        return false;
    ret_plain->body = bytes;
    return true;
}

bool channel_amazon_normalize(const struct channel_account *account,
                              const struct channel_notification *notification, struct arena *arena,
                              struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                              struct err *err)
{
    struct channel_notification plain;
    const struct channel_document document = {account, &plain, arena, ret_events, ret_bad, err};

    if (!unpack(notification, arena, &plain, err))
        return false;
    if (channel_amazon_is_table(plain.body, plain.body_len))
        return channel_amazon_report(&document);
    const struct json *json = json_parse(arena, plain.body, plain.body_len, err);
    return json != NULL && normalize_json(&document, json, 0);
}

/* ---- what is only named ---- */

/* A page of v0's list has no items, one of shipments no quantities. */
static bool hint_list(const struct channel_account *account, struct arena *arena,
                      const struct json *json, struct channel_hints *hints)
{
    const struct json *payload = unwrap(json);
    const struct json *orders = channel_amazon_get(payload, "Orders");
    const struct json *shipments = channel_amazon_get(payload, "ShipmentData");

    for (size_t i = 0; i < json_len(orders); i++) {
        const struct json *order = json_at(orders, i);
        const char *marketplace = channel_amazon_text(arena, order, "MarketplaceId");

        if (is_only_named(order) && channel_amazon_sells_in(account, marketplace, arena) &&
            !hint_order(&(struct hinting){arena, order, 0, hints}))
            return false;
    }
    for (size_t i = 0; i < json_len(shipments); i++) {
        const char *id = channel_amazon_text(arena, json_at(shipments, i), "ShipmentId");
        const char *status = channel_amazon_text(arena, json_at(shipments, i), "ShipmentStatus");

        if (id[0] != '\0' && status[0] != '\0' &&
            !channel_hint(hints, arena, "shipment:%s:%s", status, id))
            return false;
    }
    return true;
}

static bool hint_message(const struct channel_account *account, struct arena *arena,
                         const struct message *message, struct channel_hints *hints)
{
    const struct type *type = type_of(message->type);

    if (type == NULL || type->hint == NULL)
        return true;
    const struct json *inner = inner_of(type, message->payload);
    const char *marketplace =
        channel_amazon_text(arena, channel_amazon_get(inner, "Summary"), "MarketplaceId");
    if (!channel_amazon_sells_in(account, marketplace, arena))
        return true;
    return type->hint(&(struct hinting){arena, inner, message->event_ms, hints});
}

static bool hint_json(const struct channel_account *account, struct arena *arena,
                      const struct json *json, int depth, struct channel_hints *hints)
{
    struct message message;

    json = carried_by(arena, json);
    if (message_of(arena, json, &message))
        return hint_message(account, arena, &message, hints);
    const struct json *list = unwrap(json);
    if (json_kind(list) != JSON_ARRAY)
        return hint_list(account, arena, json, hints);
    for (size_t i = 0; i < json_len(list) && depth < LISTS_DEPTH_MAX; i++) {
        if (!hint_json(account, arena, json_at(list, i), depth + 1, hints))
            return false;
    }
    return true;
}

/* An answer to read() is all there is: what it names is not read again. */
bool channel_amazon_hints(const struct channel_account *account,
                          const struct channel_notification *notification, struct arena *arena,
                          struct channel_hints *ret_hints, struct err *err)
{
    struct err why = {0};

    if (notification->hint != NULL ||
        channel_amazon_is_table(notification->body, notification->body_len))
        return true;
    const struct json *json = json_parse(arena, notification->body, notification->body_len, &why);
    if (json == NULL)
        return true; /* normalize() says why */
    if (hint_json(account, arena, json, 0, ret_hints))
        return true;
    return err_set(err, ERR_REJECT, "an id is too long, or there are more than %d",
                   CHANNEL_HINTS_MAX);
}
