/* Which rule an event breaks: a stable word, and whether somebody may waive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/event/breach.h"

#include "tests/unit/event/samples.h"

static void assert_breaks(const struct event *event, const char *reason, bool is_waivable)
{
    struct event_breach breach = {.reason = ""};
    struct err err = {0};

    if (!event_check_form(event, &err))
        fail_msg("%s", err.text);
    assert_false(event_check_rules(event, &breach, &err));
    assert_string_equal(breach.reason, reason);
    assert_int_equal(breach.is_waivable, is_waivable);
    assert_int_equal(err.code, ERR_REJECT);
    assert_int_not_equal(event_reason_meaning(reason)[0], '\0');
}

#define AT(field) offsetof(struct event, field)

static void every_rule_has_its_word(void **state)
{
    static const struct {
        enum event_kind kind;
        size_t offset; /* in struct event */
        int64_t number;
        const char *text; /* NULL: the number counts */
        const char *reason;
    } rows[] = {
        {EVENT_ORDER_LINE, AT(order_line.ordered), -1, NULL, EVENT_NEGATIVE_QUANTITY},
        {EVENT_ORDER_LINE, AT(order_line.ordered), EVENT_QUANTITY_MAX + 1, NULL, EVENT_OVERFLOW},
        {EVENT_ORDER_LINE, AT(order_line.cancelled), 9, NULL, EVENT_TOO_MUCH},
        {EVENT_ORDER_LINE, AT(order_line.placed_ms), 0, NULL, EVENT_FIELD_MISSING},
        {EVENT_ORDER_LINE, AT(order_line.version_ms), -1, NULL, EVENT_OUT_OF_RANGE},
        {EVENT_LINE_SHIPPED, AT(part.quantity), 0, NULL, EVENT_ZERO_QUANTITY},
        {EVENT_LINE_SHIPPED, AT(part.bucket), 0, "sellable", EVENT_UNKNOWN_BUCKET},
        {EVENT_LINE_RETURNED, AT(part.bucket), 0, "shelf", EVENT_UNKNOWN_BUCKET},
        {EVENT_STOCK_COUNTED, AT(stock.bucket), 0, "committed", EVENT_UNKNOWN_BUCKET},
        {EVENT_STOCK_COUNTED, AT(stock.pool), 0, "ma in", EVENT_BAD_NAME},
        {EVENT_STOCK_ADJUSTED, AT(stock.quantity), 0, NULL, EVENT_ZERO_QUANTITY},
        {EVENT_STOCK_ADJUSTED, AT(stock.quantity), -EVENT_QUANTITY_MAX - 1, NULL, EVENT_OVERFLOW},
        {EVENT_STOCK_ADJUSTED, AT(stock.reason), 0, "", EVENT_REASON_MISSING},
        {EVENT_STOCK_TRANSFERRED, AT(transfer.to_bucket), 0, "sellable", EVENT_SAME_PLACE},
        {EVENT_STOCK_TRANSFERRED, AT(transfer.reason), 0, "", EVENT_REASON_MISSING},
        {EVENT_INBOUND_REPORTED, AT(inbound.status), 0, "at sea", EVENT_UNKNOWN_STATUS},
        {EVENT_INBOUND_REPORTED, AT(inbound.from_pool), 0, "fba-us", EVENT_SAME_PLACE},
        {EVENT_REMOVAL_REPORTED, AT(removal.to_pool), 0, "fba-us", EVENT_SAME_PLACE},
        {EVENT_REMOVAL_REPORTED, AT(removal.bucket), 0, "in_removal", EVENT_SAME_PLACE},
        {EVENT_REMOVAL_REPORTED, AT(removal.bucket), 0, "shelf", EVENT_UNKNOWN_BUCKET},
        {EVENT_REMOVAL_REPORTED, AT(removal.cancelled), 13, NULL, EVENT_TOO_MUCH},
        {EVENT_REMOVAL_REPORTED, AT(removal.to_pool), 0, "", EVENT_FIELD_MISSING},
        {EVENT_RULE_CHANGED, AT(rule.listing), 0, "x", EVENT_BAD_SCOPE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event event = sample_event(rows[i].kind);
        void *at = (char *)&event + rows[i].offset;

        if (rows[i].text != NULL)
            *(const char **)at = rows[i].text;
        else
            *(int64_t *)at = rows[i].number;
        assert_breaks(&event, rows[i].reason, false);
    }
}

static void components_named_twice_break_a_rule(void **state)
{
    static const struct event_component twice[] = {
        {"A", 1},
        {"A", 2}
    };
    struct event event = sample_event(EVENT_MAPPING_CHANGED);

    (void)state;
    event.mapping.components = twice;
    event.mapping.components_len = ARRAY_LEN(twice);
    assert_breaks(&event, EVENT_NAMED_TWICE, false);
}

static void a_count_in_the_future_may_be_waived_beyond_the_tolerance(void **state)
{
    struct event event = sample_event(EVENT_STOCK_COUNTED);
    struct event_breach breach;
    struct err err = {0};

    (void)state;
    event.times.occurred_ms = event.times.received_ms + EVENT_COUNT_AHEAD_MS;
    assert_true(event_check_rules(&event, &breach, &err));
    event.times.occurred_ms++;
    assert_breaks(&event, EVENT_COUNT_IN_FUTURE, true);
    assert_true(event_check(&event, &err)); /* no door refuses what may be waived */
    event.kind = EVENT_STOCK_RECEIVED;
    assert_true(event_check_rules(&event, &breach, &err));
}

static void an_unknown_reason_may_be_waived_and_a_rule_besides_may_not(void **state)
{
    struct event event = sample_event(EVENT_STOCK_ADJUSTED);

    (void)state;
    event.stock.reason = "because";
    assert_breaks(&event, EVENT_REASON_UNKNOWN, true);
    event.stock.bucket = "shelf";
    assert_breaks(&event, EVENT_UNKNOWN_BUCKET, false);
}

static void a_receipt_of_a_removal_names_it_or_is_waived(void **state)
{
    struct event event = sample_event(EVENT_STOCK_RECEIVED);
    struct event_breach breach;
    struct err err = {0};

    (void)state;
    event.stock.reason = "removal";
    assert_breaks(&event, EVENT_REMOVAL_MISSING, true);
    event.stock.removal_id = "RMV-77";
    assert_true(event_check_rules(&event, &breach, &err));
    event.stock.shipment_id = "FBA15";
    assert_breaks(&event, EVENT_NAMED_TWICE, false);
}

static void what_can_not_be_stored_has_no_form(void **state)
{
    struct event event = sample_event(EVENT_STOCK_COUNTED);
    struct err err = {0};

    (void)state;
    event.stock.sku = "a\nb";
    assert_false(event_check_form(&event, &err));
    event = sample_event(EVENT_STOCK_COUNTED);
    event.times.occurred_ms = 0;
    assert_false(event_check_form(&event, &err));
    event = sample_event(EVENT_STOCK_COUNTED);
    event.stock.sku = ""; /* a rule */
    assert_true(event_check_form(&event, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_its_word),
        cmocka_unit_test(components_named_twice_break_a_rule),
        cmocka_unit_test(a_count_in_the_future_may_be_waived_beyond_the_tolerance),
        cmocka_unit_test(an_unknown_reason_may_be_waived_and_a_rule_besides_may_not),
        cmocka_unit_test(a_receipt_of_a_removal_names_it_or_is_waived),
        cmocka_unit_test(what_can_not_be_stored_has_no_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
