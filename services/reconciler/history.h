/*
 * What was pushed, pure: from the targets and outcomes of a channel, what was the newest target of
 * each listing at a time, what was confirmed by then, and how its last attempt ended. Both topics
 * may come in any order, and records may repeat.
 */
#pragma once

#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/event/push.h"
#include "services/reconciler/compare.h"

struct reconciler_history;

/* channel is borrowed; what is added is copied into the arena. */
struct reconciler_history *reconciler_history_new(struct arena *arena, const char *channel,
                                                  int64_t at_ms);
void reconciler_history_free(struct reconciler_history *history);
SCOPE_DEFINE(reconciler_history, struct reconciler_history, reconciler_history_free)

/* Those of other channels are passed over. Outcomes of one listing come in their order. */
void reconciler_history_target(struct reconciler_history *history, const struct target *target);
void reconciler_history_outcome(struct reconciler_history *history, const struct outcome *outcome);

/* What is known of the listing; borrowed from the arena. */
struct reconciler_pushes reconciler_history_of(const struct reconciler_history *history,
                                               const char *listing);
