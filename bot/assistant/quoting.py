"""Sentences of a text, the words that count in them, and how well an item fits a question. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Item, Origin

LONGEST_QUOTE = 400

_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"'”’)]))[ \t]+(?=[\"'“‘(*`]*[A-Z0-9])|\s*\n\s*")
_LIST_MARK = re.compile(r"^(?:[-*+]|[0-9]{1,3}[.)])\s+")
_NUMBER = re.compile(r"\s*[0-9]{1,3}[.)]\s*")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|etc|vs|No|approx|Dr|Mr|Ms)\.$")
_WORD = re.compile(r"[^\W_]+(?:[._-][^\W_]+)*")
_EMPTY = frozenset(
    """
    a about after all an and any are as at be been before but by can could did do does for from get had has have how
    i if in into is it its last may me my night no not of on or our out should so that the their them then there they
    this to today tonight up us was we were what when where which who why will with would yesterday you your
    """.split()  # noqa: SIM905 - a list would take a page
)
_ENDINGS = ("ies", "ing", "ed", "es", "s")


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text, each an exact stretch of it, without the marks of a list."""
    found: list[str] = []
    begin = 0
    for end in (*(match.span() for match in _END.finditer(text)), (len(text), len(text))):
        stretch = text[begin : end[0]]
        if "\n" not in text[end[0] : end[1]] and (_ABBREVIATED.search(stretch) or _NUMBER.fullmatch(stretch)):
            continue
        begin = end[1]
        found.append(_LIST_MARK.sub("", stretch.strip()))
    return [one for one in found if one]


def words(text: str) -> frozenset[str]:
    """Return the words that count, as they are compared: folded, without their commonest endings."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    whole = {word for word in _WORD.findall(plain) if word not in _EMPTY}
    parts = {part for word in whole for part in re.split(r"[._-]", word) if part and part not in _EMPTY}
    return frozenset(_stem(word) for word in whole | parts)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and word.isalpha():
            stem = word[: -len(ending)]
            return stem + "y" if ending == "ies" else stem
    return word


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Say how well an item fits: the share of the question's weight that it covers, and its best sentence."""

    item: Item
    covered: float
    sentence: str


def ranked(question: str, items: Sequence[Item]) -> list[Fit]:
    """Return the items that share a word with the question, best first.

    A word weighs from 1, where it stands in every item, to 2; one that stands in none weighs in too, so that a
    question about something else is covered by no item.
    """
    asked = words(question)
    texts = [words(f"{item.kind} {item.text}") for item in items]
    spread = Counter(word for text in texts for word in text & asked)
    weight = {word: 2 - spread[word] / len(items) if spread[word] else 1.5 for word in asked}
    total = sum(weight.values())
    fits = [
        Fit(item=item, covered=_weight(asked & text, weight) / total, sentence=_best(item.text, asked, weight))
        for item, text in zip(items, texts, strict=True)
        if asked & text
    ]
    return sorted(fits, key=lambda fit: -fit.covered)


def _best(text: str, asked: frozenset[str], weight: dict[str, float]) -> str:
    return max(sentences(text), key=lambda one: _weight(words(one) & asked, weight), default=text)


def _weight(found: Collection[str], weight: dict[str, float]) -> float:
    return sum(weight[word] for word in found)


def quoted(item: Item, sentence: str, *, lead: str = "", kind: Kind | None = None) -> Claim:
    """Return a claim that says a sentence of an item in its own words; what only a text says, its source states."""
    text = sentence[:LONGEST_QUOTE]
    if kind is None:
        kind = Kind.STATED if item.origin is Origin.TEXT else Kind.OBSERVED
    by = item.source if kind is Kind.STATED else ""
    return Claim(text=f"{lead}{text}", kind=kind, evidence=(item.id,), quote=text, by=by)


def quotes(item: Item | None, *, most: int) -> Iterator[Claim]:
    """Return the first sentences of an item, each as a claim."""
    if item is not None:
        yield from (quoted(item, sentence) for sentence in sentences(item.text)[:most])
