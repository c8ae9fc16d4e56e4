"""The instants around a call at which a process may die, and what the lake and the records then show."""

from dataclasses import dataclass

from bot.domain.records import AttemptState
from bot.domain.run import RunState
from tests.crash.edge import When
from tests.crash.killing import Kill
from tests.crash.scene import Scene

STEPS = ("pause", "half_open", "probe", "close", "resume")
SENT_ONCE = {"pause", "resume"}


@dataclass(frozen=True, kw_only=True)
class Instant:
    """Name one instant.

    Attributes:
        kill: where the process kills itself; None where the wire kills it.
        wire: when the wire does.
        unknown: whether nobody can know then what became of a call that may be sent only once.
        happened: whether the call had its effect.
    """

    name: str
    kill: Kill | None = None
    wire: When | None = None
    unknown: bool = False
    happened: bool = False

    def kills(self, scene: Scene, step: str, *, happened: bool | None = None) -> None:
        """Start a process and have it killed around the call of the step.

        Args:
            happened: what its people say of the call before, where that is unknown.
        """
        if self.kill is not None:
            kill = Kill(at=self.kill.at, when=self.kill.when, step=step)
            assert scene.dies(kill, happened=happened), f"the kill never fired at {self.name} of {step}"
        if self.wire is not None:
            scene.is_killed_by_the_wire(step, self.wire, happened=happened)


BEFORE_TAKE = Instant(name="before-take", kill=Kill(at="take", when="before"))
AFTER_TAKE = Instant(name="after-take", kill=Kill(at="take", when="after"))
AFTER_MARK = Instant(name="after-mark", kill=Kill(at="mark", when="after"), unknown=True)
SENT = Instant(name="sent-and-lost", wire="arrived", unknown=True)
PERFORMED = Instant(name="performed", wire="performed", unknown=True, happened=True)
BEFORE_OUTCOME = Instant(name="before-outcome", kill=Kill(at="outcome", when="before"), unknown=True, happened=True)
AFTER_OUTCOME = Instant(name="after-outcome", kill=Kill(at="outcome", when="after"), happened=True)

INSTANTS = (BEFORE_TAKE, AFTER_TAKE, AFTER_MARK, SENT, PERFORMED, BEFORE_OUTCOME, AFTER_OUTCOME)


def die_around(scene: Scene, instant: Instant, steps: tuple[str, ...]) -> None:
    """Kill a process around the call of each step; where the outcome is unknown, have people say what is true."""
    answer: bool | None = None
    for step in steps:
        instant.kills(scene, step, happened=answer)
        answer = None
        if step in SENT_ONCE and instant.unknown:
            insist_nobody_knows(scene, instant, step)
            answer = instant.happened
    scene.reaches("watching", happened=answer)


def insist_nobody_knows(scene: Scene, instant: Instant, step: str) -> None:
    """Start again: the bot does not know what became of the call, and does not send it a second time."""
    asked = scene.edge.asked.copy()
    run = scene.reaches("outcome_unknown")
    assert (run.state, run.next_step) == (RunState.OUTCOME_UNKNOWN, step)
    assert [one.state for one in scene.attempts(step)] == [AttemptState.UNKNOWN]
    assert scene.edge.asked == asked
    effects = scene.effects()
    assert (effects.disabled if step == "pause" else effects.enabled) == int(instant.happened)
