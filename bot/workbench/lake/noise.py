"""Synthetic log lines: what a busy platform says all day, and around one failure what its cause and effects say.

The same arguments give the same lines. Nothing here is written unless somebody asks: a play is as fast as without.
"""

import heapq
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from bot.workbench.lake.causes import FAILURES, Voice
from bot.workbench.lake.names import LakeNames

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

PREFIX = "synthetic/"
LINES = 30_000
BEFORE, AFTER = timedelta(minutes=20), timedelta(minutes=15)
MOST_OF_A_PUT = 5_000  # events; AWS takes 10,000, and 1 MB
HEX = "0123456789abcdef"


class Said(NamedTuple):
    """Hold one synthetic line; `at` is milliseconds since 1970."""

    at: int
    stream: str
    message: str


def around(scenario: str, *, at: datetime, lines: int = LINES, run_id: str = "", seed: int = 7) -> Iterator[Said]:
    """Yield about so many lines in order of time, around a failure that began at `at`.

    Raises:
        KeyError: no such scenario.
    """
    failure = FAILURES[scenario]
    usual = usually(since=at - BEFORE, until=at + AFTER, lines=lines, run_id=run_id, seed=seed)
    voices = (_voice(one, at, run_id, seed + place) for place, one in enumerate((failure.cause, *failure.effects)))
    return heapq.merge(usual, *voices, key=lambda said: said.at)


def usually(*, since: datetime, until: datetime, lines: int = LINES, run_id: str = "", seed: int = 7) -> Iterator[Said]:
    """Yield about so many lines of a platform on which nothing is wrong, in order of time."""
    draw = random.Random(seed)  # noqa: S311 - made-up lines, not secrets
    start, end = _millis(since), _millis(until)
    speakers = [speak for speak, weight in _SPEAKERS for _ in range(weight)]
    at = float(start)
    step = (end - start) / max(lines, 1)
    number = 0
    while at < end:
        at += draw.expovariate(1 / step)
        number += 1
        who, text = draw.choice(speakers)(draw, number, run_id or "nightly")
        yield Said(int(at), f"{PREFIX}{who}-{draw.randint(1, 6)}", _stamped(text, int(at)))


def write(logs: "CloudWatchLogsClient", names: LakeNames, said: Iterable[Said]) -> int:
    """Put the lines into the pipeline's log group; returns how many there were."""
    streams: set[str] = set()
    written = 0
    lines = iter(said)
    while batch := list(islice(lines, 6 * MOST_OF_A_PUT)):
        ordered = sorted(batch, key=lambda one: (one.stream, one.at))
        for stream, of_stream in groupby(ordered, key=lambda one: one.stream):
            if stream not in streams:
                with suppress(logs.exceptions.ResourceAlreadyExistsException):  # asked for twice
                    logs.create_log_stream(logGroupName=names.log_group, logStreamName=stream)
                streams.add(stream)
            events: Sequence[InputLogEventTypeDef] = [
                {"timestamp": one.at, "message": one.message} for one in of_stream
            ]
            for place in range(0, len(events), MOST_OF_A_PUT):
                logs.put_log_events(
                    logGroupName=names.log_group, logStreamName=stream, logEvents=events[place : place + MOST_OF_A_PUT]
                )
        written += len(batch)
    return written


# What is usually said: who, and the line.

Speaker = Callable[[random.Random, int, str], tuple[str, dict[str, str | int] | str]]


def _read(draw: random.Random, number: int, run: str) -> tuple[str, dict[str, str | int]]:
    words = f"read part-{number % 40:05d}.csv.gz: {draw.randint(900, 1_100)} rows in {draw.randint(20, 90)} ms"
    return "etl-worker", _line("INFO", words, "read_part", run)


def _checked(draw: random.Random, number: int, run: str) -> tuple[str, dict[str, str | int]]:
    words = f"checked batch {number}: {draw.randint(0, 3)} set aside"
    return "etl-worker", _line("INFO", words, "check_batch", run)


def _slow(draw: random.Random, number: int, run: str) -> tuple[str, dict[str, str | int]]:
    words = f"slow read of part-{number % 40:05d}.csv.gz: {draw.randint(900, 4_000)} ms"
    return "etl-worker", _line("WARN", words, "read_part", run)


def _throttled(draw: random.Random, number: int, run: str) -> tuple[str, dict[str, str | int]]:
    words = f"S3 SlowDown, retrying request {_hex(draw, 16)} in {draw.randint(50, 800)} ms"
    return "etl-worker", _line("WARN", words, "put_part", run)


def _task(draw: random.Random, number: int, run: str) -> tuple[str, str]:
    where = f"in stage 7.0 (TID {number}) on ip-10-0-1-{draw.randint(1, 12)}"
    return "glue-driver", f"INFO TaskSetManager: Finished task {number}.0 {where}"


def _memory(draw: random.Random, number: int, run: str) -> tuple[str, str]:
    size = f"({draw.randint(1, 900)} KB, free {draw.randint(1, 900)} MB)"
    return "glue-executor", f"INFO MemoryStore: Block rdd_{number}_0 stored as values {size}"


def _collected(draw: random.Random, number: int, run: str) -> tuple[str, str]:
    return "glue-executor", f"WARN Executor: GC took {draw.randint(600, 2_500)} ms of task {number}"


def _report(draw: random.Random, number: int, run: str) -> tuple[str, str]:
    request = f"{_hex(draw, 8)}-{_hex(draw, 4)}-{_hex(draw, 4)}-{_hex(draw, 4)}-{_hex(draw, 12)}"
    took = f"{draw.randint(3, 900)}.{number % 100:02d} ms"
    return "promote-silver", f"REPORT RequestId: {request} Duration: {took} Memory: 128 MB"


def _served(draw: random.Random, number: int, run: str) -> tuple[str, dict[str, str | int]]:
    words = f"GET /balances/{number} 200 in {draw.randint(2, 60)} ms"
    return "reporting-api", {**_line("INFO", words, "serve", run), "request_id": _hex(draw, 16)}


def _refused(draw: random.Random, number: int, run: str) -> tuple[str, dict[str, str | int]]:
    words = f"GET /balances/{number} refused: token expired for caller {draw.randint(1, 40)}"
    return "reporting-api", _line("ERROR", words, "authorise", run)


_SPEAKERS: tuple[tuple[Speaker, int], ...] = (
    (_read, 260),
    (_checked, 240),
    (_task, 180),
    (_memory, 120),
    (_served, 140),
    (_report, 30),
    (_slow, 12),
    (_throttled, 8),
    (_collected, 6),
    (_refused, 4),
)


def _voice(voice: Voice, began: datetime, run_id: str, seed: int) -> Iterator[Said]:
    draw = random.Random(f"{seed}{voice.text}")  # noqa: S311 - made-up lines, not secrets
    at = float(_millis(began + voice.after))
    end = at + voice.lasts.total_seconds() * 1_000
    number = draw.randint(100, 900)
    while at < end:
        number += 1
        text = voice.text.format(n=number, run=run_id or "nightly")
        line = text if voice.plain else {**_line(voice.level, text, voice.who, run_id or "nightly"), **voice.fields}
        yield Said(int(at), f"{PREFIX}{voice.who}-1", _stamped(line, int(at)))
        at += draw.expovariate(1 / (voice.every.total_seconds() * 1_000))


def _line(level: str, message: str, function: str, run: str) -> dict[str, str | int]:
    return {"level": level, "message": message, "function": function, "run_id": run}


def _stamped(line: "dict[str, str | int] | str", at: int) -> str:
    time = f"{datetime.fromtimestamp(at // 1_000, tz=UTC):%Y-%m-%dT%H:%M:%S}.{at % 1_000:03d}Z"
    return f"{time} {line}" if isinstance(line, str) else json.dumps({"timestamp": time, **line, "synthetic": True})


def _hex(draw: random.Random, length: int) -> str:
    return "".join(draw.choices(HEX, k=length))


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
