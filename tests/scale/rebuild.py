#!/usr/bin/env python3
"""What Kafka alone is worth: random events, folded by the ledger, then proved and rebuilt from the topic, with the rate of
each step. EVENTS (1000000), SKUS (2000), SEED (1); everything runs privately below var/rebuild and is removed at the end."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, ROOT, Failure, expect  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build/release")
EVENTS = int(os.environ.get("EVENTS") or 1000000)
SKUS = os.environ.get("SKUS") or "2000"
SEED = os.environ.get("SEED") or "1"
HOME = ROOT / "var/rebuild"
STILL_S = 120  # the ledger may be slow, but it goes on


def local(script, verb, *arguments):
    done = subprocess.run([str(LOCAL / script), verb, str(HOME), *arguments], text=True, capture_output=True)
    expect(done.returncode == 0, f"{script} {verb}: {done.stderr[-1000:]}")
    return done.stdout.strip()


def settings(role):
    return {"PATH": os.environ["PATH"], "STOCKBUS_KAFKA_BROKERS": local("broker", "address"),
            "STOCKBUS_DATABASE_URL": local("database", "url", role, "stockbus")}


def say(what, count, start, more=""):
    seconds = time.monotonic() - start
    print(f"{what:28} {count:>10} in {seconds:8.1f} s, {count / seconds:>9.0f}/s{more}", flush=True)


def applied():
    done = subprocess.run(["psql", "-XAtq", local("database", "url", "postgres", "stockbus"), "-c",
                           "SELECT coalesce(sum(next_offset), 0) FROM ledger.partitions WHERE topic = 'stockbus.events.v1'"],
                          text=True, capture_output=True, check=True)
    return int(done.stdout)


def feed():
    start = time.monotonic()
    done = subprocess.run([str(BUILD / "tests/integration/c/feed_random"), local("broker", "address"), "stockbus.",
                           str(EVENTS), SEED, SKUS], text=True, capture_output=True)
    expect(done.returncode == 0, done.stderr[-1000:])
    count = int(done.stdout.split()[0])
    say("put on the topic", count, start, f" ({done.stdout.strip()})")
    return count


def fold(count):
    environment = dict(settings("stockbus_ledger"), STOCKBUS_ADMIN_ADDRESS="127.0.0.1:0",
                       STOCKBUS_ASSESS_INTERVAL_MS="0")  # it would put events of its own on the topic
    with open(HOME / "ledger.log", "w") as log:
        ledger = subprocess.Popen([str(BUILD / "bin/ledger")], env=environment, stderr=log)
    start = last_at = time.monotonic()
    last = 0
    try:
        while last < count:
            time.sleep(0.5)
            expect(ledger.poll() is None, "the ledger ended: " + (HOME / "ledger.log").read_text()[-1000:])
            now = applied()
            if now > last:
                last, last_at = now, time.monotonic()
            expect(time.monotonic() - last_at < STILL_S, f"the ledger stands still at {last}")
        say("folded by the ledger", count, start)
    finally:
        ledger.send_signal(signal.SIGTERM)
        ledger.wait(60)


def stockctl(what, role, key, count, *arguments):
    start = time.monotonic()
    with open(HOME / "said", "w+") as said_to, open(HOME / "complaints", "w+") as complaints:
        process = subprocess.Popen([str(BUILD / "bin/stockctl"), *arguments, "--json"], env=settings(role),
                                   stdout=said_to, stderr=complaints)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    expect(process.returncode in (0, 1), f"exit {process.returncode}: {(HOME / 'complaints').read_text()[-1000:]}")
    said = json.loads((HOME / "said").read_text())
    say(what, count, start, f", {usage.ru_maxrss // 1024} MB at most, {usage.ru_utime + usage.ru_stime:.1f} s of CPU: {said}")
    expect(said[key] is True and said["events"] == count, f"{what}: not {key}")


def main():
    subprocess.run(["rm", "-rf", str(HOME)], check=True)
    HOME.mkdir(parents=True)
    try:
        local("broker", "start")
        local("database", "start")
        local("database", "migrate")
        count = feed()
        fold(count)
        stockctl("proved (verify)", "stockbus_audit", "verified", count, "verify")
        stockctl("rebuilt and compared", "postgres", "equal", count, "rebuild", "--into", "rebuilt")
        stockctl("rebuilt --fresh and compared", "postgres", "equal", count, "rebuild", "--into", "rebuilt", "--fresh")
        print(f"ok {count} events: proved, and rebuilt from Kafka equal by hash")
        return 0
    except Failure as failure:
        print(f"not ok {failure}")
        return 1
    finally:
        for server in ("broker", "database"):
            subprocess.run([str(LOCAL / server), "remove", str(HOME)], capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
