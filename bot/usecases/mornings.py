"""The morning after: each person who was involved in an incident hears of its draft once, while they remember.

It comes at the person's own working hour of the next day, weekends too: what people saw fades, and nothing is urgent.
"""

from collections.abc import Iterable

from bot.domain.audit import AuditEntry
from bot.domain.incident import Incident
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.quiet import by_day, next_morning
from bot.domain.records import Card, CardKind, Change, Wait
from bot.domain.value import JsonObject
from bot.errors import NotFoundError
from bot.ports import Records
from bot.usecases.desk import Desk

MACHINES = frozenset({"", "bot", "aws"})


def mornings(desk: Desk, incident: Incident) -> tuple[Wait, ...]:
    """Return the waits for the morning after an incident, one for each person involved in it."""
    return tuple(
        Wait(
            key=f"morning:{incident.id}:{person}:0",
            due=next_morning(desk.now(), desk.zone(person), hour=desk.morning),
        )
        for person in involved(desk, incident)
    )


def involved(desk: Desk, incident: Incident) -> tuple[str, ...]:
    """Return who declared it, had a part, took its alarm, ran, approved, noted or marked something or ended it."""
    found: list[str] = [incident.declared_by, incident.lead or "", *incident.roles.values(), incident.resolved_by]
    found += [note.by for note in incident.notes]
    found += [mark.by for note in incident.notes for mark in note.marks]
    for episode in desk.records.episodes(open_only=False):
        if episode.id in incident.alarms or episode.with_ in incident.alarms:
            found.append(episode.taken_by or "")
    for run in desk.records.runs(open_only=False, most=200):
        if run.incident == incident.id:
            found += [run.requester, *run.authors]
            found += [vote.person for one in desk.records.approvals(run=run.id) for vote in one.votes]
    return _once(found)


def _once(people: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in dict.fromkeys(people) if one not in MACHINES)


def tell_in_the_morning(desk: Desk, key: str) -> None:
    """Serve `morning:INCIDENT:PERSON:TURN`: one message, unless all is said or the person has left."""
    desk.keep(lambda: _told(desk, key))


def _told(desk: Desk, key: str) -> Change:
    if not desk.records.wait_open(key):
        return Change()
    _, number, person, turn = key.split(":")
    incident = desk.records.incident(int(number))
    now, zone = desk.now(), desk.zone(person)
    if by_day(now, zone) > now:  # nobody served it in its hour
        later = Wait(key=f"morning:{number}:{person}:{int(turn) + 1}", due=by_day(now, zone))
        return Change(incidents=(incident,), closes=(key,), opens=(later,))
    if nothing_left(draft_of(desk.records, incident.id), person) or not _reads(desk, person):
        return Change(closes=(key,))
    card = Card(
        key=f"morning:{incident.id}:{person}",
        kind=CardKind.MORNING,
        subject=incident.id,
        channel=person,
        to=person,
        urgent=True,
    )
    facts: JsonObject = {"person": person}
    entry = AuditEntry(kind="incident.morning", subject=incident.label, actor="bot", facts=facts)
    return Change(incidents=(incident,), closes=(key,), cards=(card,), audit=(entry,))


def draft_of(records: Records, incident: int) -> Draft | None:
    """Return the newest draft of an incident that was not given up."""
    drafts = (one for one in records.drafts(most=500) if one.incident == incident)
    return next((one for one in drafts if one.state is not DraftState.FAILED), None)


def nothing_left(draft: Draft | None, person: str) -> bool:
    """Return whether the draft is published, or this person has said in it what they saw."""
    if draft is None:
        return False
    return draft.state is DraftState.PUBLISHED or any(edit.by == person for edit in draft.edits)


def _reads(desk: Desk, person: str) -> bool:
    try:
        somebody = desk.directory.person(person, fresh=True)
    except NotFoundError:
        return False
    return somebody.member and person in desk.directory.members(desk.policy.viewer, fresh=True)
