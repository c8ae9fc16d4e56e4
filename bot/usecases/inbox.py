"""Deal with what came in: one delivery, one wish, one change; the person hears what became of it.

A wish that is refused is refused in words, where it was said; nothing is lost and nothing is dealt with twice. An alarm
that cannot be confirmed because AWS does not answer stays in the inbox until it can.
"""

import logging
from collections.abc import Callable
from typing import Any

from bot.domain.audit import AuditEntry
from bot.domain.inbox import (
    AddFollowUp,
    AddStep,
    AlarmCame,
    AskAgain,
    AskPeople,
    AskQuestion,
    BreakGlass,
    CancelDraft,
    CastVote,
    CheckDraft,
    CloseFollowUp,
    ConfirmCause,
    DateFollowUp,
    DeclareIncident,
    DeclineRequest,
    Delivery,
    EditDraft,
    EditSection,
    EndIncident,
    ExpandStep,
    ExportPostmortem,
    GiveBackFollowUp,
    GiveInputs,
    GradeIncident,
    ImportPostmortem,
    LeaveOut,
    MarkDone,
    MarkMessage,
    NamePerson,
    NoneFits,
    NoteIncident,
    OpenHome,
    OtherRunbook,
    OwnFollowUp,
    ParkRun,
    PublishPostmortem,
    ReadAgain,
    RevokeRequest,
    SettleImport,
    SettleOwed,
    SettleUnknown,
    ShowAlarms,
    ShowApprovals,
    ShowAudit,
    ShowDetails,
    ShowEvidence,
    ShowFollowUps,
    ShowHelp,
    ShowIncidents,
    ShowList,
    ShowPostmortem,
    ShowRunbook,
    ShowStatus,
    SnoozeAlarm,
    SnoozeFollowUp,
    StartPostmortem,
    StartRun,
    StateFact,
    StopRun,
    StrikeClaims,
    SuggestForAlarm,
    TakeAlarm,
    TakeOver,
    UndoStep,
)
from bot.domain.quota import LOOKS, WINDOW, insist_on_quota
from bot.domain.records import Card, CardKind, Change
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, EdgeError, LeaseHeldError, NotAllowedError, NotFoundError
from bot.usecases import (
    adding,
    alarms,
    approvals,
    assistance,
    breaking,
    evidence,
    following,
    incidents,
    lost,
    marking,
    steering,
    striking,
)
from bot.usecases.desk import Desk
from bot.usecases.plans import plan_run
from bot.usecases.postmortems import beginning, drafts, editing, importing, publishing
from bot.usecases.starting import InputsMissingError, listed, nobody_but, start_run

log = logging.getLogger(__name__)

MOST_AUDITED = 24  # records on one answer

Answer = tuple[Change, JsonObject | None]

# Everything else is for viewers, where they may be shown it: said before anything is looked up.
TELLS_NO_FACT = ShowHelp | OpenHome | AlarmCame | MarkMessage


def deal(desk: Desk, number: int) -> None:
    """Deal with the delivery of that number, unless it is dealt with already."""
    try:
        desk.keep(lambda: _dealt(desk, number, _answer))
    except LeaseHeldError:
        _deal_beside_the_holder(desk, number)


def _deal_beside_the_holder(desk: Desk, number: int) -> None:
    """Decide once more, now that the target's holder can be seen; who cannot join it is told."""
    try:
        desk.keep(lambda: _dealt(desk, number, _answer))
    except LeaseHeldError as error:
        refusal = error
        desk.keep(lambda: _dealt(desk, number, lambda _, delivery: _refused(desk, delivery, refusal)))


def _dealt(desk: Desk, number: int, answer: Callable[[Desk, Delivery], Answer]) -> Change:
    delivery = desk.records.delivery(number)
    if delivery is None:
        return Change()
    change, told = answer(desk, delivery)
    told = told or _said_and_done(delivery, change)
    cards = (*change.cards, _whisper(delivery, told)) if told else change.cards
    return change.model_copy(update={"inbox": number, "cards": cards})


def _insist_on_quota(desk: Desk, delivery: Delivery) -> None:
    """Refuse who has the lake looked at too often; what an incident of severity 1 needs is always there."""
    if not isinstance(delivery.wish, LOOKS):
        return
    here = desk.records.incidents(channel=delivery.place.channel, open_only=True)
    if any(one.gravest for one in here):
        return
    came = desk.records.came(before=delivery.id, since=delivery.at - WINDOW)
    looks = [one for one in came if isinstance(one.wish, LOOKS) and not _was_refused(desk, one)]
    insist_on_quota(delivery, looks, desk.policy)


def _was_refused(desk: Desk, delivery: Delivery) -> bool:
    told = desk.records.card(f"whisper:{delivery.id}")
    return told is not None and told.payload.get("what") == "refused"


def _answer(desk: Desk, delivery: Delivery) -> Answer:
    try:
        if not isinstance(delivery.wish, TELLS_NO_FACT):
            desk.person(delivery.person, channel=delivery.place.channel, starts=False)
        _insist_on_quota(desk, delivery)
        return WISHES[type(delivery.wish)](desk, delivery, delivery.wish)
    except EdgeError as error:
        if delivery.person is None:
            raise
        return _refused(desk, delivery, error)
    except BotError as error:
        return _refused(desk, delivery, error)
    except Exception:
        log.exception("A wish could not be dealt with.", extra={"inbox": delivery.id, "kind": delivery.wish.kind})
        words = "Something went wrong on our side; nothing was done. The log has the details."
        return Change(), {"what": "refused", "words": words} if _is_told(delivery) else None


def _refused(desk: Desk, delivery: Delivery, error: BotError) -> Answer:
    facts: JsonObject = {"kind": delivery.wish.kind, "inbox": delivery.id}
    told: JsonObject = {"what": "refused", "words": error.words, "kind": delivery.wish.kind}
    subject = "inbox"
    if isinstance(delivery.wish, CastVote | BreakGlass | DeclineRequest | RevokeRequest):
        subject = f"Q-{delivery.wish.approval}"
        told = told if isinstance(error, NotFoundError) else {**told, "approval": delivery.wish.approval}
    if isinstance(error, InputsMissingError):
        told = {**told, "start": delivery.wish.model_dump(mode="json")}
    entry = AuditEntry(
        kind="wish.refused", subject=subject, actor=delivery.person or "aws", facts=facts, private=error.words[:600]
    )
    if isinstance(delivery.wish, MarkMessage):
        log.info("A mark was not taken.", extra={"inbox": delivery.id, "why": error.words})
    return Change(audit=(entry,)), told if _is_told(delivery) else None


def _is_told(delivery: Delivery) -> bool:
    """Return whether somebody hears why not; whoever only marked a message for others asked the bot nothing."""
    return delivery.person is not None and not isinstance(delivery.wish, MarkMessage)


def _said_and_done(delivery: Delivery, change: Change) -> JsonObject | None:
    """Return what tells a person that what they typed was done, where only a card changes that may be far up."""
    words = TYPED.get(type(delivery.wish))
    card = next((one for one in change.cards if one.kind in TELLING), None)
    if not delivery.said or words is None or card is None:
        return None
    return {"what": "done", "words": words(delivery.wish), "at": card.under or card.key}


def _whisper(delivery: Delivery, told: JsonObject) -> Card:
    """Return the message only its person sees, where they said or clicked it."""
    return Card(
        key=f"whisper:{delivery.id}",
        kind=CardKind.WHISPER,
        subject=delivery.id,
        channel=delivery.place.channel,
        to=delivery.person,
        payload={**told, "thread": delivery.place.thread},
        urgent=True,
    )


def _start(desk: Desk, delivery: Delivery, wish: StartRun) -> Answer:
    if wish.plan_only:
        made = plan_run(desk, delivery, wish)
        start = wish.model_copy(update={"plan_only": False})
        return Change(), {
            "what": "plan",
            "id": wish.runbook,
            "plan": made.model_dump(mode="json"),
            "start": start.model_dump(mode="json"),
        }
    started = start_run(desk, delivery, wish)
    if started.joined:
        return started.change, {"what": "joined", "run": started.run.id}
    alone = nobody_but(desk, desk.library.find(wish.runbook), delivery.person or "")
    told: JsonObject = {"what": "alone", "run": started.run.id, "words": list(alone)}
    return started.change, told if alone else None


def _list(desk: Desk, delivery: Delivery, wish: ShowList) -> Answer:
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    runbooks = desk.library.runbooks()
    found: list[tuple[str, tuple[str, ...]]] = [(name, ()) for name in sorted(runbooks)]
    if wish.words:
        found = [(name, words) for name, words in desk.search.runbooks(wish.words, most=10) if name in runbooks]
    items = [listed(desk, runbooks[name], words) for name, words in found]
    return Change(), {"what": "runbooks", "words": wish.words[:200], "items": [*items]}


def _show(desk: Desk, delivery: Delivery, wish: ShowRunbook) -> Answer:
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    runbook = desk.library.find(wish.runbook)
    return Change(), {"what": "runbook", "id": runbook.id}


def _help(desk: Desk, delivery: Delivery, wish: ShowHelp) -> Answer:
    return Change(), {"what": "help", "words": wish.words}


def _status(desk: Desk, delivery: Delivery, wish: ShowStatus) -> Answer:
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    if wish.run is not None:
        return Change(), {"what": "run", "run": desk.records.run(wish.run).id}
    return Change(), {"what": "runs", "runs": [run.id for run in desk.records.runs()]}


def _requests(desk: Desk, delivery: Delivery, wish: ShowApprovals) -> Answer:
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    if wish.approval is not None:
        return Change(), {"what": "details", "approval": desk.records.approval(wish.approval).id}
    return Change(), {"what": "approvals", "approvals": [one.id for one in desk.records.approvals(open_only=True)]}


def _details(desk: Desk, delivery: Delivery, wish: ShowDetails) -> Answer:
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    return Change(), {"what": "details", "approval": desk.records.approval(wish.approval).id}


def _audit(desk: Desk, delivery: Delivery, wish: ShowAudit) -> Answer:
    run = desk.records.run(wish.run)
    subjects = [run.label, *(one.label for one in desk.records.approvals(run=run.id))]
    found = [one.body for subject in subjects for one, _ in desk.records.audit(subject=subject)]
    newest = sorted(found, key=lambda body: body.seq, reverse=True)
    shown: list[JsonValue] = [
        {"seq": body.seq, "at": body.at, "kind": body.kind, "subject": body.subject, "actor": body.actor}
        for body in newest[:MOST_AUDITED]
    ]
    return Change(), {"what": "audit", "run": run.id, "records": shown, "count": len(newest)}


def _incidents(desk: Desk, delivery: Delivery, wish: ShowIncidents) -> Answer:
    return Change(), incidents.shown(desk, delivery, wish)


def _evidence(desk: Desk, delivery: Delivery, wish: ShowEvidence) -> Answer:
    return Change(), evidence.shown(desk, delivery, wish)


def _others(desk: Desk, delivery: Delivery, wish: OtherRunbook) -> Answer:
    return Change(), assistance.other_runbooks(desk, delivery, wish)


def _alarms(desk: Desk, delivery: Delivery, wish: ShowAlarms) -> Answer:
    return Change(), {"what": "alarms", "alarms": [one.id for one in desk.records.episodes()]}


def _postmortem(desk: Desk, delivery: Delivery, wish: ShowPostmortem) -> Answer:
    return Change(), evidence.of_draft(desk, delivery, wish) if wish.item else drafts.show(desk, delivery, wish)


def _edited(desk: Desk, delivery: Delivery, wish: EditDraft | StateFact) -> Answer:
    """Keep the words, and tell who wrote them where some point at a person; nothing is refused for it."""
    before = desk.records.draft(wish.draft).text
    change = (
        editing.edit(desk, delivery, wish) if isinstance(wish, EditDraft) else editing.state_fact(desk, delivery, wish)
    )
    blame = [one for draft in change.drafts for one in publishing.pointing(draft.text, before=before)]
    return change, {"what": "wording", "draft": wish.draft, "blame": [*blame]} if blame else None


def _checked(desk: Desk, delivery: Delivery, wish: CheckDraft) -> Answer:
    return Change(), publishing.checked(desk, delivery, wish)


def _to_edit(desk: Desk, delivery: Delivery, wish: EditSection) -> Answer:
    return Change(), drafts.to_edit(desk, delivery, wish)


def _home(desk: Desk, delivery: Delivery, wish: OpenHome) -> Answer:
    desk.person(delivery.person, channel="D", starts=False)
    return Change(cards=(approvals.home_card(desk, delivery.person or ""),)), None


def _vote(desk: Desk, delivery: Delivery, wish: CastVote) -> Answer:
    voided = approvals.voided_by_edit(desk, wish.approval)
    if voided is None:
        return approvals.cast_vote(desk, delivery, wish), None
    return _void(desk, delivery, voided)


def _break(desk: Desk, delivery: Delivery, wish: BreakGlass) -> Answer:
    voided = approvals.voided_by_edit(desk, wish.approval)
    return _void(desk, delivery, voided) if voided else (breaking.break_glass(desk, delivery, wish), None)


def _void(desk: Desk, delivery: Delivery, voided: Change) -> Answer:
    words = f"Not approved, the request is void: {approvals.EDITED}. Nothing was done; press Ask again."
    refused, told = _refused(desk, delivery, NotAllowedError(words))
    return voided.model_copy(update={"audit": (*voided.audit, *refused.audit)}), told


def _silent(act: Callable[[Desk, Delivery, Any], Change]) -> Callable[[Desk, Delivery, Any], Answer]:
    def answer(desk: Desk, delivery: Delivery, wish: object) -> Answer:
        return act(desk, delivery, wish), None

    return answer


TELLING = {CardKind.ALARM, CardKind.RUN, CardKind.REQUEST, CardKind.INCIDENT, CardKind.FILE, CardKind.CHECKLIST}
TYPED: dict[type, Callable[[Any], str]] = {
    TakeAlarm: lambda _: "You are on it",
    SnoozeAlarm: lambda _: "Snoozed",
    RevokeRequest: lambda _: "Your yes is taken back",
    GiveInputs: lambda _: "Answered",
    StopRun: lambda _: "It is being stopped",
    GradeIncident: lambda wish: f"Severity {wish.severity}",
    NamePerson: lambda wish: f"Named: {wish.role}",
    NoteIncident: lambda _: "Noted",
    EndIncident: lambda wish: "Resolved" if wish.over else "Mitigated",
    ExportPostmortem: lambda wish: f"Exported as .{wish.form}, in its thread",
    PublishPostmortem: lambda _: "Published",
    AddFollowUp: lambda _: "Added",
}
"""What is said of a wish that was typed, and that shows only on a card."""

WISHES: dict[type, Callable[[Desk, Delivery, Any], Answer]] = {
    StartRun: _start,
    ShowList: _list,
    ShowRunbook: _show,
    ShowHelp: _help,
    ShowStatus: _status,
    ShowApprovals: _requests,
    ShowAudit: _audit,
    ShowDetails: _details,
    OpenHome: _home,
    ShowIncidents: _incidents,
    ShowEvidence: _evidence,
    ShowAlarms: _alarms,
    OtherRunbook: _others,
    CastVote: _vote,
    BreakGlass: _break,
    DeclineRequest: _silent(approvals.decline),
    RevokeRequest: _silent(approvals.revoke),
    AskAgain: _silent(approvals.ask_again),
    AskPeople: _silent(approvals.ask_people),
    MarkDone: _silent(steering.mark_done),
    GiveInputs: _silent(steering.give_inputs),
    ParkRun: _silent(steering.park),
    TakeOver: _silent(steering.take_over),
    UndoStep: _silent(steering.undo),
    SettleOwed: _silent(steering.settle_owed),
    SettleUnknown: _silent(steering.settle_unknown),
    ReadAgain: _silent(lost.read_again),
    StopRun: _silent(steering.stop),
    TakeAlarm: _silent(alarms.take_alarm),
    NoneFits: _silent(alarms.none_fits),
    SnoozeAlarm: _silent(alarms.snooze_alarm),
    AlarmCame: _silent(alarms.alarm_came),
    AskQuestion: _silent(assistance.ask),
    ExpandStep: _silent(assistance.expand),
    AddStep: _silent(adding.add_step),
    LeaveOut: _silent(adding.leave_out),
    StrikeClaims: striking.strike,
    SuggestForAlarm: _silent(assistance.suggest),
    ShowPostmortem: _postmortem,
    StartPostmortem: _silent(beginning.begin),
    CancelDraft: _silent(beginning.cancel),
    EditDraft: _edited,
    EditSection: _to_edit,
    StateFact: _edited,
    ConfirmCause: _silent(striking.confirm_cause),
    CheckDraft: _checked,
    PublishPostmortem: _silent(publishing.publish),
    ExportPostmortem: _silent(publishing.export),
    ImportPostmortem: _silent(importing.bring),
    SettleImport: _silent(importing.settle),
    ShowFollowUps: following.show,
    AddFollowUp: _silent(following.add),
    OwnFollowUp: following.own,
    DateFollowUp: following.date_it,
    CloseFollowUp: _silent(following.close),
    SnoozeFollowUp: _silent(following.snooze),
    GiveBackFollowUp: _silent(following.give_back),
    DeclareIncident: _silent(incidents.declare),
    GradeIncident: _silent(incidents.grade),
    NamePerson: _silent(incidents.name_person),
    NoteIncident: _silent(incidents.note),
    MarkMessage: _silent(marking.mark),
    EndIncident: _silent(incidents.end),
}
