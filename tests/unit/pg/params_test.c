/* What parameters look like on their way to the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pg/internal.h"

static void numbers_and_truth_are_plain_text(void **state)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    (void)state;
    pg_params_int(params, INT64_MIN);
    pg_params_int(params, INT64_MAX);
    pg_params_bool(params, true);
    pg_params_bool(params, false);
    pg_params_text(params, NULL);
    pg_params_text(params, "");

    assert_string_equal(pg_params_value(params, 0), "-9223372036854775808");
    assert_string_equal(pg_params_value(params, 1), "9223372036854775807");
    assert_string_equal(pg_params_value(params, 2), "t");
    assert_string_equal(pg_params_value(params, 3), "f");
    assert_null(pg_params_value(params, 4));
    assert_string_equal(pg_params_value(params, 5), "");
}

static void text_is_copied_at_the_call(void **state)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    char sku[] = "cup-1";

    (void)state;
    pg_params_text(params, sku);
    sku[0] = 'x';

    assert_string_equal(pg_params_value(params, 0), "cup-1");
}

static void text_arrays_carry_each_element_as_it_is(void **state)
{
    static const char *const texts[] = {"{say \"hi\"}", "", NULL, "\xc3\xa9"};
    static const char sent[] = "\0\0\0\1"
                               "\0\0\0\1"
                               "\0\0\0\x19"
                               "\0\0\0\4"
                               "\0\0\0\1"
                               "\0\0\0\x0a"
                               "{say \"hi\"}"
                               "\0\0\0\0"
                               "\xff\xff\xff\xff"
                               "\0\0\0\2"
                               "\xc3\xa9";
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    (void)state;
    pg_params_text_array(params, texts, ARRAY_LEN(texts));
    pg_params_text_array(params, texts, 2);

    assert_true(params->at[0].is_binary);
    assert_int_equal(params->at[0].value.len, sizeof(sent) - 1);
    assert_memory_equal(pg_params_value(params, 0), sent, sizeof(sent) - 1);
    assert_int_equal(pg_params_value(params, 1)[7], 0); /* no NULLs among them */
}

static void arrays_may_be_empty(void **state)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    (void)state;
    pg_params_text_array(params, NULL, 0);
    pg_params_int_array(params, NULL, 0);

    assert_int_equal(params->at[0].value.len, 12);
    assert_memory_equal(pg_params_value(params, 0),
                        "\0\0\0\0"
                        "\0\0\0\0"
                        "\0\0\0\x19",
                        12);
    assert_int_equal(params->at[1].value.len, 12);
    assert_memory_equal(pg_params_value(params, 1),
                        "\0\0\0\0"
                        "\0\0\0\0"
                        "\0\0\0\x14",
                        12);
}

static void integer_arrays_keep_every_digit(void **state)
{
    static const int64_t numbers[] = {0, -1, INT64_MIN, INT64_MAX};
    static const char sent[] = "\0\0\0\1"
                               "\0\0\0\0"
                               "\0\0\0\x14"
                               "\0\0\0\4"
                               "\0\0\0\1"
                               "\0\0\0\x08"
                               "\0\0\0\0\0\0\0\0"
                               "\0\0\0\x08"
                               "\xff\xff\xff\xff\xff\xff\xff\xff"
                               "\0\0\0\x08"
                               "\x80\0\0\0\0\0\0\0"
                               "\0\0\0\x08"
                               "\x7f\xff\xff\xff\xff\xff\xff\xff";
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    (void)state;
    pg_params_int_array(params, numbers, ARRAY_LEN(numbers));

    assert_true(params->at[0].is_binary);
    assert_int_equal(params->at[0].value.len, sizeof(sent) - 1);
    assert_memory_equal(pg_params_value(params, 0), sent, sizeof(sent) - 1);
}

static void bytes_go_as_they_are(void **state)
{
    static const unsigned char bytes[] = {0, 1, '\\', 0xff, 0};
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    (void)state;
    pg_params_bytes(params, bytes, sizeof(bytes));
    pg_params_bytes(params, bytes, 0);
    pg_params_bytes(params, NULL, 0);

    assert_true(params->at[0].is_binary);
    assert_int_equal(params->at[0].value.len, sizeof(bytes));
    assert_memory_equal(pg_params_value(params, 0), bytes, sizeof(bytes));
    assert_string_equal(pg_params_value(params, 1), "");
    assert_null(pg_params_value(params, 2));
}

static void sqlstates_tell_the_next_move(void **state)
{
    (void)state;
    assert_int_equal(pg_sqlstate_code("40001"), ERR_CONFLICT);
    assert_int_equal(pg_sqlstate_code("40P01"), ERR_CONFLICT);
    assert_int_equal(pg_sqlstate_code("40003"), ERR_RETRY);
    assert_int_equal(pg_sqlstate_code("08006"), ERR_RETRY);
    assert_int_equal(pg_sqlstate_code("53300"), ERR_RETRY);
    assert_int_equal(pg_sqlstate_code("57014"), ERR_RETRY);
    assert_int_equal(pg_sqlstate_code("22P02"), ERR_REJECT);
    assert_int_equal(pg_sqlstate_code("23505"), ERR_REJECT);
    assert_int_equal(pg_sqlstate_code("42P01"), ERR_FATAL);
    assert_int_equal(pg_sqlstate_code("28P01"), ERR_FATAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_truth_are_plain_text),
        cmocka_unit_test(text_is_copied_at_the_call),
        cmocka_unit_test(text_arrays_carry_each_element_as_it_is),
        cmocka_unit_test(arrays_may_be_empty),
        cmocka_unit_test(integer_arrays_keep_every_digit),
        cmocka_unit_test(bytes_go_as_they_are),
        cmocka_unit_test(sqlstates_tell_the_next_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
