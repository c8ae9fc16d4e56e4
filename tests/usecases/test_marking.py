"""Messages that people pin or put an emoji on: notes of the incident while they are marked, and nobody is answered."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.evidence import Evidence, Origin
from bot.domain.inbox import (
    AskQuestion,
    DeclareIncident,
    EndIncident,
    MarkMessage,
    NoteIncident,
    PublishPostmortem,
    StartPostmortem,
)
from bot.domain.incident import MOST_NOTE, MOST_NOTES, Incident, noted
from bot.domain.postmortem.checking import archived, check
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.sections import section_of
from bot.domain.records import Change
from bot.domain.redaction import Redactor
from bot.domain.remarks import Mark
from bot.errors import CallRefusedError, UnavailableError
from bot.records.archive import read_archive
from bot.records.index import RunbookIndex
from bot.usecases import gathering
from bot.usecases.desk import nowhere
from bot.usecases.marking import AGAIN, AT_ONCE, JUST_ENDED, LAST_TURN, MOST_READ_AGAIN
from bot.usecases.mornings import involved
from bot.usecases.postmortems.drafts import pages
from tests.domain.attacks import ATTACKS, TOKEN, Attack
from tests.usecases.halted import Halted
from tests.usecases.table import ANA, BO, CHANNEL, CY, DEE, EVE, GUS, ROBO, Table
from tests.usecases.test_postmortems import seat

MEMO = "memo"
WORDS = "the source re-sent the file"


@pytest.fixture
def table(started: Halted, tmp_path: Path) -> Iterator[Table]:
    """A table with an incident; the lake is not looked at."""
    laid = Table(lake=started.lake, clock=started.lake.clock, folder=tmp_path)
    seat(laid)
    laid.desk = replace(laid.desk, permalink=address)
    laid.wish(ANA, DeclareIncident(title="transactions load halted"))
    yield laid
    laid.close()
    laid.insist_on_the_story()


def address(channel: str, ts: str) -> str:
    return f"https://lake.slack.example/archives/{channel}/p{ts.replace('.', '')}"


def said(table: Table, text: str = WORDS, *, by: str = DEE, minutes: int = 5) -> str:
    return table.remarks.say(text, at=table.now() - timedelta(minutes=minutes), by=by)


def marked(
    table: Table,
    person: str,
    ts: str,
    *,
    emoji: str = "",
    added: bool = True,
    channel: str = CHANNEL,
    drive: bool = True,
) -> None:
    """Let somebody mark a message in Slack or take the mark away, and the bot hear of it."""
    change = table.remarks.put if added else table.remarks.take
    change(ts, Mark(by=person, emoji=emoji))
    table.send(person, MarkMessage(message=ts, emoji=emoji, added=added), channel=channel)
    if drive:
        table.drive()


def incident(table: Table, number: int = 1) -> Incident:
    return table.store.incident(number)


def notes(table: Table, number: int = 1) -> list[str]:
    return [note.text for note in incident(table, number).notes]


def drafted(table: Table) -> Draft:
    table.wish(ANA, StartPostmortem())
    return table.store.drafts()[0]


def evidence_of(draft: Draft) -> Evidence:
    assert draft.document is not None
    return draft.document.evidence


@pytest.mark.parametrize("emoji", [MEMO, ""])
def test_a_marked_message_is_a_note_of_its_author_at_its_own_time_and_nobody_is_answered(
    table: Table, emoji: str
) -> None:
    ts = said(table)

    marked(table, ANA, ts, emoji=emoji)

    (note,) = incident(table).notes
    assert (note.by, note.text, note.ts) == (DEE, WORDS, ts)
    assert note.at == table.remarks.said[ts].at
    assert note.marks == (Mark(by=ANA, emoji=emoji),)
    assert note.link.endswith(f"/archives/{CHANNEL}/p{ts.replace('.', '')}")
    assert table.whispers() == []
    assert [card.key for card in table.cards("incident:")] == ["incident:1"]


def test_marking_twice_by_two_people_or_by_pin_and_emoji_is_one_note_and_it_goes_with_the_last_mark(
    table: Table,
) -> None:
    ts = said(table)

    for person, emoji in ((ANA, MEMO), (ANA, MEMO), (BO, MEMO), (CY, ""), (BO, "")):
        marked(table, person, ts, emoji=emoji)
    assert [len(note.marks) for note in incident(table).notes] == [3]

    for person, emoji in ((ANA, MEMO), (BO, MEMO)):
        marked(table, person, ts, emoji=emoji, added=False)
        assert notes(table) == [WORDS]
    marked(table, BO, ts, added=False)

    assert notes(table) == []


def test_marks_that_come_in_the_wrong_order_leave_what_slack_shows(table: Table) -> None:
    ts = said(table)
    table.remarks.put(ts, Mark(by=ANA, emoji=MEMO))

    for added in (False, True):
        table.wish(ANA, MarkMessage(message=ts, emoji=MEMO, added=added))
    table.remarks.take(ts, Mark(by=ANA, emoji=MEMO))
    other = said(table, "another")
    table.wish(ANA, MarkMessage(message=other, emoji=MEMO, added=True))

    assert notes(table) == [WORDS]
    assert other in table.remarks.asked


def test_the_audit_keeps_who_marked_which_message_and_not_a_word_of_it(table: Table) -> None:
    ts = said(table)

    marked(table, ANA, ts)
    marked(table, BO, ts, added=False)

    told = [(record.body.kind, record.body.facts) for record in table.audited() if "marked" in record.body.kind]
    assert told == [("incident.marked", {"message": ts}), ("incident.unmarked", {"message": ts})]
    assert [private for record, private in table.store.audit(most=100) if "marked" in record.body.kind] == ["", ""]


def test_messages_of_machines_are_no_notes(table: Table) -> None:
    ts = said(table, "R-42 NEEDS YOU", by="")

    marked(table, ANA, ts)

    assert notes(table) == []
    assert incident(table).markings == ()


# Who may.


@pytest.mark.parametrize("person", [GUS, EVE, ROBO, "U0OUTSIDE"])
def test_a_guest_a_stranger_a_bot_and_a_member_without_the_role_mark_nothing_and_take_nothing_away(
    table: Table, person: str, caplog: pytest.LogCaptureFixture
) -> None:
    table.directory.roles["everyone"] |= {GUS, EVE, ROBO}
    table.directory.people["U0OUTSIDE"] = table.directory.people[DEE].model_copy(update={"id": "U0OUTSIDE"})
    mine, theirs = said(table), said(table, "not theirs to keep")
    marked(table, ANA, mine)
    asked = len(table.remarks.asked)

    with caplog.at_level(logging.INFO):
        for emoji in ("", MEMO):
            marked(table, person, theirs, emoji=emoji)
            marked(table, person, mine, emoji=emoji)
            marked(table, person, mine, emoji=emoji, added=False)

    assert notes(table) == [WORDS]
    assert len(table.remarks.asked) == asked
    assert table.whispers() == []
    assert [record for record in table.audited() if record.body.kind == "wish.refused"] == []
    assert [record.body.actor for record in table.audited() if "marked" in record.body.kind] == [ANA]
    assert len([one for one in caplog.records if one.message == "A mark was not taken."]) == 6


def test_a_viewer_who_is_no_operator_marks_nothing(table: Table) -> None:
    policy = table.desk.policy.model_copy(update={"operator": "oncall"})
    table.desk = replace(table.desk, policy=policy)

    marked(table, DEE, said(table))
    assert notes(table) == []

    marked(table, ANA, said(table, "by on-call"))
    assert notes(table) == ["by on-call"]


def test_in_a_channel_with_people_from_elsewhere_nothing_is_marked(table: Table) -> None:
    place = incident(table).place.model_copy(update={"channel": "C0SHARED"})
    table.store.commit(Change(incidents=(incident(table).model_copy(update={"place": place}),)))

    marked(table, ANA, said(table), channel="C0SHARED")

    assert (notes(table), table.remarks.asked, table.whispers()) == ([], [], [])


def test_a_mark_waits_while_slack_does_not_say_who_somebody_is(table: Table) -> None:
    table.directory.silent = True
    marked(table, ANA, said(table))
    assert (notes(table), table.whispers(), table.remarks.asked) == ([], [], [])

    table.directory.silent = False
    table.later(timedelta(minutes=1))
    table.drive()

    assert notes(table) == [WORDS]


def test_one_of_whom_slack_does_not_say_who_it_is_holds_up_nobody_behind(table: Table) -> None:
    table.directory.not_told = {DEE}
    blocked = [said(table, f"message {number}") for number in range(AT_ONCE + 1)]
    for ts in blocked:
        marked(table, DEE, ts, drive=False)
    marked(table, CY, blocked[0], emoji=MEMO, drive=False)
    marked(table, ANA, said(table), drive=False)

    for turn in range(LAST_TURN):
        table.later(AGAIN * 2**turn)
        table.drive()
    assert notes(table) == [WORDS]

    table.directory.not_told = set()
    table.later(AGAIN * 2**LAST_TURN)
    table.drive()
    assert sorted(notes(table)) == sorted([WORDS, *(f"message {number}" for number in range(AT_ONCE + 1))])
    (first,) = [one for one in incident(table).notes if one.ts == blocked[0]]
    assert [mark.by for mark in first.marks] == [DEE, CY]


def test_a_marked_message_whose_address_slack_does_not_tell_is_a_note_without_one(table: Table) -> None:
    table.desk = replace(table.desk, permalink=nowhere)

    marked(table, ANA, said(table))

    assert [(note.text, note.link) for note in incident(table).notes] == [(WORDS, "")]


# Where.


def test_where_no_incident_is_a_mark_is_nobodys_business(table: Table) -> None:
    before = len(table.audited())

    for person in (ANA, GUS):
        marked(table, person, said(table), channel="C0RANDOM")

    assert (table.remarks.asked, table.whispers(), len(table.audited())) == ([], [], before)
    assert table.store.deliveries() == []


def test_an_incident_that_is_over_takes_notes_until_its_post_mortem_is_published(table: Table) -> None:
    table.wish(ANA, EndIncident(over=True))
    marked(table, ANA, said(table, "remembered later"))
    drafted(table)
    marked(table, ANA, said(table, "after the draft"))
    table.wish(ANA, PublishPostmortem())

    late = said(table, "after the end")
    marked(table, ANA, late)

    assert notes(table) == ["remembered later", "after the draft"]
    assert late not in table.remarks.asked


def test_an_incident_that_was_over_long_ago_takes_none(table: Table) -> None:
    table.wish(ANA, EndIncident(over=True))
    over = incident(table)
    assert over.resolved is not None
    long_ago = over.model_copy(update={"resolved": over.resolved - JUST_ENDED - timedelta(minutes=1)})
    table.store.commit(Change(incidents=(long_ago,)))

    marked(table, ANA, said(table))

    assert notes(table) == []


def test_of_several_incidents_the_open_one_takes_the_note_and_who_has_it_keeps_it(table: Table) -> None:
    first = said(table, "of the first")
    marked(table, ANA, first)
    table.wish(ANA, EndIncident(over=True))
    table.wish(BO, DeclareIncident(title="again"))

    marked(table, ANA, said(table, "of the second"))
    marked(table, BO, first, emoji=MEMO)

    assert (notes(table, 1), notes(table, 2)) == (["of the first"], ["of the second"])
    assert len(incident(table, 1).notes[0].marks) == 2


# When Slack does not answer, or there is a lot.


def test_a_message_that_cannot_be_read_just_now_is_read_later(table: Table) -> None:
    ts = said(table)
    table.remarks.fails = UnavailableError("Slack did not answer.")
    marked(table, ANA, ts)
    marked(table, BO, said(table, "another"))
    assert len(incident(table).markings) == 2

    table.remarks.fails = None
    table.drive()
    assert notes(table) == []
    table.later(timedelta(seconds=15))
    table.drive()

    assert (notes(table), incident(table).markings) == ([WORDS, "another"], ())


def test_what_can_never_be_read_is_given_up_and_the_next_mark_is_read_again(table: Table) -> None:
    table.remarks.fails = UnavailableError("Slack did not answer.")
    marked(table, ANA, said(table))
    for turn in range(LAST_TURN + 1):
        table.later(AGAIN * 2**turn)
        table.drive()
    assert incident(table).markings == ()

    table.remarks.fails = None
    marked(table, ANA, said(table, "another"))

    assert notes(table) == ["another"]


def test_where_the_bot_may_not_read_a_mark_is_let_go_and_a_note_that_is_there_stays(table: Table) -> None:
    ts = said(table)
    marked(table, ANA, ts)
    table.remarks.fails = CallRefusedError("Slack refused it.", code="missing_scope")

    marked(table, BO, ts, emoji=MEMO)
    marked(table, BO, said(table, "another"))

    assert (notes(table), incident(table).markings) == ([WORDS], ())


def test_a_message_that_is_gone_when_its_mark_changes_is_no_note_any_more(table: Table) -> None:
    ts = said(table)
    marked(table, ANA, ts)
    marked(table, BO, ts, emoji=MEMO, drive=False)
    del table.remarks.said[ts]

    table.drive()

    assert notes(table) == []


def test_marks_of_five_hundred_messages_are_one_work_at_a_time_and_the_rest_is_refused_in_silence(
    table: Table,
) -> None:
    full = incident(table)
    for number in range(MOST_NOTES - 60):
        full = noted(full, f"note {number}", by=BO, now=table.now())
    table.store.commit(Change(incidents=(full,)))
    messages = [said(table, f"message {number}") for number in range(100)]

    for ts in messages:
        marked(table, ANA, ts, drive=False)
    table.deal()

    assert len(incident(table).markings) == 60
    assert len([wait for wait in table.store.open_waits(due=table.now()) if wait.key.startswith("marks:")]) == 1
    table.drive()
    assert len(incident(table).notes) == MOST_NOTES
    assert len(table.remarks.asked) == 60 > AT_ONCE
    assert table.whispers() == []


# What is made of it.


def test_a_draft_tells_it_in_the_timeline_with_its_link_and_as_evidence_that_only_its_channel_sees(
    table: Table,
) -> None:
    ts = said(table, "the source re-sent\nthe *file*")
    marked(table, ANA, ts)
    marked(table, BO, ts, emoji=MEMO)
    table.wish(BO, NoteIncident(text="typed by hand"))

    draft = drafted(table)

    assert draft.document is not None
    note = incident(table).notes[0]
    (row,) = [one for one in draft.document.timeline if one.link]
    assert (row.at, row.text, row.by, row.source) == (note.at, "the source re-sent the *file*", "@dee", "note")
    item = evidence_of(draft).item(row.evidence[0])
    assert item is not None
    assert (item.kind, item.origin, item.at, item.channel, item.link) == (
        "message",
        Origin.TEXT,
        note.at,
        CHANNEL,
        note.link,
    )
    assert item.source == "said by @dee in INC-1, marked by @ana, @bo"
    assert evidence_of(draft).readable_in("C0OTHER").item(item.id) is None
    assert f"| @dee | [note]({note.link}) | [{item.id}] |" in section_of(draft.text, "Timeline")
    assert "| @bo | note |" in section_of(draft.text, "Timeline")
    assert f"]({note.link}) |" in section_of(draft.text, "Evidence")


def test_the_check_of_a_draft_finds_a_row_that_opens_something_else(table: Table) -> None:
    marked(table, ANA, said(table))
    draft = drafted(table)
    link = incident(table).notes[0].link
    whole, text = read_archive(table.folder / "archives" / "INC-1.db")
    assert draft.document is not None

    for archive in (whole, archived(draft.document)):
        assert check(text, archive, judge=lambda *_: "") == ()
        (found,) = check(text.replace(f"[note]({link})", "[note](https://evil.example)"), archive, judge=lambda *_: "")
        assert "opens something else" in found.words
        assert check(text.replace(f"[note]({link})", "note"), archive, judge=lambda *_: "") == ()


def test_a_draft_shows_what_a_message_says_by_then_and_not_what_was_deleted(table: Table) -> None:
    edited, deleted, kept = said(table, "befor"), said(table, "my password"), said(table, "as it was")
    for ts in (edited, deleted, kept):
        marked(table, ANA, ts)
    table.remarks.edit(edited, text="before")
    del table.remarks.said[deleted]

    draft = drafted(table)

    assert notes(table) == ["before", "as it was"]
    assert "my password" not in draft.text
    assert "befor " not in draft.text
    assert "before" in section_of(draft.text, "Timeline")


def test_where_slack_does_not_answer_a_draft_shows_what_was_said_when_it_was_marked_and_says_so(table: Table) -> None:
    marked(table, ANA, said(table))
    table.remarks.fails = UnavailableError("Slack did not answer.")

    draft = drafted(table)

    assert WORDS in section_of(draft.text, "Timeline")
    assert "1 of the marked messages as they read now" in section_of(draft.text, "Not read")


def test_a_draft_of_very_many_reads_the_newest_again_and_has_them_all_in_its_timeline(table: Table) -> None:
    for number in range(MOST_READ_AGAIN + 10):
        marked(table, ANA, said(table, f"message {number}."), drive=False)
    table.drive()
    before = len(table.remarks.asked)

    draft = drafted(table)

    assert len(table.remarks.asked) - before == MOST_READ_AGAIN
    assert section_of(draft.text, "Timeline").count("[note](") == MOST_READ_AGAIN + 10
    assert "10 of the marked messages as they read now" in section_of(draft.text, "Not read")
    assert "INC-1 has 30 notes more, which are older" in section_of(draft.text, "Not read")


def test_a_message_that_loses_its_last_mark_before_the_draft_is_not_in_it(table: Table) -> None:
    ts = said(table)
    marked(table, ANA, ts)
    marked(table, ANA, ts, added=False)

    assert WORDS not in drafted(table).text


def test_questions_are_answered_with_it_in_its_channel_and_it_finds_the_incident_later(table: Table) -> None:
    marked(table, ANA, said(table, "the vendor's ferry carried zebra files"))

    found = gathering.of_question(table.desk, "zebra?", Redactor(), channel=CHANNEL)
    elsewhere = gathering.of_question(table.desk, "zebra?", Redactor(), channel="C0OTHER")
    drafted(table)
    index = RunbookIndex(table.folder / "index.db", runbooks=dict, incidents=lambda: pages(table.store))

    assert [item.text for item in found.items if item.kind == "message"] == ["the vendor's ferry carried zebra files"]
    assert [item for item in elsewhere.items if item.kind == "message"] == []
    assert [name for name, _ in index.incidents("has this zebra ferry happened before")] == ["INC-1"]
    table.wish(BO, AskQuestion(question="what about the zebra ferry?"))
    assert "zebra" in str([card.payload for card in table.cards("assist:")])


def test_who_said_it_and_who_marked_it_were_involved(table: Table) -> None:
    marked(table, BO, said(table, by=CY))

    assert involved(table.desk, incident(table)) == (ANA, CY, BO)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.tries)
def test_a_hostile_message_is_data_and_its_secrets_go_nowhere(table: Table, attack: Attack) -> None:
    marked(table, ANA, said(table, attack.text))

    kept = incident(table).model_dump_json()
    draft = drafted(table)

    for one in (one for one in attack.must_not if not one.startswith("<")):
        assert one not in kept
        assert one not in draft.text
    for mention in ("<!channel>", "<@U0BO>", "<script>"):
        assert mention not in draft.text.replace("\\<", "")
    assert all(len(note.text) <= MOST_NOTE for note in incident(table).notes)
    assert table.whispers() == []
    assert check(draft.text, read_archive(table.folder / "archives" / "INC-1.db")[0], judge=lambda *_: "") == ()


def test_secrets_in_what_was_typed_do_not_stand_in_the_timeline_either(table: Table) -> None:
    table.wish(ANA, NoteIncident(text=f"it said password=c4nary-s3cret and {TOKEN}\nthen\u202e nothing"))

    text = section_of(drafted(table).text, "Timeline")

    assert "c4nary-s3cret" not in text
    assert TOKEN not in text
    assert "\u202e" not in text
    assert re.search(r"it said password=\\\[password#1\\\] and .* then nothing \|", text), text
