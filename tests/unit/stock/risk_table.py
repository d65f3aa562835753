#!/usr/bin/env python3
"""Prints risk_table.h: buffers for lambda from 1e-6 to 1e4, computed with 80-digit decimals straight from the formula.

    tests/unit/stock/risk_table.py > tests/unit/stock/risk_table.h

Each row: units, window_ms, latency_ms, bound_ppm, shares, buffer. Every second row is as near as a fraction of these
integers gets to where the buffer changes, once on either side.
"""
import decimal
import fractions

decimal.getcontext().prec = 80
WINDOW_MS = 604_800_000
BOUNDS = [(1, 1), (1, 64), (10, 1), (100, 2), (1000, 1), (1000, 3), (20_000, 1), (100_000, 1)]


def smallest_buffer(mean, bound):
    """P(N > b) <= bound: terms of the Poisson distribution added up from 0."""
    mean = decimal.Decimal(mean.numerator) / mean.denominator
    bound = decimal.Decimal(bound.numerator) / bound.denominator
    term = so_far = (-mean).exp()
    buffer = 0
    while 1 - so_far > bound:
        buffer += 1
        term = term * mean / buffer
        so_far += term
    return buffer


def row(units, window_ms, latency_ms, ppm, shares):
    mean = fractions.Fraction(units * latency_ms, window_ms)
    buffer = smallest_buffer(mean, fractions.Fraction(ppm, 1_000_000 * shares))
    return f"    {{{{{units}, {window_ms}, {latency_ms}, {ppm}, {shares}}}, {buffer}}},"


def edge(units, ppm, shares):
    """The least latency with another buffer than that of half the window's."""
    low, high = 0, WINDOW_MS // 7
    wanted = smallest_buffer(fractions.Fraction(units * high, 2 * WINDOW_MS), fractions.Fraction(ppm, 10**6 * shares))
    while high - low > 1:
        middle = (low + high) // 2
        mean = fractions.Fraction(units * middle, WINDOW_MS)
        if smallest_buffer(mean, fractions.Fraction(ppm, 10**6 * shares)) >= wanted:
            high = middle
        else:
            low = middle
    return high


def main():
    print("/* Made by risk_table.py. */\n#pragma once\n\n#include \"lib/stock/risk.h\"\n")
    print("static const struct {\n    struct stock_risk risk;\n    int64_t buffer;\n} risk_rows[] = {")
    for ppm, shares in BOUNDS:
        for exponent in range(-6, 5):
            for digit in (1, 2, 5):
                if digit > 1 and exponent == 4:
                    continue
                mean = digit * fractions.Fraction(10) ** exponent
                latency_ms = 4200
                print(row(mean.numerator, mean.denominator * latency_ms, latency_ms, ppm, shares))
        for units in (1, 7, 100, 999):
            latency_ms = edge(units, ppm, shares)
            print(row(units, WINDOW_MS, latency_ms - 1, ppm, shares))
            print(row(units, WINDOW_MS, latency_ms, ppm, shares))
    print("};")


if __name__ == "__main__":
    main()
