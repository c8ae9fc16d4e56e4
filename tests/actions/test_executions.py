import re

import pytest
from pydantic import ValidationError

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Looking, Occasion, Proposal
from bot.domain.runbook import Risk
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError
from tests.actions.scripted import Script, observe, params_of, propose, propose_on, read
from tests.aws.moto_lake import Lake, eventually, gate
from tests.aws.seeded import ETAG, EXECUTION, MACHINE, PLATFORM, PROBE_INPUT, SOURCE, nothing, permit

DEFINED: JsonObject = {
    "found": True,
    "name": "etl_orchestration",
    "definition": "d" * 64,
    "roleArn": "e" * 64,
    "creationDate": "2026-01-01T00:00:00Z",
}
RAW: JsonObject = {
    "found": True,
    "ETag": ETAG,
    "VersionId": "v7",
    "ContentLength": 4,
    "LastModified": "2026-01-21T02:00:00Z",
}
RUNNING: JsonObject = {
    "found": True,
    "name": "cb-probe-0123456789ab",
    "executionArn": EXECUTION,
    "status": "RUNNING",
    "startDate": "2026-01-21T03:00:00Z",
}
SOURCES: list[JsonValue] = [{"bucket": "lake-bronze", "key": SOURCE}]


def running(**other: JsonValue) -> JsonObject:
    return {"machine": "etl_orchestration", "name_prefix": "cb-probe", "input": PROBE_INPUT, **other}


def script() -> Script:
    return Script(states__machine=[DEFINED], s3__head_source=[RAW], states__execution=[RUNNING])


def test_a_probe_is_one_named_start_that_promotes_nothing() -> None:
    proposal = propose(script().look, "stepfunctions.run", **running(sources=SOURCES))

    (call,) = proposal.calls
    assert (call.row, call.params["stateMachineArn"]) == ("states.start_isolated", MACHINE)
    assert re.fullmatch(r"cb-probe-[0-9a-f]{12}", str(call.params["name"]))
    assert parse_object(str(call.params["input"])) == PROBE_INPUT
    assert CATALOGUE.risk(proposal.calls) is Risk.CONTROL


def test_what_was_seen_covers_the_definition_and_the_version_of_every_source() -> None:
    proposal = propose(script().look, "stepfunctions.run", **running(sources=SOURCES))

    assert proposal.seen == {
        "machine": {"name": "etl_orchestration", "revision": "", "definition": "d" * 64, "role": "e" * 64},
        "sources": [{"bucket": "lake-bronze", "key": SOURCE, "etag": ETAG, "version_id": "v7", "size": 4}],
    }


@pytest.mark.parametrize("promote", [True, "false", "False"])
def test_anything_but_exactly_false_is_no_isolated_start(promote: bool | str) -> None:
    given = running(input={**PROBE_INPUT, "promote": promote})

    with pytest.raises(InvalidError, match=r"states\.start"):
        propose(script().look, "stepfunctions.run", **given)


def test_a_start_that_promotes_a_named_run_is_a_change() -> None:
    given = running(input={**PROBE_INPUT, "promote": True, "run_key": "20260121T020000Z"})

    proposal = propose(script().look, "stepfunctions.run", **given)

    assert [call.row for call in proposal.calls] == ["states.start"]
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE


def test_the_name_is_the_same_for_the_same_occasion_and_another_for_any_other() -> None:
    first = Occasion(installation="i-1", run=42, step="probe")
    occasions = [
        first,
        first,
        first.model_copy(update={"installation": "i-2"}),
        first.model_copy(update={"run": 43}),
        first.model_copy(update={"step": "probe_2"}),
        first.model_copy(update={"item": 1}),
        first.model_copy(update={"request": 2}),
    ]

    names = [
        propose_on(one, script().look, "stepfunctions.run", running()).calls[0].params["name"] for one in occasions
    ]

    assert names[0] == names[1]
    assert len(set(map(str, names))) == 6


@pytest.mark.parametrize("action", ["stepfunctions.run", "stepfunctions.executions"])
def test_a_machine_is_named_and_never_an_arn_not_even_our_own(action: str) -> None:
    with pytest.raises(ValidationError, match="machine"):
        params_of(action, {**running(), "machine": MACHINE})


HOSTILE: list[JsonObject] = [
    {"machine": "payroll"},
    {"name_prefix": "../x"},
    {"name_prefix": "x" * 80},
    {"name_prefix": ""},
    {"input": {**PROBE_INPUT, "raw_key": "etl/job.py"}},
    {"input": {**PROBE_INPUT, "raw_bucket": "lake-quarantine"}},
    {"input": {**PROBE_INPUT, "command": "x"}},
    {"input": {"promote": False}},
    {"sources": [{"bucket": "lake-silver", "key": SOURCE}]},
]


@pytest.mark.parametrize("other", HOSTILE)
def test_a_hostile_start_is_not_proposed(other: JsonObject) -> None:
    with pytest.raises(InvalidError):
        propose(script().look, "stepfunctions.run", **running(**other))


def test_a_source_that_is_not_there_is_said_so() -> None:
    gone = Script(states__machine=[DEFINED], s3__head_source=[{"found": False}])

    with pytest.raises(InvalidError, match="no file"):
        propose(gone.look, "stepfunctions.run", **running(sources=SOURCES))


MONTH: JsonObject = {"pipeline": "transactions", "month": "2026-01", "promote": False}
FOLDER: JsonValue = [{"bucket": "lake-bronze", "prefix": "bronze/mortgages/transactions/ingest_date=2026-01-"}]


def of_month(*keys: str) -> JsonObject:
    files: list[JsonValue] = [
        {"Key": f"{key}", "Size": 4, "ETag": ETAG, "LastModified": "2026-01-21T02:00:00Z"} for key in keys
    ]
    return {"Contents": files}


def backfill(*keys: str) -> Proposal:
    listing = Script(states__machine=[DEFINED], s3__list=[of_month(*keys)])
    return propose(listing.look, "stepfunctions.run", **running(input=MONTH, name_prefix="backfill", folders=FOLDER))


def test_a_month_is_loaded_by_one_start_that_promotes_nothing() -> None:
    proposal = backfill(SOURCE)

    assert [call.row for call in proposal.calls] == ["states.start_month"]
    assert CATALOGUE.risk(proposal.calls) is Risk.CONTROL
    assert "the files under bronze/mortgages/transactions/ingest_date=2026-01-" in proposal.effect


def test_a_file_that_comes_later_is_another_state_seen() -> None:
    assert backfill(SOURCE).seen != backfill(SOURCE, f"{SOURCE}2").seen
    assert backfill(SOURCE).seen == backfill(SOURCE).seen


def test_a_month_without_files_is_not_started() -> None:
    with pytest.raises(InvalidError, match="There is no file under bronze/"):
        backfill()


def test_a_run_that_was_not_answered_has_nothing_to_observe() -> None:
    with pytest.raises(WorldChangedError):
        observe(script().look, "stepfunctions.run", **running())


def test_an_execution_is_observed_until_it_ends() -> None:
    ended: JsonObject = {
        **RUNNING,
        "status": "FAILED",
        "error": "CircuitBreakerOpen",
        "cause": "halted",
        "stopDate": "2026-01-21T03:01:00Z",
    }
    standing = Script(states__execution=[RUNNING, ended])

    first = observe(standing.look, "stepfunctions.run", {"executionArn": EXECUTION}, **running())
    second = observe(standing.look, "stepfunctions.run", {"executionArn": EXECUTION}, **running())

    assert (first["status"], first["error"], first["stopped"]) == ("RUNNING", "", "")
    assert (second["status"], second["error"], second["stopped"]) == (
        "FAILED",
        "CircuitBreakerOpen",
        "2026-01-21T03:01:00Z",
    )


def test_a_stop_names_one_call_and_none_when_it_ended_already() -> None:
    ended = Script(states__execution=[{**RUNNING, "status": "SUCCEEDED"}])

    stop = propose(script().look, "stepfunctions.stop", arn=EXECUTION, cause="breaker open")
    late = propose(ended.look, "stepfunctions.stop", arn=EXECUTION, cause="breaker open")

    assert [(call.row, call.params) for call in stop.calls] == [
        ("states.stop", {"executionArn": EXECUTION, "cause": "breaker open"})
    ]
    assert (stop.seen, stop.already) == ({"status": "RUNNING"}, False)
    assert (late.calls, late.already) == ((), True)


@pytest.mark.parametrize("arn", [EXECUTION.replace("123456789012", "999999999999"), "x", MACHINE, f"{EXECUTION}\n"])
def test_another_execution_is_neither_seen_nor_stopped(arn: str) -> None:
    with pytest.raises(InvalidError, match="executionArn"):
        read(script(), "stepfunctions.execution", arn=arn)
    with pytest.raises(InvalidError, match="executionArn"):
        propose(script().look, "stepfunctions.stop", arn=arn, cause="x")


def test_executions_are_listed_over_pages_within_a_budget() -> None:
    one: JsonObject = {"name": "a", "executionArn": EXECUTION, "startDate": "2026-01-21T03:00:00Z"}
    endless = Script(states__executions=[{"found": True, "executions": [one] * 100, "nextToken": "t"}])
    short = Script(states__executions=[{"found": True, "executions": [one]}])

    many = read(endless, "stepfunctions.executions", machine="etl_orchestration", status="RUNNING")
    few = read(short, "stepfunctions.executions", machine="etl_orchestration", status="RUNNING")

    assert (many["count"], len(endless.asked["states.executions"])) == (200, 2)
    assert few == {
        "count": 1,
        "executions": [{"name": "a", "arn": EXECUTION, "started": "2026-01-21T03:00:00Z"}],
    }


def test_a_probe_on_the_lake_is_started_listed_and_stopped(the_lake: Lake) -> None:
    look = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=gate().look)
    start = propose(look, "stepfunctions.run", **running(sources=SOURCES))
    answer = gate().send(permit(start.calls[0]), mark=nothing)
    seen = observe(look, "stepfunctions.run", answer, **running())

    stop = propose(look, "stepfunctions.stop", arn=seen["arn"], cause="test")
    gate().send(permit(stop.calls[0]), mark=nothing)

    assert (seen["name"], seen["status"]) == (start.calls[0].params["name"], "RUNNING")
    eventually(lambda: observe(look, "stepfunctions.stop", arn=seen["arn"], cause="test") == {"status": "ABORTED"})
