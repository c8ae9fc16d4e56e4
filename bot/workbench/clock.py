"""The movable clock of the workbench: the host's time plus a stored offset that only grows.

Nothing here decides what time means; HTTP signatures and the stand-ins' own stamps stay on the host's time.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from bot.errors import InvalidError

# The local CloudWatch Logs drops events more than 2 hours ahead without an error (reference/integration.md).
LARGEST_OFFSET = timedelta(minutes=100)


class Clock:
    """Tell the workbench's time; other processes that are given the same file see the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the host's time plus the offset, in UTC."""
        return datetime.now(UTC) + self.offset  # noqa: TID251 - this is the Clock port of the workbench

    @property
    def offset(self) -> timedelta:
        """Return how far the clock has been moved ahead of the host's since the last Start over."""
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return timedelta(0)
        return timedelta(seconds=float(stored["offset_seconds"]))

    @property
    def offset_left(self) -> timedelta:
        """Return how much further it may be moved before Start over."""
        return LARGEST_OFFSET - self.offset

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new time.

        Raises:
            InvalidError: the move goes backwards, or beyond what is left.
        """
        step = timedelta(seconds=seconds)
        if step <= timedelta(0):
            raise InvalidError("The clock only moves forward: give a number of seconds above 0.")
        with self._lock:
            moved = self.offset + step
            if moved > LARGEST_OFFSET:
                raise InvalidError(
                    f"The clock may still be moved {_in_minutes(self.offset_left)}, not {_in_minutes(step)}: "
                    "the local lake takes nothing later. Press Start over to get the full "
                    f"{_in_minutes(LARGEST_OFFSET)} again."
                )
            self._store(moved)
        return self.now()

    def reset(self) -> None:
        """Return to the host's time; only Start over does this, because everything else is reset with it."""
        with self._lock:
            self._store(timedelta(0))

    def _store(self, offset: timedelta) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.new")
        draft.write_text(json.dumps({"offset_seconds": offset.total_seconds()}), encoding="utf-8")
        draft.replace(self._path)  # in one step, so that no reader sees half a file


def _in_minutes(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes:.0f} min" if minutes == round(minutes) else f"{minutes:.1f} min"
