/*
 * What the database needs from time to time: next months' partitions of ledger.movements, made at
 * start and then daily. Nothing waits for it: a month without one goes into the default partition.
 * And each minute the metrics of what waits for people: parked events, open oversells, rows of the
 * outbox, findings.
 */
#pragma once

#include "services/ledger/settings.h"

/* Until stopping. Failures are logged and tried again. */
void ledger_upkeep_run(const struct ledger_settings *settings);
