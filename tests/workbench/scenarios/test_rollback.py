import pytest
from botocore.exceptions import ClientError

from bot.errors import EdgeError, InvalidError
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import LakeNames
from bot.workbench.scenarios import rollback
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import alarm_state, keys, read_json
from tests.workbench.scenarios.mending import dimensions, failing, fill, flip, promote, quiet, seen, told

SCENARIO = SCENARIOS["rollback"]
ALARM = "PromotedBadRun"


def partition(lake: Lake) -> str:
    return lake.seeded.latest_key.removesuffix("_LATEST.json")


def test_readers_really_get_wrong_amounts_from_a_promoted_run(lake: Lake) -> None:
    SCENARIO.break_(lake)

    latest = read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key)
    success = read_json(lake, lake.names.silver_bucket, f"{latest['output_prefix']}_SUCCESS")

    assert latest["run_id"] != lake.seeded.run_id
    assert (success["promotion_allowed"], success["metrics"]["quarantined_rows"]) == (True, 0)
    assert failing(SCENARIO, lake) == {
        f"_LATEST.json names {lake.seeded.run_id}",
        "data check on current/",
    }


def test_the_alarm_names_the_partition(lake: Lake) -> None:
    SCENARIO.break_(lake)

    notice = told(lake, ALARM)

    assert notice["NewStateValue"] == "ALARM"
    assert dimensions(notice) == {"Pipeline": "transactions", "Partition": partition(lake)}


def test_pointer_and_current_put_back_the_lake_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    promote(lake, partition(lake), lake.seeded.run_id)
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_pointer_put_back_without_current_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    flip(lake, partition(lake), lake.seeded.run_id)

    assert {"current/ is the run of _LATEST.json", "data check on current/"} <= failing(SCENARIO, lake)


def test_current_put_back_without_the_pointer_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    fill(lake, partition(lake), lake.seeded.run_id)

    assert {f"_LATEST.json names {lake.seeded.run_id}", "current/ is the run of _LATEST.json"} <= failing(
        SCENARIO, lake
    )


def test_left_overs_in_current_are_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    promote(lake, partition(lake), lake.seeded.run_id)

    left = f"{partition(lake)}current/part-0001.jsonl.gz"
    source = {"Bucket": lake.names.silver_bucket, "Key": f"{partition(lake)}current/part-0000.jsonl.gz"}
    lake.clients.s3.copy_object(
        Bucket=lake.names.silver_bucket, Key=left, CopySource={"Bucket": source["Bucket"], "Key": source["Key"]}
    )

    assert "current/ is the run of _LATEST.json" in failing(SCENARIO, lake)


def test_deleting_the_bad_run_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    latest = read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key)
    promote(lake, partition(lake), lake.seeded.run_id)

    for key in keys(lake, lake.names.silver_bucket, latest["output_prefix"]):
        lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=key)

    assert "the bad run is kept" in failing(SCENARIO, lake)


def test_a_pointer_moved_meanwhile_is_not_overwritten(lake: Lake) -> None:
    SCENARIO.break_(lake)

    with pytest.raises(ClientError, match="PreconditionFailed"):
        lake.clients.s3.put_object(
            Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key, Body=b"{}", IfMatch='"0" * 32'
        )


def test_the_alarm_stays_while_readers_get_wrong_amounts(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    lake.clock.advance(660)
    lake.look()
    lake.pause()

    assert alarm_state(lake, ALARM) == "ALARM"


def test_another_account_is_not_broken(lake: Lake) -> None:
    lake.names, own = LakeNames(account="999999999999"), lake.names
    try:
        with pytest.raises(EdgeError, match="answered as account 123456789012"):
            rollback.break_(lake)
    finally:
        lake.names = own


def test_nobody_outside_has_to_mend_anything(lake: Lake) -> None:
    with pytest.raises(InvalidError, match="follow the runbook"):
        SCENARIO.mend(lake)
