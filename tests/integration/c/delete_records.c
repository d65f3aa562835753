/* Makes a topic forget its first records, as retention does: delete_records BROKERS TOPIC PARTITION
   OFFSET: the first one that stays. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { DELETE_WAIT_MS = 20000 };

int main(int argc, char **argv)
{
    char why[512] = "";

    if (argc != 5)
        return 2;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why));
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, argv[2], atoi(argv[3]))->offset = atoll(argv[4]);
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, DELETE_WAIT_MS);
    int failed = event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR;

    if (!failed)
        failed = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))
                     ->elems[0]
                     .err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (failed)
        fprintf(stderr, "delete_records: %s\n",
                event == NULL ? "no answer" : rd_kafka_event_error_string(event));
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    return failed;
}
