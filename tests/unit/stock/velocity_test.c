/* How fast a SKU sells, from a fixture with a known answer, and the tier that follows, bound by
   bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/stock/velocity.h"

#define AS_OF   INT64_C(1795252620000)
#define WEEK_MS (7 * STOCK_DAY_MS)

/* ---- measuring ---- */

/* 31 on the shop, 4 on ebay, by hand: only what was placed in the week up to the time counts. */
static void a_known_week_measures_as_it_is_known(void **state)
{
    static const struct stock_sale sales[] = {
        {"shop", 20,  AS_OF                   },
        {"ebay", 1,   AS_OF - 1               },
        {"shop", 10,  AS_OF - STOCK_DAY_MS    },
        {"ebay", 3,   AS_OF - 3 * STOCK_DAY_MS},
        {"shop", 1,   AS_OF - WEEK_MS + 1     },
        {"shop", 0,   AS_OF - 2               }, /* cancelled altogether */
        {"etsy", 0,   AS_OF - 2               },
        {"shop", 100, AS_OF - WEEK_MS         }, /* a moment too old */
        {"shop", 100, AS_OF + 1               }, /* not yet */
        {"etsy", 100, AS_OF - 8 * STOCK_DAY_MS},
    };
    struct event_channel_units units[EVENT_CHANNELS_MAX];

    (void)state;
    size_t len = stock_velocity_measure(sales, ARRAY_LEN(sales), AS_OF, WEEK_MS, units);

    assert_int_equal(len, 2);
    assert_string_equal(units[0].channel, "ebay");
    assert_int_equal(units[0].units, 4);
    assert_string_equal(units[1].channel, "shop");
    assert_int_equal(units[1].units, 31);
}

static void the_order_of_sales_does_not_matter(void **state)
{
    static const struct stock_sale sales[] = {
        {"c", 1,  AS_OF},
        {"a", 2,  AS_OF},
        {"b", 4,  AS_OF},
        {"a", 8,  AS_OF},
        {"c", 16, AS_OF},
    };
    static const size_t orders[][5] = {
        {0, 1, 2, 3, 4},
        {4, 3, 2, 1, 0},
        {2, 0, 4, 1, 3},
        {1, 3, 0, 4, 2}
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct stock_sale some[5];
        struct event_channel_units units[EVENT_CHANNELS_MAX];

        for (size_t k = 0; k < 5; k++)
            some[k] = sales[orders[i][k]];
        assert_int_equal(stock_velocity_measure(some, 5, AS_OF, 1, units), 3);
        assert_int_equal(units[0].units, 10);
        assert_int_equal(units[1].units, 4);
        assert_int_equal(units[2].units, 17);
    }
}

static void units_and_channels_stay_within_their_bounds(void **state)
{
    static char names[EVENT_CHANNELS_MAX + 1][8];
    struct stock_sale sales[EVENT_CHANNELS_MAX + 3];
    struct event_channel_units units[EVENT_CHANNELS_MAX];

    (void)state;
    for (size_t i = 0; i <= EVENT_CHANNELS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "c%02zu", EVENT_CHANNELS_MAX - i);
        sales[i] = (struct stock_sale){names[i], 1, AS_OF};
    }
    sales[EVENT_CHANNELS_MAX + 1] = (struct stock_sale){"c30", EVENT_QUANTITY_MAX, AS_OF};
    sales[EVENT_CHANNELS_MAX + 2] = (struct stock_sale){"c30", EVENT_QUANTITY_MAX, AS_OF};
    size_t len = stock_velocity_measure(sales, ARRAY_LEN(sales), AS_OF, 1, units);

    assert_int_equal(len, EVENT_CHANNELS_MAX);
    assert_string_equal(units[0].channel, "c01");
    assert_string_equal(units[29].channel, "c30");
    assert_int_equal(units[29].units, EVENT_QUANTITY_MAX);
}

/* ---- tiers ---- */

static const char *tier_of(int64_t units, int64_t window_ms, bool promoted)
{
    const struct event_tier *tiers[STOCK_TIERS_DEFAULT];
    const struct event_channel_units sold = {"shop", units};
    const struct event_velocity velocity = {"cap", AS_OF, window_ms, &sold, 1};

    for (size_t i = 0; i < STOCK_TIERS_DEFAULT; i++)
        tiers[i] = &stock_velocity_tiers[i];
    return stock_velocity_tier(tiers, STOCK_TIERS_DEFAULT, &velocity, promoted)->tier;
}

static void every_bound_of_a_tier_is_where_it_should_be(void **state)
{
    static const struct {
        int64_t per_day;
        const char *tier;
    } rows[] = {
        {0,    "T4"},
        {4,    "T4"},
        {5,    "T3"},
        {19,   "T3"},
        {20,   "T2"},
        {99,   "T2"},
        {100,  "T1"},
        {1000, "T1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(tier_of(rows[i].per_day, STOCK_DAY_MS, false), rows[i].tier);
        assert_string_equal(tier_of(7 * rows[i].per_day, WEEK_MS, false), rows[i].tier);
        assert_string_equal(tier_of(rows[i].per_day, STOCK_DAY_MS, true), "T1");
    }
    /* Between the bounds: a unit short in a week, an hour's rate. */
    assert_string_equal(tier_of(34, WEEK_MS, false), "T4");
    assert_string_equal(tier_of(139, WEEK_MS, false), "T3");
    assert_string_equal(tier_of(699, WEEK_MS, false), "T2");
    assert_string_equal(tier_of(50, STOCK_DAY_MS / 24, false), "T1");
    assert_string_equal(tier_of(4, STOCK_DAY_MS / 24, false), "T2");
    assert_string_equal(tier_of(EVENT_QUANTITY_MAX, 1, false), "T1");
}

/* F78: latency objective and lead time of each. */
static void the_default_tiers_say_their_objectives(void **state)
{
    static const struct event_tier rows[] = {
        {"", "T1", 100, 30000,   3 },
        {"", "T2", 20,  120000,  5 },
        {"", "T3", 5,   900000,  7 },
        {"", "T4", 0,   3600000, 14},
    };

    (void)state;
    for (size_t i = 0; i < STOCK_TIERS_DEFAULT; i++) {
        const struct event_tier *tier = &stock_velocity_tiers[i];

        assert_string_equal(tier->tier, rows[i].tier);
        assert_int_equal(tier->from_per_day, rows[i].from_per_day);
        assert_int_equal(tier->latency_ms, rows[i].latency_ms);
        assert_int_equal(tier->lead_time_days, rows[i].lead_time_days);
    }
}

static void nothing_measured_is_as_nothing_sold_and_may_be_in_no_tier(void **state)
{
    static const struct event_tier fast = {"", "fast", 10, 0, 0};
    static const struct event_tier slow = {"", "slow", 0, 0, 0};
    const struct event_tier *tiers[] = {&fast, &slow};

    (void)state;
    assert_ptr_equal(stock_velocity_tier(tiers, 2, NULL, false), &slow);
    assert_ptr_equal(stock_velocity_tier(tiers, 2, NULL, true), &fast);
    assert_null(stock_velocity_tier(tiers, 1, NULL, false));
    assert_ptr_equal(stock_velocity_tier(tiers, 1, NULL, true), &fast);
    assert_null(stock_velocity_tier(tiers, 0, NULL, true));
}

static void of_equal_tiers_the_smaller_name_counts(void **state)
{
    static const struct event_tier a = {"", "a", 5, 0, 0};
    static const struct event_tier b = {"", "b", 5, 0, 0};
    const struct event_tier *forth[] = {&a, &b};
    const struct event_tier *back[] = {&b, &a};

    (void)state;
    assert_ptr_equal(stock_velocity_tier(forth, 2, NULL, true), &a);
    assert_ptr_equal(stock_velocity_tier(back, 2, NULL, true), &a);
}

static void velocities_compare_over_different_windows(void **state)
{
    static const struct event_channel_units week[] = {
        {"a", 3},
        {"b", 4}
    };
    static const struct event_channel_units day[] = {
        {"a", 1}
    };
    const struct event_velocity slow = {"cap", AS_OF, WEEK_MS, week, 2};
    const struct event_velocity same = {"cap", AS_OF, STOCK_DAY_MS, day, 1};
    const struct event_velocity fast = {"cap", AS_OF, STOCK_DAY_MS - 1, day, 1};

    (void)state;
    assert_int_equal(stock_velocity_compare(&slow, &same), 0);
    assert_int_equal(stock_velocity_compare(&slow, &fast), -1);
    assert_int_equal(stock_velocity_compare(&fast, &slow), 1);
    assert_int_equal(stock_velocity_units(&slow, "a"), 4);
    assert_int_equal(stock_velocity_units(&slow, ""), 7);
}

/* ---- news ---- */

static void what_falls_waits_and_what_rises_does_not(void **state)
{
    static const struct {
        int64_t now;
        int64_t measured;
        int64_t later_ms;
        bool is_news;
    } rows[] = {
        {-1, 0, 0,    false}, /* never measured, nothing sold */
        {-1, 1, 0,    true },
        {5,  5, 1000, false},
        {5,  6, 1,    true },
        {5,  6, 0,    false}, /* as of the same time */
        {5,  4, 999,  false},
        {5,  4, 1000, true },
        {5,  0, 1000, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct event_channel_units was = {"a", rows[i].now};
        const struct event_channel_units is = {"a", rows[i].measured};
        const struct event_velocity now = {"cap", AS_OF, WEEK_MS, &was, 1};
        const struct event_velocity measured = {"cap", AS_OF + rows[i].later_ms, WEEK_MS, &is,
                                                rows[i].measured > 0};

        assert_int_equal(stock_velocity_is_news(rows[i].now < 0 ? NULL : &now, &measured, 1000),
                         rows[i].is_news);
    }
}

static void a_latency_is_news_from_a_tenth_on(void **state)
{
    static const struct {
        int64_t now;
        int64_t measured;
        int64_t later_ms;
        bool is_news;
    } rows[] = {
        {-1,   1,    0,    true },
        {1000, 1100, 1,    false},
        {1000, 1101, 1,    true },
        {1000, 1101, 0,    false},
        {1000, 900,  5000, false},
        {1000, 899,  999,  false},
        {1000, 899,  1000, true },
        {0,    1,    1,    true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct event_latency now = {"shop", AS_OF, rows[i].now, 9};
        const struct event_latency measured = {"shop", AS_OF + rows[i].later_ms, rows[i].measured,
                                               9};

        assert_int_equal(stock_latency_is_news(rows[i].now < 0 ? NULL : &now, &measured, 1000),
                         rows[i].is_news);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_week_measures_as_it_is_known),
        cmocka_unit_test(the_order_of_sales_does_not_matter),
        cmocka_unit_test(units_and_channels_stay_within_their_bounds),
        cmocka_unit_test(every_bound_of_a_tier_is_where_it_should_be),
        cmocka_unit_test(the_default_tiers_say_their_objectives),
        cmocka_unit_test(nothing_measured_is_as_nothing_sold_and_may_be_in_no_tier),
        cmocka_unit_test(of_equal_tiers_the_smaller_name_counts),
        cmocka_unit_test(velocities_compare_over_different_windows),
        cmocka_unit_test(what_falls_waits_and_what_rises_does_not),
        cmocka_unit_test(a_latency_is_news_from_a_tenth_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
