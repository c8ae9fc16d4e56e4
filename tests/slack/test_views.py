import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.action import Call, Many
from bot.domain.approval import ApprovalState
from bot.domain.claims import Claim
from bot.domain.following import FollowState, closed
from bot.domain.inbox import ShowList, ShowStatus, StartRun
from bot.domain.people import Place
from bot.domain.records import Card, CardKind, Change
from bot.domain.run import Awaiting, RunState, StepRecord, StepState
from bot.domain.value import JsonObject
from bot.errors import NotAllowedError, NotFoundError, RequestError
from bot.slack.buttons import AsTyped, OfAlarm, Opening
from bot.slack.cards.run import further
from bot.slack.modals import submission
from bot.slack.payloads import ids_in, place_in
from bot.slack.views import Views, next_morning
from bot.usecases.asking import list_cards, request_card
from bot.workbench.slack.checker import check_view
from tests.domain.test_strikes import a_strike
from tests.slack.cards import samples
from tests.slack.cards.assists import an_answer, an_assist, an_expansion
from tests.slack.cards.followed import items
from tests.slack.door import ANA, BO, CARD, CHANNEL, GUS, NOON, TEAM, THREAD, Door, chosen, submit

PLACE = Place(team=TEAM, channel=CHANNEL, ts=CARD, thread=THREAD)
OPENINGS = [
    Opening(what="decline", number=9),
    Opening(what="details", number=9),
    Opening(what="review", number=9),
    Opening(what="break_glass", number=9),
    Opening(what="inputs", number=42, step="half_open"),
    Opening(what="park", number=42),
    Opening(what="stop", number=42),
    Opening(what="more", number=42),
    Opening(what="typed", number=57, place=2),
    Opening(what="drop", number=12),
    Opening(what="item", number=12),
    Opening(what="search", number=118),
    Opening(what="strike", message="assist:57"),
]


def night(door: Door, **changes: object) -> None:
    """R-42 waits for the inputs of its half-open step; Q-9 is open beside it."""
    waiting = samples.waiting_for(Awaiting.INPUT, "half_open")
    raw = StepRecord(
        step="raw",
        state=StepState.DONE,
        output={"count": 2, "objects": [{"key": "bronze/a/f-1.csv"}, {"key": "bronze/a/f-2.csv"}]},
    )
    run = waiting.model_copy(update={"records": {**waiting.records, "raw": raw}, **changes})
    door.keep(run, samples.an_approval(), samples.an_alarm())
    card = an_assist(what="expansion", runbook="circuit-breaker", run=42, step="half_open", reply=an_expansion())
    door.store.commit(Change(cards=(card,), followups=(items()[0],)))
    door.store.card_shown(card.key, ts=CARD, shown=1, edition=0)


def words(view: object) -> str:
    return json.dumps(view, ensure_ascii=False)


def field(view: Any, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    return field_of(view, f"input:{name}")


def field_of(view: Any, block: str) -> Any:  # noqa: ANN401 - JSON of any shape
    return next(one["element"] for one in view["blocks"] if one["block_id"] == block)


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda one: one.what)
def test_a_dialog_is_one_slack_takes_and_holds_ids_only(door: Door, opening: Opening) -> None:
    night(door)

    view: Any = door.views.dialog(opening, person=ANA, place=PLACE)

    assert check_view(view) == []
    assert view["callback_id"] == opening.what
    metadata = view["private_metadata"]
    assert len(metadata) < 100
    assert place_in(metadata, team=TEAM) == Place(team=TEAM, channel=CHANNEL, thread=THREAD)


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda one: one.what)
def test_a_guest_is_shown_no_dialog(door: Door, opening: Opening) -> None:
    night(door)

    with pytest.raises(NotAllowedError, match="Guests"):
        door.views.dialog(opening, person=GUS, place=PLACE)


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda one: one.what)
def test_without_slacks_word_on_who_it_is_no_dialog_is_shown(door: Door, opening: Opening) -> None:
    night(door)
    door.directory.silent = True

    with pytest.raises(NotAllowedError, match="Refused to be safe"):
        door.views.dialog(opening, person=ANA, place=PLACE)


@pytest.mark.parametrize("what", ["inputs", "change", "park", "undo", "stop", "typed", "strike", "cause", "publish"])
def test_who_may_only_look_is_shown_no_dialog_that_steers(door: Door, what: Any) -> None:  # noqa: ANN401 - a literal
    night(door)

    with pytest.raises(NotAllowedError, match="lake-oncall"):
        door.views.dialog(Opening(what=what, number=42, step="half_open"), person=BO, place=PLACE)


def test_the_dialog_of_what_else_offers_all_that_the_card_has_no_room_for(door: Door) -> None:
    night(door)

    view: Any = door.views.dialog(Opening(what="more", number=42), person=ANA, place=PLACE)

    options = field_of(view, "why")["options"]
    run = door.store.run(42)
    assert [one["value"] for one in options] == [one.option()["value"] for one in further(run, samples.runbook())]
    assert "sure_stop:42" not in [one["value"] for one in options]  # it is a button of the card


def test_what_is_chosen_of_it_opens_its_own_dialog_or_is_wished_for(door: Door) -> None:
    door.keep(samples.waiting_for(Awaiting.PERSON, "close"))
    dialog: Any = door.views.dialog(Opening(what="more", number=42), person=ANA, place=PLACE)
    metadata = dialog["private_metadata"]

    shown = submission(submit("more", metadata, chosen("why", "why", "show_run:42")), door.views, at=NOON)
    view: Any = door.views.following(submit("more", metadata, chosen("why", "why", "sure_undo:42")), at=NOON)

    assert shown.wish == ShowStatus(run=42)
    assert shown.place == Place(team=TEAM, channel=CHANNEL, thread=THREAD)
    assert view["callback_id"] == "undo"


@pytest.mark.parametrize(
    "forged", ["approve:9:1", "stop:42", "happened:42:half_open", "show_run:43", "take_over:7", ""]
)
def test_what_that_dialog_does_not_offer_is_refused_whoever_sends_it(door: Door, forged: str) -> None:
    night(door)
    body = submit("more", f"42 {CHANNEL} -", chosen("why", "why", forged))

    with pytest.raises(RequestError, match="does not offer that any more; nothing was done"):
        door.views.following(body, at=NOON)
    with pytest.raises(RequestError, match="does not offer that any more; nothing was done"):
        submission(body, door.views, at=NOON)


def test_a_channel_without_an_environment_is_shown_nothing(door: Door) -> None:
    night(door)
    elsewhere = PLACE.model_copy(update={"channel": "C0OTHER"})

    with pytest.raises(NotAllowedError, match="not bound"):
        door.views.dialog(Opening(what="details", number=9), person=ANA, place=elsewhere)


def test_details_show_the_whole_call_and_its_digest(door: Door) -> None:
    night(door)

    view = words(door.views.dialog(Opening(what="details", number=9), person=BO, place=PLACE))

    assert "control/circuit_breaker/transactions.json" in view
    assert "cb-probe-4f1a22c0" in view
    assert samples.an_approval().digest in view


def test_a_review_is_bound_to_the_edition_shown_and_the_card_clicked(door: Door) -> None:
    night(door)

    view: Any = door.views.dialog(Opening(what="review", number=9), person=BO, place=PLACE)

    bound = door.views.review(ids_in(view["private_metadata"]), person=BO)
    assert (bound.approval, bound.edition) == (9, 1)
    assert bound.place == Place(team=TEAM, channel=CHANNEL, ts=CARD)
    assert view["submit"]["text"] == "Approve"


def two_lists(door: Door) -> list[Card]:
    """Keep a request over two lists; return the cards of their files."""
    calls = [
        Call(row=row, params={}, resource=f"s3://lake/{folder}/", many=Many(count=40, digest=digest, first=()))
        for row, folder, digest in (
            ("s3.copy_condemned", "condemned", "5f2c" * 16),
            ("s3.tag_condemned", "quarantine", "a1b2" * 16),
        )
    ]
    asked = samples.an_approval(*(samples.put_breaker().model_copy(update={"call": call}) for call in calls))
    run = door.keep(samples.a_run(), asked)
    cards = list(list_cards(asked, run))
    door.store.commit(Change(cards=(request_card(asked, run), *cards)))
    return cards


@pytest.mark.parametrize("standing", [(), (0,), (1,)], ids=["none", "the first", "the second"])
def test_a_request_over_lists_is_not_approved_before_the_file_of_each_can_be_read(
    door: Door, standing: tuple[int, ...]
) -> None:
    cards = two_lists(door)
    for place in standing:
        door.store.card_shown(cards[place].key, ts=f"1.{place}", shown=1, edition=0)

    view: Any = door.views.dialog(Opening(what="review", number=9), person=BO, place=PLACE)

    assert "submit" not in view
    assert "nobody could have read it whole" in words(view)


def test_a_request_over_lists_is_approved_where_every_file_stands(door: Door) -> None:
    cards = two_lists(door)
    for card in cards:
        door.store.card_shown(card.key, ts="1.1", shown=1, edition=0)

    view: Any = door.views.dialog(Opening(what="review", number=9), person=BO, place=PLACE)

    assert len(cards) == 2
    assert view["submit"]["text"] == "Approve"


@pytest.mark.parametrize("what", ["decline", "review", "break_glass"])
def test_a_request_that_is_over_is_not_asked_about(door: Door, what: Any) -> None:  # noqa: ANN401 - a literal
    over = samples.an_approval(state=ApprovalState.EXPIRED)
    door.keep(samples.a_run(), over)

    with pytest.raises(RequestError, match="Q-9 is expired already"):
        door.views.dialog(Opening(what=what, number=9), person=BO, place=PLACE)


def test_late_inputs_are_picked_where_there_are_choices_and_typed_where_not(door: Door) -> None:
    night(door)

    view = door.views.dialog(Opening(what="inputs", number=42, step="half_open"), person=ANA, place=PLACE)

    file, reason = field(view, "probe_file"), field(view, "reason")
    assert [one["value"] for one in file["options"]] == ["bronze/a/f-1.csv", "bronze/a/f-2.csv"]
    assert reason["type"] == "plain_text_input"


@pytest.mark.parametrize(
    ("step", "state"), [("probe", RunState.WAITING), ("half_open", RunState.PARKED)], ids=["past it", "not waiting"]
)
def test_inputs_nobody_waits_for_are_not_asked(door: Door, step: str, state: RunState) -> None:
    night(door, **({"waiting": None, "state": state} if state is RunState.PARKED else {}))

    with pytest.raises(RequestError, match="does not wait for these inputs"):
        door.views.dialog(Opening(what="inputs", number=42, step=step), person=ANA, place=PLACE)


def declined(door: Door, **inputs: str) -> None:
    """R-42 waits at half_open for somebody to say how it goes on."""
    waiting = samples.waiting_for(Awaiting.PERSON, "half_open")
    door.keep(waiting.model_copy(update={"inputs": {**waiting.inputs, **inputs}}))


def test_what_was_given_and_not_used_yet_is_changed_in_a_dialog_that_shows_it(door: Door) -> None:
    declined(door, probe_file="bronze/a/f-1.csv", reason="fixed upstream")

    view: Any = door.views.dialog(Opening(what="change", number=42), person=ANA, place=PLACE)

    assert check_view(view) == []
    asked = [one["block_id"] for one in view["blocks"] if one["type"] == "input"]
    assert asked == ["input:probe_file", "input:reason"]
    assert field(view, "reason")["initial_value"] == "fixed upstream"


def test_what_was_typed_longer_than_a_dialog_asks_for_is_shown_in_it_whole(door: Door) -> None:
    key = f"bronze/{'a' * 800}.csv"
    declined(door, probe_file=key, reason="fixed upstream")

    view: Any = door.views.dialog(Opening(what="change", number=42), person=ANA, place=PLACE)

    assert check_view(view) == []
    shown = field(view, "probe_file")
    assert (shown["initial_value"], shown["max_length"]) == (key, len(key))


def test_what_every_step_has_used_is_not_changed(door: Door) -> None:
    declined(door)

    with pytest.raises(RequestError, match="no input that can still be changed"):
        door.views.dialog(Opening(what="change", number=42), person=ANA, place=PLACE)


def test_a_run_that_has_ended_is_not_parked(door: Door) -> None:
    door.keep(samples.ended(RunState.REPAIRED))

    with pytest.raises(RequestError, match="has ended already"):
        door.views.dialog(Opening(what="park", number=42), person=ANA, place=PLACE)


def test_what_undo_would_take_back_and_what_stays_owed_is_asked_once_more(door: Door) -> None:
    door.keep(samples.waiting_for(Awaiting.PERSON, "close"))

    undo = door.views.dialog(Opening(what="undo", number=42), person=ANA, place=PLACE)
    stop = door.views.dialog(Opening(what="stop", number=42), person=ANA, place=PLACE)

    assert "Takes back: Half-open the breaker" in str(undo["blocks"])
    assert "What it owes stays owed: 1" in str(stop["blocks"])


def test_a_run_that_has_ended_is_not_stopped(door: Door) -> None:
    door.keep(samples.ended(RunState.REPAIRED))

    with pytest.raises(RequestError, match="has ended already"):
        door.views.dialog(Opening(what="stop", number=42), person=ANA, place=PLACE)


def test_of_a_run_that_did_nothing_nothing_is_taken_back(door: Door) -> None:
    night(door)

    with pytest.raises(RequestError, match="nothing to take back"):
        door.views.dialog(Opening(what="undo", number=42), person=ANA, place=PLACE)


def test_what_is_not_there_is_said(door: Door) -> None:
    with pytest.raises(NotFoundError):
        door.views.dialog(Opening(what="details", number=404), person=ANA, place=PLACE)


def test_tomorrow_morning_is_the_persons_own(door: Door) -> None:
    night(door)
    views = Views(desk=door.desk, stage=door.stage, opened=door.opened, zone=lambda _: ZoneInfo("Asia/Tokyo"))

    view: Any = views.dialog(Opening(what="park", number=42), person=ANA, place=PLACE)

    run, seconds = ids_in(view["private_metadata"]).split(":")
    assert run == "42"
    assert datetime.fromtimestamp(int(seconds), UTC) == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


def test_the_morning_after_the_clocks_went_back_is_at_eight_too() -> None:
    evening = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)

    morning = next_morning(evening, ZoneInfo("Europe/Amsterdam"))

    assert morning.astimezone(UTC) == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)


def test_a_start_that_lacks_inputs_is_asked_for_them_and_nothing_known_is(door: Door) -> None:
    wish = StartRun(runbook="needy", inputs={"table": "accounts"})

    view: Any = door.views.asking(wish, person=ANA, place=PLACE)

    assert check_view(view) == []
    assert [one["block_id"] for one in view["blocks"] if one["type"] == "input"] == ["input:reason"]
    assert door.views.start(ids_in(view["private_metadata"]), person=ANA) == wish
    assert "accounts" not in view["private_metadata"]


def test_a_plan_that_lacks_inputs_is_asked_for_them_too(door: Door) -> None:
    view: Any = door.views.asking(StartRun(runbook="needy", plan_only=True), person=BO, place=PLACE)

    assert check_view(view) == []
    assert view["submit"]["text"] == "Plan"


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        (StartRun(runbook="rollback"), [True]),
        (StartRun(runbook="rollback", inputs={"reason": "late files"}), []),
        (StartRun(runbook="rollback", plan_only=True), []),
    ],
)
def test_a_start_that_lacks_inputs_asks_why_too_and_it_may_wait_for_the_first_change(
    door: Door, wish: StartRun, asked: list[bool]
) -> None:
    view: Any = door.views.asking(wish, person=ANA, place=PLACE)

    assert [one["optional"] for one in view["blocks"] if one["block_id"] == "input:reason"] == asked
    assert [one["block_id"] for one in view["blocks"] if one["type"] == "input"] != ["input:reason"]


def refused(door: Door, wish: StartRun) -> None:
    """Ana said it in a thread, and was told what it lacks."""
    told: JsonObject = {"what": "refused", "words": "Needy needs reason=…", "start": wish.model_dump(mode="json")}
    card = Card(key="whisper:7", kind=CardKind.WHISPER, subject=7, channel=CHANNEL, to=ANA, payload=told)
    door.store.commit(Change(cards=(card,)))


def test_what_was_said_without_its_inputs_is_kept_for_who_said_it(door: Door) -> None:
    wish = StartRun(runbook="needy", inputs={"table": "accounts"})
    refused(door, wish)

    assert door.views.typed(AsTyped(inbox=7), person=ANA) == wish


@pytest.mark.parametrize(("inbox", "person"), [(7, BO), (8, ANA)], ids=["somebody else's", "never said"])
def test_what_somebody_else_said_is_not_started(door: Door, inbox: int, person: str) -> None:
    refused(door, StartRun(runbook="needy"))

    with pytest.raises(RequestError, match="not kept any more; nothing was started"):
        door.views.typed(AsTyped(inbox=inbox), person=person)


def test_the_choices_of_a_start_come_from_the_platform(door: Door) -> None:
    view = door.views.asking(StartRun(runbook="needy"), person=ANA, place=PLACE)

    assert [one["value"] for one in field(view, "table")["options"]] == ["accounts", "transactions"]


@pytest.mark.parametrize(
    "wish",
    [
        StartRun(runbook="circuit-breaker"),
        StartRun(runbook="needy", inputs={"table": "accounts", "reason": "now"}),
        StartRun(runbook="needy", inputs={"table": "NOT ONE"}),
        StartRun(runbook="needy", inputs={"unknown": "x"}),
        StartRun(runbook="there-is-none"),
        StartRun(runbook="needy", alarm=404),
        ShowList(),
    ],
)
def test_a_start_that_lacks_nothing_or_is_wrong_goes_to_the_inbox(door: Door, wish: StartRun | ShowList) -> None:
    assert door.views.asking(wish, person=ANA, place=PLACE) is None


@pytest.mark.parametrize("person", [BO, GUS])
def test_who_may_not_start_is_not_asked_but_refused_by_the_inbox(door: Door, person: str) -> None:
    assert door.views.asking(StartRun(runbook="needy"), person=person, place=PLACE) is None


def test_the_runbook_of_an_alarm_stands_in_the_records(door: Door) -> None:
    night(door)

    wish = door.views.answering(OfAlarm(alarm=118, plan_only=True))

    assert wish == StartRun(runbook="circuit-breaker", alarm=118, plan_only=True)


def test_what_is_started_again_is_what_ran_and_not_what_names_the_alarm(door: Door) -> None:
    ran = samples.ended(RunState.STOPPED, runbook="rollback")
    door.keep(ran, episode=samples.an_alarm(run=42))

    assert door.views.answering(OfAlarm(alarm=118)) == StartRun(runbook="rollback", alarm=118)


def test_an_alarm_without_a_runbook_starts_nothing(door: Door) -> None:
    door.keep(samples.a_run(), episode=samples.an_alarm(runbook=None))

    with pytest.raises(RequestError, match="No runbook answers A-118"):
        door.views.answering(OfAlarm(alarm=118))


def a_plan(door: Door, *, steps: int) -> None:
    """Keep the answer to delivery 57: a plan each of whose steps makes a call that fills a page by half."""
    call = samples.put_breaker("x" * 50_000).call.model_dump(mode="json", exclude_none=True)
    plan: JsonObject = {
        "title": "Long",
        "steps": [{"number": number, "title": f"Step {number}", "calls": [call]} for number in range(1, steps + 1)],
    }
    payload: JsonObject = {"what": "plan", "plan": plan}
    card = Card(key="whisper:57", kind=CardKind.WHISPER, subject=57, channel=CHANNEL, to=ANA, payload=payload)
    door.store.commit(Change(cards=(card,)))


def test_a_plan_that_no_dialog_holds_is_read_page_by_page_with_every_call_whole(door: Door) -> None:
    a_plan(door, steps=5)

    pages: list[Any] = [door.views.dialog(Opening(what="plan", number=57, place=1), person=ANA, place=PLACE)]
    while "submit" in pages[-1]:
        turned = submit("plan", pages[-1]["private_metadata"], {})
        pages.append(door.views.following(turned, at=NOON))

    assert [check_view(page) for page in pages] == [[]] * len(pages)
    assert len(pages) > 1
    assert "".join(re.findall("x{20,}", words(pages))) == "x" * 250_000
    assert all(f"Step {number} " in words(pages) for number in range(1, 6))


def test_a_plan_is_opened_by_nobody_but_who_was_shown_it(door: Door) -> None:
    a_plan(door, steps=1)

    for person, number, page in ((BO, 57, 1), (ANA, 58, 1), (ANA, 57, 2)):
        with pytest.raises(RequestError, match="nothing was done"):
            door.views.dialog(Opening(what="plan", number=number, place=page), person=person, place=PLACE)


def test_a_plan_is_started_as_it_was_typed_and_by_whom_it_was_shown_to_only(door: Door) -> None:
    start = StartRun(runbook="circuit-breaker", inputs={"pipeline": "loans"}, alarm=118)
    payload: JsonObject = {"what": "plan", "start": start.model_dump(mode="json")}
    plan = Card(key="whisper:57", kind=CardKind.WHISPER, subject=57, channel=CHANNEL, to=ANA, payload=payload)
    door.store.commit(Change(cards=(plan,)))

    assert door.views.typed(AsTyped(inbox=57), person=ANA) == start
    for wanted, person in ((57, BO), (58, ANA)):
        with pytest.raises(RequestError, match="nothing was started"):
            door.views.typed(AsTyped(inbox=wanted), person=person)


def test_noon_is_not_the_morning() -> None:
    assert next_morning(NOON, UTC) - NOON == timedelta(hours=20)


def test_what_is_typed_again_is_bound_to_the_proposal_and_the_card_clicked(door: Door) -> None:
    night(door)

    view: Any = door.views.dialog(Opening(what="typed", number=57, place=2), person=ANA, place=PLACE)

    assert "initial_value" not in field(view, "arn")
    bound = door.views.typing(ids_in(view["private_metadata"]), person=ANA)
    assert (bound.answer, bound.number, bound.names) == (57, 2, ("arn",))
    assert bound.place == Place(team=TEAM, channel=CHANNEL, ts=CARD)
    with pytest.raises(RequestError, match="too old"):
        door.views.typing(ids_in(view["private_metadata"]), person=BO)


@pytest.mark.parametrize(("number", "place"), [(58, 1), (57, 3)])
def test_there_is_no_dialog_for_what_was_never_proposed(door: Door, number: int, place: int) -> None:
    night(door)

    with pytest.raises(RequestError, match="no expansion of a run"):
        door.views.dialog(Opening(what="typed", number=number, place=place), person=ANA, place=PLACE)


def test_an_item_that_is_closed_cannot_be_dropped_any_more(door: Door) -> None:
    night(door)
    door.store.commit(Change(followups=(closed(door.store.followup(12), FollowState.DONE, by=BO, now=NOON),)))

    with pytest.raises(RequestError, match="ACT-12 is done already"):
        door.views.dialog(Opening(what="drop", number=12), person=ANA, place=PLACE)


# What is struck.

STRIKE = Opening(what="strike", message="assist:57")


def ticks(view: Any) -> list[Any]:  # noqa: ANN401 - JSON of any shape
    return [one for one in view["blocks"] if one["block_id"].startswith("ticks:")]


def said(view: Any) -> list[str]:  # noqa: ANN401 - JSON of any shape
    return [option["text"]["text"] for one in ticks(view) for option in one["element"]["options"]]


def test_every_sentence_of_a_message_is_listed_by_its_part_and_numbered(door: Door) -> None:
    night(door)

    view: Any = door.views.dialog(STRIKE, person=ANA, place=PLACE)

    assert [one["label"]["text"] for one in ticks(view)] == [
        "Do now",
        "Look for",
        "Can go wrong",
        "Take it back",
        "Proposed",
    ]
    assert said(view)[0] == "1 · Half-open the breaker of transactions."
    assert [line.split(" ")[0] for line in said(view)] == ["1", "2", "3", "4", "5", "6"]
    assert not [one for one in ticks(view) if "initial_options" in one["element"]]


def test_what_is_struck_is_ticked_already_and_says_by_whom(door: Door) -> None:
    night(door)
    strike = a_strike(5, "Set it back to OPEN.", about="A-118", name="bo <!channel>", channel=CHANNEL)
    door.store.commit(Change(strikes=(strike,)))

    view: Any = door.views.dialog(STRIKE, person=ANA, place=PLACE)

    (ticked,) = [one["element"]["initial_options"] for one in ticks(view) if "initial_options" in one["element"]]
    assert [(one["value"], one["description"]["text"]) for one in ticked] == [
        ("4", "struck by @bo <!channel>: it was closed")
    ]
    assert ticked[0]["description"]["type"] == "plain_text"
    bound = door.opened.striking(ids_in(view["private_metadata"]), person=ANA)
    assert (bound.message, bound.strikes, bound.place.ts) == ("assist:57", (0, 0, 0, 5, 0, 0), CARD)
    assert bound.claims[3] == strike.claim
    with pytest.raises(RequestError):
        door.opened.striking(ids_in(view["private_metadata"]), person=BO)


@pytest.mark.parametrize(
    "place", [PLACE.model_copy(update={"ts": "1.1"}), PLACE.model_copy(update={"channel": "D0ANA"})]
)
def test_no_sentence_is_shown_elsewhere_than_on_the_message_as_it_stands(door: Door, place: Place) -> None:
    night(door)

    with pytest.raises(RequestError, match="stands on no message"):
        door.views.dialog(STRIKE, person=ANA, place=place)


@pytest.mark.parametrize("message", ["A-118", "assist:99", "postmortem:99"])
def test_where_there_is_nothing_to_strike_no_dialog_opens(door: Door, message: str) -> None:
    night(door)

    with pytest.raises(RequestError):
        door.views.dialog(Opening(what="strike", message=message), person=ANA, place=PLACE)


@pytest.mark.parametrize("length", [60, 74, 76, 140, 300, 600])
def test_a_long_sentence_can_be_read_whole_in_the_dialog(door: Door, length: int) -> None:
    text = ("word " * 200)[: length - 1].strip() + "."
    whole = an_answer(claims=(Claim(text=text, evidence=("E1",)),))
    night(door)
    door.store.commit(Change(cards=(an_assist(reply=whole),)))
    door.store.card_shown("assist:57", ts=CARD, shown=2, edition=0)

    view: Any = door.views.dialog(STRIKE, person=ANA, place=PLACE)

    assert check_view(view) == []
    (option,) = ticks(view)[0]["element"]["options"]
    shown = f"{option['text']['text']} {option.get('description', {}).get('text', '')}".strip()
    assert shown == f"1 · {text}" or text[:270] in words(view)


def test_more_sentences_than_a_dialog_takes_are_left_out_and_counted(door: Door) -> None:
    many = tuple(Claim(text=f"{number} {'x' * 500}", evidence=("E1",)) for number in range(400))
    night(door)
    door.store.commit(Change(cards=(an_assist(reply=an_answer(claims=many)),)))
    door.store.card_shown("assist:57", ts=CARD, shown=2, edition=0)

    view: Any = door.views.dialog(STRIKE, person=ANA, place=PLACE)

    assert check_view(view) == []
    assert len(said(view)) == 300
    assert "and 100 more" in words(view)
    bound = door.opened.striking(ids_in(view["private_metadata"]), person=ANA)
    assert len(bound.claims) == len(bound.strikes) == 300
