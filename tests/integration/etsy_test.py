#!/usr/bin/env python3
"""Etsy beside Shopify: etsy_test.py DIR

A suite of its own runs beside DIR. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import marketplace  # noqa: E402
from harness.suite import expect, until  # noqa: E402


def a_product_is_written_beside_its_siblings(suite, name):
    """One product of a listing sells elsewhere: the others show what they showed, and none is removed."""
    skus = suite.skus()
    shared = [listing for listing in marketplace.keys(suite, name) if "/" in listing]
    sold = shared[0]
    siblings = [one for one in shared if one != sold and one.split("/")[0] == sold.split("/")[0]]
    before = suite.shown()
    shop = next(listing for listing in marketplace.keys(suite, marketplace.SHOP)
                if skus[(marketplace.SHOP, listing)] == skus[(name, sold)])
    suite.sell(marketplace.SHOP, shop)
    suite.settle(marketplace.LONG)
    after = suite.shown()
    expect(siblings and all(after[(name, one)] == before[(name, one)] for one in siblings), f"{siblings}: {before} {after}")
    expect(after[(name, sold)] == before[(name, sold)] - 1, f"{sold}: {before[(name, sold)]} {after[(name, sold)]}")


def a_sold_out_product_is_told(suite, name):
    listing = marketplace.keys(suite, name)[-1]
    seen = marketplace.events(suite, name, "observation")
    suite.sell(name, listing, suite.shown()[(name, listing)])
    suite.settle(marketplace.LONG)
    until(marketplace.LONG, lambda: marketplace.events(suite, name, "observation") > seen, "inventory.out_of_stock is read")


def nothing_was_refused(suite, name):
    """Whatever Etsy gives and does not take back, and each product that is left out, counts as refused."""
    expect(suite.counters(name)["rejected"] == 0, f"{suite.counters(name)}")


if __name__ == "__main__":
    sys.exit(marketplace.run("etsy", "etsy-main", sys.argv, (
        ("a product is written beside its siblings", a_product_is_written_beside_its_siblings),
        ("a product that is sold out is told, and read", a_sold_out_product_is_told),
        ("no write was refused, and no product left out", nothing_was_refused),
    ), usual=marketplace.THIN))
