/*
 * What is refused before a byte of the body is read. The decision is pure; ingest_admit() only
 * gathers its facts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "channels/channel.h"
#include "lib/http/server.h"
#include "services/ingest/route.h"

struct ingest_admission {
    struct ingest_route route;
    bool is_post;
    const struct channel_kind *kind; /* NULL: no such channel */
    bool wants_signature;
    const char *content_type;        /* NULL: not sent; as are the next two */
    const char *signature;
    const char *authorization;
    const char *admin_token; /* "": the endpoint for manual facts is closed */
    bool stopping;
    bool queue_full;
    const char *broker_away; /* NULL: it takes records */
};

struct ingest_refusal {
    int status; /* 0: go on */
    const char *type;
    const char *detail;
};

/* A wrong method goes on: only a handler can say which is allowed. */
struct ingest_refusal ingest_admit_decide(const struct ingest_admission *admission);
/* "application/json; charset=utf-8" is "application/json". The list is closed by NULL. */
bool ingest_admit_is_type(const char *content_type, const char *const *types);
/* In constant time for any text of one length. */
bool ingest_admit_is_bearer(const char *authorization, const char *token);

/* An http_admit; opaque is the struct ingest_service. */
int ingest_admit(void *opaque, const struct http_request *request, int64_t content_length,
                 const char **ret_type, const char **ret_detail);
