from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.scenarios.rollback_state import CUT_OFF
from tests.workbench.scenarios.mending import failing, quiet, seen, smoke, told
from tests.workbench.scenarios.test_rollback_job import deploy

SCENARIO = SCENARIOS["rollback-state"]
ALARM = "DeployPipelineFailed"


def put_back(lake: Lake) -> None:
    s3, bucket, key = lake.clients.s3, lake.names.state_bucket, lake.names.state_key
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    (older,) = [one["VersionId"] for one in found if not one["IsLatest"]]
    s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": key, "VersionId": older})


def test_nothing_can_be_deployed_while_the_state_is_cut_off(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert told(lake, ALARM)["NewStateValue"] == "ALARM"
    assert deploy(lake, "a" * 40) == "FAILED"
    assert failing(SCENARIO, lake) == {
        "the whole state is on top",
        "by a copy, every version is kept",
        "newest smoke test SUCCEEDED",
    }


def test_with_the_version_before_copied_on_top_and_a_smoke_test_it_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    put_back(lake)
    assert smoke(lake, "smoke-again")["status"] == "SUCCEEDED"
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}
    assert deploy(lake, "a" * 40) == "SUCCEEDED"


def test_deleting_the_version_that_was_cut_off_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    s3, bucket, key = lake.clients.s3, lake.names.state_bucket, lake.names.state_key
    top = s3.head_object(Bucket=bucket, Key=key)["VersionId"]

    s3.delete_object(Bucket=bucket, Key=key, VersionId=top)

    assert failing(SCENARIO, lake) == {"by a copy, every version is kept", "newest smoke test SUCCEEDED"}


def test_writing_the_same_damage_again_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    lake.clients.s3.put_object(Bucket=lake.names.state_bucket, Key=lake.names.state_key, Body=CUT_OFF)

    assert "the whole state is on top" in failing(SCENARIO, lake)
