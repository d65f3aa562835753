/*
 * Takes notifications from the queues that channels offer instead of sending them. Every replica
 * does so: a queue shares its messages among who asks. A message is deleted only when the broker
 * has all that it said; what is not understood is told, and then deleted. One thread.
 */
#pragma once

#include "services/ingest/errand.h"

struct ingest_queues;

/* Owned; borrows shared. */
struct ingest_queues *ingest_queues_new(struct ingest_errands *shared);
void ingest_queues_free(struct ingest_queues *queues);
SCOPE_DEFINE(ingest_queues, struct ingest_queues, ingest_queues_free)
/* What is to be done for the channel now. */
void ingest_queues_turn(struct ingest_queues *queues, const struct channel_account *account);
