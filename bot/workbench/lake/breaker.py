"""The circuit breaker's control file: its fields, when it trips, and its change by If-Match only.

The pipeline opens it; closing it is the runbook's, through the bot.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from bot.workbench.lake.names import LakeNames

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THRESHOLD = 100  # 100 equal errors do not trip it, 101 do
WINDOW_SECONDS = 3600
_TRIES = 3

BreakerBody = dict[str, str | int | None]


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Hold the file as read, and the ETag that a change must match."""

    body: BreakerBody
    etag: str

    @property
    def state(self) -> str:
        """Return CLOSED, OPEN or HALF_OPEN."""
        return str(self.body["state"])

    @property
    def error_type(self) -> str | None:
        """Return the error type that tripped it, if any did."""
        found = self.body.get("error_type")
        return None if found is None else str(found)


def trips(count: int) -> bool:
    """Tell whether this many equal errors within the window are too many."""
    return count > THRESHOLD


def closed(names: LakeNames) -> BreakerBody:
    """Return the file of a pipeline that loads."""
    return {
        "pipeline": names.pipeline,
        "state": "CLOSED",
        "opened_at": None,
        "error_type": None,
        "count": 0,
        "window_s": WINDOW_SECONDS,
        "threshold": THRESHOLD,
        "run_id": None,
        "changed_by": "seed",
        "reason": "first set up",
    }


def opened(names: LakeNames, *, at: datetime, error_type: str, count: int, run_id: str) -> BreakerBody:
    """Return the file of a pipeline that halted itself."""
    return {
        **closed(names),
        "state": "OPEN",
        "opened_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "error_type": error_type,
        "count": count,
        "run_id": run_id,
        "changed_by": f"etl run {run_id}",
        "reason": f"{count} {error_type} in {WINDOW_SECONDS} s",
    }


def read(s3: "S3Client", names: LakeNames) -> Breaker:
    """Read the file and its ETag."""
    found = s3.get_object(Bucket=names.artifacts_bucket, Key=names.breaker_key)
    return Breaker(body=json.loads(found["Body"].read()), etag=found["ETag"])


def trip(s3: "S3Client", names: LakeNames, body: BreakerBody) -> None:
    """Write the open file over whatever is there; leave it if somebody opened it meanwhile.

    Raises:
        ClientError: AWS refused, or the file changed under every one of three tries.
    """
    for tries_left in reversed(range(_TRIES)):
        seen = read(s3, names)
        if seen.state == "OPEN":
            return
        try:
            s3.put_object(
                Bucket=names.artifacts_bucket,
                Key=names.breaker_key,
                Body=json.dumps(body).encode("utf-8"),
                ContentType="application/json",
                IfMatch=seen.etag,
            )
        except ClientError as refused:
            if refused.response["Error"]["Code"] != "PreconditionFailed" or not tries_left:
                raise
        else:
            return
