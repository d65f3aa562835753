/* The spec of a generic channel: its two small languages, and what is wrong with one, by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/generic/internal.h"

/* ---- sources ---- */

static const char document[] =
    "{\"a/b\":{\"~c\":[10,20,{\"id\":820982911946154508}]},\"t\":true,\"n\":null,\"s\":\"x\"}";

static const struct {
    const char *source;
    const char *text; /* NULL: nothing */
} sources[] = {
    {"/a~1b/~0c/1",            "20"                },
    {"/a~1b/~0c/2/id",         "820982911946154508"},
    {"/a~1b/~0c/3",            NULL                },
    {"..",                     NULL                },
    {"../t",                   "true"              },
    {"../../t",                NULL                },
    {"/a~1b/~0c/-",            NULL                },
    {"/a~1b",                  NULL                },
    {"/t",                     "true"              },
    {"/n",                     NULL                },
    {"/s",                     "x"                 },
    {"/s/deeper",              NULL                },
    {"./id",                   "820982911946154508"},
    {"=constant",              "constant"          },
    {"=",                      ""                  },
    {"={./id}/{../t}-{header:X-Shop-Event}{", "820982911946154508/true-order.placed{"},
    {"={./id}/{./nothing}",    NULL                },
    {"header:x-shop-event",    "order.placed"      },
    {"header:X-Nowhere",       NULL                },
};

static void sources_give_texts(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_header headers[] = {
        {"X-Shop-Event", "order.placed"}
    };
    struct err err = {0};
    const struct json *root = json_parse(arena, document, strlen(document), &err);
    struct generic_scene scene = generic_scene_of(headers, 1, root, arena);

    (void)state;
    assert_non_null(root);
    scene.elements[scene.depth++] = generic_source_node(&scene, "/a~1b/~0c/2");
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        const char *text = generic_source_text(&scene, sources[i].source);
        const char *why = NULL;

        assert_true(generic_source_check(sources[i].source, &why));
        if (sources[i].text == NULL)
            assert_null(text);
        else
            assert_string_equal(text, sources[i].text);
    }
}

/* ---- templates ---- */

static void templates_are_encoded_for_their_place(void **state)
{
    const struct generic_name names[] = {
        {"address", "a/b \"ü\"\n", false},
        {"items",   "[1]",         true },
        {NULL,      NULL,          false},
    };
    static const struct {
        enum generic_place place;
        const char *text;
    } wants[] = {
        {GENERIC_IN_PATH,   "/x/a%2Fb%20%22%C3%BC%22%0A/[1]/{"  },
        {GENERIC_IN_JSON,   "/x/a/b \\\"ü\\\"\\n/[1]/{"         },
        {GENERIC_IN_HEADER, "/x/a/b \"ü\"/[1]/{"                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
        SCOPED(buf) struct buf out = {0};

        generic_template_put("/x/{address}/{items}/{", names, wants[i].place, &out);
        assert_string_equal(buf_str(&out), wants[i].text);
    }
}

/* ---- specs ---- */

#define SIGNATURE "notifications:\n  signature: {scheme: none}\n"
#define FACTS                                                                  \
    "  facts:\n    - fact: order_voided\n      fields: {order_id: /o, version_at: /t}\n"
#define PUSH "push: {method: PUT, path: '/s/{address}', body: '{\"q\":{quantity}}'}\n"

static const struct {
    const char *yaml;
    const char *error;
} mistakes[] = {
    {"", "spec.yaml:1:1: the file is empty"},
    {"- a\n", "spec.yaml:1:1: want a map of keys"},
    {SIGNATURE FACTS, "spec.yaml:1:1: key 'push' is missing"},
    {SIGNATURE FACTS PUSH "pushes: {}\n",
     "spec.yaml:7:1: unknown key 'pushes'; did you mean 'push'?"},
    {SIGNATURE FACTS PUSH "warehouse: {}\n", "spec.yaml:7:1: unknown key 'warehouse'"},
    {"notifications:\n  signature: {scheme: none, enconding: hex}\n" FACTS PUSH,
     "spec.yaml:2:29: unknown key 'enconding'; did you mean 'encoding'?"},
    {SIGNATURE PUSH, "spec.yaml:2:3: key 'facts' is missing"},
    {"notifications:\n  signature: {scheme: rsa}\n" FACTS PUSH,
     "spec.yaml:2:23: scheme 'rsa': want one of none, hmac, token"},
    {"notifications:\n  signature: {scheme: hmac}\n" FACTS PUSH,
     "spec.yaml:2:14: key 'header' is missing"},
    {"notifications:\n  signature: {scheme: hmac, header: S, signs: '{id}.{body}'}\n" FACTS PUSH,
     "spec.yaml:2:14: {id} is signed, and id_header is missing"},
    {"notifications:\n  tolerance_s: 300\n  signature: {scheme: hmac, header: S}\n" FACTS PUSH,
     "spec.yaml:3:14: tolerance_s needs a {timestamp} that is signed"},
    {"notifications:\n  signature: {scheme: hmac, header: S, signs: '{url}'}\n" FACTS PUSH,
     "spec.yaml:2:47: signs '{url}': there is no such name in braces here; there are body, "
     "body_sha256, id, timestamp, method, path, account"},
    {SIGNATURE "  facts:\n    - fact: stock_counted\n      fields: {sku: /s}\n" PUSH,
     "spec.yaml:4:13: fact 'stock_counted': want one of order_line, order_voided, line_cancelled, "
     "line_shipped, line_returned, observation"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      fields: {order: /o}\n" PUSH,
     "spec.yaml:5:16: order_voided has no member 'order'"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      fields: {order_id: o}\n" PUSH,
     "spec.yaml:5:26: order_id 'o': want /pointer, ./pointer, header:Name or =text"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n"
               "      fields: {order_id: '={id}', version_at: /t}\n" PUSH,
     "spec.yaml:5:26: order_id '={id}': want /pointer, ./pointer, header:Name or =text"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n"
               "      fields: {order_id: '={../id}', version_at: /t}\n" PUSH,
     "spec.yaml:5:26: '={../id}' goes up further than `each` goes down"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      each: =x\n"
               "      fields: {version_at: /t}\n" PUSH,
     "spec.yaml:5:13: each '=x': want /pointer or ./pointer"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      each: /a/*/b/*/c/*/d\n"
               "      fields: {version_at: /t}\n" PUSH,
     "spec.yaml:5:13: each '/a/*/b/*/c/*/d': at most 2 steps may be '*'"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      each: /a\n"
               "      fields: {version_at: ../../t}\n" PUSH,
     "spec.yaml:6:28: '../../t' goes up further than `each` goes down"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      fields: {order_id: /a~2}\n" PUSH,
     "spec.yaml:5:26: order_id '/a~2': '~' must be '~0' or '~1' in a pointer"},
    {SIGNATURE "  facts:\n    - fact: line_shipped\n      fields: {order_id: /o}\n" PUSH,
     "spec.yaml:5:15: line_shipped needs a time: occurred_at or occurred_s"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      where: /x\n"
               "      fields: {version_at: /t}\n" PUSH,
     "spec.yaml:4:7: 'where' goes together with 'is' or 'is_not'"},
    {SIGNATURE FACTS "push: {method: GET, path: /s, body: ''}\n",
     "spec.yaml:6:16: method 'GET': want one of PUT, POST, PATCH"},
    {SIGNATURE FACTS "push: {method: PUT, path: '/s/{sku}', body: ''}\n",
     "spec.yaml:6:27: path '/s/{sku}': there is no such name in braces here; there are address, "
     "address_1, address_2, listing, quantity, version, key, token, token_secret, account, "
     "location, items"},
    {SIGNATURE FACTS "push: {method: PUT, path: /s, body: '[{items}]'}\n",
     "spec.yaml:6:7: 'item' and {items} in the body go together"},
    {SIGNATURE FACTS PUSH "limits: {batch_max: 2}\n",
     "spec.yaml:7:9: batch_max is above 1, and the body has no {items}"},
    {SIGNATURE FACTS PUSH "limits: {rate_burst: 1x}\n",
     "spec.yaml:7:22: rate_burst '1x': want a number from 1 to 1000000"},
    {SIGNATURE FACTS PUSH "limits: {batch_max: 0}\n",
     "spec.yaml:7:21: batch_max '0': want a whole number from 1 to 1000"},
    {"notifications:\n  signature: {scheme: hmac, header: S, separator: ','}\n" FACTS PUSH,
     "spec.yaml:2:14: separator and timestamp_prefix are of a list: is_list must be true"},
    {"notifications:\n  signature: {scheme: hmac, header: S, is_list: true, separator: ', '}\n"
     FACTS PUSH,
     "spec.yaml:2:66: separator ', ': want one byte, \"\\t\" for a tab"},
    {SIGNATURE FACTS PUSH "poll: {path: '/o?since={when}'}\n",
     "spec.yaml:7:14: path '/o?since={when}': there is no such name in braces here; there are "
     "since, page, offset, cursor, token, token_secret, account, location"},
    {SIGNATURE FACTS PUSH "poll: {path: '/o?page={page}'}\n",
     "spec.yaml:7:7: 'page_len' and {page} or {offset} in the path go together"},
    {SIGNATURE FACTS PUSH "poll: {path: '/o', cursor: /next}\n",
     "spec.yaml:7:7: 'cursor' and {cursor} in the path go together"},
    {SIGNATURE FACTS PUSH "poll: {path: '/o?p={page}', page_len: 5, next: /n}\n",
     "spec.yaml:7:7: want one of cursor, next and page_len"},
    {SIGNATURE FACTS PUSH "poll: {path: /o, under: ./order}\n",
     "spec.yaml:7:25: under './order': want /pointer"},
    {SIGNATURE FACTS PUSH "reads: [{name: order, id: /id, path: /o}]\n",
     "spec.yaml:7:38: path: {id} must be in it"},
    {SIGNATURE FACTS PUSH "reads: [{name: O, id: /id, path: '/o/{id}'}]\n",
     "spec.yaml:7:16: name 'O': want 1 to 32 of a-z 0-9 - _"},
    {SIGNATURE FACTS PUSH "reads:\n  - {name: o, id: /id, path: '/o/{id}'}\n"
                          "  - {name: o, id: /id, path: '/p/{id}'}\n",
     "spec.yaml:9:12: name 'o' is there twice"},
    {SIGNATURE FACTS PUSH "login: {path: oauth/token, token: /t}\n",
     "spec.yaml:7:15: path 'oauth/token': want a path below base_url, or an address"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ../s, quantity: ./q}\n",
     "spec.yaml:7:27: '../s' goes up further than `each` goes down"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ./s, quantity: ./q, where: ./at}\n",
     "spec.yaml:7:11: 'where' goes together with 'is' or 'is_not'"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ./s, quantity: ./q,\n"
                          "  where: ./at, is: '{sku}'}\n",
     "spec.yaml:8:20: is '{sku}': there is no such name in braces here; there are account, "
     "location"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, quantity: ./q}\n",
     "spec.yaml:7:11: a row needs a listing, an address or a sku"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ./s, quantity: =5}\n",
     "spec.yaml:7:42: quantity '=5': want /pointer or ./pointer"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ./s, quantity: ./q, delimiter: ';'}\n",
     "spec.yaml:7:58: delimiter: CSV alone has one"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ./s, quantity: ./q, format: csv, rows: /r}\n",
     "spec.yaml:7:66: rows: of JSON alone; else all are"},
    {SIGNATURE FACTS PUSH "snapshot: {path: /s, sku: ./s, quantity: ./q, charset: Cp1252}\n",
     "spec.yaml:7:56: charset: JSON is UTF-8"},
    {SIGNATURE FACTS PUSH
     "snapshot: {path: /s, sku: ./s, quantity: ./q, format: csv, charset: latin-99}\n",
     "spec.yaml:7:69: charset: there is no charset 'latin-99'"},
    {SIGNATURE FACTS PUSH
     "snapshot: {path: /s, sku: ./s, quantity: ./q, format: csv, next: /next}\n",
     "spec.yaml:7:11: the next page of such a snapshot can only stand in a header"},
    {SIGNATURE FACTS "push: {method: PUT, path: /s, body: '', answer: {errors: {a: fine}}}\n",
     "spec.yaml:6:62: a: there is no verdict 'fine'"},
};

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct err err = {0};

        assert_null(generic_spec_read(arena, "spec.yaml", mistakes[i].yaml,
                                      strlen(mistakes[i].yaml), &err));
        assert_string_equal(err.text, mistakes[i].error);
        assert_int_equal(err.code, ERR_FATAL);
    }
}

static void a_small_spec_is_enough(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *yaml = SIGNATURE FACTS PUSH;
    struct err err = {0};
    const struct generic_spec *spec =
        generic_spec_read(arena, "spec.yaml", yaml, strlen(yaml), &err);

    (void)state;
    assert_non_null(spec);
    assert_int_equal(spec->notifications.facts.len, 1);
    assert_int_equal(spec->notifications.facts.list[0].kind, EVENT_ORDER_VOIDED);
    assert_string_equal(spec->push.method, "PUT");
    assert_int_equal(spec->limits.batch_max, 1);
}

/* Every key of a good spec stands in the schema. */
static void the_schema_is_json_and_knows_the_keys(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf text = {0};
    struct err err = {0};

    (void)state;
    generic_spec_schema(&text);
    const struct json *schema = json_parse(arena, text.bytes, text.len, &err);
    assert_non_null(schema);
    const struct json *fact = json_path(schema, "properties", "notifications", "properties",
                                        "facts", "items", NULL);
    assert_int_equal(json_len(json_path(fact, "properties", "fact", "enum", NULL)), 6);
    assert_non_null(json_path(schema, "properties", "push", "properties", "answer", "properties",
                              "errors", NULL));
    assert_int_equal(json_kind(json_get(fact, "additionalProperties")), JSON_FALSE);
}

/* ---- rows ---- */

static bool row_note(void *opaque, const struct channel_row *row, struct err *err)
{
    (void)err;
    buf_printf(opaque, "%s=%d ", row->sku, (int)row->quantity);
    return true;
}

/* Of each item the level of the channel's own warehouse alone. */
static void rows_are_of_the_own_location(void **state)
{
    static const char yaml[] = SIGNATURE FACTS PUSH
        "snapshot: {path: /s, rows: /items, each: ./levels, where: ./at, is: 'loc-{location}',\n"
        "  sku: ../sku, quantity: ./q}\n";
    static const char body[] =
        "{\"items\":[{\"sku\":\"A\",\"levels\":[{\"at\":\"loc-1\",\"q\":1},"
        "{\"at\":\"loc-2\",\"q\":2}]},"
        "{\"sku\":\"B\",\"levels\":[]},{\"sku\":\"C\",\"levels\":[{\"at\":\"loc-2\",\"q\":3}]}]}";
    static const char bad[] = "{\"items\":[{\"sku\":\"A\",\"levels\":5}]}";
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf rows = {0};
    struct err err = {0};
    const struct channel_account account = {
        .account = "",
        .location = "2",
        .spec = generic_spec_read(arena, "spec.yaml", yaml, strlen(yaml), &err),
    };

    (void)state;
    assert_string_equal(err.text, "");
    assert_true(
        channel_generic_rows(&account, NULL, body, strlen(body), row_note, &rows, &err));
    assert_string_equal(buf_str(&rows), "A=2 C=3 ");
    assert_false(channel_generic_rows(&account, NULL, bad, strlen(bad), row_note, &rows, &err));
    assert_string_equal(err.text, "row 0: /levels is no list");
}

/* ---- pages ---- */

/* Pages of two rows: the second is asked for behind the first two, and is the last. */
static void pages_are_asked_for_by_offset(void **state)
{
    static const char yaml[] = SIGNATURE FACTS PUSH
        "snapshot: {path: '/s?offset={offset}', quantity: ./q, sku: ./s, page_len: 2}\n";
    static const char *const bodies[] = {"[{\"s\":\"A\",\"q\":1},{\"s\":\"B\",\"q\":2}]",
                                         "[{\"s\":\"C\",\"q\":3}]"};
    static const char *const urls[] = {"http://shop.example/s?offset=0",
                                       "http://shop.example/s?offset=2", ""};
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};
    const struct channel_account account = {
        .base_url = "http://shop.example",
        .token = "",
        .account = "",
        .location = "",
        .spec = generic_spec_read(arena, "spec.yaml", yaml, strlen(yaml), &err),
    };
    char progress[CHANNEL_SNAPSHOT_STATE_LEN] = {0};
    struct channel_response response;
    struct channel_fetch next;
    const char *bytes = NULL;
    const char *format = NULL;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        if (i > 0)
            response = (struct channel_response){
                .status = 200, .body = bodies[i - 1], .body_len = strlen(bodies[i - 1])};
        assert_true(channel_generic_snapshot(&account, i == 0 ? NULL : &response, progress, arena,
                                             &next, &bytes, &len, &format, &err));
        assert_string_equal(next.request.url, urls[i]);
    }
}

/* ---- CSV ---- */

static bool keep_row(void *opaque, const struct channel_row *row, struct err *err)
{
    struct buf *rows = opaque;

    (void)err;
    buf_printf(rows, "%s %d %lld;", row->sku, row->tracked, (long long)row->quantity);
    return true;
}

#define SHEET "snapshot: {path: /s, format: csv, delimiter: ';', sku: ./SKU, quantity: ./Menge%s}\n"

static const struct {
    const char *more; /* of the spec */
    const char *bytes;
    const char *want; /* rows, then the error */
} sheets[] = {
    {"", "SKU;Menge\nA;1\nB;-2\nC;\n", "A 1 1;B 1 -2;C 0 0;"},
    {"", "\xef\xbb\xbfSKU;Menge\r\n\"A;\"\"1\"\"\";\"3\"\r\n", "A;\"1\" 1 3;"},
    {", charset: Shift_JIS, address: ./\xe5\x93\x81\xe7\x95\xaa",
     "SKU;Menge;\x95\x69\x94\xd4\nA;1;\x8d\xdd\x8c\xc9\n", "A 1 1;"},
    {", charset: UTF-16", "\xff\xfeS\0K\0U\0;\0M\0e\0n\0g\0e\0\n\0A\0;\0\x34\0\n", "A 1 4;"},
    {"", "SKU,Menge\nA,1\n", "line 1, column 1: no column is named 'SKU'"},
    {"", "SKU;Menge;SKU\nA;1;B\n", "line 1, column 11: 'SKU' is there twice"},
    {"", "SKU;Menge\nA;1\nB;2;3\n", "A 1 1;line 3, column 5: 3 cells, want 2"},
    {"", "SKU;Menge\nA;1\n\nB\n", "A 1 1;line 4, column 1: 1 cells, want 2"},
    {"", "SKU;Menge\nA;1,5\n", "line 2, column 3: ./Menge is no quantity"},
    {"", "SKU;Menge\n;1\n", "line 2, column 2: no listing, address or sku"},
    {"", "SKU;Menge\nA;\"1\n", "line 2, column 3: a quote is not closed"},
    {"", "", "line 1, column 1: no header"},
};

static void sheets_give_rows_or_say_where_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sheets); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        SCOPED(buf) struct buf made = {0};
        struct err err = {0};
        const char *yaml = arena_printf(arena, SIGNATURE FACTS PUSH SHEET, sheets[i].more);
        const struct channel_account account = {
            .spec = generic_spec_read(arena, "spec.yaml", yaml, strlen(yaml), &err)};
        size_t len = strstr(sheets[i].more, "UTF-16") == NULL ? strlen(sheets[i].bytes) : 28;

        if (account.spec == NULL)
            fail_msg("%s", err.text);
        channel_generic_rows(&account, NULL, sheets[i].bytes, len, keep_row, &made, &err);
        buf_text(&made, err.text);
        assert_string_equal(buf_str(&made), sheets[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_give_texts),
        cmocka_unit_test(templates_are_encoded_for_their_place),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(a_small_spec_is_enough),
        cmocka_unit_test(the_schema_is_json_and_knows_the_keys),
        cmocka_unit_test(rows_are_of_the_own_location),
        cmocka_unit_test(pages_are_asked_for_by_offset),
        cmocka_unit_test(sheets_give_rows_or_say_where_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
