#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"

#include "channels/address.h"
#include "channels/document.h"
#include "channels/shopify/internal.h"
#include "channels/signature.h"

enum { SENDER_ID_LEN_MAX = 128 };

/* ---- reading ---- */

/* A list that may be absent; anything else in its place is a bad line. */
static const struct json *list_of(const struct channel_document *body, const struct json *object,
                                  const char *key)
{
    const struct json *list = json_get(object, key);

    if (json_is_null(list))
        return NULL;
    if (json_kind(list) == JSON_ARRAY)
        return list;
    channel_bad_line(body->bad, body->arena, "%s: want a list, not %s", key,
                     json_kind_name(json_kind(list)));
    return NULL;
}

/* The listing is the variant; deleted variants and custom lines have none. */
static const char *listing_of(const struct json *line)
{
    const char *id = channel_address_id(json_get(line, "variant_id"));

    return id == NULL ? "" : id;
}

/* ---- parts of lines ---- */

/*
 * A part has the same id and content from whichever notification tells of it: orders/updated and
 * refunds/create both do, and its effect counts once per id.
 */

struct part {
    enum event_kind kind; /* EVENT_NONE: refunded, but nothing came back */
    struct event_line_part fact;
    int64_t occurred_ms;
};

struct parts {
    struct part *list;
    size_t len;
    size_t capacity;
};

static void parts_add(const struct channel_document *body, struct parts *parts,
                      const struct part *part)
{
    if (part->fact.quantity == 0)
        return;
    parts->list =
        arena_grow(body->arena, parts->list, parts->len, &parts->capacity, sizeof(*parts->list));
    parts->list[parts->len++] = *part;
}

/* One fulfillment ships several lines, and a part has one: hence both ids in the part's. */
static void read_fulfillment_line(const struct channel_document *body, const struct json *line,
                                  const struct part *fulfillment, struct parts *parts)
{
    struct part part = *fulfillment;

    part.fact.line_id = channel_address_id(json_get(line, "id"));
    part.fact.listing = listing_of(line);
    if (part.fact.line_id == NULL ||
        !channel_address_units(json_get(line, "quantity"), 0, EVENT_QUANTITY_MAX,
                               &part.fact.quantity)) {
        channel_bad_line(body->bad, body->arena, "fulfillment %s: a line's id or quantity is wrong",
                         fulfillment->fact.part_id);
        return;
    }
    part.fact.part_id =
        arena_printf(body->arena, "%s/%s", fulfillment->fact.part_id, part.fact.line_id);
    parts_add(body, parts, &part);
}

static void read_fulfillment(const struct channel_document *body, const char *order_id,
                             const struct json *fulfillment, struct parts *parts)
{
    const struct json *lines = list_of(body, fulfillment, "line_items");
    struct part part = {
        .kind = EVENT_LINE_SHIPPED, .fact = {.order_id = order_id, .bucket = ""}
    };

    if (strcmp(channel_address_text(fulfillment, "status"), "success") != 0)
        return;
    part.fact.part_id = channel_address_id(json_get(fulfillment, "id"));
    if (part.fact.part_id == NULL ||
        !channel_address_time(json_get(fulfillment, "created_at"), &part.occurred_ms)) {
        channel_bad_line(body->bad, body->arena, "a fulfillment's id or created_at is wrong");
        return;
    }
    for (size_t i = 0; i < json_len(lines); i++)
        read_fulfillment_line(body, json_at(lines, i), &part, parts);
}

/* What a refunded line does to stock [SH6]; no_restock and what is not listed move nothing. The
   older APIs say one yes or no for the whole refund: legacy_restock is what became of the yes. */
static enum event_kind kind_of_refund(const char *restock_type, bool is_restocked)
{
    if (restock_type[0] == '\0' && is_restocked)
        restock_type = "legacy_restock";
    if (strcmp(restock_type, "return") == 0 || strcmp(restock_type, "legacy_restock") == 0)
        return EVENT_LINE_RETURNED;
    return strcmp(restock_type, "cancel") == 0 ? EVENT_LINE_CANCELLED : EVENT_NONE;
}

static void read_refund_line(const struct channel_document *body, const struct json *line,
                             const struct part *refund, bool is_restocked, struct parts *parts)
{
    struct part part = *refund;

    part.kind = kind_of_refund(channel_address_text(line, "restock_type"), is_restocked);
    part.fact.part_id = channel_address_id(json_get(line, "id"));
    part.fact.line_id = channel_address_id(json_get(line, "line_item_id"));
    part.fact.listing = listing_of(json_get(line, "line_item"));
    part.fact.bucket = part.kind == EVENT_LINE_RETURNED ? body->account->return_bucket : "";
    if (part.fact.part_id == NULL || part.fact.line_id == NULL ||
        !channel_address_units(json_get(line, "quantity"), 0, EVENT_QUANTITY_MAX,
                               &part.fact.quantity)) {
        channel_bad_line(body->bad, body->arena,
                         "a refunded line's id, line_item_id or quantity is wrong");
        return;
    }
    parts_add(body, parts, &part);
}

static void read_refund(const struct channel_document *body, const char *order_id,
                        const struct json *refund, struct parts *parts)
{
    const struct json *lines = list_of(body, refund, "refund_line_items");
    struct part part = {.fact = {.order_id = order_id}};
    bool is_restocked = false;

    json_bool(json_get(refund, "restock"), &is_restocked);
    if (!channel_address_time(json_get(refund, "processed_at"), &part.occurred_ms) &&
        !channel_address_time(json_get(refund, "created_at"), &part.occurred_ms)) {
        channel_bad_line(body->bad, body->arena, "a refund says no time");
        return;
    }
    for (size_t i = 0; i < json_len(lines); i++)
        read_refund_line(body, json_at(lines, i), &part, is_restocked, parts);
}

static void add_parts(const struct channel_document *body, const struct parts *parts)
{
    for (size_t i = 0; i < parts->len; i++) {
        const struct part *part = &parts->list[i];

        if (part->kind == EVENT_NONE)
            continue;
        struct event *event = event_list_add(body->events, body->arena, part->kind);
        event->times.occurred_ms = part->occurred_ms;
        event->part = part->fact;
    }
}

/* Units of one line, by what became of them. */
struct fate {
    int64_t shipped;
    int64_t returned;
    int64_t cancelled;
    int64_t vanished; /* refunded with no_restock */
};

static void fates_count(const struct channel_document *body, const struct parts *parts,
                        struct map *fates)
{
    for (size_t i = 0; i < parts->len; i++) {
        const struct part *part = &parts->list[i];
        struct fate *fate = map_get(fates, part->fact.line_id);

        if (fate == NULL) {
            fate = arena_alloc(body->arena, sizeof(*fate));
            map_set(fates, part->fact.line_id, fate);
        }
        int64_t *sum = part->kind == EVENT_LINE_SHIPPED     ? &fate->shipped
                       : part->kind == EVENT_LINE_RETURNED  ? &fate->returned
                       : part->kind == EVENT_LINE_CANCELLED ? &fate->cancelled
                                                            : &fate->vanished;
        *sum += part->fact.quantity;
    }
}

/* ---- order lines ---- */

struct order {
    const char *id;
    const char *status;
    int64_t placed_ms;
    int64_t version_ms;
    bool is_cancelled;
    const struct map *fates; /* by line; absent: none of its units was touched */
};

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/*
 * Units that the buyer will never get. A cancelled order: all that was not shipped. Else what was
 * taken off the line (quantity stays, current_quantity sinks with refunds and edits [SH15]) less
 * the units of it that had gone out: those that came back, and those refunded without coming back.
 * No more can come back than went out: units restocked without having been shipped become free,
 * else they would stay promised for ever. no_restock does not say whether its units were shipped;
 * those out there that did not come back are the likelier ones, and beyond these it must have been
 * open units, which the buyer does not get: cancelled. Without current_quantity only the refunds
 * speak.
 */
static int64_t cancelled_of(const struct order *order, const struct fate *fate, int64_t ordered,
                            int64_t current)
{
    if (ordered < 0)
        return 0;
    int64_t shipped = clamp(fate->shipped, 0, ordered);
    int64_t back = clamp(fate->returned, 0, shipped);
    int64_t away = clamp(fate->vanished, 0, shipped - back);

    if (order->is_cancelled)
        return ordered - shipped;
    if (current < 0)
        return clamp(fate->cancelled, 0, ordered - shipped);
    return clamp(ordered - current - back - away, 0, ordered - shipped);
}

/* False: a bad line says why. A number that no order can have is a number all the same: the event
   breaks a rule, and is looked at where it can be put right. */
static bool read_quantities(const struct channel_document *body, const struct json *line,
                            const char *line_id, int64_t *ret_ordered, int64_t *ret_current)
{
    const struct json *current = json_get(line, "current_quantity");

    *ret_current = -1; /* not told */
    if (!channel_address_units(json_get(line, "quantity"), INT64_MIN, INT64_MAX, ret_ordered)) {
        channel_bad_line(body->bad, body->arena,
                         "line %s: quantity is '%.50s', want a whole number", line_id,
                         channel_address_text(line, "quantity"));
        return false;
    }
    if (*ret_ordered < 0)
        return true;
    if (!json_is_null(current) && !channel_address_units(current, 0, *ret_ordered, ret_current)) {
        channel_bad_line(body->bad, body->arena,
                         "line %s: current_quantity is '%.50s', want 0 to %" PRId64, line_id,
                         channel_address_text(line, "current_quantity"), *ret_ordered);
        return false;
    }
    return true;
}

static void add_order_line(const struct channel_document *body, const struct order *order,
                           const struct json *line)
{
    const char *line_id = channel_address_id(json_get(line, "id"));
    const char *listing = listing_of(line);
    const struct fate untouched = {0};
    int64_t ordered = 0;
    int64_t current = 0;

    if (line_id == NULL) {
        channel_bad_line(body->bad, body->arena, "order %s: a line's id is missing or wrong",
                         order->id);
        return;
    }
    if (listing[0] == '\0') {
        channel_bad_line(body->bad, body->arena, "line %s: no variant", line_id);
        return;
    }
    if (!read_quantities(body, line, line_id, &ordered, &current))
        return;
    const struct fate *fate = map_get(order->fates, line_id);
    struct event *event = event_list_add(body->events, body->arena, EVENT_ORDER_LINE);
    /* A delivery that is tried again keeps its first payload: this is when that was true. */
    event->times.occurred_ms = order->version_ms;
    event->order_line = (struct event_order_line){
        .order_id = order->id,
        .line_id = line_id,
        .listing = listing,
        .ordered = ordered,
        .cancelled = cancelled_of(order, fate == NULL ? &untouched : fate, ordered, current),
        .placed_ms = order->placed_ms,
        .version_ms = order->version_ms,
        .status = order->status,
    };
}

static const char *status_of(const struct channel_document *body, const struct json *order)
{
    const char *paid = channel_address_text(order, "financial_status");
    const char *sent = channel_address_text(order, "fulfillment_status");

    if (!json_is_null(json_get(order, "cancelled_at")))
        return "cancelled";
    return arena_printf(body->arena, "%.60s/%.60s", paid[0] == '\0' ? "unknown" : paid,
                        sent[0] == '\0' ? "unfulfilled" : sent);
}

/* A subscription may leave fields out of its bodies; when it was triggered is said beside them. */
static bool read_times(const struct channel_document *body, const struct json *json,
                       struct order *order)
{
    const char *triggered =
        channel_notification_header(body->notification, "X-Shopify-Triggered-At");

    if (!channel_address_time(json_get(json, "created_at"), &order->placed_ms) &&
        !channel_address_time(json_get(json, "processed_at"), &order->placed_ms))
        return channel_document_refuse(body, "order", "created_at");
    if (!channel_address_time(json_get(json, "updated_at"), &order->version_ms) &&
        (!clock_parse(triggered, &order->version_ms) || order->version_ms <= 0))
        return channel_document_refuse(body, "order", "updated_at");
    return true;
}

static bool read_order(const struct channel_document *body, const struct json *json,
                       struct order *ret_order)
{
    struct order order = {.id = channel_address_id(json_get(json, "id"))};

    if (order.id == NULL)
        return channel_document_refuse(body, "order", "id");
    if (!read_times(body, json, &order))
        return false;
    if (json_kind(json_get(json, "line_items")) != JSON_ARRAY)
        return channel_document_refuse(body, "order", "line_items");
    order.is_cancelled = !json_is_null(json_get(json, "cancelled_at"));
    order.status = status_of(body, json);
    *ret_order = order;
    return true;
}

static void read_parts(const struct channel_document *body, const struct json *json,
                       const char *order_id, struct parts *parts)
{
    const struct json *fulfillments = list_of(body, json, "fulfillments");
    const struct json *refunds = list_of(body, json, "refunds");

    for (size_t i = 0; i < json_len(fulfillments); i++)
        read_fulfillment(body, order_id, json_at(fulfillments, i), parts);
    for (size_t i = 0; i < json_len(refunds); i++)
        read_refund(body, order_id, json_at(refunds, i), parts);
}

static bool normalize_order(const struct channel_document *body, const struct json *json)
{
    SCOPED(map) struct map *fates = map_new();
    const struct json *lines = json_get(json, "line_items");
    struct order order = {0};
    struct parts parts = {0};
    bool is_test = false;

    if (!read_order(body, json, &order))
        return false;
    /* They take units out of Shopify's own quantity until they are cancelled (unconfirmed). */
    if (json_bool(json_get(json, "test"), &is_test) && is_test &&
        strcmp(channel_account_setting(body->account, "test_orders"), "ignore") == 0)
        return true;
    read_parts(body, json, order.id, &parts);
    fates_count(body, &parts, fates);
    order.fates = fates;
    for (size_t i = 0; i < json_len(lines); i++)
        add_order_line(body, &order, json_at(lines, i));
    add_parts(body, &parts);
    return true;
}

static bool normalize_refund(const struct channel_document *body, const struct json *json)
{
    const char *order_id = channel_address_id(json_get(json, "order_id"));
    struct parts parts = {0};

    if (order_id == NULL)
        return channel_document_refuse(body, "refund", "order_id");
    read_refund(body, order_id, json, &parts);
    add_parts(body, &parts);
    return true;
}

/* The same parts as in its order, which is told of beside it. */
static bool normalize_fulfillment(const struct channel_document *body, const struct json *json)
{
    const char *order_id = channel_address_id(json_get(json, "order_id"));
    struct parts parts = {0};

    if (order_id == NULL)
        return channel_document_refuse(body, "fulfillment", "order_id");
    read_fulfillment(body, order_id, json, &parts);
    add_parts(body, &parts);
    return true;
}

/* Drafts, checkouts and plans of fulfilment: they look like orders, and sold nothing yet. */
static bool normalize_nothing(const struct channel_document *body, const struct json *json)
{
    (void)body;
    (void)json;
    return true;
}

/* ---- observations ---- */

/* Of quantities null means untracked, and shows in the test notification, too [SH14, SH16]. */
static void add_observation(const struct channel_document *body, const struct json *json,
                            const char *quantity_key, struct event_observation observation)
{
    const struct json *quantity = json_get(json, quantity_key);

    if (!observation.tracked || json_is_null(quantity)) {
        observation.tracked = false;
    } else if (!channel_address_units(quantity, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX,
                                      &observation.quantity)) {
        channel_bad_line(body->bad, body->arena, "%s%s: %s is wrong", observation.listing,
                         observation.address, quantity_key);
        return;
    }
    if (!channel_address_time(json_get(json, "updated_at"), &observation.version_ms)) {
        channel_bad_line(body->bad, body->arena, "%s%s: updated_at is missing or wrong",
                         observation.listing, observation.address);
        return;
    }
    struct event *event = event_list_add(body->events, body->arena, EVENT_OBSERVATION);
    event->times.occurred_ms = observation.version_ms;
    event->observation = observation;
}

static bool normalize_level(const struct channel_document *body, const struct json *json)
{
    const char *item = channel_address_id(json_get(json, "inventory_item_id"));
    const char *place = channel_address_id(json_get(json, "location_id"));

    if (item == NULL)
        return channel_document_refuse(body, "inventory level", "inventory_item_id");
    if (place == NULL)
        return channel_document_refuse(body, "inventory level", "location_id");
    add_observation(body, json, "available",
                    (struct event_observation){
                        .listing = "",
                        .address = arena_printf(body->arena, "%s@%s", item, place),
                        .sku = "",
                        .tracked = true,
                    });
    return true;
}

static bool normalize_variant(const struct channel_document *body, const struct json *variant)
{
    const char *id = channel_address_id(json_get(variant, "id"));

    if (id == NULL)
        return channel_document_refuse(body, "variant", "id");
    /* Newer versions of the API do not name it any more. */
    const char *manager = json_get(variant, "inventory_management") == NULL
                              ? "shopify"
                              : channel_address_text(variant, "inventory_management");

    add_observation(body, variant, "inventory_quantity",
                    (struct event_observation){
                        .listing = id,
                        .address = "",
                        .sku = channel_address_text(variant, "sku"),
                        .tracked = strcmp(manager, "shopify") == 0,
                    });
    return true;
}

static bool normalize_product(const struct channel_document *body, const struct json *json)
{
    const struct json *variants = json_get(json, "variants");

    if (json_kind(variants) != JSON_ARRAY)
        return channel_document_refuse(body, "product", "variants");
    for (size_t i = 0; i < json_len(variants); i++) {
        struct channel_document element = *body;
        struct err why = {0};

        element.err = &why;
        if (!normalize_variant(&element, json_at(variants, i)))
            channel_bad_line(body->bad, body->arena, "%s", why.text);
    }
    return true;
}

/* ---- bodies ---- */

/* clang-format off */
static const struct channel_document_reader topics[] = {
    {"orders/create",              normalize_order      },
    {"orders/updated",             normalize_order      },
    {"orders/cancelled",           normalize_order      },
    {"orders/paid",                normalize_order      },
    {"orders/fulfilled",           normalize_order      },
    {"orders/partially_fulfilled", normalize_order      },
    {"fulfillments/create",        normalize_fulfillment},
    {"fulfillments/update",        normalize_fulfillment},
    {"refunds/create",             normalize_refund     },
    {"inventory_levels/update",    normalize_level      },
    {"inventory_levels/connect",   normalize_level      },
    {"products/create",            normalize_product    },
    {"products/update",            normalize_product    },
    {"variants/in_stock",          normalize_variant    },
    {"variants/out_of_stock",      normalize_variant    },
    {0},
};

/* What a body without a topic is, by a member that nothing below it has. */
static const struct channel_document_reader shapes[] = {
    {"abandoned_checkout_url", normalize_nothing    },
    {"invoice_sent_at",        normalize_nothing    }, /* a draft */
    {"request_status",         normalize_nothing    }, /* a plan of fulfilment */
    {"tracking_company",       normalize_fulfillment},
    {"refund_line_items",      normalize_refund     },
    {"line_items",             normalize_order      },
    {"inventory_quantity",     normalize_variant    },
    {"inventory_item_id",      normalize_level      },
    {"variants",               normalize_product    },
    {0},
};
/* clang-format on */

bool channel_shopify_normalize(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                               struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    return channel_document_normalize(&document,
                                      channel_notification_header(notification, "X-Shopify-Topic"),
                                      &(struct channel_document_readers){topics, shapes});
}

/* The event id is shared by the deliveries of several subscriptions to one topic [SH3]; the webhook
   id stays over retries only. */
const char *channel_shopify_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena)
{
    const char *topic = channel_notification_header(notification, "X-Shopify-Topic");
    const char *id = channel_notification_header(notification, "X-Shopify-Event-Id");

    (void)account;
    if (topic == NULL)
        topic = "";
    if (id != NULL && id[0] != '\0' && strlen(id) + strlen(topic) <= SENDER_ID_LEN_MAX)
        return arena_printf(arena, "%s:%s", topic, id);
    id = channel_notification_header(notification, "X-Shopify-Webhook-Id");
    if (id != NULL && id[0] != '\0' && strlen(id) <= SENDER_ID_LEN_MAX)
        return arena_strdup(arena, id);
    return channel_signature_digest(arena, &topic, 1, notification->body, notification->body_len);
}
