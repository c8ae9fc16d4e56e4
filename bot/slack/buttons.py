"""What a click means: one table from a button's action id to how its value becomes a wish, or a dialog to open. Pure.

A value holds ids and nothing else, and is taken only whole, in ASCII. The overflow menu `more` carries both in one,
a list only the value of what is picked. A picker carries its subject behind its name, `own_item.12`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from bot.domain.inbox import (
    AddStep,
    AskAgain,
    AskPeople,
    CancelDraft,
    CastVote,
    CheckDraft,
    CloseFollowUp,
    DateFollowUp,
    DeclareIncident,
    Delivery,
    EndIncident,
    ExpandStep,
    GiveBackFollowUp,
    GiveInputs,
    LeaveOut,
    MarkDone,
    NamePerson,
    NoneFits,
    OtherRunbook,
    OwnFollowUp,
    ReadAgain,
    RevokeRequest,
    SettleImport,
    SettleOwed,
    SettleUnknown,
    ShowAlarms,
    ShowAudit,
    ShowEvidence,
    ShowFollowUps,
    ShowIncidents,
    ShowRunbook,
    ShowStatus,
    SnoozeAlarm,
    SnoozeFollowUp,
    StartPostmortem,
    StartRun,
    StopRun,
    TakeAlarm,
    TakeOver,
    UndoStep,
    Wish,
)
from bot.domain.people import Place
from bot.errors import RequestError
from bot.slack.payloads import Payload, hashed, person_of, place_of

MORE = "more"
UNKNOWN = "This button is not one I know any more; nothing was done. Look at the newest card, or type the command."


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Ask for a dialog instead of keeping a wish.

    Attributes:
        number: the request for decline, details, review and break_glass; the run for inputs, change, park, undo, stop
            and more; the expansion for typed; the alarm for search; the delivery that a plan answered for plan; the
            action item for drop, and one on the same checklist for item; else the draft.
        place: of a proposal on its expansion, of a section among those people write in, of a candidate, or of a page of
            a plan, from 1.
        message: of the assistant, whose sentences are to be struck.
    """

    what: Literal[
        "decline",
        "details",
        "review",
        "break_glass",
        "inputs",
        "change",
        "park",
        "undo",
        "stop",
        "more",
        "edit",
        "fact",
        "typed",
        "drop",
        "item",
        "strike",
        "search",
        "plan",
        "draft",
        "cause",
        "export",
        "publish",
    ]
    number: int = 0
    step: str = ""
    place: int = 0
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class OfAlarm:
    """Ask for the runbook that answers the alarm; which one that is stands in the records."""

    alarm: int
    plan_only: bool = False


@dataclass(frozen=True, kw_only=True)
class AsTyped:
    """Ask for a start as its person typed it; it stands in the answer that only they saw.

    Attributes:
        inbox: the delivery that was answered: by a plan, or by what the start lacks.
    """

    inbox: int


Wanted = Wish | Opening | OfAlarm | AsTyped


@dataclass(frozen=True, kw_only=True)
class Click:
    """Hold one click: who, where, and what it wants."""

    identity: str
    person: str
    place: Place
    at: datetime
    wants: Wanted

    def delivery(self, wish: Wish) -> Delivery:
        """Return what is kept of the click."""
        return Delivery(identity=self.identity, wish=wish, person=self.person, place=self.place, at=self.at)


@dataclass(frozen=True, kw_only=True)
class Button:
    """Hold how one button's value is read: its whole shape, and what the parts become."""

    shape: re.Pattern[str]
    build: Callable[[re.Match[str]], Wanted]


_NUMBER = r"([1-9][0-9]{0,8})"
_STEP = r"([a-z][a-z0-9_]{0,39})"
_ONE = re.compile(_NUMBER, re.ASCII)
_TWO = re.compile(f"{_NUMBER}:{_NUMBER}", re.ASCII)
_ONE_OR_TWO = re.compile(f"{_NUMBER}(?::{_NUMBER})?", re.ASCII)
_AT_STEP = re.compile(f"{_NUMBER}:{_STEP}", re.ASCII)
_CHOSEN = re.compile(f"{_NUMBER}:{_STEP}:([A-Za-z0-9][A-Za-z0-9_.-]{{0,39}})", re.ASCII)
_OF = r"([AR]-[1-9][0-9]{0,8}|(?:assist|postmortem):[1-9][0-9]{0,8})"
_SUBJECT = re.compile(_OF, re.ASCII)
_PAGE = re.compile(f"{_OF}:{_NUMBER}", re.ASCII)
_ITEM = re.compile(f"{_OF}:([A-Z][1-9][0-9]{{0,4}}[a-z]?)", re.ASCII)
_OWNER = re.compile(f"{_NUMBER}:([UW][A-Z0-9]{{1,20}})", re.ASCII)
_DAY = re.compile(f"{_NUMBER}:([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})", re.ASCII)
_OF_ALARM = re.compile(f"{_NUMBER}:([a-z][a-z0-9-]{{0,59}})", re.ASCII)
_RUNBOOK = re.compile(r"([a-z][a-z0-9-]{0,59})", re.ASCII)


def _one(build: Callable[[int], Wanted]) -> Button:
    return Button(shape=_ONE, build=lambda found: build(int(found[1])))


def _at_step(build: Callable[[int, str], Wanted]) -> Button:
    return Button(shape=_AT_STEP, build=lambda found: build(int(found[1]), found[2]))


def _runbook(build: Callable[[str], Wanted]) -> Button:
    return Button(shape=_RUNBOOK, build=lambda found: build(found[1]))


def _import(found: re.Match[str], *, taken: bool) -> SettleImport:
    return SettleImport(draft=int(found[1]), number=int(found[2]), taken=taken)


def _dated(found: re.Match[str]) -> DateFollowUp:
    try:
        return DateFollowUp(item=int(found[1]), due=date.fromisoformat(found[2]))
    except ValueError as error:  # no such day
        raise RequestError(UNKNOWN) from error


BUTTONS: Mapping[str, Button] = {
    # Requests.
    "approve": Button(shape=_TWO, build=lambda found: CastVote(approval=int(found[1]), edition=int(found[2]))),
    "decline": _one(lambda approval: Opening(what="decline", number=approval)),
    "details": _one(lambda approval: Opening(what="details", number=approval)),
    "review": _one(lambda approval: Opening(what="review", number=approval)),
    "break_glass": _one(lambda approval: Opening(what="break_glass", number=approval)),
    "revoke": _one(lambda approval: RevokeRequest(approval=approval)),
    "ask_people": _one(lambda approval: AskPeople(approval=approval)),
    # Runs.
    "ask_again": _one(lambda run: AskAgain(run=run)),
    "done": _at_step(lambda run, step: MarkDone(run=run, step=step)),
    "choose": Button(shape=_CHOSEN, build=lambda found: GiveInputs(run=int(found[1]), inputs={found[2]: found[3]})),
    "inputs": _at_step(lambda run, step: Opening(what="inputs", number=run, step=step)),
    "change_inputs": _one(lambda run: Opening(what="change", number=run)),
    "park": _one(lambda run: Opening(what="park", number=run)),
    "take_over": _one(lambda run: TakeOver(run=run)),
    "stop": _one(lambda run: StopRun(run=run)),
    "undo": _one(lambda run: UndoStep(run=run)),
    "sure_stop": _one(lambda run: Opening(what="stop", number=run)),
    "sure_undo": _one(lambda run: Opening(what="undo", number=run)),
    "what_else": _one(lambda run: Opening(what="more", number=run)),
    "owed": _at_step(lambda run, step: SettleOwed(run=run, step=step)),
    "leave_out": _at_step(lambda run, step: LeaveOut(run=run, step=step)),
    "happened": _at_step(lambda run, step: SettleUnknown(run=run, step=step, happened=True)),
    "not_happened": _at_step(lambda run, step: SettleUnknown(run=run, step=step, happened=False)),
    "read_again": _at_step(lambda run, step: ReadAgain(run=run, step=step)),
    "show_run": _one(lambda run: ShowStatus(run=run)),
    "audit": _one(lambda run: ShowAudit(run=run)),
    # Alarms.
    "start": _one(lambda alarm: OfAlarm(alarm=alarm)),
    "start_other": Button(shape=_OF_ALARM, build=lambda found: StartRun(runbook=found[2], alarm=int(found[1]))),
    "plan": _one(lambda alarm: OfAlarm(alarm=alarm, plan_only=True)),
    "take_alarm": _one(lambda alarm: TakeAlarm(alarm=alarm)),
    "snooze": _one(lambda alarm: SnoozeAlarm(alarm=alarm)),
    "declare": _one(lambda alarm: DeclareIncident(alarm=alarm)),
    "show_alarms": _one(lambda _: ShowAlarms()),
    "search_runbook": _one(lambda alarm: Opening(what="search", number=alarm)),
    "none_fits": _one(lambda alarm: NoneFits(alarm=alarm)),
    "other_runbook": _one(lambda alarm: OtherRunbook(alarm=alarm)),
    "evidence": Button(shape=_SUBJECT, build=lambda found: ShowEvidence(subject=found[1])),
    "wrong": Button(shape=_SUBJECT, build=lambda found: Opening(what="strike", message=found[1])),
    "evidence_page": Button(shape=_PAGE, build=lambda found: ShowEvidence(subject=found[1], page=int(found[2]))),
    "evidence_item": Button(shape=_ITEM, build=lambda found: ShowEvidence(subject=found[1], item=found[2])),
    "expand": _at_step(lambda run, step: ExpandStep(run=run, step=step)),
    "add_step": Button(shape=_TWO, build=lambda found: AddStep(answer=int(found[1]), number=int(found[2]))),
    "add_typed": Button(
        shape=_TWO, build=lambda found: Opening(what="typed", number=int(found[1]), place=int(found[2]))
    ),
    # Post-mortems.
    "cancel_draft": _one(lambda draft: CancelDraft(draft=draft)),
    "edit_section": Button(
        shape=_ONE_OR_TWO, build=lambda found: Opening(what="edit", number=int(found[1]), place=int(found[2] or 0))
    ),
    "add_fact": _one(lambda draft: Opening(what="fact", number=draft)),
    "open_draft": _one(lambda draft: Opening(what="draft", number=draft)),
    "cause": Button(shape=_TWO, build=lambda found: Opening(what="cause", number=int(found[1]), place=int(found[2]))),
    "check_draft": _one(lambda draft: CheckDraft(draft=draft)),
    "export_draft": _one(lambda draft: Opening(what="export", number=draft)),
    "publish_draft": _one(lambda draft: Opening(what="publish", number=draft)),
    "assign_items": _one(lambda incident: ShowFollowUps(incident=incident)),
    "take_import": Button(shape=_TWO, build=lambda found: _import(found, taken=True)),
    "discard_import": Button(shape=_TWO, build=lambda found: _import(found, taken=False)),
    # Action items.
    "own_item": Button(shape=_OWNER, build=lambda found: OwnFollowUp(item=int(found[1]), owner=found[2])),
    "date_item": Button(shape=_DAY, build=_dated),
    "no_date_item": _one(lambda item: DateFollowUp(item=item, due=None)),
    "done_item": _one(lambda item: CloseFollowUp(item=item, done=True)),
    "drop_item": _one(lambda item: Opening(what="drop", number=item)),
    "add_item": _one(lambda item: Opening(what="item", number=item)),
    "snooze_item": Button(shape=_TWO, build=lambda found: SnoozeFollowUp(item=int(found[1]), days=int(found[2]))),
    "give_back_item": _one(lambda item: GiveBackFollowUp(item=item)),
    # Incidents.
    "draft_incident": _one(lambda incident: StartPostmortem(incident=incident)),
    "lead_incident": _one(lambda incident: NamePerson(incident=incident)),
    "mitigate_incident": _one(lambda incident: EndIncident(incident=incident, over=False)),
    "resolve_incident": _one(lambda incident: EndIncident(incident=incident, over=True)),
    "show_incident": _one(lambda incident: ShowIncidents(incident=incident)),
    # Runbooks.
    "whole_plan": _one(lambda inbox: Opening(what="plan", number=inbox, place=1)),
    "as_typed": _one(lambda inbox: AsTyped(inbox=inbox)),
    "run_runbook": _runbook(lambda runbook: StartRun(runbook=runbook)),
    "show_runbook": _runbook(lambda runbook: ShowRunbook(runbook=runbook)),
}


def wanted(action: str, value: str) -> Wanted:
    """Return what a button with that value wants.

    Raises:
        RequestError: no button of ours has that id, or its value is not one we wrote.
    """
    button = BUTTONS.get(action)
    found = button.shape.fullmatch(value) if button else None
    if button is None or found is None:
        raise RequestError(UNKNOWN)
    return button.build(found)


def click(body: Payload, *, at: datetime) -> Click | None:
    """Translate a click; None for a link, which the browser has followed already.

    Raises:
        RequestError: the button is not one of ours.
    """
    action = body["actions"][0]
    if action.get("url"):
        return None
    name, _, tail = str(action.get("action_id", "")).partition(".")
    value = str(action.get("value") or "")
    if picked := action.get("selected_user") or action.get("selected_date"):
        value = f"{tail}:{picked}"  # a picker has no value; whose it is stands behind its name
    if option := action.get("selected_option"):
        value = str(option.get("value") or "")
    if name == MORE:
        name, _, value = value.partition(":")
    return Click(
        identity=hashed(body["trigger_id"]),
        person=person_of(body),
        place=place_of(body),
        at=at,
        wants=wanted(name, value),
    )
