"""What several failures need to happen: files that land, executions that end."""

import json
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.errors import EdgeError
from bot.workbench.lake import sources, watches
from bot.workbench.lake.clients import require_dummy_account
from bot.workbench.lake.lake import Lake

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_PATIENCE = timedelta(seconds=30)
_LOOK_EVERY = 0.05  # seconds


def only_the_local_lake(lake: Lake) -> None:
    """Refuse to break anything but the local lake.

    Raises:
        EdgeError: another account answered; nothing was changed.
    """
    require_dummy_account(lake.clients, account=lake.names.account)


def land(lake: Lake, day: date, file_id: str, rows: list[sources.Row], *, schema_version: str = "v1") -> str:
    """Put a source file into bronze and return its key."""
    key = lake.names.raw_key(day, file_id)
    body = sources.to_csv(rows, schema_version=schema_version)
    lake.clients.s3.put_object(Bucket=lake.names.bronze_bucket, Key=key, Body=body)
    return key


def nightly(lake: Lake, day: date) -> dict[str, object]:
    """Return the input of the load of one day."""
    return {"pipeline": lake.names.pipeline, "ingest_date": day.isoformat(), "promote": True}


def run(lake: Lake, name: str, given: dict[str, object]) -> "DescribeExecutionOutputTypeDef":
    """Start an execution and return how it ended.

    Raises:
        EdgeError: it still runs after half a minute.
    """
    started = lake.clients.sfn.start_execution(
        stateMachineArn=lake.names.state_machine_arn, name=name, input=json.dumps(given)
    )
    give_up = time.monotonic() + _PATIENCE.total_seconds()
    while time.monotonic() < give_up:
        found = lake.clients.sfn.describe_execution(executionArn=started["executionArn"])
        if found["status"] != "RUNNING":
            return found
        time.sleep(_LOOK_EVERY)
    raise EdgeError(f"The execution {name} did not end. Press Start over and try again.")


def expect(found: "DescribeExecutionOutputTypeDef", ended: str) -> None:
    """Make sure the failure is the one that is played.

    Args:
        ended: the status, or the error of a failed execution.

    Raises:
        EdgeError: the execution ended otherwise.
    """
    seen = found.get("error") or found["status"]
    if seen != ended:
        raise EdgeError(f"The load ended with {seen}, not {ended}. Press Start over and try again.")


def alarm(lake: Lake, name: str, **by: str) -> None:
    """Arm an alarm, measure it now, and have the alarms looked at."""
    watches.arm(lake.clients, lake.names, name, at=lake.clock.now(), **by)
    lake.look()
