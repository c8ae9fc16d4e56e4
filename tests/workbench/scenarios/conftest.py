from collections.abc import Iterator

import pytest

from bot.workbench.lake.lake import Lake
from tests.workbench.lake.driving import started


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with started(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def lake(running: Lake) -> Lake:
    running.reset()
    return running
