"""Hostile text made harmless: what cannot be seen is gone, lines are cut, and letters that pose as others are named.

Whatever comes from outside passes here once, on its way in; how it is then written on a card is `slack/cards/wording`.
"""

import re
import unicodedata
from functools import lru_cache

MOST_IN_A_LINE = 500  # characters
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
_VARIATIONS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c|$)"  # titles and links of a terminal
    r"|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]"
)
_PLAIN = re.compile(r"[ -~]*")
_BREAKS = re.compile("\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_WORD = re.compile(r"[^\W_]+")
_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*+]|[0-9]{1,3}[.)])[ \t]+", re.MULTILINE)
_UNITS = re.compile("[\u00b5\u03bc](?:s|m|A|V|W|g|l|F)|k?[\u2126\u03a9]")


def visible(text: str) -> str:
    """Return one line without control, bidi, zero-width and blank characters."""
    one_line = " ".join(text.split())
    return one_line if _PLAIN.fullmatch(one_line) else _seen(one_line).strip()


def cleaned(text: str, *, most: int, most_in_a_line: int = MOST_IN_A_LINE) -> str:
    """Return lines as they can be seen: no terminal codes, no unseen characters, each line and the whole cut."""
    lines = (_line(line, most_in_a_line) for line in _BREAKS.split(_ANSI.sub("", text[: most * 4])))
    return cut("\n".join(lines).strip(), most)


def cut(text: str, most: int) -> str:
    """Return the text in at most so many characters, with an ellipsis where something is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def counted(count: int, noun: str) -> str:
    """Return the number with its noun: `1 edit`, `2 edits`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _line(line: str, most: int) -> str:
    seen = line.replace("\t", " ")
    return cut((seen if _PLAIN.fullmatch(seen) else _seen(seen)).rstrip(), most)


def _seen(line: str) -> str:
    shown = "".join(c for c in line if unicodedata.category(c) not in _UNSEEN and c not in _BLANKS)
    return _VARIATIONS.sub("", shown)


def unseen(text: str) -> bool:
    """Return whether the text holds characters that nobody would see, line breaks and tabs aside."""
    return not _PLAIN.fullmatch(text) and _seen(bare := re.sub(r"[\n\t]", " ", text)) != bare


def mixed(text: str) -> tuple[str, ...]:
    """Return the words whose letters or digits come from more than one script, each once.

    A look-alike (`transa\u0441tions` with a Cyrillic letter, fullwidth digits) can pose as a name that a check would
    know. Scripts that people write together (Japanese, Korean) and units such as \u03bcs are one.
    """
    if text.isascii():
        return ()
    return tuple(dict.fromkeys(word for word in _WORD.findall(text) if not word.isascii() and _poses(word)))


def _poses(word: str) -> bool:
    scripts = {script for character in word if (script := _script(character))}
    if len(scripts) < 2 or _UNITS.fullmatch(word.lstrip("0123456789")):
        return False
    return not any(scripts <= together for together in _TOGETHER)


@lru_cache(maxsize=4_096)
def _script(character: str) -> str:
    if unicodedata.category(character) not in {"Ll", "Lu", "Lt", "Lo", "Lm", "Nd"}:
        return ""
    name = unicodedata.name(character, "UNKNOWN ")
    if character.isascii():
        return "LATIN" if character.isalpha() else ""
    return "LATIN" if name in {"MICRO SIGN"} else name.split(" ", 1)[0]


def unmarked(markdown: str) -> str:
    """Return Markdown's words without its list marks and bold, so that a sentence begins where a line does."""
    return _LIST_MARK.sub("", markdown).replace("**", "")
