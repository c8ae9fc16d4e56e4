"""What became of a draft's sentences in people's hands: unchanged, reworded, contradicted by the evidence, or new."""

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from bot.domain.claims import Claim, Kind, check
from bot.domain.evidence import Evidence
from bot.domain.postmortem.document import Postmortem
from bot.domain.postmortem.markdown import Sentence, Told, sentence
from bot.domain.value import Value

ALIKE = 0.6  # of two sentences' letters in order, from which one is the other reworded


class Fate(StrEnum):
    """Say what became of a sentence."""

    UNCHANGED = "unchanged"
    SUPPORTED = "reworded, still supported"
    CONTRADICTED = "contradicted"
    UNSOURCED = "new, unsourced"
    STATED = "stated by a person"
    STRUCK = "struck by a person"
    REMOVED = "removed"


class Compared(Value):
    """Hold one sentence's fate.

    Attributes:
        line: where it stands now; 0 where it was removed.
        before: what it was, where it was reworded or removed.
        why: what the evidence says against it.
    """

    fate: Fate
    section: str
    line: int
    claim: Claim
    before: Claim | None = None
    why: str = ""


Judge = Callable[[Claim, Evidence], str]


def borne(claim: Claim, evidence: Evidence, *, names: Iterable[str] = ()) -> str:
    """Return why the evidence does not bear a claim as far as it goes, or nothing; the judge that is used.

    Args:
        names: what may be named although no item does.
    """
    checked = check([claim], evidence, names=names)
    if checked.dropped:
        return checked.dropped[0].why
    if claim.kind is Kind.OBSERVED and checked.kept[0].kind is Kind.INFERRED:
        return "It goes further than what was seen; mark it *inferred*."
    return ""


def compare(document: Postmortem, told: Told, *, judge: Judge, editor: str = "") -> tuple[Compared, ...]:
    """Return the fate of every sentence, in the order of the text, then what was removed.

    A sentence a person wrote stays, under that person's name; one that cites evidence is held to it, but what is struck
    through says nothing.

    Args:
        judge: returns why the evidence does not bear a claim, or nothing.
        editor: who brings the text in; a sentence without a mark is then stated by that person.
    """
    left = [claim for _, claim in document.claims()]
    unchanged: dict[int, Claim] = {}
    for one in told.sentences:
        kept = next((claim for claim in left if same(claim, one.claim)), None)
        if kept is not None:
            unchanged[one.line] = kept
            left.remove(kept)
    found: list[Compared] = []
    for one in told.sentences:
        if one.line in unchanged:
            fate = Fate.STRUCK if one.struck else Fate.UNCHANGED
            found.append(Compared(fate=fate, section=one.section, line=one.line, claim=unchanged[one.line]))
            continue
        before = nearest(one.claim, left)
        if before is not None:
            left.remove(before)
        found.append(_judged(one, before, document.evidence, judge, editor))
    gone = (Compared(fate=Fate.REMOVED, section="", line=0, claim=claim, before=claim) for claim in left)
    return (*found, *gone)


def _judged(one: Sentence, before: Claim | None, evidence: Evidence, judge: Judge, editor: str) -> Compared:
    claim = one.claim
    if one.struck:
        return Compared(fate=Fate.STRUCK, section=one.section, line=one.line, claim=claim, before=before)
    if claim.kind is Kind.STATED:
        by = claim.by or editor
        fate = Fate.STATED if by else Fate.UNSOURCED
        stated = claim.model_copy(update={"by": by})
        return Compared(fate=fate, section=one.section, line=one.line, claim=stated, before=before)
    why = judge(claim, evidence)
    fate = Fate.CONTRADICTED if why else Fate.SUPPORTED
    return Compared(fate=fate, section=one.section, line=one.line, claim=claim, before=before, why=why)


def same(one: Claim, other: Claim) -> bool:
    """Return whether a reader would see no difference."""
    return sentence(one) == sentence(other)


def nearest(claim: Claim, left: Sequence[Claim]) -> Claim | None:
    """Return the claim that this one is likely a rewording of, or None."""

    def alike(other: Claim) -> float:
        shared = 0.2 if claim.evidence and set(claim.evidence) & set(other.evidence) else 0.0
        matcher = SequenceMatcher(None, claim.text, other.text, autojunk=False)
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) + shared < ALIKE:
            return 0.0  # it cannot be alike, and finding out how much takes long for a long line
        return matcher.ratio() + shared

    best = max(left, key=alike, default=None)
    return best if best is not None and alike(best) >= ALIKE else None
