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

enum { LEDGER_PARTITION_ANCHOR_LEN = 32 };

struct ledger_partition {
    bool owned;
    int64_t epoch;
    int64_t generation;
    int64_t next_offset;
    unsigned char head[STOCK_CHAIN_LEN];
    int64_t anchor_offset; /* -1: none */
    unsigned char anchor[LEDGER_PARTITION_ANCHOR_LEN];
};

/* Makes us the owner. all is indexed by number and holds `most`; ERR_FATAL beyond. */
bool ledger_partition_claim(struct pg *pg, const char *topic, const char *replica,
                            const int32_t *numbers, size_t count, struct ledger_partition *all,
                            size_t most, struct err *err) MUST_CHECK;
/* Tells one record from any other: SHA-256 of its time, key and body. key and body may be NULL. */
void ledger_partition_anchor(int64_t timestamp_ms, const char *key, const void *body,
                             size_t body_len,
                             unsigned char ret_anchor[LEDGER_PARTITION_ANCHOR_LEN]);
