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
ROLLBACK_ROW = "s3.rollback_tfstate"
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


def _operation(row: Row) -> str | None:
    operation = row.operation
    if operation in SECRETS or row.service == "secretsmanager":
        return "It would read secrets or code."
    if operation.startswith(READING):
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
    reads = row.operation.startswith(READING)
    for name, value in _leaves(params):
        if name.split(".")[-1] not in KEYS or not isinstance(value, str):
            continue
        if ".." in value:
            return "A key with .. in it is never used."
        if value.endswith(".tfstate") and row.id != ROLLBACK_ROW:
            return "Terraform state is never read or written here, except by its rollback."
        if reads or name.startswith("CopySource"):
            continue
        if reason := _written_key(value, params, platform):
            return reason
    return None


def _written_key(key: str, params: JsonObject, platform: Platform) -> str | None:
    if key.rsplit("/", 1)[-1] == "_SUCCESS":
        return "Nobody but a run itself writes _SUCCESS."
    if key.startswith(CODE):
        return "Code under etl/ is never written from chat."
    anchors = platform.resources.get("anchors")
    kept = f"s3://{params.get('Bucket')}/{key}"
    if key.startswith(ANCHORS) or (isinstance(anchors, str) and kept.startswith(anchors)):
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
    owner = params.get("ExpectedBucketOwner", platform.account)
    if owner != platform.account:
        return "It names another account's bucket."
    for name, value in _leaves(params):
        if name.split(".")[-1] in WORDS_FOR_PEOPLE or not isinstance(value, str):
            continue
        if not value.isascii():
            return "It holds characters that may only look like the ones they stand for."
        if re.fullmatch(r"\+[0-9]{7,15}", value):
            return "A phone number is never a parameter."
        if "://" in value or re.match(r"(?:https?|ftp|s3):", value, re.IGNORECASE):
            return "A URL is never a parameter."
        if name in {"Bucket", "CopySource.Bucket"} and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
            return "It names no bucket but an ARN, an access point or something that looks like one."
        if not _home(value, platform):
            return "It names a resource of another account or region."
    return None


def _home(text: str, platform: Platform) -> bool:
    for partition, service, region, account in re.findall(r"arn:([^:]*):([^:]*):([^:]*):([^:]*):", text, re.IGNORECASE):
        if (partition, region, account) != ("aws", platform.region, platform.account) or service == "s3":
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
