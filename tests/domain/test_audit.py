from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import (
    Anchor,
    AuditEntry,
    AuditRecord,
    StoredRecord,
    Verification,
    chain,
    key_change,
    key_id,
    private_digest,
    read_anchor,
    read_record,
    spelled,
    verify,
)
from bot.errors import InvalidError

HOME = "installation"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIRST, SECOND, STRANGER = "public-one", "public-two", "public-three"


def sign_as(public: str) -> Callable[[bytes], str]:
    """Stand in for a key pair: whoever knows the name can sign, and the name checks it."""
    return lambda message: sha256(public.encode() + message).hexdigest()


def check(public: str, message: bytes, signature: str) -> bool:
    return sign_as(public)(message) == signature


def grown(
    entries: Sequence[AuditEntry],
    *,
    after: AuditRecord | None = None,
    public: str = FIRST,
    at: datetime = START,
) -> list[AuditRecord]:
    records: list[AuditRecord] = []
    for number, entry in enumerate(entries):
        previous = records[-1] if records else after
        records.append(
            chain(
                previous,
                entry,
                installation=HOME,
                at=at + timedelta(seconds=number),
                salt="salt",
                key=key_id(public),
                sign=sign_as(public),
            )
        )
    return records


def entries(count: int) -> list[AuditEntry]:
    return [AuditEntry(kind="k", subject=f"R-{n}", actor="U1", facts={"n": n}, private="p") for n in range(count)]


def anchored(record: AuditRecord, *, public: str = FIRST, at: str = "", home: str = HOME) -> Anchor:
    anchor = Anchor(
        installation=home,
        seq=record.body.seq,
        hash=record.hash,
        at=at or record.body.at,
        key=key_id(public),
    )
    return anchor.model_copy(update={"signature": sign_as(public)(anchor.message())})


def verified(
    rows: Sequence[StoredRecord],
    anchors: Sequence[Anchor],
    *,
    trusted: Sequence[str] = (FIRST,),
    every_signature: bool = False,
) -> Verification:
    return verify(
        rows,
        installation=HOME,
        trusted=trusted,
        anchors=anchors,
        check=check,
        every_signature=every_signature,
    )


def words(found: Verification) -> str:
    return " ".join(problem.words for problem in found.problems)


@pytest.fixture
def records() -> list[AuditRecord]:
    return grown(entries(10))


@pytest.fixture
def rows(records: list[AuditRecord]) -> list[StoredRecord]:
    return [record.row() for record in records]


def test_a_chain_nobody_touched_is_whole(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    found = verified(rows, [anchored(records[6])], every_signature=True)

    assert found.whole
    assert (found.records, found.head, found.anchored, found.unanchored) == (10, records[9].hash, 7, 3)
    assert [body.seq for body in found.tail] == [8, 9, 10]


def test_nothing_is_a_whole_chain() -> None:
    assert verified([], []).whole


def test_private_text_stands_in_the_record_as_a_salted_digest_only(records: list[AuditRecord]) -> None:
    entry = AuditEntry(kind="k", subject="R-1", actor="U1", private="Otto's secret")
    (record,) = grown([entry])

    assert "Otto" not in record.row().body
    assert record.body.private == private_digest("Otto's secret", "salt")
    assert record.body.private != private_digest("Otto's secret", "other")


@pytest.mark.parametrize("field", ["actor", "kind", "subject", "at", "private", "key", "previous"])
def test_an_edited_field_is_found(records: list[AuditRecord], rows: list[StoredRecord], field: str) -> None:
    edited = records[4].body.model_copy(update={field: "x" * 64})
    rows[4] = rows[4]._replace(body=edited.text())

    found = verified(rows, [anchored(records[9])])

    assert found.problems[0].seq == 5


def test_an_edited_record_whose_hash_was_mended_is_found(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    text = records[4].body.model_copy(update={"actor": "U9"}).text()
    rows[4] = rows[4]._replace(body=text, hash=sha256(text.encode()).hexdigest())

    found = verified(rows, [anchored(records[9])])

    assert [problem.seq for problem in found.problems] == [6]


@pytest.mark.parametrize("body", ["", "{}", "[]", "nonsense", '{"seq":5,"seq":5}', "\x00"])
def test_a_body_that_is_none_is_found(records: list[AuditRecord], rows: list[StoredRecord], body: str) -> None:
    rows[4] = rows[4]._replace(body=body)

    assert "Record 5 was edited" in words(verified(rows, [anchored(records[9])]))


def test_a_body_spelled_otherwise_is_found(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    text = rows[4].body.replace(":", ": ", 1)
    rows[4] = rows[4]._replace(body=text, hash=sha256(text.encode()).hexdigest())

    assert "Record 5 was edited" in words(verified(rows, [anchored(records[9])]))


def test_a_swapped_pair_is_found(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    rows[3], rows[4] = rows[4]._replace(seq=4), rows[3]._replace(seq=5)

    assert not verified(rows, [anchored(records[9])]).whole


def test_a_removed_record_is_found(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    del rows[4]

    found = verified(rows, [anchored(records[9])])

    assert "Records 5 to 5 are missing" in words(found)


def test_a_removed_beginning_is_found(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    assert "Records 1 to 3 are missing" in words(verified(rows[3:], [anchored(records[9])]))


def test_a_cut_end_is_found_by_its_anchor(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    found = verified(rows[:8], [anchored(records[9])])

    assert "cut off" in words(found)


def test_a_chain_written_anew_with_the_same_key_is_found_by_its_anchor(records: list[AuditRecord]) -> None:
    forged = grown([*entries(9), AuditEntry(kind="k", subject="R-9", actor="U2")])

    found = verified([one.row() for one in forged], [anchored(records[9])])

    assert "rewritten" in words(found)


def test_a_chain_signed_anew_with_another_key_is_found(records: list[AuditRecord]) -> None:
    forged = grown(entries(10), public=STRANGER)

    found = verified([one.row() for one in forged], [anchored(forged[9], public=STRANGER)])

    assert "nobody trusts" in words(found)


def test_a_signature_of_another_key_under_a_trusted_name_is_found(
    records: list[AuditRecord], rows: list[StoredRecord]
) -> None:
    rows[9] = rows[9]._replace(signature=sign_as(STRANGER)(b"anything"))

    assert "signature of record 10" in words(verified(rows, [anchored(records[8])]))


def test_what_a_record_says_cannot_write_over_the_verdict(rows: list[StoredRecord], records: list[AuditRecord]) -> None:
    whole = "\x1b[2J\x1b[H10 records, whole; head 0123456789abcdef\n"
    forged = grown([AuditEntry(kind=whole, subject=f"R-1\r{whole}", actor="U2")], after=records[9], public=whole)

    lines = verified([*rows, forged[0].row()], [anchored(records[9])]).lines()

    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if line.startswith("10 records")] == []
    assert any("NOT whole" in line for line in lines)


def test_an_old_signature_is_looked_at_when_every_one_is(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    rows[4] = rows[4]._replace(signature="forged")

    assert verified(rows, [anchored(records[9])]).whole
    assert "signature of record 5" in words(verified(rows, [anchored(records[9])], every_signature=True))


def test_the_chain_of_another_installation_is_found(records: list[AuditRecord]) -> None:
    found = verify(
        [one.row() for one in records],
        installation="another",
        trusted=[FIRST],
        anchors=[anchored(records[9])],
        check=check,
    )

    assert "does not follow" in words(found)
    assert "another installation" in words(found)


# Anchors


def test_a_missing_anchor_is_a_problem(rows: list[StoredRecord]) -> None:
    assert "no anchor" in words(verified(rows, []))


@pytest.mark.parametrize(("late", "whole"), [(timedelta(minutes=15), True), (timedelta(minutes=16), False)])
def test_an_anchor_is_old_once_the_newest_record_is_more_than_15_minutes_past_it(
    records: list[AuditRecord], *, late: timedelta, whole: bool
) -> None:
    more = grown(entries(1), after=records[-1], at=START + timedelta(seconds=9) + late)

    found = verified([one.row() for one in (*records, *more)], [anchored(records[9])])

    assert found.whole is whole
    assert found.unanchored == 1


def test_an_old_anchor_of_the_newest_record_is_not_old(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    early = spelled(START - timedelta(hours=2))

    assert verified(rows, [anchored(records[9], at=early)]).whole


@pytest.mark.parametrize(
    "change", [{"hash": "0" * 64}, {"at": spelled(START + timedelta(days=9))}, {"seq": 9}, {"installation": "x"}]
)
def test_a_forged_anchor_is_found(
    records: list[AuditRecord], rows: list[StoredRecord], change: dict[str, object]
) -> None:
    forged = anchored(records[9]).model_copy(update=change)

    assert "signature of the anchor" in words(verified(rows, [forged]))


def test_an_anchor_of_a_strange_key_is_found(records: list[AuditRecord], rows: list[StoredRecord]) -> None:
    assert "nobody trusts" in words(verified(rows, [anchored(records[9], public=STRANGER)]))


def test_an_anchor_is_read_back_as_it_was(records: list[AuditRecord]) -> None:
    anchor = anchored(records[0])

    assert read_anchor(anchor.model_dump_json()) == anchor
    with pytest.raises(InvalidError):
        read_anchor('{"seq": 1}')


# Another key


def rotated() -> list[AuditRecord]:
    before = grown([*entries(3), key_change(SECOND)])
    return [*before, *grown(entries(3), after=before[-1], public=SECOND)]


def test_a_key_that_the_old_one_brings_in_is_trusted() -> None:
    records = rotated()

    found = verified([one.row() for one in records], [anchored(records[6], public=SECOND)], every_signature=True)

    assert found.whole


def test_a_key_change_signed_by_somebody_else_is_found() -> None:
    records = rotated()
    rows = [one.row() for one in records]
    rows[3] = rows[3]._replace(signature=sign_as(SECOND)(b"anything"))

    assert "signature of record 4" in words(verified(rows, [anchored(records[6], public=SECOND)]))


def test_a_key_change_that_names_another_key_than_it_holds_is_found() -> None:
    entry = key_change(SECOND)
    crooked = entry.model_copy(update={"facts": {**entry.facts, "public": STRANGER}})
    records = grown([crooked])

    assert "without the right" in words(verified([one.row() for one in records], [anchored(records[0])]))


def test_the_old_key_has_no_say_once_it_was_changed() -> None:
    before = rotated()
    records = [*before, *grown(entries(1), after=before[-1], public=FIRST)]

    found = verified([one.row() for one in records], [anchored(records[6], public=SECOND)])

    assert "it should be" in words(found)


def test_a_trusted_key_cannot_join_without_a_key_change(records: list[AuditRecord]) -> None:
    more = grown(entries(1), after=records[-1], public=SECOND)

    found = verified([one.row() for one in (*records, *more)], [anchored(records[9])], trusted=(FIRST, SECOND))

    assert [problem.seq for problem in found.problems] == [11]


# One spelling

facts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.text(), subject=st.text(), actor=st.text(), private=st.text(), found=st.dictionaries(st.text(), facts))
def test_whatever_is_chained_is_read_back_and_is_whole(
    kind: str, subject: str, actor: str, private: str, found: dict[str, object]
) -> None:
    entry = AuditEntry.model_validate(
        {"kind": kind, "subject": subject, "actor": actor, "private": private, "facts": found}
    )
    (record,) = grown([entry])

    assert read_record(record.row()) == record
    assert record.row().body.isascii()
    if record.body.kind != "audit.key":
        assert verified([record.row()], [anchored(record)], every_signature=True).whole


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"subject": "other"},
        {"actor": "other"},
        {"facts": {"n": "1"}},
        {"facts": {"n": True}},
        {"facts": {"n": 1.0}},
        {"facts": {}},
        {"private": "other"},
        {"private": ""},
    ],
)
def test_every_field_of_an_entry_is_in_its_hash(change: dict[str, object]) -> None:
    entry = AuditEntry(kind="k", subject="s", actor="a", facts={"n": 1}, private="p")

    (one,), (other,) = grown([entry]), grown([entry.model_copy(update=change)])

    assert one.hash != other.hash
