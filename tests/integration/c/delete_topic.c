/* Deletes a topic and waits until it is gone: delete_topic BROKERS TOPIC */
#include <librdkafka/rdkafka.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/kafka/internal.h"

enum { ANSWER_MS = 15000, GONE_MS = 30000, PAUSE_MS = 20 };

static int failed(const char *what, const char *why)
{
    fprintf(stderr, "delete_topic: %s: %s\n", what, why);
    return 1;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    size_t count = 0;
    int partitions = 0;

    if (argc != 3)
        return 2;
    SCOPED(kafka_client) struct kafka_client *client = kafka_metadata_client(argv[1], &err);
    if (client == NULL)
        return failed(argv[1], err.text);
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(client->rk);
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(argv[2]);
    rd_kafka_DeleteTopics(client->rk, &topic, 1, NULL, queue);
    rd_kafka_DeleteTopic_destroy(topic);
    SCOPED(kafka_event) rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(argv[2], event == NULL ? "no answer" : rd_kafka_event_error_string(event));
    const rd_kafka_topic_result_t **results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    if (rd_kafka_topic_result_error(results[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(argv[2], rd_kafka_topic_result_error_string(results[0]));
    for (int64_t until = clock_monotonic_ms() + GONE_MS; clock_monotonic_ms() < until;) {
        if (!kafka_metadata_partitions(client->rk, argv[2], ANSWER_MS, &partitions, &err) &&
            err.code == ERR_REJECT)
            return 0;
        kafka_pause_ms(PAUSE_MS);
    }
    return failed(argv[2], "it is still there");
}
