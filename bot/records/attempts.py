"""Attempts at calls, and the only place where a permit to call is made.

A permit exists only once the transaction that takes the call from its approval has inserted the attempt.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, or_, select, update

from bot.domain.action import Call
from bot.domain.approval import ConsumedApproval
from bot.domain.records import Attempt, AttemptState, Outcome, Taking
from bot.domain.value import JsonObject, Value
from bot.errors import LeaseHeldError, StaleError
from bot.records.schema import attempts, fold, leases
from bot.records.shared import drop_hold
from bot.records.statements import insert_new

AttemptRow = Row[*tuple[Any, ...]]
UNSETTLED = (AttemptState.PLANNED.value, AttemptState.SENDING.value, AttemptState.UNKNOWN.value)


class Planned(Value):
    """Hold what never changes of an attempt."""

    step: str
    call: Call
    digest: str
    planned_at: datetime
    holds: str | None = None
    releases: str | None = None


def permit(row: AttemptRow) -> ConsumedApproval:
    """Return the permit that the row of an attempt stands for."""
    planned = Planned.model_validate_json(row.doc)
    return ConsumedApproval(approval=row.approval, attempt=row.id, call=planned.call, digest=planned.digest)


def step_of(row: AttemptRow) -> str:
    """Return the id of the step the attempt belongs to."""
    return Planned.model_validate_json(row.doc).step


def plan(connection: Connection, taking: Taking, *, place: int, state: AttemptState) -> int:
    """Insert the attempt and return its number.

    Raises:
        StaleError: this call was attempted before under the same request.
    """
    attempt = taking.attempt
    planned = Planned(
        step=attempt.step,
        call=attempt.call,
        digest=attempt.digest,
        planned_at=attempt.planned_at,
        holds=taking.holds,
        releases=taking.releases,
    )
    row = {
        "run": attempt.run,
        "step": fold(attempt.step),
        "item": attempt.item,
        "position": attempt.index,
        "request": attempt.request,
        "approval": attempt.approval,
        "place": place,
        "owed": taking.owed,
        "holds": fold(taking.holds) if taking.holds else None,
        "releases": fold(taking.releases) if taking.releases else None,
        "owner": attempt.owner,
        "state": state.value,
        "resend": False,
        "words": attempt.words,
        "doc": planned.model_dump_json(),
    }
    number: int | None = insert_new(connection, attempts, row, returning=attempts.c.id)
    if number is None:
        raise StaleError("This call was attempted before under the same request; nothing was sent.")
    return number


def locked(connection: Connection, number: int) -> AttemptRow:
    """Return the row of an attempt; nobody else changes it before the transaction ends.

    Raises:
        StaleError: there is none.
    """
    row = connection.execute(select(attempts).where(attempts.c.id == number).with_for_update()).first()
    if row is None:
        raise StaleError(f"There is no attempt {number}.")
    return row


def hand_over(connection: Connection, number: int, *, owner: str, resend: bool) -> None:
    """Make an attempt another process's own."""
    connection.execute(update(attempts).where(attempts.c.id == number).values(owner=owner, resend=resend))


def in_hand(connection: Connection, run: int) -> bool:
    """Return whether a process may still send a call of the run, or hear the answer of one."""
    going = attempts.c.state.in_([AttemptState.PLANNED.value, AttemptState.SENDING.value])
    return connection.execute(select(attempts.c.id).where((attempts.c.run == run) & going)).first() is not None


def give_up(connection: Connection, number: int, *, words: str) -> None:
    """Keep that a planned attempt will never be sent."""
    failed = {"state": AttemptState.FAILED.value, "words": words, "resend": False}
    planned = (attempts.c.id == number) & (attempts.c.state == AttemptState.PLANNED.value)
    row = connection.execute(
        update(attempts).where(planned).values(failed).returning(attempts.c.run, attempts.c.holds)
    ).first()
    if row and row.holds:
        drop_hold(connection, run=row.run, resource=row.holds)


def mark_sending(connection: Connection, number: int, *, owner: str, now: datetime) -> None:
    """Keep that the attempt is being sent.

    Raises:
        StaleError: it is not this owner's to send any more.
    """
    sendable = or_(
        attempts.c.state == AttemptState.PLANNED.value,
        and_(attempts.c.resend, attempts.c.state.in_([AttemptState.SENDING.value, AttemptState.UNKNOWN.value])),
    )
    mine = and_(attempts.c.id == number, attempts.c.owner == owner, sendable)
    sending = {"state": AttemptState.SENDING.value, "sent_at": now, "resend": False}
    if connection.execute(update(attempts).where(mine).values(sending).returning(attempts.c.id)).first() is None:
        raise StaleError("This call is not this process's to send any more; nothing was sent.")


def progress(connection: Connection, number: int, *, owner: str, progress: JsonObject) -> None:
    """Keep, of an attempt that is being sent, how far it is.

    Raises:
        StaleError: it is not this owner's to send any more.
    """
    mine = and_(attempts.c.id == number, attempts.c.owner == owner, attempts.c.state == AttemptState.SENDING.value)
    values = {"answer": _text(progress)}
    if connection.execute(update(attempts).where(mine).values(values).returning(attempts.c.id)).first() is None:
        raise StaleError("This list is not this process's to send any more; nothing more was sent.")


def settle(connection: Connection, outcome: Outcome) -> None:
    """Keep what became of an attempt, and what that means for what its run holds.

    A failure is kept of a planned attempt too, for it was not sent; a person may settle an unknown one.

    Raises:
        StaleError: the attempt is not this owner's any more, or was settled before.
    """
    values = {
        "state": outcome.state.value,
        "answer": _text(outcome.answer),
        "wrote": _text(outcome.wrote),
        "words": outcome.words,
        "resend": False,
    }
    mine = and_(
        attempts.c.id == outcome.attempt,
        attempts.c.owner == outcome.owner,
        attempts.c.state.in_(_may_become(outcome.state)),
    )
    settled = update(attempts).where(mine).values(values)
    row = connection.execute(settled.returning(attempts.c.run, attempts.c.holds, attempts.c.releases)).first()
    if row is None:
        raise StaleError("What became of this call was settled elsewhere, or is another process's to say.")
    if outcome.state is AttemptState.FAILED and row.holds:
        drop_hold(connection, run=row.run, resource=row.holds)
    if outcome.state is AttemptState.DONE and row.releases:
        drop_hold(connection, run=row.run, resource=row.releases)


def happened(connection: Connection, number: int) -> None:
    """Keep a person's word that an attempt of unknown outcome did happen.

    Raises:
        StaleError: its outcome is not unknown.
    """
    row = locked(connection, number)
    if row.state != AttemptState.UNKNOWN:
        raise StaleError("What became of this call is known by now. Look again; nothing was changed.")
    settle(connection, Outcome(attempt=number, owner=row.owner, state=AttemptState.DONE, words=row.words))


def disown(connection: Connection, number: int, *, owner: str) -> None:
    """Keep that nobody knows what became of an attempt; whoever was sending it has no more say in it.

    Raises:
        StaleError: it is not being sent any more.
    """
    unanswered = attempts.c.state.in_([AttemptState.SENDING.value, AttemptState.UNKNOWN.value])
    unknown = {"state": AttemptState.UNKNOWN.value, "owner": owner, "resend": False}
    mine = update(attempts).where((attempts.c.id == number) & unanswered).values(unknown)
    if connection.execute(mine.returning(attempts.c.id)).first() is None:
        raise StaleError("This call is not being sent any more. Look again.")


def _may_become(state: AttemptState) -> list[str]:
    match state:
        case AttemptState.DONE:
            return [AttemptState.SENDING.value, AttemptState.UNKNOWN.value]
        case AttemptState.FAILED:
            return list(UNSETTLED)
        case AttemptState.UNKNOWN:
            return [AttemptState.SENDING.value]
        case AttemptState.PLANNED | AttemptState.SENDING | AttemptState.NOT_NEEDED:
            return []


def insist_all_done(connection: Connection, approval: int) -> None:
    """Refuse the next call of an approval unless every call before it was done, or not needed.

    Raises:
        StaleError: one was not.
    """
    fine = [AttemptState.DONE.value, AttemptState.NOT_NEEDED.value]
    others = (attempts.c.approval == approval) & attempts.c.state.not_in(fine)
    if connection.execute(select(attempts.c.id).where(others).limit(1)).first() is not None:
        raise StaleError("An earlier call of this approval was not done, so the rest of it is void. Ask again.")


def insist_settled(connection: Connection, resource: str, *, lease: str, run: int) -> None:
    """Refuse while another run is just pausing or resuming the shared resource.

    An unknown outcome counts for as long as its run has the lease, which ends with the run.

    Raises:
        LeaseHeldError: names that run.
    """
    shared = or_(attempts.c.holds == fold(resource), attempts.c.releases == fold(resource))
    has_lease = exists().where((leases.c.resource == fold(lease)) & (leases.c.run == attempts.c.run))
    going = attempts.c.state.in_([AttemptState.PLANNED.value, AttemptState.SENDING.value])
    unknown = and_(attempts.c.state == AttemptState.UNKNOWN.value, has_lease)
    underway: ColumnElement[bool] = and_(shared, or_(going, unknown), attempts.c.run != run)
    other = connection.execute(select(attempts.c.run).where(underway).limit(1)).scalar()
    if other is not None:
        raise LeaseHeldError(f"R-{other} is changing {resource} right now.", resource=resource, holder=other)


def of_run(connection: Connection, run: int) -> Sequence[Attempt]:
    """Return every attempt of the run, oldest first."""
    found = connection.execute(select(attempts).where(attempts.c.run == run).order_by(attempts.c.id))
    return [_attempt(row) for row in found]


def _attempt(row: AttemptRow) -> Attempt:
    planned = Planned.model_validate_json(row.doc)
    return Attempt(
        id=row.id,
        run=row.run,
        step=planned.step,
        item=row.item,
        index=row.position,
        request=row.request,
        approval=row.approval,
        call=planned.call,
        digest=planned.digest,
        owner=row.owner,
        state=AttemptState(row.state),
        answer=_object(row.answer),
        wrote=_object(row.wrote),
        words=row.words,
        planned_at=planned.planned_at,
        sent_at=row.sent_at,
    )


def _text(value: JsonObject | None) -> str | None:
    return None if value is None else json.dumps(value)


def _object(text: str | None) -> JsonObject | None:
    found: JsonObject | None = None if text is None else json.loads(text)
    return found
