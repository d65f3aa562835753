#!/usr/bin/env python3
"""Thin notifications and what is read because of them, on a real broker that runs in DIR: reads_test.py DIR

Starts BUILD/bin/ingest (build/release by default) with channels whose marketplace is the small HTTP server below, which
answers late, wrongly or not at all when it is told to. Kills ingest in the middle of readings. One line per check:
`ok name` or `not ok name`, then `N passed, N failed`.
"""

import hashlib
import hmac
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ingest_test  # noqa: E402
from ingest_test import BROKER, LIMIT_S, PATIENT, Service, Topics, check, run, wait_for  # noqa: E402
from harness.peer import Peer  # noqa: E402
from harness.suite import Logs  # noqa: E402

WIDE = 1000  # units from which on each is another SKU
THIN, POLLED, AWAY = "tiktok-thin", "tiktok-polled", "tiktok-away"
SHOP, KEY, SECRET, TOKEN = "7495540735365777507", "abcdef", "app-secret", "access-1"


class Marketplace(Peer):
    """Orders of TikTok Shop, that are only read, and its faults."""

    def __init__(self):
        super().__init__()
        self.orders = {}     # id -> (update_time, units)
        self.listed = []     # ids that the list of changed orders names
        self.reads = {}      # id -> times that it was asked for
        self.statuses = {}   # id -> status that its reading is answered with
        self.held = {}       # id -> event that its answer waits for
        self.unsealed = []   # requests without token or sign
        self.at_once = self.most_at_once = 0

    def put(self, order, update_time, units=1):
        with self.lock:
            self.orders[order] = (update_time, units)

    def hold(self, order):
        self.held[order] = threading.Event()
        return self.held[order]

    def times_read(self, order):
        with self.lock:
            return self.reads.get(order, 0)

    def order(self, order, lines=True):
        update_time, units = self.orders[order]
        shown = {"id": order, "status": "AWAITING_SHIPMENT", "create_time": 1721600000, "update_time": update_time}
        if lines:
            skus = [f"9{order}"] * units if units < WIDE else [f"9{order}{i}" for i in range(units)]
            shown["line_items"] = [{"id": f"{order}{i}", "product_id": "1729385925305012", "sku_id": sku,
                                    "seller_sku": f"S{order}", "display_status": "AWAITING_SHIPMENT",
                                    "product_name": "x" * 100} for i, sku in enumerate(skus)]
        return shown

    def answer(self, method, path, query, headers, body):
        if path == "/api/v2/token/refresh":
            return shown(200, {"access_token": TOKEN, "access_token_expire_in": int(time.time()) + 86400})
        if headers.get("x-tts-access-token") != TOKEN or not query.get("sign"):
            self.unsealed.append(path)
        if path == "/order/202309/orders/search":
            with self.lock:
                return shown(200, {"orders": [self.order(order, lines=False) for order in self.listed],
                                   "next_page_token": ""})
        return self.read(query.get("ids", ""))

    def read(self, order):
        with self.lock:
            self.reads[order] = self.reads.get(order, 0) + 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            status = self.statuses.get(order, 200)
            found = [self.order(order)] if order in self.orders else []
        if order in self.held:
            self.held[order].wait(LIMIT_S)
        with self.lock:
            self.at_once -= 1
        return shown(status, {"orders": found})


def shown(status, data):
    return status, {"code": 0, "message": "Success", "data": data}


# ---- topics


def fields(body):
    """A protobuf message's fields: {number: last value}."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = body[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(body):
        tag = varint()
        if tag & 7 == 0:
            found[tag >> 3] = varint()
        elif tag & 7 == 2:
            size = varint()
            found[tag >> 3] = body[at:at + size]
            at += size
        else:
            at += 8 if tag & 7 == 1 else 4
    return found


class Seen:
    """What the topics hold."""

    def __init__(self, topics):
        self.topics = topics

    def events(self, order):
        """{event id: times it was written} of an order."""
        return self.events_of([order])[order]

    def events_of(self, orders):
        ids = {order: {} for order in orders}
        fields_of = {order: bytes((10, len(order))) + order.encode() for order in orders}  # order_id in protobuf
        for _, headers, body in self.topics.read("events"):
            for order, field in fields_of.items():
                if field in body:
                    ids[order][headers["ce_id"]] = ids[order].get(headers["ce_id"], 0) + 1
        return ids

    def notes(self, channel=""):
        """Keys of the hints that wait."""
        done = subprocess.run(["kcat", "-C", "-q", "-b", self.topics.brokers, "-t", self.topics.name("cursors"), "-o",
                               "beginning", "-e", "-X", "fetch.wait.max.ms=10", "-f", "%k %S\\n"],
                              capture_output=True, text=True, timeout=300)
        waiting = {}
        for line in done.stdout.splitlines():
            key, size = line.rsplit(" ", 1)
            if key.startswith("hint/" + channel):
                waiting.pop(key, None)
                if int(size) >= 0:
                    waiting[key] = size
        return list(waiting)

    def rejected(self, text):
        return [body for _, _, body in self.topics.read("rejected") if text.encode() in body]


def channels_yaml(market):
    lines = ["channels:"]
    for name, url, poll_ms in ((THIN, market.url, 0), (POLLED, market.url, 300), (AWAY, "http://127.0.0.1:1", 0)):
        lines += [f"  - name: {name}", "    kind: tiktok", f"    account: '{SHOP}'", f"    base_url: {url}",
                  "    location: '1'", f"    secret: {SECRET}", f"    poll_interval_ms: {poll_ms}",
                  "    rate_per_second: 200", "    rate_burst: 200", "    settings:", f"      app_key: {KEY}",
                  "      shop_cipher: cipher", "      refresh_token: refresh", f"      auth_url: {market.url}"]
    return "\n".join(lines) + "\n"


def notify(service, order, channel=THIN, numbers=itertools.count(1)):
    body = json.dumps({"type": 1, "tts_notification_id": str(next(numbers)), "shop_id": SHOP, "timestamp": 1718305585,
                       "data": {"order_id": order, "order_status": "UNPAID", "update_time": 1718305585}}).encode()
    sign = hmac.new(SECRET.encode(), KEY.encode() + body, hashlib.sha256).hexdigest()
    return service.ask("POST", f"/v1/notify/{channel}", body, {"Content-Type": "application/json",
                                                               "Authorization": sign})


def metric(service, name, channel=THIN, **more):
    labels = ",".join([f'channel="{channel}"'] + [f'{key}="{value}"' for key, value in more.items()])
    return service.metric(f"stockbus_ingest_{name}{{{labels}}}")


# ---- tests


def test_read(service, market, seen):
    market.put("5001", 1721637900, units=2)
    answer = notify(service, "5001")
    check("a thin notification is a hint", answer[0] == 200 and json.loads(answer[1]) ==
          {"events": 0, "rejected": 0, "hints": 1}, answer)
    check("what it names is read", wait_for(lambda: len(seen.events("5001")) == 1, LIMIT_S), market.reads)
    body = [body for _, _, body in seen.topics.read("events") if b"5001" in body][0]
    source = [value for value in fields(body).values() if isinstance(value, bytes) and THIN.encode() in value][0]
    check("and says that it was read", 5 in fields(source).values(), fields(source))
    check("its hint is crossed out", wait_for(lambda: not seen.notes(THIN), LIMIT_S), seen.notes())
    check("requests carry token and sign", not market.unsealed, market.unsealed)
    check("and are counted", metric(service, "reads_total", result="read") == 1 and
          metric(service, "hints_total") == 1, service.admin("/metrics")[1][-2000:])
    answer = service.ask("POST", f"/v1/notify/{THIN}", b"{}", {"Content-Type": "application/json",
                                                               "Authorization": "00"})
    check("a stranger's hint is none", answer[0] == 401, answer)


def test_again(service, market, seen):
    """A notification that comes while its order is being read: what is read may be from before it."""
    market.put("5002", 1721637900)
    held = market.hold("5002")
    notify(service, "5002")
    wait_for(lambda: market.times_read("5002") == 1, LIMIT_S)
    market.put("5002", 1721637950, units=3)
    for _ in range(5):
        notify(service, "5002")
    check("it waits for the reading under way", market.times_read("5002") == 1, market.reads)
    held.set()
    check("then it is read again", wait_for(lambda: len(seen.events("5002")) == 2, LIMIT_S), seen.events("5002"))
    check("all its notes are crossed out", wait_for(lambda: not seen.notes(THIN), LIMIT_S), seen.notes())
    check("five notifications were one more reading", market.times_read("5002") == 2, market.reads)


def test_faults(service, market, seen):
    """One order that can't be read, one that is not there, and a neighbour."""
    market.put("5003", 1721637900)
    market.put("5004", 1721637900)
    market.statuses["5003"] = 500
    for order in ("5003", "5099", "5004"):
        notify(service, order)
    check("a neighbour is read", wait_for(lambda: len(seen.events("5004")) == 1, LIMIT_S), market.reads)
    check("what is not known there is rejected", wait_for(lambda: seen.rejected("order:5099"), LIMIT_S),
          market.reads)
    check("what fails is tried again", wait_for(lambda: market.times_read("5003") >= 3, LIMIT_S), market.reads)
    check("its hint stays", len(seen.notes(THIN)) == 1, seen.notes())
    check("as the metrics say", wait_for(lambda: metric(service, "hints_waiting") == 1 and
                                         metric(service, "hints_oldest_seconds") > 0, LIMIT_S),
          service.admin("/metrics")[1][-2000:])
    market.statuses.clear()
    check("until it can be read", wait_for(lambda: len(seen.events("5003")) == 1, LIMIT_S), market.reads)
    check("then nothing waits", wait_for(lambda: not seen.notes(THIN) and metric(service, "hints_waiting") == 0,
                                         LIMIT_S), seen.notes())


def test_throttled(service, market, seen):
    """429 is for the channel as a whole: it is left alone, longer each time, and then everything is read."""
    orders = [str(order) for order in range(5300, 5340)]
    for order in orders:
        market.put(order, 1721637900)
        market.statuses[order] = 429
    for order in orders:
        notify(service, order)
    check("a channel that is asked too much is told by its status", wait_for(
        lambda: metric(service, "reads_total", result="http_429") >= 2, LIMIT_S), service.log()[-2000:])
    asked = sum(market.times_read(order) for order in orders)
    check("and is not asked for each order", asked < len(orders), asked)
    market.statuses.clear()
    check("later all are read", wait_for(lambda: not seen.notes(THIN), LIMIT_S), seen.notes())
    check("each as one event", all(len(found) == 1 for found in seen.events_of(orders).values()), asked)


def test_wide(service, market, seen):
    """More than a record holds, and more than goes to the broker at once."""
    market.put("5200", 1721637900, units=4500)
    notify(service, "5200")
    check("thousands of lines are read", wait_for(lambda: len(seen.events("5200")) == 4500, LIMIT_S),
          (len(seen.events("5200")), service.log()[-2000:]))
    check("and crossed out", wait_for(lambda: not seen.notes(THIN), LIMIT_S), seen.notes())


def test_polled(service, market, seen):
    market.put("6001", int(time.time()))
    market.listed.append("6001")
    check("what a list only names is read", wait_for(lambda: len(seen.events("6001")) == 1, LIMIT_S), market.reads)
    check("the cursor moves by the channel's clock", wait_for(
        lambda: metric(service, "poll_cursor_seconds", POLLED) > time.time() - 300, LIMIT_S),
        metric(service, "poll_cursor_seconds", POLLED))
    market.listed.clear()
    check("and its hints are crossed out", wait_for(lambda: not seen.notes(POLLED), LIMIT_S), seen.notes())


def test_killed(topics, work, market, seen, service):
    """Killed while some orders are being read, some wait, and some were just accepted."""
    orders = [str(order) for order in range(7000, 7040)]
    held = [market.hold(order) for order in orders[:20]]
    accepted = []
    for order in orders:
        market.put(order, 1721637900)
        if notify(service, order)[0] == 200:
            accepted.append(order)
    wait_for(lambda: market.at_once >= 4, LIMIT_S)
    check("several are read at a time, at most as many as the kind says", market.most_at_once == 4,
          market.most_at_once)
    service.process.kill()
    service.process.wait()
    check("nothing that waits is crossed out", len(seen.notes(THIN)) == 40, len(seen.notes(THIN)))
    service = Service(topics, work, **PATIENT).start()
    for event in held:
        event.set()
    check(f"all {len(accepted)} accepted orders are read by the next process",
          wait_for(lambda: not seen.notes(THIN), LIMIT_S), len(seen.notes(THIN)))
    ids = seen.events_of(accepted)
    check("each is one event", all(len(found) == 1 for found in ids.values()),
          [order for order, found in ids.items() if len(found) != 1])
    return service


def test_two_replicas(topics, work, market, seen, service):
    """Who takes the notification need not be who reads; and who reads may die."""
    other = Service(topics, work, **PATIENT).start()
    orders = [str(order) for order in range(7100, 7120)]
    for order in orders:
        market.put(order, 1721637900)
    for order, replica in zip(orders, itertools.cycle((service, other))):
        notify(replica, order)
    check("either takes a hint, one reads it", wait_for(lambda: not seen.notes(THIN), LIMIT_S), seen.notes())
    # What is being read while the group shares anew is read again.
    check("and hardly more often", sum(market.times_read(order) for order in orders) < 2 * len(orders),
          {order: market.times_read(order) for order in orders})
    check("each order is one event", all(len(found) == 1 for found in seen.events_of(orders).values()),
          seen.events_of(orders))
    reader = max((service, other), key=lambda one: metric(one, "reads_total", result="read"))
    taker = other if reader is service else service
    held = market.hold("7290")
    market.put("7290", 1721637900)
    notify(taker, "7290")
    wait_for(lambda: market.times_read("7290") == 1, LIMIT_S)
    reader.process.kill()
    reader.process.wait()
    held.set()
    check("when the reader dies another reads", wait_for(lambda: len(seen.events("7290")) == 1, LIMIT_S),
          market.reads.get("7290"))
    check("and crosses out", wait_for(lambda: not seen.notes(THIN), LIMIT_S), seen.notes())
    return taker


def test_away(service, seen):
    """The channel's API is away: its hints wait, others' do not."""
    answer = notify(service, "8001", AWAY)
    check("a hint is taken while its channel is away", answer[0] == 200, answer)
    check("its readings fail", wait_for(lambda: metric(service, "reads_total", AWAY, result="no_answer") >= 2,
                                        LIMIT_S), service.admin("/metrics")[1][-2000:])
    check("it waits", len(seen.notes(AWAY)) == 1, seen.notes())


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: reads_test.py DIR")
    brokers = run(BROKER, "address", sys.argv[1]).stdout.strip()
    market = Marketplace()
    with tempfile.TemporaryDirectory(prefix="reads-test-") as work:
        topics = Topics(work, brokers, f"reads-{os.getpid()}-{int(time.time()) % 100000}.",
                        os.path.join(work, "channels.yaml"))
        ingest_test.replace_file(topics.channels, channels_yaml(market))
        topics.create()
        seen = Seen(topics)
        service = Service(topics, work, **PATIENT).start()
        try:
            test_read(service, market, seen)
            test_again(service, market, seen)
            test_faults(service, market, seen)
            test_throttled(service, market, seen)
            test_wide(service, market, seen)
            test_polled(service, market, seen)
            service = test_killed(topics, work, market, seen, service)
            service = test_two_replicas(topics, work, market, seen, service)
            test_away(service, seen)
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
