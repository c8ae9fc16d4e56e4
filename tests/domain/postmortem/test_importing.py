"""An edited text brought back: what it changes, whose words they are then, and what it cannot smuggle in."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt

from bot.domain.claims import Claim, Kind, check
from bot.domain.evidence import Evidence
from bot.domain.people import Place
from bot.domain.postmortem.comparing import Fate
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.importing import FILLED, Brought, brought, edition_of, plainly
from bot.domain.postmortem.markdown import leads_to, read, restruck, written
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.strikes import Struck, by_claim
from bot.errors import BotError, InvalidError, RequestError
from tests.domain.postmortem.inc7 import document
from tests.domain.test_strikes import a_strike

AT = datetime(2026, 1, 21, 3, tzinfo=UTC)
SUMMARY, IMPACT, WELL = Part.SUMMARY.value, Part.IMPACT.value, Part.WELL.value
STOPPED = "The nightly load stopped itself on bad currency values. [E1] [E2]"


def judge(claim: Claim, evidence: Evidence) -> str:
    checked = check((claim,), evidence)
    return checked.dropped[0].why if checked.dropped else ""


def a_draft(text: str | None = None, *, edition: int = 1) -> Draft:
    return Draft(
        id=3,
        incident=7,
        label="INC-7",
        title="transactions load halted",
        place=Place(team="T1", channel="C1"),
        by="U0ANA",
        begun=AT,
        since=AT,
        until=AT,
        state=DraftState.READY,
        document=document(),
        text=text or written(document()),
        edition=edition,
    )


def bring(
    text: str,
    *,
    draft: Draft | None = None,
    base: str | None = None,
    edition: int = 0,
    by: str = "@ana",
    struck: Struck | None = None,
    canvas: bool = False,
) -> Brought:
    one = draft or a_draft()
    number, struck = edition or one.edition, struck or {}
    return brought(one, text, edition=number, base=base, by=by, judge=judge, struck=struck, canvas=canvas)


def body(made: Brought, title: str) -> str:
    return section_of(made.text, title)


def fates(found: Sequence[object]) -> list[Fate]:
    return [getattr(one, "fate") for one in found]  # noqa: B009 - of sentences, whatever holds them


def edited(title: str, words: str) -> str:
    return replaced(a_draft().text, title, words)


def test_a_text_that_says_the_same_changes_nothing_and_is_said_to() -> None:
    with pytest.raises(RequestError, match="nothing in it that the draft does not say"):
        bring(a_draft().text)


@pytest.mark.parametrize("change", [lambda text: text.replace("\n- ", "\n* "), lambda text: text.replace("\n", "\r\n")])
def test_what_an_editor_does_to_bullets_and_line_ends_is_no_change(change: object) -> None:
    assert callable(change)
    with pytest.raises(RequestError, match="nothing in it"):
        bring(change(a_draft().text))


def test_each_sentence_is_unchanged_reworded_contradicted_or_new() -> None:
    words = (
        f"- {STOPPED}\n- 912 of 10,000 rows are in quarantine, says the count. [E3]\n- Readers called us.\n"
        "- The alarm halted went to ALARM, 101 against 100. [E1]"
    )

    made = bring(edited(SUMMARY, words))

    told = {one.claim.text: one for one in made.compared if one.section == SUMMARY}
    assert told["The nightly load stopped itself on bad currency values."].fate is Fate.UNCHANGED
    assert told["912 of 10,000 rows are in quarantine, says the count."].fate is Fate.CONTRADICTED
    assert told["Readers called us."].fate is Fate.STATED
    assert told["The alarm halted went to ALARM, 101 against 100."].fate is Fate.SUPPORTED
    assert fates(made.compared).count(Fate.REMOVED) == 0 or made.changed == (SUMMARY,)
    assert [one.claim.text for one in made.new] == [text for text in told if text != STOPPED[: -len(" [E1] [E2]")]]


def test_a_persons_new_sentence_stays_under_the_name_of_who_brings_it() -> None:
    made = bring(edited(WELL, "The breaker held."))

    assert body(made, WELL) == "- The breaker held. *stated by @ana*"


def test_nobody_can_put_words_into_somebody_elses_mouth() -> None:
    made = bring(edited(WELL, "- We were lucky. *stated by @bo*"))

    assert body(made, WELL) == "- We were lucky. *stated by @ana*"


def test_what_somebody_said_before_keeps_its_name_when_another_brings_it_back() -> None:
    said = "Reports were late until noon."
    kept = section_of(a_draft().text, IMPACT)

    made = bring(edited(IMPACT, f"{kept}\n- One more thing."))

    assert f"{said} *stated by @cy*" in body(made, IMPACT)
    assert "One more thing. *stated by @ana*" in body(made, IMPACT)


def test_an_evidence_id_that_does_not_exist_is_contradicted() -> None:
    made = bring(edited(SUMMARY, "- All rows were lost. [E99]"))

    (wrong,) = [one for one in made.compared if one.fate is Fate.CONTRADICTED]
    assert "E99" in wrong.why


def test_what_records_fill_stays_as_it_is_and_is_told() -> None:
    text = edited(WELL, "- The breaker held.")
    for title in FILLED:
        text = replaced(text, title, "- all is well, confirmed by @bo")

    made = bring(text)

    assert made.changed == (WELL,)
    assert set(made.left) == set(FILLED)
    assert all(section_of(made.text, title) == section_of(a_draft().text, title) for title in FILLED)


def test_a_text_that_differs_only_in_what_records_fill_is_nothing_to_take_over() -> None:
    with pytest.raises(RequestError, match="stays as it is: Evidence"):
        bring(edited("Evidence", "- E1 is different"))


@pytest.mark.parametrize("title", [WELL, "Action items", "Open questions", "A section of ours"])
def test_a_secret_that_somebody_brings_in_stays_behind_a_placeholder(title: str) -> None:
    text = f"{a_draft().text}\n## {title}\n" if title not in a_draft().text else a_draft().text
    made = bring(replaced(text, title, "- it logged in as ana@lake.example with password=hunter2Zz1 and went on"))

    assert "hunter2Zz1" not in made.text
    assert "ana@lake.example" not in made.text
    assert "went on" in body(made, title)


def test_words_above_the_first_title_are_not_lost_in_silence() -> None:
    text = edited(WELL, "- The breaker held.").replace("\n## ", "\nThe vendor knew at noon.\n\n## ", 1)

    with pytest.raises(InvalidError, match=r"“The vendor knew at noon\.” stands where nobody's words are kept"):
        bring(text)


@pytest.mark.parametrize("title", FILLED)
def test_words_among_what_records_fill_of_a_canvas_are_not_lost_in_silence(title: str) -> None:
    text = edited(WELL, "- The breaker held.")
    text = replaced(text, title, f"{section_of(text, title)}\n\nThe vendor knew at noon.")

    with pytest.raises(InvalidError, match=r"“The vendor knew at noon\.” stands where nobody's words are kept"):
        bring(text, canvas=True)


def test_a_canvas_from_which_people_took_what_records_fill_is_made_anew_once_it_is_deleted() -> None:
    with pytest.raises(RequestError, match=r"stays as it is: Times\. .* Delete the canvas"):
        bring(edited("Times", ""), canvas=True)


def test_how_slack_sets_the_tables_of_a_canvas_is_no_change() -> None:
    with pytest.raises(RequestError, match="nothing in it that the draft does not say"):
        bring(a_draft().text.replace("| E1 |", "| E1, as Slack sets it |"), canvas=True)


def test_a_section_missing_in_the_text_stays_and_an_emptied_one_is_emptied() -> None:
    text = a_draft().text
    begin, end = text.index(f"## {IMPACT}"), text.index("## Times")

    made = bring(replaced(text[:begin] + text[end:], SUMMARY, ""))

    assert body(made, SUMMARY) == ""
    assert body(made, IMPACT) == section_of(text, IMPACT)


def test_a_section_of_ones_own_is_kept_at_the_end() -> None:
    made = bring(f"{a_draft().text}\n## Notes, of the [review](https://evil.example)\n\nWe met on Monday.\n")

    (title,) = made.changed
    assert "[" not in title
    assert body(made, title) == "- We met on Monday. *stated by @ana*"


def test_lines_that_belong_together_are_one_sentence() -> None:
    made = bring(edited(WELL, "The breaker held,\nand nobody had to\ncall anyone.\n\nGood."))

    assert body(made, WELL).splitlines() == [
        "- The breaker held, and nobody had to call anyone. *stated by @ana*",
        "- Good. *stated by @ana*",
    ]


@pytest.mark.parametrize(
    "words",
    [
        "_All 99,999 rows were lost._",
        "| All 99,999 rows were lost |",
        "> All 99,999 rows were lost.",
        "### All 99,999 rows were lost.",
        "<!-- All 99,999 rows were lost. -->",
        "![All 99,999 rows were lost.](https://evil.example/p.png)",
        "```All 99,999 rows were lost.",
        "- Not looked at: All 99,999 rows were lost.",
    ],
)
def test_no_form_of_markdown_hides_a_sentence_from_being_somebodys_word(words: str) -> None:
    made = bring(edited(WELL, words))

    line = body(made, WELL)
    assert line.endswith("*stated by @ana*")
    assert "99,999" in line
    assert "](" not in line.replace("\\](", "")


@pytest.mark.parametrize(
    "hostile", ["<!channel> <@U0BO>", "a\u202eb\u2066c\u200bd", "[x](javascript:alert(1))", "\x1b[31mred"]
)
def test_hostile_words_are_words(hostile: str) -> None:
    line = body(bring(edited(WELL, f"- so {hostile} it was")), WELL)

    assert not any(character in line for character in "\u202e\u2066\u200b\x1b")
    assert "<!channel>" not in line.replace("\\<", "")
    assert "](" not in line.replace("\\]", "")


def test_listed_sections_keep_their_ticks_and_lose_links() -> None:
    made = bring(edited("Action items", "- [x] guard the feed — @bo, [see](https://evil.example) <b>"))

    assert body(made, "Action items") == "- [x] guard the feed — @bo, [see\\](https://evil.example) \\<b>"


# Editions.


def test_what_only_one_side_changed_is_taken_from_that_side() -> None:
    base = a_draft().text
    theirs = replaced(base, WELL, "- theirs *stated by @bo*")

    made = bring(edited(SUMMARY, f"- {STOPPED}"), draft=a_draft(theirs, edition=2), base=base, edition=1)

    assert made.changed == (SUMMARY,)
    assert body(made, WELL) == "- theirs *stated by @bo*"


@pytest.mark.parametrize("known", [True, False])
def test_what_both_changed_is_refused_with_how_it_stands_now(known: bool) -> None:
    base = a_draft().text
    theirs = replaced(base, WELL, "- theirs *stated by @bo*")

    with pytest.raises(RequestError, match=r"Nothing of yours is lost[\s\S]*theirs"):
        bring(edited(WELL, "- mine"), draft=a_draft(theirs, edition=2), base=base if known else None, edition=1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# INC-8 · another\n\n**DRAFT v1**\n\n## Summary\n", "is of INC-8"),
        ("# My notes\n\nwhat I think\n", "does not say what it is of"),
        ("# INC-7 · x\n\n## Summary\n", "names none"),
        ("# INC-7 · x\n\n**DRAFT v9**\n\n## Summary\n", "names edition 9"),
    ],
)
def test_a_text_of_something_else_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        edition_of(a_draft(), text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 400_001, "at most 400,000"),
        ("# INC-7\n" + "y" * 4_001, "Line 2 is longer"),
        ("## Summary\na\n## Summary\nb\n", "stands in it twice"),
        ("".join(f"## S{number}\na\n" for number in range(60)), "at most 40"),
        ("## Summary\n" + "- a new one\n" * 3_000, "at most 2,000"),
    ],
)
def test_a_text_that_is_no_post_mortem_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(BotError, match=why):
        bring(text)


def test_the_longest_lines_are_compared_too() -> None:
    lines = "\n".join("- " + f"{number} the nightly load stopped itself " * 90 for number in range(100))

    made = bring(edited(WELL, lines))

    assert len(made.new) == 100


def test_plain_text_keeps_its_lines() -> None:
    assert plainly("a\ufeff\r\nb\u200b\n\nc") == "a\nb\n\nc"


def test_a_statement_is_never_unsourced_and_never_judged() -> None:
    made = bring(edited(WELL, "- 77,000 rows were lost."))

    (said,) = made.new
    assert (said.fate, said.claim.kind, said.claim.by) == (Fate.STATED, Kind.STATED, "@ana")
    assert read(made.text).incident == "INC-7"


# Struck sentences.

STRUCK = by_claim([a_strike(1, "The nightly load stopped itself on bad currency values.", reason="by hand")])
MARKED = f"- ~~{STOPPED}~~ *struck by @bo: by hand*"


def test_a_text_takes_no_strike_back_and_is_judged_as_it_then_stands() -> None:
    draft = a_draft(restruck(a_draft().text, STRUCK))
    without = a_draft().text.replace("## What went well\n", "## What went well\n\n- It held.\n")

    made = bring(without, draft=draft, struck=STRUCK)

    assert made.changed == (WELL,)
    assert body(made, SUMMARY).startswith(MARKED)
    assert fates(made.compared).count(Fate.STRUCK) == 1
    assert Fate.REMOVED not in fates(made.compared)
    with pytest.raises(RequestError, match="does not say already"):
        bring(a_draft().text, draft=draft, struck=STRUCK)


def test_a_sentence_that_was_struck_elsewhere_comes_in_struck() -> None:
    strikes = by_claim([a_strike(1, "612 of 10,000 rows are in quarantine", reason="old")])

    made = bring(edited(WELL, "612 of 10,000 rows are in quarantine. [E3]"), struck=strikes)

    assert body(made, WELL) == "- ~~612 of 10,000 rows are in quarantine. [E3]~~ *struck by @bo: old*"
    assert fates(made.new) == [Fate.STRUCK]


@pytest.mark.parametrize("line", ["It held.", "612 of 10,000 rows are in quarantine. [E3]"])
def test_no_text_says_that_somebody_struck_what_nobody_struck(line: str) -> None:
    made = bring(edited(WELL, f"- ~~{line}~~ *struck by @bo: no*"))

    assert "struck by" not in made.text
    assert Fate.STRUCK not in fates(made.compared)


@pytest.mark.parametrize(
    "line", ["[E1]: https://evil.example", "- [e1]: https://evil.example", "> [E1]:https://evil.example"]
)
@pytest.mark.parametrize("title", ["Action items", "Open questions", "What went well", "Impact"])
def test_no_text_says_where_a_mark_leads(title: str, line: str) -> None:
    made = bring(edited(title, line))

    html = MarkdownIt("commonmark").render(made.text)
    assert 'href="https://evil.example"' not in html
    assert [place for one in made.text.splitlines() if (place := leads_to(one)) and not place[1]] == []


def test_marks_as_an_editor_spells_them_out_change_nothing() -> None:
    text = re.sub(r"\[(E\d+)\](?!:)", lambda found: f"[{found[1]}](#{found[1].lower()})", a_draft().text)

    with pytest.raises(RequestError, match="There is nothing in it that the draft does not say already"):
        bring(text)
