#!/usr/bin/env python3
"""Signatures of webhooks, judged by libraries that are not ours: webhooks.py [PATH OF THE SANDBOX]

What the sandbox signs as Shopify is validated by Shopify's own library, what it signs as Etsy and BigCommerce by that of
Standard Webhooks, what its house shop signs by Stripe's, whose form that shop has; what these two sign is judged by
channel_verify(), as ingest does, for the house shop by its spec. Altered, late and wrongly keyed notifications are refused
by both sides. Not part of `make test`: it needs npm and node.
"""

import base64
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from harness.suite import Report, expect, until  # noqa: E402

LIBRARIES = ["@shopify/shopify-api@11.14.1", "standardwebhooks@1.0.0", "stripe@17.7.0"]
FOLDER = ROOT / "var/signatures/webhooks"
CHANNELS = {"shop": "shopify", "crafts": "etsy", "store": "bigcommerce", "house": "generic"}
SPEC = ROOT / "docs/examples/house-shop.yaml"
SALES = 10

JUDGE = """
const { createRequire } = require('module');
const load = createRequire(process.argv[1] + '/');
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
load('@shopify/shopify-api/adapters/node');
const { shopifyApi, LATEST_API_VERSION } = load('@shopify/shopify-api');
const { Webhook } = load('standardwebhooks');
const stripe = new (load('stripe'))('sk_test_of_nobody');
async function shopify(one) {
    const api = shopifyApi({apiKey: 'key', apiSecretKey: one.secret, hostName: 'shop.example', apiVersion: LATEST_API_VERSION,
                            isEmbeddedApp: false, logger: {level: 0}});
    const rawRequest = {method: 'POST', url: '/', headers: one.headers};
    return (await api.webhooks.validate({rawBody: one.body, rawRequest, rawResponse: {}})).valid;
}
function standard(one) {
    try {
        new Webhook(one.secret).verify(one.body, one.headers);
        return true;
    } catch (error) {
        return false;
    }
}
function timed(one) {
    try {
        stripe.webhooks.constructEvent(one.body, one.headers['x-house-signature'], one.secret);
        return true;
    } catch (error) {
        return false;
    }
}
function timedHeader(one, at) {
    return stripe.webhooks.generateTestHeaderString({payload: one.body, secret: one.secret, timestamp: Math.floor(at / 1000)});
}
(async () => {
    const answers = [];
    const judges = {shopify, generic: timed};
    for (const one of given.judge) answers.push(await (judges[one.kind] || standard)(one));
    const signed = given.sign.map(one => {
        const at = new Date(Date.now() - one.age_s * 1000);
        if (one.kind === 'generic') return {...one, headers: {'x-house-signature': timedHeader(one, at)}};
        return {...one, headers: {'webhook-id': one.id, 'webhook-timestamp': String(Math.floor(at / 1000)),
                                  'webhook-signature': new Webhook(one.secret).sign(one.id, at, one.body)}};
    });
    console.log(JSON.stringify({answers, signed}));
})();
"""


def ask(judge=(), sign=()):
    done = subprocess.run(["node", "-e", JUDGE, str(FOLDER)], input=json.dumps({"judge": list(judge), "sign": list(sign)}),
                          capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def install():
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(FOLDER), *LIBRARIES],
                          capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr[-2000:])


class Receiver:
    def __init__(self):
        self.got = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def versioned(headers):
    """The sandbox's Etsy leaves the version out now and then, as nobody confirms that it is there; the library wants it."""
    signature = headers.get("webhook-signature", "")
    return headers if "," in signature else dict(headers, **{"webhook-signature": f"v1,{signature}"})


def standard_secret(kind, secret):
    """BigCommerce's key is the client secret's bytes, which its own documentation encodes for the library."""
    return base64.b64encode(secret.encode()).decode() if kind == "bigcommerce" else secret


def sold(folder, sandbox):
    """What the sandbox sends of some sales: [{kind, secret, headers, body}]"""
    receiver = Receiver()
    config, port = pathlib.Path(folder) / "sandbox.json", pathlib.Path(folder) / "port"
    names = ",".join(f"{name}:{kind}" for name, kind in CHANNELS.items())
    made = subprocess.run([sandbox, "catalogue", "--seed", "1", "--products", "2", "--variants", "2", "--stock", "50", "--channels",
                           names, "--ingest-url", receiver.url, "--listen", "127.0.0.1:0"], capture_output=True, text=True)
    expect(made.returncode == 0, made.stderr)
    config.write_text(made.stdout)
    process = subprocess.Popen([sandbox, "serve", "--config", str(config), "--port-file", str(port)])
    try:
        until(30, lambda: port.exists() and port.read_text().strip(), "the sandbox listens")
        control = f"http://127.0.0.1:{port.read_text().strip()}/control/"

        def call(path, body=None):
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(urllib.request.Request(control + path, data, {"Content-Type": "application/json"})) as answer:
                return json.load(answer)

        state = call("state")
        for name in CHANNELS:
            listing = sorted(state.get("channels", state)[name]["listings"])[0]
            for _ in range(SALES):
                call("sell", {"channel": name, "lines": [{"listing": listing, "quantity": 1}]})
        until(60, lambda: all(sum(path.endswith(f"/{name}") for path, _, _ in receiver.got) >= SALES for name in CHANNELS),
              "every shop notifies of its sales")
    finally:
        process.terminate()
        process.wait(30)
    secrets = {channel["name"]: channel["secret"] for channel in json.loads(config.read_text())["channels"]}
    return [{"kind": CHANNELS[path.rsplit("/", 1)[1]], "secret": secrets[path.rsplit("/", 1)[1]], "headers": headers, "body": body}
            for path, headers, body in list(receiver.got)]


def sandbox_signs(folder, sandbox):
    got = sold(folder, sandbox)
    given = [one if one["kind"] in ("shopify", "generic") else
             dict(one, secret=standard_secret(one["kind"], one["secret"]), headers=versioned(one["headers"])) for one in got]
    forged = [dict(one, body=one["body"] + " ") for one in given]
    answers = ask(judge=given + forged)["answers"]
    print(f"    {len(given)} notifications of {', '.join(sorted(set(one['kind'] for one in given)))}")
    expect(answers == [True] * len(given) + [False] * len(given), f"the libraries say {answers}")


def library_signs():
    """Each row and what we must say of it."""
    secret = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    rows = [(kind, age_s, change, age_s == 0 and change == "")
            for kind in ("etsy", "bigcommerce", "generic") for age_s in (0, 900, -900) for change in ("", "body", "id", "secret")]
    signs = [{"kind": kind, "secret": secret, "id": f"msg_{i}", "age_s": age_s, "body": '{"scope":"store/order/created","n":1}'}
             for i, (kind, age_s, _, _) in enumerate(rows)]
    lines = []
    for (kind, _, change, _), one in zip(rows, ask(sign=signs)["signed"]):
        if change == "body":
            one["body"] = one["body"].replace("1", "2")
        elif change == "id" and kind == "generic":  # it has a time and no id
            one["headers"]["x-house-signature"] = re.sub(r"t=(\d+)", lambda time: f"t={int(time[1]) + 1}",
                                                         one["headers"]["x-house-signature"])
        elif change == "id":
            one["headers"]["webhook-id"] += "0"
        ours = base64.b64decode(secret).decode() if kind == "bigcommerce" else secret
        if kind == "etsy":
            ours = "whsec_" + ours
        lines.append({"kind": kind, "secret": ours if change != "secret" else ours[:-4] + "AAAA", "headers": one["headers"],
                      "body": one["body"], **({"spec": str(SPEC)} if kind == "generic" else {})})
    tool = ROOT / "build/release/tests/integration/c/verify"
    done = subprocess.run([str(tool)], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)
    said = [line == "true" for line in done.stdout.split()]
    expect(said == [good for _, _, _, good in rows], f"we say {list(zip(rows, said))}")
    print(f"    {len(rows)} notifications, {sum(said)} accepted")


def main():
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("skipped: npm or node is not installed")
        return 77
    sandbox = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/bin/sandbox")
    with tempfile.TemporaryDirectory() as folder:
        report = Report(folder)
        with report.test("the libraries are installed"):
            install()
        with report.test("Shopify's, Standard Webhooks' and Stripe's libraries accept what the sandbox signs, and nothing altered"):
            sandbox_signs(folder, sandbox)
        with report.test("what Standard Webhooks' and Stripe's libraries sign is accepted, and nothing altered, late or of another key"):
            library_signs()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
