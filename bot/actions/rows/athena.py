"""Rows on Athena: queries that count, how queries ran, and the limits of a work group."""

from bot.actions.rows.patterns import DERIVED, MARK
from bot.domain.action import Allowed, Each, Fields, Match, Query, Replay, Row, Whole
from bot.domain.runbook import Risk

LEAST_CUTOFF, MOST_CUTOFF = 10_000_000, 10_995_116_277_760  # AWS takes no less than 10 MB; ten terabytes

_WORKGROUP = Match(pattern="<workgroups>")
_ID = Match(pattern=r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VALUE = Match(pattern=r"'(?:[ -&(-~]|''){0,256}'|-?[0-9]{1,18}")
_TOTALS = (
    "DataScannedInBytes",
    "TotalExecutionTimeInMillis",
    "QueryQueueTimeInMillis",
    "QueryPlanningTimeInMillis",
    "EngineExecutionTimeInMillis",
)


def _ran(path: str) -> dict[str, str]:
    return {
        f"{path}.QueryExecutionId": "text",
        f"{path}.Query": "text?",
        f"{path}.WorkGroup": "text?",
        f"{path}.Status.State": "text",
        f"{path}.Status.StateChangeReason": "text?",
        f"{path}.Status.SubmissionDateTime": "time?",
        f"{path}.Status.CompletionDateTime": "time?",
        **{f"{path}.Statistics.{name}": "number?" for name in _TOTALS},
    }


def _starting(row: str, title: str, kind: str, *, risk: Risk, values: bool) -> Row:
    given: dict[str, Allowed] = {"ExecutionParameters": Each(of=_VALUE, most=20)} if values else {}
    return Row(
        id=row,
        service="athena",
        operation="start_query_execution",
        title=title,
        allows={
            "QueryString": Query(kind=kind),
            "WorkGroup": _WORKGROUP,
            "QueryExecutionContext": Fields(fields={"Database": Match(pattern="<database>")}, required=("Database",)),
            "ClientRequestToken": Match(pattern=DERIVED),
            **given,
        },
        required=("QueryString", "WorkGroup", "QueryExecutionContext", "ClientRequestToken"),
        resource="athena:{WorkGroup}/{ClientRequestToken}" if risk is Risk.READ else "athena:{WorkGroup}/partitions",
        risk=risk,
        replay=Replay.TOKEN,
        token="ClientRequestToken",  # noqa: S106 - the name of a parameter, not a secret
        keep={"QueryExecutionId": "text"},
        iam=(
            "athena:StartQueryExecution",
            "glue:GetTable",
            "glue:GetDatabase",
            "glue:GetPartitions",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
            *(() if risk is Risk.READ else ("glue:BatchCreatePartition", "glue:CreatePartition")),
        ),
    )


ROWS: tuple[Row, ...] = (
    _starting("athena.select", "Count rows of the lake's tables", "select", risk=Risk.READ, values=True),
    _starting("athena.explain", "Ask how a query would be run", "explain", risk=Risk.READ, values=False),
    _starting(
        "athena.add_partition",
        "Let a table have one more partition, if it has not",
        "add_partition",
        risk=Risk.CHANGE,
        values=False,
    ),
    Row(
        id="athena.execution",
        service="athena",
        operation="get_query_execution",
        title="See how a query stands",
        allows={"QueryExecutionId": _ID},
        required=("QueryExecutionId",),
        resource="athena:{QueryExecutionId}",
        keep=_ran("QueryExecution"),
        most_kept=524_288,
        iam=("athena:GetQueryExecution",),
    ),
    Row(
        id="athena.executions",
        service="athena",
        operation="list_query_executions",
        title="List the newest queries of a work group",
        allows={"WorkGroup": _WORKGROUP, "MaxResults": Whole(least=1, most=50), "NextToken": MARK},
        required=("WorkGroup", "MaxResults"),
        resource="athena:{WorkGroup}",
        keep={"QueryExecutionIds[]": "text", "NextToken": "text?"},
        iam=("athena:ListQueryExecutions",),
    ),
    Row(
        id="athena.results",
        service="athena",
        operation="get_query_results",
        title="Read what a query counted",
        allows={"QueryExecutionId": _ID, "MaxResults": Whole(least=1, most=1000)},
        required=("QueryExecutionId", "MaxResults"),
        resource="athena:{QueryExecutionId}",
        keep={
            "ResultSet.Rows[].Data[].VarCharValue": "text?",
            "ResultSet.ResultSetMetadata.ColumnInfo[].Name": "text",
            "ResultSet.ResultSetMetadata.ColumnInfo[].Type": "text",
            "NextToken": "text?",
        },
        most_kept=1_048_576,
        iam=("athena:GetQueryResults", "s3:GetObject"),
    ),
    Row(
        id="athena.stages",
        service="athena",
        operation="get_query_runtime_statistics",
        title="See what a query read",
        allows={"QueryExecutionId": _ID},
        required=("QueryExecutionId",),
        resource="athena:{QueryExecutionId}",
        keep={
            **{
                f"QueryRuntimeStatistics.Rows.{name}": "number?"
                for name in ("InputRows", "InputBytes", "OutputRows", "OutputBytes")
            },
            "QueryRuntimeStatistics.OutputStage.State": "text?",
            "QueryRuntimeStatistics.OutputStage.ExecutionTime": "number?",
        },
        iam=("athena:GetQueryRuntimeStatistics",),
    ),
    Row(
        id="athena.stop",
        service="athena",
        operation="stop_query_execution",
        title="Stop a query",
        allows={"QueryExecutionId": _ID},
        required=("QueryExecutionId",),
        resource="athena:{QueryExecutionId}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        iam=("athena:StopQueryExecution",),
    ),
    Row(
        id="athena.workgroup",
        service="athena",
        operation="get_work_group",
        title="See the limits of a work group",
        allows={"WorkGroup": _WORKGROUP},
        required=("WorkGroup",),
        resource="athena:{WorkGroup}",
        keep={
            "WorkGroup.Name": "text",
            "WorkGroup.State": "text?",
            "WorkGroup.Configuration.EnforceWorkGroupConfiguration": "truth?",
            "WorkGroup.Configuration.BytesScannedCutoffPerQuery": "number?",
            "WorkGroup.Configuration.PublishCloudWatchMetricsEnabled": "truth?",
        },
        iam=("athena:GetWorkGroup",),
    ),
    Row(
        id="athena.update_workgroup",
        service="athena",
        operation="update_work_group",
        title="Limit how much a query of a work group may read",
        allows={
            "WorkGroup": _WORKGROUP,
            "ConfigurationUpdates": Fields(
                fields={"BytesScannedCutoffPerQuery": Whole(least=LEAST_CUTOFF, most=MOST_CUTOFF)},
                required=("BytesScannedCutoffPerQuery",),
            ),
        },
        required=("WorkGroup", "ConfigurationUpdates"),
        resource="athena:{WorkGroup}",
        risk=Risk.CHANGE,
        replay=Replay.ONCE,
        iam=("athena:UpdateWorkGroup",),
    ),
)
