#!/usr/bin/env python3
"""Runs the property tests over many random cases, on every core: order does not matter (permutation_test), and an
implementation made to be read ends where lib/stock ends (cases | naive.py).

Case n is made from seed + n, so `make property SEED=<that> CASES=1` runs one again. Closes with one line `ok name` or
`not ok name` per property; what failed is printed before it, shrunk.
"""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRESS_S = 5
FIGURE = re.compile(r"(\d+) ([a-z0-9 ]+?)(?:,|$)")


def shards(seed, cases, count):
    """[(first seed, how many)] of equal size, together all cases."""
    bounds = [cases * i // count for i in range(count + 1)]
    return [(seed + start, end - start) for start, end in zip(bounds, bounds[1:]) if end > start]


class Check:
    """One property: a process per shard; each prints its figures so far as '<n> cases..., <n> events, ...'."""

    def __init__(self, name, seed, cases):
        self.name = name
        self.cases = cases
        self.shards = shards(seed, cases, os.cpu_count() or 1)
        self.figures = [{} for _ in self.shards]
        self.failed = False
        self.output = []

    def start(self, seed, cases):
        """The processes of a shard; the last one's output is read, and all must end well."""
        raise NotImplementedError

    def run_shard(self, index):
        processes = self.start(*self.shards[index])
        said = []
        for line in processes[-1].stdout:
            if re.match(r"\d+ cases", line):
                self.figures[index] = {what: int(number) for number, what in FIGURE.findall(line)}
            else:
                said.append(line)
        if any([process.wait() != 0 for process in processes]):
            self.failed = True
            self.output += said

    def total(self):
        total = {}
        for figures in self.figures:
            for what, number in figures.items():
                total[what] = total.get(what, 0) + number
        return total

    def judged(self):
        return sum(number for what, number in self.total().items() if what.startswith("cases") or what == "differ")

    def said(self):
        return ", ".join(f"{number} {what}" for what, number in self.total().items()) or "nothing yet"

    def run(self):
        started = said = time.monotonic()
        threads = [threading.Thread(target=self.run_shard, args=(index,)) for index in range(len(self.shards))]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.05)
            if time.monotonic() - said > PROGRESS_S:
                said = time.monotonic()
                print(f"[property] {self.name}, {said - started:.0f} s: {self.said()}", flush=True)
        print("".join(self.output), end="")
        ok = not self.failed and self.judged() == self.cases
        print(f"{'ok' if ok else 'not ok'} {self.name}: {self.said()} ({time.monotonic() - started:.0f} s)", flush=True)
        return ok


class Permutations(Check):
    def __init__(self, build, *arguments):
        super().__init__("any order, split and duplication ends equal", *arguments)
        self.program = build / "permutation_test"

    def start(self, seed, cases):
        environment = dict(os.environ, STOCKBUS_SEED=str(seed), STOCKBUS_CASES=str(cases))
        return [subprocess.Popen([self.program], env=environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)]


class Naive(Check):
    def __init__(self, build, *arguments):
        super().__init__("the naive implementation agrees", *arguments)
        self.program = build / "cases"

    def start(self, seed, cases):
        made = subprocess.Popen([self.program, str(seed), str(cases)], stdout=subprocess.PIPE)
        judge = subprocess.Popen([sys.executable, HERE / "naive.py", "--progress", "--cases", self.program], text=True,
                                 stdin=made.stdout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        made.stdout.close()
        return [made, judge]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", default="", help="a number; random unless given")
    parser.add_argument("--only", choices=["permutations", "naive"])
    args = parser.parse_args()
    seed = int(args.seed or random.SystemRandom().randrange(1, 2**40))
    checks = {"permutations": Permutations, "naive": Naive}
    started = time.monotonic()
    print(f"[property] SEED={seed} CASES={args.cases}", flush=True)
    results = [kind(args.build / "tests/property", seed, args.cases).run()
               for name, kind in checks.items() if args.only in (None, name)]
    print(f"[property] SEED={seed}, {time.monotonic() - started:.0f} s")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
