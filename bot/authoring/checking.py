"""Check many files of runbooks: each alone, by as many processes as pay, and then what stands between them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import PLATFORM_KEYS
from bot.domain.checking import check_library, check_runbook
from bot.domain.problem import Problem
from bot.domain.reading import read_runbook
from bot.domain.runbook import Runbook

PAYS_FROM = 100  # files; a process takes as long to start as some forty files take
AT_ONCE = 16

Checked = tuple[tuple[Problem, ...], Runbook | None]


def check_files(files: Sequence[Path]) -> list[Problem]:
    """Return every problem of the files, by path and line."""
    known = frozenset(str(near) for folder in {path.parent for path in files} for near in folder.rglob("*.md"))
    found = list(_each(files, known))
    problems = [problem for own, _ in found for problem in own]
    problems += check_library(runbook for _, runbook in found if runbook is not None)
    return sorted(problems, key=lambda one: (one.path, one.line))


def _each(files: Sequence[Path], known: frozenset[str]) -> Iterable[Checked]:
    workers = min(cpu_count() or 1, len(files) // PAYS_FROM + 1)
    if workers == 1:
        return [_checked(path, known) for path in files]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(_checked, known=known), files, chunksize=AT_ONCE))


def _checked(path: Path, known: frozenset[str]) -> Checked:
    """Return the problems of one file, and of its runbook what concerns others."""
    reading = read_runbook(path.read_text(encoding="utf-8"), str(path))
    if reading.runbook is None:
        return reading.problems, None
    own = check_runbook(reading.runbook, CATALOGUE, PLATFORM_KEYS, known)
    return (*reading.problems, *own), reading.runbook.model_copy(update={"steps": (), "sections": ()})
