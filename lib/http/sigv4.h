/*
 * AWS Signature Version 4 by headers. Pure: the same key, request and time make the same text. The
 * published test suite of AWS holds (tests/unit/http/sigv4_test.c); paths are taken as they are,
 * without `.` and `..` in them, and are encoded once more, as all services but S3 want it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"

struct sigv4_key {
    const char *access_key_id;
    const char *secret;
    const char *region;  /* "us-east-1" */
    const char *service; /* "sqs" */
};

struct sigv4_header {
    const char *name;
    const char *value;
};

struct sigv4_request {
    const char *method;
    const char *path;  /* from its slash on, "" is "/" */
    const char *query; /* without the question mark; "": none */
    /* All that are signed: Host and X-Amz-Date must be, X-Amz-Security-Token where there is one. */
    const struct sigv4_header *headers;
    size_t headers_len;
    const void *body;
    size_t body_len;
};

enum { SIGV4_TIME_LEN = 17, SIGV4_HEADERS_MAX = 32 };
/* "20150830T123600Z", the value of X-Amz-Date. */
const char *sigv4_time(int64_t now_ms, char text[SIGV4_TIME_LEN]);
/* Appends the value of Authorization. now_ms is that of X-Amz-Date; headers beyond
   SIGV4_HEADERS_MAX are not signed. */
void sigv4_authorize(const struct sigv4_key *key, const struct sigv4_request *request,
                     int64_t now_ms, struct buf *ret_value);
