"""Executions of state machines: list, see, start one by a derived name, stop one."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bot.actions.listing import all_listed
from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Call, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.strictjson import canonical, digest
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError

MOST_EXECUTIONS = 200
MOST_PAGES = 5
PAGE = 100
MACHINE_NAME = r"^[A-Za-z0-9_-]{1,80}$"  # a name of the platform, never an ARN


class ListExecutions(Params):
    """Name the state machine, and which executions are wanted."""

    machine: Annotated[str, Field(pattern=MACHINE_NAME)]
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


class Started(Returns):
    """Name one execution and when it started."""

    name: str
    arn: str
    started: str


class Executions(Returns):
    """Return executions, newest first, 200 at most."""

    count: int
    executions: list[Started]


def executions(look: Look, params: ListExecutions, _now: datetime) -> JsonObject:
    """Return the executions of that status."""
    found: list[JsonValue] = []
    more: JsonObject = {}
    for _ in range(MOST_PAGES):
        page = look(
            "states.executions",
            stateMachineArn=params.machine,
            statusFilter=params.status,
            maxResults=PAGE,
            **more,
        )
        if page.get("found") is False:
            raise InvalidError(f"There is no state machine {params.machine}.")
        items = page.get("executions")
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                found.append({"name": item["name"], "arn": item["executionArn"], "started": item["startDate"]})
        if not page.get("nextToken") or len(found) >= MOST_EXECUTIONS:
            break
        more = {"nextToken": page["nextToken"]}
    kept = found[:MOST_EXECUTIONS]
    return {"count": len(kept), "executions": kept}


class NameExecution(Params):
    """Name the execution, as a listing or a start returned it."""

    arn: str


class Execution(Returns):
    """Return how the execution stands; `error`, `cause` and `stopped` are empty while there is none."""

    name: str
    arn: str
    status: str
    error: str
    cause: str
    started: str
    stopped: str


def execution(look: Look, params: NameExecution, _now: datetime) -> JsonObject:
    """Return how the execution stands."""
    return execution_of(look, params.arn)


def execution_of(look: Look, arn: str) -> JsonObject:
    """Return how the execution of that ARN stands.

    Raises:
        InvalidError: there is none.
    """
    answer = look("states.execution", executionArn=arn)
    if answer.get("found") is False:
        raise InvalidError(f"There is no execution {shown(arn)}.")
    return {
        "name": answer["name"],
        "arn": answer["executionArn"],
        "status": answer["status"],
        "error": answer.get("error", ""),
        "cause": answer.get("cause", ""),
        "started": answer["startDate"],
        "stopped": answer.get("stopDate", ""),
    }


class Source(Params):
    """Name a file the execution will read, so that its version is part of what is approved."""

    bucket: str
    key: str


class Folder(Params):
    """Name everything under a prefix that the execution will read, however much: bound as a whole."""

    bucket: str
    prefix: Annotated[str, Field(pattern=r"^bronze/[A-Za-z0-9_=/-]{1,300}$")]


class RunMachine(Params):
    """Say what to start; the name is `name_prefix` and twelve hex digits of this very occasion.

    Attributes:
        sources: files it will read, 20 at most; one that is another by the time of the call voids the approval.
        folders: the same for all files under a prefix.
    """

    machine: Annotated[str, Field(pattern=MACHINE_NAME)]
    name_prefix: str
    input: JsonObject
    sources: list[Source] = Field(default=[], max_length=20)
    folders: list[Folder] = Field(default=[], max_length=3)


def propose_run(look: Look, params: RunMachine, occasion: Occasion) -> Proposal:
    """Propose one named execution, having seen the machine's definition and the files it will read."""
    machine = look("states.machine", stateMachineArn=params.machine)
    if machine.get("found") is False:
        raise InvalidError(f"There is no state machine {params.machine}.")
    isolated = params.input.get("promote") is False
    name = f"{params.name_prefix.rstrip('-')}-{occasion.token()}"
    call = look.call(
        start_row(params.input),
        stateMachineArn=params.machine,
        name=name,
        input=canonical(params.input).decode(),
    )
    sources: list[JsonValue] = [_source(look, source) for source in params.sources]
    sources += [_folder(look, folder) for folder in params.folders]
    files = ", ".join(
        [source.key.rsplit("/", 1)[-1] for source in params.sources]
        + [f"the files under {folder.prefix}" for folder in params.folders]
    )
    return Proposal(
        calls=(call,),
        seen={"machine": definition(machine), "sources": sources},
        effect=f"Starts {params.machine} once as {name}" + (f" on {files}" if files else "") + ".",
        changes=f"execution {name}: none -> RUNNING",
        untouched="Promotes nothing: what readers are given stays as it is." if isolated else "",
    )


def start_row(given: JsonObject) -> str:
    """Return which row admits a start with this input, if any does."""
    if given.get("promote") is not False:
        return "states.start"
    if "smoke" in given:
        return "states.smoke"
    if "source" in given:
        return "states.compact" if given["source"] == "current" else "states.retry_quarantine"
    if "month" in given:
        return "states.start_month"
    return "states.start_isolated" if "raw_key" in given else "states.start_day"


def definition(machine: JsonObject) -> JsonObject:
    """Return what of a state machine decides."""
    return {
        "name": machine["name"],
        "revision": machine.get("revisionId", ""),
        "definition": machine["definition"],
        "role": machine["roleArn"],
    }


def _source(look: Look, source: Source) -> JsonObject:
    answer = look("s3.head_source", Bucket=source.bucket, Key=source.key)
    if answer.get("found") is False:
        raise InvalidError(f"There is no file {shown(source.key)} in {source.bucket}.")
    return {
        "bucket": source.bucket,
        "key": source.key,
        "etag": answer["ETag"],
        "version_id": answer.get("VersionId", ""),
        "size": answer["ContentLength"],
    }


def _folder(look: Look, folder: Folder) -> JsonObject:
    found = all_listed(look, folder.bucket, folder.prefix)
    if not found:
        raise InvalidError(f"There is no file under {folder.prefix} in {folder.bucket}.")
    return {
        "bucket": folder.bucket,
        "prefix": folder.prefix,
        "files": len(found),
        "bytes": sum(one.size for one in found),
        "digest": digest([[one.key, one.etag, one.size] for one in found]),
    }


def settle_start(look: Look, call: Call) -> JsonObject | None:
    """Return the answer a start would have had, if an execution of that name is there."""
    machine, name = str(call.params["stateMachineArn"]), str(call.params["name"])
    arn = f"{machine.replace(':stateMachine:', ':execution:', 1)}:{name}"
    found = look("states.execution", executionArn=arn)
    return None if found.get("found") is False else {"executionArn": arn}


def observe_run(look: Look, _params: RunMachine, answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how the started execution stands.

    Raises:
        WorldChangedError: there was no answer that names it.
    """
    if not answers:
        raise WorldChangedError("No execution was started.", field="execution", was="started", now="none")
    return execution_of(look, str(answers[-1]["executionArn"]))


class StopExecution(Params):
    """Name the execution, and say why in words that its history keeps."""

    arn: str
    cause: str


class ExecutionStatus(Returns):
    """Return the execution's status."""

    status: str


def propose_stop(look: Look, params: StopExecution, _occasion: Occasion) -> Proposal:
    """Propose to stop the execution; nothing where it does not run any more."""
    seen = execution_of(look, params.arn)
    status = seen["status"]
    name = re.sub(r".*:", "", params.arn)
    if status != "RUNNING":
        words = f"The execution {name} is {status} already."
        return Proposal(calls=(), seen={"status": status}, effect=words, changes="nothing", already=True)
    return Proposal(
        calls=(look.call("states.stop", executionArn=params.arn, cause=params.cause),),
        seen={"status": status},
        effect=f"Stops the execution {name}; it does not start again by itself.",
        changes="status: RUNNING -> ABORTED",
        untouched="What it wrote so far stays under its own run id; nothing is promoted.",
    )


def observe_stop(look: Look, params: StopExecution, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the execution's status now."""
    return {"status": execution_of(look, params.arn)["status"]}


ACTIONS = (
    Action(
        id="stepfunctions.executions",
        title="List executions",
        params=ListExecutions,
        returns=Executions,
        rows=("states.executions",),
        read=executions,
    ),
    Action(
        id="stepfunctions.execution",
        title="See how an execution stands",
        params=NameExecution,
        returns=Execution,
        rows=("states.execution",),
        read=execution,
    ),
    Action(
        id="stepfunctions.run",
        title="Start one execution",
        params=RunMachine,
        returns=Execution,
        rows=(
            "states.machine",
            "s3.head_source",
            "s3.list",
            "states.start_isolated",
            "states.start_day",
            "states.start_month",
            "states.smoke",
            "states.compact",
            "states.retry_quarantine",
            "states.start",
            "states.execution",
        ),
        risk=Risk.CHANGE,
        propose=propose_run,
        observe=observe_run,
        settle=settle_start,
    ),
    Action(
        id="stepfunctions.stop",
        title="Stop an execution",
        params=StopExecution,
        returns=ExecutionStatus,
        rows=("states.execution", "states.stop"),
        risk=Risk.CONTROL,
        propose=propose_stop,
        observe=observe_stop,
    ),
)
