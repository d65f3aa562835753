#include "services/ledger/relay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"
#include "lib/pg/pg.h"

#include "services/ledger/outbox.h"
#include "services/ledger/session.h"

#include "sql.h"

enum {
    RELAY_RECORDS_MAX = 1000, /* of a batch; its last bundle may bring some more */
    RELAY_SENT_MAX = RELAY_RECORDS_MAX + LEDGER_OUTBOX_RECORDS_MAX,
    RELAY_BUNDLES_MAX = 200,
    RELAY_COUNT_MS = 5000,
    RELAY_IDLE_MS = 100, /* another replica's rows are found by looking */
    RELAY_STANDBY_MS = 500,
    RELAY_FLUSH_MS = 5000,
};

static const struct retry_policy relay_pause = {.base_ms = 50, .cap_ms = 2000, .tries_max = 0};

static const struct metric relayed_total = {
    "stockbus_ledger_relayed_total", "Records sent from the outbox.", METRIC_COUNTER, {"kind"}};
static const struct metric outbox_records = {
    "stockbus_ledger_outbox_records", "Records that wait for the broker.", METRIC_GAUGE, {0}};

struct ledger_relay {
    struct ledger_relay_options options;
    struct kafka_producer *producer;
    struct pg *pg;
    char session_name[64]; /* as pg_stat_activity shows it */
    bool locked;
    struct arena *arena;
    _Atomic int failures;                      /* of the batch in flight */
    const char *sent_channels[RELAY_SENT_MAX]; /* targets of the batch in flight, in the arena */
    const char *sent_listings[RELAY_SENT_MAX];
    size_t sent_len;
    int64_t counted_ms; /* when the outbox was, on the monotonic clock */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool woken;
};

struct ledger_relay *ledger_relay_new(const struct ledger_relay_options *options, struct err *err)
{
    const struct kafka_producer_options producer = {
        .brokers = options->brokers,
        .client_id = options->replica,
        .linger_ms = 1,
        .message_timeout_ms = RELAY_FLUSH_MS,
        .queue_max = 2 * RELAY_SENT_MAX,
    };
    struct kafka_producer *made = kafka_producer_new(&producer, err);

    if (made == NULL)
        return NULL;
    struct ledger_relay *relay = mem_calloc(1, sizeof(*relay));
    relay->options = *options;
    snprintf(relay->session_name, sizeof(relay->session_name), "%s relay", options->replica);
    relay->producer = made;
    relay->arena = arena_new();
    pthread_mutex_init(&relay->mutex, NULL);
    pthread_cond_init(&relay->wake, NULL);
    return relay;
}

void ledger_relay_free(struct ledger_relay *relay)
{
    if (relay == NULL)
        return;
    kafka_producer_close(relay->producer, 0);
    pg_close(relay->pg);
    arena_free(relay->arena);
    pthread_cond_destroy(&relay->wake);
    pthread_mutex_destroy(&relay->mutex);
    mem_free(relay);
}

void ledger_relay_wake(struct ledger_relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    relay->woken = true;
    pthread_cond_signal(&relay->wake);
    pthread_mutex_unlock(&relay->mutex);
}

static void relay_wait(struct ledger_relay *relay, int timeout_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)timeout_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&relay->mutex);
    if (!relay->woken)
        pthread_cond_timedwait(&relay->wake, &relay->mutex, &until);
    relay->woken = false;
    pthread_mutex_unlock(&relay->mutex);
}

/* ---- sending ---- */

static void relay_delivered(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    struct ledger_relay *relay = opaque;

    (void)partition;
    (void)offset;
    if (err != NULL)
        atomic_fetch_add(&relay->failures, 1);
}

static const char *relay_kind(enum ledger_outbox_kind kind)
{
    switch (kind) {
    case LEDGER_OUTBOX_TARGET:
        return "target";
    case LEDGER_OUTBOX_CATALOG:
        return "catalog";
    case LEDGER_OUTBOX_EVENT:
        return "event";
    }
    return NULL;
}

/* Topic and key. */
static bool relay_address(struct ledger_relay *relay, const struct ledger_outbox_record *from,
                          struct kafka_record *record, struct err *err)
{
    const char *prefix = relay->options.topic_prefix;
    struct event event;

    if (from->kind == LEDGER_OUTBOX_EVENT) {
        if (!event_decode(relay->arena, from->body, from->body_len, &event, err))
            return false;
        record->topic = topic_events(relay->arena, prefix);
        record->key = topic_event_key(relay->arena, &event, NULL);
        return true;
    }
    record->topic = from->kind == LEDGER_OUTBOX_CATALOG
                        ? topic_catalog(relay->arena, prefix)
                        : topic_targets(relay->arena, prefix, from->channel);
    record->key = topic_listing_key(relay->arena, from->channel, from->listing);
    return true;
}

static bool relay_send(struct ledger_relay *relay, const struct ledger_outbox_record *from,
                       struct err *err)
{
    static const struct kafka_header headers[] = {
        {"content-type", "application/protobuf"}
    };
    const char *kind = relay_kind(from->kind);
    struct kafka_record record = {
        .partition = -1,
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = from->body,
        .body_len = from->body_len,
    };

    if (kind == NULL)
        return err_set(err, ERR_FATAL, "unknown kind of record '%c' in the outbox",
                       (char)from->kind);
    if (!relay_address(relay, from, &record, err))
        return false;
    if (from->kind == LEDGER_OUTBOX_TARGET) {
        relay->sent_channels[relay->sent_len] = arena_strdup(relay->arena, from->channel);
        relay->sent_listings[relay->sent_len++] = arena_strdup(relay->arena, from->listing);
    }
    metric_add(&relayed_total, 1, kind, NULL, NULL);
    return kafka_produce(relay->producer, &record, relay_delivered, relay, err);
}

static bool relay_send_bundle(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                              size_t *sent, struct err *err)
{
    size_t len = 0;
    const char *at = pg_rows_bytes(rows, row, "body", &len);
    const char *end = at + len;
    struct ledger_outbox_record record;

    while (at < end) {
        if (!ledger_outbox_read(&at, end, &record, err) || !relay_send(relay, &record, err))
            return false;
        (*sent)++;
    }
    return true;
}

/* ---- the loop ---- */

static bool relay_delete(struct ledger_relay *relay, const struct pg_rows *rows, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    size_t count = pg_rows_count(rows);
    int64_t *ids = arena_alloc(relay->arena, count * sizeof(*ids));

    for (size_t row = 0; row < count; row++)
        ids[row] = pg_rows_int(rows, row, "outbox_id");
    pg_params_int_array(params, ids, count);
    return pg_run(relay->pg, sql_ledger_delete_outbox, params, NULL, err);
}

static bool relay_connect(struct ledger_relay *relay, struct err *err)
{
    if (relay->pg != NULL && pg_is_alive(relay->pg))
        return true;
    pg_close(relay->pg);
    relay->locked = false;
    relay->pg = ledger_session_open(relay->options.database_url, relay->session_name, LEDGER_SCHEMA,
                                    ledger_session_relaying, err);
    return relay->pg != NULL;
}

static const char *relay_text(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                              const char *column)
{
    return arena_strdup(relay->arena, pg_rows_text(rows, row, column));
}

static bool relay_put_present(struct ledger_relay *relay, const struct pg_rows *rows,
                              struct err *err)
{
    SCOPED(ledger_outbox) struct ledger_outbox outbox;

    ledger_outbox_init(&outbox, relay->pg);
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const struct target target = {
            .channel = relay_text(relay, rows, row, "channel"),
            .listing = relay_text(relay, rows, row, "listing"),
            .address = relay_text(relay, rows, row, "address"),
            .quantity = pg_rows_int(rows, row, "quantity"),
            .version = pg_rows_int(rows, row, "version"),
            .event_id = relay_text(relay, rows, row, "event_id"),
            .rule_id = relay_text(relay, rows, row, "rule_id"),
            .mapping_id = relay_text(relay, rows, row, "mapping_id"),
            .sold_here = pg_rows_int(rows, row, "sold_here"),
            .open_here = pg_rows_int(rows, row, "open_here"),
            .times = {.occurred_ms = pg_rows_int(rows, row, "occurred_ms"),
                      .received_ms = pg_rows_int(rows, row, "received_ms"),
                      .applied_ms = pg_rows_int(rows, row, "applied_ms")},
            .traceparent = relay_text(relay, rows, row, "traceparent"),
            .cause_channel = relay_text(relay, rows, row, "cause_channel"),
        };

        if (!ledger_outbox_target(&outbox, &target, err))
            return false;
    }
    return ledger_outbox_end(&outbox, err);
}

static bool relay_requeue(struct ledger_relay *relay, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_text_array(params, relay->sent_channels, relay->sent_len);
    pg_params_text_array(params, relay->sent_listings, relay->sent_len);
    return pg_exec(relay->pg, "BEGIN", err) &&
           pg_run(relay->pg, sql_ledger_lock_listings, params, NULL, err) &&
           pg_run(relay->pg, sql_ledger_select_present_targets, params, &rows, err) &&
           relay_put_present(relay, rows, err) && pg_exec(relay->pg, "COMMIT", err);
}

/* A session that ended under a batch took the lock along: another relay may have sent newer targets
   of the same listings before our last ones arrived, and a compacted topic keeps what came last.
   So their present targets go again. */
static bool relay_repair(struct ledger_relay *relay, struct err *err)
{
    if (relay->locked || relay->sent_len == 0)
        return true;
    if (!kafka_producer_flush(relay->producer, RELAY_FLUSH_MS, err))
        return false;
    if (!relay_requeue(relay, err)) {
        pg_close(relay->pg); /* and with it the transaction */
        relay->pg = NULL;
        return false;
    }
    log_info("ledger.relay_repaired", "targets", log_int(relay->sent_len));
    relay->sent_len = 0;
    return true;
}

static bool relay_lock(struct ledger_relay *relay, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (relay->locked)
        return true;
    if (!pg_run(relay->pg, sql_ledger_lock_relay, NULL, &rows, err))
        return false;
    relay->locked = pg_rows_bool(rows, 0, "locked");
    return true;
}

/* What waits, for the operator: it is more than a step finds. */
static bool relay_count(struct ledger_relay *relay, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    int64_t now_ms = clock_monotonic_us() / 1000;

    if (relay->counted_ms > 0 && now_ms - relay->counted_ms < RELAY_COUNT_MS)
        return true;
    if (!pg_run(relay->pg, sql_ledger_count_outbox, NULL, &rows, err))
        return false;
    metric_set(&outbox_records, (double)pg_rows_int(rows, 0, "records"), NULL, NULL, NULL);
    relay->counted_ms = now_ms;
    return true;
}

/* Sends some bundles and waits for the broker. */
static bool relay_step(struct ledger_relay *relay, bool *ret_all, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    size_t sent = 0;

    pg_params_int(params, RELAY_RECORDS_MAX);
    pg_params_int(params, RELAY_BUNDLES_MAX);
    if (!relay_count(relay, err) ||
        !pg_run(relay->pg, sql_ledger_select_outbox, params, &rows, err))
        return false;
    arena_reset(relay->arena);
    relay->sent_len = 0; /* a batch that failed is part of this one */
    if (pg_rows_count(rows) == 0)
        return true;
    atomic_store(&relay->failures, 0);
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        if (!relay_send_bundle(relay, rows, row, &sent, err))
            return false;
    }
    if (!kafka_producer_flush(relay->producer, RELAY_FLUSH_MS, err))
        return false;
    if (atomic_load(&relay->failures) > 0)
        return err_set(err, ERR_RETRY, "%d of %zu records did not reach the broker",
                       atomic_load(&relay->failures), sent);
    if (!relay_delete(relay, rows, err))
        return false;
    *ret_all = sent < RELAY_RECORDS_MAX && pg_rows_count(rows) < RELAY_BUNDLES_MAX;
    relay->sent_len = 0;
    return true;
}

bool ledger_relay_run(struct ledger_relay *relay, struct err *err)
{
    for (int failures = 0; !stop_requested();) {
        bool all = true;
        bool ok = relay_connect(relay, err) && relay_repair(relay, err) && relay_lock(relay, err) &&
                  (!relay->locked || relay_step(relay, &all, err));

        if (ok) {
            failures = 0;
            if (all)
                relay_wait(relay, relay->locked ? RELAY_IDLE_MS : RELAY_STANDBY_MS);
            continue;
        }
        if (err->code == ERR_FATAL)
            return false;
        log_warn("ledger.relay_retried", "why", err->text);
        stop_wait(retry_pause_ms(&relay_pause, ++failures, retry_random()));
    }
    return true;
}
