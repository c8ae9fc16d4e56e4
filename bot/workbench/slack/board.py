"""Everything that is on screen: messages, who was notified, modals, Homes, files. In memory, one lock.

The Web API and the people both change it; each change is published as an event. Nothing is delivered here.
"""

import threading
from collections.abc import Callable, Iterable

from bot.workbench.slack.checker import check_blocks, check_message
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import EventLog, Payload
from bot.workbench.slack.files import FileShelf, StoredFile, described
from bot.workbench.slack.modals import Modals
from bot.workbench.slack.notices import notified
from bot.workbench.slack.tickets import Tickets
from bot.workbench.slack.workspace import Channel, Workspace

PRIVATE_FIELDS = ("channel", "ephemeral_for")
"""What a stored message carries that Slack's own message JSON does not."""


class Board:
    """Hold the state behind one re-entrant lock; take `lock` for anything of more than one call."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        url: str,
        now: Callable[[], float],
        ticks: Callable[[], float],
        log: EventLog,
    ) -> None:
        self.lock = threading.RLock()
        self.log = log
        self.url = url
        self._now = now
        self._ticks = ticks
        self._workspace = workspace
        self._count = 0
        self._clear()

    def _clear(self) -> None:
        self._last_ts = 0
        self._messages: dict[tuple[str, str], Payload] = {}
        self.notifications: list[Payload] = []
        self.tickets = Tickets(ticks=self._ticks)
        self.modals = Modals(self)
        self.files = FileShelf()

    @property
    def workspace(self) -> Workspace:
        """Return who and what is there now."""
        with self.lock:
            return self._workspace

    @workspace.setter
    def workspace(self, workspace: Workspace) -> None:
        with self.lock:
            self._workspace = workspace

    def reset(self) -> None:
        """Forget everything but the workspace, as at the start."""
        with self.lock:
            self._clear()
            self.log.publish("reset", {})

    def number(self) -> int:
        """Return the next number, for ids."""
        with self.lock:
            self._count += 1
            return self._count

    def stamp(self) -> str:
        """Return a new message time; later than any before that is still there, whatever the clock does."""
        with self.lock:
            self._last_ts = max(self._last_ts + 1, int(self._now() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def room(self, name: object) -> Channel:
        """Return a channel the app can see."""
        room = self.workspace.channel(str(name or ""))
        if room is None or (room.is_private and self.workspace.app.user_id not in room.members):
            raise RefusedError("channel_not_found")
        return room

    def message(self, channel: str, ts: object) -> Payload:
        """Return a stored message."""
        with self.lock:
            found = self._messages.get((channel, str(ts)))
        if found is None:
            raise RefusedError("message_not_found")
        return found

    def messages(self, channel: str | None = None, *, person: str | None = None) -> list[Payload]:
        """Return the messages, oldest first; with a person, only what that person sees."""
        with self.lock:
            found = list(self._messages.values())
        found.sort(key=lambda message: message["ts"])
        return [
            message
            for message in found
            if (channel is None or message["channel"] == channel)
            and (person is None or person in self._audience(message))
        ]

    def thread(self, channel: str, root: str) -> list[Payload]:
        """Return the root and its replies, oldest first; ephemerals are in no thread's record."""
        return [
            message
            for message in self.messages(channel)
            if root in (message["ts"], message.get("thread_ts")) and not message["ephemeral_for"]
        ]

    def post(self, room: Channel, body: Payload, *, ephemeral_for: str | None = None) -> Payload:
        """Store a new message, notify whom it would notify, and return it."""
        with self.lock:
            message = {
                "type": "message",
                "ts": self.stamp(),
                "team": self._workspace.team_id,
                **body,
                "channel": room.id,
                "ephemeral_for": ephemeral_for,
            }
            if message.get("blocks"):
                message["blocks"] = self.numbered(message["blocks"])
            self._messages[room.id, message["ts"]] = message
            self._publish("message", message)
            if ephemeral_for is None:
                self._count_reply(message)
                self._notify(room, message)
            return message

    def edit(self, message: Payload, changes: Payload) -> Payload:
        """Replace fields of a message; None removes one. Notifies nobody."""
        with self.lock:
            if changes.get("blocks"):
                changes = {**changes, "blocks": self.numbered(changes["blocks"])}
            changed = {**message, **changes}
            changed = {key: value for key, value in changed.items() if value is not None or key in PRIVATE_FIELDS}
            self._messages[message["channel"], message["ts"]] = changed
            self._publish("message_changed", changed)
            return changed

    def react(self, message: Payload, user: str, name: str, *, on: bool) -> bool:
        """Put an emoji of somebody's on a message or take it away; False where that is so already."""
        with self.lock:
            people = {item["name"]: list(item["users"]) for item in message.get("reactions", ())}
            if (user in people.get(name, ())) is on:
                return False
            people[name] = [*(one for one in people.get(name, ()) if one != user), *([user] if on else [])]
            shown = [{"name": key, "users": users, "count": len(users)} for key, users in people.items() if users]
            self.edit(message, {"reactions": shown or None})
            return True

    def pin(self, message: Payload, user: str, *, on: bool) -> bool:
        """Pin a message to its channel or let it go; False where that is so already."""
        with self.lock:
            if bool(message.get("pinned_to")) is on:
                return False
            channel = message["channel"]
            info = {"channel": channel, "pinned_by": user, "pinned_ts": int(float(self.stamp()))}
            self.edit(message, {"pinned_to": [channel] if on else None, "pinned_info": info if on else None})
            return True

    def pins(self, channel: str) -> int:
        """Return how many messages are pinned there."""
        return sum(1 for message in self.messages(channel) if message.get("pinned_to"))

    def delete(self, message: Payload) -> None:
        """Remove a message."""
        with self.lock:
            audience = self._audience(message)
            self._messages.pop((message["channel"], message["ts"]), None)
            where = {"channel": message["channel"], "ts": message["ts"]}
            self.log.publish("message_deleted", where, audience=audience)

    def canvas_changed(self, stored: StoredFile) -> None:
        """Tell those who see its channel of a canvas that is new or says something else."""
        self.log.publish("canvas", {"canvas": self._canvas(stored)}, audience=self._readers(stored.channel))

    def canvases(self, person: str) -> list[Payload]:
        """Return the canvases in the channels that person sees, oldest first."""
        with self.lock:
            return [self._canvas(stored) for stored in self.files.canvases() if person in self._readers(stored.channel)]

    def _canvas(self, stored: StoredFile) -> Payload:
        told = described(stored, url=self.url, user=self._workspace.app.user_id)
        return {**{name: told[name] for name in ("id", "title", "permalink")}, "channel": stored.channel}

    def numbered(self, blocks: Iterable[Payload]) -> list[Payload]:
        """Give every block and button without an id one, as Slack does."""
        return [self._with_ids(block) for block in blocks]

    def _with_ids(self, block: Payload) -> Payload:
        named: Payload = {**block, "block_id": block.get("block_id") or f"b{self.number():04d}"}
        if block.get("type") == "actions":
            named["elements"] = [self._with_action_id(element) for element in block["elements"]]
        for place in ("accessory", "element"):
            if isinstance(block.get(place), dict) and block[place].get("type") != "image":
                named[place] = self._with_action_id(block[place])
        return named

    def _with_action_id(self, element: Payload) -> Payload:
        return {**element, "action_id": element.get("action_id") or f"a{self.number():04d}"}

    def _audience(self, message: Payload) -> frozenset[str]:
        if message["ephemeral_for"]:
            return frozenset({message["ephemeral_for"]})
        return self._readers(message["channel"])

    def _readers(self, channel: str) -> frozenset[str]:
        room = self._workspace.channel(channel)
        if room is None:
            return frozenset()
        if room.is_private or room.is_im or room.is_ext_shared:
            return frozenset(room.members)
        return frozenset({human.id for human in self._workspace.people if not human.is_guest} | set(room.members))

    def _publish(self, kind: str, message: Payload) -> None:
        self.log.publish(kind, {"message": message}, audience=self._audience(message))

    def _count_reply(self, message: Payload) -> None:
        root = self._messages.get((message["channel"], str(message.get("thread_ts"))))
        if root is None:
            return
        replies = [reply for reply in self.thread(root["channel"], root["ts"]) if reply["ts"] != root["ts"]]
        users = list(dict.fromkeys(str(reply["user"]) for reply in replies))
        counted = {
            "thread_ts": root["ts"],
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": message["ts"],
        }
        self.edit(root, counted)

    def _notify(self, room: Channel, message: Payload) -> None:
        root = str(message.get("thread_ts") or "")
        thread = [earlier for earlier in (self.thread(room.id, root) if root else []) if earlier["ts"] != message["ts"]]
        for person, why in notified(message, channel=room, workspace=self._workspace, thread=thread):
            note = {
                "id": f"N{self.number()}",
                "person": person,
                "channel": room.id,
                "ts": message["ts"],
                "text": message.get("text", ""),
                "why": why,
                "at": self._now(),
            }
            self.notifications.append(note)
            self.log.publish("notification", {"notification": note}, audience=frozenset({person}))


def public(message: Payload, *, metadata: bool = True) -> Payload:
    """Return the message as Slack's API shows it."""
    hidden = PRIVATE_FIELDS if metadata else (*PRIVATE_FIELDS, "metadata")
    return {key: value for key, value in message.items() if key not in hidden}


def refuse_bad_message(payload: Payload) -> list[str]:
    """Raise what Slack would answer to a message it does not take; return its warnings."""
    problems = check_message(payload)
    for code in (
        "invalid_blocks",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "invalid_metadata_format",
    ):
        words = [problem.line for problem in problems if problem.error == code]
        if words:
            raise RefusedError(code, messages=words)
    return [problem.error for problem in problems]


def refuse_bad_blocks(blocks: object, surface: str) -> None:
    """Raise `invalid_blocks` with every problem."""
    problems = check_blocks(blocks, surface)
    if problems:
        raise RefusedError("invalid_blocks", messages=[problem.line for problem in problems])
