#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/publisher/budget.h"

static void a_full_bucket_gives_its_burst_and_no_more(void **state)
{
    struct publisher_budget budget;
    int taken = 0;

    (void)state;
    publisher_budget_init(&budget, 2, 5, 1000);
    while (publisher_budget_take(&budget, 1, 1000))
        taken++;
    assert_int_equal(taken, 5);
}

static void it_refills_at_its_rate(void **state)
{
    struct publisher_budget budget;

    (void)state;
    publisher_budget_init(&budget, 2, 1, 0);
    assert_true(publisher_budget_take(&budget, 1, 0));
    assert_false(publisher_budget_take(&budget, 1, 499));
    assert_true(publisher_budget_take(&budget, 1, 501));
}

static void the_rate_holds_over_any_window(void **state)
{
    struct publisher_budget budget;
    int taken = 0;

    (void)state;
    publisher_budget_init(&budget, 10, 1, 0);
    for (int64_t now_ms = 0; now_ms <= 60000; now_ms++)
        taken += publisher_budget_take(&budget, 1, now_ms);
    assert_in_range(taken, 595, 601);
}

/* Three replicas with a partition each spend together what one may. */
static void replicas_share_one_budget(void **state)
{
    struct publisher_budget budgets[3];
    int taken = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        publisher_budget_init(&budgets[i], 10, 6, 0);
        publisher_budget_share(&budgets[i], 1.0 / 3, 0);
    }
    for (size_t i = 0; i < 3; i++)
        while (publisher_budget_take(&budgets[i], 1, 0))
            taken++;
    assert_int_equal(taken, 6);
    for (int64_t now_ms = 1; now_ms <= 60000; now_ms++)
        for (size_t i = 0; i < 3; i++)
            taken += publisher_budget_take(&budgets[i], 1, now_ms);
    assert_in_range(taken, 6 + 590, 6 + 600);
}

/* A request that costs more than the share of the burst still goes, at the share's rate. */
static void a_small_share_holds_nothing_back_for_ever(void **state)
{
    struct publisher_budget budget;
    int taken = 0;

    (void)state;
    publisher_budget_init(&budget, 20, 20, 0);
    publisher_budget_share(&budget, 0.25, 0);
    for (int64_t now_ms = 0; now_ms <= 20000; now_ms++)
        taken += publisher_budget_take(&budget, 10, now_ms);
    assert_in_range(taken, 9, 11);
}

static void retry_after_blocks_until_its_time(void **state)
{
    struct publisher_budget budget;

    (void)state;
    publisher_budget_init(&budget, 100, 100, 0);
    publisher_budget_block(&budget, 2000);
    assert_int_equal(publisher_budget_wait_ms(&budget, 1, 500), 1500);
    assert_false(publisher_budget_take(&budget, 1, 1999));
    assert_true(publisher_budget_take(&budget, 1, 2000));
}

static void what_the_channel_tells_lowers_but_never_raises(void **state)
{
    struct publisher_budget budget;

    (void)state;
    publisher_budget_init(&budget, 1, 100, 0);
    publisher_budget_told(&budget, 30, -1, 10, 0);
    assert_true(budget.tokens > 19.9 && budget.tokens < 20.1);
    publisher_budget_told(&budget, 1000, -1, 0, 0);
    assert_true(budget.tokens < 20.1);
}

static void what_the_merchant_allows_caps_the_rate_that_the_channel_tells(void **state)
{
    struct publisher_budget budget;

    (void)state;
    publisher_budget_init(&budget, 20, 20, 0);
    publisher_budget_told(&budget, -1, 100, 0, 0);
    assert_true(budget.per_second > 99);
    budget.per_second_max = 20;
    publisher_budget_told(&budget, -1, 100, 0, 0);
    assert_true(budget.per_second < 21);
    publisher_budget_told(&budget, -1, 5, 0, 0);
    assert_true(budget.per_second < 6);
}

static void a_cost_beyond_the_burst_waits_for_a_full_bucket(void **state)
{
    struct publisher_budget budget;

    (void)state;
    publisher_budget_init(&budget, 10, 10, 0);
    assert_true(publisher_budget_take(&budget, 50, 0));
    assert_false(publisher_budget_take(&budget, 1, 3000));
    assert_true(publisher_budget_take(&budget, 1, 4200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_its_burst_and_no_more),
        cmocka_unit_test(it_refills_at_its_rate),
        cmocka_unit_test(the_rate_holds_over_any_window),
        cmocka_unit_test(replicas_share_one_budget),
        cmocka_unit_test(a_small_share_holds_nothing_back_for_ever),
        cmocka_unit_test(retry_after_blocks_until_its_time),
        cmocka_unit_test(what_the_channel_tells_lowers_but_never_raises),
        cmocka_unit_test(what_the_merchant_allows_caps_the_rate_that_the_channel_tells),
        cmocka_unit_test(a_cost_beyond_the_burst_waits_for_a_full_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
