#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/publisher/quota.h"

enum { HOUR_MS = 3600000, PER_DAY = 10, RESERVE = 4 };

static struct publisher_quota *quota;

static int open_quota(void **state)
{
    (void)state;
    quota = publisher_quota_new(PER_DAY, RESERVE);
    return 0;
}

static int close_quota(void **state)
{
    (void)state;
    publisher_quota_free(quota);
    return 0;
}

static void take(const char *key, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        publisher_quota_take(quota, key, now_ms);
}

static bool may(const char *key, enum publisher_urgency urgency, int64_t now_ms)
{
    return publisher_quota_when_ms(quota, key, urgency, now_ms) == now_ms;
}

static void assert_may(const char *key, int64_t now_ms, bool raise, bool lower, bool zero)
{
    assert_int_equal(may(key, PUBLISHER_RAISES, now_ms), raise);
    assert_int_equal(may(key, PUBLISHER_LOWERS, now_ms), lower);
    assert_int_equal(may(key, PUBLISHER_ZEROES, now_ms), zero);
}

static void the_last_writes_are_kept_for_less_and_the_very_last_for_zero(void **state)
{
    (void)state;
    assert_may("a", 5, true, true, true);
    take("a", 5, 5);
    assert_may("a", 5, true, true, true);
    take("a", 1, 5);
    assert_may("a", 5, false, true, true);
    take("a", 2, 5);
    assert_may("a", 5, false, false, true);
    take("a", 1, 5);
    assert_may("a", 5, false, false, true);
    take("a", 1, 5);
    assert_may("a", 5, false, false, false);
}

static void every_key_counts_for_itself(void **state)
{
    (void)state;
    take("a", PER_DAY, 5);
    assert_may("b", 5, true, true, true);
    assert_may("a", 5, false, false, false);
}

static void writes_are_forgotten_after_twenty_five_hours(void **state)
{
    (void)state;
    int64_t start_ms = 100 * (int64_t)HOUR_MS + 17;

    take("a", 6, start_ms);
    take("a", 4, start_ms + 3 * HOUR_MS);
    assert_may("a", start_ms + 24 * HOUR_MS, false, false, false);
    assert_int_equal(publisher_quota_when_ms(quota, "a", PUBLISHER_ZEROES, start_ms + 4 * HOUR_MS),
                     125 * (int64_t)HOUR_MS);
    assert_may("a", 125 * (int64_t)HOUR_MS, true, true, true);
    take("a", 2, 125 * (int64_t)HOUR_MS);
    assert_int_equal(publisher_quota_when_ms(quota, "a", PUBLISHER_RAISES, 126 * (int64_t)HOUR_MS),
                     128 * (int64_t)HOUR_MS);
}

/* Counted by hand: of writes at any times no window of 24 hours holds more than are allowed. */
static void no_day_holds_more_than_allowed(void **state)
{
    (void)state;
    static int64_t written[10000];
    size_t len = 0;
    int64_t step_ms = 0;

    for (int64_t now_ms = 0; now_ms < 100 * (int64_t)HOUR_MS; now_ms += step_ms) {
        if (may("a", PUBLISHER_ZEROES, now_ms)) {
            publisher_quota_take(quota, "a", now_ms);
            written[len++] = now_ms;
        }
        step_ms = 1 + (step_ms * 1103515245 + 12345) % (HOUR_MS / 3);
    }
    assert_in_range(len, 3 * PER_DAY, 5 * PER_DAY);
    for (size_t i = PER_DAY; i < len; i++)
        assert_true(written[i] - written[i - PER_DAY] >= 24 * (int64_t)HOUR_MS);
}

static void a_long_pause_leaves_nothing(void **state)
{
    (void)state;
    take("a", PER_DAY, 5);
    take("a", 1, 5000 * (int64_t)HOUR_MS);
    assert_may("a", 5000 * (int64_t)HOUR_MS, true, true, true);
    take("a", 5, 5000 * (int64_t)HOUR_MS);
    assert_may("a", 5000 * (int64_t)HOUR_MS, false, true, true);
}

int main(void)
{
#define fact(name) cmocka_unit_test_setup_teardown(name, open_quota, close_quota)
    const struct CMUnitTest tests[] = {
        fact(the_last_writes_are_kept_for_less_and_the_very_last_for_zero),
        fact(every_key_counts_for_itself),
        fact(writes_are_forgotten_after_twenty_five_hours),
        fact(no_day_holds_more_than_allowed),
        fact(a_long_pause_leaves_nothing),
    };

    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
