"""A storefront of a kind beside a Shopify shop, over the sandbox: run(kind, name, argv, tests) from a script of its own.

The whole suite runs beside DIR: what one channel sells the other shows, notifications are lost, the API throttles and fails,
goods are shipped, and at the end everything is conserved and reconciles."""

import pathlib

from harness.suite import Report, Suite, expect, until

SHOP = "shopify-main"
LONG = 180


def listings(suite, channel):
    return sorted(listing for one, listing in suite.skus() if one == channel)


def sell(suite, channel, count):
    """Orders over the channel's listings in turn."""
    keys = listings(suite, channel)
    return [order for order in (suite.sell(channel, keys[i % len(keys)]) for i in range(count)) if order]


def facts(suite, channel, kind, via=""):
    return int(suite.sql(f"SELECT count(*) FROM ledger.events WHERE channel = '{channel}' AND kind = '{kind}'" +
                         (f" AND captured_via = '{via}'" if via else ""))[0][0])


def expect_one_truth(suite):
    conflicts = suite.sql("SELECT * FROM ledger.conflicts LIMIT 3")
    expect(not conflicts, f"one fact is told in two ways: {conflicts}")


def what_one_sells_the_other_shows(suite, name):
    sold = len(sell(suite, name, 12)) + len(sell(suite, SHOP, 6))
    suite.settle(LONG)
    expect(sold == 18, f"{sold} orders were taken")
    expect(facts(suite, name, "order_line") >= 12, "orders did not become events")
    expect_one_truth(suite)


def notifications_alone_are_read(suite, name):
    """What came by notification, before any poll."""
    expect(facts(suite, name, "order_line", "read") > 0, "no notification made its order be read")
    expect(suite.counters(name)["delivered"] > 0, "no notification was taken")


def cancelled_units_are_free_again(suite, name):
    for order in sell(suite, name, 4):
        suite.control("cancel", {"channel": name, "order": order["order"]})
    suite.settle(LONG)
    expect_one_truth(suite)


def shipped_units_are_gone_once(suite, name):
    before = facts(suite, name, "line_shipped")
    orders = sell(suite, name, 4)
    for order in orders:
        suite.control("fulfil", {"channel": name, "order": order["order"]})
    until(LONG, lambda: facts(suite, name, "line_shipped") == before + len(orders), "every shipment is known")
    suite.settle(LONG)
    expect(facts(suite, name, "line_shipped") == before + len(orders), "a shipment is known twice")
    expect_one_truth(suite)


def lost_notifications_come_by_poll(suite, name):
    before = facts(suite, name, "order_line", "poll")
    suite.control("faults", {"channel": name, "drop": 1})
    sold = sell(suite, name, 25)  # more than a page
    suite.settle(LONG)
    suite.control("faults", {"channel": name})
    expect(facts(suite, name, "order_line", "poll") >= before + len(sold), "polls did not bring the orders")
    expect_one_truth(suite)


def bent_and_doubled_notifications_do_no_harm(suite, name):
    suite.control("faults", {"channel": name, "corrupt": 0.3, "duplicate": 0.5, "reorder": 0.3})
    sell(suite, name, 10)
    suite.settle(LONG)
    suite.control("faults", {"channel": name})
    expect_one_truth(suite)


def an_interface_that_throttles_fails_and_lies(suite, name):
    suite.control("faults", {"channel": name, "answer_429": 0.15, "answer_500": 0.1, "answer_500_after_apply": 0.1,
                             "accept_without_applying": 0.1})
    sell(suite, SHOP, 10)
    sell(suite, name, 5)
    suite.settle(LONG)
    throttled = suite.counters(name)["throttled"]
    suite.control("faults", {"channel": name})
    expect(throttled > 0, "nothing was throttled")
    expect_one_truth(suite)


TESTS = (
    ("what one channel sells the other shows", what_one_sells_the_other_shows),
    ("thin notifications make orders be read", notifications_alone_are_read),
    ("cancelled units are free again", cancelled_units_are_free_again),
    ("shipped units are gone, once", shipped_units_are_gone_once),
    ("lost notifications: polls bring the orders, page by page", lost_notifications_come_by_poll),
    ("bent and doubled notifications do no harm", bent_and_doubled_notifications_do_no_harm),
    ("an API that throttles, fails and lies", an_interface_that_throttles_fails_and_lies),
)


def run(kind, name, argv, tests):
    directory = pathlib.Path(argv[1] if len(argv) > 1 else "var/test").resolve().parent / f"test-{kind}"
    report = Report(directory)
    with Suite(directory, channels=f"{name}:{kind},{SHOP}:shopify", products=4, variants=2, stock=200, buffer=2,
               poll_ms=1000) as suite:
        suite.remember_initial()
        for title, function in (*TESTS, *tests):
            with report.test(title):
                function(suite, name)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()
