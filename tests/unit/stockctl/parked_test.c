/* What may be decided about an event, and the fact that says so, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/event/samples.h"
#include "tools/stockctl/parked.h"

#define ID "4bd51a01-8812-5ebf-9b5a-20b080e42e9a"

static const struct stockctl_fact fact = {"", "ann@desk", 1795252620000};

static struct stockctl_options with_reason(void)
{
    return (struct stockctl_options){.reason = "looked at it"};
}

static void assert_refused(const struct stockctl_options *options, enum event_decision decision,
                           const struct stockctl_parked *parked, const char *why)
{
    SCOPED(buf) struct buf out = {0};
    struct err err = {0};

    assert_false(stockctl_parked_decide(options, decision, parked, &fact, &out, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, why);
}

static void a_fix_says_its_changes(void **state)
{
    SCOPED(buf) struct buf out = {0};
    struct stockctl_options options = with_reason();
    struct event event = sample_event(EVENT_STOCK_COUNTED);
    struct err err = {0};

    (void)state;
    event.stock.bucket = "shelf";
    event.stock.quantity = -1;
    options.changes = (struct stockctl_texts){{"bucket=damaged", "quantity=3"}, 2};
    const struct stockctl_parked parked = {ID, "parked", "unknown-bucket", 2, &event};
    if (!stockctl_parked_decide(&options, EVENT_FIX, &parked, &fact, &out, &err))
        fail_msg("%s", err.text);
    assert_string_equal(
        buf_str(&out),
        "{\"kind\":\"decided\",\"occurred_at\":\"2026-11-21T09:17:00.000Z\",\"actor\":\"ann@desk\","
        "\"event_id\":\"" ID "\",\"number\":2,\"decision\":\"fix\",\"changes\":["
        "{\"field\":\"bucket\",\"value\":\"damaged\"},{\"field\":\"quantity\",\"value\":\"3\"}],"
        "\"note\":\"looked at it\"}");
}

static void what_would_change_nothing_is_refused(void **state)
{
    struct stockctl_options options = with_reason();
    struct stockctl_options silent = {.reason = NULL};
    struct event event = sample_event(EVENT_STOCK_COUNTED);

    (void)state;
    event.stock.quantity = -1;
    struct stockctl_parked parked = {ID, "parked", "negative-quantity", 1, &event};
    assert_refused(&silent, EVENT_DROP, &parked, "--reason is missing: say why");
    assert_refused(&options, EVENT_RELEASE, &parked,
                   "negative-quantity can't be waived: fix or drop it (stock_counted: quantity is "
                   "-1, want 0 to 1000000000)");
    assert_refused(&options, EVENT_FIX, &parked,
                   "--set is missing: say what is right, as FIELD=VALUE");
    options.changes = (struct stockctl_texts){{"quantity"}, 1};
    assert_refused(&options, EVENT_FIX, &parked, "--set is 'quantity': want FIELD=VALUE");
    options.changes = (struct stockctl_texts){{"quantity=-2"}, 1};
    assert_refused(&options, EVENT_FIX, &parked,
                   "it would still be wrong: stock_counted: quantity is -2, want 0 to 1000000000");
    parked.status = "applied";
    assert_refused(&options, EVENT_DROP, &parked,
                   "it is applied, not parked: a correcting fact puts it right");
    parked.status = "dropped";
    assert_refused(&options, EVENT_DROP, &parked, "it is dropped already");
}

static void what_waits_by_itself_is_only_dropped(void **state)
{
    SCOPED(buf) struct buf out = {0};
    struct stockctl_options options = with_reason();
    const struct stockctl_parked parked = {ID, "parked", "no-mapping", 1, NULL};
    struct err err = {0};

    (void)state;
    options.changes = (struct stockctl_texts){{"listing=1"}, 1};
    assert_refused(&options, EVENT_RELEASE, &parked,
                   "it waits by itself (no-mapping): nothing is to be released");
    assert_refused(&options, EVENT_FIX, &parked,
                   "it breaks no rule, it waits (no-mapping): nothing is to be fixed");
    assert_true(stockctl_parked_decide(&options, EVENT_DROP, &parked, &fact, &out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fix_says_its_changes),
        cmocka_unit_test(what_would_change_nothing_is_refused),
        cmocka_unit_test(what_waits_by_itself_is_only_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
