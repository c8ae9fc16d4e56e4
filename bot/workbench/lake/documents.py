"""What a run leaves beside its rows: `_SUCCESS`, `_LATEST.json`, and how rows and documents are written. Pure."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime

from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.sources import Row
from bot.workbench.lake.validation import Fault, Findings


def success_body(
    run_id: str, execution_arn: str, findings: Findings, *, at: datetime, input_files: int, schema_version: str = "v1"
) -> dict[str, object]:
    """Return what a finished run leaves in `_SUCCESS`."""
    return {
        "run_id": run_id,
        "execution_arn": execution_arn,
        "completed_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "schema_version": schema_version,
        "metrics": {
            "input_files": input_files,
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


def latest_body(
    names: LakeNames, day: date, run_id: str, execution_arn: str, *, at: datetime, schema_version: str = "v1"
) -> dict[str, object]:
    """Return what `_LATEST.json` says of the run that readers get."""
    return {
        "run_id": run_id,
        "execution_arn": execution_arn,
        "promoted_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "output_prefix": names.run_prefix(day, run_id, schema_version=schema_version),
        "current_prefix": f"{names.partition(day, schema_version=schema_version)}current/",
        "schema_version": schema_version,
    }


def set_aside(fault: Fault, *, at: datetime, attempt: int) -> dict[str, str]:
    """Return a row as it is kept in quarantine, with what the platform notes about it."""
    return {
        **fault.row,
        "error_type": fault.error_type,
        "source_file_id": fault.file_id,
        "row_hash": row_hash(fault.row),
        "attempt_count": str(attempt),
        "ingestion_timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }


def row_hash(row: Row) -> str:
    """Return the SHA-256 of a row's cells."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode("utf-8")).hexdigest()


def to_json(body: object) -> bytes:
    """Write one control object."""
    return json.dumps(body, indent=1).encode("utf-8")


def to_rows(rows: Iterable[dict[str, str]]) -> bytes:
    """Write rows as gzipped JSON lines."""
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode("utf-8"), mtime=0)


def from_rows(body: bytes) -> list[dict[str, str]]:
    """Read rows of gzipped JSON lines."""
    return [json.loads(line) for line in gzip.decompress(body).decode("utf-8").splitlines()]
