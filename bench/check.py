"""How long `runbook-bot check` takes: on the runbooks that are shipped, and on a shelf of a thousand."""

import contextlib
import io
import os
import re
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.figures import Table
from bot.cli import run

RUNBOOKS = Path(__file__).parents[1] / "runbooks"
MANY, MANY_TINY, REPEATS = 1_000, 20, 5
_ALARMS = re.compile(r"^alarms:.*?\n(?=[a-z_]+:)", re.DOTALL | re.MULTILINE)
_NAMES_A_STEP = re.compile(r"(\bsteps\.|^ +id: |\b(?:undo|owes|approved_with|asked_by): )([a-z]\w*)", re.MULTILINE)
_NAMES_AN_INPUT = re.compile(r"(\binputs\.|^  (?=[a-z_]+:$))([a-z]\w*)", re.MULTILINE)


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table; expressions are compiled anew each time, as in a new process."""
    shipped = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "TEMPLATE.md")
    _checked(RUNBOOKS)  # so that what is imported by the first check is imported
    own = [_checked(RUNBOOKS) for _ in range(1 if tiny else REPEATS)]
    count = MANY_TINY if tiny else MANY
    rows = [_row(f"the {len(shipped)} that are shipped", own, "1")]
    for steps_too, words in ((False, "each with a name of its own"), (True, "and every step and expression too")):
        with TemporaryDirectory() as folder:
            _fill(Path(folder), shipped, count, steps_too=steps_too)
            rows.append(_row(f"{count:,} of them, {words}", [_checked(Path(folder))], "10"))
    notes = (
        "after imports, which take as long as Python and pydantic take; from the command line's own function",
        "CPU: of this process and of those that it starts",
    )
    heads = ("runbooks", "least s", "median s", "median CPU-s", "load average", "must be under")
    yield Table(title="`runbook-bot check`", heads=heads, rows=tuple(rows), notes=notes)


@dataclass(frozen=True)
class _Spent:
    seconds: float
    cpu: float
    load: float


def _row(what: str, spent: list[_Spent], wanted: str) -> tuple[str, ...]:
    seconds = [one.seconds for one in spent]
    cpu, load = median(one.cpu for one in spent), max(one.load for one in spent)
    return (what, f"{min(seconds):.2f}", f"{median(seconds):.2f}", f"{cpu:.2f}", f"{load:.1f}", wanted)


def _fill(folder: Path, shipped: list[Path], count: int, *, steps_too: bool) -> None:
    """Write copies that differ in name and alarms, beside the originals that their links lead to.

    With `steps_too` no two files share a name of a step or an input, so that hardly an expression is read twice.
    """
    for near in (*shipped, RUNBOOKS / "TEMPLATE.md"):
        (folder / near.name).write_text(near.read_text("utf-8"), encoding="utf-8")
    for number in range(count - len(shipped)):
        source = shipped[number % len(shipped)]
        name = f"{source.stem}-{number}"
        text = source.read_text("utf-8").replace(f"id: {source.stem}\n", f"id: {name}\n", 1)
        text = _ALARMS.sub(f"alarms: [Alarm{number}]\n", text, count=1)
        if steps_too:
            text = _with_steps_of_its_own(text, number)
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _with_steps_of_its_own(text: str, number: int) -> str:
    for names in (_NAMES_A_STEP, _NAMES_AN_INPUT):
        text = names.sub(rf"\1\2_{number}", text)
    return text


def _checked(folder: Path) -> _Spent:
    """Check a folder as a new process would; return what it took.

    Raises:
        RuntimeError: it found a problem, so that something else was measured.
    """
    from bot.domain.expression import compile_expression  # noqa: PLC0415 - beside what uses its cache

    compile_expression.cache_clear()
    said = io.StringIO()
    load, worked, began = os.getloadavg()[0], _cpu(), time.perf_counter()
    with contextlib.redirect_stdout(said):
        code = run(["check", str(folder)])
    spent = _Spent(time.perf_counter() - began, _cpu() - worked, load)
    if code:
        raise RuntimeError(f"It found problems: {said.getvalue()[-500:]}")
    return spent


def _cpu() -> float:
    """Return the processor time of this process and of those it waited for."""
    both = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
