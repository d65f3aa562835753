/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "services/reconciler/history.h"

enum { AT = 1000000 };

static void add_target(struct reconciler_history *history, const char *channel, int64_t version,
                       int64_t quantity, int64_t applied_ms)
{
    reconciler_history_target(history, &(struct target){.channel = channel,
                                                        .listing = "L1",
                                                        .version = version,
                                                        .quantity = quantity,
                                                        .event_id = "e",
                                                        .times = {.applied_ms = applied_ms}});
}

static void add_outcome(struct reconciler_history *history, int64_t version,
                        enum outcome_result result, int64_t applied_ms, int64_t ended_ms)
{
    reconciler_history_outcome(
        history, &(struct outcome){.channel = "shop",
                                   .listing = "L1",
                                   .version = version,
                                   .quantity = version * 10,
                                   .result = result,
                                   .error_class = result == OUTCOME_CONFIRMED ? "" : "http_500",
                                   .error_text = "",
                                   .event_id = "e",
                                   .times = {.applied_ms = applied_ms,
                                             .published_ms = ended_ms,
                                             .confirmed_ms =
                                                 result == OUTCOME_CONFIRMED ? ended_ms : 0}});
}

#define NEW_HISTORY(name)                                     \
    SCOPED(arena) struct arena *arena = arena_new();          \
    SCOPED(reconciler_history) struct reconciler_history *name = \
        reconciler_history_new(arena, "shop", AT)

static void the_newest_target_and_the_confirmed_pushes_are_known(void **state)
{
    NEW_HISTORY(history);

    (void)state;
    add_target(history, "shop", 2, 20, 200);
    add_target(history, "woo", 9, 90, 900);
    add_outcome(history, 2, OUTCOME_CONFIRMED, 200, 210);
    add_outcome(history, 1, OUTCOME_CONFIRMED, 100, 110);
    struct reconciler_pushes pushes = reconciler_history_of(history, "L1");

    assert_int_equal(pushes.target_version, 2);
    assert_int_equal(pushes.target_quantity, 20);
    assert_int_equal(pushes.confirmed_len, 2);
    assert_int_equal(pushes.confirmed[1].version, 2);
    assert_int_equal(pushes.last_result, OUTCOME_CONFIRMED);
    assert_int_equal(pushes.next_target_ms, 0);
}

static void what_the_compacted_topic_forgot_is_known_by_its_outcomes(void **state)
{
    NEW_HISTORY(history);

    (void)state;
    add_target(history, "shop", 3, 30, AT + 5);
    add_outcome(history, 2, OUTCOME_CONFIRMED, 200, 210);
    add_outcome(history, 3, OUTCOME_CONFIRMED, AT + 5, AT + 9);
    struct reconciler_pushes pushes = reconciler_history_of(history, "L1");

    assert_int_equal(pushes.target_version, 2);
    assert_int_equal(pushes.next_target_ms, AT + 5);
    assert_int_equal(pushes.next_confirmed_ms, AT + 9);
    assert_int_equal(pushes.confirmed_len, 1);
}

static void the_last_attempt_is_of_the_newest_target(void **state)
{
    NEW_HISTORY(history);

    (void)state;
    add_target(history, "shop", 2, 20, 200);
    add_outcome(history, 1, OUTCOME_REJECTED, 100, 110);
    assert_int_equal(reconciler_history_of(history, "L1").last_result, OUTCOME_NONE);
    add_outcome(history, 2, OUTCOME_RETRYING, 200, 210);
    add_outcome(history, 2, OUTCOME_PARKED, 200, 220);
    struct reconciler_pushes pushes = reconciler_history_of(history, "L1");

    assert_int_equal(pushes.last_result, OUTCOME_PARKED);
    assert_int_equal(pushes.last_ms, 220);
    assert_string_equal(pushes.last_error_class, "http_500");
}

static void a_listing_never_pushed_has_no_history(void **state)
{
    NEW_HISTORY(history);

    (void)state;
    assert_int_equal(reconciler_history_of(history, "L9").target_version, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_target_and_the_confirmed_pushes_are_known),
        cmocka_unit_test(what_the_compacted_topic_forgot_is_known_by_its_outcomes),
        cmocka_unit_test(the_last_attempt_is_of_the_newest_target),
        cmocka_unit_test(a_listing_never_pushed_has_no_history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
