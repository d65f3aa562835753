/*
 * An event as an operator put it right: the same id and source, some fields of the fact or its time
 * another. Pure; whether the outcome keeps the rules is event_check_rules()'s affair.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/event/event.h"

/* New texts are borrowed from the changes, lists go to the arena; *ret_event may be *event. Numbers
   in decimal, times in RFC 3339 (placed_at) or milliseconds (placed_ms), true or false, names
   separated by commas. ERR_REJECT names the field that there is not, or whose value is no such
   thing. */
bool event_amend(struct arena *arena, const struct event *event,
                 const struct event_change *changes, size_t count, struct event *ret_event,
                 struct err *err) MUST_CHECK;
