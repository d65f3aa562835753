/*
 * Polls the channels' lists of changed orders behind their notifications, with an overlap: what a
 * notification did not bring, a poll does (F20, F105), and what both bring is one event, since ids
 * follow from the facts. Of all replicas one polls a channel. One thread.
 */
#pragma once

#include "services/ingest/cursors.h"
#include "services/ingest/errand.h"

struct ingest_polls;

/* Owned; borrows both. */
struct ingest_polls *ingest_polls_new(struct ingest_errands *shared,
                                      struct ingest_cursors *cursors);
void ingest_polls_free(struct ingest_polls *polls);
SCOPE_DEFINE(ingest_polls, struct ingest_polls, ingest_polls_free)
/* What is to be done for the channel now. */
void ingest_polls_turn(struct ingest_polls *polls, const struct channel_account *account);

/* Milliseconds of an HTTP date, "Sat, 21 Nov 2026 18:00:00 GMT"; 0: it is none. */
int64_t ingest_polls_date_ms(const char *text);
