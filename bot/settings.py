"""The only reader of the environment and of bot.toml; everything else is given values.

Secrets come from the environment alone; bot.toml can be reviewed and committed.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from bot.domain.action import Platform
from bot.domain.policy import (
    APPROVAL_LIFETIME,
    LONGEST_LIFETIME,
    MOST_EVER,
    PAGE_AFTER,
    REMIND_AFTER,
    BreakGlass,
    Policy,
    Role,
)
from bot.domain.quiet import AT_WORK, EVENING, MORNING
from bot.errors import InvalidError

SECRETS = {
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
}
TASKS = frozenset({"expand_step", "suggest_response", "answer", "draft_postmortem"})
DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
IN_S3 = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9/_-]*)?"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SlackSettings(_Part):
    """Where and as whom the bot speaks."""

    team: str = Field(description="id of the workspace, T…")
    channel: str = Field(description="id of the channel where alarms are shown, C…")
    transport: Literal["socket", "http"] = Field("socket", description="Socket Mode, or signed HTTP behind gunicorn")
    http_host: str = Field("127.0.0.1", description="address that signed HTTP listens on; 0.0.0.0 in a container")
    http_port: int = Field(8080, ge=1, le=65_535, description="port of the signed HTTP transport")
    workspace_url: str = Field("", description="e.g. the https address of the workspace, for links between cards")
    commands: Mapping[str, str] = Field({}, description='other names for slash commands, e.g. {runbook = "rb"}')
    note_emoji: str = Field(
        "memo",
        pattern=r"^[a-z0-9_+'-]{0,100}$",
        description="emoji that makes a message a note of its channel's incident, as a pin does; empty: pins only",
    )
    morning_hour: int = Field(
        AT_WORK,
        ge=MORNING,
        lt=EVENING,
        description="local hour of each person at which reminders and the message after an incident come, weekends too",
    )
    bot_token: SecretStr = Field(SecretStr(""), description="bot token, xoxb-…; never in the file")
    app_token: SecretStr = Field(
        SecretStr(""), description="app-level token, xapp-…, for Socket Mode; never in the file"
    )
    signing_secret: SecretStr = Field(SecretStr(""), description="signing secret, for signed HTTP; never in the file")


class AlarmSettings(_Part):
    """Where alarms come from."""

    queue_url: str | None = Field(None, description="SQS queue subscribed to the alarms' SNS topics")
    dead_letter_url: str | None = Field(None, description="SQS queue for messages that are no alarm of ours")
    topic_arns: tuple[str, ...] = Field((), description="the only SNS topics whose messages are believed")
    posted: bool = Field(
        False, description="believe what these topics post, signed, to /aws/alarms; needs the HTTP transport"
    )


class PlatformSettings(_Part):
    """One environment of the lake."""

    title: str = Field(description="what people call it, shown first on every request, e.g. PROD")
    account: str = Field(pattern=r"^[0-9]{12}$", description="AWS account id")
    account_name: str = Field(description="the account's name in words")
    region: str = Field(description="AWS region")
    resources: Mapping[str, str | tuple[str, ...]] = Field(description="names of buckets, rules, machines, log groups")
    endpoints: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], str] = Field(
        {}, description="addresses that `http.check` may ask, by name; https, without a query or a password"
    )


class RoleSettings(_Part):
    """One role of the policy."""

    title: str = Field(description="how cards name it, e.g. lake-platform")
    group: str | None = Field(None, description="id of the Slack user group, S…")
    people: tuple[str, ...] = Field((), description="ids of people, U…, where there is no group")
    on_call_group: str | None = Field(
        None, description="id of the Slack user group of who of them is on call, S…: mentioned first, before all"
    )
    page_topic: str | None = Field(None, description="ARN of the SNS topic that wakes the role's on-call")


class BreakGlassSettings(_Part):
    """Who may answer a request alone, in an incident of severity 1 that somebody else confirmed."""

    role: str = Field(description="the role whose members may; with [policy.break_glass] absent, nobody may")
    channel: str = Field(
        pattern=r"^[CG][A-Z0-9]{2,20}$", description="id of the second channel, which is told before anything is done"
    )


class PolicySettings(_Part):
    """Who may see, start and approve."""

    roles: Mapping[str, RoleSettings] = Field(description="roles by the word runbooks use in `needs`")
    viewer: str = Field(description="the role that may read")
    operator: str = Field(description="the role that may start and steer runs")
    on_call: str = Field(description="the role that confirms control steps")
    change: tuple[str, ...] = Field(description="the roles a change needs at least; its step may name more")
    destructive: tuple[str, ...] = Field(
        (), description="the roles a destructive step needs at least; below two: not offered"
    )
    channels: tuple[str, ...] = Field(
        (), description="channels bound to the environment, beside slack.channel; elsewhere nothing is told"
    )
    lifetime_minutes: int = Field(
        int(APPROVAL_LIFETIME.total_seconds() // 60),
        ge=1,
        le=int(LONGEST_LIFETIME.total_seconds() // 60),
        description="how long a request lives",
    )
    lifetime_minutes_of_two: int = Field(
        int(LONGEST_LIFETIME.total_seconds() // 60),
        ge=1,
        le=int(LONGEST_LIFETIME.total_seconds() // 60),
        description="how long a request lives that more than one person must answer",
    )
    break_glass: BreakGlassSettings | None = None
    remind_minutes: int = Field(
        int(REMIND_AFTER.total_seconds() // 60),
        ge=1,
        le=int(LONGEST_LIFETIME.total_seconds() // 60),
        description="a request that nobody has answered so long mentions all of the role",
    )
    page_minutes: int = Field(
        int(PAGE_AFTER.total_seconds() // 60),
        ge=1,
        le=int(LONGEST_LIFETIME.total_seconds() // 60),
        description="and after so long rings the role's pager (`page_topic`); not before it reminds",
    )
    own_isolated: bool = Field(
        True, description="on-call may confirm their own execution that writes under a new run id and promotes nothing"
    )
    most_at_once: int = Field(
        100, ge=20, le=MOST_EVER, description="how many calls one approval may cover, where a step's `most` asks for it"
    )
    looks_per_person: int = Field(60, ge=1, description="how often a person may have the lake looked at in ten minutes")
    looks_per_channel: int = Field(
        200, ge=1, description="the same for a channel; where an incident of severity 1 is open, nothing is counted"
    )


class RecordsSettings(_Part):
    """Where the truth is kept."""

    url: str = Field("sqlite:///var/bot.db", description="sqlite:///…, or postgresql+psycopg://… for several replicas")
    engine_url: str = Field("sqlite:///var/engine.db", description="the durable executor's own tables; rebuildable")
    index: Path = Field(Path("var/index.db"), description="full-text index; rebuildable")
    archives: Path = Field(Path("var/archives"), description="folder of the post-mortems' evidence archives")
    published: Path = Field(Path("var/postmortems"), description="folder of published post-mortems, Markdown")
    published_copy: str = Field(
        "",
        pattern=rf"^({IN_S3})?$",
        description="s3://bucket/prefix/ that gets each published edition too; empty: none",
    )
    signing_key: Path = Field(Path("var/audit.key"), description="private key of the audit, made at first start")
    trusted_keys: Path = Field(Path("trust/audit.pub"), description="public keys that verify the audit; keep elsewhere")
    anchors: str = Field("anchors", description="folder, or s3://bucket/prefix/, for the audit's anchors")

    @property
    def anchors_in_s3(self) -> str:
        """Return where in S3 the anchors are, `s3://bucket/prefix/`; empty where they lie in a folder."""
        if not self.anchors.startswith("s3://"):
            return ""
        bucket, _, prefix = self.anchors.removeprefix("s3://").strip("/").partition("/")
        return f"s3://{bucket}/{prefix or 'audit/anchors'}/"


class AssistantSettings(_Part):
    """Which model words things, if any, and how much it may use."""

    model: str = Field(
        "", description="Bedrock model id, inference profile or its ARN; empty: no model, the bot quotes instead"
    )
    models: Mapping[str, str] = Field(
        {}, description="other models by task: expand_step, suggest_response, answer, draft_postmortem"
    )
    base_model: str = Field("", description="the id of the model behind an ARN; needed where model is an ARN")
    region: str = Field("", description="region of Bedrock; empty: the platform's")
    output: Literal["tool", "json_schema"] = Field(
        "tool", description="how the reply's form is held to: a forced tool call, or Bedrock's own JSON schema output"
    )
    guardrail: str = Field("", description="id or ARN of a Bedrock guardrail; empty: none")
    guardrail_version: str = Field("DRAFT", description="its version")
    cache_prompts: bool = Field(True, description="set a cache point after the static part of each prompt")
    temperature: float | None = Field(
        None, ge=0, le=1, description="sampling temperature; not sent where not set, since some models refuse it"
    )
    deadline_seconds: int = Field(20, ge=1, le=300, description="how long a model is waited for; then the bot quotes")
    draft_deadline_seconds: int = Field(120, ge=1, le=600, description="the same, for drafts of post-mortems")
    at_once: int = Field(4, ge=1, le=32, description="model calls one process makes at the same time")
    tokens_per_incident: int = Field(300_000, ge=0, description="tokens one incident, alarm or run may use")
    tokens_per_person: int = Field(500_000, ge=0, description="tokens one person's questions may use in a day, UTC")
    tokens_per_channel: int = Field(
        1_000_000, ge=0, description="tokens the questions asked in one channel may use in a day, UTC"
    )
    tokens_per_day: int = Field(3_000_000, ge=0, description="tokens all together may use in a day, UTC")
    kept_for_severity_1: float = Field(
        0.25, ge=0, lt=1, description="share of the day's tokens that only open incidents of severity 1 may use"
    )

    def insist_on_whole_models(self, source: str) -> None:
        """Check that every task has a model that is told apart from others.

        Raises:
            InvalidError: a task is none or has no model, or an ARN does not say which model it is.
        """
        if unknown := sorted(set(self.models) - TASKS):
            known = ", ".join(sorted(TASKS))
            raise InvalidError(f"{source}: assistant.models: there is no task {unknown[0]!r}; there is {known}.")
        if self.models and not self.model:
            raise InvalidError(f"{source}: assistant.models: set assistant.model too; it does the other tasks.")
        named = (self.model, *self.models.values())
        if any(one.startswith("arn:") for one in named) and not self.base_model:
            words = "an ARN does not say what the model can do; set assistant.base_model"
            raise InvalidError(f"{source}: assistant.model: {words}.")


class MetricsSettings(_Part):
    """Whether the bot's own metrics are made."""

    namespace: str = Field(
        "",
        pattern=r"^([A-Za-z0-9_.#-][A-Za-z0-9_.#/-]{0,254})?$",
        description="CloudWatch namespace of the bot's own metrics, which its log lines then carry; empty: none",
    )


class Settings(_Part):
    """Everything that can be set."""

    environment: str = Field("prod", description="which [platform.…] this process serves")
    slack: SlackSettings
    alarms: AlarmSettings = AlarmSettings()
    platform: Mapping[str, PlatformSettings]
    policy: PolicySettings
    records: RecordsSettings = RecordsSettings()
    runbooks: Path = Field(Path("runbooks"), description="folder of the runbooks")
    prompts: Path = Field(Path("prompts"), description="folder of the prompts")
    assistant: AssistantSettings = AssistantSettings()
    metrics: MetricsSettings = MetricsSettings()

    def insist_on_secrets(self) -> None:
        """Check that Slack can be reached and can reach this process.

        Raises:
            InvalidError: names the variable of the environment that is missing.
        """
        wanted = ("bot_token", "signing_secret" if self.slack.transport == "http" else "app_token")
        missing = [SECRETS[name] for name in wanted if not getattr(self.slack, name).get_secret_value()]
        if missing:
            raise InvalidError(f"{missing[0]} is not set in the environment; docs/setup.md says where Slack shows it.")

    def the_platform(self) -> Platform:
        """Return the environment this process serves.

        Raises:
            InvalidError: it has no section.
        """
        found = self.platform.get(self.environment)
        if found is None:
            raise InvalidError(f"environment is {self.environment!r}, and there is no [platform.{self.environment}].")
        return Platform(
            name=found.title,
            account=found.account,
            account_name=found.account_name,
            region=found.region,
            resources=found.resources,
            in_console=True,
            anchors=self.records.anchors_in_s3,
        ).reaching(found.endpoints)

    def the_policy(self) -> Policy:
        """Return the policy as the core knows it.

        Raises:
            InvalidError: it names a role that it does not have, or rings a pager before it reminds.
        """
        named = {self.policy.viewer, self.policy.operator, self.policy.on_call}
        named |= {*self.policy.change, *self.policy.destructive}
        glass = self.policy.break_glass
        named |= {glass.role} if glass else set()
        unknown = sorted(named - set(self.policy.roles))
        if unknown:
            raise InvalidError(f"[policy] names roles that [policy.roles] does not have: {', '.join(unknown)}.")
        if (page := self.policy.page_minutes) < (remind := self.policy.remind_minutes):
            words = f"[policy] page_minutes is {page}, and remind_minutes {remind}: all are asked before a pager rings."
            raise InvalidError(words)
        return Policy(
            roles={name: Role(**role.model_dump()) for name, role in self.policy.roles.items()},
            viewer=self.policy.viewer,
            operator=self.policy.operator,
            on_call=self.policy.on_call,
            change=self.policy.change,
            destructive=self.policy.destructive,
            channels=tuple(dict.fromkeys((self.slack.channel, *self.policy.channels))),
            lifetime=timedelta(minutes=self.policy.lifetime_minutes),
            lifetime_of_two=timedelta(minutes=self.policy.lifetime_minutes_of_two),
            break_glass=BreakGlass(**glass.model_dump()) if glass else None,
            remind_after=timedelta(minutes=self.policy.remind_minutes),
            page_after=timedelta(minutes=self.policy.page_minutes),
            own_isolated=self.policy.own_isolated,
            most_at_once=self.policy.most_at_once,
            looks_per_person=self.policy.looks_per_person,
            looks_per_channel=self.policy.looks_per_channel,
        )


def load(path: Path | None = None) -> Settings:
    """Read bot.toml and the secrets of the environment.

    Args:
        path: the file; else RUNBOOK_BOT_CONFIG, else bot.toml in the current folder.

    Raises:
        InvalidError: names the file, the setting and what would fit.
    """
    chosen = path or Path(os.environ.get("RUNBOOK_BOT_CONFIG", "bot.toml"))
    if not chosen.is_file():
        raise InvalidError(f"There is no {chosen}. Copy bot.example.toml to bot.toml, or set RUNBOOK_BOT_CONFIG.")
    try:
        content = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"{chosen} is not TOML: {error}.") from error
    return parse(content, os.environ, source=str(chosen))


def parse(content: Mapping[str, Any], environ: Mapping[str, str], *, source: str) -> Settings:
    """Return the settings from a parsed file and an environment.

    Raises:
        InvalidError: names the setting and what would fit; a secret in the file is refused.
    """
    said = content.get("slack") or {}
    if not isinstance(said, Mapping):
        raise InvalidError(f"{source}: slack: Input should be a section, [slack].")
    slack = dict(said)
    written = [name for name in SECRETS if name in slack]
    if written:
        words = f"{source}: slack.{written[0]} is a secret; set {SECRETS[written[0]]} in the environment instead."
        raise InvalidError(words)
    slack |= {name: environ[variable] for name, variable in SECRETS.items() if environ.get(variable)}
    try:
        settings = Settings.model_validate({**content, "slack": slack})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"{source}: {where}: {first['msg']}.") from error
    settings.the_platform()
    settings.the_policy()
    if settings.alarms.posted and settings.slack.transport != "http":
        raise InvalidError(f'{source}: alarms.posted: nothing can be posted here unless slack.transport is "http".')
    for name in ("url", "engine_url"):
        if not getattr(settings.records, name).startswith(DATABASES):
            raise InvalidError(f"{source}: records.{name}: give sqlite:///… or postgresql+psycopg://….")
        if not _is_address(getattr(settings.records, name)):
            words = "that is no address; in a name or password write %40 for @, %3A for :, %2F for /"
            raise InvalidError(f"{source}: records.{name}: {words}.")
    anchors = settings.records.anchors
    if anchors.lower().startswith("s3:") and not re.fullmatch(IN_S3, anchors):
        raise InvalidError(f"{source}: records.anchors: give a folder, or s3://bucket/prefix/.")
    for name in ("runbooks", "prompts"):
        folder: Path = getattr(settings, name)
        if not folder.is_dir():
            raise InvalidError(f"{source}: {name}: there is no folder {folder}.")
    settings.assistant.insist_on_whole_models(source)
    if settings.metrics.namespace.startswith("AWS/"):
        raise InvalidError(f"{source}: metrics.namespace: AWS/… is for AWS's own metrics; choose another.")
    return settings


def _is_address(url: str) -> bool:
    """Return whether the database's own reader takes it, whose error would quote a part of the password."""
    try:
        return urlsplit(re.sub("://[^@]*@", "://", url, count=1)).port != 0
    except ValueError:
        return False


def environment() -> Mapping[str, str]:
    """Return the process's environment, for the checks made at start."""
    return os.environ


def table() -> str:
    """Return every setting as a table in Markdown, made from the fields."""
    lines = [f"| `{name}` | {default} | {words} |" for name, default, words in _rows(Settings, "")]
    return "\n".join(("| Setting | Default | What it is |", "| --- | --- | --- |", *lines))


def _rows(part: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in part.model_fields.items():
        if name in SECRETS:
            yield SECRETS[name], "environment", field.description or ""
            continue
        named, inner = _part_in(field.annotation)
        if inner is None:
            yield f"{prefix}{name}", _default(field), field.description or ""
            continue
        yield from _rows(inner, f"{prefix}{name}.<name>." if named else f"{prefix}{name}.")


def _part_in(annotation: object) -> tuple[bool, type[BaseModel] | None]:
    """Return the part of the settings a field holds, and whether it holds several by name."""
    by_name = get_origin(annotation) is Mapping
    held = get_args(annotation)[-1] if by_name else annotation
    parts = [one for one in (held, *get_args(held)) if isinstance(one, type) and issubclass(one, _Part)]
    return by_name and bool(parts), parts[0] if parts else None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return f"`{field.default}`" if field.default not in (None, "", (), {}) else "none"
