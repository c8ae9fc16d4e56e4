"""Messages that people mark, by a pin or an emoji, become notes of the incident they were said in; nothing is answered.

What came in says only that there is something to look at: a message is a note while Slack says that it bears a mark.
Messages are read by one work for each incident, so that a hundred marks hold up nothing else.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.audit import AuditEntry
from bot.domain.inbox import Delivery, MarkMessage
from bot.domain.incident import Incident, Marking, looked_at, marking, passed_over, put_last, reworded
from bot.domain.postmortem.draft import DraftState
from bot.domain.records import Change, Wait
from bot.domain.remarks import Mark, Remark
from bot.domain.value import JsonObject
from bot.errors import CallRefusedError, EdgeError, NotAllowedError, UnavailableError
from bot.usecases.desk import Desk
from bot.usecases.mornings import draft_of
from bot.usecases.starting import incident_card

log = logging.getLogger(__name__)

JUST_ENDED = timedelta(days=14)
AT_ONCE = 20
MOST_IN_VAIN = 3  # people of whom Slack says nothing: where it is away, each costs its time
AGAIN = timedelta(seconds=15)
LAST_TURN = 6
MOST_READ_AGAIN = 50


def mark(desk: Desk, delivery: Delivery, wish: MarkMessage) -> Change:
    """Have a message looked at that was marked, or whose mark was taken away, where an incident takes notes.

    Whether the person may mark is asked when it is looked at: a mark is lost by no outage, and a refusal tells nobody.
    """
    incident = _taking_notes(desk, delivery.place.channel, wish.message)
    if incident is None or delivery.person is None:
        return Change()
    told = Marking(ts=wish.message, mark=Mark(by=delivery.person, emoji=wish.emoji), added=wish.added)
    waiting = marking(incident, told)
    if waiting is incident:
        return Change()
    first = Wait(key=f"marks:{incident.id}:{delivery.id}:0", due=desk.now())
    return Change(incidents=(waiting,), opens=() if incident.markings else (first,))


def _taking_notes(desk: Desk, channel: str, ts: str) -> Incident | None:
    """Return the channel's incident that has the message, else its newest open one, else its newest unpublished one."""
    since = desk.now() - JUST_ENDED
    recent = [one for one in desk.records.incidents(channel=channel) if one.resolved is None or one.resolved >= since]
    in_order = sorted(recent, key=lambda one: (one.remarked(ts) is None, not one.open))
    return next((one for one in in_order if one.open or not _published(desk, one)), None)


def _published(desk: Desk, incident: Incident) -> bool:
    draft = draft_of(desk.records, incident.id)
    return draft is not None and draft.state is DraftState.PUBLISHED


# Looking.


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Hold what there is of a message now; without a remark it is gone."""

    remark: Remark | None
    link: str = ""


def look_at_marked(desk: Desk, key: str) -> None:
    """Serve `marks:INCIDENT:DELIVERY:TURN`: read some of the messages, and come again for the others."""
    if not desk.records.wait_open(key):
        return
    incident = desk.records.incident(int(key.split(":")[1]))
    messages: dict[str, _Seen | None] = {}
    seen: dict[Marking, _Seen | None] = {}
    in_vain: set[str] = set()  # messages: what became of one is looked at in its order
    unheard: set[str] = set()
    for told in incident.markings[:AT_ONCE]:
        if told.mark.by in unheard:
            in_vain.add(told.ts)
        if told.ts in in_vain or len(unheard) >= MOST_IN_VAIN:
            continue
        try:
            allowed = _may_mark(desk, incident, told.mark.by)
            if allowed and told.ts not in messages:
                messages[told.ts] = _looked(desk, incident, told.ts)
            seen[told] = messages[told.ts] if allowed else None
        except UnavailableError as error:
            log.warning("A marked message could not be read yet.", extra={"work": key, "why": error.words})
            in_vain.add(told.ts)
            unheard.add(told.mark.by)
    desk.keep(lambda: _settled(desk, key, seen, in_vain))


def _may_mark(desk: Desk, incident: Incident, person: str) -> bool:
    """Return whether that is somebody whose marks count.

    Raises:
        UnavailableError: Slack did not say.
    """
    try:
        desk.admitted(person, channel=incident.place.channel, starts=True)
    except NotAllowedError as error:
        log.info("A mark was not taken.", extra={"incident": incident.id, "why": error.words})
        return False
    return True


def _looked(desk: Desk, incident: Incident, ts: str) -> _Seen | None:
    """Return the message as it is now, or None where the bot may not read it."""
    channel = incident.place.channel
    try:
        remark, known = desk.remarks.remark(channel, ts), incident.remarked(ts)
        if remark is None or not remark.by:
            return _Seen(remark=remark)
        return _Seen(remark=remark, link=known.link if known else _address(desk, channel, remark))
    except CallRefusedError as error:
        log.warning("A marked message may not be read.", extra={"incident": incident.id, "why": error.words})
        return None


def _address(desk: Desk, channel: str, remark: Remark) -> str:
    """Return where the message can be opened; what answers another one only within its thread."""
    link = desk.permalink(channel, remark.ts)
    if not link or not remark.thread or "thread_ts=" in link:
        return link
    return f"{link}?thread_ts={remark.thread}&cid={channel}"


def _settled(desk: Desk, key: str, seen: Mapping[Marking, _Seen | None], in_vain: Collection[str]) -> Change:
    _, number, delivery, turn = key.split(":")
    before = desk.records.incident(int(number))
    now = before
    for told, found in seen.items():
        now = looked_at(now, told, found.remark, link=found.link) if found else passed_over(now, told)
    now = put_last(now, in_vain)
    cards = (incident_card(now),) if now.notes != before.notes else ()
    entries = tuple(_entry(before, told) for told, found in seen.items() if found)
    if not now.markings:
        return Change(incidents=(now,), cards=cards, closes=(key,), audit=entries)
    if seen:
        return Change(incidents=(now,), cards=cards, audit=entries)
    if int(turn) >= LAST_TURN:
        log.error("Marked messages could not be read and are left out.", extra={"work": key})
        return Change(incidents=(now.model_copy(update={"markings": ()}),), closes=(key,))
    later = Wait(key=f"marks:{number}:{delivery}:{int(turn) + 1}", due=desk.now() + AGAIN * 2 ** int(turn))
    return Change(incidents=(now,), closes=(key,), opens=(later,))


def _entry(incident: Incident, told: Marking) -> AuditEntry:
    kind = "incident.marked" if told.added else "incident.unmarked"
    facts: JsonObject = {"message": told.ts}
    return AuditEntry(kind=kind, subject=incident.label, actor=told.mark.by, facts=facts)


# Before a draft.


def read_again(desk: Desk, number: int) -> tuple[Incident, int]:
    """Return the incident with its newest marked messages as they now read, those that are gone left out.

    The second value is how many were not read; they stay as they read when they were marked.
    """
    incident = desk.records.incident(number)
    marked = [note for note in incident.notes if note.ts]
    now: dict[str, Remark | None] = {}
    for note in marked[-MOST_READ_AGAIN:]:
        try:
            now[note.ts] = desk.remarks.remark(incident.place.channel, note.ts)
        except EdgeError as error:
            log.warning("Marked messages could not be read again.", extra={"incident": number, "why": error.words})
            break
    if now:
        desk.keep(lambda: _reworded(desk, number, now))
    return desk.records.incident(number), len(marked) - len(now)


def _reworded(desk: Desk, number: int, said: Mapping[str, Remark | None]) -> Change:
    before = desk.records.incident(number)
    now = before
    for note in before.notes:
        if note.ts in said:
            now = reworded(now, note, said[note.ts])
    return Change(incidents=(now,), cards=(incident_card(now),)) if now.notes != before.notes else Change()
