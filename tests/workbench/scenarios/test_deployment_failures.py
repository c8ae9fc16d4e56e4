from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.workbench.lake import locks
from bot.workbench.lake.furniture import COMMITS
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import run
from tests.workbench.scenarios.mending import dimensions, failing, quiet, seen, told

SCENARIO = SCENARIOS["deployment-failures"]
ALARM = "TerraformLockStale"
PROJECT = "lake-deploy"


def build(lake: Lake, build_id: str) -> dict[str, Any]:
    return dict(lake.clients.codebuild.batch_get_builds(ids=[build_id])["builds"][0])


def lock(lake: Lake) -> locks.Lock:
    found = locks.read(lake.clients.dynamodb, lake.names)
    assert found is not None
    return found


def release(lake: Lake, seen_info: str) -> None:
    lake.clients.dynamodb.delete_item(
        TableName=lake.names.locks_table,
        Key={"LockID": {"S": lake.names.lock_id}},
        ConditionExpression="Info = :seen",
        ExpressionAttributeValues={":seen": {"S": seen_info}},
    )


def deploy(lake: Lake, commit: str = COMMITS[-1]) -> str:
    started = lake.clients.codebuild.start_build(projectName=PROJECT, sourceVersion=commit, idempotencyToken="r-1")
    return str(build(lake, str(started["build"]["id"]))["buildStatus"])


def test_the_lock_is_really_held_by_a_build_that_failed(lake: Lake) -> None:
    SCENARIO.break_(lake)

    found = lock(lake)
    failed = build(lake, found.build)
    phase = next(one for one in failed["phases"] if one["phaseStatus"] == "FAILED")
    events = lake.clients.logs.get_log_events(
        logGroupName="/aws/codebuild/lake-deploy", logStreamName=found.build.split(":")[1]
    )["events"]
    assert 44 * 60 < (lake.clock.now() - found.created).total_seconds() < 46 * 60
    assert (failed["buildStatus"], phase["phaseType"], failed["sourceVersion"]) == ("FAILED", "BUILD", COMMITS[-1])
    assert "lost its connection" in phase["contexts"][0]["message"]
    assert any("Error: terraform apply" in event["message"] for event in events)
    assert failing(SCENARIO, lake) >= {"no lock on the state", "a later deployment SUCCEEDED"}


def test_the_states_earlier_version_is_kept(lake: Lake) -> None:
    SCENARIO.break_(lake)

    found = lake.clients.s3.list_object_versions(Bucket="lake-tfstate", Prefix="lake/terraform.tfstate")

    assert len(found["Versions"]) == 2


def test_the_alarm_names_the_lock(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert dimensions(told(lake, ALARM)) == {
        "TableName": "terraform-locks",
        "LockID": "lake-tfstate/lake/terraform.tfstate",
    }


def test_lock_released_deployed_again_and_smoked_it_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    release(lake, lock(lake).info)
    assert deploy(lake) == "SUCCEEDED"
    assert run(lake, "smoke-0123456789ab", smoke=True)["status"] == "SUCCEEDED"
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_deployment_while_the_lock_is_held_fails(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert deploy(lake) == "FAILED"

    assert {"no lock on the state", "a later deployment SUCCEEDED"} <= failing(SCENARIO, lake)


def test_releasing_the_lock_alone_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    release(lake, lock(lake).info)

    assert failing(SCENARIO, lake) == {
        "a later deployment SUCCEEDED",
        "it deployed the same commit",
        "newest smoke test SUCCEEDED",
    }


def test_a_lock_somebody_else_took_meanwhile_is_not_released(lake: Lake) -> None:
    SCENARIO.break_(lake)
    before = lock(lake).info
    release(lake, before)
    locks.take(lake.clients.dynamodb, lake.names, lock="other", build="lake-deploy:other", at=lake.clock.now())

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        release(lake, before)

    assert lock(lake).id == "other"


def test_a_smoke_test_that_misses_the_table_fails(lake: Lake) -> None:
    lake.clients.glue.delete_table(DatabaseName=lake.names.database, Name=lake.names.table)

    end = run(lake, "smoke-0123456789ab", smoke=True)

    assert (end["status"], end["error"]) == ("FAILED", "SmokeTestFailed")


def test_nothing_was_deployed_before_it_broke(lake: Lake) -> None:
    assert failing(SCENARIO, lake) == {"the failure happened"}
