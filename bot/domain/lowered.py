"""In which ways an input, an approval or a policy admits more, or asks for less, than it did before."""

from collections import Counter
from collections.abc import Iterator

from bot.domain.policy import Decision, Policy, Role, Verdict
from bot.domain.runbook import Parameter
from bot.domain.value import JsonValue

MOST_SHOWN = 120


def wider(old: Parameter, new: Parameter) -> Iterator[tuple[str, str]]:
    """Yield field and words of every way in which an input may take other values than before."""
    if old.pattern is not None and old.pattern != new.pattern:
        yield "pattern", f"takes what fits {shown_short(new.pattern)}, before {shown_short(old.pattern)}"
    added = [value for value in new.enum if value not in old.enum]
    if old.enum and (added or not new.enum):
        yield "enum", f"takes {', '.join(added) or 'any value'} too"
    for field, was, now in (
        ("from", " or ".join(old.sources) or None, " or ".join(new.sources) or None),
        ("choices", old.choices, new.choices),
        ("default", old.default, new.default),
    ):
        if now is not None and was != now:
            yield field, f"gets its value from `{field}` {shown_short(now)}, before {shown_short(was)}"
    for value, asked in old.only_if.items():
        if value in new.enum and new.only_if.get(value) != asked:
            now = f"if {shown_short(new.only_if[value])}" if value in new.only_if else "always"
            yield "only_if", f"offers {value} {now}, before if {shown_short(asked)}"
    if old.choices is not None and new.choices is None:
        yield "choices", "is no longer picked from a list"


def lowered(old: Verdict, new: Verdict) -> Iterator[tuple[str, str]]:
    """Yield field and words of every way in which the second verdict asks for less than the first."""
    if old.decision is Decision.DENY and new.decision is not Decision.DENY:
        yield "risk", "is offered now, which the policy never did"
        return
    if new.decision is Decision.DENY:
        return
    if new.risk.rank < old.risk.rank:
        yield "risk", f"counts as {new.risk} now, before as {old.risk}"
    stricter = new.risk.rank > old.risk.rank and len(new.needs) >= len(old.needs)
    if Counter(old.needs) - Counter(new.needs) and not stricter:
        yield "needs", f"needs {' + '.join(new.needs) or 'nobody'}, before {' + '.join(old.needs)}"
    if new.requester_may and not old.requester_may:
        yield "needs", "may be approved by the person who asked for it"
    if new.lifetime > old.lifetime and len(new.needs) <= len(old.needs):  # more people are given more time
        yield "lifetime", f"may be answered for {new.lifetime}, before {old.lifetime}"


def lowered_policy(before: Policy, after: Policy) -> Iterator[str]:
    """Yield, a sentence each, whom a policy lets do what it did not let them do before."""
    for name, role in after.roles.items():
        old = before.roles.get(name)
        if old is not None and (old.group, old.people) != (role.group, role.people):
            yield f"The role {name} is other people: {_who(role)} now, {_who(old)} before."
    for what, was, now in (
        ("see", before.viewer, after.viewer),
        ("start and steer runs", before.operator, after.operator),
    ):
        if was != now:
            yield f"Those who may {what} are {now} now, {was} before."
    if after.own_isolated and not before.own_isolated:
        yield "On-call may confirm an isolated execution that they asked for themselves."
    if added := sorted(set(after.channels) - set(before.channels)):
        yield f"It tells more channels: {', '.join(added)}."


def _who(role: Role) -> str:
    return role.group or ", ".join(role.people) or "nobody"


def shown_short(value: JsonValue) -> str:
    """Return a value as a sentence can hold it."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
