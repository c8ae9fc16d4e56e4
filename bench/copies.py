"""How fast, and in how much memory, a list of copies is done under one approval, beside a bare loop over boto3.

Everything of the bot takes part: the list is asked for, approved, proved and sent in windows, each committed before it
leaves. The lake is in a process of its own, and copies as many objects for the bare loop in the same run.
"""

import resource
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from bench.child import child
from bench.figures import Table
from bot.aws.clients import Credentials
from bot.domain.action import Platform
from bot.domain.inbox import StartRun
from bot.domain.reading import read_runbook
from bot.workbench.cast import OTHERS, YOU
from bot.workbench.clock import Clock
from bot.workbench.table import Shore
from bot.workbench.table import Table as Desk

COUNT, TINY, FILLED_AT_ONCE = 10_000, 40, 500
SOURCE = Path(__file__).parent / "runbooks" / "copy-all.md"
HEADS = ("", "objects", "seconds", "a second", "memory grew by MB")


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table."""
    count = TINY if tiny else COUNT
    with child("lake") as lake, TemporaryDirectory() as folder:
        at = lake.ask(do="start")
        for begin in range(0, count, FILLED_AT_ONCE):
            lake.ask(do="fill", begin=begin, end=min(begin + FILLED_AT_ONCE, count))
        bare = _bare(at, count)
        before = _peak()
        asked, sent, looks = _ours(at, Path(folder))
        grew = _peak() - before
    notes = (
        f"asking took {asked:.1f} s: the list is made, judged and kept; the card named {looks} states on the way",
        f"ours to bare: {bare / sent:.2f} of its rate; bare: one boto3 copy_object after the other",
        "memory: how much the process's peak grew from before the run was started; the lake is another process",
    )
    rows = (
        ("bare loop", str(count), f"{bare:.1f}", f"{count / bare:.0f}", ""),
        ("approved list", str(count), f"{sent:.1f}", f"{count / sent:.0f}", f"{grew:.0f}"),
    )
    yield Table(title=f"{count:,} copies under one approval", heads=HEADS, rows=rows, notes=notes)


def _bare(at: dict[str, Any], count: int) -> float:
    s3 = boto3.client(
        "s3",
        endpoint_url=at["url"],
        aws_access_key_id=at["id"],
        aws_secret_access_key=at["secret"],
        region_name=at["platform"]["region"],
    )
    bucket, began = at["platform"]["resources"]["quarantine_bucket"], time.perf_counter()
    for number in range(count):
        source = f"{bucket}/quarantine/bare/part-{number:05}.json"
        s3.copy_object(Bucket=bucket, Key=f"condemned/bare/part-{number:05}.json", CopySource=source)
    return time.perf_counter() - began


def _ours(at: dict[str, Any], folder: Path) -> tuple[float, float, int]:
    text = SOURCE.read_text(encoding="utf-8")
    runbook = read_runbook(text, "runbooks/copy-all.md").runbook
    if runbook is None:
        raise RuntimeError("The bench's own runbook cannot be read.")
    shore = Shore(
        platform=Platform.model_validate(at["platform"]),
        url=at["url"],
        credentials=Credentials(access_key_id=at["id"], secret_access_key=at["secret"]),
        clock=Clock(folder / "clock.json"),
    )
    with Desk.at(runbook, text, shore=shore, folder=folder) as desk:
        began = time.perf_counter()
        desk.wish(YOU, StartRun(runbook=runbook.id))
        asked = time.perf_counter() - began
        approval = desk.store.approvals()[0]
        began = time.perf_counter()
        desk.vote(OTHERS[0], approval)
        sent = time.perf_counter() - began
        run = desk.store.runs(open_only=False)[0]
        if run.state.value != "repaired":
            raise RuntimeError(f"The list was not done: {run.state}, {run.record('copied').note}")
        card = desk.store.card(f"run:{run.id}")
    return asked, sent, card.wanted if card else 0


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
