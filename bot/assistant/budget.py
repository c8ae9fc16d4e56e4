"""How many tokens may be used: for one incident, by one person and by all in a day; replicas and restarts agree."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.value import Value
from bot.errors import NotAllowedError
from bot.ports import Counters


class Reserved(Value):
    """Hold tokens set aside before a call, and the counters they were set aside in."""

    names: tuple[str, ...]
    tokens: int


class Budget:
    """Set tokens aside before a call and settle what it really used after it."""

    def __init__(
        self,
        *,
        counters: Counters,
        now: Callable[[], datetime],
        per_incident: int,
        per_person: int,
        per_day: int,
    ) -> None:
        self._counters = counters
        self._now = now
        self._per_incident = per_incident
        self._per_person = per_person
        self._per_day = per_day

    def reserve(self, subject: str, tokens: int, *, by: str = "") -> Reserved:
        """Set tokens aside, before the day's own those of the person who asked.

        Raises:
            NotAllowedError: too few are left; none are set aside.
        """
        today = self._now().date().isoformat()
        limits: dict[str, tuple[int, str]] = {}
        if by:
            limits[f"tokens of {today} by {by}"] = (self._per_person, "that one person may use today")
        limits[f"tokens of {today}"] = (self._per_day, "of today")
        if subject:
            limits[f"tokens of {subject}"] = (self._per_incident, f"of {subject}")
        taken: tuple[str, ...] = ()
        for name, (most, whose) in limits.items():
            taken = (*taken, name)
            if self._counters.count(name, tokens) > most:
                self.settle(Reserved(names=taken, tokens=tokens), 0)
                raise NotAllowedError(f"The tokens {whose} are used up ({most:,})")
        return Reserved(names=taken, tokens=tokens)

    def settle(self, reserved: Reserved, used: int) -> None:
        """Count what was used in place of what was set aside."""
        for name in reserved.names:
            self._counters.count(name, used - reserved.tokens)
