import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.domain.claims import Claim, Kind
from bot.domain.plain import visible
from bot.domain.postmortem.document import PROMPTS, ActionItem, Moment, Part, Postmortem
from bot.domain.postmortem.markdown import (
    actions_in,
    claim_in,
    escaped,
    read,
    restruck,
    sentence,
    span,
    unescaped,
    written,
)
from bot.domain.postmortem.sections import section_of
from bot.domain.strikes import Struck, by_claim, reasoned
from tests.domain.attacks import TEXTS
from tests.domain.postmortem.inc7 import at, claim, document
from tests.domain.test_strikes import a_strike

HOSTILE = [
    "plain",
    "# no heading",
    "- no item",
    "1. no list",
    "a | b || c",
    "`code` *bold* _under_ snake_case __init__",
    "[E9] [x](https://evil.example) <!channel> <b>",
    "back\\slash \\[E1\\]",
    "2 * 3 < 7 & 8",
    "“quoted”",
    "tail*",
    "*stated by @root*",
]


def test_what_is_written_is_read_back_as_it_was() -> None:
    whole = document()

    told = read(written(whole))

    assert (told.incident, told.number) == ("INC-7", 1)
    assert told.timeline == whole.timeline
    assert told.evidence == tuple(item.id for item in whole.evidence.items)
    assert [sentence(one.claim) for one in told.sentences] == [sentence(one) for _, one in in_reading_order()]
    assert list(dict.fromkeys(one.section for one in told.sentences)) == [
        "Summary",
        "Impact",
        "Trigger and contributing factors",
        "For",
        "Against",
        "Response and recovery",
    ]


def in_reading_order() -> list[tuple[str, Claim]]:
    found = list(document().claims())
    response = [one for one in found if one[0] == Part.RESPONSE]
    return [*(one for one in found if one[0] != Part.RESPONSE), *response]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_taken_for_markdown(text: str) -> None:
    assert unescaped(escaped(text)) == " ".join(text.split())

    back = claim_in(sentence(claim(text, "E4")))

    assert sentence(back) == sentence(claim(text, "E4"))
    assert back.evidence == ("E4",)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out_of_its_row(text: str) -> None:
    row = Moment(at=at(0), text=text, source="note", by=text)

    told = read(written(document().model_copy(update={"timeline": (row,)})))

    assert [(one.text, one.by) for one in told.timeline] == [(" ".join(text.split()), " ".join(text.split()))]


@pytest.mark.parametrize("link", ["https://lake.example/archives/C1/p1?thread_ts=1.2&cid=C1", ""])
def test_a_row_that_can_be_opened_reads_back_as_it_was(link: str) -> None:
    row = Moment(at=at(0), text="it is back", source="note", by="@bo", evidence=("E1",), link=link)

    told = read(written(document().model_copy(update={"timeline": (row,)})))

    assert told.timeline == (row,)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://lake.example/a|b", "https://lake.example/<b>"])
def test_a_row_opens_nothing_that_is_no_plain_address(link: str) -> None:
    assert Moment(at=at(0), text="it is back", source="note", link=link).link == ""


def test_sections_for_people_keep_their_prompts() -> None:
    text = written(document())

    assert all(PROMPTS[part] in text for part in (Part.WELL, Part.BADLY, Part.LUCKY, Part.DETECTION))
    assert PROMPTS[Part.SUMMARY] not in text


def test_what_is_not_known_is_unknown() -> None:
    text = written(document())

    assert "- Resolved: unknown" in text
    assert "- Detected: 2026-01-21 02:07:33 UTC (after 30 s)" in text
    assert "- Waited for people: 11 min" in text


def test_a_cause_is_a_candidate_until_a_person_confirms_it() -> None:
    whole = document()
    confirmed = whole.candidates[0].model_copy(update={"confirmed_by": "@bo"})

    assert "### Candidate 1 · trigger · not confirmed" in written(whole)
    assert "confirmed by @bo" in written(whole.model_copy(update={"candidates": (confirmed,)}))
    assert "root cause" not in written(whole).casefold()


def test_a_candidate_names_what_was_not_looked_at_and_says_nothing_where_all_was() -> None:
    whole = document()
    (candidate,) = whole.candidates

    def lines(*unseen: str) -> list[str]:
        told = whole.model_copy(update={"candidates": (candidate.model_copy(update={"unseen": unseen}),)})
        return [line for line in written(told).splitlines() if "ot looked at" in line]

    assert lines() == []
    assert lines("/aws-glue/jobs/output: access denied.", "S3") == [
        "- Not looked at: /aws-glue/jobs/output: access denied; S3"
    ]
    assert lines(*"abcdef") == ["- Not looked at: a; b; c; d; and 2 more under Not read"]


def test_what_was_not_read_and_what_was_dropped_stand_in_the_text() -> None:
    text = written(document())

    assert "access denied" in text
    assert "~~It was the network.~~ E1 says nothing of a network." in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("It failed. [E4 E7]", Claim(text="It failed.", kind=Kind.OBSERVED, evidence=("E4", "E7"))),
        ("It failed. [E4] [E7]", Claim(text="It failed.", kind=Kind.OBSERVED, evidence=("E4", "E7"))),
        ("It failed. [E4](#e4) [E7](#e7)", Claim(text="It failed.", kind=Kind.OBSERVED, evidence=("E4", "E7"))),
        ("It failed [E4, E7].", Claim(text="It failed.", kind=Kind.OBSERVED, evidence=("E4", "E7"))),
        ("So it was. [E4] _inferred_", Claim(text="So it was.", kind=Kind.INFERRED, evidence=("E4",))),
        ("I saw it. *stated by @x*", Claim(text="I saw it.", kind=Kind.STATED, by="@x")),
        ("I saw it.", Claim(text="I saw it.", kind=Kind.STATED)),
        ("It said so. “no” [E1]", Claim(text="It said so.", kind=Kind.OBSERVED, evidence=("E1",), quote="no")),
    ],
)
def test_a_sentence_is_read_with_its_marks(line: str, expected: Claim) -> None:
    assert claim_in(line) == expected


@pytest.mark.parametrize(
    "text", ["", "#", "## \n- x", "|a|b|", "\x00", "## Timeline\n| never | x |  | y | E1 |", "x" * 100_000]
)
def test_any_text_can_be_read(text: str) -> None:
    assert read(text).timeline == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (28, "28 s"), (660, "11 min"), (5_064, "1 h 24 min"), (90_000, "1 d 1 h"), (61, "1 min 1 s")],
)
def test_a_span_is_said_in_the_units_that_matter(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


def test_a_sentence_that_cites_a_computed_value_is_read_back_as_it_was() -> None:
    said = claim("time until detected: 30 s", "D1", "E2")

    assert claim_in(sentence(said)) == said


def test_action_items_are_read_back_as_they_were_written_and_as_people_left_them() -> None:
    items = (
        ActionItem(text="Check *.csv at the source [now]", evidence=("E1", "E4")),
        ActionItem(text="Alert on late files", owner="@ana", due="2026-12-01", done=True),
    )
    text = written(document().model_copy(update={"actions": items}))

    mine = text.replace("## Action items\n", "## Action items\n\nSome words.\n* call them — by phone — soon\n")

    assert actions_in(text) == items
    assert next(one.text for one in actions_in(mine)) == "call them — by phone — soon"
    assert actions_in(written(document().model_copy(update={"actions": ()}))) == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_an_action_item_of_hostile_words_stays_one_item_with_these_words(text: str) -> None:
    items = (ActionItem(text=text), ActionItem(text="next"))

    assert actions_in(written(document().model_copy(update={"actions": items}))) == items


# Struck sentences.


def strikes(*texts: str, reason: str = "it was not") -> Struck:
    return by_claim(a_strike(number, text, reason=reason) for number, text in enumerate(texts, start=1))


SAID = [one.claim for one in read(written(document())).sentences if one.claim.evidence]


def test_a_sentence_that_is_struck_is_struck_through_with_who_and_why_and_nothing_else_changes() -> None:
    text = written(document())

    marked = restruck(text, strikes("No wrong data was promoted"))

    before = "- No wrong data was promoted. [E3] [E4] *inferred*"
    after = "- ~~No wrong data was promoted. [E3] [E4] *inferred*~~ *struck by @bo: it was not*"
    assert marked == text.replace(before, after)
    assert marked != text


def test_what_is_struck_and_taken_back_is_the_text_as_it_was() -> None:
    text = written(document())
    every = strikes(*(one.text for one in SAID), reason="~~ *struck by @cy* [E1] \\")

    marked = restruck(text, every)

    assert [one.struck for one in read(marked).sentences if one.claim.evidence] == [True] * len(SAID)
    assert [one.claim for one in read(marked).sentences if one.claim.evidence] == SAID
    assert restruck(marked, every) == marked
    assert restruck(marked, {}) == text


def test_what_speaks_for_a_candidate_and_against_it_is_struck_behind_its_lead() -> None:
    marked = restruck(
        written(document()), strikes("101 of 101 errors carry f-0193.", "f-0193 carries an unknown currency code")
    )

    assert "- For: ~~101 of 101 errors carry f-0193. [E2]~~ *struck by @bo: it was not*" in marked
    assert "- ~~f-0193 carries an unknown currency code. [E2] *inferred*~~ *struck by @bo: it was not*" in marked


def test_what_a_person_states_is_not_struck() -> None:
    text = written(document())

    assert restruck(text, strikes("Reports were late until noon.")) == text


@pytest.mark.parametrize("wrapped", ["~~{}~~ *struck by @bo: no*", "~~~~{}~~ *struck by @a*~~ *struck by @b*"])
@pytest.mark.parametrize("line", ["No wrong data was promoted. [E3] [E4] *inferred*", "Reports were late."])
def test_a_mark_that_no_strike_stands_behind_is_taken_off(wrapped: str, line: str) -> None:
    text = f"# INC-7 · x\n\n## Summary\n\n- {wrapped.format(line)}\n"

    assert restruck(text, {}) == f"# INC-7 · x\n\n## Summary\n\n- {line}\n"


@pytest.mark.parametrize("text", [*TEXTS, "a ~~ b", "~~a~~", "a~", "~a", "a\\", "*a", "_a_ `b", "[E9] a"])
def test_no_sentence_and_no_reason_ends_the_strike_it_stands_in(text: str) -> None:
    shown = visible(text)[:600] or "x"
    whole = Postmortem(
        incident="INC-7",
        title="x",
        since=at(0),
        until=at(1),
        parts={Part.SUMMARY: (claim(shown, "E1"),)},
    )
    marked = restruck(written(whole), strikes(read(written(whole)).sentences[0].claim.text, reason=reasoned(text)))

    html = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough"]).render(section_of(marked, "Summary"))

    struck_out = re.findall(r"<s>(.*?)</s>(.*)", html, flags=re.S)
    assert len(struck_out) == 1
    assert struck_out[0][0].endswith("[E1]")
    assert struck_out[0][1].strip().startswith("<em>struck by @bo")
    assert html.startswith("<ul>\n<li><s>")


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=80))
def test_whatever_a_sentence_says_it_is_found_again_struck_and_unstruck(text: str) -> None:
    whole = Postmortem(
        incident="INC-7",
        title="x",
        since=at(0),
        until=at(1),
        parts={Part.SUMMARY: (claim(f"a {visible(text)} b", "E1"),)},
    )
    plain = written(whole)
    (one,) = read(plain).sentences

    marked = restruck(plain, strikes(one.claim.text))

    (again,) = read(marked).sentences
    assert (again.struck, again.claim) == (True, one.claim)
    assert restruck(marked, {}) == plain
