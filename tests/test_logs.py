"""A log line is one JSON object with named facts, nothing secret, and metrics that CloudWatch can read."""

import json
import logging
import math
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from bot.domain.metrics import (
    ACK_MILLISECONDS,
    ACKS_FAILED,
    CARDS_BEHIND,
    INBOX_SECONDS,
    MODEL_TOKENS_IN,
    REPAIR_SECONDS,
    REQUESTS,
    RUNS_ENDED,
    measured,
)
from bot.logs import JsonLines
from tests.domain.attacks import TOKEN
from tests.embedded import NAMESPACE, SERVED, RefusedError, points


def _line(message: str, **facts: object) -> str:
    record = logging.makeLogRecord({"name": "bot.runs", "levelname": "INFO", "msg": message, **facts})
    return JsonLines().format(record)


def test_a_record_is_one_line_of_json_with_its_facts() -> None:
    line = _line("Step performed.", run=42, step="half_open")

    said = json.loads(line)
    assert (said["level"], said["module"], said["message"]) == ("INFO", "bot.runs", "Step performed.")
    assert (said["run"], said["step"]) == (42, "half_open")
    assert said["timestamp"].endswith("+00:00")


def test_what_is_named_like_a_secret_is_left_out() -> None:
    line = _line("Called.", bot_token="s1", response_url="s2", Trigger_Id="s3", db_password="s4", card="run:1")

    assert [secret for secret in ("s1", "s2", "s3", "s4") if secret in line] == []
    assert json.loads(line)["card"] == "run:1"


def test_no_secret_is_told_by_a_field_or_by_what_a_bug_says() -> None:
    with pytest.raises(ValueError, match="could not") as raised:
        float(f"password=hunter2-and-more {TOKEN}")

    line = _line("Failed.", why=f"refused {TOKEN}", exc_info=(raised.type, raised.value, raised.tb))

    assert [secret for secret in (TOKEN, "hunter2") if secret in line] == []


@pytest.mark.parametrize(
    "fact",
    [
        [f"refused {TOKEN}"],
        {"why": {"said": (f"refused {TOKEN}",)}},
        {TOKEN: 1},
        {"bot_token": "c4nary", "said": TOKEN},
        ValueError(f"refused {TOKEN}"),
        {f"refused {TOKEN}"},
        f"refused {TOKEN}".encode(),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_no_secret_is_told_by_what_a_field_holds(fact: object) -> None:
    line = _line("Failed.", why=fact)

    assert [secret for secret in (TOKEN, "c4nary") if secret in line] == []


def test_text_from_outside_cannot_begin_a_line_of_its_own() -> None:
    line = _line("Buried.", reason='x"}\n{"message": "The bot is ready."\u2028\u202e')

    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line)["message"] == "Buried."


def test_a_bug_is_logged_whole() -> None:
    with pytest.raises(ValueError, match="went wrong") as raised:
        int("what went wrong")

    line = _line("A listener failed.", exc_info=(raised.type, raised.value, raised.tb))

    assert "what went wrong" in json.loads(line)["exception"]


# What is measured.


def _measuring(record: logging.LogRecord, *, namespace: str = NAMESPACE) -> str:
    return JsonLines(namespace=namespace, environment=SERVED).format(record)


def _record(extra: Mapping[str, object] = MappingProxyType({}), *, level: int = logging.INFO) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "bot.runs", "levelno": level, "levelname": "X", "msg": "Told.", **extra})


def test_what_a_line_measures_becomes_a_metric_for_all_and_for_each_set_of_words() -> None:
    line = _measuring(_record({"run": "R-42", **measured((RUNS_ENDED, 1), Ending="repaired", Runbook="rollback")}))

    found = points(line)

    assert {(one.namespace, one.name, one.unit, one.values) for one in found} == {
        (NAMESPACE, "RunsEnded", "Count", (1,))
    }
    assert [dict(one.dimensions) for one in found] == [
        {"Environment": "prod"},
        {"Environment": "prod", "Ending": "repaired"},
        {"Environment": "prod", "Ending": "repaired", "Runbook": "rollback"},
    ]
    assert json.loads(line)["run"] == "R-42"


def test_metrics_that_are_told_apart_by_other_words_share_a_line() -> None:
    line = _measuring(_record(measured((REQUESTS, 1), (REPAIR_SECONDS, 61.23456), Outcome="void", Runbook="x")))

    values = {(one.name, one.values, *sorted(one.dimensions)) for one in points(line)}

    assert values == {
        ("Requests", (1,), "Environment"),
        ("Requests", (1,), "Environment", "Outcome"),
        ("RepairSeconds", (61.235,), "Environment"),
        ("RepairSeconds", (61.235,), "Environment", "Runbook"),
    }


def test_without_a_namespace_the_line_says_the_same_and_no_metric_is_made_of_it() -> None:
    record = _record(measured((MODEL_TOKENS_IN, 900), Task="answer"), level=logging.ERROR)

    line = _measuring(record, namespace="")

    assert points(line) == []
    assert {name: json.loads(line).get(name) for name in ("ModelTokensIn", "Task", "Errors")} == {
        "ModelTokensIn": 900,
        "Task": "answer",
        "Errors": None,
    }


def test_each_line_at_error_is_one_error_also_beside_what_it_measures() -> None:
    lines = [_record(), _record(level=logging.WARNING), _record(level=logging.ERROR), _record(level=logging.CRITICAL)]
    lines.append(_record(measured((ACKS_FAILED, 1)), level=logging.ERROR))

    found = [[(one.name, one.values) for one in points(_measuring(line))] for line in lines]

    once = ("Errors", (1,))
    assert found == [[], [], [once], [once], [("AcksFailed", (1,)), once]]


def test_what_cloudwatch_takes_no_value_of_is_left_out() -> None:
    nothing = _measuring(_record(measured((REPAIR_SECONDS, math.nan), (INBOX_SECONDS, math.inf), Runbook="x")))
    some = _measuring(_record(measured((ACK_MILLISECONDS, [1.0, math.nan, 2.0]))))

    assert "_aws" not in json.loads(nothing)
    assert [one.values for one in points(some)] == [(1.0, 2.0)]


@pytest.mark.parametrize("odd", ["", "   ", "zurück", "line\nbreak", "x" * 2_000, "\u202e"])
def test_an_odd_word_never_spoils_its_line(odd: str) -> None:
    line = _measuring(_record(measured((RUNS_ENDED, 1), Ending="stopped", Runbook=odd)))

    assert len(points(line)) == 3


def test_a_word_that_is_missing_costs_only_what_is_told_apart_by_it() -> None:
    line = _measuring(_record(measured((RUNS_ENDED, 1), Ending="stopped")))

    assert [sorted(one.dimensions) for one in points(line)] == [["Environment"], ["Ending", "Environment"]]


# CloudWatch's own rules, as the tests know them.

WRONG: dict[str, dict[str, object]] = {
    "nan": {"Told": math.nan},
    "text": {"Told": "1"},
    "truth": {"Told": True},
    "many values": {"Told": [1] * 101},
    "no value": {"Told": []},
    "seconds": {"_aws": {"Timestamp": 1_700_000_000}},
    "float": {"_aws": {"Timestamp": 1.5}},
    "long ago": {"_aws": {"Timestamp": 1_574_109_732_004}},
    "not there": {"Metrics": [{"Name": "Other", "Unit": "Count"}]},
    "unit": {"Metrics": [{"Name": "Told", "Unit": "Hours"}]},
    "101 metrics": {"Metrics": [{"Name": "Told", "Unit": "Count"}] * 101},
    "31 dimensions": {"Dimensions": [["Environment"] * 31]},
    "no set": {"Dimensions": []},
    "number as dimension": {"Environment": 7},
    "empty dimension": {"Environment": " "},
    "dimension that is not there": {"Dimensions": [["Other"]]},
    "no namespace": {"Namespace": ""},
    "AWS's namespace": {"Namespace": "AWS/Lambda"},
    "more members": {"Owner": "us"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_tests_refuse_what_cloudwatch_would(wrong: str) -> None:
    whole = json.loads(_measuring(_record(measured((CARDS_BEHIND, 1)))))
    whole["Told"] = whole.pop("CardsBehind")
    directive = whole["_aws"]["CloudWatchMetrics"][0]
    directive["Metrics"][0]["Name"] = "Told"
    assert points(json.dumps(whole))

    for name, value in WRONG[wrong].items():
        if name in {"Metrics", "Dimensions", "Namespace", "Owner"}:
            directive[name] = value
        elif name == "_aws":
            assert isinstance(value, dict)
            whole[name] |= value
        else:
            whole[name] = value

    with pytest.raises(RefusedError):
        points(json.dumps(whole))
