"""The audit's table: entries become links of the chain inside the transaction they tell of."""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, literal, select, text

from bot.domain.audit import (
    ERASED,
    AuditEntry,
    AuditRecord,
    StoredRecord,
    TextsOf,
    chain,
    erased,
    private_digest,
    read_record,
)
from bot.errors import InvalidError, NotAllowedError
from bot.records.schema import audit, audit_private, fold
from bot.records.signing import Signer

_LOCK = 0x72_62_6F_74_02
_PAGE = 2_000
_ROW = (audit.c.seq, audit.c.body, audit.c.hash, audit.c.signature)
_HEAD = select(*_ROW).order_by(audit.c.seq.desc()).limit(1)


def append(
    connection: Connection,
    entries: Sequence[AuditEntry],
    *,
    now: Callable[[], datetime],
    signer: Signer,
    installation: str,
) -> None:
    """Chain the entries and keep them; call it last, for nobody else can append before this transaction ends.

    Raises:
        NotAllowedError: the chain goes on with another key than the signer's.
    """
    if not entries:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    previous, at = head(connection), now()
    for entry in entries:
        insist_goes_on(previous, signer)
        previous = _keep(connection, previous, entry, at=at, signer=signer, installation=installation)


def insist_goes_on(newest: AuditRecord | None, signer: Signer) -> None:
    """Raise NotAllowedError where the audit goes on with another key than the signer's."""
    if newest and newest.signing_key != signer.key:
        words = (
            f"The audit goes on with key {newest.signing_key}, but the key file holds {signer.key}. "
            "Restore the right key file, or rotate the key with the old one at hand."
        )
        raise NotAllowedError(words)


def _keep(
    connection: Connection,
    previous: AuditRecord | None,
    entry: AuditEntry,
    *,
    at: datetime,
    signer: Signer,
    installation: str,
) -> AuditRecord:
    salt = secrets.token_hex(16)
    record = chain(previous, entry, installation=installation, at=at, salt=salt, key=signer.key, sign=signer.sign)
    row = {**record.row()._asdict(), "subject": fold(entry.subject)}
    connection.execute(insert(audit), row)
    if entry.private:
        side = {"seq": record.body.seq, "salt": salt, "text": json.dumps(entry.private)}
        connection.execute(insert(audit_private), side)
    return record


def head(connection: Connection) -> AuditRecord | None:
    """Return the newest record."""
    row = connection.execute(_HEAD).first()
    return read_record(_stored(row)) if row else None


def rows(connection: Connection) -> Iterator[StoredRecord]:
    """Yield every row as it is stored, oldest first, a page at a time."""
    last = None
    while True:
        page = select(*_ROW).order_by(audit.c.seq).limit(_PAGE)
        found = connection.execute(page if last is None else page.where(audit.c.seq > last)).all()
        if not found:
            return
        yield from map(_stored, found)
        last = found[-1].seq


def hash_at(connection: Connection, seq: int) -> str | None:
    """Return the hash of a record, or None if it is not there."""
    return connection.execute(select(audit.c.hash).where(audit.c.seq == seq)).scalar()


def read(connection: Connection, *, subject: str | None, most: int) -> list[tuple[AuditRecord, str]]:
    """Return the newest records, each with its private text where that was not erased."""
    statement = (
        select(*_ROW, audit_private.c.text)
        .select_from(audit.outerjoin(audit_private, audit.c.seq == audit_private.c.seq))
        .order_by(audit.c.seq.desc())
        .limit(most)
    )
    if subject is not None:
        statement = statement.where(audit.c.subject == fold(subject))
    found = connection.execute(statement)
    return [(read_record(_stored(row)), json.loads(row.text) if row.text else "") for row in found]


def texts_of(connection: Connection, person: str) -> TextsOf:
    """Return which private texts are a person's, by who acted and by whom they name."""
    joined = audit_private.join(audit, audit.c.seq == audit_private.c.seq)
    named = re.compile(rf"(?<![A-Za-z0-9]){re.escape(person)}(?![A-Za-z0-9])")
    written: list[int] = []
    naming: list[int] = []
    for row in connection.execute(select(*_ROW, audit_private.c.text).select_from(joined).order_by(audit.c.seq)):
        if read_record(_stored(row)).body.actor == person:
            written.append(row.seq)
        elif named.search(json.loads(row.text)):
            naming.append(row.seq)
    return TextsOf(person=person, written=tuple(written), naming=tuple(naming))


def erase(connection: Connection, texts: TextsOf) -> None:
    """Erase private texts, each with its salt; on SQLite they are also overwritten in the file."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("pragma secure_delete = on"))
    for seq in texts.records:
        connection.execute(delete(audit_private).where(audit_private.c.seq == seq))


def changed_texts(connection: Connection) -> list[int]:
    """Return the records whose private text is not the one they were chained with."""
    joined = audit_private.join(audit, audit.c.seq == audit_private.c.seq)
    statement = select(*_ROW, audit_private.c.salt, audit_private.c.text).select_from(joined).order_by(audit.c.seq)
    return [row.seq for row in connection.execute(statement) if not _fits(row)]


def misfiled(connection: Connection) -> list[tuple[int, str]]:
    """Return the records that are kept under another subject than their own, and so are not shown with it."""
    ends = literal('"subject":"') + audit.c.subject + literal('"}')  # `subject` is the last field of a body
    found = func.substr(audit.c.body, func.length(audit.c.body) - func.length(ends) + 1)
    rows = connection.execute(select(*_ROW, audit.c.subject).where(found != ends).order_by(audit.c.seq))
    return [(row.seq, row.subject) for row in rows if _subject(row) not in {None, row.subject}]


def _subject(row: Row[*tuple[Any, ...]]) -> str | None:
    """Return under what a record is to be kept; None where its body is no record's, which is found elsewhere."""
    try:
        return fold(read_record(_stored(row)).body.subject)
    except InvalidError:
        return None


def lost_texts(connection: Connection) -> int:
    """Return how many private texts are gone beside those that the records of erasures tell of."""
    joined = audit.outerjoin(audit_private, audit.c.seq == audit_private.c.seq)
    textless = audit_private.c.seq.is_(None) & ~audit.c.body.contains('"private":"","seq":')
    erasing = audit.c.body.contains(f'"kind":"{ERASED}"')
    lost = 0
    for row in connection.execute(select(*_ROW, audit_private.c.salt).select_from(joined).where(textless | erasing)):
        try:
            body = read_record(_stored(row)).body
        except InvalidError:  # found elsewhere
            continue
        lost += bool(body.private) and row.salt is None
        lost -= erased(body)
    return max(0, lost)


def _fits(row: Row[*tuple[Any, ...]]) -> bool:
    try:
        return private_digest(json.loads(row.text), row.salt) == read_record(_stored(row)).body.private
    except (ValueError, InvalidError):
        return False


def _stored(row: Row[*tuple[Any, ...]]) -> StoredRecord:
    return StoredRecord(row.seq, row.body, row.hash, row.signature)
