"""An older copy of the records was put back: nobody's old yes leads to a call, and a person looks first."""

from bot.domain.approval import ApprovalState
from bot.domain.run import Awaiting, RunState
from bot.usecases.restoring import NUMBERED, SKIPPED, restore
from tests.usecases.table import ANA, BO, Table


def at_the_half_open_request(table: Table) -> None:
    table.start(ANA)
    table.approve(ANA)
    table.reason(ANA)


def test_open_requests_are_void_and_their_cards_can_no_longer_be_used(table: Table) -> None:
    at_the_half_open_request(table)
    asked = table.newest()

    restore(table.desk, anchor="a" * 64)
    table.drive()
    table.approve(BO, asked)

    assert table.store.approval(asked.id).state is ApprovalState.VOID
    assert "void" in table.refused()
    assert '"OPEN"' in table.breaker()


def test_a_run_waits_for_a_person_and_asks_anew_when_told_to(table: Table) -> None:
    at_the_half_open_request(table)

    restore(table.desk, anchor="a" * 64)
    table.drive()

    run = table.run()
    assert run.waiting is not None
    assert (run.state, run.waiting.what, run.next_step) == (RunState.WAITING, Awaiting.PERSON, "half_open")
    table.ask_again(ANA)
    table.approve(BO)
    assert '"HALF_OPEN"' in table.breaker()


def test_what_was_owed_stays_owed_and_its_yes_goes_on_standing(table: Table) -> None:
    at_the_half_open_request(table)
    paused = table.store.approvals()[-1]
    assert (paused.step, paused.state) == ("pause", ApprovalState.CONSUMED)

    restore(table.desk, anchor="a" * 64)

    assert [one.step for one in table.run().owed] == ["resume"]
    assert table.store.approval(paused.id).state is ApprovalState.CONSUMED


def test_no_number_is_given_again_that_the_lost_records_may_have_given(table: Table) -> None:
    at_the_half_open_request(table)
    given = {kind: table.store.count(kind, 0) for kind in NUMBERED}

    restore(table.desk, anchor="a" * 64)

    assert all(table.store.next_id(kind) > given[kind] + SKIPPED for kind in NUMBERED)


def test_it_says_in_the_audit_what_it_did_and_may_be_called_again(table: Table) -> None:
    at_the_half_open_request(table)

    restore(table.desk, anchor="a" * 64)
    again = restore(table.desk, anchor="a" * 64)

    assert again.approvals == ()
    kinds = [record.body.kind for record, _ in table.store.audit(subject="records")]
    assert kinds == ["records.restored", "records.restored"]
