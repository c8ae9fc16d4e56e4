"""The least policy with which the bot can do what its runbooks use: made from the catalogue's rows. Pure.

Each row names the IAM actions it needs; what they may touch is worked out here, from what the row admits (S3) or from
the table `ON`, which is reviewed by hand: AWS's models do not say which resources an action takes. Where an action
takes none, and only there, stands `*`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.domain.action import Catalogue, Fields, Fixed, Match, Platform, Row
from bot.domain.runbook import Runbook, Status
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MANAGED_POLICY = 6_144  # characters without blanks; a role takes ten such policies
ALWAYS = ("cloudwatch.alarm", "cloudwatch.alarm_history")  # an alarm is confirmed; a draft tells how it flapped
EVERYTHING = "*"
_HERE = "<region>:<account>"
_TABLES = (
    f"arn:aws:glue:{_HERE}:catalog",
    f"arn:aws:glue:{_HERE}:database/<database>",
    f"arn:aws:glue:{_HERE}:table/<database>/<tables>",
)
_JOBS = (f"arn:aws:glue:{_HERE}:job/<jobs>",)
_EXECUTIONS = (f"arn:aws:states:{_HERE}:execution:<machines>:*",)
_LOCKS = (f"arn:aws:dynamodb:{_HERE}:table/<lock_table>",)
_DEAD_LETTERS = (f"arn:aws:sqs:{_HERE}:<dead_letter_queues>",)

ON: Mapping[str, tuple[str, ...]] = {
    # by service, where all its actions are on the same
    "athena": (f"arn:aws:athena:{_HERE}:workgroup/<workgroups>",),
    "cloudtrail": (EVERYTHING,),
    "codebuild": (f"arn:aws:codebuild:{_HERE}:project/<projects>",),
    "dynamodb": _LOCKS,
    "events": (f"arn:aws:events:{_HERE}:rule/<rules>",),
    "glue": _TABLES,
    "iam": ("arn:aws:iam::<account>:role/<roles>",),
    "lambda": (f"arn:aws:lambda:{_HERE}:function:<functions>", f"arn:aws:lambda:{_HERE}:function:<functions>:live"),
    "logs": (f"arn:aws:logs:{_HERE}:log-group:<log_groups>:*",),
    "sns": (f"arn:aws:sns:{_HERE}:<topics>",),
    "sqs": _DEAD_LETTERS,
    "states": _EXECUTIONS,
    # by action
    "cloudwatch:DescribeAlarms": (f"arn:aws:cloudwatch:{_HERE}:alarm:*",),
    "cloudwatch:DescribeAlarmHistory": (f"arn:aws:cloudwatch:{_HERE}:alarm:*",),
    "cloudwatch:GetMetricData": (EVERYTHING,),
    "glue:BatchStopJobRun": _JOBS,
    "glue:GetDatabase": _TABLES[:2],
    "glue:GetJob": _JOBS,
    "glue:GetJobRun": _JOBS,
    "glue:GetJobRuns": _JOBS,
    "glue:StartJobRun": _JOBS,
    "glue:UpdateJob": _JOBS,
    "lambda:InvokeFunction": (f"arn:aws:lambda:{_HERE}:function:<gate_function>",),
    "logs:GetLogEvents": (f"arn:aws:logs:{_HERE}:log-group:<build_log_groups>:log-stream:*",),
    "sqs:GetQueueAttributes": (f"arn:aws:sqs:{_HERE}:<queues>",),
    "sqs:SendMessage": (f"arn:aws:sqs:{_HERE}:<queues>",),  # dead letters go back where they came from
    "states:DescribeStateMachine": (f"arn:aws:states:{_HERE}:stateMachine:<machines>",),
    "states:ListExecutions": (f"arn:aws:states:{_HERE}:stateMachine:<machines>",),
    "states:StartExecution": (f"arn:aws:states:{_HERE}:stateMachine:<machines>",),
}
ON_BUCKETS = frozenset(
    {"GetBucketLocation", "GetBucketVersioning", "GetEncryptionConfiguration", "ListBucket", "ListBucketVersions"}
)
LAYERS: Mapping[str, str] = {
    "bronze": "bronze_bucket",
    "silver": "silver_bucket",
    "quarantine": "quarantine_bucket",
    "condemned": "quarantine_bucket",
}
OF_SOURCES = frozenset({"GetObject", "GetObjectTagging", "GetObjectVersion", "GetObjectVersionTagging"})
# Athena reads tables, and writes what it found, with the rights of whoever asks.
ATHENA_DATA = ("arn:aws:s3:::<silver_bucket>", "arn:aws:s3:::<silver_bucket>/silver/*")
ATHENA_SET_ASIDE = ("arn:aws:s3:::<quarantine_bucket>", "arn:aws:s3:::<quarantine_bucket>/quarantine/*")
ATHENA_RESULTS = ("arn:aws:s3:::<results_bucket>", "arn:aws:s3:::<results_bucket>/*")
CONDITIONS: Mapping[str, JsonObject] = {
    "dynamodb": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["<locks>"]}},
    "iam:PassRole": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
    "s3": {"StringEquals": {"aws:ResourceAccount": "<account>"}},
}
# What is denied whatever else this role is given: the bot's own absolute denies, as far as IAM can say them.
NEVER: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"),
        ("arn:aws:s3:::<silver_bucket>/*/_SUCCESS", "arn:aws:s3:::<artifacts_bucket>/etl/*"),
    ),
    (("s3:DeleteObject", "s3:DeleteObjectVersion"), ("arn:aws:s3:::<quarantine_bucket>/*",)),
)


@dataclass(frozen=True, kw_only=True)
class Plumbing:
    """Name what the bot itself needs beside the catalogue, by ARN.

    Attributes:
        models: Bedrock models and inference profiles; `guardrail` beside them.
    """

    intake: str | None = None
    dead_letters: str | None = None
    page_topics: tuple[str, ...] = ()
    anchors: str | None = None
    published: str | None = None
    models: tuple[str, ...] = ()
    guardrail: str | None = None


def used_rows(runbooks: Iterable[Runbook], catalogue: Catalogue) -> tuple[Row, ...]:
    """Return the rows that steps of these runbooks can reach; a draft or a retired runbook only reads."""
    names: set[str] = set()
    for runbook in runbooks:
        starts = runbook.status in {Status.ACTIVE, Status.TRIAL}
        for action in (catalogue.action(step.uses) for step in runbook.steps if step.uses):
            names.update(name for name in action.rows if starts or catalogue.row(name).risk.rank == 0)
    return tuple(catalogue.row(name) for name in sorted(names))


def policy_of(rows: Sequence[Row], platform: Platform, plumbing: Plumbing | None = None) -> JsonObject:
    """Return the policy as IAM takes it: sorted, the same for the same rows, platform and plumbing.

    Raises:
        InvalidError: the platform does not name something a row needs.
    """
    grants: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for action in row.iam:
            grants.setdefault((action, _condition_of(action)), set()).update(resources(row, action, platform))
    if plumbing is not None:
        for action, own in _plumbed(plumbing):
            grants.setdefault((action, "plumbing"), set()).update(own)
    together: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (action, condition), on in sorted(grants.items()):
        service = action.split(":", maxsplit=1)[0]
        together.setdefault((service, _widest(on), condition), []).append(action)
    statements: list[JsonValue] = [
        _statement(f"{service.capitalize()}{number}", "Allow", actions, arns, condition, platform)
        for number, ((service, arns, condition), actions) in enumerate(sorted(together.items()), start=1)
    ]
    statements += [
        _statement(f"Never{number}", "Deny", list(actions), _filled(arns, platform), "", platform)
        for number, (actions, arns) in enumerate(NEVER, start=1)
        if any(row.service in {"s3", "athena"} for row in rows)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _widest(arns: set[str]) -> tuple[str, ...]:
    """Return the ARNs without those that another of them admits already."""
    return tuple(sorted(one for one in arns if not any(fnmatchcase(one, other) for other in arns - {one})))


def _statement(
    sid: str, effect: str, actions: list[str], arns: Iterable[str], condition: str, platform: Platform
) -> JsonObject:
    found: JsonObject = {"Sid": sid, "Effect": effect, "Action": [*sorted(actions)], "Resource": [*sorted(arns)]}
    if condition in CONDITIONS:
        found["Condition"] = _resolved(CONDITIONS[condition], platform)
    return found


def _condition_of(action: str) -> str:
    service = action.split(":", maxsplit=1)[0]
    return next((one for one in (action, service) if one in CONDITIONS), "")


def _resolved(value: JsonValue, platform: Platform) -> JsonValue:
    match value:
        case dict():
            return {name: _resolved(item, platform) for name, item in value.items()}
        case list():
            return [*_filled([str(item) for item in value], platform)]
        case _:
            return next(iter(_filled([str(value)], platform)))


def parts_of(policy: JsonObject, most: int = MANAGED_POLICY) -> tuple[JsonObject, ...]:
    """Return the policy as several that each fit a managed one; the statements are the same, in order."""
    parts: list[list[JsonValue]] = [[]]
    statements = policy["Statement"]
    for one in statements if isinstance(statements, list) else []:
        if parts[-1] and size_of({**policy, "Statement": [*parts[-1], one]}) > most:
            parts.append([])
        parts[-1].append(one)
    return tuple({**policy, "Statement": part} for part in parts)


def size_of(policy: JsonObject) -> int:
    """Return how many characters IAM counts: all but blanks between them."""
    return len(json.dumps(policy, separators=(",", ":")))


def resources(row: Row, action: str, platform: Platform) -> frozenset[str]:
    """Return what an action of a row may touch, as ARNs."""
    service, name = action.split(":", maxsplit=1)
    if service == "s3":
        return frozenset(_in_athena(row, name, platform) if row.service == "athena" else _in_s3(row, name, platform))
    return frozenset(_filled(ON[action] if action in ON else ON[service], platform))


def _in_athena(row: Row, name: str, platform: Platform) -> Iterator[str]:
    reads = row.operation == "start_query_execution" and name != "PutObject"
    aside = (ATHENA_SET_ASIDE,) if "quarantine_table" in platform.resources else ()
    for bucket, objects in (ATHENA_RESULTS, *((ATHENA_DATA, *aside) if reads else ())):
        yield from _filled([bucket if name in ON_BUCKETS else objects], platform)


def _in_s3(row: Row, name: str, platform: Platform) -> Iterator[str]:
    copied = row.allows.get("CopySource")
    from_source = name in OF_SOURCES and isinstance(copied, Fields)
    places = copied.fields if from_source and isinstance(copied, Fields) else row.allows
    for bucket in _admitted(places["Bucket"], platform):
        if name in ON_BUCKETS:
            yield f"arn:aws:s3:::{bucket}"
            continue
        keys = _admitted(places["Key"], platform)
        yield from (f"arn:aws:s3:::{bucket}/{key}" for key in keys if _lies_in(key, bucket, platform))


def _lies_in(key: str, bucket: str, platform: Platform) -> bool:
    """Return whether a key can be of a bucket: each layer of the lake has its own, and its keys say which."""
    layer = LAYERS.get(key.split("/", maxsplit=1)[0])
    return layer is None or bucket in platform.names(layer)


def _admitted(allowed: object, platform: Platform) -> tuple[str, ...]:
    match allowed:
        case Match(pattern=pattern):
            return globs(pattern, platform)
        case Fixed() as fixed:
            return (fixed.filled(platform),)
        case _:
            raise InvalidError("A bucket or key that is neither a pattern nor fixed has no place in a policy.")


def _filled(templates: Iterable[str], platform: Platform) -> list[str]:
    """Return the templates with every `<key>` as each name of the platform."""
    found: list[str] = []
    for template in templates:
        key = re.search(r"<([a-z_]+)>", template)
        if key is None:
            found.append(template)
        else:
            found += _filled([template.replace(key[0], name) for name in platform.names(key[1])], platform)
    return found


def globs(pattern: str, platform: Platform) -> tuple[str, ...]:
    """Return IAM's wildcards for a pattern: each admits everything the pattern does, and as little else as it can."""
    found = {re.sub(r"\*+", EVERYTHING, one) for one in _wild(pattern)}
    return tuple(sorted(_filled(sorted(found), platform)))


def _wild(pattern: str) -> list[str]:
    """Return the alternatives of a pattern, a `*` for everything that is not spelt out; `<key>` stays."""
    spelt, done = [""], list[str]()
    pieces = _pieces(pattern)
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        if piece == "|":
            done, spelt = [*done, *spelt], [""]
        elif not _MANY.fullmatch(piece):
            ways = [EVERYTHING] if _MANY.fullmatch(after) else _ways(piece)
            spelt = [one + way for one in spelt for way in ways]
    return [*done, *spelt]


def _ways(piece: str) -> list[str]:
    """Return how a piece that stands once can be spelt."""
    if piece.startswith("(?:"):
        return _wild(piece[3:-1])
    if piece[0] == "\\" and not piece[-1].isalnum():
        return [piece[-1]]
    return [piece] if piece[0] == "<" or (len(piece) == 1 and piece != ".") else [EVERYTHING]


def _pieces(pattern: str) -> list[str]:
    """Return the pieces of a pattern: a character, a class, a name, a group, a number of times."""
    found: list[str] = []
    position = 0
    while position < len(pattern):
        piece = _group(pattern, position) if pattern[position] == "(" else _piece(pattern, position)
        found.append(piece)
        position += len(piece)
    return found


def _piece(pattern: str, position: int) -> str:
    found = _PIECE.match(pattern, position)
    return found[0] if found else pattern[position]


def _group(pattern: str, start: int) -> str:
    """Return the group that begins there, up to the bracket that closes it."""
    depth, position = 0, start
    while position < len(pattern):
        piece = _piece(pattern, position)
        depth += {"(": 1, ")": -1}.get(piece, 0)
        position += len(piece)
        if depth == 0:
            break
    return pattern[start:position]


_MANY = re.compile(r"[*+?]|\{[0-9,]+\}")
_PIECE = re.compile(r"\\.|<[a-z_]+>|\[(?:\\.|[^\]\\])*\]|\{[0-9,]+\}", re.DOTALL)


def _plumbed(plumbing: Plumbing) -> Iterator[tuple[str, tuple[str, ...]]]:
    if plumbing.intake:
        yield "sqs:ReceiveMessage", (plumbing.intake,)
        yield "sqs:DeleteMessage", (plumbing.intake,)
    if plumbing.dead_letters:
        yield "sqs:SendMessage", (plumbing.dead_letters,)
    if plumbing.page_topics:
        yield "sns:Publish", plumbing.page_topics
    if plumbing.anchors:
        bucket, _, prefix = plumbing.anchors.partition("/")
        yield "s3:ListBucket", (f"arn:aws:s3:::{bucket}",)
        yield "s3:GetObject", (f"arn:aws:s3:::{bucket}/{prefix}*",)
        yield "s3:PutObject", (f"arn:aws:s3:::{bucket}/{prefix}*",)
    if plumbing.published:
        yield "s3:GetObject", (f"arn:aws:s3:::{_within(plumbing.published)}*",)
        yield "s3:PutObject", (f"arn:aws:s3:::{_within(plumbing.published)}*",)
    if plumbing.models:
        yield "bedrock:InvokeModel", plumbing.models
        yield "bedrock:InvokeModelWithResponseStream", plumbing.models
    if plumbing.guardrail:
        yield "bedrock:ApplyGuardrail", (plumbing.guardrail,)


def _within(place: str) -> str:
    """Return bucket and prefix with the slash that keeps `pm` from being `pm-private` too."""
    bucket, _, prefix = place.partition("/")
    return f"{bucket}/{prefix}/" if prefix else f"{bucket}/"
