#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/kafka/internal.h"

enum {
    CONSUMER_SESSION_TIMEOUT_MS = 10000,
    CONSUMER_ASK_MS = 5000,
    CONSUMER_CLOSE_MS = 3000,
    CONSUMER_CLOSE_POLL_MS = 50,
};

struct kafka_consumer {
    struct arena *arena;
    struct kafka_consumer_options options; /* texts in the arena */
    struct kafka_client *client;
    unsigned number; /* of the renewal that it was made under */
    rd_kafka_topic_t *handle;
    bool has_partitions;
    bool is_member;
    bool is_closing;
    bool is_astray;
    struct err refused; /* why `assigned` did not take the partitions */
    struct kafka_view view;
};

/* The broker answers a long poll as soon as it has one byte, so its length costs no latency, but
   for a partition that joins while one is under way: after a rebalance the first record came 0.5 to
   1 s late with 500 ms. The prefetch stays above a second of consumption, because a full queue
   makes 2.0.2 pause for one. */
static const struct kafka_setting consumer_settings[] = {
    {"enable.auto.commit",            "false" },
    {"enable.auto.offset.store",      "false" },
    {"auto.offset.reset",             "error" }, /* never skip in silence what retention removed */
    {"partition.assignment.strategy", "range" },
    {"fetch.min.bytes",               "1"     },
    {"fetch.wait.max.ms",             "50"    },
    {"fetch.error.backoff.ms",        "100"   },
    {"queued.min.messages",           "100000"},
    {"queued.max.messages.kbytes",    "65536" },
};

static int32_t *consumer_partition_numbers(const rd_kafka_topic_partition_list_t *list)
{
    int32_t *partitions = mem_calloc((size_t)list->cnt, sizeof(*partitions));

    for (int i = 0; i < list->cnt; i++)
        partitions[i] = list->elems[i].partition;
    return partitions;
}

/* ---- partitions come */

/* rd_kafka_assign() with "stored" would end in auto.offset.reset where nothing is stored. */
static bool consumer_resolve_committed(struct kafka_consumer *consumer,
                                       rd_kafka_topic_partition_list_t *list, struct err *err)
{
    SCOPED(kafka_list) rd_kafka_topic_partition_list_t *stored = NULL;
    rd_kafka_t *rk = consumer->client->rk;

    stored = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].offset == KAFKA_OFFSET_COMMITTED)
            rd_kafka_topic_partition_list_add(stored, list->elems[i].topic,
                                              list->elems[i].partition);
    }
    if (stored->cnt == 0)
        return true;
    rd_kafka_resp_err_t code = rd_kafka_committed(rk, stored, CONSUMER_ASK_MS);
    for (int i = 0; i < stored->cnt; i++) {
        rd_kafka_topic_partition_t *one = &stored->elems[i];

        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            code = one->err;
        rd_kafka_topic_partition_list_set_offset(list, one->topic, one->partition,
                                                 one->offset < 0 ? RD_KAFKA_OFFSET_BEGINNING
                                                                 : one->offset);
    }
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           kafka_error_set(err, rk, code, "can't read the group's offsets");
}

static bool consumer_ask_offsets(struct kafka_consumer *consumer,
                                 rd_kafka_topic_partition_list_t *list, struct err *err)
{
    int64_t *offsets = mem_calloc((size_t)list->cnt, sizeof(*offsets));
    int32_t *partitions = NULL;

    rd_kafka_topic_partition_list_sort(list, NULL, NULL);
    partitions = consumer_partition_numbers(list);
    bool ok = consumer->options.assigned(consumer->options.opaque, consumer->options.topic,
                                         partitions, (size_t)list->cnt, offsets, err);
    for (int i = 0; ok && i < list->cnt; i++) {
        if (offsets[i] < 0 && offsets[i] != KAFKA_OFFSET_BEGINNING &&
            offsets[i] != KAFKA_OFFSET_COMMITTED)
            ok = err_set(err, ERR_FATAL, "partition %" PRId32 ": no offset is %" PRId64,
                         partitions[i], offsets[i]);
        list->elems[i].offset = offsets[i];
    }
    mem_free(offsets);
    mem_free(partitions);
    return ok;
}

/* A static member that comes back gets what the group remembers for its id, whatever it subscribes
   to now (KIP-345): after a change of the topic that is the old one, until the session ends. */
static bool consumer_is_ours(const struct kafka_consumer *consumer,
                             const rd_kafka_topic_partition_list_t *list, struct err *err)
{
    for (int i = 0; i < list->cnt; i++) {
        if (strcmp(list->elems[i].topic, consumer->options.topic) != 0)
            return err_set(err, ERR_FATAL,
                           "the group still gives this member topic '%s', not '%s': start it again "
                           "after the session timeout, or use another group",
                           list->elems[i].topic, consumer->options.topic);
    }
    return true;
}

static bool consumer_take(struct kafka_consumer *consumer, rd_kafka_topic_partition_list_t *list,
                          struct err *err)
{
    rd_kafka_t *rk = consumer->client->rk;

    if (!consumer_is_ours(consumer, list, err))
        return false;
    if (list->cnt > 0) {
        if (!consumer_ask_offsets(consumer, list, err))
            return false;
        consumer->has_partitions = true;
        if (!consumer_resolve_committed(consumer, list, err))
            return false;
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(rk, list);
    consumer->is_member = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    return consumer->is_member || kafka_error_set(err, rk, code, "can't take the partitions");
}

/* ---- partitions go */

static void consumer_give_back(struct kafka_consumer *consumer,
                               const rd_kafka_topic_partition_list_t *list)
{
    if (consumer->has_partitions && consumer->options.revoked != NULL) {
        int32_t *partitions = consumer_partition_numbers(list);

        consumer->options.revoked(consumer->options.opaque, consumer->options.topic, partitions,
                                  (size_t)list->cnt);
        mem_free(partitions);
    }
    consumer->has_partitions = false;
    consumer->is_member = false;
    /* Only this lets the group go on, and the next member have them. */
    rd_kafka_assign(consumer->client->rk, NULL);
}

static void consumer_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka_consumer *consumer = ((struct kafka_client *)opaque)->owner;
    struct err why = {0};

    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS || consumer->is_closing) {
        consumer_give_back(consumer, list);
        return;
    }
    /* `assigned` may have met errors and overcome them: only its answer counts. */
    if (consumer_take(consumer, list, &why))
        return;
    consumer->refused = why;
    consumer_give_back(consumer, list);
    rd_kafka_yield(rk); /* the poll in progress returns at once and tells it */
}

/* ---- life */

static rd_kafka_conf_t *consumer_config(const struct kafka_consumer_options *options,
                                        struct err *err)
{
    SCOPED(kafka_conf) rd_kafka_conf_t *conf = NULL;
    int session_ms = options->session_timeout_ms == 0 ? CONSUMER_SESSION_TIMEOUT_MS
                                                      : options->session_timeout_ms;

    conf = kafka_config_new(options->brokers, options->client_id, consumer_settings,
                            ARRAY_LEN(consumer_settings), err);
    if (conf == NULL || !kafka_config_set(conf, "group.id", options->group, err) ||
        !kafka_config_int(conf, "session.timeout.ms", session_ms, err) ||
        !kafka_config_int(conf, "heartbeat.interval.ms", session_ms / 10, err))
        return NULL;
    if (options->instance_id != NULL &&
        !kafka_config_set(conf, "group.instance.id", options->instance_id, err))
        return NULL;
    rd_kafka_conf_set_rebalance_cb(conf, consumer_rebalance);
    return STEAL(conf);
}

/* The handle keeps the topic's leaders known. Without one, partitions that come may wait for a
   timer of 0.5 or 1 s before they are fetched. */
static bool consumer_subscribe(struct kafka_consumer *consumer, struct err *err)
{
    SCOPED(kafka_list) rd_kafka_topic_partition_list_t *list = NULL;
    rd_kafka_t *rk = consumer->client->rk;

    rd_kafka_poll_set_consumer(rk);
    consumer->handle = rd_kafka_topic_new(rk, consumer->options.topic, NULL);
    if (consumer->handle == NULL)
        return kafka_error_set(err, rk, rd_kafka_last_error(), consumer->options.topic);
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, consumer->options.topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(rk, list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_error_set(err, rk, code, "can't subscribe");
}

static struct kafka_client *consumer_client(struct kafka_consumer *consumer, struct err *err)
{
    rd_kafka_conf_t *conf = consumer_config(&consumer->options, err);

    return conf == NULL ? NULL : kafka_client_new(RD_KAFKA_CONSUMER, conf, consumer, err);
}

struct kafka_consumer *kafka_consumer_new(const struct kafka_consumer_options *options,
                                          struct err *err)
{
    SCOPED(kafka_consumer) struct kafka_consumer *consumer = mem_calloc(1, sizeof(*consumer));
    struct arena *arena = arena_new();

    consumer->arena = arena;
    consumer->options = *options;
    consumer->options.brokers = arena_strdup(arena, options->brokers);
    consumer->options.client_id = arena_strdup(arena, options->client_id);
    consumer->options.group = arena_strdup(arena, options->group);
    consumer->options.topic = arena_strdup(arena, options->topic);
    if (options->instance_id != NULL)
        consumer->options.instance_id = arena_strdup(arena, options->instance_id);
    consumer->number = kafka_renewal_number();
    consumer->client = consumer_client(consumer, err);
    if (consumer->client == NULL || !consumer_subscribe(consumer, err))
        return NULL;
    kafka_renewal_watch(options->brokers);
    return STEAL(consumer);
}

/* rd_kafka_consumer_close() may wait for ever, and 2.0.2 has bugs that make it. */
static void consumer_leave(struct kafka_consumer *consumer, int64_t deadline)
{
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = NULL;
    rd_kafka_t *rk = consumer->client->rk;

    consumer->is_closing = true;
    queue = rd_kafka_queue_new(rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, queue);
    while (error == NULL && !rd_kafka_consumer_closed(rk) && clock_monotonic_ms() < deadline) {
        SCOPED(kafka_event)
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CONSUMER_CLOSE_POLL_MS);

        /* A queue of ours gives rebalances as events, not to the callback. */
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            consumer_rebalance(rk, rd_kafka_event_error(event),
                               rd_kafka_event_topic_partition_list(event), consumer->client);
    }
    rd_kafka_error_destroy(error);
}

static void consumer_end(struct kafka_consumer *consumer)
{
    int64_t deadline = clock_monotonic_ms() + CONSUMER_CLOSE_MS;

    consumer_leave(consumer, deadline);
    if (consumer->handle != NULL)
        rd_kafka_topic_destroy(consumer->handle);
    consumer->handle = NULL;
    int64_t left = deadline - clock_monotonic_ms();
    kafka_client_free_within(consumer->client, left < 0 ? 0 : (int)left);
    consumer->client = NULL;
}

void kafka_consumer_close(struct kafka_consumer *consumer)
{
    if (consumer == NULL)
        return;
    kafka_view_release(&consumer->view);
    if (consumer->client != NULL)
        consumer_end(consumer);
    arena_free(consumer->arena);
    mem_free(consumer);
}

/* With the properties that are in force now. The group is left first: its callbacks are those of a
   rebalance like any other. */
static bool consumer_renew(struct kafka_consumer *consumer, struct err *err)
{
    unsigned number = kafka_renewal_number();
    struct kafka_client *fresh = consumer_client(consumer, err);

    consumer->number = number;
    if (fresh == NULL) {
        log_error("kafka.client_not_renewed", "why", err->text, "next", "the old one stays");
        *err = (struct err){0};
        return true;
    }
    consumer_end(consumer);
    consumer->is_closing = false;
    consumer->client = fresh;
    log_info("kafka.client_renewed", "client", "consumer", "topic", consumer->options.topic);
    return consumer_subscribe(consumer, err);
}

/* ---- polling */

static bool consumer_out_of_range(struct kafka_consumer *consumer,
                                  const rd_kafka_message_t *message, struct err *err)
{
    int64_t low = -1;
    int64_t high = -1;
    struct err ignored;

    if (!kafka_consumer_watermarks(consumer, consumer->options.topic, message->partition, &low,
                                   &high, &ignored))
        return err_set(err, ERR_FATAL,
                       "'%s' partition %" PRId32 ": offset %" PRId64 " is not on the broker",
                       consumer->options.topic, message->partition, message->offset);
    return err_set(err, ERR_FATAL,
                   "'%s' partition %" PRId32 ": the next record to read has offset %" PRId64
                   ", the broker holds %" PRId64 " to %" PRId64 ": %s",
                   consumer->options.topic, message->partition, message->offset, low, high - 1,
                   message->offset < low ? "retention removed records that were never read"
                                         : "the topic was made anew, or lost its end");
}

static bool consumer_failed(struct kafka_consumer *consumer, const rd_kafka_message_t *message,
                            struct err *err)
{
    bool is_out_of_range = message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                           message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;

    if (is_out_of_range || message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
        message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        consumer->is_astray = true;
    if (is_out_of_range)
        return consumer_out_of_range(consumer, message, err);
    return kafka_error_set(err, consumer->client->rk, message->err, "can't consume");
}

bool kafka_consumer_poll(struct kafka_consumer *consumer, int timeout_ms,
                         const struct kafka_record **ret_record, struct err *err)
{
    *ret_record = NULL;
    kafka_view_clear(&consumer->view);
    if (consumer->number != kafka_renewal_number() && !consumer_renew(consumer, err))
        return false;
    rd_kafka_t *rk = consumer->client->rk;
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, timeout_ms);
    if (consumer->refused.code != ERR_NONE) {
        if (message != NULL)
            rd_kafka_message_destroy(message);
        rd_kafka_unsubscribe(rk);
        consumer->is_astray = consumer->refused.code != ERR_FATAL;
        *err = consumer->refused;
        return false;
    }
    if (message == NULL)
        return true;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *ret_record = kafka_view_set(&consumer->view, message);
        return true;
    }
    consumer_failed(consumer, message, err);
    rd_kafka_message_destroy(message);
    return false;
}

bool kafka_consumer_is_astray(const struct kafka_consumer *consumer)
{
    return consumer->is_astray;
}

/* ---- offsets */

static rd_kafka_topic_partition_list_t *consumer_one(const char *topic, int32_t partition,
                                                     int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    return list;
}

bool kafka_consumer_commit(struct kafka_consumer *consumer, const char *topic, int32_t partition,
                           int64_t next_offset, struct err *err)
{
    SCOPED(kafka_list) rd_kafka_topic_partition_list_t *list = NULL;
    rd_kafka_t *rk = consumer->client->rk;

    list = consumer_one(topic, partition, next_offset);
    rd_kafka_resp_err_t code = rd_kafka_commit(rk, list, 1);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_error_set(err, rk, code, "can't commit");
}

bool kafka_consumer_committed(struct kafka_consumer *consumer, const char *topic, int32_t partition,
                              int64_t *ret_offset, struct err *err)
{
    SCOPED(kafka_list) rd_kafka_topic_partition_list_t *list = NULL;
    rd_kafka_t *rk = consumer->client->rk;

    list = consumer_one(topic, partition, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t code = rd_kafka_committed(rk, list, CONSUMER_ASK_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = list->elems[0].err;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error_set(err, rk, code, "can't read the group's offset");
    *ret_offset = list->elems[0].offset;
    return true;
}

bool kafka_consumer_watermarks(struct kafka_consumer *consumer, const char *topic,
                               int32_t partition, int64_t *ret_low, int64_t *ret_high,
                               struct err *err)
{
    int64_t low = -1;
    int64_t high = -1;

    if (!kafka_metadata_watermarks(consumer->client->rk, topic, partition, CONSUMER_ASK_MS, &low,
                                   &high, err))
        return false;
    *ret_low = low;
    *ret_high = high;
    return true;
}

bool kafka_consumer_is_member(const struct kafka_consumer *consumer)
{
    return consumer->is_member;
}
