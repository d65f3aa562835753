/* Writes what a fold changed: one statement per table, within the transaction of the batch. */
#pragma once

#include "services/ledger/feed.h"
#include "services/ledger/working_set.h"

/* A new event of the batch, and the record that it came in. Its movements go on the chain of the
   record's partition, those of waiting lines that it frees, too. */
struct ledger_cause {
    const struct event *event;
    struct ledger_feed_move *move;
    int64_t offset;
    int64_t movements; /* so far: the next one's ordinal */
};

/* causes: event id -> struct ledger_cause *. */
bool ledger_flush(struct pg *pg, struct arena *arena, const struct ledger_working_set *set,
                  const struct map *causes, int64_t batch_id, int64_t now_ms,
                  struct err *err) MUST_CHECK;
