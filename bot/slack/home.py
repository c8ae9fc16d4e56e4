"""The App Home's door: somebody opened it. Pure; what it shows is a card like any other."""

from datetime import datetime

from bot.domain.inbox import Delivery, OpenHome
from bot.domain.people import Place
from bot.slack.payloads import Payload


def home_opened(body: Payload, *, at: datetime) -> Delivery | None:
    """Translate the opening of App Home; None for its other tab."""
    event = body["event"]
    if event.get("tab", "home") != "home":
        return None
    return Delivery(
        identity=str(body["event_id"]),
        wish=OpenHome(),
        person=str(event["user"]),
        place=Place(team=str(body["team_id"]), channel=str(event["channel"])),
        at=at,
    )
