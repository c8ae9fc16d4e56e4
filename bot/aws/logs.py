"""Log lines of CloudWatch, in slices of time, by a few workers and through the gate; what fails is said and skipped.

FilterLogEvents gives empty pages before full ones, so only a missing mark ends a slice; a mark that comes twice would
never end, and ends it in words.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import NamedTuple

from bot.domain.action import Look
from bot.domain.logs.event import LogEvent
from bot.domain.logs.fetching import Fetched, Progress, ReadLogs, Slice, not_read
from bot.domain.value import JsonObject, JsonValue
from bot.errors import CallRefusedError, InvalidError, NotAllowedError, UnavailableError

PAGE = 5_000  # events; AWS itself ends a page at 1 MB
WORKERS = 3
WAITING = 4  # pages between the workers and whoever takes them
TRIES = 3
PAUSE_S = 1.0
MOST_EMPTY = 500  # pages in a row
POLL_S = 0.1

_STOPPED = "Reading was stopped."
_BUDGET = "The budget was used up."


class _Page(NamedTuple):
    """Hold what a worker read, or why it could not.

    Attributes:
        after: the slice from the next page on; None where it ends here.
        gone: nothing of the group can be read.
        again: the slice may be asked for later.
    """

    of: Slice
    events: Sequence[LogEvent] = ()
    after: Slice | None = None
    why: str = ""
    gone: bool = False
    again: bool = False


class AwsLogs:
    """Satisfy the Logs port with the catalogue's row `logs.filter`.

    Args:
        look: binds rows on the platform and performs them, so only the platform's own groups can be read.
        pause: waits so many seconds before a call is tried again.
    """

    def __init__(self, look: Look, *, workers: int = WORKERS, pause: Callable[[float], object] | None = None) -> None:
        self._look = look
        self._workers = workers
        self._pause = pause or threading.Event().wait

    def read(
        self,
        ask: ReadLogs,
        *,
        take: Callable[[Sequence[LogEvent]], object],
        told: Callable[[Progress], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Fetched:
        """Give pages of lines to `take`, one after another, as they come; what fails is in `unread`, in words."""
        reading = _Reading(self._look, ask, pause=self._pause)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="logs") as pool:
            working = [pool.submit(reading.work) for _ in range(self._workers)]
            try:
                return reading.taken(take, told, stop, working)
            finally:
                reading.halt()


class _Reading:
    """Hold one asking: slices still to do, pages on their way, and what was not read."""

    def __init__(self, look: Look, ask: ReadLogs, *, pause: Callable[[float], object]) -> None:
        self._look, self._ask, self._pause = look, ask, pause
        slices = ask.slices()
        self._todo = deque(slices)
        self._open = {_name(one): one for one in slices}
        self._groups = {one.group for one in slices}
        self._whole = max(1, sum(one.end - one.start for one in slices))
        self._pages: Queue[_Page] = Queue(maxsize=WAITING)
        self._halted = threading.Event()
        self._gone: set[str] = set()
        self._unread: list[str] = []
        self._again: list[Slice] = []
        self._lines = self._characters = 0

    # In the workers.

    def work(self) -> None:
        """Read slices until none is left."""
        while not self._halted.is_set():
            try:
                one = self._todo.popleft()
            except IndexError:
                return
            self._read(one)

    def halt(self) -> None:
        """Have the workers end after the page they are at."""
        self._halted.set()

    def _read(self, one: Slice) -> None:
        met: set[str] = {one.mark}
        empty = 0
        while not self._halted.is_set() and one.group not in self._gone:
            page = self._page(one)
            empty = 0 if page.events else empty + 1
            if page.after is not None and page.after.mark in met:
                page = _Page(one, events=page.events, why="AWS gave the same page mark twice.")
            elif empty > MOST_EMPTY:
                page = _Page(one, why=f"AWS gave {MOST_EMPTY} empty pages in a row.")
            self._hand_over(page)
            if page.after is None:
                return
            one = page.after
            met.add(one.mark)

    def _page(self, one: Slice) -> _Page:
        why = ""
        for attempt in range(1, TRIES + 1):
            try:
                return self._asked(one)
            except UnavailableError as error:
                why = error.words
                if attempt < TRIES and not self._halted.is_set():
                    self._pause(PAUSE_S * attempt)
            except (CallRefusedError, NotAllowedError) as error:
                return _Page(one, why=error.words, gone=True)
            except InvalidError:
                return _Page(one, why="It is not one of the platform's log groups.", gone=True)
        return _Page(one, why=why, again=True)

    def _asked(self, one: Slice) -> _Page:
        mark: JsonObject = {"nextToken": one.mark} if one.mark else {}
        answer = self._look(
            "logs.filter", logGroupName=one.group, startTime=one.start, endTime=one.end - 1, limit=PAGE, **mark
        )
        if answer.get("found") is False:
            return _Page(one, why="There is no such log group.", gone=True)
        events = answer.get("events")
        listed = events if isinstance(events, list) else []
        found = [_event(event, one.group) for event in listed if isinstance(event, dict)]
        token = answer.get("nextToken")
        after = one.model_copy(update={"mark": token}) if isinstance(token, str) and token else None
        return _Page(one, events=found, after=after)

    def _hand_over(self, page: _Page) -> None:
        while not self._halted.is_set():
            with suppress(Full):
                self._pages.put(page, timeout=POLL_S)
                return

    # In the thread that asked.

    def taken(
        self,
        take: Callable[[Sequence[LogEvent]], object],
        told: Callable[[Progress], None],
        stop: Callable[[], bool],
        working: Sequence[Future[None]],
    ) -> Fetched:
        """Take pages until every slice is read, or until it is enough; what breaks a worker is raised here."""
        ended = ""
        while self._open and not ended:
            if stop():
                ended = _STOPPED
                break
            try:
                page = self._pages.get(timeout=POLL_S)
            except Empty:
                for worker in working:
                    if worker.done():
                        worker.result()
                continue
            if page.of.group in self._gone:
                continue
            ended = self._accept(page, take)
            told(self._progress())
        left = tuple(self._open.values())
        unread = (*self._unread, *(not_read(left, ended) if ended else ()))
        return Fetched(lines=self._lines, characters=self._characters, unread=unread, left=(*self._again, *left))

    def _accept(self, page: _Page, take: Callable[[Sequence[LogEvent]], object]) -> str:
        """Take a page; returns why it is enough, or nothing."""
        if page.events:
            take(page.events)
            self._lines += len(page.events)
            self._characters += sum(len(event.message) for event in page.events)
        if page.after is not None:
            self._open[_name(page.of)] = page.after
        elif page.gone:
            self._forget(page.of.group, page.why)
        else:
            done = self._open.pop(_name(page.of))
            if page.why:
                self._unread += not_read([done], page.why)
            if page.again:
                self._again.append(done)
        spent = self._lines >= self._ask.most_lines or self._characters >= self._ask.most_characters
        return _BUDGET if spent and self._open else ""

    def _forget(self, group: str, why: str) -> None:
        self._gone.add(group)
        self._unread.append(f"{group}: {why} None of it was read.")
        self._open = {name: one for name, one in self._open.items() if one.group != group}

    def _progress(self) -> Progress:
        going = {one.group for one in self._open.values()}
        done = len(self._groups - going)
        return Progress(share=self._share(), groups=done, lines=self._lines, characters=self._characters)

    def _share(self) -> float:
        return 1 - sum(one.end - one.start for one in self._open.values()) / self._whole


def _name(one: Slice) -> tuple[str, int]:
    return one.group, one.start


def _event(event: dict[str, JsonValue], group: str) -> LogEvent:
    at = event.get("timestamp")
    return LogEvent(
        at if isinstance(at, int) and not isinstance(at, bool) else 0,
        str(event.get("logStreamName") or ""),
        str(event.get("eventId") or ""),
        str(event.get("message") or ""),
        group,
    )
