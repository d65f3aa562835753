#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/ingest/ids.h"

static const char valid[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static void a_valid_trace_goes_on(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    assert_true(ingest_ids_is_traceparent(valid));
    assert_string_equal(ingest_ids_traceparent(arena, valid), valid);
}

static void invalid_traces_are_not_taken(void **state)
{
    static const char *const texts[] = {
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
    };

    (void)state;
    assert_false(ingest_ids_is_traceparent(NULL));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_false(ingest_ids_is_traceparent(texts[i]));
}

static void a_later_version_is_cut_to_what_is_known(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";

    (void)state;
    assert_true(ingest_ids_is_traceparent(later));
    assert_int_equal(strlen(ingest_ids_traceparent(arena, later)), 55);
}

static void without_one_a_new_one_is_made(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *first = ingest_ids_traceparent(arena, NULL);
    const char *second = ingest_ids_traceparent(arena, "nonsense");

    (void)state;
    assert_true(ingest_ids_is_traceparent(first));
    assert_true(ingest_ids_is_traceparent(second));
    assert_string_not_equal(first, second);
    assert_memory_equal(first, "00-", 3);
}

static void a_uuid_is_random_and_of_version_4(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *uuid = ingest_ids_uuid(arena);

    (void)state;
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(uuid[8], '-');
    assert_int_equal(uuid[14], '4');
    assert_non_null(strchr("89ab", uuid[19]));
    assert_string_not_equal(uuid, ingest_ids_uuid(arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_trace_goes_on),
        cmocka_unit_test(invalid_traces_are_not_taken),
        cmocka_unit_test(a_later_version_is_cut_to_what_is_known),
        cmocka_unit_test(without_one_a_new_one_is_made),
        cmocka_unit_test(a_uuid_is_random_and_of_version_4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
