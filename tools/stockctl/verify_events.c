/* Every event that the ledger took: its row, and at the end what became of it. */
#include <inttypes.h>
#include <string.h>

#include "lib/event/subject.h"

#include "tools/stockctl/verify.h"

#include "sql.h"

/* Columns of the cursor before those of the row. */
enum { EVENT_BATCH, EVENT_PARTITION, EVENT_OFFSET, EVENT_ROW };

struct event_row {
    const char *event_id;
    const char *content_hash; /* hex */
    const char *kind;
    const char *channel;
    const char *account;
    const char *notification_id;
    const char *captured_via;
    const char *actor;
    const char *listing;
    const char *sku;
    const char *order_id;
    const char *line_id;
    int64_t occurred_ms;
    int64_t received_ms;
    const char *traceparent;
    int64_t generation;
};

#define OF(kind, member)                                          \
    {                                                             \
#member, FIELD_##kind, offsetof(struct event_row, member) \
    }
static const struct stockctl_field event_fields[] = {
    OF(ID, event_id),       OF(TEXT, content_hash), OF(TEXT, kind),
    OF(TEXT, channel),      OF(TEXT, account),      OF(TEXT, notification_id),
    OF(TEXT, captured_via), OF(TEXT, actor),        OF(TEXT, listing),
    OF(TEXT, sku),          OF(TEXT, order_id),     OF(TEXT, line_id),
    OF(INT, occurred_ms),   OF(INT, received_ms),   OF(TEXT, traceparent),
    OF(INT, generation),
};
#undef OF

bool stockctl_verify_events_open(struct verify *verify, struct err *err)
{
    return stockctl_cursor_open(&verify->events_stored, verify->pg,
                                sql_stockctl_declare_proof_events, sql_stockctl_fetch_events, err);
}

/* ---- row by row, in the order of replay ---- */

static void events_differ(struct verify *verify, enum stockctl_difference_kind kind,
                          int64_t partition, int64_t offset, const char *event_id)
{
    struct stockctl_difference difference = stockctl_difference_of(kind, "events");
    SCOPED(buf) struct buf key = {0};

    buf_printf(&key, "event_id '%s'", event_id);
    difference.partition = partition;
    difference.offset = offset;
    difference.key = buf_str(&key);
    stockctl_verify_differs(verify, &difference);
}

static bool events_extra(struct verify *verify, struct err *err)
{
    const struct stockctl_cursor *stored = &verify->events_stored;

    events_differ(verify, DIFFERENCE_EXTRA, stockctl_cursor_int(stored, EVENT_PARTITION),
                  stockctl_cursor_int(stored, EVENT_OFFSET),
                  stockctl_cursor_text(stored, EVENT_ROW));
    return stockctl_cursor_next(&verify->events_stored, err);
}

/* Of the stored row's place and the record's, below 0: the row should not be there. */
static int events_order(const struct verify *verify, const struct kafka_record *record)
{
    const int64_t places[][2] = {
        {stockctl_cursor_int(&verify->events_stored, EVENT_BATCH),     verify->batch_id },
        {stockctl_cursor_int(&verify->events_stored, EVENT_PARTITION), record->partition},
        {stockctl_cursor_int(&verify->events_stored, EVENT_OFFSET),    record->offset   },
    };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (places[i][0] != places[i][1])
            return places[i][0] < places[i][1] ? -1 : 1;
    }
    return 0;
}

static void events_row(struct verify *verify, const struct kafka_record *record,
                       const struct event_row *row)
{
    SCOPED(buf) struct buf expected = {0};
    SCOPED(buf) struct buf key = {0};
    size_t at = stockctl_compare_row(&verify->events_stored, EVENT_ROW, event_fields,
                                     ARRAY_LEN(event_fields), 0, row, &expected);
    struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_VALUE, "events");

    if (at == ARRAY_LEN(event_fields))
        return;
    buf_printf(&key, "event_id '%s'", row->event_id);
    difference.key = buf_str(&key);
    difference.partition = record->partition;
    difference.offset = record->offset;
    difference.column = event_fields[at].name;
    difference.stored = stockctl_cursor_text(&verify->events_stored, EVENT_ROW + at);
    difference.expected = buf_str(&expected);
    stockctl_verify_differs(verify, &difference);
}

bool stockctl_verify_event(struct verify *verify, const struct kafka_record *record,
                           struct err *err)
{
    const unsigned char *hash = NULL;
    const struct event *event = stockctl_proof_event(verify->proof, &hash);
    const struct event_subject subject = event_subject_of(event);
    SCOPED(buf) struct buf hex = {0};

    buf_hex(&hex, hash, EVENT_HASH_LEN);
    const struct event_row row = {
        .event_id = event->id,
        .content_hash = buf_str(&hex),
        .kind = event_kind_name(event->kind),
        .channel = *subject.channel == '\0' ? event->source.channel : subject.channel,
        .account = event->source.account,
        .notification_id = event->source.notification_id,
        .captured_via = event_via_name(event->source.captured_via),
        .actor = event->source.actor,
        .listing = subject.listing,
        .sku = subject.sku,
        .order_id = subject.order_id,
        .line_id = subject.line_id,
        .occurred_ms = event->times.occurred_ms,
        .received_ms = event->times.received_ms,
        .traceparent = event->traceparent,
        .generation = 1,
    };
    while (verify->events_stored.is_there && events_order(verify, record) < 0) {
        if (!events_extra(verify, err))
            return false;
    }
    if (!verify->events_stored.is_there || events_order(verify, record) > 0) {
        events_differ(verify, DIFFERENCE_MISSING, record->partition, record->offset, event->id);
        return true;
    }
    events_row(verify, record, &row);
    return stockctl_cursor_next(&verify->events_stored, err);
}

bool stockctl_verify_events_end(struct verify *verify, struct err *err)
{
    while (verify->events_stored.is_there) {
        if (!events_extra(verify, err))
            return false;
    }
    return pg_exec(verify->pg, sql_stockctl_close_events, err);
}

/* ---- what became of them ---- */

enum { STATUS_EVENT, STATUS_STATUS, STATUS_REASON, STATUS_CHANNEL, STATUS_ORDER, STATUS_LINE };

static void status_differs(struct verify *verify, const struct stockctl_cursor *stored,
                           size_t column, const char *expected)
{
    struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_VALUE, "events");
    SCOPED(buf) struct buf key = {0};

    if (strcmp(stockctl_cursor_text(stored, column), expected) == 0)
        return;
    buf_printf(&key, "event_id '%s'", stockctl_cursor_text(stored, STATUS_EVENT));
    difference.key = buf_str(&key);
    difference.column = column == STATUS_STATUS ? "status" : "reason";
    difference.stored = stockctl_cursor_text(stored, column);
    difference.expected = expected;
    stockctl_verify_differs(verify, &difference);
}

/* Which rows there are was told before. */
bool stockctl_verify_statuses(struct verify *verify, struct err *err)
{
    SCOPED(stockctl_cursor) struct stockctl_cursor stored = {0};

    if (!stockctl_cursor_open(&stored, verify->pg, sql_stockctl_declare_proof_statuses,
                              sql_stockctl_fetch_stored, err))
        return false;
    while (stored.is_there) {
        const struct stock_line line = {.channel = stockctl_cursor_text(&stored, STATUS_CHANNEL),
                                        .order_id = stockctl_cursor_text(&stored, STATUS_ORDER),
                                        .line_id = stockctl_cursor_text(&stored, STATUS_LINE)};
        struct stockctl_proof_status status;

        if (stockctl_proof_status(verify->proof, stockctl_cursor_text(&stored, STATUS_EVENT), &line,
                                  &status)) {
            status_differs(verify, &stored, STATUS_STATUS, status.status);
            status_differs(verify, &stored, STATUS_REASON, status.reason);
        }
        if (!stockctl_cursor_next(&stored, err))
            return false;
    }
    return pg_exec(verify->pg, sql_stockctl_close_stored, err);
}
