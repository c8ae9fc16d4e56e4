"""Several months at once: what readers have of each and what came since; then which of the new runs they may have."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.gate import judged
from bot.actions.lake import (
    COMPARING,
    MOST_SHOWN,
    LeftOver,
    ListPartitions,
    NamePartition,
    compared,
    live_run,
    partitions,
    runs,
    success_of,
)
from bot.actions.listing import listed, rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Look
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_MONTHS = 100


class MonthsWanted(ListPartitions):
    """Say which months of a table, and where their source files lie, up to and with `ingest_date=`."""

    source_bucket: str
    sources: Annotated[str, Field(pattern=r"^bronze/(?:[a-z0-9_-]+/)+ingest_date=$")]


class Month(Params):
    """Hold what readers have of a month, and how many source files there are now.

    Attributes:
        run_id: of the run readers have; `etag` is the pointer's.
        files: how many source files that run read, and `rows` how many rows; 0 where it does not say.
    """

    partition: str
    year: str
    month: str
    schema_version: str
    run_id: str
    etag: str
    files: int
    rows: int
    source_files: int


class MonthsFound(Returns):
    """Return the months that can be loaded anew, oldest first; `held_back` says of each other one why not."""

    count: int
    source_files: int
    ready: list[Month]
    held_back: list[str]


def months(look: Look, params: MonthsWanted, now: datetime) -> JsonObject:
    """Return which months of a range can be loaded anew.

    Raises:
        InvalidError: there are more than 100 of them.
    """
    there = rows_of(partitions(look, params, now)["partitions"])
    if len(there) > MOST_MONTHS:
        raise InvalidError(f"{len(there)} months; at most {MOST_MONTHS} are looked at together. Ask for fewer at once.")
    ready: list[JsonObject] = []
    held_back: list[JsonValue] = []
    for one in there:
        found, why = _month(look, params, one)
        if why:
            held_back.append(f"{one['year']}-{one['month']}: {why}")
        else:
            ready.append(found)
    files = sum(int(str(one["source_files"])) for one in ready)
    return {"count": len(there), "source_files": files, "ready": [*ready], "held_back": held_back}


def _month(look: Look, params: MonthsWanted, one: JsonObject) -> tuple[JsonObject, str]:
    """Return a month as it is, and why it cannot be loaded anew; empty where it can."""
    partition = str(one["partition"])
    live = live_run(look, params.bucket, partition)
    if not live["found"]:
        return {}, "readers have nothing of it; take Common Failure Scenarios"
    metrics = _metrics(success_of(look, params.bucket, partition, str(live["run_id"])))
    bronze = listed(look, params.source_bucket, f"{params.sources}{one['year']}-{one['month']}-")
    files = sum(".csv" in source.key for source in bronze.objects)
    if not bronze.complete:
        return {}, "it has more source files than are looked at"
    if not files or files < metrics["input_files"]:
        return {}, f"{files} source files, and the run readers have read {metrics['input_files']}"
    numbers = {"files": metrics["input_files"], "rows": metrics["input_rows"], "source_files": files}
    return {**one, "run_id": live["run_id"], "etag": live["etag"], **numbers}, ""


def _metrics(success: JsonObject | None) -> dict[str, int]:
    found = object_of((success or {}).get("metrics"))
    return {name: value if isinstance(value := found.get(name), int) else 0 for name in ("input_files", "input_rows")}


class LoadedAnew(Params):
    """Name months as they were found, and what the runs that loaded them anew are called after `backfill-YYYYMM-`.

    Attributes:
        most_change: by how many percent the number of rows may differ from that of the run before.
    """

    bucket: str
    months: list[Month] = Field(max_length=MOST_MONTHS)
    called: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    most_change: Annotated[int, Field(ge=0, le=999)]


class MonthLoaded(Params):
    """Hold a month that readers may have anew.

    Attributes:
        was: the run that readers had when it was found; `etag` is the pointer's of then.
        given: readers have the new run, and `current/` holds exactly its files.
        left_over: what its promotion takes out of sight; `added` is what the way back does.
    """

    partition: str
    was: str
    etag: str
    run_id: str
    rows: int
    rows_before: int
    given: bool
    left_over: list[LeftOver]
    added: list[LeftOver]


class MonthsLoaded(Returns):
    """Return the months that readers may have anew; `refused` says of each other one why not.

    Attributes:
        given: how many of them readers have by now.
    """

    count: int
    given: int
    allowed: list[MonthLoaded]
    refused: list[str]


def loaded(look: Look, params: LoadedAnew, now: datetime) -> JsonObject:
    """Return which of the months loaded anew may be given to readers, by the gate, their files and their rows."""
    allowed: list[JsonObject] = []
    refused: list[JsonValue] = []
    for month in params.months:
        found, why = _loaded(look, params, month, now)
        if why:
            refused.append(f"{month.year}-{month.month}: {why}")
        else:
            allowed.append(found)
    given = sum(one["given"] is True for one in allowed)
    return {"count": len(params.months), "given": given, "allowed": [*allowed], "refused": refused}


def _loaded(look: Look, params: LoadedAnew, month: Month, now: datetime) -> tuple[JsonObject, str]:
    """Return a month as it was loaded, and why readers may not have it; empty where they may."""
    there = runs(look, NamePartition(bucket=params.bucket, partition=month.partition), now)
    begins = f"backfill-{month.year}{month.month}-{params.called}-"
    run_id = next((str(one["run_id"]) for one in rows_of(there["runs"]) if str(one["run_id"]).startswith(begins)), "")
    if not run_id:
        return {}, "its load left no run"
    success = success_of(look, params.bucket, month.partition, run_id)
    gate = judged(run_id, success)
    if not gate["allowed"]:
        reasons = gate["reasons"]
        return {}, " ".join(str(one) for one in reasons) if isinstance(reasons, list) else "the gate refuses it"
    metrics = _metrics(success)
    if metrics["input_files"] < month.source_files:
        return {}, f"{run_id} read {metrics['input_files']} of {month.source_files} source files"
    rows, before = metrics["input_rows"], month.rows
    if before and abs(rows - before) * 100 > before * params.most_change:
        return {}, f"{run_id} read {rows} rows, the run before {before}: more than {params.most_change} % apart"
    found = compared(look, params.bucket, month.partition, run_id)
    if max(int(str(found["left_over_count"])), int(str(found["run_files"]))) > MOST_SHOWN:
        return {}, f"more than {MOST_SHOWN} files; give it to readers by a run of its own"
    return {
        "partition": month.partition,
        "was": month.run_id,
        "etag": month.etag,
        "run_id": run_id,
        "rows": rows,
        "rows_before": before,
        "given": object_of(there["live"]).get("run_id") == run_id and found["complete"] is True,
        "left_over": found["left_over"],
        "added": found["added"],
    }, ""


ACTIONS = (
    Action(
        id="lake.months",
        title="See which months of a range can be loaded anew",
        params=MonthsWanted,
        returns=MonthsFound,
        rows=("s3.folders", "s3.list", "s3.get_pointer", "s3.get_success"),
        read=months,
    ),
    Action(
        id="lake.loaded",
        title="Judge the runs that loaded several months anew",
        params=LoadedAnew,
        returns=MonthsLoaded,
        rows=(*COMPARING, "s3.get_success"),
        read=loaded,
    ),
)
