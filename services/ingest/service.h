/* What the handlers of ingest share; filled once by ingest.c, then only read, but for the token. */
#pragma once

#include <stdatomic.h>

#include "lib/kafka/kafka.h"

#include "channels/live.h"
#include "services/ingest/catalog.h"
#include "services/ingest/health.h"
#include "services/ingest/seen.h"
#include "services/ingest/settings.h"

struct ingest_keys;

struct ingest_service {
    const struct ingest_settings *settings;
    struct arena *arena;               /* lives as long as this; the main thread's */
    _Atomic(const char *) admin_token; /* as its file said last; an old one stays valid */
    const char *host;
    const char *events_topic;
    const char *rejected_topic;
    const char *cursors_topic;
    struct kafka_producer *producer;
    struct channel_live *accounts;
    struct ingest_catalog *catalog;
    int64_t catalog_until_ms; /* ready from then on, read or not */
    struct ingest_health *health;
    struct ingest_seen *seen;
    struct ingest_keys *keys;
    atomic_llong refusal_logged_ms; /* strangers must not be able to fill the log */
};
