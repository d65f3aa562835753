/*
 * What operators decide about events that are parked, pure.
 *
 * An event *counts* when it takes part in the fold. One that keeps the rules (lib/event/breach.h)
 * counts by itself; one that breaks a rule, or that the ledger could not hold (overflow), is parked
 * and counts only by a decision. Decisions about an event are numbered 1, 2, 3, ... and are heard
 * in that order, each after the one before it has come: the number is part of a decision's id, so
 * of two operators who decide at the same time one is heard, and the other is told.
 *
 *   drop     it shall count for nothing.
 *   release  it counts as it is, when the rule that it breaks may be waived; takes a drop back.
 *   fix      it counts with the changes, when it keeps every rule with them; takes a drop back.
 *
 * Once an event counts, it counts for ever, as what it was when it began to: later decisions change
 * nothing ("not-parked"), a mistake takes a correcting event. So nothing ever has to be taken back,
 * and state stays a function of the set of events: what an event comes to depends on it and on the
 * decisions about it, never on what came first.
 *
 * Reports and parts of order lines are the exception: whether they wait (no-mapping, retired,
 * not-reported) hangs on other events, so dropping them can't hang on it, and the effects of a line
 * are differences of states anyway. Of these, those that count can be dropped, and released again:
 *
 *   - a dropped part is no part of its line's sets;
 *   - a dropped report silences its line as long as it is the newest one: the line moves nothing,
 *     also when its mapping comes later, and its other events are noted ("dropped"). A newer report
 *     is news of the channel, and the line lives again. Dropping an older report changes nothing.
 *
 * Effects that they had are taken back by movements of the decision (reason "decided").
 */
#pragma once

#include "lib/event/breach.h"
#include "lib/stock/stock.h"

/* Why a decision is parked: it waits for the event, or for the decision before it. */
#define STOCK_NO_EVENT    "no-event"
#define STOCK_OUT_OF_TURN "out-of-turn"
/* Why a decision is noted only. */
#define STOCK_NOT_PARKED    "not-parked"
#define STOCK_NOT_WAIVABLE  "not-waivable"
#define STOCK_STILL_BROKEN  "still-broken"
#define STOCK_NOT_AMENDABLE "not-amendable"
#define STOCK_NO_CHANGE     "no-change"

/* What comes of one decision: STOCK_APPLIED, or one of the reasons above. */
struct stock_outcome {
    enum stock_verdict verdict;
    const char *reason;
};

/* What comes of an event. */
struct stock_ruling {
    bool counts;
    bool is_dropped;
    struct event form; /* as it counts, or would: the event itself, or the fixed one */
};

/* Decisions (of kind EVENT_DECIDED, all about the event) in any order are put into that of their
   numbers; outcomes[i] is for decisions[i] then. breach: the rule that the event breaks, reason ""
   for none. */
struct stock_ruling stock_decision_rule(struct arena *arena, const struct event *event,
                                        const struct event_breach *breach,
                                        const struct event **decisions, size_t count,
                                        struct stock_outcome *outcomes);
/* A report or a part of an order line. */
bool stock_decision_is_of_line(enum event_kind kind);
