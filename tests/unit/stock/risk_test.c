/* The buffer that the risk of overselling costs: against another computation, at the limits, and
   against sales that are thrown dice for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/event/event.h"

#include "tests/property/generator.h"
#include "tests/unit/stock/risk_table.h"

static void buffers_are_those_of_the_formula(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(risk_rows); i++) {
        const struct stock_risk *risk = &risk_rows[i].risk;

        if (stock_risk_buffer(risk) != risk_rows[i].buffer)
            fail_msg("%" PRId64 " units in %" PRId64 " ms, latency %" PRId64 " ms, %" PRId64
                     " ppm by %" PRId64 ": buffer %" PRId64 ", want %" PRId64,
                     risk->units, risk->window_ms, risk->latency_ms, risk->bound_ppm, risk->shares,
                     stock_risk_buffer(risk), risk_rows[i].buffer);
    }
}

static void nothing_is_held_back_without_sales_latency_or_bound(void **state)
{
    static const struct stock_risk rows[] = {
        {0,   1000, 1000, 1,    1},
        {100, 1000, 0,    1,    1},
        {100, 1000, 1000, 0,    1},
        {1,   1000, 1,    1000, 1}, /* P(N > 0) is just below 1/1000 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(stock_risk_buffer(&rows[i]), 0);
}

static void beyond_a_million_expected_sales_everything_is_held_back(void **state)
{
    const struct stock_risk most = {.units = INT64_C(64) * EVENT_QUANTITY_MAX,
                                    .window_ms = 1,
                                    .latency_ms = 86400000,
                                    .bound_ppm = 1,
                                    .shares = 64};
    const struct stock_risk million = {1000000, 1000, 1000, 1, 64};
    const struct stock_risk below = {999999, 1000, 1000, 1, 64};
    const struct stock_risk rare = {1, INT64_C(1) << 35, 86400000, 1, 64};
    const struct stock_risk odd = {INT64_C(31622399999), INT64_C(31622400000), 999999, 1, 64};

    (void)state;
    assert_int_equal(stock_risk_buffer(&most), EVENT_QUANTITY_MAX);
    assert_int_equal(stock_risk_buffer(&million), EVENT_QUANTITY_MAX);
    /* 999999 + about 5.6 standard deviations of 1000 */
    assert_in_range(stock_risk_buffer(&below), 1005400, 1005700);
    assert_in_range(stock_risk_buffer(&odd), 1005400, 1005700);
    assert_int_equal(stock_risk_buffer(&rare), 2);
}

/* More sales, a longer latency, a tighter bound: never a smaller buffer. */
static void the_buffer_grows_with_the_risk(void **state)
{
    int64_t before = 0;

    (void)state;
    for (int64_t latency_ms = 1; latency_ms < 3000; latency_ms++) {
        const struct stock_risk loose = {37, 1000, latency_ms, 1000, 1};
        const struct stock_risk tight = {37, 1000, latency_ms, 100, 1};
        const struct stock_risk shared = {37, 1000, latency_ms, 1000, 3};
        int64_t buffer = stock_risk_buffer(&loose);

        assert_true(buffer >= before);
        assert_true(stock_risk_buffer(&tight) >= buffer);
        assert_true(stock_risk_buffer(&shared) >= buffer);
        before = buffer;
    }
}

/* ---- thrown dice ---- */

enum { SIMULATED_LATENCIES = 400000 };

/* Whole milliseconds until the next sale; the tests may use logarithms. */
static double pause_ms(struct random *random, double mean_ms)
{
    double uniform = ((double)(random_next(random) >> 11) + 1) / 9007199254740992.0;

    return -mean_ms * log(uniform);
}

/*
 * Sales elsewhere come as a Poisson stream. The channel shows the stock of one latency ago less the
 * buffer, and somebody buys all of it once in each latency: that oversells when more than the
 * buffer was sold elsewhere meanwhile. Returns how often it did.
 */
static int64_t oversells(struct random *random, const struct stock_risk *risk, int64_t buffer)
{
    double mean_ms = (double)risk->window_ms / (double)risk->units;
    double next_ms = pause_ms(random, mean_ms);
    int64_t stock = INT64_C(1) << 40;
    int64_t oversold = 0;

    for (int64_t i = 0; i < SIMULATED_LATENCIES; i++) {
        int64_t shown = stock - buffer;
        double end_ms = (double)(i + 1) * (double)risk->latency_ms;

        for (; next_ms < end_ms; next_ms += pause_ms(random, mean_ms))
            stock--;
        oversold += shown > stock;
    }
    return oversold;
}

/* Within five standard deviations: one false alarm in a million runs, and the seed is fixed. */
static void with_the_buffer_oversells_are_as_rare_as_the_bound_says(void **state)
{
    static const struct stock_risk rows[] = {
        {50,  604800000, 4200000, 1000,  1}, /* lambda 0.35 */
        {310, 604800000, 4200000, 1000,  1}, /* 2.2 */
        {310, 604800000, 4200000, 20000, 1},
        {900, 3600000,   4200,    10000, 1}, /* 1.05 */
        {900, 3600000,   120000,  1000,  1}, /* 30 */
        {100, 86400000,  30000,   50000, 1}, /* 0.035 */
        {100, 86400000,  30000,   20000, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct random random = random_from(20261121 + i);
        double allowed = (double)rows[i].bound_ppm / 1e6 * SIMULATED_LATENCIES;
        int64_t buffer = stock_risk_buffer(&rows[i]);
        int64_t with = oversells(&random, &rows[i], buffer);
        int64_t with_one_less = buffer == 0 ? -1 : oversells(&random, &rows[i], buffer - 1);

        printf("%zu: buffer %" PRId64 ": %" PRId64 " oversells, allowed %.0f; one less: %" PRId64
               "\n",
               i, buffer, with, allowed, with_one_less);
        assert_true((double)with <= allowed + 5 * sqrt(allowed));
        if (buffer > 0)
            assert_true((double)with_one_less > allowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_are_those_of_the_formula),
        cmocka_unit_test(nothing_is_held_back_without_sales_latency_or_bound),
        cmocka_unit_test(beyond_a_million_expected_sales_everything_is_held_back),
        cmocka_unit_test(the_buffer_grows_with_the_risk),
        cmocka_unit_test(with_the_buffer_oversells_are_as_rare_as_the_bound_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
