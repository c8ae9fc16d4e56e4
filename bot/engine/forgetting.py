"""Throwing away the engine's rows of work that ended long ago; the records keep what happened."""

from datetime import UTC, datetime, timedelta

from dbos import DBOS

from bot.engine.naming import read
from bot.engine.status import ENDED, IN_FLIGHT

RETENTION = timedelta(days=1)
BATCH = 500


class Forgetting:
    """Delete rows that ended longer than `retention` ago, so that the tables stay small for years."""

    def __init__(self, *, installation: str, workflow: str, retention: timedelta) -> None:
        self._installation = installation
        self._workflow = workflow
        self._retention = retention

    def __call__(self) -> None:
        """Delete the oldest batch; leave every row of a work in flight, as its turns are counted by them."""
        # DBOS stamps its rows with real time, so real time says how old they are; no decision hangs on it.
        before = datetime.now(UTC) - self._retention  # noqa: TID251 - the Clock port is movable, DBOS's is not
        ended = DBOS.list_workflows(
            name=self._workflow,
            status=list(ENDED),
            completed_before=before.isoformat(),
            limit=BATCH,
            load_input=False,
            load_output=False,
        )
        old = [row.workflow_id for row in ended]
        in_flight = self._works_in_flight() if old else set()
        if gone := [name for name in old if self._work(name) not in in_flight]:
            DBOS.delete_workflows(gone)

    def _works_in_flight(self) -> set[str | None]:
        rows = DBOS.list_workflows(name=self._workflow, status=list(IN_FLIGHT), load_input=False, load_output=False)
        return {self._work(row.workflow_id) for row in rows}

    def _work(self, workflow_id: str) -> str | None:
        turn = read(workflow_id, installation=self._installation)
        return None if turn is None else turn.work
