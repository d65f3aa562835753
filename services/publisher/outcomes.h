/* Reports what became of pushes, on the outcomes topic. */
#pragma once

#include "lib/base/err.h"
#include "lib/event/push.h"

struct publisher_outcomes;

struct publisher_outcomes *publisher_outcomes_new(const char *brokers, const char *topic_prefix,
                                                  const char *client_id, struct err *err);
/* Waits up to flush_ms for the broker. False: some did not arrive. NULL is fine. */
bool publisher_outcomes_close(struct publisher_outcomes *outcomes, int flush_ms);
/* Queues one. False: restart the process, or (ERR_RETRY) try again later. */
bool publisher_outcomes_report(struct publisher_outcomes *outcomes, const struct outcome *outcome,
                               struct err *err) MUST_CHECK;
/* Everything reported so far is durable: nothing is queued and nothing failed. Never waits. */
bool publisher_outcomes_are_durable(struct publisher_outcomes *outcomes);
bool publisher_outcomes_failed(struct publisher_outcomes *outcomes);
