from bot.workbench.lake.furniture import COMMITS
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios import rollback_function
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.scenarios.mending import failing, quiet, seen, smoke, told

SCENARIO = SCENARIOS["rollback-job"]
ALARM = "SmokeTestFailed"


def deploy(lake: Lake, commit: str) -> str:
    codebuild = lake.clients.codebuild
    build = codebuild.start_build(projectName=lake.names.deploy_project, sourceVersion=commit)["build"]["id"]
    return codebuild.batch_get_builds(ids=[build])["builds"][0]["buildStatus"]


def test_a_smoke_test_fails_in_the_code_that_was_deployed(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert told(lake, ALARM)["NewStateValue"] == "ALARM"
    assert failing(SCENARIO, lake) == {"the job runs the code before", "newest smoke test SUCCEEDED"}


def test_with_the_good_commit_deployed_again_and_a_smoke_test_it_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    assert deploy(lake, COMMITS[0]) == "SUCCEEDED"
    assert smoke(lake, "smoke-again")["status"] == "SUCCEEDED"
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_the_bad_commit_deployed_again_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    deploy(lake, COMMITS[1])

    assert smoke(lake, "smoke-again")["error"] == ALARM
    assert "the job runs the code before" in failing(SCENARIO, lake)


def test_a_load_by_the_bad_code_fails_before_it_writes(lake: Lake) -> None:
    SCENARIO.break_(lake)

    found = smoke(lake, "nightly-again", smoke=False, promote=True)

    assert found["error"] == "DeployedCodeFailed"
    prefix = f"{lake.seeded.latest_key.removesuffix('_LATEST.json')}run_id=nightly-again/"
    assert lake.clients.s3.list_objects_v2(Bucket=lake.names.silver_bucket, Prefix=prefix)["KeyCount"] == 0


def test_it_goes_on_failing_after_another_bad_deployment_that_was_taken_back(lake: Lake) -> None:
    SCENARIO.break_(lake)
    SCENARIOS["rollback-function"].break_(lake)
    names = lake.names
    lake.clients.functions.update_alias(
        FunctionName=names.promote_function, Name=names.live_alias, FunctionVersion=rollback_function.GOOD
    )

    assert smoke(lake, "smoke-again")["error"] == ALARM


def test_a_commit_nobody_built_code_of_changes_no_job(lake: Lake) -> None:
    SCENARIO.break_(lake)
    before = seen(SCENARIO, lake)["the job runs the code before"]

    deploy(lake, "f" * 40)

    assert seen(SCENARIO, lake)["the job runs the code before"] == before
