/*
 * All records of one notification, request or page of a poll on their way to the broker. Its owner
 * is told once: when the broker has every record durably, or at the first one that it has not. Who
 * tries again writes the same events, whose ids are the same.
 */
#pragma once

#include "services/ingest/service.h"

struct ingest_capture;

/* From any thread, perhaps before ingest_capture_end() returns. */
typedef void ingest_captured(void *opaque, bool ok);

struct ingest_capture_source {
    const char *channel; /* label of the metrics */
    const char *traceparent;
    int64_t received_ms; /* wall clock; replays seek by it */
};

/* The source is copied. ingest_capture_end() must follow. */
struct ingest_capture *ingest_capture_begin(struct ingest_service *service,
                                            const struct ingest_capture_source *source,
                                            ingest_captured *captured, void *opaque);
void ingest_capture_event(struct ingest_capture *capture, const struct event *event);
/* What is to be read: for the process that owns the channel's partition of the cursors. */
void ingest_capture_hint(struct ingest_capture *capture, const char *hint);
/* reason is the label of the metrics: one of a few words. */
void ingest_capture_rejected(struct ingest_capture *capture, const struct rejected *rejected,
                             const char *reason);
/* Goes to ingest_seen_add() when the broker has all; events' ids do so by themselves. */
void ingest_capture_seen(struct ingest_capture *capture, const char *text);
/* No more records: tells the owner, now or later. result is the label of the metrics when all went
   well, borrowed for ever. */
void ingest_capture_end(struct ingest_capture *capture, const char *result);

/* Counts a request that ended without a record. */
void ingest_capture_count(const char *channel, const char *result);
