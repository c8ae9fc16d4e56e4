"""The kinds of rules of which the Block Kit tables are made. Pure; knows no block by name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

ErrorCode = Literal[
    "invalid_blocks",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "missing_text_in_message",
    "invalid_metadata_format",
]


@dataclass(frozen=True)
class Problem:
    """Say what Slack would not take and where (a JSON pointer)."""

    pointer: str
    words: str
    error: ErrorCode = "invalid_blocks"

    @property
    def line(self) -> str:
        """Return it as Slack writes it into `response_metadata.messages`."""
        return f"[ERROR] {self.words} [json-pointer:{self.pointer}]"


class Rule(Protocol):
    """Check one value at one place."""

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""


@dataclass(frozen=True)
class Words:
    """Want a string of a length, perhaps one of a few or of a form."""

    most: int
    least: int = 1
    only: tuple[str, ...] = ()
    form: str = ""

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""
        if not isinstance(value, str):
            yield Problem(at, "must be a string")
        elif len(value) < self.least:
            yield Problem(at, f"must be more than {self.least - 1} characters")
        elif len(value) > self.most:
            yield Problem(at, f"must be less than {self.most + 1} characters")
        elif self.only and value not in self.only:
            yield Problem(at, f"must be a valid enum value: {', '.join(self.only)}")
        elif self.form and not re.fullmatch(self.form, value):
            yield Problem(at, f"must match {self.form}")


@dataclass(frozen=True)
class Flag:
    """Want true or false."""

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""
        if not isinstance(value, bool):
            yield Problem(at, "must be a boolean")


@dataclass(frozen=True)
class Whole:
    """Want an integer within bounds."""

    least: int
    most: int

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem(at, "must be an integer")
        elif not self.least <= value <= self.most:
            yield Problem(at, f"must be between {self.least} and {self.most}")


@dataclass(frozen=True)
class Several:
    """Want a list of so many, each of one kind."""

    each: Rule
    most: int
    least: int = 1

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""
        if not isinstance(value, list):
            yield Problem(at, "must be an array")
            return
        if len(value) < self.least:
            yield Problem(at, f"must be more than {self.least - 1} items")
        if len(value) > self.most:
            yield Problem(at, f"no more than {self.most} items allowed [{len(value)}]")
        for index, item in enumerate(value):
            yield from self.each.check(item, f"{at}/{index}")


@dataclass(frozen=True)
class Shape:
    """Want an object with these fields and no others; `one_of` are groups of which exactly one is due."""

    fields: Mapping[str, Rule]
    needs: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""
        if not isinstance(value, dict):
            yield Problem(at, "must be an object")
            return
        for name in self.needs:
            if value.get(name) is None:
                yield Problem(at, f"missing required field: {name}")
        for group in self.one_of:
            if sum(value.get(name) is not None for name in group) != 1:
                yield Problem(at, f"exactly one of these fields is required: {', '.join(group)}")
        for group in self.any_of:
            if all(value.get(name) is None for name in group):
                yield Problem(at, f"at least one of these fields is required: {', '.join(group)}")
        for name, given in value.items():
            rule = self.fields.get(name)
            if rule is None:
                yield Problem(f"{at}/{name}", f"invalid additional property: {name}")
            elif given is not None:
                yield from rule.check(given, f"{at}/{name}")


@dataclass(frozen=True)
class ByType:
    """Want an object whose `type` is one of these; the rest of it by the type's own shape."""

    shapes: Mapping[str, Shape]

    def check(self, value: object, at: str) -> Iterator[Problem]:
        """Yield every problem of the value."""
        if not isinstance(value, dict):
            yield Problem(at, "must be an object")
            return
        kind = value.get("type")
        if kind is None:
            yield Problem(at, "missing required field: type")
            return
        shape = self.shapes.get(kind) if isinstance(kind, str) else None
        if shape is None:
            yield Problem(f"{at}/type", f"unsupported type: {kind}")
            return
        yield from shape.check({name: given for name, given in value.items() if name != "type"}, at)


def text(most: int, *, least: int = 1) -> ByType:
    """Want a plain_text object."""
    return ByType({"plain_text": Shape({"text": Words(most, least), "emoji": Flag()}, needs=("text",))})


def any_text(most: int) -> ByType:
    """Want a plain_text or mrkdwn object."""
    mrkdwn = Shape({"text": Words(most), "verbatim": Flag()}, needs=("text",))
    return ByType({**text(most).shapes, "mrkdwn": mrkdwn})
