"""Make the policy of the bot's role from bot.toml and the runbooks, for `runbook-bot iam`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.authoring.permissions import ALWAYS, MANAGED_POLICY, Plumbing, parts_of, policy_of, size_of, used_rows
from bot.authoring.shelf import in_file, named
from bot.domain.action import Platform
from bot.domain.value import JsonObject
from bot.settings import Settings, load

IN_S3 = "s3://"
_QUEUE = re.compile(
    r"https://sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<account>[0-9]{12})/(?P<name>[A-Za-z0-9_-]+)"
)
_ARN = re.compile(r"arn:aws:bedrock:")
_CROSS_REGION = re.compile(r"(?:us|eu|apac|ap|jp|au|ca|us-gov|global)\.(?P<model>[a-z0-9-]+\..+)")


def granted(config: Path | None, names: Sequence[str]) -> JsonObject:
    """Return the policy for the runbooks named, or without any for the bot's role: all runbooks and its own needs.

    Raises:
        NotFoundError: there is no such runbook.
        InvalidError: bot.toml does not name something that a runbook needs.
    """
    settings = load(config)
    platform = settings.the_platform()
    if names:
        return policy_of(used_rows([named(one, settings.runbooks) for one in names], CATALOGUE), platform)
    files = sorted(one for one in settings.runbooks.glob("*.md") if one.name not in {"TEMPLATE.md", "README.md"})
    used = {row.id: row for row in used_rows([in_file(one) for one in files], CATALOGUE)}
    used |= {name: CATALOGUE.row(name) for name in ALWAYS}
    return policy_of([used[name] for name in sorted(used)], platform, plumbing_of(settings, platform))


def plumbing_of(settings: Settings, platform: Platform) -> Plumbing:
    """Return what the bot needs for itself, as the settings name it."""
    anchors, topics = settings.records.anchors_in_s3, [one.page_topic for one in settings.policy.roles.values()]
    published = settings.records.published_copy
    models = [settings.assistant.model, *settings.assistant.models.values(), settings.assistant.base_model]
    region = settings.assistant.region or platform.region
    return Plumbing(
        intake=_queue(settings.alarms.queue_url),
        dead_letters=_queue(settings.alarms.dead_letter_url),
        page_topics=tuple(sorted({topic for topic in topics if topic})),
        anchors=anchors.removeprefix(IN_S3) if anchors else None,
        published=published.removeprefix(IN_S3).strip("/") if published else None,
        models=tuple(sorted({arn for model in models if model for arn in _models(model, region, platform.account)})),
        guardrail=_guardrail(settings.assistant.guardrail, region, platform.account),
    )


def _queue(url: str | None) -> str | None:
    """Return the ARN of a queue by its URL, which only AWS's own queues have one of."""
    found = _QUEUE.fullmatch(url or "")
    return f"arn:aws:sqs:{found['region']}:{found['account']}:{found['name']}" if found else None


def _models(model: str, region: str, account: str) -> tuple[str, ...]:
    """Return what must be named to invoke a model; a profile over several regions is two things."""
    if _ARN.match(model):
        return (model,)
    across = _CROSS_REGION.fullmatch(model)
    if across is None:
        return (f"arn:aws:bedrock:{region}::foundation-model/{model}",)
    return (
        f"arn:aws:bedrock:{region}:{account}:inference-profile/{model}",
        f"arn:aws:bedrock:*::foundation-model/{across['model']}",
    )


def _guardrail(guardrail: str, region: str, account: str) -> str | None:
    if not guardrail or _ARN.match(guardrail):
        return guardrail or None
    return f"arn:aws:bedrock:{region}:{account}:guardrail/{guardrail}"


def written(policy: JsonObject) -> str:
    """Return the policy as a file of it is kept."""
    return json.dumps(policy, indent=2)


def written_into(folder: Path, policy: JsonObject) -> list[str]:
    """Write the policy into files that each fit a managed policy; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, part in enumerate(parts_of(policy), start=1):
        path = folder / f"runbook-bot-{number}.json"
        path.write_text(written(part) + "\n", encoding="utf-8")
        paths.append(str(path))
    return paths


def note(policy: JsonObject) -> str:
    """Return what to know of its size; empty where it fits a managed policy."""
    size = size_of(policy)
    words = f"{size:,} characters; a managed policy takes {MANAGED_POLICY:,}. For several: runbook-bot iam --into DIR"
    return words if size > MANAGED_POLICY else ""
