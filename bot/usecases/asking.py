"""Work out what a step would do, bind it, and ask for it. Nothing here is sent to AWS but reads."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.action import Call, Occasion, Proposal
from bot.domain.approval import Approval, Binding, BoundCall
from bot.domain.audit import AuditEntry
from bot.domain.denies import denied
from bot.domain.expression import compile_expression, resolve
from bot.domain.many import insist_same, line
from bot.domain.policy import BreakGlass, Decision, Verdict, together, verdict_on
from bot.domain.reasons import REASON, needs_reason, own_words
from bot.domain.records import Card, CardKind, Wait
from bot.domain.run import Run
from bot.domain.runbook import Phase, Runbook, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, NotAllowedError, NotFoundError, UnavailableError
from bot.usecases.desk import Desk

log = logging.getLogger(__name__)

MOST_NAMED = 3
LIST_FILE = "list"
"""The path under which the file of a list is kept, beside the snapshots of runbooks."""


def items(desk: Desk, run: Run, step: Step) -> tuple[JsonValue, ...]:
    """Return the elements the step goes over; one None where it has no list.

    Raises:
        InvalidError: it is not a list, or longer than one approval may cover; says how to go on.
    """
    frozen = run.record(step.id).items
    if frozen or step.for_each is None:
        return frozen or (None,)
    found = compile_expression(step.for_each).value(desk.scope(run))
    if not isinstance(found, list):
        raise InvalidError(f"Step {step.id}: for_each must be a list.")
    most = desk.policy.covers((step,))
    if len(found) > most:
        raise InvalidError(
            f"Step {step.id}: {len(found)} elements; at most {most} are done under one approval. Nothing was asked. "
            f"Ask for fewer at once (a shorter range of days, one table), one run after the other{_more(desk, most)}."
        )
    return tuple(found)


def _more(desk: Desk, most: int) -> str:
    could = desk.policy.most_at_once
    return f"; the runbook's author may set `most:` up to {could} for this step" if could > most else ""


def propose(desk: Desk, run: Run, step: Step, *, item: int, element: JsonValue) -> Proposal:
    """Return what the step's action wants to do about one element, each call admitted by its row and by the denies.

    Raises:
        InvalidError: a row does not admit a call, or a list is not the one that its call stands for.
        NotAllowedError: a call is forbidden whatever a row says.
    """
    action = desk.catalogue.action(step.uses or "")
    if action.propose is None:
        raise InvalidError(f"Step {step.id}: {action.id} only looks; it proposes nothing.")
    occasion = Occasion(
        installation=desk.records.installation,
        run=run.id,
        step=step.id,
        item=item,
        request=run.record(step.id).request,
    )
    proposal = action.propose(desk.look, desk.parameters(run, step, item=element), occasion)
    for call in proposal.calls:
        if call.many is None:
            desk.bound(call.row, call.params)
            continue
        listed = proposal.lists.get(call.resource, ())
        insist_same(call, listed)
        for one in listed:
            if refusal := denied(desk.catalogue.row(one.call.row), one.call.params, desk.platform):
                raise NotAllowedError(f"Never offered: {refusal}")
    return proposal


def followers(runbook: Runbook, run: Run, step: Step) -> tuple[Step, ...]:
    """Return the later steps that one approval of this step covers: those approved with it, and what it owes."""
    later = run.path[run.at + 1 :]
    together = tuple(s for s in runbook.forward if s.approved_with == step.id and s.id in later)
    owed = (runbook.step(step.owes),) if step.owes else ()
    return (*together, *owed)


def calls(
    desk: Desk,
    run: Run,
    steps: Sequence[Step],
    *,
    known: dict[tuple[str, int], Proposal],
    bound: Sequence[BoundCall] = (),
    first: int = 0,
) -> tuple[BoundCall, ...]:
    """Work out every call of the steps, in order, from the state of the world as it is now.

    Args:
        known: what was proposed a moment ago, by step and element; what else is proposed comes to it.
        bound: the calls of an approval being proved again.
        first: the first of them still to be made; those before are taken over as they are.
    """
    found = list(bound[:first])
    made = {(call.step, call.item, call.index) for call in found}
    due = {(call.step, call.item) for call in bound[first:]}
    for step in steps:
        for item, value in enumerate(items(desk, run, step)):
            if bound and (step.id, item) not in due:
                continue
            proposal = known.get((step.id, item)) or propose(desk, run, step, item=item, element=value)
            known[step.id, item] = proposal
            for index, call in enumerate(proposal.calls):
                if (step.id, item, index) not in made:
                    found.append(_bound(desk, run, step, proposal, call, item=item, index=index, earlier=found))
    return tuple(found)


def _bound(
    desk: Desk,
    run: Run,
    step: Step,
    proposal: Proposal,
    call: Call,
    *,
    item: int,
    index: int,
    earlier: Sequence[BoundCall],
) -> BoundCall:
    row = desk.catalogue.row(call.row)
    places = [place for place, one in enumerate(earlier) if one.call.resource == call.resource]
    after = places[-1] if places else None
    return BoundCall(
        step=step.id,
        item=item,
        index=index,
        call=call,
        row_version=row.version,
        host=desk.cloud.identity(row.service).host,
        seen=proposal.seen if after is None else {},
        after=after,
        when=step.when,
        expect=step.expect,
        undo=step.undo,
        effect=said(desk, run, step.effect) or (proposal.effect if after is None else step.title),
        changes=proposal.changes if after is None else "",
        untouched=said(desk, run, step.untouched) or proposal.untouched,
    )


def said(desk: Desk, run: Run, template: str | None) -> str:
    """Return a runbook's own words with this run's values filled in."""
    return str(resolve(template, desk.scope(run))) if template else ""


def judge(desk: Desk, steps: Sequence[Step], found: Sequence[BoundCall]) -> Verdict:
    """Return the policy's answer for the calls as they are; one yes to several steps fills the places of each."""

    def answer(step: Step) -> Verdict:
        rows = [desk.catalogue.row(one.call.row) for one in found if one.step == step.id]
        return verdict_on(step, rows, desk.policy)

    return together([(step, answer(step)) for step in steps])


def binding(
    desk: Desk,
    run: Run,
    runbook: Runbook,
    steps: Sequence[Step],
    *,
    expires: str,
    nonce: str,
    known: dict[tuple[str, int], Proposal],
    bound: Sequence[BoundCall] = (),
    first: int = 0,
) -> tuple[Binding, Verdict]:
    """Derive, from its sources, everything that one yes to the first of these steps would stand for; see `calls`.

    Raises:
        InvalidError: it would be more than one approval may cover.
    """
    lead = steps[0]
    found = calls(desk, run, steps, known=known, bound=bound, first=first)
    names = {step.id for step in steps}
    taken_back = [one for one in runbook.steps if one.undo in names]  # what was done at once is taken back at once
    if len(found) > (most := desk.policy.covers((*steps, *taken_back))):
        raise InvalidError(f"{len(found)} calls; one approval covers at most {most}. Ask for fewer at once.")
    judged = judge(desk, steps, found)
    caller = desk.cloud.identity("sts")
    reason, reason_by = _reason(run, runbook, lead)
    derived = Binding(
        installation=desk.records.installation,
        run=run.id,
        team=run.place.team,
        channel=run.place.channel,
        step=lead.id,
        request=run.record(lead.id).request,
        authors=tuple(sorted(run.authors)),
        snapshot=run.snapshot,
        library=library_sha(desk, run),
        account=caller.account,
        role=caller.role,
        risk=judged.risk.value,
        needs=judged.needs,
        requester_may=judged.requester_may,
        lifetime_s=int(judged.lifetime.total_seconds()),
        verification=tuple(s.expect or "" for s in runbook.steps if s.phase is Phase.VERIFICATION),
        reason=reason,
        reason_by=reason_by,
        calls=found,
        expires=expires,
        nonce=nonce,
    )
    return derived, judged


def library_sha(desk: Desk, run: Run) -> str:
    """Return the SHA-256 of the run's runbook as the library has it now."""
    try:
        return desk.library.find(run.runbook).sha256
    except NotFoundError:
        return "removed"


class ReasonMissingError(InvalidError):
    """Say that nobody said why a change is wanted, so that it is not asked for."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Hold a new request and what is to be kept with it."""

    approval: Approval
    cards: tuple[Card, ...]
    opens: tuple[Wait, ...]
    audit: tuple[AuditEntry, ...]


def request(
    desk: Desk,
    run: Run,
    runbook: Runbook,
    lead: Step,
    *,
    proposals: Sequence[Proposal],
    reasked: bool = False,
) -> Request:
    """Derive what one yes would stand for and write the request for it.

    Args:
        proposals: what the lead step would do, one for each of its elements, as it was looked up just now.

    Raises:
        NotAllowedError: policy never offers such a step, or nobody could approve it.
        ReasonMissingError: nobody said why it is wanted.
    """
    now = desk.now()
    steps = (lead, *followers(runbook, run, lead))
    known = {(lead.id, item): proposal for item, proposal in enumerate(proposals)}
    unset, judged = binding(desk, run, runbook, steps, expires="", nonce=secrets.token_hex(16), known=known)
    if judged.decision is Decision.DENY:
        raise NotAllowedError(f"{lead.title} is not offered: {judged.reason}")
    if needs_reason(judged.risk) and not unset.reason:
        raise ReasonMissingError(f"Nobody said why; {lead.title} is {judged.risk.value}, and nothing was asked.")
    expires = now + judged.lifetime
    whole = unset.model_copy(update={"expires": expires.isoformat()})
    _keep_lists(desk, whole, known)
    number = desk.records.next_id("approval")
    approval = Approval(
        id=number,
        run=run.id,
        step=lead.id,
        request=run.record(lead.id).request,
        binding=whole,
        digest=whole.digest(),
        candidates=_candidates(desk, judged.needs, desk.policy.break_glass),
        asked_by=run.requester,
        asked_at=now,
        expires=expires,
        environment=desk.platform.name,
        reasked=reasked,
    )
    facts: JsonObject = {
        "run": run.id,
        "step": lead.id,
        "request": approval.request,
        "digest": approval.digest,
        "risk": judged.risk.value,
        "needs": list(judged.needs),
        "expires": expires.isoformat(),
    }
    return Request(
        approval=approval,
        cards=(request_card(approval, run), *list_cards(approval, run)),
        opens=(Wait(key=f"ladder:{number}:0", due=min(now + desk.policy.remind_after, expires)),),
        audit=(AuditEntry(kind="approval.asked", subject=approval.label, actor=run.requester, facts=facts),),
    )


def _reason(run: Run, runbook: Runbook, lead: Step) -> tuple[str, str]:
    """Return why it is asked, and who said so; where the records say it, which step it takes back, nobody did."""
    back = [step for name in run.undoing if (step := runbook.step(name)).undo == lead.id]
    if back:
        return f"takes back step {back[-1].number}, {back[-1].title.rstrip('.')}", ""
    said = any(own_words(one) for one in runbook.parameters)
    return (run.inputs.get(REASON, ""), run.given_by.get(REASON, "")) if said else ("", "")


def _keep_lists(desk: Desk, bound: Binding, known: Mapping[tuple[str, int], Proposal]) -> None:
    """Keep the file of every list under its digest, for people to read; what is sent is listed anew."""
    for one in bound.calls:
        if one.call.many is None:
            continue
        listed = known[one.step, one.item].lists[one.call.resource]
        text = b"".join(line(element.call.params) for element in listed).decode()
        desk.records.keep_snapshot(text, LIST_FILE, one.call.many.digest)


def _candidates(desk: Desk, needs: tuple[str, ...], glass: BreakGlass | None) -> dict[str, tuple[str, ...]]:
    """Return who could fill a place when it was asked, and who could break the glass; nobody, where Slack is silent."""
    found = {role: tuple(sorted(desk.directory.members(role, fresh=True))) for role in sorted(set(needs))}
    if glass is None or glass.role in found:
        return found
    try:
        return {**found, glass.role: tuple(sorted(desk.directory.members(glass.role, fresh=True)))}
    except UnavailableError as error:
        log.info("Nobody could break the glass for a request.", extra={"role": glass.role, "why": error.words})
        return found


def request_card(approval: Approval, run: Run) -> Card:
    """Return the card on which this request is shown and answered."""
    return Card(
        key=f"request:{approval.id}",
        kind=CardKind.REQUEST,
        subject=approval.id,
        channel=run.place.channel,
        edition=approval.edition,
        urgent=True,
    )


def cards_of(approval: Approval, run: Run) -> tuple[Card, ...]:
    """Return the request's card, and the message to the second channel where the glass is being broken, or was."""
    second = (glass_card(approval),) if approval.glass is not None else ()
    return (request_card(approval, run), *second)


def glass_card(approval: Approval) -> Card:
    """Return the message to the second channel."""
    return Card(
        key=approval.glass_key,
        kind=CardKind.NOTICE,
        subject=approval.run,
        channel=approval.glass.channel if approval.glass else "",
        payload={"what": "glass", "approval": approval.id},
        urgent=True,
    )


def list_cards(approval: Approval, run: Run) -> tuple[Card, ...]:
    """Return the files under the request, of all that its card cannot name: one for each list, else one for all."""
    calls = [one.call for one in approval.binding.calls]
    file = Card(
        key=f"list:{approval.id}",
        kind=CardKind.LIST,
        subject=approval.id,
        channel=run.place.channel,
        under=f"request:{approval.id}",
    )
    lists = tuple(
        file.model_copy(update={"key": f"{file.key}:{place}", "payload": {"place": place}})
        for place, call in enumerate(calls)
        if call.many is not None
    )
    return lists or ((file,) if len(calls) > MOST_NAMED else ())
