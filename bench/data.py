"""Data that is not part of the project: labelled failures, where they lie beside the checkout."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.domain.logs.event import LogEvent
from bot.domain.logs.reading import events

ABSENT = "the labelled failures (shared/bench/logs beside the checkout) are not here; measured on made-up lines only"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Hold one labelled failure: its lines, and the service in which it was injected."""

    path: Path
    baseline: Path
    service: str
    kind: str


def failures() -> tuple[Failure, ...]:
    """Return the labelled failures, or none where they are not here."""
    folder = next(
        (up / "shared/bench/logs" for up in Path(__file__).parents if (up / "shared/bench/logs").is_dir()), None
    )
    if folder is None:
        return ()
    labels = json.loads((folder / "labels.json").read_text())
    return tuple(
        Failure(
            path=folder / f"{name}.jsonl.gz",
            baseline=folder / f"{label['baseline']}.jsonl.gz",
            service=label["service"],
            kind=label["inject_type"],
        )
        for name, label in labels.items()
    )


def lines_of(path: Path) -> Iterator[LogEvent]:
    """Yield the events of one file."""
    with gzip.open(path) as packed:
        yield from events(packed, name=path.name, note=lambda _: None)
