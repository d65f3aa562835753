#!/usr/bin/env python3
"""A shop that only a spec describes beside Shopify: generic_test.py DIR

A suite of its own runs beside DIR, with the house shop of the sandbox and docs/examples/house-shop.yaml. One line per
check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import base64
import json
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import marketplace  # noqa: E402
from harness.suite import ROOT, expect, until  # noqa: E402

SPEC = ROOT / "docs/examples/house-shop.yaml"


def channel(suite, name):
    catalogue = json.loads((pathlib.Path(suite.directory) / "suite/sandbox.json").read_text())
    return next(one for one in catalogue["channels"] if one["name"] == name)


def fetch(suite, name, path, token):
    port = (pathlib.Path(suite.directory) / "suite/ports/sandbox").read_text().strip()
    url = f"http://127.0.0.1:{port}/{name}{path}"
    if token is None:
        own = channel(suite, name)
        pair = base64.b64encode(f"{own['token']}:{own['token_secret']}".encode()).decode()
        request = urllib.request.Request(url, data=b"grant_type=client_credentials", headers={
            "Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"})
    else:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def rows(suite, snapshot, form):
    done = subprocess.run([suite.environment["SUITE_BIN"] + "/reconciler", "rows", "--kind", "generic", "--spec", str(SPEC),
                           "--format", form], input=snapshot, capture_output=True)
    expect(done.returncode == 0, f"{form}: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def a_kill_while_it_sells_loses_nothing(suite, name):
    """Ingest and publisher die in the middle; notifications that found nobody come again, or the poll has them."""
    publisher = f"publisher-{name}"
    for victim in ("ingest", publisher, "ledger"):
        marketplace.sell_in_turn(suite, name, 6)
        marketplace.sell_in_turn(suite, marketplace.SHOP, 3)
        suite.script("kill", victim)
        marketplace.sell_in_turn(suite, name, 6)
        suite.script("run", victim)
    suite.settle(marketplace.LONG)
    marketplace.expect_no_conflict(suite)


def echoes_of_pushes_are_known(suite, name):
    """The shop tells of every quantity that it is told: what comes back is no stranger's edit."""
    def echoes():
        return dict(suite.sql("SELECT e.means, count(*) FROM api.echoes e JOIN ledger.events v USING (event_id) "
                              f"WHERE v.channel = '{name}' GROUP BY 1"))

    before = int(echoes().get("echo", 0))
    marketplace.sell_in_turn(suite, marketplace.SHOP, 4)
    suite.settle(marketplace.LONG)
    until(marketplace.LONG, lambda: int(echoes().get("echo", 0)) >= before + 4, lambda: f"four echoes: {echoes()}")


def an_edit_by_somebody_else_is_seen_and_written_over(suite, name):
    listing = marketplace.keys(suite, name)[0]
    seen = marketplace.events(suite, name, "observation")
    suite.control("edit", {"channel": name, "listing": listing, "quantity": 1})
    until(marketplace.LONG, lambda: marketplace.events(suite, name, "observation") > seen, "the edit is observed")
    suite.control("edit", {"channel": name, "listing": listing, "quantity": suite.targets()[(name, listing)]})
    suite.settle(marketplace.LONG)


def both_snapshots_have_the_same_rows(suite, name):
    """The spreadsheet in Cp1252, and JSON lines, of which the CSV's columns have other names."""
    token = json.loads(fetch(suite, name, "/oauth/token", None))["access_token"]
    sheet = fetch(suite, name, "/stock.csv", token)
    expect(sheet.startswith(b"Artikel;SKU;Titel;Bestand;Ge\xe4ndert\r\n"), f"no such spreadsheet: {sheet[:300]}")
    lines = [json.loads(line) for line in fetch(suite, name, "/stock.jsonl", token).splitlines()]
    renamed = b"\n".join(json.dumps({"Artikel": one["variant"], "SKU": one["sku"], "Bestand": one["quantity"],
                                     "Ge\u00e4ndert": one["changed_at"]}, ensure_ascii=False).encode("cp1252")
                         for one in lines)
    of_sheet = rows(suite, sheet, "csv")
    expect(of_sheet == rows(suite, renamed, "jsonl"), "the rows differ")
    shown = {listing: quantity for (one, listing), quantity in suite.shown().items() if one == name}
    expect({row["listing"]: row["quantity"] for row in of_sheet} == shown, f"{of_sheet} instead of {shown}")


def what_the_snapshot_differs_in_is_told(suite, name):
    listing = marketplace.keys(suite, name)[0]
    suite.control("faults", {"channel": name, "drop": 1})  # the edit is not told
    suite.control("edit", {"channel": name, "listing": listing, "quantity": 3})
    # For a moment it may be a sale on its way.
    done = until(marketplace.LONG, lambda: next((one for one in [suite.reconcile(name)] if one.returncode == 1), None),
                 "the snapshot differs")
    suite.control("faults", {"channel": name})
    expect(listing in done.stdout, done.stdout[-1000:])
    suite.control("edit", {"channel": name, "listing": listing, "quantity": suite.targets()[(name, listing)]})
    suite.settle(marketplace.LONG)


if __name__ == "__main__":
    sys.exit(marketplace.run("generic", "house-main", sys.argv, (
        ("a kill -9 of each service while it sells loses nothing", a_kill_while_it_sells_loses_nothing),
        ("echoes of pushes are known as such", echoes_of_pushes_are_known),
        ("an edit by somebody else is seen and written over", an_edit_by_somebody_else_is_seen_and_written_over),
        ("CSV and JSONL have the same rows", both_snapshots_have_the_same_rows),
        ("what a snapshot differs in is told", what_the_snapshot_differs_in_is_told),
    ), usual=marketplace.THIN + marketplace.RETURNS))
