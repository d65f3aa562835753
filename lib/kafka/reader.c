#include "lib/base/clock.h"
#include "lib/kafka/internal.h"

enum { READER_ASK_MS = 10000, READER_PAUSE_MS = 50, READER_IDLE_MS = 15000 };

/* The last offsets before the end may be gone (compaction): then only EOF says that it is reached,
   and it comes with the answer to an empty fetch, hence the short wait. */
static const struct kafka_setting reader_settings[] = {
    {"enable.auto.commit",       "false"   },
    {"enable.auto.offset.store", "false"   },
    {"enable.partition.eof",     "true"    },
    {"auto.offset.reset",        "earliest"}, /* retention may pass us while we read */
    {"fetch.wait.max.ms",        "10"      },
};

struct reader_partition {
    int64_t start;
    int64_t end; /* the first offset that is not read */
    bool is_open;
};

struct reader {
    struct kafka_client *client;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    struct reader_partition *partitions;
    int count;
    int open;
    struct kafka_view view;
    int64_t records;
};

static bool reader_open(struct reader *reader, const char *brokers, const char *topic,
                        struct err *err)
{
    rd_kafka_conf_t *conf = kafka_config_new(brokers, "stockbus-reader", reader_settings,
                                             ARRAY_LEN(reader_settings), err);
    if (conf == NULL)
        return false;
    reader->client = kafka_client_new(RD_KAFKA_CONSUMER, conf, NULL, err);
    if (reader->client == NULL)
        return false;
    rd_kafka_t *rk = reader->client->rk;
    if (!kafka_metadata_partitions(rk, topic, READER_ASK_MS, &reader->count, err))
        return false;
    reader->topic = rd_kafka_topic_new(rk, topic, NULL);
    if (reader->topic == NULL)
        return kafka_error_set(err, rk, rd_kafka_last_error(), topic);
    reader->queue = rd_kafka_queue_new(rk);
    reader->partitions = mem_calloc((size_t)reader->count, sizeof(*reader->partitions));
    return true;
}

static void reader_stop(struct reader *reader, int partition)
{
    if (!reader->partitions[partition].is_open)
        return;
    reader->partitions[partition].is_open = false;
    reader->open--;
    rd_kafka_consume_stop(reader->topic, partition);
}

static void reader_close(struct reader *reader)
{
    kafka_view_release(&reader->view);
    for (int i = 0; reader->partitions != NULL && i < reader->count; i++)
        reader_stop(reader, i);
    if (reader->queue != NULL)
        rd_kafka_queue_destroy(reader->queue);
    if (reader->topic != NULL)
        rd_kafka_topic_destroy(reader->topic);
    kafka_client_free(reader->client);
    mem_free(reader->partitions);
}

static void reader_scope_end(struct reader *reader)
{
    reader_close(reader);
}

/* ---- bounds */

static bool reader_watermarks(struct reader *reader, struct err *err)
{
    for (int i = 0; i < reader->count; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (!kafka_metadata_watermarks(reader->client->rk, rd_kafka_topic_name(reader->topic), i,
                                       READER_ASK_MS, &partition->start, &partition->end, err))
            return false;
    }
    return true;
}

static rd_kafka_resp_err_t reader_ask_times(struct reader *reader,
                                            rd_kafka_topic_partition_list_t *list, int64_t from_ms)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = from_ms;
    rd_kafka_resp_err_t code =
        rd_kafka_offsets_for_times(reader->client->rk, list, READER_ASK_MS);
    for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
        code = list->elems[i].err;
    return code;
}

/* After an error librdkafka 2.0.2 does not ask for the leader again; metadata does. */
static bool reader_offsets_for_times(struct reader *reader, rd_kafka_topic_partition_list_t *list,
                                     int64_t from_ms, struct err *err)
{
    const char *topic = rd_kafka_topic_name(reader->topic);
    int64_t deadline = clock_monotonic_ms() + READER_ASK_MS;
    rd_kafka_t *rk = reader->client->rk;
    int ignored = 0;

    for (;;) {
        rd_kafka_resp_err_t code = reader_ask_times(reader, list, from_ms);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return true;
        kafka_error_set(err, rk, code, "can't ask for offsets by time");
        if (err->code != ERR_RETRY || clock_monotonic_ms() >= deadline)
            return false;
        kafka_pause_ms(READER_PAUSE_MS);
        if (!kafka_metadata_partitions(rk, topic, READER_ASK_MS, &ignored, err))
            return false;
    }
}

static bool reader_from(struct reader *reader, int64_t from_ms, struct err *err)
{
    SCOPED(kafka_list) rd_kafka_topic_partition_list_t *list = NULL;

    list = rd_kafka_topic_partition_list_new(reader->count);
    rd_kafka_topic_partition_list_add_range(list, rd_kafka_topic_name(reader->topic), 0,
                                            reader->count - 1);
    if (!reader_offsets_for_times(reader, list, from_ms, err))
        return false;
    for (int i = 0; i < list->cnt; i++) {
        struct reader_partition *partition = &reader->partitions[list->elems[i].partition];

        /* Negative: no record is that young. */
        partition->start = list->elems[i].offset < 0 ? partition->end : list->elems[i].offset;
    }
    return true;
}

static bool reader_start(struct reader *reader, struct err *err)
{
    for (int i = 0; i < reader->count; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (partition->start >= partition->end)
            continue;
        if (rd_kafka_consume_start_queue(reader->topic, i, partition->start, reader->queue) != 0)
            return kafka_error_set(err, reader->client->rk, rd_kafka_last_error(), "can't read");
        partition->is_open = true;
        reader->open++;
    }
    return true;
}

/* ---- reading */

/* Takes the message. *ret_go_on becomes false when the visitor has enough. */
static bool reader_take(struct reader *reader, rd_kafka_message_t *message, kafka_visit *visit,
                        void *opaque, bool *ret_go_on, struct err *err)
{
    const struct kafka_record *record = kafka_view_set(&reader->view, message);
    rd_kafka_resp_err_t code = message->err;

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return kafka_error_set(err, reader->client->rk, code, "can't read");
    if (message->partition < 0 || !reader->partitions[message->partition].is_open)
        return true;
    int64_t end = reader->partitions[message->partition].end;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < end) {
        reader->records++;
        *ret_go_on = visit(opaque, record);
    }
    if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || message->offset + 1 >= end)
        reader_stop(reader, message->partition);
    return true;
}

static bool reader_run(struct reader *reader, kafka_visit *visit, void *opaque, struct err *err)
{
    bool go_on = true;

    while (go_on && reader->open > 0) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(reader->queue, READER_IDLE_MS);

        if (message == NULL)
            return err_set(err, ERR_RETRY, "topic '%s' stopped short of its end for %d ms",
                           rd_kafka_topic_name(reader->topic), READER_IDLE_MS);
        if (!reader_take(reader, message, visit, opaque, &go_on, err))
            return false;
    }
    return true;
}

bool kafka_read_topic(const char *brokers, const char *topic, int64_t from_ms, kafka_visit *visit,
                      void *opaque, int64_t *ret_records, struct err *err)
{
    SCOPED(reader) struct reader reader = {0};

    if (!reader_open(&reader, brokers, topic, err) || !reader_watermarks(&reader, err))
        return false;
    if (from_ms > 0 && !reader_from(&reader, from_ms, err))
        return false;
    if (!reader_start(&reader, err) || !reader_run(&reader, visit, opaque, err))
        return false;
    if (ret_records != NULL)
        *ret_records = reader.records;
    return true;
}
