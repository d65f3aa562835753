"""The PrometheusRule of deploy/k8s, as it is committed, with its times shortened so that a run takes minutes.

Three things are divided by a factor, and nothing else is touched: `for:`, the ranges and offsets of expressions ([15m],
offset 36h), and those numbers of an expression that are seconds and that the alert's row in table.py names one by one."""

import re

import yaml

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(\[|offset )(\d+)([smhd])\b")
FACTOR = 60  # what a row has that says nothing else
RANGE_MIN_S = 5  # at one scrape a second


class Wrong(Exception):
    """The table and the rules do not fit."""


def read(path):
    """{alert: rule} in the file's order, and the groups as they are."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if document["kind"] == "PrometheusRule":
            groups = document["spec"]["groups"]
            return {rule["alert"]: rule for group in groups for rule in group["rules"]}, groups
    raise Wrong(f"{path} has no PrometheusRule")


def seconds_of(text):
    match = re.fullmatch(r"(\d+)([smhd])", text)
    return int(match[1]) * UNITS[match[2]]


def shown(seconds):
    return f"{round(seconds * 1000)}ms"


def shorten_expression(expression, factor, numbers):
    for number in numbers:
        pattern = re.compile(rf"(?<![\w.\[]){number}(?![\w.])")
        if not pattern.search(expression):
            raise Wrong(f"'{expression}' has no {number}")
        expression = pattern.sub(f"{number / factor:g}", expression)

    def shorter(match):
        whole = int(match[2]) * UNITS[match[3]]
        return match[1] + shown(max(whole / factor, RANGE_MIN_S))

    return DURATION.sub(shorter, expression)


def shorten(groups, terms):
    """Groups for Prometheus. terms: {alert: (factor, numbers that are seconds)}."""
    made = []
    for group in groups:
        rules = []
        for rule in group["rules"]:
            factor, numbers = terms[rule["alert"]]
            short = dict(rule, expr=shorten_expression(rule["expr"], factor, numbers))
            if "for" in rule:
                short["for"] = shown(seconds_of(rule["for"]) / factor)
            rules.append(short)
        made.append({"name": group["name"], "rules": rules})
    return {"groups": made}
