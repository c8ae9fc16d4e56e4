"""What an execution was given and what failed in it; starting it again: from where it failed, or as a new run."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.executions import Execution, NameExecution, definition, execution_of, settle_start, start_row
from bot.actions.listing import rows_of
from bot.actions.parameters import Returns
from bot.actions.rows.patterns import SOURCE_KEY
from bot.actions.rows.states import ENTERED, FAILED, RUN_FIELDS
from bot.domain.action import Action, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.strictjson import canonical, digest, parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError

MOST_EVENTS = 100
MOST_WORDS = 1_000
MOST_INPUT = 262_144
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MONTH = r"[0-9]{4}-(?:0[1-9]|1[0-2])"
USED_AGAIN = frozenset({*RUN_FIELDS, "month", "promote"})
ENDED_BADLY = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


class Happened(Returns):
    """Hold one event."""

    at: str
    type: str
    state: str


class History(Returns):
    """Return what went wrong, and the last events, newest first.

    Attributes:
        failed: whether something did.
        state: the state that failed; empty where none is named.
        events: those that name a state or a failure.
    """

    failed: bool
    state: str
    type: str
    error: str
    cause: str
    read: int
    events: list[Happened]


def history(look: Look, params: NameExecution, _now: datetime) -> JsonObject:
    """Return what went wrong in an execution."""
    answer = look(
        "states.history",
        executionArn=params.arn,
        reverseOrder=True,
        includeExecutionData=False,
        maxResults=MOST_EVENTS,
    )
    if answer.get("found") is False:
        raise InvalidError(f"There is no execution {shown(params.arn)}.")
    events = rows_of(answer.get("events"))
    by_id = {event["id"]: event for event in events}
    wrong = [event for event in events if _words(event)]
    # The execution's own end comes first; what failed in a state says more.
    first = next((one for one in wrong if not str(one["type"]).startswith("Execution")), wrong[0] if wrong else {})
    words = _words(first) or {}
    told: list[JsonValue] = [
        {"at": one["timestamp"], "type": one["type"], "state": _name(one) or ""}
        for one in events
        if _name(one) or _words(one)
    ]
    return {
        "failed": bool(wrong),
        "state": _state(first, by_id),
        "type": first.get("type", ""),
        "error": str(words.get("error") or "")[:MOST_WORDS],
        "cause": str(words.get("cause") or "")[:MOST_WORDS],
        "read": len(events),
        "events": told,
    }


def _words(event: JsonObject) -> JsonObject | None:
    return next((details for name in FAILED if isinstance(details := event.get(name), dict)), None)


def _name(event: JsonObject) -> str | None:
    details = next((details for name in ENTERED if isinstance(details := event.get(name), dict)), {})
    return str(details["name"]) if details.get("name") else None


def _state(event: JsonObject, by_id: dict[JsonValue, JsonObject]) -> str:
    """Return the state an event belongs to: that of the nearest event before it that entered one."""
    for _ in range(MOST_EVENTS):
        if name := _name(event):
            return name
        event = by_id.get(event.get("previousEventId"), {})
    return ""


class Given(Returns):
    """Return what an execution was given, as far as it says where its run belongs.

    Attributes:
        day: the day it is about: what it was given, of a month the first, else the day of its source file, else the
            day it started.
        partition: where its run lies below the table, as `year=2026/month=01/schema_v=v1`.
        foreign: how many other fields it was given; a rerun refuses them.
    """

    name: str
    day: str
    partition: str
    schema_version: str
    pipeline: str
    raw_key: str
    promote: bool
    foreign: int


def given(look: Look, params: NameExecution, _now: datetime) -> JsonObject:
    """Return what an execution was given."""
    found = look("states.input", executionArn=params.arn)
    if found.get("found") is False:
        raise InvalidError(f"There is no execution {shown(params.arn)}.")
    was = parse_object(str(found.get("input") or "{}"), most=MOST_INPUT)
    raw_key = _text(was, "raw_key", SOURCE_KEY)
    of_file = re.search(rf"/ingest_date=({DAY})/", raw_key)
    month = _text(was, "month", MONTH)
    named = _text(was, "ingest_date", DAY) or (f"{month}-01" if month else "")
    day = named or (of_file[1] if of_file else str(found["startDate"])[:10])
    version = _text(was, "schema_version", r"v[0-9]{1,3}") or "v1"
    return {
        "name": found["name"],
        "day": day,
        "partition": f"year={day[:4]}/month={day[5:7]}/schema_v={version}",
        "schema_version": version,
        "pipeline": _text(was, "pipeline", r"[a-z][a-z0-9_-]{0,39}"),
        "raw_key": raw_key,
        "promote": was.get("promote") is True,
        "foreign": len(set(was) - USED_AGAIN),
    }


def _text(was: JsonObject, name: str, pattern: str) -> str:
    """Return a field that is text of that form; anything else is as good as none."""
    value = was.get(name)
    return value if isinstance(value, str) and value.isascii() and re.fullmatch(pattern, value) else ""


class Redriven(Execution):
    """Return how the execution stands, and how often it was let go on."""

    redrives: int


def propose_redrive(look: Look, params: NameExecution, occasion: Occasion) -> Proposal:
    """Propose to let an execution go on from the state that failed, with the definition it had."""
    found = look("states.execution", executionArn=params.arn)
    if found.get("found") is False:
        raise InvalidError(f"There is no execution {shown(params.arn)}.")
    status = str(found["status"])
    if status not in ENDED_BADLY:
        raise InvalidError(f"The execution is {status}; only one that failed, timed out or was stopped can go on.")
    if found.get("redriveStatus", "REDRIVABLE") != "REDRIVABLE":
        reason = found.get("redriveStatusReason") or "AWS does not say why"
        raise InvalidError(f"The execution cannot go on: {reason}. Start it anew instead (stepfunctions.rerun).")
    machine = look("states.machine", stateMachineArn=_machine(params.arn))
    return Proposal(
        calls=(look.call("states.redrive", executionArn=params.arn, clientToken=occasion.token(64)),),
        seen={"status": status, "redrives": found.get("redriveCount", 0), "machine": definition(machine)},
        effect=f"Lets {found['name']} go on from the state that failed; if it succeeds, it may promote its run.",
        changes=f"status: {status} -> RUNNING",
        untouched="What its earlier states wrote; every other run.",
    )


def _machine(arn: str) -> str:
    parts = arn.split(":")
    return parts[6] if len(parts) == 8 else ""


def observe_redrive(look: Look, params: NameExecution, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how the execution stands."""
    redrives = look("states.execution", executionArn=params.arn).get("redriveCount", 0)
    return {**execution_of(look, params.arn), "redrives": redrives}


class Rerun(NameExecution):
    """Name the execution whose input is used again.

    Attributes:
        promote: whether the new run may be given to readers; it can promote itself only.
    """

    promote: bool = False
    name_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,20}$")] = "rerun"


def propose_rerun(look: Look, params: Rerun, occasion: Occasion) -> Proposal:
    """Propose one new execution with the input of an earlier one, over the day that one was about."""
    found = look("states.input", executionArn=params.arn)
    if found.get("found") is False:
        raise InvalidError(f"There is no execution {shown(params.arn)}.")
    if found["status"] == "RUNNING":
        raise InvalidError("The execution still runs; two runs of one input would race.")
    was = parse_object(str(found.get("input") or "{}"), most=MOST_INPUT)
    foreign = sorted(set(was) - USED_AGAIN)
    if foreign:
        raise InvalidError(f"Its input has fields that are not used again: {', '.join(map(shown, foreign))}.")
    of = re.sub(r"[^a-z0-9-]", "", str(found["name"]).lower())[:24]
    name = "-".join(one for one in (params.name_prefix, of, occasion.token()) if one)
    kept = {field: value for field, value in was.items() if field not in {"promote", "run_key"}}
    if "raw_key" not in kept and "month" not in kept:
        kept.setdefault("ingest_date", str(found["startDate"])[:10])
    again: JsonObject = {**kept, "promote": params.promote, **({"run_key": name} if params.promote else {})}
    machine = look("states.machine", stateMachineArn=_machine(params.arn))
    call = look.call(start_row(again), stateMachineArn=_machine(params.arn), name=name, input=canonical(again).decode())
    outcome = "if its gate allows it, readers are given it" if params.promote else "it promotes nothing"
    return Proposal(
        calls=(call,),
        seen={
            "of": found["name"],
            "status": found["status"],
            "input": digest(was),
            "machine": definition(machine),
        },
        effect=f"Starts {_machine(params.arn)} once as {name}, with the input of {found['name']}; {outcome}.",
        changes=f"execution {name}: none -> RUNNING",
        untouched="The earlier run's files." if params.promote else "What readers are given; the earlier run's files.",
    )


def observe_rerun(look: Look, _params: Rerun, answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how the new execution stands.

    Raises:
        WorldChangedError: there was no answer that names it.
    """
    if not answers:
        raise WorldChangedError("No execution was started.", field="execution", was="started", now="none")
    return execution_of(look, str(answers[-1]["executionArn"]))


ACTIONS = (
    Action(
        id="stepfunctions.given",
        title="See what an execution was given",
        params=NameExecution,
        returns=Given,
        rows=("states.input",),
        read=given,
    ),
    Action(
        id="stepfunctions.history",
        title="Find what failed in an execution",
        params=NameExecution,
        returns=History,
        rows=("states.history",),
        read=history,
    ),
    Action(
        id="stepfunctions.redrive",
        title="Let a failed execution go on from where it failed",
        params=NameExecution,
        returns=Redriven,
        rows=("states.execution", "states.machine", "states.redrive"),
        risk=Risk.CHANGE,
        propose=propose_redrive,
        observe=observe_redrive,
        local=False,
    ),
    Action(
        id="stepfunctions.rerun",
        title="Start an execution anew with its own input",
        params=Rerun,
        returns=Execution,
        rows=(
            "states.input",
            "states.machine",
            "states.start_isolated",
            "states.start_day",
            "states.start_month",
            "states.start",
            "states.execution",
        ),
        risk=Risk.CHANGE,
        propose=propose_rerun,
        observe=observe_rerun,
        settle=settle_start,
    ),
)
