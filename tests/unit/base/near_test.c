/* What a misspelled name may have meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/near.h"

static void distances_count_letters(void **state)
{
    (void)state;
    assert_int_equal(near_distance("", ""), 0);
    assert_int_equal(near_distance("kitten", "sitting"), 3);
    assert_int_equal(near_distance("", "abc"), 3);
    assert_int_equal(near_distance("abc", ""), 3);
}

static const struct {
    const char *name;
    const char *hint;
} cases[] = {
    {"delimeter", "; did you mean 'delimiter'?"},
    {"Path",      "; did you mean 'path'?"     },
    {"pth",       "; did you mean 'path'?"     },
    {"host",      ""                           },
    {"",          ""                           },
};

static void only_what_is_near_is_hinted_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct near near = near_to(cases[i].name);
        char text[NEAR_HINT_LEN];

        near_offer(&near, "delimiter");
        near_offer(&near, "path");
        near_offer(&near, "charset");
        assert_string_equal(near_hint(&near, text), cases[i].hint);
    }
}

static void nothing_offered_is_no_hint(void **state)
{
    const struct near near = near_to("path");
    char text[NEAR_HINT_LEN];

    (void)state;
    assert_string_equal(near_hint(&near, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_count_letters),
        cmocka_unit_test(only_what_is_near_is_hinted_at),
        cmocka_unit_test(nothing_offered_is_no_hint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
