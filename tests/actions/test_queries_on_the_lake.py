"""Queries on moto, which starts, lists and stops them, and counts nothing by itself."""

from collections.abc import Iterator

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Looking
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from tests.actions.partition import put
from tests.actions.scripted import NOW, observe, params_of, propose
from tests.aws.moto_lake import Lake, gate, lake
from tests.aws.seeded import PARTITION_KEYS, PLATFORM, STORED, nothing, permit

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
COUNTING: JsonObject = {
    "workgroup": "lake",
    "database": "lake",
    "query": "SELECT count(*) AS n FROM silver_transactions WHERE year = ?",
    "values": ["2026"],
}
ADDING: JsonObject = {
    "workgroup": "lake",
    "database": "lake",
    "table": "silver_transactions",
    "bucket": "lake-silver",
    "prefix": "silver/mortgages/transactions/",
    "partition": "year=2026/month=01/schema_v=v1",
}


@pytest.fixture
def here() -> Iterator[Lake]:
    with lake() as seeded:
        seeded.client("athena").create_work_group(
            Name="lake",
            Configuration={
                "BytesScannedCutoffPerQuery": 10_000_000_000,
                "ResultConfiguration": {"OutputLocation": "s3://lake-athena-results/"},
            },
        )
        glue = seeded.client("glue")
        glue.create_database(DatabaseInput={"Name": "lake"})
        glue.create_table(
            DatabaseName="lake",
            TableInput={"Name": "silver_transactions", "PartitionKeys": PARTITION_KEYS, "StorageDescriptor": STORED},
        )
        yield seeded


def looked(name: str, given: JsonObject) -> JsonObject:
    action, params = params_of(name, given)
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def test_a_query_runs_and_is_found_among_the_recent(here: Lake) -> None:
    found = looked("athena.query", COUNTING)

    assert (found["state"], found["count"]) == ("SUCCEEDED", 0)
    assert looked("athena.statistics", {"id": found["id"]})["compared"] == ["year"]
    assert looked("athena.worst", {"workgroup": "lake", "hours": 336})["looked"] == 1


def test_a_partition_is_added_by_one_statement(here: Lake) -> None:
    put(here, f"{ADDING['prefix']}{ADDING['partition']}/current/part-0000.parquet", "x")
    proposal = propose(LOOK, "athena.add_partition", **ADDING)

    answer = gate().send(permit(proposal.calls[0]), mark=nothing)

    assert str(proposal.calls[0].params["QueryString"]).startswith("ALTER TABLE lake.silver_transactions ADD IF NOT")
    assert observe(LOOK, "athena.add_partition", answer, **ADDING)["state"] == "SUCCEEDED"


def test_an_empty_partition_is_not_added(here: Lake) -> None:
    with pytest.raises(InvalidError, match="nothing in"):
        propose(LOOK, "athena.add_partition", **ADDING)
