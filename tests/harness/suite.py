"""A real suite (broker, database, services, sandbox marketplaces) driven from outside, for the black-box tests."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import traceback
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCAL = ROOT / "deploy/local"


class Failure(Exception):
    """What a check found; its text is shown."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def until(seconds, condition, text):
    """Polls until condition() is true and returns its value; else fails with its last value and the text, or what the
    text gives when it is a function."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{text() if callable(text) else text} within {seconds} s (last: {value!r})")
        time.sleep(0.1)


def free_port():
    """A port to listen on that nobody else is given meanwhile."""
    done = subprocess.run(["bash", "-c", 'source "$0" && free_port', str(LOCAL / "lib.sh")], check=True, text=True,
                          capture_output=True)
    return int(done.stdout)


class Lateness:
    """How late this process wakes up at worst, from now on: so late may others be on a busy machine."""

    def __init__(self):
        self.worst = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        before = time.monotonic()
        while not self.over.wait(0.01):
            now = time.monotonic()
            self.worst = max(self.worst, now - before - 0.01)
            before = now

    def stop(self):
        """Seconds."""
        self.over.set()
        self.thread.join()
        return self.worst


class Logs:
    """What the programs of a folder log from now on, or all that they did."""

    WHERE = ("*.log", "suite/logs/*.log", "kafka/*.log", "postgres/log")
    LINES = 15  # of each

    def __init__(self, directory, whole=False):
        self.directory = pathlib.Path(directory)
        self.begin = {} if whole else {path: path.stat().st_size for path in self.files()}

    def files(self):
        return sorted(path for pattern in self.WHERE for path in self.directory.glob(pattern))

    def bad(self, path):
        """Warnings and errors; of our own programs also whatever is no log line, such as a sanitizer's report."""
        with path.open("rb") as file:
            file.seek(self.begin.get(path, 0))
            lines = file.read().decode(errors="replace").splitlines()
        server = path.parent.name in ("kafka", "postgres")
        worth = re.compile(r"\b(WARN|WARNING|ERROR|FATAL|PANIC)\b(?!:  could not serialize)" if server
                           else r'^[^{]|"level":"(warn|error)"')
        return [line[:300] for line in lines if worth.search(line)][-self.LINES:]

    def show(self):
        for path in self.files():
            lines = self.bad(path)
            if lines:
                print(f"    --- {path.name}", *lines, sep="\n    ", flush=True)


class Suite:
    def __init__(self, directory, **catalogue):
        self.directory = str(directory)
        self.environment = dict(os.environ, SUITE_BIN=str(ROOT / os.environ.get("BUILD", "build/release") / "bin"))
        self.environment["SUITE_POLL_MS"] = "0"  # tests lose notifications on purpose
        for name, value in catalogue.items():
            self.environment["SUITE_" + name.upper()] = str(value)

    def script(self, *arguments, check=True):
        done = subprocess.run([str(LOCAL / "suite"), arguments[0], self.directory, *arguments[1:]],
                              env=self.environment, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise Failure(f"suite {' '.join(arguments)}: exit {done.returncode}\n{done.stderr[-3000:]}")
        return done

    def __enter__(self):
        self.remove()
        try:
            self.script("start")
        except BaseException:
            Logs(self.directory, whole=True).show()
            self.remove()
            raise
        self.channels = (pathlib.Path(self.directory) / "suite/channels").read_text().split()
        port = (pathlib.Path(self.directory) / "suite/ports/sandbox").read_text().strip()
        self.control_url = f"http://127.0.0.1:{port}/control/"
        return self

    def __exit__(self, *exception):
        self.remove()

    def remove(self):
        if not os.path.isdir(self.directory):
            return
        self.script("stop", check=False)
        for server in ("broker", "database"):
            subprocess.run([str(LOCAL / server), "remove", self.directory], capture_output=True)
        subprocess.run(["rm", "-rf", self.directory], check=True)

    # ---- the sandbox

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control_url + path, data=data,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def sell(self, channel, listing, quantity=1):
        """The order, or None when the storefront had not enough."""
        try:
            return self.control("sell", {"channel": channel, "lines": [{"listing": listing, "quantity": quantity}]})
        except urllib.error.HTTPError as refused:
            if refused.code == 409:
                return None
            raise

    def state(self, query=""):
        answer = self.control(f"state{query}")
        return answer.get("channels", answer)

    def counters(self, channel):
        return self.state("?listings=0")[channel]["counters"]

    def shown(self):
        """{(channel, listing): quantity} as the marketplaces show it."""
        return {(channel, listing): one["quantity"]
                for channel, state in self.state().items() for listing, one in state["listings"].items()}

    def skus(self):
        """{(channel, listing): sku}"""
        return {(channel, listing): one["sku"]
                for channel, state in self.state().items() for listing, one in state["listings"].items()}

    def orders(self):
        found = []
        for channel in self.channels:
            answer = self.control(f"orders?channel={channel}")
            for order in answer["orders"] if isinstance(answer, dict) else answer:
                found.append(dict(order, channel=channel))
        return found

    def sold(self):
        """{sku: units sold and not cancelled}: the oracle."""
        sold = {}
        for order in self.orders():
            for line in order["lines"]:
                sold[line["sku"]] = sold.get(line["sku"], 0) + line["quantity"] - line.get("cancelled", 0)
        return sold

    def trace(self, **arguments):
        """Runs a random trace to its end."""
        self.control("trace", arguments)
        until(300, lambda: not self.control("trace")["running"], "the trace ends")
        return self.control("trace")

    # ---- the suite

    def stockctl(self, *arguments, check=True):
        done = self.script("stockctl", *arguments, check=False)
        if check and done.returncode not in (0, 1):
            raise Failure(f"stockctl {' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()}")
        return done

    def rows(self, *arguments):
        done = self.stockctl(*arguments, "--json", "--limit", "1000000")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def available(self):
        return {row["sku"]: row["available"] for row in self.rows("stock")}

    def targets(self):
        return {(row["channel"], row["listing"]): row["quantity"] for row in self.rows("targets")}

    def sql(self, query):
        """Rows of the superuser's query, as lists of text."""
        url = subprocess.run([str(LOCAL / "database"), "url", self.directory, "postgres", "stockbus"],
                             capture_output=True, text=True, check=True).stdout.strip()
        done = subprocess.run(["psql", "-XAtq", "-F", "\t", url, "-c", query], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def metric(self, service, name, **labels):
        """Sum of a metric's series that have these labels."""
        port = (pathlib.Path(self.directory) / f"suite/ports/{service}-admin").read_text().strip()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith((name + "{", name + " ")) and all(text in line for text in wanted))

    def resend(self):
        """An operator tells the marketplaces to notify again of what was not taken. (A poll does the same.)"""
        for channel in self.channels:
            if self.counters(channel)["resendable"] > 0:
                self.control("enable", {"channel": channel})
                self.control("resend", {"channel": channel})

    def settle(self, seconds=180, meanwhile=lambda: None):
        """At rest: the ledger knows every sale, every target is confirmed, every channel shows its target."""
        initial = self.initial

        def ledger_knows():
            meanwhile()
            sold, available = self.sold(), self.available()
            return all(available.get(sku) == initial[sku] - sold.get(sku, 0) for sku in initial)

        def confirmed():
            meanwhile()
            return not self.rows("targets", "--unsettled")

        until(seconds, ledger_knows, "the ledger knows every sale")
        until(seconds, confirmed, "every target is confirmed")
        until(seconds, lambda: self.shown() == self.targets(), "every channel shows its target")

    def remember_initial(self):
        self.initial = self.available()

    def reconcile(self, channel):
        return self.script("reconcile", channel, check=False)

    def expect_sound(self):
        """Promises P4 and P5, and the reconciliation of every channel."""
        broken = self.rows("conservation")
        expect(not broken, f"conservation is broken: {broken[:3]}")
        for channel in self.channels:
            done = self.reconcile(channel)
            expect(done.returncode == 0, f"reconciliation of {channel}: exit {done.returncode}\n"
                                         f"{done.stdout[-2000:]}{done.stderr[-1000:]}")


class Report:
    """Prints `ok name` and `not ok name`, and the closing line. After a failure also what the programs of the folder
    complained of meanwhile."""

    def __init__(self, directory=ROOT / "var/test"):
        self.directory = directory
        self.passed = 0
        self.failed = 0

    @contextlib.contextmanager
    def test(self, name):
        start = time.monotonic()
        logs = Logs(self.directory)
        try:
            yield
        except Exception as failure:  # a bug of the test is a failure too, and the others go on
            self.failed += 1
            text = str(failure) if isinstance(failure, Failure) else traceback.format_exc()
            print(f"not ok {name} ({time.monotonic() - start:.1f} s)")
            print("    " + text.replace("\n", "\n    "), flush=True)
            logs.show()
        else:
            self.passed += 1
            print(f"ok {name} ({time.monotonic() - start:.1f} s)", flush=True)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.failed == 0 and self.passed > 0 else 1


def percentiles(values):
    ordered = sorted(values)

    def at(share):
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "max": ordered[-1]}
