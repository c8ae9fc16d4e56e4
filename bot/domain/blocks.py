"""What the front matter and a step block of a runbook may hold, and the words for what does not fit."""

import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StrictBool, ValidationError

from bot.domain.policy import MOST_EVER
from bot.domain.runbook import LONGEST_LABEL, Risk, Status

LONGEST = timedelta(days=7)

_DURATION = re.compile(r"(?P<count>[1-9][0-9]{0,5}) ?(?P<unit>s|sec|min|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}


def duration(text: object) -> timedelta:
    """Return the time that `5s`, `10 min`, `1h` or `2d` stands for.

    Raises:
        ValueError: it is none of these, or longer than a week.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("write a time such as 5s, 10 min or 1h")
    span = timedelta(seconds=int(found["count"]) * _UNITS[found["unit"]])
    if span > LONGEST:
        raise ValueError("at most 7d")
    return span


def _many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Span = Annotated[timedelta, BeforeValidator(duration)]
Name = Annotated[str, Field(pattern=r"\A[a-z][a-z0-9_]{0,39}\z")]
Role = Annotated[str, Field(pattern=r"\A[a-z][a-z0-9_-]{0,39}\z")]
Words = Annotated[str, Field(min_length=1, max_length=500)]
Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]


class Block(BaseModel):
    """Refuse unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ParameterBlock(Block):
    """Hold one entry of `parameters:`."""

    title: Words | None = None
    pattern: Words | None = None
    enum: list[str] = []
    sources: Annotated[list[str], BeforeValidator(_many), Field(alias="from")] = []
    choices: str | None = None
    default: str | None = None
    required: StrictBool = True
    asked_by: Name | None = None
    labels: dict[str, Label] = {}
    only_if: dict[str, Words] = {}


class FrontMatter(Block):
    """Hold the fields between the two `---` lines."""

    id: str
    title: Words
    category: Words
    owner: Role
    status: Status
    trial_in: list[Role] = []
    proved: Words | None = None
    alarms: list[Words] = []
    can_wait: str = ""
    exclusive: Words | None = None
    parameters: dict[str, ParameterBlock] = {}


class UntilBlock(Block):
    """Hold `until:`."""

    expression: str
    every: Span
    within: Span


class StepBlock(Block):
    """Hold the fields of a fenced `yaml step` block."""

    id: Name
    uses: str | None = None
    with_: Annotated[dict[str, JsonValue], Field(alias="with")] = {}
    when: Annotated[str | None, Field(alias="if")] = None
    expect: str | None = None
    until: UntilBlock | None = None
    for_each: str | None = None
    most: Annotated[int, Field(ge=1, le=MOST_EVER, strict=True)] | None = None
    undo: Name | None = None
    no_undo: Words | None = None
    owes: Name | None = None
    approved_with: Name | None = None
    needs: list[Role] = []
    risk: Risk | None = None
    watch: Span | None = None
    lifetime: Span | None = None
    effect: Words | None = None
    untouched: Words | None = None
    says: Words | None = None


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the place and the words of everything in a document that does not fit the model."""
    for found in error.errors(include_url=False):
        place = found["loc"]
        yield place, _words(place, found["type"], found.get("ctx", {}), found["input"], model)


def _words(
    place: tuple[str | int, ...], kind: str, context: dict[str, Any], given: object, model: type[BaseModel]
) -> str:
    name = ".".join(str(part) for part in place)
    match kind:
        case "missing":
            return f"`{name}` is missing; add `{place[-1]}:`."
        case "extra_forbidden":
            return _unknown(place, model)
        case "enum":
            return f"`{name}` is {given!a}; it may be {str(context.get('expected', '')).replace(chr(39), '')}."
        case "value_error":
            return f"`{name}` is {given!a}; {context.get('error', 'it does not fit')}."
        case "string_pattern_mismatch":
            return f"`{name}` is {given!a}; write small ASCII letters, digits and `_`, a letter first, at most 40."
        case "string_too_short" | "string_too_long":
            return f"`{name}` must have 1 to {context.get('max_length', 500)} characters."
        case _:
            return _wrong_kind(name, kind, given)


def _wrong_kind(name: str, kind: str, given: object) -> str:
    wanted = {
        "string_type": "text; put it in quotes",
        "list_type": "a list, such as [platform]",
        "dict_type": "fields, one `name: value` a line",
        "model_type": "fields, one `name: value` a line",
        "bool_type": "true or false",
    }
    return f"`{name}` must be {wanted.get(kind, 'another kind of value')}; it is {_kind(given)}."


def _unknown(place: tuple[str | int, ...], model: type[BaseModel]) -> str:
    known = _fields(_model_at(place, model))
    near = get_close_matches(str(place[-1]), known, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else f"There are {', '.join(known)}."
    return f"There is no field `{place[-1]}` here. {hint}"


def _model_at(place: tuple[str | int, ...], model: type[BaseModel]) -> type[BaseModel]:
    if len(place) > 2 and place[0] == "parameters":
        return ParameterBlock
    return UntilBlock if len(place) > 1 and place[0] == "until" else model


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _kind(given: object) -> str:
    match given:
        case None:
            return "empty"
        case bool():
            return str(given).lower()
        case int() | float():
            return f"the number {given}"
        case str():
            return f"the text {given!a}"
        case list():
            return "a list"
        case _:
            return "a set of fields"
