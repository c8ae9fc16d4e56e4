"""One lake per module, broken anew for each test; records and engine of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dbos import DBOS

from bot.engine.transact import SCHEMA
from bot.records.database import Database
from bot.records.migrations import migrate
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.crash.scene import Scene
from tests.postgres import Postgres


@pytest.fixture(scope="module")
def clock_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake") / "clock.json"


@pytest.fixture(scope="module")
def started(clock_file: Path) -> Iterator[Lake]:
    lake = Lake(clock=Clock(clock_file))
    lake.start()
    yield lake
    lake.close()


@pytest.fixture
def broken(started: Lake) -> Lake:
    started.reset()
    scenario = SCENARIOS["circuit-breaker"]
    scenario.break_(started)
    scenario.mend(started)
    return started


def _prepared(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        migrate(connection)
    database.close()
    DBOS.migrate(url, schema=SCHEMA)


@pytest.fixture
def on_sqlite(broken: Lake, clock_file: Path, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(
        lake=broken,
        clock=clock_file,
        folder=tmp_path,
        records_url=f"sqlite:///{tmp_path}/bot.db",
        engine_url=f"sqlite:///{tmp_path}/engine.db",
        dead_after=0.05,
    )
    yield scene
    scene.close()


@pytest.fixture
def on_postgres(broken: Lake, clock_file: Path, tmp_path: Path, postgres: Postgres) -> Iterator[Scene]:
    url = postgres.fresh(template=postgres.template("core", _prepared))
    scene = Scene(lake=broken, clock=clock_file, folder=tmp_path, records_url=url, engine_url=url, dead_after=0.4)
    yield scene
    scene.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(f"on_{request.param}")
    return found
