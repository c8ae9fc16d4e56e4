"""Start the demo and show it: to a person at the page, or as a conversation on the terminal."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from bot.errors import NotFoundError
from bot.workbench.demo import Demo
from bot.workbench.plays import PLAYS

log = logging.getLogger(__name__)

Say = Callable[[str], None]


def present(*, port: int, runbooks: Path, say: Say) -> None:
    """Serve the page until interrupted."""
    with TemporaryDirectory(prefix="runbook-bot-") as folder:
        demo = Demo(folder=Path(folder), runbooks=runbooks, port=port)
        say("Starting a local lake, a local Slack and the bot (about 5 seconds) …")
        try:
            demo.start()
            say("")
            say(f"  Open  {demo.slack.page_url}")
            say("")
            say("  1. The nightly load of `transactions` fails while you watch #incident-etl; the bot says what it saw.")
            say("  2. Press Start runbook (or type /runbook run circuit-breaker). It only looks.")
            say("  3. Approve the pause; give the reason; then try to approve your own change: you may not.")
            say("  4. Become Bo (top right) and approve. Have the file re-sent first, or the probe will fail.")
            say("  5. When it watches, move the clock by an hour. Start over puts everything back.")
            say("")
            say("  Everything stays on this machine. Stop with Ctrl-C.")
            Event().wait()
        finally:
            demo.close()


def play(name: str, *, until: str | None, runbooks: Path, say: Say) -> bool:
    """Play a failure through the same wire as the page; return whether the lake is really repaired.

    Raises:
        NotFoundError: there is no such failure.
    """
    scenario = PLAYS.get(name)
    if scenario is None:
        raise NotFoundError(f"There is no failure called {name!r}; there is {', '.join(PLAYS)}.")
    began = time.monotonic()
    with TemporaryDirectory(prefix="runbook-bot-") as folder:
        demo = Demo(folder=Path(folder), runbooks=runbooks)
        try:
            demo.start()
            say(f"-- local lake, local Slack and bot are up after {time.monotonic() - began:.1f} s")
            ok = scenario(demo, until, say)
        finally:
            demo.close()
    say(f"-- {'done' if ok else 'NOT repaired'} after {time.monotonic() - began:.1f} s")
    return ok
