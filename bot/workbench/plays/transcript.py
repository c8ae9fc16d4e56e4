"""Print a conversation readably: who said or pressed what, what the bot posted, and whom it notified."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain

INDENT = " " * 9
MOST_LINES = 14
_MARKED = re.compile(r"<(?:@|!subteam\^)(?P<id>[A-Z0-9]+)[^<>]*>|<(?:!date|http)[^<>|]*\|(?P<words>[^<>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


class Transcript:
    """Follow a channel and print what is new each time it is asked to.

    Args:
        names: what people and groups are called, by id.
    """

    def __init__(self, *, people: tuple[Person, ...], names: dict[str, str], say: Callable[[str], None]) -> None:
        self._people = people
        self._names = names
        self._say = say
        self._printed: dict[str, str] = {}
        self._notified: set[str] = set()

    def did(self, who: str, what: str) -> None:
        """Print what a person did, after what was posted before it."""
        self.catch_up()
        self._say(f"\n{self._time()} @{who} {what}")

    def note(self, words: str) -> None:
        """Print a remark of the play itself."""
        self.catch_up()
        self._say(f"\n-- {words}")

    def catch_up(self) -> None:
        """Print new messages and editions, oldest first, and who was notified."""
        for message in self._people[0].messages():
            self._print(message, to="")
        for person in self._people:
            for message in person.ephemerals():
                self._print(message, to=self._names[person.id])
            for one in person.notifications():
                if one["id"] not in self._notified:
                    self._notified.add(str(one["id"]))
                    push = self._readable(str(one["text"]))
                    self._say(f"{INDENT}(notified @{self._names[person.id]} by {one['why']}: {push[:110]})")

    def _print(self, message: Payload, *, to: str) -> None:
        if message["ephemeral_for"] and not to:
            return
        key = f"{message['channel']}/{message['ts']}/{to}"
        text = self._readable(plain(message))
        if self._printed.get(key) == text:
            return
        edited = " (edited)" if key in self._printed else ""
        self._printed[key] = text
        only = f" (only @{to} sees it)" if to else ""
        thread = " in thread" if message.get("thread_ts") not in (None, message["ts"]) else ""
        self._say(f"\n{self._time()} runbook-bot{thread}{only}{edited}")
        lines = [line for line in text.splitlines() if line.strip()]
        for line in lines[:MOST_LINES]:
            self._say(f"{INDENT}{line[:150]}")
        if len(lines) > MOST_LINES:
            self._say(f"{INDENT}… {len(lines) - MOST_LINES} more lines")

    def _readable(self, text: str) -> str:
        """Return the text as Slack shows it: names, dates and links in words."""

        def shown(found: re.Match[str]) -> str:
            return f"@{self._names.get(found['id'], found['id'])}" if found["id"] else str(found["words"])

        text = _MARKED.sub(shown, text)
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
        return text

    def _time(self) -> str:
        now = datetime.fromtimestamp(float(self._people[0].state()["now"]), UTC)
        return f"{now:%H:%M:%S}"
