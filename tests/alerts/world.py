"""The suite under Prometheus: sixteen channels behind a proxy, two ledgers, a shop that sells all the time; and what the
troubles of table.py do to it."""

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import yaml
from cluster import Cluster
from harness.proxy import Answer, Proxy
from harness.replica import Replica
from harness.suite import LOCAL, expect, until

STOCK = 3000
SELLS_EVERY_S = 1
TOKEN_LIFE_S = 30


class World:
    def __init__(self, suite, well):
        """well: channels that nothing is done to; they sell."""
        self.suite, self.well = suite, well
        self.home = pathlib.Path(suite.directory)
        self.file = self.home / "suite/channels.yaml"
        self.proxy = Proxy(int((self.home / "suite/ports/sandbox").read_text()))
        self.original = yaml.safe_load(self.file.read_text().replace(
            f":{self.proxy.target_port}/", f":{self.proxy.port}/"))
        self.changes = {}
        self.short_tokens("amazon-ended")
        self.lock = threading.RLock()
        self.write_channels()
        self.more = [Replica(suite, "ledger")]
        self.cluster = Cluster(suite)
        self.cluster.add_replica(self.more[0])
        self.sequence = itertools.count(1)
        self.sells = threading.Event()
        self.sells.set()
        self.over = threading.Event()
        self.seller = threading.Thread(target=self.sell_on, daemon=True)
        self.seller.start()

    def close(self):
        self.over.set()
        self.seller.join()
        self.cluster.close()
        for replica in self.more:
            replica.process.send_signal(signal.SIGCONT)
            replica.process.terminate()
            replica.process.wait(75)
        self.proxy.close()

    # ---- the channels file

    def write_channels(self):
        file = json.loads(json.dumps(self.original))
        for channel in file["channels"]:
            for key, value in self.changes.get(channel["name"], {}).items():
                place = channel["settings"] if key in channel.get("settings", {}) else channel
                place[key] = value
        fresh = self.file.with_suffix(".new")
        fresh.write_text(yaml.safe_dump(file), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.rename(self.file)

    def change(self, channel, **values):
        with self.lock:
            self.changes[channel] = values
            self.write_channels()

    def account(self, channel):
        return next(one for one in self.original["channels"] if one["name"] == channel)

    # ---- sales

    def sell_on(self):
        skus = self.suite.skus()
        spared = (self.untouched(), self.edited())
        listings = {channel: sorted(listing for (one, listing), sku in skus.items() if one == channel and sku not in spared)
                    for channel in self.well}
        for number in itertools.count():
            if self.over.wait(SELLS_EVERY_S):
                return
            channel = self.well[number % len(self.well)]
            if self.sells.is_set():
                with contextlib.suppress(OSError):
                    self.suite.sell(channel, listings[channel][number // len(self.well) % len(listings[channel])])

    def sell(self, channel, count=1):
        listings = sorted(listing for one, listing in self.suite.skus() if one == channel)
        for number in range(count):
            self.suite.sell(channel, listings[number % len(listings)])

    def sell_untouched(self):
        channel = self.well[0]
        skus = self.suite.skus()
        self.suite.sell(channel, next(listing for (one, listing), sku in skus.items()
                                      if one == channel and sku == self.untouched()))

    # ---- the proxy

    def answer(self, channel, when, answer):
        """What the channel says from now on to the requests that `when` picks."""
        def rule(request):
            return answer if when(request) else None
        self.proxy.rules[channel] = rule

    def forward(self, channel):
        self.proxy.rules.pop(channel, None)

    def short_tokens(self, channel):
        """Access tokens of the channel live for TOKEN_LIFE_S."""
        def rule(request):
            if not is_login(request):
                return None
            asked = urllib.request.Request(f"http://127.0.0.1:{self.proxy.target_port}{request.path}", data=request.body,
                                           headers={"Content-Type": "application/x-www-form-urlencoded"})
            with urllib.request.urlopen(asked, timeout=20) as granted:
                return Answer(200, json.dumps(dict(json.load(granted), expires_in=TOKEN_LIFE_S)), "application/json")
        self.proxy.rules[channel] = rule

    # ---- into ingest, past the marketplaces

    def post(self, path, body, **headers):
        port = (self.home / "suite/ports/ingest").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body,
                                         headers={name.replace("_", "-"): value for name, value in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def notify_woocommerce(self, channel, topic, body, want):
        signature = base64.b64encode(hmac.new(self.account(channel)["secret"].encode(), body, hashlib.sha256).digest())
        status = self.post(f"/v1/notify/{channel}", body, Content_Type="application/json", X_WC_Webhook_Topic=topic,
                           X_WC_Webhook_Source=self.account(channel)["account"], X_WC_Webhook_ID="7",
                           X_WC_Webhook_Delivery_ID=f"{next(self.sequence):032x}",
                           X_WC_Webhook_Signature=signature.decode())
        expect(status == want, f"the notification was answered {status}, not {want}")

    def fact(self, key, **fact):
        token = (self.home / "suite/admin-token").read_text().strip()
        status = self.post("/v1/events", json.dumps(fact).encode(), Content_Type="application/json",
                           Authorization=f"Bearer {token}", Idempotency_Key=f"{key}")
        expect(status == 202, f"the fact was answered {status}")

    # ---- Kafka and PostgreSQL, past the services

    def brokers(self):
        return subprocess.run([str(LOCAL / "broker"), "address", str(self.home)], check=True, text=True,
                              capture_output=True).stdout.strip()

    def kafka_pid(self):
        return int((self.home / "kafka/pid").read_text())

    def produce(self, topic, body):
        subprocess.run(["kcat", "-P", "-b", self.brokers(), "-t", topic, "-k", "stranger"], input=body, check=True,
                       capture_output=True, timeout=60)

    def session(self, text):
        """A superuser's psql that runs the text and stays open."""
        url = subprocess.run([str(LOCAL / "database"), "url", str(self.home), "postgres", "stockbus"], check=True, text=True,
                             capture_output=True).stdout.strip()
        process = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=0", url], stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.stdin.write(text)
        process.stdin.flush()
        return process

    def reconcile(self, channel, want):
        done = self.suite.reconcile(channel)
        expect(done.returncode == want, f"reconciler of {channel}: exit {done.returncode}, not {want}: "
                                        f"{done.stdout[-600:]}{done.stderr[-600:]}")

    # ---- smaller things

    def skus(self):
        return sorted(set(self.suite.skus().values()))

    def untouched(self):
        """The seller never sells it."""
        return self.skus()[-1]

    def edited(self):
        """Nor this one."""
        return self.skus()[-2]

    def count(self, quantity):
        self.fact(f"count-{next(self.sequence)}", kind="stock_counted", sku=self.skus()[0], pool="main", bucket="sellable",
                  quantity=quantity)

    def signal(self, name, number):
        os.kill(int((self.home / f"suite/pids/{name}").read_text()), number)

    def enable(self, channel):
        self.suite.control("enable", {"channel": channel})

    def end_sessions(self, text):
        self.suite.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE "
                       f"'%{text}%'")

    def warm_up(self):
        """Every channel has confirmed a push of a sale, every counter of the usual course has begun."""
        def confirmed():
            rows = self.suite.sql("SELECT DISTINCT channel FROM ledger.pushes WHERE result = 'confirmed' AND received_ms > 0")
            return {row[0] for row in rows} >= set(self.suite.channels)

        until(180, confirmed, "every channel has confirmed what was sold elsewhere")

    def rest(self, then_sell=True):
        """Every target is confirmed."""
        self.sells.clear()
        until(240, self.is_well, "the suite is well again")
        if then_sell:
            self.sells.set()

    def is_well(self):
        if not all(pod.is_ready for pod in self.cluster.all()):
            return False
        self.suite.resend()
        return not self.suite.rows("targets", "--unsettled")


def is_login(request):
    return request.path.endswith("/auth/o2/token")


def is_write(request):
    return request.method in ("PUT", "POST", "PATCH") and not is_login(request)


def stop(process):
    process.stdin.close()
    process.wait(30)
