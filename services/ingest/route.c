#include "services/ingest/route.h"

#include <stddef.h>
#include <string.h>

static const char route_notify[] = "/v1/notify/";

struct ingest_route ingest_route_of(const char *path)
{
    size_t prefix_len = sizeof(route_notify) - 1;

    if (strcmp(path, "/v1/events") == 0)
        return (struct ingest_route){.kind = INGEST_ROUTE_EVENTS};
    if (strncmp(path, route_notify, prefix_len) == 0 && path[prefix_len] != '\0' &&
        strchr(path + prefix_len, '/') == NULL)
        return (struct ingest_route){.kind = INGEST_ROUTE_NOTIFY, .channel = path + prefix_len};
    return (struct ingest_route){.kind = INGEST_ROUTE_NONE};
}
