/*
 * What a record of the events topic is taken for, the same for everybody who folds the topic: the
 * ledger, a proof, a replay. What can't be read or stored is set aside; what breaks a rule
 * (breach.h) is an event all the same, and parked by the fold. Of several events with one id the
 * first counts: the same hash again is skipped, another one is an alarm.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/event/event.h"

/* Decodes and checks, and hashes the content; copies into the arena. body NULL: a tombstone.
   ERR_REJECT: set it aside. */
bool event_take(struct arena *arena, const void *body, size_t len, struct event *ret_event,
                unsigned char ret_hash[EVENT_HASH_LEN], struct err *err) MUST_CHECK;
