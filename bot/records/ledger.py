"""The audit as the store keeps it: chained in its transactions, anchored outside of the database."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

from sqlalchemy import Connection

from bot.domain.audit import (
    ANCHOR_EVERY,
    RESTORED,
    Anchor,
    AuditEntry,
    Problem,
    TextsOf,
    Verification,
    erasure,
    key_change,
    spelled,
    verify,
)
from bot.errors import BotError, NotAllowedError
from bot.records import chain
from bot.records.anchors import Anchors
from bot.records.database import Database
from bot.records.schema import installation_of
from bot.records.signing import Signer, is_signature

FAILED_AGAIN = timedelta(seconds=5)

log = logging.getLogger(__name__)


class Ledger:
    """Append to the audit, and say outside of the database how far it reaches."""

    def __init__(
        self,
        database: Database,
        *,
        installation: str,
        signer: Signer | None,
        anchors: Anchors | None,
        now: Callable[[Connection], datetime],
    ) -> None:
        self._database = database
        self._installation = installation
        self._signer = signer
        self._anchors = anchors
        self._now = now
        self._wanted = True
        self._anchored_at: datetime | None = None
        self._last = monotonic()
        self._newest: int | None = None
        self._not_before = 0.0
        self._alone = Lock()

    def append(self, connection: Connection, entries: Sequence[AuditEntry]) -> None:
        """Chain the entries in the transaction; the last thing a transaction does."""
        chain.append(
            connection,
            entries,
            now=lambda: self._now(connection),
            signer=self._own(),
            installation=self._installation,
        )

    def _own(self) -> Signer:
        if self._signer is None:
            raise NotAllowedError("The records were opened without the audit's key, so nothing can be changed.")
        return self._signer

    def goes_on_with(self, signer: Signer) -> bool:
        """Return whether the next record is that key's to sign."""
        with self._database.reading() as connection:
            head = chain.head(connection)
        return head is None or head.signing_key == signer.key

    def insist_own_key(self) -> None:
        """Raise NotAllowedError where the audit goes on with another key than this one was opened with."""
        with self._database.reading() as connection:
            chain.insist_goes_on(chain.head(connection), self._own())

    def rotate(self, signer: Signer) -> None:
        """Go on with another key, brought in by a record that the old key signs; once brought in, only go on."""
        with self._database.writing() as connection:
            head = chain.head(connection)
            if head is None or head.signing_key != signer.key:
                self.append(connection, [key_change(signer.public)])
        self._signer = signer

    def texts_of(self, person: str) -> TextsOf:
        """Return which private texts are a person's: they wrote them, or are named in them."""
        with self._database.reading() as connection:
            return chain.texts_of(connection, person)

    def erase(self, person: str, *, reason: str) -> TextsOf:
        """Erase a person's private texts and say so in the audit; what is chained stays, and so does its proof."""
        with self._database.writing() as connection:
            texts = chain.texts_of(connection, person)
            if texts.records:
                chain.erase(connection, texts)
                self.append(connection, [erasure(texts, reason=reason)])
        return texts

    def consumed(self) -> None:
        """Note that an approval was consumed; it is anchored now, or soon where anchoring takes long."""
        self._wanted = True
        if self._anchors and self._anchors.prompt:
            self.anchor_if_due()

    def close(self) -> None:
        """Anchor whatever is not anchored yet."""
        self._wanted = True
        self.anchor_if_due()

    def anchor_if_due(self) -> bool:
        """Write an anchor after a consumed approval and every ten minutes; a failure is tried again."""
        if self._anchors is None or self._signer is None:
            return False
        with self._alone:
            if monotonic() < self._not_before:
                return False
            try:
                return self._anchor(self._anchors, self._signer)
            except (BotError, OSError):
                # Whoever consumed the approval goes on: an anchor that is missing is found by `verify`.
                log.exception("The audit could not be anchored; it is tried again.")
                self._wanted = True
                self._not_before = monotonic() + FAILED_AGAIN.total_seconds()
                return False

    def _anchor(self, anchors: Anchors, signer: Signer) -> bool:
        wanted, self._wanted = self._wanted, False
        with self._database.reading() as connection:
            now = self._now(connection)
            last = self._anchored_at
            due = wanted or last is None or not timedelta() <= now - last < ANCHOR_EVERY  # a clock can go back
            head = chain.head(connection) if due else None
        if head is None or head.signing_key != signer.key or self._stands_behind(anchors, head.body.seq):
            return False
        anchor = Anchor(
            installation=self._installation,
            seq=head.body.seq,
            hash=head.hash,
            at=spelled(now),
            key=signer.key,
        )
        anchors.put(anchor.model_copy(update={"signature": signer.sign(anchor.message())}))
        self._anchored_at = now
        self._last = monotonic()
        return True

    def anchor_age(self) -> timedelta:
        """Return how long ago an anchor was written, or this was opened; zero while there is nothing to anchor."""
        with self._database.reading() as connection:
            head = chain.head(connection)
        return timedelta() if head is None else timedelta(seconds=monotonic() - self._last)

    def _stands_behind(self, anchors: Anchors, seq: int) -> bool:
        """Return whether a newer anchor was there at the start: an older copy put back is not vouched for."""
        if self._newest is None:
            found = anchors.newest()
            self._newest = found.seq if found else 0
        return seq < self._newest

    def behind_anchor(self) -> Anchor | None:
        """Return the newest anchor if the database lacks its record: an older copy was put back.

        A copy that was dealt with since says so in its audit, and is not reported again.
        """
        newest = self._anchors.newest() if self._anchors else None
        if newest is None:
            return None
        with self._database.reading() as connection:
            if chain.hash_at(connection, newest.seq) == newest.hash:
                return None
            kept = [record.body for record, _ in chain.read(connection, subject="records", most=20)]
        dealt_with = any(body.kind == RESTORED and body.facts.get("anchor") == newest.hash for body in kept)
        return None if dealt_with else newest


def verify_store(url: str, *, keys: Iterable[str], anchors: Anchors, every_signature: bool = False) -> Verification:
    """Return whether the audit of a database is whole, reading it only.

    Args:
        url: of SQLite or PostgreSQL.
        keys: the trusted public keys, from outside of the database.
        anchors: where they are kept.
        every_signature: check all signatures, not only those that matter most.
    """
    database = Database(url, read_only=True)
    try:
        known = anchors.every()  # before the records: a bot at work adds to both
        with database.reading() as connection:
            found = verify(
                chain.rows(connection),
                installation=installation_of(connection),
                trusted=keys,
                anchors=known,
                check=is_signature,
                every_signature=every_signature,
            )
            beside = (*_beside(connection),)
    finally:
        database.close()
    return found.model_copy(update={"problems": (*found.problems, *beside)})


def _beside(connection: Connection) -> Iterator[Problem]:
    """Yield what is wrong with what stands beside the chain: private texts, and under which subject a record is."""
    for seq, subject in chain.misfiled(connection):
        yield Problem(seq=seq, words=f"Record {seq} is filed under {subject}, which it does not tell of.")
    for seq in chain.changed_texts(connection):
        yield Problem(seq=seq, words=f"The private text of record {seq} was edited.")
    if lost := chain.lost_texts(connection):
        yield Problem(seq=None, words=f"{lost} private texts are gone that no erasure tells of.")
