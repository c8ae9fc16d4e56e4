"""Who may do what: the policy file as values, and the verdict on a step's calls.

A verdict is the policy's answer. What a person answers is a vote, and belongs to `approval`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from bot.domain.action import Action, Call, Catalogue, Row
from bot.domain.people import Person
from bot.domain.runbook import Risk, Step
from bot.domain.value import Value
from bot.errors import NotAllowedError

APPROVAL_LIFETIME = timedelta(minutes=15)
REMIND_AFTER = timedelta(minutes=5)
PAGE_AFTER = timedelta(minutes=10)
LONGEST_LIFETIME = timedelta(minutes=60)
MOST_AT_ONCE = 20
MOST_EVER = 200


class Decision(StrEnum):
    """Say whether a call may be made at once, after approval, or never."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Verdict(Value):
    """Hold the policy's answer for one step.

    Attributes:
        needs: a multiset of roles; that many distinct people must say yes, each filling one place.
    """

    decision: Decision
    risk: Risk
    needs: tuple[str, ...] = ()
    requester_may: bool = False
    lifetime: timedelta = APPROVAL_LIFETIME
    reason: str


class Role(Value):
    """Name a role and where its members stand: a Slack user group, or a list of people.

    Attributes:
        on_call_group: the user group of who of them is on call, mentioned first; all of them are where there is none.
        page_topic: the SNS topic that wakes the role's on-call, where there is one.
    """

    title: str
    group: str | None = None
    people: tuple[str, ...] = ()
    on_call_group: str | None = None
    page_topic: str | None = None


class BreakGlass(Value):
    """Say who may break the glass, and which second channel is told before anything is done."""

    role: str
    channel: str


class Policy(Value):
    """Hold who may see, start and approve.

    Attributes:
        roles: by the word that runbooks use in `needs`.
        on_call: the role that confirms control steps.
        change: the roles a change needs at least; its step may name more.
        destructive: the roles a destructive call needs at least; empty means it is never offered.
        channels: the channels bound to the environment; elsewhere the bot tells nothing.
        lifetime_of_two: how long a request lives that more than one person must answer.
        remind_after: when nobody has answered, all of a role are mentioned again so long after the request.
        page_after: and its pager is rung so long after it.
        own_isolated: whether on-call may confirm an isolated execution that they asked for themselves.
        break_glass: who may answer alone in an incident of severity 1; nobody where it is absent.
        most_at_once: how many calls one approval may cover where a step asks for more than 20 by `most`.
        looks_per_person: how often a person may have the lake looked at within ten minutes.
        looks_per_channel: the same for all people of a channel.
    """

    roles: Mapping[str, Role]
    viewer: str
    operator: str
    on_call: str
    change: tuple[str, ...]
    destructive: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    lifetime: timedelta = APPROVAL_LIFETIME
    lifetime_of_two: timedelta = LONGEST_LIFETIME
    remind_after: timedelta = REMIND_AFTER
    page_after: timedelta = PAGE_AFTER
    own_isolated: bool = True
    break_glass: BreakGlass | None = None
    most_at_once: int = 100
    looks_per_person: int = 60
    looks_per_channel: int = 200

    def covers(self, steps: Iterable[Step]) -> int:
        """Return how many calls one approval of these steps may cover."""
        return min(max((MOST_AT_ONCE, *(step.most or 0 for step in steps))), max(self.most_at_once, MOST_AT_ONCE))

    def lives(self, needs: tuple[str, ...]) -> timedelta:
        """Return how long a request for these people lives, where its step does not say."""
        return self.lifetime_of_two if len(needs) > 1 else self.lifetime

    def role(self, name: str) -> Role:
        """Return the role of that name.

        Raises:
            NotAllowedError: the policy has none; nobody could approve.
        """
        role = self.roles.get(name)
        if role is None:
            raise NotAllowedError(
                f"The policy has no role {name!r}, so nobody could approve. Add it to [policy.roles]."
            )
        return role


def verdict(step: Step, risks: Iterable[Risk], policy: Policy, *, isolated: bool = False) -> Verdict:
    """Judge a step by the highest risk among its calls; the step may raise risk and roles, never lower them.

    An added step lowers nothing: it needs what the policy asks and what its runbook asks for the same action.

    Args:
        isolated: one of the calls begins something that writes only under a run id of its own.
    """
    risk = max([*risks, step.risk or Risk.READ], key=lambda one: one.rank)
    if risk is Risk.READ:
        return Verdict(decision=Decision.ALLOW, risk=risk, reason="It only looks.")
    if risk is Risk.DESTRUCTIVE and len(policy.destructive) < 2:
        reason = "It is hard to undo, and the policy offers no such step."
        return Verdict(decision=Decision.DENY, risk=risk, reason=reason)
    needs = (*step.needs, *left_out(step, risk, policy))
    return Verdict(
        decision=Decision.ASK,
        risk=risk,
        needs=needs,
        requester_may=risk is Risk.CONTROL
        and not step.needs
        and not step.added
        and (policy.own_isolated or not isolated),
        lifetime=min(step.lifetime or policy.lives(needs), LONGEST_LIFETIME),
        reason=_REASONS[risk],
    )


def verdict_on(step: Step, rows: Sequence[Row], policy: Policy) -> Verdict:
    """Judge a step by the rows of its calls."""
    return verdict(step, [row.risk for row in rows], policy, isolated=any(row.isolated for row in rows))


def foreseen(
    step: Step, action: Action, catalogue: Catalogue, policy: Policy, *, calls: Iterable[Call] = ()
) -> Verdict:
    """Judge a step by its calls as far as they are known, and by the worst its action can do as long as they are not.

    What is announced of a step is decided here, so that it is what will be asked.
    """
    known = [catalogue.row(one.row) for one in calls]
    if known:
        return verdict_on(step, known, policy)
    isolated = any(catalogue.row(name).isolated for name in action.rows)
    return verdict(step, [action.risk], policy, isolated=isolated)


_REASONS = {
    Risk.CONTROL: "It touches no data; one click by on-call, who may be the person who asked.",
    Risk.CHANGE: "It changes data or configuration; the named roles, never the person who asked.",
    Risk.DESTRUCTIVE: "It is hard to undo; two people, never the person who asked.",
}


def left_out(step: Step, risk: Risk, policy: Policy) -> tuple[str, ...]:
    """Return the places the policy asks for at this risk that the step's own `needs` do not fill.

    Roles have no order but one: whoever the policy trusts with a change may confirm what on-call may confirm.
    """
    match risk:
        case Risk.READ:
            return ()
        case Risk.CONTROL if not step.added and {*policy.change, *policy.destructive} & set(step.needs):
            return ()
        case Risk.CONTROL:
            least: tuple[str, ...] = (policy.on_call,)
        case Risk.CHANGE:
            least = policy.change
        case Risk.DESTRUCTIVE:
            least = policy.destructive
        case _:
            assert_never(risk)
    return tuple((Counter(least) - Counter(step.needs)).elements())


def together(judged: Sequence[tuple[Step, Verdict]]) -> Verdict:
    """Return what one yes to all of these steps needs: the strictest decides, and no step loses a place it names."""
    strictest = max(
        (one for _, one in judged), key=lambda one: (one.decision is Decision.DENY, one.risk.rank, len(one.needs))
    )
    asking = [(step, one) for step, one in judged if one.decision is not Decision.ALLOW]
    needs = Counter(strictest.needs)
    for step, one in asking:
        needs |= Counter(one.needs if one.risk is strictest.risk else step.needs)
    may = bool(asking) and all(one.requester_may for _, one in asking)
    lifetime = min(strictest.lifetime, *(step.lifetime for step, _ in judged if step.lifetime), LONGEST_LIFETIME)
    update = {"needs": tuple(needs.elements()), "requester_may": may, "lifetime": lifetime}
    return strictest.model_copy(update=update)


def places(needs: tuple[str, ...], roles_of: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Seat people on the needed roles, one place each, filling as many places as can be; return person -> role.

    Args:
        roles_of: the roles each person holds, by person id.
    """
    seats: list[str | None] = [None] * len(needs)

    def seat(person: str, tried: set[int]) -> bool:
        for index, role in enumerate(needs):
            if index in tried or role not in roles_of[person]:
                continue
            tried.add(index)
            sitting = seats[index]
            if sitting is None or seat(sitting, tried):
                seats[index] = person
                return True
        return False

    for person in sorted(roles_of):
        seat(person, set())
    return {person: needs[index] for index, person in enumerate(seats) if person is not None}


def missing(needs: tuple[str, ...], roles_of: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return the roles that nobody fills yet."""
    filled = list(places(needs, roles_of).values())
    left = []
    for role in needs:
        if role in filled:
            filled.remove(role)
        else:
            left.append(role)
    return tuple(left)


def admit(person: Person, roles: frozenset[str], *, policy: Policy, channel: str, starts: bool) -> None:
    """Let a person read, or start something, in a channel.

    Raises:
        NotAllowedError: a guest, a bot, a stranger, somebody without the role, or a channel without an environment.
    """
    if not person.member:
        raise NotAllowedError("Guests, bots and people from other workspaces cannot use the runbook bot.")
    if channel not in policy.channels and not channel.startswith("D"):
        raise NotAllowedError(
            "This channel is not bound to an environment, so nothing is shown or started here. "
            "Say it where alarms are shown, or to me directly."
        )
    wanted = policy.operator if starts else policy.viewer
    if wanted not in roles:
        verb = "start or change runs" if starts else "see this"
        raise NotAllowedError(f"You need to be in {policy.role(wanted).title} to {verb}. Nothing was done.")
