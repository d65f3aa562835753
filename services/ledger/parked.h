/*
 * Events that wait for an operator, and what operators decided. The bodies of such events are kept
 * beside their rows in ledger.events, so that they can be shown and can count after all without a
 * look at the topic; what a decision does is lib/stock/decision.h.
 */
#pragma once

#include "lib/base/mem.h"
#include "lib/event/event.h"
#include "lib/pg/pg.h"
#include "lib/stock/stock.h"

/* Keeps the events, without the raw notification that one of them may carry. */
bool ledger_parked_keep(struct pg *pg, struct arena *arena, const struct event *const *events,
                        size_t count, struct err *err) MUST_CHECK;
/* Keeps the decisions, of kind EVENT_DECIDED. */
bool ledger_parked_decided(struct pg *pg, struct arena *arena, const struct event *const *decisions,
                           size_t count, struct err *err) MUST_CHECK;

struct ledger_parked {
    const struct event **known; /* that decisions are about, taken before, bodies and all */
    size_t known_len;
    const struct event **touched; /* what may begin to count or be silenced: load what it needs */
    size_t touched_len;
};

/* Before the first event: loads the decisions about the new events, and the events that new
   decisions are about. */
bool ledger_parked_load(struct pg *pg, struct arena *arena, const struct event *const *events,
                        size_t count, struct stock *stock, struct ledger_parked *ret_parked,
                        struct err *err) MUST_CHECK;
