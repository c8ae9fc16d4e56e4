"""Rows on what is deployed, by whom, and what stands in its way: functions, builds, the state's lock, permissions."""

from bot.actions.rows.patterns import DERIVED, MARK, NAME, RUN_ID, SECONDS
from bot.domain.action import AnyOf, Document, Each, Fields, Fixed, Match, Named, OneOf, Replay, Row, Whole
from bot.domain.runbook import Risk

_FUNCTION = Match(pattern="<functions>")
_ALIAS = Fixed(value="live")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_BUILD = Match(pattern=rf"<projects>:{_UUID}")
_LOCK = Fields(fields={"LockID": Fields(fields={"S": Match(pattern="<locks>")}, required=("S",))}, required=("LockID",))
_BUCKETS = "<bronze_bucket>|<silver_bucket>|<quarantine_bucket>|<artifacts_bucket>"
_GATE_KINDS = {
    "run_id": "text?",
    "input_rows": "number?",
    "quarantined_rows": "number?",
    "condemned_rows": "number?",
    "quarantine_rate": "number?",
    "has_critical_errors": "truth?",
    "promotion_allowed": "truth?",
    "quarantine_by_reason": "map?",
}

_FUNCTIONS: tuple[Row, ...] = (
    Row(
        id="lambda.alias",
        service="lambda",
        operation="get_alias",
        title="See which version of a function is live",
        allows={"FunctionName": _FUNCTION, "Name": _ALIAS},
        required=("FunctionName", "Name"),
        resource="lambda:{FunctionName}",
        keep={"FunctionVersion": "text", "RevisionId": "text?", "RoutingConfig.AdditionalVersionWeights": "map?"},
        iam=("lambda:GetAlias",),
    ),
    Row(
        id="lambda.update_alias",
        service="lambda",
        operation="update_alias",
        title="Make another version of a function live, if nobody else has",
        allows={
            "FunctionName": _FUNCTION,
            "Name": _ALIAS,
            "FunctionVersion": Match(pattern=r"[1-9][0-9]{0,8}"),
            "RevisionId": Match(pattern=_UUID),
            "RoutingConfig": OneOf(values=({"AdditionalVersionWeights": {}},)),
        },
        required=("FunctionName", "Name", "FunctionVersion", "RevisionId"),
        resource="lambda:{FunctionName}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"FunctionVersion": "text", "RevisionId": "text?"},
        iam=("lambda:UpdateAlias",),
    ),
    Row(
        id="lambda.gate",
        service="lambda",
        operation="invoke",
        title="Ask the gate's own function what it says of a run; it only reads",
        allows={
            "FunctionName": Match(pattern="<gate_function>"),
            "InvocationType": Fixed(value="RequestResponse"),
            "Payload": Document(
                fields={
                    "silver_bucket": Match(pattern="<silver_bucket>"),
                    "silver_prefix": Match(pattern=r"silver/(?:[a-z0-9_=-]+/)+"),
                    "run_key": Match(pattern=RUN_ID),
                    "schema_version": Match(pattern=r"v[0-9]{1,3}"),
                },
                required=("silver_bucket", "silver_prefix", "run_key", "schema_version"),
            ),
        },
        required=("FunctionName", "InvocationType", "Payload"),
        resource="lambda:{FunctionName}",
        keep={"FunctionError": "text?", **{f"Payload.{name}": kind for name, kind in _GATE_KINDS.items()}},
        iam=("lambda:InvokeFunction",),
    ),
)

_BUILDS: tuple[Row, ...] = (
    Row(
        id="codebuild.of_project",
        service="codebuild",
        operation="list_builds_for_project",
        title="List a project's builds, newest first",
        allows={"projectName": Match(pattern="<projects>"), "sortOrder": Fixed(value="DESCENDING")},
        required=("projectName", "sortOrder"),
        resource="codebuild:{projectName}",
        keep={"ids[]": "text"},
        iam=("codebuild:ListBuildsForProject",),
    ),
    Row(
        id="codebuild.builds",
        service="codebuild",
        operation="batch_get_builds",
        title="See how builds stand",
        allows={"ids": Each(of=_BUILD, most=20)},
        required=("ids",),
        resource="codebuild:builds",
        keep={
            "builds[].id": "text",
            "builds[].projectName": "text?",
            "builds[].buildStatus": "text?",
            "builds[].currentPhase": "text?",
            "builds[].startTime": "time?",
            "builds[].endTime": "time?",
            "builds[].sourceVersion": "text?",
            "builds[].resolvedSourceVersion": "text?",
            "builds[].initiator": "text?",
            "builds[].phases[].phaseType": "text?",
            "builds[].phases[].phaseStatus": "text?",
            "builds[].phases[].contexts[].statusCode": "text?",
            "builds[].phases[].contexts[].message": "text?",
            "builds[].logs.groupName": "text?",
            "builds[].logs.streamName": "text?",
        },
        most_kept=524_288,
        iam=("codebuild:BatchGetBuilds",),
    ),
    Row(
        id="codebuild.start",
        service="codebuild",
        operation="start_build",
        title="Build and deploy one commit",
        allows={
            "projectName": Match(pattern="<projects>"),
            "sourceVersion": Match(pattern=r"[0-9a-f]{7,40}"),
            "idempotencyToken": Match(pattern=DERIVED),
        },
        required=("projectName", "sourceVersion", "idempotencyToken"),
        resource="codebuild:{projectName}",
        risk=Risk.CHANGE,
        # Its token is good for five minutes only, so an unknown outcome is for a person to look at.
        replay=Replay.ONCE,
        keep={"build.id": "text"},
        iam=("codebuild:StartBuild",),
    ),
    Row(
        id="logs.build",
        service="logs",
        operation="get_log_events",
        title="Read the end of a build's log",
        allows={
            "logGroupName": Match(pattern="<build_log_groups>"),
            "logStreamName": Match(pattern=rf"(?:[A-Za-z0-9_-]{{1,80}}/){{0,4}}{_UUID}"),
            "startFromHead": OneOf(values=(False,)),
            "limit": Whole(least=1, most=200),
        },
        required=("logGroupName", "logStreamName", "startFromHead", "limit"),
        resource="logs:{logGroupName}",
        keep={"events[].timestamp": "number?", "events[].message": "text?"},
        most_kept=1_048_576,
        iam=("logs:GetLogEvents",),
    ),
)

_LOCKS: tuple[Row, ...] = (
    Row(
        id="dynamodb.lock",
        service="dynamodb",
        operation="get_item",
        title="See who holds the lock of Terraform's state",
        allows={"TableName": Match(pattern="<lock_table>"), "Key": _LOCK, "ConsistentRead": OneOf(values=(True,))},
        required=("TableName", "Key", "ConsistentRead"),
        resource="dynamodb:{TableName}",
        keep={"Item.LockID.S": "text", "Item.Info.S": "text?"},
        iam=("dynamodb:GetItem",),
    ),
    Row(
        id="dynamodb.release",
        service="dynamodb",
        operation="delete_item",
        title="Release the lock of Terraform's state, if it is still the one that was seen",
        allows={
            "TableName": Match(pattern="<lock_table>"),
            "Key": _LOCK,
            "ConditionExpression": Fixed(value="Info = :seen"),
            "ExpressionAttributeValues": Fields(
                fields={":seen": Fields(fields={"S": Match(pattern=r"[ -~]{2,4000}")}, required=("S",))},
                required=(":seen",),
            ),
        },
        required=("TableName", "Key", "ConditionExpression", "ExpressionAttributeValues"),
        resource="dynamodb:{TableName}",
        risk=Risk.DESTRUCTIVE,
        replay=Replay.SAFE,
        iam=("dynamodb:DeleteItem",),
    ),
)

_MESSAGES: tuple[Row, ...] = (
    Row(
        id="sqs.attributes",
        service="sqs",
        operation="get_queue_attributes",
        title="See how many messages wait in a queue",
        allows={
            "QueueUrl": Named(prefix="https://sqs.<region>.amazonaws.com/<account>/", of=Match(pattern="<queues>")),
            "AttributeNames": OneOf(values=(["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],)),
        },
        required=("QueueUrl", "AttributeNames"),
        resource="{QueueUrl}",
        keep={"Attributes": "map"},
        absent=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
        iam=("sqs:GetQueueAttributes",),
    ),
    Row(
        id="sqs.replay",
        service="sqs",
        operation="start_message_move_task",
        title="Put dead letters back into the queue they came from",
        allows={
            "SourceArn": Named(prefix="arn:aws:sqs:<region>:<account>:", of=Match(pattern="<dead_letter_queues>")),
            "MaxNumberOfMessagesPerSecond": Whole(least=1, most=50),
        },
        required=("SourceArn", "MaxNumberOfMessagesPerSecond"),
        resource="{SourceArn}",
        risk=Risk.CHANGE,
        replay=Replay.ONCE,
        keep={"TaskHandle": "text"},
        iam=("sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"),
    ),
    Row(
        id="sns.publish",
        service="sns",
        operation="publish",
        title="Tell the people who follow a topic",
        allows={
            "TopicArn": Named(prefix="arn:aws:sns:<region>:<account>:", of=Match(pattern="<topics>")),
            "Subject": Match(pattern=r"[ -~]{1,100}"),
            "Message": Match(pattern=r"[ -~\n]{1,2000}"),
        },
        required=("TopicArn", "Subject", "Message"),
        resource="{TopicArn}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        keep={"MessageId": "text"},
        iam=("sns:Publish",),
    ),
)

_PERMISSIONS: tuple[Row, ...] = (
    Row(
        id="cloudtrail.events",
        service="cloudtrail",
        operation="lookup_events",
        title="See who did what, and what was denied",
        allows={
            "LookupAttributes": Each(
                of=Fields(
                    fields={
                        "AttributeKey": OneOf(values=("Username", "ResourceName", "EventName")),
                        "AttributeValue": Match(pattern=NAME),
                    },
                    required=("AttributeKey", "AttributeValue"),
                ),
                most=1,
            ),
            "StartTime": SECONDS,
            "EndTime": SECONDS,
            "MaxResults": Whole(least=1, most=50),
            "NextToken": MARK,
        },
        required=("LookupAttributes", "StartTime", "EndTime", "MaxResults"),
        resource="cloudtrail:events",
        keep={
            "Events[].EventName": "text?",
            "Events[].EventTime": "time?",
            "Events[].EventSource": "text?",
            "Events[].Username": "text?",
            "Events[].Resources[].ResourceName": "text?",
            "Events[].CloudTrailEvent": "text?",
            "NextToken": "text?",
        },
        most_kept=4_194_304,
        iam=("cloudtrail:LookupEvents",),
    ),
    Row(
        id="iam.simulate",
        service="iam",
        operation="simulate_principal_policy",
        title="Ask whether a role may do something; nothing is done",
        allows={
            "PolicySourceArn": Named(prefix="arn:aws:iam::<account>:role/", of=Match(pattern="<roles>")),
            "ActionNames": Each(of=Match(pattern=r"[a-z0-9-]{2,30}:[A-Za-z]{2,60}"), most=1),
            "ResourceArns": Each(
                of=AnyOf(
                    of=(
                        Match(pattern=rf"arn:aws:s3:::(?:{_BUCKETS})(?:/[A-Za-z0-9_=./*-]{{0,400}})?"),
                        Match(pattern=r"arn:aws:[a-z0-9-]{2,20}:<region>:<account>:[A-Za-z0-9_:/*.-]{1,300}"),
                    )
                ),
                most=1,
            ),
        },
        required=("PolicySourceArn", "ActionNames", "ResourceArns"),
        resource="{PolicySourceArn}",
        keep={
            "EvaluationResults[].EvalActionName": "text",
            "EvaluationResults[].EvalResourceName": "text?",
            "EvaluationResults[].EvalDecision": "text",
        },
        absent=("NoSuchEntity",),
        iam=("iam:SimulatePrincipalPolicy",),
    ),
)

ROWS: tuple[Row, ...] = (*_FUNCTIONS, *_BUILDS, *_LOCKS, *_MESSAGES, *_PERMISSIONS)
