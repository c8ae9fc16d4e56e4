"""A runbook walked alone on the local lake, by the bot's own use cases; a false `expect` shows what it saw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.domain.reading import read_runbook
from bot.domain.runbook import Parameter, Runbook
from bot.errors import InvalidError, NotFoundError
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.trying import Asker, Walk, YesToAll, scenario_of, try_runbook
from tests.usecases.books import BOOKS

SHIPPED = (Path(__file__).parents[2] / "runbooks" / "circuit-breaker.md").read_text(encoding="utf-8")


@dataclass
class Saying:
    """Answer by what the question says; no to everything else."""

    yes_to: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def yes(self, question: str) -> bool:
        self.asked.append(question)
        return any(one in question for one in self.yes_to)

    def value(self, parameter: Parameter, offered: tuple[str, ...]) -> str:
        self.asked.append(parameter.name)
        return self.values[parameter.name]


def read(text: str, path: str) -> Runbook:
    found = read_runbook(text, path)
    assert found.runbook is not None, [str(problem) for problem in found.problems]
    return found.runbook


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    lake = Lake(clock=Clock(tmp_path_factory.mktemp("clock") / "clock.json"))
    lake.start()
    yield lake
    lake.close()


class Tries:
    """Walk runbooks on one lake, put back before each."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self._lake = lake
        self._folder = folder

    def __call__(
        self, text: str, name: str, *, asker: Asker, breaks: str | None = None, given: Mapping[str, str] | None = None
    ) -> tuple[bool, str]:
        lines: list[str] = []
        self._folder = self._folder / "next"
        self._folder.mkdir()
        walk = Walk(
            runbook=read(text, f"runbooks/{name}.md"),
            source=text,
            lake=self._lake,
            asker=asker,
            say=lines.append,
            scenario=scenario_of(breaks) if breaks else None,
        )
        return walk.walked(given or {}, folder=self._folder), "\n".join(lines)


@pytest.fixture
def tried(started: Lake, tmp_path: Path) -> Tries:
    started.reset()
    return Tries(started, tmp_path)


def test_the_circuit_breaker_is_walked_to_a_repaired_lake(tried: Tries) -> None:
    ok, told = tried(SHIPPED, "circuit-breaker", asker=YesToAll(), breaks="circuit-breaker")

    assert ok, told
    assert "DONE     13. Probe one file" in told
    assert "The run ended repaired." in told
    assert "LAKE     PASS breaker CLOSED: CLOSED" in told


def test_a_cause_that_nobody_mends_makes_the_probe_fail_and_shows_what_it_saw(tried: Tries) -> None:
    asker = Saying(yes_to=("Approve",), values={"reason": "hope"})

    ok, told = tried(SHIPPED, "circuit-breaker", asker=asker, breaks="circuit-breaker")

    assert not ok
    assert "FAILED   13. Probe one file" in told
    assert "expect: output.status == 'SUCCEEDED'\n           output.status is \"FAILED\"" in told, told
    assert "It still owes resume." in told


def test_a_draft_may_be_tried_and_a_no_ends_it_with_nothing_done(tried: Tries) -> None:
    draft = BOOKS["swap"].replace("status: active", "status: draft")
    asker = Saying(values={"reason": "a try of it"})

    ok, told = tried(draft, "swap", asker=asker)

    assert not ok
    assert asker.asked == ["reason", "Approve as @one of platform?"]
    assert "Declined: it ends here." in told
    assert "DONE     2. Half-open" not in told


def test_a_check_that_is_not_so_shows_the_expression_and_the_value(tried: Tries) -> None:
    ok, told = tried(BOOKS["never-good"], "never-good", asker=YesToAll())

    assert not ok
    assert "FAILED   check 1. Read the breaker" in told
    assert "expect: output.body.state == 'CLOSED'\n           output.body.state is \"HALF_OPEN\"" in told, told
    assert "The run ended not_repaired." in told


def test_two_places_are_filled_by_two_people_and_a_manual_step_by_a_word(tried: Tries) -> None:
    asker = Saying(yes_to=("Approve",), values={"reason": "a try of it"})
    ok, told = tried(BOOKS["two-people"], "two-people", asker=asker)
    assert ok, told
    assert asker.asked == ["reason", "Approve as @one of platform?", "Approve as @two of oncall?"]

    by_hand, told = tried(BOOKS["by-hand-first"], "by-hand-first", asker=Saying(yes_to=("Approve",)))
    assert not by_hand
    assert "HAND     1. Call the source" in told


def test_an_input_that_does_not_fit_is_refused_before_anything_is_done(tried: Tries) -> None:
    ok, told = tried(BOOKS["swap"], "swap", asker=YesToAll(), given={"pipeline": "NO SUCH"})

    assert not ok
    assert "Not started: pipeline must look like" in told


def test_a_failure_nobody_knows_is_refused_before_the_lake_is_started() -> None:
    swap = read(BOOKS["swap"], "runbooks/swap.md")

    with pytest.raises(NotFoundError, match="no failure called 'flood'; there is circuit-breaker"):
        try_runbook(swap, BOOKS["swap"], given={}, breaks="flood", asker=YesToAll(), say=print)


def test_yes_to_all_makes_nothing_up_that_has_a_form() -> None:
    wanted = Parameter(name="file", title="File", pattern="bronze/.*")

    assert YesToAll().value(wanted, ("bronze/a",)) == "bronze/a"
    with pytest.raises(InvalidError, match="file=VALUE"):
        YesToAll().value(wanted, ())
