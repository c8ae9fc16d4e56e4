"""A process of its own that is told what to do: a JSON line in on its standard input, a JSON line back."""

import gc
import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Timer
from typing import Any

from bot.__main__ import GARBAGE_THRESHOLDS

ROOT = Path(__file__).parent.parent
ANSWER_SECONDS = 60.0
END_SECONDS = 15.0

Said = dict[str, Any]


class Child:
    """Talk to a process; it ends when its standard input does."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, **said: object) -> Said:
        """Say something and return the answer.

        Raises:
            RuntimeError: it ended instead, or took longer than a minute and was ended.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("The process has no pipes.")
        watch = Timer(ANSWER_SECONDS, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps(said) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise RuntimeError(f"A part of the bench ended without an answer to {said.get('do', 'its start')!r}.")
        found: Said = json.loads(line)
        return found

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def child(module: str) -> Iterator[Child]:
    """Run a module of `bench.parts` until the end of the block."""
    command = [sys.executable, "-m", f"bench.parts.{module}"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    talking = Child(process)
    try:
        yield talking
    finally:
        talking.close()


def records_in(spec: Said, folder: Path) -> dict[str, str]:
    """Return where a bot of these settings keeps its records, moved to another folder."""
    old = Path(spec["content"]["records"]["index"]).parent
    return {name: value.replace(str(old), str(folder)) for name, value in spec["content"]["records"].items()}


@contextmanager
def posted_to(app: str, *, slack_url: str, folder: Path) -> Iterator[int]:
    """Run an app of `bench.parts.door` under gunicorn until the end of the block; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.parts.door", app, slack_url, str(port), str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 - our own module
    try:
        _wait_until_answering(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_answering(process: "subprocess.Popen[bytes]", port: int) -> None:
    give_up = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        link = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        try:
            link.request("GET", "/health")
            link.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            link.close()
    raise RuntimeError("An app under gunicorn does not answer.")


def quiet() -> None:
    """Let only warnings through to the terminal, and look for garbage as seldom as the bot does."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logging.basicConfig(handlers=[handler])


def answering(begin: Mapping[str, Callable[[Said], Said]]) -> None:
    """Be the child: answer each line by the function its `do` names, until there are no more lines."""
    for line in sys.stdin:
        said: Said = json.loads(line)
        print(json.dumps(begin[said["do"]](said)), flush=True)
