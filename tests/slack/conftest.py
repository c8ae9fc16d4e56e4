"""One door per test, and the night's records behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slack.door import Door


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.close()
