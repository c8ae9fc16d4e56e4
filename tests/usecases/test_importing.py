"""`/postmortem import`: an edited text is shown first, taken over on a click, and never over somebody else's words."""

import pytest
from markdown_it import MarkdownIt

from bot.domain.inbox import EditDraft, ImportPostmortem, PublishPostmortem, SettleImport
from bot.domain.postmortem.canvas import canvas_of, mark_of, markdown_of, unmarked
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.records import Card, canvas_key
from bot.domain.uploads import MOST_BYTES
from bot.workbench.lake.lake import Lake
from tests.usecases.halted import Halted
from tests.usecases.table import ANA, BO, EVE, ROBO, Table
from tests.usecases.test_postmortems import drafted, seat

SUMMARY, WELL = Part.SUMMARY.value, Part.WELL.value


@pytest.fixture
def lake(started: Halted) -> Lake:
    """A lake that nothing here changes, so it need not be put back."""
    return started.lake


@pytest.fixture
def draft(table: Table) -> Draft:
    seat(table)
    return drafted(table)


def edited(draft: Draft, words: str, *, title: str = WELL) -> bytes:
    return replaced(draft.text, title, words).encode()


def brought(table: Table) -> Card:
    """Return the newest card that shows what was brought in."""
    return table.cards("postmortem:1:import:")[-1]


def settle(table: Table, person: str = ANA, *, taken: bool = True) -> None:
    number = brought(table).payload["number"]
    assert isinstance(number, int)
    table.wish(person, SettleImport(draft=1, number=number, taken=taken))


def test_an_edited_file_is_shown_first_and_then_taken_over_under_the_name_of_who_brought_it(
    table: Table, draft: Draft
) -> None:
    table.uploads.put("INC-1-v1.md", edited(draft, "- the breaker held"), by=ANA)

    table.wish(ANA, ImportPostmortem())

    assert table.store.draft(1).text == draft.text
    shown = brought(table)
    assert (shown.payload["changed"], shown.payload["new"], shown.payload["wrong"]) == ([WELL], 1, [])
    assert shown.under == "postmortem:1"

    settle(table)

    kept = table.store.draft(1)
    assert section_of(kept.text, WELL) == "- the breaker held *stated by @ana*"
    assert (kept.edition, [one.by for one in kept.edits], kept.edits[0].section) == (2, [ANA], WELL)
    assert "**DRAFT v2**" in kept.text
    assert brought(table).payload["settled"] == "taken"


def test_what_nobody_sees_is_not_kept(table: Table, draft: Draft) -> None:
    hidden = edited(draft, "- the \x00breaker\u202e held\u200b")
    table.uploads.put("a\u202e\x00.md", b"\xef\xbb\xbf" + hidden, by=ANA)

    table.wish(ANA, ImportPostmortem())

    shown = brought(table).payload
    assert shown["file"] == "a.md"
    kept, name = table.store.snapshot(str(shown["text"]))
    assert "- the breaker held" in kept
    assert not any(character in kept + name for character in "\x00\u202e\u200b\ufeff")


def test_a_text_put_aside_changes_nothing(table: Table, draft: Draft) -> None:
    table.uploads.put("a.md", edited(draft, "- the breaker held"), by=ANA)
    table.wish(ANA, ImportPostmortem())

    settle(table, BO, taken=False)
    settle(table)

    assert "settled already" in table.refused()
    assert table.store.draft(1).text == draft.text


def test_a_contradicted_sentence_is_shown_with_its_evidence_and_holds_up_publishing(table: Table, draft: Draft) -> None:
    assert draft.document is not None
    line = next(one for one in draft.document.evidence.items if one.kind == "log" and "60" in one.text)
    table.uploads.put("a.md", edited(draft, f"- 77,000 of the rows failed. [{line.id}]", title=SUMMARY), by=ANA)
    table.wish(ANA, ImportPostmortem())

    listed = brought(table).payload["wrong"]
    assert isinstance(listed, list)
    (wrong,) = [one for one in listed if isinstance(one, dict)]
    assert wrong["now"] == "77,000 of the rows failed."
    assert wrong["evidence"] == [{"id": line.id, "text": line.text[:200]}]

    settle(table)
    table.wish(ANA, PublishPostmortem())

    assert "the evidence contradicts" in table.refused()
    assert table.store.draft(1).state is DraftState.READY


def test_the_newest_markdown_file_of_a_person_is_meant(table: Table, draft: Draft) -> None:
    table.uploads.put("mine.md", edited(draft, "- mine"), by=ANA)
    table.uploads.put("notes.txt", b"notes", by=ANA)
    table.uploads.put("INC-1-v1.md", draft.text.encode(), by=ROBO)

    table.wish(ANA, ImportPostmortem())

    assert brought(table).payload["file"] == "mine.md"


def test_an_older_file_is_meant_by_its_id_or_link(table: Table, draft: Draft) -> None:
    file = table.uploads.put("old.md", edited(draft, "- old"), by=ANA)
    table.uploads.put("new.md", edited(draft, "- new"), by=ANA)

    for source in (file, f"https://lake.slack.com/files/U0ANA/{file}/old.md", f"https://x.slack.com/docs/T1/{file}"):
        table.wish(BO, ImportPostmortem(source=source))
        assert brought(table).payload["file"] == "old.md"


def test_a_file_of_another_channel_is_not_read_for_somebody_who_did_not_share_it(table: Table, draft: Draft) -> None:
    file = table.uploads.put("secret.md", edited(draft, "- secret"), by=BO, channel="C0PRIVATE")

    table.wish(ANA, ImportPostmortem(source=file))
    assert "not shared in this channel" in table.refused()

    table.wish(BO, ImportPostmortem(source=file))
    assert brought(table).payload["by"] == BO


def test_a_file_made_from_an_older_edition_takes_over_only_what_nobody_else_changed(table: Table, draft: Draft) -> None:
    table.wish(BO, EditDraft(draft=1, edition=1, sections={"What went badly": "- a page at night"}))
    table.uploads.put("a.md", edited(draft, "- the breaker held"), by=ANA)

    table.wish(ANA, ImportPostmortem())
    settle(table)

    text = table.store.draft(1).text
    assert section_of(text, "What went badly") == "- a page at night *stated by @bo*"
    assert section_of(text, WELL) == "- the breaker held *stated by @ana*"


def test_where_both_changed_a_section_the_others_text_is_shown_and_nothing_overwritten(
    table: Table, draft: Draft
) -> None:
    table.wish(BO, EditDraft(draft=1, edition=1, sections={WELL: "- theirs"}))
    table.uploads.put("a.md", edited(draft, "- mine"), by=ANA)

    table.wish(ANA, ImportPostmortem())

    assert "theirs" in table.refused()
    assert section_of(table.store.draft(1).text, WELL) == "- theirs *stated by @bo*"
    assert table.cards("postmortem:1:import:") == []


def test_a_draft_edited_between_showing_and_taking_over_is_not_overwritten(table: Table, draft: Draft) -> None:
    table.uploads.put("a.md", edited(draft, "- mine"), by=ANA)
    table.wish(ANA, ImportPostmortem())
    table.wish(BO, EditDraft(draft=1, edition=1, sections={WELL: "- theirs"}))

    settle(table)

    assert "theirs" in table.refused()
    assert section_of(table.store.draft(1).text, WELL) == "- theirs *stated by @bo*"
    assert "settled" not in brought(table).payload


def test_nobody_takes_over_what_would_stand_under_somebody_elses_name(table: Table, draft: Draft) -> None:
    table.uploads.put("a.md", edited(draft, "- mine"), by=ANA)
    table.wish(ANA, ImportPostmortem())

    settle(table, BO)

    assert "Only @ana" in table.refused()
    assert table.store.draft(1).edition == 1


BAD: tuple[tuple[bytes, int | None, str], ...] = (
    (b"# INC-1", 10_000_000, "10,000,000 bytes; at most"),
    ("# INC-1 größer".encode("latin-1"), None, "is not UTF-8 (byte 10)"),
    (b"\xff\xfe# \x00I\x00N\x00C\x00", None, "is not UTF-8 (byte 0)"),
    (b"# INC-9 \xc2\xb7 another\n\n**DRAFT v1**\n\n## Summary\n\n- x\n", None, "is of INC-9"),
    (b"", None, "does not say what it is of"),
    (b"\x00" * 100, None, "does not say what it is of"),
)


def test_what_cannot_be_taken_in_is_refused_in_words(table: Table, draft: Draft) -> None:
    for content, size, why in BAD:
        table.uploads.put("a.md", content, by=ANA, size=size)
        table.wish(ANA, ImportPostmortem())
        assert why in table.refused()
    assert table.store.draft(1) == draft


def test_without_a_file_it_says_how_to_bring_one(table: Table, draft: Draft) -> None:
    for source, why in (
        ("", "Nobody has shared a Markdown file here"),
        ("F0NOTTHERE1", "not there"),
        ("../../etc/passwd", "by its link or its id"),
        ("https://evil.example/F0FILE0000", "by its link or its id"),
    ):
        table.wish(ANA, ImportPostmortem(source=source))
        assert why in table.refused()


def test_a_text_without_a_draft_and_a_stranger_are_refused(table: Table) -> None:
    table.wish(ANA, ImportPostmortem())
    assert "no post-mortem here yet" in table.refused()

    table.uploads.put("a.md", b"x" * (MOST_BYTES + 1), by=EVE)
    table.wish(EVE, ImportPostmortem())
    assert table.cards("postmortem:") == []


def test_the_audit_names_the_text_that_was_brought_and_not_its_words(table: Table, draft: Draft) -> None:
    table.uploads.put("a.md", edited(draft, "- a secret of mine"), by=ANA)

    table.wish(ANA, ImportPostmortem())
    settle(table)

    told = [record.body for record in table.audited() if record.body.kind.startswith("postmortem.")]
    assert [one.kind for one in told][-2:] == ["postmortem.brought", "postmortem.edited"]
    assert not any("secret" in str(one.facts) for one in told)


# The canvas.


def canvas_of_draft(table: Table, draft: Draft, words: str) -> str:
    """Stand the draft's canvas in Slack, with other words in it, and return its page."""
    text = canvas_of(replaced(draft.text, WELL, words))
    page: str = MarkdownIt("commonmark").enable("table").render(text)
    card = table.store.card(canvas_key(draft.id))
    assert card is not None
    table.store.card_shown(card.key, ts=table.uploads.put("canvas", page.encode(), by=ROBO), shown=9, edition=1)
    return page


def test_an_edited_canvas_is_brought_in_and_then_written_over(table: Table, draft: Draft) -> None:
    page = canvas_of_draft(table, draft, "the breaker held, said everybody")

    table.wish(BO, ImportPostmortem(source="canvas"))
    shown = brought(table)
    assert (shown.payload["changed"], shown.payload["left"]) == ([WELL], [])
    settle(table, BO)

    assert section_of(table.store.draft(1).text, WELL) == "- the breaker held, said everybody *stated by @bo*"
    card = table.store.card(canvas_key(1))
    assert card is not None
    assert card.payload["read"] == mark_of(unmarked(markdown_of(page)))


def test_a_canvas_that_is_not_there_is_said_to_be_and_the_file_offered(table: Table, draft: Draft) -> None:
    table.store.card_shown(canvas_key(1), ts=None, shown=9, edition=1)

    table.wish(ANA, ImportPostmortem(source="canvas"))

    assert "has no canvas here" in table.refused()
    assert "/postmortem export md" in table.refused()
