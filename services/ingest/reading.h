/*
 * Reads what hints name: several of a channel at a time, at a share of its rate, again with growing
 * pauses when it fails. A hint is crossed out when the broker has all that its reading brought. One
 * thread.
 */
#pragma once

#include "services/ingest/cursors.h"
#include "services/ingest/errand.h"

struct ingest_readings;

/* Owned; borrows all. */
struct ingest_readings *ingest_readings_new(struct ingest_errands *shared,
                                            struct ingest_cursors *cursors,
                                            struct ingest_hints *hints);
void ingest_readings_free(struct ingest_readings *readings);
SCOPE_DEFINE(ingest_readings, struct ingest_readings, ingest_readings_free)
/* What is to be done for the channel now. */
void ingest_readings_turn(struct ingest_readings *readings, const struct channel_account *account);
