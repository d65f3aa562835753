/*
 * How many units a channel holds back so that sales elsewhere do not oversell it.
 *
 * When a unit is sold on another channel, this one learns of it after its latency. Until then it
 * offers what is gone. If it shows b units less than there are, it oversells only when more than b
 * units are sold elsewhere within one latency.
 *
 * Sales elsewhere are independent of each other, so their number N in that time is Poisson with
 *     lambda = units sold elsewhere / time in which they were * latency
 * and the buffer is the smallest b with
 *     P(N > b) = sum over k > b of e^-lambda lambda^k / k!  <=  bound_ppm / 1000000 / shares.
 *
 * Exact: lambda stays a fraction of integers, and neither e nor a floating-point number occurs. The
 * terms are taken relative to the largest one, t(k) = 2^62 at k = floor(lambda), with
 *     t(k + 1) = t(k) lambda / (k + 1)    and    t(k - 1) = t(k) k / lambda,
 * so that P(N > b) = sum over k > b of t(k) / sum of all t(k): e^-lambda cancels. The upper sum is
 * rounded up term by term, its infinite rest replaced by the geometric series above it; the lower
 * one is rounded down. So the probability found is never below the true one: the buffer is never
 * too small. Rounding adds at most one 2^-62 a term to each later one, that is less than 10^-7 of
 * the bound in the whole domain; a buffer is one too large only if the bound is as near as that.
 * Integers of 128 bits give the same answer on every machine.
 */
#pragma once

#include <stdint.h>

struct stock_risk {
    int64_t units;      /* sold elsewhere: 0 to 64 * EVENT_QUANTITY_MAX */
    int64_t window_ms;  /* within this time: 1 to 2^35 */
    int64_t latency_ms; /* 0 to 2^27 */
    int64_t bound_ppm;  /* 0 (nothing is held back) to EVENT_RISK_BOUND_MAX */
    int64_t shares;     /* how many components share the bound: 1 to EVENT_COMPONENTS_MAX */
};

/* EVENT_QUANTITY_MAX, that is everything, when more than a million sales are expected. */
int64_t stock_risk_buffer(const struct stock_risk *risk);
