/*
 * A Kafka partition as ledger.partitions has it: how far it is applied, by whom, and the head of
 * its chain of movements. Claiming one raises its epoch.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/pg/pg.h"
#include "lib/stock/chain.h"

enum { LEDGER_PARTITION_ANCHOR_LEN = 32, LEDGER_PARTITION_ID_LEN = 64 };

/* A record that was read, so that its log can be known again. */
struct ledger_anchor {
    int64_t offset; /* -1: none */
    unsigned char hash[LEDGER_PARTITION_ANCHOR_LEN];
};

struct ledger_partition {
    bool owned;
    int64_t epoch;
    int64_t generation;
    int64_t next_offset;
    unsigned char head[STOCK_CHAIN_LEN];
    struct ledger_anchor anchor;
    char cluster_id[LEDGER_PARTITION_ID_LEN]; /* "": not known */
    char topic_id[LEDGER_PARTITION_ID_LEN];
    /* not in the database: the newest record applied, the next anchor */
    struct ledger_anchor newest;
};

/* Makes us the owner. all is indexed by number and holds `most`; ERR_FATAL beyond. */
bool ledger_partition_claim(struct pg *pg, const char *topic, const char *replica,
                            const int32_t *numbers, size_t count, struct ledger_partition *all,
                            size_t most, struct err *err) MUST_CHECK;
/* Begins the partition again, on another log: the next generation, from the beginning, on a chain
   that goes on from the head so far. Only in memory. */
void ledger_partition_renew(struct ledger_partition *partition, const char *topic, int64_t number);
/* Writes generation, offset, head, anchor and ids of partitions that we own. ERR_FATAL: fenced. */
bool ledger_partition_store(struct pg *pg, const char *topic, const int32_t *numbers, size_t count,
                            const struct ledger_partition *all, struct err *err) MUST_CHECK;
/* Tells one record from any other: SHA-256 of its time, key and body. key and body may be NULL. */
struct ledger_anchor ledger_partition_anchor(int64_t offset, int64_t timestamp_ms, const char *key,
                                             const void *body, size_t body_len);
