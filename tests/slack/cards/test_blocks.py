"""A card's limits: what has to go is never what people press."""

import pytest

from bot.slack.cards import wording
from bot.slack.cards.blocks import MOST_BLOCKS, Button, buttons, context, message, section
from tests.slack.cards import samples


def test_of_a_card_with_too_many_blocks_the_last_texts_go_and_the_buttons_stay() -> None:
    texts = [section(f"paragraph {number}") for number in range(20)]
    pressed = buttons([Button(label="Stop", action="stop", value="1")])

    made = message("text", [*texts, *pressed, context("said last")], ids="run:1:1")

    assert [block["type"] for block in made.blocks] == ["section"] * (MOST_BLOCKS - 2) + ["actions", "context"]
    assert made.blocks[0]["text"] == section("paragraph 0")["text"]


def test_a_time_may_begin_with_today_and_so_has_no_at_before_it() -> None:
    told = wording.told("It went off at 2026-01-21 02:07:00 UTC and is OK since 2026-01-21T03:31:00Z, at last.")

    assert told == (
        "It went off <!date^1768961220^{date_short_pretty} {time}|21 Jan 02:07 UTC>"
        " and is OK since <!date^1768966260^{date_short_pretty} {time}|21 Jan 03:31 UTC>, at last."
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Choose first. *Give them up*: take *Rollback*.", "Choose first. Give them up: take Rollback."),
        ("*_LATEST.json* goes on", "_LATEST.json goes on"),
        ("**Pause** first", "Pause first"),
        ("3 * 4 * 5, and `part-*.csv` of `a*b*`", f"3 {wording.STAR} 4 {wording.STAR} 5, and `part-*.csv` of `a*b*`"),
        ("*a\nb*", f"{wording.STAR}a b{wording.STAR}"),
    ],
)
def test_what_a_runbook_stresses_is_read_without_its_stars(written: str, read: str) -> None:
    assert wording.instruction(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("asked <@U0BO> and <@U0BO|bo> to look", "asked @bo and @bo to look"),
        ("asked <@U0NOBODY> to look", "asked &lt;@U0NOBODY&gt; to look"),
        ("<!channel> <@U0BO", "&lt;!channel&gt; &lt;@U0BO"),
    ],
)
def test_whom_a_note_mentions_is_shown_by_name_and_notified_of_nothing(written: str, read: str) -> None:
    assert samples.stage(names={samples.BO: "bo"}).said(written) == read
