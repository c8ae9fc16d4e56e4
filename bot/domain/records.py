"""The values that the records keep beside runs and approvals: waits, attempts, cards, alarms, and a change to them all.

A change is one value and one transaction: either all of it is kept, or none.
"""

from datetime import datetime
from enum import StrEnum

from bot.domain.action import Call
from bot.domain.alarm import AlarmNotice
from bot.domain.approval import Approval, ConsumedApproval
from bot.domain.assistance import Suggestion
from bot.domain.audit import AuditEntry
from bot.domain.chart import Chart
from bot.domain.evidence import Evidence
from bot.domain.following import FollowUp
from bot.domain.incident import Incident
from bot.domain.postmortem.draft import Draft
from bot.domain.run import Run
from bot.domain.strikes import Strike
from bot.domain.value import JsonObject, Value


class Wait(Value):
    """Hold one thing that is to be done at an hour; its key is the work's id.

    Keys: `segment:RUN:NUMBER`, `ladder:APPROVAL:LEVEL`, `glass:APPROVAL:PRESS:COUNT`, `remind:RUN:NUMBER`,
    `look:ALARM`, `suggest:ALARM`, `assist:NUMBER`, `postmortem:DRAFT`, `item:ACTION_ITEM:TURN`,
    `morning:INCIDENT:PERSON:TURN`, `marks:INCIDENT:DELIVERY:TURN`.
    """

    key: str
    due: datetime


Share = tuple[tuple[str, ...], int]
"""Kinds of waits, by what their keys begin with, and how many of them together."""


class AttemptState(StrEnum):
    """Say how far a call got; only `sending` without an outcome is unknown."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_NEEDED = "not_needed"


class Attempt(Value):
    """Hold one try at one call; unique on (run, step, item, index, request).

    Attributes:
        owner: the process that may send it.
        wrote: what a look right after showed; the state a later call of the same approval must find.
    """

    id: int = 0
    run: int
    step: str
    item: int
    index: int
    request: int
    approval: int
    call: Call
    digest: str
    owner: str
    state: AttemptState = AttemptState.PLANNED
    answer: JsonObject | None = None
    wrote: JsonObject | None = None
    words: str = ""
    planned_at: datetime
    sent_at: datetime | None = None


class Outcome(Value):
    """Say what became of an attempt; kept only if its owner still owns it and it was being sent."""

    attempt: int
    owner: str
    state: AttemptState
    answer: JsonObject | None = None
    wrote: JsonObject | None = None
    words: str = ""


class Taking(Value):
    """Ask for the next call of an approval, and for its attempt, in one transaction.

    Attributes:
        run: as it was read; a run changed since, or stopping, is refused.
        approval: as it was read, with the votes that were found eligible just now.
        lease: the resource nobody else may change meanwhile.
        holds: the shared resource this call pauses, counted.
        releases: the shared resource this call lets go of.
        owed: the call settles something owed, and so is not bound by Stop, Park or expiry.
    """

    run: Run
    approval: Approval
    attempt: Attempt
    lease: str
    holds: str | None = None
    releases: str | None = None
    owed: bool = False
    audit: tuple[AuditEntry, ...] = ()


class Taken(Value):
    """Answer a taking; where another run's hold makes the call needless there is nothing to send.

    Attributes:
        permit: None when the call is not needed; the attempt is recorded so.
    """

    model_config = {"arbitrary_types_allowed": True, "frozen": True}

    attempt: int
    permit: ConsumedApproval | None
    others: tuple[int, ...] = ()


class CardKind(StrEnum):
    """Name what a card shows."""

    ALARM = "alarm"
    INCIDENT = "incident"
    ASSIST = "assist"
    STORM = "storm"
    POSTMORTEM = "postmortem"
    CHECKLIST = "checklist"
    REMINDER = "reminder"
    MORNING = "morning"
    FILE = "file"
    CANVAS = "canvas"
    IMPORT = "import"
    PICTURE = "picture"
    RUN = "run"
    REQUEST = "request"
    LIST = "list"
    EDIT = "edit"
    NOTICE = "notice"
    WHISPER = "whisper"
    HOME = "home"


class Card(Value):
    """Hold one message of ours: what it shows, where it stands, and whether what it shows is old.

    Attributes:
        key: unique, e.g. `run:42`, `request:9`, `finish:42`.
        subject: the id of the run, request or alarm it shows.
        under: the key of the card in whose thread it stands.
        to: the person it is for, where only one may see it.
        payload: what the kind needs beside the subject.
        wanted: rises with every change; the card is behind while `shown` is less.
        edition: the edition of the request that the card shows.
    """

    key: str
    kind: CardKind
    subject: int
    channel: str
    under: str | None = None
    to: str | None = None
    payload: JsonObject = {}
    ts: str | None = None
    wanted: int = 1
    shown: int = 0
    edition: int = 0
    urgent: bool = False


def canvas_key(draft: int) -> str:
    """Return the key of the card that is a draft's canvas."""
    return f"postmortem:{draft}:canvas"


class AlarmState(StrEnum):
    """Say what CloudWatch says of an alarm."""

    ALARM = "ALARM"
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Said(Value):
    """Hold who said something, and when."""

    by: str
    at: datetime


class Near(Value):
    """Hold a runbook that comes near to an alarm, with the words that stand in both."""

    runbook: str
    matched: tuple[str, ...] = ()


class Episode(Value):
    """Hold one episode of an alarm: from going off to being OK again; unique on (arn, since).

    Attributes:
        nearest: of an alarm that no runbook names, the three that come nearest, best first.
        none_fits: who said that no runbook fits.
        findings: what the runbook's leading reads found, in words, each with its evidence id.
        suggestion: what the assistant suggests, checked; None until it has.
        chart: what the picture in its thread shows.
        taken_by: who is on it now.
        takes: who said "I'm on it", and when; the first is its acknowledgement.
        with_: the alarm of the same cause on whose card this one is told.
        storm: the alarm with which a storm began that this one is part of; it is told on the storm's card.
    """

    id: int
    notice: AlarmNotice
    since: str
    state: AlarmState = AlarmState.ALARM
    runbook: str | None = None
    why: str = ""
    nearest: tuple[Near, ...] = ()
    none_fits: Said | None = None
    inputs: JsonObject = {}
    findings: tuple[JsonObject, ...] = ()
    suggestion: Suggestion | None = None
    chart: Chart | None = None
    channel: str
    taken_by: str | None = None
    takes: tuple[Said, ...] = ()
    run: int | None = None
    times: int = 1
    snoozed_until: datetime | None = None
    ok_since: str | None = None
    with_: int | None = None
    storm: int | None = None
    opened: datetime
    revision: int = 0


def taken(episode: Episode, *, by: str, now: datetime) -> Episode:
    """Return the alarm with somebody on it."""
    return episode.model_copy(update={"taken_by": by, "takes": (*episode.takes, Said(by=by, at=now))})


class Change(Value):
    """Hold everything one transaction keeps.

    Runs, approvals, episodes, incidents, drafts, action items and strikes are inserted at revision 0 and else updated
    only if nobody changed them since they were read; a `StaleError` then keeps nothing.

    Attributes:
        evidence: what sentences on cards point at, each under its subject, e.g. `A-118`; the newest replaces the last.
        closes: keys of waits that are over.
        inbox: the delivery that is dealt with by this change.
        frees: runs whose leases end; those of a run with a call in hand go on, for its outcome to end.
        drops: runs whose holds end, each with the shared resource.
        settles: attempts of unknown outcome that a person says did happen.
        counts: what is added to counters, by name.
    """

    runs: tuple[Run, ...] = ()
    approvals: tuple[Approval, ...] = ()
    episodes: tuple[Episode, ...] = ()
    incidents: tuple[Incident, ...] = ()
    evidence: tuple[tuple[str, Evidence], ...] = ()
    drafts: tuple[Draft, ...] = ()
    followups: tuple[FollowUp, ...] = ()
    strikes: tuple[Strike, ...] = ()
    opens: tuple[Wait, ...] = ()
    closes: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    cards: tuple[Card, ...] = ()
    inbox: int | None = None
    frees: tuple[int, ...] = ()
    drops: tuple[tuple[int, str], ...] = ()
    settles: tuple[int, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    audit: tuple[AuditEntry, ...] = ()
