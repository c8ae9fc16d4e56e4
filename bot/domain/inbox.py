"""What comes in, as values: each is validated, stored once under its delivery's identity, and only then acknowledged.

One class per thing a person or an alarm can want. Adding one = a class here and its row in `usecases/inbox`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from bot.domain.alarm import AlarmNotice
from bot.domain.people import Place
from bot.domain.value import Value

Form = Literal["md", "html", "docx", "json"]
"""In which forms a post-mortem can be exported."""


class StartRun(Value):
    """Start the runbook, with what was typed or known."""

    kind: Literal["start_run"] = "start_run"
    runbook: str
    inputs: Mapping[str, str] = {}
    alarm: int | None = None
    plan_only: bool = False


class ShowList(Value):
    """Show the runbooks, or those that match the words."""

    kind: Literal["show_list"] = "show_list"
    words: str = ""


class ShowRunbook(Value):
    """Show one runbook."""

    kind: Literal["show_runbook"] = "show_runbook"
    runbook: str


class ShowHelp(Value):
    """Show what can be typed, or why what was said cannot be read; there is no fact in it."""

    kind: Literal["show_help"] = "show_help"
    words: str


class ShowStatus(Value):
    """Show one run, or all that are open."""

    kind: Literal["show_status"] = "show_status"
    run: int | None = None


class ShowApprovals(Value):
    """Show the requests that are open, or one whole."""

    kind: Literal["show_approvals"] = "show_approvals"
    approval: int | None = None


class ShowAudit(Value):
    """Show what the audit has of a run and of its requests, newest first."""

    kind: Literal["show_audit"] = "show_audit"
    run: int


class ShowDetails(Value):
    """Show the whole of a request: full call, evidence, verdict, digest, command line."""

    kind: Literal["show_details"] = "show_details"
    approval: int


class CastVote(Value):
    """Say yes to a request as it stood on the card that was clicked."""

    kind: Literal["cast_vote"] = "cast_vote"
    approval: int
    edition: int


class BreakGlass(Value):
    """Answer a request alone, in an incident of severity 1, as it stood in the dialog that showed it whole."""

    kind: Literal["break_glass"] = "break_glass"
    approval: int
    edition: int
    reason: str


class DeclineRequest(Value):
    """Say no to a request; the run goes on waiting."""

    kind: Literal["decline_request"] = "decline_request"
    approval: int
    why: str
    words: str = ""


class RevokeRequest(Value):
    """Take back an approval that is not used yet."""

    kind: Literal["revoke_request"] = "revoke_request"
    approval: int


class AskAgain(Value):
    """Look again and ask anew for the step a run waits at."""

    kind: Literal["ask_again"] = "ask_again"
    run: int


class AskPeople(Value):
    """Mention those who can approve, at most once in five minutes."""

    kind: Literal["ask_people"] = "ask_people"
    approval: int


class MarkDone(Value):
    """Say that a manual step is done."""

    kind: Literal["mark_done"] = "mark_done"
    run: int
    step: str


class GiveInputs(Value):
    """Give the inputs a run waits for."""

    kind: Literal["give_inputs"] = "give_inputs"
    run: int
    inputs: Mapping[str, str]


class ParkRun(Value):
    """Put a run aside until an hour."""

    kind: Literal["park_run"] = "park_run"
    run: int
    until: datetime


class TakeOver(Value):
    """Become the person responsible for a run, and wake it if it is parked."""

    kind: Literal["take_over"] = "take_over"
    run: int


class UndoStep(Value):
    """Take the newest undoable step of a run back."""

    kind: Literal["undo_step"] = "undo_step"
    run: int


class SettleOwed(Value):
    """Do now what a run owes."""

    kind: Literal["settle_owed"] = "settle_owed"
    run: int
    step: str


class SettleUnknown(Value):
    """Say what became of a call whose outcome nobody knew."""

    kind: Literal["settle_unknown"] = "settle_unknown"
    run: int
    step: str
    happened: bool


class ReadAgain(Value):
    """Look once more at what a call left whose outcome nobody knew."""

    kind: Literal["read_again"] = "read_again"
    run: int
    step: str


class StopRun(Value):
    """Stop a run now; what it owes stays owed."""

    kind: Literal["stop_run"] = "stop_run"
    run: int


class TakeAlarm(Value):
    """Say "I'm on it" for an alarm."""

    kind: Literal["take_alarm"] = "take_alarm"
    alarm: int


class SnoozeAlarm(Value):
    """Keep an expected alarm quiet for a while, an hour where nothing is said."""

    kind: Literal["snooze_alarm"] = "snooze_alarm"
    alarm: int
    minutes: int = 60


class AlarmCame(Value):
    """An alarm message came through the queue."""

    kind: Literal["alarm_came"] = "alarm_came"
    notice: AlarmNotice


class DeclareIncident(Value):
    """Declare an incident in this channel; without a title, the alarm's own."""

    kind: Literal["declare_incident"] = "declare_incident"
    title: str = ""
    severity: int = 3
    alarm: int | None = None


class ShowIncidents(Value):
    """Show one incident, this channel's newest, or all that are open."""

    kind: Literal["show_incidents"] = "show_incidents"
    incident: int | None = None
    every: bool = False


class GradeIncident(Value):
    """Give an incident another severity; without a number, this channel's newest open one (so with all below)."""

    kind: Literal["grade_incident"] = "grade_incident"
    incident: int | None = None
    severity: int


class NamePerson(Value):
    """Give somebody a part in an incident; without a person, whoever says so."""

    kind: Literal["name_person"] = "name_person"
    incident: int | None = None
    role: str = "lead"
    person: str | None = None


class NoteIncident(Value):
    """Note something in an incident."""

    kind: Literal["note_incident"] = "note_incident"
    incident: int | None = None
    text: str


class MarkMessage(Value):
    """Mark a message as worth keeping, by a pin or an emoji, or take the mark away.

    Attributes:
        message: where it stands in the channel.
        emoji: as Slack names it; empty for a pin.
    """

    kind: Literal["mark_message"] = "mark_message"
    message: str
    emoji: str = ""
    added: bool


class EndIncident(Value):
    """Say that an incident hurts no more, or is over."""

    kind: Literal["end_incident"] = "end_incident"
    incident: int | None = None
    over: bool


class AskQuestion(Value):
    """Ask the bot something in one's own words."""

    kind: Literal["ask_question"] = "ask_question"
    question: str


class ExpandStep(Value):
    """Say what exactly to do at a step: of a run, or of a runbook by its number."""

    kind: Literal["expand_step"] = "expand_step"
    run: int | None = None
    runbook: str = ""
    step: str = ""


class AddStep(Value):
    """Add a step that was proposed on an expansion to the run it is of.

    Attributes:
        answer: the expansion's number; `number` is the proposal's place on it, from 1.
        typed: the values the person typed again, by parameter.
    """

    kind: Literal["add_step"] = "add_step"
    answer: int
    number: int
    typed: Mapping[str, str] = {}


class LeaveOut(Value):
    """Leave an added step out that a run waits at."""

    kind: Literal["leave_out"] = "leave_out"
    run: int
    step: str


class ShowEvidence(Value):
    """Show what an alarm (`A-118`), a run (`R-42`), an answer (`assist:57`) or a draft (`postmortem:3`) rests on.

    Attributes:
        item: the one item that is wanted whole; without it a page of all, from 1.
    """

    kind: Literal["show_evidence"] = "show_evidence"
    subject: str
    page: int = 1
    item: str = ""


class StrikeClaims(Value):
    """Strike sentences of a message of the assistant, or take strikes back.

    Attributes:
        message: an alarm's suggestion (`A-118`), an answer (`assist:57`) or a draft (`postmortem:3`).
        wrong: the ids of the sentences that are struck.
        back: the numbers of the strikes that are taken back.
    """

    kind: Literal["strike_claims"] = "strike_claims"
    message: str
    wrong: tuple[str, ...] = ()
    back: tuple[int, ...] = ()
    reason: str = ""


class ShowAlarms(Value):
    """Show the open alarms."""

    kind: Literal["show_alarms"] = "show_alarms"


class OtherRunbook(Value):
    """Show the runbooks that come nearest to an alarm, or that words find, where the one on its card does not fit."""

    kind: Literal["other_runbook"] = "other_runbook"
    alarm: int
    words: str = ""


class NoneFits(Value):
    """Say that no runbook fits an alarm."""

    kind: Literal["none_fits"] = "none_fits"
    alarm: int


class SuggestForAlarm(Value):
    """Look again at an alarm and suggest a response anew; it is meant by its id or its name.

    Attributes:
        cost: tell what the model read and wrote, too.
    """

    kind: Literal["suggest_for_alarm"] = "suggest_for_alarm"
    alarm: int | None = None
    name: str = ""
    cost: bool = False


class StartPostmortem(Value):
    """Draft a post-mortem: of an incident, this channel's newest, or of a window of time.

    Attributes:
        since: `02:00` (the last one, UTC) or an ISO text; so is `until`.
        groups: log groups; all of the platform's where none is named.
    """

    kind: Literal["start_postmortem"] = "start_postmortem"
    incident: int | None = None
    since: str = ""
    until: str = ""
    groups: tuple[str, ...] = ()


class CancelDraft(Value):
    """Stop writing a draft."""

    kind: Literal["cancel_draft"] = "cancel_draft"
    draft: int


class ShowPostmortem(Value):
    """Show a draft, this channel's newest if none is named; or one item of its evidence, whole."""

    kind: Literal["show_postmortem"] = "show_postmortem"
    incident: int | None = None
    item: str = ""


class EditDraft(Value):
    """Replace sections of a draft, by title, as they stood at an edition."""

    kind: Literal["edit_draft"] = "edit_draft"
    draft: int
    edition: int
    sections: Mapping[str, str]


class EditSection(Value):
    """Open a section of a draft, by title, for editing; without a title, ask which."""

    kind: Literal["edit_section"] = "edit_section"
    incident: int | None = None
    section: str = ""


class StateFact(Value):
    """Add what somebody saw to a section of a draft, under their name."""

    kind: Literal["state_fact"] = "state_fact"
    draft: int
    section: str
    text: str


class ConfirmCause(Value):
    """Say that a candidate was it, or that it was not; `number` is its place at that edition."""

    kind: Literal["confirm_cause"] = "confirm_cause"
    draft: int
    number: int
    edition: int
    right: bool


class CheckDraft(Value):
    """Hold every sentence of a draft against its evidence, and look for words that point at a person."""

    kind: Literal["check_draft"] = "check_draft"
    draft: int


class PublishPostmortem(Value):
    """Publish a draft; `anyway` where some words point at a person and stay.

    Attributes:
        edition: the one that somebody saw when they wanted it; None where they were shown none.
    """

    kind: Literal["publish_postmortem"] = "publish_postmortem"
    draft: int | None = None
    incident: int | None = None
    edition: int | None = None
    anyway: bool = False


class ExportPostmortem(Value):
    """Post a draft as a file of another form."""

    kind: Literal["export_postmortem"] = "export_postmortem"
    form: Form
    draft: int | None = None
    incident: int | None = None


class ImportPostmortem(Value):
    """Read an edited text back: the newest Markdown file shared here, one named by its id or link, or the canvas."""

    kind: Literal["import_postmortem"] = "import_postmortem"
    incident: int | None = None
    source: str = ""


class SettleImport(Value):
    """Take a text that was brought in over as the draft's next edition, or put it aside.

    Attributes:
        number: of the delivery that brought it in; its card is known by it.
    """

    kind: Literal["settle_import"] = "settle_import"
    draft: int
    number: int
    taken: bool


class ShowFollowUps(Value):
    """Show action items: of an incident, this channel's newest if none is named; mine; or all that are open."""

    kind: Literal["show_follow_ups"] = "show_follow_ups"
    incident: int | None = None
    which: Literal["subject", "mine", "open"] = "subject"


class AddFollowUp(Value):
    """Add an action item to an incident, this channel's newest if none is named.

    Attributes:
        beside: an action item on whose checklist it is to stand.
    """

    kind: Literal["add_follow_up"] = "add_follow_up"
    incident: int | None = None
    beside: int | None = None
    text: str


class OwnFollowUp(Value):
    """Give an action item to somebody, or take it."""

    kind: Literal["own_follow_up"] = "own_follow_up"
    item: int
    owner: str


class DateFollowUp(Value):
    """Say on which day an action item is due; None: on none."""

    kind: Literal["date_follow_up"] = "date_follow_up"
    item: int
    due: date | None


class CloseFollowUp(Value):
    """Say that an action item is done, or why it is dropped."""

    kind: Literal["close_follow_up"] = "close_follow_up"
    item: int
    done: bool
    why: str = ""


class SnoozeFollowUp(Value):
    """Put the reminder of an action item off by days."""

    kind: Literal["snooze_follow_up"] = "snooze_follow_up"
    item: int
    days: int


class GiveBackFollowUp(Value):
    """Make an action item nobody's again."""

    kind: Literal["give_back_follow_up"] = "give_back_follow_up"
    item: int


class OpenHome(Value):
    """Somebody opened the App Home."""

    kind: Literal["open_home"] = "open_home"


Wish = Annotated[
    StartRun
    | ShowList
    | ShowRunbook
    | ShowHelp
    | ShowStatus
    | ShowApprovals
    | ShowAudit
    | ShowDetails
    | CastVote
    | BreakGlass
    | DeclineRequest
    | RevokeRequest
    | AskAgain
    | AskPeople
    | MarkDone
    | GiveInputs
    | ParkRun
    | TakeOver
    | UndoStep
    | SettleOwed
    | SettleUnknown
    | ReadAgain
    | StopRun
    | TakeAlarm
    | SnoozeAlarm
    | AlarmCame
    | DeclareIncident
    | ShowIncidents
    | GradeIncident
    | NamePerson
    | NoteIncident
    | MarkMessage
    | EndIncident
    | AskQuestion
    | ExpandStep
    | AddStep
    | LeaveOut
    | ShowEvidence
    | StrikeClaims
    | ShowAlarms
    | SuggestForAlarm
    | OtherRunbook
    | NoneFits
    | StartPostmortem
    | CancelDraft
    | ShowPostmortem
    | EditDraft
    | EditSection
    | StateFact
    | ConfirmCause
    | CheckDraft
    | PublishPostmortem
    | ExportPostmortem
    | ImportPostmortem
    | SettleImport
    | ShowFollowUps
    | AddFollowUp
    | OwnFollowUp
    | DateFollowUp
    | CloseFollowUp
    | SnoozeFollowUp
    | GiveBackFollowUp
    | OpenHome,
    Field(discriminator="kind"),
]


OF_ALARM = "sns:"
"""What the identity of an alarm's delivery begins with, and no other."""


class Delivery(Value):
    """Hold one thing that came in.

    Attributes:
        identity: unique per delivery (event id, SHA-256 of a trigger id, SNS message id); a second one is dropped.
        person: who wants it; None for machines.
        said: the command as typed, for the announcement in the channel; personal text, never in the audit.
    """

    id: int = 0
    identity: str
    wish: Wish
    person: str | None
    place: Place
    said: str = ""
    at: datetime
