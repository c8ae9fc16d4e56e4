"""The rollback of what was deployed: a function's version, a job's code, Terraform's state; and what stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import DeclineRequest
from bot.domain.run import RunState, StepState
from bot.workbench.cast import YOU
from bot.workbench.lake.furniture import ARTIFACTS, COMMITS
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.scenarios.rollback_state import CUT_OFF
from tests.runbooks.playing import ONE, TWO, Broken, Played, broken, playing
from tests.workbench.scenarios.mending import failing

PAUSED = "events.disable_rule"
PLAN = "no changes, read in the plan of build 12"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with broken("rollback-function", tmp_path_factory.mktemp("lake")) as one:
        yield one


def played(deployed: Broken, failure: str, folder: Path) -> Iterator[Played]:
    deployed.failure = failure
    with playing("rollback", deployed.anew(), folder) as one:
        yield one


@pytest.fixture
def function(deployed: Broken, tmp_path: Path) -> Iterator[Played]:
    """A version of the function that fails is live."""
    yield from played(deployed, "rollback-function", tmp_path)


@pytest.fixture
def job(deployed: Broken, tmp_path: Path) -> Iterator[Played]:
    """The job runs code that fails."""
    yield from played(deployed, "rollback-job", tmp_path)


@pytest.fixture
def state(deployed: Broken, tmp_path: Path) -> Iterator[Played]:
    """Terraform's state is cut off."""
    yield from played(deployed, "rollback-state", tmp_path)


def started(played: Played, alarm: str, **inputs: str) -> Played:
    """Go on until the way is asked for."""
    partition = played.lake.seeded.latest_key.removesuffix("_LATEST.json")
    played.start(**{"alarm_name": alarm, "partition": partition, **inputs}).approve("pause", ONE)
    assert played.waits_for() == ("input", "to_run_before"), (played.run.waiting, played.failed())
    return played


def ways(played: Played) -> set[str]:
    assert played.run.waiting is not None
    return set(played.run.waiting.offers)


def refuses_the_requester(played: Played) -> bool:
    """Let who asked try to approve it."""
    before = len(played.asked().votes)
    played.table.vote(YOU, played.asked())
    return len(played.asked().votes) == before and "yourself" in played.table.refused()


# A function's version.


def alias(lake: Lake) -> str:
    found = lake.clients.functions.get_alias(FunctionName=lake.names.promote_function, Name=lake.names.live_alias)
    return found["FunctionVersion"]


def publish_another(lake: Lake) -> None:
    """Let somebody else publish a third version and make it live."""
    functions, name = lake.clients.functions, lake.names.promote_function
    functions.update_function_configuration(FunctionName=name, Description="a third")
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=lake.names.live_alias, FunctionVersion=version)


def test_the_version_before_is_live_again_proved_by_a_smoke_test_and_undo_brings_the_newer_one_back(
    function: Played,
) -> None:
    started(function, "SmokeTestFailed").give(way="function")
    assert function.asked().binding.needs == ("platform",)
    assert refuses_the_requester(function)

    function.approve("to_version", ONE).approve("smoke", ONE)

    assert function.run.state is RunState.REPAIRED, (function.run.waiting, function.failed())
    assert failing(SCENARIOS["rollback-function"], function.lake) == set()
    assert function.sent() == [PAUSED, "lambda.update_alias", "states.smoke", "events.enable_rule"]
    assert function.state("to_run_before") is StepState.SKIPPED

    function.undo().approve("back_to_version", ONE)

    assert alias(function.lake) == "2"


def test_only_the_ways_that_the_deployment_leaves_open_are_offered(function: Played) -> None:
    started(function, "SmokeTestFailed")

    assert ways(function) == {"function", "job"}


def test_a_version_somebody_makes_live_after_the_asking_is_not_replaced(function: Played) -> None:
    started(function, "SmokeTestFailed").give(way="function")
    asked = function.asked()
    publish_another(function.lake)

    function.approve("to_version", ONE)

    assert function.table.store.approval(asked.id).state is ApprovalState.VOID
    assert (alias(function.lake), function.sent()) == ("3", [PAUSED])


def test_a_version_somebody_makes_live_after_the_rollback_is_not_undone(function: Played) -> None:
    started(function, "SmokeTestFailed").give(way="function").approve("to_version", ONE).approve("smoke", ONE)
    publish_another(function.lake)

    function.undo()

    assert function.failed() == ["back_to_version"]
    assert "Somebody made version 3 of promote_silver live since; it was 1" in function.note("back_to_version")
    assert alias(function.lake) == "3"


def test_a_rollback_that_does_not_help_is_not_called_repaired(function: Played) -> None:
    started(function, "SmokeTestFailed").give(way="function").approve("to_version", ONE)
    publish_another(function.lake)
    function.lake.spoil(f"{function.lake.names.promote_function}:3")

    function.approve("smoke", ONE)

    assert (function.failed(), function.waits_for()) == (["smoke"], ("person", "smoke"))
    assert function.run.owed


def test_code_is_rolled_back_in_a_month_readers_have_nothing_of(function: Played) -> None:
    nothing = "silver/mortgages/transactions/year=2020/month=01/schema_v=v1/"

    started(function, "SmokeTestFailed", partition=nothing)

    assert function.note("readers") == "readers have nothing of that month"
    assert ways(function) == {"function", "job"}
    function.give(way="function").approve("to_version", ONE).approve("smoke", ONE)
    assert function.run.state is RunState.REPAIRED, (function.run.waiting, function.failed())


# A job's code.


def script(lake: Lake) -> str:
    return lake.clients.glue.get_job(JobName=lake.names.jobs[0])["Job"]["Command"]["ScriptLocation"].rsplit("/", 1)[-1]


def test_code_the_local_lake_cannot_set_is_said_plainly_and_the_good_commit_is_deployed_instead(job: Played) -> None:
    """moto has no UpdateJob; the exact request is proved with botocore's Stubber in tests/aws/test_not_local.py."""
    started(job, "SmokeTestFailed")
    assert ways(job) == {"function", "job", "deploy"}
    job.give(way="job")
    assert job.waits_for() == ("person", "to_script")
    assert "The local lake cannot do this" in job.words()

    job.give(way="deploy").give(commit=COMMITS[0])
    assert job.asked().binding.needs == ("platform",)
    assert refuses_the_requester(job)
    job.approve("to_commit", ONE).approve("smoke", ONE)

    assert job.run.state is RunState.REPAIRED, (job.run.waiting, job.failed())
    assert failing(SCENARIOS["rollback-job"], job.lake) == set()
    assert job.sent() == [PAUSED, "codebuild.start", "states.smoke", "events.enable_rule"]
    assert job.state("to_script") is StepState.SKIPPED


def test_the_bad_commit_deployed_once_more_fails_its_smoke_test(job: Played) -> None:
    started(job, "SmokeTestFailed").give(way="deploy").give(commit=COMMITS[1])

    job.approve("to_commit", ONE).approve("smoke", ONE)

    assert (job.failed(), script(job.lake)) == (["smoke"], ARTIFACTS[1])
    assert job.run.owed


def test_a_deployment_that_is_declined_leaves_the_other_ways_open_and_the_code_as_it_is(job: Played) -> None:
    started(job, "SmokeTestFailed").give(way="deploy").give(commit=COMMITS[0])
    job.table.wish(ONE, DeclineRequest(approval=job.asked().id, why="not that commit"))

    job.give(way="job")

    assert job.waits_for() == ("person", "to_script")
    assert (script(job.lake), job.sent()) == (ARTIFACTS[1], [PAUSED])


# Terraform's state.


def state_of(lake: Lake) -> bytes:
    return lake.clients.s3.get_object(Bucket=lake.names.state_bucket, Key=lake.names.state_key)["Body"].read()


def write_state(lake: Lake, body: bytes) -> None:
    lake.clients.s3.put_object(Bucket=lake.names.state_bucket, Key=lake.names.state_key, Body=body)


def test_the_state_before_is_on_top_by_two_of_platform_and_undo_puts_the_newer_one_back(state: Played) -> None:
    started(state, "DeployPipelineFailed").give(way="state").give(plan=PLAN)
    assert state.asked().binding.needs == ("platform", "platform")
    assert PLAN in state.asked().binding.calls[0].effect
    assert refuses_the_requester(state)

    state.approve("to_state", ONE)
    assert state.sent() == [PAUSED]
    state.approve("to_state", TWO).approve("smoke", ONE)

    assert state.run.state is RunState.REPAIRED, (state.run.waiting, state.failed())
    assert failing(SCENARIOS["rollback-state"], state.lake) == set()
    assert state.sent() == [PAUSED, "s3.rollback_tfstate", "states.smoke", "events.enable_rule"]

    state.undo().approve("back_to_state")

    assert state_of(state.lake) == CUT_OFF


def test_one_person_twice_is_not_two(state: Played) -> None:
    started(state, "DeployPipelineFailed").give(way="state").give(plan=PLAN)

    state.approve("to_state", ONE, ONE)

    assert len(state.asked().votes) == 1
    assert (state_of(state.lake), state.sent()) == (CUT_OFF, [PAUSED])


def test_a_state_somebody_writes_after_the_asking_is_not_overwritten(state: Played) -> None:
    started(state, "DeployPipelineFailed").give(way="state").give(plan=PLAN)
    asked = state.asked()
    write_state(state.lake, b'{"serial": 43}')

    state.approve("to_state")

    assert state.table.store.approval(asked.id).state is ApprovalState.VOID
    assert (state_of(state.lake), state.sent()) == (b'{"serial": 43}', [PAUSED])


def test_a_state_somebody_writes_after_the_rollback_is_not_undone_over(state: Played) -> None:
    started(state, "DeployPipelineFailed").give(way="state").give(plan=PLAN)
    state.approve("to_state").approve("smoke", ONE)
    write_state(state.lake, b'{"serial": 44}')

    state.undo()

    assert state.failed() == ["back_to_state"]
    assert "Somebody wrote" in state.note("back_to_state")
    assert state_of(state.lake) == b'{"serial": 44}'


def test_nothing_that_is_in_the_state_is_told(state: Played) -> None:
    state.lake.clients.s3.put_object(
        Bucket=state.lake.names.state_bucket, Key=state.lake.names.state_key, Body=b'{"serial": 42, "x": "canary"}'
    )
    started(state, "DeployPipelineFailed").give(way="state").give(plan=PLAN)

    assert "canary" not in state.told()
