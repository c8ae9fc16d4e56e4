"""Nobody is asked to approve a change without being told why, in the words of somebody who may not approve it."""

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import GiveInputs, StartRun, TakeOver, UndoStep
from bot.domain.records import Change
from bot.domain.run import Awaiting, RunState
from tests.usecases.books import BOOKS
from tests.usecases.table import ANA, BO, CY, REASON, Table

UNREADABLE = ("", " ", "\t \u00a0", "\u200b\u200d\u2060", "\u2800\u3164", "\u202e", "...", "x" * 10_240)


def begin(table: Table, runbook: str, **inputs: str) -> None:
    """Start a runbook, and say nothing of why."""
    table.wish(ANA, StartRun(runbook=runbook, inputs=inputs))


def test_a_change_is_asked_why_before_anybody_is_asked_to_approve_it(table: Table) -> None:
    begin(table, "swap")

    run = table.run()
    assert run.waiting is not None
    assert (run.state, run.waiting.what, run.waiting.asks) == (RunState.WAITING, Awaiting.INPUT, "reason")
    assert (list(table.store.approvals()), table.notices()) == ([], ["input"])

    table.wish(CY, GiveInputs(run=1, inputs={"reason": REASON}))

    bound = table.newest().binding
    assert (bound.reason, bound.reason_by, bound.authors) == (REASON, CY, (ANA, CY))
    table.approve(CY)
    assert "you asked for this change yourself" in table.refused()
    table.approve(BO)
    assert table.state() == "HALF_OPEN"


@pytest.mark.parametrize("reason", UNREADABLE)
def test_a_reason_that_nobody_can_read_is_refused_in_words_when_asked(table: Table, reason: str) -> None:
    begin(table, "swap")

    table.wish(ANA, GiveInputs(run=1, inputs={"reason": reason}))

    assert "A reason " in table.refused()
    assert ("reason" in table.run().inputs, list(table.store.approvals())) == (False, [])


@pytest.mark.parametrize("runbook", ["swap", "circuit-breaker", "by-hand-first"])
@pytest.mark.parametrize("reason", UNREADABLE)
def test_a_reason_that_nobody_can_read_starts_nothing(table: Table, runbook: str, reason: str) -> None:
    given = {"pipeline": "transactions"} if runbook == "circuit-breaker" else {}

    begin(table, runbook, reason=reason, **given)

    assert "A reason " in table.refused()
    assert not table.store.runs(open_only=False)


def test_a_reason_given_at_the_start_is_not_asked_again(table: Table) -> None:
    begin(table, "swap", reason=REASON)

    assert (table.newest().binding.reason, table.newest().binding.reason_by) == (REASON, ANA)


def test_a_control_is_not_asked_why(table: Table) -> None:
    begin(table, "pauses")

    assert (table.newest().step, table.newest().binding.reason) == ("pause", "")


def test_what_is_so_already_is_not_asked_why(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN")

    begin(table, "swap")

    assert (table.run().state, list(table.store.approvals())) == (RunState.REPAIRED, [])


def test_what_is_so_already_is_not_asked_why_where_a_step_only_has_the_word(table: Table) -> None:
    worded = BOOKS["swap"].replace("   undo: reopen\n", '   undo: reopen\n   effect: "Half-open it for that reason"\n')
    assert worded != BOOKS["swap"]
    (table.runbooks / "swap.md").write_text(worded, encoding="utf-8")
    table.write_breaker(state="HALF_OPEN")

    begin(table, "swap")

    assert (table.run().state, list(table.store.approvals())) == (RunState.REPAIRED, [])


def test_the_way_is_chosen_first_and_why_is_another_message(table: Table) -> None:
    begin(table, "two-ways")
    waiting = table.run().waiting
    assert waiting is not None
    assert waiting.asks == "way"

    table.wish(ANA, GiveInputs(run=1, inputs={"way": "close"}))

    waiting = table.run().waiting
    assert waiting is not None
    assert (waiting.asks, table.run().next_step) == ("reason", "closing")
    assert len(table.cards("input:1:")) == 2
    table.wish(ANA, GiveInputs(run=1, inputs={"reason": REASON}))
    assert (table.newest().step, table.newest().binding.reason) == ("closing", REASON)


def test_another_reason_takes_the_open_request_back_and_is_signed_anew(table: Table) -> None:
    begin(table, "swap", reason=REASON)
    first = table.newest()

    table.wish(CY, GiveInputs(run=1, inputs={"reason": "the other file"}))

    second = table.newest()
    assert (table.store.approval(first.id).state, second.binding.reason_by) == (ApprovalState.REVOKED, CY)
    assert second.digest != first.digest


def test_a_control_that_somebody_takes_over_is_still_what_was_approved(table: Table) -> None:
    begin(table, "pauses")

    table.wish(CY, TakeOver(run=1))
    table.approve(BO)

    assert table.rule() == "DISABLED"


def test_an_undo_says_what_it_takes_back_in_nobodys_words(table: Table) -> None:
    begin(table, "swap", reason=REASON)
    table.approve(BO)

    table.wish(CY, UndoStep(run=1))

    bound = table.newest().binding
    assert (bound.reason.startswith("takes back step"), bound.reason_by) == (True, "")


def test_a_reason_that_became_another_after_the_yes_voids_it(table: Table) -> None:
    begin(table, "swap", reason=REASON)
    table.approve(BO, drive=False)
    table.deal()
    assert table.newest().state is ApprovalState.APPROVED

    run = table.run()
    table.store.commit(Change(runs=(run.model_copy(update={"inputs": {**run.inputs, "reason": "another"}}),)))
    table.drive()

    assert (table.newest().state, table.state()) == (ApprovalState.VOID, "OPEN")
    assert "reason was" in table.newest().ended_why


def test_a_reason_that_is_only_picked_is_no_reason_and_the_run_says_so(table: Table) -> None:
    picked = BOOKS["swap"].replace("parameters:\n", "parameters:\n  reason: {title: Why, enum: [wrong, late]}\n")
    (table.runbooks / "swap.md").write_text(picked, encoding="utf-8")

    begin(table, "swap", reason="wrong")

    run = table.run()
    assert run.waiting is not None
    assert (run.waiting.what, list(table.store.approvals())) == (Awaiting.PERSON, [])
    assert "Nobody said why" in run.record("half_open").note
