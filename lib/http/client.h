/*
 * The one door to libcurl: requests go out concurrently over reused connections; answers come back
 * to the thread that runs http_client_run(). Only https and http, redirects are not followed,
 * bodies are bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/http/server.h" /* struct http_header */

struct http_client;

struct http_call {
    const char *method; /* GET, POST, PUT, PATCH, DELETE */
    const char *url;
    const struct http_header *headers;
    size_t headers_len;
    const void *body; /* borrowed until the reply */
    size_t body_len;
    int timeout_ms;   /* whole call */
    const char *user; /* HTTP Basic; NULL: none */
    const char *password;
};

struct http_reply {
    int status;        /* 0: no answer; then error says why */
    const char *error; /* NULL when an answer came; "timeout", "connection refused", ... */
    bool sent;         /* without an answer: may the request have had its effect? */
    const char *body;  /* NUL-terminated */
    size_t body_len;
    int64_t elapsed_us;
    const struct http_header *headers; /* of the answer */
    size_t headers_len;
};

/* Case-insensitive; NULL when absent. */
const char *http_reply_header(const struct http_reply *reply, const char *name);

/* Called from http_client_run(), or before http_client_send() returns when it can't even start. */
typedef void http_replied(void *opaque, const struct http_reply *reply);

struct http_client_options {
    int connections_max;
    size_t body_max;
    const char *user_agent;
};

struct http_client *http_client_new(const struct http_client_options *options, struct err *err);
/* Calls in flight are dropped without a reply. */
void http_client_free(struct http_client *client);
SCOPE_DEFINE(http_client, struct http_client, http_client_free)
/* call is copied but for its body. */
void http_client_send(struct http_client *client, const struct http_call *call,
                      http_replied *replied, void *opaque);
int http_client_in_flight(const struct http_client *client);
/* Moves all transfers on, delivers replies, waits up to timeout_ms. Wakes early by
   http_client_wake(), which any thread may call. */
void http_client_run(struct http_client *client, int timeout_ms);
void http_client_wake(struct http_client *client);

/* One call, waiting for it; others of the client go on meanwhile. The reply lives in the arena. */
struct http_reply *http_client_fetch(struct http_client *client, struct arena *arena,
                                     const struct http_call *call);

/* The same with a client of its own. */
struct http_reply *http_fetch(struct arena *arena, const struct http_call *call, size_t body_max);
