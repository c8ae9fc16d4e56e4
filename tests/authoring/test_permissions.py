"""The policy that is printed: enough for every call the catalogue admits, and nothing besides; judged offline."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from bot.actions.catalogue import CATALOGUE
from bot.authoring.granting import granted, note, plumbing_of, written, written_into
from bot.authoring.permissions import (
    MANAGED_POLICY,
    ON_BUCKETS,
    globs,
    parts_of,
    policy_of,
    resources,
    size_of,
    used_rows,
)
from bot.authoring.shelf import in_file
from bot.domain.action import Row
from bot.domain.runbook import Risk, Runbook, Status
from bot.errors import InvalidError
from bot.settings import load
from tests.aws.seeded import GOOD, PLATFORM

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "bot.example.toml"
SHIPPED = ROOT / "docs" / "iam-policy.json"
ROWS = sorted(row.id for row in CATALOGUE.rows.values() if row.of_aws)
# What IAM calls otherwise than the API, or grants under another name; from AWS's service authorization reference.
OTHER_NAMES: dict[tuple[str, str], set[str]] = {
    ("s3", "CopyObject"): {"s3:GetObject", "s3:PutObject"},
    ("s3", "GetBucketEncryption"): {"s3:GetEncryptionConfiguration"},
    ("s3", "GetObject"): {"s3:GetObject"},
    ("s3", "HeadObject"): {"s3:GetObject"},
    ("s3", "ListObjectVersions"): {"s3:ListBucketVersions"},
    ("s3", "ListObjectsV2"): {"s3:ListBucket"},
    ("lambda", "Invoke"): {"lambda:InvokeFunction"},
}
# Where IAM knows no resource, so that nothing but * can stand.
WITHOUT_RESOURCE = {"cloudtrail:LookupEvents", "cloudwatch:GetMetricData"}


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as here:
        here.chdir(ROOT)
        return dict(granted(EXAMPLE, []))


def actions(policy: Mapping[str, Any], effect: str = "Allow") -> set[str]:
    return {action for one in policy["Statement"] if one["Effect"] == effect for action in one["Action"]}


def named(name: str) -> Runbook:
    return in_file(ROOT / "runbooks" / f"{name}.md")


def test_the_shipped_policy_is_what_the_shipped_runbooks_use() -> None:
    made = written(granted(EXAMPLE, [])) + "\n"

    assert SHIPPED.read_text(encoding="utf-8") == made, (
        "The runbooks, the catalogue or bot.example.toml need other permissions than docs/iam-policy.json grants. "
        "Read the difference, then: runbook-bot iam --config bot.example.toml > docs/iam-policy.json"
    )


def test_a_runbook_that_uses_one_operation_more_or_less_changes_the_policy(whole: dict[str, Any]) -> None:
    others = [in_file(one) for one in sorted((ROOT / "runbooks").glob("[!T]*.md")) if one.stem != "deployment-failures"]
    platform = load(EXAMPLE).the_platform()

    without = actions(policy_of(used_rows(others, CATALOGUE), platform))

    assert "dynamodb:DeleteItem" in actions(whole) - without
    added = policy_of([*used_rows(others, CATALOGUE), CATALOGUE.row("dynamodb.release")], platform)
    assert actions(added) - without == {"dynamodb:DeleteItem"}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_names_the_permission_of_its_own_operation(name: str) -> None:
    row = CATALOGUE.row(name)
    model = botocore.session.get_session().get_service_model(row.service)
    operation = next(one for one in model.operation_names if _snake(one) == row.operation)
    prefix = "cloudwatch" if row.service == "cloudwatch" else model.signing_name  # which is monitoring there

    own = OTHER_NAMES.get((row.service, operation), {f"{prefix}:{operation}"})
    if operation == "DeleteObject" and "VersionId" in row.required:
        own = {"s3:DeleteObjectVersion"}

    assert own <= set(row.iam), f"{name} needs {sorted(own)}"


def _snake(name: str) -> str:
    import botocore  # noqa: PLC0415 - its own rule for names of methods

    return botocore.xform_name(name)


def s3_places(row: Row, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each action of an S3 row with the object or bucket its call touches."""
    source = params.get("CopySource", {})
    for action in row.iam:
        bucket = action.rsplit(":", 1)[-1] in ON_BUCKETS
        read = "Get" in action and source
        key = source["Key"] if read else params.get("Key", "")
        yield action, f"arn:aws:s3:::{params['Bucket']}" + ("" if bucket else f"/{key}")


@pytest.mark.parametrize("name", [name for name in ROWS if CATALOGUE.row(name).service == "s3"])
def test_every_s3_call_that_a_row_admits_is_granted(name: str) -> None:
    row = CATALOGUE.row(name)

    for action, place in s3_places(row, GOOD[name]):
        granted_on = resources(row, action, PLATFORM)
        assert any(fnmatchcase(place, one) for one in granted_on), (action, place, granted_on)


@pytest.mark.parametrize("name", ROWS)
def test_a_star_alone_stands_only_where_iam_knows_no_resource(name: str) -> None:
    row = CATALOGUE.row(name)

    for action in row.iam:
        on = resources(row, action, PLATFORM)
        assert on, f"{action} of {name} is granted on nothing"
        assert ("*" in on) == (action in WITHOUT_RESOURCE), (action, on)


def test_the_policy_has_no_star_that_iam_could_do_without(whole: dict[str, Any]) -> None:
    starred = {action for one in whole["Statement"] if "*" in one["Resource"] for action in one["Action"]}

    assert starred <= WITHOUT_RESOURCE


def test_deletion_and_writing_are_narrow(whole: dict[str, Any]) -> None:
    wide = {
        (action, arn)
        for one in whole["Statement"]
        if one["Effect"] == "Allow"
        for action in one["Action"]
        for arn in one["Resource"]
        if action in {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"} and arn.endswith("/*")
    }

    assert {arn for _, arn in wide} <= {
        "arn:aws:s3:::lake-athena-results/*",
        "arn:aws:s3:::lake-quarantine/condemned/*",
        "arn:aws:s3:::lake-silver/silver/*year=*/month=*/schema_v=v*/current/*",
    }
    assert actions(whole, "Deny") == {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject"}


def test_every_grant_on_buckets_insists_on_the_account(whole: dict[str, Any]) -> None:
    for one in whole["Statement"]:
        if one["Effect"] == "Allow" and one["Action"][0].startswith("s3:"):
            assert one["Condition"] == {"StringEquals": {"aws:ResourceAccount": "123456789012"}}, one


def test_nothing_of_iam_can_be_changed(whole: dict[str, Any]) -> None:
    assert {one for one in actions(whole) if one.startswith("iam:")} <= {"iam:SimulatePrincipalPolicy", "iam:PassRole"}
    passing = next((one for one in whole["Statement"] if "iam:PassRole" in one["Action"]), None)
    if passing is not None:
        assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}


def test_one_runbook_needs_its_own_alone() -> None:
    found = granted(EXAMPLE, ["circuit-breaker"])

    assert "states:StartExecution" in actions(found)
    assert not {one for one in actions(found) if one.startswith(("athena:", "glue:", "dynamodb:", "sqs:"))}
    assert size_of(found) <= MANAGED_POLICY
    assert note(found) == ""


def test_a_draft_may_read_and_nothing_else() -> None:
    active = named("circuit-breaker")

    rows = used_rows([active.model_copy(update={"status": Status.DRAFT})], CATALOGUE)

    assert {row.risk for row in rows} == {Risk.READ}
    assert {row.id for row in rows} < {row.id for row in used_rows([active], CATALOGUE)}


def test_a_platform_that_lacks_a_name_is_told_which() -> None:
    bare = PLATFORM.model_copy(update={"resources": {"bronze_bucket": "b"}})

    with pytest.raises(InvalidError, match=r"no '\w+'; add it to the platform section"):
        policy_of(used_rows([named("circuit-breaker")], CATALOGUE), bare)


@pytest.mark.parametrize(
    ("pattern", "wild"),
    [
        (r"control/x\.json", ("control/x.json",)),
        (r"silver/(?:[a-z]+/)*year=[0-9]{4}/_LATEST\.json", ("silver/*year=*/_LATEST.json",)),
        (r"(?:silver|bronze)/[a-z]+", ("bronze/*", "silver/*")),
        (r"<bronze_bucket>|<silver_bucket>", ("lake-bronze", "lake-silver")),
        (r"a(?:b|c(?:d|e))f", ("abf", "acdf", "acef")),
        (r"(?=.{1,9}$)[a-z]+(?:\.[a-z]+)*", ("*",)),
        (r"a?b", ("*b",)),
        (r"[\]x]y\*", ("*y*",)),
    ],
)
def test_a_pattern_becomes_wildcards_that_admit_all_of_it(pattern: str, wild: tuple[str, ...]) -> None:
    assert globs(pattern, PLATFORM) == wild


def test_parts_hold_the_same_statements_and_each_fits_a_managed_policy(tmp_path: Path, whole: dict[str, Any]) -> None:
    paths = written_into(tmp_path / "iam", whole)

    parts = [json.loads(Path(one).read_text(encoding="utf-8")) for one in paths]
    assert [one for part in parts for one in part["Statement"]] == whole["Statement"]
    assert all(size_of(part) <= MANAGED_POLICY for part in parts)
    assert (size_of(whole) > MANAGED_POLICY) == (len(parts) > 1) == bool(note(whole))
    assert len(parts_of(whole, most=900)) > len(parts)


MODELS = [
    ("anthropic.claude-x", ["arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-x"]),
    (
        "eu.anthropic.claude-x",
        [
            "arn:aws:bedrock:*::foundation-model/anthropic.claude-x",
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-x",
        ],
    ),
]


@pytest.mark.parametrize(("model", "arns"), MODELS)
def test_the_assistants_model_is_named_as_iam_wants_it(model: str, arns: list[str]) -> None:
    settings = load(EXAMPLE)
    assistant = settings.assistant.model_copy(update={"model": model, "guardrail": "g1"})
    settings = settings.model_copy(update={"assistant": assistant})

    found = plumbing_of(settings, settings.the_platform())

    assert list(found.models) == arns
    assert found.guardrail == "arn:aws:bedrock:eu-west-1:123456789012:guardrail/g1"
    assert actions(policy_of((), settings.the_platform(), found)) >= {
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
        "bedrock:ApplyGuardrail",
    }


def test_the_bots_own_calls_are_granted_on_its_own_things_alone() -> None:
    settings = load(EXAMPLE)
    own = {"anchors": "s3://lake-audit/audit/anchors/", "published_copy": "s3://lake-docs/pm"}
    records = settings.records.model_copy(update=own)
    settings = settings.model_copy(update={"records": records})

    found = policy_of((), settings.the_platform(), plumbing_of(settings, settings.the_platform()))

    on = {action: tuple(one["Resource"]) for one in _statements(found) for action in one["Action"]}
    assert on == {
        "s3:GetObject": ("arn:aws:s3:::lake-audit/audit/anchors/*", "arn:aws:s3:::lake-docs/pm/*"),
        "s3:ListBucket": ("arn:aws:s3:::lake-audit",),
        "s3:PutObject": ("arn:aws:s3:::lake-audit/audit/anchors/*", "arn:aws:s3:::lake-docs/pm/*"),
        "sns:Publish": ("arn:aws:sns:eu-west-1:123456789012:lake-page",),
        "sqs:DeleteMessage": ("arn:aws:sqs:eu-west-1:123456789012:etl-failures-bot",),
        "sqs:ReceiveMessage": ("arn:aws:sqs:eu-west-1:123456789012:etl-failures-bot",),
        "sqs:SendMessage": ("arn:aws:sqs:eu-west-1:123456789012:etl-failures-bot-dlq",),
    }


def _statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(policy["Statement"])


# -- judged by others

# parliament imports pkg_resources, which it does not declare and newer Pythons do not bring.
JUDGE = """
import importlib.util, json, pathlib, sys, types, warnings
warnings.simplefilter("ignore")
lent = types.ModuleType("pkg_resources")
lent.resource_filename = lambda name, file: str(pathlib.Path(importlib.util.find_spec(name).origin).parent / file)
sys.modules["pkg_resources"] = lent
import parliament
text = sys.stdin.read()
found = parliament.analyze_policy_string(text, ignore_private_auditors=True).findings
known = {
    f"{service['prefix']}:{one['privilege']}": sorted({kind["resource_type"] for kind in one["resource_types"]} - {""})
    for service in parliament.iam_definition for one in service["privileges"]
}
asked = {one for statement in json.loads(text)["Statement"] for one in statement["Action"]}
known = {action: kinds for action, kinds in known.items() if action in asked}
print(json.dumps({"findings": [[one.issue, one.detail] for one in found], "known": known}))
"""
# parliament wants every one of an action's resource types to be named; AWS wants the one that is touched.
ONE_TYPE_IS_ENOUGH = {"states:DescribeExecution", "states:ListExecutions"}


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """Judge every row of the catalogue, in a process of its own: the judge leaves files open, which fails tests."""
    platform = load(EXAMPLE).the_platform()
    policy = policy_of([CATALOGUE.row(name) for name in ROWS], platform)
    answer = subprocess.run(
        [sys.executable, "-c", JUDGE], input=json.dumps(policy), capture_output=True, text=True, check=True, timeout=120
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_parliament_finds_nothing_wrong_with_any_row(judged: dict[str, Any]) -> None:
    wrong = [
        (issue, detail)
        for issue, detail in judged["findings"]
        if issue != "RESOURCE_MISMATCH" or {one["action"] for one in detail} - ONE_TYPE_IS_ENOUGH
    ]

    assert wrong == []


def test_every_action_is_known_and_those_without_a_resource_are_the_ones_we_say(judged: dict[str, Any]) -> None:
    asked = {action for name in ROWS for action in CATALOGUE.row(name).iam}

    assert asked - set(judged["known"]) == set()
    assert {action for action, kinds in judged["known"].items() if not kinds} == WITHOUT_RESOURCE


def test_the_judge_does_find_what_is_wrong() -> None:
    bad = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObjekt"], "Resource": ["arn:aws:s3:::a/*"]}],
    }

    answer = subprocess.run(
        [sys.executable, "-c", JUDGE], input=json.dumps(bad), capture_output=True, text=True, check=True, timeout=120
    )

    found = json.loads(answer.stdout)
    assert found["findings"][0][0] == "UNKNOWN_ACTION"
    assert found["known"] == {}
