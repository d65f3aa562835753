/* What bytes become, by a kind that reads whatever it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/ingest/intake.h"

static bool normalize(const struct channel_account *account,
                      const struct channel_notification *notification, struct arena *arena,
                      struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                      struct err *err)
{
    (void)account;
    (void)ret_bad;
    if (notification->body_len == 0)
        return err_set(err, ERR_REJECT, "nothing came");
    for (int i = 0; i < 2; i++) {
        struct event *event = event_list_add(ret_events, arena, EVENT_ORDER_VOIDED);

        event->order_voided.order_id = i == 0 ? "1" : "2";
        event->order_voided.version_ms = 1;
        event->times.occurred_ms = 1;
    }
    return true;
}

static const char *notification_id(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   struct arena *arena)
{
    (void)account;
    (void)notification;
    (void)arena;
    return "id";
}

static bool hints(const struct channel_account *account,
                  const struct channel_notification *notification, struct arena *arena,
                  struct channel_hints *ret_hints, struct err *err)
{
    (void)account;
    if (!channel_hint(ret_hints, arena, "order:3"))
        return false;
    return notification->hint == NULL || err_set(err, ERR_REJECT, "too many");
}

static const struct channel_kind kind = {.name = "any",
                                         .adapter = "any/1",
                                         .normalize = normalize,
                                         .notification_id = notification_id,
                                         .hints = hints};
static const struct channel_account account = {.name = "any", .kind = &kind, .account = ""};

static struct ingest_intake taken(const char *body, size_t len, const char *hint,
                                  struct arena *arena)
{
    const struct channel_notification notification = {.body = body,
                                                      .body_len = len,
                                                      .received_ms = 1,
                                                      .captured_via = EVENT_VIA_READ,
                                                      .hint = hint};

    return ingest_intake_read(&account, &notification, "host", NULL, NULL, arena);
}

static void events_and_hints_come_from_the_same_bytes(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct ingest_intake intake = taken("x", 1, NULL, arena);

    (void)state;
    assert_false(ingest_intake_is_empty(&intake));
    assert_null(intake.refused);
    assert_int_equal(intake.events.len, 2);
    assert_int_equal(intake.events.events[0].raw.body_len, 1);
    assert_int_equal(intake.events.events[0].source.captured_via, EVENT_VIA_READ);
    assert_int_equal(intake.hints.len, 1);
    assert_string_equal(intake.hints.hints[0], "order:3");
    assert_int_equal(intake.bad.len, 0);
}

static void hints_that_fail_cost_no_events_and_are_told(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct ingest_intake intake = taken("x", 1, "order:1", arena);

    (void)state;
    assert_int_equal(intake.events.len, 2);
    assert_int_equal(intake.hints.len, 1);
    assert_int_equal(intake.bad.len, 1);
    assert_string_equal(intake.bad.reasons[0], "too many");
}

static void what_is_not_understood_is_no_silence(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct ingest_intake intake = taken("", 0, NULL, arena);

    (void)state;
    assert_false(ingest_intake_is_empty(&intake));
    assert_string_equal(intake.refused, "nothing came");
    assert_int_equal(intake.hints.len, 0);
}

/* A record holds no such body; the events are written without it. */
static void a_body_beyond_a_record_leaves_its_events(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    size_t len = INGEST_BODY_BYTES_MAX + 1;
    char *body = arena_alloc(arena, len);

    (void)state;
    const struct ingest_intake over = taken(body, len, NULL, arena);
    assert_int_equal(over.events.len, 2);
    assert_int_equal(over.events.events[0].raw.body_len, 0);
    const struct ingest_intake full = taken(body, len - 1, NULL, arena);
    assert_int_equal(full.events.events[0].raw.body_len, len - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_and_hints_come_from_the_same_bytes),
        cmocka_unit_test(hints_that_fail_cost_no_events_and_are_told),
        cmocka_unit_test(what_is_not_understood_is_no_silence),
        cmocka_unit_test(a_body_beyond_a_record_leaves_its_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
