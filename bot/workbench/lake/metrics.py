"""The pipeline's custom metrics: what a run measured, and the heartbeat every five minutes of the clock.

Reading them, and deciding about alarms, is in alarms.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from moto.cloudwatch.models import Dimension

from bot.workbench.lake.mending import replace
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.validation import ERROR_TYPES, Findings

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDatumTypeDef

BREAKER_OPEN = "CircuitBreakerOpen"
SAME_ERROR = "SameErrorCount"
SCHEMA_ERRORS = "SchemaErrorCount"
QUARANTINE_RATE = "QuarantineRate"
HEARTBEAT = timedelta(minutes=5)
_MOST_POINTS = 1000  # of one PutMetricData


@dataclass(frozen=True, kw_only=True)
class Point:
    """Hold one value of one metric of the pipeline."""

    name: str
    value: float
    at: datetime
    error_type: str | None = None


def of_run(findings: Findings, *, at: datetime) -> list[Point]:
    """Return what a run measured; an error type it did not meet has no point."""
    counted = [
        Point(name=SAME_ERROR, value=count, at=at, error_type=error_type)
        for error_type, count in sorted(findings.counts.items())
    ]
    return [
        Point(name="InputRows", value=findings.rows, at=at),
        Point(name="ValidRows", value=len(findings.valid), at=at),
        Point(name="QuarantinedRows", value=len(findings.faults), at=at),
        *counted,
    ]


def of_schema(files: int, *, at: datetime) -> Point:
    """Return the point that says how many files had another schema."""
    return Point(name=SCHEMA_ERRORS, value=files, at=at)


def of_gate(findings: Findings, *, at: datetime) -> Point:
    """Return the point that says what share of a finished run was set aside, in percent."""
    return Point(name=QUARANTINE_RATE, value=findings.quarantine_rate, at=at)


def of_breaker(*, halted: bool, at: datetime) -> Point:
    """Return the point that says whether the pipeline is halted."""
    return Point(name=BREAKER_OPEN, value=int(halted), at=at)


def heartbeat(*, halted: bool, at: datetime) -> list[Point]:
    """Return what an idle pipeline says every five minutes."""
    idle = [Point(name=SAME_ERROR, value=0, at=at, error_type=error_type) for error_type in ERROR_TYPES]
    return [of_breaker(halted=halted, at=at), *idle]


def ticks(*, after: datetime, until: datetime) -> list[datetime]:
    """Return the heartbeat's times in (after, until], at round five minutes."""
    seconds = HEARTBEAT.total_seconds()
    first = int(after.timestamp() // seconds) + 1
    last = int(until.timestamp() // seconds)
    return [datetime.fromtimestamp(number * seconds, after.tzinfo) for number in range(first, last + 1)]


def put(cloudwatch: "CloudWatchClient", names: LakeNames, points: Sequence[Point]) -> None:
    """Send points, as many at once as CloudWatch takes."""
    for start in range(0, len(points), _MOST_POINTS):
        batch = [_datum(point, names) for point in points[start : start + _MOST_POINTS]]
        cloudwatch.put_metric_data(Namespace=names.namespace, MetricData=batch)


def put_value(
    cloudwatch: "CloudWatchClient",
    *,
    namespace: str,
    metric: str,
    by: Mapping[str, str],
    value: float,
    at: Sequence[datetime],
) -> None:
    """Send one value of any metric at each of the times."""
    named: list[DimensionTypeDef] = [{"Name": name, "Value": text} for name, text in by.items()]
    for start in range(0, len(at), _MOST_POINTS):
        data: list[MetricDatumTypeDef] = [
            {"MetricName": metric, "Dimensions": named, "Value": value, "Timestamp": moment}
            for moment in at[start : start + _MOST_POINTS]
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def order_dimensions() -> None:
    """Let a metric be found whatever order its dimensions are named in, as on AWS.

    moto sorts both sides before it compares them, by an order that is none: it holds a value against a name.
    """

    def before(self: Dimension, other: Dimension) -> bool:
        return (self.name or "", self.value or "") < (other.name or "", other.value or "")

    replace(Dimension, "__lt__", before)


def dimensions(names: LakeNames, error_type: str | None) -> "list[DimensionTypeDef]":
    """Return the dimensions of a metric of the pipeline."""
    pipeline: DimensionTypeDef = {"Name": "Pipeline", "Value": names.pipeline}
    if error_type is None:
        return [pipeline]
    return [pipeline, {"Name": "ErrorType", "Value": error_type}]


def _datum(point: Point, names: LakeNames) -> "MetricDatumTypeDef":
    return {
        "MetricName": point.name,
        "Value": point.value,
        "Timestamp": point.at,
        "Dimensions": dimensions(names, point.error_type),
        "Unit": "Count",
    }
