"""Checks that several scenarios make of the lake; each reads it, none changes it."""

import json
from collections.abc import Collection

from bot.workbench.lake import readings
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.scenario import Check


def alarms_ok(lake: Lake, *names: str) -> tuple[Check, ...]:
    """Check that the alarms have returned to OK."""
    found = lake.clients.cloudwatch.describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}
    return tuple(
        Check(name=f"alarm {name} OK", ok=states.get(name) == "OK", seen=states.get(name, "no such alarm"))
        for name in names
    )


def schedule_on(lake: Lake) -> Check:
    """Check that no pause was left behind."""
    state = lake.clients.events.describe_rule(Name=lake.names.schedule_rule)["State"]
    return Check(name="schedule ENABLED", ok=state == "ENABLED", seen=state)


def pointer_run(lake: Lake, partition: str) -> str | None:
    """Return the run readers get, or None where there is no pointer."""
    latest = readings.pointer(lake.clients.s3, lake.names, partition)
    return None if latest is None else str(latest.body["run_id"])


def pointed_at(lake: Lake, partition: str, *runs: str) -> Check:
    """Check that readers get one of these runs."""
    seen = pointer_run(lake, partition)
    name = f"_LATEST.json names {runs[0]}" if len(runs) == 1 else "_LATEST.json names a repaired run"
    return Check(name=name, ok=seen in runs, seen="no pointer" if seen is None else f"run {seen}")


def finished(lake: Lake, partition: str, run_id: str) -> Check:
    """Check that a run has its marker."""
    found = readings.success_of(lake.clients.s3, lake.names, f"{partition}run_id={run_id}/").found
    return Check(name=f"run {run_id} has _SUCCESS", ok=found, seen="_SUCCESS" if found else "no _SUCCESS")


def current_is_the_pointers(lake: Lake, partition: str) -> Check:
    """Check that current/ holds the files of the pointer's run and nothing else."""
    ok = readings.current_is_the_pointers(lake.clients.s3, lake.names, partition)
    return Check(name="current/ is the run of _LATEST.json", ok=ok, seen="equal" if ok else "differs")


def still_there(lake: Lake, partition: str, runs: Collection[str]) -> Check:
    """Check that no run was deleted: each is evidence, and a way back."""
    prefixes = {run: f"{partition}run_id={run}/" for run in runs}
    s3, bucket = lake.clients.s3, lake.names.silver_bucket
    gone = [run for run, prefix in prefixes.items() if not readings.keys_under(s3, bucket, prefix)]
    return Check(name="no run was deleted", ok=not gone, seen=f"gone: {', '.join(gone)}" if gone else "all there")


def broken_first() -> Check:
    """Say that there is nothing to judge yet."""
    return Check(name="the failure happened", ok=False, seen="nothing has been broken yet")


def smoke_succeeded(lake: Lake) -> Check:
    """Check that the newest smoke test succeeded; whoever asks has seen one run."""
    newest = next(
        (one for one in executions(lake) if json.loads(input_of(lake, one["arn"])).get("smoke") is True), None
    )
    seen = f"{newest['name']} {newest['status']}" if newest else "none ran"
    return Check(name="newest smoke test SUCCEEDED", ok=bool(newest) and seen.endswith("SUCCEEDED"), seen=seen)


def executions(lake: Lake) -> list[dict[str, str]]:
    """Return name, ARN and status of every execution, the newest first."""
    pages = lake.clients.sfn.get_paginator("list_executions").paginate(stateMachineArn=lake.names.state_machine_arn)
    found = [one for page in pages for one in page["executions"]]
    found.sort(key=lambda one: one["startDate"], reverse=True)
    return [{"name": one["name"], "arn": one["executionArn"], "status": one["status"]} for one in found]


def input_of(lake: Lake, arn: str) -> str:
    """Return what an execution was given, as text."""
    return lake.clients.sfn.describe_execution(executionArn=arn)["input"]
