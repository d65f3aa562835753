/* CSV by RFC 4180, and where it is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/csv/csv.h"

/* Cells as "text@line:column|", rows by "/"; then the error. */
static void picture(const char *text, size_t len, char delimiter, bool is_plain, struct buf *out)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct csv_row *row = arena_alloc(arena, sizeof(*row));
    struct err err = {0};
    struct csv csv;

    csv_begin(&csv, text, len, delimiter, is_plain);
    while (csv_next(&csv, arena, row, &err) && row->len > 0) {
        for (size_t i = 0; i < row->len; i++)
            buf_printf(out, "%s@%zu:%zu|", row->cells[i].text, row->cells[i].line,
                       row->cells[i].column);
        buf_text(out, "/");
    }
    buf_text(out, err.text);
}

static const struct {
    const char *text;
    const char *want;
    char delimiter;
    bool is_plain;
} cases[] = {
    {"", "", ',', false},
    {"\n\r\n", "", ',', false},
    {"a,b\n1,2\n", "a@1:1|b@1:3|/1@2:1|2@2:3|/", ',', false},
    {"a;b\r\n\r\n1;2", "a@1:1|b@1:3|/1@3:1|2@3:3|/", ';', false},
    {"\xef\xbb\xbf""a,b", "a@1:1|b@1:3|/", ',', false},
    {"a,,\n", "a@1:1|@1:3|@1:4|/", ',', false},
    {"\"a,\"\"b\"\"\n\",c\n\"\",d", "a,\"b\"\n@1:1|c@2:3|/@3:1|d@3:4|/", ',', false},
    {"\"a\r\nb\"\r\nc\r", "a\r\nb@1:1|/c@3:1|/", ',', false},
    {"ü,x\n", "ü@1:1|x@1:3|/", ',', false},
    {"a\rb,c\n", "a\rb@1:1|c@1:5|/", ',', false},
    {"5\" tube\tx\n", "5\" tube@1:1|x@1:9|/", '\t', false},
    {"\"5 tube\tx\n", "\"5 tube@1:1|x@1:9|/", '\t', true},
    {"a,b\nc,\"d\n", "a@1:1|b@1:3|/line 2, column 3: a quote is not closed", ',', false},
    {"a,\"b\"c\n", "line 1, column 6: text behind a quote that is closed", ',', false},
};

static void cells_have_their_texts_and_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(buf) struct buf made = {0};

        picture(cases[i].text, strlen(cases[i].text), cases[i].delimiter, cases[i].is_plain, &made);
        assert_string_equal(buf_str(&made), cases[i].want);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    SCOPED(buf) struct buf made = {0};

    (void)state;
    picture("a\0b,c", 5, ',', false, &made);
    assert_string_equal(buf_str(&made), "line 1, column 4: a NUL byte before this place");
}

static void too_many_cells_are_refused(void **state)
{
    SCOPED(buf) struct buf text = {0};
    SCOPED(buf) struct buf made = {0};

    (void)state;
    for (int i = 0; i < CSV_CELLS_MAX; i++)
        buf_char(&text, ',');
    picture(buf_str(&text), text.len, ',', false, &made);
    assert_string_equal(buf_str(&made), "line 1, column 1025: more than 1024 cells");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_their_texts_and_places),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(too_many_cells_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
