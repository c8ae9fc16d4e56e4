from bot.aws.endpoints import Endpoints
from bot.domain.value import JsonObject
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.scenarios.mending import failing, quiet, seen, smoke, told

SCENARIO = SCENARIOS["rollback-function"]
ALARM = "SmokeTestFailed"


def make_live(lake: Lake, version: str) -> None:
    name, alias = lake.names.promote_function, lake.names.live_alias
    lake.clients.functions.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)


def test_a_smoke_test_fails_in_the_version_that_is_live_and_readers_have_what_they_had(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert told(lake, ALARM)["NewStateValue"] == "ALARM"
    assert failing(SCENARIO, lake) == {"the version before is live", "newest smoke test SUCCEEDED"}


def test_with_the_version_before_and_a_smoke_test_it_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    make_live(lake, "1")
    assert failing(SCENARIO, lake) == {"newest smoke test SUCCEEDED"}
    assert smoke(lake, "smoke-again")["status"] == "SUCCEEDED"
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_smoke_test_of_the_bad_version_goes_on_failing(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert smoke(lake, "smoke-again")["error"] == ALARM


def test_what_readers_use_fails_until_the_version_before_is_live(lake: Lake) -> None:
    SCENARIO.break_(lake)
    asked = Endpoints(lake.endpoints, local=True)
    wanted: JsonObject = {"Endpoint": lake.names.endpoint, "Field": "status"}
    before = asked.look(wanted)

    make_live(lake, "1")

    after = asked.look(wanted)
    assert (before["Status"], before["Value"], after["Status"], after["Value"]) == (500, "failing", 200, "ok")


def test_a_load_does_not_get_past_the_bad_version(lake: Lake) -> None:
    SCENARIO.break_(lake)
    pointer = lake.clients.s3.head_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key)["ETag"]

    found = smoke(lake, "nightly-again", smoke=False, promote=True)

    assert found["error"] == "DeployedCodeFailed"
    assert lake.clients.s3.head_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key)["ETag"] == pointer


def test_deleting_the_bad_version_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    make_live(lake, "1")

    lake.clients.functions.delete_function(FunctionName=lake.names.promote_function, Qualifier="2")

    assert "every version is kept" in failing(SCENARIO, lake)


def test_it_can_be_broken_again_and_after_another_failure_of_the_same_lake(lake: Lake) -> None:
    SCENARIOS["rollback-job"].break_(lake)
    SCENARIO.break_(lake)
    make_live(lake, "1")
    lake.clock.advance(1)

    SCENARIO.break_(lake)

    assert "the version before is live" in failing(SCENARIO, lake)


def test_before_it_is_broken_there_is_nothing_to_judge(lake: Lake) -> None:
    assert failing(SCENARIO, lake) == {"the failure happened"}


def test_start_over_takes_the_bad_version_away(lake: Lake) -> None:
    SCENARIO.break_(lake)

    lake.reset()

    assert smoke(lake, "smoke-after")["status"] == "SUCCEEDED"
