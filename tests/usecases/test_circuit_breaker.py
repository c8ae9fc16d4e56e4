"""The circuit breaker, from Start to watching, on real records and the real local lake."""

from datetime import timedelta

from bot.domain.approval import ApprovalState
from bot.domain.run import Awaiting, RunState, StepState
from tests.usecases.table import ANA, BO, CY, Table


def test_the_runbook_repairs_the_breaker_with_each_change_approved_by_somebody_else(table: Table) -> None:
    run = table.start(ANA)
    assert run.waiting is not None, run
    assert (run.waiting.what, run.next_step) == (Awaiting.APPROVAL, "pause")
    assert table.rule() == "ENABLED"

    table.approve(ANA)
    assert table.rule() == "DISABLED"
    run = table.run()
    assert run.waiting is not None, run
    assert (run.waiting.what, run.next_step) == (Awaiting.INPUT, "half_open")

    table.reason(ANA)
    table.approve(ANA)
    assert "you asked for this change yourself" in table.refused()
    assert '"OPEN"' in table.breaker()

    table.approve(BO)
    run = table.run()
    assert run.record("probe").state is StepState.DONE, (run.record("probe"), run.waiting)
    assert '"HALF_OPEN"' in table.breaker()

    table.approve(CY)
    run = table.run()
    assert '"CLOSED"' in table.breaker()
    assert table.rule() == "ENABLED"
    assert run.state is RunState.WATCHING, (run.waiting, run.records)
    assert run.owed == ()

    table.lake.look()
    table.later(timedelta(minutes=61))
    table.lake.look()
    table.drive(seconds=90)

    run = table.run()
    assert run.state is RunState.REPAIRED, (run.state, run.waiting, run.record("watch"))
    assert [call.row for call in table.cloud.sent] == [
        "events.disable_rule",
        "s3.put_breaker",
        "states.start_isolated",
        "s3.put_breaker",
        "events.enable_rule",
    ]
    assert all(one.state is ApprovalState.CONSUMED for one in table.store.approvals())
