"""What a read shows of a call that was sent and never answered, and how much may be concluded from it.

It is told to the person who has to say what became of the call; nothing here settles anything.
"""

from collections.abc import Mapping

from bot.domain.action import Proposal
from bot.domain.approval import Approval, BoundCall
from bot.domain.audit import AuditEntry
from bot.domain.inbox import Delivery, ReadAgain
from bot.domain.leaves import differences, dotted, leaves, same
from bot.domain.records import Attempt, Card, Change
from bot.domain.run import Run, RunState, StepRecord
from bot.domain.runbook import Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import ConflictError, EdgeError, RequestError
from bot.usecases.asking import items, propose
from bot.usecases.desk import Desk
from bot.usecases.telling import notice, run_card

MOST_SHOWN = 4
MOST_WORDS = 600


def with_what_is_there(desk: Desk, run: Run, step: Step, record: StepRecord, attempt: Attempt | None) -> StepRecord:
    """Return the step's record with what a read shows now; a read that fails says so and stops nobody."""
    if attempt is None:
        return record
    try:
        words = _words(desk, run, step, attempt)
    except (RequestError, ConflictError) as error:
        words = f"A read now says: {error.words}"
    except EdgeError as error:
        words = f"A read now failed: {error.words}"
    return record.model_copy(update={"shows": words[:MOST_WORDS], "shown_at": desk.now()})


def _words(desk: Desk, run: Run, step: Step, attempt: Attempt) -> str:
    if attempt.call.many is not None:
        count, done = attempt.call.many.count, (attempt.answer or {}).get("done", 0)
        return f"Of the list of {count} calls, {done} were answered. It happened: only what the lake lacks is sent."
    action = desk.catalogue.action(step.uses or "")
    if action.settle is not None and action.settle(desk.look, attempt.call) is not None:
        return "A read now finds what was sent, so it probably happened."
    proposal = propose(desk, run, step, item=attempt.item, element=items(desk, run, step)[attempt.item])
    before = _before(desk, attempt)
    return _concluded(proposal, before, shows=action.shows)


def _before(desk: Desk, attempt: Attempt) -> JsonObject | None:
    """Return the state in which the call was sent; None where an earlier call left one that nobody knows."""
    approval = desk.records.approval(attempt.approval)
    bound = _bound(approval, attempt)
    if bound.after is None:
        return bound.seen
    earlier = approval.binding.calls[bound.after]
    place = (earlier.step, earlier.item, earlier.index)
    made = [one for one in desk.records.attempts(attempt.run) if (one.step, one.item, one.index) == place]
    return made[-1].wrote if made else None


def _bound(approval: Approval, attempt: Attempt) -> BoundCall:
    place = (attempt.step, attempt.item, attempt.index)
    return next(one for one in approval.binding.calls if (one.step, one.item, one.index) == place)


def _concluded(proposal: Proposal, before: JsonObject | None, *, shows: bool) -> str:
    now = _told(proposal.seen)
    if proposal.already:
        return f"A read now shows {now}: it is so already, so it probably happened."
    if not shows:
        return f"A read now shows {now}, which does not tell whether it began. Look there yourself."
    if before is None:
        return f"A read now shows {now}; what was there before is not known."
    if same(proposal.seen, before):
        return f"A read now shows {now}, unchanged, so it probably did not happen."
    return f"A read now shows {_differences(before, proposal.seen)}: it happened, or somebody else did something."


def _told(seen: Mapping[str, JsonValue]) -> str:
    found = sorted(((dotted(path), value) for path, value in leaves(seen)), key=_most_telling)
    shown = ", ".join(f"{name} {value!r}" for name, value in found[:MOST_SHOWN])
    return (shown or "nothing") + (f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else "")


def _most_telling(found: tuple[str, JsonValue]) -> tuple[bool, str]:
    """Put states first: they are what people ask for."""
    return found[0].rpartition(".")[2] not in {"state", "status"}, found[0]


def _differences(before: Mapping[str, JsonValue], now: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{name} was {was!r}, is {there!r}" for name, was, there in differences(before, now)[:MOST_SHOWN])


def read_again(desk: Desk, delivery: Delivery, wish: ReadAgain) -> Change:
    """Look once more at what a call left whose outcome nobody knows."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    if run.state is not RunState.OUTCOME_UNKNOWN or run.next_step != wish.step:
        raise RequestError(f"{run.label} does not wait for that; nothing was done.")
    step, record = desk.runbook(run).step(wish.step), run.record(wish.step)
    looked = with_what_is_there(desk, run, step, record, lost_call(desk, run, record))
    going = run.model_copy(update={"records": {**run.records, wish.step: looked}, "touched": desk.now()})
    entry = AuditEntry(kind="run.read_again", subject=run.label, actor=somebody.id, facts={"step": wish.step})
    return Change(runs=(going,), cards=(run_card(going), unknown_card(run, looked)), audit=(entry,))


def lost_call(desk: Desk, run: Run, record: StepRecord) -> Attempt | None:
    """Return the newest call of the step under its present number that was sent."""
    made = [one for one in desk.records.attempts(run.id) if (one.step, one.request) == (record.step, record.request)]
    return next((one for one in reversed(made) if one.sent_at is not None), None)


def unknown_card(run: Run, record: StepRecord) -> Card:
    """Return the message that asks a person what became of the step's call."""
    return notice(run, "unknown", mark=f":{record.step}:{record.request}", step=record.step)
