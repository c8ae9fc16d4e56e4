from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.moment import epoch, from_millis, moment, span, written
from bot.errors import InvalidError


def test_a_time_is_written_in_utc_with_milliseconds_only_where_it_has_any() -> None:
    at = datetime(2026, 1, 21, 4, 7, 31, tzinfo=timezone(timedelta(hours=2)))

    assert written(at) == "2026-01-21T02:07:31Z"
    assert written(at + timedelta(milliseconds=120)) == "2026-01-21T02:07:31.120Z"


@pytest.mark.parametrize("text", ["2026-01-21T02:07:31Z", "2026-01-21T02:07:31+0000", "2026-01-21T04:07:31+02:00"])
def test_every_offset_names_the_same_moment(text: str) -> None:
    assert moment(text) == datetime(2026, 1, 21, 2, 7, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-01-21T02:07:31", "2026-13-01T00:00:00Z", "\uff12026-01-21T02:07:31Z"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_a_text_that_names_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        moment(text)


def test_a_time_without_offset_is_a_bug() -> None:
    with pytest.raises(ValueError, match="offset"):
        written(datetime(2026, 1, 21))  # noqa: DTZ001 - that is what is refused


def test_seconds_and_milliseconds_since_1970() -> None:
    at = datetime(2026, 1, 21, 2, 7, 31, 900_000, tzinfo=UTC)

    assert epoch(at) == int(at.timestamp())
    assert from_millis(1_768_961_251_900) == at


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (0.6, "1 s"),
        (59.7, "1 min"),
        (3_599, "59 min"),
        (7_500, "2 h 5 min"),
        (200_000, "2 days"),
    ],
)
def test_a_length_is_told_to_the_nearest_second(seconds: float, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said
