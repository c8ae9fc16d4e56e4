"""Play one runbook on the local lake without Slack: the bot's own use cases, records and gate, people who click."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.domain.approval import Approval
from bot.domain.inbox import AskAgain, GiveInputs, MarkDone, StartRun, UndoStep
from bot.domain.reading import read_runbook
from bot.domain.run import Awaiting, Run, StepState
from bot.domain.value import JsonObject
from bot.workbench.cast import OTHERS, YOU
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.table import Table
from tests.rows import given_away, names_in

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
ONE, TWO, THREE = OTHERS
LOOKS_BY_ITSELF = frozenset({Awaiting.POLL, Awaiting.WATCH, Awaiting.LEASE})
MOST_LOOKS = 400
LOOK_S = 0.05


class Broken:
    """Keep one lake for many tests: broken once, and anew only after somebody has changed what matters."""

    def __init__(self, lake: Lake, failure: str) -> None:
        self.lake = lake
        self.failure = failure
        self.clean = False

    def kept(self) -> Lake:
        """Return the lake in which the failure is as it happened; the test changes nothing that readers get."""
        if not self.clean:
            return self.anew()
        self.lake.clients.events.enable_rule(Name=self.lake.names.schedule_rule)
        return self.lake

    def anew(self) -> Lake:
        """Return the lake, started over and broken."""
        self.lake.reset()
        SCENARIOS[self.failure].break_(self.lake)
        self.clean = True
        return self.lake


@contextmanager
def broken(failure: str, folder: Path) -> Iterator[Broken]:
    """Have a lake for one module."""
    lake = Lake(clock=Clock(folder / "clock.json"))
    lake.start()
    try:
        yield Broken(lake, failure)
    finally:
        lake.close()


class Played:
    """Play one run."""

    def __init__(self, name: str, lake: Lake, table: Table) -> None:
        self.name = name
        self.lake = lake
        self.table = table

    def start(self, **inputs: str) -> "Played":
        """Start it, and go on until a person is needed."""
        given = {} if self.name == "circuit-breaker" else {"reason": "a test of it"}
        self.table.wish(YOU, StartRun(runbook=self.name, inputs={**given, **inputs}))
        return self.on()

    def on(self) -> "Played":
        """Go on until a person is needed, or it is over; the clock is moved over what would be waited for."""
        for _ in range(MOST_LOOKS):
            self.table.drive()
            waiting = self.run.waiting
            if self.run.state.ended or waiting is None or waiting.what not in LOOKS_BY_ITSELF:
                return self
            time.sleep(LOOK_S)
            ahead = ((waiting.due or self.lake.clock.now()) - self.lake.clock.now()).total_seconds()
            self.lake.clock.advance(max(0.0, ahead))
            self.lake.look()
        raise AssertionError(f"It looks again and again: {self.run.waiting}.")

    def approve(self, step: str, *people: str) -> "Played":
        """Let people approve the open request of a step: one and two, if nobody is named."""
        self.on()
        asked = self.asked()
        assert asked.step == step, (asked.step, self.run.waiting)
        for person in people or (ONE, TWO):
            now = self.table.store.approval(asked.id)
            if now.state.open:
                self.table.vote(person, now)
        return self.on()

    def approve_until(self, step: str) -> "Played":
        """Approve everything until a step is asked for."""
        self.on()
        while self.waits_for() != ("approval", step):
            assert self.waits_for()[0] == "approval", (self.run.waiting, self.failed())
            self.approve(self.waits_for()[1])
        return self

    def give(self, **inputs: str) -> "Played":
        """Give inputs."""
        self.table.wish(YOU, GiveInputs(run=self.run.id, inputs=inputs))
        return self.on()

    def done(self, step: str) -> "Played":
        """Say that a step by hand is done."""
        self.table.wish(YOU, MarkDone(run=self.run.id, step=step))
        return self.on()

    def undo(self) -> "Played":
        """Press Undo: the newest step that can be taken back is."""
        self.table.wish(YOU, UndoStep(run=self.run.id))
        return self.on()

    def ask_again(self) -> "Played":
        """Press Ask again."""
        self.table.wish(YOU, AskAgain(run=self.run.id))
        return self.on()

    # -- what became of it

    @property
    def run(self) -> Run:
        return self.table.store.runs(open_only=False)[0]

    def asked(self) -> Approval:
        return self.table.store.approvals()[0]

    def waits_for(self) -> tuple[str, str]:
        """Return what it waits for, and at which step."""
        assert self.run.waiting is not None, self.run.state
        return self.run.waiting.what.value, self.run.waiting.step

    def words(self) -> str:
        """Return why the run waits; where a request is over, that tells why."""
        over = [one.ended_why for one in self.table.store.approvals(run=self.run.id)[:1] if one.ended_why]
        return " ".join([self.run.waiting.words if self.run.waiting else "", *over])

    def note(self, step: str) -> str:
        return self.run.record(step).note

    def output(self, step: str) -> dict[str, Any]:
        found = self.run.record(step).output
        assert found is not None, self.run.record(step)
        return dict(found)

    def state(self, step: str) -> StepState:
        return self.run.record(step).state

    def failed(self) -> list[str]:
        return [name for name, record in self.run.records.items() if record.state is StepState.FAILED]

    def sent(self) -> list[str]:
        """Return the rows of the calls that were sent and did something, in order."""
        made = sorted(self.table.store.attempts(self.run.id), key=lambda one: one.id)
        return [one.call.row for one in made if one.state.value == "done"]

    def told(self) -> str:
        """Return everything the records of this run hold, of which all that people see is made."""
        approvals = "".join(one.model_dump_json() for one in self.table.store.approvals(run=self.run.id))
        cards: list[JsonObject] = [card.payload for card in self.table.shown.values()]
        return f"{self.run.model_dump_json()}{approvals}{cards}"

    def named(self, rows: Iterable[Mapping[str, str]]) -> set[str]:
        """Return what of rows the records name."""
        return given_away(names_in(rows), self.told())


@contextmanager
def playing(name: str, lake: Lake, folder: Path) -> Iterator[Played]:
    """Lay a table for one runbook as it is shipped."""
    source = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    runbook = read_runbook(source, f"runbooks/{name}.md").runbook
    assert runbook is not None
    with Table.laid(runbook, source, lake=lake, folder=folder) as table:
        yield Played(name, lake, table)
