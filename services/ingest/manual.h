/*
 * POST /v1/events: facts from the operator (counts, receipts, mappings, rules, pools), one object
 * or an array. All of them are checked before the first is written.
 */
#pragma once

#include "lib/http/server.h"

#include "services/ingest/service.h"

/* Takes the request, whose token was checked at its admission. */
void ingest_manual(struct ingest_service *service, struct http_request *request);

/* What the facts of one request share. */
struct ingest_manual_source {
    const char *key; /* Idempotency-Key, or a fresh UUID */
    bool has_key;    /* then facts without an id get one that is the same next time */
    const char *host;
    int64_t received_ms;
    const char *traceparent;
    const void *body;
    size_t body_len;
};

/* Pure but for fresh UUIDs. ERR_REJECT names the fact by its index: "fact 2: stock_counted: ...".
   Parses source->body; *ret_malformed: it is no JSON at all. */
bool ingest_manual_read(const struct ingest_manual_source *source, struct arena *arena,
                        struct event_list *ret_events, bool *ret_malformed,
                        struct err *err) MUST_CHECK;
