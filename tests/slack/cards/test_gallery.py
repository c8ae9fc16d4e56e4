"""Every card against the rules of cards.md, and against its golden text.

`GOLDEN=write pytest tests/slack/cards` writes the texts anew; they are there to be read in a review.
"""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block as SdkBlock

from bot.domain.run import Run
from bot.domain.runbook import Runbook
from bot.slack.cards import modals
from bot.slack.cards.blocks import Message, View, characters
from bot.slack.cards.notices import Told, notice
from bot.slack.cards.postmortem import postmortem_card
from bot.slack.cards.request import request_card
from bot.slack.cards.run import controls, further, run_card
from bot.workbench.slack.checker import check_message, check_view
from tests.slack.cards.drafts import a_draft
from tests.slack.cards.gallery import GALLERY, every_run
from tests.slack.cards.reading import read
from tests.slack.cards.samples import POLICY, an_approval, at_step, runbook, stage
from tests.slack.fakes import payload_of

GOLDEN = Path(__file__).parent / "golden"
MESSAGES = {name: show for name, show in GALLERY.items() if not name.startswith(("modal", "home"))}
CARDS = pytest.mark.parametrize("name", MESSAGES)


def shown(name: str) -> Message:
    card = GALLERY[name]()
    assert isinstance(card, Message)
    return card


def blocks_of(card: Message | View) -> list[dict[str, Any]]:
    blocks: Any = card.blocks if isinstance(card, Message) else card.payload["blocks"]
    return [dict(one) for one in blocks]


def elements(card: Message | View, kind: str) -> list[dict[str, Any]]:
    rows = [one for one in blocks_of(card) if one["type"] == "actions"]
    return [element for row in rows for element in row["elements"] if element["type"] == kind]


@pytest.mark.parametrize("name", GALLERY)
def test_slack_would_take_every_card(name: str) -> None:
    card = GALLERY[name]()

    problems = check_message(payload_of(card)) if isinstance(card, Message) else check_view(card.payload)

    assert problems == []
    assert None not in [SdkBlock.parse(copy.deepcopy(one)) for one in blocks_of(card)]


@pytest.mark.parametrize("name", GALLERY)
def test_every_card_reads_as_its_golden_text_says(name: str, write_golden: bool) -> None:
    text, path = read(GALLERY[name]()), GOLDEN / f"{name}.txt"
    if write_golden:
        path.write_text(text, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text


def test_there_is_no_golden_text_without_its_card() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == sorted(GALLERY)


@CARDS
def test_the_push_message_is_whole_and_at_most_120_characters(name: str) -> None:
    text = shown(name).text

    assert 0 < len(text) <= 120
    assert text.count("<") == text.count(">")


@CARDS
def test_a_card_has_at_most_twelve_blocks_and_2500_characters(name: str) -> None:
    card = shown(name)

    assert len(card.blocks) <= 12
    assert characters(card.blocks) <= 2_500


@pytest.mark.parametrize("name", [name for name in MESSAGES if not name.startswith("checklist")])
def test_a_card_has_at_most_three_buttons_and_one_overflow_with_short_labels(name: str) -> None:
    card = shown(name)
    labels = [one["text"]["text"] for one in elements(card, "button")]

    assert len(labels) <= 3
    assert len(elements(card, "overflow")) <= 1
    assert [label for label in labels if len(label) > 20] == []


@pytest.mark.parametrize("name", ["checklist", "checklist-continued"])
def test_each_open_item_of_a_checklist_has_two_pickers_and_one_button_in_a_row_that_fits_a_phone(name: str) -> None:
    rows = [[one["type"] for one in row["elements"]] for row in blocks_of(shown(name)) if row["type"] == "actions"]

    assert [row for row in rows if row not in (["users_select", "datepicker", "button"], ["button"])] == []


@CARDS
def test_only_the_most_wanted_button_stands_out_and_it_stands_first(name: str) -> None:
    styles = [one.get("style") for one in elements(shown(name), "button")]

    assert "primary" not in styles[1:]


@pytest.mark.parametrize("name", GALLERY)
def test_buttons_carry_ids_only(name: str) -> None:
    values = [one["value"] for one in elements(GALLERY[name](), "button")]
    values += [option["value"] for menu in elements(GALLERY[name](), "overflow") for option in menu["options"]]

    assert [one for one in values if not re.fullmatch(r"[A-Za-z0-9_:-]{1,80}", one, re.ASCII)] == []


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith(("request", "alarm", "run", "notice"))])
def test_the_environment_stands_first(name: str) -> None:
    first = blocks_of(shown(name))[0]["text"]["text"].split("\n")[0]

    assert re.match(r"\W*PROD\b", first), first


@CARDS
def test_every_block_has_an_id_of_its_own(name: str) -> None:
    ids = [one["block_id"] for one in blocks_of(shown(name))]

    assert len(set(ids)) == len(ids)


@CARDS
def test_what_is_pushed_is_words_without_a_link_or_bold(name: str) -> None:
    assert re.findall(r"<https?:|^\*|\*$", shown(name).text) == []


@CARDS
def test_times_are_slack_dates_that_every_reader_sees_in_their_own_time(name: str) -> None:
    loose = re.sub(
        r"<!date\^[^>]*>|```.*?```|“[^”]*”|\d{4}-\d\d-\d\dT[\d:]+Z|\d\d:\d\d UTC",
        "",
        json.dumps(blocks_of(shown(name)), ensure_ascii=False),
        flags=re.S,
    )

    assert re.findall(r"\b\d\d:\d\d\b", loose) == []


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith("run-")])
def test_the_run_card_mentions_nobody_because_it_never_notifies(name: str) -> None:
    assert re.findall(r"<[@!](?!date)", json.dumps(shown(name).blocks)) == []


OVER = ["notice-declined-and-asked-again", "notice-failed-and-taken-back", "notice-broken-glass-void"]


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith("notice-") and name not in OVER])
def test_a_notice_mentions_somebody_because_it_needs_somebody(name: str) -> None:
    assert re.findall(r"<[@!](?!date)", json.dumps(shown(name).blocks))


@pytest.mark.parametrize("name", OVER)
def test_a_notice_that_is_over_offers_nothing(name: str) -> None:
    assert elements(shown(name), "button") == []
    assert "Over: " in json.dumps(shown(name).blocks)


@pytest.mark.parametrize(
    "name",
    ["request-approved", "request-done", "request-declined", "request-expired", "request-void", "request-taken-back"],
)
def test_an_edition_that_is_over_carries_no_approve(name: str) -> None:
    actions = [one["action_id"] for one in elements(shown(name), "button")]

    assert not {"approve", "decline", "review"} & set(actions)


def test_approve_stands_only_on_the_request_itself() -> None:
    carrying = [
        name for name in GALLERY if any(one["action_id"] == "approve" for one in elements(GALLERY[name](), "button"))
    ]

    assert carrying == [
        "request",
        "request-control",
        "request-without-precondition",
        "request-one-of-two",
        "request-may-break-glass",
        "request-breaking-glass",
        "request-on-trial",
    ]


def test_a_draft_shown_to_one_person_offers_nothing_that_counts_only_on_its_card() -> None:
    card, whispered = (read(postmortem_card(a_draft(), (), stage(), whispered=one)) for one in (False, True))

    assert "Wrong?…" in card
    assert "Wrong?…" not in whispered


RUNS = [
    pytest.param(run, book, id=f"{run.state}-{run.waiting.what if run.waiting else 'nothing'}-{number}")
    for number, (run, book) in enumerate(every_run())
]


@pytest.mark.parametrize(("run", "book"), RUNS)
def test_whatever_can_be_done_with_a_run_stands_on_its_card_or_in_the_dialog_that_opens_from_it(
    run: Run, book: Runbook
) -> None:
    card = run_card(run, book, (), stage())
    shown, more = controls(run, book)
    dialog: Any = modals.what_else(run, further(run, book)).payload
    reached = {one["value"] for one in elements(card, "button")}
    reached |= {option["value"].partition(":")[2] for menu in elements(card, "overflow") for option in menu["options"]}
    reached |= {
        option["value"].partition(":")[2]
        for block in dialog["blocks"]
        for option in block.get("element", {}).get("options", ())
    }

    assert {one.value for one in (*shown, *more)} <= reached


def test_who_is_on_call_is_mentioned_first_and_all_of_the_role_when_nobody_answered() -> None:
    role = POLICY.roles["platform"].model_copy(update={"on_call_group": "S0TONIGHT"})
    place = stage(policy=POLICY.model_copy(update={"roles": {**POLICY.roles, "platform": role}}))
    asked = request_card(an_approval(), at_step("half_open"), runbook(), place)
    told = Told(
        payload={"what": "reminded", "approval": 9},
        run=at_step("half_open"),
        runbook=runbook(),
        stage=place,
        approval=an_approval(),
    )

    assert "<!subteam^S0TONIGHT>" in asked.text
    assert "<!subteam^S0PLATFORM>" not in json.dumps(asked.blocks)
    assert "<!subteam^S0PLATFORM>" in notice(told).text
