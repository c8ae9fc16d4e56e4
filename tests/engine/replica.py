"""One replica as a process of its own: run by tests, told over stdin what to start, killed at will."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from bot.engine.transact import DbosEngine
from tests.engine.claims import TableClaims
from tests.engine.journal import Journal

DEAD_AFTER = timedelta(seconds=1)


class WatchedClaims(TableClaims):
    """Note when the engine, having looked at another's work, asks who is dead, and pause it there on demand."""

    def __init__(self, url: str, *, name: str, journal: Journal, pause: Path) -> None:
        super().__init__(url)
        self._name = name
        self._journal = journal
        self._pause = pause

    def dead(self, *, after: timedelta) -> frozenset[str]:
        self._journal.write(f"asked {self._name}")
        if self._pause.exists():
            self._journal.write(f"paused {self._name}")
        while self._pause.exists():
            time.sleep(0.01)
        return super().dead(after=after)

    def claim(self, work: str, *, of: str, by: str) -> bool:
        won = super().claim(work, of=of, by=by)
        self._journal.write(f"{'won' if won else 'lost'} {by} {work}")
        return won


class Replica:
    """The parent's side: start works there, kill it, close it."""

    def __init__(self, name: str, *, database_url: str, claims_url: str, folder: Path) -> None:
        self.name = name
        self.journal = Journal(folder / "journal")
        self.hold = folder / f"hold-{name}"
        self.pause = folder / f"pause-{name}"
        arguments = [name, database_url, claims_url, str(folder)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.replica", json.dumps(arguments)],
            stdin=subprocess.PIPE,
            text=True,
        )

    def up(self) -> None:
        self.journal.wait_for(f"up {self.name}")

    def look_again(self, times: int = 1) -> None:
        """Wait until it has looked at another's work that often, from now on."""
        self.journal.wait_for(f"asked {self.name}", times=len(self.journal.lines(f"asked {self.name}")) + times)

    def start(self, work: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{work}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """Kill -9, and make sure that it was this that ended the process."""
        assert self._process.poll() is None
        self._process.kill()
        assert self._process.wait(10) == -signal.SIGKILL
        self._end()

    def close(self) -> None:
        self._end()
        assert self._process.wait(20) == 0

    def abandon(self) -> None:
        """End it after the test, however the test went."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._end()

    def _end(self) -> None:
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()


def main(name: str, database_url: str, claims_url: str, folder: str) -> None:
    """Be the replica: each line of stdin is a work to start, its end means close."""
    journal = Journal(Path(folder) / "journal")
    hold = Path(folder) / f"hold-{name}"

    def perform(work: str) -> None:
        journal.write(f"began {work} {name}")
        while hold.exists():
            time.sleep(0.01)
        journal.write(f"ended {work} {name}")

    engine = DbosEngine(
        perform=perform,
        claims=WatchedClaims(claims_url, name=name, journal=journal, pause=Path(folder) / f"pause-{name}"),
        database_url=database_url,
        installation="here",
        replica=name,
        heartbeat=DEAD_AFTER / 5,
        dead_after=DEAD_AFTER,
    )
    engine.launch()
    journal.write(f"up {name}")
    for line in sys.stdin:
        engine.start(line.strip())
        journal.write(f"started {line.strip()} {name}")
    engine.close()


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
