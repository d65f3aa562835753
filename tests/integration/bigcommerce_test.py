#!/usr/bin/env python3
"""BigCommerce beside Shopify: bigcommerce_test.py DIR

A suite of its own runs beside DIR. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import marketplace  # noqa: E402
from harness.suite import expect, until  # noqa: E402


def refunded_units_that_are_here_are_free_again(suite, name):
    order = suite.sell(name, marketplace.keys(suite, name)[0], 3)
    suite.control("refund", {"channel": name, "order": order["order"], "line": order["lines"][0]["line"], "quantity": 2,
                             "restock_type": "cancel"})
    suite.settle(marketplace.LONG)
    cancelled = suite.sql("SELECT cancelled FROM ledger.order_lines WHERE channel = '%s' AND order_id = '%s'"
                          % (name, order["order"]))
    expect(cancelled == [["2"]], f"cancelled: {cancelled}")


def levels_are_observed(suite, name):
    """An edit in the control panel makes the level be read, and the ledger's quantity is written again."""
    listing = marketplace.keys(suite, name)[0]
    seen = marketplace.events(suite, name, "observation")
    suite.control("edit", {"channel": name, "listing": listing, "quantity": 1})
    until(marketplace.LONG, lambda: marketplace.events(suite, name, "observation") > seen, "the edit is observed")
    suite.control("edit", {"channel": name, "listing": listing, "quantity": suite.targets()[(name, listing)]})
    suite.settle(marketplace.LONG)


def nothing_was_refused(suite, name):
    """Products are written by product, variants by variant: a wrong one would be a 422."""
    expect(suite.counters(name)["rejected"] == 0, f"{suite.counters(name)}")


if __name__ == "__main__":
    sys.exit(marketplace.run("bigcommerce", "big-main", sys.argv, (
        ("refunded units that have not gone out are free again", refunded_units_that_are_here_are_free_again),
        ("levels that somebody else writes are observed", levels_are_observed),
        ("no write was refused", nothing_was_refused),
    ), usual=marketplace.THIN))
