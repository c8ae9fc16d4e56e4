"""How fast logs are digested, beside drain3 on the same lines; how much memory a million take; how often it is right.

drain3 pins old packages, so it is installed for the bench alone, into an environment that is thrown away.
"""

import json
import subprocess
import sys
import time
import venv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.data import ABSENT, Failure, failures, lines_of
from bench.figures import Table
from bot.domain.logs.event import LogEvent
from bot.domain.logs.mining import Miner
from bot.domain.logs.ranking import digest
from bot.domain.logs.reading import events
from bot.domain.logs.showing import evidence, tokens
from bot.workbench.lake.causes import FAILURES
from bot.workbench.lake.noise import AFTER, BEFORE, PREFIX, Said, around, usually

ROUNDS = 3
MANY = 1_000_000
BEGIN = 1_769_000_400_000
PIP_S = 180

DRAIN = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig
lines = [json.loads(line) for line in open(sys.argv[1])]
miner, began = TemplateMiner(config=TemplateMinerConfig()), time.process_time()
for line in lines:
    miner.add_log_message(line)
print(len(lines) / (time.process_time() - began))
"""


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure; yields speed, memory and judgement."""
    labelled = failures()[:2] if tiny else failures()
    found = [event for one in labelled for event in lines_of(one.path)]
    kind = "real" if found else "made-up"
    found = (found or list(made_up(20_000)))[: 2_000 if tiny else None]
    notes = () if labelled else (ABSENT,)
    yield _speed(found, kind, tiny=tiny, notes=notes)
    yield _memory(5_000 if tiny else MANY)
    yield _planted(1_000 if tiny else 100_000)
    yield _picture()
    yield _budget(found, 5_000 if tiny else 200_000)
    if labelled:
        yield _judgement(labelled)


def made_up(lines: int) -> Iterator[LogEvent]:
    """Yield lines of our own: a nightly load's steps, usual warnings, and rows that fail from the middle on."""
    for number in range(lines):
        at, run = BEGIN + number * 20, f"2026012{number % 7}T020000Z"
        if number % 50 == 7:
            body = {
                "level": "WARN",
                "message": f"slow read of part-{number:05d}.csv.gz, {number % 900} ms",
                "run_id": run,
            }
        elif number > lines // 2 and number % 9 == 0:
            body = {
                "level": "ERROR",
                "message": "validation failed: CURRENCY_ERROR",
                "run_id": run,
                "row": f"r-{number}",
            }
        else:
            words = f"read part-{number:05d}.csv.gz of s3://lake/run_id={run}/ in {number % 90} ms, {number * 7} rows"
            body = {"level": "INFO", "message": words, "run_id": run}
        yield LogEvent(at, f"etl-{number % 12}", f"e{number}", json.dumps(body), "/lake/etl")


# Speed.


def _speed(found: Sequence[LogEvent], kind: str, *, tiny: bool, notes: tuple[str, ...]) -> Table:
    rounds = 1 if tiny else ROUNDS
    with TemporaryDirectory() as folder:
        drain = "drain3 was not measured: this is only a try" if tiny else _drain(Path(folder), found)
        ours = median(_fed(found) for _ in range(rounds))
        whole = median(_read(found, Path(folder) / "lines.jsonl") for _ in range(rounds))
    beside = ("", "", "") if isinstance(drain, str) else (f"{ours / drain:.1f}x", f"{whole / drain:.1f}x", "1x")
    rows = [
        (f"digest of {len(found):,} {kind} lines in memory", f"{ours:,.0f}", beside[0]),
        ("the same, reading and decoding the file included", f"{whole:,.0f}", beside[1]),
    ]
    if isinstance(drain, str):
        notes = (*notes, drain)
    else:
        rows.append(("drain3 on the same, with its own settings", f"{drain:,.0f}", beside[2]))
    length = sum(len(one.message) for one in found) / max(1, len(found))
    return Table(
        title="Log lines digested per CPU-second",
        heads=("what", "lines per CPU-s", "to drain3"),
        rows=tuple(rows),
        notes=(
            f"medians of {rounds}, drain3 once; {length:.0f} characters a line",
            "ours keeps level, sources, times, ids, examples and bins of each template; drain3 only templates",
            *notes,
        ),
    )


def _fed(found: Sequence[LogEvent]) -> float:
    miner, began = Miner(), time.process_time()
    miner.feed(found)
    digest(miner)
    return len(found) / (time.process_time() - began)


def _read(found: Sequence[LogEvent], path: Path) -> float:
    if not path.exists():
        with path.open("w") as file:
            for one in found:
                row = {"timestamp": one.at, "logStreamName": one.stream, "eventId": one.event, "message": one.message}
                file.write(json.dumps(row) + "\n")
    miner, began = Miner(), time.process_time()
    with path.open("rb") as lines:
        miner.feed(events(lines, name=path.name, note=miner.note))
    digest(miner)
    return len(found) / (time.process_time() - began)


def _drain(folder: Path, found: Sequence[LogEvent]) -> float | str:
    """Return drain3's lines per CPU-second, or why it was not measured."""
    away = "drain3 was not measured: pip could not install it here"
    place, lines = folder / "venv", folder / "messages.jsonl"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    try:
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "drain3"]
        subprocess.run(install, check=True, capture_output=True, timeout=PIP_S)  # noqa: S603 - our own environment
        lines.write_text("".join(json.dumps(one.message) + "\n" for one in found))
        done = subprocess.run(  # noqa: S603 - our own environment
            [str(python), "-c", DRAIN, str(lines)], check=True, capture_output=True, text=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return away
    return float(done.stdout)


# Memory.


# Between the bench and what it measures stands a small process: a process's peak counts that of whoever made it.
WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
print(os.wait4(child.pid, 0)[2].ru_maxrss / 1024)
"""


def _memory(lines: int) -> Table:
    command = [sys.executable, "-c", WATCH, sys.executable, "-m", "bot", "logs", "digest", "-", "--json"]
    began = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as watch:  # noqa: S603 - it is ourselves
        assert watch.stdin is not None  # noqa: S101 - because it is piped
        assert watch.stdout is not None  # noqa: S101 - because it is piped
        for one in made_up(lines):
            row = {"timestamp": one.at, "logStreamName": one.stream, "eventId": one.event, "message": one.message}
            watch.stdin.write(json.dumps(row).encode() + b"\n")
        watch.stdin.close()
        most = float(watch.stdout.read())
    return Table(
        title="Memory of `runbook-bot logs digest`",
        heads=("lines", "resident at most, MB", "wall, s"),
        rows=((f"{lines:,}", f"{most:.0f}", f"{time.monotonic() - began:.0f}"),),
        notes=("the whole process, on lines of our own through standard input; the lines are made meanwhile",),
    )


# What goes to a model.


def _budget(found: Sequence[LogEvent], lines: int) -> Table:
    rows = []
    for name, given in ((f"{len(found):,} lines", found), (f"{lines:,} made-up lines", made_up(lines))):
        miner = Miner()
        miner.feed(given)
        items = evidence(digest(miner), source="logs", clean=lambda text: text)
        counted = sum(tokens(one.item.model_dump_json(exclude={"link"})) for one in items)
        rows.append((name, f"{miner.characters / 3.2:,.0f}", str(len(items)), f"{counted:,}"))
    return Table(
        title="What of the logs goes to a model",
        heads=("of", "tokens raw", "items", "tokens sent"),
        rows=tuple(rows),
        notes=("tokens estimated at 3.2 characters each",),
    )


# Judgement.


def _judgement(labelled: Sequence[Failure]) -> Table:
    counted: dict[str, Counter[str]] = {}
    for one in labelled:
        miner = Miner()
        miner.feed_baseline(lines_of(one.baseline))
        miner.feed(lines_of(one.path))
        named = [suspect.source for suspect in digest(miner).suspects]
        for kind in (one.kind, "all"):
            row = counted.setdefault(kind, Counter())
            row.update(n=1, first=named[:1] == [one.service], three=one.service in named[:3], abstains=not named)
    order = sorted(counted, key=lambda kind: (kind == "all", kind))
    return Table(
        title="Labelled failures: is the right service named?",
        heads=("kind of fault", "failures", "first", "in first three", "abstains", "answers, and none is right"),
        rows=tuple(
            (
                kind,
                str(row["n"]),
                str(row["first"]),
                str(row["three"]),
                str(row["abstains"]),
                str(row["n"] - row["abstains"] - row["three"]),
            )
            for kind, row in ((kind, counted[kind]) for kind in order)
        ),
        notes=(
            "28 of the 45 published failures, from logs alone; the baseline is 2,489 lines of the same day",
            "the weights and the rule for effects were chosen while looking at these very failures: an upper bound",
        ),
    )


def _planted(lines: int) -> Table:
    """Judge the synthetic lines of the workbench's own failures, each beside a quiet day."""
    at, day = datetime(2026, 1, 21, 2, 7, tzinfo=UTC), timedelta(days=1)
    rows: list[tuple[str, ...]] = []
    for name, failure in FAILURES.items():
        miner = Miner()
        miner.feed_baseline(_said(usually(since=at - BEFORE - day, until=at + AFTER - day, lines=lines, seed=3)))
        miner.feed(_said(around(name, at=at, lines=lines, run_id="20260121T020000Z")))
        began = time.process_time()
        found = digest(miner)
        spent = time.process_time() - began
        named = [one.source for one in found.suspects]
        teller = f"{PREFIX}{failure.cause.who}"
        place = str(named.index(teller) + 1) if teller in named else "no"
        off = f"{(found.onset - at).total_seconds():+.0f}" if found.onset else "none"
        rows.append((name, f"{miner.lines:,}", place, off, f"{spent:.2f}"))
    return Table(
        title="Synthetic failures of the workbench: is the planted cause named?",
        heads=("failure", "lines", "place of who tells the cause", "onset off by, s", "ranking, CPU-s"),
        rows=tuple(rows),
        notes=("the lines are made by us, and so was the ranking: this shows that it works, not how good it is",),
    )


def _said(lines: Iterable[Said]) -> Iterator[LogEvent]:
    return (LogEvent(one.at, one.stream, "e", one.message, "/lake/etl") for one in lines)


# The picture.

PICTURE = """
import time
began = time.monotonic()
from datetime import UTC, datetime, timedelta
from bot.documents.chart import Chart, Marker
from bot.documents.painting import png
at = [datetime(2026, 1, 21, 2, tzinfo=UTC) + timedelta(minutes=n) for n in range(151)]
marks = tuple(Marker(at=one, words="something happened") for one in at[10:130:12])
chart = Chart(title="INC-7", metric="errors per hour", since=at[0], until=at[-1], threshold=90, markers=marks,
    points=tuple((one, float(n % 120)) for n, one in enumerate(at)), lines=tuple(range(1800)), grave=tuple(range(1800)),
    lines_from=at[0], bin_s=5)
size, first, spent = len(png(chart)), time.monotonic() - began, time.process_time()
began, used = time.monotonic(), time.process_time()
png(chart)
print(first, spent, time.monotonic() - began, time.process_time() - used, size // 1024)
"""


def _picture() -> Table:
    command = [sys.executable, "-c", PICTURE]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    *seconds, size = done.stdout.split()
    cells = (*(f"{float(one):.2f}" for one in seconds), size)
    return Table(
        title="The picture of a post-mortem",
        heads=("first, s", "CPU-s", "again, s", "CPU-s", "KB"),
        rows=(cells,),
        notes=("the first in a process of its own, imports included; 150 points, 10 markers, 1,800 bins of lines",),
    )
