"""Two processes on PostgreSQL: one dies or freezes around a call, the other finishes what it left."""

from multiprocessing.process import BaseProcess

import pytest

from bot.domain.records import AttemptState
from tests.crash.instants import AFTER_MARK, AFTER_TAKE, Instant
from tests.crash.killing import Kill
from tests.crash.scene import WHOLE, Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]

DEAD_AFTER_S = 2.0
FENCE_S = 1.0


def freeze(scene: Scene, kill: Kill, *, goal: str) -> BaseProcess:
    process = scene.start(goal=goal, kill=kill, dead_after=DEAD_AFTER_S, fence=FENCE_S)
    scene.is_frozen(process)
    return process


def at(kill: Kill | None, step: str) -> Kill:
    assert kill is not None
    return Kill(at=kill.at, when=kill.when, step=step, freezes=True)


def test_a_call_that_may_be_sent_once_is_not_sent_late_by_a_replica_that_froze_before_it(on_postgres: Scene) -> None:
    frozen = freeze(on_postgres, at(AFTER_MARK.kill, "pause"), goal="outcome_unknown")
    on_postgres.reaches("outcome_unknown", dead_after=DEAD_AFTER_S)

    on_postgres.thaw(frozen)

    assert on_postgres.ends(frozen) == 0, on_postgres.said(frozen)
    assert "could not be kept" in on_postgres.said(frozen)
    assert on_postgres.edge.asked["DisableRule"] == 0
    assert [one.state for one in on_postgres.attempts("pause")] == [AttemptState.UNKNOWN]
    on_postgres.reaches("watching", happened=False)
    assert on_postgres.effects() == WHOLE


@pytest.mark.parametrize("instant", [AFTER_TAKE, AFTER_MARK], ids=lambda one: one.name)
def test_a_call_made_by_the_survivor_is_not_made_again_by_the_replica_that_froze(
    on_postgres: Scene, instant: Instant
) -> None:
    frozen = freeze(on_postgres, at(instant.kill, "probe"), goal="watching")
    on_postgres.reaches("watching", dead_after=DEAD_AFTER_S)

    on_postgres.thaw(frozen)

    assert on_postgres.ends(frozen) == 0, on_postgres.said(frozen)
    assert on_postgres.edge.asked["StartExecution"] == 1
    assert on_postgres.effects() == WHOLE


def test_an_answer_that_reaches_a_thawed_replica_too_late_changes_nothing(on_postgres: Scene) -> None:
    frozen = on_postgres.is_frozen_by_the_wire("pause", goal="outcome_unknown", dead_after=DEAD_AFTER_S)
    on_postgres.reaches("outcome_unknown", dead_after=DEAD_AFTER_S)
    assert on_postgres.effects().disabled == 1

    on_postgres.thaw(frozen)

    assert on_postgres.ends(frozen) == 0, on_postgres.said(frozen)
    assert [one.state for one in on_postgres.attempts("pause")] == [AttemptState.UNKNOWN]
    on_postgres.reaches("watching", happened=True)
    assert on_postgres.effects() == WHOLE


def test_the_survivor_takes_over_what_a_killed_replica_had_in_hand(on_postgres: Scene) -> None:
    survivor = on_postgres.stands_by(goal="watching", dead_after=DEAD_AFTER_S)
    AFTER_TAKE.kills(on_postgres, "probe")

    on_postgres.goes_on(survivor)

    assert on_postgres.ends(survivor) == 0, on_postgres.said(survivor)
    assert "Taking over work" in on_postgres.said(survivor)
    assert on_postgres.edge.asked["StartExecution"] == 1
    assert on_postgres.effects() == WHOLE
