/*
 * A rebuild under way, for the files rebuild*.c: the live ledger as of one snapshot, the topic, and
 * a fresh schema that is folded from it. Internal to the command.
 */
#pragma once

#include "lib/kafka/kafka.h"

#include "tools/stockctl/cursor.h"
#include "tools/stockctl/differences.h"
#include "tools/stockctl/options.h"

struct rebuild {
    const struct stockctl_options *options;
    struct arena *arena;
    const char *brokers;
    const char *database_url;
    const char *topic;
    const char *schema;
    struct pg *live; /* one snapshot, from the beginning to the end */
    struct pg *work; /* makes the schema and reads it */
    struct kafka_stream *stream;
    int64_t *ends; /* of each partition: the first offset that the live ledger has not applied */
    int partitions_len;
    int64_t events;
    int64_t batches;
    int64_t start_ms;
    int64_t folded_ms; /* how long it took */
    int64_t tables;
    struct stockctl_differences differences;
};

/* ---- rebuild_fold.c: Kafka into the schema, by the ledger's own statements ---- */
bool stockctl_rebuild_fold(struct rebuild *rebuild, struct err *err) MUST_CHECK;

/* ---- rebuild_compare.c: table by table, row by row; prints a line for each ---- */
bool stockctl_rebuild_compare(struct rebuild *rebuild, struct err *err) MUST_CHECK;
/* What the statements that can't have parameters look up. */
bool stockctl_rebuild_set(struct pg *pg, const char *schema, const char *table, const char *leave,
                          const char *only, struct err *err) MUST_CHECK;
