"""The alarms beside the breaker's: what each watches, how it is measured, and how a scenario arms one.

They exist from the start, with their actions off, so that nothing but the failure being played speaks. A scenario
arms its own. What they measure is read from the lake itself (readings.py), never set by hand; metrics that come
with an event (an execution failed, a query read much) are sent where the event happens and are 0 in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from moto.cloudwatch.models import cloudwatch_backends

from bot.workbench.lake import locks, metrics, readings, scans
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.names import SMOKE_PREFIX, LakeNames

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StatisticType

Above = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]
Measure = Callable[[Clients, LakeNames, Mapping[str, str], datetime], float]

OVER: Above = "GreaterThanThreshold"
FROM: Above = "GreaterThanOrEqualToThreshold"
_PERIOD = 300
_WITHOUT_DATA = "notBreaching"
STALE_SECONDS = 93_600  # 26 hours
LOCK_SECONDS = 1_800
MOST_BYTES = 50_000_000_000


def _nothing(_clients: Clients, _names: LakeNames, _by: Mapping[str, str], _at: datetime) -> float:
    return 0


def _pointer_missing(clients: Clients, names: LakeNames, by: Mapping[str, str], _at: datetime) -> float:
    return float(readings.pointer(clients.s3, names, by["Partition"]) is None)


def _pointer_age(clients: Clients, names: LakeNames, by: Mapping[str, str], at: datetime) -> float:
    """Return how long readers have had a run that misses source files; 0 where it misses none."""
    latest = readings.pointer(clients.s3, names, by["Partition"])
    if latest is None:
        return 0
    read = readings.success_of(clients.s3, names, str(latest.body["output_prefix"])).input_files
    if read >= len(readings.raw_files(clients.s3, names, by["Partition"])):
        return 0
    return (at - datetime.fromisoformat(str(latest.body["promoted_at"]))).total_seconds()


def _bad_run(clients: Clients, names: LakeNames, by: Mapping[str, str], _at: datetime) -> float:
    return float(not readings.amounts_are_sane(clients.s3, names, by["Partition"]))


def _marker_missing(clients: Clients, names: LakeNames, by: Mapping[str, str], _at: datetime) -> float:
    latest = readings.pointer(clients.s3, names, by["Partition"])
    prefix = f"{by['Partition']}run_id={by['RunId']}/"
    superseded = latest is not None and str(latest.body["run_id"]) > by["RunId"]
    return float(not superseded and not readings.success_of(clients.s3, names, prefix).found)


def _promotion_blocked(clients: Clients, names: LakeNames, by: Mapping[str, str], _at: datetime) -> float:
    """Return 1 until readers have the run that took up what the blocked one set aside."""
    blocked = readings.silver_run(clients.s3, names, by["RunId"])
    latest = None if blocked is None else readings.pointer(clients.s3, names, blocked.rsplit("run_id=", 1)[0])
    if latest is None:
        return 1
    promoted = readings.success_of(clients.s3, names, str(latest.body["output_prefix"]))
    return float(by["RunId"] not in (latest.body["run_id"], promoted.source_run))


def _table_missing(clients: Clients, names: LakeNames, by: Mapping[str, str], _at: datetime) -> float:
    tables = clients.glue.get_tables(DatabaseName=names.database)["TableList"]
    return float(by["Table"] not in {table["Name"] for table in tables})


def _lock_age(clients: Clients, names: LakeNames, _by: Mapping[str, str], at: datetime) -> float:
    lock = locks.read(clients.dynamodb, names)
    return 0 if lock is None else max(0, (at - lock.created).total_seconds())


def _smoke_failed(clients: Clients, names: LakeNames, _by: Mapping[str, str], _at: datetime) -> float:
    """Return 1 while the newest smoke test is one that failed."""
    found = clients.sfn.list_executions(stateMachineArn=names.state_machine_arn, maxResults=100)["executions"]
    smoked = [one for one in found if one["name"].startswith(SMOKE_PREFIX)]
    newest = max(smoked, key=lambda one: one["startDate"], default=None)
    return float(newest is not None and newest["status"] == "FAILED")


def _bytes_running(clients: Clients, names: LakeNames, _by: Mapping[str, str], _at: datetime) -> float:
    return scans.running_bytes(clients.athena, names)


def _by_pipeline(names: LakeNames) -> dict[str, str]:
    return {"Pipeline": names.pipeline}


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Define one alarm.

    Args:
        by: the dimensions that never change; a scenario adds those that name its partition or run.
        measure: what the metric is at a round five minutes.
    """

    alarm: str
    description: str
    metric: str
    threshold: float = 1
    above: Above = FROM
    statistic: "StatisticType" = "Maximum"
    namespace: str = ""
    by: Callable[[LakeNames], dict[str, str]] = field(default=_by_pipeline)
    measure: Measure = field(default=_nothing)

    def space(self, names: LakeNames) -> str:
        """Return the metric's namespace."""
        return self.namespace or names.namespace


_ALL = (
    Watch(
        alarm="PromotedBadRun",
        description="The data check on current/ failed after a promotion: readers get wrong data.",
        metric="PromotedBadRun",
        measure=_bad_run,
    ),
    Watch(
        alarm="LatestPointerMissing",
        description="_LATEST.json is gone: readers of this partition cannot find its run.",
        metric="LatestPointerMissing",
        measure=_pointer_missing,
    ),
    Watch(
        alarm="LatestPointerStale",
        description="The promoted run misses source files that arrived after it; readers wait for more than 26 hours.",
        metric="LatestPointerAgeSeconds",
        threshold=STALE_SECONDS,
        above=OVER,
        measure=_pointer_age,
    ),
    Watch(
        alarm="SuccessMarkerMissing",
        description="An execution succeeded but its run has no _SUCCESS.",
        metric="SuccessMarkerMissing",
        measure=_marker_missing,
    ),
    Watch(
        alarm="CatalogTableMissing",
        description="The table is gone from the Data Catalog: every query on it fails.",
        metric="CatalogTableMissing",
        by=lambda names: {"Database": names.database, "Table": names.table},
        measure=_table_missing,
    ),
    Watch(
        alarm="StepFunctionsExecutionsFailed",
        description="An execution of the load failed.",
        metric="ExecutionsFailed",
        statistic="Sum",
        namespace="AWS/States",
        by=lambda names: {"StateMachineArn": names.state_machine_arn},
    ),
    Watch(
        alarm="QuarantineRateHigh",
        description="A load set aside 5 % or more of its rows.",
        metric=metrics.QUARANTINE_RATE,
        threshold=5,
    ),
    Watch(
        alarm="PromotionBlocked",
        description="The gate did not allow a run to be promoted; it waits for a person.",
        metric="PromotionBlocked",
        measure=_promotion_blocked,
    ),
    Watch(
        alarm="SchemaErrorSpike",
        description="Source files have another schema than the load expects.",
        metric=metrics.SCHEMA_ERRORS,
        threshold=0,
        above=OVER,
        statistic="Sum",
    ),
    Watch(
        alarm="TerraformLockStale",
        description="The lock on the Terraform state is older than 30 minutes: nothing can be deployed.",
        metric="TerraformLockAgeSeconds",
        threshold=LOCK_SECONDS,
        above=OVER,
        by=lambda names: {"TableName": names.locks_table, "LockID": names.lock_id},
        measure=_lock_age,
    ),
    Watch(
        alarm="DeployPipelineFailed",
        description="A build of the deployment failed.",
        metric="FailedBuilds",
        statistic="Sum",
        namespace="AWS/CodeBuild",
        by=lambda names: {"ProjectName": names.deploy_project},
    ),
    Watch(
        alarm="SmokeTestFailed",
        description="The smoke test after a deployment failed.",
        metric="SmokeTestFailed",
        measure=_smoke_failed,
    ),
    Watch(
        alarm="AthenaProcessedBytesHigh",
        description="A query read more than 50 GB.",
        metric="ProcessedBytes",
        threshold=MOST_BYTES,
        above=OVER,
        namespace="AWS/Athena",
        by=lambda names: {"WorkGroup": names.workgroup},
        measure=_bytes_running,
    ),
)
# The rest of the platform's alarms: no failure that is played here measures them.
_OTHERS: tuple[tuple[str, str, str, float, "StatisticType", Above], ...] = (
    ("StepFunctionsTimedOut", "AWS/States", "ExecutionsTimedOut", 1, "Sum", FROM),
    ("GlueJobFailed", "", "GlueJobFailed", 1, "Sum", FROM),
    ("LambdaErrors", "AWS/Lambda", "Errors", 1, "Sum", FROM),
    ("EtlFailureDlqNotEmpty", "AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, "Maximum", FROM),
    ("EtlFailureQueueStuck", "AWS/SQS", "ApproximateAgeOfOldestMessage", 900, "Maximum", OVER),
    ("CondemnedRowsHigh", "", "CondemnedRows", 100, "Maximum", FROM),
    ("PromotionAwaitingApproval", "", "PromotionAwaitingApprovalSeconds", 14_400, "Maximum", OVER),
    ("AthenaQueryFailed", "AWS/Athena", "TotalExecutionTime", 5, "SampleCount", FROM),
    ("QuarantineWriteDenied", "", "QuarantineWriteDenied", 1, "Sum", FROM),
    ("AthenaTotalTimeHigh", "AWS/Athena", "TotalExecutionTime", 30_000, "Maximum", OVER),
    ("AthenaQueueTimeHigh", "AWS/Athena", "QueryQueueTime", 10_000, "Maximum", OVER),
    ("IamAccessDeniedSpike", "", "IamAccessDenied", 5, "Sum", OVER),
    ("ScheduleDidNotFire", "AWS/Events", "Invocations", 1, "Sum", "LessThanThreshold"),
    ("GoldRowCountDrift", "", "GoldRowCountDriftPercent", 20, "Maximum", OVER),
)
WATCHES: Mapping[str, Watch] = {watch.alarm: watch for watch in _ALL}


def install(names: LakeNames) -> None:
    """Define every alarm, with its actions off; straight in moto, because as many requests would slow the start."""
    backend = cloudwatch_backends[names.account][names.region]
    failures = [names.topic_arn(names.failures_topic)]
    for watch in (*WATCHES.values(), *_others()):
        backend.put_metric_alarm(
            name=watch.alarm,
            description=watch.description,
            actions_enabled=False,
            namespace=watch.space(names),
            metric_name=watch.metric,
            dimensions=[{"Name": name, "Value": value} for name, value in watch.by(names).items()],
            statistic=watch.statistic,
            period=_PERIOD,
            evaluation_periods=1,
            threshold=watch.threshold,
            comparison_operator=watch.above,
            treat_missing_data=_WITHOUT_DATA,
            alarm_actions=failures,
            ok_actions=failures,
        )


def _others() -> list[Watch]:
    return [
        Watch(
            alarm=alarm,
            description="Defined, but not played in the local lake.",
            metric=metric,
            threshold=threshold,
            above=comparison,
            statistic=statistic,
            namespace=namespace,
        )
        for alarm, namespace, metric, threshold, statistic, comparison in _OTHERS
    ]


def arm(clients: Clients, names: LakeNames, alarm: str, *, at: datetime, **by: str) -> None:
    """Let an alarm speak, for this partition or run, and measure it now."""
    watch = WATCHES[alarm]
    named = {**watch.by(names), **by}
    _let_speak(clients, names, watch, named)
    if watch.measure is not _nothing:
        _send(clients, names, watch, named, watch.measure(clients, names, named, at), at=[at])


def measure(clients: Clients, names: LakeNames, alarm: str, by: Mapping[str, str], *, at: list[datetime]) -> None:
    """Measure once and send it for each of the times, which are round five minutes."""
    watch = WATCHES[alarm]
    _send(clients, names, watch, by, watch.measure(clients, names, by, at[-1]), at=at)


def happened(clients: Clients, names: LakeNames, alarm: str, value: float, *, at: datetime) -> None:
    """Send the metric of an event, as the service it happened in does."""
    watch = WATCHES[alarm]
    _send(clients, names, watch, watch.by(names), value, at=[at])


def _send(
    clients: Clients, names: LakeNames, watch: Watch, by: Mapping[str, str], value: float, *, at: list[datetime]
) -> None:
    space = watch.space(names)
    metrics.put_value(clients.cloudwatch, namespace=space, metric=watch.metric, by=by, value=value, at=at)


def _let_speak(clients: Clients, names: LakeNames, watch: Watch, by: Mapping[str, str]) -> None:
    failures = [names.topic_arn(names.failures_topic)]
    clients.cloudwatch.put_metric_alarm(
        AlarmName=watch.alarm,
        AlarmDescription=watch.description,
        ActionsEnabled=True,
        Namespace=watch.space(names),
        MetricName=watch.metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in by.items()],
        Statistic=watch.statistic,
        Period=_PERIOD,
        EvaluationPeriods=1,
        Threshold=watch.threshold,
        ComparisonOperator=watch.above,
        TreatMissingData=_WITHOUT_DATA,
        AlarmActions=failures,
        OKActions=failures,
    )
