"""One lake per module, broken once and put back as it was for each test; records of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from tests.usecases.halted import Halted
from tests.usecases.proxy import Proxy
from tests.usecases.table import Table

READ_TIMEOUT_S = 2.5  # of a far table: long enough for a busy machine, and what is late is later


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Halted]:
    lake = Lake(clock=Clock(tmp_path_factory.mktemp("clock") / "clock.json"))
    lake.start()
    yield Halted(lake)
    lake.close()


@pytest.fixture
def lake(started: Halted) -> Lake:
    """The nightly load has halted itself, and the file was re-sent corrected."""
    started.put_back()
    return started.lake


@pytest.fixture
def fresh(started: Halted) -> Lake:
    """The same, started over: for what looks at metrics and alarms."""
    started.start_over()
    return started.lake


@pytest.fixture
def table(lake: Lake, tmp_path: Path) -> Iterator[Table]:
    laid = Table(lake=lake, clock=lake.clock, folder=tmp_path)
    yield laid
    laid.close()
    laid.insist_on_the_story()


@pytest.fixture
def fresh_table(fresh: Lake, tmp_path: Path) -> Iterator[Table]:
    laid = Table(lake=fresh, clock=fresh.clock, folder=tmp_path)
    yield laid
    laid.close()
    laid.insist_on_the_story()


@pytest.fixture(scope="module")
def lasting_proxy(started: Halted) -> Iterator[Proxy]:
    with Proxy(started.lake.endpoint_url) as between:
        yield between


@pytest.fixture
def proxy(lasting_proxy: Proxy) -> Proxy:
    lasting_proxy.forget()
    return lasting_proxy


@pytest.fixture
def far_table(lake: Lake, proxy: Proxy, tmp_path: Path) -> Iterator[Table]:
    """A table whose way to AWS can be troubled."""
    laid = Table(lake=lake, clock=lake.clock, folder=tmp_path, endpoint_url=proxy.url, read_timeout=READ_TIMEOUT_S)
    yield laid
    laid.close()
    laid.insist_on_the_story()
