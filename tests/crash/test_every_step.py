"""Processes that die at every write of a run, one after another; what they leave is finished by the next."""

import pytest

from bot.domain.run import RunState
from tests.crash.killing import Kill
from tests.crash.matrix import only_in_full
from tests.crash.scene import WHOLE, Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

# Each process lives through one write and dies at the next, or right after its first: so the run goes on by one.
BEFORE_EACH = Kill(at="write", when="before", nth=2)
AFTER_EACH = Kill(at="write", when="after")
FEWEST_WRITES = 30

# Two at once: nobody may be taken for dead who only waits for the processor.
DEAD_AFTER_S = 1.5


def test_a_run_is_repaired_though_each_process_dies_before_a_write_and_the_engine_forgets_everything(
    on_sqlite: Scene,
) -> None:
    deaths = 0
    while on_sqlite.dies(BEFORE_EACH, goal="repaired"):
        on_sqlite.forget_engine()
        deaths += 1

    assert deaths > FEWEST_WRITES
    assert on_sqlite.run().state is RunState.REPAIRED
    assert on_sqlite.effects() == WHOLE
    on_sqlite.insist_the_audit_is_whole()


@only_in_full
@pytest.mark.parametrize("kill", [BEFORE_EACH, AFTER_EACH], ids=["before", "after"])
def test_a_run_goes_on_from_every_write_at_which_a_process_died(scene: Scene, kill: Kill) -> None:
    deaths = 0
    while scene.dies(kill, goal="repaired"):
        deaths += 1

    assert deaths > FEWEST_WRITES
    assert scene.effects() == WHOLE
    scene.insist_the_audit_is_whole()


@only_in_full
@pytest.mark.parametrize("kill", [BEFORE_EACH, AFTER_EACH], ids=["before", "after"])
def test_of_two_replicas_one_takes_over_from_every_write_at_which_the_other_died(
    on_postgres: Scene, kill: Kill
) -> None:
    deaths = 0
    victim = on_postgres.start(kill=kill, dead_after=DEAD_AFTER_S)
    heir = on_postgres.stands_by(kill=kill, dead_after=DEAD_AFTER_S)
    while on_postgres.was_killed(victim):
        deaths += 1
        on_postgres.goes_on(heir)
        victim, heir = heir, on_postgres.stands_by(kill=kill, dead_after=DEAD_AFTER_S)

    on_postgres.goes_on(heir)
    deaths += on_postgres.was_killed(heir)
    on_postgres.reaches("watching", dead_after=DEAD_AFTER_S)
    assert deaths > FEWEST_WRITES
    assert on_postgres.taken_over() > FEWEST_WRITES / 2
    assert on_postgres.effects() == WHOLE
