#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/kafka/internal.h"

enum { ADMIN_ASK_MS = 10000, ADMIN_ANSWER_MS = 15000 };

SCOPE_DEFINE(admin_topic, rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy)
SCOPE_DEFINE(admin_resource, rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy)
SCOPE_DEFINE(admin_options, rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy)

static rd_kafka_AdminOptions_t *admin_options(rd_kafka_t *rk, rd_kafka_admin_op_t operation)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, operation);
    char why[1];

    /* Refused only out of range. */
    rd_kafka_AdminOptions_set_request_timeout(options, ADMIN_ASK_MS, why, sizeof(why));
    return options;
}

/* Waits for the answer; NULL with err when none came or it failed as a whole. Owned. */
static rd_kafka_event_t *admin_answer(rd_kafka_t *rk, rd_kafka_queue_t *queue, const char *what,
                                      struct err *err)
{
    SCOPED(kafka_event) rd_kafka_event_t *event = NULL;

    event = rd_kafka_queue_poll(queue, ADMIN_ANSWER_MS);
    if (event == NULL) {
        err_set(err, ERR_RETRY, "%s: no answer from the brokers", what);
        return NULL;
    }
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_error_set(err, rk, rd_kafka_event_error(event), what);
        return NULL;
    }
    return STEAL(event);
}

/* ---- creating */

static bool admin_is_compacted(const struct kafka_topic_spec *spec)
{
    return strcmp(spec->cleanup_policy, "compact") == 0;
}

/* The active segment is never compacted: it is rolled often, or the topic would not shrink. */
static void admin_set_configs(rd_kafka_NewTopic_t *topic, const struct kafka_topic_spec *spec)
{
    char retention[24];

    rd_kafka_NewTopic_set_config(topic, "cleanup.policy", spec->cleanup_policy);
    if (admin_is_compacted(spec)) {
        rd_kafka_NewTopic_set_config(topic, "segment.ms", "600000");
        rd_kafka_NewTopic_set_config(topic, "max.compaction.lag.ms", "3600000");
        return;
    }
    snprintf(retention, sizeof(retention), "%" PRId64, spec->retention_ms);
    rd_kafka_NewTopic_set_config(topic, "retention.ms", retention);
}

static bool admin_created(const rd_kafka_event_t *event, const char *name, bool *ret_created,
                          struct err *err)
{
    size_t count = 0;
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result((rd_kafka_event_t *)(uintptr_t)event), &count);
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[0]);

    *ret_created = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (*ret_created || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return true;
    return err_set(err, kafka_error_class(code), "can't create topic '%s': %s: %s", name,
                   rd_kafka_err2name(code), rd_kafka_topic_result_error_string(results[0]));
}

/* *ret_created is false when somebody else was faster. */
static bool admin_create(rd_kafka_t *rk, const struct kafka_topic_spec *spec, int replication,
                         bool *ret_created, struct err *err)
{
    SCOPED(admin_topic) rd_kafka_NewTopic_t *topic = NULL;
    SCOPED(admin_options) rd_kafka_AdminOptions_t *options = NULL;
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = NULL;
    SCOPED(kafka_event) rd_kafka_event_t *event = NULL;
    char why[256];

    topic = rd_kafka_NewTopic_new(spec->name, spec->partitions, replication == 0 ? -1 : replication,
                                  why, sizeof(why));
    if (topic == NULL)
        return err_set(err, ERR_REJECT, "can't create topic '%s': %s", spec->name, why);
    admin_set_configs(topic, spec);
    options = admin_options(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
    event = admin_answer(rk, queue, "can't create the topic", err);
    return event != NULL && admin_created(event, spec->name, ret_created, err);
}

/* ---- comparing */

/* Borrowed from event; NULL when there is none. */
static const char *admin_find_policy(rd_kafka_event_t *event)
{
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    const rd_kafka_ConfigEntry_t **entries =
        count == 0 ? NULL : rd_kafka_ConfigResource_configs(resources[0], &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "cleanup.policy") == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    }
    return NULL;
}

static bool admin_policy(rd_kafka_t *rk, const char *topic, char *ret_policy, size_t size,
                         struct err *err)
{
    SCOPED(admin_resource) rd_kafka_ConfigResource_t *resource = NULL;
    SCOPED(admin_options) rd_kafka_AdminOptions_t *options = NULL;
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = NULL;
    SCOPED(kafka_event) rd_kafka_event_t *event = NULL;

    resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    options = admin_options(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeConfigs(rk, &resource, 1, options, queue);
    event = admin_answer(rk, queue, "can't read the topic's settings", err);
    if (event == NULL)
        return false;
    const char *policy = admin_find_policy(event);
    if (policy == NULL)
        return err_set(err, ERR_RETRY, "the broker did not tell the settings of topic '%s'", topic);
    snprintf(ret_policy, size, "%s", policy);
    return true;
}

static bool admin_compare(rd_kafka_t *rk, const struct kafka_topic_spec *spec, int partitions,
                          struct err *err)
{
    char policy[64];

    if (!admin_policy(rk, spec->name, policy, sizeof(policy), err))
        return false;
    if (partitions == spec->partitions && strcmp(policy, spec->cleanup_policy) == 0)
        return true;
    return err_set(err, ERR_REJECT,
                   "topic '%s' has %d partitions and cleanup.policy '%s', not %d and '%s'",
                   spec->name, partitions, policy, spec->partitions, spec->cleanup_policy);
}

/* After creation it takes a moment until every broker knows the topic. */
static bool admin_wait_partitions(rd_kafka_t *rk, const char *topic, int *ret_partitions,
                                  struct err *err)
{
    enum { TRIES_MAX = 50 };

    for (int i = 0; i < TRIES_MAX; i++) {
        if (kafka_metadata_partitions(rk, topic, ADMIN_ASK_MS, ret_partitions, err))
            return true;
        if (err->code != ERR_REJECT)
            return false;
        kafka_pause_ms(100);
    }
    return err_set(err, ERR_RETRY, "topic '%s' was created but does not show", topic);
}

bool kafka_topic_apply(const char *brokers, const struct kafka_topic_spec *spec, int replication,
                       bool *ret_created, struct err *err)
{
    SCOPED(kafka_client) struct kafka_client *client = NULL;
    int partitions = 0;
    bool created = false;

    client = kafka_metadata_client(brokers, err);
    if (client == NULL)
        return false;
    rd_kafka_t *rk = client->rk;
    if (!kafka_metadata_partitions(rk, spec->name, ADMIN_ASK_MS, &partitions, err)) {
        if (err->code != ERR_REJECT || !admin_create(rk, spec, replication, &created, err) ||
            !admin_wait_partitions(rk, spec->name, &partitions, err))
            return false;
    }
    if (!created && !admin_compare(rk, spec, partitions, err))
        return false;
    *ret_created = created;
    return true;
}

bool kafka_topic_partitions(const char *brokers, const char *topic, int timeout_ms,
                            int *ret_partitions, struct err *err)
{
    SCOPED(kafka_client) struct kafka_client *client = NULL;

    client = kafka_metadata_client(brokers, err);
    return client != NULL &&
           kafka_metadata_partitions(client->rk, topic, timeout_ms, ret_partitions, err);
}

/* ---- identity */

#if RD_KAFKA_VERSION >= 0x020300ff
SCOPE_DEFINE(admin_topics, rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy)

/* What a broker answers that gives its topics no ids. */
static const char admin_no_id[] = "AAAAAAAAAAAAAAAAAAAAAA";

bool kafka_admin_topic_id(rd_kafka_t *rk, const char *topic, char *ret_id, size_t size,
                          struct err *err)
{
    SCOPED(admin_topics) rd_kafka_TopicCollection_t *topics = NULL;
    SCOPED(admin_options) rd_kafka_AdminOptions_t *options = NULL;
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = NULL;
    SCOPED(kafka_event) rd_kafka_event_t *event = NULL;
    size_t count = 0;

    topics = rd_kafka_TopicCollection_of_topic_names(&topic, 1);
    options = admin_options(rk, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
    queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeTopics(rk, topics, options, queue);
    event = admin_answer(rk, queue, "can't ask for the topic's id", err);
    if (event == NULL)
        return false;
    const rd_kafka_TopicDescription_t **found =
        rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
    if (count == 0)
        return err_set(err, ERR_RETRY, "the broker did not describe topic '%s'", topic);
    const rd_kafka_error_t *error = rd_kafka_TopicDescription_error(found[0]);
    if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error_set(err, rk, rd_kafka_error_code(error), topic);
    const char *id = rd_kafka_Uuid_base64str(rd_kafka_TopicDescription_topic_id(found[0]));
    snprintf(ret_id, size, "%s", strcmp(id, admin_no_id) == 0 ? "" : id);
    return true;
}
#else
bool kafka_admin_topic_id(rd_kafka_t *rk, const char *topic, char *ret_id, size_t size,
                          struct err *err)
{
    (void)rk;
    (void)topic;
    (void)size;
    (void)err;
    ret_id[0] = '\0';
    return true;
}
#endif
