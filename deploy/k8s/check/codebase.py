"""What the C code says: settings, topics, who does what with them, ports, metrics. Read from the sources."""

import pathlib
import re
from dataclasses import dataclass, field


@dataclass
class Setting:
    is_required: bool
    fallback: str


@dataclass
class Metric:
    kind: str
    labels: set = field(default_factory=set)


SETTING = re.compile(r'\{\s*"(STOCKBUS_[A-Z0-9_]+)",\s*SETTING_\w+,\s*AT\(\w+\),\s*(NULL|"[^"]*")')
METRIC = re.compile(r"struct metric \w+\s*=\s*\{(.*?)\};", re.DOTALL)
TOPIC_NAME = re.compile(r'char \*topic_(\w+)\([^)]*\)\n\{\n    return arena_printf\(arena, "%s([^"/]+\.v\d+)"')
TOPIC_KNOWN = re.compile(r'topics_add\(&topics, arena,\s*topic_(\w+)\(.*?TOPIC_(\w+)_PARTITIONS, "(\w+)"\)', re.DOTALL)


class Code:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.settings = {path.parent.name: settings_of(path) for path in self._files("services/*/settings.c")}
        self.ports = {program: ports_of(table) for program, table in self.settings.items() if ports_of(table)}
        self.admin_paths = set(re.findall(r'\{"(/\w+)",\s*admin_answer', self._text("lib/http/admin.c")))
        self.images = {path.parent.name for path in self._files("services/*/main.c")} | {"sandbox", "stockctl", "migrate"}

    def _files(self, pattern):
        return sorted(self.root.glob(pattern))

    def _text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    # ---- topics

    def _shapes(self):
        """Of each kind of topic: name behind the prefix, partitions, configuration."""
        names = dict(TOPIC_NAME.findall(self._text("lib/event/topic.c")))
        partitions = dict(re.findall(r"TOPIC_(\w+)_PARTITIONS = (\d+)", self._text("lib/event/topic.h")))
        admin = self._text("lib/kafka/admin.c")
        compacted = dict(re.findall(r'NewTopic_set_config\(topic, "([a-z.]+)", "([^"]+)"\)', admin))
        shapes = {}
        for kind, count, policy in TOPIC_KNOWN.findall(self._text("tools/stockctl/topics.c")):
            config = {**compacted, "cleanup.policy": policy} if policy == "compact" else {"cleanup.policy": policy, "retention.ms": "-1"}
            shapes[kind] = (names[kind], int(partitions[count]), config)
        if len(shapes) != len(names):
            raise ValueError(f"topics of the code are not understood: {sorted(names)} and {sorted(shapes)}")
        return shapes

    def topics(self, prefix, channels):
        result = {}
        for name, count, config in self._shapes().values():
            for channel in channels if "%s" in name else [None]:
                full = prefix + (name % channel if channel else name)
                result[full] = {"partitions": count, "config": config}
        return result

    def access(self, prefix, channels):
        """What each program's Kafka user must be allowed: (type, name, pattern, operation). The README of each program
        names its topics; groups stand in the code, and are looked for there."""
        name = {kind: prefix + shape[0] for kind, shape in self._shapes().items()}
        self._expect("services/ingest/ingest.c", '"%singest-polls"')
        self._expect("services/ingest/catalog.c", '"%s.ingest-%s"')
        self._expect("services/ledger/ledger.c", '"%sledger"', '"%sledger-history"')
        self._expect("services/publisher/publisher.c", '"%spublisher.%s"')

        def may(kind, resource, *operations, pattern="literal"):
            return {(kind, resource, pattern, operation) for operation in operations}

        result = {
            "kafka-ingest": may("topic", name["events"], "Write") | may("topic", name["rejected"], "Write")
            | may("topic", name["catalog"], "Read") | may("topic", name["cursors"], "Read", "Write")
            | may("group", prefix + "ingest-polls", "Read") | may("group", name["catalog"] + ".ingest-", "Read", pattern="prefix"),
            "kafka-ledger": may("topic", name["events"], "Read", "Write") | may("topic", name["outcomes"], "Read")
            | may("topic", name["catalog"], "Write") | may("group", prefix + "ledger", "Read")
            | may("group", prefix + "ledger-history", "Read"),
        }
        for channel in channels:
            targets = name["targets"] % channel
            result["kafka-ledger"] |= may("topic", targets, "Write")
            result[f"kafka-publisher-{channel}"] = (
                may("topic", targets, "Read") | may("topic", name["outcomes"], "Write")
                | may("group", f"{prefix}publisher.{channel}", "Read"))
            result[f"kafka-reconciler-{channel}"] = (
                may("topic", targets, "Read") | may("topic", name["events"], "Read") | may("topic", name["outcomes"], "Read"))
        return result

    def _expect(self, path, *texts):
        for text in texts:
            if text not in self._text(path):
                raise ValueError(f"{path}: the group {text} is not there any more; deploy/k8s/check/codebase.py must learn its new name")

    # ---- metrics

    def metrics(self):
        result = {}
        for path in [*self._files("services/*/*.c"), *self._files("channels/*.c"), *self._files("lib/*/*.c")]:
            for body in METRIC.findall(path.read_text(encoding="utf-8")):
                name = re.search(r'"(stockbus_\w+)"', body)
                kind = re.search(r"METRIC_(\w+)", body)
                labels = re.search(r"\{([^{}]*)\}\s*,?\s*$", body)
                if name and kind:
                    result[name[1]] = Metric(kind[1].lower(), set(re.findall(r'"(\w+)"', labels[1] if labels else "")))
        return result

    def exposed(self):
        """By the names that Prometheus sees."""
        result = {}
        for name, metric in self.metrics().items():
            if metric.kind == "histogram":
                result[name + "_bucket"] = Metric("counter", metric.labels | {"le"})
                result[name + "_count"] = result[name + "_sum"] = Metric("counter", metric.labels)
            else:
                result[name] = metric
        return result


def settings_of(path):
    rows = SETTING.findall(path.read_text(encoding="utf-8"))
    return {name: Setting(fallback == "NULL", fallback.strip('"')) for name, fallback in rows}


def ports_of(table):
    ports = {}
    for name, setting in table.items():
        match = re.fullmatch(r"0\.0\.0\.0:(\d+)", setting.fallback)
        if match:
            ports["admin" if name == "STOCKBUS_ADMIN_ADDRESS" else "http"] = int(match[1])
    return ports
