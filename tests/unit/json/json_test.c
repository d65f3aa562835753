/* lib/json: what is read, what is refused and where, what is written. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/json/json.h"

/* Of the processor, whoever else uses it: far more than either takes, far less than anything
   quadratic would. */
enum { QUICK_MS = 4000 };

static int64_t processor_ms(void)
{
    return clock() / (CLOCKS_PER_SEC / 1000);
}

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct json *parsed(const char *text)
{
    struct err err = {0};
    const struct json *root = json_parse(arena, text, strlen(text), &err);

    if (root == NULL)
        fail_msg("%s: %s", text, err.text);
    return root;
}

static void assert_refused_bytes(const void *bytes, size_t len, const char *reason)
{
    struct err err = {0};

    assert_null(json_parse(arena, bytes, len, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, reason);
}

static void assert_refused(const char *text, const char *reason)
{
    assert_refused_bytes(text, strlen(text), reason);
}

static void assert_int_is(const char *text, bool expected, int64_t value)
{
    int64_t got = 77;

    assert_int_equal(json_int(parsed(text), INT64_MIN, INT64_MAX, &got), expected);
    assert_int_equal(got, expected ? value : 77);
}

static void every_kind_is_read_in_document_order(void **state)
{
    (void)state;
    const struct json *root = parsed(" { \"s\" : \"x\", \"n\":-1.50e+2,\"t\":true,\"f\":false,"
                                     "\"z\":null,\"a\":[1,[],{}],\"o\":{\"k\":\"v\"}} \r\n");
    bool flag = false;

    assert_int_equal(json_kind(root), JSON_OBJECT);
    assert_int_equal(json_len(root), 7);
    assert_string_equal(json_key_at(root, 1), "n");
    assert_null(json_key_at(root, 7));
    assert_string_equal(json_text(json_at(root, 0)), "x");
    assert_string_equal(json_text(json_get(root, "n")), "-1.50e+2");
    assert_true(json_bool(json_get(root, "t"), &flag) && flag);
    assert_true(json_bool(json_get(root, "f"), &flag) && !flag);
    assert_false(json_bool(json_get(root, "s"), &flag));
    assert_true(json_is_null(json_get(root, "z")));
    assert_int_equal(json_len(json_get(root, "a")), 3);
    assert_int_equal(json_kind(json_at(json_get(root, "a"), 1)), JSON_ARRAY);
    assert_int_equal(json_kind(json_at(json_get(root, "a"), 2)), JSON_OBJECT);
    assert_null(json_at(json_get(root, "a"), 3));
    assert_string_equal(json_text(json_path(root, "o", "k", NULL)), "v");
    assert_null(json_path(root, "o", "k", "deeper", NULL));
    assert_string_equal(json_kind_name(json_kind(json_get(root, "o"))), "object");
}

static void nothing_is_nothing_of_every_kind(void **state)
{
    (void)state;
    int64_t value = 0;
    bool flag = false;

    assert_int_equal(json_kind(NULL), JSON_NULL);
    assert_null(json_get(NULL, "a"));
    assert_null(json_get(parsed("[1]"), "a"));
    assert_null(json_path(NULL, "a", "b", NULL));
    assert_int_equal(json_len(NULL), 0);
    assert_int_equal(json_len(parsed("\"text\"")), 0);
    assert_null(json_at(NULL, 0));
    assert_null(json_key_at(NULL, 0));
    assert_null(json_text(NULL));
    assert_null(json_text(parsed("true")));
    assert_true(json_is_null(NULL));
    assert_false(json_int(NULL, 0, 1, &value));
    assert_false(json_bool(NULL, &flag));
}

static void a_root_may_be_any_value(void **state)
{
    (void)state;
    assert_string_equal(json_text(parsed("12")), "12");
    assert_string_equal(json_text(parsed(" 12 ")), "12");
    assert_string_equal(json_text(parsed("\"\"")), "");
    assert_int_equal(json_kind(parsed("true")), JSON_TRUE);
    assert_int_equal(json_kind(parsed("null")), JSON_NULL);
    assert_int_equal(json_len(parsed("[]")), 0);
    assert_int_equal(json_len(parsed("{}")), 0);
}

static void the_input_may_go_away(void **state)
{
    (void)state;
    char text[] = "{\"id\":[\"a\\u00e9\",\"b\"]}";
    const struct json *root = parsed(text);

    memset(text, 'x', sizeof(text));

    assert_string_equal(json_text(json_at(json_get(root, "id"), 0)), "a\xC3\xA9");
    assert_string_equal(json_text(json_at(json_get(root, "id"), 1)), "b");
}

static void an_id_of_18_digits_is_exact(void **state)
{
    (void)state;
    const struct json *root = parsed("{\"id\":820982911946154508,\"next\":[9007199254740993]}");
    int64_t id = 0;

    assert_string_equal(json_text(json_get(root, "id")), "820982911946154508");
    assert_true(json_int(json_get(root, "id"), 0, INT64_MAX, &id));
    assert_true(id == 820982911946154508);
    assert_string_equal(json_text(json_at(json_get(root, "next"), 0)), "9007199254740993");
}

static void whole_numbers_are_read_from_numbers_and_digits(void **state)
{
    (void)state;
    assert_int_is("0", true, 0);
    assert_int_is("-0", true, 0);
    assert_int_is("-17", true, -17);
    assert_int_is("\"12\"", true, 12);
    assert_int_is("\"-12\"", true, -12);
    assert_int_is("\"007\"", true, 7);
    assert_int_is("9223372036854775807", true, INT64_MAX);
    assert_int_is("-9223372036854775808", true, INT64_MIN);
}

static void what_is_no_whole_number_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1e3",    "1E3",   "1.0",      "1.5",     "\"1e3\"", "\"\"", "\"-\"", "\"+1\"", "\" 1\"",
        "\"1 \"", "\"x\"", "\"0x10\"", "\"--1\"", "true",    "null", "[1]",   "{}",     "\"1.0\""};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_is(texts[i], false, 0);
}

static void whole_numbers_beyond_int64_are_refused(void **state)
{
    (void)state;
    assert_int_is("9223372036854775808", false, 0);
    assert_int_is("-9223372036854775809", false, 0);
    assert_int_is("99999999999999999999999999999999999999999999", false, 0);
    assert_int_is("\"9223372036854775808\"", false, 0);
}

static void whole_numbers_out_of_the_range_asked_for_are_refused(void **state)
{
    (void)state;
    int64_t value = 77;

    assert_false(json_int(parsed("11"), 0, 10, &value));
    assert_false(json_int(parsed("-1"), 0, 10, &value));
    assert_int_equal(value, 77);
    assert_true(json_int(parsed("10"), 0, 10, &value));
    assert_int_equal(value, 10);
}

static void duplicate_key_is_refused_with_its_offset(void **state)
{
    (void)state;
    assert_refused("{\"id\":1,\"other\":2,\"id\":3}", "json: duplicate key 'id' at byte 18");
    assert_refused("[{\"a\":{\"b\":1,\"b\":1}}]", "json: duplicate key 'b' at byte 13");
}

static void duplicate_key_is_seen_through_escapes(void **state)
{
    (void)state;
    assert_refused("{\"id\":1, \"\\u0069d\":3}", "json: duplicate key 'id' at byte 9");
    assert_refused("{\"a\\\"b\":1,\"\\u0061\\\"b\":3}", "json: duplicate key 'a\"b' at byte 10");
    assert_refused("{\"\\\\\":1,\"\\\\\":3}", "json: duplicate key '\\' at byte 8");
    assert_refused("{\"\":1,\"\":3}", "json: duplicate key '' at byte 6");
}

static void the_same_key_in_two_objects_is_fine(void **state)
{
    (void)state;
    const struct json *root = parsed("{\"a\":{\"a\":1},\"b\":[{\"a\":2},{\"a\":3}]}");

    assert_string_equal(json_text(json_path(root, "a", "a", NULL)), "1");
    assert_string_equal(json_text(json_get(json_at(json_get(root, "b"), 1), "a")), "3");
}

static void keys_text(struct buf *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(text, "%s\"key%zu\":%zu", i == 0 ? "{" : ",", i, i);
}

static void duplicate_key_in_a_big_object_is_refused_with_its_offset(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};
    char reason[80];

    keys_text(&text, 40);
    snprintf(reason, sizeof(reason), "json: duplicate key 'key3' at byte %zu", text.len + 1);
    buf_text(&text, ",\"key3\":0}");

    assert_refused(buf_str(&text), reason);
}

static void members_are_found_on_both_sides_of_the_index_limit(void **state)
{
    (void)state;
    for (size_t count = 15; count <= 40; count++) {
        SCOPED(buf) struct buf text = {0};
        char key[32];

        keys_text(&text, count);
        buf_char(&text, '}');
        const struct json *root = parsed(buf_str(&text));

        for (size_t i = 0; i < count; i++) {
            snprintf(key, sizeof(key), "key%zu", i);
            assert_ptr_equal(json_get(root, key), json_at(root, i));
            assert_string_equal(json_key_at(root, i), key);
        }
        assert_null(json_get(root, "key"));
        assert_null(json_get(root, "key99"));
    }
}

static void a_hundred_thousand_distinct_keys_are_read_quickly(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};
    int64_t start_ms = processor_ms();

    keys_text(&text, 100000);
    buf_char(&text, '}');
    const struct json *root = parsed(buf_str(&text));

    assert_int_equal(json_len(root), 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_ptr_equal(json_get(root, json_key_at(root, i)), json_at(root, i));
    assert_in_range(processor_ms() - start_ms, 0, QUICK_MS);
}

static void a_megabyte_of_brackets_is_refused_quickly(void **state)
{
    (void)state;
    SCOPED(mem) char *text = mem_calloc(1 << 20, 1);
    int64_t start_ms = processor_ms();

    memset(text, '[', 1 << 20);
    assert_refused_bytes(text, 1 << 20, "json: nested too deeply at byte 64");
    assert_in_range(processor_ms() - start_ms, 0, QUICK_MS);
}

static void the_deepest_nesting_allowed_is_read(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 3] = {0};

    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_int_equal(json_len(parsed(text)), 1);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_refused(text, "json: nested too deeply at byte 64");
}

static void more_values_than_allowed_are_refused(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};

    buf_text(&text, "[0");
    for (size_t i = 1; i < JSON_NODES_MAX - 1; i++)
        buf_text(&text, ",0");
    size_t len = text.len;
    buf_char(&text, ']');
    assert_int_equal(json_len(parsed(buf_str(&text))), JSON_NODES_MAX - 1);
    text.len = len;
    buf_text(&text, ",0]");
    assert_refused(buf_str(&text), "json: too many values at byte 2000000");
}

/* Offsets count it. */
static void a_byte_order_mark_in_front_does_no_harm(void **state)
{
    struct err err = {0};
    const char *text = "\xEF\xBB\xBF{\"id\":17}";
    const struct json *json = json_parse(arena, text, strlen(text), &err);

    (void)state;
    assert_string_equal(json_text(json_get(json, "id")), "17");
    text = "\xEF\xBB\xBF{\"a\":1,\"a\":2}";
    assert_null(json_parse(arena, text, strlen(text), &err));
    assert_string_equal(err.text, "json: duplicate key 'a' at byte 10");
    assert_null(json_parse(arena, "\xEF\xBB\xBF", 3, &err));
    assert_null(json_parse(arena, "\xEF\xBB", 2, &err));
}

static void broken_text_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          " ",      "{",       "}",         "[",           "]",
        "[1",        "{\"a\"", "{\"a\":", "{\"a\":1",  "{\"a\":1,}",  "[1,]",
        "[,1]",      "[1 2]",  "{1:2}",   "{a:1}",     "{\"a\" 1}",   "'a'",
        "\"a",       "\"a\\",  "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"a\nb\"",
        "\"a\tb\"",  "tru",    "TRUE",    "nul",       "NaN",         "Infinity",
        "-Infinity", "01",     "-",       "+1",        ".5",          "1.",
        "1.e1",      "1e",     "1e+",     "0x10",      "-01",         "1_000",
        "//c\n1",    "/*c*/1", "1/**/",   "[1]]",      "{}}",         "{}\xEF\xBB\xBF",
        "\\u0031",   "[1]\\",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = {0};

        if (json_parse(arena, texts[i], strlen(texts[i]), &err) != NULL)
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(err.code, ERR_REJECT);
        assert_non_null(strstr(err.text, " at byte "));
    }
}

static void every_cut_of_a_document_is_refused(void **state)
{
    (void)state;
    const char text[] = "{\"id\":[12,\"a\\ud83d\\ude00\\\"\",true,null,{\"k\":\"\xC3\xA9\"}]}";

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct err err = {0};

        assert_null(json_parse(arena, text, len, &err));
        assert_int_equal(err.code, ERR_REJECT);
    }
    assert_non_null(parsed(text));
}

static void empty_input_is_refused(void **state)
{
    (void)state;
    assert_refused_bytes(NULL, 0, "json: parse error: premature EOF at byte 0");
    assert_refused("  ", "json: parse error: premature EOF at byte 2");
}

static void a_second_document_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}{}", "{} {}", "{} 1", "1 2",      "{}\"abc",
                                        "{} x", "{},",   "{} t", "[] \"a\"", "\"a\"\"b\""};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = {0};

        if (json_parse(arena, texts[i], strlen(texts[i]), &err) != NULL)
            fail_msg("accepted: %s", texts[i]);
    }
    assert_refused_bytes("{}\0", 3, "json: control character at byte 2");
}

static void an_error_names_the_key_before_it(void **state)
{
    (void)state;
    assert_refused("{\"id\":1,\"sku\":tru}",
                   "json: lexical error: invalid string in json text at byte 17, after key 'sku'");
    assert_refused("{\"sku\":[\"a\xFF\"]}", "json: invalid UTF-8 at byte 10, after key 'sku'");
}

static void an_error_stays_one_line_of_bounded_length(void **state)
{
    (void)state;
    SCOPED(buf) struct buf text = {0};
    struct err err = {0};

    buf_text(&text, "{\"a\\nb");
    for (int i = 0; i < 2000; i++)
        buf_char(&text, 'k');
    buf_text(&text, "\":x}");

    assert_null(json_parse(arena, text.bytes, text.len, &err));
    assert_null(strchr(err.text, '\n'));
    assert_in_range(strlen(err.text), 20, 200);
}

static void an_embedded_nul_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"id\":\"a\\u0000b\"}", "json: embedded NUL at byte 8, after key 'id'");
    assert_refused("{\"a\\u0000\":1}", "json: embedded NUL at byte 3");
    assert_null(json_parse(arena, "\"a\0b\"", 5, &(struct err){0}));
    assert_string_equal(json_text(parsed("\"\\\\u0000\"")), "\\u0000");
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    assert_refused("[\"\\ud800\"]", "json: lone surrogate at byte 2");
    assert_refused("[\"\\uDC00\"]", "json: lone surrogate at byte 2");
    assert_refused("[\"\\ud800x\"]", "json: lone surrogate at byte 2");
    assert_refused("[\"\\ud800\\n\"]", "json: lone surrogate at byte 2");
    assert_refused("[\"\\ud800\\u0041\"]", "json: lone surrogate at byte 2");
    assert_refused("[\"\\ud800\\ud800\"]", "json: lone surrogate at byte 2");
    assert_refused("[\"\\ud83d\\ude00\\ude00\"]", "json: lone surrogate at byte 14");
    assert_string_equal(json_text(parsed("\"\\uD83D\\ude00\"")), "\xF0\x9F\x98\x80");
    assert_string_equal(json_text(parsed("\"\\\\ud800\"")), "\\ud800");
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    assert_refused("[\"\x80\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"\xC0\xAF\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"\xC3\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"\xE0\x80\xAF\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"\xED\xA0\x80\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"\xF4\x90\x80\x80\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"\xF8\x88\x80\x80\x80\"]", "json: invalid UTF-8 at byte 2");
    assert_refused("[\"ok\xE2\x82", "json: invalid UTF-8 at byte 4");
    assert_string_equal(json_text(parsed("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"")),
                        "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

static void blanks_are_the_four_of_json(void **state)
{
    (void)state;
    assert_non_null(parsed(" \t\r\n[ \t\r\n1 \t\r\n] \t\r\n"));
    assert_refused("[\v1]", "json: control character at byte 1");
    assert_refused("\f1", "json: control character at byte 0");
    assert_refused("[\"a\x1f\"]", "json: control character at byte 3");
    assert_refused_bytes("[1\0]", 4, "json: control character at byte 2");
}

static void escapes_are_read(void **state)
{
    (void)state;
    assert_string_equal(json_text(parsed("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\"")),
                        "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC");
}

static void assert_written(const struct buf *buf, const char *expected)
{
    assert_string_equal(buf_str(buf), expected);
    assert_non_null(parsed(expected));
}

static void the_writer_sets_commas_itself(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};
    struct json_out out;

    json_begin(&out, &buf);
    json_object(&out);
    json_put_member(&out, "sku", "A-1");
    json_put_member_int(&out, "delta", INT64_MIN);
    json_key(&out, "list");
    json_array(&out);
    json_put_int(&out, 1);
    json_array(&out);
    json_array_end(&out);
    json_object(&out);
    json_object_end(&out);
    json_put_bool(&out, true);
    json_put_bool(&out, false);
    json_put_null(&out);
    json_put_text(&out, NULL);
    json_put_raw(&out, "820982911946154508");
    json_array_end(&out);
    json_put_member(&out, "none", NULL);
    json_object_end(&out);

    assert_written(&buf, "{\"sku\":\"A-1\",\"delta\":-9223372036854775808,\"list\":[1,[],{},true,"
                         "false,null,null,820982911946154508],\"none\":null}");
}

static const char *written_text(struct buf *buf, const char *text, size_t len)
{
    struct json_out out;

    buf_clear(buf);
    json_begin(&out, buf);
    json_put_bytes(&out, text, len);
    return buf_str(buf);
}

static void the_writer_escapes_what_must_be_and_leaves_utf8(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};

    assert_string_equal(written_text(&buf, "\"\\/\b\f\n\r\t\x01\x1f\x7f", 11),
                        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    assert_string_equal(written_text(&buf, "a\0b", 3), "\"a\\u0000b\"");
    assert_string_equal(written_text(&buf, "\xC3\xA9\xF0\x9F\x98\x80", 6),
                        "\"\xC3\xA9\xF0\x9F\x98\x80\"");
    assert_string_equal(written_text(&buf, "", 0), "\"\"");
}

static void the_writer_replaces_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    SCOPED(buf) struct buf buf = {0};

    assert_string_equal(written_text(&buf, "a\xFF\xC3", 3), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_non_null(parsed(buf_str(&buf)));
}

static const char *written_double(struct buf *buf, double value)
{
    struct json_out out;

    buf_clear(buf);
    json_begin(&out, buf);
    json_put_double(&out, value);
    return buf_str(buf);
}

static void a_double_is_written_with_the_fewest_digits_that_read_back(void **state)
{
    (void)state;
    static const double values[] = {1.0 / 3, DBL_MAX, DBL_MIN, 5e-324, 0.1 + 0.2, 1e22, 123456.789};
    SCOPED(buf) struct buf buf = {0};

    assert_string_equal(written_double(&buf, 0.1), "0.1");
    assert_string_equal(written_double(&buf, 1200), "1200");
    assert_string_equal(written_double(&buf, -10), "-10");
    assert_string_equal(written_double(&buf, -2.5), "-2.5");
    assert_string_equal(written_double(&buf, 5e-324), "5e-324");
    assert_string_equal(written_double(&buf, 0.1 + 0.2), "0.30000000000000004");
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        assert_true(strtod(written_double(&buf, values[i]), NULL) == values[i]);
        assert_non_null(parsed(buf_str(&buf)));
    }
    assert_string_equal(written_double(&buf, NAN), "null");
    assert_string_equal(written_double(&buf, -INFINITY), "null");
}

#define fact(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fact(every_kind_is_read_in_document_order),
        fact(nothing_is_nothing_of_every_kind),
        fact(a_root_may_be_any_value),
        fact(the_input_may_go_away),
        fact(an_id_of_18_digits_is_exact),
        fact(whole_numbers_are_read_from_numbers_and_digits),
        fact(what_is_no_whole_number_is_refused),
        fact(whole_numbers_beyond_int64_are_refused),
        fact(whole_numbers_out_of_the_range_asked_for_are_refused),
        fact(duplicate_key_is_refused_with_its_offset),
        fact(duplicate_key_is_seen_through_escapes),
        fact(the_same_key_in_two_objects_is_fine),
        fact(duplicate_key_in_a_big_object_is_refused_with_its_offset),
        fact(members_are_found_on_both_sides_of_the_index_limit),
        fact(a_hundred_thousand_distinct_keys_are_read_quickly),
        fact(a_megabyte_of_brackets_is_refused_quickly),
        fact(the_deepest_nesting_allowed_is_read),
        fact(more_values_than_allowed_are_refused),
        fact(a_byte_order_mark_in_front_does_no_harm),
        fact(broken_text_is_refused),
        fact(every_cut_of_a_document_is_refused),
        fact(empty_input_is_refused),
        fact(a_second_document_is_refused),
        fact(an_error_names_the_key_before_it),
        fact(an_error_stays_one_line_of_bounded_length),
        fact(an_embedded_nul_is_refused),
        fact(lone_surrogates_are_refused),
        fact(bytes_that_are_not_utf8_are_refused),
        fact(blanks_are_the_four_of_json),
        fact(escapes_are_read),
        fact(the_writer_sets_commas_itself),
        fact(the_writer_escapes_what_must_be_and_leaves_utf8),
        fact(the_writer_replaces_bytes_that_are_not_utf8),
        fact(a_double_is_written_with_the_fewest_digits_that_read_back),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
