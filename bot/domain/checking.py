"""Hold a runbook against the catalogue and the platform before anything runs: every problem, with line and remedy.

What can be seen from the file alone (structure, YAML, missing sections) is `reading`'s. Nothing is evaluated here.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import PurePosixPath
from posixpath import normpath

from markdown_it import MarkdownIt
from pydantic import ValidationError

from bot.domain.action import Action, Catalogue
from bot.domain.expression import Expression, compile_expression, expressions_in
from bot.domain.policy import Policy, left_out
from bot.domain.problem import Problem, Severity
from bot.domain.reach import Reach, near
from bot.domain.reasons import REASON, own_words
from bot.domain.references import ExpressionSyntaxError
from bot.domain.runbook import LONGEST_LABEL, Parameter, Phase, Risk, Runbook, Status, Step
from bot.domain.value import JsonValue
from bot.errors import NotFoundError

__all__ = ["check_library", "check_runbook"]

LEAST_INTERVAL = timedelta(seconds=1)
MOST_LOOKS = 2_000
LONGEST_WAIT = timedelta(hours=24)
LONGEST_LIFETIME = timedelta(minutes=60)

PLATFORM_KEYS = frozenset({"name", "account", "region"})

_A_PROOF = '"2026-11-23 drill what-was-broken"'

NOTHING = "none"
"""The value of a choice for which no step is there on purpose."""

_PAIRED = {"schedule.pause": "schedule.resume"}
_BARE = frozenset({"if", "expect", "for_each", "until.expression"})
_ROOTS = "output|inputs|steps|platform|alarm|incident|run|item"
_NO_TEMPLATE = re.compile(rf"(?:(?<![${{])\{{{{1,2}}\s*|\$)((?:{_ROOTS})\.[\w.]+)(?:\s*\}}{{1,2}})?", re.ASCII)
_BOUND = frozenset({"replaces", "instead_of"})
_GOES_ON = frozenset(
    {"codebuild.start", "glue.start_job", "stepfunctions.redrive", "stepfunctions.rerun", "stepfunctions.run"}
)
"""Actions that only start what takes its time: right after the call it is never what one waits for."""


def check_runbook(
    runbook: Runbook,
    catalogue: Catalogue,
    platform_keys: Collection[str],
    known: Collection[str] | None = None,
    *,
    policy: Policy | None = None,
) -> tuple[Problem, ...]:
    """Return every problem of one runbook.

    Args:
        runbook: as `reading` returned it.
        catalogue: the actions its steps may use.
        platform_keys: what the environment's section of bot.toml names.
        known: paths relative links may lead to, as runbooks are named (`runbooks/rollback.md`); None looks at no link.
        policy: whom it asks at least; None where no bot.toml says so.
    """
    check = _Check(runbook, catalogue, frozenset(platform_keys) | PLATFORM_KEYS, policy)
    for step in runbook.steps:
        check.step(step)
    check.head()
    if known is not None:
        check.links(frozenset(known))
    return tuple(sorted(set(check.problems), key=lambda problem: (problem.line, problem.severity, problem.words)))


def check_library(runbooks: Iterable[Runbook]) -> tuple[Problem, ...]:
    """Return what is wrong between runbooks: an id or an alarm that two of them claim."""
    problems: list[Problem] = []
    ids: dict[str, Runbook] = {}
    alarms: dict[str, Runbook] = {}
    for runbook in sorted(runbooks, key=lambda one: one.path):
        if runbook.id in ids:
            words = f"The id `{runbook.id}` is taken by {ids[runbook.id].path}; rename one of the two files."
            problems.append(Problem(path=runbook.path, line=runbook.lines.get("id", 1), words=words))
        ids.setdefault(runbook.id, runbook)
        for number, alarm in enumerate(runbook.alarms):
            if alarm in alarms:
                line = runbook.lines.get(f"alarms.{number}", runbook.lines.get("alarms", 1))
                words = f"The alarm {alarm} is answered by {alarms[alarm].path} already; name it in one of the two."
                problems.append(Problem(path=runbook.path, line=line, words=words))
            alarms.setdefault(alarm, runbook)
    return tuple(problems)


class _Check:
    """Walk one runbook and collect what is wrong."""

    def __init__(self, runbook: Runbook, catalogue: Catalogue, platform: frozenset[str], policy: Policy | None) -> None:
        self.runbook = runbook
        self.catalogue = catalogue
        self.policy = policy
        self.reach = Reach(runbook, catalogue, platform)
        self.inputs = {one.name: one for one in runbook.parameters}
        self.taken: set[tuple[str, str]] = set()
        self.problems: list[Problem] = []

    def say(self, line: int, words: str, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(Problem(path=self.runbook.path, line=line, words=words, severity=severity))

    def at(self, step: Step, field: str, words: str, severity: Severity = Severity.ERROR) -> None:
        self.say(_line(step, field), words, severity)

    def changes(self, step: Step) -> bool:
        action = self.reach.action(step)
        return action is not None and action.risk is not Risk.READ

    # -- one step

    def step(self, step: Step) -> None:
        for field, template in _templates(step):
            self.plain_text(step, field, template)
            for expression in self.compiled(step, field, template):
                self.ways(step, field, expression)
                for finding in self.reach.of_step(step, field.partition(".")[0], expression):
                    self.at(step, field, finding.words, finding.severity)
        self.named_steps(step)
        self.times(step)
        if step.uses is None:
            self.manual(step)
            return
        action = self.reach.action(step)
        if action is None:
            try:
                self.catalogue.action(step.uses)
            except NotFoundError as error:
                self.at(step, "uses", error.words)
            return
        self.parameters(step, action)
        self.loop(step)
        self.rules(step, action)

    def compiled(self, step: Step, field: str, template: JsonValue) -> list[Expression]:
        whole = field in _BARE
        try:
            if whole and isinstance(template, str):
                return [compile_expression(template)]
            return list(expressions_in(template))
        except ExpressionSyntaxError as error:
            hint = " Leave out `${` and `}` here." if whole and "${" in str(template) else ""
            self.at(step, field, f"{error.words}{hint}")
        return []

    def plain_text(self, step: Step, field: str, template: JsonValue) -> None:
        """Say so where a value is written as other tools would have it, and would be shown and sent as it stands."""
        found = _NO_TEMPLATE.search(template) if isinstance(template, str) and field not in _BARE else None
        if found is not None:
            self.at(step, field, f"`{found[0]}` stands for nothing here; write `${{{found[1]}}}`.")

    def ways(self, step: Step, field: str, expression: Expression) -> None:
        """Note which values of a choice a step asks for, and say which it can never have."""
        for path, sign, text in sorted(expression.facts.asked):
            parameter = self.inputs.get(path[1]) if len(path) == 2 and path[0] == "inputs" else None
            if parameter is None or not parameter.enum:
                continue
            if text not in parameter.enum:
                hint = near(text, parameter.enum) or f" It is one of {', '.join(parameter.enum)}."
                self.at(step, field, f"`{parameter.name}` is never '{text}'.{hint}")
            elif field == "if":
                self.taken.update((parameter.name, one) for one in (parameter.enum if sign == "!=" else (text,)))

    def manual(self, step: Step) -> None:
        for field, given in (
            ("with", step.with_), ("expect", step.expect), ("until", step.until), ("for_each", step.for_each),
            ("undo", step.undo), ("owes", step.owes), ("approved_with", step.approved_with), ("watch", step.watch),
            ("risk", step.risk), ("lifetime", step.lifetime),
        ):  # fmt: skip
            if given:
                self.at(step, field, f"Step `{step.id}` has `{field}` but no action; add `uses:`, or leave it out.")
        if len(step.needs) > 1:
            words = f"One person says that step `{step.id}` is done; name one role, and put another's part into a step"
            self.at(step, "needs", f"{words} of its own.")
        self.known_roles(step)

    def parameters(self, step: Step, action: Action) -> None:
        try:
            action.params.model_validate(step.with_)
        except ValidationError as error:
            for found in error.errors(include_url=False):
                place = found["loc"]
                if not _unknown_yet(step.with_, place):
                    self.at(step, _field(place), _parameter_words(action, place, found["type"], found["msg"]))

    def loop(self, step: Step) -> None:
        if step.most is not None and step.for_each is None:
            self.at(step, "most", "`most` bounds the list of a `for_each`, and there is none here; leave it out.")
        if step.for_each is not None and not _uses_item(step.with_):
            self.at(step, "for_each", "`for_each` goes over a list, but `with` never uses `item`; use it, or drop it.")

    def rules(self, step: Step, action: Action) -> None:
        changes = action.risk is not Risk.READ
        if step.risk is not None and step.risk.rank < action.risk.rank:
            words = f"`risk: {step.risk}` is lower than {action.id}'s, {action.risk}; a step may only raise it."
            self.at(step, "risk", words)
        if changes:
            self.changing(step, action)
            self.asked(step, max(step.risk or action.risk, action.risk, key=lambda risk: risk.rank))
        else:
            self.looking(step, action)

    def asked(self, step: Step, risk: Risk) -> None:
        """Say which roles a step leaves out that the policy asks."""
        if self.policy is None or not step.needs or not self.known_roles(step):
            return
        missing = left_out(step, risk, self.policy)
        if missing:
            whole = ", ".join((*step.needs, *missing))
            words = f"The policy asks {' + '.join(missing)} for a step of risk {risk}, and `needs` only adds to that"
            self.at(step, "needs", f"{words}; write `needs: [{whole}]`.")

    def known_roles(self, step: Step) -> bool:
        """Return whether the policy has every role that the step names; say which it has not."""
        roles = self.policy.roles if self.policy else step.needs
        unknown = sorted(set(step.needs) - set(roles))
        for role in unknown:
            hint = near(role, roles) or f" It has {', '.join(sorted(roles))}."
            self.at(step, "needs", f"The policy has no role `{role}`, so nobody could say yes.{hint}")
        return not unknown

    def changing(self, step: Step, action: Action) -> None:
        if step.phase is Phase.VERIFICATION:
            self.at(step, "uses", f"{action.id} changes something, and Verification only looks; move the step up.")
        checked = any(
            one.phase is Phase.VERIFICATION and self.reach.action(one) is not None and not self.changes(one)
            for one in self.runbook.steps
        )
        if step.expect is None and not checked:
            words = f"Step `{step.id}` changes something and nothing looks whether it worked; add `expect:`."
            self.at(step, "id", words)
        if action.id in _GOES_ON and step.until is None:
            words = f"What {action.id} starts is not over when step `{step.id}` looks; add `until:` with its end."
            self.at(step, "uses", words)
        if action.risk.rank >= Risk.CHANGE.rank and step.undo is None and step.no_undo is None:
            words = f"Step `{step.id}` has no way back; add `undo:` with a step's id, or `no_undo:` with the reason."
            self.at(step, "id", words)
        if step.watch is not None:
            self.at(step, "watch", "Only a step that looks can watch; move `watch:` to a check under Verification.")

    def looking(self, step: Step, action: Action) -> None:
        for field, given in (
            ("undo", step.undo), ("no_undo", step.no_undo), ("owes", step.owes), ("approved_with", step.approved_with),
            ("for_each", step.for_each), ("needs", step.needs), ("lifetime", step.lifetime),
            ("risk", step.risk is not None and step.risk is not Risk.READ),
        ):  # fmt: skip
            if given:
                self.at(step, field, f"{action.id} only looks, so `{field}` means nothing here; leave it out.")
        if step.phase is Phase.VERIFICATION and step.expect is None and step.until is None:
            words = f"Check `{step.id}` passes whatever it finds; add `expect:` or `until:` with what must be true."
            self.at(step, "id", words)
        if step.watch is not None and step.phase is not Phase.VERIFICATION:
            self.at(step, "watch", "`watch:` belongs to a check; move the step to Verification.")

    # -- steps that name others

    def named_steps(self, step: Step) -> None:
        if step.undo is not None:
            self.undo(step, step.undo)
        if step.owes is not None:
            self.owes(step, step.owes)
        if step.approved_with is not None:
            self.approved_with(step, step.approved_with)
        partner = _PAIRED.get(step.uses or "")
        if partner is not None and step.owes is None:
            words = f"Step `{step.id}` pauses and nothing resumes; add `owes:` with a step that uses {partner}."
            self.at(step, "uses", words)

    def undo(self, step: Step, undo: str) -> None:
        if undo == step.id:
            self.at(step, "undo", f"Step `{step.id}` names itself as its undo; name another, or give `no_undo:`.")
        elif undo not in self.reach.steps:
            self.at(step, "undo", self.reach.no_such_step(undo))
        elif not self.changes(self.reach.steps[undo]) and self.reach.action(self.reach.steps[undo]) is not None:
            self.at(step, "undo", f"The undo `{undo}` only looks, so it takes nothing back; name a step that does.")
        else:
            self.bound(step, self.reach.steps[undo])
        if step.no_undo is not None:
            self.at(step, "no_undo", "Give `undo:` or `no_undo:`, not both.")

    def bound(self, step: Step, undo: Step) -> None:
        """Say so where an undo would take back also what somebody else did since, though its action could tell."""
        action = self.reach.action(undo)
        if action is not None and "replaces" in action.params.model_fields and not _BOUND & set(undo.with_):
            words = f"The undo `{undo.id}` takes back whatever is there by then; give it `replaces:` with what"
            self.at(step, "undo", f"{words} `{step.id}` left there.")

    def owes(self, step: Step, owed: str) -> None:
        if owed not in self.reach.steps:
            self.at(step, "owes", self.reach.no_such_step(owed))
            return
        if self.reach.order.get(owed, -1) <= self.reach.order.get(step.id, 0):
            self.at(step, "owes", f"Step `{owed}` does not run after `{step.id}`; what is owed must come later.")
        partner = _PAIRED.get(step.uses or "")
        if partner is not None and self.reach.steps[owed].uses != partner:
            self.at(step, "owes", f"Step `{owed}` does not use {partner}, so the pause would stay; name one that does.")
        elif partner is not None and self.reach.steps[owed].with_ != step.with_:
            self.at(step, "owes", f"Step `{owed}` resumes something else than `{step.id}` pauses; give both the same.")

    def approved_with(self, step: Step, lead: str) -> None:
        if lead not in self.reach.steps:
            self.at(step, "approved_with", self.reach.no_such_step(lead))
        elif self.reach.order.get(lead, len(self.reach.order)) >= self.reach.order.get(step.id, 0):
            words = f"Step `{lead}` does not run before `{step.id}`; one approval covers later steps, not earlier ones."
            self.at(step, "approved_with", words)
        elif not self.changes(self.reach.steps[lead]):
            self.at(step, "approved_with", f"Step `{lead}` asks for no approval; name one that changes something.")
        elif self.reach.steps[lead].approved_with is not None:
            first = self.reach.steps[lead].approved_with
            self.at(step, "approved_with", f"Step `{lead}` is approved with `{first}`; name `{first}` here as well.")

    # -- times

    def times(self, step: Step) -> None:
        if step.until is not None:
            every, within = step.until.every, step.until.within
            if every > within or within > LONGEST_WAIT:
                self.at(step, "until", f"`every` must be at most `within`, and that at most {_spoken(LONGEST_WAIT)}.")
            elif every < LEAST_INTERVAL or within / every > MOST_LOOKS:
                words = f"That would look {int(within / every)} times; at most {MOST_LOOKS}: make `every` longer."
                self.at(step, "until", words)
            if step.watch is not None and within <= step.watch:
                words = "`within` counts from the begin of the watch; make it longer than `watch`."
                self.at(step, "until.within", words)
        if step.watch is not None and step.watch > LONGEST_WAIT:
            self.at(step, "watch", f"A watch lasts at most {_spoken(LONGEST_WAIT)}; shorten it.")
        if step.lifetime is not None and step.lifetime > LONGEST_LIFETIME:
            words = f"A request lives at most {_spoken(LONGEST_LIFETIME)}; shorten `lifetime`, it can be asked anew."
            self.at(step, "lifetime", words)

    # -- the whole

    def head(self) -> None:
        self.standing()
        if self.runbook.exclusive is not None:
            line = self.runbook.lines.get("exclusive", 1)
            self.from_head(self.runbook.exclusive, line, steps_known=())
        elif any(self.changes(step) for step in self.runbook.steps):
            words = "Two runs could change the same thing; add `exclusive:` with an expression naming the target."
            self.say(1, words, Severity.WARNING)
        for parameter in self.runbook.parameters:
            self.parameter(parameter)
        for parameter in self.runbook.parameters:
            if parameter.name not in self.reach.asked:
                line = self.runbook.lines.get(f"parameters.{parameter.name}", 1)
                words = f"The input `{parameter.name}` is never used; use it as inputs.{parameter.name}, or drop it."
                self.say(line, words, Severity.WARNING)

    def standing(self) -> None:
        """Say what the runbook's status lacks: where it is on trial, or how it was seen to work."""
        lines, by_hand = self.runbook.lines, all(step.manual for step in self.runbook.steps)
        if self.runbook.status is Status.TRIAL and not self.runbook.trial_in and not by_hand:
            words = "On trial it starts only where it says so; add `trial_in: [staging]`, environments of bot.toml."
            self.say(lines.get("status", 1), words)
        elif self.runbook.status is not Status.TRIAL and self.runbook.trial_in:
            words = f"`trial_in` means nothing while the status is {self.runbook.status}; leave it out."
            self.say(lines.get("trial_in", 1), words, Severity.WARNING)
        if self.runbook.proved is not None and not _is_proof(self.runbook.proved):
            self.say(lines.get("proved", 1), f"`proved` is {self.runbook.proved!a}; write {_A_PROOF}.")
        elif self.runbook.proved is None and self.runbook.status is Status.ACTIVE and not by_hand:
            words = f"Nobody has seen this runbook work; drill it with `runbook-bot try`, and add `proved: {_A_PROOF}`."
            self.say(lines.get("status", 1), words)

    def parameter(self, parameter: Parameter) -> None:
        place = f"parameters.{parameter.name}"
        lines = self.runbook.lines
        if parameter.asked_by is not None and parameter.asked_by not in self.reach.steps:
            self.say(lines.get(f"{place}.asked_by", 1), self.reach.no_such_step(parameter.asked_by))
        if parameter.name == REASON and not own_words(parameter):
            words = (
                "`reason` is what a person says in words of their own: it has no `enum`, `choices`, `from` or `default`"
            )
            self.say(lines.get(place, 1), f"{words}; call this input something else.")
        self.choice(parameter)
        last = self.reach.order.get(parameter.asked_by or "", 0)
        known = tuple(name for name, number in self.reach.order.items() if number < last)
        sources = [(f"{place}.from.{number}", text) for number, text in enumerate(parameter.sources)]
        sources += [(f"{place}.only_if.{value}", text) for value, text in parameter.only_if.items()]
        for field, text in [*sources, *([(f"{place}.choices", parameter.choices)] if parameter.choices else [])]:
            line = lines.get(field, lines.get(field.rpartition(".")[0], lines.get(place, 1)))
            self.from_head(text, line, steps_known=known)

    def choice(self, parameter: Parameter) -> None:
        """Say what is wrong with the ways a person may choose between."""
        place, lines = f"parameters.{parameter.name}", self.runbook.lines
        has = f" It has {', '.join(parameter.enum)}." if parameter.enum else " Give it an `enum:`."
        for field in ("labels", "only_if"):
            for value in getattr(parameter, field):
                if value not in parameter.enum:
                    words = f"`{field}` names '{value}', which is no value of `{parameter.name}`.{has}"
                    self.say(lines.get(f"{place}.{field}.{value}", lines.get(place, 1)), words)
        called = [parameter.label(value) for value in parameter.enum]
        for label in sorted({one for one in called if called.count(one) > 1}):
            words = f"Two values of `{parameter.name}` are called '{label}'; nobody could tell the buttons apart."
            self.say(lines.get(f"{place}.labels", lines.get(place, 1)), words)
        line = lines.get(f"{place}.enum", lines.get(place, 1))
        if parameter.only_if and not parameter.choice:
            words = "`only_if` belongs to a choice: give it `asked_by:`, and at most five plain values in `enum`."
            self.say(lines.get(f"{place}.only_if", line), words)
        if not parameter.choice or not any(name == parameter.name for name, _ in self.taken):
            return
        for value in parameter.enum:
            if len(parameter.label(value)) > LONGEST_LABEL:
                words = f"'{value}' is too long for a button; name it in `labels`, in {LONGEST_LABEL} characters."
                self.say(line, words)
            if (parameter.name, value) not in self.taken and value != NOTHING:
                words = f"Nothing happens for '{value}': no step has `if: inputs.{parameter.name} == '{value}'`."
                self.say(line, f"{words} Add one, or call the value `{NOTHING}`.")

    def from_head(self, text: str, line: int, *, steps_known: Collection[str]) -> None:
        try:
            expression = compile_expression(text)
        except ExpressionSyntaxError as error:
            self.say(line, error.words)
            return
        for path in sorted(expression.references | expression.facts.guarded):
            for finding in self.reach.of_head(path, steps_known=steps_known):
                self.say(line, finding.words, finding.severity)

    def links(self, known: frozenset[str]) -> None:
        folder = PurePosixPath(self.runbook.path).parent
        for line, link in _links(self.runbook):
            target = link.partition("#")[0]
            if not target or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target):
                continue
            path = normpath(str(folder / target))
            if path not in known:
                near = get_close_matches(path, known, n=1, cutoff=0.5)
                hint = f" Did you mean {near[0]}?" if near else " Mend the link, or remove it."
                self.say(line, f"The link {link} leads nowhere.{hint}")


def _is_proof(text: str) -> bool:
    """Return whether it is a day, then `drill` or `trial`, then which one."""
    day, kind, which = (*text.split(" ", 2), "", "")[:3]
    try:
        return date.fromisoformat(day).isoformat() == day and kind in {"drill", "trial"} and bool(which.strip())
    except ValueError:
        return False


def _templates(step: Step) -> Iterator[tuple[str, JsonValue]]:
    yield from _leaves("with", step.with_)
    fields = {
        "if": step.when,
        "expect": step.expect,
        "until.expression": step.until.expression if step.until else None,
        "for_each": step.for_each,
        "effect": step.effect,
        "untouched": step.untouched,
        "says": step.says,
    }
    for field, template in fields.items():
        if template is not None:
            yield field, template


def _leaves(field: str, template: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    match template:
        case dict():
            for name, item in template.items():
                yield from _leaves(f"{field}.{name}", item)
        case list():
            for number, item in enumerate(template):
                yield from _leaves(f"{field}.{number}", item)
        case _:
            yield field, template


def _uses_item(template: JsonValue) -> bool:
    return any(path[0] == "item" for found in _quietly(template) for path in found.references)


def _quietly(template: JsonValue) -> list[Expression]:
    try:
        return list(expressions_in(template))
    except ExpressionSyntaxError:
        return []


def _unknown_yet(given: JsonValue, place: tuple[int | str, ...]) -> bool:
    """Return whether what stands at the place, or around it, is a template whose value is not known yet."""
    found: JsonValue = given
    for part in place:
        if isinstance(found, str):
            break
        match found, part:
            case dict(), str() if part in found:
                found = found[part]
            case list(), int() if part < len(found):
                found = found[part]
            case _:
                return False
    return isinstance(found, str) and "${" in found


def _parameter_words(action: Action, place: tuple[int | str, ...], kind: str, said: str) -> str:
    name = ".".join(str(part) for part in place)
    if kind == "missing":
        return f"{action.id} needs the parameter `{name}`; add it under `with:`."
    if kind == "extra_forbidden":
        names = tuple(action.params.model_fields)
        hint = near(str(place[-1]), names) or f" It takes {', '.join(names)}."
        return f"{action.id} has no parameter `{name}`.{hint}"
    what = f"The parameter `{name}` of {action.id}" if name else f"What is given to {action.id}"
    return f"{what} does not fit: {said.removeprefix('Value error, ')}."


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(["with", *(str(part) for part in place)])


def _line(step: Step, field: str) -> int:
    """Return the line of the field, or of what it stands in."""
    while field:
        if field in step.lines:
            return step.lines[field]
        field = field.rpartition(".")[0]
    return step.line


def _spoken(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60}h" if minutes > 60 else f"{minutes} min"


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark")


_OF_LINKS = ("](", "]:")  # a section without either has no link that could lead nowhere


def _links(runbook: Runbook) -> Iterator[tuple[int, str]]:
    for section in runbook.sections:
        if not any(mark in section.markdown for mark in _OF_LINKS):
            continue
        for token in _markdown().parse(section.markdown):
            if token.type != "inline" or token.map is None:
                continue
            line = section.first_line + token.map[0]
            for child in token.children or []:
                if child.type in {"softbreak", "hardbreak"}:
                    line += 1
                href = child.attrs.get("href") if child.type == "link_open" else None
                if isinstance(href, str):
                    yield line, href
