"""What an approval binds, who may give it, and what becomes of it.

An approval binds an ordered list of calls by a digest; it is consumed once, by the records alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import model_validator

from bot.domain.action import Call
from bot.domain.leaves import differences, same
from bot.domain.people import Person, Place
from bot.domain.policy import missing, places
from bot.domain.strictjson import digest, without_floats
from bot.domain.value import JsonObject, JsonValue, Value, without
from bot.errors import NotAllowedError, WorldChangedError

_PATH = re.compile(r"^calls\[[0-9]+\]\.(?:seen\.)?", re.ASCII)


class ApprovalState(StrEnum):
    """Say what became of a request."""

    PENDING = "pending"
    APPROVED = "approved"
    CONSUMED = "consumed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REVOKED = "revoked"
    VOID = "void"

    @property
    def open(self) -> bool:
        """Return whether it can still lead to its first call."""
        return self in {ApprovalState.PENDING, ApprovalState.APPROVED}


class BoundCall(Value):
    """Bind one call: where it stands, exactly what is sent where, and the state of the world it was asked in.

    Attributes:
        after: the index of the earlier call of this approval that writes the same resource; what that call left
            behind is then the state seen.
    """

    step: str
    item: int
    index: int
    call: Call
    row_version: int
    host: str
    seen: JsonObject
    after: int | None = None
    when: str | None = None
    expect: str | None = None
    undo: str | None = None
    effect: str
    changes: str
    untouched: str = ""

    def digest(self) -> str:
        """Return the SHA-256 over every field."""
        return digest(without_floats(self.model_dump(mode="json")))


class Binding(Value):
    """Hold everything one yes stands for.

    Attributes:
        authors: everyone who started the run or steered it, sorted.
        snapshot: SHA-256 of the runbook this run follows; `library` is that of the file as it is now.
        role: the AWS role of the caller, session name dropped.
        verification: the `expect` of every verification step, in order.
        reason: why it is wanted, in the words of `reason_by`; or which step it takes back, in nobody's.
    """

    form: str = "approval/v1"
    installation: str
    run: int
    team: str
    channel: str
    step: str
    request: int
    authors: tuple[str, ...]
    snapshot: str
    library: str
    account: str
    role: str
    risk: str
    needs: tuple[str, ...]
    requester_may: bool
    lifetime_s: int
    verification: tuple[str, ...]
    reason: str = ""
    reason_by: str = ""
    calls: tuple[BoundCall, ...]
    expires: str
    nonce: str

    def digest(self) -> str:
        """Return the SHA-256 over the header and the digest of every call, in order."""
        header = self.model_dump(mode="json", exclude={"calls"})
        return digest({"header": header, "calls": [call.digest() for call in self.calls]})


OWED_IGNORES = frozenset({"authors", "library", "verification", "reason", "reason_by"})


def difference(
    bound: Binding, derived: Binding, *, first: int = 0, owed: bool = False
) -> tuple[str, JsonValue, JsonValue] | None:
    """Name the first field in which what was approved differs from what was derived anew, or None.

    Args:
        first: the first call still to be made; calls before it were made and left their own records.
        owed: the call settles something owed, whose authority outlives new authors and an edited runbook.
    """
    left_out = {"calls"} | (OWED_IGNORES if owed else frozenset())
    was, now = (binding.model_dump(mode="json", exclude=set(left_out)) for binding in (bound, derived))
    for field in was:
        if not same(was[field], now[field]):
            return field, was[field], now[field]
    if len(bound.calls) != len(derived.calls):
        return "calls", len(bound.calls), len(derived.calls)
    for index, (old, new) in enumerate(zip(bound.calls, derived.calls, strict=True)):
        if index < first:
            continue
        found = _call_difference(old, new)
        if found:
            return (f"calls[{index}].{found[0]}", *found[1:])
    return None


def _call_difference(old: BoundCall, new: BoundCall) -> tuple[str, JsonValue, JsonValue] | None:
    """Name the first difference, what was seen before what was made of it: that is what people can follow."""
    for name, seen_then, seen_now in differences({"seen": old.seen}, {"seen": new.seen}):
        return name, seen_then, seen_now
    was, now = old.model_dump(mode="json"), new.model_dump(mode="json")
    for field in was:
        for name, bound, derived in differences({field: was[field]}, {field: now[field]}):
            return name, bound, derived
    return None


def insist(bound: Binding, derived: Binding, *, first: int = 0, owed: bool = False) -> None:
    """Let a call go ahead only if nothing that was approved has changed.

    Raises:
        WorldChangedError: names the field, what it was and what it is now.
    """
    found = difference(bound, derived, first=first, owed=owed)
    if found:
        field, was, now = found
        name = _PATH.sub("", field)
        words = f"The world changed since this was asked: {name} was {was!r}, is now {now!r}. Nothing was done."
        raise WorldChangedError(words, field=field, was=str(was), now=str(now))


class Vote(Value):
    """Hold one person's yes."""

    person: str
    name: str
    role: str
    at: datetime


class Glass(Value):
    """Hold who breaks the glass for a request, and why.

    Attributes:
        incident: the incident of severity 1 it is broken for.
        channel: the second channel, which must be told first.
        told: where that message stands; empty until it does.
    """

    by: str
    name: str
    role: str
    reason: str
    at: datetime
    incident: int
    channel: str
    told: str = ""


class Approval(Value):
    """Hold a request and what became of it.

    Attributes:
        candidates: who held each needed role when it was asked; nobody who joined later may approve.
        edition: rises only when what is signed changes; a click counts only on the edition it was shown with.
        used: how many of its calls were taken.
        ended: when it ended without being used up; None on requests that ended before that was kept.
        ended_by: the person or the reason that ended it.
        level: how far up the ladder it has been escalated.
        glass: who breaks the glass for it; until the second channel was told it counts for nothing.
    """

    id: int
    run: int
    step: str
    request: int
    binding: Binding
    digest: str
    state: ApprovalState = ApprovalState.PENDING
    candidates: Mapping[str, tuple[str, ...]]
    votes: tuple[Vote, ...] = ()
    asked_by: str
    asked_at: datetime
    expires: datetime
    environment: str
    edition: int = 1
    used: int = 0
    ended: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""
    level: int = 0
    reasked: bool = False
    glass: Glass | None = None
    revision: int = 0

    @model_validator(mode="before")
    @classmethod
    def _of_older_records(cls, value: object) -> object:
        """Read a request that has its reason beside its binding."""
        return without(value, "reason")

    @property
    def label(self) -> str:
        """Return the short id people speak of."""
        return f"Q-{self.id}"

    @property
    def glass_key(self) -> str:
        """Return the key of the message to the second channel; each press has one of its own, which notifies."""
        return f"glass:{self.id}:{self.glass.at:%Y%m%dT%H%M%S.%f}" if self.glass is not None else ""

    @property
    def broken(self) -> bool:
        """Return whether the glass was broken: one person's yes fills every place."""
        return self.glass is not None and bool(self.glass.told)

    def missing(self) -> tuple[str, ...]:
        """Return the roles that still have to say yes."""
        if self.broken:
            return ()
        filled = {vote.person: frozenset({vote.role}) for vote in self.votes}
        return missing(self.binding.needs, filled)


@dataclass(frozen=True, kw_only=True)
class ConsumedApproval:
    """Permit one call; only the transaction that takes it from its approval makes one."""

    approval: int
    attempt: int
    call: Call
    digest: str


def cast(
    approval: Approval,
    *,
    by: Person,
    roles: frozenset[str],
    shown: tuple[Place, int],
    clicked: tuple[Place, int],
    now: datetime,
) -> Approval:
    """Return the approval with this person's yes; approved once every place is filled.

    Args:
        roles: the roles the person holds now, freshly looked up.
        shown: where the card stands and its edition, from our records.
        clicked: where the click says it was, and the edition it names.

    Raises:
        NotAllowedError: the words say which rule refuses and who may.
    """
    insist_on_card(approval, by=by, shown=shown, clicked=clicked, now=now)
    if approval.glass is not None and approval.glass.by == by.id:
        raise NotAllowedError("You are breaking the glass for this; the second channel is being told.")
    if by.id in approval.binding.authors and not approval.binding.requester_may:
        raise NotAllowedError(f"Not approved: you asked for this change yourself. Can approve: {who_may(approval)}.")
    if any(vote.person == by.id for vote in approval.votes):
        raise NotAllowedError("You have approved this already; your click changed nothing.")
    held = frozenset(role for role in roles if by.id in approval.candidates.get(role, ()))
    seated = places(approval.binding.needs, {v.person: frozenset({v.role}) for v in approval.votes} | {by.id: held})
    if by.id not in seated:
        raise NotAllowedError(f"Not approved: {_why_not(approval, by, roles)} Can approve: {who_may(approval)}.")
    vote = Vote(person=by.id, name=by.name, role=seated[by.id], at=now)
    voted = approval.model_copy(update={"votes": (*approval.votes, vote)})
    return voted if voted.missing() else voted.model_copy(update={"state": ApprovalState.APPROVED, "glass": None})


def insist_on_card(
    approval: Approval, *, by: Person, shown: tuple[Place, int], clicked: tuple[Place, int], now: datetime
) -> None:
    """Let only a member's click on the open request, as it stands now, decide anything.

    Raises:
        NotAllowedError: it was somewhere else, is over, or is a guest's.
    """
    _open(approval, now)
    if shown != clicked or clicked[1] != approval.edition:
        raise NotAllowedError("That click was not on the request as it stands now. Open the request and look again.")
    if not by.member:
        raise NotAllowedError("Guests, bots and people from other workspaces can never approve. Nothing was done.")


def _open(approval: Approval, now: datetime) -> None:
    match approval.state:
        case ApprovalState.PENDING if now < approval.expires:
            return
        case ApprovalState.PENDING | ApprovalState.EXPIRED:
            raise NotAllowedError("This request has expired; nothing was done. Press Ask again.")
        case ApprovalState.APPROVED | ApprovalState.CONSUMED:
            names = ", ".join(vote.name for vote in approval.votes)
            raise NotAllowedError(f"Already approved by {names}; your click changed nothing.")
        case _:
            words = f"This request is {approval.state}: {approval.ended_why or approval.ended_by}. Press Ask again."
            raise NotAllowedError(words)


def _why_not(approval: Approval, by: Person, roles: frozenset[str]) -> str:
    needed = sorted(set(approval.missing()))
    if any(role in roles for role in needed):
        held_then = any(by.id in approval.candidates.get(role, ()) for role in needed)
        if not held_then:
            return "you joined the group after this was asked."
        return "the place you could fill is taken."
    return f"you are not in {' or '.join(needed)} (checked just now)."


def who_may(approval: Approval) -> str:
    """Return the people who can fill a place that is still empty, as mentions, or say that nobody can."""
    taken = {vote.person for vote in approval.votes}
    barred = set() if approval.binding.requester_may else set(approval.binding.authors)
    able = {p for role in approval.missing() for p in approval.candidates.get(role, ())} - taken - barred
    return ", ".join(f"<@{person}>" for person in sorted(able)) or "nobody right now"


def still_eligible(approval: Approval, roles_of: Mapping[str, frozenset[str]]) -> str | None:
    """Return who may no longer stand for their vote, or None when every place is still filled."""
    for vote in approval.votes:
        if vote.role not in roles_of.get(vote.person, frozenset()):
            return f"{vote.name} is no longer in {vote.role}"
    return None


def end(approval: Approval, state: ApprovalState, *, by: str, why: str, now: datetime) -> Approval:
    """Return the request ended; the run goes on waiting and may ask again."""
    return approval.model_copy(
        update={"state": state, "ended": now, "ended_by": by, "ended_why": why, "edition": approval.edition + 1}
    )
