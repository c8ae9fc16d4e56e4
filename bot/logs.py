"""How the bot logs: one JSON object a line, facts with names, nothing secret, and what is measured.

Where a namespace is set, a line that measures something carries the block `_aws` of CloudWatch's embedded metric
format; CloudWatch Logs makes metrics of it, whoever brings it there. Nothing here raises: logging itself sees to that.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite

from bot.domain.metrics import ENVIRONMENT, ERRORS, Measured, Metric
from bot.domain.redaction import covered

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "metrics"}
_SECRETS = ("token", "secret", "response_url", "trigger_id", "authorization", "password")
_NOTHING = Measured(values=(), words={})
_LONGEST_WORD = 250
Values = Mapping[Metric, float | Sequence[float]]


class JsonLines(logging.Formatter):
    """Write a record as one line of JSON, redacted; a field named like a secret is left out."""

    def __init__(self, *, namespace: str = "", environment: str = "") -> None:
        """Take the namespace of the bot's own metrics, empty for none, and which environment is served."""
        super().__init__()
        self._namespace = namespace
        self._environment = environment

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "module": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN and not _is_secret(name)}
        line = {name: _told(value) for name, value in line.items()}
        measures = self._measures(record).items()
        line |= {name: covered(value) if isinstance(value, str) else value for name, value in measures}
        if record.exc_info:
            line["exception"] = covered(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=True)

    def _measures(self, record: logging.LogRecord) -> Mapping[str, object]:
        """Return the members that say what the record measures, and how CloudWatch is to read them."""
        found: Measured = vars(record).get("metrics", _NOTHING)
        values = {metric: kept for metric, value in found.values if (kept := _finite(value)) != []}
        if self._namespace and record.levelno >= logging.ERROR:
            values[ERRORS] = 1
        told = {name: _word(word) for name, word in found.words.items()}
        members = {**told, **{metric.name: value for metric, value in values.items()}}
        if not self._namespace or not values:
            return members
        environment = {ENVIRONMENT: _word(self._environment)}
        return {"_aws": self._block(record, values, told), **environment, **members}

    def _block(self, record: logging.LogRecord, values: Values, told: Mapping[str, str]) -> Mapping[str, object]:
        """Return the metadata; metrics that are told apart by the same words share a directive."""
        alike: dict[tuple[tuple[str, ...], ...], list[Metric]] = {}
        for metric in values:
            alike.setdefault(metric.by, []).append(metric)
        return {
            "Timestamp": int(record.created * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": self._namespace,
                    "Dimensions": [[ENVIRONMENT, *names] for names in by if told.keys() >= set(names)],
                    "Metrics": [{"Name": one.name, "Unit": one.unit} for one in metrics],
                }
                for by, metrics in alike.items()
            ],
        }


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRETS)


def _told(value: object) -> object:
    """Return a member as it may be told; a text says more than it should where a neighbour's error is in it."""
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {covered(str(name)): _told(one) for name, one in value.items() if not _is_secret(str(name))}
        case list() | tuple() | set() | frozenset():
            return [_told(one) for one in value]
        case _:
            return covered(str(value))


def _finite(value: float | Sequence[float]) -> float | Sequence[float]:
    """Return what CloudWatch takes of a value: neither NaN nor the infinite; an empty list where that is nothing."""
    several = value if isinstance(value, Sequence) else (value,)
    kept = [round(one, 3) for one in several if isfinite(one)]
    return kept if isinstance(value, Sequence) or not kept else kept[0]


def _word(text: str) -> str:
    """Return a word as the value of a dimension may be: printable ASCII, not empty, not too long."""
    kept = "".join(one if one.isascii() and one.isprintable() else "?" for one in text[:_LONGEST_WORD])
    return kept if kept.strip() else "none"
