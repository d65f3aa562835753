/*
 * The fourth loop: measures the pace of sales and pushes every interval, once in the whole suite,
 * and puts what it changes on the events topic, by way of the outbox. From there it is a fact like
 * any other: folded, audited, replayed.
 */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"

#include "services/ledger/settings.h"

/* Until stopping; at once when the interval is 0. False with ERR_FATAL: restart the process. */
bool ledger_assessor_run(const struct ledger_settings *settings, struct err *err) MUST_CHECK;
