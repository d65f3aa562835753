/*
 * The replay, pure and mute: folds the events that had come by the time of the snapshot, in memory
 * and from nothing, and says what every listing of a channel should show. The result is a function
 * of the set of events: neither their order nor repetitions matter.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/event/event.h"
#include "services/reconciler/compare.h"
#include "services/reconciler/history.h"

struct reconciler_replay;

struct reconciler_expected {
    const struct reconciler_listing *listings; /* by name */
    size_t listings_len;
    size_t events; /* folded, each id once */
};

/* channel is borrowed. All that is made lives in the arena. */
struct reconciler_replay *reconciler_replay_new(struct arena *arena, const char *channel,
                                                int64_t at_ms, int64_t settle_ms);
/* The event passed event_check(); it is borrowed, with its texts, as long as the arena lives. */
void reconciler_replay_add(struct reconciler_replay *replay, const struct event *event);
/* Once, at the end. */
struct reconciler_expected reconciler_replay_run(struct reconciler_replay *replay,
                                                 const struct reconciler_history *history);
