"""How long `/postmortem draft` takes of an incident with 100,000 lines, without a model, on the local lake."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Table
from bench.incidents import Watch, broken, lake_in

LINES, LINES_TINY = 100_000, 500
LIMIT_S = 60
NAME = "circuit-breaker"


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure once, and yield the table."""
    lines = LINES_TINY if tiny else LINES
    with (
        TemporaryDirectory() as folder,
        lake_in(Path(folder)) as lake,
        broken(lake, NAME, Path(folder), lines=lines, over=False) as scene,
    ):
        load, watch = os.getloadavg()[0], Watch()
        draft = scene.draft()
        took = watch.stop()
    items = len(draft.document.evidence.items) if draft.document else 0
    row = (f"{scene.written:,}", f"{lines:,}", str(items), f"{took.wall:.1f}", f"{took.cpu:.1f}", f"{load:.1f}")
    yield Table(
        title="The draft of an incident on the local lake, without a model",
        heads=("lines written", "the day before", "items of evidence", "seconds", "CPU-s", "load average", "wanted"),
        rows=((*row, f"under {LIMIT_S} s"),),
        notes=("from declaring the incident to the draft that is ready; the lake itself works in the same process",),
    )
