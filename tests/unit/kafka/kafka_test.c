/* lib/kafka against librdkafka's mock cluster: three brokers inside this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/kafka/internal.h"

#include <librdkafka/rdkafka_mock.h>

/* What must not happen would take WAIT_MS or longer; what must is there SOON, on any machine. */
enum { PARTITIONS = 3, WAIT_MS = 60000, SOON_MS = WAIT_MS / 2, API_PRODUCE = 0 };

static rd_kafka_t *mock_handle;
static rd_kafka_mock_cluster_t *mock;
static char topic[64];

static int start_cluster(void **state)
{
    char why[256];

    (void)state;
    mock_handle = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    assert_non_null(mock_handle);
    mock = rd_kafka_mock_cluster_new(mock_handle, 3);
    return mock == NULL;
}

static int stop_cluster(void **state)
{
    (void)state;
    rd_kafka_mock_cluster_destroy(mock);
    rd_kafka_destroy(mock_handle);
    return 0;
}

/* Every test has a topic of its own. */
static int new_topic(void **state)
{
    static int number;

    (void)state;
    snprintf(topic, sizeof(topic), "topic-%d", ++number);
    return rd_kafka_mock_topic_create(mock, topic, PARTITIONS, 3) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static const char *brokers(void)
{
    return rd_kafka_mock_cluster_bootstraps(mock);
}

/* ---- producing */

struct reports {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int good;
    int bad;
    struct err last;
    int32_t partition;
    int64_t offset;
};

#define REPORTS_INIT {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}

static void note(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    struct reports *reports = opaque;

    pthread_mutex_lock(&reports->lock);
    if (err == NULL) {
        reports->good++;
    } else {
        reports->bad++;
        reports->last = *err;
    }
    reports->partition = partition;
    reports->offset = offset;
    pthread_cond_signal(&reports->changed);
    pthread_mutex_unlock(&reports->lock);
}

static void wait_reports(struct reports *reports, int count)
{
    int64_t deadline = clock_monotonic_ms() + WAIT_MS;

    pthread_mutex_lock(&reports->lock);
    while (reports->good + reports->bad < count && clock_monotonic_ms() < deadline) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&reports->changed, &reports->lock, &until);
    }
    pthread_mutex_unlock(&reports->lock);
    assert_int_equal(reports->good + reports->bad, count);
}

static struct kafka_producer *open_producer(const char *to, int timeout_ms, int queue_max)
{
    const struct kafka_producer_options options = {
        .brokers = to,
        .client_id = "kafka-test",
        .linger_ms = 0,
        .message_timeout_ms = timeout_ms,
        .queue_max = queue_max,
    };
    struct err err = {0};
    struct kafka_producer *producer = kafka_producer_new(&options, &err);

    if (producer == NULL)
        fail_msg("%s", err.text);
    return producer;
}

static bool produce(struct kafka_producer *producer, int32_t partition, const char *key,
                    const char *body, struct reports *reports, struct err *err)
{
    const struct kafka_record record = {
        .topic = topic,
        .key = key,
        .body = body,
        .body_len = body == NULL ? 0 : strlen(body),
        .partition = partition,
    };

    return kafka_produce(producer, &record, reports == NULL ? NULL : note, reports, err);
}

static void produce_many(int32_t partition, int count)
{
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};
    char body[16];

    for (int i = 0; i < count; i++) {
        snprintf(body, sizeof(body), "%d", i);
        assert_true(produce(producer, partition, "k", body, &reports, &err));
    }
    assert_true(kafka_producer_flush(producer, WAIT_MS, &err));
    assert_int_equal(reports.good, count);
    kafka_producer_close(producer, 0);
}

static void a_delivered_record_is_reported(void **state)
{
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};

    (void)state;
    assert_true(produce(producer, 1, "key", "one", &reports, &err));
    assert_true(produce(producer, 1, "key", "two", &reports, &err));
    assert_true(kafka_producer_flush(producer, WAIT_MS, &err));

    assert_int_equal(reports.good, 2);
    assert_int_equal(reports.partition, 1);
    assert_int_equal(reports.offset, 1);
    assert_int_equal(kafka_producer_pending(producer), 0);
    assert_false(kafka_producer_is_fatal(producer));
    kafka_producer_close(producer, 1000);
}

static void a_retriable_error_is_retried(void **state)
{
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};

    (void)state;
    rd_kafka_mock_push_request_errors(mock, API_PRODUCE, 3,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    assert_true(produce(producer, 0, "key", "one", &reports, &err));
    wait_reports(&reports, 1);

    assert_int_equal(reports.good, 1);
    kafka_producer_close(producer, 1000);
}

static void a_record_too_large_is_rejected(void **state)
{
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    struct reports reports = REPORTS_INIT;
    char *huge = mem_calloc(1, 2 * 1024 * 1024);
    struct err err = {0};

    (void)state;
    memset(huge, 'x', 2 * 1024 * 1024 - 1);
    assert_false(produce(producer, 0, "key", huge, &reports, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_non_null(strstr(err.text, "MSG_SIZE_TOO_LARGE"));

    rd_kafka_mock_push_request_errors(mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(produce(producer, 0, "key", "small, but not for this broker", &reports, &err));
    wait_reports(&reports, 1);
    assert_int_equal(reports.bad, 1);
    assert_int_equal(reports.last.code, ERR_REJECT);
    assert_non_null(strstr(reports.last.text, "MSG_SIZE_TOO_LARGE"));
    kafka_producer_close(producer, 1000);
    mem_free(huge);
}

static void a_full_queue_is_retry(void **state)
{
    struct kafka_producer *producer = open_producer("127.0.0.1:1", WAIT_MS, 3);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};
    int queued = 0;

    (void)state;
    while (queued < 10 && produce(producer, 0, "key", "body", &reports, &err))
        queued++;
    assert_int_equal(queued, 3);
    assert_int_equal(err.code, ERR_RETRY);
    assert_non_null(strstr(err.text, "QUEUE_FULL"));
    assert_int_equal(kafka_producer_pending(producer), 3);
    assert_false(kafka_producer_flush(producer, 50, &err));
    assert_int_equal(err.code, ERR_RETRY);

    int64_t start = clock_monotonic_ms();
    kafka_producer_close(producer, 100);
    assert_true(clock_monotonic_ms() - start < SOON_MS);
    assert_int_equal(reports.bad, 3);
    assert_non_null(strstr(reports.last.text, "PURGE"));
}

static void a_dead_broker_is_reported_in_time(void **state)
{
    struct kafka_producer *producer = open_producer("127.0.0.1:1", 500, 1000);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};
    int64_t start = clock_monotonic_ms();

    (void)state;
    assert_true(produce(producer, -1, "key", "body", &reports, &err));
    wait_reports(&reports, 1);

    assert_true(clock_monotonic_ms() - start < SOON_MS);
    assert_int_equal(reports.bad, 1);
    assert_int_equal(reports.last.code, ERR_RETRY);
    assert_non_null(strstr(reports.last.text, "_MSG_TIMED_OUT"));
    kafka_producer_close(producer, 100);
}

/* One record after another, until one more is delivered. */
static void produce_until_good(struct kafka_producer *producer, const char *body,
                               struct reports *reports)
{
    int64_t deadline = clock_monotonic_ms() + WAIT_MS;
    int good = reports->good;
    struct err err = {0};

    while (reports->good == good && clock_monotonic_ms() < deadline) {
        assert_true(produce(producer, 0, "key", body, reports, &err));
        wait_reports(reports, reports->good + reports->bad + 1);
    }
    assert_int_equal(reports->good, good + 1);
}

static void brokers_that_go_and_come_lose_nothing(void **state)
{
    struct kafka_producer *producer = open_producer(brokers(), 600, 1000);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};

    (void)state;
    produce_until_good(producer, "before", &reports);

    rd_kafka_mock_broker_set_down(mock, -1);
    int64_t start = clock_monotonic_ms();
    int bad = reports.bad;
    assert_true(produce(producer, 0, "key", "while away", &reports, &err));
    wait_reports(&reports, reports.good + bad + 1);
    print_message("%s after %d ms\n", reports.last.text, (int)(clock_monotonic_ms() - start));
    assert_int_equal(reports.bad, bad + 1);
    assert_int_equal(reports.last.code, ERR_RETRY);

    rd_kafka_mock_broker_set_up(mock, -1);
    produce_until_good(producer, "after", &reports);
    assert_false(kafka_producer_is_fatal(producer));
    kafka_producer_close(producer, 1000);
}

static void a_fatal_producer_says_so(void **state)
{
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    struct reports reports = REPORTS_INIT;
    struct err err = {0};

    (void)state;
    rd_kafka_mock_push_request_errors(mock, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_true(produce(producer, 0, "key", "body", &reports, &err));
    wait_reports(&reports, 1);

    assert_int_equal(reports.bad, 1);
    assert_int_equal(reports.last.code, ERR_FATAL);
    assert_true(kafka_producer_is_fatal(producer));
    assert_false(produce(producer, 0, "key", "body", &reports, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
    assert_non_null(strstr(err.text, "OUT_OF_ORDER_SEQUENCE_NUMBER"));
    kafka_producer_close(producer, 1000);
    rd_kafka_mock_clear_request_errors(mock, API_PRODUCE);
}

static void an_unknown_partition_is_rejected(void **state)
{
    static const struct kafka_header header = {"ce_id", "1"};
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    const struct kafka_record record = {
        .topic = topic, .body = "x", .body_len = 1, .partition = 99,
        .headers = &header, .headers_len = 1};
    struct reports reports = REPORTS_INIT;
    struct err err = {0};

    (void)state;
    assert_true(produce(producer, 0, "key", "so that the topic is known", &reports, &err));
    wait_reports(&reports, 1);
    assert_false(kafka_produce(producer, &record, note, &reports, &err));
    assert_int_equal(err.code, ERR_REJECT);
    kafka_producer_close(producer, 1000);
}

/* ---- consuming */

struct member {
    int64_t start; /* what `assigned` answers for every partition */
    int assigned;
    int revoked;
};

static bool give_offsets(void *opaque, const char *name, const int32_t *partitions, size_t count,
                         int64_t *next_offsets, struct err *err)
{
    struct member *member = opaque;

    (void)err;
    assert_string_equal(name, topic);
    member->assigned += (int)count;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || partitions[i] > partitions[i - 1]);
        next_offsets[i] = member->start;
    }
    return true;
}

static void take_back(void *opaque, const char *name, const int32_t *partitions, size_t count)
{
    struct member *member = opaque;

    (void)partitions;
    assert_string_equal(name, topic);
    member->revoked += (int)count;
}

static struct kafka_consumer *open_consumer(const char *group, struct member *member)
{
    const struct kafka_consumer_options options = {
        .brokers = brokers(),
        .client_id = "kafka-test",
        .group = group,
        .topic = topic,
        .session_timeout_ms = 6000,
        .assigned = give_offsets,
        .revoked = take_back,
        .opaque = member,
    };
    struct err err = {0};
    struct kafka_consumer *consumer = kafka_consumer_new(&options, &err);

    if (consumer == NULL)
        fail_msg("%s", err.text);
    return consumer;
}

/* The next record, or NULL when the poll failed with err. */
static const struct kafka_record *next_record(struct kafka_consumer *consumer, struct err *err)
{
    int64_t deadline = clock_monotonic_ms() + WAIT_MS;
    const struct kafka_record *record = NULL;

    while (record == NULL && clock_monotonic_ms() < deadline) {
        if (!kafka_consumer_poll(consumer, 100, &record, err))
            return NULL;
    }
    if (record == NULL)
        fail_msg("no record came");
    return record;
}

static void a_record_arrives_as_it_was_sent_and_closing_is_bounded(void **state)
{
    static const struct kafka_header headers[] = {{"ce_id", "42"}, {"empty", ""}, {"ce_id", "43"}};
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 1000);
    struct member member = {.start = KAFKA_OFFSET_BEGINNING};
    const struct kafka_record sent = {
        .topic = topic, .key = "cup-1", .body = "a\0b", .body_len = 3, .headers = headers,
        .headers_len = ARRAY_LEN(headers), .timestamp_ms = 1700000000123, .partition = 2};
    struct err err = {0};

    (void)state;
    assert_true(kafka_produce(producer, &sent, NULL, NULL, &err));
    assert_true(produce(producer, 2, "gone", NULL, NULL, &err));
    assert_true(produce(producer, 2, NULL, "", NULL, &err));
    assert_true(kafka_producer_flush(producer, WAIT_MS, &err));
    kafka_producer_close(producer, 1000);

    struct kafka_consumer *consumer = open_consumer("as-sent", &member);
    const struct kafka_record *record = next_record(consumer, &err);
    assert_string_equal(record->topic, topic);
    assert_string_equal(record->key, "cup-1");
    assert_int_equal(record->body_len, 3);
    assert_memory_equal(record->body, "a\0b", 3);
    assert_int_equal(record->timestamp_ms, 1700000000123);
    assert_int_equal(record->partition, 2);
    assert_int_equal(record->offset, 0);
    assert_int_equal(record->headers_len, 3);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        assert_string_equal(record->headers[i].name, headers[i].name);
        assert_string_equal(record->headers[i].value, headers[i].value);
    }

    record = next_record(consumer, &err);
    assert_string_equal(record->key, "gone");
    assert_null(record->body);
    assert_int_equal(record->headers_len, 0);

    record = next_record(consumer, &err);
    assert_null(record->key);
    assert_non_null(record->body);
    assert_int_equal(record->body_len, 0);

    /* Joining a mock group takes 3 s, so the same consumer shows one thing more. */
    rd_kafka_mock_broker_set_down(mock, -1);
    int64_t start = clock_monotonic_ms();
    kafka_consumer_close(consumer);
    assert_true(clock_monotonic_ms() - start < SOON_MS);
    rd_kafka_mock_broker_set_up(mock, -1);
    assert_int_equal(member.assigned, PARTITIONS);
    assert_int_equal(member.revoked, PARTITIONS);
}

/* ---- reading */

struct readings {
    int count;
    int stop_after;
    int64_t next[PARTITIONS];
};

static bool read_one(void *opaque, const struct kafka_record *record)
{
    struct readings *readings = opaque;

    assert_int_equal(record->offset, readings->next[record->partition]);
    readings->next[record->partition]++;
    readings->count++;
    return readings->count != readings->stop_after;
}

static void a_topic_is_read_to_its_end(void **state)
{
    struct readings all = {0};
    struct readings some = {.stop_after = 3};
    struct err err = {0};
    int64_t records = -1;

    (void)state;
    assert_true(kafka_read_topic(brokers(), topic, 0, read_one, &all, &records, &err));
    assert_int_equal(records, 0);

    produce_many(0, 20);
    produce_many(2, 7);
    assert_true(kafka_read_topic(brokers(), topic, 0, read_one, &all, &records, &err));
    assert_int_equal(records, 27);
    assert_int_equal(all.count, 27);

    assert_true(kafka_read_topic(brokers(), topic, 0, read_one, &some, &records, &err));
    assert_int_equal(records, 3);
}

/* Partitions take turns by offset, and what is not asked for yet waits. */
static void a_stream_gives_each_partition_at_its_own_pace(void **state)
{
    SCOPED(kafka_stream) struct kafka_stream *stream = NULL;
    const struct kafka_record *record = NULL;
    struct err err = {0};
    int64_t low = -1;
    int64_t high = -1;

    (void)state;
    produce_many(0, 20);
    produce_many(2, 7);
    stream = kafka_stream_open(brokers(), topic, &err);
    assert_non_null(stream);
    assert_int_equal(kafka_stream_partitions(stream), PARTITIONS);
    kafka_stream_bounds(stream, 2, &low, &high);
    assert_int_equal(low, 0);
    assert_int_equal(high, 7);
    for (int64_t offset = 0; offset < 7; offset++) {
        assert_true(kafka_stream_next(stream, 0, offset + 1, &record, &err));
        assert_int_equal(record->offset, offset);
        assert_true(kafka_stream_next(stream, 0, offset + 1, &record, &err));
        assert_null(record);
        assert_true(kafka_stream_next(stream, 2, 7, &record, &err));
        assert_int_equal(record->partition, 2);
        assert_int_equal(record->offset, offset);
    }
    assert_true(kafka_stream_next(stream, 0, 20, &record, &err));
    assert_int_equal(record->offset, 7);
    assert_true(kafka_stream_next(stream, 2, 100, &record, &err));
    assert_null(record);
    assert_true(kafka_stream_next(stream, 1, 100, &record, &err));
    assert_null(record);
}

/* ---- asking */

static void partitions_are_counted(void **state)
{
    struct err err = {0};
    int partitions = 0;

    (void)state;
    assert_true(kafka_topic_partitions(brokers(), topic, WAIT_MS, &partitions, &err));
    assert_int_equal(partitions, PARTITIONS);
}

static void no_broker_is_retry(void **state)
{
    struct err err = {0};
    int partitions = 0;
    int64_t start = clock_monotonic_ms();

    (void)state;
    assert_false(kafka_topic_partitions("127.0.0.1:1", topic, 500, &partitions, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_RETRY);
    assert_true(clock_monotonic_ms() - start < SOON_MS);
}

static void wrong_options_are_fatal(void **state)
{
    const struct kafka_producer_options options = {
        .brokers = "", .linger_ms = 1, .message_timeout_ms = 1000, .queue_max = 1000};
    const struct kafka_producer_options negative = {
        .brokers = "x", .linger_ms = 1, .message_timeout_ms = 1000, .queue_max = -5};
    struct err err = {0};

    (void)state;
    assert_null(kafka_producer_new(&options, &err));
    assert_int_equal(err.code, ERR_FATAL);
    assert_null(kafka_producer_new(&negative, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
}

static void errors_tell_the_next_move(void **state)
{
    (void)state;
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR__TRANSPORT), ERR_RETRY);
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), ERR_RETRY);
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS), ERR_RETRY);
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), ERR_RETRY);
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), ERR_REJECT);
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR__FATAL), ERR_FATAL);
    assert_int_equal(kafka_error_class(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), ERR_FATAL);
}

static void properties_are_taken_and_ours_win(void **state)
{
    SCOPED(kafka_conf) rd_kafka_conf_t *conf = NULL;
    struct err err = {0};
    char value[64];
    size_t size = sizeof(value);

    (void)state;
    assert_true(kafka_properties_set("# TLS\n\nssl.key.password = a=b \r\nclient.id=mine", &err));
    conf = kafka_config_new("localhost:1", "ours", NULL, 0, &err);
    assert_non_null(conf);
    assert_int_equal(rd_kafka_conf_get(conf, "ssl.key.password", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "a=b");
    size = sizeof(value);
    assert_int_equal(rd_kafka_conf_get(conf, "client.id", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "ours");
    assert_true(kafka_properties_set("", &err));
}

static void a_wrong_property_is_named_without_its_value(void **state)
{
    static const char *const wrong[] = {"a\nb", "linger.ms=1\nsasl.pasword=secret", "acks=secret"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err = {0};

        assert_false(kafka_properties_set(wrong[i], &err));
        assert_int_equal(err.code, ERR_FATAL);
        assert_non_null(strstr(err.text, "STOCKBUS_KAFKA_PROPERTIES: line "));
        assert_null(strstr(err.text, "secret"));
    }
}

/* ---- renewing */

static void write_properties(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

struct in_order {
    atomic_int reported;
    atomic_int failed;
    atomic_int overtaken;
    int64_t last; /* offset */
};

static void note_order(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    struct in_order *order = opaque;

    (void)partition;
    if (err != NULL)
        order->failed++;
    else if (offset <= order->last)
        order->overtaken++;
    order->last = offset;
    order->reported++;
}

static void produce_in_order(struct kafka_producer *producer, struct in_order *order, int *sent)
{
    const struct kafka_record record = {
        .topic = topic, .key = "key", .body = "body", .body_len = 4, .partition = 0};
    struct err err = {0};

    assert_true(kafka_produce(producer, &record, note_order, order, &err));
    (*sent)++;
    kafka_pause_ms(1);
}

static void properties_that_change_are_followed_and_nothing_is_lost(void **state)
{
    char path[] = "/tmp/kafka-test-XXXXXX";
    struct in_order order = {.last = -1};
    struct err err = {0};
    int sent = 0;
    int file = mkstemp(path);

    (void)state;
    assert_true(file >= 0);
    close(file);
    write_properties(path, "client.rack=one\n");
    setenv("STOCKBUS_KAFKA_PROPERTIES_FILE", path, 1);
    assert_true(kafka_properties_set("client.rack=one", &err));
    struct kafka_producer *producer = open_producer(brokers(), WAIT_MS, 100000);
    unsigned number = kafka_renewal_number();

    write_properties(path, "client.rack=two\nno.such=thing\n");
    for (int64_t end = clock_monotonic_ms() + 3000; clock_monotonic_ms() < end;)
        produce_in_order(producer, &order, &sent);
    assert_int_equal(kafka_renewal_number(), number);
    write_properties(path, "client.rack=two\n");
    for (int64_t end = clock_monotonic_ms() + WAIT_MS;
         kafka_renewal_number() == number && clock_monotonic_ms() < end;)
        produce_in_order(producer, &order, &sent);
    assert_int_equal(kafka_renewal_number(), number + 1);
    for (int64_t end = clock_monotonic_ms() + 1000; clock_monotonic_ms() < end;)
        produce_in_order(producer, &order, &sent);
    assert_true(kafka_producer_flush(producer, WAIT_MS, &err));
    while (kafka_producer_pending(producer) > 0)
        kafka_pause_ms(10);
    print_message("%d records\n", sent);
    assert_int_equal(order.reported, sent);
    assert_int_equal(order.failed, 0);
    assert_int_equal(order.overtaken, 0);
    assert_int_equal(order.last, sent - 1);
    kafka_producer_close(producer, 1000);
    unsetenv("STOCKBUS_KAFKA_PROPERTIES_FILE");
    unlink(path);
    assert_true(kafka_properties_set("", &err));
}

#define TEST(name) cmocka_unit_test_setup(name, new_topic)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delivered_record_is_reported),
        TEST(a_retriable_error_is_retried),
        TEST(a_record_too_large_is_rejected),
        TEST(a_full_queue_is_retry),
        TEST(a_dead_broker_is_reported_in_time),
        TEST(brokers_that_go_and_come_lose_nothing),
        TEST(a_fatal_producer_says_so),
        TEST(an_unknown_partition_is_rejected),
        TEST(a_record_arrives_as_it_was_sent_and_closing_is_bounded),
        TEST(a_topic_is_read_to_its_end),
        TEST(a_stream_gives_each_partition_at_its_own_pace),
        TEST(partitions_are_counted),
        TEST(no_broker_is_retry),
        TEST(wrong_options_are_fatal),
        TEST(errors_tell_the_next_move),
        TEST(properties_are_taken_and_ours_win),
        TEST(a_wrong_property_is_named_without_its_value),
        TEST(properties_that_change_are_followed_and_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
