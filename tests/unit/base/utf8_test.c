#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/utf8.h"

/* Every code point, encoded here by hand, and every neighbour that must not pass. */
static size_t encode(uint32_t code, unsigned char out[4])
{
    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (unsigned char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (unsigned char)(0xF00 >> len | code);
    return len;
}

static void every_code_point_but_surrogates_is_valid(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x1FFFFF; code++) {
        unsigned char bytes[4];
        size_t len = encode(code, bytes);
        bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);

        assert_int_equal(utf8_char_len(bytes, len), valid ? len : 0);
        assert_int_equal(utf8_char_len(bytes, len - 1), 0);
    }
}

static void overlong_forms_and_stray_bytes_are_not_valid(void **state)
{
    (void)state;
    static const char *const texts[] = {"\x80",
                                        "\xBF",
                                        "\xC0\x80",
                                        "\xC1\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF5\x80\x80\x80",
                                        "\xFE",
                                        "\xFF",
                                        "\xC3(",
                                        "\xE2\x82(",
                                        "ok\xE2\x28\xA1"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(utf8_is_valid(texts[i], strlen(texts[i])));
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0\xC3\xA9", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_but_surrogates_is_valid),
        cmocka_unit_test(overlong_forms_and_stray_bytes_are_not_valid),
    };

    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
