"""The picture of an incident as plain data: what is in it, where each thing goes, and what it says in words. Pure.

It is made for a phone: 1,080 pixels wide, no letter smaller than 24, markers as numbered badges with a list below, so
that no label can hide another.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.domain.chart import Chart, Marker, Sign

WIDTH = 1_080
EDGE, LEFT, RIGHT = 40, 120, 1_040
PLOT, STRIP = 360, 100  # heights
BADGE = 19  # radius
TEXT, SMALL, TITLE = 27, 24, 38
MOST_MARKERS, MOST_ROWS = 10, 3
MOST_POINTS = 500
STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440))
TICKS = 7


class Ink(StrEnum):
    """Name a colour by what it is for."""

    PAPER = "#ffffff"
    INK = "#1d2733"
    FAINT = "#5c6875"
    GRID = "#e3e8ed"
    METRIC = "#1f5fa8"
    UNDER = "#dbe7f5"
    LIMIT = "#c0392b"
    BAND = "#fbe4e1"
    LINES = "#aab6c2"
    GRAVE = "#c0392b"
    RUN = "#1f5fa8"
    APPROVAL = "#1e7d45"
    DEPLOY = "#7a3e9d"
    NOTE = "#5c6875"


class Box(NamedTuple):
    """Fill a rectangle."""

    x: float
    y: float
    right: float
    bottom: float
    ink: Ink


class Stroke(NamedTuple):
    """Draw a line through points."""

    points: tuple[tuple[float, float], ...]
    ink: Ink
    width: float = 2
    dashed: bool = False


class Area(NamedTuple):
    """Fill what a line encloses."""

    points: tuple[tuple[float, float], ...]
    ink: Ink


class Words(NamedTuple):
    """Write; `anchor` says which point of the text x and y are: left, middle or right, and its middle height."""

    x: float
    y: float
    text: str
    ink: Ink
    size: int = TEXT
    anchor: str = "l"
    heavy: bool = False


class Badge(NamedTuple):
    """Draw a number in a filled circle."""

    x: float
    y: float
    number: int
    ink: Ink


Mark = Box | Stroke | Area | Words | Badge


class Drawing(NamedTuple):
    """Hold what is painted, in order, on paper of this height."""

    height: int
    marks: tuple[Mark, ...]


_SIGNS = {
    Sign.ALARM: Ink.LIMIT,
    Sign.RUN: Ink.RUN,
    Sign.APPROVAL: Ink.APPROVAL,
    Sign.DEPLOY: Ink.DEPLOY,
    Sign.NOTE: Ink.NOTE,
}


def drawn(chart: Chart) -> Drawing:
    """Return where everything goes."""
    shown = markers(chart)
    rows = _rows(chart, shown)
    top = EDGE + 130 + (max(rows, default=-1) + 1) * (2 * BADGE + 6)
    bottom = top + PLOT
    strip = bottom + 70
    end = strip + STRIP if any(chart.lines) else bottom
    legend = end + 80
    hidden = len(chart.markers) - len(shown)
    height = round(legend + (len(shown) + bool(hidden)) * 46 + EDGE - (30 if not shown else 0))
    marks = (
        Box(0, 0, WIDTH, height, Ink.PAPER),
        *_heading(chart),
        *_bands(chart, top, bottom),
        *_metric(chart, top, bottom),
        *_strip(chart, strip),
        *_axis(chart, end),
        *_markers(chart, shown, rows, top, end),
        *_strip_names(chart, strip),
        *_legend(shown, hidden, legend),
    )
    return Drawing(height=height, marks=marks)


def markers(chart: Chart) -> tuple[Marker, ...]:
    """Return the markers that are drawn, in order: those in the time shown, alarms and approvals before notes."""
    inside = [one for one in chart.markers if chart.since <= one.at <= chart.until]
    order = [Sign.ALARM, Sign.APPROVAL, Sign.RUN, Sign.DEPLOY, Sign.NOTE]
    chosen = sorted(inside, key=lambda one: (order.index(one.sign), one.at))[:MOST_MARKERS]
    return tuple(sorted(chosen, key=lambda one: one.at))


def alt(chart: Chart) -> str:
    """Return what the picture shows, in words: the finding, not the furniture."""
    said = [_finding(chart)] if chart.points else [f"{chart.title}: no points of the metric were read"]
    approvals = [one.at for one in chart.markers if one.sign is Sign.APPROVAL]
    if approvals:
        said.append(f"approvals {_listed([f'{at:%H:%M}' for at in sorted(approvals)])}")
    if any(chart.grave):
        most = max(chart.grave)
        at = (chart.lines_from or chart.since) + timedelta(seconds=chart.grave.index(most) * chart.bin_s)
        said.append(f"most lines of WARN or worse at {at:%H:%M} ({most:,} in {chart.bin_s:.0f} s)")
    return "; ".join(said) + "."


def _finding(chart: Chart) -> str:
    values = [value for _, value in chart.points]
    peak_at, peak = max(chart.points, key=lambda point: point[1])
    words = f"{chart.metric} goes from {_number(values[0])} to a peak of {_number(peak)} at {peak_at:%H:%M} UTC"
    if chart.threshold is None:
        return words
    above = [at for at, value in chart.points if value > chart.threshold]
    if not above:
        return f"{words}, never above its threshold of {_number(chart.threshold)}"
    words += f", above its threshold of {_number(chart.threshold)} from {above[0]:%H:%M}"
    back = next((at for at, value in chart.points if at > above[-1] and value <= chart.threshold), None)
    return f"{words}, back under it at {back:%H:%M}" if back else f"{words}, and still above it at the end"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


# Where things go.


def _x(chart: Chart, at: datetime) -> float:
    share = (at - chart.since) / max(chart.until - chart.since, timedelta(seconds=1))
    return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)


def _heading(chart: Chart) -> Iterator[Mark]:
    yield Words(EDGE, EDGE + 22, _cut(chart.title, 52), Ink.INK, size=TITLE, heavy=True)
    day = f"{chart.since:%Y-%m-%d} UTC"
    yield Words(EDGE, EDGE + 74, _cut(chart.metric, 50), Ink.METRIC)
    yield Words(RIGHT, EDGE + 74, day, Ink.FAINT, anchor="r")


def _bands(chart: Chart, top: float, bottom: float) -> Iterator[Mark]:
    for start, end in chart.bands:
        if start < chart.until and (end is None or end > chart.since):
            yield Box(_x(chart, start), top, max(_x(chart, end or chart.until), _x(chart, start) + 3), bottom, Ink.BAND)


def _metric(chart: Chart, top: float, bottom: float) -> Iterator[Mark]:
    inside = [(at, value) for at, value in chart.points if chart.since <= at <= chart.until]
    values = [value for _, value in inside] + ([chart.threshold] if chart.threshold is not None else [])
    if not inside:
        yield Words((LEFT + RIGHT) / 2, (top + bottom) / 2, "no points were read", Ink.FAINT, anchor="m")
        return
    low, high, step = _scale(values)

    def y(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        yield Stroke(((LEFT, y(value)), (RIGHT, y(value))), Ink.GRID)
        yield Words(LEFT - 14, y(value), _number(value), Ink.FAINT, size=SMALL, anchor="r")
    line = tuple((_x(chart, at), y(value)) for at, value in _thinned(inside))
    if len(line) > 1:
        yield Area(((line[0][0], bottom), *line, (line[-1][0], bottom)), Ink.UNDER)
        yield Stroke(line, Ink.METRIC, width=4)
    else:
        yield Stroke((line[0], (line[0][0] + 6, line[0][1])), Ink.METRIC, width=6)
    if chart.threshold is not None:
        yield Stroke(((LEFT, y(chart.threshold)), (RIGHT, y(chart.threshold))), Ink.LIMIT, width=3, dashed=True)
        words = f"threshold {_number(chart.threshold)}"
        yield Words(RIGHT, _beside(y(chart.threshold), top), words, Ink.LIMIT, size=SMALL, anchor="r")


def _beside(y: float, top: float) -> float:
    """Return where a line's label goes: above it, below it where there is no room."""
    return y - 20 if y - 36 > top else y + 22


def _strip(chart: Chart, top: float) -> Iterator[Mark]:
    if not any(chart.lines):
        return
    start = chart.lines_from or chart.since
    span = timedelta(seconds=chart.bin_s)
    every = max(1, -(-len(chart.lines) // 220))
    for counts, ink in ((chart.lines, Ink.LINES), (chart.grave, Ink.GRAVE)):
        most = max(_summed(chart.lines, every))
        for place, count in enumerate(_summed(counts, every)):
            at = start + place * every * span
            if not count or not chart.since <= at <= chart.until:
                continue
            left, right = _x(chart, at), _x(chart, at + every * span)
            tall = max(3.0, count / most * STRIP)
            yield Box(left, top + STRIP - tall, max(right - 1, left + 2), top + STRIP, ink)


def _strip_names(chart: Chart, top: float) -> Iterator[Mark]:
    """Yield what the bars are, on paper of its own, so that no marker's line runs through the letters."""
    if any(chart.lines):
        yield Box(EDGE, top - 40, EDGE + 400, top - 6, Ink.PAPER)
        yield Words(EDGE, top - 22, "log lines", Ink.FAINT, size=SMALL)
        yield Words(EDGE + 128, top - 22, "of them WARN or worse", Ink.GRAVE, size=SMALL)


def _axis(chart: Chart, bottom: float) -> Iterator[Mark]:
    yield Stroke(((LEFT, bottom), (RIGHT, bottom)), Ink.FAINT)
    long = chart.until - chart.since
    step = next((one for one in STEPS if long / one <= TICKS), STEPS[-1] * max(1, -(-long // (STEPS[-1] * TICKS))))
    midnight = chart.since.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + -(-(chart.since - midnight) // step) * step
    while at <= chart.until:
        x = _x(chart, at)
        yield Stroke(((x, bottom), (x, bottom + 8)), Ink.FAINT)
        if LEFT + 20 < x < RIGHT - 20 or long < timedelta(minutes=1):
            words = f"{at:%H:%M}" if long <= timedelta(days=2) else f"{at:%d %b}"
            yield Words(x, bottom + 28, words, Ink.FAINT, size=SMALL, anchor="m")
        at += step


def _rows(chart: Chart, shown: Sequence[Marker]) -> list[int]:
    """Return for each marker the row its badge stands in, so that none covers another where there is room."""
    ends: list[float] = []
    rows: list[int] = []
    for one in shown:
        x = _x(chart, one.at)
        free = next((row for row, end in enumerate(ends) if x - end >= 2 * BADGE + 4), None)
        if free is None:
            free = len(ends) if len(ends) < MOST_ROWS else min(range(len(ends)), key=lambda row: ends[row])
        ends[free:] = [max(x, ends[free] + 2 * BADGE + 4) if free < len(ends) else x, *ends[free + 1 :]]
        rows.append(free)
    return rows


def _markers(chart: Chart, shown: Sequence[Marker], rows: Sequence[int], top: float, end: float) -> Iterator[Mark]:
    reached: dict[int, float] = {}
    badges: list[Badge] = []
    for number, (one, row) in enumerate(zip(shown, rows, strict=True), start=1):
        x, y = _x(chart, one.at), top - 14 - BADGE - row * (2 * BADGE + 6)
        centre = max(x, reached.get(row, 0.0) + 2 * BADGE + 4)
        reached[row] = centre
        yield Stroke(((centre, y), (x, top), (x, end)), _SIGNS[one.sign])
        badges.append(Badge(centre, y, number, _SIGNS[one.sign]))
    yield from badges  # over all lines


def _legend(shown: Sequence[Marker], hidden: int, top: float) -> Iterator[Mark]:
    for number, one in enumerate(shown, start=1):
        y = top + (number - 1) * 46
        yield Badge(EDGE + BADGE, y, number, _SIGNS[one.sign])
        yield Words(EDGE + 2 * BADGE + 18, y, f"{one.at:%H:%M:%S}", Ink.FAINT)
        yield Words(EDGE + 2 * BADGE + 150, y, _cut(one.words, 58), Ink.INK)
    if hidden:
        yield Words(EDGE, top + len(shown) * 46, f"and {hidden} more in the timeline", Ink.FAINT)


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Return bottom, top and step of an axis that holds the values and 0, in about four round steps."""
    low, high = min([0.0, *values]), max([0.0, *values])
    if high == low:
        high = low + 1
    rough = (high - low) * 1.08 / 4
    power = 10.0 ** _exponent(rough)
    step = next((size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough), 10 * power)
    bottom = -(-low // step) * step if low >= 0 else (low // step) * step
    steps = -(-(high * 1.02 - bottom) // step)
    return bottom, bottom + max(1, steps) * step, step


def _exponent(number: float) -> int:
    return int(f"{number:e}".partition("e")[2])


def _thinned(points: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """Return few enough points; of each stretch the lowest and the highest, so that no peak is lost."""
    every = -(-len(points) // MOST_POINTS)
    if every <= 1:
        return list(points)
    kept: list[tuple[datetime, float]] = []
    for place in range(0, len(points), 2 * every):
        stretch = points[place : place + 2 * every]
        kept += sorted({min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])})
    return kept


def _summed(counts: Sequence[int], every: int) -> list[int]:
    return [sum(counts[place : place + every]) for place in range(0, len(counts), every)] or [0]


def _number(value: float) -> str:
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    if abs(value) >= 10_000:
        return f"{value / 1_000:.3g}k"
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def _cut(text: str, most: int) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= most else one_line[: most - 1].rstrip() + "…"
