/*
 * Events that wait for an operator: their bodies are kept beside their rows in ledger.events, so
 * that they can be shown, and taken after all, without a look at the topic.
 */
#pragma once

#include "lib/base/mem.h"
#include "lib/event/event.h"
#include "lib/pg/pg.h"

/* Keeps the events, without the raw notification that one of them may carry. */
bool ledger_parked_keep(struct pg *pg, struct arena *arena, const struct event *const *events,
                        size_t count, struct err *err) MUST_CHECK;
