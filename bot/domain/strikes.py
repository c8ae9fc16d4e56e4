"""Strikes: what people say is wrong of what a machine said. A struck sentence is shown so, and never again as borne.

A sentence is known by its words, wherever it stands: case, articles and marks aside, the same words are one sentence.
What says it in other words is another sentence.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.domain.assistance import Engine
from bot.domain.claims import Claim
from bot.domain.facts import plain
from bot.domain.plain import cut, visible
from bot.domain.reasons import MOST_REASON
from bot.domain.redaction import line_for_eyes, unnumbered
from bot.domain.strictjson import digest
from bot.domain.value import Value
from bot.errors import RequestError

FORM = "claim/v1"

_MARKS = re.compile(r"[*_`~\\\"“”«»]")
_ARTICLES = frozenset({"a", "an", "the"})


class Strike(Value):
    """Hold one strike.

    Attributes:
        claim: the id of the sentence, see `claim_id`; `text` is the sentence as it stood.
        about: the label of what it was said of: the incident, else the alarm or run, else the message itself.
        message: on which it was struck: `A-118`, `assist:57` or `postmortem:3`.
        channel: where; the reason is shown there only.
        engine: who worded the sentence; None where a person did.
        undone_by: who took the strike back; empty while it stands.
    """

    id: int
    claim: str
    text: str
    about: str
    message: str
    channel: str
    engine: Engine | None = None
    by: str
    name: str
    at: datetime
    reason: str = ""
    undone_by: str = ""
    undone_name: str = ""
    undone_at: datetime | None = None
    revision: int = 0

    @property
    def open(self) -> bool:
        """Return whether it stands."""
        return not self.undone_by

    @property
    def said(self) -> str:
        """Return who struck it and why, in words; the reason is a person's and hostile."""
        return f"struck by @{self.name}" + (f": {self.reason}" if self.reason else "")


class Uttered(Value):
    """Hold one sentence of a message, as it can be struck.

    Attributes:
        part: the heading it stands under, empty where there is none.
    """

    part: str = ""
    claim: Claim
    engine: Engine | None = None

    @property
    def id(self) -> str:
        """Return the id of the sentence."""
        return claim_id(self.claim.text)


Struck = Mapping[str, Strike]
"""The strikes that stand, by the id of the sentence."""


def claim_id(text: str) -> str:
    """Return the id of a sentence: of its words, whatever their case, articles, marks and numbers of placeholders."""
    bare = _MARKS.sub("", unnumbered(plain(visible(text))).casefold())
    words = " ".join(word for word in bare.split() if word not in _ARTICLES)
    return digest({"form": FORM, "words": words.rstrip(" .!?;:,")})[:16]


def by_claim(strikes: Iterable[Strike]) -> Struck:
    """Return those that stand, by sentence; of two the older, whoever struck it later changed nothing."""
    return {one.claim: one for one in sorted(strikes, key=lambda one: -one.id) if one.open}


def seen_in(channel: str, strike: Strike) -> Strike:
    """Return the strike as it may be shown in a channel: a person's reason stays where it was given."""
    return strike if strike.channel == channel else strike.model_copy(update={"reason": ""})


def reasoned(text: str) -> str:
    """Return a reason in one line, cleaned and redacted as evidence is: it goes where many read it."""
    return cut(line_for_eyes(text), MOST_REASON)


def taken_back(strike: Strike, *, by: str, name: str, now: datetime) -> Strike:
    """Return the strike as taken back.

    Raises:
        RequestError: somebody did so before; the words name them.
    """
    if not strike.open:
        raise RequestError(f"@{strike.undone_name} took the strike of “{cut(strike.text, 80)}” back already.")
    return strike.model_copy(update={"undone_by": by, "undone_name": name, "undone_at": now})


def unstruck(claims: Iterable[Claim], struck: Iterable[str]) -> tuple[Claim, ...]:
    """Return the claims that are none of the sentences that were struck."""
    ids = {claim_id(text) for text in struck}
    return tuple(one for one in claims if claim_id(one.text) not in ids)
