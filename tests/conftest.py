"""What tests of every part share: one PostgreSQL per session, one fresh database per test."""

import gc
from collections.abc import Iterator

import pytest

from bot.__main__ import GARBAGE_THRESHOLDS
from tests.postgres import Postgres, running

gc.set_threshold(*GARBAGE_THRESHOLDS)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    return postgres.fresh()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)


def pytest_collection_finish() -> None:
    """Look for garbage only among what the tests make: ten thousand collected ones are none."""
    gc.freeze()
