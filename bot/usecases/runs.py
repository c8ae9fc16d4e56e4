"""Take a run forward: one segment, step by step, up to the next thing that takes time or a person.

A segment may be killed anywhere and performed again; whatever it decides, it decides from the records. Between
deciding and keeping, somebody else may have changed the run: then it is decided anew, except that what became of a
call that was sent is never dropped.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.action import Action, Call
from bot.domain.approval import Approval, ApprovalState
from bot.domain.audit import AuditEntry
from bot.domain.expression import compile_expression, first_given, references_in, resolve
from bot.domain.reasons import asked_once_known, insist_on_words, own_words
from bot.domain.records import AttemptState, Card, Change, Outcome, Wait
from bot.domain.redaction import for_eyes, redacted, secrets_in, unnumbered
from bot.domain.run import (
    Answered,
    Awaiting,
    Ended,
    Event,
    Looked,
    Lost,
    MustWait,
    Owed,
    Run,
    RunState,
    StepDone,
    StepFailed,
    StepPassed,
    StepRecord,
    StepState,
    Waiting,
    Woken,
    advance,
    ending,
)
from bot.domain.runbook import Parameter, Phase, Runbook, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import (
    CallRefusedError,
    ExpressionError,
    InvalidError,
    RequestError,
    StaleError,
    UnavailableError,
    WorldChangedError,
)
from bot.usecases.asking import request_card
from bot.usecases.desk import MOST_CONFLICTS, Desk
from bot.usecases.telling import asking_card, notice, run_cards

log = logging.getLogger(__name__)

READ_TRIES = 3
READ_AGAIN = timedelta(seconds=2)
LEASE_AGAIN = timedelta(seconds=5)
OWNER_AGAIN = timedelta(seconds=1)
NO_ANSWER_CAME = "It was sent, and the process ended before an answer came. It may or may not have happened."
IN_HAND = frozenset({AttemptState.PLANNED, AttemptState.SENDING})
"""Calls that a process may still send, or hear the answer of."""
OURS = frozenset({"platform", "run"})
"""What expressions see that nobody else has a word in."""
MOST_NAMED = 10
FIRST_OWED_REMINDER = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Hold what one turn of a segment decided: events to apply, what to keep with them, and whether to go on.

    Attributes:
        wake: when the next segment is due, where this one ends and something is to be looked at again.
    """

    events: tuple[Event, ...] = ()
    goes_on: bool = False
    wake: datetime | None = None
    approvals: tuple[Approval, ...] = ()
    cards: tuple[Card, ...] = ()
    opens: tuple[Wait, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    drops: tuple[tuple[int, str], ...] = ()
    frees: bool = False
    audit: tuple[AuditEntry, ...] = ()


Perform = Callable[[Desk, Run, Runbook, Step], Turn]


def perform(desk: Desk, key: str, *, change_step: Perform) -> None:
    """Perform the segment of that key, `segment:RUN:NUMBER`, unless it is over.

    Args:
        change_step: how a step that changes something takes its turn.
    """
    number = int(key.split(":")[1])
    idle = 0
    while desk.records.wait_open(key):
        run = desk.records.run(number)
        turn = _turn(desk, run, change_step)
        _keep(desk, run, turn, key)
        idle = idle + 1 if turn.goes_on and not turn.events and not turn.outcomes else 0
        if idle > MOST_CONFLICTS:
            raise StaleError(f"{run.label} decided the same again and again and came no further; it is tried later.")


def _keep(desk: Desk, run: Run, turn: Turn, key: str) -> None:
    """Keep a turn; one that holds the outcome of a call is applied to whatever the run has become meanwhile."""
    for _ in range(MOST_CONFLICTS):
        try:
            desk.records.commit(_change(desk, run, turn, key))
        except StaleError:
            if not turn.outcomes:
                return
            run = desk.records.run(run.id)
            continue
        return
    raise StaleError("The outcome of a call could not be kept; another process owns it now.")


def _change(desk: Desk, run: Run, turn: Turn, key: str) -> Change:
    now = desk.now()
    for event in turn.events:
        run = advance(run, event, now=now)
    opens = turn.opens
    if turn.wake:
        run, wait = waking(run, turn.wake)
        opens = (*opens, wait)
    return Change(
        runs=(run,) if turn.events or turn.wake else (),
        approvals=turn.approvals,
        opens=opens,
        closes=() if turn.goes_on else (key,),
        outcomes=turn.outcomes,
        cards=(*run_cards(desk, run), *turn.cards, *_answered(desk, run, turn)) if turn.events else turn.cards,
        frees=(run.id,) if turn.frees or (turn.outcomes and run.state.ended) else (),
        drops=turn.drops,
        audit=turn.audit,
    )


def _answered(desk: Desk, run: Run, turn: Turn) -> tuple[Card, ...]:
    """Return the requests whose calls have just come to something, so that their cards say what became of them."""
    over = {event.record.step for event in turn.events if isinstance(event, StepDone | StepFailed | StepPassed | Lost)}
    if not over:
        return ()
    asked = desk.records.approvals(run=run.id)
    return tuple(request_card(one, run) for one in asked if over & {call.step for call in one.binding.calls})


def waking(run: Run, due: datetime) -> tuple[Run, Wait]:
    """Return the run with one more segment, and the wait that starts it."""
    number = run.segment + 1
    return run.model_copy(update={"segment": number}), Wait(key=f"segment:{run.id}:{number}", due=due)


def _turn(desk: Desk, run: Run, change_step: Perform) -> Turn:
    if run.state.ended:
        return _let_go(desk, run)
    if not _ready(desk, run):
        return Turn()
    if run.state is RunState.PARKED:
        return Turn(events=(Woken(), *(Looked(record=one) for one in anew(desk, run))), goes_on=True)
    if run.waiting is not None:
        return Turn(events=(Woken(),), goes_on=True)
    if run.next_step is None:
        return _finish(desk, run)
    runbook = desk.runbook(run)
    step = runbook.step(run.next_step)
    try:
        return _step_turn(desk, run, runbook, step, change_step)
    except UnavailableError as error:
        return _look_again(desk, run, step, error)
    except (RequestError, CallRefusedError, WorldChangedError) as error:
        return failed(desk, run, step, error.words)


def _let_go(desk: Desk, run: Run) -> Turn:
    """Settle what a process that died had in hand when its run was stopped; what a living one has is left to it."""
    left = [one for one in desk.records.attempts(run.id) if one.state in IN_HAND]
    if not left:
        return Turn()
    if any(one.owner != desk.replica and desk.alive(one.owner) for one in left):
        return Turn(wake=desk.now() + OWNER_AGAIN)
    outcomes, events, audit = [], [], []
    for one in left:
        sent = one.state is AttemptState.SENDING
        state, words = (AttemptState.UNKNOWN, NO_ANSWER_CAME) if sent else (AttemptState.FAILED, "not sent: stopped")
        outcomes.append(Outcome(attempt=one.id, owner=one.owner, state=state, words=words))
        if sent:
            lost = {"state": StepState.UNKNOWN, "note": words, "at": desk.now()}
            events.append(Lost(record=run.record(one.step).model_copy(update=lost), words=words))
            audit.append(call_answered(run, one.step, one.id, one.call, state=state, words=words, by="bot"))
    return Turn(events=tuple(events), goes_on=True, outcomes=tuple(outcomes), audit=tuple(audit))


def call_answered(
    run: Run, step: str, attempt: int, call: Call, *, state: AttemptState, words: str, by: str
) -> AuditEntry:
    """Return the entry that tells what a call came to."""
    facts: JsonObject = {"run": run.id, "step": step, "attempt": attempt, "row": call.row, "state": state.value}
    return AuditEntry(kind="call.answered", subject=run.label, actor=by, facts=facts, private=words[:600])


def anew(desk: Desk, run: Run) -> tuple[StepRecord, ...]:
    """Return the records under which the run goes on after a break: what was asked before is asked anew.

    Nothing goes on under an old yes: only what is owed does, and what was sent is looked at.
    """
    runbook, made = desk.runbook(run), desk.records.attempts(run.id)
    sent = {(one.step, one.request) for one in made}
    together = {
        name
        for name in run.path[run.at :]
        if (lead := runbook.step(name).approved_with)
        and (lead, run.record(lead).request) in sent
        and (name, run.record(name).request) not in sent
    }
    name = run.next_step
    if name is not None and name not in together and not runbook.step(name).watch and _is_over(desk, run, name):
        together.add(name)
    return tuple(run.record(one).anew() for one in sorted(together))


def _is_over(desk: Desk, run: Run, name: str) -> bool:
    """Return whether nothing that was asked or sent for the step under its present number still counts."""
    number = run.record(name).request
    made = [one for one in desk.records.attempts(run.id) if (one.step, one.request) == (name, number)]
    if any(one.state in {AttemptState.PLANNED, AttemptState.SENDING, AttemptState.UNKNOWN} for one in made):
        return False
    if made and all(one.state is not AttemptState.FAILED for one in made):
        calls = desk.records.approval(made[-1].approval).binding.calls
        return not {(one.item, one.index) for one in calls if one.step == name} <= {
            (one.item, one.index) for one in made
        }
    asked = any((one.step, one.request) == (name, number) for one in desk.records.approvals(run=run.id))
    return bool(made) or asked or not any(owed.step == name for owed in run.owed)


def _ready(desk: Desk, run: Run) -> bool:
    """Return whether the run can go on now; a segment that comes too early ends and changes nothing."""
    if run.state is RunState.OUTCOME_UNKNOWN or run.stopping:
        return False
    if run.state is RunState.PARKED:
        return run.parked_until is not None and run.parked_until <= desk.now()
    if run.waiting is None:
        return True
    if run.waiting.what is Awaiting.APPROVAL and run.waiting.approval is not None:
        return desk.records.approval(run.waiting.approval).state in {ApprovalState.APPROVED, ApprovalState.CONSUMED}
    return run.waiting.due is not None and run.waiting.due <= desk.now()


def _step_turn(desk: Desk, run: Run, runbook: Runbook, step: Step, change_step: Perform) -> Turn:
    late = [one for one in runbook.parameters if one.asked_by == step.id and one.name not in run.inputs]
    for one in runbook.parameters:
        if one.asked_by == step.id and one.name in run.inputs:
            offered(desk, run, one, run.inputs[one.name])
    deciding = [one for one in late if decides(one, step)]
    if not deciding and not needed(desk, run, runbook, step):
        skipped = _record(run, step, state=StepState.SKIPPED, at=desk.now(), note="not needed")
        return Turn(events=(StepPassed(record=skipped),), goes_on=True)
    late = deciding or late
    known = {one.name: fits(one, value) for one in late if (value := found_out(desk, run, one)) is not None}
    if known:
        return Turn(events=(Answered(by=run.requester, inputs=known),), goes_on=True)
    reading = step.manual or desk.catalogue.action(step.uses or "").read is not None
    lacking = [one for one in late if one.required and (reading or not asked_once_known(one, step))]
    if lacking:
        return must_answer(desk, run, step, lacking)
    if step.manual:
        return _must_wait(desk, run, step, Awaiting.DONE, f"Somebody does this by hand: {step.title}")
    if not reading:
        return change_step(desk, run, runbook, step)
    if step.watch:
        return _watch(desk, run, step)
    return look_step(desk, run, step)


def decides(parameter: Parameter, step: Step) -> bool:
    """Return whether the step's own `if` asks for the input, which must then be known before."""
    return step.when is not None and ("inputs", parameter.name) in references_in(compile_expression(step.when))


def found_out(desk: Desk, run: Run, parameter: Parameter) -> str | None:
    """Return a late input's value where it follows from what was seen; None where a person is asked."""
    found = first_given(parameter.sources, desk.scope(run))
    if found is not None:
        return str(found)
    if parameter.choice:
        return parameter.default  # a person chooses, also where only one way is left
    listed = choices(desk, run, parameter)
    return listed[0] if len(listed) == 1 else parameter.default


def choices(desk: Desk, run: Run, parameter: Parameter) -> tuple[str, ...]:
    """Return the values a person may pick from, as far as the run knows them.

    Raises:
        ExpressionError: what decides whether a value is offered cannot be answered.
    """
    if parameter.choices is None:
        return tuple(one for one in parameter.enum if _possible(desk, run, parameter, one))
    found = first_given((parameter.choices,), desk.scope(run))
    return tuple(str(one) for one in found) if isinstance(found, list) else parameter.enum


def _possible(desk: Desk, run: Run, parameter: Parameter, value: str) -> bool:
    asked = parameter.only_if.get(value)
    return asked is None or compile_expression(asked).truth(desk.scope(run))


def offered(desk: Desk, run: Run, parameter: Parameter, value: str) -> str:
    """Return the value if the parameter admits it and what the run has seen leaves that way open.

    Raises:
        InvalidError: says what would fit.
    """
    fits(parameter, value)
    if not _possible(desk, run, parameter, value):
        left = ", ".join(choices(desk, run, parameter)) or "none of its values"
        asked = parameter.only_if[value]
        raise InvalidError(f"{parameter.name} cannot be {value} now: {asked} is false. It may be {left}.")
    return picked(parameter, value, desk.scope(run))


def picked(parameter: Parameter, value: str, scope: Mapping[str, JsonValue]) -> str:
    """Return the value, unless what it is to be picked from is known and it is not there.

    Raises:
        InvalidError: names what can be picked.
    """
    found = first_given((parameter.choices,), scope) if parameter.choices else None
    if not isinstance(found, list) or value in [str(one) for one in found]:
        return value
    if not found:
        raise InvalidError(f"There is nothing to pick {parameter.name} from now, so it cannot be {ascii(value)[:80]}.")
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    named = ", ".join(ascii(str(one))[1:-1][:80] for one in found[:MOST_NAMED])
    raise InvalidError(f"{parameter.name} is one of {named}{more}, not {ascii(value)[:80]}.")


def fits(parameter: Parameter, value: str) -> str:
    """Return the value if the parameter admits it.

    Raises:
        InvalidError: says what would fit.
    """
    if kinds := secrets_in({parameter.name: value}):
        raise InvalidError(
            f"{parameter.name} holds what looks like a secret ({', '.join(sorted(kinds))}). What a run is given is "
            "shown and kept, so leave it out; say where it is kept instead."
        )
    if own_words(parameter):
        insist_on_words(value)
    if parameter.enum and value not in parameter.enum:
        raise InvalidError(f"{parameter.name} is one of {', '.join(parameter.enum)}, not {ascii(value)[:80]}.")
    if parameter.pattern and not re.fullmatch(parameter.pattern, value):
        raise InvalidError(f"{parameter.name} must look like {parameter.pattern}; {ascii(value)[:80]} does not.")
    return value


def needed(desk: Desk, run: Run, runbook: Runbook, step: Step) -> bool:
    """Return whether the step is to be done: its `if` holds, and where it settles something, that is owed."""
    settles = any(one.owes == step.id for one in runbook.steps)
    if settles and not any(owed.step == step.id for owed in run.owed):
        return False
    return step.when is None or compile_expression(step.when).truth(desk.scope(run))


def must_answer(desk: Desk, run: Run, step: Step, lacking: Sequence[Parameter]) -> Turn:
    """Wait for inputs; where a choice is all that lacks, the ways that are open stand ready as buttons.

    Raises:
        InvalidError: what was seen leaves no way open.
    """
    names = ", ".join(one.name for one in lacking)
    turn = _must_wait(desk, run, step, Awaiting.INPUT, f"Needs {names} before {step.title}", asks=names)
    only = lacking[0]
    if len(lacking) > 1 or not only.choice:
        return turn
    ways = choices(desk, run, only)
    if not ways:
        raise InvalidError(f"Nothing can be chosen for {only.name}: no `only_if` of {', '.join(only.enum)} is true.")
    waits = tuple(
        MustWait(waiting=event.waiting.model_copy(update={"offers": ways}))
        for event in turn.events
        if isinstance(event, MustWait)
    )
    return replace(turn, events=waits)


def _must_wait(desk: Desk, run: Run, step: Step, what: Awaiting, words: str, *, asks: str = "") -> Turn:
    waiting = Waiting(what=what, step=step.id, words=words, since=desk.now(), asks=asks)
    return Turn(events=(MustWait(waiting=waiting),), cards=(asking_card(run, waiting),))


def _record(run: Run, step: Step, **changes: object) -> StepRecord:
    return run.record(step.id).model_copy(update=changes)


def look_step(desk: Desk, run: Run, step: Step) -> Turn:
    """Perform a step that only looks, and hold what it saw against what was expected."""
    action = desk.catalogue.action(step.uses or "")
    output = action.looked(desk.look, desk.parameters(run, step), desk.now())
    return seen(desk, run, step, output)


def seen(desk: Desk, run: Run, step: Step, output: JsonObject, *, owes: Owed | None = None) -> Turn:
    """Judge what a step saw: wait on, fail, or go on to the next step."""
    now = desk.now()
    since = run.record(step.id).since or now
    looked = _record(run, step, output=output, since=since, tries=0)
    own = {**desk.scope(run), "output": output}
    if step.until and not compile_expression(step.until.expression).truth(own):
        if now - since >= step.until.within:
            return failed(desk, run, step, f"{step.title}: not so within {step.until.within}.", record=looked)
        due = now + step.until.every
        waiting = Waiting(what=Awaiting.POLL, step=step.id, words=f"Looks again: {step.title}", since=since, due=due)
        return Turn(events=(Looked(record=looked), MustWait(waiting=waiting)), wake=due)
    if step.expect and not compile_expression(step.expect).truth(own):
        return failed(desk, run, step, f"expected {step.expect}", record=looked)
    note = in_words(step, own)
    done = looked.model_copy(update={"state": StepState.DONE, "at": now, "note": note})
    settles = step.id if any(owed.step == step.id for owed in run.owed) else None
    return Turn(events=(StepDone(record=done, owes=owes, settles=settles),), goes_on=True)


def in_words(step: Step, seen_by_it: Mapping[str, JsonValue]) -> str:
    """Return the finding in the runbook's words; a sentence that cannot be filled in never fails a step."""
    try:
        return worded(step.says, seen_by_it) if step.says else ""
    except ExpressionError:
        log.warning("A finding could not be put in words.", extra={"step": step.id}, exc_info=True)
        return ""


def worded(says: str, seen_by_it: Mapping[str, JsonValue]) -> str:
    """Return a finding in the runbook's words, which many read: of what is not our own, all text is redacted.

    Raises:
        ExpressionError: it cannot be filled in.
    """
    asked: dict[str, set[str]] = {}
    for root, *path in references_in(says):
        asked.setdefault(root, set()).add(path[0] if path else "[]")
    shown = {name: seen_by_it[name] for name in asked.keys() & seen_by_it.keys()}
    steps = shown.get("steps")
    if isinstance(steps, dict) and "[]" not in asked["steps"]:
        shown["steps"] = {name: steps[name] for name in asked["steps"] & steps.keys()}
    told = {name: value if name in OURS else redacted(value) for name, value in shown.items()}
    return unnumbered(str(resolve(says, told)))


def _watch(desk: Desk, run: Run, step: Step) -> Turn:
    now = desk.now()
    record = run.record(step.id)
    since = record.since or now
    due = since + (step.watch or timedelta())
    if now < due:
        waiting = Waiting(what=Awaiting.WATCH, step=step.id, words=f"Watching: {step.title}", since=since, due=due)
        cards = (notice(run, "watching"),) if record.since is None else ()
        started = record.model_copy(update={"since": since})
        return Turn(events=(Looked(record=started), MustWait(waiting=waiting)), wake=due, cards=cards, frees=True)
    return look_step(desk, run, step)


def failed(desk: Desk, run: Run, step: Step, words: str, *, record: StepRecord | None = None) -> Turn:
    """Say that the step did not do what was expected; then it waits for a person.

    It goes on past a check, which counts at the end, and past an added look, which nothing rests on.
    """
    words = for_eyes(words)
    kept = (record or run.record(step.id)).model_copy(
        update={"state": StepState.FAILED, "at": desk.now(), "note": words[:600]}
    )
    entry = AuditEntry(kind="step.failed", subject=run.label, actor="bot", facts={"step": step.id}, private=words[:600])
    if step.phase is Phase.VERIFICATION or _only_looks(desk, step):
        return Turn(events=(StepPassed(record=kept),), goes_on=True, audit=(entry,))
    told = notice(run, "failed", mark=f":{step.id}:{kept.request}", step=step.id)
    return Turn(events=(StepFailed(record=kept, words=words[:600]),), cards=(told,), audit=(entry,), frees=True)


def _only_looks(desk: Desk, step: Step) -> bool:
    """Return whether it is an added look, which no step of the runbook rests on."""
    return step.added and desk.catalogue.action(step.uses or "").read is not None


def _look_again(desk: Desk, run: Run, step: Step, error: UnavailableError) -> Turn:
    record = run.record(step.id)
    tries = record.tries + 1
    if tries >= READ_TRIES:
        return failed(desk, run, step, f"{error.words} Tried {tries} times; nothing was changed.")
    log.info("A step could not look; it tries again.", extra={"run": run.id, "step": step.id, "tries": tries})
    due = desk.now() + READ_AGAIN * tries
    waiting = Waiting(what=Awaiting.POLL, step=step.id, words=error.words[:300], since=desk.now(), due=due)
    tried = record.model_copy(update={"tries": tries})
    return Turn(events=(Looked(record=tried), MustWait(waiting=waiting)), wake=due)


def _finish(desk: Desk, run: Run) -> Turn:
    runbook = desk.runbook(run)
    state = ending(run, runbook)
    facts: JsonObject = {"state": state.value, "owed": [owed.step for owed in run.owed]}
    entry = AuditEntry(kind="run.ended", subject=run.label, actor="bot", facts=facts)
    opens = (Wait(key=f"remind:{run.id}:1", due=desk.now() + FIRST_OWED_REMINDER),) if run.owed else ()
    return Turn(
        events=(Ended(state=state),),
        cards=(notice(run, "finished", mark=f":{len(run.undoing)}"),),
        opens=opens,
        frees=True,
        audit=(entry,),
    )


def observed(
    action: Action, desk: Desk, run: Run, step: Step, answers: tuple[JsonObject, ...], *, element: JsonValue = None
) -> JsonObject:
    """Let a changing action look at what came of its calls for one element."""
    if action.observe is None:
        return dict(answers[-1]) if answers else {}
    return action.observe(desk.look, desk.parameters(run, step, item=element), answers)
