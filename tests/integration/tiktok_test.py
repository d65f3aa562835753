#!/usr/bin/env python3
"""TikTok Shop beside Shopify: tiktok_test.py DIR

A suite of its own runs beside DIR. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import marketplace  # noqa: E402
from harness.suite import expect  # noqa: E402


def a_line_is_the_number_of_its_units(suite, name):
    """Each unit is an element of line_items: three of one SKU are one order line."""
    listing = marketplace.keys(suite, name)[0]
    order = suite.sell(name, listing, 3)
    suite.settle(marketplace.LONG)
    rows = suite.sql(f"SELECT line_id, ordered FROM ledger.order_lines WHERE channel = '{name}' "
                     f"AND order_id = '{order['order']}'")
    expect(rows == [[listing, "3"]], f"lines of {order['order']}: {rows}")


if __name__ == "__main__":
    sys.exit(marketplace.run("tiktok", "tiktok-us", sys.argv, (
        ("three units of a SKU are one line", a_line_is_the_number_of_its_units),)))
