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

#include "services/ledger/session.h"

#include "sql.h"

enum {
    RELAY_ROWS_MAX = 1000,
    RELAY_IDLE_MS = 100, /* another replica's rows are found by looking */
    RELAY_STANDBY_MS = 500,
    RELAY_FLUSH_MS = 5000,
};

static const struct retry_policy relay_pause = {.base_ms = 50, .cap_ms = 2000, .tries_max = 0};

static const struct metric relayed_total = {
    "stockbus_ledger_relayed_total", "Records sent from the outbox.", METRIC_COUNTER, {"kind"}};
static const struct metric outbox_rows = {
    "stockbus_ledger_outbox_rows", "Rows that the relay last found waiting.", METRIC_GAUGE, {0}};

struct ledger_relay {
    struct ledger_relay_options options;
    struct kafka_producer *producer;
    struct pg *pg;
    char session_name[64]; /* as pg_stat_activity shows it */
    bool locked;
    struct arena *arena;
    _Atomic int failures;                      /* of the batch in flight */
    const char *sent_channels[RELAY_ROWS_MAX]; /* targets of the batch in flight, in the arena */
    const char *sent_listings[RELAY_ROWS_MAX];
    size_t sent_len;
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
        .queue_max = 2 * RELAY_ROWS_MAX,
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

/* ---- a row becomes a record ---- */

static const char *relay_text(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                              const char *column)
{
    const char *text = pg_rows_text(rows, row, column);

    return text == NULL ? "" : arena_strdup(relay->arena, text);
}

static void relay_target(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                         struct kafka_record *record, struct buf *body)
{
    const struct target target = {
        .channel = relay_text(relay, rows, row, "channel"),
        .listing = relay_text(relay, rows, row, "listing"),
        .address = relay_text(relay, rows, row, "target_address"),
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

    target_encode(&target, body);
    record->topic = topic_targets(relay->arena, relay->options.topic_prefix, target.channel);
    record->key = topic_listing_key(relay->arena, target.channel, target.listing);
    relay->sent_channels[relay->sent_len] = target.channel;
    relay->sent_listings[relay->sent_len++] = target.listing;
}

static void relay_catalog(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                          struct kafka_record *record, struct buf *body)
{
    const struct catalog_entry entry = {
        .channel = relay_text(relay, rows, row, "channel"),
        .listing = relay_text(relay, rows, row, "listing"),
        .address = relay_text(relay, rows, row, "address"),
        .sku = relay_text(relay, rows, row, "sku"),
    };

    catalog_entry_encode(&entry, body);
    record->topic = topic_catalog(relay->arena, relay->options.topic_prefix);
    record->key = topic_listing_key(relay->arena, entry.channel, entry.listing);
}

static bool relay_event(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                        struct kafka_record *record, struct buf *body, struct err *err)
{
    struct event event;
    size_t len = 0;
    const void *bytes = pg_rows_bytes(rows, row, "body", &len);

    if (!event_decode(relay->arena, bytes, len, &event, err))
        return false;
    buf_append(body, bytes, len);
    record->topic = topic_events(relay->arena, relay->options.topic_prefix);
    record->key = topic_event_key(relay->arena, &event, NULL);
    return true;
}

static void relay_delivered(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    struct ledger_relay *relay = opaque;

    (void)partition;
    (void)offset;
    if (err != NULL)
        atomic_fetch_add(&relay->failures, 1);
}

static bool relay_send(struct ledger_relay *relay, const struct pg_rows *rows, size_t row,
                       struct err *err)
{
    static const struct kafka_header headers[] = {
        {"content-type", "application/protobuf"}
    };
    SCOPED(buf) struct buf body = {0};
    const char *kind = pg_rows_text(rows, row, "kind");
    struct kafka_record record = {
        .partition = -1, .headers = headers, .headers_len = ARRAY_LEN(headers)};

    if (strcmp(kind, "target") == 0)
        relay_target(relay, rows, row, &record, &body);
    else if (strcmp(kind, "catalog") == 0)
        relay_catalog(relay, rows, row, &record, &body);
    else if (!relay_event(relay, rows, row, &record, &body, err))
        return false;
    record.body = body.bytes;
    record.body_len = body.len;
    metric_add(&relayed_total, 1, kind, NULL, NULL);
    return kafka_produce(relay->producer, &record, relay_delivered, relay, err);
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

/* A session that ended under a batch took the lock along: another relay may have sent newer targets
   of the same listings before our last ones arrived, and a compacted topic keeps what came last.
   So their present targets go again. */
static bool relay_repair(struct ledger_relay *relay, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    if (relay->locked || relay->sent_len == 0)
        return true;
    if (!kafka_producer_flush(relay->producer, RELAY_FLUSH_MS, err))
        return false;
    pg_params_text_array(params, relay->sent_channels, relay->sent_len);
    pg_params_text_array(params, relay->sent_listings, relay->sent_len);
    if (!pg_run(relay->pg, sql_ledger_requeue_targets, params, NULL, err))
        return false;
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

/* Sends up to RELAY_ROWS_MAX rows and waits for the broker. */
static bool relay_step(struct ledger_relay *relay, size_t *ret_sent, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_int(params, RELAY_ROWS_MAX);
    if (!pg_run(relay->pg, sql_ledger_select_outbox, params, &rows, err))
        return false;
    arena_reset(relay->arena);
    relay->sent_len = 0; /* a batch that failed is part of this one */
    *ret_sent = pg_rows_count(rows);
    metric_set(&outbox_rows, (double)*ret_sent, NULL, NULL, NULL);
    if (*ret_sent == 0)
        return true;
    atomic_store(&relay->failures, 0);
    for (size_t row = 0; row < *ret_sent; row++) {
        if (!relay_send(relay, rows, row, err))
            return false;
    }
    if (!kafka_producer_flush(relay->producer, RELAY_FLUSH_MS, err))
        return false;
    if (atomic_load(&relay->failures) > 0)
        return err_set(err, ERR_RETRY, "%d of %zu records did not reach the broker",
                       atomic_load(&relay->failures), *ret_sent);
    if (!relay_delete(relay, rows, err))
        return false;
    relay->sent_len = 0;
    return true;
}

bool ledger_relay_run(struct ledger_relay *relay, struct err *err)
{
    for (int failures = 0; !stop_requested();) {
        size_t sent = 0;
        bool ok = relay_connect(relay, err) && relay_repair(relay, err) && relay_lock(relay, err) &&
                  (!relay->locked || relay_step(relay, &sent, err));

        if (ok) {
            failures = 0;
            if (sent < RELAY_ROWS_MAX)
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
