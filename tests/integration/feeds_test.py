#!/usr/bin/env python3
"""Quantities by feed instead of one by one: feeds_test.py DIR

A suite of its own runs beside DIR: Amazon and Walmart are written by feeds (JSON_LISTINGS_FEED in five calls; an
inventory feed that is asked about until it is done), Shopify one by one. One line per check: `ok name` or
`not ok name`, then `N passed, N failed`.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.marketplace import SHOP, keys, sell_in_turn  # noqa: E402
from harness.suite import Report, Suite, expect, until  # noqa: E402

AMAZON, WALMART = "amazon-us", "walmart-us"
SETTINGS = {AMAZON: 'push_by: "feed"', WALMART: 'feed: "inventory"'}
LONG = 400  # a feed is asked about after 15 s or a minute


def publishers(suite, *verbs):
    for verb in verbs:
        for name in SETTINGS:
            suite.script(verb, f"publisher-{name}")


def write_by_feed(suite):
    """What the marketplaces show so far was written one by one; from here on nothing is."""
    file = pathlib.Path(suite.directory) / "suite/channels.yaml"
    blocks = re.split(r"(?m)^(?=  - )", file.read_text())
    for i, block in enumerate(blocks):
        for name, setting in SETTINGS.items():
            if f'name: "{name}"' in block:
                blocks[i], changed = re.subn(r"(?m)^    settings:\n", f"    settings:\n      {setting}\n", block)
                expect(changed == 1, f"{name} has no settings")
    file.write_text("".join(blocks))


def calls(suite):
    return {name: suite.counters(name)["pushes"] for name in SETTINGS}


def many_listings_go_in_one_feed(suite):
    """Six listings of each wait for their publisher: it takes fewer feeds."""
    before = calls(suite)
    publishers(suite, "halt")
    expect(len(sell_in_turn(suite, SHOP, 12)) == 12, "a sale was refused")
    until(LONG, lambda: len(suite.rows("targets", "--unsettled")) == 12, "the targets of both are there")
    publishers(suite, "run")
    suite.settle(LONG)
    after = calls(suite)
    for name in SETTINGS:
        feeds = after[name] - before[name]
        expect(0 < feeds < len(keys(suite, name)), f"{name}: {feeds} feeds for {len(keys(suite, name))} listings")


def a_publisher_dies_while_its_feed_is_worked_on(suite):
    """Its successor does not know of the feed, and writes once more; what the marketplace sells meanwhile counts once."""
    before = calls(suite)
    sell_in_turn(suite, SHOP, 6)
    until(LONG, lambda: all(calls(suite)[name] > before[name] for name in SETTINGS), "the feeds are out")
    publishers(suite, "kill")
    for name in (SHOP, *SETTINGS):
        expect(len(sell_in_turn(suite, name, 3)) == 3, f"{name} refused a sale")
    publishers(suite, "run")
    suite.settle(LONG)
    expect(suite.sql("SELECT count(*) FROM ledger.conflicts")[0][0] == "0", "one fact is told in two ways")


def main():
    directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "var/test").resolve().parent / "test-feeds"
    report = Report(directory)
    with Suite(directory, channels=f"{AMAZON}:amazon,{WALMART}:walmart,{SHOP}:shopify", products=3, variants=2,
               stock=200, poll_ms=1000) as suite:
        suite.remember_initial()
        suite.settle(LONG)
        write_by_feed(suite)
        for function in (many_listings_go_in_one_feed, a_publisher_dies_while_its_feed_is_worked_on):
            with report.test(function.__name__.replace("_", " ")):
                function(suite)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
