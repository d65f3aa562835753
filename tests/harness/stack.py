"""Ingest, a ledger and a publisher of a test's own, beside a small shop of kind `generic` that they sell on; their secrets
lie in folders as Kubernetes mounts them."""

import base64
import datetime
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from harness.peer import Peer
from harness.suite import LOCAL, ROOT, Failure, expect, free_port, until

BUILD = ROOT / os.environ.get("BUILD", "build/release")
SPEC = ROOT / "channels/generic/fixtures/spec.yaml"
OPENING = "2026-11-20T00:00:00Z"
PLACED = int(datetime.datetime(2026, 11, 21, 9, tzinfo=datetime.timezone.utc).timestamp())
LONG = 120
SHOPIFY, OWN = "shopify-main", "own-shop"
SHOPIFY_LISTING, OWN_LISTING = "8001", "tee-s"
DOMAIN = "test-shop.myshopify.com"


class Mounted:
    """A Secret or ConfigMap as the kubelet mounts it: its files are links through ..data, which is replaced at once."""

    def __init__(self, path, files):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True)
        self.put(files)

    def put(self, files):
        """The new content, whole: {name: text}."""
        old = os.path.realpath(self.path / "..data")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="..2026_11_21_", dir=self.path))
        for name, text in files.items():
            (folder / name).write_text(text)
        os.symlink(folder.name, self.path / "..data_tmp")
        os.replace(self.path / "..data_tmp", self.path / "..data")
        links = {link.name for link in self.path.iterdir() if not link.name.startswith("..")}
        for name in files.keys() - links:
            os.symlink(f"..data/{name}", self.path / name)
        for name in links - files.keys():
            (self.path / name).unlink()
        if os.path.basename(old) != "..data":
            subprocess.run(["rm", "-rf", old], check=True)

    def __getitem__(self, name):
        return str(self.path / name)


class Program:
    """One of ours, with these settings and no others."""

    def __init__(self, name, folder, **settings):
        self.name, self.port = name, free_port()
        self.settings = {"PATH": os.environ["PATH"], "STOCKBUS_ADMIN_ADDRESS": f"127.0.0.1:{self.port}",
                         "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""), **settings}
        self.log_path = pathlib.Path(folder) / f"{name}-{self.port}.log"
        self.process = None

    def launch(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BUILD / "bin" / self.name], env=self.settings, stdout=log, stderr=log)
        return self

    def start(self):
        self.launch()
        until(LONG, lambda: self.is_gone() or self.ready()[0], f"{self.name} gets ready")
        expect(not self.is_gone(), lambda: f"{self.name} ended: {self.log()[-2000:]}")
        return self

    def is_gone(self):
        return self.process.poll() is not None

    def ready(self):
        """Whether, and its words."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=LONG) as answer:
                return True, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return False, refused.read().decode()
        except OSError as away:
            return False, str(away)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def logs(self, event):
        return [json.loads(line) for line in self.log().splitlines()
                if line.startswith("{") and json.loads(line).get("event") == event]

    def stop(self):
        """Its exit status, or None when it never ran."""
        if self.process is None:
            return None
        if not self.is_gone():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(LONG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure(f"{self.name} does not stop") from None


class Shop(Peer):
    """Shows quantities, and takes them from who knows its key."""

    def __init__(self, *keys):
        super().__init__()
        self.keys = set(keys)
        self.shown = {}
        self.taken = 0
        self.refused = 0

    def answer(self, method, path, query, headers, body):
        if path != "/api/stock":
            return 404, {}
        with self.lock:
            if headers.get("X-Api-Key") not in self.keys:
                self.refused += 1
                return 401, {"error": "who are you"}
            if method == "GET":
                return 200, {"items": [{"variant": variant, "sku": "TEE", "stock": stock}
                                       for variant, stock in self.shown.items()]}
            items = json.loads(body)["items"]
            self.shown.update({item["variant"]: item["stock"] for item in items})
            self.taken += 1
            return 200, {"items": [{"variant": item["variant"], "stock": item["stock"]} for item in items]}


# ---- what the two marketplaces say


def shopify_order(number):
    order = {"id": number, "name": f"#{number}", "created_at": "2026-11-21T09:00:00Z",
             "processed_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:00:01Z", "cancelled_at": None,
             "financial_status": "paid", "fulfillment_status": None, "test": False, "refunds": [],
             "line_items": [{"id": number * 10, "variant_id": int(SHOPIFY_LISTING), "product_id": 1, "sku": "S",
                             "quantity": 1, "current_quantity": 1, "fulfillable_quantity": 1,
                             "fulfillment_status": None}]}
    return json.dumps(order).encode()


def shopify_headers(body, secret):
    """HMAC-SHA256 of the body, in base64."""
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {"Content-Type": "application/json", "X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": DOMAIN,
            "X-Shopify-API-Version": "2026-10", "X-Shopify-Webhook-Id": hashlib.sha256(body).hexdigest()[:32],
            "X-Shopify-Triggered-At": "2026-11-21T09:00:01.5Z", "X-Shopify-Hmac-Sha256": signature}


def own_order(number):
    return json.dumps({"event_id": f"evt-{number}", "order": {
        "code": f"own-{number}", "state": "placed", "placed": PLACED, "changed_at": "2026-11-21T09:00:05Z",
        "lines": [{"id": 1, "kind": "physical", "variant": {"id": OWN_LISTING}, "quantity": 1}]}}).encode()


def own_headers(body, secret):
    """Standard Webhooks: id, time and body are signed with what the secret decodes to."""
    name, at = "msg_" + hashlib.sha256(body).hexdigest()[:16], str(int(time.time()))
    signed = f"{name}.{at}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"Content-Type": "application/json", "X-Shop-Event": "order.placed", "webhook-id": name,
            "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}


SENDERS = {SHOPIFY: (shopify_order, shopify_headers), OWN: (own_order, own_headers)}


def own_spec():
    """The example's, with the signature of Standard Webhooks."""
    lines = SPEC.read_text().splitlines()
    at = lines.index("    header: X-Shop-Signature")
    lines[at:at + 1] = ["    header: webhook-signature", "    secret: base64", '    prefix: "v1,"', "    is_list: true",
                        '    signs: "{id}.{timestamp}.{body}"', "    id_header: webhook-id",
                        "    timestamp_header: webhook-timestamp"]
    return "\n".join(lines).replace("  id: /event_id", "  tolerance_s: 300\n  id: /event_id", 1) + "\n"


def shopify_account(secrets):
    """secrets: its folder, whose files of these names are given."""
    return "\n".join(["channels:", f"  - name: {SHOPIFY}", "    kind: shopify", f"    account: {DOMAIN}",
                      "    base_url: http://127.0.0.1:1", "    location: '1'", "    token: unused",
                      *secret_lines(secrets), "    poll_interval_ms: 0", ""])


def own_account(secrets, url):
    return "\n".join(["channels:", f"  - name: {OWN}", "    kind: generic", f"    base_url: {url}",
                      "    spec: own-shop.spec", f"    token_file: {secrets['token']}", *secret_lines(secrets),
                      "    rate_per_second: 200", "    rate_burst: 200", "    poll_interval_ms: 0", ""])


def secret_lines(secrets):
    return [f"    {name}_file: {secrets[name]}" for name in ("secret", "second_secret")
            if os.path.exists(secrets[name])]


# ---- the ledger's side


def server(script, verb, directory, *arguments):
    return subprocess.run([str(LOCAL / script), verb, str(directory), *arguments], check=True, text=True,
                          capture_output=True).stdout.strip()


def facts(units):
    """Both listings sell the units of one SKU."""
    for channel, listing in ((SHOPIFY, SHOPIFY_LISTING), (OWN, OWN_LISTING)):
        yield {"kind": "mapping_changed", "fact_id": f"map-{channel}", "channel": channel, "listing": listing,
               "address": listing, "sku": "TEE", "pool": "main", "occurred_at": OPENING, "actor": "test"}
    yield {"kind": "stock_counted", "fact_id": "count", "sku": "TEE", "pool": "main", "bucket": "sellable",
           "quantity": units, "reason": "opening", "occurred_at": OPENING, "actor": "test"}


def feed(brokers, prefix, some):
    """Makes the topics and puts facts on them."""
    done = subprocess.run([BUILD / "tests/integration/c/feed_events", brokers, prefix, SHOPIFY, OWN], text=True,
                          input="".join(json.dumps(fact) + "\n" for fact in some), capture_output=True)
    expect(done.returncode == 0, done.stderr)


def sql(url, query):
    """Rows, as lists of text."""
    done = subprocess.run(["psql", "-XAtq", "-F", "\t", url, "-c", query], capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr.strip())
    return [line.split("\t") for line in done.stdout.splitlines()]


class Stream:
    """One channel's steady notifications: what each was answered."""

    numbers = itertools.count(1000001)

    def __init__(self, port, channel, secret, pause_s=0.03):
        self.url = f"http://127.0.0.1:{port}/v1/notify/{channel}"
        self.channel, self.secret, self.pause_s = channel, secret, pause_s
        self.accepted, self.refused = [], []
        self.over, self.pause = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(self.pause_s):
            if self.pause.is_set():
                continue
            number = next(Stream.numbers)
            status, text = self.send(number, self.secret)
            if status == 200:
                self.accepted.append(number)
            else:
                self.refused.append((number, status, text))

    def send(self, number, secret):
        make, sign = SENDERS[self.channel]
        body = make(number)
        request = urllib.request.Request(self.url, body, sign(body, secret))
        try:
            with urllib.request.urlopen(request, timeout=LONG) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError as away:
            return 0, str(away)

    def stop(self):
        self.over.set()
        self.thread.join()
