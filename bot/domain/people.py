"""Who people are to the bot: an id of a workspace, and what Slack says of them."""

from bot.domain.value import Value


class Person(Value):
    """Hold what Slack says of somebody; `member` is false for guests, bots and people of other workspaces."""

    id: str
    team: str
    name: str
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False

    @property
    def member(self) -> bool:
        """Return whether this is a full human member of the team's own workspace."""
        return not (self.is_bot or self.is_guest or self.is_stranger)


class Place(Value):
    """Name where in Slack something was said or clicked."""

    team: str
    channel: str
    ts: str | None = None
    thread: str | None = None
