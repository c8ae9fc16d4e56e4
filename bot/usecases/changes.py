"""Let a step that changes something take its turn: ask, prove the yes again, take it, send once, look.

This is the only way to a call that is not a read. Every path here ends in `Records.take`, which alone can give the
permit that `Cloud.send` wants.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.domain.action import Call, Proposal, Replay
from bot.domain.approval import Approval, ApprovalState, BoundCall, ConsumedApproval, end, insist, still_eligible
from bot.domain.audit import AuditEntry
from bot.domain.leaves import same
from bot.domain.policy import Decision
from bot.domain.reasons import own_words
from bot.domain.records import Attempt, AttemptState, Outcome, Taking
from bot.domain.redaction import for_eyes
from bot.domain.run import Awaiting, Looked, Lost, MustWait, Owed, Run, StepDone, StepState, Waiting
from bot.domain.runbook import Risk, Runbook, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import (
    BotError,
    CallRefusedError,
    EdgeError,
    ExpressionError,
    InvalidError,
    LeaseHeldError,
    NotAllowedError,
    OutcomeUnknownError,
    RequestError,
    StaleError,
    UnavailableError,
    WorldChangedError,
)
from bot.usecases.asking import ReasonMissingError, binding, cards_of, items, propose, request, request_card
from bot.usecases.breaking import not_broken_any_more
from bot.usecases.desk import Desk
from bot.usecases.lost import lost_call, unknown_card, with_what_is_there
from bot.usecases.runs import (
    LEASE_AGAIN,
    NO_ANSWER_CAME,
    OWNER_AGAIN,
    Turn,
    call_answered,
    failed,
    must_answer,
    observed,
    seen,
)
from bot.usecases.telling import notice, run_card

log = logging.getLogger(__name__)

NO_WORDS = "The runbook's `reason` is in nobody's own words; its author calls it something else (`runbook-bot check`)."
MUST_BE_FRESH = {Risk.CHANGE.value, Risk.DESTRUCTIVE.value}


def change_step(desk: Desk, run: Run, runbook: Runbook, step: Step) -> Turn:
    """Take one turn of a step that changes something: at most one call is sent."""
    approval = covering(desk, run, step)
    made = [one for one in desk.records.attempts(run.id) if _of(one, run, step)]
    if approval is None and not made:
        return _ask(desk, run, runbook, step)
    if approval is None:
        approval = desk.records.approval(made[-1].approval)
    mine = [(place, call) for place, call in enumerate(approval.binding.calls) if call.step == step.id]
    by_place = {(one.item, one.index): one for one in made}
    for place, call in mine:
        attempt = by_place.get((call.item, call.index))
        if attempt is None:
            return _first_try(desk, run, runbook, step, approval, place)
        if attempt.state is AttemptState.FAILED:
            return failed(desk, run, step, attempt.words or "AWS said no; nothing was changed.")
        if attempt.state not in {AttemptState.DONE, AttemptState.NOT_NEEDED}:
            return _again(desk, run, step, approval, place, attempt)
    answers = [(call.item, by_place[(call.item, call.index)].answer or {}) for _, call in mine]
    return _look_after(desk, run, step, approval, answers)


def _of(attempt: Attempt, run: Run, step: Step) -> bool:
    return attempt.step == step.id and attempt.request == run.record(step.id).request


def covering(desk: Desk, run: Run, step: Step) -> Approval | None:
    """Return the approval under which the step's next call may be taken, if there is one."""
    request_number = run.record(step.id).request
    owed = next((one for one in run.owed if one.step == step.id), None)
    if owed is not None:
        paired = desk.records.approval(owed.approval)
        if paired.state is ApprovalState.CONSUMED and request_number == 1:
            return paired
    for approval in desk.records.approvals(run=run.id):
        if approval.state not in {ApprovalState.APPROVED, ApprovalState.CONSUMED}:
            continue
        if approval.step == step.id and approval.request == request_number:
            return approval
        together = step.approved_with == approval.step and request_number == 1
        if together and approval.request == run.record(approval.step).request:
            return approval
    return None


def _ask(desk: Desk, run: Run, runbook: Runbook, step: Step) -> Turn:
    """Look at what is there and ask; where nothing needs to be done, say so and ask nobody."""
    asked_before = _asked_before(desk, run, step)
    if asked_before is not None:
        return _wait_for(desk, asked_before, step)
    frozen = _freeze(desk, run, step)
    proposals = [
        propose(desk, frozen, step, item=item, element=value) for item, value in enumerate(items(desk, frozen, step))
    ]
    if all(_already(desk, run, proposal) for proposal in proposals):
        return _already_so(desk, run, step, proposals)
    if any(runbook.step(undone).undo == step.id for undone in run.undoing):
        _insist_nobody_wrote_since(desk, run, step, proposals)
    reasked = run.record(step.id).by == "bot"
    try:
        asked = request(desk, frozen, runbook, step, proposals=proposals, reasked=reasked)
    except ReasonMissingError as error:
        reasons = [one for one in runbook.parameters if own_words(one)]
        if not reasons:
            raise InvalidError(f"{error.words} {NO_WORDS}") from error
        return must_answer(desk, run, step, reasons)
    waiting = Waiting(
        what=Awaiting.APPROVAL,
        step=step.id,
        words=f"Waits for {asked.approval.label}",
        since=desk.now(),
        approval=asked.approval.id,
    )
    return Turn(
        events=(Looked(record=frozen.record(step.id)), MustWait(waiting=waiting)),
        approvals=(asked.approval,),
        cards=asked.cards,
        opens=asked.opens,
        audit=asked.audit,
    )


def _insist_nobody_wrote_since(desk: Desk, run: Run, step: Step, proposals: Sequence[Proposal]) -> None:
    """Let an undo go ahead only on the version this run wrote.

    Raises:
        InvalidError: somebody has written a newer one.
    """
    for proposal in proposals:
        for call in proposal.calls:
            wrote = [
                one
                for one in desk.records.attempts(run.id)
                if one.call.resource == call.resource and one.state is AttemptState.DONE
            ]
            ours = _version_left(desk, step, wrote[-1]) if wrote else None
            now = proposal.seen.get("etag")
            if wrote and now is not None and ours != now:
                left = ours or "something else"
                raise InvalidError(
                    f"Somebody changed {call.resource} since this run did: it left {left}, now {now}. "
                    f"Nothing was undone; it would have been {proposal.changes}."
                )


def _version_left(desk: Desk, step: Step, attempt: Attempt) -> JsonValue:
    """Return the version AWS answered with; where a person's word stands for the answer, what a look finds of it."""
    settle = desk.catalogue.action(step.uses or "").settle
    answer = attempt.answer or (settle(desk.look, attempt.call) if settle else None) or {}
    copied = answer.get("CopyObjectResult")
    return copied.get("ETag") if isinstance(copied, dict) else answer.get("ETag")


def _asked_before(desk: Desk, run: Run, step: Step) -> Approval | None:
    """Return what was asked under the step's present number: it is asked once, and anew only if a person wants."""
    return next(
        (
            approval
            for approval in desk.records.approvals(run=run.id)
            if approval.step == step.id and approval.request == run.record(step.id).request
        ),
        None,
    )


def _wait_for(desk: Desk, approval: Approval, step: Step) -> Turn:
    if approval.state.open:
        words, what, number = f"Waits for {approval.label}", Awaiting.APPROVAL, approval.id
        waiting = Waiting(what=what, step=step.id, words=words, since=desk.now(), approval=number)
    else:
        words = f"{approval.label} {approval.state.value}"
        waiting = Waiting(what=Awaiting.PERSON, step=step.id, words=words, since=desk.now())
    return Turn(events=(MustWait(waiting=waiting),))


def _freeze(desk: Desk, run: Run, step: Step) -> Run:
    record = run.record(step.id).model_copy(update={"items": items(desk, run, step)})
    return run.model_copy(update={"records": {**run.records, step.id: record}})


def _already(desk: Desk, run: Run, proposal: Proposal) -> bool:
    """Return whether it is so without us: what another run, or a call of ours, paused is not found paused."""
    if not proposal.already:
        return False
    if proposal.holds is None:
        return True
    resources = {call.resource for call in proposal.calls}
    ours = any(one.sent_at and one.call.resource in resources for one in desk.records.attempts(run.id))
    return not ours and not any(other != run.id for other in desk.records.holds(proposal.holds))


def _already_so(desk: Desk, run: Run, step: Step, proposals: Sequence[Proposal]) -> Turn:
    action = desk.catalogue.action(step.uses or "")
    outputs = [observed(action, desk, run, step, (), element=value) for value in items(desk, run, step)]
    output = outputs[-1] if outputs else {}
    words = "found so already, and left so"
    record = run.record(step.id).model_copy(
        update={"state": StepState.DONE, "output": output, "at": desk.now(), "note": words}
    )
    settles = step.id if any(owed.step == step.id for owed in run.owed) else None
    drops = tuple((run.id, one.releases) for one in proposals if one.releases)
    entry = AuditEntry(kind="step.not_needed", subject=run.label, actor="bot", facts={"step": step.id})
    return Turn(events=(StepDone(record=record, settles=settles),), goes_on=True, drops=drops, audit=(entry,))


def _first_try(desk: Desk, run: Run, runbook: Runbook, step: Step, approval: Approval, place: int) -> Turn:
    """Prove the yes again, take the call from it, and send it."""
    bound = approval.binding.calls[place]
    owed = any(one.step == step.id for one in run.owed)
    try:
        proposal = propose(desk, run, step, item=bound.item, element=items(desk, run, step)[bound.item])
        if owed and proposal.already:
            return _already_so(desk, run, step, (proposal,))
        refusal = None if place or owed else _ineligible(desk, approval)
        if refusal:
            return _void(desk, run, approval, step, refusal)
        _prove(desk, run, runbook, approval, place, proposal, owed=owed)
    except (WorldChangedError, ExpressionError, InvalidError) as error:
        return _void(desk, run, approval, step, error.words)
    except NotAllowedError as error:
        return _void(desk, run, approval, step, error.words)
    return _take(desk, run, step, approval, place, proposal, owed=owed)


def _ineligible(desk: Desk, approval: Approval) -> str | None:
    """Return who may no longer stand for their yes, freshly asked for anything that changes data."""
    if approval.broken and (refusal := not_broken_any_more(desk, desk.records.run(approval.run), approval)):
        return refusal
    fresh = approval.binding.risk in MUST_BE_FRESH
    roles_of: dict[str, frozenset[str]] = {}
    for vote in approval.votes:
        member = desk.directory.person(vote.person, fresh=fresh).member
        in_role = vote.person in desk.directory.members(vote.role, fresh=fresh)
        roles_of[vote.person] = frozenset({vote.role} if member and in_role else ())
    return still_eligible(approval, roles_of)


def _prove(
    desk: Desk, run: Run, runbook: Runbook, approval: Approval, place: int, proposal: Proposal, *, owed: bool
) -> None:
    """Derive everything that was approved anew, and insist that nothing differs.

    Raises:
        WorldChangedError: something does.
        NotAllowedError: the policy no longer offers it; a denied step asks for nobody, so that no role may differ.
    """
    stored = approval.binding
    if stored.digest() != approval.digest:
        words = "The stored request does not match its digest. Nothing was done."
        raise WorldChangedError(words, field="digest", was=approval.digest, now="")
    steps = tuple(runbook.step(name) for name in dict.fromkeys(call.step for call in stored.calls))
    bound = stored.calls[place]
    derived, judged = binding(
        desk,
        run,
        runbook,
        steps,
        expires=stored.expires,
        nonce=stored.nonce,
        known={(bound.step, bound.item): proposal},
        bound=stored.calls,
        first=place,
    )
    if judged.decision is Decision.DENY and not owed:
        raise NotAllowedError(f"{steps[0].title} is not offered any more: {judged.reason} Nothing was done.")
    insist(stored, derived, first=place, owed=owed)
    after = stored.calls[place].after
    if after is not None:
        _insist_on_what_was_left(desk, run, stored.calls[after], proposal, owed=owed)


def _insist_on_what_was_left(desk: Desk, run: Run, earlier: BoundCall, proposal: Proposal, *, owed: bool) -> None:
    left = next(
        (
            attempt.wrote
            for attempt in reversed(desk.records.attempts(run.id))
            if (attempt.step, attempt.item, attempt.index) == (earlier.step, earlier.item, earlier.index)
        ),
        None,
    )
    if owed and left is None:
        return  # it was another run's pause, or a person's word: nothing is known to compare with, and it is owed
    if not same(left, proposal.seen):
        raise WorldChangedError(
            f"Somebody changed {earlier.call.resource} since this run did: it left {left!r}, now {proposal.seen!r}.",
            field="seen",
            was=str(left),
            now=str(proposal.seen),
        )


def _void(desk: Desk, run: Run, approval: Approval, step: Step, why: str) -> Turn:
    why = for_eyes(why)[:600]
    voided = end(approval, ApprovalState.VOID, by="bot", why=why, now=desk.now())
    facts: JsonObject = {"run": run.id, "step": step.id, "digest": approval.digest}
    entry = AuditEntry(kind="approval.void", subject=approval.label, actor="bot", facts=facts, private=why)
    waiting = Waiting(what=Awaiting.PERSON, step=step.id, words=f"{approval.label} is void", since=desk.now())
    told = notice(run, "void", mark=f":{approval.id}", approval=approval.id, step=step.id)
    return Turn(
        events=(MustWait(waiting=waiting),),
        approvals=(voided,),
        cards=(*cards_of(voided, run), told),
        frees=True,
        audit=(entry,),
    )


def _take(desk: Desk, run: Run, step: Step, approval: Approval, place: int, proposal: Proposal, *, owed: bool) -> Turn:
    bound = approval.binding.calls[place]
    attempt = Attempt(
        run=run.id,
        step=step.id,
        item=bound.item,
        index=bound.index,
        request=run.record(step.id).request,
        approval=approval.id,
        call=bound.call,
        digest=approval.digest,
        owner=desk.replica,
        planned_at=desk.now(),
    )
    taking = Taking(
        run=run,
        approval=approval,
        attempt=attempt,
        lease=bound.call.resource,
        holds=proposal.holds,
        releases=proposal.releases,
        owed=owed,
        audit=(_entry("call.taken", run, attempt, approval),),
    )
    try:
        taken = desk.records.take(taking)
    except LeaseHeldError as error:
        due = desk.now() + LEASE_AGAIN
        waiting = Waiting(
            what=Awaiting.LEASE, step=step.id, words=error.words, since=desk.now(), due=due, approval=approval.id
        )
        return Turn(events=(MustWait(waiting=waiting),), wake=due)
    except NotAllowedError as error:
        return _void(desk, run, approval, step, error.words)
    except StaleError:
        return Turn(goes_on=True)
    if taken.permit is None:
        return Turn(goes_on=True, cards=(request_card(approval, run),))
    try:
        sent = _deliver(desk, run, step, taken.permit, item=bound.item, proposal=proposal)
    except StaleError:
        return Turn(goes_on=True)
    return _sent(desk, run, step, approval, place, taken.attempt, sent, may_replay=True)


@dataclass(frozen=True, kw_only=True)
class _Sent:
    state: AttemptState
    answer: JsonObject | None = None
    words: str = ""


def _deliver(
    desk: Desk, run: Run, step: Step, permit: ConsumedApproval, *, item: int, proposal: Proposal | None = None
) -> _Sent:
    def mark() -> None:
        desk.records.mark_sending(permit.attempt, owner=desk.replica)

    try:
        if permit.call.many is not None:
            found = proposal or propose(desk, run, step, item=item, element=items(desk, run, step)[item])
            answer = _deliver_list(desk, run, step, permit, mark, found)
        else:
            answer = desk.cloud.send(permit, mark=mark)
    except OutcomeUnknownError as error:
        return _Sent(state=AttemptState.UNKNOWN, words=error.words)
    except (CallRefusedError, UnavailableError, RequestError) as error:
        return _Sent(state=AttemptState.FAILED, words=error.words)
    return _Sent(state=AttemptState.DONE, answer=answer)


def _deliver_list(
    desk: Desk, run: Run, step: Step, permit: ConsumedApproval, mark: Callable[[], None], proposal: Proposal
) -> JsonObject:
    """Send what is left of a list as the lake is now: what it holds already is not sent again."""
    insist = desk.catalogue.action(step.uses or "").insist
    begun = [False]

    def note(done: int, sent: int) -> None:
        if not begun[0]:
            mark()
            begun[0] = True
        count = permit.call.many.count if permit.call.many else 0
        progress: JsonObject = {"done": done, "begun": sent, "count": count}
        try:
            desk.records.note_progress(permit.attempt, owner=desk.replica, progress=progress, card=run_card(run))
        except NotAllowedError as error:
            words = f"Stopped on the way: {done:,} of {count:,} were done, and nothing more was sent."
            raise NotAllowedError(f"{words} Asked again, it goes on from there.") from error

    listed = proposal.lists.get(permit.call.resource, ())
    return desk.cloud.send_many(permit, listed, mark=note, insist=partial(insist, desk.look) if insist else None)


def _sent(
    desk: Desk,
    run: Run,
    step: Step,
    approval: Approval,
    place: int,
    attempt: int,
    sent: _Sent,
    *,
    may_replay: bool = False,
) -> Turn:
    """Keep what became of a call.

    Args:
        may_replay: where the row's replay admits it, an unknown outcome is settled by sending once more.
    """
    bound = approval.binding.calls[place]
    wrote = _what_it_left(desk, run, approval, place) if sent.state is AttemptState.DONE else None
    outcome = Outcome(
        attempt=attempt,
        owner=desk.replica,
        state=sent.state,
        answer=sent.answer,
        wrote=wrote,
        words=sent.words[:600],
    )
    entry = call_answered(run, step.id, attempt, bound.call, state=sent.state, words=sent.words, by="aws")
    if sent.state is AttemptState.UNKNOWN:
        if may_replay and desk.catalogue.row(bound.call.row).replay is not Replay.ONCE:
            return Turn(goes_on=True, outcomes=(outcome,), audit=(entry,))
        return _lost(desk, run, step, sent.words, outcomes=(outcome,), audit=(entry,))
    record = run.record(step.id)
    if sent.state is AttemptState.FAILED:
        turn = failed(desk, run, step, sent.words, record=record)
        return replace(turn, frees=True, outcomes=(outcome,), audit=(entry, *turn.audit))
    kept = record.model_copy(update={"answers": (*record.answers, sent.answer or {})})
    return Turn(events=(Looked(record=kept),), goes_on=True, outcomes=(outcome,), audit=(entry,))


def _what_it_left(desk: Desk, run: Run, approval: Approval, place: int) -> JsonObject | None:
    """Return the state right after a call, where a later call of the same approval rests on it.

    A look that fails leaves nothing known, and the later call is then asked for anew.
    """
    later = next((call for call in approval.binding.calls if call.after == place), None)
    if later is None:
        return None
    runbook = desk.runbook(run)
    try:
        return propose(desk, run, runbook.step(later.step), item=later.item, element=None).seen
    except (UnavailableError, CallRefusedError):
        return None


def _lost(
    desk: Desk,
    run: Run,
    step: Step,
    words: str,
    *,
    outcomes: tuple[Outcome, ...] = (),
    audit: tuple[AuditEntry, ...] = (),
) -> Turn:
    record = run.record(step.id).model_copy(update={"state": StepState.UNKNOWN, "note": words[:600], "at": desk.now()})
    record = with_what_is_there(desk, run, step, record, lost_call(desk, run, record))
    told = unknown_card(run, record)
    return Turn(events=(Lost(record=record, words=words[:600]),), cards=(told,), outcomes=outcomes, audit=audit)


def _again(desk: Desk, run: Run, step: Step, approval: Approval, place: int, attempt: Attempt) -> Turn:
    """Go on with an attempt that a process left behind: never sent, or sent and unanswered."""
    replay = desk.catalogue.row(attempt.call.row).replay
    sent_before = attempt.state is not AttemptState.PLANNED
    if attempt.owner != desk.replica and desk.alive(attempt.owner):
        return Turn(wake=desk.now() + OWNER_AGAIN)
    if sent_before and (replay is Replay.ONCE or _too_late(desk, run, approval, place, attempt)):
        try:
            desk.records.disown(attempt.id, owner=desk.replica)
        except StaleError:
            return Turn(goes_on=True)
        unknown = AttemptState.UNKNOWN
        entry = call_answered(run, step.id, attempt.id, attempt.call, state=unknown, words=NO_ANSWER_CAME, by="bot")
        return _lost(desk, run, step, NO_ANSWER_CAME, audit=(entry,))
    try:
        permit = desk.records.retake(attempt.id, owner=desk.replica, again=sent_before)
    except NotAllowedError as error:
        return _void(desk, run, approval, step, error.words)
    except StaleError:
        return Turn(goes_on=True)
    if not sent_before:
        refusal = _refusal(desk, run, step, approval, place)
        if refusal:
            return _never_sent(desk, run, step, approval, attempt, refusal)
    try:
        sent = _deliver(desk, run, step, permit, item=attempt.item)
    except StaleError:
        return Turn(goes_on=True)
    if sent_before and attempt.call.many is None and replay is Replay.SAFE and sent.state is AttemptState.FAILED:
        sent = _settled_by_reading(desk, step, attempt.call, sent)
    return _sent(desk, run, step, approval, place, attempt.id, sent, may_replay=not sent_before)


def _too_late(desk: Desk, run: Run, approval: Approval, place: int, attempt: Attempt) -> bool:
    """Return whether a call whose yes has expired would be sent again, which may be the first time that it leaves.

    A list goes on where it was, a later call of an approval outlives its expiry, and so does what is owed.
    """
    unanswered = attempt.state is AttemptState.SENDING and attempt.call.many is None
    bound = not place and not any(one.step == attempt.step for one in run.owed)
    return unanswered and bound and desk.now() >= approval.expires


def _refusal(desk: Desk, run: Run, step: Step, approval: Approval, place: int) -> str | None:
    """Return why a call that a process took and never sent may not be sent any more: all is proved once more."""
    bound = approval.binding.calls[place]
    owed = any(one.step == step.id for one in run.owed)
    try:
        if not place and not owed and (refusal := _ineligible(desk, approval)):
            return refusal
        proposal = propose(desk, run, step, item=bound.item, element=items(desk, run, step)[bound.item])
        _prove(desk, run, desk.runbook(run), approval, place, proposal, owed=owed)
    except (WorldChangedError, RequestError, EdgeError) as error:
        return error.words
    return None


def _never_sent(desk: Desk, run: Run, step: Step, approval: Approval, attempt: Attempt, why: str) -> Turn:
    outcome = Outcome(attempt=attempt.id, owner=desk.replica, state=AttemptState.FAILED, words=f"not sent: {why[:500]}")
    return replace(_void(desk, run, approval, step, why), outcomes=(outcome,))


def _settled_by_reading(desk: Desk, step: Step, call: Call, sent: _Sent) -> _Sent:
    """Say whether a conditional write that was refused the second time had been done the first time."""
    settle = desk.catalogue.action(step.uses or "").settle
    try:
        found = settle(desk.look, call) if settle else None
    except BotError as error:
        return _Sent(state=AttemptState.UNKNOWN, words=error.words)
    return sent if found is None else _Sent(state=AttemptState.DONE, answer=found)


def _look_after(
    desk: Desk, run: Run, step: Step, approval: Approval, answers: Sequence[tuple[int, JsonObject]]
) -> Turn:
    """Look at what came of each element's calls; the first that is not as expected decides, else the last."""
    action = desk.catalogue.action(step.uses or "")
    owes = None
    if step.owes and not any(owed.step == step.owes for owed in run.owed):
        owes = Owed(step=step.owes, cause=step.id, approval=approval.id, since=desk.now())
    turn = Turn()
    for item, element in enumerate(items(desk, run, step)):
        own = tuple(answer for of, answer in answers if of == item)
        turn = seen(desk, run, step, observed(action, desk, run, step, own, element=element), owes=owes)
        if not any(isinstance(event, StepDone) for event in turn.events):
            break
    return turn


def _entry(kind: str, run: Run, attempt: Attempt, approval: Approval) -> AuditEntry:
    facts: JsonObject = {
        "run": run.id,
        "step": attempt.step,
        "item": attempt.item,
        "index": attempt.index,
        "request": attempt.request,
        "approval": approval.id,
        "digest": approval.digest,
        "row": attempt.call.row,
    }
    return AuditEntry(kind=kind, subject=run.label, actor="bot", facts=facts)
