#!/usr/bin/env python3
"""Debian's Prometheus scrapes the running suite with the rules of deploy/k8s: every alert is made to fire by what it is about,
names what is in trouble, and is gone when that is over. `ALERTS=names` runs only the groups that have one of them."""

import concurrent.futures
import os
import pathlib
import signal
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import rules  # noqa: E402
import table  # noqa: E402
from cluster import NAMESPACE  # noqa: E402
from harness.suite import ROOT, Failure, Logs, Suite, expect, until  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from world import World  # noqa: E402

MONITORING = ROOT / "deploy/k8s/components/monitoring"
FIRES_S, CLEARS_S = 240, 240


class Bench:
    def __init__(self, world, prometheus, severities):
        self.world, self.prometheus, self.severities = world, prometheus, severities
        self.lines = {}  # alert: what the table shows
        self.failed = []
        self.named = set()  # (alert, channel) that fired

    def labels_of(self, row):
        return {"alertname": row.alert, "severity": self.severities[row.alert], "namespace": NAMESPACE, **row.labels}

    def is_firing(self, row):
        wanted = self.labels_of(row).items()
        return [labels for labels in self.firing() if wanted <= labels.items()]

    def firing(self):
        found = self.prometheus.firing()
        self.named |= {(labels["alertname"], labels["channel"]) for labels in found if "channel" in labels}
        return found

    def run_row(self, row, begun):
        found = until(FIRES_S, lambda: self.is_firing(row),
                      lambda: f"{row.alert} fires with {self.labels_of(row)}, now {self.seen(row)},")
        return time.monotonic() - begun, found[0]

    def seen(self, row):
        states = [(alert["state"], alert["labels"]) for alert in self.prometheus.ask("alerts")["alerts"]
                  if alert["labels"]["alertname"] == row.alert]
        return states or "not even pending"

    def gone(self, row, ended):
        until(CLEARS_S, lambda: not self.is_firing(row), lambda: f"{row.alert} is gone")
        return time.monotonic() - ended

    def run_trouble(self, trouble):
        """Lines of the table; what failed is told, and the others go on."""
        for row in trouble.rows:
            if not row.stands and self.is_firing(row):
                self.fail(row.alert, "it fires before anything was done")
        begun = time.monotonic()
        fired = {}
        try:
            with concurrent.futures.ThreadPoolExecutor(len(trouble.rows) + 1) as pool:
                doing = pool.submit(trouble.do, self.world)
                waiting = {row.alert: (row, pool.submit(self.run_row, row, begun)) for row in trouble.rows}
                doing.result()
                for alert, (row, future) in waiting.items():
                    fired[alert] = self.result(alert, future.result)
        except Exception:
            self.fail(trouble.rows[0].alert, traceback.format_exc())
        finally:
            for one in [lambda: trouble.undo(self.world)]:
                self.result(trouble.rows[0].alert, one)
        ended = time.monotonic()
        for row in trouble.rows:
            clears = self.result(row.alert, lambda row=row: self.gone(row, ended))
            if fired.get(row.alert) and clears is not None:
                seconds, labels = fired[row.alert]
                self.lines[row.alert] = (row, trouble.cause, seconds, clears, labels)
                print(f"ok {row.alert}: {seconds:.0f} s, {clears:.0f} s", flush=True)

    def result(self, alert, call):
        try:
            return call()
        except Failure as failure:
            self.fail(alert, str(failure))
        except Exception:
            self.fail(alert, traceback.format_exc())
        return None

    def fail(self, alert, text):
        self.failed.append(alert)
        print(f"not ok {alert}\n    " + text.strip().replace("\n", "\n    "), flush=True)

    def run_group(self, name, troubles, is_by_channel):
        logs = Logs(self.world.home)
        begun, failures = time.monotonic(), len(self.failed)
        self.named.clear()
        print(f"--- {name}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(len(troubles)) as pool:
            list(pool.map(self.run_trouble, troubles))
        wrong = {pair for pair in self.named if pair[1] in table.WELL}
        if is_by_channel and wrong:
            self.fail("a channel that is well", f"is named: {sorted(wrong)}")
        if len(self.failed) > failures:
            logs.show()
        print(f"    {time.monotonic() - begun:.0f} s", flush=True)
        self.world.rest()  # nothing of a group is left when the next one begins


def shown(labels):
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items())
                     if name not in ("alertname", "namespace", "severity", "job", "endpoint", "instance"))


def show(bench, groups, seconds):
    print(f"\n{'alert':<28} {'fires s':>7} {'gone s':>6} {'factor':>6}  labels; cause")
    for _, (row, cause, fires, clears, labels) in sorted(bench.lines.items()):
        scaled = f", {', '.join(map(str, row.seconds))} s shortened too" if row.seconds else ""
        told = "" if row.teller == table.SERVICES else f" [told by {row.teller}, played by the test]"
        print(f"{row.alert:<28} {fires:7.0f} {clears:6.0f} {row.factor:6}  {shown(labels) or '-'}; {cause}{scaled}{told}")
    by_services = sum(line[0].teller == table.SERVICES for line in bench.lines.values())
    rows = [row for _, troubles, _ in groups for trouble in troubles for row in trouble.rows]
    print(f"\n{len(bench.lines)} of {len(rows)} alerts fired and cleared in {seconds:.0f} s: {by_services} told by the services "
          f"themselves, {len(bench.lines) - by_services} of causes that are real, told by what plays kube-state-metrics")


def chosen():
    names = set(filter(None, os.environ.get("ALERTS", "").split(",")))
    return [(name, troubles, by_channel) for name, troubles, by_channel in table.GROUPS
            if not names or names & {row.alert for trouble in troubles for row in trouble.rows}]


def check_table(known):
    named = [row.alert for row in table.ROWS]
    expect(not set(known) - set(named), f"alerts without a row: {sorted(set(known) - set(named))}")
    expect(not set(named) - set(known), f"rows without an alert: {sorted(set(named) - set(known))}")
    expect(len(set(named)) == len(named), "an alert has two rows")


def main():
    for number in (signal.SIGINT, signal.SIGTERM):  # what was started is stopped
        signal.signal(number, lambda *_: sys.exit(2))
    known, groups = rules.read(MONITORING / "rules.yaml")
    check_table(known)
    terms = {row.alert: (row.factor, row.seconds) for row in table.ROWS}
    home = ROOT / "var/test-alerts"
    begun = time.monotonic()
    with Suite(home, channels=table.CATALOGUE, products=2, variants=2, stock=3000, buffer=2, poll_ms=1000) as suite:
        world = World(suite, table.WELL)
        prometheus = Prometheus(home / "prometheus", MONITORING / "pod-monitor.yaml", rules.shorten(groups, terms), NAMESPACE,
                                world.cluster.port)
        try:
            world.prometheus = prometheus
            world.cluster.when_changed = prometheus.write_targets
            world.cluster.tell()
            bench = Bench(world, prometheus, {name: rule["labels"]["severity"] for name, rule in known.items()})
            world.warm_up()
            print(f"suite and Prometheus are up after {time.monotonic() - begun:.0f} s", flush=True)
            for group in chosen():
                bench.run_group(*group)
        finally:
            prometheus.stop()
            world.close()
    show(bench, chosen(), time.monotonic() - begun)
    if bench.failed:
        print(f"failed: {', '.join(sorted(set(bench.failed)))}")
    print(f"{len(bench.lines)} passed, {len(set(bench.failed))} failed")
    return 1 if bench.failed or not bench.lines else 0


if __name__ == "__main__":
    sys.exit(main())
