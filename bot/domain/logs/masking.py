"""From a line to its template: what varies from line to line is masked, word by word, through a memo.

Accuracy and speed of this way were measured beside others: `docs/decisions/` names the decision, `make bench
ARGS=digest` measures it again.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

ANY = "<*>"
MOST_CHARACTERS = 512  # of a line's head; its template is named there, what follows is its data
MOST_WORDS = 40
MOST_REMEMBERED = 60_000
LONGEST_WORD = 160
ROUNDS = 4
HASH = (1 << 61) - 1

_DIGIT = re.compile(r"[0-9]")
_ID = re.compile(r"(?:[a-f:.\-]*[0-9]){2}(?:[0-9a-f:.\-]*[0-9a-f])?")  # a time, a number, an id in hex
_ONE_DIGIT = re.compile(r"[^0-9]*[0-9][^0-9]*")
_PART = re.compile(r"[\w.\-]*[0-9][\w.\-]*")
_CHAIN = re.compile(r"<\*>(?:[:.,+\-]{1,2}<\*>)+")
_POD = re.compile(r"-[0-9a-f]{6,10}-[a-z0-9]{5}$")
_CAUSE = re.compile(r"^\s*(?:Caused by: .+|[A-Za-z_][\w.]*(?:Error|Exception)\b.*)$", re.MULTILINE)


class Memo(dict[str, str]):
    """Remember what each word was masked to; forgets everything when it has learnt too many."""

    def __missing__(self, word: str) -> str:
        """Mask a word that was not met before."""
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        masked = self[word] = mask(word)
        return masked


def mask(word: str) -> str:
    """Return the word with `<*>` for each part that counts, dates or identifies; `Travel2` and `s3` are names."""
    if len(word) > LONGEST_WORD or _ID.fullmatch(word):
        return ANY
    if not _DIGIT.search(word):
        return word
    masked = _PART.sub(_part, word)
    return _CHAIN.sub(ANY, masked) if masked.count(ANY) > 1 else masked


def _part(found: re.Match[str]) -> str:
    part = found[0]
    named = len(part) > 1 and _ONE_DIGIT.fullmatch(part) and part.strip("0123456789.-")
    return part if named else ANY


def headline(message: str) -> str:
    """Return what names a line of several lines: its first, and the deepest cause below it."""
    first, _, below = message.partition("\n")
    causes = _CAUSE.findall(below[: 4 * MOST_CHARACTERS])
    cause = causes[-1].strip() if causes else ""
    first = first.strip() or below.strip().partition("\n")[0].strip()
    return f"{first} … {cause}" if cause and cause not in first else first


def fold(keys: Mapping[str, int]) -> dict[str, str]:
    """Return for each key the template it belongs to: where enough keys differ in one word, that word is masked.

    Args:
        keys: masked lines, each with how many siblings it takes to mask a word of it.
    """
    into = {key: tuple(key.split(" ")) for key in keys}
    needed = {words: keys[key] for key, words in into.items()}
    for _ in range(ROUNDS):
        folded = _round(needed)
        if not folded:
            break
        into = {key: folded.get(words, words) for key, words in into.items()}
        needed = {folded.get(words, words): least for words, least in needed.items()}
    return {key: " ".join(words) for key, words in into.items()}


def _round(needed: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Mask one word of each template that has siblings; siblings share a hash of all their other words."""
    siblings: dict[int, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for words, least in needed.items():
        each = [hash((place, word)) & HASH for place, word in enumerate(words)]
        whole = sum(each) + len(words) * HASH
        for place, own in enumerate(each):
            if words[place] != ANY:
                siblings[hash((whole - own, place, least))].append((words, place))
    folded: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in sorted(siblings.values(), key=len, reverse=True):
        if len(group) < needed[group[0][0]]:
            continue
        for words, place in group:
            if words not in folded and _telling(words, place):
                folded[words] = (*words[:place], ANY, *words[place + 1 :])
    return folded


def _telling(words: Sequence[str], place: int) -> bool:
    """Return whether something would be left of the template."""
    return any(word.strip("<*>.,:;[]()") for at, word in enumerate(words) if at != place)


def source_of(stream: str, group: str = "") -> str:
    """Return who writes to a stream: its name without the part of one instance; else the log group's last name."""
    parts = re.split(r"([/\-.:_\[\]$ ])", _POD.sub("", stream))
    while parts and not _names(parts[-1]):
        parts.pop()
    while parts and not _names(parts[0]):
        parts.pop(0)
    return "".join(parts) or group.rstrip("/").rpartition("/")[2] or stream


def _names(part: str) -> bool:
    return part[:1].isalpha() and not _DIGIT.search(part) and part not in {"LATEST", "jr"}


def widest(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Return the most frequent names with their counts, the most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])
