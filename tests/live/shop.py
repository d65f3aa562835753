"""A real shop from npm and a sandboxed Shopify one, kept true by the suite: what all such runs share.

A shop's folder holds its package.json, its spec, and what makes it tell stockbus of orders and stock; its live.py says how a
shopper buys there and a shopkeeper ships, cancels and edits. Units are sold at either and seen at the other. One line per
check: `ok name` or `not ok name`, then `N passed, N failed`.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.suite import LOCAL, ROOT, Failure, Report, Suite, expect, free_port, until  # noqa: E402

SHOPIFY = "shopify-main"
SECRET = "of-the-live-run"
STOCK = 24
LONG = 120


def superuser_url(directory, name):
    return subprocess.run([str(LOCAL / "database"), "url", str(directory), "postgres", name], capture_output=True, text=True,
                          check=True).stdout.strip()


class Shop:
    """A server from npm, as a process of its own on a database of its own, and what a shopper and a shopkeeper do there."""

    name = None  # of its channel, database and folder
    title = None  # as people say it
    npm_options = ()

    def __init__(self, directory):
        self.here = ROOT / "tests/live" / self.name
        self.home = ROOT / "var/live" / self.name  # npm's packages: once for all runs
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.database = superuser_url(directory, self.name)
        self.process = None
        ingest = (self.directory / "suite/ports/ingest").read_text().strip()
        self.environment = dict(os.environ, STOCKBUS_URL=f"http://127.0.0.1:{ingest}/v1/notify/{self.name}",
                                STOCKBUS_SECRET=SECRET)

    # ---- what each shop says

    def command(self):
        """The words that start it."""
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def prepare(self):
        """Before its first start."""

    def open(self):
        """After its first start."""

    def channel(self):
        """{key: value} of its channel, beside those that all have."""
        raise NotImplementedError

    def create(self, skus):
        """{sku: (listing, address)}: products to sell, of which none are there."""
        raise NotImplementedError

    def levels(self):
        """{sku: (on hand, kept back for orders)}"""
        raise NotImplementedError

    def buy(self, units):
        """The id of a paid order of {sku: units}."""
        raise NotImplementedError

    def ship(self, order, units):
        """{sku: units} of it."""
        raise NotImplementedError

    def cancel(self, order, units):
        """The same, of what nobody shipped."""
        raise NotImplementedError

    def edit(self, sku, quantity):
        """Somebody else writes the units on hand."""
        raise NotImplementedError

    def orders(self):
        """{(order, line): (units neither cancelled nor taken back, units shipped)}"""
        raise NotImplementedError

    # ---- the process

    def install(self):
        self.home.mkdir(parents=True, exist_ok=True)
        wanted = (self.here / "package.json").read_bytes()
        installed = self.home / "installed.json"
        for path in (*self.here.iterdir(), self.here.parent / "tell.js"):
            if path.suffix in (".js", ".json"):
                shutil.copy(path, self.home)
            elif path.name == "src":
                shutil.rmtree(self.home / "src", ignore_errors=True)
                shutil.copytree(path, self.home / "src")
        if installed.exists() and installed.read_bytes() == wanted:
            return
        self.execute("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *self.npm_options)
        installed.write_bytes(wanted)

    def execute(self, *command):
        """A command of the shop's, to its end."""
        done = subprocess.run(command, cwd=self.home, env=self.environment, capture_output=True, text=True)
        expect(done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def start(self):
        self.log = (self.directory / f"{self.name}.out").open("w")
        self.process = subprocess.Popen(self.command(), cwd=self.home, env=self.environment, stdout=self.log, stderr=self.log)
        until(180, self.is_up, f"{self.title} starts")

    def said(self):
        return (self.directory / f"{self.name}.out").read_text()

    def is_up(self):
        expect(self.process.poll() is None, f"{self.title} ended: {self.said()[-2000:]}")
        return self.is_ready()

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, number=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.log.close()


class Run:
    """The checks, in their order: one SKU's quantities are what the check before left."""

    def __init__(self, suite, shop):
        self.suite = suite
        self.shop = shop
        self.skus = sorted(set(suite.skus().values()))
        self.listing = {sku: listing for (channel, listing), sku in suite.skus().items() if channel == SHOPIFY}
        self.order = None

    def connect(self):
        """What an operator does to add a channel to a suite that runs."""
        folder = pathlib.Path(self.suite.directory) / "suite"
        name = self.shop.name
        self.names = self.shop.create(self.skus)
        keys = {"name": name, "kind": "generic", "base_url": self.shop.base_url, "spec": self.shop.here / "spec.yaml",
                "secret": SECRET, **self.shop.channel()}
        with (folder / "channels.yaml").open("a") as file:
            file.write("  - " + "    ".join(f"{key}: {value}\n" for key, value in keys.items()))
        self.suite.stockctl("topics", "apply")
        (folder / f"ports/publisher-{name}-admin").write_text(str(free_port()))
        with (folder / "channels").open("a") as file:
            file.write(f"{name}\n")
        self.suite.script("run", f"publisher-{name}")
        facts = folder / f"{name}.jsonl"
        facts.write_text("".join(json.dumps({"kind": "mapping_changed", "fact_id": f"map-{name}-{listing}",
                                             "occurred_at": "2026-01-01T00:00:00Z", "actor": "live", "channel": name,
                                             "listing": listing, "address": address, "sku": sku, "pool": "main"}) + "\n"
                                 for sku, (listing, address) in self.names.items()))
        done = self.suite.stockctl("import", str(facts))
        expect(done.returncode == 0, f"import: {done.stderr}")
        self.expect({sku: (STOCK, STOCK, 0) for sku in self.skus})

    # ---- what is seen

    def shows(self):
        """{sku: (Shopify, on hand in the shop, kept back there)}"""
        shown, levels = self.suite.shown(), self.shop.levels()
        return {sku: (shown[(SHOPIFY, self.listing[sku])], *levels[sku]) for sku in self.skus}

    def expect(self, want):
        """Waits, and says how long: from the fact to both shops."""
        start = time.monotonic()
        until(LONG, lambda: all(self.shows()[sku] == quantities for sku, quantities in want.items()),
              lambda: f"Shopify, on hand and kept back at {self.shop.title}: {self.shows()} instead of {want}")
        print(f"    both shops show it after {time.monotonic() - start:.2f} s: "
              f"{', '.join(f'{sku} {self.shows()[sku]}' for sku in want)}")

    def sell_at_shopify(self, sku, quantity):
        expect(self.suite.sell(SHOPIFY, self.listing[sku], quantity), "Shopify had not enough")

    def recorded(self):
        """The shop's orders as the ledger has them."""
        rows = self.suite.sql("SELECT order_id, line_id, ordered - cancelled - returned, shipped FROM ledger.order_lines "
                              f"WHERE channel = '{self.shop.name}' AND ordered > cancelled + returned")
        return {(order, line): (int(units), int(shipped)) for order, line, units, shipped in rows}

    def expect_orders(self):
        """Every order of the shop once, and none besides."""
        until(LONG, lambda: self.recorded() == self.shop.orders(),
              lambda: f"the ledger has {self.recorded()}, {self.shop.title} {self.shop.orders()}")

    # ---- checks

    def sold_there(self):
        sku, other = self.skus[:2]
        self.order = self.shop.buy({sku: 3, other: 1})
        self.expect({sku: (STOCK - 3, STOCK, 3), other: (STOCK - 1, STOCK, 1)})

    def sold_at_shopify(self):
        self.sell_at_shopify(self.skus[0], 2)
        self.expect({self.skus[0]: (STOCK - 5, STOCK - 2, 3)})

    def shipped(self):
        """What lay there for the order is gone; what can be sold is what it was. One parcel holds units of two lines."""
        sku, other = self.skus[:2]
        self.shop.ship(self.order, {sku: 2, other: 1})
        self.expect({sku: (STOCK - 5, STOCK - 4, 1), other: (STOCK - 1, STOCK - 1, 0)})
        self.expect_orders()

    def cancelled(self):
        sku = self.skus[2]
        order = self.shop.buy({sku: 2})
        self.expect({sku: (STOCK - 2, STOCK, 2)})
        self.shop.cancel(order, {sku: 1})
        self.expect({sku: (STOCK - 1, STOCK, 1)})

    def last_unit(self):
        """Sold out at one shop is sold out at the other."""
        sku = self.skus[1]
        self.sell_at_shopify(sku, STOCK - 2)
        self.expect({sku: (1, 1, 0)})
        self.shop.buy({sku: 1})
        self.expect({sku: (0, 1, 1)})
        expect(self.suite.sell(SHOPIFY, self.listing[sku], 1) is None, f"Shopify sold what {self.shop.title} had sold")
        try:
            self.shop.buy({sku: 1})
        except Failure as refused:
            print(f"    {self.shop.title} says: {str(refused)[:160]}")
        else:
            raise Failure(f"{self.shop.title} sold what it does not have")

    def edited(self):
        """Somebody writes 99, which leaves 98 beside the unit sold: an observation, no movement; the next target puts it
        right."""
        sku = self.skus[2]
        listing = self.names[sku][0]
        self.shop.edit(sku, 99)
        until(LONG, lambda: self.suite.sql(f"SELECT count(*) FROM ledger.observations WHERE channel = '{self.shop.name}' AND "
                                           f"listing = '{listing}' AND quantity = 98")[0][0] == "1",
              "the edit is observed")
        self.sell_at_shopify(sku, 1)
        self.expect({sku: (STOCK - 2, STOCK - 1, 1)})

    def ingest_killed(self):
        """Units are sold all the while ingest is killed, and killed again: the shop tells until it is taken."""
        sku = self.skus[0]
        before = STOCK - 5
        with concurrent.futures.ThreadPoolExecutor(1) as shopper:
            sold = shopper.submit(lambda: [self.shop.buy({sku: 1}) for _ in range(8)])
            for _ in range(2):
                self.suite.script("kill", "ingest")
                time.sleep(2)  # how long it is away
                self.suite.script("run", "ingest")
            orders = sold.result(LONG)
        self.suite.script("kill", "ingest")
        self.shop.ship(orders[0], {sku: 1})
        self.shop.cancel(orders[1], {sku: 1})
        self.suite.script("run", "ingest")
        self.expect_orders()
        self.expect({sku: (before - 7, before, 7)})

    def shop_killed(self):
        """The shop is killed with news that nobody took: its event bus has forgotten them when it is back."""
        sku = self.skus[0]
        before = self.shows()[sku]
        self.suite.script("kill", "ingest")
        order = self.shop.buy({sku: 3})
        self.shop.ship(order, {sku: 1})
        self.shop.kill()
        self.suite.script("run", "ingest")
        self.shop.start()
        self.expect_orders()
        self.expect({sku: (before[0] - 3, before[1] - 1, before[2] + 2)})

    def at_rest(self):
        """Our own writes came back as news and moved nothing."""
        self.expect_orders()
        until(LONG, lambda: not self.suite.rows("targets", "--unsettled"), "every target is confirmed")
        expect(not self.suite.rows("conservation"), "conservation is broken")
        moved = self.suite.sql("SELECT count(*) FROM ledger.movements m JOIN ledger.events e USING (event_id) "
                               "WHERE e.kind = 'observation'")[0][0]
        expect(moved == "0", f"{moved} movements by observations")
        for channel in (SHOPIFY, self.shop.name):
            done = self.suite.reconcile(channel)
            expect(done.returncode == 0, f"{channel}: {done.stdout[-1500:]}{done.stderr[-500:]}")
        name = self.shop.name
        pushed = self.suite.sql(f"SELECT count(*) FROM ledger.pushes WHERE channel = '{name}'")[0][0]
        said = self.suite.sql(f"SELECT count(*) FROM ledger.events WHERE channel = '{name}' AND kind = 'observation'")[0][0]
        print(f"    {pushed} outcomes of pushes to {self.shop.title}, {said} times it told its stock")


def checks(shop, more=()):
    there = shop.title
    return (("it joins the suite, and shows the stock", Run.connect),
            (f"sold at {there}, seen at Shopify", Run.sold_there),
            (f"sold at Shopify, seen at {there}", Run.sold_at_shopify),
            (f"shipped at {there}", Run.shipped),
            (f"a unit cancelled at {there}", Run.cancelled),
            ("the last unit", Run.last_unit),
            ("a number written by somebody else", Run.edited),
            (f"ingest killed while {there} sells", Run.ingest_killed),
            (f"{there} killed with its news untold", Run.shop_killed),
            *more,
            ("at rest: every order once, conserved, both shops reconcile", Run.at_rest))


def main(shop_class, more=()):
    """Runs all checks in DIR, the only argument; `more` are the shop's own."""
    directory = pathlib.Path(sys.argv[1]).resolve()
    report = Report(directory)
    with Suite(directory, channels=f"{SHOPIFY}:shopify", products=1, variants=3, stock=STOCK, buffer=0) as suite:
        subprocess.run(["psql", "-XAtq", superuser_url(directory, "postgres"), "-c",
                        f"CREATE DATABASE {shop_class.name}"], check=True)
        shop = shop_class(directory)
        run = Run(suite, shop)
        try:
            with report.test(f"{shop.title} is installed and starts"):
                shop.install()
                shop.prepare()
                shop.start()
                shop.open()
            for name, check in checks(shop, more):
                if report.failed == 0:  # each goes on from what the one before left
                    with report.test(name):
                        check(run)
        finally:
            shop.end()
    return report.close()
