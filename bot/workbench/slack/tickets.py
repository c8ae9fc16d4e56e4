"""What may be used only for a while: trigger ids, response urls, socket tickets. No Slack objects here."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.workbench.slack.errors import RefusedError

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1_800.0
RESPONSE_URL_USES = 5


@dataclass
class Trigger:
    """Remember whose interaction it was and whether it was used."""

    person: str
    expires: float
    view_id: str | None
    used: bool = False


@dataclass
class ResponseUrl:
    """Remember where an answer goes and how often it may still be given."""

    person: str
    channel: str
    ts: str | None
    expires: float
    uses_left: int = RESPONSE_URL_USES


class Tickets:
    """Issue and take tickets; `ticks` are seconds of a clock that never goes back."""

    def __init__(self, *, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}
        self._links: set[str] = set()

    def trigger(self, person: str, *, view_id: str | None = None) -> str:
        """Issue a trigger id: three seconds, one use."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**11)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(person, self._ticks() + TRIGGER_SECONDS, view_id)
        return trigger_id

    def take_trigger(self, trigger_id: str) -> Trigger:
        """Use a trigger id up."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise RefusedError("invalid_trigger_id")
        if trigger.used:
            raise RefusedError("exchanged_trigger_id")
        if self._ticks() >= trigger.expires:
            raise RefusedError("expired_trigger_id")
        trigger.used = True
        return trigger

    def response(self, person: str, channel: str, *, ts: str | None) -> str:
        """Issue the id of a response url: five uses, thirty minutes."""
        token = secrets.token_urlsafe(18)
        self._responses[token] = ResponseUrl(person, channel, ts, self._ticks() + RESPONSE_URL_SECONDS)
        return token

    def look_up_response(self, token: str) -> ResponseUrl:
        """Return a response url that may still be used."""
        found = self._responses.get(token)
        if found is None or self._ticks() >= found.expires:
            raise RefusedError("expired_url")
        if found.uses_left <= 0:
            raise RefusedError("used_url")
        return found

    def link(self) -> str:
        """Issue a ticket for one socket connection."""
        ticket = secrets.token_urlsafe(18)
        self._links.add(ticket)
        return ticket

    def take_link(self, ticket: str) -> bool:
        """Use a socket ticket up; tell whether it was good."""
        if ticket not in self._links:
            return False
        self._links.remove(ticket)
        return True
