#!/usr/bin/env python3
"""End-to-end test of tools/sandbox with nothing but python's own library: starts it, buys, receives
what it sends on a server of its own, checks every signature itself, pushes through both APIs.
Usage: sandbox_test.py [PATH OF THE SANDBOX]. Prints ok / not ok lines, then 'N passed, N failed'."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

SANDBOX = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin/sandbox"
SHOPIFY, WOO = "shopify-main", "woo-main"
results = {True: 0, False: 0}


def check(name, good, detail=""):
    results[bool(good)] += 1
    print(f"{'ok' if good else 'not ok'} - {name}" + ("" if good else f": {str(detail)[:400]}"), flush=True)


class Receiver(http.server.ThreadingHTTPServer):
    """What the suite's ingest is in real life."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ReceiverHandler)
        self.lock = threading.Lock()
        self.got = []
        self.status = {}  # channel -> status to answer
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, channel, topic=None, pings=False):
        with self.lock:
            return [n for n in self.got if n["channel"] == channel and n["ping"] == pings
                    and topic in (None, n["topic"])]

    def clear(self):
        with self.lock:
            self.got.clear()


class ReceiverHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        topic = self.headers.get("X-Shopify-Topic") or self.headers.get("X-WC-Webhook-Topic")
        channel = self.path.rsplit("/", 1)[-1]
        with self.server.lock:
            self.server.got.append({"channel": channel, "topic": topic, "headers": dict(self.headers),
                                    "body": body, "at": time.monotonic(), "ping": topic is None})
            status = self.server.status.get(channel, 200)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Sandbox:
    def __init__(self, receiver, folder, **changes):
        catalogue = subprocess.run(
            [SANDBOX, "catalogue", "--seed", "7", "--products", "30", "--variants", "4", "--stock", "20",
             "--channels", f"{SHOPIFY}:shopify,{WOO}:woocommerce", "--listen", "127.0.0.1:0",
             "--ingest-url", f"http://127.0.0.1:{receiver.server_address[1]}"],
            check=True, capture_output=True).stdout
        self.config = json.loads(catalogue)
        for name, values in changes.items():
            self.channel(name.replace("_", "-")).update(values)
        self.path = os.path.join(folder, "sandbox.json")
        port_file = os.path.join(folder, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.config, file)
        self.process = subprocess.Popen([SANDBOX, "serve", "--config", self.path, "--port-file", port_file],
                                        stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(port_file) and os.path.getsize(port_file) > 0)
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def channel(self, name):
        return next(c for c in self.config["channels"] if c["name"] == name)

    def call(self, method, path, body=None, headers=None, raw=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content if raw else json.loads(content or b"null"), answer.headers

    def post(self, name, **body):
        return self.call("POST", f"/control/{name}", body)[:2]

    def state(self, channel):
        return self.call("GET", "/control/state")[1][channel]

    def sell(self, channel, *lines):
        return self.post("sell", channel=channel, lines=[{"listing": l, "quantity": q} for l, q in lines])

    def graphql(self, query, variables, version="2026-10", token=None):
        channel = self.channel(SHOPIFY)
        return self.call("POST", f"/{SHOPIFY}/admin/api/{version}/graphql.json",
                         {"query": query, "variables": variables},
                         {"X-Shopify-Access-Token": token or channel["token"]})

    def woo(self, method, path, body=None, key=None):
        channel = self.channel(WOO)
        pair = f"{key or channel['token']}:{channel['token_secret']}"
        return self.call(method, f"/{WOO}/wp-json/wc/v3{path}", body,
                         {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})

    def settle(self):
        """Nothing is on its way any more."""
        return wait(lambda: all(c["counters"]["pending"] == 0
                                for c in self.call("GET", "/control/state?listings=0")[1].values()))

    def stop(self):
        self.post("stop")
        return self.process.wait(120)


def wait(condition, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def sign(secret, body):
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange } }
    userErrors { code field message } } }"""
BULK = """mutation Run($query: String!) { bulkOperationRunQuery(query: $query) {
  bulkOperation { id status createdAt } userErrors { field message } } }"""
BULK_QUERY = """{ inventoryItems { edges { node { id sku inventoryLevels { edges { node { location { id }
  quantities(names: ["available", "on_hand"]) { name quantity updatedAt } } } } } } } }"""
NODE = "query Poll($id: ID!) { node(id: $id) { ... on BulkOperation { id status url objectCount } } }"


def set_input(entries, location, **more):
    return {"name": "available", "reason": "correction", "referenceDocumentUri": "gid://stockbus/Push/1",
            "quantities": [{"inventoryItemId": f"gid://shopify/InventoryItem/{item}",
                            "locationId": f"gid://shopify/Location/{location}",
                            "quantity": quantity, "changeFromQuantity": compare}
                           for item, quantity, compare in entries], **more}


def codes(answer):
    return [e["code"] for e in answer["data"]["inventorySetQuantities"]["userErrors"]]


def test_shopify_sale(box, receiver):
    channel = box.channel(SHOPIFY)
    large = next(v for p in channel["products"] for v in p["variants"] if int(v["id"]) > 2 ** 53)
    small = channel["products"][0]["variants"][0]
    box.settle()
    receiver.clear()
    status, sold = box.sell(SHOPIFY, (small["id"], 2), (large["id"], 1))
    check("shopify: a sale of two lines is answered with its order", status == 200 and len(sold["lines"]) == 2, sold)
    wait(lambda: len(receiver.of(SHOPIFY)) >= 3)
    orders = receiver.of(SHOPIFY, "orders/create")
    levels = receiver.of(SHOPIFY, "inventory_levels/update")
    check("shopify: one orders/create and one inventory_levels/update per line",
          len(orders) == 1 and len(levels) == 2, [n["topic"] for n in receiver.got])
    check("shopify: every body is signed with the secret",
          all(n["headers"]["X-Shopify-Hmac-Sha256"] == sign(channel["secret"], n["body"])
              for n in orders + levels))
    headers = orders[0]["headers"]
    check("shopify: the headers are there",
          all(headers.get("X-Shopify-" + h) for h in ("Topic", "Shop-Domain", "API-Version", "Webhook-Id",
                                                      "Event-Id", "Triggered-At"))
          and headers["X-Shopify-Shop-Domain"] == channel["account"], headers)
    order = json.loads(orders[0]["body"])
    check("shopify: ids are numbers, exact beyond 2^53",
          str(order["id"]) == sold["order"] and order["line_items"][1]["variant_id"] == int(large["id"])
          and f'"variant_id":{large["id"]}'.encode() in orders[0]["body"], order["line_items"])
    check("shopify: slashes are escaped in the body", b"gid:\\/\\/shopify\\/Order" in orders[0]["body"])
    check("shopify: times carry the shop's offset", order["created_at"].endswith("-05:00"), order["created_at"])
    check("shopify: quantity, current_quantity, fulfillable_quantity of a new line",
          [order["line_items"][0][k] for k in ("quantity", "current_quantity", "fulfillable_quantity")] == [2, 2, 2])
    level = next(json.loads(n["body"]) for n in levels
                 if json.loads(n["body"])["inventory_item_id"] == int(small["inventory_item_id"]))
    check("shopify: the level says what is left", level["available"] == 18, level)
    status, answer = box.sell(SHOPIFY, (small["id"], 19))
    check("shopify: more than is left is refused", status == 409 and "18" in answer["error"], answer)
    return sold, small


def test_shopify_after_sale(box, receiver, sold, small):
    box.settle()
    receiver.clear()
    line = sold["lines"][0]["line"]
    box.post("refund", channel=SHOPIFY, order=sold["order"], line=line, quantity=1, restock_type="cancel")
    wait(lambda: len(receiver.of(SHOPIFY)) >= 3)
    refund = json.loads(receiver.of(SHOPIFY, "refunds/create")[0]["body"])
    order = json.loads(receiver.of(SHOPIFY, "orders/updated")[0]["body"])
    check("shopify: a refund names line, quantity, restock_type and location",
          [refund["refund_line_items"][0][k] for k in ("line_item_id", "quantity", "restock_type")]
          == [int(line), 1, "cancel"] and refund["refund_line_items"][0]["location_id"] is not None, refund)
    check("shopify: the order then has it, and quantity never shrinks",
          order["line_items"][0]["quantity"] == 2 and order["line_items"][0]["current_quantity"] == 1
          and order["refunds"][0]["id"] == refund["id"], order["line_items"][0])
    box.settle()
    receiver.clear()
    box.post("fulfil", channel=SHOPIFY, order=sold["order"])
    wait(lambda: receiver.of(SHOPIFY, "orders/updated"))
    order = json.loads(receiver.of(SHOPIFY, "orders/updated")[0]["body"])
    check("shopify: a shipped order has its fulfillment",
          order["fulfillment_status"] == "fulfilled" and order["fulfillments"][0]["status"] == "success"
          and order["line_items"][0]["fulfillable_quantity"] == 0, order["fulfillments"])
    check("shopify: a shipped order can't be cancelled",
          box.post("cancel", channel=SHOPIFY, order=sold["order"])[0] == 409)
    _, other = box.sell(SHOPIFY, (small["id"], 3))
    box.settle()
    box.settle()
    receiver.clear()
    before = box.state(SHOPIFY)["listings"][small["id"]]["quantity"]
    box.post("cancel", channel=SHOPIFY, order=other["order"], restock=True)
    wait(lambda: len(receiver.of(SHOPIFY)) >= 3)
    order = json.loads(receiver.of(SHOPIFY, "orders/cancelled")[0]["body"])
    check("shopify: a cancelled order comes with a refund that restocks",
          order["cancelled_at"] and order["line_items"][0]["current_quantity"] == 0
          and len(receiver.of(SHOPIFY, "refunds/create")) == 1, order)
    check("shopify: and its units are back",
          box.state(SHOPIFY)["listings"][small["id"]]["quantity"] == before + 3)


def test_shopify_push(box, receiver):
    channel = box.channel(SHOPIFY)
    location = channel["location"]
    variants = [v for p in channel["products"][5:8] for v in p["variants"]]
    entries = [(v["inventory_item_id"], 7, None) for v in variants]
    box.settle()
    receiver.clear()
    check("shopify: a wrong token is 401", box.graphql(SET, {}, token="nonsense")[0] == 401)
    status, answer, _ = box.graphql(SET, {"input": set_input(entries, location), "key": "k1"})
    check("shopify: quantities are set", status == 200 and codes(answer) == []
          and box.state(SHOPIFY)["listings"][variants[0]["id"]]["quantity"] == 7, answer)
    check("shopify: the cost is told", answer["extensions"]["cost"]["requestedQueryCost"] == 10, answer)
    wait(lambda: len(receiver.of(SHOPIFY, "inventory_levels/update")) >= len(variants))
    check("shopify: each of our writes comes back as inventory_levels/update",
          len(receiver.of(SHOPIFY, "inventory_levels/update")) == len(variants))
    _, again, _ = box.graphql(SET, {"input": set_input(entries, location), "key": "k1"})
    check("shopify: the same key gives the original result",
          again["data"] == answer["data"], again)
    _, other, _ = box.graphql(SET, {"input": set_input([(variants[0]["inventory_item_id"], 8, None)], location),
                                    "key": "k1"})
    check("shopify: the same key with other parameters is a mismatch",
          codes(other) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"], other)
    bad = set_input([(variants[0]["inventory_item_id"], 9, 3), ("999", 1, None),
                     (variants[1]["inventory_item_id"], -1, None), (variants[2]["inventory_item_id"], 1000000001, None)],
                    location)
    _, answer, _ = box.graphql(SET, {"input": bad, "key": "k2"})
    check("shopify: every bad entry has its code and path",
          codes(answer) == ["CHANGE_FROM_QUANTITY_STALE", "INVALID_INVENTORY_ITEM", "INVALID_QUANTITY_NEGATIVE",
                            "INVALID_QUANTITY_TOO_HIGH"]
          and answer["data"]["inventorySetQuantities"]["userErrors"][0]["field"]
          == ["input", "quantities", "0", "changeFromQuantity"], answer)
    good_and_bad = set_input([(variants[0]["inventory_item_id"], 9, 7), ("999", 1, None)], location)
    box.graphql(SET, {"input": good_and_bad, "key": "k3"})
    check("shopify: all or nothing", box.state(SHOPIFY)["listings"][variants[0]["id"]]["quantity"] == 7)
    _, answer, _ = box.graphql(SET, {"input": set_input([(variants[0]["inventory_item_id"], 9, 7)], location), "key": "k4"})
    check("shopify: a matching changeFromQuantity passes", codes(answer) == [], answer)
    _, answer, _ = box.graphql(SET.replace("@idempotent(key: $key)", ""), {"input": set_input(entries, location)})
    check("shopify: @idempotent is required from 2026-04", answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST", answer)
    missing = set_input(entries, location)
    del missing["quantities"][0]["changeFromQuantity"]
    _, answer, _ = box.graphql(SET, {"input": missing, "key": "k5"})
    check("shopify: so is changeFromQuantity", "changeFromQuantity" in answer["errors"][0]["message"], answer)
    missing["ignoreCompareQuantity"] = True
    _, answer, _ = box.graphql(SET.replace("@idempotent(key: $key)", ""), {"input": missing}, version="2026-01")
    check("shopify: neither is before", answer.get("data") and codes(answer) == [], answer)
    _, answer, _ = box.graphql(SET, {"input": set_input(entries[:1] * 251, location), "key": "k6"})
    check("shopify: 251 entries are too many", answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED", answer)
    _, answer, _ = box.graphql("mutation { inventorySetQuantities(input: {name: \"available\"}) @idempotent(key: \"x\") "
                               "{ userErrors { code } } }", {})
    check("shopify: inline arguments get a clear error", "variables" in answer["errors"][0]["message"], answer)


def test_shopify_throttle(box):
    channel = box.channel(SHOPIFY)
    item = channel["products"][9]["variants"][0]["inventory_item_id"]
    throttled = None
    for i in range(2000):  # a busy machine asks slowly, and the bucket refills meanwhile
        status, answer, _ = box.graphql(SET, {"input": set_input([(item, i, None)], channel["location"]), "key": f"t{i}"})
        if "errors" in answer:
            throttled = (status, answer)
            break
    check("shopify: an empty bucket is THROTTLED within a 200",
          throttled and throttled[0] == 200 and throttled[1]["errors"][0]["extensions"]["code"] == "THROTTLED", throttled)
    if throttled:
        cost = throttled[1]["extensions"]["cost"]
        missing = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
        time.sleep(missing / cost["throttleStatus"]["restoreRate"] + 0.2)
        _, answer, _ = box.graphql(SET, {"input": set_input([(item, 5, None)], channel["location"]), "key": "after"})
        check("shopify: and refills at the rate it tells", "errors" not in answer, answer)
    time.sleep(1)


def test_shopify_snapshot(box):
    _, answer, _ = box.graphql(BULK, {"query": BULK_QUERY})
    operation = answer["data"]["bulkOperationRunQuery"]["bulkOperation"]
    check("shopify: a bulk operation starts", operation["status"] == "CREATED" and operation["createdAt"], answer)
    _, answer, _ = box.graphql(NODE, {"id": operation["id"]})
    check("shopify: and runs for a while", answer["data"]["node"]["status"] == "RUNNING", answer)
    node = {}

    def poll():
        node.update(box.graphql(NODE, {"id": operation["id"]})[1]["data"]["node"])
        return node["status"] == "COMPLETED"
    wait(poll)
    url = urllib.parse.urlsplit(node["url"])
    status, content, _ = box.call("GET", f"{url.path}?{url.query}", raw=True)
    lines = [json.loads(l) for l in content.splitlines()]
    items = {l["id"]: l["sku"] for l in lines if "__parentId" not in l}
    levels = {l["__parentId"]: l for l in lines if "__parentId" in l}
    state = box.state(SHOPIFY)["listings"]
    variants = [v for p in box.channel(SHOPIFY)["products"] for v in p["variants"]]
    shown = all({q["name"]: q["quantity"] for q in levels[f"gid://shopify/InventoryItem/{v['inventory_item_id']}"]["quantities"]}
                == {"available": state[v["id"]]["quantity"],
                    "on_hand": state[v["id"]]["quantity"] + state[v["id"]]["committed"]} for v in variants)
    check("shopify: the file has every item and its level", status == 200 and len(items) == len(levels) == len(variants)
          and shown and str(len(lines)) == node["objectCount"], (len(items), len(levels)))
    check("shopify: levels do not follow their items", "__parentId" not in lines[1])
    status, _, _ = box.call("GET", f"{url.path}?signature=wrong", raw=True)
    check("shopify: the file's address is signed", status == 403)
    check("shopify: currentBulkOperation is the newest",
          box.graphql("{ currentBulkOperation { id status } }", {})[1]["data"]["currentBulkOperation"]["id"] == operation["id"])


def woo_listings(box):
    products = box.channel(WOO)["products"]
    simple = next(p for p in products if "id" not in p["variants"][0])
    variable = next(p for p in products if "id" in p["variants"][0])
    return simple["id"], variable["id"], [v["id"] for v in variable["variants"]]


def test_woo_pings(receiver):
    wait(lambda: len(receiver.of(WOO, pings=True)) >= 5)
    pings = receiver.of(WOO, pings=True)
    check("woo: each webhook is pinged at the start, unsigned",
          sorted(p["body"] for p in pings) == [b"webhook_id=%d" % (142 + i) for i in range(5)]
          and all("X-WC-Webhook-Signature" not in p["headers"] for p in pings), pings)


def test_woo_sale(box, receiver):
    secret = box.channel(WOO)["secret"]
    simple, parent, variations = woo_listings(box)
    box.settle()
    receiver.clear()
    status, sold = box.sell(WOO, (simple, 1), (f"{parent}/{variations[0]}", 2))
    check("woo: a sale of a simple product and a variation", status == 200, sold)
    wait(lambda: len(receiver.of(WOO)) >= 3)
    orders = receiver.of(WOO, "order.created")
    products = receiver.of(WOO, "product.updated")
    check("woo: order.created and product.updated come", len(orders) == 1 and len(products) == 2,
          [n["topic"] for n in receiver.got])
    check("woo: every body is signed with the secret",
          all(n["headers"]["X-WC-Webhook-Signature"] == sign(secret, n["body"]) for n in orders + products))
    headers = orders[0]["headers"]
    check("woo: the headers are there",
          headers["X-WC-Webhook-Source"] == box.channel(WOO)["account"] and headers["X-WC-Webhook-Resource"] == "order"
          and headers["X-WC-Webhook-Event"] == "created" and headers["X-WC-Webhook-ID"] == "142"
          and headers["X-WC-Webhook-Delivery-ID"] and "Hookshot" in headers["User-Agent"], headers)
    order = json.loads(orders[0]["body"])
    check("woo: variation_id is 0 for a simple product",
          [(l["product_id"], l["variation_id"], l["quantity"]) for l in order["line_items"]]
          == [(int(simple), 0, 1), (int(parent), int(variations[0]), 2)], order["line_items"])
    check("woo: times have no zone, gmt stands beside",
          len(order["date_created_gmt"]) == 19 and order["date_created"] != order["date_created_gmt"], order["date_created"])
    variation = next(json.loads(n["body"]) for n in products if json.loads(n["body"])["id"] == int(variations[0]))
    check("woo: a variation arrives as a product with its parent",
          variation["type"] == "variation" and variation["parent_id"] == int(parent)
          and variation["stock_quantity"] == 18, variation)
    check("woo: the notification is what GET shows",
          box.woo("GET", f"/orders/{sold['order']}")[1] == order)
    return sold, simple, parent, variations


def test_woo_after_sale(box, receiver, sold, parent, variations):
    box.settle()
    receiver.clear()
    line = sold["lines"][1]["line"]
    box.post("refund", channel=WOO, order=sold["order"], line=line, quantity=1, restock_type="cancel")
    wait(lambda: len(receiver.of(WOO)) >= 2)
    order = json.loads(receiver.of(WOO, "order.updated")[0]["body"])
    check("woo: a refund is an order.updated without quantities",
          list(order["refunds"][0]) == ["id", "reason", "total"] and order["refunds"][0]["total"].startswith("-"), order["refunds"])
    _, refund, _ = box.woo("GET", f"/orders/{sold['order']}/refunds/{order['refunds'][0]['id']}")
    check("woo: the refund itself has them, negative", refund["line_items"][0]["quantity"] == -1, refund)
    box.settle()
    receiver.clear()
    box.post("delete", channel=WOO, order=sold["order"])
    wait(lambda: receiver.of(WOO, "order.deleted"))
    check("woo: a deleted order is only its id",
          json.loads(receiver.of(WOO, "order.deleted")[0]["body"]) == {"id": int(sold["order"])})
    box.post("restore", channel=WOO, order=sold["order"])
    check("woo: a restored one comes whole", wait(lambda: receiver.of(WOO, "order.restored")))
    key = f"{parent}/{variations[0]}"
    before = box.state(WOO)["listings"][key]["quantity"]
    box.settle()
    receiver.clear()
    box.post("cancel", channel=WOO, order=sold["order"])
    wait(lambda: receiver.of(WOO, "order.updated"))
    check("woo: a cancelled order gives its stock back",
          json.loads(receiver.of(WOO, "order.updated")[0]["body"])["status"] == "cancelled"
          and box.state(WOO)["listings"][key]["quantity"] == before + 1)


def test_woo_push(box, receiver, simple, parent, variations):
    check("woo: a wrong key is 401", box.woo("GET", "/products", key="ck_wrong")[0] == 401)
    box.settle()
    receiver.clear()
    status, answer, _ = box.woo("POST", "/products/batch", {"update": [
        {"id": int(simple), "manage_stock": True, "stock_quantity": 9}, {"id": 999999999, "stock_quantity": 1},
        {"id": int(variations[0]), "stock_quantity": 3}]})
    check("woo: a batch hides failures in its 200",
          status == 200 and answer["update"][0]["stock_quantity"] == 9
          and answer["update"][1]["error"]["data"]["status"] == 400 and answer["update"][1]["id"] == 999999999
          and "variations" in answer["update"][2]["error"]["message"], answer)
    wait(lambda: receiver.of(WOO, "product.updated"))
    check("woo: our write comes back as product.updated",
          json.loads(receiver.of(WOO, "product.updated")[0]["body"])["stock_quantity"] == 9)
    status, answer, _ = box.woo("POST", f"/products/{parent}/variations/batch",
                                {"update": [{"id": int(v), "stock_quantity": 4} for v in variations]})
    check("woo: variations are written under their parent",
          status == 200 and [u["stock_quantity"] for u in answer["update"]] == [4] * len(variations), answer)
    status, answer, _ = box.woo("PUT", f"/products/{parent}/variations/{variations[1]}", {"stock_quantity": 6})
    check("woo: one by one too", status == 200 and answer["stock_quantity"] == 6
          and box.state(WOO)["listings"][f"{parent}/{variations[1]}"]["quantity"] == 6, answer)
    status, answer, _ = box.woo("POST", "/products/batch", {"update": [{"id": int(simple), "stock_quantity": 1}] * 101})
    check("woo: 101 are too many", status == 413, answer)


def test_woo_snapshot(box):
    state = box.state(WOO)["listings"]
    seen, page, pages = {}, 1, 1
    while page <= pages:
        _, products, headers = box.woo("GET", f"/products?per_page=20&page={page}&orderby=id&order=asc")
        pages = int(headers["X-WP-TotalPages"])
        for product in products:
            if product["type"] == "simple":
                seen[str(product["id"])] = product["stock_quantity"]
            else:
                _, variations, _ = box.woo("GET", f"/products/{product['id']}/variations?per_page=100")
                seen.update({f"{product['id']}/{v['id']}": v["stock_quantity"] for v in variations})
        page += 1
    check("woo: pages of products and variations show everything",
          pages > 1 and seen == {k: v["quantity"] for k, v in state.items()}, (pages, len(seen), len(state)))


def test_faults(box, receiver):
    simple, parent, variations = woo_listings(box)
    variant = box.channel(SHOPIFY)["products"][12]["variants"][0]
    box.post("faults", channel=SHOPIFY, drop=1)
    box.settle()
    receiver.clear()
    box.sell(SHOPIFY, (variant["id"], 1))
    box.settle()
    check("fault drop: nothing arrives", not receiver.of(SHOPIFY))
    box.post("faults", channel="*")
    _, answer = box.post("resend", channel=SHOPIFY)
    check("resend: what was dropped comes after all", answer["resent"] == 2 and wait(lambda: len(receiver.of(SHOPIFY)) == 2), answer)
    box.post("faults", channel=SHOPIFY, duplicate=1)
    box.settle()
    receiver.clear()
    box.sell(SHOPIFY, (variant["id"], 1))
    wait(lambda: len(receiver.of(SHOPIFY)) >= 4)
    pair = receiver.of(SHOPIFY, "orders/create")
    check("fault duplicate: twice, with the same ids",
          len(pair) == 2 and pair[0]["body"] == pair[1]["body"]
          and pair[0]["headers"]["X-Shopify-Event-Id"] == pair[1]["headers"]["X-Shopify-Event-Id"]
          and pair[0]["headers"]["X-Shopify-Webhook-Id"] == pair[1]["headers"]["X-Shopify-Webhook-Id"])
    box.post("faults", channel="*", corrupt=1)
    box.settle()
    receiver.clear()
    box.sell(SHOPIFY, (variant["id"], 1))
    wait(lambda: len(receiver.of(SHOPIFY)) >= 2)
    secret = box.channel(SHOPIFY)["secret"]
    check("fault corrupt: no signature fits",
          receiver.of(SHOPIFY) and all(n["headers"]["X-Shopify-Hmac-Sha256"] != sign(secret, n["body"]) for n in receiver.of(SHOPIFY)))
    box.post("faults", channel="*", answer_429=1)
    status, body, headers = box.call("GET", f"/{WOO}/wp-json/wc/v3/products", raw=True)
    check("fault answer_429: the host's HTML", status == 429 and b"<html>" in body and headers["Content-Type"] == "text/html")
    check("fault answer_429: Shopify says when", box.graphql(SET, {})[2]["Retry-After"] == "2.0")
    box.post("faults", channel="*", answer_500=1)
    check("fault answer_500", box.woo("PUT", f"/products/{simple}", {"stock_quantity": 2})[0] == 500
          and box.state(WOO)["listings"][simple]["quantity"] != 2)
    box.post("faults", channel="*", answer_500_after_apply=1)
    check("fault answer_500_after_apply", box.woo("PUT", f"/products/{simple}", {"stock_quantity": 2})[0] == 500
          and box.state(WOO)["listings"][simple]["quantity"] == 2)
    box.post("faults", channel="*", accept_without_applying=1)
    status, answer, _ = box.woo("PUT", f"/products/{simple}", {"stock_quantity": 11})
    check("fault accept_without_applying", status == 200 and answer["stock_quantity"] == 11
          and box.state(WOO)["listings"][simple]["quantity"] == 2, answer)
    box.post("faults", channel="*", hang=1, hang_ms=700)
    begin = time.monotonic()
    box.woo("GET", f"/products/{simple}")
    check("fault hang: the answer is late", time.monotonic() - begin > 0.6, time.monotonic() - begin)
    status, answer = box.post("faults", channel="*", nonsense=1)
    check("an unknown fault is refused by name", status == 400 and "nonsense" in answer["error"], answer)
    box.post("faults", channel="*")


def test_retries(box, receiver):
    variant = box.channel(SHOPIFY)["products"][13]["variants"][0]
    box.settle()
    receiver.clear()
    receiver.status[SHOPIFY] = 503
    box.sell(SHOPIFY, (variant["id"], 1))
    wait(lambda: len(receiver.of(SHOPIFY, "orders/create")) >= 3)
    receiver.status[SHOPIFY] = 200
    wait(lambda: box.state(SHOPIFY)["counters"]["pending"] == 0)
    tries = receiver.of(SHOPIFY, "orders/create")
    gaps = [b["at"] - a["at"] for a, b in zip(tries, tries[1:])]
    check("shopify: retries the same payload under the same ids, ever later",
          len({t["body"] for t in tries}) == len({t["headers"]["X-Shopify-Webhook-Id"] for t in tries}) == 1
          and gaps[1] > 1.5 * gaps[0], gaps)
    box.sell(SHOPIFY, (variant["id"], 1))
    wait(lambda: box.state(SHOPIFY)["counters"]["pending"] == 0)
    check("shopify: and goes on delivering", box.state(SHOPIFY)["counters"]["failed"] == 2, box.state(SHOPIFY)["counters"])


def test_woo_coalescing(receiver, folder):
    box = Sandbox(receiver, folder, woo_main={"queue_ms": 5000})  # in which any machine makes more than one change
    simple, _, _ = woo_listings(box)
    box.settle()
    receiver.clear()
    for quantity in range(10, 20):
        box.post("edit", channel=WOO, listing=simple, quantity=quantity)
    wait(lambda: box.state(WOO)["counters"]["pending"] == 0)
    bodies = [json.loads(n["body"])["stock_quantity"] for n in receiver.of(WOO, "product.updated")]
    check("woo: changes that come quickly are told once, by the state at delivery",
          0 < len(bodies) < 10 and bodies[-1] == 19, bodies)
    box.stop()


def test_woo_disabling(box, receiver):
    simple, _, _ = woo_listings(box)
    receiver.status[WOO] = 500
    box.settle()
    receiver.clear()
    for i in range(9):
        box.post("edit", channel=WOO, listing=simple, quantity=30 + i)
        wait(lambda: box.state(WOO)["counters"]["pending"] == 0)
    check("woo: no retries; the seventh failure in a row disables",
          len(receiver.of(WOO, "product.updated")) == 7
          and box.state(WOO)["subscriptions"]["product.updated"]["disabled"], len(receiver.of(WOO, "product.updated")))
    receiver.status[WOO] = 200
    box.settle()
    receiver.clear()
    box.post("enable", channel=WOO)
    box.post("edit", channel=WOO, listing=simple, quantity=50)
    check("woo: enabled again it pings and delivers",
          wait(lambda: receiver.of(WOO, "product.updated") and len(receiver.of(WOO, pings=True)) == 5))


def test_trace(box, receiver):
    box.settle()
    receiver.clear()
    before = {name: len(orders(box, name)) for name in (SHOPIFY, WOO)}
    box.post("faults", channel="*", duplicate=0.2, reorder=0.2, delay_ms=50)
    status, _ = box.post("trace", orders=200, per_second=200, channels=[SHOPIFY, WOO], quantity_max=2, listings_max=3,
                         seed=5, cancel=0.2)
    check("trace: starts", status == 200)
    check("trace: one at a time", box.post("trace", orders=1)[0] == 409)
    wait(lambda: box.call("GET", "/control/trace")[1]["done"])
    trace = box.call("GET", "/control/trace")[1]
    made = {name: len(orders(box, name)) - before[name] for name in (SHOPIFY, WOO)}
    check("trace: sells on both channels what it says",
          trace["sold"] + trace["refused"] == 200 and sum(made.values()) == trace["sold"] and min(made.values()) > 50
          and trace["cancelled"] > 10, (trace, made))
    wait(lambda: all(box.state(n)["counters"]["pending"] == 0 for n in (SHOPIFY, WOO)))
    box.post("faults", channel="*")
    for name, topic in ((SHOPIFY, "orders/create"), (WOO, "order.created")):
        told = {str(json.loads(n["body"])["id"]) for n in receiver.of(name, topic)}
        check(f"trace: every order of {name} was told of", told == {o["order"] for o in orders(box, name)[before[name]:]})
        state = box.state(name)["listings"]
        check(f"trace: nothing of {name} went below zero", all(l["quantity"] >= 0 for l in state.values()))


def orders(box, name):
    return box.call("GET", f"/control/orders?channel={name}")[1]


def test_log(box):
    log, after = [], 0
    while True:
        answer = box.call("GET", f"/control/log?after={after}&limit=500")[1]
        log += answer["entries"]
        after = answer["next"]
        if after == answer["last"]:
            break
    check("log: numbers without gaps", [e["seq"] for e in log] == list(range(1, len(log) + 1)))
    sales = [(e["order"], e["listing"], e["quantity"]) for e in log if e["type"] == "sale"]
    oracle = [(o["order"], l["listing"], l["quantity"]) for n in (SHOPIFY, WOO) for o in orders(box, n) for l in o["lines"]]
    check("log: every line sold is in it, once", sorted(sales) == sorted(oracle))
    listing = box.channel(SHOPIFY)["products"][0]["variants"][1]["id"]
    begin = time.monotonic()
    threading.Timer(0.3, lambda: box.post("edit", channel=SHOPIFY, listing=listing, quantity=3)).start()
    answer = box.call("GET", f"/control/log?after={after}&wait_ms=60000")[1]
    check("log: a reader is woken by the next entry",
          0.3 <= time.monotonic() - begin < 30 and answer["entries"][0]["type"] == "edit", answer)


def test_commands(box):
    events = [json.loads(l) for l in subprocess.run([SANDBOX, "seed", "--config", box.path, "--buffer", "2"], check=True,
                                                    capture_output=True).stdout.splitlines()]
    kinds = [e["kind"] for e in events]
    check("seed: a pool, a rule, a mapping per listing, a count per SKU",
          (kinds.count("pool_changed"), kinds.count("rule_changed"), kinds.count("mapping_changed"),
           kinds.count("stock_counted")) == (1, 1, 240, 120), {k: kinds.count(k) for k in kinds})
    variant = box.channel(SHOPIFY)["products"][0]["variants"][0]
    mapping = next(e for e in events if e.get("listing") == variant["id"])
    check("seed: Shopify's address is item@location",
          mapping["address"] == f"{variant['inventory_item_id']}@{box.channel(SHOPIFY)['location']}", mapping)
    yaml = subprocess.run([SANDBOX, "channels", "--config", box.path, "--port", "9"], check=True, capture_output=True).stdout
    check("channels: names where each one is", f'base_url: "http://127.0.0.1:9/{WOO}"'.encode() in yaml, yaml)
    again = subprocess.run([SANDBOX, "catalogue", "--seed", "3"], capture_output=True).stdout
    check("catalogue: the same seed, the same file",
          again and again == subprocess.run([SANDBOX, "catalogue", "--seed", "3"], capture_output=True).stdout)
    check("a wrong option is exit 2", subprocess.run([SANDBOX, "seed", "--bogus", "1"], stderr=subprocess.DEVNULL).returncode == 2)


def test_deleted_subscription(receiver, folder):
    box = Sandbox(receiver, folder, shopify_main={"delete_subscription": True, "retry_base_ms": 1})
    receiver.status[SHOPIFY] = 500
    variant = box.channel(SHOPIFY)["products"][0]["variants"][0]
    box.sell(SHOPIFY, (variant["id"], 1))
    wait(lambda: box.state(SHOPIFY)["counters"]["pending"] == 0)
    check("shopify: eight failures in a row delete the subscription, if so configured",
          box.state(SHOPIFY)["subscriptions"]["orders/create"]["disabled"])
    receiver.status[SHOPIFY] = 200
    box.post("enable", channel=SHOPIFY)
    box.settle()
    receiver.clear()
    box.post("resend", channel=SHOPIFY)
    check("shopify: made anew it delivers", wait(lambda: receiver.of(SHOPIFY, "orders/create")))
    check("POST stop ends it with 0", box.stop() == 0)


def main():
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as folder:
        box = Sandbox(receiver, folder, shopify_main={"retry_base_ms": 1000, "bulk_ms": 3000}, woo_main={"queue_ms": 60})
        try:
            check("healthz", box.call("GET", "/healthz", raw=True)[0] == 200)
            test_woo_pings(receiver)
            sold, small = test_shopify_sale(box, receiver)
            test_shopify_after_sale(box, receiver, sold, small)
            test_shopify_push(box, receiver)
            test_shopify_throttle(box)
            test_shopify_snapshot(box)
            sold, simple, parent, variations = test_woo_sale(box, receiver)
            test_woo_after_sale(box, receiver, sold, parent, variations)
            test_woo_push(box, receiver, simple, parent, variations)
            test_woo_snapshot(box)
            test_faults(box, receiver)
            test_retries(box, receiver)
            test_woo_disabling(box, receiver)
            test_trace(box, receiver)
            test_log(box)
            test_commands(box)
            check("POST stop ends it with 0", box.stop() == 0)
            test_deleted_subscription(receiver, folder)
            test_woo_coalescing(receiver, folder)
        finally:
            if box.process.poll() is None:
                box.process.kill()
    print(f"{results[True]} passed, {results[False]} failed")
    return 1 if results[False] else 0


if __name__ == "__main__":
    sys.exit(main())
