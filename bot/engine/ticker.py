"""One daemon thread that does one thing again and again; on the machine's clock, never the movable one."""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

log = logging.getLogger(__name__)


class Ticker:
    """Call `act` at once and then every `every`, whatever it raises."""

    def __init__(self, act: Callable[[], None], *, name: str, every: timedelta) -> None:
        self._act = act
        self._every = every.total_seconds()
        self._stopping = Event()
        self._thread = Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin ticking."""
        self._thread.start()

    def stop(self, *, patience: timedelta = timedelta(seconds=1)) -> None:
        """End ticking; wait at most `patience` for the tick under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(patience.total_seconds())

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._act()
            except Exception:
                log.exception("A tick failed; the next one comes.", extra={"ticker": self._thread.name})
            self._stopping.wait(self._every)
