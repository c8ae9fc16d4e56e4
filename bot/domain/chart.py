"""The picture of an incident as plain data: what is in it; where each thing goes is the drawer's."""

from datetime import datetime
from enum import StrEnum

from bot.domain.value import Value


class Sign(StrEnum):
    """Say what a marker is about; it decides the colour."""

    ALARM = "alarm"
    RUN = "run"
    APPROVAL = "approval"
    DEPLOY = "deploy"
    NOTE = "note"


class Marker(Value):
    """Hold one thing that happened, told in a few words."""

    at: datetime
    words: str
    sign: Sign = Sign.NOTE


class Chart(Value):
    """Hold everything that is drawn.

    Attributes:
        points: the alarm's metric.
        bands: from when to when the alarm was on; without an end, it still is.
        lines: log lines of each bin of `bin_s` seconds from `lines_from` on; `grave` those of WARN and worse.
    """

    title: str
    metric: str
    since: datetime
    until: datetime
    points: tuple[tuple[datetime, float], ...] = ()
    threshold: float | None = None
    bands: tuple[tuple[datetime, datetime | None], ...] = ()
    markers: tuple[Marker, ...] = ()
    lines: tuple[int, ...] = ()
    grave: tuple[int, ...] = ()
    lines_from: datetime | None = None
    bin_s: float = 60
