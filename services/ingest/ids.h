/* Random ids and W3C trace contexts. */
#pragma once

#include <stdbool.h>

#include "lib/base/mem.h"

/* A random UUID as text; in the arena. */
char *ingest_ids_uuid(struct arena *arena);

/* By W3C Trace Context: lower-case hex, no zero ids, version 00 of exactly 55 bytes. NULL is
   none. */
bool ingest_ids_is_traceparent(const char *text);
/* The sender's when it is valid, so that its trace goes on here, else a new one; in the arena. */
const char *ingest_ids_traceparent(struct arena *arena, const char *header);
