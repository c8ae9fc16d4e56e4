"""The papers say what the code says."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.aws.models import core_session
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


def test_each_command_of_the_terminal_is_documented() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    listed = re.findall(r"^    ([a-z]+)\b", shown, re.M)
    papers = SETUP + (ROOT / "docs/authoring.md").read_text(encoding="utf-8")

    assert len(listed) > 10
    assert [name for name in listed if f"runbook-bot {name}" not in papers] == []


def test_the_manifest_is_documented_as_it_is() -> None:
    assert json.dumps(manifest(Commands()), indent=2) in SETUP, "docs/setup.md lacks what runbook-bot manifest prints"


def test_the_metrics_are_documented_as_they_are() -> None:
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")

    assert metrics.table() in page, f"docs/metrics.md lacks the table as it is now:\n{metrics.table()}"
    assert f"with nine runbooks that is at most {metrics.series(9)} metrics" in page


ALARM = re.compile(
    r'^    (?P<name>\w+) += \{ metric = "(?P<metric>\w+)", statistic = "(?P<statistic>\w+)", above = (?P<above>\d+), '
    r'minutes = (?P<minutes>\d+), missing = "(?P<missing>\w+)", means = "(?P<means>[^"]+)" \}$',
    re.MULTILINE,
)


def test_the_alarms_to_begin_with_watch_metrics_that_are_written_without_further_words() -> None:
    alarms = [found.groupdict() for found in ALARM.finditer(SETUP)]
    whole = {metric.name for metric in metrics.TABLE if () in metric.by}
    shapes = core_session().get_service_model("cloudwatch")

    assert len(alarms) == SETUP.count("{ metric =") >= 6
    assert [one["metric"] for one in alarms if one["metric"] not in whole] == []
    assert {one["statistic"] for one in alarms} <= set(shapes.shape_for("Statistic").metadata["enum"])
    assert {one["missing"] for one in alarms} <= {"breaching", "notBreaching", "ignore", "missing"}
    assert [one["metric"] for one in alarms if one["missing"] == "breaching"] == ["PartsAiling"]
    assert f'dimensions          = {{ {metrics.ENVIRONMENT} = "prod" }}' in SETUP
    assert f'namespace           = "{tomllib.loads(EXAMPLE)["metrics"]["namespace"]}"' in SETUP


def test_every_metric_that_the_setup_names_is_one() -> None:
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", SETUP))
    named |= set(re.findall(r'\bmetric = "(\w+)"', SETUP))

    assert {"ModelTokensOut", "PartsAiling"} <= named
    assert named <= {metric.name for metric in metrics.TABLE}


def test_the_bot_needs_no_right_to_put_metrics_or_logs() -> None:
    granted = (ROOT / "docs/iam-policy.json").read_text(encoding="utf-8")

    assert [one for one in ("PutMetricData", "PutLogEvents", "CreateLogStream") if one in granted] == []


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
