import string

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.aws.model import param_problems, row_problems
from bot.domain.action import Replay, bind
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.aws.seeded import (
    ACCOUNT,
    BREAKER,
    FOREIGN,
    GOOD,
    PLATFORM,
    PROBE_INPUT,
    forged,
    good,
    sendable,
    text,
)

ROWS = sorted(CATALOGUE.rows)
PROBE = PROBE_INPUT


def test_every_row_has_a_good_example() -> None:
    assert set(GOOD) == set(CATALOGUE.rows)


def test_every_row_names_operations_parameters_and_answers_that_aws_has() -> None:
    assert row_problems(CATALOGUE.rows.values()) == []


@pytest.mark.parametrize("row", ROWS)
def test_a_good_call_is_admitted_fits_the_model_and_binds_to_itself(row: str) -> None:
    call = good(row)

    assert param_problems(CATALOGUE.row(row), call.params) is None
    assert bind(CATALOGUE.row(row), call.params, PLATFORM) == call
    assert call.resource


@pytest.mark.parametrize("row", ROWS)
def test_every_row_that_changes_something_says_so_and_how_often_it_may_be_sent(row: str) -> None:
    found = CATALOGUE.row(row)
    reads = found.operation.startswith(("get_", "list_", "head_", "describe_", "filter_"))

    assert (found.risk is Risk.READ) == reads
    assert found.iam
    if found.replay is Replay.TOKEN:
        assert found.token in found.required
    if not reads and found.replay is Replay.SAFE:
        assert {"IfMatch"} <= set(found.required)


@pytest.mark.parametrize("row", ROWS)
def test_the_resource_of_a_row_is_made_of_required_parameters(row: str) -> None:
    found = CATALOGUE.row(row)
    fields = {name for _, name, _, _ in string.Formatter().parse(found.resource) if name}

    assert fields <= set(found.required)


@pytest.mark.parametrize("row", [row for row in ROWS if CATALOGUE.row(row).service == "s3"])
def test_no_call_to_s3_goes_without_the_expected_owner(row: str) -> None:
    assert good(row).params["ExpectedBucketOwner"] == ACCOUNT
    with pytest.raises(InvalidError, match="ExpectedBucketOwner"):
        bind(CATALOGUE.row(row), {**GOOD[row], "ExpectedBucketOwner": "999999999999"}, PLATFORM)


@pytest.mark.parametrize("what", sorted(FOREIGN))
@pytest.mark.parametrize("row", ROWS)
def test_no_row_admits_a_foreign_value_in_any_parameter(row: str, what: str) -> None:
    for name in CATALOGUE.row(row).allows:
        if sendable(name, FOREIGN[what]):
            continue
        with pytest.raises(InvalidError):
            bind(CATALOGUE.row(row), forged(row, **{name: FOREIGN[what]}).params, PLATFORM)


@pytest.mark.parametrize("row", ROWS)
def test_no_row_carries_a_parameter_it_does_not_list(row: str) -> None:
    with pytest.raises(InvalidError, match="may not carry"):
        bind(CATALOGUE.row(row), {**GOOD[row], "ACL": "public-read"}, PLATFORM)


def body(**other: JsonValue) -> JsonObject:
    return {"Body": text({**BREAKER, **other})}


def start(**other: JsonValue) -> JsonObject:
    return {"input": text({**PROBE, **other})}


HOSTILE: list[tuple[str, JsonObject]] = [
    ("s3.put_breaker", {"Key": "etl/transaction_etl.py"}),
    ("s3.put_breaker", {"Key": "control/circuit_breaker/payroll.json"}),
    ("s3.put_breaker", {"Key": "control/circuit_breaker/transactions.json/"}),
    ("s3.put_breaker", {"Key": "xcontrol/circuit_breaker/transactions.json"}),
    ("s3.put_breaker", {"Key": "control/circuit_breaker/transactionsXjson"}),
    ("s3.put_breaker", {"Bucket": "lake-silver"}),
    ("s3.put_breaker", {"IfMatch": "*"}),
    ("s3.put_breaker", {"ContentType": "text/html"}),
    ("s3.put_breaker", {"Body": "#!/bin/sh"}),
    ("s3.put_breaker", {"Body": text({**BREAKER})[:-1] + ', "state": "CLOSED"}'}),
    ("s3.put_breaker", body(state="BROKEN")),
    ("s3.put_breaker", body(threshold=0)),
    ("s3.put_breaker", body(count=True)),
    ("s3.put_breaker", body(changed_by="somebody")),
    ("s3.put_breaker", body(reason="x" * 501)),
    ("s3.put_breaker", body(command="rm -rf /")),
    ("s3.put_breaker", body(pipeline="payroll")),
    ("s3.get_breaker", {"Key": "control/circuit_breaker/../secrets.json"}),
    ("s3.get_breaker", {"Bucket": "lake-bronze"}),
    ("s3.get_pointer", {"Key": "terraform/prod.tfstate"}),
    ("s3.list", {"Prefix": ""}),
    ("s3.list", {"Prefix": "terraform/"}),
    ("s3.list", {"Bucket": "lake-terraform-state"}),
    ("states.start_isolated", start(promote=True)),
    ("states.start_isolated", start(promote="false")),
    ("states.start_isolated", start(promote=0)),
    ("states.start_isolated", start(promote=None)),
    ("states.start_isolated", {"input": text({"raw_bucket": "lake-bronze", "raw_key": PROBE["raw_key"]})}),
    ("states.start_isolated", {"input": '{"promote": true, "promote": false}'}),
    ("states.start_isolated", start(raw_bucket="lake-quarantine")),
    ("states.start_isolated", start(raw_key="bronze/../etl/job.py")),
    ("states.start_isolated", start(raw_key="bronze/ingest_date=2026-01-21/../../x.csv")),
    ("states.start_isolated", start(extra="x")),
    ("states.start_isolated", {"name": "cb-probe"}),
    ("states.start", start(promote=True)),
    ("states.start", {"name": ""}),
    ("events.disable_rule", {"Name": "payroll_schedule"}),
    ("events.disable_rule", {"Name": "daily_etl_schedule*"}),
    ("logs.filter", {"filterPattern": '{ $.level = "ERROR" }'}),
    ("logs.filter", {"filterPattern": '"a" "b"'}),
    ("logs.filter", {"logGroupName": "/aws/lambda/secrets"}),
    ("logs.filter", {"limit": 10_001}),
    ("cloudwatch.alarm", {"AlarmNames": ["a", "b"]}),
    ("cloudwatch.alarm", {"AlarmNames": ["a" * 256]}),
    ("cloudwatch.metric", {"MetricDataQueries": [{"Id": "m", "Expression": "SEARCH('x', 'Sum')"}]}),
    ("states.stop", {"cause": "x" * 257}),
    ("states.executions", {"statusFilter": "ANY"}),
]


@pytest.mark.parametrize(("row", "other"), HOSTILE, ids=[f"{n}-{row}" for n, (row, _) in enumerate(HOSTILE)])
def test_a_hostile_call_is_not_admitted(row: str, other: JsonObject) -> None:
    with pytest.raises(InvalidError):
        bind(CATALOGUE.row(row), {**GOOD[row], **other}, PLATFORM)


def test_a_missing_required_parameter_is_named() -> None:
    with pytest.raises(InvalidError, match="IfMatch"):
        bind(
            CATALOGUE.row("s3.put_breaker"),
            {name: value for name, value in GOOD["s3.put_breaker"].items() if name != "IfMatch"},
            PLATFORM,
        )


def test_a_machine_may_be_named_and_is_written_out_in_full() -> None:
    call = good("states.machine", stateMachineArn="etl_orchestration")

    assert call == good("states.machine")


def test_every_action_names_only_rows_there_are_and_is_either_reading_or_changing() -> None:
    for action in CATALOGUE.actions.values():
        assert set(action.rows) <= set(CATALOGUE.rows)
        assert (action.read is None) == (action.propose is not None) == (action.observe is not None)
        highest = max((CATALOGUE.row(row).risk for row in action.rows), key=lambda risk: risk.rank)
        assert action.risk is highest
