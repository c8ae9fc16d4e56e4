"""The whole local lake as one thing: started, seeded, reset, closed.

One lake per process: moto keeps what it stores in the process.
"""

import logging
from threading import Thread
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from moto.core.base_backend import BackendDict
from moto.sqs.models import sqs_backends

from bot.errors import InvalidError
from bot.workbench.lake import answers, builds, history, interpreter, mending, metrics, noise, scans
from bot.workbench.lake.alarms import Evaluator
from bot.workbench.lake.clients import Clients, Credentials, connect
from bot.workbench.lake.load import Load
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.seed import Seeded, seed
from bot.workbench.lake.server import Server, launch_credentials, load_slow_parts
from bot.workbench.lake.worker import Worker

if TYPE_CHECKING:
    from datetime import datetime

    from bot.workbench.clock import Clock

log = logging.getLogger(__name__)


class Lake:
    """Serve a seeded lake whose pipeline runs and whose alarms go off.

    Args:
        clock: the movable clock; Start over resets it with the lake.
    """

    def __init__(self, *, clock: "Clock", names: LakeNames | None = None) -> None:
        self.names = LakeNames() if names is None else names
        self.clock = clock
        self.credentials: Credentials = launch_credentials()
        self._running: _Running | None = None

    def start(self) -> None:
        """Serve, seed and let the pipeline run; returns when the lake is ready."""
        loading = Thread(target=load_slow_parts, name="lake-loading", daemon=True)
        loading.start()
        server = Server(self.credentials)
        server.start()
        try:
            interpreter.mend(endpoint_url=server.endpoint_url, credentials=self.credentials)
            builds.mend(self.names)
            scans.mend(self.names)
            history.mend(self.names)
            metrics.order_dimensions()
            clients = connect(endpoint_url=server.endpoint_url, credentials=self.credentials, region=self.names.region)
            answers.mend(self.names, clients)
            seeded = seed(clients, self.names, now=self.clock.now())
        except BaseException:
            server.close()
            raise
        self._running = _Running(server, clients, seeded, self)
        server.well = self._running.load.well
        self._running.start()

    @property
    def endpoint_url(self) -> str:
        """Return where the lake answers, on loopback."""
        return self._now.server.endpoint_url

    @property
    def endpoints(self) -> dict[str, str]:
        """Return where what is no AWS answers, by name."""
        return {self.names.endpoint: self._now.server.health_url}

    @property
    def clients(self) -> Clients:
        """Return the workbench's own clients; the bot makes its own from endpoint and credentials."""
        return self._now.clients

    @property
    def seeded(self) -> Seeded:
        """Return what was there before anything broke."""
        return self._now.seeded

    def queue_url(self, queue: str) -> str:
        """Return the URL of one of the lake's queues."""
        return self.seeded.queue_urls[queue]

    def look(self) -> None:
        """Have the alarms looked at now instead of within a second; for after the clock was moved."""
        self._now.evaluator.loop.wake()

    def look_through(self) -> None:
        """Look at the alarms, and return when each stands as the data ask for."""
        self._now.evaluator.loop.turn()

    def take_memory_away(self) -> None:
        """Make the next load run out of memory half way through its writing."""
        self._now.load.take_memory_away()

    def spoil(self, code: str) -> None:
        """Let code that is deployed fail wherever it runs: a job's artifact, or a function's version as `name:2`."""
        self._now.load.spoil(code)

    def surround(self, scenario: str, *, at: "datetime", lines: int = noise.LINES, run_id: str = "") -> int:
        """Write synthetic lines around a failure that began at `at`, for whoever is to make sense of them later.

        No scenario asks for it: it takes seconds. It may run beside the lake, in a thread of its own.
        """
        said = noise.around(scenario, at=at, lines=lines, run_id=run_id)
        return noise.write(self.clients.logs, self.names, said)

    def pause(self) -> None:
        """Hold the pipeline's worker and the alarms; returns when neither is at work."""
        self._now.pause()

    def resume(self) -> None:
        """Let both go on."""
        self._now.resume()

    def reset(self) -> None:
        """Start over: back to the host's time and to the lake as it was seeded, at the same address."""
        running = self._now
        running.pause()
        running.stop_executions()
        running.load.take_memory_away(away=False)
        running.load.mend_code()
        self.clock.reset()
        _forget_everything_but_queues(self.names)
        running.seeded = seed(running.clients, self.names, now=self.clock.now())
        running.evaluator.begin_again(beaten=running.seeded.beaten)
        running.resume()

    def close(self) -> None:
        """Stop every thread, then the server; what was stored is gone."""
        if self._running is not None:
            self._running.close()
            self._running = None
            mending.restore()

    @property
    def _now(self) -> "_Running":
        if self._running is None:
            raise InvalidError("The lake is not started. Call start() first.")
        return self._running


class _Running:
    """Hold what exists between start and close."""

    def __init__(self, server: Server, clients: Clients, seeded: Seeded, lake: Lake) -> None:
        names, clock = lake.names, lake.clock
        self.server = server
        self.clients = clients
        self.seeded = seeded
        self._names = names
        self.evaluator = Evaluator(clients=clients, names=names, clock=clock, beaten=seeded.beaten)
        self.load = Load(clients=clients, names=names, clock=clock)
        self.worker = Worker(
            clients=clients,
            load=self.load,
            queue_url=lambda: self.seeded.queue_urls[names.worker_queue],
            answered=self.evaluator.loop.wake,
        )

    def start(self) -> None:
        self.worker.loop.start()
        self.evaluator.loop.start()

    def pause(self) -> None:
        self.worker.loop.pause()
        self.evaluator.loop.pause()

    def resume(self) -> None:
        self.worker.loop.resume()
        self.evaluator.loop.resume()

    def stop_executions(self) -> None:
        """Stop what still runs, so that no thread of the interpreter waits for a token that never comes."""
        sfn = self.clients.sfn
        found = sfn.list_executions(
            stateMachineArn=self._names.state_machine_arn, statusFilter="RUNNING", maxResults=100
        )
        for execution in found["executions"]:
            sfn.stop_execution(executionArn=execution["executionArn"])

    def close(self) -> None:
        self.worker.loop.stop()
        self.evaluator.loop.stop()
        try:
            self.stop_executions()
        except (BotoCoreError, ClientError):
            log.exception("Executions could not be stopped; their threads end with the process.")
        self.clients.close()
        self.server.close()


def _forget_everything_but_queues(names: LakeNames) -> None:
    """Empty moto, but keep the queues themselves: whoever waits on one would go on waiting on a forgotten one."""
    in_use = vars(BackendDict)["_instances"]
    if sqs_backends in in_use:
        in_use.remove(sqs_backends)
    BackendDict.reset()
    in_use.append(sqs_backends)
    backend = sqs_backends[names.account][names.region]
    for name, queue in backend.queues.items():
        queue.last_purged_at = None  # two Start overs within a minute are no mistake here
        backend.purge_queue(name)
