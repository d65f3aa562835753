#include <ctype.h>
#include <string.h>

#include "channels/address.h"
#include "channels/document.h"
#include "channels/etsy/internal.h"

/* ---- statuses ---- */

enum fate {
    FATE_OPEN,     /* its units are promised, or have gone out */
    FATE_REFUNDED, /* the buyer has all the money back */
    FATE_ENDED,    /* nothing more will go out */
};

/* Sources stamp whole seconds: inside one the later step of a receipt's life wins, as milliseconds
   of the version. */
struct status {
    const char *name;
    int64_t rank_ms;
    enum fate fate;
};
static const struct status statuses[] = {
    {"open",               100, FATE_OPEN    },
    {"payment processing", 200, FATE_OPEN    },
    {"paid",               300, FATE_OPEN    },
    {"completed",          500, FATE_OPEN    },
    {"partially refunded", 600, FATE_OPEN    },
    {"fully refunded",     700, FATE_REFUNDED},
    {"canceled",           900, FATE_ENDED   },
    {"cancelled",          900, FATE_ENDED   },
};

/* "Fully Refunded", "fully_refunded": spellings are mixed [ET4]. */
static const struct status *status_of(const char *text, struct arena *arena)
{
    char *lower = arena_strdup(arena, text);

    for (char *at = lower; *at != '\0'; at++)
        *at = *at == '_' || *at == '-' ? ' ' : (char)tolower((unsigned char)*at);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (strcmp(statuses[i].name, lower) == 0)
            return &statuses[i];
    }
    return NULL;
}

/* ---- times: under two spellings [ET4] ---- */

static bool time_of(const struct json *object, const char *key, const char *other_key,
                    int64_t *ret_ms)
{
    return channel_address_time(json_get(object, key), ret_ms) ||
           channel_address_time(json_get(object, other_key), ret_ms);
}

/* When the first parcel of the receipt was announced; 0: it does not say. */
static int64_t parcel_ms_of(const struct json *receipt)
{
    const struct json *shipments = json_get(receipt, "shipments");
    int64_t first_ms = 0;

    for (size_t i = 0; i < json_len(shipments); i++) {
        int64_t ms = 0;

        if (time_of(json_at(shipments, i), "shipment_notification_timestamp",
                    "notification_timestamp", &ms) &&
            (first_ms == 0 || ms < first_ms))
            first_ms = ms;
    }
    return first_ms;
}

/* ---- receipts ---- */

struct receipt {
    const struct channel_document *document;
    const char *id;
    const struct status *status;
    bool is_idle;    /* takes nothing out of stock */
    bool is_shipped; /* all of it */
    bool is_refunds; /* a full refund cancels what had not gone out */
    int64_t placed_ms;
    int64_t version_ms;
    int64_t parcel_ms;
};

static bool read_receipt(const struct channel_document *document, const struct json *json,
                         struct receipt *ret_receipt)
{
    const struct channel_account *account = document->account;
    struct receipt receipt = {.document = document,
                              .id = channel_address_id(json_get(json, "receipt_id")),
                              .status =
                                  status_of(channel_address_text(json, "status"), document->arena)};

    if (receipt.id == NULL)
        return channel_document_refuse(document, "receipt", "receipt_id");
    if (receipt.status == NULL)
        return channel_document_refuse(document, "receipt", "status");
    if (!time_of(json, "created_timestamp", "create_timestamp", &receipt.placed_ms))
        return channel_document_refuse(document, "receipt", "created_timestamp");
    if (!time_of(json, "updated_timestamp", "update_timestamp", &receipt.version_ms))
        return channel_document_refuse(document, "receipt", "updated_timestamp");
    if (json_kind(json_get(json, "transactions")) != JSON_ARRAY)
        return channel_document_refuse(document, "receipt", "transactions");
    json_bool(json_get(json, "is_shipped"), &receipt.is_shipped);
    receipt.parcel_ms = parcel_ms_of(json);
    receipt.is_idle = channel_account_setting_has(account, "idle_statuses", receipt.status->name);
    receipt.is_refunds = channel_account_setting_has(account, "refunds", "open");
    *ret_receipt = receipt;
    return true;
}

/* ---- lines ---- */

struct line {
    const char *id;
    const char *listing;
    int64_t ordered;
    bool is_shipped;
    int64_t shipped_ms; /* 0: it does not say when */
};

/* product_data has what the product is; variations also what the buyer wrote on it. */
static const char *values_of(const struct json *json, struct arena *arena)
{
    const struct json *product = json_get(json, "product_data");

    return channel_etsy_values(json_len(product) > 0 ? product : json_get(json, "variations"),
                               arena);
}

static bool read_line(const struct receipt *receipt, const struct json *json, struct line *ret_line)
{
    const struct channel_document *document = receipt->document;
    const char *listing = channel_address_id(json_get(json, "listing_id"));
    struct line line = {.id = channel_address_id(json_get(json, "transaction_id"))};

    if (line.id == NULL) {
        channel_bad_line(document->bad, document->arena,
                         "receipt %s: a transaction_id is missing or wrong", receipt->id);
        return false;
    }
    if (listing == NULL) {
        channel_bad_line(document->bad, document->arena, "line %s: no listing", line.id);
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
    line.listing =
        channel_etsy_listing(document->account, listing, channel_address_text(json, "sku"),
                             values_of(json, document->arena), document->arena);
    line.is_shipped = time_of(json, "shipped_timestamp", "shipped_timestamp", &line.shipped_ms);
    if (!line.is_shipped && receipt->is_shipped) {
        line.is_shipped = true;
        line.shipped_ms = receipt->parcel_ms;
    }
    *ret_line = line;
    return true;
}

/* Lines go out whole. A refund says neither lines nor goods, so only a full one, of what is still
   here, is taken for the end of the order. */
static int64_t cancelled_of(const struct receipt *receipt, const struct line *line)
{
    bool is_ended = receipt->is_idle || receipt->status->fate == FATE_ENDED ||
                    (receipt->status->fate == FATE_REFUNDED && receipt->is_refunds);

    return is_ended && !line->is_shipped && line->ordered > 0 ? line->ordered : 0;
}

static void add_shipment(const struct receipt *receipt, const struct line *line)
{
    const struct channel_document *document = receipt->document;

    if (line->shipped_ms == 0) {
        channel_bad_line(document->bad, document->arena, "line %s: shipped, but nothing says when",
                         line->id);
        return;
    }
    struct event *event = event_list_add(document->events, document->arena, EVENT_LINE_SHIPPED);
    event->times.occurred_ms = line->shipped_ms;
    event->part = (struct event_line_part){
        .order_id = receipt->id,
        .line_id = line->id,
        .part_id = arena_printf(document->arena, "%s/%s/shipped", receipt->id, line->id),
        .listing = line->listing,
        .quantity = line->ordered,
        .bucket = "",
    };
}

static void add_line(const struct receipt *receipt, const struct json *json)
{
    const struct channel_document *document = receipt->document;
    struct line line = {0};
    bool is_digital = false;

    if (json_bool(json_get(json, "is_digital"), &is_digital) && is_digital)
        return; /* a file: no stock */
    if (!read_line(receipt, json, &line))
        return;
    struct event *event = event_list_add(document->events, document->arena, EVENT_ORDER_LINE);
    event->times.occurred_ms = receipt->version_ms;
    event->order_line = (struct event_order_line){
        .order_id = receipt->id,
        .line_id = line.id,
        .listing = line.listing,
        .ordered = line.ordered,
        .cancelled = cancelled_of(receipt, &line),
        .placed_ms = receipt->placed_ms,
        .version_ms = receipt->version_ms + receipt->status->rank_ms,
        .status = receipt->status->name,
    };
    if (line.is_shipped && line.ordered > 0)
        add_shipment(receipt, &line);
}

bool channel_etsy_receipt(const struct channel_document *document, const struct json *json)
{
    const struct json *lines = json_get(json, "transactions");
    struct receipt receipt = {0};

    if (!read_receipt(document, json, &receipt))
        return false;
    for (size_t i = 0; i < json_len(lines); i++)
        add_line(&receipt, json_at(lines, i));
    return true;
}
