#!/usr/bin/env python3
"""A real Vendure shop and a (sandboxed) Shopify one, kept true by the suite: live.py DIR

Vendure comes from npm, its stock engine, order flow and API are its own; stockbus knows it by spec.yaml and a plugin that
tells what happens. Units are sold through Vendure's shop API and seen on the other channel, and the reverse; shipped,
cancelled, edited by somebody else. One line per check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from harness.suite import LOCAL, ROOT, Failure, Report, Suite, expect, free_port, until  # noqa: E402

SHOPIFY, VENDURE = "shopify-main", "vendure"
SECRET = "of-the-live-run"
STOCK = 12
LONG = 120

ADD = "mutation($id:ID!,$n:Int!){addItemToOrder(productVariantId:$id,quantity:$n){__typename ...on Order{id} ...on ErrorResult{message}}}"
CUSTOMER = ('mutation{setCustomerForOrder(input:{firstName:"A",lastName:"B",emailAddress:"a@shop.example"})'
            "{__typename ...on ErrorResult{message}}}")
ADDRESS = ('mutation{setOrderShippingAddress(input:{fullName:"A B",streetLine1:"1",city:"Wien",postalCode:"1010",'
           'countryCode:"AT"}){__typename ...on ErrorResult{message}}}')
METHODS = "query{eligibleShippingMethods{id}}"
SHIPPING = "mutation($ids:[ID!]!){setOrderShippingMethod(shippingMethodId:$ids){__typename ...on ErrorResult{message}}}"
ARRANGE = 'mutation{transitionOrderToState(state:"ArrangingPayment"){__typename ...on OrderStateTransitionError{transitionError}}}'
PAY = ('mutation{addPaymentToOrder(input:{method:"dummy",metadata:{}})'
       "{__typename ...on Order{id state} ...on ErrorResult{message}}}")
LOGIN = 'mutation{login(username:"superadmin",password:"superadmin"){__typename}}'
PRODUCT = ('mutation($name:String!){createProduct(input:{translations:[{languageCode:en,name:$name,slug:$name,description:""}]})'
           "{id}}")
VARIANT = ("mutation($product:ID!,$sku:String!){createProductVariants(input:[{productId:$product,sku:$sku,price:1000,"
           "stockOnHand:0,trackInventory:TRUE,translations:[{languageCode:en,name:$sku}]}]){id}}")
LEVELS = "query{productVariants(options:{take:100}){items{id sku stockLevels{stockOnHand stockAllocated}}}}"
LINES = "query($id:ID!){order(id:$id){lines{id quantity}}}"
SHIP = ("mutation($lines:[OrderLineInput!]!){addFulfillmentToOrder(input:{lines:$lines,handler:{code:\"manual-fulfillment\","
        "arguments:[{name:\"method\",value:\"post\"},{name:\"trackingCode\",value:\"1\"}]}})"
        "{__typename ...on Fulfillment{id} ...on ErrorResult{message}}}")
SHIPPED = ('mutation($id:ID!){transitionFulfillmentToState(id:$id,state:"Shipped")'
           "{__typename ...on FulfillmentStateTransitionError{transitionError}}}")
CANCEL = ("mutation($id:ID!,$lines:[OrderLineInput!]!){cancelOrder(input:{orderId:$id,lines:$lines,cancelShipping:false})"
          "{__typename ...on Order{id} ...on ErrorResult{message}}}")
EDIT = "mutation($id:ID!,$n:Int!){updateProductVariants(input:[{id:$id,stockLevels:[{stockLocationId:\"1\",stockOnHand:$n}]}]){id}}"


def superuser_url(directory, name):
    return subprocess.run([str(LOCAL / "database"), "url", str(directory), "postgres", name], capture_output=True, text=True,
                          check=True).stdout.strip()


class Session:
    """Somebody at one of Vendure's two APIs."""

    def __init__(self, url):
        self.url = url
        self.token = None

    def ask(self, query, **variables):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url, json.dumps({"query": query, "variables": variables}).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.token = answer.headers.get("vendure-auth-token") or self.token
            said = json.load(answer)
        expect("errors" not in said, f"{query[:60]}: {said.get('errors')}")
        (result,) = said["data"].values()
        if isinstance(result, dict) and (result.get("message") or result.get("transitionError")):
            raise Failure(f"{query[:60]}: {result}")
        return result


class Vendure:
    """The server, as a process of its own, and what a shopper and a shopkeeper do."""

    def __init__(self, directory, notify_url):
        self.directory = pathlib.Path(directory) / "vendure"
        self.directory.mkdir(exist_ok=True)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.database = superuser_url(directory, "vendure")
        self.notify_url = notify_url
        self.admin = Session(f"{self.base_url}/admin-api")

    def install(self):
        """Once for all runs: npm's packages stay below var/live."""
        home = ROOT / "var/live/vendure"
        home.mkdir(parents=True, exist_ok=True)
        for path in HERE.glob("*.js*"):
            shutil.copy(path, home)
        if not (home / "node_modules/@vendure/core").exists():
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=home,
                                  capture_output=True, text=True)
            expect(done.returncode == 0, f"npm install: {done.stderr[-2000:]}")
        self.home = home

    def start(self):
        env = dict(os.environ, VENDURE_PORT=str(self.port), VENDURE_DATABASE=self.database, STOCKBUS_URL=self.notify_url,
                   STOCKBUS_SECRET=SECRET, VENDURE_DISABLE_TELEMETRY="true")
        self.log = (self.directory / "server.log").open("w")
        self.process = subprocess.Popen(["node", "server.js"], cwd=self.home, env=env, stdout=self.log, stderr=self.log)
        until(180, self.is_ready, "Vendure starts")
        self.admin.ask(LOGIN)

    def is_ready(self):
        said = (self.directory / "server.log").read_text()
        expect(self.process.poll() is None, f"Vendure ended: {said[-2000:]}")
        return "vendure is ready" in said

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def create(self, skus):
        """{sku: variant}"""
        return {sku: self.admin.ask(VARIANT, product=self.admin.ask(PRODUCT, name=sku.lower())["id"], sku=sku)[0]["id"]
                for sku in skus}

    def levels(self):
        """{sku: (on hand, allocated)}"""
        return {row["sku"]: (row["stockLevels"][0]["stockOnHand"], row["stockLevels"][0]["stockAllocated"])
                for row in self.admin.ask(LEVELS)["items"]}

    def buy(self, variant, quantity):
        """The id of a paid order."""
        shopper = Session(f"{self.base_url}/shop-api")
        shopper.ask(ADD, id=variant, n=quantity)
        shopper.ask(CUSTOMER)
        shopper.ask(ADDRESS)
        shopper.ask(SHIPPING, ids=[shopper.ask(METHODS)[0]["id"]])
        shopper.ask(ARRANGE)
        order = shopper.ask(PAY)
        expect(order.get("state") == "PaymentSettled", f"not paid: {order}")
        return order["id"]

    def lines(self, order, quantity):
        return [{"orderLineId": self.admin.ask(LINES, id=order)["lines"][0]["id"], "quantity": quantity}]

    def ship(self, order, quantity):
        fulfilment = self.admin.ask(SHIP, lines=self.lines(order, quantity))
        self.admin.ask(SHIPPED, id=fulfilment["id"])


class Run:
    def __init__(self, suite, vendure):
        self.suite = suite
        self.vendure = vendure
        self.skus = sorted(set(suite.skus().values()))
        self.listing = {sku: listing for (channel, listing), sku in suite.skus().items() if channel == SHOPIFY}
        self.orders = {}

    def connect(self):
        """What an operator does to add a channel to a suite that runs."""
        folder = pathlib.Path(self.suite.directory) / "suite"
        self.variants = self.vendure.create(self.skus)
        with (folder / "channels.yaml").open("a") as file:
            file.write(f"  - name: {VENDURE}\n    kind: generic\n    base_url: {self.vendure.base_url}\n"
                       f"    spec: {HERE / 'spec.yaml'}\n    secret: {SECRET}\n    token: {self.vendure.admin.token}\n")
        self.suite.stockctl("topics", "apply")
        (folder / f"ports/publisher-{VENDURE}-admin").write_text(str(free_port()))
        with (folder / "channels").open("a") as file:
            file.write(f"{VENDURE}\n")
        self.suite.script("run", f"publisher-{VENDURE}")
        facts = folder / "vendure.jsonl"
        facts.write_text("".join(json.dumps({"kind": "mapping_changed", "fact_id": f"map-vendure-{variant}",
                                             "occurred_at": "2026-01-01T00:00:00Z", "actor": "live", "channel": VENDURE,
                                             "listing": variant, "address": variant, "sku": sku, "pool": "main"}) + "\n"
                                 for sku, variant in self.variants.items()))
        done = self.suite.stockctl("import", str(facts))
        expect(done.returncode == 0, f"import: {done.stderr}")
        self.expect({sku: (STOCK, STOCK, 0) for sku in self.skus})

    def shows(self):
        """{sku: (Shopify, Vendure on hand, Vendure allocated)}"""
        shown, levels = self.suite.shown(), self.vendure.levels()
        return {sku: (shown[(SHOPIFY, self.listing[sku])], *levels[sku]) for sku in self.skus}

    def expect(self, want):
        """Waits, and says how long: from the fact to both shops."""
        start = time.monotonic()
        until(LONG, lambda: all(self.shows()[sku] == quantities for sku, quantities in want.items()),
              lambda: f"Shopify, on hand and allocated at Vendure: {self.shows()} instead of {want}")
        print(f"    both shops show it after {time.monotonic() - start:.2f} s: "
              f"{', '.join(f'{sku} {self.shows()[sku]}' for sku in want)}")

    def sold_at_vendure(self):
        sku = self.skus[0]
        self.orders[sku] = self.vendure.buy(self.variants[sku], 3)
        self.expect({sku: (STOCK - 3, STOCK, 3)})

    def sold_at_shopify(self):
        sku = self.skus[0]
        expect(self.suite.sell(SHOPIFY, self.listing[sku], 2), "Shopify had not enough")
        self.expect({sku: (STOCK - 5, STOCK - 2, 3)})

    def shipped(self):
        """What lay there for the order is gone; what can be sold is what it was."""
        sku = self.skus[0]
        self.vendure.ship(self.orders[sku], 2)
        self.expect({sku: (STOCK - 5, STOCK - 4, 1)})
        until(LONG, lambda: self.suite.sql("SELECT shipped FROM ledger.order_lines WHERE channel = 'vendure' AND "
                                           f"order_id = '{self.orders[sku]}'") == [["2"]], "the ledger knows the shipment")

    def cancelled(self):
        sku = self.skus[2]
        order = self.vendure.buy(self.variants[sku], 2)
        self.expect({sku: (STOCK - 2, STOCK, 2)})
        self.vendure.admin.ask(CANCEL, id=order, lines=self.vendure.lines(order, 1))
        self.expect({sku: (STOCK - 1, STOCK, 1)})

    def last_units(self):
        """Sold out at one shop is sold out at the other."""
        sku = self.skus[1]
        expect(self.suite.sell(SHOPIFY, self.listing[sku], STOCK - 1), "Shopify had not enough")
        self.expect({sku: (1, 1, 0)})
        self.vendure.buy(self.variants[sku], 1)
        self.expect({sku: (0, 1, 1)})
        expect(self.suite.sell(SHOPIFY, self.listing[sku], 1) is None, "Shopify sold what Vendure had sold")

    def edited(self):
        """Somebody writes 99 into Vendure, which leaves 98 beside the unit sold: an observation, no movement; the next target
        puts it right."""
        sku = self.skus[2]
        self.vendure.admin.ask(EDIT, id=self.variants[sku], n=99)
        until(LONG, lambda: self.suite.sql("SELECT count(*) FROM ledger.observations WHERE channel = 'vendure' AND "
                                           f"listing = '{self.variants[sku]}' AND quantity = 98")[0][0] == "1",
              "the edit is observed")
        expect(self.suite.sell(SHOPIFY, self.listing[sku], 1), "Shopify had not enough")
        self.expect({sku: (STOCK - 2, STOCK - 1, 1)})

    def at_rest(self):
        """Our own writes came back as news and moved nothing."""
        until(LONG, lambda: not self.suite.rows("targets", "--unsettled"), "every target is confirmed")
        expect(not self.suite.rows("conservation"), "conservation is broken")
        moved = self.suite.sql("SELECT count(*) FROM ledger.movements m JOIN ledger.events e USING (event_id) "
                               "WHERE e.kind = 'observation'")[0][0]
        expect(moved == "0", f"{moved} movements by observations")
        for channel in (SHOPIFY, VENDURE):
            done = self.suite.reconcile(channel)
            expect(done.returncode == 0, f"{channel}: {done.stdout[-1500:]}{done.stderr[-500:]}")
        pushed = self.suite.sql("SELECT count(*) FROM ledger.pushes WHERE channel = 'vendure'")[0][0]
        said = self.suite.sql("SELECT count(*) FROM ledger.events WHERE channel = 'vendure' AND kind = 'observation'")[0][0]
        print(f"    {pushed} outcomes of pushes to Vendure, {said} times it told its stock")


CHECKS = (("sold at Vendure, seen at Shopify", Run.sold_at_vendure), ("sold at Shopify, seen at Vendure", Run.sold_at_shopify),
          ("shipped at Vendure", Run.shipped), ("a unit cancelled at Vendure", Run.cancelled),
          ("the last unit", Run.last_units), ("a number written by somebody else", Run.edited),
          ("at rest: conserved, both shops reconcile", Run.at_rest))


def main():
    directory = pathlib.Path(sys.argv[1]).resolve()
    report = Report(directory)
    with Suite(directory, channels=f"{SHOPIFY}:shopify", products=1, variants=3, stock=STOCK, buffer=0) as suite:
        port = (directory / "suite/ports/ingest").read_text().strip()
        subprocess.run(["psql", "-XAtq", superuser_url(directory, "postgres"), "-c", "CREATE DATABASE vendure"], check=True)
        vendure = Vendure(directory, f"http://127.0.0.1:{port}/v1/notify/{VENDURE}")
        run = None
        with report.test("Vendure is installed and starts"):
            vendure.install()
            vendure.start()
            run = Run(suite, vendure)
        if run is None:
            return report.close()
        try:
            with report.test("it joins the suite, and shows the stock"):
                run.connect()
            for name, check in CHECKS if report.failed == 0 else ():
                with report.test(name):
                    check(run)
        finally:
            vendure.stop()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
