#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/retry.h"

static const double almost_one = 0x1.fffffffffffffp-1;

static void the_ceiling_doubles_from_base_to_cap(void **state)
{
    (void)state;
    static const int ceilings[] = {100, 200, 400, 800, 1000, 1000};
    struct retry_policy policy = {.base_ms = 100, .cap_ms = 1000, .tries_max = 6};

    for (int i = 0; i < 6; i++)
        assert_int_equal(retry_pause_ms(&policy, i + 1, almost_one), ceilings[i]);
}

static void a_pause_is_never_nothing(void **state)
{
    (void)state;
    struct retry_policy policy = {.base_ms = 1, .cap_ms = 1, .tries_max = 1};

    assert_int_equal(retry_pause_ms(&policy, 1, 0), 1);
    assert_int_equal(retry_pause_ms(&policy, 1, almost_one), 1);
    assert_int_equal(retry_pause_ms(&policy, 9, 0), 1);
}

static void extreme_policies_do_not_overflow(void **state)
{
    (void)state;
    struct retry_policy policy = {.base_ms = 3, .cap_ms = INT_MAX, .tries_max = INT_MAX};

    assert_int_equal(retry_pause_ms(&policy, INT_MAX, almost_one), INT_MAX);
    policy.base_ms = INT_MAX;
    assert_int_equal(retry_pause_ms(&policy, INT_MAX, almost_one), INT_MAX);
}

static void pauses_spread_over_the_whole_range(void **state)
{
    (void)state;
    struct retry_policy policy = {.base_ms = 100, .cap_ms = 100, .tries_max = 1};

    assert_int_equal(retry_pause_ms(&policy, 1, 0), 1);
    assert_int_equal(retry_pause_ms(&policy, 1, 0.5), 51);
}

static void random_numbers_stay_in_their_range_and_differ(void **state)
{
    (void)state;
    double sum = 0;

    for (int i = 0; i < 10000; i++) {
        double number = retry_random();

        assert_true(number >= 0 && number < 1);
        sum += number;
    }
    /* Mean 5000, standard deviation 29: off by chance once in 10^60 runs. */
    assert_true(sum > 4500 && sum < 5500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ceiling_doubles_from_base_to_cap),
        cmocka_unit_test(a_pause_is_never_nothing),
        cmocka_unit_test(extreme_policies_do_not_overflow),
        cmocka_unit_test(pauses_spread_over_the_whole_range),
        cmocka_unit_test(random_numbers_stay_in_their_range_and_differ),
    };

    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
