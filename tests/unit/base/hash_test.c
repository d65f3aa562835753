#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/hash.h"
#include "lib/base/scope.h"

/* From the SipHash paper's appendix and the reference vectors: key 00..0f, message 00, 01, 02... */
static void the_published_vectors_hold(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } rows[] = {
        {0,  0x726fdb47dd0e0e31},
        {1,  0x74f839c593dc67fd},
        {7,  0xab0200f58b01d137},
        {8,  0x93f5f5799a932462},
        {15, 0xa129ca6149be45e5},
        {16, 0x3f2acc7f57c29bdb},
    };
    struct hash_key key = {
        {0x0706050403020100, 0x0f0e0d0c0b0a0908}
    };
    unsigned char message[16];

    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (unsigned char)i;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_true(hash_bytes(key, message, rows[i].len) == rows[i].hash);
}

static void equal_texts_have_equal_hashes(void **state)
{
    (void)state;
    assert_true(hash_text("sku") == hash_text((char[]){'s', 'k', 'u', '\0'}));
    assert_true(hash_text("sku") != hash_text("skv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_hold),
        cmocka_unit_test(equal_texts_have_equal_hashes),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
