"""Incidents: declare, grade, name who does what, note, and say when it is over; each is one change and one card."""

from bot.domain.audit import AuditEntry
from bot.domain.inbox import (
    DeclareIncident,
    Delivery,
    EndIncident,
    GradeIncident,
    NamePerson,
    NoteIncident,
    ShowIncidents,
)
from bot.domain.incident import (
    Incident,
    given_role,
    graded,
    led,
    mitigated,
    noted,
    resolved,
    severe,
    titled,
)
from bot.domain.people import Place
from bot.domain.records import Change, Episode
from bot.domain.value import JsonObject
from bot.errors import NotAllowedError, NotFoundError, RequestError
from bot.usecases.desk import Desk
from bot.usecases.mornings import mornings
from bot.usecases.starting import alarm_card_of, incident_card


def declare(desk: Desk, delivery: Delivery, wish: DeclareIncident) -> Change:
    """Declare an incident where it was said; the same alarm's incident is declared once.

    Raises:
        RequestError: it has no title, or the alarm has an incident already.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    episode = _speaking(desk, wish.alarm) if wish.alarm is not None else None
    if episode is not None:
        _not_yet(desk, episode)
    title = titled(wish.title or (_title(desk, episode) if episode else ""))
    incident = Incident(
        id=desk.records.next_id("incident"),
        title=title,
        severity=severe(wish.severity),
        severity_by=(somebody.id,),
        place=_where(desk, delivery.place),
        declared_by=somebody.id,
        declared=desk.now(),
        alarms=(episode.id,) if episode else (),
    )
    facts: JsonObject = {"severity": incident.severity, "alarm": wish.alarm}
    entry = _entry("incident.declared", incident, somebody.id, facts, private=incident.title)
    cards = (incident_card(incident), *((alarm_card_of(episode),) if episode else ()))
    return Change(incidents=(incident,), cards=cards, audit=(entry,))


def _speaking(desk: Desk, alarm: int) -> Episode:
    """Return the alarm whose card tells of this one."""
    episode = desk.records.episode(alarm)
    return desk.records.episode(episode.with_) if episode.with_ is not None else episode


def _not_yet(desk: Desk, episode: Episode) -> None:
    known = next((one for one in desk.records.incidents() if episode.id in one.alarms), None)
    if known is not None:
        raise RequestError(f"{known.label} is about A-{episode.id} already. See /incident status {known.label}.")


def _title(desk: Desk, episode: Episode) -> str:
    subject = episode.notice.dimensions.get("Pipeline", "")
    runbook = desk.library.runbooks().get(episode.runbook or "")
    return ": ".join(part for part in (subject, runbook.title if runbook else episode.notice.name) if part)


def _where(desk: Desk, said: Place) -> Place:
    channel = desk.channel if said.channel.startswith("D") else said.channel
    return Place(team=said.team, channel=channel)


def find_incident(desk: Desk, number: int | None, channel: str, *, ended_too: bool = False) -> Incident:
    """Return the incident of that number, or this channel's newest.

    Args:
        ended_too: whether one that is over may be meant where none is named.

    Raises:
        NotFoundError: there is none; the words say how to declare one.
    """
    if number is not None:
        return desk.records.incident(number)
    here = _here(desk, channel)
    found = desk.records.incidents(channel=here, open_only=not ended_too)
    if not found:
        raise NotFoundError("There is no open incident here. Declare one: /incident declare what has happened")
    return found[0]


def _here(desk: Desk, channel: str) -> str:
    return desk.channel if channel.startswith("D") else channel


def grade(desk: Desk, delivery: Delivery, wish: GradeIncident) -> Change:
    """Give the incident another severity, or confirm the one it has."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    incident = find_incident(desk, wish.incident, delivery.place.channel)
    incident = graded(incident, wish.severity, by=somebody.id, now=desk.now())
    return kept(incident, "incident.graded", somebody.id, {"severity": wish.severity})


def name_person(desk: Desk, delivery: Delivery, wish: NamePerson) -> Change:
    """Give somebody a part."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    incident = find_incident(desk, wish.incident, delivery.place.channel)
    named = desk.directory.person(wish.person) if wish.person else somebody
    if not named.member:
        why = "a guest, a bot or from another workspace, and can do nothing here"
        raise NotAllowedError(f"{named.name} is {why}; name somebody else. Nothing was done.")
    now = desk.now()
    if wish.role == "lead":
        named_in = led(incident, named.id, by=somebody.id, now=now)
    else:
        named_in = given_role(incident, wish.role, named.id, by=somebody.id, now=now)
    return kept(named_in, "incident.named", somebody.id, {"role": wish.role, "person": named.id})


def note(desk: Desk, delivery: Delivery, wish: NoteIncident) -> Change:
    """Note something; also in one that is over."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    incident = find_incident(desk, wish.incident, delivery.place.channel, ended_too=True)
    more = noted(incident, wish.text, by=somebody.id, now=desk.now())
    return kept(more, "incident.noted", somebody.id, {}, private=wish.text)


def end(desk: Desk, delivery: Delivery, wish: EndIncident) -> Change:
    """Say that it hurts no more, or is over."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    incident = find_incident(desk, wish.incident, delivery.place.channel)
    if not wish.over:
        return kept(mitigated(incident, now=desk.now()), "incident.mitigated", somebody.id, {})
    open_runs = [run.label for run in desk.records.runs() if run.incident == incident.id and not run.state.ended]
    if open_runs:
        runs = ", ".join(open_runs[:5])
        raise RequestError(f"{runs} of {incident.label} still goes on; let it end or stop it, then resolve.")
    over = resolved(incident, by=somebody.id, now=desk.now())
    change = kept(over, "incident.resolved", somebody.id, {})
    return change.model_copy(update={"opens": mornings(desk, over)})


def shown(desk: Desk, delivery: Delivery, wish: ShowIncidents) -> JsonObject:
    """Return which incidents are to be shown."""
    if wish.every:
        return {"what": "incidents", "incidents": [one.id for one in desk.records.incidents(open_only=True)]}
    found = find_incident(desk, wish.incident, delivery.place.channel, ended_too=True)
    return {"what": "incident", "incident": found.id}


def kept(incident: Incident, kind: str, actor: str, facts: JsonObject, *, private: str = "") -> Change:
    """Return the change that keeps the incident as it now is, on its card and in the audit."""
    entry = _entry(kind, incident, actor, facts, private=private)
    return Change(incidents=(incident,), cards=(incident_card(incident),), audit=(entry,))


def _entry(kind: str, incident: Incident, actor: str, facts: JsonObject, *, private: str = "") -> AuditEntry:
    return AuditEntry(kind=kind, subject=incident.label, actor=actor, facts=facts, private=private[:600])
