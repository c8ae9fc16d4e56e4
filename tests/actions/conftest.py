from collections.abc import Iterator

import pytest

from tests.aws.moto_lake import Lake, lake


@pytest.fixture
def the_lake() -> Iterator[Lake]:
    with lake() as seeded:
        yield seeded
