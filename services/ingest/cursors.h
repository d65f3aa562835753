/*
 * How far the orders of each channel were polled, on a compacted topic. Replicas share its
 * partitions as a group: who owns the one that a channel's cursor is in polls that channel, nobody
 * else. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/kafka/kafka.h"

struct ingest_cursors;

struct ingest_cursors_options {
    const char *brokers;
    const char *topic;
    const char *group;
    struct kafka_producer *producer;
};

/* Owned; borrows the options' texts. */
struct ingest_cursors *ingest_cursors_new(const struct ingest_cursors_options *options,
                                          struct err *err);
void ingest_cursors_free(struct ingest_cursors *cursors);
SCOPE_DEFINE(ingest_cursors, struct ingest_cursors, ingest_cursors_free)

/* Takes what came, without waiting. ERR_FATAL: of no more use. */
bool ingest_cursors_run(struct ingest_cursors *cursors, struct err *err) MUST_CHECK;
/* This process polls the channel, and knows its cursor. */
bool ingest_cursors_owns(const struct ingest_cursors *cursors, const char *channel);
/* Milliseconds of the channel's clock; 0: it was never polled. */
int64_t ingest_cursors_get(const struct ingest_cursors *cursors, const char *channel);
/* A cursor that is lost on its way costs events that are known by their ids. */
void ingest_cursors_put(struct ingest_cursors *cursors, const char *channel, int64_t cursor_ms);
