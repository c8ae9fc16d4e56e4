from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.quiet import by_day

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
