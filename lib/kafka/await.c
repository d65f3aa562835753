#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"

enum { AWAIT_ASK_MS = 2000, AWAIT_PAUSE_MS = 1000 };

/* The try that just failed was not the last: tells of it and pauses. */
static bool await_again(const char *brokers, int64_t deadline_ms, kafka_away *away, struct err *err)
{
    if (err->code != ERR_RETRY)
        return false;
    if (!stop_requested() && clock_monotonic_ms() >= deadline_ms)
        return err_wrap(err, "broker '%s' is not reachable: check STOCKBUS_KAFKA_BROKERS", brokers);
    if (!stop_requested())
        away(brokers, err->text);
    stop_wait(AWAIT_PAUSE_MS);
    return !stop_requested() || err_set(err, ERR_RETRY, "stopping");
}

static bool await_topic(const char *brokers, const char *topic, int64_t deadline_ms,
                        kafka_away *away, struct err *err)
{
    int partitions = 0;

    while (!kafka_topic_partitions(brokers, topic, AWAIT_ASK_MS, &partitions, err)) {
        if (!await_again(brokers, deadline_ms, away, err))
            return false;
    }
    return true;
}

bool kafka_await_topics(const char *brokers, const char *const *topics, size_t count, int wait_ms,
                        kafka_away *away, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + wait_ms;

    for (size_t i = 0; i < count; i++) {
        if (!await_topic(brokers, topics[i], deadline_ms, away, err))
            return false;
    }
    return true;
}
