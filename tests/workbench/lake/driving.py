"""Driving a started lake from a test: run an execution to its end, read what it left, wait for something."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.workbench.clock import Clock
from bot.workbench.lake import breaker, sources
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake

PATIENCE = 30.0  # seconds until a test gives up; no test asserts how long something took

T = TypeVar("T")


@contextmanager
def started(folder: Path) -> Iterator[Lake]:
    lake = Lake(clock=Clock(folder / "clock.json"))
    lake.start()
    try:
        yield lake
    finally:
        lake.close()


def eventually(look: Callable[[], T | None], *, what: str) -> T:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"Waited in vain for {what}.")


def start(lake: Lake, name: str, **given: object) -> str:
    return lake.clients.sfn.start_execution(
        stateMachineArn=lake.names.state_machine_arn, name=name, input=json.dumps(given)
    )["executionArn"]


def ended(lake: Lake, arn: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = dict(lake.clients.sfn.describe_execution(executionArn=arn))
        return None if found["status"] == "RUNNING" else found

    return eventually(look, what=f"the end of {arn}")


def run(lake: Lake, name: str, **given: object) -> dict[str, Any]:
    return ended(lake, start(lake, name, **given))


def land(lake: Lake, file_id: str, rows: list[sources.Row]) -> str:
    """Put one of tonight's files into bronze and return its key."""
    key = lake.names.raw_key(lake.clock.now().date(), file_id)
    lake.clients.s3.put_object(Bucket=lake.names.bronze_bucket, Key=key, Body=sources.to_csv(rows))
    return key


def good(lake: Lake, file_id: str) -> list[sources.Row]:
    return sources.good_rows(lake.clock.now().date(), file_id)


def set_breaker(lake: Lake, state: str, **fields: str | int) -> None:
    body = {**breaker.closed(lake.names), "state": state, **fields}
    lake.clients.s3.put_object(Bucket=lake.names.artifacts_bucket, Key=lake.names.breaker_key, Body=to_json(body))


def breaker_state(lake: Lake) -> str:
    return breaker.read(lake.clients.s3, lake.names).state


def lines(lake: Lake, run_id: str) -> list[dict[str, Any]]:
    pages = lake.clients.logs.get_paginator("filter_log_events").paginate(
        logGroupName=lake.names.log_group, logStreamNames=[run_id]
    )
    return [json.loads(event["message"]) for page in pages for event in page["events"]]


def keys(lake: Lake, bucket: str, prefix: str) -> list[str]:
    found = lake.clients.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def read_json(lake: Lake, bucket: str, key: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(lake.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return body


def metric(lake: Lake, name: str, *, stat: str, back: timedelta, error_type: str | None = None) -> list[float]:
    """Return one value per five minutes of the last stretch of the movable clock, oldest first."""
    dimensions = [{"Name": "Pipeline", "Value": lake.names.pipeline}]
    if error_type is not None:
        dimensions.append({"Name": "ErrorType", "Value": error_type})
    end = lake.clock.now() + timedelta(seconds=1)
    stat_of = {
        "Metric": {"Namespace": lake.names.namespace, "MetricName": name, "Dimensions": dimensions},
        "Period": 300,
        "Stat": stat,
    }
    query: Any = {"Id": "asked", "MetricStat": stat_of}
    found = lake.clients.cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=end - back, EndTime=end, ScanBy="TimestampAscending"
    )
    return list(found["MetricDataResults"][0]["Values"])


def alarm_state(lake: Lake, name: str) -> str:
    return lake.clients.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


def notices(lake: Lake, count: int) -> list[dict[str, Any]]:
    """Take that many alarm notifications off the bot's queue: the SNS envelopes, by the alarm's name."""
    url, taken = lake.queue_url(lake.names.failures_queue), []
    for _ in range(count):
        found = lake.clients.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)
        message = found["Messages"][0]
        lake.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        taken.append(json.loads(message["Body"]))
    return sorted(taken, key=lambda one: str(json.loads(one["Message"])["AlarmName"]))


def host_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - what the movable clock is compared with
