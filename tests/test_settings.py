"""What cannot be served is refused before anything starts, with the setting named."""

import copy
import tomllib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.assistant.folder import TASKS as PROMPTS
from bot.domain.denies import denied
from bot.domain.policy import BreakGlass
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from bot.settings import SECRETS, TASKS, load, parse

ROOT = Path(__file__).parents[1]
GOOD = tomllib.loads((ROOT / "bot.example.toml").read_text(encoding="utf-8"))

Content = dict[str, Any]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def _set(path: str, value: object) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        *parts, last = path.split(".")
        for part in parts:
            content = content[part]
        content[last] = value

    return change


def _without(path: str) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        *parts, last = path.split(".")
        for part in parts:
            content = content[part]
        del content[last]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("slack.bot_token", "xoxb-1"), "slack.bot_token is a secret; set SLACK_BOT_TOKEN in the environment"),
        (_set("slack.signing_secret", "x"), "slack.signing_secret is a secret; set SLACK_SIGNING_SECRET"),
        (_set("slack.chanel", "C1"), "slack.chanel: Extra inputs are not permitted"),
        (_set("polcy", {}), "polcy: Extra inputs are not permitted"),
        (_without("slack.team"), "slack.team: Field required"),
        (_without("policy"), "policy: Field required"),
        (_set("slack.transport", "carrier pigeon"), "slack.transport: Input should be 'socket' or 'http'"),
        (_set("slack.http_port", 70_000), "slack.http_port: Input should be less than or equal to 65535"),
        (_set("platform.prod.account", "12345"), "platform.prod.account: String should match"),
        (_set("environment", "prd"), "environment is 'prd', and there is no [platform.prd]"),
        (_set("policy.operator", "taem"), "[policy] names roles that [policy.roles] does not have: taem"),
        (_set("policy.change", ["platfrom"]), "[policy] names roles that [policy.roles] does not have: platfrom"),
        (_set("policy.break_glass", {"role": "platfrom", "channel": "C0SECOND"}), "does not have: platfrom"),
        (_set("policy.break_glass", {"role": "platform"}), "policy.break_glass.channel"),
        (_set("policy.break_glass", {"role": "platform", "channel": "#second"}), "policy.break_glass.channel"),
        (_set("policy.lifetime_minutes", 61), "policy.lifetime_minutes: Input should be less than or equal to 60"),
        (_set("policy.page_minutes", 4), "[policy] page_minutes is 4, and remind_minutes 5: all are asked before"),
        (_set("policy.channels", "C1"), "policy.channels"),
        (_set("records.url", "mysql://localhost/bot"), "records.url: give sqlite:///… or postgresql+psycopg://…"),
        (_set("records.engine_url", "bot.db"), "records.engine_url: give sqlite:///… or postgresql+psycopg://…"),
        (_set("records.url", "postgresql://bot:p@ss:w0rd/x@db/bot"), "records.url: that is no address; in a name or"),
        (_set("records.engine_url", "postgresql://bot:x@db:port/bot"), "records.engine_url: that is no address"),
        (_set("records.anchors", "s3:/lake-audit/anchors/"), "records.anchors: give a folder, or s3://bucket/prefix/"),
        (_set("records.anchors", "S3://lake-audit/"), "records.anchors: give a folder, or s3://bucket/prefix/"),
        (_set("records.anchors", "s3://"), "records.anchors: give a folder, or s3://bucket/prefix/"),
        (_set("runbooks", "no-such-folder"), "runbooks: there is no folder no-such-folder"),
        (_set("prompts", "no-such-folder"), "prompts: there is no folder no-such-folder"),
        (_set("assistant.models", {"answer": "m"}), "assistant.models: set assistant.model too"),
        (_set("assistant.models", {"reply": "m"}), "assistant.models: there is no task 'reply'; there is answer"),
        (_set("assistant.model", "arn:x:application-inference-profile/x"), "set assistant.base_model"),
        (_set("assistant.output", "xml"), "assistant.output: Input should be 'tool' or 'json_schema'"),
        (_set("assistant.deadline_seconds", 0), "assistant.deadline_seconds: Input should be greater than"),
        (_set("slack", "T1"), "slack: Input should be"),
        (_set("alarms.posted", True), "alarms.posted: nothing can be posted here unless slack.transport"),
    ],
)
def test_a_setting_that_does_not_fit_is_named_with_what_would(change: Callable[[Content], None], words: str) -> None:
    content = copy.deepcopy(GOOD)
    change(content)

    with pytest.raises(InvalidError) as refused:
        parse(content, {}, source="bot.toml")

    assert words in refused.value.words


def test_a_password_that_does_not_fit_into_an_address_is_in_no_error() -> None:
    content = copy.deepcopy(GOOD)
    _set("records.url", "postgresql://bot:p@ss:w0rd/x@db:5432/bot")(content)

    with pytest.raises(InvalidError) as refused:
        parse(content, {}, source="bot.toml")

    told = "".join(traceback.format_exception(refused.value))
    assert not any(part in told for part in ("ss:", "w0rd"))


@pytest.mark.parametrize(
    "url", ["postgresql://bot:pa/ss@db:5432/bot", "postgresql+psycopg://db/bot", "sqlite:////var/lib/bot@home/bot.db"]
)
def test_an_address_that_a_database_takes_is_taken(url: str) -> None:
    content = copy.deepcopy(GOOD)
    _set("records.url", url)(content)

    assert parse(content, {}, source="bot.toml").records.url == url


@pytest.mark.parametrize(
    ("anchors", "kept"),
    [
        ("anchors", ""),
        ("s3://lake-audit/", "s3://lake-audit/audit/anchors/"),
        ("s3://lake-artifacts/control/kept", "s3://lake-artifacts/control/kept/"),
        ("s3://lake-artifacts/control/kept/", "s3://lake-artifacts/control/kept/"),
    ],
)
def test_where_the_anchors_are_kept_no_step_may_write(anchors: str, kept: str) -> None:
    content = copy.deepcopy(GOOD)
    _set("records.anchors", anchors)(content)

    settings = parse(content, {}, source="test")

    assert settings.the_platform().anchors == kept
    params: JsonObject = {"Bucket": "lake-artifacts", "Key": "control/kept/anchor-000000000001.json"}
    assert bool(denied(CATALOGUE.row("s3.put_breaker"), params, settings.the_platform())) is kept.startswith(
        "s3://lake-artifacts/"
    )


def test_every_task_of_the_assistant_may_have_a_model_of_its_own() -> None:
    assert set(PROMPTS) == TASKS


def test_the_channel_of_the_alarms_is_bound_and_without_another_it_is_the_only_one() -> None:
    content = copy.deepcopy(GOOD)
    _without("policy.channels")(content)

    assert parse(content, {}, source="test").the_policy().channels == (content["slack"]["channel"],)


def test_nobody_breaks_the_glass_unless_the_policy_says_who() -> None:
    content = copy.deepcopy(GOOD)
    assert parse(content, {}, source="test").the_policy().break_glass is None

    _set("policy.break_glass", {"role": "platform", "channel": "C0SECOND"})(content)

    assert parse(content, {}, source="test").the_policy().break_glass == BreakGlass(role="platform", channel="C0SECOND")


def test_a_value_that_is_refused_is_not_repeated() -> None:
    content = copy.deepcopy(GOOD)
    content["slack"]["bot_tokn"] = "xoxb-typo-in-the-key"

    with pytest.raises(InvalidError) as refused:
        parse(content, {}, source="bot.toml")

    assert "xoxb" not in refused.value.words


def test_secrets_come_from_the_environment_and_never_show() -> None:
    environ = {variable: f"secret-{name}" for name, variable in SECRETS.items()}

    settings = parse(GOOD, environ, source="bot.toml")

    assert settings.slack.bot_token.get_secret_value() == "secret-bot_token"
    assert "secret-" not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("transport", "lacking"),
    [
        ("socket", "bot_token"),
        ("socket", "app_token"),
        ("http", "bot_token"),
        ("http", "signing_secret"),
    ],
)
def test_serving_without_the_secrets_of_its_transport_is_refused_by_name(transport: str, lacking: str) -> None:
    content = copy.deepcopy(GOOD)
    content["slack"]["transport"] = transport
    environ = {variable: "x" for name, variable in SECRETS.items() if name != lacking}
    settings = parse(content, environ, source="bot.toml")

    with pytest.raises(InvalidError, match=f"{SECRETS[lacking]} is not set"):
        settings.insist_on_secrets()


def test_serving_with_the_secrets_of_its_transport_is_fine() -> None:
    environ = {"SLACK_BOT_TOKEN": "x", "SLACK_APP_TOKEN": "x"}

    parse(GOOD, environ, source="bot.toml").insist_on_secrets()


def test_a_file_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"There is no .*nowhere\.toml\. Copy bot\.example\.toml"):
        load(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[slack\n", encoding="utf-8")
    with pytest.raises(InvalidError, match="is not TOML"):
        load(broken)


def test_the_file_is_found_by_argument_then_by_environment_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "bot.example.toml").read_text(encoding="utf-8").replace('title = "PROD"', 'title = "{}"')
    for name in ("argument", "environment"):
        (tmp_path / f"{name}.toml").write_text(text.replace("{}", name), encoding="utf-8")
    monkeypatch.setenv("RUNBOOK_BOT_CONFIG", str(tmp_path / "environment.toml"))

    assert load(tmp_path / "argument.toml").the_platform().name == "argument"
    assert load().the_platform().name == "environment"


@pytest.mark.parametrize("namespace", ["", "RunbookBot", "Lake/Runbook-Bot_2.prod", "x" * 255])
def test_a_namespace_that_cloudwatch_takes_is_fine(namespace: str) -> None:
    settings = parse({**GOOD, "metrics": {"namespace": namespace}}, {}, source="bot.toml")

    assert settings.metrics.namespace == namespace


@pytest.mark.parametrize("namespace", ["AWS/Lambda", ":x", "/x", "two words", "Zürich", "x" * 256, "x\n"])
def test_a_namespace_that_cloudwatch_refuses_is_refused(namespace: str) -> None:
    with pytest.raises(InvalidError, match=r"metrics\.namespace"):
        parse({**GOOD, "metrics": {"namespace": namespace}}, {}, source="bot.toml")
