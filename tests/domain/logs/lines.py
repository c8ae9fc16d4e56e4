"""Log lines for tests: a quiet service, and one in which something begins."""

import json
from collections.abc import Iterator

from bot.domain.logs.event import LogEvent

BEGIN = 1_769_000_400_000  # 2026-01-21T13:00:00Z
STREAM = "etl-worker-7b6dc75c45-2z9p2"


def event(message: str, *, at: int = BEGIN, number: int = 0, stream: str = STREAM) -> LogEvent:
    return LogEvent(at, stream, f"e{number}", message, "/lake/etl")


def quiet(lines: int = 600, *, every_ms: int = 500, begin: int = BEGIN) -> Iterator[LogEvent]:
    """Yield a service's usual lines: steps, a heartbeat, and now and then a warning."""
    for number in range(lines):
        at = begin + number * every_ms
        message = f"INFO read part-{number:05d}.csv.gz in {number % 90} ms, {number * 7} rows"
        if number % 40 == 7:
            message = f"WARN slow read of part-{number:05d}.csv.gz, {200 + number} ms"
        yield event(message, at=at, number=number)


def failing(
    error: str, *, begin: int, lines: int = 40, every_ms: int = 400, stream: str = STREAM
) -> Iterator[LogEvent]:
    for number in range(lines):
        yield event(error.format(number), at=begin + number * every_ms, number=10_000 + number, stream=stream)


def merged(*streams: Iterator[LogEvent]) -> list[LogEvent]:
    return sorted((one for stream in streams for one in stream), key=lambda one: one.at)


def json_line(level: str, message: str, **more: str | int) -> str:
    return json.dumps({"timestamp": "2026-01-21T13:00:00.000Z", "level": level, "message": message, **more})
