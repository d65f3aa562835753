/*
 * Whether the broker takes records now. Asked before a body is read, so that a sender gets its 503
 * at once while the broker is away, instead of after a timeout.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/scope.h"

/* Monotonic times; 0: never. */
struct ingest_health_facts {
    int64_t now_ms;
    int64_t oldest_ms;    /* start of the oldest notification that waits for its reports */
    int64_t succeeded_ms; /* last report of each kind */
    int64_t failed_ms;
    int64_t seen_ms; /* last question to the broker that it answered, and that it did not */
    int64_t unseen_ms;
};

/* Pure. Fills why (short, lower case) when false. */
bool ingest_health_is_good(const struct ingest_health_facts *facts, char *why, size_t why_len);

struct ingest_health;

/* Starts a thread that asks the broker for the topic while nobody else's records show that it is
   there. Counts as seen at the start. Owned. */
struct ingest_health *ingest_health_start(const char *brokers, const char *topic, struct err *err);
/* Only after stop_request(), which the thread waits for. NULL is fine. */
void ingest_health_free(struct ingest_health *health);
SCOPE_DEFINE(ingest_health, struct ingest_health, ingest_health_free)

/* A notification on its way; the caller's storage until it is closed. */
struct ingest_health_ticket {
    struct ingest_health_ticket *previous;
    struct ingest_health_ticket *next;
    int64_t since_ms;
};

void ingest_health_open(struct ingest_health *health, struct ingest_health_ticket *ticket);
void ingest_health_close(struct ingest_health *health, struct ingest_health_ticket *ticket);
/* A record's delivery report. */
void ingest_health_report(struct ingest_health *health, bool ok);

bool ingest_health_now(struct ingest_health *health, char *why, size_t why_len);
