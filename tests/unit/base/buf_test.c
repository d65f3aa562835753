#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"

static void an_unused_buffer_is_the_empty_text(void **state)
{
    (void)state;
    struct buf buf = {0};

    assert_string_equal(buf_str(&buf), "");
    buf_release(&buf);
    buf_release(&buf);
    assert_null(buf.bytes);
}

static void appending_keeps_a_nul_behind_and_bytes_exact(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};

    buf_append(&buf, "a\0b", 3);
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.bytes, "a\0b", 4);
    buf_append(&buf, NULL, 0);
    buf_printf(&buf, "%s-%d", "x", 7);
    buf_char(&buf, '!');
    assert_memory_equal(buf.bytes, "a\0bx-7!", 8);
    buf_clear(&buf);
    assert_string_equal(buf_str(&buf), "");
}

static void a_buffer_grows_by_any_amount(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};

    for (int i = 0; i < 100000; i++)
        buf_char(&buf, 'a');
    buf_printf(&buf, "%300000d", 1);
    assert_int_equal(buf.len, 400000);
    assert_int_equal(strlen(buf_str(&buf)), 400000);
}

static void hex_is_lower_case(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};

    buf_hex(&buf, "", 0);
    assert_string_equal(buf_str(&buf), "");
    buf_hex(&buf, "\x00\x7f\x80\xff", 4);
    assert_string_equal(buf_str(&buf), "007f80ff");
}

static void base64_gives_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"",       ""        },
        {"f",      "Zg=="    },
        {"fo",     "Zm8="    },
        {"foo",    "Zm9v"    },
        {"foob",   "Zm9vYg=="},
        {"fooba",  "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCOPED(buf) struct buf buf = {0};

        buf_base64(&buf, rows[i][0], strlen(rows[i][0]));
        assert_string_equal(buf_str(&buf), rows[i][1]);
    }
}

static void base64_uses_the_standard_alphabet(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};

    buf_text(&buf, "=");
    buf_base64(&buf, "\xFB\xFF\xBF\x00\xFF", 5);
    assert_string_equal(buf_str(&buf), "=+/+/AP8=");
}

static void base64_is_read_strictly(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"",         ""      },
        {"Zg==",     "f"     },
        {"Zm8=",     "fo"    },
        {"Zm9v",     "foo"   },
        {"Zm9vYmE=", "fooba" },
        {"Zm9vYmFy", "foobar"},
    };
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm-_", "Zg==Zg=="};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCOPED(buf) struct buf buf = {0};

        assert_true(buf_unbase64(&buf, rows[i][0], strlen(rows[i][0])));
        assert_string_equal(buf_str(&buf), rows[i][1]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        SCOPED(buf) struct buf buf = {0};

        assert_false(buf_unbase64(&buf, bad[i], strlen(bad[i])));
    }
    SCOPED(buf) struct buf bytes = {0};
    assert_true(buf_unbase64(&bytes, "+/+/AP8=", 8));
    assert_int_equal(bytes.len, 5);
    assert_memory_equal(bytes.bytes, "\xFB\xFF\xBF\x00\xFF", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unused_buffer_is_the_empty_text),
        cmocka_unit_test(appending_keeps_a_nul_behind_and_bytes_exact),
        cmocka_unit_test(a_buffer_grows_by_any_amount),
        cmocka_unit_test(hex_is_lower_case),
        cmocka_unit_test(base64_gives_the_vectors_of_rfc_4648),
        cmocka_unit_test(base64_uses_the_standard_alphabet),
        cmocka_unit_test(base64_is_read_strictly),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
