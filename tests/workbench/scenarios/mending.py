"""Plain boto3 calls that repair a lake, as the runbooks make them; and what a scenario still finds wrong."""

import json
from datetime import timedelta
from typing import Any

from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.driving import nightly, run
from bot.workbench.scenarios.scenario import Scenario
from tests.workbench.lake.driving import alarm_state, eventually, keys, read_json

ELEVEN_MINUTES = 660


def failing(scenario: Scenario, lake: Lake) -> set[str]:
    """Return what is wrong with the lake itself; an alarm follows within a second, so tests of it wait."""
    return {check.name for check in scenario.repaired(lake) if not check.ok and not check.name.startswith("alarm ")}


def seen(scenario: Scenario, lake: Lake) -> dict[str, str]:
    return {check.name: check.seen for check in scenario.repaired(lake) if not check.ok}


def told(lake: Lake, alarm: str) -> dict[str, Any]:
    """Take alarm notices off the bot's queue until the one that is wanted, and return its message."""
    url = lake.queue_url(lake.names.failures_queue)
    for _ in range(4):
        found = lake.clients.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)
        for message in found.get("Messages", []):
            lake.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            notice: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
            if notice["AlarmName"] == alarm:
                return notice
    raise AssertionError(f"{alarm} was not told.")


def dimensions(notice: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in notice["Trigger"]["Dimensions"]}


def quiet(lake: Lake, *alarms: str) -> None:
    """Let eleven minutes pass and wait for the alarms to be OK."""
    lake.clock.advance(ELEVEN_MINUTES)
    lake.look()
    eventually(lambda: all(alarm_state(lake, name) == "OK" for name in alarms), what=f"{alarms} to be OK")


def flip(lake: Lake, partition: str, run_id: str, *, schema_version: str = "v1") -> None:
    """Point readers at a run, if nobody else did meanwhile."""
    key = f"{partition}_LATEST.json"
    before = lake.clients.s3.get_object(Bucket=lake.names.silver_bucket, Key=key)
    body = json.loads(before["Body"].read())
    prefix = f"{partition}run_id={run_id}/"
    success = read_json(lake, lake.names.silver_bucket, f"{prefix}_SUCCESS")
    arn = success["execution_arn"]
    body = {**body, "run_id": run_id, "output_prefix": prefix, "execution_arn": arn, "schema_version": schema_version}
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key, Body=to_json(body), IfMatch=before["ETag"])


def fill(lake: Lake, partition: str, run_id: str) -> None:
    """Make current/ what the run wrote, without left-overs."""
    bucket, prefix, current = lake.names.silver_bucket, f"{partition}run_id={run_id}/", f"{partition}current/"
    wanted = {key: current + key.removeprefix(prefix) for key in keys(lake, bucket, prefix) if "_SUCCESS" not in key}
    for key, target in wanted.items():
        lake.clients.s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key})
    for key in keys(lake, bucket, current):
        if key not in wanted.values():
            lake.clients.s3.delete_object(Bucket=bucket, Key=key)


def smoke(lake: Lake, name: str, *, smoke: bool = True, promote: bool = False) -> dict[str, Any]:
    """Start a smoke test, or a load of yesterday, and return how it ended."""
    given = nightly(lake, lake.clock.now().date() - timedelta(days=1)) | {"promote": promote}
    return dict(run(lake, name, given | {"smoke": True} if smoke else given))


def promote(lake: Lake, partition: str, run_id: str) -> None:
    flip(lake, partition, run_id)
    fill(lake, partition, run_id)
