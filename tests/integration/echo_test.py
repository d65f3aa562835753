#!/usr/bin/env python3
"""Echoes: two channels that mirror each other and tell of every change: echo_test.py DIR

A suite of its own runs beside DIR. Both sandbox shops notify of every change of a quantity, our own writes among them. One
line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import collections
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Report, Suite, expect, until  # noqa: E402

SHOPIFY, WOO = "shopify-main", "woo-main"
CHANNELS = (SHOPIFY, WOO)
QUIET_SECONDS = 6  # a ping-pong would go on through it


def pushes(suite):
    """Requests that reached a channel."""
    return int(suite.sql("SELECT count(*) FROM ledger.pushes WHERE published_ms > 0")[0][0])


def written(suite):
    """Those of them that changed what a channel shows; the others lost a comparison with a sale on its way."""
    return int(suite.sql("SELECT count(*) FROM ledger.pushes WHERE result = 'confirmed'")[0][0])


def observed(suite, since):
    """{means: observations} that came later."""
    rows = suite.sql("SELECT e.means, count(*) FROM api.echoes e JOIN ledger.events v USING (event_id) "
                     f"WHERE v.applied_at > '{since}' GROUP BY 1")
    return collections.Counter({means: int(count) for means, count in rows})


def now(suite):
    return suite.sql("SELECT clock_timestamp()")[0][0]


def earlier(since):
    """Channels stamp whole seconds."""
    return f"timestamptz '{since}' - interval '2 s'"


def expect_nothing_moved(suite):
    moved = suite.sql("SELECT count(*) FROM ledger.movements m JOIN ledger.events e USING (event_id) "
                      "WHERE e.kind = 'observation'")[0][0]
    caused = suite.sql("SELECT count(*) FROM ledger.targets t JOIN ledger.events e ON e.event_id::text = t.event_id "
                       "WHERE e.kind = 'observation'")[0][0]
    expect((moved, caused) == ("0", "0"), f"observations made {moved} movements and {caused} targets")


def expect_quiet(suite):
    """At rest nobody answers anybody any more."""
    before = pushes(suite)
    time.sleep(QUIET_SECONDS)
    expect(pushes(suite) == before, f"{pushes(suite) - before} pushes while nothing happened")


def one_round(suite):
    """Sales one after the other: each settles in one push a channel, and what comes back is known."""
    since, before = now(suite), written(suite)
    listings = {channel: sorted(listing for one, listing in suite.skus() if one == channel) for channel in CHANNELS}
    sales = 0
    for i in range(4):
        for channel in CHANNELS:
            sales += suite.sell(channel, listings[channel][i]) is not None
            suite.settle()
    expect(sales == 8, f"only {sales} sales")
    expect_quiet(suite)
    made = written(suite) - before
    print(f"    {sales} sales, {made} pushes over both channels")
    expect(sales <= made <= 2 * sales, f"{made} pushes for {sales} sales: one a channel is enough")
    # One of Shopify and one of WooCommerce a sale at least, most of them echoes of pushes.
    until(60, lambda: sum(observed(suite, since).values()) >= 2 * sales, "both channels tell of their changes")
    means = observed(suite, since)
    print(f"    {sum(means.values())} observations: {dict(means)}")
    expect(means["echo"] >= sales, f"only {means['echo']} echoes")
    expect(set(means) <= {"echo", "own sale"}, f"{dict(means)}")
    expect_nothing_moved(suite)
    expect(not suite.sql(f"SELECT 1 FROM api.drifted('{since}')"), "something drifted")


def burst(suite):
    """Many at once, on all listings: it settles, and then it is quiet."""
    since, before = now(suite), written(suite)
    skus = sorted(suite.skus())
    sold = sum(suite.sell(*skus[i % len(skus)]) is not None for i in range(60))
    suite.settle()
    expect_quiet(suite)
    made = written(suite) - before
    print(f"    {sold} sales, {made} pushes, observations {dict(observed(suite, since))}")
    expect(made <= 2 * sold, f"{made} pushes for {sold} sales")
    expect_nothing_moved(suite)


def foreign_write(suite):
    """Somebody else's number is a difference: seen, and answered by nobody."""
    for channel in CHANNELS:
        listing = sorted(one for of, one in suite.skus() if of == channel)[0]
        since, before = now(suite), pushes(suite)
        shown = suite.shown()[(channel, listing)]
        suite.control("edit", {"channel": channel, "listing": listing, "quantity": shown + 7})
        until(60, lambda: observed(suite, since)["differs"] == 1,  # noqa: B023
              lambda: f"{channel}: a foreign write is a difference: {dict(observed(suite, since))}")  # noqa: B023
        expect_quiet(suite)
        expect(pushes(suite) == before, f"{channel}: a foreign write was answered by {pushes(suite) - before} pushes")
        drifted = suite.sql(f"SELECT listing, shown, expected FROM api.drifted({earlier(since)})")
        expect(drifted == [[listing, str(shown + 7), str(shown)]], f"{channel}: drifted says {drifted}")
        suite.control("edit", {"channel": channel, "listing": listing, "quantity": shown})
        until(60, lambda: not suite.sql(f"SELECT 1 FROM api.drifted({earlier(since)})"),  # noqa: B023
              f"{channel}: put right again")
    expect_nothing_moved(suite)


def main():
    home = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "var/test").resolve().parent / "test-echo"
    report = Report(home)
    with Suite(home, products=4, variants=3, stock=200, buffer=2) as suite:
        suite.remember_initial()
        suite.settle()
        for name, function in (
                ("two mirrored channels settle in one round, and know their echoes", one_round),
                ("a burst of sales ends in silence", burst),
                ("a foreign write is a difference, never a movement", foreign_write)):
            with report.test(name):
                function(suite)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
