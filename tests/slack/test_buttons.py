from datetime import date
from typing import Any

import pytest

from bot.domain.inbox import (
    AddStep,
    AskAgain,
    AskPeople,
    CancelDraft,
    CastVote,
    CheckDraft,
    CloseFollowUp,
    DateFollowUp,
    DeclareIncident,
    EndIncident,
    ExpandStep,
    GiveBackFollowUp,
    GiveInputs,
    LeaveOut,
    MarkDone,
    NamePerson,
    NoneFits,
    OtherRunbook,
    OwnFollowUp,
    ReadAgain,
    RevokeRequest,
    SettleImport,
    SettleOwed,
    SettleUnknown,
    ShowAlarms,
    ShowAudit,
    ShowEvidence,
    ShowFollowUps,
    ShowIncidents,
    ShowRunbook,
    ShowStatus,
    SnoozeAlarm,
    SnoozeFollowUp,
    StartPostmortem,
    StartRun,
    StopRun,
    TakeAlarm,
    TakeOver,
    UndoStep,
)
from bot.domain.people import Place
from bot.errors import RequestError
from bot.slack.buttons import BUTTONS, AsTyped, OfAlarm, Opening, Wanted, click, wanted
from bot.slack.cards.blocks import Button, buttons, section
from tests.slack import door
from tests.slack.door import ANA, CARD, CHANNEL, NOON, TEAM, THREAD, digest

CLICKS: list[tuple[str, str, Wanted]] = [
    ("approve", "9:2", CastVote(approval=9, edition=2)),
    ("decline", "9", Opening(what="decline", number=9)),
    ("details", "9", Opening(what="details", number=9)),
    ("review", "9", Opening(what="review", number=9)),
    ("break_glass", "9", Opening(what="break_glass", number=9)),
    ("revoke", "9", RevokeRequest(approval=9)),
    ("ask_people", "9", AskPeople(approval=9)),
    ("ask_again", "42", AskAgain(run=42)),
    ("done", "42:look_up", MarkDone(run=42, step="look_up")),
    ("inputs", "42:half_open", Opening(what="inputs", number=42, step="half_open")),
    ("choose", "42:way:data", GiveInputs(run=42, inputs={"way": "data"})),
    ("park", "42", Opening(what="park", number=42)),
    ("take_over", "42", TakeOver(run=42)),
    ("stop", "42", StopRun(run=42)),
    ("undo", "42", UndoStep(run=42)),
    ("sure_stop", "42", Opening(what="stop", number=42)),
    ("sure_undo", "42", Opening(what="undo", number=42)),
    ("what_else", "42", Opening(what="more", number=42)),
    ("owed", "42:resume", SettleOwed(run=42, step="resume")),
    ("happened", "42:close", SettleUnknown(run=42, step="close", happened=True)),
    ("read_again", "42:close", ReadAgain(run=42, step="close")),
    ("not_happened", "42:close", SettleUnknown(run=42, step="close", happened=False)),
    ("audit", "42", ShowAudit(run=42)),
    ("evidence", "R-42", ShowEvidence(subject="R-42")),
    ("show_run", "42", ShowStatus(run=42)),
    ("start", "118", OfAlarm(alarm=118)),
    ("plan", "118", OfAlarm(alarm=118, plan_only=True)),
    ("take_alarm", "118", TakeAlarm(alarm=118)),
    ("snooze", "118", SnoozeAlarm(alarm=118)),
    ("cancel_draft", "3", CancelDraft(draft=3)),
    ("edit_section", "3", Opening(what="edit", number=3)),
    ("edit_section", "3:2", Opening(what="edit", number=3, place=2)),
    ("add_fact", "3", Opening(what="fact", number=3)),
    ("open_draft", "3", Opening(what="draft", number=3)),
    ("cause", "3:2", Opening(what="cause", number=3, place=2)),
    ("check_draft", "3", CheckDraft(draft=3)),
    ("export_draft", "3", Opening(what="export", number=3)),
    ("publish_draft", "3", Opening(what="publish", number=3)),
    ("assign_items", "7", ShowFollowUps(incident=7)),
    ("evidence", "postmortem:3", ShowEvidence(subject="postmortem:3")),
    ("wrong", "A-118", Opening(what="strike", message="A-118")),
    ("wrong", "assist:57", Opening(what="strike", message="assist:57")),
    ("wrong", "postmortem:3", Opening(what="strike", message="postmortem:3")),
    ("take_import", "3:57", SettleImport(draft=3, number=57, taken=True)),
    ("discard_import", "3:57", SettleImport(draft=3, number=57, taken=False)),
    ("own_item", "12:U0BO", OwnFollowUp(item=12, owner="U0BO")),
    ("date_item", "12:2026-12-01", DateFollowUp(item=12, due=date(2026, 12, 1))),
    ("no_date_item", "12", DateFollowUp(item=12, due=None)),
    ("done_item", "12", CloseFollowUp(item=12, done=True)),
    ("drop_item", "12", Opening(what="drop", number=12)),
    ("add_item", "12", Opening(what="item", number=12)),
    ("snooze_item", "12:7", SnoozeFollowUp(item=12, days=7)),
    ("give_back_item", "12", GiveBackFollowUp(item=12)),
    ("draft_incident", "7", StartPostmortem(incident=7)),
    ("start_other", "118:rollback", StartRun(runbook="rollback", alarm=118)),
    ("other_runbook", "118", OtherRunbook(alarm=118)),
    ("search_runbook", "118", Opening(what="search", number=118)),
    ("none_fits", "118", NoneFits(alarm=118)),
    ("show_alarms", "1", ShowAlarms()),
    ("evidence", "A-118", ShowEvidence(subject="A-118")),
    ("evidence_page", "postmortem:3:2", ShowEvidence(subject="postmortem:3", page=2)),
    ("evidence_page", "A-118:2", ShowEvidence(subject="A-118", page=2)),
    ("evidence_item", "postmortem:3:E37", ShowEvidence(subject="postmortem:3", item="E37")),
    ("evidence_item", "assist:57:B1a", ShowEvidence(subject="assist:57", item="B1a")),
    ("evidence", "assist:57", ShowEvidence(subject="assist:57")),
    ("expand", "42:half_open", ExpandStep(run=42, step="half_open")),
    ("add_step", "57:1", AddStep(answer=57, number=1)),
    ("add_typed", "57:2", Opening(what="typed", number=57, place=2)),
    ("leave_out", "42:added_1", LeaveOut(run=42, step="added_1")),
    ("declare", "118", DeclareIncident(alarm=118)),
    ("lead_incident", "7", NamePerson(incident=7)),
    ("mitigate_incident", "7", EndIncident(incident=7, over=False)),
    ("resolve_incident", "7", EndIncident(incident=7, over=True)),
    ("show_incident", "7", ShowIncidents(incident=7)),
    ("change_inputs", "42", Opening(what="change", number=42)),
    ("whole_plan", "57", Opening(what="plan", number=57, place=1)),
    ("as_typed", "7", AsTyped(inbox=7)),
    ("run_runbook", "circuit-breaker", StartRun(runbook="circuit-breaker")),
    ("show_runbook", "circuit-breaker", ShowRunbook(runbook="circuit-breaker")),
]


def test_every_button_is_shown_here() -> None:
    assert {action for action, _, _ in CLICKS} == set(BUTTONS)


@pytest.mark.parametrize(("action", "value", "wants"), CLICKS)
def test_a_button_becomes_what_it_says(action: str, value: str, wants: Wanted) -> None:
    found = click(door.click(action, value), at=NOON)

    assert found is not None
    assert found.wants == wants


def test_several_buttons_of_one_kind_are_told_apart_by_a_number() -> None:
    ways = [Button(label=way, action="choose", value=f"42:way:{way}") for way in ("data", "code", "wait", "none")]

    (row,) = buttons(ways)

    elements: Any = row["elements"]
    assert [one["action_id"] for one in elements] == ["choose", "choose.2", "choose.3", "more"]
    second = click(door.click(elements[1]["action_id"], elements[1]["value"]), at=NOON)
    assert second is not None
    assert second.wants == GiveInputs(run=42, inputs={"way": "code"})


def picked(value: str) -> Any:  # noqa: ANN401 - a payload, as Slack sends it
    body = door.click("expand", "")
    option = {"type": "static_select", "action_id": "expand", "selected_option": {"value": value}}
    return {**body, "actions": [option]}


def test_what_is_picked_of_a_list_is_done_on_what_its_value_says_and_on_nothing_else() -> None:
    found = click(picked("42:check_2"), at=NOON)

    assert found is not None
    assert found.wants == ExpandStep(run=42, step="check_2")
    with pytest.raises(RequestError):
        click(picked("approve:9:1"), at=NOON)


def some(count: int) -> list[Button]:
    return [Button(label=f"Way {number}", action="choose", value=f"42:way:{number}") for number in range(count)]


def test_a_card_with_more_to_press_than_an_overflow_holds_is_an_error_and_never_cut() -> None:
    (row,) = buttons(some(8))

    elements: Any = row["elements"]
    assert [option["text"]["text"] for option in elements[3]["options"]] == [f"Way {one}" for one in range(3, 8)]
    with pytest.raises(ValueError, match=r"nothing people press is left out: Way 3, .*Way 8"):
        buttons(some(9))
    with pytest.raises(ValueError, match="nothing people press is left out"):
        section("An item", more=some(6))


def test_where_an_overflow_cannot_hold_all_its_last_option_opens_the_dialog_that_does() -> None:
    whole = Button(label="More…", action="what_else", value="42")

    rows: Any = [*buttons(some(8), whole=whole), *buttons(some(3), some(6), whole=whole)]

    labels = [[one["text"]["text"] for one in row["elements"][3]["options"]] for row in rows]
    assert labels == [["Way 3", "Way 4", "Way 5", "Way 6", "Way 7"], ["Way 0", "Way 1", "Way 2", "Way 3", "More…"]]


@pytest.mark.parametrize(
    ("thread", "message", "answered_in"),
    [
        (None, {}, None),
        (CARD, {"thread_ts": CARD}, None),
        (THREAD, {"thread_ts": THREAD}, THREAD),
        (THREAD, {"thread_ts": THREAD, "subtype": "thread_broadcast"}, None),
    ],
    ids=["a message", "one with replies", "a reply", "a reply that stands in the channel too"],
)
def test_what_stands_in_the_channel_is_answered_in_the_channel(
    thread: str | None, message: dict[str, str], answered_in: str | None
) -> None:
    body = door.click("show_run", "42", thread=thread)

    found = click({**body, "message": {**body["message"], **message}}, at=NOON)

    assert found is not None
    assert found.place.thread == answered_in


def test_what_only_its_person_sees_is_no_message_that_one_can_reply_to() -> None:
    body = door.click("expand", "42:half_open")
    body["container"]["is_ephemeral"] = True

    found = click(body, at=NOON)

    assert found is not None
    assert found.place == Place(team=TEAM, channel=CHANNEL)


@pytest.mark.parametrize(("action", "value", "wants"), CLICKS)
def test_the_overflow_carries_the_same(action: str, value: str, wants: Wanted) -> None:
    found = click(door.click("more", f"{action}:{value}"), at=NOON)

    assert found is not None
    assert found.wants == wants


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("approve", "9"),
        ("approve", "9:2:1"),
        ("approve", "9:2\n"),
        ("approve", "９:2"),  # noqa: RUF001 - fullwidth digits
        ("approve", "٩:2"),
        ("approve", "-9:2"),
        ("approve", "0:1"),
        ("approve", "9:0"),
        ("approve", " 9:2"),
        ("approve", "1" * 10 + ":1"),
        ("stop", "R-42"),
        ("stop", "42.0"),
        ("stop", ""),
        ("done", "42"),
        ("done", "42:Half_Open"),
        ("done", "42:half-open"),
        ("done", "42:hаlf_open"),  # noqa: RUF001 - a Cyrillic letter
        ("choose", "42:way"),
        ("choose", "42:way:"),
        ("choose", "42:way:two words"),
        ("choose", "42:way:d\u0430ta"),
        ("own_item", "12:U0BO|x"),
        ("own_item", "12:S0TEAM"),
        ("own_item", ":U0BO"),
        ("date_item", "12:2026-02-31"),
        ("date_item", "12:2026-12-01T00:00"),
        ("snooze_item", "12"),
        ("show_runbook", "../secret"),
        ("show_runbook", "circuit-breaker\n"),
        ("more", "approve"),
        ("more", "more:approve:9:2"),
        ("more", ""),
        ("other", "9"),
        ("", ""),
    ],
)
def test_a_value_we_did_not_write_is_refused(action: str, value: str) -> None:
    with pytest.raises(RequestError, match="not one I know"):
        click(door.click(action, value), at=NOON)


@pytest.mark.parametrize(
    ("picked", "wants"),
    [
        ({"action_id": "own_item.12", "type": "users_select", "selected_user": "U0BO"}, ("12", "U0BO")),
        ({"action_id": "date_item.12", "type": "datepicker", "selected_date": "2026-12-01"}, ("12", "2026-12-01")),
    ],
)
def test_a_picker_says_whose_it_is_behind_its_name(picked: dict[str, str], wants: tuple[str, str]) -> None:
    body = {**door.click("own_item", ""), "actions": [picked]}

    found = click(body, at=NOON)

    assert found is not None
    assert found.wants == wanted(picked["action_id"].partition(".")[0], ":".join(wants))


def test_a_picker_that_was_emptied_changes_nothing() -> None:
    emptied = {"action_id": "date_item.12", "type": "datepicker", "selected_date": None}

    with pytest.raises(RequestError, match="nothing was done"):
        click({**door.click("date_item", ""), "actions": [emptied]}, at=NOON)


def test_a_click_is_kept_with_where_it_was_and_under_its_trigger() -> None:
    body = door.click("approve", "9:2", trigger="t.1", thread=THREAD)

    found = click(body, at=NOON)

    assert found is not None
    delivery = found.delivery(CastVote(approval=9, edition=2))
    assert delivery.place == Place(team=TEAM, channel=CHANNEL, ts=CARD, thread=THREAD)
    assert (delivery.person, delivery.identity, delivery.said) == (ANA, digest("t.1"), "")
    assert "secret-address" not in delivery.model_dump_json()


def test_a_click_in_home_is_in_no_channel() -> None:
    found = click(door.home_click("show_run", "42"), at=NOON)

    assert found is not None
    assert found.place == Place(team=TEAM, channel="D")


def test_two_presses_are_two_deliveries_and_one_press_delivered_twice_is_one() -> None:
    first, again, second = (
        click(door.click("approve", "9:2", trigger=trigger), at=NOON) for trigger in ("t.1", "t.1", "t.2")
    )

    assert first is not None
    assert again is not None
    assert second is not None
    assert first.identity == again.identity != second.identity


def test_a_link_was_followed_by_the_browser() -> None:
    body: dict[str, Any] = door.click("docs", "")
    body["actions"][0]["url"] = "https://docs.example"

    assert click(body, at=NOON) is None


def test_a_step_that_runs_into_another_value_cannot_be_named() -> None:
    with pytest.raises(RequestError):
        wanted("done", "42:half_open:9")
