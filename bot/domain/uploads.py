"""A file that somebody shared in Slack, as far as the bot reads one: where it lies, whose it is, and how large."""

from bot.domain.value import Value

MOST_BYTES = 1_600_000
"""Of a file that is read: as many characters as a post-mortem may have, in UTF-8."""
CANVAS = "canvas"


class Upload(Value):
    """Hold what Slack says of a file.

    Attributes:
        by: who shared it.
        channels: where it is shared.
        form: how its name ends, in small letters, or `canvas`.
        address: where its bytes lie; for the token of the bot alone, and never shown.
    """

    id: str
    name: str
    by: str
    size: int
    channels: frozenset[str] = frozenset()
    form: str = ""
    address: str = ""
