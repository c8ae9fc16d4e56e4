import pytest
from botocore.exceptions import ClientError

from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import keys
from tests.workbench.scenarios.mending import dimensions, failing, quiet, seen, told

SCENARIO = SCENARIOS["common-failures"]
ALARM = "LatestPointerMissing"


def key(lake: Lake) -> str:
    return f"{lake.seeded.months[0].partition}_LATEST.json"


def undelete(lake: Lake) -> None:
    bucket = lake.names.silver_bucket
    found = lake.clients.s3.list_object_versions(Bucket=bucket, Prefix=key(lake))
    marker = found["DeleteMarkers"][0]["VersionId"]
    lake.clients.s3.delete_object(Bucket=bucket, Key=key(lake), VersionId=marker)


def test_the_pointer_is_really_gone_and_only_hidden(lake: Lake) -> None:
    SCENARIO.break_(lake)

    with pytest.raises(ClientError, match="404"):
        lake.clients.s3.head_object(Bucket=lake.names.silver_bucket, Key=key(lake))
    versions = lake.clients.s3.list_object_versions(Bucket=lake.names.silver_bucket, Prefix=key(lake))
    assert (len(versions["Versions"]), versions["DeleteMarkers"][0]["IsLatest"]) == (1, True)
    assert failing(SCENARIO, lake) == {
        f"_LATEST.json names {lake.seeded.months[0].run_id}",
        "_LATEST.json has every field",
        "current/ is the run of _LATEST.json",
    }


def test_the_alarm_names_the_partition(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert dimensions(told(lake, ALARM))["Partition"] == lake.seeded.months[0].partition


def test_the_marker_removed_the_lake_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    undelete(lake)
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_pointer_written_by_hand_that_lacks_fields_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    month = lake.seeded.months[0]
    body = f'{{"run_id": "{month.run_id}", "output_prefix": "{month.partition}run_id={month.run_id}/"}}'
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key(lake), Body=body.encode(), IfNoneMatch="*")

    assert failing(SCENARIO, lake) == {"_LATEST.json has every field"}


def test_nothing_else_of_the_month_was_touched(lake: Lake) -> None:
    partition = lake.seeded.months[0].partition
    before = keys(lake, lake.names.silver_bucket, partition)

    SCENARIO.break_(lake)

    assert [one for one in before if one not in keys(lake, lake.names.silver_bucket, partition)] == [key(lake)]
