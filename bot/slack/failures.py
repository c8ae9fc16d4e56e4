"""What a person hears when a listener could not do its part: the last resort of the door, and the only one.

A request's own words are shown as they are; a bug is logged whole and one sentence is shown. Slack's payload, its
trigger ids and response addresses are never logged.
"""

import logging
from collections.abc import Callable

from slack_bolt import BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.metrics import ACKS_FAILED, measured
from bot.domain.people import Place
from bot.domain.redaction import covered
from bot.errors import BotError, RequestError
from bot.slack.cards.blocks import Block, section
from bot.slack.cards.blocks import words as plain
from bot.slack.commands import Commands
from bot.slack.modals import FieldsError
from bot.slack.payloads import HOME, Payload, person_of, place_of

log = logging.getLogger(__name__)

OUR_BUG = "Something went wrong on our side, so nothing came of this. The log has the details; try again."
NOT_OURS = "I do not know what to do with that; nothing was done. Type /runbook help."
MOST_NOTICE = 2_900

Tell = Callable[[Place, str, str], None]
"""Say something to one person at a place; never raises."""


class Whisperer:
    """Say something to one person where they clicked, at once; a click's acknowledgement has no words."""

    def __init__(self, client: WebClient) -> None:
        """Take a client with a short time-out."""
        self._client = client

    def __call__(self, place: Place, person: str, words: str) -> None:
        """Say it; what cannot be said is logged."""
        try:
            if place.channel != HOME and self._whispered(place, person, words):
                return
            self._client.chat_postMessage(channel=person, text=words)
        except (SlackClientError, OSError) as error:
            log.warning("A person could not be told why their click failed.", extra={"why": type(error).__name__})

    def _whispered(self, place: Place, person: str, words: str) -> bool:
        """Say it in the channel; False where Slack does not let the bot, or the person is not there."""
        try:
            self._client.chat_postEphemeral(channel=place.channel, user=person, text=words, thread_ts=place.thread)
        except SlackApiError:
            return False
        return True


class Failures:
    """Answer what a listener raised, in the form that fits what came in."""

    def __init__(self, *, tell: Tell, commands: Commands) -> None:
        """Take the names that commands have here; the words call them so."""
        self._tell = tell
        self._commands = commands

    def answer(self, error: Exception, body: Payload) -> BoltResponse:
        """Return the acknowledgement; Bolt passes what was raised and the payload."""
        if isinstance(error, BoltUnhandledRequestError):
            log.info("A request of a kind nobody listens to was acknowledged.", extra={"kind": _kind(body)})
            return _slash(self._commands.renamed(NOT_OURS)) if "command" in body else _quiet()
        if not isinstance(error, BotError):
            log.error("A listener failed.", exc_info=error, extra={"kind": _kind(body), **measured((ACKS_FAILED, 1))})
        elif not isinstance(error, RequestError):
            facts = {"kind": _kind(body), "why": error.words}
            log.warning("A listener could not finish.", extra={**facts, **measured((ACKS_FAILED, 1))})
        words = self._commands.renamed(covered(error.words)) if isinstance(error, BotError) else OUR_BUG
        return self._shaped(error, words, body)

    def _shaped(self, error: Exception, words: str, body: Payload) -> BoltResponse:
        if "command" in body:
            return _slash(words)
        match body.get("type"):
            case "view_submission" if isinstance(error, FieldsError):
                return _json({"response_action": "errors", "errors": {**error.fields}})
            case "view_submission":
                return _json({"response_action": "update", "view": notice(words)})
            case "block_actions":
                self._tell(place_of(body), person_of(body), words)
                return _quiet()
            case _ if isinstance(error, RequestError):
                return _quiet()
            case _:
                return BoltResponse(status=500, body="")  # Slack delivers an event again


def notice(words: str) -> Block:
    """Return the dialog that says what became of another one."""
    return {
        "type": "modal",
        "title": plain("Nothing was done"),
        "close": plain("Close"),
        "blocks": [section(words[:MOST_NOTICE])],
    }


def _kind(body: Payload) -> str:
    if "command" in body:
        return "command"
    event = body.get("event") or {}
    return str(event.get("type") or body.get("type") or "unknown")[:60]


def _slash(words: str) -> BoltResponse:
    return _json({"response_type": "ephemeral", "text": words})


def _quiet() -> BoltResponse:
    return BoltResponse(status=200, body="")


def _json(body: Block) -> BoltResponse:
    return BoltResponse(status=200, body=body)
