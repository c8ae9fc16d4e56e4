from bot.workbench.lake import furniture
from bot.workbench.lake.furniture import Promoted
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import keys, run
from tests.workbench.scenarios.mending import dimensions, failing, promote, quiet, seen, told

SCENARIO = SCENARIOS["query-performance"]
ALARM = "AthenaProcessedBytesHigh"
COMPACT = "compact-0123456789ab"


def month(lake: Lake) -> Promoted:
    return lake.seeded.months[-1]


def running(lake: Lake) -> list[str]:
    athena = lake.clients.athena
    found = athena.list_query_executions(WorkGroup="lake")["QueryExecutionIds"]
    queries = [athena.get_query_execution(QueryExecutionId=one)["QueryExecution"] for one in found]
    return [query["QueryExecutionId"] for query in queries if query["Status"]["State"] == "RUNNING"]


def scanned(lake: Lake, query: str) -> int:
    athena = lake.clients.athena
    asked = athena.start_query_execution(QueryString=query, WorkGroup="lake")["QueryExecutionId"]
    found = athena.get_query_execution(QueryExecutionId=asked)["QueryExecution"]
    return found["Statistics"]["DataScannedInBytes"]


def compact(lake: Lake) -> None:
    given = {"pipeline": "transactions", "source": "current", "month": f"{month(lake).day:%Y-%m}", "promote": False}
    assert run(lake, COMPACT, **given)["status"] == "SUCCEEDED"


def pruned(lake: Lake) -> int:
    query = "SELECT count(*) FROM silver_transactions WHERE year = '{0:%Y}' AND month = '{0:%m}'"
    return scanned(lake, query.format(month(lake).day))


def test_queries_really_read_everything_and_one_still_runs(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert len(running(lake)) == 1
    assert len(keys(lake, lake.names.silver_bucket, f"{month(lake).partition}current/")) == 12
    assert failing(SCENARIO, lake) == {
        "no query reads more than 50 GB",
        "the catalogue knows every month",
        "current/ has at most 4 files",
        "a query with a partition predicate read less than 5 GB",
    }


def test_the_alarm_names_the_workgroup(lake: Lake) -> None:
    SCENARIO.break_(lake)

    notice = told(lake, ALARM)

    assert dimensions(notice) == {"WorkGroup": "lake"}
    assert notice["Trigger"]["Namespace"] == "AWS/Athena"


def test_stopped_registered_compacted_and_pruned_it_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    for one in running(lake):
        lake.clients.athena.stop_query_execution(QueryExecutionId=one)
    furniture.register(lake.clients, lake.names, [one.day for one in lake.seeded.months])
    compact(lake)
    promote(lake, month(lake).partition, COMPACT)
    assert 0 < pruned(lake) < 5_000_000_000
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_new_run_of_the_months_source_files_compacts_too(lake: Lake) -> None:
    SCENARIO.break_(lake)
    run(lake, COMPACT, pipeline="transactions", ingest_date=f"{month(lake).day}", promote=False)

    promote(lake, month(lake).partition, COMPACT)

    assert not {"every row is still there", "current/ has at most 4 files"} & failing(SCENARIO, lake)


def test_stopping_the_query_alone_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    for one in running(lake):
        lake.clients.athena.stop_query_execution(QueryExecutionId=one)

    assert "no query reads more than 50 GB" not in failing(SCENARIO, lake)
    assert {"the catalogue knows every month", "current/ has at most 4 files"} <= failing(SCENARIO, lake)


def test_deleting_small_files_loses_rows_and_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    current = keys(lake, lake.names.silver_bucket, f"{month(lake).partition}current/")

    for key in current[2:]:
        lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=key)

    assert {"every row is still there", "current/ is the run of _LATEST.json"} <= failing(SCENARIO, lake)


def test_what_a_query_reads_follows_its_predicate(lake: Lake) -> None:
    whole = scanned(lake, "SELECT count(*) FROM silver_transactions")

    assert pruned(lake) * 3 == whole
    assert scanned(lake, "EXPLAIN SELECT count(*) FROM silver_transactions") == 0
    assert scanned(lake, "SELECT 1") == 0


def test_a_compaction_of_a_month_nobody_has_fails(lake: Lake) -> None:
    end = run(lake, COMPACT, source="current", month="2001-01", promote=False)

    assert (end["status"], end["error"]) == ("FAILED", "INPUT_MISSING")
