"""What people type, read: words, quoted values, `key=value`, short ids. Pure; knows no command and no Slack payload.

Phones turn quotes and dashes into curly ones, pages paste no-break and zero-width characters: all of them are taken.
Values are kept exactly as typed; what names something is cleaned and must then be plain ASCII.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from bot.errors import InvalidError
from bot.slack.cards.wording import code

MOST_TEXT = 12_000
MOST_VALUE = 2_000
MOST_WORDS = 200

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")  # noqa: RUF001 - what phones and pages make of a dash
_ZERO_WIDTH = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_UNSEEN = dict.fromkeys(map(ord, _ZERO_WIDTH))
_FIRST = re.compile(rf"[\s{_ZERO_WIDTH}]*(\S+)")
_DOUBLE = '"“”„‟«»″'
_SINGLE = "'‘’‚‛′"  # noqa: RUF001 - what phones make of an apostrophe
_KEY = re.compile(r"-{0,2}([A-Za-z][A-Za-z0-9_-]{0,39})=", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}", re.ASCII)
_LABEL = re.compile(r"([rqa]|inc)-?[0-9]{1,9}", re.ASCII)
_LINK = re.compile(r"<(?:https?://|mailto:)[^<>|]*\|([^<>|]*)>|<((?:https?://|mailto:)[^<>|]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^<>]*)?>", re.ASCII)
ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

KINDS: Final[Mapping[str, str]] = {"R": "a run", "Q": "a request", "A": "an alarm", "INC": "an incident"}


@dataclass(frozen=True, kw_only=True)
class Words:
    """Hold what follows a command's name.

    Attributes:
        plain: the words, cleaned, in order.
        given: the values of `key=value`, as typed.
        text: all of it as one cleaned line, for a search.
        raw: all of it as typed.
        spilled: a value and the words after it, as it would stand in quotes; they were meant to be one, most likely.
    """

    plain: tuple[str, ...]
    given: Mapping[str, str]
    text: str
    raw: str = ""
    spilled: str = ""


def harmless(text: str) -> str:
    """Return the text without control characters and half characters, which no database takes."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in whole if c in "\n\t\r" or unicodedata.category(c) != "Cc")


def typed(text: str) -> str:
    """Return Slack's text as the person typed it: links and the three escaped characters undone.

    Raises:
        InvalidError: it is longer than anybody types.
    """
    if len(text) > MOST_TEXT:
        raise InvalidError(f"That is {len(text):,} characters long; at most {MOST_TEXT:,} are read. Nothing was done.")
    plain = _LINK.sub(lambda found: found[1] or found[2], harmless(text))
    for entity, character in ENTITIES:
        plain = plain.replace(entity, character)
    return plain.strip().strip("`").strip()


def cleaned(text: str) -> str:
    """Return one line with plain dashes and spaces, and nothing that cannot be seen."""
    return " ".join(text.translate(_UNSEEN).translate(_DASHES).split())


def first_word(text: str) -> tuple[str, str]:
    """Return the first word, cleaned and in small letters, and what follows it, as typed."""
    found = _FIRST.match(text)
    return (cleaned(found[1]).lower(), text[found.end() :]) if found else ("", "")


def words(text: str) -> Words:
    """Return the words and values of a command.

    Raises:
        InvalidError: a quote is open, a value is missing, too long or given twice.
    """
    plain: list[str] = []
    given: dict[str, str] = {}
    spilled: dict[str, list[str]] = {}
    open_value = ""
    for token, quoted in _tokens(text):
        key = _KEY.match(cleaned(token))
        if key is None:
            word = cleaned(token) if quoted is None else quoted
            if open_value and word:
                spilled.setdefault(open_value, []).append(word)
            plain.append(word)
            continue
        name = key[1].lower().replace("-", "_")
        value = token.split("=", 1)[1] if quoted is None else quoted
        _insist(name, value, given)
        given[name] = value
        open_value = name if quoted is None and any(plain) else ""
    return Words(
        plain=tuple(word for word in plain if word),
        given=given,
        text=cleaned(text)[:MOST_WORDS],
        raw=text,
        spilled=next((f'{name}="{" ".join((given[name], *more))}"' for name, more in spilled.items()), ""),
    )


def sentence(text: str) -> Words:
    """Return the words of a sentence, in which a quote is a quote and `a=b` is no value."""
    plain = tuple(word for one in text.split() if (word := cleaned(one)))
    return Words(plain=plain, given={}, text=cleaned(text)[:MOST_WORDS], raw=text)


def _insist(name: str, value: str, given: Mapping[str, str]) -> None:
    if name in given:
        raise InvalidError(f"{name} is given twice; give it once.")
    if not value.translate(_UNSEEN).strip():
        raise InvalidError(f'{name}= has no value. Write {name}=value, or {name}="more than one word".')
    if len(value) > MOST_VALUE:
        raise InvalidError(f"{name} has {len(value):,} characters; at most {MOST_VALUE:,} are taken.")


def _tokens(text: str) -> Iterable[tuple[str, str | None]]:
    """Yield each word; of `key="a value"` or a quoted word, what stands before the quote and what stands in it."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        end = place
        while end < len(text) and not text[end].isspace() and not _opens(text, place, end):
            end += 1
        token, quoted = text[place:end], None
        if end < len(text) and not text[end].isspace():
            quoted, end = _quoted(text, end)
        yield token, quoted
        place = end


def _opens(text: str, start: int, place: int) -> bool:
    """Return whether a quoted value begins here: at the beginning of a word, or right after the first `=` in it."""
    if text[place] not in _DOUBLE + _SINGLE:
        return False
    return place == start or (text[place - 1] == "=" and "=" not in text[start : place - 1])


def _quoted(text: str, start: int) -> tuple[str, int]:
    """Return what stands in the quotes that open here, and the place after them; they close before a blank."""
    same = _DOUBLE if text[start] in _DOUBLE else _SINGLE
    for place in range(start + 1, len(text)):
        if text[place] in same and (place + 1 == len(text) or text[place + 1].isspace()):
            return text[start + 1 : place], place + 1
    raise InvalidError(f"A quote is opened and not closed: {code(text[start : start + 40], 60)}")


def name_of(found: Words) -> str:
    """Return the runbook's id; `circuit breaker` means circuit-breaker.

    Raises:
        InvalidError: there is no name, or it cannot be one.
    """
    insist_on_quotes(found)
    name = "-".join(found.plain).lower()
    if not name:
        raise InvalidError("Which runbook? Its name is missing.")
    label = _LABEL.fullmatch(name)
    if label:
        raise InvalidError(f"{code(name.upper())} is {KINDS[label[1].upper()]}, not a runbook.")
    if not _NAME.fullmatch(name):
        raise InvalidError(f"{code(name, 60)} is no name of a runbook: small letters, digits and dashes.")
    return name


def number(text: str, kind: str) -> int:
    """Return the number of `R-42`, `r42` or `42`.

    Args:
        kind: the letters: R for runs, Q for requests, A for alarms, INC for incidents.

    Raises:
        InvalidError: it is no such id; another kind of id is named.
    """
    found = re.fullmatch(rf"(?:{kind.lower()}-?)?([1-9][0-9]{{0,8}})", cleaned(text).lower(), re.ASCII)
    if found:
        return int(found[1])
    other = _LABEL.fullmatch(cleaned(text).lower())
    if other and other[1].upper() != kind:
        raise InvalidError(f"{code(text)} is {KINDS[other[1].upper()]}, not {KINDS[kind]}; write {kind}-42.")
    raise InvalidError(f"{code(text, 60)} is not {KINDS[kind]}; write {kind}-42.")


def one_number(found: Words, kind: str) -> int:
    """Return the only id that was typed.

    Raises:
        InvalidError: there is none, or more than that.
    """
    if not found.plain:
        raise InvalidError(f"Which {KINDS[kind].split()[1]}? Its id is missing; write {kind}-42.")
    nothing_more(found, beyond=1)
    return number(found.plain[0], kind)


def label_first(found: Words, kind: str) -> tuple[int | None, Words]:
    """Return the id where one is typed first, with its letters, and what follows it."""
    if not found.plain or not re.fullmatch(rf"{kind.lower()}-?[0-9]{{1,9}}", found.plain[0].lower(), re.ASCII):
        return None, found
    rest = replace(found, plain=found.plain[1:], raw=first_word(found.raw)[1])
    return number(found.plain[0], kind), rest


def mentioned(text: str) -> str:
    """Return the id of the person a mention names, as Slack writes it.

    Raises:
        InvalidError: it is no mention of a person.
    """
    found = _PERSON.fullmatch(text)
    if found is None:
        raise InvalidError(f"{code(text, 60)} is nobody I can find; mention the person, as in @name.")
    return found[1]


def nothing_more(found: Words, *, beyond: int, values: bool = False) -> None:
    """Let only so many words pass, and no values unless they are expected.

    Raises:
        InvalidError: names the first that is too many.
    """
    if values:
        insist_on_quotes(found)
    more = [*found.plain[beyond:], *(() if values else (f"{key}=" for key in found.given))]
    if more:
        raise InvalidError(f"I do not understand {code(more[0], 60)} here.")


def insist_on_quotes(found: Words) -> None:
    """Let no value pass whose other words would be taken for something else.

    Raises:
        InvalidError: says how it is written.
    """
    if found.spilled:
        raise InvalidError(f"A value of several words stands in quotes: {code(found.spilled, 120)}")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the name that comes near the word, or None."""
    found = get_close_matches(word[:40], list(known), n=1, cutoff=0.5)
    return found[0] if found else None
