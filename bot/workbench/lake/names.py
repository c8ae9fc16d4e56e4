"""What everything in the local lake is called; the only place where a name of the lake is written down.

Names and layouts follow the platform's own (silver by year, month and schema version; the run id is the
execution name). Nothing here talks to the lake.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PROBE_PREFIX = "cb-probe-"
SMOKE_PREFIX = "smoke-"


@dataclass(frozen=True, kw_only=True)
class LakeNames:
    """Name every resource of the lake, and derive keys and ARNs from the names."""

    account: str = "123456789012"
    region: Literal["eu-west-1"] = "eu-west-1"
    region_title: str = "EU (Ireland)"
    pipeline: str = "transactions"

    bronze_bucket: str = "lake-bronze"
    silver_bucket: str = "lake-silver"
    gold_bucket: str = "lake-gold"
    quarantine_bucket: str = "lake-quarantine"
    artifacts_bucket: str = "lake-artifacts"
    results_bucket: str = "lake-athena-results"
    state_bucket: str = "lake-tfstate"
    state_key: str = "lake/terraform.tfstate"

    state_machine: str = "etl_orchestration"
    schedule_rule: str = "daily_etl_schedule"
    schedule_expression: str = "cron(0 2 * * ? *)"
    namespace: str = "DataLake/ETL"

    endpoint: str = "readers"

    failures_topic: str = "etl-failures"
    quarantine_topic: str = "quarantine-alerts"
    page_topic: str = "lake-page"
    failures_queue: str = "etl-failures-bot"
    failures_dead_letters: str = "etl-failures-bot-dlq"
    failures_max_receives: int = 3
    worker_queue: str = "etl-worker"

    database: str = "lake"
    table: str = "silver_transactions"
    quarantine_table: str = "quarantine_transactions"
    workgroup: str = "lake"
    jobs: tuple[str, ...] = ("transaction_etl", "transaction_etl_spark", "cleanup_condemned")
    promote_function: str = "promote_silver"
    summary_function: str = "read_run_summary"
    live_alias: str = "live"

    locks_table: str = "terraform-locks"
    deploy_project: str = "lake-deploy"

    breaker_alarm: str = "CircuitBreakerOpen"
    error_alarm: str = "SameErrorRateHigh"

    @property
    def buckets(self) -> tuple[str, ...]:
        """Return every bucket of the lake."""
        return (
            self.bronze_bucket,
            self.silver_bucket,
            self.gold_bucket,
            self.quarantine_bucket,
            self.artifacts_bucket,
            self.results_bucket,
            self.state_bucket,
        )

    @property
    def log_group(self) -> str:
        """Return the log group of the pipeline."""
        return f"/lake/etl/{self.pipeline}"

    @property
    def deploy_log_group(self) -> str:
        """Return the log group of the deployment's builds."""
        return f"/aws/codebuild/{self.deploy_project}"

    @property
    def lock_id(self) -> str:
        """Return the id of the state's lock, as Terraform writes it."""
        return f"{self.state_bucket}/{self.state_key}"

    @property
    def breaker_key(self) -> str:
        """Return the key of the breaker file in the artifacts bucket."""
        return f"control/circuit_breaker/{self.pipeline}.json"

    @property
    def alarms(self) -> tuple[str, ...]:
        """Return every alarm of the pipeline."""
        return (self.breaker_alarm, self.error_alarm)

    @property
    def state_machine_arn(self) -> str:
        """Return the ARN of the nightly load."""
        return self._arn("states", f"stateMachine:{self.state_machine}")

    def topic_arn(self, topic: str) -> str:
        """Return the ARN of a topic of this account."""
        return self._arn("sns", topic)

    def queue_arn(self, queue: str) -> str:
        """Return the ARN of a queue of this account."""
        return self._arn("sqs", queue)

    def raw_prefix(self, day: date) -> str:
        """Return where the source files of one day land in bronze."""
        return f"bronze/mortgages/{self.pipeline}/ingest_date={day:%Y-%m-%d}/"

    def raw_key(self, day: date, file_id: str) -> str:
        """Return the key of one source file in bronze."""
        return f"{self.raw_prefix(day)}{file_id}.csv.gz"

    def raw_month(self, month: str) -> str:
        """Return what the keys of all source files of a month ("2026-09") begin with."""
        return f"bronze/mortgages/{self.pipeline}/ingest_date={month}-"

    def partition(self, day: date, *, schema_version: str = "v1") -> str:
        """Return the silver partition a day belongs to."""
        return f"{self.table_prefix}year={day:%Y}/month={day:%m}/schema_v={schema_version}/"

    @property
    def table_prefix(self) -> str:
        """Return where the silver table lies."""
        return f"silver/mortgages/{self.pipeline}/"

    def run_prefix(self, day: date, run_id: str, *, schema_version: str = "v1") -> str:
        """Return where one run writes, and nothing else does."""
        return f"{self.partition(day, schema_version=schema_version)}run_id={run_id}/"

    def latest_key(self, day: date, *, schema_version: str = "v1") -> str:
        """Return the key of the pointer readers follow."""
        return f"{self.partition(day, schema_version=schema_version)}_LATEST.json"

    def quarantine_prefix(self, day: date, run_id: str) -> str:
        """Return where the rows one run set aside are."""
        return f"quarantine/mortgages/{self.pipeline}/ingest_date={day:%Y-%m-%d}/run_id={run_id}/"

    def quarantine_key(self, day: date, run_id: str, error_type: str) -> str:
        """Return the key of the rows one run set aside for one reason."""
        return f"{self.quarantine_prefix(day, run_id)}error_type={error_type}/part-0000.jsonl.gz"

    def run_id(self, at: datetime) -> str:
        """Return the run id (= execution name) of a load that starts at this time, in UTC."""
        return f"{at:%Y%m%dT%H%M%SZ}"

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def file_id(key: str) -> str:
    """Return the source file's id: the last part of its key without the endings."""
    return key.rsplit("/", 1)[-1].removesuffix(".gz").removesuffix(".csv")


def condemned_key(key: str) -> str:
    """Return where a quarantined object is copied when it is given up."""
    return f"condemned/{key.removeprefix('quarantine/')}"


def source_run(quarantine_key: str) -> str:
    """Return the run that set these rows aside, from their key."""
    return quarantine_key.rsplit("run_id=", 1)[-1].split("/", 1)[0]
