"""Queries read the whole table: no partition predicate, two months unknown to the catalogue, many small files.

One query still runs. moto runs no query and counts no bytes; what a query reads is told by scans.py from the sizes in
the catalogue (a crawler's `sizeKey`), and EXPLAIN has no plan. moto has no `athena.update_work_group`, so the cap on
bytes is not played; its Glue jobs do nothing, so files are compacted by an
isolated run: of the month's source files, or with `source: current` of what readers have.
"""

from datetime import date, timedelta

from bot.workbench.lake import documents, furniture, readings, scans, watches
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.checks import (
    alarms_ok,
    current_is_the_pointers,
    finished,
    pointer_run,
    schedule_on,
    still_there,
)
from bot.workbench.scenarios.driving import alarm, land, only_the_local_lake
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "AthenaProcessedBytesHigh"
HISTORY_MONTHS = 60
SMALL_FILES = 12
MOST_FILES = 4
_QUERIES = (
    "SELECT currency, sum(amount) FROM silver_transactions GROUP BY currency",
    "SELECT count(*) FROM silver_transactions WHERE amount > 1000",
    "SELECT account_id, sum(amount) FROM silver_transactions GROUP BY account_id ORDER BY 2 DESC",
)


def break_(lake: Lake) -> None:
    """Fill the catalogue with five years, forget two months, break a month into small files, and query it all.

    Raises:
        EdgeError: the account is not the local lake's; nothing was changed.
    """
    only_the_local_lake(lake)
    clients, names = lake.clients, lake.names
    furniture.register(clients, names, _history(lake))
    clients.glue.batch_delete_partition(
        DatabaseName=names.database,
        TableName=names.table,
        PartitionsToDelete=[{"Values": _values(month.day)} for month in lake.seeded.months],
    )
    _break_into_small_files(lake)
    for (day, file_id), rows in furniture.month_files(lake.seeded.months[-1].day).items():
        land(lake, day, file_id, rows)
    asked = [
        clients.athena.start_query_execution(
            QueryString=query, WorkGroup=names.workgroup, QueryExecutionContext={"Database": names.database}
        )["QueryExecutionId"]
        for query in _QUERIES
    ]
    scans.keep_running(names, asked[-1])
    alarm(lake, ALARM)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: does no query read everything any more, and are partitions and files as they should be?"""
    month, names = lake.seeded.months[-1], lake.names
    s3, athena = lake.clients.s3, lake.clients.athena
    files = len(readings.keys_under(s3, names.silver_bucket, f"{month.partition}current/"))
    rows = len(readings.current_rows(s3, names, month.partition))
    running = scans.running_bytes(athena, names)
    return (
        Check(name="no query reads more than 50 GB", ok=running <= watches.MOST_BYTES, seen=f"{running:,.0f} bytes"),
        _partitions(lake),
        Check(name=f"current/ has at most {MOST_FILES} files", ok=0 < files <= MOST_FILES, seen=f"{files} files"),
        Check(name="every row is still there", ok=rows == _rows(month.day), seen=f"{rows} rows"),
        finished(lake, month.partition, pointer_run(lake, month.partition) or "none"),
        current_is_the_pointers(lake, month.partition),
        still_there(lake, month.partition, [month.run_id]),
        _pruned(lake),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


def _history(lake: Lake) -> list[date]:
    """Return the months before the seeded ones, so that the table has five years."""
    months, first = [], lake.seeded.months[-1].day
    for _ in range(HISTORY_MONTHS - len(lake.seeded.months)):
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(first)
    return months


def _values(month: date) -> list[str]:
    return [f"{month:%Y}", f"{month:%m}", "v1"]


def _break_into_small_files(lake: Lake) -> None:
    """Spread the rows of a month over many files, in the run and in current/ alike."""
    month, bucket, s3 = lake.seeded.months[-1], lake.names.silver_bucket, lake.clients.s3
    rows = readings.current_rows(s3, lake.names, month.partition)
    for place in (f"{month.partition}run_id={month.run_id}/", f"{month.partition}current/"):
        for number in range(SMALL_FILES):
            part = documents.to_rows(rows[number::SMALL_FILES])
            s3.put_object(Bucket=bucket, Key=f"{place}part-{number:04d}.jsonl.gz", Body=part)


def _rows(month: date) -> int:
    return sum(len(rows) for rows in furniture.month_files(month).values())


def _partitions(lake: Lake) -> Check:
    found = lake.clients.glue.get_partitions(DatabaseName=lake.names.database, TableName=lake.names.table)
    known = [one["Values"] for one in found["Partitions"]]
    missing = [f"{month.day:%Y-%m}" for month in lake.seeded.months if _values(month.day) not in known]
    seen = f"missing: {', '.join(missing)}" if missing else "all"
    return Check(name="the catalogue knows every month", ok=not missing, seen=seen)


def _pruned(lake: Lake) -> Check:
    """Check that a query with a partition predicate was run, and read a small part of the table."""
    athena, name = lake.clients.athena, "a query with a partition predicate read less than 5 GB"
    sizes = []
    for one in athena.list_query_executions(WorkGroup=lake.names.workgroup)["QueryExecutionIds"]:
        found = athena.get_query_execution(QueryExecutionId=one)["QueryExecution"]
        if found["Status"]["State"] == "SUCCEEDED":
            sizes.append(found["Statistics"]["DataScannedInBytes"])
    small = [size for size in sizes if 0 < size < 5_000_000_000]
    return Check(name=name, ok=bool(small), seen=f"{min(sizes, default=0):,} bytes")


SCENARIO = Scenario(
    name="query-performance",
    title="Queries read five years of data",
    break_=break_,
    repaired=repaired,
)
