"""The stream of what changed, for pages and players that follow it. No meaning here, only order."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

Payload = dict[str, Any]

KEPT_EVENTS = 5_000


@dataclass(frozen=True)
class Event:
    """Carry one change and who may see it; no audience means everybody."""

    id: int
    data: Payload
    audience: frozenset[str] | None

    def is_for(self, person: str) -> bool:
        """Tell whether that person may see it."""
        return self.audience is None or person in self.audience


class EventLog:
    """Keep the newest events and wake whoever follows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._last = 0
        self._wakers: set[Callable[[], None]] = set()
        self._closed = False

    @property
    def last(self) -> int:
        """Return the id of the newest event."""
        with self._lock:
            return self._last

    def publish(self, kind: str, fields: Payload, *, audience: frozenset[str] | None = None) -> None:
        """Append one event and wake the followers."""
        with self._lock:
            self._last += 1
            self._events.append(Event(self._last, {"kind": kind, **fields}, audience))
        self._wake()

    def close(self) -> None:
        """End every follower's stream."""
        with self._lock:
            self._closed = True
        self._wake()

    def after(self, last: int) -> tuple[Event, ...] | None:
        """Return what came after an id, or None if some of it is no longer kept or never was."""
        with self._lock:
            oldest = self._events[0].id if self._events else self._last + 1
            if last > self._last or last + 1 < oldest:
                return None
            return tuple(event for event in self._events if event.id > last)

    async def follow(self, person: str, *, after: int, idle_seconds: float) -> AsyncIterator[Event | None]:
        """Yield that person's events as they come; None when nothing came for a while."""
        loop, wake = asyncio.get_running_loop(), asyncio.Event()

        def waker() -> None:
            loop.call_soon_threadsafe(wake.set)

        self._wakers.add(waker)
        try:
            while not self._closed:
                wake.clear()
                events = self.after(after)
                if events is None:
                    after, events = self.last, (Event(self.last, {"kind": "reset"}, None),)
                for event in events:
                    after = max(after, event.id)
                    if event.is_for(person):
                        yield event
                if not await _woken(wake, idle_seconds):
                    yield None
        finally:
            self._wakers.discard(waker)

    def _wake(self) -> None:
        for waker in tuple(self._wakers):
            try:
                waker()
            except RuntimeError:  # the follower's loop is gone
                self._wakers.discard(waker)


async def _woken(wake: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return False
    return True
