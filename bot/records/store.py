"""What the ports `Records` and `Claims` promise, one transaction each. The rules are in the parts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Self

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from bot.domain.approval import Approval, ConsumedApproval
from bot.domain.audit import Anchor, AuditRecord
from bot.domain.evidence import Evidence
from bot.domain.following import FollowUp
from bot.domain.inbox import Delivery
from bot.domain.incident import Incident
from bot.domain.postmortem.draft import Draft
from bot.domain.records import Attempt, Card, Change, Episode, Share, Taken, Taking, Wait
from bot.domain.run import Run
from bot.domain.strikes import Strike
from bot.domain.value import JsonObject
from bot.errors import NotFoundError, StaleError
from bot.ports import Clock
from bot.records import attempts, chain, dialogs, permits, queues, shared, subjects
from bot.records.anchors import Anchors
from bot.records.arrivals import Arrivals
from bot.records.database import Database, host_now
from bot.records.ledger import Ledger
from bot.records.migrations import migrate
from bot.records.schema import installation_of, snapshots
from bot.records.signing import Signer
from bot.records.statements import insert_new


class Store:
    """Keep the truth in SQLite or PostgreSQL."""

    def __init__(
        self,
        database: Database,
        *,
        signer: Signer | None,
        anchors: Anchors | None = None,
        clock: Clock | None = None,
        kept: Callable[[Change], object] = lambda _: None,
    ) -> None:
        """Serve a database that has its tables; `open` and `read_only` make sure of that."""
        self._database = database
        self._kept = kept
        self._clock = clock
        self._arrivals = Arrivals(self._keep_arrivals)
        with database.reading() as connection:
            self._installation = installation_of(connection)
        self.ledger = Ledger(database, installation=self._installation, signer=signer, anchors=anchors, now=self._now)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        signer: Signer,
        anchors: Anchors | None = None,
        clock: Clock | None = None,
        kept: Callable[[Change], object] = lambda _: None,
    ) -> Self:
        """Open for reading and writing, and bring the tables to their newest shape.

        Args:
            url: of SQLite or PostgreSQL.
            signer: signs the audit.
            anchors: where the audit is anchored.
            clock: decides instead of the database's, where time can be moved.
            kept: hears of each change once it is kept, and must not raise.

        Raises:
            NotAllowedError: another process writes to this SQLite file.
        """
        database = Database(url)
        try:
            with database.writing() as connection:
                migrate(connection)
            return cls(database, signer=signer, anchors=anchors, clock=clock, kept=kept)
        except BaseException:
            database.close()
            raise

    @classmethod
    def read_only(cls, url: str, *, clock: Clock | None = None) -> Self:
        """Open for reading, beside a bot at queues.

        Raises:
            NotFoundError: there is no such database, or the bot was never started on it.
        """
        database = Database(url, read_only=True)
        try:
            return cls(database, signer=None, clock=clock)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Anchor what is not anchored yet, and close."""
        self.ledger.close()
        self._database.close()

    @property
    def installation(self) -> str:
        """Return the id made when the database was."""
        return self._installation

    def now(self) -> datetime:
        """Return the time that decides."""
        if self._clock:
            return self._clock.now()
        if not self._database.postgres:
            return host_now()
        with self._database.reading() as connection:
            return self._now(connection)

    def _now(self, connection: Connection) -> datetime:
        return self._clock.now() if self._clock else self._database.real_now(connection)

    def next_id(self, kind: str) -> int:
        """Return a number never given before."""
        return self.count(kind, 1)

    def count(self, name: str, by: int) -> int:
        """Add to a counter, and return what it then is; see Counters."""
        with self._database.writing() as connection:
            return queues.count(connection, name, by)

    # The inbox.

    def accept(self, delivery: Delivery) -> bool:
        """Keep what came in; False when this delivery was kept before."""
        if self._database.postgres:  # many write at once there; in one transaction they would wait for each other
            return self._keep_arrivals([delivery])[0]
        return self._arrivals.accept(delivery)

    def _keep_arrivals(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        with self._database.writing() as connection:
            return queues.accept(connection, deliveries)

    def delivery(self, number: int) -> Delivery | None:
        """Return what came in under the number while it is still to be dealt with."""
        with self._database.reading() as connection:
            return queues.delivery(connection, number)

    def deliveries(self, *, most: int = 100, alarms: bool | None = None) -> Sequence[int]:
        """Return the numbers still to be dealt with, oldest first."""
        with self._database.reading() as connection:
            return queues.deliveries(connection, most=most, alarms=alarms)

    def came(self, *, before: int, since: datetime, most: int = 2_000) -> Sequence[Delivery]:
        """Return what came in before that number and not before that time, dealt with or not, newest first."""
        with self._database.reading() as connection:
            found = queues.came(connection, before=before, most=most)
            return [*takewhile(lambda one: one.at >= since, found)]

    # Looking.

    def run(self, number: int) -> Run:
        """Return the run."""
        with self._database.reading() as connection:
            return subjects.run(connection, number)

    def runs(self, *, open_only: bool = True, most: int = 50) -> Sequence[Run]:
        """Return runs, newest first."""
        with self._database.reading() as connection:
            return subjects.newest_runs(connection, open_only=open_only, most=most)

    def holder(self, exclusive: str) -> Run | None:
        """Return the run that holds the exclusive target."""
        with self._database.reading() as connection:
            return subjects.holder_of(connection, exclusive)

    def approval(self, number: int) -> Approval:
        """Return the approval."""
        with self._database.reading() as connection:
            return subjects.approval(connection, number)

    def approvals(self, *, run: int | None = None, open_only: bool = False) -> Sequence[Approval]:
        """Return requests, newest first."""
        with self._database.reading() as connection:
            return subjects.newest_approvals(connection, of=run, open_only=open_only)

    def attempts(self, run: int) -> Sequence[Attempt]:
        """Return every try at a call of the run, oldest first."""
        with self._database.reading() as connection:
            return attempts.of_run(connection, run)

    def episode(self, number: int) -> Episode:
        """Return the alarm's episode."""
        with self._database.reading() as connection:
            return subjects.episode(connection, number)

    def episodes(self, *, open_only: bool = True, arn: str | None = None) -> Sequence[Episode]:
        """Return episodes, newest first."""
        with self._database.reading() as connection:
            return subjects.newest_episodes(connection, open_only=open_only, arn=arn)

    def incident(self, number: int) -> Incident:
        """Return the incident."""
        with self._database.reading() as connection:
            return subjects.incident(connection, number)

    def incidents(self, *, channel: str | None = None, open_only: bool = False) -> Sequence[Incident]:
        """Return incidents, newest first, of one channel or of all."""
        with self._database.reading() as connection:
            return subjects.newest_incidents(connection, channel=channel, open_only=open_only)

    def draft(self, number: int) -> Draft:
        """Return the draft of a post-mortem."""
        with self._database.reading() as connection:
            return subjects.draft(connection, number)

    def drafts(self, *, most: int = 50) -> Sequence[Draft]:
        """Return drafts of post-mortems, newest first."""
        with self._database.reading() as connection:
            return subjects.newest_drafts(connection, most=most)

    def followup(self, number: int) -> FollowUp:
        """Return the action item."""
        with self._database.reading() as connection:
            return subjects.followup(connection, number)

    def followups(
        self, *, subject: str | None = None, owner: str | None = None, open_only: bool = False
    ) -> Sequence[FollowUp]:
        """Return action items, oldest first."""
        with self._database.reading() as connection:
            return subjects.oldest_followups(connection, subject=subject, owner=owner, open_only=open_only)

    def strike(self, number: int) -> Strike:
        """Return the strike, also one that was taken back."""
        with self._database.reading() as connection:
            return subjects.strike(connection, number)

    def strikes(self, about: Collection[str]) -> Sequence[Strike]:
        """Return the strikes that stand of these subjects, oldest first."""
        with self._database.reading() as connection:
            return subjects.open_strikes(connection, about)

    def struck(self) -> Mapping[str, int]:
        """Return how many strikes stand, by who worded the sentence."""
        with self._database.reading() as connection:
            return subjects.struck(connection)

    def evidence(self, subject: str) -> Evidence:
        """Return what sentences about the subject point at; nothing, where nothing was gathered."""
        with self._database.reading() as connection:
            return subjects.evidence_of(connection, subject)

    def holds(self, resource: str) -> tuple[int, ...]:
        """Return the runs that hold a shared thing paused."""
        with self._database.reading() as connection:
            return tuple(shared.holders(connection, resource))

    def snapshot(self, sha256: str) -> tuple[str, str]:
        """Return the text and path of a runbook as it was when a run began."""
        with self._database.reading() as connection:
            kept = select(snapshots.c.text, snapshots.c.path).where(snapshots.c.sha256 == sha256)
            row = connection.execute(kept).first()
        if row is None:
            raise NotFoundError(f"No runbook with the digest {sha256[:12]} was kept.")
        return row.text, row.path

    def open_waits(self, *, due: datetime, most: int = 200) -> Sequence[Wait]:
        """Return the waits whose hour has come, the longest overdue first."""
        with self._database.reading() as connection:
            return queues.open_waits(connection, due=due, most=most)

    def waits_of(self, shares: Sequence[Share], *, due: datetime) -> Sequence[Sequence[str]]:
        """Return the keys of the waits whose hour has come, of each share its own, the longest overdue first."""
        with self._database.reading() as connection:
            return queues.waits_of(connection, shares, due=due)

    def wait_open(self, key: str) -> bool:
        """Return whether the wait is still to be served."""
        with self._database.reading() as connection:
            return queues.wait_open(connection, key)

    def audit(self, *, subject: str | None = None, most: int = 100) -> Sequence[tuple[AuditRecord, str]]:
        """Return the newest records, each with its private text where that was not erased."""
        with self._database.reading() as connection:
            return chain.read(connection, subject=subject, most=most)

    # Changing.

    def keep_snapshot(self, text: str, path: str, sha256: str) -> None:
        """Keep a runbook's text under its digest; the same digest twice is kept once."""
        with self._database.writing() as connection:
            row = {"sha256": sha256, "text": text, "path": path}
            insert_new(connection, snapshots, row, returning=snapshots.c.sha256)

    def commit(self, change: Change) -> None:
        """Keep the change whole."""
        try:
            with self._database.writing() as connection:
                _keep(connection, change)
                self.ledger.append(connection, change.audit)
        except IntegrityError as error:
            raise self._refusal(change) from error
        self._kept(change)

    def _refusal(self, change: Change) -> Exception:
        with self._database.reading() as connection:
            found = (subjects.held(connection, run) for run in change.runs)
            words = "Something this rests on was changed in the same moment. Look again; nothing was changed."
            return next((error for error in found if error), None) or StaleError(words)

    def take(self, taking: Taking) -> Taken:
        """Take the next call of an approval and insert its attempt."""
        with self._database.writing() as connection:
            taken = permits.take(connection, taking, now=lambda: self._now(connection))
            self.ledger.append(connection, taking.audit)
        self.ledger.consumed()
        return taken

    def retake(self, attempt: int, *, owner: str, again: bool = False) -> ConsumedApproval:
        """Make a planned attempt this process's own, or an unanswered one that may be sent `again`."""
        with self._database.writing() as connection:
            found = permits.retake(connection, attempt, owner=owner, again=again, now=lambda: self._now(connection))
        if isinstance(found, Exception):
            raise found
        return found

    def disown(self, attempt: int, *, owner: str) -> None:
        """Commit that nobody knows what became of an attempt another process was sending."""
        with self._database.writing() as connection:
            attempts.disown(connection, attempt, owner=owner)

    def mark_sending(self, attempt: int, *, owner: str) -> None:
        """Commit that the attempt is being sent."""
        with self._database.writing() as connection:
            attempts.mark_sending(connection, attempt, owner=owner, now=self._now(connection))

    def note_progress(self, attempt: int, *, owner: str, progress: JsonObject, card: Card) -> None:
        """Commit how far a list of calls is; refused once the run is stopping, parked or over."""
        with self._database.writing() as connection:
            permits.note_progress(connection, attempt, owner=owner, progress=progress)
            queues.want_card(connection, card)

    # The audit's anchors.

    def anchor_if_due(self) -> bool:
        """Write an anchor of the audit if one is due; return whether one was written."""
        return self.ledger.anchor_if_due()

    def anchor_age(self) -> timedelta:
        """Return how long ago this process last anchored the audit; zero while there is nothing to anchor."""
        return self.ledger.anchor_age()

    def behind_anchor(self) -> Anchor | None:
        """Return the newest anchor if this database is an older copy that was put back."""
        return self.ledger.behind_anchor()

    # Cards.

    def cards_behind(self, *, most: int = 50) -> Sequence[Card]:
        """Return cards that show something old, urgent ones first."""
        with self._database.reading() as connection:
            return queues.cards_behind(connection, most=most)

    def card(self, key: str) -> Card | None:
        """Return the card of that key."""
        with self._database.reading() as connection:
            return queues.card(connection, key)

    def card_keys(self, prefix: str) -> Sequence[str]:
        """Return the keys of cards that begin so, in the order they were first wanted."""
        with self._database.reading() as connection:
            return queues.card_keys(connection, prefix)

    def card_shown(self, key: str, *, ts: str | None, shown: int, edition: int) -> None:
        """Keep where the card stands and what it shows."""
        with self._database.writing() as connection:
            queues.card_shown(connection, key, ts=ts, shown=shown, edition=edition)

    # Dialogs.

    def keep_dialog(self, opaque: str, *, person: str, until: datetime, subject: str) -> None:
        """Keep what a dialog was opened on, for that person, until then."""
        with self._database.writing() as connection:
            now = self._now(connection)
            dialogs.keep(connection, opaque, person=person, until=until, subject=subject, now=now)

    def dialog(self, opaque: str, *, person: str) -> str | None:
        """Return what this person's dialog was opened on, while its time is not over."""
        with self._database.reading() as connection:
            return dialogs.find(connection, opaque, person=person, now=self._now(connection))

    # Replicas; never on a clock that can be moved.

    def beat(self, replica: str) -> None:
        """Say that this process lives."""
        with self._database.writing() as connection:
            queues.beat(connection, replica, now=self._database.real_now(connection))

    def dead(self, *, after: timedelta) -> frozenset[str]:
        """Return the processes that have not beaten for so long."""
        with self._database.reading() as connection:
            return queues.dead(connection, before=self._database.real_now(connection) - after)

    def living(self, *, within: timedelta) -> frozenset[str]:
        """Return the processes that have beaten within so long."""
        with self._database.reading() as connection:
            return queues.living(connection, since=self._database.real_now(connection) - within)

    def claim(self, work: str, *, of: str, by: str) -> bool:
        """Return whether the work of a dead process is now this one's; the claim runs out after a minute."""
        with self._database.writing() as connection:
            now = self._database.real_now(connection)
            return queues.claim(connection, work, of=of, by=by, now=now, until=now + queues.CLAIM_LIFETIME)

    def leads(self, work: str, *, by: str, during: timedelta) -> bool:
        """Return whether this process alone does the work for so long; asking again in time prolongs it."""
        with self._database.writing() as connection:
            now = self._database.real_now(connection)
            return queues.lead(connection, work, by=by, now=now, until=now + during)


def _keep(connection: Connection, change: Change) -> None:
    """Keep everything but the audit, always in this order, so that two changes never wait for each other."""
    for run in sorted(change.runs, key=lambda one: one.id):
        subjects.save_run(connection, run)
    for approval in sorted(change.approvals, key=lambda one: one.id):
        subjects.save_approval(connection, approval)
    for episode in sorted(change.episodes, key=lambda one: one.id):
        subjects.save_episode(connection, episode)
    for incident in sorted(change.incidents, key=lambda one: one.id):
        subjects.save_incident(connection, incident)
    for draft in sorted(change.drafts, key=lambda one: one.id):
        subjects.save_draft(connection, draft)
    for item in sorted(change.followups, key=lambda one: one.id):
        subjects.save_followup(connection, item)
    for strike in sorted(change.strikes, key=lambda one: one.id):
        subjects.save_strike(connection, strike)
    for subject, found in sorted(change.evidence, key=lambda one: one[0]):
        subjects.save_evidence(connection, subject, found)
    for outcome in sorted(change.outcomes, key=lambda one: one.attempt):
        attempts.settle(connection, outcome)
    for number in sorted(change.settles):
        attempts.happened(connection, number)
    for wait in sorted(change.opens, key=lambda one: one.key):
        queues.open_wait(connection, wait)
    for key in sorted(change.closes):
        queues.close_wait(connection, key)
    for number in sorted(change.frees):
        if not attempts.in_hand(connection, number):
            shared.free(connection, number)
    for number, resource in sorted(change.drops):
        shared.drop_hold(connection, run=number, resource=resource)
    for name, by in sorted(change.counts):
        queues.count(connection, name, by)
    for card in sorted(change.cards, key=lambda one: one.key):
        queues.want_card(connection, card)
    if change.inbox is not None:
        queues.deal_with(connection, change.inbox)
