"""A draft's own sentences, each made false in one way: what `postmortem check` is measured with."""

import re
from collections.abc import Iterator
from random import Random

from bench.claim_cases import FLIPS
from bot.domain.postmortem.checking import archived, check
from bot.domain.postmortem.document import Postmortem
from bot.usecases.postmortems.publishing import judging

SWAPPED, CHANGED, FLIPPED = "swapped ids", "changed numbers", "flipped outcomes"
_SENTENCE = re.compile(r"^- (?P<text>.+?) \[(?P<ids>[A-Z][0-9]+[a-z]?(?: [A-Z][0-9]+[a-z]?)*)\](?P<rest>.*)$")


def caught(document: Postmortem, text: str, random: Random) -> dict[str, tuple[int, int]]:
    """Return of each way how many false texts are found, of how many there are.

    Raises:
        RuntimeError: the text as it was drafted is not what the archive bears.
    """
    archive = archived(document)
    wrong = check(text, archive, judge=judging(()))
    if wrong:
        raise RuntimeError(f"The draft itself does not hold: {wrong[0]}")
    ids = [item.id for item in document.evidence.items]
    found = {SWAPPED: (0, 0), CHANGED: (0, 0), FLIPPED: (0, 0)}
    for way, false in _twisted(text, ids, random):
        seen, of = found[way]
        found[way] = (seen + bool(check(false, archive, judge=judging(()))), of + 1)
    return found


def _twisted(text: str, ids: list[str], random: Random) -> Iterator[tuple[str, str]]:
    """Yield whole texts in which one sentence is false; what people state is theirs to say, and stays."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        told = _SENTENCE.match(line)
        if told is None or "*stated" in told["rest"]:
            continue
        for way, other in _ways(told, ids, random):
            yield way, "\n".join([*lines[:place], other, *lines[place + 1 :]])


def _ways(told: re.Match[str], ids: list[str], random: Random) -> Iterator[tuple[str, str]]:
    text, own, rest = told["text"], told["ids"], told["rest"]
    foreign = random.choice([one for one in ids if one not in own.split()])
    yield SWAPPED, f"- {text} [{foreign}]{rest}"
    digits = [found.start() for found in re.finditer(r"[0-9]", text)]
    if digits:
        at = random.choice(digits)
        digit = random.choice([one for one in "123456789" if one != text[at]])
        yield CHANGED, f"- {text[:at]}{digit}{text[at + 1 :]} [{own}]{rest}"
    for word, other in FLIPS:
        false = re.sub(rf"\b{word}\b", other, text, count=1)
        if false != text:
            yield FLIPPED, f"- {false} [{own}]{rest}"
