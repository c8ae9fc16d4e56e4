"""A process killed around a call: never a second effect, and what nobody can know is asked of a person."""

import pytest

from tests.crash.instants import Instant, die_around
from tests.crash.matrix import ON_POSTGRES, ON_SQLITE, STEPS_ON_POSTGRES, STEPS_ON_SQLITE
from tests.crash.scene import WHOLE, Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]


@pytest.mark.parametrize("instant", ON_SQLITE, ids=lambda one: one.name)
def test_every_kind_of_call_has_one_effect_though_its_process_was_killed(on_sqlite: Scene, instant: Instant) -> None:
    die_around(on_sqlite, instant, STEPS_ON_SQLITE)

    assert on_sqlite.effects() == WHOLE


@pytest.mark.parametrize("instant", ON_POSTGRES, ids=lambda one: one.name)
def test_a_killed_call_has_one_effect_on_postgresql_too(on_postgres: Scene, instant: Instant) -> None:
    die_around(on_postgres, instant, STEPS_ON_POSTGRES)

    assert on_postgres.effects() == WHOLE
