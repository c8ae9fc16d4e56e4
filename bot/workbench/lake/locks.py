"""Terraform's lock on the state, as Terraform itself writes it: an item of the lock table.

Taking and reading it is here; releasing it is the runbook's.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.workbench.lake.names import LakeNames

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Hold who locked the state, and since when."""

    id: str
    who: str
    build: str
    created: datetime
    info: str


def take(dynamodb: "DynamoDBClient", names: LakeNames, *, lock: str, build: str, at: datetime) -> None:
    """Lock the state for a build."""
    info = {
        "ID": lock,
        "Operation": "OperationTypeApply",
        "Info": build,
        "Who": f"codebuild@{names.deploy_project}",
        "Version": "1.9.8",
        "Created": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "Path": names.lock_id,
    }
    item = {"LockID": {"S": names.lock_id}, "Info": {"S": json.dumps(info)}}
    dynamodb.put_item(TableName=names.locks_table, Item=item, ConditionExpression="attribute_not_exists(LockID)")


def read(dynamodb: "DynamoDBClient", names: LakeNames) -> Lock | None:
    """Return the lock, or None where nobody holds it."""
    key = {"LockID": {"S": names.lock_id}}
    found = dynamodb.get_item(TableName=names.locks_table, Key=key, ConsistentRead=True).get("Item")
    if found is None:
        return None
    info = json.loads(found["Info"]["S"])
    return Lock(
        id=info["ID"],
        who=info["Who"],
        build=info["Info"],
        created=datetime.fromisoformat(info["Created"]),
        info=found["Info"]["S"],
    )
