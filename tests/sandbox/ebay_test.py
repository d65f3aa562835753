#!/usr/bin/env python3
"""The sandbox's eBay, with nothing but python's own library and openssl: ebay_test.py [PATH OF THE SANDBOX]

Buys, receives what is sent on a server of its own, checks every signature, writes by both APIs, reads orders and
reports. Prints `ok name` and `not ok name`, then `N passed, N failed`.
"""

import base64
import hashlib
import http.client
import http.server
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import xml.etree.ElementTree as tree
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import Report, expect, until  # noqa: E402

SANDBOX = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin/sandbox"
EBAY = "ebay-main"
NAMES = {"e": "urn:ebay:apis:eBLBaseComponents"}
REVISIONS = 3


class Receiver(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.status = 200
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Market:
    def __init__(self, folder, receiver):
        made = subprocess.run([SANDBOX, "catalogue", "--seed", "7", "--products", "6", "--variants", "3", "--stock", "20",
                               "--channels", f"{EBAY}:ebay", "--listen", "127.0.0.1:0", "--ingest-url",
                               f"http://127.0.0.1:{receiver.server_address[1]}"], check=True, capture_output=True).stdout
        config = json.loads(made)
        self.channel = config["channels"][0]
        self.channel.update(revisions_per_day=REVISIONS, bulk_ms=300, retry_base_ms=50)
        self.settings = self.channel["settings"]
        path, port = pathlib.Path(folder) / "sandbox.json", pathlib.Path(folder) / "port"
        path.write_text(json.dumps(config))
        self.process = subprocess.Popen([SANDBOX, "serve", "--config", str(path), "--port-file", str(port)],
                                        stderr=subprocess.DEVNULL)
        until(60, port.exists, "the sandbox listens")
        self.port = int(port.read_text())
        self.token = ""

    def call(self, method, path, body=None, **headers):
        """(status, headers, bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def control(self, path, **body):
        status, _, content = self.call("POST", f"/control/{path}", json.dumps(body), Content_Type="application/json")
        expect(status == 200, f"{path}: {status} {content}")
        return json.loads(content)

    def state(self):
        return json.loads(self.call("GET", "/control/state")[2])[EBAY]["listings"]

    def grant(self, **form):
        pair = f"{self.settings['client_id']}:{self.settings['client_secret']}".encode()
        status, _, content = self.call("POST", f"/{EBAY}/identity/v1/oauth2/token", urllib.parse.urlencode(form),
                                       Authorization="Basic " + base64.b64encode(pair).decode(),
                                       Content_Type="application/x-www-form-urlencoded")
        return status, json.loads(content)

    def api(self, method, path, body=None, token=None):
        status, headers, content = self.call(method, f"/{EBAY}{path}", None if body is None else json.dumps(body),
                                             Authorization=f"Bearer {token or self.token}",
                                             Content_Type="application/json")
        return status, headers, content

    def trading(self, name, content, token=None):
        body = f'<{name}Request xmlns="{NAMES["e"]}">{content}</{name}Request>'
        status, _, answer = self.call("POST", f"/{EBAY}/ws/api.dll", body, X_EBAY_API_CALL_NAME=name,
                                      X_EBAY_API_IAF_TOKEN=token or self.token, Content_Type="text/xml")
        expect(status == 200, f"{name}: {status}")
        return tree.fromstring(answer)

    def variants(self, of_inventory, variable):
        return [(product, variant) for product in self.channel["products"] for variant in product["variants"]
                if bool(variant.get("inventory_item_id")) == of_inventory and bool(variant.get("id")) == variable]


def listing(product, variant):
    return f"{product['id']}/{variant['sku']}" if variant.get("id") else product["id"]


def tokens(market, _):
    status, answer = market.grant(grant_type="refresh_token", refresh_token=market.settings["refresh_token"])
    expect(status == 200 and answer["expires_in"] == 7200, f"{status} {answer}")
    market.token = answer["access_token"]
    expect(market.grant(grant_type="refresh_token", refresh_token="old")[1]["error"] == "invalid_grant", "an old token")
    status, _, _ = market.api("GET", "/sell/fulfillment/v1/order", token="wrong")
    expect(status == 401, f"a wrong token: {status}")


def public_key(market, kid):
    application = market.grant(grant_type="client_credentials", scope="x")[1]["access_token"]
    status, _, content = market.api("GET", f"/commerce/notification/v1/public_key/{kid}", token=application)
    expect(status == 200, f"{status} {content}")
    key = json.loads(content)
    expect(key["algorithm"] == "ECDSA" and key["digest"] == "SHA1" and "\n" not in key["key"], str(key))
    inner = re.fullmatch("-----BEGIN PUBLIC KEY-----(.*)-----END PUBLIC KEY-----", key["key"])[1]
    return f"-----BEGIN PUBLIC KEY-----\n{inner}\n-----END PUBLIC KEY-----\n"


def is_signed(pem, signature, body):
    with tempfile.TemporaryDirectory() as folder:
        files = {name: pathlib.Path(folder) / name for name in ("pem", "signature", "body")}
        files["pem"].write_text(pem)
        files["signature"].write_bytes(signature)
        files["body"].write_bytes(body)
        return subprocess.run(["openssl", "dgst", "-sha1", "-verify", files["pem"], "-signature", files["signature"],
                               files["body"]], capture_output=True).returncode == 0


def notifications_are_signed(market, receiver):
    product, variant = market.variants(True, True)[0]
    order = market.control("sell", channel=EBAY, lines=[{"listing": listing(product, variant), "quantity": 2}])["order"]
    until(60, lambda: len(receiver.got) == 2, "two notifications")
    (headers, body), = [one for one in receiver.got if "X-EBAY-SIGNATURE" in one[0]]
    note = json.loads(body)
    expect(note["metadata"]["topic"] == "ORDER_CONFIRMATION", str(note))
    data = note["notification"]["data"]["order"]
    expect(data["orderId"] == order and data["orderLineItems"][0]["listingId"] == product["id"], str(data))
    expect("sku" not in body.decode(), "the notification names a SKU")
    header = json.loads(base64.b64decode(headers["X-EBAY-SIGNATURE"]))
    pem = public_key(market, header["kid"])
    signature = base64.b64decode(header["signature"])
    expect(is_signed(pem, signature, body), "the signature is no good")
    expect(not is_signed(pem, signature, body + b" "), "the signature is good for another body")
    status, _, _ = market.api("GET", "/commerce/notification/v1/public_key/none",
                              token=market.grant(grant_type="client_credentials")[1]["access_token"])
    expect(status == 400, f"an unknown key: {status}")
    (_, soap), = [one for one in receiver.got if "X-EBAY-SIGNATURE" not in one[0]]
    time_, given = (re.search(rb"<%s>(.*?)</" % name, soap)[1].decode()
                    for name in (b"Timestamp", b"ebl:NotificationSignature"))
    text = time_ + "".join(market.settings[name] for name in ("dev_id", "client_id", "client_secret"))
    expect(base64.b64encode(hashlib.md5(text.encode()).digest()).decode() == given, "the SOAP is signed otherwise")
    expect(order.encode() in soap, "the SOAP names no order")


def a_try_that_failed_is_counted(market, receiver):
    receiver.got.clear()
    receiver.status = 500
    product, variant = market.variants(False, False)[0]
    market.control("sell", channel=EBAY, lines=[{"listing": product["id"], "quantity": 1}])
    tries = until(60, lambda: [json.loads(body) for headers, body in receiver.got if "X-EBAY-SIGNATURE" in headers][2:3]
                  and [json.loads(body) for headers, body in receiver.got if "X-EBAY-SIGNATURE" in headers], "three tries")
    receiver.status = 200
    expect([one["notification"]["publishAttemptCount"] for one in tries] == [1, 2, 3], str(tries))
    expect(len({one["notification"]["notificationId"] for one in tries}) == 1, "another id")


def orders_are_read(market, _):
    product, variant = market.variants(False, True)[0]
    order = market.control("sell", channel=EBAY, lines=[{"listing": listing(product, variant), "quantity": 3}])["order"]
    path = f"/sell/fulfillment/v1/order/{order}"
    one = json.loads(market.api("GET", path)[2])
    line = one["lineItems"][0]
    expect(one["cancelStatus"]["cancelState"] == "NONE_REQUESTED" and one["lastModifiedDate"].endswith(".000Z"), str(one))
    expect((line["legacyItemId"], line["legacyVariationId"], line["sku"], line["quantity"])
           == (product["id"], variant["id"], variant["sku"], 3), str(line))
    market.control("cancel", channel=EBAY, order=order, restock=True)
    one = json.loads(market.api("GET", path)[2])
    expect(one["cancelStatus"]["cancelState"] == "CANCELED" and one["cancelStatus"]["cancelRequests"], str(one))
    listed = json.loads(market.api("GET", "/sell/fulfillment/v1/order?limit=200")[2])["orders"]
    expect(any(each["orderId"] == order and not each["cancelStatus"]["cancelRequests"] for each in listed),
           "the list tells of requests")
    page = json.loads(market.api("GET", "/sell/fulfillment/v1/order?limit=1&offset=1")[2])
    expect(len(page["orders"]) == 1 and page["orders"][0]["orderId"] == listed[1]["orderId"], str(page))
    later = urllib.parse.quote("lastmodifieddate:[2100-01-01T00:00:00.000Z..]")
    expect(not json.loads(market.api("GET", f"/sell/fulfillment/v1/order?filter={later}")[2])["orders"], "the filter")
    shipped = market.control("sell", channel=EBAY, lines=[{"listing": listing(product, variant), "quantity": 1}])["order"]
    market.control("fulfil", channel=EBAY, order=shipped)
    parcels = json.loads(market.api("GET", f"/sell/fulfillment/v1/order/{shipped}/shipping_fulfillment")[2])
    expect(parcels["fulfillments"][0]["lineItems"][0]["quantity"] == 1, str(parcels))
    expect(market.api("GET", "/sell/fulfillment/v1/order/00-00000-00000")[0] == 404, "an unknown order")


def bulk(market, *wanted):
    requests = [{"sku": sku, "shipToLocationAvailability": {"quantity": item},
                 "offers": [{"offerId": offer, "availableQuantity": own}]} for sku, offer, item, own in wanted]
    status, _, content = market.api("POST", "/sell/inventory/v1/bulk_update_price_quantity", {"requests": requests})
    return status, json.loads(content)


def the_inventory_api_writes_what_it_made(market, _):
    (product, variant), (_, other) = market.variants(True, True)[:2]
    status, answer = bulk(market, (variant["sku"], variant["inventory_item_id"], 9, 7),
                          (other["sku"], other["inventory_item_id"], 5, 6))
    expect(status == 200 and [one["statusCode"] for one in answer["responses"]] == [200, 200], str(answer))
    shown = market.state()
    expect(shown[listing(product, variant)]["quantity"] == 7 and shown[listing(product, other)]["quantity"] == 5,
           "the smaller of both quantities is shown")
    status, answer = bulk(market, (variant["sku"], "1", 9, 9), (other["sku"], other["inventory_item_id"], 4, 4))
    expect(status == 207 and [one["statusCode"] for one in answer["responses"]] == [400, 200], str(answer))
    status, _ = bulk(market, *[(variant["sku"], variant["inventory_item_id"], 1, 1)] * 26)
    expect(status == 400, f"26 in a call: {status}")


def revise(market, *wanted):
    content = "".join(f"<InventoryStatus><ItemID>{item}</ItemID>" + (f"<SKU>{sku}</SKU>" if sku else "") +
                      f"<Quantity>{quantity}</Quantity></InventoryStatus>" for item, sku, quantity in wanted)
    answer = market.trading("ReviseInventoryStatus", content)
    return (answer.findtext("e:Ack", None, NAMES), [one.text for one in answer.findall("e:Errors/e:ErrorCode", NAMES)],
            len(answer.findall("e:InventoryStatus", NAMES)))


def trading_writes_what_it_made(market, _):
    (simple, _), (product, variant) = market.variants(False, False)[1], market.variants(False, True)[0]
    made_by_inventory = market.variants(True, False)[0][0]
    expect(revise(market, (simple["id"], "", 4), (product["id"], variant["sku"], 6)) == ("Success", [], 2), "written")
    shown = market.state()
    expect(shown[simple["id"]]["quantity"] == 4 and shown[listing(product, variant)]["quantity"] == 6, str(shown))
    expect(revise(market, (made_by_inventory["id"], "", 1)) == ("Failure", ["21919474"], 0), "the other API's listing")
    expect(revise(market, (simple["id"], "", 3), ("1", "", 3)) == ("PartialFailure", ["17"], 1), "half of it")
    answer = market.trading("ReviseInventoryStatus", "", token="wrong")
    expect(answer.findtext("e:Ack", None, NAMES) == "Failure", "a wrong token")


def revisions_have_a_limit(market, _):
    """Of a listing: its variations share it, and one call that writes two of them counts once."""
    (product, one), (_, two) = [pair for pair in market.variants(False, True)][-2:]
    for quantity in range(REVISIONS):
        got = revise(market, (product["id"], one["sku"], quantity), (product["id"], two["sku"], quantity))
        expect(got[0] == "Success", f"{quantity}: {got}")
    ack, _, written = revise(market, (product["id"], one["sku"], 9))
    expect(ack == "Failure" and written == 0, "written once too often")
    expect(market.state()[listing(product, one)]["quantity"] == REVISIONS - 1, "it was written all the same")


def items_are_read(market, _):
    product, variant = market.variants(False, True)[0]
    answer = market.trading("GetItem", f"<ItemID>{product['id']}</ItemID>")
    for one in answer.findall("e:Item/e:Variations/e:Variation", NAMES):
        left = (int(one.findtext("e:Quantity", None, NAMES))
                - int(one.findtext("e:SellingStatus/e:QuantitySold", None, NAMES)))
        expect(left == market.state()[f"{product['id']}/{one.findtext('e:SKU', None, NAMES)}"]["quantity"], "left")


def reports_come_as_a_task_and_a_zip(market, _):
    status, headers, _ = market.api("POST", "/sell/feed/v1/inventory_task",
                                    {"feedType": "LMS_ACTIVE_INVENTORY_REPORT", "schemaVersion": "1.0"})
    task = headers["Location"].rsplit("/", 1)[1]
    expect(status == 202, f"{status}")
    status, _, _ = market.api("GET", f"/sell/feed/v1/task/{task}/download_result_file")
    expect(status == 404, f"before it is done: {status}")
    until(60, lambda: json.loads(market.api("GET", f"/sell/feed/v1/inventory_task/{task}")[2])["status"] == "COMPLETED",
          "the task is done")
    packed = zipfile.ZipFile(io.BytesIO(market.api("GET", f"/sell/feed/v1/task/{task}/download_result_file")[2]))
    expect(packed.testzip() is None and len(packed.namelist()) == 1, "the archive")
    seen = {}
    for record in tree.fromstring(packed.read(packed.namelist()[0])).findall(".//e:SKUDetails", NAMES):
        item = record.findtext("e:ItemID", None, NAMES)
        for one in record.findall("e:Variations/e:Variation", NAMES) or [record]:
            key = item if one is record else f"{item}/{one.findtext('e:SKU', None, NAMES)}"
            seen[key] = int(one.findtext("e:Quantity", None, NAMES))
    expect(seen == {key: one["quantity"] for key, one in market.state().items()}, "the report shows something else")


def offset_is_a_page(market, _):
    wanted = sorted(variant["sku"] for product in market.channel["products"] for variant in product["variants"]
                    if variant.get("inventory_item_id"))
    got, page = [], 0
    while len(got) < len(wanted):
        answer = json.loads(market.api("GET", f"/sell/inventory/v1/inventory_item?limit=4&offset={page}")[2])
        expect(answer["inventoryItems"] and answer["total"] == len(wanted), str(answer))
        got += [one["sku"] for one in answer["inventoryItems"]]
        page += 1
    expect(sorted(got) == wanted and answer["size"] == page, f"{got} in {page} pages")


TESTS = (tokens, notifications_are_signed, a_try_that_failed_is_counted, orders_are_read,
         the_inventory_api_writes_what_it_made, trading_writes_what_it_made, revisions_have_a_limit, items_are_read,
         reports_come_as_a_task_and_a_zip, offset_is_a_page)


def main():
    with tempfile.TemporaryDirectory() as folder:
        report = Report(folder)
        receiver = Receiver()
        market = Market(folder, receiver)
        try:
            for function in TESTS:
                with report.test(function.__name__):
                    function(market, receiver)
        finally:
            market.process.terminate()
            market.process.wait(60)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
