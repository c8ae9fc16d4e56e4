"""An incident: what people work on together, from being declared to being resolved, and what they noted on the way."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.people import Place
from bot.domain.value import Value
from bot.errors import InvalidError, RequestError

MOST_NOTES = 500
MOST_TITLE = 120  # characters
MOST_NOTE = 2_000  # characters
SEVERITIES: Mapping[int, str] = {
    1: "readers get wrong data, or none",
    2: "new data is late and somebody waits for it",
    3: "new data is late, or a guard has stopped it",
    4: "nobody outside the team would notice",
}
ROLES = ("scribe", "comms", "liaison")


class IncidentState(StrEnum):
    """Say where an incident stands."""

    OPEN = "open"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


class Note(Value):
    """Hold what a person noted; free text of theirs."""

    at: datetime
    by: str
    text: str


class Incident(Value):
    """Hold one incident, whole.

    Attributes:
        lead: who leads it; nobody is named who did not take or get the part.
        roles: who else has a part, by its name.
        alarms: ids of the alarms it is about; the first one's start counts as the incident's.
    """

    id: int
    title: str
    severity: int
    state: IncidentState = IncidentState.OPEN
    place: Place
    declared_by: str
    declared: datetime
    lead: str | None = None
    roles: Mapping[str, str] = {}
    alarms: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()
    mitigated: datetime | None = None
    resolved: datetime | None = None
    resolved_by: str = ""
    revision: int = 0

    @property
    def label(self) -> str:
        """Return the short id people speak of."""
        return f"INC-{self.id}"

    @property
    def open(self) -> bool:
        """Return whether people still work on it."""
        return self.state is not IncidentState.RESOLVED


def titled(text: str) -> str:
    """Return a title that fits.

    Raises:
        InvalidError: there is none, or it is too long.
    """
    title = " ".join(text.split())
    if not title:
        raise InvalidError("What has happened? An incident needs a title of a few words.")
    if len(title) > MOST_TITLE:
        raise InvalidError(f"A title has at most {MOST_TITLE} characters; this has {len(title)}. Note the rest later.")
    return title


def graded(incident: Incident, severity: int) -> Incident:
    """Return the incident at a severity.

    Raises:
        RequestError: there is no such severity, it has that one already, or it is resolved.
    """
    _insist(incident)
    if severity not in SEVERITIES:
        listed = "; ".join(f"{number}: {words}" for number, words in SEVERITIES.items())
        raise InvalidError(f"A severity is 1, 2, 3 or 4 ({listed}).")
    if severity == incident.severity:
        raise RequestError(f"{incident.label} has severity {severity} already.")
    return incident.model_copy(update={"severity": severity})


def led(incident: Incident, person: str) -> Incident:
    """Return the incident with a lead.

    Raises:
        RequestError: that person leads it already, or it is resolved.
    """
    _insist(incident)
    if incident.lead == person:
        raise RequestError(f"That person leads {incident.label} already.")
    return incident.model_copy(update={"lead": person})


def given_role(incident: Incident, role: str, person: str) -> Incident:
    """Return the incident with somebody in a role.

    Raises:
        RequestError: there is no such role, or it is resolved.
    """
    _insist(incident)
    if role not in ROLES:
        raise InvalidError(f"There is no role {role!a}; there is lead, {', '.join(ROLES)}.")
    return incident.model_copy(update={"roles": {**incident.roles, role: person}})


def noted(incident: Incident, text: str, *, by: str, now: datetime) -> Incident:
    """Return the incident with one more note; also after it was resolved, for people remember later.

    Raises:
        InvalidError: the note is empty or too long, or there are too many.
    """
    note = text.strip()
    if not note:
        raise InvalidError("Note what? Words are missing.")
    if len(note) > MOST_NOTE:
        raise InvalidError(f"A note has at most {MOST_NOTE:,} characters; this has {len(note):,}.")
    if len(incident.notes) >= MOST_NOTES:
        raise InvalidError(f"{incident.label} has {MOST_NOTES} notes already; write on in its channel.")
    return incident.model_copy(update={"notes": (*incident.notes, Note(at=now, by=by, text=note))})


def mitigated(incident: Incident, *, now: datetime) -> Incident:
    """Return the incident as mitigated: it hurts no more, but is not over.

    Raises:
        RequestError: it is mitigated or resolved already.
    """
    _insist(incident)
    if incident.state is IncidentState.MITIGATED:
        raise RequestError(f"{incident.label} is mitigated already.")
    return incident.model_copy(update={"state": IncidentState.MITIGATED, "mitigated": now})


def resolved(incident: Incident, *, by: str, now: datetime) -> Incident:
    """Return the incident as over; what was not said to be mitigated before is so from now on.

    Raises:
        RequestError: it is resolved already.
    """
    _insist(incident)
    over = {"state": IncidentState.RESOLVED, "resolved": now, "resolved_by": by}
    return incident.model_copy(update={**over, "mitigated": incident.mitigated or now})


def about(incident: Incident, alarm: int) -> Incident:
    """Return the incident with one more alarm it is about."""
    return incident if alarm in incident.alarms else incident.model_copy(update={"alarms": (*incident.alarms, alarm)})


def _insist(incident: Incident) -> None:
    if not incident.open:
        raise RequestError(f"{incident.label} is resolved; nothing was changed. Declare a new one if it is back.")
