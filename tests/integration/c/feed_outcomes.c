/* Puts COUNT confirmed pushes of a listing, versions from FIRST on, on the outcomes topic:
   feed_outcomes BROKERS PREFIX CHANNEL LISTING FIRST COUNT. It makes the topic when it is missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"

static int failed(const struct err *err)
{
    fprintf(stderr, "feed_outcomes: %s\n", err->text);
    return 1;
}

static void delivered(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    (void)partition;
    (void)offset;
    if (err != NULL)
        *(struct err *)opaque = *err;
}

int main(int argc, char **argv)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct err undelivered = {0};
    struct err err = {0};
    bool created = false;

    if (argc != 7)
        return 2;
    const struct kafka_topic_spec spec = {topic_outcomes(arena, argv[2]), TOPIC_OUTCOMES_PARTITIONS,
                                          "delete", -1};
    const struct kafka_producer_options options = {.brokers = argv[1],
                                                   .client_id = "feed",
                                                   .linger_ms = 5,
                                                   .message_timeout_ms = 10000,
                                                   .queue_max = 100000};
    if (!kafka_topic_apply(argv[1], &spec, 0, &created, &err))
        return failed(&err);
    struct kafka_producer *producer = kafka_producer_new(&options, &err);
    if (producer == NULL)
        return failed(&err);
    for (int i = 0; i < atoi(argv[6]); i++) {
        SCOPED(buf) struct buf body = {0};
        const struct outcome outcome = {.channel = argv[3],
                                        .listing = argv[4],
                                        .address = "",
                                        .version = atoi(argv[5]) + i,
                                        .quantity = 1,
                                        .result = OUTCOME_CONFIRMED,
                                        .attempt = 1,
                                        .http_status = 200,
                                        .error_class = "",
                                        .error_text = "",
                                        .request_hash = "",
                                        .event_id = "",
                                        .times = {.confirmed_ms = clock_now_ms()},
                                        .traceparent = ""};
        outcome_encode(&outcome, &body);
        const struct kafka_record record = {.topic = spec.name,
                                            .key = argv[4],
                                            .body = body.bytes,
                                            .body_len = body.len,
                                            .partition = i % TOPIC_OUTCOMES_PARTITIONS};
        if (!kafka_produce(producer, &record, delivered, &undelivered, &err))
            return failed(&err);
    }
    if (!kafka_producer_flush(producer, 10000, &err))
        return failed(&err);
    kafka_producer_close(producer, 1000);
    return undelivered.code == ERR_NONE ? 0 : failed(&undelivered);
}
