"""A canvas follows its draft, never over what people wrote in it; a workspace without canvases loses nothing."""

import pytest
from markdown_it import MarkdownIt

from bot.domain.postmortem.canvas import mark_of, markdown_of, unmarked
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.sections import replaced
from bot.domain.records import Card, CardKind, Change, canvas_key
from bot.errors import CallRefusedError, OutcomeUnknownError, UnavailableError
from tests.slack.cards.drafts import a_draft
from tests.slack.cards.samples import CHANNEL
from tests.slack.test_renderer import House, house, standing

__all__ = ["house"]

KEY = canvas_key(3)
DRAFT = Card(key="postmortem:3", kind=CardKind.POSTMORTEM, subject=3, channel=CHANNEL, urgent=True)
MD = Card(
    key="postmortem:3:md", kind=CardKind.FILE, subject=3, channel=CHANNEL, under="postmortem:3", payload={"what": "md"}
)
HTML = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def canvas_card(**payload: str) -> Card:
    return Card(key=KEY, kind=CardKind.CANVAS, subject=3, channel=CHANNEL, under="postmortem:3", payload={**payload})


def keep(house: House, draft: Draft, *cards: Card) -> Draft:
    """Keep an edition of the draft with its cards, and show them."""
    house.store.commit(Change(drafts=(draft,), cards=(DRAFT, *cards)))
    house.settle()
    house.settle()
    return house.store.draft(3)


def shown(house: House) -> str:
    """Return the canvas as people see it, and let the bot see the same."""
    ((known, canvas),) = house.chat.canvases.items()
    house.uploads.pages[known] = HTML.render(canvas.text)
    return canvas.text


def edited(draft: Draft, words: str) -> Draft:
    text = replaced(draft.text, "What went well", words)
    return draft.model_copy(update={"text": text, "edition": draft.edition + 1})


def test_a_draft_is_a_canvas_too_and_the_canvas_follows_its_text(house: House) -> None:
    draft = keep(house, a_draft(), canvas_card())
    assert "canvas, in the channel’s tabs" in house.chat.card("postmortem:3").words
    assert "nothing of it" not in shown(house)

    keep(house, edited(draft, "- nothing of it"), canvas_card())

    assert "- nothing of it" in shown(house)
    assert standing(house, KEY).edition == 2


@pytest.mark.parametrize("code", ["canvas_disabled_user_team", "free_team_canvas_tab_already_exists", "missing_scope"])
def test_a_workspace_without_canvases_is_no_failure_and_the_card_says_how_to_read_it(house: House, code: str) -> None:
    house.chat.fails("create_canvas", CallRefusedError("Slack refused canvases.create.", code=code))

    keep(house, a_draft(), canvas_card(), MD)

    assert "the file in the thread is the way to read it" in house.chat.card("postmortem:3").words
    assert [sheet.name for _, _, sheet in house.chat.sheets] == ["INC-7-v1.md"]
    assert house.store.cards_behind() == []


def test_a_canvas_that_slack_took_later_is_said_to_be_there(house: House) -> None:
    house.chat.fails("create_canvas", OutcomeUnknownError("no answer"))
    draft = keep(house, a_draft(), canvas_card())

    keep(house, edited(draft, "- again"), canvas_card())

    assert "canvas, in the channel’s tabs" in house.chat.card("postmortem:3").words
    assert "- again" in shown(house)


def test_what_people_wrote_in_a_canvas_is_not_written_over(house: House) -> None:
    draft = keep(house, a_draft(), canvas_card())
    shown(house)
    (known,) = house.chat.canvases
    theirs = house.uploads.pages[known].replace("<h2>What went well</h2>", "<h2>What went well</h2><p>Ours.</p>")
    house.uploads.pages[known] = theirs

    keep(house, edited(draft, "- mine"), canvas_card())

    assert "- mine" not in house.chat.canvases[known].text
    assert "is not written over" in house.chat.card("postmortem:3").words
    taken = mark_of(unmarked(markdown_of(theirs)))
    keep(house, edited(house.store.draft(3), "- both"), canvas_card(read=taken))
    assert "- both" in house.chat.canvases[known].text


def test_a_canvas_that_cannot_be_read_is_left_and_one_that_is_gone_is_made_anew(house: House) -> None:
    draft = keep(house, a_draft(), canvas_card())
    (known,) = house.chat.canvases
    house.uploads.silent = True
    draft = keep(house, edited(draft, "- unseen"), canvas_card())
    assert "- unseen" not in house.chat.canvases[known].text

    house.uploads.silent = False
    del house.chat.canvases[known]
    keep(house, edited(draft, "- anew"), canvas_card())

    assert "- anew" in shown(house)


def test_a_canvas_is_tried_again_when_slack_does_not_answer(house: House) -> None:
    house.chat.fails("create_canvas", UnavailableError("away"))

    keep(house, a_draft(), canvas_card())

    assert len(house.chat.canvases) == 1


def test_where_slack_takes_no_file_its_place_says_so_and_where_the_text_is(house: House) -> None:
    house.chat.fails("share", CallRefusedError("Slack refused it.", code="file_uploads_disabled"))

    keep(house, a_draft(), MD)

    said = house.chat.card("postmortem:3:md").words
    assert "Slack did not take the file INC-7-v1.md* (file_uploads_disabled)" in said
    assert "The bot keeps it as edition 1" in said
    assert house.chat.card("postmortem:3:md").thread == house.chat.card("postmortem:3").ts


def test_of_a_published_one_it_says_where_it_is_published(house: House) -> None:
    house.chat.fails("share", OutcomeUnknownError("no answer"))
    draft = a_draft().model_copy(update={"published": ("var/postmortems/INC-7.md", "s3://lake-docs/pm/INC-7-v1.md")})

    keep(house, draft, MD)

    said = house.chat.card("postmortem:3:md").words
    assert "It is published to var/postmortems/INC-7.md, s3://lake-docs/pm/INC-7-v1.md." in said
