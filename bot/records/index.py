"""Search over runbooks: an FTS5 index that can be thrown away and is made anew from the library.

What a person types is cut into words, and each word is quoted: it never becomes a query of its own.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from sqlite_utils import Database
from sqlite_utils.db import Table

from bot.domain.runbook import Runbook

MOST_WORDS = 32
LONGEST_WORD = 64
_MOST_CHARACTERS = 2_000
_COLUMNS = ("name", "title", "alarms", "summary", "text")
_WEIGHTS = "bm25(12.0, 10.0, 8.0, 4.0, 1.0)"
_TOKENIZE = "porter unicode61 remove_diacritics 2"
_EMPTY = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "at",
        "be",
        "by",
        "do",
        "for",
        "from",
        "how",
        "i",
        "in",
        "is",
        "it",
        "my",
        "of",
        "on",
        "or",
        "the",
        "to",
        "was",
        "what",
        "with",
    }
)


class RunbookIndex:
    """Find runbooks by words, from whatever the library holds now."""

    def __init__(self, path: Path, *, runbooks: Callable[[], Mapping[str, Runbook]]) -> None:
        self._path = path
        self._current = runbooks
        self._lock = Lock()
        self._indexed: dict[str, str] = {}
        self._database: Database | None = None

    def runbooks(self, words: str, *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Return ids, best first, each with the words that matched."""
        asked = split(words)
        if not asked:
            return ()
        with self._lock:
            table = self._table()
            quoted = {word: table.db.quote_fts(word) for word in asked}
            found = [row["name"] for row in table.search(" OR ".join(quoted.values()), columns=["name"], limit=most)]
            matches = {word: {row["name"] for row in table.search(query)} for word, query in quoted.items()}
        return [(name, tuple(word for word in asked if name in matches[word])) for name in found]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database, self._indexed = None, {}

    def _table(self) -> Table:
        current = self._current()
        digests = {name: runbook.sha256 for name, runbook in current.items()}
        if self._database is None or digests != self._indexed:
            self._database = self._database or self._opened()
            self._fill(self._database, current)
            self._indexed = digests
        return self._database.table("runbooks")

    def _opened(self) -> Database:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._made()
        except sqlite3.DatabaseError:  # spoilt, or half-written: nothing is lost with it
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink()
            return self._made()

    def _made(self) -> Database:
        connection = sqlite3.connect(self._path, check_same_thread=False)
        try:
            database = Database(connection)
            table = database.table("runbooks")
            if table.exists():
                table.disable_fts()
                table.drop()
            table.create(dict.fromkeys(_COLUMNS, str), pk="name")
            table.enable_fts(_COLUMNS, tokenize=_TOKENIZE, create_triggers=True)
            with connection:
                connection.execute("insert into runbooks_fts (runbooks_fts, rank) values ('rank', ?)", [_WEIGHTS])
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return database

    def _fill(self, database: Database, current: Mapping[str, Runbook]) -> None:
        table = database.table("runbooks")
        table.delete_where()
        table.insert_all(_row(runbook) for runbook in current.values())


def split(words: str) -> tuple[str, ...]:
    """Return the words worth looking for, at most 32, each once, in the order they were typed."""
    plain = unicodedata.normalize("NFKC", words[:_MOST_CHARACTERS]).casefold()
    found = (word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", plain))
    return tuple(dict.fromkeys(word for word in found if word not in _EMPTY))[:MOST_WORDS]


def _row(runbook: Runbook) -> dict[str, str]:
    return {
        "name": runbook.id,
        "title": runbook.title,
        "alarms": " ".join(runbook.alarms),
        "summary": runbook.summary,
        "text": "\n".join(f"{section.title}\n{section.markdown}" for section in runbook.sections),
    }
