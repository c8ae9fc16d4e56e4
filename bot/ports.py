"""What the core needs from its neighbours, as Protocols. Nothing here does anything."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.action import Call, Element
from bot.domain.approval import Approval, ConsumedApproval
from bot.domain.assistance import (
    Answer,
    AnswerQuestion,
    DraftPostmortem,
    ExpandStep,
    Expansion,
    Suggestion,
    SuggestResponse,
    Wording,
)
from bot.domain.audit import AuditRecord
from bot.domain.chart import Chart
from bot.domain.evidence import Evidence, Item
from bot.domain.following import FollowUp
from bot.domain.inbox import Delivery
from bot.domain.incident import Incident
from bot.domain.logs.digest import Digest
from bot.domain.logs.event import LogEvent
from bot.domain.logs.fetching import Fetched, Progress, ReadLogs
from bot.domain.logs.showing import Pointed
from bot.domain.people import Person
from bot.domain.postmortem.document import Postmortem
from bot.domain.postmortem.draft import Draft, DraftView
from bot.domain.problem import Problem
from bot.domain.records import Attempt, Card, Change, Episode, Share, Taken, Taking, Wait
from bot.domain.remarks import Remark
from bot.domain.run import Run
from bot.domain.runbook import Runbook
from bot.domain.strikes import Strike
from bot.domain.uploads import Upload
from bot.domain.value import JsonObject, Value


class Identity(Value):
    """Say who the bot is to AWS for one service, from the session that will be used.

    Attributes:
        role: the caller's ARN; of an assumed role without its session name.
    """

    account: str
    role: str
    host: str


class Cloud(Protocol):
    """The one gate to AWS."""

    def look(self, call: Call) -> JsonObject:
        """Perform a reading row; "not there" is `{"found": False}`.

        Raises:
            UnavailableError: no answer; trying again is safe.
            CallRefusedError: AWS said no.
        """
        ...

    def send(self, permit: ConsumedApproval, *, mark: Callable[[], None]) -> JsonObject:
        """Send a call exactly once, after `mark` has committed that it is being sent.

        Raises:
            UnavailableError: nothing was sent.
            CallRefusedError: AWS said no; nothing was changed.
            OutcomeUnknownError: sent, and no answer came back.
        """
        ...

    def send_many(
        self,
        permit: ConsumedApproval,
        elements: Sequence[Element],
        *,
        mark: Callable[[int, int], None],
        insist: Callable[[Sequence[Call]], None] | None = None,
    ) -> JsonObject:
        """Send each call of an approved list exactly once, but those that are so already.

        Args:
            mark: commits, before some of them are sent, how many are done and how many may have been sent after it.
            insist: looks, before that, whether what they overwrite is as it was listed, and raises where it is not.

        Raises:
            InvalidError: they are not the calls the permit stands for; nothing was sent.
            UnavailableError, CallRefusedError, OutcomeUnknownError: of the first that went wrong; see `send`.
        """
        ...

    def identity(self, service: str) -> Identity:
        """Return who is calling, and which host would be called.

        Raises:
            UnavailableError: AWS did not say.
        """
        ...


class Logs(Protocol):
    """Reads many log lines, and says what it did not read."""

    def read(
        self,
        ask: ReadLogs,
        *,
        take: Callable[[Sequence[LogEvent]], object],
        told: Callable[[Progress], None] = ...,
        stop: Callable[[], bool] = ...,
    ) -> Fetched:
        """Give pages of lines to `take`, one after another, as they come; what fails is in `unread`, in words.

        Args:
            told: hears after each page how far it is.
            stop: asked before each page; when it says yes, what is left can be asked for later.
        """
        ...


class Archive(Protocol):
    """Keeps the evidence of each post-mortem in a file of its own, and what was published."""

    def keep(
        self, label: str, document: Postmortem, *, text: str, pointed: Sequence[Pointed], digest: Digest | None
    ) -> str:
        """Write the evidence archive, whole or not at all; return its seal."""
        ...

    def verbatim(self, label: str, item: Item) -> str:
        """Return the log line that an item points at, whole and redacted; empty where it points at none.

        Raises:
            NotFoundError: there is no archive.
            InvalidError: it cannot be read.
        """
        ...

    def publish(self, label: str, edition: int, text: str) -> tuple[str, ...]:
        """Keep the Markdown where others find it; return where, in words.

        Raises:
            InvalidError: there is another text of that edition, which is left as it is.
            EdgeError: it could not be kept everywhere; the words say where it is, and what to do.
        """
        ...


class Documents(Protocol):
    """Makes files of a draft: its text in other forms, and its picture."""

    def picture(self, chart: Chart) -> DraftView:
        """Return a chart as a picture."""
        ...

    def view(self, form: str, draft: Draft) -> DraftView:
        """Return the draft as `md`, `html`, `docx`, `json` or `chart`.

        Raises:
            UnavailableError: it cannot be made; the words say why.
        """
        ...


class Uploads(Protocol):
    """Reads the Markdown files and canvases that people share in Slack."""

    def shared(self, channel: str, *, thread: str | None) -> Sequence[Upload]:
        """Return the files shared lately in a channel and in one thread of it, newest first.

        Raises:
            EdgeError: Slack did not say; the words tell what is missing.
        """
        ...

    def upload(self, file: str) -> Upload:
        """Return what Slack says of a file.

        Raises:
            NotFoundError: the bot sees no such file.
            EdgeError: Slack did not say.
        """
        ...

    def content(self, upload: Upload) -> bytes:
        """Return what is in it.

        Raises:
            InvalidError: it is larger than a file may be that is read.
            EdgeError: it could not be read, or does not lie with Slack.
        """
        ...


class Remarks(Protocol):
    """Reads single messages that were said in Slack."""

    def remark(self, channel: str, ts: str) -> Remark | None:
        """Return the message as it is now; None where it is gone.

        Raises:
            UnavailableError: Slack did not say.
            CallRefusedError: the bot may not read there.
        """
        ...


class Pager(Protocol):
    """Wakes people through their own pager."""

    def page(self, topic: str, subject: str, words: str) -> None:
        """Publish to the role's page topic.

        Raises:
            EdgeError: the page may not have gone out.
        """
        ...


class Directory(Protocol):
    """Knows who people are and who is in a role, from Slack."""

    def person(self, person: str, *, fresh: bool = False) -> Person:
        """Return who that is.

        Raises:
            UnavailableError: Slack did not say.
        """
        ...

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        """Return the ids of the people in a role of the policy.

        Args:
            fresh: ask Slack now instead of trusting what it said within the last minute.

        Raises:
            UnavailableError: Slack did not say; the answer is then no.
        """
        ...

    def shared(self, channel: str) -> bool:
        """Return whether people from elsewhere are in the channel.

        Raises:
            UnavailableError: Slack did not say.
        """
        ...


class Clock(Protocol):
    """Tells the time that decides: expiry, watches, windows."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...


class Library(Protocol):
    """Holds the runbooks as they are on disk now."""

    def runbooks(self) -> Mapping[str, Runbook]:
        """Return every runbook that was read without an error, by id."""
        ...

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong with the files, file by file."""
        ...

    def find(self, name: str) -> Runbook:
        """Return the runbook of that id.

        Raises:
            NotFoundError: there is none; the words offer the nearest.
        """
        ...

    def text(self, runbook: Runbook) -> str:
        """Return the file's text as it was read."""
        ...

    def reading(self, text: str, path: str) -> Runbook:
        """Return a runbook from a snapshot of its text.

        Raises:
            InvalidError: the snapshot cannot be read.
        """
        ...


class Search(Protocol):
    """Finds runbooks and past incidents by words; each answer is ids, best first, each with the words that matched."""

    def runbooks(self, words: str, *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Return runbooks for what a person typed."""
        ...

    def fitting(self, words: Sequence[str], *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Return runbooks for the words of an alarm, as `domain/matching` takes them from it."""
        ...

    def incidents(self, words: str, *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Return past incidents and their post-mortems for what a person typed, or what an alarm says."""
        ...


class Assistant(Protocol):
    """Words what code has gathered; it never acts, and what it says is a guess until `domain/claims` has checked it.

    No verb raises for a model that is away, slow or wrong: the reply then says so in `made.degraded`.
    """

    def expand_step(self, job: ExpandStep) -> Expansion:
        """Say what exactly to do now at one step."""
        ...

    def suggest_response(self, job: SuggestResponse) -> Suggestion:
        """Say which response fits an alarm."""
        ...

    def answer(self, job: AnswerQuestion, *, heard: Callable[[str], None] = ...) -> Answer:
        """Answer from the evidence; `heard` is given the text so far while it is being written."""
        ...

    def draft_postmortem(self, job: DraftPostmortem) -> Wording:
        """Word the sections of a post-mortem."""
        ...


class Counters(Protocol):
    """Counts what restarts and replicas must agree on."""

    def count(self, name: str, by: int) -> int:
        """Add to the counter of that name, below zero never, and return what it then is."""
        ...


class Engine(Protocol):
    """Executes work that never waits, once per id, through crashes."""

    def start(self, work: str) -> None:
        """Start the work unless it is in flight; work that ended but is still open in the records starts again."""
        ...


class Claims(Protocol):
    """Says which process is alive, and who takes over what, on the database's own clock."""

    def beat(self, replica: str) -> None:
        """Say that this process lives."""
        ...

    def dead(self, *, after: timedelta) -> frozenset[str]:
        """Return the processes that have not beaten for so long."""
        ...

    def claim(self, work: str, *, of: str, by: str) -> bool:
        """Return whether the work of a dead process is now this one's; exactly one asker hears yes."""
        ...


class Dialogs(Protocol):
    """What dialogs were opened on, the same for all replicas: one may open it and another hear the answer."""

    def keep_dialog(self, opaque: str, *, person: str, until: datetime, subject: str) -> None:
        """Keep what a dialog was opened on, for that person, until then; only so many are kept, the newest."""
        ...

    def dialog(self, opaque: str, *, person: str) -> str | None:
        """Return what this person's dialog was opened on, while its time is not over."""
        ...


class Records(Dialogs, Counters, Protocol):
    """The truth: every state the bot knows, in one database."""

    @property
    def installation(self) -> str:
        """Return the id made when the database was; it is part of every name given to AWS."""
        ...

    def now(self) -> datetime:
        """Return the time that decides (see Clock)."""
        ...

    def next_id(self, kind: str) -> int:
        """Return a number never given before for run, approval, alarm, incident, strike."""
        ...

    # The inbox.

    def accept(self, delivery: Delivery) -> bool:
        """Keep what came in; False when this delivery was kept before."""
        ...

    def delivery(self, number: int) -> Delivery | None:
        """Return what came in under the number while it is still to be dealt with."""
        ...

    def came(self, *, before: int, since: datetime, most: int = 2_000) -> Sequence[Delivery]:
        """Return what came in before that number and not before that time, dealt with or not, newest first."""
        ...

    def deliveries(self, *, most: int = 100, alarms: bool | None = None) -> Sequence[int]:
        """Return the numbers still to be dealt with, oldest first.

        Args:
            alarms: only alarms, or only what people want; None: both.
        """
        ...

    # Looking.

    def run(self, number: int) -> Run:
        """Return the run.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def runs(self, *, open_only: bool = True, most: int = 50) -> Sequence[Run]:
        """Return runs, newest first; open ones include ended ones that still owe something."""
        ...

    def audit(self, *, subject: str | None = None, most: int = 100) -> Sequence[tuple[AuditRecord, str]]:
        """Return the newest records of the audit, each with its private text where that was not erased."""
        ...

    def holder(self, exclusive: str) -> Run | None:
        """Return the run that holds the exclusive target."""
        ...

    def approval(self, number: int) -> Approval:
        """Return the approval.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def approvals(self, *, run: int | None = None, open_only: bool = False) -> Sequence[Approval]:
        """Return requests, newest first, of one run or of all."""
        ...

    def attempts(self, run: int) -> Sequence[Attempt]:
        """Return every try at a call of the run, oldest first."""
        ...

    def episode(self, number: int) -> Episode:
        """Return the alarm's episode.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def episodes(self, *, open_only: bool = True, arn: str | None = None) -> Sequence[Episode]:
        """Return episodes, newest first."""
        ...

    def incident(self, number: int) -> Incident:
        """Return the incident.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def incidents(self, *, channel: str | None = None, open_only: bool = False) -> Sequence[Incident]:
        """Return incidents, newest first, of one channel or of all."""
        ...

    def draft(self, number: int) -> Draft:
        """Return the draft of a post-mortem.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def drafts(self, *, most: int = 50) -> Sequence[Draft]:
        """Return drafts of post-mortems, newest first."""
        ...

    def followup(self, number: int) -> FollowUp:
        """Return the action item.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def followups(
        self, *, subject: str | None = None, owner: str | None = None, open_only: bool = False
    ) -> Sequence[FollowUp]:
        """Return action items, oldest first, of one incident or person or of all."""
        ...

    def strike(self, number: int) -> Strike:
        """Return the strike, also one that was taken back.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def strikes(self, about: Collection[str]) -> Sequence[Strike]:
        """Return the strikes that stand of these subjects, oldest first."""
        ...

    def struck(self) -> Mapping[str, int]:
        """Return how many strikes stand, by who worded the sentence; the empty name is people."""
        ...

    def evidence(self, subject: str) -> Evidence:
        """Return what sentences about the subject point at; nothing, where nothing was gathered."""
        ...

    def holds(self, resource: str) -> tuple[int, ...]:
        """Return the runs that hold a shared thing paused."""
        ...

    def snapshot(self, sha256: str) -> tuple[str, str]:
        """Return the text and path of a runbook as it was when a run began."""
        ...

    def open_waits(self, *, due: datetime, most: int = 200) -> Sequence[Wait]:
        """Return the waits whose hour has come, the longest overdue first."""
        ...

    def waits_of(self, shares: Sequence[Share], *, due: datetime) -> Sequence[Sequence[str]]:
        """Return the keys of the waits whose hour has come, of each share its own, the longest overdue first."""
        ...

    def wait_open(self, key: str) -> bool:
        """Return whether the wait is still to be served."""
        ...

    # Changing.

    def keep_snapshot(self, text: str, path: str, sha256: str) -> None:
        """Keep a runbook's text under its digest; the same digest twice is kept once."""
        ...

    def commit(self, change: Change) -> None:
        """Keep the change whole.

        Raises:
            StaleError: something it rests on was changed since; nothing is kept.
            LeaseHeldError: the exclusive target is held by another run; nothing is kept.
        """
        ...

    def take(self, taking: Taking) -> Taken:
        """Take the next call of an approval and insert its attempt.

        Raises:
            StaleError: run or approval changed since, the run is stopping, or the attempt exists.
            NotAllowedError: the approval has expired, or is not (or no longer) approved.
            LeaseHeldError: another run is changing the resource.
        """
        ...

    def retake(self, attempt: int, *, owner: str, again: bool = False) -> ConsumedApproval:
        """Make a planned attempt, or an unanswered one that may be sent again, this process's own.

        Raises:
            StaleError: it is not to be sent any more.
            NotAllowedError: it was never sent and its approval has expired since.
        """
        ...

    def disown(self, attempt: int, *, owner: str) -> None:
        """Commit that nobody knows what became of an attempt another process was sending.

        Raises:
            StaleError: it is not being sent any more; look again.
        """
        ...

    def note_progress(self, attempt: int, *, owner: str, progress: JsonObject, card: Card) -> None:
        """Commit how far a list of calls is, and that its run's card shows something old.

        Raises:
            StaleError: the attempt is not this owner's to send any more.
            NotAllowedError: the run is stopping, parked or over; no more of the list may be sent.
        """
        ...

    def mark_sending(self, attempt: int, *, owner: str) -> None:
        """Commit that the attempt is being sent.

        Raises:
            StaleError: it is not planned by this owner any more.
        """
        ...

    # Cards.

    def cards_behind(self, *, most: int = 50) -> Sequence[Card]:
        """Return cards that show something old, urgent ones first."""
        ...

    def card(self, key: str) -> Card | None:
        """Return the card of that key."""
        ...

    def card_keys(self, prefix: str) -> Sequence[str]:
        """Return the keys of cards that begin so, in the order they were first wanted."""
        ...

    def card_shown(self, key: str, *, ts: str | None, shown: int, edition: int) -> None:
        """Keep where the card stands and what it shows."""
        ...
