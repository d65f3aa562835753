/* Events as operators put them right: fields by name, values as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/event/amend.h"
#include "tests/unit/event/samples.h"

static struct event amended(struct arena *arena, const struct event *event, const char *field,
                            const char *value)
{
    const struct event_change change = {field, value};
    struct event form;
    struct err err = {0};

    if (!event_amend(arena, event, &change, 1, &form, &err))
        fail_msg("%s", err.text);
    assert_string_equal(form.id, event->id);
    return form;
}

static void assert_refused(const struct event *event, const char *field, const char *value,
                           const char *why)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct event_change change = {field, value};
    struct event form;
    struct err err = {0};

    assert_false(event_amend(arena, event, &change, 1, &form, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, why);
}

static void fields_of_every_kind_are_set_from_text(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event line = sample_event(EVENT_ORDER_LINE);
    struct event part = sample_event(EVENT_LINE_RETURNED);
    struct event rule = sample_event(EVENT_RULE_CHANGED);
    struct event pool = sample_event(EVENT_POOL_CHANGED);
    struct event promotion = sample_event(EVENT_PROMOTION_CHANGED);

    (void)state;
    assert_int_equal(amended(arena, &line, "ordered", "7").order_line.ordered, 7);
    assert_int_equal(amended(arena, &line, "ordered", "-7").order_line.ordered, -7);
    struct event placed = amended(arena, &line, "placed_at", "1970-01-01T00:00:01Z");
    assert_int_equal(placed.order_line.placed_ms, 1000);
    assert_int_equal(amended(arena, &line, "placed_ms", "1000").order_line.placed_ms, 1000);
    assert_string_equal(amended(arena, &part, "bucket", "damaged").part.bucket, "damaged");
    assert_int_equal(amended(arena, &pool, "authority", "channel").pool.authority,
                     EVENT_POOL_CHANNEL);
    assert_false(amended(arena, &promotion, "active", "false").promotion.active);
    struct event pooled = amended(arena, &rule, "pools", "a,b");
    assert_int_equal(pooled.rule.pools_len, 2);
    assert_string_equal(pooled.rule.pools[1], "b");
    assert_int_equal(amended(arena, &line, "occurred_at", "1970-01-01T00:00:02Z").times.occurred_ms,
                     2000);
    assert_int_equal(line.order_line.ordered, 3);
}

static void what_can_not_be_set_is_told(void **state)
{
    struct event line = sample_event(EVENT_ORDER_LINE);
    struct event mapping = sample_event(EVENT_MAPPING_CHANGED);

    (void)state;
    assert_refused(&line, "colour", "red", "order_line has no field 'colour'");
    assert_refused(&line, "channel", "ebay", "order_line has no field 'channel'");
    assert_refused(&line, "ordered", "many", "ordered can't be 'many'");
    assert_refused(&line, "ordered", "", "ordered can't be ''");
    assert_refused(&line, "placed_at", "noon", "placed_at can't be 'noon'");
    assert_refused(&mapping, "components", "A", "components can't be 'A'");
    assert_refused(&line, "status", "a\nb", "order_line: status has a control character");
    assert_refused(&line, "occurred_ms", "0", "order_line: occurred_ms is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_every_kind_are_set_from_text),
        cmocka_unit_test(what_can_not_be_set_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
