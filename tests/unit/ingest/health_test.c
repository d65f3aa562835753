#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/ingest/health.h"

static bool good(struct ingest_health_facts facts)
{
    char why[100] = "";
    bool result = ingest_health_is_good(&facts, why, sizeof(why));

    assert_true(result == (why[0] == '\0'));
    return result;
}

static void a_broker_seen_at_the_start_is_good(void **state)
{
    (void)state;
    assert_true(good((struct ingest_health_facts){.now_ms = 10000, .seen_ms = 1}));
}

static void a_record_without_report_for_two_seconds_is_bad(void **state)
{
    struct ingest_health_facts facts = {.now_ms = 10000, .seen_ms = 9999, .succeeded_ms = 9999};

    (void)state;
    facts.oldest_ms = 8000;
    assert_true(good(facts));
    facts.oldest_ms = 7999;
    assert_false(good(facts));
}

static void a_failed_report_is_bad_until_the_broker_shows_itself(void **state)
{
    struct ingest_health_facts facts = {.now_ms = 60000, .succeeded_ms = 1000, .failed_ms = 2000};

    (void)state;
    assert_false(good(facts)); /* long ago, but nothing good came since */
    facts.seen_ms = 2001;
    assert_true(good(facts));
}

static void within_a_second_of_a_failure_an_answer_is_not_enough(void **state)
{
    struct ingest_health_facts facts = {.now_ms = 2500, .failed_ms = 2000, .seen_ms = 2400};

    (void)state;
    assert_false(good(facts));
    facts.succeeded_ms = 2450;
    assert_true(good(facts));
}

static void a_broker_that_does_not_answer_is_bad(void **state)
{
    struct ingest_health_facts facts = {.now_ms = 9000, .seen_ms = 3000, .unseen_ms = 8000};

    (void)state;
    assert_false(good(facts));
    facts.succeeded_ms = 8500; /* the question was lost, the records were not */
    assert_true(good(facts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_seen_at_the_start_is_good),
        cmocka_unit_test(a_record_without_report_for_two_seconds_is_bad),
        cmocka_unit_test(a_failed_report_is_bad_until_the_broker_shows_itself),
        cmocka_unit_test(within_a_second_of_a_failure_an_answer_is_not_enough),
        cmocka_unit_test(a_broker_that_does_not_answer_is_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
