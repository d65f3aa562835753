#include "services/ledger/feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"

#include "services/ledger/partition.h"
#include "services/ledger/recognition.h"
#include "services/ledger/rows.h"
#include "services/ledger/session.h"
#include "services/ledger/transaction.h"

#include "sql.h"

enum {
    FEED_PARTITIONS_MAX = LEDGER_TRANSACTION_PARTITIONS_MAX,
    FEED_POLL_MS = 100,
    FEED_TOPIC_ASK_MS = 5000,
    FEED_WATCH_MS = 10000, /* a topic that is created anew under way is found within this time */
    FEED_WATCH_IDLE_MS = 2000, /* or this time of silence */
};

static const struct retry_policy feed_pause = {.base_ms = 50, .cap_ms = 2000, .tries_max = 0};

static const struct metric batches_total = {
    "stockbus_ledger_batches_total", "Transactions committed.", METRIC_COUNTER, {"topic"}};
static const struct metric records_total = {
    "stockbus_ledger_records_total", "Records applied.", METRIC_COUNTER, {"topic"}};
static const struct metric poison_total = {
    "stockbus_ledger_poison_total", "Records set aside as unreadable.", METRIC_COUNTER, {"topic"}};
static const struct metric retries_total = {
    "stockbus_ledger_transaction_retries_total",
    "Transactions that lost a race, and ran again.",
    METRIC_COUNTER,
    {"topic", "sqlstate"}
};
static const struct metric oldest_seconds = {
    "stockbus_ledger_oldest_record_timestamp_seconds",
    "Time of the oldest record in hand that is not applied yet; 0: there is none.",
    METRIC_GAUGE,
    {"topic"}};
static const struct metric renewed_total = {
    "stockbus_ledger_partitions_renewed_total",
    "Partitions whose topic was created anew: read again from the beginning.",
    METRIC_COUNTER,
    {"topic"}};
static const struct metric batch_seconds = {"stockbus_ledger_batch_seconds",
                                            "Duration of one batch, commit included.",
                                            METRIC_HISTOGRAM,
                                            {"topic"}};

struct ledger_feed {
    struct ledger_feed_options options;
    char beside_name[64]; /* of the session beside, as pg_stat_activity shows it */
    struct pg *pg;
    struct kafka_consumer *consumer;
    struct arena *records_arena;
    struct arena *tx_arena;
    struct ledger_feed_record **records;
    size_t records_len;
    struct ledger_partition partitions[FEED_PARTITIONS_MAX];
    int64_t watched_ms;   /* when the logs were last looked at */
    int64_t committed_ms; /* the last batch */
    bool is_astray;       /* some log is another one */
    _Atomic bool is_member;
    _Atomic bool database_ok;
};

struct ledger_feed *ledger_feed_new(const struct ledger_feed_options *options)
{
    struct ledger_feed *feed = mem_calloc(1, sizeof(*feed));

    feed->options = *options;
    snprintf(feed->beside_name, sizeof(feed->beside_name), "%s beside", options->replica);
    feed->records_arena = arena_new();
    feed->tx_arena = arena_new();
    feed->records = mem_calloc((size_t)options->batch_max, sizeof(*feed->records));
    return feed;
}

void ledger_feed_free(struct ledger_feed *feed)
{
    if (feed == NULL)
        return;
    kafka_consumer_close(feed->consumer);
    pg_close(feed->pg);
    arena_free(feed->records_arena);
    arena_free(feed->tx_arena);
    mem_free(feed->records);
    mem_free(feed);
}

bool ledger_feed_is_ready(struct ledger_feed *feed, char *why, size_t why_len)
{
    if (!atomic_load(&feed->database_ok)) {
        snprintf(why, why_len, "database is away");
        return false;
    }
    /* More replicas than partitions: one without stands by, ready to take over. */
    if (!atomic_load(&feed->is_member)) {
        snprintf(why, why_len, "the group has not said which partitions of '%s' are its own",
                 feed->options.topic);
        return false;
    }
    return true;
}

static void feed_lost_race(void *opaque, const char *sqlstate)
{
    struct ledger_feed *feed = opaque;

    metric_add(&retries_total, 1, feed->options.topic, sqlstate, NULL);
}

/* Who makes movements reads some rows by a session beside. */
static struct pg *feed_open(struct ledger_feed *feed, struct err *err)
{
    const struct ledger_feed_options *options = &feed->options;
    SCOPED(pg)
    struct pg *pg = ledger_session_open(options->database_url, options->replica, LEDGER_SCHEMA,
                                        ledger_session_folding, err);

    if (pg == NULL)
        return NULL;
    pg_on_lost_race(pg, feed_lost_race, feed);
    if (!options->makes_movements)
        return STEAL(pg);
    struct pg *beside = ledger_session_open(options->database_url, feed->beside_name, LEDGER_SCHEMA,
                                            ledger_session_folding, err);
    if (beside == NULL)
        return NULL;
    pg_put_beside(pg, beside);
    return STEAL(pg);
}

/* Until the database is back, or stopping: then false. */
static bool feed_connect(struct ledger_feed *feed, struct err *err)
{
    for (int attempt = 1; !stop_requested(); attempt++) {
        if (feed->pg != NULL && pg_is_alive(feed->pg))
            return true;
        pg_close(feed->pg);
        feed->pg = feed_open(feed, err);
        if (feed->pg != NULL) {
            atomic_store(&feed->database_ok, true);
            return true;
        }
        atomic_store(&feed->database_ok, false);
        if (err->code == ERR_FATAL)
            return false;
        log_warn("ledger.database_away", "topic", feed->options.topic, "why", err->text);
        stop_wait(retry_pause_ms(&feed_pause, attempt, retry_random()));
    }
    return err_set(err, ERR_RETRY, "stopping");
}

/* ---- ownership ---- */

static bool feed_claim(struct ledger_feed *feed, const int32_t *partitions, size_t count,
                       struct err *err)
{
    while (feed_connect(feed, err)) {
        if (ledger_partition_claim(feed->pg, feed->options.topic, feed->options.replica, partitions,
                                   count, feed->partitions, FEED_PARTITIONS_MAX, err))
            return true;
        if (err->code != ERR_RETRY && err->code != ERR_CONFLICT)
            return false;
    }
    return false;
}

/* Until the broker is back. The owner before us is fenced already: nothing moves under the look. */
static bool feed_look(struct ledger_feed *feed, const int32_t *partitions, size_t count,
                      const char **ret_new, struct err *err)
{
    for (int attempt = 1; !stop_requested(); attempt++) {
        if (ledger_recognition_look(feed->options.brokers, feed->options.topic, partitions, count,
                                    feed->partitions, ret_new, err))
            return true;
        if (err->code != ERR_RETRY)
            return false;
        log_warn("ledger.broker_away", "topic", feed->options.topic, "why", err->text);
        stop_wait(retry_pause_ms(&feed_pause, attempt, retry_random()));
    }
    return err_set(err, ERR_RETRY, "stopping");
}

static void feed_renew(struct ledger_feed *feed, int32_t number, const char *why)
{
    struct ledger_partition *partition = &feed->partitions[number];

    log_error("ledger.topic_created_anew", "topic", feed->options.topic, "partition",
              log_int(number), "why", why, "applied", log_int(partition->next_offset), "generation",
              log_int(partition->generation + 1));
    metric_add(&renewed_total, 1, feed->options.topic, NULL, NULL);
    ledger_partition_renew(partition, feed->options.topic, number);
}

/* Offsets mean records only of the log that they were read from. */
static bool feed_recognise(struct ledger_feed *feed, const int32_t *partitions, size_t count,
                           struct err *err)
{
    SCOPED(mem) void *memory = mem_calloc(count, sizeof(const char *));
    const char **differences = memory;

    if (!feed_look(feed, partitions, count, differences, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (differences[i] != NULL)
            feed_renew(feed, partitions[i], differences[i]);
    }
    while (feed_connect(feed, err)) {
        if (ledger_partition_store(feed->pg, feed->options.topic, partitions, count,
                                   feed->partitions, err))
            return true;
        if (err->code != ERR_RETRY && err->code != ERR_CONFLICT)
            return false;
    }
    return false;
}

static bool feed_assigned(void *opaque, const char *topic, const int32_t *partitions, size_t count,
                          int64_t *next_offsets, struct err *err)
{
    struct ledger_feed *feed = opaque;

    if (!feed_claim(feed, partitions, count, err) || !feed_recognise(feed, partitions, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        next_offsets[i] = feed->partitions[partitions[i]].next_offset;
        if (next_offsets[i] == 0) /* nothing applied yet: the log may begin later than at 0 */
            next_offsets[i] = KAFKA_OFFSET_BEGINNING;
    }
    log_info("ledger.assigned", "topic", topic, "partitions", log_int(count));
    return true;
}

/* Records in hand of a partition that goes away are dropped: its next owner reads them again. */
static void feed_revoked(void *opaque, const char *topic, const int32_t *partitions, size_t count)
{
    struct ledger_feed *feed = opaque;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        feed->partitions[partitions[i]].owned = false;
    for (size_t i = 0; i < feed->records_len; i++) {
        if (feed->partitions[feed->records[i]->partition].owned)
            feed->records[kept++] = feed->records[i];
    }
    feed->records_len = kept;
    log_info("ledger.revoked", "topic", topic, "partitions", log_int(count));
}

/* ---- one transaction ---- */

struct ledger_feed_move *ledger_feed_move_of(const struct ledger_feed_batch *batch,
                                             int64_t partition)
{
    size_t at = 0;

    while (batch->moves[at].partition != partition)
        at++;
    return &batch->moves[at];
}

/* After a COMMIT whose answer was lost: the offsets say whether it happened. */
static bool feed_find_out(struct ledger_feed *feed, const struct ledger_transaction *tx,
                          bool *ret_committed, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    int64_t partition = tx->moves[0].partition;

    if (!feed_connect(feed, err))
        return false;
    pg_params_text(params, feed->options.topic);
    pg_params_int_array(params, &partition, 1);
    if (!pg_run(feed->pg, sql_ledger_select_offsets, params, &rows, err))
        return false;
    if (pg_rows_count(rows) != 1 || pg_rows_int(rows, 0, "epoch") != tx->moves[0].epoch)
        return err_set(err, ERR_FATAL, "fenced: another owner has a partition of '%s'",
                       feed->options.topic);
    *ret_committed = pg_rows_int(rows, 0, "next_offset") == tx->moves[0].next_offset;
    return true;
}

static struct ledger_anchor feed_anchor(const struct ledger_feed_record *record)
{
    return ledger_partition_anchor(record->offset, record->timestamp_ms, record->key, record->body,
                                   record->body_len);
}

static void feed_tx_done(struct ledger_feed *feed, const struct ledger_transaction *tx)
{
    const struct ledger_feed_record *const *end = tx->batch.records;

    ledger_transaction_done(tx, feed->partitions);
    for (size_t i = 0; i < tx->batch.moves_len; i++) {
        const struct ledger_feed_move *move = &tx->moves[i];
        struct ledger_partition *partition = &feed->partitions[move->partition];
        struct err ignored;

        while (end < tx->batch.records + tx->batch.count && (*end)->partition == move->partition)
            end++;
        partition->newest = feed_anchor(end[-1]);
        /* Only for lag metrics of Kafka's own tools: the truth is in the database. */
        if (!kafka_consumer_commit(feed->consumer, feed->options.topic, (int32_t)move->partition,
                                   move->next_offset, &ignored))
            continue;
    }
    feed->committed_ms = clock_monotonic_ms();
    metric_add(&batches_total, 1, feed->options.topic, NULL, NULL);
    metric_add(&records_total, (double)tx->batch.count, feed->options.topic, NULL, NULL);
    feed->options.committed(feed->options.opaque, tx->batch.count);
}

/* One transaction over the batch, until its outcome is known. */
static bool feed_commit(struct ledger_feed *feed, struct ledger_transaction *tx, struct err *err)
{
    for (int failures = 0;;) { /* ends by its outcome, or when stopping */
        bool unknown = false;
        bool committed = false;
        int64_t start_us = clock_monotonic_us();

        if (!feed_connect(feed, err))
            return false;
        committed = pg_tx_run(feed->pg, ledger_transaction_body, tx, NULL, &unknown, err);
        while (!committed && unknown && !feed_find_out(feed, tx, &committed, err)) {
            if (err->code == ERR_FATAL || stop_requested())
                return false;
        }
        if (committed) {
            metric_observe(&batch_seconds, (double)(clock_monotonic_us() - start_us) / 1e6,
                           feed->options.topic, NULL, NULL);
            feed_tx_done(feed, tx);
            return true;
        }
        if (err->code != ERR_RETRY && err->code != ERR_CONFLICT)
            return false;
        failures++;
        log_warn("ledger.batch_retried", "topic", feed->options.topic, "why", err->text);
        stop_wait(retry_pause_ms(&feed_pause, failures, retry_random()));
        if (stop_requested())
            return false;
    }
}

/* Applies the records; what the database refuses for ever is found by halving and set aside. */
static bool feed_apply(struct ledger_feed *feed, const struct ledger_feed_record *const *records,
                       size_t count, struct err *err)
{
    SCOPED(mem) void *memory = mem_calloc(1, sizeof(struct ledger_transaction));
    struct ledger_transaction *tx = memory;

    tx->options = &feed->options;
    tx->partitions = feed->partitions;
    tx->arena = feed->tx_arena;
    tx->batch.records = records;
    tx->batch.count = count;
    if (feed_commit(feed, tx, err))
        return true;
    if (err->code != ERR_REJECT)
        return false;
    if (count > 1)
        return feed_apply(feed, records, count / 2, err) &&
               feed_apply(feed, records + count / 2, count - count / 2, err);
    log_error("ledger.poison", "topic", feed->options.topic, "partition",
              log_int(records[0]->partition), "offset", log_int(records[0]->offset), "why",
              err->text);
    metric_add(&poison_total, 1, feed->options.topic, NULL, NULL);
    char reason[sizeof(err->text)];
    memcpy(reason, err->text, sizeof(reason));
    tx->poison = reason;
    return feed_commit(feed, tx, err);
}

/* ---- the loop ---- */

static void feed_keep(struct ledger_feed *feed, const struct kafka_record *record)
{
    struct ledger_partition *partition = &feed->partitions[record->partition];
    struct ledger_feed_record *copy = arena_alloc(feed->records_arena, sizeof(*copy));

    *copy = (struct ledger_feed_record){
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .key = arena_strdup(feed->records_arena, record->key),
        .body = record->body == NULL
                    ? NULL
                    : arena_memdup(feed->records_arena, record->body, record->body_len),
        .body_len = record->body_len,
    };
    feed->records[feed->records_len++] = copy;
    if (partition->anchor.offset < 0)
        partition->anchor = feed_anchor(copy);
}

/* Whatever has arrived, capped; waits only for the first record. */
static bool feed_gather(struct ledger_feed *feed, struct err *err)
{
    const struct kafka_record *record = NULL;

    arena_reset(feed->records_arena);
    feed->records_len = 0;
    bool ok = kafka_consumer_poll(feed->consumer, FEED_POLL_MS, &record, err);
    atomic_store(&feed->is_member, ok && kafka_consumer_is_member(feed->consumer));
    if (!ok)
        return false;
    while (record != NULL) {
        /* A record below the stored offset was applied already. */
        if (feed->partitions[record->partition].owned &&
            record->offset >= feed->partitions[record->partition].next_offset)
            feed_keep(feed, record);
        if (feed->records_len == (size_t)feed->options.batch_max)
            break;
        if (!kafka_consumer_poll(feed->consumer, 0, &record, err))
            return false;
    }
    return true;
}

static void feed_tell_oldest(const struct ledger_feed *feed)
{
    int64_t oldest_ms = feed->records_len == 0 ? 0 : INT64_MAX;

    for (size_t i = 0; i < feed->records_len; i++) {
        if (feed->records[i]->timestamp_ms < oldest_ms)
            oldest_ms = feed->records[i]->timestamp_ms;
    }
    metric_set(&oldest_seconds, (double)oldest_ms / 1e3, feed->options.topic, NULL, NULL);
}

/* A consumer hands out partitions by turns. */
static int feed_record_order(const void *left, const void *right)
{
    const struct ledger_feed_record *a = *(const struct ledger_feed_record *const *)left;
    const struct ledger_feed_record *b = *(const struct ledger_feed_record *const *)right;

    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The broker may be away: later. Without the topic this consumer is of no more use. */
static bool feed_watch_failed(struct ledger_feed *feed, const struct err *err)
{
    feed->is_astray = err->code == ERR_REJECT;
    return err->code == ERR_RETRY;
}

/* Looks again at the logs that moved since. librdkafka 2.0.2 goes on at the old offset when a topic
   was created anew between two of its questions and has grown beyond; then what was read from the
   middle is applied, and read again from the beginning, where it is known by its ids. The anchor
   becomes the newest record from before the look: that one is of the log that the look found to be
   the same. */
static bool feed_watch(struct ledger_feed *feed, struct err *err)
{
    int32_t numbers[FEED_PARTITIONS_MAX];
    const char *differences[FEED_PARTITIONS_MAX];
    size_t count = 0;

    feed->watched_ms = clock_monotonic_ms();
    for (int32_t i = 0; i < FEED_PARTITIONS_MAX; i++) {
        if (feed->partitions[i].owned && feed->partitions[i].newest.offset >= 0)
            numbers[count++] = i;
    }
    if (count == 0)
        return true;
    if (!ledger_recognition_look(feed->options.brokers, feed->options.topic, numbers, count,
                                 feed->partitions, differences, err))
        return feed_watch_failed(feed, err);
    for (size_t i = 0; i < count; i++) {
        struct ledger_partition *partition = &feed->partitions[numbers[i]];

        if (differences[i] != NULL) {
            feed->is_astray = true;
            return err_set(err, ERR_RETRY, "partition %d: %s", (int)numbers[i], differences[i]);
        }
        partition->anchor = partition->newest;
        partition->newest.offset = -1;
    }
    return true;
}

static bool feed_is_watch_due(const struct ledger_feed *feed)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_idle = feed->records_len == 0 && now_ms - feed->committed_ms >= FEED_WATCH_IDLE_MS &&
                   feed->committed_ms > feed->watched_ms;

    return is_idle || now_ms - feed->watched_ms >= FEED_WATCH_MS;
}

static bool feed_step(struct ledger_feed *feed, struct err *err)
{
    if (!feed_gather(feed, err))
        return false;
    feed_tell_oldest(feed);
    if (feed->records_len > 0) {
        qsort(feed->records, feed->records_len, sizeof(struct ledger_feed_record *),
              feed_record_order);
        if (!feed_apply(feed, (const struct ledger_feed_record *const *)feed->records,
                        feed->records_len, err))
            return false;
    }
    return !feed_is_watch_due(feed) || feed_watch(feed, err);
}

/* ---- joining the group, also again ---- */

static bool feed_await_topic(struct ledger_feed *feed, struct err *err)
{
    for (int attempt = 1; !stop_requested(); attempt++) {
        int partitions = 0;

        if (kafka_topic_partitions(feed->options.brokers, feed->options.topic, FEED_TOPIC_ASK_MS,
                                   &partitions, err))
            return true;
        if (err->code == ERR_FATAL)
            return false;
        log_warn("ledger.topic_away", "topic", feed->options.topic, "why", err->text);
        stop_wait(retry_pause_ms(&feed_pause, attempt, retry_random()));
    }
    return err_set(err, ERR_RETRY, "stopping");
}

static bool feed_join(struct ledger_feed *feed, struct err *err)
{
    const struct kafka_consumer_options options = {
        .brokers = feed->options.brokers,
        .client_id = feed->options.replica,
        .group = feed->options.group,
        .topic = feed->options.topic,
        .session_timeout_ms = (int)feed->options.session_timeout_ms,
        .assigned = feed_assigned,
        .revoked = feed_revoked,
        .opaque = feed,
    };

    if (feed->consumer != NULL)
        return true;
    if (!feed_await_topic(feed, err))
        return false;
    feed->is_astray = false;
    feed->consumer = kafka_consumer_new(&options, err);
    return feed->consumer != NULL;
}

/* A consumer that lost its topic is replaced: the claim then says what became of the topic. */
static void feed_leave(struct ledger_feed *feed)
{
    kafka_consumer_close(feed->consumer);
    feed->consumer = NULL;
    atomic_store(&feed->is_member, false);
    feed->records_len = 0;
}

bool ledger_feed_run(struct ledger_feed *feed, struct err *err)
{
    if (!feed_connect(feed, err))
        return stop_requested();
    while (!stop_requested()) {
        if (feed_join(feed, err) && feed_step(feed, err))
            continue;
        if (stop_requested())
            break;
        bool is_astray =
            feed->consumer != NULL && (feed->is_astray || kafka_consumer_is_astray(feed->consumer));
        if (err->code != ERR_RETRY && !is_astray)
            return false;
        log_warn("ledger.feed_retried", "topic", feed->options.topic, "why", err->text);
        if (is_astray)
            feed_leave(feed);
        stop_wait(feed_pause.base_ms);
    }
    return true;
}
