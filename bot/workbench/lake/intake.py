"""What a run reads: raw files of a day or a month, rows set aside by an earlier run, or what readers have now.

Nothing here writes; what is done with the rows is in load.py.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.workbench.lake import sources
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.documents import from_rows
from bot.workbench.lake.names import LakeNames, file_id
from bot.workbench.lake.readings import keys_under, success_of
from bot.workbench.lake.sources import Row
from bot.workbench.lake.task import MISSING_INPUT, Failed, Task
from bot.workbench.lake.validation import Fault, Findings

RETRY, COMPACT = "quarantine", "current"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Hold the rows of one run.

    Args:
        files: rows to validate, by source file.
        unreadable: files that could not be read, and why.
        carried: rows an earlier run found valid, taken over as they are.
        left: rows an earlier run set aside that are not tried again.
        attempt: which attempt this is for the rows of `files`.
    """

    day: date
    files: Mapping[str, list[Row]]
    unreadable: Mapping[str, str]
    input_files: int
    carried: tuple[Row, ...] = ()
    left: tuple[Fault, ...] = ()
    attempt: int = 1
    source_run: str | None = None

    def whole(self, fresh: Findings) -> Findings:
        """Return what was found now together with what was taken over."""
        if self.source_run is None:
            return fresh
        return Findings(
            rows=fresh.rows + len(self.carried) + len(self.left),
            valid=self.carried + fresh.valid,
            faults=fresh.faults + self.left,
            tripped=fresh.tripped,
        )


class Intake:
    """Read batches from one lake."""

    def __init__(self, *, clients: Clients, names: LakeNames) -> None:
        self._s3 = clients.s3
        self._names = names

    def read(self, task: Task, *, today: date) -> Batch | Failed:
        """Return what the task's input asks for."""
        source = task.text("source")
        if source == RETRY:
            return self._set_aside(task)
        if source == COMPACT:
            return self._current(task)
        keys = self._raw_keys(task, today)
        if not keys:
            return Failed(error=MISSING_INPUT, cause=f"There is no source file for {task.run_id}.")
        return self._raw(keys, schema_version=schema_version_of(task))

    def _raw_keys(self, task: Task, today: date) -> list[str]:
        raw_key, month, bucket = task.text("raw_key"), task.text("month"), self._names.bronze_bucket
        if raw_key is not None:
            return [raw_key] if keys_under(self._s3, bucket, raw_key) else []
        if month is not None:
            return keys_under(self._s3, bucket, self._names.raw_month(month))
        day = date.fromisoformat(str(task.given.get("ingest_date", today)))
        return keys_under(self._s3, bucket, self._names.raw_prefix(day))

    def _raw(self, keys: list[str], *, schema_version: str) -> Batch:
        files: dict[str, list[Row]] = {}
        unreadable: dict[str, str] = {}
        for key in keys:
            try:
                body = self._body(self._names.bronze_bucket, key)
                files[file_id(key)] = list(sources.from_csv(body, schema_version=schema_version))
            except (ValueError, OSError, EOFError, zlib.error) as broken:
                unreadable[file_id(key)] = str(broken)
        return Batch(day=day_of(keys[0]), files=files, unreadable=unreadable, input_files=len(keys))

    def _set_aside(self, task: Task) -> Batch | Failed:
        """Return the rows of an earlier run, those of the named reasons read anew from the re-sent source files."""
        run_id, reasons = task.text("run_id") or "", task.given.get("reasons")
        wanted = {str(reason) for reason in reasons} if isinstance(reasons, list) else set()
        bucket, root = self._names.quarantine_bucket, f"quarantine/mortgages/{self._names.pipeline}/"
        keys = [key for key in keys_under(self._s3, bucket, root) if f"/run_id={run_id}/" in key]
        if not keys or not wanted:
            return Failed(error=MISSING_INPUT, cause=f"Run {run_id or 'without a name'} set no such rows aside.")
        day = date.fromisoformat(keys[0].split("ingest_date=", 1)[1].split("/", 1)[0])
        rows = [row for key in keys for row in from_rows(self._body(bucket, key))]
        again = [row for row in rows if row["error_type"] in wanted]
        prefix = self._names.run_prefix(day, run_id)
        parts = [key for key in keys_under(self._s3, self._names.silver_bucket, prefix) if "/part-" in key]
        return Batch(
            day=day,
            files=self._anew(day, again),
            unreadable={},
            input_files=success_of(self._s3, self._names, prefix).input_files,
            carried=tuple(row for key in parts for row in from_rows(self._body(self._names.silver_bucket, key))),
            left=tuple(_fault(row) for row in rows if row["error_type"] not in wanted),
            attempt=1 + max((int(row["attempt_count"]) for row in again), default=0),
            source_run=run_id,
        )

    def _anew(self, day: date, rows: list[dict[str, str]]) -> dict[str, list[Row]]:
        files: dict[str, list[Row]] = {}
        for name in sorted({row["source_file_id"] for row in rows}):
            body = self._body(self._names.bronze_bucket, self._names.raw_key(day, name))
            sent = {row["transaction_id"]: row for row in sources.from_csv(body)}
            mine = [row for row in rows if row["source_file_id"] == name]
            files[name] = [sent.get(row["transaction_id"], _cells(row)) for row in mine]
        return files

    def _current(self, task: Task) -> Batch | Failed:
        month, bucket = task.text("month"), self._names.silver_bucket
        day = date.fromisoformat(f"{month}-01")
        current = keys_under(self._s3, bucket, f"{self._names.partition(day)}current/")
        if not current:
            return Failed(error=MISSING_INPUT, cause=f"Readers have nothing of {month}.")
        rows = [row for key in current for row in from_rows(self._body(bucket, key))]
        of_pointer = success_of(self._s3, self._names, self._names.latest_key(day))
        return Batch(day=day, files={"current": rows}, unreadable={}, input_files=of_pointer.input_files)

    def _body(self, bucket: str, key: str) -> bytes:
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def schema_version_of(task: Task) -> str:
    """Return the schema a run reads and writes."""
    asked = task.text("schema_version") or "v1"
    if asked not in sources.SCHEMAS:
        raise ValueError(f"There is no schema {asked}; there is {', '.join(sources.SCHEMAS)}.")
    return asked


def day_of(raw_key: str) -> date:
    """Return the day a source file belongs to, from its key."""
    return date.fromisoformat(raw_key.rsplit("/", 2)[-2].removeprefix("ingest_date="))


def _fault(row: dict[str, str]) -> Fault:
    return Fault(error_type=row["error_type"], file_id=row["source_file_id"], row=_cells(row))


def _cells(row: dict[str, str]) -> Row:
    return {column: row[column] for column in sources.COLUMNS}
