"""Which metrics and labels a PromQL expression names. No parser: names, braces and groupings are all that is looked for."""

import re

FUNCTIONS = {
    "abs", "absent", "and", "avg", "bool", "by", "ceil", "changes", "clamp_max", "clamp_min", "count", "delta", "deriv",
    "group_left", "group_right", "histogram_quantile", "ignoring", "increase", "label_replace", "max", "max_over_time", "min",
    "min_over_time", "offset", "on", "or", "quantile", "rate", "sort_desc", "sum", "time", "timestamp", "topk", "unless",
    "vector", "without",
}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
DURATION = re.compile(r"\[[^\]]*\]|\b\d+(?:\.\d+)?(?:ms|[smhdwy])\b")


def words(text):
    return set(re.findall(r"[a-zA-Z_]\w*", text))


def grouped(expression):
    """Labels of by (...), on (...) and the like."""
    return set().union(*(words(match) for match in GROUPING.findall(STRING.sub("", expression))), set())


def selectors(expression):
    """Pairs of a metric's name and the labels that its braces match."""
    bare = DURATION.sub("", GROUPING.sub("", STRING.sub('""', expression)))
    bare = re.sub(r"\$\w+", "", bare)
    found = []
    for match in re.finditer(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?", bare):
        name, braces = match[1], match[2] or ""
        inside = bare.rfind("{", 0, match.start()) > bare.rfind("}", 0, match.start())
        if name not in FUNCTIONS and not inside:
            found.append((name, {label for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", braces)}))
    return found
