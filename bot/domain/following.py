"""Action items that people follow up: whose each is, until when, when they are reminded, and how it ended.

Nobody owns one who did not take or get it. It stays open until somebody says that it is done, or why it is dropped.
"""

from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from bot.domain.people import Place
from bot.domain.plain import cut, visible
from bot.domain.quiet import at_hour, by_day
from bot.domain.value import Value
from bot.errors import InvalidError, RequestError

MOST_ITEM: Final = 400  # characters
MOST_ITEMS: Final = 60  # of one incident
FURTHEST: Final = timedelta(days=730)
DAY_BEFORE: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(days=7)
LONGEST_UNSEEN: Final = timedelta(days=7)
"""How long nobody looks whether the owner is still here."""
SNOOZES: Final = (1, 7)  # days


class FollowState(StrEnum):
    """Say where an action item stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Why(StrEnum):
    """Say why its owner is told of an action item now."""

    GIVEN = "given"
    TOMORROW = "tomorrow"
    TODAY = "today"
    OVERDUE = "overdue"
    OPEN = "open"


class FollowUp(Value):
    """Hold one action item, whole.

    Attributes:
        subject: what it came of: `INC-7`, or `PM-3` where there is no incident.
        place: the channel in which its checklist stands.
        by: who added it; "bot" where a runbook or a gap suggested it.
        owner: the id of the person whose it is; empty: nobody's.
        gone: who had it and cannot have it any more.
        told: when its owner was last told of it, since it is theirs, and `said` why.
        later: until when its owner put it off.
        turn: the number of the wait for the next reminder, and when that is.
        message: the key of the newest message to its owner; only this one has buttons.
    """

    id: int
    subject: str
    incident: int | None = None
    place: Place
    text: str
    by: str
    added: datetime
    state: FollowState = FollowState.OPEN
    owner: str = ""
    gone: str = ""
    due: date | None = None
    told: datetime | None = None
    said: Why = Why.GIVEN
    later: datetime | None = None
    turn: int = 0
    next: datetime | None = None
    message: str = ""
    closed: datetime | None = None
    closed_by: str = ""
    why: str = ""
    revision: int = 0

    @property
    def label(self) -> str:
        """Return the short id people speak of."""
        return f"ACT-{self.id}"

    @property
    def open(self) -> bool:
        """Return whether it is still to be done."""
        return self.state is FollowState.OPEN

    @property
    def wait(self) -> str:
        """Return the key of the wait for its next reminder."""
        return f"item:{self.id}:{self.turn}"


def worded(text: str) -> str:
    """Return what is to be done, in one line that fits.

    Raises:
        InvalidError: there are no words.
    """
    words = cut(visible(text), MOST_ITEM)
    if not words:
        raise InvalidError("What is to be done? Words are missing.")
    return words


def owned(item: FollowUp, owner: str) -> FollowUp:
    """Return the item as that person's; they have not been told of it yet.

    Raises:
        RequestError: it is theirs already, or it is closed.
    """
    _insist(item)
    if item.owner == owner:
        raise RequestError(f"{item.label} is theirs already; nothing was changed.")
    return item.model_copy(update={"owner": owner, "gone": "", "told": None, "later": None})


def unowned(item: FollowUp, *, gone: bool = False) -> FollowUp:
    """Return the item as nobody's.

    Args:
        gone: its owner is here no more, which its card says.

    Raises:
        RequestError: it is nobody's already, or it is closed.
    """
    _insist(item)
    if not item.owner:
        raise RequestError(f"Nobody has {item.label}; nothing was changed.")
    return item.model_copy(update={"owner": "", "gone": item.owner if gone else "", "told": None, "later": None})


def dated(item: FollowUp, due: date | None, *, today: date) -> FollowUp:
    """Return the item due on a day, or on none.

    Raises:
        RequestError: the day is past, too far away or the same, or the item is closed.
    """
    _insist(item)
    if due == item.due:
        raise RequestError(f"{item.label} is due then already; nothing was changed.")
    if due is not None and not today <= due <= today + FURTHEST:
        raise InvalidError(f"{item.label} cannot be due on {due}: choose a day from today on, within 2 years.")
    return item.model_copy(update={"due": due, "later": None})


def put_off(item: FollowUp, days: int, *, by: str, now: datetime) -> FollowUp:
    """Return the item with its next reminder so many days from now; when it is due stays as it is.

    Raises:
        RequestError: it is somebody else's, or closed, or that is no length to put things off.
    """
    _insist(item)
    if item.owner != by:
        raise RequestError(f"{item.label} is not yours; only its owner can put its reminder off.")
    if days not in SNOOZES:
        raise InvalidError("A reminder is put off by a day or by a week.")
    return item.model_copy(update={"later": now + timedelta(days=days), "told": item.told or now})


def closed(item: FollowUp, state: FollowState, *, by: str, now: datetime, why: str = "") -> FollowUp:
    """Return the item as done or dropped.

    Raises:
        RequestError: it is closed already, or it is dropped without a reason.
    """
    _insist(item)
    reason = cut(visible(why), MOST_ITEM)
    if state is FollowState.DROPPED and not reason:
        raise InvalidError(f"Why is {item.label} dropped? Say in a sentence, so that nobody takes it up again.")
    return item.model_copy(update={"state": state, "closed": now, "closed_by": by, "why": reason, "later": None})


def reminder(item: FollowUp, *, now: datetime, zone: tzinfo, hour: int) -> datetime | None:
    """Return when its owner is next to be told of it, by day where they are; None where there is nobody to tell.

    That is at once when they have just got it; then on the morning of the day before it is due, of the day itself, and
    each week after it; each week, too, where it has no day. What was put off comes when that is over.
    """
    if not item.open or not item.owner:
        return None
    if item.told is None:
        return by_day(now, zone)
    if item.later is not None and item.later > now:
        return by_day(item.later, zone)
    if item.due is None:
        return at_hour(now.astimezone(zone).date() + AGAIN_AFTER, hour, zone)
    day = item.due - DAY_BEFORE
    while (at := at_hour(day, hour, zone)) <= now:
        day = item.due if day < item.due else day + AGAIN_AFTER
    return at


def why_told(item: FollowUp, *, now: datetime, zone: tzinfo) -> Why:
    """Return why the owner of an item is told of it now."""
    today = now.astimezone(zone).date()
    if item.told is None:
        return Why.GIVEN
    if item.due is None or item.due > today + DAY_BEFORE:
        return Why.OPEN
    if item.due > today:
        return Why.TOMORROW
    return Why.TODAY if item.due == today else Why.OVERDUE


def _insist(item: FollowUp) -> None:
    if not item.open:
        raise RequestError(f"{item.label} is {item.state} already; nothing was changed.")
