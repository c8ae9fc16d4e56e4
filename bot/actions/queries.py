"""Queries on Athena: count rows of the lake's tables, ask how a query would run, see how queries ran, stop one.

Rows never leave the lake: a query gives counts, and the few columns that tell of rows and hold nothing of theirs.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain import sql
from bot.domain.action import Action, Look, Occasion, Proposal
from bot.domain.moment import moment, written
from bot.domain.runbook import Risk
from bot.domain.strictjson import digest
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_ROWS = 200
MOST_VALUE = 200
MOST_PLAN = 4_000
PAUSES_S = (0.1, 0.2, 0.5, 1.0, *(2.0,) * 20)
GOING = frozenset({"QUEUED", "RUNNING"})
_NUMBERS = frozenset({"tinyint", "smallint", "integer", "int", "bigint"})
_TOTALS = {
    "scanned_bytes": "DataScannedInBytes",
    "total_ms": "TotalExecutionTimeInMillis",
    "queue_ms": "QueryQueueTimeInMillis",
    "planning_ms": "QueryPlanningTimeInMillis",
    "engine_ms": "EngineExecutionTimeInMillis",
}


class AskQuery(Params):
    """Say what is counted.

    Attributes:
        query: one SELECT of counts, or SHOW PARTITIONS; ? stands for each value in WHERE, and no text in it.
        values: what each ? stands for.
    """

    workgroup: str
    database: str
    query: Annotated[str, Field(max_length=sql.MOST_CHARACTERS)]
    values: list[str | int] = Field(default=[], max_length=sql.MOST_VALUES)


class Counted(Returns):
    """Return what was counted; `rows`, `first` and `count` are absent unless the query SUCCEEDED.

    Attributes:
        state: SUCCEEDED, FAILED, CANCELLED, or RUNNING where it took longer than a step waits.
        first: the first row; absent where there is none.
    """

    state: str
    id: str
    reason: str
    scanned_bytes: int
    total_ms: int
    count: int = 0
    complete: bool = False
    rows: list[Mapping[str, int | float | str | None]] = []
    first: Mapping[str, int | float | str | None] = {}


def query(look: Look, params: AskQuery, now: datetime) -> JsonObject:
    """Return what a query counted."""
    text = sql.selected(params.query, tables=None, database=params.database)
    sql.insist_on_values(sql.marks_in(text), params.values)
    quoted: list[JsonValue] = [sql.quoted(value) for value in params.values]
    values: JsonObject = {"ExecutionParameters": quoted} if quoted else {}
    _insist_on_limit(look, params.workgroup)
    found = _asked(look, "athena.select", params, text, now, **values)
    if found["state"] == "SUCCEEDED":
        found |= _rows(look, str(found["id"]))
    return found


def _asked(look: Look, row: str, params: AskQuery, text: str, now: datetime, **more: JsonValue) -> JsonObject:
    """Start a query, and wait for it."""
    token = digest([params.workgroup, text, [str(value) for value in params.values], written(now)])
    started = look(
        row,
        QueryString=text,
        WorkGroup=params.workgroup,
        QueryExecutionContext={"Database": params.database},
        ClientRequestToken=token,
        **more,
    )
    return waited_for(look, str(started["QueryExecutionId"]))


def _insist_on_limit(look: Look, workgroup: str) -> None:
    if not limit_of(look, workgroup):
        raise InvalidError(f"The work group {workgroup} does not limit what a query may read; set its limit first.")


def limit_of(look: Look, workgroup: str) -> int:
    """Return how many bytes a query of the work group may read; 0 where there is no limit."""
    answer = look("athena.workgroup", WorkGroup=workgroup)
    limits = object_of(object_of(answer["WorkGroup"]).get("Configuration"))
    return int(str(limits.get("BytesScannedCutoffPerQuery") or 0))


def waited_for(look: Look, query_id: str, *, sleep: Callable[[float], None] = time.sleep) -> JsonObject:
    """Return how a query stands when it has ended, or when a step has waited long enough."""
    found = _standing(look, query_id)
    for pause in PAUSES_S:
        if found["state"] not in GOING:
            break
        sleep(pause)
        found = _standing(look, query_id)
    return {name: found[name] for name in ("state", "id", "reason", "scanned_bytes", "total_ms")}


def _standing(look: Look, query_id: str) -> JsonObject:
    return _ran(object_of(look("athena.execution", QueryExecutionId=query_id)["QueryExecution"]))


def _ran(one: JsonObject) -> JsonObject:
    status, totals = object_of(one["Status"]), object_of(one.get("Statistics"))
    shape = sql.shape(str(one.get("Query") or ""))
    compared: list[JsonValue] = [*shape.compared]
    return {
        "id": one["QueryExecutionId"],
        "state": status["State"],
        "reason": str(status.get("StateChangeReason") or "")[:500],
        "submitted": status.get("SubmissionDateTime") or "",
        **{ours: totals.get(theirs) or 0 for ours, theirs in _TOTALS.items()},
        "query": shape.text,
        "compared": compared,
    }


def _rows(look: Look, query_id: str) -> JsonObject:
    answer = look("athena.results", QueryExecutionId=query_id, MaxResults=MOST_ROWS + 1)
    columns, rows = _table(answer)
    if rows and list(rows[0]) == [name for name, _ in columns]:
        rows = rows[1:]  # of a SELECT, Athena's first row holds the names
    kept: list[JsonValue] = [
        {name: _value(kind, value) for (name, kind), value in zip(columns, row, strict=False)}
        for row in rows[:MOST_ROWS]
    ]
    found: JsonObject = {
        "count": len(kept),
        "complete": "NextToken" not in answer and len(rows) <= MOST_ROWS,
        "rows": kept,
    }
    return {**found, "first": kept[0]} if kept else found


def _table(answer: JsonObject) -> tuple[list[tuple[str, str]], list[list[str | None]]]:
    result = object_of(answer.get("ResultSet"))
    names = rows_of(object_of(result.get("ResultSetMetadata")).get("ColumnInfo"))
    columns = [(str(one["Name"]), str(one["Type"])) for one in names]
    rows = [
        [None if cell.get("VarCharValue") is None else str(cell["VarCharValue"]) for cell in rows_of(row.get("Data"))]
        for row in rows_of(result.get("Rows"))
    ]
    return columns, rows


def _value(kind: str, value: str | None) -> JsonValue:
    if value is not None and kind in _NUMBERS and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    if value is not None and kind in {"double", "float", "decimal", "real"} and re.fullmatch(r"-?[0-9.]{1,30}", value):
        return float(value)
    return value if value is None else value[:MOST_VALUE]


class Explain(AskQuery):
    """Name any SELECT on the lake's tables, and the columns that should bound what it reads."""

    columns: list[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,60}$")]] = Field(default=["year", "month"])


class Plan(Returns):
    """Return how a query would run; `plan`, `bounded` and `pruned` are absent unless Athena said so.

    Attributes:
        bounded: those of the columns that the plan bounds where it reads the table.
        pruned: all of them are, so that only their partitions are read.
    """

    state: str
    id: str
    reason: str
    scanned_bytes: int
    total_ms: int
    plan: str = ""
    bounded: list[str] = []
    pruned: bool = False


def explain(look: Look, params: Explain, now: datetime) -> JsonObject:
    """Return how Athena would run a query; nothing is read."""
    text = sql.explaining(params.query, params.values, tables=None, database=params.database)
    found = _asked(look, "athena.explain", params, text, now)
    if found["state"] != "SUCCEEDED":
        return found
    _, rows = _table(look("athena.results", QueryExecutionId=found["id"], MaxResults=MOST_ROWS + 1))
    plan = "\n".join(cell for row in rows for cell in row if cell is not None)
    if not plan:
        return found
    bounded: list[JsonValue] = [name for name in params.columns if _bounds(plan, name)]
    return {
        **found,
        "plan": plan[:MOST_PLAN],
        "bounded": bounded,
        "pruned": bool(params.columns) and len(bounded) == len(params.columns),
    }


def _bounds(plan: str, column: str) -> bool:
    """Return whether the plan gives a domain (`:: [[…]]`) right behind the column of a table scan."""
    return bool(re.search(rf"\b{column}\b(?::[a-z0-9(),]+)*(?::PARTITION_KEY|:REGULAR)?\s*\n?\s*:: \[", plan))


class NameQuery(Params):
    """Name a query by Athena's id."""

    id: str


class Ran(Returns):
    """Return how a query ran.

    Attributes:
        query: what it looks like, every value as ?; empty where it cannot be read.
        compared: the columns its WHERE compares.
    """

    id: str
    state: str
    reason: str
    submitted: str
    scanned_bytes: int
    total_ms: int
    queue_ms: int
    planning_ms: int
    engine_ms: int
    query: str
    compared: list[str]


def statistics(look: Look, params: NameQuery, _now: datetime) -> JsonObject:
    """Return how a query ran."""
    return _standing(look, params.id)


class Recent(Params):
    """Say which work group's newest queries are looked at, and over which hours."""

    workgroup: str
    hours: int = Field(default=24, ge=1, le=336)
    most: int = Field(default=10, ge=1, le=50)


class Worst(Returns):
    """Return the queries that read most, most first; `looked` of the newest 50 were within the hours."""

    looked: int
    going: int
    queries: list[Ran]


def worst(look: Look, params: Recent, now: datetime) -> JsonObject:
    """Return the recent queries that read most."""
    listed = look("athena.executions", WorkGroup=params.workgroup, MaxResults=50)
    ids = listed.get("QueryExecutionIds")
    if not isinstance(ids, list) or not ids:
        return {"looked": 0, "going": 0, "queries": []}
    since = now - timedelta(hours=params.hours)
    found = [_standing(look, str(one)) for one in ids]
    recent = [one for one in found if not one["submitted"] or moment(str(one["submitted"])) >= since]
    recent.sort(key=lambda one: (int(str(one["scanned_bytes"])), int(str(one["total_ms"]))), reverse=True)
    return {
        "looked": len(recent),
        "going": sum(1 for one in recent if one["state"] in GOING),
        "queries": [*recent[: params.most]],
    }


class Stages(Returns):
    """Return what a query read and gave, as far as Athena says."""

    known: bool
    input_rows: int = 0
    input_bytes: int = 0
    output_rows: int = 0


def stages(look: Look, params: NameQuery, _now: datetime) -> JsonObject:
    """Return what a query read."""
    answer = look("athena.stages", QueryExecutionId=params.id)
    found = object_of(object_of(answer["QueryRuntimeStatistics"]).get("Rows"))
    names = {"input_rows": "InputRows", "input_bytes": "InputBytes", "output_rows": "OutputRows"}
    numbers = {ours: found[theirs] for ours, theirs in names.items() if found.get(theirs) is not None}
    return {"known": bool(numbers), **numbers}


class QueryState(Returns):
    """Return the query's state."""

    state: str


def propose_stop(look: Look, params: NameQuery, _occasion: Occasion) -> Proposal:
    """Propose to stop a query that still goes."""
    state = _standing(look, params.id)["state"]
    if state not in GOING:
        words = f"The query is {state} already."
        return Proposal(calls=(), seen={"state": state}, effect=words, changes="nothing", already=True)
    return Proposal(
        calls=(look.call("athena.stop", QueryExecutionId=params.id),),
        seen={"going": True},
        effect="Stops the query; whoever asked it gets no answer.",
        changes=f"state: {state} -> CANCELLED",
        untouched="All data, every other query.",
    )


def observe_stop(look: Look, params: NameQuery, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the query's state."""
    return {"state": _standing(look, params.id)["state"]}


ACTIONS = (
    Action(
        id="athena.query",
        title="Count rows of the lake's tables",
        params=AskQuery,
        returns=Counted,
        rows=("athena.workgroup", "athena.select", "athena.execution", "athena.results"),
        read=query,
    ),
    Action(
        id="athena.explain",
        title="Ask how a query would run",
        params=Explain,
        returns=Plan,
        rows=("athena.explain", "athena.execution", "athena.results"),
        read=explain,
    ),
    Action(
        id="athena.statistics",
        title="See how a query ran",
        params=NameQuery,
        returns=Ran,
        rows=("athena.execution",),
        read=statistics,
    ),
    Action(
        id="athena.worst",
        title="Find the recent queries that read most",
        params=Recent,
        returns=Worst,
        rows=("athena.executions", "athena.execution"),
        read=worst,
    ),
    Action(
        id="athena.stages",
        title="See what a query read",
        params=NameQuery,
        returns=Stages,
        rows=("athena.stages",),
        read=stages,
    ),
    Action(
        id="athena.stop",
        title="Stop a query",
        params=NameQuery,
        returns=QueryState,
        rows=("athena.execution", "athena.stop"),
        risk=Risk.CONTROL,
        propose=propose_stop,
        observe=observe_stop,
    ),
)
