import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.domain.audit import Verification
from bot.domain.records import Change
from bot.errors import NotAllowedError, UnavailableError
from bot.records.anchors import Anchors, NamedAnchors, folder_anchors
from bot.records.database import Database
from bot.records.ledger import verify_store
from bot.records.signing import Signer, signer_at, trusted_keys
from bot.records.store import Store
from tests.records.values import StandingClock, a_run, begin, entry, taking


class Vandal:
    """Change the database behind the bot's back, as somebody with every right on it can."""

    def __init__(self, url: str) -> None:
        self.postgres = not url.startswith("sqlite")
        if self.postgres:
            options = {"options": "-csearch_path=bot"}
            self._engine = sa.create_engine(url, connect_args=options)
        else:
            self._engine = sa.create_engine(url)

    def does(self, *statements: str) -> None:
        try:
            with self._engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        finally:
            self._engine.dispose()

    def unguards(self) -> None:
        names = ("audit_keeps_every_record", "audit_never_changes")
        if self.postgres:
            self.does("alter table audit disable trigger all", "alter table audit_private disable trigger all")
        else:
            self.does(*(f"drop trigger {name}" for name in names), "drop trigger audit_private_never_changes")


@pytest.fixture
def vandal(url: str) -> Vandal:
    return Vandal(url)


@pytest.fixture
def trusted(tmp_path: Path, signer: Signer) -> tuple[str, ...]:
    del signer
    return trusted_keys(tmp_path / "trust" / "audit.pub")


def tell(store: Store, count: int) -> None:
    for number in range(count):
        store.commit(Change(audit=(entry(subject=f"R-{number}", private=f"text {number}"),)))


def words(found: Verification) -> str:
    return " ".join(problem.words for problem in found.problems)


@pytest.fixture
def told(store: Store) -> Store:
    tell(store, 8)
    store.anchor_if_due()
    return store


def test_an_audit_nobody_touched_is_whole(told: Store, url: str, anchors: Anchors, trusted: Sequence[str]) -> None:
    found = verify_store(url, keys=trusted, anchors=anchors, every_signature=True)

    assert found.whole
    assert (found.records, found.anchored, found.unanchored) == (8, 8, 0)


@pytest.mark.parametrize("subject", ["\u00e4", "x" * 300, 'a "quoted" one', "50%_"])
def test_an_odd_subject_is_filed_under_its_own_name(
    told: Store, url: str, anchors: Anchors, trusted: Sequence[str], subject: str
) -> None:
    told.commit(Change(audit=(entry(subject=subject),)))

    assert [record.body.subject for record, _ in told.audit(subject=subject)] == [subject]
    assert verify_store(url, keys=trusted, anchors=anchors).whole


def test_a_change_and_its_audit_are_one(store: Store) -> None:
    store.commit(Change(runs=(a_run(),), audit=(entry("run.began"), entry("step.done"))))

    assert [record.body.kind for record, _ in store.audit(subject="R-1")] == ["step.done", "run.began"]


# What the database itself refuses


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set subject = 'R-9' where seq = 3",
        "delete from audit where seq = 3",
        "delete from audit_private; delete from audit",
        "update audit_private set text = '\"x\"' where seq = 3",
    ],
)
def test_the_audit_is_append_only(told: Store, url: str, statement: str) -> None:
    database = Database(url) if not url.startswith("sqlite") else None
    path = url.removeprefix("sqlite:///")
    with pytest.raises(Exception, match=r"append-only|erased, not changed"):  # noqa: PT012 - two drivers
        if database:
            with database.writing() as connection:
                connection.exec_driver_sql(statement)
        else:
            raw = connect(path)
            try:
                raw.executescript(statement)
            finally:
                raw.close()
    if database:
        database.close()

    assert len(told.audit()) == 8


def test_replace_cannot_pass_the_guards_through_the_bot_s_own_connections(tmp_path: Path, signer: Signer) -> None:
    database_url = f"sqlite:///{tmp_path}/replaced.db"
    store = Store.open(database_url, signer=signer)
    tell(store, 3)
    store.close()
    database = Database(database_url)
    try:
        with pytest.raises(DBAPIError, match="append-only"), database.writing() as connection:
            connection.exec_driver_sql("insert or replace into audit values (2, 's', 'b', 'h', 'x')")
    finally:
        database.close()


def test_replace_through_another_connection_is_found(
    tmp_path: Path, signer: Signer, anchors: Anchors, trusted: Sequence[str]
) -> None:
    database_url = f"sqlite:///{tmp_path}/replaced.db"
    store = Store.open(database_url, signer=signer, anchors=anchors)
    tell(store, 3)
    store.close()

    Vandal(database_url).does(
        "insert or replace into audit select seq, subject, body, hash, 'forged' from audit where seq = 3"
    )

    assert "signature of record 3" in words(verify_store(database_url, keys=trusted, anchors=anchors))


def test_truncate_is_refused(records_on_postgres: str, signer: Signer) -> None:
    store = Store.open(records_on_postgres, signer=signer)
    tell(store, 3)

    with pytest.raises(DBAPIError, match="append-only"):
        Vandal(records_on_postgres).does("truncate audit cascade")

    assert len(store.audit()) == 3
    store.close()


# What verify finds when the guards were taken away


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        (["update audit set body = replace(body, 'U1', 'U2') where seq = 3"], "hash is that of another"),
        (["delete from audit_private", "delete from audit where seq = 3"], "Records 3 to 3 are missing"),
        (["delete from audit_private", "delete from audit where seq > 6"], "cut off"),
        (["delete from audit_private", "delete from audit"], "cut off"),
        (["update audit set signature = 'forged' where seq = 8"], "signature of record 8"),
        (["update audit set subject = 'R-9' where seq = 3"], "Record 3 is filed under R-9"),
        (["update audit set subject = 'r-2' where seq = 3"], "Record 3 is filed under r-2"),
        (["delete from audit_private where seq in (3, 5)"], "2 private texts are gone that no erasure tells of"),
        (["update audit_private set text = '\"other\"' where seq = 3"], "private text of record 3"),
        (["update audit_private set text = 'nonsense' where seq = 3"], "private text of record 3"),
        (
            [
                "delete from audit_private",
                "update audit set seq = 100 where seq = 3",
                "update audit set seq = 3 where seq = 4",
                "update audit set seq = 4 where seq = 100",
            ],
            "not spelled as it was written",
        ),
    ],
)
def test_what_was_done_behind_the_guards_is_found(
    told: Store,
    url: str,
    vandal: Vandal,
    anchors: Anchors,
    trusted: Sequence[str],
    statements: list[str],
    finding: str,
) -> None:
    vandal.unguards()
    vandal.does(*statements)

    assert finding in words(verify_store(url, keys=trusted, anchors=anchors))


def test_a_chain_signed_anew_with_a_new_key_in_the_same_database_is_found(
    told: Store, url: str, vandal: Vandal, anchors: Anchors, trusted: Sequence[str], tmp_path: Path
) -> None:
    vandal.unguards()
    vandal.does("delete from audit_private", "delete from audit")
    forger = signer_at(tmp_path / "forger.key", trust=tmp_path / "forger.pub")
    told.ledger._signer = forger  # the forger holds the whole process
    tell(told, 8)
    told.close()

    found = verify_store(url, keys=trusted, anchors=anchors)

    assert "nobody trusts" in words(found)


def test_erasing_a_private_text_leaves_the_chain_whole(
    told: Store, url: str, anchors: Anchors, trusted: Sequence[str]
) -> None:
    said = (
        entry(actor="U0EVE", private="I forgot it"),
        entry(actor="U0BO", private="<@U0EVE> forgot it, not U0EVES"),
        entry(actor="U0BO", private="line 3:\nU0EVE forgot it"),
        entry(actor="U0BO", private="Äh\u200bU0EVE forgot it"),
    )
    others = (entry(actor="U0BO", private="U0EVES and XU0EVE are others"), entry(actor="U0EVE"))
    told.commit(Change(audit=(*said, *others)))
    before = {record.body.seq: private for record, private in told.audit()}

    found = told.ledger.erase("U0EVE", reason="they asked for it")

    texts = {record.body.seq: private for record, private in told.audit()}
    gone = [seq for seq, private in before.items() if private and not texts[seq]]
    assert sorted(gone) == [*found.written, *found.naming]
    assert [before[seq] for seq in (*found.written, *found.naming)] == [one.private for one in said]
    (record, reason) = next(one for one in told.audit() if one[0].body.kind == "audit.erased")
    assert (record.body.facts, reason) == ({"person": "U0EVE", "written": 1, "naming": 3}, "they asked for it")
    assert verify_store(url, keys=trusted, anchors=anchors, every_signature=True).whole


def test_a_text_that_is_gone_beside_those_that_were_erased_is_found(
    told: Store, url: str, vandal: Vandal, anchors: Anchors, trusted: Sequence[str]
) -> None:
    told.commit(Change(audit=(entry(actor="U0EVE", private="I forgot it"),)))
    told.ledger.erase("U0EVE", reason="they asked for it")

    vandal.does("delete from audit_private where seq = 3")

    assert "1 private texts are gone that no erasure tells of" in words(
        verify_store(url, keys=trusted, anchors=anchors)
    )


def test_where_there_is_nothing_of_a_person_nothing_is_erased_and_nothing_said(told: Store) -> None:
    before = len(told.audit(most=100))

    assert told.ledger.erase("U0NOBODY", reason="they asked for it").records == ()
    assert len(told.audit(most=100)) == before


# Anchors


def test_every_consumed_approval_is_anchored_at_once(
    store: Store, url: str, anchors: Anchors, trusted: Sequence[str]
) -> None:
    begin(store)
    tell(store, 2)
    store.anchor_if_due()
    tell(store, 2)
    before = anchors.newest()

    store.take(taking(store))

    after = anchors.newest()
    assert before is not None
    assert after is not None
    assert (before.seq, after.seq) == (2, 5)
    assert verify_store(url, keys=trusted, anchors=anchors).unanchored == 0


def test_the_audit_is_anchored_every_ten_minutes(store: Store, anchors: Anchors, clock: StandingClock) -> None:
    tell(store, 1)
    assert store.anchor_if_due()
    tell(store, 1)
    clock.move(timedelta(minutes=9))
    assert not store.anchor_if_due()

    clock.move(timedelta(minutes=1))

    assert store.anchor_if_due()
    newest = anchors.newest()
    assert newest is not None
    assert newest.seq == 2


def test_a_clock_that_goes_back_puts_no_anchor_off(store: Store, anchors: Anchors, clock: StandingClock) -> None:
    tell(store, 1)
    assert store.anchor_if_due()
    tell(store, 1)

    clock.move(-timedelta(hours=5))

    assert store.anchor_if_due()
    newest = anchors.newest()
    assert newest is not None
    assert newest.seq == 2


def test_an_audit_left_without_anchors_for_long_is_found(
    told: Store, url: str, anchors: Anchors, trusted: Sequence[str], clock: StandingClock
) -> None:
    clock.move(timedelta(minutes=16))
    tell(told, 1)

    found = verify_store(url, keys=trusted, anchors=anchors)

    assert "newest anchor is old" in words(found)
    assert [body.seq for body in found.tail] == [9]


def test_missing_anchors_are_found(told: Store, url: str, trusted: Sequence[str], tmp_path: Path) -> None:
    found = verify_store(url, keys=trusted, anchors=folder_anchors(tmp_path / "none"))

    assert "no anchor" in words(found)


def test_closing_anchors_what_is_left(store: Store, url: str, anchors: Anchors, trusted: Sequence[str]) -> None:
    store.anchor_if_due()
    tell(store, 3)
    store.close()

    assert verify_store(url, keys=trusted, anchors=anchors).unanchored == 0


class Bucket:
    """Keep anchors in memory, and do not answer for a while."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.answers = False

    def put(self, name: str, text: str) -> None:
        if not self.answers:
            raise UnavailableError("The bucket does not answer.")
        self.kept[name] = text

    def anchors(self) -> NamedAnchors:
        return NamedAnchors(put=self.put, names=lambda: list(self.kept), get=self.kept.__getitem__, prompt=True)


def test_anchors_that_cannot_be_written_stop_no_call(url: str, signer: Signer) -> None:
    bucket = Bucket()
    store = Store.open(url, signer=signer, anchors=bucket.anchors(), clock=StandingClock())
    begin(store)

    assert store.take(taking(store)).permit is not None
    store.close()


def test_what_could_not_be_anchored_is_anchored_later(
    url: str, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.records.ledger.FAILED_AGAIN", timedelta(0))
    bucket = Bucket()
    store = Store.open(url, signer=signer, anchors=bucket.anchors(), clock=StandingClock())
    tell(store, 2)
    assert not store.anchor_if_due()

    bucket.answers = True

    assert store.anchor_if_due()
    assert list(bucket.kept) == ["anchor-000000000002.json"]
    store.close()


def test_the_age_of_the_last_anchor_grows_until_one_is_written_and_an_empty_audit_has_none(
    url: str, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.records.ledger.FAILED_AGAIN", timedelta(0))
    bucket = Bucket()
    store = Store.open(url, signer=signer, anchors=bucket.anchors(), clock=StandingClock())
    ages = [store.anchor_age()]
    tell(store, 1)
    time.sleep(0.05)

    for bucket.answers in (False, True):
        store.anchor_if_due()
        ages.append(store.anchor_age())
    store.close()

    assert ages[0] == timedelta()
    assert ages[1] >= timedelta(milliseconds=50)
    assert ages[2] < ages[1]


def test_a_slow_place_for_anchors_keeps_no_call_waiting(url: str, signer: Signer) -> None:
    bucket = Bucket()
    bucket.answers = True
    slow = NamedAnchors(put=bucket.put, names=lambda: list(bucket.kept), get=bucket.kept.__getitem__)
    store = Store.open(url, signer=signer, anchors=slow, clock=StandingClock())
    begin(store)
    store.take(taking(store))
    assert bucket.kept == {}

    assert store.anchor_if_due()
    assert not store.anchor_if_due()
    store.close()


def test_an_older_copy_that_was_put_back_is_known_by_its_anchor(
    tmp_path: Path, signer: Signer, anchors: NamedAnchors
) -> None:
    url = f"sqlite:///{tmp_path}/restored.db"
    copy = tmp_path / "backup.db"
    store = Store.open(url, signer=signer, anchors=anchors, clock=StandingClock())
    tell(store, 3)
    with connect(tmp_path / "restored.db") as source, connect(copy) as target:
        source.backup(target)
    source.close()
    target.close()
    begin(store)
    store.take(taking(store))
    assert store.behind_anchor() is None
    store.close()

    for leftover in tmp_path.glob("restored.db-*"):
        leftover.unlink()
    copy.replace(tmp_path / "restored.db")
    restored = Store.open(url, signer=signer, anchors=anchors, clock=StandingClock())
    try:
        behind = restored.behind_anchor()
        assert behind is not None
        assert behind.seq == 4
    finally:
        restored.close()
    newest = anchors.newest()
    assert newest is not None
    assert newest.seq == 4


# Keys


def test_a_rotated_key_is_trusted_because_the_old_one_brought_it_in(
    told: Store, url: str, anchors: Anchors, trusted: Sequence[str], tmp_path: Path
) -> None:
    new = signer_at(tmp_path / "new.key", trust=tmp_path / "new.pub")

    told.ledger.rotate(new)
    tell(told, 2)
    told.close()

    found = verify_store(url, keys=trusted, anchors=anchors, every_signature=True)
    assert found.whole
    assert found.records == 11


def test_a_process_with_another_key_can_append_nothing(told: Store, url: str, tmp_path: Path) -> None:
    told.close()
    other = signer_at(tmp_path / "other.key", trust=tmp_path / "other.pub")
    store = Store.open(url, signer=other)
    try:
        with pytest.raises(NotAllowedError, match="right key file"):
            store.commit(Change(runs=(a_run(),), audit=(entry(),)))
        assert store.runs() == []
    finally:
        store.close()
