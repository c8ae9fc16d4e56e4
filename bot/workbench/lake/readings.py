"""Reading the lake's data as the platform's own watchers do: pointers, markers, current/, control sums.

Used by the alarms and by the scenarios' checks; nothing here writes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from bot.workbench.lake.documents import from_rows
from bot.workbench.lake.names import LakeNames

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST_AMOUNT = Decimal(10_000)  # of one transaction: the data check behind PromotedBadRun
MARKER = "_SUCCESS"
_ABSENT = ("404", "NoSuchKey", "NoSuchBucket")


@dataclass(frozen=True, kw_only=True)
class Document:
    """Hold a control document and the version it has."""

    body: Mapping[str, Any]
    etag: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Success:
    """Hold what a finished run says of itself, or that it says nothing."""

    found: bool
    input_files: int = 0
    quarantine_rate: float = 0.0
    allowed: bool = False
    source_run: str | None = None


def keys_under(s3: "S3Client", bucket: str, prefix: str) -> list[str]:
    """Return every key that begins so."""
    return list(etags_under(s3, bucket, prefix))


def etags_under(s3: "S3Client", bucket: str, prefix: str) -> dict[str, str]:
    """Return every key that begins so, with its ETag."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {found["Key"]: found["ETag"] for page in pages for found in page.get("Contents", [])}


def document(s3: "S3Client", bucket: str, key: str) -> Document | None:
    """Return a control document, or None where there is none."""
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as refused:
        if refused.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    body = json.loads(found["Body"].read())
    return Document(body=body, etag=found["ETag"], version=found["VersionId"])


def pointer(s3: "S3Client", names: LakeNames, partition: str) -> Document | None:
    """Return the pointer of a partition, or None where there is none."""
    return document(s3, names.silver_bucket, f"{partition}_LATEST.json")


def success_of(s3: "S3Client", names: LakeNames, where: str) -> Success:
    """Return the summary of a run: given its prefix, or the key of a pointer to it."""
    prefix: str | None = where
    if where.endswith(".json"):
        latest = document(s3, names.silver_bucket, where)
        prefix = None if latest is None else latest.body.get("output_prefix")
    found = None if prefix is None else document(s3, names.silver_bucket, f"{prefix}{MARKER}")
    if found is None:
        return Success(found=False)
    metrics = found.body["metrics"]
    return Success(
        found=True,
        input_files=int(metrics["input_files"]),
        quarantine_rate=float(metrics["quarantine_rate"]),
        allowed=found.body["promotion_allowed"] is True,
        source_run=found.body.get("source_run"),
    )


def current_is_the_pointers(s3: "S3Client", names: LakeNames, partition: str) -> bool:
    """Tell whether readers' files are exactly those of the run the pointer names."""
    latest = pointer(s3, names, partition)
    if latest is None:
        return False
    prefix, current = str(latest.body["output_prefix"]), f"{partition}current/"
    run = _files(etags_under(s3, names.silver_bucket, prefix), prefix)
    return bool(run) and run == _files(etags_under(s3, names.silver_bucket, current), current)


def current_rows(s3: "S3Client", names: LakeNames, partition: str) -> list[dict[str, str]]:
    """Return what readers get of a partition."""
    keys = keys_under(s3, names.silver_bucket, f"{partition}current/")
    return [row for key in keys for row in from_rows(s3.get_object(Bucket=names.silver_bucket, Key=key)["Body"].read())]


def amounts_are_sane(s3: "S3Client", names: LakeNames, partition: str) -> bool:
    """Tell whether readers have rows, and none of them has an impossible amount."""
    rows = current_rows(s3, names, partition)
    return bool(rows) and all(Decimal(row["amount"]) <= LARGEST_AMOUNT for row in rows)


def raw_files(s3: "S3Client", names: LakeNames, partition: str) -> list[str]:
    """Return the keys of the source files that belong to a monthly partition."""
    parts = dict(part.split("=", 1) for part in partition.split("/") if "=" in part)
    return keys_under(s3, names.bronze_bucket, names.raw_month(f"{parts['year']}-{parts['month']}"))


def _files(etags: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): etag for key, etag in etags.items() if not key.endswith(MARKER)}


def silver_run(s3: "S3Client", names: LakeNames, run_id: str) -> str | None:
    """Return where a run wrote, or None where it wrote nothing."""
    marked = [key for key in keys_under(s3, names.silver_bucket, names.table_prefix) if f"/run_id={run_id}/" in key]
    return None if not marked else marked[0].rsplit("/", 1)[0] + "/"


def partition_of_day(names: LakeNames, day: str) -> str:
    """Return the partition of a day that is written as in an execution's input."""
    return names.partition(date.fromisoformat(day))
