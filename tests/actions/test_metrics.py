import pytest
from pydantic import ValidationError

from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.scripted import Script, params_of, read

METRIC: JsonObject = {
    "namespace": "DataLake/ETL",
    "metric": "SameErrorCount",
    "dimensions": {"Pipeline": "transactions", "ErrorType": "CURRENCY_ERROR"},
    "stat": "Sum",
    "period": 300,
}


def page(points: dict[str, int | float], token: str | None = None) -> JsonObject:
    result: JsonObject = {"Timestamps": list(points), "Values": list(points.values())}
    return {"found": True, "MetricDataResults": [result], **({"NextToken": token} if token else {})}


def test_points_are_summed_up_oldest_first() -> None:
    script = Script(cloudwatch__metric=[page({"2026-01-21T02:40:00Z": 7}, "t"), page({"2026-01-21T02:35:00Z": 101})])

    output = read(script, "cloudwatch.metric", **METRIC, hours=1)

    assert output == {
        "points": 2,
        "latest": 7,
        "max": 101,
        "min": 7,
        "sum": 108,
        "values": [{"at": "2026-01-21T02:35:00Z", "value": 101}, {"at": "2026-01-21T02:40:00Z", "value": 7}],
    }
    assert [asked.get("NextToken") for asked in script.asked["cloudwatch.metric"]] == [None, "t"]


def test_without_a_point_there_is_no_maximum_to_be_below_a_limit() -> None:
    assert read(Script(cloudwatch__metric=[page({})]), "cloudwatch.metric", **METRIC, hours=1) == {
        "points": 0,
        "values": [],
    }


def test_a_period_that_began_before_since_is_left_out() -> None:
    points: dict[str, int | float] = {"2026-01-21T02:05:00Z": 101, "2026-01-21T02:10:00Z": 0}

    output = read(
        Script(cloudwatch__metric=[page(points)]), "cloudwatch.metric", **METRIC, since="2026-01-21T02:07:30Z"
    )

    assert (output["points"], output["max"]) == (1, 0)


def test_the_query_is_one_metric_and_never_an_expression() -> None:
    script = Script(cloudwatch__metric=[page({})])

    read(script, "cloudwatch.metric", **METRIC, hours=1)

    (asked,) = script.asked["cloudwatch.metric"]
    assert "Expression" not in str(asked)


def test_too_many_points_are_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidError, match="longer period"):
        read(Script(), "cloudwatch.metric", **{**METRIC, "period": 60}, hours=24)


def test_endless_pages_are_refused() -> None:
    script = Script(cloudwatch__metric=[page({"2026-01-21T02:35:00Z": 1}, "t")])

    with pytest.raises(InvalidError, match="more points"):
        read(script, "cloudwatch.metric", **METRIC, hours=1)


HOSTILE: list[JsonObject] = [
    {"namespace": "Other/Team"},
    {"metric": "x'; DROP"},
    {"dimensions": {"Pipeline": "https://evil.example"}},
    {"dimensions": {"StateMachineArn": "arn:aws:states:eu-west-1:999999999999:stateMachine:etl_orchestration"}},
]


@pytest.mark.parametrize("other", HOSTILE)
def test_a_foreign_metric_is_refused(other: JsonObject) -> None:
    with pytest.raises(InvalidError):
        read(Script(), "cloudwatch.metric", **{**METRIC, **other}, hours=1)


BAD: list[dict[str, JsonValue]] = [{"stat": "p90"}, {"period": 61}, {"period": 30}, {"period": True}]


@pytest.mark.parametrize("other", BAD)
def test_a_statistic_or_period_that_does_not_fit_is_refused(other: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        params_of("cloudwatch.metric", {**METRIC, **other, "hours": 1})


def test_an_alarm_is_told_as_it_stands() -> None:
    alarm: JsonObject = {
        "AlarmName": "CircuitBreakerOpen",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
        "StateValue": "ALARM",
        "AlarmDescription": "The load has stopped itself.",
        "StateReason": "101 > 100",
        "StateUpdatedTimestamp": "2026-01-21T02:08:02Z",
        "MetricName": "CircuitBreakerOpen",
        "Namespace": "DataLake/ETL",
        "Threshold": 1,
        "Dimensions": [{"Name": "Pipeline", "Value": "transactions"}],
    }

    output = read(
        Script(cloudwatch__alarm=[{"found": True, "MetricAlarms": [alarm]}]),
        "cloudwatch.alarm",
        name="CircuitBreakerOpen",
    )

    assert output == {
        "found": True,
        "state": "ALARM",
        "reason": "101 > 100",
        "description": "The load has stopped itself.",
        "since": "2026-01-21T02:08:02Z",
        "metric": "CircuitBreakerOpen",
        "namespace": "DataLake/ETL",
        "threshold": 1,
        "dimensions": {"Pipeline": "transactions"},
    }


def test_an_alarm_that_is_not_there_is_said_so() -> None:
    script = Script(cloudwatch__alarm=[{"found": True, "MetricAlarms": []}])

    assert read(script, "cloudwatch.alarm", name="Nope") == {"found": False}


def test_the_turns_of_an_alarm_come_oldest_first_and_what_is_no_turn_is_left_out() -> None:
    items: list[JsonValue] = [
        {"Timestamp": "2026-01-21T02:07:31Z", "HistorySummary": "Alarm updated from ALARM to OK"},
        {"Timestamp": "2026-01-21T02:05:00Z", "HistorySummary": "<!channel> Alarm updated from OK to ALARM"},
        {"Timestamp": "2026-01-21T02:00:00Z", "HistorySummary": "Alarm updated from OK to ALARM"},
    ]
    script = Script(cloudwatch__alarm_history=[{"AlarmHistoryItems": items, "NextToken": "t"}])

    found = read(script, "cloudwatch.alarm_history", name="CircuitBreakerOpen", since="2026-01-21T01:00:00Z")

    assert found == {
        "turns": [
            {"at": "2026-01-21T02:00:00Z", "was": "OK", "became": "ALARM"},
            {"at": "2026-01-21T02:07:31Z", "was": "ALARM", "became": "OK"},
        ],
        "complete": False,
    }
