"""How many tokens may be used: for one incident, and in a day by one person, in one channel and by all.

Replicas and restarts agree. A part of the day's is kept for incidents of severity 1, which nobody's chatter uses up.
"""

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
        per_channel: int,
        per_day: int,
        kept: float = 0.0,
    ) -> None:
        """Take the limits; `kept` is the share of the day's that only what is urgent may use."""
        self._counters = counters
        self._now = now
        self._per_incident = per_incident
        self._per_person = per_person
        self._per_channel = per_channel
        self._per_day = per_day
        self._ordinary = int(per_day * (1 - kept))

    def reserve(self, subject: str, tokens: int, *, by: str = "", channel: str = "", urgent: bool = False) -> Reserved:
        """Set tokens aside, before the day's own those of the person and the channel that asked.

        What is urgent counts against person and channel, and is not held up by them.

        Raises:
            NotAllowedError: too few are left; none are set aside.
        """
        today = self._now().date().isoformat()
        limits: dict[str, tuple[int | None, str]] = {}
        if by:
            most = None if urgent else self._per_person
            limits[f"tokens of {today} by {by}"] = (most, "that one person may use today")
        if channel:
            most = None if urgent else self._per_channel
            limits[f"tokens of {today} in {channel}"] = (most, "that one channel may use today")
        rest = " that are not kept for severity 1" if self._ordinary < self._per_day and not urgent else ""
        limits[f"tokens of {today}"] = (self._per_day if urgent else self._ordinary, f"of today{rest}")
        if subject:
            limits[f"tokens of {subject}"] = (self._per_incident, f"of {subject}")
        taken: tuple[str, ...] = ()
        for name, (limit, whose) in limits.items():
            taken = (*taken, name)
            count = self._counters.count(name, tokens)
            if limit is not None and count > limit:
                self.settle(Reserved(names=taken, tokens=tokens), 0)
                raise NotAllowedError(f"The tokens {whose} are used up ({limit:,})")
        return Reserved(names=taken, tokens=tokens)

    def settle(self, reserved: Reserved, used: int) -> None:
        """Count what was used in place of what was set aside."""
        for name in reserved.names:
            self._counters.count(name, used - reserved.tokens)
