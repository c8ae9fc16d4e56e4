"""Rows on what tells how the lake is: log lines, metrics, alarms, and the schedules that start loads."""

from bot.actions.rows.patterns import MACHINE, MILLIS, PAGE_MARK, SECONDS
from bot.domain.action import AnyOf, Each, Fields, Match, OneOf, Replay, Row, Whole
from bot.domain.runbook import Risk

RULE = Match(pattern="<rules>")
ALARM = r"(?=.{1,255}$)[A-Za-z0-9_-]+(?:[ ./][A-Za-z0-9_-]+)*"
# Logs Insights takes a language; these are the only sentences of it that are ever sent.
QUERIES = {
    "errors_by_type": 'filter level = "ERROR" | stats count(*) as n by error_type | sort n desc | limit 50',
    "errors_by_file": 'filter level = "ERROR" | stats count(*) as n by source_file_id | sort n desc | limit 50',
    "schema_errors": "filter message like /SCHEMA_ERROR|TYPE_ERROR/ | stats count(*) as n by bin(5m) | limit 500",
}

_LOGS: tuple[Row, ...] = (
    Row(
        id="logs.filter",
        service="logs",
        operation="filter_log_events",
        title="Read log lines of a time range",
        allows={
            "logGroupName": Match(pattern="<log_groups>"),
            "startTime": MILLIS,
            "endTime": MILLIS,
            "filterPattern": Match(pattern=r'"[A-Za-z0-9_-]{1,64}"'),
            "limit": Whole(least=1, most=10_000),
            "nextToken": Match(pattern=PAGE_MARK),
        },
        required=("logGroupName", "startTime", "endTime", "limit"),
        resource="logs:{logGroupName}",
        keep={
            "events[].timestamp": "number?",
            "events[].message": "text?",
            "events[].logStreamName": "text?",
            "events[].eventId": "text?",
            "nextToken": "text?",
        },
        most_kept=8_388_608,
        iam=("logs:FilterLogEvents",),
    ),
    Row(
        id="logs.insights",
        service="logs",
        operation="start_query",
        title="Count log lines by one of three questions",
        allows={
            "logGroupName": Match(pattern="<log_groups>"),
            "startTime": SECONDS,
            "endTime": SECONDS,
            "queryString": OneOf(values=tuple(QUERIES.values())),
        },
        required=("logGroupName", "startTime", "endTime", "queryString"),
        resource="logs:{logGroupName}",
        keep={"queryId": "text"},
        iam=("logs:StartQuery",),
    ),
    Row(
        id="logs.insights_results",
        service="logs",
        operation="get_query_results",
        title="Read what was counted",
        allows={"queryId": Match(pattern=r"[0-9a-f-]{36}")},
        required=("queryId",),
        resource="logs:queries",
        keep={"status": "text", "results[][].field": "text?", "results[][].value": "text?"},
        most_kept=262_144,
        iam=("logs:GetQueryResults",),
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
                                                            Match(pattern=r"[A-Za-z0-9_./=-]{1,255}"),
                                                            Match(pattern=MACHINE.prefix + "<machines>"),
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
            "StartTime": SECONDS,
            "EndTime": SECONDS,
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
            "AlarmNames": Each(of=Match(pattern=ALARM), most=1),
            "AlarmTypes": OneOf(values=(["MetricAlarm", "CompositeAlarm"],)),
        },
        required=("AlarmNames", "AlarmTypes"),
        resource="cloudwatch:alarms",
        keep={
            "MetricAlarms[].AlarmName": "text",
            "MetricAlarms[].AlarmArn": "text",
            "MetricAlarms[].StateValue": "text",
            "MetricAlarms[].AlarmDescription": "text?",
            "MetricAlarms[].StateReason": "text?",
            "MetricAlarms[].StateUpdatedTimestamp": "time",
            "MetricAlarms[].MetricName": "text?",
            "MetricAlarms[].Namespace": "text?",
            "MetricAlarms[].Threshold": "number?",
            "MetricAlarms[].Dimensions[].Name": "text",
            "MetricAlarms[].Dimensions[].Value": "text",
            "CompositeAlarms[].AlarmName": "text",
            "CompositeAlarms[].AlarmArn": "text",
            "CompositeAlarms[].StateValue": "text",
            "CompositeAlarms[].AlarmDescription": "text?",
            "CompositeAlarms[].StateReason": "text?",
            "CompositeAlarms[].StateUpdatedTimestamp": "time",
        },
        iam=("cloudwatch:DescribeAlarms",),
    ),
    Row(
        id="cloudwatch.alarm_history",
        service="cloudwatch",
        operation="describe_alarm_history",
        title="Read how an alarm's state changed",
        allows={
            "AlarmName": Match(pattern=ALARM),
            "AlarmTypes": OneOf(values=(["MetricAlarm", "CompositeAlarm"],)),
            "HistoryItemType": OneOf(values=("StateUpdate",)),
            "StartDate": SECONDS,
            "EndDate": SECONDS,
            "MaxRecords": Whole(least=1, most=100),
            "ScanBy": OneOf(values=("TimestampDescending",)),
        },
        required=("AlarmName", "AlarmTypes", "HistoryItemType", "StartDate", "EndDate", "MaxRecords", "ScanBy"),
        resource="cloudwatch:alarms",
        keep={
            "AlarmHistoryItems[].Timestamp": "time",
            "AlarmHistoryItems[].HistorySummary": "text",
            "NextToken": "text?",
        },
        iam=("cloudwatch:DescribeAlarmHistory",),
    ),
)

_EVENTS = (
    Row(
        id="events.rule",
        service="events",
        operation="describe_rule",
        title="See whether a schedule is on",
        allows={"Name": RULE},
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
        allows={"Name": RULE},
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
        allows={"Name": RULE},
        required=("Name",),
        resource="events:{Name}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        iam=("events:EnableRule",),
    ),
)


ROWS: tuple[Row, ...] = (*_LOGS, *_CLOUDWATCH, *_EVENTS)
