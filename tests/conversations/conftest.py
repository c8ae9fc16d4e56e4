"""One stage per module, put back to the beginning before each conversation."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from bot.logs import JsonLines
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


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[StringIO]:
    """Write what the bot logs as `serve` does."""
    caplog.set_level(logging.INFO)
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)
