#!/usr/bin/env python3
"""The six verification tests F169-F174 as one suite, with a verdict line: 6 of 6 is sound."""

import concurrent.futures
import datetime
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import ROOT, Report, Suite, expect, percentiles, until  # noqa: E402

BUFFER = 2
BURST_ORDERS = 500
BURST_SECONDS = 10
PROPAGATION_MS = 5000  # F2
BULK_LISTINGS = 5000


def listings_of(suite, sku):
    return [key for key, value in suite.skus().items() if value == sku]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def latencies(suite, since):
    """Accepted notification to confirmed push, of everything that was accepted since."""
    rows = suite.sql("SELECT confirmed_ms - received_ms FROM ledger.pushes WHERE confirmed_ms > 0 "
                     f"AND received_ms >= {int(since.timestamp() * 1000)}")
    return [int(row[0]) for row in rows]


class Slowdown:
    """How many times longer than alone a piece of work takes on this machine, from now on."""

    def __init__(self):
        self.wall = self.processor = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.over.wait(0.2):
            wall, processor = time.monotonic(), time.thread_time()
            while time.thread_time() - processor < 0.02:
                pass
            self.wall += time.monotonic() - wall
            self.processor += time.thread_time() - processor

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.wall / self.processor


def concurrent_channel_sales(suite):
    """F169: one SKU is sold on every channel at the same time."""
    sku = sorted(suite.initial)[0]
    before = suite.available()[sku]
    keys = listings_of(suite, sku)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sales = list(pool.map(lambda n: suite.sell(*keys[n % len(keys)]), range(60)))
    made = sum(sale is not None for sale in sales)
    suite.settle(meanwhile=suite.resend)
    after = suite.available()[sku]
    shown = suite.shown()
    expect(made == 60, f"only {made} of 60 sales were possible")
    expect(after == before - made, f"{sku}: available {after}, want {before} - {made}")
    for key in keys:
        expect(shown[key] == after - BUFFER, f"{key} shows {shown[key]}, want {after} - {BUFFER}")
    print(f"    {made} sales of {sku} on {len(keys)} channels at once, 0 lost")


def burst(suite):
    """F170: at least 500 orders within 10 s over all channels."""
    since = now()
    before = len(suite.orders())
    slowdown = Slowdown()
    start = time.monotonic()
    suite.trace(orders=BURST_ORDERS, per_second=60, channels=suite.channels, quantity_max=2, listings_max=2, seed=7)
    seconds = time.monotonic() - start
    orders = len(suite.orders()) - before
    suite.settle(meanwhile=suite.resend)
    times = percentiles(latencies(suite, since))
    slower = slowdown.stop()
    limit = PROPAGATION_MS * max(1, slower / 2)  # twice is what the suite itself may cost
    print(f"    {orders} orders in {seconds:.1f} s, accepted to confirmed "
          f"p50 {times['p50']} ms, p95 {times['p95']} ms, p99 {times['p99']} ms, max {times['max']} ms; "
          f"work took {slower:.1f} times as long as alone")
    expect(orders >= BURST_ORDERS, f"{orders} orders, want {BURST_ORDERS}")
    expect(seconds <= BURST_SECONDS + 1, f"the burst took {seconds:.1f} s")
    expect(times["p99"] < limit, f"p99 {times['p99']} ms, limit {limit:.0f} ms")
    expect(not suite.rows("oversells"), "an oversell was recorded")


def variation_propagation(suite):
    """F171: one variation is sold out; every channel shows 0 for it and its siblings stay."""
    skus = sorted(suite.initial)
    sku = skus[len(skus) // 2]
    siblings = [other for other in skus if other != sku and other.split("-")[:2] == sku.split("-")[:2]]
    keys = listings_of(suite, sku)
    before = suite.shown()
    while suite.sell(*keys[0], 10) is not None:
        pass
    while suite.sell(*keys[0], 1) is not None:
        pass
    suite.settle(meanwhile=suite.resend)
    shown = suite.shown()
    for key in keys:
        expect(shown[key] == 0, f"{key} shows {shown[key]}, want 0")
    skus_of = suite.skus()
    moved = [key for key in shown if skus_of[key] != sku and shown[key] != before[key]]
    expect(not moved, f"other listings changed: {moved[:5]}")
    print(f"    {sku} shows 0 on {len(keys)} channels, {len(siblings)} siblings and {len(shown) - len(keys)} "
          "listings unchanged")


def webhook_failure_recovery(suite):
    """F172: lost, doubled and late notifications are recovered; what stays broken is shown to operators."""
    suite.control("faults", {"channel": "*", "duplicate": 0.3, "delay_ms": 300, "reorder": 0.3})
    suite.script("halt", "ingest")
    suite.trace(orders=30, per_second=15, channels=suite.channels, quantity_max=1, listings_max=1, seed=11)
    suite.script("run", "ingest")
    suite.trace(orders=60, per_second=20, channels=suite.channels, quantity_max=1, listings_max=1, seed=12)
    suite.control("faults", {"channel": "*"})
    suite.settle(meanwhile=suite.resend)
    key = sorted(suite.shown())[0]

    def unauthorized():
        return suite.metric("ingest", "stockbus_ingest_notifications_total", channel=key[0], result="unauthorized")

    before = unauthorized()
    suite.control("faults", {"channel": "*", "corrupt": 1.0})
    suite.sell(*key)
    until(120, lambda: unauthorized() > before, "the corrupted notification is refused and counted")
    suite.control("faults", {"channel": "*"})
    suite.settle(meanwhile=suite.resend)
    print("    90 sales, ingest away for 30 of them, 30 % doubled, late or out of order: all effects present once")


def bulk(suite):
    """F173: 5,000 listings change at once; each is confirmed."""
    keys = len(suite.targets())
    expect(keys >= BULK_LISTINGS, f"the catalogue has {keys} listings, want {BULK_LISTINGS}")
    before = suite.targets()
    start = time.monotonic()
    suite.stockctl("rule", "--buffer", str(BUFFER + 1), "--id", "bulk-rule")
    changed = sum(1 for quantity in before.values() if quantity > 0)

    def all_moved():
        after = suite.targets()
        return sum(after[key] == before[key] - 1 for key in before if before[key] > 0) == changed

    until(600, all_moved, "every target follows the new buffer")
    suite.settle(900, meanwhile=suite.resend)
    seconds = time.monotonic() - start
    unconfirmed = suite.sql("SELECT count(*) FROM api.targets WHERE NOT at_rest")[0][0]
    expect(unconfirmed == "0", f"{unconfirmed} listings are not confirmed")
    print(f"    {changed} of {keys} listings changed and confirmed in {seconds:.1f} s, 0 dropped")


def audit_trail(suite):
    """F174: from an order to every effect that it had, with its latencies."""
    key = sorted(suite.shown())[1]
    sku = suite.skus()[key]
    order = suite.sell(*key)
    suite.settle(meanwhile=suite.resend)
    rows = suite.sql("SELECT e.event_id, e.notification_id, e.partition, e.kafka_offset FROM ledger.events e "
                     f"WHERE e.channel = '{key[0]}' AND e.order_id = '{order['order']}'")
    expect(rows, f"order {order['order']} has no event")
    effects = suite.sql("SELECT t.channel, t.quantity, p.result, p.confirmed_ms - p.received_ms "
                        "FROM ledger.targets t JOIN ledger.pushes p USING (channel, listing, version) "
                        "WHERE t.event_id = '" + rows[0][0] + "' AND p.result = 'confirmed'")
    reached = {row[0] for row in effects}
    expect(reached == set(suite.channels), f"the order reached {reached}, want {suite.channels}")
    done = suite.stockctl("explain", sku)
    expect(done.returncode == 0 and str(order["order"]) in done.stdout,
           f"explain {sku} does not name order {order['order']}:\n{done.stdout[-1500:]}{done.stderr}")
    print(f"    order {order['order']}: event {rows[0][0]} at {rows[0][2]}/{rows[0][3]}, shown on "
          + ", ".join(f"{row[0]} {row[1]} after {row[3]} ms" for row in effects))


TESTS = [
    ("F169 concurrent channel sales", concurrent_channel_sales),
    ("F170 burst", burst),
    ("F171 variation propagation", variation_propagation),
    ("F172 webhook failure recovery", webhook_failure_recovery),
    ("F173 bulk", bulk),
    ("F174 audit trail", audit_trail),
]


def main():
    home = ROOT / "var/test-acceptance"
    report = Report(home)
    chosen = sys.argv[1:]
    with Suite(home, products=502, variants=5, stock=200, buffer=BUFFER) as suite:
        suite.remember_initial()
        for name, function in TESTS:
            if chosen and not any(word in name for word in chosen):
                continue
            with report.test(name):
                function(suite)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    sound = report.failed == 0
    print(f"verdict: {min(report.passed, len(TESTS))} of {len(TESTS)}, " + ("sound" if sound else "not sound"))
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
