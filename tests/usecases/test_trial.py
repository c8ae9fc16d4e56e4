"""A runbook on trial starts only where it says so."""

from bot.domain.inbox import StartRun
from tests.usecases.table import ANA, Table


def on_trial(table: Table, *environments: str) -> None:
    book = table.runbooks / "swap.md"
    text = book.read_text(encoding="utf-8")
    where = f"status: trial\ntrial_in: [{', '.join(environments)}]"
    book.write_text(text.replace("status: active", where), encoding="utf-8")


def test_a_runbook_on_trial_elsewhere_is_refused_and_nothing_is_begun(table: Table) -> None:
    on_trial(table, "staging")

    table.wish(ANA, StartRun(runbook="swap"))

    assert "is on trial in staging, not in prod" in table.refused()
    assert list(table.store.runs(open_only=False)) == []


def test_a_runbook_on_trial_here_starts(table: Table) -> None:
    on_trial(table, "staging", "prod")

    assert table.start(ANA, "swap").runbook == "swap"
