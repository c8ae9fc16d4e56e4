"""Rows on executions of state machines."""

from bot.actions.rows.patterns import DERIVED, EXECUTION, MACHINE, MARK, PAGE_MARK, RUN_ID, SOURCE_KEY
from bot.domain.action import Allowed, Document, Each, Match, OneOf, Replay, Row, Text, Whole
from bot.domain.runbook import Risk

EXECUTION_NAME = r"[a-z][a-z0-9-]{0,60}-[0-9a-f]{12}"


ENTERED = ("stateEnteredEventDetails", "stateExitedEventDetails")
FAILED = (
    "executionFailedEventDetails",
    "executionAbortedEventDetails",
    "executionTimedOutEventDetails",
    "taskFailedEventDetails",
    "taskTimedOutEventDetails",
    "taskStartFailedEventDetails",
    "taskSubmitFailedEventDetails",
    "lambdaFunctionFailedEventDetails",
    "lambdaFunctionTimedOutEventDetails",
    "lambdaFunctionScheduleFailedEventDetails",
    "activityFailedEventDetails",
    "evaluationFailedEventDetails",
)
RUN_FIELDS: dict[str, Allowed] = {
    "raw_bucket": Match(pattern="<bronze_bucket>"),
    "raw_key": Match(pattern=SOURCE_KEY),
    "ingest_date": Match(pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "pipeline": Match(pattern="<pipelines>"),
    "schema_version": Match(pattern=r"v[0-9]{1,3}"),
    "run_key": Match(pattern=RUN_ID),
}
NOT_PROMOTING = OneOf(values=(False,))
PROMOTING = OneOf(values=(True,))


def _starting(
    row: str, title: str, *, fields: dict[str, Allowed], needs: tuple[str, ...], risk: Risk, resource: str
) -> Row:
    return Row(
        id=row,
        service="stepfunctions",
        operation="start_execution",
        title=title,
        allows={
            "stateMachineArn": MACHINE,
            "name": Match(pattern=EXECUTION_NAME),
            "input": Document(fields=fields, required=needs),
        },
        required=("stateMachineArn", "name", "input"),
        resource=resource,
        risk=risk,
        replay=Replay.TOKEN,
        token="name",  # noqa: S106 - the name of a parameter, not a secret
        keep={"executionArn": "text", "startDate": "time"},
        isolated=risk is Risk.CONTROL,
        iam=("states:StartExecution", "states:DescribeExecution"),
    )


ROWS: tuple[Row, ...] = (
    Row(
        id="states.machine",
        service="stepfunctions",
        operation="describe_state_machine",
        title="See which definition a state machine has",
        allows={"stateMachineArn": MACHINE},
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
            "stateMachineArn": MACHINE,
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
        id="states.history",
        service="stepfunctions",
        operation="get_execution_history",
        title="Read what happened in an execution, newest first",
        allows={
            "executionArn": EXECUTION,
            "reverseOrder": OneOf(values=(True,)),
            "includeExecutionData": OneOf(values=(False,)),
            "maxResults": Whole(least=1, most=1000),
            "nextToken": MARK,
        },
        required=("executionArn", "reverseOrder", "includeExecutionData", "maxResults"),
        resource="{executionArn}",
        keep={
            "events[].id": "number",
            "events[].previousEventId": "number?",
            "events[].type": "text",
            "events[].timestamp": "time",
            **{f"events[].{details}.name": "text?" for details in ENTERED},
            **{f"events[].{details}.{field}": "text?" for details in FAILED for field in ("error", "cause")},
        },
        most_kept=1_048_576,
        iam=("states:GetExecutionHistory",),
    ),
    Row(
        id="states.input",
        service="stepfunctions",
        operation="describe_execution",
        title="Read what an execution was given",
        allows={"executionArn": EXECUTION},
        required=("executionArn",),
        resource="{executionArn}",
        keep={"name": "text", "status": "text", "stateMachineArn": "text", "startDate": "time", "input": "text?"},
        most_kept=300_000,
        iam=("states:DescribeExecution",),
    ),
    Row(
        id="states.execution",
        service="stepfunctions",
        operation="describe_execution",
        title="See how an execution stands",
        allows={"executionArn": EXECUTION},
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
            "redriveCount": "number?",
            "redriveStatus": "text?",
            "redriveStatusReason": "text?",
        },
        iam=("states:DescribeExecution",),
    ),
    _starting(
        "states.start_isolated",
        "Start an execution that promotes nothing",
        fields={**RUN_FIELDS, "promote": NOT_PROMOTING},
        needs=("raw_bucket", "raw_key", "promote"),
        risk=Risk.CONTROL,
        resource="{stateMachineArn}/{name}",
    ),
    _starting(
        "states.start_day",
        "Start an execution over a day's files that promotes nothing",
        fields={**RUN_FIELDS, "promote": NOT_PROMOTING},
        needs=("ingest_date", "promote"),
        risk=Risk.CONTROL,
        resource="{stateMachineArn}/{name}",
    ),
    _starting(
        "states.start_month",
        "Start an execution over a month's files that promotes nothing",
        fields={
            "month": Match(pattern=r"[0-9]{4}-(?:0[1-9]|1[0-2])"),
            "pipeline": Match(pattern="<pipelines>"),
            "schema_version": Match(pattern=r"v[0-9]{1,3}"),
            "promote": NOT_PROMOTING,
        },
        needs=("month", "promote"),
        risk=Risk.CONTROL,
        resource="{stateMachineArn}/{name}",
    ),
    _starting(
        "states.smoke",
        "Start a smoke test, which promotes nothing",
        fields={**RUN_FIELDS, "smoke": PROMOTING, "promote": NOT_PROMOTING},
        needs=("smoke", "promote"),
        risk=Risk.CONTROL,
        resource="{stateMachineArn}/{name}",
    ),
    _starting(
        "states.compact",
        "Write a month that readers have into fewer files, promoting nothing",
        fields={
            "source": OneOf(values=("current",)),
            "month": Match(pattern=r"[0-9]{4}-[0-9]{2}"),
            "pipeline": Match(pattern="<pipelines>"),
            "schema_version": Match(pattern=r"v[0-9]{1,3}"),
            "promote": NOT_PROMOTING,
        },
        needs=("source", "month", "promote"),
        risk=Risk.CONTROL,
        resource="{stateMachineArn}/{name}",
    ),
    _starting(
        "states.retry_quarantine",
        "Load rows again that were set aside; each failure counts against them",
        fields={
            "source": OneOf(values=("quarantine",)),
            "run_id": Match(pattern=RUN_ID),
            "reasons": Each(of=Match(pattern=r"[A-Z_]{1,40}"), most=10),
            "pipeline": Match(pattern="<pipelines>"),
            "schema_version": Match(pattern=r"v[0-9]{1,3}"),
            "promote": NOT_PROMOTING,
        },
        needs=("source", "run_id", "reasons", "promote"),
        risk=Risk.CHANGE,
        resource="{stateMachineArn}/quarantine",
    ),
    _starting(
        "states.start",
        "Start an execution that may promote",
        fields={**RUN_FIELDS, "promote": PROMOTING},
        needs=("promote", "run_key"),
        risk=Risk.CHANGE,
        resource="{stateMachineArn}",
    ),
    Row(
        id="states.redrive",
        service="stepfunctions",
        operation="redrive_execution",
        title="Let a failed execution go on from where it failed; it may promote",
        allows={"executionArn": EXECUTION, "clientToken": Match(pattern=DERIVED)},
        required=("executionArn", "clientToken"),
        resource="{executionArn}",
        risk=Risk.CHANGE,
        replay=Replay.TOKEN,
        token="clientToken",  # noqa: S106 - the name of a parameter, not a secret
        keep={"redriveDate": "time"},
        iam=("states:RedriveExecution",),
    ),
    Row(
        id="states.stop",
        service="stepfunctions",
        operation="stop_execution",
        title="Stop an execution",
        allows={"executionArn": EXECUTION, "cause": Text(most=256)},
        required=("executionArn", "cause"),
        resource="{executionArn}",
        risk=Risk.CONTROL,
        replay=Replay.ONCE,
        keep={"stopDate": "time?"},
        iam=("states:StopExecution",),
    ),
)
