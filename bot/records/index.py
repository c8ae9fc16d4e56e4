"""Search over runbooks and past incidents: FTS5 indexes that can be thrown away and are made anew from what there is.

What is asked is cut into words by `domain/matching`, and each word is quoted: it never becomes a query of its own. The
words of an alarm are ranked by `domain/matching.Ranking`, which was better at it than FTS5 (`make bench
ARGS=retrieval`); what a person types is looked up here, by the stems of its words.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock

from sqlite_utils import Database

from bot.domain.matching import Page, Ranking, apart, page_of, words_typed
from bot.domain.runbook import Runbook
from bot.records.database import PRIVATE

Found = Sequence[tuple[str, tuple[str, ...]]]

STEMS = "porter unicode61 remove_diacritics 2"
WEIGHTS = (2.0, 2.0, 2.0, 1.0, 1.0)
_COLUMNS = ("name", "title", "alarms", "opening", "text")


def _no_incidents() -> Mapping[str, Page]:
    return {}


class RunbookIndex:
    """Find runbooks and past incidents by words, from whatever there is now."""

    def __init__(
        self,
        path: Path,
        *,
        runbooks: Callable[[], Mapping[str, Runbook]],
        incidents: Callable[[], Mapping[str, Page]] = _no_incidents,
    ) -> None:
        self._path = path
        self._runbooks = runbooks
        self._incidents = incidents
        self._lock = Lock()
        self._held: dict[str, Mapping[str, str]] = {}
        self._ranking: tuple[Mapping[str, str], Ranking] | None = None
        self._database: Database | None = None

    def runbooks(self, words: str, *, most: int = 3) -> Found:
        """Return ids of runbooks for what a person typed, best first, each with the words that matched."""
        return self._asked("runbooks", words_typed(words), most)

    def fitting(self, words: Sequence[str], *, most: int = 3) -> Found:
        """Return ids of runbooks for the words of an alarm, best first, each with the words that matched."""
        runbooks = self._runbooks()
        digests = {name: runbook.sha256 for name, runbook in runbooks.items()}
        with self._lock:
            if self._ranking is None or self._ranking[0] != digests:
                self._ranking = (digests, Ranking(page_of(runbook) for runbook in runbooks.values()))
            ranking = self._ranking[1]
        return [(page.key, matched) for page, _, matched in ranking.best(words, most=most)]

    def incidents(self, words: str, *, most: int = 3) -> Found:
        """Return ids of past incidents, best first, each with the words that matched."""
        return self._asked("incidents", words_typed(words), most)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database, self._held = None, {}

    def _asked(self, shelf: str, words: Sequence[str], most: int) -> Found:
        if not words:
            return []
        with self._lock:
            return ranked(self._current(shelf), shelf, words, most=most)

    def _current(self, shelf: str) -> Database:
        if self._database is None:
            self._database = self._opened()
        if shelf == "incidents":
            pages = self._incidents()
            digests = {key: sha256(page.model_dump_json().encode()).hexdigest() for key, page in pages.items()}
            if digests != self._held.get(shelf):
                fill(self._database, shelf, pages.values())
                self._held[shelf] = digests
            return self._database
        runbooks = self._runbooks()
        digests = {name: runbook.sha256 for name, runbook in runbooks.items()}
        if digests != self._held.get(shelf):
            fill(self._database, shelf, (page_of(runbook) for runbook in runbooks.values()))
            self._held[shelf] = digests
        return self._database

    def _opened(self) -> Database:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._made()
        except sqlite3.DatabaseError:  # spoilt, or half-written: nothing is lost with it
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink()
            return self._made()

    def _made(self) -> Database:
        self._path.touch(mode=PRIVATE)
        connection = sqlite3.connect(self._path, check_same_thread=False)
        try:
            database = Database(connection)
            for shelf in ("runbooks", "incidents"):
                make(database, shelf)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return database


def make(database: Database, shelf: str, *, tokenize: str = STEMS, weights: Sequence[float] = WEIGHTS) -> None:
    """Make an empty shelf, whatever stood in its place."""
    table = database.table(shelf)
    if table.exists():
        table.disable_fts()
        table.drop()
    table.create({"key": str, **dict.fromkeys(_COLUMNS, str)})
    table.enable_fts(_COLUMNS, tokenize=tokenize, create_triggers=True)
    rank = f"bm25({', '.join(map(str, weights))})"
    with database.conn:
        database.conn.execute(f"insert into {shelf}_fts ({shelf}_fts, rank) values ('rank', ?)", [rank])  # noqa: S608 - our own names


def fill(database: Database, shelf: str, pages: Iterable[Page]) -> None:
    """Put pages on the shelf instead of what stands there."""
    table = database.table(shelf)
    table.delete_where()
    table.insert_all(
        {
            "key": page.key,
            "name": apart(page.name),
            "title": apart(page.title),
            "alarms": " ".join(apart(alarm) for alarm in page.alarms),
            "opening": page.opening,
            "text": page.text,
        }
        for page in pages
    )


def ranked(database: Database, shelf: str, words: Sequence[str], *, most: int) -> Found:
    """Return keys, best first, each with the words that matched; a word said twice counts twice."""
    quoted = {word: database.quote_fts(word) for word in words}
    best = f"select rowid from {shelf}_fts where {shelf}_fts match ? order by rank limit ?"  # noqa: S608 - our own names
    rows = [int(row[0]) for row in database.execute(best, [" OR ".join(quoted[word] for word in words), most])]
    listed = ", ".join(map(str, rows)) or "0"
    having = f"select rowid from {shelf}_fts where {shelf}_fts match ? and rowid in ({listed})"  # noqa: S608 - numbers of rows, made here
    matches = {word: {int(row[0]) for row in database.execute(having, [query])} for word, query in quoted.items()}
    named = f"select rowid, key from {shelf} where rowid in ({listed})"  # noqa: S608 - numbers of rows, made here
    keys = {int(row[0]): str(row[1]) for row in database.execute(named)}
    return [(keys[row], tuple(word for word in quoted if row in matches[word])) for row in rows]
