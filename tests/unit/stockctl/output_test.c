/* Rows as a table and as JSON lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tools/stockctl/output.h"

static const struct stockctl_column columns[] = {
    {"sku", COLUMN_TEXT, false},
    {"quantity", COLUMN_NUMBER, false},
    {"open", COLUMN_BOOL, false},
    {"event_id", COLUMN_TEXT, true},
    {"placed_ms", COLUMN_TIME, false},
    {0},
};

static const char *const full[] = {"MUG-RED", "-3", "t", "e1", "1795252620123"};
static const char *const sparse[] = {"A", "1200", "f", "", NULL};
static const char *const empty[] = {"", NULL, NULL, NULL, NULL};

static void assert_written(struct stockctl_output *output, bool bold, const char *text)
{
    SCOPED(buf) struct buf out = {0};

    stockctl_output_write(output, bold, &out);
    assert_string_equal(buf_str(&out), text);
    stockctl_output_free(output);
}

static struct stockctl_output *three_rows(bool json, int64_t limit)
{
    struct stockctl_output *output = stockctl_output_new(columns, json, limit);

    stockctl_output_row(output, full);
    stockctl_output_row(output, sparse);
    stockctl_output_row(output, empty);
    assert_int_equal(stockctl_output_rows(output), 3);
    return output;
}

static void table_is_aligned(void **state)
{
    (void)state;
    assert_written(three_rows(false, 10), false,
                   "sku      quantity  open  placed\n"
                   "MUG-RED        -3  yes   2026-11-21T09:17:00.123Z\n"
                   "A            1200  no    -\n"
                   "-               -  -     -\n");
}

static void header_is_bold_when_asked(void **state)
{
    (void)state;
    static const struct stockctl_column one[] = {{"n", COLUMN_NUMBER, false}, {0}};
    static const char *const cells[] = {"12"};
    struct stockctl_output *output = stockctl_output_new(one, false, 10);

    stockctl_output_row(output, cells);
    assert_written(output, true, "\x1b[1m n\x1b[0m\n12\n");
}

static void json_keeps_kinds_and_nulls(void **state)
{
    (void)state;
    assert_written(three_rows(true, 10), true,
                   "{\"sku\":\"MUG-RED\",\"quantity\":-3,\"open\":true,\"event_id\":\"e1\","
                   "\"placed_at\":\"2026-11-21T09:17:00.123Z\",\"placed_ms\":1795252620123}\n"
                   "{\"sku\":\"A\",\"quantity\":1200,\"open\":false,\"event_id\":\"\","
                   "\"placed_at\":null,\"placed_ms\":null}\n"
                   "{\"sku\":\"\",\"quantity\":null,\"open\":null,\"event_id\":null,"
                   "\"placed_at\":null,\"placed_ms\":null}\n");
}

static void last_rows_stay_in_order(void **state)
{
    (void)state;
    static const struct stockctl_column one[] = {{"n", COLUMN_NUMBER, false}, {0}};
    struct stockctl_output *output = stockctl_output_new(one, false, 3);

    for (int i = 1; i <= 40; i++) {
        char number[16];
        const char *const cells[] = {number};

        snprintf(number, sizeof(number), "%d", i);
        stockctl_output_row(output, cells);
    }
    assert_int_equal(stockctl_output_rows(output), 40);
    assert_written(output, false, " n\n38\n39\n40\n");
}

static void no_rows_write_nothing(void **state)
{
    (void)state;
    assert_written(stockctl_output_new(columns, false, 1), true, "");
    assert_written(stockctl_output_new(columns, true, 1), true, "");
}

static void strangers_cannot_steer_the_terminal(void **state)
{
    (void)state;
    SCOPED(buf) struct buf out = {0};

    /* ESC, a lone continuation byte, U+009B (CSI) and DEL; an e-acute is left alone. */
    assert_int_equal(
        stockctl_output_clean("a\x1b[31m\x80\xc2\x9b\x7f\xc3\xa9\n", &out), 11);
    assert_string_equal(buf_str(&out), "a?[31m???\xc3\xa9?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_aligned),
        cmocka_unit_test(header_is_bold_when_asked),
        cmocka_unit_test(json_keeps_kinds_and_nulls),
        cmocka_unit_test(last_rows_stay_in_order),
        cmocka_unit_test(no_rows_write_nothing),
        cmocka_unit_test(strangers_cannot_steer_the_terminal),
    };

    return cmocka_run_group_tests_name("stockctl output", tests, NULL, NULL);
}
