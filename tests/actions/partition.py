"""A partition of the small lake: runs with and without their marker, what readers see, the pointer."""

import json

from bot.domain.value import JsonObject, JsonValue
from tests.aws.moto_lake import Lake
from tests.aws.seeded import PARTITION

OLD, NEW, HALF = "20260120T020000Z", "20260121T020000Z", "20260122T020000Z"
HERE: JsonObject = {"bucket": "lake-silver", "partition": PARTITION}
AT = "2026-01-23T09:00:00Z"


def put(lake: Lake, key: str, body: str, bucket: str = "lake-silver") -> None:
    lake.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())


def write_run(lake: Lake, run_id: str, files: dict[str, str], *, marker: bool = True, **other: JsonValue) -> None:
    for name, body in files.items():
        put(lake, f"{PARTITION}run_id={run_id}/{name}", body)
    if marker:
        put(lake, f"{PARTITION}run_id={run_id}/_SUCCESS", json.dumps({**success(run_id), **other}))


def success(run_id: str) -> JsonObject:
    return {
        "run_id": run_id,
        "completed_at": "2026-01-21T02:11:00Z",
        "metrics": {"input_rows": 1000, "quarantined_rows": 2, "condemned_rows": 0, "quarantine_rate": 0.2},
        "quarantine_by_reason": {"NULL_VALUE_ERROR": 2},
        "has_critical_errors": False,
        "promotion_allowed": True,
    }


def point_to(lake: Lake, run_id: str) -> None:
    body = {
        "run_id": run_id,
        "promoted_at": "2026-01-21T02:12:00Z",
        "output_prefix": f"{PARTITION}run_id={run_id}/",
        "current_prefix": f"{PARTITION}current/",
        "schema_version": "v1",
    }
    put(lake, f"{PARTITION}_LATEST.json", json.dumps(body))


def seed_partition(lake: Lake) -> None:
    """Leave an old live run of three files, a newer good one of two, and one that never finished."""
    write_run(lake, OLD, {"part-0000.parquet": "old-0", "part-0001.parquet": "old-1", "part-0002.parquet": "old-2"})
    write_run(lake, NEW, {"part-0000.parquet": "new-0", "part-0001.parquet": "new-1"})
    write_run(lake, HALF, {"part-0000.parquet": "half"}, marker=False)
    for number in range(3):
        put(lake, f"{PARTITION}current/part-000{number}.parquet", f"old-{number}")
    point_to(lake, OLD)


def current(lake: Lake) -> dict[str, str]:
    """Return what readers of current/ see."""
    s3 = lake.client("s3")
    found = s3.list_objects_v2(Bucket="lake-silver", Prefix=f"{PARTITION}current/").get("Contents", [])
    bodies = {one["Key"]: s3.get_object(Bucket="lake-silver", Key=one["Key"])["Body"].read().decode() for one in found}
    return {key.rsplit("/", 1)[-1]: body for key, body in bodies.items()}


def pointer(lake: Lake) -> JsonObject:
    answer = lake.client("s3").get_object(Bucket="lake-silver", Key=f"{PARTITION}_LATEST.json")
    body: JsonObject = json.loads(answer["Body"].read())
    return body
