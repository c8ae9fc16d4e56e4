"""The structure of a Markdown file, with line numbers: front matter, sections, list items, step blocks.

Which section means what, and what a block may hold, is `reading`'s work.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

STEP_FENCE = "yaml step"
MOST_TITLE = 120

_MARKER = re.compile(r"\s*(?:[-*+]|[0-9]{1,9}[.)])(?P<gap>\s+|$)(?:\[[ xX]\]\s+)?")
_BOLD = re.compile(r"(?:\*\*|__)(?P<title>.+?)(?:\*\*|__)\s*", re.DOTALL)
_SENTENCE = re.compile(r"(?P<title>.+?(?:[.!?](?=\s)|\n\s*\n|\n(?=\s*(?:[-*+>|]|[0-9]+[.)]|```))|$))\s*", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """Hold a fenced piece of the file; `line` is that of its opening fence, or of its first line for front matter."""

    text: str
    line: int
    closed: bool = True


@dataclass(frozen=True)
class Item:
    """Hold one list item: bold lead or first sentence as title, the rest as prose, its step blocks."""

    line: int
    number: int | None
    title: str
    prose: str
    blocks: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Part:
    """Hold one section: what stands between two headings.

    Attributes:
        passages: its top-level paragraphs, each with what stands under it up to the next; lists are not among them.
    """

    title: str
    line: int
    markdown: str
    first_line: int = 0
    items: tuple[Item, ...] = ()
    passages: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Document:
    """Hold a file taken apart.

    Attributes:
        lead: what stands before the first section.
        strays: step blocks where no step can be, with the words for it.
    """

    front: Source | None
    title: str
    title_line: int
    body: str
    lead: Part
    parts: tuple[Part, ...]
    strays: tuple[tuple[int, str], ...]
    last_line: int


def document(text: str) -> Document:
    """Return the file taken apart; nothing of it is judged here."""
    lines = re.split(r"\r\n|\r|\n", text)
    front, first = _front(lines)
    body = [""] * first + lines[first:]
    tokens = _blocks().parse("\n".join(body))
    headings = _headings(tokens)
    title = headings[0] if headings and _is_title(headings, front) else None
    level = _section_level([found for found in headings if found is not title])
    starts = [found for found in headings if found is not title and found.level <= level]
    parts = tuple(_parts(tokens, starts, body))
    begin, end = (title.end if title else first), (starts[0].line - 1 if starts else len(body))
    before = tokens[: starts[0].place] if starts else tokens
    lead = Part(
        title=title.text if title else "",
        line=begin + 1,
        markdown="\n".join(body[begin:end]).strip(),
        first_line=begin + 1,
        items=tuple(_items(before, begin, end, body)),
        passages=tuple(_passages(before, begin, end, body)),
    )
    return Document(
        front=front,
        title=title.text if title else "",
        title_line=title.line if title else first + 1,
        body="\n".join(body).strip(),
        lead=lead,
        parts=parts,
        strays=tuple(_strays(tokens, parts)),
        last_line=max(1, len(lines) - (lines[-1] == "")),
    )


@cache
def _blocks() -> MarkdownIt:
    """Return a parser of blocks alone: what stands within a line is left as it is written."""
    return MarkdownIt("commonmark").disable("inline")


@dataclass(frozen=True)
class _Heading:
    place: int
    level: int
    text: str
    line: int
    end: int


def _front(lines: list[str]) -> tuple[Source | None, int]:
    if lines[0].rstrip() != "---":
        return None, 0
    end = next((number for number, line in enumerate(lines) if number and line.rstrip() in {"---", "..."}), None)
    if end is None:
        return Source("\n".join(lines[1:]), 2, closed=False), 0
    return Source("\n".join(lines[1:end]), 2), end + 1


def _headings(tokens: list[Token]) -> list[_Heading]:
    found = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            text = " ".join(tokens[place + 1].content.split())
            found.append(_Heading(place, int(token.tag[1]), text, token.map[0] + 1, token.map[1]))
    return found


def _is_title(headings: list[_Heading], front: Source | None) -> bool:
    first, rest = headings[0], headings[1:]
    return first.level == 1 or (front is None and bool(rest) and all(found.level > first.level for found in rest))


def _section_level(headings: list[_Heading]) -> int:
    levels = {found.level for found in headings}
    return 2 if 2 in levels else min(levels, default=2)


def _parts(tokens: list[Token], starts: list[_Heading], body: list[str]) -> Iterator[Part]:
    for start, after in zip_longest(starts, starts[1:]):
        end = after.line - 1 if after else len(body)
        own = tokens[start.place : after.place if after else None]
        items = tuple(_items(own, start.end, end, body))
        written = [number for number in range(start.end, end) if body[number].strip()]
        first = written[0] if written else start.end
        markdown = "\n".join(body[first:end]).rstrip()
        passages = tuple(_passages(own, start.end, end, body))
        yield Part(start.text, start.line, markdown, first_line=first + 1, items=items, passages=passages)


def _items(tokens: list[Token], first: int, last: int, body: list[str]) -> Iterator[Item]:
    number: int | None = None
    for place, token in enumerate(tokens):
        if token.map is None or not first <= token.map[0] < last:
            continue
        if token.level == 0 and token.type in {"ordered_list_open", "bullet_list_open"}:
            number = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
        if token.type == "list_item_open" and token.level == 1:
            yield _item(tokens, place, number, body)
            number = None if number is None else number + 1


def _passages(tokens: list[Token], first: int, last: int, body: list[str]) -> Iterator[Item]:
    """Yield each paragraph with the code, tables and quotes under it; a smaller heading belongs to what follows it."""
    begin: int | None = None
    end, headed = first, False
    for token in tokens:
        if token.level != 0 or token.nesting < 0 or token.map is None or not first <= token.map[0] < last:
            continue
        lists = token.type in {"ordered_list_open", "bullet_list_open"}
        opens = token.type in {"paragraph_open", "heading_open"}
        if begin is not None and (lists or (opens and not headed)):
            yield _passage(body, begin, end)
            begin = None
        if lists or token.type in {"html_block", "hr"}:
            continue
        headed = token.type == "heading_open"
        begin, end = (token.map[0] if begin is None else begin), token.map[1]
    if begin is not None:
        yield _passage(body, begin, end)


def _passage(body: list[str], first: int, last: int) -> Item:
    text = "\n".join(body[first:last]).strip()
    head, _, rest = text.partition("\n")
    if head.startswith("#"):
        return Item(first + 1, None, head.strip("# ")[:MOST_TITLE], rest.strip())
    if head.startswith(("```", "~~~", ">", "    ")):
        return Item(first + 1, None, "Do what stands here", text)
    title, prose = _split(text)
    return Item(first + 1, None, title, prose)


def _item(tokens: list[Token], place: int, number: int | None, body: list[str]) -> Item:
    token = tokens[place]
    first, last = token.map or [0, 0]
    blocks = []
    hidden: set[int] = set()
    for inner in tokens[place + 1 :]:
        if inner.type == "list_item_close" and inner.level == token.level:
            break
        if inner.type == "fence" and inner.level == token.level + 1 and inner.map and inner.info.strip() == STEP_FENCE:
            closed = re.match(r"\s*(?:`{3,}|~{3,})\s*$", body[inner.map[1] - 1]) is not None
            blocks.append(Source(inner.content, inner.map[0] + 1, closed=closed))
            hidden.update(range(*inner.map))
    text = _dedented([body[number] for number in range(first, last) if number not in hidden])
    title, prose = _split(text)
    return Item(first + 1, number, title, prose, tuple(blocks))


def _dedented(lines: list[str]) -> str:
    marker = _MARKER.match(lines[0]) if lines else None
    if marker is None:
        return "\n".join(lines).strip()
    rest = [line for line in lines[1:] if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in rest), default=0)
    return "\n".join([lines[0][marker.end() :], *(line[indent:] for line in lines[1:])]).strip()


def _split(text: str) -> tuple[str, str]:
    bold = _BOLD.match(text)
    if bold:
        return " ".join(bold["title"].split()).rstrip(".:, "), text[bold.end() :].strip()
    sentence = _SENTENCE.match(text)
    title = " ".join(sentence["title"].split()).rstrip(".:") if sentence else ""
    if sentence is None or len(title) > MOST_TITLE:
        return title[: MOST_TITLE - 1].rsplit(" ", 1)[0] + "…" if title else "", text
    return title, text[sentence.end() :].strip()


def _strays(tokens: list[Token], parts: tuple[Part, ...]) -> Iterator[tuple[int, str]]:
    placed = {block.line for part in parts for item in part.items for block in item.blocks}
    for token in tokens:
        if token.type != "fence" or token.map is None or token.map[0] + 1 in placed:
            continue
        words = token.info.lower().split()
        if token.info.strip() == STEP_FENCE:
            yield token.map[0] + 1, "This step block stands in no list item; indent it under one, by its text."
        elif "step" in words and (words[0] in {"yaml", "yml", "step"}):
            yield token.map[0] + 1, f"A step block begins with ```{STEP_FENCE}, exactly; this says ```{token.info}."
