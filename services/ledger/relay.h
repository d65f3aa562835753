/*
 * Moves the outbox to Kafka: in order, deleted only after the broker has it, one relay at a time in
 * the whole suite. A crash in between sends rows again; targets carry versions, so that is
 * harmless.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/scope.h"

struct ledger_relay;

struct ledger_relay_options {
    const char *brokers;
    const char *topic_prefix;
    const char *database_url;
    const char *replica;
};

struct ledger_relay *ledger_relay_new(const struct ledger_relay_options *options, struct err *err);
void ledger_relay_free(struct ledger_relay *relay);
SCOPE_DEFINE(ledger_relay, struct ledger_relay, ledger_relay_free)
/* Until stopping. False with ERR_FATAL: restart the process. */
bool ledger_relay_run(struct ledger_relay *relay, struct err *err) MUST_CHECK;
/* Any thread: there is something new. */
void ledger_relay_wake(struct ledger_relay *relay);
