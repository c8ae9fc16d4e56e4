"""The test's side: a broken lake, one set of records, processes of the bot one after another or side by side.

Processes are forked from one clean process that has everything imported, so that a start takes a blink; each dies by
itself and only itself.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypedDict, Unpack

from bot.domain.approval import ApprovalState
from bot.domain.records import Attempt
from bot.domain.run import Run
from bot.records.anchors import folder_anchors
from bot.records.ledger import verify_store
from bot.records.signing import signer_at, trusted_keys
from bot.records.store import Store
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import PROBE_PREFIX
from tests.crash.child import main
from tests.crash.edge import Edge, When
from tests.crash.killing import Kill
from tests.crash.spec import Spec
from tests.usecases.table import platform_of

LONGEST_S = 75
OPERATION = {
    "pause": "DisableRule",
    "half_open": "PutObject",
    "probe": "StartExecution",
    "close": "PutObject",
    "resume": "EnableRule",
}


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Hold what the lake shows: the states the breaker file went through, the probes, and the rule."""

    breaker: tuple[str, ...]
    probes: int
    rule: str
    disabled: int
    enabled: int


WHOLE = Effects(breaker=("HALF_OPEN", "CLOSED"), probes=1, rule="ENABLED", disabled=1, enabled=1)


class Told(TypedDict, total=False):
    """What one process is told that others are not; see Spec."""

    happened: bool | None
    dead_after: float
    fence: float


class Scene:
    """Start processes on one set of records and one lake, and look from the outside at what they did."""

    def __init__(
        self, *, lake: Lake, folder: Path, records_url: str, engine_url: str, clock: Path, dead_after: float
    ) -> None:
        self.folder = folder
        self.clock = Clock(clock)
        self._clock_file = clock
        self.edge = Edge(lake.endpoint_url)
        self._lake = lake
        self._records_url = records_url
        self._engine_url = engine_url
        self._dead_after = dead_after
        self._started = 0
        self._alive: list[BaseProcess] = []
        self._before = self._versions()

    def start(
        self, *, goal: str = "watching", kill: Kill | None = None, waits: bool = False, **told: Unpack[Told]
    ) -> BaseProcess:
        """Start a process of the bot."""
        self._started += 1
        spec = Spec(
            name=f"replica-{self._started}",
            records_url=self._records_url,
            engine_url=self._engine_url,
            folder=self.folder,
            clock=self._clock_file,
            lake_url=self.edge.url,
            access_key_id=self._lake.credentials.access_key_id,
            secret_access_key=self._lake.credentials.secret_access_key,
            platform=platform_of(self._lake),
            goal=goal,
            kill=kill,
            waits=waits,
            dead_after=self._dead_after,
        )
        spec = replace(spec, **told)
        context = get_context("forkserver")
        context.set_forkserver_preload(["tests.crash.child"])
        process = context.Process(target=main, args=(spec,), name=spec.name, daemon=True)
        process.start()
        self._alive.append(process)
        return process

    def ends(self, process: BaseProcess) -> int:
        """Wait for the process; return how it ended."""
        process.join(LONGEST_S)
        assert process.exitcode is not None, f"{process.name} hangs:\n{self.said(process)}"
        self._alive.remove(process)
        return process.exitcode

    def reaches(self, goal: str, **told: Unpack[Told]) -> Run:
        """Let a process that is left alone reach the goal; return the run."""
        process = self.start(goal=goal, **told)
        code = self.ends(process)
        assert code == 0, f"{process.name} ended with {code} before {goal}:\n{self.said(process)}"
        return self.run()

    def dies(self, kill: Kill, *, goal: str = "watching", **told: Unpack[Told]) -> bool:
        """Start a process that kills itself at the instant; return False if it reached the goal before."""
        process = self.start(goal=goal, kill=kill, **told)
        return self.was_killed(process)

    def was_killed(self, process: BaseProcess) -> bool:
        """Wait for the process; return whether the kill ended it, and not the goal."""
        code = self.ends(process)
        assert code in {-signal.SIGKILL, 0}, f"{process.name} ended with {code}:\n{self.said(process)}"
        return code == -signal.SIGKILL

    def is_killed_by_the_wire(self, step: str, when: When, *, goal: str = "watching", **told: Unpack[Told]) -> None:
        """Start a process and kill it when the request of its step is under way."""
        victim: list[int] = []
        self.edge.trap(OPERATION[step], when, lambda: os.kill(victim[0], signal.SIGKILL))
        process = self.start(goal=goal, **told)
        assert process.pid is not None
        victim.append(process.pid)
        code = self.ends(process)
        assert self.edge.sprung
        assert code == -signal.SIGKILL, f"{process.name} ended with {code}:\n{self.said(process)}"

    def is_frozen_by_the_wire(self, step: str, *, goal: str, **told: Unpack[Told]) -> BaseProcess:
        """Start a process and freeze it when the request of its step is performed, before the answer."""
        victim: list[int] = []
        self.edge.trap(OPERATION[step], "performed", lambda: os.kill(victim[0], signal.SIGSTOP))
        process = self.start(goal=goal, **told)
        assert process.pid is not None
        victim.append(process.pid)
        self.is_frozen(process)
        assert self.edge.sprung
        return process

    def stands_by(self, *, goal: str = "watching", kill: Kill | None = None, **told: Unpack[Told]) -> BaseProcess:
        """Start a process that is alive and may take over, but begins nothing of its own yet."""
        process = self.start(goal=goal, kill=kill, waits=True, **told)
        self.wait_for((self.folder / f"{process.name}.up").exists)
        return process

    def goes_on(self, process: BaseProcess) -> None:
        """Let a process that stood by begin work too."""
        (self.folder / f"{process.name}.go").touch()

    def taken_over(self) -> int:
        """Return how many processes took over another's work."""
        logs = [path.read_text(encoding="utf-8") for path in self.folder.glob("*.log")]
        return len([log for log in logs if "Taking over work" in log])

    def is_frozen(self, process: BaseProcess) -> None:
        """Wait until the process stands still."""
        stat = Path(f"/proc/{process.pid}/stat")
        self.wait_for(lambda: stat.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T")

    def thaw(self, process: BaseProcess) -> None:
        """Let a frozen process go on."""
        assert process.pid is not None
        os.kill(process.pid, signal.SIGCONT)

    def wait_for(self, true: Callable[[], bool]) -> None:
        """Wait until it is so."""
        until = time.monotonic() + LONGEST_S
        while not true():
            assert time.monotonic() < until, "it never was so"
            time.sleep(0.02)

    def said(self, process: BaseProcess) -> str:
        """Return the end of the process's log."""
        path = self.folder / f"{process.name}.log"
        return path.read_text(encoding="utf-8")[-3000:] if path.exists() else "nothing"

    def forget_engine(self) -> None:
        """Throw away the engine's file."""
        found = list(self.folder.glob("engine.db*"))
        assert found
        for path in found:
            path.unlink()

    # The records, from the outside, while no process is at them (SQLite), or whenever (PostgreSQL).

    def store(self) -> Store:
        """Open the records; the caller closes them."""
        return Store.open(
            self._records_url,
            signer=signer_at(self.folder / "audit.key", trust=self.folder / "audit.pub"),
            anchors=folder_anchors(self.folder / "anchors"),
            clock=self.clock,
        )

    def run(self) -> Run:
        """Return the run."""
        store = Store.read_only(self._records_url, clock=self.clock)
        try:
            (run,) = store.runs(open_only=False)
        finally:
            store.close()
        return run

    def attempts(self, step: str) -> list[Attempt]:
        """Return every try at a call of the step."""
        store = Store.read_only(self._records_url, clock=self.clock)
        try:
            return [one for run in store.runs(open_only=False) for one in store.attempts(run.id) if one.step == step]
        finally:
            store.close()

    def approvals(self, step: str) -> list[ApprovalState]:
        """Return what became of every request for the step, newest first."""
        store = Store.read_only(self._records_url, clock=self.clock)
        try:
            return [one.state for one in store.approvals() if one.step == step]
        finally:
            store.close()

    def why_over(self, step: str) -> str:
        """Return why the newest request for the step is over."""
        store = Store.read_only(self._records_url, clock=self.clock)
        try:
            return next(one.ended_why for one in store.approvals() if one.step == step)
        finally:
            store.close()

    def is_behind_its_anchors(self) -> bool:
        """Return whether the records are an older copy."""
        store = self.store()
        try:
            return store.behind_anchor() is not None
        finally:
            store.close()

    def insist_the_audit_is_whole(self) -> None:
        """Verify the audit as an auditor would."""
        keys = trusted_keys(self.folder / "audit.pub")
        verified = verify_store(
            self._records_url, keys=keys, anchors=folder_anchors(self.folder / "anchors"), every_signature=True
        )
        assert verified.problems == ()
        assert verified.records > 0

    # The lake, from the outside.

    def effects(self) -> Effects:
        """Return what was done to the lake since it broke."""
        clients, names = self._lake.clients, self._lake.names
        pages = clients.sfn.get_paginator("list_executions").paginate(stateMachineArn=names.state_machine_arn)
        started = [found["name"] for page in pages for found in page["executions"]]
        return Effects(
            breaker=tuple(self._state(version) for version in self._versions()[len(self._before) :]),
            probes=len([name for name in started if name.startswith(PROBE_PREFIX)]),
            rule=clients.events.describe_rule(Name=names.schedule_rule)["State"],
            disabled=self.edge.performed["DisableRule"],
            enabled=self.edge.performed["EnableRule"],
        )

    def _versions(self) -> list[str]:
        clients, names = self._lake.clients, self._lake.names
        found = clients.s3.list_object_versions(Bucket=names.artifacts_bucket, Prefix=names.breaker_key)
        assert not found.get("DeleteMarkers")
        newest_first = [version["VersionId"] for version in found["Versions"]]
        return newest_first[::-1]

    def _state(self, version: str) -> str:
        names = self._lake.names
        found = self._lake.clients.s3.get_object(
            Bucket=names.artifacts_bucket, Key=names.breaker_key, VersionId=version
        )
        return str(json.loads(found["Body"].read())["state"])

    def close(self) -> None:
        """End what is left, however the test went."""
        for process in self._alive:
            process.kill()
            process.join(10)
        self.edge.close()
