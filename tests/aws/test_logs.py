import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.aws.logs import AwsLogs
from bot.domain.action import Call, Looking
from bot.domain.logs.event import LogEvent
from bot.domain.logs.fetching import Fetched, Progress, ReadLogs, sliced
from bot.domain.moment import from_millis
from bot.domain.value import JsonObject, JsonValue
from bot.errors import CallRefusedError, UnavailableError
from bot.ports import Logs
from tests.aws.moto_lake import gate, lake
from tests.aws.seeded import PLATFORM

GROUP, OTHER = "/lake/etl/transactions", "/lake/etl/accounts"
TWO = PLATFORM.model_copy(update={"resources": {**PLATFORM.resources, "log_groups": (GROUP, OTHER)}})
SINCE = from_millis(1_769_000_400_000)
UNTIL = SINCE + timedelta(minutes=10)


class Source:
    """Answer slices with pages of a few lines, oddly where told to: `odd` maps a slice's number to its pages."""

    def __init__(self, *, odd: dict[int, list[JsonObject | Exception]] | None = None, per_slice: int = 3) -> None:
        self._odd = {number: list(pages) for number, pages in (odd or {}).items()}
        self._per_slice = per_slice
        self._lock = threading.Lock()
        self.asked: list[JsonObject] = []
        self.at_once = self.most_at_once = 0
        self.look = Looking(catalogue=CATALOGUE, platform=TWO, perform=self._perform)

    def _perform(self, call: Call) -> JsonObject:
        with self._lock:
            self.asked.append(call.params)
            start = int(str(call.params["startTime"]))
            number = (start - int(SINCE.timestamp() * 1000)) // 60_000
            pages = self._odd.get(number)
            answer = pages.pop(0) if pages else page(*range(self._per_slice), at=start)
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*numbers: int, at: int = 0, mark: str = "") -> JsonObject:
    events: list[JsonValue] = [
        {"timestamp": at + n, "message": f"line {n}", "logStreamName": "s", "eventId": f"{at}-{n}"} for n in numbers
    ]
    return {"found": True, "events": events, **({"nextToken": mark} if mark else {})}


def reading(source: Source, **more: object) -> tuple[Fetched, list[LogEvent]]:
    taken: list[LogEvent] = []
    logs: Logs = AwsLogs(source.look, pause=lambda _: None)
    ask = ReadLogs.model_validate({"groups": (GROUP,), "since": SINCE, "until": UNTIL, **more})
    return logs.read(ask, take=taken.extend), taken


def test_every_slice_is_read_once_and_every_line_is_taken() -> None:
    source = Source()

    found, taken = reading(source)

    assert (found.lines, found.unread, found.left) == (30, (), ())
    assert len({event.event for event in taken}) == len(taken) == 30
    assert taken[0].group == GROUP
    spans = sorted((int(str(one["startTime"])), int(str(one["endTime"]))) for one in source.asked)
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(spans))


def test_an_empty_page_is_not_the_end() -> None:
    source = Source(odd={4: [page(mark="a"), page(mark="b"), page(1, 2, mark="c"), page(mark="d"), page(3)]})

    found, taken = reading(source)

    assert found.unread == ()
    assert len(taken) == 27 + 3


def test_a_mark_that_comes_twice_ends_the_slice_in_words_and_the_others_go_on() -> None:
    source = Source(odd={4: [page(1, mark="a"), page(2, mark="a"), page(3)]})

    found, taken = reading(source)

    assert len(taken) == 27 + 2
    assert found.unread == (f"{GROUP}: AWS gave the same page mark twice. Not read: 2026-01-21 13:04:00–13:05:00 UTC.",)


def test_a_page_that_did_not_come_is_asked_for_again() -> None:
    source = Source(odd={2: [UnavailableError("busy"), UnavailableError("busy"), page(1)]})

    found, taken = reading(source)

    assert (found.unread, len(taken)) == ((), 27 + 1)


def test_what_never_came_is_said_and_can_be_asked_for_later() -> None:
    source = Source(odd={2: [page(1, mark="a"), *[UnavailableError("AWS is busy.")] * 3]})

    found, taken = reading(source)
    later, more = reading(source, left=found.left)

    assert found.unread == (f"{GROUP}: AWS is busy. Not read: 2026-01-21 13:02:00–13:03:00 UTC.",)
    assert [one.mark for one in found.left] == ["a"]
    assert (later.unread, len(more)) == ((), 3)
    assert len(taken) == 27 + 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"found": False}, "There is no such log group. None of it was read."),
        (CallRefusedError("AWS said no (AccessDenied).", code="x"), "AWS said no (AccessDenied). None of it was read."),
    ],
)
def test_a_group_that_cannot_be_read_is_said_once_and_the_others_are_read(
    answer: JsonObject | Exception, words: str
) -> None:
    class Denied(Source):
        def _perform(self, call: Call) -> JsonObject:
            if call.params["logGroupName"] != GROUP:
                return super()._perform(call)
            if isinstance(answer, Exception):
                raise answer
            return answer

    found, taken = reading(Denied(), groups=(GROUP, OTHER))

    assert found.unread == (f"{GROUP}: {words}",)
    assert {event.group for event in taken} == {OTHER}
    assert len(taken) == 30


def test_a_group_that_is_not_the_platforms_is_never_asked_for() -> None:
    source = Source()

    found, _ = reading(source, groups=("/somebody/elses",))

    assert found.unread == ("/somebody/elses: It is not one of the platform's log groups. None of it was read.",)
    assert source.asked == []


def test_a_budget_ends_reading_near_what_matters_and_names_the_rest() -> None:
    found, taken = reading(Source(), most_lines=9, around=SINCE + timedelta(minutes=5))

    assert 9 <= len(taken) <= 9 + 3
    assert {(event.at - int(SINCE.timestamp() * 1000)) // 60_000 for event in taken} <= {3, 4, 5, 6, 7}
    assert found.unread[0].startswith(f"{GROUP}: The budget was used up. Not read: 2026-01-21 13:00:00–")
    assert sum(one.end - one.start for one in found.left) == 600_000 - len(taken) // 3 * 60_000


def test_a_budget_of_characters_ends_reading_too() -> None:
    found, taken = reading(Source(per_slice=100), most_characters=1_000)

    assert len(taken) <= 300
    assert found.left


def test_reading_that_was_stopped_goes_on_where_it_was() -> None:
    source, taken = Source(), list[LogEvent]()
    logs = AwsLogs(source.look)
    ask = ReadLogs(groups=(GROUP,), since=SINCE, until=UNTIL)

    first = logs.read(ask, take=taken.extend, stop=lambda: len(taken) >= 12)
    second = logs.read(ask.model_copy(update={"left": first.left}), take=taken.extend)

    assert first.unread[0].startswith(f"{GROUP}: Reading was stopped. Not read:")
    assert (second.unread, second.left) == ((), ())
    assert Counter(event.event for event in taken).most_common(1)[0][1] == 1
    assert len(taken) == 30


def test_progress_rises_to_the_whole() -> None:
    told: list[Progress] = []

    AwsLogs(Source().look).read(
        ReadLogs(groups=(GROUP,), since=SINCE, until=UNTIL), take=lambda _: None, told=told.append
    )

    shares = [one.share for one in told]
    assert shares == sorted(shares)
    assert (shares[-1], told[-1].lines) == (1.0, 30)


def test_progress_counts_the_log_groups_that_are_done_with_those_that_are_not_there_too() -> None:
    told: list[Progress] = []
    gone: JsonObject = {"found": False}

    AwsLogs(Source(odd={0: [gone]}).look, workers=1).read(
        ReadLogs(groups=(GROUP, OTHER), since=SINCE, until=UNTIL), take=lambda _: None, told=told.append
    )

    assert (told[0].groups, told[-1].groups) == (1, 2)
    assert (told[-1].share, told[-1].lines) == (1.0, 30)


def test_what_breaks_a_worker_is_raised_and_not_waited_for() -> None:
    with pytest.raises(KeyError):
        reading(Source(odd={0: [KeyError("a bug")]}))


def test_no_more_pages_wait_than_are_taken() -> None:
    class Counting(Source):
        ahead = most = 0

        def _perform(self, call: Call) -> JsonObject:
            self.ahead += 1
            self.most = max(self.most, self.ahead)
            return super()._perform(call)

    source = Counting()

    def take(events: Sequence[LogEvent]) -> None:
        source.ahead -= 1

    AwsLogs(source.look).read(ReadLogs(groups=(GROUP,), since=SINCE, until=SINCE + timedelta(minutes=32)), take=take)

    assert source.most <= 9


def test_slices_cover_the_time_once_and_no_time_is_no_slice() -> None:
    found = sorted(sliced([GROUP], SINCE, SINCE + timedelta(hours=50), around=UNTIL), key=lambda one: one.start)

    assert found[0].start == int(SINCE.timestamp() * 1000)
    assert all(one.end == after.start for one, after in pairwise(found))
    assert max(one.end - one.start for one in found) <= 3_600_000
    assert sliced([GROUP], SINCE, SINCE, around=SINCE) == []


def test_lines_come_from_moto_with_their_stream_and_id() -> None:
    with lake() as the_lake:
        began = the_lake.now() - timedelta(minutes=5)
        the_lake.write_lines([f"line {n}" for n in range(100)], at=began)
        taken: list[LogEvent] = []
        look = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=gate().look)

        found = AwsLogs(look).read(ReadLogs(groups=(GROUP,), since=began, until=the_lake.now()), take=taken.extend)

    assert (found.lines, found.unread) == (100, ())
    assert {event.stream for event in taken} == {"s"}
    assert len({event.event for event in taken}) == 100
