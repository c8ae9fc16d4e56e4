"""What an edit of runbooks lets happen that could not happen before, and which approval it lowers.

Two sets of runbooks, the catalogue and the policy go in; a sentence per thing that got riskier comes out. Whether that
is wanted is the reviewer's to say: what cannot be told to be narrower counts as riskier. Rows of the catalogue are code
and are reviewed as code; here they are the same on both sides.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

from bot.domain.action import Catalogue
from bot.domain.lowered import lowered, shown_short, wider
from bot.domain.plain import counted
from bot.domain.policy import MOST_AT_ONCE, Policy
from bot.domain.reached import EVERYWHERE, Reached, spelt, unit
from bot.domain.runbook import Phase, Risk, Runbook, Step
from bot.domain.value import Value

__all__ = ["Edit", "Kind", "Riskier", "changes_since", "compare"]


class Kind(StrEnum):
    """Name what kind of thing got riskier."""

    START = "start"
    CALL = "call"
    RESOURCE = "resource"
    OUTPUT = "output"
    APPROVAL = "approval"
    GUARD = "guard"


class Riskier(Value):
    """Say in one sentence what can happen now that could not before.

    Attributes:
        risk: the highest risk of what it is about.
    """

    path: str
    line: int
    runbook: str
    kind: Kind
    risk: Risk
    words: str

    def __str__(self) -> str:
        """Return it as one line that editors can jump to."""
        return f"{self.path}:{self.line}: {self.kind} [{self.risk}]: {self.words}"


class Edit(Value):
    """Say how one runbook differs from what it was, and what got riskier by that.

    Attributes:
        what: added, edited or removed.
        before: SHA-256 of the text as it was, where there was one; so is `after`.
    """

    runbook: str
    title: str
    path: str
    what: str
    before: str | None
    after: str | None
    riskier: tuple[Riskier, ...] = ()

    @property
    def words(self) -> str:
        """Return the edit in one sentence, for an announcement."""
        count = len(self.riskier)
        risen = f"{counted(count, 'thing')} got riskier" if count else "nothing got riskier"
        return f"{self.title} was {self.what}: {risen}."


def compare(
    before: Mapping[str, Runbook],
    after: Mapping[str, Runbook],
    *,
    catalogue: Catalogue,
    policy: Policy,
    policy_before: Policy | None = None,
) -> tuple[Riskier, ...]:
    """Return everything that got riskier, runbook by runbook, in the order of the file."""
    edits = changes_since(before, after, catalogue=catalogue, policy=policy, policy_before=policy_before)
    return tuple(one for edit in edits for one in edit.riskier)


def changes_since(
    before: Mapping[str, Runbook],
    after: Mapping[str, Runbook],
    *,
    catalogue: Catalogue,
    policy: Policy,
    policy_before: Policy | None = None,
) -> tuple[Edit, ...]:
    """Return every runbook that was added, edited or removed, and what got riskier by it.

    Args:
        before: by id, as the library had them; so is `after`.
        policy_before: the policy then, where it was another; a runbook it lowers an approval of counts as edited.
    """
    found: list[Edit] = []
    then = policy_before or policy
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is not None and now is not None and was.sha256 == now.sha256 and then == policy:
            continue
        riskier = _Comparison(Reached(was, catalogue, then), Reached(now, catalogue, policy)).riskier() if now else ()
        known = now or before[name]
        what = "removed" if now is None else "added" if was is None else "edited"
        if was is not None and now is not None and was.sha256 == now.sha256 and not riskier:
            continue
        found.append(
            Edit(
                runbook=name,
                title=known.title,
                path=known.path,
                what=what,
                before=was.sha256 if was else None,
                after=now.sha256 if now else None,
                riskier=riskier,
            )
        )
    return tuple(found)


class _Comparison:
    """Walk one runbook as it is beside what it was."""

    def __init__(self, before: Reached, after: Reached) -> None:
        self.before = before
        self.after = after
        self.found: list[Riskier] = []

    def riskier(self) -> tuple[Riskier, ...]:
        """Return what got riskier, by line."""
        self.start()
        self.calls()
        self.resources()
        self.inputs()
        self.outputs()
        for step in self.after.steps:
            self.approval(step)
        if self.before.environments:
            self.guards()
        return tuple(sorted(set(self.found), key=lambda one: (one.line, list(Kind).index(one.kind), one.words)))

    @property
    def now(self) -> Runbook:
        """Return the runbook as it is."""
        if self.after.runbook is None:
            raise ValueError("what is removed got no riskier")
        return self.after.runbook

    def say(self, kind: Kind, words: str, *, line: int, risk: Risk = Risk.READ) -> None:
        """Keep a finding."""
        one = Riskier(path=self.now.path, line=line, runbook=self.now.id, kind=kind, risk=risk, words=words)
        self.found.append(one)

    def at(self, kind: Kind, step: Step, field: str, words: str, risk: Risk | None = None) -> None:
        """Keep a finding about a step."""
        line = step.lines.get(field, step.line)
        self.say(kind, words, line=line, risk=risk or self.after.risk(step))

    # -- where and by what it starts

    def start(self) -> None:
        then, now = self.before.environments, self.after.environments
        risk = max((self.after.risk(step) for step in self.after.steps), key=lambda one: one.rank, default=Risk.READ)
        new = sorted(now - then)
        if new and EVERYWHERE not in then:
            was = self.before.runbook
            before = f"was {was.status}" + (f" in {', '.join(sorted(then))}" if then else "") if was else "is new"
            words = f"`{self.now.id}` may be started in {', '.join(new)}; it {before}. It does up to {risk}."
            self.say(Kind.START, words, line=self.now.lines.get("status", 1), risk=risk)
        had = self.before.runbook.alarms if self.before.runbook else ()
        for alarm in self.now.alarms:
            if alarm not in had:
                words = (
                    f"`{self.now.id}` answers the alarm {alarm}: its first reads run by themselves when it goes off."
                )
                self.say(Kind.START, words, line=self.now.lines.get("alarms", 1))

    # -- what it calls, on what, and what it is told

    def calls(self) -> None:
        for name, step in self.after.rows.items():
            if name not in self.before.rows:
                row = self.after.catalogue.row(name)
                words = (
                    f"Step `{step.id}` can now call {name} ({row.title[:1].lower()}{row.title[1:]}) on {row.resource}."
                )
                self.at(Kind.CALL, step, "uses", words, risk=row.risk)

    def resources(self) -> None:
        for one, step in self.after.units.items():
            if one in self.before.units:
                continue
            old = self.before.all_steps.get(step.id)
            told = self._told(step, old if old is not None and old in self.before.steps else None)
            self.at(Kind.RESOURCE, step, "with" if step.with_ else "uses", told)

    def _told(self, step: Step, old: Step | None) -> str:
        new = dict(spelt(dict(step.with_)))
        if old is None or old.uses != step.uses:
            given = ", ".join(f"{name} = {shown_short(value)}" for name, value in new.items() if name)
            over = f", for each of `{shown_short(step.for_each)}`" if step.for_each else ""
            asked = self.after.verdict(step).needs if self.after.changes(step) else ()
            of = f"; asked of {' + '.join(asked)}" if asked else ""
            return f"Step `{step.id}` now uses {step.uses} with {given or 'no parameters'}{over}{of}."
        was = dict(spelt(dict(old.with_)))
        differ = [
            f"{name} = {shown_short(new.get(name))} (was {shown_short(was.get(name))})"
            for name in dict.fromkeys((*new, *was))
            if name and new.get(name) != was.get(name)
        ]
        if old.for_each != step.for_each:
            differ.append(f"for each of `{shown_short(step.for_each)}` (was `{shown_short(old.for_each)}`)")
        return f"Step `{step.id}` now uses {step.uses} with {', '.join(differ)}."

    def inputs(self) -> None:
        had = {one.name: one for one in self.before.runbook.parameters} if self.before.runbook else {}
        for parameter in self.now.parameters:
            steps, old = self.after.uses_of(parameter), had.get(parameter.name)
            if not steps or old is None:
                continue
            for field, words in wider(old, parameter):
                into = ", ".join(f"`{step.id}`" for step in steps)
                risk = max((self.after.risk(step) for step in steps), key=lambda one: one.rank)
                place = f"parameters.{parameter.name}"
                line = self.now.lines.get(f"{place}.{field}", self.now.lines.get(place, 1))
                told = f"The input `{parameter.name}` {words}; it goes into {into}."
                self.say(Kind.RESOURCE, told, line=line, risk=risk)

    def outputs(self) -> None:
        for (action, path), step in self.after.outputs.items():
            if any((action, path[:place]) in self.before.outputs for place in range(len(path) + 1)):
                continue
            what = ".".join(path).replace(".[]", "[]") or "all"
            words = f"Step `{step.id}` now looks at {what} of what {action} returns."
            self.at(Kind.OUTPUT, step, "says", words, risk=Risk.READ)

    # -- who is asked

    def approval(self, step: Step) -> None:
        old = self._counterpart(step)
        if old is None or not self.after.changes(step):
            return
        if step.approved_with is not None and old.approved_with is None:
            words = f"Step `{step.id}` is no longer asked for by itself: a yes to `{step.approved_with}` covers it."
            self.at(Kind.APPROVAL, step, "approved_with", words)
        for field, words in lowered(self.before.verdict(old), self.after.verdict(step)):
            self.at(Kind.APPROVAL, step, field, f"Step `{step.id}` {words}.")

    def _counterpart(self, step: Step) -> Step | None:
        """Return the step as it was: of the same name and action, or doing the same under another name."""
        same = self.before.all_steps.get(step.id)
        if same is not None and same.uses == step.uses and same in self.before.steps:
            return same
        return self.before.units.get(unit(step))

    # -- what holds it back

    def guards(self) -> None:
        was = self.before.runbook
        if was is None:
            return
        if was.exclusive is not None and was.exclusive != self.now.exclusive:
            words = f"Another target keeps two runs apart: `{self.now.exclusive or 'none'}`, before `{was.exclusive}`."
            self.say(Kind.GUARD, words, line=self.now.lines.get("exclusive", 1), risk=self._highest())
        hands = Counter(step.title for step in was.steps if step.manual)
        hands -= Counter(step.title for step in self.now.steps if step.manual)
        for title in hands:
            self.say(Kind.GUARD, f"Nobody is asked to do this by hand any more: {title}", line=1, risk=self._highest())
        for old in self.before.steps:
            step = self.after.all_steps.get(old.id)
            if step is None or step.uses != old.uses:
                self._gone(old)
            else:
                self._step(old, step)
        self._order()

    def _highest(self) -> Risk:
        return max((self.after.risk(step) for step in self.after.steps), key=lambda one: one.rank, default=Risk.READ)

    def _gone(self, old: Step) -> None:
        kept = self.after.units.get(unit(old))
        if kept is not None and kept.phase is old.phase and (kept.expect, kept.until) == (old.expect, old.until):
            return
        if old.phase is Phase.VERIFICATION or old.expect is not None or self.before.changes(old):
            what = "The check" if old.phase is Phase.VERIFICATION else "The step"
            words = f"{what} `{old.id}` is gone, and with it: {shown_short(old.expect or old.title)}"
            self.say(Kind.GUARD, words, line=1, risk=self._highest())

    def _step(self, old: Step, step: Step) -> None:
        changes = self.after.changes(step)
        for field, was, now in (
            ("if", old.when, step.when),
            ("expect", old.expect, step.expect),
            ("until", _until(old), _until(step)),
            ("undo", old.undo, step.undo),
            ("owes", old.owes, step.owes),
        ):
            if was is not None and was != now:
                words = f"Step `{step.id}` has another `{field}`: {shown_short(now)}, before {shown_short(was)}."
                self.at(Kind.GUARD, step, field, words)
        if step.for_each is not None and (step.most or MOST_AT_ONCE) > (old.most or MOST_AT_ONCE):
            words = f"One yes to step `{step.id}` covers {step.most} elements, before {old.most or MOST_AT_ONCE}."
            self.at(Kind.GUARD, step, "most", words)
        holds = step.phase is Phase.VERIFICATION or old.expect is not None or old.until is not None
        if old.when is None and step.when is not None and holds and not changes:
            words = f"Step `{step.id}` is looked at only if {shown_short(step.when)}, before always."
            self.at(Kind.GUARD, step, "if", words)
        if old.watch is not None and (step.watch is None or step.watch < old.watch):
            words = f"Step `{step.id}` watches for {step.watch or 'no time'}, before {old.watch}."
            self.at(Kind.GUARD, step, "watch", words)

    def _order(self) -> None:
        place = {step.id: number for number, step in enumerate(self.now.forward)}
        was = self.before.runbook.forward if self.before.runbook else ()
        common = [step for step in was if step.id in place and not step.manual]
        for first, second in pairwise(common):
            if place[first.id] > place[second.id]:
                step = self.after.all_steps[second.id]
                words = f"Step `{second.id}` now runs before `{first.id}`."
                self.at(Kind.GUARD, step, "id", words, risk=self._highest())


def _until(step: Step) -> str | None:
    return f"{step.until.expression} within {step.until.within}" if step.until else None
