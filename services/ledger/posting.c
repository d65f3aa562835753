#include "services/ledger/posting.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/event/breach.h"
#include "lib/event/subject.h"
#include "lib/event/taking.h"

#include "services/ledger/flush.h"
#include "services/ledger/parked.h"
#include "services/ledger/rows.h"
#include "services/ledger/working_set.h"

#include "sql.h"

static const struct metric conflicts_total = {
    "stockbus_ledger_conflicts_total",
    "Events whose id was known with other content: somebody rewrites history.",
    METRIC_COUNTER,
    {0}};

/* An event with where it came from and what becomes of it; also its row in ledger.events. */
struct posting {
    const struct event *event;
    const char *event_id;
    const char *hash; /* hex */
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
    int64_t partition;
    int64_t offset;
    const char *traceparent;
    int64_t generation;
    const char *status;
    const char *reason;
    const char *place; /* ctid of its row */
    bool known;
    bool is_sound; /* breaks no rule */
    struct ledger_cause cause;
};

struct posting_batch {
    struct pg *pg;
    struct arena *arena;
    struct ledger_feed_batch *records;
    struct posting **postings; /* one per id */
    size_t len;
    struct map *by_id;               /* id -> struct posting * */
    struct map *causes;              /* id -> struct ledger_cause *: new, or decided about */
    const struct posting **suspects; /* known ids: same content, or an alarm? */
    size_t suspects_len;
    size_t suspects_capacity;
};

#define ROW     struct posting
#define TEXT(f) LEDGER_ROWS_TEXT_OF(ROW, f)
#define INT(f)  LEDGER_ROWS_INT_OF(ROW, f)
static const struct ledger_rows_column event_columns[] = {
    TEXT(event_id),
    TEXT(hash),
    TEXT(kind),
    TEXT(channel),
    TEXT(account),
    TEXT(notification_id),
    TEXT(captured_via),
    TEXT(actor),
    TEXT(listing),
    TEXT(sku),
    TEXT(order_id),
    TEXT(line_id),
    INT(occurred_ms),
    INT(received_ms),
    INT(partition),
    INT(offset),
    TEXT(traceparent),
    INT(generation),
    {0},
};
static const struct ledger_rows_column suspect_columns[] = {
    TEXT(event_id), TEXT(hash), INT(partition), INT(offset), {0}};
static const struct ledger_rows_column mark_columns[] = {
    TEXT(place), TEXT(status), TEXT(reason), {0}};
#undef ROW

static struct posting *posting_new(const struct posting_batch *batch, const struct event *event,
                                   const unsigned char hash[EVENT_HASH_LEN],
                                   const struct ledger_feed_record *record)
{
    struct event_subject subject = event_subject_of(event);
    struct ledger_feed_move *move = ledger_feed_move_of(batch->records, record->partition);
    struct posting *posting = arena_alloc(batch->arena, sizeof(*posting));
    struct event_breach breach;
    struct err ignored;

    *posting = (struct posting){
        .event = event,
        .event_id = event->id,
        .hash = ledger_rows_hex(batch->arena, hash, EVENT_HASH_LEN),
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
        .partition = record->partition,
        .offset = record->offset,
        .traceparent = event->traceparent,
        .generation = move->generation,
        .status = "applied",
        .reason = "",
        .is_sound = event_check_rules(event, &breach, &ignored),
        .cause = {event, move, record->offset, 0},
    };
    return posting;
}

static void posting_suspect(struct posting_batch *batch, const struct posting *posting)
{
    batch->suspects = arena_grow(batch->arena, batch->suspects, batch->suspects_len,
                                 &batch->suspects_capacity, sizeof(*batch->suspects));
    batch->suspects[batch->suspects_len++] = posting;
}

/* One posting per id; a second one of the batch is a duplicate, or a conflict. */
static bool posting_take(struct posting_batch *batch, const struct ledger_feed_record *record,
                         struct err *err)
{
    struct event *event = arena_alloc(batch->arena, sizeof(*event));
    unsigned char hash[EVENT_HASH_LEN];

    if (!event_take(batch->arena, record->body, record->body_len, event, hash, err))
        return false;
    struct posting *posting = posting_new(batch, event, hash, record);
    if (map_get(batch->by_id, posting->event_id) != NULL) {
        posting_suspect(batch, posting);
        return true;
    }
    map_set(batch->by_id, posting->event_id, posting);
    batch->postings[batch->len++] = posting;
    return true;
}

/* Writes the rows of ledger.events; who was known already is marked. */
static bool posting_insert(struct posting_batch *batch, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    const void *const *postings = (const void *const *)batch->postings;

    if (!ledger_rows_run(batch->pg, batch->arena, sql_ledger_insert_events, postings, batch->len,
                         event_columns, &rows, err))
        return false;
    for (size_t i = 0; i < batch->len; i++)
        batch->postings[i]->known = true;
    for (size_t row = 0; rows != NULL && row < pg_rows_count(rows); row++) {
        struct posting *posting = map_get(batch->by_id, pg_rows_text(rows, row, "event_id"));

        posting->known = false;
        posting->place = arena_strdup(batch->arena, pg_rows_text(rows, row, "place"));
        map_set(batch->causes, posting->event_id, &posting->cause);
    }
    for (size_t i = 0; i < batch->len; i++) {
        if (batch->postings[i]->known)
            posting_suspect(batch, batch->postings[i]);
    }
    return true;
}

static bool posting_check_suspects(struct posting_batch *batch, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!ledger_rows_run(batch->pg, batch->arena, sql_ledger_insert_conflicts,
                         (const void *const *)batch->suspects, batch->suspects_len, suspect_columns,
                         &rows, err))
        return false;
    for (size_t row = 0; rows != NULL && row < pg_rows_count(rows); row++) {
        const char *id = pg_rows_text(rows, row, "event_id");
        const struct posting *posting = map_get(batch->by_id, id);

        /* Two operators, or one who changed his mind too late: no alarm. */
        if (posting->event->kind == EVENT_DECIDED) {
            log_warn("ledger.decision_lost", "event_id", id, "why", "another one has its number");
            continue;
        }
        metric_add(&conflicts_total, 1, NULL, NULL, NULL);
        log_error("ledger.conflict", "event_id", id, "why", "known with other content");
    }
    return true;
}

struct observed_row {
    const char *event_id;
    const char *channel;
    const char *listing;
    const char *address;
    int64_t quantity;
    int64_t observed_ms;
    const char *origin;
};

#define ROW struct observed_row
static const struct ledger_rows_column observed_columns[] = {TEXT(event_id),
                                                             TEXT(channel),
                                                             TEXT(listing),
                                                             TEXT(address),
                                                             INT(quantity),
                                                             INT(observed_ms),
                                                             TEXT(origin),
                                                             {0}};
#undef ROW

static bool posting_observations(struct posting_batch *batch, struct err *err)
{
    const struct observed_row **rows = arena_alloc(batch->arena, batch->len * sizeof(*rows));
    size_t len = 0;

    for (size_t i = 0; i < batch->len; i++) {
        const struct event *event = batch->postings[i]->event;

        if (batch->postings[i]->known || !batch->postings[i]->is_sound ||
            event->kind != EVENT_OBSERVATION || !event->observation.tracked)
            continue;
        const struct observed_row row = {event->id,
                                         event->source.channel,
                                         event->observation.listing,
                                         event->observation.address,
                                         event->observation.quantity,
                                         event->observation.version_ms > 0
                                             ? event->observation.version_ms
                                             : event->times.occurred_ms,
                                         event->observation.origin};

        rows[len++] = arena_memdup(batch->arena, &row, sizeof(row));
    }
    return ledger_rows_run(batch->pg, batch->arena, sql_ledger_upsert_observed,
                           (const void *const *)rows, len, observed_columns, NULL, err);
}

/* Events of before that a decision makes count may be the cause of targets. */
static void posting_know(struct posting_batch *batch, const struct ledger_parked *parked)
{
    for (size_t i = 0; i < parked->known_len; i++) {
        struct ledger_cause *cause = arena_alloc(batch->arena, sizeof(*cause));

        *cause = (struct ledger_cause){.event = parked->known[i]};
        map_set(batch->causes, parked->known[i]->id, cause);
    }
}

/* What the working set must hold: what breaks a rule touches nothing by itself. */
static bool posting_load(struct posting_batch *batch, struct ledger_working_set *set,
                         struct err *err)
{
    const struct event **fresh = arena_alloc(batch->arena, batch->len * sizeof(*fresh));
    struct ledger_parked parked;
    size_t fresh_len = 0;
    size_t len = 0;

    for (size_t i = 0; i < batch->len; i++) {
        if (!batch->postings[i]->known)
            fresh[fresh_len++] = batch->postings[i]->event;
    }
    if (!ledger_parked_load(batch->pg, batch->arena, fresh, fresh_len, set->stock, &parked, err))
        return false;
    posting_know(batch, &parked);
    const struct event **events =
        arena_alloc(batch->arena, (fresh_len + parked.touched_len) * sizeof(*events));
    for (size_t i = 0; i < batch->len; i++) {
        if (!batch->postings[i]->known && batch->postings[i]->is_sound)
            events[len++] = batch->postings[i]->event;
    }
    for (size_t i = 0; i < parked.touched_len; i++)
        events[len++] = parked.touched[i];
    return ledger_working_set_load(batch->pg, batch->arena, events, len, set, err);
}

/* Folds the new events, in their order. */
static void posting_apply(struct posting_batch *batch, struct stock *stock)
{
    for (size_t i = 0; i < batch->len; i++) {
        struct posting *posting = batch->postings[i];

        if (posting->known)
            continue;
        enum stock_verdict verdict = stock_apply(stock, posting->event, &posting->reason);
        posting->status = stock_verdict_name(verdict);
    }
}

static bool posting_is_decision(const struct posting *posting)
{
    return posting->is_sound && posting->event->kind == EVENT_DECIDED;
}

/* What only an operator can end, or what an operator said. */
static bool posting_keep(struct posting_batch *batch, struct err *err)
{
    const struct event **held = arena_alloc(batch->arena, batch->len * sizeof(*held));
    const struct event **decisions = arena_alloc(batch->arena, batch->len * sizeof(*decisions));
    size_t held_len = 0;
    size_t decisions_len = 0;

    for (size_t i = 0; i < batch->len; i++) {
        const struct posting *posting = batch->postings[i];

        if (posting->known)
            continue;
        if (posting_is_decision(posting))
            decisions[decisions_len++] = posting->event;
        if (!posting->is_sound || strcmp(posting->reason, EVENT_OVERFLOW) == 0)
            held[held_len++] = posting->event;
    }
    return ledger_parked_keep(batch->pg, batch->arena, held, held_len, err) &&
           ledger_parked_decided(batch->pg, batch->arena, decisions, decisions_len, err);
}

/* New rows of ledger.events that are not simply applied. */
static bool posting_mark(struct posting_batch *batch, struct err *err)
{
    const struct posting **marked = arena_alloc(batch->arena, batch->len * sizeof(*marked));
    size_t len = 0;

    for (size_t i = 0; i < batch->len; i++) {
        if (!batch->postings[i]->known && strcmp(batch->postings[i]->status, "applied") != 0)
            marked[len++] = batch->postings[i];
    }
    return ledger_rows_run(batch->pg, batch->arena, sql_ledger_mark_events,
                           (const void *const *)marked, len, mark_columns, NULL, err);
}

static bool posting_fold(struct posting_batch *batch, struct err *err)
{
    struct ledger_working_set set = {.stock = stock_new(batch->arena), .versions = map_new()};
    bool ok = posting_load(batch, &set, err);

    if (ok) {
        posting_apply(batch, set.stock);
        stock_settle(set.stock);
        ok = posting_mark(batch, err) && posting_keep(batch, err) &&
             ledger_flush(batch->pg, batch->arena, &set, batch->causes, batch->records->batch_id,
                          clock_now_ms(), err);
    }
    map_free(set.versions);
    return ok;
}

static bool posting_run(struct posting_batch *batch, struct err *err)
{
    size_t count = batch->records->count;

    batch->postings = arena_alloc(batch->arena, count * sizeof(struct posting *));
    for (size_t i = 0; i < count; i++) {
        if (!posting_take(batch, batch->records->records[i], err))
            return false;
    }
    return posting_insert(batch, err) && posting_check_suspects(batch, err) &&
           posting_observations(batch, err) && posting_fold(batch, err);
}

bool ledger_posting_apply(void *opaque, struct pg *pg, struct arena *arena,
                          struct ledger_feed_batch *records, struct err *err)
{
    struct posting_batch batch = {
        .pg = pg, .arena = arena, .records = records, .by_id = map_new(), .causes = map_new()};
    bool ok = posting_run(&batch, err);

    (void)opaque;
    map_free(batch.by_id);
    map_free(batch.causes);
    return ok;
}
