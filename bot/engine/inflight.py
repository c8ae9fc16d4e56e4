"""What this process has in hand: which works were started here, and which are being performed now."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition
from time import monotonic, sleep


class InFlight:
    """Answer `is it here already?` without asking a database; what is lost here costs one question."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: set[str] = set()
        self._performing: list[str] = []
        self._closed = False
        self._ended = 0.0

    def take(self, work: str) -> bool:
        """Hold a work; False if it is held already or nothing may be started any more."""
        with self._changed:
            if self._closed or work in self._held:
                return False
            self._held.add(work)
            return True

    def release(self, work: str) -> None:
        """Let go of a work that was not started here after all."""
        with self._changed:
            self._held.discard(work)

    @contextmanager
    def performing(self, work: str) -> Iterator[bool]:
        """Hold a work while it is performed; yields False if the process is closing and it must not begin."""
        with self._changed:
            may = not self._closed
            self._held.add(work)
            self._performing.append(work)
        try:
            yield may
        finally:
            with self._changed:
                self._held.discard(work)
                self._performing.remove(work)
                self._ended = monotonic()
                self._changed.notify_all()

    def close(self, *, patience: timedelta, settle: timedelta) -> tuple[str, ...]:
        """Let nothing begin any more and wait for what is being performed; return what did not end in time.

        What ended less than `settle` ago is given the rest of it, to be written down.
        """
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._performing, patience.total_seconds())
            left = tuple(self._performing)
            settled = self._ended + settle.total_seconds()
        sleep(max(0.0, settled - monotonic()))
        return left
