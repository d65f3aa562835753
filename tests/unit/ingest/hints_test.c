/* Hints, their notes and their readings, without a topic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"

#include "services/ingest/hints.h"

enum { CROSSED_MAX = 10 };

struct crossed {
    char notes[CROSSED_MAX][16];
    size_t len;
};

static void cross(void *opaque, const char *channel, const char *note)
{
    struct crossed *crossed = opaque;

    assert_string_equal(channel, "a");
    assert_true(crossed->len < CROSSED_MAX);
    strcpy(crossed->notes[crossed->len++], note);
}

static void add(struct ingest_hints *hints, const char *note, const char *hint, int64_t noted_ms)
{
    assert_true(
        ingest_hints_add(hints, &(struct ingest_hint_note){note, "a", hint, "trace", 1, noted_ms}));
}

static struct ingest_hint begin(struct ingest_hints *hints, int64_t now_ms, const char *want)
{
    struct ingest_hint hint = {0};

    assert_true(ingest_hints_begin(hints, "a", now_ms, &hint));
    assert_string_equal(hint.hint, want);
    return hint;
}

static bool none_begins(struct ingest_hints *hints, int64_t now_ms)
{
    struct ingest_hint hint;

    return !ingest_hints_begin(hints, "a", now_ms, &hint);
}

static size_t waiting(struct ingest_hints *hints)
{
    int64_t oldest_ms = 0;

    return ingest_hints_waiting(hints, "a", &oldest_ms);
}

static void one_reading_stands_for_every_note_before_it(void **state)
{
    struct crossed crossed = {0};
    SCOPED(ingest_hints) struct ingest_hints *hints = ingest_hints_new(10, cross, &crossed);

    (void)state;
    add(hints, "n1", "order:1", 100);
    add(hints, "n2", "order:2", 200);
    add(hints, "n3", "order:1", 300);
    add(hints, "n3", "order:1", 300);
    const struct ingest_hint one = begin(hints, 0, "order:1");
    assert_int_equal(one.noted_ms, 100);
    assert_string_equal(one.traceparent, "trace");
    begin(hints, 0, "order:2");
    assert_true(none_begins(hints, 0));
    ingest_hints_done(hints, "a", "order:1", one.reading);
    assert_int_equal(crossed.len, 2);
    assert_string_equal(crossed.notes[0], "n1");
    assert_string_equal(crossed.notes[1], "n3");
    assert_int_equal(waiting(hints), 1);
    assert_true(none_begins(hints, 0));
}

static void a_note_that_comes_while_its_hint_is_read_is_another_reading(void **state)
{
    struct crossed crossed = {0};
    SCOPED(ingest_hints) struct ingest_hints *hints = ingest_hints_new(10, cross, &crossed);

    (void)state;
    add(hints, "n1", "order:1", 100);
    const struct ingest_hint first = begin(hints, 0, "order:1");
    add(hints, "n2", "order:1", 200);
    assert_true(none_begins(hints, 0));
    ingest_hints_done(hints, "a", "order:1", first.reading);
    assert_int_equal(crossed.len, 1);
    assert_string_equal(crossed.notes[0], "n1");
    const struct ingest_hint second = begin(hints, 0, "order:1");
    assert_int_not_equal(first.reading, second.reading);
    ingest_hints_done(hints, "a", "order:1", first.reading); /* once more: no effect */
    assert_int_equal(crossed.len, 1);
    ingest_hints_done(hints, "a", "order:1", second.reading);
    assert_string_equal(crossed.notes[1], "n2");
    assert_int_equal(waiting(hints), 0);
}

static void what_failed_waits_and_its_neighbours_do_not(void **state)
{
    struct crossed crossed = {0};
    SCOPED(ingest_hints) struct ingest_hints *hints = ingest_hints_new(10, cross, &crossed);

    (void)state;
    add(hints, "n1", "order:1", 100);
    add(hints, "n2", "order:2", 100);
    const struct ingest_hint one = begin(hints, 0, "order:1");
    assert_int_equal(one.failures, 0);
    ingest_hints_failed(hints, "a", "order:1", one.reading, 50);
    const struct ingest_hint two = begin(hints, 10, "order:2");
    ingest_hints_failed(hints, "a", "order:2", two.reading, 30);
    assert_true(none_begins(hints, 29));
    begin(hints, 30, "order:2");
    assert_true(none_begins(hints, 49));
    const struct ingest_hint again = begin(hints, 50, "order:1");
    assert_int_equal(again.failures, 1);
    assert_int_equal(crossed.len, 0);
    ingest_hints_done(hints, "a", "order:1", again.reading);
    assert_int_equal(crossed.len, 1);
}

static void what_others_crossed_out_is_gone(void **state)
{
    struct crossed crossed = {0};
    SCOPED(ingest_hints) struct ingest_hints *hints = ingest_hints_new(10, cross, &crossed);

    (void)state;
    add(hints, "n1", "order:1", 100);
    add(hints, "n2", "order:1", 200);
    add(hints, "n3", "order:2", 300);
    ingest_hints_remove(hints, "n2");
    ingest_hints_remove(hints, "n3");
    ingest_hints_remove(hints, "n4");
    const struct ingest_hint one = begin(hints, 0, "order:1");
    ingest_hints_remove(hints, "n1");
    assert_true(none_begins(hints, 0));
    ingest_hints_done(hints, "a", "order:1", one.reading);
    assert_int_equal(crossed.len, 0);
    assert_int_equal(waiting(hints), 0);
}

static void a_lost_partition_is_forgotten_with_its_readings(void **state)
{
    struct crossed crossed = {0};
    SCOPED(ingest_hints) struct ingest_hints *hints = ingest_hints_new(10, cross, &crossed);
    int64_t oldest_ms = 0;

    (void)state;
    add(hints, "n1", "order:1", 100);
    add(hints, "n2", "order:2", 200);
    add(hints, "n3", "order:3", 300);
    const struct ingest_hint one = begin(hints, 0, "order:1");
    const struct ingest_hint two = begin(hints, 0, "order:2");
    ingest_hints_failed(hints, "a", "order:2", two.reading, 1000);
    assert_int_equal(ingest_hints_waiting(hints, "a", &oldest_ms), 3);
    assert_int_equal(oldest_ms, 100);
    ingest_hints_lose(hints, 2);
    assert_int_equal(waiting(hints), 3);
    ingest_hints_lose(hints, 1);
    assert_int_equal(waiting(hints), 0);
    assert_int_equal(ingest_hints_waiting(hints, "a", &oldest_ms), 0);
    /* It comes back, and the reading of before is none of this one. */
    add(hints, "n1", "order:1", 100);
    const struct ingest_hint again = begin(hints, 0, "order:1");
    ingest_hints_done(hints, "a", "order:1", one.reading);
    assert_int_equal(crossed.len, 0);
    ingest_hints_done(hints, "a", "order:1", again.reading);
    assert_int_equal(crossed.len, 1);
}

static bool is_left_out(struct ingest_hints *hints, const char *note, const char *channel)
{
    return !ingest_hints_add(hints,
                             &(struct ingest_hint_note){note, channel, "order:3", "trace", 1, 100});
}

/* One channel's flood is no matter of another's. */
static void what_is_too_much_is_left_out_until_there_is_room(void **state)
{
    struct crossed crossed = {0};
    SCOPED(ingest_hints) struct ingest_hints *hints = ingest_hints_new(2, cross, &crossed);

    (void)state;
    add(hints, "n1", "order:1", 100);
    add(hints, "n2", "order:1", 100);
    add(hints, "n2", "order:1", 100);
    assert_false(ingest_hints_lack(hints));
    assert_true(is_left_out(hints, "n3", "a"));
    assert_false(is_left_out(hints, "n4", "a")); /* told once */
    assert_false(is_left_out(hints, "n5", "b"));
    assert_false(ingest_hints_lack(hints));
    const struct ingest_hint one = begin(hints, 0, "order:1");
    ingest_hints_done(hints, "a", "order:1", one.reading);
    assert_true(none_begins(hints, 0));
    assert_true(ingest_hints_lack(hints));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_reading_stands_for_every_note_before_it),
        cmocka_unit_test(a_note_that_comes_while_its_hint_is_read_is_another_reading),
        cmocka_unit_test(what_failed_waits_and_its_neighbours_do_not),
        cmocka_unit_test(what_others_crossed_out_is_gone),
        cmocka_unit_test(a_lost_partition_is_forgotten_with_its_readings),
        cmocka_unit_test(what_is_too_much_is_left_out_until_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
