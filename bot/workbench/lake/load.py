"""What one run of the pipeline does with its rows: the work behind RunETL and PromoteSilver.

The queue and the task token are the worker's, what a run reads is intake.py's. Rows are written as gzipped
JSON lines where the platform has Parquet: the layout of keys is the platform's.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from bot.workbench.lake import breaker, journal, metrics
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.definition import HALTED
from bot.workbench.lake.documents import latest_body, set_aside, success_body, to_json, to_rows
from bot.workbench.lake.intake import Batch, Intake, schema_version_of
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.readings import MARKER, keys_under
from bot.workbench.lake.task import (
    CODE_FAILED,
    MISSING_INPUT,
    OUT_OF_MEMORY,
    SMOKE_FAILED,
    TOO_MUCH,
    UNREADABLE,
    Done,
    Failed,
    Task,
)
from bot.workbench.lake.validation import Findings, read_files

if TYPE_CHECKING:
    from bot.workbench.clock import Clock

_NO_MEMORY = "Command failed with exit code 10: OutOfMemoryError: Java heap space"


class Load:
    """Run tasks against one lake."""

    def __init__(self, *, clients: Clients, names: LakeNames, clock: "Clock") -> None:
        self._clients = clients
        self._names = names
        self._clock = clock
        self._intake = Intake(clients=clients, names=names)
        self._short_of_memory = False
        self._spoilt: set[str] = set()

    def take_memory_away(self, *, away: bool = True) -> None:
        """Make the next load run out of memory half way through its writing; the one after it has enough again."""
        self._short_of_memory = away

    def spoil(self, code: str) -> None:
        """Let code that is deployed fail wherever it runs: a job's artifact, or a function's version as `name:2`."""
        self._spoilt.add(code)

    def mend_code(self) -> None:
        """Let every code that is deployed work again."""
        self._spoilt.clear()

    def well(self) -> bool:
        """Return whether no code that is deployed fails."""
        return not self._bad_code(self._artifact, self._live_version)

    def run(self, task: Task) -> Done | Failed:
        """Read the rows, validate them, say what was found; then write them, or halt."""
        if task.given.get("smoke") is True:
            return self._smoke(task)
        if bad := self._bad_code(self._artifact):
            return Failed(error=CODE_FAILED, cause=_fails(bad))
        started = self._clock.now()
        state = breaker.read(self._clients.s3, self._names)
        if state.state not in ("CLOSED", "HALF_OPEN"):
            return Failed(error=HALTED, cause=f"The circuit breaker is {state.state}; nothing was loaded.")
        batch = self._intake.read(task, today=started.date())
        if isinstance(batch, Failed):
            return batch
        if state.state == "HALF_OPEN" and batch.input_files > 1:
            return Failed(error=TOO_MUCH, cause=f"A half-open breaker lets one file through, not {batch.input_files}.")
        if batch.unreadable:
            return self._unreadable(task, batch, started=started)
        findings = read_files(batch.files, may_trip=state.state == "CLOSED")
        self._log(task, journal.of_findings(findings), started=started)
        if findings.tripped is not None:
            return self._halt(task, findings, findings.tripped)
        self._measure(metrics.of_run(findings, at=self._clock.now()))
        if state.state == "HALF_OPEN" and (fault := _probe_fault(findings, state.error_type)):
            return fault
        if self._short_of_memory:
            return self._run_out_of_memory(task, batch, findings)
        return self._write(task, batch, findings)

    def promote(self, task: Task) -> Done | Failed:
        """Copy the run's rows to current/, remove what an earlier run left there, move the pointer."""
        if bad := self._bad_code(self._live_version):
            return Failed(error=CODE_FAILED, cause=_fails(bad))
        run = task.given["run"]
        if not isinstance(run, dict):
            return Failed(error=MISSING_INPUT, cause="PromoteSilver was not given the output of RunETL.")
        prefix, day = str(run["output_prefix"]), date.fromisoformat(str(run["ingest_date"]))
        version, s3, bucket = str(run["schema_version"]), self._clients.s3, self._names.silver_bucket
        current = f"{self._names.partition(day, schema_version=version)}current/"
        copied = set()
        for key in keys_under(s3, bucket, prefix):
            if not key.endswith(MARKER):
                target = current + key.removeprefix(prefix)
                s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key})
                copied.add(target)
        for key in keys_under(s3, bucket, current):
            if key not in copied:
                s3.delete_object(Bucket=bucket, Key=key)
        now, arn = self._clock.now(), task.execution_arn
        latest = latest_body(self._names, day, task.run_id, arn, at=now, schema_version=version)
        s3.put_object(Bucket=bucket, Key=self._names.latest_key(day, schema_version=version), Body=to_json(latest))
        return Done(output={"run_id": task.run_id, "files_copied": len(copied), "current_prefix": current})

    def _smoke(self, task: Task) -> Done | Failed:
        """See that what a load needs is there; write nothing."""
        names = self._names
        try:
            for bucket in (names.bronze_bucket, names.silver_bucket, names.quarantine_bucket):
                self._clients.s3.head_bucket(Bucket=bucket)
            self._clients.glue.get_table(DatabaseName=names.database, Name=names.table)
        except ClientError as refused:
            return Failed(error=SMOKE_FAILED, cause=f"The smoke test could not see what a load needs: {refused}")
        if bad := self._bad_code(self._artifact, self._live_version):
            return Failed(error=SMOKE_FAILED, cause=_fails(bad))
        return Done(output={"run_id": task.run_id, "smoke": True, "promote": False})

    def _bad_code(self, *deployed: Callable[[], str]) -> str:
        """Return the first of these that fails; empty where none does. Nobody is asked where nothing was spoilt."""
        return next((code for code in (one() for one in deployed) if code in self._spoilt), "") if self._spoilt else ""

    def _artifact(self) -> str:
        """Return the code that the job of the load runs."""
        job = self._clients.glue.get_job(JobName=self._names.jobs[0])["Job"]
        return job["Command"]["ScriptLocation"].rsplit("/", 1)[-1]

    def _live_version(self) -> str:
        """Return the version of the function that promotes, as `name:2`; empty where there is no such function."""
        functions, name = self._clients.functions, self._names.promote_function
        try:
            return f"{name}:{functions.get_alias(FunctionName=name, Name=self._names.live_alias)['FunctionVersion']}"
        except functions.exceptions.ResourceNotFoundException:
            return ""

    def _log(self, task: Task, lines: Sequence[journal.Line], *, started: datetime) -> None:
        events = journal.stamp(lines, run_id=task.run_id, start=started, end=self._clock.now())
        journal.write(self._clients.logs, self._names, run_id=task.run_id, events=events)

    def _measure(self, points: Sequence[metrics.Point]) -> None:
        metrics.put(self._clients.cloudwatch, self._names, points)

    def _unreadable(self, task: Task, batch: Batch, *, started: datetime) -> Failed:
        self._log(task, journal.of_unreadable(batch.unreadable), started=started)
        self._measure([metrics.of_schema(len(batch.unreadable), at=self._clock.now())])
        name, why = next(iter(batch.unreadable.items()))
        files = f"{len(batch.unreadable)} of {batch.input_files} files"
        return Failed(error=UNREADABLE, cause=f"{files} of {task.run_id} cannot be read; {name}: {why}")

    def _halt(self, task: Task, findings: Findings, error_type: str) -> Failed:
        now, count = self._clock.now(), findings.counts[error_type]
        body = breaker.opened(self._names, at=now, error_type=error_type, count=count, run_id=task.run_id)
        breaker.trip(self._clients.s3, self._names, body)
        self._measure([metrics.of_breaker(halted=True, at=now), *metrics.of_run(findings, at=now)])
        return Failed(error=HALTED, cause=f"{count} {error_type} in {breaker.WINDOW_SECONDS} s: halted.")

    def _run_out_of_memory(self, task: Task, batch: Batch, findings: Findings) -> Failed:
        """Leave half the rows and no marker, as a driver that was killed does."""
        self._short_of_memory = False
        half = findings.valid[: len(findings.valid) // 2]
        key = f"{self._names.run_prefix(batch.day, task.run_id)}part-0000.jsonl.gz"
        self._clients.s3.put_object(Bucket=self._names.silver_bucket, Key=key, Body=to_rows(half))
        self._log(task, [journal.line("ERROR", _NO_MEMORY, "glue", "driver")], started=self._clock.now())
        return Failed(error=OUT_OF_MEMORY, cause=_NO_MEMORY)

    def _write(self, task: Task, batch: Batch, fresh: Findings) -> Done:
        names, s3, now, version = self._names, self._clients.s3, self._clock.now(), schema_version_of(task)
        findings = batch.whole(fresh)
        prefix = names.run_prefix(batch.day, task.run_id, schema_version=version)
        s3.put_object(Bucket=names.silver_bucket, Key=f"{prefix}part-0000.jsonl.gz", Body=to_rows(findings.valid))
        for error_type in sorted(fresh.counts):
            faults = [fault for fault in fresh.faults if fault.error_type == error_type]
            aside = to_rows(set_aside(fault, at=now, attempt=batch.attempt) for fault in faults)
            key = names.quarantine_key(batch.day, task.run_id, error_type)
            s3.put_object(Bucket=names.quarantine_bucket, Key=key, Body=aside)
        summary = success_body(
            task.run_id, task.execution_arn, findings, at=now, input_files=batch.input_files, schema_version=version
        )
        if batch.source_run is not None:
            summary["source_run"] = batch.source_run
        s3.put_object(Bucket=names.silver_bucket, Key=f"{prefix}{MARKER}", Body=to_json(summary))
        self._decide(task, findings, at=now)
        return Done(
            output={
                "run_id": task.run_id,
                "output_prefix": prefix,
                "ingest_date": batch.day.isoformat(),
                "schema_version": version,
                "promote": task.given.get("promote") is True,
                "promotion_allowed": findings.promotion_allowed,
                "input_rows": findings.rows,
                "quarantined_rows": len(findings.faults),
            }
        )

    def _decide(self, task: Task, findings: Findings, *, at: datetime) -> None:
        """Say what the gate makes of a run; what follows is the state machine's."""
        self._measure([metrics.of_gate(findings, at=at)])
        if not findings.promotion_allowed:
            blocked = f"promotion blocked: quarantine_rate {findings.quarantine_rate} >= 5.0"
            self._log(task, [journal.line("WARNING", blocked, "gate", "decide")], started=at)


def _fails(code: str) -> str:
    return f"{code} fails since it was deployed: KeyError: 'run_key'"


def _probe_fault(findings: Findings, error_type: str | None) -> Failed | None:
    """Fail a probe that still finds the error the breaker opened for (any error, if the file names none)."""
    counts = findings.counts
    found = error_type if error_type is not None else next(iter(sorted(counts)), None)
    if found is None or not counts[found]:
        return None
    files = ", ".join(sorted({fault.file_id for fault in findings.faults if fault.error_type == found}))
    return Failed(error=found, cause=f"The probe found {counts[found]} {found} in {files} (wanted 0).")
