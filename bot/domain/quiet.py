"""When people are left in peace: nothing that can wait is said again in the evening or at night."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

MORNING: Final = 8
EVENING: Final = 20


def by_day(at: datetime, zone: tzinfo) -> datetime:
    """Return the time itself where it is day there, and else the next eight o'clock there."""
    local = at.astimezone(zone)
    if MORNING <= local.hour < EVENING:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= EVENING else 0)
    return datetime(day.year, day.month, day.day, MORNING, tzinfo=zone).astimezone(UTC)
