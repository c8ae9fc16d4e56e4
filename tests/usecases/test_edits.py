"""The folder is watched while the bot serves: one message for each runbook that changed, and what got riskier."""

import re

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.records import Card, Change
from bot.errors import StaleError
from bot.usecases.edits import EVERY_S, REFUSED, Edits
from tests.usecases.table import ANA, Table


class Ticks:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def look(edits: Edits, ticks: Ticks, times: int = 2) -> None:
    for _ in range(times):
        ticks.at += EVERY_S
        edits.look()


def told(table: Table) -> list[Card]:
    return [card for card in table.store.cards_behind() if card.key.startswith("edit:")]


def test_an_edit_is_told_once_with_what_got_riskier(table: Table, ticks: Ticks) -> None:
    edits = Edits(table.desk, ticks=ticks)
    table.edit("two-people", "needs: [platform, oncall]", "needs: [platform]")

    look(edits, ticks, times=5)

    (card,) = told(table)
    assert (card.payload["runbook"], card.payload["what"], card.channel) == ("two-people", "edited", table.desk.channel)
    assert "needs platform, before platform + oncall" in str(card.payload["riskier"])
    assert table.kinds().count("runbook.changed") == 1


@pytest.mark.parametrize("when", ["at the start", "when it is edited"])
def test_the_log_says_once_that_a_runbook_is_served_which_check_refuses(
    table: Table, ticks: Ticks, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    edits = Edits(table.desk, ticks=ticks)
    if when == "when it is edited":
        look(edits, ticks, times=50)
        caplog.clear()
    table.edit("swap", "output.body.state == 'HALF_OPEN'", "output.bodi.state == 'HALF_OPEN'")

    look(edits, ticks, times=50)

    said = [str(vars(one)["problem"]) for one in caplog.records if one.msg == REFUSED]
    assert len([one for one in said if "swap.md" in one and "bodi" in one]) == 2  # two steps say so
    assert "swap" in table.desk.library.runbooks()


def test_a_file_that_is_no_runbook_is_in_the_log(table: Table, ticks: Ticks, caplog: pytest.LogCaptureFixture) -> None:
    edits = Edits(table.desk, ticks=ticks)
    look(edits, ticks, times=50)
    caplog.clear()
    (table.runbooks / "torn.md").write_bytes(b"# Runbook: \xff")

    look(edits, ticks, times=5)

    (said,) = [str(vars(one)["problem"]) for one in caplog.records if one.msg == REFUSED]
    assert "torn.md:1" in said


def test_a_runbook_that_check_passes_is_not_spoken_of_and_one_that_asks_an_unknown_role_is(
    table: Table, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    look(Edits(table.desk, ticks=ticks), ticks, times=50)

    said = " ".join(str(vars(one)["problem"]) for one in caplog.records if one.msg == REFUSED)
    assert "circuit-breaker.md" not in said
    assert re.search(r"backfill\.md:[0-9]+: error: The policy has no role `domain`", said)


def test_an_edit_that_makes_nothing_riskier_is_told_all_the_same(table: Table, ticks: Ticks) -> None:
    edits = Edits(table.desk, ticks=ticks)
    table.edit("swap", "For a story.", "For another story.")

    look(edits, ticks)

    assert [card.payload["count"] for card in told(table)] == [0]


def test_a_file_that_is_being_written_is_told_when_it_stands_still(table: Table, ticks: Ticks) -> None:
    edits = Edits(table.desk, ticks=ticks)
    table.edit("swap", "For a story.", "For")
    look(edits, ticks, times=1)
    table.edit("swap", "For\n", "For another story.\n")
    look(edits, ticks, times=1)
    assert told(table) == []

    look(edits, ticks, times=1)

    assert len(told(table)) == 1


def test_a_runbook_that_is_gone_and_one_that_is_new_are_told(table: Table, ticks: Ticks) -> None:
    edits = Edits(table.desk, ticks=ticks)
    (table.runbooks / "swap.md").rename(table.runbooks / "swop.md")
    table.edit("swop", "id: swap", "id: swop")

    look(edits, ticks)

    assert {card.payload["runbook"]: card.payload["what"] for card in told(table)} == {
        "swap": "removed",
        "swop": "added",
    }


def test_two_processes_that_see_one_edit_tell_it_once(table: Table, ticks: Ticks) -> None:
    both = [Edits(table.desk, ticks=ticks), Edits(table.desk, ticks=ticks)]
    table.edit("swap", "For a story.", "For another story.")

    for _ in range(2):
        ticks.at += EVERY_S
        for edits in both:
            edits.look()

    assert len(told(table)) == 1


def test_nothing_is_told_while_nothing_changes(table: Table, ticks: Ticks) -> None:
    look(Edits(table.desk, ticks=ticks), ticks, times=3)

    assert told(table) == []


def test_an_edit_ends_the_requests_that_rest_on_it_and_no_others(table: Table, ticks: Ticks) -> None:
    edits = Edits(table.desk, ticks=ticks)
    table.start(ANA, "swap")
    table.start(ANA, "pauses")
    table.edit("swap", "For a story.", "For another story.")

    look(edits, ticks, times=5)

    swap, pauses = table.store.approval(1), table.store.approval(2)
    assert (swap.state, pauses.state) == (ApprovalState.VOID, ApprovalState.PENDING)
    assert "the runbook was edited" in swap.ended_why
    assert table.kinds().count("approval.void") == 1
    assert table.store.run(1).waiting is not None


def test_a_request_that_keeps_changing_is_ended_at_the_next_look_and_holds_no_other_up(
    table: Table, ticks: Ticks
) -> None:
    edits = Edits(table.desk, ticks=ticks)
    for runbook in ("swap", "pauses"):
        table.start(ANA, runbook)
        table.edit(runbook, "For a story.", "For another story.")
    commit = table.store.commit

    def busy(change: Change) -> None:
        if any(one.id == 1 for one in change.approvals):
            raise StaleError("Somebody else was first.")
        commit(change)

    object.__setattr__(table.store, "commit", busy)
    with pytest.raises(StaleError):
        look(edits, ticks)
    assert [table.store.approval(one).state for one in (1, 2)] == [ApprovalState.PENDING, ApprovalState.VOID]

    object.__setattr__(table.store, "commit", commit)
    look(edits, ticks, times=1)

    assert table.store.approval(1).state is ApprovalState.VOID
    assert table.kinds().count("runbook.changed") == 2
