"""A small lake for tests: its platform, good parameters for every row, and hostile values that must never leave."""

import json
from collections.abc import Callable

from bot.actions.catalogue import CATALOGUE
from bot.aws.clients import Credentials
from bot.domain.action import Call, Platform, bind
from bot.domain.approval import ConsumedApproval
from bot.domain.value import JsonObject, JsonValue

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PLATFORM = Platform(
    name="PROD",
    account=ACCOUNT,
    account_name="lake-prod",
    region=REGION,
    resources={
        "bronze_bucket": "lake-bronze",
        "silver_bucket": "lake-silver",
        "quarantine_bucket": "lake-quarantine",
        "artifacts_bucket": "lake-artifacts",
        "log_groups": ("/lake/etl/transactions",),
        "machines": ("etl_orchestration",),
        "rules": ("daily_etl_schedule",),
        "namespace": "DataLake/ETL",
        "pipelines": ("transactions", "accounts"),
    },
)
CREDENTIALS = Credentials(access_key_id="AKIATESTTESTTESTTEST", secret_access_key="secret")

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:etl_orchestration"
EXECUTION = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:etl_orchestration:cb-probe-0123456789ab"
KEY = "control/circuit_breaker/transactions.json"
SOURCE = "bronze/mortgages/transactions/ingest_date=2026-01-21/f-0193.csv.gz"
PARTITION = "silver/mortgages/transactions/year=2026/month=01/schema_v=v1/"
ETAG = '"0123456789abcdef0123456789abcdef"'

BREAKER: JsonObject = {
    "pipeline": "transactions",
    "state": "OPEN",
    "opened_at": "2026-01-21T02:07:32Z",
    "error_type": "CURRENCY_ERROR",
    "count": 101,
    "window_s": 3600,
    "threshold": 100,
    "run_id": "20260121T020000Z",
    "changed_by": "R-1",
    "reason": "101 CURRENCY_ERROR",
}
PROBE_INPUT: JsonObject = {"raw_bucket": "lake-bronze", "raw_key": SOURCE, "promote": False}


def text(value: JsonValue) -> str:
    return json.dumps(value)


GOOD: dict[str, JsonObject] = {
    "s3.get_breaker": {"Bucket": "lake-artifacts", "Key": KEY},
    "s3.get_pointer": {"Bucket": "lake-silver", "Key": f"{PARTITION}_LATEST.json"},
    "s3.get_success": {"Bucket": "lake-silver", "Key": f"{PARTITION}run_id=20260121T020000Z/_SUCCESS"},
    "s3.list": {"Bucket": "lake-bronze", "Prefix": "bronze/mortgages/", "MaxKeys": 10},
    "s3.head_source": {"Bucket": "lake-bronze", "Key": SOURCE},
    "s3.put_breaker": {"Bucket": "lake-artifacts", "Key": KEY, "Body": text(BREAKER), "IfMatch": ETAG},
    "logs.filter": {
        "logGroupName": "/lake/etl/transactions",
        "startTime": 1_768_960_800_000,
        "endTime": 1_768_964_400_000,
        "limit": 100,
        "filterPattern": '"CURRENCY_ERROR"',
    },
    "cloudwatch.metric": {
        "MetricDataQueries": [
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "DataLake/ETL",
                        "MetricName": "SameErrorCount",
                        "Dimensions": [{"Name": "Pipeline", "Value": "transactions"}],
                    },
                    "Period": 300,
                    "Stat": "Sum",
                },
            }
        ],
        "StartTime": 1_768_960_800,
        "EndTime": 1_768_964_400,
    },
    "cloudwatch.alarm": {"AlarmNames": ["CircuitBreakerOpen"], "AlarmTypes": ["MetricAlarm"]},
    "events.rule": {"Name": "daily_etl_schedule"},
    "events.disable_rule": {"Name": "daily_etl_schedule"},
    "events.enable_rule": {"Name": "daily_etl_schedule"},
    "states.machine": {"stateMachineArn": MACHINE},
    "states.executions": {"stateMachineArn": MACHINE, "statusFilter": "RUNNING"},
    "states.execution": {"executionArn": EXECUTION},
    "states.start_isolated": {
        "stateMachineArn": MACHINE,
        "name": "cb-probe-0123456789ab",
        "input": text(PROBE_INPUT),
    },
    "states.start": {
        "stateMachineArn": MACHINE,
        "name": "rerun-0123456789ab",
        "input": text({**PROBE_INPUT, "promote": True, "run_key": "20260121T020000Z"}),
    },
    "states.stop": {"executionArn": EXECUTION, "cause": "breaker open"},
}

FOREIGN: dict[str, JsonValue] = {
    "a raw ARN": "arn:aws:s3:eu-west-1:999999999999:accesspoint/stolen",
    "a raw ARN of our own account": f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/ours",
    "an execution elsewhere": EXECUTION.replace(ACCOUNT, "999999999999"),
    "a machine in another region": MACHINE.replace(REGION, "us-east-1"),
    "a machine we do not list": MACHINE.replace("etl_orchestration", "payroll"),
    "a version of a machine": f"{MACHINE}:1",
    "an access point alias": "stolen-abcdefgh12345678-s3alias",
    "a URL": "https://evil.example/x",
    "a URL with a query": "http://169.254.169.254/latest/meta-data?x=1",
    "a way up": "control/circuit_breaker/../../etl/job.py",
    "a phone number": "+447700900123",
    "a Cyrillic look-alike": "l\u0430ke-artifacts",
    "a trailing newline": "lake-artifacts\n",
    "fullwidth digits": "bronze/ingest_date=\uff12\uff10\uff12\uff16-01-21/f",
    "an expression": "${platform.artifacts_bucket}",
    "SQL": "'; DROP TABLE silver_transactions; --",
    "a number": 7,
    "nothing": None,
    "truth": True,
    "a list": ["lake-artifacts", "lake-silver"],
    "an object": {"Name": "daily_etl_schedule"},
    "emptiness": "",
    "10 kB": "a" * 10_240,
    "zero width": "lake\u200b-artifacts",
}

NUMBERS = frozenset({"limit", "MaxKeys", "MaxDatapoints", "maxResults"})
OPAQUE = frozenset({"cause", "nextToken", "NextToken", "ContinuationToken"})  # words for people, AWS's own page marks


def sendable(name: str, value: JsonValue) -> bool:
    """Return whether the value is no danger in that parameter, whatever it looks like."""
    return (name in OPAQUE and isinstance(value, str)) or (name in NUMBERS and value == 7)


def good(row: str, **other: JsonValue) -> Call:
    """Return a call of the row as it should be, with some parameters replaced."""
    return bind(CATALOGUE.row(row), {**GOOD[row], **other}, PLATFORM)


def forged(row: str, **other: JsonValue) -> Call:
    """Return a call as if nothing had checked it."""
    call = good(row)
    return call.model_copy(update={"params": {**call.params, **other}})


def permit(call: Call) -> ConsumedApproval:
    """Return what only the records' transaction makes; tests of the gate alone may stand in for it."""
    return ConsumedApproval(approval=1, attempt=1, call=call, digest="0" * 64)


def nothing() -> None:
    """Mark nothing."""


def raising(error: Exception) -> Callable[[], None]:
    """Return a mark that fails."""

    def mark() -> None:
        raise error

    return mark
