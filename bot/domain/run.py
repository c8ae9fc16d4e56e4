"""A run of a runbook: its states, and the one table of how an event changes it.

Everything a run has seen and done is in the value; what comes next is worked out from it, never remembered elsewhere.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from bot.domain.people import Place
from bot.domain.runbook import Parameter, Phase, Risk, Runbook, Step
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import RequestError


class RunState(StrEnum):
    """Say where a run stands."""

    RUNNING = "running"
    WAITING = "waiting"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PARKED = "parked"
    VERIFYING = "verifying"
    WATCHING = "watching"
    REPAIRED = "repaired"
    NOT_REPAIRED = "not_repaired"
    STOPPED = "stopped"

    @property
    def ended(self) -> bool:
        """Return whether nothing more happens by itself."""
        return self in {RunState.REPAIRED, RunState.NOT_REPAIRED, RunState.STOPPED}


class StepState(StrEnum):
    """Say what became of a step."""

    PENDING = "pending"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Awaiting(StrEnum):
    """Say what a waiting run waits for."""

    APPROVAL = "approval"
    DONE = "done"
    INPUT = "input"
    POLL = "poll"
    LEASE = "lease"
    PERSON = "person"
    WATCH = "watch"


class StepRecord(Value):
    """Hold what became of one step of a run.

    Attributes:
        items: the frozen list a `for_each` goes over; one None element where there is no list.
        answers: what AWS answered to the calls made, in order, over all items.
        request: how often it was asked or tried; idempotency tokens and approvals are per request.
        since: when it first looked; an `until` gives up counting from here.
        tries: how often a read failed on the way.
        shows: what a read showed of a call whose outcome nobody knows, in words; `shown_at` is when.
        given: its items are those of the step it takes back, newest first, and stay so when it is tried anew.
    """

    step: str
    state: StepState = StepState.PENDING
    items: tuple[JsonValue, ...] = ()
    answers: tuple[JsonObject, ...] = ()
    output: JsonObject | None = None
    at: datetime | None = None
    by: str = ""
    note: str = ""
    request: int = 1
    since: datetime | None = None
    tries: int = 0
    shows: str = ""
    shown_at: datetime | None = None
    given: bool = False

    def anew(self, *, by: str = "") -> "StepRecord":
        """Return the record under which the step is tried, or asked, anew."""
        items = self.items if self.given else ()
        return StepRecord(step=self.step, request=self.request + 1, by=by, items=items, given=self.given)


class Owed(Value):
    """Hold what must still be done because of what was done: a paused schedule owes its resume."""

    step: str
    cause: str
    approval: int
    since: datetime


class Waiting(Value):
    """Hold what the run waits for, in words too.

    Attributes:
        offers: the ways a person may choose between, where a choice is all it waits for.
        asks: the names of the inputs it waits for.
    """

    what: Awaiting
    step: str
    words: str
    since: datetime
    due: datetime | None = None
    approval: int | None = None
    offers: tuple[str, ...] = ()
    asks: str = ""


class AddedStep(Value):
    """Hold a step that a person added to one run, frozen as they read it.

    Attributes:
        after: the id of the step it stands behind.
        uses: the action of the catalogue; `params` are literal values, never expressions.
        risk: the highest its action's calls can have.
        needs: what the runbook asks for steps that use the same action; the policy adds its own.
        proposal: the proposal it was, e.g. `assist:57:1`; one proposal is added once.
        evidence: ids of what the proposal rests on, under its card.
        typed: names of the parameters the person typed, since only a text vouched for the proposed value.
    """

    id: str
    number: int
    after: str
    uses: str
    title: str
    params: JsonObject
    risk: Risk
    needs: tuple[str, ...] = ()
    by: str
    at: datetime
    proposal: str
    evidence: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Return whether it can do more than look."""
        return self.risk is not Risk.READ


class Run(Value):
    """Hold one run, whole.

    Attributes:
        path: ids of the steps in the order they run; undoing adds to it.
        added: the steps people added to this run alone; the snapshot does not hold them.
        checks: those of them that verify.
        at: the place in the path that is next.
        snapshot: SHA-256 of the runbook text this run follows.
        given_by: who gave an input, by its name.
        authors: everyone who started it, set an input, retried or undid.
        stopping: set by Stop at once, also while a segment is under way; no further attempt begins.
        segment: the number of the newest segment.
        edition: rises with every change that people see.
    """

    id: int
    runbook: str
    title: str
    snapshot: str
    environment: str
    place: Place
    incident: int | None = None
    alarm: int | None = None
    facts: JsonObject = {}
    inputs: Mapping[str, str]
    given_by: Mapping[str, str] = {}
    requester: str
    authors: tuple[str, ...]
    state: RunState = RunState.RUNNING
    path: tuple[str, ...]
    added: tuple[AddedStep, ...] = ()
    checks: frozenset[str] = frozenset()
    at: int = 0
    records: Mapping[str, StepRecord] = {}
    waiting: Waiting | None = None
    owed: tuple[Owed, ...] = ()
    parked_until: datetime | None = None
    stopping: bool = False
    stopped_by: str = ""
    exclusive: str | None = None
    undoing: tuple[str, ...] = ()
    segment: int = 0
    started: datetime
    ended: datetime | None = None
    touched: datetime
    revision: int = 0

    @property
    def label(self) -> str:
        """Return the short id people speak of."""
        return f"R-{self.id}"

    @property
    def holds(self) -> str | None:
        """Return the exclusive target it still holds: until an end with nothing owed."""
        return None if self.state.ended and not self.owed else self.exclusive

    def record(self, step: str) -> StepRecord:
        """Return what became of the step so far."""
        return self.records.get(step) or StepRecord(step=step)

    @property
    def next_step(self) -> str | None:
        """Return the id of the step that is next, or None at the end of the path."""
        return self.path[self.at] if self.at < len(self.path) else None


# What can happen to a run.


class Looked(Value):
    """The step has looked, or been acted on, but is not finished: remember what it saw so far."""

    record: StepRecord


class StepDone(Value):
    """The step is done; a changing step may leave something owed."""

    record: StepRecord
    owes: Owed | None = None
    settles: str | None = None


class StepPassed(Value):
    """The run goes past the step: it was not needed, or it is a check whose failure counts at the end."""

    record: StepRecord


class StepFailed(Value):
    """The step did not do what was expected; a person says what is next."""

    record: StepRecord
    words: str


class MustWait(Value):
    """The run cannot go on before something comes."""

    waiting: Waiting


class Woken(Value):
    """What the run waited for has come; it looks again at the same step."""


class Lost(Value):
    """A call was sent and nobody knows what became of it."""

    record: StepRecord
    words: str


class Retried(Value):
    """A person wants the step tried, or asked, anew; they become an author."""

    by: str
    step: str


class Answered(Value):
    """A person gave inputs; they become an author.

    Attributes:
        back: the place in the path to which a choice that is made anew takes the run; see `way_back`.
    """

    by: str
    inputs: Mapping[str, str]
    back: int | None = None


class Undone(Value):
    """A person wants a done step taken back, by its undo step, next.

    Attributes:
        items: of a step that went over a list, the elements that were done, newest first.
    """

    by: str
    step: str
    undo: str
    items: tuple[JsonValue, ...] = ()


class Added(Value):
    """A person added a step to come; they become an author."""

    step: AddedStep


class LeftOut(Value):
    """A person wants the added step that is next left out."""

    by: str
    step: str


class Stopping(Value):
    """A person pressed Stop."""

    by: str


class Parked(Value):
    """A person put the run aside until an hour."""

    by: str
    until: datetime


class Ended(Value):
    """There is nothing left to do."""

    state: RunState


Event = (
    Looked
    | StepDone
    | StepPassed
    | StepFailed
    | MustWait
    | Woken
    | Lost
    | Retried
    | Answered
    | Undone
    | Added
    | LeftOut
    | Stopping
    | Parked
    | Ended
)


def advance(run: Run, event: Event, *, now: datetime) -> Run:
    """Return the run after the event.

    Raises:
        RequestError: the event does not fit the state, in words for the person who caused it.
    """
    match event:
        case Looked():
            return _kept(run, event.record, now=now)
        case StepDone():
            settled = tuple(one for one in run.owed if one.step != event.settles)
            owed = (*settled, event.owes) if event.owes else settled
            return _onward(_kept(run, event.record, now=now), owed=owed)
        case StepPassed():
            return _onward(_kept(run, event.record, now=now), owed=run.owed)
        case StepFailed():
            waiting = Waiting(what=Awaiting.PERSON, step=event.record.step, words=event.words, since=now)
            return _wait(_kept(run, event.record, now=now), waiting, now=now)
        case MustWait():
            return _wait(run, event.waiting, now=now)
        case Lost():
            kept = _kept(run, event.record, now=now)
            if run.state.ended:
                return kept
            waiting = Waiting(what=Awaiting.PERSON, step=event.record.step, words=event.words, since=now)
            return kept.model_copy(update={"state": RunState.OUTCOME_UNKNOWN, "waiting": waiting})
        case Woken():
            _open(run)
            return run.model_copy(update={"state": _going(run), "waiting": None, "parked_until": None, "touched": now})
        case Retried():
            return _retried(run, event, now=now)
        case Answered():
            return _answered(run, event, now=now)
        case Undone():
            return _undone(run, event, now=now)
        case Added():
            return _added(run, event.step, now=now)
        case LeftOut():
            return _left_out(run, event, now=now)
        case Stopping():
            return _stopped(run, event, now=now)
        case Parked():
            _open(run)
            parked = {"state": RunState.PARKED, "parked_until": event.until, "touched": now}
            return run.model_copy(update=parked)
        case Ended():
            return run.model_copy(update={"state": event.state, "waiting": None, "ended": now, "touched": now})
        case _:
            assert_never(event)


def standing(run: Run) -> RunState:
    """Return the state as others tell of the run: what it verifies, or waits for by itself, is running."""
    by_itself = run.waiting is None or run.waiting.what in {Awaiting.POLL, Awaiting.LEASE}
    if run.state is RunState.VERIFYING or (run.state is RunState.WAITING and by_itself):
        return RunState.RUNNING
    return run.state


def _kept(run: Run, record: StepRecord, *, now: datetime) -> Run:
    records = {**run.records, record.step: record}
    return run.model_copy(update={"records": records, "touched": now})


def _onward(run: Run, *, owed: tuple[Owed, ...]) -> Run:
    past = run.model_copy(update={"at": run.at + 1, "owed": owed, "waiting": None})
    return past if run.state.ended else past.model_copy(update={"state": _going(past)})


def _going(run: Run) -> RunState:
    return RunState.VERIFYING if run.next_step in run.checks else RunState.RUNNING


def _wait(run: Run, waiting: Waiting, *, now: datetime) -> Run:
    if run.state.ended:
        return run.model_copy(update={"touched": now})
    state = RunState.WATCHING if waiting.what is Awaiting.WATCH else RunState.WAITING
    return run.model_copy(update={"state": state, "waiting": waiting, "touched": now})


def _open(run: Run) -> None:
    if run.state.ended:
        raise RequestError(f"{run.label} has ended ({run.state.replace('_', ' ')}); nothing was done.")
    if run.stopping:
        raise RequestError(f"{run.label} is being stopped; nothing was done.")


def _answered(run: Run, event: Answered, *, now: datetime) -> Run:
    _open(run)
    update: dict[str, object] = {
        "inputs": {**run.inputs, **event.inputs},
        "given_by": {**run.given_by, **dict.fromkeys(event.inputs, event.by)},
        "authors": _with(run.authors, event.by),
        "state": RunState.RUNNING,
        "waiting": None,
        "parked_until": None,
        "touched": now,
    }
    if event.back is not None:
        anew = {name: run.record(name).anew() for name in run.path[event.back : run.at + 1]}
        update |= {"at": event.back, "records": {**run.records, **anew}}
    return run.model_copy(update=update)


def _retried(run: Run, event: Retried, *, now: datetime) -> Run:
    _open(run)
    if run.next_step != event.step:
        raise RequestError(f"{run.label} is past that step; nothing was done.")
    fresh = run.record(event.step).anew()
    update = {
        "records": {**run.records, event.step: fresh},
        "authors": _with(run.authors, event.by),
        "state": RunState.RUNNING,
        "waiting": None,
        "parked_until": None,
        "touched": now,
    }
    return run.model_copy(update=update)


def _undone(run: Run, event: Undone, *, now: datetime) -> Run:
    if run.record(event.step).state not in {StepState.DONE, StepState.FAILED}:
        raise RequestError(f"{run.label} has not done that step, so there is nothing to undo.")
    old = run.records.get(event.undo)
    fresh = StepRecord(
        step=event.undo, request=old.request + 1 if old else 1, items=event.items, given=bool(event.items)
    )
    records = {**run.records, event.undo: fresh}
    path = (*run.path[: run.at], event.undo) if run.next_step != event.undo else run.path[: run.at + 1]
    update = {
        "records": records,
        "path": path,
        "undoing": (*run.undoing, event.step),
        "authors": _with(run.authors, event.by),
        "state": RunState.RUNNING,
        "waiting": None,
        "stopping": False,
        "ended": None,
        "parked_until": None,
        "touched": now,
    }
    return run.model_copy(update=update)


def _added(run: Run, step: AddedStep, *, now: datetime) -> Run:
    _open(run)
    place = run.path.index(step.after, run.at) + 1
    update = {
        "path": (*run.path[:place], step.id, *run.path[place:]),
        "added": (*run.added, step),
        "authors": _with(run.authors, step.by),
        "touched": now,
    }
    return run.model_copy(update=update)


def _left_out(run: Run, event: LeftOut, *, now: datetime) -> Run:
    _open(run)
    if run.state is not RunState.WAITING or run.next_step != event.step:
        raise RequestError(f"{run.label} does not wait at that step; nothing was done.")
    if event.step not in {one.id for one in run.added}:
        raise RequestError("Only a step that was added can be left out; the runbook's own are its author's to change.")
    left = {"state": StepState.SKIPPED, "at": now, "by": event.by, "note": "left out"}
    record = run.record(event.step).model_copy(update=left)
    return _onward(_kept(run, record, now=now), owed=run.owed)


def _stopped(run: Run, event: Stopping, *, now: datetime) -> Run:
    if run.state.ended:
        raise RequestError(f"{run.label} has ended already; nothing was done.")
    update = {
        "state": RunState.STOPPED,
        "stopping": True,
        "stopped_by": event.by,
        "waiting": None,
        "parked_until": None,
        "ended": now,
        "touched": now,
    }
    return run.model_copy(update=update)


def _with(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return people if person in people else (*people, person)


def way_back(run: Run, parameter: Parameter) -> int | None:
    """Return the place in the path where a choice that was made can be made anew: where it was asked.

    None where it is still to be asked, or where anything was done since.
    """
    if not parameter.choice or run.undoing or run.next_step is None or parameter.asked_by not in run.path[: run.at]:
        return None
    place = run.path.index(parameter.asked_by)
    passed = all(run.record(step).state is StepState.SKIPPED for step in run.path[place : run.at])
    return place if passed and not run.record(run.next_step).answers else None


def undoable(run: Run, runbook: Runbook) -> Step | None:
    """Return the newest done step that has an undo and was not taken back yet."""
    return next(iter(to_undo(run, runbook)), None)


def to_undo(run: Run, runbook: Runbook) -> tuple[Step, ...]:
    """Return the done steps that can still be taken back, in the order in which they would be: newest first."""
    done = [
        runbook.step(step)
        for step in run.path[: run.at + 1]
        if run.record(step).state in {StepState.DONE, StepState.FAILED} and run.record(step).answers
    ]
    taken_back = set(run.undoing)
    newest_first = dict.fromkeys(step.id for step in reversed(done) if step.undo and step.id not in taken_back)
    return tuple(runbook.step(name) for name in newest_first)


def ending(run: Run, runbook: Runbook) -> RunState:
    """Return how the run ends: repaired only if every check was made, or not needed, and at least one seen to be so."""
    checks = [run.records.get(step.id) for step in runbook.forward if step.phase is Phase.VERIFICATION]
    made = [check for check in checks if check is not None]
    if run.stopped_by or run.undoing:
        return RunState.STOPPED
    states = {check.state for check in made}
    if len(made) == len(checks) and StepState.DONE in states and states <= {StepState.DONE, StepState.SKIPPED}:
        return RunState.REPAIRED
    return RunState.NOT_REPAIRED


def scope(run: Run, *, platform: Mapping[str, JsonValue], installation: str) -> dict[str, JsonValue]:
    """Return what the run's expressions may see; each name is there only once it is known."""
    steps: dict[str, JsonValue] = {
        step: {"output": dict(record.output), "state": record.state.value}
        for step, record in run.records.items()
        if record.output is not None
    }
    return {
        "inputs": dict(run.inputs),
        "steps": steps,
        "platform": dict(platform),
        "alarm": run.facts.get("alarm") or {},
        "incident": run.facts.get("incident") or {},
        "run": {
            "id": run.id,
            "label": run.label,
            "started": run.started.isoformat(),
            "requester": run.requester,
            "installation": installation,
        },
    }
