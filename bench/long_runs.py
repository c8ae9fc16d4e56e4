"""Whether commands are still acknowledged while many long runs are in progress, and how soon.

Each run looks at the local lake every five seconds, so its segments are swept and performed all the time; the commands
of the load are dealt with too.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.ack import LOADS, OVER, TINY, Load, rounds_of, socket_to
from bench.child import Child, Said, child
from bench.figures import Rounds, Table, ms
from bench.load import SocketLoad
from bench.place import CHANNEL, LONG_WAITS, TEAM
from bench.web_api import web_api

RUNS = 50
ROUNDS = 4
POLL_SECONDS = 0.3
PATIENCE = 60.0
HEADS = ("at once", "n", "p50 ms", "bare p50 ms", "ratio", "p99 ms", "bare p99 ms", "ratio", "most ms", "over 3 s")


@dataclass(frozen=True, kw_only=True)
class Found:
    """Hold what was seen: the loads, how many runs were in progress, and how often these looked meanwhile."""

    rounds: tuple[tuple[Load, Rounds], ...]
    runs: int
    looks: int
    weight: float


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table."""
    runs, rounds = (2, 1) if tiny else (RUNS, ROUNDS)
    found = asyncio.run(_measured(runs, TINY if tiny else LOADS[:2], rounds))
    notes = (
        f"{found.runs} runs in progress, each looking every 5 s; they looked {found.looks} times during the load",
        f"medians of {rounds} rounds over Socket Mode; bare: the same load on a bare Bolt app that has nothing to do",
        f"the bot's process weighed {found.weight:.0f} MB",
    )
    rows = tuple(_row(load, times) for load, times in found.rounds)
    yield Table(title=f"Acknowledgements with {runs} long runs in progress", heads=HEADS, rows=rows, notes=notes)


def _row(load: Load, found: Rounds) -> tuple[str, ...]:
    every = [time for times in found.ours for time in times]
    cells = [str(load.at_once), str(len(every))]
    for share in (0.5, 0.99):
        ours, bare = found.milliseconds(share)
        cells += [ms(ours), ms(bare), f"{found.ratio(share):.2f}"]
    return (*cells, ms(1000 * max(every)), str(found.missed(OVER)))


async def _measured(runs: int, loads: tuple[Load, ...], rounds: int) -> Found:
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(socket_to("bare"))
        load = await stack.enter_async_context(SocketLoad().open())
        slack_url = stack.enter_context(web_api(socket_port=load.port))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        lake, bot = stack.enter_context(child("workbench")), stack.enter_context(child("serving"))
        await asyncio.to_thread(lambda: _start(lake, bot, folder, slack_url))
        await load.connected()
        await load.say([f"run long-wait name=n-{number}" for number in range(runs)], concurrent=4)
        before = await _all_waiting(bot, runs)
        found = [
            (one, await rounds_of(bare, lambda n, at_once: load.drive(count=n, concurrent=at_once), one, rounds))
            for one in loads
        ]
        after = await asyncio.to_thread(lambda: bot.ask(do="runs"))
        weight = await asyncio.to_thread(lambda: bot.ask(do="weight"))
    looks = int(after["revisions"]) - int(before["revisions"])
    return Found(rounds=tuple(found), runs=sum(after["states"].values()), looks=looks, weight=weight["VmRSS"])


def _start(lake: Child, bot: Child, folder: Path, slack_url: str) -> None:
    spec = lake.ask(do="start", folder=str(folder))
    content = {**spec["content"], "runbooks": str(LONG_WAITS)}
    content["slack"] = {**content["slack"], "team": TEAM, "channel": CHANNEL}
    bot.ask(do="start", content=content, secrets=spec["secrets"], slack_url=slack_url, aws=spec["aws"])


async def _all_waiting(bot: Child, runs: int) -> Said:
    give_up = time.monotonic() + PATIENCE
    while True:
        seen = await asyncio.to_thread(lambda: bot.ask(do="runs"))
        if seen["states"].get("waiting") == runs:
            return seen
        if time.monotonic() > give_up:
            raise RuntimeError(f"Not every run came to wait within {PATIENCE:g} s: {seen}.")
        await asyncio.sleep(POLL_SECONDS)
