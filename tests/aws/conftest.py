from collections.abc import Iterator

import pytest

from tests.aws.moto_lake import Lake, lake
from tests.aws.neighbour import Neighbour


@pytest.fixture
def the_lake() -> Iterator[Lake]:
    with lake() as seeded:
        yield seeded


@pytest.fixture(scope="session")
def one_neighbour() -> Iterator[Neighbour]:
    with Neighbour() as running:
        yield running


@pytest.fixture
def neighbour(one_neighbour: Neighbour) -> Neighbour:
    one_neighbour.reset()
    return one_neighbour
