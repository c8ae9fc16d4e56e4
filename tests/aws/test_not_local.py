"""What the local lake cannot do, or does without heeding a precondition: the exact request AWS would get, and what is
kept of AWS's own form of answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.actions.catalogue import CATALOGUE
from bot.aws.cloud import AwsCloud
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject
from tests.aws.moto_lake import PATIENT_S, Lake
from tests.aws.seeded import (
    ACCOUNT,
    CREDENTIALS,
    ETAG,
    EXECUTION,
    GOOD,
    JOB_RUN,
    PLATFORM,
    REGION,
    UUID,
    good,
    nothing,
    permit,
)

AT = datetime(2026, 1, 21, 3, 0, tzinfo=UTC)

# Row -> what AWS is asked (where it is not what the good example holds), what it answers, what is kept.
EXACT: dict[str, tuple[JsonObject, dict[str, Any], JsonObject]] = {
    "states.redrive": (
        {"executionArn": EXECUTION, "clientToken": "0123456789abcdef" * 4},
        {"redriveDate": AT},
        {"redriveDate": "2026-01-21T03:00:00Z"},
    ),
    "glue.stop_job_run": (
        {"JobName": "transaction_etl", "JobRunIds": [JOB_RUN]},
        {"SuccessfulSubmissions": [{"JobName": "transaction_etl", "JobRunId": JOB_RUN}], "Errors": []},
        {"SuccessfulSubmissions": [{"JobRunId": JOB_RUN}], "Errors": []},
    ),
    "glue.update_job": (GOOD["glue.update_job"], {"JobName": "transaction_etl"}, {"JobName": "transaction_etl"}),
    "athena.update_workgroup": (GOOD["athena.update_workgroup"], {}, {}),
    "sqs.replay": (
        {"SourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:etl-failures-bot-dlq", "MaxNumberOfMessagesPerSecond": 10},
        {"TaskHandle": "t-1"},
        {"TaskHandle": "t-1"},
    ),
    "cloudtrail.events": (
        GOOD["cloudtrail.events"],
        {
            "Events": [
                {
                    "EventName": "PutObject",
                    "EventTime": AT,
                    "EventSource": "s3.amazonaws.com",
                    "Username": "lake-etl",
                    "AccessKeyId": "canary-key",
                    "CloudTrailEvent": '{"errorCode": "AccessDenied"}',
                }
            ]
        },
        {
            "found": True,
            "Events": [
                {
                    "EventName": "PutObject",
                    "EventTime": "2026-01-21T03:00:00Z",
                    "EventSource": "s3.amazonaws.com",
                    "Username": "lake-etl",
                    "CloudTrailEvent": '{"errorCode": "AccessDenied"}',
                }
            ],
        },
    ),
    "iam.simulate": (
        {
            "PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:role/lake-etl",
            "ActionNames": ["s3:PutObject"],
            "ResourceArns": ["arn:aws:s3:::lake-quarantine/quarantine/x"],
        },
        {"EvaluationResults": [{"EvalActionName": "s3:PutObject", "EvalDecision": "implicitDeny"}]},
        {"found": True, "EvaluationResults": [{"EvalActionName": "s3:PutObject", "EvalDecision": "implicitDeny"}]},
    ),
    "logs.insights": (GOOD["logs.insights"], {"queryId": "q-1"}, {"found": True, "queryId": "q-1"}),
    "logs.insights_results": (
        GOOD["logs.insights_results"],
        {"status": "Complete", "results": [[{"field": "n", "value": "7"}]]},
        {"found": True, "status": "Complete", "results": [[{"field": "n", "value": "7"}]]},
    ),
}

# What the local lake does too, but without heeding the precondition that these requests carry.
HEEDED_BY_AWS: dict[str, tuple[JsonObject, dict[str, Any], JsonObject]] = {
    "cloudwatch.alarm_history": (
        GOOD["cloudwatch.alarm_history"],
        {
            "AlarmHistoryItems": [
                {
                    "AlarmName": "CircuitBreakerOpen",
                    "Timestamp": AT,
                    "HistoryItemType": "StateUpdate",
                    "HistorySummary": "Alarm updated from OK to ALARM",
                    "HistoryData": "{}",
                }
            ]
        },
        {
            "found": True,
            "AlarmHistoryItems": [
                {"Timestamp": "2026-01-21T03:00:00Z", "HistorySummary": "Alarm updated from OK to ALARM"}
            ],
        },
    ),
    "lambda.update_alias": (
        {"FunctionName": "promote_silver", "Name": "live", "FunctionVersion": "7", "RevisionId": UUID},
        {"Name": "live", "FunctionVersion": "7", "RevisionId": "r-2", "AliasArn": "canary"},
        {"FunctionVersion": "7", "RevisionId": "r-2"},
    ),
    "s3.rollback_tfstate": (
        {**GOOD["s3.rollback_tfstate"], "ExpectedBucketOwner": ACCOUNT, "ExpectedSourceBucketOwner": ACCOUNT},
        {"CopyObjectResult": {"ETag": ETAG}, "VersionId": "v-3", "SSEKMSKeyId": "canary"},
        {"CopyObjectResult": {"ETag": ETAG}, "VersionId": "v-3"},
    ),
}


@contextmanager
def stubbed(cloud: AwsCloud, row: str) -> Iterator[Stubber]:
    found = CATALOGUE.row(row)
    make = cloud._clients.reading if found.risk is Risk.READ else cloud._clients.sending
    with Stubber(make(found.service)) as stub:
        yield stub


@pytest.mark.parametrize("row", sorted(EXACT | HEEDED_BY_AWS))
def test_the_exact_request_is_made_and_only_listed_fields_are_kept(the_lake: Lake, row: str) -> None:
    asked, answered, kept = (EXACT | HEEDED_BY_AWS)[row]
    cloud = AwsCloud(catalogue=CATALOGUE, platform=PLATFORM, credentials=CREDENTIALS, fence=PATIENT_S)
    found = CATALOGUE.row(row)

    with stubbed(cloud, row) as stub:
        stub.add_response(found.operation, answered, asked)
        answer = cloud.look(good(row)) if found.risk is Risk.READ else cloud.send(permit(good(row)), mark=nothing)
        stub.assert_no_pending_responses()

    assert answer == kept
    assert "canary" not in str(answer)


def test_what_the_local_lake_cannot_do_is_said_of_the_action_and_proved_here() -> None:
    not_local = {action.id for action in CATALOGUE.actions.values() if not action.local}

    # lambda.gate is proved on moto, which answers without running the function.
    assert not_local - {"lambda.gate"} == {
        action.id for action in CATALOGUE.actions.values() if set(action.rows) & set(EXACT)
    }
