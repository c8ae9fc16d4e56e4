"""Let an action name its calls without AWS: what it looks at answers with stand-ins, and nothing is sent.

What an action does with an answer it cannot use is its own affair: then its rows are all that can be said.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from bot.authoring.symbols import Symbols
from bot.domain.action import (
    Action,
    Allowed,
    Call,
    Catalogue,
    Fixed,
    Named,
    Occasion,
    Platform,
    Proposal,
    Query,
    Row,
    bind_known,
)
from bot.domain.denies import denied
from bot.domain.expression import compile_expression
from bot.domain.reached import spelt
from bot.domain.references import end_of_expression
from bot.domain.runbook import Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, ExpressionError, InvalidError, RequestError

RUN = 990_000_001
MOST_LOOKS = 12
_GUESSES = ("", "RUNNING", "ENABLED", "DISABLED", "FAILED", "SUCCEEDED", "OPEN")
_TIMES = frozenset({"since", "until", "from", "to", "start", "end", "before", "after"})


@dataclass(frozen=True)
class Rehearsed:
    """Hold the calls an action makes, those that look first.

    Attributes:
        documents: what was read, by the place of the look that read it.
        unused: parameters of the step that no call carries, because the action itself looks for them in the answers.
    """

    looks: tuple[Call, ...]
    proposal: Proposal | None
    documents: Mapping[int, JsonObject]
    unused: tuple[tuple[str, str], ...] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """Return the calls that change something."""
        return self.proposal.calls if self.proposal else ()


@dataclass
class Rehearsal:
    """Perform steps on stand-ins, on one platform.

    Attributes:
        unnamed: the platform's names are made up, so a statement that names tables cannot be judged.
    """

    catalogue: Catalogue
    platform: Platform
    symbols: Symbols
    steps: Mapping[str, Step]
    titles: Mapping[str, str] = field(default_factory=dict)
    unnamed: bool = False

    def refusal(self, step: Step, action: Action) -> str | None:
        """Return why what the file says of a step's calls is refused whatever a run finds, or None."""
        found: str | None = None
        for guess in _GUESSES:
            look = _Judging(self, step.id, guess)
            try:
                done = self._through(look, step, action)
            except InvalidError as error:
                if not look.calls:  # no answer had a part in it
                    return look.refused or self._own_refusal(step, error)
                found = found or look.refused
                continue
            if done.calls or action.read is not None:
                return None
        return found

    def _own_refusal(self, step: Step, error: InvalidError) -> str | None:
        """Return the action's own words, where they rest on what the file says and on nothing else."""
        said = error.__cause__
        if not isinstance(said, RequestError) or isinstance(said, ExpressionError):
            return None
        given = [self._filled(step, name, value, {}) for name, value in step.with_.items()]
        return None if self.symbols.stands_in(given) else said.words

    def perform(self, step: Step, action: Action) -> Rehearsed:
        """Return the calls of one step, from a state in which it has something to do.

        Raises:
            InvalidError: the action cannot go on with stand-ins.
        """
        for guess in _GUESSES:
            done = self._performed(step, action, guess)
            if done.calls or action.read is not None:
                return done
        raise InvalidError(f"{action.id} finds nothing to do in any state that can be guessed.")

    def _performed(self, step: Step, action: Action, guess: str) -> Rehearsed:
        return self._through(_Answering(self, step.id, guess), step, action)

    def _through(self, look: "_Answering", step: Step, action: Action) -> Rehearsed:
        occasion = Occasion(installation="sheet", run=RUN, step=step.id)
        self.symbols.means(f"R-{RUN}", "RUN", "who does this, as R- and a number, e.g. of the ticket")
        token = "12 hex digits of your own, the same at every try: openssl rand -hex 6"  # noqa: S105 - words, no secret
        self.symbols.means(occasion.token(), f"{step.id} TOKEN", token)
        try:
            given, params = self._params(step, action)
            hours = getattr(params, "hours", None)
            now = self.symbols.now(hours=(hours,) if isinstance(hours, int) else ())
            if action.read is not None:
                action.read(look, params, now)
                return Rehearsed(tuple(look.calls), None, look.documents, _unused(given, look.calls))
            proposal = action.propose(look, params, occasion) if action.propose is not None else None
        except (BotError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise InvalidError(f"{action.id} needs real values: {error}") from error
        return Rehearsed(tuple(look.calls), proposal, look.documents)

    def said(self, step: Step, place: str, text: str | None) -> str:
        """Return words of the runbook with stand-ins for what is not known."""
        return str(self._text(step, place, text, "")) if text else ""

    def _params(self, step: Step, action: Action) -> tuple[JsonObject, object]:
        wanted: dict[str, str] = {}
        given = {name: self._filled(step, name, value, wanted) for name, value in step.with_.items()}
        try:
            return given, action.params.model_validate(given)
        except ValidationError as error:
            for found in error.errors(include_url=False):
                wanted[".".join(str(part) for part in found["loc"])] = found["type"]
        given = {name: self._filled(step, name, value, wanted) for name, value in step.with_.items()}
        return given, action.params.model_validate(given)

    def _filled(self, step: Step, place: str, value: JsonValue, wanted: Mapping[str, str]) -> JsonValue:
        match value:
            case dict():
                return {key: self._filled(step, f"{place}.{key}", item, wanted) for key, item in value.items()}
            case list():
                return [self._filled(step, f"{place}.{i}", item, wanted) for i, item in enumerate(value)]
            case str():
                return self._text(step, place, value, wanted.get(place, ""))
            case _:
                return value

    def _text(self, step: Step, place: str, text: str, wanted: str) -> JsonValue:
        parts = list(_parts(text))
        values = [self._value(step, place, part, wanted) if is_one else part for is_one, part in parts]
        return values[0] if len(values) == 1 else "".join(str(value) for value in values)

    def _value(self, step: Step, place: str, text: str, wanted: str) -> JsonValue:
        expression = compile_expression(text)
        roots = {path[0] for path in expression.references | expression.facts.guarded}
        if roots <= {"platform"}:
            return expression.value({"platform": platform_scope(self.platform)})
        whole = next((".".join(path) for path in expression.references if ".".join(path) == text), "")
        name, meaning = self._named(step, place, text, whole)
        if place.rpartition(".")[2] in _TIMES:
            return self.symbols.time(name, meaning)
        if wanted.startswith(("int", "float")):
            return self.symbols.number(name, meaning)
        return self.symbols.text(name, meaning)

    def _named(self, step: Step, place: str, text: str, path: str) -> tuple[str, str]:
        head, _, rest = path.partition(".")
        match head:
            case "inputs":
                return rest, f"the input “{self.titles.get(rest, rest)}”"
            case "item":
                return path, f"{rest or 'the value'} of each element of {step.for_each}"
            case "run" if rest == "label":
                return "run", "who does this, as R- and a number, e.g. of the ticket"
            case "steps":
                other, _, output = rest.partition(".output.")
                number = self.steps[other].number if other in self.steps else other
                return f"{other}.{output}", f"{output} as step {number} ({other}) found it"
            case _:
                return f"{step.id}.{place}", f"what this yields: {' '.join(text.split())}"


def _unused(given: JsonObject, calls: Sequence[Call]) -> tuple[tuple[str, str], ...]:
    carried = json.dumps([call.params for call in calls])
    texts = [(name, json.loads(value)) for name, value in spelt(given) if name not in _TIMES]
    return tuple((name, text) for name, text in texts if isinstance(text, str) and text not in carried)


def platform_scope(platform: Platform) -> JsonObject:
    """Return the platform as expressions see it."""
    named: JsonObject = {
        key: list(value) if isinstance(value, tuple) else value for key, value in platform.resources.items()
    }
    return {"name": platform.name, "account": platform.account, "region": platform.region, **named}


class _Answering:
    """Answer each look with stand-ins for what its row keeps, and remember the call."""

    def __init__(self, rehearsal: Rehearsal, step: str, guess: str) -> None:
        self._rehearsal = rehearsal
        self._guess = guess
        self._step = step
        self.calls: list[Call] = []
        self.documents: dict[int, JsonObject] = {}

    def __call__(self, row: str, /, **params: JsonValue) -> JsonObject:
        """Return an answer that has everything."""
        if len(self.calls) >= MOST_LOOKS:
            raise InvalidError("it looks again and again")
        self.calls.append(self.call(row, **params))
        answer = self._answer(self._rehearsal.catalogue.row(row))
        body = answer.get("Body")
        if isinstance(body, dict):
            self.documents[len(self.calls) - 1] = body
        return answer

    def call(self, row: str, /, **params: JsonValue) -> Call:
        """Return the call with what the row fills in; a stand-in is admitted anywhere."""
        entry, platform = self._rehearsal.catalogue.row(row), self._rehearsal.platform
        whole: JsonObject = {}
        for name, allowed in entry.allows.items():
            if isinstance(allowed, Fixed):
                whole[name] = allowed.filled(platform)
        for name, value in params.items():
            allowed_here = entry.allows.get(name)
            whole[name] = _in_full(allowed_here, value, platform) if isinstance(allowed_here, Named) else value
        return Call(row=row, params=whole, resource=entry.resource)

    def _answer(self, row: Row) -> JsonObject:
        answer: JsonObject = {"found": True, "Unlisted": 0}
        for path, kind in row.keep.items():
            if not (kind.endswith("?") and path.casefold().startswith("next")):  # there is no other page
                _put(answer, path, self._kept(path, kind.rstrip("?")))
        return answer

    def _kept(self, path: str, kind: str) -> JsonValue:
        field_name = path.replace("[]", "")
        if self._guess and field_name.rpartition(".")[2].casefold() in {"state", "status"}:
            return self._guess
        name, meaning = f"{self._step} SEEN {field_name}", f"{field_name} of an answer above, to step `{self._step}`"
        match kind:
            case "number":
                return self._rehearsal.symbols.number(name, meaning)
            case "time":
                return self._rehearsal.symbols.time(name, meaning)
            case "truth":
                return False
            case "map":
                return {}
            case _:
                return self._rehearsal.symbols.text(name, meaning)


class _Judging(_Answering):
    """Refuse, as the gate would, what is known of a call and not admitted; keep the words."""

    refused: str | None = None

    def call(self, row: str, /, **params: JsonValue) -> Call:
        """Return the call, unless its row or a deny refuses it whatever its stand-ins turn out to be.

        Raises:
            InvalidError: it does.
        """
        entry, platform = self._rehearsal.catalogue.row(row), self._rehearsal.platform
        try:
            call = bind_known(entry, params, platform, is_open=self._open)
        except InvalidError as error:
            self.refused = error.words
            raise
        if refusal := denied(entry, call.params, platform):
            self.refused = f"{row} is never done so: {refusal}"
            raise InvalidError(self.refused)
        return call

    def _open(self, allowed: Allowed, value: JsonValue) -> bool:
        return self._rehearsal.symbols.stands_in(value) or (self._rehearsal.unnamed and isinstance(allowed, Query))


def _in_full(allowed: Named, value: JsonValue, platform: Platform) -> JsonValue:
    prefix = Fixed(value=allowed.prefix).filled(platform)
    return prefix + value if isinstance(value, str) and not value.startswith(prefix) else value


def _put(answer: JsonObject, path: str, value: JsonValue) -> None:
    """Put a value where a dotted path says; every list has one element."""
    head, _, rest = path.partition(".")
    name, listed = head.removesuffix("[]"), head.endswith("[]")
    if not rest:
        answer[name] = [value] if listed else value
        return
    inner = answer.setdefault(name, [{}] if listed else {})
    target = inner[0] if isinstance(inner, list) else inner
    if isinstance(target, dict):
        _put(target, rest, value)


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a template: whether each is an expression, and its text."""
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = end_of_expression(text, start + 2)
        if end is None:
            raise InvalidError("an expression is not closed")
        if start > position:
            yield False, text[position:start]
        yield True, text[start + 2 : end].strip()
        position = end + 1
    if position < len(text) or not text:
        yield False, text[position:]


def unknown_platform(catalogue_keys: frozenset[str], symbols: Symbols) -> Platform:
    """Return a platform of stand-ins, for a sheet that is made without bot.toml."""
    where = "{} of the platform section of bot.toml"
    resources = {
        key: (symbols.text(key, where.format(key)),) if key.endswith("s") else symbols.text(key, where.format(key))
        for key in sorted(catalogue_keys)
    }
    return Platform(
        name=symbols.text("environment", "what people call the environment"),
        account=symbols.text("account", where.format("account")),
        account_name=symbols.text("account_name", "what people call the account"),
        region=symbols.text("region", where.format("region")),
        resources=resources,
    )
