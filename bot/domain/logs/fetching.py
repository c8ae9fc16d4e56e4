"""What is asked of a source of logs, in slices of time, and what came of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import Field

from bot.domain.moment import from_millis
from bot.domain.value import Value

MOST_LINES = 1_000_000
MOST_CHARACTERS = 1_000_000_000
SLICES = 32
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
MOST_NAMED = 4  # stretches of one group that are named; the rest is counted


class Slice(Value):
    """Hold one stretch of one group that is still to be read, [start, end) in milliseconds.

    Attributes:
        mark: AWS's mark of the next page, where some were read.
    """

    group: str
    start: int
    end: int
    mark: str = ""


class ReadLogs(Value):
    """Ask for the lines of some groups and a time; or, with `left`, for what an earlier asking left.

    Attributes:
        around: the time that matters most; what is nearest is read first, should the budget end.
    """

    groups: tuple[str, ...] = ()
    since: datetime
    until: datetime
    around: datetime | None = None
    most_lines: int = Field(default=MOST_LINES, ge=1)
    most_characters: int = Field(default=MOST_CHARACTERS, ge=1)
    left: tuple[Slice, ...] = ()

    def slices(self) -> tuple[Slice, ...]:
        """Return the stretches to read, those nearest to `around` first."""
        if self.left:
            return self.left
        return tuple(sliced(self.groups, self.since, self.until, around=self.around or self.since))


class Progress(Value):
    """Say how far reading is: the share of the time asked about that is covered, and what came.

    Attributes:
        groups: how many log groups are done with, those among them that could not be read.
    """

    share: float
    groups: int = 0
    lines: int
    characters: int


class Fetched(Value):
    """Say what was read and what was not.

    Attributes:
        unread: what was not read and why, a sentence each.
        left: what can be asked for again.
    """

    lines: int = 0
    characters: int = 0
    unread: tuple[str, ...] = ()
    left: tuple[Slice, ...] = ()


def sliced(groups: Iterable[str], since: datetime, until: datetime, *, around: datetime) -> list[Slice]:
    """Return the time cut into slices of each group, nearest first; no time is no slice."""
    start, end = (int(at.timestamp() * 1000) for at in (since, until))
    width = min(max((end - start) // SLICES, _millis(SHORTEST)), _millis(LONGEST))
    found = [
        Slice(group=group, start=at, end=min(at + width, end)) for group in groups for at in range(start, end, width)
    ]
    middle = int(around.timestamp() * 1000)
    return sorted(found, key=lambda one: max(one.start - middle, middle - one.end, 0))


def not_read(slices: Sequence[Slice], why: str) -> tuple[str, ...]:
    """Return a sentence for each group of which something was not read."""
    groups = dict.fromkeys(one.group for one in slices)
    return tuple(f"{group}: {why} Not read: {_stretches([s for s in slices if s.group == group])}." for group in groups)


def _stretches(slices: Sequence[Slice]) -> str:
    joined: list[tuple[int, int]] = []
    for one in sorted(slices, key=lambda one: one.start):
        if joined and one.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], one.end))
        else:
            joined.append((one.start, one.end))
    shown = [f"{from_millis(start):%Y-%m-%d %H:%M:%S}–{from_millis(end):%H:%M:%S} UTC" for start, end in joined]
    more = len(shown) - MOST_NAMED
    return ", ".join(shown[:MOST_NAMED]) + (f" and {more} more stretches" if more > 0 else "")


def _millis(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
