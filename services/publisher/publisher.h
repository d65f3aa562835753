/*
 * One channel's publisher: reads its targets topic, keeps only the newest target of each listing,
 * spends the channel's budget where an oversell is likeliest, reports every outcome to Kafka. Knows
 * no database. What is settled is told by the group's committed offsets; on start the whole
 * compacted topic is read before anything is sent, so that an older target never follows a newer
 * one.
 */
#pragma once

#include "lib/base/err.h"

#include "services/publisher/settings.h"

/* Runs until stopping, then waits for what is in flight. Returns the exit code of the process;
   unless that is 0, err says why, if it was not logged. */
int publisher_run(const struct publisher_settings *settings, struct err *err) MUST_CHECK;
