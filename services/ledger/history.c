#include "services/ledger/history.h"

#include "lib/base/metrics.h"
#include "lib/event/codec.h"

#include "services/ledger/rows.h"

#include "sql.h"

static const struct metric latency_seconds = {
    "stockbus_ledger_confirmed_latency_seconds",
    "From the notification's arrival to the channel's confirmation of the new quantity.",
    METRIC_HISTOGRAM,
    {"channel"}};

struct push_row {
    int64_t partition;
    int64_t offset;
    const char *channel;
    const char *listing;
    int64_t version;
    int64_t quantity;
    const char *result;
    int64_t attempt;
    int64_t http_status;
    const char *error_class;
    const char *error_text;
    const char *request_hash;
    int64_t request_us;
    const char *event_id;
    int64_t occurred_ms;
    int64_t received_ms;
    int64_t applied_ms;
    int64_t published_ms;
    int64_t confirmed_ms;
    int64_t generation;
};

#define ROW     struct push_row
#define TEXT(f) LEDGER_ROWS_TEXT_OF(ROW, f)
#define INT(f)  LEDGER_ROWS_INT_OF(ROW, f)
static const struct ledger_rows_column push_columns[] = {
    INT(partition),    INT(offset),      TEXT(channel),
    TEXT(listing),     INT(version),     INT(quantity),
    TEXT(result),      INT(attempt),     INT(http_status),
    TEXT(error_class), TEXT(error_text), TEXT(request_hash),
    INT(request_us),   TEXT(event_id),   INT(occurred_ms),
    INT(received_ms),  INT(applied_ms),  INT(published_ms),
    INT(confirmed_ms), INT(generation),  {0},
};
static const struct ledger_rows_column confirmed_columns[] = {
    TEXT(channel), TEXT(listing), INT(version), INT(quantity), INT(confirmed_ms), {0}};
#undef ROW

static struct push_row *history_row(struct arena *arena, const struct outcome *outcome,
                                    const struct ledger_feed_record *record, int64_t generation)
{
    struct push_row *row = arena_alloc(arena, sizeof(*row));

    *row = (struct push_row){
        .partition = record->partition,
        .offset = record->offset,
        .channel = outcome->channel,
        .listing = outcome->listing,
        .version = outcome->version,
        .quantity = outcome->quantity,
        .result = outcome_result_name(outcome->result),
        .attempt = outcome->attempt,
        .http_status = outcome->http_status,
        .error_class = outcome->error_class,
        .error_text = outcome->error_text,
        .request_hash = outcome->request_hash,
        .request_us = outcome->request_us,
        .event_id = outcome->event_id,
        .occurred_ms = outcome->times.occurred_ms,
        .received_ms = outcome->times.received_ms,
        .applied_ms = outcome->times.applied_ms,
        .published_ms = outcome->times.published_ms,
        .confirmed_ms = outcome->times.confirmed_ms,
        .generation = generation,
    };
    return row;
}

bool ledger_history_apply(void *opaque, struct pg *pg, struct arena *arena,
                          struct ledger_feed_batch *batch, struct err *err)
{
    size_t count = batch->count;
    const struct push_row **rows = arena_alloc(arena, count * sizeof(*rows));
    const struct push_row **confirmed = arena_alloc(arena, count * sizeof(*confirmed));
    size_t confirmed_len = 0;

    (void)opaque;
    for (size_t i = 0; i < count; i++) {
        const struct ledger_feed_record *record = batch->records[i];
        struct outcome outcome;

        if (record->body == NULL)
            return err_set(err, ERR_REJECT, "an outcome without a body");
        if (!outcome_decode(arena, record->body, record->body_len, &outcome, err))
            return false;
        rows[i] = history_row(arena, &outcome, record,
                              ledger_feed_move_of(batch, record->partition)->generation);
        if (outcome.result != OUTCOME_CONFIRMED)
            continue;
        confirmed[confirmed_len++] = rows[i];
        if (rows[i]->received_ms > 0)
            metric_observe(&latency_seconds,
                           (double)(rows[i]->confirmed_ms - rows[i]->received_ms) / 1e3,
                           rows[i]->channel, NULL, NULL);
    }
    return ledger_rows_run(pg, arena, sql_ledger_insert_pushes, (const void *const *)rows, count,
                           push_columns, NULL, err) &&
           ledger_rows_run(pg, arena, sql_ledger_upsert_confirmed, (const void *const *)confirmed,
                           confirmed_len, confirmed_columns, NULL, err);
}
