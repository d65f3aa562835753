#!/usr/bin/env python3
"""eBay, whole: ebay_test.py DIR

A suite of its own runs beside DIR, with one eBay seller and one Shopify shop of the sandbox. Half of the eBay listings
were made by the Inventory API and half by Trading, some of each with variations. One line per check: `ok name` or
`not ok name`, then `N passed, N failed`.
"""

import base64
import datetime
import hashlib
import pathlib
import re
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Report, Suite, expect, until  # noqa: E402

EBAY, SHOPIFY = "ebay-main", "shopify-main"
LONG = 180


def keys(suite, channel):
    return sorted(listing for one, listing in suite.skus() if one == channel)


def setting(suite, name):
    text = (pathlib.Path(suite.directory) / "suite/channels.yaml").read_text()
    return re.search(rf'^ +{name}: "(.*)"$', text, re.MULTILINE)[1]


def ingest(suite, query="", body=None, **headers):
    """(status, body) of what ingest answers at the channel's endpoint."""
    port = (pathlib.Path(suite.directory) / "suite/ports/ingest").read_text().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/notify/{EBAY}{query}", data=body,
                                     headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def count(suite, kind, where="true"):
    return int(suite.sql(f"SELECT count(*) FROM ledger.events WHERE kind = '{kind}' AND channel = '{EBAY}' "
                         f"AND {where}")[0][0])


def line(suite, order):
    """(ordered, cancelled) of an order of one line, as the ledger has it."""
    rows = suite.sql(f"SELECT ordered, cancelled FROM ledger.order_lines WHERE channel = '{EBAY}' AND order_id = '{order}'")
    return tuple(int(units) for units in rows[0]) if len(rows) == 1 else None


def pushes(suite):
    """{listing: how often it was written} on eBay so far."""
    entries, after = [], 0
    while True:
        answer = suite.control(f"log?after={after}&limit=10000")
        entries += answer["entries"]
        after = answer["next"]
        if not answer["entries"]:
            break
    seen = {}
    for entry in entries:
        if entry["channel"] == EBAY and entry["type"] == "push":
            seen[entry["listing"]] = seen.get(entry["listing"], 0) + 1
    return seen


def both_apis_write(suite):
    """The opening already went out: to every listing, of either API, with and without variations."""
    addresses = dict(suite.sql("SELECT listing, CASE WHEN address = '' THEN 'trading' ELSE 'inventory' END "
                               f"FROM ledger.listings WHERE channel = '{EBAY}'"))
    shapes = {(addresses[listing], "/" in listing) for listing in addresses}
    expect(len(shapes) == 4, f"the catalogue has {shapes}")
    written = pushes(suite)
    expect(set(written) == set(addresses), f"not written: {sorted(set(addresses) - set(written))[:5]}")


def a_sale_on_ebay_is_read_and_lowers_everything(suite):
    """The notification names an order; the order is read; variations are told apart."""
    sold = [suite.sell(EBAY, listing, 1 + i % 2) for i, listing in enumerate(keys(suite, EBAY)[:12])]
    suite.settle(LONG)
    orders = {order["order"] for order in sold}
    expect(count(suite, "order_line") >= len(orders), "an order of eBay has no line")
    expect(not suite.rows("conservation"), "conservation is broken")


def a_sale_elsewhere_lowers_ebay(suite):
    before = pushes(suite)
    for listing in keys(suite, SHOPIFY):
        suite.sell(SHOPIFY, listing)
    suite.settle(LONG)
    after = pushes(suite)
    expect(all(after[listing] > before[listing] for listing in before), "a listing of eBay was not written again")


def a_cancellation_within_its_second_gives_the_units_back(suite):
    orders = [suite.sell(EBAY, listing, 2)["order"] for listing in keys(suite, EBAY)[:6]]
    for order in orders:
        suite.control("cancel", {"channel": EBAY, "order": order, "restock": True})
    for order in orders:
        until(LONG, lambda: line(suite, order) == (2, 2), lambda: f"{order} is cancelled, not {line(suite, order)}")
    suite.settle(LONG)
    expect(not suite.rows("conservation"), "conservation is broken")


def what_was_shipped_is_read(suite):
    before = count(suite, "line_shipped")
    orders = [suite.sell(EBAY, listing)["order"] for listing in keys(suite, EBAY)[:4]]
    for order in orders:
        suite.control("fulfil", {"channel": EBAY, "order": order})
    until(LONG, lambda: count(suite, "line_shipped") >= before + len(orders), "the shipments are read")
    suite.settle(LONG)


def the_endpoint_says_that_it_is_ours(suite):
    code = "71745723-d031-455c-bfa5-f90d11b4f20a"
    wanted = hashlib.sha256((code + setting(suite, "verification_token") + setting(suite, "endpoint")).encode())
    status, body = ingest(suite, f"?challenge_code={code}")
    expect(status == 200 and wanted.hexdigest() in body, f"{status}: {body}")


def a_forged_notification_is_refused(suite):
    body = b'{"metadata":{"topic":"ORDER_CONFIRMATION"},"notification":{"notificationId":"1","data":{}}}'
    forged = base64.b64encode(b'{"alg":"ecdsa","kid":"00000000-0000-4000-8000-000000000000",'
                              b'"signature":"MEUCIQ==","digest":"SHA1"}').decode()
    for headers in ({}, {"X_EBAY_SIGNATURE": "x"}, {"X_EBAY_SIGNATURE": forged}):
        status, _ = ingest(suite, body=body, Content_Type="application/json", **headers)
        expect(400 <= status < 600, f"{headers}: {status}")
    status, _ = ingest(suite, body=b"<a/>", Content_Type="text/xml")
    expect(400 <= status < 500, f"unsigned SOAP: {status}")


def soap(suite, order, quantity):
    """As one who saw a Platform Notification can make it: time and signature are good, the body is his own."""
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    keys_ = "".join(setting(suite, name) for name in ("dev_id", "client_id", "client_secret"))
    signature = base64.b64encode(hashlib.md5((time + keys_).encode()).digest()).decode()
    return (f'<s:Envelope xmlns:s="x"><s:Header><e:RequesterCredentials xmlns:e="y"><e:NotificationSignature>{signature}'
            f"</e:NotificationSignature></e:RequesterCredentials></s:Header><s:Body><GetItemTransactionsResponse>"
            f"<Timestamp>{time}</Timestamp><Item><ItemID>1</ItemID></Item><TransactionArray><Transaction>"
            f"<QuantityPurchased>{quantity}</QuantityPurchased><TransactionID>1</TransactionID><ContainingOrder><OrderID>"
            f"{order}</OrderID></ContainingOrder></Transaction></TransactionArray></GetItemTransactionsResponse></s:Body>"
            f"</s:Envelope>").encode()


def a_platform_notification_is_only_a_hint(suite):
    """Its order is read; what it says itself moves nothing."""
    suite.control("faults", {"channel": EBAY, "drop": 1})
    listing = keys(suite, EBAY)[0]
    order = suite.sell(EBAY, listing)["order"]
    suite.control("faults", {"channel": EBAY})
    status, body = ingest(suite, body=soap(suite, order, 1000000), Content_Type="text/xml;charset=utf-8")
    expect(status == 200, f"{status}: {body}")
    until(LONG, lambda: line(suite, order) == (1, 0), "the order is read")
    suite.settle(LONG)
    expect(line(suite, order) == (1, 0), f"the order is {line(suite, order)}")


def trouble_passes(suite):
    """Throttled, failing, and failing after it was done; answers late."""
    suite.control("faults", {"channel": EBAY, "answer_429": 0.2, "answer_500": 0.2, "answer_500_after_apply": 0.2,
                             "duplicate": 0.3, "reorder": 0.3, "corrupt": 0.2, "hang": 0.1, "hang_ms": 1500})
    for listing in keys(suite, SHOPIFY)[:8]:
        suite.sell(SHOPIFY, listing)
    for listing in keys(suite, EBAY)[:8]:
        suite.sell(EBAY, listing)
    suite.control("faults", {"channel": EBAY, "answer_429": 0.1, "answer_500": 0.1})
    suite.settle(LONG, meanwhile=suite.resend)
    suite.control("faults", {"channel": EBAY})
    suite.settle(LONG, meanwhile=suite.resend)


def everybody_sells_at_once(suite):
    suite.trace(orders=150, per_second=30, channels=[EBAY, SHOPIFY], quantity_max=2, listings_max=3, seed=7, cancel=0.2)
    suite.settle(LONG, meanwhile=suite.resend)


def what_notifications_lose_polls_bring(suite):
    """More orders than a page has, some shipped: a page does not say when, so these are read."""
    file = pathlib.Path(suite.directory) / "suite/channels.yaml"
    text = file.read_text()
    suite.script("kill", "ingest")
    file.write_text(text.replace("kind: \"ebay\"\n    poll_interval_ms: 0", "kind: \"ebay\"\n    poll_interval_ms: 500"))
    suite.script("run", "ingest")
    suite.control("faults", {"channel": EBAY, "drop": 1})
    before, shipped = count(suite, "order_line", "captured_via = 'poll'"), count(suite, "line_shipped")
    listings = keys(suite, EBAY)
    orders = [suite.sell(EBAY, listings[i % len(listings)])["order"] for i in range(35)]
    for order in orders[:5]:
        suite.control("fulfil", {"channel": EBAY, "order": order})
    for order in orders[-5:]:
        suite.control("cancel", {"channel": EBAY, "order": order, "restock": True})
    for order in orders:
        until(LONG, lambda: line(suite, order) == ((1, 1) if order in orders[-5:] else (1, 0)), f"{order} is polled")
    until(LONG, lambda: count(suite, "line_shipped") >= shipped + 5, "the shipments are read")
    suite.settle(LONG)
    expect(count(suite, "order_line", "captured_via = 'poll'") >= before + 35, "they came another way")
    suite.control("faults", {"channel": EBAY})


def reports_agree(suite):
    """The report comes as a task and a ZIP; every listing of it is known."""
    suite.expect_sound()


TESTS = (both_apis_write, a_sale_on_ebay_is_read_and_lowers_everything, a_sale_elsewhere_lowers_ebay,
         a_cancellation_within_its_second_gives_the_units_back, what_was_shipped_is_read,
         the_endpoint_says_that_it_is_ours, a_forged_notification_is_refused, a_platform_notification_is_only_a_hint,
         trouble_passes, everybody_sells_at_once, what_notifications_lose_polls_bring, reports_agree)


def main():
    directory = str(pathlib.Path(sys.argv[1]).resolve()) + "-ebay"
    report = Report(directory)
    with Suite(directory, channels=f"{EBAY}:ebay,{SHOPIFY}:shopify", products=6, variants=3, stock=400) as suite:
        suite.remember_initial()
        for function in TESTS:
            with report.test(function.__name__):
                function(suite)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
