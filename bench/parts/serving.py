"""The bot as `serve` runs it, in a process that has loaded nothing else; tells what it weighs and what it sent."""

import logging
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bench.child import Said, answering, quiet
from bench.place import put_together
from bot.app import Bot, Endpoints, build
from bot.aws.clients import Credentials

UNWANTED = ("langchain", "langchain_aws", "langchain_core", "moto", "starlette", "uvicorn", "flask", "websockets")
CHANGING = ("PutObject", "StartExecution", "DisableRule", "EnableRule")


class Sends(logging.Handler):
    """Note when a request that changes something leaves: botocore says so right before its before-send event."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, float]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note it."""
        if not record.msg.startswith("Sending http request") or not record.args:
            return
        request = record.args[0] if isinstance(record.args, tuple) else record.args
        target = _text(getattr(request, "headers", {}).get("X-Amz-Target", ""))
        name = "PutObject" if getattr(request, "method", "") == "PUT" else target.rpartition(".")[2]
        if name in CHANGING:
            self.seen.append((name, record.created))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Serving:
    """Hold the one bot of this process."""

    def __init__(self) -> None:
        self._bot: Bot | None = None
        self._sends = Sends()

    def start(self, said: Said) -> Said:
        """Build it as `serve` does, with the endpoints that only a caller can give; returns once it is ready."""
        lent: Mapping[str, str] | None = said.get("aws")
        credentials = Credentials(access_key_id=lent["id"], secret_access_key=lent["secret"]) if lent else None
        aws_url = lent["url"] if lent else None
        endpoints = Endpoints(
            slack_url=said["slack_url"], aws_url=aws_url, aws_credentials=credentials, intake_wait_s=1
        )
        self._bot = build(put_together(said["content"], said["secrets"]), endpoints=endpoints)
        self._bot.start()
        return {**self.weight({}), "loaded": sorted(name for name in UNWANTED if name in sys.modules)}

    def listen(self, _: Said) -> Said:
        """Note from now on what is sent."""
        told = logging.getLogger("botocore.endpoint")
        told.setLevel(logging.DEBUG)
        told.propagate = False
        told.addHandler(self._sends)
        return {}

    def sends(self, _: Said) -> Said:
        """Return what was sent and when, in epoch seconds."""
        return {"sends": self._sends.seen}

    def runs(self, _: Said) -> Said:
        """Return how many runs are in which state, and how many segments there were."""
        runs = self._bot.store.runs(open_only=True, most=200) if self._bot else ()
        return {"states": Counter(run.state.value for run in runs), "revisions": sum(run.revision for run in runs)}

    def weight(self, _: Said) -> Said:
        """Return resident memory in MB, now and at its highest, and the threads."""
        lines = Path("/proc/self/status").read_text().splitlines()
        sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return {name: int(size) / 1024 for name, size in sizes.items()} | {"threads": threading.active_count()}

    def close(self) -> None:
        """Close the bot."""
        if self._bot is not None:
            self._bot.close()


def main() -> None:
    """Serve until standard input ends."""
    quiet()
    serving = Serving()
    try:
        answering(
            {
                "start": serving.start,
                "listen": serving.listen,
                "sends": serving.sends,
                "runs": serving.runs,
                "weight": serving.weight,
            }
        )
    finally:
        serving.close()


if __name__ == "__main__":
    main()
