"""How long the plan of each runbook takes on the local lake, every read made for real; the longest counts."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.figures import Table
from bench.place import RUNBOOKS
from bot.domain.people import Place
from bot.domain.reading import read_runbook
from bot.domain.runbook import Parameter, Runbook
from bot.errors import RequestError
from bot.usecases.plans import plan
from bot.usecases.starting import fill
from bot.workbench.cast import CHANNEL, TEAM, YOU
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.table import Table as Desk

ROUNDS = 5
LIMIT_S = 2.0
HEADS = ("runbook", "steps", "looked", "would ask", "seconds")
ELSE = "2026-01-20"  # a day, where an input has no value of its own


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table."""
    with TemporaryDirectory() as folder:
        lake = Lake(clock=Clock(Path(folder) / "clock.json"))
        lake.start()
        try:
            rows = sorted(_rows(lake, Path(folder), 1 if tiny else ROUNDS), key=lambda row: -float(row[-1]))
        finally:
            lake.close()
    longest = max((float(row[-1]) for row in rows), default=0.0)
    notes = (f"median of {1 if tiny else ROUNDS}; the longest takes {longest:.2f} s, wanted is under {LIMIT_S:.0f} s",)
    yield Table(title="Plan of a runbook on the local lake", heads=HEADS, rows=tuple(rows), notes=notes)


def _rows(lake: Lake, folder: Path, rounds: int) -> Iterator[tuple[str, ...]]:
    for path in sorted(RUNBOOKS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        runbook = read_runbook(text, f"runbooks/{path.name}").runbook
        if runbook is None or path.name == "TEMPLATE.md":
            continue
        own = folder / runbook.id
        own.mkdir()
        with Desk.laid(runbook, text, lake=lake, folder=own) as table:
            yield _row(table, runbook, rounds)


def _row(table: Desk, runbook: Runbook, rounds: int) -> tuple[str, ...]:
    place, inputs, took = Place(team=TEAM, channel=CHANNEL), _inputs(table, runbook), []
    made = plan(table.desk, runbook, inputs=inputs, facts={}, requester=YOU, place=place)
    for _ in range(rounds):
        began = time.perf_counter()
        made = plan(table.desk, runbook, inputs=inputs, facts={}, requester=YOU, place=place)
        took.append(time.perf_counter() - began)
    of = [step.status for step in made.steps]
    return runbook.id, str(len(of)), str(of.count("looked")), str(of.count("would ask")), f"{median(took):.2f}"


def _inputs(table: Desk, runbook: Runbook) -> dict[str, str]:
    """Return inputs a person might type: what is offered or fits, else a day, else the first word of the pattern."""
    given: dict[str, str] = {}
    for parameter in runbook.parameters:
        if parameter.asked_by is not None:
            continue
        for value in (None, *parameter.enum, ELSE, "transactions", "x"):
            trial = {**given, **({parameter.name: value} if value else {})}
            try:
                known = fill(table.desk, _asking_until(runbook, parameter), trial, {})
            except RequestError:
                continue
            given = known
            break
    return given


def _asking_until(runbook: Runbook, parameter: Parameter) -> Runbook:
    """Return the runbook without the inputs after this one."""
    asked = runbook.parameters[: runbook.parameters.index(parameter) + 1]
    return runbook.model_copy(update={"parameters": asked})
