"""Every alert of the PrometheusRule, and what makes it fire for real. A trouble is done once; each of its rows must then fire
with its labels, and be gone after the trouble is undone. Troubles of one group are done at the same time.

`factor`: how much shorter this alert's times are (rules.py); `seconds`: which numbers of its expression are seconds and are
divided by it as well. What is not named keeps its real threshold. `teller`: who tells Prometheus; kube-state-metrics is
played by cluster.py, which looks at the same processes."""

import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field

from harness.suite import ROOT, expect, until
from rules import FACTOR
from world import Answer, is_login, is_write, stop

NAMESPACE = "stockbus"
WELL = ("shopify-main", "woo-main")
SERVICES, CLUSTER = "services", "kube-state-metrics"
BUILD = ROOT / os.environ.get("BUILD", "build/release")


@dataclass
class Row:
    alert: str
    labels: dict = field(default_factory=dict)
    factor: int = FACTOR
    seconds: tuple = ()
    teller: str = SERVICES
    stands: bool = False  # time alone makes it fire, so it may do so before anything is done


@dataclass
class Trouble:
    cause: str
    do: callable
    undo: callable
    rows: list
    channels: tuple = ()  # it is about


def channel(name):
    return {"channel": name}


# ---- one channel's


def page(status, body="<html>no</html>", **headers):
    return Answer(status, body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def behind_the_proxy(cause, name, when, answer, *rows):
    """The channel answers this to these requests."""
    return Trouble(cause, lambda world: world.answer(name, when, answer), lambda world: world.forward(name), list(rows), (name,))


def other_secret(world):
    world.change("woo-forged", secret="not what the shop signs with")
    world.sell("woo-forged", 4)
    world.selling = selling(world, "woo-forged")


def selling(world, name):
    """Sells there until it is told to stop."""
    over = threading.Event()

    def sell():
        while not over.wait(1):
            world.enable(name)
            world.sell(name)

    thread = threading.Thread(target=sell, daemon=True)
    thread.start()
    return lambda: (over.set(), thread.join())


def good_secret(world):
    world.selling()
    world.change("woo-forged")
    world.enable("woo-forged")


def unheard(world):
    world.sell("woo-quiet")
    # A counter's first value is no increase.
    until(60, lambda: world.prometheus.query('stockbus_ingest_events_total{channel="woo-quiet",kind="order_line"}'),
          "Prometheus has seen an order")
    world.sell("woo-quiet", 150)


def unread(world):
    world.answer("tiktok-mute", lambda request: "/orders" in request.path, page(500))
    world.sell("tiktok-mute", 3)


def no_login(world):
    world.answer("amazon-ended", is_login, page(503))


def late(world):
    """A channel that is away for more than a minute, and then takes what it missed."""
    world.answer("woo-late", is_write, page(503))
    world.sell_untouched()  # a sale after it would make a newer target, and be measured instead
    time.sleep(75)
    world.forward("woo-late")


def poor(world):
    world.change("woo-poor", rate_per_second=0.2, rate_burst=1)
    world.cluster.remove("publisher-woo-poor")
    world.cluster.restore("publisher-woo-poor")


def rich(world):
    world.change("woo-poor")
    world.cluster.remove("publisher-woo-poor")
    world.cluster.restore("publisher-woo-poor")


def crash_often(world):
    for _ in range(5):
        world.cluster.crash("publisher-woo-frail")


def hang(world):
    world.signal("publisher-woo-hung", signal.SIGSTOP)


def wake(world):
    world.signal("publisher-woo-hung", signal.SIGCONT)


def nothing(world):
    pass


def refuse(world):
    world.answer("woo-refuses", is_write, Answer(404, UNKNOWN, "application/json"))


def refuse_no_more(world):
    """A newer target of every listing is tried."""
    world.forward("woo-refuses")
    world.sell(WELL[0], len(world.skus()))


UNKNOWN = json.dumps({"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID.", "data": {"status": 404}})

CHANNELS = [
    Trouble("the shop signs with a new secret that we were not given", other_secret, good_secret,
            [Row("StockbusSignaturesWrong", channel("woo-forged"))], ("woo-forged",)),
    Trouble("an authentic notification whose body is no order",
            lambda world: world.notify_woocommerce("woo-odd", "order.created", b'{"id": "none"', 200), nothing,
            [Row("StockbusNotUnderstood", channel("woo-odd"))], ("woo-odd",)),
    behind_the_proxy("the list of changed orders answers 500", "woo-unpolled", lambda request: "/orders?" in request.path,
                     page(500), Row("StockbusPollFails", channel("woo-unpolled"), factor=20)),
    Trouble("the API does not tell the orders that its notifications name", unread,
            lambda world: world.forward("tiktok-mute"),
            [Row("StockbusHintsWait", channel("tiktok-mute"), seconds=(900,))], ("tiktok-mute",)),
    Trouble("150 orders, and then none any more", unheard, lambda world: world.sell("woo-quiet"),
            [Row("StockbusChannelSilent", channel("woo-quiet"), factor=720)], ("woo-quiet",)),
    behind_the_proxy("pushes are answered 401", "shopify-locked", is_write,
                     page(401, '{"errors":"[API] Invalid API key or access token"}'),
                     Row("StockbusCredentialsRefused", channel("shopify-locked"))),
    Trouble("the refresh token is not the seller's any more",
            lambda world: world.change("amazon-out", refresh_token="Atzr0revoked"),
            lambda world: world.change("amazon-out"),
            [Row("StockbusLoginRefused", channel("amazon-out"))], ("amazon-out",)),
    Trouble("access tokens end, and the login answers 503", no_login, lambda world: world.short_tokens("amazon-ended"),
            [Row("StockbusTokenEnded", channel("amazon-ended"))], ("amazon-ended",)),
    behind_the_proxy("every write ends without an answer", "woo-down", is_write, page(502),
                     Row("StockbusPushFails", channel("woo-down")),
                     Row("StockbusChannelStale", channel("woo-down"), seconds=(300,))),
    Trouble("the shop says that there is no such product", refuse, refuse_no_more,
            [Row("StockbusPushRejected", channel("woo-refuses"))], ("woo-refuses",)),
    Trouble("one request in five seconds is allowed, and a sale comes every second", poor, rich,
            [Row("StockbusBudgetUsedUp", channel("woo-poor"))], ("woo-poor",)),
    behind_the_proxy("writes are answered 429, Retry-After 20", "woo-throttled", is_write, page(429, Retry_After="20"),
                     Row("StockbusThrottled", channel("woo-throttled"), seconds=(900,))),
    Trouble("a stranger writes to the targets topic",
            lambda world: world.produce("stockbus.targets.woo-foreign.v1", b"no target"), nothing,
            [Row("StockbusTargetsUnreadable", channel("woo-foreign"))], ("woo-foreign",)),
    Trouble("the publisher's node is emptied", lambda world: world.cluster.remove("publisher-woo-gone"),
            lambda world: world.cluster.restore("publisher-woo-gone"),
            [Row("StockbusPublisherDown", {"deployment": "publisher-woo-gone"}, teller=CLUSTER)], ("woo-gone",)),
    Trouble("the publisher hangs (SIGSTOP)", hang, wake,
            [Row("StockbusNotScraped", {"pod": "publisher-woo-hung-5d8f7c9b64-00001", "container": "publisher"})], ("woo-hung",)),
    Trouble("the publisher dies five times in a row", crash_often, nothing,
            [Row("StockbusRestarts", {"pod": "publisher-woo-frail-5d8f7c9b64-00001", "container": "publisher"}, factor=20,
                 teller=CLUSTER)], ("woo-frail",)),
]

# ---- facts, drift, settings, the database


def two_stories(world):
    for quantity in (3, 4):
        world.fact("told-twice", kind="stock_adjusted", sku=world.skus()[1], pool="main", bucket="sellable",
                   delta=quantity, reason="found", occurred_at="2026-11-21T09:00:00Z")


def oversell(world):
    world.count(0)


def find_units(world):
    world.count(3000)


def unmapped_sale(world):
    order = {"id": 990001, "parent_id": 0, "status": "processing", "date_created_gmt": "2026-11-21T09:00:00",
             "date_modified_gmt": "2026-11-21T09:00:00", "date_completed_gmt": None, "refunds": [],
             "line_items": [{"id": 1, "product_id": 987654, "variation_id": 0, "quantity": 1, "sku": "never-seen"}]}
    world.notify_woocommerce("woo-odd", "order.created", json.dumps(order).encode(), 200)


def drop_parked(world):
    for row in world.suite.rows("parked"):
        done = world.suite.stockctl("parked", "drop", row["event_id"], "--reason", "a test's")
        expect(done.returncode == 0, f"parked drop: {done.stdout}{done.stderr}")


def listing_of(world, name):
    """Of a SKU of its own: a target that comes between would write over what was edited."""
    return next(listing for (one, listing), sku in world.suite.skus().items() if one == name and sku == world.edited())


def drift(world):
    """Somebody writes a quantity, its notification is lost, and the nightly comparison sees it."""
    name = "woo-edited"
    listing = listing_of(world, name)
    world.suite.control("faults", {"channel": name, "drop": 1})
    world.suite.control("edit", {"channel": name, "listing": listing,
                                 "quantity": world.suite.shown()[name, listing] + 7})
    world.reconcile(name, 1)


def no_drift(world):
    name = "woo-edited"
    listing = listing_of(world, name)
    world.suite.control("edit", {"channel": name, "listing": listing, "quantity": world.suite.targets()[name, listing]})
    world.reconcile(name, 0)
    world.suite.control("faults", {"channel": name})



def race(world):
    world.racing = world.session(
        "SET synchronous_commit = off;\n"
        "DO $$ BEGIN LOOP UPDATE ledger.skus SET changed_at = clock_timestamp(); COMMIT; PERFORM pg_sleep(0.0005); "
        "END LOOP; END $$;\n")


def no_race(world):
    world.end_sessions("UPDATE ledger.skus SET changed_at")
    stop(world.racing)


def break_channels(world):
    with world.lock:
        world.file.write_text("channels: [", encoding="utf-8")


def mend_channels(world):
    world.write_channels()


def migrate(world, role):
    """The Job's command with a role of ours."""
    port = (world.home / "postgres/port").read_text().strip()
    return subprocess.run(
        ["sqitch", "deploy", "--verify", "--target", f"db:pg://{role}@127.0.0.1:{port}/stockbus"], cwd=ROOT / "db",
        env=dict(os.environ, SQITCH_USER_CONFIG="/dev/null", SQITCH_FULLNAME="stockbus", SQITCH_EMAIL="stockbus@localhost"),
        stdin=subprocess.DEVNULL, capture_output=True).returncode


def migrate_without_right(world):
    """Each try is a pod that fails; only when tries are used up the Job has failed."""
    tries = 3
    for failed in range(1, tries + 1):
        expect(migrate(world, "stockbus_audit") != 0, "an auditor can migrate")
        world.cluster.jobs["migrate"] = (failed, failed == tries)


def migrate_again(world):
    del world.cluster.jobs["migrate"]
    expect(migrate(world, "postgres") == 0, "the migration failed")
    world.cluster.jobs["migrate"] = (0, False)


FACTS = [
    Trouble("one Idempotency-Key, two contents", two_stories, nothing, [Row("StockbusLedgerConflict")]),
    Trouble("a stranger writes to the events topic", lambda world: world.produce("stockbus.events.v1", b"no event"), nothing,
            [Row("StockbusLedgerPoison", {"topic": "stockbus.events.v1"})]),
    Trouble("a count finds less than is sold already", oversell, find_units, [Row("StockbusOversold")]),
    Trouble("the channel is away for 75 s and then takes everything", late, nothing,
            [Row("StockbusConfirmedLate", channel("woo-late"))], ("woo-late",)),
    Trouble("an order of a product that nobody mapped", unmapped_sale, drop_parked,
            [Row("StockbusParked", factor=4320, seconds=(86400,))], ("woo-odd",)),
    Trouble("somebody edits a quantity, its notification is lost, the reconciler compares", drift, no_drift,
            [Row("StockbusDrift", channel("woo-edited"))], ("woo-edited",)),
    Trouble("sqitch runs with a role that has no rights, until its tries are used up", migrate_without_right, migrate_again,
            [Row("StockbusMigrationFailed", {"job_name": "migrate"}, teller=CLUSTER)]),
]

# Neither troubles the other.
RACE = [
    Trouble("somebody else writes the same rows all the time", race, no_race, [Row("StockbusLedgerRetries", {"topic": "stockbus.events.v1"})]),
    Trouble("the channels file is cut off in the middle", break_channels, mend_channels, [Row("StockbusChannelsUnreadable")]),
]

# ---- what everything stands on, one after the other


def hold_relay(world):
    """A session that hangs keeps the lock of the relay."""
    world.holding = world.session(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted;\n"
        "SELECT pg_advisory_lock(7310579213);\n")


def let_relay_go(world):
    stop(world.holding)


def no_database(world):
    world.suite.script("halt", "database")


def database(world):
    world.suite.script("run", "database")


def stutter(world):
    """The broker stands still for 3 s of every 3.6."""
    world.stutters = threading.Event()
    pid = world.kafka_pid()

    def beat():
        while not world.stutters.is_set():
            os.kill(pid, signal.SIGSTOP)
            time.sleep(3)
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.6)

    world.stuttering = threading.Thread(target=beat, daemon=True)
    world.stuttering.start()


def no_stutter(world):
    world.stutters.set()
    world.stuttering.join()


def another_topic(world):
    """At rest: an outcome that nobody had read would be lost with the topic."""
    world.rest(then_sell=False)
    subprocess.run([str(BUILD / "tests/integration/c/delete_topic"), world.brokers(), "stockbus.outcomes.v1"], check=True,
                   capture_output=True)
    world.suite.stockctl("topics", "apply")
    world.sells.set()


def refuse_queue(world):
    """Queues are asked at the root of the server, by name."""
    world.answer("", lambda request: b"/amazon-deaf/queue" in request.body, page(403))


ONE_BY_ONE = [
    Trouble("a session that hangs holds the lock of the relay", hold_relay, let_relay_go,
            [Row("StockbusOutboxWaits", seconds=(120,), factor=10)]),
    Trouble("PostgreSQL is stopped", no_database, database,
            [Row("StockbusLedgerBehind", {"topic": "stockbus.events.v1"}, factor=10, seconds=(60,)),
             Row("StockbusLedgerDown", teller=CLUSTER), Row("StockbusUpkeepFails", factor=30)]),
    Trouble("the broker stands still for 3 s again and again", stutter, no_stutter, [Row("StockbusIngestSlow", factor=20)]),
    Trouble("the broker is stopped", lambda world: world.suite.script("halt", "broker"),
            lambda world: world.suite.script("run", "broker"), [Row("StockbusIngestRefuses", factor=20)]),
    Trouble("the topic of outcomes is deleted and made anew", another_topic, nothing,
            [Row("StockbusTopicCreatedAnew", {"topic": "stockbus.outcomes.v1"})]),
]

# The ingest that comes back never hears of a queue: what began with a failure must be told as well.
INGEST = [
    Trouble("every ingest is gone", lambda world: world.cluster.remove("ingest"),
            lambda world: world.cluster.restore("ingest"), [Row("StockbusIngestDown", teller=CLUSTER)]),
    Trouble("the queue answers 403 since ingest started", refuse_queue, lambda world: world.forward(""),
            [Row("StockbusQueueFails", channel("amazon-deaf"), factor=20)], ("amazon-deaf",)),
]
def keep_messages(world):
    """What was taken cannot be deleted, and comes again."""
    world.answer("", lambda request: b"/amazon-out/queue" in request.body and b'"Entries"' in request.body, page(500))
    world.sell("amazon-out", 20)


# Last: its 36 hours begin with the suite.
QUEUE = [Trouble("messages of the queue cannot be deleted, and come again", keep_messages, lambda world: world.forward(""),
                 [Row("StockbusQueueWaits", channel("amazon-out"), seconds=(900,))], ("amazon-out",))]
MISSED = [Trouble("nobody compares the channel", nothing, lambda world: world.reconcile("woo-gone", 0),
                  [Row("StockbusReconcilerMissed", channel("woo-gone"), factor=240, seconds=(129600,), stands=True)])]

# Channels are not looked at for being named wrongly while all of them suffer.
GROUPS = [("channels, all at once", CHANNELS, True), ("facts, drift, settings", FACTS, True), ("a race, and a file that is cut off", RACE, False),
          ("ingest gone, and back without a queue", INGEST, False),
          *((trouble.cause, [trouble], False) for trouble in ONE_BY_ONE), ("a queue that keeps what was taken", QUEUE, False),
          ("what was not compared", MISSED, False)]

KINDS = {"shopify": "shopify", "woo": "woocommerce", "amazon": "amazon", "tiktok": "tiktok"}
NAMES = sorted({*WELL, *(name for _, troubles, _ in GROUPS for trouble in troubles for name in trouble.channels)})
CATALOGUE = ",".join(f"{name}:{KINDS[name.split('-')[0]]}" for name in NAMES)
ROWS = [row for _, troubles, _ in GROUPS for trouble in troubles for row in trouble.rows]
