#!/usr/bin/env python3
"""The proof, on a real broker and a real database: proof_test.py DIR. Two replicas of the ledger fold a random load,
`stockctl verify` proves it, and then an attacker with every right changes one thing at a time: each is found and named."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import chain  # noqa: E402
from harness.suite import LOCAL, ROOT, Report, expect, until  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build/release")
PREFIX = f"proof{os.getpid()}."
TOPIC = PREFIX + "events.v1"
EVENTS = int(os.environ.get("PROOF_EVENTS", "4000"))
PLACE = ("batch_id", "topic_partition", "topic_offset", "ordinal")
COLUMNS = ("event_id", "sku", "pool", "bucket", "delta", "effect", "balance", "occurred_ms", "reason")


class World:
    def __init__(self, directory):
        self.directory = directory
        self.brokers = self.local("broker", "address")
        self.database = f"proof_{os.getpid()}"
        self.local("database", "migrate", self.database)
        self.replicas = {}
        self.fed = 0

    def local(self, script, verb, *arguments):
        return subprocess.run([str(LOCAL / script), verb, self.directory, *arguments], check=True, text=True,
                              capture_output=True).stdout.strip()

    def url(self, role):
        return self.local("database", "url", role, self.database)

    def feed(self, events, seed, skus=60):
        done = subprocess.run([str(BUILD / "tests/integration/c/feed_random"), self.brokers, PREFIX, str(events), str(seed),
                               str(skus)], text=True, capture_output=True)
        expect(done.returncode == 0, done.stderr)
        self.fed += int(done.stdout.split()[0])

    def feed_facts(self, *facts):
        text = "".join(json.dumps(dict(fact, actor="test")) + "\n" for fact in facts)
        done = subprocess.run([str(BUILD / "tests/integration/c/feed_events"), self.brokers, PREFIX], input=text, text=True,
                              capture_output=True)
        expect(done.returncode == 0, done.stderr)
        self.fed += len(facts)

    def feed_poison(self):
        subprocess.run(["kcat", "-P", "-b", self.brokers, "-t", TOPIC, "-k", "SKU-00001"], input=b"no protobuf", check=True,
                       capture_output=True)
        self.fed += 1

    def settings(self, role, **more):
        return {"PATH": os.environ["PATH"], "STOCKBUS_KAFKA_BROKERS": self.brokers, "STOCKBUS_TOPIC_PREFIX": PREFIX,
                "STOCKBUS_DATABASE_URL": self.url(role), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""), **more}

    def start(self, name):
        settings = self.settings("stockbus_ledger", STOCKBUS_ADMIN_ADDRESS=f"127.0.0.1:{20000 + random.randrange(8000)}",
                                 STOCKBUS_SESSION_TIMEOUT_MS="6000", STOCKBUS_REPLICA=name,
                                 STOCKBUS_LEDGER_BATCH_MAX="40",
                                 STOCKBUS_ASSESS_INTERVAL_MS="0")  # else it puts events of its own on the topic
        log = open(pathlib.Path(self.directory) / f"proof_{name}.log", "a")
        self.replicas[name] = subprocess.Popen([str(BUILD / "bin/ledger")], env=settings, stderr=log)

    def stop(self, name, how=signal.SIGTERM):
        process = self.replicas.pop(name)
        process.send_signal(how)
        return process.wait(60)

    def applied(self):
        return int(self.sql(f"SELECT coalesce(sum(next_offset), 0) FROM ledger.partitions WHERE topic = '{TOPIC}'")[0][0])

    def until_applied(self):
        until(120, lambda: self.applied() == self.fed, f"all {self.fed} records are applied")

    def sql(self, query):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "|", self.url("postgres")], input=query,
                              capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr)
        return [row.split("|") for row in done.stdout.splitlines()]

    def stockctl(self, *arguments, role="stockbus_audit"):
        return subprocess.run([str(BUILD / "bin/stockctl"), *arguments], env=self.settings(role), capture_output=True,
                              text=True)

    def verify(self, *arguments):
        done = self.stockctl("verify", "--json", *arguments)
        expect(done.returncode in (0, 1), f"exit {done.returncode}: {done.stderr}")
        said = json.loads(done.stdout)
        expect(said["verified"] == (done.returncode == 0), f"exit {done.returncode} for {said}")
        return said

    def rebuild(self, *arguments):
        done = self.stockctl("rebuild", "--into", "again", "--json", *arguments, role="postgres")
        expect(done.returncode in (0, 1), f"exit {done.returncode}: {done.stderr}")
        said = json.loads(done.stdout)
        expect(said["equal"] == (done.returncode == 0), f"exit {done.returncode} for {said}")
        return said

    # ---- the attacker: no trigger, no constraint of another table stops him

    def attack(self, statements):
        self.sql(f"SET session_replication_role = replica; BEGIN; {statements}; COMMIT")

    def save(self, *tables):
        for table in tables:
            self.attack(f"CREATE SCHEMA IF NOT EXISTS saved; CREATE TABLE saved.{table} AS TABLE ledger.{table}")

    def undo(self, *tables):
        for table in tables:
            self.attack(f"DELETE FROM ledger.{table}; INSERT INTO ledger.{table} OVERRIDING SYSTEM VALUE TABLE saved.{table}")


class Movement(dict):
    """A stored row; says how to find it."""

    @property
    def where(self):
        return f"movement_id = {self['movement_id']}"

    def is_named_by(self, first):
        return (first["table"], first["partition"], first["offset"], first["ordinal"]) == (
            "movements", int(self["topic_partition"]), int(self["topic_offset"]), int(self["ordinal"]))


def movements(world, condition="true"):
    names = ("movement_id", *PLACE, *COLUMNS)
    return [Movement(zip(names, row)) for row in world.sql(
        f"SELECT {', '.join(names)} FROM ledger.movements WHERE {condition} "
        "ORDER BY batch_id, topic_partition, topic_offset, ordinal")]


def any_movement(world, condition="true"):
    found = movements(world, condition)
    expect(len(found) > 100, f"only {len(found)} movements with {condition}")
    return random.choice(found[len(found) // 4:-len(found) // 4])


def expect_named(world, movement, kind, column="", movement_id=True):
    said = world.verify()
    first = said["first"]
    expect(not said["verified"] and first is not None, f"not found: {said}")
    expect(movement.is_named_by(first) and first["kind"] == kind and first["column"] == column, f"want {movement}: {first}")
    if movement_id:
        expect(first["movement_id"] == int(movement["movement_id"]), f"want {movement}: {first}")
    print(f"    {json.dumps(first)}, {said['differences']} differences")
    return said


# ---- the load

def a_random_load_of_two_replicas_is_verified(world):
    world.feed(50, 1)
    for name in ("one", "two"):
        world.start(name)
    world.feed(EVENTS // 2, 2)
    world.feed_poison()
    world.feed_facts(*[dict(kind="stock_counted", fact_id="twice", sku="SKU-00002", pool="main", bucket="sellable",
                            quantity=quantity, reason="", occurred_at="2026-11-21T00:00:00Z") for quantity in (5, 6)])
    until(60, lambda: world.applied() > world.fed // 4, "a quarter is applied")
    world.stop("one", signal.SIGKILL)
    world.feed(EVENTS // 2, 3)
    world.start("one")
    world.feed(50, 1)  # once more
    world.until_applied()
    said = world.verify()
    expect(said["verified"] and said["events"] == world.fed and said["differences"] == 0, said)
    counts = world.sql("SELECT count(DISTINCT batch_id), count(DISTINCT partition), count(DISTINCT replica) "
                       "FROM ledger.batches")[0]
    print(f"    {said}, batches, partitions and replicas: {counts}")
    expect(int(counts[0]) > 30 and int(counts[1]) == 6 and int(counts[2]) == 2, f"too tame a load: {counts}")
    kinds = {row[0] for row in world.sql("SELECT DISTINCT reason FROM ledger.movements")}
    expect(kinds >= {"placed", "cancelled", "shipped", "returned", "counted", "received", "adjusted", "transferred"}, kinds)
    for table in ("poison", "conflicts", "oversells", "parked_bodies"):
        expect(world.sql(f"SELECT count(*) FROM ledger.{table}") != [["0"]], f"nothing in {table}")


NOON = "2026-11-21T12:{:02}:00Z"


def fact(kind, minute, **more):
    return dict(dict(kind=kind, fact_id=f"{kind}-{minute}", occurred_at=NOON.format(minute)), **more)


def shipment(minute, status, received=0):
    return dict(kind="inbound_reported", channel="shop", shipment_id="FBA-1", sku="SKU-00001", from_pool="main", to_pool="annex",
                status=status, sent=9, received=received, version_at=NOON.format(minute), occurred_at=NOON.format(minute))


def measured(kind, minute, **more):
    return dict(kind=kind, occurred_at=NOON.format(minute), as_of_at=NOON.format(minute), **more)


def one_of(world, query):
    return random.choice(world.sql(query))[0]


def decided(event, number, decision, **more):
    return dict(kind="decided", event_id=event, number=number, decision=decision, note="we say so", **more)


def every_kind_of_fact_is_verified(world):
    """What a shop's random life lacks: rules, measurements, shipments and removals, bad facts, decisions."""
    annex = dict(sku="SKU-00001", pool="annex", bucket="sellable")
    ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    world.feed_facts(
        fact("pool_changed", 1, pool="annex", authority="ledger", title="The annex"),
        fact("rule_changed", 1, channel="shop", buffer_units=2, pools=["main", "annex"], buckets=["sellable"]),
        fact("rule_changed", 2, sku="SKU-00002", cap=7), fact("rule_changed", 3, tier="T1", buffer_percent=10),
        fact("tier_defined", 1, tier="T1", from_per_day=30), fact("promotion_changed", 1, sku="SKU-00003", active=True),
        *[measured("velocity_measured", minute, sku=f"SKU-0000{n}", window_ms=86400000,
                   units=[dict(channel="shop", units=20 * n), dict(channel="woo", units=minute)])
          for n in range(1, 7) for minute in (2, 3)],
        measured("latency_measured", 4, channel="shop", latency_ms=1500, samples=90),
        fact("stock_counted", 5, quantity=4, **annex), shipment(6, "WORKING"), shipment(8, "RECEIVING", received=3),
        fact("stock_counted", 9, quantity=6, **annex),  # held: units are being received
        dict(kind="removal_reported", channel="shop", removal_id="RMV-1", sku="SKU-00001", from_pool="annex", bucket="sellable",
             to_pool="main", requested=3, status="Processing", version_at=NOON.format(10), occurred_at=NOON.format(10)),
        fact("stock_received", 11, sku="SKU-00001", pool="main", bucket="sellable", quantity=2, reason="removal",
             removal_id="RMV-1"),
        fact("stock_received", 12, sku="SKU-00001", pool="main", bucket="sellable", quantity=2, removal_id="RMV-2"),
        fact("stock_counted", 13, sku="SKU-00004", pool="main", bucket="sellable", quantity=50, occurred_at=ahead),
        fact("stock_counted", 14, sku="SKU-00005", pool="main", bucket="sellable", quantity=51, occurred_at=ahead),
        fact("stock_adjusted", 15, sku="SKU-00004", pool="main", bucket="committed", delta=1, reason="found"),
        dict(kind="order_line", channel="shop", order_id="elsewhere", line_id="1", listing="L1", ordered=2, pool="annex",
             status="open", placed_at=NOON.format(16), version_at=NOON.format(16), occurred_at=NOON.format(16)),
        dict(kind="order_line", channel="woo", order_id="taken", line_id="1", listing="L1", ordered=2, fulfils="shop/elsewhere",
             status="open", placed_at=NOON.format(17), version_at=NOON.format(17), occurred_at=NOON.format(17)),
        decided("00000000-0000-4000-8000-000000000001", 1, "drop"))
    world.until_applied()
    first, second = (row[0] for row in world.sql("SELECT event_id FROM ledger.events WHERE reason = 'count-in-future' ORDER BY sku"))
    bucket = one_of(world, "SELECT event_id FROM ledger.events WHERE reason = 'unknown-bucket'")
    part = one_of(world, "SELECT event_id FROM ledger.line_parts WHERE kind = 'line_shipped'")
    report = one_of(world, "SELECT report_id FROM ledger.order_lines WHERE waiting = '' AND shipped = 0 AND pool = ''")
    older = one_of(world, "SELECT event_id FROM ledger.events e WHERE kind = 'order_line' AND NOT EXISTS (SELECT FROM "
                          "ledger.order_lines WHERE report_id = e.event_id::text)")
    world.feed_facts(decided(first, 1, "release"), decided(second, 2, "release"), decided(second, 1, "drop"),
                     decided(bucket, 1, "fix", changes=[dict(field="bucket", value="damaged")]), decided(part, 1, "drop"),
                     decided(report, 1, "drop"), decided(older, 1, "drop"), shipment(18, "CLOSED", received=8),
                     fact("pool_changed", 19, pool="annex", authority="channel", title="Somebody's annex"))
    world.until_applied()
    world.feed_facts(decided(part, 2, "release"), decided(report, 2, "release"), decided(report, 3, "drop"))
    world.until_applied()
    said = world.verify()
    expect(said["verified"], said)
    heard = dict(world.sql("SELECT status, count(*) FROM ledger.events WHERE kind = 'decided' GROUP BY 1"))
    expect(int(heard["applied"]) >= 8 and "parked" in heard, f"decisions that were heard: {heard}")


def it_is_verified_while_the_ledger_goes_on(world):
    feeder = subprocess.Popen([str(BUILD / "tests/integration/c/feed_random"), world.brokers, PREFIX, "3000", "4", "60"],
                              stdout=subprocess.PIPE, text=True)
    seen = set()
    while feeder.poll() is None or world.applied() < world.fed + 3000:
        said = world.verify()
        expect(said["verified"], said)
        seen.add(said["events"])
        if len(seen) == 2:
            said = world.rebuild()
            expect(said["equal"] and said["events"] >= max(seen), said)
            print(f"    rebuilt meanwhile: {said}")
    world.fed += int(feeder.stdout.read().split()[0])
    world.until_applied()
    print(f"    verified at {sorted(seen)} events")
    for name in ("one", "two"):
        world.stop(name)
    expect(world.verify()["verified"], "not verified at rest")
    world.save("movements", "partitions", "batches", "poison", *TAMPERING)


def the_projection_is_rebuilt_equal(world):
    for how in ((), ("--fresh",)):
        said = world.rebuild(*how)
        print(f"    {said}")
        expect(said["equal"] and said["events"] == world.fed and said["tables"] > 15, said)
        expect(world.sql("SELECT to_regnamespace('again')") == [[""]], "an equal schema stays")
    expect(world.sql("SELECT count(*) FROM ledger.outbox") == [["0"]], "something was sent")


def what_is_not_rebuilt_equal_is_named(world):
    world.attack("UPDATE ledger.events SET actor = 'nobody' WHERE event_id = (SELECT min(event_id::text)::uuid "
                 "FROM ledger.events)")
    said = world.rebuild()
    expect(not said["equal"] and said["first"]["table"] == "events" and said["differences"] == 2, said)
    done = world.stockctl("rebuild", "--into", "again", role="postgres")
    expect(done.returncode == 4 and "already exists" in done.stderr, f"the schema that differs went: {done}")
    world.attack("UPDATE ledger.events e SET actor = s.actor FROM saved.events s WHERE e.event_id = s.event_id")
    said = world.rebuild("--drop", "--keep")
    expect(said["equal"], said)
    expect(world.sql("SELECT count(*) FROM again.movements") == world.sql("SELECT count(*) FROM ledger.movements"), "kept")
    done = world.stockctl("rebuild", "--into", "ledger", "--drop", role="postgres")
    expect(done.returncode == 4 and "it stays" in done.stderr, f"the ledger itself: {done}")
    done = world.stockctl("rebuild", "--into", "again2")
    expect(done.returncode == 4 and "permission denied" in done.stderr, f"the audit role: {done}")


# ---- tampering: each changes one thing, must be named, and is undone

def a_changed_number_is_named(world):
    for column in ("delta", "effect", "balance", "occurred_ms"):
        movement = any_movement(world)
        world.attack(f"UPDATE ledger.movements SET {column} = {column} + 1 WHERE {movement.where}")
        said = expect_named(world, movement, "value", column)
        expect(said["differences"] == 1, said)
        expect((said["first"]["stored"], said["first"]["expected"]) == (str(int(movement[column]) + 1), movement[column]), said)
        world.undo("movements")


def a_changed_text_is_named(world):
    for column, value in (("sku", "'SKU-99999'"), ("bucket", "'hidden'"), ("reason", "'gift'"),
                          ("event_id", "gen_random_uuid()"), ("chain", "sha256('x')")):
        movement = any_movement(world)
        world.attack(f"UPDATE ledger.movements SET {column} = {value} WHERE {movement.where}")
        expect_named(world, movement, "value", column)
        world.undo("movements")


def a_deleted_row_is_named(world):
    movement = any_movement(world)
    world.attack(f"DELETE FROM ledger.movements WHERE {movement.where}")
    expect_named(world, movement, "missing", movement_id=False)
    world.undo("movements")


def an_inserted_row_is_named(world):
    movement = any_movement(world, "NOT EXISTS (SELECT FROM ledger.movements n WHERE (n.topic_partition, n.topic_offset, "
                                   "n.ordinal) = (movements.topic_partition, movements.topic_offset, movements.ordinal + 1))")
    world.attack("INSERT INTO ledger.movements (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, "
                 "batch_id, topic_partition, topic_offset, ordinal, chain, filed_ms) SELECT event_id, sku, pool, bucket, delta, "
                 "effect, balance + effect, occurred_ms, reason, batch_id, topic_partition, topic_offset, ordinal + 1, "
                 f"sha256('y'), filed_ms FROM ledger.movements WHERE {movement.where}")
    inserted = Movement(movement, ordinal=int(movement["ordinal"]) + 1)
    expect_named(world, inserted, "extra", movement_id=False)
    world.undo("movements")
    # The same row once more, in another month.
    world.attack("INSERT INTO ledger.movements (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, "
                 "batch_id, topic_partition, topic_offset, ordinal, chain, filed_ms) SELECT event_id, sku, pool, bucket, "
                 "delta, effect, balance, occurred_ms, reason, batch_id, topic_partition, topic_offset, ordinal, chain, "
                 f"filed_ms + 3600000 FROM ledger.movements WHERE {movement.where}")
    expect_named(world, movement, "extra", movement_id=False)
    world.undo("movements")


def two_swapped_rows_are_named(world):
    first, second = any_movement(world), any_movement(world)
    while first["sku"] == second["sku"]:
        second = any_movement(world)
    if tuple(int(second[name]) for name in PLACE) < tuple(int(first[name]) for name in PLACE):
        first, second = second, first
    world.attack("UPDATE ledger.movements m SET (" + ", ".join(COLUMNS) + ") = (SELECT " + ", ".join(COLUMNS) +
                 " FROM saved.movements s WHERE s.movement_id = CASE m.movement_id "
                 f"WHEN {first['movement_id']} THEN {second['movement_id']} ELSE {first['movement_id']} END) "
                 f"WHERE movement_id IN ({first['movement_id']}, {second['movement_id']})")
    said = expect_named(world, first, "value", "event_id" if first["event_id"] != second["event_id"] else "sku")
    expect(said["differences"] == 2, said)
    world.undo("movements")


def a_chain_that_is_computed_again_hides_nothing(world):
    """The attacker takes a unit off a sale, corrects the balances after it, and links the whole chain anew."""
    movement = any_movement(world, "bucket = 'committed' AND delta > 0 AND effect = delta")
    partition = int(movement["topic_partition"])
    own = movements(world, f"topic_partition = {partition}")
    value, after, changes, heads = chain.genesis(TOPIC, partition, 1), False, [], {}
    for row in own:
        same_position = all(row[name] == movement[name] for name in ("sku", "pool", "bucket"))
        if row["movement_id"] == movement["movement_id"]:
            after = True
            row = Movement(row, delta=int(row["delta"]) - 1, effect=int(row["effect"]) - 1)
        if after and same_position:
            row = Movement(row, balance=int(row["balance"]) - 1)
        value = chain.link(value, row)
        heads[int(row["batch_id"])] = value
        if after:
            changes.append(f"({row['movement_id']}, {row['delta']}, {row['effect']}, {row['balance']}, '\\x{value.hex()}'::bytea)")
    world.attack("UPDATE ledger.movements m SET delta = k.delta, effect = k.effect, balance = k.balance, chain = k.chain "
                 f"FROM (VALUES {', '.join(changes)}) k (id, delta, effect, balance, chain) WHERE movement_id = k.id; "
                 "UPDATE ledger.positions SET quantity = quantity - 1 WHERE (sku, pool, bucket) = "
                 f"('{movement['sku']}', '{movement['pool']}', '{movement['bucket']}')")
    head = chain.genesis(TOPIC, partition, 1)
    updates = []
    for (number,) in world.sql(f"SELECT batch_id FROM ledger.batches WHERE partition = {partition} ORDER BY 1"):
        head = heads.get(int(number), head)
        updates.append(f"UPDATE ledger.batches SET head = '\\x{head.hex()}' WHERE batch_id = {number} AND partition = {partition}")
    updates.append(f"UPDATE ledger.partitions SET head = '\\x{head.hex()}' WHERE topic = '{TOPIC}' AND partition = {partition}")
    world.attack("; ".join(updates))
    wrong = chain.check(lambda query: world.sql(query), TOPIC)[0]
    expect(not wrong, f"the attacker's chain is broken, so it proves nothing: {wrong[:3]}")
    expect_named(world, movement, "value", "delta")
    world.undo("movements", "positions", "batches", "partitions")


# table: a column that is changed, to what; what makes a copy of a row another one
NEW_ID = "gen_random_uuid()"
TAMPERING = {
    "conflicts": ("kafka_offset", "kafka_offset + 1", {"content_hash": "sha256('w')"}),
    "consignment_receipts": ("quantity", "quantity + 1", {"event_id": NEW_ID}),
    "consignment_reports": ("lost", "lost + 1", {"event_id": NEW_ID}),
    "consignments": ("expected_ms", "expected_ms + 1", {"consignment_id": "'FBA-ZZ'"}),
    "count_facts": ("quantity", "quantity + 1", {"event_id": NEW_ID}),
    "counts": ("counted_ms", "counted_ms - 1", {"bucket": "'zz'"}),
    "decisions": ("note", "note || '!'", {"decision_id": NEW_ID, "event_id": NEW_ID}),
    "events": ("actor", "actor || 'x'", {"event_id": NEW_ID, "kafka_offset": "1000000"}),
    "latencies": ("samples", "samples + 1", {"measurement_id": NEW_ID}),
    "line_parts": ("quantity", "quantity + 1", {"event_id": NEW_ID}),
    "listings": ("quantity", "quantity + 1", {"listing": "'L-zz'"}),
    "mapping_components": ("units", "units + 1", {"sku": "'ZZ'"}),
    "mappings": ("address", "address || 'x'", {"mapping_id": NEW_ID}),
    "order_lines": ("shipped", "shipped + 1", {"line_id": "'zz'"}),
    "oversells": ("available", "available - 1", {"oversell_id": "1000000", "pool": "'zz'"}),
    "parked_bodies": ("detail", "detail || 'x'", {"event_id": NEW_ID}),
    "pools": ("title", "title || 'x'", {"pool_id": NEW_ID}),
    "positions": ("quantity", "quantity + 1", {"bucket": "'zz'"}),
    "promotions": ("active", "NOT active", {"promotion_id": NEW_ID}),
    "rules": ("cap", "cap + 1", {"rule_id": NEW_ID}),
    "tiers": ("from_per_day", "from_per_day + 1", {"tier_id": NEW_ID}),
    "velocities": ("window_ms", "window_ms + 1", {"measurement_id": NEW_ID}),
    "voided_orders": ("voided_ms", "voided_ms + 1", {"order_id": "'zz'"}),
}
MORE_COLUMNS = [("events", "status", "CASE status WHEN 'noted' THEN 'applied' ELSE 'noted' END"), ("events", "reason", "'so'"),
                ("events", "content_hash", "sha256('v')"), ("events", "received_at", "received_at + interval '1 ms'"),
                ("order_lines", "fulfils", "'shop/1'"), ("order_lines", "waiting", "waiting || 'x'"),
                ("velocities", "units", "array_append(units, 1)"), ("rules", "pools", "'{zz}'"),
                ("listings", "tier", "tier || 'x'")]
SAID_AS = {"received_at": "received_ms"}
OPEN_OVERSELLS = {"oversells": "WHERE closed_at IS NULL"}


def one_row(table):
    return f"ctid = (SELECT ctid FROM ledger.{table} {OPEN_OVERSELLS.get(table, '')} ORDER BY random() LIMIT 1)"


def expect_one(world, statement, table, kind, column=""):
    world.attack(statement)
    said = world.verify()
    first = said["first"]
    expect(said["differences"] == 1 and (first["table"], first["kind"], first["column"]) == (table, kind, column) and
           first["key"] != "", f"after {statement}: {said}")
    expect(kind != "value" or first["stored"] != first["expected"], first)
    world.undo(table)
    return first


def every_table_is_compared_or_says_why_not(world):
    said = {row["table"]: row for row in map(json.loads, world.stockctl("verify", "tables", "--json").stdout.splitlines())}
    there = {row[0] for row in world.sql("SELECT relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind "
                                         "IN ('r', 'p') AND NOT relispartition")}
    expect(set(said) == there, f"tables that nobody said anything of: {set(said) ^ there}")
    compared = {table for table, row in said.items() if row["compared"]}
    expect(all(row["but_for"] for table, row in said.items() if table not in compared), "no reason is given")
    expect(compared == set(TAMPERING) | {"batches", "movements", "partitions", "poison"},
           f"tables that are not tampered with: {compared ^ set(TAMPERING)}")


def a_changed_deleted_or_added_row_of_each_table_is_named(world):
    for table, (column, value, key) in TAMPERING.items():
        expect(world.sql(f"SELECT count(*) FROM ledger.{table}") != [["0"]], f"nothing in {table}")
        first = expect_one(world, f"UPDATE ledger.{table} SET {column} = {value} WHERE {one_row(table)}", table, "value", column)
        print(f"    {json.dumps({name: first[name] for name in ('table', 'key', 'column', 'stored', 'expected')})[:200]}")
        expect_one(world, f"DELETE FROM ledger.{table} WHERE {one_row(table)}", table, "missing")
        other = ", ".join(f"'{name}', {value}" for name, value in key.items())
        expect_one(world, f"INSERT INTO ledger.{table} OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(t, "
                          f"jsonb_build_object({other}))).* FROM ledger.{table} t WHERE {one_row(table)}", table, "extra")
    for table, column, value in MORE_COLUMNS:
        expect_one(world, f"UPDATE ledger.{table} SET {column} = {value} WHERE {one_row(table)}", table, "value",
                   SAID_AS.get(column, column))


def a_changed_batch_head_or_poison_row_is_named(world):
    batch_id, partition = random.choice(world.sql("SELECT batch_id, partition FROM ledger.batches WHERE movements > 0"))
    own = f"WHERE batch_id = {batch_id} AND partition = {partition}"
    cases = [(f"UPDATE ledger.batches SET movements = movements + 1 {own}", "batches", "movements"),
             (f"UPDATE ledger.batches SET head = sha256('z') {own}", "batches", "head"),
             (f"UPDATE ledger.partitions SET head = sha256('z') WHERE topic = '{TOPIC}' AND partition = {partition}",
              "partitions", "head"),
             (f"DELETE FROM ledger.batches WHERE partition = {partition} AND first_offset = (SELECT max(first_offset) "
              f"FROM ledger.batches WHERE partition = {partition} AND movements > 0)", None, None),
             (f"INSERT INTO ledger.poison (topic, partition, generation, kafka_offset, reason, body) VALUES ('{TOPIC}', "
              f"{partition}, 1, 0, 'attacker', '')", "poison", "")]
    for change, table, column in cases:
        world.attack(change)
        said = world.verify()
        first = said["first"]
        expect(not said["verified"] and first["partition"] == int(partition), said)
        expect(table is None or (first["table"], first["column"]) == (table, column), said)
        world.undo("batches", "partitions", "poison")


def a_person_reads_the_row_and_the_verdict(world):
    movement = any_movement(world)
    world.attack(f"UPDATE ledger.movements SET delta = delta + 1 WHERE {movement.where}")
    partition = int(movement["topic_partition"])
    done = world.stockctl("verify")
    lines = done.stdout.splitlines()
    expect(done.returncode == 1 and lines[0] ==
           f"movements, partition {partition}, offset {movement['topic_offset']}, ordinal {movement['ordinal']}, movement "
           f"{movement['movement_id']}: delta is stored as '{int(movement['delta']) + 1}', the topic says "
           f"'{movement['delta']}'" and lines[-1].endswith(": NOT verified"), done.stdout)
    expect(world.verify("--partition", str(partition))["differences"] == 1, "not found in its partition")
    expect(world.verify("--partition", str((partition + 1) % 6))["verified"], "found in another partition")
    world.undo("movements")
    done = world.stockctl("verify")
    expect(done.returncode == 0 and done.stdout.splitlines()[-1].endswith(": verified"), done.stdout)


def a_topic_that_lost_records_is_never_called_proof(world):
    partition, gone = 2, 5
    done = subprocess.run([str(BUILD / "tests/integration/c/delete_records"), world.brokers, TOPIC, str(partition), str(gone)],
                          capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)
    done = world.stockctl("verify")
    expect(done.returncode == 1 and "only the chain was checked, and is whole" in done.stdout and
           done.stdout.splitlines()[-1].endswith(": NOT verified"), done.stdout)
    expect(f"partition {partition}: the ledger took offsets 0 to" in done.stderr and f"the topic has {gone} to" in done.stderr,
           done.stderr)
    movement = any_movement(world)
    world.attack(f"UPDATE ledger.movements SET delta = delta + 1 WHERE {movement.where}")
    expect_named(world, movement, "value", "chain")
    world.undo("movements")


TESTS = [a_random_load_of_two_replicas_is_verified, every_kind_of_fact_is_verified, it_is_verified_while_the_ledger_goes_on,
         the_projection_is_rebuilt_equal, what_is_not_rebuilt_equal_is_named, a_changed_number_is_named,
         a_changed_text_is_named, a_deleted_row_is_named, an_inserted_row_is_named, two_swapped_rows_are_named,
         a_chain_that_is_computed_again_hides_nothing, every_table_is_compared_or_says_why_not,
         a_changed_deleted_or_added_row_of_each_table_is_named,
         a_changed_batch_head_or_poison_row_is_named, a_person_reads_the_row_and_the_verdict,
         a_topic_that_lost_records_is_never_called_proof]


def main():
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    print(f"SEED={seed}")
    random.seed(seed)
    report = Report(sys.argv[1])
    world = World(sys.argv[1])
    try:
        for function in TESTS:
            with report.test(function.__name__):
                function(world)
    finally:
        for name in list(world.replicas):
            world.stop(name, signal.SIGKILL)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
