#!/usr/bin/env python3
"""Checks the manifests without a cluster; every finding is one line, and the exit code is 1 when there is any.

    check.py --tools DIR --crds DIR [--root DIR] [--only CHECK] [OVERLAY...]

DIR of --tools is what `tools` made, that of --crds holds CustomResourceDefinitions (`kubectl get crd -o yaml`). Without
OVERLAY all below deploy/k8s/overlays are checked.
"""

import argparse
import fnmatch
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml


import codebase
import queries
import schemas

WORKLOADS = ("Deployment", "CronJob", "Job", "StatefulSet", "DaemonSet")
TARGET_LABELS = {"namespace", "pod", "container", "endpoint", "job", "instance"}


def dig(value, path, default=None):
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            return default
    return value


def name_of(item):
    return dig(item, "metadata.name", "")


def title(item):
    return f"{item.get('kind')} {name_of(item)}"


def pod_of(item):
    """The pod's template of a workload, or None."""
    if item["kind"] == "CronJob":
        return dig(item, "spec.jobTemplate.spec.template")
    return dig(item, "spec.template") if item["kind"] in WORKLOADS else None


def containers_of(pod):
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def program_of(container):
    """Of 'stockbus-ledger:1.0' the program is 'ledger'."""
    image = container["image"].rpartition("/")[2].split("@")[0].split(":")[0]
    return image.removeprefix("stockbus-")


class Overlay:
    def __init__(self, name, text):
        self.name = name
        self.text = text
        self.items = [item for item in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if item]

    def of(self, *kinds):
        return [item for item in self.items if item["kind"] in kinds]

    def names(self, kind):
        return {name_of(item) for item in self.of(kind)}

    def find(self, kind, name):
        return next((item for item in self.of(kind) if name_of(item) == name), None)

    def workloads(self):
        return [(item, pod_of(item)) for item in self.of(*WORKLOADS)]


class Project:
    """What the checks look at: the tree, its tools, its rendered overlays."""

    def __init__(self, root, tools, crds, names):
        self.root = root
        self.tools = tools
        self.crds = crds
        self.code = codebase.Code(root)
        everything = sorted(path.name for path in (root / "deploy/k8s/overlays").iterdir() if path.is_dir())
        self.names = names or everything
        self.is_whole = self.names == everything
        self.overlays = []
        self.findings = []
        self.notes = []

    def run(self, *command, **options):
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)

    def tool(self, name):
        return self.tools / "bin" / name

    def table(self, name, separator):
        path = self.root / "deploy/k8s/check" / name
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        return [[part.strip() for part in line.split(separator)] for line in lines]

    def finding(self, where, what):
        self.findings.append(f"{where}: {what}")

    def note(self, what):
        self.notes.append(what)


# ---- rendering, schemas, lint


def render(project):
    """Every overlay builds."""
    for name in project.names:
        done = project.run(project.tool("kustomize"), "build", project.root / "deploy/k8s/overlays" / name)
        if done.returncode != 0:
            project.finding(name, f"kustomize: {done.stderr.strip().splitlines()[-1]}")
        else:
            project.overlays.append(Overlay(name, done.stdout))


@functools.cache
def resource_schemas(folder):
    out = tempfile.TemporaryDirectory()
    schemas.resources(folder, pathlib.Path(out.name))
    return out


def schema(project):
    """Every object fits the schema of its kind; kinds without one are named."""
    for overlay in project.overlays:
        schema_overlay(project, overlay, resource_schemas(project.crds).name)


def schema_overlay(project, overlay, out):
    done = project.run(
        project.tool("kubeconform"), "-strict", "-output", "json", "-verbose", "-ignore-missing-schemas",
        "-schema-location", f"{project.tools}/kubernetes/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        "-schema-location", f"{out}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
        input=overlay.text,
    )
    if not done.stdout.strip():
        project.finding(overlay.name, f"kubeconform: {done.stderr.strip()}")
        return
    resources = json.loads(done.stdout).get("resources", [])
    for item in resources:
        where = f"{overlay.name}: {item['kind']} {item['name']}"
        if item["status"] in ("statusInvalid", "statusError"):
            project.finding(where, item["msg"])
    bare = sorted({f"{item['kind']} ({item['version']})" for item in resources if item["status"] == "statusSkipped"})
    for kind in bare:
        project.finding(overlay.name, f"there is no schema for {kind}: its definition is not below {project.crds}")
    project.note(f"{overlay.name}: {len(resources) - len(bare)} objects fit their schemas")


def kube_score(project):
    """kube-score finds nothing but what kube-score-ignored explains."""
    ignored = [(check, words) for check, words, _ in project.table("kube-score-ignored", "|")]
    used = set()
    for overlay in project.overlays:
        done = project.run(project.tool("kube-score"), "score", "--kubernetes-version", "v1.36", "-o", "json", "-", input=overlay.text)
        if not done.stdout.strip():
            project.finding(overlay.name, f"kube-score: {done.stderr.strip()}")
            continue
        for item in json.loads(done.stdout):
            for result in item["checks"]:
                if result["skipped"] or result["grade"] >= 10:
                    continue
                for comment in result["comments"] or [{"summary": result["check"]["name"]}]:
                    hit = [entry for entry in ignored
                           if entry[0] == result["check"]["id"] and fnmatch.fnmatch(comment["summary"], entry[1])]
                    used.update(hit)
                    if not hit:
                        project.finding(f"{overlay.name}: {item['object_name']}", f"{result['check']['id']}: {comment['summary']}")
    for check, words in ignored if project.is_whole else []:
        if (check, words) not in used:
            project.finding("kube-score-ignored", f"{check}, '{words}': nothing needs it any more")


# ---- what the manifests say against what the code says


def topics(project):
    """Topics are those of the code, with its shapes."""
    for overlay in project.overlays:
        prefix = shared_settings(overlay)["STOCKBUS_TOPIC_PREFIX"]
        wanted = project.code.topics(prefix, channels_of(overlay))
        given = {item["spec"].get("topicName", name_of(item)): item["spec"] for item in overlay.of("KafkaTopic")}
        if not given:
            project.note(f"{overlay.name}: no KafkaTopic, so none was compared")
            continue
        for topic in sorted(wanted.keys() | given.keys()):
            compare_topic(project, f"{overlay.name}: topic {topic}", wanted.get(topic), given.get(topic))


def compare_topic(project, where, wanted, given):
    if wanted is None or given is None:
        project.finding(where, "the code does not use it" if wanted is None else "there is no KafkaTopic")
        return
    config = {key: str(value) for key, value in given.get("config", {}).items()}
    if given["partitions"] != wanted["partitions"]:
        project.finding(where, f"{given['partitions']} partitions, in the code {wanted['partitions']}")
    for key in sorted(config.keys() | wanted["config"].keys()):
        if config.get(key) != wanted["config"].get(key):
            project.finding(where, f"{key} is {config.get(key)}, in the code {wanted['config'].get(key)}")


def channels_of(overlay):
    config = overlay.find("ConfigMap", "channels")
    return sorted(key.removesuffix(".yaml") for key in (config or {}).get("data", {}))


def shared_settings(overlay):
    shared = next(item for item in overlay.of("ConfigMap") if name_of(item).startswith("stockbus-") and "STOCKBUS_TOPIC_PREFIX" in item["data"])
    return shared["data"]


def access(project):
    """Each Kafka user may do what its program does, and nothing else; names are literal but where the code makes them up."""
    for overlay in project.overlays:
        prefix = shared_settings(overlay)["STOCKBUS_TOPIC_PREFIX"]
        wanted = project.code.access(prefix, channels_of(overlay))
        given = {name_of(item): item for item in overlay.of("KafkaUser")}
        if not given:
            project.note(f"{overlay.name}: no KafkaUser, so no access was compared")
            continue
        for user in sorted(wanted.keys() | given.keys()):
            have = access_of(given[user]) if user in given else set()
            for entry in sorted(have ^ wanted.get(user, set())):
                word = "has what its program does not do" if entry in have else "lacks"
                project.finding(f"{overlay.name}: KafkaUser {user}", f"{word}: {' '.join(entry)}")


def access_of(user):
    return {
        (acl["resource"]["type"], acl["resource"]["name"], acl["resource"].get("patternType", "literal"), operation)
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }


def scaling(project):
    """Autoscaling asks for groups and topics that there are, and never for more replicas than partitions."""
    for overlay in project.overlays:
        prefix = shared_settings(overlay)["STOCKBUS_TOPIC_PREFIX"]
        all_topics = project.code.topics(prefix, channels_of(overlay))
        groups = {entry[1] for entries in project.code.access(prefix, channels_of(overlay)).values() for entry in entries if entry[0] == "group"}
        for item in overlay.of("ScaledObject"):
            where = f"{overlay.name}: {title(item)}"
            target = overlay.find("Deployment", dig(item, "spec.scaleTargetRef.name"))
            if target is None:
                project.finding(where, "scales nothing that there is")
            elif dig(target, "spec.replicas") is not None:
                project.finding(where, "its Deployment says replicas as well: each apply would undo the scaling")
            for trigger in item["spec"]["triggers"]:
                if trigger["type"] == "kafka":
                    scaling_trigger(project, where, item, trigger["metadata"], all_topics, groups)
                ref = dig(trigger, "authenticationRef.name")
                if ref and ref not in overlay.names("TriggerAuthentication"):
                    project.finding(where, f"there is no TriggerAuthentication {ref}")


def scaling_trigger(project, where, item, metadata, all_topics, groups):
    if metadata["topic"] not in all_topics:
        project.finding(where, f"there is no topic {metadata['topic']}")
    elif item["spec"]["maxReplicaCount"] > all_topics[metadata["topic"]]["partitions"]:
        project.finding(where, f"{item['spec']['maxReplicaCount']} replicas, but {all_topics[metadata['topic']]['partitions']} partitions")
    if metadata["consumerGroup"] not in groups:
        project.finding(where, f"no program is in group {metadata['consumerGroup']}")


def settings(project):
    """Each container has its program's settings: none unknown, none missing, files where volumes are mounted."""
    for overlay in project.overlays:
        for item, pod in overlay.workloads():
            for container in containers_of(pod):
                where = f"{overlay.name}: {title(item)}"
                settings_container(project, where, overlay, pod, container)


def settings_container(project, where, overlay, pod, container):
    known = project.code.settings.get(program_of(container))
    given = {env["name"]: env.get("value", "") for env in container.get("env", [])}
    for source in container.get("envFrom", []):
        config = overlay.find("ConfigMap", dig(source, "configMapRef.name"))
        given.update((config or {}).get("data", {}))
    own = {name: value for name, value in given.items() if name.startswith("STOCKBUS_")}
    if known is None:
        for name in own:
            project.finding(where, f"{program_of(container)} takes no settings, and so no {name}")
        return
    if pod["spec"].get("enableServiceLinks") is not False:
        project.finding(where, "enableServiceLinks must be false: a Service's variables would be unknown settings")
    plain = {name.removesuffix("_FILE") if name not in known else name for name in own}
    for name in sorted(plain - known.keys()):
        project.finding(where, f"{program_of(container)} has no setting {name}")
    for name in sorted(known.keys() - plain):
        if known[name].is_required:
            project.finding(where, f"setting {name} is not given")
    for name, value in own.items():
        if name.endswith("_FILE") and not file_is_there(overlay, pod, container, value):
            project.finding(where, f"{name}: nothing is mounted at {value}")


def volume_files(overlay, volume):
    """Names in a volume, or None when only its maker knows."""
    if "configMap" in volume:
        source, kind = volume["configMap"], "ConfigMap"
        ref = source.get("name")
    elif "secret" in volume:
        source, kind = volume["secret"], "Secret"
        ref = source.get("secretName", source.get("name"))
    elif "projected" in volume:
        parts = [volume_files(overlay, part) for part in volume["projected"]["sources"]]
        return None if None in parts else set().union(*parts)
    else:
        return set()
    if "items" in source:
        return {entry["path"] for entry in source["items"]}
    item = overlay.find(kind, ref)
    return None if item is None else {*item.get("data", {}), *item.get("stringData", {})}


def file_is_there(overlay, pod, container, path):
    for mount in container.get("volumeMounts", []):
        if path == mount["mountPath"]:
            return True
        if path.startswith(mount["mountPath"] + "/"):
            volume = next(entry for entry in pod["spec"]["volumes"] if entry["name"] == mount["name"])
            files = volume_files(overlay, volume)
            return files is None or path[len(mount["mountPath"]) + 1:] in files
    return False


def channels(project):
    """Each channel's file names it, its secrets are mounted for every program that reads it, and Production names them."""
    for overlay in project.overlays:
        for channel in channels_of(overlay):
            where = f"{overlay.name}: channel {channel}"
            text = overlay.find("ConfigMap", "channels")["data"][f"{channel}.yaml"]
            accounts = yaml.safe_load(text)["channels"]
            if [account["name"] for account in accounts] != [channel]:
                project.finding(where, f"its file names {', '.join(account['name'] for account in accounts)}")
                continue
            files = secret_files(accounts[0])
            for kind, name in (("Deployment", "ingest"), ("Deployment", f"publisher-{channel}"), ("CronJob", f"reconciler-{channel}")):
                item = overlay.find(kind, name)
                if item is None:
                    project.finding(where, f"there is no {kind} {name}")
                    continue
                pod = pod_of(item)
                for path in files:
                    if not file_is_there(overlay, pod, pod["spec"]["containers"][0], path):
                        project.finding(where, f"{path} is not mounted in {kind} {name}")
            check_same_file(project, overlay, channel, text, where)


def secret_files(value):
    if isinstance(value, list):
        return [path for entry in value for path in secret_files(entry)]
    if not isinstance(value, dict):
        return []
    own = [entry for key, entry in value.items() if key.endswith("_file")]
    return own + [path for entry in value.values() for path in secret_files(entry)]


def check_same_file(project, overlay, channel, text, where):
    copies = [item["data"] for item in overlay.of("ConfigMap") if item.get("data", {}).get("name") == channel]
    if len(copies) != 1 or copies[0].get("channel.yaml") != text:
        project.finding(where, "ingest and its publisher are given different files")


def references(project):
    """Every ConfigMap, Secret and ServiceAccount that a pod names is there, or somebody is said to bring it, key by key."""
    brought = {(overlay, name): set(keys.split()) for overlay, name, keys in
               ([left.split()[0], left.split()[1], keys] for left, keys in project.table("secrets", ":"))}
    used = set()
    for overlay in project.overlays:
        makers = secrets_made(overlay)
        for item, pod in overlay.workloads():
            where = f"{overlay.name}: {title(item)}"
            account = pod["spec"].get("serviceAccountName", "default")
            if account not in overlay.names("ServiceAccount"):
                project.finding(where, f"there is no ServiceAccount {account}")
            for kind, name, keys in references_of(pod):
                there = keys_of(overlay, kind, name, makers)
                if there is None and kind == "Secret" and (overlay.name, name) in brought:
                    there = brought[overlay.name, name]
                    used.add((overlay.name, name))
                if there is None:
                    project.finding(where, f"there is no {kind} {name}, and nobody is said to bring it (check/secrets)")
                elif not keys <= there:
                    project.finding(where, f"{kind} {name} has no {', '.join(sorted(keys - there))}")
        for name in secrets_asked_for(overlay):
            if (overlay.name, name) in brought:
                used.add((overlay.name, name))
            elif name not in makers and overlay.find("Secret", name) is None:
                project.finding(overlay.name, f"there is no Secret {name}, and nobody is said to bring it (check/secrets)")
    for overlay, name in sorted(brought.keys() - used):
        if overlay in {entry.name for entry in project.overlays}:
            project.finding("check/secrets", f"{overlay} {name}: nobody uses it")


def secrets_made(overlay):
    """Secrets that operators make, with their keys."""
    made = {name_of(item): {"user.crt", "user.key", "user.p12", "user.password", "ca.crt"} for item in overlay.of("KafkaUser")}
    for item in overlay.of("Kafka"):
        made[f"{name_of(item)}-cluster-ca-cert"] = {"ca.crt", "ca.p12", "ca.password"}
    return made


def keys_of(overlay, kind, name, makers):
    item = overlay.find(kind, name)
    if item is not None:
        return {*item.get("data", {}), *item.get("stringData", {})}
    return makers.get(name) if kind == "Secret" else None


def references_of(pod):
    """(kind, name, keys) of all that a pod needs to start."""
    for volume in pod["spec"].get("volumes", []):
        for part in dig(volume, "projected.sources", [volume]):
            for kind, source in (("ConfigMap", part.get("configMap")), ("Secret", part.get("secret"))):
                if source and not source.get("optional"):
                    keys = {entry["key"] for entry in source.get("items", [])}
                    yield kind, source.get("secretName", source.get("name")), keys
    for container in containers_of(pod):
        for source in container.get("envFrom", []):
            for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                if key in source:
                    yield kind, source[key]["name"], set()
        for env in container.get("env", []):
            for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                if dig(env, f"valueFrom.{key}"):
                    yield kind, dig(env, f"valueFrom.{key}.name"), {dig(env, f"valueFrom.{key}.key")}


def secrets_asked_for(overlay):
    """Names of Secrets in custom resources."""
    for item in overlay.of("Cluster"):
        yield dig(item, "spec.bootstrap.initdb.secret.name")
        for role in dig(item, "spec.managed.roles", []):
            yield dig(role, "passwordSecret.name")
    for item in overlay.of("TriggerAuthentication"):
        for ref in item["spec"].get("secretTargetRef", []):
            yield ref["name"]


def ports(project):
    """Ports are those that the programs listen on, probes ask paths that are answered, Services and monitors find a port."""
    for overlay in project.overlays:
        for item, pod in overlay.workloads():
            for container in containers_of(pod):
                where = f"{overlay.name}: {title(item)}"
                given = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
                wanted = project.code.ports.get(program_of(container), {})
                if item["kind"] == "Deployment" and wanted and given != wanted:
                    project.finding(where, f"ports {given}, in the code {wanted}")
                for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                    check_probe(project, where, item, container, probe, given)
        for item in overlay.of("Service"):
            pods = [pod for _, pod in overlay.workloads() if dig(item, "spec.selector", {}).items() <= pod["metadata"]["labels"].items()]
            names = {port["name"] for pod in pods for container in containers_of(pod) for port in container.get("ports", [])}
            for port in item["spec"]["ports"]:
                if port.get("targetPort", port["port"]) not in names:
                    project.finding(f"{overlay.name}: {title(item)}", f"no pod of it has the port {port.get('targetPort')}")


def check_probe(project, where, item, container, probe, given):
    asked = dig(container, f"{probe}.httpGet")
    if asked is None:
        if item["kind"] == "Deployment" and program_of(container) in project.code.ports:
            project.finding(where, f"there is no {probe}")
        return
    if asked["path"] not in project.code.admin_paths or asked["port"] not in given:
        project.finding(where, f"{probe} asks {asked['port']}{asked['path']}, which nobody answers")
    if probe == "livenessProbe" and asked["path"] == "/readyz":
        project.finding(where, "livenessProbe must not ask what needs Kafka or PostgreSQL")


def images(project):
    """No image names a registry's host, each has a version, and each is one that `make images` builds."""
    for overlay in project.overlays:
        for item, pod in overlay.workloads():
            for container in containers_of(pod):
                image, where = container["image"], f"{overlay.name}: {title(item)}"
                if "/" in image and re.match(r"[^/]*[.:][^/]*/", image):
                    project.finding(where, f"{image} names a registry's host: that is for an overlay of your own")
                if not re.search(r"(:[^/]+|@sha256:.+)$", image) or image.endswith(":latest"):
                    project.finding(where, f"{image} has no version")
                if program_of(container) not in project.code.images:
                    project.finding(where, f"nobody builds {image}")


# ---- alerts and dashboards


def rules(project):
    """promtool reads the rules, and every alert fires and keeps quiet in a test."""
    rule = next((item for overlay in project.overlays for item in overlay.of("PrometheusRule")), None)
    if rule is None:
        project.note("no overlay has rules")
        return
    tests = yaml.safe_load((project.root / "deploy/k8s/components/monitoring/rules_test.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "rules.yaml").write_text(yaml.safe_dump(rule["spec"], width=1000), encoding="utf-8")
        (folder / "rules_test.yaml").write_text(yaml.safe_dump(with_annotations(rule, tests), width=1000), encoding="utf-8")
        for command in (("check", "rules", "rules.yaml"), ("test", "rules", "rules_test.yaml")):
            done = project.run("promtool", *command, cwd=folder)
            if done.returncode != 0:
                project.finding("rules", f"promtool {' '.join(command[:2])}: {(done.stdout + done.stderr).strip()}")
    check_tested(project, rule, tests)


def with_annotations(rule, tests):
    """The tests as promtool wants them: it compares annotations, too, and these follow from the rule and the labels."""
    texts = {alert["alert"]: alert["annotations"] for alert in alerts_of(rule)}
    for case in (case for test in tests["tests"] for case in test["alert_rule_test"]):
        for expected in case.get("exp_alerts", []):
            expected["exp_annotations"] = {
                key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match, known=expected["exp_labels"]: known[match[1]], text)
                for key, text in texts.get(case["alertname"], {}).items()
            }
    return tests


def check_tested(project, rule, tests):
    fired, quiet = set(), set()
    for test in tests["tests"]:
        for case in test.get("alert_rule_test", []):
            (fired if case.get("exp_alerts") else quiet).add(case["alertname"])
    for alert in alerts_of(rule):
        if alert["alert"] not in fired:
            project.finding(f"alert {alert['alert']}", "no test makes it fire")
        if alert["alert"] not in quiet:
            project.finding(f"alert {alert['alert']}", "no test shows that it keeps quiet")


def alerts_of(rule):
    return [entry for group in rule["spec"]["groups"] for entry in group["rules"] if "alert" in entry]


def runbooks(project):
    """Every alert has a severity, words, and a page in docs/runbooks; no page is without its alert."""
    folder = project.root / "docs/runbooks"
    alerts = {alert["alert"]: alert for overlay in project.overlays for rule in overlay.of("PrometheusRule") for alert in alerts_of(rule)}
    if not alerts:
        return
    for name, alert in alerts.items():
        url = dig(alert, "annotations.runbook_url", "")
        if not re.fullmatch(rf"https://.+/{name}\.md", url):
            project.finding(f"alert {name}", f"runbook_url is '{url}', and should end in /{name}.md")
        if not (folder / f"{name}.md").is_file():
            project.finding(f"alert {name}", f"there is no docs/runbooks/{name}.md")
        if dig(alert, "labels.severity") not in ("page", "warn"):
            project.finding(f"alert {name}", "its severity is neither page nor warn")
        for word in ("summary", "description"):
            if not dig(alert, f"annotations.{word}"):
                project.finding(f"alert {name}", f"it has no {word}")
    for path in sorted(folder.glob("*.md")):
        if path.stem not in alerts and path.stem != "README":
            project.finding(f"docs/runbooks/{path.name}", "there is no such alert")


def metrics(project):
    """Each query of alerts and dashboards asks for metrics, and labels of them, that somebody exports."""
    known = {name: metric.labels | TARGET_LABELS for name, metric in project.code.exposed().items()}
    for name, labels in project.table("foreign-metrics", ":"):
        known[name] = set(labels.split())
    for where, expression in sorted(set(queries_of(project))):
        for name, labels in queries.selectors(expression):
            if name not in known:
                project.finding(where, f"nobody exports {name}")
            elif not labels <= known[name]:
                project.finding(where, f"{name} has no label {', '.join(sorted(labels - known[name]))}")
        everything = set().union(*(known.get(name, set()) for name, _ in queries.selectors(expression)), {"le"})
        for label in queries.grouped(expression) - everything:
            project.finding(where, f"it groups by {label}, which none of its metrics has")


def queries_of(project):
    for overlay in project.overlays:
        for rule in overlay.of("PrometheusRule"):
            for group in rule["spec"]["groups"]:
                for entry in group["rules"]:
                    yield f"rule {entry.get('alert', entry.get('record'))}", entry["expr"]
        for item in overlay.of("ConfigMap"):
            if dig(item, "metadata.labels.grafana_dashboard") == "1":
                for name, text in item["data"].items():
                    yield from dashboard_queries(project, name, text)


def dashboard_queries(project, name, text):
    try:
        board = json.loads(text)
    except ValueError as error:
        project.finding(f"dashboard {name}", f"no JSON: {error}")
        return
    found = 0
    for panel in board.get("panels", []):
        for target in panel.get("targets", []):
            found += 1
            yield f"dashboard {name}, panel '{panel.get('title')}'", target["expr"]
    for variable in dig(board, "templating.list", []):
        match = re.fullmatch(r"label_values\((.+), *(\w+)\)", str(variable.get("definition", "")))
        if match:
            yield f"dashboard {name}, variable {variable['name']}", match[1]
    if found == 0:
        project.finding(f"dashboard {name}", "it shows nothing")


CHECKS = (schema, kube_score, topics, access, scaling, settings, channels, references, ports, images, rules, runbooks, metrics)


def check(project, only=None):
    render(project)
    for one in CHECKS:
        if only in (None, one.__name__):
            one(project)
    return project.findings


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--crds", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[3])
    parser.add_argument("--only", choices=[one.__name__ for one in CHECKS])
    parser.add_argument("overlays", nargs="*")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    if not options.crds.is_dir():
        sys.exit(f"check.py: {options.crds} is no folder: give one with CustomResourceDefinitions (CRDS=dir)")
    project = Project(options.root, options.tools, options.crds, options.overlays)
    findings = check(project, options.only)
    for line in project.notes:
        print(f"note: {line}")
    for line in findings:
        print(line)
    print(f"{len(CHECKS)} checks, {len(project.overlays)} overlays, {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
