"""Every AWS operation the bot may use, as a row: on what, with which parameters, how risky, how often.

Adding an operation = one row here. What no row admits cannot leave the process.
"""

from bot.domain.action import (
    Allowed,
    AnyOf,
    Document,
    Each,
    Fields,
    Fixed,
    Match,
    Named,
    OneOf,
    Replay,
    Row,
    Text,
    Whole,
)
from bot.domain.runbook import Risk

BREAKER_KEY = r"control/circuit_breaker/<pipelines>\.json"
RUN_ID = r"[A-Za-z0-9_-]{1,80}"
PARTITION = r"silver/(?:[a-z0-9_-]+/)*year=[0-9]{4}/month=[0-9]{2}/schema_v=v[0-9]{1,3}/"
SOURCE_KEY = r"bronze/(?:[a-z0-9_-]+/)*ingest_date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
LISTED_PREFIX = r"(?:bronze|silver|quarantine|condemned|control)/(?:[A-Za-z0-9_=-]+/)*[A-Za-z0-9_=-]*"
ETAG = r'"[0-9a-f]{32}(?:-[0-9]{1,5})?"'
PAGE_MARK = r"[A-Za-z0-9+/=_.:@|-]{1,4096}"
FROM_2020_S, TO_2100_S = 1_577_836_800, 4_102_444_800

_OWNER = Fixed(value="<account>")
_MACHINE = Named(prefix="arn:aws:states:<region>:<account>:stateMachine:", of=Match(pattern="<machines>"))
_EXECUTION = Match(pattern=r"arn:aws:states:<region>:<account>:execution:<machines>:" + RUN_ID)
_EXECUTION_NAME = r"[a-z][a-z0-9-]{0,60}-[0-9a-f]{12}"
_RULE = Match(pattern="<rules>")
_NOTHING = OneOf(values=(None,))
_SECONDS = Whole(least=FROM_2020_S, most=TO_2100_S)
_MILLIS = Whole(least=FROM_2020_S * 1000, most=TO_2100_S * 1000)

BREAKER_FIELDS: dict[str, Allowed] = {
    "pipeline": Match(pattern="<pipelines>"),
    "state": OneOf(values=("CLOSED", "OPEN", "HALF_OPEN")),
    "opened_at": AnyOf(of=(Match(pattern=r"[0-9TZ:.+-]{1,35}"), _NOTHING)),
    "error_type": AnyOf(of=(Match(pattern=r"[A-Z_]{1,40}"), _NOTHING)),
    "count": AnyOf(of=(Whole(least=0, most=1_000_000_000), _NOTHING)),
    "window_s": Whole(least=1, most=86_400),
    "threshold": Whole(least=1, most=1_000_000),
    "run_id": AnyOf(of=(Match(pattern=RUN_ID), _NOTHING)),
    "changed_by": Match(pattern=r"R-[0-9]{1,9}"),
    "reason": AnyOf(of=(Text(most=500), _NOTHING)),
}
_BREAKER_KINDS = {
    "pipeline": "text",
    "state": "text",
    "opened_at": "text",
    "error_type": "text",
    "count": "number",
    "window_s": "number",
    "threshold": "number",
    "run_id": "text",
    "changed_by": "text",
    "reason": "text",
}
_POINTER_KINDS = {
    "run_id": "text",
    "execution_arn": "text",
    "promoted_at": "text",
    "output_prefix": "text",
    "current_prefix": "text",
    "schema_version": "text",
    "files_copied": "number",
}
_SUCCESS_KINDS = {
    "run_id": "text",
    "execution_arn": "text",
    "completed_at": "text",
    "schema_version": "text",
    "metrics": "map",
    "quarantine_by_reason": "map",
    "has_critical_errors": "truth",
    "promotion_allowed": "truth",
}


def _reading_document(row: str, title: str, bucket: str, key: str, kinds: dict[str, str]) -> Row:
    return Row(
        id=row,
        service="s3",
        operation="get_object",
        title=title,
        allows={"Bucket": Match(pattern=bucket), "Key": Match(pattern=key), "ExpectedBucketOwner": _OWNER},
        required=("Bucket", "Key", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        keep={
            "ETag": "text",
            "VersionId": "text?",
            "LastModified": "time",
            **{f"Body.{field}": f"{kind}?" for field, kind in kinds.items()},
        },
        iam=("s3:GetObject", "s3:ListBucket"),
    )


_S3 = (
    _reading_document("s3.get_breaker", "Read a breaker file", "<artifacts_bucket>", BREAKER_KEY, _BREAKER_KINDS),
    _reading_document(
        "s3.get_pointer",
        "Read which run readers are given",
        "<silver_bucket>",
        PARTITION + r"_LATEST\.json",
        _POINTER_KINDS,
    ),
    _reading_document(
        "s3.get_success",
        "Read what a finished run says of itself",
        "<silver_bucket>",
        PARTITION + "run_id=" + RUN_ID + "/_SUCCESS",
        _SUCCESS_KINDS,
    ),
    Row(
        id="s3.list",
        service="s3",
        operation="list_objects_v2",
        title="List objects under a prefix of the lake",
        allows={
            "Bucket": Match(pattern="<bronze_bucket>|<silver_bucket>|<quarantine_bucket>|<artifacts_bucket>"),
            "Prefix": Match(pattern=LISTED_PREFIX),
            "MaxKeys": Whole(least=1, most=1000),
            "ContinuationToken": Match(pattern=PAGE_MARK),
            "ExpectedBucketOwner": _OWNER,
        },
        required=("Bucket", "Prefix", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Prefix}",
        keep={
            "Contents[].Key": "text?",
            "Contents[].Size": "number?",
            "Contents[].ETag": "text?",
            "Contents[].LastModified": "time?",
            "NextContinuationToken": "text?",
        },
        most_kept=1_048_576,
        iam=("s3:ListBucket",),
    ),
    Row(
        id="s3.head_source",
        service="s3",
        operation="head_object",
        title="See which version of a source file is there",
        allows={
            "Bucket": Match(pattern="<bronze_bucket>"),
            "Key": Match(pattern=SOURCE_KEY),
            "ExpectedBucketOwner": _OWNER,
        },
        required=("Bucket", "Key", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        keep={"ETag": "text", "VersionId": "text?", "ContentLength": "number", "LastModified": "time"},
        iam=("s3:GetObject", "s3:ListBucket"),
    ),
    Row(
        id="s3.put_breaker",
        service="s3",
        operation="put_object",
        title="Replace a breaker file, if it is still the one that was seen",
        allows={
            "Bucket": Match(pattern="<artifacts_bucket>"),
            "Key": Match(pattern=BREAKER_KEY),
            "Body": Document(
                fields=BREAKER_FIELDS, required=("pipeline", "state", "changed_by", "threshold", "window_s")
            ),
            "ContentType": Fixed(value="application/json"),
            "IfMatch": Match(pattern=ETAG),
            "ExpectedBucketOwner": _OWNER,
        },
        required=("Bucket", "Key", "Body", "ContentType", "IfMatch", "ExpectedBucketOwner"),
        resource="s3://{Bucket}/{Key}",
        risk=Risk.CHANGE,
        replay=Replay.SAFE,
        keep={"ETag": "text", "VersionId": "text?"},
        iam=("s3:PutObject",),
    ),
)

_LOGS = (
    Row(
        id="logs.filter",
        service="logs",
        operation="filter_log_events",
        title="Read log lines of a time range",
        allows={
            "logGroupName": Match(pattern="<log_groups>"),
            "startTime": _MILLIS,
            "endTime": _MILLIS,
            "filterPattern": Match(pattern=r'"[A-Za-z0-9_-]{1,64}"'),
            "limit": Whole(least=1, most=10_000),
            "nextToken": Match(pattern=PAGE_MARK),
        },
        required=("logGroupName", "startTime", "endTime", "limit"),
        resource="logs:{logGroupName}",
        keep={"events[].timestamp": "number?", "events[].message": "text?", "nextToken": "text?"},
        most_kept=8_388_608,
        iam=("logs:FilterLogEvents",),
    ),
)

_CLOUDWATCH = (
    Row(
        id="cloudwatch.metric",
        service="cloudwatch",
        operation="get_metric_data",
        title="Read a metric's points",
        allows={
            "MetricDataQueries": Each(
                of=Fields(
                    fields={
                        "Id": OneOf(values=("m",)),
                        "MetricStat": Fields(
                            fields={
                                "Metric": Fields(
                                    fields={
                                        "Namespace": Match(
                                            pattern="<namespace>|AWS/(?:States|Glue|Lambda|Events|SQS|Athena|S3)"
                                        ),
                                        "MetricName": Match(pattern=r"[A-Za-z0-9_.-]{1,128}"),
                                        "Dimensions": Each(
                                            of=Fields(
                                                fields={
                                                    "Name": Match(pattern=r"[A-Za-z0-9_-]{1,64}"),
                                                    "Value": AnyOf(
                                                        of=(
                                                            Match(pattern=r"[A-Za-z0-9_.-]{1,128}"),
                                                            Match(pattern=_MACHINE.prefix + "<machines>"),
                                                        )
                                                    ),
                                                },
                                                required=("Name", "Value"),
                                            ),
                                            most=10,
                                        ),
                                    },
                                    required=("Namespace", "MetricName"),
                                ),
                                "Period": Whole(least=60, most=86_400),
                                "Stat": OneOf(values=("Sum", "Maximum", "Average", "Minimum", "SampleCount")),
                            },
                            required=("Metric", "Period", "Stat"),
                        ),
                    },
                    required=("Id", "MetricStat"),
                ),
                most=1,
            ),
            "StartTime": _SECONDS,
            "EndTime": _SECONDS,
            "ScanBy": OneOf(values=("TimestampAscending",)),
            "MaxDatapoints": Whole(least=1, most=1000),
            "NextToken": Match(pattern=PAGE_MARK),
        },
        required=("MetricDataQueries", "StartTime", "EndTime"),
        resource="cloudwatch:metrics",
        keep={
            "MetricDataResults[].Timestamps[]": "time",
            "MetricDataResults[].Values[]": "number",
            "NextToken": "text?",
        },
        iam=("cloudwatch:GetMetricData",),
    ),
    Row(
        id="cloudwatch.alarm",
        service="cloudwatch",
        operation="describe_alarms",
        title="Ask CloudWatch for an alarm's state",
        allows={
            "AlarmNames": Each(of=Match(pattern=r"(?=.{1,255}$)[A-Za-z0-9_-]+(?:[ ./][A-Za-z0-9_-]+)*"), most=1),
            "AlarmTypes": OneOf(values=(["MetricAlarm"],)),
        },
        required=("AlarmNames", "AlarmTypes"),
        resource="cloudwatch:alarms",
        keep={
            "MetricAlarms[].AlarmName": "text",
            "MetricAlarms[].AlarmArn": "text",
            "MetricAlarms[].StateValue": "text",
            "MetricAlarms[].StateReason": "text?",
            "MetricAlarms[].StateUpdatedTimestamp": "time",
            "MetricAlarms[].MetricName": "text?",
            "MetricAlarms[].Namespace": "text?",
            "MetricAlarms[].Threshold": "number?",
            "MetricAlarms[].Dimensions[].Name": "text",
            "MetricAlarms[].Dimensions[].Value": "text",
        },
        iam=("cloudwatch:DescribeAlarms",),
    ),
)

_EVENTS = (
    Row(
        id="events.rule",
        service="events",
        operation="describe_rule",
        title="See whether a schedule is on",
        allows={"Name": _RULE},
        required=("Name",),
        resource="events:{Name}",
        keep={"Name": "text", "State": "text", "ScheduleExpression": "text?"},
        iam=("events:DescribeRule",),
    ),
    Row(
        id="events.disable_rule",
        service="events",
        operation="disable_rule",
        title="Pause a schedule",
        allows={"Name": _RULE},
        required=("Name",),
        resource="events:{Name}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        iam=("events:DisableRule",),
    ),
    Row(
        id="events.enable_rule",
        service="events",
        operation="enable_rule",
        title="Resume a schedule",
        allows={"Name": _RULE},
        required=("Name",),
        resource="events:{Name}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        iam=("events:EnableRule",),
    ),
)


def _starting(row: str, title: str, *, promote: OneOf, needs: tuple[str, ...], risk: Risk, resource: str) -> Row:
    return Row(
        id=row,
        service="stepfunctions",
        operation="start_execution",
        title=title,
        allows={
            "stateMachineArn": _MACHINE,
            "name": Match(pattern=_EXECUTION_NAME),
            "input": Document(
                fields={
                    "raw_bucket": Match(pattern="<bronze_bucket>"),
                    "raw_key": Match(pattern=SOURCE_KEY),
                    "pipeline": Match(pattern="<pipelines>"),
                    "schema_version": Match(pattern=r"v[0-9]{1,3}"),
                    "run_key": Match(pattern=RUN_ID),
                    "promote": promote,
                },
                required=needs,
            ),
        },
        required=("stateMachineArn", "name", "input"),
        resource=resource,
        risk=risk,
        replay=Replay.TOKEN,
        token="name",  # noqa: S106 - the name of a parameter, not a secret
        keep={"executionArn": "text", "startDate": "time"},
        iam=("states:StartExecution", "states:DescribeExecution"),
    )


_STATES = (
    Row(
        id="states.machine",
        service="stepfunctions",
        operation="describe_state_machine",
        title="See which definition a state machine has",
        allows={"stateMachineArn": _MACHINE},
        required=("stateMachineArn",),
        resource="{stateMachineArn}",
        keep={
            "name": "text",
            "status": "text?",
            "definition": "digest",
            "roleArn": "digest",
            "creationDate": "time",
            "revisionId": "text?",
        },
        iam=("states:DescribeStateMachine",),
    ),
    Row(
        id="states.executions",
        service="stepfunctions",
        operation="list_executions",
        title="List executions of a state machine",
        allows={
            "stateMachineArn": _MACHINE,
            "statusFilter": OneOf(values=("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")),
            "maxResults": Whole(least=1, most=1000),
            "nextToken": Match(pattern=PAGE_MARK),
        },
        required=("stateMachineArn", "statusFilter"),
        resource="{stateMachineArn}",
        keep={
            "executions[].name": "text",
            "executions[].executionArn": "text",
            "executions[].startDate": "time",
            "nextToken": "text?",
        },
        iam=("states:ListExecutions",),
    ),
    Row(
        id="states.execution",
        service="stepfunctions",
        operation="describe_execution",
        title="See how an execution stands",
        allows={"executionArn": _EXECUTION},
        required=("executionArn",),
        resource="{executionArn}",
        keep={
            "name": "text",
            "executionArn": "text",
            "status": "text",
            "startDate": "time",
            "stopDate": "time?",
            "error": "text?",
            "cause": "text?",
            "input": "digest?",
        },
        iam=("states:DescribeExecution",),
    ),
    _starting(
        "states.start_isolated",
        "Start an execution that promotes nothing",
        promote=OneOf(values=(False,)),
        needs=("raw_bucket", "raw_key", "promote"),
        risk=Risk.CONTROL,
        resource="{stateMachineArn}/{name}",
    ),
    _starting(
        "states.start",
        "Start an execution that may promote",
        promote=OneOf(values=(True,)),
        needs=("raw_bucket", "raw_key", "promote", "run_key"),
        risk=Risk.CHANGE,
        resource="{stateMachineArn}",
    ),
    Row(
        id="states.stop",
        service="stepfunctions",
        operation="stop_execution",
        title="Stop an execution",
        allows={"executionArn": _EXECUTION, "cause": Text(most=256)},
        required=("executionArn", "cause"),
        resource="{executionArn}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        keep={"stopDate": "time"},
        iam=("states:StopExecution",),
    ),
)

ROWS: tuple[Row, ...] = (*_S3, *_LOGS, *_CLOUDWATCH, *_EVENTS, *_STATES)
