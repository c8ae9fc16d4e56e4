"""Claims: a sentence, the evidence it points at, and the check that the evidence bears it."""

from enum import StrEnum

from bot.domain.value import Value


class Kind(StrEnum):
    """Say how far a claim goes: seen, concluded, or said by a person."""

    OBSERVED = "observed"
    INFERRED = "inferred"
    STATED = "stated"


class Claim(Value):
    """Hold one sentence.

    Attributes:
        evidence: ids of the items that bear it.
        quote: the exact words of one of them, where the sentence says a status; it ends at sentence bounds.
        by: the person who said it, where it is stated.
    """

    text: str
    kind: Kind = Kind.INFERRED
    evidence: tuple[str, ...] = ()
    quote: str = ""
    by: str = ""


class Dropped(Value):
    """Hold a claim that was dropped, and why, in words."""

    claim: Claim
    why: str
