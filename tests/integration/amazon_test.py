#!/usr/bin/env python3
"""Amazon, whole: amazon_test.py DIR

A suite of its own runs beside DIR, with one Amazon seller and one Shopify shop of the sandbox. The seller's
notifications wait in an SQS queue that ingest asks and empties, signed; orders are read back; quantities are patched
and looked at. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Report, Suite, expect, until  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
AMAZON, SHOPIFY = "amazon-us", "shopify-main"
LONG = 180


def keys(suite, channel):
    return sorted(listing for one, listing in suite.skus() if one == channel)


def count(suite, kind, where="true"):
    return int(suite.sql(f"SELECT count(*) FROM ledger.events WHERE kind = '{kind}' AND channel = '{AMAZON}' "
                         f"AND {where}")[0][0])


def log_of(suite, kind):
    entries, after = [], 0
    while True:
        answer = suite.control(f"log?after={after}&limit=10000")
        entries += [entry for entry in answer["entries"] if entry["channel"] == AMAZON and entry["type"] == kind]
        after = answer["next"]
        if not answer["entries"]:
            return entries


def expect_once(suite):
    expect(suite.sql("SELECT count(*) FROM ledger.conflicts")[0][0] == "0", "one fact was told in two ways")
    expect(not suite.rows("conservation"), "conservation is broken")


def expect_queue_is_empty(suite):
    """All that was sent was deleted, at some time."""
    def is_empty():
        counters = suite.counters(AMAZON)
        return counters["delivered"] >= counters["notifications_sent"]

    until(LONG, is_empty, "the queue is empty")


def the_opening_is_on_amazon(suite):
    written = {entry["listing"] for entry in log_of(suite, "push")}
    expect(written == set(keys(suite, AMAZON)), f"not written: {sorted(set(keys(suite, AMAZON)) - written)[:5]}")


def a_sale_comes_from_the_queue_and_lowers_everything(suite):
    before = count(suite, "order_line", "captured_via = 'push'")
    for i, listing in enumerate(keys(suite, AMAZON)[:8]):
        suite.sell(AMAZON, listing, 1 + i % 3)
    suite.settle(LONG)
    expect(count(suite, "order_line", "captured_via = 'push'") >= before + 8, "a sale did not come from the queue")
    expect_queue_is_empty(suite)
    expect_once(suite)


def a_sale_elsewhere_lowers_amazon(suite):
    before = len(log_of(suite, "push"))
    for listing in keys(suite, SHOPIFY):
        suite.sell(SHOPIFY, listing)
    suite.settle(LONG)
    expect(len(log_of(suite, "push")) > before, "nothing was patched")


def what_was_cancelled_in_part_is_read(suite):
    """ORDER_CHANGE says nothing of it: the order does."""
    listing = keys(suite, AMAZON)[0]
    order = suite.sell(AMAZON, listing, 5)
    suite.control("refund", {"channel": AMAZON, "order": order["order"], "line": order["lines"][0]["line"],
                             "quantity": 2, "restock_type": "cancel"})
    suite.settle(LONG)
    cancelled = suite.sql(f"SELECT cancelled FROM ledger.order_lines WHERE channel = '{AMAZON}' "
                          f"AND line_id = '{order['lines'][0]['line']}'")[0][0]
    expect(cancelled == "2", f"{cancelled} units of the line are cancelled")
    expect_once(suite)


def whole_orders_are_cancelled_and_shipped(suite):
    before = count(suite, "line_shipped")
    orders = [suite.sell(AMAZON, listing, 2)["order"] for listing in keys(suite, AMAZON)[:6]]
    for i, order in enumerate(orders):
        if i % 2:
            suite.control("cancel", {"channel": AMAZON, "order": order, "restock": True})
        else:
            suite.control("fulfil", {"channel": AMAZON, "order": order})
    until(LONG, lambda: count(suite, "line_shipped") >= before + 3, "the packages are read")
    suite.settle(LONG)
    expect_once(suite)


def twice_late_and_out_of_order(suite):
    suite.control("faults", {"channel": AMAZON, "duplicate": 0.5, "reorder": 0.5, "delay_ms": 800})
    for listing in keys(suite, AMAZON)[:8]:
        order = suite.sell(AMAZON, listing, 1)
        suite.control("cancel", {"channel": AMAZON, "order": order["order"], "restock": True})
        suite.sell(AMAZON, listing, 1)
    suite.settle(LONG)
    suite.control("faults", {"channel": AMAZON})
    expect_once(suite)


def lost_notifications_come_by_poll(suite):
    suite.control("faults", {"channel": AMAZON, "drop": 1})
    before = count(suite, "order_line", "captured_via = 'poll'")
    for listing in keys(suite, AMAZON)[:5]:
        suite.sell(AMAZON, listing, 1)
    suite.settle(LONG)
    suite.control("faults", {"channel": AMAZON})
    expect(count(suite, "order_line", "captured_via = 'poll'") >= before + 5, "a poll brought less")
    expect_once(suite)


def ingest_dies_with_messages_in_hand(suite):
    """Killed while it works on the queue: what it had not deleted comes again, and has no second effect."""
    for round_ in range(3):
        for listing in keys(suite, AMAZON):
            suite.sell(AMAZON, listing, 1)
        suite.script("kill", "ingest")
        suite.sell(AMAZON, keys(suite, AMAZON)[round_], 1)
        suite.script("run", "ingest")
    suite.settle(LONG)
    expect_once(suite)


def the_api_throttles_and_fails(suite):
    suite.control("faults", {"channel": AMAZON, "answer_429": 0.2, "answer_500": 0.2, "answer_500_after_apply": 0.2})
    for listing in keys(suite, AMAZON)[:6]:
        suite.sell(AMAZON, listing, 1)
    for listing in keys(suite, SHOPIFY)[:6]:
        suite.sell(SHOPIFY, listing, 1)
    suite.control("faults", {"channel": AMAZON})
    suite.settle(LONG)


def unsigned_questions_get_nothing(suite):
    """The sandbox's own proof: it refuses what is not signed, so what ingest gets was."""
    url = suite.control_url.replace("/control/", "/")
    request = urllib.request.Request(url, method="POST", headers={
        "X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=x/20261121/us-east-1/sqs/aws4_request, "
                         "SignedHeaders=host;x-amz-date, Signature=00", "X-Amz-Date": "20261121T000000Z"},
        data=json.dumps({"QueueUrl": f"{url}{AMAZON}/queue"}).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            expect(False, f"answered {answer.status}")
    except urllib.error.HTTPError as refused:
        expect(refused.code == 403, str(refused.code))
    wrong = [entry for entry in log_of(suite, "queue_refused") if entry["status"] != 403]
    expect(not wrong, f"the queue refused {wrong[:3]}")
    expect(len(log_of(suite, "queue_refused")) == 1, "ingest's own questions were refused")


def post(suite, body, key, content_type="application/json"):
    port = (pathlib.Path(suite.directory) / "suite/ports/ingest").read_text().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/notify/{AMAZON}", data=body,
                                     headers={"Content-Type": content_type, "X-Api-Key": key})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def eventbridge_and_operators_may_post(suite):
    """An API destination shows its key; so does who posts a report by hand. Neither is believed without."""
    text = (pathlib.Path(suite.directory) / "suite/channels.yaml").read_text()
    key = re.search(rf'name: "{AMAZON}".*?secret: "(.*?)"', text, re.DOTALL)[1]
    order = suite.sell(AMAZON, keys(suite, AMAZON)[0])["order"]
    wrapped = json.dumps({"version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "ORDER_STATUS_CHANGE",
                          "detail": {"OrderStatusChangeNotification": {"AmazonOrderId": order}}}).encode()
    expect(post(suite, wrapped, "wrong") == 401, "a wrong key is taken")
    expect(post(suite, wrapped, key) == 200, "EventBridge is refused")
    report = (ROOT / "channels/amazon/fixtures/report-GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA-row.tsv").read_bytes()
    before = count(suite, "stock_received")
    expect(post(suite, report, "wrong", "text/tab-separated-values") == 401, "a wrong key is taken")
    expect(post(suite, report, key, "text/tab-separated-values") == 200, "a report is refused")
    until(LONG, lambda: count(suite, "stock_received") == before + 1, "the return is known")
    suite.settle(LONG)


def everybody_sells_at_once(suite):
    suite.trace(orders=150, per_second=30, channels=[AMAZON, SHOPIFY], quantity_max=2, listings_max=3, seed=7, cancel=0.2)
    suite.settle(LONG)
    expect_once(suite)


def reports_agree(suite):
    """The listings report: in Cp1252, with a column spelled British and one that repeats."""
    suite.expect_sound()


TESTS = (the_opening_is_on_amazon, a_sale_comes_from_the_queue_and_lowers_everything, a_sale_elsewhere_lowers_amazon,
         what_was_cancelled_in_part_is_read, whole_orders_are_cancelled_and_shipped, twice_late_and_out_of_order,
         lost_notifications_come_by_poll, ingest_dies_with_messages_in_hand, the_api_throttles_and_fails,
         unsigned_questions_get_nothing, eventbridge_and_operators_may_post,
         everybody_sells_at_once, reports_agree)


def main():
    directory = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "var/test").resolve()) + "-amazon"
    report = Report(directory)
    with Suite(directory, channels=f"{AMAZON}:amazon,{SHOPIFY}:shopify", products=5, variants=2, stock=400,
               poll_ms=2000) as suite:
        suite.remember_initial()
        for function in TESTS:
            with report.test(function.__name__):
                function(suite)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
