from datetime import timedelta

import pytest

from bot.domain.claims import Claim, Kind
from bot.domain.postmortem.document import PROMPTS, ActionItem, Moment, Part
from bot.domain.postmortem.markdown import (
    actions_in,
    claim_in,
    escaped,
    read,
    sentence,
    span,
    unescaped,
    written,
)
from tests.domain.postmortem.inc7 import at, claim, document

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
