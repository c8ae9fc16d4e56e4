"""CloudWatch Logs, as far as it makes metrics of log lines: what its specification of the embedded format demands.

Rules from "Specification: Embedded metric format", "MetricDatum" and "Dimension" in Amazon CloudWatch's documentation.
"""

import json
import logging
import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.logs import JsonLines

NAMESPACE, SERVED = "RunbookBot", "prod"
UNITS = re.compile(
    r"None|Count|Percent|Seconds|Milliseconds|Microseconds|(Kilo|Mega|Giga|Tera)?(bytes|bits)(/Second)?|Count/Second",
    re.IGNORECASE,
)
MOST_BYTES = 256 * 1024
TWO_WEEKS_MS, TWO_HOURS_MS = 14 * 86_400_000, 7_200_000


class RefusedError(Exception):
    """CloudWatch would make no metric of it."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One metric with one set of dimensions, as one line gives it."""

    namespace: str
    name: str
    unit: str
    dimensions: Mapping[str, str]
    values: tuple[float, ...]


def points(line: str) -> list[Point]:
    """Return what CloudWatch would make of a line; nothing, where it asks for nothing."""
    insist(len(line.encode()) <= MOST_BYTES, "the line is too long")
    root = json.loads(line, parse_constant=_refuse)
    if "_aws" not in root:
        return []
    insist(set(root["_aws"]) == {"Timestamp", "CloudWatchMetrics"}, "members of _aws")
    _insist_on_time(root["_aws"]["Timestamp"])
    return [point for directive in root["_aws"]["CloudWatchMetrics"] for point in _extracted(root, directive)]


def insist(so: bool, words: str) -> None:
    if not so:
        raise RefusedError(words)


def _refuse(constant: str) -> float:
    raise RefusedError(f"{constant} is no JSON")


def _insist_on_time(at: object) -> None:
    insist(type(at) is int, "the timestamp is no whole number")
    now = time.time() * 1000  # noqa: TID251 - CloudWatch's own clock
    assert isinstance(at, int)
    insist(now - TWO_WEEKS_MS < at < now + TWO_HOURS_MS, "the timestamp is not in milliseconds, or far from now")


def _extracted(root: Mapping[str, Any], directive: Mapping[str, Any]) -> Iterator[Point]:
    insist(set(directive) == {"Namespace", "Dimensions", "Metrics"}, "members of a directive")
    namespace = directive["Namespace"]
    insist(re.fullmatch(r"[^:][A-Za-z0-9_./#:-]{0,254}", namespace) is not None, "the namespace")
    insist(not namespace.startswith("AWS/"), "the namespace is AWS's own")
    insist(len(directive["Dimensions"]) >= 1, "no set of dimensions")
    insist(1 <= len(directive["Metrics"]) <= 100, "the number of metrics")
    for keys in directive["Dimensions"]:
        insist(len(keys) <= 30, "more than 30 dimensions")
        dimensions = {key: _dimension(root, key) for key in keys}
        for metric in directive["Metrics"]:
            yield _point(root, namespace, metric, dimensions)


def _dimension(root: Mapping[str, Any], key: str) -> str:
    insist(1 <= len(key) <= 250 and key.isascii() and key.isprintable() and not key.startswith(":"), "a dimension")
    value = root.get(key)
    insist(isinstance(value, str), f"{key} is no text")
    assert isinstance(value, str)
    insist(1 <= len(value) <= 1024 and value.isascii() and value.isprintable() and bool(value.strip()), f"{key} is odd")
    return value


def _point(root: Mapping[str, Any], namespace: str, metric: Mapping[str, Any], dimensions: Mapping[str, str]) -> Point:
    insist(set(metric) <= {"Name", "Unit", "StorageResolution"}, "members of a metric")
    name, unit = metric["Name"], metric.get("Unit", "None")
    insist(1 <= len(name) <= 255 and name.isascii() and name.isprintable(), "the name of a metric")
    insist(UNITS.fullmatch(unit) is not None, f"the unit {unit}")
    insist(name in root, f"{name} is not there")
    values = root[name] if isinstance(root[name], list) else [root[name]]
    insist(1 <= len(values) <= 100, f"the number of values of {name}")
    for value in values:
        insist(isinstance(value, int | float) and not isinstance(value, bool), f"{name} is no number")
        insist(math.isfinite(value) and abs(value) <= 2**360, f"{name} is too large")
    return Point(namespace=namespace, name=name, unit=unit, dimensions=dimensions, values=tuple(values))


class Lines(logging.Handler):
    """Keep every line as it would be written, with its metrics."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines(namespace=NAMESPACE, environment=SERVED))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def points(self) -> list[Point]:
        """Return what CloudWatch makes of all of them."""
        return [point for line in [*self.lines] for point in points(line)]

    def values(self, name: str, **dimensions: str) -> list[float]:
        """Return every value of one series, in order; the environment's is understood."""
        wanted = {"Environment": SERVED, **dimensions}
        return [
            one for point in self.points() if (point.name, point.dimensions) == (name, wanted) for one in point.values
        ]

    def told(self, words: str) -> list[Any]:
        """Return the lines that say this, as values."""
        return [one for line in [*self.lines] if (one := json.loads(line))["message"] == words]


@contextmanager
def collected() -> Iterator[Lines]:
    """Collect what the bot logs meanwhile, as `serve` would write it."""
    lines, ours = Lines(), logging.getLogger("bot")
    before = ours.level
    ours.addHandler(lines)
    ours.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        ours.removeHandler(lines)
        ours.setLevel(before)
