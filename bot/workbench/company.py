"""The people, groups, channels and settings of the demo: one small data-platform team and its lake."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.settings import Settings, parse
from bot.slack.commands import Commands
from bot.workbench.bedrock.lending import Lent
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import LakeNames
from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.workspace import Channel, Command, Group, Human, Workspace

CHANNEL = "C0INCIDENT"
ANA, BO, CY, DEE, GUS, KIM = "U0ANA", "U0BO", "U0CY", "U0DEE", "U0GUS", "U0KIM"


def workspace() -> Workspace:
    """Return the local Slack's people; Ana is on call, Bo and Cy can approve with her out, Gus is a guest."""
    everybody = (ANA, BO, CY, DEE, KIM)
    return Workspace(
        people=(
            Human(id=ANA, name="ana", real_name="Ana Ruiz", note="on call now"),
            Human(id=BO, name="bo", real_name="Bo Jansen", note="platform"),
            Human(id=CY, name="cy", real_name="Cy Mbeki", note="platform, do not disturb until 07:00"),
            Human(id=DEE, name="dee", real_name="Dee Okafor", note="domain analyst"),
            Human(id=KIM, name="kim", real_name="Kim Sato", note="data quality"),
            Human(id=GUS, name="gus", real_name="Gus Meyer", note="guest", is_guest=True),
        ),
        groups=(
            Group(id="S0ONCALL", handle="lake-oncall", name="Lake on-call", members=(ANA, BO)),
            Group(id="S0PLATFORM", handle="lake-platform", name="Lake platform", members=(ANA, BO, CY)),
            Group(id="S0DOMAIN", handle="lake-domain", name="Domain analysts", members=(DEE,)),
            Group(id="S0QUALITY", handle="lake-quality", name="Data quality", members=(KIM,)),
            Group(id="S0TEAM", handle="lake-team", name="Everybody on the lake", members=everybody),
        ),
        channels=(
            Channel(
                id=CHANNEL,
                name="incident-etl",
                members=(*everybody, GUS, "U0RUNBOOK"),
                environment_note="PROD (local lake)",
            ),
            Channel(id="C0GENERAL", name="general", members=(*everybody, GUS, "U0RUNBOOK")),
        ),
        commands=tuple(
            Command(command=command, usage=usage, description=description, escapes=command in Commands().escaped())
            for command, usage, description in Commands().hints()
        ),
    )


def settings(*, slack: LocalSlack, lake: Lake, folder: Path, runbooks: Path, lent: Lent | None = None) -> Settings:
    """Return settings as bot.toml and the environment would give them, for the local Slack, lake and model if any."""
    names = lake.names
    content: Mapping[str, Any] = {
        "environment": "prod",
        "runbooks": str(runbooks),
        "assistant": {"model": lent.model, "region": lent.region} if lent else {},
        "slack": {"team": slack.workspace.team_id, "channel": CHANNEL, "workspace_url": slack.url},
        "alarms": {
            "queue_url": lake.queue_url(names.failures_queue),
            "dead_letter_url": lake.queue_url(names.failures_dead_letters),
            "topic_arns": [names.topic_arn(names.failures_topic)],
        },
        "platform": {
            "prod": {
                "title": "PROD",
                "account": names.account,
                "account_name": "lake-local",
                "region": names.region,
                "resources": resources(names),
                "endpoints": lake.endpoints,
            }
        },
        "policy": {
            "roles": {
                "oncall": {"title": "lake-oncall", "group": "S0ONCALL"},
                "platform": {
                    "title": "lake-platform",
                    "group": "S0PLATFORM",
                    "page_topic": names.topic_arn(names.page_topic),
                },
                "domain": {"title": "lake-domain", "group": "S0DOMAIN"},
                "quality": {"title": "lake-quality", "group": "S0QUALITY"},
                "team": {"title": "lake-team", "group": "S0TEAM"},
            },
            "viewer": "team",
            "operator": "team",
            "on_call": "oncall",
            "change": ["platform"],
            "destructive": ["platform", "platform"],
            "channels": [CHANNEL],
        },
        "records": {
            "url": f"sqlite:///{folder / 'bot.db'}",
            "engine_url": f"sqlite:///{folder / 'engine.db'}",
            "index": str(folder / "index.db"),
            "archives": str(folder / "archives"),
            "published": str(folder / "postmortems"),
            "signing_key": str(folder / "audit.key"),
            "trusted_keys": str(folder / "trust" / "audit.pub"),
            "anchors": str(folder / "anchors"),
        },
    }
    secrets = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
    }
    return parse(content, secrets, source="the workbench")


def resources(names: LakeNames) -> dict[str, Any]:
    """Return what the platform's section of bot.toml would name of the local lake."""
    return {
        "bronze_bucket": names.bronze_bucket,
        "silver_bucket": names.silver_bucket,
        "quarantine_bucket": names.quarantine_bucket,
        "artifacts_bucket": names.artifacts_bucket,
        "log_groups": [names.log_group],
        "machines": [names.state_machine],
        "machine": names.state_machine,
        "rules": [names.schedule_rule],
        "daily_rule": names.schedule_rule,
        "namespace": names.namespace,
        "pipelines": [names.pipeline],
        "gold_bucket": names.gold_bucket,
        "tfstate_bucket": names.state_bucket,
        "tfstate_keys": [names.state_key],
        "lock_table": names.locks_table,
        "locks": [names.lock_id],
        "database": names.database,
        "table": names.table,
        "tables": [names.table, names.quarantine_table],
        "quarantine_table": names.quarantine_table,
        "workgroup": names.workgroup,
        "workgroups": [names.workgroup],
        "results_bucket": names.results_bucket,
        "job": names.jobs[0],
        "jobs": [*names.jobs],
        "function": names.promote_function,
        "functions": [names.promote_function, names.summary_function],
        "project": names.deploy_project,
        "projects": [names.deploy_project],
        "build_log_groups": [names.deploy_log_group],
        "queue": names.failures_queue,
        "queues": [names.failures_queue, names.failures_dead_letters],
        "dead_letter_queue": names.failures_dead_letters,
        "dead_letter_queues": [names.failures_dead_letters],
        "topics": [names.failures_topic, names.quarantine_topic],
        "quarantine_topic": names.quarantine_topic,
        "failures_topic": names.failures_topic,
        "etl_role": "etl-glue",
        "roles": ["etl-glue", "lake-deploy"],
    }
