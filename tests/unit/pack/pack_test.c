/* Packed reports and foreign character sets: what comes out, and that nothing unfolds for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/pack/pack.h"

enum { RAW = -15, GZIP = 31, ROWS = 20000, MAX = 16 * 1024 * 1024 };

/* ---- packing ---- */

static void deflate_into(struct buf *out, const void *bytes, size_t len, int window)
{
    z_stream stream = {0};
    unsigned char chunk[65536];

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)(uintptr_t)bytes;
    stream.avail_in = (uInt)len;
    do {
        stream.next_out = chunk;
        stream.avail_out = sizeof(chunk);
        deflate(&stream, Z_FINISH);
        buf_append(out, chunk, sizeof(chunk) - stream.avail_out);
    } while (stream.avail_out == 0);
    deflateEnd(&stream);
}

static void put(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(out, (char)(value >> (8 * i)));
}

struct member {
    const char *name;
    const char *text;
    int method;
    unsigned flags;
    uint32_t crc_wrong;
};

static void put_entry(struct buf *out, const struct member *member, size_t packed_len)
{
    size_t len = strlen(member->text);
    uint32_t crc = (uint32_t)crc32_z(0, (const unsigned char *)member->text, len);

    put(out, member->flags, 2);
    put(out, (uint32_t)member->method, 2);
    put(out, 0, 4); /* time, date */
    put(out, crc ^ member->crc_wrong, 4);
    put(out, (uint32_t)packed_len, 4);
    put(out, (uint32_t)len, 4);
    put(out, (uint32_t)strlen(member->name), 2);
    put(out, 0, 2); /* extra */
}

static void zip_into(struct buf *out, const struct member *members, size_t count,
                     const char *comment)
{
    SCOPED(buf) struct buf directory = {0};

    for (size_t i = 0; i < count; i++) {
        const struct member *member = &members[i];
        SCOPED(buf) struct buf packed = {0};
        size_t local = out->len;

        if (member->method == 8)
            deflate_into(&packed, member->text, strlen(member->text), RAW);
        else
            buf_text(&packed, member->text);
        put(out, 0x04034b50, 4);
        put(out, 20, 2);
        put_entry(out, member, packed.len);
        buf_text(out, member->name);
        buf_append(out, buf_str(&packed), packed.len);
        put(&directory, 0x02014b50, 4);
        put(&directory, 20, 2);
        put(&directory, 20, 2);
        put_entry(&directory, member, packed.len);
        put(&directory, 0, 2); /* comment */
        put(&directory, 0, 2); /* disk */
        put(&directory, 0, 6); /* attributes */
        put(&directory, (uint32_t)local, 4);
        buf_text(&directory, member->name);
    }
    size_t at = out->len;
    buf_append(out, buf_str(&directory), directory.len);
    put(out, 0x06054b50, 4);
    put(out, 0, 4);
    put(out, (uint32_t)count, 2);
    put(out, (uint32_t)count, 2);
    put(out, (uint32_t)directory.len, 4);
    put(out, (uint32_t)at, 4);
    put(out, (uint32_t)strlen(comment), 2);
    buf_text(out, comment);
}

static void rows_into(struct buf *out)
{
    for (int i = 0; i < ROWS; i++)
        buf_printf(out, "SKU-%d\t%d\n", i, i % 97);
}

/* ---- checks ---- */

typedef bool unpack(struct arena *arena, const void *bytes, size_t len, size_t max,
                    const char **ret_bytes, size_t *ret_len, struct err *err);

static void assert_gives(unpack *how, const struct buf *packed, const struct buf *want)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *bytes = NULL;
    size_t len = 0;
    struct err err = {0};

    if (!how(arena, packed->bytes, packed->len, want->len, &bytes, &len, &err))
        fail_msg("%s", err.text);
    assert_int_equal(len, want->len);
    assert_memory_equal(bytes, want->bytes, len);
    assert_int_equal(bytes[len], '\0');
    assert_false(how(arena, packed->bytes, packed->len, want->len - 1, &bytes, &len, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_non_null(strstr(err.text, "more than"));
}

static void assert_refused(unpack *how, const void *bytes, size_t len, const char *why)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *out = NULL;
    size_t out_len = 0;
    struct err err = {0};

    assert_false(how(arena, bytes, len, MAX, &out, &out_len, &err));
    assert_int_equal(err.code, ERR_REJECT);
    if (strstr(err.text, why) == NULL)
        fail_msg("want '%s', got '%s'", why, err.text);
}

/* No shorter text of it is taken, and no changed byte makes it longer than it was or crash. */
static void assert_survives_damage(unpack *how, struct buf *packed)
{
    for (size_t len = 0; len < packed->len; len++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const char *out = NULL;
        size_t out_len = 0;
        struct err err = {0};

        assert_false(how(arena, packed->bytes, len, MAX, &out, &out_len, &err));
        packed->bytes[len] ^= 0x5a;
        if (how(arena, packed->bytes, packed->len, MAX, &out, &out_len, &err))
            assert_true(out_len <= MAX);
        packed->bytes[len] ^= 0x5a;
    }
}

/* ---- tests ---- */

static void gzip_gives_what_was_packed(void **state)
{
    SCOPED(buf) struct buf rows = {0};
    SCOPED(buf) struct buf packed = {0};

    (void)state;
    rows_into(&rows);
    deflate_into(&packed, rows.bytes, rows.len, GZIP);
    assert_gives(pack_gunzip, &packed, &rows);
    assert_gives(pack_open, &packed, &rows);
    deflate_into(&packed, rows.bytes, rows.len, GZIP); /* a second member */
    rows_into(&rows);
    assert_gives(pack_gunzip, &packed, &rows);
}

static void what_is_no_gzip_is_refused(void **state)
{
    SCOPED(buf) struct buf packed = {0};

    (void)state;
    deflate_into(&packed, "twelve bytes", 12, GZIP);
    assert_survives_damage(pack_gunzip, &packed);
    assert_refused(pack_gunzip, packed.bytes, packed.len - 1, "cut");
    buf_char(&packed, 'x');
    assert_refused(pack_gunzip, packed.bytes, packed.len, "gzip: packed bytes are");
    assert_refused(pack_gunzip, "sku\tqty\n", 8, "broken");
    assert_refused(pack_gunzip, "", 0, "cut");
}

static void a_bomb_costs_no_memory(void **state)
{
    SCOPED(buf) struct buf packed = {0};
    SCOPED(mem) char *zeros = mem_calloc(4 * MAX, 1);

    (void)state;
    deflate_into(&packed, zeros, 4 * (size_t)MAX, GZIP);
    assert_true(packed.len < 100000);
    assert_refused(pack_gunzip, packed.bytes, packed.len, "more than 16777216 bytes");
    assert_refused(pack_open, packed.bytes, packed.len, "more than 16777216 bytes");
}

static void an_archive_gives_its_only_file(void **state)
{
    SCOPED(buf) struct buf rows = {0};

    (void)state;
    rows_into(&rows);
    for (int method = 0; method <= 8; method += 8) {
        const struct member members[] = {
            {"reports/",         "",             0,      0, 0},
            {"reports/rows.tsv", buf_str(&rows), method, 8, 0},
        };
        SCOPED(buf) struct buf bare = {0};
        SCOPED(buf) struct buf full = {0};

        zip_into(&bare, members + 1, 1, "");
        assert_gives(pack_unzip, &bare, &rows);
        zip_into(&full, members, 2, "PK\005\006 made by nobody");
        assert_gives(pack_unzip, &full, &rows);
        assert_gives(pack_open, &full, &rows);
    }
}

static void other_archives_are_refused(void **state)
{
    static const struct {
        struct member members[2];
        size_t count;
        const char *why;
    } cases[] = {
        {{{0}},                                      0, "0 files"  },
        {{{"a", "1", 8, 0, 0}, {"b", "2", 8, 0, 0}}, 2, "2 files"  },
        {{{"a", "1", 8, 1, 0}},                      1, "encrypted"},
        {{{"a", "1", 12, 0, 0}},                     1, "method 12"},
        {{{"a", "1", 8, 0, 1}},                      1, "checksum" },
        {{{"a", "1", 0, 0, 1}},                      1, "checksum" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(buf) struct buf packed = {0};

        zip_into(&packed, cases[i].members, cases[i].count, "");
        assert_refused(pack_unzip, packed.bytes, packed.len, cases[i].why);
    }
    SCOPED(buf) struct buf packed = {0};
    zip_into(&packed, cases[1].members, 1, "");
    assert_survives_damage(pack_unzip, &packed);
    assert_refused(pack_unzip, "PK", 2, "broken or cut");
}

static void what_is_not_packed_is_borrowed(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    static const char text[] = "sku\tqty\n";
    const char *bytes = NULL;
    size_t len = 0;
    struct err err = {0};

    (void)state;
    assert_true(pack_open(arena, text, strlen(text), 1, &bytes, &len, &err));
    assert_ptr_equal(bytes, text);
    assert_int_equal(len, strlen(text));
}

static void text_becomes_utf8(void **state)
{
    static const struct {
        const char *charset;
        const char *bytes;
        size_t len;
        const char *want;
    } cases[] = {
        {"Cp1252",       "T-Shirt \x80 5 \x96 \xfc\x62\x65r", 18, "T-Shirt € 5 – über"},
        {"windows-1252", "\xe9",                              1,  "é"                     },
        {"ISO-8859-1",   "caf\xe9",                           4,  "café"                  },
        {"Shift_JIS",    "\x8f\xa4\x95i\x96\xbc \xb1",        8,  "商品名 ｱ"          },
        {"shift_jis",    "\x87\x40",                          2,  "①"                    },
        {"UTF-16",
         "\xff\xfe"
         "a\0"
         "\xe9\0",                                            6,  "aé"                    },
        {"UTF-8",
         "\xef\xbb\xbf"
         "a\xc3\xa9",                                         6,  "aé"                    },
        {"",             "plain",                             5,  "plain"                  },
        {NULL,           "\xef\xbb\xbf",                      3,  ""                       },
        {"Cp1252",       "",                                  0,  ""                       },
 /* What means nothing costs itself only. */
        {"UTF-8",
         "a\xff"
         "b\xc3",                                             4,
         "a\uFFFD"
         "b\uFFFD"                                                                         },
        {"Cp1252",
         "a\x81"
         "b",                                                 3,
         "a\uFFFD"
         "b"                                                                               },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const char *text = NULL;
        size_t len = 0;
        struct err err = {0};

        if (!pack_to_utf8(arena, cases[i].charset, cases[i].bytes, cases[i].len, 100, &text, &len,
                          &err))
            fail_msg("%s", err.text);
        assert_string_equal(text, cases[i].want);
        assert_int_equal(len, strlen(cases[i].want));
    }
}

static void long_text_and_wrong_names(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf bytes = {0};
    const char *text = NULL;
    size_t len = 0;
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        buf_char(&bytes, (char)0xe9);
    assert_true(pack_to_utf8(arena, "Cp1252", bytes.bytes, bytes.len, 200000, &text, &len, &err));
    assert_int_equal(len, 200000);
    for (size_t i = 0; i < len; i += 2)
        assert_memory_equal(text + i, "é", 2);
    assert_false(pack_to_utf8(arena, "Cp1252", bytes.bytes, bytes.len, 199999, &text, &len, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_false(pack_to_utf8(arena, "Klingon", "a", 1, 10, &text, &len, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_non_null(strstr(err.text, "Klingon"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_gives_what_was_packed),
        cmocka_unit_test(what_is_no_gzip_is_refused),
        cmocka_unit_test(a_bomb_costs_no_memory),
        cmocka_unit_test(an_archive_gives_its_only_file),
        cmocka_unit_test(other_archives_are_refused),
        cmocka_unit_test(what_is_not_packed_is_borrowed),
        cmocka_unit_test(text_becomes_utf8),
        cmocka_unit_test(long_text_and_wrong_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
