"""The papers say what the code says."""

import json
import tomllib
from pathlib import Path

import pytest

from bot.domain import metrics
from bot.settings import SECRETS, Settings, parse, table
from bot.slack.commands import Commands, manifest

ROOT = Path(__file__).parents[1]
SETUP = (ROOT / "docs/setup.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "bot.example.toml").read_text(encoding="utf-8")


def test_the_settings_are_documented_as_they_are() -> None:
    assert table() in SETUP, f"docs/setup.md lacks the table as it is now:\n{table()}"


def test_the_commands_are_documented_as_they_are() -> None:
    assert Commands().table() in SETUP, f"docs/setup.md lacks the table as it is now:\n{Commands().table()}"


def test_the_manifest_is_documented_as_it_is() -> None:
    assert json.dumps(manifest(Commands()), indent=2) in SETUP, "docs/setup.md lacks what runbook-bot manifest prints"


def test_the_metrics_are_documented_as_they_are() -> None:
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")

    assert metrics.table() in page, f"docs/metrics.md lacks the table as it is now:\n{metrics.table()}"
    assert f"with nine runbooks that is at most {metrics.series(9)} metrics" in page


def test_the_example_is_a_whole_file_of_settings_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    settings = parse(tomllib.loads(EXAMPLE), {}, source="bot.example.toml")

    assert settings.the_platform().name == "PROD"
    assert settings.the_policy().roles["platform"].page_topic
    assert not [secret for secret in SECRETS if getattr(settings.slack, secret).get_secret_value()]


def test_the_example_shows_every_part_of_the_settings() -> None:
    shown = tomllib.loads(EXAMPLE)

    assert set(shown) == set(Settings.model_fields)
    assert set(shown["records"]) == set(Settings.model_fields["records"].default.model_dump())
