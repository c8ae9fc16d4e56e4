"""A value that is to be picked from a list is one of the list, wherever it was typed and whatever it looks like."""

from bot.domain.inbox import GiveInputs, StartRun
from bot.domain.run import Awaiting, RunState
from tests.usecases.table import ANA, Table

ELSEWHERE = "bronze/mortgages/transactions/ingest_date=1999-01-01/f-0001.csv.gz"


def test_a_start_on_something_that_is_not_in_the_list_is_refused_with_the_list(table: Table) -> None:
    table.wish(ANA, StartRun(runbook="circuit-breaker", inputs={"pipeline": "payroll"}))

    assert "pipeline is one of transactions, not 'payroll'" in table.refused()
    assert list(table.store.runs(open_only=False)) == []


def test_what_is_typed_into_a_waiting_run_is_one_of_what_the_run_saw(table: Table) -> None:
    table.start(ANA)
    table.approve(ANA)
    waits = table.run().waiting

    table.wish(ANA, GiveInputs(run=1, inputs={"probe_file": ELSEWHERE, "reason": "re-sent"}))

    assert waits is not None
    assert waits.what is Awaiting.INPUT
    assert "probe_file is one of bronze/" in table.refused()
    assert table.run().waiting == waits
    assert "reason" not in table.run().inputs


def test_what_was_typed_at_the_start_is_held_against_the_list_once_the_run_has_seen_it(table: Table) -> None:
    table.start(ANA, probe_file=ELSEWHERE, reason="re-sent")
    table.approve(ANA)

    assert table.run().state is RunState.WAITING
    assert [one.step for one in table.store.approvals()] == ["pause"]
    assert table.probes() == []
