"""The lake's partitions: which runs they hold, what readers are given, which run may be promoted. Only looks."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated

from pydantic import Field

from bot.actions.gate import Gate, judged
from bot.actions.listing import Object, all_listed, listed, pages, rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Look
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

PARTITION = r"^silver/(?:[a-z0-9_-]+/)*year=[0-9]{4}/month=[0-9]{2}/schema_v=v[0-9]{1,3}/$"
RUN_ID = r"^[A-Za-z0-9_-]{1,80}$"
MONTH = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
MOST_PARTITIONS = 500
MOST_RUNS = 200
MOST_SHOWN = 200
MOST_LOCATED = 36
COMPARING = ("s3.list", "s3.get_pointer", "s3.encryption")


class NamePartition(Params):
    """Name a partition: everything up to and with `schema_v=…/`."""

    bucket: str
    partition: Annotated[str, Field(pattern=PARTITION)]


class NameRun(NamePartition):
    """Name one run of a partition."""

    run_id: Annotated[str, Field(pattern=RUN_ID)]


class Live(Returns):
    """Say which run readers are given; without a pointer only `found` is there."""

    found: bool
    run_id: str = ""
    etag: str = ""
    version_id: str = ""
    promoted_at: str = ""


class RunFound(Returns):
    """Hold one run of a partition.

    Attributes:
        success: whether it has its `_SUCCESS`; without one it is partial.
        at: when it finished; of a partial one, when it last wrote.
    """

    run_id: str
    success: bool
    files: int
    bytes: int
    at: str


class Runs(Returns):
    """Return a partition's runs, newest first, and what readers are given.

    Attributes:
        found: whether there is anything at all.
        complete: whether every object was looked at.
        partial: how many runs have no `_SUCCESS`.
        newest_good: the newest run with `_SUCCESS`; absent where there is none.
        previous_good: the newest good run that finished before the live one; absent where there is none.
        current_files: how many files readers of `current/` see.
        year: of the partition, from its name; so are `month` and `schema_version`.
    """

    found: bool
    complete: bool
    year: str
    month: str
    schema_version: str
    count: int
    partial: int
    runs: list[RunFound]
    live: Live
    newest_good: str = ""
    previous_good: str = ""
    current_files: int
    current_bytes: int


def runs(look: Look, params: NamePartition, _now: datetime) -> JsonObject:
    """Return the runs of a partition."""
    found: dict[str, JsonObject] = {}
    current: list[int] = []
    complete, some = True, False
    for page, more in pages(look, params.bucket, params.partition):
        complete, some = not more, some or bool(page)
        for one in page:
            _count(found, current, one, params.partition)
    ranked = sorted(found.values(), key=lambda run: (str(run["at"]), str(run["run_id"])), reverse=True)
    live = live_run(look, params.bucket, params.partition)
    output: JsonObject = {
        "found": some,
        "complete": complete and len(ranked) <= MOST_RUNS,
        **_named(params.partition),
        "count": len(ranked),
        "partial": sum(1 for run in ranked if not run["success"]),
        "runs": [*ranked[:MOST_RUNS]],
        "live": live,
        "current_files": len(current),
        "current_bytes": sum(current),
    }
    good = [str(run["run_id"]) for run in ranked if run["success"]]
    if good:
        output["newest_good"] = good[0]
    before = good[good.index(str(live["run_id"])) + 1 :] if live.get("run_id") in good else []
    if before:
        output["previous_good"] = before[0]
    return output


def _named(partition: str) -> JsonObject:
    """Return what a partition's name says of it."""
    parts = dict(part.split("=", 1) for part in partition.split("/") if "=" in part)
    return {"year": parts["year"], "month": parts["month"], "schema_version": parts["schema_v"]}


def _count(found: dict[str, JsonObject], current: list[int], one: Object, partition: str) -> None:
    folder, _, name = one.key.removeprefix(partition).partition("/")
    if folder == "current" and name:
        current.append(one.size)
    if not folder.startswith("run_id=") or not name:
        return
    fresh: JsonObject = {"run_id": folder[7:], "success": False, "files": 0, "bytes": 0, "at": one.modified}
    run = found.setdefault(folder, fresh)
    if name == "_SUCCESS":
        run |= {"success": True, "at": one.modified}
    else:
        run |= {"files": int(str(run["files"])) + 1, "bytes": int(str(run["bytes"])) + one.size}
        if not run["success"]:
            run["at"] = max(str(run["at"]), one.modified)


def live_run(look: Look, bucket: str, partition: str) -> JsonObject:
    """Return what the pointer says; only `found` where there is none."""
    answer = look("s3.get_pointer", Bucket=bucket, Key=f"{partition}_LATEST.json")
    if answer.get("found") is False:
        return {"found": False}
    body = answer["Body"] if isinstance(answer["Body"], dict) else {}
    live: JsonObject = {"found": True, "etag": answer["ETag"], "version_id": answer.get("VersionId", "")}
    return {**live, **{name: str(body.get(name, "")) for name in ("run_id", "promoted_at")}}


def gate(look: Look, params: NameRun, _now: datetime) -> JsonObject:
    """Return whether the run may be promoted."""
    return judged(params.run_id, success_of(look, params.bucket, params.partition, params.run_id))


def success_of(look: Look, bucket: str, partition: str, run_id: str) -> JsonObject | None:
    """Return what a finished run says of itself, or None."""
    answer = look("s3.get_success", Bucket=bucket, Key=f"{partition}run_id={run_id}/_SUCCESS")
    body = answer.get("Body")
    return body if answer.get("found") is not False and isinstance(body, dict) else None


class LeftOver(Params):
    """Name a file in `current/` that is not of the run, as it was seen."""

    key: str
    etag: str
    size: int = 0


class Current(Returns):
    """Hold what readers of `current/` see against one run's files.

    Attributes:
        complete: it holds exactly the run's files, and nothing else.
        missing: files of the run that are not there, or have another size.
        unproven: files of the right name and size that nothing shows to be the run's: their ETag differs, and where
            that says little (under a key of KMS, or uploaded in parts) they are older than the run's, or readers'
            pointer names another run.
        left_over: files of no file's name of the run; they would double or mix rows.
        added: files of the run that have no namesake there yet, as they will be there; after a promotion they are
            what the way back takes out of sight.
    """

    complete: bool
    run_files: int
    current_files: int
    missing: int
    unproven: int
    left_over: list[LeftOver]
    left_over_count: int
    added: list[LeftOver]


def current(look: Look, params: NameRun, _now: datetime) -> JsonObject:
    """Return how `current/` and the run's files compare."""
    return compared(look, params.bucket, params.partition, params.run_id)


def compared(look: Look, bucket: str, partition: str, run_id: str) -> JsonObject:
    """Return how `current/` and the run's files compare."""
    wanted = {name_of(one): one for one in files_of(look, bucket, partition, run_id)}
    there = {name_of(one): one for one in current_files(look, bucket, partition)}
    same = [name for name, one in wanted.items() if name in there and there[name].size == one.size]
    differing = [(wanted[name], there[name]) for name in same if there[name].etag != wanted[name].etag]
    unproven = _unproven(look, bucket, partition, run_id, differing) if differing else 0
    left = [one for name, one in sorted(there.items()) if name not in wanted]
    left_over: list[JsonValue] = [{"key": one.key, "etag": one.etag, "size": one.size} for one in left[:MOST_SHOWN]]
    added: list[JsonValue] = [
        {"key": f"{partition}current/{name}", "etag": one.etag, "size": one.size}
        for name, one in sorted(wanted.items())
        if name not in there
    ]
    missing = len(wanted) - len(same)
    return {
        "complete": bool(wanted) and not missing and not unproven and not left,
        "run_files": len(wanted),
        "current_files": len(there),
        "missing": missing,
        "unproven": unproven,
        "left_over": left_over,
        "left_over_count": len(left),
        "added": added[:MOST_SHOWN],
    }


def _unproven(look: Look, bucket: str, partition: str, run_id: str, differing: Sequence[tuple[Object, Object]]) -> int:
    """Count those that are no copies as far as can be told; a pair is the run's file, and the one readers see.

    A copy under a key of KMS, or of a file uploaded in parts, has an ETag of its own. It is the run's all the same if
    it was written after the run's file and readers' pointer names the run: the pointer moves last.
    """
    if live_run(look, bucket, partition).get("run_id") != run_id:
        return len(differing)
    keyed = _keyed(look, bucket)
    return sum(
        copy.modified < own.modified or not (keyed or "-" in own.etag or "-" in copy.etag) for own, copy in differing
    )


def _keyed(look: Look, bucket: str) -> bool:
    """Return whether what is written to a bucket is encrypted with a key of KMS."""
    configured = object_of(look("s3.encryption", Bucket=bucket).get("ServerSideEncryptionConfiguration"))
    defaults = [object_of(one.get("ApplyServerSideEncryptionByDefault")) for one in rows_of(configured.get("Rules"))]
    return any(str(one.get("SSEAlgorithm")).startswith("aws:kms") for one in defaults)


def files_of(look: Look, bucket: str, partition: str, run_id: str) -> tuple[Object, ...]:
    """Return a run's data files; its marker is none."""
    prefix = f"{partition}run_id={run_id}/"
    return tuple(one for one in _files_under(look, bucket, prefix) if one.key != f"{prefix}_SUCCESS")


def current_files(look: Look, bucket: str, partition: str) -> tuple[Object, ...]:
    """Return the files readers of a partition see."""
    return _files_under(look, bucket, f"{partition}current/")


def _files_under(look: Look, bucket: str, prefix: str) -> tuple[Object, ...]:
    """Return the objects under a prefix; a key that ends in `/` is a console's mark of a folder, and no file."""
    return tuple(one for one in all_listed(look, bucket, prefix) if name_of(one))


def name_of(one: Object) -> str:
    """Return the last part of a key."""
    return one.key.rsplit("/", 1)[-1]


class ListPartitions(Params):
    """Say which partitions of a table are wanted, by month, both ends included."""

    bucket: str
    table: Annotated[str, Field(pattern=r"^silver/(?:[a-z0-9_-]+/)+$")]
    first: Annotated[str, Field(pattern=MONTH)]
    last: Annotated[str, Field(pattern=MONTH)]
    schema_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}$")] = "v1"


class PartitionFound(Returns):
    """Hold one partition."""

    partition: str
    year: str
    month: str
    schema_version: str


class Partitions(Returns):
    """Return the partitions there are, oldest first."""

    count: int
    partitions: list[PartitionFound]


def partitions(look: Look, params: ListPartitions, _now: datetime) -> JsonObject:
    """Return the partitions of a table between two months.

    Raises:
        InvalidError: the months are the wrong way round, or there are more than 500 partitions.
    """
    if params.last < params.first:
        raise InvalidError(f"{params.last} is before {params.first}; give the first month first.")
    months = (int(params.last[:4]) - int(params.first[:4])) * 12 + int(params.last[5:]) - int(params.first[5:]) + 1
    if months > MOST_PARTITIONS:
        raise InvalidError(f"That is {months} months; at most {MOST_PARTITIONS} partitions are handled at once.")
    found: list[JsonValue] = []
    for year in _below(look, params.bucket, params.table, "year="):
        if not params.first[:4] <= year[-5:-1] <= params.last[:4]:
            continue
        for month in _below(look, params.bucket, year, "month="):
            if params.first <= f"{year[-5:-1]}-{month[-3:-1]}" <= params.last:
                found += _versions(look, params, month)
    return {"count": len(found), "partitions": found}


def _versions(look: Look, params: ListPartitions, month: str) -> list[JsonValue]:
    wanted = f"{month}schema_v={params.schema_version}/"
    if wanted not in _below(look, params.bucket, month, "schema_v="):
        return []
    parts = re.findall(r"(?:year|month)=([0-9]+)/", month)
    return [{"partition": wanted, "year": parts[0], "month": parts[1], "schema_version": params.schema_version}]


def _below(look: Look, bucket: str, prefix: str, begins: str) -> list[str]:
    """Return the folders right below a prefix whose name begins so."""
    folders: list[str] = []
    more: JsonObject = {}
    for _ in range(10):
        page = look("s3.folders", Bucket=bucket, Prefix=prefix, **more)
        folders += [str(one["Prefix"]) for one in rows_of(page.get("CommonPrefixes"))]
        if not page.get("NextContinuationToken"):
            break
        more = {"ContinuationToken": page["NextContinuationToken"]}
    return sorted(one for one in folders if one.removeprefix(prefix).startswith(begins))


class FindRun(Params):
    """Name a run, and the table it wrote to."""

    bucket: str
    table: Annotated[str, Field(pattern=r"^silver/(?:[a-z0-9_-]+/)+$")]
    run_id: Annotated[str, Field(pattern=RUN_ID)]


class RunPlace(Returns):
    """Say where a run wrote, and whether it finished; only `found` where it wrote nowhere in the newest months."""

    found: bool
    partition: str = ""
    year: str = ""
    month: str = ""
    schema_version: str = ""
    success: bool = False
    files: int = 0


def locate(look: Look, params: FindRun, _now: datetime) -> JsonObject:
    """Return the partition a run wrote to, looked for in the newest 36 of them."""
    for partition in islice(_newest_first(look, params.bucket, params.table), MOST_LOCATED):
        prefix = f"{partition}run_id={params.run_id}/"
        found = listed(look, params.bucket, prefix, most=1).objects
        if found:
            marked = any(one.key == f"{prefix}_SUCCESS" for one in found)
            place: JsonObject = {"found": True, "partition": partition, **_named(partition)}
            return {**place, "success": marked, "files": len(found) - marked}
    return {"found": False}


def _newest_first(look: Look, bucket: str, table: str) -> Iterator[str]:
    for year in reversed(_below(look, bucket, table, "year=")):
        for month in reversed(_below(look, bucket, year, "month=")):
            yield from reversed(_below(look, bucket, month, "schema_v="))


class FileSizes(Returns):
    """Return how the files readers of `current/` see are cut.

    Attributes:
        small: files under 16 MB; many of them are slow to read.
        large: files over 1 GB; one of them cannot be read by many.
    """

    files: int
    bytes: int
    complete: bool
    small: int
    large: int
    mean: int
    advice: str


def sizes(look: Look, params: NamePartition, _now: datetime) -> JsonObject:
    """Return how a partition's files are cut."""
    return _cut(look, params.bucket, params.partition)


def _cut(look: Look, bucket: str, partition: str) -> JsonObject:
    found = listed(look, bucket, f"{partition}current/")
    cut = [one.size for one in found.objects]
    small, large = sum(1 for one in cut if one < 16 * 2**20), sum(1 for one in cut if one > 2**30)
    advice = "compact" if len(cut) > 10 and small > len(cut) // 2 else "split" if large else "fine"
    return {
        "files": len(cut),
        "bytes": sum(cut),
        "complete": found.complete,
        "small": small,
        "large": large,
        "mean": sum(cut) // len(cut) if cut else 0,
        "advice": advice if cut else "no files",
    }


class BadlyCut(FileSizes):
    """Hold one partition whose files are too many and too small, or too large; `month` as 2026-01."""

    partition: str
    month: str


class Crowded(Returns):
    """Return the partitions whose files are badly cut, those with most files first, of `looked` in all."""

    looked: int
    count: int
    partitions: list[BadlyCut]


def crowded(look: Look, params: ListPartitions, now: datetime) -> JsonObject:
    """Return the partitions whose files are badly cut."""
    there = rows_of(partitions(look, params, now)["partitions"])
    found: list[JsonObject] = [
        {
            **_cut(look, params.bucket, str(one["partition"])),
            "partition": one["partition"],
            "month": f"{one['year']}-{one['month']}",
        }
        for one in there
    ]
    badly = [one for one in found if one["advice"] in {"compact", "split"}]
    badly.sort(key=lambda one: (-int(str(one["files"])), str(one["partition"])))
    return {"looked": len(found), "count": len(badly), "partitions": [*badly[:MOST_SHOWN]]}


ACTIONS = (
    Action(
        id="lake.crowded",
        title="Find the partitions whose files are badly cut",
        params=ListPartitions,
        returns=Crowded,
        rows=("s3.folders", "s3.list"),
        read=crowded,
    ),
    Action(
        id="lake.partitions",
        title="List a table's partitions by month",
        params=ListPartitions,
        returns=Partitions,
        rows=("s3.folders",),
        read=partitions,
    ),
    Action(
        id="lake.runs",
        title="List a partition's runs, and what readers are given",
        params=NamePartition,
        returns=Runs,
        rows=("s3.list", "s3.get_pointer"),
        read=runs,
    ),
    Action(
        id="lake.locate",
        title="Find the partition a run wrote to",
        params=FindRun,
        returns=RunPlace,
        rows=("s3.folders", "s3.list"),
        read=locate,
    ),
    Action(
        id="lake.gate",
        title="Judge whether a run may be promoted",
        params=NameRun,
        returns=Gate,
        rows=("s3.get_success",),
        read=gate,
    ),
    Action(
        id="lake.current",
        title="Compare what readers see with one run's files",
        params=NameRun,
        returns=Current,
        rows=COMPARING,
        read=current,
    ),
    Action(
        id="lake.sizes",
        title="See how a partition's files are cut",
        params=NamePartition,
        returns=FileSizes,
        rows=("s3.list",),
        read=sizes,
    ),
)
