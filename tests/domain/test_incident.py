from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incident import (
    MOST_NOTE,
    MOST_NOTES,
    Incident,
    IncidentState,
    Marking,
    Note,
    about,
    given_role,
    graded,
    led,
    looked_at,
    marking,
    mitigated,
    noted,
    resolved,
    reworded,
    titled,
)
from bot.domain.people import Place
from bot.domain.remarks import Mark, Remark
from bot.errors import InvalidError, RequestError
from tests.domain.attacks import ATTACKS, Attack

NIGHT = datetime(2026, 1, 21, 2, 10, tzinfo=UTC)
LATER = NIGHT + timedelta(minutes=24)


def an_incident(**changes: object) -> Incident:
    plain = Incident(
        id=7,
        title="transactions load halted",
        severity=3,
        place=Place(team="T1", channel="C1"),
        declared_by="U1",
        declared=NIGHT,
    )
    return plain.model_copy(update=changes)


def test_what_is_resolved_without_being_mitigated_counts_as_mitigated_then() -> None:
    over = resolved(an_incident(), by="U2", now=LATER)

    assert (over.state, over.mitigated, over.resolved, over.resolved_by) == (
        IncidentState.RESOLVED,
        LATER,
        LATER,
        "U2",
    )


def test_what_was_mitigated_before_keeps_that_time() -> None:
    over = resolved(mitigated(an_incident(), now=NIGHT), by="U2", now=LATER)

    assert (over.mitigated, over.resolved) == (NIGHT, LATER)


@pytest.mark.parametrize(
    "change",
    [
        lambda over: graded(over, 1, by="U1", now=LATER),
        lambda over: led(over, "U2", by="U1", now=LATER),
        lambda over: given_role(over, "scribe", "U2", by="U1", now=LATER),
        lambda over: mitigated(over, now=LATER),
        lambda over: resolved(over, by="U2", now=LATER),
    ],
)
def test_a_resolved_incident_does_not_change_any_more(change: Callable[[Incident], Incident]) -> None:
    over = resolved(an_incident(), by="U2", now=LATER)

    with pytest.raises(RequestError, match="INC-7 is resolved"):
        change(over)


def test_people_may_note_what_they_remember_after_it_is_over() -> None:
    over = noted(resolved(an_incident(), by="U2", now=LATER), "the source had deployed", by="U1", now=LATER)

    assert [one.text for one in over.notes] == ["the source had deployed"]


@pytest.mark.parametrize("severity", [0, 5, -1])
def test_a_severity_that_there_is_none_of_is_refused_with_the_four_there_are(severity: int) -> None:
    with pytest.raises(InvalidError, match="1: readers get wrong data"):
        graded(an_incident(), severity, by="U1", now=LATER)


def test_an_incident_needs_a_title_of_a_few_words() -> None:
    assert titled("  load\n halted ") == "load halted"
    with pytest.raises(InvalidError, match="needs a title"):
        titled(" \n")
    with pytest.raises(InvalidError, match="at most 120"):
        titled("x" * 121)


def test_an_alarm_is_named_once() -> None:
    twice = about(about(an_incident(), 3), 3)

    assert twice.alarms == (3,)


def test_a_role_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(InvalidError, match="scribe, comms, liaison"):
        given_role(an_incident(), "boss", "U1", by="U1", now=LATER)


@pytest.mark.parametrize(("text", "why"), [("", "Words are missing"), ("x" * 2_001, "at most 2,000")])
def test_a_note_that_does_not_fit_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        noted(an_incident(), text, by="U1", now=LATER)


def test_there_is_an_end_to_notes() -> None:
    full = an_incident(notes=noted(an_incident(), "x", by="U1", now=NIGHT).notes * MOST_NOTES)

    with pytest.raises(InvalidError, match="500 notes already"):
        noted(full, "one more", by="U1", now=LATER)


# Messages that people mark.

ANA, BO, CY = "U0ANA", "U0BO", "U0CY"
TS = "1768961400.000100"
LINK = "https://lake.slack.example/archives/C1/p1768961400000100"
PIN, MEMO = Mark(by=ANA), Mark(by=ANA, emoji="memo")


def a_remark(text: str = "the source re-sent the file", **changes: object) -> Remark:
    plain = Remark(ts=TS, at=NIGHT, by=CY, text=text, pinned=True)
    return plain.model_copy(update=changes)


def told(mark: Mark, *, added: bool = True, ts: str = TS) -> Marking:
    return Marking(ts=ts, mark=mark, added=added)


def seen(incident: Incident, mark: Mark, remark: Remark | None, *, added: bool = True) -> Incident:
    waiting = marking(incident, told(mark, added=added))
    return looked_at(waiting, told(mark, added=added), remark, link=LINK)


def with_memo(*people: str, pinned: bool = False) -> Remark:
    return a_remark(pinned=pinned, reactions={"memo": frozenset(people)})


def test_a_marked_message_is_a_note_of_who_said_it_when_it_was_said() -> None:
    incident = seen(an_incident(), PIN, a_remark())

    assert incident.notes == (
        Note(at=NIGHT, by=CY, text="the source re-sent the file", ts=TS, link=LINK, marks=(PIN,)),
    )
    assert incident.markings == ()


def test_a_pin_and_two_peoples_emoji_on_one_message_are_one_note() -> None:
    both = with_memo(ANA, BO, pinned=True)

    incident = an_incident()
    for mark in (PIN, MEMO, Mark(by=BO, emoji="memo"), MEMO, Mark(by=CY)):
        incident = seen(incident, mark, both)

    (note,) = incident.notes
    assert note.marks == (PIN, MEMO, Mark(by=BO, emoji="memo"))


def test_a_note_goes_with_its_last_mark_whoever_unpins_it() -> None:
    incident = seen(seen(an_incident(), PIN, with_memo(ANA, pinned=True)), MEMO, with_memo(ANA, pinned=True))

    unpinned = seen(incident, Mark(by=BO), with_memo(ANA), added=False)
    bare = seen(unpinned, MEMO, with_memo(), added=False)

    assert [note.marks for note in unpinned.notes] == [(MEMO,)]
    assert bare.notes == ()


def test_what_slack_says_now_decides_and_not_the_order_in_which_it_was_told() -> None:
    late = seen(an_incident(), MEMO, with_memo())
    early = seen(seen(an_incident(), MEMO, with_memo(ANA)), MEMO, with_memo(ANA), added=False)

    assert late.notes == ()
    assert len(early.notes) == 1


def test_where_slack_does_not_name_everybody_the_event_is_believed() -> None:
    crowd = a_remark(reactions={"memo": frozenset({BO})}, unlisted=frozenset({"memo"}))

    noted_by_ana = seen(an_incident(), MEMO, crowd)

    assert len(noted_by_ana.notes) == 1
    assert seen(noted_by_ana, MEMO, crowd, added=False).notes == ()


@pytest.mark.parametrize("remark", [None, a_remark(by=""), a_remark(text=" \u200b\n")])
def test_what_is_gone_was_said_by_a_machine_or_says_nothing_is_no_note(remark: Remark | None) -> None:
    before = seen(an_incident(), PIN, a_remark())

    assert seen(an_incident(), PIN, remark).notes == ()
    assert seen(before, PIN, remark).notes == ()


def test_a_message_that_is_looked_at_again_says_what_it_says_now_and_keeps_its_place_and_marks() -> None:
    before = noted(seen(an_incident(), PIN, a_remark()), "typed", by=BO, now=LATER)

    after = reworded(before, before.notes[0], a_remark("the source re-sent both files"))

    assert [note.text for note in after.notes] == ["the source re-sent both files", "typed"]
    assert after.notes[0].marks == (PIN,)


def test_a_mark_that_goes_from_a_message_nobody_marked_is_nothing_to_look_at() -> None:
    incident = an_incident()

    assert marking(incident, told(PIN, added=False)) is incident


def test_a_long_message_is_cut_and_its_secrets_are_out_before_it_is_kept() -> None:
    text = (
        "ask ana.de.vries@example.nl and bo.jansen@example.nl\n" + "x" * 1_939 + f" password=c4nary-{'s' * 40} " * 200
    )

    (note,) = seen(an_incident(), PIN, a_remark(text)).notes

    assert len(note.text) <= MOST_NOTE
    assert note.text.endswith("…")
    assert note.text.startswith("ask [email] and [email]\n")
    assert "c4nary" not in note.text


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.tries)
def test_a_hostile_message_is_kept_clean(attack: Attack) -> None:
    secrets = [one for one in attack.must_not if not one.startswith(("<", "http"))]

    kept = seen(an_incident(), PIN, a_remark(attack.text)).notes

    assert all(one not in note.text for note in kept for one in secrets)
    assert all(len(note.text) <= MOST_NOTE for note in kept)


def test_so_many_notes_are_taken_those_that_are_still_to_be_read_among_them() -> None:
    incident = an_incident()
    for number in range(MOST_NOTES - 1):
        incident = noted(incident, f"note {number}", by=BO, now=NIGHT)
    incident = marking(incident, told(PIN))

    with pytest.raises(InvalidError, match="500 notes"):
        marking(incident, told(PIN, ts="1768961400.000200"))
    with pytest.raises(InvalidError, match="500 notes"):
        noted(incident, "one more", by=BO, now=NIGHT)
    assert len(marking(incident, told(MEMO)).markings) == 2


def test_an_incident_of_before_messages_were_marked_still_reads() -> None:
    kept = an_incident().model_dump(mode="json", exclude={"markings"})
    kept["notes"] = [{"at": NIGHT.isoformat(), "by": BO, "text": "typed"}]

    assert Incident.model_validate(kept).notes == (Note(at=NIGHT, by=BO, text="typed"),)
