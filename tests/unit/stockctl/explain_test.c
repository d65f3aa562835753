/* The sentence that ends a story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/stockctl/explain.h"

static const struct stockctl_shown shown = {
    .channel = "shopify-main",
    .listing = "L1",
    .at_ms = 1795252620123,
    .confirmed = true,
    .quantity = 3,
    .version = 7,
    .confirmed_ms = 1795252619000,
    .event_id = "E",
    .kind = "order_line",
    .cause_channel = "woo-main",
    .order_id = "123",
    .actor = "",
    .rule_id = "R",
    .mapping_id = "M",
    .held = {.tier = "", .measurement_id = "", .latency_id = ""},
    .has_newest = true,
    .newest_version = 7,
    .newest_quantity = 3,
    .newest_result = "confirmed",
    .newest_error = "",
};

static void assert_said(const struct stockctl_shown *what, const char *sentence)
{
    SCOPED(buf) struct buf out = {0};

    stockctl_explain_sentence(what, &out);
    assert_string_equal(buf_str(&out), sentence);
}

static void number_with_its_order(void **state)
{
    (void)state;
    assert_said(&shown,
                "shopify-main showed 3 at 2026-11-21T09:17:00.123Z on listing L1: target version 7 "
                "from event E (order 123 on woo-main), rule R, mapping M, confirmed at "
                "2026-11-21T09:16:59.000Z.");
}

static void number_of_an_operator_by_default_rule(void **state)
{
    (void)state;
    struct stockctl_shown what = shown;

    what.kind = "stock_counted";
    what.order_id = "";
    what.actor = "ann@desk";
    what.rule_id = "";
    what.mapping_id = "";
    assert_said(&what,
                "shopify-main showed 3 at 2026-11-21T09:17:00.123Z on listing L1: target version 7 "
                "from event E (stock_counted by ann@desk), the default rule, mapping unknown, "
                "confirmed at 2026-11-21T09:16:59.000Z.");
}

static void tier_and_the_price_of_the_risk(void **state)
{
    (void)state;
    struct stockctl_shown what = shown;

    what.held = (struct stockctl_held){.tier = "T1",
                                       .measurement_id = "V",
                                       .sold = 8645,
                                       .window_ms = 86400000,
                                       .buffer_units = 1,
                                       .buffer_percent = 2,
                                       .bound_ppm = 1000,
                                       .priced = 3,
                                       .elsewhere = 8640,
                                       .latency_ms = 4200,
                                       .latency_id = "L"};
    assert_said(&what,
                "shopify-main showed 3 at 2026-11-21T09:17:00.123Z on listing L1: target version 7 "
                "from event E (order 123 on woo-main), rule R, mapping M, SKU of tier T1 (8645 "
                "units a day, measurement V), held back the largest of 1 units, 2 % and 3 that the "
                "risk costs: 0.42 sales are expected elsewhere within 4.2 s, and more than 3 have "
                "a chance of at most 0.1 % (measurements V and L), confirmed at "
                "2026-11-21T09:16:59.000Z.");
    what.held = (struct stockctl_held){
        .tier = "T4", .measurement_id = "", .bound_ppm = 1000, .latency_id = ""};
    assert_said(&what,
                "shopify-main showed 3 at 2026-11-21T09:17:00.123Z on listing L1: target version 7 "
                "from event E (order 123 on woo-main), rule R, mapping M, SKU of tier T4 (never "
                "measured), held back the largest of 0 units, 0 % and the risk, which has no price "
                "while the latency is not measured, confirmed at 2026-11-21T09:16:59.000Z.");
}

static void newer_target_that_was_refused(void **state)
{
    (void)state;
    struct stockctl_shown what = shown;

    what.newest_version = 8;
    what.newest_quantity = 2;
    what.newest_result = "rejected";
    what.newest_error = "no such item";
    assert_said(&what,
                "shopify-main showed 3 at 2026-11-21T09:17:00.123Z on listing L1: target version 7 "
                "from event E (order 123 on woo-main), rule R, mapping M, confirmed at "
                "2026-11-21T09:16:59.000Z; target version 8 with 2 was not confirmed by then, the "
                "last attempt was rejected: no such item.");
}

static void nothing_was_confirmed(void **state)
{
    (void)state;
    struct stockctl_shown what = shown;

    what.confirmed = false;
    what.newest_result = "";
    assert_said(&what,
                "shopify-main had confirmed nothing for listing L1 at 2026-11-21T09:17:00.123Z; "
                "target version 7 with 3 was not confirmed by then, and no attempt is known.");
    what.has_newest = false;
    assert_said(&what, "shopify-main had confirmed nothing for listing L1 at "
                       "2026-11-21T09:17:00.123Z.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_with_its_order),
        cmocka_unit_test(number_of_an_operator_by_default_rule),
        cmocka_unit_test(tier_and_the_price_of_the_risk),
        cmocka_unit_test(newer_target_that_was_refused),
        cmocka_unit_test(nothing_was_confirmed),
    };

    return cmocka_run_group_tests_name("stockctl explain", tests, NULL, NULL);
}
