"""What every payload of Slack has: who, where, and the identity under which it is kept once. Pure."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from bot.domain.people import Place

Payload = Mapping[str, Any]
"""A payload of Slack, as parsed JSON or form fields."""

HOME = "D"
"""The channel of what was clicked in App Home: none; answers go to the person's direct messages."""

_CHANNEL = re.compile(r"[CDG][A-Z0-9]{0,20}", re.ASCII)
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}", re.ASCII)


def hashed(secret: str) -> str:
    """Return the identity of a delivery that came with a trigger id; the id itself is kept nowhere."""
    return sha256(secret.encode()).hexdigest()


def person_of(body: Payload) -> str:
    """Return who clicked or submitted."""
    return str(body["user"]["id"])


def team_of(body: Payload) -> str:
    """Return the workspace in which it happened."""
    team = body.get("team") or {}
    return str(team.get("id") or body["user"]["team_id"])


def place_of(body: Payload) -> Place:
    """Return where a click was: a message, or a Home or modal, whose private metadata may name its channel.

    To a message that only one person sees nobody can reply, so it has no `ts`.
    """
    container = body.get("container") or {}
    channel = container.get("channel_id") or (body.get("channel") or {}).get("id")
    if channel:
        return Place(
            team=team_of(body),
            channel=channel,
            ts=None if container.get("is_ephemeral") else container.get("message_ts"),
            thread=_thread_of(container, body.get("message") or {}),
        )
    return place_in((body.get("view") or {}).get("private_metadata") or "", team=team_of(body))


def _thread_of(container: Payload, message: Payload) -> str | None:
    """Return the thread that is open where the click was: what stands in the channel is answered in the channel."""
    thread = container.get("thread_ts") or message.get("thread_ts")
    in_channel = thread == container.get("message_ts") or message.get("subtype") == "thread_broadcast"
    return None if in_channel else thread


def kept_place(ids: str, place: Place) -> str:
    """Return the private metadata of a modal: ids only, those of its subject and of where it was opened."""
    return " ".join((ids, place.channel, place.thread or "-"))


def place_in(metadata: str, *, team: str) -> Place:
    """Return where a modal was opened."""
    parts = metadata.split(" ")
    known = len(parts) == 3 and _CHANNEL.fullmatch(parts[1])
    thread = parts[2] if known and _TS.fullmatch(parts[2]) else None
    return Place(team=team, channel=parts[1] if known else HOME, thread=thread)


def ids_in(metadata: str) -> str:
    """Return the ids of a modal's subject."""
    return metadata.split(" ")[0]
