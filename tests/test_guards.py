"""The guards of the house bite: what it forbids is refused, and nothing hides from them."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("bot", "tests", "bench") for path in sorted((ROOT / folder).rglob("*.py"))]
TOOLS = Path(sys.executable).parent
PACKAGES = packages_distributions()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("from os import environ", "TID251"),
        ("from datetime import datetime\n\nNOW = datetime.now", "TID251"),
        ("from time import time", "TID251"),
        ("from uuid import uuid4", "TID251"),
        ("from unittest.mock import Mock", "TID251"),
        ("from .errors import BotError", "TID252"),
        ("try:\n    pass\nexcept Exception:\n    pass", "BLE001"),
        ('import logging\n\nlogging.getLogger("a").info(f"{__name__}")', "G004"),
        ('print("hello")', "T201"),
        ("def f():\n    return 1", "ANN201"),
        ("def f() -> int:\n    import json\n    return len(json.__name__)", "PLC0415"),
    ],
)
def test_ruff_refuses_what_the_house_forbids(line: str, code: str) -> None:
    assert code in ruff_codes(line, as_file="bot/somewhere.py")


def test_only_the_settings_may_read_the_environment() -> None:
    assert "TID251" not in ruff_codes("from os import environ", as_file="bot/settings.py")


def ruff_codes(text: str, *, as_file: str) -> set[str]:
    done = subprocess.run(
        [TOOLS / "ruff", "check", "--output-format=json", "--stdin-filename", as_file, "-"],
        cwd=ROOT,
        input=text + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return {problem["code"] for problem in json.loads(done.stdout)}


# Each line breaks the contract named before it, in a house that is otherwise in order.
BREACHES = {
    "layers": ("bot/slack/cards.py", "import bot.aws.clients"),
    "no-cycles": ("bot/usecases/approvals.py", "import bot.usecases.runs"),
    "pure": ("bot/domain/plan.py", "import time"),
    "door-aws": ("bot/actions/rows.py", "import boto3"),
    "door-engine": ("bot/app.py", "from dbos import DBOS"),
    "door-records": ("bot/engine/transact.py", "import sqlalchemy"),
    "door-slack": ("bot/workbench/page.py", "from slack_sdk import WebClient"),
    "door-expressions": ("bot/actions/loops.py", "import cel"),
    "door-model": ("bot/assistant/fallback.py", "from langchain_core import messages"),
    "door-documents": ("bot/usecases/pictures.py", "import PIL"),
    "door-workbench": ("bot/cli.py", "import moto"),
}


def test_each_import_contract_is_broken_by_the_import_that_it_is_there_for(tmp_path: Path) -> None:
    settings = (ROOT / "pyproject.toml").read_text()
    names = {one["id"]: one["name"] for one in tomllib.loads(settings)["tool"]["importlinter"]["contracts"]}
    (tmp_path / "pyproject.toml").write_text(settings)
    build_a_house(tmp_path)
    said_before = contracts_say(within=tmp_path)

    for file, line in BREACHES.values():
        (tmp_path / file).write_text(f"{line}\n")
    said_after = contracts_say(within=tmp_path)

    assert set(names) == set(BREACHES)
    assert {one for one, name in names.items() if f"{name} KEPT" in said_before} == set(names)
    assert {one for one, name in names.items() if f"{name} BROKEN" in said_after} == set(names)


def build_a_house(at: Path) -> None:
    """Lay out every part of the bot, empty; two use cases know each other in one direction."""
    for part in ("", "slack", "actions", "aws", "assistant", "records", "engine", "usecases", "domain", "workbench"):
        (at / "bot" / part).mkdir()
        (at / "bot" / part / "__init__.py").touch()
    for module in ("__main__", "cli", "app", "settings", "ports", "errors", "aws/clients"):
        (at / "bot" / f"{module}.py").touch()
    (at / "bot" / "usecases" / "runs.py").write_text("import bot.usecases.approvals\n")


def contracts_say(*, within: Path) -> str:
    """Return what the contracts say of a house, all in one go: each in one line, however long its name."""
    done = subprocess.run(
        ["env", "COLUMNS=500", TOOLS / "lint-imports", "--no-logo", "--no-cache"],
        cwd=within,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "kept" in done.stdout, done.stdout + done.stderr
    return done.stdout


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = names_of(project["project"]["dependencies"])
    demo = run | names_of(project["project"]["optional-dependencies"]["demo"])
    dev = demo | names_of(project["dependency-groups"]["dev"])

    undeclared = [
        f"{path.relative_to(ROOT)}: {package}"
        for path in SOURCES
        for package in packages_imported_by(path)
        if package not in (dev if "bot" not in path.parts else demo if "workbench" in path.parts else run)
    ]

    assert undeclared == []


def names_of(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def packages_imported_by(path: Path) -> set[str]:
    """Return the distributions behind a file's imports; what comes with another one counts as that one."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    roots = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    foreign = {root for root in roots if not root.startswith(("_typeshed", "mypy_boto3_"))} - {
        "bot",
        "tests",
        "bench",
    }
    homes = {canonicalize_name((PACKAGES.get(root) or [root])[0]) for root in foreign}
    return {"boto3" if home == "botocore" else home for home in homes}


def test_every_switched_off_check_gives_its_reason_beside_it() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (off := re.search(r"#\s*(?:noqa|type:\s*ignore|pragma)\b(.*)", line)) and not gives_a_reason(off[1])
    ]

    assert bare == []


def gives_a_reason(comment: str) -> bool:
    """Return whether words follow the codes."""
    return len(re.sub(r"^[\s:\[\]A-Z0-9,-]*", "", comment).split()) >= 2


def test_every_folder_of_the_bot_is_a_package_that_the_import_contracts_can_see() -> None:
    folders = {path.parent for path in (ROOT / "bot").rglob("*.py")}

    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").exists()) == []


def test_no_module_is_named_after_nothing() -> None:
    empty = {
        "utils",
        "util",
        "helpers",
        "helper",
        "manager",
        "handler",
        "handlers",
        "service",
        "core",
        "common",
        "misc",
    }

    named = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}

    assert named & empty == set()


def test_no_committed_text_names_a_path_of_one_machine() -> None:
    homes = {str(ROOT.resolve()), str(Path.home())} - {"/"}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")

    guilty = [
        name
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file() and any(f"{home}/".encode() in (ROOT / name).read_bytes() for home in homes)
    ]

    assert guilty == []
