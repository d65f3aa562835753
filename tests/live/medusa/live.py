#!/usr/bin/env python3
"""A real Medusa shop and a (sandboxed) Shopify one, kept true by the suite: live.py DIR

Medusa comes from npm, its inventory, order flow and API are its own; stockbus knows it by spec.yaml and a subscriber that
tells what happens (src). See ../shop.py for what is checked.
"""

import base64
import json
import pathlib
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from shop import Failure, Shop, expect, main  # noqa: E402

LOGIN = {"email": "admin@shop.example", "password": "of-the-tests"}
ADDRESS = {"first_name": "A", "last_name": "B", "address_1": "1", "city": "Wien", "postal_code": "1010", "country_code": "at"}


class Medusa(Shop):
    name = "medusa"
    title = "Medusa"
    npm_options = ("--legacy-peer-deps",)

    def __init__(self, directory):
        super().__init__(directory)
        self.environment.update(MEDUSA_DATABASE=self.database, MEDUSA_DISABLE_TELEMETRY="true", NODE_ENV="production")
        self.headers = {}

    def medusa(self, *words):
        return ("node_modules/.bin/medusa", *words)

    def command(self):
        return self.medusa("start", "--port", str(self.port), "--host", "127.0.0.1")

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.base_url}/health", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def prepare(self):
        self.execute(*self.medusa("db:migrate"))
        self.execute(*self.medusa("user", "--email", LOGIN["email"], "--password", LOGIN["password"]))

    # ---- its API

    def ask(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data,
                                         {"Content-Type": "application/json", **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise Failure(f"{method} {path}: {refused.code} {refused.read().decode()[:300]}") from refused

    def admin(self, path, body=None, method=None):
        return self.ask(method or ("GET" if body is None else "POST"), f"/admin/{path}", body, **self.admin_key)

    def store(self, path, body=None):
        return self.ask("GET" if body is None else "POST", f"/store/{path}", body, **self.shopper_key)

    # ---- a shop with one country, one way of payment, one of shipping and one warehouse

    def open(self):
        self.admin_key = {"Authorization": f"Bearer {self.ask('POST', '/auth/user/emailpass', LOGIN)['token']}"}
        self.token = self.admin("api-keys", {"title": "stockbus", "type": "secret"})["api_key"]["token"]
        self.admin_key = {"Authorization": f"Basic {base64.b64encode(f'{self.token}:'.encode()).decode()}"}
        self.sales_channel = self.admin("sales-channels", {"name": "shop"})["sales_channel"]["id"]
        self.open_warehouse()
        self.region = self.admin("regions", {"name": "Austria", "currency_code": "eur", "countries": ["at"],
                                             "payment_providers": ["pp_system_default"]})["region"]["id"]
        key = self.admin("api-keys", {"title": "shoppers", "type": "publishable"})["api_key"]
        self.admin(f"api-keys/{key['id']}/sales-channels", {"add": [self.sales_channel]})
        self.shopper_key = {"x-publishable-api-key": key["token"]}

    def open_warehouse(self):
        self.location = self.admin("stock-locations", {"name": "warehouse"})["stock_location"]["id"]
        place = f"stock-locations/{self.location}"
        self.admin(f"{place}/sales-channels", {"add": [self.sales_channel]})
        self.admin(f"{place}/fulfillment-providers", {"add": ["manual_manual"]})
        sets = self.admin(f"{place}/fulfillment-sets?fields=*fulfillment_sets", {"name": "post", "type": "shipping"})
        post = sets["stock_location"]["fulfillment_sets"][0]["id"]
        zones = self.admin(f"fulfillment-sets/{post}/service-zones",
                           {"name": "Austria", "geo_zones": [{"type": "country", "country_code": "at"}]})
        self.profile = self.admin("shipping-profiles", {"name": "parcels", "type": "parcels"})["shipping_profile"]["id"]
        self.admin("shipping-options", {
            "name": "Post", "service_zone_id": zones["fulfillment_set"]["service_zones"][0]["id"],
            "shipping_profile_id": self.profile, "provider_id": "manual_manual", "price_type": "flat",
            "type": {"label": "Post", "description": "by post", "code": "post"},
            "prices": [{"currency_code": "eur", "amount": 5}], "rules": []})

    def channel(self):
        return {"token": self.token, "location": self.location}

    def create(self, skus):
        """Some lie in another warehouse, too, of which neither shoppers nor stockbus know."""
        self.elsewhere = self.admin("stock-locations", {"name": "elsewhere"})["stock_location"]["id"]
        self.variants, self.items = {}, {}
        for sku in skus:
            product = self.admin("products", {
                "title": sku, "status": "published", "options": [{"title": "size", "values": ["one"]}],
                "sales_channels": [{"id": self.sales_channel}], "shipping_profile_id": self.profile,
                "variants": [{"title": sku, "sku": sku, "options": {"size": "one"},
                              "prices": [{"currency_code": "eur", "amount": 10}]}]})["product"]
            self.variants[sku] = product["variants"][0]["id"]
            self.items[sku] = self.admin(f"inventory-items?sku={sku}")["inventory_items"][0]["id"]
            for place, quantity in ((self.elsewhere, 7), (self.location, 0)):
                self.admin(f"inventory-items/{self.items[sku]}/location-levels",
                           {"location_id": place, "stocked_quantity": quantity})
        return {sku: (self.variants[sku], self.items[sku]) for sku in skus}

    # ---- what people do

    def levels(self):
        rows = self.admin("inventory-items?fields=sku,*location_levels&limit=100")["inventory_items"]
        return {row["sku"]: (level["stocked_quantity"], level["reserved_quantity"])
                for row in rows for level in row["location_levels"] if level["location_id"] == self.location}

    def buy(self, units):
        cart = self.store("carts", {"region_id": self.region, "sales_channel_id": self.sales_channel,
                                    "email": "a@shop.example", "shipping_address": ADDRESS})["cart"]["id"]
        for sku, quantity in units.items():
            self.store(f"carts/{cart}/line-items", {"variant_id": self.variants[sku], "quantity": quantity})
        options = self.store(f"shipping-options?cart_id={cart}")["shipping_options"]
        self.store(f"carts/{cart}/shipping-methods", {"option_id": options[0]["id"]})
        payment = self.store("payment-collections", {"cart_id": cart})["payment_collection"]["id"]
        self.store(f"payment-collections/{payment}/payment-sessions", {"provider_id": "pp_system_default"})
        done = self.store(f"carts/{cart}/complete", {})
        expect(done["type"] == "order", f"no order: {done}")
        return done["order"]["id"]

    def lines(self, order, units):
        rows = self.admin(f"orders/{order}?fields=items.id,items.variant_sku,items.detail.quantity")["order"]["items"]
        return {row["id"]: (row["detail"]["quantity"], units[row["variant_sku"]]) for row in rows if row["variant_sku"] in units}

    def items_of(self, order, units):
        return [{"id": line, "quantity": quantity} for line, (_, quantity) in self.lines(order, units).items()]

    def pack(self, order, units):
        """Medusa takes the units from the warehouse's level then, not when they are shipped."""
        made = self.admin(f"orders/{order}/fulfillments?fields=fulfillments.id",
                          {"items": self.items_of(order, units), "location_id": self.location})
        return made["order"]["fulfillments"][-1]["id"]

    def ship(self, order, units):
        fulfilment = self.pack(order, units)
        self.admin(f"orders/{order}/fulfillments/{fulfilment}/shipments", {"items": self.items_of(order, units)})

    def unpack(self, order, fulfilment):
        self.admin(f"orders/{order}/fulfillments/{fulfilment}/cancel", {})

    def cancel(self, order, units):
        """By an edit: the shop can cancel an order only whole."""
        self.admin("order-edits", {"order_id": order})
        for line, (ordered, quantity) in self.lines(order, units).items():
            self.admin(f"order-edits/{order}/items/item/{line}", {"quantity": ordered - quantity})
        self.admin(f"order-edits/{order}/request", {})
        self.admin(f"order-edits/{order}/confirm", {})

    def cancel_whole(self, order):
        self.admin(f"orders/{order}/cancel", {})

    def take_back(self, order, units):
        lines = self.items_of(order, units)
        back = self.admin("returns", {"order_id": order, "location_id": self.location})["return"]["id"]
        self.admin(f"returns/{back}/request-items", {"items": lines})
        for step in ("request", "receive"):
            self.admin(f"returns/{back}/{step}", {})
        self.admin(f"returns/{back}/receive-items", {"items": lines})
        self.admin(f"returns/{back}/receive/confirm", {})

    def edit(self, sku, quantity, location=None):
        self.admin(f"inventory-items/{self.items[sku]}/location-levels/{location or self.location}",
                   {"stocked_quantity": quantity})

    def orders(self):
        rows = self.admin("orders?fields=id,status,items.id,*items.detail&limit=200")["orders"]
        return {(row["id"], line["id"]): (line["detail"]["quantity"] - line["detail"]["return_received_quantity"],
                                          line["detail"]["fulfilled_quantity"])
                for row in rows if row["status"] != "canceled" for line in row["items"]}



# ---- what only Medusa has

def edited_elsewhere(run):
    """What lies in another warehouse is none of the channel's."""
    sku = run.skus[2]
    before = run.shows()[sku]
    run.shop.edit(sku, 55, run.shop.elsewhere)
    run.shop.buy({sku: 1})
    run.expect({sku: (before[0] - 1, before[1], before[2] + 1)})
    expect(not run.suite.sql("SELECT 1 FROM ledger.observations WHERE quantity = 55"), "it was taken for the channel's own")


def returned(run):
    """Two units come back: they can be sold again, everywhere."""
    sku = run.skus[0]
    before = run.shows()[sku]
    run.shop.take_back(run.order, {sku: 2})
    run.expect({sku: (before[0] + 2, before[1] + 2, before[2])})


def unpacked(run):
    """Units lie packed, are put back, and their order is cancelled whole."""
    sku = run.skus[2]
    before = run.shows()[sku]
    order = run.shop.buy({sku: 2})
    run.expect({sku: (before[0] - 2, before[1], before[2] + 2)})
    fulfilment = run.shop.pack(order, {sku: 2})
    run.expect({sku: (before[0] - 2, before[1] - 2, before[2])})
    run.shop.unpack(order, fulfilment)
    run.shop.cancel_whole(order)
    run.expect({sku: before})


def removed(run):
    """A whole line is taken out of an order: Medusa speaks of it no more."""
    sku, other = run.skus[0], run.skus[2]
    before = run.shows()
    order = run.shop.buy({sku: 2, other: 1})
    run.expect({sku: (before[sku][0] - 2, before[sku][1], before[sku][2] + 2)})
    run.shop.cancel(order, {sku: 2})
    run.expect({sku: before[sku], other: (before[other][0] - 1, before[other][1], before[other][2] + 1)})


if __name__ == "__main__":
    sys.exit(main(Medusa, (("a number of another warehouse", edited_elsewhere), ("units that came back", returned),
                           ("units packed, put back and cancelled", unpacked), ("a line removed from an order", removed))))
