#include "lib/stock/risk.h"

#include "lib/event/event.h"

/* Above it the terms would need more than 128 bits, and nobody sells that much in a latency. */
#define RISK_SALES_MAX UINT64_C(1000000)
#define RISK_TERM      (UINT64_C(1) << 62)
#define RISK_MILLION   UINT64_C(1000000)

typedef unsigned __int128 risk_wide;

/* lambda = numerator / denominator < 2^20, denominator <= 2^35. */
struct lambda {
    uint64_t numerator;
    uint64_t denominator;
    uint64_t floor;
};

/* t(k + 1) from t(k) <= 2^62: less than 2^62 * 2^55. */
static risk_wide risk_next_down(const struct lambda *lambda, risk_wide term, uint64_t k)
{
    return term * lambda->numerator / ((risk_wide)(k + 1) * lambda->denominator);
}

static risk_wide risk_next_up(const struct lambda *lambda, risk_wide term, uint64_t k)
{
    risk_wide divisor = (risk_wide)(k + 1) * lambda->denominator;

    return (term * lambda->numerator + divisor - 1) / divisor;
}

/* All terms, rounded down: beyond some nine standard deviations on either side they are 0. */
static risk_wide risk_total(const struct lambda *lambda)
{
    risk_wide total = RISK_TERM;
    risk_wide term = RISK_TERM;

    for (uint64_t k = lambda->floor; k > 0 && term > 0; k--) {
        term = term * k * lambda->denominator / lambda->numerator;
        total += term;
    }
    term = RISK_TERM;
    for (uint64_t k = lambda->floor; term > 0; k++) {
        term = risk_next_down(lambda, term, k);
        total += term;
    }
    return total;
}

/* Terms above floor(lambda), rounded up. Where rounding up stops them from falling, what is left is
   less than a geometric series with the ratio of the next two: term * r / (1 - r). */
static risk_wide risk_above(const struct lambda *lambda)
{
    risk_wide above = 0;
    risk_wide term = RISK_TERM;

    for (uint64_t k = lambda->floor;; k++) {
        risk_wide next = risk_next_up(lambda, term, k);

        if (next == term) {
            risk_wide divisor = (risk_wide)(k + 1) * lambda->denominator - lambda->numerator;

            return above + (term * lambda->numerator + divisor - 1) / divisor;
        }
        above += next;
        term = next;
    }
}

/* The bound is below a half, so the buffer is at least floor(lambda): no median is below it. */
static int64_t risk_search(const struct lambda *lambda, uint64_t bound_ppm, uint64_t shares)
{
    risk_wide allowed = risk_total(lambda) * bound_ppm;
    risk_wide above = risk_above(lambda);
    risk_wide term = RISK_TERM;

    for (uint64_t k = lambda->floor;; k++) {
        if (above * (RISK_MILLION * shares) <= allowed)
            return (int64_t)k;
        term = risk_next_up(lambda, term, k);
        above -= term;
    }
}

int64_t stock_risk_buffer(const struct stock_risk *risk)
{
    struct lambda lambda = {
        .numerator = (uint64_t)risk->units * (uint64_t)risk->latency_ms,
        .denominator = (uint64_t)risk->window_ms,
    };

    if (lambda.numerator == 0 || risk->bound_ppm == 0)
        return 0;
    lambda.floor = lambda.numerator / lambda.denominator;
    if (lambda.floor >= RISK_SALES_MAX)
        return EVENT_QUANTITY_MAX;
    return risk_search(&lambda, (uint64_t)risk->bound_ppm, (uint64_t)risk->shares);
}
