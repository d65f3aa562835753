/* Structs and protobuf bytes: nothing is lost, and nothing that comes from outside can hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/event/codec.h"
#include "lib/event/record.h"
#include "tests/unit/event/samples.h"

enum { MUTATIONS = 20000 };

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

/* ---- equality, field by field ---- */

static void assert_records_equal(const struct record *record, const void *a, const void *b);

static void assert_texts_equal(const struct record_field *field, const void *a, const void *b)
{
    const char *const *texts_a = *(const char *const *const *)record_at(field, a);
    const char *const *texts_b = *(const char *const *const *)record_at(field, b);

    assert_int_equal(record_len(field, a), record_len(field, b));
    for (size_t i = 0; i < record_len(field, a); i++)
        assert_string_equal(texts_a[i], texts_b[i]);
}

static void assert_lists_equal(const struct record_field *field, const void *a, const void *b)
{
    assert_int_equal(record_len(field, a), record_len(field, b));
    for (size_t i = 0; i < record_len(field, a); i++)
        assert_records_equal(field->of, record_element(field, a, i), record_element(field, b, i));
}

static void assert_bytes_equal(const struct record_field *field, const void *a, const void *b)
{
    const void *const *bytes_a = record_at(field, a);
    const void *const *bytes_b = record_at(field, b);

    assert_int_equal(record_len(field, a), record_len(field, b));
    if (record_len(field, a) > 0)
        assert_memory_equal(*bytes_a, *bytes_b, record_len(field, a));
}

static void assert_fields_equal(const struct record_field *field, const void *a, const void *b)
{
    if (field->kind == RECORD_TEXT)
        assert_string_equal(record_text(field, a), record_text(field, b));
    else if (field->kind == RECORD_TEXTS)
        assert_texts_equal(field, a, b);
    else if (field->kind == RECORD_LIST)
        assert_lists_equal(field, a, b);
    else if (field->kind == RECORD_BYTES)
        assert_bytes_equal(field, a, b);
    else if (field->kind == RECORD_INLINE)
        assert_records_equal(field->of, record_at(field, a), record_at(field, b));
    else
        assert_int_equal(record_number(field, a), record_number(field, b));
}

static void assert_records_equal(const struct record *record, const void *a, const void *b)
{
    for (size_t i = 0; i < record->fields_len; i++)
        assert_fields_equal(&record->fields[i], a, b);
}

static void assert_events_equal(const struct event *a, const struct event *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->traceparent, b->traceparent);
    assert_records_equal(&record_source, &a->source, &b->source);
    assert_records_equal(&record_times, &a->times, &b->times);
    assert_records_equal(&record_raw, &a->raw, &b->raw);
    assert_records_equal(&record_facts[a->kind], &a->order_line, &b->order_line);
}

/* ---- samples ---- */

static const struct target sample_target = {
    "shopify-main", "gid/808950810", "gid/49148385", 38, 1234567890123456789,
    "4bd51a01-8812-5ebf-9b5a-20b080e42e9a", "rule-1", "map-1", -2, {1, 2, 3, 4, 5},
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "woo-1", 4};

static const struct outcome sample_outcome = {
    "shopify-main", "gid/808950810", "gid/49148385", 7, 38, OUTCOME_ACCEPTED_NOT_APPLIED, 3, 503,
    "http_500", "try\nlater", "00ff", 120345, "4bd51a01-8812-5ebf-9b5a-20b080e42e9a",
    {1, 2, 3, 4, 5}, "00-4bf9-00f0-01"};

static const struct catalog_entry sample_entry = {"shopify-main", "gid/808950810", "gid/49148385",
                                                  "MUG-RED"};

static const struct rejected_header sample_headers[] = {{"X-Topic", "orders/create"}, {"X-Id", ""}};

static struct rejected sample_rejected(void)
{
    return (struct rejected){
        .source = sample_event(EVENT_ORDER_LINE).source,
        .times = {1, 2, 3, 4, 5},
        .reason = "bad\nsignature",
        .content_type = "text/plain",
        .body = "a\0b",
        .body_len = 3,
        .headers = sample_headers,
        .headers_len = ARRAY_LEN(sample_headers),
        .topic = "stockbus.events.v1",
        .partition = 5,
        .offset = 9007199254740993,
    };
}

/* ---- there and back ---- */

static void events_of_every_kind_come_back_equal(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        SCOPED(buf) struct buf bytes = {0};
        struct event sent = sample_event((enum event_kind)kind);
        struct event read;
        struct err err = {0};

        event_encode(&sent, &bytes);
        assert_true(event_decode(arena, bytes.bytes, bytes.len, &read, &err));
        buf_release(&bytes); /* nothing that was read may lie in it */

        assert_events_equal(&sent, &read);
        assert_true(event_check(&read, &err));
    }
}

static void empty_events_come_back_with_empty_texts(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        SCOPED(buf) struct buf bytes = {0};
        struct event sent;
        struct event read;
        struct err err = {0};

        event_init(&sent, (enum event_kind)kind);
        event_encode(&sent, &bytes);
        assert_true(event_decode(arena, bytes.bytes, bytes.len, &read, &err));

        assert_events_equal(&sent, &read);
    }
}

static void encoding_appends(void **state)
{
    (void)state;
    SCOPED(buf) struct buf bytes = {0};
    struct catalog_entry read;
    struct err err = {0};

    buf_text(&bytes, "before");
    catalog_entry_encode(&sample_entry, &bytes);

    assert_true(catalog_entry_decode(arena, bytes.bytes + 6, bytes.len - 6, &read, &err));
    assert_records_equal(&record_catalog_entry, &sample_entry, &read);
}

static void targets_come_back_equal(void **state)
{
    (void)state;
    SCOPED(buf) struct buf bytes = {0};
    struct target read;
    struct err err = {0};

    target_encode(&sample_target, &bytes);
    assert_true(target_decode(arena, bytes.bytes, bytes.len, &read, &err));

    assert_records_equal(&record_target, &sample_target, &read);
}

static void outcomes_come_back_equal(void **state)
{
    (void)state;
    for (int result = OUTCOME_NONE + 1; result < OUTCOME_RESULT_COUNT; result++) {
        SCOPED(buf) struct buf bytes = {0};
        struct outcome sent = sample_outcome;
        struct outcome read;
        struct err err = {0};

        sent.result = (enum outcome_result)result;
        outcome_encode(&sent, &bytes);
        assert_true(outcome_decode(arena, bytes.bytes, bytes.len, &read, &err));

        assert_records_equal(&record_outcome, &sent, &read);
    }
}

static void rejected_records_come_back_equal(void **state)
{
    (void)state;
    SCOPED(buf) struct buf bytes = {0};
    struct rejected sent = sample_rejected();
    struct rejected read;
    struct err err = {0};

    rejected_encode(&sent, &bytes);
    assert_true(rejected_decode(arena, bytes.bytes, bytes.len, &read, &err));

    assert_records_equal(&record_rejected, &sent, &read);
}

/* Other readers of the topic would refuse the whole record. */
static void words_that_are_no_utf8_are_repaired_on_the_way_out(void **state)
{
    (void)state;
    SCOPED(buf) struct buf bytes = {0};
    struct outcome sent = sample_outcome;
    struct outcome read;
    struct err err = {0};

    sent.error_text = "caf\xE9 \xC3\xA9 \xFF\xFE";
    outcome_encode(&sent, &bytes);
    assert_true(outcome_decode(arena, bytes.bytes, bytes.len, &read, &err));

    assert_string_equal(read.error_text,
                        "caf\xEF\xBF\xBD \xC3\xA9 \xEF\xBF\xBD\xEF\xBF\xBD");
}

/* ---- what is refused, and what is not ---- */

static void assert_event_refused(const void *bytes, size_t len, const char *reason)
{
    struct event read = {.kind = EVENT_NONE, .traceparent = "untouched"};
    struct err err = {0};

    assert_false(event_decode(arena, bytes, len, &read, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, reason);
    assert_string_equal(read.traceparent, "untouched");
}

static void unknown_kinds_of_fact_are_refused(void **state)
{
    (void)state;
    /* event_id "x", then field 99 with an empty message */
    static const char newer[] = "\x0A\x01x\x9A\x06\x00";

    assert_event_refused(newer, sizeof(newer) - 1,
                         "event 'x': no fact, or a kind that is unknown here");
    assert_event_refused("", 0, "event '': no fact, or a kind that is unknown here");
}

static void unknown_fields_are_tolerated(void **state)
{
    (void)state;
    SCOPED(buf) struct buf bytes = {0};
    struct event sent = sample_event(EVENT_STOCK_COUNTED);
    struct event read;
    struct err err = {0};

    event_encode(&sent, &bytes);
    buf_append(&bytes, "\xC2\x3E\x03new", 6); /* field 1000, a text */
    assert_true(event_decode(arena, bytes.bytes, bytes.len, &read, &err));

    assert_events_equal(&sent, &read);
}

static void unknown_names_of_enums_count_as_unspecified(void **state)
{
    (void)state;
    /* pool_changed { pool: "main" authority: 7 } */
    static const char newer[] = "\xD2\x01\x08\x12\x04main\x18\x07";
    struct event read;
    struct err err = {0};

    assert_true(event_decode(arena, newer, sizeof(newer) - 1, &read, &err));
    assert_int_equal(read.kind, EVENT_POOL_CHANGED);
    assert_string_equal(read.pool.pool, "main");
    assert_int_equal(read.pool.authority, EVENT_POOL_NONE);
}

static void too_long_ids_are_refused(void **state)
{
    (void)state;
    static const char long_id[] = "\x0A\x25"
                                  "4bd51a01-8812-5ebf-9b5a-20b080e42e9ax";

    assert_event_refused(long_id, sizeof(long_id) - 1, "event: event_id is longer than 36 bytes");
}

static void too_big_messages_are_refused(void **state)
{
    (void)state;
    SCOPED(mem) void *big = mem_calloc(1, CODEC_BYTES_MAX + 1);

    assert_event_refused(big, CODEC_BYTES_MAX + 1, "Event: 4194305 bytes, want at most 4194304");
}

static void targets_out_of_bounds_are_refused(void **state)
{
    (void)state;
    SCOPED(buf) struct buf bytes = {0};
    struct target target = sample_target;
    struct target read;
    struct err err = {0};

    target.quantity = -1;
    target_encode(&target, &bytes);
    assert_false(target_decode(arena, bytes.bytes, bytes.len, &read, &err));
    assert_string_equal(err.text, "target: quantity is -1, want 0 to 1000000000");
    assert_false(target_decode(arena, NULL, 0, &read, &err));
    assert_string_equal(err.text, "target: channel is missing");
}

/* Cut anywhere: read or refused, never more (asan watches). */
static void truncated_messages_do_no_harm(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        SCOPED(buf) struct buf bytes = {0};
        struct event sent = sample_event((enum event_kind)kind);

        event_encode(&sent, &bytes);
        for (size_t len = 0; len < bytes.len; len++) {
            /* an allocation of its own, so that one byte too far is seen */
            SCOPED(mem) void *cut = memcpy(mem_calloc(1, len), bytes.bytes, len);
            struct event read;
            struct err err = {0};

            arena_reset(arena);
            if (!event_decode(arena, cut, len, &read, &err))
                assert_int_equal(err.code, ERR_REJECT);
        }
        /* The last field is the fact: without its end there is none. */
        struct event read;
        struct err err = {0};
        assert_false(event_decode(arena, bytes.bytes, bytes.len - 1, &read, &err));
    }
}

static uint32_t random_next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* What decodes must be fit for every reader: checking, hashing, encoding and JSON. */
static void use_event(struct event *event)
{
    SCOPED(buf) struct buf out = {0};
    unsigned char hash[EVENT_HASH_LEN];
    struct err err = {0};

    if (!event_check(event, &err))
        assert_int_equal(err.code, ERR_REJECT);
    event_to_json(event, &out);
    event_content_hash(event, hash);
    event_identify(event);
    buf_clear(&out);
    event_encode(event, &out);
}

static void mutated_messages_do_no_harm(void **state)
{
    (void)state;
    uint32_t seed = 20261121;
    size_t read_len = 0;

    for (int i = 0; i < MUTATIONS; i++) {
        SCOPED(buf) struct buf bytes = {0};
        enum event_kind kind = (enum event_kind)(1 + i % (EVENT_KIND_COUNT - 1));
        struct event sent = sample_event(kind);
        struct event read;
        struct err err = {0};

        event_encode(&sent, &bytes);
        for (uint32_t change = 0; change <= random_next(&seed) % 4; change++)
            bytes.bytes[random_next(&seed) % bytes.len] = (char)random_next(&seed);
        arena_reset(arena);
        if (event_decode(arena, bytes.bytes, bytes.len, &read, &err)) {
            use_event(&read);
            read_len++;
        } else {
            assert_int_equal(err.code, ERR_REJECT);
        }
    }
    assert_true(read_len > MUTATIONS / 100); /* else the loop proves nothing about use */
}

static void garbage_does_no_harm(void **state)
{
    (void)state;
    uint32_t seed = 7;

    for (int i = 0; i < MUTATIONS; i++) {
        char bytes[64];
        size_t len = random_next(&seed) % sizeof(bytes);
        struct event event;
        struct target target;
        struct outcome outcome;
        struct rejected rejected;
        struct err err = {0};

        for (size_t j = 0; j < len; j++)
            bytes[j] = (char)random_next(&seed);
        arena_reset(arena);
        if (event_decode(arena, bytes, len, &event, &err))
            use_event(&event);
        (void)!target_decode(arena, bytes, len, &target, &err);
        (void)!outcome_decode(arena, bytes, len, &outcome, &err);
        (void)!rejected_decode(arena, bytes, len, &rejected, &err);
    }
}

static void names_of_results_read_back(void **state)
{
    (void)state;
    enum outcome_result read = OUTCOME_NONE;

    for (int result = OUTCOME_NONE + 1; result < OUTCOME_RESULT_COUNT; result++) {
        assert_true(outcome_result_parse(outcome_result_name((enum outcome_result)result), &read));
        assert_int_equal(read, result);
    }
    assert_false(outcome_result_parse("none", &read));
    assert_string_equal(outcome_result_name((enum outcome_result)99), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_of_every_kind_come_back_equal, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(empty_events_come_back_with_empty_texts, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(encoding_appends, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(targets_come_back_equal, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(outcomes_come_back_equal, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(rejected_records_come_back_equal, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(words_that_are_no_utf8_are_repaired_on_the_way_out,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(unknown_kinds_of_fact_are_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(unknown_fields_are_tolerated, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(unknown_names_of_enums_count_as_unspecified, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(too_long_ids_are_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(too_big_messages_are_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(targets_out_of_bounds_are_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(truncated_messages_do_no_harm, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(mutated_messages_do_no_harm, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(garbage_does_no_harm, open_arena, close_arena),
        cmocka_unit_test(names_of_results_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
