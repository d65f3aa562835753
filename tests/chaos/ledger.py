#!/usr/bin/env python3
"""Two replicas of the ledger under load, and something is killed or halted again and again: a replica, the broker,
PostgreSQL. At the end the ledger equals an oracle made from the facts that were fed, every movement is on its
partition's chain without a gap, and the targets topics equal the ledger. KILLS (50) and SEED (random) come from the
environment."""

import collections
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import chain  # noqa: E402
from harness.suite import LOCAL, ROOT, Failure, Report, expect, until  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build/release")
HOME = ROOT / "var/test-chaos-ledger"
PREFIX = "chaos."
EVENTS = PREFIX + "events.v1"
CHANNELS = ("shop", "woo")
SKUS = 60
OPENING, PLACED, COUNTED = "2026-11-20T00:00:00Z", "2026-11-21T01:00:00Z", "2026-11-21T06:00:00Z"
SESSION_S = 6       # STOCKBUS_SESSION_TIMEOUT_MS of the replicas
HALT_S = 8          # SIGSTOP: longer than the session, so that the other replica gets the partitions
RELAY_LEASE_S = 10  # how long a halted relay may keep the others from relaying
FACTS_PER_FEED = 120
FEED_PAUSE_S = 0.25
LIMIT_S = 1800      # no new kill after this; 50 take 5 minutes on a machine of their own
WEIGHTS = {"replica killed": 9, "replica halted": 3.5, "database killed": 3, "broker killed": 1.5}
PATIENCE = 0.35     # of the kills of a replica wait until its partitions are taken over; others strike in between
# How a replica may end: killed, ended by SIGTERM, broker away at start, fenced.
EXITS = {-signal.SIGKILL, 0, 3, 70}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)


# ---- what is fed, and what must come of it

class Facts:
    """Orders, later versions of them, shipments, counts; every third fact twice, and later ones before earlier ones.
    `unique` is all that was ever fed: the oracle knows nothing else."""

    def __init__(self, chance):
        self.chance = chance
        self.unique = {}
        self.waiting = []
        self.orders = 0
        self.recounted = set()
        self.late = [self.mapping(channel, f"late-{n}", f"sku-{n}") for channel in CHANNELS for n in range(4)]
        self.say([self.mapping(channel, f"listing-{n}", f"sku-{n}") for channel in CHANNELS for n in range(SKUS)])
        # Half of the SKUs run out within the campaign: oversells open and close.
        self.say([self.count(n, 40 if n % 2 else 100000, "opening", OPENING) for n in range(SKUS)])

    def say(self, facts):
        for fact in facts:
            self.unique[json.dumps(fact, sort_keys=True)] = fact
            copies = 2 if self.chance.random() < 0.33 else 1
            self.waiting += [fact] * copies

    def mapping(self, channel, listing, sku):
        return dict(kind="mapping_changed", fact_id=f"map-{channel}-{listing}", channel=channel, listing=listing,
                    sku=sku, pool="main", occurred_at=OPENING, actor="chaos")

    def count(self, n, quantity, name, at):
        return dict(kind="stock_counted", fact_id=f"count-{name}-{n}", sku=f"sku-{n}", pool="main", bucket="sellable",
                    quantity=quantity, reason=name, occurred_at=at, actor="chaos")

    def line(self, order, channel, listing, ordered, cancelled, version):
        return dict(kind="order_line", channel=channel, order_id=order, line_id="1", listing=listing, ordered=ordered,
                    cancelled=cancelled, placed_at=PLACED, version_at=version, occurred_at=version, status="open",
                    actor="chaos")

    def shipment(self, order, channel, listing, quantity, at):
        return dict(kind="line_shipped", channel=channel, order_id=order, line_id="1", part_id=f"ship-{order}",
                    listing=listing, quantity=quantity, occurred_at=at, actor="chaos")

    def more(self):
        """An order and what becomes of it."""
        self.orders += 1
        dice, order, channel = self.chance.random(), f"o{self.orders}", self.chance.choice(CHANNELS)
        n = self.chance.randrange(SKUS)
        listing = f"late-{n % 4}" if dice < 0.05 else f"listing-{n}"
        ordered = self.chance.randint(1, 4)
        story = [self.line(order, channel, listing, ordered, 0, PLACED)]
        if self.chance.random() < 0.3:
            cancelled = self.chance.randint(1, ordered)
            story.append(self.line(order, channel, listing, ordered, cancelled, "2026-11-21T02:00:00Z"))
        elif self.chance.random() < 0.5:
            hour = self.chance.choice((3, 9))  # before or after the count of COUNTED
            story.append(self.shipment(order, channel, listing, self.chance.randint(1, ordered),
                                       f"2026-11-21T{hour:02}:00:00Z"))
        if self.chance.random() < 0.01 and n not in self.recounted:
            self.recounted.add(n)  # two counts at one time would be decided by their ids
            story.append(self.count(n, self.chance.randint(0, 3000), "again", COUNTED))
        self.say(story)

    def take(self, most):
        """From anywhere in what waits: reordered over some feeds."""
        self.chance.shuffle(self.waiting)
        taken, self.waiting = self.waiting[:most], self.waiting[most:]
        return taken


class Oracle:
    """The end, from the set of facts by definition: nothing is folded, no order is looked at."""

    def __init__(self, facts):
        by_kind = collections.defaultdict(list)
        for fact in facts:
            by_kind[fact["kind"]].append(fact)
        self.events = len(facts)
        mapped = {(fact["channel"], fact["listing"]): fact["sku"] for fact in by_kind["mapping_changed"]}
        counts = {}
        for fact in sorted(by_kind["stock_counted"], key=lambda fact: fact["occurred_at"]):
            counts[fact["sku"]] = fact
        self.lines, self.sellable, self.committed = {}, {}, collections.Counter()
        self.sellable = {sku: fact["quantity"] for sku, fact in counts.items()}
        for fact in sorted(by_kind["order_line"], key=lambda fact: fact["version_at"]):
            self.lines[fact["channel"], fact["order_id"]] = [fact["ordered"], fact["cancelled"], 0, fact["listing"]]
        for fact in by_kind["line_shipped"]:
            self.lines[fact["channel"], fact["order_id"]][2] += fact["quantity"]
            sku = mapped[fact["channel"], fact["listing"]]
            if fact["occurred_at"] > counts[sku]["occurred_at"]:
                self.sellable[sku] -= fact["quantity"]
        for (channel, _), (ordered, cancelled, shipped, listing) in self.lines.items():
            self.committed[mapped[channel, listing]] += ordered - cancelled - shipped
        self.available = {sku: self.sellable[sku] - self.committed[sku] for sku in self.sellable}
        self.listings = {key: max(0, self.available[sku]) for key, sku in mapped.items()}


class Feeder(threading.Thread):
    """Feeds until told to end. What the broker did not confirm is fed again: more duplicates."""

    def __init__(self, campaign, facts):
        super().__init__(daemon=True)
        self.campaign, self.facts = campaign, facts
        self.ending, self.fed, self.repeated = False, 0, 0

    def run(self):
        while not self.ending or self.facts.waiting:
            if not self.ending:
                for _ in range(FACTS_PER_FEED // 2):
                    self.facts.more()
            taken = self.facts.take(FACTS_PER_FEED if not self.ending else 2000)
            while not self.campaign.feed(taken):
                self.repeated += len(taken)
                time.sleep(0.5)
            self.fed += len(taken)
            time.sleep(FEED_PAUSE_S)


# ---- what is killed

class Replica:
    """A ledger that is started again whenever it ends, as Kubernetes does."""

    def __init__(self, campaign, number):
        self.campaign, self.name = campaign, f"ledger-{number}"
        self.port = run("bash", "-c", f"source {LOCAL}/lib.sh; free_port").stdout.strip()
        self.log_path = HOME / f"{self.name}.log"
        self.exits = collections.Counter()
        self.process, self.wanted, self.halted = None, True, False
        self.lock = threading.Lock()

    def tend(self):
        with self.lock:
            if self.process is not None and self.process.poll() is not None:
                self.exits[self.process.returncode] += 1
                self.process = None
            if self.process is None and self.wanted:
                environment = {"PATH": os.environ["PATH"], "STOCKBUS_KAFKA_BROKERS": self.campaign.brokers,
                               "STOCKBUS_TOPIC_PREFIX": PREFIX, "STOCKBUS_DATABASE_URL": self.campaign.ledger_url,
                               "STOCKBUS_ADMIN_ADDRESS": f"127.0.0.1:{self.port}", "STOCKBUS_REPLICA": self.name,
                               "STOCKBUS_SESSION_TIMEOUT_MS": str(SESSION_S * 1000)}
                with open(self.log_path, "a", encoding="utf-8") as log:
                    self.process = subprocess.Popen([str(BUILD / "bin/ledger")], env=environment, stderr=log)

    def send(self, what):
        with self.lock:
            if self.process is not None:
                self.process.send_signal(what)

    def log(self, start=0):
        return self.log_path.read_text(encoding="utf-8", errors="replace")[start:] if self.log_path.exists() else ""


class Campaign:
    def __init__(self, chance):
        self.chance = chance
        self.problems = []
        self.halts = collections.Counter()
        self.ending = False
        self.seen = {}  # (topic, partition): (epoch, next_offset)

    def local(self, script, verb, *arguments, check=True):
        done = run(LOCAL / script, verb, HOME, *arguments)
        if check and done.returncode != 0:
            raise Failure(f"{script} {verb}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def __enter__(self):
        self.remove()
        # What was sent must all be there to be read at the end, and a run may take longer than a segment is kept.
        (HOME / "broker.properties").write_text("log.cleaner.enable=false\n", encoding="utf-8")
        self.local("broker", "start")
        self.local("database", "start")
        self.local("database", "migrate")
        self.brokers = self.local("broker", "address")
        self.url = self.local("database", "url", "postgres", "stockbus")
        self.ledger_url = self.local("database", "url", "stockbus_ledger", "stockbus")
        expect(self.feed([]), "the topics are made")
        self.replicas = [Replica(self, number) for number in range(2)]
        self.keeper = threading.Thread(target=self.keep, daemon=True)
        self.keeper.start()
        return self

    def __exit__(self, *exception):
        self.ending = True
        self.keeper.join()
        for replica in self.replicas:
            replica.wanted = False
            replica.send(signal.SIGCONT)
            replica.send(signal.SIGKILL)
            if replica.process is not None:
                replica.process.wait()
        self.remove(keep_logs=exception[0] is not None or bool(os.environ.get("KEEP")))

    def remove(self, keep_logs=False):
        if HOME.is_dir():
            for server in ("broker", "database"):
                self.local(server, "remove", check=False)
            if not keep_logs:
                run("rm", "-rf", HOME)
        HOME.mkdir(parents=True, exist_ok=True)

    def keep(self):
        """Restarts what ended, and watches that epochs and offsets only grow."""
        while not self.ending:
            for replica in self.replicas:
                replica.tend()
            self.partitions()
            time.sleep(0.1)

    def feed(self, facts):
        text = "".join(json.dumps(fact, sort_keys=True) + "\n" for fact in facts)
        return run(BUILD / "tests/integration/c/feed_events", self.brokers, PREFIX, *CHANNELS,
                   input=text).returncode == 0

    def sql(self, query):
        """Rows as lists of text; None while the database is away."""
        done = run("psql", "-XAtq", "-F", "\t", self.url, "-c", query)
        if done.returncode != 0:
            return None
        return [line.split("\t") for line in done.stdout.splitlines()]

    def one(self, query):
        rows = self.sql(query)
        return rows[0][0] if rows else None

    # ---- commits

    def partitions(self):
        """{partition: (next_offset, owner)} of the events topic, or None."""
        rows = self.sql("SELECT topic, partition, epoch, next_offset, owner FROM ledger.partitions")
        if rows is None:
            return None
        for topic, partition, epoch, offset, _ in rows:
            before = self.seen.get((topic, partition), (0, 0))
            now = (int(epoch), int(offset))
            # Two threads read: a row is compared with itself at another time, so only a later transaction is judged.
            if threading.current_thread() is self.keeper:
                if now[0] < before[0] or now[1] < before[1]:
                    self.problems.append(f"{topic}/{partition}: (epoch, offset) went from {before} to {now}")
                self.seen[topic, partition] = now
        return {int(partition): (int(offset), owner) for topic, partition, _, offset, owner in rows if topic == EVENTS}

    def first_commit(self, before, since, of=None, seconds=180):
        """Seconds from `since` to the first offset that moved, of the replica's partitions when one is given."""
        def moved():
            now = self.partitions()
            return now and any(now[partition][0] > offset for partition, (offset, owner) in before.items()
                               if of is None or owner == of)
        until(seconds, moved, "a new commit")
        return time.monotonic() - since

    def halt_where_it_hurts(self, replica):
        """SIGSTOP; of every second halt inside a transaction of the events loop, if one is met."""
        inside = self.chance.random() < 0.6
        for _ in range(150):
            replica.send(signal.SIGSTOP)
            states = self.sql("SELECT state FROM pg_stat_activity WHERE application_name = "
                              f"'{replica.name}' AND state LIKE 'idle in transaction%'")
            if not inside or states:
                return bool(states)
            replica.send(signal.SIGCONT)
            time.sleep(self.chance.random() * 0.02)
        replica.send(signal.SIGSTOP)
        return False

    # ---- the kills: each returns its story, the time to the first commit, and that to the first of the lost partitions

    def kill_replica(self):
        replica = self.chance.choice(self.replicas)
        before = self.partitions()
        since = time.monotonic()
        replica.send(signal.SIGKILL)
        first = self.first_commit(before, since)
        owned = sum(owner == replica.name for _, owner in before.values())
        waits = owned and self.chance.random() < PATIENCE
        took = self.first_commit(before, since, of=replica.name) if waits else None
        return f"{replica.name} with {owned} partitions", first, took

    def halt_replica(self):
        replica = self.chance.choice(self.replicas)
        before = self.partitions()
        inside = self.halt_where_it_hurts(replica)
        since, mark = time.monotonic(), len(replica.log())
        halted_at = self.partitions()
        first = self.first_commit(halted_at, since)
        owned = sum(owner == replica.name for _, owner in before.values())
        took = self.first_commit(halted_at, since, of=replica.name) if owned else None
        time.sleep(max(0, since + HALT_S - time.monotonic()))
        exits = sum(replica.exits.values())
        replica.send(signal.SIGCONT)

        def came_back():
            log = replica.log(mark)
            if sum(replica.exits.values()) > exits:
                return "ended, fenced" if "fenced" in log else "ended"
            rejoined = any("ledger.assigned" in line and EVENTS in line for line in log.splitlines())
            return "rejoined" if rejoined and not inside else None
        how = until(60, came_back, f"{replica.name} ends or rejoins after SIGCONT")
        self.halts[how] += 1
        self.halts["in a transaction"] += inside
        return f"{replica.name} with {owned} partitions{', in a transaction' if inside else ''}; {how}", first, took

    def kill_database(self):
        before = self.partitions()
        since = time.monotonic()
        self.local("database", "kill")
        time.sleep(self.chance.random())
        self.local("database", "start")
        return "", self.first_commit(before, since), None

    def kill_broker(self):
        before = self.partitions()
        since = time.monotonic()
        self.local("broker", "kill")
        time.sleep(self.chance.random())
        self.local("broker", "start")
        return "", self.first_commit(before, since), None

    # ---- at rest

    def topic(self, channel):
        environment = dict(os.environ, STOCKBUS_KAFKA_BROKERS=self.brokers, STOCKBUS_TOPIC_PREFIX=PREFIX)
        done = run(BUILD / "bin/stockctl", "topics", "cat", f"targets.{channel}", "--limit", "1000000", env=environment)
        expect(done.returncode == 0, f"stockctl topics cat: {done.stderr[-500:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def relay_holder(self):
        rows = self.sql("SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                        "WHERE l.locktype = 'advisory' AND l.granted")
        name = rows[0][0] if rows else ""
        return next((replica for replica in self.replicas if name.startswith(replica.name)), None)


# ---- tests

def random_kills(campaign, kills):
    kinds = {"replica killed": campaign.kill_replica, "replica halted": campaign.halt_replica,
             "database killed": campaign.kill_database, "broker killed": campaign.kill_broker}
    firsts, started = collections.defaultdict(list), time.monotonic()
    for number in range(1, kills + 1):
        expect(time.monotonic() - started < LIMIT_S, f"only {number - 1} kills within {LIMIT_S} s")
        until(60, campaign.partitions, "the database answers")
        time.sleep(0.3 + campaign.chance.random())
        what = campaign.chance.choices(list(WEIGHTS), WEIGHTS.values())[0]
        story, first, took = kinds[what]()
        firsts[what].append(first)
        if took is not None:
            firsts[what + ", lost partitions"].append(took)
        lost = "" if took is None else f", in its partitions {took:.1f} s"
        told = f"{what}: {story}" if story else what
        print(f"    {number:3} {told}: first commit after {first:.1f} s{lost}", flush=True)
    for what, times in sorted(firsts.items()):
        print(f"    {what}: {len(times)}, first commit after min {min(times):.1f} s, median "
              f"{statistics.median(times):.1f} s, max {max(times):.1f} s")
    print(f"    halted: {dict(campaign.halts)}; exits: {[dict(replica.exits) for replica in campaign.replicas]}")


def a_halted_relay_gives_way(campaign):
    """The replica whose relay holds the lock is halted: another relays within the lease."""
    holder = until(30, campaign.relay_holder, "a replica holds the relay's lock")
    holder.send(signal.SIGSTOP)
    since = time.monotonic()
    try:
        time.sleep(1)
        oldest = campaign.one("SELECT coalesce(max(outbox_id), 0) FROM ledger.outbox")
        until(RELAY_LEASE_S + SESSION_S + 5,
              lambda: int(campaign.one("SELECT coalesce(min(outbox_id), 9e18::bigint) FROM ledger.outbox") or 0) >
              int(oldest), "another replica relays")
        print(f"    {holder.name} held the relay's lock: another relayed after {time.monotonic() - since:.1f} s")
    finally:
        holder.send(signal.SIGCONT)


def all_is_applied(campaign, oracle):
    fed = "SELECT count(*) FROM ledger.events WHERE kind NOT LIKE '%_measured'"  # those are the ledger's own

    def applied():
        return campaign.one(fed) == str(oracle.events) and \
            campaign.one("SELECT count(*) FROM ledger.outbox") == "0"
    try:
        until(120, applied, f"{oracle.events} events are applied, and the outbox is empty")
    except Failure as failure:
        raise Failure(f"{failure}; events {campaign.one(fed)}, outbox "
                      f"{campaign.one('SELECT count(*) FROM ledger.outbox')}") from None
    for table in ("conflicts", "poison"):
        expect(campaign.one(f"SELECT count(*) FROM ledger.{table}") == "0", f"rows in ledger.{table}")
    parked = campaign.sql("SELECT status, reason, count(*) FROM ledger.events WHERE status = 'parked' GROUP BY 1, 2")
    expect(parked == [], f"still parked: {parked}")


def differences(name, found, wanted):
    wrong = sorted(str((key, found.get(key), wanted.get(key))) for key in found.keys() | wanted.keys()
                   if found.get(key) != wanted.get(key))
    expect(not wrong, f"{len(wrong)} {name} differ (key, found, wanted): {wrong[:5]}")


def state_equals_the_oracle(campaign, oracle):
    lines = {(row[0], row[1]): [int(row[2]), int(row[3]), int(row[4]), row[5]] for row in campaign.sql(
        "SELECT channel, order_id, ordered, cancelled, shipped, listing FROM ledger.order_lines")}
    differences("lines", lines, oracle.lines)
    for bucket, wanted in (("sellable", oracle.sellable), ("committed", oracle.committed)):
        found = {row[0]: int(row[1]) for row in campaign.sql(
            f"SELECT sku, quantity FROM ledger.positions WHERE bucket = '{bucket}' AND quantity <> 0")}
        differences(f"positions ({bucket})", found, {sku: units for sku, units in wanted.items() if units != 0})
    listings = {(row[0], row[1]): int(row[2]) for row in campaign.sql(
        "SELECT channel, listing, quantity FROM ledger.listings")}
    differences("listings", listings, oracle.listings)
    oversells = {row[0]: int(row[1]) for row in campaign.sql(
        "SELECT sku, available FROM api.oversells WHERE closed_at IS NULL")}
    differences("oversells", oversells, {sku: left for sku, left in oracle.available.items() if left < 0})


def nothing_moved_twice(campaign, _):
    # A late mapping moves many lines at once.
    twice = campaign.sql("SELECT event_id, m.sku, bucket, m.reason, count(*) FROM ledger.movements m "
                         "JOIN ledger.events USING (event_id) WHERE kind <> 'mapping_changed' "
                         "GROUP BY 1, 2, 3, 4 HAVING count(*) > 1")
    expect(twice == [], f"{len(twice)} movements twice: {twice[:3]}")
    broken = campaign.sql("SELECT * FROM api.conservation WHERE quantity <> effects OR quantity <> derived")
    expect(broken == [], f"conservation is broken: {broken[:3]}")


def every_movement_is_on_its_chain(campaign, _):
    wrong, movements, batches, partitions = chain.check(campaign.sql, EVENTS)
    expect(not wrong, f"{len(wrong)} things are wrong with the chain: {wrong[:5]}")
    known = campaign.one("SELECT count(*) FROM ledger.movements")
    expect(str(movements) == known and movements > 0, f"{movements} of {known} movements were checked")
    generations = campaign.one("SELECT max(generation) FROM ledger.partitions")
    expect(generations == "1", f"a topic was taken for another one: generation {generations}")
    print(f"    {movements} movements in {batches} batches of {partitions} partitions")


def topics_equal_the_ledger(campaign, _):
    listings = {(row[0], row[1]): (int(row[2]), int(row[3])) for row in campaign.sql(
        "SELECT channel, listing, version, quantity FROM ledger.listings")}
    history = {(row[0], row[1], int(row[2])): int(row[3]) for row in campaign.sql(
        "SELECT channel, listing, version, quantity FROM ledger.targets")}
    last, highest, sent = {}, {}, set()
    records = again = 0
    for channel in CHANNELS:
        for record in campaign.topic(channel):
            key, version, quantity = (channel, record["listing"]), int(record["version"]), int(record["quantity"])
            records += 1
            expect(history.get((*key, version)) == quantity, f"{key} has a record that the ledger never made: {record}")
            if version <= highest.get(key, 0):
                again += 1
                expect((key, version) in sent, f"{key}: version {version} came first after {highest[key]}")
            sent.add((key, version))
            highest[key] = max(version, highest.get(key, 0))
            last[key] = (version, quantity)
    differences("last records", last, listings)
    missing = [key for key in history if ((key[0], key[1]), key[2]) not in sent]
    expect(not missing, f"{len(missing)} targets never reached the topic: {missing[:3]}")
    print(f"    {records} records of {len(last)} listings, {again} of them sent again")


def epochs_only_grow(campaign, _):
    expect(not campaign.problems, f"{campaign.problems[:3]}")


def zombies_end_cleanly(campaign, _):
    exits = set().union(*(replica.exits for replica in campaign.replicas))
    expect(exits <= EXITS, f"exit codes {exits}, allowed are {EXITS}")
    expect(campaign.halts["in a transaction"] == 0 or campaign.halts["ended, fenced"] > 0,
           f"no zombie was fenced: {campaign.halts}")


def main():
    kills = int(os.environ.get("KILLS") or 50)
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    print(f"KILLS={kills} SEED={seed}", flush=True)
    report = Report(HOME)
    with Campaign(random.Random(seed)) as campaign:
        facts = Facts(random.Random(seed + 1))
        feeder = Feeder(campaign, facts)
        feeder.start()
        until(60, lambda: (campaign.one("SELECT count(*) FROM ledger.events") or "0") != "0", "the first events")
        with report.test(f"{kills} random kills under load"):
            random_kills(campaign, kills)
        with report.test("a halted relay gives way"):
            a_halted_relay_gives_way(campaign)
        feeder.ending = True
        with report.test("what was fed is on the topic"):
            feeder.join(120)
            expect(not feeder.is_alive(), "the feeder did not end")
            facts.say(facts.late)
            until(60, lambda: campaign.feed(facts.waiting), "the late mappings are fed")
        oracle = Oracle(list(facts.unique.values()))
        print(f"    {feeder.fed} records fed, {feeder.repeated} repeated as unconfirmed, {oracle.events} facts")
        for test in (all_is_applied, state_equals_the_oracle, nothing_moved_twice, every_movement_is_on_its_chain,
                     topics_equal_the_ledger, epochs_only_grow, zombies_end_cleanly):
            with report.test(test.__name__.replace("_", " ")):
                test(campaign, oracle)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
