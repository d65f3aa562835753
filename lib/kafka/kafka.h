/*
 * The one door to librdkafka: producer with delivery reports, consumer whose offsets the caller
 * keeps, bounded readers for replays, and topic administration. Settings that bind (idempotence,
 * acks=all, no auto commit, auto.offset.reset=error, no Nagle) are set in one place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

/* Properties of librdkafka, one name=value a line, for every client of this process: TLS, SASL. Set
   before the first client; those that bind here are not overruled. ERR_FATAL names the line that
   librdkafka refuses. Producers and consumers follow STOCKBUS_KAFKA_PROPERTIES_FILE and the files
   named in it: within seconds of a change they are made anew inside, when the new ones reach a
   broker; a consumer leaves its group for that and joins it again. */
bool kafka_properties_set(const char *text, struct err *err) MUST_CHECK;

struct kafka_header {
    const char *name;
    const char *value;
};

struct kafka_record {
    const char *topic;
    const char *key;  /* NUL-terminated text; NULL: none */
    const void *body; /* NULL: tombstone */
    size_t body_len;
    const struct kafka_header *headers;
    size_t headers_len;
    int64_t timestamp_ms; /* producing: 0 = now */
    int32_t partition;    /* producing: -1 = by key (murmur2_random) */
    int64_t offset;       /* consuming only */
};

/* ---- producer: thread-safe ---- */

struct kafka_producer;

/* Called once per record, from the producer's own thread. err is NULL when the broker has the
   record durably (acks=all), else says why; an ambiguous timeout is an error. */
typedef void kafka_delivered(void *opaque, const struct err *err, int32_t partition,
                             int64_t offset);

struct kafka_producer_options {
    const char *brokers;
    const char *client_id;
    int linger_ms;          /* 1 where somebody waits for the answer */
    int message_timeout_ms; /* 3500 in ingest: the sender waits 5 s */
    int queue_max;          /* messages, beyond which kafka_produce() says ERR_RETRY */
};

struct kafka_producer *kafka_producer_new(const struct kafka_producer_options *options,
                                          struct err *err);
/* Flushes up to flush_ms, then drops what is left (their reports come with an error). */
void kafka_producer_close(struct kafka_producer *producer, int flush_ms);
/* Queues a copy. ERR_RETRY: queue full; ERR_FATAL: the producer is dead, restart the process. */
bool kafka_produce(struct kafka_producer *producer, const struct kafka_record *record,
                   kafka_delivered *delivered, void *opaque, struct err *err) MUST_CHECK;
/* Waits until every queued record was reported, at most timeout_ms. */
bool kafka_producer_flush(struct kafka_producer *producer, int timeout_ms,
                          struct err *err) MUST_CHECK;
/* Records queued or in flight, and a fatal error if one happened. */
int kafka_producer_pending(struct kafka_producer *producer);
bool kafka_producer_is_fatal(struct kafka_producer *producer);

/* ---- consumer: one thread ---- */

struct kafka_consumer;

/* The group gave us partitions (range assignor): fill next_offsets[i] for each, -2 = from the
   beginning, -1001 = the group's committed offset, else from the beginning. False: leave the group.
 */
typedef bool kafka_assigned(void *opaque, const char *topic, const int32_t *partitions,
                            size_t count, int64_t *next_offsets, struct err *err);
/* Partitions are going away, before another member can have them. */
typedef void kafka_revoked(void *opaque, const char *topic, const int32_t *partitions,
                           size_t count);

struct kafka_consumer_options {
    const char *brokers;
    const char *client_id;
    const char *group;
    const char *topic;
    const char *instance_id; /* static membership; NULL: none */
    int session_timeout_ms;  /* 0: 10000 */
    kafka_assigned *assigned;
    kafka_revoked *revoked;
    void *opaque;
};

enum { KAFKA_OFFSET_BEGINNING = -2, KAFKA_OFFSET_COMMITTED = -1001 };

struct kafka_consumer *kafka_consumer_new(const struct kafka_consumer_options *options,
                                          struct err *err);
/* Leaves the group, bounded to 3 s. NULL is fine. */
void kafka_consumer_close(struct kafka_consumer *consumer);
SCOPE_DEFINE(kafka_consumer, struct kafka_consumer, kafka_consumer_close)
/* Waits up to timeout_ms for one record. *ret_record is NULL if none came, else borrowed until the
   next poll. Rebalance callbacks run inside. ERR_FATAL: restart the process. */
bool kafka_consumer_poll(struct kafka_consumer *consumer, int timeout_ms,
                         const struct kafka_record **ret_record, struct err *err) MUST_CHECK;
/* Commits to the group, asynchronously: for lag metrics, and where the group keeps the offsets. */
bool kafka_consumer_commit(struct kafka_consumer *consumer, const char *topic, int32_t partition,
                           int64_t next_offset, struct err *err) MUST_CHECK;
/* The group's committed offset, or -1001 when there is none. */
bool kafka_consumer_committed(struct kafka_consumer *consumer, const char *topic, int32_t partition,
                              int64_t *ret_offset, struct err *err) MUST_CHECK;
/* After a poll that failed: whether this consumer lost its topic (it went away, the broker does not
   hold the next offset, or `assigned` failed), so that only a new one can go on. */
bool kafka_consumer_is_astray(const struct kafka_consumer *consumer);
/* The group has said what this member gets, be it nothing: who comes when all partitions have an
   owner stands by. */
bool kafka_consumer_is_member(const struct kafka_consumer *consumer);
/* First and next offset of a partition, asked from the broker. */
bool kafka_consumer_watermarks(struct kafka_consumer *consumer, const char *topic,
                               int32_t partition, int64_t *ret_low, int64_t *ret_high,
                               struct err *err) MUST_CHECK;

/* ---- bounded reading: a replay from the beginning (or a time) to the end as of now ---- */

/* Return false to stop early. */
typedef bool kafka_visit(void *opaque, const struct kafka_record *record);

/* Reads every partition of the topic from the first record at or after from_ms (0: the beginning)
   to the end offsets taken at the start; per partition in order. *ret_records may be NULL. */
bool kafka_read_topic(const char *brokers, const char *topic, int64_t from_ms, kafka_visit *visit,
                      void *opaque, int64_t *ret_records, struct err *err) MUST_CHECK;

/* ---- reading side by side: every partition of a topic at the pace of its reader, who merges them.
   One thread. ---- */

struct kafka_stream;

/* Asks for the first and next offset of every partition. NULL: ERR_RETRY, the broker is away;
   ERR_REJECT, no such topic. */
struct kafka_stream *kafka_stream_open(const char *brokers, const char *topic, struct err *err);
void kafka_stream_close(struct kafka_stream *stream);
SCOPE_DEFINE(kafka_stream, struct kafka_stream, kafka_stream_close)
int kafka_stream_partitions(const struct kafka_stream *stream);
/* As they were at the opening; 0 and 0 for a partition that there is not. */
void kafka_stream_bounds(const struct kafka_stream *stream, int32_t partition, int64_t *ret_low,
                         int64_t *ret_high);
/* The partition's next record, from its first one on, if its offset is below end; else
   *ret_record is NULL, and the record waits for a later end. Borrowed until the partition's next
   one. ERR_RETRY: the broker is away, or the record is gone by now. */
bool kafka_stream_next(struct kafka_stream *stream, int32_t partition, int64_t end,
                       const struct kafka_record **ret_record, struct err *err) MUST_CHECK;

/* ---- probing: is this still the log that was read? One thread ---- */

struct kafka_probe;

/* A client of its own, so that nothing is remembered of a topic that is gone. Owned. */
struct kafka_probe *kafka_probe_new(const char *brokers, const char *topic, struct err *err);
void kafka_probe_free(struct kafka_probe *probe);
SCOPE_DEFINE(kafka_probe, struct kafka_probe, kafka_probe_free)
/* Ids of the cluster and of the topic; "" where the brokers, or librdkafka before 2.3.0, can't
   tell. Borrowed from the probe. ERR_REJECT: there is no such topic. */
bool kafka_probe_identify(struct kafka_probe *probe, const char **ret_cluster_id,
                          const char **ret_topic_id, struct err *err) MUST_CHECK;
/* First and next offset of a partition. */
bool kafka_probe_watermarks(struct kafka_probe *probe, int32_t partition, int64_t *ret_low,
                            int64_t *ret_high, struct err *err) MUST_CHECK;
/* The record at an offset between the watermarks; NULL: there is none, borrowed until the next. */
bool kafka_probe_record(struct kafka_probe *probe, int32_t partition, int64_t offset,
                        const struct kafka_record **ret_record, struct err *err) MUST_CHECK;

/* ---- administration ---- */

struct kafka_topic_spec {
    const char *name;
    int partitions;
    const char *cleanup_policy; /* "delete" or "compact" */
    int64_t retention_ms;       /* -1: for ever; ignored when compacted */
};

/* Creates it when missing; an existing topic with another partition count or cleanup policy is
   ERR_REJECT with both values in the text. replication 0: the broker's default. */
bool kafka_topic_apply(const char *brokers, const struct kafka_topic_spec *spec, int replication,
                       bool *ret_created, struct err *err) MUST_CHECK;
/* Number of partitions, or ERR_RETRY when the broker is away, ERR_REJECT when there is no such
   topic. Stopping ends the wait for a broker that is away. */
bool kafka_topic_partitions(const char *brokers, const char *topic, int timeout_ms,
                            int *ret_partitions, struct err *err) MUST_CHECK;

/* Told of each try that failed, while kafka_await_topics() goes on. */
typedef void kafka_away(const char *brokers, const char *why);

/* Waits until the topics are there, at most wait_ms, and not longer than until stopping. ERR_RETRY:
   the broker is away, or stopping; ERR_REJECT: a topic does not exist and will not come by waiting.
   The text says what to do. */
bool kafka_await_topics(const char *brokers, const char *const *topics, size_t count, int wait_ms,
                        kafka_away *away, struct err *err) MUST_CHECK;
