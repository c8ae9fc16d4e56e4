"""What one runbook can reach: rows, parameters of its calls, fields of answers, and what each change is asked of.

A runbook that may not be started can still be planned, so its reads count.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.domain.action import Action, Catalogue
from bot.domain.expression import references_in
from bot.domain.leaves import dotted, leaves
from bot.domain.policy import Policy, Verdict, foreseen, verdict
from bot.domain.references import Path
from bot.domain.runbook import Parameter, Risk, Runbook, Status, Step
from bot.domain.value import JsonValue
from bot.errors import ExpressionError

EVERYWHERE = "every environment"

Unit = tuple[str, str, str]
"""What a step does: its action, its parameters as JSON, the list it goes over."""


@dataclass(frozen=True)
class Reached:
    """Work out what one runbook reaches under a policy; nothing where there is no runbook."""

    runbook: Runbook | None
    catalogue: Catalogue
    policy: Policy

    @cached_property
    def environments(self) -> frozenset[str]:
        """Return where it may be started."""
        if self.runbook is None or self.runbook.status in {Status.DRAFT, Status.RETIRED}:
            return frozenset()
        return frozenset({EVERYWHERE} if self.runbook.status is Status.ACTIVE else self.runbook.trial_in)

    @cached_property
    def all_steps(self) -> Mapping[str, Step]:
        """Return every step by its id."""
        return {step.id: step for step in self.runbook.steps} if self.runbook else {}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return the machine steps that can be performed, or planned, as things stand."""
        known = [step for step in self.all_steps.values() if self.action(step) is not None]
        return tuple(step for step in known if self.environments or not self.changes(step))

    @cached_property
    def rows(self) -> Mapping[str, Step]:
        """Return every row that can be reached, with the first step that reaches it."""
        found: dict[str, Step] = {}
        for step in self.all_steps.values():
            action = self.action(step)
            for row in action.rows if action else ():
                if self.environments or self.catalogue.row(row).risk is Risk.READ:
                    found.setdefault(row, step)
        return found

    @cached_property
    def units(self) -> Mapping[Unit, Step]:
        """Return everything its steps do, with the first step that does it."""
        found: dict[Unit, Step] = {}
        for step in self.steps:
            found.setdefault(unit(step), step)
        return found

    @cached_property
    def outputs(self) -> Mapping[tuple[str, Path], Step]:
        """Return the fields of answers that something refers to, by action, with the step that does."""
        found: dict[tuple[str, Path], Step] = {}
        for step in self.steps:
            for other, path in _outputs_of(step):
                owner = self.all_steps.get(other) if other else step
                if owner is not None and owner.uses is not None:
                    found.setdefault((owner.uses, path), step)
        return found

    def action(self, step: Step) -> Action | None:
        """Return the action the step uses, if the catalogue has it."""
        return self.catalogue.actions.get(step.uses) if step.uses else None

    def changes(self, step: Step) -> bool:
        """Return whether the step asks before it acts."""
        action = self.action(step)
        return action is not None and action.risk is not Risk.READ

    def risk(self, step: Step) -> Risk:
        """Return the highest risk the step can have."""
        action = self.action(step)
        return max(step.risk or Risk.READ, action.risk if action else Risk.READ, key=lambda one: one.rank)

    def verdict(self, step: Step) -> Verdict:
        """Return the policy's answer for the step at its highest risk."""
        action = self.action(step)
        if action is None:
            return verdict(step, [self.risk(step)], self.policy)
        return foreseen(step, action, self.catalogue, self.policy)

    def uses_of(self, parameter: Parameter) -> tuple[Step, ...]:
        """Return the steps whose calls the input goes into."""
        name = ("inputs", parameter.name)
        return tuple(
            step
            for step in self.steps
            if any(path[:2] == name for text in _with_texts(step) for path in _quietly(text))
        )


def unit(step: Step) -> Unit:
    """Return what the step does, apart from its name and its words."""
    return (step.uses or "", _spelt(dict(step.with_)), step.for_each or "")


def spelt(value: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield every single value of a step's parameters by its dotted name, as JSON, so that 1 and "1" differ."""
    for path, leaf in leaves(value):
        yield dotted(path), _spelt(leaf)


def _spelt(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def _outputs_of(step: Step) -> Iterator[tuple[str | None, Path]]:
    """Yield the step whose answer is referred to (None for its own) and the path within that answer."""
    for path in sorted(_referred(step)):
        if path[0] == "output":
            yield None, path[1:]
        elif path[0] == "steps" and len(path) > 2 and path[2] == "output":
            yield path[1], path[3:]


def _referred(step: Step) -> frozenset[Path]:
    bare = (step.when, step.expect, step.until.expression if step.until else None, step.for_each)
    texts = [text for text in (step.says, step.effect, step.untouched) if text]
    templates = [*_texts(dict(step.with_)), *texts, *("${" + text + "}" for text in bare if text)]
    return frozenset(path for template in templates for path in _quietly(template))


def _with_texts(step: Step) -> Iterator[str]:
    yield from _texts(dict(step.with_))
    if step.for_each:
        yield "${" + step.for_each + "}"


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)
        case _:
            return


def _quietly(template: str) -> frozenset[Path]:
    """Return what a template refers to; what cannot be read, `check` refuses."""
    try:
        return references_in(template)
    except ExpressionError:
        return frozenset()
