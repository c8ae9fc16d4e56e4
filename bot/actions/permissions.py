"""Who did what, what was denied, and whether a role may do something. Permissions are changed by code review only."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Look
from bot.domain.moment import epoch
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_PAGES = 4
MOST_EVENTS = 100
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation"})


class Lookup(Params):
    """Say whose events, or events on what, are wanted."""

    by: Literal["Username", "ResourceName", "EventName"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
    hours: int = Field(default=24, ge=1, le=336)


class Event(Returns):
    """Hold one event; `error` is empty where it succeeded."""

    at: str
    name: str
    service: str
    who: str
    error: str
    resource: str


class Events(Returns):
    """Return events, newest first.

    Attributes:
        denied: how many were refused for want of a permission; `denied_actions` are those, as `s3:PutObject`.
    """

    count: int
    complete: bool
    denied: int
    denied_actions: list[str]
    events: list[Event]


def events(look: Look, params: Lookup, now: datetime) -> JsonObject:
    """Return who did what in the last hours, as CloudTrail has it (some minutes late)."""
    found: list[JsonObject] = []
    more: JsonObject = {}
    complete = False
    for _ in range(MOST_PAGES):
        page = look(
            "cloudtrail.events",
            LookupAttributes=[{"AttributeKey": params.by, "AttributeValue": params.name}],
            StartTime=epoch(now - timedelta(hours=params.hours)),
            EndTime=epoch(now),
            MaxResults=50,
            **more,
        )
        found += [_event(one) for one in rows_of(page.get("Events"))]
        if not page.get("NextToken"):
            complete = True
            break
        more = {"NextToken": page["NextToken"]}
    denied = [one for one in found if one["error"] in DENIED]
    actions: list[JsonValue] = [*sorted({f"{str(one['service']).split('.')[0]}:{one['name']}" for one in denied})]
    return {
        "count": len(found),
        "complete": complete and len(found) <= MOST_EVENTS,
        "denied": len(denied),
        "denied_actions": actions,
        "events": [*found[:MOST_EVENTS]],
    }


def _event(one: JsonObject) -> JsonObject:
    resources = rows_of(one.get("Resources"))
    return {
        "at": one.get("EventTime") or "",
        "name": one.get("EventName") or "",
        "service": one.get("EventSource") or "",
        "who": one.get("Username") or "",
        "error": _error(str(one.get("CloudTrailEvent") or "")),
        "resource": str(resources[0].get("ResourceName") or "") if resources else "",
    }


def _error(text: str) -> str:
    """Return the error code of an event; of the rest of its text nothing is kept."""
    try:
        said = parse_object(text, most=300_000) if text else {}
    except InvalidError:
        return ""
    return str(said.get("errorCode") or "")[:100]


class Simulate(Params):
    """Name a role, what it would do (`s3:PutObject`), and on what (an ARN of the lake)."""

    role: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]
    action: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,30}:[A-Za-z]{2,60}$")]
    resource: str


class Decision(Returns):
    """Say whether the role may; `decision` is allowed, implicitDeny (nothing allows it) or explicitDeny."""

    allowed: bool
    decision: str


def simulate(look: Look, params: Simulate, _now: datetime) -> JsonObject:
    """Return whether a role may do something; nothing is done."""
    answer = look(
        "iam.simulate",
        PolicySourceArn=params.role,
        ActionNames=[params.action],
        ResourceArns=[params.resource],
    )
    if answer.get("found") is False:
        raise InvalidError(f"There is no role {params.role}.")
    decisions = [str(one["EvalDecision"]) for one in rows_of(answer.get("EvaluationResults"))]
    if not decisions:
        return {"allowed": False, "decision": "no answer"}
    return {"allowed": all(one == "allowed" for one in decisions), "decision": decisions[0]}


ACTIONS = (
    Action(
        id="cloudtrail.events",
        title="See who did what, and what was denied",
        params=Lookup,
        returns=Events,
        rows=("cloudtrail.events",),
        read=events,
        local=False,
    ),
    Action(
        id="iam.simulate",
        title="Ask whether a role may do something",
        params=Simulate,
        returns=Decision,
        rows=("iam.simulate",),
        read=simulate,
        local=False,
    ),
)
