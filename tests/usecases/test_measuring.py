"""What whoever runs the bot looks at: what happened is counted once, and nothing is slowed or stopped by it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import (
    DeclineRequest,
    RevokeRequest,
    SettleUnknown,
    ShowList,
    StopRun,
)
from bot.domain.metrics import Measured
from bot.domain.records import Change
from bot.domain.run import RunState
from bot.errors import UnavailableError
from bot.usecases.measuring import MOST_IN_A_LINE, MOST_KEPT, Acknowledgements, Standing, tell
from tests.embedded import SERVED, Lines, collected
from tests.slack.cards.samples import an_approval
from tests.usecases.proxy import Proxy
from tests.usecases.table import ANA, BO, CY, DEE, Table
from tests.usecases.test_alarms import came, notice


def measures(table: Table, name: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield what was counted of a metric: its words and its value."""
    for one in table.counted:
        told = one.facts["metrics"]
        assert isinstance(told, Measured)
        for metric, value in told.values:
            if metric.name == name and isinstance(value, int | float):
                yield tuple(told.words.values()), value


def of(table: Table, name: str) -> list[tuple[str, ...]]:
    return [words for words, _ in measures(table, name)]


def seconds(table: Table, name: str) -> list[float]:
    return [value for _, value in measures(table, name)]


# What happened.


def test_a_repair_is_its_calls_its_requests_and_one_end(table: Table) -> None:
    table.half_open_asked()
    table.approve(ANA)
    table.approve(BO)
    table.approve(CY)
    table.lake.look()
    table.later(timedelta(minutes=61))
    table.lake.look()
    table.drive(seconds=90)

    assert of(table, "Requests") == [("approved",)] * 3
    assert of(table, "Calls") == [("done",)] * 5
    assert of(table, "Refusals") == [("vote",)]
    assert of(table, "RunsEnded") == [("repaired", "circuit-breaker")]
    assert of(table, "RepairSeconds") == [], "no alarm began it"
    assert table.run().state is RunState.REPAIRED


def test_a_repair_is_timed_from_the_alarm_and_a_run_that_was_stopped_is_not(table: Table) -> None:
    alarm = table.lake.clients.cloudwatch
    table.lake.pause()
    alarm.set_alarm_state(AlarmName="CircuitBreakerOpen", StateValue="ALARM", StateReason="a story")
    since = table.now() - timedelta(minutes=3)
    came(table, notice(at=since.isoformat()))  # the message's own time, which is not believed

    table.start(ANA)
    table.wish(ANA, StopRun(run=1))
    table.lake.resume()

    assert table.run().alarm == 1
    assert of(table, "AlarmsOpened") == [()]
    assert 0 <= seconds(table, "AlarmDelaySeconds")[0] < 60
    assert of(table, "RunsEnded") == [("stopped", "circuit-breaker")]
    assert (of(table, "RepairSeconds"), of(table, "Requests")) == ([], [("revoked",)])


def test_each_way_a_request_can_end_is_counted_once_with_what_people_took(table: Table) -> None:
    table.start(ANA, "swap")
    table.later(timedelta(minutes=2))
    table.wish(BO, DeclineRequest(approval=1, why="not now"))
    table.ask_again(ANA)
    table.approve(BO, drive=False)
    table.deal()
    table.wish(BO, RevokeRequest(approval=2))
    table.ask_again(ANA)
    table.later(timedelta(minutes=16))
    table.drive()
    table.write_breaker(reason="somebody else")
    table.approve(BO)

    assert of(table, "Requests") == [
        ("declined",),
        ("approved",),
        ("revoked",),
        ("expired",),
        ("approved",),
        ("void",),
    ]
    took = seconds(table, "RequestSeconds")
    assert 120 <= took[0] < 180
    assert took[3] >= 900


def test_a_call_without_an_answer_is_unknown_and_a_persons_word_on_it_is_no_answer(
    far_table: Table, proxy: Proxy
) -> None:
    proxy.rule("DisableRule", "lost")
    far_table.start(ANA, "pauses")
    far_table.approve(ANA)

    far_table.wish(ANA, SettleUnknown(run=1, step="pause", happened=False))

    assert of(far_table, "Calls") == [("unknown",)]


def test_what_may_not_be_is_counted_and_what_was_said_is_not_in_it(table: Table) -> None:
    table.start(ANA, "swap")

    table.approve(DEE)
    table.wish("U0GHOST", ShowList(words="where is the customer's iban?"))

    assert of(table, "Refusals") == [("vote",), ("other",)]
    told = repr([one for one in table.counted if one.words == "Something was refused."])
    assert [secret for secret in ("iban", DEE, "U0GHOST", "dee") if secret in told] == []


def test_what_nobody_kept_is_not_counted(table: Table) -> None:
    table.start(ANA, "swap")
    before = len(table.counted)

    table.approve(BO, identity="once")
    counted = len(table.counted) - before
    table.approve(BO, identity="once")

    assert of(table, "Requests") == [("approved",)]
    assert len(table.counted) == before + counted


def test_what_was_kept_stays_kept_when_it_cannot_be_counted(caplog: pytest.LogCaptureFixture) -> None:
    nobody_said_so = an_approval().model_copy(update={"state": ApprovalState.APPROVED, "votes": ()})

    tell(Change(approvals=(nobody_said_so,)))

    assert [one.message for one in caplog.records] == ["What was kept could not be counted."]


# How soon Slack is answered.


def test_each_acknowledgement_is_timed_around_what_goes_before_all_work() -> None:
    order: list[str] = []

    @contextmanager
    def urgent() -> Iterator[None]:
        order.append("in")
        yield
        order.append("out")

    acknowledgements = Acknowledgements(urgent)
    with acknowledgements.timed():
        order.append("answered")
    with pytest.raises(UnavailableError), acknowledgements.timed():
        raise UnavailableError("gone")

    took = acknowledgements.take()
    assert order == ["in", "answered", "out", "in"]
    assert len(took) == 2
    assert all(0 <= one < 1_000 for one in took)
    assert acknowledgements.take() == []


def test_a_flood_of_acknowledgements_is_bounded_and_timed_from_many_threads() -> None:
    acknowledgements = Acknowledgements(nullcontext)

    def answer() -> None:
        for _ in range(MOST_KEPT):
            with acknowledgements.timed():
                pass

    threads = [threading.Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(acknowledgements.take()) == MOST_KEPT


# How the bot stands.


class Ticks:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def standing(
    table: Table,
    ticks: Ticks,
    *,
    ailing: Callable[[], Sequence[str]] = tuple,
    acknowledged: Callable[[], Sequence[float]] = tuple,
) -> Standing:
    return Standing(
        records=table.store,
        ailing=ailing,
        anchored=table.store.anchor_age,
        acknowledged=acknowledged,
        every=timedelta(seconds=60),
        ticks=ticks,
    )


def told_after_a_minute(one: Standing, ticks: Ticks) -> Lines:
    with collected() as lines:
        ticks.at += 61
        one.tell_if_due()
    return lines


def test_it_is_told_once_a_minute_how_the_bot_stands(table: Table) -> None:
    ticks = Ticks()
    one = standing(table, ticks)

    with collected() as lines:
        for second in range(200):
            ticks.at = float(second)
            one.tell_if_due()

    assert len(lines.told("How the bot stands.")) == 3
    assert lines.values("PartsAiling") == [0, 0, 0]


def test_work_that_lies_and_runs_that_stand_still_are_seen(far_table: Table, proxy: Proxy) -> None:
    ticks = Ticks()
    one = standing(far_table, ticks, ailing=lambda: ("slack", "renderer"))
    proxy.rule("DisableRule", "lost")
    far_table.start(ANA, "pauses")
    far_table.approve(ANA)
    far_table.start(BO, "swap")
    far_table.send(CY, ShowList())
    far_table.later(timedelta(minutes=7))

    lines = told_after_a_minute(one, ticks)

    assert lines.told("How the bot stands.")[0]["ailing"] == ["slack", "renderer"]
    assert lines.values("PartsAiling") == [2]
    assert 420 <= lines.values("InboxSeconds")[0] < 480
    assert 120 <= lines.values("OverdueSeconds")[0] < 180, "the reminder of the open request, after five minutes"
    assert (lines.values("RunsOpen"), lines.values("RunsUnknown"), lines.values("RunsOwing")) == ([2], [1], [0])


def test_what_an_ended_run_owes_is_seen_until_it_is_done(table: Table) -> None:
    ticks = Ticks()
    one = standing(table, ticks)
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(ANA, StopRun(run=1))

    lines = told_after_a_minute(one, ticks)

    assert (lines.values("RunsOpen"), lines.values("RunsOwing")) == ([0], [1])


def test_nothing_to_do_is_zero_and_no_gap(table: Table) -> None:
    ticks = Ticks()

    lines = told_after_a_minute(standing(table, ticks), ticks)

    names = ("InboxSeconds", "OverdueSeconds", "CardsBehind", "RunsOpen", "AnchorSeconds")
    assert [lines.values(name) for name in names] == [[0]] * 5


def test_acknowledgements_are_told_a_hundred_to_a_line(table: Table) -> None:
    ticks = Ticks()
    times = [float(one) for one in range(2 * MOST_IN_A_LINE + 50)]

    lines = told_after_a_minute(standing(table, ticks, acknowledged=lambda: times), ticks)

    assert lines.values("AckMilliseconds") == times
    assert [len(one.values) for one in lines.points() if one.name == "AckMilliseconds"] == [100, 100, 50]
    assert {one.dimensions["Environment"] for one in lines.points()} == {SERVED}


def test_records_that_do_not_answer_end_no_sweep(table: Table) -> None:
    def silent() -> tuple[str, ...]:
        raise UnavailableError("no answer")

    ticks = Ticks()

    lines = told_after_a_minute(standing(table, ticks, ailing=silent), ticks)

    assert [one["level"] for one in lines.told("How the bot stands could not be told.")] == ["ERROR"]
    assert lines.values("Errors") == [1]
    assert lines.values("PartsAiling") == []
