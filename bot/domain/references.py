"""What an expression refers to, found without evaluating it.

A reader of CEL's grammar that keeps no tree: it walks the tokens once and notes what `check` and planning ask for.
It is stricter than CEL on purpose (ASCII, no comments, no bytes, only functions we know), so that what it cannot
read cannot be evaluated either. Evaluating is `expression`'s work.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, NoReturn

from bot.errors import ExpressionError

MOST_CHARACTERS = 500
MOST_NESTED = 2
MOST_BRACKETS = 20

Path = tuple[str, ...]
Kind = Literal["text", "number", "truth"]

ELEMENT = "[]"
"""Stands in a path for any element of a list."""

COMPREHENSIONS = frozenset({"all", "exists", "exists_one", "filter", "map"})
BUILDING = frozenset({"filter", "map"})
FUNCTIONS = frozenset({"size", "string", "int", "double", "timestamp", "duration", "has"})
METHODS = frozenset({
    *COMPREHENSIONS, "size", "contains", "startsWith", "endsWith", "matches", "getFullYear", "getMonth",
    "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds",
})  # fmt: skip

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<text>[rR](?:'[^'\n]*'|\"[^\"\n]*\")|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:,.()\[\]{}])",
    re.ASCII,
)
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_LITERALS = frozenset({"true", "false", "null"})


class ExpressionSyntaxError(ExpressionError):
    """Say where in its own text an expression cannot be read; both numbers start at 1."""

    def __init__(self, words: str, *, line: int, column: int) -> None:
        super().__init__(words)
        self.line = line
        self.column = column


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Hold what an expression refers to.

    Attributes:
        paths: every dotted path it looks at, e.g. ("steps", "breaker", "output", "body", "state").
        guarded: paths that `has()` asks about.
        either: paths inside an operand of `||`, where an error can vanish into true.
        both: paths inside an operand of `&&`, where an error can vanish into false.
        every: receivers of `all()`; None for one that is no plain path.
        sized: paths whose `size()` is asked.
        compared: paths compared with a literal, and the literal's kind.
        asked: paths held against a plain text by `==`, `!=` or `in [...]`: the path, the sign, the text.
        nested: how deep comprehensions stand in each other.
        builds: how deep the deepest stands that builds a list, `map()` or `filter()`; 0 where none does.
    """

    paths: frozenset[Path]
    guarded: frozenset[Path]
    either: frozenset[Path]
    both: frozenset[Path]
    every: frozenset[Path | None]
    sized: frozenset[Path]
    compared: frozenset[tuple[Path, Kind]]
    asked: frozenset[tuple[Path, str, str]]
    nested: int
    builds: int


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class _Operand:
    """What a part of an expression is: a path, a literal of some kind, or neither; and the plain texts it holds."""

    path: Path | None = None
    kind: Kind | None = None
    bare: bool = False
    texts: frozenset[str] = frozenset()


def facts(text: str) -> Facts:
    """Return what the expression refers to.

    Raises:
        ExpressionSyntaxError: it is too long, nested too deep, or not in the language; says where.
    """
    if len(text) > MOST_CHARACTERS:
        words = f"The expression has {len(text)} characters; at most {MOST_CHARACTERS} are evaluated: split the step."
        raise ExpressionSyntaxError(words, line=1, column=1)
    return _Walk(text).run()


def end_of_expression(text: str, start: int) -> int | None:
    """Return the position of the `}` that closes the expression which begins at `start`, or None.

    Braces and strings of the expression itself are stepped over.
    """
    depth, position = 0, start
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            return None
        if found["sign"] == "{":
            depth += 1
        elif found["sign"] == "}":
            if depth == 0:
                return position
            depth -= 1
        position = found.end()
    return None


def where(text: str, position: int) -> tuple[int, int]:
    """Return line and column of a position, both from 1."""
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            _refuse(text, position, _unreadable(text, position))
        if found.lastgroup != "space":
            yield _Token(found.lastgroup or "", found[0], position)
        position = found.end()
    yield _Token("end", "", position)


def _unreadable(text: str, position: int) -> str:
    character = text[position]
    if character in "'\"":
        return "this text is not closed; put the same quote at its end"
    if not character.isascii():
        return f"{character!a} is not ASCII; write it in a text as \\uXXXX, or use a plain letter"
    return f"{character!a} has no meaning here"


def _refuse(text: str, position: int, words: str) -> NoReturn:
    line, column = where(text, position)
    raise ExpressionSyntaxError(
        f"In `{ascii(text)[1:-1]}` (line {line}, column {column}): {words}.", line=line, column=column
    )


@dataclass
class _Walk:
    """Descend the grammar once; each method reads one level and returns what it read."""

    text: str
    place: int = 0
    brackets: int = 0
    depth: int = 0
    nested: int = 0
    builds: int = 0
    seen: list[Path] = field(default_factory=list)
    guarded: set[Path] = field(default_factory=set)
    either: set[Path] = field(default_factory=set)
    both: set[Path] = field(default_factory=set)
    every: set[Path | None] = field(default_factory=set)
    sized: set[Path] = field(default_factory=set)
    compared: set[tuple[Path, Kind]] = field(default_factory=set)
    held: set[tuple[Path, str, str]] = field(default_factory=set)
    bound: dict[str, Path | None] = field(default_factory=dict)

    def run(self) -> Facts:
        self.tokens = list(_tokens(self.text))
        self.ternary()
        if self.now.kind != "end":
            self.refuse(f"`{self.now.text}` is not expected here")
        return Facts(
            paths=frozenset(self.seen),
            guarded=frozenset(self.guarded),
            either=frozenset(self.either),
            both=frozenset(self.both),
            every=frozenset(self.every),
            sized=frozenset(self.sized),
            compared=frozenset(self.compared),
            asked=frozenset(self.held),
            nested=self.nested,
            builds=self.builds,
        )

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def refuse(self, words: str) -> NoReturn:
        _refuse(self.text, self.now.start, words)

    def take(self, *signs: str) -> str | None:
        token = self.tokens[self.place]
        if token.text in signs and token.kind in {"sign", "name"}:
            self.place += 1
            return token.text
        return None

    def need(self, sign: str) -> None:
        if not self.take(sign):
            self.refuse(f"`{sign}` is expected here")

    def name(self) -> str:
        token = self.now
        if token.kind != "name" or token.text in _LITERALS | {"in"}:
            self.refuse("a name is expected here")
        self.place += 1
        return token.text

    def ternary(self) -> _Operand:
        operand = self.either_of()
        if not self.take("?"):
            return operand
        self.either_of()
        self.need(":")
        self.ternary()
        return _Operand()

    def either_of(self) -> _Operand:
        start, operand, several = len(self.seen), self.both_of(), False
        while self.take("||"):
            several = True
            self.both_of()
        if several:
            self.either.update(self.seen[start:])
        return _Operand() if several else operand

    def both_of(self) -> _Operand:
        start, operand, several = len(self.seen), self.relation(), False
        while self.take("&&"):
            several = True
            self.relation()
        if several:
            self.both.update(self.seen[start:])
        return _Operand() if several else operand

    def relation(self) -> _Operand:
        operand = self.sum()
        while sign := self.take(*_RELATIONS):
            other = self.sum()
            self.hold(operand, sign, other)
            if sign != "in":
                self.compare(operand, other)
            operand = _Operand()
        return operand

    def compare(self, left: _Operand, right: _Operand) -> None:
        for path, kind in ((left.path, right.kind), (right.path, left.kind)):
            if path is not None and kind is not None:
                self.compared.add((path, kind))

    def hold(self, left: _Operand, sign: str, right: _Operand) -> None:
        if sign not in {"==", "!=", "in"}:
            return
        for path, other in ((left.path, right), (right.path if sign != "in" else None, left)):
            if path is not None and (sign == "in" or other.kind == "text"):
                self.held.update((path, sign, text) for text in other.texts)

    def sum(self) -> _Operand:
        operand = self.product()
        while self.take("+", "-"):
            self.product()
            operand = _Operand()
        return operand

    def product(self) -> _Operand:
        operand = self.unary()
        while self.take("*", "/", "%"):
            self.unary()
            operand = _Operand()
        return operand

    def unary(self) -> _Operand:
        negated = False
        while self.take("!", "-"):
            negated = True
        operand = self.member()
        return _Operand(kind=operand.kind) if negated else operand

    def member(self) -> _Operand:
        operand = self.primary()
        while True:
            if self.take("."):
                name = self.name()
                operand = self.method(operand, name) if self.take("(") else self.field(operand, name)
            elif self.take("["):
                operand = self.index(operand)
            else:
                return self.noted(operand)

    def noted(self, operand: _Operand) -> _Operand:
        if operand.path is not None and operand.bare:
            self.seen.append(operand.path)
        return operand

    def field(self, operand: _Operand, name: str) -> _Operand:
        return operand if operand.path is None else _Operand(path=(*operand.path, name), bare=operand.bare)

    def index(self, operand: _Operand) -> _Operand:
        token = self.now
        with_brackets = self.inside()
        self.ternary()
        self.need("]")
        self.brackets = with_brackets
        if operand.path is None:
            return operand
        if token.kind == "number":
            return _Operand(path=(*operand.path, ELEMENT), bare=operand.bare)
        plain = re.fullmatch(r"['\"]([A-Za-z0-9_-]+)['\"]", token.text) if token.kind == "text" else None
        if plain and self.tokens[self.place - 2] is token:
            return _Operand(path=(*operand.path, plain[1]), bare=operand.bare)
        self.noted(operand)
        return _Operand()

    def method(self, operand: _Operand, name: str) -> _Operand:
        if name not in METHODS:
            self.refuse(f"there is no function {name}(); there are {', '.join(sorted(METHODS))}")
        self.noted(operand)
        if name in COMPREHENSIONS:
            return self.comprehension(operand, name)
        if name == "size" and operand.path is not None:
            self.sized.add(operand.path)
        self.arguments()
        return _Operand()

    def comprehension(self, operand: _Operand, name: str) -> _Operand:
        if name == "all":
            self.every.add(operand.path)
        variable = self.name()
        self.need(",")
        outer = dict(self.bound)
        self.bound[variable] = None if operand.path is None else (*operand.path, ELEMENT)
        self.depth += 1
        self.nested = max(self.nested, self.depth)
        if name in BUILDING:
            self.builds = max(self.builds, self.depth)
        if self.depth > MOST_NESTED:
            self.refuse(f"at most {MOST_NESTED} of {', '.join(sorted(COMPREHENSIONS))} may stand in each other")
        self.arguments()
        self.depth -= 1
        self.bound = outer
        return _Operand(path=operand.path) if name == "filter" else _Operand()

    def arguments(self) -> list[_Operand]:
        outer, found = self.inside(), []
        if not self.take(")"):
            found.append(self.ternary())
            while self.take(","):
                found.append(self.ternary())
            self.need(")")
        self.brackets = outer
        return found

    def inside(self) -> int:
        outer = self.brackets
        self.brackets += 1
        if self.brackets > MOST_BRACKETS:
            self.refuse(f"brackets are nested deeper than {MOST_BRACKETS}")
        return outer

    def primary(self) -> _Operand:
        token = self.now
        if token.kind in {"number", "text"}:
            self.place += 1
            plain = re.fullmatch(r"'([^'\\]*)'|\"([^\"\\]*)\"", token.text) if token.kind == "text" else None
            texts = frozenset({plain[1] if plain[1] is not None else plain[2]}) if plain else frozenset()
            return _Operand(kind="number" if token.kind == "number" else "text", texts=texts)
        if self.take("("):
            outer = self.inside()
            operand = self.ternary()
            self.need(")")
            self.brackets = outer
            return _Operand(path=operand.path, kind=operand.kind, texts=operand.texts)
        if self.take("["):
            return self.items("]", pairs=False)
        if self.take("{"):
            return self.items("}", pairs=True)
        if literal := self.take(*_LITERALS):
            return _Operand(kind=None if literal == "null" else "truth")
        return self.named()

    def items(self, end: str, *, pairs: bool) -> _Operand:
        outer = self.inside()
        texts: set[str] = set()
        while not self.take(end):
            texts |= self.ternary().texts
            if pairs:
                self.need(":")
                self.ternary()
            if not self.take(","):
                self.need(end)
                break
        self.brackets = outer
        return _Operand(texts=frozenset(texts))

    def named(self) -> _Operand:
        name = self.name()
        if not self.take("("):
            if name in self.bound:
                path = self.bound[name]
                return _Operand(path=path, bare=path is not None)
            return _Operand(path=(name,), bare=True)
        if name not in FUNCTIONS:
            self.refuse(f"there is no function {name}(); there are {', '.join(sorted(FUNCTIONS))}")
        return self.asked() if name == "has" else self.called(name)

    def asked(self) -> _Operand:
        start = len(self.seen)
        operands = self.arguments()
        del self.seen[start:]
        if len(operands) != 1 or operands[0].path is None or len(operands[0].path) < 2:
            self.refuse("has() asks for one field, such as has(output.state)")
        self.guarded.add(operands[0].path)
        return _Operand()

    def called(self, name: str) -> _Operand:
        operands = self.arguments()
        if name == "size" and operands and operands[0].path is not None:
            self.sized.add(operands[0].path)
        return _Operand()
