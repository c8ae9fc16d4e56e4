"""What a person can do: type a command, click, submit, close, write, mark, open Home.

Each tells the app by way of the delivery and shows what came of it on the board.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.workbench.slack import payloads
from bot.workbench.slack.board import Board, refuse_bad_message
from bot.workbench.slack.delivery import Ack, Delivery
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.files import described
from bot.workbench.slack.methods_chat import permalink
from bot.workbench.slack.modals import refuse_bad_view
from bot.workbench.slack.values import acted_on, completed, elements_of, missing_values
from bot.workbench.slack.workspace import SLACKBOT, Channel, Human

_ANSWERED = ("text", "blocks")
_EMOJI = re.compile(r"[a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?")
_TYPED_MENTION = re.compile(r"@([\w][\w.-]*)")


@dataclass(frozen=True)
class Act:
    """Record one thing a person did; for the checklist and for tests."""

    person: str
    what: str
    detail: str
    error: str | None = None


class Acts:
    """Perform what people do."""

    def __init__(self, board: Board, delivery: Delivery, *, url: str) -> None:
        self._board = board
        self._delivery = delivery
        self._url = url
        self.done: list[Act] = []

    async def slash(self, person: str, channel: str, text: str) -> Payload:
        """Send a slash command and show the app's answer where Slack shows it."""
        human, room = self._human(person), self._seen_room(person, channel)
        command, _, rest = text.strip().partition(" ")
        known = next((one for one in self._board.workspace.commands if one.command == command), None)
        if known is None:
            self._record(person, "slash", text, "invalid_command")
            return self._slackbot(human, room, f"`{command}` is not a valid command.", error="invalid_command")
        payload = payloads.slash_command(
            self._board.workspace,
            human=human,
            room=room,
            command=command,
            text=self._linked(rest.strip()) if known.escapes else rest.strip(),
            trigger_id=self._board.tickets.trigger(person),
            response_url=self._response_url(person, room, ts=None),
        )
        ack = await self._delivery.deliver("slash_commands", payload)
        self._record(person, "slash", text, ack.error)
        if ack.error:
            return self._failed(human, room, command, ack.error)
        return self._answered(human, room, command, ack)

    async def click(self, person: str, asked: Payload) -> Payload:
        """Click, or choose from a menu, in a message, a modal or a Home."""
        human = self._human(person)
        room: Channel | None = None
        if asked.get("view_id"):
            holder = self._view_of(person, str(asked["view_id"]))
        else:
            room = self._seen_room(person, str(asked.get("channel")))
            holder = self._seen_message(person, room, str(asked.get("ts")))
        block, element = _find_element(holder, asked)
        confirm = element.get("confirm")
        if confirm and not asked.get("confirmed"):
            return {"ok": False, "error": "needs_confirm", "confirm": confirm}
        action = acted_on(element, block_id=block["block_id"], asked=asked, at=self._board.stamp())
        values = completed(holder, asked.get("values") or {})
        trigger = self._board.tickets.trigger(person, view_id=holder.get("id"))
        payload = self._click_payload(human, room, holder, action, values, trigger)
        ack = await self._delivery.deliver("interactive", payload)
        self._record(person, "click", str(action["action_id"]), ack.error)
        if ack.error:
            self._timeout(person, "click", ack.error)
            return {"ok": False, "error": ack.error}
        return {"ok": True}

    async def submit(self, person: str, view_id: str, values: Payload) -> Payload:
        """Submit the modal on top."""
        human, view = self._human(person), self._view_of(person, view_id)
        missing = missing_values(view, values)
        if missing:
            return {"ok": False, "errors": missing}
        trigger = self._board.tickets.trigger(person, view_id=view_id)
        state = completed(view, values)
        payload = payloads.view_submission(
            self._board.workspace, human=human, view=view, values=state, trigger_id=trigger
        )
        ack = await self._delivery.deliver("interactive", payload)
        self._record(person, "submit", str(view["callback_id"]), ack.error)
        if ack.error:
            self._timeout(person, "submit", ack.error)
            return {"ok": False, "error": ack.error}
        return self._after_submit(person, view, ack.body or {})

    async def close(self, person: str, view_id: str) -> Payload:
        """Close the modal on top, telling the app if the view asked for it."""
        human, view = self._human(person), self._view_of(person, view_id)
        closed = self._board.modals.clear(person) if view["clear_on_close"] else [self._board.modals.close(person)]
        for shut in closed:
            if shut and shut["notify_on_close"]:
                payload = payloads.view_closed(
                    self._board.workspace, human=human, view=shut, is_cleared=len(closed) > 1
                )
                await self._delivery.deliver("interactive", payload)
        return {"ok": True}

    async def say(self, person: str, channel: str, text: str, thread_ts: str | None) -> Payload:
        """Write a message; the app hears of it if it is mentioned or in a direct message."""
        human, room = self._human(person), self._seen_room(person, channel)
        if not text.strip():
            raise RefusedError("no_text")
        written: Payload = {"user": person, "text": self._linked(text)}
        if human.team_id:
            written["user_team"] = human.team_id
        if thread_ts:
            written["thread_ts"] = self._board.message(room.id, thread_ts).get("thread_ts") or thread_ts
        message = self._board.post(room, written)
        self._record(person, "message", text)
        for kind in self._heard(room, str(message["text"])):
            event = payloads.message_event(kind, self._board.workspace, room=room, message=message)
            self._tell(event, str(message["ts"]))
        return {"ok": True, "ts": message["ts"]}

    async def share(
        self, person: str, channel: str, name: str, content: bytes, thread_ts: str | None, *, text: str = ""
    ) -> Payload:
        """Share a file as a message; the app is not told of it."""
        self._human(person)
        room = self._seen_room(person, channel)
        if not content:
            raise RefusedError("file_empty")
        stored = self._board.files.put(name, content, user=person)
        app = self._board.workspace.app.user_id
        shared: Payload = {
            "user": person,
            "text": self._linked(text),
            "files": [described(stored, url=self._url, user=app)],
            "upload": True,
        }
        if thread_ts:
            shared["thread_ts"] = self._board.message(room.id, thread_ts).get("thread_ts") or thread_ts
        message = self._board.post(room, shared)
        stored.shares.setdefault(room.id, []).append(message["ts"])
        self._record(person, "share", name)
        return {"ok": True, "ts": message["ts"], "file": stored.id}

    async def write_canvas(self, person: str, canvas_id: str, markdown: str) -> Payload:
        """Write another text into a canvas."""
        self._human(person)
        known = [canvas["id"] for canvas in self._board.canvases(person)]
        if canvas_id not in known:
            raise RefusedError("canvas_not_found")
        with self._board.lock:
            self._board.canvas_changed(self._board.files.rewrite_canvas(canvas_id, markdown))
        self._record(person, "canvas", canvas_id)
        return {"ok": True}

    async def react(self, person: str, channel: str, ts: str, emoji: str, *, on: bool) -> Payload:
        """Put an emoji on a message, or take one's own away."""
        human, room = self._human(person), self._seen_room(person, channel)
        message = self._lasting_message(room, ts)
        name = emoji.strip(":")
        if not _EMOJI.fullmatch(name):
            raise RefusedError("invalid_name")
        if not self._board.react(message, person, name, on=on):
            raise RefusedError("already_reacted" if on else "no_reaction")
        self._record(person, "react", name)
        stamp = self._board.stamp()
        event = payloads.reaction_event(human=human, message=message, emoji=name, added=on, stamp=stamp)
        self._tell_of(room, event, stamp)
        return {"ok": True}

    async def pin(self, person: str, channel: str, ts: str, *, on: bool) -> Payload:
        """Pin a message to its channel, or let it go."""
        human, room = self._human(person), self._seen_room(person, channel)
        message = self._lasting_message(room, ts)
        if not self._board.pin(message, person, on=on):
            raise RefusedError("already_pinned" if on else "no_pin")
        self._record(person, "pin", ts)
        stamp, link = self._board.stamp(), permalink(self._board, message)
        now = self._board.message(room.id, ts)
        event = payloads.pin_event(
            human=human, message=now, pins=self._board.pins(room.id), link=link, added=on, stamp=stamp
        )
        self._tell_of(room, event, stamp)
        return {"ok": True}

    async def open_home(self, person: str) -> Payload:
        """Open the app's Home tab."""
        self._human(person)
        workspace = self._board.workspace
        self._record(person, "home", "")
        if "app_home_opened" in workspace.app.events:
            stamp = self._board.stamp()
            event: Payload = {
                "type": "app_home_opened",
                "user": person,
                "channel": workspace.direct(person).id,
                "tab": "home",
                "event_ts": stamp,
            }
            home = self._board.modals.home(person)
            if home:
                event["view"] = home
            self._tell(event, stamp)
        return {"ok": True}

    def _after_submit(self, person: str, view: Payload, answer: Payload) -> Payload:
        modals = self._board.modals
        match answer.get("response_action"):
            case "errors":
                return self._rejected(view, answer.get("errors"))
            case "update":
                return {"ok": True, "view": modals.replace(person, view, _checked(answer))}
            case "push":
                return {"ok": True, "view": modals.stack(person, _checked(answer))}
            case "clear":
                modals.clear(person)
            case _:
                if modals.top(person) is not None:
                    modals.close(person)
        return {"ok": True, "view": modals.top(person)}

    def _rejected(self, view: Payload, errors: object) -> Payload:
        known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= known:
            return {"ok": False, "error": "response_action errors must name input blocks of the view"}
        return {"ok": False, "errors": errors}

    def _answered(self, human: Human, room: Channel, command: str, ack: Ack) -> Payload:
        body = ack.body or {}
        if not body.get("text") and not body.get("blocks"):
            return {"ok": True, "response": None}
        try:
            refuse_bad_message(body)
        except RefusedError as refused:
            return {**self._failed(human, room, command, "invalid_command_response"), **refused.fields}
        in_channel = body.get("response_type") == "in_channel"
        shown: Payload = {key: body[key] for key in _ANSWERED if key in body}
        message = self._board.post(room, self._by_app(shown), ephemeral_for=None if in_channel else human.id)
        kind = "in_channel" if in_channel else "ephemeral"
        return {"ok": True, "response": {**shown, "response_type": kind, "ts": message["ts"]}}

    def _failed(self, human: Human, room: Channel, command: str, error: str) -> Payload:
        self._timeout(human.id, command, error)
        return self._slackbot(human, room, f'{command} failed with the error "{error}"', error=error)

    def _slackbot(self, human: Human, room: Channel, text: str, *, error: str) -> Payload:
        self._board.post(room, {"user": SLACKBOT.id, "text": text}, ephemeral_for=human.id)
        return {"ok": False, "error": error, "response": {"text": text, "response_type": "ephemeral"}}

    def _timeout(self, person: str, what: str, error: str) -> None:
        if error == "operation_timeout":
            fields = {"person": person, "what": what}
            self._board.log.publish("operation_timeout", fields, audience=frozenset({person}))

    def _click_payload(
        self,
        human: Human,
        room: Channel | None,
        holder: Payload,
        action: Payload,
        values: Payload,
        trigger: str,
    ) -> Payload:
        if room is None:
            return payloads.view_click(
                self._board.workspace,
                human=human,
                view=holder,
                action=action,
                values=values,
                trigger_id=trigger,
            )
        return payloads.message_click(
            self._board.workspace,
            human=human,
            room=room,
            message=holder,
            action=action,
            values=values,
            trigger_id=trigger,
            response_url=self._response_url(human.id, room, ts=holder["ts"]),
        )

    def _heard(self, room: Channel, text: str) -> Iterator[str]:
        app = self._board.workspace.app
        if app.user_id not in room.members:
            return
        if f"<@{app.user_id}>" in text and not room.is_im and "app_mention" in app.events:
            yield "app_mention"
        kind = "im" if room.is_im else "groups" if room.is_private else "channels"
        if f"message.{kind}" in app.events:
            yield "message"

    def _tell_of(self, room: Channel, event: Payload, stamp: str) -> None:
        """Tell the app, if it is in the channel and wants to hear of such things."""
        app = self._board.workspace.app
        if app.user_id in room.members and event["type"] in app.events:
            self._tell(event, stamp)

    def _tell(self, event: Payload, stamp: str) -> None:
        payload = payloads.event_callback(
            self._board.workspace,
            event=event,
            event_id=f"Ev{self._board.number():08d}{stamp.replace('.', '')[-6:]}",
            event_time=int(float(stamp)),
        )
        self._delivery.deliver_event(payload)

    def _linked(self, text: str) -> str:
        workspace = self._board.workspace
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

        def link(match: re.Match[str]) -> str:
            name = match[1].rstrip(".")
            tail = match[1][len(name) :]
            for human in workspace.accounts():
                if human.name == name:
                    return f"<@{human.id}>{tail}"
            group = workspace.group(name)
            return f"<!subteam^{group.id}|@{group.handle}>{tail}" if group else match[0]

        return _TYPED_MENTION.sub(link, escaped)

    def _by_app(self, body: Payload) -> Payload:
        app = self._board.workspace.app
        return {"user": app.user_id, "bot_id": app.bot_id, "app_id": app.app_id, "text": "", **body}

    def _response_url(self, person: str, room: Channel, *, ts: str | None) -> str:
        return f"{self._url}/response/{self._board.tickets.response(person, room.id, ts=ts)}"

    def _human(self, person: str) -> Human:
        human = self._board.workspace.account(person)
        if human is None or human.deleted:
            raise RefusedError("user_not_found")
        return human

    def _seen_room(self, person: str, channel: str) -> Channel:
        room = self._board.workspace.channel(channel)
        if room is None or ((room.is_im or room.is_private) and person not in room.members):
            raise RefusedError("channel_not_found")
        return room

    def _seen_message(self, person: str, room: Channel, ts: str) -> Payload:
        message = self._board.message(room.id, ts)
        if message["ephemeral_for"] not in (None, person):
            raise RefusedError("message_not_found")
        return message

    def _lasting_message(self, room: Channel, ts: str) -> Payload:
        message = self._board.message(room.id, ts)
        if message["ephemeral_for"]:
            raise RefusedError("message_not_found")
        return message

    def _view_of(self, person: str, view_id: str) -> Payload:
        home = self._board.modals.home(person)
        if home and home["id"] == view_id:
            return home
        owner, view = self._board.modals.find(view_id)
        if owner != person:
            raise RefusedError("not_found")
        return view

    def _record(self, person: str, what: str, detail: str, error: str | None = None) -> None:
        self.done.append(Act(person, what, detail, error))


def _checked(answer: Payload) -> Payload:
    view = answer.get("view")
    if not isinstance(view, dict):
        raise RefusedError("response_action needs a view")
    refuse_bad_view(view)
    return view


def _find_element(holder: Payload, asked: Payload) -> tuple[Payload, Payload]:
    """Return the button that is meant: where it was seen, or, in a card edited just now, where the same one stands."""
    found = [
        (block, element)
        for block in holder.get("blocks") or []
        for element in elements_of(block)
        if element.get("action_id") == asked.get("action_id")
    ]
    there = [one for one in found if asked.get("block_id") in (None, one[0]["block_id"])]
    if there or len(found) == 1:
        return (there or found)[0]
    raise RefusedError("no_such_button")
