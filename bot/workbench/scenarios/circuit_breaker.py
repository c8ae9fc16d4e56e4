"""The nightly load halts itself: one source file carries more than 100 unknown currencies.

The bad file stays until somebody has it re-sent: a probe before that fails, as it would in life.
"""

import json
import time
from datetime import timedelta

from bot.errors import EdgeError
from bot.workbench.lake import breaker, sources
from bot.workbench.lake.clients import require_dummy_account
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import PROBE_PREFIX
from bot.workbench.lake.seed import FILES_A_NIGHT, TONIGHT_FIRST_FILE
from bot.workbench.scenarios.scenario import Check, Fix, Scenario

BAD_FILE = "f-0193"
_PATIENCE = timedelta(seconds=20)
_LOOK_EVERY = 0.05  # seconds


def break_(lake: Lake) -> None:
    """Land tonight's files, one of them bad, and start the nightly load; return when it has halted itself.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the load did not halt.
    """
    require_dummy_account(lake.clients, account=lake.names.account)
    clients, names = lake.clients, lake.names
    now = lake.clock.now()
    for file_id in sources.file_ids(TONIGHT_FIRST_FILE, FILES_A_NIGHT):
        bad = file_id == BAD_FILE
        rows = sources.wrong_currency_rows(now.date(), file_id) if bad else sources.good_rows(now.date(), file_id)
        _land(lake, file_id, rows)
    started = clients.sfn.start_execution(
        stateMachineArn=names.state_machine_arn,
        name=names.run_id(now),
        input=json.dumps({"pipeline": names.pipeline, "ingest_date": f"{now:%Y-%m-%d}", "promote": True}),
    )
    _wait_until_halted(lake, started["executionArn"])
    lake.look()


def correct_source(lake: Lake) -> None:
    """Have the upstream system re-send the bad file corrected, as a new version of the same key.

    Raises:
        EdgeError: tonight's file is not there: nothing is broken yet.
    """
    found = _tonights_key(lake)
    body = lake.clients.s3.get_object(Bucket=lake.names.bronze_bucket, Key=found)["Body"].read()
    rows = sources.corrected(sources.from_csv(body))
    lake.clients.s3.put_object(Bucket=lake.names.bronze_bucket, Key=found, Body=sources.to_csv(rows))


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: is the breaker closed by a probe that went well, with nothing else changed?"""
    return (_breaker(lake), _schedule(lake), _probe(lake), _pointer(lake), *_alarms(lake))


def _land(lake: Lake, file_id: str, rows: list[sources.Row]) -> None:
    key = lake.names.raw_key(lake.clock.now().date(), file_id)
    lake.clients.s3.put_object(Bucket=lake.names.bronze_bucket, Key=key, Body=sources.to_csv(rows))


def _wait_until_halted(lake: Lake, execution_arn: str) -> None:
    give_up = time.monotonic() + _PATIENCE.total_seconds()
    while time.monotonic() < give_up:
        status = lake.clients.sfn.describe_execution(executionArn=execution_arn)["status"]
        if status != "RUNNING":
            break
        time.sleep(_LOOK_EVERY)
    state = breaker.read(lake.clients.s3, lake.names).state
    if state != "OPEN":
        raise EdgeError(f"The nightly load did not open the breaker (it is {state}). Press Start over and try again.")


def _tonights_key(lake: Lake) -> str:
    suffix = f"/{BAD_FILE}.csv.gz"
    found = lake.clients.s3.list_objects_v2(
        Bucket=lake.names.bronze_bucket, Prefix=f"bronze/mortgages/{lake.names.pipeline}/"
    )
    keys = sorted(entry["Key"] for entry in found.get("Contents", []) if entry["Key"].endswith(suffix))
    if not keys:
        raise EdgeError(f"{BAD_FILE} has not landed yet: there is nothing to correct. Break something first.")
    return keys[-1]


def _breaker(lake: Lake) -> Check:
    state = breaker.read(lake.clients.s3, lake.names).state
    return Check(name="breaker CLOSED", ok=state == "CLOSED", seen=state)


def _schedule(lake: Lake) -> Check:
    state = lake.clients.events.describe_rule(Name=lake.names.schedule_rule)["State"]
    return Check(name="schedule ENABLED", ok=state == "ENABLED", seen=state)


def _probe(lake: Lake) -> Check:
    pages = lake.clients.sfn.get_paginator("list_executions").paginate(stateMachineArn=lake.names.state_machine_arn)
    probes = [found for page in pages for found in page["executions"] if found["name"].startswith(PROBE_PREFIX)]
    if not probes:
        return Check(name="newest probe SUCCEEDED", ok=False, seen="no probe ran")
    newest = max(probes, key=lambda found: found["startDate"])
    ok = newest["status"] == "SUCCEEDED"
    return Check(name="newest probe SUCCEEDED", ok=ok, seen=f"{newest['name']} {newest['status']}")


def _pointer(lake: Lake) -> Check:
    seeded = lake.seeded
    found = lake.clients.s3.get_object(Bucket=lake.names.silver_bucket, Key=seeded.latest_key)
    run_id = json.loads(found["Body"].read())["run_id"]
    ok = run_id == seeded.run_id and found["VersionId"] == seeded.latest_version
    return Check(name="_LATEST.json unchanged", ok=ok, seen=f"run {run_id}")


def _alarms(lake: Lake) -> list[Check]:
    found = lake.clients.cloudwatch.describe_alarms(AlarmNames=list(lake.names.alarms))["MetricAlarms"]
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}
    return [
        Check(name=f"alarm {name} OK", ok=states.get(name) == "OK", seen=states.get(name, "no such alarm"))
        for name in lake.names.alarms
    ]


SCENARIO = Scenario(
    name="circuit-breaker",
    title="The nightly load halts itself",
    break_=break_,
    fix=Fix(title=f"Upstream re-sends {BAD_FILE} corrected", apply=correct_source),
    repaired=repaired,
)
