#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/kafka/internal.h"

enum {
    PRODUCER_TOPICS_MAX = 64,
    PRODUCER_POLL_MS = 100,
    PRODUCER_PURGE_MS = 1000,
    PRODUCER_RENEW_MS = 1000,        /* so long may callers be kept waiting */
    PRODUCER_RENEW_PAUSE_MS = 10000, /* when that was not enough */
};

struct kafka_producer {
    struct arena *arena;
    struct kafka_producer_options options; /* texts in the arena */
    pthread_rwlock_t lock;                 /* guards client: the reporter replaces it */
    struct kafka_client *client;
    unsigned number;            /* of the renewal that it was made under */
    struct kafka_client *fresh; /* takes over as soon as nothing is pending; the reporter's */
    unsigned fresh_number;
    int64_t renew_due_ms; /* not before */
    pthread_t reporter;
    atomic_bool stopping;
    atomic_int pending; /* rd_kafka_outq_len() counts other events too */
    pthread_mutex_t topics_lock;
    rd_kafka_topic_t *topics[PRODUCER_TOPICS_MAX];
    size_t topics_len;
};

/* Travels with a message to its delivery report. */
struct producer_ticket {
    kafka_delivered *delivered;
    void *opaque;
};

/* The partitioner is Java's, so that every tool puts a key into the same partition. */
static const struct kafka_setting producer_settings[] = {
    {"enable.idempotence", "true"          },
    {"acks",               "all"           },
    {"compression.type",   "lz4"           },
    {"partitioner",        "murmur2_random"},
};

static rd_kafka_conf_t *producer_config(const struct kafka_producer_options *options,
                                        struct err *err)
{
    SCOPED(kafka_conf) rd_kafka_conf_t *conf = NULL;

    conf = kafka_config_new(options->brokers, options->client_id, producer_settings,
                            ARRAY_LEN(producer_settings), err);
    if (conf == NULL || !kafka_config_int(conf, "linger.ms", options->linger_ms, err) ||
        !kafka_config_int(conf, "message.timeout.ms", options->message_timeout_ms, err) ||
        !kafka_config_int(conf, "queue.buffering.max.messages", options->queue_max, err))
        return NULL;
    /* As events, reports come from our own thread only, also while somebody flushes. */
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    return STEAL(conf);
}

static struct kafka_client *producer_client(struct kafka_producer *producer, struct err *err)
{
    rd_kafka_conf_t *conf = producer_config(&producer->options, err);

    return conf == NULL ? NULL : kafka_client_new(RD_KAFKA_PRODUCER, conf, producer, err);
}

/* No error is not yet a yes: only PERSISTED means that the broker said so. */
static void producer_report(struct kafka_producer *producer, const rd_kafka_message_t *message)
{
    struct producer_ticket *ticket = message->_private;
    struct err err = {0};

    producer->pending--;
    if (ticket == NULL)
        return;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_error_set(&err, producer->client->rk, message->err, "not delivered");
    else if (rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_PERSISTED)
        err_set(&err, ERR_RETRY, "not delivered: the broker did not confirm it");
    ticket->delivered(ticket->opaque, err.code == ERR_NONE ? NULL : &err, message->partition,
                      message->offset);
    mem_free(ticket);
}

/* The reporter's thread; it alone replaces the client, so it needs no lock to read it. */
static void producer_poll(struct kafka_producer *producer, int timeout_ms)
{
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_get_main(producer->client->rk);
    SCOPED(kafka_event) rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
    const rd_kafka_message_t *message = NULL;

    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_DR)
        return;
    while ((message = rd_kafka_event_message_next(event)) != NULL)
        producer_report(producer, message);
}

static void producer_drop_topics(struct kafka_producer *producer)
{
    for (size_t i = 0; i < producer->topics_len; i++)
        rd_kafka_topic_destroy(producer->topics[i]);
    producer->topics_len = 0;
}

/* Nothing may overtake: the new client takes over when all that the old one has is reported, and
   who wants to produce waits so long. False: not now, the broker is slow. */
static bool producer_exchange(struct kafka_producer *producer, struct kafka_client *fresh)
{
    int64_t deadline = clock_monotonic_ms() + PRODUCER_RENEW_MS;

    if (pthread_rwlock_trywrlock(&producer->lock) != 0)
        return false;
    while (producer->pending > 0 && clock_monotonic_ms() < deadline)
        producer_poll(producer, PRODUCER_POLL_MS);
    bool is_idle = producer->pending == 0;
    producer->renew_due_ms = deadline - PRODUCER_RENEW_MS + PRODUCER_RENEW_PAUSE_MS;
    if (is_idle) {
        producer_drop_topics(producer);
        kafka_client_free_within(producer->client, 0);
        producer->client = fresh;
    }
    pthread_rwlock_unlock(&producer->lock);
    return is_idle;
}

/* With the properties that are in force now. */
static void producer_renew(struct kafka_producer *producer)
{
    unsigned number = kafka_renewal_number();
    struct err err = {0};

    if (producer->fresh == NULL) {
        producer->fresh = producer_client(producer, &err);
        producer->fresh_number = number;
    }
    if (producer->fresh == NULL) {
        log_error("kafka.client_not_renewed", "why", err.text, "next", "the old one stays");
        producer->number = number;
    } else if (producer_exchange(producer, producer->fresh)) {
        producer->fresh = NULL;
        producer->number = producer->fresh_number;
        log_info("kafka.client_renewed", "client", "producer");
    }
}

static void *producer_reports(void *opaque)
{
    struct kafka_producer *producer = opaque;

    while (!producer->stopping) {
        producer_poll(producer, PRODUCER_POLL_MS);
        if (producer->number != kafka_renewal_number() && !producer->stopping &&
            clock_monotonic_ms() >= producer->renew_due_ms)
            producer_renew(producer);
    }
    return NULL;
}

static bool producer_start(struct kafka_producer *producer, struct err *err)
{
    sigset_t all;
    sigset_t before;

    /* Signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&producer->reporter, NULL, producer_reports, producer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 || err_set(err, ERR_FATAL, "kafka producer: no thread (%d)", failed);
}

static void producer_free(struct kafka_producer *producer)
{
    kafka_client_free(producer->fresh);
    kafka_client_free(producer->client);
    pthread_mutex_destroy(&producer->topics_lock);
    pthread_rwlock_destroy(&producer->lock);
    arena_free(producer->arena);
    mem_free(producer);
}

struct kafka_producer *kafka_producer_new(const struct kafka_producer_options *options,
                                          struct err *err)
{
    struct kafka_producer *producer = mem_calloc(1, sizeof(*producer));

    producer->arena = arena_new();
    producer->options = *options;
    producer->options.brokers = arena_strdup(producer->arena, options->brokers);
    producer->options.client_id = arena_strdup(producer->arena, options->client_id);
    producer->number = kafka_renewal_number();
    pthread_mutex_init(&producer->topics_lock, NULL);
    pthread_rwlock_init(&producer->lock, NULL);
    producer->client = producer_client(producer, err);
    if (producer->client == NULL || !producer_start(producer, err)) {
        producer_free(producer);
        return NULL;
    }
    kafka_renewal_watch(options->brokers);
    return producer;
}

void kafka_producer_close(struct kafka_producer *producer, int flush_ms)
{
    if (producer == NULL)
        return;
    pthread_rwlock_rdlock(&producer->lock);
    rd_kafka_t *rk = producer->client->rk;
    if (rd_kafka_flush(rk, flush_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(rk, PRODUCER_PURGE_MS); /* for the reports */
    }
    producer->stopping = true;
    pthread_rwlock_unlock(&producer->lock);
    pthread_join(producer->reporter, NULL);
    producer_drop_topics(producer);
    producer_free(producer);
}

/* A handle asks for the topic's leaders at once. A mere name waits for a timer: up to a second for
   the first record (librdkafka before 2.10.1). Borrowed from the producer. */
static rd_kafka_topic_t *producer_topic_locked(struct kafka_producer *producer, const char *name,
                                               struct err *err)
{
    for (size_t i = 0; i < producer->topics_len; i++) {
        if (strcmp(rd_kafka_topic_name(producer->topics[i]), name) == 0)
            return producer->topics[i];
    }
    if (producer->topics_len == PRODUCER_TOPICS_MAX) {
        err_set(err, ERR_FATAL, "kafka producer: more than %d topics", PRODUCER_TOPICS_MAX);
        return NULL;
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer->client->rk, name, NULL);
    if (topic == NULL)
        kafka_error_set(err, producer->client->rk, rd_kafka_last_error(), name);
    else
        producer->topics[producer->topics_len++] = topic;
    return topic;
}

static rd_kafka_topic_t *producer_topic(struct kafka_producer *producer, const char *name,
                                        struct err *err)
{
    pthread_mutex_lock(&producer->topics_lock);
    rd_kafka_topic_t *topic = producer_topic_locked(producer, name, err);
    pthread_mutex_unlock(&producer->topics_lock);
    return topic;
}

static rd_kafka_headers_t *producer_headers(const struct kafka_record *record)
{
    if (record->headers_len == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->headers_len);
    for (size_t i = 0; i < record->headers_len; i++)
        rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value, -1);
    return headers;
}

static struct producer_ticket *producer_ticket(kafka_delivered *delivered, void *opaque)
{
    if (delivered == NULL)
        return NULL;
    struct producer_ticket *ticket = mem_calloc(1, sizeof(*ticket));
    *ticket = (struct producer_ticket){.delivered = delivered, .opaque = opaque};
    return ticket;
}

static rd_kafka_resp_err_t producer_queue(struct kafka_producer *producer, rd_kafka_topic_t *topic,
                                          const struct kafka_record *record,
                                          rd_kafka_headers_t *headers,
                                          struct producer_ticket *ticket)
{
    /* It copies; librdkafka's types only do not say so. */
    void *body = (void *)(uintptr_t)record->body;
    void *key = (void *)(uintptr_t)record->key;
    size_t key_len = key == NULL ? 0 : strlen(record->key);

    return rd_kafka_producev(
        producer->client->rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(record->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(body, record->body_len),
        RD_KAFKA_V_KEY(key, key_len), RD_KAFKA_V_TIMESTAMP(record->timestamp_ms),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(ticket), RD_KAFKA_V_END);
}

static bool producer_is_fatal(const struct kafka_producer *producer)
{
    char ignored[1];

    return rd_kafka_fatal_error(producer->client->rk, ignored, sizeof(ignored)) !=
           RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool producer_send(struct kafka_producer *producer, const struct kafka_record *record,
                          kafka_delivered *delivered, void *opaque, struct err *err)
{
    rd_kafka_t *rk = producer->client->rk;
    rd_kafka_topic_t *topic = NULL;

    if (producer_is_fatal(producer))
        return kafka_error_set(err, rk, RD_KAFKA_RESP_ERR__FATAL, "the producer is dead");
    topic = producer_topic(producer, record->topic, err);
    if (topic == NULL)
        return false;
    rd_kafka_headers_t *headers = producer_headers(record);
    struct producer_ticket *ticket = producer_ticket(delivered, opaque);
    producer->pending++; /* before the report can come */
    rd_kafka_resp_err_t code = producer_queue(producer, topic, record, headers, ticket);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    producer->pending--;
    /* It takes headers and ticket only when it succeeds. */
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    mem_free(ticket);
    return kafka_error_set(err, rk, code, "not queued");
}

bool kafka_produce(struct kafka_producer *producer, const struct kafka_record *record,
                   kafka_delivered *delivered, void *opaque, struct err *err)
{
    pthread_rwlock_rdlock(&producer->lock);
    bool ok = producer_send(producer, record, delivered, opaque, err);
    pthread_rwlock_unlock(&producer->lock);
    return ok;
}

bool kafka_producer_flush(struct kafka_producer *producer, int timeout_ms, struct err *err)
{
    pthread_rwlock_rdlock(&producer->lock);
    rd_kafka_resp_err_t code = rd_kafka_flush(producer->client->rk, timeout_ms);
    pthread_rwlock_unlock(&producer->lock);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    return err_set(err, ERR_RETRY, "%d records not reported within %d ms",
                   kafka_producer_pending(producer), timeout_ms);
}

int kafka_producer_pending(struct kafka_producer *producer)
{
    return producer->pending;
}

bool kafka_producer_is_fatal(struct kafka_producer *producer)
{
    pthread_rwlock_rdlock(&producer->lock);
    bool is_fatal = producer_is_fatal(producer);
    pthread_rwlock_unlock(&producer->lock);
    return is_fatal;
}
