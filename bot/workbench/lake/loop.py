"""One daemon thread that takes turns, and can be paused between two of them, woken and stopped."""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

log = logging.getLogger(__name__)


class Loop:
    """Take a turn, rest, take the next; a turn that fails is logged and the next one comes.

    Args:
        turn: what to do each time.
        rest: seconds between two turns unless woken.
        nudge: makes a turn that waits for something return soon; called before waiting for its end.
    """

    def __init__(
        self, turn: Callable[[], None], *, name: str, rest: float, nudge: Callable[[], None] | None = None
    ) -> None:
        self._turn = turn
        self._rest = rest
        self._nudge = nudge
        self._open = Event()
        self._woken = Event()
        self._stopping = Event()
        self._turning = Lock()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a turn at once."""
        self._open.set()
        self._thread.start()

    def wake(self) -> None:
        """Take the next turn now."""
        self._woken.set()

    def turn(self) -> None:
        """Take one here, after the one under way; return when it has ended."""
        with self._turning:
            self._take_turn()

    def pause(self) -> None:
        """Return when no turn is under way; none begins until `resume`."""
        self._open.clear()
        if self._nudge is not None and self._turning.locked():
            self._nudge()
        with self._turning:
            pass

    def resume(self) -> None:
        """Take turns again."""
        self._open.set()
        self._woken.set()

    def stop(self, *, patience: float = 1.0) -> None:
        """End after the turn under way, waited for at most `patience` seconds."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        if self._nudge is not None and self._turning.locked():
            self._nudge()
        self._open.set()
        self._woken.set()
        self._thread.join(patience)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._open.wait()
            with self._turning:
                if self._open.is_set() and not self._stopping.is_set():
                    self._take_turn()
            self._woken.wait(self._rest)
            self._woken.clear()

    def _take_turn(self) -> None:
        try:
            self._turn()
        except Exception:
            log.exception("A turn failed; the next one comes.", extra={"loop": self._thread.name})
