"""An incident: what people work on together, from being declared to being resolved, and what they noted on the way."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.evidence import Link
from bot.domain.people import Place
from bot.domain.plain import cut
from bot.domain.redaction import for_eyes
from bot.domain.remarks import Mark, Remark
from bot.domain.value import Value
from bot.errors import InvalidError, RequestError

MOST_NOTES = 500
MOST_TURNS = 200
MOST_TITLE = 120  # characters
MOST_NOTE = 2_000  # characters
SEVERITIES: Mapping[int, str] = {
    1: "readers get wrong data, or none",
    2: "new data is late and somebody waits for it",
    3: "new data is late, or a guard has stopped it",
    4: "nobody outside the team would notice",
}
GRAVEST = min(SEVERITIES)
ROLES = ("scribe", "comms", "liaison")


class Turn(Value):
    """Hold one change of an incident: its severity, or who has a part in it.

    Attributes:
        what: `severity`, `lead` or a role; `was` and `became` are numbers of severities, or ids of people.
    """

    at: datetime
    by: str
    what: str
    was: str = ""
    became: str


class IncidentState(StrEnum):
    """Say where an incident stands."""

    OPEN = "open"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


class Note(Value):
    """Hold what a person noted, or said in a message that people marked; free text of theirs.

    Attributes:
        ts: where the message stands in the incident's channel; empty for what was noted by command.
        marks: who marked the message, the first first.
    """

    at: datetime
    by: str
    text: str
    ts: str = ""
    link: Link = ""
    marks: tuple[Mark, ...] = ()


class Marking(Value):
    """Hold that a message was marked, or a mark was taken away, until somebody has looked at the message."""

    ts: str
    mark: Mark
    added: bool


class Incident(Value):
    """Hold one incident, whole.

    Attributes:
        severity_by: who says that it has this severity: who set it, and who has confirmed it since.
        lead: who leads it; nobody is named who did not take or get the part.
        roles: who else has a part, by its name.
        alarms: ids of the alarms it is about; the first one's start counts as the incident's.
        markings: the messages that are still to be looked at.
    """

    id: int
    title: str
    severity: int
    severity_by: tuple[str, ...] = ()
    state: IncidentState = IncidentState.OPEN
    place: Place
    declared_by: str
    declared: datetime
    lead: str | None = None
    roles: Mapping[str, str] = {}
    alarms: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()
    markings: tuple[Marking, ...] = ()
    turns: tuple[Turn, ...] = ()
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

    @property
    def gravest(self) -> bool:
        """Return whether it is open at the highest severity: then nothing it needs is held back."""
        return self.open and self.severity == GRAVEST

    def remarked(self, ts: str) -> Note | None:
        """Return the note that is the message of that place."""
        return next((one for one in self.notes if one.ts == ts), None) if ts else None


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


def severe(severity: int) -> int:
    """Return a severity.

    Raises:
        InvalidError: there is none of that number; the words say which there are.
    """
    if severity not in SEVERITIES:
        listed = "; ".join(f"{number}: {words}" for number, words in SEVERITIES.items())
        raise InvalidError(f"A severity is 1, 2, 3 or 4 ({listed}).")
    return severity


def graded(incident: Incident, severity: int, *, by: str, now: datetime) -> Incident:
    """Return the incident at a severity; who gives it the one it has confirms it.

    Raises:
        RequestError: there is no such severity, this person said so already, or it is resolved.
    """
    _insist(incident)
    if severe(severity) == incident.severity:
        return _confirmed(incident, by=by)
    turn = Turn(at=now, by=by, what="severity", was=str(incident.severity), became=str(severity))
    return _turned(incident, turn, {"severity": severity, "severity_by": (by,)})


def _confirmed(incident: Incident, *, by: str) -> Incident:
    if by in incident.severity_by:
        raise RequestError(f"{incident.label} has severity {incident.severity} already, and you said so.")
    return incident.model_copy(update={"severity_by": (*incident.severity_by, by)})


def led(incident: Incident, person: str, *, by: str, now: datetime) -> Incident:
    """Return the incident with a lead.

    Raises:
        RequestError: that person leads it already, or it is resolved.
    """
    _insist(incident)
    if incident.lead == person:
        raise RequestError(f"That person leads {incident.label} already.")
    turn = Turn(at=now, by=by, what="lead", was=incident.lead or "", became=person)
    return _turned(incident, turn, {"lead": person})


def given_role(incident: Incident, role: str, person: str, *, by: str, now: datetime) -> Incident:
    """Return the incident with somebody in a role.

    Raises:
        RequestError: there is no such role, or it is resolved.
    """
    _insist(incident)
    if role not in ROLES:
        raise InvalidError(f"There is no role {role!a}; there is lead, {', '.join(ROLES)}.")
    turn = Turn(at=now, by=by, what=role, was=incident.roles.get(role, ""), became=person)
    return _turned(incident, turn, {"roles": {**incident.roles, role: person}})


def _turned(incident: Incident, turn: Turn, update: Mapping[str, object]) -> Incident:
    return incident.model_copy(update={**update, "turns": (*incident.turns, turn)[-MOST_TURNS:]})


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
    _insist_on_room(incident)
    return incident.model_copy(update={"notes": (*incident.notes, Note(at=now, by=by, text=note))})


def marking(incident: Incident, told: Marking) -> Incident:
    """Return the incident with one more message to be looked at; unless a mark goes that nobody knew of.

    Raises:
        InvalidError: there are too many notes.
    """
    known = incident.remarked(told.ts) or any(one.ts == told.ts for one in incident.markings)
    if not known and not told.added:
        return incident
    if not known:
        _insist_on_room(incident)
    return incident.model_copy(update={"markings": (*incident.markings, told)})


def looked_at(incident: Incident, told: Marking, remark: Remark | None, *, link: str = "") -> Incident:
    """Return the incident with the message as a note while it bears a mark and a person said it, else without.

    Args:
        remark: the message as it is now; None where it is gone.
        link: its address.
    """
    incident = passed_over(incident, told)
    if remark is None or not remark.by:
        return _without(incident, told.ts)
    known = incident.remarked(told.ts) or Note(at=remark.at, by=remark.by, text="", ts=told.ts, link=link)
    marks = _marks(known, told.mark, stands=remark.bears(told.mark, added=told.added))
    return reworded(incident, known.model_copy(update={"marks": marks}), remark)


def passed_over(incident: Incident, told: Marking) -> Incident:
    """Return the incident with one message less to be looked at."""
    return incident.model_copy(update={"markings": tuple(one for one in incident.markings if one != told)})


def put_last(incident: Incident, messages: Collection[str]) -> Incident:
    """Return the incident with what is to be looked at of these messages behind that of all others, in its order."""
    in_order = sorted(incident.markings, key=lambda one: one.ts in messages)
    return incident.model_copy(update={"markings": tuple(in_order)})


def reworded(incident: Incident, note: Note, remark: Remark | None) -> Incident:
    """Return the incident with a note saying what its message says now; without it, where nothing is left of it."""
    words = cut(for_eyes(remark.text), MOST_NOTE) if remark else ""
    if not words or not note.marks:
        return _without(incident, note.ts)
    now = note.model_copy(update={"text": words})
    if incident.remarked(note.ts) is None:
        return incident.model_copy(update={"notes": (*incident.notes, now)})
    return incident.model_copy(update={"notes": tuple(now if one.ts == note.ts else one for one in incident.notes)})


def _marks(note: Note, mark: Mark, *, stands: bool) -> tuple[Mark, ...]:
    others = tuple(one for one in note.marks if not one.same(mark))
    if not stands:
        return others
    return note.marks if others != note.marks else (*others, mark)


def _without(incident: Incident, ts: str) -> Incident:
    return incident.model_copy(update={"notes": tuple(one for one in incident.notes if one.ts != ts)})


def _insist_on_room(incident: Incident) -> None:
    waiting = {one.ts for one in incident.markings if incident.remarked(one.ts) is None}
    if len(incident.notes) + len(waiting) >= MOST_NOTES:
        raise InvalidError(f"{incident.label} has {MOST_NOTES} notes already; write on in its channel.")


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
