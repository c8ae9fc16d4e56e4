"""Where a message can be opened."""

from bot.errors import EdgeError
from bot.slack.chat import Chat


class Links:
    """Make the addresses of messages; without the workspace's own address Slack is asked, once for each."""

    def __init__(self, chat: Chat, *, workspace: str = "") -> None:
        self._chat = chat
        self._workspace = workspace.rstrip("/")
        self._known: dict[tuple[str, str], str] = {}

    def to(self, channel: str, ts: str) -> str:
        """Return the message's address, empty where Slack does not tell it."""
        if self._workspace:
            return f"{self._workspace}/archives/{channel}/p{ts.replace('.', '')}"
        place = (channel, ts)
        if place not in self._known:
            try:
                self._known[place] = self._chat.permalink(*place)
            except EdgeError:
                return ""
        return self._known[place]
