/*
 * Polls the channels' lists of changed orders behind their notifications, with an overlap: what a
 * notification did not bring, a poll does (F20, F105), and what both bring is one event, since ids
 * follow from the facts. A thread of its own; of all replicas one polls a channel.
 */
#pragma once

#include <pthread.h>

#include "services/ingest/service.h"

struct ingest_poll;

/* Starts the thread. Owned. */
struct ingest_poll *ingest_poll_start(struct ingest_service *service, const char *topic,
                                      const char *group, struct err *err);
/* Only after stop_request(), which the thread waits for, and before the producer is closed. NULL is
   fine. */
void ingest_poll_free(struct ingest_poll *poll);
SCOPE_DEFINE(ingest_poll, struct ingest_poll, ingest_poll_free)
