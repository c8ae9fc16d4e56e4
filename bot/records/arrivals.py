"""Keep what comes in at the same moment in one transaction: one commit to the disk for all that wait for it.

Nobody is told that a delivery is kept before the transaction that keeps it has ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from bot.domain.inbox import Delivery
from bot.errors import BotError, UnavailableError

Keep = Callable[[Sequence[Delivery]], Sequence[bool]]


def _closed() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(eq=False)
class _Arrival:
    """Hold one delivery until it is kept.

    Attributes:
        gate: opens once: when it is kept, or when its thread is to keep the next ones. A bare lock, for an event costs
            each who waits a dozen more turns of the interpreter.
    """

    delivery: Delivery
    gate: Lock = field(default_factory=_closed)
    new: bool | None = None
    error: BotError | None = None

    @property
    def over(self) -> bool:
        return self.new is not None or self.error is not None


class Arrivals:
    """Let the first who comes keep for all who come meanwhile; nobody waits for more to come."""

    def __init__(self, keep: Keep) -> None:
        """Take what keeps deliveries in one transaction and says of each whether it is new."""
        self._keep = keep
        self._guard = Lock()
        self._waiting: list[_Arrival] = []
        self._busy = False

    def accept(self, delivery: Delivery) -> bool:
        """Keep it and return whether it is new; what went wrong is raised for each who waited."""
        mine = _Arrival(delivery)
        with self._guard:
            self._waiting.append(mine)
            first, self._busy = not self._busy, True
        if not first:
            mine.gate.acquire()
        if not mine.over:
            self._keep_all(mine)
        if mine.error is not None:
            raise mine.error
        return bool(mine.new)

    def _keep_all(self, mine: _Arrival) -> None:
        """Keep everything that waits, mine among it; then it is the turn of the oldest that has come since."""
        with self._guard:
            batch, self._waiting = self._waiting, []
        try:
            self._keep_together(batch)
        finally:
            with self._guard:
                self._busy = bool(self._waiting)
                following = self._waiting[:1]
            for one in (*batch, *following):
                if one is not mine:  # nobody waits at that gate any more
                    one.gate.release()

    def _keep_together(self, batch: Sequence[_Arrival]) -> None:
        """Keep them in one transaction; where that does not go, one by one, so that none suffers for another."""
        try:
            for one, new in zip(batch, self._keep([one.delivery for one in batch]), strict=True):
                one.new = new
        except BotError as error:
            if len(batch) == 1:
                batch[0].error = error
            else:
                for one in batch:
                    self._keep_together((one,))
        finally:
            for one in batch:
                if not one.over:  # a bug, raised where it was met
                    one.error = UnavailableError("It could not be kept. Try again; nothing is done twice.")
