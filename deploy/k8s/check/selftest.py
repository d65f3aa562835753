#!/usr/bin/env python3
"""Shows that each check fails: plants one error at a time in a copy of the tree and expects its finding.

    selftest.py --tools DIR --crds DIR
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

import check

ROOT = pathlib.Path(check.__file__).resolve().parents[3]
COPIED = ("deploy/k8s", "docs/runbooks", "services", "lib", "channels", "tools/stockctl")
K8S = "deploy/k8s/"
INGEST = K8S + "base/ingest/deployment.yaml"
PUBLISHER = K8S + "base/publisher/deployment.yaml"
RULES = K8S + "components/monitoring/rules.yaml"
BOARD = K8S + "components/monitoring/dashboards/stockbus.json"

# Check, overlay, file, what stands there, what is put there instead, a part of the finding.
PLANTS = (
    ("render", "dev", K8S + "base/ledger/kustomization.yaml", "- deployment.yaml", "- deploiment.yaml", "kustomize:"),
    ("schema", "dev", INGEST, "terminationGracePeriodSeconds", "terminationGracePeriodSecond", "additional"),
    ("schema", "dev", K8S + "base/ingest/service.yaml", "port: 8080", "port: http", "port"),
    ("schema", "production", K8S + "base/publisher/scaled-object.yaml", 'lagThreshold: "1000"', "lagThreshold: 1000", "ScaledObject"),
    ("schema", "production", K8S + "components/strimzi/kafka.yaml", "type: internal", "type: intern", "Kafka"),
    ("schema", "production", K8S + "components/cloudnative-pg/cluster.yaml", "instances: 3", "instances: three", "Cluster"),
    ("schema", "dev", K8S + "base/ingest/service.yaml", "apiVersion: v1", "apiVersion: v7", "there is no schema for Service"),
    ("kube_score", "dev", INGEST, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "readonlyrootfilesystem"),
    ("kube_score", "production", K8S + "overlays/production/kustomization.yaml", "  - ../../components/network-policies\n", "", "NetworkPolicy"),
    ("topics", "dev", K8S + "base/ledger/kafka-topics.yaml", "partitions: 6", "partitions: 12", "12 partitions, in the code 6"),
    ("topics", "dev", K8S + "base/ledger/kafka-topics.yaml", "stockbus.cursors.v1", "stockbus.cursor.v1", "the code does not use it"),
    ("topics", "dev", K8S + "base/publisher/kafka-topic.yaml", "segment.ms: 600000", "segment.ms: 60000", "segment.ms is 60000"),
    ("topics", "dev", "lib/event/topic.h", "TOPIC_OUTCOMES_PARTITIONS = 3", "TOPIC_OUTCOMES_PARTITIONS = 9", "in the code 9"),
    ("access", "dev", K8S + "base/publisher/kafka-user.yaml", "operations: [Write]", "operations: [Write, Read]", "what its program does not do"),
    ("access", "dev", K8S + "channels/woo-main/kustomization.yaml", "name: stockbus.targets.woo-main.v1", "name: stockbus.targets.", "lacks"),
    ("scaling", "production", K8S + "base/publisher/scaled-object.yaml", "maxReplicaCount: 3", "maxReplicaCount: 5", "but 3 partitions"),
    ("scaling", "production", K8S + "base/ledger/scaled-object.yaml", "consumerGroup: stockbus.ledger", "consumerGroup: stockbus.ledgers", "no program is in group"),
    ("scaling", "production", K8S + "base/ledger/scaled-object.yaml", "    name: ledger\n  minReplica", "    name: ledgers\n  minReplica", "scales nothing"),
    ("settings", "dev", K8S + "base/ingest/kustomization.yaml", "STOCKBUS_ADMIN_TOKEN_FILE=", "STOCKBUS_ADMINTOKEN_FILE=", "no setting STOCKBUS_ADMINTOKEN"),
    ("settings", "dev", K8S + "base/ledger/kustomization.yaml", "STOCKBUS_DATABASE_URL_FILE=/etc/stockbus/database/url", "STOCKBUS_LEDGER_BATCH_MAX=100", "STOCKBUS_DATABASE_URL is not given"),
    ("settings", "dev", K8S + "base/kustomization.yaml", "kafka/client.properties", "kafka/clients.properties", "nothing is mounted at"),
    ("settings", "dev", PUBLISHER, "enableServiceLinks: false", "enableServiceLinks: true", "enableServiceLinks"),
    ("settings", "dev", "services/publisher/settings.c", '"STOCKBUS_REPLICA"', '"STOCKBUS_REPLICA_NAME"', "no setting STOCKBUS_REPLICA"),
    ("channels", "production", K8S + "channels/woo-main/instance/channel.yaml", "name: woo-main", "name: woo-mian", "its file names woo-mian"),
    ("channels", "production", K8S + "channels/woo-main/instance/channel.yaml", "secrets/woo-main/token\n", "secrets/woo/token\n", "is not mounted"),
    ("references", "production", K8S + "base/ledger/deployment.yaml", "secretName: database-ledger", "secretName: database-ledgers", "there is no Secret database-ledgers"),
    ("references", "production", K8S + "check/secrets", "production channel-woo-main:", "production channel-other:", "there is no Secret channel-woo-main"),
    ("references", "dev", INGEST, "serviceAccountName: ingest", "serviceAccountName: ingests", "there is no ServiceAccount ingests"),
    ("references", "dev", INGEST, "            name: channels\n", "            name: channel\n", "there is no ConfigMap channel"),
    ("references", "dev", K8S + "base/ledger/deployment.yaml", "- key: url", "- key: uri", "has no uri"),
    ("ports", "dev", INGEST, "containerPort: 9101", "containerPort: 9111", "in the code"),
    ("ports", "dev", INGEST, "path: /readyz", "path: /ready", "which nobody answers"),
    ("ports", "dev", PUBLISHER, "path: /healthz", "path: /readyz", "livenessProbe must not ask"),
    ("ports", "dev", K8S + "base/ingest/service.yaml", "targetPort: http", "targetPort: web", "no pod of it has the port"),
    ("images", "production", K8S + "overlays/production/kustomization.yaml", "stockbus-ledger\n    newTag", "stockbus-ledger\n    newName: example.com/ledger\n    newTag", "names a registry's host"),
    ("images", "production", K8S + "overlays/production/kustomization.yaml", "  - name: stockbus-migrate\n    newTag: 0.1.0\n", "", "has no version"),
    ("rules", "production", RULES, "stockbus_ledger_oversells_open) >", "stockbus_ledger_oversells_open)) >", "promtool check rules"),
    ("rules", "production", RULES, "> 86400", "> 864000", "promtool test rules"),
    ("rules", "production", K8S + "components/monitoring/rules_test.yaml", "eval_time: 10m\n", "eval_time: 1m\n", "promtool test rules"),
    ("rules", "production", RULES, "alert: StockbusIngestSlow", "alert: StockbusIngestSlower", "no test makes it fire"),
    ("runbooks", "production", RULES, "runbooks/StockbusLedgerDown.md", "runbooks/LedgerDown.md", "runbook_url is"),
    ("runbooks", "production", RULES, "alert: StockbusLedgerDown", "alert: StockbusLedgerGone", "there is no docs/runbooks/StockbusLedgerGone.md"),
    ("metrics", "production", RULES, "(stockbus_ledger_oversells_open)", "(stockbus_ledger_oversells)", "nobody exports stockbus_ledger_oversells"),
    ("metrics", "production", RULES, 'kube_job_failed{job_name="migrate",', 'kube_job_failed{job="migrate",', "has no label job"),
    ("metrics", "production", "services/publisher/sender.c", '"stockbus_publisher_escalations_total"', '"stockbus_publisher_escalated_total"', "nobody exports stockbus_publisher_escalations_total"),
    ("metrics", "production", BOARD, "stockbus_publisher_unsettled", "stockbus_publisher_open", "nobody exports stockbus_publisher_open"),
)


def plant(root, path, old, new):
    file = root / path
    text = file.read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"selftest.py: {path} has no '{old}' any more: the plant must follow")
    file.write_text(text.replace(old, new), encoding="utf-8")
    return text


def try_plant(root, options, entry):
    """The finding that was expected, or None, and all findings."""
    name, overlay, path, old, new, part = entry
    before = plant(root, path, old, new)
    project = check.Project(root, options.tools, options.crds, [overlay])
    try:
        findings = check.check(project, name)
    except ValueError as error:
        findings = [str(error)]
    (root / path).write_text(before, encoding="utf-8")
    return next((line for line in findings if part in line), None), findings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--crds", required=True, type=lambda text: pathlib.Path(text).resolve())
    options = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path in COPIED:
            shutil.copytree(ROOT / path, root / path)
        for entry in PLANTS:
            found, findings = try_plant(root, options, entry)
            if found is None:
                missed += 1
                print(f"not found: {entry[0]}, {entry[2]}: '{entry[4]}' for '{entry[3]}'; instead: {findings[:3]}")
    for name in sorted({one.__name__ for one in check.CHECKS} - {entry[0] for entry in PLANTS}):
        missed += 1
        print(f"nothing shows that the check {name} fails")
    print(f"{len(PLANTS)} planted errors, {len(PLANTS) - missed} found")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
