"""The engine on DBOS Transact: one workflow for every work, carrying its id and nothing else.

Nothing here waits for people or machines, and nothing here decides: the records say what is open, the engine
makes it run, here or, after this process died, on another replica.
"""

import logging
from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from typing import Final

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos._error import DBOSException, DBOSWorkflowIDInUseError

from bot.engine.forgetting import RETENTION, Forgetting
from bot.engine.inflight import InFlight
from bot.engine.naming import FIRST_TURN, Turn, read
from bot.engine.refusal import refuse_pickle
from bot.engine.status import IN_FLIGHT
from bot.engine.takeover import Takeover
from bot.engine.ticker import Ticker
from bot.engine.wal import Rebuildable, is_sqlite, write_ahead
from bot.ports import Claims

log = logging.getLogger(__name__)

APPLICATION: Final = "runbook-bot"
WORKFLOW: Final = "perform"
SCHEMA: Final = "engine"
# Pinned, as the workflow is data-driven: a hash of its source would strand what an older release left open.
VERSION: Final = "engine-1"

DRAIN: Final = timedelta(seconds=5)
FORGETTING: Final = timedelta(minutes=1)
# DBOS writes the outcome right after the work ends; cut off there, the work would be looked at once more.
RECORDING: Final = timedelta(milliseconds=50)


class DbosEngine:
    """Perform each work at least once and, while it is in flight anywhere, only once."""

    def __init__(
        self,
        *,
        perform: Callable[[str], None],
        claims: Claims,
        database_url: str,
        installation: str,
        replica: str,
        concurrency: int = 8,
        heartbeat: timedelta = timedelta(milliseconds=300),
        dead_after: timedelta = timedelta(seconds=2),
        polling: timedelta = timedelta(milliseconds=200),
        drain: timedelta = DRAIN,
        retention: timedelta = RETENTION,
    ) -> None:
        """Take a `replica` no other process ever had, and `polling`, which bounds how long a stop takes."""
        self._perform = perform
        self._claims = claims
        self._database_url = database_url
        self._installation = installation
        self._replica = replica
        self._concurrency = concurrency
        self._polling = polling
        self._drain = drain
        self._in_flight = InFlight()
        self._workflow: Callable[[str], str] | None = None
        self._heartbeat = Ticker(self._beat, name="engine-heartbeat", every=heartbeat)
        self._takeover = Ticker(
            Takeover(
                claims=claims,
                installation=installation,
                replica=replica,
                workflow=WORKFLOW,
                dead_after=dead_after,
                alone=is_sqlite(database_url),
            ),
            name="engine-takeover",
            every=dead_after / 4,
        )
        self._forgetting = Ticker(
            Forgetting(installation=installation, workflow=WORKFLOW, retention=retention),
            name="engine-forgetting",
            every=FORGETTING,
        )

    def launch(self) -> None:
        """Open the engine's tables and begin: heartbeat first, so that nobody takes this replica for dead."""
        refuse_pickle()
        _let_logs_through()
        if is_sqlite(self._database_url):
            write_ahead(self._database_url)
        self._beat()
        DBOS(config=self._config())  # hands back the one there is, if there is one
        if self._replica != DBOS.executor_id:
            msg = "This process runs an engine already: close that one before launching another."
            raise RuntimeError(msg)
        self._workflow = self._register()
        DBOS.launch()
        for ticker in (self._heartbeat, self._takeover, self._forgetting):
            ticker.start()

    def start(self, work: str) -> None:
        """Make sure that an open work is in flight somewhere; say nothing about when it ends.

        Costs a look into a set if the work is held here, one read if it is in flight elsewhere. While the
        engine closes it does nothing: the records still have the work open.
        """
        if not self._in_flight.take(work):
            return
        started = False
        try:
            # Outside the caller's context: DBOS would make a work started by a work its child, and replay it.
            started = Context().run(self._start, work)
        finally:
            if not started:
                self._in_flight.release(work)

    def close(self) -> None:
        """Begin nothing more, let what is being performed end, stop every thread; the heartbeat goes last."""
        if self._workflow is None:
            return
        self._takeover.stop()
        self._forgetting.stop()
        left = self._in_flight.close(patience=self._drain, settle=RECORDING)
        if left:
            log.warning("Closed in the middle of work; it is run again.", extra={"works": left})
        # The registry too: it holds this engine's workflow only, and the next launch registers its own.
        DBOS.destroy(destroy_registry=True)
        self._workflow = None
        self._heartbeat.stop()

    def _config(self) -> DBOSConfig:
        on_a_file = {"connect_args": {"factory": Rebuildable}}
        return DBOSConfig(
            name=APPLICATION,
            system_database_url=self._database_url,
            dbos_system_schema=SCHEMA,
            application_version=VERSION,
            executor_id=self._replica,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=self._concurrency,
            notification_listener_polling_interval_sec=self._polling.total_seconds(),
            log_level="WARNING",
            db_engine_kwargs=on_a_file if is_sqlite(self._database_url) else None,
        )

    def _register(self) -> Callable[[str], str]:
        def perform(work: str) -> str:
            return self._run(work)

        return DBOS.workflow(name=WORKFLOW)(perform)

    def _beat(self) -> None:
        self._claims.beat(self._replica)

    def _start(self, work: str) -> bool:
        turn = self._next_turn(work)
        if turn is None or self._workflow is None:
            return False
        try:
            with SetWorkflowID(turn.workflow_id, workflow_id_reuse_policy="reject"):
                DBOS.start_workflow(self._workflow, work)
        except DBOSWorkflowIDInUseError:
            return False
        return True

    def _next_turn(self, work: str) -> Turn | None:
        """Return the turn to begin, or None while one is in flight anywhere."""
        first = Turn(installation=self._installation, work=work)
        known = DBOS.list_workflows(workflow_ids=[first.first_id], load_input=False, load_output=False)
        if not known:
            return first
        if known[0].status in IN_FLIGHT:
            return None
        return self._later_turn(first)

    def _later_turn(self, first: Turn) -> Turn | None:
        """Return the turn after the last one; forget all but the last, so that the rows never pile up."""
        found = DBOS.list_workflows(workflow_id_prefix=first.later_prefix, load_input=False, load_output=False)
        if any(row.status in IN_FLIGHT for row in found):
            return None
        turns = [turn for row in found if (turn := read(row.workflow_id, installation=self._installation))]
        mine = sorted((turn for turn in turns if turn.work == first.work), key=lambda turn: turn.number)
        if len(mine) > 1:
            DBOS.delete_workflows([turn.workflow_id for turn in mine[:-1]])
        last = mine[-1].number if mine else FIRST_TURN
        return Turn(installation=self._installation, work=first.work, number=last + 1)

    def _run(self, work: str) -> str:
        with self._in_flight.performing(work) as may:
            if not may:
                return "left for the next start"
            try:
                self._perform(work)
            except DBOSException:
                raise
            except Exception:
                log.exception("A work failed; the records say whether it is run again.", extra={"work": work})
                return "failed"
            return "performed"


def _let_logs_through() -> None:
    """Keep DBOS from installing a console of its own: its warnings go where the bot's go."""
    dbos_log = logging.getLogger("dbos")
    if not dbos_log.handlers:
        dbos_log.addHandler(logging.NullHandler())
