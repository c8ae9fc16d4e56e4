"""Schema Evolution on a source that really added a column: beside the old schema, proved, and with a way back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.expression import compile_expression
from bot.domain.value import JsonObject
from bot.workbench.lake.documents import to_json, to_rows
from bot.workbench.lake.lake import Lake
from tests.runbooks.drill import Answers, Drill, a_lake
from tests.runbooks.test_runbooks import load
from tests.workbench.lake.driving import keys, read_json


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with a_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def drill(running: Lake, tmp_path: Path) -> Drill:
    running.reset()
    return Drill(running, tmp_path, "schema-evolution")


def columns(lake: Lake) -> list[str]:
    table = lake.clients.glue.get_table(DatabaseName=lake.names.database, Name=lake.names.table)["Table"]
    return [f"{one['Name']} {one['Type']}" for one in table["StorageDescriptor"]["Columns"]]


def test_a_nullable_column_is_added_beside_and_proved_before_readers_get_it(drill: Drill) -> None:
    done = drill(Answers({"columns": "channel string"}))

    assert done.ok, done.told
    assert done.approvals == [
        "9. Load a day that readers have, in the new schema  [change, platform]",
        "14. Add the columns to the table  [change, domain + platform]",
        "16. Fill the new version with the day to compare  [change, platform + domain]",
        "21. Give readers of the new version the day that could not be read  [change, platform + domain]",
    ]
    assert "14 files, most of them SCHEMA_ERROR: unexpected column channel, not in schema v1" in done.told
    assert "0 rows differ between v1 and v2" in done.line("19. Dual read")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("amount int, channel string", "amount: decimal(18,2) -> int loses values"),
        ("amount decimal(20,2)", "amount: decimal(18,2) -> decimal(20,2)"),
        ("schema_v string", "schema_v: it is a partition key"),
    ],
)
def test_a_changed_type_is_refused_with_the_column_before_anybody_is_asked(drill: Drill, asked: str, why: str) -> None:
    before = columns(drill.lake)

    done = drill(Answers({"columns": asked}))

    assert "FAILED   8. Would the columns break anybody?" in done.told
    assert why in done.told
    assert done.approvals == []
    assert columns(drill.lake) == before


def test_a_table_that_somebody_changed_meanwhile_is_not_written_over(drill: Drill) -> None:
    def change() -> None:
        lake = drill.lake
        table = lake.clients.glue.get_table(DatabaseName=lake.names.database, Name=lake.names.table)["Table"]
        stored = table["StorageDescriptor"]
        stored["Columns"] = [*stored["Columns"], {"Name": "theirs", "Type": "string"}]
        lake.clients.glue.update_table(
            DatabaseName=lake.names.database,
            TableInput={
                "Name": table["Name"],
                "TableType": table["TableType"],
                "PartitionKeys": table["PartitionKeys"],
                "StorageDescriptor": stored,
            },
        )

    done = drill(Answers({"columns": "channel string"}, meanwhile={"Approve as @two": change}))

    assert not done.ok
    assert columns(drill.lake)[-1] == "theirs string"
    assert "16. Fill the new version" not in done.told


def test_rows_that_differ_between_the_versions_stop_it_before_readers_get_the_new_one(drill: Drill) -> None:
    def one_more_row() -> None:
        lake = drill.lake
        partition = lake.seeded.latest_key.removesuffix("_LATEST.json")
        row = {
            "transaction_id": "t-that-differs",
            "account_id": "a",
            "amount": "1.00",
            "currency": "EUR",
            "booked_at": "x",
        }
        lake.clients.s3.put_object(
            Bucket=lake.names.silver_bucket, Key=f"{partition}current/part-0001.jsonl.gz", Body=to_rows([row])
        )

    done = drill(Answers({"columns": "channel string"}), worse=one_more_row)

    assert "FAILED   19. Dual read: do both give the same rows?" in done.told
    assert "output.first.n is 1" in done.told
    assert not any(one.startswith("21.") for one in done.approvals)
    assert "t-that-differs" not in done.told


ANSWERS: dict[str, JsonObject] = {
    "it failed": {"state": "FAILED", "reason": "SYNTAX_ERROR"},
    "it still runs": {"state": "RUNNING"},
    "it gave nothing": {"state": "SUCCEEDED", "count": 0, "complete": True, "rows": []},
}


@pytest.mark.parametrize("step", ["old_rows", "differing", "queries_see_it"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_a_query_without_an_answer_proves_nothing(step: str, answer: JsonObject) -> None:
    expect = load("schema-evolution.md").step(step).expect

    assert expect is not None
    assert compile_expression(expect).truth({"output": answer}) is False


def with_a_new_version(lake: Lake) -> tuple[str, str]:
    """Put an older month in both versions, as after a dual read; return it and its old partition."""
    month = lake.seeded.months[1]
    new = month.partition.replace("schema_v=v1", "schema_v=v2")
    bucket = lake.names.silver_bucket
    for key in keys(lake, bucket, month.partition):
        target = key.replace(month.partition, new)
        lake.clients.s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key})
    return f"year={month.day:%Y}/month={month.day:%m}", month.partition


def entered(lake: Lake) -> set[tuple[str, ...]]:
    found = lake.clients.glue.get_partitions(DatabaseName=lake.names.database, TableName=lake.names.table)
    return {tuple(one["Values"]) for one in found["Partitions"]}


def test_the_end_of_a_dual_read_takes_one_month_out_of_the_catalogue_and_leaves_its_data(drill: Drill) -> None:
    month, old = with_a_new_version(drill.lake)
    before, data = entered(drill.lake), keys(drill.lake, drill.lake.names.silver_bucket, old)

    done = drill(given={"goal": "end", "end_month": month}, broken=False)

    assert done.ok, done.told
    assert [one[:4] for one in done.approvals] == ["24. "]
    assert "destructive, domain + platform" in done.approvals[0]
    assert before - entered(drill.lake) == {(month[5:9], month[-2:], "v1")}
    assert keys(drill.lake, drill.lake.names.silver_bucket, old) == data


def test_a_new_version_that_readers_have_had_for_a_moment_only_ends_nothing(drill: Drill) -> None:
    month, old = with_a_new_version(drill.lake)
    key = f"{old.replace('schema_v=v1', 'schema_v=v2')}_LATEST.json"
    body = {**read_json(drill.lake, drill.lake.names.silver_bucket, key)}
    body["promoted_at"] = f"{drill.lake.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    drill.lake.clients.s3.put_object(Bucket=drill.lake.names.silver_bucket, Key=key, Body=to_json(body))

    done = drill(given={"goal": "end", "end_month": month}, broken=False)

    assert "FAILED   23. End of the dual read" in done.told
    assert done.approvals == []
