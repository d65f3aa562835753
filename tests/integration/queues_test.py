#!/usr/bin/env python3
"""Notifications that wait in queues, on a real broker that runs in DIR: queues_test.py DIR

Starts BUILD/bin/ingest (build/release by default) with a channel whose queue and API are the small HTTP server below. It
hands messages out again until they are deleted, as SQS does. Ingest is killed with messages in hand. One line per
check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ingest_test  # noqa: E402
import reads_test  # noqa: E402
from ingest_test import BROKER, LIMIT_S, PATIENT, Service, Topics, check, run, wait_for  # noqa: E402
from harness.peer import Peer  # noqa: E402
from harness.suite import Logs  # noqa: E402

CHANNEL, SELLER = "amazon-us", "A3TH9S8BH6GOGM"
VISIBILITY_S = 1


class Marketplace(Peer):
    """A queue with at least one delivery; orders are unknown to the API, whose readings are no matter here."""

    def __init__(self):
        super().__init__()
        self.messages = {}   # id -> body
        self.hidden = {}     # id -> until when
        self.handed = {}     # id -> times
        self.status = 200
        self.deletes = True  # False: the deletion of messages fails
        self.key = "key-1"   # whose questions are answered
        self.unsigned = []

    def put(self, body):
        with self.lock:
            name = str(len(self.handed) + len(self.messages))
            while name in self.handed or name in self.messages:
                name += "x"
            self.messages[name] = body
            return name

    def answer(self, method, path, query, headers, body):
        action = headers.get("X-Amz-Target", "")
        if path == "/token":
            return 200, {"access_token": "of-the-api", "token_type": "bearer", "expires_in": 3600}
        if not action:
            return 500, {"errors": [{"code": "InternalFailure", "message": "", "details": ""}]}
        if f"AWS4-HMAC-SHA256 Credential={self.key}/" not in headers.get("Authorization", ""):
            self.unsigned.append(action)
            return 403, {"__type": "com.amazonaws.sqs#InvalidClientTokenId", "message": "of the test"}
        if self.status != 200:
            return self.status, {"__type": "com.amazonaws.sqs#InternalFailure", "message": "of the test"}
        asked = json.loads(body)
        return self.receive(asked) if action.endswith("ReceiveMessage") else self.delete(asked)

    def receive(self, asked):
        deadline = time.monotonic() + min(asked["WaitTimeSeconds"], 2)
        while True:
            with self.lock:
                now = time.monotonic()
                names = [name for name in self.messages if self.hidden.get(name, 0) <= now]
                names = names[:asked["MaxNumberOfMessages"]]
                for name in names:
                    self.hidden[name] = now + VISIBILITY_S
                    self.handed[name] = self.handed.get(name, 0) + 1
                shown = [{"MessageId": name, "ReceiptHandle": name, "Body": self.messages[name],
                          "Attributes": {"ApproximateReceiveCount": str(self.handed[name])}} for name in names]
            if shown or now >= deadline:
                return 200, {"Messages": shown} if shown else {}
            time.sleep(0.02)

    def delete(self, asked):
        if not self.deletes:
            return 500, {"__type": "com.amazonaws.sqs#InternalFailure"}
        with self.lock:
            for entry in asked["Entries"]:
                self.messages.pop(entry["ReceiptHandle"], None)
        return 200, {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]], "Failed": []}


def order_change(order, notification):
    return json.dumps({
        "NotificationVersion": "1.0", "NotificationType": "ORDER_CHANGE", "PayloadVersion": "1.0",
        "EventTime": "2026-11-21T09:00:00.000Z",
        "Payload": {"OrderChangeNotification": {
            "NotificationLevel": "OrderLevel", "SellerId": SELLER, "AmazonOrderId": order,
            "OrderChangeType": "OrderStatusChange",
            "OrderChangeTrigger": {"TimeOfOrderChange": "2026-11-21T09:00:00.000Z", "ChangeReason": "x"},
            "Summary": {"MarketplaceId": "ATVPDKIKX0DER", "OrderStatus": "Unshipped",
                        "PurchaseDate": "2026-11-21T08:59:00.000Z", "FulfillmentType": "MFN",
                        "OrderType": "StandardOrder", "NumberOfItemsShipped": 0, "NumberOfItemsUnshipped": 1,
                        "OrderItems": [{"OrderItemId": f"I{order}", "SellerSKU": f"S{order}", "Quantity": 1,
                                        "QuantityShipped": 0}]}}},
        "NotificationMetadata": {"ApplicationId": "app", "SubscriptionId": "subscription",
                                 "PublishTime": "2026-11-21T09:00:00.500Z", "NotificationId": notification}})


def channels_yaml(market, key="key-1"):
    return "\n".join(["channels:", f"  - name: {CHANNEL}", "    kind: amazon", f"    account: {SELLER}",
                      f"    base_url: {market.url}", "    poll_interval_ms: 0", "    settings:",
                      "      client_id: client", "      client_secret: secret", "      refresh_token: refresh",
                      f"      login_url: {market.url}/token", "      marketplace_ids: ATVPDKIKX0DER", f"      queue_url: {market.url}/1/stockbus",
                      f"      aws_access_key_id: {key}", "      aws_secret_access_key: secret", ""])


def numbers(start, count):
    return [f"111-0000000-{number:07}" for number in range(start, start + count)]


def metric(service, name, **more):
    return reads_test.metric(service, name, CHANNEL, **more)


# ---- tests


def test_taken(service, market, seen):
    orders = numbers(1, 25)
    for order in orders:
        market.put(order_change(order, f"n-{order}"))
    check("messages are taken", wait_for(lambda: all(seen.events_of(orders).values()), LIMIT_S),
          service.log()[-2000:])
    check("and deleted", wait_for(lambda: not market.messages, LIMIT_S), market.messages)
    check("each is one event", all(len(found) == 1 for found in seen.events_of(orders).values()), orders)
    check("questions are signed", not market.unsigned, market.unsigned)
    check("and are counted", metric(service, "messages_total", result="accepted") == 25,
          service.admin("/metrics")[1][-3000:])


def test_poison(service, market, seen):
    market.put("no json")
    market.put(order_change("111-0000000-0000099", "n-foreign").replace(SELLER, "ANOTHERSELLER"))
    order = numbers(100, 1)[0]
    market.put(order_change(order, f"n-{order}"))
    check("a neighbour of poison is taken", wait_for(lambda: seen.events(order), LIMIT_S), service.log()[-2000:])
    check("poison does not stay", wait_for(lambda: not market.messages, LIMIT_S), market.messages)
    check("it is told", bool(seen.rejected("no json")) and bool(seen.rejected("ANOTHERSELLER")),
          seen.topics.read("rejected"))


def test_again(service, market, seen):
    """What can't be deleted comes again, and is no other event."""
    market.deletes = False
    order = numbers(200, 1)[0]
    name = market.put(order_change(order, f"n-{order}"))
    check("what is not deleted comes again", wait_for(lambda: market.handed.get(name, 0) >= 3, LIMIT_S), market.handed)
    check("and is counted as such", wait_for(lambda: metric(service, "messages_again_total") >= 2, LIMIT_S),
          service.admin("/metrics")[1][-3000:])
    market.deletes = True
    check("until it is deleted", wait_for(lambda: not market.messages, LIMIT_S), market.messages)
    check("and has one id", len(seen.events(order)) == 1, seen.events(order))


def test_away(service, market, seen):
    market.status = 500
    check("a queue that fails is told", wait_for(
        lambda: metric(service, "queue_requests_total", result="http_500") >= 2, LIMIT_S), service.log()[-2000:])
    order = numbers(300, 1)[0]
    market.put(order_change(order, f"n-{order}"))
    market.status = 200
    check("when it is back its messages are taken", wait_for(lambda: seen.events(order), LIMIT_S),
          service.log()[-2000:])
    wait_for(lambda: not market.messages, LIMIT_S)


def test_refused(service, market, seen):
    """The queue's keys are no matter of the API's token, which is granted again at once."""
    order = numbers(320, 1)[0]
    market.put(order_change(order, f"n-{order}"))
    check("the API has its token", wait_for(lambda: seen.events(order), LIMIT_S), service.log()[-2000:])
    market.status = 403
    check("a key that is refused is told", wait_for(
        lambda: metric(service, "queue_requests_total", result="http_403") >= 2, LIMIT_S), service.log()[-2000:])
    check("in the queue's words", "http status 403 InternalFailure of the test" in service.log(), service.log()[-2000:])
    check("and is not asked for a token", metric(service, "queue_requests_total", result="token_refused") == 0,
          service.admin("/metrics")[1][-3000:])
    order = numbers(330, 1)[0]
    market.put(order_change(order, f"n-{order}"))
    market.status = 200
    check("with the right one its messages are taken", wait_for(lambda: seen.events(order), LIMIT_S),
          service.log()[-2000:])
    wait_for(lambda: not market.messages, LIMIT_S)


def test_key_replaced(service, market, seen, topics):
    """The worst order: the old key ends before the file has the new one. What waits is taken then, and once."""
    market.key = "key-2"
    orders = numbers(340, 20)
    for order in orders:
        market.put(order_change(order, f"n-{order}"))
    check("a key that ended is told", wait_for(lambda: "InvalidClientTokenId" in service.log(), LIMIT_S),
          service.log()[-2000:])
    ingest_test.replace_file(topics.channels, channels_yaml(market, "key-2"))
    check("with the new one all is taken without a restart", wait_for(
        lambda: all(seen.events_of(orders).values()), LIMIT_S), service.log()[-2000:])
    check("and once", all(len(found) == 1 for found in seen.events_of(orders).values()), orders)
    wait_for(lambda: not market.messages, LIMIT_S)


def test_killed(topics, work, market, seen, service):
    """Two replicas share the queue; one is killed with messages in hand."""
    other = Service(topics, work, **PATIENT).start()
    orders = numbers(400, 300)
    for order in orders:
        market.put(order_change(order, f"n-{order}"))
    wait_for(lambda: len(market.messages) < 200, LIMIT_S)
    service.process.kill()
    service.process.wait()
    check("the other takes what is left", wait_for(lambda: not market.messages, LIMIT_S), len(market.messages))
    ids = seen.events_of(orders)
    check("every message is one event", all(len(found) == 1 for found in ids.values()),
          [order for order, found in ids.items() if len(found) != 1][:5])
    return other


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: queues_test.py DIR")
    brokers = run(BROKER, "address", sys.argv[1]).stdout.strip()
    market = Marketplace()
    with tempfile.TemporaryDirectory(prefix="queues-test-") as work:
        topics = Topics(work, brokers, f"queues-{os.getpid()}-{int(time.time()) % 100000}.",
                        os.path.join(work, "channels.yaml"))
        ingest_test.replace_file(topics.channels, channels_yaml(market))
        topics.create()
        seen = reads_test.Seen(topics)
        service = Service(topics, work, **PATIENT).start()
        try:
            test_taken(service, market, seen)
            test_poison(service, market, seen)
            test_again(service, market, seen)
            test_away(service, market, seen)
            test_refused(service, market, seen)
            test_key_replaced(service, market, seen, topics)
            service = test_killed(topics, work, market, seen, service)
            check("it stops with exit 0", service.stop() == 0, service.log()[-2000:])
        finally:
            if service.process.poll() is None:
                service.process.kill()
            if ingest_test.failed:
                Logs(work, whole=True).show()
    print(f"{ingest_test.passed} passed, {ingest_test.failed} failed")
    sys.exit(1 if ingest_test.failed else 0)


if __name__ == "__main__":
    main()
