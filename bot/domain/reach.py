"""What an expression of a runbook may refer to: steps before it, fields an action returns, inputs, the platform."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from bot.domain.action import Action, Catalogue
from bot.domain.expression import Expression, absorbs_errors, compile_expression
from bot.domain.problem import Finding, Severity
from bot.domain.references import ELEMENT, Path
from bot.domain.runbook import Runbook, Step
from bot.domain.shapes import NoSuchFieldError, Shape, follow
from bot.errors import ExpressionError

ALWAYS_KNOWN = frozenset({"inputs", "steps", "platform", "alarm", "incident", "run"})
RUN_FIELDS = frozenset({"id", "label", "started", "requester", "installation"})
ALARM_FIELDS = frozenset({"name", "state", "since", "reason", "dimensions", "arn"})
INCIDENT_FIELDS = frozenset({"id", "channel"})
STEP_FIELDS = frozenset({"output", "state"})

_BLIND = {
    "until": "so waiting cannot make it true",
    "expect": "so nothing the step finds can make it false",
}
_TRUTHS = frozenset({"if", "expect", "until"})
_OWN_OUTPUT = frozenset({"expect", "until", "says"})
_ASKED_FOR = frozenset({"with", "effect", "untouched"})


class Reach:
    """Know what each step of one runbook can see.

    Attributes:
        order: place of each step that runs forward.
        taken_back: the steps that each undo takes back.
        asked: names of the inputs that something has referred to so far.
    """

    def __init__(self, runbook: Runbook, catalogue: Catalogue, platform: frozenset[str]) -> None:
        self.runbook = runbook
        self.catalogue = catalogue
        self.platform = platform
        self.steps = {step.id: step for step in runbook.steps}
        self.order = {step.id: place for place, step in enumerate(runbook.forward)}
        self.taken_back: dict[str, list[Step]] = {}
        for step in runbook.steps:
            if step.undo is not None:
                self.taken_back.setdefault(step.undo, []).append(step)
        self.inputs = {parameter.name: parameter for parameter in runbook.parameters}
        self.asked: set[str] = set()

    def action(self, step: Step) -> Action | None:
        """Return the action the step uses, if the catalogue has it."""
        return self.catalogue.actions.get(step.uses) if step.uses else None

    def no_such_step(self, name: str) -> str:
        """Return the words for a step nobody wrote."""
        return f"There is no step `{name}`.{near(name, self.steps)}"

    def of_step(self, step: Step, field: str, expression: Expression) -> Iterator[Finding]:
        """Yield what is wrong with an expression in a field of a step (`with`, `expect`, ...)."""
        roots = ALWAYS_KNOWN | {"output"} if field in _OWN_OUTPUT else ALWAYS_KNOWN
        if field == "with" and self._goes_over_a_list(step):
            roots |= {"item"}
        for path in sorted(expression.references | expression.facts.guarded):
            yield from self._reference(step, field, path, roots)
        for path, kind in sorted(expression.facts.compared):
            yield from self._compared(step, path, kind)
        yield from self._absorbed(step, expression)
        yield from _emptiness(expression)
        if field in _TRUTHS:
            yield from self._truth(step, expression)
        if field == "for_each":
            yield from self._list(step, expression)
        if field in _BLIND and not any(path[0] == "output" for path in expression.references):
            yield Finding(f"`{field}` never looks at `output`, {_BLIND[field]}: `{expression.text}`.", Severity.WARNING)

    def _goes_over_a_list(self, step: Step) -> bool:
        """Return whether it has a list of its own, or takes back what was done for each of one."""
        taken_back = self.taken_back.get(step.id, [])
        return step.for_each is not None or (bool(taken_back) and all(one.for_each is not None for one in taken_back))

    def of_head(self, path: Path, *, steps_known: Collection[str]) -> Iterator[Finding]:
        """Yield what is wrong with a path in an expression of the front matter."""
        root = path[0]
        if root not in ALWAYS_KNOWN:
            yield Finding(_no_root(root, ALWAYS_KNOWN))
        elif root == "inputs" and len(path) > 1:
            yield from self._input(None, path[1])
        elif root != "steps" or len(path) < 2:
            yield from self._plain(path)
        elif path[1] not in self.steps:
            yield Finding(self.no_such_step(path[1]))
        elif path[1] not in steps_known:
            yield Finding(f"Step `{path[1]}` has not run when this is asked; set `asked_by:` to a later step.")
        else:
            yield from self._result(self.steps[path[1]], path)

    def _reference(self, step: Step, field: str, path: Path, roots: frozenset[str]) -> Iterator[Finding]:
        root = path[0]
        if root not in roots:
            yield Finding(_no_root(root, roots))
        elif root == "output":
            yield from self._output(step, path[1:], "output")
        elif root == "steps" and len(path) > 1:
            yield from self._other_step(step, field, path)
        elif root == "inputs" and len(path) > 1:
            yield from self._input(step, path[1])
        else:
            yield from self._plain(path)

    def _plain(self, path: Path) -> Iterator[Finding]:
        fields = {"platform": self.platform, "run": RUN_FIELDS, "alarm": ALARM_FIELDS, "incident": INCIDENT_FIELDS}
        known = fields.get(path[0])
        if known is None or len(path) < 2 or path[1] in known:
            return
        remedy = " Add it to the platform section of bot.toml." if path[0] == "platform" else ""
        hint = near(path[1], known) or remedy or f" There are {', '.join(sorted(known))}."
        yield Finding(f"There is no {path[0]}.{path[1]}.{hint}")

    def _input(self, step: Step | None, name: str) -> Iterator[Finding]:
        self.asked.add(name)
        parameter = self.inputs.get(name)
        if parameter is None:
            hint = near(name, self.inputs) or " Declare it under `parameters:`."
            yield Finding(f"There is no input `{name}`.{hint}")
            return
        asked = self.order.get(parameter.asked_by or "", 0)
        if step is not None and self.order.get(step.id, len(self.order)) < asked:
            words = f"The input `{name}` is asked by step `{parameter.asked_by}`, after this one; name an earlier step."
            yield Finding(words)

    def _other_step(self, step: Step, field: str, path: Path) -> Iterator[Finding]:
        other = self.steps.get(path[1])
        if other is None:
            yield Finding(self.no_such_step(path[1]))
            return
        if other.id == step.id:
            yield Finding(f"Step `{step.id}` cannot ask for its own result here; in `expect` it is `output`.")
            return
        if not self._before(other, step):
            yield Finding(f"Step `{other.id}` runs after `{step.id}`, so its result is not known; move one of them.")
        lead = self.steps.get(step.approved_with or "")
        if lead is not None and field in _ASKED_FOR and not self._before(other, lead):
            words = f"Step `{step.id}` is approved with `{lead.id}`, before `{other.id}` has run; use what is known."
            yield Finding(words)
        yield from self._result(other, path)

    def _result(self, other: Step, path: Path) -> Iterator[Finding]:
        if len(path) < 3:
            return
        if path[2] not in STEP_FIELDS:
            yield Finding(f"There is no steps.{other.id}.{path[2]}; a step has `output` and `state`.")
        elif path[2] == "output" and other.uses is None:
            yield Finding(f"Step `{other.id}` is done by hand and has no output; ask for `steps.{other.id}.state`.")
        elif path[2] == "output":
            yield from self._output(other, path[3:], f"steps.{other.id}.output")

    def _before(self, other: Step, step: Step) -> bool:
        """Return whether the other step has run when this one is planned; an undo comes after what it takes back."""
        if other.id not in self.order:
            return False
        own = self.order.get(step.id)
        if own is not None:
            return self.order[other.id] < own
        back = [self.order[one.id] + 1 for one in self.taken_back.get(step.id, ()) if one.id in self.order]
        return self.order[other.id] < min(back, default=len(self.order))

    def _output(self, step: Step, path: Path, prefix: str) -> Iterator[Finding]:
        action = self.action(step)
        if action is None:
            return
        try:
            follow(action.returns, path)
        except NoSuchFieldError as error:
            hint = near(path[error.place], error.names)
            names = ", ".join(dict.fromkeys(error.names))
            some = f" {action.id} returns {names}." if names else " It has no fields."
            yield Finding(f"There is no {spelt((prefix, *path[: error.place + 1]))}.{hint or some}")

    def _shape(self, step: Step, path: Path) -> Shape | None:
        """Return what a path to an output leads to, if it leads to one."""
        if path[0] == "output":
            owner, rest = step, path[1:]
        elif path[0] == "steps" and len(path) > 2 and path[1] in self.steps and path[2] == "output":
            owner, rest = self.steps[path[1]], path[3:]
        else:
            return None
        action = self.action(owner)
        try:
            return follow(action.returns, rest) if action else None
        except NoSuchFieldError:
            return None

    def _compared(self, step: Step, path: Path, kind: str) -> Iterator[Finding]:
        shape = self._shape(step, path)
        if shape is not None and shape.kinds and kind not in shape.kinds:
            there = "/".join(sorted(shape.kinds))
            yield Finding(f"{spelt(path)} is a {there}, held against a {kind}: never equal. Write a {there} here.")

    def _absorbed(self, step: Step, expression: Expression) -> Iterator[Finding]:
        absorbing = absorbs_errors(expression.text)
        guards = _guards(step.when) if absorbing else frozenset()
        for path in sorted(absorbing):
            if any(path[: len(guard)] == guard for guard in guards):
                continue
            shape = self._shape(step, path)
            skipped = path[0] == "steps" and len(path) > 1 and self._skippable(path[1])
            missing = path in expression.facts.either and shape is not None and (shape.optional or shape.open)
            if skipped or missing:
                guard = f"has(steps.{path[1]})" if skipped else f"has({spelt(path)})"
                words = f"{spelt(path)} may be missing, and `||` or `&&` would hide that; ask {guard} first."
                yield Finding(words, Severity.WARNING)

    def _skippable(self, name: str) -> bool:
        return name in self.steps and self.steps[name].when is not None

    def _truth(self, step: Step, expression: Expression) -> Iterator[Finding]:
        for path in expression.references:
            shape = self._shape(step, path) if spelt(path) == expression.text.strip() else None
            if shape is not None and (shape.listed or (shape.kinds and "truth" not in shape.kinds)):
                what = "list" if shape.listed else "/".join(sorted(shape.kinds))
                yield Finding(f"`{expression.text}` is a {what}, never true; hold it against what it should be.")

    def _list(self, step: Step, expression: Expression) -> Iterator[Finding]:
        shapes = [self._shape(step, path) for path in expression.references if spelt(path) == expression.text]
        if any(shape is not None and shape.listed is False for shape in shapes):
            yield Finding(f"`for_each` needs a list; `{expression.text}` is none.")


def near(name: str, names: Iterable[str]) -> str:
    """Return the question whether another name was meant, or nothing."""
    found = get_close_matches(name, list(names), n=1)
    return f" Did you mean `{found[0]}`?" if found else ""


def spelt(path: Path) -> str:
    """Return a path as an author writes it."""
    return ".".join(path).replace(f".{ELEMENT}", "[0]")


def _guards(when: str | None) -> frozenset[Path]:
    if when is None:
        return frozenset()
    try:
        return compile_expression(when).facts.guarded
    except ExpressionError:
        return frozenset()


def _emptiness(expression: Expression) -> Iterator[Finding]:
    for path in expression.facts.every:
        if path is None or path not in expression.facts.sized:
            what = spelt(path) if path else "the list"
            yield Finding(f"all() is true of an empty list; also ask size({what}) > 0.", Severity.WARNING)


def _no_root(root: str, roots: Collection[str]) -> str:
    extra = {
        "output": " `output` is known in `expect`, `until` and `says`.",
        "item": " `item` is known in `with`, where the step has `for_each` or takes back one that has.",
    }.get(root, "")
    return f"Nothing is called `{root}` here; there are {', '.join(sorted(roots))}.{near(root, roots)}{extra}"
