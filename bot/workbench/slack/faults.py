"""Switches that make the local Slack fail on purpose. Decides which call fails; the server does it."""

import threading
from dataclasses import dataclass
from typing import Literal, get_args

Fault = Literal[
    "rate_limit",
    "server_error",
    "not_in_channel",
    "disconnect",
    "duplicate",
    "slow",
    "lookup_fails",
    "answer_lost",
    "no_canvas",
    "no_files",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
ONE_CALL: frozenset[Fault] = frozenset({"rate_limit", "server_error", "answer_lost", "slow"})
UNTIL_CLEARED = 1_000_000
DEFAULT_SECONDS = 1


@dataclass(frozen=True)
class Switch:
    """Say how often a fault still strikes, where, and how long it takes."""

    left: int
    method: str | None
    seconds: float


class Faults:
    """Hold the switches; `count` is calls, but copies per envelope for `duplicate`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._switches: dict[str, Switch] = {}

    def set(
        self,
        fault: Fault,
        *,
        count: int | None = None,
        method: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Switch a fault on; count 0 switches it off; without a count once, or until switched off."""
        if count is None:
            count = 2 if fault == "duplicate" else 1 if fault in ONE_CALL else UNTIL_CLEARED
        length = DEFAULT_SECONDS if seconds is None else seconds
        with self._lock:
            self._switches.pop(fault, None)
            if count > 0:
                self._switches[fault] = Switch(count, method, length)

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._switches.clear()

    def active(self) -> dict[str, int]:
        """Return what is on, and how often it still strikes."""
        with self._lock:
            return {name: switch.left for name, switch in self._switches.items()}

    def copies(self) -> int:
        """Return how often each envelope is delivered."""
        with self._lock:
            switch = self._switches.get("duplicate")
            return switch.left if switch else 1

    def strikes(self, fault: Fault, method: str) -> Switch | None:
        """Take one strike of a fault on that API method, if it is on."""
        with self._lock:
            switch = self._switches.get(fault)
            if switch is None or switch.method not in (None, method):
                return None
            left = switch.left if switch.left == UNTIL_CLEARED else switch.left - 1
            if left:
                self._switches[fault] = Switch(left, switch.method, switch.seconds)
            else:
                del self._switches[fault]
            return switch
