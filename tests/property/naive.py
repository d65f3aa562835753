#!/usr/bin/env python3
"""Judges where lib/stock ends: a second implementation, made to be read and not to be fast.

It is written from the words of the design and of lib/stock/stock.h, not from the C. It takes the SET of a case's
events and derives the end from definitions: nothing is folded, nothing has a before and an after, and no event is
looked at in the order in which it came. Shipments and removals have a file of their own.

    cases SEED COUNT | naive.py [--cases PROGRAM] [--progress]

reads JSON lines, compares, prints the events and both answers of what differs (with PROGRAM, that printed the cases,
shrunk to a minimal case) and ends with 'N cases agree, N differ, N events'. Exit status 1: something differs, or
nothing was compared.
"""
import argparse
import datetime
import decimal
import fractions
import functools
import json
import subprocess
import sys
import time

import naive_consignments
import naive_provenance

SHOWN_MAX = 3
PROGRESS_S = 2
QUANTITY_MAX = 1_000_000_000


@functools.lru_cache(maxsize=4096)
def ms(at):
    """A time as the events print it: RFC 3339."""
    then = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (then - epoch) // datetime.timedelta(milliseconds=1)


def newest(facts):
    """What is dated: the latest one, of several at one time the one with the greatest id; None without any."""
    return max(facts, key=lambda fact: (fact["occurred_ms"], fact["event_id"]), default=None)


DAY_MS = 86_400_000
TIERS = {"T1": 100, "T2": 20, "T3": 5, "T4": 0}


@functools.lru_cache(maxsize=65536)
def priced_units(expected, bound):
    """The smallest b with P(Poisson(expected) > b) <= bound, by the formula, to 60 digits."""
    with decimal.localcontext() as context:
        context.prec = 60
        mean = decimal.Decimal(expected.numerator) / expected.denominator
        likely = term = (-mean).exp()
        buffer = 0
        while (1 - likely) * bound.denominator > bound.numerator:
            buffer += 1
            term = term * mean / buffer
            likely += term
    return buffer


# ---- which events count: the rules, and what operators decided ----

BUCKETS = {"sellable", "quarantine", "damaged", "inbound", "in_removal", "reserved", "researching", "unfulfillable"}
REASONS = {"receiving_adjustment", "rework", "quarantine", "damage", "count", "loss", "found", "theft", "expired",
           "disposal", "sample", "customer_return", "replenishment", "relocation", "opening", "correction"}
OF_LINES = ("order_line", "line_cancelled", "line_shipped", "line_returned")
AHEAD_MS = 5 * 60 * 1000
# Least quantity of each kind.
LEAST = {"line_cancelled": 1, "line_shipped": 1, "line_returned": 1, "stock_counted": 0, "stock_received": 1,
         "stock_transferred": 1}


def wrong_quantity(number, least):
    if number > QUANTITY_MAX:
        return "overflow"
    if number < 0:
        return "negative-quantity"
    return "zero-quantity" if number < least else None


def hard_breach(kind, channel, fact):
    """The rule that is broken and can't be waived."""
    if kind == "decided":
        return None if channel == "admin" and (fact["decision"] == "fix") == bool(fact["changes"]) else "bad-decision"
    if kind == "order_line":
        return wrong_quantity(fact["ordered"], 0) or (
            "too-much" if fact["cancelled"] > fact["ordered"] else None)
    if kind == "mapping_changed":
        if " " in fact["pool"]:
            return "bad-name"
        return "field-missing" if fact["components"] and not fact["pool"] else None
    buckets = [fact[name] for name in ("bucket", "from_bucket", "to_bucket") if fact.get(name)]
    if any(bucket not in BUCKETS for bucket in buckets):
        return "unknown-bucket"
    return wrong_quantity(fact["quantity"], LEAST[kind]) if kind in LEAST else None


def breach(event):
    """(rule, may be waived) of an event that breaks one, else None."""
    kind, fact = event["kind"], event["fact"]
    hard = hard_breach(kind, event.get("channel"), fact)
    if hard:
        return hard, False
    if kind == "stock_counted" and event["occurred_ms"] > event["received_ms"] + AHEAD_MS:
        return "count-in-future", True
    if kind == "stock_received" and fact["reason"] == "removal" and not fact.get("removal_id"):
        return "removal-missing", True
    if kind in ("stock_adjusted", "stock_transferred") and fact["reason"] and fact["reason"] not in REASONS:
        return "reason-unknown", True
    return None


def fixed(event, changes):
    """The event with other values, or None when it has no such field."""
    form = {**event, "fact": dict(event["fact"])}
    for change in changes:
        if change["field"] == "occurred_at":
            form["occurred_ms"] = int(change["value"])
        elif change["field"] in form["fact"]:
            old = form["fact"][change["field"]]
            form["fact"][change["field"]] = int(change["value"]) if isinstance(old, int) else change["value"]
        else:
            return None
    return form


def ruled(event, decisions):
    """(how it counts or None, its status, {decision: outcome}) after its decisions, one after the other."""
    broken = breach(event)
    form, dropped, outcomes = None if broken else event, False, {}
    of_line = event["kind"] in OF_LINES
    by_number = {decision["fact"]["number"]: decision for decision in decisions}
    number = 1
    while number in by_number:
        decision = by_number.pop(number)
        outcome, what = "applied", decision["fact"]["decision"]
        if what == "drop":
            if form and not of_line:
                outcome = "noted not-parked"
            elif dropped:
                outcome = "noted no-change"
            else:
                dropped = True
        elif form and (what == "fix" or not dropped):
            outcome = "noted not-parked"
        elif what == "release":
            if form or broken[1]:
                form, dropped = form or event, False
            else:
                outcome = "noted not-waivable"
        else:
            candidate = fixed(event, decision["fact"]["changes"])
            if candidate is None or event["kind"] == "decided":
                outcome = "noted not-amendable"
            elif breach(candidate):
                outcome = "noted still-broken"
            else:
                form, dropped = candidate, False
        outcomes[decision["event_id"]] = outcome
        number += 1
    outcomes.update({decision["event_id"]: "parked out-of-turn" for decision in by_number.values()})
    return form, "dropped" if dropped else "counts" if form else broken[0], outcomes


class World:
    """The questions that one can ask a set of events. Every answer starts from the events."""

    def __init__(self, events):
        unique = {event["event_id"]: event for event in events}
        self.statuses = {}
        self.facts = {}
        self.dropped = set()
        for event in unique.values():
            about = [other for other in unique.values() if other["kind"] == "decided" and breach(other) is None
                     and other["fact"]["event_id"] == event["event_id"]]
            form, status, outcomes = ruled(event, about)
            if not (event["kind"] == "decided" and breach(event) is None):
                self.statuses[event["event_id"]] = status
            self.statuses.update(outcomes)
            if status == "dropped":
                self.dropped.add(event["event_id"])
            if form is not None:
                self.facts.setdefault(form["kind"], []).append({**form["fact"], **form, "fact": None})
        for event in unique.values():
            self.statuses.setdefault(event["event_id"], "parked no-event")

    def all(self, kind, **wanted):
        return [fact for fact in self.facts.get(kind, ()) if wanted.items() <= fact.items()]

    # ---- catalogue: mappings, pools, rules ----

    def mapping_at(self, channel, listing, at_ms):
        """The mapping in force at a time."""
        mappings = self.all("mapping_changed", channel=channel, listing=listing)
        return newest(mapping for mapping in mappings if mapping["occurred_ms"] <= at_ms)

    def mapping_now(self, channel, listing):
        """'Now' is no event: targets use the newest mapping."""
        return newest(self.all("mapping_changed", channel=channel, listing=listing))

    def counts_itself(self, pool):
        """The channel counts this pool: its orders neither commit nor move anything."""
        declared = newest(self.all("pool_changed", pool=pool))
        return declared is not None and declared["authority"] == "channel"

    def rule_for(self, channel, listing, sku):
        """The narrowest scope that has a rule; in it the newest rule."""
        scopes = [dict(channel=channel, listing=listing), dict(channel=channel, sku=sku), dict(sku=sku),
                  dict(channel=channel, tier=self.tier(sku)), dict(tier=self.tier(sku)), dict(channel=channel), {}]
        for scope in scopes:
            if scope.get("sku") == "" or scope.get("tier") == "":
                continue
            rule = newest(rule for rule in self.all("rule_changed")
                          if all(rule.get(name, "") == scope.get(name, "")
                                 for name in ("channel", "listing", "sku", "tier")))
            if rule is not None:
                return rule
        return None

    # ---- speed ----

    def newest_measure(self, kind, **wanted):
        return max(self.all(kind, **wanted), default=None,
                   key=lambda fact: (ms(fact["as_of_at"]), fact["event_id"]))

    def velocity(self, sku):
        return self.newest_measure("velocity_measured", sku=sku)

    def tiers(self):
        """{name: units a day}"""
        defined = {name: newest(self.all("tier_defined", tier=name)) for name in
                   TIERS.keys() | {tier["tier"] for tier in self.all("tier_defined")}}
        return {name: TIERS[name] if tier is None else tier["from_per_day"] for name, tier in defined.items()}

    def tier(self, sku):
        """The fastest that it reaches; of a promoted SKU the fastest of all."""
        if sku == "":
            return ""
        velocity = self.velocity(sku)
        promotion = newest(self.all("promotion_changed", sku=sku))
        sold, window_ms = (0, 1) if velocity is None else (
            sum(one["units"] for one in velocity["units"]), velocity["window_ms"])
        per_day = fractions.Fraction(sold * DAY_MS, window_ms)
        reached = [(-least, name) for name, least in self.tiers().items()
                   if per_day >= least or (promotion is not None and promotion["active"])]
        return min(reached)[1] if reached else ""

    def price(self, channel, listing):
        """(sets held back for the risk, the measurement that makes it, the latency): the dearest component's."""
        components = self.mapping_now(channel, listing)["components"]
        rule = self.rule_of(channel, listing)
        latency = self.newest_measure("latency_measured", channel=channel)
        if not components or rule is None or rule.get("risk_bound_ppm", 0) == 0 or latency is None:
            return 0, "", ""
        bound = fractions.Fraction(rule["risk_bound_ppm"], 1_000_000 * len(components))
        prices = [(0, "", "")]
        for component in components:
            velocity = self.velocity(component["sku"])
            if velocity is None:
                continue
            elsewhere = sum(one["units"] for one in velocity["units"] if one["channel"] != channel)
            expected = fractions.Fraction(elsewhere * latency["latency_ms"], velocity["window_ms"])
            sets = -(-priced_units(expected, bound) // component["units"])
            if sets > 0:
                prices.append((-sets, component["sku"], velocity["event_id"]))
        sets, _, measurement = min(prices)
        return -sets, measurement, latency["event_id"]

    def measurement(self, channel, listing):
        """Of a listing that sells one SKU its velocity, of another one what prices it."""
        components = self.mapping_now(channel, listing)["components"]
        if len(components) != 1:
            return self.price(channel, listing)[1]
        velocity = self.velocity(components[0]["sku"])
        return "" if velocity is None else velocity["event_id"]

    # ---- order lines ----

    def lines(self):
        """Every line that a report or a part names: (channel, order, line)."""
        kinds = ("order_line", "line_cancelled", "line_shipped", "line_returned")
        return {(fact["channel"], fact["order_id"], fact["line_id"]) for kind in kinds for fact in self.all(kind)}

    def of_line(self, kind, line):
        return self.all(kind, channel=line[0], order_id=line[1], line_id=line[2])

    def report(self, line):
        """The newest report; of equal versions the one with more cancelled, then fewer ordered, then greater id."""
        return max(self.of_line("order_line", line), default=None,
                   key=lambda fact: (ms(fact["version_at"]), fact["cancelled"], -fact["ordered"], fact["event_id"]))

    def listing_of(self, line):
        """The greatest text that a report said; parts are asked only while there is no report."""
        says = self.of_line("order_line", line)
        if not says:
            says = [part for kind in ("line_cancelled", "line_shipped", "line_returned")
                    for part in self.of_line(kind, line)]
        return max(fact["listing"] for fact in says)

    def parts(self, kind, line):
        """Without the dropped ones."""
        return [part for part in self.of_line(kind, line) if part["event_id"] not in self.dropped]

    def units(self, kind, line):
        return sum(part["quantity"] for part in self.parts(kind, line))

    def is_void(self, line):
        """The order was voided after the newest report."""
        voids = [ms(void["version_at"]) for void in self.all("order_voided", channel=line[0], order_id=line[1])]
        return any(void > ms(self.report(line)["version_at"]) for void in voids)

    def ordered(self, line):
        report = self.report(line)
        return 0 if report is None else report["ordered"]

    def cancelled(self, line):
        """The greatest word on it, within what was not shipped: a void speaks of all."""
        report = self.report(line)
        if report is None:
            return 0
        words = [report["cancelled"], self.units("line_cancelled", line)]
        if self.is_void(line):
            words.append(report["ordered"])
        return min(max(words), max(0, report["ordered"] - self.units("line_shipped", line)))

    def mapping_of(self, line):
        """The mapping in force when the line was placed, whenever that was told."""
        return self.mapping_at(line[0], self.listing_of(line), ms(self.report(line)["placed_at"]))

    def waiting(self, line):
        if self.report(line) is None:
            return "not-reported"
        if self.report(line)["event_id"] in self.dropped:
            return "dropped"
        mapping = self.mapping_of(line)
        if mapping is None:
            return "no-mapping"
        return "" if mapping["components"] else "retired"

    def draws(self, line):
        """What one unit of the line is in the pool that we count, the one that ships it: [(SKU, pool, units)].
        Nothing when it ships what another order takes."""
        if self.waiting(line) != "":
            return []
        mapping, report = self.mapping_of(line), self.report(line)
        pool = report.get("pool") or mapping["pool"]
        if self.counts_itself(pool) or report.get("fulfils"):
            return []
        return [(component["sku"], pool, component["units"]) for component in mapping["components"]]

    # ---- stock ----

    @functools.cached_property
    def consignments(self):
        return naive_consignments.consignments(self)

    @staticmethod
    def is_plain_receipt(fact):
        """It is no part of a shipment or removal."""
        return not fact.get("shipment_id") and not fact.get("removal_id")

    def is_held(self, count):
        """Counted while an inbound shipment was being received, which is open still; only where we count."""
        return not self.counts_itself(count["pool"]) and any(
            consignment.sku == count["sku"] and consignment.receives(count["pool"], count["occurred_ms"])
            for consignment in self.consignments)

    @functools.cached_property
    def draws_of_lines(self):
        """[(line, SKU, pool, units)]"""
        return [(line, *drawn) for line in self.lines() for drawn in self.draws(line)]

    def movements(self):
        """Everything physical that ever happened: (SKU, pool, bucket, how much, when)."""
        for kind, amount in (("stock_received", "quantity"), ("stock_adjusted", "delta")):
            for fact in self.all(kind):
                if kind == "stock_adjusted" or self.is_plain_receipt(fact):
                    yield fact["sku"], fact["pool"], fact["bucket"], fact[amount], fact["occurred_ms"]
        for consignment in self.consignments:
            yield from consignment.movements
        for fact in self.all("stock_transferred"):
            yield fact["sku"], fact["from_pool"], fact["from_bucket"], -fact["quantity"], fact["occurred_ms"]
            yield fact["sku"], fact["to_pool"], fact["to_bucket"], fact["quantity"], fact["occurred_ms"]
        for line in self.lines():
            for sku, pool, units in self.draws(line):
                for part in self.parts("line_shipped", line):
                    yield sku, pool, "sellable", -part["quantity"] * units, part["occurred_ms"]
                for part in self.parts("line_returned", line):
                    yield sku, pool, part["bucket"], part["quantity"] * units, part["occurred_ms"]

    def committed(self):
        """Units promised to open lines, by (SKU, pool)."""
        promised = {}
        for line in self.lines():
            still_open = self.ordered(line) - self.cancelled(line) - self.units("line_shipped", line)
            for sku, pool, units in self.draws(line):
                promised[sku, pool] = promised.get((sku, pool), 0) + max(0, still_open) * units
        return promised

    @functools.cached_property
    def positions(self):
        """The latest count in force and what moved after it; all that moved where nobody counted."""
        movements = list(self.movements())
        counted = {(count["sku"], count["pool"], count["bucket"]) for count in self.all("stock_counted")}
        positions = {}
        for place in counted | {movement[:3] for movement in movements}:
            sku, pool, bucket = place
            counts = self.all("stock_counted", sku=sku, pool=pool, bucket=bucket)
            count = newest(count for count in counts if not self.is_held(count))
            start, since = (0, -1) if count is None else (count["quantity"], count["occurred_ms"])
            positions[place] = start + sum(how_much for *where, how_much, when in movements
                                           if tuple(where) == place and when > since)
        for (sku, pool), units in self.committed().items():
            positions[sku, pool, "committed"] = units
        return positions

    def available(self, sku, pools, buckets):
        """What may be sold and is not promised."""
        return sum(sum(self.positions.get((sku, pool, bucket), 0) for bucket in set(buckets)) -
                   self.positions.get((sku, pool, "committed"), 0) for pool in set(pools))

    def oversells(self):
        """Available below zero, of a SKU in a pool."""
        places = {(sku, pool) for sku, pool, _ in self.positions}
        left = {place: self.available(place[0], [place[1]], ["sellable"]) for place in places}
        return {place: available for place, available in left.items() if available < 0}

    # ---- where units came from ----

    def sellable_moves(self, sku, pool):
        """(name, when, how many, shipped): what happened to the sellable units."""
        def here(fact, side=""):
            return (fact["sku"], fact[side + "pool"], fact[side + "bucket"]) == (sku, pool, "sellable")
        for fact in self.all("stock_received"):
            if here(fact) and self.is_plain_receipt(fact):
                yield f'received {fact["event_id"]}', fact["occurred_ms"], fact["quantity"], False
        for fact in self.all("stock_adjusted"):
            if here(fact):
                yield f'adjusted {fact["event_id"]}', fact["occurred_ms"], fact["delta"], False
        for fact in self.all("stock_transferred"):
            for side, sign in (("from_", -1), ("to_", 1)):
                if here(fact, side):
                    yield f'transferred {fact["event_id"]}', fact["occurred_ms"], sign * fact["quantity"], False
        for each in self.consignments:
            for *where, units, when in each.movements:
                if where == [sku, pool, "sellable"]:
                    yield f"{each.kind} {each.name}", when, units, False
        for line, drawn, drawn_from, units in self.draws_of_lines:
            if (drawn, drawn_from) != (sku, pool):
                continue
            for part in self.parts("line_shipped", line):
                yield "shipped", part["occurred_ms"], -part["quantity"] * units, True
            for part in self.parts("line_returned", line):
                if part["bucket"] == "sellable":
                    yield f'returned {part["event_id"]}', part["occurred_ms"], part["quantity"] * units, False

    def provenance(self, sku, pool):
        counts = [(f'counted {count["event_id"]}', count["occurred_ms"], count["quantity"])
                  for count in self.all("stock_counted", sku=sku, pool=pool, bucket="sellable")
                  if not self.is_held(count)]
        orders = [("ordered " + "/".join(line), ms(self.report(line)["placed_at"]), units * max(
                       self.ordered(line) - self.cancelled(line), self.units("line_shipped", line)))
                  for line, drawn, drawn_from, units in self.draws_of_lines if (drawn, drawn_from) == (sku, pool)]
        found = naive_provenance.traced(list(self.sellable_moves(sku, pool)), counts, orders)
        assert found["left"] == self.available(sku, [pool], ["sellable"]), "what is left is what is available"
        return found

    # ---- listings ----

    def listings(self):
        return {(mapping["channel"], mapping["listing"]) for mapping in self.all("mapping_changed")}

    def sku_of(self, channel, listing):
        """The SKU of a listing that sells nothing else: only for it are the rules of SKUs and tiers."""
        components = self.mapping_now(channel, listing)["components"]
        return components[0]["sku"] if len(components) == 1 else ""

    def rule_of(self, channel, listing):
        return self.rule_for(channel, listing, self.sku_of(channel, listing))

    def quantity(self, channel, listing):
        """Whole sets of the scarcest component, less the larger buffer, at most the cap, nothing below the floor."""
        mapping = self.mapping_now(channel, listing)
        if not mapping["components"]:
            return 0
        rule = self.rule_of(channel, listing) or {
            "pools": [], "buckets": [], "buffer_units": 0, "buffer_percent": 0, "cap": 0, "floor": 0}
        pools = rule["pools"] or [mapping["pool"]]
        buckets = rule["buckets"] or ["sellable"]
        sets = min(self.available(component["sku"], pools, buckets) // component["units"]
                   for component in mapping["components"])
        sets = max(0, sets)
        rounded_up = -(-sets * rule["buffer_percent"] // 100)
        shown = max(0, sets - max(rule["buffer_units"], rounded_up, self.price(channel, listing)[0]))
        if rule["cap"] > 0:
            shown = min(shown, rule["cap"])
        if shown < rule["floor"]:
            return 0
        return min(shown, QUANTITY_MAX)

    def sold_here(self, channel, listing):
        return sum(self.ordered(line) - self.cancelled(line) for line in self.lines()
                   if line[0] == channel and self.listing_of(line) == listing and self.waiting(line) == "" and
                   not self.report(line).get("fulfils"))

    def open_here(self, channel, listing):
        """Sold and neither cancelled nor shipped, line by line; a line that shipped more than it sold owes nothing."""
        return sum(max(0, self.ordered(line) - self.cancelled(line) - self.units("line_shipped", line))
                   for line in self.lines()
                   if line[0] == channel and self.listing_of(line) == listing and self.waiting(line) == "" and
                   not self.report(line).get("fulfils"))

    # ---- the end, as lib/stock's is printed ----

    def end_of_line(self, line):
        waiting = self.waiting(line)
        return {"ordered": self.ordered(line), "cancelled": self.cancelled(line),
                "shipped": self.units("line_shipped", line), "returned": self.units("line_returned", line),
                "waiting": waiting, "listing": self.listing_of(line),
                "mapping": self.mapping_of(line)["event_id"] if waiting == "" else ""}

    def address(self, channel, listing):
        """The newest mapping's; a retiring one that names none leaves the newest that was named."""
        last = self.mapping_now(channel, listing)
        if last["components"] or last["address"]:
            return last["address"]
        named = newest([mapping for mapping in self.all("mapping_changed", channel=channel, listing=listing)
                        if mapping["address"]])
        return named["address"] if named else ""

    def end_of_listing(self, channel, listing):
        mapping = self.mapping_now(channel, listing)
        rule = self.rule_of(channel, listing)
        return {"quantity": self.quantity(channel, listing), "sold_here": self.sold_here(channel, listing),
                "open_here": self.open_here(channel, listing),
                "address": self.address(channel, listing), "mapping": mapping["event_id"],
                "rule": "" if rule is None else rule["event_id"],
                "tier": self.tier(self.sku_of(channel, listing)), "priced": self.price(channel, listing)[0],
                "measurement": self.measurement(channel, listing), "latency": self.price(channel, listing)[2]}

    def end(self):
        return {"positions": {"|".join(place): quantity for place, quantity in self.positions.items()},
                "lines": {"|".join(line): self.end_of_line(line) for line in self.lines()},
                "listings": {"|".join(listing): self.end_of_listing(*listing) for listing in self.listings()},
                "consignments": {"|".join((each.kind, each.name, each.sku)): each.end() for each in self.consignments},
                "provenance": {f"{sku}|{pool}": self.provenance(sku, pool)
                               for sku in ("cap", "tie", "sash") for pool in ("wh", "shop", "fba")},
                "oversells": {"|".join(place): available for place, available in self.oversells().items()},
                "statuses": self.statuses}


# ---- comparing ----

def without_zeros(end):
    """A position of zero is as one that is missing."""
    return {**end, "positions": {place: quantity for place, quantity in end["positions"].items() if quantity != 0}}


def differences(case):
    """[(what, lib/stock's answer, ours)]"""
    theirs, ours = without_zeros(case["end"]), without_zeros(World(case["events"]).end())
    if theirs == ours:
        return []
    assert theirs.keys() == ours.keys()
    found = []
    for table in ours:
        for key in sorted(theirs[table].keys() | ours[table].keys()):
            if theirs[table].get(key) != ours[table].get(key):
                found.append((f"{table} {key}", theirs[table].get(key), ours[table].get(key)))
    return found


def readable(event):
    hidden = ("event_id", "kind", "occurred_ms", "fact_id", "part_id", "reason", "status", "title")
    fields = [f"{key}={json.dumps(value)}" for key, value in {**event, **event["fact"]}.items()
              if key not in (*hidden, "fact") and value not in ("", 0, [])]
    return f'{event["event_id"][:8]} at {event["occurred_ms"]} {event["kind"]} {" ".join(fields)}'


def explain(case, found):
    print(f'seed {case["seed"]}, {len(case["events"])} events:')
    for event in case["events"]:
        print(f"  {readable(event)}")
    for what, theirs, ours in found:
        print(f"  {what}\n    lib/stock: {json.dumps(theirs)}\n    naive:     {json.dumps(ours)}")
    sys.stdout.flush()


def shrunk(program, case):
    """The case without the events that it differs without, too."""
    kept = list(range(len(case["events"])))
    at = 0
    while at < len(kept) and len(kept) > 1:
        fewer = kept[:at] + kept[at + 1:]
        told = subprocess.run([program, str(case["seed"]), "1", *map(str, fewer)], capture_output=True, text=True)
        if told.returncode == 0 and differences(json.loads(told.stdout)):
            case, kept, at = json.loads(told.stdout), fewer, 0
        else:
            at += 1
    return case


class Tally:
    """What was compared so far; the last four say that the cases are not empty ones."""

    def __init__(self):
        self.agree = self.differ = self.events = 0
        self.applied_lines = self.shown_listings = self.priced_listings = self.oversells = 0
        self.consignments = 0

    def add(self, case, found):
        self.agree += not found
        self.differ += bool(found)
        self.events += len(case["events"])
        self.applied_lines += sum(line["waiting"] == "" for line in case["end"]["lines"].values())
        self.shown_listings += sum(listing["quantity"] > 0 for listing in case["end"]["listings"].values())
        self.priced_listings += sum(listing["priced"] > 0 for listing in case["end"]["listings"].values())
        self.oversells += len(case["end"]["oversells"])
        self.consignments += sum(each["waiting"] == "" for each in case["end"]["consignments"].values())

    def __str__(self):
        return (f"{self.agree} cases agree, {self.differ} differ, {self.events} events, "
                f"{self.applied_lines} lines applied, {self.shown_listings} listings above 0, "
                f"{self.priced_listings} priced, {self.oversells} oversells, {self.consignments} consignments")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", metavar="PROGRAM", help="what printed the cases: shrinks what differs")
    parser.add_argument("--progress", action="store_true", help=f"say how far it is every {PROGRESS_S} s")
    args = parser.parse_args()
    tally = Tally()
    said = time.monotonic()
    for text in sys.stdin:
        case = json.loads(text)
        found = differences(case)
        tally.add(case, found)
        if found and tally.differ <= SHOWN_MAX:
            if args.cases:
                case = shrunk(args.cases, case)
                found = differences(case)
            explain(case, found)
        if args.progress and time.monotonic() - said > PROGRESS_S:
            print(tally, flush=True)
            said = time.monotonic()
    print(tally, flush=True)
    return 0 if tally.agree > 0 and tally.differ == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
