"""Shipments and removals as naive.py sees them: for each time, where its units stand then.

Written from the words of lib/stock/stock.h. A consignment is its reports and its receipts; what it has put where by a
time follows from the newest report and the receipts up to then, and what it moves at a time is the difference to the
time before.
"""
import collections
import datetime
import functools

STAGES = {"working": 0, "shipped": 0, "in_transit": 0, "error": 0, "delivered": 1, "checked_in": 1, "receiving": 2,
          "closed": 3, "inbound_receiving_complete": 3, "cancelled": 4, "deleted": 4}
ARRIVED, RECEIVING, CLOSED, CANCELLED = 1, 2, 3, 4
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


@functools.lru_cache(maxsize=4096)
def ms(at):
    return 0 if at is None else (datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) - EPOCH) // (
        datetime.timedelta(milliseconds=1))


class Consignment:
    def __init__(self, kind, name, sku, reports, receipts):
        self.kind, self.name, self.sku = kind, name, sku
        self.reports, self.receipts = reports, receipts

    def stage(self, report):
        return STAGES[report["status"].lower()] if self.kind == "inbound" else 0

    def newest(self, by):
        """The newest report up to a time; of equal versions the one that is further on."""
        def age(report):
            progress = sum(report.get(what, 0) for what in ("received", "damaged", "disposed", "lost", "cancelled"))
            return ms(report["version_at"]), self.stage(report), progress, report["event_id"]
        return max((report for report in self.reports if ms(report["version_at"]) <= by), key=age, default=None)

    def times(self):
        return sorted({ms(report["version_at"]) for report in self.reports} |
                      {receipt["occurred_ms"] for receipt in self.receipts})

    def received(self, by, damaged):
        """Units that came so far, and how many of them are told by receipts."""
        report = self.newest(by)
        told = sum(receipt["quantity"] for receipt in self.receipts
                   if receipt["occurred_ms"] <= by and (receipt["bucket"] == "damaged") == damaged)
        return max(told, report.get("damaged" if damaged else "received", 0)), told

    def left(self, by):
        """(units that left, those of them nobody knows about)."""
        report = self.newest(by)
        known = (self.received(by, False)[0] + self.received(by, True)[0] + report.get("disposed", 0) +
                 report.get("lost", 0))
        sent = report["sent"] if self.kind == "inbound" else report["requested"] - report["cancelled"]
        if self.stage(report) == CANCELLED:
            sent = min(sent, known)
        return sent, sent - known

    def transit(self, by):
        return 0 if self.stage(self.newest(by)) >= CLOSED else max(0, self.left(by)[1])

    def is_open(self, by):
        report = self.newest(by)
        if report is None:
            return True
        return self.stage(report) < CLOSED if self.kind == "inbound" else self.transit(by) > 0

    def standing(self, by):
        """{(pool, bucket): units that it has put there by that time}"""
        where = collections.Counter()
        if not self.reports:
            return where
        for receipt in self.receipts:
            if receipt["occurred_ms"] <= by:
                where[receipt["pool"], receipt["bucket"]] += receipt["quantity"]
        report = self.newest(by)
        if report is None:
            return where
        for damaged, bucket in ((False, "sellable"), (True, "damaged")):
            all_of_them, told = self.received(by, damaged)
            where[report["to_pool"], bucket] += all_of_them - told
        where[report["from_pool"], report.get("bucket", "sellable")] -= self.left(by)[0]
        transit = (report["to_pool"], "inbound") if self.kind == "inbound" else (report["from_pool"], "in_removal")
        where[transit] += self.transit(by)
        return where

    @functools.cached_property
    def movements(self):
        """[(SKU, pool, bucket, how much, when)]"""
        return list(self.moves())

    def moves(self):
        before = collections.Counter()
        for time in self.times():
            after = self.standing(time)
            for pool, bucket in before.keys() | after.keys():
                how_much = after[pool, bucket] - before[pool, bucket]
                if how_much != 0 and pool != "":
                    yield self.sku, pool, bucket, how_much, time
            before = after

    def first(self, stages):
        return min((ms(report["version_at"]) for report in self.reports if self.stage(report) in stages), default=0)

    @functools.cached_property
    def closed_at(self):
        """Since when it is not open, without a break up to now."""
        since = 0
        for time in self.times():
            since = 0 if self.is_open(time) else since or time
        return since

    def receives(self, pool, at):
        """It is being received into the pool since before that time, and not closed."""
        report = self.newest(float("inf"))
        began = self.first([RECEIVING])
        return (self.kind == "inbound" and report is not None and report["to_pool"] == pool and
                self.closed_at == 0 and 0 < began <= at)

    def end(self):
        report = self.newest(float("inf"))
        if report is None:
            return {"waiting": "not-reported"}
        now = float("inf")
        sent, unknown = self.left(now)
        asked = report["sent"] if self.kind == "inbound" else report["requested"]
        return {"waiting": "", "received": self.received(now, False)[0], "damaged": self.received(now, True)[0],
                "cancelled": asked - sent, "transit": self.transit(now), "missing": unknown - self.transit(now),
                "created_ms": ms(report["created_at"]) or min(ms(each["version_at"]) for each in self.reports),
                "arrived_ms": self.first([ARRIVED, RECEIVING, CLOSED]) if self.kind == "inbound" else 0,
                "receiving_ms": self.first([RECEIVING]), "closed_ms": self.closed_at}


def consignments(world):
    """Every shipment and removal that a report or a receipt names."""
    found = {}
    for kind, name, reported in (("inbound", "shipment_id", "inbound_reported"),
                                 ("removal", "removal_id", "removal_reported")):
        for at, events in ((0, world.all(reported)), (1, world.all("stock_received"))):
            for event in events:
                if event.get(name):
                    key = (kind, event[name], event["sku"])
                    found.setdefault(key, ([], []))[at].append(event)
    return [Consignment(*key, *facts) for key, facts in found.items()]
