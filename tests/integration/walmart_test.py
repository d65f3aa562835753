#!/usr/bin/env python3
"""Walmart beside Shopify: walmart_test.py DIR

A suite of its own runs beside DIR. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import marketplace  # noqa: E402
from harness.suite import expect  # noqa: E402


def what_orders_hold_is_written_too(suite, name):
    """Walmart takes open orders off what is written: after ten open ones and a push, it must show the target all the
    same, neither ten fewer nor ten more."""
    listing = marketplace.keys(suite, name)[0]
    shops = {sku: key for (channel, key), sku in suite.skus().items() if channel == marketplace.SHOP}
    for _ in range(5):
        suite.sell(name, listing, 2)
    suite.sell(marketplace.SHOP, shops[suite.skus()[(name, listing)]])
    suite.settle(marketplace.LONG)
    shown, target = suite.shown()[(name, listing)], suite.targets()[(name, listing)]
    expect(shown == target, f"{listing} shows {shown}, its target is {target}")


if __name__ == "__main__":
    sys.exit(marketplace.run("walmart", "walmart-us", sys.argv, (
        ("what orders hold is written too", what_orders_hold_is_written_too),)))
