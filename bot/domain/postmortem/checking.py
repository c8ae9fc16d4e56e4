"""Is a post-mortem what its evidence bears? Each sentence, row and number is held against the archive, offline."""

import re
from collections.abc import Iterator, Sequence

from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence, Item
from bot.domain.postmortem.comparing import Judge, nearest, same
from bot.domain.postmortem.document import Moment, Postmortem
from bot.domain.postmortem.markdown import (
    EVIDENCE,
    MOST_OF_A_ROW,
    TIMES,
    Sentence,
    leads_to,
    read,
    times_rows,
    unanchored,
    unescaped,
)
from bot.domain.value import Value

_FACT = re.compile(r"\d+(?:[.,:]\d+)*")
_OUTCOME = re.compile(
    r"\b(?:not|no|never|none|nothing|without|un\w+ed|\w+n't|repaired|fail(?:s|ed|ure)?|succe(?:ss|eds?|eded|ssful)"
    r"|open(?:ed)?|closed?|paused?|resumed?|started|stopped|passed|refused|approved|declined|expired|healthy|broken"
    r"|up|down|more|less|rose|fell|before|after|complete|incomplete|true|false|enabled|disabled|all|some)\b",
    re.IGNORECASE,
)


class Kept(Value):
    """Hold a claim as it was archived, and where it stood."""

    section: str
    claim: Claim


class Archived(Value):
    """Hold what an archive says a post-mortem rests on.

    Attributes:
        times: the computed times, as list items.
        damage: what somebody did to the archive itself, a sentence each.
    """

    incident: str
    number: int
    claims: tuple[Kept, ...]
    timeline: tuple[Moment, ...]
    times: tuple[str, ...]
    evidence: Evidence
    damage: tuple[str, ...] = ()


class Finding(Value):
    """Hold what does not hold: the line of the text, 0 for the archive itself, and why."""

    line: int
    words: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"line {self.line}: {self.words}" if self.line else self.words


def archived(document: Postmortem) -> Archived:
    """Return what an archive of this document holds."""
    return Archived(
        incident=document.incident,
        number=document.number,
        claims=tuple(Kept(section=section, claim=claim) for section, claim in document.claims()),
        timeline=document.timeline,
        times=tuple(times_rows(document.times)),
        evidence=document.evidence,
    )


def check(text: str, archive: Archived, *, judge: Judge) -> tuple[Finding, ...]:
    """Return everything in the text that the archive does not bear, by line; nothing found is a text that holds."""
    told = read(text)
    found = [Finding(line=0, words=words) for words in archive.damage]
    if told.incident and told.incident != archive.incident:
        found.append(Finding(line=1, words=f"The text is of {told.incident}, the archive of {archive.incident}."))
    for one in told.sentences:
        found += _sentence(one, archive, judge)
    found += _timeline(text, archive.timeline)
    found += _times(text, archive.times)
    found += _evidence(text, archive.evidence)
    return tuple(sorted(found, key=lambda one: one.line))


def _sentence(one: Sentence, archive: Archived, judge: Judge) -> Iterator[Finding]:
    claim = one.claim
    if claim.kind is Kind.STATED or one.struck:
        return
    missing = [name for name in claim.evidence if archive.evidence.item(name) is None]
    if missing:
        yield Finding(line=one.line, words=f"{', '.join(missing)} is not in the archive.")
        return
    kept = [entry.claim for entry in archive.claims]
    if any(same(claim, other) for other in kept):
        return
    before = nearest(claim, [other for other in kept if other.evidence])
    if before is not None and (words := _swapped(claim, before) or _changed(claim, before)):
        yield Finding(line=one.line, words=words)
    elif why := judge(claim, archive.evidence):
        yield Finding(line=one.line, words=why)


def _swapped(claim: Claim, before: Claim) -> str:
    if claim.text == before.text and claim.evidence != before.evidence:
        return f"It cites {' '.join(claim.evidence)}; in the archive it cites {' '.join(before.evidence)}."
    return ""


def _changed(claim: Claim, before: Claim) -> str:
    """Return which numbers or outcomes are others than in the claim this one was."""
    for pattern in (_FACT, _OUTCOME):
        now, then = ([word.casefold() for word in pattern.findall(one.text)] for one in (claim, before))
        added = [word for word in now if word not in then]
        gone = [word for word in then if word not in now]
        if added or (gone and pattern is _OUTCOME):
            said = f"It says {', '.join(added)}" if added else "It leaves something out"
            return f"{said}; the archive says {', '.join(gone)}." if gone else f"{said}, and the archive does not."
    return ""


def _timeline(text: str, moments: Sequence[Moment]) -> Iterator[Finding]:
    rows = {_moment(one): one.link for one in moments}
    seen: set[tuple[str, ...]] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        for one in read(f"## Timeline\n{line}").timeline if line.startswith("|") else ():
            seen.add(_moment(one))
            if _moment(one) not in rows:
                yield Finding(line=number, words="The timeline has no such row; its rows come from records.")
            elif one.link and one.link != rows[_moment(one)]:
                yield Finding(line=number, words="This row of the timeline opens something else in the archive.")
    for row in sorted(rows.keys() - seen):
        yield Finding(line=0, words=f"The timeline's row of {row[0]} was removed: {row[1]}")


def _moment(one: Moment) -> tuple[str, ...]:
    return (f"{one.at:%Y-%m-%d %H:%M:%S}", " ".join(one.text.split()), one.by, one.source, " ".join(one.evidence))


def _times(text: str, times: Sequence[str]) -> Iterator[Finding]:
    for number, line in _under(TIMES, text):
        if line.startswith("- ") and line not in times:
            yield Finding(line=number, words="This time was computed from records and is another there.")


def _evidence(text: str, evidence: Evidence) -> Iterator[Finding]:
    shown: set[str] = set()
    for number, line in _under(EVIDENCE, text):
        row = re.match(r"\|\s*([DE]\d+)\s*\|", unanchored(line))
        if row is None:
            continue
        item = evidence.item(row[1])
        shown.add(row[1])
        if item is None:
            yield Finding(line=number, words=f"{row[1]} is not in the archive.")
        elif _cell(line) not in {_shown(item), _shown(item, linked=True)}:
            yield Finding(line=number, words=f"{row[1]} says something else in the archive.")
    for number, line in enumerate(text.splitlines(), start=1):
        place = leads_to(line)
        if place is not None and not place[1]:
            yield Finding(line=number, words=f"The mark {place[0]} leads elsewhere than to its row.")
    for item in evidence.items:
        if item.id not in shown:
            yield Finding(line=0, words=f"{item.id} was removed from the evidence.")


def _cell(line: str) -> str:
    cells = re.split(r"(?<!\\)\|", line)
    return " ".join(unescaped(cells[5]).split()) if len(cells) > 6 else ""


def _shown(item: Item, *, linked: bool = False) -> str:
    text = item.text if len(item.text) <= MOST_OF_A_ROW else item.text[:MOST_OF_A_ROW] + "…"
    words = " ".join(text.split())
    return f"[{words}]({item.link})" if linked else words


def _under(title: str, text: str) -> Iterator[tuple[int, str]]:
    within = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("## "):
            within = line[3:].strip() == title
        elif within:
            yield number, line.strip()
