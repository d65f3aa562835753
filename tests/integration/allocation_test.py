#!/usr/bin/env python3
"""How quantities follow from rules, tiers and measurements: a real ledger on a real broker and a real database.

allocation_test.py DIR (both run there)
"""
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Failure, Report, expect, until  # noqa: E402
from ledger_test import BUILD, Ledger, count, line, mapping  # noqa: E402

DAY_MS = 86_400_000


def at(minute):
    return f"2026-11-21T02:{minute:02}:00Z"


def ago(**time_ago):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**time_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


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


def stockctl(ledger, *arguments):
    """What the operator's command line says, and nothing that it complains of."""
    environment = {"PATH": os.environ["PATH"], "USER": "ann",
                   "STOCKBUS_DATABASE_URL": ledger.local("database", "url", "stockbus_audit", ledger.database)}
    done = subprocess.run([str(BUILD / "bin/stockctl"), *arguments], env=environment, capture_output=True, text=True)
    expect(done.returncode == 0 and done.stderr == "", f"stockctl {arguments}: {done.returncode} {done.stderr}")
    return done.stdout


def pushed(ledger, values, source):
    """Rows of the push history, as the publisher's outcomes would have left them."""
    done = ledger.sql("INSERT INTO ledger.pushes (partition, kafka_offset, generation, channel, listing, version, quantity, "
                      "result, attempt, http_status, error_class, error_text, request_hash, request_us, occurred_ms, "
                      "applied_ms, published_ms, event_id, received_ms, confirmed_ms) SELECT 0, 1000000 + row_number() "
                      "OVER () + (SELECT count(*) FROM ledger.pushes), 1, channel, listing, version, quantity, 'confirmed', "
                      f"1, 200, '', '', '', 0, 0, 0, 0, event_id, received_ms, confirmed_ms FROM (SELECT {values} FROM "
                      f"{source}) AS p (channel, listing, version, quantity, event_id, received_ms, confirmed_ms)")
    expect(done == "", done)


def listing(ledger, channel, name):
    return ledger.sql("SELECT tier, quantity, priced FROM ledger.listings "
                      f"WHERE channel = '{channel}' AND listing = '{name}'")


def until_listing(ledger, channel, name, expected):
    try:
        until(120, lambda: listing(ledger, channel, name) == expected, f"{channel} {name} is {expected}")
    except Failure as failure:
        raise Failure(f"{failure}; it is {listing(ledger, channel, name)}") from None


# ---- facts given by hand


def tiers_change_what_is_held_back(ledger):
    defaults = json.loads(stockctl(ledger, "tiers", "defaults", "--dry-run"))
    ledger.feed([mapping("V1", "V"), count("V", 100), *defaults])
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
    ledger.feed([dict(kind="tier_defined", fact_id="slow", occurred_at=ago(hours=-1), tier="T2", from_per_day=4)])
    until_listing(ledger, "shop", "V1", "T2|170|0")
    ledger.feed([dict(kind="tier_defined", fact_id="back", occurred_at=ago(hours=-2), tier="T2", from_per_day=20)])
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
    pushed(ledger, "channel, listing, version, quantity, event_id, 0, ledger.ms(now())",
           "ledger.listings WHERE channel = 'shop' AND listing = 'R1'")
    said = stockctl(ledger, "explain", "R", "--channel", "shop").splitlines()[-1]
    for words in ("SKU of tier T1 (8645 units a day, measurement ", "held back the largest of 0 units, 0 % and 3 that the "
                  "risk costs: 0.42 sales are expected elsewhere within 4.2 s, and more than 3 have a chance of at most "
                  "0.1 %"):
        expect(words in said, f"'{words}' is not in '{said}'")
    rows = [json.loads(row) for row in stockctl(ledger, "rules", "--effective", "R", "--json").splitlines()]
    ranked = [(row["channel"], row["scope"], row["in_force"], row["why"]) for row in rows]
    expect(ranked == [("shop", "SKU R", True, "the closest scope"), ("shop", "tier T1", False, "wider than SKU R"),
                      ("shop", "all on shop", False, "wider than SKU R"),
                      ("woo", "SKU R", True, "the closest scope"), ("woo", "tier T1", False, "wider than SKU R")],
           f"the rules of R: {ranked}")
    safety = ledger.sql("SELECT safety_stock FROM api.rules WHERE channel = 'shop' AND safety_stock > 0")
    expect(safety == "2", f"the safety stock is visible: {safety}")


# ---- measured by the assessor


def sale(order, name, channel, ordered, placed, **report):
    return dict(line(order, name, ordered, channel=channel, **report), placed_at=placed)


def measurements(ledger, sku):
    return int(ledger.sql(f"SELECT count(*) FROM ledger.events WHERE kind = 'velocity_measured' AND sku = '{sku}'"))


def sales_lift_a_sku_from_tier_to_tier_and_back(ledger):
    """140 in a week are 20 a day; 24 within the hour are more than 100 a day."""
    ledger.feed([mapping("S1", "S", at=ago(days=9)), mapping("S2", "S", "woo", ago(days=9)), count("S", 1000)])
    until_listing(ledger, "shop", "S1", "T4|950|0")
    old = ago(days=2)
    ledger.feed([sale(f"old-{n}", "S1", "shop", 10, old, version=old) for n in range(13)] +
                [sale("old-woo", "S2", "woo", 10, old, version=old),
                 sale("older", "S1", "shop", 10, ago(days=8), version=old),
                 sale("cancelled", "S1", "shop", 900, old, cancelled=900, version=old)])
    until_listing(ledger, "shop", "S1", "T2|722|0")  # of 850
    now = ago(seconds=5)
    ledger.feed([sale(f"now-{n}", "S2", "woo", 1, now, version=now) for n in range(24)])
    until_listing(ledger, "shop", "S1", "T1|660|1")  # of 826
    units = ledger.sql("SELECT channels, units, window_ms FROM api.velocities WHERE sku = 'S' ORDER BY as_of")
    expect(units.splitlines()[0] == "{shop,woo}|{130,10}|604800000", f"measured: {units}")
    told = measurements(ledger, "S")
    time.sleep(3)  # three more rounds
    expect(told <= 3 and measurements(ledger, "S") == told, f"{measurements(ledger, 'S')} measurements became facts")
    later = ago(seconds=0)
    ledger.feed([sale(f"now-{n}", "S2", "woo", 1, now, cancelled=1, version=later) for n in range(24)])
    until_listing(ledger, "shop", "S1", "T2|722|0")


def a_bound_is_priced_from_what_was_measured(ledger):
    """120 in an hour on woo are 0.14 in 4.2 s: P(N > 2) = 0.0004, P(N > 1) = 0.009; and 0.28 in 8.4 s."""
    ledger.feed([mapping("Q1", "Q"), mapping("Q2", "Q", "woo"), count("Q", 1000),
                 rule("risk-of-q", sku="Q", risk_bound_ppm=1000)])
    now = ago(seconds=5)
    ledger.feed([sale(f"q-{n}", "Q2", "woo", 5, now, version=now) for n in range(24)])
    until_listing(ledger, "shop", "Q1", "T1|878|2")
    pushed(ledger, "'shop', 'Q1', row_number() OVER (), 0, event_id::text, ledger.ms(occurred_at), "
           "ledger.ms(occurred_at) + 8400", "ledger.events WHERE kind = 'order_line' AND order_id LIKE 'q-%'")
    until_listing(ledger, "shop", "Q1", "T1|877|3")
    until_listing(ledger, "woo", "Q2", "T1|880|0")
    known = ledger.sql("SELECT latency_ms, samples FROM api.latencies WHERE channel = 'shop' ORDER BY as_of DESC LIMIT 1")
    expect(known == "8400|24", f"latency: {known}")


GIVEN = [tiers_change_what_is_held_back, a_promotion_lifts_a_sku_to_the_fastest_tier, a_tier_is_defined_anew,
         a_bound_is_priced_from_measured_facts]
MEASURED = [sales_lift_a_sku_from_tier_to_tier_and_back, a_bound_is_priced_from_what_was_measured]


def main():
    report = Report(sys.argv[1])
    ledger = Ledger(sys.argv[1], STOCKBUS_ASSESS_INTERVAL_MS="0")
    ledger.start()
    try:
        for function in GIVEN:
            with report.test(function.__name__):
                function(ledger)
        ledger.stop()
        ledger.settings = dict(STOCKBUS_ASSESS_INTERVAL_MS="1000", STOCKBUS_ASSESS_HOLD_MS="3000")
        ledger.start()
        for function in MEASURED:
            with report.test(function.__name__):
                function(ledger)
        with report.test("conservation holds for every position"):
            ledger.sound()
    finally:
        ledger.stop(signal.SIGKILL)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
