"""The house holds together: locks, commands, papers and container say the same thing."""

import json
import re
import stat
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import RecordsSettings

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
SETTINGS_FILES = [
    *LOCKS,
    *(ROOT / name for name in ("pyproject.toml", "Makefile", "Dockerfile", ".dockerignore", ".gitignore", ".ci/run")),
]


class Locked(NamedTuple):
    """One package of a lock file."""

    version: str
    hashes: tuple[str, ...]


def locked(name: str) -> dict[str, Locked]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.findall(r"^([\w.-]+)==(\S+)[^\n\\]*((?:\\\n +--hash=\S+ ?)*)", text, flags=re.MULTILINE)
    return {
        canonicalize_name(package): Locked(version, tuple(re.findall(r"--hash=(\S+)", hashes)))
        for package, version, hashes in entries
    }


def required(lock: str) -> list[Requirement]:
    run = PROJECT["project"]["dependencies"]
    demo = run + PROJECT["project"]["optional-dependencies"]["demo"]
    lines = {
        "build": PROJECT["build-system"]["requires"],
        "run": run,
        "demo": demo,
        "dev": demo + PROJECT["dependency-groups"]["dev"],
    }
    return [Requirement(line) for line in lines[lock]]


# Locks


@pytest.mark.parametrize("path", SETTINGS_FILES, ids=lambda path: path.name)
def test_no_lock_and_no_settings_file_names_a_place_to_download_from(path: Path) -> None:
    text = path.read_text()

    assert re.findall(r"\w+://\S*|--?(?:extra-)?index(?:-url)?\b\S*|--find-links\S*|--trusted-host\S*", text) == []


@pytest.mark.parametrize("lock", ["build", "run", "demo", "dev"])
def test_every_dependency_is_locked_within_its_bounds(lock: str) -> None:
    packages = locked(lock)

    outside = [
        str(need)
        for need in required(lock)
        if (found := packages.get(canonicalize_name(need.name))) is None or found.version not in need.specifier
    ]

    assert outside == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_of_a_lock_has_one_version_and_its_hashes(path: Path) -> None:
    packages = locked(path.stem)
    lines = [line for line in path.read_text().splitlines() if re.match(r"[\w.-]", line)]

    assert len(packages) == len(lines) > 0
    assert [name for name, found in packages.items() if not found.hashes] == []
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for found in packages.values() for one in found.hashes)


def test_what_runs_in_production_is_what_was_tested() -> None:
    run, demo, dev = locked("run"), locked("demo"), locked("dev")

    assert {name: demo.get(name) for name in run} == run
    assert {name: dev.get(name) for name in demo} == demo


def test_nothing_that_only_the_workbench_needs_is_in_production() -> None:
    only_demo = {canonicalize_name(need.name) for need in required("demo")}
    only_demo -= {canonicalize_name(need.name) for need in required("run")}
    text = (ROOT / "requirements" / "run.txt").read_text()

    assert [name for name in only_demo & set(locked("run")) if not brought_by_another(name, text)] == []


def brought_by_another(name: str, lock: str) -> bool:
    """Return whether a runtime dependency brings the package along, by what the lock says beside it."""
    entry = re.search(rf"^{re.escape(name)}==.*\n(?:(?![\w.-]+==).*\n)*", lock, flags=re.MULTILINE)
    via = re.findall(r"^    #   ?(?:via )?([\w.-]+)", entry[0] if entry else "", flags=re.MULTILINE)
    return bool({canonicalize_name(one) for one in via} & set(locked("run")))


# Makefile and CI


def make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_make_help_names_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert phony is not None

    shown = re.findall(r"^  make (\w+) +\S", make("help").stdout, flags=re.MULTILINE)

    assert sorted(shown) == sorted(phony[1].split())
    assert {"help", "install", "demo", "test", "check", "bench"} <= set(shown)


def test_every_recipe_of_the_makefile_is_five_lines_or_fewer() -> None:
    recipes = re.findall(r"^[^\s#.:=]+:[^=\n]*\n((?:\t[^\n]*\n)+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

    assert max(recipe.count("\n") for recipe in recipes) <= 5


def test_an_old_python_is_refused_in_words_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "requirements").mkdir()
    old = tmp_path / "python-of-2021"
    pretend = "import sys; sys.version_info = (3, 10, 9, 'final', 0); exec(sys.argv[1])"
    old.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{pretend}" "$2"\n')
    old.chmod(0o755)

    refused = make(".venv/bin/python", f"PYTHON={old}", cwd=tmp_path)

    assert refused.returncode != 0
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "is 3.10" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_ci_stops_at_the_first_error_and_lets_no_browser_test_be_skipped() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text().splitlines()

    assert script.stat().st_mode & stat.S_IXUSR
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert lines[-2:] == ["export REQUIRE_BROWSER=1", "make test"]
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


# Papers


def test_every_path_that_contributing_names_exists() -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|py|toml))`", (ROOT / "CONTRIBUTING.md").read_text()))

    assert len(named) > 20
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_part_of_the_bot_is_on_the_map_of_contributing() -> None:
    parts = {
        f"bot/{path.name}/" if path.is_dir() else f"bot/{path.name}"
        for path in (ROOT / "bot").iterdir()
        if not path.name.startswith("__")
    }

    text = (ROOT / "CONTRIBUTING.md").read_text()

    assert sorted(part for part in parts if f"`{part}`" not in text) == []


def test_the_changelog_and_the_package_name_the_same_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    coming = re.search(r"^The next version is (\d+\.\d+\.\d+)\.$", changelog, flags=re.MULTILINE)
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changelog, flags=re.MULTILINE)

    assert PROJECT["project"]["version"] == (coming[1] if coming else released[0])
    assert re.findall(r"^## \[(\w+)\]$", changelog, flags=re.MULTILINE) == ["Unreleased"]


def test_every_runtime_dependency_says_what_for_and_under_which_licence() -> None:
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
    rows = re.findall(r"^\| ([\w.-]+)(?:\[\w+\])? \| ([^|]{30,}) \| ([^|]+) \|$", page, flags=re.MULTILINE)

    explained = {canonicalize_name(package) for package, _, _ in rows if package != "package"}

    assert explained == {canonicalize_name(need.name) for need in required("run")}


def test_every_other_direct_dependency_is_named_in_the_decision() -> None:
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text().casefold()

    groups = [need for lock in ("demo", "dev", "build") for need in required(lock)]

    assert [need.name for need in groups if need.name.casefold() not in page] == []


def test_the_decisions_are_numbered_without_gaps_and_carry_a_status() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    numbers = [int(page.name[:4]) for page in pages]

    assert numbers == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]} · ")
        assert re.search(r"^\*\*Status\*\*: (accepted|replaced by \d{4}) · \*\*Date\*\*: \d{4}-\d\d-\d\d$", text, re.M)
        assert len(text.splitlines()) < 100


def test_the_readme_gives_the_one_command_by_line_15() -> None:
    beginning = (ROOT / "README.md").read_text().splitlines()[:15]

    assert any("make demo" in line for line in beginning)


def test_the_licence_is_the_one_the_package_declares() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert re.match(r"\s*Apache License\s+Version 2\.0, January 2004", (ROOT / "LICENSE").read_text())


# The container, by the rules that can be checked without Docker


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    logical = re.sub(r"\\\n\s*", " ", text)
    return [(words[0].upper(), words[1]) for line in logical.splitlines() if len(words := line.split(None, 1)) == 2]


def arguments_of(instruction: str) -> list[str]:
    return [rest for name, rest in instructions() if name == instruction]


def copied() -> list[str]:
    here = [rest.split() for rest in arguments_of("COPY") if "--from=" not in rest]
    return [source for words in here for source in words[:-1]]


def test_the_image_is_built_in_one_stage_and_runs_in_another_on_a_named_version() -> None:
    bases = [rest.split() for rest in arguments_of("FROM")]

    assert len(bases) == 2
    for base in bases:
        image, _, tag = base[0].partition(":")
        assert re.match(r"\d", tag), f"{image} needs a tag that names its version"
        assert "slim" in tag


def test_the_container_runs_as_nobody_in_particular() -> None:
    steps = instructions()
    last_stage = steps[max(at for at, (name, _) in enumerate(steps) if name == "FROM") :]
    users = [rest for name, rest in last_stage if name == "USER"]

    assert users
    assert users[-1].partition(":")[0] not in {"root", "0"}
    after = [name for name, _ in last_stage[last_stage.index(("USER", users[-1])) :]]
    assert set(after) & {"RUN", "COPY"} == set()


def test_the_container_says_how_it_is_and_what_it_starts() -> None:
    (health,) = arguments_of("HEALTHCHECK")
    (command,) = arguments_of("CMD")

    assert json.loads(health.partition("CMD ")[2]) == ["runbook-bot", "health"]
    assert json.loads(command) == ["runbook-bot", "serve"]
    assert arguments_of("ENTRYPOINT") == []


def test_what_the_bot_keeps_by_default_outlives_the_container_and_is_its_own_to_write() -> None:
    kept = [Path(str(field.default).removeprefix("sqlite:///")) for field in RecordsSettings.model_fields.values()]
    folders = {f"/app/{path.parts[0]}" for path in kept if path.parts}
    (made,) = [rest.partition("install --directory")[2].split() for rest in arguments_of("RUN") if "useradd" in rest]

    assert folders == set(json.loads(arguments_of("VOLUME")[0]))
    assert folders < set(made)


def test_the_container_installs_only_what_is_locked_and_keeps_no_cache() -> None:
    installs = [json.loads(rest) for rest in arguments_of("RUN") if rest.startswith("[") and '"install"' in rest]

    assert len(installs) == 2
    for words in installs:
        assert "--require-hashes" in words or {"--no-deps", "--no-build-isolation"} <= set(words)
    assert all("pip" not in rest for rest in arguments_of("RUN") if not rest.startswith("["))
    assert any("PIP_NO_CACHE_DIR=1" in rest for rest in arguments_of("ENV"))
    assert not [rest for rest in arguments_of("RUN") if "apt-get" in rest and "rm -rf /var/lib/apt/lists" not in rest]


def test_the_container_takes_only_files_that_are_here_and_that_the_context_lets_in() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}

    assert rules[0] == "*"
    assert arguments_of("ADD") == []
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert [source for source in copied() if source in {".", "./"}] == []
    assert [
        one for one in copied() if not any(fnmatch(one, name) or one.startswith(f"{name}/") for name in let_in)
    ] == []
