import pytest

from bot.actions.catalogue import CATALOGUE
from bot.actions.queries import PAUSES_S, waited_for
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.scripted import Script, observe, propose, read
from tests.aws.seeded import UUID

ASKING: JsonObject = {
    "workgroup": "lake",
    "database": "lake",
    "query": "SELECT error_type, count(*) AS n FROM quarantine_transactions WHERE run_id = ? GROUP BY 1",
    "values": ["20260121T020000Z"],
}
LIMITED: JsonObject = {
    "found": True,
    "WorkGroup": {"Name": "lake", "Configuration": {"BytesScannedCutoffPerQuery": 10_000_000_000}},
}


def asking(**other: JsonValue) -> JsonObject:
    return {**ASKING, **other}


def standing(state: str = "SUCCEEDED", **other: JsonValue) -> JsonObject:
    return {
        "found": True,
        "QueryExecution": {
            "QueryExecutionId": UUID,
            "Query": "SELECT name FROM silver_transactions WHERE year = '2026' AND name = 'Ann'",
            "Status": {"State": state, "SubmissionDateTime": "2026-01-21T02:00:00Z", **other},
            "Statistics": {"DataScannedInBytes": 1000, "TotalExecutionTimeInMillis": 40},
        },
    }


def table(columns: list[tuple[str, str]], *rows: list[str | None]) -> JsonObject:
    info: list[JsonValue] = [{"Name": name, "Type": kind} for name, kind in columns]
    lines: list[JsonValue] = [
        {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows
    ]
    return {"found": True, "ResultSet": {"Rows": lines, "ResultSetMetadata": {"ColumnInfo": info}}}


COUNTED = table(
    [("error_type", "varchar"), ("n", "bigint")], ["error_type", "n"], ["CURRENCY_ERROR", "101"], [None, "2"]
)


def script(answer: JsonObject = COUNTED, **other: list[JsonObject]) -> Script:
    started: list[JsonObject] = [{"found": True, "QueryExecutionId": UUID}]
    lines = {
        "athena__workgroup": [LIMITED],
        "athena__select": started,
        "athena__explain": started,
        "athena__execution": [standing()],
        "athena__results": [answer],
    }
    return Script(**{**lines, **other})


def test_rows_are_counted_and_values_go_as_parameters() -> None:
    asked = script()

    found = read(asked, "athena.query", **ASKING)

    (sent,) = asked.asked["athena.select"]
    assert sent["QueryString"] == (
        "SELECT error_type, COUNT(*) AS n FROM quarantine_transactions WHERE run_id = ? GROUP BY 1"
    )
    assert sent["ExecutionParameters"] == ["'20260121T020000Z'"]
    assert (found["state"], found["count"], found["complete"]) == ("SUCCEEDED", 2, True)
    assert found["rows"] == [{"error_type": "CURRENCY_ERROR", "n": 101}, {"error_type": None, "n": 2}]
    assert found["first"] == {"error_type": "CURRENCY_ERROR", "n": 101}


@pytest.mark.parametrize("value", ["x' OR '1'='1", "a|b", "${platform.account}", "'; DROP TABLE x; --"])
def test_hostile_values_stay_one_quoted_value(value: str) -> None:
    asked = script()

    read(asked, "athena.query", **asking(values=[value]))

    (sent,) = asked.asked["athena.select"]
    assert sent["ExecutionParameters"] == ["'" + value.replace("'", "''") + "'"]


@pytest.mark.parametrize("value", ["\u0430", "a\nb", "x" * 300])
def test_a_value_no_row_admits_is_not_sent(value: str) -> None:
    asked = script()

    with pytest.raises(InvalidError):
        read(asked, "athena.query", **asking(values=[value]))

    assert not asked.asked["athena.select"]


@pytest.mark.parametrize("values", [[], ["a", "b"]])
def test_there_is_one_value_for_each_mark(values: list[JsonValue]) -> None:
    with pytest.raises(InvalidError, match="1 \\?"):
        read(script(), "athena.query", **asking(values=values))


@pytest.mark.parametrize("query", ["SELECT count(*) FROM payroll", "SELECT count(*) FROM other.silver_transactions"])
def test_tables_that_are_not_listed_are_not_read(query: str) -> None:
    with pytest.raises(InvalidError, match="QueryString"):
        read(script(), "athena.query", **asking(query=query, values=[]))


def test_a_query_that_would_show_rows_is_refused_before_anything_is_asked() -> None:
    asked = script()

    with pytest.raises(InvalidError, match="would show rows"):
        read(asked, "athena.query", **asking(query="SELECT * FROM silver_transactions", values=[]))

    assert not asked.asked


def test_a_work_group_without_a_limit_is_not_asked() -> None:
    unlimited: JsonObject = {"found": True, "WorkGroup": {"Name": "lake", "Configuration": {}}}

    with pytest.raises(InvalidError, match="does not limit"):
        read(script(athena__workgroup=[unlimited]), "athena.query", **ASKING)


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_query_that_failed_has_no_rows_and_says_why(state: str) -> None:
    failed = standing(state, StateChangeReason="TABLE_NOT_FOUND: quarantine")

    found = read(script(athena__execution=[failed]), "athena.query", **ASKING)

    assert (found["state"], found["reason"]) == (state, "TABLE_NOT_FOUND: quarantine")
    assert not {"rows", "first", "count"} & set(found)


def test_a_query_that_counts_nothing_has_no_first_row() -> None:
    found = read(script(table([("n", "bigint")], ["n"])), "athena.query", **ASKING)

    assert (found["count"], found["rows"]) == (0, [])
    assert "first" not in found


def test_a_query_that_takes_too_long_is_left_running_and_said_to_be() -> None:
    waits: list[float] = []

    found = waited_for(Script(athena__execution=[standing("RUNNING")]).look, UUID, sleep=waits.append)

    assert (found["state"], waits) == ("RUNNING", list(PAUSES_S))
    assert sum(waits) < 60


def test_a_query_is_waited_for_until_it_ends() -> None:
    lines = [standing("QUEUED"), standing("RUNNING"), standing()]
    waits: list[float] = []

    assert waited_for(Script(athena__execution=lines).look, UUID, sleep=waits.append)["state"] == "SUCCEEDED"
    assert len(waits) == 2


def test_another_moment_is_another_token_and_the_same_is_the_same() -> None:
    first, again, other = script(), script(), script()
    read(first, "athena.query", **ASKING)
    read(again, "athena.query", **ASKING)
    read(other, "athena.query", **asking(values=["another"]))

    tokens = [one.asked["athena.select"][0]["ClientRequestToken"] for one in (first, again, other)]

    assert tokens[0] == tokens[1] != tokens[2]


PLAN = """Fragment 1 [SOURCE]
    TableScan[table = awsdatacatalog:lake:silver_transactions]
        year:string:PARTITION_KEY
            :: [['2026']]
        month:string:PARTITION_KEY
"""


def test_a_plan_says_which_columns_bound_what_is_read() -> None:
    lines: list[list[str | None]] = [[line] for line in PLAN.splitlines()]
    asked = script(table([("Query Plan", "varchar")], *lines))
    query: JsonValue = "SELECT * FROM silver_transactions WHERE year = ?"

    found = read(asked, "athena.explain", **asking(query=query, values=["20'26"]))

    (sent,) = asked.asked["athena.explain"]
    assert sent["QueryString"] == "EXPLAIN SELECT * FROM silver_transactions WHERE year = '20''26'"
    assert (found["bounded"], found["pruned"]) == (["year"], False)


def test_no_plan_says_nothing_about_pruning() -> None:
    found = read(script(table([])), "athena.explain", **ASKING)

    assert not {"plan", "pruned", "bounded"} & set(found)


def test_how_a_query_ran_is_told_without_its_values() -> None:
    found = read(Script(athena__execution=[standing()]), "athena.statistics", id=UUID)

    assert found["query"] == "SELECT name FROM silver_transactions WHERE year = ? AND name = ?"
    assert (found["compared"], found["scanned_bytes"]) == (["name", "year"], 1000)
    assert "Ann" not in str(found)


def test_the_recent_queries_that_read_most_come_first() -> None:
    def ran(scanned: int, at: str) -> JsonObject:
        one = standing()["QueryExecution"]
        assert isinstance(one, dict)
        status: JsonObject = {"State": "SUCCEEDED", "SubmissionDateTime": at}
        return {
            "found": True,
            "QueryExecution": {**one, "Status": status, "Statistics": {"DataScannedInBytes": scanned}},
        }

    found = read(
        Script(
            athena__executions=[{"found": True, "QueryExecutionIds": [UUID, UUID, UUID]}],
            athena__execution=[
                ran(5, "2026-01-21T02:00:00Z"),
                ran(9, "2026-01-21T02:00:00Z"),
                ran(99, "2026-01-19T02:00:00Z"),
            ],
        ),
        "athena.worst",
        workgroup="lake",
    )

    assert isinstance(found["queries"], list)
    assert [one["scanned_bytes"] for one in found["queries"] if isinstance(one, dict)] == [9, 5]
    assert found["looked"] == 2


def test_no_recent_query_is_an_answer() -> None:
    none = Script(athena__executions=[{"found": True, "QueryExecutionIds": []}])

    assert read(none, "athena.worst", workgroup="lake") == {"looked": 0, "going": 0, "queries": []}


def test_what_a_query_read_is_known_or_not() -> None:
    known: JsonObject = {"found": True, "QueryRuntimeStatistics": {"Rows": {"InputRows": 5, "InputBytes": 50}}}

    assert read(Script(athena__stages=[known]), "athena.stages", id=UUID)["input_rows"] == 5
    unknown: JsonObject = {"found": True, "QueryRuntimeStatistics": {}}
    assert read(Script(athena__stages=[unknown]), "athena.stages", id=UUID) == {"known": False}


def test_a_query_that_goes_is_stopped_and_one_that_ended_is_left() -> None:
    proposal = propose(Script(athena__execution=[standing("RUNNING")]).look, "athena.stop", id=UUID)

    assert [call.row for call in proposal.calls] == ["athena.stop"]
    assert CATALOGUE.risk(proposal.calls) is Risk.CONTROL
    assert propose(Script(athena__execution=[standing()]).look, "athena.stop", id=UUID).already
    assert observe(Script(athena__execution=[standing("CANCELLED")]).look, "athena.stop", id=UUID) == {
        "state": "CANCELLED"
    }


def test_a_limit_is_set_against_the_one_that_was_seen() -> None:
    limited = Script(athena__workgroup=[LIMITED])

    proposal = propose(limited.look, "athena.set_limit", workgroup="lake", bytes=5_000_000_000)

    assert proposal.seen == {"bytes": 10_000_000_000}
    assert proposal.calls[0].params["ConfigurationUpdates"] == {"BytesScannedCutoffPerQuery": 5_000_000_000}
    assert propose(limited.look, "athena.set_limit", workgroup="lake", bytes=10_000_000_000).already
    assert read(limited, "athena.limit", workgroup="lake") == {"bytes": 10_000_000_000}


@pytest.mark.parametrize("replaces", [0, 5_000_000_000])
def test_a_limit_that_is_not_the_one_to_be_replaced_is_left(replaces: int) -> None:
    limited, given = Script(athena__workgroup=[LIMITED]), dict[str, JsonValue](workgroup="lake", bytes=7_000_000_000)
    assert propose(limited.look, "athena.set_limit", **given, replaces=10_000_000_000).calls

    with pytest.raises(InvalidError, match="Somebody set the limit of lake to 10000000000 since"):
        propose(limited.look, "athena.set_limit", **given, replaces=replaces)
