#!/usr/bin/env python3
"""Topics that are deleted and created anew under the ledger, on a real broker and a real database: recreation_test.py
DIR (both run there)."""

import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import ledger_test as base  # noqa: E402
from harness.suite import Report, expect, until  # noqa: E402

SKUS = 12
EVENTS, OUTCOMES = base.PREFIX + "events.v1", base.PREFIX + "outcomes.v1"


class World:
    """What was ever fed: the end depends on the set alone."""

    def __init__(self, ledger):
        self.ledger, self.chance, self.orders = ledger, random.Random(5), 0
        self.sold = [0] * SKUS
        self.facts = [base.mapping(f"L{n}", f"S{n}") for n in range(SKUS)] + \
            [base.count(f"S{n}", 1000) for n in range(SKUS)]

    def more(self, count):
        made = []
        for _ in range(count):
            n = self.chance.randrange(SKUS)
            self.orders += 1
            self.sold[n] += 1
            made.append(base.line(f"o{self.orders}", f"L{n}"))
        self.facts += made
        return made

    def renewed(self):
        return int(self.ledger.sql("SELECT coalesce(max(generation), 0) FROM ledger.partitions WHERE topic = "
                                   f"'{EVENTS}'"))

    def holds(self, generation):
        wanted = {f"S{n}": 1000 - sold for n, sold in enumerate(self.sold)}

        def found():
            rows = self.ledger.sql("SELECT sku, available FROM api.stock ORDER BY 1").splitlines()
            return {sku: int(available) for sku, available in (row.split("|") for row in rows)} == wanted
        until(60, found, f"the stock is that of all {len(self.facts)} facts")
        until(30, lambda: self.renewed() == generation, f"the topic's generation is {generation}")
        expect(self.ledger.sql("SELECT count(*) FROM ledger.events") == str(len(self.facts)), "events")
        for table in ("conflicts", "poison"):
            expect(self.ledger.sql(f"SELECT count(*) FROM ledger.{table}") == "0", f"rows in ledger.{table}")
        # A mapping that comes late moves several lines at once.
        twice = self.ledger.sql("SELECT count(*) FROM (SELECT 1 FROM ledger.movements JOIN ledger.events USING (event_id) "
                                "WHERE kind <> 'mapping_changed' GROUP BY event_id, movements.sku, bucket "
                                "HAVING count(*) > 1) t")
        expect(twice == "0", f"{twice} movements twice")
        self.ledger.sound()
        self.ledger.chain(len(self.facts) - 2 * SKUS)


def delete(ledger, topic):
    done = subprocess.run([str(base.BUILD / "tests/integration/c/delete_topic"), ledger.brokers, topic], text=True,
                          capture_output=True)
    expect(done.returncode == 0, done.stderr)


def log(ledger):
    return (pathlib.Path(ledger.directory) / "ledger_test.log").read_text(encoding="utf-8", errors="replace")


def the_first_log_is_no_other_one(ledger, world):
    ledger.feed(world.facts + world.more(300))
    world.holds(1)
    ledger.stop()
    ledger.start()
    ledger.feed(world.more(20))
    world.holds(1)


def created_anew_while_the_ledger_is_stopped(ledger, world):
    expect(ledger.stop() == 0, "the ledger stopped")
    half = world.chance.sample(world.facts, len(world.facts) // 2)
    delete(ledger, EVENTS)
    ledger.feed(half + world.more(30))
    mark = len(log(ledger))
    ledger.start()
    world.holds(2)
    expect("ledger.topic_created_anew" in log(ledger)[mark:], "an alarm is logged")


def grown_beyond_the_old_end_while_the_ledger_is_stopped(ledger, world):
    expect(ledger.stop() == 0, "the ledger stopped")
    delete(ledger, EVENTS)
    ledger.feed(world.more(10))
    ledger.feed(world.facts * 2 + world.more(100))
    ledger.start()
    world.holds(3)


def created_anew_while_the_ledger_runs(ledger, world):
    half = world.chance.sample(world.facts, len(world.facts) // 2)
    delete(ledger, EVENTS)
    ledger.feed(half + world.more(30))
    world.holds(4)


def gone_for_a_while_while_the_ledger_runs(ledger, world):
    half = world.chance.sample(world.facts, len(world.facts) // 2)
    delete(ledger, EVENTS)
    time.sleep(4)
    ledger.feed(half + world.more(50))
    world.holds(5)


def grown_beyond_the_old_end_while_the_ledger_runs(ledger, world):
    """The worst: the consumer may go on in the middle of the new log without any error."""
    ledger.feed(world.more(40))
    world.holds(5)
    delete(ledger, EVENTS)
    ledger.feed(world.more(40) + world.facts * 3)
    world.holds(6)


def created_anew_between_two_questions_of_the_consumer(ledger, world):
    """Halted meanwhile, it sees no error at all: it goes on at its old offset, in the middle of the new log."""
    ledger.feed(world.more(10))
    world.holds(6)
    mark = len(log(ledger))
    ledger.process.send_signal(signal.SIGSTOP)
    try:
        delete(ledger, EVENTS)
        ledger.feed(world.more(30) + world.facts * 5)
    finally:
        ledger.process.send_signal(signal.SIGCONT)
    world.holds(7)
    expect("another record stands where one was applied" in log(ledger)[mark:], "found by the record")


def still_the_same_process(ledger, world):
    expect(ledger.process.poll() is None, "the ledger ended")
    ledger.feed(world.more(100))
    world.holds(7)


def outcomes(ledger, first, count):
    done = subprocess.run([str(base.BUILD / "tests/integration/c/feed_outcomes"), ledger.brokers, base.PREFIX, "shop",
                           "L0", str(first), str(count)], text=True, capture_output=True)
    expect(done.returncode == 0, done.stderr)


def history_holds(ledger, wanted):
    """wanted: {generation: pushes}."""
    def found():
        rows = ledger.sql("SELECT generation, count(*) FROM ledger.pushes GROUP BY 1 ORDER BY 1").splitlines()
        return {int(generation): int(count) for generation, count in (row.split("|") for row in rows)} == wanted
    until(60, found, f"the push history is {wanted}")


def outcomes_created_anew(ledger, world):
    outcomes(ledger, 1, 60)
    history_holds(ledger, {1: 60})
    delete(ledger, OUTCOMES)
    outcomes(ledger, 61, 30)
    history_holds(ledger, {1: 60, 2: 30})
    ledger.stop()
    delete(ledger, OUTCOMES)
    outcomes(ledger, 91, 90)
    ledger.start()
    history_holds(ledger, {1: 60, 2: 30, 3: 90})
    confirmed = ledger.sql("SELECT version FROM ledger.confirmations WHERE channel = 'shop' AND listing = 'L0'")
    expect(confirmed == "180", f"confirmed version {confirmed}")
    world.holds(7)


TESTS = [the_first_log_is_no_other_one, created_anew_while_the_ledger_is_stopped,
         grown_beyond_the_old_end_while_the_ledger_is_stopped, created_anew_while_the_ledger_runs,
         gone_for_a_while_while_the_ledger_runs, grown_beyond_the_old_end_while_the_ledger_runs,
         created_anew_between_two_questions_of_the_consumer, still_the_same_process, outcomes_created_anew]


def main():
    report = Report(sys.argv[1])
    ledger = base.Ledger(sys.argv[1])
    ledger.start()
    world = World(ledger)
    try:
        for function in TESTS:
            with report.test(function.__name__):
                function(ledger, world)
    finally:
        ledger.stop(signal.SIGKILL)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
