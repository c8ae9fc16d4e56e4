"""What people do with a request: say yes, say no, take a yes back, ask again; and what happens when nobody answers."""

import logging
from datetime import timedelta

from bot.domain.approval import Approval, ApprovalState, cast, end, who_may
from bot.domain.audit import AuditEntry
from bot.domain.inbox import AskAgain, AskPeople, CastVote, DeclineRequest, Delivery, RevokeRequest
from bot.domain.people import Person, Place
from bot.domain.policy import Policy
from bot.domain.records import Card, CardKind, Change, Wait
from bot.domain.run import Awaiting, Retried, Run, RunState, StepState, Waiting, Woken, advance
from bot.domain.value import JsonObject
from bot.errors import EdgeError, NotAllowedError, RequestError, UnavailableError
from bot.usecases.asking import cards_of, library_sha
from bot.usecases.desk import Desk
from bot.usecases.runs import waking
from bot.usecases.telling import notice, run_card, run_cards

log = logging.getLogger(__name__)

ASK_PEOPLE_EVERY = timedelta(minutes=5)
EDITED = "the runbook was edited since this was asked"
_TO_BE_SAFE = "Refused to be safe, nothing is used up; try again."


def cast_vote(desk: Desk, delivery: Delivery, wish: CastVote) -> Change:
    """Count one person's yes; the last one needed starts the run's next segment.

    Raises:
        NotAllowedError: the rule that refuses, in words.
    """
    now = desk.now()
    approval = desk.records.approval(wish.approval)
    somebody = asker(desk, delivery)
    roles = roles_of(desk, somebody.id, approval.binding.needs)
    shown = shown_at(desk, approval)
    clicked = (delivery.place.model_copy(update={"thread": None}), wish.edition)
    voted = cast(approval, by=somebody, roles=roles, shown=shown, clicked=clicked, now=now)
    vote = voted.votes[-1]
    facts: JsonObject = {"role": vote.role, "digest": voted.digest, "edition": wish.edition, "state": voted.state.value}
    entry = AuditEntry(kind="approval.cast", subject=voted.label, actor=somebody.id, facts=facts)
    run = desk.records.run(voted.run)
    cards = (*cards_of(approval, run), run_card(run))
    if voted.state is not ApprovalState.APPROVED:
        return Change(approvals=(voted,), cards=cards, audit=(entry,))
    going, wait = waking(run, now)
    return Change(runs=(going,), approvals=(voted,), opens=(wait,), cards=cards, audit=(entry,))


def asker(desk: Desk, delivery: Delivery) -> Person:
    """Return who answers a request, freshly looked up.

    Raises:
        NotAllowedError: nobody is named, or Slack did not say.
    """
    if delivery.person is None:
        raise NotAllowedError("Nobody is named, so nothing was done.")
    try:
        return desk.directory.person(delivery.person, fresh=True)
    except UnavailableError as error:
        raise NotAllowedError(f"{error.words} {_TO_BE_SAFE}") from error


def shown_at(desk: Desk, approval: Approval) -> tuple[Place, int]:
    """Return where the request's card stands, and its edition.

    Raises:
        NotAllowedError: it stands nowhere yet.
    """
    card = desk.records.card(f"request:{approval.id}")
    if card is None or card.ts is None:
        raise NotAllowedError("That request has no card yet; nothing was done. Try again in a moment.")
    return Place(team=desk.team, channel=card.channel, ts=card.ts), card.edition


def roles_of(desk: Desk, person: str, roles: tuple[str, ...]) -> frozenset[str]:
    """Return which of the roles the person holds now, freshly looked up.

    Raises:
        NotAllowedError: Slack did not say.
    """
    try:
        return frozenset(role for role in set(roles) if person in desk.directory.members(role, fresh=True))
    except UnavailableError as error:
        raise NotAllowedError(f"{error.words} {_TO_BE_SAFE}") from error


def decline(desk: Desk, delivery: Delivery, wish: DeclineRequest) -> Change:
    """End a request with a no; the run goes on waiting for what somebody decides next."""
    approval = desk.records.approval(wish.approval)
    run = desk.records.run(approval.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=False)
    _insist_open(approval)
    may = any(somebody.id in approval.candidates.get(role, ()) for role in approval.binding.needs)
    if not may and somebody.id not in approval.binding.authors:
        raise NotAllowedError(f"Only those who may approve, or who asked, can decline: {who_may(approval)}.")
    state = ApprovalState.DECLINED if may else ApprovalState.WITHDRAWN
    why = wish.words if wish.why == "other" else f"{wish.why}: {wish.words}" if wish.words else wish.why
    return _told(ended(desk, run, approval, state, by=somebody.id, why=why), run, approval, by=somebody.id)


def _told(change: Change, run: Run, approval: Approval, *, by: str) -> Change:
    """Return the change with a message to whoever the run speaks to, unless it was their own doing."""
    if by == run.requester:
        return change
    told = notice(run, "declined", mark=f":{approval.id}", approval=approval.id, step=approval.step)
    return change.model_copy(update={"cards": (*change.cards, told)})


def revoke(desk: Desk, delivery: Delivery, wish: RevokeRequest) -> Change:
    """Take back what was approved, while its first call is not taken yet."""
    approval = desk.records.approval(wish.approval)
    run = desk.records.run(approval.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=False)
    if somebody.id not in {vote.person for vote in approval.votes}:
        raise NotAllowedError("Only somebody who said yes can take it back.")
    if not approval.state.open:
        words = f"{approval.label} is {approval.state}; it is too late to take it back. Stop the run instead."
        raise RequestError(words)
    change = ended(desk, run, approval, ApprovalState.REVOKED, by=somebody.id, why="taken back")
    return _told(change, run, approval, by=somebody.id)


def ended(desk: Desk, run: Run, approval: Approval, state: ApprovalState, *, by: str, why: str) -> Change:
    """End the request, and let the run wait for a person."""
    over = end(approval, state, by=by, why=why[:600], now=desk.now())
    facts: JsonObject = {"run": run.id, "step": approval.step, "digest": approval.digest}
    entry = AuditEntry(kind=f"approval.{state.value}", subject=approval.label, actor=by, facts=facts, private=why[:600])
    going = run
    asked_now = (run.next_step, run.record(approval.step).request) == (approval.step, approval.request)
    if asked_now and run.state is RunState.WAITING:
        now = desk.now()
        words = f"{approval.label} {state.value}"
        waiting = Waiting(what=Awaiting.PERSON, step=approval.step, words=words, since=now)
        going = run.model_copy(update={"waiting": waiting, "touched": now})
    runs = (going,) if going != run else ()
    cards = (*cards_of(over, run), *run_cards(desk, going))
    return Change(runs=runs, approvals=(over,), cards=cards, audit=(entry,))


def voided_by_edit(desk: Desk, number: int) -> Change | None:
    """Return the end of an open request whose runbook was edited since it was asked; None where there is none."""
    approval = desk.records.approval(number)
    run = desk.records.run(approval.run)
    if not approval.state.open or approval.binding.library == library_sha(desk, run):
        return None
    change = ended(desk, run, approval, ApprovalState.VOID, by="bot", why=EDITED)
    told = notice(run, "void", mark=f":{approval.id}", approval=approval.id, step=approval.step)
    return change.model_copy(update={"cards": (*change.cards, told)})


def ask_again(desk: Desk, delivery: Delivery, wish: AskAgain) -> Change:
    """Look again and ask anew for the step the run waits at; who presses it becomes an author."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    if run.next_step is None or run.state not in {RunState.WAITING, RunState.PARKED}:
        raise RequestError(f"{run.label} does not wait for that; nothing was done.")
    if run.waiting is not None and run.waiting.what is Awaiting.POLL:
        raise RequestError(f"{run.label} looks again by itself; nothing was done.")
    if run.record(run.next_step).state is StepState.UNKNOWN:
        raise RequestError(f"Say first what became of the call that {run.label} sent; nothing was done.")
    return again(desk, run, by=somebody.id)


def again(desk: Desk, run: Run, *, by: str, authored: bool = True) -> Change:
    """Withdraw what is open for the step and let the run look and ask anew."""
    now = desk.now()
    step = run.next_step or ""
    open_ones = [one for one in desk.records.approvals(run=run.id, open_only=True) if one.step == step]
    over = tuple(end(one, ApprovalState.WITHDRAWN, by=by, why="asked anew", now=now) for one in open_ones)
    if authored:
        run = advance(run, Retried(by=by, step=step), now=now)
    else:
        fresh = run.record(step).anew(by=by)
        woken = advance(run, Woken(), now=now)
        run = woken.model_copy(update={"records": {**woken.records, step: fresh}})
    going, wait = waking(run, now)
    facts: JsonObject = {"step": step, "request": run.record(step).request}
    entry = AuditEntry(kind="run.retried", subject=run.label, actor=by, facts=facts)
    cards = (*run_cards(desk, going), *(card for one in over for card in cards_of(one, run)))
    return Change(runs=(going,), approvals=over, opens=(wait,), cards=cards, audit=(entry,))


def ask_people(desk: Desk, delivery: Delivery, wish: AskPeople) -> Change:
    """Mention those who can still approve, at most once in five minutes."""
    approval = desk.records.approval(wish.approval)
    run = desk.records.run(approval.run)
    desk.person(delivery.person, channel=run.place.channel, starts=False)
    _insist_open(approval)
    slot = int(desk.now().timestamp() // ASK_PEOPLE_EVERY.total_seconds())
    mark = f":{approval.id}:{slot}"
    if desk.records.card(f"asked:{run.id}{mark}") is not None:
        raise RequestError("They were asked less than five minutes ago; nobody was mentioned again.")
    told = notice(run, "asked", mark=mark, approval=approval.id, by=delivery.person)
    return Change(cards=(told,))


def _insist_open(approval: Approval) -> None:
    if not approval.state.open:
        raise RequestError(f"{approval.label} is {approval.state} already; nothing was done.")


def escalate(desk: Desk, key: str) -> None:
    """Serve a rung of the ladder, `ladder:APPROVAL:LEVEL`: remind, page, expire and ask once more."""
    paged: set[str] = set()
    desk.keep(lambda: _rung(desk, key, paged))


def _rung(desk: Desk, key: str, paged: set[str]) -> Change:
    _, number, level = key.split(":")
    approval = desk.records.approval(int(number))
    if not desk.records.wait_open(key) or approval.state is not ApprovalState.PENDING:
        return Change(closes=(key,))
    run = desk.records.run(approval.run)
    now = desk.now()
    if now >= approval.expires:
        return _expired(desk, run, approval, key)
    if now - approval.asked_at >= desk.policy.page_after and approval.level < 2:
        _page(desk, approval, run, paged)
        return _climbed(desk, run, approval, key, level=2, what="paged", due=approval.expires)
    if now - approval.asked_at >= desk.policy.remind_after and approval.level < 1:
        due = min(approval.asked_at + desk.policy.page_after, approval.expires)
        return _climbed(desk, run, approval, key, level=1, what="reminded", due=due)
    return Change(closes=(key,), opens=(Wait(key=f"ladder:{number}:{int(level) + 1}", due=approval.expires),))


def _climbed(desk: Desk, run: Run, approval: Approval, key: str, *, level: int, what: str, due: object) -> Change:
    higher = approval.model_copy(update={"level": level})
    number = int(key.rsplit(":", 1)[1]) + 1
    told = notice(run, what, mark=f":{approval.id}", approval=approval.id)
    entry = AuditEntry(kind=f"approval.{what}", subject=approval.label, actor="bot", facts={"level": level})
    wait = Wait.model_validate({"key": f"ladder:{approval.id}:{number}", "due": due})
    return Change(approvals=(higher,), closes=(key,), opens=(wait,), cards=(told,), audit=(entry,))


def _page(desk: Desk, approval: Approval, run: Run, paged: set[str]) -> None:
    """Wake each role once, however often the rung is decided anew."""
    for topic in page_topics(desk.policy, approval.missing()):
        if topic in paged:
            continue
        paged.add(topic)
        subject = f"{desk.platform.name}: {approval.label} waits for approval"
        try:
            desk.pager.page(topic, subject, f"{run.label} {run.title}: {approval.binding.calls[0].effect}")
        except EdgeError:
            log.exception("A page could not be sent.", extra={"approval": approval.id, "topic": topic})


def page_topics(policy: Policy, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the topics that wake the on-call of these roles, each once."""
    topics = [policy.roles[role].page_topic for role in dict.fromkeys(roles) if role in policy.roles]
    return tuple(dict.fromkeys(topic for topic in topics if topic))


def _expired(desk: Desk, run: Run, approval: Approval, key: str) -> Change:
    over = end(approval, ApprovalState.EXPIRED, by="bot", why="nobody answered", now=desk.now())
    facts: JsonObject = {"run": run.id, "step": approval.step, "digest": approval.digest}
    entry = AuditEntry(kind="approval.expired", subject=approval.label, actor="bot", facts=facts)
    told = notice(run, "expired", mark=f":{approval.id}", approval=approval.id, step=approval.step)
    expired = ended(desk, run, approval, ApprovalState.EXPIRED, by="bot", why="nobody answered")
    if approval.reasked or run.state is not RunState.WAITING or run.next_step != approval.step:
        return expired.model_copy(update={"closes": (key,), "cards": (*expired.cards, told)})
    anew = again(desk, run, by="bot", authored=False)
    cards = (*cards_of(over, run), *anew.cards)
    audit = (entry, *anew.audit)
    return anew.model_copy(update={"approvals": (over,), "closes": (key,), "cards": cards, "audit": audit})


def home_card(desk: Desk, person: str) -> Card:
    """Return the App Home of a person."""
    return Card(key=f"home:{person}", kind=CardKind.HOME, subject=0, channel="", to=person)
