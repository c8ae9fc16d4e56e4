"""A small lake for tests: its platform, good parameters for every row, and hostile values that must never leave."""

import json
import re
from collections.abc import Callable

from bot.actions.catalogue import CATALOGUE
from bot.actions.rows.signals import QUERIES
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
        "tfstate_bucket": "lake-tfstate",
        "tfstate_keys": ("lake/prod.tfstate",),
        "lock_table": "lake-tf-locks",
        "locks": ("lake-tfstate/lake/prod.tfstate-md5", "lake-tfstate/lake/prod.tfstate"),
        "database": "lake",
        "tables": ("silver_transactions", "quarantine_transactions"),
        "workgroups": ("lake",),
        "results_bucket": "lake-athena-results",
        "jobs": ("transaction_etl", "compact"),
        "functions": ("promote_silver", "read_run_summary"),
        "gate_function": "read_run_summary",
        "projects": ("lake-deploy",),
        "build_log_groups": ("/aws/codebuild/lake-deploy",),
        "queues": ("etl-failures-bot", "etl-failures-bot-dlq"),
        "dead_letter_queues": ("etl-failures-bot-dlq",),
        "topics": ("quarantine-alerts", "etl-failures"),
        "roles": ("lake-etl", "lake-deploy"),
    },
).reaching({"readers": "https://readers.example.com/health"})
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
RUN = "20260121T020000Z"
SUCCESS_KEY = f"{PARTITION}run_id={RUN}/_SUCCESS"
ASIDE = "quarantine/mortgages/transactions/ingest_date=2026-01-21/run_id=20260121T020000Z/part-0000.jsonl.gz"
VERSION = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
POINTER: JsonObject = {
    "run_id": RUN,
    "execution_arn": f"arn:aws:states:{REGION}:{ACCOUNT}:execution:etl_orchestration:{RUN}",
    "promoted_at": "2026-01-21T03:00:00Z",
    "output_prefix": f"{PARTITION}run_id={RUN}/",
    "current_prefix": f"{PARTITION}current/",
    "schema_version": "v1",
    "files_copied": 2,
}
JOB_RUN = "jr_0123456789abcdef"
STORED: JsonObject = {
    "Columns": [{"Name": "amount", "Type": "decimal(18,2)"}],
    "Location": f"s3://lake-silver/{PARTITION}current/",
}
PARTITION_KEYS: JsonValue = [{"Name": name, "Type": "string"} for name in ("year", "month", "schema_v")]
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
LOCK: JsonObject = {"LockID": {"S": "lake-tfstate/lake/prod.tfstate"}}
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
    "s3.put_pointer": {
        "Bucket": "lake-silver",
        "Key": f"{PARTITION}_LATEST.json",
        "Body": text(POINTER),
        "IfMatch": ETAG,
    },
    "s3.create_pointer": {"Bucket": "lake-silver", "Key": f"{PARTITION}_LATEST.json", "Body": text(POINTER)},
    "s3.head": {"Bucket": "lake-quarantine", "Key": ASIDE},
    "s3.folders": {"Bucket": "lake-silver", "Prefix": "silver/mortgages/transactions/year=2026/"},
    "s3.versions_pointer": {"Bucket": "lake-silver", "Prefix": f"{PARTITION}_LATEST.json"},
    "s3.versions_artifact": {"Bucket": "lake-artifacts", "Prefix": "etl/"},
    "s3.versions_tfstate": {"Bucket": "lake-tfstate", "Prefix": "lake/prod.tfstate"},
    "s3.versioning": {"Bucket": "lake-quarantine"},
    "s3.encryption": {"Bucket": "lake-silver"},
    "http.get": {"Endpoint": "readers", "Field": "status"},
    "s3.tags": {"Bucket": "lake-quarantine", "Key": ASIDE, "VersionId": VERSION},
    "s3.copy_current": {
        "Bucket": "lake-silver",
        "Key": f"{PARTITION}current/part-0000.parquet",
        "CopySource": {"Bucket": "lake-silver", "Key": f"{PARTITION}run_id={RUN}/part-0000.parquet"},
        "CopySourceIfMatch": ETAG,
    },
    "s3.copy_condemned": {
        "Bucket": "lake-quarantine",
        "Key": ASIDE.replace("quarantine/", "condemned/"),
        "CopySource": {"Bucket": "lake-quarantine", "Key": ASIDE},
        "CopySourceIfMatch": ETAG,
    },
    "s3.tag_condemned": {
        "Bucket": "lake-quarantine",
        "Key": ASIDE,
        "VersionId": VERSION,
        "Tagging": {"TagSet": [{"Key": "state", "Value": "condemned"}]},
    },
    "s3.remove_marker": {"Bucket": "lake-silver", "Key": f"{PARTITION}_LATEST.json", "VersionId": VERSION},
    "s3.hide_left_over": {
        "Bucket": "lake-silver",
        "Key": f"{PARTITION}current/part-0009.parquet",
        "IfMatch": ETAG,
    },
    "s3.rollback_tfstate": {
        "Bucket": "lake-tfstate",
        "Key": "lake/prod.tfstate",
        "CopySource": {"Bucket": "lake-tfstate", "Key": "lake/prod.tfstate", "VersionId": VERSION},
        "CopySourceIfMatch": ETAG,
        "IfMatch": ETAG,
    },
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
    "cloudwatch.alarm": {"AlarmNames": ["CircuitBreakerOpen"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
    "cloudwatch.alarm_history": {
        "AlarmName": "CircuitBreakerOpen",
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "HistoryItemType": "StateUpdate",
        "StartDate": 1_768_960_800,
        "EndDate": 1_768_964_400,
        "MaxRecords": 100,
        "ScanBy": "TimestampDescending",
    },
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
    "states.start_day": {
        "stateMachineArn": MACHINE,
        "name": "rerun-0123456789ab",
        "input": text({"ingest_date": "2026-01-21", "promote": False}),
    },
    "states.start_month": {
        "stateMachineArn": MACHINE,
        "name": "backfill-202601-0123456789ab",
        "input": text({"month": "2026-01", "pipeline": "transactions", "schema_version": "v1", "promote": False}),
    },
    "states.smoke": {
        "stateMachineArn": MACHINE,
        "name": "smoke-0123456789ab",
        "input": text({"smoke": True, "promote": False}),
    },
    "states.compact": {
        "stateMachineArn": MACHINE,
        "name": "compact-0123456789ab",
        "input": text({"source": "current", "month": "2026-01", "promote": False}),
    },
    "states.retry_quarantine": {
        "stateMachineArn": MACHINE,
        "name": "qretry-0123456789ab",
        "input": text({"source": "quarantine", "run_id": RUN, "reasons": ["CURRENCY_ERROR"], "promote": False}),
    },
    "states.redrive": {"executionArn": EXECUTION, "clientToken": "0123456789abcdef" * 4},
    "states.history": {
        "executionArn": EXECUTION,
        "reverseOrder": True,
        "includeExecutionData": False,
        "maxResults": 100,
    },
    "states.input": {"executionArn": EXECUTION},
    "glue.table": {"DatabaseName": "lake", "Name": "silver_transactions"},
    "glue.table_versions": {"DatabaseName": "lake", "TableName": "silver_transactions", "MaxResults": 10},
    "glue.update_table": {
        "DatabaseName": "lake",
        "TableInput": {"Name": "silver_transactions", "StorageDescriptor": STORED, "PartitionKeys": PARTITION_KEYS},
        "VersionId": "3",
        "SkipArchive": False,
    },
    "glue.partitions": {
        "DatabaseName": "lake",
        "TableName": "silver_transactions",
        "Expression": "year='2026' AND month='01'",
        "MaxResults": 1000,
    },
    "glue.create_partitions": {
        "DatabaseName": "lake",
        "TableName": "silver_transactions",
        "PartitionInputList": [{"Values": ["2026", "01", "v1"], "StorageDescriptor": STORED}],
    },
    "glue.delete_partitions": {
        "DatabaseName": "lake",
        "TableName": "silver_transactions",
        "PartitionsToDelete": [{"Values": ["2026", "01", "v1"]}],
    },
    "glue.job": {"JobName": "transaction_etl"},
    "glue.update_job": {
        "JobName": "transaction_etl",
        "JobUpdate": {
            "Role": f"arn:aws:iam::{ACCOUNT}:role/lake-etl",
            "Command": {"Name": "glueetl", "ScriptLocation": "s3://lake-artifacts/etl/transaction_etl.py"},
            "DefaultArguments": {"--git-sha": "0123abc", "--TempDir": "s3://lake-artifacts/tmp/"},
        },
    },
    "glue.job_run": {"JobName": "transaction_etl", "RunId": JOB_RUN},
    "glue.job_runs": {"JobName": "transaction_etl", "MaxResults": 20},
    "glue.stop_job_run": {"JobName": "transaction_etl", "JobRunIds": [JOB_RUN]},
    "glue.start_job": {
        "JobName": "compact",
        "Arguments": {"--run-key": "compact-7", "--partition": PARTITION, "--source-run": RUN},
    },
    "athena.select": {
        "QueryString": "SELECT COUNT(*) AS n FROM silver_transactions WHERE year = ?",
        "ExecutionParameters": ["'2026'"],
        "WorkGroup": "lake",
        "QueryExecutionContext": {"Database": "lake"},
        "ClientRequestToken": "0123456789abcdef" * 4,
    },
    "athena.explain": {
        "QueryString": "EXPLAIN SELECT * FROM silver_transactions WHERE year = '2026'",
        "WorkGroup": "lake",
        "QueryExecutionContext": {"Database": "lake"},
        "ClientRequestToken": "0123456789abcdef" * 4,
    },
    "athena.add_partition": {
        "QueryString": "ALTER TABLE lake.silver_transactions ADD IF NOT EXISTS PARTITION (year = '2026', month = '01')"
        f" LOCATION 's3://lake-silver/{PARTITION}current/'",
        "WorkGroup": "lake",
        "QueryExecutionContext": {"Database": "lake"},
        "ClientRequestToken": "0123456789abcdef" * 4,
    },
    "athena.execution": {"QueryExecutionId": UUID},
    "athena.executions": {"WorkGroup": "lake", "MaxResults": 50},
    "athena.results": {"QueryExecutionId": UUID, "MaxResults": 201},
    "athena.stages": {"QueryExecutionId": UUID},
    "athena.stop": {"QueryExecutionId": UUID},
    "athena.workgroup": {"WorkGroup": "lake"},
    "athena.update_workgroup": {
        "WorkGroup": "lake",
        "ConfigurationUpdates": {"BytesScannedCutoffPerQuery": 10_000_000_000},
    },
    "lambda.alias": {"FunctionName": "promote_silver"},
    "lambda.update_alias": {"FunctionName": "promote_silver", "FunctionVersion": "7", "RevisionId": UUID},
    "lambda.gate": {
        "FunctionName": "read_run_summary",
        "Payload": text(
            {
                "silver_bucket": "lake-silver",
                "silver_prefix": "silver/mortgages/transactions/",
                "run_key": RUN,
                "schema_version": "v1",
            }
        ),
    },
    "codebuild.of_project": {"projectName": "lake-deploy"},
    "codebuild.builds": {"ids": [f"lake-deploy:{UUID}"]},
    "codebuild.start": {
        "projectName": "lake-deploy",
        "sourceVersion": "0123abc",
        "idempotencyToken": "0123456789abcdef" * 4,
    },
    "logs.build": {
        "logGroupName": "/aws/codebuild/lake-deploy",
        "logStreamName": UUID,
        "startFromHead": False,
        "limit": 200,
    },
    "logs.insights": {
        "logGroupName": "/lake/etl/transactions",
        "startTime": 1_768_960_800,
        "endTime": 1_768_964_400,
        "queryString": QUERIES["errors_by_type"],
    },
    "logs.insights_results": {"queryId": UUID},
    "dynamodb.lock": {"TableName": "lake-tf-locks", "Key": LOCK, "ConsistentRead": True},
    "dynamodb.release": {
        "TableName": "lake-tf-locks",
        "Key": LOCK,
        "ExpressionAttributeValues": {":seen": {"S": '{"ID": "1", "Who": "ci"}'}},
    },
    "sqs.attributes": {
        "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/etl-failures-bot-dlq",
        "AttributeNames": ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    },
    "sqs.replay": {"SourceArn": "etl-failures-bot-dlq", "MaxNumberOfMessagesPerSecond": 10},
    "sns.publish": {"TopicArn": "quarantine-alerts", "Subject": "Review", "Message": "612 rows wait"},
    "cloudtrail.events": {
        "LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "lake-deploy"}],
        "StartTime": 1_768_960_800,
        "EndTime": 1_768_964_400,
        "MaxResults": 50,
    },
    "iam.simulate": {
        "PolicySourceArn": "lake-etl",
        "ActionNames": ["s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::lake-quarantine/quarantine/x"],
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

NUMBERS = frozenset(
    {"MaxRecords", "limit", "MaxKeys", "MaxDatapoints", "maxResults", "MaxResults", "MaxNumberOfMessagesPerSecond"}
)
TRUTHS = frozenset({"reverseOrder", "ExcludeColumnSchema", "ConsistentRead"})
# Words for people, and marks that AWS gave itself: of pages, of versions.
OPAQUE = frozenset(
    {
        "cause",
        "Subject",
        "Message",
        "nextToken",
        "NextToken",
        "ContinuationToken",
        "KeyMarker",
        "VersionIdMarker",
        "VersionId",
    }
)


def sendable(name: str, value: JsonValue) -> bool:
    """Return whether the value is no danger in that parameter, whatever it looks like."""
    if value is True:
        return name in TRUTHS
    if name == "AlarmName":  # of an alarm of our own account, and nothing else can be called by it
        return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,255}", value) is not None
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
