"""When people are left in peace: nothing that can wait is said again in the evening or at night."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

MORNING: Final = 8
EVENING: Final = 20
AT_WORK: Final = 9
"""When people are reminded of what can wait, where nothing else is set; any setting lies between the two above."""
REST: Final = timedelta(hours=5)


def by_day(at: datetime, zone: tzinfo) -> datetime:
    """Return the time itself where it is day there, and else the next eight o'clock there."""
    local = at.astimezone(zone)
    if MORNING <= local.hour < EVENING:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= EVENING else 0)
    return at_hour(day, MORNING, zone)


def next_morning(at: datetime, zone: tzinfo, *, hour: int) -> datetime:
    """Return the first such hour there, any day of the week, that leaves people some hours of rest."""
    day = at.astimezone(zone).date()
    while at_hour(day, hour, zone) < at + REST:
        day += timedelta(days=1)
    return at_hour(day, hour, zone)


def at_hour(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return that hour of a day there, in UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)
