"""Metrics and alarms, as CloudWatch tells them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

from pydantic import Field, model_validator

from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Look
from bot.domain.alarm import ALARM_TYPES, AlarmNow, alarm_now
from bot.domain.moment import epoch, moment
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_POINTS = 500
MOST_PAGES = 5
MOST_TURNS = 100
_TURNED = re.compile(r"Alarm updated from ([A-Z_]{2,20}) to ([A-Z_]{2,20})", re.ASCII)


class ReadMetric(Params):
    """Name the metric and the time; points of periods that began before `since` are left out."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str] = {}
    stat: Literal["Sum", "Maximum", "Average", "Minimum", "SampleCount"]
    period: int = Field(ge=60, le=86_400, multiple_of=60)
    hours: int | None = Field(default=None, ge=1, le=336)
    since: str | None = None
    until: str | None = None

    @model_validator(mode="after")
    def _one_start(self) -> "ReadMetric":
        if (self.hours is None) == (self.since is None):
            raise ValueError("give either hours or since")
        return self


class Point(Returns):
    """Hold one point."""

    at: str
    value: int | float


class Points(Returns):
    """Return the points, oldest first; without any, `latest`, `max`, `min` and `sum` are absent."""

    points: int
    latest: int | float = 0
    max: int | float = 0
    min: int | float = 0
    sum: int | float = 0
    values: list[Point]


def read_metric(look: Look, params: ReadMetric, now: datetime) -> JsonObject:
    """Return the metric's points in the time asked for."""
    since = moment(params.since) if params.since else now - timedelta(hours=params.hours or 0)
    until = moment(params.until) if params.until else now
    wanted = (until - since).total_seconds() / params.period
    if wanted > MOST_POINTS:
        raise InvalidError(f"That is {int(wanted)} points; at most {MOST_POINTS} are read. Use a longer period.")
    points: dict[str, int | float] = {}
    if until > since:
        for at, value in _points(look, params, since, until):
            if moment(at) >= since:
                points[at] = value
    return _summary(dict(sorted(points.items())))


def _points(look: Look, params: ReadMetric, since: datetime, until: datetime) -> list[tuple[str, int | float]]:
    found: list[tuple[str, int | float]] = []
    more: JsonObject = {}
    for _ in range(MOST_PAGES):
        page = look(
            "cloudwatch.metric",
            MetricDataQueries=[_query(params)],
            StartTime=epoch(since),
            EndTime=epoch(until) + 1,
            ScanBy="TimestampAscending",
            **more,
        )
        results = page.get("MetricDataResults")
        for result in results if isinstance(results, list) else []:
            found += _pairs(result)
        token = page.get("NextToken")
        if not token:
            return found
        more = {"NextToken": token}
    raise InvalidError("CloudWatch has more points than are read. Use a longer period.")


def _query(params: ReadMetric) -> JsonObject:
    dimensions: list[JsonValue] = [{"Name": n, "Value": v} for n, v in sorted(params.dimensions.items())]
    metric: JsonObject = {
        "Namespace": params.namespace,
        "MetricName": params.metric,
        "Dimensions": dimensions,
    }
    return {"Id": "m", "MetricStat": {"Metric": metric, "Period": params.period, "Stat": params.stat}}


def _pairs(result: JsonValue) -> list[tuple[str, int | float]]:
    if not isinstance(result, dict):
        return []
    times, values = result.get("Timestamps", []), result.get("Values", [])
    if not isinstance(times, list) or not isinstance(values, list):
        return []
    return [(str(at), v) for at, v in zip(times, values, strict=True) if isinstance(v, int | float)]


def _summary(points: dict[str, int | float]) -> JsonObject:
    values: list[JsonValue] = [{"at": at, "value": value} for at, value in points.items()]
    summary: JsonObject = {"points": len(points), "values": values}
    if points:
        numbers = list(points.values())
        summary |= {"latest": numbers[-1], "max": max(numbers), "min": min(numbers), "sum": sum(numbers)}
    return summary


class ReadAlarm(Params):
    """Name the alarm."""

    name: str


class Alarm(Returns):
    """Return the alarm as it stands; without it only `found` is there."""

    found: bool
    state: str = ""
    reason: str = ""
    description: str = ""
    since: str = ""
    metric: str = ""
    namespace: str = ""
    threshold: int | float = 0
    dimensions: dict[str, str] = {}


def read_alarm(look: Look, params: ReadAlarm, _now: datetime) -> JsonObject:
    """Return the alarm's state; `threshold` is absent where it has none."""
    alarm = look_at_alarm(look, params.name)
    if alarm is None:
        return {"found": False}
    fields = alarm.model_dump(mode="json", exclude={"name", "arn"}, exclude_none=True)
    return {"found": True, **fields}


def look_at_alarm(look: Look, name: str) -> AlarmNow | None:
    """Return what CloudWatch says of the alarm now."""
    return alarm_now(look("cloudwatch.alarm", AlarmNames=[name], AlarmTypes=[*ALARM_TYPES]))


class ReadHistory(Params):
    """Name the alarm and the time; without `until` up to now."""

    name: str
    since: str
    until: str = ""


class Turned(Returns):
    """Hold one change of an alarm's state."""

    at: str
    was: str
    became: str


class History(Returns):
    """Return the changes of an alarm's state, oldest first; `complete` is false where there were more before."""

    turns: list[Turned]
    complete: bool


def read_history(look: Look, params: ReadHistory, now: datetime) -> JsonObject:
    """Return how the alarm's state changed in the time asked for, the newest hundred."""
    since, until = moment(params.since), min(moment(params.until) if params.until else now, now)
    if since >= until:
        raise InvalidError("The time must begin before it ends, and in the past.")
    page = look(
        "cloudwatch.alarm_history",
        AlarmName=params.name,
        AlarmTypes=[*ALARM_TYPES],
        HistoryItemType="StateUpdate",
        StartDate=int(since.timestamp()),
        EndDate=ceil(until.timestamp()),
        MaxRecords=MOST_TURNS,
        ScanBy="TimestampDescending",
    )
    items = page.get("AlarmHistoryItems")
    listed = [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
    said = [(one["Timestamp"], _TURNED.match(str(one["HistorySummary"]))) for one in listed]
    turns: list[JsonValue] = [{"at": at, "was": told[1], "became": told[2]} for at, told in said if told]
    return {"turns": turns[::-1], "complete": not page.get("NextToken")}


ACTIONS = (
    Action(
        id="cloudwatch.metric",
        title="Read a metric",
        params=ReadMetric,
        returns=Points,
        rows=("cloudwatch.metric",),
        read=read_metric,
    ),
    Action(
        id="cloudwatch.alarm",
        title="Ask for an alarm's state",
        params=ReadAlarm,
        returns=Alarm,
        rows=("cloudwatch.alarm",),
        read=read_alarm,
    ),
    Action(
        id="cloudwatch.alarm_history",
        title="Read how an alarm's state changed",
        params=ReadHistory,
        returns=History,
        rows=("cloudwatch.alarm_history",),
        read=read_history,
    ),
)
