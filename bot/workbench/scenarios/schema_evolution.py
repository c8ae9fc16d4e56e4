"""The source adds a column: every file of tonight has it, the load knows no such column and reads none of them.

The column may be empty, so adding it breaks no reader. moto takes a stale VersionId in `glue.update_table`.
"""

import json
from datetime import date

from bot.workbench.lake import readings, sources
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.seed import FILES_A_NIGHT, TONIGHT_FIRST_FILE
from bot.workbench.lake.task import UNREADABLE
from bot.workbench.scenarios.checks import alarms_ok, broken_first, executions, input_of, pointed_at, schedule_on
from bot.workbench.scenarios.driving import alarm, expect, land, nightly, only_the_local_lake, run
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "SchemaErrorSpike"
NEW = "v2"


def break_(lake: Lake) -> None:
    """Land tonight's files with the new column, and load them.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the load read them.
    """
    only_the_local_lake(lake)
    now = lake.clock.now()
    for file_id in sources.file_ids(TONIGHT_FIRST_FILE, FILES_A_NIGHT):
        rows = sources.with_channel(sources.good_rows(now.date(), file_id))
        land(lake, now.date(), file_id, rows, schema_version=NEW)
    alarm(lake, ALARM)
    expect(run(lake, lake.names.run_id(now), nightly(lake, now.date())), UNREADABLE)
    lake.look()


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: does the catalogue know the column and the new partition beside the old, and are there rows?"""
    day = _day(lake)
    if day is None:
        return (broken_first(),)
    old = lake.seeded.latest_key.removesuffix("_LATEST.json")
    return (
        _columns(lake),
        _archived(lake),
        _canary(lake, day),
        _registered(lake, day),
        _dual(lake),
        pointed_at(lake, old, lake.seeded.run_id),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


def _day(lake: Lake) -> date | None:
    """Return the day whose files have the column, or None before it happened."""
    for one in reversed(executions(lake)):
        found = lake.clients.sfn.describe_execution(executionArn=one["arn"])
        if found.get("error") == UNREADABLE:
            return date.fromisoformat(json.loads(input_of(lake, one["arn"]))["ingest_date"])
    return None


def _table_columns(lake: Lake) -> dict[str, str]:
    table = lake.clients.glue.get_table(DatabaseName=lake.names.database, Name=lake.names.table)["Table"]
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def _columns(lake: Lake) -> Check:
    columns = _table_columns(lake)
    added = {name: kind for name, kind in columns.items() if name not in sources.COLUMN_TYPES}
    same = {name: columns.get(name) for name in sources.COLUMN_TYPES} == dict(sources.COLUMN_TYPES)
    ok = same and added == {sources.NEW_COLUMN: "string"}
    seen = f"added {', '.join(added) or 'nothing'}{'' if same else ', old columns changed'}"
    return Check(name="the table has the new column, and every old one as it was", ok=ok, seen=seen)


def _archived(lake: Lake) -> Check:
    versions = lake.clients.glue.get_table_versions(DatabaseName=lake.names.database, TableName=lake.names.table)
    found = [
        version["VersionId"]
        for version in versions["TableVersions"]
        if tuple(one["Name"] for one in version["Table"]["StorageDescriptor"]["Columns"]) == sources.COLUMNS
    ]
    return Check(name="the table as it was is archived", ok=bool(found), seen=f"version {', '.join(found) or 'none'}")


def _canary(lake: Lake, day: date) -> Check:
    partition = lake.names.partition(day, schema_version=NEW)
    s3, name = lake.clients.s3, f"a run of {NEW} read every file"
    keys = readings.keys_under(s3, lake.names.silver_bucket, f"{partition}run_id=")
    marked = [key.removesuffix(readings.MARKER) for key in keys if key.endswith(readings.MARKER)]
    if not marked:
        return Check(name=name, ok=False, seen="no run")
    best = max((readings.success_of(s3, lake.names, prefix) for prefix in marked), key=lambda one: one.input_files)
    ok = best.allowed and best.input_files == FILES_A_NIGHT
    return Check(name=name, ok=ok, seen=f"{best.input_files} of {FILES_A_NIGHT} files")


def _registered(lake: Lake, day: date) -> Check:
    name = f"the partition of {NEW} is in the catalogue and holds data"
    locations = _locations(lake).get((f"{day:%Y}", f"{day:%m}", NEW))
    if locations is None:
        return Check(name=name, ok=False, seen="not registered")
    root = f"s3://{lake.names.silver_bucket}/"
    inside = locations.startswith(root + lake.names.partition(day, schema_version=NEW))
    keys = readings.keys_under(lake.clients.s3, lake.names.silver_bucket, locations.removeprefix(root))
    return Check(name=name, ok=inside and any("/part-" in key for key in keys), seen=locations)


def _dual(lake: Lake) -> Check:
    old = [values for values in _locations(lake) if values[2] == "v1"]
    ok = len(old) == 1 + len(lake.seeded.months)
    return Check(name="the partitions of v1 are still there", ok=ok, seen=f"{len(old)} partitions")


def _locations(lake: Lake) -> dict[tuple[str, ...], str]:
    found = lake.clients.glue.get_partitions(DatabaseName=lake.names.database, TableName=lake.names.table)
    return {tuple(one["Values"]): one["StorageDescriptor"]["Location"] for one in found["Partitions"]}


SCENARIO = Scenario(
    name="schema-evolution",
    title="The source adds a column",
    break_=break_,
    repaired=repaired,
)
