"""Check many files of runbooks: each alone, by as many processes as pay, and then what stands between them."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.authoring.binding import refused
from bot.domain.action import PLATFORM_KEYS, Platform
from bot.domain.checking import check_library, check_runbook
from bot.domain.policy import Policy
from bot.domain.problem import Problem
from bot.domain.reading import read_runbook
from bot.domain.runbook import Runbook

PAYS_FROM = 100  # files; a process takes as long to start as some forty files take
AT_ONCE = 16

Checked = tuple[tuple[Problem, ...], Runbook | None]


def check_files(
    files: Sequence[Path], *, policy: Policy | None = None, platform: Platform | None = None
) -> list[Problem]:
    """Return every problem of the files, by path and line.

    Args:
        policy: bot.toml's, which no step may lower; None where there is none. So is `platform`, whose names are all
            that a step may use.
    """
    known = frozenset(str(near) for folder in {path.parent for path in files} for near in folder.rglob("*.md"))
    found = list(_each(files, partial(_checked, known=known, policy=policy, platform=platform)))
    problems = [problem for own, _ in found for problem in own]
    problems += check_library(runbook for _, runbook in found if runbook is not None)
    return sorted(problems, key=lambda one: (one.path, one.line))


def _each(files: Sequence[Path], checked: Callable[[Path], Checked]) -> Iterable[Checked]:
    workers = min(cpu_count() or 1, len(files) // PAYS_FROM + 1)
    if workers == 1:
        return [checked(path) for path in files]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(checked, files, chunksize=AT_ONCE))


def _checked(path: Path, *, known: frozenset[str], policy: Policy | None, platform: Platform | None) -> Checked:
    """Return the problems of one file, and of its runbook what concerns others."""
    reading = read_runbook(path.read_text(encoding="utf-8"), str(path))
    if reading.runbook is None:
        return reading.problems, None
    own = check_runbook(reading.runbook, CATALOGUE, PLATFORM_KEYS, known, policy=policy)
    own = (*own, *refused(reading.runbook, CATALOGUE, platform))
    return (*reading.problems, *own), reading.runbook.model_copy(update={"steps": (), "sections": ()})
