#!/usr/bin/env python3
"""Amazon's notifications from SQS servers that are not ours: live.py DIR

A suite with an Amazon seller of the sandbox runs in DIR, but its queue stands at moto (which checks every signature), and
then at ElasticMQ. Orders are real to the sandbox's API; what tells of them is made from published samples and sent by AWS's
own client. Ingest is killed with messages in hand, again and again; SEED (random) and KILLS (8, of each server) come from the
environment. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import datetime
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parents[1] / "integration"))
from harness.replica import ADDRESSES, Replica  # noqa: E402
from harness.suite import LOCAL, ROOT, Report, Suite, expect, until  # noqa: E402
from ingest_test import Topics  # noqa: E402
from servers import ElasticMq, Moto, Queue, install_python  # noqa: E402

AMAZON, SHOPIFY = "amazon-us", "shopify-main"
FIXTURES = ROOT / "channels/amazon/fixtures"
FBA_POOL = "fba"
LONG = 240
VISIBILITY_S = 3  # what was in hand at a kill comes again after so long
WAIT_S = 2        # of a long poll
ROUND = 60        # messages between two kills
BATCH_S = 0.03    # about what ten messages take, from one question to the next


def fixture(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


def amazon_id(order):
    """As the sandbox's API of Amazon names it."""
    digits = f"{int(order['order']):017}"
    return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"


def now_text():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Notifications:
    """What Amazon would send, and what is to come of it. Every message of one name is one notification."""

    def __init__(self, suite, chance):
        self.suite = suite
        self.chance = chance
        self.seller = re.search(r'account: "(.*?)"', (pathlib.Path(suite.directory) / "suite/channels.yaml").read_text())[1]
        self.listings = sorted(listing for channel, listing in suite.skus() if channel == AMAZON)
        self.open_orders = []
        self.begin()

    def begin(self):
        """Forgets what was made before."""
        self.events = {}   # notification -> events on the topic
        self.sold = {}     # order -> (ordered, cancelled)
        self.fnskus = []
        self.poison = []   # texts that only one message has
        self.others = 0

    def envelope(self, name, events):
        """A sample with an id of its own, from now."""
        message = fixture(name)
        identity = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        message["EventTime"] = now_text()
        message["NotificationMetadata"].update(NotificationId=identity, PublishTime=message["EventTime"])
        self.events[identity] = events
        return message

    def order_change(self, order, status):
        """Of an order that the sandbox's API knows."""
        message = self.envelope("notification-ORDER_CHANGE", len(order["lines"]))
        change = message["Payload"]["OrderChangeNotification"]
        (item,) = change["Summary"]["OrderItems"]
        change.update(SellerId=self.seller, AmazonOrderId=amazon_id(order), OrderChangeType="OrderStatusChange",
                      OrderChangeTrigger={"TimeOfOrderChange": message["EventTime"], "ChangeReason": "Status Change"})
        change["Summary"].update(OrderStatus=status, PurchaseDate=order["placed"], OrderItems=[
            dict(item, OrderItemId=line["line"], SellerSKU=line["listing"], Quantity=line["quantity"],
                 IsBuyerRequestedCancel=False) for line in order["lines"]])
        return message

    def sale(self):
        listings = self.chance.sample(self.listings, self.chance.choice((1, 1, 1, 2)))
        lines = [{"listing": listing, "quantity": self.chance.choice((1, 1, 2, 3))} for listing in listings]
        order = self.suite.control("sell", {"channel": AMAZON, "lines": lines})
        order["placed"] = now_text()
        self.sold[amazon_id(order)] = (sum(line["quantity"] for line in order["lines"]), 0)
        self.open_orders.append(order)
        return self.order_change(order, "Unshipped")

    def cancellation(self):
        """Of an order whose sale may not have been taken yet: the queue knows no order."""
        if not self.open_orders:
            return self.sale()
        order = self.open_orders.pop(self.chance.randrange(len(self.open_orders)))
        self.suite.control("cancel", {"channel": AMAZON, "order": order["order"], "restock": True})
        units = sum(line["quantity"] for line in order["lines"])
        self.sold[amazon_id(order)] = (units, units)
        return self.order_change(order, "Canceled")

    def count_of_amazon(self):
        message = self.envelope("fba_inventory", 4)
        fnsku = f"X{self.chance.getrandbits(40):010X}"
        self.fnskus.append(fnsku)
        message["Payload"].update(SellerId=self.seller, FNSKU=fnsku)
        return message

    def quantity_change(self):
        listing = self.chance.choice(self.listings)
        message = self.envelope("notification-LISTINGS_ITEM_MFN_QUANTITY_CHANGE", 1)
        message["Payload"].update(SellerId=self.seller, Sku=listing, Quantity=self.suite.shown()[(AMAZON, listing)])
        if self.chance.random() < 0.5:
            return message
        return dict(fixture("eventbridge_whole"), detail=message)  # a rule of EventBridge whose target is the queue

    def nothing_of_ours(self):
        message = self.envelope("notification-ANY_OFFER_CHANGED", 0)
        self.others += 1
        return message

    def no_notification(self):
        text = f"poison-{self.chance.getrandbits(64):016x}"
        self.poison.append(text)
        return self.chance.choice((text, json.dumps({"NotificationType": "ORDER_CHANGE", "Payload": text}),
                                   self.of_another_seller(text)))

    def of_another_seller(self, text):
        message = fixture("notification-ORDER_CHANGE")
        message["Payload"]["OrderChangeNotification"].update(SellerId="ANOTHERSELLER", AmazonOrderId=text)
        return json.dumps(message)

    def some(self, count):
        """Bodies, as a day may bring them."""
        makers = self.chance.choices((self.sale, self.cancellation, self.count_of_amazon, self.quantity_change,
                                      self.nothing_of_ours, self.no_notification), (60, 8, 12, 12, 4, 4), k=count)
        made = (maker() for maker in makers)
        return [body if isinstance(body, str) else json.dumps(body) for body in made]

    def sales(self, count):
        return [json.dumps(self.sale()) for _ in range(count)]


class Run:
    """One server, from its first message to rest."""

    def __init__(self, suite, notifications, server, queue):
        self.suite = suite
        self.folder = pathlib.Path(suite.directory) / "suite"
        self.notifications = notifications
        self.server = server
        self.queue = queue
        self.in_hand = []  # at each kill
        self.sent = 0
        brokers = subprocess.run([LOCAL / "broker", "address", suite.directory], capture_output=True, text=True,
                                 check=True).stdout.strip()
        self.topics = Topics(None, brokers, "stockbus.", None)

    # ---- ingest

    def connect(self):
        """What an operator writes into channels.yaml. Ingest reads it, and the keys' files, by itself."""
        self.write_key(self.server.keys[0])
        path = self.folder / "channels.yaml"
        channels = path.read_text()
        for name, value in (("queue_url", self.queue.url), ("queue_region", "eu-central-1"),
                            ("queue_visibility_s", VISIBILITY_S), ("queue_wait_s", WAIT_S)):
            channels = re.sub(rf"\n      {name}: .*", "", channels)
            channels = channels.replace("\n      login_url:", f'\n      {name}: "{value}"\n      login_url:')
        for name in ("aws_access_key_id", "aws_secret_access_key"):
            channels = re.sub(rf"\n      {name}: .*", f'\n      {name}_file: "{name}"', channels)
        replace(path, channels)

    def write_key(self, key):
        for name, text in zip(("aws_access_key_id", "aws_secret_access_key"), key):
            replace(self.folder / name, text)

    def kill(self):
        process = int((self.folder / "pids/ingest").read_text())
        os.kill(process, signal.SIGKILL)
        self.in_hand.append(self.queue.sizes()[1])
        until(LONG, lambda: not pathlib.Path(f"/proc/{process}/exe").exists(), "the killed process is gone")

    def asked(self, result):
        return self.suite.metric("ingest", "stockbus_ingest_queue_requests_total", channel=AMAZON, result=result)

    def messages(self, result):
        return self.suite.metric("ingest", "stockbus_ingest_messages_total", channel=AMAZON, result=result)

    def log(self):
        return (self.folder / "logs/ingest.log").read_text()

    # ---- what was sent

    def put(self, bodies, delay_s=0):
        self.queue.put(bodies, delay_s)
        self.sent += len(bodies)

    def expect_empty(self):
        until(LONG, lambda: self.queue.sizes() == (0, 0), lambda: f"the queue is empty instead of {self.queue.sizes()}")

    def expect_exactly_once(self):
        """The topic has every notification's events; whatever came twice, the ledger has each once."""
        self.expect_empty()
        until(LONG, lambda: self.unread() == 0, "every order is read")
        self.suite.settle(LONG)
        records, found = self.on_topic()
        wrong = {name: (len(found[name]), events) for name, events in self.notifications.events.items()
                 if len(found[name]) != events}
        expect(not wrong, f"on the topic: {dict(list(wrong.items())[:5])}")
        ids = set().union(*found.values())
        taken = until(LONG, lambda: self.taken(len(ids)), f"the ledger has {len(ids)} events")
        self.expect_effects(ids)
        print(f"    {records} records on the topic say {len(ids)} events, {records - len(ids)} came twice; the ledger has "
              f"{taken} of them once")

    def unread(self):
        """Notes of what is to be read that nobody crossed out."""
        done = subprocess.run(["kcat", "-C", "-q", "-e", "-b", self.topics.brokers, "-t", self.topics.name("cursors"), "-o",
                               "beginning", "-f", "%k %S\n"], capture_output=True, text=True, check=True)
        last = dict(line.split(" ") for line in done.stdout.splitlines() if line.startswith("hint/"))
        return sum(size != "-1" for size in last.values())

    def on_topic(self):
        """Records, and the ids of each notification's events."""
        found = {name: set() for name in self.notifications.events}
        records = 0
        pattern = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
        for _, headers, body in self.topics.read("events"):
            for name in {text.decode() for text in pattern.findall(body)} & found.keys():
                found[name].add(headers["ce_id"])
                records += 1
        return records, found

    def names(self):
        return ", ".join(f"'{name}'" for name in self.notifications.events)

    def taken(self, count):
        """Events that the ledger has of these notifications, when they are so many."""
        rows = self.suite.sql(f"SELECT count(*) FROM ledger.events WHERE notification_id IN ({self.names()})")
        return count if int(rows[0][0]) == count else 0

    def expect_effects(self, ids):
        asked = ", ".join(f"'{order}'" for order in self.notifications.sold)
        ((lines, ordered, cancelled),) = self.suite.sql(
            "SELECT count(DISTINCT order_id), sum(ordered), sum(cancelled) FROM ledger.order_lines "
            f"WHERE channel = '{AMAZON}' AND order_id IN ({asked})")
        want = (len(self.notifications.sold), *map(sum, zip(*self.notifications.sold.values())))
        expect((int(lines), int(ordered), int(cancelled)) == want,
               f"orders, ordered, cancelled: {(lines, ordered, cancelled)} instead of {want}")
        known = {row[0] for row in self.suite.sql(f"SELECT event_id FROM ledger.events WHERE notification_id IN ({self.names()})")}
        expect(known == ids, f"ids of the ledger and the topic differ: {list(known ^ ids)[:5]}")
        self.expect_counts()
        for table in ("conflicts", "poison"):
            expect(self.suite.sql(f"SELECT count(*) FROM ledger.{table}") == [["0"]], f"ledger.{table} is not empty")
        broken = self.suite.rows("conservation")
        expect(not broken, f"conservation is broken: {broken[:3]}")
        print(f"    {want[0]} orders with {ordered} units, {cancelled} of them cancelled; "
              f"{len(self.notifications.fnskus)} SKUs of Amazon's own stock")

    def expect_counts(self):
        if not self.notifications.fnskus:
            return
        skus = ", ".join(f"'{sku}'" for sku in self.notifications.fnskus)
        counted = self.suite.sql(f"SELECT bucket, count(*), min(quantity), max(quantity) FROM ledger.counts WHERE pool = "
                                 f"'{FBA_POOL}' AND sku IN ({skus}) GROUP BY bucket ORDER BY bucket")
        many = str(len(self.notifications.fnskus))
        want = [["researching", many, "0", "0"], ["reserved", many, "30", "30"], ["sellable", many, "50", "50"],
                ["unfulfillable", many, "0", "0"]]
        expect(counted == want, f"counts: {counted} instead of {want}")

    def expect_rejected(self):
        """With its bytes, for whoever looks after it. Nothing of it reached the dead letters."""
        bodies = b"".join(body for _, _, body in self.topics.read("rejected"))
        lost = [text for text in self.notifications.poison if text.encode() not in bodies]
        expect(not lost, f"not on the rejected topic: {lost[:5]}")
        expect(self.queue.dead() == 0, f"{self.queue.dead()} dead letters")


def replace(path, text):
    part = path.with_suffix(".new")
    part.write_text(text)
    part.chmod(0o600)
    part.rename(path)


# ---- checks, in this order


def killed_in_mid_batch(run, chance, kills):
    """Each round fills the queue while nobody listens, starts ingest, and kills it when so many are left as chance says;
    until it was killed often enough with messages in hand."""
    started = time.monotonic()
    run.kill()
    while sum(count > 0 for count in run.in_hand) < kills:
        expect(len(run.in_hand) < 5 * kills, f"in hand at the kills: {run.in_hand}")
        run.put(run.notifications.some(ROUND))
        until(LONG, lambda: run.queue.sizes()[1] == 0, "what was in hand can be had again")
        left = chance.randrange(1, run.queue.sizes()[0])
        start = subprocess.Popen([LOCAL / "suite", "run", run.suite.directory, "ingest"], env=run.suite.environment,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(LONG, lambda: run.queue.sizes()[0] < left, "messages are taken")
        time.sleep(chance.uniform(0, BATCH_S))
        run.kill()
        start.wait()  # it waits for a process that is gone, and says so
    run.suite.script("run", "ingest")
    run.expect_exactly_once()
    run.expect_rejected()
    print(f"    {run.sent} messages, ingest killed {len(run.in_hand)} times, with {run.in_hand} in hand: {sum(run.in_hand)} "
          f"came again; {len(run.notifications.poison)} that are no notifications, {run.notifications.others} of no concern; "
          f"{time.monotonic() - started:.1f} s")


def two_share_the_queue(run, chance, kills):
    """One of two replicas is killed when half is taken; the other takes what that had in hand."""
    other = Replica(run.suite, "ingest")
    (run.folder / "ports/other-admin").write_text(str(other.ports[ADDRESSES[0]]))
    try:
        run.put(run.notifications.some(4 * ROUND))
        until(LONG, lambda: run.queue.sizes()[0] < 2 * ROUND, "half is taken")
        taken = run.suite.metric("other", "stockbus_ingest_messages_total", channel=AMAZON)
    finally:
        other.process.kill()
        other.process.wait()
    in_hand = run.queue.sizes()[1]
    run.expect_exactly_once()
    expect(taken > 0, "the other replica got nothing")
    run.expect_rejected()
    print(f"    {run.sent} messages, {taken:.0f} taken by the one that was killed, {in_hand} in hand at both")


def poison_is_told_and_deleted(run, chance, kills):
    before = run.messages("rejected")
    made = [run.notifications.no_notification() for _ in range(6)]
    run.put(made + run.notifications.sales(1))
    run.expect_exactly_once()
    until(LONG, lambda: run.messages("rejected") - before == len(made), "the metric tells of each")
    run.expect_rejected()


def an_outage_makes_no_dead_letters(run, chance, kills):
    """Two receives are too many for this queue. While the broker is away nothing is received at all."""
    run.queue.give_up_after(1)
    run.suite.script("halt", "broker")
    until(LONG, lambda: not is_ready(run), "ingest notices")
    run.put(run.notifications.sales(10), delay_s=WAIT_S + 3)  # the question that was under way is over by then
    until(LONG, lambda: run.queue.sizes()[0] == 10, "they are to be had")
    deadline = time.monotonic() + 2 * VISIBILITY_S
    while time.monotonic() < deadline:
        expect(run.queue.sizes() == (10, 0), f"somebody takes them: {run.queue.sizes()}")
        time.sleep(0.2)
    run.suite.script("run", "broker")
    run.expect_exactly_once()
    expect(run.queue.dead() == 0, f"{run.queue.dead()} dead letters")
    run.queue.give_up_after(Queue.NEVER)


def is_ready(run):
    return subprocess.run(["curl", "-fsS", "-m", "10", "-o", "/dev/null", "http://127.0.0.1:"
                           + (run.folder / "ports/ingest-admin").read_text().strip() + "/readyz"],
                          capture_output=True).returncode == 0


def dead_letters_are_moved_back(run, chance, kills):
    """The broker freezes, messages come into hand, ingest is killed: for this queue that was once too often."""
    broker = int((pathlib.Path(run.suite.directory) / "kafka/pid").read_text())
    run.queue.give_up_after(1)
    os.kill(broker, signal.SIGSTOP)
    try:
        run.put(run.notifications.sales(8))
        until(LONG, lambda: run.queue.sizes()[1] > 0, "messages are in hand")
        run.kill()
    finally:
        os.kill(broker, signal.SIGCONT)
    run.suite.script("run", "ingest")
    run.expect_empty()
    dead = until(LONG, run.queue.dead, "there are dead letters")
    expect(dead == run.in_hand[-1], f"{dead} dead letters of {run.in_hand[-1]} in hand")
    run.queue.give_up_after(Queue.NEVER)
    run.server.move_back(run.queue)
    until(LONG, lambda: run.queue.dead() == 0, "the dead letters are moved back")
    run.expect_exactly_once()
    print(f"    {dead} dead letters moved back")


def a_wrong_key_is_told(run, chance, kills):
    """The server refuses it, whoever shows it. Nothing is asked in haste, nothing is lost; the next key is taken from its
    files, and the old one can go."""
    from botocore.exceptions import ClientError

    key_id, secret = run.server.keys[0]
    try:
        run.server.client(key=(key_id, secret[::-1])).list_queues()
        expect(False, "the server takes any signature")
    except ClientError as refused:
        expect(refused.response["ResponseMetadata"]["HTTPStatusCode"] == 403, str(refused))
    logged = len(run.log())
    run.write_key((key_id, secret[::-1]))
    until(LONG, lambda: run.asked("http_403") >= 3, "the refusal is counted")
    expect(run.asked("token_refused") == 0, "the channel's own token is doubted")
    said = [line for line in run.log()[logged:].splitlines() if "ingest.queue_failed" in line]
    expect(len(said) == 1 and "SignatureDoesNotMatch" in said[0], f"told: {said}")
    print(f"    {said[0]}")
    run.put(run.notifications.sales(10))
    run.write_key(run.server.keys[1])
    run.expect_exactly_once()
    expect("ingest.queue_recovered" in run.log()[logged:], "the recovery is not told")
    run.server.retire_first_key()
    run.queue.reconnect()
    refused = run.asked("http_403")
    run.put(run.notifications.sales(10))
    run.expect_exactly_once()
    expect(run.asked("http_403") == refused, "the new key is refused")


CHECKS = (killed_in_mid_batch, two_share_the_queue, poison_is_told_and_deleted, an_outage_makes_no_dead_letters,
          dead_letters_are_moved_back)


def judge(report, suite, notifications, kind, chance, kills):
    home = pathlib.Path(suite.directory) / "sqs"
    home.mkdir(exist_ok=True)
    with kind(home) as server:
        checks = CHECKS + ((a_wrong_key_is_told,) if server.switch_on_signatures() else ())
        run = Run(suite, notifications, server, Queue(server))
        run.connect()
        for check in checks:
            notifications.begin()
            run.sent, run.in_hand = 0, []
            with report.test(f"{server.name}: {check.__name__}"):
                check(run, chance, kills)


def main():
    directory = pathlib.Path(sys.argv[1]).resolve()
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    kills = int(os.environ.get("KILLS") or 8)
    report = Report(directory)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    print(f"    SEED={seed} KILLS={kills}")
    install_python()
    with Suite(directory, channels=f"{AMAZON}:amazon,{SHOPIFY}:shopify", products=5, variants=2, stock=4000,
               buffer=0) as suite:
        pool = directory / "suite/pool.jsonl"
        pool.write_text(json.dumps({"kind": "pool_changed", "fact_id": "pool-fba", "occurred_at": "2026-01-01T00:00:00Z",
                                    "actor": "live", "pool": FBA_POOL, "authority": "channel"}) + "\n")
        done = suite.stockctl("import", str(pool))
        expect(done.returncode == 0, f"import: {done.stderr}")
        suite.remember_initial()
        chance = random.Random(seed)
        notifications = Notifications(suite, chance)
        for kind in (Moto, ElasticMq):
            judge(report, suite, notifications, kind, chance, kills)
        with report.test("at rest: conserved, and every channel reconciles"):
            suite.expect_sound()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
