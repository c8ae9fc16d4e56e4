"""The small lake, made on moto in this process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

from bot.actions.catalogue import CATALOGUE
from bot.aws.cloud import AwsCloud
from bot.aws.models import core_session
from tests.aws.seeded import ACCOUNT, BREAKER, CREDENTIALS, KEY, PLATFORM, REGION, SOURCE, text

PATIENT_S = 30.0  # a busy machine is no frozen process
DEFINITION = text({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}})


@cache
def _session() -> boto3.session.Session:
    return boto3.session.Session(
        aws_access_key_id=CREDENTIALS.access_key_id,
        aws_secret_access_key=CREDENTIALS.secret_access_key,
        region_name=REGION,
        botocore_session=core_session(),
    )


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
    make: Any = _session().client
    return make(service)


class Lake:
    """Reach the lake as a test would: with plain clients, beside the gate."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
        return _client(service)

    def seed(self) -> None:
        """Make buckets, the breaker file, a source file, rule and machine."""
        s3 = self.client("s3")
        for bucket in ("lake-bronze", "lake-silver", "lake-quarantine", "lake-artifacts"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.put_breaker(text(BREAKER))
        s3.put_object(Bucket="lake-bronze", Key=SOURCE, Body=b"rows")
        self.client("events").put_rule(Name="daily_etl_schedule", ScheduleExpression="cron(0 2 * * ? *)")
        self.client("stepfunctions").create_state_machine(
            name="etl_orchestration", definition=DEFINITION, roleArn=f"arn:aws:iam::{ACCOUNT}:role/etl"
        )

    def now(self) -> datetime:
        """Return the host's time; moto knows no other."""
        return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), tz=UTC)

    def put_breaker(self, body: str) -> None:
        """Replace the breaker file, as somebody else would."""
        self.client("s3").put_object(Bucket="lake-artifacts", Key=KEY, Body=body.encode())

    def breaker(self) -> str:
        """Return the breaker file's text."""
        answer = self.client("s3").get_object(Bucket="lake-artifacts", Key=KEY)
        return str(answer["Body"].read().decode())

    def write_lines(self, lines: list[str], *, at: datetime) -> None:
        """Write log lines a second apart."""
        logs = self.client("logs")
        logs.create_log_group(logGroupName="/lake/etl/transactions")
        logs.create_log_stream(logGroupName="/lake/etl/transactions", logStreamName="s")
        events = [
            {"timestamp": int((at + timedelta(seconds=n)).timestamp() * 1000), "message": line}
            for n, line in enumerate(lines)
        ]
        answer = logs.put_log_events(logGroupName="/lake/etl/transactions", logStreamName="s", logEvents=events)
        assert "rejectedLogEventsInfo" not in answer


@contextmanager
def lake() -> Iterator[Lake]:
    with mock_aws():
        seeded = Lake()
        seeded.seed()
        yield seeded


def eventually(true: Callable[[], bool]) -> None:
    """Wait until it is true: moto's Step Functions interpreter works in threads of its own."""
    give_up = time.monotonic() + PATIENT_S
    while not true():
        assert time.monotonic() < give_up, "It never came true."
        time.sleep(0.02)


@cache
def gate() -> AwsCloud:
    """Return the one gate of all tests on moto; making its clients is what takes long."""
    return AwsCloud(catalogue=CATALOGUE, platform=PLATFORM, credentials=CREDENTIALS, fence=PATIENT_S)
