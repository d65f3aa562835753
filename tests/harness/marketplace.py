"""What every marketplace must stand beside a shop, over the sandbox: run(kind, name, argv) from a script of its own.

The whole suite runs: what one channel sells the other shows; notifications are lost, bent, doubled; the API throttles,
fails and lies; goods are shipped and come back; the nightly snapshot agrees."""

import pathlib

from harness.suite import Report, Suite, expect, until

SHOP = "shopify-main"
LONG = 180


def keys(suite, channel):
    return sorted(listing for one, listing in suite.skus() if one == channel)


def sell_in_turn(suite, channel, count):
    listings = keys(suite, channel)
    return [order for order in (suite.sell(channel, listings[i % len(listings)]) for i in range(count)) if order]


def events(suite, channel, kind, via=""):
    return int(suite.sql(f"SELECT count(*) FROM ledger.events WHERE channel = '{channel}' AND kind = '{kind}'" +
                         (f" AND captured_via = '{via}'" if via else ""))[0][0])


def expect_no_conflict(suite):
    expect(suite.sql("SELECT count(*) FROM ledger.conflicts")[0][0] == "0", "one fact is told in two ways")


def what_one_sells_the_other_shows(suite, name):
    sold = len(sell_in_turn(suite, name, 12)) + len(sell_in_turn(suite, SHOP, 6))
    expect(sold == 18, f"{sold} orders were taken")
    suite.settle(LONG)
    expect(events(suite, name, "order_line") >= 12, "orders did not become events")
    expect_no_conflict(suite)


def cancelled_units_are_sold_again(suite, name):
    for order in sell_in_turn(suite, name, 5):
        suite.control("cancel", {"channel": name, "order": order["order"]})
    suite.settle(LONG)
    expect_no_conflict(suite)


def shipped_units_are_gone(suite, name):
    before = events(suite, name, "line_shipped")
    for order in sell_in_turn(suite, name, 5):
        suite.control("fulfil", {"channel": name, "order": order["order"]})
    until(LONG, lambda: events(suite, name, "line_shipped") >= before + 5, "five shipments are known")
    suite.settle(LONG)
    expect_no_conflict(suite)


def notifications_that_are_lost_bent_and_doubled(suite, name):
    suite.control("faults", {"channel": name, "drop": 0.4, "corrupt": 0.2, "duplicate": 0.3, "reorder": 0.3})
    sell_in_turn(suite, name, 25)
    suite.settle(LONG)
    suite.control("faults", {"channel": name})
    expect_no_conflict(suite)


def an_interface_that_throttles_fails_and_lies(suite, name):
    suite.control("faults", {"channel": name, "answer_429": 0.15, "answer_500": 0.15, "answer_500_after_apply": 0.15})
    sell_in_turn(suite, SHOP, 12)
    sell_in_turn(suite, name, 6)
    suite.settle(LONG)
    counters = suite.counters(name)
    suite.control("faults", {"channel": name})
    expect(counters["throttled"] > 0, f"nothing was throttled: {counters}")


def a_write_that_is_not_applied_is_noticed(suite, name):
    last = suite.control("log?after=0&limit=1")["last"]

    def ignored():
        return [entry for entry in suite.control(f"log?after={last}&limit=100000")["entries"]
                if entry["type"] == "push_ignored" and entry["channel"] == name]

    suite.control("faults", {"channel": name, "accept_without_applying": 1})
    sell_in_turn(suite, SHOP, 1)
    until(LONG, ignored, "a write is taken and forgotten")
    suite.control("faults", {"channel": name})
    suite.settle(LONG)


def goods_that_come_back_wait_to_be_graded(suite, name):
    order = sell_in_turn(suite, name, 1)[0]
    line = order["lines"][0]
    suite.control("fulfil", {"channel": name, "order": order["order"]})
    suite.settle(LONG)
    suite.control("refund", {"channel": name, "order": order["order"], "line": line["line"], "quantity": 1,
                             "restock_type": "return"})
    until(LONG, lambda: events(suite, name, "line_returned") == 1, "the return is known")
    quarantined = [row for row in suite.sql("SELECT sku, quantity FROM ledger.positions WHERE bucket = 'quarantine'")
                   if row[1] == "1"]
    expect([row[0] for row in quarantined] == [line["sku"]], f"in quarantine: {quarantined}")
    # The sandbox puts it back on sale by itself; whether it may, the seller decides.
    suite.control("edit", {"channel": name, "listing": line["listing"],
                           "quantity": suite.targets()[(name, line["listing"])]})
    suite.settle(LONG)


def thin_notifications_make_orders_be_read(suite, name):
    expect(events(suite, name, "order_line", "read") > 0, "no notification made its order be read")


def polls_bring_what_notifications_lose(suite, name):
    before = events(suite, name, "order_line", "poll")
    suite.control("faults", {"channel": name, "drop": 1})
    sold = sell_in_turn(suite, name, 25)  # more than a page
    suite.settle(LONG)
    suite.control("faults", {"channel": name})
    expect(events(suite, name, "order_line", "poll") >= before + len(sold), "polls did not bring the orders")
    expect_no_conflict(suite)


# Of kinds whose notifications are thin, whose polls tell orders, and which never tell of goods that come back.
THIN = (
    ("thin notifications make orders be read", thin_notifications_make_orders_be_read),
    ("polls bring what notifications lose, page by page", polls_bring_what_notifications_lose),
)
RETURNS = (("goods that come back wait to be graded", goods_that_come_back_wait_to_be_graded),)


def run(kind, name, argv, extra=(), usual=RETURNS):
    directory = pathlib.Path(argv[1] if len(argv) > 1 else "var/test").resolve().parent / f"test-{kind}"
    report = Report(directory)
    tests = [
        ("what one channel sells the other shows", what_one_sells_the_other_shows),
        ("cancelled units are sold again", cancelled_units_are_sold_again),
        ("shipped units are gone, once", shipped_units_are_gone),
        ("notifications that are lost, bent and doubled", notifications_that_are_lost_bent_and_doubled),
        ("an API that throttles, fails and lies", an_interface_that_throttles_fails_and_lies),
        ("a write that is taken and not applied is noticed", a_write_that_is_not_applied_is_noticed),
        *usual,
        *extra,
    ]
    with Suite(directory, channels=f"{name}:{kind},{SHOP}:shopify", products=3, variants=2, stock=200, buffer=2,
               poll_ms=1000) as suite:
        suite.remember_initial()
        for title, function in tests:
            with report.test(title):
                function(suite, name)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()
