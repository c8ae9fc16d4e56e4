"""What is said to the bot in messages: the same commands, in channels, threads and direct messages. Pure.

A message has no acknowledgement with words, so what cannot be read becomes a wish for help.
"""

import re
from datetime import datetime

from bot.domain.inbox import Delivery, ShowHelp, Wish
from bot.domain.people import Place
from bot.errors import InvalidError
from bot.slack.commands import MOST_SAID, Commands
from bot.slack.parsing import cleaned, typed
from bot.slack.payloads import Payload

MOST_HELP = 2_800

_MENTION = re.compile(r"<@([A-Z0-9]{1,20})(?:\|[^<>]*)?>", re.ASCII)


def mention(body: Payload, commands: Commands, *, at: datetime) -> Delivery | None:
    """Translate a mention in a channel or thread; None where it is not a person speaking to the bot now."""
    if str(body["event"]["channel"]).startswith("D"):
        return None  # Slack sends a direct message as such, too
    return _heard(body, commands, at=at)


def direct_message(body: Payload, commands: Commands, *, at: datetime) -> Delivery | None:
    """Translate a direct message; None for every other message the bot happens to see."""
    return _heard(body, commands, at=at) if body["event"].get("channel_type") == "im" else None


def _heard(body: Payload, commands: Commands, *, at: datetime) -> Delivery | None:
    event = body["event"]
    own = {str(one.get("user_id")) for one in body.get("authorizations") or ()}
    person = event.get("user")
    if event.get("subtype") or event.get("bot_id") or event.get("edited") or not person or person in own:
        return None
    spoken = said_to(str(event.get("text") or ""), own)
    return Delivery(
        identity=str(body["event_id"]),
        wish=_wish(spoken, commands),
        person=person,
        place=Place(
            team=str(body["team_id"]), channel=event["channel"], ts=event.get("ts"), thread=event.get("thread_ts")
        ),
        said=cleaned(spoken[:MOST_SAID]),
        at=at,
    )


def said_to(text: str, own: set[str]) -> str:
    """Return what follows the mention of the bot; where nothing follows, what stands before it."""
    found = next((one for one in _MENTION.finditer(text) if one[1] in own), None)
    if found is None:
        return text
    return text[found.end() :].strip() or text[: found.start()].strip()


def _wish(spoken: str, commands: Commands) -> Wish:
    try:
        return commands.said(typed(spoken))
    except InvalidError as error:
        return ShowHelp(words=error.words[:MOST_HELP])
