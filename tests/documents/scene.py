"""A chart for tests: an alarm's metric with a band, markers and log lines."""

from datetime import UTC, datetime, timedelta

from bot.domain.chart import Chart, Marker, Sign

BEGIN = datetime(2026, 1, 21, 2, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def chart(*, markers: tuple[Marker, ...] = ()) -> Chart:
    values = [0.0] * 7 + [101.0] * 17 + [0.0] * 21
    return Chart(
        title="INC-7 · transactions load halted",
        metric="CURRENCY_ERROR per hour",
        since=BEGIN,
        until=at(45),
        points=tuple((at(minute), value) for minute, value in enumerate(values)),
        threshold=100,
        bands=((at(7.5), at(24)),),
        markers=markers
        or (
            Marker(at=at(7.5), words="Alarm halted went off", sign=Sign.ALARM),
            Marker(at=at(16), words="Q-9 approved", sign=Sign.APPROVAL),
            Marker(at=at(23), words="Q-11 approved", sign=Sign.APPROVAL),
        ),
        lines=tuple(40 for _ in range(540)),
        grave=tuple(30 if 84 <= place < 90 else 0 for place in range(540)),
        lines_from=BEGIN,
        bin_s=5,
    )
