"""The pipeline's log lines: one JSON object a line, in the platform's documented shape.

Lines are made without a time and stamped together, so that a run's lines stand in order between its start and
its end. Every put is checked for refused events: CloudWatch Logs drops lines without an error.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from bot.errors import EdgeError
from bot.workbench.lake.breaker import WINDOW_SECONDS
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.validation import Fault, Findings

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

Line = dict[str, str | int | float]

_CHECKS = {
    "CURRENCY_ERROR": "check_currency",
    "NULL_VALUE_ERROR": "check_nulls",
    "TIMESTAMP_ERROR": "check_timestamp",
    "TYPE_ERROR": "check_amount",
}


def line(level: str, message: str, module: str, function: str, **more: str | int | float) -> Line:
    """Return a line, still without its time and run."""
    return {"level": level, "message": message, "module": module, "function": function, **more}


def fault_line(fault: Fault) -> Line:
    """Return the line of one row that was set aside."""
    return line(
        "ERROR",
        f"validation failed: {fault.error_type}",
        "validate",
        _CHECKS[fault.error_type],
        error_type=fault.error_type,
        source_file_id=fault.file_id,
    )


def halt_line(error_type: str, count: int) -> Line:
    """Return the line of the breaker going open."""
    return line(
        "CRITICAL",
        f"circuit breaker open: {count} {error_type} in {WINDOW_SECONDS} s, halting",
        "breaker",
        "check",
        error_type=error_type,
        count=count,
    )


def metric_lines(findings: Findings) -> list[Line]:
    """Return the lines that carry the numbers of a finished run."""
    values = {
        "InputRows": findings.rows,
        "ValidRows": len(findings.valid),
        "QuarantinedRows": len(findings.faults),
    }
    return [
        line("INFO", "run metrics", "etl", "finish", metric_name=name, metric_value=value)
        for name, value in values.items()
    ]


def of_findings(findings: Findings) -> list[Line]:
    """Return the lines of a run that has read its rows."""
    faults = [fault_line(fault) for fault in findings.faults]
    tripped = findings.tripped
    halted = [] if tripped is None else [halt_line(tripped, findings.counts[tripped])]
    return [line("INFO", "run started", "etl", "start"), *faults, *halted, *metric_lines(findings)]


def of_unreadable(unreadable: Mapping[str, str]) -> list[Line]:
    """Return the lines of a run that could not read some of its files."""
    faults = [
        line(
            "ERROR",
            f"SCHEMA_ERROR: {why}",
            "validate",
            "check_schema",
            error_type="SCHEMA_ERROR",
            source_file_id=file_id,
        )
        for file_id, why in unreadable.items()
    ]
    return [line("INFO", "run started", "etl", "start"), *faults]


def stamp(lines: Sequence[Line], *, run_id: str, start: datetime, end: datetime) -> "list[InputLogEventTypeDef]":
    """Spread the lines evenly from start to end, both in UTC."""
    step = (end - start) / max(len(lines) - 1, 1)
    return [_event(entry, at=start + index * step, run_id=run_id) for index, entry in enumerate(lines)]


def write(
    logs: "CloudWatchLogsClient", names: LakeNames, *, run_id: str, events: "Sequence[InputLogEventTypeDef]"
) -> None:
    """Put a run's lines into its stream, which is named after the run.

    Raises:
        EdgeError: CloudWatch Logs dropped some of them.
    """
    with suppress(logs.exceptions.ResourceAlreadyExistsException):  # the run has written before
        logs.create_log_stream(logGroupName=names.log_group, logStreamName=run_id)
    answer = logs.put_log_events(logGroupName=names.log_group, logStreamName=run_id, logEvents=events)
    dropped = answer.get("rejectedLogEventsInfo")
    if dropped:
        raise EdgeError(
            f"CloudWatch Logs dropped lines of run {run_id} ({dropped}): their time is more than 2 hours "
            "ahead or 14 days old. Press Start over; it sets the clock back."
        )


def text_event(text: str, *, at: datetime) -> "InputLogEventTypeDef":
    """Return a line that is no JSON, as a build's tools write it."""
    return {"timestamp": int(at.timestamp() * 1000), "message": text}


def _event(entry: Line, *, at: datetime, run_id: str) -> "InputLogEventTypeDef":
    timestamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    known = {name: entry[name] for name in ("level", "message", "module", "function")}
    body = {"timestamp": timestamp, **known, "run_id": run_id, **entry}
    return {"timestamp": int(at.timestamp() * 1000), "message": json.dumps(body)}
