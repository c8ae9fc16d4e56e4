"""The nightly load fails half way: its driver ran out of memory, and left output without a marker.

The cause is passing; a fresh run of the same input succeeds. moto has no `redrive_execution`, so a failed run cannot
be resumed here; Glue job runs are always SUCCEEDED in moto, so the error is in the execution and in the log.
"""

import json
from typing import TYPE_CHECKING

from bot.workbench.lake import readings, sources
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.seed import FILES_A_NIGHT, TONIGHT_FIRST_FILE
from bot.workbench.lake.task import OUT_OF_MEMORY
from bot.workbench.scenarios.checks import (
    alarms_ok,
    broken_first,
    current_is_the_pointers,
    executions,
    pointed_at,
    schedule_on,
)
from bot.workbench.scenarios.driving import alarm, expect, land, nightly, only_the_local_lake, run
from bot.workbench.scenarios.scenario import Check, Scenario

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

ALARM = "StepFunctionsExecutionsFailed"


def break_(lake: Lake) -> None:
    """Land tonight's files, all good, and let the load of them run out of memory.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the load did not fail.
    """
    only_the_local_lake(lake)
    now = lake.clock.now()
    for file_id in sources.file_ids(TONIGHT_FIRST_FILE, FILES_A_NIGHT):
        land(lake, now.date(), file_id, sources.good_rows(now.date(), file_id))
    alarm(lake, ALARM)
    lake.take_memory_away()
    expect(run(lake, lake.names.run_id(now), nightly(lake, now.date())), OUT_OF_MEMORY)
    lake.look()


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: did the same input succeed and reach readers, and was the failed run left as it is?"""
    runs = [(one, lake.clients.sfn.describe_execution(executionArn=one["arn"])) for one in executions(lake)]
    failed = next((found for _, found in runs if found.get("error") == OUT_OF_MEMORY), None)
    if failed is None:
        return (broken_first(),)
    given = _given(failed)
    again = [one["name"] for one, found in runs if found["status"] == "SUCCEEDED" and _given(found) == given]
    partition = readings.partition_of_day(lake.names, str(given["ingest_date"]))
    left = f"{partition}run_id={failed['name']}/"
    marked = readings.success_of(lake.clients.s3, lake.names, left).found
    return (
        Check(name="same input SUCCEEDED", ok=bool(again), seen=again[0] if again else "no such run"),
        pointed_at(lake, partition, *again or ["a new run"]),
        current_is_the_pointers(lake, partition),
        Check(
            name="the failed run has no _SUCCESS",
            ok=not marked,
            seen="a marker was written by hand" if marked else "none",
        ),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


def _given(execution: "DescribeExecutionOutputTypeDef") -> dict[str, object]:
    """Return the input, without the run key a starter may add to name its own run."""
    given: dict[str, object] = json.loads(execution["input"])
    return {name: value for name, value in given.items() if name != "run_key"}


SCENARIO = Scenario(
    name="failure-recovery",
    title="The nightly load runs out of memory",
    break_=break_,
    repaired=repaired,
)
