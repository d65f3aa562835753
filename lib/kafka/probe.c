#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/kafka/internal.h"

enum { PROBE_ASK_MS = 5000, PROBE_POLL_MS = 100 };

/* One record is wanted: a broker gives at least one batch, however small the limit. */
static const struct kafka_setting probe_settings[] = {
    {"enable.auto.commit",       "false"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof",     "true" },
    {"auto.offset.reset",        "error"},
    {"queued.min.messages",      "10000"}, /* a full queue makes 2.0.2 pause for a second */
    {"fetch.message.max.bytes",  "1"    },
    {"fetch.wait.max.ms",        "10"   },
};

struct kafka_probe {
    struct kafka_client *client;
    rd_kafka_topic_t *topic;
    char cluster_id[64];
    char topic_id[64];
    struct kafka_view view;
};

struct kafka_probe *kafka_probe_new(const char *brokers, const char *topic, struct err *err)
{
    SCOPED(kafka_probe) struct kafka_probe *probe = NULL;
    rd_kafka_conf_t *conf =
        kafka_config_new(brokers, "stockbus-probe", probe_settings, ARRAY_LEN(probe_settings), err);

    if (conf == NULL)
        return NULL;
    probe = mem_calloc(1, sizeof(*probe));
    probe->client = kafka_client_new(RD_KAFKA_CONSUMER, conf, NULL, err);
    if (probe->client == NULL)
        return NULL;
    probe->topic = rd_kafka_topic_new(probe->client->rk, topic, NULL);
    if (probe->topic == NULL) {
        kafka_error_set(err, probe->client->rk, rd_kafka_last_error(), topic);
        return NULL;
    }
    return STEAL(probe);
}

void kafka_probe_free(struct kafka_probe *probe)
{
    if (probe == NULL)
        return;
    kafka_view_release(&probe->view);
    if (probe->topic != NULL)
        rd_kafka_topic_destroy(probe->topic);
    kafka_client_free(probe->client);
    mem_free(probe);
}

bool kafka_probe_identify(struct kafka_probe *probe, const char **ret_cluster_id,
                          const char **ret_topic_id, struct err *err)
{
    rd_kafka_t *rk = probe->client->rk;
    const char *topic = rd_kafka_topic_name(probe->topic);
    int partitions = 0;

    if (!kafka_metadata_partitions(rk, topic, PROBE_ASK_MS, &partitions, err))
        return false;
    char *cluster_id = rd_kafka_clusterid(rk, PROBE_ASK_MS);
    snprintf(probe->cluster_id, sizeof(probe->cluster_id), "%s",
             cluster_id == NULL ? "" : cluster_id);
    if (cluster_id != NULL)
        rd_kafka_mem_free(rk, cluster_id);
    if (!kafka_admin_topic_id(rk, topic, probe->topic_id, sizeof(probe->topic_id), err))
        return false;
    *ret_cluster_id = probe->cluster_id;
    *ret_topic_id = probe->topic_id;
    return true;
}

bool kafka_probe_watermarks(struct kafka_probe *probe, int32_t partition, int64_t *ret_low,
                            int64_t *ret_high, struct err *err)
{
    return kafka_metadata_watermarks(probe->client->rk, rd_kafka_topic_name(probe->topic),
                                     partition, PROBE_ASK_MS, ret_low, ret_high, err);
}

/* Takes the message. */
static bool probe_take(struct kafka_probe *probe, rd_kafka_message_t *message, int64_t offset,
                       const struct kafka_record **ret_record, struct err *err)
{
    const struct kafka_record *record = kafka_view_set(&probe->view, message);
    rd_kafka_resp_err_t code = message->err;

    *ret_record = NULL;
    if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        return true;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error_set(err, probe->client->rk, code, "can't read one record");
    if (record->offset == offset)
        *ret_record = record;
    return true;
}

bool kafka_probe_record(struct kafka_probe *probe, int32_t partition, int64_t offset,
                        const struct kafka_record **ret_record, struct err *err)
{
    int64_t deadline = clock_monotonic_ms() + PROBE_ASK_MS;
    rd_kafka_message_t *message = NULL;

    if (rd_kafka_consume_start(probe->topic, partition, offset) != 0)
        return kafka_error_set(err, probe->client->rk, rd_kafka_last_error(), "can't read");
    while (message == NULL && clock_monotonic_ms() < deadline)
        message = rd_kafka_consume(probe->topic, partition, PROBE_POLL_MS);
    bool ok = message != NULL ? probe_take(probe, message, offset, ret_record, err)
                              : err_set(err, ERR_RETRY, "no record came from '%s' within %d ms",
                                        rd_kafka_topic_name(probe->topic), PROBE_ASK_MS);
    rd_kafka_consume_stop(probe->topic, partition);
    return ok;
}
