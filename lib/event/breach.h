/*
 * What is wrong with an event that can be read: it breaks a rule of the domain. Such an event is
 * kept and parked, and an operator decides (lib/stock/decision.h); its neighbours go on. Pure: all
 * that a rule looks at is in the event. The words are stable: in SQL, metrics and on command lines.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/event/event.h"

#define EVENT_BAD_DECISION      "bad-decision"
#define EVENT_BAD_NAME          "bad-name"
#define EVENT_BAD_SCOPE         "bad-scope"
#define EVENT_COUNT_IN_FUTURE   "count-in-future"
#define EVENT_FIELD_MISSING     "field-missing"
#define EVENT_NAMED_TWICE       "named-twice"
#define EVENT_NEGATIVE_QUANTITY "negative-quantity"
#define EVENT_OUT_OF_RANGE      "out-of-range"
#define EVENT_OVERFLOW          "overflow"
#define EVENT_REASON_MISSING    "reason-missing"
#define EVENT_REASON_UNKNOWN    "reason-unknown"
#define EVENT_REMOVAL_MISSING   "removal-missing"
#define EVENT_SAME_PLACE        "same-place"
#define EVENT_TOO_MUCH          "too-much"
#define EVENT_UNKNOWN_BUCKET    "unknown-bucket"
#define EVENT_UNKNOWN_STATUS    "unknown-status"
#define EVENT_ZERO_QUANTITY     "zero-quantity"

/* How far the clock that counted may be ahead of ours. */
#define EVENT_COUNT_AHEAD_MS INT64_C(300000)

struct event_breach {
    const char *reason; /* one of the above; "": none */
    bool is_waivable;   /* the fact can be taken as it is, if somebody says so */
};

/* For what passed event_check_form(). False: *ret_breach and the error's text say which rule is
   broken, one that can't be waived first. */
bool event_check_rules(const struct event *event, struct event_breach *ret_breach,
                       struct err *err) MUST_CHECK;

/* In plain words, what an event that is parked for this reason waits for; those of lib/stock too.
   "" when there is no such reason. */
const char *event_reason_meaning(const char *reason);
