#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "services/ledger/posting.h"
#include "services/ledger/session.h"
#include "services/ledger/transaction.h"
#include "tools/stockctl/rebuild.h"

#include "sql.h"

enum {
    FOLD_BATCH = 1000,
    FOLD_PROGRESS_MS = 2000,
    FOLD_LAST_MAX = 20000, /* records that may be folded under a snapshot */
    FOLD_LOOKS_MAX = 10,
};

struct fold {
    struct rebuild *rebuild;
    struct pg *pg;
    struct ledger_feed_options options;
    struct ledger_partition *partitions;
    struct ledger_transaction *tx;
    struct arena *records_arena;
    const struct ledger_feed_record **records;
    size_t len;
    size_t capacity;
    int64_t told_ms;
};

static void fold_take(struct fold *fold, const struct kafka_record *record)
{
    struct arena *arena = fold->records_arena;
    const struct ledger_feed_record copy = {
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .key = arena_strdup(arena, record->key),
        .body = record->body == NULL ? NULL : arena_memdup(arena, record->body, record->body_len),
        .body_len = record->body_len,
    };

    fold->records =
        arena_grow(arena, fold->records, fold->len, &fold->capacity, sizeof(*fold->records));
    fold->records[fold->len++] = arena_memdup(arena, &copy, sizeof(copy));
}

static void fold_forget(struct fold *fold)
{
    arena_reset(fold->records_arena);
    fold->records = NULL;
    fold->len = 0;
    fold->capacity = 0;
}

/* Nobody else writes the schema, so nothing has to be watched: what the server would keep for that
   is a third of its work. */
static bool fold_body(struct pg *pg, void *transaction, struct err *err)
{
    return pg_exec(pg, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", err) &&
           ledger_transaction_body(pg, transaction, err);
}

static bool fold_run(struct fold *fold, const struct ledger_feed_record *const *records,
                     size_t count, const char *poison, struct err *err)
{
    *fold->tx = (struct ledger_transaction){
        .options = &fold->options,
        .partitions = fold->partitions,
        .arena = fold->tx->arena,
        .poison = poison,
        .batch = {.records = records, .count = count}
    };
    if (!pg_tx_run(fold->pg, fold_body, fold->tx, NULL, NULL, err))
        return false;
    ledger_transaction_done(fold->tx, fold->partitions);
    fold->rebuild->batches++;
    fold->rebuild->events += (int64_t)count;
    return true;
}

/* As the feed does it: what is refused for ever is found by halving and set aside. */
static bool fold_apply(struct fold *fold, const struct ledger_feed_record *const *records,
                       size_t count, struct err *err)
{
    char reason[sizeof(err->text)];

    if (count == 0 || fold_run(fold, records, count, NULL, err))
        return true;
    if (err->code != ERR_REJECT)
        return false;
    if (count > 1)
        return fold_apply(fold, records, count / 2, err) &&
               fold_apply(fold, records + count / 2, count - count / 2, err);
    memcpy(reason, err->text, sizeof(reason));
    *err = (struct err){0};
    return fold_run(fold, records, count, reason, err);
}

static bool fold_batch(struct fold *fold, struct err *err)
{
    int64_t now_ms = clock_monotonic_ms();
    struct rebuild *rebuild = fold->rebuild;
    bool ok = fold_apply(fold, fold->records, fold->len, err);

    fold_forget(fold);
    if (now_ms - fold->told_ms < FOLD_PROGRESS_MS)
        return ok;
    fold->told_ms = now_ms;
    fprintf(stderr, "stockctl: %" PRId64 " events in %" PRId64 " batches, %" PRId64 " events/s\n",
            rebuild->events, rebuild->batches,
            rebuild->events * 1000 / (now_ms - rebuild->start_ms + 1));
    return ok;
}

/* Reads the partition up to the offset, at most `most` records of the batch in hand. */
static bool fold_read(struct fold *fold, int32_t partition, int64_t end, size_t most,
                      struct err *err)
{
    const struct kafka_record *record = NULL;

    while (fold->len < most) {
        if (!kafka_stream_next(fold->rebuild->stream, partition, end, &record, err))
            return false;
        if (record == NULL)
            return true;
        if (record->offset >= fold->rebuild->from[partition])
            fold_take(fold, record);
    }
    return true;
}

/* The same records in the same transactions, in the same order. */
static bool fold_recorded(struct fold *fold, struct err *err)
{
    const struct rebuild *rebuild = fold->rebuild;

    for (size_t i = 0; i < rebuild->steps_len; i++) {
        const struct rebuild_step *step = &rebuild->steps[i];

        if (i > 0 && step->batch_id != step[-1].batch_id && !fold_batch(fold, err))
            return false;
        if (!fold_read(fold, step->partition, step->next_offset, SIZE_MAX, err))
            return false;
    }
    return fold_batch(fold, err);
}

/* As after a disaster, when nobody remembers the batches: the partitions take turns. */
static bool fold_fresh(struct fold *fold, struct err *err)
{
    const size_t share = FOLD_BATCH / (size_t)fold->rebuild->partitions_len + 1;

    for (;;) {
        for (int i = 0; i < fold->rebuild->partitions_len; i++) {
            if (!fold_read(fold, i, fold->rebuild->ends[i], fold->len + share, err))
                return false;
        }
        if (fold->len == 0)
            return true;
        if (!fold_batch(fold, err))
            return false;
    }
}

static bool fold_claim(struct fold *fold, struct err *err)
{
    int count = fold->rebuild->partitions_len;
    int32_t *numbers = arena_alloc(fold->rebuild->arena, (size_t)count * sizeof(*numbers));
    size_t len = 0;

    for (int i = 0; i < count; i++) {
        if (fold->rebuild->ends[i] >= 0)
            numbers[len++] = i;
    }
    fold->partitions = arena_alloc(fold->rebuild->arena, (size_t)count * sizeof(*fold->partitions));
    return len == 0 || ledger_partition_claim(fold->pg, fold->rebuild->topic, "rebuild", numbers,
                                              len, fold->partitions, (size_t)count, err);
}

static int64_t fold_left(const struct rebuild *rebuild)
{
    int64_t left = 0;

    for (int i = 0; i < rebuild->partitions_len; i++) {
        if (rebuild->ends[i] > rebuild->from[i])
            left += rebuild->ends[i] - rebuild->from[i];
    }
    return left;
}

/* Returns within a look after which nothing is left. */
static bool fold_rounds(struct fold *fold, struct err *err)
{
    struct rebuild *rebuild = fold->rebuild;

    for (int look = 1;; look++) {
        bool is_last = look == FOLD_LOOKS_MAX || fold_left(rebuild) <= FOLD_LAST_MAX;

        if (!is_last && !pg_exec(rebuild->live, "COMMIT", err))
            return false;
        if (!(rebuild->options->fresh ? fold_fresh(fold, err) : fold_recorded(fold, err)))
            return false;
        if (is_last)
            return true;
        if (!stockctl_rebuild_look(rebuild, err))
            return false;
    }
}

static void fold_scope_end(struct fold *fold)
{
    pg_close(fold->pg);
    arena_free(fold->tx->arena);
    mem_free(fold->tx);
    arena_free(fold->records_arena);
}

bool stockctl_rebuild_fold(struct rebuild *rebuild, struct err *err)
{
    SCOPED(fold)
    struct fold fold = {
        .rebuild = rebuild,
        .options = {.topic = rebuild->topic,
                    .replica = "rebuild",
                    .makes_movements = true,
                    .apply = ledger_posting_apply},
        .tx = mem_calloc(1, sizeof(*fold.tx)),
        .records_arena = arena_new()
    };

    fold.tx->arena = arena_new();
    rebuild->start_ms = clock_monotonic_ms();
    fold.told_ms = rebuild->start_ms;
    fold.pg = ledger_session_open(rebuild->database_url, "stockctl-rebuild", rebuild->schema,
                                  ledger_session_folding, err);
    /* Nothing is lost that Kafka does not have. */
    bool ok = fold.pg != NULL && pg_exec(fold.pg, "SET synchronous_commit = off", err) &&
              fold_claim(&fold, err) && fold_rounds(&fold, err);
    rebuild->folded_ms = clock_monotonic_ms() - rebuild->start_ms;
    return ok;
}
