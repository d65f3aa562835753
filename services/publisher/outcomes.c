#include "services/publisher/outcomes.h"

#include <stdatomic.h>

#include "lib/base/metrics.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"

enum { OUTCOMES_QUEUE_MAX = 50000, OUTCOMES_TIMEOUT_MS = 60000 };

static const struct metric outcomes_total = {
    "stockbus_publisher_outcomes_total",
    "Pushes by what became of them.",
    METRIC_COUNTER,
    {"channel", "result"}
};

struct publisher_outcomes {
    struct kafka_producer *producer;
    struct arena *arena; /* of the topic's name */
    const char *topic;
    struct arena *scratch;
    _Atomic int failed;
};

struct publisher_outcomes *publisher_outcomes_new(const char *brokers, const char *topic_prefix,
                                                  const char *client_id, struct err *err)
{
    const struct kafka_producer_options options = {
        .brokers = brokers,
        .client_id = client_id,
        .linger_ms = 2,
        .message_timeout_ms = OUTCOMES_TIMEOUT_MS,
        .queue_max = OUTCOMES_QUEUE_MAX,
    };
    struct kafka_producer *producer = kafka_producer_new(&options, err);

    if (producer == NULL)
        return NULL;
    struct publisher_outcomes *outcomes = mem_calloc(1, sizeof(*outcomes));
    outcomes->producer = producer;
    outcomes->arena = arena_new();
    outcomes->scratch = arena_new();
    outcomes->topic = topic_outcomes(outcomes->arena, topic_prefix);
    return outcomes;
}

bool publisher_outcomes_close(struct publisher_outcomes *outcomes, int flush_ms)
{
    struct err err = {0};

    if (outcomes == NULL)
        return true;
    bool durable = kafka_producer_flush(outcomes->producer, flush_ms, &err) &&
                   atomic_load(&outcomes->failed) == 0;
    kafka_producer_close(outcomes->producer, 0);
    arena_free(outcomes->arena);
    arena_free(outcomes->scratch);
    mem_free(outcomes);
    return durable;
}

static void outcome_delivered(void *opaque, const struct err *err, int32_t partition,
                              int64_t offset)
{
    struct publisher_outcomes *outcomes = opaque;

    (void)partition;
    (void)offset;
    if (err != NULL)
        atomic_fetch_add(&outcomes->failed, 1);
}

bool publisher_outcomes_report(struct publisher_outcomes *outcomes, const struct outcome *outcome,
                               struct err *err)
{
    static const struct kafka_header headers[] = {
        {"content-type", "application/protobuf"}
    };
    SCOPED(buf) struct buf body = {0};

    arena_reset(outcomes->scratch);
    outcome_encode(outcome, &body);
    const struct kafka_record record = {
        .topic = outcomes->topic,
        .key = topic_listing_key(outcomes->scratch, outcome->channel, outcome->listing),
        .body = body.bytes,
        .body_len = body.len,
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .partition = -1,
    };
    metric_add(&outcomes_total, 1, outcome->channel, outcome_result_name(outcome->result), NULL);
    return kafka_produce(outcomes->producer, &record, outcome_delivered, outcomes, err);
}

bool publisher_outcomes_are_durable(struct publisher_outcomes *outcomes)
{
    return kafka_producer_pending(outcomes->producer) == 0 && atomic_load(&outcomes->failed) == 0;
}

bool publisher_outcomes_failed(struct publisher_outcomes *outcomes)
{
    return atomic_load(&outcomes->failed) > 0 || kafka_producer_is_fatal(outcomes->producer);
}
