"""What the engine performs, and the one sweeper that starts it.

Work is an id: `inbox:NUMBER` for what came in, or the key of a wait whose hour has come. The records say what is open;
the engine may be empty, and everything open is started again.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from time import monotonic

from bot.domain.records import Share
from bot.ports import Engine, Records
from bot.usecases.alarms import perform_look
from bot.usecases.approvals import escalate
from bot.usecases.assistance import perform_assist, perform_suggest
from bot.usecases.breaking import perform_glass
from bot.usecases.changes import change_step
from bot.usecases.desk import Desk
from bot.usecases.following import remind_owner
from bot.usecases.inbox import deal
from bot.usecases.marking import look_at_marked
from bot.usecases.mornings import tell_in_the_morning
from bot.usecases.postmortems.writing import perform_draft
from bot.usecases.runs import perform as perform_segment
from bot.usecases.steering import remind

log = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(milliseconds=200)
FAILED_AGAIN = timedelta(seconds=1)
LONGEST_AGAIN = timedelta(minutes=1)
GIVES_WAY = timedelta(milliseconds=100)
PUT_OFF = timedelta(seconds=2)
"""So much of one sweep may go by giving way."""
MOST_STARTED = 200
WAITS: tuple[Share, ...] = (
    (("ladder", "glass", "remind"), 3),
    (("segment",), 6),
    (("look",), 3),
    (("suggest", "assist"), 3),
    (("postmortem",), 2),
    (("item", "morning", "marks"), 1),
)
"""The kinds of waits, and how many of each go on at once: what AWS or a model holds up holds up its own kind only."""
ALARMS_AT_ONCE = 3
THREADS = 24
"""More than all of these together, so that what people press never waits for any of them."""


def perform_work(desk: Desk, work: str) -> None:
    """Perform one piece of work, whatever it is."""
    perform = KINDS.get(work.split(":", 1)[0])
    if perform is None:
        log.error("Unknown work was left alone.", extra={"work": work})
        return
    perform(desk, work)


def _deal(desk: Desk, work: str) -> None:
    deal(desk, int(work.split(":")[1]))


def _segment(desk: Desk, work: str) -> None:
    perform_segment(desk, work, change_step=change_step)


KINDS: Mapping[str, Callable[[Desk, str], None]] = {
    "inbox": _deal,
    "segment": _segment,
    "ladder": escalate,
    "glass": perform_glass,
    "remind": remind,
    "look": perform_look,
    "suggest": perform_suggest,
    "postmortem": perform_draft,
    "item": remind_owner,
    "morning": tell_in_the_morning,
    "marks": look_at_marked,
    "assist": perform_assist,
}
"""How each kind of work is performed; all but the first are waits."""


class Bell:
    """Ring when something may have become due; the sweeper listens."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Have the sweeper look now."""
        self._rung.set()

    def listen(self, most: timedelta) -> None:
        """Return at the next ring, or after so long."""
        self._rung.wait(most.total_seconds())
        self._rung.clear()


class Precedence:
    """Let what Slack waits for, three seconds at most, go before work that nobody's screen waits for."""

    def __init__(self, *, most: timedelta = GIVES_WAY) -> None:
        """Take how long one piece of work is put off at most."""
        self._most = most
        self._changed = threading.Condition()
        self._lane = threading.Lock()
        self._urgent = 0

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Go before all work that has not begun."""
        with self._changed:
            self._urgent += 1
        try:
            yield
        finally:
            with self._changed:
                self._urgent -= 1
                if not self._urgent:
                    self._changed.notify_all()

    def give_way(self) -> None:
        """Return once nothing urgent is under way; while something is, one at a time, each after a short while."""
        with self._lane, self._changed:
            self._changed.wait_for(lambda: not self._urgent, timeout=self._most.total_seconds())


class Subjects:
    """Let only one piece of work on the same run or alarm go on in this process at a time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._busy: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """Hold the subject of the work: its run for a segment, else itself."""
        subject = ":".join(work.split(":")[:2])
        with self._guard:
            lock, users = self._busy.get(subject, (threading.Lock(), 0))
            self._busy[subject] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._busy.pop(subject)
                if users > 1:
                    self._busy[subject] = (lock, users - 1)


class Failures:
    """Remember which work failed and when it may be tried again, ever later; a restart forgets."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._until: dict[str, tuple[float, timedelta]] = {}

    def add(self, work: str) -> None:
        """Put the work off, twice as long as the last time."""
        with self._guard:
            _, last = self._until.get(work, (0.0, FAILED_AGAIN / 2))
            pause = min(last * 2, LONGEST_AGAIN)
            self._until[work] = (monotonic() + pause.total_seconds(), pause)

    def clear(self, work: str) -> None:
        """Forget that the work ever failed."""
        with self._guard:
            self._until.pop(work, None)

    def count(self) -> int:
        """Return how many pieces of work have failed and not succeeded since."""
        with self._guard:
            return len(self._until)

    def may(self, work: str) -> bool:
        """Return whether the work may be started now."""
        with self._guard:
            until, _ = self._until.get(work, (0.0, FAILED_AGAIN))
        return monotonic() >= until


class Performer:
    """Perform work for the engine, and tell the sweeper when something may have become due."""

    def __init__(
        self, *, desk: Desk, nudge: Callable[[], None], failures: Failures, give_way: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._nudge = nudge
        self._failures = failures
        self._give_way = give_way
        self._subjects = Subjects()

    def __call__(self, work: str) -> None:
        """Perform the work; what it raises is the engine's to log, and it is tried again later."""
        try:
            with self._subjects.alone(work):
                self._give_way()
                perform_work(self._desk, work)
        except BaseException:
            self._failures.add(work)
            raise
        else:
            self._failures.clear(work)
        finally:
            self._nudge()


class Sweeper:
    """Start everything that is open and due; one per process, on a thread of its own."""

    def __init__(
        self,
        *,
        records: Records,
        engine: Engine,
        failures: Failures,
        bell: Bell,
        also: Callable[[], object],
        give_way: Callable[[], None],
    ) -> None:
        """Take `also`, which is called at each sweep: the audit's anchors."""
        self._records = records
        self._engine = engine
        self._failures = failures
        self._also = also
        self._give_way = give_way
        self._bell = bell
        self._swept: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def close(self) -> None:
        """Stop sweeping; returns once the sweep under way is over."""
        self._stopping.set()
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def swept(self, *, within: timedelta) -> bool:
        """Return whether it sweeps, and came through a whole sweep within so long."""
        alive = self._thread.is_alive() and self._swept is not None
        return alive and monotonic() - (self._swept or 0.0) < within.total_seconds()

    def sweep(self) -> int:
        """Start what is open and due; return how many pieces of work that is."""
        ready = self._ready()
        patient = monotonic() + PUT_OFF.total_seconds()
        for work in ready:
            if monotonic() < patient:
                self._give_way()
            self._engine.start(work)
        return len(ready)

    def _ready(self) -> list[str]:
        """Return what may be under way now, what people want first; what is under way already is among it."""
        put_off = self._failures.count()  # as many more are looked at, so that those hide no other
        now = self._records.now()
        wanted = self._records.deliveries(most=MOST_STARTED + put_off, alarms=False)
        came = self._records.deliveries(most=ALARMS_AT_ONCE + put_off, alarms=True)
        found = [
            *self._first(MOST_STARTED, (f"inbox:{number}" for number in wanted)),
            *self._first(ALARMS_AT_ONCE, (f"inbox:{number}" for number in came)),
        ]
        waits = self._records.waits_of([(kinds, most + put_off) for kinds, most in WAITS], due=now)
        for (_, most), keys in zip(WAITS, waits, strict=True):
            found += self._first(most, keys)
        return found

    def _first(self, most: int, works: Iterable[str]) -> Iterator[str]:
        return islice((work for work in works if self._failures.may(work)), most)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep()
                self._also()
                self._swept = monotonic()
            except Exception:
                log.exception("A sweep failed; the next one tries again.")
            self._bell.listen(SWEEP_EVERY)
