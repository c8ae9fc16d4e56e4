"""What somebody said in a channel, read back message by message, as plain words. Reads only."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.domain.moment import from_millis
from bot.domain.remarks import Remark
from bot.errors import CallRefusedError, EdgeError, NotFoundError, OutcomeUnknownError, UnavailableError
from bot.ports import Directory
from bot.slack.chat import answered
from bot.slack.parsing import ENTITIES, harmless

MOST_TEXT = 40_000  # characters; Slack takes no longer message
MOST_NAMES = 20
MOST_FILES = 5
GONE = frozenset({"message_not_found", "thread_not_found"})
SAID = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""The subtypes of what people say; all others are told by Slack itself or by an app."""

_MARKED_UP = re.compile(r"<([@#!]?)([^<>|]{1,3000})(?:\|([^<>]{0,3000}))?>")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,20}", re.ASCII)


class SlackRemarks:
    """Satisfy the Remarks port with a client made by `patient`."""

    def __init__(self, client: WebClient, *, directory: Directory) -> None:
        """Take who knows what the people are called that a message mentions."""
        self._client = client
        self._directory = directory

    def remark(self, channel: str, ts: str) -> Remark | None:
        """Return the message as it is now, in a thread or not; None where it is gone."""
        asked = {"channel": channel, "ts": ts, "oldest": ts, "latest": ts, "inclusive": True, "limit": 2}
        try:
            told = self._asked("conversations.replies", asked)
        except CallRefusedError as error:
            if error.code in GONE:
                return None
            raise
        said = (one for one in told.get("messages") or () if isinstance(one, dict) and one.get("ts") == ts)
        found = next(said, None)
        if found is None or found.get("subtype") == "tombstone":
            return None
        return self._remark(found, channel)

    def _remark(self, said: Mapping[str, Any], channel: str) -> Remark:
        ts, subtype = str(said["ts"]), str(said.get("subtype") or "")
        by_person = not said.get("bot_id") and subtype in SAID
        reactions = [one for one in said.get("reactions") or () if isinstance(one, dict)]
        people = {str(one.get("name")): frozenset(map(str, one.get("users") or ())) for one in reactions}
        whole = {str(one.get("name")): one.get("count") for one in reactions}
        return Remark(
            ts=ts,
            at=from_millis(round(float(ts) * 1_000)),
            by=str(said.get("user") or "") if by_person else "",
            text=self._words(said),
            thread="" if said.get("thread_ts") in {None, ts} else str(said["thread_ts"]),
            pinned=channel in (said.get("pinned_to") or ()),
            reactions=people,
            unlisted=frozenset(name for name, users in people.items() if whole[name] != len(users)),
        )

    def _words(self, said: Mapping[str, Any]) -> str:
        text = plain(str(said.get("text") or "")[:MOST_TEXT], called=self._called)
        files = [one for one in said.get("files") or () if isinstance(one, dict)]
        names = ", ".join(str(one.get("title") or one.get("name") or "a file")[:120] for one in files[:MOST_FILES])
        return f"{text} (with {names})".strip() if names else text

    def _called(self, person: str) -> str:
        try:
            return self._directory.person(person).name
        except (EdgeError, NotFoundError):
            return person

    def _asked(self, method: str, asked: Mapping[str, object]) -> SlackResponse:
        try:
            return answered(method, lambda: self._client.api_call(method, params=dict(asked)))
        except OutcomeUnknownError as error:
            raise UnavailableError(f"Slack did not answer {method}; try again.") from error


def plain(text: str, *, called: Callable[[str], str]) -> str:
    """Return what people read of a text of Slack's: mentions as names, links as words with their address.

    Args:
        called: what a person is called, by id; asked for the first few only.
    """
    names: dict[str, str] = {}

    def shown(found: re.Match[str]) -> str:
        kind, target, label = found[1], found[2], found[3] or ""
        match kind:
            case "@":
                if _PERSON.fullmatch(target) and target not in names and len(names) < MOST_NAMES:
                    names[target] = called(target)
                return f"@{names.get(target) or label or target}"
            case "#":
                return f"#{label or target}"
            case "!":
                return label or f"@{target.partition('^')[0]}"
            case _:
                return f"{label} ({target})" if label and label not in target else target

    said = _MARKED_UP.sub(shown, harmless(text))
    for entity, character in ENTITIES:
        said = said.replace(entity, character)
    return said
