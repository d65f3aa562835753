/*
 * A rebuild under way, for the files rebuild*.c: the live ledger as of one snapshot, the topic, and
 * a fresh schema that is folded from it. Internal to the command.
 */
#pragma once

#include "lib/kafka/kafka.h"

#include "tools/stockctl/cursor.h"
#include "tools/stockctl/differences.h"
#include "tools/stockctl/options.h"

/* A partition's part of a batch that the live ledger recorded, in the order of replay. */
struct rebuild_step {
    int64_t batch_id;
    int32_t partition;
    int64_t next_offset;
};

/* A snapshot that is held keeps PostgreSQL from clearing away what is outdated, in the live tables
   and in the fresh ones, and with every second more of it is in the way. So all but the last few
   records are folded between two looks; the last look is held until everything is compared. */
struct rebuild {
    const struct stockctl_options *options;
    struct arena *arena;
    const char *brokers;
    const char *database_url;
    const char *topic;
    const char *schema;
    struct pg *live; /* within a look: one snapshot */
    struct pg *work; /* makes the schema and reads it */
    struct kafka_stream *stream;
    int64_t *ends; /* of each partition: the first offset that the live ledger has not applied */
    int64_t *from; /* of each partition: what was folded after an earlier look */
    int partitions_len;
    struct rebuild_step *steps; /* since the last look; in the arena */
    size_t steps_len;
    size_t steps_capacity;
    int64_t last_batch_id; /* of all looks */
    int64_t events;
    int64_t batches;
    int64_t start_ms;
    int64_t folded_ms; /* how long it took */
    int64_t tables;
    struct stockctl_differences differences;
};

/* ---- rebuild.c: begins a snapshot, says how far the live ledger is and what it did since the last
   look. ERR_REJECT: the topic does not have it all. ---- */
bool stockctl_rebuild_look(struct rebuild *rebuild, struct err *err) MUST_CHECK;

/* ---- rebuild_fold.c: Kafka into the schema, by the ledger's own statements ---- */
bool stockctl_rebuild_fold(struct rebuild *rebuild, struct err *err) MUST_CHECK;

/* ---- rebuild_compare.c: table by table, row by row; prints a line for each ---- */
bool stockctl_rebuild_compare(struct rebuild *rebuild, struct err *err) MUST_CHECK;
/* What the statements that can't have parameters look up. */
bool stockctl_rebuild_set(struct pg *pg, const char *schema, const char *table, const char *leave,
                          const char *only, struct err *err) MUST_CHECK;
