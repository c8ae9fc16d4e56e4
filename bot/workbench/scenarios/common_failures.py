"""`_LATEST.json` of a closed month is gone: a clean-up deleted it, and left a delete marker on top of it.

The bucket keeps versions, so the pointer itself is still there below the marker; the run and current/ are whole.
"""

import json

from bot.workbench.lake import journal, readings
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.checks import alarms_ok, current_is_the_pointers, finished, pointed_at, schedule_on
from bot.workbench.scenarios.driving import alarm, only_the_local_lake
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "LatestPointerMissing"
CLEANER = "cleanup_condemned"


def break_(lake: Lake) -> None:
    """Delete the pointer of last month, as a clean-up with too wide a prefix does.

    Raises:
        EdgeError: the account is not the local lake's; nothing was changed.
    """
    only_the_local_lake(lake)
    month, names, now = lake.seeded.months[0], lake.names, lake.clock.now()
    lake.clients.s3.delete_object(Bucket=names.silver_bucket, Key=f"{month.partition}_LATEST.json")
    run_id = f"{CLEANER}-{now:%Y%m%dT%H%M%SZ}"
    line = journal.line("INFO", f"deleted {month.partition}_LATEST.json", CLEANER, "sweep", key=month.partition)
    refused = journal.line("ERROR", f"NoSuchKey: {month.partition}_LATEST.json", "canary", "head_pointer")
    events = journal.stamp([line, refused], run_id=run_id, start=now, end=now)
    journal.write(lake.clients.logs, names, run_id=run_id, events=events)
    alarm(lake, ALARM, Partition=month.partition)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: is the pointer back, and does it name a whole run that readers have?"""
    month = lake.seeded.months[0]
    return (
        pointed_at(lake, month.partition, month.run_id),
        _whole(lake, month.partition),
        finished(lake, month.partition, month.run_id),
        current_is_the_pointers(lake, month.partition),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


def _whole(lake: Lake, partition: str) -> Check:
    latest = readings.pointer(lake.clients.s3, lake.names, partition)
    wanted = {"run_id", "execution_arn", "promoted_at", "output_prefix", "current_prefix", "schema_version"}
    missing = wanted if latest is None else wanted - set(latest.body)
    seen = f"missing: {json.dumps(sorted(missing))}" if missing else "every field"
    return Check(name="_LATEST.json has every field", ok=not missing, seen=seen)


SCENARIO = Scenario(
    name="common-failures",
    title="The pointer of last month is gone",
    break_=break_,
    repaired=repaired,
)
