/*
 * Reads the three topics that a comparison needs, from their beginnings to their ends as of now.
 * Reads only: a replay sends nothing anywhere and commits no offset.
 */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "services/reconciler/history.h"
#include "services/reconciler/replay.h"

struct reconciler_topics {
    const char *brokers;
    const char *prefix;
    const char *channel;
    int64_t at_ms;
    int64_t settle_ms;
};

/* *ret_unreadable counts records that the ledger sets aside, too: they mean nothing. The result
   lives in the arena. ERR_RETRY: the broker is away. */
bool reconciler_topics_replay(struct arena *arena, const struct reconciler_topics *topics,
                              struct reconciler_expected *ret_expected, int64_t *ret_unreadable,
                              struct err *err) MUST_CHECK;
