"""What people do with a run under way: mark done, give inputs, park, take over, undo, settle, stop."""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.domain.action import Replay
from bot.domain.approval import Approval, ApprovalState, end
from bot.domain.audit import AuditEntry
from bot.domain.inbox import (
    Delivery,
    GiveInputs,
    MarkDone,
    ParkRun,
    SettleOwed,
    SettleUnknown,
    StopRun,
    TakeOver,
    UndoStep,
)
from bot.domain.quiet import by_day
from bot.domain.records import AlarmState, Attempt, AttemptState, Card, Change, Outcome, Wait
from bot.domain.run import (
    Answered,
    Awaiting,
    Looked,
    Owed,
    Parked,
    Retried,
    Run,
    RunState,
    StepDone,
    StepRecord,
    StepState,
    Stopping,
    Undone,
    Woken,
    advance,
    undoable,
    way_back,
)
from bot.domain.runbook import Parameter, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, NotAllowedError, RequestError
from bot.usecases.approvals import roles_of
from bot.usecases.asking import cards_of
from bot.usecases.desk import Desk
from bot.usecases.runs import FIRST_OWED_REMINDER, anew, fits, offered, waking
from bot.usecases.telling import asking_card, notice, run_cards

log = logging.getLogger(__name__)

LONGEST_PARK = timedelta(days=7)
OWED_REMINDER_EVERY = timedelta(minutes=30)


def mark_done(desk: Desk, delivery: Delivery, wish: MarkDone) -> Change:
    """Take a person's word that a manual step is done."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    if run.next_step != wish.step or run.waiting is None or run.waiting.what is not Awaiting.DONE:
        raise RequestError(f"{run.label} does not wait for that step; nothing was done.")
    _insist_on_roles(desk, run, desk.runbook(run).step(wish.step), somebody.id)
    now = desk.now()
    record = run.record(wish.step).model_copy(update={"state": StepState.DONE, "at": now, "by": somebody.id})
    done = advance(advance(run, Woken(), now=now), StepDone(record=record), now=now)
    return woken(desk, done, "step.marked_done", by=somebody.id, facts={"step": wish.step})


def _insist_on_roles(desk: Desk, run: Run, step: Step, person: str) -> None:
    """Let only those whom the step asks for say that it is done, and of them nobody who asked for what follows.

    Raises:
        NotAllowedError: they may not, or Slack did not say.
    """
    if not step.needs:
        return
    titles = " and ".join(desk.policy.role(role).title for role in dict.fromkeys(step.needs))
    if person in run.authors:
        raise NotAllowedError(f"Not done: you asked for {run.label} yourself, so somebody else of {titles} says it.")
    held = roles_of(desk, person, step.needs)
    if held != set(step.needs):
        raise NotAllowedError(f"Not done: you are not in {titles} (checked just now), whom this step asks for.")


def give_inputs(desk: Desk, delivery: Delivery, wish: GiveInputs) -> Change:
    """Take inputs a waiting run can still use; who gives them becomes an author, and what was asked is asked anew."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    if run.state is not RunState.WAITING:
        raise RequestError(f"{run.label} does not wait for inputs; nothing was done.")
    back = _insist_usable(desk, run, wish.inputs)
    over = revoked(desk, run, by=somebody.id, why="inputs were changed")
    now = desk.now()
    answered = advance(run, Answered(by=somebody.id, inputs=wish.inputs, back=back), now=now)
    if back is None and run.waiting is not None and run.waiting.what is not Awaiting.INPUT:
        for record in anew(desk, run):
            answered = advance(answered, Looked(record=record), now=now)
    private = " ".join(f"{name}={value}" for name, value in wish.inputs.items())
    names: JsonObject = {"inputs": [*sorted(wish.inputs)]}
    change = woken(desk, answered, "run.answered", by=somebody.id, facts=names, private=private)
    if run.waiting is not None and run.waiting.what is Awaiting.INPUT:
        told = asking_card(run, run.waiting, by=somebody.id)
        change = change.model_copy(update={"cards": (*change.cards, told)})
    return with_ended(change, over, run)


def _insist_usable(desk: Desk, run: Run, inputs: Mapping[str, str]) -> int | None:
    """Refuse what the runbook does not know, what does not fit, and what steps that are over have used already.

    Returns the place a choice made anew takes the run back to, if one is.

    Raises:
        InvalidError: says what would fit.
        RequestError: it was settled; another run may begin with another value.
    """
    runbook = desk.runbook(run)
    parameters = {parameter.name: parameter for parameter in runbook.parameters}
    backs = []
    for name, value in inputs.items():
        if name not in parameters:
            has = ", ".join(parameters) or "none"
            raise InvalidError(f"{runbook.title} has no input {name!a}; it has: {has}.")
        back = _way_back(desk, run, parameters[name])
        if back is None and parameters[name].asked_by not in run.path[run.at :]:
            raise RequestError(f"{run.label} has used its {name} already; start another run to use another value.")
        fits(parameters[name], value)
        if back is not None or parameters[name].asked_by == run.next_step:
            offered(desk, run, parameters[name], value)
        if back is not None:
            backs.append(back)
    return min(backs, default=None)


def _way_back(desk: Desk, run: Run, parameter: Parameter) -> int | None:
    """Return where a choice can be made anew; nothing of the way that was taken may have been done, or be under way."""
    made = [one for one in desk.records.attempts(run.id) if one.step == run.next_step]
    if any(one.state is not AttemptState.FAILED or one.call.many is not None for one in made):
        return None
    return way_back(run, parameter)


def park(desk: Desk, delivery: Delivery, wish: ParkRun) -> Change:
    """Put the run aside until an hour: open requests are revoked, what is owed stays visible."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    now = desk.now()
    if not now < wish.until <= now + LONGEST_PARK:
        raise InvalidError("Park until an hour in the future, at most seven days ahead.")
    over = revoked(desk, run, by=somebody.id, why="parked")
    parked = advance(run, Parked(by=somebody.id, until=wish.until), now=now)
    going, wait = waking(parked.model_copy(update={"waiting": None}), wish.until)
    entry = AuditEntry(kind="run.parked", subject=run.label, actor=somebody.id, facts={"until": wish.until.isoformat()})
    cards = (*run_cards(desk, going), *(card for one in over for card in cards_of(one, run)))
    return Change(runs=(going,), approvals=over, opens=(wait,), cards=cards, audit=(entry,))


def take_over(desk: Desk, delivery: Delivery, wish: TakeOver) -> Change:
    """Become the person the run speaks to; a parked run looks again now."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    if run.requester == somebody.id and run.state is not RunState.PARKED:
        raise RequestError(f"{run.label} is yours already.")
    taken = run.model_copy(update={"requester": somebody.id, "touched": desk.now()})
    if run.state is RunState.PARKED:
        taken = advance(taken, Woken(), now=desk.now())
        for record in anew(desk, run):
            taken = advance(taken, Looked(record=record), now=desk.now())
        return woken(desk, taken, "run.taken_over", by=somebody.id, facts={})
    entry = AuditEntry(kind="run.taken_over", subject=run.label, actor=somebody.id)
    return Change(runs=(taken,), cards=run_cards(desk, taken), audit=(entry,))


def undo(desk: Desk, delivery: Delivery, wish: UndoStep) -> Change:
    """Take the newest step that can be taken back, back: it runs as an ordinary step, asked for as any other."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    step = undoable(run, desk.runbook(run))
    if step is None or step.undo is None:
        raise RequestError(f"{run.label} has done nothing that this runbook can take back.")
    over = revoked(desk, run, by=somebody.id, why="undoing")
    items = done_items(run.record(step.id), desk.records.attempts(run.id)) if step.for_each else ()
    back = Undone(by=somebody.id, step=step.id, undo=step.undo, items=items)
    undone = advance(run, back, now=desk.now())
    undone = undone.model_copy(update={"owed": (*run.owed, *_left_open(desk, run))})
    change = woken(desk, undone, "run.undoing", by=somebody.id, facts={"step": step.id, "undo": step.undo})
    return with_ended(change, over, run)


def done_items(record: StepRecord, attempts: Iterable[Attempt]) -> tuple[JsonValue, ...]:
    """Return the elements of a step's list that something was done about, the newest first."""
    made = [one for one in attempts if (one.step, one.request) == (record.step, record.request)]
    done = dict.fromkeys(one.item for one in reversed(made) if one.state is AttemptState.DONE)
    return tuple(record.items[item] for item in done if item < len(record.items))


def settle_owed(desk: Desk, delivery: Delivery, wish: SettleOwed) -> Change:
    """Do now what the run owes, under the approval that made it owed."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    owed = next((one for one in run.owed if one.step == wish.step), None)
    if owed is None:
        raise RequestError(f"{run.label} does not owe that; nothing was done.")
    if not run.state.ended:
        raise RequestError(f"{run.label} is under way and does that itself in its turn; Stop it first to do it now.")
    over = revoked(desk, run, by=somebody.id, why="settling what is owed")
    now = desk.now()
    path = (*run.path[: run.at], owed.step)
    record = run.record(owed.step).model_copy(update={"state": StepState.PENDING})
    settling = run.model_copy(update={"path": path, "at": len(path) - 1})
    record = next(iter(anew(desk, settling)), record)
    update = {
        "path": path,
        "records": {**run.records, owed.step: record},
        "undoing": (*run.undoing, owed.cause),
        "state": RunState.RUNNING,
        "waiting": None,
        "stopping": False,
        "ended": None,
        "parked_until": None,
        "touched": now,
    }
    change = woken(desk, run.model_copy(update=update), "run.settling", by=somebody.id, facts={"step": owed.step})
    return with_ended(change, over, run)


def settle_unknown(desk: Desk, delivery: Delivery, wish: SettleUnknown) -> Change:
    """Take a person's word on a call whose outcome nobody knew: it happened, or it did not and is asked anew."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    if run.state is not RunState.OUTCOME_UNKNOWN or run.next_step != wish.step:
        raise RequestError(f"{run.label} does not wait for that; nothing was done.")
    now = desk.now()
    facts: JsonObject = {"step": wish.step, "happened": wish.happened}
    unknown = [
        one
        for one in desk.records.attempts(run.id)
        if one.step == wish.step and one.state is AttemptState.UNKNOWN and one.request == run.record(wish.step).request
    ]
    if not wish.happened:
        denied = tuple(
            Outcome(attempt=one.id, owner=one.owner, state=AttemptState.FAILED, words="a person says it did not happen")
            for one in unknown
        )
        retried = advance(run.model_copy(update={"stopping": False}), Retried(by=somebody.id, step=wish.step), now=now)
        change = woken(desk, retried, "run.settled", by=somebody.id, facts=facts)
        return change.model_copy(update={"outcomes": denied})
    record = run.record(wish.step)
    answers = (*record.answers, *({} for _ in unknown))  # something was done, so it can be taken back
    record = record.model_copy(update={"state": StepState.PENDING, "note": "", "answers": answers})
    going = run.model_copy(
        update={
            "records": {**run.records, wish.step: record},
            "state": RunState.RUNNING,
            "waiting": None,
            "stopping": False,
            "authors": tuple(dict.fromkeys((*run.authors, somebody.id))),
            "touched": now,
        }
    )
    change = woken(desk, going, "run.settled", by=somebody.id, facts=facts)
    # A call with a token is sent once more: AWS does it once, and its answer names what was begun. Of a list, what the
    # lake does not hold yet is sent.
    settled = tuple(
        one.id
        for one in unknown
        if desk.catalogue.row(one.call.row).replay is not Replay.TOKEN and one.call.many is None
    )
    return change.model_copy(update={"settles": settled})


def stop(desk: Desk, delivery: Delivery, wish: StopRun) -> Change:
    """Stop the run now; no further attempt begins, and what it owes stays owed and visible."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    over = revoked(desk, run, by=somebody.id, why="stopped")
    stopped = advance(run, Stopping(by=somebody.id), now=desk.now())
    owed = (*run.owed, *_left_open(desk, run))
    stopped = stopped.model_copy(update={"owed": owed})
    facts: JsonObject = {"owed": [one.step for one in owed]}
    entry = AuditEntry(kind="run.stopped", subject=run.label, actor=somebody.id, facts=facts)
    opens = (Wait(key=f"remind:{run.id}:1", due=desk.now() + FIRST_OWED_REMINDER),) if owed else ()
    cards: tuple[Card, ...] = (*run_cards(desk, stopped), *(card for one in over for card in cards_of(one, run)))
    if owed:
        cards = (*cards, notice(run, "owed", mark=":0"))
    return Change(runs=(stopped,), approvals=over, opens=opens, cards=cards, frees=(run.id,), audit=(entry,))


def _left_open(desk: Desk, run: Run) -> tuple[Owed, ...]:
    """Return what a call leaves owed that was taken, but whose step was not over: it may have had its effect."""
    runbook = desk.runbook(run)
    known = {one.step for one in run.owed}
    found: dict[str, Owed] = {}
    for attempt in desk.records.attempts(run.id):
        step, record = runbook.step(attempt.step), run.record(attempt.step)
        if step.owes is None or step.owes in known or record.state is StepState.DONE:
            continue
        if attempt.request == record.request and attempt.state is not AttemptState.FAILED:
            found[step.owes] = Owed(step=step.owes, cause=step.id, approval=attempt.approval, since=desk.now())
    return tuple(found.values())


def remind(desk: Desk, key: str) -> None:
    """Serve `remind:RUN:NUMBER`: say again what an ended run still owes; in quiet hours, in the morning."""
    _, run_id, number = key.split(":")

    def build() -> Change:
        run = desk.records.run(int(run_id))
        if not run.owed or not run.state.ended:
            return Change(closes=(key,))
        now, later = desk.now(), f"remind:{run.id}:{int(number) + 1}"
        due = by_day(now, desk.zone(run.requester))
        if due > now and not _burning(desk, run):
            return Change(closes=(key,), opens=(Wait(key=later, due=due),))
        following = Wait(key=later, due=now + OWED_REMINDER_EVERY)
        return Change(closes=(key,), opens=(following,), cards=(notice(run, "owed", mark=f":{number}"),))

    desk.keep(build)


def _burning(desk: Desk, run: Run) -> bool:
    """Return whether people in that channel are up anyway: an incident is open, or an alarm is on."""
    channel = run.place.channel
    if desk.records.incidents(channel=channel, open_only=True):
        return True
    return any(one.channel == channel and one.state is AlarmState.ALARM for one in desk.records.episodes())


def woken(desk: Desk, run: Run, kind: str, *, by: str, facts: JsonObject, private: str = "") -> Change:
    """Return the run going on at once, told on its card and in the audit."""
    going, wait = waking(run, desk.now())
    entry = AuditEntry(kind=kind, subject=run.label, actor=by, facts=facts, private=private[:600])
    return Change(runs=(going,), opens=(wait,), cards=run_cards(desk, going), audit=(entry,))


def with_ended(change: Change, over: tuple[Approval, ...], run: Run) -> Change:
    """Return the change with the requests it ends."""
    cards = (*change.cards, *(card for one in over for card in cards_of(one, run)))
    return change.model_copy(update={"approvals": over, "cards": cards})


def revoked(desk: Desk, run: Run, *, by: str, why: str) -> tuple[Approval, ...]:
    """Return the run's open requests, revoked."""
    return tuple(
        end(one, ApprovalState.REVOKED, by=by, why=why, now=desk.now())
        for one in desk.records.approvals(run=run.id, open_only=True)
    )
