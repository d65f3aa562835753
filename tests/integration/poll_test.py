#!/usr/bin/env python3
"""Polling behind the notifications: poll_test.py DIR

A suite of its own runs beside DIR, polling every half second. What notifications lose, polls bring; what both bring is
one event. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Report, Suite, expect, until  # noqa: E402

SHOPIFY, WOO = "shopify-main", "woo-main"
CHANNELS = (SHOPIFY, WOO)
LONG = 120


def listings(suite, channel):
    return sorted(listing for one, listing in suite.skus() if one == channel)


def sell(suite, channel, count):
    """Orders that the channel takes, over its listings in turn."""
    keys = listings(suite, channel)
    return [order for order in (suite.sell(channel, keys[i % len(keys)]) for i in range(count)) if order]


def lines(suite, since):
    """{(channel, captured_via): order-line events} of the rows that came later."""
    rows = suite.sql("SELECT channel, captured_via, count(*) FROM ledger.events WHERE kind = 'order_line' "
                     f"AND applied_at > '{since}' GROUP BY 1, 2")
    return {(channel, via): int(count) for channel, via, count in rows}


def now(suite):
    return suite.sql("SELECT clock_timestamp()")[0][0]


def expect_once(suite):
    """No order line twice, no id with other content."""
    expect(suite.sql("SELECT count(*) FROM ledger.conflicts")[0][0] == "0", "a poll says otherwise than its notification")
    expect(not suite.rows("conservation"), "conservation is broken")


def lost_notifications(suite):
    """More orders than a page has, none of them notified of."""
    since = now(suite)
    suite.control("faults", {"channel": "*", "drop": 1})
    sold = {channel: len(sell(suite, channel, 70)) for channel in CHANNELS}
    suite.settle(LONG)
    seen = lines(suite, since)
    for channel in CHANNELS:
        by_poll = seen.get((channel, "poll"), 0)
        print(f"    {channel}: {sold[channel]} orders sold, {by_poll} lines came by poll")
        expect(sold[channel] == 70, f"{channel} sold only {sold[channel]} orders")
        expect(by_poll >= 70 and (channel, "push") not in seen, f"{channel}: {seen}")
    suite.control("faults", {"channel": "*"})
    expect_once(suite)


def both_ways(suite):
    """A notification first, then the poll: the poll writes nothing again."""
    since = now(suite)
    before = suite.metric("ingest", "stockbus_ingest_polled_events_total")
    rounds = {channel: suite.metric("ingest", "stockbus_ingest_polls_total", channel=channel, result="done")
              for channel in CHANNELS}
    sold = {channel: len(sell(suite, channel, 20)) for channel in CHANNELS}
    suite.settle(LONG)
    for channel in CHANNELS:
        until(LONG, lambda: suite.metric("ingest", "stockbus_ingest_polls_total", channel=channel, result="done")
              >= rounds[channel] + 3, f"three rounds over {channel}")
    polled = suite.metric("ingest", "stockbus_ingest_polled_events_total") - before
    seen = lines(suite, since)
    written = sum(seen.values())
    print(f"    {sum(sold.values())} orders, {written} lines written, {polled:.0f} of them first seen by a poll")
    expect(written >= sum(sold.values()), f"{written} lines of {sold}")
    # A poll may be first where it falls between the sale and its notification; it never comes second.
    known = int(suite.sql("SELECT count(*) FROM ledger.events WHERE captured_via = 'poll' AND kind = 'order_line' "
                          f"AND applied_at > '{since}'")[0][0])
    expect(polled >= known, f"{known} lines are captured by poll, {polled:.0f} are counted")
    expect(polled < written, "every line came by poll: notifications bring nothing")
    expect_once(suite)


def capture_away(suite):
    """WooCommerce tries a notification once: what it sells while ingest is away comes by poll, from the cursor on."""
    since = now(suite)
    suite.script("kill", "ingest")
    sold = {channel: len(sell(suite, channel, 15)) for channel in CHANNELS}
    suite.script("run", "ingest")
    suite.settle(LONG)
    seen = lines(suite, since)
    print(f"    {sold} orders while ingest was dead; lines {seen}")
    expect(seen.get((WOO, "poll"), 0) > 0, f"no line of {WOO} came by poll: {seen}")
    expect_once(suite)


def interface_away(suite):
    """The channel's API fails: polls fail, tell their class, and come back by themselves."""
    suite.control("faults", {"channel": "*", "answer_500": 1, "drop": 1})
    for channel in CHANNELS:
        until(LONG, lambda: suite.metric("ingest", "stockbus_ingest_polls_total", channel=channel,
                                         result="http_500") >= 2, f"polls of {channel} fail")
    for channel in CHANNELS:
        sell(suite, channel, 5)
    suite.control("faults", {"channel": "*"})
    suite.settle(LONG)
    expect_once(suite)


def main():
    directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "var/test").resolve()
    report = Report(directory.parent / "test-poll")
    with Suite(directory.parent / "test-poll", products=5, variants=2, stock=400, buffer=2, poll_ms=500) as suite:
        suite.remember_initial()
        tests = [
            ("every notification is lost: polls bring the orders, page by page", lost_notifications),
            ("notification and poll of one fact have one effect", both_ways),
            ("ingest was away: polls bring what was sold meanwhile", capture_away),
            ("the channel's API is away: polls pause and come back", interface_away),
        ]
        for name, function in tests:
            with report.test(name):
                function(suite)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
