"""How long `runbook-bot check` takes: on the runbooks that are shipped, and on a shelf of a thousand."""

import contextlib
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.figures import Table
from bot.cli import run

RUNBOOKS = Path(__file__).parents[1] / "runbooks"
MANY, MANY_TINY, REPEATS = 1_000, 20, 5
_ALARMS = re.compile(r"^alarms:.*?\n(?=[a-z_]+:)", re.DOTALL | re.MULTILINE)


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table; expressions are compiled anew each time, as in a new process."""
    shipped = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "TEMPLATE.md")
    _checked(RUNBOOKS)  # so that what is imported by the first check is imported
    own = [_checked(RUNBOOKS) for _ in range(1 if tiny else REPEATS)]
    count = MANY_TINY if tiny else MANY
    with TemporaryDirectory() as folder:
        _fill(Path(folder), shipped, count)
        many = _checked(Path(folder))
    rows = (
        (f"the {len(shipped)} that are shipped", f"{min(own):.2f}", f"{median(own):.2f}", "1"),
        (f"{count:,} of them, each with a name of its own", f"{many:.2f}", f"{many:.2f}", "10"),
    )
    notes = ("after imports, which take as long as Python and pydantic take", "from the command line's own function")
    yield Table(
        title="`runbook-bot check`", heads=("runbooks", "least s", "median s", "must be under"), rows=rows, notes=notes
    )


def _fill(folder: Path, shipped: list[Path], count: int) -> None:
    """Write copies that differ in name and alarms, beside the originals that their links lead to."""
    for near in (*shipped, RUNBOOKS / "TEMPLATE.md"):
        (folder / near.name).write_text(near.read_text("utf-8"), encoding="utf-8")
    for number in range(count - len(shipped)):
        source = shipped[number % len(shipped)]
        name = f"{source.stem}-{number}"
        text = source.read_text("utf-8").replace(f"id: {source.stem}\n", f"id: {name}\n", 1)
        text = _ALARMS.sub(f"alarms: [Alarm{number}]\n", text, count=1)
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _checked(folder: Path) -> float:
    """Check a folder as a new process would; return the seconds.

    Raises:
        RuntimeError: it found a problem, so that something else was measured.
    """
    from bot.domain.expression import compile_expression  # noqa: PLC0415 - beside what uses its cache

    compile_expression.cache_clear()
    said = io.StringIO()
    began = time.perf_counter()
    with contextlib.redirect_stdout(said):
        code = run(["check", str(folder)])
    took = time.perf_counter() - began
    if code:
        raise RuntimeError(f"It found problems: {said.getvalue()[-500:]}")
    return took
