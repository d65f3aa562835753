#!/usr/bin/env python3
"""How fast the ledger is, beside what the same machine, PostgreSQL server and data allow.

    bench/ledger.py [--write]     PAIRS (3), EVENTS (20000), SKUS (1000), SEED (1) from the environment

Each figure of the ledger is the real service: fetch, decode, fold, SQL, both feeds and the relay. Its limits are
measured in the same minute: a binary COPY of the movements that it wrote, and the bare loop, which sends what the
ledger sent once more without Kafka, decoding and folding. docs/performance.md says how to read it; --write renews the
table there. Everything measured is kept in var/bench/ledger.json."""

import collections
import datetime
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOCAL = ROOT / "deploy/local"
BUILD = ROOT / os.environ.get("BUILD", "build/release")
HOME = ROOT / "var/bench"
DOCUMENT = ROOT / "docs/performance.md"
PREFIX = "bench."
EVENTS_TOPIC = PREFIX + "events.v1"
LEDGER, ADMIN = "stockbus_ledger", "postgres"
PARTITIONS = 6

PAIRS = int(os.environ.get("PAIRS", "3"))
EVENTS = int(os.environ.get("EVENTS", "20000"))
SKUS = int(os.environ.get("SKUS", "1000"))
SEED = os.environ.get("SEED", "1")
BATCHES = (1, 10, 100, 500, 2000)
CHANGED = ("positions", "skus", "listings", "counts")  # tables whose rows are there before the day begins
NOISY = 2.0  # a pair is rejected when the disk was so much faster in one half
FIRST_S = 90
BEGIN, END = "<!-- bench-ledger: begin -->", "<!-- bench-ledger: end -->"


class Broken(Exception):
    """The bench can't go on."""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        raise Broken(f"{pathlib.Path(str(command[0])).name}: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()


def until(seconds, condition, what, pause=0.05):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Broken(f"{what}: not within {seconds} s")
        time.sleep(pause)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def how_many(batch):
    """Small batches are slow: fewer events, so that no row takes longer than the others."""
    return max(200, min(EVENTS, {1: EVENTS // 40, 10: EVENTS // 8, 100: EVENTS // 2}.get(batch, EVENTS)))


# ---- the machine

def cpu_seconds(pid):
    """Time on a CPU so far, over all threads; 0 when it has ended."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except (OSError, IndexError):
            pass
    return total / 1e9


class Surroundings:
    """Load, CPU steal and the disk's pace around one measurement."""

    def __init__(self):
        self.probe = self.fdatasyncs()
        self.ticks = self.cpu_ticks()

    @staticmethod
    def fdatasyncs():
        """fdatasync/s of 8 KB writes where the database lies, over 100 ms."""
        path = HOME / "fdatasync"
        with open(path, "wb") as file:
            count, begin = 0, time.monotonic()
            while time.monotonic() - begin < 0.1:
                os.pwrite(file.fileno(), b"x" * 8192, 8192 * (count % 64))
                os.fdatasync(file.fileno())
                count += 1
            return count / (time.monotonic() - begin)

    @staticmethod
    def cpu_ticks():
        with open("/proc/stat", encoding="ascii") as file:
            return [int(word) for word in file.readline().split()[1:9]]

    def end(self):
        now = self.cpu_ticks()
        spent = [after - before for before, after in zip(self.ticks, now)]
        return {"fdatasync_per_s": round((self.probe + self.fdatasyncs()) / 2), "load": os.getloadavg()[0],
                "steal": spent[7] / max(1, sum(spent))}


# ---- servers, databases, the topic

class Bench:
    def __init__(self):
        self.databases = 0
        self.runs = 0
        self.offsets = [0] * PARTITIONS  # next one of each partition of the events topic

    def local(self, script, verb, *arguments):
        return run(LOCAL / script, verb, HOME, *arguments)

    def __enter__(self):
        self.__exit__()
        HOME.mkdir(parents=True, exist_ok=True)
        self.local("broker", "start")
        self.local("database", "start")
        self.local("database", "migrate", "opened")
        self.brokers = self.local("broker", "address")
        self.server = self.local("database", "url", ADMIN, "postgres")
        return self

    def __exit__(self, *exception):
        for server in ("broker", "database"):
            if HOME.is_dir():
                subprocess.run([str(LOCAL / server), "remove", str(HOME)], capture_output=True, check=False)

    def url(self, role, name):
        return self.local("database", "url", role, name)

    def sql(self, database, query):
        url = self.server.rsplit("/", 1)[0] + "/" + database
        return run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\t", url, "-c", query)

    def clone(self, origin="opened"):
        """A database as it was after the set-up, checkpointed: nobody's leftovers are written in the next one's time."""
        self.databases += 1
        name = f"run_{self.databases}"
        self.sql("postgres", f"CREATE DATABASE {name} TEMPLATE {origin}")
        self.sql("postgres", "CHECKPOINT")
        return name

    def drop(self, name):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def mix(self, *arguments):
        """Events onto the topic; how many of them each partition got."""
        after = json.loads(run(BUILD / "bench/mix", self.brokers, PREFIX, *arguments))
        grown = {number: after[number] - self.offsets[number] for number in range(PARTITIONS) if after[number] > 0}
        for number in grown:
            self.offsets[number] = after[number]
        return grown

    def open(self):
        """The shop before its day: every SKU mapped on three channels and counted."""
        grown = self.mix("setup", SKUS)
        with Replicas(self, "opened", 1, 500) as replicas:
            replicas.until_applied(sum(grown.values()))


# ---- the service

class Replicas:
    """The real ledger, as many as asked for, on one database."""

    def __init__(self, bench, database, count, batch, tape=None):
        self.bench, self.database, self.count, self.batch, self.tape = bench, database, count, batch, tape
        self.processes, self.ports, self.names = [], [], []

    def __enter__(self):
        self.bench.runs += 1
        for number in range(self.count):
            self.start(number)
        until(FIRST_S, self.shared_out, "the replicas share the partitions", 0.1)
        return self

    def __exit__(self, *exception):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def start(self, number):
        name = f"bench-{self.bench.runs}-{number}"
        port = run("bash", "-c", f"source {LOCAL}/lib.sh; free_port")
        environment = {"PATH": os.environ["PATH"], "STOCKBUS_KAFKA_BROKERS": self.bench.brokers,
                       "STOCKBUS_TOPIC_PREFIX": PREFIX, "STOCKBUS_ADMIN_ADDRESS": f"127.0.0.1:{port}",
                       "STOCKBUS_DATABASE_URL": self.bench.url(LEDGER, self.database), "STOCKBUS_REPLICA": name,
                       "STOCKBUS_LEDGER_BATCH_MAX": str(self.batch), "STOCKBUS_SESSION_TIMEOUT_MS": "60000",
                       "STOCKBUS_LOG_LEVEL": "warn", "STOCKBUS_ASSESS_INTERVAL_MS": "0",  # its transactions are no batches
                       "LD_PRELOAD": str(BUILD / "bench/tape.so"), "BENCH_TIMES": str(HOME / f"times-{number}")}
        if self.tape is not None:
            environment["BENCH_TAPE"] = f"{self.tape}-{number}"
        with open(HOME / "ledger.log", "a", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([str(BUILD / "bin/ledger")], env=environment, stderr=log))
        self.ports.append(port)
        self.names.append(name)

    def shared_out(self):
        for process in self.processes:
            if process.poll() is not None:
                raise Broken(f"the ledger ended: see {HOME}/ledger.log")
        rows = self.bench.sql(self.database, "SELECT owner, count(*) FROM ledger.partitions WHERE topic = "
                              f"'{EVENTS_TOPIC}' GROUP BY owner").splitlines()
        return sorted(rows) == sorted(f"{name}\t{PARTITIONS // self.count}" for name in self.names)

    def applied(self):
        total = 0
        for port in self.ports:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                for line in answer.read().decode().splitlines():
                    if line.startswith("stockbus_ledger_records_total{") and EVENTS_TOPIC in line:
                        total += float(line.rsplit(" ", 1)[1])
        return total

    def until_applied(self, events):
        until(600, lambda: self.applied() >= events, f"{events} events applied", 0.1)

    def halt(self):
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)

    def go_on(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)

    def cpu(self):
        """CPU seconds so far of the replicas, and of their sessions in the server."""
        names = ",".join(f"'{name}','{name} beside','{name} relay'" for name in self.names)
        pids = self.bench.sql(self.database, f"SELECT pid FROM pg_stat_activity WHERE application_name IN ({names})")
        return (sum(cpu_seconds(process.pid) for process in self.processes),
                sum(cpu_seconds(pid) for pid in pids.split()))


def ledger(bench, batch, replicas=1, hot=False, tape=None):
    """The load is put on the topic while the replicas are halted, so that its making costs them nothing."""
    events = how_many(batch)
    database = bench.clone()
    for number, offset in enumerate(bench.offsets):
        bench.sql(database, f"UPDATE ledger.partitions SET next_offset = {offset} WHERE topic = '{EVENTS_TOPIC}' "
                            f"AND partition = {number}")
    with Replicas(bench, database, replicas, batch, tape) as service:
        service.halt()
        bench.sql(database, "CREATE TABLE bench_begin AS SELECT pg_current_xact_id() AS xid")
        claims = bench.sql(database, "SELECT topic, partition, epoch, next_offset FROM ledger.partitions")
        grown = bench.mix("load", 1 if hot else SKUS, events, SEED)
        surroundings = Surroundings()
        before = service.cpu()
        service.go_on()
        service.until_applied(sum(grown.values()))
        after = service.cpu()
    result = surroundings.end()
    spans, retries = [], collections.Counter()
    for number in range(replicas):
        for line in (HOME / f"times-{number}").read_text().splitlines():
            begin, end = line.split()
            if begin == "!":
                retries[end] += 1
            else:
                spans.append((int(begin), int(end)))
    check_sound(bench, database, events)
    seconds = (max(end for _, end in spans) - min(begin for begin, _ in spans)) / 1e6
    latencies = [(end - begin) / 1e3 for begin, end in spans]
    result.update(
        what="ledger", batch=batch, replicas=replicas, hot=hot, events=events, seconds=seconds,
        per_s=events / seconds, transactions=len(spans), retries=dict(retries), p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99), client_us=(after[0] - before[0]) / events * 1e6,
        server_us=(after[1] - before[1]) / events * 1e6)
    return result, database, claims


def check_sound(bench, database, events):
    found = bench.sql(database, "SELECT (SELECT count(*) FROM ledger.events), (SELECT count(*) FROM api.conservation "
                                "WHERE quantity <> effects OR quantity <> derived)")
    if found != f"{4 * SKUS + events}\t0":
        raise Broken(f"{database}: events and broken positions are {found}, want {4 * SKUS + events} and 0")


# ---- the limits

def limit(what, batch, replicas, events, commands):
    """Runs the commands at the same time; each prints its figures."""
    surroundings = Surroundings()
    outputs = [None] * len(commands)

    def one(number):
        outputs[number] = json.loads(run(*commands[number]))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if None in outputs:
        raise Broken(f"{what} failed")
    result = surroundings.end()
    seconds = (max(out["end_us"] for out in outputs) - min(out["begin_us"] for out in outputs)) / 1e6
    latencies = [us / 1e3 for out in outputs for us in out["transactions_us"]]
    result.update(
        what=what, batch=batch, replicas=replicas, hot=False, events=events, seconds=seconds, per_s=events / seconds,
        transactions=len(latencies), retries=dict(sum((collections.Counter(out["retries"]) for out in outputs),
                                                      collections.Counter())),
        p50_ms=percentile(latencies, 0.5), p99_ms=percentile(latencies, 0.99),
        client_us=sum(out["client_cpu_us"] for out in outputs) / events,
        server_us=sum(out["server_cpu_us"] for out in outputs) / events)
    return result


class Recording:
    """What one run of the ledger sent and wrote, for the limits to do again."""

    def __init__(self, bench, batch, replicas):
        self.bench, self.batch, self.replicas = bench, batch, replicas
        self.tape = HOME / f"tape-{batch}-{replicas}"
        self.result, database, self.claims = ledger(bench, batch, replicas, tape=self.tape)
        self.events = self.result["events"]
        self.wrote = self.written(database)
        self.dump(database)
        bench.drop(database)

    def written(self, database):
        """What the bare loop must leave as well."""
        return self.bench.sql(database, "SELECT (SELECT count(*) FROM ledger.events), (SELECT count(*) FROM "
                              "ledger.movements), (SELECT count(*) FROM ledger.targets), (SELECT sum(quantity) FROM "
                              "ledger.positions), (SELECT sum(next_offset) FROM ledger.partitions)")

    def dump(self, database):
        """The rows that the run wrote, a file for each table and replica: a row that was changed many times as it is at
        the end, and none of the few that every transaction changes (partitions) or that are gone again (outbox)."""
        self.files = {}
        first = self.bench.sql(database, "SELECT xid FROM bench_begin")
        for table in self.bench.sql(database, "SELECT relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND "
                                    "relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'partitions' "
                                    "ORDER BY relname").split():
            columns = self.bench.sql(
                database, "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM "
                f"information_schema.columns WHERE table_schema = 'ledger' AND table_name = '{table}' AND "
                "is_identity = 'NO' AND is_generated = 'NEVER'")
            written = f"FROM ledger.{table} WHERE xmin::text::bigint >= {first}"
            if self.bench.sql(database, f"SELECT EXISTS (SELECT {written})") == "f":
                continue
            # No SKU in two files of movements, as no replica writes another one's.
            share = "abs(hashtext(sku))" if table == "movements" else "row_number() OVER ()"
            for number in range(self.replicas):
                file = f"{self.tape}-{table}-{number}"
                self.bench.sql(database, f"\\copy (SELECT {columns} FROM (SELECT *, {share} AS share {written}) w WHERE "
                               f"share % {self.replicas} = {number}) TO '{file}' (FORMAT binary)")
                self.files.setdefault(table, []).append((f"ledger.{table}", columns, file))

    def copy(self, batch=None, tables=("movements",)):
        """The rows of as many events in a transaction as the ledger takes."""
        batch = batch or self.batch
        parts = max(1, round(self.events / self.replicas / batch))
        most = max(1, min(parts, round(how_many(batch) / batch)))
        database = self.bench.clone()
        emptied = [f"ledger.{table}" for table in tables if table in CHANGED]
        if emptied:  # what is there would be in the way
            self.bench.sql(database, f"TRUNCATE {', '.join(emptied)}")
        result = limit("copy", batch, self.replicas, self.events * most // parts,
                       [(BUILD / "bench/copy", self.bench.url(LEDGER, database), parts, most,
                         *[word for table in tables for word in self.files[table][number]])
                        for number in range(self.replicas)])
        self.bench.drop(database)
        return result

    def copy_all(self):
        return self.copy(tables=tuple(self.files))

    def play(self, level="serializable"):
        database = self.bench.clone()
        for line in self.claims.splitlines():
            topic, partition, epoch, offset = line.split("\t")
            self.bench.sql(database, f"UPDATE ledger.partitions SET epoch = {epoch}, next_offset = {offset} WHERE topic = "
                                     f"'{topic}' AND partition = {partition}")
        result = limit("bare loop" if level == "serializable" else "bare loop, read committed", self.batch,
                       self.replicas, self.events,
                       [(BUILD / "bench/play", self.bench.url(LEDGER, database), f"{self.tape}-{number}", level)
                        for number in range(self.replicas)])
        if self.written(database) != self.wrote:
            raise Broken(f"the bare loop wrote {self.written(database)}, the ledger {self.wrote}")
        self.bench.drop(database)
        return result


# ---- what is measured

GOALS = [
    # name, what, upper half, lower half, target (None: only for comparison)
    ("G1", "SQL of the ledger, 1 worker, batch 500 / COPY of its movements", "bare 500", "copy 500", 0.25),
    ("G1 rows", "the same / COPY of every row that it wrote, in all its tables", "bare 500", "copy all 500", None),
    ("G1b", "SQL of the ledger, 2 workers, batch 2000 / two COPY streams of its movements", "bare 2x2000", "copy 2x2000", 0.40),
    ("G1b rows", "the same / two COPY streams of every row that it wrote, in all its tables",
     "bare 2x2000", "copy all 2x2000", None),
    ("G2", "whole service, 1 replica, batch 500 / the bare loop", "ledger 500", "bare 500", 0.80),
    ("G3", "whole service, batch 500 / one event per transaction", "ledger 500", "ledger 1", 20.0),
    ("G4", "SERIALIZABLE / READ COMMITTED, bare loop, batch 500", "bare 500", "bare 500 read committed", 0.85),
]


class Measured:
    def __init__(self):
        self.commit = run("git", "-C", ROOT, "rev-parse", "--short", "HEAD")  # others may commit meanwhile
        self.results = []
        self.named = collections.defaultdict(list)
        self.ratios = collections.defaultdict(list)  # of a goal: (upper per_s, lower per_s, ratio, ratio of CPU)
        self.rejected = 0

    def take(self, name, result):
        self.results.append(dict(result, name=name))
        self.named[name].append(result)
        say(f"{name:24} {result['per_s']:9.0f} events/s   p50 {result['p50_ms']:7.1f} ms   p99 {result['p99_ms']:7.1f} ms   "
            f"CPU {result['client_us']:5.1f} + {result['server_us']:5.1f} us an event   "
            f"{result['fdatasync_per_s']:6} fdatasync/s   load {result['load']:.1f}")

    def pair(self, round_of):
        """One value more for every goal whose halves saw the same disk."""
        for goal, _, upper, lower, _ in GOALS:
            one, other = round_of[upper], round_of[lower]
            paces = sorted((one["fdatasync_per_s"], other["fdatasync_per_s"]))
            if paces[1] > NOISY * paces[0]:
                self.rejected += 1
                say(f"{goal}: pair rejected, fdatasync/s {paces[0]} and {paces[1]}")
            else:
                self.ratios[goal].append((one["per_s"], other["per_s"], one["per_s"] / other["per_s"],
                                          (other["client_us"] + other["server_us"]) /
                                          (one["client_us"] + one["server_us"])))

    def lacking(self):
        return any(len(self.ratios[goal[0]]) < PAIRS for goal in GOALS)

    def median(self, name, field="per_s"):
        values = [result[field] for result in self.named[name]]
        return statistics.median(values) if values else None

    def retries(self, replicas):
        """Of the real service: (transactions, {SQLSTATE: count}). With one hot SKU a second replica has nothing to do."""
        runs = [result for result in self.results if result["what"] == "ledger" and result["replicas"] == replicas
                and not result["hot"]]
        return (sum(result["transactions"] for result in runs),
                dict(sum((collections.Counter(result["retries"]) for result in runs), collections.Counter())))


def say(text):
    print(text, flush=True)


def measure(bench):
    measured = Measured()

    def service(name, *arguments, **options):
        result, database, _ = ledger(bench, *arguments, **options)
        bench.drop(database)
        measured.take(name, result)
        return result

    def limited(name, result):
        measured.take(name, result)
        return result

    one, two = Recording(bench, 500, 1), Recording(bench, 2000, 2)
    halves = [("ledger 500", lambda name: service(name, 500)),
              ("bare 500", lambda name: limited(name, one.play())),
              ("copy 500", lambda name: limited(name, one.copy())),
              ("copy all 500", lambda name: limited(name, one.copy_all())),
              ("bare 500 read committed", lambda name: limited(name, one.play("read committed"))),
              ("ledger 1", lambda name: service(name, 1)),
              ("ledger 2x2000", lambda name: service(name, 2000, 2)),
              ("bare 2x2000", lambda name: limited(name, two.play())),
              ("copy 2x2000", lambda name: limited(name, two.copy())),
              ("copy all 2x2000", lambda name: limited(name, two.copy_all()))]
    for number in range(2 * PAIRS):
        if not measured.lacking():
            break
        order = halves if number % 2 == 0 else halves[::-1]  # what drifts favours nobody
        measured.pair({name: half(name) for name, half in order})
    for batch in BATCHES:
        for replicas in (1, 2):
            for hot in (False, True):
                name = cell(batch, replicas, hot)
                if name not in measured.named:
                    service(name, batch, replicas, hot)
        if f"copy {batch}" not in measured.named:
            limited(f"copy {batch}", one.copy(batch))
    return measured


def cell(batch, replicas, hot):
    return f"ledger {f'{replicas}x' if replicas > 1 else ''}{batch}{' hot' if hot else ''}"


# ---- what is said

def machine():
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(model)} x {model[0] if model else platform.machine()}, {memory:.0f} GB"


def table(measured):
    lines = ["| batch | 1 replica | 2 replicas | one hot SKU, 1 replica | the same, 2 replicas | COPY of the movements | "
             "p50 / p99 of a batch, ms | CPU of an event, us: ledger + PostgreSQL |",
             "|---|---|---|---|---|---|---|---|"]
    for batch in BATCHES:
        name = cell(batch, 1, False)
        rates = [measured.median(cell(batch, replicas, hot)) for hot in (False, True) for replicas in (1, 2)]
        rates.append(measured.median(f"copy {batch}"))
        lines.append(f"| {batch} | " + " | ".join(f"{rate:,.0f}" for rate in rates) +
                     f" | {measured.median(name, 'p50_ms'):.1f} / {measured.median(name, 'p99_ms'):.1f} | "
                     f"{measured.median(name, 'client_us'):.0f} + {measured.median(name, 'server_us'):.0f} |")
    return lines


def goals(measured):
    lines = ["| goal | what | value | limit | ratio | the same by CPU time | target | |", "|---|---|---|---|---|---|---|---|"]
    for goal, what, _, _, target in GOALS:
        values = measured.ratios[goal]
        wanted = "" if target is None else f"{target:g}"
        if not values:
            lines.append(f"| {goal} | {what} | | | | | {wanted} | the disk was too uneven |")
            continue
        upper, lower, ratio, cpu = (statistics.median(value[i] for value in values) for i in range(4))
        if target is None:
            verdict = "to compare"
        elif ratio < target:
            verdict = f"falls short by {(1 - ratio / target) * 100:.0f} %"
        else:
            verdict = "met" if cpu >= target else "met by rate, not by CPU time"
        lines.append(f"| {goal} | {what} | {upper:,.0f} /s | {lower:,.0f} /s | {ratio:.2f} | {cpu:.2f} | {wanted} | {verdict} |")
    for replicas in (1, 2):
        transactions, retries = measured.retries(replicas)
        share = sum(retries.values()) / transactions
        said = ", ".join(f"{count} x {sqlstate}" for sqlstate, count in sorted(retries.items())) or "none"
        lines.append(f"| G5 | transactions that ran again, replicas: {replicas} | {said} | {transactions} | {share * 100:.2f} % | "
                     f"| 0.5 % | {'met' if share < 0.005 else 'falls short'} |")
    return lines


def document(measured):
    surroundings = measured.results
    paces = [result["fdatasync_per_s"] for result in surroundings]
    return "\n".join([
        f"{datetime.date.today()}, commit {measured.commit}: {machine()}, "
        f"{platform.system()} {platform.release()}, "
        f"{run('psql', '--version').split('(')[1].replace(')', '').strip()}. fdatasync/s {min(paces)} to "
        f"{max(paces)}, load {min(r['load'] for r in surroundings):.1f} to {max(r['load'] for r in surroundings):.1f}, CPU "
        f"steal up to {max(r['steal'] for r in surroundings) * 100:.1f} %. {EVENTS} events over {SKUS} SKUs, "
        f"{min(len(v) for v in measured.ratios.values())} pairs for each goal, {measured.rejected} rejected.",
        "", "Events a second:", "", *table(measured), "", *goals(measured)])


def main():
    begin = time.monotonic()
    try:
        with Bench() as bench:
            bench.open()
            say(f"ready after {time.monotonic() - begin:.0f} s")
            measured = measure(bench)
    except Broken as broken:
        print(f"bench-ledger: {broken}", file=sys.stderr)
        return 1
    text = document(measured)
    say(f"\n{text}\n\n{time.monotonic() - begin:.0f} s; everything measured is in {HOME.relative_to(ROOT)}/ledger.json")
    with open(HOME / "ledger.json", "w", encoding="utf-8") as file:
        json.dump({"commit": measured.commit, "date": str(datetime.datetime.now()), "machine": machine(), "results": measured.results,
                   "ratios": measured.ratios, "retries": [measured.retries(1), measured.retries(2)]}, file, indent=1)
    if "--write" in sys.argv[1:]:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
