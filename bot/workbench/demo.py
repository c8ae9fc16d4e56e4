"""The demo: a local lake, a local Slack and the bot itself, unchanged, in one process on loopback.

It is also the stage the local Slack's page and `--play` see: a clock to move, a failure to cause, things to tick off.
"""

import logging
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from shutil import rmtree

from bot.app import Bot, Endpoints, build
from bot.aws.clients import Credentials
from bot.domain.approval import ApprovalState
from bot.domain.audit import Verification
from bot.domain.run import RunState, StepState
from bot.errors import RequestError
from bot.records.anchors import folder_anchors
from bot.records.ledger import verify_store
from bot.records.signing import trusted_keys
from bot.settings import Settings
from bot.workbench.bedrock.lending import Lent
from bot.workbench.clock import Clock
from bot.workbench.company import settings, workspace
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.scenarios.scenario import Scenario
from bot.workbench.slack.delivery import ACK_SECONDS
from bot.workbench.slack.events import Payload
from bot.workbench.slack.server import LocalSlack

log = logging.getLogger(__name__)

FIRST = "circuit-breaker"
CARD_INTERVAL = timedelta(milliseconds=300)


class Demo:
    """Run the workbench, and be the stage of its page."""

    def __init__(
        self,
        *,
        folder: Path,
        runbooks: Path,
        port: int = 0,
        ack_seconds: float = ACK_SECONDS,
        lent: Lent | None = None,
    ) -> None:
        """Take how long Slack waits for the bot; tests wait longer than Slack does, for a busy machine is no bug."""
        self._folder = folder
        self._runbooks = runbooks
        self._lent = lent
        self.clock = Clock(folder / "clock.json")
        self.lake = Lake(clock=self.clock)
        self.slack = LocalSlack(workspace(), stage=self, port=port, ack_seconds=ack_seconds)
        self._bot: Bot | None = None
        self._guard = threading.Lock()
        self._busy = ""
        self._broken: dict[str, int] = {}  # how many runs of its runbook had ended repaired by then
        self._mended: set[str] = set()
        self._fixed: set[str] = set()
        self._seen = False

    @property
    def bot(self) -> Bot:
        """Return the running bot.

        Raises:
            RequestError: it is starting, or was closed.
        """
        if self._bot is None:
            raise RequestError("The bot is starting; try again in a moment.")
        return self._bot

    def start(self) -> None:
        """Start lake, Slack and bot; returns when the bot is connected."""
        self.lake.start()
        self.slack.start()
        self._bot = self._started_bot()

    def close(self) -> None:
        """Close everything, the bot first."""
        if self._bot is not None:
            self._bot.close()
            self._bot = None
        self.slack.close()
        self.lake.close()

    def _started_bot(self) -> Bot:
        bot = build(self.settings(), clock=self.clock, endpoints=self.endpoints())
        bot.start()
        return bot

    def settings(self) -> Settings:
        """Return what the next bot is set to."""
        records = self._folder / "bot"
        records.mkdir(parents=True, exist_ok=True)
        return settings(slack=self.slack, lake=self.lake, folder=records, runbooks=self._runbooks, lent=self._lent)

    def endpoints(self) -> Endpoints:
        """Return where the next bot finds Slack and the lake."""
        lent = self.lake.credentials
        return Endpoints(
            slack_url=self.slack.base_url,
            aws_url=self.lake.endpoint_url,
            aws_credentials=Credentials(access_key_id=lent.access_key_id, secret_access_key=lent.secret_access_key),
            bedrock_url=self._lent.endpoint_url if self._lent else None,
            bedrock_credentials=self._lent.credentials if self._lent else None,
            intake_wait_s=1,
            card_interval=CARD_INTERVAL,
        )

    # What the page sees and does beside Slack.

    def now(self) -> float:
        """Return the movable clock, in epoch seconds."""
        return self.clock.now().timestamp()

    def offset(self) -> float:
        """Return how far it is ahead of real time, in seconds."""
        return self.clock.offset.total_seconds()

    def offset_left(self) -> float:
        """Return how far it may still be moved, in seconds."""
        return self.clock.offset_left.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move the clock, and have the alarms looked at."""
        self.clock.advance(seconds)
        self.lake.look()

    def scenarios(self) -> list[Payload]:
        """Return name, title and state of each, and what only the world outside can do about it."""
        repairs = self._repairs()
        return [self._scenario(scenario, repairs) for scenario in self._offered().values()]

    def _offered(self) -> dict[str, Scenario]:
        """Return the failures that a runbook answers: nobody is left with one that nothing here can repair."""
        return {name: one for name, one in SCENARIOS.items() if (self._runbooks / f"{one.runbook}.md").is_file()}

    def _named(self, name: str) -> Scenario:
        found = self._offered().get(name)
        if found is None:
            raise RequestError(f"There is no failure called {name!r}; there is {', '.join(self._offered())}.")
        return found

    def _scenario(self, scenario: Scenario, repairs: Mapping[str, int]) -> Payload:
        broken = scenario.name in self._broken
        repaired = self._is_mended(scenario, repairs)
        return {
            "name": scenario.name,
            "title": scenario.title,
            "state": "repaired" if repaired else "broken" if broken else "ready",
            "fix": None
            if scenario.fix is None
            else {
                "title": scenario.fix.title,
                "ready": broken and scenario.name not in self._fixed,
                "done": scenario.name in self._fixed,
            },
        }

    def break_(self, name: str) -> None:
        """Cause a failure; returns at once, and it happens before the reader's eyes."""
        scenario = self._named(name)
        with self._guard:
            repairs = self._repairs()
            if name in self._broken and not self._is_mended(scenario, repairs):
                raise RequestError("That is broken already. Repair it, or press Start over.")
            self._broken[name] = repairs[scenario.runbook]
            self._mended.discard(name)
            self._fixed.discard(name)
        threading.Thread(target=self._break, args=(scenario,), name="breaking", daemon=True).start()

    def _break(self, scenario: Scenario) -> None:
        try:
            scenario.break_(self.lake)
        except Exception:
            log.exception("The failure could not be caused.")
            self._broken.pop(scenario.name, None)

    def fix(self, name: str) -> None:
        """Do what only the world outside can do: have the cause mended."""
        scenario = self._named(name)
        if name not in self._broken:
            raise RequestError("Nothing is broken yet, so there is nothing to mend.")
        scenario.mend(self.lake)
        self._fixed.add(name)

    def start_over(self) -> None:
        """Put everything back to the beginning: the bot's records, the lake, the clock and Slack."""
        with self._guard:
            if self._bot is not None:
                self._bot.close()
                self._bot = None
            self._broken.clear()
            self._mended.clear()
            self._fixed.clear()
            self.lake.reset()
            rmtree(self._folder / "bot", ignore_errors=True)
            self.slack.reset()
            self._bot = self._started_bot()
            self._seen = False

    def seen(self) -> None:
        """Let the failure happen before the eyes of whoever opens the page first."""
        with self._guard:
            if self._seen:
                return
            self._seen = True
        self.break_(FIRST)

    def status(self) -> Payload:
        """Return words on what runs."""
        return {"lake": "ready", "records": "starting" if self._bot is None else "ready"}

    def links(self) -> list[Payload]:
        """Return nothing: everything is on the page."""
        return []

    def repaired(self, name: str) -> bool:
        """Return whether the lake itself says that the failure is over."""
        return all(check.ok for check in self._named(name).repaired(self.lake))

    def audit(self) -> Verification:
        """Return whether the bot's audit is whole, read from outside of it."""
        records = self._folder / "bot"
        return verify_store(
            f"sqlite:///{records / 'bot.db'}",
            keys=trusted_keys(records / "trust" / "audit.pub"),
            anchors=folder_anchors(records / "anchors"),
            every_signature=True,
        )

    def _is_mended(self, scenario: Scenario, repairs: Mapping[str, int]) -> bool:
        """Return whether a run that ended repaired since then repaired this failure: others share its runbook."""
        name, ended = scenario.name, repairs.get(scenario.runbook, 0)
        if ended > self._broken.get(name, sys.maxsize):
            self._broken[name] = ended
            threading.Thread(target=self._judge, args=(scenario,), name="judging", daemon=True).start()
        return name in self._mended

    def _judge(self, scenario: Scenario) -> None:
        try:
            if self.repaired(scenario.name):
                self._mended.add(scenario.name)
        except Exception:
            log.exception("It could not be seen whether the failure is over.")

    def _repairs(self) -> Counter[str]:
        """Count the runs of each runbook that ended repaired."""
        runs = self._bot.store.runs(open_only=False) if self._bot is not None else ()
        return Counter(run.runbook for run in runs if run.state is RunState.REPAIRED)

    def checklist(self) -> list[Payload]:
        """Return what a newcomer may see, and what they have seen, from the records."""
        done = self._done()
        return [{"id": name, "title": title, "done": name in done} for name, title in CHECKLIST.items()]

    def _done(self) -> frozenset[str]:
        if self._bot is None:
            return frozenset()
        store = self._bot.store
        runs = [run for run in store.runs(open_only=False) if run.runbook == FIRST]
        requests = [one for run in runs for one in store.approvals(run=run.id)]
        used = {one.step for one in requests if one.state is ApprovalState.CONSUMED}
        risky = [one for one in requests if one.step == "half_open"]
        told = (record.body.kind for one in risky for record, _ in store.audit(subject=one.label, most=20))
        closed = any(run.record("close").state is StepState.DONE for run in runs)
        seen = {
            "alarm": bool(store.episodes(open_only=False)),
            "start": bool(runs),
            "pause": "pause" in used,
            "fix": FIRST in self._fixed,
            "reason": bool(risky),
            "refused": "wish.refused" in told,
            "approve": "half_open" in used,
            "close": closed,
            "watch": any(run.state in {RunState.WATCHING, RunState.REPAIRED} for run in runs),
            "repaired": any(run.state is RunState.REPAIRED for run in runs),
        }
        return frozenset(name for name, is_so in seen.items() if is_so)


CHECKLIST = {
    "alarm": "The nightly load halts itself; the alarm says which runbook fits",
    "start": "Press Start runbook: it only looks",
    "pause": "Approve the pause of the schedule: one on-call click",
    "fix": "Have the bad file re-sent: “Have it done”, below",
    "reason": "Press Answer… and say why it is safe now",
    "refused": "Approve that change yourself, and be refused",
    "approve": "Become Bo (top right) and approve: one file is probed",
    "close": "Approve closing the breaker, as Bo or Cy",
    "watch": "All is checked in the lake; the run watches for an hour",
    "repaired": "Move the clock: +1 h, then +5 min: repaired",
}
