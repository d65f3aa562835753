/*
 * A proof under way, for the files verify*.c: the database's snapshot on one side, the topic folded
 * in memory on the other, and what differed so far. Internal to the command.
 */
#pragma once

#include "lib/base/map.h"
#include "lib/kafka/kafka.h"
#include "lib/stock/chain.h"

#include "tools/stockctl/compare.h"
#include "tools/stockctl/options.h"
#include "tools/stockctl/proof.h"

struct verify_partition {
    bool is_there; /* in the database */
    int64_t generation;
    int64_t next_offset;
    char head_stored[2 * STOCK_CHAIN_LEN + 1];
    /* as far as the proof is */
    int64_t offset;
    int64_t movements; /* of the batch */
    int64_t proved_generation;
    unsigned char head[STOCK_CHAIN_LEN];
};

struct verify {
    const struct stockctl_options *options;
    struct arena *arena;
    const char *brokers;
    const char *topic;
    struct pg *pg;
    struct kafka_stream *stream;
    struct stockctl_proof *proof;
    struct map *poison; /* "partition/offset" of records set aside and not met yet */
    struct verify_partition *partitions;
    int64_t partitions_len;
    struct stockctl_cursor batches;
    struct stockctl_cursor stored; /* movements */
    struct stockctl_cursor events_stored;
    struct stockctl_differences differences;
    struct buf text;
    int64_t batch_id;
    int64_t events;
    int64_t movements;
    int64_t positions;
    int64_t rows; /* that the fold ends in */
    int64_t start_ms;
    int64_t told_ms;
    bool is_provable;
};

/* Columns of the two cursors. */
enum {
    BATCH_ID,
    BATCH_TOPIC,
    BATCH_PARTITION,
    BATCH_GENERATION,
    BATCH_FIRST,
    BATCH_NEXT,
    BATCH_MOVEMENTS,
    BATCH_HEAD
};
enum { MOVEMENT_ID, MOVEMENT_BATCH, MOVEMENT_PARTITION, MOVEMENT_OFFSET, MOVEMENT_ORDINAL };

/* ---- verify_movements.c ---- */

/* Keeps the difference, when it is of the partition that was asked for. */
void stockctl_verify_differs(struct verify *verify, const struct stockctl_difference *difference);
/* Hex, borrowed until the next call. */
const char *stockctl_verify_hex(struct verify *verify, const unsigned char value[STOCK_CHAIN_LEN]);
/* Where the stored movement is that the cursor stands on. */
struct stock_chain_place stockctl_verify_stored_place(const struct verify *verify);
/* The stored one should not be there; steps over it. */
bool stockctl_verify_extra(struct verify *verify, struct err *err) MUST_CHECK;
/* The topic has this movement next. */
bool stockctl_verify_movement(struct verify *verify, const struct stock_chain_place *place,
                              const struct stock_movement *movement, struct err *err) MUST_CHECK;
/* The stored movement against its own link of the chain; steps over it. */
bool stockctl_verify_link(struct verify *verify, struct err *err) MUST_CHECK;

/* ---- verify_batches.c ---- */

/* Key of verify->poison, borrowed until the next call. */
const char *stockctl_verify_poison_key(struct verify *verify, int64_t partition, int64_t offset);
/* Every batch, its records folded again. */
bool stockctl_verify_batches(struct verify *verify, struct err *err) MUST_CHECK;
/* Where the topic has not all of it any more: the stored rows against their own chain. */
bool stockctl_verify_chain(struct verify *verify, struct err *err) MUST_CHECK;

/* ---- verify_events.c ---- */

bool stockctl_verify_events_open(struct verify *verify, struct err *err) MUST_CHECK;
/* The event that was folded last, of this record, against its row. */
bool stockctl_verify_event(struct verify *verify, const struct kafka_record *record,
                           struct err *err) MUST_CHECK;
/* After the last one: the rows that are left should not be there. */
bool stockctl_verify_events_end(struct verify *verify, struct err *err) MUST_CHECK;
/* What became of every event; after the end of the fold. */
bool stockctl_verify_statuses(struct verify *verify, struct err *err) MUST_CHECK;

/* ---- verify_rows.c ---- */

/* After the last batch: every table that the fold ends in. */
bool stockctl_verify_rows(struct verify *verify, struct err *err) MUST_CHECK;
