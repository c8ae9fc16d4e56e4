import io
import struct
from datetime import timedelta
from itertools import combinations

import pytest

from bot.documents.chart import BADGE, MOST_MARKERS, SMALL, WIDTH, Badge, Words, alt, drawn
from bot.documents.painting import png
from bot.domain.chart import Chart, Marker, Sign
from tests.documents.scene import BEGIN, at, chart


def badges(picture: Chart) -> list[Badge]:
    """Return the badges above the plot, without those of the list below."""
    found = [mark for mark in drawn(picture).marks if isinstance(mark, Badge)]
    return found[: len(found) // 2]


def test_the_words_for_the_picture_state_the_finding() -> None:
    assert alt(chart()) == (
        "CURRENCY_ERROR per hour goes from 0 to a peak of 101 at 02:07 UTC, above its threshold of 100 from 02:07, "
        "back under it at 02:24; approvals 02:16 and 02:23; most lines of WARN or worse at 02:07 (30 in 5 s)."
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"threshold": 200}, "never above its threshold of 200"),
        ({"until": at(20), "points": ((at(1), 1.0), (at(2), 300.0))}, "still above it at the end"),
        ({"threshold": None}, "peak of 101 at 02:07 UTC;"),
        ({"points": ()}, "no points of the metric were read"),
    ],
)
def test_the_words_say_how_it_ended(change: dict[str, object], words: str) -> None:
    assert words in alt(chart().model_copy(update=change))


def test_no_badge_covers_another_where_many_things_happen_at_once() -> None:
    markers = tuple(Marker(at=at(7 + place * 0.2), words=f"thing {place}") for place in range(9))

    placed = badges(chart(markers=markers))

    assert [one.number for one in placed] == list(range(1, 10))
    assert all(abs(a.x - b.x) >= 2 * BADGE or abs(a.y - b.y) >= 2 * BADGE for a, b in combinations(placed, 2))


def test_more_markers_than_fit_are_counted_and_alarms_stay() -> None:
    many = tuple(Marker(at=at(place / 2), words=f"note {place}") for place in range(40))
    alarm = Marker(at=at(44), words="the alarm", sign=Sign.ALARM)

    drawing = drawn(chart(markers=(*many, alarm)))

    said = [mark.text for mark in drawing.marks if isinstance(mark, Words)]
    assert len([mark for mark in drawing.marks if isinstance(mark, Badge)]) == 2 * MOST_MARKERS
    assert "the alarm" in said
    assert "and 31 more in the timeline" in said


def test_every_letter_can_be_read_on_a_phone_and_stands_on_the_paper() -> None:
    drawing = drawn(chart())

    words = [mark for mark in drawing.marks if isinstance(mark, Words)]
    assert min(mark.size for mark in words) >= SMALL >= WIDTH / 45
    assert all(0 <= mark.x <= WIDTH and 0 <= mark.y <= drawing.height for mark in words)


ODD = [
    {"points": ()},
    {"points": ((BEGIN, 5.0),)},
    {"points": tuple((at(n / 1_000), float(n % 7)) for n in range(40_000))},
    {"points": ((at(1), -5.0), (at(2), 5e9))},
    {"lines": (), "grave": ()},
    {"until": BEGIN},
    {"until": BEGIN + timedelta(days=40)},
    {"threshold": None, "bands": ((at(-50), None),)},
    {"title": "x" * 500, "metric": "\u4e16\u754c" * 90},
]


@pytest.mark.parametrize("change", ODD, ids=lambda change: ",".join(change))
def test_any_data_becomes_a_picture_of_that_width(change: dict[str, object]) -> None:
    kept = png(chart().model_copy(update=change))

    assert kept.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", io.BytesIO(kept).read(24)[16:])
    assert width == WIDTH
    assert 400 < height < 2_000
    assert len(kept) < 1_000_000


def test_the_same_chart_is_the_same_picture() -> None:
    assert png(chart()) == png(chart())
