#!/usr/bin/env python3
"""How every program starts and how it says no, on a real broker and a real database: startup_test.py DIR

A program that can't run ends with one clear line on standard error, which says what to do, and the exit code that the
README gives: 0 ok, 1 findings, 2 usage or settings, 3 broker, database or channel away, 4 refused, 70 internal. What
may pass is waited for, and told in log lines of JSON.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, ROOT, Report, expect, free_port, until  # noqa: E402

BIN = ROOT / os.environ.get("BUILD", "build/release") / "bin"
OK, FINDINGS, USAGE, AWAY, REFUSED = 0, 1, 2, 3, 4
SERVICES = ("ingest", "ledger", "publisher", "reconciler")
WAITING = ("ingest", "ledger", "publisher")  # the reconciler is a command: who started it waits
STOP_LIMIT_S = 60
SETTING = re.compile(r"^  (\S+)\s+(\(required\)|\(empty\)|\(secret\)|\S+)\s+(.*?)(?: \((-?\d+) to (-?\d+)\))?$")
CHANNEL = """\
channels:
  - name: shop
    kind: shopify
    base_url: http://127.0.0.1:9
    location: '1'
    token: t
    secret: s
"""


def local(script, verb, directory, *arguments):
    return subprocess.run([str(LOCAL / script), verb, directory, *arguments], check=True, text=True,
                          capture_output=True).stdout.strip()


DEAF = socket.socket()
DEAF.bind(("127.0.0.1", 0))


def nowhere():
    """Host and port at which nobody listens: the port is ours, and we don't."""
    return f"127.0.0.1:{DEAF.getsockname()[1]}"


class Ended:
    """What a program left: its exit code, its log lines and what else it wrote to standard error."""

    def __init__(self, code, out, text):
        self.code, self.out, self.logs, self.lines = code, out, [], []
        for line in text.splitlines():
            if line.startswith("{"):
                self.logs.append(json.loads(line))
            elif line.strip():
                self.lines.append(line)

    def __str__(self):
        logs = [f"{log['level']} {log['event']}" for log in self.logs]
        return f"exit {self.code}, said {self.lines}, logged {logs}, wrote {self.out[-300:]!r}"

    def expect(self, code, *words):
        expect(self.code == code, f"not exit {code}: {self}")
        expect(len(self.lines) == 1, f"not one line: {self}")
        for word in words:
            expect(word in self.lines[0], f"no {word!r} in it: {self}")


class Bench:
    """A broker with the topics of a prefix, a migrated database, and good settings of every program."""

    def __init__(self, directory, folder):
        self.folder = pathlib.Path(folder)
        self.brokers = local("broker", "address", directory)
        self.prefix = f"start{os.getpid()}."
        self.database = f"start_{os.getpid()}"
        local("database", "migrate", directory, self.database)
        self.server = local("database", "url", directory).rpartition("/")[0].partition("@")[2]
        self.addresses = {}
        self.channels = self.file("channels.yaml", CHANNEL)
        self.snapshot = self.file("snapshot.json", '{"inventory_levels":[]}')
        done = self.run("stockctl", "topics", "apply")
        expect(done.code == OK, str(done))

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def url(self, role, database=None, server=None):
        return f"postgresql://{role}@{server or self.server}/{database or self.database}"

    def listens(self, program, anew=False):
        """Addresses to listen at: for what runs alone the same ones each time."""
        names = ["STOCKBUS_ADMIN_ADDRESS"] * (program in WAITING) + ["STOCKBUS_INGEST_ADDRESS"] * (program == "ingest")
        if anew or program not in self.addresses:
            self.addresses[program] = {name: f"127.0.0.1:{free_port()}" for name in names}
        return self.addresses[program]

    def settings(self, program):
        settings = {"STOCKBUS_KAFKA_BROKERS": self.brokers, "STOCKBUS_TOPIC_PREFIX": self.prefix}
        if program != "ledger":
            settings["STOCKBUS_CHANNELS_FILE"] = self.channels
        if program == "publisher":
            settings["STOCKBUS_CHANNEL"] = "shop"
        if program in ("ledger", "reconciler", "stockctl"):
            role = "audit" if program == "stockctl" else program
            settings["STOCKBUS_DATABASE_URL"] = self.url("stockbus_" + role)
        settings.update(self.listens(program))
        if program in ("ledger", "publisher"):
            settings["STOCKBUS_SESSION_TIMEOUT_MS"] = "6000"
        if program == "stockctl":
            settings.update(STOCKBUS_INGEST_URL=f"http://{nowhere()}", STOCKBUS_ADMIN_TOKEN="token")
        return settings

    def command(self, program, arguments, changes):
        """Settings are the good ones with the changes; None takes one away."""
        settings = {**self.settings(program), **changes}
        environment = {name: value for name, value in settings.items() if value is not None}
        if not arguments and program == "reconciler":
            arguments = ("compare", "shop", "--snapshot", self.snapshot, "--format", "levels",
                         "--at", "2026-11-21T00:00:00Z")
        environment.update({name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS") if name in os.environ})
        return [str(BIN / program), *arguments], environment

    def run(self, program, *arguments, limit_s=180, **changes):
        command, environment = self.command(program, arguments, changes)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit_s,
                              stdin=subprocess.DEVNULL)
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, program, *arguments, **changes):
        command, environment = self.command(program, arguments, {**self.listens(program, anew=True), **changes})
        self.addresses.pop(program)
        return Running(self.folder, command, environment)


class Running:
    number = 0

    def __init__(self, folder, command, environment):
        Running.number += 1
        self.log = folder / f"{Running.number}.log"
        self.admin = environment.get("STOCKBUS_ADMIN_ADDRESS")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log,
                                            stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def logged(self, event):
        return [line for line in self.log.read_text().splitlines() if f'"event":"{event}"' in line]

    def look(self, path):
        """Status and body of an administrative page, or None while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError:
            return None

    def ended(self, limit_s):
        try:
            code = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            expect(False, f"still runs after {limit_s} s: {self.log.read_text()[-600:]}")
        return Ended(code, "", self.log.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.ended(STOP_LIMIT_S)

    def expect_clean_stop(self):
        done = self.stop()
        expect(done.code == OK and not done.lines, f"SIGTERM: {done}")


def settings_of(program):
    """The rows of --help: name, default, bounds."""
    done = subprocess.run([str(BIN / program), "--help"], env={}, capture_output=True, text=True)
    expect(done.returncode == OK and not done.stderr, f"--help: exit {done.returncode}, {done.stderr}")
    rows = [SETTING.match(line) for line in done.stdout.splitlines()]
    return [row.groups() for row in rows if row and row[1].startswith("STOCKBUS_")]


def settings_in_source(program):
    folder = "tools" if program == "stockctl" else "services"
    return set(re.findall(r'"(STOCKBUS_\w+)", SETTING_', (ROOT / folder / program / "settings.c").read_text()))


# ---- settings


def help_lists_every_setting(bench, program):
    names = {name for name, *_ in settings_of(program)}
    expect(names == settings_in_source(program), f"{names ^ settings_in_source(program)} on one side only")
    expect(names >= set(bench.settings(program)), "the test knows a setting that --help does not")


def a_missing_setting_is_named(bench, program):
    required = [name for name, default, *_ in settings_of(program) if default == "(required)"]
    expect(required, "nothing is required")
    for name in required:
        bench.run(program, **{name: None}).expect(USAGE, f"{name} is not given", f"set it or {name}_FILE")
        bench.run(program, **{name: ""}).expect(USAGE, f"{name} is empty")


def an_unknown_setting_names_the_nearest(bench, program):
    for name, nearest in (("STOCKBUS_KAFKA_BROKER", "STOCKBUS_KAFKA_BROKERS"),
                          ("STOCKBUS_TOPIC_PREFIXX", "STOCKBUS_TOPIC_PREFIX"),
                          ("STOCKBUS_LOGLEVEL_FILE", "STOCKBUS_LOG_LEVEL_FILE")):
        bench.run(program, **{name: "x"}).expect(USAGE, f"'{name}'", f"did you mean '{nearest}'?")


def a_number_out_of_bounds_names_the_bounds(bench, program):
    for name, _, _, least, most in settings_of(program):
        if least is None:
            continue
        for value in (str(int(least) - 1), str(int(most) + 1), "9" * 30):
            bench.run(program, **{name: value}).expect(USAGE, f"{name} is '{value}'", f"from {least} to {most}")
        for value in ("", "many", "1.5", "0x10", " 7"):
            bench.run(program, **{name: value}).expect(USAGE, f"{name} is '{value}'", "whole number")


def a_setting_that_is_given_twice_is_refused(bench, program):
    path = bench.file("brokers", bench.brokers)
    bench.run(program, STOCKBUS_KAFKA_BROKERS_FILE=path).expect(
        USAGE, "STOCKBUS_KAFKA_BROKERS and STOCKBUS_KAFKA_BROKERS_FILE are both given", "keep one")


def a_missing_file_of_a_setting_is_named(bench, program):
    names = {"ingest": "STOCKBUS_ADMIN_TOKEN", "publisher": "STOCKBUS_CHANNEL"}
    name = names.get(program, "STOCKBUS_DATABASE_URL")
    for path, why in (("/nonexistent/secret", "No such file"), (str(bench.folder), "Is a directory")):
        bench.run(program, **{name: None, name + "_FILE": path}).expect(USAGE, name + "_FILE", path, why)
    path = bench.file("long", "x" * 70000)
    bench.run(program, **{name: None, name + "_FILE": path}).expect(USAGE, name + "_FILE", path, "longer than")


def a_log_level_that_is_none_is_refused(bench, program):
    bench.run(program, STOCKBUS_LOG_LEVEL="loud").expect(USAGE, "STOCKBUS_LOG_LEVEL", "debug, info, warn or error")


def unknown_arguments_show_the_usage(bench, program):
    for arguments in (("nonsense",), ("--nonsense",), ("serve", "more")):
        done = bench.run(program, *arguments)
        expect(done.code == USAGE and any(line.startswith("usage:") for line in done.lines), str(done))


def settings_that_contradict_are_refused(bench):
    bench.run("ingest", STOCKBUS_PRODUCE_MS="4000", STOCKBUS_ANSWER_MS="4000").expect(
        USAGE, "STOCKBUS_PRODUCE_MS", "less than STOCKBUS_ANSWER_MS")


def the_operators_tool_names_what_a_command_lacks(bench):
    for name, command in (("STOCKBUS_KAFKA_BROKERS", ("topics", "list")),
                          ("STOCKBUS_CHANNELS_FILE", ("topics", "apply")), ("STOCKBUS_DATABASE_URL", ("stock",)),
                          ("STOCKBUS_ADMIN_TOKEN", ("count", "A", "main", "1"))):
        bench.run("stockctl", *command, **{name: None}).expect(USAGE, f"{name} is not given", f"{name}_FILE")
        bench.run("stockctl", *command, **{name: None, name + "_FILE": "/nonexistent/secret"}).expect(
            USAGE, name + "_FILE", "/nonexistent/secret")
        bench.run("stockctl", *command, **{name: "x", name + "_FILE": "/nonexistent/secret"}).expect(
            USAGE, "both given")
    bench.run("stockctl", "nonsense").expect(USAGE, "unknown command 'nonsense'", "--help")
    done = bench.run("stockctl", "topics", "list", STOCKBUS_QUEUE_MAX="7")
    expect(done.code == OK, f"a setting of a service in the same shell: {done}")


# ---- channels.yaml


BROKEN = (
    ("no YAML", "channels: [nonsense\n", ":2:1: "),
    ("a tab", "channels:\n\t- name: shop\n", ":2:1: "),
    ("an unknown key", CHANNEL + "    colour: red\n", ":8:5: unknown key 'colour'"),
    ("an unknown key of the file", "chanels: []\n", ":1:1: unknown key 'chanels'"),
    ("no channel", "channels: []\n", ":1:11: 0 channels"),
    ("an unknown kind", CHANNEL.replace("shopify", "shopfiy"), ":3:11: there is no kind 'shopfiy'; want one of"),
    ("a missing key", CHANNEL.replace("    kind: shopify\n", ""), ":2:5: key 'kind' is missing"),
    ("a key twice", CHANNEL + "    token: u\n", ":8:5: key 'token' is there twice"),
    ("a name twice", CHANNEL + CHANNEL.partition("\n")[2], ":8:11: name 'shop' is there twice"),
    ("a number that is none", CHANNEL + "    batch_max: many\n", ":8:16: batch_max 'many'"),
    ("a missing secret file", CHANNEL.replace("secret: s", "secret_file: none"), ":7:18: "),
    ("a secret and its file", CHANNEL + "    secret_file: x\n", ":8:5: 'secret' and 'secret_file' are both there"),
    ("nothing", "", ":1:1: the file is empty"),
)


def an_unreadable_channels_file_is_named(bench, program):
    empty = pathlib.Path(bench.folder) / "empty"
    empty.mkdir(exist_ok=True)
    for path, why in (("/nonexistent/channels.yaml", "No such file"), (str(empty), "there is no *.yaml")):
        bench.run(program, STOCKBUS_CHANNELS_FILE=path).expect(USAGE, "STOCKBUS_CHANNELS_FILE: ", path, why)


def a_broken_channels_file_is_told_by_line_and_column(bench, program):
    for name, text, place in BROKEN:
        done = bench.run(program, STOCKBUS_CHANNELS_FILE=bench.file("broken.yaml", text))
        try:
            done.expect(USAGE, "STOCKBUS_CHANNELS_FILE: ", "broken.yaml" + place)
        except Exception as failure:
            raise type(failure)(f"{name}: {failure}") from failure


def stockctl_tells_the_same_of_a_channels_file(bench):
    for command in ("apply", "list"):
        bench.run("stockctl", "topics", command, STOCKBUS_CHANNELS_FILE="/nonexistent/channels.yaml").expect(
            USAGE, "STOCKBUS_CHANNELS_FILE: ", "/nonexistent/channels.yaml")
        path = bench.file("broken.yaml", BROKEN[2][1])
        bench.run("stockctl", "topics", command, STOCKBUS_CHANNELS_FILE=path).expect(
            USAGE, "STOCKBUS_CHANNELS_FILE: ", "broken.yaml" + BROKEN[2][2])


def an_unknown_channel_is_named(bench):
    bench.run("publisher", STOCKBUS_CHANNEL="nobody").expect(USAGE, "STOCKBUS_CHANNEL", "'nobody'", bench.channels)
    bench.run("reconciler", "compare", "nobody").expect(USAGE, "'nobody'", bench.channels)


# ---- addresses


def an_address_in_use_or_nonsense_names_its_setting(bench, program):
    names = ["STOCKBUS_ADMIN_ADDRESS"] + ["STOCKBUS_INGEST_ADDRESS"] * (program == "ingest")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for name in names:
            bench.run(program, **{name: address}).expect(USAGE, f"{name}: ", address, "in use")
            for wrong in ("nonsense", "127.0.0.1:99999", "300.0.0.1:80"):
                bench.run(program, **{name: wrong}).expect(USAGE, f"{name}: ", f"'{wrong}'")


# ---- the broker


def without_a_broker_it_tries_on_and_says_so(bench, program):
    address = nowhere()
    with bench.start(program, STOCKBUS_KAFKA_BROKERS=address) as running:
        until(60, lambda: len(running.logged(f"{program}.broker_away")) >= 2, "it says twice that the broker is away")
        expect(address in running.logged(f"{program}.broker_away")[0], "the log line does not name the broker")
        expect(running.process.poll() is None, "it ended")
        running.expect_clean_stop()


def without_a_broker_a_command_ends(bench):
    address = nowhere()
    bench.run("reconciler", STOCKBUS_KAFKA_BROKERS=address).expect(AWAY, address, "check STOCKBUS_KAFKA_BROKERS")
    for command in (("topics", "list"), ("topics", "apply"), ("topics", "cat", "events"), ("rejected",)):
        bench.run("stockctl", *command, STOCKBUS_KAFKA_BROKERS=address).expect(AWAY, address,
                                                                             "check STOCKBUS_KAFKA_BROKERS")
    done = bench.run("stockctl", "ping", STOCKBUS_KAFKA_BROKERS=address)
    expect(done.code == AWAY and address in done.out, str(done))


def a_stopped_reconciler_claims_nothing(bench):
    with bench.start("reconciler", STOCKBUS_KAFKA_BROKERS=nowhere()) as running:
        until(60, running.log.read_text, "it says that it waits for the broker")
        running.stop().expect(AWAY)


def missing_topics_say_how_to_make_them(bench, program):
    bench.run(program, STOCKBUS_TOPIC_PREFIX="nowhere.").expect(AWAY, "topic 'nowhere.", "run 'stockctl topics apply'")


def a_topic_that_only_some_programs_need_is_named(bench):
    """The publisher's outcomes would be lost late: it looks before it starts."""
    prefix = f"half{os.getpid()}."
    path = bench.file("others.yaml", CHANNEL.replace("name: shop", "name: other"))
    done = bench.run("stockctl", "topics", "apply", STOCKBUS_TOPIC_PREFIX=prefix, STOCKBUS_CHANNELS_FILE=path)
    expect(done.code == OK, str(done))
    bench.run("publisher", STOCKBUS_TOPIC_PREFIX=prefix).expect(AWAY, f"{prefix}targets.shop.v1",
                                                               "run 'stockctl topics apply'")


def stockctl_says_how_to_make_missing_topics(bench):
    done = bench.run("stockctl", "topics", "list", STOCKBUS_TOPIC_PREFIX="nowhere.")
    expect(done.code == FINDINGS and "nowhere.events.v1" in done.out and "stockctl topics apply" in done.out, str(done))
    for command in (("topics", "cat", "events"), ("rejected",)):
        bench.run("stockctl", *command, STOCKBUS_TOPIC_PREFIX="nowhere.").expect(
            REFUSED, "topic 'nowhere.", "run 'stockctl topics apply'")


# ---- the database


def without_a_database_the_ledger_tries_on_and_says_so(bench):
    server = nowhere()
    with bench.start("ledger", STOCKBUS_DATABASE_URL=bench.url("stockbus_ledger", server=server)) as running:
        until(60, lambda: len(running.logged("ledger.database_away")) >= 3, "it says that the database is away")
        expect(server.partition(":")[2] in running.logged("ledger.database_away")[0], "the log line names no port")
        expect(running.look("/healthz")[0] == 200, "it is not alive")
        status, body = running.look("/readyz")
        expect(status == 503 and "database" in body, f"ready: {status} {body}")
        running.expect_clean_stop()


WRONG_URLS = (
    ("an unknown role", "nobody", None, ("nobody", "check the role")),
    ("an unknown database", None, "nowhere", ("nowhere", "check the database name")),
    ("a database that is not migrated", None, "postgres", ("is the database migrated",)),
    ("the role of the auditors", "stockbus_audit", None, ("the role stockbus_",)),
)


def a_wrong_role_or_database_ends(bench, program):
    for name, role, database, words in WRONG_URLS:
        url = bench.url(role or f"stockbus_{program}", database)
        done = bench.run(program, STOCKBUS_DATABASE_URL=url)
        try:
            done.expect(USAGE, "STOCKBUS_DATABASE_URL: ", *words)
        except Exception as failure:
            raise type(failure)(f"{name}: {failure}") from failure
    other = {"ledger": "reconciler", "reconciler": "ledger"}[program]
    bench.run(program, STOCKBUS_DATABASE_URL=bench.url(f"stockbus_{other}")).expect(
        USAGE, "STOCKBUS_DATABASE_URL: ", f"stockbus_{program}")


def a_malformed_url_shows_no_password(bench, program):
    arguments = ("stock",) if program == "stockctl" else ()
    for url in ("postgresql://me:hunter2@[::1/x", "nonsense hunter2", "postgresql://me:hunter2@127.0.0.1:99999/x"):
        done = bench.run(program, *arguments, STOCKBUS_DATABASE_URL=url)
        done.expect(USAGE, "STOCKBUS_DATABASE_URL: ")
        expect("hunter2" not in str(done) + json.dumps(done.logs), f"the password is shown: {done}")


def without_a_database_a_command_ends(bench):
    server = nowhere()
    port = server.partition(":")[2]
    bench.run("stockctl", "stock", STOCKBUS_DATABASE_URL=bench.url("stockbus_audit", server=server)).expect(
        AWAY, "STOCKBUS_DATABASE_URL: ", port, "check that the server runs")
    done = bench.run("reconciler", STOCKBUS_DATABASE_URL=bench.url("stockbus_reconciler", server=server))
    done.expect(AWAY, port, "check that the server runs")
    expect("listings" in done.out, f"the verdict is not printed: {done}")


def stockctl_tells_a_wrong_role_or_database(bench):
    for role, database, words in (("nobody", None, "check the role"), ("stockbus_audit", "nowhere", "database name")):
        bench.run("stockctl", "stock", STOCKBUS_DATABASE_URL=bench.url(role, database)).expect(
            USAGE, "STOCKBUS_DATABASE_URL: ", words)
    bench.run("stockctl", "stock", STOCKBUS_DATABASE_URL=bench.url("stockbus_audit", "postgres")).expect(
        REFUSED, "is the database migrated")


def stockctl_tells_that_ingest_is_away(bench):
    address = nowhere()
    bench.run("stockctl", "count", "A", "main", "1", STOCKBUS_INGEST_URL=f"http://{address}").expect(
        AWAY, address, "STOCKBUS_INGEST_URL")


# ---- all is well


def with_good_settings_it_is_ready_and_stops_clean(bench, program):
    with bench.start(program) as running:
        until(120, lambda: (running.look("/readyz") or (0,))[0] == 200, "it is ready")
        expect("stockbus_" in running.look("/metrics")[1], "no metrics")
        done = running.stop()
        expect(done.code == OK and not done.lines, str(done))
        expect(not [log for log in done.logs if log["level"] == "error"], f"errors: {done.logs}")
        expect(all({"time", "level", "service", "event"} <= log.keys() for log in done.logs), str(done.logs))


def a_good_comparison_finds_nothing(bench):
    done = bench.run("reconciler")
    expect(done.code == OK and not done.lines, str(done))


EACH_SERVICE = (help_lists_every_setting, a_missing_setting_is_named, an_unknown_setting_names_the_nearest,
                a_number_out_of_bounds_names_the_bounds, a_setting_that_is_given_twice_is_refused,
                a_missing_file_of_a_setting_is_named, a_log_level_that_is_none_is_refused,
                unknown_arguments_show_the_usage, missing_topics_say_how_to_make_them)
WITH_CHANNELS = (an_unreadable_channels_file_is_named, a_broken_channels_file_is_told_by_line_and_column)
WITH_DATABASE = (a_wrong_role_or_database_ends, a_malformed_url_shows_no_password)
THAT_WAIT = (an_address_in_use_or_nonsense_names_its_setting, without_a_broker_it_tries_on_and_says_so,
             with_good_settings_it_is_ready_and_stops_clean)
ALONE = (settings_that_contradict_are_refused, the_operators_tool_names_what_a_command_lacks,
         stockctl_tells_the_same_of_a_channels_file, an_unknown_channel_is_named, without_a_broker_a_command_ends,
         a_stopped_reconciler_claims_nothing, a_topic_that_only_some_programs_need_is_named,
         stockctl_says_how_to_make_missing_topics, without_a_database_the_ledger_tries_on_and_says_so,
         without_a_database_a_command_ends, stockctl_tells_a_wrong_role_or_database,
         stockctl_tells_that_ingest_is_away, a_good_comparison_finds_nothing)


def cases():
    for program in SERVICES:
        for function in EACH_SERVICE:
            yield function, (program,)
    for program in ("ingest", "publisher", "reconciler"):
        for function in WITH_CHANNELS:
            yield function, (program,)
    for program in ("ledger", "reconciler"):
        for function in WITH_DATABASE:
            yield function, (program,)
    for program in WAITING:
        for function in THAT_WAIT:
            yield function, (program,)
    yield help_lists_every_setting, ("stockctl",)
    yield a_malformed_url_shows_no_password, ("stockctl",)
    for function in ALONE:
        yield function, ()


def main():
    report = Report(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        bench = Bench(sys.argv[1], folder)
        address = nowhere()
        # They give up after a minute at most: meanwhile the other tests run.
        patient = {program: stack.enter_context(bench.start(program, STOCKBUS_KAFKA_BROKERS=address))
                   for program in WAITING}
        for function, arguments in cases():
            with report.test(": ".join((*arguments, function.__name__))):
                function(bench, *arguments)
        for program, running in patient.items():
            with report.test(f"{program}: a broker that never comes ends it"):
                running.ended(300).expect(AWAY, f"broker '{address}' is not reachable", "check STOCKBUS_KAFKA_BROKERS")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
