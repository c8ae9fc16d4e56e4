"""How the demo starts and ends for the person at the terminal: few words, one URL, and Ctrl-C at any moment."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
SECONDS_TO_END = 2.0
SLOW_MACHINE = 3.0  # seconds more, for a machine that does other work meanwhile


class Started:
    """Be a demo in a process of its own, as a terminal would start it."""

    def __init__(self, *arguments: str, temporary: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", *arguments],
            cwd=ROOT,
            env={"PATH": os.defpath, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # a child of a test runner may have been told to ignore it
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.said = ""

    def hears(self, words: str) -> str:
        """Read what it prints until it says these words."""
        too_late = Timer(PATIENCE, self.process.kill)
        too_late.start()
        assert self.process.stdout is not None
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, f"It ended and had said: {self.said}"
            self.said += line
        too_late.cancel()
        return self.said

    def interrupted(self) -> tuple[int, str, float]:
        """Press Ctrl-C; return exit code, all it has said, and how long it took to end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, self.said + rest, time.monotonic() - began


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def started(temporary: Path) -> Iterator[Started]:
    process = Started("--port", "0", temporary=temporary)
    yield process
    process.process.kill()
    process.process.communicate()


def test_it_says_one_url_and_five_things_to_try_and_ends_at_ctrl_c(started: Started, temporary: Path) -> None:
    said = started.hears("Stop with Ctrl-C")

    assert len(re.findall(r"http://127\.0\.0\.1:\d+/\?key=\S+", said)) == 1
    assert [line.strip()[:2] for line in said.splitlines() if re.match(r"\s+\d\. ", line)] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
    ]
    assert max(map(len, said.splitlines())) <= 120
    assert_clean(started.interrupted(), temporary)


@pytest.mark.parametrize("after", [0.0, 0.6, 1.4])
def test_ctrl_c_while_it_starts_ends_it_as_cleanly(started: Started, temporary: Path, after: float) -> None:
    started.hears("Starting")
    time.sleep(after)

    assert_clean(started.interrupted(), temporary)


def test_a_port_that_is_taken_is_said_with_the_remedy(temporary: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = Started("--port", str(port), temporary=temporary)
        said, _ = process.process.communicate(timeout=PATIENCE)

    assert process.process.returncode == 2
    assert f"Port {port} of this machine cannot be used (Address already in use)" in said
    assert "runbook-bot demo --port 0" in said
    assert "Traceback" not in said


def test_a_port_that_cannot_be_is_said_too(temporary: Path) -> None:
    process = Started("--port", "70000", temporary=temporary)
    said, _ = process.process.communicate(timeout=PATIENCE)

    assert process.process.returncode == 2
    assert "Port 70000 of this machine cannot be used (there is no such port)" in said


def assert_clean(ended: tuple[int, str, float], temporary: Path) -> None:
    code, said, seconds = ended
    assert code == 0
    assert "Traceback" not in said
    assert "Exception" not in said
    assert seconds <= SECONDS_TO_END + SLOW_MACHINE
    assert list(temporary.glob("runbook-bot-*")) == []
