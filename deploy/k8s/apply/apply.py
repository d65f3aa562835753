#!/usr/bin/env python3
"""Applies every overlay to a real API server, and looks what scheduler and controllers make of it.

    apply.py --tools DIR --cluster DIR --crds DIR

DIR of --tools is what ../check/tools made, that of --cluster what `tools` beside made. There is no kubelet: nodes and pods
only pretend (kwok), so images, probes, volumes and network policies are not proved here. Each line is one assertion.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

from control_plane import ControlPlane

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHANNELS = 50
ROLLOUT_S = 180

NODE = """\
apiVersion: v1
kind: Node
metadata:
  name: node-{number}
  labels: {{kubernetes.io/hostname: node-{number}, topology.kubernetes.io/zone: zone-{number}}}
status:
  capacity: &all {{cpu: "64", memory: 256Gi, pods: "200", ephemeral-storage: 100Gi}}
  allocatable: *all
"""

BAD_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: root, namespace: stockbus}
spec: {containers: [{name: root, image: stockbus-ingest}]}
"""

BAD_SCALING = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: wrong, namespace: stockbus}
spec: {maxReplicaCount: many, scaleTargetRef: {name: ledger}, triggers: [{type: kafka, metadata: {topic: t}}]}
"""


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def expect(self, what, is_true, why=""):
        self.passed += bool(is_true)
        self.failed += not is_true
        print(f"{'ok' if is_true else 'not ok'} {what}" + ("" if is_true else f": {why.strip()[:600]}"), flush=True)


def render(options, path):
    done = subprocess.run([str(options.tools / "bin/kustomize"), "build", str(path)], capture_output=True, text=True, check=True)
    return done.stdout


def parts(text):
    """Namespaces first: the rest may not be there before."""
    items = [item for item in yaml.safe_load_all(text) if item]
    first = [item for item in items if item["kind"] == "Namespace"]
    return yaml.safe_dump_all(first), yaml.safe_dump_all([item for item in items if item not in first]), items


def apply(cluster, text, *arguments):
    return cluster.kubectl("apply", "--server-side", "--field-manager=stockbus", "--validate=strict", *arguments, "-f", "-", text=text, check=False)


def namespace_of(items):
    return next(item["metadata"]["name"] for item in items if item["kind"] == "Namespace")


def roll_out(cluster, report, namespace, what, limit_s=ROLLOUT_S):
    started = time.monotonic()
    done = cluster.kubectl("-n", namespace, "rollout", "status", "deployment", "--timeout", f"{limit_s}s", check=False)
    count = len(names(cluster, namespace, "deployment"))
    report.expect(f"{what}: {count} Deployments rolled out in {time.monotonic() - started:.1f} s", done.returncode == 0, done.stdout + done.stderr)


def names(cluster, namespace, kind):
    return cluster.kubectl("-n", namespace, "get", kind, "-o", "name").stdout.split()


def generations(cluster, namespace):
    kinds = "deployments,cronjobs,poddisruptionbudgets,networkpolicies"
    listed = json.loads(cluster.kubectl("-n", namespace, "get", kinds, "-o", "json").stdout)["items"]
    return {(item["kind"], item["metadata"]["name"]): item["metadata"].get("generation") for item in listed}


def check_overlay(options, cluster, report, name):
    spaces, rest, items = parts(render(options, ROOT / "deploy/k8s/overlays" / name))
    namespace = namespace_of(items)
    report.expect(f"{name}: its namespace", apply(cluster, spaces).returncode == 0)
    tried = apply(cluster, rest, "--dry-run=server")
    report.expect(f"{name}: {len(items) - 1} objects are taken in a dry run", tried.returncode == 0, tried.stderr)
    done = apply(cluster, rest)
    report.expect(f"{name}: and for good", done.returncode == 0, done.stderr)
    report.expect(f"{name}: nothing violates pod security 'restricted'", "violate PodSecurity" not in done.stderr, done.stderr)
    roll_out(cluster, report, namespace, name)
    job = cluster.kubectl("-n", namespace, "wait", "job/migrate", "--for=condition=complete", "--timeout=60s", check=False)
    report.expect(f"{name}: the Job migrate ends", job.returncode == 0, job.stderr)
    before = generations(cluster, namespace)
    again = apply(cluster, rest)
    report.expect(f"{name}: applied again, nothing changes", again.returncode == 0 and generations(cluster, namespace) == before, again.stderr)
    return namespace


def check_refusals(cluster, report):
    bad = apply(cluster, BAD_POD)
    report.expect("a pod that is not restricted is refused", bad.returncode != 0 and "violates PodSecurity" in bad.stderr, bad.stderr)
    bad = apply(cluster, BAD_SCALING)
    report.expect("a ScaledObject with a word for a number is refused", bad.returncode != 0 and "maxReplicaCount" in bad.stderr, bad.stderr)
    bad = apply(cluster, "apiVersion: v1\nkind: Service\nmetadata: {name: typo, namespace: stockbus}\nspec: {prots: []}\n")
    report.expect("a misspelt field is refused", bad.returncode != 0 and "prots" in bad.stderr, bad.stderr)


def check_disruption(cluster, report, namespace):
    """With one pod of ingest the budget forbids its eviction; with two it allows one."""
    def pods():
        return names_of_ready(cluster, namespace, "app.kubernetes.io/component=ingest")

    def evict(pod):
        body = json.dumps({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}})
        return cluster.kubectl("create", "--raw", f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction", "-f", "-", text=body, check=False)

    def allowed():
        listed = cluster.kubectl("-n", namespace, "get", "pdb", "ingest", "-o", "jsonpath={.status.disruptionsAllowed}").stdout
        return int(listed or 0)

    cluster.await_that("one pod of ingest", lambda: len(pods()) == 1 and allowed() == 0)
    refused = evict(pods()[0])
    report.expect("the budget refuses to evict the only ingest", refused.returncode != 0 and "disruption budget" in refused.stderr, refused.stderr)
    cluster.kubectl("-n", namespace, "scale", "deployment/ingest", "--replicas=2")
    cluster.await_that("two pods of ingest", lambda: len(pods()) == 2 and allowed() == 1)
    zones = {pod_node(cluster, namespace, pod) for pod in pods()}
    report.expect("two pods of ingest are on two nodes", len(zones) == 2, str(zones))
    done = evict(pods()[0])
    report.expect("and lets one of two go", done.returncode == 0, done.stderr)


def names_of_ready(cluster, namespace, selector):
    listed = json.loads(cluster.kubectl("-n", namespace, "get", "pods", "-l", selector, "-o", "json").stdout)["items"]
    return [pod["metadata"]["name"] for pod in listed if "deletionTimestamp" not in pod["metadata"]
            and any(one["type"] == "Ready" and one["status"] == "True" for one in pod.get("status", {}).get("conditions", []))]


def pod_node(cluster, namespace, pod):
    return cluster.kubectl("-n", namespace, "get", "pod", pod, "-o", "jsonpath={.spec.nodeName}").stdout


def check_cron(cluster, report, namespace):
    cluster.kubectl("-n", namespace, "create", "job", "by-hand", "--from=cronjob/reconciler-woo-main")
    done = cluster.kubectl("-n", namespace, "wait", "job/by-hand", "--for=condition=complete", "--timeout=60s", check=False)
    report.expect("a reconciler runs on demand", done.returncode == 0, done.stderr)


def many_channels(folder):
    """A copy of the manifests with CHANNELS channels, each made as docs/operate.md says: copied, and renamed."""
    shutil.copytree(ROOT / "deploy/k8s", folder / "k8s")
    names_of_channels = [f"shop-{number:02}" for number in range(1, CHANNELS + 1)]
    for name in names_of_channels:
        shutil.copytree(folder / "k8s/channels/woo-main", folder / "k8s/channels" / name)
        for path in (folder / "k8s/channels" / name).rglob("*.yaml"):
            path.write_text(path.read_text(encoding="utf-8").replace("woo-main", name), encoding="utf-8")
    overlay = folder / "k8s/overlays/many"
    overlay.mkdir()
    production = yaml.safe_load((folder / "k8s/overlays/production/kustomization.yaml").read_text(encoding="utf-8"))
    production["namespace"] = "stockbus-many"
    production["components"] = [f"../../channels/{name}" for name in names_of_channels] + [
        entry for entry in production["components"] if "/channels/" not in entry]
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(production), encoding="utf-8")
    return overlay


def check_many(options, cluster, report):
    with tempfile.TemporaryDirectory() as folder:
        spaces, rest, items = parts(render(options, many_channels(pathlib.Path(folder))))
    namespace = namespace_of(items)
    apply(cluster, spaces)
    done = apply(cluster, rest)
    report.expect(f"{CHANNELS} channels: {len(items)} objects are taken", done.returncode == 0, done.stderr)
    roll_out(cluster, report, namespace, f"{CHANNELS} channels")
    publishers = names_of_ready(cluster, namespace, "app.kubernetes.io/component=publisher")
    report.expect(f"{CHANNELS} publishers of {CHANNELS} channels are ready", len(publishers) == CHANNELS, str(len(publishers)))
    channels = {name.rsplit("-", 2)[0] for name in publishers}
    report.expect("each is another channel's", len(channels) == CHANNELS, str(channels))


def crds(folder):
    return [str(path) for path in sorted(folder.rglob("*.y*ml")) if "kind: CustomResourceDefinition" in path.read_text(encoding="utf-8")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--tools", "--cluster", "--crds"):
        parser.add_argument(name, required=True, type=lambda text: pathlib.Path(text).resolve())
    options = parser.parse_args()
    report = Report()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ControlPlane(options.cluster, folder) as cluster:
        print(f"# API server ready in {time.monotonic() - started:.1f} s", flush=True)
        files = crds(options.crds)
        for path in files:
            cluster.kubectl("apply", "--server-side", "-f", path)
        cluster.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
        report.expect(f"{len(files)} definitions of custom resources are established", bool(files))
        cluster.kubectl("apply", "--server-side", "-f", "-", text="---\n".join(NODE.format(number=number) for number in (1, 2, 3)))
        cluster.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s")
        for path in sorted((ROOT / "deploy/k8s/overlays").iterdir()):
            check_overlay(options, cluster, report, path.name)
        check_refusals(cluster, report)
        check_disruption(cluster, report, "stockbus")
        check_cron(cluster, report, "stockbus")
        check_many(options, cluster, report)
    print(f"{report.passed} passed, {report.failed} failed, {time.monotonic() - started:.0f} s")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
