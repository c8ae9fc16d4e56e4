"""A Slack that only remembers, typed against `Chat`: what stands in each channel and thread, and what can be pressed.

It refuses what Slack would refuse (blocks, missing messages, channels the bot is not in), and fails when told to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from bot.errors import CallRefusedError
from bot.slack.cards.blocks import Block, Canvas, Message, Sheet, View
from bot.slack.chat import EVENT_TYPE, Seen
from bot.workbench.slack.checker import check_message, check_view
from bot.workbench.slack.spoken import Label, labels_of, plain


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One message as it stands now.

    Attributes:
        ephemeral_for: the only person who sees it, or None.
        editions: how often it was shown, the first time included.
    """

    channel: str
    ts: str
    message: Message
    card: str | None = None
    thread: str | None = None
    broadcast: bool = False
    ephemeral_for: str | None = None
    editions: int = 1

    @property
    def text(self) -> str:
        """The push message."""
        return self.message.text

    @property
    def words(self) -> str:
        """Everything a person reads on it, one line per text."""
        return plain(payload_of(self.message))

    @property
    def labels(self) -> list[str]:
        """What can be pressed: buttons, and the options of the overflow."""
        return [label for one in labels_of(payload_of(self.message)) for label in words_of(one)]


@dataclass(frozen=True, kw_only=True)
class Click:
    """What pressing something sends: the door's translation starts from it.

    Attributes:
        confirm: what the dialog says first, title and text, or None.
    """

    action: str
    value: str
    channel: str
    ts: str
    thread: str | None
    block_id: str
    confirm: str | None = None


@dataclass
class FakeChat:
    """Remember everything that was said; `fails` and `closed` make it refuse; `heard` is set by every call."""

    messages: list[Posted] = field(default_factory=list)
    homes: dict[str, View] = field(default_factory=dict)
    sheets: list[tuple[str, str | None, Sheet]] = field(default_factory=list)
    canvases: dict[str, Canvas] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    strangers: set[tuple[str, str]] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)
    heard: Event = field(default_factory=Event)
    _faults: list[tuple[str, str, Exception, bool]] = field(default_factory=list)
    _count: int = 0

    # What the renderer does.

    def post(self, channel: str, message: Message, *, card: str, thread: str | None, broadcast: bool) -> str:
        done = self._called("post", channel)
        self._insist_open(channel)
        _insist_taken(check_message(payload_of(message, card)))
        if thread is not None:
            self._place(channel, thread)
        ts = self._stamp()
        self.messages.append(
            Posted(channel=channel, ts=ts, message=message, card=card, thread=thread, broadcast=broadcast)
        )
        done()
        return ts

    def update(self, channel: str, ts: str, message: Message, *, card: str) -> None:
        done = self._called("update", channel)
        self._insist_open(channel)
        _insist_taken(check_message(payload_of(message, card)))
        place = self._place(channel, ts)
        old = self.messages[place]
        self.messages[place] = replace(old, message=message, card=card, editions=old.editions + 1)
        done()

    def ephemeral(self, channel: str, person: str, message: Message, *, thread: str | None) -> str:
        done = self._called("ephemeral", channel)
        self._insist_open(channel)
        if (channel, person) in self.strangers:
            raise CallRefusedError("not in it", code="user_not_in_channel")
        _insist_taken(check_message(payload_of(message)))
        ts = self._stamp()
        self.messages.append(Posted(channel=channel, ts=ts, message=message, thread=thread, ephemeral_for=person))
        done()
        return ts

    def publish(self, person: str, view: View) -> None:
        done = self._called("publish", person)
        _insist_taken(check_view(view.payload))
        self.homes[person] = view
        done()

    def share(self, channel: str, sheet: Sheet, *, thread: str | None) -> str:
        done = self._called("share", channel)
        self._insist_open(channel)
        self.sheets.append((channel, thread, sheet))
        done()
        return f"F{len(self.sheets)}"

    def create_canvas(self, channel: str, canvas: Canvas) -> str:
        done = self._called("create_canvas", channel)
        known = f"F0CANVAS{len(self.canvases)}"
        self.canvases[known] = canvas
        done()
        return known

    def rewrite_canvas(self, known: str, canvas: Canvas) -> None:
        done = self._called("rewrite_canvas", known)
        if known not in self.canvases:
            raise CallRefusedError("Slack refused canvases.edit.", code="canvas_not_found")
        self.canvases[known] = canvas
        done()

    def permalink(self, channel: str, ts: str) -> str:
        self._called("permalink", channel)()
        self._place(channel, ts)
        return f"https://lake.example/archives/{channel}/p{ts.replace('.', '')}"

    def history(self, channel: str, *, thread: str | None, most: int) -> Sequence[Seen]:
        self._called("history", channel)()
        found = [one for one in self.messages if one.channel == channel and one.ephemeral_for is None]
        kept = [one for one in found if one.thread == thread or one.ts == thread or (one.broadcast and not thread)]
        return [Seen(ts=one.ts, card=one.card) for one in reversed(kept)][:most]

    # What a test says beforehand.

    def fails(self, method: str, error: Exception, *, channel: str = "", after: bool = False) -> None:
        """Let the next call of the method fail (in that channel); `after` fails it once it is done."""
        self._faults.append((method, channel, error, after))

    def delete(self, card: str) -> None:
        """Somebody deletes a message of ours."""
        self.messages = [one for one in self.messages if one.card != card]

    # What a test sees.

    def said(self, channel: str) -> list[Posted]:
        """What everybody sees in the channel, oldest first: threads only where they are broadcast."""
        return [
            one
            for one in self.messages
            if one.channel == channel and one.ephemeral_for is None and (one.thread is None or one.broadcast)
        ]

    def in_thread(self, channel: str, ts: str) -> list[Posted]:
        """The replies under a message."""
        return [one for one in self.messages if one.channel == channel and one.thread == ts and not one.ephemeral_for]

    def card(self, key: str) -> Posted:
        """The message that shows the card; there is exactly one."""
        found = [one for one in self.messages if one.card == key]
        assert len(found) == 1, f"{len(found)} messages show {key}: {[one.text for one in found]}"
        return found[0]

    def whispers(self, person: str) -> list[Posted]:
        """What only that person saw, oldest first, direct messages included."""
        return [one for one in self.messages if one.ephemeral_for == person or one.channel == person]

    def click(self, label: str, *, on: Posted | None = None, card: str | None = None) -> Click:
        """What pressing the button or overflow entry of that label sends; the newest message that has it."""
        places = [on] if on else [self.card(card)] if card else list(reversed(self.messages))
        for place in places:
            for one in labels_of(payload_of(place.message)):
                if label in words_of(one):
                    return _click(place, one, label)
        seen = {label for place in places for label in place.labels}
        raise AssertionError(f"Nothing called {label!r} can be pressed. There is: {sorted(seen)}")

    def _called(self, method: str, where: str) -> Callable[[], None]:
        """Note the call; fail now, or return what fails once it is done."""
        self.calls.append((method, where))
        self.heard.set()
        for fault in self._faults:
            wanted, channel, error, after = fault
            if wanted == method and channel in {"", where}:
                self._faults.remove(fault)
                if not after:
                    raise error
                return lambda: _raise(error)
        return lambda: None

    def _insist_open(self, channel: str) -> None:
        if channel in self.closed:
            raise CallRefusedError("not in it", code="not_in_channel")

    def _place(self, channel: str, ts: str) -> int:
        for place, one in enumerate(self.messages):
            if (one.channel, one.ts) == (channel, ts) and one.ephemeral_for is None:
                return place
        raise CallRefusedError("gone", code="message_not_found")

    def _stamp(self) -> str:
        self._count += 1
        return f"1700000000.{self._count:06d}"


def payload_of(message: Message, card: str | None = None) -> dict[str, object]:
    """The message as it is sent."""
    payload: dict[str, object] = {"text": message.text, "blocks": list(message.blocks)}
    if card:
        payload["metadata"] = {"event_type": EVENT_TYPE, "event_payload": {"card": card}}
    return payload


def words_of(label: Label) -> list[str]:
    """What a person can press on one element: its own label, or its options' labels."""
    action = str(label.element.get("action_id", ""))
    return [one for one in label.labels() if one != action]


def buttons_of(message: Message | View) -> Iterator[Block]:
    """Every button of a message or view."""
    blocks = message.blocks if isinstance(message, Message) else message.payload["blocks"]
    assert isinstance(blocks, tuple | list)
    for one in labels_of({"blocks": list(blocks)}):
        if one.element["type"] == "button":
            yield one.element


def _click(place: Posted, one: Label, label: str) -> Click:
    element = one.element
    sent = one.click(label, None)
    confirm = element.get("confirm")
    said = f"{confirm['title']['text']} {confirm['text']['text']}" if isinstance(confirm, dict) else None
    value = str(element.get("value", ""))
    action = str(element["action_id"])
    if element["type"] == "overflow":
        action, _, value = str(sent["selected_option"]["value"]).partition(":")
    return Click(
        action=action,
        value=value,
        channel=place.channel,
        ts=place.ts,
        thread=place.thread,
        block_id=str(one.block["block_id"]),
        confirm=said,
    )


def _insist_taken(problems: Sequence[object]) -> None:
    if problems:
        raise CallRefusedError(f"Slack would not take it: {problems}", code="invalid_blocks")


def _raise(error: Exception) -> None:
    raise error
