"""A load that looks fine gives readers wrong data: amounts a hundred times too large, every row valid.

The source re-sent yesterday's files with amounts in cents; the load read, validated and promoted them. The run
before it is still there. Code and state that are rolled back are failures of their own (rollback_….py).
"""

from datetime import UTC, date, datetime

from bot.workbench.lake import furniture, readings, sources
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import file_id
from bot.workbench.scenarios.checks import alarms_ok, current_is_the_pointers, finished, pointed_at, schedule_on
from bot.workbench.scenarios.driving import alarm, expect, land, nightly, only_the_local_lake, run
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "PromotedBadRun"


def break_(lake: Lake) -> None:
    """Re-send yesterday's files with amounts in cents, and load and promote them.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the load did not promote.
    """
    only_the_local_lake(lake)
    furniture.versions_of_code(lake.clients, lake.names)
    now = lake.clock.now()
    day = _day(lake)
    for key in readings.keys_under(lake.clients.s3, lake.names.bronze_bucket, lake.names.raw_prefix(day)):
        land(lake, day, file_id(key), sources.in_cents(sources.good_rows(day, file_id(key))))
    expect(run(lake, lake.names.run_id(now), nightly(lake, day)), "SUCCEEDED")
    alarm(lake, ALARM, Partition=lake.names.partition(day))


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: do readers get the run before the bad one again, whole, and is the bad one kept?"""
    partition, good = lake.names.partition(_day(lake)), lake.seeded.run_id
    sane = readings.amounts_are_sane(lake.clients.s3, lake.names, partition)
    prefix = f"{partition}run_id="
    keys = readings.keys_under(lake.clients.s3, lake.names.silver_bucket, prefix)
    later = {key.removeprefix(prefix).split("/", 1)[0] for key in keys} - {good}
    return (
        pointed_at(lake, partition, good),
        finished(lake, partition, good),
        current_is_the_pointers(lake, partition),
        Check(name="data check on current/", ok=sane, seen="passes" if sane else "amounts are impossible"),
        Check(name="the bad run is kept", ok=bool(later), seen=", ".join(sorted(later)) or "no other run"),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


def _day(lake: Lake) -> date:
    """Return the day whose load is the newest that was promoted before."""
    return datetime.strptime(lake.seeded.run_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).date()


SCENARIO = Scenario(
    name="rollback",
    title="A promoted run gives readers wrong amounts",
    break_=break_,
    repaired=repaired,
)
