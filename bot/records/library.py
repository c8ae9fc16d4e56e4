"""The runbooks as they are on disk now: read again whenever a file changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from threading import Lock

from bot.domain.problem import Problem
from bot.domain.reading import Reading
from bot.domain.runbook import Runbook
from bot.errors import InvalidError, NotFoundError

NO_RUNBOOKS = frozenset({"TEMPLATE.md", "README.md"})
MOST_READINGS = 64
"""Texts whose reading is remembered: each segment of a run reads its snapshot, and reading one takes 20 ms."""
_LONGEST_SHOWN = 60

Read = Callable[[str, str], Reading]
Fingerprint = Mapping[str, tuple[int, int, int, int]]


@dataclass
class _Shelf:
    """Hold what was read last; `texts` keeps by digest whatever was ever read, for who read it before an edit."""

    files: Fingerprint = field(default_factory=dict)
    runbooks: dict[str, Runbook] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)


class FolderLibrary:
    """Read the Markdown files of a folder; each call looks whether one of them changed."""

    def __init__(self, folder: Path, *, read: Read) -> None:
        """Take the folder, and the function from a file's text and path to what was read.

        Raises:
            NotFoundError: there is no such folder.
        """
        if not folder.is_dir():
            raise NotFoundError(f"There is no folder of runbooks at {folder}; say in bot.toml where it is.")
        self._folder = folder
        self._read = lru_cache(maxsize=MOST_READINGS)(read)
        self._lock = Lock()
        self._shelf = _Shelf()

    def runbooks(self) -> Mapping[str, Runbook]:
        """Return every runbook that was read without an error, by id."""
        return dict(self._fresh().runbooks)

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong with the files, file by file."""
        return self._fresh().problems

    def find(self, name: str) -> Runbook:
        """Return the runbook of that id.

        Raises:
            NotFoundError: there is none; the words offer the nearest.
        """
        runbooks = self._fresh().runbooks
        wanted = "-".join(name.casefold().replace("_", " ").split())
        if wanted in runbooks:
            return runbooks[wanted]
        shown = ascii(name[:_LONGEST_SHOWN])
        near = get_close_matches(wanted[:_LONGEST_SHOWN], runbooks, n=3, cutoff=0.5)
        remedy = f"Did you mean {' or '.join(repr(one) for one in near)}?" if near else "See /runbook list."
        raise NotFoundError(f"There is no runbook called {shown}. {remedy}")

    def text(self, runbook: Runbook) -> str:
        """Return the file's text as it was read.

        Raises:
            NotFoundError: this library never read it.
        """
        text = self._fresh().texts.get(runbook.sha256)
        if text is None:
            raise NotFoundError(f"The text of {runbook.id} as it was then is not in the library.")
        return text

    def reading(self, text: str, path: str) -> Runbook:
        """Return a runbook from a snapshot of its text.

        Raises:
            InvalidError: the snapshot cannot be read.
        """
        found = self._read(text, path)
        if found.runbook is None:
            first = next(iter(found.errors), None)
            raise InvalidError(f"The snapshot of {path} cannot be read: {first.words if first else 'no runbook'}")
        return found.runbook

    def _fresh(self) -> _Shelf:
        with self._lock:
            files = self._fingerprint()
            if files != self._shelf.files:
                self._shelf = self._read_all(files)
            return self._shelf

    def _fingerprint(self) -> Fingerprint:
        paths = (path for path in self._folder.glob("*.md") if path.name not in NO_RUNBOOKS)
        return {path.name: seen for path in paths if (seen := _seen(path))}

    def _read_all(self, files: Fingerprint) -> _Shelf:
        shelf = _Shelf(files=files, texts=dict(self._shelf.texts))
        problems: list[Problem] = []
        for name in sorted(files):
            path = f"{self._folder.name}/{name}"
            text = _decoded(self._folder / name)
            if text is None:
                problems.append(Problem(path=path, line=1, words="The file is not UTF-8 text; save it as UTF-8."))
                continue
            found = self._read(text, path)
            problems += found.problems
            if found.runbook is None:
                continue
            if first := shelf.runbooks.get(found.runbook.id):
                words = f"{first.path} has the id {first.id!r} already; give this one another id."
                problems.append(Problem(path=path, line=1, words=words))
                continue
            shelf.runbooks[found.runbook.id] = found.runbook
            shelf.texts[found.runbook.sha256] = text
        shelf.problems = tuple(problems)
        return shelf


def _seen(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:  # gone since it was listed
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _decoded(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError):
        return None
