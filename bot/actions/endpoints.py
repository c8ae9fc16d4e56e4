"""Endpoints of the platform: does what is deployed answer?"""

from datetime import datetime

from pydantic import Field

from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Look
from bot.domain.value import JsonObject


class Check(Params):
    """Name an endpoint of the settings, and the field of its JSON that is wanted, if any, as `status` or `run.id`."""

    endpoint: str
    field: str = Field(default="", pattern=r"^(?:[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39}){0,3})?$")


class Answered(Returns):
    """Say what it answered, and how fast; only `found` where nothing answered within five seconds.

    Attributes:
        value: the field as text; empty where the answer has none.
    """

    found: bool
    status: int = 0
    milliseconds: int = 0
    value: str = ""


def check(look: Look, params: Check, _now: datetime) -> JsonObject:
    """Return how an endpoint answers."""
    wanted: JsonObject = {"Field": params.field} if params.field else {}
    answer = look("http.get", Endpoint=params.endpoint, **wanted)
    if answer.get("found") is False:
        return {"found": False}
    return {
        "found": True,
        "status": answer["Status"],
        "milliseconds": answer["Milliseconds"],
        "value": answer.get("Value", ""),
    }


ACTIONS = (
    Action(
        id="http.check",
        title="Ask an endpoint of the platform how it is",
        params=Check,
        returns=Answered,
        rows=("http.get",),
        read=check,
    ),
)
