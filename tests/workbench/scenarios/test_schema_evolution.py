from datetime import date
from typing import TYPE_CHECKING

from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import lines, run
from tests.workbench.scenarios.mending import dimensions, failing, quiet, seen, told

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef

SCENARIO = SCENARIOS["schema-evolution"]
ALARM = "SchemaErrorSpike"
CANARY = "schema-v2-0123456789ab"


def today(lake: Lake) -> date:
    return lake.clock.now().date()


def add_column(lake: Lake, *, kind: str = "string", amount: str = "decimal(18,2)") -> None:
    glue, names = lake.clients.glue, lake.names
    table = glue.get_table(DatabaseName=names.database, Name=names.table)["Table"]
    columns: list[ColumnTypeDef] = [
        {"Name": one["Name"], "Type": amount if one["Name"] == "amount" else one["Type"]}
        for one in table["StorageDescriptor"]["Columns"]
    ]
    columns.append({"Name": "channel", "Type": kind})
    glue.update_table(
        DatabaseName=names.database,
        TableInput={
            "Name": names.table,
            "TableType": table["TableType"],
            "PartitionKeys": table["PartitionKeys"],
            "StorageDescriptor": {"Columns": columns, "Location": table["StorageDescriptor"]["Location"]},
        },
        SkipArchive=False,
        VersionId=table["VersionId"],
    )


def canary(lake: Lake) -> str:
    given = {"pipeline": "transactions", "ingest_date": f"{today(lake)}", "schema_version": "v2", "promote": False}
    end = run(lake, CANARY, **given)
    return str(end["status"])


def register(lake: Lake, place: str = f"run_id={CANARY}/") -> None:
    location = f"s3://{lake.names.silver_bucket}/{lake.names.partition(today(lake), schema_version='v2')}{place}"
    values = [f"{today(lake):%Y}", f"{today(lake):%m}", "v2"]
    lake.clients.glue.batch_create_partition(
        DatabaseName=lake.names.database,
        TableName=lake.names.table,
        PartitionInputList=[{"Values": values, "StorageDescriptor": {"Location": location}}],
    )


def test_the_load_really_reads_no_file_and_says_which_column_it_does_not_know(lake: Lake) -> None:
    SCENARIO.break_(lake)

    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn, statusFilter="FAILED")
    told_lines = [line for line in lines(lake, found["executions"][0]["name"]) if line["level"] == "ERROR"]
    assert len(told_lines) == 14
    assert {line["message"] for line in told_lines} == {"SCHEMA_ERROR: unexpected column channel, not in schema v1"}
    assert {line["error_type"] for line in told_lines} == {"SCHEMA_ERROR"}
    assert failing(SCENARIO, lake) == {
        "the table has the new column, and every old one as it was",
        "a run of v2 read every file",
        "the partition of v2 is in the catalogue and holds data",
    }


def test_the_alarm_names_the_pipeline(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert dimensions(told(lake, ALARM)) == {"Pipeline": "transactions"}


def test_column_canary_and_partition_repair_it(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    assert canary(lake) == "SUCCEEDED"
    add_column(lake)
    register(lake)
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_column_alone_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    add_column(lake)

    assert {"a run of v2 read every file", "the partition of v2 is in the catalogue and holds data"} <= failing(
        SCENARIO, lake
    )


def test_a_narrowed_type_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)

    add_column(lake, amount="int")

    assert "the table has the new column, and every old one as it was" in failing(SCENARIO, lake)


def test_a_partition_that_points_at_nothing_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    canary(lake)
    add_column(lake)

    register(lake, "run_id=somewhere-else/")

    assert "the partition of v2 is in the catalogue and holds data" in failing(SCENARIO, lake)


def test_dropping_the_old_partitions_before_their_time_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    day = lake.seeded.months[0].day

    lake.clients.glue.batch_delete_partition(
        DatabaseName=lake.names.database,
        TableName=lake.names.table,
        PartitionsToDelete=[{"Values": [f"{day:%Y}", f"{day:%m}", "v1"]}],
    )

    assert "the partitions of v1 are still there" in failing(SCENARIO, lake)


def test_a_schema_nobody_defined_fails(lake: Lake) -> None:
    SCENARIO.break_(lake)

    end = run(lake, CANARY, ingest_date=f"{today(lake)}", schema_version="v9", promote=False)

    assert end["status"] == "FAILED"
