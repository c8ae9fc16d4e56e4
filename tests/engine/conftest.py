"""Where the engine keeps its tables in a test: a file of its own, or a migrated database of its own."""

from pathlib import Path

import pytest
from dbos import DBOS

from bot.engine.transact import SCHEMA
from tests.engine.claims import TableClaims
from tests.postgres import Postgres


def migrate(url: str) -> None:
    DBOS.migrate(url, schema=SCHEMA)
    TableClaims(url).create()


@pytest.fixture
def engine_on_postgres(postgres: Postgres) -> str:
    return postgres.fresh(template=postgres.template("engine", migrate))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/engine.db"
    return str(request.getfixturevalue("engine_on_postgres"))
