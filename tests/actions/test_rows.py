import string

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.aws.model import param_problems, row_problems
from bot.domain.action import Document, Guard, Many, OneOf, Replay, bind
from bot.domain.denies import reads
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.aws.seeded import (
    ACCOUNT,
    ASIDE,
    BREAKER,
    ETAG,
    FOREIGN,
    GOOD,
    PARTITION,
    PLATFORM,
    POINTER,
    PROBE_INPUT,
    STORED,
    forged,
    good,
    sendable,
    text,
)

ROWS = sorted(CATALOGUE.rows)
# What makes a write that is sent twice do its work once: a precondition, or the one version it is pinned to.
CONDITIONS = {"IfMatch", "IfNoneMatch", "CopySourceIfMatch", "VersionId", "RevisionId", "ConditionExpression"}
# Operations whose answer says, per element, that it was so already.
SAYS_WHAT_WAS_THERE = {"batch_create_partition", "batch_delete_partition"}
# Reads by what they may be given, though not by the name of the operation.
NAMED_READS = {"athena.select", "athena.explain", "lambda.gate", "logs.insights"}
PROBE = PROBE_INPUT


def test_every_row_has_a_good_example() -> None:
    assert set(GOOD) == set(CATALOGUE.rows)


def test_every_row_names_operations_parameters_and_answers_that_aws_has() -> None:
    assert row_problems(CATALOGUE.rows.values()) == []


@pytest.mark.parametrize("row", ROWS)
def test_a_good_call_is_admitted_fits_the_model_and_binds_to_itself(row: str) -> None:
    call = good(row)

    assert param_problems(CATALOGUE.row(row), call.params) is None
    assert bind(CATALOGUE.row(row), call.params, PLATFORM) == call
    assert call.resource


@pytest.mark.parametrize("row", ROWS)
def test_every_row_that_changes_something_says_so_and_how_often_it_may_be_sent(row: str) -> None:
    found = CATALOGUE.row(row)
    looks = reads(found) or row in NAMED_READS

    assert (found.risk is Risk.READ) == looks
    assert found.iam or not found.of_aws
    if found.replay is Replay.TOKEN:
        assert found.token in found.required
    if not looks and found.replay is Replay.SAFE:
        assert CONDITIONS & set(found.required) or found.operation in SAYS_WHAT_WAS_THERE


@pytest.mark.parametrize("row", ROWS)
def test_the_resource_of_a_row_is_made_of_required_parameters(row: str) -> None:
    found = CATALOGUE.row(row)
    fields = {name for _, name, _, _ in string.Formatter().parse(found.resource) if name}

    assert fields <= set(found.required)


@pytest.mark.parametrize("row", [row for row in ROWS if CATALOGUE.row(row).service == "s3"])
def test_no_call_to_s3_goes_without_the_expected_owner(row: str) -> None:
    assert good(row).params["ExpectedBucketOwner"] == ACCOUNT
    with pytest.raises(InvalidError, match="ExpectedBucketOwner"):
        bind(CATALOGUE.row(row), {**GOOD[row], "ExpectedBucketOwner": "999999999999"}, PLATFORM)


@pytest.mark.parametrize("what", sorted(FOREIGN))
@pytest.mark.parametrize("row", ROWS)
def test_no_row_admits_a_foreign_value_in_any_parameter(row: str, what: str) -> None:
    for name in CATALOGUE.row(row).allows:
        if sendable(name, FOREIGN[what]):
            continue
        with pytest.raises(InvalidError):
            bind(CATALOGUE.row(row), forged(row, **{name: FOREIGN[what]}).params, PLATFORM)


@pytest.mark.parametrize("row", ROWS)
def test_no_row_carries_a_parameter_it_does_not_list(row: str) -> None:
    with pytest.raises(InvalidError, match="may not carry"):
        bind(CATALOGUE.row(row), {**GOOD[row], "ACL": "public-read"}, PLATFORM)


def body(**other: JsonValue) -> JsonObject:
    return {"Body": text({**BREAKER, **other})}


def start(**other: JsonValue) -> JsonObject:
    return {"input": text({**PROBE, **other})}


def placed(location: str) -> JsonObject:
    return {"PartitionInputList": [{"Values": ["2026"], "StorageDescriptor": {**STORED, "Location": location}}]}


GOOD_JOB: JsonObject = {
    "Role": "arn:aws:iam::123456789012:role/lake-etl",
    "Command": {"Name": "glueetl", "ScriptLocation": "s3://lake-artifacts/etl/x.py"},
}


def job_of(**command: JsonValue) -> JsonObject:
    return {"JobUpdate": {**GOOD_JOB, "Command": {"Name": "glueetl", **command}}}


HOSTILE: list[tuple[str, JsonObject]] = [
    ("s3.put_breaker", {"Key": "etl/transaction_etl.py"}),
    ("s3.put_breaker", {"Key": "control/circuit_breaker/payroll.json"}),
    ("s3.put_breaker", {"Key": "control/circuit_breaker/transactions.json/"}),
    ("s3.put_breaker", {"Key": "xcontrol/circuit_breaker/transactions.json"}),
    ("s3.put_breaker", {"Key": "control/circuit_breaker/transactionsXjson"}),
    ("s3.put_breaker", {"Bucket": "lake-silver"}),
    ("s3.put_breaker", {"IfMatch": "*"}),
    ("s3.put_breaker", {"ContentType": "text/html"}),
    ("s3.put_breaker", {"Body": "#!/bin/sh"}),
    ("s3.put_breaker", {"Body": text({**BREAKER})[:-1] + ', "state": "CLOSED"}'}),
    ("s3.put_breaker", body(state="BROKEN")),
    ("s3.put_breaker", body(threshold=0)),
    ("s3.put_breaker", body(count=True)),
    ("s3.put_breaker", body(changed_by="somebody")),
    ("s3.put_breaker", body(reason="x" * 501)),
    ("s3.put_breaker", body(command="rm -rf /")),
    ("s3.put_breaker", body(pipeline="payroll")),
    ("s3.get_breaker", {"Key": "control/circuit_breaker/../secrets.json"}),
    ("s3.get_breaker", {"Bucket": "lake-bronze"}),
    ("s3.get_pointer", {"Key": "terraform/prod.tfstate"}),
    ("s3.list", {"Prefix": ""}),
    ("s3.list", {"Prefix": "terraform/"}),
    ("s3.list", {"Bucket": "lake-terraform-state"}),
    ("states.start_isolated", start(promote=True)),
    ("states.start_isolated", start(promote="false")),
    ("states.start_isolated", start(promote=0)),
    ("states.start_isolated", start(promote=None)),
    ("states.start_isolated", {"input": text({"raw_bucket": "lake-bronze", "raw_key": PROBE["raw_key"]})}),
    ("states.start_isolated", {"input": '{"promote": true, "promote": false}'}),
    ("states.start_isolated", start(raw_bucket="lake-quarantine")),
    ("states.start_isolated", start(raw_key="bronze/../etl/job.py")),
    ("states.start_isolated", start(raw_key="bronze/ingest_date=2026-01-21/../../x.csv")),
    ("states.start_isolated", start(extra="x")),
    ("states.start_isolated", {"name": "cb-probe"}),
    ("states.start", start(promote=True)),
    ("states.start", {"name": ""}),
    ("events.disable_rule", {"Name": "payroll_schedule"}),
    ("events.disable_rule", {"Name": "daily_etl_schedule*"}),
    ("logs.filter", {"filterPattern": '{ $.level = "ERROR" }'}),
    ("logs.filter", {"filterPattern": '"a" "b"'}),
    ("logs.filter", {"logGroupName": "/aws/lambda/secrets"}),
    ("logs.filter", {"limit": 10_001}),
    ("cloudwatch.alarm", {"AlarmNames": ["a", "b"]}),
    ("cloudwatch.alarm_history", {"AlarmName": "a*"}),
    ("cloudwatch.alarm_history", {"HistoryItemType": "ConfigurationUpdate"}),
    ("cloudwatch.alarm_history", {"MaxRecords": 101}),
    ("cloudwatch.alarm", {"AlarmNames": ["a" * 256]}),
    ("cloudwatch.metric", {"MetricDataQueries": [{"Id": "m", "Expression": "SEARCH('x', 'Sum')"}]}),
    ("states.stop", {"cause": "x" * 257}),
    ("states.executions", {"statusFilter": "ANY"}),
    ("states.smoke", {"input": text({"smoke": True, "promote": True})}),
    ("states.smoke", {"input": text({"smoke": True})}),
    ("states.start_day", {"input": text({"promote": False})}),
    ("states.start_day", {"input": text({"ingest_date": "2026-01-21", "promote": True})}),
    ("states.compact", {"input": text({"source": "current", "month": "2026-01", "promote": True})}),
    ("states.compact", {"input": text({"source": "current", "month": "2026-01-21", "promote": False})}),
    ("states.start_month", {"input": text({"promote": False})}),
    ("states.start_month", {"input": text({"month": "2026-13", "promote": False})}),
    ("states.start_month", {"input": text({"month": "2026-01", "promote": True})}),
    ("states.start_month", {"input": text({"month": "2026-01", "raw_key": "x", "promote": False})}),
    ("states.retry_quarantine", {"input": text({"source": "bronze", "run_id": "r", "reasons": [], "promote": False})}),
    ("states.redrive", {"clientToken": "short"}),
    ("states.history", {"includeExecutionData": True}),
    ("s3.put_pointer", {"Key": "silver/x/_SUCCESS"}),
    ("s3.put_pointer", {"Key": "control/circuit_breaker/transactions.json"}),
    ("s3.put_pointer", {"Body": text({"run_id": "r"})}),
    ("s3.put_pointer", {"Body": text({**POINTER, "output_prefix": "gold/"})}),
    ("s3.put_pointer", {"Body": text({**POINTER, "extra": "x"})}),
    ("s3.put_pointer", {"IfNoneMatch": "*"}),
    ("s3.create_pointer", {"IfNoneMatch": '"x"'}),
    ("s3.copy_current", {"Key": f"{PARTITION}run_id=r/part-0000.parquet"}),
    ("s3.copy_current", {"Key": f"{PARTITION}current/../_LATEST.json"}),
    ("s3.copy_current", {"Key": f"{PARTITION}current/sub/part-0000.parquet"}),
    ("s3.copy_current", {"CopySource": {"Bucket": "lake-quarantine", "Key": ASIDE}}),
    ("s3.copy_current", {"CopySource": "lake-silver/silver/x"}),
    ("s3.copy_current", {"CopySource": {"Bucket": "arn:aws:s3:eu-west-1:999999999999:accesspoint/x", "Key": "k"}}),
    ("s3.copy_current", {"TaggingDirective": "REPLACE"}),
    ("s3.copy_condemned", {"Key": "silver/x/part-0000"}),
    ("s3.copy_condemned", {"IfNoneMatch": ETAG}),
    ("s3.tag_condemned", {"Key": f"{PARTITION}current/part-0000.parquet"}),
    ("s3.tag_condemned", {"Bucket": "lake-silver"}),
    ("s3.remove_marker", {"Key": f"{PARTITION}run_id=r/_SUCCESS"}),
    ("s3.remove_marker", {"Bucket": "lake-quarantine"}),
    ("s3.hide_left_over", {"Key": f"{PARTITION}run_id=r/part-0000.parquet"}),
    ("s3.hide_left_over", {"Key": f"{PARTITION}_LATEST.json"}),
    ("s3.hide_left_over", {"Bucket": "lake-quarantine"}),
    ("s3.hide_left_over", {"IfMatch": "*"}),
    ("s3.rollback_tfstate", {"Key": "lake/other.tfstate"}),
    ("s3.rollback_tfstate", {"Bucket": "lake-silver"}),
    ("s3.rollback_tfstate", {"CopySource": {"Bucket": "lake-tfstate", "Key": "lake/prod.tfstate"}}),
    ("glue.update_table", {"SkipArchive": True}),
    ("glue.update_table", {"TableInput": {"Name": "payroll", "StorageDescriptor": STORED, "PartitionKeys": []}}),
    ("glue.update_table", {"Force": True}),
    ("glue.create_partitions", placed("s3://lake-gold/silver/x/")),
    ("glue.create_partitions", placed("s3://lake-silver/etl/")),
    ("glue.create_partitions", placed("https://evil.example/silver/")),
    ("glue.partitions", {"Expression": "year='2026' OR 1=1"}),
    ("glue.partitions", {"Expression": "year='2026' AND month='' OR ''=''"}),
    ("glue.delete_partitions", {"PartitionsToDelete": [{"Values": [str(n)]} for n in range(26)]}),
    ("glue.update_job", job_of(ScriptLocation="s3://lake-silver/etl/x.py")),
    ("glue.update_job", job_of(ScriptLocation="s3://lake-artifacts/control/x.py")),
    ("glue.update_job", job_of(ScriptLocation="s3://lake-artifacts/etl/../x.py")),
    ("glue.update_job", {"JobUpdate": {**GOOD_JOB, "Role": "arn:aws:iam::123456789012:role/admin"}}),
    ("glue.update_job", {"JobUpdate": {**GOOD_JOB, "DefaultArguments": {"--db-password": "x"}}}),
    ("glue.update_job", {"JobUpdate": {**GOOD_JOB, "SourceControlDetails": {"Provider": "GITHUB"}}}),
    ("glue.start_job", {"Arguments": {"--extra-py-files": "s3://evil/x.zip"}}),
    ("athena.select", {"QueryString": "SELECT * FROM silver_transactions"}),
    ("athena.select", {"QueryString": "select count(*) from silver_transactions"}),
    ("athena.select", {"QueryString": "SELECT COUNT(*) FROM payroll"}),
    ("athena.select", {"QueryString": "DROP TABLE silver_transactions"}),
    ("athena.select", {"ExecutionParameters": ["1 OR 1=1"]}),
    ("athena.select", {"ExecutionParameters": ["'x' OR '1'='1'"]}),
    ("athena.select", {"ResultConfiguration": {"OutputLocation": "s3://evil/"}}),
    ("athena.select", {"QueryExecutionContext": {"Database": "lake", "Catalog": "lambda"}}),
    ("athena.explain", {"QueryString": "EXPLAIN ANALYZE SELECT COUNT(*) FROM silver_transactions"}),
    ("athena.add_partition", {"QueryString": "ALTER TABLE lake.silver_transactions DROP PARTITION (year = '2026')"}),
    ("athena.update_workgroup", {"ConfigurationUpdates": {"BytesScannedCutoffPerQuery": 1}}),
    ("athena.update_workgroup", {"ConfigurationUpdates": {"EnforceWorkGroupConfiguration": False}}),
    ("lambda.update_alias", {"Name": "canary"}),
    ("lambda.update_alias", {"FunctionVersion": "$LATEST"}),
    ("lambda.update_alias", {"RoutingConfig": {"AdditionalVersionWeights": {"9": 1.0}}}),
    ("lambda.gate", {"FunctionName": "promote_silver"}),
    ("lambda.gate", {"Payload": text({"run_key": "r"})}),
    ("lambda.gate", {"InvocationType": "Event"}),
    ("codebuild.start", {"sourceVersion": "main"}),
    ("codebuild.start", {"buildspecOverride": "x"}),
    ("codebuild.start", {"environmentVariablesOverride": []}),
    ("codebuild.builds", {"ids": ["payroll:0f8fad5b-d9cb-469f-a165-70867728950e"]}),
    ("dynamodb.release", {"ConditionExpression": "attribute_exists(LockID)"}),
    ("dynamodb.release", {"Key": {"LockID": {"S": "other"}}}),
    ("dynamodb.release", {"ExpressionAttributeValues": {}}),
    ("dynamodb.lock", {"TableName": "users"}),
    ("dynamodb.lock", {"ConsistentRead": False}),
    ("sqs.attributes", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/999999999999/etl-failures-bot-dlq"}),
    ("sqs.attributes", {"QueueUrl": "https://evil.example/123456789012/etl-failures-bot-dlq"}),
    ("sqs.attributes", {"AttributeNames": ["All"]}),
    ("sqs.replay", {"SourceArn": "etl-failures-bot"}),
    ("sqs.replay", {"DestinationArn": "arn:aws:sqs:eu-west-1:123456789012:other"}),
    ("sns.publish", {"TopicArn": "payroll-topic"}),
    ("sns.publish", {"PhoneNumber": "+447700900123"}),
    ("sns.publish", {"Message": "x" * 2001}),
    ("cloudtrail.events", {"LookupAttributes": []} | {"MaxResults": 51}),
    ("iam.simulate", {"PolicySourceArn": "arn:aws:iam::123456789012:user/root"}),
    ("iam.simulate", {"ActionNames": ["*"]}),
    ("iam.simulate", {"PolicyInputList": ["{}"]}),
    ("logs.insights", {"queryString": "fields @message"}),
    ("logs.build", {"logStreamName": "../x"}),
]


@pytest.mark.parametrize(("row", "other"), HOSTILE, ids=[f"{n}-{row}" for n, (row, _) in enumerate(HOSTILE)])
def test_a_hostile_call_is_not_admitted(row: str, other: JsonObject) -> None:
    with pytest.raises(InvalidError):
        bind(CATALOGUE.row(row), {**GOOD[row], **other}, PLATFORM)


def test_a_missing_required_parameter_is_named() -> None:
    with pytest.raises(InvalidError, match="IfMatch"):
        bind(
            CATALOGUE.row("s3.put_breaker"),
            {name: value for name, value in GOOD["s3.put_breaker"].items() if name != "IfMatch"},
            PLATFORM,
        )


def test_a_machine_may_be_named_and_is_written_out_in_full() -> None:
    call = good("states.machine", stateMachineArn="etl_orchestration")

    assert call == good("states.machine")


def test_every_action_names_only_rows_there_are_and_is_either_reading_or_changing() -> None:
    for action in CATALOGUE.actions.values():
        assert set(action.rows) <= set(CATALOGUE.rows)
        assert (action.read is None) == (action.propose is not None) == (action.observe is not None)
        highest = max((CATALOGUE.row(row).risk for row in action.rows), key=lambda risk: risk.rank)
        assert action.risk is highest


def test_what_aws_holds_a_call_back_for_is_stated_for_every_row_that_changes_something() -> None:
    changing = [row for row in CATALOGUE.rows.values() if row.risk is not Risk.READ]
    guards = {row.id: row.guard(good(row.id)) for row in changing}

    assert {name for name, guard in guards.items() if guard is Guard.SOURCE} == {"s3.copy_current"}
    assert {name for name, guard in guards.items() if guard is Guard.NONE} == {
        "athena.add_partition",
        "athena.stop",
        "athena.update_workgroup",
        "codebuild.start",
        "events.disable_rule",
        "events.enable_rule",
        "glue.create_partitions",
        "glue.delete_partitions",
        "glue.start_job",
        "glue.stop_job_run",
        "glue.update_job",
        "s3.tag_condemned",
        "sns.publish",
        "sqs.replay",
        "states.redrive",
        "states.stop",
    }


def test_a_call_that_leaves_its_precondition_out_has_none() -> None:
    row, call = CATALOGUE.row("glue.update_table"), good("glue.update_table")
    bare = {name: value for name, value in call.params.items() if name != "VersionId"}

    assert row.guard(call) is Guard.WHOLE
    assert row.guard(call.model_copy(update={"params": bare})) is Guard.NONE


def test_the_version_whose_tags_are_written_is_no_precondition_on_the_tags() -> None:
    call = good("s3.tag_condemned")
    listed = call.model_copy(update={"many": Many(count=2, digest="0" * 64, first=(call.params,)), "params": {}})

    assert [CATALOGUE.row("s3.tag_condemned").guard(one) for one in (call, listed)] == [Guard.NONE, Guard.NONE]


def test_an_isolated_row_starts_what_can_promote_nothing() -> None:
    isolated = {row.id for row in CATALOGUE.rows.values() if row.isolated}

    assert isolated == {
        "states.compact",
        "states.smoke",
        "states.start_day",
        "states.start_isolated",
        "states.start_month",
    }
    for name in isolated:
        document = CATALOGUE.row(name).allows["input"]
        assert isinstance(document, Document)
        assert document.fields["promote"] == OneOf(values=(False,))
        assert "promote" in document.required
