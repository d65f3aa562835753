#!/usr/bin/env python3
"""The ledger alone, on a real broker and a real database: ledger_test.py DIR (both run there)."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import chain  # noqa: E402
from harness.suite import LOCAL, ROOT, Report, expect, free_port, until  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build/release")
OPENING = "2026-11-20T00:00:00Z"
LATER = "2026-11-21T01:00:00Z"
PREFIX = f"ledger{os.getpid()}."


def line(order, listing, ordered=1, cancelled=0, version=LATER, channel="shop"):
    return dict(kind="order_line", channel=channel, order_id=str(order), line_id="1", listing=listing, ordered=ordered,
                cancelled=cancelled, placed_at=LATER, version_at=version, occurred_at=version, status="open")


def mapping(listing, sku, channel="shop", at=OPENING, fact=None):
    return dict(kind="mapping_changed", fact_id=fact or f"map-{channel}-{listing}", channel=channel, listing=listing,
                sku=sku, pool="main", occurred_at=at)


def count(sku, quantity, fact=None, at=OPENING):
    return dict(kind="stock_counted", fact_id=fact or f"count-{sku}", sku=sku, pool="main", bucket="sellable",
                quantity=quantity, reason="opening", occurred_at=at)


class Ledger:
    def __init__(self, directory, **settings):
        # The assessor puts events of its own on the topic: tests count what they fed.
        self.settings = {"STOCKBUS_ASSESS_INTERVAL_MS": "0", **settings}
        self.directory = directory
        self.brokers = self.local("broker", "address")
        self.database = f"ledger_{os.getpid()}"
        subprocess.run([str(LOCAL / "database"), "migrate", directory, self.database], check=True, capture_output=True)
        self.url = self.local("database", "url", "stockbus_ledger", self.database)
        self.admin_url = self.local("database", "url", "postgres", self.database)
        self.port = free_port()
        self.process = None
        self.feed([])

    def local(self, script, verb, *arguments):
        return subprocess.run([str(LOCAL / script), verb, self.directory, *arguments], check=True, text=True,
                              capture_output=True).stdout.strip()

    def feed(self, facts):
        text = "".join(json.dumps(dict(fact, actor="test")) + "\n" for fact in facts)
        done = subprocess.run([str(BUILD / "tests/integration/c/feed_events"), self.brokers, PREFIX, "shop", "woo"],
                              input=text, text=True, capture_output=True)
        expect(done.returncode == 0, done.stderr)

    def start(self):
        environment = {"PATH": os.environ["PATH"], "STOCKBUS_KAFKA_BROKERS": self.brokers,
                       "STOCKBUS_TOPIC_PREFIX": PREFIX, "STOCKBUS_DATABASE_URL": self.url,
                       "STOCKBUS_ADMIN_ADDRESS": f"127.0.0.1:{self.port}", "STOCKBUS_SESSION_TIMEOUT_MS": "6000", **self.settings}
        self.log = open(pathlib.Path(self.directory) / "ledger_test.log", "a")
        self.process = subprocess.Popen([str(BUILD / "bin/ledger")], env=environment, stderr=self.log)

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return 0
        self.process.send_signal(how)
        status = self.process.wait(120)
        self.process = None
        return status

    def sql(self, query, url=None):
        done = subprocess.run(["psql", "-XAtq", "-F", "|", url or self.admin_url, "-c", query], capture_output=True,
                              text=True)
        if done.returncode != 0:
            return "error: " + done.stderr.strip()
        return done.stdout.strip()

    def chain(self, at_least=1):
        """Batches have no gaps, and every value of the chains follows from the rows."""
        wrong, movements, batches, partitions = chain.check(
            lambda query: [row.split("|") for row in self.sql(query).splitlines()], PREFIX + "events.v1")
        expect(not wrong, f"{len(wrong)} things are wrong with the chain: {wrong[:5]}")
        expect(movements >= at_least, f"the chain was checked over {movements} movements only")
        print(f"    {movements} movements in {batches} batches of {partitions} partitions")

    def available(self, sku):
        return self.sql(f"SELECT available FROM api.stock WHERE sku = '{sku}'")

    def until_available(self, sku, quantity, seconds=120):
        until(seconds, lambda: self.available(sku) == str(quantity), f"{sku} has {quantity} available")

    def sound(self):
        broken = self.sql("SELECT * FROM api.conservation WHERE quantity <> effects OR quantity <> derived")
        expect(broken == "", f"conservation is broken: {broken}")
        for clock in ("stock_as_of", "stock_as_known_at"):
            differs = self.sql(f"SELECT * FROM ledger.positions p FULL JOIN api.{clock}(now()) s USING (sku, pool, bucket) "
                               "WHERE coalesce(s.quantity, 0) <> coalesce(p.quantity, 0)")
            expect(differs == "", f"api.{clock}(now()) differs from the positions: {differs}")


def facts_become_positions_and_targets(ledger):
    ledger.feed([mapping("L1", "A"), mapping("9", "A", "woo"), count("A", 10), line(820982911946154508, "L1", 2)])
    ledger.until_available("A", 8)
    # Mappings may come after: they are on other partitions.
    targets = "SELECT channel, listing, quantity FROM ledger.listings WHERE sku = 'A' ORDER BY 1"
    until(60, lambda: ledger.sql(targets) == "shop|L1|8\nwoo|9|8", lambda: f"targets are {ledger.sql(targets)}")
    until(60, lambda: ledger.sql("SELECT count(*) FROM ledger.outbox") == "0", "the outbox is relayed")


def a_fact_that_comes_twice_has_one_effect(ledger):
    ledger.feed([line(820982911946154508, "L1", 2)] * 3 + [line("twice", "L1", 1)] * 2)
    ledger.until_available("A", 7)
    expect(ledger.sql("SELECT count(*) FROM ledger.events WHERE order_id = 'twice'") == "1", "kept twice")


def a_known_id_with_other_content_is_an_alarm_and_changes_nothing(ledger):
    ledger.feed([count("A", 999)])
    until(60, lambda: ledger.sql("SELECT count(*) FROM ledger.conflicts") == "1", "the conflict is recorded")
    ledger.until_available("A", 7)


def an_unmapped_line_waits_and_is_applied_once_when_the_mapping_comes(ledger):
    ledger.feed([count("B", 5), line("early", "L2", 2)])
    until(60, lambda: ledger.sql("SELECT reason FROM api.parked WHERE order_id = 'early'") == "no-mapping", "parked")
    ledger.until_available("B", 5)
    ledger.feed([mapping("L2", "B")] * 2)
    ledger.until_available("B", 3)
    expect(ledger.sql("SELECT count(*) FROM api.parked WHERE order_id = 'early'") == "0", "still parked")


def an_older_report_never_replaces_a_newer(ledger):
    ledger.feed([mapping("L3", "C"), count("C", 10), line("o", "L3", 4, 3, "2026-11-21T03:00:00Z"), line("o", "L3", 4)])
    ledger.until_available("C", 9)


def an_oversell_names_the_order_that_did_it(ledger):
    ledger.feed([mapping("L4", "D"), count("D", 1), line("first", "L4")])
    ledger.until_available("D", 0)
    ledger.feed([line("second", "L4")])
    ledger.until_available("D", -1)
    row = ledger.sql("SELECT order_id, available FROM api.oversells WHERE sku = 'D' AND closed_at IS NULL")
    expect(row == "second|-1", row)
    expect(ledger.sql("SELECT quantity FROM ledger.listings WHERE sku = 'D'") == "0", "published below zero")
    ledger.feed([line("second", "L4", 1, 1, "2026-11-21T02:00:00Z")])
    ledger.until_available("D", 0)
    expect(ledger.sql("SELECT count(*) FROM api.oversells WHERE closed_at IS NULL") == "0", "still open")


def a_poison_record_is_set_aside_and_its_neighbours_go_on(ledger):
    subprocess.run(["kcat", "-P", "-b", ledger.brokers, "-t", PREFIX + "events.v1", "-k", "A"], input=b"no protobuf",
                   check=True, capture_output=True)
    ledger.feed([line("after-poison", "L1")])
    ledger.until_available("A", 6)
    until(60, lambda: ledger.sql("SELECT count(*) FROM ledger.poison") == "1", "it is set aside")


def history_can_be_changed_by_nobody(ledger):
    parts = ledger.sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger.movements'::regclass")
    expect("ledger.movements_default" in parts.split() and len(parts.split()) > 3, f"partitions: {parts}")
    for table in ["ledger.movements", "ledger.batches", *parts.split()]:
        for statement in (f"UPDATE {table} SET applied_at = now()", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            owner = f"SET ROLE stockbus_owner; {statement}"
            for name, answer in (("the superuser", ledger.sql(statement)), ("the owner", ledger.sql(owner))):
                expect("is append-only" in answer, f"{name} may {statement}: {answer}")
            for role in ("stockbus_ledger", "stockbus_audit", "stockbus_reconciler"):
                answer = ledger.sql(statement, ledger.local("database", "url", role, ledger.database))
                expect("permission denied" in answer, f"{role} may {statement}: {answer}")
    expect("permission denied" in ledger.sql(f"INSERT INTO {parts.split()[0]} DEFAULT VALUES", ledger.url),
           "the ledger writes a partition directly")


def months_are_made_ahead(ledger):
    before = ledger.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger.movements'::regclass")
    expect(ledger.sql("SELECT ledger.prepare_movements(12)", ledger.url) == str(13 + 1 - int(before)), "made")
    expect(ledger.sql("SELECT ledger.prepare_movements(12)", ledger.url) == "0", "made twice")
    audit = ledger.local("database", "url", "stockbus_audit", ledger.database)
    expect("permission denied" in ledger.sql("SELECT ledger.prepare_movements(1)", audit), "the audit role may")
    rows = ledger.sql("SELECT DISTINCT tableoid::regclass = ('ledger.movements_' || to_char(now() AT TIME ZONE 'UTC', "
                      "'YYYY_MM'))::regclass FROM ledger.movements")
    expect(rows == "t", f"movements are in this month's partition: {rows}")


def the_audit_role_reads_views_only(ledger):
    audit = ledger.local("database", "url", "stockbus_audit", ledger.database)
    expect(ledger.sql("SELECT count(*) > 0 FROM api.stock", audit) == "t", "the audit role can't read api.stock")
    for statement in ("SELECT * FROM ledger.positions", "INSERT INTO ledger.positions VALUES ('x', 'y', 'z', 1)",
                      "SELECT * FROM findings.runs"):
        expect("permission denied" in ledger.sql(statement, audit), f"the audit role may {statement}")


def kill_minus_9_at_any_moment_loses_nothing_and_doubles_nothing(ledger):
    skus = [f"K{n}" for n in range(40)]
    ledger.feed([mapping(f"LK{n}", sku) for n, sku in enumerate(skus)] + [count(sku, 1000) for sku in skus])
    random.seed(3)
    sold = dict.fromkeys(skus, 0)
    lines = []
    for order in range(4000):
        n = random.randrange(len(skus))
        sold[skus[n]] += 1
        lines.append(line(f"k{order}", f"LK{n}"))
    lines += random.sample(lines, 800)
    feeder = threading.Thread(target=lambda: [ledger.feed(lines[i:i + 240]) for i in range(0, len(lines), 240)])
    feeder.start()
    for _ in range(8):
        time.sleep(0.7)
        ledger.stop(signal.SIGKILL)
        ledger.start()
    feeder.join()
    for sku in skus:
        ledger.until_available(sku, 1000 - sold[sku], 300)
    ledger.chain(4000)
    twice = ledger.sql("SELECT count(*) FROM (SELECT 1 FROM ledger.movements WHERE reason = 'placed' "
                       "GROUP BY event_id, sku HAVING count(*) > 1) t")
    expect(twice == "0", f"{twice} movements twice")


def a_halted_ledger_does_not_keep_the_relay_lock(ledger):
    held = ("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' "
            "AND granted AND datname = current_database()")
    until(60, lambda: ledger.sql(held) == "1", "the relay's lock is held")
    ledger.process.send_signal(signal.SIGSTOP)
    try:
        until(60, lambda: ledger.sql(held) == "0", "the lock of a halted replica goes")
    finally:
        ledger.process.send_signal(signal.SIGCONT)
    ledger.feed([line("after-halt", "LK0")])
    until(120, lambda: ledger.sql("SELECT count(*) FROM ledger.events WHERE order_id = 'after-halt'") == "1", "applied")
    until(60, lambda: ledger.sql("SELECT count(*) FROM ledger.outbox") == "0", "the outbox is relayed again")


def a_relay_that_lost_its_session_sends_the_present_targets_again(ledger):
    ledger.sql("CREATE FUNCTION public.end_session() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'; "
               "CREATE TRIGGER end_session BEFORE DELETE ON ledger.outbox EXECUTE FUNCTION public.end_session()")
    try:
        ledger.feed([line("lost-session", "LK0")])
        until(60, lambda: int(ledger.sql("SELECT count(*) FROM ledger.outbox")) > 1, "its target is queued again")
        expect(ledger.sql("SELECT count(DISTINCT body) FROM ledger.outbox") == "1", "not the target that it was")
    finally:
        ledger.sql("DROP TRIGGER end_session ON ledger.outbox; DROP FUNCTION public.end_session()")
    until(60, lambda: ledger.sql("SELECT count(*) FROM ledger.outbox") == "0", "the outbox is relayed")


def no_statement_locks_a_hot_relation_as_a_whole(ledger):
    feeder = threading.Thread(target=lambda: [ledger.feed([line(f"s{i}-{n}", f"LK{n % 40}") for n in range(200)])
                                              for i in range(5)])
    feeder.start()
    seen = set()
    while feeder.is_alive():
        seen.update(ledger.sql("SELECT relation::regclass FROM pg_locks WHERE mode = 'SIReadLock' AND locktype = "
                               "'relation' AND relation::regclass::text LIKE 'ledger.%'").split())
    feeder.join()
    # An empty index has no page to lock, and the timeline has one row; both are hardly ever written. What every batch
    # writes must be locked by page or tuple only.
    hot = ("partitions", "events", "order_lines", "line_parts", "movements", "positions", "counts", "listings",
           "targets", "outbox")
    # Nor have indexes of months to come, and of the default partition.
    this_month = ledger.sql("SELECT 'movements_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')")
    whole = {name for name in seen if name.removeprefix("ledger.").startswith(hot)
             and (not name.startswith("ledger.movements_") or name.startswith("ledger." + this_month))}
    expect(not whole, f"whole relations are locked: {whole}")


TESTS = [facts_become_positions_and_targets, a_fact_that_comes_twice_has_one_effect,
         a_known_id_with_other_content_is_an_alarm_and_changes_nothing,
         an_unmapped_line_waits_and_is_applied_once_when_the_mapping_comes, an_older_report_never_replaces_a_newer,
         an_oversell_names_the_order_that_did_it, a_poison_record_is_set_aside_and_its_neighbours_go_on,
         history_can_be_changed_by_nobody, months_are_made_ahead, the_audit_role_reads_views_only,
         kill_minus_9_at_any_moment_loses_nothing_and_doubles_nothing,
         a_halted_ledger_does_not_keep_the_relay_lock,
         a_relay_that_lost_its_session_sends_the_present_targets_again, no_statement_locks_a_hot_relation_as_a_whole]


def main():
    report = Report(sys.argv[1])
    ledger = Ledger(sys.argv[1])
    ledger.start()
    try:
        for function in TESTS:
            with report.test(function.__name__):
                function(ledger)
        with report.test("conservation holds for every position"):
            ledger.sound()
        with report.test("every movement is on its partition's chain"):
            ledger.chain()
        with report.test("SIGTERM ends with exit status 0"):
            status = ledger.stop()
            expect(status == 0, f"exit status {status}")
    finally:
        ledger.stop(signal.SIGKILL)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
