#!/usr/bin/env python3
"""The plans of the ledger's statements: plans_test.py DIR (a database runs there).

A batch may read single rows by the whole key of an index and nothing else: what a SERIALIZABLE transaction has looked at,
other replicas can't change without a conflict. The planner must not see that differently while tables are small or were
never analyzed, nor with many partitions of movements."""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, ROOT, Report, expect  # noqa: E402

SQL = ROOT / "services/ledger/sql"
# Run by the relay, by the assessor or at start, in sessions or transactions of their own.
ELSEWHERE = {"lock_relay", "select_outbox", "count_outbox", "delete_outbox", "lock_listings", "select_present_targets",
             "select_rights", "prepare_movements", "count_open", "select_comparisons", "store_partitions", "lock_assessor",
             "select_assessment", "update_assessment", "select_fast_skus", "select_next_skus", "select_sales",
             "select_lateness"}
ALLOWED = {"Function Scan", "ProjectSet", "Index Scan", "Tid Scan", "CTE Scan", "Subquery Scan", "Nested Loop", "ModifyTable",
           "Append", "Result", "Sort", "Unique", "Aggregate", "Limit", "LockRows", "Values Scan", "SetOp"}
# Statements that may look at more rows than the keys name, and why that is no harm.
WIDE = {"select_listings_of_rules": "a rule may have any scope, and rules are rare",
        "select_consignments": "what is being received has an index of its own, and is little",
        "select_rules": "rules are few, and the channel leads",
        "move_partitions": "the filter is the fence",
        "select_later_movements": "filed_ms >= occurred_ms, so the filter drops nothing: it leaves out months"}
LITERALS = {"uuid": "'00000000-0000-0000-0000-000000000000'", "text": "''", "bigint": "0", "integer": "0", "bytea": "''"}


def settings():
    """What ledger_session_folding sets."""
    source = (ROOT / "services/ledger/session.c").read_text(encoding="utf-8")
    folding = source[source.index("ledger_session_folding[]"):source.index("ledger_session_relaying[]")]
    return "".join(f"SET {word};" for word in re.findall(r'"SET ([^;"]+);?"', folding))


class Database:
    def __init__(self, directory):
        self.name = f"plans_{os.getpid()}"
        subprocess.run([str(LOCAL / "database"), "migrate", directory, self.name], check=True, capture_output=True)
        self.url = subprocess.run([str(LOCAL / "database"), "url", directory, "postgres", self.name], check=True, text=True,
                                  capture_output=True).stdout.strip()

    def sql(self, text):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, "-c", text], capture_output=True,
                              text=True)
        expect(done.returncode == 0, done.stderr)
        return done.stdout

    def plan(self, name):
        text = (SQL / f"{name}.sql").read_text(encoding="utf-8")
        types = dict(re.findall(r"\$(\d+)::(\w+(?:\[\])?)", text))
        arguments = ", ".join("'{}'" if types[str(number + 1)].endswith("[]") else LITERALS[types[str(number + 1)]]
                              for number in range(len(types)))
        call = f"EXECUTE it({arguments})" if types else "EXECUTE it"
        out = self.sql(f"SET search_path = ledger; {settings()} PREPARE it AS {text}; EXPLAIN (FORMAT json) {call}")
        return json.loads(out)[0]["Plan"]


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def check(database, name):
    for node in nodes(database.plan(name)):
        kind, where = node["Node Type"], f"{name}: {node['Node Type']} on {node.get('Relation Name', '')}"
        expect(kind in ALLOWED, f"{where} is not allowed")
        if name in WIDE:
            continue
        expect("Join Filter" not in node, f"{where} joins by a filter: {node.get('Join Filter')}")
        if kind == "Index Scan":
            expect("Index Cond" in node, f"{where} reads the whole index {node['Index Name']}")
            dropped = node.get("Filter", "").replace("|| ''::text", "")  # written so that no other index fits
            expect("Filter" not in node or dropped != node["Filter"], f"{where} by {node['Index Cond']} drops rows that it read: "
                   f"{node.get('Filter')}")


def months(database):
    database.sql("SELECT ledger.prepare_movements(12)")
    return int(database.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'ledger.movements'::regclass"))


def main():
    report = Report(sys.argv[1])
    database = Database(sys.argv[1])
    names = sorted(path.stem for path in SQL.glob("*.sql") if path.stem not in ELSEWHERE)
    for name in names:
        with report.test(f"{name} reads by key"):
            check(database, name)
    with report.test("so do all with a year of partitions, analyzed while empty"):
        made = months(database)
        expect(made > 12, f"{made} partitions")
        database.sql("ANALYZE")
        for name in names:
            check(database, name)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
