"""A card's limits: what has to go is never what people press."""

from bot.slack.cards.blocks import MOST_BLOCKS, Button, buttons, context, message, section


def test_of_a_card_with_too_many_blocks_the_last_texts_go_and_the_buttons_stay() -> None:
    texts = [section(f"paragraph {number}") for number in range(20)]
    pressed = buttons([Button(label="Stop", action="stop", value="1")])

    made = message("text", [*texts, *pressed, context("said last")], ids="run:1:1")

    assert [block["type"] for block in made.blocks] == ["section"] * (MOST_BLOCKS - 2) + ["actions", "context"]
    assert made.blocks[0]["text"] == section("paragraph 0")["text"]
