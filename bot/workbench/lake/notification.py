"""An alarm's verdict on its data, and the message CloudWatch sends about it. Pure.

The form of the message is CloudWatch's own (the body of the SNS notification of a metric alarm).
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.workbench.lake.names import LakeNames

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

_COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_WITHOUT_DATA: dict[str, State] = {"notBreaching": "OK", "breaching": "ALARM", "missing": "INSUFFICIENT_DATA"}


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Hold an alarm's own definition and where it stands, as DescribeAlarms tells them."""

    name: str
    arn: str
    description: str
    state: State
    configured_at: datetime
    namespace: str
    metric: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]
    period: int
    evaluation_periods: int
    comparison: str
    threshold: float
    treat_missing: str
    alarm_actions: tuple[str, ...]
    ok_actions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Say the state an alarm's data ask for, and why."""

    state: State
    reason: str


def judge(alarm: Alarm, values: Sequence[float], *, at: datetime) -> Verdict:
    """Compare the newest datapoints, oldest first, with the threshold; without data do as the alarm says."""
    if not values:
        state = _WITHOUT_DATA.get(alarm.treat_missing, alarm.state)
        return Verdict(state=state, reason=f"no datapoints were received for {alarm.evaluation_periods} period(s)")
    breaches, words = _COMPARISONS[alarm.comparison]
    latest = values[-alarm.evaluation_periods :]
    alarming = len(latest) == alarm.evaluation_periods and all(breaches(v, alarm.threshold) for v in latest)
    points = ", ".join(f"{value} ({at:%d/%m/%y %H:%M:%S})" for value in latest)
    verb = "was" if alarming else "was not"
    compared = f"{verb} {words} the threshold ({alarm.threshold})"
    reason = f"Threshold Crossed: {len(latest)} datapoint [{points}] {compared}."
    return Verdict(state="ALARM" if alarming else "OK", reason=reason)


def subject(alarm: Alarm, names: LakeNames, *, state: str) -> str:
    """Return the subject line CloudWatch gives its message."""
    return f'{state}: "{alarm.name}" in {names.region_title}'


def message(alarm: Alarm, names: LakeNames, verdict: Verdict, *, changed_at: datetime) -> dict[str, object]:
    """Return the body of the notification; `alarm` is as it was before the change."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": names.account,
        "AlarmConfigurationUpdatedTimestamp": _stamp(alarm.configured_at),
        "NewStateValue": verdict.state,
        "NewStateReason": verdict.reason,
        "StateChangeTime": _stamp(changed_at),
        "Region": names.region_title,
        "AlarmArn": alarm.arn,
        "OldStateValue": alarm.state,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": alarm.metric,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic",
            "Statistic": alarm.statistic.upper(),
            "Unit": None,
            "Dimensions": [{"value": value, "name": name} for name, value in alarm.dimensions],
            "Period": alarm.period,
            "EvaluationPeriods": alarm.evaluation_periods,
            "ComparisonOperator": alarm.comparison,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.treat_missing,
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
