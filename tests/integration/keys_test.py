#!/usr/bin/env python3
"""Notifications signed with a key of the channel, on a real broker that runs in DIR: keys_test.py DIR

Starts BUILD/bin/ingest (build/release by default) with a channel that signs as eBay does. Its keys are made here, and
asked for at the small HTTP server below. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ingest_test  # noqa: E402
from ingest_test import BROKER, LIMIT_S, PATIENT, Service, Topics, check, run, wait_for  # noqa: E402
from harness.peer import Peer  # noqa: E402
from harness.suite import Logs  # noqa: E402

CHANNEL = "ebay-main"
VERIFICATION, ENDPOINT = "71745723-d031-455c-bfa5-f90d11b4f20a", "http://www.testendpoint.com/webhook"
KEYS = "/commerce/notification/v1/public_key/"


class Marketplace(Peer):
    """Tokens, public keys, and an order of eBay."""

    def __init__(self):
        super().__init__()
        self.keys = {}   # key id -> PEM in one line
        self.asked = {}  # key id -> times
        self.status = 200
        self.held = None

    def answer(self, method, path, query, headers, body):
        if path == "/identity/v1/oauth2/token":
            return 200, {"access_token": "application", "expires_in": 7200, "token_type": "Application Access Token"}
        if path.startswith(KEYS):
            return self.key(path[len(KEYS):])
        order = path.rsplit("/", 1)[1]
        return 200, {"orderId": order, "creationDate": "2026-06-19T14:15:22.000Z",
                     "lastModifiedDate": "2026-06-19T14:16:58.000Z", "orderFulfillmentStatus": "NOT_STARTED",
                     "orderPaymentStatus": "PAID", "cancelStatus": {"cancelState": "NONE_REQUESTED"},
                     "lineItems": [{"lineItemId": "1", "legacyItemId": "287403994390", "quantity": 1, "sku": "S-1"}]}

    def key(self, key_id):
        with self.lock:
            self.asked[key_id] = self.asked.get(key_id, 0) + 1
        if self.held is not None:
            self.held.wait(LIMIT_S)
        if self.status != 200:
            return self.status, {"errors": [{"errorId": 195000}]}
        if key_id not in self.keys:
            return 404, {"errors": [{"errorId": 195001, "message": "The specified key_id is invalid"}]}
        return 200, {"key": self.keys[key_id], "algorithm": "ECDSA", "digest": "SHA1"}

    def questions(self):
        with self.lock:
            return sum(self.asked.values())


class Signer:
    """A key of the marketplace's, made by openssl."""

    def __init__(self, folder):
        self.id = str(uuid.uuid4())
        self.path = os.path.join(folder, self.id)
        done = run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path)
        if done.returncode != 0:
            sys.exit(f"openssl: {done.stderr}")
        self.pem = "".join(run("openssl", "ec", "-in", self.path, "-pubout").stdout.splitlines())

    def header(self, body, key_id=None):
        done = subprocess.run(["openssl", "dgst", "-sha1", "-sign", self.path], input=body, capture_output=True,
                              timeout=60)
        sign = {"alg": "ecdsa", "kid": key_id or self.id, "signature": base64.b64encode(done.stdout).decode(),
                "digest": "SHA1"}
        return base64.b64encode(json.dumps(sign).encode()).decode()


def notification(order):
    return json.dumps({"metadata": {"topic": "ORDER_CONFIRMATION", "schemaVersion": "1.0", "deprecated": False},
                       "notification": {"notificationId": f"{uuid.uuid4()}_{uuid.uuid4()}",
                                        "eventDate": "2026-06-19T14:15:23.110Z",
                                        "publishDate": "2026-06-19T14:15:23.407Z", "publishAttemptCount": 1,
                                        "data": {"order": {"orderId": order, "orderLineItems": [
                                            {"orderLineItemId": "1", "listingId": "287403994390", "quantity": 1}]}}}},
                      separators=(",", ":")).encode()


def post(service, body, header):
    return service.ask("POST", f"/v1/notify/{CHANNEL}", body, {"Content-Type": "application/json",
                                                               "X-EBAY-SIGNATURE": header})


def channels_yaml(market):
    return "\n".join(["channels:", f"  - name: {CHANNEL}", "    kind: ebay", f"    base_url: {market.url}",
                      "    token: unused", "    poll_interval_ms: 0", "    settings:", "      client_id: client",
                      "      client_secret: certificate", "      refresh_token: refresh",
                      f"      verification_token: {VERIFICATION}", f"      endpoint: {ENDPOINT}", ""])


# ---- tests


def test_good(service, market, signer, topics):
    body = notification("13-14786-65872")
    answer = post(service, body, signer.header(body))
    check("a notification waits for its key and is taken", answer[0] == 200 and json.loads(answer[1])["hints"] == 1,
          answer)
    check("what it names is read", wait_for(lambda: len(topics.read("events")) == 1, LIMIT_S), service.log()[-2000:])
    statuses = []
    for number in range(20):
        body = notification(f"13-14786-{number:05}")
        statuses.append(post(service, body, signer.header(body))[0])
    check("the key is asked for once", statuses == [200] * 20 and market.asked == {signer.id: 1}, market.asked)
    body = notification("13-00000-00001")
    answer = post(service, body, signer.header(body + b" "))
    check("a wrong signature is 401", answer[0] == 401 and ingest_test.problem(answer).endswith("bad-signature"), answer)
    answer = post(service, body, "bm8ganNvbg==")
    check("so is a header that names no key", answer[0] == 401, answer)


def test_unknown(service, market, signer):
    before = market.questions()
    for _ in range(3):
        body = notification("13-00000-00002")
        answer = post(service, body, signer.header(body, "made-up"))
        check("an unknown key is 401", answer[0] == 401 and ingest_test.problem(answer).endswith("unknown-key"), answer)
    check("it is asked for once", market.questions() == before + 1, market.asked)


def test_flood(service, market, signer):
    """Strangers make up key ids: they cost few questions, and the others nothing."""
    before, start = market.questions(), time.monotonic()
    statuses = []

    def strangers():
        for _ in range(50):
            body = notification("13-00000-00003")
            statuses.append(post(service, body, signer.header(body, str(uuid.uuid4())))[0])

    threads = [threading.Thread(target=strangers) for _ in range(4)]
    for thread in threads:
        thread.start()
    body = notification("13-14786-11111")
    answer = post(service, body, signer.header(body))
    for thread in threads:
        thread.join()
    took = time.monotonic() - start
    check("who is known is taken in a flood of unknown keys", answer[0] == 200, answer)
    check("the flood is refused", set(statuses) <= {401, 503} and len(statuses) == 200, set(statuses))
    check("and asks seldom", market.questions() - before <= 11 + took, (market.questions() - before, took))


def test_away(service, market, folder):
    """The channel can't be asked: the sender is to come again, and then it is taken."""
    signer = Signer(folder)
    market.keys[signer.id] = signer.pem
    market.status = 500
    body = notification("13-14786-22222")
    header = signer.header(body)
    check("without its key a notification is 503", wait_for(
        lambda: ingest_test.problem(post(service, body, header)).endswith("key-away") and signer.id in market.asked,
        LIMIT_S), market.asked)
    market.status = 200
    check("when the key can be had it is taken", wait_for(lambda: post(service, body, header)[0] == 200, LIMIT_S),
          service.log()[-2000:])


def test_stop(service, market, folder):
    """SIGTERM while a notification waits for its key."""
    signer = Signer(folder)
    market.keys[signer.id] = signer.pem
    body = notification("13-14786-33333")
    header = signer.header(body)
    time.sleep(2)  # for the budget of questions to come back
    market.held = threading.Event()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(post(service, body, header)[0]))
    thread.start()
    held = wait_for(lambda: signer.id in market.asked, LIMIT_S)
    code = service.stop()
    thread.join()
    market.held.set()
    check("stopping does not wait for a key", held and code == 0 and answers == [503], (held, code, answers))


def test_challenge(service):
    for code in ("71745723-d031-455c-bfa5-f90d11b4f20a", "a8628072-3d33-45ee-9004-bee86830a22d"):
        want = hashlib.sha256((code + VERIFICATION + ENDPOINT).encode()).hexdigest()
        answer = service.ask("GET", f"/v1/notify/{CHANNEL}?challenge_code={code}")
        check("the endpoint says that it is ours", answer[0] == 200 and
              json.loads(answer[1]) == {"challengeResponse": want} and
              answer[2]["content-type"] == "application/json", answer)
    answer = service.ask("GET", f"/v1/notify/{CHANNEL}")
    check("a GET that asks nothing is 405", answer[0] == 405, answer)
    answer = service.ask("GET", "/v1/notify/nobody?challenge_code=1")
    check("of a channel that is not there 404", answer[0] == 404, answer)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: keys_test.py DIR")
    brokers = run(BROKER, "address", sys.argv[1]).stdout.strip()
    market = Marketplace()
    with tempfile.TemporaryDirectory(prefix="keys-test-") as work:
        topics = Topics(work, brokers, f"keys-{os.getpid()}-{int(time.time()) % 100000}.",
                        os.path.join(work, "channels.yaml"))
        ingest_test.replace_file(topics.channels, channels_yaml(market))
        topics.create()
        signer = Signer(work)
        market.keys[signer.id] = signer.pem
        service = Service(topics, work, **PATIENT).start()
        try:
            test_good(service, market, signer, topics)
            test_unknown(service, market, signer)
            test_challenge(service)
            test_flood(service, market, signer)
            test_away(service, market, work)
            test_stop(service, market, work)
        finally:
            if service.process.poll() is None:
                service.process.kill()
            if ingest_test.failed:
                Logs(work, whole=True).show()
    print(f"{ingest_test.passed} passed, {ingest_test.failed} failed")
    sys.exit(1 if ingest_test.failed else 0)


if __name__ == "__main__":
    main()
