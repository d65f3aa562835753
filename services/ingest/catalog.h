/*
 * Which SKU a listing sells, as the ledger last said on the compacted catalog topic. A hint for the
 * key of an event, so that one SKU has one writer; nothing depends on it being there or right.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/event/event.h"
#include "lib/event/push.h"

struct ingest_catalog;

struct ingest_catalog *ingest_catalog_new(void);
void ingest_catalog_free(struct ingest_catalog *catalog);
SCOPE_DEFINE(ingest_catalog, struct ingest_catalog, ingest_catalog_free)

/* Any thread. key is "<channel>/<listing>"; an entry without SKU, or NULL, takes it out. */
void ingest_catalog_put(struct ingest_catalog *catalog, const char *key,
                        const struct catalog_entry *entry);
/* Any thread. By the event's listing, else by its address; in the arena. NULL: not known. */
const char *ingest_catalog_sku(struct ingest_catalog *catalog, struct arena *arena,
                               const struct event *event);
size_t ingest_catalog_len(struct ingest_catalog *catalog);

/* Follows the topic in a thread until stop_request(). */
bool ingest_catalog_follow(struct ingest_catalog *catalog, const char *brokers, const char *topic,
                           struct err *err) MUST_CHECK;
/* Any thread. Whether all is known that was on the topic when the thread came to it. */
bool ingest_catalog_is_read(struct ingest_catalog *catalog);
/* Waits for that thread, if there is one. */
void ingest_catalog_join(struct ingest_catalog *catalog);
