"""How soon the bot is ready in a new process, what it weighs then, and what it did not load."""

import time
from collections.abc import Iterator
from statistics import median
from tempfile import TemporaryDirectory

from bench.child import child
from bench.figures import Table

STARTS = 5


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table."""
    starts = 1 if tiny else STARTS
    seconds: list[float] = []
    sizes: list[float] = []
    loaded: set[str] = set()
    with TemporaryDirectory() as folder, child("workbench") as neighbours:
        spec = neighbours.ask(do="start", folder=folder)
        told = {name: spec[name] for name in ("content", "secrets", "slack_url", "aws")}
        for _ in range(starts):
            began = time.monotonic()
            with child("serving") as serving:
                ready = serving.ask(do="start", **told)
                seconds.append(time.monotonic() - began)
                time.sleep(0 if tiny else 2)
                sizes.append(serving.ask(do="weight")["VmRSS"])
                loaded.update(ready["loaded"])
    rows = (
        ("process start -> connected to Slack, s", f"{min(seconds):.2f}", f"{median(seconds):.2f}", "3"),
        ("resident memory 2 s later, MB", f"{min(sizes):.0f}", f"{median(sizes):.0f}", "200"),
    )
    notes = (
        f"{starts} starts; Python itself takes part of it, and so do the records' tables at the first start",
        "the local Slack and the local lake run in another process; the alarm queue is polled",
        f"loaded of langchain, moto, starlette, uvicorn, flask, websockets: {', '.join(sorted(loaded)) or 'nothing'}",
    )
    yield Table(title="`serve`: ready", heads=("what", "least", "median", "must be under"), rows=rows, notes=notes)
