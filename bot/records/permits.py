"""How the next call of an approval is taken: each rule is looked at again on locked rows."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.approval import Approval, ApprovalState, ConsumedApproval
from bot.domain.records import AttemptState, Taken, Taking
from bot.domain.run import Run, RunState
from bot.domain.value import JsonObject
from bot.errors import NotAllowedError, StaleError
from bot.records import attempts, queues, shared, subjects

Now = Callable[[], datetime]
NOT_SENT = "not sent"


def take(connection: Connection, taking: Taking, *, now: Now) -> Taken:
    """Take the call, insert its attempt, and return the permit where there is something to send.

    Raises:
        StaleError, NotAllowedError, LeaseHeldError: see the port `Records`.
    """
    run = subjects.run(connection, taking.run.id, lock=True)
    approval = subjects.approval(connection, taking.approval.id, lock=True)
    _insist_going(run, step=taking.attempt.step, owed=taking.owed)
    _insist_same(run, approval, taking)
    place = _place(approval, taking)
    if approval.used == 0:
        _insist_approved(connection, approval, now=now())
    elif not taking.owed:
        attempts.insist_all_done(connection, approval.id)
    needed, others = _counted(connection, taking)
    if needed:
        shared.lease(connection, taking.lease, run=run.id)
    state = AttemptState.PLANNED if needed else AttemptState.NOT_NEEDED
    number = attempts.plan(connection, taking, place=place, state=state)
    used = {"state": ApprovalState.CONSUMED, "used": place + 1}
    subjects.save_approval(connection, approval.model_copy(update=used))
    permit = attempts.permit(attempts.locked(connection, number)) if needed else None
    return Taken(attempt=number, permit=permit, others=others)


def _insist_going(run: Run, *, step: str, owed: bool) -> None:
    if owed:
        if not any(one.step == step for one in run.owed):
            raise StaleError(f"{run.label} does not owe this any more; nothing was sent.")
        return
    if run.stopping or run.state.ended:
        raise StaleError(f"{run.label} was stopped, or has ended; nothing was sent.")
    if run.state is RunState.PARKED:
        raise StaleError(f"{run.label} is parked; nothing was sent.")


def _insist_same(run: Run, approval: Approval, taking: Taking) -> None:
    attempt = taking.attempt
    if run.revision != taking.run.revision:
        raise StaleError(f"{run.label} was changed by somebody else in the same moment; nothing was sent.")
    if {attempt.run, approval.run} != {run.id} or attempt.approval != approval.id:
        raise NotAllowedError(f"{approval.label} was not given for this run; nothing was sent.")
    if approval.state not in {ApprovalState.APPROVED, ApprovalState.CONSUMED}:
        why = approval.ended_why or approval.ended_by or "it was not approved yet"
        raise NotAllowedError(f"{approval.label} is {approval.state}: {why}. Nothing was sent; press Ask again.")
    if approval.revision != taking.approval.revision:
        raise StaleError(f"{approval.label} was changed by somebody else in the same moment; nothing was sent.")
    if len({approval.digest, taking.approval.digest, approval.binding.digest()}) > 1:
        raise NotAllowedError(f"{approval.label} does not bind what was approved; nothing was sent. Press Ask again.")


def _place(approval: Approval, taking: Taking) -> int:
    """Return where the call stands in what was approved: first things first, nothing twice."""
    attempt = taking.attempt
    for place, bound in enumerate(approval.binding.calls):
        if (bound.step, bound.item, bound.index) != (attempt.step, attempt.item, attempt.index):
            continue
        if bound.call != attempt.call or attempt.digest not in {approval.digest, bound.digest()}:
            break
        if place < approval.used or (approval.used == 0 and place > 0):
            raise StaleError(f"That call of {approval.label} was taken before, or is not its turn; nothing was sent.")
        return place
    raise NotAllowedError(f"That call is not one that {approval.label} approved; nothing was sent.")


def _insist_approved(connection: Connection, approval: Approval, *, now: datetime) -> None:
    if approval.state is not ApprovalState.APPROVED or approval.missing():
        raise NotAllowedError(f"{approval.label} is not approved; nothing was sent.")
    if {vote.person for vote in approval.votes} != subjects.voters(connection, approval.id):
        raise NotAllowedError(f"The votes of {approval.label} are not those that were cast; nothing was sent.")
    if approval.glass is not None and not _second_channel_told(connection, approval):
        raise NotAllowedError(f"The second channel was not told of {approval.label}; nothing was sent.")
    if now < max((approval.asked_at, *(vote.at for vote in approval.votes))):
        words = "The clock went back since it was approved, so nobody can say whether it has expired"
        raise NotAllowedError(f"{words}; nothing was sent. Press Ask again.")
    if now >= approval.expires:
        raise NotAllowedError(f"{approval.label} has expired; nothing was sent. Press Ask again.")


def _second_channel_told(connection: Connection, approval: Approval) -> bool:
    """Return whether the message stands in the channel that the request names."""
    card = queues.card(connection, approval.glass_key)
    glass = approval.glass
    return bool(card and glass and card.ts and (card.ts, card.channel) == (glass.told, glass.channel))


def _counted(connection: Connection, taking: Taking) -> tuple[bool, tuple[int, ...]]:
    """Return whether the call is needed beside the other runs' holds, and which runs hold."""
    resource, run = taking.holds or taking.releases, taking.run.id
    if resource is None:
        return True, ()
    shared.lock_hold(connection, resource)
    attempts.insist_settled(connection, resource, lease=taking.lease, run=run)
    others = tuple(holder for holder in shared.holders(connection, resource) if holder != run)
    if taking.holds:
        shared.hold(connection, resource, run=run)
    elif others:
        # The call is theirs to make later; neither our hold nor our lease may stand in their way.
        shared.drop_hold(connection, run=run, resource=resource)
        shared.free(connection, run, resource=taking.lease)
    return not others, others


def retake(
    connection: Connection, number: int, *, owner: str, again: bool, now: Now
) -> ConsumedApproval | NotAllowedError | StaleError:
    """Make the attempt this process's own; a refusal is returned, so that giving up is kept first."""
    row = attempts.locked(connection, number)
    planned = row.state == AttemptState.PLANNED
    if not planned and not (again and row.state in {AttemptState.SENDING, AttemptState.UNKNOWN}):
        return StaleError(f"That call is not to be sent any more: it is {str(row.state).replace('_', ' ')}.")
    refusal = _refusal(connection, row, planned=planned, now=now)
    if refusal:
        if planned:
            attempts.give_up(connection, number, words=f"{NOT_SENT}: {refusal.words}")
        return refusal
    attempts.hand_over(connection, number, owner=owner, resend=not planned)
    return attempts.permit(row)


def note_progress(connection: Connection, number: int, *, owner: str, progress: JsonObject) -> None:
    """Keep how far a list of calls is, while its run goes on.

    Raises:
        StaleError: the attempt is not this owner's to send any more.
        NotAllowedError: the run is stopping, parked or over.
    """
    row = attempts.locked(connection, number)
    run = subjects.run(connection, row.run, lock=True)
    attempts.progress(connection, number, owner=owner, progress=progress)
    try:
        _insist_going(run, step=attempts.step_of(row), owed=row.owed)
    except StaleError as stopped:
        raise NotAllowedError(stopped.words) from stopped


def _refusal(
    connection: Connection, row: attempts.AttemptRow, *, planned: bool, now: Now
) -> NotAllowedError | StaleError | None:
    run = subjects.run(connection, row.run)
    try:
        _insist_going(run, step=attempts.step_of(row), owed=row.owed)
    except StaleError as stopped:
        return stopped
    approval = subjects.approval(connection, row.approval)
    if planned and row.place == 0 and not row.owed and now() >= approval.expires:
        return NotAllowedError(f"{approval.label} expired before this was sent; nothing was sent. Press Ask again.")
    return None
