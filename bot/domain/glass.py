"""Break-glass: in an incident of severity 1 one person's yes fills the places of a quorum that nobody else fills. Pure.

It fills places and nothing else: what is denied, what is signed, what was seen, and for how long, all stay as they are.
"""

from datetime import datetime

from bot.domain.approval import Approval, ApprovalState, Glass, Vote, insist_on_card
from bot.domain.incident import Incident
from bot.domain.people import Person, Place
from bot.domain.policy import BreakGlass, Policy
from bot.domain.reasons import insist_on_words
from bot.errors import NotAllowedError


def pressed(
    approval: Approval,
    *,
    by: Person,
    roles: frozenset[str],
    incident: Incident | None,
    policy: Policy,
    reason: str,
    shown: tuple[Place, int],
    clicked: tuple[Place, int],
    now: datetime,
) -> Approval:
    """Return the request with the glass about to be broken: nothing is approved before the second channel is told.

    Args:
        roles: the roles the person holds now, freshly looked up.
        incident: the one the run belongs to, as it stands now.
        shown: where the card stands and its edition, from our records.
        clicked: where the click says it was, and the edition it names.

    Raises:
        NotAllowedError: the words say which rule refuses.
        InvalidError: the reason says nothing.
    """
    insist_on_card(approval, by=by, shown=shown, clicked=clicked, now=now)
    if approval.glass is not None:
        raise NotAllowedError(f"{approval.glass.name} is breaking the glass already; your press changed nothing.")
    rule = _insist(approval, by=by.id, incident=incident, policy=policy)
    if any(vote.person == by.id for vote in approval.votes):
        raise NotAllowedError("Not broken: you have said yes to this already. Somebody else may break it.")
    if by.id not in approval.candidates.get(rule.role, ()) or rule.role not in roles:
        title = policy.role(rule.role).title
        raise NotAllowedError(f"Not broken: that takes somebody who is in {title} now, and was when this was asked.")
    if rule.channel == shown[0].channel:
        raise NotAllowedError("Not broken: the second channel is this one, so nobody else would hear of it.")
    glass = Glass(
        by=by.id,
        name=by.name,
        role=rule.role,
        reason=insist_on_words(reason),
        at=now,
        incident=incident.id if incident else 0,
        channel=rule.channel,
    )
    return approval.model_copy(update={"glass": glass})


def broken(approval: Approval, *, incident: Incident | None, policy: Policy, told: str, now: datetime) -> Approval:
    """Return the request as approved by whoever breaks the glass, once the second channel was told.

    Args:
        told: where the message to the second channel stands.

    Raises:
        NotAllowedError: it may not be broken any more.
    """
    glass = approval.glass
    if glass is None or not told or approval.state is not ApprovalState.PENDING or now >= approval.expires:
        raise NotAllowedError(f"{approval.label} does not wait for that; nothing was done.")
    insist_it_stands(approval, incident=incident, policy=policy)
    vote = Vote(person=glass.by, name=glass.name, role=glass.role, at=now)
    update = {"glass": glass.model_copy(update={"told": told}), "votes": (*approval.votes, vote)}
    return approval.model_copy(update={**update, "state": ApprovalState.APPROVED})


def insist_it_stands(approval: Approval, *, incident: Incident | None, policy: Policy) -> None:
    """Insist, at each step up to the call, that whoever breaks the glass could still do so now.

    Raises:
        NotAllowedError: names what has become otherwise.
    """
    if approval.glass is None:
        return
    rule = _insist(approval, by=approval.glass.by, incident=incident, policy=policy)
    same = (rule.role, rule.channel, incident.id if incident else 0)
    if same != (approval.glass.role, approval.glass.channel, approval.glass.incident):
        raise NotAllowedError("Not broken: the policy, or the incident, is another than when the glass was broken.")


def _insist(approval: Approval, *, by: str, incident: Incident | None, policy: Policy) -> BreakGlass:
    rule = policy.break_glass
    if rule is None:
        raise NotAllowedError("Not broken: the policy lets nobody break the glass ([policy.break_glass]).")
    if by in approval.binding.authors:
        raise NotAllowedError("Not broken: you asked for this change yourself, so somebody else must answer for it.")
    if incident is None or not incident.gravest:
        what = "no incident" if incident is None else f"{incident.label}, severity {incident.severity}"
        raise NotAllowedError(
            f"Not broken: this belongs to {what}; the glass is broken in an open incident of severity 1 only."
        )
    if not set(incident.severity_by) - {by, *approval.binding.authors, *(vote.person for vote in approval.votes)}:
        raise NotAllowedError(
            f"Not broken: of those who say that {incident.label} has severity 1, everybody asked for this or approves "
            f"it. Somebody else says so first: /incident severity {incident.label} 1"
        )
    return rule
