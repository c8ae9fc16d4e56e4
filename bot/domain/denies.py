"""What the bot never does, whatever a row admits: judged on the resolved call, at plan and again at the call.

These rules do not look at what rows allow, so that one careless row is not enough.
"""

import re
from collections.abc import Iterator

from bot.domain.action import Platform, Row
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

READING = ("get_", "list_", "head_", "describe_", "filter_")
LOOKING = frozenset({"batch_get_builds", "lookup_events", "simulate_principal_policy"})
ROLLBACK_ROW = "s3.rollback_tfstate"
# Which versions the state has had, never what is in them.
STATE_ROWS = frozenset({ROLLBACK_ROW, "s3.versions_tfstate"})
HIDING_ROW = "s3.hide_left_over"
CURRENT = re.compile(r"silver/[^?#]*/schema_v=v[0-9]{1,3}/current/[^/]+")
# Parts of a call that name places in our own buckets, written as s3://bucket/key because AWS wants them so.
PLACES = ("TableInput.", "PartitionInputList.", "JobUpdate.", "QueryString")
ANCHORS = "audit/"
CODE = "etl/"
KEPT_FOR_EVER = ("quarantine/", "condemned/")
WORDS_FOR_PEOPLE = frozenset({"cause", "reason"})
DOCUMENTS = frozenset({"Body", "input", "Payload"})
KEYS = frozenset({"Key", "CopySource", "Prefix", "CopySource.Key"})
SECRETS = frozenset({"get_secret_value", "generate_presigned_url", "get_function", "get_function_configuration"})
OPENING = re.compile(r"ACL|Grant.*|WithDecryption|WebsiteRedirectLocation|PhoneNumber|RequestPayer|BypassGovernance.*")


def denied(row: Row, params: JsonObject, platform: Platform) -> str | None:
    """Return why the call may never be made, or None."""
    return (
        _operation(row)
        or _parameter(params)
        or _keys(row, params, platform)
        or _deletion(row, params, platform)
        or _promotion(row, params)
        or _elsewhere(params, platform)
    )


def reads(row: Row) -> bool:
    """Return whether the operation only looks, whatever the row says of its risk."""
    return row.operation.startswith(READING) or row.operation in LOOKING


def _operation(row: Row) -> str | None:
    operation = row.operation
    if operation in SECRETS or row.service == "secretsmanager":
        return "It would read secrets or code."
    if reads(row):
        return None
    if row.service in {"iam", "organizations", "kms", "sso-admin"}:
        return "It would change who may do what; that is never done from chat."
    if re.search(r"policy|permission|acl|grant|ownership|public_access|function_code", operation):
        return "It would change a policy, a permission or code; that is never done from chat."
    if row.service == "s3" and re.search(r"bucket", operation):
        return "It would change a bucket itself; that is never done from chat."
    return None


def _parameter(params: JsonObject) -> str | None:
    for name, _ in _leaves(params):
        for part in name.split("."):
            if OPENING.fullmatch(part):
                return f"The parameter {part} opens what is closed; no call may carry it."
    return None


def _keys(row: Row, params: JsonObject, platform: Platform) -> str | None:
    looks = reads(row)
    for name, value in _leaves(params):
        if name.split(".")[-1] not in KEYS or not isinstance(value, str):
            continue
        if ".." in value:
            return "A key with .. in it is never used."
        if value.endswith(".tfstate") and row.id not in STATE_ROWS:
            return "Terraform state is never read or written here, except by its rollback."
        if looks or name.startswith("CopySource"):
            continue
        if reason := _written_key(value, params, platform):
            return reason
    return None


def _written_key(key: str, params: JsonObject, platform: Platform) -> str | None:
    if key.rsplit("/", 1)[-1] == "_SUCCESS":
        return "Nobody but a run itself writes _SUCCESS."
    if key.startswith(CODE):
        return "Code under etl/ is never written from chat."
    kept = f"s3://{params.get('Bucket')}/{key}"
    if key.startswith(ANCHORS) or (platform.anchors and kept.startswith(platform.anchors)):
        return "Audit anchors are never written by a step."
    return None


def _deletion(row: Row, params: JsonObject, platform: Platform) -> str | None:
    if row.service != "s3" or not row.operation.startswith("delete_"):
        return None
    quarantine = platform.resources.get("quarantine_bucket", ())
    buckets = (quarantine,) if isinstance(quarantine, str) else quarantine
    keys = [value for name, value in _leaves(params) if name.split(".")[-1] == "Key"]
    if params.get("Bucket") in buckets or any(str(key).startswith(KEPT_FOR_EVER) for key in keys):
        return "Nothing is ever deleted from quarantine."
    if row.id == HIDING_ROW and all(CURRENT.fullmatch(str(key)) for key in keys) and params.get("IfMatch"):
        return None  # leaves a marker on a copy: every version stays, and removing the marker undoes it
    versions = [value for name, value in _leaves(params) if name.split(".")[-1] == "VersionId"]
    if not keys or len(versions) < len(keys):
        return "A deletion must name the version of every object."
    return None


def _promotion(row: Row, params: JsonObject) -> str | None:
    text = params.get("input") if row.operation == "start_execution" else params.get("Payload")
    if row.operation not in {"start_execution", "invoke", "start_sync_execution", "redrive_execution"}:
        return None
    if row.operation == "start_execution" and not params.get("name"):
        return "An execution without a name could be started twice."
    if row.operation == "redrive_execution":
        return None
    try:
        given = parse_object(text) if isinstance(text, str) else {}
    except InvalidError:
        return "What the run would be given is not one plain JSON object."
    run_key = given.get("run_key")
    if given.get("promote") is not False and not (isinstance(run_key, str) and run_key):
        return "It could promote whatever is newest: promote must be exactly false, or run_key name the run."
    return None


def _elsewhere(params: JsonObject, platform: Platform) -> str | None:
    for owner in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        if params.get(owner, platform.account) != platform.account:
            return "It names another account's bucket."
    for name, value in _leaves(params):
        if name.split(".")[-1] in WORDS_FOR_PEOPLE or not isinstance(value, str):
            continue
        if not value.isascii():
            return "It holds characters that may only look like the ones they stand for."
        if re.fullmatch(r"\+[0-9]{7,15}", value):
            return "A phone number is never a parameter."
        if _is_url(name, value, platform):
            return "A URL is never a parameter."
        if name in {"Bucket", "CopySource.Bucket"} and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
            return "It names no bucket but an ARN, an access point or something that looks like one."
        if not _home(name, value, platform):
            return "It names a resource of another account or region."
    return None


def _is_url(name: str, value: str, platform: Platform) -> bool:
    """Return whether a value is a URL, or holds one; a queue of ours and a place in our own buckets are none."""
    if name == "ActionNames":
        return "/" in value  # s3:PutObject, which a role is asked about
    if name == "QueueUrl":
        ours = f"https://sqs.{platform.region}.amazonaws.com/{platform.account}/"
        return not (value.startswith(ours) and re.fullmatch(r"[A-Za-z0-9_-]{1,80}", value[len(ours) :]))
    if name.startswith(PLACES):
        value = re.sub(r"s3://([a-z0-9.-]+)/", lambda found: "" if found[1] in _buckets(platform) else found[0], value)
    return "://" in value or bool(re.match(r"(?:https?|ftp|s3):", value, re.IGNORECASE))


def _buckets(platform: Platform) -> set[str]:
    return {name for key in platform.resources if key.endswith("_bucket") for name in platform.names(key)}


def _home(name: str, text: str, platform: Platform) -> bool:
    for partition, service, region, account, rest in re.findall(
        r"arn:([^:]*):([^:]*):([^:]*):([^:]*):([^:/]*)", text, re.IGNORECASE
    ):
        asked_about = name == "ResourceArns" and (service, region, account) == ("s3", "", "")
        if asked_about and partition == "aws" and rest in _buckets(platform):
            continue
        own_region = "" if service == "iam" else platform.region
        if (partition, region, account) != ("aws", own_region, platform.account) or service == "s3":
            return False
    return "arn:" not in re.sub(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:", "", text, flags=re.IGNORECASE).lower()


def _leaves(value: JsonValue, name: str = "") -> Iterator[tuple[str, JsonValue]]:
    """Yield every value that is not a container with its dotted name; documents given as text are opened."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    elif isinstance(value, str) and name in DOCUMENTS:
        yield from _opened(value, name)
    else:
        yield name, value


def _opened(text: str, name: str) -> Iterator[tuple[str, JsonValue]]:
    try:
        yield from _leaves(parse_object(text), f"{name}(")
    except InvalidError:
        yield name, text
