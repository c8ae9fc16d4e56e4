from typing import Any

import pytest

from bot.workbench.lake.answers import answered
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import eventually


def cells(lake: Lake, query: str, *values: str) -> list[list[str | None]] | None:
    """Return what the local Athena gives, the first line its column names, over the wire."""
    ask: dict[str, Any] = {
        "QueryString": query,
        "WorkGroup": lake.names.workgroup,
        "QueryExecutionContext": {"Database": lake.names.database},
    }
    if values:
        ask["ExecutionParameters"] = list(values)
    asked = lake.clients.athena.start_query_execution(**ask)["QueryExecutionId"]

    def succeeded() -> bool:
        found = lake.clients.athena.get_query_execution(QueryExecutionId=asked)["QueryExecution"]
        return found["Status"]["State"] == "SUCCEEDED"

    eventually(succeeded, what="the query")
    rows = lake.clients.athena.get_query_results(QueryExecutionId=asked)["ResultSet"].get("Rows", [])
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows] or None


def test_what_readers_get_of_a_month_is_counted(lake: Lake) -> None:
    month = lake.seeded.months[0].day

    found = cells(
        lake,
        "SELECT count(*) AS n FROM silver_transactions WHERE year = ? AND month = ?",
        f"'{month:%Y}'",
        f"'{month:%m}'",
    )

    assert found == [["n"], ["360"]]


def test_a_month_that_is_not_there_counts_nothing(lake: Lake) -> None:
    assert cells(lake, "SELECT count(*) AS n FROM lake.silver_transactions WHERE year = '1999'") == [["n"], ["0"]]


def test_rows_set_aside_are_counted_by_reason(lake: Lake) -> None:
    counting = "SELECT error_type, count(*) AS n FROM quarantine_transactions WHERE ingest_date > '2000'"
    query = f"{counting} GROUP BY 1 ORDER BY 2 DESC"
    assert cells(lake, query) == [["error_type", "n"]]

    SCENARIOS["quarantine-review"].break_(lake)

    assert cells(lake, query) == [
        ["error_type", "n"],
        ["CURRENCY_ERROR", "96"],
        ["NULL_VALUE_ERROR", "41"],
        ["TIMESTAMP_ERROR", "16"],
    ]


WRONGLY = "SELECT count(*) FROM (SELECT amount FROM silver_transactions EXCEPT SELECT amount FROM silver_transactions)"


@pytest.mark.parametrize(
    "query", ["SHOW PARTITIONS silver_transactions", "SELECT count(*) FROM nowhere", "SELECT 1 +", WRONGLY]
)
def test_what_cannot_be_computed_here_gives_no_rows(lake: Lake, query: str) -> None:
    assert answered(lake.clients, lake.names, query, []) is None
