#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/scope.h"

static void times_with_offsets_fractions_and_no_zone_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z",                     0              },
        {"2026-11-21T09:17:00.123Z",                 1795252620123  },
        {"2026-11-21t09:17:00.123z",                 1795252620123  },
        {"2026-11-21 09:17:00.123+00",               1795252620123  },
        {"2026-11-21T09:17:00,123",                  1795252620123  },
        {"2026-11-21T09:17:00",                      1795252620000  },
        {"2026-11-21T10:17:00+01:00",                1795252620000  },
        {"2026-11-21T10:17:00+0100",                 1795252620000  },
        {"2026-11-21T10:17:00+01",                   1795252620000  },
        {"2026-11-21T14:47:00+05:30",                1795252620000  },
        {"2026-11-20T23:17:00-10:00",                1795252620000  },
        {"2026-11-21T09:17:00.1Z",                   1795252620100  },
        {"2026-11-21T09:17:00.1239999999999999999Z", 1795252620123  },
        {"2024-02-29T00:00:00Z",                     1709164800000  },
        {"2000-02-29T00:00:00Z",                     951782400000   },
        {"2016-12-31T23:59:60Z",                     1483228800000  },
        {"1969-12-31T23:59:59.999Z",                 -1             },
        {"9999-12-31T23:59:59.999Z",                 253402300799999},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = 0;

        if (!clock_parse(rows[i].text, &ms) || ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
    }
}

static void what_is_no_time_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "now",
        "2026-11-21",
        "2026-11-21T09:17",
        "2026-11-21T09:17:0",
        "2026-1-21T09:17:00Z",
        "26-11-21T09:17:00Z",
        "2026-11-21T09:17:00.Z",
        "2026-11-21T09:17:00.",
        "2026-11-21T09:17:00Zx",
        "2026-11-21T09:17:00 Z",
        "2026-11-21T09:17:00+",
        "2026-11-21T09:17:00+1",
        "2026-11-21T09:17:00+01:",
        "2026-11-21T09:17:00+01:0",
        "2026-11-21T09:17:00+24:00",
        "2026-11-21T09:17:00+01:60",
        "2026-11-21T09:17:00+01:00Z",
        "2026-13-21T09:17:00Z",
        "2026-00-21T09:17:00Z",
        "2026-11-31T09:17:00Z",
        "2026-02-29T09:17:00Z",
        "1900-02-29T09:17:00Z",
        "2026-11-00T09:17:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T09:60:00Z",
        "2026-11-21T09:17:61Z",
        "0000-00-00 00:00:00",
        " 2026-11-21T09:17:00Z",
        "-026-11-21T09:17:00Z",
        "1795252620123",
    };
    int64_t ms = 77;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (clock_parse(texts[i], &ms))
            fail_msg("accepted: %s", texts[i]);
    }
    assert_false(clock_parse(NULL, &ms));
    assert_int_equal(ms, 77);
}

static void dates_of_mail_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } dates[] = {
        {"Wed, 05 Dec 2018 20:16:55 +0000", 1544041015000},
        {"05 Dec 2018 20:16:55 +0000",      1544041015000},
        {"Wed, 5 Dec 2018 20:16:55 GMT",    1544041015000},
        {"Wed, 05 Dec 2018 15:16:55 -0500", 1544041015000},
        {"Thu, 29 Feb 2024 00:00:00 UT",    1709164800000},
    };
    static const char *const wrong[] = {
        "",
        "Wed,",
        "Wed, 05 Dec 2018",
        "Wed, 05 Dec 2018 20:16:55",
        "Wed, 05 Dec 2018 20:16:55 ",
        "Wed, 05 Dec 2018 20:16:55 EST",
        "Wed, 05 Foo 2018 20:16:55 +0000",
        "Wed, 31 Nov 2018 20:16:55 +0000",
        "Wed, 05 Dec 18 20:16:55 +0000",
        "Wed, 05 Dec 2018 24:16:55 +0000",
        "2018-12-05T20:16:55Z",
    };
    int64_t ms = 77;

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        if (clock_parse_mail(wrong[i], &ms))
            fail_msg("accepted: %s", wrong[i]);
    }
    assert_false(clock_parse_mail(NULL, &ms));
    assert_int_equal(ms, 77);
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        if (!clock_parse_mail(dates[i].text, &ms))
            fail_msg("refused: %s", dates[i].text);
        assert_int_equal(ms, dates[i].ms);
    }
}

static void format_and_parse_are_inverse(void **state)
{
    (void)state;
    static const int64_t times[] = {0, -1, 1795252620123, 951782400000, 253402300799999};
    char text[CLOCK_TEXT_LEN];

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t ms = 0;

        assert_true(clock_parse(clock_format(times[i], text), &ms));
        assert_int_equal(ms, times[i]);
    }
    assert_string_equal(clock_format(1795252620123, text), "2026-11-21T09:17:00.123Z");
    assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59.999Z");
}

static void times_beyond_the_calendar_are_formatted_as_something(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_LEN];

    assert_string_equal(clock_format(INT64_MAX, text), "292278994-08-17T07:12:55.807Z");
    assert_string_equal(clock_format(INT64_MIN, text), "-292275055-05-16T16:47:04.192Z");
}

static void the_monotonic_clock_never_steps_back(void **state)
{
    (void)state;
    int64_t before = clock_monotonic_us();

    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_us();

        assert_true(now >= before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_with_offsets_fractions_and_no_zone_are_read),
        cmocka_unit_test(what_is_no_time_is_refused_and_changes_nothing),
        cmocka_unit_test(dates_of_mail_are_read),
        cmocka_unit_test(format_and_parse_are_inverse),
        cmocka_unit_test(times_beyond_the_calendar_are_formatted_as_something),
        cmocka_unit_test(the_monotonic_clock_never_steps_back),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
