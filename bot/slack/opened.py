"""What dialogs were opened on, under ids that say nothing: kept in the records, bounded, for an hour.

Any replica may hear the answer. An id that nobody gave out, somebody else's, or one whose time is over is refused and
the dialog opened anew: nothing is lost by it.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from bot.domain.inbox import StartRun
from bot.domain.people import Place
from bot.domain.policy import LONGEST_LIFETIME
from bot.domain.value import Value
from bot.errors import RequestError
from bot.ports import Dialogs
from bot.slack.modals import GONE

OPEN_FOR: timedelta = LONGEST_LIFETIME


class ReviewOpened(Value):
    """Bind a review to the request, its edition and the card it was opened from."""

    kind: Literal["review_opened"] = "review_opened"
    approval: int
    edition: int
    place: Place


class TypingOpened(Value):
    """Bind what is typed again to the proposal and the card it was opened from."""

    kind: Literal["typing_opened"] = "typing_opened"
    answer: int
    number: int
    names: tuple[str, ...]
    place: Place


class StrikingOpened(Value):
    """Bind what is ticked to the sentences as the dialog numbers them, and to the message it was opened from.

    Attributes:
        claims: the ids of the sentences, in order.
        strikes: of each the number of its strike, 0 where it was not struck.
    """

    kind: Literal["striking_opened"] = "striking_opened"
    message: str
    claims: tuple[str, ...]
    strikes: tuple[int, ...]
    place: Place


Kept = ReviewOpened | TypingOpened | StrikingOpened | StartRun
_SUBJECT: TypeAdapter[Kept] = TypeAdapter(Annotated[Kept, Field(discriminator="kind")])


class Opened:
    """Remember what each dialog was opened on, for whom."""

    def __init__(self, *, kept: Dialogs, now: Callable[[], datetime]) -> None:
        self._kept = kept
        self._now = now

    def keep(self, subject: Kept, *, person: str) -> str:
        """Return the opaque id under which the subject is found again, by this person only."""
        opaque = secrets.token_urlsafe(18)
        self._kept.keep_dialog(opaque, person=person, until=self._now() + OPEN_FOR, subject=subject.model_dump_json())
        return opaque

    def review(self, opaque: str, *, person: str) -> ReviewOpened:
        """Return what this person reviews.

        Raises:
            RequestError: nothing, or not any more.
        """
        found = self._find(opaque, person)
        if not isinstance(found, ReviewOpened):
            raise RequestError(GONE)
        return found

    def typing(self, opaque: str, *, person: str) -> TypingOpened:
        """Return the proposal whose values this person types again.

        Raises:
            RequestError: nothing, or not any more.
        """
        found = self._find(opaque, person)
        if not isinstance(found, TypingOpened):
            raise RequestError(GONE)
        return found

    def striking(self, opaque: str, *, person: str) -> StrikingOpened:
        """Return the message whose sentences this person ticks.

        Raises:
            RequestError: nothing, or not any more.
        """
        found = self._find(opaque, person)
        if not isinstance(found, StrikingOpened):
            raise RequestError(GONE)
        return found

    def start(self, opaque: str, *, person: str) -> StartRun:
        """Return the start this person was giving inputs to.

        Raises:
            RequestError: nothing, or not any more.
        """
        found = self._find(opaque, person)
        if not isinstance(found, StartRun):
            raise RequestError(GONE)
        return found

    def _find(self, opaque: str, person: str) -> Kept | None:
        kept = self._kept.dialog(opaque, person=person)
        try:
            return None if kept is None else _SUBJECT.validate_json(kept)
        except ValidationError:  # opened by another release of the bot
            return None
