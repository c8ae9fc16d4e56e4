"""The contract of the records runs on both databases: every test that takes `url` or `store` runs twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.records.anchors import NamedAnchors, folder_anchors
from bot.records.database import Database
from bot.records.migrations import migrate
from bot.records.signing import Signer, signer_at
from bot.records.store import Store
from tests.postgres import Postgres
from tests.records.values import StandingClock


def migrated(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        migrate(connection)
    database.close()


@pytest.fixture
def records_on_postgres(postgres: Postgres) -> str:
    return postgres.fresh(template=postgres.template("records", migrated))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bot.db"
    return str(request.getfixturevalue("records_on_postgres"))


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return signer_at(tmp_path / "keys" / "audit.key", trust=tmp_path / "trust" / "audit.pub")


@pytest.fixture
def anchors(tmp_path: Path) -> NamedAnchors:
    return folder_anchors(tmp_path / "anchors")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(url: str, signer: Signer, anchors: NamedAnchors, clock: StandingClock) -> Iterator[Store]:
    store = Store.open(url, signer=signer, anchors=anchors, clock=clock)
    yield store
    store.close()
