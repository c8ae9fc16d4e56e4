"""One database: how it is opened, who may write, and what a transaction is. No table is named here."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from threading import Lock
from typing import IO

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from bot.errors import InvalidError, NotAllowedError, NotFoundError, UnavailableError

BUSY_TIMEOUT_MS = 10_000
POOL = 16
PRIVATE = 0o600
_SCHEMA = "bot"


class Database:
    """Open SQLite or PostgreSQL for reading, or for reading and writing."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Open it; a writer of SQLite takes the lock that keeps every other writer out.

        Raises:
            NotFoundError: there is no such file to read.
            NotAllowedError: another process writes to it.
        """
        self._url = _whole(url)
        self.postgres = self._url.get_backend_name() == "postgresql"
        self.read_only = read_only
        self._lock = Lock()
        self._writer: IO[str] | None = None
        if not self.postgres:
            self._claim_file()
        self._engine = self._open_postgres() if self.postgres else self._open_sqlite()

    def _claim_file(self) -> None:
        path = Path(self._url.database or "")
        if self.read_only:
            if not path.is_file():
                raise NotFoundError(f"There is no database at {path}. Start the bot once, or give another path.")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            words = (
                f"Another bot is using {path}. Stop that one first, or give this one its own database; "
                "several bots at once need PostgreSQL."
            )
            raise NotAllowedError(words) from None
        self._writer = lock
        path.touch(mode=PRIVATE)  # of a new file; what lies beside it gets the same rights from SQLite

    def _open_sqlite(self) -> Engine:
        path = Path(self._url.database or "").resolve()
        mode = "ro" if self.read_only else "rwc"
        url = URL.create("sqlite", database=f"file:{path}", query={"uri": "true", "mode": mode})
        engine = create_engine(
            url,
            pool_size=POOL,
            max_overflow=POOL,
            hide_parameters=True,  # what is kept stands in no error, and so in no log
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        if not self.read_only:
            with engine.connect() as connection:
                _use_wal(connection)
        return engine

    def _open_postgres(self) -> Engine:
        read_only = " -cdefault_transaction_read_only=on" if self.read_only else ""
        options = f"-csearch_path={_SCHEMA}{read_only}"
        return create_engine(
            self._url,
            pool_size=POOL,
            max_overflow=POOL,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"options": options},
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Look, in one transaction."""
        with _translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Change, in one transaction that is kept whole or not at all.

        Raises:
            UnavailableError: the database did not answer.
            IntegrityError: two rows want what only one may have.
        """
        if self.read_only:
            raise NotAllowedError("The database was opened for reading only.")
        with _translated(), self._alone(), self._engine.connect() as connection:
            writer = connection.execution_options(bot_writes=True)
            with writer.begin():
                yield writer

    def _alone(self) -> AbstractContextManager[object]:
        # SQLite's own waiting for a lock sleeps between looks; threads of this process queue here instead.
        return nullcontext() if self.postgres else self._lock

    def real_now(self, connection: Connection) -> datetime:
        """Return the database's clock on PostgreSQL, which all replicas share, and else the host's."""
        if not self.postgres:
            return host_now()
        found = connection.execute(text("select clock_timestamp()")).scalar_one()
        return _aware(found)

    def close(self) -> None:
        """Close every connection and let the next writer in."""
        self._engine.dispose()
        if self._writer:
            self._writer.close()
            self._writer = None


def host_now() -> datetime:
    """Return the host's time; the port `Clock` of a database that has no clock of its own."""
    return datetime.now(UTC)  # noqa: TID251 - SQLite's clock is the host's, and this is where it is asked


def _aware(found: object) -> datetime:
    if not isinstance(found, datetime):
        raise UnavailableError("The database did not tell the time.")
    return found.astimezone(UTC)


def _whole(url: str) -> URL:
    found = make_url(url)
    if found.get_backend_name() == "sqlite":
        if not found.database or found.database == ":memory:":
            raise InvalidError("The records need a file: give a URL like sqlite:///state/bot.db.")
        return found
    if found.get_backend_name() == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    raise InvalidError("The records are kept in SQLite or PostgreSQL; give a URL that begins with one of them.")


def _prepare_sqlite(connection: SqliteConnection, _: object) -> None:
    connection.isolation_level = None  # the transactions are ours to begin
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=on",
        "recursive_triggers=on",
        "synchronous=full",
    ):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("bot_writes")
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _use_wal(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    if isinstance(raw, SqliteConnection):
        raw.execute("pragma journal_mode=wal")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DataError as error:
        raise InvalidError("The database cannot keep that text.") from error
    except (OperationalError, InterfaceError) as error:
        words = f"The database did not answer ({_reason(error)}). Try again; nothing is done twice."
        raise UnavailableError(words) from error


def _reason(error: DBAPIError) -> str:
    first_line = str(error.orig).strip().partition("\n")[0]
    return re.sub(r"[^ -~]", "?", first_line)[:120]
