"""What the processes of a test did, in order, in one file that survives a kill."""

import os
import time
from pathlib import Path

PATIENCE = 30.0


class Journal:
    """Append whole lines, synced; wait for one; count them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, line: str) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def lines(self, start: str = "") -> list[str]:
        if not self._path.exists():
            return []
        return [line for line in self._path.read_text().splitlines() if line.startswith(start)]

    def wait_for(self, start: str, *, times: int = 1) -> list[str]:
        """Return the lines that begin so, once there are that many."""
        deadline = time.monotonic() + PATIENCE
        while len(found := self.lines(start)) < times:
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {times} x {start!r}; the journal says {self.lines()}")
            time.sleep(0.01)
        return found
