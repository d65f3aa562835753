/* Keeps a run and its findings in PostgreSQL, in one transaction. */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/event/digest.h"
#include "services/reconciler/compare.h"

struct reconciler_run {
    char run_id[DIGEST_UUID_LEN + 1];
    const char *channel;
    int64_t snapshot_ms;
    int64_t started_ms;
    int64_t ended_ms;
    int64_t events;
    int64_t replay_ms; /* how long reading and folding took */
    struct reconciler_result result;
};

/* Differences in flight are not kept. A run that is there already stays as it is. */
bool reconciler_store(const char *database_url, const struct reconciler_run *run,
                      struct err *err) MUST_CHECK;
/* Before the work of a run: false when no waiting cures the database's URL, role or schema. A
   database that is away is no reason: reconciler_store() tries again. */
bool reconciler_store_check(const char *database_url, struct err *err) MUST_CHECK;
