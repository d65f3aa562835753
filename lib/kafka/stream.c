#include "lib/kafka/internal.h"

enum { STREAM_ASK_MS = 10000, STREAM_IDLE_MS = 30000 };

/* Fetched ahead per partition: what waits for its turn is bounded. A gap is an error and no skip:
   who merges by offsets must know of it. */
static const struct kafka_setting stream_settings[] = {
    {"enable.auto.commit",         "false"},
    {"enable.auto.offset.store",   "false"},
    {"enable.partition.eof",       "true" },
    {"auto.offset.reset",          "error"},
    {"fetch.wait.max.ms",          "10"   },
    {"queued.max.messages.kbytes", "2048" },
};

struct stream_partition {
    int64_t low;
    int64_t high;
    bool is_open;
    bool is_ended;
    bool is_given; /* the record in view was returned */
    struct kafka_view view;
};

struct kafka_stream {
    struct kafka_client *client;
    rd_kafka_topic_t *topic;
    struct stream_partition *partitions;
    int count;
};

void kafka_stream_close(struct kafka_stream *stream)
{
    if (stream == NULL)
        return;
    for (int i = 0; stream->partitions != NULL && i < stream->count; i++) {
        kafka_view_release(&stream->partitions[i].view);
        if (stream->partitions[i].is_open)
            rd_kafka_consume_stop(stream->topic, i);
    }
    if (stream->topic != NULL)
        rd_kafka_topic_destroy(stream->topic);
    kafka_client_free(stream->client);
    mem_free(stream->partitions);
    mem_free(stream);
}

static bool stream_ask(struct kafka_stream *stream, const char *brokers, const char *topic,
                       struct err *err)
{
    rd_kafka_conf_t *conf = kafka_config_new(brokers, "stockbus-stream", stream_settings,
                                             ARRAY_LEN(stream_settings), err);

    if (conf == NULL)
        return false;
    stream->client = kafka_client_new(RD_KAFKA_CONSUMER, conf, NULL, err);
    if (stream->client == NULL)
        return false;
    rd_kafka_t *rk = stream->client->rk;
    if (!kafka_metadata_partitions(rk, topic, STREAM_ASK_MS, &stream->count, err))
        return false;
    stream->topic = rd_kafka_topic_new(rk, topic, NULL);
    if (stream->topic == NULL)
        return kafka_error_set(err, rk, rd_kafka_last_error(), topic);
    stream->partitions = mem_calloc((size_t)stream->count, sizeof(*stream->partitions));
    for (int i = 0; i < stream->count; i++) {
        struct stream_partition *partition = &stream->partitions[i];

        if (!kafka_metadata_watermarks(rk, topic, i, STREAM_ASK_MS, &partition->low,
                                       &partition->high, err))
            return false;
        partition->is_ended = partition->low >= partition->high;
    }
    return true;
}

struct kafka_stream *kafka_stream_open(const char *brokers, const char *topic, struct err *err)
{
    SCOPED(kafka_stream) struct kafka_stream *stream = NULL;

    stream = mem_calloc(1, sizeof(*stream));
    if (!stream_ask(stream, brokers, topic, err))
        return NULL;
    return STEAL(stream);
}

int kafka_stream_partitions(const struct kafka_stream *stream)
{
    return stream->count;
}

void kafka_stream_bounds(const struct kafka_stream *stream, int32_t partition, int64_t *ret_low,
                         int64_t *ret_high)
{
    bool is_there = partition >= 0 && partition < stream->count;

    *ret_low = is_there ? stream->partitions[partition].low : 0;
    *ret_high = is_there ? stream->partitions[partition].high : 0;
}

static bool stream_fetch(struct kafka_stream *stream, int32_t number, struct err *err)
{
    struct stream_partition *partition = &stream->partitions[number];
    rd_kafka_t *rk = stream->client->rk;

    if (!partition->is_open && rd_kafka_consume_start(stream->topic, number, partition->low) != 0)
        return kafka_error_set(err, rk, rd_kafka_last_error(), "can't read");
    partition->is_open = true;
    rd_kafka_message_t *message = rd_kafka_consume(stream->topic, number, STREAM_IDLE_MS);
    if (message == NULL)
        return err_set(err, ERR_RETRY,
                       "topic '%s', partition %d stopped short of its end for %d ms",
                       rd_kafka_topic_name(stream->topic), (int)number, STREAM_IDLE_MS);
    rd_kafka_resp_err_t code = message->err;
    kafka_view_set(&partition->view, message);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    kafka_view_clear(&partition->view);
    partition->is_ended = code == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    return partition->is_ended || kafka_error_set(err, rk, code, "can't read");
}

bool kafka_stream_next(struct kafka_stream *stream, int32_t partition, int64_t end,
                       const struct kafka_record **ret_record, struct err *err)
{
    *ret_record = NULL;
    if (partition < 0 || partition >= stream->count)
        return true;
    struct stream_partition *at = &stream->partitions[partition];
    if (at->is_given)
        kafka_view_clear(&at->view);
    at->is_given = false;
    if (at->view.message == NULL && !at->is_ended && !stream_fetch(stream, partition, err))
        return false;
    if (at->view.message == NULL || at->view.record.offset >= end)
        return true;
    at->is_given = true;
    *ret_record = &at->view.record;
    return true;
}
