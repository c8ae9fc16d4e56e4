"""Several processes at one database."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.errors import NotAllowedError, NotFoundError
from bot.records.anchors import Anchors
from bot.records.database import Database
from bot.records.index import RunbookIndex
from bot.records.ledger import verify_store
from bot.records.migrations import MIGRATIONS
from bot.records.signing import Signer, trusted_keys
from bot.records.store import Store
from tests.postgres import Postgres
from tests.records.values import StandingClock, begin

ROOT = Path(__file__).parents[2]
FULL = os.getenv("CRASH") == "full"  # noqa: TID251 - the switch of `make crash`
APPENDS = 300
MANY_APPENDS = 5_000


def test_nobody_else_on_the_machine_can_read_the_records(tmp_path: Path, signer: Signer) -> None:
    before = os.umask(0o022)
    try:
        store = Store.open(f"sqlite:///{tmp_path}/state/bot.db", signer=signer)
        RunbookIndex(tmp_path / "state" / "index.db", runbooks=dict).runbooks("x", most=1)
        readable = [path.name for path in (tmp_path / "state").glob("*.db*") if path.stat().st_mode & 0o077]
        store.close()
    finally:
        os.umask(before)

    assert set(readable) <= {"bot.db.lock"}  # it is empty


class Replicas:
    """Start processes and let them go at the same moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, what: str, url: str, *, count: int = 1, replicas: int = 2) -> list[dict[str, Any]]:
        keys = (str(self._folder / "keys" / "audit.key"), str(self._folder / "trust" / "audit.pub"))
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.records.replica", what, url, *keys, f"replica-{n}", str(count)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for n in range(replicas)
        ]
        for one in started:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=800)[0] for one in started]
        return [json.loads(line) for line in said]


@pytest.fixture
def replicas(tmp_path: Path, signer: Signer) -> Replicas:
    del signer
    return Replicas(tmp_path)


@pytest.fixture
def trusted(tmp_path: Path, signer: Signer) -> Sequence[str]:
    del signer
    return trusted_keys(tmp_path / "trust" / "audit.pub")


@pytest.mark.timeout(900)
def test_two_replicas_append_to_one_chain(
    replicas: Replicas, records_on_postgres: str, signer: Signer, anchors: Anchors, trusted: Sequence[str]
) -> None:
    each = MANY_APPENDS if FULL else APPENDS

    done = replicas.run("append", records_on_postgres, count=each)

    store = Store.open(records_on_postgres, signer=signer, anchors=anchors, clock=StandingClock())
    store.close()
    assert done == [{"done": each}, {"done": each}]
    found = verify_store(records_on_postgres, keys=trusted, anchors=anchors, every_signature=True)
    assert found.whole
    assert (found.records, found.anchored) == (2 * each, 2 * each)


def test_two_replicas_taking_the_same_calls_give_one_permit_each(
    replicas: Replicas, records_on_postgres: str, signer: Signer
) -> None:
    runs = 5
    store = Store.open(records_on_postgres, signer=signer, clock=StandingClock())
    for number in range(1, runs + 1):
        begin(store, number)

    done = replicas.run("take", records_on_postgres, count=runs)

    assert sum(one["done"] for one in done) == runs
    assert [len(store.attempts(number)) for number in range(1, runs + 1)] == [1] * runs
    assert len(store.audit()) == runs
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_processes_starting_at_once_migrate_once(
    replicas: Replicas, postgres: Postgres, tmp_path: Path, kind: str
) -> None:
    url = postgres.fresh() if kind == "postgres" else f"sqlite:///{tmp_path}/new/bot.db"

    done = replicas.run("migrate", url, replicas=3)

    waited = [one for one in done if "done" in one]
    refused = [one["refused"] for one in done if "refused" in one]
    assert len(waited) == 3 if kind == "postgres" else len(waited) >= 1
    assert all("Another bot is using" in words for words in refused)
    database = Database(url)
    with database.reading() as connection:
        count = connection.execute(sa.text("select count(*) from migrations")).scalar_one()
    database.close()
    assert count == len(MIGRATIONS)


def test_a_second_writer_of_a_file_is_refused_in_words(replicas: Replicas, tmp_path: Path, signer: Signer) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    store = Store.open(url, signer=signer)

    (other,) = replicas.run("append", url, replicas=1)
    with pytest.raises(NotAllowedError, match="need PostgreSQL"):
        Store.open(url, signer=signer)

    assert other["refused"].startswith("Another bot is using")
    store.close()
    (later,) = replicas.run("append", url, replicas=1)
    assert later == {"done": 1}


def test_a_reader_of_nothing_is_told_so(tmp_path: Path, postgres: Postgres) -> None:
    with pytest.raises(NotFoundError, match="There is no database"):
        Store.read_only(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(NotFoundError, match="not been started"):
        Store.read_only(postgres.fresh())
