/* Which endpoint a path names. Pure. */
#pragma once

enum ingest_route_kind {
    INGEST_ROUTE_NONE,
    INGEST_ROUTE_NOTIFY, /* POST /v1/notify/<channel> */
    INGEST_ROUTE_EVENTS, /* POST /v1/events */
};

struct ingest_route {
    enum ingest_route_kind kind;
    const char *channel; /* borrowed from the path */
};

struct ingest_route ingest_route_of(const char *path);
