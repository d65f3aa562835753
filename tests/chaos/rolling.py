#!/usr/bin/env python3
"""A rolling restart of every service under load, by the signals and in the order of Kubernetes: the next replica is started
and ready first, the old one leaves the endpoints, then SIGTERM, then exit 0 within its grace. Then publishers from one to
four and back. Nothing is lost, nothing comes twice, p99 stays within the objective, no channel throttles."""

import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.replica import GRACE_S, Replica  # noqa: E402
from harness.suite import ROOT, Report, Suite, expect, percentiles, until  # noqa: E402
from kill import expect_once  # noqa: E402

PER_SECOND = 10
SECONDS = 40
P99_MS = 5000  # the peers' claim; the figure is printed
LEAVES_S = 1  # endpoints follow readiness a moment later


class Endpoints:
    """What a Service is to ingest: new connections go to the port in force, old ones stay where they are."""

    def __init__(self, port):
        self.port = None
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256, reuse_port=False)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                if self.listener.fileno() < 0:
                    return
                near.close()
                continue
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    @staticmethod
    def pump(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for each in (one, other):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Rollout:
    def __init__(self, suite):
        self.suite = suite
        directory = pathlib.Path(suite.directory) / "suite"
        port = int((directory / "ports/ingest").read_text())
        self.replicas = {name: Replica(suite, name) for name in
                         ["ingest", "ledger"] + [f"publisher-{channel}" for channel in suite.channels]}
        for name in self.replicas:
            suite.script("halt", name)
        self.endpoints = Endpoints(port)
        self.point(self.replicas["ingest"])

    def point(self, replica):
        self.endpoints.port = replica.ports["STOCKBUS_INGEST_ADDRESS"]

    def start(self, name):
        # The first process's settings are what every later one gets: it is gone, its copy lives.
        pids = pathlib.Path(self.suite.directory) / f"suite/pids/{name}"
        pids.write_text(str(self.replicas[name].process.pid))
        return Replica(self.suite, name)

    def roll(self, name):
        following = self.start(name)
        if name == "ingest":
            self.point(following)
            time.sleep(LEAVES_S)
        seconds = self.replicas[name].stop()
        self.replicas[name] = following
        return seconds

    def stop(self):
        self.endpoints.close()
        for replica in self.replicas.values():
            replica.process.terminate()
        for replica in self.replicas.values():
            replica.process.wait(GRACE_S)


def sell(suite, seed):
    suite.control("trace", {"orders": PER_SECOND * SECONDS, "per_second": PER_SECOND, "channels": suite.channels,
                            "quantity_max": 2, "listings_max": 2, "seed": seed})


def judge(suite, since):
    until(300, lambda: not suite.control("trace")["running"], "the trace ends")
    suite.settle(300)
    lines = expect_once(suite)
    times = [int(row[0]) for row in suite.sql(
        "SELECT confirmed_ms - received_ms FROM ledger.pushes WHERE result = 'confirmed' AND received_ms > 0 AND "
        f"to_timestamp(confirmed_ms / 1000.0) > '{since}'")]
    figures = percentiles(times)
    print(f"    {lines} lines each once; received to confirmed p50 {figures['p50']} ms, p99 {figures['p99']} ms, "
          f"max {figures['max']} ms, {len(times)} pushes")
    expect(figures["p99"] <= P99_MS, f"p99 {figures['p99']} ms")
    throttled = {channel: suite.counters(channel).get("throttled", 0) for channel in suite.channels}
    expect(not any(throttled.values()), f"throttled: {throttled}")


def restart_all(suite, rollout):
    since = suite.sql("SELECT clock_timestamp()")[0][0]
    sell(suite, 1)
    for name in list(rollout.replicas):
        time.sleep(2)
        print(f"    {name}: the old one ended {rollout.roll(name):.1f} s after SIGTERM, exit 0")
    judge(suite, since)


def scale(suite, rollout):
    since = suite.sql("SELECT clock_timestamp()")[0][0]
    sell(suite, 2)
    name = f"publisher-{suite.channels[0]}"
    more = [rollout.start(name) for _ in range(3)]
    time.sleep(SECONDS / 3)
    ends = [replica.stop() for replica in more]
    print(f"    three more of {name} came and went, {', '.join(f'{end:.1f}' for end in ends)} s after SIGTERM")
    judge(suite, since)


def main():
    home = ROOT / "var/test-rolling"
    report = Report(home)
    with Suite(home, products=20, variants=3, stock=3000, buffer=2, poll_ms=1000) as suite:
        suite.remember_initial()
        rollout = Rollout(suite)
        try:
            with report.test("every service is restarted under load, the next one first"):
                restart_all(suite, rollout)
            with report.test("publishers from one to four and back under load"):
                scale(suite, rollout)
            with report.test("at rest: conserved, and every channel reconciles"):
                suite.expect_sound()
        finally:
            rollout.stop()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
