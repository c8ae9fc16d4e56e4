"""Where the benches play: settings as bot.toml would give them, for a Slack that is a stub and a lake nobody calls."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.settings import Settings, parse

TEAM, CHANNEL, ANA = "T0LAKE", "C0INCIDENT", "U0ANA"
SECRETS: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "xoxb-bench",
    "SLACK_APP_TOKEN": "xapp-bench",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
}
RUNBOOKS = Path(__file__).parent.parent / "runbooks"
LONG_WAITS = Path(__file__).parent / "runbooks"


def beside(name: str) -> tuple[Path, ...]:
    """Return the folder of that name in `shared/bench`, which may lie beside a checkout; none where it does not."""
    folders = (parent / "shared" / "bench" / name for parent in Path(__file__).parents)
    return tuple(folder for folder in folders if folder.is_dir())[:1]


def content(folder: Path, *, transport: str = "socket", runbooks: Path = RUNBOOKS) -> dict[str, Any]:
    """Return what bot.toml would hold; the only person is Ana, who may everything."""
    return {
        "environment": "prod",
        "runbooks": str(runbooks),
        "slack": {"team": TEAM, "channel": CHANNEL, "transport": transport},
        "platform": {
            "prod": {
                "title": "PROD",
                "account": "123456789012",
                "account_name": "lake-local",
                "region": "eu-west-1",
                "resources": {"artifacts_bucket": "lake-artifacts", "pipelines": ["transactions"]},
            }
        },
        "policy": {
            "roles": {"team": {"title": "lake-team", "people": [ANA]}},
            "viewer": "team",
            "operator": "team",
            "on_call": "team",
            "change": ["team"],
        },
        "records": records(folder),
    }


def records(folder: Path) -> dict[str, str]:
    """Return the records' settings: everything in one folder."""
    return {
        "url": f"sqlite:///{folder / 'bot.db'}",
        "engine_url": f"sqlite:///{folder / 'engine.db'}",
        "index": str(folder / "index.db"),
        "signing_key": str(folder / "audit.key"),
        "trusted_keys": str(folder / "trust" / "audit.pub"),
        "anchors": str(folder / "anchors"),
    }


def taken_apart(settings: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """Return file and environment that make these settings, so that another process can read them."""
    file = settings.model_dump(mode="json")
    slack = settings.slack
    hidden = (slack.bot_token, slack.app_token, slack.signing_secret)
    for name in ("bot_token", "app_token", "signing_secret"):
        del file["slack"][name]
    return file, {name: secret.get_secret_value() for name, secret in zip(SECRETS, hidden, strict=True)}


def put_together(file: Mapping[str, Any], secrets: Mapping[str, str]) -> Settings:
    """Return the settings."""
    return parse(file, secrets, source="the bench")
