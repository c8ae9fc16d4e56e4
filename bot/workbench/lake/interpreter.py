"""What moto's Step Functions interpreter does differently from AWS, mended in one tested place.

Measured on moto 5.2.5: it calls its own port with fixed credentials; the body of `s3:getObject` stays a
stream; `SendTaskFailure` loses the cause; `StopExecution` waits for a task token that may never come, and fails where
the execution's thread has not begun.
Nothing else of moto is touched.
"""

from threading import Lock
from time import monotonic, sleep
from types import SimpleNamespace
from typing import TYPE_CHECKING

from botocore.config import Config
from moto.core.responses import ActionResult, EmptyResult

from bot.aws.models import core_session
from bot.workbench.lake.clients import Credentials
from bot.workbench.lake.mending import replace, spared

# It knows Batch's jobs too, and would load all of EC2 for two words: a fourth of what a start takes.
with spared("moto.batch.utils", JobStatus=SimpleNamespace(SUCCEEDED="SUCCEEDED", FAILED="FAILED")):
    from moto.stepfunctions.parser.asl.utils import boto_client
    from moto.stepfunctions.parser.backend import execution
    from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends
    from moto.stepfunctions.responses import StepFunctionResponse

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.client import BaseClient

BEGINS_WITHIN_S = 10.0


def mend(*, endpoint_url: str, credentials: Credentials) -> None:
    """Make the interpreter of this process use this endpoint and key, and stop and fail as AWS does."""
    vars(boto_client)["boto3"] = _LaunchClients(endpoint_url, credentials)
    vars(execution)["ExecutionWorker"] = _PromptWorker
    replace(StepFunctionResponse, "send_task_failure", _send_task_failure)


class _LaunchClients:
    """Stand in for the module `boto3` where the interpreter makes its clients."""

    def __init__(self, endpoint_url: str, credentials: Credentials) -> None:
        self._endpoint_url = endpoint_url
        self._credentials = credentials
        self._session = core_session()
        self._made: dict[tuple[str, str], BaseClient] = {}
        self._lock = Lock()  # executions run side by side; making a client is not thread-safe

    def client(self, *, service_name: str, region_name: str, config: Config, **_given: str) -> "BaseClient":
        """Return a client of the lake, whatever endpoint and credentials were asked for."""
        with self._lock:
            if (service_name, region_name) not in self._made:
                self._made[service_name, region_name] = self._make(service_name, region_name, config)
            return self._made[service_name, region_name]

    def _make(self, service_name: str, region_name: str, config: Config) -> "BaseClient":
        made = self._session.create_client(
            service_name,
            region_name=region_name,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=self._credentials.access_key_id,
            aws_secret_access_key=self._credentials.secret_access_key,
            config=config,
        )
        if service_name == "s3":
            made.meta.events.register("after-call.s3.GetObject", _read_body)
        return made


def _read_body(parsed: dict[str, object], **_: object) -> None:
    """Hand the state machine text, as the AWS SDK integration does."""
    read = getattr(parsed.get("Body"), "read", None)
    if read is not None:
        parsed["Body"] = read().decode("utf-8")


class _PromptWorker(ExecutionWorker):
    """Stop at once, also before its thread has begun, and while a task waits for its token."""

    def stop(self, stop_date: "datetime", error: str | None, cause: str | None) -> None:
        """Mark the execution stopped, then wake whatever it waits for."""
        give_up = monotonic() + BEGINS_WITHIN_S
        while not self._has_begun() and monotonic() < give_up:
            sleep(0.01)
        if self.env is None or not self._has_begun():
            raise TimeoutError("The execution's thread has not begun; stop it again.")
        super().stop(stop_date=stop_date, error=error, cause=cause)
        vars(self.env)["set_error"] = _ignore  # what is woken would call its own end a failure
        for endpoint in list(vars(self.env.callback_pool_manager)["_pool"].values()):
            endpoint.interrupt_all()

    def _has_begun(self) -> bool:
        """Return whether its program has a state; before that, what stops it is forgotten."""
        return self.env is not None and self.env.program_state() is not None


def _ignore(error: object) -> None:
    """Leave the execution stopped."""


def _send_task_failure(self: StepFunctionResponse) -> ActionResult:
    backend = stepfunctions_parser_backends[self.current_account][self.region]
    parameter = self._get_param
    backend.send_task_failure(parameter("taskToken"), error=parameter("error"), cause=parameter("cause"))
    return EmptyResult()
