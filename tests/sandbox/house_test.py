#!/usr/bin/env python3
"""The sandbox's house shop with nothing but python's own library: signatures, orders, stock, exports, refusals.
Usage: house_test.py [PATH OF THE SANDBOX]. Prints ok / not ok lines, then 'N passed, N failed'."""
import base64
import csv
import hashlib
import hmac
import http.server
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SANDBOX = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin/sandbox"
NAME = "house-main"
results = {True: 0, False: 0}


def check(name, good, detail=""):
    results[bool(good)] += 1
    print(f"{'ok' if good else 'not ok'} - {name}" + ("" if good else f": {str(detail)[:400]}"), flush=True)


def wait(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


class Receiver(http.server.ThreadingHTTPServer):
    """What the suite's ingest is in real life."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, topic):
        return [json.loads(body) for _, body in list(self.got) if json.loads(body)["type"] == topic]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["X-House-Signature"], body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Shop:
    def __init__(self, folder, receiver):
        config = pathlib.Path(folder) / "sandbox.json"
        config.write_text(subprocess.run(
            [SANDBOX, "catalogue", "--seed", "5", "--products", "5", "--variants", "2", "--stock", "40", "--channels",
             f"{NAME}:generic", "--ingest-url", f"http://127.0.0.1:{receiver.server_address[1]}", "--listen",
             "127.0.0.1:0"], check=True, capture_output=True, text=True).stdout)
        self.own = json.loads(config.read_text())["channels"][0]
        self.variants = [one for product in self.own["products"] for one in product["variants"]]
        port_file = pathlib.Path(folder) / "port"
        self.process = subprocess.Popen([SANDBOX, "serve", "--config", str(config), "--port-file", str(port_file)],
                                        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait(port_file.exists)
        self.root = f"http://127.0.0.1:{port_file.read_text().strip()}"
        self.token = ""

    def call(self, method, path, body=None, **headers):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data=data, method=method, headers={
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read(), refused.headers

    def api(self, method, path, body=None, **headers):
        status, text, _ = self.call(method, f"/{NAME}{path}", body, **headers)
        return status, json.loads(text)

    def control(self, path, **body):
        return json.loads(self.call("POST", f"/control/{path}", dict(body, channel=NAME))[1])

    def login(self, secret, grant=b"grant_type=client_credentials"):
        pair = base64.b64encode(f"{self.own['token']}:{secret}".encode()).decode()
        return self.api("POST", "/oauth/token", grant, Authorization=f"Basic {pair}")

    def sell(self, *wants):
        return self.control("sell", lines=[{"listing": one["id"], "quantity": units} for one, units in wants])


def tokens(shop, _):
    status, answer = shop.login("wrong")
    check("a wrong secret gets no token", status == 401 and answer["error"]["code"] == "unauthorized", answer)
    status, answer = shop.login(shop.own["token_secret"], b"grant_type=password")
    check("nor does another grant", status == 400, answer)
    check("without a token nothing goes", shop.api("GET", "/orders")[0] == 401)
    status, answer = shop.login(shop.own["token_secret"])
    shop.token = answer["access_token"]
    check("client credentials get one", status == 200 and answer["expires_in"] > 0, answer)


def notifications_are_signed(shop, receiver):
    first, second = shop.variants[0], shop.variants[1]
    sold = shop.sell((first, 2), (second, 1))
    check("a sale is told", wait(lambda: receiver.of("order.placed")))
    signature, body = receiver.got[0]
    parts = dict(part.split("=", 1) for part in signature.split(","))
    made = hmac.new(shop.own["secret"].encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    check("its time and body are signed", made == parts["v1"] and abs(time.time() - int(parts["t"])) < 300, signature)
    order = receiver.of("order.placed")[0]["order"]
    check("with all its items", order["code"] == sold["order"] and
          [(one["variant"], one["quantity"], one["cancelled"]) for one in order["items"]] ==
          [(first["id"], 2, 0), (second["id"], 1, 0)] and order["state"] == "open", order)
    shop.control("fulfil", order=sold["order"])
    check("a parcel is told", wait(lambda: receiver.of("order.shipped")))
    parcel = receiver.of("order.shipped")[0]["order"]["parcels"][0]
    check("with both items", [one["quantity"] for one in parcel["items"]] == [2, 1], parcel)
    shop.control("refund", order=sold["order"], line=sold["lines"][0]["line"], quantity=1, restock_type="return")
    check("a return is told", wait(lambda: receiver.of("order.returned")))
    returned = receiver.of("order.returned")[0]["order"]["returns"]
    check("with its item", [(one["item"], one["quantity"]) for one in returned[0]["items"]] ==
          [(sold["lines"][0]["line"], 1)], returned)


def a_cancellation_names_its_order(shop, receiver):
    sold = shop.sell((shop.variants[2], 3))
    shop.control("cancel", order=sold["order"])
    check("a cancellation is told", wait(lambda: receiver.of("order.cancelled")))
    told = receiver.of("order.cancelled")[0]
    check("by the order's number alone", set(told) == {"id", "type", "sent_at", "order_code"} and
          told["order_code"] == sold["order"], told)
    status, answer = shop.api("GET", f"/orders/{sold['order']}")
    check("the order can be read", status == 200 and answer["data"]["state"] == "cancelled" and
          answer["data"]["items"][0]["cancelled"] == 3, answer)
    check("another can not", shop.api("GET", "/orders/1")[0] == 404)


def orders_are_listed(shop, _):
    for _ in range(25):
        shop.sell((shop.variants[3], 1))
    _, all_of_them = shop.api("GET", "/orders")
    check("twenty a page", len(all_of_them["orders"]) == 20 and all_of_them["next"], all_of_them["next"])
    _, rest = shop.api("GET", f"/orders?cursor={all_of_them['next']}")
    check("and then the rest", len(rest["orders"]) == 7 and rest["next"] is None, len(rest["orders"]))
    newest = rest["orders"][-1]["changed_at"]
    _, late = shop.api("GET", f"/orders?changed_since={newest}")
    check("only what changed since", 1 <= len(late["orders"]) < 27, len(late["orders"]))
    check("a time that is none is refused", shop.api("GET", "/orders?changed_since=yesterday")[0] == 400)


def stock_is_written(shop, receiver):
    first, second = shop.variants[4], shop.variants[5]
    status, answer = shop.api("PUT", "/stock", {"stock": [
        {"variant": first["id"], "quantity": 7}, {"variant": "nothing", "quantity": 1},
        {"variant": second["id"], "quantity": "8"}]})
    check("each item has a result", status == 200 and [one.get("quantity") for one in answer["results"]] == [7, None, 8]
          and answer["results"][1]["error"]["code"] == "unknown_variant", answer)
    check("and is told", wait(lambda: len(receiver.of("stock.changed")) == 2))
    for bad in ({"stock": []}, {"stock": [{"variant": first["id"], "quantity": -1}]}, {"quantity": 3},
                {"stock": [{"variant": first["id"], "quantity": 1}] * 51}):
        check(f"refused whole: {str(bad)[:40]}", shop.api("PUT", "/stock", bad)[0] == 422)


def stock_is_exported(shop, _):
    _, sheet, headers = shop.call("GET", f"/{NAME}/stock.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.decode("cp1252"), newline=""), delimiter=";"))
    check("a sheet in Cp1252", headers["Content-Type"] == "text/csv; charset=windows-1252" and
          any(row["Titel"].startswith('Mug "Léon"') for row in rows), sheet[:200])
    _, text, _ = shop.call("GET", f"/{NAME}/stock.jsonl")
    lines = [json.loads(line) for line in text.splitlines()]
    check("the same as JSON lines", [(row["Artikel"], row["SKU"], int(row["Bestand"]), row["Geändert"]) for row in rows] ==
          [(one["variant"], one["sku"], one["quantity"], one["changed_at"]) for one in lines], rows)
    check("all variants are there", len(rows) == len(shop.variants), len(rows))


def it_lies_on_demand(shop, _):
    first = shop.variants[6]

    def write():
        return shop.call("PUT", f"/{NAME}/stock", {"stock": [{"variant": first["id"], "quantity": 5}]})

    for fault, status, code in (("answer_429", 429, "slow_down"), ("answer_500", 503, "maintenance"),
                                ("answer_500_after_apply", 500, "oops")):
        shop.control("faults", **{fault: 1})
        got, text, headers = write()
        check(fault, got == status and json.loads(text)["error"]["code"] == code and
              (got != 429 or headers["Retry-After"] == "1"), (got, text))
    shop.control("faults", accept_without_applying=1)
    shop.control("edit", listing=first["id"], quantity=9)
    got, text, _ = write()
    check("accept_without_applying", got == 200 and json.loads(text)["results"][0]["quantity"] == 9, text)
    shop.control("faults")


def main():
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder, receiver)
        try:
            for part in (tokens, notifications_are_signed, a_cancellation_names_its_order, orders_are_listed,
                         stock_is_written, stock_is_exported, it_lies_on_demand):
                part(shop, receiver)
        finally:
            shop.process.terminate()
            shop.process.wait()
    print(f"{results[True]} passed, {results[False]} failed")
    return 1 if results[False] else 0


if __name__ == "__main__":
    sys.exit(main())
