"""Runbooks for authors' tools, from a file, from a folder, or from what a folder was at a git revision."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.domain.problem import Problem
from bot.domain.reading import read_runbook
from bot.domain.runbook import Runbook
from bot.errors import InvalidError, NotFoundError
from bot.records.library import NO_RUNBOOKS, FolderLibrary

LONGEST_S = 30


@dataclass(frozen=True)
class Shelf:
    """Hold the runbooks that could be read, by id, and the problems of those that could not."""

    runbooks: Mapping[str, Runbook]
    problems: tuple[Problem, ...]


def markdown_in(paths: Sequence[Path]) -> list[Path]:
    """Return the runbook files that are named, or lie in a folder that is.

    Raises:
        NotFoundError: something named is not there.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise NotFoundError(f"There is no {missing[0]}. Give a runbook, or a folder of them.")
    files = [file for path in paths for file in (sorted(path.glob("*.md")) if path.is_dir() else [path])]
    return [file for file in files if file.name not in NO_RUNBOOKS or file in paths]


def named(name: str, folder: Path) -> Runbook:
    """Return the runbook of that id in the folder, or the one in the file of that name.

    Raises:
        NotFoundError: there is none; the words offer the nearest.
        InvalidError: the file cannot be read; the words say where.
    """
    path = Path(name)
    return (
        in_file(path) if path.suffix == ".md" or path.is_file() else FolderLibrary(folder, read=read_runbook).find(name)
    )


def in_file(path: Path) -> Runbook:
    """Return the runbook in a file.

    Raises:
        NotFoundError: there is no such file.
        InvalidError: it cannot be read; the words say where.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}. Give the path of a runbook.")
    reading = read_runbook(_text(path), str(path))
    if reading.runbook is None:
        raise InvalidError("\n".join(["The runbook cannot be read:", *(str(one) for one in reading.errors)]))
    return reading.runbook


def shelf_of(texts: Mapping[str, str]) -> Shelf:
    """Return the runbooks of texts by their path."""
    readings = [read_runbook(text, path) for path, text in sorted(texts.items())]
    found = [reading.runbook for reading in readings if reading.runbook is not None]
    problems = tuple(problem for reading in readings for problem in reading.errors)
    return Shelf(runbooks={one.id: one for one in reversed(found)}, problems=problems)


def texts_of(paths: Sequence[Path]) -> dict[str, str]:
    """Return the text of every runbook file, by its path."""
    return {str(file): _text(file) for file in markdown_in(paths)}


def texts_at(base: str, paths: Sequence[Path]) -> dict[str, str]:
    """Return the texts as they were: in the folder `base`, or at that git revision; under the paths they have now.

    Raises:
        InvalidError: it is neither; nothing is guessed.
    """
    if Path(base).is_dir():
        return {str(_home(paths) / file.name): _text(file) for file in markdown_in([Path(base)])}
    texts: dict[str, str] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        commit = commit_of(base, folder)
        names = _git(folder, "ls-tree", "-z", "--name-only", commit, "./").split("\0")
        for name in names:
            if name.endswith(".md") and name not in NO_RUNBOOKS and (path.is_dir() or name == path.name):
                texts[str(folder / name)] = _git(folder, "show", f"{commit}:./{name}")
    return texts


def text_at(base: str, file: Path) -> str | None:
    """Return one file's text as it was, or None where it was not there; in a folder it lies beside the runbooks."""
    if Path(base).is_dir():
        beside = Path(base) / file.name
        return _text(beside) if beside.is_file() else None
    commit = commit_of(base, file.parent)
    there = _git(file.parent, "ls-tree", "-z", "--name-only", commit, f"./{file.name}")
    return _git(file.parent, "show", f"{commit}:./{file.name}") if there.strip("\0") else None


def commit_of(base: str, folder: Path) -> str:
    """Return the commit a revision names.

    Raises:
        InvalidError: git knows no such revision here.
    """
    if not base or base.startswith("-"):
        raise InvalidError(f"{base!a} is no revision; give a branch, a tag, a commit, or a folder.")
    try:
        return _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}").strip()
    except InvalidError as error:
        words = (
            f"git knows no revision {base!a} in {folder}, and there is no such folder; `git fetch` it, or name another."
        )
        raise InvalidError(words) from error


def _home(paths: Sequence[Path]) -> Path:
    first = paths[0]
    return first if first.is_dir() else first.parent


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidError(f"{path} is not UTF-8 text that can be read; save it as UTF-8.") from error


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise InvalidError("There is no git here; give a folder of the old runbooks instead of a revision.")
    try:
        done = subprocess.run(  # noqa: S603 - git itself, with arguments of ours
            [git, "-C", str(folder), *arguments], capture_output=True, check=False, timeout=LONGEST_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InvalidError(f"git did not answer: {error}.") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise InvalidError(f"git says: {said or 'no'}")
    return done.stdout.decode("utf-8", "replace")
