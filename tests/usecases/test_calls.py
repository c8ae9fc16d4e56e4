"""Every path to a call: nothing leaves without a yes to exactly that call, and one yes lets each call out once.

Each story's records are held against what was sent once more when it is over: `Table.insist_on_the_story`.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import (
    DeclineRequest,
    GiveInputs,
    ParkRun,
    SettleOwed,
    SettleUnknown,
    StopRun,
    TakeOver,
    UndoStep,
)
from bot.domain.records import AttemptState
from tests.usecases.proxy import Proxy
from tests.usecases.table import ANA, BO, CY, DEE, GUS, Table

MINUTE = timedelta(minutes=1)


def asked_first(table: Table) -> None:
    table.start(ANA, "swap")


def asked_again_after_a_no(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(CY, DeclineRequest(approval=1, why="no"))
    table.ask_again(ANA)


def asked_again_by_itself(table: Table) -> None:
    table.start(ANA, "swap")
    table.later(15 * MINUTE)
    table.drive()


def asked_again_after_a_void(table: Table) -> None:
    table.start(ANA, "swap")
    table.write_breaker(reason="meanwhile")
    table.approve(BO)
    table.ask_again(ANA)


def asked_again_after_a_failed_call(table: Table) -> None:
    table.start(ANA, "swap")
    table.cloud.before = lambda: table.write_breaker(reason="in the last instant")
    table.approve(BO)
    table.cloud.before = None
    table.ask_again(ANA)


def asked_at_the_end_of_park(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(ANA, ParkRun(run=1, until=table.now() + MINUTE))
    table.later(MINUTE)
    table.drive()


def asked_after_take_over(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(ANA, ParkRun(run=1, until=table.now() + 60 * MINUTE))
    table.wish(CY, TakeOver(run=1))


def asked_to_undo(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO)
    table.wish(ANA, UndoStep(run=1))


def asked_anew_with_another_reason(table: Table) -> None:
    table.half_open_asked()
    table.wish(ANA, GiveInputs(run=1, inputs={"reason": "another"}))


def asked_after_it_did_not_happen(table: Table) -> None:
    table.start(ANA, "swap")
    table.cloud.lose(2)
    table.approve(BO)
    table.wish(ANA, SettleUnknown(run=1, step="half_open", happened=False))


PATHS = (
    asked_first,
    asked_again_after_a_no,
    asked_again_by_itself,
    asked_again_after_a_void,
    asked_again_after_a_failed_call,
    asked_at_the_end_of_park,
    asked_after_take_over,
    asked_to_undo,
    asked_anew_with_another_reason,
    asked_after_it_did_not_happen,
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_no_path_sends_without_a_yes_and_a_yes_sends_the_first_call_once(
    table: Table, path: Callable[[Table], None]
) -> None:
    path(table)
    asked, sent = table.newest(), len(table.cloud.sent)
    assert asked.state is ApprovalState.PENDING

    table.drive()
    table.approve(ANA)
    table.approve(DEE)
    table.approve(GUS)
    table.later(4 * MINUTE)
    table.drive()
    assert len(table.cloud.sent) == sent

    table.approve(BO)

    bound = [call.call for call in asked.binding.calls]
    assert table.cloud.sent[sent : sent + len(bound)] == bound
    assert [one.call for one in table.attempts() if one.approval == asked.id] == bound


def test_what_is_owed_leaves_once_under_the_yes_that_made_it_owed(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    bound = [call.call for call in table.newest().binding.calls]

    table.wish(ANA, StopRun(run=1))
    table.wish(BO, SettleOwed(run=1, step="resume"))
    table.wish(BO, SettleOwed(run=1, step="resume"))

    assert table.cloud.sent == bound
    assert [one.state for one in table.attempts()] == [AttemptState.DONE, AttemptState.DONE]


def test_an_owed_resume_that_aws_refused_is_asked_for_anew(far_table: Table, proxy: Proxy) -> None:
    far_table.start(ANA, "pauses")
    far_table.approve(ANA)
    proxy.rule("EnableRule", "refused")
    far_table.done()
    assert [one.step for one in far_table.run().owed] == ["resume"]
    far_table.wish(ANA, StopRun(run=1))

    far_table.wish(ANA, SettleOwed(run=1, step="resume"))
    assert far_table.newest().state is ApprovalState.PENDING
    far_table.approve(ANA)

    assert (far_table.rule(), far_table.run().owed) == ("ENABLED", ())


def test_a_yes_for_two_calls_lets_out_each_once_in_order(table: Table) -> None:
    asked = table.half_open_asked()

    table.approve(BO)

    assert [call.row for call in table.cloud.sent[1:]] == ["s3.put_breaker", "states.start_isolated"]
    assert table.cloud.sent[1:] == [call.call for call in asked.binding.calls]
    assert table.store.approval(asked.id).used == 2


def test_a_run_that_comes_no_further_gives_up_its_turn_instead_of_spinning(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()
    table.refuse_to_take()

    with pytest.raises(Exception, match="came no further"):
        table.segment()

    assert table.cloud.sent == []
