#!/usr/bin/env python3
"""The commands that need no settings, on every sample of every kind: commands_test.py DIR (nothing of it is used)

`ingest normalize`, `publisher preview` and `reconciler rows` read standard input. Here they get the published samples
and all other bodies of channels/<kind>/fixtures. What they print is compared with the goldens, and, because goldens
are written by the same code, with what this script reads out of the samples itself: ids digit by digit.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import ROOT, Failure, Report, expect  # noqa: E402

BIN = ROOT / os.environ.get("BUILD", "build/release") / "bin"
CHANNELS = ROOT / "channels"
RECEIVED = "2026-11-21T09:17:00Z"  # as in the goldens
KINDS = sorted(path.parent.name for path in CHANNELS.glob("*/fixtures"))
FORMATS = {  # one a line: every new kind adds one
    "amazon": ("listings", "summaries", "afn"),
    "bigcommerce": ("items",),
    "ebay": ("active_inventory", "inventory_items"),
    "etsy": ("inventory",),
    "generic": ("json", "jsonl", "csv"),
    "shopify": ("bulk", "levels"),
    "tiktok": ("inventory",),
    "walmart": ("inventories", "report"),
    "woocommerce": ("products",),
}
# Whose published samples are whole orders and snapshots: what others say is read from the API behind a hint.
WHOLE = ("shopify", "woocommerce")
LONG_ID = "271878346596884015"  # beyond 2^53
LIMIT_S = 120

# Published samples that no notification is, and why; the others must give events, or nothing for the reason given.
NOT_UNDERSTOOD = {
    "amazon/mcf-2020-07-01-createFulfillmentReturn-200.json": "the answer to announcing a return: nothing came back yet",
    "amazon/samplesrepo-orders-getOrderItems.json": "items of an order that says no times: it is read with its order",
    "etsy/request_updateListingInventory_two_skus.json": "a request of ours",
    "bigcommerce/request_absolute_adjustment_bulk_invalid.json": "a request of ours, and no JSON as published: comments",
    "bigcommerce/webhook_delivery_exception_invalid.json": "no JSON as published: comments",
    "tiktok/webhook_27_inventory_status_change_invalid.json": "no JSON as published: two commas are missing",
    "woocommerce/webhook_subscription.json": "the answer to making a subscription: no webhook has such a body",
}
# Answers of an API, which no notification carries.
NOT_UNDERSTOOD |= {f"walmart/{name}-200.json": "an answer about quantities, feeds or reports: no order is in it" for name in (
    "feed-status", "feed-submit", "inventories-list", "inventory-get", "inventory-put", "reports-download",
    "reports-requests-create")}
# Their ids do hang on the time of arrival.
WITHOUT_TIME = {
    "amazon/notification-FBA_INVENTORY_AVAILABILITY_CHANGES-payload-only.json": "the payload without its envelope",
    "amazon/mfn_quantity_payload_only.json": "the payload without its envelope",
    "amazon/report-GET_AFN_INVENTORY_DATA-rows.tsv": "a report holds as of when it was finished, or came",
    "amazon/report-GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA-21col-rows.tsv": "a report",
    "amazon/report_by_country.tsv": "a report",
    "etsy/inventory_of_a_coin.json": "inventories hold as of the moment of reading",
    "etsy/inventory_with_its_listing.json": "inventories hold as of the moment of reading",
    "etsy/listing_bad.json": "inventories hold as of the moment of reading",
    "etsy/listing_shared_by_color.json": "inventories hold as of the moment of reading",
    "etsy/listing_two_skus.json": "inventories hold as of the moment of reading",
    "etsy/listings_page.json": "inventories hold as of the moment of reading",
    "bigcommerce/items_bad.json": "levels hold as of the moment of reading",
    "bigcommerce/items_read.json": "levels",
    "bigcommerce/published_location_items.json": "levels",
    "woocommerce/order_deleted.json": "the body is an id and nothing else",
    "woocommerce/order_v1.json": "its times have no zone: it shows what was true when it was sent",
    "woocommerce/order_without_time.json": "it shows what was true when it was sent",
    "woocommerce/product_v1.json": "its times have no zone",
}
WITHOUT_EVENTS = {
    **{f"amazon/notification-{name}.json": "thin: it names what is read" for name in (
        "FBA_OUTBOUND_SHIPMENT_STATUS", "FBA_OUTBOUND_SHIPMENT_STATUS-guide", "FULFILLMENT_ORDER_STATUS",
        "FULFILLMENT_ORDER_STATUS-simplified", "MFN_ORDER_STATUS_CHANGE-removed", "ORDER_STATUS_CHANGE-removed")},
    **{f"amazon/notification-{name}.json": "nothing of stock" for name in (
        "ACCOUNT_STATUS_CHANGED", "ANY_OFFER_CHANGED", "FEED_PROCESSING_FINISHED-1", "FEED_PROCESSING_FINISHED-guide",
        "ITEM_INVENTORY_EVENT_CHANGE", "ITEM_PRODUCT_TYPE_CHANGE", "LISTINGS_ITEM_ISSUES_CHANGE",
        "LISTINGS_ITEM_ISSUES_CHANGE-2023-12-13", "LISTINGS_ITEM_STATUS_CHANGE", "REPORT_PROCESSING_FINISHED-1",
        "REPORT_PROCESSING_FINISHED-2", "REPORT_PROCESSING_FINISHED-guide", "SHIPMENT_TRACKING_MILESTONE_CHANGED",
        "TRANSACTION_UPDATE")},
    "amazon/inbound-v0-getShipments-sandbox-200.json": "their items are read",
    "amazon/mcf-2020-07-01-listAllFulfillmentOrders-200.json": "their items are read",
    "amazon/orders-v0-getOrder-sandbox-200.json": "its items are read",
    "amazon/orders-v0-getOrders-sandbox-200.json": "their items are read",
    "amazon/report-GET_MERCHANT_LISTINGS_ALL_DATA-29col-rows.tsv": "a snapshot",
    "amazon/report-ledger-detail-ui-export-16col.csv": "sales: the order lines say them",
    "amazon/report-ledger-summary-ui-export-22col.csv": "sums of what the detail view says",
    "amazon/samplesrepo-orders-getOrder.json": "its items are read",
    "etsy/webhook_order_delivered.json": "thin: it names a receipt, which is read",
    "etsy/webhook_order_paid.json": "thin: it names a receipt, which is read",
    "etsy/webhook_order_shipped.json": "thin: it names a receipt, which is read",
    "bigcommerce/published_order.json": "thin: its lines are read",
    "bigcommerce/published_orders.json": "thin: their lines are read",
    "bigcommerce/webhook_location_created.json": "places, no quantities",
    "bigcommerce/webhook_stock_changed_at_location.json": "thin: it names what is read",
    "bigcommerce/webhook_store_order_archived.json": "thin: it names what is read",
    "bigcommerce/webhook_store_order_created.json": "thin: it names what is read",
    "bigcommerce/webhook_store_order_refund_created.json": "thin: it names what is read",
    "bigcommerce/webhook_store_order_statusUpdated.json": "thin: it names what is read",
    "bigcommerce/webhook_store_order_updated.json": "thin: it names what is read",
    "bigcommerce/webhook_store_product_deleted.json": "nothing of stock",
    "bigcommerce/webhook_store_product_inventory_order_updated.json": "thin: it names what is read",
    "bigcommerce/webhook_store_product_inventory_updated.json": "thin: it names what is read",
    "bigcommerce/webhook_store_product_updated.json": "thin: it names what is read",
    "bigcommerce/webhook_store_sku_inventory_updated.json": "thin: it names what is read",
    "bigcommerce/webhook_store_sku_updated.json": "nothing of stock: its level has scopes of its own",
    "ebay/MARKETPLACE_ACCOUNT_DELETION.json": "nothing of stock",
    "ebay/ORDER_CONFIRMATION-1-line-qty19.json": "thin: it names an order, which is read",
    "ebay/ORDER_CONFIRMATION-2-lines-a.json": "thin",
    "ebay/ORDER_CONFIRMATION-no-user.json": "thin",
    "ebay/feed-LMS_ACTIVE_INVENTORY_REPORT.xml": "a snapshot",
    "ebay/platform-AuctionCheckoutComplete.xml": "thin: its signature leaves the body out",
    "ebay/platform-FixedPriceTransaction-checkout-incomplete.xml": "thin",
    "ebay/signature-invalid-body.json": "nothing of stock",
    "ebay/signature-valid-body.json": "nothing of stock",
    "shopify/rest_inventory_items.json": "items have no quantity; their levels have",
    "shopify/rest_locations.json": "places, no quantities",
    "shopify/rest_refund_create_response.json": "money only: its refund_line_items are empty",
    "tiktok/webhook_11_cancellation_status_change.json": "thin: it names an order, which is read",
    "tiktok/webhook_1_order_status_change_sdk_fixture.json": "thin",
    "tiktok/webhook_1_order_status_change_signed_vector.json": "thin",
    "walmart/inventories-sku-put-200.json": "a list without orders",
    "walmart/reports-requests-list-200.json": "a list without orders",
    "walmart/returns-list-200.json": "NOT_SHIPPED: nothing came back",
    "walmart/webhook-OFFER_PUBLISHED.json": "about the offer, not its stock",
    "walmart/webhook-OFFER_UNPUBLISHED.json": "about the offer, not its stock",
    "woocommerce/refund.json": "money only: its line_items are empty",
    "woocommerce/refund_create_response.json": "money only: its line_items are empty",
}
# Published samples that are a snapshot, or part of one, by the format that it has. All others are none in any format.
SNAPSHOTS = {
    "amazon/fbaInventory-getInventorySummaries-200.json": "summaries",
    "amazon/report-GET_AFN_INVENTORY_DATA-rows.tsv": "afn",
    "amazon/report-GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA-21col-rows.tsv": "afn",
    "amazon/report-GET_MERCHANT_LISTINGS_ALL_DATA-29col-rows.tsv": "listings",
    "etsy/inventory_of_a_coin.json": "inventory",
    "bigcommerce/published_location_items.json": "items",
    "ebay/feed-LMS_ACTIVE_INVENTORY_REPORT.xml": "active_inventory",
    "shopify/fixture_inventory_levels.json": "levels",
    "shopify/rest_inventory_level_adjust_response.json": "levels",
    "shopify/rest_inventory_level_set_response.json": "levels",
    "shopify/rest_inventory_levels_by_location.json": "levels",
    "shopify/rest_inventory_levels_two_locations.json": "levels",
    "shopify/webhook_inventory_levels_update_test_notification.json": "levels",
    "walmart/inventories-list-200.json": "inventories",
    "woocommerce/product_simple.json": "products",
    "woocommerce/product_update_response.json": "products",
    "woocommerce/products_batch_response.json": "products",
    "woocommerce/variation.json": "products",
    "woocommerce/variations_batch_response.json": "products",
}

Ended = collections.namedtuple("Ended", "code out errors")


def spec_of(arguments):
    """Kinds that take a spec have it beside their fixtures."""
    kind = next((value for name, value in zip(arguments, arguments[1:]) if name == "--kind"), "")
    spec = CHANNELS / kind / "fixtures/spec.yaml"
    return ("--spec", str(spec)) if kind and spec.exists() else ()


def run(program, *arguments, text=b""):
    arguments += spec_of(arguments)
    done = subprocess.run([str(BIN / program), *arguments], input=text, capture_output=True, timeout=LIMIT_S, env={
        name: os.environ[name] for name in ("ASAN_OPTIONS",) if name in os.environ})
    return Ended(done.returncode, done.stdout.decode().splitlines(), done.stderr.decode().splitlines())


def parsed(lines):
    """A line is one whole JSON object, with no key twice; fractions and exponents would be numbers that lost digits."""
    def no_float(text):
        raise Failure(f"the number {text} is not whole")

    def no_twice(pairs):
        expect(len({name for name, _ in pairs}) == len(pairs), f"a key twice in {pairs}")
        return dict(pairs)

    return [json.loads(line, parse_float=no_float, object_pairs_hook=no_twice) for line in lines]


def refused(done, command):
    expect(done.code == 4 and not done.out, f"exit {done.code}, wrote {done.out[:2]}")
    expect(len(done.errors) == 1 and re.match(command + ": .{9}", done.errors[0]), f"no one clear line: {done.errors}")


def published(kind):
    """Names in the table of the fixtures' README."""
    text = (CHANNELS / kind / "fixtures/README.md").read_text().partition("## Published")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\S+)` \|", text, re.MULTILINE)


def payload(golden):
    """The file beside a golden."""
    stem = golden.name.partition(".")[0]
    return next(path for path in (golden.with_name(stem + end) for end in (".json", ".xml", ".txt", ".tsv", ".csv", ".zip", ".gz")) if path.exists())


def bodies(kind):
    """Notifications: whatever has a golden of events."""
    return sorted(payload(path) for path in (CHANNELS / kind / "fixtures").glob("*.events"))


def headers_of(path):
    headers = path.with_suffix(".headers")
    lines = headers.read_text().splitlines() if headers.exists() else []
    return [word for line in lines if line for word in ("--header", line)]


HINT = '{"hint":'  # what a notification makes be read: a line behind those of the events


def normalized(kind, path, text=None, received=RECEIVED):
    return run("ingest", "normalize", "--kind", kind, "--received", received, *headers_of(path),
               text=path.read_bytes() if text is None else text)


def normalize(kind, path, text=None, received=RECEIVED):
    """Events alone."""
    done = normalized(kind, path, text, received)
    return done._replace(out=[line for line in done.out if not line.startswith(HINT)])


def hints_of(kind, path):
    return [json.loads(line)["hint"] for line in normalized(kind, path).out if line.startswith(HINT)]


def rows_of(kind, path, form, text=None):
    return run("reconciler", "rows", "--kind", kind, "--format", form, text=path.read_bytes() if text is None else text)


def stands_in(digits, text):
    return re.search(rf"(?<!\d){re.escape(digits)}(?!\d)", text) is not None


def expect_ids(places, path):
    """Every number within the ids stands in the sample, digit by digit."""
    text = path.read_text()
    for place in places:
        for digits in re.findall(r"\d+", place):
            expect(stands_in(digits, text), f"{digits} of '{place}' is not in {path.name}")


def ids_of_fact(fact):
    return [str(fact[name]) for name in ("order_id", "line_id", "part_id", "listing", "address") if fact.get(name)]


# ---- ingest normalize


def golden(path):
    """Lines of events, reasons of bad lines, and the reason of a refusal or None."""
    account = path.with_name("account")  # which the command is not told
    name = account.read_text().strip() if account.exists() else ""
    lines = path.with_suffix(".events").read_text().replace(f'"account":"{name}"', '"account":""').splitlines()
    bad = [line.removeprefix("bad: ") for line in lines if line.startswith("bad: ")]
    refusals = [line.removeprefix("reject: ") for line in lines if line.startswith("reject: ")]
    return [line for line in lines if line.startswith("{")], bad, refusals[0] if refusals else None


def every_body_gives_the_events_of_its_golden(kind):
    for path in bodies(kind):
        done = normalize(kind, path)
        events, bad, refusal = golden(path)
        if refusal is not None:
            refused(done, "ingest normalize")
            expect(refusal in done.errors[0], f"{path.name}: {done.errors} instead of {refusal}")
            continue
        expect(done.code == 0, f"{path.name}: exit {done.code}: {done.errors}")
        expect(done.out == events, f"{path.name}: {done.out} instead of {events}")
        expect([line.partition("bad line: ")[2] for line in done.errors] == bad, f"{path.name}: {done.errors}")
        golden_hints = path.with_suffix(".hints")
        if golden_hints.exists():
            expect(hints_of(kind, path) == golden_hints.read_text().splitlines(), f"{path.name}: {hints_of(kind, path)}")


def every_published_sample_is_understood_or_says_why_not(kind):
    for name in published(kind):
        path = CHANNELS / kind / "fixtures" / name
        done = normalize(kind, path)
        if f"{kind}/{name}" in NOT_UNDERSTOOD:
            refused(done, "ingest normalize")
            continue
        expect(done.code == 0 and not done.errors, f"{name}: exit {done.code}: {done.errors}")
        empty = f"{kind}/{name}" in WITHOUT_EVENTS
        expect(bool(done.out) != empty, f"{name}: {len(done.out)} events; expected none: {empty}")


def two_runs_are_equal(kind):
    for path in bodies(kind):
        expect(normalize(kind, path) == normalize(kind, path), f"{path.name} gives another answer the second time")
        if f"{kind}/{path.name}" in WITHOUT_TIME:
            continue
        # Ids do not hang on the clock.
        ids = [[event["event_id"] for event in parsed(normalize(kind, path, received=received).out)]
               for received in (RECEIVED, "2027-01-01T00:00:00Z")]
        expect(ids[0] == ids[1] and len(set(ids[0])) == len(ids[0]), f"{path.name}: {ids}")


def ids_of_events_are_those_of_the_sample(kind):
    longest = 0
    for path in bodies(kind):
        for event in parsed(normalize(kind, path).out):
            ids = ids_of_fact(event["fact"])
            expect(ids, f"{path.name}: a fact without ids: {event}")
            expect_ids(ids, path)
            longest = max(longest, *(len(digits) for place in ids for digits in re.findall(r"\d+", place)))
    expect(longest >= len(LONG_ID), f"no fixture has a long id: the longest has {longest} digits")


def orders_in(path):
    document = json.loads(path.read_text())
    inner = document.get("order", document) if isinstance(document, dict) else {}
    return [inner] if isinstance(inner.get("line_items"), list) and "refund_line_items" not in inner else []


def published_orders_lose_no_line(kind):
    """Python reads whole numbers of any length exactly: an oracle that shares no code with ours."""
    seen = 0
    for name in published(kind):
        for order in orders_in(CHANNELS / kind / "fixtures" / name):
            events = parsed(normalize(kind, CHANNELS / kind / "fixtures" / name).out)
            lines = {event["fact"]["line_id"]: event["fact"] for event in events if event["kind"] == "order_line"}
            wanted = {str(line["id"]): line for line in order["line_items"]}
            expect(lines.keys() == wanted.keys(), f"{name}: lines {sorted(lines)} instead of {sorted(wanted)}")
            for line_id, fact in lines.items():
                expect(fact["order_id"] == str(order["id"]), f"{name}: order {fact['order_id']}")
                expect(fact["ordered"] == wanted[line_id]["quantity"], f"{name}: line {line_id}: {fact['ordered']}")
            seen += bool(wanted)
    expect(seen > 0, "no published order has lines")


def a_longer_id_keeps_its_last_digit(kind):
    """One digit changed in the sample is that digit changed in the event, and another id of the event."""
    path = next(path for path in bodies(kind) if LONG_ID in path.read_text() and golden(path)[0]
                and not golden(path)[1])
    changed = normalize(kind, path, path.read_text().replace(LONG_ID, LONG_ID[:-1] + "6").encode()).out
    lines = normalize(kind, path).out
    expect(len(changed) == len(lines) > 0, f"{len(changed)} events instead of {len(lines)}")
    expect(LONG_ID[:-1] + "6" in "".join(changed) and LONG_ID not in "".join(changed), str(changed))
    ids = [parsed(some)[0]["event_id"] for some in (lines, changed)]
    expect(ids[0] != ids[1], "two facts have one id")


def what_is_no_notification_is_refused_in_one_line(kind):
    path = next(path for path in bodies(kind) if golden(path)[0])
    whole = path.read_bytes()
    for name, text in (("nothing", b""), ("half a body", whole[:len(whole) // 2]), ("no JSON", b"\x00\xff\xfe"),
                       ("a text", b'"order"'), ("trailing bytes", whole + b"}"), ("deep nesting", b"[" * 100000)):
        try:
            refused(normalize(kind, path, text), "ingest normalize")
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from failure


# ---- reconciler rows


def every_published_sample_is_a_snapshot_or_says_why_not(kind):
    for name in published(kind):
        path = CHANNELS / kind / "fixtures" / name
        for form in FORMATS[kind]:
            done = rows_of(kind, path, form)
            if SNAPSHOTS.get(f"{kind}/{name}") != form:
                try:
                    refused(done, "reconciler rows")
                except Failure as failure:
                    raise Failure(f"{name} as {form}: {failure}") from failure
                continue
            expect(done.code == 0 and not done.errors and done.out, f"{name} as {form}: {done}")
            for row in parsed(done.out):
                expect(row["listing"] or row["address"] or row["sku"], f"{name}: a row of nothing: {row}")
                expect_ids([row["listing"], row["address"]], path)
            expect(done == rows_of(kind, path, form), f"{name}: the second run differs")


def every_snapshot_gives_the_rows_of_its_golden(kind):
    goldens = sorted((CHANNELS / kind / "fixtures").glob("*.rows"))
    expect(goldens, "no golden")
    for path in goldens:
        name, form = path.name.split(".")[:2]
        done = rows_of(kind, payload(path), form)
        wanted = [line for line in path.read_text().splitlines() if line.startswith("{")]
        expect(done.code == 0 and len(done.out) == len(wanted), f"{name}: {done} instead of {len(wanted)} rows")
        for row, golden_row in zip(parsed(done.out), parsed(wanted)):
            same = {key: value for key, value in golden_row.items() if key != "version_ms"}
            expect({key: row[key] for key in same} == same, f"{name}: {row} instead of {golden_row}")


# ---- publisher preview


def preview(kind, targets):
    return run("publisher", "preview", "--kind", kind, text="".join(json.dumps(one) + "\n" for one in targets).encode())


def places_in(kind, body):
    """What a request writes to, read by the rules of the API: "item@location" or an id, and the quantity."""
    if kind == "shopify":
        for one in body["variables"]["input"]["quantities"]:
            item, location = (one[name].rpartition("/")[2] for name in ("inventoryItemId", "locationId"))
            expect(one["inventoryItemId"] == f"gid://shopify/InventoryItem/{item}", str(one))
            expect(one["locationId"] == f"gid://shopify/Location/{location}", str(one))
            yield f"{item}@{location}", one["quantity"]
    else:
        for one in body["update"]:
            yield str(one["id"]), one["stock_quantity"]


def targets_of_samples(kind):
    """Of every place that the samples and the other fixtures name, as it is written in a target."""
    seen = {}
    for path in bodies(kind):
        for event in parsed(normalize(kind, path).out):
            fact = event["fact"]
            place = fact.get("address") if kind == "shopify" else fact.get("listing")
            if place:
                seen.setdefault(place, {"channel": "shop", "listing": fact.get("listing") or place,
                                        "address": fact.get("address") or "", "quantity": len(seen) + 1,
                                        "event_id": event["event_id"]})
    return seen


def every_listing_of_the_samples_can_be_pushed(kind):
    targets = targets_of_samples(kind)
    expect(len(targets) > 3 and any(re.search(r"\d{18}", place) for place in targets), f"too few: {sorted(targets)}")
    done = preview(kind, targets.values())
    expect(done.code == 0 and not done.errors, f"exit {done.code}: {done.errors}")
    shown = {}
    for line, request in zip(done.out, parsed(done.out)):
        expect(request["method"] == "POST" and request["url"].startswith("https://channel.example/"), str(request))
        for place, quantity in places_in(kind, request["body"]):
            expect(stands_in(place.partition("@")[0], line), f"{place} does not stand in the request as it is")
            parent = re.search(r"/products/(\d+)/variations/", request["url"])
            place = f"{parent[1]}/{place}" if parent else place
            expect(place not in shown, f"{place} twice")
            shown[place] = quantity
    expect(shown == {place: target["quantity"] for place, target in targets.items()},
           f"{shown} instead of {[(place, target['quantity']) for place, target in targets.items()]}")
    expect(done == preview(kind, targets.values()), "the second run differs")


def rows_of_a_snapshot_can_be_pushed_back(kind):
    name, form = next((name.partition("/")[2], form) for name, form in SNAPSHOTS.items() if name.startswith(kind))
    rows = parsed(rows_of(kind, CHANNELS / kind / "fixtures" / name, form).out)
    targets = [{"channel": "shop", "listing": row["listing"] or row["address"], "address": row["address"],
                "quantity": max(0, row["quantity"])} for row in rows]
    done = preview(kind, targets)
    expect(done.code == 0, f"exit {done.code}: {done.errors}")
    written = [quantity for request in parsed(done.out) for _, quantity in places_in(kind, request["body"])]
    expect(written == [target["quantity"] for target in targets], f"{written} instead of {targets}")


def the_targets_of_the_golden_are_pushed_or_refused_one_by_one(kind):
    folder = CHANNELS / kind / "fixtures"
    golden_lines = (folder / "pushes.requests").read_text().splitlines()
    refusals = [line.removeprefix("reject: ") for line in golden_lines if line.startswith("reject: ")]
    bad = 0
    for line in (folder / "pushes.targets").read_text().splitlines():
        target = dict(json.loads(line), channel="shop")
        target.pop("expected", None)  # of a push, not of a target
        done = preview(kind, [target])
        if done.code == 0:
            expect(len(parsed(done.out)) == 1 and not done.errors, str(done))
            continue
        refused(done, "publisher preview")
        bad += 1
    expect(bad == len(refusals), f"{bad} targets are refused, {len(refusals)} in the golden")


def what_is_no_target_is_refused_in_one_line(kind):
    good = next(iter(targets_of_samples(kind).values()))
    line = json.dumps(good).encode()
    for text, word in ((b"", "no targets"), (b"nonsense", "line 1: json"), (b"[]", "line 1: "),
                       (line[:-1], "line 1: json"),
                       (b'{"channel":"shop","listing":"1"}', "quantity"),
                       (json.dumps(dict(good, quantity=-1)).encode(), "quantity"),
                       (json.dumps(dict(good, quantity=10 ** 15)).encode(), "quantity"),
                       (json.dumps(dict(good, quantity=1.5)).encode(), "quantity"),
                       (json.dumps(dict(good, quantity="3 of them")).encode(), "quantity"),
                       (json.dumps(dict(good, colour="red")).encode(), "colour"),
                       (json.dumps(dict(good, address="../../x")).encode(), "'../../x'"),
                       (line + b"\nnonsense\n", "line 2: json")):
        done = run("publisher", "preview", "--kind", kind, text=text)
        refused(done, "publisher preview")
        expect(word in done.errors[0], f"{text}: {done.errors} without {word!r}")


def the_example_of_the_usage_is_a_target(kind):
    usage = run("publisher", "preview").errors
    example = json.loads(next(line for line in usage if line.startswith("{")))
    address = {"shopify": "1@2", "woocommerce": "1"}[kind]
    done = preview(kind, [dict(example, address=address)])
    expect(done.code == 0, f"{usage}: {done.errors}")


# ---- all three


def a_wrong_use_says_how(kind):
    for program, command in (("ingest", "normalize"), ("publisher", "preview"), ("reconciler", "rows")):
        for arguments in ((), ("--kind",), ("--kind", "nothing"), ("--kind", kind, "--nonsense", "x")):
            done = run(program, command, *arguments)
            expect(done.code == 2 and not done.out and done.errors, f"{program} {command} {arguments}: {done}")


def the_table_names_only_what_there_is(kind):
    known = {f"{kind}/{name}" for name in published(kind)}
    listed = {name for table in (NOT_UNDERSTOOD, WITHOUT_EVENTS, SNAPSHOTS) for name in table if name.startswith(kind)}
    expect(known and listed <= known, f"not published: {listed - known}")
    lost = [name for name in known if not (CHANNELS / kind / "fixtures" / name.partition("/")[2]).exists()]
    expect(not lost, f"no such file: {lost}")


# A shop that is made up has no published samples.
OF_SAMPLES = {the_table_names_only_what_there_is, every_published_sample_is_understood_or_says_why_not,
              every_published_sample_is_a_snapshot_or_says_why_not}
OF_WHOLE_SAMPLES = {ids_of_events_are_those_of_the_sample, published_orders_lose_no_line,
                    a_longer_id_keeps_its_last_digit, every_listing_of_the_samples_can_be_pushed,
                    rows_of_a_snapshot_can_be_pushed_back, what_is_no_target_is_refused_in_one_line,
                    the_example_of_the_usage_is_a_target}
TESTS = (the_table_names_only_what_there_is, every_published_sample_is_understood_or_says_why_not,
         every_body_gives_the_events_of_its_golden, two_runs_are_equal, ids_of_events_are_those_of_the_sample,
         published_orders_lose_no_line, a_longer_id_keeps_its_last_digit,
         what_is_no_notification_is_refused_in_one_line, every_published_sample_is_a_snapshot_or_says_why_not,
         every_snapshot_gives_the_rows_of_its_golden, every_listing_of_the_samples_can_be_pushed,
         rows_of_a_snapshot_can_be_pushed_back, the_targets_of_the_golden_are_pushed_or_refused_one_by_one,
         what_is_no_target_is_refused_in_one_line, the_example_of_the_usage_is_a_target, a_wrong_use_says_how)


def main():
    report = Report(sys.argv[1])
    for kind in KINDS:
        for function in TESTS:
            if function in OF_SAMPLES and not published(kind) or function in OF_WHOLE_SAMPLES and kind not in WHOLE:
                continue
            with report.test(f"{kind}: {function.__name__}"):
                function(kind)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
