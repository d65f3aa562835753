#!/usr/bin/env python3
"""Which batches of two replicas meet, and which do not: races_test.py DIR (a database runs there).

Two transactions run the ledger's own statements step by step, each with a session beside at its snapshot, as lib/pg does
it. Of two that touch one SKU, order or listing one must fail to serialize; neighbours in an index must both commit."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, ROOT, Report, expect  # noqa: E402

SQL = ROOT / "services/ledger/sql"
DONE = "statement over"
FAILED = "40001"


def folding():
    """What ledger_session_folding sets, but for the time that it may be idle."""
    source = (ROOT / "services/ledger/session.c").read_text(encoding="utf-8")
    text = source[source.index("ledger_session_folding[]"):source.index("ledger_session_relaying[]")]
    return [word for word in re.findall(r'"SET ([^;"]+);?"', text) if "timeout" not in word]


def literal(value):
    if isinstance(value, (list, tuple)):
        return literal("{" + ",".join(f'"{item}"' for item in value) + "}")
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Session:
    """psql as the ledger's role."""

    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "VERBOSITY=sqlstate", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.prepared = set()
        self.run("SET search_path = ledger; " + "; ".join(f"SET {word}" for word in folding()))

    def run(self, text):
        """What it printed; an error is a line `ERROR:  SQLSTATE`."""
        self.process.stdin.write(f"{text};\n\\echo {DONE}\n")
        self.process.stdin.flush()
        lines = []
        for line in iter(self.process.stdout.readline, ""):
            if line.rstrip("\n") == DONE:
                break
            lines.append(line.rstrip("\n"))
        return lines

    def statement(self, name, *arguments):
        """One of the ledger's statements, by its file."""
        if name not in self.prepared:
            self.prepared.add(name)
            self.run(f"PREPARE {name} AS " + (SQL / f"{name}.sql").read_text(encoding="utf-8"))
        given = ", ".join(literal(argument) for argument in arguments)
        return self.run(f"EXECUTE {name}({given})" if given else f"EXECUTE {name}")

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


class Batch:
    """One transaction and the session beside it."""

    def __init__(self, url):
        self.main, self.side = Session(url), Session(url)
        snapshot = self.main.run("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT pg_export_snapshot()")[-1]
        self.side.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT " + literal(snapshot))
        self.said = []

    def do(self, name, *arguments):
        self.said += self.main.statement(name, *arguments)

    def watch(self, *skus):
        rows = [row.split("|") for row in self.side.statement("select_skus", skus)]
        self.do("watch_skus", [place for _, place in rows if place])

    def change(self, *skus):
        self.do("upsert_skus", skus)

    def order(self, channel, order, listing):
        """A line that is not there yet."""
        found = self.side.statement("select_lines", [channel], [order], ["1"])
        expect(found == [], f"the line is there: {found}")
        self.do("select_voided", [channel], [order])
        texts = {0: channel, 1: order, 2: "1", 3: listing, 8: "paid"}
        self.do("upsert_lines", *([texts[i]] if i in texts else [1] if i in (4, 5, 6, 7, 12, 13, 14, 15) else [""]
                                  for i in range(18)))

    def commit(self):
        """Whether it could."""
        self.said += self.main.run("COMMIT")
        self.main.close()
        self.side.close()
        unexpected = [line for line in self.said if "ERROR" in line and FAILED not in line and "25P02" not in line]
        expect(not unexpected, f"{unexpected}")
        return not any(FAILED in line for line in self.said)


class Database:
    def __init__(self, directory):
        self.name = f"races_{os.getpid()}"
        subprocess.run([str(LOCAL / "database"), "migrate", directory, self.name], check=True, capture_output=True)
        self.url = subprocess.run([str(LOCAL / "database"), "url", directory, "stockbus_ledger", self.name], check=True,
                                  text=True, capture_output=True).stdout.strip()

    def know(self, *skus):
        batch = Batch(self.url)
        batch.change(*skus)
        expect(batch.commit(), "nobody else was there")

    def two(self):
        return Batch(self.url), Batch(self.url)


def race(one, other, steps):
    """The steps of both by turns; which of them committed."""
    for step in steps:
        step()
    return [one.commit(), other.commit()]


def main():
    report = Report(sys.argv[1])
    database = Database(sys.argv[1])
    database.know("A", "B", "C", "D")

    with report.test("two batches that change one SKU: one fails"):
        one, other = database.two()
        one.watch("A")
        other.watch("A")
        one.change("A")
        expect(one.commit(), "the first")
        other.change("A")
        expect(not other.commit(), "the second wrote over the first")

    with report.test("each looks at what the other one changes, as with a bundle: one fails"):
        one, other = database.two()
        found = race(one, other, [lambda: one.watch("A", "B"), lambda: other.watch("A", "B"), lambda: one.change("A"),
                                  lambda: other.change("B")])
        expect(sorted(found) == [False, True], f"committed: {found}")

    with report.test("SKUs that are new to both: one fails"):
        one, other = database.two()
        one.watch("new")
        other.watch("new")
        one.change("new")
        expect(one.commit(), "the first")
        other.change("new")
        expect(not other.commit(), "both made it")

    with report.test("neighbours commit both: SKUs known and new, new orders of one channel"):
        one, other = database.two()
        found = race(one, other, [lambda: one.watch("C", "C1"), lambda: other.watch("D", "D1"),
                                  lambda: one.order("shop", "1001", "L-C"), lambda: other.order("shop", "1002", "L-D"),
                                  lambda: one.change("C", "C1"), lambda: other.change("D", "D1")])
        expect(found == [True, True], f"committed: {found}")

    with report.test("one order from two partitions: one fails"):
        one, other = database.two()
        one.order("shop", "2001", "L-C")
        expect(one.commit(), "the first")
        other.order("shop", "2001", "L-C")
        expect(not other.commit(), "the second wrote over the first")

    with report.test("a new line and the void of its order: one fails"):
        one, other = database.two()
        found = race(one, other, [
            lambda: other.do("select_lines_of", ["shop"], ["3001"], [""], [""]),
            lambda: one.order("shop", "3001", "L-C"),
            lambda: other.do("upsert_voided", ["shop"], ["3001"], [5], ["00000000-0000-0000-0000-000000000001"])])
        expect(sorted(found) == [False, True], f"committed: {found}")

    with report.test("an order of a listing that nobody mapped, and its mapping: one fails"):
        one, other = database.two()
        found = race(one, other, [
            lambda: one.do("select_mappings", ["shop"], ["L-new"]),
            lambda: other.do("select_lines_of", [""], [""], ["shop"], ["L-new"]),
            lambda: one.order("shop", "4001", "L-new"),
            lambda: other.do("insert_mappings", ["00000000-0000-0000-0000-000000000002"], ["shop"], ["L-new"], ["a"],
                             ["main"], [1])])
        expect(sorted(found) == [False, True], f"committed: {found}")

    return report.close()


if __name__ == "__main__":
    sys.exit(main())
