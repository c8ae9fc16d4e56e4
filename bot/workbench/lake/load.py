"""What one run of the pipeline does with its files: the work behind RunETL and PromoteSilver.

The queue and the task token are the worker's. Rows are written as gzipped JSON lines where the platform has
Parquet: nothing here reads them back as a table, and the layout of keys is the platform's.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.workbench.lake import breaker, journal, metrics, sources
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.definition import HALTED
from bot.workbench.lake.names import LakeNames, file_id
from bot.workbench.lake.validation import Findings, read_files

if TYPE_CHECKING:
    from bot.workbench.clock import Clock

UNREADABLE = "SCHEMA_ERROR"
MISSING_INPUT = "INPUT_MISSING"
TOO_MUCH = "PROBE_TOO_LARGE"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Hold what the state machine handed over for one task."""

    kind: str
    token: str
    run_id: str
    execution_arn: str
    given: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Done:
    """Carry the output of a task that succeeded."""

    output: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Carry why a task failed, as the execution will say it."""

    error: str
    cause: str


class Load:
    """Run tasks against one lake."""

    def __init__(self, *, clients: Clients, names: LakeNames, clock: "Clock") -> None:
        self._clients = clients
        self._names = names
        self._clock = clock

    def run(self, task: Task) -> Done | Failed:
        """Read the files, validate them, say what was found; then write the rows, or halt."""
        started = self._clock.now()
        state = breaker.read(self._clients.s3, self._names)
        keys = self._input_keys(task, started.date())
        refusal = _refusal(state, keys, task)
        if refusal is not None:
            return refusal
        try:
            files = {file_id(key): list(sources.from_csv(self._body(key))) for key in keys}
        except (ValueError, OSError, EOFError, zlib.error) as unreadable:
            return Failed(error=UNREADABLE, cause=f"A file of {task.run_id} is no CSV.gz: {unreadable}")
        findings = read_files(files, may_trip=state.state == "CLOSED")
        self._log(task, findings, started=started)
        if findings.tripped is not None:
            return self._halt(task, findings, findings.tripped)
        self._measure(metrics.of_run(findings, at=self._clock.now()))
        if state.state == "HALF_OPEN" and (fault := _probe_fault(findings, state.error_type)):
            return fault
        return self._write(task, findings, day=_day_of(keys[0]))

    def promote(self, task: Task) -> Done | Failed:
        """Copy the run's rows to current/, remove what an earlier run left there, move the pointer."""
        run = task.given["run"]
        if not isinstance(run, dict):
            return Failed(error=MISSING_INPUT, cause="PromoteSilver was not given the output of RunETL.")
        prefix, day = str(run["output_prefix"]), date.fromisoformat(str(run["ingest_date"]))
        s3, bucket = self._clients.s3, self._names.silver_bucket
        current = f"{self._names.partition(day)}current/"
        copied = set()
        for key in self._keys(bucket, prefix):
            if not key.endswith("_SUCCESS"):
                target = current + key.removeprefix(prefix)
                s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key})
                copied.add(target)
        for key in self._keys(bucket, current):
            if key not in copied:
                s3.delete_object(Bucket=bucket, Key=key)
        latest = latest_body(self._names, day, task.run_id, task.execution_arn, at=self._clock.now())
        s3.put_object(Bucket=bucket, Key=self._names.latest_key(day), Body=to_json(latest))
        return Done(output={"run_id": task.run_id, "files_copied": len(copied), "current_prefix": current})

    def _input_keys(self, task: Task, today: date) -> list[str]:
        raw_key = task.given.get("raw_key")
        if isinstance(raw_key, str):
            return [raw_key] if self._keys(self._names.bronze_bucket, raw_key) else []
        day = date.fromisoformat(str(task.given.get("ingest_date", today)))
        return self._keys(self._names.bronze_bucket, self._names.raw_prefix(day))

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self._clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def _body(self, key: str) -> bytes:
        return self._clients.s3.get_object(Bucket=self._names.bronze_bucket, Key=key)["Body"].read()

    def _log(self, task: Task, findings: Findings, *, started: datetime) -> None:
        lines = [
            journal.line("INFO", "run started", "etl", "start"),
            *(journal.fault_line(fault) for fault in findings.faults),
        ]
        if findings.tripped is not None:
            lines.append(journal.halt_line(findings.tripped, findings.counts[findings.tripped]))
        lines.extend(journal.metric_lines(findings))
        events = journal.stamp(lines, run_id=task.run_id, start=started, end=self._clock.now())
        journal.write(self._clients.logs, self._names, run_id=task.run_id, events=events)

    def _measure(self, points: Sequence[metrics.Point]) -> None:
        metrics.put(self._clients.cloudwatch, self._names, points)

    def _halt(self, task: Task, findings: Findings, error_type: str) -> Failed:
        now, count = self._clock.now(), findings.counts[error_type]
        body = breaker.opened(self._names, at=now, error_type=error_type, count=count, run_id=task.run_id)
        breaker.trip(self._clients.s3, self._names, body)
        self._measure([metrics.of_breaker(halted=True, at=now), *metrics.of_run(findings, at=now)])
        return Failed(error=HALTED, cause=f"{count} {error_type} in {breaker.WINDOW_SECONDS} s: halted.")

    def _write(self, task: Task, findings: Findings, *, day: date) -> Done:
        names, s3 = self._names, self._clients.s3
        prefix = names.run_prefix(day, task.run_id)
        s3.put_object(Bucket=names.silver_bucket, Key=f"{prefix}part-0000.jsonl.gz", Body=to_rows(findings.valid))
        if findings.faults:
            aside = [
                {**fault.row, "error_type": fault.error_type, "source_file_id": fault.file_id}
                for fault in findings.faults
            ]
            s3.put_object(
                Bucket=names.quarantine_bucket,
                Key=names.quarantine_key(day, task.run_id),
                Body=to_rows(aside),
            )
        summary = success_body(task.run_id, task.execution_arn, findings, at=self._clock.now())
        s3.put_object(Bucket=names.silver_bucket, Key=f"{prefix}_SUCCESS", Body=to_json(summary))
        return Done(
            output={
                "run_id": task.run_id,
                "output_prefix": prefix,
                "ingest_date": day.isoformat(),
                "promote": task.given.get("promote") is True,
                "promotion_allowed": findings.promotion_allowed,
                "input_rows": findings.rows,
                "quarantined_rows": len(findings.faults),
            }
        )


def success_body(run_id: str, execution_arn: str, findings: Findings, *, at: datetime) -> dict[str, object]:
    """Return what a finished run leaves in `_SUCCESS`."""
    return {
        "run_id": run_id,
        "execution_arn": execution_arn,
        "completed_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "metrics": {
            "input_rows": findings.rows,
            "valid_rows": len(findings.valid),
            "quarantined_rows": len(findings.faults),
            "condemned_rows": 0,
            "quarantine_rate": findings.quarantine_rate,
        },
        "quarantine_by_reason": dict(findings.counts),
        "has_critical_errors": findings.tripped is not None,
        "promotion_allowed": findings.promotion_allowed,
    }


def latest_body(names: LakeNames, day: date, run_id: str, execution_arn: str, *, at: datetime) -> dict[str, object]:
    """Return what `_LATEST.json` says of the run that readers get."""
    return {
        "run_id": run_id,
        "execution_arn": execution_arn,
        "promoted_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "output_prefix": names.run_prefix(day, run_id),
        "current_prefix": f"{names.partition(day)}current/",
        "schema_version": "v1",
    }


def to_json(body: object) -> bytes:
    """Write one control object."""
    return json.dumps(body, indent=1).encode("utf-8")


def to_rows(rows: Iterable[dict[str, str]]) -> bytes:
    """Write rows as gzipped JSON lines."""
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode("utf-8"), mtime=0)


def _refusal(state: breaker.Breaker, keys: list[str], task: Task) -> Failed | None:
    """Say why nothing is even read: the file may have changed since the state machine looked."""
    if state.state not in ("CLOSED", "HALF_OPEN"):
        return Failed(error=HALTED, cause=f"The circuit breaker is {state.state}; nothing was loaded.")
    if not keys:
        return Failed(error=MISSING_INPUT, cause=f"There is no source file for {task.run_id}.")
    if state.state == "HALF_OPEN" and len(keys) > 1:
        return Failed(error=TOO_MUCH, cause=f"A half-open breaker lets one file through, not {len(keys)}.")
    return None


def _probe_fault(findings: Findings, error_type: str | None) -> Failed | None:
    """Fail a probe that still finds the error the breaker opened for (any error, if the file names none)."""
    counts = findings.counts
    found = error_type if error_type is not None else next(iter(sorted(counts)), None)
    if found is None or not counts[found]:
        return None
    files = ", ".join(sorted({fault.file_id for fault in findings.faults if fault.error_type == found}))
    return Failed(error=found, cause=f"The probe found {counts[found]} {found} in {files} (wanted 0).")


def _day_of(raw_key: str) -> date:
    return date.fromisoformat(raw_key.rsplit("/", 2)[-2].removeprefix("ingest_date="))
