from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.quiet import by_day, next_morning

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("2026-01-21T07:59:59", "2026-01-21T08:00:00"),
        ("2026-01-21T08:00:00", "2026-01-21T08:00:00"),
        ("2026-01-21T19:59:59", "2026-01-21T19:59:59"),
        ("2026-01-21T20:00:00", "2026-01-22T08:00:00"),
        ("2026-03-28T23:00:00", "2026-03-29T08:00:00"),  # the clocks go forward that night
        ("2026-12-31T21:00:00", "2027-01-01T08:00:00"),
        ("2026-01-21T00:00:00", "2026-01-21T08:00:00"),
    ],
)
def test_what_can_wait_is_said_by_day_where_the_person_is(local: str, said: str) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)

    assert by_day(at, BERLIN).astimezone(BERLIN).isoformat()[:19] == said


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("2026-01-21T14:00:00", "2026-01-22T09:00:00"),
        ("2026-01-22T01:00:00", "2026-01-22T09:00:00"),
        ("2026-01-22T04:30:00", "2026-01-23T09:00:00"),  # who was up until then rests first
        ("2026-01-23T22:00:00", "2026-01-24T09:00:00"),  # a Saturday: what people saw fades
        ("2026-03-28T22:00:00", "2026-03-29T09:00:00"),  # the clocks go forward that night
    ],
)
def test_the_next_morning_is_any_day_and_leaves_hours_of_rest(local: str, said: str) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)

    assert next_morning(at, BERLIN, hour=9).astimezone(BERLIN).isoformat()[:19] == said
