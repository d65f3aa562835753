#!/usr/bin/env python3
"""Make JSON schemas that kubeconform reads, without a network.

    schemas.py kubernetes WHEEL VERSION OUT   of Kubernetes itself, from the package kubernetes-validate
    schemas.py resources FOLDER OUT           of custom resources, from every CustomResourceDefinition below FOLDER

A schema of a custom resource is closed: a field that it does not name is an error, unless the definition preserves unknown
ones. Rules in CEL are left out; only an API server checks those.
"""

import json
import pathlib
import sys
import zipfile

import yaml


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Takes the bare '=' of an enum for the text that it is."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


def references(value):
    """Within the bundled schemas: no "$id", and references to the file beside."""
    if isinstance(value, list):
        return [references(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.replace("/api/_definitions.json#", "_definitions.json#")
        if key == "$ref" and isinstance(item, str)
        else references(item)
        for key, item in value.items()
        if not (key == "$id" and isinstance(item, str))
    }


def kubernetes(wheel, version, out):
    folder = f"kubernetes_validate/kubernetes-json-schema/{version}-local-strict/"
    count = 0
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(folder) and name.endswith(".json"):
                schema = references(json.loads(archive.read(name)))
                (out / name[len(folder):]).write_text(json.dumps(schema), encoding="utf-8")
                count += 1
    return count


def plain(schema):
    """JSON schema of a branch in which nothing is tightened: the extensions go."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: plain(item) for key, item in schema.items() if not key.startswith("x-kubernetes-")}


def nullable(schema):
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def properties_of(schema):
    properties = {name: closed(item) for name, item in schema["properties"].items()}
    if schema.get("x-kubernetes-embedded-resource"):
        for name, kind in (("apiVersion", "string"), ("kind", "string"), ("metadata", "object")):
            properties.setdefault(name, {"type": kind})
    return properties


def closed(schema):
    """A structural schema as strict JSON schema."""
    if not isinstance(schema, dict):
        return schema
    kept = {"properties", "items", "additionalProperties", "nullable"}
    result = {key: plain(item) for key, item in schema.items() if key not in kept and not key.startswith("x-kubernetes-")}
    for key in ("items", "additionalProperties"):
        if key in schema:
            result[key] = closed(schema[key])
    if "properties" in schema:
        result["properties"] = properties_of(schema)
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
        result.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    return nullable(result) if schema.get("nullable") else result


def write_definition(definition, out):
    spec = definition["spec"]
    served = [version for version in spec["versions"] if version.get("served", True)]
    for version in served:
        schema = closed(version["schema"]["openAPIV3Schema"])
        schema.setdefault("properties", {}).update(
            apiVersion={"type": "string", "enum": [f"{spec['group']}/{version['name']}"]},
            kind={"type": "string", "enum": [spec["names"]["kind"]]},
            metadata={"type": "object"},
        )
        schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
        schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        folder = out / spec["group"]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{spec['names']['kind'].lower()}_{version['name']}.json"
        (folder / name).write_text(json.dumps(schema, sort_keys=True), encoding="utf-8")
    return len(served)


def resources(folder, out):
    count = 0
    for path in sorted(pathlib.Path(folder).rglob("*.y*ml")):
        with open(path, encoding="utf-8") as file:
            for item in yaml.load_all(file, Loader=Loader):
                if isinstance(item, dict) and item.get("kind") == "CustomResourceDefinition":
                    count += write_definition(item, out)
    return count


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "kubernetes":
        count = kubernetes(arguments[1], arguments[2], pathlib.Path(arguments[3]))
    elif len(arguments) == 3 and arguments[0] == "resources":
        count = resources(arguments[1], pathlib.Path(arguments[2]))
    else:
        sys.exit(__doc__)
    if count == 0:
        sys.exit("schemas.py: there was nothing to convert")
    print(f"{count} schemas", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
