"""Finishing what a dead replica left: by DBOS's public calls, under a claim of the records."""

import logging
from datetime import timedelta

from dbos import DBOS, WorkflowStatus

from bot.engine.naming import read
from bot.ports import Claims

log = logging.getLogger(__name__)


class Takeover:
    """Look for works of replicas that stopped beating and have them run again, each claimed by one.

    DBOS does not look at who runs a workflow that it is asked to resume: resuming a live one runs it twice
    (measured), and so do two survivors that both resume. Hence heartbeat, claim, and a second look after it.
    """

    def __init__(
        self,
        *,
        claims: Claims,
        installation: str,
        replica: str,
        workflow: str,
        dead_after: timedelta,
        alone: bool,
    ) -> None:
        """Take `alone` where no other process can have these tables open: all others are then dead."""
        self._claims = claims
        self._installation = installation
        self._replica = replica
        self._workflow = workflow
        self._dead_after = dead_after
        self._alone = alone

    def __call__(self) -> None:
        """Take over what can be taken over now."""
        orphans = [row for row in self._pending() if self._is_another_s(row)]
        if not orphans:
            return
        dead = self._dead(orphans)
        for row in orphans:
            if row.executor_id in dead:
                self._resume(row, of=row.executor_id)

    def _pending(self, workflow_id: str | None = None) -> list[WorkflowStatus]:
        return DBOS.list_workflows(
            workflow_ids=None if workflow_id is None else [workflow_id],
            name=self._workflow,
            status="PENDING",
            load_input=False,
            load_output=False,
        )

    def _is_another_s(self, row: WorkflowStatus) -> bool:
        ours = read(row.workflow_id, installation=self._installation) is not None
        return ours and row.executor_id != self._replica

    def _dead(self, orphans: list[WorkflowStatus]) -> frozenset[str]:
        if self._alone:
            return frozenset(row.executor_id for row in orphans if row.executor_id is not None)
        return self._claims.dead(after=self._dead_after)

    def _resume(self, row: WorkflowStatus, *, of: str) -> None:
        if not self._claims.claim(row.workflow_id, of=of, by=self._replica):
            return
        # Between the look and the claim another survivor may have taken it over and run it already.
        if any(still.executor_id == of for still in self._pending(row.workflow_id)):
            log.warning("Taking over work.", extra={"workflow": row.workflow_id, "of": of})
            DBOS.resume_workflow(row.workflow_id)
