"""A stuck deployment in a lake where its lock is really held: the good way, and the ways that must stop."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.value import JsonObject, JsonValue
from bot.workbench.lake import locks
from bot.workbench.lake.furniture import COMMITS
from bot.workbench.lake.lake import Lake
from tests.runbooks.drill import Answers, Drill, a_lake
from tests.runbooks.test_runbooks import Walk, load

NAME = "deployment-failures"
RELEASE = "7. Release the stale lock  [destructive, platform + platform]"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with a_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def drill(running: Lake, tmp_path: Path) -> Drill:
    running.reset()
    return Drill(running, tmp_path, NAME)


def held(lake: Lake) -> locks.Lock:
    found = locks.read(lake.clients.dynamodb, lake.names)
    assert found is not None
    return found


def let_go(lake: Lake) -> None:
    lake.clients.dynamodb.delete_item(TableName=lake.names.locks_table, Key={"LockID": {"S": lake.names.lock_id}})


def taken(lake: Lake, *, build: str, minutes: int) -> None:
    """Let another build hold the lock for some minutes."""
    let_go(lake)
    at = lake.clock.now() - timedelta(minutes=minutes)
    locks.take(lake.clients.dynamodb, lake.names, lock="another", build=build, at=at)


def test_two_release_the_lock_one_deploys_and_the_smoke_test_goes_through(drill: Drill) -> None:
    done = drill(Answers({"way": "deploy"}))

    assert done.ok, done.told
    assert done.approvals == [RELEASE, "11. Deploy  [change, platform]", "12. Smoke test  [control, oncall]"]
    assert "held by codebuild@lake-deploy for 4" in done.line("4. Who holds")
    assert "FAILED in BUILD: terraform apply" in done.line("2. See where")
    assert COMMITS[-1] in done.line("check 2.")
    assert "readers 200 ok" in done.line("check 4.")


def test_a_lock_younger_than_thirty_minutes_stops_it_before_anybody_is_asked(drill: Drill) -> None:
    done = drill(worse=lambda: taken(drill.lake, build="lake-deploy:somebody", minutes=12))

    assert not done.ok
    assert "output.age_minutes is 1" in done.told
    assert done.approvals == []
    assert held(drill.lake).id == "another"


def test_a_lock_is_not_released_under_a_build_that_goes(drill: Drill) -> None:
    def build_goes() -> None:
        started = drill.lake.clients.codebuild.start_build(projectName=drill.lake.names.deploy_project)
        taken(drill.lake, build=str(started["build"]["id"]), minutes=40)

    done = drill(worse=build_goes)

    assert not done.ok
    assert "still builds and may hold the lock" in done.line("FAILED   7.")
    assert done.approvals == []
    assert held(drill.lake).id == "another"


def test_a_lock_that_another_takes_between_two_yeses_stays_theirs(drill: Drill) -> None:
    answers = Answers({"way": "none"})
    answers.meanwhile["@two of platform"] = lambda: taken(drill.lake, build="lake-deploy:somebody", minutes=0)

    done = drill(answers)

    assert not done.ok
    assert "DONE     7." not in done.told
    assert held(drill.lake).id == "another"


def test_a_smoke_test_that_misses_the_table_is_no_repair(drill: Drill) -> None:
    def lose_the_table() -> None:
        names = drill.lake.names
        drill.lake.clients.glue.delete_table(DatabaseName=names.database, Name=names.table)

    done = drill(Answers({"way": "deploy"}), worse=lose_the_table)

    assert not done.ok
    assert 'output.status is "FAILED"' in done.told
    assert "check 1." not in done.told


def test_what_was_denied_is_nothing_the_local_lake_can_tell_and_it_says_so(drill: Drill) -> None:
    done = drill(Answers({"way": "permission", "role": "etl-glue"}))

    assert not done.ok
    assert "The local lake cannot do this" in done.line("FAILED   8.")
    assert done.approvals == [RELEASE]


# -- walked with what the steps would find: CloudTrail and IAM as they are on AWS

BUILD: JsonObject = {
    "id": "lake-deploy:00000000-0000-0000-0000-000000000001", "project": "lake-deploy", "status": "FAILED",
    "phase": "COMPLETED", "started": "s", "stopped": "s", "commit": COMMITS[-1], "failed_phase": "BUILD",
    "reason": "exit status 1", "log_group": "/aws/codebuild/lake-deploy", "log_stream": "x",
}  # fmt: skip
GOOD: JsonObject = {**BUILD, "status": "SUCCEEDED", "failed_phase": "", "reason": ""}
FREE: JsonObject = {"held": False}
STALE: JsonObject = {
    "held": True, "id": "one", "who": "codebuild@lake-deploy", "operation": "OperationTypeApply",
    "created": "2026-01-21T01:00:00.5Z", "age_minutes": 70,
}  # fmt: skip
SMOKED: JsonObject = {
    "name": "smoke-0123456789ab", "arn": "arn:aws:states:eu-west-1:123456789012:execution:etl_orchestration:smoke-x",
    "status": "SUCCEEDED", "error": "", "cause": "", "started": "s", "stopped": "s",
}  # fmt: skip
ANSWERS: JsonObject = {"found": True, "status": 200, "milliseconds": 12, "value": "ok"}
OK: JsonObject = {"found": True, "state": "OK", "reason": "", "since": "", "metric": "", "namespace": ""}


def on_aws() -> dict[str, JsonObject]:
    """Return what each step would find where the deploying role lacks a permission, and the lock is free."""
    version: JsonObject = {"key": "k", "version_id": "v", "etag": '"e"', "size": 1, "modified": "m", "latest": True}
    return {
        "builds": {"count": 1, "going": 0, "builds": [BUILD], "last_good": "0" * 40},
        "build": BUILD,
        "log": {"lines": 9, "errors": 1, "error": "AccessDenied: s3:PutBucketTagging"},
        "lock": FREE,
        "state": {"found": True, "hidden": False, "count": 1, "complete": True, "newest": "v", "versions": [version]},
        "release": FREE,
        "denied": {
            "count": 9, "complete": True, "denied": 6, "denied_actions": ["s3:PutBucketTagging"], "events": [],
        },
        "allowed": {"allowed": False, "decision": "implicitDeny"},
        "deploy": GOOD,
        "smoke": SMOKED,
        "lock_gone": FREE,
        "deployed": GOOD,
        "smoked": SMOKED,
        "answers": ANSWERS,
        "schedule_on": {"found": True, "state": "ENABLED", "schedule": ""},
        "alarm_ok": OK,
    }  # fmt: skip


class DeployWalk(Walk):
    """Walk it as the person on call who reads `AccessDenied` in the log."""

    way = "permission"

    def asked(self, step: str) -> Iterator[tuple[str, JsonValue]]:
        chosen: dict[str, JsonValue] = {
            "role": "lake-deploy", "action": "s3:PutBucketTagging", "resource": "arn:aws:s3:::lake-silver",
            "commit": COMMITS[-1],
        }  # fmt: skip
        for parameter in self.runbook.parameters:
            if parameter.asked_by == step and parameter.name in chosen:
                yield parameter.name, chosen[parameter.name]

    def do(self, step_id: str) -> None:
        if self.runbook.step(step_id).manual:
            self.given[step_id] = None
            return
        super().do(step_id)


def walk(way: str = "permission", **seen: JsonObject) -> DeployWalk:
    done = DeployWalk(load(f"{NAME}.md"), {**on_aws(), **seen}, alarm={"name": "IamAccessDeniedSpike"})
    platform = done.scope["platform"]
    assert isinstance(platform, dict)
    more: JsonObject = {
        "lock_table": "terraform-locks", "locks": ["l"],
        "tfstate_bucket": "lake-tfstate", "tfstate_keys": ["a.tfstate"],
        "project": "lake-deploy", "projects": ["lake-deploy"], "roles": ["etl-glue", "lake-deploy"],
        "endpoint": "readers", "endpoints": ["readers"],
    }  # fmt: skip
    done.scope["platform"] = {**platform, **more}
    done.scope["inputs"] = {
        "project": "lake-deploy", "lock": "l", "way": way, "build": BUILD["id"], "commit": COMMITS[-1],
    }  # fmt: skip
    done.forward()
    return done


def test_a_denied_role_is_asked_about_and_mended_by_a_pull_request() -> None:
    done = walk()

    assert done.failed == []
    assert [name for name in done.given if done.runbook.step(name).manual] == ["pull_request"]
    assert done.given["denied"].name == "lake-deploy"
    assert (done.given["allowed"].action, done.given["allowed"].resource) == (
        "s3:PutBucketTagging", "arn:aws:s3:::lake-silver",
    )  # fmt: skip
    assert done.said["allowed"] == "s3:PutBucketTagging is implicitDeny"
    assert "release" not in done.given


def test_a_role_that_may_needs_no_pull_request() -> None:
    assert "pull_request" not in walk(allowed={"allowed": True, "decision": "allowed"}).given


@pytest.mark.parametrize(("who", "by_hand"), [("codebuild@lake-deploy", []), ("bo@laptop", ["call_holder"])])
def test_a_lock_of_a_person_is_released_only_after_somebody_called_them(who: str, by_hand: list[str]) -> None:
    done = walk("deploy", lock={**STALE, "who": who})

    assert [name for name in done.given if done.runbook.step(name).manual] == by_hand
    assert done.given["release"].as_of == "2026-01-21T02:10:00.500000Z"
    assert done.failed == []


def test_only_looking_changes_nothing() -> None:
    assert not {"release", "denied", "deploy", "smoke"} & set(walk("none").given)


BAD: list[tuple[str, JsonObject]] = [
    ("lock", {**STALE, "age_minutes": 29}),
    ("state", {"found": False, "hidden": True, "count": 0, "complete": True, "versions": []}),
    ("deploy", {**GOOD, "status": "FAILED"}),
    ("deploy", {**GOOD, "status": "IN_PROGRESS"}),
    ("smoke", {**SMOKED, "status": "FAILED"}),
    ("lock_gone", STALE),
    ("deployed", {**GOOD, "commit": "f" * 40}),
    ("deployed", {**GOOD, "status": "STOPPED"}),
    ("smoked", {**SMOKED, "status": "TIMED_OUT"}),
    ("answers", {**ANSWERS, "status": 503, "value": "failing"}),
    ("answers", {"found": False, "status": 0, "milliseconds": 0, "value": ""}),
    ("schedule_on", {"found": True, "state": "DISABLED", "schedule": ""}),
    ("alarm_ok", {**OK, "state": "ALARM"}),
]


@pytest.mark.parametrize(("step", "seen"), BAD)
def test_each_finding_that_is_no_repair_is_called_so(step: str, seen: JsonObject) -> None:
    assert walk("deploy", **{step: seen}).failed == [step]


def test_a_lock_of_a_newer_deployment_is_none_of_ours() -> None:
    assert walk("deploy", lock=STALE, lock_gone={**STALE, "id": "two"}).failed == []
    assert walk("deploy", lock=STALE, release={"held": True}).failed == ["release"]
