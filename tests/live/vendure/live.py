#!/usr/bin/env python3
"""A real Vendure shop and a (sandboxed) Shopify one, kept true by the suite: live.py DIR

Vendure comes from npm, its stock engine, order flow and API are its own; stockbus knows it by spec.yaml and a plugin that
tells what happens. See ../shop.py for what is checked.
"""

import json
import pathlib
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from shop import Failure, Shop, expect, main  # noqa: E402

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
ORDERS = "query{orders(options:{take:100}){items{id lines{id quantity} fulfillments{lines{orderLineId quantity}}}}}"
LEVELS = "query{productVariants(options:{take:100}){items{id sku stockLevels{stockOnHand stockAllocated}}}}"
LINES = "query($id:ID!){order(id:$id){lines{id quantity productVariant{sku}}}}"
SHIP = ("mutation($lines:[OrderLineInput!]!){addFulfillmentToOrder(input:{lines:$lines,handler:{code:\"manual-fulfillment\","
        "arguments:[{name:\"method\",value:\"post\"},{name:\"trackingCode\",value:\"1\"}]}})"
        "{__typename ...on Fulfillment{id} ...on ErrorResult{message}}}")
SHIPPED = ('mutation($id:ID!){transitionFulfillmentToState(id:$id,state:"Shipped")'
           "{__typename ...on FulfillmentStateTransitionError{transitionError}}}")
CANCEL = ("mutation($id:ID!,$lines:[OrderLineInput!]!){cancelOrder(input:{orderId:$id,lines:$lines,cancelShipping:false})"
          "{__typename ...on Order{id} ...on ErrorResult{message}}}")
EDIT = "mutation($id:ID!,$n:Int!){updateProductVariants(input:[{id:$id,stockLevels:[{stockLocationId:\"1\",stockOnHand:$n}]}]){id}}"


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


class Vendure(Shop):
    name = "vendure"
    title = "Vendure"

    def __init__(self, directory):
        super().__init__(directory)
        self.environment.update(VENDURE_PORT=str(self.port), VENDURE_DATABASE=self.database, VENDURE_DISABLE_TELEMETRY="true")
        self.admin = Session(f"{self.base_url}/admin-api")

    def command(self):
        return ("node", "server.js")

    def is_ready(self):
        return "vendure is ready" in self.said()

    def open(self):
        self.admin.ask(LOGIN)

    def channel(self):
        return {"token": self.admin.token}

    def create(self, skus):
        self.variants = {sku: self.admin.ask(VARIANT, product=self.admin.ask(PRODUCT, name=sku.lower())["id"], sku=sku)[0]["id"]
                         for sku in skus}
        return {sku: (variant, variant) for sku, variant in self.variants.items()}

    def levels(self):
        return {row["sku"]: (row["stockLevels"][0]["stockOnHand"], row["stockLevels"][0]["stockAllocated"])
                for row in self.admin.ask(LEVELS)["items"]}

    def buy(self, units):
        shopper = Session(f"{self.base_url}/shop-api")
        for sku, quantity in units.items():
            shopper.ask(ADD, id=self.variants[sku], n=quantity)
        shopper.ask(CUSTOMER)
        shopper.ask(ADDRESS)
        shopper.ask(SHIPPING, ids=[shopper.ask(METHODS)[0]["id"]])
        shopper.ask(ARRANGE)
        order = shopper.ask(PAY)
        expect(order.get("state") == "PaymentSettled", f"not paid: {order}")
        return order["id"]

    def lines(self, order, units):
        return [{"orderLineId": line["id"], "quantity": units[line["productVariant"]["sku"]]}
                for line in self.admin.ask(LINES, id=order)["lines"] if line["productVariant"]["sku"] in units]

    def ship(self, order, units):
        fulfilment = self.admin.ask(SHIP, lines=self.lines(order, units))
        self.admin.ask(SHIPPED, id=fulfilment["id"])

    def cancel(self, order, units):
        self.admin.ask(CANCEL, id=order, lines=self.lines(order, units))

    def edit(self, sku, quantity):
        self.admin.ask(EDIT, id=self.variants[sku], n=quantity)

    def orders(self):
        found = {}
        for order in self.admin.ask(ORDERS)["items"]:
            shipped = {}
            for line in (line for one in order["fulfillments"] for line in one["lines"]):
                shipped[line["orderLineId"]] = shipped.get(line["orderLineId"], 0) + line["quantity"]
            found.update({(order["id"], line["id"]): (line["quantity"], shipped.get(line["id"], 0))
                          for line in order["lines"] if line["quantity"] > 0})
        return found


if __name__ == "__main__":
    sys.exit(main(Vendure))
