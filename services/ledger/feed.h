/*
 * Applies one topic to the database exactly once: offsets live in PostgreSQL and are committed in
 * the transaction that has the effect; a new owner raises the partition's epoch, so a batch of an
 * earlier one fails as a whole. With the offset moves the head of the partition's chain of
 * movements. What a record means is the handler's business.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/pg/pg.h"
#include "lib/stock/chain.h"

struct ledger_feed_record {
    int64_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    const char *key;  /* NULL: none */
    const void *body; /* NULL: tombstone */
    size_t body_len;
};

/* What a transaction does to one partition. */
struct ledger_feed_move {
    int64_t partition;
    int64_t epoch;
    int64_t generation;
    int64_t expected; /* next_offset before it */
    int64_t next_offset;
    unsigned char head[STOCK_CHAIN_LEN]; /* the handler moves it on with each movement ... */
    int64_t movements;                   /* ... and counts them */
};

/* One transaction. Records are sorted by partition, then offset: replay order. */
struct ledger_feed_batch {
    int64_t batch_id; /* 0: the topic makes no movements */
    const struct ledger_feed_record *const *records;
    size_t count;
    struct ledger_feed_move *moves; /* one per partition of the records, sorted */
    size_t moves_len;
};

/* Of a partition that the batch has. */
struct ledger_feed_move *ledger_feed_move_of(const struct ledger_feed_batch *batch,
                                             int64_t partition);

/* Inside the transaction, perhaps several times: changes only the database and the heads. The
   arena is emptied before each run. ERR_REJECT: some record can't be stored; the batch is halved to
   find it. */
typedef bool ledger_feed_apply(void *opaque, struct pg *pg, struct arena *arena,
                               struct ledger_feed_batch *batch, struct err *err);
/* After each COMMIT. */
typedef void ledger_feed_committed(void *opaque, size_t count);

struct ledger_feed_options {
    const char *brokers;
    const char *topic;
    const char *group;
    const char *replica;
    const char *database_url;
    int64_t batch_max;
    int64_t session_timeout_ms;
    bool makes_movements; /* its batches are numbered and kept */
    ledger_feed_apply *apply;
    ledger_feed_committed *committed;
    void *opaque;
};

struct ledger_feed;

struct ledger_feed *ledger_feed_new(const struct ledger_feed_options *options);
void ledger_feed_free(struct ledger_feed *feed);
SCOPE_DEFINE(ledger_feed, struct ledger_feed, ledger_feed_free)
/* Until stopping. False with ERR_FATAL: fenced, or a broken client; restart the process. */
bool ledger_feed_run(struct ledger_feed *feed, struct err *err) MUST_CHECK;
/* Any thread: has partitions, and the database took the last batch. Fills why when not. */
bool ledger_feed_is_ready(struct ledger_feed *feed, char *why, size_t why_len);
