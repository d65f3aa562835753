/*
 * All records of one request on their way to the broker. The request is answered once: 2xx when the
 * broker has every record durably, 503 at the first one that it has not. A sender that tries again
 * sends the same events, whose ids are the same.
 */
#pragma once

#include "lib/http/server.h"
#include "services/ingest/service.h"

struct ingest_capture;

/* The request is borrowed until ingest_capture_end(), which must follow. channel is the label of
   the metrics; traceparent goes into each record. Both are copied. */
struct ingest_capture *ingest_capture_begin(struct ingest_service *service,
                                            struct http_request *request, const char *channel,
                                            const char *traceparent);
void ingest_capture_event(struct ingest_capture *capture, const struct event *event);
/* reason is the label of the metrics: one of a few words. */
void ingest_capture_rejected(struct ingest_capture *capture, const struct rejected *rejected,
                             const char *reason);
/* No more records. Takes the request and answers it, now or later, with this status and JSON
   (copied) when all went well. result is the label of the metrics then, borrowed for ever. */
void ingest_capture_end(struct ingest_capture *capture, int status, const char *json,
                        const char *result);

/* Counts a request that ended without a record. */
void ingest_capture_count(const char *channel, const char *result);
