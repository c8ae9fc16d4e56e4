"""A secret in what a run reads or is given reaches no eye and no call; what is signed is exactly what is shown."""

import pytest

from bot.domain.inbox import GiveInputs, StartRun
from tests.usecases.table import ANA, Table

SECRET = "c4nary-do-not-tell"


def test_a_call_that_would_carry_a_secret_is_never_asked_for(table: Table) -> None:
    table.write_breaker(reason=f"opened by etl, password={SECRET}")

    run = table.start(ANA, "swap")

    assert table.store.approvals() == []
    assert table.cloud.sent == []
    note = run.record("half_open").note
    assert "Never offered: a parameter of s3.put_breaker holds what looks like a secret (password)" in note
    assert SECRET not in note


@pytest.mark.parametrize("reason", [f"password={SECRET}", "see ghp_" + "a1B2" * 9])
def test_a_run_takes_no_secret_as_an_input(table: Table, reason: str) -> None:
    table.wish(ANA, StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions", "reason": reason}))

    assert table.store.runs(open_only=False) == []
    assert "reason holds what looks like a secret" in table.refused()
    assert reason[-8:] not in table.refused()


def test_a_late_input_takes_no_secret_either(table: Table) -> None:
    run = table.start(ANA)
    table.approve(ANA)

    table.wish(ANA, GiveInputs(run=run.id, inputs={"reason": f"password={SECRET}"}))

    assert "reason holds what looks like a secret" in table.refused()
    assert "reason" not in table.run().inputs


def test_who_is_named_in_a_reason_stands_in_the_call_as_it_is_signed(table: Table) -> None:
    run = table.start(ANA)
    table.approve(ANA)

    table.wish(ANA, GiveInputs(run=run.id, inputs={"reason": "ana@example.nl fixed the column"}))

    (bound,) = (one for one in table.newest().binding.calls if one.step == "half_open")
    assert '"reason":"ana@example.nl fixed the column"' in str(bound.call.params["Body"])
