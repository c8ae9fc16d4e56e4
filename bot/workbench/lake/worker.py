"""The workbench's worker: takes tasks of the state machine from their queue and answers their tokens.

What a task does is in load.py.
"""

import json
import logging
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import EdgeError
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.load import Load
from bot.workbench.lake.loop import Loop
from bot.workbench.lake.task import Done, Failed, Task

log = logging.getLogger(__name__)

_WAIT_SECONDS = 5
_BROKEN = "WorkerError"


class Worker:
    """Answer tasks one after another.

    Args:
        answered: called after each task, so that alarms look at once.
    """

    def __init__(
        self, *, clients: Clients, load: Load, queue_url: Callable[[], str], answered: Callable[[], None]
    ) -> None:
        self._sqs = clients.sqs
        self._sfn = clients.sfn
        self._load = load
        self._queue_url = queue_url
        self._answered = answered
        self.loop = Loop(self.take_one, name="lake-worker", rest=0, nudge=self._nudge)

    def take_one(self) -> None:
        """Wait a while for a task and do it."""
        queue_url = self._queue_url()
        found = self._sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=_WAIT_SECONDS)
        for message in found.get("Messages", []):
            task = _read(message["Body"])
            if task is not None:
                self._answer(task, self._attempt(task))
            self._sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _attempt(self, task: Task) -> Done | Failed:
        try:
            return self._load.promote(task) if task.kind == "promote" else self._load.run(task)
        except (BotoCoreError, ClientError, EdgeError, ValueError, KeyError) as broken:
            log.exception("The worker could not do a task.", extra={"run": task.run_id})
            return Failed(error=_BROKEN, cause=f"{type(broken).__name__}: {broken}")

    def _answer(self, task: Task, outcome: Done | Failed) -> None:
        try:
            if isinstance(outcome, Done):
                self._sfn.send_task_success(taskToken=task.token, output=json.dumps(outcome.output))
            else:
                self._sfn.send_task_failure(taskToken=task.token, error=outcome.error, cause=outcome.cause)
        except (
            self._sfn.exceptions.InvalidToken,
            self._sfn.exceptions.TaskDoesNotExist,
            self._sfn.exceptions.TaskTimedOut,
        ):
            log.info("Nobody waits for a task any more.", extra={"run": task.run_id})
        self._answered()

    def _nudge(self) -> None:
        """End the wait for a message with one that is no task."""
        self._sqs.send_message(QueueUrl=self._queue_url(), MessageBody='{"task": "none"}')


def _read(body: str) -> Task | None:
    message = json.loads(body)
    if message["task"] not in ("etl", "promote"):
        return None
    return Task(
        kind=message["task"],
        token=message["token"],
        run_id=message["run_id"],
        execution_arn=message["execution_arn"],
        given=message["input"],
    )
