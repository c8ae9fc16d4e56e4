"""What the one voice needs of Slack, and Slack's own client behind it.

It sends each call once and says how it went; whether to try again, and when, is the renderer's to decide.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Protocol

from slack_sdk import WebClient as WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.domain.metrics import CARD_TROUBLES, measured
from bot.errors import BusyError, CallRefusedError, EdgeError, OutcomeUnknownError, UnavailableError
from bot.slack.cards.blocks import Canvas, Message, Sheet, View
from bot.slack.commands import Commands

EVENT_TYPE = "runbook_card"


def web_client(token: str, *, base_url: str | None) -> WebClient:
    """Return a client for a token; what it is for decides which copy of it is used, with its own patience.

    Args:
        base_url: where Slack is, if not at its own address; only the workbench knows another.
    """
    return WebClient(token=token, base_url=base_url) if base_url else WebClient(token=token)


class SlowDownError(BusyError):
    """Say how many seconds Slack wants to be left alone; nothing was shown."""

    def __init__(self, words: str, *, after: float) -> None:
        super().__init__(words)
        self.after = after


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Hold one message of a channel's history: where it stands, and the key of the card it shows, if it is ours."""

    ts: str
    card: str | None


class Chat(Protocol):
    """The voice's view of Slack.

    Every method raises `SlowDownError` (429), `UnavailableError` (nothing was shown), `OutcomeUnknownError` (it may
    have been shown: a 5xx, a connection lost after sending) or `CallRefusedError` with Slack's own code.
    """

    def post(self, channel: str, message: Message, *, card: str, thread: str | None, broadcast: bool) -> str:
        """Post a new message, marked with its card's key, and return where it stands (`ts`)."""
        ...

    def update(self, channel: str, ts: str, message: Message, *, card: str) -> None:
        """Edit a message in place; it notifies nobody."""
        ...

    def ephemeral(self, channel: str, person: str, message: Message, *, thread: str | None) -> str:
        """Show one person a message only that person sees."""
        ...

    def publish(self, person: str, view: View) -> None:
        """Show a person their Home."""
        ...

    def share(self, channel: str, sheet: Sheet, *, thread: str | None) -> str:
        """Post a file, and return its id."""
        ...

    def create_canvas(self, channel: str, canvas: Canvas) -> str:
        """Make a document that is a tab of the channel, and return its id."""
        ...

    def rewrite_canvas(self, known: str, canvas: Canvas) -> None:
        """Replace all that stands in a document."""
        ...

    def permalink(self, channel: str, ts: str) -> str:
        """Return the address of a message."""
        ...

    def history(self, channel: str, *, thread: str | None, most: int) -> Sequence[Seen]:
        """Return the newest messages of a channel, or of one thread in it."""
        ...


class SlackChat:
    """Speak through slack_sdk's client.

    Its retry handlers are taken off: one that sleeps would hold up every channel, one that repeats would post twice.
    """

    def __init__(self, client: WebClient, *, commands: Commands) -> None:
        """Take the names that commands have here; what is said calls them so."""
        client.retry_handlers.clear()
        self._client = client
        self._commands = commands
        self._rooms: dict[str, str] = {}

    def post(self, channel: str, message: Message, *, card: str, thread: str | None, broadcast: bool) -> str:
        """Post a new message."""
        arguments: dict[str, object] = {"thread_ts": thread, "reply_broadcast": broadcast} if thread else {}
        arguments |= {"unfurl_links": False, "unfurl_media": False, **self._body(message, card)}
        answer = self._call("chat.postMessage", channel=channel, **arguments)
        return str(answer["ts"])

    def update(self, channel: str, ts: str, message: Message, *, card: str) -> None:
        """Edit a message."""
        self._call("chat.update", channel=self._room(channel), ts=ts, **self._body(message, card))

    def ephemeral(self, channel: str, person: str, message: Message, *, thread: str | None) -> str:
        """Show one person a message."""
        arguments: dict[str, object] = {"thread_ts": thread} if thread else {}
        answer = self._call("chat.postEphemeral", channel=channel, user=person, **arguments, **self._said(message))
        return str(answer["message_ts"])

    def publish(self, person: str, view: View) -> None:
        """Show a person their Home."""
        self._call("views.publish", user_id=person, view=self._commands.renamed_in(view.payload))

    def share(self, channel: str, sheet: Sheet, *, thread: str | None) -> str:
        """Post a file, in the three steps that Slack's client makes of it."""
        answer = answered(
            "files.completeUploadExternal",
            lambda: self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread,
                filename=sheet.name,
                title=sheet.title,
                content=sheet.data or sheet.text,
                alt_txt=sheet.alt or None,
            ),
        )
        return str(answer["files"][0]["id"])

    def create_canvas(self, channel: str, canvas: Canvas) -> str:
        """Make a document that is a tab of the channel: it can have many of those, and one canvas of its own."""
        content = {"type": "markdown", "markdown": canvas.text}
        answer = self._call("canvases.create", channel_id=channel, title=canvas.title, document_content=content)
        return str(answer["canvas_id"])

    def rewrite_canvas(self, known: str, canvas: Canvas) -> None:
        """Replace all that stands in a document."""
        content = {"type": "markdown", "markdown": canvas.text}
        change = {"operation": "replace", "document_content": content}
        self._call("canvases.edit", canvas_id=known, changes=[change])

    def permalink(self, channel: str, ts: str) -> str:
        """Return the address of a message."""
        asked = {"channel": channel, "message_ts": ts}
        return str(self._ask("chat.getPermalink", asked)["permalink"])

    def history(self, channel: str, *, thread: str | None, most: int) -> Sequence[Seen]:
        """Return one page of what was said."""
        asked: dict[str, object] = {"channel": self._room(channel), "limit": most, "include_all_metadata": True}
        method = "conversations.replies" if thread else "conversations.history"
        if thread:
            asked["ts"] = thread
        answer = self._ask(method, asked)
        listed = answer.get("messages") or []
        return [Seen(ts=str(one["ts"]), card=_card_of(one)) for one in listed if isinstance(one, dict)]

    def _said(self, message: Message) -> dict[str, object]:
        blocks = [self._commands.renamed_in(block) for block in message.blocks]
        return {"text": self._commands.renamed(message.text), "blocks": blocks}

    def _body(self, message: Message, card: str) -> dict[str, object]:
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"card": card}}
        return {**self._said(message), "metadata": metadata}

    def _room(self, channel: str) -> str:
        """Return where a message stands: what is said to a person stands in a conversation with an id of its own."""
        if not channel.startswith(("U", "W")):
            return channel
        if channel not in self._rooms:
            opened = self._call("conversations.open", users=channel)
            self._rooms[channel] = str(opened["channel"]["id"])
        return self._rooms[channel]

    def _call(self, method: str, **arguments: object) -> SlackResponse:
        return answered(method, lambda: self._client.api_call(method, json=arguments))

    def _ask(self, method: str, asked: Mapping[str, object]) -> SlackResponse:
        """Call a method that takes no JSON body."""
        return answered(method, lambda: self._client.api_call(method, params=dict(asked)))


def answered(method: str, call: Callable[[], SlackResponse]) -> SlackResponse:
    """Return Slack's answer, or raise what its failure means; see Chat."""
    try:
        return call()
    except SlackApiError as error:
        raise _meaning(method, error) from error
    except (SlackClientError, OSError, HTTPException) as error:
        raise OutcomeUnknownError(f"Slack did not answer {method}; it may have been done.") from error


def trouble(error: EdgeError) -> Mapping[str, object]:
    """Return what the log line measures that tells of a message that was not shown for it."""
    refused = isinstance(error, CallRefusedError)
    why = "slow_down" if isinstance(error, SlowDownError) else "refused" if refused else "no_answer"
    return measured((CARD_TROUBLES, 1), Why=why)


def _card_of(message: dict[str, object]) -> str | None:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return str(payload.get("card")) if isinstance(payload, dict) else None


UNSURE = frozenset({"internal_error", "fatal_error", "request_timeout"})


def _meaning(method: str, error: SlackApiError) -> Exception:
    answer = error.response
    status = int(getattr(answer, "status_code", HTTPStatus.OK))
    code = str(answer.get("error") or "") if hasattr(answer, "get") else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
        return SlowDownError(f"Slack wants fewer calls of {method}.", after=_after(answer))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in UNSURE:
        return OutcomeUnknownError(f"Slack answered {method} with {status} {code}; it may have been done.")
    if code == "service_unavailable":
        return UnavailableError(f"Slack is not available for {method}; nothing was shown.")
    return CallRefusedError(f"Slack refused {method}: {code or status}.", code=code or str(status))


def _after(answer: object) -> float:
    headers = getattr(answer, "headers", None) or {}
    named = {str(name).casefold(): value for name, value in headers.items()}
    value = named.get("retry-after", "1")
    text = str(value[0] if isinstance(value, list) and value else value)
    return float(text) if text.replace(".", "", 1).isdigit() else 1.0
