from collections.abc import Iterator

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.actions.tables import parsed_columns
from bot.domain.action import Looking, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.partition import put
from tests.actions.scripted import NOW, Script, observe, params_of, propose, read
from tests.aws.moto_lake import Lake, gate, lake
from tests.aws.seeded import PARTITION_KEYS, PLATFORM, STORED, nothing, permit

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
TABLE: JsonObject = {"database": "lake", "table": "silver_transactions"}
PREFIX = "silver/mortgages/transactions/"
MONTHS: JsonObject = {**TABLE, "bucket": "lake-silver", "prefix": PREFIX, "first": "2026-01", "last": "2026-03"}


@pytest.fixture
def here() -> Iterator[Lake]:
    with lake() as seeded:
        glue = seeded.client("glue")
        glue.create_database(DatabaseInput={"Name": "lake"})
        glue.create_table(
            DatabaseName="lake",
            TableInput={
                "Name": "silver_transactions",
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"classification": "parquet"},
                "PartitionKeys": PARTITION_KEYS,
                "StorageDescriptor": {
                    **STORED,
                    "Columns": [{"Name": "id", "Type": "string"}, {"Name": "amount", "Type": "decimal(18,2)"}],
                    "Location": f"s3://lake-silver/{PREFIX}",
                    "SerdeInfo": {
                        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                    },
                },
            },
        )
        for month in ("01", "02"):
            put(seeded, f"{PREFIX}year=2026/month={month}/schema_v=v1/current/part-0000.parquet", "x")
        yield seeded


def looked(name: str, given: JsonObject) -> JsonObject:
    action, params = params_of(name, given)
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def send_all(proposal: Proposal) -> tuple[JsonObject, ...]:
    return tuple(gate().send(permit(call), mark=nothing) for call in proposal.calls)


def columns(lake: Lake) -> dict[str, str]:
    table = lake.client("glue").get_table(DatabaseName="lake", Name="silver_transactions")["Table"]
    return {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}


# Comparing.

COMPARED: list[tuple[str, bool, str]] = [
    ("channel string", True, "1 new nullable column."),
    ("channel string, score decimal(5,2)", True, "2 new nullable columns."),
    ("id string", False, "Nothing is new."),
    ("channel string, id bigint", False, "Refused: id: string -> bigint loses values."),
    ("amount decimal(10,2)", False, "Refused: amount: decimal(18,2) -> decimal(10,2) loses values."),
    ("amount decimal(20,4)", False, "Needs a person: amount: decimal(18,2) -> decimal(20,4)."),
    ("amount decimal(18,4)", False, "Refused: amount: decimal(18,2) -> decimal(18,4) loses values."),
    ("year int", False, "Refused: year: it is a partition key."),
]


@pytest.mark.parametrize(("text", "passes", "words"), COMPARED)
def test_only_nullable_additions_pass_by_themselves(here: Lake, text: str, passes: bool, words: str) -> None:
    found = looked("glue.compare_schema", {**TABLE, "columns": text})

    assert (found["passes"], found["words"]) == (passes, words)


@pytest.mark.parametrize("text", ["", "channel", "1x string", "a string, a int", "a string; DROP", "\u0430 string"])
def test_what_is_no_list_of_columns_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        parsed_columns(text)


def test_commas_inside_a_type_belong_to_it() -> None:
    assert parsed_columns("a decimal(18, 2), b struct<x:int,y:string>") == [
        ("a", "decimal(18,2)"),
        ("b", "struct<x:int,y:string>"),
    ]


# Changing the table.


def test_columns_are_added_at_the_end_and_everything_else_stays(here: Lake) -> None:
    given: JsonObject = {**TABLE, "columns": "channel string"}
    before = here.client("glue").get_table(DatabaseName="lake", Name="silver_transactions")["Table"]
    proposal = propose(LOOK, "glue.add_columns", **given)

    answers = send_all(proposal)

    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE
    assert (proposal.calls[0].params["VersionId"], proposal.calls[0].params["SkipArchive"]) == ("1", False)
    assert list(columns(here)) == ["id", "amount", "channel"]
    after = here.client("glue").get_table(DatabaseName="lake", Name="silver_transactions")["Table"]
    assert (after["Parameters"], after["PartitionKeys"]) == (before["Parameters"], before["PartitionKeys"])
    assert after["StorageDescriptor"]["SerdeInfo"] == before["StorageDescriptor"]["SerdeInfo"]
    assert observe(LOOK, "glue.add_columns", *answers, **given)["version"] == "2"
    assert propose(LOOK, "glue.add_columns", **given).already


@pytest.mark.parametrize("text", ["amount decimal(10,2)", "amount decimal(20,4)", "channel string, id bigint"])
def test_a_type_is_never_changed_by_adding(here: Lake, text: str) -> None:
    with pytest.raises(InvalidError, match="Only new columns"):
        propose(LOOK, "glue.add_columns", **TABLE, columns=text)


def test_somebody_s_change_in_between_is_seen_though_the_lake_ignores_its_own_precondition(here: Lake) -> None:
    given: JsonObject = {**TABLE, "columns": "channel string"}
    first = propose(LOOK, "glue.add_columns", **given)
    send_all(propose(LOOK, "glue.add_columns", **TABLE, columns="theirs string"))

    again = propose(LOOK, "glue.add_columns", **given)

    assert again.seen != first.seen
    assert again.seen["columns"] != first.seen["columns"]


def test_an_earlier_version_is_restored_and_found_in_the_list(here: Lake) -> None:
    send_all(propose(LOOK, "glue.add_columns", **TABLE, columns="channel string"))
    listed = looked("glue.table_versions", TABLE)

    proposal = propose(LOOK, "glue.restore_table", **TABLE, version="1")
    send_all(proposal)

    assert isinstance(listed["versions"], list)
    assert [one["version"] for one in listed["versions"] if isinstance(one, dict)] == ["2", "1"]
    assert proposal.changes == "column channel: string -> none"
    assert list(columns(here)) == ["id", "amount"]
    assert propose(LOOK, "glue.restore_table", **TABLE, version="1").already


def test_a_table_that_somebody_changed_since_is_not_taken_back(here: Lake) -> None:
    send_all(propose(LOOK, "glue.add_columns", **TABLE, columns="channel string"))
    assert propose(LOOK, "glue.restore_table", **TABLE, version="1", replaces="2").calls
    send_all(propose(LOOK, "glue.add_columns", **TABLE, columns="branch string"))

    with pytest.raises(InvalidError, match=r"Somebody changed .* since: it is at version '3', not 2"):
        propose(LOOK, "glue.restore_table", **TABLE, version="1", replaces="2")


def test_a_version_nobody_has_is_refused(here: Lake) -> None:
    with pytest.raises(InvalidError, match="no version 77"):
        propose(LOOK, "glue.restore_table", **TABLE, version="77")


def test_a_table_with_parts_this_bot_would_drop_is_left(here: Lake) -> None:
    table: JsonObject = {
        "Name": "silver_transactions",
        "VersionId": "3",
        "PartitionKeys": [],
        "Others": ["CreateTime", "FederatedTable"],
        "StorageDescriptor": {"Columns": [], "Location": f"s3://lake-silver/{PREFIX}", "Others": ["SchemaReference"]},
    }
    script = Script(glue__table=[{"found": True, "Table": table}])

    with pytest.raises(InvalidError, match="FederatedTable, SchemaReference"):
        propose(script.look, "glue.add_columns", **TABLE, columns="channel string")


def test_a_table_that_is_not_there_is_an_answer_to_a_look_and_a_refusal_to_a_change(here: Lake) -> None:
    missing: JsonObject = {"database": "lake", "table": "quarantine_transactions"}

    assert looked("glue.table", missing) == {"found": False}
    with pytest.raises(InvalidError, match="no table"):
        propose(LOOK, "glue.add_columns", **missing, columns="a string")


# Partitions.


def test_partitions_the_catalogue_lacks_are_found_added_and_found_to_be_there(here: Lake) -> None:
    found = looked("glue.compare_partitions", MONTHS)
    assert (found["in_s3"], found["in_catalogue"], found["missing_count"], found["complete"]) == (2, 0, 2, False)
    given: JsonObject = {**TABLE, "bucket": "lake-silver", "prefix": PREFIX, "partitions": found["missing"]}
    proposal = propose(LOOK, "glue.create_partitions", **given)

    answers = send_all(proposal)

    assert observe(LOOK, "glue.create_partitions", *answers, **given) == {"count": 2, "registered": 2}
    assert looked("glue.compare_partitions", MONTHS)["complete"] is True
    assert propose(LOOK, "glue.create_partitions", **given).already
    listed = looked("glue.partitions", {**TABLE, "year": "2026", "month": "01"})
    assert listed["partitions"] == [
        {
            "partition": "year=2026/month=01/schema_v=v1",
            "location": f"s3://lake-silver/{PREFIX}year=2026/month=01/schema_v=v1/current/",
        }
    ]


def test_adding_what_was_added_meanwhile_is_no_error(here: Lake) -> None:
    name = "year=2026/month=01/schema_v=v1"
    given: JsonObject = {**TABLE, "bucket": "lake-silver", "prefix": PREFIX, "partitions": [name]}
    proposal = propose(LOOK, "glue.create_partitions", **given)
    send_all(proposal)

    (again,) = send_all(proposal)

    assert isinstance(again["Errors"], list)
    assert again["Errors"][0] == {
        "PartitionValues": ["2026", "01", "v1"],
        "ErrorDetail": {"ErrorCode": "AlreadyExistsException"},
    }


def test_taking_partitions_out_is_destructive_and_leaves_the_objects(here: Lake) -> None:
    names: list[JsonValue] = ["year=2026/month=01/schema_v=v1"]
    added: JsonObject = {**TABLE, "bucket": "lake-silver", "prefix": PREFIX, "partitions": names}
    send_all(propose(LOOK, "glue.create_partitions", **added))
    proposal = propose(LOOK, "glue.delete_partitions", **TABLE, partitions=names)

    send_all(proposal)

    assert CATALOGUE.risk(proposal.calls) is Risk.DESTRUCTIVE
    assert observe(LOOK, "glue.delete_partitions", **TABLE, partitions=names)["registered"] == 0
    assert (
        looked(
            "lake.partitions", {k: v for k, v in MONTHS.items() if k in {"bucket", "first", "last"}} | {"table": PREFIX}
        )["count"]
        == 2
    )
    assert propose(LOOK, "glue.delete_partitions", **TABLE, partitions=names).already


def test_nothing_in_s3_is_not_complete(here: Lake) -> None:
    found = looked("glue.compare_partitions", {**MONTHS, "first": "2020-01", "last": "2020-02"})

    assert found["complete"] is False


def test_a_table_is_read(here: Lake) -> None:
    found = read(Script(glue__table=[{"found": False}]), "glue.table", **TABLE)

    assert found == {"found": False}
    assert looked("glue.table", TABLE)["version"] == "1"
