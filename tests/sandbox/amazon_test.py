#!/usr/bin/env python3
"""The sandbox's Amazon seller with nothing but python's own library: token, queue with Signature V4 made here, orders,
patches, a feed, a report. Usage: amazon_test.py [PATH OF THE SANDBOX]. Prints ok / not ok lines, then 'N passed, N failed'."""
import datetime
import hashlib
import hmac
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SANDBOX = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin/sandbox"
NAME = "amazon-us"
results = {True: 0, False: 0}


def check(name, good, detail=""):
    results[bool(good)] += 1
    print(f"{'ok' if good else 'not ok'} - {name}" + ("" if good else f": {str(detail)[:400]}"), flush=True)


class Seller:
    def __init__(self, folder):
        config = pathlib.Path(folder) / "sandbox.json"
        config.write_text(subprocess.run(
            [SANDBOX, "catalogue", "--seed", "3", "--products", "3", "--variants", "2", "--stock", "20", "--channels",
             f"{NAME}:amazon", "--ingest-url", "http://127.0.0.1:1", "--listen", "127.0.0.1:0"],
            check=True, capture_output=True, text=True).stdout)
        port_file = pathlib.Path(folder) / "port"
        self.process = subprocess.Popen([SANDBOX, "serve", "--config", str(config), "--port-file", str(port_file)],
                                        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not port_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.port = port_file.read_text().strip()
        yaml = subprocess.run([SANDBOX, "channels", "--config", str(config), "--port", self.port], check=True,
                              capture_output=True, text=True).stdout
        self.settings = dict(re.findall(r'^\s+(?:- )?(\w+): "(.*)"$', yaml, re.MULTILINE))
        self.root = f"http://127.0.0.1:{self.port}"
        self.token = ""

    def call(self, method, url, body=None, headers=(), raw=False):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers=dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read()
        return status, text if raw else json.loads(text or b"{}")

    def api(self, method, path, body=None):
        return self.call(method, self.settings["base_url"] + path, body,
                         {"x-amz-access-token": self.token, "Content-Type": "application/json"})

    def control(self, path, body=None):
        return self.call("GET" if body is None else "POST", f"{self.root}/control/{path}", body,
                         {"Content-Type": "application/json"})

    def queue(self, action, body, secret=None, skew_s=0):
        """Signature Version 4 by AWS's description of it."""
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew_s)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        data = json.dumps(dict(body, QueueUrl=self.settings["queue_url"])).encode()
        headers = {"content-type": "application/x-amz-json-1.0", "host": f"127.0.0.1:{self.port}", "x-amz-date": stamp,
                   "x-amz-target": f"AmazonSQS.{action}"}
        names = ";".join(sorted(headers))
        canonical = "\n".join(["POST", "/", "", *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                               hashlib.sha256(data).hexdigest()])
        scope = f"{day}/us-east-1/sqs/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + (secret or self.settings["aws_secret_access_key"])).encode()
        for part in (day, "us-east-1", "sqs", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.settings['aws_access_key_id']}/{scope}, "
                                    f"SignedHeaders={names}, Signature={signature}")
        return self.call("POST", self.root + "/", data, headers)

    def receive(self, visibility_s=30):
        return self.queue("ReceiveMessage", {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 1,
                                             "VisibilityTimeout": visibility_s})[1].get("Messages", [])

    def drain(self):
        bodies = []
        while messages := self.receive():
            bodies += [json.loads(message["Body"]) for message in messages]
            self.queue("DeleteMessageBatch", {"Entries": [
                {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(messages)]})
        return bodies

    def login(self, **changes):
        form = {"grant_type": "refresh_token", "refresh_token": self.settings["refresh_token"],
                "client_id": self.settings["client_id"], "client_secret": self.settings["client_secret"], **changes}
        return self.call("POST", self.settings["login_url"], urllib.parse.urlencode(form).encode(),
                         {"Content-Type": "application/x-www-form-urlencoded"})

    def patch(self, sku, quantity, code="DEFAULT", marketplace="ATVPDKIKX0DER"):
        return self.api("PATCH", f"/listings/2021-08-01/items/{self.settings['account']}/{urllib.parse.quote(sku, safe='')}"
                        f"?marketplaceIds={marketplace}", {"productType": "PRODUCT", "patches": [
                            {"op": "replace", "path": "/attributes/fulfillment_availability",
                             "value": [{"fulfillment_channel_code": code, "quantity": quantity}]}]})


def tokens(seller):
    check("a stale token is refused", seller.api("GET", "/orders/2026-01-01/orders/1")[0] == 403)
    check("a wrong secret gets no token", seller.login(client_secret="no")[0] == 400)
    status, grant = seller.login()
    check("a refresh token gets an hour", status == 200 and grant["expires_in"] == 3600, grant)
    seller.token = grant["access_token"]


def queue(seller, skus):
    check("a wrong signature is refused", seller.queue("ReceiveMessage", {}, secret="no")[0] == 403)
    check("a late signature is refused", seller.queue("ReceiveMessage", {}, skew_s=-900)[0] == 403)
    status, order = seller.control("sell", {"channel": NAME, "lines": [{"listing": skus[0], "quantity": 5}]})
    check("a sale is taken", status == 200, order)
    first = seller.receive(visibility_s=1)
    check("the order waits in the queue", {json.loads(one["Body"])["NotificationType"] for one in first}
          == {"ORDER_CHANGE", "LISTINGS_ITEM_MFN_QUANTITY_CHANGE"}, first)
    check("what was handed out is hidden", not seller.receive())
    time.sleep(1.1)
    again = seller.receive()
    check("what was not deleted comes again", {one["MessageId"] for one in again} == {one["MessageId"] for one in first})
    check("with another receipt", not {one["ReceiptHandle"] for one in again} & {one["ReceiptHandle"] for one in first})
    seller.queue("DeleteMessageBatch", {"Entries": [{"Id": "0", "ReceiptHandle": one["ReceiptHandle"]} for one in first]})
    time.sleep(0.1)
    check("an older receipt deletes, too", not seller.drain())
    seller.control("faults", {"channel": NAME, "duplicate": 1})
    seller.control("edit", {"channel": NAME, "listing": skus[1], "quantity": 7})
    twice = seller.drain()
    check("a duplicate has the same id", len(twice) == 2 and twice[0] == twice[1], twice)
    seller.control("faults", {"channel": NAME})
    return order


def orders(seller, skus, sold):
    line = sold["lines"][0]["line"]
    seller.control("refund", {"channel": NAME, "order": sold["order"], "line": line, "quantity": 2,
                              "restock_type": "cancel"})
    change = next(body for body in seller.drain() if body["NotificationType"] == "ORDER_CHANGE")
    notified = change["Payload"]["OrderChangeNotification"]
    check("a notification says nothing of cancelled units", notified["Summary"]["OrderItems"][0]["Quantity"] == 5, notified)
    status, answer = seller.api("GET", f"/orders/2026-01-01/orders/{notified['AmazonOrderId']}?includedData=FULFILLMENT")
    item = answer["order"]["orderItems"][0]
    check("the order does", status == 200 and item["quantityOrdered"] == 5
          and item["fulfillment"] == {"quantityFulfilled": 0, "quantityUnfulfilled": 3}, answer)
    seller.control("fulfil", {"channel": NAME, "order": sold["order"]})
    seller.control("sell", {"channel": NAME, "lines": [{"listing": skus[2], "quantity": 1}]})
    path = "/orders/2026-01-01/orders?lastUpdatedAfter=2020-01-01T00:00:00Z&marketplaceIds=ATVPDKIKX0DER&maxResultsPerPage=1"
    status, page = seller.api("GET", path)
    package = page["orders"][0]["packages"][0]["packageItems"]
    check("a shipped order has its package", package == [{"orderItemId": line, "quantity": 3}], page)
    status, last = seller.api("GET", f"{path}&paginationToken={page['pagination']['nextToken']}")
    check("orders come by page", len(last["orders"]) == 1 and "pagination" not in last and last["lastUpdatedBefore"], last)
    check("no such order", seller.api("GET", "/orders/2026-01-01/orders/111-1111111-1111111")[0] == 404)
    seller.drain()


def listings(seller, skus):
    status, answer = seller.patch(skus[0], 3)
    check("a patch is accepted", status == 200 and answer["status"] == "ACCEPTED", answer)
    echo = seller.drain()
    check("and echoed", [body["Payload"]["Quantity"] for body in echo] == [3], echo)
    path = f"/listings/2021-08-01/items/{seller.settings['account']}/{skus[0]}?marketplaceIds=ATVPDKIKX0DER"
    check("and shown", seller.api("GET", path)[1]["fulfillmentAvailability"][0]["quantity"] == 3)
    status, answer = seller.patch(skus[0], 3, code="AMAZON_NA")
    check("what is invalid comes with 200", status == 200 and answer["status"] == "INVALID" and answer["issues"], answer)
    check("another marketplace is refused", seller.patch(skus[0], 3, marketplace="A2EUQ1WTGCTBG2")[0] == 400)
    check("no such SKU", seller.patch("no such", 3)[0] == 404)


def wait_done(seller, path):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = seller.api("GET", path)[1]
        if state["processingStatus"] == "DONE":
            return state
        time.sleep(0.1)
    return {}


def feed(seller, skus):
    document = seller.api("POST", "/feeds/2021-06-30/documents", {"contentType": "application/json; charset=UTF-8"})[1]
    messages = [{"messageId": i + 1, "sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": [
        {"op": "replace", "path": "/attributes/fulfillment_availability",
         "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 11}]}]} for i, sku in enumerate((skus[1], "no such"))]
    check("a document is written without a token", seller.call("PUT", document["url"], {
        "header": {"sellerId": seller.settings["account"], "version": "2.0"}, "messages": messages}, raw=True)[0] == 200)
    made = seller.api("POST", "/feeds/2021-06-30/feeds", {
        "feedType": "JSON_LISTINGS_FEED", "marketplaceIds": ["ATVPDKIKX0DER"],
        "inputFeedDocumentId": document["feedDocumentId"]})
    check("a feed is taken", made[0] == 202, made)
    done = wait_done(seller, f"/feeds/2021-06-30/feeds/{made[1]['feedId']}")
    where = seller.api("GET", f"/feeds/2021-06-30/documents/{done['resultFeedDocumentId']}")[1]
    report = seller.call("GET", where["url"])[1]
    check("its report names the fault", [issue["sku"] for issue in report["issues"]] == ["no such"], report)
    check("what was good is applied", [body["Payload"]["Quantity"] for body in seller.drain()] == [11])


def report(seller, skus):
    made = seller.api("POST", "/reports/2021-06-30/reports", {
        "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": ["ATVPDKIKX0DER"]})
    done = wait_done(seller, f"/reports/2021-06-30/reports/{made[1]['reportId']}")
    where = seller.api("GET", f"/reports/2021-06-30/documents/{done['reportDocumentId']}")[1]
    check("a document wants no token", seller.call("GET", where["url"], headers={"x-amz-access-token": seller.token},
                                                   raw=True)[0] == 403)
    rows = [line.split("\t") for line in seller.call("GET", where["url"], raw=True)[1].decode("cp1252").splitlines()]
    column = rows[0].index("quantity")
    shown = {row[rows[0].index("seller-sku")]: row[column] for row in rows[1:]}
    check("the report has every listing", sorted(shown) == skus and shown[skus[0]] == "3" and shown[skus[1]] == "11", shown)


def main():
    with tempfile.TemporaryDirectory() as folder:
        seller = Seller(folder)
        try:
            skus = sorted(seller.control("state")[1][NAME]["listings"])
            tokens(seller)
            orders(seller, skus, queue(seller, skus))
            listings(seller, skus)
            feed(seller, skus)
            report(seller, skus)
        finally:
            seller.process.terminate()
            seller.process.wait()
    print(f"{results[True]} passed, {results[False]} failed")
    return 0 if results[False] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
