/*
 * The one door to libmicrohttpd. A request is handed over whole, after its limits were checked:
 * ambiguous framing, too much, too slow never reach a handler. The answer may come at once or
 * later from any thread; a request that nobody answers within answer_ms is 503.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

struct http_server;
struct http_request;

/* Borrowed until the request is answered. Method upper case; path without query, percent-decoded.
 */
const char *http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request);
/* Path and query as they were sent, without host. */
const char *http_request_target(const struct http_request *request);
/* Case-insensitive name; NULL when absent. Several lines with the same name: the first. */
const char *http_request_header(const struct http_request *request, const char *name);
size_t http_request_headers(const struct http_request *request);
const char *http_request_header_name(const struct http_request *request, size_t index);
const char *http_request_header_value(const struct http_request *request, size_t index);
/* Query parameter, decoded; NULL when absent. */
const char *http_request_query(const struct http_request *request, const char *name);
const void *http_request_body(const struct http_request *request, size_t *ret_len);
/* An arena that lives as long as the request, and the time it was complete (wall clock). */
struct arena *http_request_arena(struct http_request *request);
int64_t http_request_received_ms(const struct http_request *request);

struct http_header {
    const char *name;
    const char *value;
};

struct http_answer {
    int status;
    const char *content_type; /* NULL: none */
    const void *body;         /* copied */
    size_t body_len;
    struct http_header headers[4]; /* closed by a NULL name */
};

/* Exactly once per request, from any thread; request is gone afterwards. */
void http_answer(struct http_request *request, const struct http_answer *answer);
/* RFC 9457 application/problem+json. type is a stable slug, e.g. "bad-signature";
   retry_after_s 0: no Retry-After. */
void http_answer_problem(struct http_request *request, int status, const char *type,
                         const char *detail, int retry_after_s);
void http_answer_json(struct http_request *request, int status, const char *json, size_t len);

/* Called with the whole request; must lead to one http_answer(), now or later. */
typedef void http_handler(void *opaque, struct http_request *request);
/* Asked when the headers are in, before the body is read. Return 0 to go on, else a status
   (401, 404, 405, 413, 415, 503) with *ret_type and *ret_detail (static) for the problem document:
   the connection is closed then. May be NULL. */
typedef int http_admit(void *opaque, const struct http_request *request, int64_t content_length,
                       const char **ret_type, const char **ret_detail);

struct http_server_options {
    const char *address; /* "127.0.0.1:8080", "0.0.0.0:8080", "[::1]:0"; port 0: a free one */
    http_handler *handler;
    http_admit *admit;
    void *opaque;
    const char *name;    /* label of the metrics, e.g. "ingest" */
    int threads;         /* 0: number of cores */
    size_t body_max;     /* bytes; 413 beyond */
    size_t bodies_max;   /* bytes of all bodies in flight; 503 beyond */
    int connections_max; /* kept <= 124 per thread: see ARCHITECTURE.md, 128-event stall */
    int request_ms;      /* first byte to whole request; slower is cut */
    int answer_ms;       /* handler's time; then 503 */
};

/* "port 8080 is in use: stop what listens there or set STOCKBUS_..." is the caller's wrap. */
struct http_server *http_server_start(const struct http_server_options *options, struct err *err);
int http_server_port(const struct http_server *server);
/* Accepts no more, waits up to drain_ms for what is in hand, then closes. */
void http_server_stop(struct http_server *server, int drain_ms);
