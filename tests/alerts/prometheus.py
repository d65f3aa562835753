"""Debian's Prometheus beside a suite: it scrapes what the PodMonitor selects, with the labels that the operator gives."""

import json
import os
import subprocess
import urllib.parse
import urllib.request

import yaml
from harness.suite import Failure, free_port, until

SCRAPE = "1s"  # the PodMonitor's interval, shortened as the rules' ranges are


def relabelings(selector, port):
    """What prometheus-operator makes of a PodMonitor: which pods and ports, and their labels."""
    meta = "__meta_kubernetes_"
    keep = [{"action": "keep", "source_labels": [meta + "pod_label_" + name.translate(str.maketrans("./-", "___"))],
             "regex": value} for name, value in selector["matchLabels"].items()]
    return [{"action": "drop", "source_labels": [meta + "pod_phase"], "regex": "(Failed|Succeeded)"}, *keep,
            {"action": "keep", "source_labels": [meta + "pod_container_port_name"], "regex": port},
            {"source_labels": [meta + "namespace"], "target_label": "namespace"},
            {"source_labels": [meta + "pod_container_name"], "target_label": "container"},
            {"source_labels": [meta + "pod_name"], "target_label": "pod"},
            {"target_label": "endpoint", "replacement": port}]


def scrapes(monitor, namespace, targets_file):
    """The scrape jobs of a PodMonitor."""
    for number, endpoint in enumerate(monitor["spec"]["podMetricsEndpoints"]):
        yield {"job_name": f"podMonitor/{namespace}/{monitor['metadata']['name']}/{number}",
               "metrics_path": endpoint["path"], "scrape_interval": SCRAPE, "scrape_timeout": SCRAPE,
               "sample_limit": monitor["spec"]["sampleLimit"],
               "file_sd_configs": [{"files": [str(targets_file)], "refresh_interval": "1s"}],
               "relabel_configs": [*relabelings(monitor["spec"]["selector"], endpoint["port"]),
                                   {"target_label": "job", "replacement": f"{namespace}/{monitor['metadata']['name']}"}]}


class Prometheus:
    def __init__(self, folder, pod_monitor, rules, namespace, kube_state_port):
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.targets = folder / "targets.json"
        self.write_targets([])
        monitor = next(one for one in yaml.safe_load_all(pod_monitor.read_text(encoding="utf-8"))
                       if one["metadata"]["name"] == "stockbus")
        jobs = [*scrapes(monitor, namespace, self.targets),
                {"job_name": "kube-state-metrics", "honor_labels": True, "scrape_interval": SCRAPE, "scrape_timeout": SCRAPE,
                 "static_configs": [{"targets": [f"127.0.0.1:{kube_state_port}"]}]}]
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules, width=1000), encoding="utf-8")
        (folder / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"evaluation_interval": "1s"}, "rule_files": ["rules.yaml"], "scrape_configs": jobs}), encoding="utf-8")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        # 5 min of looking back at 15 s a scrape become 10 s at 1 s.
        with (folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--query.lookback-delta=10s", "--log.level=warn"],
                stdout=log, stderr=log, env=dict(os.environ, GOMAXPROCS="1"))
        until(60, self.is_ready, lambda: f"Prometheus is ready ({(folder / 'prometheus.log').read_text()[-1000:]})")

    def is_ready(self):
        if self.process.poll() is not None:
            raise Failure(f"Prometheus ended: {(self.folder / 'prometheus.log').read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(self.url + "/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, path, **query):
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
            return json.load(answer)["data"]

    def firing(self):
        """Labels of all alerts that fire, alertname included."""
        return [alert["labels"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"]

    def query(self, expression):
        return [(row["metric"], float(row["value"][1])) for row in self.ask("query", query=expression)["result"]]

    def write_targets(self, targets):
        fresh = self.targets.with_suffix(".new")
        fresh.write_text(json.dumps(targets), encoding="utf-8")
        fresh.rename(self.targets)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
