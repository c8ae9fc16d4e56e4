"""The local Slack and the local lake without the bot, for a bot in another process."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from bench.child import Said, answering, quiet
from bench.place import RUNBOOKS, taken_apart
from bot.workbench.clock import Clock
from bot.workbench.company import settings, workspace
from bot.workbench.guard import seal
from bot.workbench.lake import watches
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.slack.server import LocalSlack

FAR_ABOVE = 1e15  # every alarm's threshold
PATIENCE_S = 20.0
SCENARIO = SCENARIOS["circuit-breaker"]


class Neighbours:
    """Hold the two."""

    def __init__(self, folder: Path) -> None:
        self._lake = Lake(clock=Clock(folder / "clock.json"))
        self._slack = LocalSlack(workspace())
        self._put: SimpleQueue[tuple[str, float]] = SimpleQueue()

    def start(self, said: Said) -> Said:
        """Start both; returns how a bot and a person reach them."""
        self._lake.start()
        self._lake.clients.sns.meta.events.register("before-call.sns.Publish", self._note)
        self._slack.start()
        folder = Path(said["folder"])
        content, secrets = taken_apart(settings(slack=self._slack, lake=self._lake, folder=folder, runbooks=RUNBOOKS))
        lent = self._lake.credentials
        return {
            "content": content,
            "secrets": secrets,
            "slack_url": self._slack.base_url,
            "aws": {
                "url": self._lake.endpoint_url,
                "id": lent.access_key_id,
                "secret": lent.secret_access_key,
            },
            "page_url": self._slack.url,
            "key": self._slack.key,
        }

    def _note(self, params: Mapping[str, Any], **_: object) -> None:
        self._put.put((str(params["body"]["Message"]), time.time()))  # noqa: TID251 - Slack's messages are on the host's time

    def alarm(self, said: Said) -> Said:
        """Let one alarm go off; returns when its message was put, in epoch seconds."""
        lake, name = self._lake, str(said["name"])
        watches.arm(lake.clients, lake.names, name, at=lake.clock.now())
        watches.happened(lake.clients, lake.names, name, FAR_ABOVE, at=lake.clock.now())
        lake.look()
        while True:
            message, at = self._put.get(timeout=PATIENCE_S)
            if json.loads(message)["AlarmName"] == name:
                return {"put": at}

    def break_(self, _: Said) -> Said:
        """Have the nightly load halt itself."""
        SCENARIO.break_(self._lake)
        return {}

    def fix(self, _: Said) -> Said:
        """Have the bad file sent again."""
        if SCENARIO.fix is not None:
            SCENARIO.fix.apply(self._lake)
        return {}

    def reset(self, _: Said) -> Said:
        """Put both back to their beginning."""
        self._lake.reset()
        self._slack.reset()
        return {}

    def close(self) -> None:
        """Close both."""
        self._slack.close()
        self._lake.close()


def main() -> None:
    """Serve until standard input ends."""
    quiet()
    seal()
    with TemporaryDirectory() as folder:
        neighbours = Neighbours(Path(folder))
        try:
            answering(
                {
                    "start": neighbours.start,
                    "alarm": neighbours.alarm,
                    "break": neighbours.break_,
                    "fix": neighbours.fix,
                    "reset": neighbours.reset,
                }
            )
        finally:
            neighbours.close()


if __name__ == "__main__":
    main()
