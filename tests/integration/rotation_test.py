#!/usr/bin/env python3
"""Secrets that are replaced while everything flows, on a real broker and database that run in DIR: rotation_test.py DIR

Ingest, a ledger and a publisher of this test's own. Two channels notify without a pause, with two schemes of signatures;
their units are one SKU's, so each order of one is a push to the other. Meanwhile every secret is replaced, as the kubelet
does it. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import json
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness.stack import (  # noqa: E402
    LONG, OWN, OWN_LISTING, SHOPIFY, Mounted, Program, Shop, Stream, facts, feed, own_account, own_spec, server,
    shopify_account, sql)
from harness.suite import Report, expect, free_port, until  # noqa: E402
from ingest_test import Topics  # noqa: E402

UNITS = 100000
REFRESH_S = 2  # of ingest
FIRST = {SHOPIFY: "shopify-secret-1", OWN: "whsec_Zmlyc3Qgc2VjcmV0IG9mIG91ciBvd24gc2hvcA=="}
SECOND = {SHOPIFY: "shopify-secret-2", OWN: "whsec_dGhlIHNlY29uZCBvbmUsIHdoaWNoIGlzIGxvbmdlcg=="}
PATIENT = {"STOCKBUS_PRODUCE_MS": "40000", "STOCKBUS_ANSWER_MS": "45000", "STOCKBUS_REQUEST_MS": "60000"}


class Bench:
    def __init__(self, directory, work):
        self.directory, self.work = directory, pathlib.Path(work)
        self.prefix, self.database = f"rotation{os.getpid()}.", f"rotation_{os.getpid()}"
        self.brokers = server("broker", "address", directory)
        server("database", "migrate", directory, self.database)
        self.admin_url = server("database", "url", directory, "postgres", self.database)
        self.shop = Shop("key-1")
        self.secrets = {
            SHOPIFY: Mounted(self.work / "secrets/shopify", {"secret": FIRST[SHOPIFY]}),
            OWN: Mounted(self.work / "secrets/own", {"secret": FIRST[OWN], "token": "key-1"})}
        self.channels = Mounted(self.work / "channels", self.accounts())
        self.admin = Mounted(self.work / "admin", {"token": "token-1"})
        self.login = Mounted(self.work / "database", {"url": self.url("password-1")})
        feed(self.brokers, self.prefix, facts(UNITS))
        Topics(str(self.work), self.brokers, self.prefix, str(self.channels.path)).create()
        common = {"STOCKBUS_KAFKA_BROKERS": self.brokers, "STOCKBUS_TOPIC_PREFIX": self.prefix,
                  "STOCKBUS_CHANNELS_FILE": str(self.channels.path)}
        self.port = free_port()
        self.ingest = Program("ingest", work, STOCKBUS_INGEST_ADDRESS=f"127.0.0.1:{self.port}",
                              STOCKBUS_ADMIN_TOKEN_FILE=self.admin["token"], **common, **PATIENT)
        self.publisher = Program("publisher", work, STOCKBUS_CHANNEL=OWN, **common)
        del common["STOCKBUS_CHANNELS_FILE"]
        self.ledger = Program("ledger", work, STOCKBUS_DATABASE_URL_FILE=self.login["url"],
                              STOCKBUS_ASSESS_INTERVAL_MS="0", **common)
        self.programs = (self.ledger, self.ingest, self.publisher)
        self.streams = {}

    def url(self, password):
        plain = server("database", "url", self.directory, "stockbus_ledger", self.database)
        return plain.replace("stockbus_ledger@", f"stockbus_ledger:{password}@")

    def accounts(self):
        return {"shopify-main.yaml": shopify_account(self.secrets[SHOPIFY]),
                "own-shop.yaml": own_account(self.secrets[OWN], self.shop.url), "own-shop.spec": own_spec()}

    # The server asks this database's ledger for its password; all else is let in as before.

    def hba(self, change):
        path = pathlib.Path(sql(self.admin_url, "SHOW hba_file")[0][0])
        line = f"host {self.database} stockbus_ledger 127.0.0.1/32 scram-sha-256\n"
        text = path.read_text()
        path.write_text(line + text if change == "ask" else text.replace(line, ""))
        sql(self.admin_url, "SELECT pg_reload_conf()")

    def set_password(self, password):
        sql(self.admin_url, f"ALTER ROLE stockbus_ledger PASSWORD '{password}'")

    def cut_sessions(self):
        """How many the ledger had."""
        return len(sql(self.admin_url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
                                       "'stockbus_ledger' AND datname = current_database()"))

    # ---- life

    def start(self):
        self.set_password("password-1")
        self.hba("ask")
        for program in self.programs:
            program.start()
        until(LONG, lambda: self.shop.shown.get(OWN_LISTING) == UNITS, lambda: f"the shop shows {self.shop.shown}")
        self.streams = {channel: Stream(self.port, channel, FIRST[channel]) for channel in (SHOPIFY, OWN)}

    def flow(self, some=20):
        """Until each channel had so many more taken, and a push more went to the shop."""
        taken = {channel: len(stream.accepted) for channel, stream in self.streams.items()}
        pushes = self.shop.taken
        until(LONG, lambda: all(len(self.streams[channel].accepted) >= taken[channel] + some for channel in taken) and
              self.shop.taken > pushes, "notifications and pushes flow")

    def none_refused(self):
        for channel, stream in self.streams.items():
            expect(not stream.refused, f"{channel}: {len(stream.refused)} of "
                                       f"{len(stream.refused) + len(stream.accepted)} refused: {stream.refused[:3]}")

    def post_fact(self, token):
        """Status."""
        body = json.dumps({"kind": "stock_counted", "sku": "OTHER", "pool": "main", "bucket": "sellable", "quantity": 1,
                           "reason": "count"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/events", body, {
            "Content-Type": "application/json", "Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=LONG) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def close(self):
        for stream in self.streams.values():
            stream.stop()
        for program in self.programs:
            program.stop()
        self.hba("trust")
        sql(self.admin_url, "ALTER ROLE stockbus_ledger PASSWORD NULL")


# ---- webhook secrets


def ready_with(bench, channel, secret):
    """The channel takes this one. The probe is an order like any other."""
    stream = bench.streams[channel]
    number = next(Stream.numbers)

    def taken():
        if stream.send(number, secret)[0] == 200:
            stream.accepted.append(number)
            return True
        return False

    until(LONG, taken, f"{channel} takes the secret {secret}")


def a_secret_is_replaced_in_three_steps(bench, channel):
    """docs/operate.md: both are there, the sender changes, the old one goes. Files and what names them are two volumes,
    which the kubelet changes one after the other, in either order."""
    mounted, stream = bench.secrets[channel], bench.streams[channel]
    others = {"token": "key-1"} if channel == OWN else {}
    mounted.put({"secret": FIRST[channel], "second_secret": SECOND[channel], **others})
    bench.flow()
    bench.channels.put(bench.accounts())
    ready_with(bench, channel, SECOND[channel])
    bench.flow()
    stream.secret = SECOND[channel]
    bench.flow()
    ready_with(bench, channel, FIRST[channel])  # both, as long as the window is open
    told = len(bench.ingest.logs("ingest.channels_unreadable"))
    mounted.put({"secret": SECOND[channel], **others})
    until(LONG, lambda: len(bench.ingest.logs("ingest.channels_unreadable")) > told,
          "ingest tells of a channels file that names a file that is gone")
    bench.flow()
    bench.channels.put(bench.accounts())
    number = next(Stream.numbers)
    taken = []

    def refused():
        status = stream.send(number, FIRST[channel])[0]
        if status == 200:
            taken.append(number)
        return status == 401

    until(LONG, refused, f"{channel} refuses the old secret")
    stream.accepted.extend(taken[:1])
    bench.flow()
    bench.none_refused()


def shopify_secret(bench):
    a_secret_is_replaced_in_three_steps(bench, SHOPIFY)


def own_secret(bench):
    a_secret_is_replaced_in_three_steps(bench, OWN)


def broken_files(bench):
    """By hand, without the kubelet's care. (Of one that is written slowly tests/unit/channels/live_test tells.)"""
    mounted = bench.secrets[SHOPIFY]
    path = pathlib.Path(os.path.realpath(mounted["secret"]))
    told = len(bench.ingest.logs("ingest.channels_unreadable"))
    for why in ("want one line of text", "No such file"):
        if "No such" in why:
            path.unlink()
        else:
            path.write_text("")
        until(LONG, lambda: any(why in line["why"] for line in bench.ingest.logs("ingest.channels_unreadable")[told:]),  # noqa: B023
              f"ingest tells: {why}")
        bench.flow()
    path.write_text(SECOND[SHOPIFY])
    bench.flow()
    bench.none_refused()


# ---- others


def admin_token(bench):
    expect(bench.post_fact("token-1") == 202, "the first token is not taken")
    pathlib.Path(os.path.realpath(bench.admin["token"])).write_text("")
    time.sleep(1.5 * REFRESH_S)
    expect(bench.post_fact("token-1") == 202, "an empty file took the token away")
    expect(bench.post_fact("") == 401, "an empty token is taken")
    bench.admin.put({"token": "token-2\n"})
    until(LONG, lambda: bench.post_fact("token-2") == 202, "the new token is taken")
    expect(bench.post_fact("token-1") == 401, "the old token is taken still")
    expect("token-2" not in bench.ingest.log(), "the token is in the log")
    bench.none_refused()


def token_of_the_channel(bench):
    """The worst order: the shop gives a new key, and knows the old one no more, before the file has it."""
    bench.flow()
    bench.shop.keys = {"key-2"}
    until(LONG, lambda: bench.shop.refused > 0, "a push is refused")
    bench.secrets[OWN].put({"secret": SECOND[OWN], "token": "key-2"})
    bench.flow()
    rejected = sql(bench.admin_url, "SELECT result, error_class, count(*) FROM ledger.pushes WHERE result IN "
                                    "('rejected', 'escalated') GROUP BY 1, 2")
    expect(not rejected, f"pushes failed for good: {rejected}")
    expect(bench.publisher.logs("publisher.credentials_refused"), "the log does not tell of refused credentials")
    bench.none_refused()


def password_of_the_database(bench):
    bench.set_password("password-2")
    bench.flow()  # sessions that are open stay
    cut = bench.cut_sessions()
    expect(cut > 0, "the ledger had no session")
    until(LONG, lambda: "28P01" in bench.ledger.log(), "the ledger is refused with the old password")
    until(LONG, lambda: not bench.ledger.ready()[0], "the ledger says that it is not ready")
    words = bench.ledger.ready()[1]
    expect("database" in words and "password-" not in bench.ledger.log(), f"it says {words}")
    bench.login.put({"url": bench.url("password-2")})
    until(LONG, lambda: bench.ledger.ready()[0], "the ledger is let in with the new password")
    bench.flow()
    expect(not bench.ledger.is_gone(), "the ledger ended")
    bench.none_refused()


def at_rest(bench):
    """Whatever was taken is on the topic and has its effect, once."""
    for stream in bench.streams.values():
        stream.stop()
    bench.none_refused()
    bodies = b"".join(value for _, _, value in Topics(str(bench.work), bench.brokers, bench.prefix, "").read("events"))
    marks = {SHOPIFY: rb'"name": "#(\d+)"', OWN: rb"own-(\d+)"}
    total = 0
    for channel, stream in bench.streams.items():
        there = {int(number) for number in re.findall(marks[channel], bodies)}
        lost = set(stream.accepted) - there
        expect(not lost, f"{channel}: {len(lost)} of {len(stream.accepted)} are not on the topic: {sorted(lost)[:3]}")
        total += len(set(stream.accepted))
        print(f"    {channel}: {len(stream.accepted)} notifications, 0 refused, all on the topic")
    left = UNITS - total
    until(LONG, lambda: sql(bench.admin_url, "SELECT available FROM api.stock WHERE sku = 'TEE'") == [[str(left)]],
          lambda: f"{left} are available: {sql(bench.admin_url, 'SELECT sku, available FROM api.stock')}")
    until(LONG, lambda: bench.shop.shown == {OWN_LISTING: left}, lambda: f"{left} are shown: {bench.shop.shown}")
    print(f"    {bench.shop.taken} pushes taken, {bench.shop.refused} refused and sent again")
    expect([program.name for program in bench.programs if program.is_gone()] == [], "a program ended")
    expect([program.stop() for program in bench.programs] == [0, 0, 0], "a program did not stop with exit 0")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: rotation_test.py DIR")
    tests = (
        ("a webhook secret is replaced in three steps, none refused: HMAC of the body", shopify_secret),
        ("a webhook secret is replaced in three steps, none refused: Standard Webhooks", own_secret),
        ("an empty, torn or missing file changes nothing and is told", broken_files),
        ("the admin token is replaced without a restart", admin_token),
        ("a channel's token is replaced: pushes wait, none fails for good", token_of_the_channel),
        ("the database's password is replaced: the ledger waits for the file", password_of_the_database),
        ("all that was taken counts once", at_rest),
    )
    with tempfile.TemporaryDirectory(prefix="rotation-test-") as work:
        report = Report(work)
        bench = Bench(sys.argv[1], work)
        try:
            with report.test("everything flows"):
                bench.start()
                bench.flow()
            for name, function in tests:
                with report.test(name):
                    function(bench)
        finally:
            bench.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
