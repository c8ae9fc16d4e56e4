"""Values as the use cases would build them, for tests of the records."""

from datetime import UTC, datetime, timedelta

from bot.domain.action import Call
from bot.domain.alarm import AlarmNotice
from bot.domain.approval import Approval, ApprovalState, Binding, BoundCall, Vote
from bot.domain.audit import AuditEntry
from bot.domain.following import FollowUp
from bot.domain.inbox import Delivery, ShowList
from bot.domain.incident import Incident
from bot.domain.people import Place
from bot.domain.records import Attempt, Card, CardKind, Change, Episode, Taking
from bot.domain.run import Owed, Run
from bot.records.store import Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLACE = Place(team="T1", channel="C1")
SCHEDULE = "events:rule/nightly"


class StandingClock:
    """Stand still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


def a_run(number: int = 1, *, exclusive: str | None = None, owed: tuple[Owed, ...] = ()) -> Run:
    return Run(
        id=number,
        runbook="circuit-breaker",
        title="Circuit breaker",
        snapshot="0" * 64,
        environment="PROD",
        place=PLACE,
        inputs={"pipeline": "transactions"},
        requester="U1",
        authors=("U1",),
        path=("pause", "half_open", "resume"),
        exclusive=exclusive,
        owed=owed,
        started=NOON,
        touched=NOON,
    )


def a_call(name: str = "pause") -> Call:
    return Call(row=f"events.{name}", params={"Name": "nightly"}, resource=SCHEDULE)


def bound(step: str, place: int) -> BoundCall:
    return BoundCall(
        step=step,
        item=0,
        index=0,
        call=a_call(step),
        row_version=1,
        host="events.eu-west-1.amazonaws.com",
        seen={"state": "ENABLED"},
        after=None if place == 0 else place - 1,
        effect="Pauses the schedule.",
        changes="ENABLED -> DISABLED",
    )


def an_approval(number: int = 1, *, run: int = 1, steps: tuple[str, ...] = ("pause", "resume")) -> Approval:
    binding = Binding(
        installation="abc",
        run=run,
        team="T1",
        channel="C1",
        step=steps[0],
        request=1,
        authors=("U1",),
        snapshot="0" * 64,
        library="0" * 64,
        account="111122223333",
        role="arn:aws:iam::111122223333:role/bot",
        risk="change",
        needs=("platform",),
        requester_may=False,
        lifetime_s=900,
        verification=(),
        calls=tuple(bound(step, place) for place, step in enumerate(steps)),
        expires=(NOON + timedelta(minutes=15)).isoformat(),
        nonce="n",
    )
    return Approval(
        id=number,
        run=run,
        step=steps[0],
        request=1,
        binding=binding,
        digest=binding.digest(),
        candidates={"platform": ("U2", "U3")},
        asked_by="U1",
        asked_at=NOON,
        expires=NOON + timedelta(minutes=15),
        environment="PROD",
    )


def approved(approval: Approval, *, by: str = "U2") -> Approval:
    vote = Vote(person=by, name=by, role="platform", at=NOON)
    return approval.model_copy(update={"votes": (*approval.votes, vote), "state": ApprovalState.APPROVED})


def an_attempt(approval: Approval, step: str = "pause", *, owner: str = "one", request: int = 1) -> Attempt:
    return Attempt(
        run=approval.run,
        step=step,
        item=0,
        index=0,
        request=request,
        approval=approval.id,
        call=a_call(step),
        digest=approval.digest,
        owner=owner,
        planned_at=NOON,
    )


def taking(
    store: Store,
    approval: int = 1,
    step: str = "pause",
    *,
    owner: str = "one",
    request: int = 1,
    lease: str = SCHEDULE,
    holds: str | None = None,
    releases: str | None = None,
    owed: bool = False,
) -> Taking:
    """Ask as a segment would that has just looked at the records."""
    found = store.approval(approval)
    return Taking(
        run=store.run(found.run),
        approval=found,
        attempt=an_attempt(found, step, owner=owner, request=request),
        lease=lease,
        holds=holds,
        releases=releases,
        owed=owed,
        audit=(entry("approval.consumed", subject=found.label),),
    )


def begin(store: Store, number: int = 1, *, exclusive: str | None = None) -> None:
    """Keep a run with one approved request of the same number."""
    run, approval = a_run(number, exclusive=exclusive), an_approval(number, run=number)
    store.commit(Change(runs=(run,), approvals=(approval,)))
    store.commit(Change(approvals=(approved(store.approval(number)),)))


def entry(kind: str = "run.began", *, subject: str = "R-1", actor: str = "U1", private: str = "") -> AuditEntry:
    return AuditEntry(kind=kind, subject=subject, actor=actor, facts={"state": "running"}, private=private)


def a_delivery(identity: str = "E1", *, words: str = "") -> Delivery:
    return Delivery(identity=identity, wish=ShowList(words=words), person="U1", place=PLACE, said=words, at=NOON)


def a_card(key: str = "run:1", *, urgent: bool = False, words: str = "") -> Card:
    return Card(key=key, kind=CardKind.RUN, subject=1, channel="C1", urgent=urgent, payload={"words": words})


def a_followup(number: int = 1, *, subject: str = "INC-1", owner: str = "") -> FollowUp:
    return FollowUp(id=number, subject=subject, place=PLACE, text="Alert on it.", by="U1", added=NOON, owner=owner)


def an_incident(number: int = 1, *, channel: str = "C1") -> Incident:
    return Incident(
        id=number,
        title="load halted",
        severity=3,
        place=Place(team="T1", channel=channel),
        declared_by="U1",
        declared=NOON,
    )


def an_episode(number: int = 1, *, arn: str = "arn:alarm", since: str = "2026-11-23T12:00:00Z") -> Episode:
    notice = AlarmNotice(
        name="errors",
        arn=arn,
        account="111122223333",
        region="eu-west-1",
        state="ALARM",
        previous="OK",
        reason="",
        at=since,
        message_id="m",
        topic="t",
    )
    return Episode(id=number, notice=notice, since=since, channel="C1", opened=NOON)
