#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"

#include "channels/amazon/internal.h"
#include "channels/signature.h"

/* ---- reports that say facts ---- */

struct report {
    const struct channel_document *document;
    bool (*read)(struct report *report, const struct amazon_row *row);
    int64_t finished_ms;
    struct map *seen; /* how often an equal row was there */
    size_t line;
};

static const char *copy(const struct report *report, const char *text)
{
    return arena_strdup(report->document->arena, text);
}

static struct event *add(const struct report *report, enum event_kind kind, int64_t occurred_ms)
{
    struct event *event = event_list_add(report->document->events, report->document->arena, kind);

    event->times.occurred_ms = occurred_ms;
    return event;
}

static const char *pool_of(const struct report *report)
{
    return channel_account_setting(report->document->account, "fba_pool");
}

static const char *sku_of(const struct report *report, const struct amazon_row *row)
{
    return copy(report, channel_amazon_row_sku(report->document->account, row));
}

/* False: a bad line says why; its neighbours go on. */
static bool bad(const struct report *report, const char *what, const char *value)
{
    channel_bad_line(report->document->bad, report->document->arena, "line %zu: %s is '%.100s'",
                     report->line, what, value);
    return true;
}

/* "2026-07-06T00:00:00-0700" has an offset without a colon [1.4]. */
static bool time_of(const struct report *report, const char *text, int64_t *ret_ms)
{
    size_t len = strlen(text);
    const char *colon = len > 5 ? text + len - 2 : "";

    if (clock_parse(text, ret_ms))
        return *ret_ms > 0;
    if (len < 6 || (text[len - 5] != '+' && text[len - 5] != '-'))
        return false;
    return clock_parse(
               arena_printf(report->document->arena, "%.*s:%s", (int)(len - 2), text, colon),
               ret_ms) &&
           *ret_ms > 0;
}

/* Rows have no key, and equal ones are events of their own [1.4]: the nth of those that are equal
   in what matters is one fact. The file holds whole days, so that n is the same next time. */
static const char *nth_of(struct report *report, const char *const *cells, size_t len)
{
    const char *digest = channel_signature_digest(report->document->arena, cells, len, "", 0);
    size_t *times = map_get(report->seen, digest);

    if (times == NULL) {
        times = arena_alloc(report->document->arena, sizeof(*times));
        map_set(report->seen, digest, times);
    }
    return arena_printf(report->document->arena, "%s/%zu", digest, ++*times);
}

/* ---- customer returns: GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA ---- */

static const char *bucket_of(const char *disposition)
{
    static const char *const broken[] = {"DAMAGED",           "CUSTOMER_DAMAGED",
                                         "CARRIER_DAMAGED",   "WAREHOUSE_DAMAGED",
                                         "FULFILLER_DAMAGED", "DISTRIBUTOR_DAMAGED",
                                         "DEFECTIVE",         "EXPIRED",
                                         "UNSELLABLE",        NULL};

    if (channel_amazon_is(disposition, "SELLABLE"))
        return "sellable";
    return channel_amazon_is_one_of(disposition, broken) ? "unfulfillable" : NULL;
}

/*
 * Units that came back to Amazon's centres, graded there. The report names order and SKU, but no
 * item of the order, so they are receipts of that pool, and its next count has them.
 */
static bool read_return(struct report *report, const struct amazon_row *row)
{
    const char *returned = channel_amazon_cell(row, "return-date");
    const char *plate = channel_amazon_cell(row, "license-plate-number");
    const char *disposition = channel_amazon_cell(row, "detailed-disposition");
    const char *cells[] = {returned, channel_amazon_cell(row, "order-id"),
                           channel_amazon_cell(row, "fnsku"), disposition};
    const char *sku = sku_of(report, row);
    int64_t units = 0;
    int64_t returned_ms = 0;
    bool told = false;

    if (!time_of(report, returned, &returned_ms))
        return bad(report, "return-date", returned);
    if (bucket_of(disposition) == NULL)
        return bad(report, "detailed-disposition", disposition);
    if (!channel_amazon_cell_units(row, "quantity", &units, &told) || !told || units < 0)
        return bad(report, "quantity", channel_amazon_cell(row, "quantity"));
    if (sku[0] == '\0')
        return bad(report, "fnsku", "");
    if (units == 0)
        return true;
    const char *id = plate[0] != '\0'
                         ? arena_printf(report->document->arena, "%s/%s", plate, returned)
                         : nth_of(report, cells, ARRAY_LEN(cells));
    struct event *event = add(report, EVENT_STOCK_RECEIVED, returned_ms);
    event->stock.fact_id = arena_printf(report->document->arena, "return/%s", id);
    event->stock.sku = sku;
    event->stock.pool = pool_of(report);
    event->stock.bucket = bucket_of(disposition);
    event->stock.quantity = units;
    event->stock.reason = "customer_return";
    return true;
}

/* ---- removals: GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA ---- */

static bool read_removal_units(struct report *report, const struct amazon_row *row,
                               struct event_removal *removal)
{
    const struct {
        const char *column;
        int64_t *units;
    } quantities[] = {
        {"requested-quantity", &removal->requested},
        {"cancelled-quantity", &removal->cancelled},
        {"shipped-quantity",   &removal->shipped  },
        {"disposed-quantity",  &removal->disposed },
    };

    for (size_t i = 0; i < ARRAY_LEN(quantities); i++) {
        bool told = false;

        /* An empty one is none yet; what was requested must be there. */
        if (!channel_amazon_cell_units(row, quantities[i].column, quantities[i].units, &told) ||
            (i == 0 && !told)) {
            bad(report, quantities[i].column, channel_amazon_cell(row, quantities[i].column));
            return false;
        }
    }
    return true;
}

/* Units of both dispositions may be of one order; a receipt by our own warehouse names it. */
static bool read_removal(struct report *report, const struct amazon_row *row)
{
    const char *order = channel_amazon_cell(row, "order-id");
    const char *disposition = channel_amazon_cell(row, "disposition");
    const char *updated = channel_amazon_cell(row, "last-updated-date");
    const char *bucket = bucket_of(disposition);
    struct event_removal removal = {
        .sku = sku_of(report, row),
        .from_pool = pool_of(report),
        .bucket = bucket == NULL ? "" : bucket,
        .to_pool = "",
        .status = copy(report, channel_amazon_cell(row, "order-status")),
    };

    if (order[0] == '\0' || removal.sku[0] == '\0')
        return bad(report, order[0] == '\0' ? "order-id" : "fnsku", "");
    if (bucket == NULL)
        return bad(report, "disposition", disposition);
    if (!time_of(report, updated, &removal.version_ms))
        return bad(report, "last-updated-date", updated);
    if (!read_removal_units(report, row, &removal))
        return true;
    time_of(report, channel_amazon_cell(row, "request-date"), &removal.created_ms);
    bool is_sellable = strcmp(bucket, "sellable") == 0;
    removal.removal_id =
        arena_printf(report->document->arena, "%s%s", order, is_sellable ? "" : "/unsellable");
    if (!channel_amazon_is(channel_amazon_cell(row, "order-type"), "Disposal"))
        removal.to_pool = channel_account_setting(report->document->account, "removal_to");
    add(report, EVENT_REMOVAL_REPORTED, removal.version_ms)->removal = removal;
    return true;
}

/* ---- the ledger: GET_LEDGER_DETAIL_VIEW_DATA ---- */

/* First letters of Amazon's codes of adjustments [secondary]: what is not listed was counted. */
static const char *reason_of(const char *code)
{
    static const struct {
        const char *codes;
        const char *reason;
    } reasons[] = {
        {"M5",      "loss"    },
        {"FN",      "found"   },
        {"E67HKUR", "damage"  },
        {"D",       "disposal"},
    };

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (code[0] != '\0' && code[1] == '\0' && strchr(reasons[i].codes, code[0]) != NULL)
            return reasons[i].reason;
    }
    return "count";
}

/*
 * Only adjustments are told by nothing else: sales are order lines, returns and removals have
 * reports of their own, receipts the shipment, and what moves between centres stays in the pool.
 */
static bool read_ledger(struct report *report, const struct amazon_row *row)
{
    static const char *const told_elsewhere[] = {
        "Shipments", "Receipts", "WhseTransfers", "CustomerReturns", "VendorReturns", NULL};
    const char *type = channel_amazon_cell(row, "Event Type");
    const char *at = channel_amazon_cell(row, "Date and Time");
    const char *disposition = channel_amazon_cell(row, "Disposition");
    const char *cells[] = {at,
                           type,
                           channel_amazon_cell(row, "FNSKU"),
                           channel_amazon_cell(row, "Reference ID"),
                           channel_amazon_cell(row, "Quantity"),
                           channel_amazon_cell(row, "Fulfillment Center"),
                           disposition,
                           channel_amazon_cell(row, "Reason"),
                           channel_amazon_cell(row, "Country")};
    const char *sku = sku_of(report, row);
    int64_t units = 0;
    int64_t at_ms = 0;
    bool told = false;

    if (channel_amazon_is_one_of(type, told_elsewhere))
        return true;
    if (!channel_amazon_is(type, "Adjustments"))
        return bad(report, "Event Type", type);
    if (!time_of(report, at, &at_ms))
        return bad(report, "Date and Time", at);
    if (!channel_amazon_cell_units(row, "Quantity", &units, &told) || !told)
        return bad(report, "Quantity", channel_amazon_cell(row, "Quantity"));
    if (bucket_of(disposition) == NULL)
        return bad(report, "Disposition", disposition);
    if (sku[0] == '\0')
        return bad(report, "FNSKU", "");
    if (units == 0)
        return true;
    struct event *event = add(report, EVENT_STOCK_ADJUSTED, at_ms);
    event->stock.fact_id =
        arena_printf(report->document->arena, "ledger/%s", nth_of(report, cells, ARRAY_LEN(cells)));
    event->stock.sku = sku;
    event->stock.pool = pool_of(report);
    event->stock.bucket = bucket_of(disposition);
    event->stock.quantity = units;
    event->stock.reason = reason_of(channel_amazon_cell(row, "Reason"));
    event->stock.note =
        arena_printf(report->document->arena, "%s %s", channel_amazon_cell(row, "Reason"),
                     channel_amazon_cell(row, "Reference ID"));
    return true;
}

/* ---- which report it is ---- */

/* clang-format off */
static const struct {
    const char *type;
    const char *columns[3]; /* that it has */
    bool (*read)(struct report *report, const struct amazon_row *row); /* NULL: counts */
} reports[] = {
    {"GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",
     {"return-date", "detailed-disposition", "quantity"}, read_return},
    {"GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA",
     {"requested-quantity", "order-id", "last-updated-date"}, read_removal},
    {"GET_LEDGER_DETAIL_VIEW_DATA", {"Event Type", "Date and Time", "Quantity"}, read_ledger},
    {"GET_AFN_INVENTORY_DATA", {NULL}, NULL},
    {"GET_AFN_INVENTORY_DATA_BY_COUNTRY", {NULL}, NULL},
    {"GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA", {NULL}, NULL},
    {"GET_RESERVED_INVENTORY_DATA", {NULL}, NULL},
};
/* clang-format on */

bool channel_amazon_report_has_facts(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        if (strcmp(reports[i].type, type) == 0)
            return true;
    }
    return false;
}

/* Behind the last colon of "report:<type>:<id>:<when>"; else it came just now. */
static int64_t finished_ms(const struct channel_notification *notification)
{
    const char *colon = notification->hint == NULL ? NULL : strrchr(notification->hint, ':');
    int64_t ms = colon == NULL ? 0 : strtoll(colon + 1, NULL, 10);

    return ms > 0 ? ms : notification->received_ms;
}

struct head {
    struct report *report;
    bool is_stock;
};

static bool take_head(void *opaque, const struct amazon_row *row, struct err *err)
{
    struct head *head = opaque;

    (void)err;
    head->is_stock = channel_amazon_is_stock(row);
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        bool has_all = reports[i].read != NULL;

        for (size_t j = 0; has_all && j < ARRAY_LEN(reports[i].columns); j++)
            has_all = channel_amazon_has_column(row, reports[i].columns[j]);
        if (has_all) {
            head->report->read = reports[i].read;
            return true;
        }
    }
    return true;
}

static bool read_row(void *opaque, const struct amazon_row *row, struct err *err)
{
    struct head *head = opaque;

    (void)err;
    head->report->line++;
    return head->report->read == NULL || head->report->read(head->report, row);
}

static bool add_count(void *opaque, const char *table, const struct amazon_units *units,
                      struct err *err)
{
    const struct report *report = opaque;
    char counted[CLOCK_TEXT_LEN];

    (void)err;
    struct event *event = add(report, EVENT_STOCK_COUNTED, report->finished_ms);
    event->stock.fact_id =
        arena_printf(report->document->arena, "fba/%s/%s/%s/%s", units->sku,
                     clock_format(report->finished_ms, counted), units->bucket, table);
    event->stock.sku = copy(report, units->sku);
    event->stock.pool = pool_of(report);
    event->stock.bucket = units->bucket;
    event->stock.quantity = units->units;
    return true;
}

/* A report that has names and nothing else says nothing: not that all is gone [1.4]. */
bool channel_amazon_report(const struct channel_document *document)
{
    SCOPED(map) struct map *seen = map_new();
    const struct channel_notification *notification = document->notification;
    struct report report = {
        .document = document,
        .finished_ms = finished_ms(notification),
        .seen = seen,
        .line = 1,
    };
    struct head head = {.report = &report};
    const struct amazon_stock_visit counts = {add_count, &report};

    if (!channel_amazon_table(document->account, notification->body, notification->body_len,
                              take_head, read_row, &head, document->err))
        return false;
    return !head.is_stock || channel_amazon_stock(document->account, notification->body,
                                                  notification->body_len, &counts, document->err);
}
