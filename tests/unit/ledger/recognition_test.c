/* Whether a partition's log is still the one whose records were applied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/ledger/recognition.h"

static const struct ledger_partition applied = {
    .next_offset = 100,
    .anchor = {.offset = 90, .hash = "the record at 90"},
    .cluster_id = "cluster",
    .topic_id = "topic",
};
static const struct ledger_sight same = {
    .cluster_id = "cluster",
    .topic_id = "topic",
    .low = 0,
    .high = 120,
    .anchor = {.offset = 90, .hash = "the record at 90"},
};

static void assert_same(const struct ledger_partition *partition, const struct ledger_sight *sight)
{
    assert_null(ledger_recognition_difference(partition, sight));
}

static void assert_new(const struct ledger_partition *partition, const struct ledger_sight *sight)
{
    assert_non_null(ledger_recognition_difference(partition, sight));
}

static void a_log_that_grew_is_the_same(void **state)
{
    struct ledger_sight sight = same;

    (void)state;
    assert_same(&applied, &sight);
    sight.high = 100;
    assert_same(&applied, &sight);
}

static void retention_makes_no_new_log(void **state)
{
    struct ledger_sight sight = same;

    (void)state;
    sight.low = 90;
    assert_same(&applied, &sight);
    sight.low = 91;
    sight.anchor.offset = -1;
    assert_same(&applied, &sight);
    sight.low = sight.high = 100; /* all of it went */
    assert_same(&applied, &sight);
}

static void a_log_that_ends_too_early_is_new(void **state)
{
    struct ledger_sight sight = same;

    (void)state;
    sight.high = 99;
    assert_new(&applied, &sight);
    sight.high = 0;
    sight.anchor.offset = -1;
    assert_new(&applied, &sight);
}

/* A batch was halved: its later half was read, and not applied. */
static void a_log_that_ends_before_what_was_read_is_new(void **state)
{
    struct ledger_partition partition = applied;
    struct ledger_sight sight = same;

    (void)state;
    partition.anchor.offset = sight.anchor.offset = 110;
    assert_same(&partition, &sight);
    sight.high = 110;
    sight.anchor.offset = -1;
    assert_new(&partition, &sight);
}

static void another_record_at_the_anchor_is_another_log(void **state)
{
    struct ledger_sight sight = same;

    (void)state;
    sight.anchor.hash[0] ^= 1;
    assert_new(&applied, &sight);
    sight = same;
    sight.anchor.offset = -1; /* none where there was one */
    assert_new(&applied, &sight);
}

static void another_cluster_or_topic_is_another_log(void **state)
{
    struct ledger_sight sight = same;

    (void)state;
    sight.cluster_id = "other";
    assert_new(&applied, &sight);
    sight = same;
    sight.topic_id = "other";
    assert_new(&applied, &sight);
}

static void ids_that_nobody_tells_say_nothing(void **state)
{
    struct ledger_partition partition = applied;
    struct ledger_sight sight = same;

    (void)state;
    sight.cluster_id = sight.topic_id = "";
    assert_same(&applied, &sight);
    partition.cluster_id[0] = partition.topic_id[0] = '\0';
    assert_same(&partition, &same);
}

static void before_the_first_record_no_log_is_another_one(void **state)
{
    const struct ledger_partition fresh = {.anchor.offset = -1, .cluster_id = "other"};
    struct ledger_sight sight = same;

    (void)state;
    assert_same(&fresh, &sight);
    sight.low = sight.high = 0;
    assert_same(&fresh, &sight);
}

static void a_new_generation_goes_on_from_the_old_head(void **state)
{
    struct ledger_partition partition = applied;
    unsigned char head[STOCK_CHAIN_LEN];

    (void)state;
    partition.generation = 1;
    stock_chain_genesis("events", 3, 1, NULL, partition.head);
    stock_chain_genesis("events", 3, 2, partition.head, head);
    ledger_partition_renew(&partition, "events", 3);
    assert_int_equal(partition.generation, 2);
    assert_int_equal(partition.next_offset, 0);
    assert_int_equal(partition.anchor.offset, -1);
    assert_memory_equal(partition.head, head, sizeof(head));
}

static void an_anchor_tells_time_key_and_body(void **state)
{
    const struct ledger_anchor anchors[] = {
        ledger_partition_anchor(1, 5, "ab", "c", 1),  ledger_partition_anchor(1, 6, "ab", "c", 1),
        ledger_partition_anchor(1, 5, "a", "bc", 2),  ledger_partition_anchor(1, 5, NULL, "c", 1),
        ledger_partition_anchor(1, 5, "ab", NULL, 0), ledger_partition_anchor(1, 5, "ab", "", 0),
        ledger_partition_anchor(1, 5, "", "c", 1),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(anchors); i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(anchors[i].hash, anchors[j].hash, sizeof(anchors[i].hash));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_grew_is_the_same),
        cmocka_unit_test(retention_makes_no_new_log),
        cmocka_unit_test(a_log_that_ends_too_early_is_new),
        cmocka_unit_test(a_log_that_ends_before_what_was_read_is_new),
        cmocka_unit_test(another_record_at_the_anchor_is_another_log),
        cmocka_unit_test(another_cluster_or_topic_is_another_log),
        cmocka_unit_test(ids_that_nobody_tells_say_nothing),
        cmocka_unit_test(before_the_first_record_no_log_is_another_one),
        cmocka_unit_test(a_new_generation_goes_on_from_the_old_head),
        cmocka_unit_test(an_anchor_tells_time_key_and_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
