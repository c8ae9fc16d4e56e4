import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.sql import adding_partition, explained, explaining, named_partition, quoted, selected, shape
from bot.errors import InvalidError

TABLES = frozenset({"silver_transactions", "quarantine"})


def select(text: str) -> str:
    return selected(text, tables=TABLES, database="lake")


COUNTS = [
    "SELECT COUNT(*) AS n FROM silver_transactions WHERE year = ? AND month = ?",
    "SELECT error_type, COUNT(*) AS n, MIN(row_hash) FROM quarantine WHERE run_id = ? GROUP BY 1 ORDER BY 2 DESC",
    "SELECT COUNT(*) FROM (SELECT * FROM silver_transactions WHERE schema_v = ? EXCEPT"
    " SELECT * FROM silver_transactions WHERE schema_v = ?) AS d",
    "SELECT ROUND(COUNT_IF(attempt_count > 2) * 100.0 / COUNT(*), 2) AS pct FROM quarantine",
    "WITH a AS (SELECT run_id FROM lake.quarantine) SELECT run_id, COUNT(*) FROM a GROUP BY run_id",
    "SHOW PARTITIONS silver_transactions",
    "SHOW PARTITIONS lake.quarantine",
]


@pytest.mark.parametrize("text", COUNTS)
def test_counts_are_admitted_and_written_once_and_for_all(text: str) -> None:
    assert select(text) == text
    assert select(text.lower().replace("show partitions", "SHOW PARTITIONS")) == select(select(text))


REFUSED = [
    "SELECT * FROM quarantine",
    "SELECT name FROM quarantine",
    "SELECT MAX(name) FROM quarantine",
    "SELECT SUM(amount) FROM quarantine",
    "SELECT name AS run_id FROM quarantine",
    "SELECT MAX(run_id) FROM (SELECT name AS run_id FROM quarantine)",
    "SELECT MAX(run_id) FROM (SELECT run_id FROM quarantine UNION SELECT name FROM quarantine)",
    "SELECT run_id FROM (VALUES (1)) AS t(run_id)",
    "SELECT t.run_id FROM (SELECT name FROM quarantine) AS t(run_id)",
    "WITH t(run_id) AS (SELECT name FROM quarantine) SELECT run_id FROM t",
    "WITH quarantine AS (SELECT 1) SELECT COUNT(*) FROM quarantine",
    "SELECT COUNT(*), (SELECT MAX(name) FROM quarantine) FROM quarantine",
    "SELECT (SELECT name FROM quarantine LIMIT 1)",
    "SELECT ARRAY_AGG(name) FROM quarantine",
    "SELECT COALESCE(name, 1) FROM quarantine",
    "SELECT CAST(name AS VARCHAR) FROM quarantine",
    "SELECT COUNT(*) FROM payroll",
    "SELECT COUNT(*) FROM other.quarantine",
    'SELECT COUNT(*) FROM "lambda:x".lake.quarantine',
    "SELECT COUNT(*) FROM quarantine WHERE name = 'x'",
    "SELECT COUNT(*) FROM quarantine WHERE name = :name",
    "SELECT ? FROM quarantine",
    "SELECT 'x'",
    "SELECT COUNT(*) FROM TABLE(system.query('x'))",
    "SELECT COUNT(*) FROM UNNEST(ARRAY[1]) AS t(x)",
    "SELECT COUNT(*) FROM quarantine TABLESAMPLE BERNOULLI (1)",
    "SELECT COUNT(*) OVER () FROM quarantine",
    "SELECT my_function(1) FROM quarantine",
    "SELECT CURRENT_USER",
    "SELECT 1; DROP TABLE quarantine",
    "SELECT COUNT(*) FROM quarantine -- x\n; DROP TABLE quarantine",
    "DELETE FROM quarantine",
    "INSERT INTO quarantine SELECT 1",
    "CREATE TABLE x AS SELECT 1",
    "UNLOAD (SELECT COUNT(*) FROM quarantine) TO 's3://x' WITH (format = 'PARQUET')",
    "USING EXTERNAL FUNCTION f(x INT) RETURNS INT LAMBDA 'x' SELECT f(1)",
    "MERGE INTO quarantine USING quarantine ON 1 = 1 WHEN MATCHED THEN DELETE",
    "PREPARE p FROM SELECT 1",
    "EXECUTE p",
    "EXPLAIN SELECT COUNT(*) FROM quarantine",
    "EXPLAIN ANALYZE SELECT COUNT(*) FROM quarantine",
    "SHOW PARTITIONS payroll",
    "SHOW CREATE TABLE quarantine",
    "MSCK REPAIR TABLE quarantine",
    "ALTER TABLE quarantine DROP PARTITION (year = '2026')",
    "SELECT COUNT(*) FROM qu\u0430rantine",
    "SELECT COUNT(*) FROM quarantine WHERE " + "(" * 500 + "1 = 1" + ")" * 500,
    "SELECT COUNT(*) FROM quarantine WHERE " + "x = 1 OR " * 2000 + "x = 1",
    "",
    ";",
]


@pytest.mark.parametrize("text", REFUSED)
def test_whatever_shows_rows_reaches_further_or_changes_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        select(text)


def test_a_query_of_more_parts_than_can_be_walked_is_refused() -> None:
    with pytest.raises(InvalidError, match="deep"):
        select(" UNION ".join(["SELECT 1"] * 500))


def test_any_number_of_parts_is_judged() -> None:
    assert select("SELECT " + "1+" * 3_500 + "1").count("+") == 3_500


def test_comments_do_not_get_through() -> None:
    assert select("SELECT COUNT(*) /* hint */ FROM quarantine -- tail") == "SELECT COUNT(*) FROM quarantine"


@pytest.mark.parametrize("text", ["SELECT 1; DROP TABLE canary", "UNLOAD (SELECT canary) TO 'x'", "EXECUTE canary"])
def test_nothing_of_a_refused_query_is_logged(text: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidError):
        select(text)
    shape(text)

    assert "canary" not in caplog.text


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_any_value_stays_one_literal_of_an_explained_query(value: str) -> None:
    text = explaining(
        "SELECT * FROM quarantine WHERE name = ? AND year = ?", [value, 7], tables=TABLES, database="lake"
    )

    before, after = "EXPLAIN SELECT * FROM quarantine WHERE name = ", " AND year = 7"
    assert text.removeprefix(before).removesuffix(after) == quoted(value)
    assert explained(text, tables=TABLES, database="lake") == text


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN ANALYZE SELECT COUNT(*) FROM quarantine",
        "EXPLAIN (FORMAT JSON) SELECT COUNT(*) FROM quarantine",
        "EXPLAIN DELETE FROM quarantine",
        "EXPLAIN SELECT * FROM payroll",
        "SELECT COUNT(*) FROM quarantine",
    ],
)
def test_only_a_plain_explain_of_a_select_is_one(text: str) -> None:
    with pytest.raises(InvalidError):
        explained(text, tables=TABLES, database="lake")


def test_one_partition_is_added_and_nothing_else() -> None:
    good = adding_partition(
        database="lake",
        table="quarantine",
        partition={"year": "2026", "month": "01"},
        location="s3://lake-silver/silver/x/",
    )

    assert named_partition(good, tables=TABLES, database="lake") == good
    for bad in (
        good.replace("ADD IF NOT EXISTS", "DROP"),
        good + "; DROP TABLE quarantine",
        good + "\n",
        good.replace("lake.quarantine", "lake.payroll"),
        good.replace("2026", "2026' OR '"),
        good.replace("s3://lake-silver/silver/", "s3://lake-silver/etl/"),
        good.replace("s3:", "https:"),
    ):
        with pytest.raises(InvalidError):
            named_partition(bad, tables=TABLES, database="lake")


def test_somebody_s_query_is_told_without_its_values() -> None:
    found = shape("SELECT name FROM t WHERE year = '2026' AND name = 'Ann' LIMIT 5")

    assert found.text == "SELECT name FROM t WHERE year = ? AND name = ? LIMIT ?"
    assert found.compared == ("name", "year")


@pytest.mark.parametrize(
    "value",
    ["X'63616e617279'", "U&'canary'", "N'canary'", "json_extract(a, '$.canary')", "a -> 'canary'", "$$canary$$"],
)
def test_no_spelling_of_a_value_is_told(value: str) -> None:
    told = shape("SELECT date_trunc('day', b) FROM t WHERE k = ?".replace("?", value)).text

    assert "DATE_TRUNC('DAY', b)" in told
    assert [word for word in ("canary", "63616e") if word in told] == []


@pytest.mark.parametrize(
    "text",
    [
        *("DROP TABLE canary", "SELECT 'canary", "", "SELECT 1; SELECT 'canary'"),
        *("SELECT MATCH_RECOGNIZE()", "SELECT LATERAL .", "SELECT a" + ".a" * 3_000),
    ],
)
def test_what_cannot_be_read_is_told_as_nothing(text: str) -> None:
    assert shape(text) == shape("")
