"""The lake's 29 alarms with the runbook each calls for, and what an on-call person would read without its name.

The wordings were written from the alarms' conditions alone, before any ranking was tried on them. Metrics are those of
the lake's inventory; where a metric of our own is called like the alarm it is left out. `second` is an answer that is
right under a condition which the alarm itself does not tell.
"""

from typing import NamedTuple

from bot.domain.value import JsonObject


class Wanted(NamedTuple):
    """Hold one alarm: its name, how it reads without, the right runbook, and another that may be right."""

    name: str
    reads: str
    first: str
    second: str = ""
    metric: str = ""

    def message(self, *, named: bool) -> JsonObject:
        """Return the alarm as CloudWatch tells of it."""
        namespace, _, metric = self.metric.rpartition("/")
        return {
            "AlarmName": f"{self.name}-prod" if named else "lake-prod-0417",
            "AlarmDescription": self.reads,
            "NewStateValue": "ALARM",
            "NewStateReason": "Threshold Crossed: 1 datapoint [7.0] was greater than the threshold (5.0).",
            "StateChangeTime": "2026-01-21T02:08:31.120+0000",
            "Region": "EU (Ireland)",
            "Trigger": {"MetricName": metric, "Namespace": namespace or "DataLake/ETL", "Period": 300},
        }


ALARMS = (
    Wanted(
        "StepFunctionsExecutionsFailed",
        "The nightly state machine of the load ended in error at least once in the last five minutes",
        "failure-recovery",
        "rollback",
        metric="AWS/States/ExecutionsFailed",
    ),
    Wanted(
        "StepFunctionsTimedOut",
        "An execution of the load's state machine ran longer than its time limit and was ended",
        "failure-recovery",
        metric="AWS/States/ExecutionsTimedOut",
    ),
    Wanted(
        "GlueJobFailed",
        "The Spark job of the load went to state FAILED or TIMEOUT",
        "failure-recovery",
        "schema-evolution",
    ),
    Wanted(
        "LambdaErrors",
        "One of the pipeline's functions raised an exception when it was invoked",
        "failure-recovery",
        "rollback",
        metric="AWS/Lambda/Errors",
    ),
    Wanted(
        "EtlFailureDlqNotEmpty",
        "Messages about failed loads lie in the dead-letter queue; the consumer gave up on them after three receives",
        "failure-recovery",
        metric="AWS/SQS/ApproximateNumberOfMessagesVisible",
    ),
    Wanted(
        "EtlFailureQueueStuck",
        "The oldest message about a failed load has waited in the queue for more than 15 minutes; nobody takes it out",
        "failure-recovery",
        metric="AWS/SQS/ApproximateAgeOfOldestMessage",
    ),
    Wanted(
        "QuarantineRateHigh",
        "Five percent or more of the rows that came in were set aside as invalid by validation",
        "quarantine-review",
        metric="DataLake/ETL/QuarantinedRows",
    ),
    Wanted(
        "CondemnedRowsHigh",
        "A run put at least 100 rows among the condemned: rejected for good, as duplicates or after three attempts",
        "quarantine-review",
        metric="DataLake/ETL/CondemnedRows",
    ),
    Wanted(
        "PromotionBlocked",
        "The gate did not let a run's data through to readers: too many rows in quarantine",
        "quarantine-review",
    ),
    Wanted(
        "PromotionAwaitingApproval",
        "A finished run has been waiting for more than four hours for somebody to say that it may be promoted",
        "quarantine-review",
    ),
    Wanted(
        "CircuitBreakerOpen",
        "Loading halted itself for the transactions pipeline because too many equal errors came at once",
        "circuit-breaker",
    ),
    Wanted(
        "SameErrorRateHigh",
        "The same error type was counted more than 100 times within one hour",
        "circuit-breaker",
        "quarantine-review",
        metric="DataLake/ETL/SameErrorCount",
    ),
    Wanted(
        "SchemaErrorSpike",
        "Lines with SCHEMA_ERROR or TYPE_ERROR appear in the log; there were none before. A source's columns changed",
        "schema-evolution",
    ),
    Wanted(
        "AthenaQueryFailed",
        "Five or more Athena queries ended in state FAILED within 15 minutes",
        "schema-evolution",
        "common-failures",
        metric="AWS/Athena/TotalExecutionTime",
    ),
    Wanted(
        "SuccessMarkerMissing",
        "An execution succeeded, and yet there is no _SUCCESS object under its run_id",
        "common-failures",
    ),
    Wanted(
        "LatestPointerMissing",
        "The canary's HeadObject on _LATEST.json answers 404: readers have no pointer to the current run",
        "common-failures",
    ),
    Wanted(
        "LatestPointerStale",
        "The month's newest promoted data is older than 26 hours: _LATEST.json was not replaced since",
        "backfill",
        "failure-recovery",
        metric="DataLake/ETL/LatestPointerAgeSeconds",
    ),
    Wanted(
        "CatalogTableMissing",
        "EntityNotFoundException / TABLE_NOT_FOUND: the Glue catalogue does not know the table any more",
        "common-failures",
    ),
    Wanted(
        "QuarantineWriteDenied",
        "AccessDenied when the job writes rejected rows to the quarantine bucket",
        "common-failures",
    ),
    Wanted(
        "AthenaProcessedBytesHigh",
        "A single query scanned more than 50 GB in the analysts' workgroup",
        "query-performance",
        metric="AWS/Athena/ProcessedBytes",
    ),
    Wanted(
        "AthenaTotalTimeHigh",
        "Queries take longer than 30 seconds at the 95th percentile; the month-end report is slow",
        "query-performance",
        metric="AWS/Athena/TotalExecutionTime",
    ),
    Wanted(
        "AthenaQueueTimeHigh",
        "Queries wait more than 10 seconds in the queue before they start",
        "query-performance",
        metric="AWS/Athena/QueryQueueTime",
    ),
    Wanted(
        "SmokeTestFailed",
        "The test after the deploy of the new ETL version did not pass",
        "deployment-failures",
        "rollback",
    ),
    Wanted(
        "DeployPipelineFailed",
        "A CodeBuild build of the deploy project ended FAILED; the new version is not out",
        "deployment-failures",
        metric="AWS/CodeBuild/FailedBuilds",
    ),
    Wanted(
        "IamAccessDeniedSpike",
        "CloudTrail counted more than five AccessDenied errors of the deploy role within five minutes",
        "deployment-failures",
    ),
    Wanted(
        "ScheduleDidNotFire",
        "The daily rule was not invoked for 26 hours; it may have been paused and never resumed",
        "common-failures",
        metric="AWS/Events/Invocations",
    ),
    Wanted(
        "GoldRowCountDrift",
        "The number of rows in gold differs by over 20 percent from last month; history may have to be loaded anew",
        "backfill",
    ),
    Wanted(
        "PromotedBadRun",
        "The data check on current/ failed after promotion: readers get wrong rows from the run that was just promoted",
        "rollback",
    ),
    Wanted(
        "TerraformLockStale",
        "The lock of the Terraform state has been held for more than 30 minutes",
        "deployment-failures",
    ),
)
