"""A closed month misses source files that arrived after it was loaded: readers have an incomplete run.

The load of the month read nine files; three more landed late. An isolated run of the whole month reads all twelve.
"""

from bot.workbench.lake import furniture, journal, readings
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.checks import (
    alarms_ok,
    current_is_the_pointers,
    pointer_run,
    schedule_on,
    still_there,
)
from bot.workbench.scenarios.driving import alarm, land, only_the_local_lake
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "LatestPointerStale"
MONTHS_AGO = 1  # of the closed months: the one before the last


def break_(lake: Lake) -> None:
    """Land the source files of a closed month, and three more that its load never saw.

    Raises:
        EdgeError: the account is not the local lake's; nothing was changed.
    """
    only_the_local_lake(lake)
    month, now = lake.seeded.months[MONTHS_AGO], lake.clock.now()
    for late in (False, True):
        for (day, file_id), rows in furniture.month_files(month.day, late=late).items():
            land(lake, day, file_id, rows)
    names = {file_id for _, file_id in furniture.month_files(month.day, late=True)}
    lines = [
        journal.line("WARNING", "late file, not in the promoted run", "arrivals", "check", source_file_id=name)
        for name in sorted(names)
    ]
    run_id = f"arrivals-{now:%Y%m%dT%H%M%SZ}"
    events = journal.stamp(lines, run_id=run_id, start=now, end=now)
    journal.write(lake.clients.logs, lake.names, run_id=run_id, events=events)
    alarm(lake, ALARM, Partition=month.partition)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: do readers get a new run of every file of the month, and is the old run kept?"""
    month = lake.seeded.months[MONTHS_AGO]
    s3, names = lake.clients.s3, lake.names
    run = pointer_run(lake, month.partition) or ""
    success = readings.success_of(s3, names, f"{month.partition}run_id={run}/")
    raw = len(readings.raw_files(s3, names, month.partition))
    return (
        Check(name="_LATEST.json names a new run", ok=run not in ("", month.run_id), seen=f"run {run or 'none'}"),
        Check(
            name="that run read every source file",
            ok=success.found and 0 < raw <= success.input_files,
            seen=f"{success.input_files} of {raw}",
        ),
        Check(name="the gate allowed it", ok=success.allowed, seen="allowed" if success.allowed else "not allowed"),
        current_is_the_pointers(lake, month.partition),
        still_there(lake, month.partition, [month.run_id]),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


SCENARIO = Scenario(
    name="backfill",
    title="A closed month misses late files",
    break_=break_,
    repaired=repaired,
)
