"""Who may do what: the policy file as values, and the verdict on a step's calls.

A verdict is the policy's answer. What a person answers is a vote, and belongs to `approval`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from bot.domain.people import Person
from bot.domain.runbook import Risk, Step
from bot.domain.value import Value
from bot.errors import NotAllowedError

APPROVAL_LIFETIME = timedelta(minutes=15)
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
        page_topic: the SNS topic that wakes the role's on-call, where there is one.
    """

    title: str
    group: str | None = None
    people: tuple[str, ...] = ()
    page_topic: str | None = None


class Policy(Value):
    """Hold who may see, start and approve.

    Attributes:
        roles: by the word that runbooks use in `needs`.
        on_call: the role that confirms control steps.
        change: the roles a change needs where its step names none.
        destructive: the roles a destructive call needs; empty means it is never offered.
        channels: the channels bound to the environment; elsewhere the bot tells nothing.
        most_at_once: how many calls one approval may cover where a step asks for more than 20 by `most`.
    """

    roles: Mapping[str, Role]
    viewer: str
    operator: str
    on_call: str
    change: tuple[str, ...]
    destructive: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    lifetime: timedelta = APPROVAL_LIFETIME
    most_at_once: int = 100

    def covers(self, steps: Iterable[Step]) -> int:
        """Return how many calls one approval of these steps may cover."""
        return min(max((MOST_AT_ONCE, *(step.most or 0 for step in steps))), max(self.most_at_once, MOST_AT_ONCE))

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


def verdict(step: Step, risks: Iterable[Risk], policy: Policy) -> Verdict:
    """Judge a step by the highest risk among its calls; the step may raise risk and roles, never lower them.

    An added step lowers nothing: it needs what the policy asks and what its runbook asks for the same action.
    """
    risk = max([*risks, step.risk or Risk.READ], key=lambda one: one.rank)
    if risk is Risk.READ:
        return Verdict(decision=Decision.ALLOW, risk=risk, reason="It only looks.")
    lifetime = min(step.lifetime or policy.lifetime, LONGEST_LIFETIME)
    match risk:
        case Risk.CONTROL:
            return Verdict(
                decision=Decision.ASK,
                risk=risk,
                needs=(_both if step.added else _raised)((policy.on_call,), step.needs),
                requester_may=not step.needs and not step.added,
                lifetime=lifetime,
                reason="It touches no data; one click by on-call, who may be the person who asked.",
            )
        case Risk.CHANGE:
            return Verdict(
                decision=Decision.ASK,
                risk=risk,
                needs=_both(policy.change, step.needs) if step.added else step.needs or policy.change,
                lifetime=lifetime,
                reason="It changes data or configuration; the named roles, never the person who asked.",
            )
        case _:
            return _destructive(step, policy, lifetime)


def _destructive(step: Step, policy: Policy, lifetime: timedelta) -> Verdict:
    needs = (_both if step.added else _raised)(policy.destructive, step.needs)
    if len(policy.destructive) < 2:
        reason = "It is hard to undo, and the policy offers no such step."
        return Verdict(decision=Decision.DENY, risk=Risk.DESTRUCTIVE, reason=reason)
    reason = "It is hard to undo; two people, never the person who asked."
    return Verdict(decision=Decision.ASK, risk=Risk.DESTRUCTIVE, needs=needs, lifetime=lifetime, reason=reason)


def together(judged: Sequence[tuple[Step, Verdict]]) -> Verdict:
    """Return the policy's answer for steps that one yes covers: the strictest decides, and nobody's roles are lost.

    A step of less risk than the strictest adds only the roles it names itself; the policy's own are those of the
    highest risk. Who asked may say yes only where every step lets them.
    """
    strictest = max((one for _, one in judged), key=lambda one: (one.decision is Decision.DENY, one.risk.rank))
    asking = [(step, one) for step, one in judged if one.decision is not Decision.ALLOW]
    needs = strictest.needs
    for step, one in asking:
        needs = _both(needs, one.needs if one.risk is strictest.risk else step.needs)
    requester_may = bool(asking) and all(one.requester_may for _, one in asking)
    return strictest.model_copy(update={"needs": needs, "requester_may": requester_may})


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles that fill both multisets: the first, and what the other asks beyond it."""
    return (*one, *(Counter(other) - Counter(one)).elements())


def _raised(least: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    return named if len(named) >= len(least) and named else least


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
    if policy.channels and channel not in policy.channels and not channel.startswith("D"):
        raise NotAllowedError("This channel is not bound to an environment, so nothing is shown or started here.")
    wanted = policy.operator if starts else policy.viewer
    if wanted not in roles:
        verb = "start or change runs" if starts else "see this"
        raise NotAllowedError(f"You need to be in {policy.role(wanted).title} to {verb}. Nothing was done.")
