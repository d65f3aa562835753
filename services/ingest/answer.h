/* Answers that more than one handler gives. */
#pragma once

#include "lib/http/server.h"

#include "services/ingest/service.h"

/* 405 with Allow: POST. */
void ingest_answer_wrong_method(struct http_request *request);
/* A line for a refused stranger, at most one a second. */
void ingest_answer_log_refusal(struct ingest_service *service, const char *channel,
                               const char *reason);

/* What a request is answered with when the broker has all of it; else 503 with Retry-After. In the
   request's arena. */
struct ingest_answer {
    struct http_request *request;
    int status;
    const char *json;
};

/* An ingest_captured; opaque is the struct ingest_answer. */
void ingest_answer_captured(void *opaque, bool ok);
