"""The audit: an append-only chain of signed records, and how to find out whether somebody touched it.

Records carry ids and digests. Personal and free text stands in side rows that can be erased; the record keeps
a salted digest of it. Keys and files are elsewhere: signing and checking come in as functions.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from pydantic import ValidationError

from bot.domain.plain import visible
from bot.domain.strictjson import canonical, digest, parse_object, without_floats
from bot.domain.value import JsonObject, Value
from bot.errors import InvalidError

FORM = "audit/v1"
ANCHOR_FORM = "anchor/v1"
KEY_CHANGED = "audit.key"
ANCHOR_EVERY = timedelta(minutes=10)
ANCHOR_OLD = timedelta(minutes=15)
MOST_SHOWN = 1_000


RESTORED = "records.restored"
ERASED = "audit.erased"


class AuditEntry(Value):
    """Say one thing that happened, before it is chained.

    Attributes:
        kind: what happened, e.g. `approval.cast`, `call.sent`.
        subject: what it happened to, e.g. `R-42`, `Q-9`.
        actor: the person's id, or `bot`, or `aws`.
        facts: ids, states and digests only.
        private: free or personal text; kept beside the chain, erasable.
    """

    kind: str
    subject: str
    actor: str
    facts: JsonObject = {}
    private: str = ""


class AuditBody(Value):
    """Hold what is hashed and signed.

    Attributes:
        at: ISO text in UTC with microseconds.
        private: salted digest of the private text, empty where there was none.
        previous: hash of the record before; of the first one, `genesis`.
        key: id of the key that signed it.
    """

    form: str = FORM
    seq: int
    at: str
    kind: str
    subject: str
    actor: str
    facts: JsonObject
    private: str
    previous: str
    key: str

    def text(self) -> str:
        """Return the one spelling of the body, which is what is stored and hashed."""
        return canonical(self.model_dump(mode="json")).decode()


class AuditRecord(Value):
    """Hold one link of the chain, as it is kept."""

    body: AuditBody
    hash: str
    signature: str

    @property
    def signing_key(self) -> str:
        """Return the id of the key that must sign the next record; a key change names another one."""
        brought = self.body.facts.get("key")
        return brought if self.body.kind == KEY_CHANGED and isinstance(brought, str) else self.body.key

    def row(self) -> "StoredRecord":
        """Return it as it is stored."""
        return StoredRecord(self.body.seq, self.body.text(), self.hash, self.signature)


class StoredRecord(NamedTuple):
    """Hold one row as the database gives it, believed in nothing."""

    seq: int
    body: str
    hash: str
    signature: str


class Anchor(Value):
    """Say outside of the database how far the chain reached, and with which hash."""

    form: str = ANCHOR_FORM
    installation: str
    seq: int
    hash: str
    at: str
    key: str
    signature: str = ""

    def message(self) -> bytes:
        """Return what is signed."""
        return canonical(self.model_dump(mode="json", exclude={"signature"}))


class Problem(Value):
    """Say what is wrong with the chain, and at which record."""

    seq: int | None
    words: str


class Verification(Value):
    """Say whether the audit is whole.

    Attributes:
        anchored: the newest record an anchor vouches for.
        unanchored: how many records came after it; the newest of them are in `tail`.
    """

    records: int
    head: str
    anchored: int
    anchored_at: str
    unanchored: int
    tail: tuple[AuditBody, ...]
    problems: tuple[Problem, ...]

    @property
    def whole(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.problems

    def lines(self) -> list[str]:
        """Return the verdict for a terminal, problems first; nothing a record says can move its cursor."""
        told = [f"PROBLEM {visible(problem.words)}" for problem in self.problems]
        state = "whole" if self.whole else f"NOT whole: {len(self.problems)} problems"
        told.append(f"{self.records} records, {state}; head {self.head[:16]}")
        when = self.anchored_at or "no time"
        told.append(f"anchored up to record {self.anchored} at {when}; {self.unanchored} after it")
        return told + [f"  not anchored: {visible(f'{body.seq} {body.kind} {body.subject}')}" for body in self.tail]


Sign = Callable[[bytes], str]
Check = Callable[[str, bytes, str], bool]


def genesis(installation: str) -> str:
    """Return what the first record of an installation has in place of a previous hash."""
    return digest({"form": FORM, "installation": installation})


def key_id(public: str) -> str:
    """Return the short id of a public key given in hex."""
    return sha256(public.encode()).hexdigest()[:16]


def private_digest(text: str, salt: str) -> str:
    """Return the salted digest that stands in the record for a private text."""
    return digest([salt, text])


def spelled(at: datetime) -> str:
    """Return the one spelling of a time: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def signed_bytes(record_hash: str) -> bytes:
    """Return what is signed of a record; the form keeps it from standing for anything else."""
    return f"{FORM}:{record_hash}".encode()


def chain(
    previous: AuditRecord | None,
    entry: AuditEntry,
    *,
    installation: str,
    at: datetime,
    salt: str,
    key: str,
    sign: Sign,
) -> AuditRecord:
    """Return the record that follows the previous one, hashed and signed."""
    facts = without_floats(entry.facts)
    body = AuditBody(
        seq=previous.body.seq + 1 if previous else 1,
        at=spelled(at),
        kind=entry.kind,
        subject=entry.subject,
        actor=entry.actor,
        facts=facts if isinstance(facts, dict) else {},
        private=private_digest(entry.private, salt) if entry.private else "",
        previous=previous.hash if previous else genesis(installation),
        key=key,
    )
    found = sha256(body.text().encode()).hexdigest()
    return AuditRecord(body=body, hash=found, signature=sign(signed_bytes(found)))


class TextsOf(Value):
    """Hold which records have a private text of a person: one that they wrote, or another's that names them.

    Attributes:
        person: their id.
    """

    person: str
    written: tuple[int, ...] = ()
    naming: tuple[int, ...] = ()

    @property
    def records(self) -> tuple[int, ...]:
        """Return all of them."""
        return (*self.written, *self.naming)


def erasure(texts: TextsOf, *, reason: str) -> AuditEntry:
    """Return the entry that tells of private texts that are gone now."""
    facts: JsonObject = {"person": texts.person, "written": len(texts.written), "naming": len(texts.naming)}
    return AuditEntry(kind=ERASED, subject="audit", actor="bot", facts=facts, private=reason)


def erased(body: AuditBody) -> int:
    """Return how many private texts a record says were erased."""
    counts = [body.facts.get(name) for name in ("written", "naming")] if body.kind == ERASED else []
    return sum(count for count in counts if isinstance(count, int))


def key_change(public: str) -> AuditEntry:
    """Return the entry that brings a new key in; it is chained with the old one."""
    facts: JsonObject = {"key": key_id(public), "public": public}
    return AuditEntry(kind=KEY_CHANGED, subject=f"key:{key_id(public)}", actor="bot", facts=facts)


def read_record(row: StoredRecord) -> AuditRecord:
    """Return the record a row holds.

    Raises:
        InvalidError: the body is not one, or not in its one spelling, or belongs to another place.
    """
    try:
        body = AuditBody.model_validate_json(row.body)
    except ValidationError as error:
        raise InvalidError(f"The body of record {row.seq} has not the fields of an audit record.") from error
    if body.seq != row.seq or body.text() != row.body:
        raise InvalidError(f"The body of record {row.seq} is not spelled as it was written.")
    return AuditRecord(body=body, hash=row.hash, signature=row.signature)


def read_anchor(text: str) -> Anchor:
    """Return the anchor a file holds.

    Raises:
        InvalidError: it is none.
    """
    try:
        return Anchor.model_validate(parse_object(text))
    except ValidationError as error:
        raise InvalidError("That file is not an anchor of the audit.") from error


def verify(
    rows: Iterable[StoredRecord],
    *,
    installation: str,
    trusted: Iterable[str],
    anchors: Sequence[Anchor],
    check: Check,
    every_signature: bool = False,
) -> Verification:
    """Return whether the chain is whole, reading it once from the first record to the last.

    Args:
        rows: every row, oldest first.
        installation: the id the chain begins with.
        trusted: public keys in hex, from outside of the store.
        anchors: all that are kept, from outside of the store.
        check: says whether a public key signed the bytes.
        every_signature: check all signatures, not only those of the head, of anchors and of key changes.
    """
    keys = {key_id(public): public for public in trusted}
    newest = max(anchors, key=lambda anchor: (anchor.seq, anchor.at), default=None)
    walk = _Walk(
        installation=installation,
        keys=keys,
        check=check,
        every_signature=every_signature,
        wanted=frozenset(anchor.seq for anchor in anchors),
        anchored=newest.seq if newest else 0,
    )
    for row in rows:
        walk.step(row)
    walk.finish()
    problems = [*walk.problems, *_anchor_problems(anchors, newest, walk)]
    return Verification(
        records=walk.count,
        head=walk.head.hash if walk.head else "",
        anchored=newest.seq if newest else 0,
        anchored_at=newest.at if newest else "",
        unanchored=walk.unanchored,
        tail=tuple(walk.tail),
        problems=tuple(problems),
    )


class _Walk:
    """Go along the chain once, remembering little."""

    def __init__(
        self,
        *,
        installation: str,
        keys: Mapping[str, str],
        check: Check,
        every_signature: bool,
        wanted: frozenset[int],
        anchored: int,
    ) -> None:
        self.installation = installation
        self.keys = dict(keys)
        self.problems: list[Problem] = []
        self.hashes: dict[int, str] = {}
        self.head: AuditRecord | None = None
        self.count = 0
        self.unanchored = 0
        self.tail: deque[AuditBody] = deque(maxlen=MOST_SHOWN)
        self._check = check
        self._every_signature = every_signature
        self._wanted = wanted
        self._anchored = anchored
        self._seq = 0
        self._previous = genesis(installation)
        self._key = ""

    def step(self, row: StoredRecord) -> None:
        """Look at the next row; after a problem go on from the row as it is."""
        self.count += 1
        if row.seq != self._seq + 1:
            self._problem(row.seq, f"Records {self._seq + 1} to {row.seq - 1} are missing.")
        self._seq = row.seq
        try:
            record = read_record(row)
        except InvalidError as error:
            self._problem(row.seq, f"Record {row.seq} was edited: {error.words}")
            self._previous = row.hash
            return
        self._links(record)
        self._signed(record)
        self._remember(record)

    def check_anchor(self, public: str, anchor: Anchor) -> bool:
        """Return whether the key signed the anchor."""
        return self._check(public, anchor.message(), anchor.signature)

    def finish(self) -> None:
        """Check the signature of the last record."""
        if self.head and not self._every_signature:
            self._signature(self.head)

    def _links(self, record: AuditRecord) -> None:
        seq = record.body.seq
        if sha256(record.body.text().encode()).hexdigest() != record.hash:
            self._problem(seq, f"Record {seq} was edited: its hash is that of another text.")
        if record.body.previous != self._previous:
            self._problem(seq, f"Record {seq} does not follow the record before it: something was edited or moved.")

    def _signed(self, record: AuditRecord) -> None:
        seq, key = record.body.seq, record.body.key
        expected = self._key or key
        if key not in self.keys:
            self._problem(seq, f"Record {seq} is signed with key {key}, which nobody trusts.")
        elif key != expected:
            self._problem(seq, f"Record {seq} is signed with key {key}; it should be {expected}.")
        if self._every_signature or record.body.kind == KEY_CHANGED or seq in self._wanted:
            self._signature(record)
        self._key = key

    def _signature(self, record: AuditRecord) -> None:
        public = self.keys.get(record.body.key)
        if public and not self._check(public, signed_bytes(record.hash), record.signature):
            self._problem(record.body.seq, f"The signature of record {record.body.seq} is not that of its key.")

    def _remember(self, record: AuditRecord) -> None:
        body = record.body
        if body.kind == KEY_CHANGED:
            self._bring_in(body)
        if body.seq in self._wanted:
            self.hashes[body.seq] = record.hash
        if body.seq > self._anchored:
            self.unanchored += 1
            self.tail.append(body)
        self._previous = record.hash
        self.head = record

    def _bring_in(self, body: AuditBody) -> None:
        public = body.facts.get("public")
        if body.key not in self.keys or not isinstance(public, str) or key_id(public) != body.facts.get("key"):
            self._problem(body.seq, f"Record {body.seq} brings in a key without the right to.")
            return
        self.keys[key_id(public)] = public
        self._key = key_id(public)

    def _problem(self, seq: int, words: str) -> None:
        if len(self.problems) < MOST_SHOWN:
            self.problems.append(Problem(seq=seq, words=words))


def _anchor_problems(anchors: Sequence[Anchor], newest: Anchor | None, walk: _Walk) -> list[Problem]:
    if newest is None:
        return [Problem(seq=None, words="There is no anchor.")] if walk.count else []
    found = [Problem(seq=one.seq, words=words) for one in anchors if (words := _anchor_problem(one, walk))]
    late = walk.head is not None and walk.head.body.seq > newest.seq and _late(walk.head.body.at, newest.at)
    if late:
        minutes = int(ANCHOR_OLD.total_seconds() // 60)
        words = f"The newest anchor is old: the newest record came more than {minutes} minutes after it."
        found.append(Problem(seq=newest.seq, words=words))
    return found


def _anchor_problem(anchor: Anchor, walk: _Walk) -> str | None:
    public = walk.keys.get(anchor.key)
    if public is None:
        return f"The anchor at record {anchor.seq} is signed with key {anchor.key}, which nobody trusts."
    if not walk.check_anchor(public, anchor):
        return f"The signature of the anchor at record {anchor.seq} is not that of its key."
    if anchor.installation != walk.installation:
        return f"The anchor at record {anchor.seq} belongs to another installation."
    kept = walk.hashes.get(anchor.seq)
    if kept is None:
        return f"The anchor knows a record {anchor.seq} that is not there: the end of the chain was cut off."
    if kept != anchor.hash:
        return f"The anchor knows another record {anchor.seq}: the chain was rewritten."
    return None


def _late(record_at: str, anchor_at: str) -> bool:
    try:
        return datetime.fromisoformat(record_at) - datetime.fromisoformat(anchor_at) > ANCHOR_OLD
    except (ValueError, TypeError):
        return True
