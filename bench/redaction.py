"""Redaction: lines per second of processor time, with and without shapes seen before, and lines with a find in each."""

import gzip
import json
from collections.abc import Iterator, Sequence
from random import Random
from time import process_time

from bench.figures import Table
from bench.place import beside
from bot.domain.redaction import Redactor

ROUNDS = 3


def measure(*, tiny: bool) -> Iterator[Table]:
    """Redact lines one by one, the best of three rounds; each round with a redactor of its own."""
    count = 300 if tiny else 50_000
    sets = {
        "the lake's own lines": own_lines(count),
        "the same, every shape new": own_lines(count, every_shape_new=True),
        "one secret or person in each": with_secrets(count // 5),
    }
    if not tiny and (real := real_lines(count)):
        sets["a real system's lines"] = real
    yield Table(
        title="Redaction: lines per second of processor time",
        heads=("lines", "n", "mean characters", "lines/s", "found"),
        rows=tuple(_row(name, lines) for name, lines in sets.items()),
        notes=("promised: at least 10,000",),
    )


def _row(name: str, lines: Sequence[str]) -> tuple[str, ...]:
    times, found = [], 0
    for _ in range(ROUNDS):
        redactor = Redactor()
        began = process_time()
        for line in lines:
            redactor.clean(line)
        times.append(process_time() - began)
        found = sum(redactor.counts.values())
    mean = sum(map(len, lines)) / len(lines)
    return (name, str(len(lines)), f"{mean:.0f}", f"{len(lines) / max(min(times), 1e-9):,.0f}", str(found))


def own_lines(count: int, *, every_shape_new: bool = False) -> list[str]:
    """Return lines in the platform's shape; with a new shape in each, nothing can be remembered."""
    random = Random(1)  # noqa: S311 - the same lines every time
    made = []
    for _ in range(count):
        error = random.choice(("CURRENCY_ERROR", "TYPE_ERROR", "SCHEMA_ERROR"))
        mark = "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=12)) if every_shape_new else "validate"
        entry = {
            "timestamp": f"2026-01-21T02:{random.randrange(60):02d}:{random.randrange(60):02d}.120Z",
            "level": "ERROR",
            "message": f"validation failed: {error}",
            "module": mark,
            "function": "check_currency",
            "run_id": "20260121T020000Z",
            "error_type": error,
            "source_file_id": f"f-{random.randrange(10_000):04d}",
        }
        made.append(json.dumps(entry))
    return made


def with_secrets(count: int) -> list[str]:
    """Return lines that each hold something to take out."""
    random = Random(2)  # noqa: S311 - the same lines every time
    forms = (
        "user {n}@example.com signed in from 10.1.{b}.{c}",
        "connect postgres://etl:pw{n}@db.lake.example:5432/gold failed",
        "password=hunter{n} rejected",
        "Authorization: Bearer abcdef{n}abcdef{n}",
        "paid with 4111 1111 1111 1111, order {n}",
        "call +31 6 1234 {n}",
    )
    return [
        random.choice(forms).format(n=random.randrange(1_000, 10_000), b=random.randrange(255), c=random.randrange(255))
        for _ in range(count)
    ]


def real_lines(count: int) -> list[str]:
    """Return lines of a real system; none where there are none on this machine."""
    lines: list[str] = []
    for folder in beside("logs"):
        for file in sorted(folder.glob("2023*.jsonl.gz")):
            with gzip.open(file, "rt", encoding="utf-8") as entries:
                lines += [str(json.loads(entry)["message"]) for entry in entries]
            if len(lines) >= count:
                break
    return lines[:count]
