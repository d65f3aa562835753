"""The hash chain over movements, a second time: from the words of lib/stock/chain.h, not from the C. Run alone it prints
the values that tests/unit/stock/chain_test.c wants."""

import hashlib

GENESIS = "stockbus movements v1"


def integer(value):
    return int(value).to_bytes(8, "big", signed=True)


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return integer(len(value)) + value


def genesis(topic, partition, generation, before=b""):
    return hashlib.sha256(text(GENESIS) + text(topic) + integer(partition) + integer(generation) + text(before)).digest()


def link(before, row):
    """row: a dict with the columns of ledger.movements."""
    canonical = b"".join([
        integer(row["topic_partition"]), integer(row["topic_offset"]), integer(row["ordinal"]), text(row["event_id"]),
        text(row["sku"]), text(row["pool"]), text(row["bucket"]), integer(row["delta"]), integer(row["effect"]),
        integer(row["balance"]), integer(row["occurred_ms"]), text(row["reason"])])
    return hashlib.sha256(before + canonical).digest()


def rows(sql, query, *types):
    """The rows of a query that has one line of tab-separated columns each."""
    return [[convert(field) for convert, field in zip(types, row)] for row in sql(query)]


def check(sql, topic):
    """Computes the chains of the topic's partitions again from the rows in the database. sql: a function from a query to
    lists of texts. Returns what is wrong, and how many movements, batches and partitions were looked at."""
    wrong = []
    partitions = rows(sql, "SELECT partition, generation, next_offset, encode(head, 'hex') FROM ledger.partitions "
                      f"WHERE topic = '{topic}' ORDER BY 1", int, int, int, str)
    batches = rows(sql, "SELECT batch_id, partition, generation, first_offset, next_offset, movements, "
                   f"encode(head, 'hex') FROM ledger.batches WHERE topic = '{topic}' ORDER BY 1, 2",
                   int, int, int, int, int, int, str)
    names = ("batch_id", "topic_partition", "topic_offset", "ordinal", "event_id", "sku", "pool", "bucket", "delta",
             "effect", "balance", "occurred_ms", "reason", "chain")
    made = {}
    for row in sql("SELECT " + ", ".join(names[:-1]) + ", encode(chain, 'hex') FROM ledger.movements "
                   "ORDER BY batch_id, topic_partition, topic_offset, ordinal"):
        movement = dict(zip(names, row))
        made.setdefault((int(movement["batch_id"]), int(movement["topic_partition"])), []).append(movement)
    movements = sum(map(len, made.values()))
    state = {}  # partition: generation, next offset, head
    for number, partition, generation, first, following, count, head in batches:
        now = state.get(partition, (1, 0, genesis(topic, partition, 1)))
        while now[0] < generation:
            now = (now[0] + 1, 0, genesis(topic, partition, now[0] + 1, now[2]))
        if (generation, first) != now[:2]:
            wrong.append(f"batch {number}, partition {partition}: begins at {generation}/{first}, want {now[:2]}")
        value, before = now[2], (-1, -1)
        own = made.pop((number, partition), [])
        for movement in own:
            place = int(movement["topic_offset"]), int(movement["ordinal"])
            follows = place == (before[0], before[1] + 1) or (place[0] > before[0] and place[1] == 0)
            if not follows or not first <= place[0] < following:
                wrong.append(f"batch {number}, partition {partition}: {place} comes after {before}")
            value, before = link(value, movement), place
            if value.hex() != movement["chain"]:
                wrong.append(f"batch {number}, partition {partition}, offset {place}: the chain is broken")
        if len(own) != count or value.hex() != head:
            wrong.append(f"batch {number}, partition {partition}: {len(own)} movements, want {count}; head {head}")
        state[partition] = (generation, following, bytes.fromhex(head))
    for partition, generation, following, head in partitions:
        now = state.get(partition, (1, 0, genesis(topic, partition, 1)))
        while now[0] < generation:
            now = (now[0] + 1, 0, genesis(topic, partition, now[0] + 1, now[2]))
        if (generation, following, head) != (now[0], now[1], now[2].hex()):
            wrong.append(f"partition {partition}: is at {generation}/{following}/{head}, its batches end at {now}")
    wrong += [f"movements of no batch: {key}" for key in made]
    return wrong, movements, len(batches), len(partitions)


if __name__ == "__main__":
    first = dict(topic_partition=3, topic_offset=820982911946154508, ordinal=0, sku="hat-ä", pool="main",
                 event_id="0b0c6f6e-43e5-5d3f-9a53-0e62bd5ad6f1", bucket="committed", delta=2, effect=2, balance=7,
                 occurred_ms=1763716620123, reason="placed")
    second = dict(first, ordinal=1, bucket="sellable", delta=-2, effect=0, balance=-1, occurred_ms=-1, reason="shipped")
    values = [genesis("stockbus.events.v1", 3, 1)]
    for row in (first, second):
        values.append(link(values[-1], row))
    values.append(genesis("stockbus.events.v1", 3, 2, values[-1]))
    print("\n".join(value.hex() for value in values))
