/* Writes what a fold changed: one statement per table, within the transaction of the batch. */
#pragma once

#include "services/ledger/working_set.h"

/* The batch's events by id ("event_id" -> struct event *), for the causes of targets. */
bool ledger_flush(struct pg *pg, struct arena *arena, const struct ledger_working_set *set,
                  const struct map *events, int64_t now_ms, struct err *err) MUST_CHECK;
