"""Whatever stands in the data, the card stays valid, says the truth, and mentions nobody it should not."""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot.slack.cards
from bot.domain.action import Call
from bot.domain.approval import Approval, BoundCall, Glass
from bot.domain.assistance import Expansion, Offer, ProposedStep
from bot.domain.claims import Claim
from bot.domain.plain import cleaned
from bot.domain.postmortem.document import Candidate
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.sections import replaced
from bot.domain.records import Episode
from bot.domain.run import Awaiting, Run, StepState
from bot.domain.runbook import Runbook
from bot.domain.strikes import Uttered, by_claim
from bot.domain.value import JsonObject, JsonValue
from bot.slack.cards import modals, wording
from bot.slack.cards.alarm import Answered, alarm_card, storm_card
from bot.slack.cards.assist import assist_card
from bot.slack.cards.blocks import Button, Confirm, Message, View, characters
from bot.slack.cards.calls import MOST_ON_CARD, command_line, exact_text, pieces
from bot.slack.cards.checklist import checklist_card, reminder_card
from bot.slack.cards.edits import edit_card
from bot.slack.cards.home import home
from bot.slack.cards.importing import import_card
from bot.slack.cards.incident import Around, incident_card
from bot.slack.cards.morning import morning_card
from bot.slack.cards.notices import KINDS, Told, notice
from bot.slack.cards.postmortem import file_refused, postmortem_card
from bot.slack.cards.request import request_card
from bot.slack.cards.run import run_card
from bot.slack.cards.whispers import KINDS as ANSWERS
from bot.slack.cards.whispers import Whisper, whisper
from bot.workbench.slack.checker import check_message, check_view
from bot.workbench.slack.notices import spoken
from tests.domain.test_strikes import a_strike
from tests.slack.cards.assists import a_suggestion, an_answer, an_assist, made, some_evidence
from tests.slack.cards.drafts import a_brought, a_document, a_draft, a_reading
from tests.slack.cards.followed import items, mine
from tests.slack.cards.samples import (
    ANA,
    NIGHT,
    an_alarm,
    an_approval,
    an_incident,
    at_step,
    attempts,
    done,
    marked_incident,
    pause_and_resume,
    put_breaker,
    runbook,
    stage,
    waiting_for,
)
from tests.slack.fakes import buttons_of, payload_of

HOSTILE = [
    "'; DROP TABLE runs; --",
    "<!channel> <@U0BO> <!subteam^S0PLATFORM> <https://evil.example|open> @here",
    "&lt;!channel&gt; &amp; < > &",
    "🔥" * 3_000,
    "x" * 10_240,
    "&" * 10_240,
    "\u200b\u200d\u2060" * 200,
    "",
    "\u202eDEHSINIF\u202c \x00\x1b[31m \ud800",
    "*bold* _it_ ~no~ `code` ```block``` ```",
    "one\n*Who*  anybody\ntwo\u2028three",
    "\u041d\u0430LF_OPEN transa\u0441tions",
    "שלום عربى",
    "a" * 2_899 + "<@U0BO>",
]


def hostile(text: str, *, kept: str | None = None) -> tuple[Episode, Run, Runbook, Approval]:
    """Everything that can hold free text holds it; what is signed holds `kept`, where that is given."""
    known = runbook()
    steps = tuple(one.model_copy(update={"title": text, "prose": text, "no_undo": text}) for one in known.steps)
    book = known.model_copy(update={"title": text, "can_wait": text, "steps": steps, "path": text})
    episode = an_alarm(why=text, findings=tuple({"id": text, "words": text, "ok": False} for _ in range(9)))
    notice_ = episode.notice.model_copy(update={"name": text, "reason": text, "dimensions": {"Pipeline": text}})
    base = waiting_for(
        Awaiting.PERSON, "half_open", words=text, inputs={"pipeline": text, "reason": text}, stopped_by=text
    )
    records = {name: one.model_copy(update={"note": text, "by": text}) for name, one in base.records.items()}
    records["half_open"] = done("half_open", note=text, state=StepState.FAILED)
    run = base.model_copy(update={"records": records, "runbook": text, "environment": text})
    calls = tuple(
        one.model_copy(
            update={"effect": text, "changes": text, "untouched": text, "seen": {text: text, "n": {"state": [text]}}}
        )
        for one in (put_breaker(text if kept is None else kept), *pause_and_resume())
    )
    glass = Glass(by=text, name=text, role="oncall", reason=text, at=NIGHT, incident=7, channel="C0SECOND", told="1.1")
    approval = an_approval(*calls, reason=text, ended_why=text, ended_by=text, glass=glass)
    return episode.model_copy(update={"notice": notice_, "since": text}), run, book, approval


def followed(text: str) -> dict[str, Message]:
    """Everything about incidents and action items whose words are the text."""
    listed = Whisper(payload={"what": "items"}, stage=stage(), ids="w:2", followups=items(text))
    incident = an_incident(title=text)
    return {
        "checklist": checklist_card(items(text), 0, 5, stage(), ids="checklist:1"),
        "checklist-continued": checklist_card(items(text), 1, 5, stage(), ids="checklist:2"),
        "reminder": reminder_card(mine(text=text), "reminder:12:1", ANA, stage(), ids="reminder:1"),
        "morning": morning_card(incident, None, items(text), stage(), ids="morning:1"),
        "whisper-items": whisper(listed),
        "incident": incident_card(marked_incident(text), Around(), stage()),
        "whisper-incident": whisper(
            Whisper(payload={"what": "incident"}, stage=stage(), ids="w:3", incidents=(marked_incident(text),))
        ),
    }


def struck(text: str) -> dict[str, Message]:
    """A sentence that is the text, struck for that reason by somebody of that name."""
    claim = Claim(text=text or "x", evidence=("E1",))
    strikes = by_claim([a_strike(1, claim.text, reason=text, name=text)])
    answer = an_assist(reply=an_answer(claims=(claim,) * 8))
    episode = an_alarm(findings=(), suggestion=a_suggestion().model_copy(update={"response": (claim,) * 4}))
    return {
        "assist-struck": assist_card(answer, stage(), struck=strikes),
        "alarm-struck": alarm_card(episode, runbook(), None, stage(), struck=strikes),
    }


def cards(text: str, *, kept: str | None = None) -> dict[str, Message]:
    episode, run, book, approval = hostile(text, kept=kept)
    answered = Answered(run=run, runbook=book)
    shown = {
        "alarm": alarm_card(episode, book, answered, stage(), struck={}, others=[episode], good=run),
        "run": run_card(run, book, [approval], stage()),
        "request": request_card(approval, run, book, stage()),
    }
    for state in type(approval.state):
        over = approval.model_copy(update={"state": state})
        shown[f"request-{state}"] = request_card(over, run, book, stage())
    for what in [*KINDS, text]:
        payload: JsonObject = {"what": what, "by": text, "step": "half_open"}
        told = Told(
            payload=payload,
            run=run,
            runbook=book,
            stage=stage(),
            approval=approval,
            approvals=[approval],
            attempts=attempts(),
            alarm=an_alarm(),
            incident=an_incident(title=text),
            items=3,
        )
        shown[f"notice-{what[:10]}"] = notice(told)
    shown |= followed(text) | struck(text) | drafted(text) | assisted(text, kept=text if kept is None else kept)
    shown["edit"] = edited(text)
    shown["storm"] = storm_card([episode] * 30, stage())
    for payload in whispers(text):
        told_one = Whisper(
            payload=payload,
            stage=stage(),
            ids="w:1",
            runs=[run],
            runbook=book,
            approvals=[approval],
            episodes=[episode],
            incidents=[an_incident(title=text)],
        )
        shown[f"whisper-{payload['what']}"] = whisper(told_one)
    return shown


def whispers(text: str) -> list[JsonObject]:
    """What can be answered to one person, of every kind whose words are not shown above."""
    step: JsonObject = {"title": text, "number": 1, "status": "would ask", "words": text, "needs": [text]}
    item: JsonObject = {"id": "x", "title": text, "summary": text, "status": text, "matched": [text]}
    wrong: list[JsonValue] = [{"line": 1, "text": text, "why": text}] * 9
    blame: list[JsonValue] = [{"words": text, "rewrite": text}] * 9
    rest = ("joined", "runbook", "run", "runs", "approvals", "details", "alarms", "incidents")
    others: list[JsonObject] = [{"what": what, "words": text} for what in rest]
    return [
        {"what": "refused", "words": text, "kind": "cast_vote"},
        {"what": "told", "words": text},
        {"what": "alone", "words": [text] * 30},
        {"what": "plan", "plan": {"title": text, "runbook": "x", "steps": [step] * 40, "warnings": [text] * 9}},
        {"what": "runbooks", "words": text, "items": [item] * 30},
        {"what": "others", "words": text, "items": [item] * 5},
        {"what": "checked", "counts": {"unchanged": 1}, "wrong": wrong, "blame": blame},
        {"what": "wording", "blame": blame},
        {"what": "audit", "records": [{"seq": 1, "at": text, "kind": text, "subject": text, "actor": text}] * 24},
        {"what": "edit", "draft": 3, "section": text},
        {"what": "done", "words": text, "at": text},
        {"what": "help", "words": wording.quoted(text)},
        *others,
    ]


def views(text: str, *, kept: str | None = None) -> dict[str, View]:
    """Every dialog, and Home, by the function that makes it; what is edited or signed holds `kept`, where given."""
    episode, run, book, approval = hostile(text, kept=kept)
    own = text if kept is None else kept
    draft, item = a_hostile_draft(text, kept=own), mine(text=text)
    candidate = draft.document.candidates[0] if draft.document else a_document().candidates[0]
    proposed = ProposedStep(action="s3.put", params={"arn": own}, why=Claim(text=text or "x"))
    asks = Confirm(title=wording.plain(text, 60) or "x", text=text, yes="Go on")
    ways = [Button(label=wording.plain(text) or "x", action="choose", value=f"42:way:{one}") for one in range(12)]
    fields = [
        modals.Field(name="a", title=text, choices=[own, "b"], labels={own: text}, hint=text),
        modals.Field(name="b", title=text, value=own, long=True),
    ]
    said = [Uttered(part=text, claim=Claim(text=text or "x", evidence=("E1",)))] * 25
    strikes = by_claim([a_strike(1, text or "x", reason=text, name=text)])
    return {
        "strike": modals.strike(text, said, strikes, more=3, meta="x"),
        "strike of none": modals.strike(text, said, {}, more=0, meta="x"),
        "home": home(
            ANA, [run] * 20, [approval] * 20, [episode] * 20, [an_incident(title=text, lead=ANA)] * 9, stage()
        ),
        "decline": modals.decline(approval),
        "inputs": modals.inputs(run, "half_open", fields),
        "change_inputs": modals.change_inputs(run, fields),
        "start_inputs": modals.start_inputs(book, fields, meta="x", environment=text),
        "type_again": modals.type_again(run, proposed, ["arn"], meta="x"),
        "park": modals.park(run, now=NIGHT),
        "sure": modals.sure(asks, callback="stop", meta="42"),
        "what_else": modals.what_else(run, ways[:3]),
        "what_else of many": modals.what_else(run, ways),
        "details": modals.details(approval, run, book, stage()),
        "review": modals.review(approval, run, book, stage(), opaque="rv_1"),
        "break_glass": modals.break_glass(approval, run, book, stage(), opaque="bg_1"),
        "choose_section": modals.choose_section(draft),
        "edit_draft": modals.edit_draft(draft, "Summary"),
        "edit_draft of two": modals.edit_draft(draft, "Summary", mine=own),
        "draft_text": modals.draft_text(draft),
        "judge_cause": modals.judge_cause(draft, candidate, 1),
        "export_draft": modals.export_draft(draft),
        "publish_draft": modals.publish_draft(draft),
        "add_fact": modals.add_fact(draft),
        "drop_item": modals.drop_item(item),
        "add_item": modals.add_item(item),
        "whole_plan": modals.whole_plan(
            {
                "title": text,
                "steps": [{"title": text, "number": 1, "status": text, "words": text, "needs": [text]}] * 9,
            },
            1,
            stage(),
            meta="57:1",
        ),
        "search_runbook": modals.search_runbook(episode),
    }


def a_hostile_draft(text: str, *, kept: str) -> Draft:
    """Return a draft whose title and candidates are the text, and whose summary people have left as `kept`."""
    document = a_document()
    claim = Claim(text=text or "x", evidence=("E1",))
    candidates = (Candidate(claim=claim, role="trigger", backing=(claim,) * 4, against=(claim,), unseen=(text,) * 3),)
    draft = a_draft()
    shown = document.model_copy(update={"title": text, "candidates": candidates, "questions": (text,)})
    written_ = replaced(draft.text, "Summary", cleaned(kept, most=4_000, most_in_a_line=4_000))
    return draft.model_copy(update={"title": text, "document": shown, "text": written_, "published": (text,)})


def drafted(text: str) -> dict[str, Message]:
    """Every card of a post-mortem, with the text wherever one can stand."""
    draft = a_hostile_draft(text, kept="as it is")
    brought = a_brought(file=text, who=text, name=text, said=[text] * 3)
    return {
        "postmortem": postmortem_card(draft, (), stage()),
        "postmortem-reading": postmortem_card(a_reading().model_copy(update={"title": text}), (), stage()),
        "file-refused": file_refused(draft, text, text),
        "import": import_card(draft, brought),
        "import-taken": import_card(draft, {**brought, "settled": "taken", "became": 4}),
        "whisper-postmortem": whisper(
            Whisper(
                payload={"what": "postmortem", "draft": 3},
                stage=stage(),
                ids="w:4",
                draft=postmortem_card(draft, (), stage()),
            )
        ),
    }


def assisted(text: str, *, kept: str) -> dict[str, Message]:
    """Every card of the assistant, and what is shown of evidence, with the text wherever one can stand."""
    claim = Claim(text=text or "x", evidence=("E1",))
    step = ProposedStep(action="s3.put", params={"arn": kept}, why=claim)
    expansion = Expansion(
        do=(claim,),
        look_for=(claim,),
        can_go_wrong=(claim,),
        undo=(claim,),
        questions=(text,) * 9,
        proposed=(step, step),
        offers=(Offer(risk="change", needs=("platform",), effect=text), Offer(refused=text or "x")),
        made=made(degraded=text),
    )
    suggestion = a_suggestion().model_copy(update={"response": (claim,) * 4})
    asked = {
        "looking": an_assist(state="looking"),
        "writing": an_assist(state="writing", text=text),
        "failed": an_assist(state="failed", words=text),
        "answer": an_assist(reply=an_answer(claims=(claim,)), question=text),
        "suggestion": an_assist(what="suggestion", alarm=118, reply=suggestion),
        "expansion": an_assist(what="expansion", run=42, step=text, title=text, reply=expansion),
    }
    found = {name: assist_card(card, stage(), struck={}, run=at_step("half_open")) for name, card in asked.items()}
    seen = some_evidence()
    item = seen.items[0].model_copy(update={"text": text, "source": text})
    page = seen.model_copy(update={"items": (item,) * 5, "unread": (text,) * 4})
    whole = item.model_copy(update={"text": text[:300]})  # shown whole, however long it is: no card's limit holds
    shown: list[JsonObject] = [
        {"what": "evidence", "subject": "A-118", "evidence": page.model_dump(mode="json"), "page": 1, "pages": 2},
        {"what": "item", "subject": "A-118", "of": whole.model_dump(mode="json"), "verbatim": ""},
    ]
    told = {str(one["what"]): whisper(Whisper(payload=one, stage=stage(), ids="w:5")) for one in shown}
    return {**{f"assist-{name}": card for name, card in found.items()}, **{f"whisper-{k}": v for k, v in told.items()}}


def edited(text: str) -> Message:
    riskier: list[JsonValue] = [{"risk": "change", "line": 1, "words": text}] * 8
    payload: JsonObject = {"runbook": "circuit-breaker", "what": text, "path": text, "count": 20, "riskier": riskier}
    return edit_card(payload, runbook(), stage(), key="edit:x")


def insist_on_the_rules(card: Message) -> None:
    assert check_message(payload_of(card)) == []
    assert 0 < len(card.text) <= 120
    assert len(card.blocks) <= 12
    assert characters(card.blocks) <= 2_500


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_every_card_stays_valid_and_within_its_limits(text: str) -> None:
    for card in cards(text).values():
        insist_on_the_rules(card)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_every_dialog_and_home_stays_valid(text: str) -> None:
    assert {name: found for name, view in views(text).items() if (found := check_view(view.payload))} == {}


def test_every_dialog_there_is_and_every_answer_to_one_person_stands_among_those_that_are_tried() -> None:
    dialogs = {name for name, made in inspect.getmembers(modals, inspect.isfunction) if _returns(made, "View")}

    assert {name for name in dialogs if not name.startswith("_")} <= set(views("x"))
    assert {f"whisper-{what}" for what in ANSWERS} <= set(cards("x"))


def test_every_card_there_is_stands_among_those_that_are_tried() -> None:
    made = {
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(bot.slack.cards.__path__)
        for name, one in inspect.getmembers(importlib.import_module(f"bot.slack.cards.{module.name}"))
        if inspect.isfunction(one) and one.__module__.endswith(module.name) and _returns(one, "Message")
    }
    called: set[str] = set()

    def noted(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "slack/cards" in frame.f_code.co_filename:
            called.add(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")

    sys.setprofile(noted)
    try:
        cards("x")
    finally:
        sys.setprofile(None)

    assert made - called == set()


def _returns(made: Callable[..., object], kind: str) -> bool:
    told = made.__annotations__.get("return")
    return getattr(told, "__name__", told) == kind


@given(text=st.text(max_size=400))
@settings(max_examples=25, deadline=None)
def test_any_text_at_all_leaves_every_card_valid(text: str) -> None:
    for card in cards(text).values():
        insist_on_the_rules(card)


MENTION = re.compile(r"<!(?!date\^)[^>]*>|<@[^>]*>|<https?:[^>]*>")
OURS = {"<!subteam^S0ONCALL>", "<!subteam^S0PLATFORM>", "<@U0ANA>", "<@U0BO>", "<@U0CY>"}


def test_a_mention_or_link_in_data_never_becomes_one() -> None:
    text = "<!channel> <@U0EVIL> <!subteam^S0EVIL> <https://evil.example|open>"

    said = "\n".join(words for card in cards(text).values() for words in spoken(payload_of(card)))
    texts = "\n".join(card.text for card in cards(text).values())
    found = {one for one in MENTION.findall(said + texts) if "lake.example" not in one}

    assert found <= OURS


def test_plain_names_and_addresses_are_not_turned_into_links_by_slack() -> None:
    texts = re.findall(
        r'\{"type": "mrkdwn"[^{}]*\}', json.dumps([card.blocks for card in cards("https://evil.example").values()])
    )

    assert texts
    assert [one for one in texts if '"verbatim": true' not in one] == []


def test_what_cannot_be_seen_is_not_there() -> None:
    said = json.dumps([card.blocks for card in cards("a\u202eb\u200bc\x00d\u2066e").values()], ensure_ascii=False)

    assert re.findall("[\u200b\u202e\u2066\x00]", said) == []
    assert "abcde" in said


SECRET = "c4nary-do-not-tell"
LEAKS = {
    "a password": f"step failed: password={SECRET}",
    "a token": f"pushed with ghp_{SECRET.replace('-', 'x') * 2}",
    "a person": f"mail to {SECRET}@example.nl failed",
    "a name beside it": f'{{"api_key": "{SECRET}"}}',
    "far behind": "word " * 20 + f"password={SECRET}",
    "across a cut": "x" * 190 + f" {SECRET}@example.nl",
}


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
def test_no_card_and_no_dialog_tells_a_secret_or_a_person_but_in_what_is_signed(text: str) -> None:
    shown = [card.text + json.dumps(card.blocks) for card in cards(text, kept="as it is").values()]
    shown += [json.dumps(view.payload) for view in views(text, kept="as it is").values()]

    assert [one for one in shown if SECRET[:6] in one] == []
    assert re.search(r"\[[a-z-]+\]", " ".join(shown))


def test_the_exact_call_is_shown_as_it_is_signed() -> None:
    call = put_breaker("ask ana.de.vries@example.nl")

    card = request_card(an_approval(call), at_step("half_open"), runbook(), stage())

    assert "ask ana.de.vries@example.nl" in json.dumps(card.blocks)


def test_free_text_cannot_write_a_line_of_its_own() -> None:
    text = "fine\n*Who*  anybody may"

    card = request_card(an_approval(reason=text), at_step("half_open"), runbook(), stage())
    lines = [line for words in spoken(payload_of(card)) for line in words.split("\n")]

    assert [line for line in lines if line.startswith("*Who*")] == ["*Who*  1 of lake-platform, not @ana: @bo, @cy"]


def test_who_may_stays_on_the_card_however_long_the_rest_is() -> None:
    long = "word " * 400
    call = put_breaker("x" * 600).model_copy(update={"effect": long, "changes": long, "untouched": long})

    card = request_card(an_approval(call, reason=long), at_step("half_open"), runbook(), stage())

    insist_on_the_rules(card)
    assert actions_of(card)[0] == "approve"
    assert "*Who*  1 of lake-platform, not @ana: @bo, @cy" in [*spoken(payload_of(card))]


# What is shown is what is signed.


def exact_of(card: Message) -> str:
    texts = [block["text"] for block in card.blocks if block["type"] == "section"]
    return "".join(
        str(text["text"]) for text in texts if isinstance(text, dict) and str(text["text"]).startswith("```")
    )


def actions_of(card: Message | View) -> list[object]:
    return [button["action_id"] for button in buttons_of(card)]


def test_a_call_that_fits_stands_whole_on_the_card_and_can_be_approved_there() -> None:
    approval = an_approval()

    card = request_card(approval, at_step("half_open"), runbook(), stage())

    for name, value in approval.binding.calls[0].call.params.items():
        assert f"{name} = " in exact_of(card)
        assert str(value) in exact_of(card)
    assert actions_of(card)[0] == "approve"


def test_a_change_at_byte_3500_of_a_long_parameter_is_seen_in_the_review_and_only_there_can_be_approved() -> None:
    long = "a" * 3_500 + "EVIL" + "a" * 600
    approval = an_approval(put_breaker(long))

    card = request_card(approval, at_step("half_open"), runbook(), stage())
    view = modals.review(approval, at_step("half_open"), runbook(), stage(), opaque="rv_7")

    assert actions_of(card) == ["review", "decline", "details"]
    assert long in whole(view)
    assert view.payload["private_metadata"] == "rv_7"
    assert view.payload["submit"] == {"type": "plain_text", "text": "Approve"}


def whole(view: View) -> str:
    blocks = view.payload["blocks"]
    assert isinstance(blocks, list)
    texts = [str(block["text"]["text"]) for block in blocks if block["type"] == "section"]
    return "".join(text[3:-3] for text in texts if text.startswith("```"))


def test_what_not_even_a_dialog_can_show_whole_cannot_be_approved_at_all() -> None:
    approval = an_approval(*(put_breaker("a" * 60_000) for _ in range(5)))

    view = modals.review(approval, at_step("half_open"), runbook(), stage(), opaque="rv_7")

    assert "submit" not in view.payload
    assert check_view(view.payload) == []


@given(value=st.text(min_size=1, max_size=300))
@settings(max_examples=60, deadline=None)
def test_two_different_parameters_never_look_the_same(value: str) -> None:
    other = value.swapcase() if value.swapcase() != value else value + "\u200b"

    assert shown_as(value) != shown_as(other)


@given(value=st.text(max_size=6_000))
@settings(max_examples=30, deadline=None)
def test_the_pieces_of_a_long_call_are_the_call(value: str) -> None:
    text = shown_as(value)

    parts = pieces(text)

    assert "".join(parts) == text
    assert all(len(part) <= 2_990 for part in parts)
    assert [part for part in parts if re.search(r"&[a-z]*$", part)] == []


def shown_as(value: str) -> str:
    call = Call(row="events.disable_rule", params={"Name": value}, resource="r")
    return exact_text([call], stage().catalogue.rows)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("transa\u0441tions", r'"transa\u{441}tions"'),
        ("\uff11", r'"\u{ff11}"'),
        ("a\nb", r'"a\u{a}b"'),
        ("a`b", r'"a\u{60}b"'),
        ("a\u202eb", r'"a\u{202e}b"'),
        (r"\u{441}", r'"\\u{441}"'),
        ('{"a": 1}', "'{\"a\": 1}'"),
        ("5", '"5"'),
        (5, "5"),
        (True, "true"),
        (None, "null"),
        (["a", {"b": "é"}], r'["a", {"b": "\u{e9}"}]'),
        ("<b> & c", '"&lt;b&gt; &amp; c"'),
    ],
)
def test_every_character_and_type_of_a_parameter_can_be_told(value: object, shown: str) -> None:
    call = Call.model_validate({"row": "events.disable_rule", "params": {"Name": value}, "resource": "r"})

    text = exact_text([call], stage().catalogue.rows)

    assert text == f"events DisableRule\n  Name = {shown}"


def test_a_look_alike_in_the_sentence_of_effect_shows_as_an_escape() -> None:
    call = put_breaker().model_copy(update={"effect": "Half-open the breaker of transa\u0441tions."})

    card = request_card(an_approval(call), at_step("half_open"), runbook(), stage())

    assert r"transa\u{441}tions" in json.dumps(card.blocks).replace("\\\\", "\\")
    assert "\u0441" not in json.dumps([card.text, card.blocks], ensure_ascii=False)


def test_a_call_of_exactly_the_room_there_is_fits_and_one_more_character_does_not() -> None:
    room = MOST_ON_CARD - len(shown_as(""))

    def offered(count: int) -> list[object]:
        call = Call(row="events.disable_rule", params={"Name": "x" * count}, resource="r")
        bound = pause_and_resume()[0].model_copy(update={"call": call})
        card = request_card(an_approval(bound), at_step("half_open"), runbook(), stage())
        insist_on_the_rules(card)
        return actions_of(card)

    assert offered(room)[0] == "approve"
    assert offered(room + 1)[0] == "review"


def test_the_command_line_quotes_what_a_shell_would_read() -> None:
    rows = stage().catalogue.rows
    call = Call(row="events.disable_rule", params={"Name": "a'; rm -rf $HOME"}, resource="r")

    assert (
        command_line(call, rows, region="eu-west-1")
        == """aws events disable-rule --region eu-west-1 --name 'a'"'"'; rm -rf $HOME'"""
    )
    assert "--if-match" in command_line(put_breaker().call, rows, region="eu-west-1")


# Who is asked what.


def dialog_of(approval: Approval, action: str = "approve") -> str:
    card = request_card(approval, at_step("half_open"), runbook(), stage())
    button = next(one for one in buttons_of(card) if one["action_id"] == action)
    return json.dumps(button.get("confirm"), ensure_ascii=False)


@pytest.mark.parametrize("risk", ["change", "destructive"])
def test_approve_asks_once_more_and_repeats_environment_and_effect(risk: str) -> None:
    made = an_approval()
    approval = made.model_copy(update={"binding": made.binding.model_copy(update={"risk": risk})})

    assert "PROD" in dialog_of(approval)
    assert "Half-open the breaker" in dialog_of(approval)


def test_a_control_step_is_one_click() -> None:
    made = an_approval()
    approval = made.model_copy(update={"binding": made.binding.model_copy(update={"risk": "control"})})

    assert dialog_of(approval) == "null"


def test_a_click_names_the_edition_it_was_shown_with() -> None:
    card = request_card(an_approval(edition=3), at_step("half_open"), runbook(), stage())

    values = {button["action_id"]: button["value"] for button in buttons_of(card)}

    assert values == {"approve": "9:3", "decline": "9", "details": "9"}
    assert str(card.blocks[0]["block_id"]).startswith("request:9:3:")


def test_an_overflow_with_undo_in_it_asks_about_undo_only_in_a_dialog_of_its_own() -> None:
    card = run_card(waiting_for(Awaiting.APPROVAL, "close"), runbook(), [], stage())
    menu = [element for block in card.blocks for element in _elements(block) if element["type"] == "overflow"]

    assert [option["value"] for option in menu[0]["options"]][:3] == ["sure_undo:42", "expand:42:close", "show_run:42"]
    assert "confirm" not in menu[0]


def _elements(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*block["elements"]] if block["type"] == "actions" else []


def test_names_are_used_where_nobody_is_to_be_notified_and_a_mention_only_where_no_name_is_known() -> None:
    named = request_card(an_approval(), at_step("half_open"), runbook(), stage())
    nameless = request_card(an_approval(), at_step("half_open"), runbook(), stage(names={}))

    assert "<@" not in json.dumps(named.blocks)
    assert "<@U0ANA>" in json.dumps(nameless.blocks)


def test_a_run_that_waits_in_silence_says_what_for_and_how_long() -> None:
    run = waiting_for(Awaiting.POLL, "probe", words="Looks again: Probe one file.")

    card = run_card(run, runbook(), [], stage(now=NIGHT + timedelta(minutes=7)))

    assert "looks again by itself: Probe one file · for 7 min" in json.dumps(card.blocks[0], ensure_ascii=False)


def test_a_bound_call_that_the_catalogue_has_lost_is_still_shown() -> None:
    one: BoundCall = put_breaker().model_copy(update={"call": Call(row="gone.row", params={"a": 1}, resource="r")})

    card = request_card(an_approval(one), at_step("half_open"), runbook(), stage())

    assert exact_of(card) == "```gone.row\n  a = 1```"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_words_end_the_strike_they_stand_in_however_short_they_are_cut(text: str) -> None:
    for card in struck(text).values():
        said = [line for block in card.blocks for line in str(block.get("text", {}).get("text", "")).split("\n")]  # type: ignore[attr-defined] # JSON
        listed = [line for line in said if line.startswith("• ")]

        assert listed
        assert [line for line in listed if line.count("~") != 2 or not line.startswith("• ~")] == []
