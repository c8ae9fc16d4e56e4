"""What whoever runs the bot looks at: what happened, on log lines; and how it stands, once a minute.

Nothing here may slow or stop what it looks at: what was kept is kept, whether or not it can be counted.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from time import monotonic

from bot.domain.counting import counted
from bot.domain.metrics import (
    ACK_MILLISECONDS,
    ANCHOR_SECONDS,
    CARDS_BEHIND,
    INBOX_SECONDS,
    OVERDUE_SECONDS,
    PARTS_AILING,
    RUNS_OPEN,
    RUNS_OWING,
    RUNS_UNKNOWN,
    measured,
)
from bot.domain.records import Change
from bot.domain.run import RunState
from bot.ports import Records

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
MOST_KEPT = 1_000
"""Of one minute's acknowledgements, the newest."""
MOST_IN_A_LINE = 100
"""As many values as CloudWatch takes of a metric from one line."""
MOST_READ = 500

Urgent = Callable[[], AbstractContextManager[None]]


def tell(change: Change) -> None:
    """Log what a change comes to, once it is kept; never raise."""
    try:
        for one in counted(change):
            log.info(one.words, extra=one.facts)
    except Exception:
        log.exception("What was kept could not be counted.")


class Acknowledgements:
    """Remember how long Slack waited for each; on the way of one this is an append, and nothing is written."""

    def __init__(self, urgent: Urgent) -> None:
        """Take what is entered while Slack waits."""
        self._urgent = urgent
        self._taken: deque[float] = deque(maxlen=MOST_KEPT)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Enter it, and remember how long that was."""
        began = monotonic()
        try:
            with self._urgent():
                yield
        finally:
            self._taken.append((monotonic() - began) * 1000)

    def take(self) -> Sequence[float]:
        """Return what was remembered since the last time, in milliseconds."""
        return [self._taken.popleft() for _ in range(len(self._taken))]


class Standing:
    """Say once a minute how the bot stands; a process that says nothing is gone, or hangs.

    Args:
        ailing: names the parts of the process that do not work.
        anchored: how long ago the audit was anchored.
        ticks: a monotonic clock in seconds.
    """

    def __init__(
        self,
        *,
        records: Records,
        ailing: Callable[[], Sequence[str]],
        anchored: Callable[[], timedelta],
        acknowledged: Callable[[], Sequence[float]],
        every: timedelta = EVERY,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._records = records
        self._ailing = ailing
        self._anchored = anchored
        self._acknowledged = acknowledged
        self._every = every.total_seconds()
        self._ticks = ticks
        self._next = ticks() + self._every

    def tell_if_due(self) -> None:
        """Log how the bot stands, if the minute is over; never raise."""
        if self._ticks() < self._next:
            return
        self._next = self._ticks() + self._every
        try:
            self._tell()
        except Exception:
            log.exception("How the bot stands could not be told.")

    def _tell(self) -> None:
        times = self._acknowledged()
        for first in range(0, len(times), MOST_IN_A_LINE):
            some = times[first : first + MOST_IN_A_LINE]
            log.info("Slack was answered.", extra=measured((ACK_MILLISECONDS, some)))
        ailing = self._ailing()
        runs = self._records.runs(open_only=True, most=MOST_READ)
        told = measured(
            (PARTS_AILING, len(ailing)),
            (INBOX_SECONDS, self._inbox()),
            (OVERDUE_SECONDS, self._overdue()),
            (CARDS_BEHIND, len(self._records.cards_behind(most=MOST_READ))),
            (RUNS_OPEN, sum(not run.state.ended for run in runs)),
            (RUNS_UNKNOWN, sum(run.state is RunState.OUTCOME_UNKNOWN for run in runs)),
            (RUNS_OWING, sum(run.state.ended and bool(run.owed) for run in runs)),
            (ANCHOR_SECONDS, self._anchored().total_seconds()),
        )
        log.info("How the bot stands.", extra={"ailing": list(ailing), **told})

    def _inbox(self) -> float:
        """Return the age of the oldest thing that is not dealt with, in seconds."""
        number = next(iter(self._records.deliveries(most=1)), None)
        oldest = None if number is None else self._records.delivery(number)
        return 0.0 if oldest is None else max(0.0, (self._records.now() - oldest.at).total_seconds())

    def _overdue(self) -> float:
        """Return for how long the most overdue work has been due, in seconds."""
        now = self._records.now()
        first = next(iter(self._records.open_waits(due=now, most=1)), None)
        return 0.0 if first is None else (now - first.due).total_seconds()
