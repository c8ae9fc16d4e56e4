"""Running something that blocks beside the event loop, on a daemon thread that never holds up the end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


async def beside(work: Callable[[], Answer]) -> Answer:
    """Run blocking work on its own daemon thread and return its answer."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def settle(tell: Callable[[], None]) -> None:
        if not future.done():
            tell()

    def hand_over(tell: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
            loop.call_soon_threadsafe(settle, tell)

    def run() -> None:
        try:
            answer = work()
        except BaseException as raised:  # noqa: BLE001 - handed to whoever awaits, whatever it is
            error = raised
            hand_over(lambda: future.set_exception(error))
        else:
            hand_over(lambda: future.set_result(answer))

    threading.Thread(target=run, name="local-slack-beside", daemon=True).start()
    return await future
