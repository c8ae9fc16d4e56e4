"""A post-mortem becomes a canvas and comes back as the same words; what people changed in it is noticed."""

import re

import pytest
from markdown_it import MarkdownIt

from bot.domain.postmortem.canvas import canvas_of, is_as_written, mark_of, markdown_of, unmarked
from bot.domain.postmortem.importing import FILLED, key_of, parts
from bot.domain.postmortem.markdown import read, restruck, unanchored, written
from bot.domain.postmortem.sections import replaced
from bot.domain.strikes import by_claim
from tests.domain.postmortem.inc7 import document
from tests.domain.test_strikes import a_strike

TEXT = written(document()).replace("\\[E1\\]", "(E1)")
"""Without the one thing that a canvas does not give back: which of two brackets was escaped."""
HTML = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def back(text: str) -> str:
    return markdown_of(HTML.render(text))


def test_a_canvas_comes_back_with_the_same_sentences_and_as_it_was_written() -> None:
    found = back(canvas_of(TEXT))

    assert is_as_written(found)
    sentences = read(unmarked(found)).sentences
    assert [key_of(one.claim.text) for one in sentences] == [key_of(one.claim.text) for one in read(TEXT).sentences]
    assert [one.claim.evidence for one in sentences] == [one.claim.evidence for one in read(TEXT).sentences]
    assert (read(found).incident, read(found).number) == ("INC-7", 1)
    assert [one.at for one in read(found).timeline] == [one.at for one in read(TEXT).timeline]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bad currency values", "good currency values"),
        ("<h2>What went well</h2>", "<h2>What went well</h2><p>Much.</p>"),
        ("<h2>What went well</h2>", "<h2>What went fine</h2>"),
        ("canvas mark", "canvas"),
    ],
)
def test_words_that_people_changed_in_a_canvas_are_noticed(old: str, new: str) -> None:
    page = HTML.render(canvas_of(TEXT))
    assert old in page

    assert not is_as_written(markdown_of(page.replace(old, new, 1)))


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page.replace("<em>", "<i>").replace("</em>", "</i>"),
        lambda page: page.replace("<li>", '<li><p class="line">').replace("</li>", "</p></li>"),
        lambda page: page.replace("<p>", '<p class="line"><span>').replace("</p>", "</span></p>"),
        lambda page: f"<html><head><style>a {{}}</style><title>x</title></head><body>{page}</body></html>",
        lambda page: page.replace("<h2>", "<h2 id='a'>").replace("\n", ""),
    ],
)
def test_how_slack_sets_a_canvas_is_no_change(change: object) -> None:
    assert callable(change)

    assert is_as_written(markdown_of(change(HTML.render(canvas_of(TEXT)))))


def test_a_long_table_becomes_tables_that_slack_takes_and_no_row_is_lost() -> None:
    rows = "".join(f"| 2026-01-21 02:{n // 60:02}:{n % 60:02} | row {n} | | log | |\n" for n in range(500))
    text = f"# INC-7 · x\n\n## Timeline\n\n| UTC | what | who | from | evidence |\n|---|---|---|---|---|\n{rows}"

    made = canvas_of(text)

    tables = [one for one in made.split("\n\n") if one.startswith("|")]
    assert max(5 * (one.count("\n") + 1) for one in tables) <= 305
    assert [one.text for one in read(back(made)).timeline] == [f"row {n}" for n in range(500)]


def test_checklists_links_and_struck_words_come_back() -> None:
    page = (
        '<ul data-section-style="7"><li class="checked">guard</li><li class="unchecked">test</li></ul>'
        '<p>see <a href="https://x.example/a">this</a>, <del>not</del> <code>that</code></p>'
    )

    assert markdown_of(page).split("\n") == [
        "- [x] guard",
        "- [ ] test",
        "see [this](https://x.example/a), ~~not~~ `that`",
        "",
    ]


def test_a_mark_opens_what_its_row_of_evidence_opens_and_comes_back_as_a_mark() -> None:
    text = canvas_of(TEXT)

    assert "[\\[E7\\]](https://x.example/e)" in text
    assert "[\\[E3\\]](" not in text
    assert markdown_of(
        '<p>It failed <a href="https://x.example/e">[E7]</a>, <a href="https://x.example/e">E7</a>.</p>'
    ) == ("It failed [E7], [E7].\n")


def test_nothing_in_a_text_becomes_a_mention_in_a_canvas() -> None:
    assert "![](@U0BO)" not in canvas_of("## Summary\n\n- ask ![](@U0BO) [E1]\n")


@pytest.mark.parametrize(
    "page", ["", "<", "<li>" * 3_000, "</li></table></tr></td></a>", "<td>a</td><tr><td>b", "\x00"]
)
def test_a_broken_page_is_read_as_far_as_it_goes(page: str) -> None:
    assert markdown_of(page).endswith("\n")


def test_the_mark_is_of_all_that_stands_there_but_tables() -> None:
    assert mark_of(TEXT) == mark_of(TEXT.replace("| E1 |", "| E1, as Slack sets it |"))
    assert mark_of(TEXT) == mark_of(unanchored(TEXT))
    assert mark_of(TEXT) != mark_of(replaced(TEXT, "Summary", "- other"))


@pytest.mark.parametrize(
    "before", [*(f"## {title}\n" for title in FILLED), "(?=\n## Summary)", r"canvas mark \w+_", r"\Z"]
)
def test_words_that_people_wrote_anywhere_are_noticed_and_come_back(before: str) -> None:
    said = "I saw it at noon."
    found = back(re.sub(rf"({before})", rf"\1\n{said}\n", canvas_of(TEXT), count=1))

    assert not is_as_written(found)
    assert said in unmarked(found)


def test_what_is_struck_comes_back_struck_and_is_no_edit() -> None:
    said = [one.claim.text for one in read(TEXT).sentences if one.claim.evidence]
    strikes = by_claim(
        a_strike(number, text, reason="~~ <!channel> *no* [x](y)") for number, text in enumerate(said, 1)
    )
    marked = restruck(TEXT, strikes)

    found = back(canvas_of(marked))

    assert is_as_written(found)
    assert [one.struck for one in read(unmarked(found)).sentences] == [one.struck for one in read(marked).sentences]
    assert parts(restruck(unmarked(found), strikes))["Summary"] == parts(marked)["Summary"]
