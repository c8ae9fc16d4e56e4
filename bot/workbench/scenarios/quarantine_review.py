"""Tonight's load set 6.12 % of its rows aside: the gate blocked the promotion, and people must review the rows.

Most have an unknown currency, which the source can correct and re-send; the rest lack an account or a time and are
given up. Nothing is ever deleted from quarantine.
"""

from datetime import UTC, date, datetime

from bot.errors import InvalidError
from bot.workbench.lake import readings, sources
from bot.workbench.lake.definition import BLOCKED
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import condemned_key
from bot.workbench.lake.seed import FILES_A_NIGHT, TONIGHT_FIRST_FILE
from bot.workbench.scenarios.checks import (
    alarms_ok,
    broken_first,
    current_is_the_pointers,
    executions,
    pointer_run,
    schedule_on,
)
from bot.workbench.scenarios.driving import alarm, expect, land, nightly, only_the_local_lake, run
from bot.workbench.scenarios.scenario import Check, Fix, Scenario

RATE, BLOCKED_ALARM = "QuarantineRateHigh", "PromotionBlocked"
RETRIED = "CURRENCY_ERROR"
GIVEN_UP = ("NULL_VALUE_ERROR", "TIMESTAMP_ERROR")
_ROWS = 2_500
_FAULTS = ((96, "currency", sources.WRONG_CURRENCY), (41, "account_id", ""), (16, "booked_at", "yesterday"))


def break_(lake: Lake) -> None:
    """Land tonight's files with 153 bad rows of 2,500 and load them; the gate blocks the promotion.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the load was not blocked.
    """
    only_the_local_lake(lake)
    now = lake.clock.now()
    for file_id, rows in _files(lake).items():
        land(lake, now.date(), file_id, rows)
    alarm(lake, RATE)
    run_id = lake.names.run_id(now)
    expect(run(lake, run_id, nightly(lake, now.date())), BLOCKED)
    alarm(lake, BLOCKED_ALARM, RunId=run_id)


def correct_source(lake: Lake) -> None:
    """Have the upstream system re-send the files with the currencies corrected.

    Raises:
        InvalidError: nothing has been set aside yet.
    """
    s3, bucket = lake.clients.s3, lake.names.bronze_bucket
    blocked = _blocked(lake)
    if blocked is None:
        raise InvalidError("No load has set rows aside yet: there is nothing to correct. Break something first.")
    for key in readings.keys_under(s3, bucket, lake.names.raw_prefix(_day(blocked))):
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=bucket, Key=key, Body=sources.to_csv(sources.corrected(sources.from_csv(body))))


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: do readers get the run with the corrected rows, and are the others given up, not gone?"""
    blocked = _blocked(lake)
    if blocked is None:
        return (broken_first(),)
    s3, names = lake.clients.s3, lake.names
    day = _day(blocked)
    partition = names.partition(day)
    promoted = pointer_run(lake, partition) or ""
    success = readings.success_of(s3, names, f"{partition}run_id={promoted}/")
    taken_up = success.source_run == blocked
    return (
        Check(name="_LATEST.json names a retry of the blocked run", ok=taken_up, seen=f"run {promoted or 'none'}"),
        Check(
            name="the gate allowed it",
            ok=taken_up and success.allowed,
            seen=f"{success.quarantine_rate} % set aside" if taken_up else "no retry was promoted",
        ),
        current_is_the_pointers(lake, partition),
        *(_given_up(lake, names.quarantine_key(day, blocked, reason), reason) for reason in GIVEN_UP),
        _kept(lake, day, blocked),
        schedule_on(lake),
        *alarms_ok(lake, RATE, BLOCKED_ALARM),
    )


def _files(lake: Lake) -> dict[str, list[sources.Row]]:
    """Return tonight's rows, the bad ones spread over all files."""
    day = lake.clock.now().date()
    ids = sources.file_ids(TONIGHT_FIRST_FILE, FILES_A_NIGHT)
    each = _ROWS // FILES_A_NIGHT
    rest = {ids[-1]: _ROWS % FILES_A_NIGHT}
    files = {name: sources.good_rows(day, name, count=each + rest.get(name, 0)) for name in ids}
    places = [(name, index) for index in range(each) for name in ids]
    for count, column, value in _FAULTS:
        for name, index in places[:count]:
            files[name][index] = {**files[name][index], column: value}
        places = places[count:]
    return files


def _blocked(lake: Lake) -> str | None:
    """Return the run that waits for review, or None before it happened."""
    for one in reversed(executions(lake)):
        if one["status"] != "FAILED":
            continue
        if lake.clients.sfn.describe_execution(executionArn=one["arn"]).get("error") == BLOCKED:
            return one["name"]
    return None


def _day(run_id: str) -> date:
    return datetime.strptime(run_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).date()


def _given_up(lake: Lake, key: str, reason: str) -> Check:
    """Check that rows of one reason were copied to condemned/ and their object tagged."""
    s3, bucket, name = lake.clients.s3, lake.names.quarantine_bucket, f"{reason} rows condemned: copied and tagged"
    copied = readings.etags_under(s3, bucket, condemned_key(key)).get(condemned_key(key))
    original = readings.etags_under(s3, bucket, key).get(key)
    if original is None:
        return Check(name=name, ok=False, seen="the quarantined object is gone")
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}
    seen = ("copied" if copied == original else "not copied", f"state={tags.get('state', 'none')}")
    return Check(name=name, ok=seen == ("copied", "state=condemned"), seen=", ".join(seen))


def _kept(lake: Lake, day: date, run_id: str) -> Check:
    s3, names = lake.clients.s3, lake.names
    keys = readings.keys_under(s3, names.quarantine_bucket, names.quarantine_prefix(day, run_id))
    ok = len(keys) == 1 + len(GIVEN_UP)
    return Check(name="nothing left quarantine", ok=ok, seen=f"{len(keys)} objects of {1 + len(GIVEN_UP)}")


SCENARIO = Scenario(
    name="quarantine-review",
    title="The gate blocks a load with 6 % set aside",
    break_=break_,
    fix=Fix(title="Upstream re-sends the files with corrected currencies", apply=correct_source),
    repaired=repaired,
)
