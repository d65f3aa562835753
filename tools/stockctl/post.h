/*
 * Facts to ingest's POST /v1/events. Safe to repeat, because facts carry their own ids: overload
 * and silence are tried again a few times.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "tools/stockctl/settings.h"

enum { STOCKCTL_POST_FACTS_MAX = 500, STOCKCTL_POST_BYTES_MAX = 800000 };

struct stockctl_posted {
    const char **event_ids;
    size_t len;
};

/* body is one object or an array. ERR_REJECT: refused, and *ret_fact is the index of the fact that
   it was refused for, -1 when for none; ERR_RETRY: ingest or its broker is away. */
bool stockctl_post(const struct stockctl_settings *settings, struct arena *arena, const char *body,
                   size_t body_len, struct stockctl_posted *ret_posted, int64_t *ret_fact,
                   struct err *err) MUST_CHECK;

/* Whether ingest takes facts now; ret_text says what it answered. Writes none. */
bool stockctl_post_ping(const struct stockctl_settings *settings, struct arena *arena,
                        const char **ret_text, struct err *err) MUST_CHECK;
