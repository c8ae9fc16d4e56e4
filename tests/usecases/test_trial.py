"""A runbook on trial starts only where it says so."""

import pytest

from bot.domain.inbox import StartRun
from bot.usecases.starting import listed
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


@pytest.mark.parametrize(("where", "starts"), [("staging", False), ("prod", True)])
def test_what_is_listed_for_a_start_is_what_the_start_lets_begin(table: Table, where: str, starts: bool) -> None:
    on_trial(table, where)

    assert listed(table.desk, table.desk.library.find("swap"))["starts"] is starts
