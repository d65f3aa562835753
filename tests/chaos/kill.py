#!/usr/bin/env python3
"""kill -9 of every service, of the broker and of PostgreSQL in the middle of a burst: the same final positions as
without, nothing lost, nothing twice."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import ROOT, Report, Suite, expect, until  # noqa: E402

ORDERS = 300
PER_SECOND = 30


def burst_with_kill(suite, victim, seed):
    """The sandbox sells on; the victim dies a third into the burst and comes back two seconds later."""
    before = len(suite.orders())
    suite.control("trace", {"orders": ORDERS, "per_second": PER_SECOND, "channels": suite.channels, "quantity_max": 2,
                            "listings_max": 2, "seed": seed})
    time.sleep(ORDERS / PER_SECOND / 3)
    suite.script("kill", victim)
    time.sleep(2)
    back = time.monotonic()
    suite.script("run", victim)
    back = time.monotonic() - back
    until(300, lambda: not suite.control("trace")["running"], "the burst ends")
    suite.settle(300, meanwhile=lambda: look_after(suite))
    made = len(suite.orders()) - before
    expect(made >= ORDERS * 0.9, f"only {made} orders were sold")
    return made, back


def look_after(suite):
    """As Kubernetes does: a service that ended (fenced, fatal producer) is started again, however often. And as an operator does:
    WooCommerce tries each delivery once, and a shop's queue never re-sends."""
    for name in ["ledger", "ingest"] + [f"publisher-{channel}" for channel in suite.channels]:
        suite.script("run", name, check=False)
    suite.resend()


def expect_once(suite):
    """Every line of the oracle once in the ledger, and no other."""
    lines = {(order["channel"], str(order["order"]), str(line["line"])): line["quantity"]
             for order in suite.orders() for line in order["lines"]}
    known = {(row[0], row[1], row[2]): int(row[3])
             for row in suite.sql("SELECT channel, order_id, line_id, ordered FROM ledger.order_lines")}
    missing = [key for key in lines if key not in known]
    extra = [key for key in known if key not in lines]
    wrong = [key for key in lines if key in known and known[key] != lines[key]]
    expect(not missing and not extra and not wrong,
           f"{len(missing)} lines lost {missing[:3]}, {len(extra)} invented {extra[:3]}, {len(wrong)} wrong {wrong[:3]}")
    twice = suite.sql("SELECT event_id, sku, count(*) FROM ledger.movements WHERE reason = 'placed' "
                      "GROUP BY event_id, sku HAVING count(*) > 1")
    expect(not twice, f"movements twice: {twice[:3]}")
    conflicts = suite.sql("SELECT count(*) FROM ledger.conflicts")[0][0]
    expect(conflicts == "0", f"{conflicts} events with known ids and other content")
    return len(lines)


def main():
    home = ROOT / "var/test-chaos"
    report = Report(home)
    with Suite(home, products=40, variants=3, stock=2000, buffer=2) as suite:
        suite.remember_initial()
        victims = ["ingest", "ledger"] + [f"publisher-{channel}" for channel in suite.channels] + ["broker", "database"]
        for number, victim in enumerate(victims):
            with report.test(f"kill -9 of {victim} in the middle of a burst"):
                made, back = burst_with_kill(suite, victim, 100 + number)
                lines = expect_once(suite)
                print(f"    {made} orders, {victim} ready again {back:.1f} s after its start, {lines} lines each once")
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
