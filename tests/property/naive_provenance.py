"""Where each unit came from, as naive.py sees it: every unit by itself, the first that came in to the first that took one.

Written from the words of lib/stock/provenance.h.
"""
import collections
import itertools


def traced(moves, counts, orders):
    """moves: (name, when, how many, shipped); counts: (name, when, how many); orders: (name, when, units)."""
    came_in, taken = [], []

    def change(name, when, units):
        name = f"{name} at {when}"
        if units > 0:
            came_in.append((when, name, units))
        elif units < 0:
            taken.append((when, name, -units))

    for name, when, units, shipped in moves:
        if not shipped:
            change(name, when, units)
    counts = sorted(counts, key=lambda count: (count[1], count[0]))
    for at, (name, when, units) in enumerate(counts):
        before, since = (counts[at - 1][2], counts[at - 1][1]) if at > 0 else (0, -1)
        books = before + sum(how_many for _, moved, how_many, _ in moves if since < moved <= when)
        change(name, when, units - books)
    for name, when, units in orders:
        change(name, when, -units)
    sources = [name for _, name, units in sorted(came_in) for _ in range(units)]
    takers = [name for _, name, units in sorted(taken) for _ in range(units)]
    got = list(itertools.zip_longest(takers, sources[:len(takers)], fillvalue=""))
    served = [taker for taker, source in got if source != ""]
    hungry = [taker for taker, source in got if source == ""]
    shares = [[taker, source, units] for (taker, source), units in collections.Counter(got).items()]
    return {"left": len(sources) - len(takers), "shares": shares,
            "last": served[-1] if served and len(sources) <= len(takers) else "",
            "first_short": hungry[0] if hungry else ""}
