"""Times as text: what AWS, runbooks and records exchange. One spelling, always with its offset."""

from datetime import UTC, datetime, timedelta

from bot.errors import InvalidError


def written(at: datetime) -> str:
    """Return the time in UTC as ISO text ending in Z, with milliseconds where it has any.

    Raises:
        ValueError: the time has no offset; that is a bug.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no offset.")
    text = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")


def read_out(at: datetime) -> str:
    """Return the time in UTC as sentences say it, to the second: 2026-01-21 02:07:31 UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment(text: str) -> datetime:
    """Return the time that ISO text names.

    Raises:
        InvalidError: it is no such text, or it does not say its offset.
    """
    try:
        at = datetime.fromisoformat(text) if text.isascii() else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):  # overflow: in UTC it would lie before the year 1 or after 9999
        pass
    raise InvalidError(f"{ascii(text)[:60]} is not a time; write it as 2026-01-21T02:07:31Z.")


def epoch(at: datetime) -> int:
    """Return the whole seconds since 1970, cut off."""
    return int(at.timestamp())


def from_millis(millis: int) -> datetime:
    """Return the time of so many milliseconds since 1970."""
    return datetime.fromtimestamp(millis / 1000, tz=UTC)


def span(length: timedelta) -> str:
    """Return a length of time as people say it: 40 s, 24 min, 2 h 5 min, 3 days."""
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{seconds // 86_400} days"
