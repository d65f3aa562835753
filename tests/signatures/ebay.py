#!/usr/bin/env python3
"""What the sandbox signs as eBay, judged by eBay's own library: ebay.py [PATH OF THE SANDBOX]

Installs event-notification-nodejs-sdk from npm below var/signatures. The same notifications are judged by the suite in
tests/integration/ebay_test.py, so both sides are held to the library. Not part of `make test`: it needs npm and node.
"""

import base64
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from harness.suite import Report, expect, until  # noqa: E402

SDK = "event-notification-nodejs-sdk@1.0.3"
FOLDER = ROOT / "var/signatures/ebay"
# The library asks eBay itself for the key; here the sandbox's answer is put in that call's place.
JUDGE = """
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const lib = process.argv[1] + '/node_modules/event-notification-nodejs-sdk/lib/';
require(lib + 'client').getPublicKey = async () => given.key;
const validator = require(lib + 'validator');
(async () => {
    const answers = [];
    for (const one of given.notifications)
        answers.push(await validator.validateSignature(JSON.parse(one.body), one.header, {}));
    const challenges = given.challenges.map(one => validator.generateChallengeResponse(one.challenge_code, one));
    console.log(JSON.stringify({answers, challenges}));
})();
"""


def sandbox_of_ebay():
    spec = importlib.util.spec_from_file_location("market", ROOT / "tests/sandbox/ebay_test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judge(key, notifications, challenges):
    given = json.dumps({"key": key, "notifications": notifications, "challenges": challenges})
    done = subprocess.run(["node", "-e", JUDGE, str(FOLDER)], input=given, capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr[-2000:])
    return json.loads(done.stdout)


def install():
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER), SDK],
                          capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr[-2000:])


def compare(folder):
    market_of = sandbox_of_ebay()
    receiver = market_of.Receiver()
    market = market_of.Market(folder, receiver)
    try:
        product = market.variants(False, False)[0][0]
        for _ in range(20):
            market.control("sell", channel=market_of.EBAY, lines=[{"listing": product["id"], "quantity": 1}])
        until(60, lambda: len(receiver.got) == 40, "20 notifications and 20 of the old kind")
        signed = [{"header": headers["X-EBAY-SIGNATURE"], "body": body.decode()} for headers, body in receiver.got
                  if "X-EBAY-SIGNATURE" in headers]
        kid = json.loads(base64.b64decode(signed[0]["header"]))["kid"]
        token = market.grant(grant_type="client_credentials")[1]["access_token"]
        key = json.loads(market.api("GET", f"/commerce/notification/v1/public_key/{kid}", token=token)[2])
    finally:
        market.process.terminate()
        market.process.wait(60)
    forged = [dict(one, body=one["body"].replace('"quantity":1', '"quantity":2')) for one in signed]
    vectors = json.loads((ROOT / "channels/ebay/fixtures/challenge-vectors.json").read_text())
    judged = judge(key, signed + forged, vectors)
    expect(judged["answers"] == [True] * 20 + [False] * 20, f"the library says {judged['answers']}")
    expect(judged["challenges"] == [one["challengeResponse"] for one in vectors], str(judged["challenges"]))


def main():
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("skipped: npm or node is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        report = Report(folder)
        with report.test("eBay's library is installed"):
            install()
        with report.test("eBay's library accepts what the sandbox signs, refuses what was altered, answers as we do"):
            compare(folder)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
