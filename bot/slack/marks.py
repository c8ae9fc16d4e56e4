"""What people mark in a channel: a pin, or the one emoji that is set, put on a message or taken away. Pure."""

import re
from datetime import datetime

from bot.domain.inbox import Delivery, MarkMessage
from bot.domain.people import Place
from bot.slack.payloads import Payload

_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,20}", re.ASCII)
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{6}", re.ASCII)
_TONE = "::"
"""What parts an emoji from the tone of its skin."""


def reaction(body: Payload, *, emoji: str, at: datetime) -> Delivery | None:
    """Translate an emoji on a message; None for any other emoji, in direct messages, and for the bot's own."""
    event = body["event"]
    name = str(event.get("reaction") or "")
    if not emoji or name.partition(_TONE)[0] != emoji:
        return None
    item = event.get("item") or {}
    return _marked(body, message=item.get("ts"), channel=item.get("channel"), emoji=name[:120], at=at)


def pin(body: Payload, *, at: datetime) -> Delivery | None:
    """Translate a pin on a message; None for what else can be pinned, and for the bot's own."""
    event = body["event"]
    message = (event.get("item") or {}).get("message") or {}
    return _marked(body, message=message.get("ts"), channel=event.get("channel_id"), emoji="", at=at)


def _marked(body: Payload, *, message: object, channel: object, emoji: str, at: datetime) -> Delivery | None:
    event = body["event"]
    own = {str(one.get("user_id")) for one in body.get("authorizations") or ()}
    person = event.get("user")
    if not person or person in own:
        return None
    if not _CHANNEL.fullmatch(str(channel)) or not _TS.fullmatch(str(message)):
        return None
    added = str(event["type"]).endswith("_added")
    return Delivery(
        identity=str(body["event_id"]),
        wish=MarkMessage(message=str(message), emoji=emoji, added=added),
        person=str(person),
        place=Place(team=str(body["team_id"]), channel=str(channel)),
        at=at,
    )
