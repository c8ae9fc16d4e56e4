"""A message of a channel, as far as the bot reads one: whose it is, what it says, and how people marked it."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.value import Value


class Mark(Value):
    """Hold who marked a message, and by which emoji; empty for a pin, of which a message has one."""

    by: str
    emoji: str = ""

    def same(self, other: "Mark") -> bool:
        """Return whether both are one mark: a pin is the channel's, an emoji its person's."""
        return self == other or not (self.emoji or other.emoji)


class Remark(Value):
    """Hold what Slack says of a message.

    Attributes:
        ts: where it stands in its channel.
        thread: where the message stands that it answers; empty where it answers none.
        by: the person who said it; empty where that was a machine.
        text: as people read it, with the names of those it mentions; hostile.
        pinned: whether Slack says that it is pinned.
        reactions: the people by the emoji they put on it.
        unlisted: the emoji of which Slack does not name everybody.
    """

    ts: str
    at: datetime
    by: str
    text: str
    thread: str = ""
    pinned: bool = False
    reactions: Mapping[str, frozenset[str]] = {}
    unlisted: frozenset[str] = frozenset()

    def bears(self, mark: Mark, *, added: bool) -> bool:
        """Return whether the mark is on it; what Slack leaves unsaid is as it was told when it was `added` or not."""
        if not mark.emoji:
            return self.pinned or added
        return mark.by in self.reactions.get(mark.emoji, ()) or (added and mark.emoji in self.unlisted)
