"""A circuit breaker: after some faults in a row a neighbour is left alone for a while, then tried once."""

import math
import threading
from collections.abc import Callable
from datetime import timedelta

from bot.errors import UnavailableError

FAULTS = 3
OPEN_FOR = timedelta(seconds=60)


class Breaker:
    """Let calls through while they come back; `now` is a monotonic clock in seconds."""

    def __init__(self, *, now: Callable[[], float], faults: int = FAULTS, open_for: timedelta = OPEN_FOR) -> None:
        self._now = now
        self._most = faults
        self._open_for = open_for.total_seconds()
        self._lock = threading.Lock()
        self._faults = 0
        self._until = 0.0
        self._trying = False

    def enter(self) -> None:
        """Go through; every entry is followed by `good`, `fault` or `neither`.

        Raises:
            UnavailableError: the neighbour is left alone now.
        """
        with self._lock:
            if self._faults < self._most:
                return
            left = self._until - self._now()
            if left > 0 or self._trying:
                wait = f" for {math.ceil(left)} s more" if left > 0 else ", but for one trial under way"
                raise UnavailableError(f"Bedrock failed {self._faults} times in a row and is left alone{wait}")
            self._trying = True

    def good(self) -> None:
        """Say that an answer came."""
        with self._lock:
            self._faults, self._trying = 0, False

    def fault(self) -> None:
        """Say that none came, or none of use."""
        with self._lock:
            self._faults, self._trying = self._faults + 1, False
            self._until = self._now() + self._open_for

    def neither(self) -> None:
        """Say that the neighbour was not asked after all."""
        with self._lock:
            self._trying = False
