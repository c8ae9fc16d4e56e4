"""How soon a slash command is acknowledged, over both transports, beside a bare Bolt app under the same load.

`door` keeps each command with one INSERT in the bot's real records; `bot` also deals with it at the same time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import child, posted_to
from bench.figures import Rounds, Table, ms
from bench.load import PostLoad, SocketLoad
from bench.place import SECRETS
from bench.web_api import web_api

HEADS = ("ours", "at once", "p50 ms", "bare p50 ms", "ratio", "p99 ms", "bare p99 ms", "ratio", "over 3 s")
OVER = 3.0
OURS = ("door", "bot")

Drive = Callable[[int, int], Awaitable[tuple[float, ...]]]
Opened = Callable[[str], AbstractAsyncContextManager[Drive]]


@dataclass(frozen=True, kw_only=True)
class Load:
    """Hold how many are unanswered at once, and how many commands a round has."""

    at_once: int
    commands: int


LOADS = (Load(at_once=1, commands=60), Load(at_once=16, commands=320), Load(at_once=64, commands=512))
ROUNDS = 5
TINY = (Load(at_once=2, commands=4),)


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure; yields a table for each transport."""
    loads, rounds, kinds = (TINY, 1, OURS[:1]) if tiny else (LOADS, ROUNDS, OURS)
    each = ", ".join(f"{load.commands} at {load.at_once}" for load in loads)
    notes = (
        f"medians of {rounds} rounds, bare and ours in turn; commands a round: {each}",
        "door: the bot's app and one INSERT with fsync into its SQLite records for each command",
        "bot: the whole bot, which deals with every command in the same process meanwhile",
        "bare: Bolt in its default mode, one listener that only acknowledges, no I/O; the ratio is ours to it",
    )
    for transport, opened in (("Socket Mode", socket_to), ("signed HTTP", posts_to)):
        rows = tuple(row for ours in kinds for row in asyncio.run(_rows(opened, ours, loads, rounds)))
        yield Table(title=f"Acknowledgement of a slash command over {transport}", heads=HEADS, rows=rows, notes=notes)


async def _rows(opened: Opened, ours: str, loads: Sequence[Load], rounds: int) -> list[tuple[str, ...]]:
    async with AsyncExitStack() as stack:
        bare, tried = [await stack.enter_async_context(opened(app)) for app in ("bare", ours)]
        return [(ours, *_row(load, await rounds_of(bare, tried, load, rounds))) for load in loads]


async def rounds_of(bare: Drive, ours: Drive, load: Load, rounds: int) -> Rounds:
    """Drive both in turn, after a few commands to warm them up."""
    for drive in (bare, ours):
        await drive(max(load.commands // 8, load.at_once), load.at_once)
    found = [(await bare(load.commands, load.at_once), await ours(load.commands, load.at_once)) for _ in range(rounds)]
    return Rounds(ours=tuple(pair[1] for pair in found), yardstick=tuple(pair[0] for pair in found))


def _row(load: Load, found: Rounds) -> tuple[str, ...]:
    cells: list[str] = [str(load.at_once)]
    for share in (0.5, 0.99):
        ours, bare = found.milliseconds(share)
        cells += [ms(ours), ms(bare), f"{found.ratio(share):.2f}"]
    return (*cells, str(found.missed(OVER)))


@asynccontextmanager
async def socket_to(app: str) -> AsyncIterator[Drive]:
    """Run an app that is connected over Socket Mode; yields what drives it."""
    async with SocketLoad().open() as load:
        with web_api(socket_port=load.port) as slack_url, TemporaryDirectory() as folder, child("door") as door:
            await asyncio.to_thread(lambda: door.ask(do="socket", app=app, slack_url=slack_url, folder=folder))
            await load.connected()
            yield lambda count, at_once: load.drive(count=count, concurrent=at_once)


@asynccontextmanager
async def posts_to(app: str) -> AsyncIterator[Drive]:
    """Run an app under gunicorn; yields what drives it."""
    with (
        web_api() as slack_url,
        TemporaryDirectory() as folder,
        posted_to(app, slack_url=slack_url, folder=Path(folder)) as port,
    ):
        load = PostLoad(port=port, secret=SECRETS["SLACK_SIGNING_SECRET"], wall=_wall)
        yield lambda count, at_once: load.drive(count=count, concurrent=at_once)


def _wall() -> float:
    return time.time()  # noqa: TID251 - Slack's signatures are on the host's time
