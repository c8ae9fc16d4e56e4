"""What dialogs were opened on, under ids that say nothing: in this process's memory, bounded, for an hour.

A dialog that outlives the process, or comes back to another one, is refused and opened anew: nothing is lost by it.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.inbox import StartRun
from bot.domain.people import Place
from bot.domain.policy import LONGEST_LIFETIME
from bot.errors import RequestError
from bot.slack.modals import GONE

MOST_OPEN = 1_000
OPEN_FOR: timedelta = LONGEST_LIFETIME


@dataclass(frozen=True, kw_only=True)
class ReviewOpened:
    """Bind a review to the request, its edition and the card it was opened from."""

    approval: int
    edition: int
    place: Place


Subject = ReviewOpened | StartRun


class Opened:
    """Remember what each dialog was opened on, for whom."""

    def __init__(self, *, now: Callable[[], datetime], most: int = MOST_OPEN) -> None:
        self._now = now
        self._most = most
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[str, datetime, Subject]] = OrderedDict()

    def keep(self, subject: Subject, *, person: str) -> str:
        """Return the opaque id under which the subject is found again, by this person only."""
        opaque = secrets.token_urlsafe(18)
        with self._guard:
            self._kept[opaque] = (person, self._now() + OPEN_FOR, subject)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
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

    def start(self, opaque: str, *, person: str) -> StartRun:
        """Return the start this person was giving inputs to.

        Raises:
            RequestError: nothing, or not any more.
        """
        found = self._find(opaque, person)
        if not isinstance(found, StartRun):
            raise RequestError(GONE)
        return found

    def _find(self, opaque: str, person: str) -> Subject | None:
        with self._guard:
            owner, until, subject = self._kept.get(opaque, ("", self._now(), None))
        return subject if owner == person and self._now() < until else None
