from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.following import (
    FollowState,
    FollowUp,
    Why,
    closed,
    dated,
    owned,
    put_off,
    reminder,
    unowned,
    why_told,
    worded,
)
from bot.domain.people import Place
from bot.errors import RequestError

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # 13:00 in Berlin
FRIDAY = date(2026, 11, 27)


def an_item(**update: object) -> FollowUp:
    made = FollowUp(
        id=12,
        subject="INC-7",
        incident=7,
        place=Place(team="T1", channel="C1"),
        text="Validate the currency column at the source.",
        by="bot",
        added=MONDAY,
    )
    return made.model_copy(update=update)


def told(now: datetime = MONDAY, **update: object) -> FollowUp:
    return an_item(owner="U1", told=now, **update)


def local(at: datetime | None) -> str:
    return at.astimezone(BERLIN).isoformat()[:16] if at else ""


def next_after(item: FollowUp, now: datetime = MONDAY) -> str:
    return local(reminder(item, now=now, zone=BERLIN, hour=9))


def test_nobody_is_told_of_what_is_nobodys_or_closed() -> None:
    done = closed(told(), FollowState.DONE, by="U1", now=MONDAY)

    assert (next_after(an_item()), next_after(done)) == ("", "")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-23T12:00", "2026-11-23T13:00"),  # at once, by day
        ("2026-11-23T20:30", "2026-11-24T08:00"),  # half past nine in the evening there
        ("2026-11-23T03:00", "2026-11-23T08:00"),
    ],
)
def test_who_gets_one_is_told_at_once_or_in_the_morning(now: str, said: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert next_after(owned(an_item(), "U1"), at) == said


def test_reminders_come_the_day_before_the_day_itself_and_each_week_after() -> None:
    item, now, said = told(due=FRIDAY), MONDAY, []
    for _ in range(4):
        at = reminder(item, now=now, zone=BERLIN, hour=9)
        assert at is not None
        now = at
        said.append((local(at), why_told(item, now=now, zone=BERLIN)))

    assert said == [
        ("2026-11-26T09:00", Why.TOMORROW),
        ("2026-11-27T09:00", Why.TODAY),
        ("2026-12-04T09:00", Why.OVERDUE),
        ("2026-12-11T09:00", Why.OVERDUE),
    ]


def test_without_a_day_they_come_each_week() -> None:
    assert next_after(told()) == "2026-11-30T09:00"
    assert why_told(told(), now=MONDAY + timedelta(days=7), zone=BERLIN) is Why.OPEN


def test_a_reminder_keeps_its_hour_when_the_clocks_change() -> None:
    autumn = datetime(2026, 10, 22, 12, 0, tzinfo=UTC)

    assert next_after(told(autumn, due=date(2026, 10, 26)), autumn) == "2026-10-25T09:00"


def test_what_is_put_off_comes_when_that_is_over_and_not_before() -> None:
    evening = datetime(2026, 11, 25, 19, 30, tzinfo=UTC)  # half past eight there

    day = put_off(told(due=FRIDAY), 1, by="U1", now=evening)
    week = put_off(told(due=FRIDAY), 7, by="U1", now=MONDAY)

    assert next_after(day, evening) == "2026-11-27T08:00"
    assert next_after(week) == "2026-11-30T13:00"
    assert why_told(week, now=MONDAY + timedelta(days=7), zone=BERLIN) is Why.OVERDUE


def test_only_its_owner_puts_a_reminder_off_by_a_day_or_a_week() -> None:
    with pytest.raises(RequestError, match="not yours"):
        put_off(told(), 1, by="U2", now=MONDAY)
    with pytest.raises(RequestError, match="a day or by a week"):
        put_off(told(), 3_650, by="U1", now=MONDAY)


def test_another_owner_has_been_told_nothing_yet() -> None:
    item = owned(put_off(told(), 7, by="U1", now=MONDAY), "U2")

    assert (item.owner, item.told, item.later) == ("U2", None, None)
    with pytest.raises(RequestError, match="theirs already"):
        owned(item, "U2")


def test_what_is_given_back_is_nobodys_and_names_only_who_is_gone() -> None:
    assert (unowned(told()).owner, unowned(told()).gone) == ("", "")
    assert unowned(told(), gone=True).gone == "U1"
    assert owned(unowned(told(), gone=True), "U2").gone == ""
    with pytest.raises(RequestError, match="Nobody has"):
        unowned(an_item())


@pytest.mark.parametrize("day", ["2026-11-22", "2029-01-01"])
def test_no_day_is_past_or_out_of_sight(day: str) -> None:
    with pytest.raises(RequestError, match="within 2 years"):
        dated(an_item(), date.fromisoformat(day), today=MONDAY.date())


def test_dropping_needs_a_reason_and_done_does_not() -> None:
    with pytest.raises(RequestError, match="Why is ACT-12 dropped"):
        closed(an_item(), FollowState.DROPPED, by="U1", now=MONDAY, why=" \u200b ")
    assert closed(an_item(), FollowState.DONE, by="U1", now=MONDAY).closed_by == "U1"


def test_what_is_closed_never_changes_again() -> None:
    over = closed(told(), FollowState.DROPPED, by="U1", now=MONDAY, why="the source is gone")

    changes: list[Callable[[], FollowUp]] = [
        lambda: owned(over, "U2"),
        lambda: unowned(over),
        lambda: dated(over, FRIDAY, today=MONDAY.date()),
        lambda: put_off(over, 1, by="U1", now=MONDAY),
        lambda: closed(over, FollowState.DONE, by="U1", now=MONDAY),
    ]
    for change in changes:
        with pytest.raises(RequestError, match="ACT-12 is dropped already"):
            change()


def test_what_is_to_be_done_is_one_line_of_words_that_can_be_seen() -> None:
    assert worded("check\u202e the\nsource ") == "check the source"
    assert len(worded("x" * 5_000)) == 400
    with pytest.raises(RequestError, match="Words are missing"):
        worded("\u200b")
