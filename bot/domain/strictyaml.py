"""Strict YAML for runbooks: a small, unsurprising part of the language, every value with its line.

Refused: duplicate keys, anchors and aliases, tags, NaN, oversize, overdeep, words that only some readers take for
true or false. The common slips of quoting are reported with the line as it should be, and reading goes on.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError

from bot.domain.references import end_of_expression
from bot.domain.value import JsonObject, JsonValue

MOST_CHARACTERS = 65_536
MOST_DEPTH = 10
MOST_REPAIRS = 20

Place = tuple[str | int, ...]

_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_REAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|nan)", re.ASCII | re.IGNORECASE)
_DOUBTFUL = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null"})
_LONGEST_DOUBTFUL = max(len(word) for word in _DOUBTFUL)
_BEGINS_A_NUMBER = frozenset("+-.0123456789")
_FIELD = re.compile(r"(?P<lead>\s*(?:- +)*(?:[A-Za-z_][A-Za-z0-9_-]*:\s+)?)(?P<value>\S.*?)\s*")
_IN_FLOW = re.compile(r"(?<=[:,\[\s])([^\s,{}\[\]'\"]*\$\{[^{}]*\}[^\s,{}\[\]'\"]*)")


@dataclass(frozen=True)
class Slip:
    """Say what is wrong on which line, and how to mend it."""

    line: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """Hold a document with the line of every value; None where it could not be read at all."""

    value: JsonObject | None
    lines: Mapping[Place, int]
    slips: tuple[Slip, ...]

    def line(self, place: Place, default: int) -> int:
        """Return the line of the value at the place, or of the nearest one around it."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return default


def parse_yaml(text: str, *, first_line: int) -> Mapped:
    """Return the mapping the text holds; `first_line` is the number of its first line in the file."""
    if len(text) > MOST_CHARACTERS:
        words = f"This block has {len(text)} characters; at most {MOST_CHARACTERS} are read: shorten it."
        return Mapped(value=None, lines={}, slips=(Slip(first_line, words),))
    slips: list[Slip] = []
    for _ in range(MOST_REPAIRS):
        try:
            node, refused = _composed(text)
        except yaml.YAMLError as error:
            repair = _repair(text, error)
            slips.append(_slip(text, error, repair, first_line))
            if repair is None:
                break
            text = repair.text
            continue
        slips.extend(Slip(first_line + line, words) for line, words in refused)
        return _mapped(text, node, slips, first_line)
    return Mapped(value=None, lines={}, slips=tuple(slips))


def _mapped(text: str, node: yaml.Node | None, slips: list[Slip], first_line: int) -> Mapped:
    if not isinstance(node, yaml.MappingNode):
        words = "This block must hold fields, one `name: value` a line."
        return Mapped(value=None, lines={}, slips=(*slips, Slip(first_line, words)))
    reader = _Reader(text, first_line)
    value = reader.mapping(node, ())
    found = sorted({*slips, *reader.slips}, key=lambda slip: (slip.line, slip.words))
    return Mapped(value=value, lines=reader.lines, slips=tuple(found))


class _TooDeepError(yaml.MarkedYAMLError):
    """Stop composing; quoting would only hide it."""


def _composed(text: str) -> tuple[yaml.Node | None, list[tuple[int, str]]]:
    """Return the text's nodes and what is refused; read by libyaml, and where that fails once more for its words.

    Raises:
        YAMLError: it cannot be read.
    """
    if yaml.__with_libyaml__:
        fast = _FastLoader(text)
        try:
            return fast.get_single_node(), fast.refused
        except yaml.YAMLError:
            pass
        finally:
            fast.dispose()
    loader = _Loader(text)
    return loader.get_single_node(), loader.refused


class _Strict(Composer):
    """Compose nodes without anchors, aliases, tags and depth; what is refused is noted with its line.

    Nodes get no tag: what a plain word means is decided by `_Reader`, not by YAML's own rules, which are slow.
    """

    text: str
    refused: list[tuple[int, str]]
    levels: int
    named: set[str]

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - PyYAML's own
        events: Any = self  # the loader that is mixed in gives them
        return self.composed(events.get_event, events.get_event())

    def composed(self, following: Callable[[], Any], event: Any) -> yaml.Node:  # noqa: ANN401 - events of two parsers
        start: Any = event.start_mark  # of libyaml or of PyYAML; nodes take both
        if isinstance(event, yaml.AliasEvent):
            line = int(start.line)
            self.refused.append((line, _refused(self.text, line, f"the alias *{event.anchor}", "*")))
            return yaml.ScalarNode("", "", start, start)
        if event.anchor is not None or event.tag is not None:
            self.refuse(event, int(start.line))
        if self.levels >= MOST_DEPTH:
            raise _TooDeepError(problem=f"it is nested deeper than {MOST_DEPTH}", problem_mark=start)
        if isinstance(event, yaml.ScalarEvent):
            end: Any = event.end_mark
            return yaml.ScalarNode("", event.value, start, end, style=event.style)
        self.levels += 1
        inside: list[Any] = []
        if isinstance(event, yaml.SequenceStartEvent):
            while not isinstance(found := following(), yaml.SequenceEndEvent):
                inside.append(self.composed(following, found))
            node: yaml.Node = yaml.SequenceNode("", inside, start)
        else:
            while not isinstance(found := following(), yaml.MappingEndEvent):
                inside.append((self.composed(following, found), self.composed(following, following())))
            node = yaml.MappingNode("", inside, start)
        self.levels -= 1
        return node

    def refuse(self, event: yaml.NodeEvent, line: int) -> None:
        """Note an anchor and a tag; an anchor that stands twice cannot be read at all."""
        anchor, tag = event.anchor, getattr(event, "tag", None)
        if anchor is not None:
            self.refused.append((line, _refused(self.text, line, f"the anchor &{anchor}", "&")))
            if anchor in self.named:
                start: Any = event.start_mark
                raise ComposerError(None, None, f"found duplicate anchor {anchor!r}", start)
            self.named.add(anchor)
        if tag is not None:
            self.refused.append((line, _refused(self.text, line, f"the tag {tag}", "!")))


class _Loader(_Strict, yaml.SafeLoader):
    """Read in Python, whose words say what is wrong."""

    def __init__(self, text: str) -> None:
        yaml.SafeLoader.__init__(self, text)
        self.text, self.refused, self.levels, self.named = text, [], 0, set()


if yaml.__with_libyaml__:

    class _FastLoader(_Strict, yaml.CSafeLoader):
        """Read by libyaml, ten times as fast."""

        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)
            self.text, self.refused, self.levels, self.named = text, [], 0, set()


def _refused(text: str, line: int, what: str, mark: str) -> str:
    source = text.split("\n")[line]
    found = _FIELD.fullmatch(source)
    if found and found["value"].startswith(mark):
        return f"YAML reads {what} here, which is refused; quote the value: `{_quoted_line(source)}`."
    return f"YAML reads {what} here, which is refused; write the value itself."


@dataclass
class _Reader:
    """Turn nodes into values, noting each line and each doubtful value."""

    text: str
    first_line: int
    slips: list[Slip] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)

    def mapping(self, node: yaml.MappingNode, place: Place) -> JsonObject:
        found: JsonObject = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            if key is None:
                continue
            if key in found:
                self.slip(key_node, f"`{key}` stands here twice; keep one.")
                continue
            self.lines[*place, key] = self.line(key_node)
            found[key] = self.value(value_node, (*place, key))
        return found

    def key(self, node: yaml.Node) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.value:
            return str(node.value)
        self.slip(node, "A field's name must be plain text; an expression in braces must be quoted.")
        return None

    def value(self, node: yaml.Node, place: Place) -> JsonValue:
        self.lines.setdefault(place, self.line(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, number)) for number, item in enumerate(node.value)]
        return self.scalar(node)

    def scalar(self, node: yaml.Node) -> JsonValue:
        text = str(node.value)
        if getattr(node, "style", None):  # none where it is plain; libyaml says that by an empty text
            return text
        if text in {"", "~", "null"}:
            return None
        if text in {"true", "false"}:
            return text == "true"
        if len(text) <= _LONGEST_DOUBTFUL and text.lower() in _DOUBTFUL:
            self.slip(node, f"Some readers of YAML take {text} for true or false; write true, false, or '{text}'.")
        if "#" in self.text:
            self.cut_short(node, text)
        if text[0] not in _BEGINS_A_NUMBER:
            return text
        if _NO_NUMBER.fullmatch(text):
            self.slip(node, f"{text} is no JSON number; write a number, or quote it.")
        return _number(text)

    def cut_short(self, node: yaml.Node, text: str) -> None:
        """Note a value that YAML ended early because of ` #`."""
        line, source = node.end_mark.line, self.text.split("\n")
        rest = source[line][node.end_mark.column :] if line < len(source) else ""
        if re.match(r"\s+#", rest) and _open(text):
            fixed = _quoted_line(source[line])
            self.slip(node, f"YAML takes what follows ` #` for a comment; quote the value: `{fixed}`.")

    def line(self, node: yaml.Node) -> int:
        return self.first_line + node.start_mark.line

    def slip(self, node: yaml.Node, words: str) -> None:
        self.slips.append(Slip(self.line(node), words))


@dataclass(frozen=True)
class _Repair:
    text: str
    line: int
    fixed: str


def _repair(text: str, error: yaml.YAMLError) -> _Repair | None:
    """Return the text with one line quoted, if that lets reading get past the error."""
    if isinstance(error, _TooDeepError | yaml.reader.ReaderError):
        return None
    failed = _error_line(error)
    source = text.split("\n")
    for line in _suspects(error):
        if not 0 <= line < len(source):
            continue
        for fixed in _quotings(source[line]):
            candidate = "\n".join([*source[:line], fixed, *source[line + 1 :]])
            later = _fails_at(candidate)
            if later is None or later > failed:
                return _Repair(candidate, line, fixed.strip())
    return None


def _suspects(error: yaml.YAMLError) -> Iterator[int]:
    line = _error_line(error)
    yield line
    context = getattr(error, "context_mark", None)
    if context is not None and context.line != line:
        yield context.line
    yield line - 1


def _quotings(line: str) -> Iterator[str]:
    found = _FIELD.fullmatch(line)
    in_flow = _IN_FLOW.sub(lambda part: _quoted(part[1]), line)
    tries = [*([in_flow] if in_flow != line else []), *([_quoted_line(line)] if found else [])]
    # Quoting only parts of a plain text would leave their quotes in it.
    flows = found is None or found["value"][0] in "[{"
    yield from tries if flows else reversed(tries)


def _quoted_line(line: str) -> str:
    found = _FIELD.fullmatch(line)
    return f"{found['lead']}{_quoted(found['value'])}" if found else line


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _fails_at(text: str) -> int | None:
    try:
        _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        return _error_line(error)
    return None


def _error_line(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return int(mark.line) if mark is not None else 0


def _slip(text: str, error: yaml.YAMLError, repair: _Repair | None, first_line: int) -> Slip:
    if repair is not None:
        words = f"YAML cannot read this line; quote the value: `{repair.fixed}`."
        return Slip(first_line + repair.line, words)
    if isinstance(error, yaml.reader.ReaderError):
        line = text[: error.position].count("\n")
        return Slip(first_line + line, "This holds a character YAML does not allow; write it as plain text.")
    problem = getattr(error, "problem", None) or "it is not YAML"
    for number, source in enumerate(text.split("\n")):
        if "\t" in source[: len(source) - len(source.lstrip())]:
            return Slip(first_line + number, "YAML does not indent by tabs; write spaces here.")
    return Slip(first_line + _error_line(error), f"YAML cannot read this: {problem}. Check quotes and indentation.")


def _open(text: str) -> bool:
    start = text.find("${")
    unclosed = start >= 0 and end_of_expression(text, start + 2) is None
    return unclosed or text.count("'") % 2 == 1 or text.count('"') % 2 == 1


def _number(text: str) -> JsonValue:
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _REAL.fullmatch(text):
        return float(text)
    return text
