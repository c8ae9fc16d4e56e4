"""Start on an older copy of the records that was put back: what it says may have happened since, so nobody acts on it.

The caller knows that the copy is older, because the audit's anchors reach further than its audit does.
"""

import logging

from bot.domain.approval import Approval, ApprovalState, end
from bot.domain.audit import RESTORED, AuditEntry
from bot.domain.records import Attempt, AttemptState, Card, Change, Outcome
from bot.domain.run import Awaiting, Lost, Run, RunState, StepState, Waiting, advance
from bot.domain.value import JsonObject
from bot.errors import StaleError
from bot.usecases.asking import cards_of
from bot.usecases.desk import Desk
from bot.usecases.telling import notice, run_cards

log = logging.getLogger(__name__)

WHY = "The records are an older copy that was put back; what is written here may have gone on since."
UNFINISHED = {AttemptState.PLANNED, AttemptState.SENDING}
ONLY_LOOKS = {RunState.VERIFYING, RunState.WATCHING, RunState.OUTCOME_UNKNOWN}
MOST_RUNS = 10_000
NUMBERED = ("alarm", "run", "approval", "incident", "followup", "postmortem", "strike")
SKIPPED = 1_000
"""So many numbers of each kind are left out: the lost records may have given them, and messages with buttons, names of
executions and archives bear them still."""


def restore(desk: Desk, *, anchor: str) -> Change:
    """Void every yes that could still lead to a call, and let each run wait for a person.

    Calls that were not finished in the copy are of unknown outcome, whatever their step's replay policy. Call it
    before the engine is launched; on the same copy it may be called again. What is owed stays owed and authorised.

    Args:
        anchor: the hash of the anchor the copy lacks; kept in the audit, so that one copy is restored once.
    """
    runs = desk.records.runs(most=MOST_RUNS)
    for attempt in (one for run in runs for one in desk.records.attempts(run.id)):
        if attempt.state is AttemptState.PLANNED:
            _count_as_sent(desk, attempt)
    change = desk.keep(lambda: _restored(desk, anchor))
    log.warning("An older copy of the records was put back.", extra={"runs": [one.id for one in change.runs]})
    return change


def _count_as_sent(desk: Desk, attempt: Attempt) -> None:
    """Make a planned call one that may have been sent: only those can be of unknown outcome."""
    try:
        desk.records.mark_sending(attempt.id, owner=attempt.owner)
    except StaleError:
        log.info("An attempt was settled meanwhile.", extra={"attempt": attempt.id})


def _restored(desk: Desk, anchor: str) -> Change:
    runs: list[Run] = []
    approvals: list[Approval] = []
    outcomes: list[Outcome] = []
    cards: list[Card] = []
    for run in desk.records.runs(most=MOST_RUNS):
        unfinished = [one for one in desk.records.attempts(run.id) if one.state in UNFINISHED]
        outcomes += [
            Outcome(attempt=one.id, owner=one.owner, state=AttemptState.UNKNOWN, words=WHY) for one in unfinished
        ]
        voided = [
            end(one, ApprovalState.VOID, by="bot", why=WHY, now=desk.now())
            for one in desk.records.approvals(run=run.id)
            if _leads_to_a_call(one, run)
        ]
        approvals += voided
        cards += [card for one in voided for card in cards_of(one, run)]
        stopped, told = _stopped(desk, run, unfinished)
        runs += [stopped] if stopped != run else []
        cards += [*run_cards(desk, stopped), *told]
    facts: JsonObject = {
        "anchor": anchor,
        "runs": [run.id for run in runs],
        "approvals": [one.id for one in approvals],
        "attempts": [one.attempt for one in outcomes],
    }
    entry = AuditEntry(kind=RESTORED, subject="records", actor="bot", facts=facts)
    return Change(
        runs=tuple(runs),
        approvals=tuple(approvals),
        outcomes=tuple(outcomes),
        cards=tuple({card.key: card for card in cards}.values()),
        counts=tuple((kind, SKIPPED) for kind in NUMBERED),
        audit=(entry,),
    )


def _leads_to_a_call(approval: Approval, run: Run) -> bool:
    """Return whether a call could still be taken from it; for what is owed the yes goes on standing."""
    if approval.state.open:
        return True
    owed = {one.step for one in run.owed if one.approval == approval.id}
    left = [call for call in approval.binding.calls[approval.used :] if call.step not in owed]
    return approval.state is ApprovalState.CONSUMED and bool(left)


def _stopped(desk: Desk, run: Run, unfinished: list[Attempt]) -> tuple[Run, tuple[Card, ...]]:
    """Return the run as it waits for a person, and what they are told."""
    step = run.next_step
    if step is None or run.state.ended or run.state in ONLY_LOOKS:
        return run, ()
    now = desk.now()
    if any(one.step == step for one in unfinished):
        record = run.record(step).model_copy(update={"state": StepState.UNKNOWN, "note": WHY, "at": now})
        told = notice(run, "unknown", mark=f":{step}:{record.request}", step=step)
        return advance(run, Lost(record=record, words=WHY), now=now), (told,)
    waiting = Waiting(what=Awaiting.PERSON, step=step, words=f"{WHY} Press Ask again.", since=now)
    update = {"state": RunState.WAITING, "waiting": waiting, "parked_until": None, "touched": now}
    return run.model_copy(update=update), ()
