"""A draft is wanted, of an incident or of a window of time; or it is wanted no longer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.audit import AuditEntry
from bot.domain.inbox import CancelDraft, Delivery, StartPostmortem
from bot.domain.incident import Incident
from bot.domain.moment import moment, span
from bot.domain.people import Place
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.records import Change, Wait
from bot.domain.value import JsonObject
from bot.errors import InvalidError, RequestError
from bot.usecases.desk import Desk
from bot.usecases.incidents import find_incident
from bot.usecases.postmortems.drafts import draft_card, over

BEFORE = timedelta(hours=1)
AFTER = timedelta(minutes=10)
LONGEST = timedelta(hours=48)


def begin(desk: Desk, delivery: Delivery, wish: StartPostmortem) -> Change:
    """Take in that a draft is wanted: of an incident, or of a window of time alone.

    Raises:
        RequestError: there is no incident and no window, the window does not fit, or one is being written already.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    incident = _incident(desk, delivery, wish)
    since, until = _window(desk, incident, wish)
    number = desk.records.next_id("postmortem")
    label = incident.label if incident else f"PM-{number}"
    writing = next((one for one in desk.records.drafts() if one.label == label and not over(one)), None)
    if writing is not None:
        raise RequestError(f"A draft of {label} is being written already; it is the one above.")
    place = delivery.place
    channel = incident.place.channel if incident else desk.channel if place.channel.startswith("D") else place.channel
    draft = Draft(
        id=number,
        incident=incident.id if incident else None,
        label=label,
        title=incident.title if incident else f"{since:%d %b %H:%M} to {until:%H:%M} UTC",
        place=Place(team=place.team, channel=channel),
        by=somebody.id,
        begun=desk.now(),
        since=since,
        until=until,
        groups=_groups(desk, wish.groups),
        progress="Reading what happened",
    )
    facts: JsonObject = {"incident": draft.incident, "since": since.isoformat(), "until": until.isoformat()}
    entry = AuditEntry(kind="postmortem.begun", subject=label, actor=somebody.id, facts=facts)
    wait = Wait(key=f"postmortem:{number}", due=desk.now())
    return Change(drafts=(draft,), cards=(draft_card(draft),), opens=(wait,), audit=(entry,))


def _incident(desk: Desk, delivery: Delivery, wish: StartPostmortem) -> Incident | None:
    if wish.incident is None and wish.since:
        return None
    return find_incident(desk, wish.incident, delivery.place.channel, ended_too=True)


def _window(desk: Desk, incident: Incident | None, wish: StartPostmortem) -> tuple[datetime, datetime]:
    now = desk.now()
    if incident is not None:
        alarms = [moment(desk.records.episode(number).since) for number in incident.alarms]
        first = min([incident.declared, *alarms])
        since, until = first - BEFORE, min((incident.resolved or now) + AFTER, now)
    else:
        since, until = now - BEFORE, now
    since = _hour(wish.since, now) if wish.since else since
    until = _hour(wish.until, now) if wish.until else until
    if not since < until <= now + timedelta(seconds=1):
        raise InvalidError("The window must begin before it ends, and end in the past.")
    if until - since > LONGEST:
        raise InvalidError(f"The window is {span(until - since)} long; at most {span(LONGEST)} are read at once.")
    return since, until


def _hour(text: str, now: datetime) -> datetime:
    """Return the time that `02:00` (the last one, in UTC) or an ISO text names."""
    if len(text) == 5 and text[2] == ":" and (text[:2] + text[3:]).isascii() and (text[:2] + text[3:]).isdigit():
        hour, minute = int(text[:2]), int(text[3:])
        if hour < 24 and minute < 60:
            at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return at if at <= now else at - timedelta(days=1)
    try:
        return moment(text)
    except InvalidError as error:
        known = "write 02:00 for the last one in UTC, or all of it: 2026-01-21T02:00:00Z"
        raise InvalidError(f"{text[:60]!a} is not a time; {known}.") from error


def _groups(desk: Desk, wanted: Sequence[str]) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(_named(desk, "log_groups")))
    foreign = [one for one in wanted if one not in known]
    if foreign:
        raise InvalidError(f"The platform names no log group {foreign[0]!a}; it names {', '.join(known) or 'none'}.")
    return tuple(wanted) or known


def _named(desk: Desk, key: str) -> tuple[str, ...]:
    found = desk.platform.resources.get(key, ())
    return (found,) if isinstance(found, str) else tuple(found)


def cancel(desk: Desk, delivery: Delivery, wish: CancelDraft) -> Change:
    """Stop writing a draft."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    if over(draft):
        raise RequestError(f"The draft of {draft.label} is not being written.")
    gone = draft.model_copy(update={"cancelled": True, "state": DraftState.FAILED, "progress": "Cancelled."})
    return Change(drafts=(gone,), cards=(draft_card(gone),))
