"""Add a proposed step to a run, or leave it out again: a person's press, judged as if nobody had judged before.

A proposal is a model's. What becomes of it is decided here, twice: when its card is made, which says whether there is
a button at all, and when the button is pressed. The step is then asked for like any other of its risk.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NoReturn

from bot.domain.action import Action, Call, Looking
from bot.domain.adding import follows, insist_literal, judged_by
from bot.domain.approval import Approval, ApprovalState
from bot.domain.assistance import ExpandStep, Expansion, Offer, ProposedStep, grounds, spelled, vouched
from bot.domain.audit import AuditEntry
from bot.domain.claims import Dropped, check
from bot.domain.evidence import Origin
from bot.domain.inbox import AddStep, Delivery, LeaveOut
from bot.domain.people import Place
from bot.domain.policy import Decision, foreseen
from bot.domain.records import Card, Change, Wait
from bot.domain.redaction import PLACEHOLDER
from bot.domain.run import Added, AddedStep, Awaiting, Looked, Run, Woken, advance
from bot.domain.run import LeftOut as LeftOutEvent
from bot.domain.runbook import Phase, Runbook
from bot.domain.strikes import claim_id
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, InvalidError, NotAllowedError, RequestError
from bot.usecases import gathering, strikes
from bot.usecases.asking import propose
from bot.usecases.desk import Desk
from bot.usecases.runs import anew, waking
from bot.usecases.steering import revoked, with_ended, woken
from bot.usecases.telling import run_cards

MOST_TYPED = 300  # characters
NOT_OURS = "That button stands on no expansion of a run as it is now; nothing was added. Expand the step again."


# What may be offered.


def may_be_proposed(desk: Desk, runbook: Runbook) -> tuple[str, ...]:
    """Return the actions a proposal may name: the runbook's own, and those that only look."""
    own = {step.uses for step in runbook.steps if step.uses}
    return tuple(sorted(name for name, one in desk.catalogue.actions.items() if name in own or one.read is not None))


def offered(
    desk: Desk, job: ExpandStep, said: Iterable[ProposedStep], run: Run | None, *, channel: str
) -> tuple[tuple[ProposedStep, ...], tuple[Offer, ...], tuple[Dropped, ...]]:
    """Return the proposals the evidence bears, what code found of each, and those that were dropped."""
    kept: list[tuple[ProposedStep, Offer]] = []
    dropped: list[Dropped] = []
    for one in said:
        origins = {name: vouched(value, values=job.values, evidence=grounds(job)) for name, value in one.params.items()}
        checked = check((one.why,), grounds(job), names=gathering.names(desk))
        if one.action not in job.actions:
            dropped.append(Dropped(claim=one.why, why="It is not among the actions of this runbook."))
        elif PLACEHOLDER.search(spelled(one.params)):
            dropped.append(Dropped(claim=one.why, why="The value of a parameter is one that was redacted."))
        elif None in origins.values():
            dropped.append(Dropped(claim=one.why, why="The value of a parameter stands in no evidence."))
        elif not checked.kept:
            dropped += checked.dropped
        else:
            known = {name: origin for name, origin in origins.items() if origin is not None}
            step = one.model_copy(update={"why": checked.kept[0], "origins": known})
            kept.append((step, _offer(desk, step, run, channel=channel)))
    return tuple(step for step, _ in kept), tuple(offer for _, offer in kept), tuple(dropped)


def _offer(desk: Desk, proposed: ProposedStep, run: Run | None, *, channel: str) -> Offer:
    if run is None:
        return Offer(refused="there is no run it could be added to.")
    if run.place.channel != channel:
        return Offer(refused=f"it is added in the channel of {run.label}; expand the step there.")
    try:
        return admitted(desk, run, _frozen(desk, run, proposed, proposed.params, by="", source=""), proposed)
    except BotError as error:
        return Offer(refused=error.words[:300])


def _frozen(
    desk: Desk,
    run: Run,
    proposed: ProposedStep,
    params: JsonObject,
    *,
    by: str,
    source: str,
    typed: Iterable[str] = (),
) -> AddedStep:
    """Return the step as it would stand in the run; nothing in it is worded by the model.

    Raises:
        BotError: the run takes no step any more, or the action is none that its runbook may use.
    """
    runbook = desk.runbook(run)
    after = follows(run, runbook)
    if proposed.action not in may_be_proposed(desk, runbook):
        raise NotAllowedError(f"{runbook.title} does not use {proposed.action[:60]!a}; nothing was added.")
    insist_literal(params)
    action = desk.catalogue.action(proposed.action)
    risk, needs = judged_by(action, runbook)
    ids = {step.id for step in runbook.steps}
    return AddedStep(
        id=next(name for count in range(1, len(ids) + 2) if (name := f"added_{count}") not in ids),
        number=1 + max(step.number for step in runbook.steps if step.phase is Phase.MITIGATION),
        after=after,
        uses=action.id,
        title=action.title,
        params=params,
        risk=risk,
        needs=needs,
        by=by,
        at=desk.now(),
        proposal=source,
        evidence=proposed.why.evidence,
        typed=tuple(typed),
    )


def admitted(desk: Desk, run: Run, added: AddedStep, proposed: ProposedStep) -> Offer:
    """Return what the step would ask, once its action, its rows, the platform, the denies and the policy admit it.

    Raises:
        BotError: one of them does not.
    """
    typed = tuple(name for name, origin in proposed.origins.items() if origin is Origin.TEXT)
    for name in typed:
        if not isinstance(proposed.params[name], str):
            raise InvalidError(f"Only a text vouches for the value of {name[:60]!a}, and it cannot be typed again.")
    after = run.model_copy(update={"added": (*run.added, added)})
    step = desk.runbook(after).step(added.id)
    action = desk.catalogue.action(added.uses)
    if action.read is not None:
        _insist_look(desk, after, action, added)
        return Offer(risk=added.risk.value, typed=typed)
    proposal = propose(desk, after, step, item=0, element=None)
    if proposal.holds or proposal.releases:
        raise InvalidError("A pause and its resume go together; only the runbook's own steps make them.")
    judged = foreseen(step, action, desk.catalogue, desk.policy, calls=proposal.calls)
    if judged.decision is Decision.DENY:
        raise NotAllowedError(f"It is not offered: {judged.reason}")
    return Offer(risk=judged.risk.value, needs=judged.needs, typed=typed, effect=proposal.effect[:300])


class _BoundError(Exception):
    """Say that a call was admitted; it is not sent."""


def _insist_look(desk: Desk, run: Run, action: Action, added: AddedStep) -> None:
    """Let the look go as far as its first call, which its row and the denies judge; nothing is sent."""

    def judge(call: Call) -> NoReturn:
        desk.bound(call.row, call.params)
        raise _BoundError

    looking = Looking(catalogue=desk.catalogue, platform=desk.platform, perform=judge)
    with suppress(_BoundError):
        action.looked(looking, desk.parameters(run, desk.runbook(run).step(added.id)), desk.now())


# What people press.


def add_step(desk: Desk, delivery: Delivery, wish: AddStep) -> Change:
    """Add a proposed step to its run, right behind what is under way; who adds it becomes an author.

    Raises:
        BotError: the words say what refuses it; nothing was added.
    """
    run, proposed, _ = proposal(desk, wish.answer, wish.number, channel=delivery.place.channel)
    card = _clicked(desk, delivery, wish)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    source = f"{card.key}:{wish.number}"
    if source in {one.proposal for one in run.added}:
        raise RequestError(f"That was added to {run.label} already; your click changed nothing.")
    params = _params(proposed, wish.typed)
    added = _frozen(desk, run, proposed, params, by=somebody.id, source=source, typed=wish.typed)
    admitted(desk, run, added, proposed)
    _insist_not_midway(desk, run, by=somebody.id)
    return _kept(desk, run, added, card)


def proposal(desk: Desk, answer: int, number: int, *, channel: str) -> tuple[Run, ProposedStep, Offer]:
    """Return a proposal of an expansion, by its place from 1: the run it may be added to, and what code found of it.

    Args:
        channel: where it was clicked; expansion and run stand in the same.

    Raises:
        RequestError: there is no such proposal, or somebody struck what speaks for it.
    """
    card = desk.records.card(f"assist:{answer}")
    of = card.payload.get("run") if card else None
    if card is None or card.payload.get("what") != "expansion" or card.payload.get("state") != "done":
        raise RequestError(NOT_OURS)
    if card.channel != channel:
        raise RequestError(NOT_OURS)
    expansion = Expansion.model_validate(card.payload.get("reply"))
    if not isinstance(of, int) or not 0 < number <= min(len(expansion.proposed), len(expansion.offers)):
        raise RequestError(NOT_OURS)
    run = desk.records.run(of)
    if run.place.channel != channel:
        raise RequestError(NOT_OURS)
    proposed = expansion.proposed[number - 1]
    struck = strikes.standing(desk.records, strikes.family(desk.records, strikes.about(card)), channel=channel)
    if strike := struck.get(claim_id(proposed.why.text)):
        raise RequestError(f"What speaks for it was {strike.said}; nothing was added.")
    return run, proposed, expansion.offers[number - 1]


def _clicked(desk: Desk, delivery: Delivery, wish: AddStep) -> Card:
    """Return the expansion's card, if it is what was clicked, as it stands."""
    card = desk.records.card(f"assist:{wish.answer}")
    clicked = delivery.place.model_copy(update={"thread": None})
    if card is None or card.ts is None:
        raise RequestError(NOT_OURS)
    if clicked != Place(team=desk.team, channel=card.channel, ts=card.ts):
        raise RequestError(NOT_OURS)
    return card


def _params(proposed: ProposedStep, typed: Mapping[str, str]) -> JsonObject:
    """Return the values the step takes: what only a text vouches for comes from the person, and nothing else does."""
    asked = {name for name, origin in proposed.origins.items() if origin is Origin.TEXT}
    unknown = sorted(set(proposed.params) - set(proposed.origins))
    if unknown:
        raise InvalidError(f"Nobody vouches for the value of {unknown[0][:60]!a}; nothing was added.")
    if set(typed) != asked:
        raise InvalidError(f"Type again what only a text vouches for: {', '.join(sorted(asked)) or 'nothing'}.")
    if any(len(value) > MOST_TYPED for value in typed.values()):
        raise InvalidError(f"At most {MOST_TYPED} characters a value; nothing was added.")
    given: dict[str, JsonValue] = {name: value.strip() for name, value in typed.items()}
    return {**proposed.params, **given}


def _insist_not_midway(desk: Desk, run: Run, *, by: str) -> None:
    """Let nobody become an author between two calls of one yes: the second would have to be asked for anew.

    Raises:
        RequestError: says which request is under way.
    """
    if by in run.authors:
        return
    for approval in desk.records.approvals(run=run.id):
        if approval.state is ApprovalState.CONSUMED and _left(run, approval):
            raise RequestError(f"{run.label} is in the midst of what {approval.label} allowed; add it in a moment.")


def _left(run: Run, approval: Approval) -> bool:
    """Return whether calls of it are still to be made; what is owed stays allowed whoever becomes an author."""
    owed = {one.step for one in run.owed}
    coming = {*run.path[run.at :]} - owed
    here = approval.request == run.record(approval.step).request
    return here and any(call.step in coming for call in approval.binding.calls[approval.used :])


def _kept(desk: Desk, run: Run, added: AddedStep, card: Card) -> Change:
    facts: JsonObject = {
        "step": added.id,
        "after": added.after,
        "action": added.uses,
        "risk": added.risk.value,
        "needs": [*added.needs],
        "proposal": added.proposal,
        "evidence": [*added.evidence],
        "typed": [*added.typed],
    }
    private = spelled(added.params)[:600]
    entry = AuditEntry(kind="run.step_added", subject=run.label, actor=added.by, facts=facts, private=private)
    now = desk.now()
    grown = advance(run, Added(step=added), now=now)
    over = () if added.by in run.authors else revoked(desk, run, by=added.by, why="a step was added by a new author")
    if not over:
        return Change(runs=(grown,), cards=(*run_cards(desk, grown), card), audit=(entry,))
    opens: tuple[Wait, ...] = ()
    if run.waiting is not None and run.waiting.what is Awaiting.APPROVAL:
        grown, wait = waking(advance(grown, Woken(), now=now), now)
        opens = (wait,)
    for record in anew(desk, run):
        grown = advance(grown, Looked(record=record), now=now)
    change = Change(runs=(grown,), opens=opens, cards=(*run_cards(desk, grown), card), audit=(entry,))
    return with_ended(change, over, run)


def leave_out(desk: Desk, delivery: Delivery, wish: LeaveOut) -> Change:
    """Leave an added step out that the run waits at; the runbook's own steps go on as they would have."""
    run = desk.records.run(wish.run)
    somebody = desk.person(delivery.person, channel=run.place.channel, starts=True)
    left = advance(run, LeftOutEvent(by=somebody.id, step=wish.step), now=desk.now())
    over = revoked(desk, run, by=somebody.id, why="the step was left out")
    change = woken(desk, left, "run.step_left_out", by=somebody.id, facts={"step": wish.step})
    return with_ended(change, over, run)
