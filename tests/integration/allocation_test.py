#!/usr/bin/env python3
"""How quantities follow from rules, tiers and measurements: a real ledger on a real broker and a real database.

allocation_test.py DIR (both run there)
"""
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Report, expect, until  # noqa: E402
from ledger_test import Ledger, count, mapping  # noqa: E402

DAY_MS = 86_400_000
PERCENTS = {"T1": 20, "T2": 15, "T3": 10, "T4": 5}


def at(minute):
    return f"2026-11-21T02:{minute:02}:00Z"


def rule(fact, **fields):
    return dict(kind="rule_changed", fact_id=fact, occurred_at=at(0), **fields)


def velocity(sku, minute, **units):
    return dict(kind="velocity_measured", occurred_at=at(minute), as_of_at=at(minute), sku=sku, window_ms=DAY_MS,
                units=[dict(channel=channel, units=sold) for channel, sold in units.items()])


def latency(channel, minute, latency_ms):
    return dict(kind="latency_measured", occurred_at=at(minute), as_of_at=at(minute), channel=channel,
                latency_ms=latency_ms, samples=100)


def promotion(sku, minute, active):
    return dict(kind="promotion_changed", fact_id=f"promotion-{sku}-{minute}", occurred_at=at(minute), sku=sku,
                active=active)


def listing(ledger, channel, name):
    return ledger.sql("SELECT tier, quantity, priced FROM ledger.listings "
                      f"WHERE channel = '{channel}' AND listing = '{name}'")


def until_listing(ledger, channel, name, expected):
    until(120, lambda: listing(ledger, channel, name) == expected, f"{channel} {name} is {expected}")


# ---- facts given by hand


def tiers_change_what_is_held_back(ledger):
    ledger.feed([mapping("V1", "V"), count("V", 100), *(rule(f"percent-{tier}", tier=tier, buffer_percent=percent)
                                                        for tier, percent in PERCENTS.items())])
    until_listing(ledger, "shop", "V1", "T4|95|0")
    for minute, (per_day, expected) in enumerate([(5, "T3|90|0"), (20, "T2|85|0"), (99, "T2|85|0"),
                                                  (100, "T1|80|0"), (4, "T4|95|0")]):
        ledger.feed([velocity("V", minute + 10, shop=per_day - 4, woo=4)])
        until_listing(ledger, "shop", "V1", expected)
    ledger.feed([velocity("V", 9, shop=1000), count("V", 200, "count-again", at(30))])
    until_listing(ledger, "shop", "V1", "T4|190|0")


def a_promotion_lifts_a_sku_to_the_fastest_tier(ledger):
    ledger.feed([promotion("V", 40, True)])
    until_listing(ledger, "shop", "V1", "T1|160|0")
    ledger.stop()
    ledger.start()
    ledger.feed([promotion("V", 41, False)])
    until_listing(ledger, "shop", "V1", "T4|190|0")


def a_tier_is_defined_anew(ledger):
    ledger.feed([dict(kind="tier_defined", fact_id="slow", occurred_at=at(50), tier="T2", from_per_day=4)])
    until_listing(ledger, "shop", "V1", "T2|170|0")
    ledger.feed([dict(kind="tier_defined", fact_id="back", occurred_at=at(51), tier="T2", from_per_day=20)])
    until_listing(ledger, "shop", "V1", "T4|190|0")


def a_bound_is_priced_from_measured_facts(ledger):
    """8640 a day elsewhere are 0.42 in 4.2 s: P(N > 3) = 0.00094, P(N > 2) = 0.009."""
    ledger.feed([mapping("R1", "R"), mapping("R2", "R", "woo"), count("R", 100),
                 rule("risk", channel="shop", risk_bound_ppm=1000, safety_stock=2)])
    ledger.feed([velocity("R", 10, shop=5, woo=8640)])
    until_listing(ledger, "shop", "R1", "T1|80|0")  # the tier's rule is closer than the channel's
    ledger.feed([rule("risk-of-r", sku="R", risk_bound_ppm=1000)])
    until_listing(ledger, "shop", "R1", "T1|100|0")
    ledger.stop()
    ledger.start()
    ledger.feed([latency("shop", 11, 4200), latency("woo", 11, 4200)])
    until_listing(ledger, "shop", "R1", "T1|97|3")
    until_listing(ledger, "woo", "R2", "T1|100|0")
    known = ledger.sql("SELECT v.per_day::int, l.latency_ms, h.priced FROM api.target_history h "
                       "JOIN api.velocities v ON v.measurement_id::text = h.measurement_id "
                       "JOIN api.latencies l ON l.measurement_id::text = h.latency_id "
                       "WHERE h.channel = 'shop' AND h.listing = 'R1' ORDER BY h.version DESC LIMIT 1")
    expect(known == "8645|4200|3", f"the newest target names its measurements: {known}")
    safety = ledger.sql("SELECT safety_stock FROM api.rules WHERE channel = 'shop' AND safety_stock > 0")
    expect(safety == "2", f"the safety stock is visible: {safety}")


TESTS = [tiers_change_what_is_held_back, a_promotion_lifts_a_sku_to_the_fastest_tier, a_tier_is_defined_anew,
         a_bound_is_priced_from_measured_facts]


def main():
    report = Report(sys.argv[1])
    ledger = Ledger(sys.argv[1])
    ledger.start()
    try:
        for function in TESTS:
            with report.test(function.__name__):
                function(ledger)
        with report.test("conservation holds for every position"):
            ledger.sound()
    finally:
        ledger.stop(signal.SIGKILL)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
