"""Start the demo and show it: to a person at the page, or as a conversation on the terminal."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from threading import Event, Thread

from bot.aws.clients import Credentials
from bot.errors import InvalidError, NotFoundError, RequestError
from bot.workbench.bedrock.lending import STAND_IN, STAND_IN_MODEL, Lent, lent_by_aws
from bot.workbench.bedrock.server import BedrockStandIn
from bot.workbench.demo import FIRST, Demo
from bot.workbench.plays import PLAYS
from bot.workbench.plays.story import Story

log = logging.getLogger(__name__)

Say = Callable[[str], None]

ALL = "all"
CLOSE_SECONDS = 1.5
LOOK_SECONDS = 0.1

WORDS = """
  Open  {url}

  1. The nightly load of `transactions` halts while you watch #incident-etl; the bot says what it saw.
  2. Press Start runbook (or type /runbook run circuit-breaker): it only looks. Approve the pause.
  3. Have the file re-sent (panel on the right), give the reason, and try to approve your own change: you may not.
  4. Become Bo (top right) and approve: one file is probed. Then close the breaker, as Bo or Cy.
  5. It watches for an hour: move the clock by +1 h, then +5 min. Start over puts everything back.

  Everything stays on this machine. Stop with Ctrl-C.
"""


def present(*, port: int, runbooks: Path, say: Say, lent: Lent | None = None) -> None:
    """Serve the page until interrupted.

    Raises:
        RequestError: the port cannot be used; the words name the remedy.
    """
    with _folder() as folder, _closed(_on_port(folder, runbooks, port, lent), folder) as demo:
        say("Starting a local lake, a local Slack and the bot (about 5 seconds) …")
        _waited_for(demo.start)
        say(WORDS.format(url=demo.slack.page_url))
        Event().wait()


def play(name: str, *, until: str | None, runbooks: Path, say: Say, lent: Lent | None = None) -> bool:
    """Play a failure, or `all` of them, through the same wire as the page; return whether the lake is really repaired.

    Raises:
        NotFoundError: there is no such failure.
        InvalidError: `until` is no place where this play can end.
    """
    names = tuple(PLAYS) if name == ALL else (name,)
    if name != ALL and name not in PLAYS:
        raise NotFoundError(f"There is no failure called {name!r}; there is {', '.join((*PLAYS, ALL))}.")
    if until is not None and name != FIRST:
        raise InvalidError(f"Only {FIRST} can be played until the {until}.")
    began = time.monotonic()
    good: dict[str, bool] = {}
    with _folder() as folder, _closed(Demo(folder=folder, runbooks=runbooks, lent=lent), folder) as demo:
        _waited_for(demo.start)
        say(f"-- local lake, local Slack and bot are up after {time.monotonic() - began:.1f} s")
        for one in names:
            if good:
                demo.start_over()
                say(f"\n-- {one}, on a fresh lake")
            good[one] = _played(demo, one, until, say)
    for one, ok in good.items():
        say(f"-- {one}: {'done' if ok else 'NOT repaired'}")
    say(f"-- all in {time.monotonic() - began:.1f} s")
    return all(good.values())


def _played(demo: Demo, name: str, until: str | None, say: Say) -> bool:
    try:
        return PLAYS[name](Story(demo, name, say=say), until)
    except AssertionError as error:  # somebody in the play waited for what never came
        say(f"-- {name}: {error}")
        return False


@contextmanager
def lending(name: str | None) -> Iterator[Lent | None]:
    """Lend the demo a model: none, the local stand-in, or a real one of Bedrock by its id.

    Raises:
        InvalidError: a real one was asked for, and this shell has no credentials for it.
    """
    if name != STAND_IN:
        yield lent_by_aws(name) if name else None
        return
    stand_in = BedrockStandIn()
    stand_in.start()
    credentials = Credentials(access_key_id=stand_in.access_key_id, secret_access_key=stand_in.secret_access_key)
    try:
        yield Lent(
            model=STAND_IN_MODEL, region="eu-west-1", credentials=credentials, endpoint_url=stand_in.endpoint_url
        )
    finally:
        stand_in.close()


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="runbook-bot-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _on_port(folder: Path, runbooks: Path, port: int, lent: Lent | None) -> Demo:
    try:
        return Demo(folder=folder, runbooks=runbooks, port=port, lent=lent)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "there is no such port"
        raise RequestError(
            f"Port {port} of this machine cannot be used ({reason}); perhaps another demo still runs there. "
            "Stop that one, or take any free port: runbook-bot demo --port 0"
        ) from error


def _waited_for(start: Callable[[], None]) -> None:
    """Start in a thread of its own: an interrupt then only ever meets the waiting, never half a start."""
    failed: list[Exception] = []

    def work() -> None:
        try:
            start()
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that waits
            failed.append(error)

    thread = Thread(target=work, name="demo-start", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_SECONDS)
    if failed:
        raise failed[0]


@contextmanager
def _closed(demo: Demo, folder: Path) -> Iterator[Demo]:
    """Close it at the end; at an interrupt with patience for CLOSE_SECONDS only, for nothing of it is to be kept."""
    try:
        yield demo
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        closing = Thread(target=demo.close, name="demo-close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)
        rmtree(folder, ignore_errors=True)
        sys.stdout.flush()
        os._exit(0)  # what is half started or half closed would keep the process, and tearing down moto takes seconds
    except BaseException:
        demo.close()
        raise
    demo.close()
