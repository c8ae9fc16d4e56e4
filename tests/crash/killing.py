"""Records that end, or freeze, the process they are in at a chosen instant of a chosen write."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from bot.domain.approval import ApprovalState, ConsumedApproval
from bot.domain.records import Change, Taken, Taking
from bot.records.store import Store

At = Literal["write", "take", "mark", "outcome", "approved"]


@dataclass(frozen=True, kw_only=True)
class Kill:
    """Name the instant.

    Attributes:
        at: `write` is any change of a run or approval, be it a commit or a take.
        step: counts only writes about a call of this step.
        freezes: SIGSTOP instead of SIGKILL.
    """

    at: At
    when: Literal["before", "after"]
    nth: int = 1
    step: str | None = None
    freezes: bool = False


class KillingStore(Store):
    """Keep everything as the real records do, and stop the process where `kill` says."""

    kill: Kill | None = None

    def commit(self, change: Change) -> None:
        """Keep the change, if the process lives to."""
        kinds: list[tuple[At, str | None]] = [("outcome", self._step_of(one.attempt)) for one in change.outcomes]
        kinds += [("approved", one.step) for one in change.approvals if one.state is ApprovalState.APPROVED]
        kinds += [("write", None)] if change.runs or change.approvals or change.outcomes else []
        with self._around(*kinds):
            super().commit(change)

    def take(self, taking: Taking) -> Taken:
        """Take the call, if the process lives to."""
        with self._around(("take", taking.attempt.step), ("write", None)):
            taken = super().take(taking)
            self._steps[taken.attempt] = taking.attempt.step
        return taken

    def retake(self, attempt: int, *, owner: str, again: bool = False) -> ConsumedApproval:
        """Remember which step it is about; this is no instant of its own."""
        permit = super().retake(attempt, owner=owner, again=again)
        run = self.approval(permit.approval).run
        self._steps.update({one.id: one.step for one in self.attempts(run)})
        return permit

    def mark_sending(self, attempt: int, *, owner: str) -> None:
        """Mark the attempt, if the process lives to."""
        with self._around(("mark", self._step_of(attempt))):
            super().mark_sending(attempt, owner=owner)

    @property
    def _steps(self) -> dict[int, str]:
        found: dict[int, str] = self.__dict__.setdefault("_known_steps", {})
        return found

    def _step_of(self, attempt: int) -> str | None:
        return self._steps.get(attempt)

    @contextmanager
    def _around(self, *kinds: tuple[At, str | None]) -> Iterator[None]:
        fires = self._fires(kinds)
        if fires == "before":
            self._stop()
        yield
        if fires == "after":
            self._stop()

    def _fires(self, kinds: tuple[tuple[At, str | None], ...]) -> str | None:
        kill = self.kill
        if kill is None or not any(at == kill.at and kill.step in {None, step} for at, step in kinds):
            return None
        with self.__dict__.setdefault("_counting", Lock()):
            count: int = self.__dict__.get("_count", 0) + 1
            self.__dict__["_count"] = count
        return kill.when if count == kill.nth else None

    def _stop(self) -> None:
        if self.kill and self.kill.freezes:
            # To this very thread: the whole process stops, but a thread that was not asked first may get further.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
