"""What stands around the pipeline from the start: the closed months, jobs, the deployment.

Everything a reading step of some runbook wants to find in a lake in which nothing is broken.
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.workbench.lake import sources
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.documents import latest_body, success_body, to_json, to_rows
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.scans import SIZE
from bot.workbench.lake.validation import read_files

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef

MONTHS = 2
MONTH_FILES = 9
LATE_FILES = 3
STATE_SERIAL = 41
_FIRST_FILE = 2_000
_LOADED_AT = time(3, 0, tzinfo=UTC)
_MONTH_BYTES = 1_100_000_000  # what the catalogue says of one month
COMMITS = ("3f2c1aa5d0b94e67a1c8f2037d6e5b4a90817263", "9b7d0429c1f64a5e8d3b2a7766554433221100ff")
ARTIFACTS = tuple(f"etl-v1.4.{place}-{commit[:7]}.zip" for place, commit in enumerate(COMMITS))


@dataclass(frozen=True, kw_only=True)
class Promoted:
    """Say which run readers of one month get."""

    day: date
    run_id: str
    partition: str


def closed_months(clients: Clients, names: LakeNames, *, before: date) -> tuple[Promoted, ...]:
    """Leave the last months in silver, each promoted from the files that had arrived by its end; newest first."""
    first = before.replace(day=1)
    made = []
    for _ in range(MONTHS):
        loaded = datetime.combine(first, _LOADED_AT)
        first = (first - timedelta(days=1)).replace(day=1)
        made.append(_month(clients, names, first, loaded))
    return tuple(made)


def month_files(month: date, *, late: bool = False) -> dict[tuple[date, str], list[sources.Row]]:
    """Return the source files of a month by day (they come on its first) and id; the late ones missed the load."""
    number = _FIRST_FILE + (month.year * 12 + month.month) % 60 * 20
    ids = sources.file_ids(number, MONTH_FILES + LATE_FILES)
    chosen = ids[MONTH_FILES:] if late else ids[:MONTH_FILES]
    return {(month, file_id): sources.good_rows(month, file_id) for file_id in chosen}


def register(clients: Clients, names: LakeNames, months: Iterable[date]) -> None:
    """Tell the catalogue of these months."""
    clients.glue.batch_create_partition(
        DatabaseName=names.database,
        TableName=names.table,
        PartitionInputList=[partition_input(names, month) for month in months],
    )


def partition_input(names: LakeNames, month: date, *, schema_version: str = "v1") -> "PartitionInputTypeDef":
    """Return what the catalogue is told of one month."""
    location = f"s3://{names.silver_bucket}/{names.partition(month, schema_version=schema_version)}current/"
    return {
        "Values": [f"{month:%Y}", f"{month:%m}", schema_version],
        "StorageDescriptor": {"Location": location},
        "Parameters": {SIZE: str(_MONTH_BYTES)},
    }


def furnish(clients: Clients, names: LakeNames) -> None:
    """Make jobs and their code, the lock table, the deployment and its state."""
    for artifact in ARTIFACTS:
        clients.s3.put_object(Bucket=names.artifacts_bucket, Key=f"etl/{artifact}", Body=artifact.encode())
    state = to_json({"version": 4, "serial": STATE_SERIAL})
    clients.s3.put_object(Bucket=names.state_bucket, Key=names.state_key, Body=state)
    role = f"arn:aws:iam::{names.account}:role/etl-glue"
    script = f"s3://{names.artifacts_bucket}/etl/{ARTIFACTS[-1]}"
    for job in names.jobs:
        clients.glue.create_job(Name=job, Role=role, Command={"Name": "glueetl", "ScriptLocation": script})
    clients.dynamodb.create_table(
        TableName=names.locks_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    clients.codebuild.create_project(
        name=names.deploy_project,
        source={"type": "S3", "location": f"{names.artifacts_bucket}/deploy/"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "deploy", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=f"arn:aws:iam::{names.account}:role/service-role/lake-deploy",
    )
    clients.logs.create_log_group(logGroupName=names.deploy_log_group)


def versions_of_code(clients: Clients, names: LakeNames) -> None:
    """Make functions, where there are none, with the live alias at the newer of two versions; the lake runs neither.

    Only a rollback looks at them, and they take longer to make than all the rest: its scenarios make them.
    """
    if clients.functions.list_functions()["Functions"]:
        return
    role = clients.create_role("etl-functions")
    for function in (names.promote_function, names.summary_function):
        clients.functions.create_function(
            FunctionName=function,
            Runtime="python3.11",
            Role=role,
            Handler="handler.handle",
            Code={"ZipFile": _zipped("1")},
            Publish=True,
        )
        code = clients.functions.update_function_code(FunctionName=function, ZipFile=_zipped("2"), Publish=True)
        clients.functions.create_alias(FunctionName=function, Name=names.live_alias, FunctionVersion=code["Version"])


def _zipped(version: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("handler.py", f"VERSION = {version}")
    return body.getvalue()


def _month(clients: Clients, names: LakeNames, month: date, loaded: datetime) -> Promoted:
    s3, bucket, run_id = clients.s3, names.silver_bucket, names.run_id(loaded)
    execution = f"{names.state_machine_arn.replace('stateMachine', 'execution')}:{run_id}"
    files = {file_id: rows for (_, file_id), rows in month_files(month).items()}
    findings = read_files(files, may_trip=True)
    prefix, partition, part = names.run_prefix(month, run_id), names.partition(month), to_rows(findings.valid)
    end = loaded + timedelta(minutes=11)
    bodies = {
        f"{prefix}part-0000.jsonl.gz": part,
        f"{prefix}_SUCCESS": to_json(success_body(run_id, execution, findings, at=end, input_files=len(files))),
        f"{partition}current/part-0000.jsonl.gz": part,
        names.latest_key(month): to_json(latest_body(names, month, run_id, execution, at=end)),
    }
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return Promoted(day=month, run_id=run_id, partition=partition)
