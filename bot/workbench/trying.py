"""Walk one runbook on a throw-away local lake, with the terminal in Slack's place.

The use cases, the records and the gate to AWS are the bot's own; only who clicks is asked here, and the clock is moved
over what would be waited for.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from bot.domain.approval import Approval
from bot.domain.expression import references_in
from bot.domain.inbox import GiveInputs, MarkDone, StartRun
from bot.domain.run import Awaiting, Run, RunState, StepRecord, StepState
from bot.domain.runbook import Parameter, Runbook, Step
from bot.domain.value import JsonValue
from bot.errors import InvalidError, NotFoundError
from bot.usecases.runs import choices
from bot.workbench.cast import (
    NAMES,
    OTHERS,
    YOU,
)
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.scenarios.scenario import Scenario
from bot.workbench.table import Table

PAUSE_S = 0.3
MOST_ROUNDS = 2_000
SETTLING = timedelta(seconds=30)
LONGEST_AHEAD = timedelta(days=7)
MOST_SHOWN = 300

Say = Callable[[str], None]


class Asker(Protocol):
    """Answers in people's place."""

    def yes(self, question: str) -> bool:
        """Return whether the answer is yes."""
        ...

    def value(self, parameter: Parameter, offered: tuple[str, ...]) -> str:
        """Return a value for an input.

        Raises:
            InvalidError: there is nobody who could know.
        """
        ...


@dataclass(frozen=True)
class YesToAll:
    """Say yes to everything, and take the first of what is offered."""

    def yes(self, question: str) -> bool:
        """Say yes."""
        return True

    def value(self, parameter: Parameter, offered: tuple[str, ...]) -> str:
        """Return the first value offered, or some words where any do.

        Raises:
            InvalidError: a value is wanted that only a person can give.
        """
        from_default = (parameter.default,) if parameter.default else ()
        found = next(iter((*offered, *from_default)), "tried on the local lake")
        if not offered and not from_default and parameter.pattern and "[^" not in parameter.pattern:
            raise InvalidError(f"Nothing says what {parameter.name} should be; give it: {parameter.name}=VALUE.")
        return found


def try_runbook(
    runbook: Runbook, source: str, *, given: Mapping[str, str], breaks: str | None, asker: Asker, say: Say
) -> bool:
    """Walk the runbook on a lake of its own; return whether it, and the lake where it was broken, ended repaired.

    Raises:
        NotFoundError: there is no failure of that name.
        InvalidError: an input is missing or does not fit.
    """
    scenario = scenario_of(breaks) if breaks else None
    with TemporaryDirectory(prefix="runbook-bot-try-") as folder:
        lake = Lake(clock=Clock(Path(folder) / "clock.json"))
        say("Starting a local lake …")
        lake.start()
        try:
            walk = Walk(runbook=runbook, source=source, lake=lake, asker=asker, say=say, scenario=scenario)
            return walk.walked(given, folder=Path(folder))
        finally:
            lake.close()


def scenario_of(name: str) -> Scenario:
    """Return the failure of that name.

    Raises:
        NotFoundError: there is none.
    """
    found = SCENARIOS.get(name)
    if found is None:
        raise NotFoundError(f"There is no failure called {name!r}; there is {', '.join(SCENARIOS)}.")
    return found


@dataclass(kw_only=True)
class Walk:
    """Go from wait to wait until the end, on a lake that is started."""

    runbook: Runbook
    source: str
    lake: Lake
    asker: Asker
    say: Say
    scenario: Scenario | None = None
    told: dict[str, StepState] = field(default_factory=dict)
    mended: bool = False
    _table: Table | None = None

    def walked(self, given: Mapping[str, str], *, folder: Path) -> bool:
        """Break the lake where that is wanted, walk, and return whether it ended well.

        Raises:
            InvalidError: an input is missing or does not fit.
        """
        if self.scenario is not None:
            self.say(f"Broken: {self.scenario.title}.")
            self.scenario.break_(self.lake)
        with Table.laid(self.runbook, self.source, lake=self.lake, folder=folder) as table:
            self._table = table
            return self._to_the_end(given)

    @property
    def table(self) -> Table:
        """Return the table it is walked at."""
        if self._table is None:
            raise InvalidError("The walk has not begun.")
        return self._table

    def _to_the_end(self, given: Mapping[str, str]) -> bool:
        self.table.wish(YOU, StartRun(runbook=self.runbook.id, inputs=dict(given)))
        if not self.table.store.runs(open_only=False):
            self.say(f"Not started: {self.table.refused()}")
            return False
        for _ in range(MOST_ROUNDS):
            run = self._run
            self._tell(run)
            if run.state.ended or not self._served(run, given):
                break
        return self._ended(self._run)

    @property
    def _run(self) -> Run:
        return self.table.store.runs(open_only=False)[0]

    def _served(self, run: Run, given: Mapping[str, str]) -> bool:
        """Serve what the run waits for; return whether it goes on."""
        waiting = run.waiting
        if run.state is RunState.OUTCOME_UNKNOWN or waiting is None:
            self.say(f"It stands still: {waiting.words if waiting else run.state}")
            return False
        step = self.runbook.step(waiting.step)
        match waiting.what:
            case Awaiting.APPROVAL if waiting.approval is not None:
                return self._approved(self.table.store.approval(waiting.approval), step)
            case Awaiting.INPUT:
                return self._answered(run, step, given)
            case Awaiting.DONE:
                return self._done(run, step)
            case Awaiting.POLL | Awaiting.WATCH | Awaiting.LEASE:
                return self._waited(run)
            case _:
                return False

    def _approved(self, approval: Approval, step: Step) -> bool:
        self._mend()
        self.say(
            f"ASKS     {step.label}. {step.title}  [{approval.binding.risk}, {' + '.join(approval.binding.needs)}]"
        )
        for one in approval.binding.calls:
            self.say(f"         {one.effect}")
            self.say(f"         {one.call.row} {json.dumps(one.call.params, ensure_ascii=False)}")
        seats = list(zip(approval.missing(), OTHERS, strict=False))
        for role, person in seats:
            if not self.asker.yes(f"Approve as @{NAMES[person]} of {role}?"):
                self.say("Declined: it ends here.")
                return False
            self.table.vote(person, self.table.store.approval(approval.id))
        return len(seats) == len(approval.missing()) and not self.table.store.approval(approval.id).state.open

    def _answered(self, run: Run, step: Step, given: Mapping[str, str]) -> bool:
        self._mend()
        values: dict[str, str] = {}
        for parameter in self.table.desk.runbook(run).parameters:
            if parameter.asked_by == step.id and parameter.name not in run.inputs and parameter.required:
                offered = choices(self.table.desk, run, parameter)
                values[parameter.name] = given.get(parameter.name) or self.asker.value(parameter, offered)
                self.say(f"GIVEN    {parameter.name} = {values[parameter.name]}")
        self.table.wish(YOU, GiveInputs(run=run.id, inputs=values))
        if self._run.waiting == run.waiting:
            self.say(f"Refused: {self.table.refused()}")
            return False
        return True

    def _done(self, run: Run, step: Step) -> bool:
        self._mend()
        self.say(f"HAND     {step.label}. {step.title}")
        if not self.asker.yes("Is it done?"):
            return False
        self.table.wish(OTHERS[0] if step.needs else YOU, MarkDone(run=run.id, step=step.id))
        return True

    def _mend(self) -> None:
        """Offer once what only the world outside can do, when the run first waits for a person."""
        fix = self.scenario.fix if self.scenario else None
        if fix is None or self.mended:
            return
        self.mended = True
        if self.asker.yes(f"Outside: {fix.title}?"):
            fix.apply(self.lake)
            self.say(f"DONE     outside: {fix.title}")

    def _waited(self, run: Run) -> bool:
        """Give the lake a moment, then move the clock to the hour it looks again."""
        time.sleep(PAUSE_S)
        coming = self.table.store.open_waits(due=self.table.clock.now() + LONGEST_AHEAD)
        due = min((wait.due for wait in coming if wait.key.startswith("segment:")), default=None)
        if due is None:
            return False
        if run.waiting and run.waiting.what is Awaiting.WATCH:
            due += SETTLING  # the last points of a metric come a moment later
        ahead = (due - self.table.clock.now()).total_seconds()
        if ahead > 0:
            self.table.clock.advance(ahead)
        self.lake.look()
        self.table.drive()
        return True

    # -- what is told

    def _tell(self, run: Run) -> None:
        for name in run.path:
            record = run.records.get(name)
            if record is None or record.state is StepState.PENDING or self.told.get(name) is record.state:
                continue
            self.told[name] = record.state
            step = self.runbook.step(name)
            note = f"  {record.note}" if record.note else ""
            self.say(f"{record.state.upper():<8} {step.label}. {step.title}{note}")
            if record.state is StepState.FAILED:
                for line in why(step, record, self.table.desk.scope(run)):
                    self.say(f"         {line}")

    def _ended(self, run: Run) -> bool:
        owed = ", ".join(one.step for one in run.owed)
        self.say(f"The run ended {run.state}." if run.state.ended else f"The run did not end; it is {run.state}.")
        if owed:
            self.say(f"It still owes {owed}.")
        ok = run.state is RunState.REPAIRED
        for check in self.scenario.repaired(self.lake) if self.scenario else ():
            self.say(f"LAKE     {'PASS' if check.ok else 'FAIL'} {check.name}: {check.seen}")
            ok = ok and check.ok
        return ok


def why(step: Step, record: StepRecord, scope: Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield the expression that was not true, and each value it looked at."""
    own = {**scope, "output": record.output}
    for name, text in (("expect", step.expect), ("until", step.until.expression if step.until else None)):
        if not text or record.output is None:
            continue
        yield f"{name}: {' '.join(text.split())}"
        for path in sorted(references_in("${" + text + "}")):
            yield f"  {'.'.join(path)} is {_at(own, path)}"


def _at(scope: Mapping[str, JsonValue], path: tuple[str, ...]) -> str:
    found: JsonValue = dict(scope)
    for name in path:
        if isinstance(found, list) and name == "[]":
            return _short(found)
        if not isinstance(found, dict) or name not in found:
            return "not there"
        found = found[name]
    return _short(found)


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
