/*
 * What an operator may decide about an event, and the fact that says so. Pure: the commands ask the
 * database how the event stands, and send the fact.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/event/event.h"
#include "tools/stockctl/facts.h"
#include "tools/stockctl/options.h"

struct stockctl_parked {
    const char *event_id;
    const char *status; /* of ledger.events */
    const char *reason;
    int64_t number;            /* of the decision to make */
    const struct event *event; /* NULL: it waits for others, and its body was not kept */
};

/* Appends the fact of kind "decided", with --reason as its note and --set as its changes.
   ERR_REJECT: the event can't be decided about so, and what can be done instead. */
bool stockctl_parked_decide(const struct stockctl_options *options, enum event_decision decision,
                            const struct stockctl_parked *parked, const struct stockctl_fact *fact,
                            struct buf *out, struct err *err) MUST_CHECK;
