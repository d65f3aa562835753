#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "services/ingest/manual.h"

enum { RECEIVED_MS = 1700000000 };

#define COUNTED "{\"kind\":\"stock_counted\",\"sku\":\"RED-M\",\"pool\":\"wh-east\"," \
                "\"bucket\":\"sellable\",\"quantity\":7"

static bool read_facts(struct arena *arena, const char *key, const char *body,
                       struct event_list *events, struct err *err)
{
    const struct ingest_manual_source source = {
        .key = key == NULL ? "4b5b1d2e-0000-4000-8000-000000000000" : key,
        .has_key = key != NULL,
        .host = "host",
        .received_ms = RECEIVED_MS,
        .traceparent = "",
        .body = body,
        .body_len = strlen(body),
    };
    bool malformed = false;

    *events = (struct event_list){0};
    return ingest_manual_read(&source, arena, events, &malformed, err);
}

static void expect_refused(const char *body, const char *text)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list events;
    struct err err = {0};

    assert_false(read_facts(arena, NULL, body, &events, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_int_equal(events.len, 0);
    if (strstr(err.text, text) == NULL)
        fail_msg("'%s' is not in '%s'", text, err.text);
}

static void one_object_is_one_fact_with_defaults(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list events;
    struct err err = {0};

    (void)state;
    if (!read_facts(arena, NULL, COUNTED "}", &events, &err))
        fail_msg("%s", err.text);
    assert_int_equal(events.len, 1);
    const struct event *event = &events.events[0];
    assert_int_equal(strlen(event->id), 36);
    assert_int_equal(strlen(event->stock.fact_id), 36);
    assert_string_equal(event->source.channel, "admin");
    assert_int_equal(event->source.captured_via, EVENT_VIA_MANUAL);
    assert_int_equal(event->times.occurred_ms, RECEIVED_MS);
    assert_int_equal(event->raw.body_len, strlen(COUNTED "}"));
}

static void given_ids_and_times_are_kept(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list events;
    struct err err = {0};

    (void)state;
    if (!read_facts(arena, NULL,
                    COUNTED ",\"fact_id\":\"f1\",\"occurred_at\":\"2026-11-20T09:00:00Z\","
                            "\"actor\":\"ann\"}",
                    &events, &err))
        fail_msg("%s", err.text);
    assert_string_equal(events.events[0].stock.fact_id, "f1");
    assert_string_equal(events.events[0].source.actor, "ann");
    assert_int_equal(events.events[0].times.occurred_ms, INT64_C(1795165200000));
}

static void the_first_fact_has_the_bytes_and_the_others_name_it(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list events;
    struct err err = {0};

    (void)state;
    if (!read_facts(arena, NULL, "[" COUNTED "}," COUNTED "}]", &events, &err))
        fail_msg("%s", err.text);
    assert_int_equal(events.len, 2);
    assert_string_not_equal(events.events[0].id, events.events[1].id);
    assert_string_equal(events.events[1].raw.in_event_id, events.events[0].id);
    assert_int_equal(events.events[1].raw.body_len, 0);
    assert_string_equal(events.events[1].source.notification_id,
                        events.events[0].source.notification_id);
}

static void a_repeated_key_repeats_the_ids(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list first;
    struct event_list second;
    struct err err = {0};

    (void)state;
    assert_true(read_facts(arena, "count-17", "[" COUNTED "}," COUNTED "}]", &first, &err));
    assert_true(read_facts(arena, "count-17", "[" COUNTED "}," COUNTED "}]", &second, &err));
    assert_string_equal(first.events[0].id, second.events[0].id);
    assert_string_equal(first.events[1].id, second.events[1].id);
    assert_string_not_equal(first.events[0].id, first.events[1].id);
}

static void digits_beyond_doubles_survive_a_default_id(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list events;
    struct err err = {0};

    (void)state;
    if (!read_facts(arena, NULL,
                    "{\"kind\":\"mapping_changed\",\"channel\":\"shop\","
                    "\"listing\":9007199254740993,\"components\":[{\"sku\":\"A\",\"units\":2}],"
                    "\"pool\":\"wh\"}",
                    &events, &err))
        fail_msg("%s", err.text);
    assert_string_equal(events.events[0].mapping.listing, "9007199254740993");
    assert_int_equal(events.events[0].mapping.components[0].units, 2);
}

static void bad_facts_are_named_by_their_index(void **state)
{
    (void)state;
    expect_refused("[" COUNTED "}," COUNTED ",\"sku2\":1}]", "fact 1: stock_counted: ");
    expect_refused("{\"kind\":\"nonsense\"}", "fact 0: ");
    expect_refused("[1]", "fact 0: ");
    expect_refused("[]", "no facts");
    expect_refused("\"text\"", "fact 0: ");
    expect_refused(COUNTED ",\"fact_id\":\"\"}", "fact_id");
    expect_refused("{\"kind\":\"stock_counted\",\"sku\":\"A\",\"pool\":\"w\",\"bucket\":"
                   "\"sellable\",\"quantity\":-1}",
                   "quantity");
    expect_refused("{\"kind\":\"stock_counted\",\"sku\":\"A\",\"pool\":\"w\",\"bucket\":"
                   "\"sellable\",\"quantity\":1.5}",
                   "quantity");
    expect_refused("{\"kind\":\"stock_counted\",\"sku\":\"A\",\"pool\":\"w\",\"bucket\":"
                   "\"sellable\",\"quantity\":1,\"quantity\":2}",
                   "duplicate key");
}

static void more_than_a_thousand_facts_are_refused(void **state)
{
    SCOPED(buf) struct buf body = {0};

    (void)state;
    buf_char(&body, '[');
    for (int i = 0; i < 1001; i++)
        buf_text(&body, i == 0 ? COUNTED "}" : "," COUNTED "}");
    buf_char(&body, ']');
    expect_refused(buf_str(&body), "at most 1000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object_is_one_fact_with_defaults),
        cmocka_unit_test(given_ids_and_times_are_kept),
        cmocka_unit_test(the_first_fact_has_the_bytes_and_the_others_name_it),
        cmocka_unit_test(a_repeated_key_repeats_the_ids),
        cmocka_unit_test(digits_beyond_doubles_survive_a_default_id),
        cmocka_unit_test(bad_facts_are_named_by_their_index),
        cmocka_unit_test(more_than_a_thousand_facts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
