"""Functions, builds, Terraform's lock and state, messages, permissions: what a rollback and a stuck deploy need."""

import json
from collections.abc import Iterator

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.actions.insights import PAUSES_S, AskInsights, asked
from bot.domain.action import Looking, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import CallRefusedError, InvalidError
from tests.actions.partition import put
from tests.actions.scripted import NOW, Script, observe, params_of, propose, read
from tests.aws.moto_lake import Lake, gate, lake
from tests.aws.seeded import PARTITION, PLATFORM, RUN, UUID, nothing, permit

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
LOCK_ID = "lake-tfstate/lake/prod.tfstate"
STATE: JsonObject = {"bucket": "lake-tfstate", "key": "lake/prod.tfstate"}
RESTORING: JsonObject = {**STATE, "table": "lake-tf-locks", "lock": LOCK_ID}
RELEASE: JsonObject = {
    "table": "lake-tf-locks",
    "lock": LOCK_ID,
    "project": "lake-deploy",
    "as_of": "2026-01-21T03:00:00Z",
}


@pytest.fixture
def here() -> Iterator[Lake]:
    with lake() as seeded:
        yield seeded


def looked(name: str, given: JsonObject) -> JsonObject:
    action, params = params_of(name, given)
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def send_all(proposal: Proposal) -> tuple[JsonObject, ...]:
    return tuple(gate().send(permit(call), mark=nothing) for call in proposal.calls)


# Functions.

LIVE: JsonObject = {"found": True, "FunctionVersion": "8", "RevisionId": UUID}
SWITCH: JsonObject = {"function": "promote_silver", "version": "7"}


def test_another_version_is_made_live_against_the_revision_that_was_seen() -> None:
    proposal = propose(Script(lambda__alias=[LIVE]).look, "lambda.set_version", **SWITCH)

    (call,) = proposal.calls
    assert call.params == {
        "FunctionName": "promote_silver",
        "Name": "live",
        "FunctionVersion": "7",
        "RevisionId": UUID,
    }
    assert proposal.seen == {"version": "8", "revision": UUID}
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE


def test_somebody_else_s_switch_in_between_is_seen_though_the_lake_ignores_its_own_precondition() -> None:
    other: JsonObject = {**LIVE, "FunctionVersion": "9"}

    first = propose(Script(lambda__alias=[LIVE]).look, "lambda.set_version", **SWITCH)

    assert first.seen != propose(Script(lambda__alias=[other]).look, "lambda.set_version", **SWITCH).seen


def test_a_switch_is_settled_by_looking_and_done_only_once() -> None:
    action, _ = params_of("lambda.set_version", SWITCH)
    (call,) = propose(Script(lambda__alias=[LIVE]).look, "lambda.set_version", **SWITCH).calls
    done = Script(lambda__alias=[{**LIVE, "FunctionVersion": "7"}])
    assert action.settle is not None

    assert action.settle(Script(lambda__alias=[LIVE]).look, call) is None
    assert action.settle(done.look, call) == {"FunctionVersion": "7", "RevisionId": UUID}
    assert propose(done.look, "lambda.set_version", **SWITCH).already


def test_a_version_that_is_not_the_one_to_be_replaced_is_left_live() -> None:
    script = Script(lambda__alias=[LIVE])
    assert propose(script.look, "lambda.set_version", function="promote_silver", version="7", replaces="8").calls

    with pytest.raises(InvalidError, match="Somebody made version 8 of promote_silver live since; it was 9"):
        propose(script.look, "lambda.set_version", function="promote_silver", version="7", replaces="9")


def test_no_part_of_the_calls_goes_on_to_another_version_after_a_switch() -> None:
    shared: JsonObject = {**LIVE, "RoutingConfig": {"AdditionalVersionWeights": {"9": 0.1}}}
    script = Script(lambda__alias=[shared])
    action, _ = params_of("lambda.set_version", SWITCH)

    (call,) = propose(script.look, "lambda.set_version", **SWITCH).calls
    back = propose(script.look, "lambda.set_version", function="promote_silver", version="8")

    assert call.params["RoutingConfig"] == {"AdditionalVersionWeights": {}}
    assert (back.already, back.changes) == (False, "live: 8, in part 9 -> 8")
    assert read(script, "lambda.alias", function="promote_silver")["also"] == ["9"]
    assert action.settle is not None
    assert action.settle(Script(lambda__alias=[{**shared, "FunctionVersion": "7"}]).look, call) is None


def test_a_function_without_the_alias_is_not_switched() -> None:
    with pytest.raises(InvalidError, match="no alias"):
        propose(Script(lambda__alias=[{"found": False}]).look, "lambda.set_version", **SWITCH)


ASK_GATE: JsonObject = {
    "bucket": "lake-silver",
    "partition": PARTITION,
    "run_id": RUN,
    "function": "read_run_summary",
}


def test_the_gate_s_function_is_asked_for_one_run_and_judged_by_the_same_rule() -> None:
    said: JsonObject = {
        "run_id": RUN,
        "input_rows": 1000,
        "quarantined_rows": 123,
        "condemned_rows": 0,
        "quarantine_rate": 5.2,
        "has_critical_errors": False,
        "promotion_allowed": True,
    }
    script = Script(lambda__gate=[{"found": True, "Payload": said}])

    found = read(script, "lambda.gate", **ASK_GATE)

    assert found["allowed"] is False
    assert json.loads(str(script.asked["lambda.gate"][0]["Payload"])) == {
        "silver_bucket": "lake-silver",
        "silver_prefix": "silver/mortgages/transactions/",
        "run_key": RUN,
        "schema_version": "v1",
    }


@pytest.mark.parametrize("answer", [{"found": False}, {"found": True, "FunctionError": "Unhandled", "Payload": {}}])
def test_a_gate_that_cannot_answer_allows_nothing(answer: JsonObject) -> None:
    assert read(Script(lambda__gate=[answer]), "lambda.gate", **ASK_GATE)["allowed"] is False


# Builds.


def built(number: int, status: str, **other: JsonValue) -> JsonObject:
    return {
        "id": f"lake-deploy:{number:08d}{UUID[8:]}",
        "buildStatus": status,
        "resolvedSourceVersion": f"{number:07d}",
        **other,
    }


def project(*builds: JsonObject) -> Script:
    ids: list[JsonValue] = [one["id"] for one in builds]
    # AWS returns builds in any order.
    return Script(
        codebuild__of_project=[{"found": True, "ids": ids}],
        codebuild__builds=[{"found": True, "builds": [*reversed(builds)]}],
    )


FAILED_BUILD = built(
    3,
    "FAILED",
    phases=[
        {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED", "contexts": []},
        {
            "phaseType": "BUILD",
            "phaseStatus": "FAILED",
            "contexts": [{"message": "Error acquiring the state lock, token=abc123 AKIAIOSFODNN7EXAMPLE"}],
        },
    ],
    logs={"groupName": "/aws/codebuild/lake-deploy", "streamName": UUID},
)


def test_what_failed_in_the_newest_build_is_named_as_the_build_says_it() -> None:
    found = read(project(FAILED_BUILD, built(2, "SUCCEEDED")), "codebuild.builds", project="lake-deploy")

    assert isinstance(found["builds"], list)
    newest = found["builds"][0]
    assert isinstance(newest, dict)
    assert (newest["status"], newest["failed_phase"], found["last_good"]) == ("FAILED", "BUILD", "0000002")
    assert newest["reason"] == "Error acquiring the state lock, token=abc123 AKIAIOSFODNN7EXAMPLE"


def test_a_project_without_a_good_build_names_no_commit() -> None:
    assert "last_good" not in read(project(FAILED_BUILD), "codebuild.builds", project="lake-deploy")


def test_the_first_error_of_a_log_is_found() -> None:
    lines: list[JsonValue] = [{"message": "Initializing"}, {"message": "Error: AccessDenied: s3:PutObject"}]

    found = read(
        Script(logs__build=[{"found": True, "events": lines}]),
        "codebuild.log",
        group="/aws/codebuild/lake-deploy",
        stream=UUID,
    )

    assert found == {"lines": 2, "errors": 1, "error": "Error: AccessDenied: s3:PutObject"}


def test_one_commit_is_deployed_once() -> None:
    proposal = propose(project(FAILED_BUILD).look, "codebuild.start", project="lake-deploy", commit="0123abc")

    (call,) = proposal.calls
    assert (call.params["sourceVersion"], len(str(call.params["idempotencyToken"]))) == ("0123abc", 64)
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE


def test_nothing_is_deployed_while_a_build_goes() -> None:
    with pytest.raises(InvalidError, match="builds already"):
        propose(project(built(4, "IN_PROGRESS")).look, "codebuild.start", project="lake-deploy", commit="0123abc")


def test_a_deploy_on_the_lake(here: Lake) -> None:
    here.client("iam").create_role(RoleName="lake-deploy", AssumeRolePolicyDocument="{}")
    here.client("codebuild").create_project(
        name="lake-deploy",
        source={"type": "S3", "location": "lake-artifacts/x.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/service-role/lake-deploy",
    )
    given: JsonObject = {"project": "lake-deploy", "commit": "0123abc"}

    answers = send_all(propose(LOOK, "codebuild.start", **given))

    assert observe(LOOK, "codebuild.start", *answers, **given)["status"] in {"IN_PROGRESS", "SUCCEEDED"}
    assert looked("codebuild.builds", {"project": "lake-deploy"})["count"] == 1


# Terraform's lock and state.


def lock_table(here: Lake) -> None:
    here.client("dynamodb").create_table(
        TableName="lake-tf-locks",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def locked(here: Lake, created: str = "2026-01-21T01:00:00.123456789Z") -> str:
    lock_table(here)
    info = json.dumps({"ID": "7f", "Operation": "OperationTypeApply", "Who": "ci@runner", "Created": created})
    write_lock(here, info)
    if not here.client("codebuild").list_projects()["projects"]:
        here.client("codebuild").create_project(
            name="lake-deploy",
            source={"type": "S3", "location": "lake-artifacts/x.zip"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole="arn:aws:iam::123456789012:role/service-role/lake-deploy",
        )
    return info


def write_lock(here: Lake, info: str) -> None:
    here.client("dynamodb").put_item(TableName="lake-tf-locks", Item={"LockID": {"S": LOCK_ID}, "Info": {"S": info}})


def test_who_holds_the_lock_is_told_with_its_age(here: Lake) -> None:
    locked(here)

    found = looked("terraform.lock", {"table": "lake-tf-locks", "lock": LOCK_ID})

    assert (found["held"], found["who"], found["age_minutes"]) == (True, "ci@runner", 119)


def test_a_stale_lock_is_released_and_nothing_is_left_to_release(here: Lake) -> None:
    locked(here)
    proposal = propose(LOOK, "terraform.release_lock", **RELEASE)

    send_all(proposal)

    assert CATALOGUE.risk(proposal.calls) is Risk.DESTRUCTIVE
    assert observe(LOOK, "terraform.release_lock", **RELEASE) == {"held": False}
    assert propose(LOOK, "terraform.release_lock", **RELEASE).already
    assert looked("terraform.lock", {"table": "lake-tf-locks", "lock": LOCK_ID}) == {"held": False}


@pytest.mark.parametrize("created", ["2026-01-21T02:30:01Z", "2026-01-21T02:59:00Z", "2026-01-21T04:00:00Z"])
def test_a_lock_younger_than_thirty_minutes_is_never_released(here: Lake, created: str) -> None:
    locked(here, created)

    with pytest.raises(InvalidError, match="younger than 30"):
        propose(LOOK, "terraform.release_lock", **RELEASE)


def test_a_lock_of_exactly_thirty_minutes_may_be(here: Lake) -> None:
    locked(here, "2026-01-21T02:30:00Z")

    assert propose(LOOK, "terraform.release_lock", **RELEASE).calls


def test_a_lock_without_a_time_is_not_released(here: Lake) -> None:
    locked(here, "")

    with pytest.raises(InvalidError, match="not a time"):
        propose(LOOK, "terraform.release_lock", **RELEASE)


def test_a_lock_is_not_released_while_a_build_goes() -> None:
    info = json.dumps({"ID": "7f", "Who": "ci", "Created": "2026-01-21T01:00:00Z"})
    script = Script(
        dynamodb__lock=[{"found": True, "Item": {"LockID": {"S": LOCK_ID}, "Info": {"S": info}}}],
        codebuild__of_project=[{"found": True, "ids": [f"lake-deploy:{UUID}"]}],
        codebuild__builds=[{"found": True, "builds": [built(4, "IN_PROGRESS")]}],
    )

    with pytest.raises(InvalidError, match="still builds"):
        propose(script.look, "terraform.release_lock", **RELEASE)


def test_a_lock_that_somebody_took_anew_is_refused_by_the_condition(here: Lake) -> None:
    info = locked(here)
    proposal = propose(LOOK, "terraform.release_lock", **RELEASE)
    write_lock(here, info.replace('"7f"', '"80"'))

    with pytest.raises(CallRefusedError) as refused:
        send_all(proposal)

    assert refused.value.code == "ConditionalCheckFailedException"


def two_states(here: Lake) -> list[str]:
    s3 = here.client("s3")
    lock_table(here)
    s3.create_bucket(Bucket="lake-tfstate", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="lake-tfstate", VersioningConfiguration={"Status": "Enabled"})
    versions = []
    for text in ("serial 1", "serial 2"):
        put(here, str(STATE["key"]), text, bucket="lake-tfstate")
        versions.append(str(s3.head_object(Bucket="lake-tfstate", Key=STATE["key"])["VersionId"]))
    return versions


def test_an_older_state_is_put_on_top_and_every_version_stays(here: Lake) -> None:
    older, _ = two_states(here)
    proposal = propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older)

    answers = send_all(proposal)

    assert CATALOGUE.risk(proposal.calls) is Risk.DESTRUCTIVE
    body = here.client("s3").get_object(Bucket="lake-tfstate", Key=STATE["key"])["Body"].read()
    assert body == b"serial 1"
    assert looked("s3.versions", STATE)["count"] == 3
    assert observe(LOOK, "terraform.restore_state", *answers, **RESTORING, version_id=older)["version_id"]
    assert propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older).already


def test_a_state_that_was_written_in_between_is_seen(here: Lake) -> None:
    older, _ = two_states(here)
    first = propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older)
    put(here, str(STATE["key"]), "serial 3", bucket="lake-tfstate")

    assert propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older).seen != first.seen
    assert first.calls[0].params["IfMatch"] == first.seen["etag"]


def test_a_state_is_left_where_somebody_wrote_it_since_an_earlier_step(here: Lake) -> None:
    older, newer = two_states(here)
    assert propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older, replaces=newer).calls
    put(here, str(STATE["key"]), "serial 3", bucket="lake-tfstate")

    with pytest.raises(InvalidError, match=r"Somebody wrote lake/prod\.tfstate since"):
        propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older, replaces=newer)


def test_a_state_is_left_while_somebody_holds_its_lock(here: Lake) -> None:
    older, _ = two_states(here)
    write_lock(here, json.dumps({"ID": "7f", "Who": "ci@runner", "Created": "2026-01-21T02:59:00Z"}))

    with pytest.raises(InvalidError, match="ci@runner holds the lock"):
        propose(LOOK, "terraform.restore_state", **RESTORING, version_id=older)


def test_a_version_nobody_has_is_not_restored(here: Lake) -> None:
    two_states(here)

    with pytest.raises(InvalidError, match="no version"):
        propose(LOOK, "terraform.restore_state", **RESTORING, version_id="nope")


# Messages.


def test_dead_letters_are_put_back_only_where_some_wait() -> None:
    def waiting(number: int) -> Script:
        said: JsonObject = {
            "ApproximateNumberOfMessages": str(number),
            "ApproximateNumberOfMessagesNotVisible": "0",
        }
        return Script(sqs__attributes=[{"found": True, "Attributes": said}])

    proposal = propose(waiting(12).look, "sqs.replay", queue="etl-failures-bot-dlq")

    assert [call.row for call in proposal.calls] == ["sqs.replay"]
    # More letters while somebody thinks about it change nothing about the yes.
    assert proposal.seen == propose(waiting(13).look, "sqs.replay", queue="etl-failures-bot-dlq").seen
    assert propose(waiting(0).look, "sqs.replay", queue="etl-failures-bot-dlq").already


def test_only_a_dead_letter_queue_is_put_back() -> None:
    said: JsonObject = {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0"}

    with pytest.raises(InvalidError):
        propose(
            Script(sqs__attributes=[{"found": True, "Attributes": said}]).look, "sqs.replay", queue="etl-failures-bot"
        )


def test_a_queue_and_a_topic_on_the_lake(here: Lake) -> None:
    here.client("sqs").create_queue(QueueName="etl-failures-bot-dlq")
    here.client("sns").create_topic(Name="quarantine-alerts")
    given: JsonObject = {"topic": "quarantine-alerts", "subject": "Review", "message": "612 rows wait in quarantine"}

    answers = send_all(propose(LOOK, "sns.publish", **given))

    assert observe(LOOK, "sns.publish", *answers, **given)["message_id"]
    assert looked("sqs.queue", {"queue": "etl-failures-bot-dlq"}) == {"waiting": 0, "in_flight": 0}


# Permissions.


def test_what_was_denied_is_named_and_the_rest_of_the_event_is_not_kept() -> None:
    event: JsonObject = {
        "EventName": "PutObject",
        "EventTime": "2026-01-21T02:00:00Z",
        "EventSource": "s3.amazonaws.com",
        "Username": "lake-etl",
        "CloudTrailEvent": json.dumps({"errorCode": "AccessDenied", "sourceIPAddress": "canary"}),
    }
    fine: JsonObject = {**event, "EventName": "GetObject", "CloudTrailEvent": "{}"}

    found = read(
        Script(cloudtrail__events=[{"found": True, "Events": [event, fine]}]),
        "cloudtrail.events",
        by="Username",
        name="lake-etl",
    )

    assert (found["count"], found["denied"], found["denied_actions"]) == (2, 1, ["s3:PutObject"])
    assert "canary" not in str(found)


def test_more_events_than_are_read_are_said_to_be_more() -> None:
    endless = Script(cloudtrail__events=[{"found": True, "Events": [], "NextToken": "t"}])

    assert read(endless, "cloudtrail.events", by="Username", name="lake-etl")["complete"] is False


DECISIONS: list[tuple[list[JsonValue], bool, str]] = [
    ([{"EvalDecision": "allowed"}], True, "allowed"),
    ([{"EvalDecision": "implicitDeny"}], False, "implicitDeny"),
    ([{"EvalDecision": "explicitDeny"}], False, "explicitDeny"),
    ([], False, "no answer"),
]


@pytest.mark.parametrize(("results", "allowed", "decision"), DECISIONS)
def test_a_role_is_asked_about_and_no_answer_is_a_no(results: list[JsonValue], allowed: bool, decision: str) -> None:
    found = read(
        Script(iam__simulate=[{"found": True, "EvaluationResults": results}]),
        "iam.simulate",
        role="lake-etl",
        action="s3:PutObject",
        resource="arn:aws:s3:::lake-quarantine/quarantine/x",
    )

    assert (found["allowed"], found["decision"]) == (allowed, decision)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::payroll/x",
        "arn:aws:glue:eu-west-1:999999999999:job/x",
        "arn:aws:glue:us-east-1:123456789012:job/x",
        "*",
        "https://evil.example",
    ],
)
def test_a_role_is_not_asked_about_what_is_not_ours(resource: str) -> None:
    with pytest.raises(InvalidError):
        read(Script(), "iam.simulate", role="lake-etl", action="s3:PutObject", resource=resource)


# Insights.


def test_a_question_is_one_of_three_sentences_and_its_groups_are_counted() -> None:
    results: list[JsonValue] = [
        [{"field": "error_type", "value": "TYPE_ERROR"}, {"field": "n", "value": "2"}],
        [{"field": "error_type", "value": "CURRENCY_ERROR"}, {"field": "n", "value": "101"}],
    ]
    script = Script(
        logs__insights=[{"found": True, "queryId": UUID}],
        logs__insights_results=[{"found": True, "status": "Complete", "results": results}],
    )

    found = read(script, "logs.insights", group="/lake/etl/transactions", question="errors_by_type")

    assert found["groups"] == [{"key": "CURRENCY_ERROR", "count": 101}, {"key": "TYPE_ERROR", "count": 2}]
    assert found["lines"] == 103


def test_a_question_that_is_never_answered_has_no_groups() -> None:
    waits: list[float] = []
    script = Script(
        logs__insights=[{"found": True, "queryId": UUID}],
        logs__insights_results=[{"found": True, "status": "Running"}],
    )
    params = AskInsights(group="/lake/etl/transactions", question="schema_errors")

    assert asked(script.look, params, NOW, sleep=waits.append) == {"status": "Running"}
    assert waits == list(PAUSES_S)
