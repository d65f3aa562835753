/* lib/kafka against a real broker: kafka_test BROKERS. Every test makes topics of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/kafka/internal.h"

/* What must not happen would take WAIT_MS or longer. */
enum { PARTITIONS = 4, WAIT_MS = 60000, SHOTS = 200 };

static const char *brokers;
static char topic[64];

static bool apply(const char *policy, int partitions, bool *ret_created, struct err *err)
{
    const struct kafka_topic_spec spec = {
        .name = topic, .partitions = partitions, .cleanup_policy = policy, .retention_ms = -1};

    return kafka_topic_apply(brokers, &spec, 0, ret_created, err);
}

static int new_name(void **state)
{
    static int number;

    (void)state;
    snprintf(topic, sizeof(topic), "lib-kafka-test.%d.%" PRId64 ".%d", (int)getpid(),
             clock_now_ms() % 1000000, ++number);
    return 0;
}

static int new_topic(void **state)
{
    struct err err = {0};
    bool created = false;

    new_name(state);
    if (!apply("delete", PARTITIONS, &created, &err))
        print_error("%s\n", err.text);
    return !created;
}

/* ---- producing */

static struct kafka_producer *open_producer(int timeout_ms)
{
    const struct kafka_producer_options options = {
        .brokers = brokers,
        .client_id = "kafka-test",
        .message_timeout_ms = timeout_ms,
        .queue_max = 100000,
    };
    struct err err = {0};
    struct kafka_producer *producer = kafka_producer_new(&options, &err);

    if (producer == NULL)
        fail_msg("%s", err.text);
    return producer;
}

struct reports {
    atomic_int good;
    atomic_int bad;
    struct err last;
    int32_t partition;
};

static void note(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    struct reports *reports = opaque;

    reports->partition = partition;
    if (err == NULL) {
        assert_true(offset >= 0);
        reports->good++;
    } else {
        reports->last = *err;
        reports->bad++;
    }
}

static void produce_at(int32_t partition, int count, int64_t timestamp_ms)
{
    struct kafka_producer *producer = open_producer(WAIT_MS);
    struct reports reports = {0};
    struct err err = {0};
    char body[16];

    for (int i = 0; i < count; i++) {
        const struct kafka_record record = {.topic = topic,
                                            .key = "k",
                                            .body = body,
                                            .body_len = (size_t)sprintf(body, "%d", i),
                                            .timestamp_ms =
                                                timestamp_ms == 0 ? 0 : timestamp_ms + i,
                                            .partition = partition};

        assert_true(kafka_produce(producer, &record, note, &reports, &err));
    }
    assert_true(kafka_producer_flush(producer, WAIT_MS, &err));
    assert_int_equal(reports.good, count);
    kafka_producer_close(producer, 0);
}

static void produce_many(int32_t partition, int count)
{
    produce_at(partition, count, 0);
}

static void a_missing_topic_is_reported_in_time(void **state)
{
    struct kafka_producer *producer = open_producer(1000);
    const struct kafka_record record = {
        .topic = topic, .key = "k", .body = "x", .body_len = 1, .partition = -1};
    struct reports reports = {0};
    struct err err = {0};

    (void)state;
    assert_true(kafka_produce(producer, &record, note, &reports, &err));
    assert_true(kafka_producer_flush(producer, WAIT_MS, &err));
    print_message("%s\n", reports.last.text);
    assert_int_equal(reports.bad, 1);
    assert_int_equal(reports.last.code, ERR_RETRY);
    kafka_producer_close(producer, 0);
}

/* Hashes of Kafka's own UtilsTest.testMurmur2: the Java client and every tool agree with us. */
static void a_key_goes_where_java_puts_it(void **state)
{
    static const struct {
        const char *key;
        int32_t murmur2;
    } cases[] = {
        {"21",                         -973932308 },
        {"foobar",                     -790332482 },
        {"a-little-bit-long-string",   -985981536 },
        {"a-little-bit-longer-string", -1486304829},
    };
    struct kafka_producer *producer = open_producer(WAIT_MS);
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct kafka_record record = {
            .topic = topic, .key = cases[i].key, .body = "x", .body_len = 1, .partition = -1};
        struct reports reports = {0};

        assert_true(kafka_produce(producer, &record, note, &reports, &err));
        assert_true(kafka_producer_flush(producer, WAIT_MS, &err));
        assert_int_equal(reports.partition, (cases[i].murmur2 & INT32_MAX) % PARTITIONS);
    }
    kafka_producer_close(producer, 0);
}

/* ---- topics */

static void a_topic_is_applied_once(void **state)
{
    struct err err = {0};
    bool created = false;
    int partitions = 0;

    (void)state;
    assert_false(kafka_topic_partitions(brokers, topic, WAIT_MS, &partitions, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_true(apply("compact", 3, &created, &err));
    assert_true(created);
    assert_true(kafka_topic_partitions(brokers, topic, WAIT_MS, &partitions, &err));
    assert_int_equal(partitions, 3);

    assert_true(apply("compact", 3, &created, &err));
    assert_false(created);
}

static void a_topic_that_differs_is_rejected(void **state)
{
    struct err err = {0};
    bool created = false;

    (void)state;
    assert_true(apply("delete", 2, &created, &err));
    assert_false(apply("compact", 2, &created, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_REJECT);
    assert_non_null(strstr(err.text, "'delete'"));
    assert_non_null(strstr(err.text, "'compact'"));
    assert_false(apply("delete", 6, &created, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_non_null(strstr(err.text, "2 partitions"));
    assert_non_null(strstr(err.text, "not 6"));
}

static void a_topic_that_cannot_be_is_rejected(void **state)
{
    const struct kafka_topic_spec spec = {
        .name = topic, .partitions = 1, .cleanup_policy = "delete", .retention_ms = 1000};
    const struct kafka_topic_spec unnamed = {
        .name = "no spaces!", .partitions = 1, .cleanup_policy = "delete", .retention_ms = 1000};
    struct err err = {0};
    bool created = false;

    (void)state;
    assert_false(kafka_topic_apply(brokers, &spec, 99, &created, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_REJECT);
    assert_false(kafka_topic_apply(brokers, &unnamed, 0, &created, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_REJECT);
}

/* ---- reading */

struct readings {
    int64_t next[PARTITIONS]; /* -1: any */
    int count;
    int stop_after;
};

static bool read_one(void *opaque, const struct kafka_record *record)
{
    struct readings *readings = opaque;
    int64_t *next = &readings->next[record->partition];

    if (*next >= 0)
        assert_int_equal(record->offset, *next);
    *next = record->offset + 1;
    readings->count++;
    return readings->count != readings->stop_after;
}

static int64_t read_all(int64_t from_ms, struct readings *readings)
{
    struct err err = {0};
    int64_t records = -1;

    if (!kafka_read_topic(brokers, topic, from_ms, read_one, readings, &records, &err))
        fail_msg("%s", err.text);
    assert_int_equal(records, readings->count);
    return records;
}

static void an_empty_topic_reads_as_nothing(void **state)
{
    struct readings readings = {0};

    (void)state;
    assert_int_equal(read_all(0, &readings), 0);
    assert_int_equal(read_all(1, &readings), 0);
}

static void a_missing_topic_is_rejected(void **state)
{
    struct readings readings = {0};
    struct err err = {0};

    (void)state;
    assert_false(kafka_read_topic(brokers, topic, 0, read_one, &readings, NULL, &err));
    assert_int_equal(err.code, ERR_REJECT);
}

static void every_partition_is_read_to_its_end(void **state)
{
    struct readings all = {0};
    struct readings some = {.stop_after = 5};

    (void)state;
    produce_many(0, 1000);
    produce_many(2, 1);
    produce_many(3, 20);
    assert_int_equal(read_all(0, &all), 1021);
    assert_int_equal(read_all(0, &some), 5);
}

static void reading_begins_at_a_time(void **state)
{
    int64_t base = clock_now_ms() - 1000000;
    struct readings half = {.next = {50, 90}};
    struct readings young = {.next = {99}};
    struct readings none = {0};

    (void)state;
    produce_at(0, 100, base);
    produce_at(1, 100, base - 40);
    produce_at(3, 10, base - 1000);
    assert_int_equal(read_all(base + 50, &half), 60);
    assert_int_equal(half.next[0], 100);
    assert_int_equal(half.next[1], 100);
    assert_int_equal(read_all(base + 99, &young), 1);
    assert_int_equal(read_all(base + 100, &none), 0);
}

/* The commit marker of a transaction takes the last offset, and no consumer ever sees it. */
static void a_gap_at_the_end_is_no_obstacle(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct readings readings = {0};
    char why[256];

    (void)state;
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why));
    rd_kafka_conf_set(conf, "transactional.id", topic, why, sizeof(why));
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    assert_non_null(rk);
    assert_null(rd_kafka_init_transactions(rk, WAIT_MS));
    assert_null(rd_kafka_begin_transaction(rk));
    for (int i = 0; i < 10; i++)
        assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(1),
                                           RD_KAFKA_V_VALUE("x", 1),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_END),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_null(rd_kafka_commit_transaction(rk, WAIT_MS));
    rd_kafka_destroy(rk);

    /* The broker answers before it has written the marker. */
    int64_t deadline = clock_monotonic_ms() + WAIT_MS;
    int64_t start = clock_monotonic_ms();
    while (read_all(0, &readings) == 0 && start < deadline)
        start = clock_monotonic_ms();
    assert_int_equal(readings.count, 10);
    assert_true(clock_monotonic_ms() - start < 10000); /* the reader's idle limit is 15 s */
}

/* ---- consuming */

struct member {
    int64_t start; /* what `assigned` answers for every partition */
    bool refuses;
    bool overcomes; /* an error, and takes the partitions */
    int assigned;
    int revoked;
    bool has[PARTITIONS];
};

static bool give_offsets(void *opaque, const char *name, const int32_t *partitions, size_t count,
                         int64_t *next_offsets, struct err *err)
{
    struct member *member = opaque;

    assert_string_equal(name, topic);
    member->assigned += (int)count;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || partitions[i] > partitions[i - 1]);
        member->has[partitions[i]] = true;
        next_offsets[i] = member->start;
    }
    if (member->overcomes)
        err_set(err, ERR_RETRY, "the database was away");
    return !member->refuses || err_set(err, ERR_RETRY, "the database is away");
}

static void take_back(void *opaque, const char *name, const int32_t *partitions, size_t count)
{
    struct member *member = opaque;

    assert_string_equal(name, topic);
    member->revoked += (int)count;
    for (size_t i = 0; i < count; i++)
        member->has[partitions[i]] = false;
}

static struct kafka_consumer *open_member(const char *group, const char *instance,
                                          struct member *member)
{
    char run_group[64];
    const struct kafka_consumer_options options = {
        .brokers = brokers,
        .client_id = "kafka-test",
        .group = run_group,
        .topic = topic,
        .instance_id = instance,
        .session_timeout_ms = 6000,
        .assigned = give_offsets,
        .revoked = take_back,
        .opaque = member,
    };
    struct err err = {0};

    snprintf(run_group, sizeof(run_group), "lib-kafka-test.%d.%s", (int)getpid(), group);
    struct kafka_consumer *consumer = kafka_consumer_new(&options, &err);

    if (consumer == NULL)
        fail_msg("%s", err.text);
    return consumer;
}

static struct kafka_consumer *open_consumer(const char *group, struct member *member)
{
    return open_member(group, NULL, member);
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

static void the_caller_says_where_to_begin(void **state)
{
    struct member member = {.start = 3};
    struct err err = {0};

    (void)state;
    for (int32_t i = 0; i < PARTITIONS; i++)
        produce_many(i, 5);
    struct kafka_consumer *consumer = open_consumer("where", &member);

    for (int i = 0; i < 2 * PARTITIONS; i++)
        assert_true(next_record(consumer, &err)->offset >= 3);
    const struct kafka_record *record = NULL;
    assert_true(kafka_consumer_poll(consumer, 300, &record, &err));
    assert_null(record);
    kafka_consumer_close(consumer);
}

static void the_group_keeps_committed_offsets(void **state)
{
    struct member member = {.start = KAFKA_OFFSET_COMMITTED};
    struct kafka_consumer *consumer = open_consumer("keeps", &member);
    struct err err = {0};
    int64_t low = -1;
    int64_t high = -1;
    int64_t offset = 0;

    (void)state;
    produce_many(1, 5);
    assert_true(kafka_consumer_watermarks(consumer, topic, 1, &low, &high, &err));
    assert_int_equal(low, 0);
    assert_int_equal(high, 5);
    assert_true(kafka_consumer_committed(consumer, topic, 1, &offset, &err));
    assert_int_equal(offset, KAFKA_OFFSET_COMMITTED);
    assert_int_equal(next_record(consumer, &err)->offset, 0);
    assert_int_equal(next_record(consumer, &err)->offset, 1);
    assert_true(kafka_consumer_commit(consumer, topic, 1, 2, &err));
    kafka_consumer_close(consumer);

    consumer = open_consumer("keeps", &member);
    assert_int_equal(next_record(consumer, &err)->offset, 2);
    assert_true(kafka_consumer_committed(consumer, topic, 1, &offset, &err));
    assert_int_equal(offset, 2);
    kafka_consumer_close(consumer);
}

static void refusing_the_partitions_ends_the_poll(void **state)
{
    struct member member = {.refuses = true};
    struct kafka_consumer *consumer = open_consumer("refuses", &member);
    struct err err = {0};

    (void)state;
    assert_null(next_record(consumer, &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_string_equal(err.text, "the database is away");
    assert_null(next_record(consumer, &err));
    assert_int_equal(member.assigned, PARTITIONS);
    assert_int_equal(member.revoked, 0);
    kafka_consumer_close(consumer);
}

static void an_error_that_was_overcome_refuses_nothing(void **state)
{
    struct member member = {.overcomes = true, .start = KAFKA_OFFSET_BEGINNING};
    struct kafka_consumer *consumer = open_consumer("overcomes", &member);
    const struct kafka_record *record = NULL;
    struct err err = {0};

    (void)state;
    for (int i = 0; i < WAIT_MS / 100 && member.assigned == 0; i++)
        assert_true(kafka_consumer_poll(consumer, 100, &record, &err));
    assert_int_equal(member.assigned, PARTITIONS);
    assert_true(kafka_consumer_poll(consumer, 100, &record, &err));
    kafka_consumer_close(consumer);
}

static void an_offset_beyond_the_end_is_fatal(void **state)
{
    struct member member = {.start = 100};
    struct kafka_consumer *consumer = open_consumer("beyond", &member);
    struct err err = {0};

    (void)state;
    for (int32_t i = 0; i < PARTITIONS; i++)
        produce_many(i, 5);
    assert_null(next_record(consumer, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
    assert_non_null(strstr(err.text, "offset 100, the broker holds 0 to 4"));
    kafka_consumer_close(consumer);
}

/* As retention does, but now. */
static void delete_records_before(int32_t partition, int64_t offset)
{
    SCOPED(kafka_client) struct kafka_client *client = NULL;
    SCOPED(kafka_queue) rd_kafka_queue_t *queue = NULL;
    SCOPED(kafka_list) rd_kafka_topic_partition_list_t *list = NULL;
    SCOPED(kafka_event) rd_kafka_event_t *event = NULL;
    struct err err = {0};

    client = kafka_metadata_client(brokers, &err);
    queue = rd_kafka_queue_new(client->rk);
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *wish = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(client->rk, &wish, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, WAIT_MS);
    rd_kafka_DeleteRecords_destroy(wish);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void an_offset_that_retention_removed_is_fatal(void **state)
{
    struct member member = {.start = 2};
    struct member beginning = {.start = KAFKA_OFFSET_BEGINNING};
    struct kafka_consumer *consumer = NULL;
    struct readings readings = {.next = {-1, 5, -1, -1}};
    struct err err = {0};

    (void)state;
    for (int32_t i = 0; i < PARTITIONS; i++)
        produce_many(i, 8);
    delete_records_before(1, 5);
    consumer = open_consumer("removed", &member);
    const struct kafka_record *record = NULL;
    while ((record = next_record(consumer, &err)) != NULL)
        assert_int_not_equal(record->partition, 1);
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
    assert_non_null(strstr(err.text, "offset 2, the broker holds 5 to 7"));
    kafka_consumer_close(consumer);

    consumer = open_consumer("removed", &beginning);
    for (int i = 0; i < 8 * (PARTITIONS - 1) + 3; i++)
        assert_non_null(next_record(consumer, &err));
    kafka_consumer_close(consumer);
    assert_int_equal(read_all(0, &readings), 8 * (PARTITIONS - 1) + 3);
}

static void poll_both(struct kafka_consumer *one, struct kafka_consumer *two, int *records)
{
    struct kafka_consumer *const both[] = {one, two};
    const struct kafka_record *record = NULL;
    struct err err = {0};

    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        if (both[i] != NULL && !kafka_consumer_poll(both[i], 20, &record, &err))
            fail_msg("%s", err.text);
        *records += record != NULL;
    }
}

static int partitions_of(const struct member *member)
{
    int count = 0;

    for (int i = 0; i < PARTITIONS; i++)
        count += member->has[i];
    return count;
}

static void two_members_share_and_one_takes_over(void **state)
{
    struct member first = {.start = KAFKA_OFFSET_BEGINNING};
    struct member second = {.start = KAFKA_OFFSET_BEGINNING};
    int64_t deadline = clock_monotonic_ms() + 2 * WAIT_MS;
    int records = 0;

    (void)state;
    struct kafka_consumer *one = open_consumer("shared", &first);
    while (partitions_of(&first) < PARTITIONS && clock_monotonic_ms() < deadline)
        poll_both(one, NULL, &records);
    struct kafka_consumer *two = open_consumer("shared", &second);
    while ((partitions_of(&first) != PARTITIONS / 2 || partitions_of(&second) != PARTITIONS / 2) &&
           clock_monotonic_ms() < deadline)
        poll_both(one, two, &records);
    assert_int_equal(partitions_of(&first), PARTITIONS / 2);
    for (int i = 0; i < PARTITIONS; i++)
        assert_int_not_equal(first.has[i], second.has[i]);

    for (int32_t i = 0; i < PARTITIONS; i++)
        produce_many(i, 10);
    while (records < 10 * PARTITIONS && clock_monotonic_ms() < deadline)
        poll_both(one, two, &records);
    assert_int_equal(records, 10 * PARTITIONS);

    int64_t start = clock_monotonic_ms();
    kafka_consumer_close(one);
    assert_int_equal(partitions_of(&first), 0);
    while (partitions_of(&second) < PARTITIONS && clock_monotonic_ms() < deadline)
        poll_both(NULL, two, &records);
    print_message("taken over in %d ms\n", (int)(clock_monotonic_ms() - start));
    assert_int_equal(partitions_of(&second), PARTITIONS);
    kafka_consumer_close(two);
}

static void a_static_member_comes_back_to_its_partitions(void **state)
{
    struct member first = {.start = KAFKA_OFFSET_BEGINNING};
    struct member again = {.start = KAFKA_OFFSET_BEGINNING};
    struct err err = {0};

    (void)state;
    produce_many(0, 1);
    struct kafka_consumer *consumer = open_member("static", "pod-0", &first);
    assert_non_null(next_record(consumer, &err));
    kafka_consumer_close(consumer);

    int64_t start = clock_monotonic_ms();
    consumer = open_member("static", "pod-0", &again);
    assert_non_null(next_record(consumer, &err));
    print_message("back in %d ms\n", (int)(clock_monotonic_ms() - start));
    kafka_consumer_close(consumer);
}

/* The group remembers the old topic for the instance; nobody may take its records for the new. */
static void a_static_member_with_another_topic_is_fatal(void **state)
{
    struct member first = {.start = KAFKA_OFFSET_BEGINNING};
    struct member again = {.start = KAFKA_OFFSET_BEGINNING};
    struct err err = {0};

    produce_many(0, 1);
    struct kafka_consumer *consumer = open_member("moved", "pod-0", &first);
    assert_non_null(next_record(consumer, &err));
    kafka_consumer_close(consumer);

    assert_int_equal(new_topic(state), 0);
    consumer = open_member("moved", "pod-0", &again);
    assert_null(next_record(consumer, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
    assert_int_equal(again.assigned, 0);
    kafka_consumer_close(consumer);
}

static int compare_numbers(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* The time that a question to the broker takes now, on a machine that may be busy. */
static int64_t question_us(struct kafka_client *client)
{
    int64_t start = clock_monotonic_us();
    int64_t low = -1;
    int64_t high = -1;
    struct err err = {0};

    assert_true(kafka_metadata_watermarks(client->rk, topic, 0, WAIT_MS, &low, &high, &err));
    return clock_monotonic_us() - start;
}

/* Produced to polled, one record at a time, on one machine: nobody waits for more to come. */
static void a_record_is_there_at_once(void **state)
{
    struct member member = {.start = KAFKA_OFFSET_BEGINNING};
    struct kafka_consumer *consumer = open_consumer("quick", &member);
    struct kafka_producer *producer = open_producer(WAIT_MS);
    int64_t micros[SHOTS];
    int64_t questions[SHOTS];
    struct err err = {0};
    SCOPED(kafka_client) struct kafka_client *client = kafka_metadata_client(brokers, &err);

    (void)state;
    for (int i = 0; i < SHOTS; i++) {
        const struct kafka_record record = {
            .topic = topic, .key = "k", .body = "x", .body_len = 1, .partition = 0};
        int64_t start = clock_monotonic_us();

        assert_true(kafka_produce(producer, &record, NULL, NULL, &err));
        assert_int_equal(next_record(consumer, &err)->offset, i);
        micros[i] = clock_monotonic_us() - start;
        questions[i] = question_us(client);
    }
    qsort(micros, SHOTS, sizeof(micros[0]), compare_numbers);
    qsort(questions, SHOTS, sizeof(questions[0]), compare_numbers);
    print_message("produced to polled: median %d us, 99 %% %d us; a question: median %d us\n",
                  (int)micros[SHOTS / 2], (int)micros[SHOTS * 99 / 100],
                  (int)questions[SHOTS / 2]);
    assert_true(micros[SHOTS / 2] < 20000 + 10 * questions[SHOTS / 2]);
    kafka_consumer_close(consumer);
    kafka_producer_close(producer, 1000);
}

#define TEST(name) cmocka_unit_test_setup(name, new_topic)
#define TEST_WITHOUT_TOPIC(name) cmocka_unit_test_setup(name, new_name)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_WITHOUT_TOPIC(a_topic_is_applied_once),
        TEST_WITHOUT_TOPIC(a_topic_that_differs_is_rejected),
        TEST_WITHOUT_TOPIC(a_topic_that_cannot_be_is_rejected),
        TEST_WITHOUT_TOPIC(a_missing_topic_is_reported_in_time),
        TEST(a_key_goes_where_java_puts_it),
        TEST(an_empty_topic_reads_as_nothing),
        TEST_WITHOUT_TOPIC(a_missing_topic_is_rejected),
        TEST(every_partition_is_read_to_its_end),
        TEST(reading_begins_at_a_time),
        TEST(a_gap_at_the_end_is_no_obstacle),
        TEST(the_caller_says_where_to_begin),
        TEST(the_group_keeps_committed_offsets),
        TEST(refusing_the_partitions_ends_the_poll),
        TEST(an_error_that_was_overcome_refuses_nothing),
        TEST(an_offset_beyond_the_end_is_fatal),
        TEST(an_offset_that_retention_removed_is_fatal),
        TEST(two_members_share_and_one_takes_over),
        TEST(a_static_member_comes_back_to_its_partitions),
        TEST(a_static_member_with_another_topic_is_fatal),
        TEST(a_record_is_there_at_once),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s BROKERS\n", argv[0]);
        return 2;
    }
    brokers = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
