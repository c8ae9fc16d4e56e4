import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import EdgeError
from bot.workbench.lake import breaker, readings, sources
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.seed import seed
from bot.workbench.lake.validation import find_fault
from bot.workbench.scenarios.circuit_breaker import repaired
from tests.workbench.lake.driving import alarm_state, keys, lines, read_json


@pytest.fixture
def fresh(lake: Lake) -> Lake:
    """Reset like the others; named for what these tests look at."""
    return lake


def test_another_account_is_neither_seeded_nor_touched(fresh: Lake) -> None:
    buckets = [found["Name"] for found in fresh.clients.s3.list_buckets()["Buckets"]]
    elsewhere = LakeNames(account="999999999999", bronze_bucket="somebodys-bucket")

    with pytest.raises(EdgeError, match="answered as account 123456789012, not as the workbench's 9999"):
        seed(fresh.clients, elsewhere, now=fresh.clock.now())

    assert [found["Name"] for found in fresh.clients.s3.list_buckets()["Buckets"]] == buckets


def test_every_bucket_keeps_versions(fresh: Lake) -> None:
    states = {bucket: fresh.clients.s3.get_bucket_versioning(Bucket=bucket)["Status"] for bucket in fresh.names.buckets}

    assert states == dict.fromkeys(
        [
            "lake-bronze",
            "lake-silver",
            "lake-gold",
            "lake-quarantine",
            "lake-artifacts",
            "lake-athena-results",
            "lake-tfstate",
        ],
        "Enabled",
    )


def test_the_last_good_night_is_there_from_source_to_pointer(fresh: Lake) -> None:
    names, clients = fresh.names, fresh.clients
    yesterday = fresh.clock.now().date() - timedelta(days=1)

    raw = keys(fresh, names.bronze_bucket, names.raw_prefix(yesterday))
    latest = read_json(fresh, names.silver_bucket, fresh.seeded.latest_key)
    success = read_json(fresh, names.silver_bucket, f"{latest['output_prefix']}_SUCCESS")

    assert len(raw) == 14
    rows = [
        row
        for key in raw
        for row in sources.from_csv(clients.s3.get_object(Bucket=names.bronze_bucket, Key=key)["Body"].read())
    ]
    assert {find_fault(row) for row in rows} == {None}
    assert success["metrics"]["input_rows"] == len(rows)
    assert latest["run_id"] == success["run_id"] == fresh.seeded.run_id == f"{yesterday:%Y%m%d}T020000Z"
    assert keys(fresh, names.silver_bucket, latest["current_prefix"])


def test_nothing_is_broken(fresh: Lake) -> None:
    assert breaker.read(fresh.clients.s3, fresh.names).state == "CLOSED"
    assert [alarm_state(fresh, name) for name in fresh.names.alarms] == ["OK", "OK"]
    assert {check.name for check in repaired(fresh) if not check.ok} == {"newest probe SUCCEEDED"}


def test_the_schedule_starts_the_state_machine_every_night(fresh: Lake) -> None:
    events = fresh.clients.events
    rule = events.describe_rule(Name="daily_etl_schedule")
    target = events.list_targets_by_rule(Rule="daily_etl_schedule")["Targets"][0]

    assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", "cron(0 2 * * ? *)")
    assert target["Arn"] == fresh.names.state_machine_arn
    machine = fresh.clients.sfn.describe_state_machine(stateMachineArn=target["Arn"])
    assert machine["name"] == "etl_orchestration"
    assert json.loads(machine["definition"])["StartAt"] == "CheckBreaker"


def test_failures_fan_out_to_the_bots_queue_wrapped_by_sns(fresh: Lake) -> None:
    found = fresh.clients.sns.list_subscriptions()["Subscriptions"]
    attributes = fresh.clients.sns.get_subscription_attributes(SubscriptionArn=found[0]["SubscriptionArn"])

    assert [(entry["TopicArn"], entry["Protocol"], entry["Endpoint"]) for entry in found] == [
        (
            "arn:aws:sns:eu-west-1:123456789012:etl-failures",
            "sqs",
            "arn:aws:sqs:eu-west-1:123456789012:etl-failures-bot",
        )
    ]
    assert attributes["Attributes"]["RawMessageDelivery"] == "false"


def test_earlier_nights_left_their_lines(fresh: Lake) -> None:
    streams = fresh.clients.logs.describe_log_streams(logGroupName="/lake/etl/transactions")["logStreams"]

    names = sorted(stream["logStreamName"] for stream in streams)
    assert len(names) == 5
    assert names[-1] == fresh.seeded.run_id
    told = lines(fresh, names[-2])
    assert told[0]["message"] == "run started"
    assert told[-1]["message"] == "promoted to current/"
    assert {"timestamp", "level", "message", "module", "function", "run_id"} <= set(told[0])


def test_the_closed_months_are_whole_and_the_catalogue_knows_them(fresh: Lake) -> None:
    glue = fresh.clients.glue
    known = glue.get_partitions(DatabaseName="lake", TableName="silver_transactions")["Partitions"]

    assert len(fresh.seeded.months) == 2
    assert len(known) == 3
    for month in fresh.seeded.months:
        latest = read_json(fresh, "lake-silver", f"{month.partition}_LATEST.json")
        success = read_json(fresh, "lake-silver", f"{month.partition}run_id={month.run_id}/_SUCCESS")
        assert (latest["run_id"], success["promotion_allowed"]) == (month.run_id, True)
        assert readings.current_is_the_pointers(fresh.clients.s3, fresh.names, month.partition)
        assert [f"{month.day:%Y}", f"{month.day:%m}", "v1"] in [one["Values"] for one in known]


def test_jobs_lock_table_and_deployment_are_there(fresh: Lake) -> None:
    clients = fresh.clients

    assert set(clients.glue.list_jobs()["JobNames"]) == set(fresh.names.jobs)
    assert clients.dynamodb.list_tables()["TableNames"] == ["terraform-locks"]
    assert clients.codebuild.list_projects()["projects"] == ["lake-deploy"]


def test_the_catalogue_knows_the_table(fresh: Lake) -> None:
    table = fresh.clients.glue.get_table(DatabaseName="lake", Name="silver_transactions")["Table"]

    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == list(sources.COLUMNS)
    assert fresh.clients.athena.get_work_group(WorkGroup="lake")["WorkGroup"]["Name"] == "lake"


def test_a_lake_seeded_on_the_first_of_a_month_still_finds_its_pointer() -> None:
    names, first = LakeNames(), datetime(2026, 12, 1, 12, tzinfo=UTC)

    assert names.latest_key(first.date() - timedelta(days=1)) != names.latest_key(first.date())
