/*
 * The ledger: the only writer of stock. Three loops, each with its own database session: events ->
 * positions and targets, outbox -> Kafka, outcomes -> push history.
 */
#pragma once

#include "lib/base/err.h"

#include "services/ledger/settings.h"

/* Runs until stopping. Returns the exit code of the process; unless that is 0, err says why, if it
   was not logged. */
int ledger_run(const struct ledger_settings *settings, struct err *err) MUST_CHECK;
