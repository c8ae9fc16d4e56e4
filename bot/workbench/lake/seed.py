"""The lake as a newcomer finds it: every resource, the last good night, the traces of the nights before.

Nothing is broken here; that is the scenarios' part.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from bot.workbench.lake import answers, breaker, journal, metrics, sources, watches
from bot.workbench.lake.clients import Clients, require_dummy_account
from bot.workbench.lake.definition import state_machine
from bot.workbench.lake.documents import latest_body, success_body, to_json, to_rows
from bot.workbench.lake.furniture import Promoted, closed_months, furnish, register
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.validation import Fault, Findings, read_files

TONIGHT_FIRST_FILE = 180  # f-0180 to f-0193 land tonight
FILES_A_NIGHT = 14
QUERY_BYTES = 100_000_000_000  # what the work group lets one query read
_NIGHTS = 5
_A_DAY = timedelta(days=1)
_LOAD_AT = time(2, 0, tzinfo=UTC)
_LOAD_TAKES = timedelta(minutes=11)
_HEARTBEATS_BACK = timedelta(hours=3)
_ROLE = "etl-states"


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """Say what was there before anything broke: where repair is measured against.

    Args:
        months: the closed months, the newest first.
    """

    run_id: str
    latest_key: str
    latest_version: str
    months: tuple[Promoted, ...]
    beaten: datetime
    queue_urls: dict[str, str]


def seed(clients: Clients, names: LakeNames, *, now: datetime) -> Seeded:
    """Make every resource and fill it.

    Raises:
        EdgeError: the account that answers is not the local lake's; nothing was made.
    """
    require_dummy_account(clients, account=names.account)
    _buckets(clients, names)
    queue_urls = _queues(clients, names)
    _topics(clients, names)
    _pipeline(clients, names, queue_urls[names.worker_queue])
    _catalogue(clients, names)
    _alarms(clients, names)
    watches.install(names)
    furnish(clients, names)
    last_night = _last_night(now).date()
    months = closed_months(clients, names, before=last_night)
    register(clients, names, [last_night, *(month.day for month in months)])
    run_id, latest_version = _last_good_night(clients, names, now)
    _history(clients, names, now)
    beaten = _heartbeats(clients, names, now)
    _made_yesterday(names)
    return Seeded(
        run_id=run_id,
        latest_key=names.latest_key(last_night),
        latest_version=latest_version,
        months=months,
        beaten=beaten,
        queue_urls=queue_urls,
    )


def _made_yesterday(names: LakeNames) -> None:
    """Let what is furnished be a day old: a lake that has just been deployed is a story of its own in a timeline."""
    for bucket in s3_backends[names.account]["aws"].buckets.values():
        for key in list(bucket.keys):
            for version in bucket.keys.getlist(key):
                version.last_modified -= _A_DAY
    for job in glue_backends[names.account][names.region].jobs.values():
        job.created_on -= _A_DAY
        job.last_modified_on -= _A_DAY


def _buckets(clients: Clients, names: LakeNames) -> None:
    for bucket in names.buckets:
        clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": names.region})
        clients.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        clients.s3.put_bucket_encryption(  # as AWS does by itself
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
    clients.s3.put_object(
        Bucket=names.artifacts_bucket,
        Key=names.breaker_key,
        Body=to_json(breaker.closed(names)),
        ContentType="application/json",
    )


def _queues(clients: Clients, names: LakeNames) -> dict[str, str]:
    """Make the queues; after Start over they are there already, because the bot waits on them."""
    sqs = clients.sqs
    urls = {url.rsplit("/", 1)[-1]: url for url in sqs.list_queues().get("QueueUrls", [])}
    for queue in (names.worker_queue, names.failures_dead_letters):
        if queue not in urls:
            urls[queue] = sqs.create_queue(QueueName=queue)["QueueUrl"]
    if names.failures_queue not in urls:
        redrive = {
            "deadLetterTargetArn": names.queue_arn(names.failures_dead_letters),
            "maxReceiveCount": names.failures_max_receives,
        }
        made = sqs.create_queue(QueueName=names.failures_queue, Attributes={"RedrivePolicy": json.dumps(redrive)})
        urls[names.failures_queue] = made["QueueUrl"]
    return urls


def _topics(clients: Clients, names: LakeNames) -> None:
    for topic in (names.failures_topic, names.quarantine_topic, names.page_topic):
        clients.sns.create_topic(Name=topic)
    clients.sns.subscribe(
        TopicArn=names.topic_arn(names.failures_topic),
        Protocol="sqs",
        Endpoint=names.queue_arn(names.failures_queue),
        Attributes={"RawMessageDelivery": "false"},
    )


def _pipeline(clients: Clients, names: LakeNames, worker_queue_url: str) -> None:
    clients.logs.create_log_group(logGroupName=names.log_group)
    role = f"arn:aws:iam::{names.account}:role/{_ROLE}"
    made = clients.sfn.create_state_machine(
        name=names.state_machine,
        definition=json.dumps(state_machine(names, worker_queue_url=worker_queue_url)),
        roleArn=role,
    )
    clients.events.put_rule(
        Name=names.schedule_rule,
        ScheduleExpression=names.schedule_expression,
        State="ENABLED",
        Description=f"Load {names.pipeline} every night.",
    )
    nightly = {"pipeline": names.pipeline, "promote": True}
    clients.events.put_targets(
        Rule=names.schedule_rule,
        Targets=[
            {
                "Id": names.state_machine,
                "Arn": made["stateMachineArn"],
                "RoleArn": role,
                "Input": json.dumps(nightly),
            }
        ],
    )


def _catalogue(clients: Clients, names: LakeNames) -> None:
    clients.glue.create_database(DatabaseInput={"Name": names.database})
    clients.glue.create_table(
        DatabaseName=names.database,
        TableInput={
            "Name": names.table,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in ("year", "month", "schema_v")],
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": kind} for name, kind in sources.COLUMN_TYPES.items()],
                "Location": f"s3://{names.silver_bucket}/silver/mortgages/{names.pipeline}/",
            },
        },
    )
    clients.glue.create_table(
        DatabaseName=names.database,
        TableInput={
            "Name": names.quarantine_table,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in ("ingest_date", "run_id")],
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": "string"} for name in (*sources.COLUMNS, *answers.NOTED)],
                "Location": f"s3://{names.quarantine_bucket}/quarantine/mortgages/{names.pipeline}/",
            },
        },
    )
    clients.athena.create_work_group(
        Name=names.workgroup,
        Configuration={
            "ResultConfiguration": {"OutputLocation": f"s3://{names.results_bucket}/"},
            "BytesScannedCutoffPerQuery": QUERY_BYTES,
        },
    )


def _alarms(clients: Clients, names: LakeNames) -> None:
    failures = [names.topic_arn(names.failures_topic)]
    clients.cloudwatch.put_metric_alarm(
        AlarmName=names.breaker_alarm,
        AlarmDescription=f"The load of {names.pipeline} halted itself; it waits for a person.",
        Namespace=names.namespace,
        MetricName=metrics.BREAKER_OPEN,
        Dimensions=metrics.dimensions(names, None),
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=failures,
        OKActions=failures,
    )
    clients.cloudwatch.put_metric_alarm(
        AlarmName=names.error_alarm,
        AlarmDescription=f"More than 100 equal errors within an hour in {names.pipeline}.",
        Namespace=names.namespace,
        MetricName=metrics.SAME_ERROR,
        Dimensions=metrics.dimensions(names, "CURRENCY_ERROR"),
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=breaker.THRESHOLD,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=failures,
        OKActions=failures,
    )


def _last_night(now: datetime) -> datetime:
    """Return when the last good load began: always a day before tonight's."""
    return datetime.combine(now.date() - timedelta(days=1), _LOAD_AT)


def _last_good_night(clients: Clients, names: LakeNames, now: datetime) -> tuple[str, str]:
    """Leave the last good run in bronze and silver; return its run id and the pointer's version."""
    start = _last_night(now)
    day, run_id, end = start.date(), names.run_id(start), start + _LOAD_TAKES
    files = {
        file_id: sources.good_rows(day, file_id)
        for file_id in sources.file_ids(TONIGHT_FIRST_FILE - FILES_A_NIGHT, FILES_A_NIGHT)
    }
    for file_id, rows in files.items():
        clients.s3.put_object(Bucket=names.bronze_bucket, Key=names.raw_key(day, file_id), Body=sources.to_csv(rows))
    findings = read_files(files, may_trip=True)
    execution = f"{names.state_machine_arn.replace('stateMachine', 'execution')}:{run_id}"
    part = to_rows(findings.valid)
    run_prefix, bucket = names.run_prefix(day, run_id), names.silver_bucket
    summary = to_json(success_body(run_id, execution, findings, at=end, input_files=len(files)))
    clients.s3.put_object(Bucket=bucket, Key=f"{run_prefix}part-0000.jsonl.gz", Body=part)
    clients.s3.put_object(Bucket=bucket, Key=f"{run_prefix}_SUCCESS", Body=summary)
    clients.s3.put_object(Bucket=bucket, Key=f"{names.partition(day)}current/part-0000.jsonl.gz", Body=part)
    pointer = clients.s3.put_object(
        Bucket=bucket,
        Key=names.latest_key(day),
        Body=to_json(latest_body(names, day, run_id, execution, at=end)),
    )
    return run_id, pointer["VersionId"]


def _history(clients: Clients, names: LakeNames, now: datetime) -> None:
    """Leave the lines and numbers of the nights before, with a stray bad row here and there."""
    points: list[metrics.Point] = []
    for nights_ago in range(_NIGHTS):
        start = _last_night(now) - timedelta(days=nights_ago)
        end = start + _LOAD_TAKES
        run_id = names.run_id(start)
        findings = _quiet_night(nights_ago)
        lines = [
            journal.line("INFO", "run started", "etl", "start"),
            *(journal.fault_line(fault) for fault in findings.faults),
            *journal.metric_lines(findings),
            journal.line("INFO", "promoted to current/", "promote", "finish"),
        ]
        events = journal.stamp(lines, run_id=run_id, start=start, end=end)
        journal.write(clients.logs, names, run_id=run_id, events=events)
        points.extend(metrics.of_run(findings, at=end))
    metrics.put(clients.cloudwatch, names, points)


def _quiet_night(nights_ago: int) -> Findings:
    """Return the findings of a night that was promoted."""
    row = dict.fromkeys(sources.COLUMNS, "x")
    file_id = f"f-{TONIGHT_FIRST_FILE - FILES_A_NIGHT * nights_ago - 3:04d}"
    fault = Fault(error_type="NULL_VALUE_ERROR", file_id=file_id, row=row)
    faults = (fault,) * (nights_ago % 3)
    total = FILES_A_NIGHT * sources.GOOD_ROWS
    return Findings(rows=total, valid=(row,) * (total - len(faults)), faults=faults, tripped=None)


def _heartbeats(clients: Clients, names: LakeNames, now: datetime) -> datetime:
    """Leave the heartbeats of the last hours and return the time of the newest."""
    times = metrics.ticks(after=now - _HEARTBEATS_BACK, until=now)
    points = [point for at in times for point in metrics.heartbeat(halted=False, at=at)]
    metrics.put(clients.cloudwatch, names, points)
    return times[-1]
