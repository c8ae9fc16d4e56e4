"""Incidents with a planted cause, from the broken lake to the draft: broken for real, logged, taken in, worded.

Each is a failure of the workbench's scenarios on a lake of its own, with synthetic lines around it and those of a
quiet day before. What the bot makes of it (a suggestion, an answer, a draft) goes through its own use cases; what was
planted, and what the lake holds, is kept beside it for whoever judges (`truth`).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from bench.place import RUNBOOKS
from bot.domain.alarm import AlarmNotice
from bot.domain.assistance import Answer, Suggestion
from bot.domain.inbox import AlarmCame, AskQuestion, DeclareIncident, Delivery, EndIncident, StartPostmortem
from bot.domain.people import Place
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.reading import read_runbook
from bot.domain.records import Episode
from bot.ports import Assistant
from bot.records.index import RunbookIndex
from bot.records.library import FolderLibrary
from bot.records.store import Store
from bot.usecases.postmortems.drafts import pages
from bot.workbench.cast import CHANNEL, TEAM, YOU
from bot.workbench.clock import Clock
from bot.workbench.lake import noise
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.table import Table

QUESTION = "What went wrong in the last hour, and what was seen?"
Words = Callable[[Store], Assistant]
"""Makes the assistant that words, on the records its budget is counted in."""

DAY = timedelta(days=1)
SETTLES_S = 20 * 60  # from the failure to the resolution, on the movable clock
LOOKS_S = 1.0  # longer than alarms wait for company


@dataclass(frozen=True)
class Scene:
    """Hold one incident that happened: the lake, the table on it, and when it began.

    Attributes:
        alarms: what came of those that came in.
        seen: the alarms that were on then, as CloudWatch described them.
    """

    name: str
    lake: Lake
    table: Table
    began: datetime
    written: int
    alarms: tuple[Episode, ...] = ()
    seen: tuple[Mapping[str, object], ...] = ()

    def suggestion(self) -> Suggestion | None:
        """Return what stands on the alarm's card."""
        told = (self.table.store.episode(one.id).suggestion for one in self.alarms)
        return next((one for one in told if one is not None), None)

    def answer(self, question: str = QUESTION) -> Answer:
        """Ask the bot, and return its answer."""
        before = set(self.table.shown)
        self.table.wish(YOU, AskQuestion(question=question))
        cards = [card for key, card in self.table.shown.items() if key not in before and key.startswith("assist:")]
        return Answer.model_validate(cards[-1].payload["reply"])

    def draft(self) -> Draft:
        """Declare an incident for the alarm, end it after a while, and have it drafted.

        Raises:
            RuntimeError: there is no draft, with what the bot said.
        """
        first = next((one for one in self.alarms if one.with_ is None), None)
        title = "" if first else SCENARIOS[self.name].title
        self.table.wish(YOU, DeclareIncident(title=title, alarm=first.id if first else None))
        self.lake.clock.advance(SETTLES_S)
        self.lake.look_through()
        self.let_in("OK")
        self.table.wish(YOU, EndIncident(over=True))
        self.table.wish(YOU, StartPostmortem())
        drafts = self.table.store.drafts()
        if not drafts or drafts[0].state is not DraftState.READY:
            raise RuntimeError(f"{self.name}: {drafts[0].progress if drafts else self.table.refused()}")
        return drafts[0]

    def let_in(self, state: Literal["ALARM", "OK"]) -> None:
        """Let every alarm in that is on, or of those that came in before, that is OK; as its message would."""
        known = {one.notice.name for one in self.table.store.episodes()}
        for found in alarms_in(self.lake, state):
            if state == "OK" and found["AlarmName"] not in known:
                continue
            place, at = Place(team=TEAM, channel=CHANNEL), self.lake.clock.now()
            wish = AlarmCame(notice=_notice(self.lake, found))
            name = f"{found['AlarmName']}-{state}"
            self.table.store.accept(Delivery(identity=name, wish=wish, person=None, place=place, at=at))
        self.table.drive()


@contextmanager
def lake_in(folder: Path) -> Iterator[Lake]:
    """Have a local lake; `broken` starts it over."""
    lake = Lake(clock=Clock(folder / "clock.json"))
    lake.start()
    try:
        yield lake
    finally:
        lake.close()


@contextmanager
def broken(
    lake: Lake, name: str, folder: Path, *, lines: int, assistant: Words | None = None, over: bool = True
) -> Iterator[Scene]:
    """Break the lake, write about so many lines around it, and let its alarms in.

    Args:
        assistant: who words; the one without a model where none is given.
        over: whether the lake is started over before.
    """
    if over:
        lake.reset()
    began = lake.clock.now()
    SCENARIOS[name].break_(lake)
    usual = noise.usually(since=began - noise.BEFORE - DAY, until=began + noise.AFTER - DAY, lines=lines, seed=3)
    noise.write(lake.clients.logs, lake.names, usual)
    written = lake.surround(name, at=began, lines=lines, run_id=lake.names.run_id(began))
    own = folder / name
    own.mkdir()
    path = RUNBOOKS / f"{SCENARIOS[name].runbook}.md"
    text = path.read_text(encoding="utf-8")
    runbook = read_runbook(text, f"runbooks/{path.name}").runbook
    if runbook is None:
        raise RuntimeError(f"{path.name} cannot be read.")
    with Table.laid(runbook, text, lake=lake, folder=own) as table:
        library = FolderLibrary(RUNBOOKS, read=read_runbook)
        index = RunbookIndex(own / "index.db", runbooks=library.runbooks, incidents=lambda: pages(table.store))
        chosen = assistant(table.store) if assistant else table.desk.assistant
        table.desk = replace(table.desk, library=library, search=index, assistant=chosen)
        scene = Scene(name, lake, table, began, written)
        yield replace(scene, seen=tuple(alarms_in(lake, "ALARM")), alarms=tuple(_taken_in(scene)))


def _taken_in(scene: Scene) -> list[Episode]:
    """Let every alarm that is on come in, and let it be looked at."""
    scene.let_in("ALARM")
    scene.lake.clock.advance(LOOKS_S)
    scene.table.drive()
    return [*scene.table.store.episodes(open_only=False)]


def alarms_in(lake: Lake, state: Literal["ALARM", "OK"]) -> list[Mapping[str, object]]:
    """Return the alarms in that state, as CloudWatch describes them."""
    pages_of = lake.clients.cloudwatch.get_paginator("describe_alarms").paginate(StateValue=state)
    return [dict(one) for page in pages_of for one in page["MetricAlarms"]]


def _notice(lake: Lake, found: Mapping[str, object]) -> AlarmNotice:
    dimensions = found.get("Dimensions")
    pairs = dimensions if isinstance(dimensions, list) else []
    at = found["StateUpdatedTimestamp"]
    return AlarmNotice(
        name=str(found["AlarmName"]),
        arn=str(found["AlarmArn"]),
        account=lake.names.account,
        region=lake.names.region,
        state=str(found["StateValue"]),
        previous="OK" if found["StateValue"] == "ALARM" else "ALARM",
        reason=str(found.get("StateReason", "")),
        description=str(found.get("AlarmDescription", "")),
        at=at.isoformat() if isinstance(at, datetime) else str(at),
        namespace=str(found.get("Namespace", "")),
        metric=str(found.get("MetricName", "")),
        dimensions={str(one["Name"]): str(one["Value"]) for one in pairs},
        threshold=float(str(found["Threshold"])) if found.get("Threshold") is not None else None,
        message_id=f"m-{found['AlarmName']}-{found['StateValue']}",
        topic="arn:aws:sns:eu-west-1:123456789012:lake-alarms",
    )


@dataclass(frozen=True)
class Took:
    """Hold how long something took, in wall seconds and in this process's processor time."""

    wall: float
    cpu: float


class Watch:
    """Measure a stretch of work."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> Took:
        """Return what it took so far."""
        return Took(time.perf_counter() - self._wall, time.process_time() - self._cpu)
