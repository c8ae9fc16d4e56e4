"""One lake per module, started over for each test; records of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.usecases.table import Table


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    lake = Lake(clock=Clock(tmp_path_factory.mktemp("clock") / "clock.json"))
    lake.start()
    yield lake
    lake.close()


@pytest.fixture
def lake(started: Lake) -> Lake:
    started.reset()
    return started


@pytest.fixture
def broken(lake: Lake) -> Lake:
    """The nightly load has halted itself, and the file was re-sent corrected."""
    scenario = SCENARIOS["circuit-breaker"]
    scenario.break_(lake)
    scenario.fix.apply(lake)
    return lake


@pytest.fixture
def table(broken: Lake, tmp_path: Path) -> Iterator[Table]:
    laid = Table(lake=broken, clock=broken.clock, folder=tmp_path)
    yield laid
    laid.close()
