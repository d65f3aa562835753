/*
 * What the database says about the pace of sales and pushes, as facts for the events topic: only
 * those that would change the tier of a SKU or what its risk of overselling costs, as lib/stock
 * itself says when it folds them into the present rows. Reads; writes nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/event/event.h"
#include "lib/pg/pg.h"

struct ledger_assess_options {
    const char *replica;
    int64_t as_of_ms;
    int64_t now_ms;
    int64_t skus_max;    /* of the fastest, and of the others in turn */
    int64_t hold_ms;     /* what falls waits so long */
    int64_t surge_units; /* in the last hour: then its rate counts, not the week's */
};

struct ledger_assessed {
    const char *swept_sku;       /* in: the last SKU of the sweep; out: this time's */
    const struct event **events; /* at most 2 * skus_max and one per channel; in the arena */
    size_t len;
};

/* In one transaction that sees one state. */
bool ledger_assess(struct pg *pg, struct arena *arena, const struct ledger_assess_options *options,
                   struct ledger_assessed *assessed, struct err *err) MUST_CHECK;
