"""The local Slack and the local lake without the bot, for a bot in another process."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import Said, answering, quiet
from bench.place import RUNBOOKS, taken_apart
from bot.workbench.clock import Clock
from bot.workbench.company import settings, workspace
from bot.workbench.guard import seal
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.slack.server import LocalSlack

SCENARIO = SCENARIOS["circuit-breaker"]


class Neighbours:
    """Hold the two."""

    def __init__(self, folder: Path) -> None:
        self._lake = Lake(clock=Clock(folder / "clock.json"))
        self._slack = LocalSlack(workspace())

    def start(self, said: Said) -> Said:
        """Start both; returns how a bot and a person reach them."""
        self._lake.start()
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
                    "break": neighbours.break_,
                    "fix": neighbours.fix,
                    "reset": neighbours.reset,
                }
            )
        finally:
            neighbours.close()


if __name__ == "__main__":
    main()
