"""What measuring costs: on the way of an acknowledgement, for each log line, and for each change that is kept."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from os import devnull
from pathlib import Path
from statistics import median
from time import process_time

from bench.figures import Table
from bot.domain.audit import AuditEntry
from bot.domain.metrics import TABLE, measured
from bot.domain.people import Place
from bot.domain.records import Change
from bot.domain.run import Run, RunState
from bot.domain.value import JsonObject
from bot.logs import JsonLines
from bot.usecases.measuring import Acknowledgements, tell

ROUNDS = 5
NIGHT = datetime(2026, 1, 21, 2, 7, tzinfo=UTC)
ONE = measured((TABLE[0], 12.5))
EIGHT = measured(*((metric, 1) for metric in TABLE[:8]))
FACTS: Mapping[str, object] = {"run": "R-42", "alarm": 7}


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure each thing alone, in microseconds of processor time: the median of five rounds."""
    count = 200 if tiny else 20_000
    acknowledgements, nothing, ended = Acknowledgements(nullcontext), Change(), _ended()

    def acknowledge() -> None:
        with acknowledgements.timed():
            pass

    done: dict[str, Callable[[], object]] = {
        "an acknowledgement: timed and remembered": acknowledge,
        "a log line that measures nothing": _line("Bot", FACTS),
        "the same with one metric": _line("Bot", {**FACTS, **ONE}),
        "the same with one metric, no namespace set": _line("", {**FACTS, **ONE}),
        "the same with eight metrics": _line("Bot", {**FACTS, **EIGHT}),
        "a kept change in which nothing is counted": lambda: tell(nothing),
        "a kept change with the end of a run": lambda: tell(ended),
    }
    with _written():
        rows = tuple((name, str(count), f"{_microseconds(do, count):.1f}") for name, do in done.items())
    yield Table(
        title="What measuring costs",
        heads=("what", "n", "µs each"),
        rows=rows,
        notes=("written to /dev/null; promised: nothing is written on the way of an acknowledgement",),
    )


def _microseconds(do: Callable[[], object], count: int) -> float:
    times = []
    for _ in range(ROUNDS):
        began = process_time()
        for _ in range(count):
            do()
        times.append(process_time() - began)
    return median(times) / count * 1e6


def _line(namespace: str, facts: Mapping[str, object]) -> Callable[[], object]:
    """Return what makes one line, from the record to the text."""
    form = JsonLines(namespace=namespace, environment="prod")
    return lambda: form.format(logging.makeLogRecord({"name": "bot", "levelno": 20, "msg": "Told.", **facts}))


def _ended() -> Change:
    facts: JsonObject = {"alarm": {"since": "2026-01-21T02:00:00Z"}}
    place = Place(team="T0LAKE", channel="C0ETL")
    run = Run(
        id=42,
        runbook="circuit-breaker",
        title="Circuit breaker",
        snapshot="0" * 64,
        environment="prod",
        place=place,
        facts=facts,
        inputs={},
        requester="U0ANA",
        authors=("U0ANA",),
        state=RunState.REPAIRED,
        path=(),
        started=NIGHT,
        ended=NIGHT + timedelta(minutes=70),
        touched=NIGHT,
    )
    return Change(runs=(run,), audit=(AuditEntry(kind="run.ended", subject=run.label, actor="bot"),))


@contextmanager
def _written() -> Iterator[None]:
    """Have the bot's lines written as `serve` writes them, to nowhere."""
    log = logging.getLogger("bot")
    before = log.level, log.propagate
    with Path(devnull).open("w", encoding="utf-8") as nowhere:
        handler = logging.StreamHandler(nowhere)
        handler.setFormatter(JsonLines(namespace="Bot", environment="prod"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        yield
        log.removeHandler(handler)
    log.level, log.propagate = before
