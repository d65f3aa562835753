/*
 * Ids of events that this process brought to the broker lately, so that a poll does not write again
 * what a notification brought. Forgetting one costs a duplicate, which the ledger knows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/scope.h"

struct ingest_seen;

/* Keeps at least the last `keep` ids, at most twice as many. Owned. */
struct ingest_seen *ingest_seen_new(size_t keep);
void ingest_seen_free(struct ingest_seen *seen);
SCOPE_DEFINE(ingest_seen, struct ingest_seen, ingest_seen_free)
/* Any thread, both. */
void ingest_seen_add(struct ingest_seen *seen, const char *id);
bool ingest_seen_has(struct ingest_seen *seen, const char *id);
