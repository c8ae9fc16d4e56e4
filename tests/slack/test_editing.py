"""One section in a dialog: from the command or the card to what is kept, with nothing lost on the way."""

from typing import Any

import pytest

from bot.domain.inbox import ConfirmCause, EditDraft, EditSection, ExportPostmortem, PublishPostmortem
from bot.domain.people import Place
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.sections import EDITABLE, replaced
from bot.domain.records import Change
from bot.errors import InvalidError, NotAllowedError
from bot.slack.buttons import Opening
from bot.slack.cards import modals
from bot.slack.cards.modals import VALUE
from bot.slack.modals import submission
from bot.workbench.slack.checker import check_view
from tests.slack.cards.drafts import a_draft
from tests.slack.door import (
    ANA,
    CHANNEL,
    GUS,
    NOON,
    TEAM,
    Body,
    Door,
    chosen,
    mentioned,
    post,
    said,
    slash,
    submit,
    written,
)

WELL = "What went well"
HERE = f"{CHANNEL} -"
PLACE = Place(team=TEAM, channel=CHANNEL)


def holding(body: str, *, edition: int = 1) -> Draft:
    draft = a_draft()
    return draft.model_copy(update={"text": replaced(draft.text, WELL, body), "edition": edition})


def as_sent(view: Any) -> dict[str, Body]:  # noqa: ANN401 - a dialog, as Slack has it
    """What Slack sends of a dialog in which nothing was changed."""
    fields = {one["block_id"]: one["element"].get("initial_value") for one in view["blocks"] if one["type"] == "input"}
    return {name: written(name, VALUE, value)[name] for name, value in fields.items()}


def labels(view: Any) -> list[str]:  # noqa: ANN401 - a dialog, as Slack has it
    return [one["label"]["text"] for one in view["blocks"] if one["type"] == "input"]


@pytest.mark.parametrize(
    "body",
    [
        "- one\n\n- two",
        "a " * 3_499 + "b.",
        "x" * 7_000,
        "\n".join(f"- line {number} of a long section, as people write them" for number in range(200)),
        "first\n\n" + "word and word " * 500 + "end\n\nlast",
        "x" * 2_999 + "\n\n" + "y" * 2_999,
        "- <!channel> & *so* on\n" * 400 + "- end",
    ],
    ids=["short", "7,000 in one line", "7,000 without a blank", "10 kB", "long within", "at the brink", "escaped"],
)
def test_what_a_section_says_comes_back_from_its_dialog_whole(door: Door, body: str) -> None:
    view: Any = modals.edit_draft(holding(body), WELL).payload

    wish = submission(submit("edit_draft", f"3:1 {HERE}", as_sent(view)), door.views, at=NOON).wish

    assert check_view(view) == []
    assert wish == EditDraft(draft=3, edition=1, sections={WELL: body})


def test_a_section_that_no_dialog_holds_is_refused_and_not_cut() -> None:
    with pytest.raises(InvalidError, match="too long for a dialog; nothing was done"):
        modals.edit_draft(holding("- a line of it\n" * 20_000), WELL)


def test_the_command_opens_the_one_section_that_is_named(door: Door) -> None:
    door.store.commit(Change(drafts=(holding("- it held"),)))

    view: Any = door.views.asking(EditSection(section=WELL), person=ANA, place=PLACE)

    assert labels(view) == [WELL]
    assert view["callback_id"] == "edit_draft"


def test_without_a_name_the_dialog_asks_which_and_opens_that_one(door: Door) -> None:
    door.store.commit(Change(drafts=(holding("- it held"),)))
    first: Any = door.views.asking(EditSection(), person=ANA, place=PLACE)
    number = str(EDITABLE.index(WELL) + 1)

    answer = said(post(door.app(), submit("choose_section", first["private_metadata"], chosen("why", "why", number))))

    assert answer["response_action"] == "update"
    assert check_view(answer["view"]) == []
    assert labels(answer["view"]) == [WELL]
    assert door.inbox.kept == []


def test_a_message_has_no_trigger_and_is_kept_to_be_answered_with_a_button(door: Door) -> None:
    post(door.app(), mentioned("<@U0RUNBOOK> postmortem edit went well"))

    assert door.inbox.only.wish == EditSection(section=WELL)


def test_an_edit_that_somebody_was_quicker_than_shows_theirs_above_mine_and_keeps_nothing(door: Door) -> None:
    door.store.commit(Change(drafts=(holding("- theirs", edition=2),)))
    mine = submit("edit_draft", f"3:1 {HERE}", written("section:4:0", VALUE, "- mine"))

    view = said(post(door.app(), mine))["view"]

    assert door.inbox.kept == []
    assert "theirs" in str(view["blocks"][1])
    assert as_sent(view)["section:4:0"][VALUE]["value"] == "- mine"
    assert view["private_metadata"].startswith("3:2 ")
    assert check_view(view) == []


@pytest.mark.parametrize("what", ["draft", "cause", "export", "publish", "edit", "fact"])
def test_a_dialog_of_a_draft_is_one_slack_takes_and_is_for_viewers_alone(door: Door, what: Any) -> None:  # noqa: ANN401 - a literal
    door.store.commit(Change(drafts=(holding("- it held"),)))
    opening = Opening(what=what, number=3, place=1)

    assert check_view(door.views.dialog(opening, person=ANA, place=PLACE)) == []
    with pytest.raises(NotAllowedError, match="Guests"):
        door.views.dialog(opening, person=GUS, place=PLACE)


@pytest.mark.parametrize(("said", "right"), [("right", True), ("wrong", False)])
def test_any_candidate_is_confirmed_or_struck_as_it_stood_when_the_dialog_was_opened(
    door: Door, said: str, right: bool
) -> None:
    door.store.commit(Change(drafts=(holding("- it held", edition=4),)))
    view: Any = door.views.dialog(Opening(what="cause", number=3, place=2), person=ANA, place=PLACE)

    post(door.app(), submit("cause", view["private_metadata"], chosen("why", "why", said)))

    assert door.inbox.only.wish == ConfirmCause(draft=3, number=1, edition=4, right=right)


def test_a_draft_is_exported_and_published_from_its_own_dialogs(door: Door) -> None:
    app = door.app()

    post(app, submit("export", f"3 {HERE}", chosen("why", "why", "docx")))
    post(app, submit("publish", f"3:4 {HERE}", {}, view_hash="2.b"))

    assert [one.wish for one in door.inbox.kept] == [
        ExportPostmortem(form="docx", draft=3),
        PublishPostmortem(draft=3, edition=4),
    ]


def test_a_draft_longer_than_a_dialog_says_where_all_of_it_is() -> None:
    view: Any = modals.draft_text(holding("- a line of it <&>\n" * 20_000)).payload

    assert check_view(view) == []
    assert "/postmortem export md" in str(view["blocks"][-1])


def test_a_section_nobody_drafted_yet_is_refused_where_it_is_asked_for(door: Door) -> None:
    asked = post(door.app(), slash("edit summary", command="/postmortem"))

    assert said(asked) == {}
    assert door.inbox.only.wish == EditSection(section="Summary")
