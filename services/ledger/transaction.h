/*
 * One transaction of a topic: its number, the handler's work or a row of poison, and the offsets
 * and heads of its partitions, together. The service runs it on what Kafka gives, a rebuild on the
 * batches that were recorded.
 */
#pragma once

#include "services/ledger/feed.h"
#include "services/ledger/partition.h"

enum { LEDGER_TRANSACTION_PARTITIONS_MAX = 1024 };

struct ledger_transaction {
    const struct ledger_feed_options *options; /* topic, replica, makes_movements, apply, opaque */
    const struct ledger_partition *partitions; /* by number, as the database has them */
    struct arena *arena;                       /* emptied before each run */
    const char *poison;             /* set: the one record is put aside for this reason */
    struct ledger_feed_batch batch; /* records and count are given */
    struct ledger_feed_move moves[LEDGER_TRANSACTION_PARTITIONS_MAX];
};

/* A pg_tx_body. ERR_FATAL: fenced. */
bool ledger_transaction_body(struct pg *pg, void *transaction, struct err *err) MUST_CHECK;
/* After the COMMIT: what the database has now. */
void ledger_transaction_done(const struct ledger_transaction *tx,
                             struct ledger_partition *partitions);
