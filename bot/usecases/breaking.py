"""Break the glass: the second channel is told first, and only a message that stands there lets a request count.

Whoever presses it answers alone; nobody is asked less than the request itself, its digest and the world ask.
"""

from datetime import timedelta
from functools import partial

from bot.domain.approval import Approval, ApprovalState
from bot.domain.audit import AuditEntry
from bot.domain.glass import broken, insist_it_stands, pressed
from bot.domain.inbox import BreakGlass, Delivery
from bot.domain.incident import Incident
from bot.domain.records import Change, Wait
from bot.domain.run import Run
from bot.domain.value import JsonObject
from bot.errors import NotAllowedError
from bot.usecases.approvals import asker, roles_of, shown_at
from bot.usecases.asking import glass_card, request_card
from bot.usecases.desk import Desk
from bot.usecases.runs import waking
from bot.usecases.telling import notice, run_card

TOLD_WITHIN = timedelta(minutes=1)
LOOKS_AGAIN = timedelta(seconds=1)


def break_glass(desk: Desk, delivery: Delivery, wish: BreakGlass) -> Change:
    """Begin to break the glass: have the second channel told, and look whether it was.

    Raises:
        NotAllowedError: the rule that refuses, in words.
        InvalidError: the reason says nothing.
    """
    now = desk.now()
    approval = desk.records.approval(wish.approval)
    run = desk.records.run(approval.run)
    somebody = asker(desk, delivery)
    rule = desk.policy.break_glass
    glassed = pressed(
        approval,
        by=somebody,
        roles=roles_of(desk, somebody.id, (rule.role,)) if rule else frozenset(),
        incident=incident_of_run(desk, run),
        policy=desk.policy,
        reason=wish.reason,
        shown=shown_at(desk, approval),
        clicked=(delivery.place.model_copy(update={"thread": None}), wish.edition),
        now=now,
    )
    return Change(
        approvals=(glassed,),
        opens=(Wait(key=f"{glassed.glass_key}:0", due=now),),
        cards=(glass_card(glassed), request_card(glassed, run), run_card(run)),
        audit=(_entry("approval.breaking", glassed, by=somebody.id, private=wish.reason),),
    )


def incident_of_run(desk: Desk, run: Run) -> Incident | None:
    """Return the incident the run belongs to, as it stands now."""
    return desk.records.incident(run.incident) if run.incident is not None else None


def not_broken_any_more(desk: Desk, run: Run, approval: Approval) -> str | None:
    """Return why a glass that was broken for a request no longer lets a call leave; None where it does, or was not."""
    try:
        insist_it_stands(approval, incident=incident_of_run(desk, run), policy=desk.policy)
    except NotAllowedError as error:
        return error.words
    return None


def perform_glass(desk: Desk, key: str) -> None:
    """Serve `glass:APPROVAL:PRESS:NUMBER`: look whether the second channel was told."""
    desk.keep(partial(_looked, desk, key))


def _looked(desk: Desk, key: str) -> Change:
    _, number, _, count = key.split(":")
    approval, now = desk.records.approval(int(number)), desk.now()
    glass, press = approval.glass, f"{approval.glass_key}:"
    if glass is None or glass.told or approval.state is not ApprovalState.PENDING or not key.startswith(press):
        return Change(closes=(key,))
    run = desk.records.run(approval.run)
    card = desk.records.card(approval.glass_key)
    if card is not None and card.ts:
        return _told(desk, run, approval, key, told=card.ts)
    if now - glass.at >= TOLD_WITHIN or now >= approval.expires:
        return _given_up(desk, run, approval, key, why="The second channel could not be told.")
    return Change(closes=(key,), opens=(Wait(key=f"{press}{int(count) + 1}", due=now + LOOKS_AGAIN),))


def _told(desk: Desk, run: Run, approval: Approval, key: str, *, told: str) -> Change:
    now = desk.now()
    try:
        given = broken(approval, incident=incident_of_run(desk, run), policy=desk.policy, told=told, now=now)
    except NotAllowedError as error:
        return _given_up(desk, run, approval, key, why=error.words)
    going, wait = waking(run, now)
    by = given.votes[-1].person
    entry = _entry("approval.broken", given, by=by, private=approval.glass.reason if approval.glass else "")
    cards = (glass_card(given), request_card(given, run), run_card(run))
    return Change(runs=(going,), approvals=(given,), opens=(wait,), closes=(key,), cards=cards, audit=(entry,))


def _given_up(desk: Desk, run: Run, approval: Approval, key: str, *, why: str) -> Change:
    by = approval.glass.by if approval.glass else ""
    whole = approval.model_copy(update={"glass": None})
    told = notice(run, "unbroken", mark=f":{approval.id}:{key}", approval=approval.id, by=by, why=why)
    shut = glass_card(approval).model_copy(update={"urgent": False})
    cards = (told, shut, request_card(whole, run), run_card(run))
    entry = _entry("approval.not_broken", approval, by=by, private=why)
    return Change(approvals=(whole,), closes=(key,), cards=cards, audit=(entry,))


def _entry(kind: str, approval: Approval, *, by: str, private: str) -> AuditEntry:
    glass = approval.glass
    facts: JsonObject = {"run": approval.run, "step": approval.step, "digest": approval.digest}
    if glass is not None:
        facts |= {"role": glass.role, "incident": glass.incident, "channel": glass.channel, "told": glass.told}
    return AuditEntry(kind=kind, subject=approval.label, actor=by, facts=facts, private=private[:600])
