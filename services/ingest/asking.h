/*
 * The thread that asks channels by itself, behind what they send: polls their changed orders, reads
 * what hints name, takes from their queues. Without it notifications still come.
 */
#pragma once

#include "services/ingest/service.h"

struct ingest_asking;

/* Starts the thread. group: who shares the channels. Borrows its texts. Owned. */
struct ingest_asking *ingest_asking_start(struct ingest_service *service, const char *group,
                                          struct err *err);
/* Only after stop_request(), which the thread waits for, and before the producer is closed. NULL is
   fine. */
void ingest_asking_free(struct ingest_asking *asking);
SCOPE_DEFINE(ingest_asking, struct ingest_asking, ingest_asking_free)
