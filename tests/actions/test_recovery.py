import json

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.runbook import Risk
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError
from tests.actions.scripted import Script, observe, propose, read
from tests.aws.seeded import EXECUTION, MACHINE, RUN, SOURCE

ARN = EXECUTION.replace("cb-probe-0123456789ab", RUN)
FAILED: JsonObject = {
    "found": True,
    "name": RUN,
    "executionArn": ARN,
    "status": "FAILED",
    "startDate": "2026-01-21T02:00:00Z",
    "stopDate": "2026-01-21T02:20:00Z",
    "error": "OutOfMemoryError",
    "redriveCount": 0,
    "redriveStatus": "REDRIVABLE",
}
DEFINED: JsonObject = {"found": True, "name": "etl_orchestration", "definition": "d" * 64, "roleArn": "e" * 64}


def event(number: int, kind: str, previous: int, **details: JsonValue) -> JsonObject:
    at = f"2026-01-21T02:{number:02d}:00Z"
    return {"id": number, "previousEventId": previous, "type": kind, "timestamp": at, **details}


EVENTS: list[JsonValue] = [
    event(9, "ExecutionFailed", 8, executionFailedEventDetails={"error": "States.TaskFailed", "cause": "x"}),
    event(8, "TaskFailed", 7, taskFailedEventDetails={"error": "OutOfMemoryError", "cause": "Java heap space"}),
    event(7, "TaskSubmitted", 6),
    event(6, "TaskStateEntered", 5, stateEnteredEventDetails={"name": "RunETL"}),
    event(5, "ChoiceStateExited", 4, stateExitedEventDetails={"name": "PrepareGlueInput"}),
]


def test_the_state_that_failed_is_named_with_its_error() -> None:
    found = read(Script(states__history=[{"found": True, "events": EVENTS}]), "stepfunctions.history", arn=ARN)

    assert (found["failed"], found["state"], found["type"]) == (True, "RunETL", "TaskFailed")
    assert (found["error"], found["cause"]) == ("OutOfMemoryError", "Java heap space")


def test_an_execution_stopped_from_outside_names_its_own_end() -> None:
    events = [event(3, "ExecutionAborted", 0, executionAbortedEventDetails={"error": "ROLLBACK", "cause": "R-7"})]

    found = read(Script(states__history=[{"found": True, "events": [*events]}]), "stepfunctions.history", arn=ARN)

    assert (found["failed"], found["state"], found["error"]) == (True, "", "ROLLBACK")


def test_a_history_without_failure_says_so() -> None:
    found = read(Script(states__history=[{"found": True, "events": EVENTS[3:]}]), "stepfunctions.history", arn=ARN)

    assert (found["failed"], found["error"], found["state"]) == (False, "", "")


def asked(given: JsonObject, **other: JsonValue) -> JsonObject:
    answer: JsonObject = {**FAILED, "input": json.dumps(given), **other}
    return read(Script(states__input=[answer]), "stepfunctions.given", arn=ARN)


def test_what_an_execution_was_given_says_where_its_run_lies() -> None:
    found = asked({"ingest_date": "2025-12-31", "schema_version": "v2", "promote": True, "pipeline": "transactions"})

    assert (found["day"], found["partition"]) == ("2025-12-31", "year=2025/month=12/schema_v=v2")
    assert (found["promote"], found["pipeline"], found["foreign"]) == (True, "transactions", 0)


def test_without_a_day_it_is_that_of_the_source_file_or_of_the_start() -> None:
    assert asked({"raw_key": SOURCE})["day"] == SOURCE.split("ingest_date=")[1][:10]
    assert (asked({})["day"], asked({})["promote"]) == ("2026-01-21", False)


def test_of_a_whole_month_it_is_the_first_day_whenever_that_was_loaded() -> None:
    found = asked({"month": "2025-09", "schema_version": "v1", "promote": False})

    assert (found["day"], found["partition"]) == ("2025-09-01", "year=2025/month=09/schema_v=v1")
    assert found["foreign"] == 0


@pytest.mark.parametrize(
    "value", ["../x", "2025-12-31/../..", 20251231, None, ["2025-12-31"], "\uff12\uff10\uff12\uff15-12-31"]
)
def test_what_has_no_form_is_as_good_as_not_given(value: JsonValue) -> None:
    found = asked({"ingest_date": value, "pipeline": "a b", "raw_key": "bronze/../x", "password": "x"})

    assert (found["day"], found["pipeline"], found["raw_key"], found["foreign"]) == ("2026-01-21", "", "", 1)
    assert "password" not in str(found)


def redriving(**other: JsonValue) -> Script:
    return Script(states__execution=[{**FAILED, **other}], states__machine=[DEFINED])


def test_a_redrive_is_one_call_with_a_token_of_its_own_and_may_promote() -> None:
    proposal = propose(redriving().look, "stepfunctions.redrive", arn=ARN)

    (call,) = proposal.calls
    assert (call.row, call.params["executionArn"]) == ("states.redrive", ARN)
    assert len(str(call.params["clientToken"])) == 64
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE
    assert (proposal.seen["status"], proposal.seen["redrives"]) == ("FAILED", 0)


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_only_what_ended_badly_goes_on(status: str) -> None:
    with pytest.raises(InvalidError, match=status):
        propose(redriving(status=status).look, "stepfunctions.redrive", arn=ARN)


def test_what_aws_will_not_let_go_on_is_refused_with_its_reason() -> None:
    script = redriving(redriveStatus="NOT_REDRIVABLE", redriveStatusReason="Execution is older than 14 days")

    with pytest.raises(InvalidError, match="older than 14 days"):
        propose(script.look, "stepfunctions.redrive", arn=ARN)


def test_how_often_it_went_on_is_part_of_what_comes_back() -> None:
    script = Script(states__execution=[{**FAILED, "status": "RUNNING", "redriveCount": 1}])

    assert observe(script.look, "stepfunctions.redrive", {}, arn=ARN)["redrives"] == 1


def rerunning(given: JsonObject, status: str = "FAILED") -> Script:
    said: JsonObject = {
        "found": True,
        "name": RUN,
        "status": status,
        "stateMachineArn": MACHINE,
        "startDate": "2026-01-21T02:00:00Z",
        "input": json.dumps(given),
    }
    return Script(states__input=[said], states__machine=[DEFINED])


def test_a_rerun_that_promotes_nothing_is_a_control_over_the_same_day() -> None:
    proposal = propose(rerunning({"promote": True}).look, "stepfunctions.rerun", arn=ARN)

    (call,) = proposal.calls
    assert call.row == "states.start_day"
    assert parse_object(str(call.params["input"])) == {"ingest_date": "2026-01-21", "promote": False}
    assert str(call.params["name"]).startswith("rerun-20260121t020000z-")
    assert CATALOGUE.risk(proposal.calls) is Risk.CONTROL


def test_a_rerun_that_promotes_can_promote_itself_only_and_is_a_change() -> None:
    given: JsonObject = {"raw_bucket": "lake-bronze", "raw_key": SOURCE, "run_key": "whatever"}
    proposal = propose(rerunning(given).look, "stepfunctions.rerun", arn=ARN, promote=True)

    (call,) = proposal.calls
    assert call.row == "states.start"
    assert parse_object(str(call.params["input"]))["run_key"] == call.params["name"]
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE


def test_a_month_is_loaded_again_as_a_month() -> None:
    proposal = propose(rerunning({"month": "2025-09", "promote": False}).look, "stepfunctions.rerun", arn=ARN)

    (call,) = proposal.calls
    assert call.row == "states.start_month"
    assert parse_object(str(call.params["input"])) == {"month": "2025-09", "promote": False}


@pytest.mark.parametrize("given", [{"command": "x"}, {"smoke": True}, {"source": "quarantine"}])
def test_an_input_with_other_fields_is_not_used_again(given: JsonObject) -> None:
    with pytest.raises(InvalidError, match="not used again"):
        propose(rerunning(given).look, "stepfunctions.rerun", arn=ARN)


@pytest.mark.parametrize("given", [{"raw_bucket": "lake-gold", "raw_key": SOURCE}, {"ingest_date": "../x"}])
def test_an_input_that_no_row_admits_is_not_used_again(given: JsonObject) -> None:
    with pytest.raises(InvalidError):
        propose(rerunning(given).look, "stepfunctions.rerun", arn=ARN)


def test_what_still_runs_is_not_started_beside_itself() -> None:
    with pytest.raises(InvalidError, match="still runs"):
        propose(rerunning({}, "RUNNING").look, "stepfunctions.rerun", arn=ARN)


def test_a_rerun_that_was_not_answered_is_no_run() -> None:
    with pytest.raises(WorldChangedError):
        observe(Script().look, "stepfunctions.rerun", arn=ARN)


def running(given: JsonObject) -> JsonObject:
    return {"machine": "etl_orchestration", "name_prefix": "x", "input": given}


STARTS: dict[str, tuple[JsonObject, Risk]] = {
    "states.smoke": ({"smoke": True, "promote": False}, Risk.CONTROL),
    "states.start_day": ({"ingest_date": "2026-01-21", "promote": False}, Risk.CONTROL),
    "states.compact": ({"source": "current", "month": "2026-01", "promote": False}, Risk.CONTROL),
    "states.retry_quarantine": (
        {"source": "quarantine", "run_id": RUN, "reasons": ["CURRENCY_ERROR"], "promote": False},
        Risk.CHANGE,
    ),
}


@pytest.mark.parametrize("row", sorted(STARTS))
def test_each_kind_of_start_has_its_own_row_and_risk(row: str) -> None:
    given, risk = STARTS[row]

    proposal = propose(Script(states__machine=[DEFINED]).look, "stepfunctions.run", **running(given))

    assert [call.row for call in proposal.calls] == [row]
    assert CATALOGUE.risk(proposal.calls) is risk


@pytest.mark.parametrize(
    "given",
    [
        {"smoke": True},
        {"smoke": True, "promote": True},
        {"smoke": False, "promote": False},
        {"source": "silver", "run_id": RUN, "reasons": [], "promote": False},
        {"source": "quarantine", "run_id": RUN, "reasons": ["x; DROP"], "promote": False},
        {"promote": True, "run_key": ""},
        {"promote": False},
    ],
)
def test_a_start_that_could_promote_or_load_anything_is_not_proposed(given: JsonObject) -> None:
    with pytest.raises(InvalidError):
        propose(Script(states__machine=[DEFINED]).look, "stepfunctions.run", **running(given))
