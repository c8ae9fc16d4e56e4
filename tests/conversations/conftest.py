"""One stage per module, put back to the beginning before each conversation."""

from collections.abc import Iterator

import pytest

from tests.conversations.stage import Stage


@pytest.fixture(scope="module")
def lasting_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    started = Stage(tmp_path_factory.mktemp("stage"))
    started.start()
    yield started
    started.close()


@pytest.fixture
def stage(lasting_stage: Stage) -> Stage:
    lasting_stage.begin()
    return lasting_stage
