/* The spec of a generic channel: its two small languages, and what is wrong with one, by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/generic/spec.h"
#include "channels/generic/value.h"

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
    {"/a~1b/~0c/-",            NULL                },
    {"/a~1b",                  NULL                },
    {"/t",                     "true"              },
    {"/n",                     NULL                },
    {"/s",                     "x"                 },
    {"/s/deeper",              NULL                },
    {"./id",                   "820982911946154508"},
    {"=constant",              "constant"          },
    {"=",                      ""                  },
    {"header:x-shop-event",    "order.placed"      },
    {"header:X-Nowhere",       NULL                },
};

static void sources_give_texts(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_header headers[] = {
        {"X-Shop-Event", "order.placed"}
    };
    const struct channel_notification notification = {.headers = headers, .headers_len = 1};
    struct err err = {0};
    const struct json *root = json_parse(arena, document, strlen(document), &err);
    struct generic_scene scene = {.notification = &notification, .root = root, .element = root};

    (void)state;
    assert_non_null(root);
    scene.element = generic_source_node(&scene, "/a~1b/~0c/2");
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
    {SIGNATURE FACTS PUSH "pushes: {}\n", "spec.yaml:7:1: unknown key 'pushes'"},
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
     "spec.yaml:4:13: fact 'stock_counted': want order_line, order_voided, line_cancelled, "
     "line_shipped, line_returned or observation"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      fields: {order: /o}\n" PUSH,
     "spec.yaml:5:16: order_voided has no member 'order'"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      fields: {order_id: o}\n" PUSH,
     "spec.yaml:5:26: order_id 'o': want /pointer, ./pointer, header:Name or =text"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      fields: {order_id: /a~2}\n" PUSH,
     "spec.yaml:5:26: order_id '/a~2': '~' must be '~0' or '~1' in a pointer"},
    {SIGNATURE "  facts:\n    - fact: line_shipped\n      fields: {order_id: /o}\n" PUSH,
     "spec.yaml:5:15: line_shipped needs a time: occurred_at or occurred_s"},
    {SIGNATURE "  facts:\n    - fact: order_voided\n      where: /x\n"
               "      fields: {version_at: /t}\n" PUSH,
     "spec.yaml:4:7: 'where' and 'is' go together"},
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
     "spec.yaml:7:22: rate_burst '1x': want a number from 0 to 1000000"},
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
    assert_int_equal(spec->notifications.facts_len, 1);
    assert_int_equal(spec->notifications.facts[0].kind, EVENT_ORDER_VOIDED);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_give_texts),
        cmocka_unit_test(templates_are_encoded_for_their_place),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(a_small_spec_is_enough),
        cmocka_unit_test(the_schema_is_json_and_knows_the_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
