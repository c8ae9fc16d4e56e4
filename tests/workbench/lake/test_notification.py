from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.workbench.lake import metrics
from bot.workbench.lake.notification import Alarm, judge

AT = datetime(2026, 11, 23, 2, 7, 31, tzinfo=UTC)

ALARM = Alarm(
    name="SameErrorRateHigh",
    arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:SameErrorRateHigh",
    description="",
    state="OK",
    configured_at=AT,
    namespace="DataLake/ETL",
    metric="SameErrorCount",
    statistic="Sum",
    dimensions=(("Pipeline", "transactions"),),
    period=3600,
    evaluation_periods=1,
    comparison="GreaterThanThreshold",
    threshold=100.0,
    treat_missing="notBreaching",
    alarm_actions=(),
    ok_actions=(),
)


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanThreshold", 100.0, "OK"),
        ("GreaterThanThreshold", 101.0, "ALARM"),
        ("GreaterThanOrEqualToThreshold", 99.0, "OK"),
        ("GreaterThanOrEqualToThreshold", 100.0, "ALARM"),
        ("LessThanThreshold", 100.0, "OK"),
        ("LessThanThreshold", 99.0, "ALARM"),
        ("LessThanOrEqualToThreshold", 101.0, "OK"),
        ("LessThanOrEqualToThreshold", 100.0, "ALARM"),
    ],
)
def test_an_alarm_compares_as_its_definition_says(comparison: str, value: float, state: str) -> None:
    assert judge(replace(ALARM, comparison=comparison), [value], at=AT).state == state


def test_the_reason_is_worded_as_cloudwatch_words_it() -> None:
    assert judge(ALARM, [101.0], at=AT).reason == (
        "Threshold Crossed: 1 datapoint [101.0 (23/11/26 02:07:31)] was greater than the threshold (100.0)."
    )
    assert judge(ALARM, [0.0], at=AT).reason == (
        "Threshold Crossed: 1 datapoint [0.0 (23/11/26 02:07:31)] was not greater than the threshold (100.0)."
    )


def test_only_the_newest_period_counts() -> None:
    assert judge(ALARM, [500.0, 0.0], at=AT).state == "OK"


def test_two_periods_must_both_breach() -> None:
    patient = replace(ALARM, evaluation_periods=2)

    assert judge(patient, [500.0], at=AT).state == "OK"
    assert judge(patient, [500.0, 500.0], at=AT).state == "ALARM"


@pytest.mark.parametrize(
    ("treatment", "state"),
    [("notBreaching", "OK"), ("breaching", "ALARM"), ("missing", "INSUFFICIENT_DATA"), ("ignore", "OK")],
)
def test_without_data_an_alarm_does_as_it_was_told(treatment: str, state: str) -> None:
    assert judge(replace(ALARM, treat_missing=treatment), [], at=AT).state == state


def test_heartbeats_are_at_round_five_minutes_and_none_is_sent_twice() -> None:
    first = metrics.ticks(after=AT, until=AT + timedelta(minutes=12))
    second = metrics.ticks(after=first[-1], until=AT + timedelta(minutes=14))

    assert [f"{at:%H:%M:%S}" for at in first + second] == ["02:10:00", "02:15:00", "02:20:00"]
    assert metrics.ticks(after=first[-1], until=first[-1]) == []
