/*
 * What the working set needs for counts, and for the shipments and removals that may hold them:
 * part of services/ledger/working_set.c. Counts of a SKU in a pool are held while units are being
 * received there, so a report may put an older count in force again: then that count and all that
 * moved since are loaded.
 */
#pragma once

#include "lib/event/event.h"
#include "lib/pg/pg.h"
#include "lib/stock/stock.h"
#include "services/ledger/keys.h"

struct ledger_holds {
    struct arena *arena;
    struct ledger_keys counted; /* sku, pool, bucket: movements after counted_ms are needed */
    int64_t *counted_ms;
    size_t counted_capacity;
    struct ledger_keys named;   /* kind, id, sku: shipments and removals of the batch */
    struct ledger_keys shelves; /* sku, pool: where holds may change */
    int64_t receiving_ms;       /* no hold is older */
};

void ledger_holds_init(struct ledger_holds *holds, struct arena *arena);
void ledger_holds_release(struct ledger_holds *holds);
/* Counts, receipts and reports; other events are none of its business. */
void ledger_holds_add_event(struct ledger_holds *holds, const struct event *event);
/* Those that the batch names, and those that are being received, of its SKUs and in the pools that
   it declares. Adds what they need to skus and pools. */
bool ledger_holds_load_consignments(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                                    struct ledger_keys *skus, struct ledger_keys *pools,
                                    const struct ledger_keys *new_pools,
                                    struct err *err) MUST_CHECK;
/* Counts that may be in force again, and the movements for the next count. */
bool ledger_holds_load_counts(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                              struct err *err) MUST_CHECK;
