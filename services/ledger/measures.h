/*
 * What lib/stock/measure.h folds, in the database: tiers, velocities, latencies and promotions of a
 * batch's SKUs and channels.
 */
#pragma once

#include "lib/base/mem.h"
#include "lib/pg/pg.h"
#include "lib/stock/measure.h"

#include "services/ledger/keys.h"

/* skus, channels: what the batch touches. Everything lives in the arena. */
bool ledger_measures_load(struct pg *pg, struct arena *arena, struct stock *stock,
                          const struct ledger_keys *skus, const struct ledger_keys *channels,
                          struct err *err) MUST_CHECK;
/* Writes those that are new. */
bool ledger_measures_flush(struct pg *pg, struct arena *arena, const struct stock *stock,
                           struct err *err) MUST_CHECK;
