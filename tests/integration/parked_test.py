#!/usr/bin/env python3
"""Events that break a rule, and what operators do about them: parked_test.py DIR (broker and database run there)."""

import concurrent.futures
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types

from ledger_test import BUILD, PREFIX, Ledger, count, line, mapping  # the same folder
from ingest_test import OLD, TOKEN, Service, channels_yaml, shopify_order
from harness.suite import Report, expect, until

RACERS = 8
KILLED_COUNTS = 60
AHEAD = "count-in-future"


def in_an_hour():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).isoformat(timespec="seconds")


class Parked(Ledger):
    def feed(self, facts):
        text = "".join(json.dumps(dict(fact, actor="test")) + "\n" for fact in facts)
        done = subprocess.run([str(BUILD / "tests/integration/c/feed_events"), self.brokers, PREFIX, "shop", "woo",
                               "shopify-main", "woo-main"], input=text, text=True, capture_output=True)
        expect(done.returncode == 0, done.stderr)

    def start_ingest(self, folder):
        channels = os.path.join(folder, "channels.yaml")
        pathlib.Path(channels).write_text(channels_yaml([OLD]), encoding="utf-8")
        self.ingest = Service(types.SimpleNamespace(brokers=self.brokers, prefix=PREFIX, channels=channels), folder).start()

    def stockctl(self, *arguments):
        environment = {"STOCKBUS_DATABASE_URL": self.local("database", "url", "stockbus_audit", self.database),
                       "STOCKBUS_INGEST_URL": f"http://127.0.0.1:{self.ingest.port}", "STOCKBUS_ADMIN_TOKEN": TOKEN,
                       "STOCKBUS_KAFKA_BROKERS": self.brokers, "STOCKBUS_TOPIC_PREFIX": PREFIX, "USER": "ann"}
        return subprocess.run([str(BUILD / "bin/stockctl"), *arguments], capture_output=True, env=environment)

    def decide(self, what, event, *more, code=0):
        done = self.stockctl("parked", what, event, "--reason", "looked at it", *more)
        expect(done.returncode == code, f"parked {what}: exit {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return (done.stdout + done.stderr).decode()

    def sound(self):
        """Counts of an hour from now count on purpose here, so the stock as of now is another one."""
        broken = self.sql("SELECT * FROM api.conservation WHERE quantity <> effects OR quantity <> derived")
        expect(broken == "", f"conservation is broken: {broken}")

    def event(self, where):
        """The id of the one event, once the ledger has it."""
        return until(120, lambda: self.sql(f"SELECT event_id FROM ledger.events WHERE {where}"), f"the event where {where}")

    def status(self, event):
        return self.sql(f"SELECT status || ' ' || reason FROM ledger.events WHERE event_id = '{event}'").strip()


def stock(kind, sku, fact, **more):
    return dict(dict(kind=kind, fact_id=fact, sku=sku, pool="main", bucket="sellable",
                     occurred_at="2026-11-20T10:00:00Z"), **more)


BREAKERS = {
    "negative-quantity": line("neg", "LP", -2),
    "overflow": line("huge", "LP", 1_000_000_001),
    "too-much": line("cancelled", "LP", 1, 2),
    "zero-quantity": dict(kind="line_shipped", channel="shop", order_id="zero", line_id="1", part_id="zero", quantity=0,
                          listing="LP", occurred_at="2026-11-21T02:00:00Z"),
    "unknown-bucket": stock("stock_counted", "P", "shelf", bucket="shelf", quantity=3),
    AHEAD: stock("stock_counted", "P", "ahead", quantity=99, occurred_at=in_an_hour()),
    "reason-missing": stock("stock_adjusted", "P", "no-reason", delta=-1, reason=""),
    "reason-unknown": stock("stock_adjusted", "P", "odd-reason", delta=-3, reason="because"),
    "same-place": stock("stock_transferred", "P", "nowhere", quantity=1, reason="relocation", from_pool="main", from_bucket="sellable",
                        to_pool="main", to_bucket="sellable"),
    "named-twice": dict(mapping("LP2", "P"), components=[{"sku": "P", "units": 1}, {"sku": "P", "units": 2}]),
    "bad-name": dict(mapping("LP3", "P"), pool="no pool"),
}
for unused in ("pool", "bucket"):
    del BREAKERS["same-place"][unused]
del BREAKERS["named-twice"]["sku"]


def each_rule_breaker_is_parked_for_its_reason_and_its_neighbours_go_on(ledger):
    facts = [mapping("LP", "P"), count("P", 100)]
    for number, breaker in enumerate(BREAKERS.values()):
        facts += [breaker, line(f"good{number}", "LP")]
    ledger.feed(facts)
    ledger.until_available("P", 100 - len(BREAKERS))
    parked = ledger.sql("SELECT reason FROM api.parked ORDER BY 1").split()
    expect(parked == sorted(BREAKERS), f"parked: {parked}")
    expect(ledger.sql("SELECT count(*) FROM ledger.poison") == "0", "something is poison")
    expect(ledger.sql("SELECT count(*) FROM api.parked WHERE detail = ''") == "0", "nothing says what is wrong")


def a_bad_line_of_a_notification_is_parked_beside_its_neighbours(ledger):
    body = shopify_order(7001, [(8001, 2), (8002, -1)])
    answer = ledger.ingest.shopify(body)
    expect(answer[0] == 200 and json.loads(answer[1]) == {"events": 2, "rejected": 0}, f"{answer}")
    bad = ledger.event("order_id = '7001' AND reason = 'negative-quantity'")
    both = ledger.sql("SELECT count(DISTINCT event_id) FROM api.events WHERE notification_id = "
                      f"(SELECT notification_id FROM api.events WHERE event_id = '{bad}')")
    expect(both == "2", f"{both} events of the notification")
    raw = ledger.stockctl("parked", "show", bad, "--raw")
    expect(raw.returncode == 0 and raw.stdout == body, f"the raw notification: {raw}")


def an_operator_sees_what_is_wrong(ledger):
    rows = [json.loads(row) for row in ledger.stockctl("parked", "--reason", AHEAD, "--json").stdout.splitlines()]
    expect(len(rows) == 1 and rows[0]["age_s"] >= 0 and "after it was received" in rows[0]["detail"], f"{rows}")
    expect(ledger.stockctl("parked", "--sku", "none").returncode == 1, "something of no SKU is parked")
    shown = ledger.stockctl("parked", "show", rows[0]["event_id"]).stdout.decode()
    for text in ("stock was counted later than we heard of it", '"quantity":99', "partition"):
        expect(text in shown, f"'{text}' is missing in:\n{shown}")


def a_released_count_counts_and_a_second_release_changes_nothing(ledger):
    ahead = ledger.event(f"reason = '{AHEAD}'")
    ledger.decide("release", ahead)
    ledger.until_available("P", 99 - len(BREAKERS))
    expect(ledger.status(ahead) == "applied", ledger.status(ahead))
    expect("correcting fact" in ledger.decide("release", ahead, code=4), "a second release is not refused")
    again = dict(kind="decided", event_id=ahead, number=2, decision="drop", note="by hand")
    expect(ledger.ingest.manual(again)[0] == 202, "ingest refuses a decision")
    until(120, lambda: ledger.sql(f"SELECT status || ' ' || reason FROM api.decisions WHERE event_id = '{ahead}' "
                                  "AND number = 2") == "noted not-parked", "the second decision is noted")
    ledger.until_available("P", 99 - len(BREAKERS))


def what_can_not_be_waived_is_fixed(ledger):
    shelf = ledger.event("reason = 'unknown-bucket'")
    expect("can't be waived" in ledger.decide("release", shelf, code=4), "the tool releases what can't be waived")
    decided = dict(kind="decided", event_id=shelf, number=1, decision="release", note="by hand")
    expect(ledger.ingest.manual(decided)[0] == 202, "ingest refuses a decision")
    until(120, lambda: ledger.sql(f"SELECT reason FROM api.decisions WHERE event_id = '{shelf}'") == "not-waivable",
          "the ledger says that it can't be waived")
    expect(ledger.status(shelf) == "parked unknown-bucket", ledger.status(shelf))
    expect("would still be wrong" in ledger.decide("fix", shelf, "--set", "bucket=rack", code=4), "a bad fix is sent")
    ledger.decide("fix", shelf, "--set", "bucket=damaged")
    until(120, lambda: ledger.sql("SELECT quantity FROM ledger.positions WHERE sku = 'P' AND bucket = 'damaged'") == "3",
          "the fixed count counts")
    told = ledger.stockctl("parked", "decisions", shelf).stdout.decode()
    expect("not-waivable" in told and "fix" in told and "ann@" in told, told)


def a_dropped_event_counts_for_nothing(ledger):
    negative = ledger.event("order_id = 'neg'")
    ledger.decide("drop", negative)
    expect(ledger.status(negative) == "dropped", ledger.status(negative))
    expect(ledger.sql(f"SELECT count(*) FROM api.parked WHERE event_id = '{negative}'") == "0", "it is parked still")


def a_dropped_line_is_never_applied_also_when_its_mapping_comes(ledger):
    ledger.feed([count("Q", 10), line("kept", "LQ", 1), line("dropped", "LQ", 5)])
    waiting = ledger.event("order_id = 'dropped' AND reason = 'no-mapping'")
    ledger.decide("drop", waiting)
    ledger.feed([mapping("LQ", "Q")])
    ledger.until_available("Q", 9)
    expect(ledger.status(waiting) == "dropped", ledger.status(waiting))
    ledger.decide("release", waiting)
    ledger.until_available("Q", 4)


def of_operators_who_decide_at_once_one_is_heard(ledger):
    ledger.feed([stock("stock_adjusted", "R", f"race{n}", delta=5, reason="because") for n in range(3)])
    until(120, lambda: ledger.sql("SELECT count(*) FROM api.parked WHERE sku = 'R'") == "3", "all are parked")
    for number, event in enumerate(ledger.sql("SELECT event_id FROM api.parked WHERE sku = 'R'").split()):
        with concurrent.futures.ThreadPoolExecutor(RACERS) as pool:
            ended = list(pool.map(lambda n: ledger.stockctl("parked", "release", event, "--reason", f"by {n}"),
                                  range(RACERS)))
        codes = sorted(done.returncode for done in ended)
        expect(codes == [0] + [4] * (RACERS - 1), f"exit codes {codes}: {[done.stderr for done in ended]}")
        ledger.until_available("R", 5 * (number + 1))
        expect(ledger.sql(f"SELECT count(*) FROM api.decisions WHERE event_id = '{event}' AND status = 'applied'") == "1",
               "more than one decision was heard")


def kill_minus_9_between_decisions_loses_nothing_and_doubles_nothing(ledger):
    skus = [f"K{n}" for n in range(KILLED_COUNTS)]
    ledger.feed([stock("stock_counted", sku, f"ahead-{sku}", quantity=7, occurred_at=in_an_hour()) for sku in skus])
    events = until(120, lambda: (lambda found: found if len(found) == KILLED_COUNTS else None)(
        ledger.sql("SELECT event_id FROM api.parked WHERE sku LIKE 'K%'").split()), "all are parked")

    def post():
        for event in events:
            decided = dict(kind="decided", event_id=event, number=1, decision="release", note="the clock was wrong")
            expect(ledger.ingest.manual([decided], Idempotency_Key=event)[0] == 202, "refused")
            time.sleep(0.05)

    poster = threading.Thread(target=post)
    poster.start()
    for _ in range(4):
        time.sleep(0.7)
        ledger.stop(signal.SIGKILL)
        ledger.start()
    poster.join()
    until(240, lambda: ledger.sql("SELECT count(*) FROM ledger.positions WHERE sku LIKE 'K%' AND quantity = 7") ==
          str(KILLED_COUNTS), "every count counts")
    twice = ledger.sql("SELECT count(*) FROM (SELECT 1 FROM ledger.movements WHERE sku LIKE 'K%' GROUP BY sku "
                       "HAVING count(*) > 1) t")
    expect(twice == "0", f"{twice} counts moved twice")
    expect(ledger.sql("SELECT count(*) FROM api.parked WHERE sku LIKE 'K%'") == "0", "some are parked still")


def retired(listing):
    return dict(kind="mapping_changed", fact_id=f"gone-{listing}", channel="shop", listing=listing, components=[],
                occurred_at="2026-11-20T09:00:00Z")


def a_merged_listing_sells_what_the_survivor_sells_from_its_date_on(ledger):
    noon = "2026-11-21T12:00:00Z"
    ledger.feed([count("M1", 10), count("M2", 10), mapping("OLD", "M1"), mapping("NEW", "M2")])
    until(120, lambda: ledger.sql("SELECT count(*) FROM ledger.mappings WHERE listing IN ('OLD', 'NEW')") == "2", "mapped")
    done = ledger.stockctl("mapping", "merge", "shop", "OLD", "NEW", "--at", noon)
    expect(done.returncode == 0, f"{done}")
    for survivor, code in (("OLD", 2), ("NONE", 4)):
        done = ledger.stockctl("mapping", "merge", "shop", "OLD", survivor, "--at", noon)
        expect(done.returncode == code, f"merge into {survivor}: {done}")
    later = "2026-11-21T13:00:00Z"
    ledger.feed([line("before", "OLD"), dict(line("after", "OLD", version=later), placed_at=later),
                 dict(line("survivor", "NEW", version=later), placed_at=later)])
    ledger.until_available("M1", 9)
    ledger.until_available("M2", 8)


def a_mapping_that_comes_late_shows_what_it_moved(ledger):
    ledger.feed([dict(mapping("OLD", "M2", fact="corrected"), occurred_at="2026-11-20T06:00:00Z")])
    ledger.until_available("M1", 10)
    ledger.until_available("M2", 7)
    rows = [json.loads(row) for row in ledger.stockctl("mapping", "correction", "shop", "OLD", "--json").stdout.splitlines()]
    expect(sorted((row["sku"], row["delta"]) for row in rows) == [("M1", -1), ("M2", 1)], f"{rows}")


def the_audit_of_mappings_finds_what_is_not_one_to_one(ledger):
    ledger.feed([count("m-1", 1), line("lost", "NOBODY"), mapping("TWIN1", "M1"), mapping("TWIN2", "M1"),
                 retired("GONE"), line("late", "GONE")])
    until(120, lambda: ledger.sql("SELECT count(*) FROM ledger.order_lines WHERE order_id IN ('lost', 'late')") == "2",
          "the lines are there")
    done = ledger.stockctl("mapping", "audit", "--json")
    found = {(row["section"], row["listing"] or row["sku"]) for row in map(json.loads, done.stdout.splitlines())}
    for wanted in (("unmapped listing", "NOBODY"), ("many to one", "TWIN1, TWIN2"), ("retired but sold", "GONE"),
                   ("spelling", "'M1', 'm-1'"), ("one to many", "OLD"), ("unmapped sku", "m-1")):
        expect(wanted in found, f"{wanted} is not in {sorted(found)}")
    expect(done.returncode == 1, f"exit code {done.returncode}")


def a_proof_from_the_topic_alone_comes_to_the_same(ledger):
    url = ledger.local("database", "url", "stockbus_audit", ledger.database)
    done = subprocess.run([str(BUILD / "bin/stockctl"), "verify"], capture_output=True, text=True, env={
        "STOCKBUS_DATABASE_URL": url, "STOCKBUS_KAFKA_BROKERS": ledger.brokers, "STOCKBUS_TOPIC_PREFIX": PREFIX})
    expect(done.returncode == 0, f"exit {done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}")


TESTS = [each_rule_breaker_is_parked_for_its_reason_and_its_neighbours_go_on,
         a_bad_line_of_a_notification_is_parked_beside_its_neighbours, an_operator_sees_what_is_wrong,
         a_released_count_counts_and_a_second_release_changes_nothing, what_can_not_be_waived_is_fixed,
         a_dropped_event_counts_for_nothing, a_dropped_line_is_never_applied_also_when_its_mapping_comes,
         of_operators_who_decide_at_once_one_is_heard,
         kill_minus_9_between_decisions_loses_nothing_and_doubles_nothing,
         a_merged_listing_sells_what_the_survivor_sells_from_its_date_on, a_mapping_that_comes_late_shows_what_it_moved,
         the_audit_of_mappings_finds_what_is_not_one_to_one, a_proof_from_the_topic_alone_comes_to_the_same]


def main():
    report = Report()
    ledger = Parked(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="parked-test-") as work:
        ledger.start_ingest(work)
        ledger.start()
        try:
            for function in TESTS:
                with report.test(function.__name__):
                    function(ledger)
            with report.test("conservation and the chain hold"):
                ledger.sound()
                ledger.chain()
        finally:
            ledger.stop(signal.SIGKILL)
            ledger.ingest.stop()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
