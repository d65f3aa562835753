/*
 * What the replicas of ingest keep of each channel on a compacted topic: how far its orders were
 * polled, and the hints that wait for their reading. Replicas share its partitions as a group: who
 * owns the one that a channel is in polls that channel and reads its hints, nobody else. One
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/kafka/kafka.h"

#include "services/ingest/hints.h"

/* Keys: a channel's name for its cursor, this with "<channel>/<uuid>" for a note of a hint. */
#define INGEST_CURSORS_HINT "hint/"

/* The same in every replica and version: it says who does a channel's work. */
int32_t ingest_cursors_partition(const char *channel);

struct ingest_cursors;

struct ingest_cursors_options {
    const char *brokers;
    const char *topic;
    const char *group;
    struct kafka_producer *producer;
    struct ingest_hints *hints; /* filled with the notes of the partitions that are owned */
};

/* Owned; borrows the options. */
struct ingest_cursors *ingest_cursors_new(const struct ingest_cursors_options *options,
                                          struct err *err);
void ingest_cursors_free(struct ingest_cursors *cursors);
SCOPE_DEFINE(ingest_cursors, struct ingest_cursors, ingest_cursors_free)

/* Takes what came, without waiting. ERR_FATAL: of no more use. ERR_RETRY: there was no room for
   every hint, and by now there is: it must begin anew. */
bool ingest_cursors_run(struct ingest_cursors *cursors, struct err *err) MUST_CHECK;
/* This process does the channel's work, and knows its cursor and all its hints. */
bool ingest_cursors_owns(const struct ingest_cursors *cursors, const char *channel);
/* Milliseconds of the channel's clock; 0: it was never polled. */
int64_t ingest_cursors_get(const struct ingest_cursors *cursors, const char *channel);
/* A cursor that is lost on its way costs events that are known by their ids. */
void ingest_cursors_put(struct ingest_cursors *cursors, const char *channel, int64_t cursor_ms);
/* An ingest_hints_cross; opaque is the producer and the topic. One that is lost on its way costs
   another reading. */
struct ingest_cursors_writer {
    struct kafka_producer *producer;
    const char *topic;
};
void ingest_cursors_cross(void *writer, const char *channel, const char *note);
