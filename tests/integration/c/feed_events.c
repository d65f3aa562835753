/* Puts facts from standard input (JSON lines, the admin form) straight on the events topic. For
   tests of the ledger alone: feed_events BROKERS PREFIX [CHANNEL...] */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"

static void die(const struct err *err)
{
    fprintf(stderr, "feed_events: %s\n", err->text);
    exit(1);
}

static void apply(const char *brokers, const char *name, int partitions, const char *cleanup)
{
    const struct kafka_topic_spec spec = {name, partitions, cleanup, -1};
    struct err err = {0};
    bool created = false;

    if (!kafka_topic_apply(brokers, &spec, 0, &created, &err))
        die(&err);
}

/* A flush also succeeds when records have timed out. */
static void delivered(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    atomic_int *failures = opaque;

    (void)partition;
    (void)offset;
    if (err != NULL)
        atomic_fetch_add(failures, 1);
}

static void produce(struct kafka_producer *producer, atomic_int *failures, const char *topic,
                    const char *line)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf body = {0};
    struct err err = {0};
    struct event event;
    const struct json *object = json_parse(arena, line, strlen(line), &err);

    if (object == NULL || !event_from_json(arena, object, &event, &err))
        die(&err);
    event.times.received_ms = clock_now_ms();
    if (event.times.occurred_ms == 0)
        event.times.occurred_ms = event.times.received_ms;
    event_identify(&event);
    if (!event_check_form(&event, &err))
        die(&err);
    event_encode(&event, &body);
    const struct kafka_record record = {.topic = topic,
                                        .key = topic_event_key(arena, &event, NULL),
                                        .body = body.bytes,
                                        .body_len = body.len,
                                        .partition = -1};
    if (!kafka_produce(producer, &record, delivered, failures, &err))
        die(&err);
}

int main(int argc, char **argv)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};
    char line[65536];
    atomic_int failures = 0;

    if (argc < 3)
        return 2;
    const struct kafka_producer_options options = {.brokers = argv[1],
                                                   .client_id = "feed",
                                                   .linger_ms = 5,
                                                   .message_timeout_ms = 10000,
                                                   .queue_max = 100000};
    struct kafka_producer *producer = kafka_producer_new(&options, &err);
    if (producer == NULL)
        die(&err);
    apply(argv[1], topic_events(arena, argv[2]), TOPIC_EVENTS_PARTITIONS, "delete");
    apply(argv[1], topic_outcomes(arena, argv[2]), TOPIC_OUTCOMES_PARTITIONS, "delete");
    apply(argv[1], topic_rejected(arena, argv[2]), TOPIC_REJECTED_PARTITIONS, "delete");
    apply(argv[1], topic_catalog(arena, argv[2]), TOPIC_CATALOG_PARTITIONS, "compact");
    apply(argv[1], topic_cursors(arena, argv[2]), TOPIC_CURSORS_PARTITIONS, "compact");
    for (int i = 3; i < argc; i++)
        apply(argv[1], topic_targets(arena, argv[2], argv[i]), TOPIC_TARGETS_PARTITIONS, "compact");
    while (fgets(line, sizeof(line), stdin) != NULL)
        produce(producer, &failures, topic_events(arena, argv[2]), line);
    if (!kafka_producer_flush(producer, 10000, &err))
        die(&err);
    if (atomic_load(&failures) > 0) {
        fprintf(stderr, "feed_events: %d records did not reach the broker\n", failures);
        return 1;
    }
    kafka_producer_close(producer, 1000);
    return 0;
}
