"""How long after a click on Approve was received the approved change leaves the process.

The circuit breaker's own runbook on SQLite, the local lake and the local Slack in a process of their own. In between
lie the vote, a fresh look at who may, every read and proof of what was approved, and the attempt's two commits.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.child import Child, Said, child, records_in
from bench.figures import Table, ms, percentile
from bot.workbench.company import ANA, BO, CY
from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain

PLAYS = 5
PATIENCE = 30.0
WORDS = {
    "DisableRule": "pause the schedule (control)",
    "PutObject": "change the breaker file",
}


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table."""
    plays = 1 if tiny else PLAYS
    found: dict[str, list[float]] = {name: [] for name in WORDS}
    weights: list[float] = []
    with TemporaryDirectory() as folder, child("workbench") as neighbours:
        spec = neighbours.ask(do="start", folder=str(Path(folder) / "0"))
        for number in range(plays):
            if number:
                neighbours.ask(do="reset")
            spec["content"]["records"] = records_in(spec, Path(folder) / str(number))
            weights.append(_play(neighbours, spec, Path(folder) / str(number), found))
    rows = tuple(
        (WORDS[name], str(len(times)), *(ms(1000 * value) for value in (min(times), median(times), max(times))))
        for name, times in found.items()
        if times
    )
    every = [time for times in found.values() for time in times]
    rows = (*rows, ("both", str(len(every)), *(ms(1000 * percentile(every, share)) for share in (0.0, 0.5, 1.0))))
    notes = (
        f"{plays} plays of the circuit breaker; from the delivery's own time (its first line in the bot) to botocore's "
        "before-send",
        f"the bot's process weighed {max(weights):.0f} MB at the end of a play",
    )
    heads = ("approved", "n", "least ms", "median ms", "most ms")
    yield Table(title="Click on Approve received -> the change leaves the process", heads=heads, rows=rows, notes=notes)


def _play(neighbours: Child, spec: Said, folder: Path, found: dict[str, list[float]]) -> float:
    """Play until the breaker is closed; note how long each change took to leave, and return what the bot weighs."""
    with child("serving") as serving:
        serving.ask(do="start", **{name: spec[name] for name in ("content", "secrets", "slack_url", "aws")})
        serving.ask(do="listen")
        neighbours.ask(do="break")
        ana, bo, cy = (Person(spec["page_url"], spec["key"], one) for one in (ANA, BO, CY))
        ana.wait_for_message("ALARM", timeout=PATIENCE)
        ana.click("Start runbook")
        _approve(ana, "Pause the nightly load")
        ana.wait_for_message("Answer…", timeout=PATIENCE)
        neighbours.ask(do="fix")
        ana.click("Answer…")
        ana.wait_for_view()
        ana.submit({"input:reason": "file re-sent"})
        _approve(bo, "Half-open the breaker")
        _approve(cy, "Close the breaker")
        sends = _sends(serving, at_least=3)
        weight = float(serving.ask(do="weight")["VmRSS"])
    for voted in _votes(folder / "bot.db"):
        name, left = min(((name, at) for name, at in sends if at > voted), key=lambda one: one[1])
        found[name].append(left - voted)
    return weight


def _approve(person: Person, words: str) -> None:
    def asked(state: Payload) -> Payload | None:
        open_ones = (one for one in reversed(state["messages"]) if "APPROVAL NEEDED" in plain(one))
        return next((dict(one) for one in open_ones if words in plain(one)), None)

    state = person.wait_for(lambda now: asked(now) is not None, timeout=PATIENCE, what=f"a request to {words!r}")
    person.click("Approve", message=asked(state))


def _sends(serving: Child, *, at_least: int) -> list[tuple[str, float]]:
    """Wait until so many approved changes have left."""
    give_up = time.monotonic() + PATIENCE
    while True:
        sends = [(str(name), float(at)) for name, at in serving.ask(do="sends")["sends"] if name in WORDS]
        if len(sends) >= at_least or time.monotonic() > give_up:
            return sends
        time.sleep(0.2)


def _votes(records: Path) -> tuple[float, ...]:
    """Return when each click on Approve came in, by the inbox."""
    with closing(sqlite3.connect(f"file:{records}?mode=ro", uri=True)) as connection:
        documents = [json.loads(row[0]) for row in connection.execute("select doc from inbox order by number")]
    votes = [one for one in documents if one["wish"]["kind"] == "cast_vote"]
    return tuple(datetime.fromisoformat(one["at"]).timestamp() for one in votes)
