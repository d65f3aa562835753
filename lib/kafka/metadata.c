#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/kafka/internal.h"

enum { METADATA_PAUSE_MS = 50, METADATA_ASK_MS = 2000 };

SCOPE_DEFINE(metadata, const struct rd_kafka_metadata, rd_kafka_metadata_destroy)

struct kafka_client *kafka_metadata_client(const char *brokers, struct err *err)
{
    /* A consumer: asking as a producer would create the topic on a careless broker. */
    rd_kafka_conf_t *conf = kafka_config_new(brokers, "stockbus-admin", NULL, 0, err);

    return conf == NULL ? NULL : kafka_client_new(RD_KAFKA_CONSUMER, conf, NULL, err);
}

/* The count when every partition has a leader, else 0: the topic is still being made. */
static int metadata_count(const struct rd_kafka_metadata *metadata)
{
    if (metadata->topic_cnt == 0 || metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++) {
        if (metadata->topics[0].partitions[i].leader < 0)
            return 0;
    }
    return metadata->topics[0].partition_cnt;
}

static bool metadata_ask(rd_kafka_t *rk, rd_kafka_topic_t *topic, int timeout_ms, int *ret_count,
                         struct err *err)
{
    SCOPED(metadata) const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, topic, &metadata, timeout_ms);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error_set(err, rk, code, "no answer from the brokers");
    code = metadata->topic_cnt == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : metadata->topics[0].err;
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return err_set(err, ERR_REJECT, "topic '%s' does not exist: run 'stockctl topics apply'",
                       rd_kafka_topic_name(topic));
    if (kafka_error_class(code) != ERR_RETRY)
        return kafka_error_set(err, rk, code, rd_kafka_topic_name(topic));
    *ret_count = metadata_count(metadata);
    if (*ret_count == 0)
        err_set(err, ERR_RETRY, "topic '%s' has partitions without a leader",
                rd_kafka_topic_name(topic));
    return *ret_count > 0;
}

bool kafka_metadata_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms,
                               int *ret_partitions, struct err *err)
{
    SCOPED(kafka_topic) rd_kafka_topic_t *handle = NULL;
    int64_t deadline = clock_monotonic_ms() + timeout_ms;

    handle = rd_kafka_topic_new(rk, topic, NULL);
    if (handle == NULL)
        return kafka_error_set(err, rk, rd_kafka_last_error(), topic);
    for (;;) {
        int64_t left = deadline - clock_monotonic_ms();
        int ask_ms = left < 1 ? 1 : left < METADATA_ASK_MS ? (int)left : METADATA_ASK_MS;

        if (metadata_ask(rk, handle, ask_ms, ret_partitions, err))
            return true;
        if (err->code != ERR_RETRY || stop_requested() ||
            clock_monotonic_ms() + METADATA_PAUSE_MS >= deadline)
            return false;
        kafka_pause_ms(METADATA_PAUSE_MS);
    }
}

bool kafka_metadata_watermarks(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms,
                               int64_t *ret_low, int64_t *ret_high, struct err *err)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;

    for (;;) {
        int64_t left = deadline - clock_monotonic_ms();
        rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
            rk, topic, partition, ret_low, ret_high, left < 1 ? 1 : (int)left);

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return true;
        kafka_error_set(err, rk, code, "can't ask for the first and last offset");
        if (err->code != ERR_RETRY || left <= METADATA_PAUSE_MS)
            return false;
        kafka_pause_ms(METADATA_PAUSE_MS);
    }
}
