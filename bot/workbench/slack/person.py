"""A typed client of the person interface: act as one person over real HTTP, by what that person sees."""

import json
import time
from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

from bot.workbench.slack.events import Payload
from bot.workbench.slack.spoken import labels_of, plain

WAIT_SECONDS = 10.0
REQUEST_SECONDS = 60.0


class NotSeenError(AssertionError):
    """Say what was waited for and what was there instead."""


class Person:
    """Act as one person in the local Slack."""

    def __init__(self, base_url: str, key: str, person_id: str) -> None:
        self._address = urlsplit(base_url).netloc
        self._key = key
        self.id = person_id

    def slash(self, channel: str, text: str) -> Payload:
        """Type a slash command into a channel and return the answer; the app's is under `response`."""
        return self._post("slash", {"channel": self._channel(channel), "text": text})

    def say(self, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Write a message and return its time; `@name` becomes a mention."""
        fields = {"channel": self._channel(channel), "text": text, "thread_ts": thread_ts}
        return str(_good(self._post("message", fields))["ts"])

    def share(self, channel: str, name: str, content: bytes, *, thread_ts: str | None = None) -> str:
        """Share a file in a channel, and return its id."""
        encoded = b64encode(content).decode("ascii")
        fields = {"channel": self._channel(channel), "name": name, "content": encoded, "thread_ts": thread_ts}
        return str(_good(self._post("upload", fields))["file"])

    def write_canvas(self, canvas: str, markdown: str) -> None:
        """Write another text into a canvas."""
        _good(self._post("canvas", {"canvas": canvas, "markdown": markdown}))

    def react(self, channel: str, ts: str, emoji: str, *, on: bool = True) -> None:
        """Put an emoji on a message, or take it away."""
        where = {"channel": self._channel(channel), "ts": ts}
        _good(self._post("react", {**where, "emoji": emoji, "on": on}))

    def pin(self, channel: str, ts: str, *, on: bool = True) -> None:
        """Pin a message, or let it go."""
        _good(self._post("pin", {"channel": self._channel(channel), "ts": ts, "on": on}))

    def canvases(self, channel: str) -> list[Payload]:
        """Return the canvases of a channel, oldest first."""
        state = self.state()
        wanted = self._channel(channel, state)
        return [canvas for canvas in state["canvases"] if canvas["channel"] == wanted]

    def click(
        self, label: str, *, message: Payload | None = None, confirmed: bool = True, value: str | None = None
    ) -> Payload:
        """Press a button by its label or action id, or choose an option of a menu by the option's label.

        Without a message: the newest visible one that has it, ephemerals included. `value` chooses the
        option of a menu that is named by its action id or placeholder.

        Raises:
            NotSeenError: this person sees no such button.
        """
        return self._post("click", self._pressed(label, message, confirmed=confirmed, value=value))

    def click_in_view(self, label: str, *, confirmed: bool = True, value: str | None = None) -> Payload:
        """Press a button in the open modal."""
        view = self._open_view()
        return self._post("click", self._pressed(label, view, confirmed=confirmed, value=value))

    def click_in_home(self, label: str, *, confirmed: bool = True) -> Payload:
        """Press a button in the Home tab."""
        home = self.home()
        if home is None:
            raise NotSeenError("There is no Home yet; open it first.")
        return self._post("click", self._pressed(label, home, confirmed=confirmed, value=None))

    def submit(self, values: Payload | None = None) -> Payload:
        """Submit the open modal; `values` by action id, block id or label, as text or option value."""
        view = self._open_view()
        return self._post("submit", {"view_id": view["id"], "values": _filled(view, values or {})})

    def close_view(self) -> Payload:
        """Close the open modal without submitting it."""
        return self._post("close", {"view_id": self._open_view()["id"]})

    def open_home(self) -> Payload:
        """Open the app's Home tab."""
        return self._post("home", {})

    def advance(self, seconds: float) -> Payload:
        """Move the workbench's clock forward."""
        return self._post("clock", {"advance_seconds": seconds})

    def do(self, what: str, **fields: object) -> Payload:
        """Use any other part of the interface: break, start-over, fault, seen."""
        return self._post(what, fields)

    def state(self) -> Payload:
        """Return everything this person sees."""
        return self._request("GET", f"/_ui/state?{urlencode({'person': self.id})}")

    def messages(self, channel: str | None = None) -> list[Payload]:
        """Return what this person sees, oldest first; ephemerals included."""
        state = self.state()
        wanted = self._channel(channel, state) if channel else None
        return [message for message in state["messages"] if wanted in (None, message["channel"])]

    def ephemerals(self) -> list[Payload]:
        """Return what only this person sees, oldest first."""
        return [message for message in self.messages() if message["ephemeral_for"]]

    def notifications(self) -> list[Payload]:
        """Return what notified this person, oldest first."""
        return list(self.state()["notifications"])

    def view(self) -> Payload | None:
        """Return the open modal."""
        view: Payload | None = self.state()["view"]
        return view

    def home(self) -> Payload | None:
        """Return the Home tab."""
        home: Payload | None = self.state()["home"]
        return home

    def wait_for(
        self, seen: Callable[[Payload], bool], *, timeout: float = WAIT_SECONDS, what: str = "that"
    ) -> Payload:
        """Wait until the state fits and return it.

        Raises:
            NotSeenError: it did not within `timeout` seconds; with the newest messages.
        """
        deadline = time.monotonic() + timeout
        while True:
            state = self.state()
            if seen(state):
                return state
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotSeenError(f"{self.id} did not see {what} in {timeout:g} s. {_newest(state)}")
            self._wait_for_event(int(state["event_id"]), left)

    def wait_for_message(self, words: str, *, channel: str | None = None, timeout: float = WAIT_SECONDS) -> Payload:
        """Wait for a visible message that contains these words (blocks included) and return the newest."""
        wanted = self._channel(channel) if channel else None

        def found(state: Payload) -> Payload | None:
            for message in reversed(state["messages"]):
                if wanted in (None, message["channel"]) and words in plain(message):
                    return dict(message)
            return None

        state = self.wait_for(lambda now: found(now) is not None, timeout=timeout, what=f"{words!r}")
        return found(state) or {}

    def wait_for_view(self, *, timeout: float = WAIT_SECONDS) -> Payload:
        """Wait for a modal and return it."""
        view: Payload = self.wait_for(lambda state: bool(state["view"]), timeout=timeout, what="a modal")["view"]
        return view

    def _channel(self, name: str, state: Payload | None = None) -> str:
        plain_name = name.removeprefix("#")
        for room in (state or self.state())["channels"]:
            if name == room["id"] or (not room["is_im"] and room["name"] == plain_name):
                return str(room["id"])
            if room["is_im"] and name == "dm":
                return str(room["id"])
        raise NotSeenError(f"{self.id} sees no channel {name!r}.")

    def _open_view(self) -> Payload:
        view = self.view()
        if view is None:
            raise NotSeenError(f"{self.id} has no modal open.")
        return view

    def _pressed(self, label: str, holder: Payload | None, *, confirmed: bool, value: str | None) -> Payload:
        holders = [holder] if holder is not None else self.messages()[::-1]
        for candidate in holders:
            for found in labels_of(candidate):
                if found.fits(label, value):
                    where = (
                        {"channel": candidate["channel"], "ts": candidate["ts"]}
                        if "channel" in candidate
                        else {"view_id": candidate["id"]}
                    )
                    return {**where, **found.click(label, value), "confirmed": confirmed}
        seen = sorted({name for candidate in holders for found in labels_of(candidate) for name in found.labels()})
        raise NotSeenError(f"{self.id} sees no {label!r}; there is {', '.join(seen) or 'no button at all'}.")

    def _post(self, what: str, fields: Payload) -> Payload:
        return self._request("POST", f"/_ui/{what}", {"person": self.id, **fields})

    def _request(self, method: str, path: str, body: Payload | None = None) -> Payload:
        connection = HTTPConnection(self._address, timeout=REQUEST_SECONDS)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status == 403:
            raise PermissionError(text.strip())
        read: Payload = json.loads(text)
        return read

    def _wait_for_event(self, after: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        connection = HTTPConnection(self._address, timeout=max(0.01, seconds))
        query = urlencode({"person": self.id, "after": after})
        try:
            connection.request("GET", f"/_ui/events?{query}", headers={"Authorization": f"Bearer {self._key}"})
            answer = connection.getresponse()
            while line := answer.readline():  # also what only keeps the connection alive
                if line.startswith(b"data:") or time.monotonic() > until:
                    return
        except (TimeoutError, HTTPException, ConnectionError):
            return
        finally:
            connection.close()


def _filled(view: Payload, values: Payload) -> Payload:
    state: Payload = {}
    known = dict(values)
    for found in labels_of(view):
        if found.block["type"] != "input":
            continue
        for name in (found.element["action_id"], found.block["block_id"], found.block["label"]["text"]):
            if name in known:
                entry = found.value(known.pop(name))
                state.setdefault(found.block["block_id"], {})[found.element["action_id"]] = entry
                break
    if known:
        raise NotSeenError(f"The modal has no input {', '.join(sorted(known))}.")
    return state


def _good(answer: Payload) -> Payload:
    if not answer["ok"]:
        raise NotSeenError(f"The local Slack refused: {answer.get('error')}.")
    return answer


def _newest(state: Payload) -> str:
    lines = [f"{message['ts']} {plain(message)[:200]!r}" for message in state["messages"][-5:]]
    return "The newest messages: " + "; ".join(lines) if lines else "There are no messages."
