"""How fast, and in how much memory, a list of copies or marks is done under one approval, beside a bare boto3 loop.

Everything of the bot takes part: the list is asked for, approved, proved and sent in windows, each committed before it
leaves. The lake is in a process of its own, and changes as many objects for the bare loop in the same run.
"""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from bench.child import Said, child
from bench.figures import Table
from bot.aws.clients import Credentials
from bot.domain.action import Platform
from bot.domain.inbox import StartRun
from bot.domain.reading import read_runbook
from bot.domain.run import Awaiting, Run
from bot.workbench.cast import OTHERS, YOU
from bot.workbench.clock import Clock
from bot.workbench.table import Shore
from bot.workbench.table import Table as Desk

COUNT, TINY, FILLED_AT_ONCE = 10_000, 40, 500
RUNBOOKS = Path(__file__).parent / "runbooks"
HEADS = ("", "objects", "seconds", "a second", "memory grew by MB")


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield a table for each kind of list."""
    count = TINY if tiny else COUNT
    with child("lake") as lake:
        at = lake.ask(do="start")
        for begin in range(0, count, FILLED_AT_ONCE):
            lake.ask(do="fill", begin=begin, end=min(begin + FILLED_AT_ONCE, count))
        yield _table(at, count, "copies", "copy-all", _copy_bare, "one boto3 copy_object after the other")
        yield _table(at, count, "marks", "mark-all", _mark_bare, "each object's tags read, then written with the mark")


def _table(
    at: Said, count: int, what: str, runbook: str, one_bare: Callable[[Any, str, int], object], how: str
) -> Table:
    bare = _bare(at, count, one_bare)
    before = _peak()
    with TemporaryDirectory() as folder:
        asked, sent, looks = _ours(at, RUNBOOKS / f"{runbook}.md", Path(folder))
    grew = _peak() - before
    notes = (
        f"asking took {asked:.1f} s: the list is made, judged and kept; the card named {looks} states on the way",
        f"ours to bare: {bare / sent:.2f} of its rate; bare: {how}",
        "memory: how much the process's peak grew from before the run was started; the lake is another process",
    )
    rows = (
        ("bare loop", str(count), f"{bare:.1f}", f"{count / bare:.0f}", ""),
        ("approved list", str(count), f"{sent:.1f}", f"{count / sent:.0f}", f"{grew:.0f}"),
    )
    return Table(title=f"{count:,} {what} under one approval", heads=HEADS, rows=rows, notes=notes)


def _bare(at: Said, count: int, one_bare: Callable[[Any, str, int], object]) -> float:
    s3 = boto3.client(
        "s3",
        endpoint_url=at["url"],
        aws_access_key_id=at["id"],
        aws_secret_access_key=at["secret"],
        region_name=at["platform"]["region"],
    )
    bucket, began = at["platform"]["resources"]["quarantine_bucket"], time.perf_counter()
    for number in range(count):
        one_bare(s3, bucket, number)
    return time.perf_counter() - began


def _copy_bare(s3: Any, bucket: str, number: int) -> None:  # noqa: ANN401 - boto3 makes clients at run time
    source = f"{bucket}/quarantine/bare/part-{number:05}.json"
    s3.copy_object(Bucket=bucket, Key=f"condemned/bare/part-{number:05}.json", CopySource=source)


def _mark_bare(s3: Any, bucket: str, number: int) -> None:  # noqa: ANN401 - boto3 makes clients at run time
    key = f"quarantine/bare/part-{number:05}.json"
    tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    marked = [*tags, {"Key": "state", "Value": "condemned"}]
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": marked})


def _ours(at: Said, source: Path, folder: Path) -> tuple[float, float, int]:
    text = source.read_text(encoding="utf-8")
    runbook = read_runbook(text, f"runbooks/{source.name}").runbook
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
        desk.wish(YOU, StartRun(runbook=runbook.id, inputs={"reason": "measuring"}))
        run = _looked(desk)
        asked = time.perf_counter() - began
        if not desk.store.approvals():
            raise RuntimeError(f"The list was not asked for: {run.state}, {run.waiting}")
        approval = desk.store.approvals()[0]
        began = time.perf_counter()
        desk.vote(OTHERS[0], approval)
        run = _looked(desk)
        sent = time.perf_counter() - began
        if run.state.value != "repaired":
            raise RuntimeError(f"The list was not done: {run.state}, {[one.note for one in run.records.values()]}")
        card = desk.store.card(f"run:{run.id}")
    return asked, sent, card.wanted if card else 0


def _looked(desk: Desk) -> Run:
    """Return the run once it does not look again by itself: moto takes its time over a page of so many versions."""
    while True:
        (run,) = desk.store.runs(open_only=False)
        if run.waiting is None or run.waiting.what is not Awaiting.POLL:
            return run
        time.sleep(1.0)
        desk.drive()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
