"""What people are told when a run moves: who waits for it hears of it, and nothing old offers a way that is closed."""

import pytest

from bot.domain.inbox import (
    AskAgain,
    DeclineRequest,
    NoteIncident,
    RevokeRequest,
    SettleOwed,
    StartRun,
    StopRun,
    TakeOver,
    UndoStep,
)
from bot.domain.records import Change
from bot.usecases.telling import notice
from tests.usecases.table import ANA, BO, CY, Table


def wanted(table: Table, key: str) -> int:
    card = table.store.card(key)
    assert card is not None, f"{key} stands nowhere"
    return card.wanted


def test_who_asked_is_told_of_a_no_by_somebody_else(table: Table) -> None:
    asked = table.half_open_asked()

    table.wish(BO, DeclineRequest(approval=asked.id, why="not now", words="the source is not done"))

    (told,) = table.cards("declined:")
    assert (told.urgent, told.under, told.payload["approval"]) == (True, "run:1", asked.id)


def test_who_said_no_themselves_is_told_nothing(table: Table) -> None:
    asked = table.half_open_asked()

    table.wish(ANA, DeclineRequest(approval=asked.id, why="not now"))

    assert table.cards("declined:") == []


def test_words_of_ones_own_stand_alone_as_the_reason(table: Table) -> None:
    asked = table.half_open_asked()

    table.wish(BO, DeclineRequest(approval=asked.id, why="other", words="the source is not done"))

    assert table.store.approval(asked.id).ended_why == "the source is not done"


def test_asking_again_takes_the_way_to_ask_again_from_what_was_declined(table: Table) -> None:
    asked = table.half_open_asked()
    table.wish(BO, DeclineRequest(approval=asked.id, why="not now"))
    before = {key: wanted(table, key) for key in (f"request:{asked.id}", f"declined:1:{asked.id}")}

    table.wish(ANA, AskAgain(run=1))

    assert all(wanted(table, key) > was for key, was in before.items())


@pytest.mark.parametrize("wish", [AskAgain(run=1), UndoStep(run=1), StopRun(run=1)])
def test_what_said_that_a_step_failed_is_told_once_more_when_somebody_decided(
    table: Table, wish: AskAgain | UndoStep | StopRun
) -> None:
    table.edit("circuit-breaker", "expect: output.status == 'SUCCEEDED'", "expect: output.status == 'NEVER'")
    table.half_open_asked()
    table.approve(BO)
    (told,) = table.cards("failed:1:probe:")
    before = wanted(table, told.key)

    table.wish(CY, wish)

    assert wanted(table, told.key) > before


def test_what_said_that_something_is_owed_is_told_once_more_when_it_is_done(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(BO, StopRun(run=1))
    before = wanted(table, "owed:1:0")

    table.wish(BO, SettleOwed(run=1, step="resume"))

    assert wanted(table, "owed:1:0") > before


def test_a_reminder_that_others_did_not_come_before_is_told_once_more_too(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(BO, StopRun(run=1))
    table.store.commit(Change(cards=(notice(table.run(1), "owed", mark=":7"),)))
    before = wanted(table, "owed:1:7")

    table.wish(BO, SettleOwed(run=1, step="resume"))

    assert wanted(table, "owed:1:7") > before


def test_what_was_typed_and_shows_only_on_a_card_is_said_to_be_done(table: Table) -> None:
    table.start(ANA)

    table.wish(BO, StopRun(run=1), said="/runbook stop R-1")

    (told,) = table.whispers()
    assert (told["what"], told["at"]) == ("done", "run:1")


def test_what_was_pressed_needs_no_answer_beside_its_card(table: Table) -> None:
    table.start(ANA)

    table.wish(BO, TakeOver(run=1))

    assert table.whispers() == []


def test_what_was_typed_and_refused_is_not_said_to_be_done(table: Table) -> None:
    table.wish(ANA, NoteIncident(text="the source knows"), said="/incident note the source knows")

    assert [told["what"] for told in table.whispers()] == ["refused"]


def test_a_start_that_lacks_inputs_keeps_what_was_typed_for_the_button_that_asks_for_the_rest(table: Table) -> None:
    source = table.runbooks / "by-hand-first.md"
    asks = "  reason:\n    title: Why now?\n    pattern: '[a-z]{1,20}'\n"
    source.write_text(source.read_text("utf-8").replace("parameters:\n", f"parameters:\n{asks}"), "utf-8")
    wish = StartRun(runbook="by-hand-first", inputs={"pipeline": "transactions"})

    table.wish(ANA, wish, said="run by-hand-first pipeline=transactions")

    (told,) = table.whispers()
    assert (told["what"], told["start"]) == ("refused", wish.model_dump(mode="json"))


def test_a_request_that_never_was_is_refused_in_words_that_can_be_shown(table: Table) -> None:
    table.wish(ANA, RevokeRequest(approval=77), said="/approvals revoke Q-77")

    (told,) = table.whispers()
    assert "There is no Q-77" in str(told["words"])
    assert "approval" not in told


def test_a_runbook_with_an_action_that_nobody_knows_is_not_started_and_says_where_to_look(table: Table) -> None:
    table.edit("pauses", "uses: schedule.pause", "uses: schedule.paws")

    table.wish(ANA, StartRun(runbook="pauses"))

    assert table.store.runs(open_only=False) == []
    assert "There is no action called 'schedule.paws'" in table.refused()
    assert "`runbook-bot check`" in table.refused()
