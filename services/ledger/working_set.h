/*
 * Loads what a batch of events touches from the database into a lib/stock working set: the lines,
 * the mappings of their listings, every listing that sells a touched SKU, their positions, counts
 * and rules. What the batch can't touch is not read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/map.h"
#include "lib/event/event.h"
#include "lib/pg/pg.h"
#include "lib/stock/stock.h"

struct ledger_working_set {
    struct stock *stock;
    /* "<channel>\x1f<listing>" -> int64_t *: version of the newest target. Owned by the caller. */
    struct map *versions;
    const char **skus; /* all that the batch looks at */
    size_t skus_len;
    const char **new_skus; /* those that have no row in `skus` yet */
    size_t new_skus_len;
};

/* events are new (not applied before). Everything lives in the arena. */
bool ledger_working_set_load(struct pg *pg, struct arena *arena, const struct event *const *events,
                             size_t count, struct ledger_working_set *set,
                             struct err *err) MUST_CHECK;

/* Key of versions; in the arena. */
const char *ledger_listing_key(struct arena *arena, const char *channel, const char *listing);
