#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"

static void setting_an_error_returns_false(void **state)
{
    (void)state;
    struct err err = {0};

    assert_false(err_set(&err, ERR_REJECT, "unknown sku '%s'", "A-1"));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, "unknown sku 'A-1'");
}

static void wrapping_keeps_the_code(void **state)
{
    (void)state;
    struct err err = {0};

    err_set(&err, ERR_RETRY, "timeout");
    assert_false(err_wrap(&err, "port %d", 8080));
    assert_int_equal(err.code, ERR_RETRY);
    assert_string_equal(err.text, "port 8080: timeout");
}

static void an_error_may_quote_its_own_old_text(void **state)
{
    (void)state;
    struct err err = {0};

    err_set(&err, ERR_RETRY, "timeout");
    err_set(&err, ERR_FATAL, "gave up after '%s'", err.text);
    assert_string_equal(err.text, "gave up after 'timeout'");
    err_wrap(&err, "again: %s", err.text);
    assert_string_equal(err.text, "again: gave up after 'timeout': gave up after 'timeout'");
}

static void an_overlong_text_is_cut_and_closed(void **state)
{
    (void)state;
    struct err err = {0};

    err_set(&err, ERR_FATAL, "%2000d", 1);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    err_wrap(&err, "%2000d", 1);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void control_characters_never_break_the_line(void **state)
{
    (void)state;
    struct err err = {0};

    err_set(&err, ERR_REJECT, "bad '%s'", "a\r\n\x1b[1mb");
    assert_string_equal(err.text, "bad 'a   [1mb'");
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(err_code_name(ERR_NONE), "none");
    assert_string_equal(err_code_name(ERR_CONFLICT), "conflict");
    assert_string_equal(err_code_name(ERR_RETRY), "retry");
    assert_string_equal(err_code_name(ERR_REJECT), "reject");
    assert_string_equal(err_code_name(ERR_FATAL), "fatal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_returns_false),
        cmocka_unit_test(wrapping_keeps_the_code),
        cmocka_unit_test(an_error_may_quote_its_own_old_text),
        cmocka_unit_test(an_overlong_text_is_cut_and_closed),
        cmocka_unit_test(control_characters_never_break_the_line),
        cmocka_unit_test(every_code_has_a_name),
    };

    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
