import json

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Row
from bot.domain.denies import denied
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from tests.aws.seeded import ACCOUNT, EXECUTION, GOOD, KEY, MACHINE, PLATFORM, REGION, good

ANCHORED = PLATFORM.model_copy(update={"anchors": "s3://lake-artifacts/kept/"})


def row(service: str, operation: str, name: str = "careless") -> Row:
    """Return a row that some careless author might write: it admits nothing here, and denies must not care."""
    return Row(id=name, service=service, operation=operation, title="", allows={}, resource="x", risk=Risk.READ)


PUT = row("s3", "put_object")
GET = row("s3", "get_object")
COPY = row("s3", "copy_object")
DELETE = row("s3", "delete_object")
HIDE = row("s3", "delete_object", "s3.hide_left_over")
LEFT_OVER = "silver/x/year=2026/month=01/schema_v=v1/current/part-0000.parquet"
START = row("stepfunctions", "start_execution")
INVOKE = row("lambda", "invoke")


def key(value: str, **other: JsonValue) -> JsonObject:
    return {"Bucket": "lake-artifacts", "Key": value, **other}


def start(**given: JsonValue) -> JsonObject:
    return {"stateMachineArn": MACHINE, "name": "n-0123456789ab", "input": json.dumps(given)}


HOSTILE: dict[str, tuple[Row, JsonObject]] = {
    "_SUCCESS by hand": (PUT, key("silver/x/run_id=1/_SUCCESS")),
    "_SUCCESS by copy": (
        COPY,
        key("silver/x/_SUCCESS", CopySource={"Bucket": "lake-silver", "Key": "silver/y/_SUCCESS"}),
    ),
    "_SUCCESS deleted": (DELETE, key("silver/x/_SUCCESS", VersionId="v1")),
    "_SUCCESS at the top": (PUT, key("_SUCCESS")),
    "terraform state": (PUT, key("terraform/prod.tfstate")),
    "terraform state read": (GET, key("terraform/prod.tfstate")),
    "terraform state as a source": (COPY, key("x", CopySource={"Bucket": "lake-artifacts", "Key": "prod.tfstate"})),
    "code": (PUT, key("etl/transaction_etl.py")),
    "code deleted": (DELETE, key("etl/transaction_etl.py", VersionId="v1")),
    "anchors": (PUT, key("audit/anchors/000001.json")),
    "anchors where the settings put them": (PUT, key("kept/000001.json")),
    "a way up": (PUT, key("control/../etl/job.py")),
    "a deletion in quarantine": (DELETE, {"Bucket": "lake-quarantine", "Key": "x", "VersionId": "v1"}),
    "a deletion of condemned rows": (DELETE, key("condemned/x", VersionId="v1")),
    "a deletion without a version": (DELETE, key("control/x.json")),
    "a list of deletions, one without a version": (
        row("s3", "delete_objects"),
        {"Bucket": "lake-artifacts", "Delete": {"Objects": [{"Key": "a", "VersionId": "v"}, {"Key": "b"}]}},
    ),
    "a list of deletions in quarantine": (
        row("s3", "delete_objects"),
        {"Bucket": "lake-quarantine", "Delete": {"Objects": [{"Key": "a", "VersionId": "v"}]}},
    ),
    "a list of deletions of nothing": (row("s3", "delete_objects"), {"Bucket": "lake-artifacts"}),
    "a deletion of a bucket": (row("s3", "delete_bucket"), {"Bucket": "lake-artifacts"}),
    "a public object": (PUT, key(KEY, ACL="public-read")),
    "a grant": (PUT, key(KEY, GrantRead="uri=http://acs.amazonaws.com/groups/global/AllUsers")),
    "an ACL": (row("s3", "put_object_acl"), key(KEY)),
    "a bucket policy": (row("s3", "put_bucket_policy"), {"Bucket": "lake-artifacts", "Policy": "{}"}),
    "a bucket's versioning": (row("s3", "put_bucket_versioning"), {"Bucket": "lake-artifacts"}),
    "a bucket's lifecycle": (row("s3", "put_bucket_lifecycle_configuration"), {"Bucket": "lake-artifacts"}),
    "a public access block": (row("s3", "delete_public_access_block"), {"Bucket": "lake-artifacts"}),
    "governance": (DELETE, key("x", VersionId="v", BypassGovernanceRetention=True)),
    "a website redirect": (PUT, key(KEY, WebsiteRedirectLocation="/x")),
    "an IAM policy": (row("iam", "put_role_policy"), {"RoleName": "etl"}),
    "an IAM user": (row("iam", "create_user"), {"UserName": "x"}),
    "an organization": (row("organizations", "leave_organization"), {}),
    "a key": (row("kms", "schedule_key_deletion"), {"KeyId": "x"}),
    "a queue permission": (row("sqs", "add_permission"), {"QueueUrl": "x"}),
    "an event bus permission": (row("events", "put_permission"), {"Action": "x"}),
    "function code": (row("lambda", "update_function_code"), {"FunctionName": "x"}),
    "a secret": (row("secretsmanager", "get_secret_value"), {"SecretId": "x"}),
    "a function's environment": (row("lambda", "get_function_configuration"), {"FunctionName": "x"}),
    "a decrypted parameter": (row("ssm", "get_parameter"), {"Name": "x", "WithDecryption": True}),
    "promotion of whatever is newest": (START, start(promote=True)),
    "promotion unsaid": (START, start(raw_key="x")),
    "promotion as text": (START, start(promote="false")),
    "promotion as a number": (START, start(promote=0)),
    "promotion with an empty run": (START, start(promote=True, run_key="")),
    "promotion with a run that is true": (START, start(promote=True, run_key=True)),
    "promotion said twice": (START, {"name": "n", "input": '{"promote": true, "promote": false}'}),
    "promotion in a list": (START, {"name": "n", "input": '[{"promote": false}]'}),
    "a start without a name": (START, {"input": '{"promote": false}'}),
    "a start without input": (START, {"name": "n"}),
    "the promoting function without a run": (INVOKE, {"FunctionName": "promote_silver", "Payload": "{}"}),
    "another owner": (GET, key(KEY, ExpectedBucketOwner="999999999999")),
    "an access point": (GET, {"Bucket": f"arn:aws:s3:{REGION}:999999999999:accesspoint/x", "Key": "k"}),
    "an access point of ours": (GET, {"Bucket": f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/x", "Key": "k"}),
    "an execution elsewhere": (
        row("stepfunctions", "stop_execution"),
        {"executionArn": EXECUTION.replace(ACCOUNT, "999999999999")},
    ),
    "another region": (
        row("stepfunctions", "stop_execution"),
        {"executionArn": EXECUTION.replace(REGION, "us-east-1")},
    ),
    "another partition": (
        row("stepfunctions", "stop_execution"),
        {"executionArn": EXECUTION.replace("arn:aws:", "arn:aws-cn:")},
    ),
    "half an ARN": (row("events", "disable_rule"), {"Name": "arn:aws:events"}),
    "a shouted ARN": (row("events", "disable_rule"), {"Name": "ARN:aws:events:us-east-1:999999999999:rule/x"}),
    "a URL": (row("events", "disable_rule"), {"Name": "https://evil.example"}),
    "a URL inside a document": (PUT, key(KEY, Body='{"run_id": "http://evil.example"}')),
    "a phone number": (row("sns", "publish"), {"PhoneNumber": "+447700900123", "Message": "x"}),
    "a phone number in another place": (row("sns", "publish"), {"TopicArn": "+447700900123"}),
    "a look-alike": (row("events", "disable_rule"), {"Name": "d\u0430ily_etl_schedule"}),
    "hiding by another row": (DELETE, {"Bucket": "lake-silver", "Key": LEFT_OVER, "IfMatch": "e"}),
    "hiding without a precondition": (HIDE, {"Bucket": "lake-silver", "Key": LEFT_OVER}),
    "hiding a run's own file": (
        HIDE,
        {"Bucket": "lake-silver", "Key": LEFT_OVER.replace("current/", "run_id=r/"), "IfMatch": "e"},
    ),
    "hiding a marker": (
        HIDE,
        {"Bucket": "lake-silver", "Key": LEFT_OVER.replace("part-0000.parquet", "_SUCCESS"), "IfMatch": "e"},
    ),
    "hiding in quarantine": (HIDE, {"Bucket": "lake-quarantine", "Key": LEFT_OVER, "IfMatch": "e"}),
    "another owner of a source": (COPY, key("x", ExpectedSourceBucketOwner="999999999999")),
    "a table elsewhere": (
        row("glue", "update_table"),
        {"TableInput": {"StorageDescriptor": {"Location": "s3://evil/silver/"}}},
    ),
    "a script elsewhere": (
        row("glue", "update_job"),
        {"JobUpdate": {"Command": {"ScriptLocation": "s3://lake-artifactsx/etl/x.py"}}},
    ),
    "an argument elsewhere": (
        row("glue", "update_job"),
        {"JobUpdate": {"DefaultArguments": {"--extra-py-files": "s3://lake-artifacts/x.zip,s3://evil/x.zip"}}},
    ),
    "our bucket where no place is named": (row("events", "disable_rule"), {"Name": "s3://lake-silver/x"}),
    "a partition elsewhere": (
        row("athena", "start_query_execution"),
        {"QueryString": "ALTER TABLE t ADD PARTITION (a='b') LOCATION 's3://evil/silver/'"},
    ),
    "another account's queue": (
        row("sqs", "get_queue_attributes"),
        {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/999999999999/q"},
    ),
    "a queue's look-alike": (
        row("sqs", "get_queue_attributes"),
        {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com.evil.example/{ACCOUNT}/q"},
    ),
    "a role elsewhere": (
        row("iam", "simulate_principal_policy"),
        {"PolicySourceArn": "arn:aws:iam::999999999999:role/x"},
    ),
    "a bucket elsewhere asked about": (
        row("iam", "simulate_principal_policy"),
        {"ResourceArns": ["arn:aws:s3:::payroll/x"]},
    ),
    "our bucket by ARN where nothing is asked about": (GET, {"Bucket": "arn:aws:s3:::lake-silver", "Key": "k"}),
    "an IAM write that says it simulates": (row("iam", "put_role_policy", "iam.simulate"), {"RoleName": "etl"}),
    "a bucket with a newline": (GET, {"Bucket": "lake-artifacts\n", "Key": KEY}),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_what_is_never_done_is_denied_whatever_a_row_says(what: str) -> None:
    called, params = HOSTILE[what]

    assert denied(called, params, ANCHORED)


@pytest.mark.parametrize("name", sorted(CATALOGUE.rows))
def test_the_catalogue_s_own_good_calls_are_not_denied(name: str) -> None:
    assert denied(CATALOGUE.row(name), good(name).params, ANCHORED) is None
    assert denied(CATALOGUE.row(name), GOOD[name], PLATFORM) is None


def test_the_one_row_that_rolls_terraform_state_back_may() -> None:
    params = key("terraform/prod.tfstate", CopySource={"Bucket": "lake-artifacts", "Key": "terraform/prod.tfstate"})

    assert denied(row("s3", "copy_object", "s3.rollback_tfstate"), params, PLATFORM) is None


@pytest.mark.parametrize("words", ["see https://wiki.example/x", "call +447700900123", "b\u00e9b\u00e9 \U0001f525"])
def test_words_for_people_may_say_what_they_like(words: str) -> None:
    stop = row("stepfunctions", "stop_execution")

    assert denied(stop, {"executionArn": EXECUTION, "cause": words}, PLATFORM) is None
    assert denied(PUT, key(KEY, Body=json.dumps({"reason": words})), PLATFORM) is None


def test_a_versioned_deletion_outside_quarantine_is_for_its_row_to_judge() -> None:
    assert denied(DELETE, key("control/x.json", VersionId="v1"), PLATFORM) is None
