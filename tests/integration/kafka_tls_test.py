#!/usr/bin/env python3
"""A broker that wants TLS and gives nobody more than their rights: kafka_tls_test.py DIR (a database runs there)

A broker of this test's own, with the listeners, certificates, passwords and rights that Strimzi makes: rights are those
of the KafkaUsers in deploy/k8s, settings those of its client.properties. Ingest, ledger, publisher and reconciler run on
it. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import kafka_wire  # noqa: E402
from harness.certificates import Authority  # noqa: E402
from harness.stack import (  # noqa: E402
    BUILD, LONG, OWN, OWN_LISTING, SHOPIFY, Mounted, Program, Shop, Stream, facts, feed, own_account, own_spec, server,
    shopify_account)
from harness.suite import ROOT, Report, expect, free_port, until  # noqa: E402

K8S = ROOT / "deploy/k8s"
PREFIX = "stockbus."
HOST = "localhost"
UNITS = 100000
IDLE_S = 7
SECRETS = {SHOPIFY: "shopify-secret", OWN: "whsec_Zmlyc3Qgc2VjcmV0IG9mIG91ciBvd24gc2hvcA=="}
SERVICES = ("ingest", "ledger", "publisher", "reconciler")
TOPICS = ("events", "rejected", "catalog", "cursors", "outcomes", f"targets.{SHOPIFY}", f"targets.{OWN}")
# ARCHITECTURE.md, Flow: what each reads and writes; the publisher and the reconciler are those of one channel.
READS = {"ingest": {"catalog", "cursors"}, "ledger": {"events", "outcomes"}, "publisher": {f"targets.{OWN}"},
         "reconciler": {"events", "outcomes", f"targets.{OWN}"}}
WRITES = {"ingest": {"events", "rejected", "cursors"},
          "ledger": {"events", "catalog", f"targets.{SHOPIFY}", f"targets.{OWN}"},
          "publisher": {"outcomes"}, "reconciler": set()}


def manifest(name):
    return (K8S / name).read_text(encoding="utf-8").replace("CHANNEL", OWN)


def rights(service):
    """What the service's KafkaUser is given: (type, name, pattern, operation)."""
    text = manifest(f"base/{service}/kafka-user.yaml")
    found = re.findall(r"- resource:\n +type: (\w+)\n +name: (\S+)\n +patternType: (\w+)\n +operations: \[([^\]]+)\]", text)
    expect(found and len(found) == text.count("- resource:"), f"the KafkaUser of {service} is not understood")
    if service == "ledger":  # a channel brings the right to write its targets
        text = manifest("channels/woo-main/kustomization.yaml")
        one, = re.findall(r"\{resource: \{type: (\w+), name: (\S+), patternType: (\w+)\}, operations: \[([^\]]+)\]", text)
        found += [(one[0], one[1].replace("woo-main", channel), *one[2:]) for channel in (SHOPIFY, OWN)]
    return [(kind, name, pattern, operation.strip())
            for kind, name, pattern, operations in found for operation in operations.split(",")]


def password_of(service):
    return f"password-of-{service}"


def mechanism():
    """librdkafka before 2.6.1 repeats the nonce, and Kafka 4 does not take that any more: docs/troubleshoot.md."""
    said = subprocess.run(["kcat", "-V"], capture_output=True, text=True, timeout=LONG).stdout
    version = tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", said).groups()))
    return "SCRAM-SHA-512" if version >= (2, 6, 1) else "PLAIN"


class Bench:
    def __init__(self, directory, work):
        self.work = pathlib.Path(work)
        self.directory = self.work / "servers"
        self.directory.mkdir()
        self.cluster, self.clients = (Authority(self.work, name) for name in ("cluster-ca", "clients-ca"))
        self.tls, self.password = free_port(), free_port()
        self.listen()
        server("broker", "start", self.directory)
        self.plain = server("broker", "address", self.directory)
        self.shop = Shop("key")
        secrets = Mounted(self.work / "secrets/own", {"secret": SECRETS[OWN], "token": "key"})
        shopify = Mounted(self.work / "secrets/shopify", {"secret": SECRETS[SHOPIFY]})
        self.channels = Mounted(self.work / "channels", {
            "shopify-main.yaml": shopify_account(shopify), "own-shop.yaml": own_account(secrets, self.shop.url),
            "own-shop.spec": own_spec()})
        self.database = f"kafka_tls_{os.getpid()}"
        server("database", "migrate", directory, self.database)
        self.urls = {role: server("database", "url", directory, f"stockbus_{role}", self.database)
                     for role in ("ledger", "reconciler")}
        feed(self.plain, PREFIX, facts(UNITS))
        topics = subprocess.run([BUILD / "bin/stockctl", "topics", "apply"], capture_output=True, text=True, env={
            "STOCKBUS_KAFKA_BROKERS": self.plain, "STOCKBUS_CHANNELS_FILE": str(self.channels.path)})
        expect(topics.returncode == 0, topics.stderr)

    def listen(self):
        """As Strimzi's listeners of type tls and scram-sha-512 do; who comes by the local port may do all."""
        certificate, key = self.cluster.issue("stockbus-kafka", HOST)
        pem = self.work / "server.pem"
        pem.write_text(key + certificate)
        (self.directory / "broker.listeners").write_text(f"TLS://{HOST}:{self.tls}\nPASSWORD://{HOST}:{self.password}\n")
        (self.directory / "broker.properties").write_text("\n".join([
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLS:SSL,PASSWORD:SASL_SSL",
            "ssl.keystore.type=PEM", f"ssl.keystore.location={pem}",
            "ssl.truststore.type=PEM", f"ssl.truststore.location={self.clients.path}",
            "listener.name.tls.ssl.client.auth=required",
            "listener.name.password.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN",
            "listener.name.password.scram-sha-512.sasl.jaas.config="
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "listener.name.password.plain.sasl.jaas.config="
            "org.apache.kafka.common.security.plain.PlainLoginModule required " +
            " ".join(f'user_kafka-{service}="{password_of(service)}"' for service in SERVICES) + ";",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS", ""]))

    # ---- users

    def mount(self, name, user, authority=None):
        """What a pod finds in /etc/stockbus/kafka."""
        certificate, key = (authority or self.clients).issue(user)
        folder = self.work / "mounted" / name
        return Mounted(folder, {
            "client.properties": manifest("base/client.properties").replace("/etc/stockbus/kafka", str(folder)),
            "ca.crt": self.cluster.text, "user.crt": certificate, "user.key": key})

    def mount_password(self, name, user, password):
        folder = self.work / "mounted" / name
        return Mounted(folder, {"ca.crt": self.cluster.text, "client.properties": "\n".join([
            "security.protocol=sasl_ssl", f"ssl.ca.location={folder}/ca.crt", f"sasl.mechanisms={mechanism()}",
            f"sasl.username={user}", f"sasl.password={password}", ""])})

    # ---- programs

    def settings(self, service, mounted, port):
        settings = {"STOCKBUS_KAFKA_BROKERS": f"{HOST}:{port}", "STOCKBUS_TOPIC_PREFIX": PREFIX,
                    "STOCKBUS_KAFKA_PROPERTIES_FILE": mounted["client.properties"]}
        if service != "ledger":
            settings["STOCKBUS_CHANNELS_FILE"] = str(self.channels.path)
        if service in self.urls:
            settings["STOCKBUS_DATABASE_URL"] = self.urls[service]
        if service == "publisher":
            settings["STOCKBUS_CHANNEL"] = OWN
        return settings

    def program(self, service, mounted, port=None):
        program = Program(service, self.work, **self.settings(service, mounted, port or self.tls))
        if service == "ingest":
            program.door = free_port()
            program.settings["STOCKBUS_INGEST_ADDRESS"] = f"127.0.0.1:{program.door}"
        return program

    def three(self, mounted, port=None):
        """Ledger, ingest and publisher, which run."""
        programs = [self.program(service, mounted[service], port) for service in ("ledger", "ingest", "publisher")]
        for program in programs:
            program.launch()
        for program in programs:
            until(LONG, lambda: program.ready()[0] or program.is_gone(), f"{program.name} gets ready")  # noqa: B023
            expect(not program.is_gone(), f"{program.name} ended: {program.log()[-2000:]}")
        return programs

    def expect_orders_go_through(self, ingest, some=10):
        left = self.shop.shown[OWN_LISTING] if self.shop.shown else UNITS
        streams = [Stream(ingest.door, channel, SECRETS[channel]) for channel in (SHOPIFY, OWN)]
        until(LONG, lambda: all(len(stream.accepted) >= some for stream in streams), "notifications are taken")
        for stream in streams:
            stream.stop()
            expect(not stream.refused, f"{stream.channel}: {stream.refused[:3]}")
        left -= sum(len(stream.accepted) for stream in streams)
        until(LONG, lambda: self.shop.shown == {OWN_LISTING: left}, lambda: f"{left} are shown: {self.shop.shown}")

    def close(self):
        server("broker", "remove", self.directory)


# ---- tests


def orders_go_through(bench):
    bench.users = {service: bench.mount(service, f"kafka-{service}") for service in SERVICES}
    for service in SERVICES:
        kafka_wire.grant(bench.plain, f"User:CN=kafka-{service}", rights(service))
    programs = bench.three(bench.users)
    try:
        until(LONG, lambda: bench.shop.shown == {OWN_LISTING: UNITS}, lambda: f"the shop shows {bench.shop.shown}")
        bench.expect_orders_go_through(programs[1])
        done = subprocess.run([BUILD / "bin/reconciler", "compare", OWN], capture_output=True, text=True, timeout=LONG,
                              env=bench.settings("reconciler", bench.users["reconciler"], bench.tls))
        expect(done.returncode == 0, f"reconciler: exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-1000:]}")
        for program in programs:
            refused = [line for line in program.log().splitlines() if "uthorization" in line]
            expect(not refused, f"{program.name}: {refused[:3]}")
    finally:
        statuses = [program.stop() for program in programs]
    expect(statuses == [0, 0, 0], f"exit statuses {statuses}")


def kcat(bench, service, *arguments):
    mounted = bench.users[service]
    options = [word for line in pathlib.Path(mounted["client.properties"]).read_text().split() for word in ("-X", line)]
    done = subprocess.run(["kcat", "-b", f"{HOST}:{bench.tls}", *options, "-X", "topic.message.timeout.ms=20000",
                           *arguments], input=b"nobody:nothing\n", capture_output=True, timeout=LONG)
    return done.returncode == 0, done.stderr.decode()


def each_has_its_rights_alone(bench):
    cases = [(service, topic, verb) for service in SERVICES for topic in TOPICS for verb in ("read", "write")]

    def one(case):
        service, topic, verb = case
        name = f"{PREFIX}{topic}.v1"
        how = ("-C", "-e", "-q", "-o", "-1") if verb == "read" else ("-P", "-K", ":")
        return (*case, *kcat(bench, service, "-t", name, *how))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, sorted(cases, key=lambda case: case[2])))
    for service, topic, verb, good, said in done:
        want = topic in (READS if verb == "read" else WRITES)[service]
        expect(good == want, f"{service} may {'' if good else 'not '}{verb} {topic}: {said}")
        expect(good or "uthoriz" in said, f"{service}, {verb} {topic}: refused for another reason: {said}")
    print(f"    {len(done)} tries, {sum(one[3] for one in done)} of them allowed")


def strangers_are_refused(bench):
    """Each program says why, does not get ready, and ends (exit 3) when it has waited for half a minute."""
    foreign = Authority(bench.work, "foreign-ca")
    files = {name: pathlib.Path(bench.users["ingest"][name]).read_text() for name in ("user.crt", "user.key")}
    cases = {}
    for name, host, change, want in (
            ("another authority", HOST, {"ca.crt": foreign.text}, "certificate verify failed"),
            ("another host's name", "127.0.0.1", {}, "certificate verify failed"),
            ("no certificate", HOST, {"user.crt": None}, "alert certificate required|alert bad certificate"),
            ("a stranger's certificate", HOST, {"user": foreign}, "alert unknown ca|alert certificate unknown")):
        mounted = bench.mount(name.replace(" ", "-"), "kafka-ingest", change.get("user"))
        content = {file: pathlib.Path(mounted[file]).read_text()
                   for file in ("client.properties", "ca.crt", "user.crt", "user.key")}
        if "user" not in change:
            content.update(files)
        content.update({file: text for file, text in change.items() if file != "user" and text})
        if change.get("user.crt", "") is None:
            content["client.properties"] = re.sub(r"ssl\.(certificate|key)\.location=.*\n?", "",
                                                  content["client.properties"])
        mounted.put(content)
        program = bench.program("ingest", mounted)
        program.settings["STOCKBUS_KAFKA_BROKERS"] = f"{host}:{bench.tls}"
        cases[name] = program.launch(), want
    for name, (program, want) in cases.items():
        until(LONG, lambda: re.search(want, program.log()) or program.is_gone(), f"{name}: {want}")  # noqa: B023
        line = next((line for line in program.log().splitlines() if re.search(want, line)), None)
        expect(line is not None, f"{name}: the log does not say {want}: {program.log()[-1500:]}")
        print(f"    {name}: {re.sub('.*text.:.', '', line)[:150]}")
        expect(not program.ready()[0], f"{name}: it is ready")
    for name, (program, _) in cases.items():
        program.stop()


def passwords_do_as_well(bench):
    """SASL_SSL, as KafkaUsers of type scram-sha-512 have it."""
    users = {}
    for service in SERVICES:
        kafka_wire.set_password(bench.plain, f"kafka-{service}", password_of(service))
        kafka_wire.grant(bench.plain, f"User:kafka-{service}", rights(service))
        users[service] = bench.mount_password(f"{service}-password", f"kafka-{service}", password_of(service))
    wrong = bench.program("ingest", bench.mount_password("wrong", "kafka-ingest", "guessed"), bench.password).launch()
    programs = bench.three(users, bench.password)
    try:
        bench.expect_orders_go_through(programs[1])
    finally:
        statuses = [program.stop() for program in programs]
    expect(statuses == [0, 0, 0], f"exit statuses {statuses}")
    until(LONG, lambda: "SASL authentication error" in wrong.log(), "a wrong password is told")
    expect(not wrong.ready()[0], "it is ready with a wrong password")
    expect("guessed" not in wrong.log(), "the password is in the log")
    print(f"    {mechanism()}")
    wrong.stop()


def certificates_are_replaced(bench):
    """Those of all three, by the kubelet's way, while orders flow: each goes on as another user, and the old one loses its
    rights. A key that does not belong to its certificate is refused before."""
    clients = {"ledger": 3, "ingest": 3, "publisher": 2}
    programs = dict(zip(clients, bench.three(bench.users)))
    streams = [Stream(programs["ingest"].door, channel, SECRETS[channel]) for channel in (SHOPIFY, OWN)]

    def flow():
        taken, pushes = [len(stream.accepted) for stream in streams], bench.shop.taken
        until(LONG, lambda: bench.shop.taken > pushes + 3 and
              all(len(stream.accepted) > before + 10 for stream, before in zip(streams, taken)), "orders flow")

    try:
        flow()
        fresh = {}
        for service in clients:
            kafka_wire.grant(bench.plain, f"User:CN=kafka-{service}-2", rights(service))
            fresh[service] = bench.clients.issue(f"kafka-{service}-2")
            files = {name: pathlib.Path(bench.users[service][name]).read_text()
                     for name in ("client.properties", "ca.crt", "user.crt", "user.key")}
            bench.users[service].put({**files, "user.crt": fresh[service][0]})
        for program in programs.values():
            until(LONG, lambda: program.logs("kafka.properties_refused"), f"{program.name} refuses")  # noqa: B023
        # An ingest without work asks the broker every 5 s, each time by a client of its own.
        for stream in streams:
            stream.pause.set()
        time.sleep(IDLE_S)
        expect(programs["ingest"].ready()[0] and not programs["ingest"].logs("ingest.broker_away"),
               f"ingest took what was refused: {programs['ingest'].ready()[1]}")
        for stream in streams:
            stream.pause.clear()
        flow()
        for service, (certificate, key) in fresh.items():
            folder = bench.users[service]
            text = pathlib.Path(folder["client.properties"]).read_text()
            folder.put({"client.properties": text.replace("/user.", "/fresh."), "ca.crt": bench.cluster.text,
                        "fresh.crt": certificate, "fresh.key": key})
        for service, program in programs.items():
            until(LONG, lambda: len(program.logs("kafka.client_renewed")) == clients[service],  # noqa: B023
                  lambda: f"{service} renews: {program.logs('kafka.client_renewed')}")  # noqa: B023
        for service in clients:
            kafka_wire.revoke(bench.plain, f"User:CN=kafka-{service}", rights(service))
        flow()
        flow()
    finally:
        for stream in streams:
            stream.stop()
        statuses = [program.stop() for program in programs.values()]
    for stream in streams:
        expect(not stream.refused, f"{stream.channel}: {len(stream.refused)} refused: {stream.refused[:3]}")
        print(f"    {stream.channel}: {len(stream.accepted)} notifications, 0 refused")
    for program in programs.values():
        refused = [line for line in program.log().splitlines() if "uthorization" in line]
        expect(not refused, f"{program.name}: {refused[:3]}")
    expect(statuses == [0, 0, 0], f"exit statuses {statuses}")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: kafka_tls_test.py DIR")
    tests = (
        ("TLS: orders go through with the rights of the manifests", orders_go_through),
        ("TLS: no service may read or write what is not its own", each_has_its_rights_alone),
        ("TLS: wrong authority, host name and certificate are refused and told", strangers_are_refused),
        ("TLS: certificates are replaced while orders flow, none refused", certificates_are_replaced),
        ("SASL over TLS: orders go through; a wrong password is told", passwords_do_as_well),
    )
    with tempfile.TemporaryDirectory(prefix="kafka-tls-test-") as work:
        report = Report(work)
        bench = Bench(sys.argv[1], work)
        try:
            for name, function in tests:
                with report.test(name):
                    function(bench)
        finally:
            bench.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
