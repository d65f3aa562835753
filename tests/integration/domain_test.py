#!/usr/bin/env python3
"""Facts about where units are, from the topic to the views, through the ledger alone: domain_test.py DIR."""

import json
import signal
import subprocess
import sys

from ledger_test import BUILD, Ledger, count, line, mapping  # the same folder
from harness.suite import Report, expect, until

DAY = "2026-11-0{}T12:00:00Z"


def inbound(shipment, status, day, sent=10, received=0, damaged=0, lost=0, sku="S", to_pool="fba", **more):
    return dict(dict(kind="inbound_reported", channel="shop", shipment_id=shipment, sku=sku, from_pool="main",
                     to_pool=to_pool, status=status, sent=sent, received=received, damaged=damaged, lost=lost,
                     version_at=DAY.format(day), occurred_at=DAY.format(day)), **more)


class Domain(Ledger):
    def ask(self, *arguments):
        """stockctl's rows, as the role that audits sees them."""
        url = self.local("database", "url", "stockbus_audit", self.database)
        done = subprocess.run([str(BUILD / "bin/stockctl"), *arguments], capture_output=True, text=True,
                              env={"STOCKBUS_DATABASE_URL": url})
        expect(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
        return [json.loads(row) for row in done.stdout.splitlines()]


def removal(name, day, requested=6, sku="S", **more):
    return dict(dict(kind="removal_reported", channel="shop", removal_id=name, sku=sku, from_pool="fba",
                     bucket="sellable", to_pool="main", requested=requested, status="Processing",
                     version_at=DAY.format(day), occurred_at=DAY.format(day)), **more)


def receipt(fact, quantity, day, sku="S", pool="main", reason="removal", **more):
    return dict(kind="stock_received", fact_id=fact, sku=sku, pool=pool, bucket="sellable", quantity=quantity,
                reason=reason, occurred_at=DAY.format(day), **more)


def counted(fact, quantity, day, sku, pool="main"):
    return dict(count(sku, quantity, fact=fact, at=DAY.format(day)), pool=pool)


def positions(ledger, sku):
    return ledger.sql(f"SELECT string_agg(pool || '.' || bucket || '=' || quantity, ' ' ORDER BY pool, bucket) "
                      f"FROM ledger.positions WHERE sku = '{sku}' AND quantity <> 0")


def until_positions(ledger, sku, wanted):
    until(120, lambda: positions(ledger, sku) == wanted,
          lambda: f"{sku} stands at {wanted}, not at {positions(ledger, sku)}")


def a_shipment_moves_what_was_received_and_shows_what_is_missing(ledger):
    ledger.feed([counted("open-S", 30, 1, "S"), inbound("FBA1", "working", 2)])
    until_positions(ledger, "S", "fba.inbound=10 main.sellable=20")
    ledger.feed([inbound("FBA1", "RECEIVING", 4, received=6, damaged=1)])
    until_positions(ledger, "S", "fba.damaged=1 fba.inbound=3 fba.sellable=6 main.sellable=20")
    row = ledger.sql("SELECT received, damaged, in_transit, arrived_at IS NOT NULL, late, "
                     "receiving_due_at::date, sellable_by::date FROM api.inbound WHERE shipment_id = 'FBA1'")
    expect(row.startswith("6|1|3|t|") and row.endswith("|2026-11-24|2026-11-24"), row)
    ledger.feed([inbound("FBA1", "INBOUND_RECEIVING_COMPLETE", 6, received=7, damaged=1)])
    until_positions(ledger, "S", "fba.damaged=1 fba.sellable=7 main.sellable=20")
    row = ledger.sql("SELECT status, sent, received + damaged + lost, missing, late FROM api.inbound")
    expect(row == "closed|10|8|2|f", row)
    expect(ledger.sql("SELECT sum(delta) FROM ledger.movements WHERE sku = 'S' AND reason = 'lost'") == "-2", "lost")
    ledger.sound()


def an_older_report_that_comes_late_changes_nothing(ledger):
    ledger.feed([inbound("FBA1", "in_transit", 3), inbound("FBA1", "RECEIVING", 5, received=7)] * 2)
    until(120, lambda: ledger.sql("SELECT count(*) FROM ledger.consignment_reports") == "5", "five reports are kept")
    expect(positions(ledger, "S") == "fba.damaged=1 fba.sellable=7 main.sellable=20", positions(ledger, "S"))
    ledger.sound()


def a_removal_is_posted_once_by_its_id_and_parked_without(ledger):
    ledger.feed([removal("RMV1", 7), receipt("dock-1", 6, 8)])
    until(120, lambda: ledger.sql("SELECT reason FROM api.parked WHERE sku = 'S'") == "removal-missing", "it is parked")
    until_positions(ledger, "S", "fba.damaged=1 fba.in_removal=6 fba.sellable=1 main.sellable=20")
    row = ledger.sql("SELECT requested, expected_units, open, age_days >= 0 FROM api.removals")
    expect(row == "6|6|t|t", row)
    ledger.feed([receipt("dock-2", 6, 8, removal_id="RMV1")] * 2)
    until_positions(ledger, "S", "fba.damaged=1 fba.sellable=1 main.sellable=26")
    row = ledger.sql("SELECT received, expected_units, open FROM api.removals")
    expect(row == "6|0|f", row)
    row = ledger.sql("SELECT pools, sellable, in_removal, elsewhere, owned FROM api.totals WHERE sku = 'S'")
    expect(row == "2|27|0|1|28", row)  # 30, and 2 are lost
    ledger.sound()


def a_receipt_waits_for_the_report_of_its_shipment(ledger):
    ledger.feed([receipt("dock-3", 4, 5, sku="W", pool="fba", reason="", shipment_id="FBA2")])
    until(120, lambda: ledger.sql("SELECT reason FROM api.parked WHERE sku = 'W'") == "not-reported", "it waits")
    ledger.feed([inbound("FBA2", "shipped", 4, sku="W", from_pool="")])
    until_positions(ledger, "W", "fba.inbound=6 fba.sellable=4")
    expect(ledger.sql("SELECT count(*) FROM api.parked WHERE sku = 'W'") == "0", "it waits still")
    ledger.sound()


def a_count_taken_during_receiving_is_held_until_it_is_closed(ledger):
    ledger.feed([mapping("held", "H"), counted("open-H", 8, 1, "H"),
                 inbound("IN1", "receiving", 3, sku="H", to_pool="main", from_pool="", received=2)])
    ledger.until_available("H", 10)
    shown = "SELECT quantity, version FROM ledger.listings WHERE listing = 'held'"
    before = until(120, lambda: ledger.sql(shown), "its listing is mapped, on another partition")
    ledger.feed([counted("early-H", 3, 4, "H")])
    until(120, lambda: ledger.sql("SELECT reason FROM api.parked WHERE sku = 'H'") == "receiving", "it is held")
    expect(ledger.sql(shown) == before and before.startswith("10|"), f"published {ledger.sql(shown)}, was {before}")
    ledger.feed([inbound("IN1", "receiving", 5, sku="H", to_pool="main", from_pool="", received=6)])
    ledger.until_available("H", 14)
    ledger.feed([inbound("IN1", "closed", 6, sku="H", to_pool="main", from_pool="", received=10)])
    ledger.until_available("H", 3 + 4 + 4)
    expect(ledger.sql("SELECT count(*) FROM api.parked WHERE sku = 'H'") == "0", "it is parked still")
    ledger.sound()


def a_report_that_comes_late_takes_a_count_out_of_force(ledger):
    ledger.feed([counted("open-B", 8, 1, "B"), counted("then-B", 3, 5, "B"), line("b1", "sells-B", 1),
                 mapping("sells-B", "B")])
    ledger.until_available("B", 2)
    ledger.feed([inbound("IN2", "receiving", 4, sku="B", to_pool="main", from_pool="", received=2)])
    ledger.until_available("B", 8 + 2 - 1)
    expect(ledger.sql("SELECT reason FROM api.parked WHERE sku = 'B'") == "receiving", "it is not held")
    ledger.feed([inbound("IN2", "closed", 6, sku="B", to_pool="main", from_pool="", received=2)])
    ledger.until_available("B", 2)
    ledger.sound()


def an_oversell_is_traced_to_the_receipts_and_the_orders(ledger):
    facts = [mapping("sells-P", "P"), counted("open-P", 1, 1, "P"), receipt("in-P", 2, 2, sku="P", reason="")]
    orders = [dict(line(f"p{at}", "sells-P", 2), placed_at=f"2026-11-21T01:0{at}:00Z") for at in range(3)]
    ledger.feed(orders[::-1] + facts)
    ledger.until_available("P", -3)
    traced = ledger.ask("provenance", "P", "--pool", "main", "--json")
    shares = [(row["order_id"], row["came_by"], row["units"]) for row in traced[:-1]]
    expect(shares == [("p0", "counted", 1), ("p0", "received", 1), ("p1", "received", 1), ("p1", "nothing", 1),
                      ("p2", "nothing", 2)], shares)
    end = traced[-1]
    expect((end["left"], end["last"]["order_id"], end["first_short"]["order_id"]) == (-3, "p1", "p1"), end)


def an_order_that_another_pool_ships_takes_its_units_there_once(ledger):
    shown = "SELECT string_agg(listing || '=' || quantity, ' ' ORDER BY listing) FROM ledger.listings WHERE sku = 'M'"
    ledger.feed([mapping("own", "M"), dict(mapping("amazon", "M", "woo"), pool="fba"), counted("wh-M", 5, 1, "M"),
                 counted("fba-M", 9, 1, "M", pool="fba")])
    until(30, lambda: ledger.sql(shown) == "amazon=9 own=5", lambda: f"shown is {ledger.sql(shown)}")
    ledger.feed([dict(line("m1", "own", 2), pool="fba")])
    until(30, lambda: ledger.sql(shown) == "amazon=7 own=5", lambda: f"shown is {ledger.sql(shown)}")
    ledger.feed([dict(line("MCF-m1", "amazon", 2, channel="woo"), fulfils="shop/m1"), line("m2", "own", 1)])
    until(30, lambda: ledger.sql(shown) == "amazon=7 own=4", lambda: f"shown is {ledger.sql(shown)}")
    traced = ledger.ask("provenance", "M", "--pool", "fba", "--json")
    expect([(row["order_id"], row["units"]) for row in traced[:-1]] == [("m1", 2)] and traced[-1]["left"] == 7, traced)
    ledger.feed([dict(kind="pool_changed", fact_id="fba-is-theirs", pool="fba", authority="channel", title="",
                      occurred_at=DAY.format(1))])
    until(30, lambda: ledger.sql(shown) == "amazon=9 own=4", lambda: f"shown is {ledger.sql(shown)}")
    ledger.sound()


def the_views_are_there_for_stockctl(ledger):
    late = ledger.ask("inbound", "list", "S", "--json")
    expect([(row["shipment_id"], row["missing"], row["late"]) for row in late] == [("FBA1", 2, False)], late)
    due = ledger.ask("removal", "list", "--json", "--days", "0")
    expect([(row["removal_id"], row["expected_units"]) for row in due] == [("RMV1", 0)], due)


def the_chain_follows_from_the_rows(ledger):
    ledger.chain(20)


TESTS = [a_shipment_moves_what_was_received_and_shows_what_is_missing, an_older_report_that_comes_late_changes_nothing,
         a_removal_is_posted_once_by_its_id_and_parked_without, a_receipt_waits_for_the_report_of_its_shipment,
         a_count_taken_during_receiving_is_held_until_it_is_closed,
         a_report_that_comes_late_takes_a_count_out_of_force, an_oversell_is_traced_to_the_receipts_and_the_orders,
         the_views_are_there_for_stockctl, an_order_that_another_pool_ships_takes_its_units_there_once, the_chain_follows_from_the_rows]


def main():
    report = Report(sys.argv[1])
    ledger = Domain(sys.argv[1])
    ledger.start()
    try:
        for function in TESTS:
            with report.test(function.__name__):
                function(ledger)
        with report.test("SIGTERM ends with exit status 0"):
            status = ledger.stop()
            expect(status == 0, f"exit status {status}")
    finally:
        ledger.stop(signal.SIGKILL)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
