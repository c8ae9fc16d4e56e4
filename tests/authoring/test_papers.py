"""Every command that docs/authoring.md shows is run as it stands there."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.M | re.S)
COMMANDS = [line for kind, block in FENCED if not kind for line in block.splitlines()]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds the runbooks, committed."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "runbooks", folder / "runbooks")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "-m", "first"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)
    return folder


def ran(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(line)
    assert program == "runbook-bot"
    command = [sys.executable, "-m", "bot", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100
    )


def test_every_command_of_the_page_does_what_it_says(house: Path) -> None:
    assert len(COMMANDS) >= 8

    for line in COMMANDS:
        done = ran(line, house)
        wanted = 1 if "--diff" in line else 0  # by then a new runbook lies there, and newly reads
        assert done.returncode == wanted, (line, done.stdout[-2_000:], done.stderr[-2_000:])


def test_every_option_the_page_names_is_one_that_exists() -> None:
    shown = set(re.findall(r"--[a-z]+", PAGE))

    known = "".join(ran(f"runbook-bot {name} --help", ROOT).stdout for name in ("check", "try", "show"))

    assert shown
    assert sorted(one for one in shown if one not in known) == []


def test_the_authors_tools_stay_light() -> None:
    heavy = (
        "{name.partition('.')[0] for name in sys.modules} & {'dbos', 'slack_bolt', 'slack_sdk', 'moto', 'sqlalchemy'}"
    )
    code = (
        "import sys; from bot.cli import run; "
        "[run(line) for line in (['check'], ['show', 'circuit-breaker', '--cli'], "
        "['preview', 'runbooks/circuit-breaker.md'], ['check', '--diff', 'runbooks'])]; "
        f"sys.exit(str(sorted({heavy})))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stderr.strip().endswith("[]"), done.stderr
