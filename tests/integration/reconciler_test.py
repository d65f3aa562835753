#!/usr/bin/env python3
"""The reconciler finds what was made wrong, and nothing else: reconciler_test.py DIR

A suite of its own runs beside DIR. Each check makes one thing wrong on both kinds of channel, compares, and makes it
right again. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import contextlib
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, Report, Suite, expect, until  # noqa: E402

SHOPIFY, WOO = "shopify-main", "woo-main"
CHANNELS = (SHOPIFY, WOO)
OTHER = {SHOPIFY: WOO, WOO: SHOPIFY}
BUFFER = 2
SETTLE_MS = 1000
CLOSED = "127.0.0.1:1"  # nobody listens there


class Bench:
    def __init__(self, suite):
        self.suite = suite
        self.state = pathlib.Path(suite.directory) / "suite"
        self.environment = {
            "PATH": os.environ["PATH"],
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
            "STOCKBUS_KAFKA_BROKERS": self.local("broker", "address"),
            "STOCKBUS_DATABASE_URL": self.local("database", "url", "stockbus_reconciler", "stockbus"),
            "STOCKBUS_CHANNELS_FILE": str(self.state / "channels.yaml"),
            "STOCKBUS_SETTLE_MS": str(SETTLE_MS),
        }

    def local(self, server, verb, *arguments):
        return subprocess.run([str(LOCAL / server), verb, self.suite.directory, *arguments], capture_output=True,
                              text=True, check=True).stdout.strip()

    def run(self, *arguments, **changes):
        return subprocess.run([f"{self.suite.environment['SUITE_BIN']}/reconciler", "compare", *arguments],
                              env={**self.environment, **changes}, capture_output=True, text=True, timeout=300)

    def compare(self, channel, *arguments):
        """(exit code, findings)"""
        done = self.run(channel, "--json", *arguments)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        expect(done.returncode in (0, 1) and lines, f"{channel}: exit {done.returncode}: {done.stderr[-800:]}")
        summary = lines.pop()
        expect(summary["findings"] == len(lines), f"{channel}: {len(lines)} lines, but the summary says {summary}")
        expect(done.returncode == (1 if lines else 0), f"{channel}: exit {done.returncode} with {len(lines)} findings")
        return done.returncode, lines

    def expect_findings(self, channel, want):
        """want: {listing: class}; nothing else is found, here and in the database."""
        _, found = self.compare(channel)
        seen = {one["listing"]: one["class"] for one in found}
        expect(seen == want, f"{channel}: found {found or 'nothing'}, want {want}")
        rows = self.suite.sql("SELECT listing, class FROM api.findings WHERE run_id = (SELECT run_id FROM findings.runs "
                              f"WHERE channel = '{channel}' ORDER BY started_at DESC LIMIT 1)")
        expect(dict(rows) == want, f"api.findings of {channel} has {rows}, want {want}")
        listed = self.suite.rows("findings", "--channel", channel)
        for listing, of_class in want.items():
            expect(any(one["listing"] == listing and one["class"] == of_class for one in listed),
                   f"stockctl findings does not list {of_class} of {listing}")
        return found

    def expect_clean(self):
        for channel in CHANNELS:
            self.expect_findings(channel, {})

    def listing_of(self, channel, sku):
        return next(listing for (one, listing), its in self.suite.skus().items() if one == channel and its == sku)

    def faults(self, channel, **what):
        self.suite.control("faults", {"channel": channel, **what})

    def edit(self, channel, listing, quantity):
        self.suite.control("edit", {"channel": channel, "listing": listing, "quantity": quantity})

    @contextlib.contextmanager
    def unseen(self, channel):
        """The notifications of what is done meanwhile are lost."""
        def dropped():
            counters = self.suite.counters(channel)
            return counters["dropped"] > before and counters["pending"] == 0

        before = self.suite.counters(channel)["dropped"]
        self.faults(channel, drop=1.0)
        yield
        until(60, dropped, "its notifications are dropped")
        self.faults(channel)

    def edit_unseen(self, channel, listing, delta):
        """Somebody writes a quantity, and the notification of it is lost."""
        with self.unseen(channel):
            self.edit(channel, listing, self.suite.shown()[(channel, listing)] + delta)

    def rest(self):
        self.suite.settle()
        time.sleep(SETTLE_MS / 1000 + 0.2)  # what just happened would be in flight


def skus_of(bench):
    return sorted(bench.suite.initial)


# ---- what may be wrong


def not_applied(bench):
    for channel in CHANNELS:
        sku = skus_of(bench)[0]
        listing = bench.listing_of(channel, sku)
        bench.faults(channel, accept_without_applying=1.0)
        bench.suite.sell(OTHER[channel], bench.listing_of(OTHER[channel], sku), 2)
        until(120, lambda: bench.suite.targets()[(channel, listing)] ==  # noqa: B023
              bench.suite.shown()[(channel, listing)] - 2, "the target follows the sale")  # noqa: B023
        until(120, lambda: not bench.suite.rows("targets", "--unsettled"), "the lie is believed")
        found = bench.expect_findings(channel, {listing: "not_applied"})
        expect(found[0]["shown"] == found[0]["expected"] + 2 and found[0]["sku"] == sku, f"{found[0]}")
        bench.faults(channel)
        bench.suite.sell(OTHER[channel], bench.listing_of(OTHER[channel], sku))
        bench.rest()
    bench.expect_clean()


def foreign_write(bench):
    for channel in CHANNELS:
        listing = bench.listing_of(channel, skus_of(bench)[1])
        bench.edit_unseen(channel, listing, 7)
        found = bench.expect_findings(channel, {listing: "foreign_write"})
        expect(found[0]["shown"] == found[0]["expected"] + 7, f"{found[0]}")
        bench.edit(channel, listing, found[0]["expected"])
    bench.rest()
    bench.expect_clean()


def missing_event(bench):
    for channel in CHANNELS:
        listing = bench.listing_of(channel, skus_of(bench)[2])
        with bench.unseen(channel):
            bench.suite.sell(channel, listing, 3)
        found = bench.expect_findings(channel, {listing: "missing_event"})
        expect(found[0]["shown"] == found[0]["expected"] - 3, f"{found[0]}")
        bench.suite.control("resend", {"channel": channel})
        bench.rest()
    bench.expect_clean()


def offsetting(bench):
    """The totals agree; by listing they don't."""
    for channel in CHANNELS:
        more, less = (bench.listing_of(channel, sku) for sku in skus_of(bench)[3:5])
        bench.edit_unseen(channel, more, 5)
        bench.edit_unseen(channel, less, -5)
        found = bench.expect_findings(channel, {more: "foreign_write", less: "missing_event"})
        expect(sum(one["shown"] - one["expected"] for one in found) == 0, f"{found}")
        for one in found:
            bench.edit(channel, one["listing"], one["expected"])
    bench.rest()
    bench.expect_clean()


def mappings(bench):
    """A row that nothing maps any more and that is sold on, and a mapping that has no row."""
    suite = bench.suite
    other, sku = skus_of(bench)[4:6]
    addresses = {(row["channel"], row["listing"]): ["--address", row["address"]] if row["address"] else []
                 for row in suite.rows("targets")}
    location = next(one[1] for one in addresses.values() if one).split("@")[1]
    retired = {channel: bench.listing_of(channel, sku) for channel in CHANNELS}
    parent = retired[WOO].split("/")[0]
    invented = {SHOPIFY: "4711", WOO: f"{parent}/4711"}
    for channel in CHANNELS:
        suite.stockctl("listing", channel, invented[channel], "--sku", other, "--pool", "main", "--address",
                       f"4711@{location}" if channel == SHOPIFY else invented[channel])
        suite.stockctl("listing", channel, retired[channel], "--retire", *addresses[(channel, retired[channel])])
    until(120, lambda: all(suite.shown()[key] == 0 for key in retired.items()), "retired listings show zero")
    until(120, lambda: {(row["channel"], row["listing"]) for row in suite.rows("pushes", "--result", "rejected")} ==
          set(invented.items()), "the invented listings are rejected")
    time.sleep(SETTLE_MS / 1000 + 0.5)
    for channel in CHANNELS:
        bench.expect_findings(channel, {invented[channel]: "unlisted"})
        bench.edit_unseen(channel, retired[channel], 3)
        bench.expect_findings(channel, {retired[channel]: "unmapped", invented[channel]: "unlisted"})
        bench.edit(channel, retired[channel], 0)
    for channel in CHANNELS:
        suite.stockctl("listing", channel, invented[channel], "--retire")
        suite.stockctl("listing", channel, retired[channel], "--sku", sku, "--pool", "main",
                       *addresses[(channel, retired[channel])])
    until(120, lambda: all(suite.shown()[key] == suite.targets()[key] > 0 for key in retired.items()),
          "the listings are back")
    time.sleep(SETTLE_MS / 1000 + 0.5)
    bench.expect_clean()


# ---- files


def snapshot_of(bench, channel):
    """What the channel shows, in a format of a file."""
    state = bench.suite.control(f"state?channel={channel}")
    listings = state.get("channels", state)[channel]["listings"]
    addresses = {row["listing"]: row["address"] for row in bench.suite.rows("targets", "--channel", channel)}
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    if channel == SHOPIFY:
        levels = []
        for listing, one in listings.items():
            item, location = addresses[listing].split("@")
            levels.append({"inventory_item_id": int(item), "location_id": int(location), "available": one["quantity"],
                           "updated_at": stamp + "Z"})
        return ("--format", "levels"), json.dumps({"inventory_levels": levels})
    rows = []
    for listing, one in listings.items():
        *parent, own = listing.split("/")
        rows.append({"id": int(own), "parent_id": int(parent[0]) if parent else 0,
                     "type": "variation" if parent else "simple", "sku": one["sku"], "manage_stock": True,
                     "stock_quantity": one["quantity"], "date_modified_gmt": stamp})
    return (), json.dumps(rows)


def files(bench):
    """The same file at the same time gives the same bytes, also when the world went on."""
    for channel in CHANNELS:
        more, less = (bench.listing_of(channel, sku) for sku in skus_of(bench)[6:8])
        bench.edit_unseen(channel, more, 4)
        bench.edit_unseen(channel, less, -4)
        arguments, text = snapshot_of(bench, channel)
        at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        file = bench.state / f"snapshot-{channel}"
        file.write_text(text)
        command = (channel, "--snapshot", str(file), "--at", at, *arguments, "--json")
        time.sleep(SETTLE_MS / 1000 + 0.2)
        first = bench.run(*command)
        second = bench.run(*command)
        expect(first.returncode == 1, f"{channel}: exit {first.returncode}: {first.stdout}{first.stderr}")
        classes = sorted(json.loads(line)["class"] for line in first.stdout.splitlines()[:-1])
        expect(classes == ["foreign_write", "missing_event"], f"{channel}: {first.stdout}")
        expect(first.stdout == second.stdout, f"{channel}: two runs differ:\n{first.stdout}\n{second.stdout}")
        for one in (more, less):
            bench.edit(channel, one, bench.suite.targets()[(channel, one)])
        for sku in skus_of(bench)[:3]:
            bench.suite.sell(channel, bench.listing_of(channel, sku))
        bench.rest()
        later = bench.run(*command)
        expect(first.stdout == later.stdout, f"{channel}: later it is\n{later.stdout}\ninstead of\n{first.stdout}")
    bench.expect_clean()


# ---- who is away


def away(bench):
    channels = bench.state / "channels-away.yaml"
    port = (bench.state / "ports/sandbox").read_text().strip()
    channels.write_text((bench.state / "channels.yaml").read_text().replace(f"127.0.0.1:{port}", CLOSED))
    channels.chmod(0o600)
    url = bench.environment["STOCKBUS_DATABASE_URL"]
    cases = [
        ("broker", {"STOCKBUS_KAFKA_BROKERS": CLOSED}),
        ("database", {"STOCKBUS_DATABASE_URL": closed_url(url)}),
        ("channel", {"STOCKBUS_CHANNELS_FILE": str(channels)}),
    ]
    for name, changes in cases:
        start = time.monotonic()
        done = bench.run(WOO, **changes)
        seconds = time.monotonic() - start
        errors = [line for line in done.stderr.splitlines() if not line.startswith("{") or '"level":"error"' in line]
        print(f"    {name} away: exit {done.returncode} after {seconds:.1f} s: {errors}")
        expect(done.returncode == 3, f"{name} away: exit {done.returncode}: {done.stderr}")
        expect(len(errors) == 1, f"{name} away: {len(errors)} lines: {errors}")
        expect(seconds < 120, f"{name} away: {seconds:.1f} s")


def closed_url(url):
    """The same address, where nobody listens."""
    return re.sub(r"(@[^:/?]*|host=[^&]*|port=)(:?)\d+", r"\g<1>\g<2>1", url, count=1)


def main():
    home = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "var/test").resolve().parent / "test-reconciler"
    report = Report(home)
    with Suite(home, products=4, variants=3, stock=100, buffer=BUFFER) as suite:
        suite.remember_initial()
        bench = Bench(suite)
        time.sleep(SETTLE_MS / 1000)
        tests = [
            ("clean: nothing is found", Bench.expect_clean),
            ("accepted, but not applied: not_applied", not_applied),
            ("somebody else's write: foreign_write", foreign_write),
            ("a sale without its notification: missing_event", missing_event),
            ("+5 and -5 over two SKUs: two findings", offsetting),
            ("a file gives the same bytes twice, and later", files),
            ("retired and invented listings: unmapped and unlisted", mappings),
            ("broker, database or channel away: exit 3 and one line", away),
        ]
        for name, function in tests:
            if sys.argv[2:] and not any(word in name for word in sys.argv[2:]):
                continue
            with report.test(name):
                function(bench)
            suite.control("faults", {"channel": "*"})
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
