/* The budget of readings, and how a channel's date is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/scope.h"
#include "services/ingest/pace.h"
#include "services/ingest/poll.h"

static void a_burst_goes_at_once_and_the_rest_at_the_rate(void **state)
{
    struct ingest_pace pace = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(ingest_pace_take(&pace, 2, 4, 1, 1000));
    assert_false(ingest_pace_take(&pace, 2, 4, 1, 1000));
    assert_false(ingest_pace_take(&pace, 2, 4, 1, 1499));
    assert_true(ingest_pace_take(&pace, 2, 4, 1, 1500));
    assert_false(ingest_pace_take(&pace, 2, 4, 1, 1500));
    /* No more than the burst is saved up. */
    for (int i = 0; i < 4; i++)
        assert_true(ingest_pace_take(&pace, 2, 4, 1, 1000000));
    assert_false(ingest_pace_take(&pace, 2, 4, 1, 1000000));
}

static void what_costs_more_than_the_burst_waits_for_all_of_it(void **state)
{
    struct ingest_pace pace = {0};

    (void)state;
    assert_true(ingest_pace_take(&pace, 1, 2, 1, 1000));
    assert_false(ingest_pace_take(&pace, 1, 2, 5, 1999));
    assert_true(ingest_pace_take(&pace, 1, 2, 5, 2000));
    assert_false(ingest_pace_take(&pace, 1, 2, 1, 5999));
    assert_true(ingest_pace_take(&pace, 1, 2, 1, 6000));
}

static void without_a_rate_there_is_no_limit(void **state)
{
    struct ingest_pace pace = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_true(ingest_pace_take(&pace, 0, 0, 1, 1000));
}

static void dates_of_answers_are_read_as_http_writes_them(void **state)
{
    static const char *const bad[] = {"", "2026-11-21T18:00:00Z", "Sat, 21 Nov 2026 18:00:00",
                                      "Sat, 21 Nov 2026 18:00:00 GMT+1"};

    (void)state;
    assert_int_equal(ingest_polls_date_ms("Sun, 06 Nov 1994 08:49:37 GMT"),
                     INT64_C(784111777000));
    assert_int_equal(ingest_polls_date_ms(NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(ingest_polls_date_ms(bad[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_goes_at_once_and_the_rest_at_the_rate),
        cmocka_unit_test(what_costs_more_than_the_burst_waits_for_all_of_it),
        cmocka_unit_test(without_a_rate_there_is_no_limit),
        cmocka_unit_test(dates_of_answers_are_read_as_http_writes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
