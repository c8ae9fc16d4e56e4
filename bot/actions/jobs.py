"""Glue jobs: how one is set up, how its runs stand, stop or start one, point one at other code."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.rows.glue import HUSH
from bot.actions.tables import object_of
from bot.domain.action import Action, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.strictjson import digest, without_floats
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError

MOST_RUNS = 20
STILL_GOING = frozenset({"STARTING", "RUNNING", "WAITING"})
# What Glue says of a job beside what an update takes.
SAID_BY_GLUE = frozenset({"CreatedOn", "AllocatedCapacity", "ProfileName", "AutoUpgradeMetadata"})


class NameJob(Params):
    """Name a job."""

    job: str


class Job(Returns):
    """Return how a job is set up; without it only `found` is there.

    Attributes:
        key: the key of its script in the bucket it lies in; empty where that cannot be told.
        commit: its argument `--git-sha`, where it has one.
    """

    found: bool
    script: str = ""
    key: str = ""
    commit: str = ""
    modified: str = ""
    workers: int = 0


def job(look: Look, params: NameJob, _now: datetime) -> JsonObject:
    """Return which code a job runs."""
    answer = look("glue.job", JobName=params.job)
    if answer.get("found") is False:
        return {"found": False}
    found = object_of(answer["Job"])
    script = str(object_of(found["Command"]).get("ScriptLocation") or "")
    return {
        "found": True,
        "script": script,
        "key": script.removeprefix("s3://").partition("/")[2] if script.startswith("s3://") else "",
        "commit": object_of(found.get("DefaultArguments")).get("--git-sha", ""),
        "modified": found.get("LastModifiedOn", ""),
        "workers": found.get("NumberOfWorkers", 0),
    }


class JobRun(Returns):
    """Hold how a run of a job stands; `error` and `stopped` are empty while there is none."""

    id: str
    state: str
    attempt: int
    error: str
    started: str
    stopped: str


class JobRuns(Returns):
    """Return a job's newest runs."""

    count: int
    going: int
    runs: list[JobRun]


def job_runs(look: Look, params: NameJob, _now: datetime) -> JsonObject:
    """Return a job's newest runs."""
    answer = look("glue.job_runs", JobName=params.job, MaxResults=MOST_RUNS)
    if answer.get("found") is False:
        raise InvalidError(f"There is no job {params.job}.")
    runs = [_run(one) for one in rows_of(answer.get("JobRuns"))]
    return {
        "count": len(runs),
        "going": sum(1 for one in runs if one["state"] in STILL_GOING),
        "runs": [*runs],
    }


def _run(one: JsonObject) -> JsonObject:
    return {
        "id": one["Id"],
        "state": one["JobRunState"],
        "attempt": one.get("Attempt", 0),
        "error": str(one.get("ErrorMessage") or "")[:1_000],
        "started": one.get("StartedOn", ""),
        "stopped": one.get("CompletedOn") or "",
    }


class NameJobRun(NameJob):
    """Name a run of a job."""

    run_id: str


def job_run(look: Look, params: NameJobRun, _now: datetime) -> JsonObject:
    """Return how a run of a job stands."""
    return _job_run(look, params.job, params.run_id)


def _job_run(look: Look, name: str, run_id: str) -> JsonObject:
    answer = look("glue.job_run", JobName=name, RunId=run_id)
    if answer.get("found") is False:
        raise InvalidError(f"The job {name} has no run {shown(run_id)}.")
    return _run(object_of(answer["JobRun"]))


class JobRunState(Returns):
    """Return the run's state."""

    state: str


def propose_stop(look: Look, params: NameJobRun, _occasion: Occasion) -> Proposal:
    """Propose to stop a run that still goes."""
    state = _job_run(look, params.job, params.run_id)["state"]
    if state not in STILL_GOING:
        words = f"The run is {state} already."
        return Proposal(calls=(), seen={"state": state}, effect=words, changes="nothing", already=True)
    return Proposal(
        calls=(look.call("glue.stop_job_run", JobName=params.job, JobRunIds=[params.run_id]),),
        seen={"going": True},
        effect=f"Stops the run {params.run_id} of {params.job}.",
        changes=f"state: {state} -> STOPPED",
        untouched="What it wrote so far stays under its own run id; nothing is promoted.",
    )


def observe_stop(look: Look, params: NameJobRun, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the run's state."""
    return {"state": _job_run(look, params.job, params.run_id)["state"]}


class StartJob(NameJob):
    """Name a job and what it is about; it has no token of its own, so the call is sent once and never again.

    Attributes:
        partition: which partition it works on.
        run_key: under which run id it writes, e.g. `compact-${run.id}`.
        source_run: which run it reads.
    """

    partition: str
    source_run: str
    run_key: str


def propose_start(look: Look, params: StartJob, _occasion: Occasion) -> Proposal:
    """Propose one run of a job, if none goes now."""
    answer = look("glue.job_runs", JobName=params.job, MaxResults=MOST_RUNS)
    if answer.get("found") is False:
        raise InvalidError(f"There is no job {params.job}.")
    going = [str(one["Id"]) for one in rows_of(answer.get("JobRuns")) if one["JobRunState"] in STILL_GOING]
    if going:
        raise InvalidError(f"{params.job} runs already ({going[0]}); wait for it, or stop it (glue.stop_run).")
    found = object_of(look("glue.job", JobName=params.job)["Job"])
    call = look.call(
        "glue.start_job",
        JobName=params.job,
        Arguments={"--run-key": params.run_key, "--partition": params.partition, "--source-run": params.source_run},
    )
    return Proposal(
        calls=(call,),
        seen={"script": object_of(found["Command"]).get("ScriptLocation", ""), "whole": digest(without_floats(found))},
        effect=f"Starts {params.job} once as {params.run_key}, over {params.partition}.",
        changes=f"job run {params.run_key}: none -> RUNNING",
        untouched="The files it reads; what readers are given.",
    )


class JobStarted(JobRun):
    """Return how the started run stands, and under which run id it writes."""

    run_key: str


def observe_start(look: Look, params: StartJob, answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how the started run stands.

    Raises:
        WorldChangedError: there was no answer that names it.
    """
    if not answers:
        raise WorldChangedError("No run was started.", field="run", was="started", now="none")
    return {**_job_run(look, params.job, str(answers[-1]["JobRunId"])), "run_key": params.run_key}


class SetScript(NameJob):
    """Name the code a job shall run, by its key in the artifacts bucket.

    Attributes:
        replaces: the script it runs, where it is known from an earlier step; with any other nothing is changed.
            An undo names the one its run set.
    """

    bucket: str
    replaces: str = ""
    key: Annotated[str, Field(pattern=r"^etl/[A-Za-z0-9_./-]{1,300}$")]


def propose_script(look: Look, params: SetScript, _occasion: Occasion) -> Proposal:
    """Propose the whole job as it is, with another script: Glue resets whatever an update leaves out."""
    answer = look("glue.job", JobName=params.job)
    if answer.get("found") is False:
        raise InvalidError(f"There is no job {params.job}.")
    found = object_of(answer["Job"])
    command = object_of(found["Command"])
    script = f"s3://{params.bucket}/{params.key}"
    seen: JsonObject = {"script": command.get("ScriptLocation", ""), "whole": digest(without_floats(found))}
    if command.get("ScriptLocation") == script:
        words = f"{params.job} runs this code already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    if params.replaces and command.get("ScriptLocation") != params.replaces:
        raise InvalidError(
            f"Somebody let {params.job} run {command.get('ScriptLocation') or 'nothing'} since; it was "
            f"{params.replaces}. Nothing was changed."
        )
    update = {**_whole(found), "Command": {**_clean(command), "ScriptLocation": script}}
    return Proposal(
        calls=(look.call("glue.update_job", JobName=params.job, JobUpdate=update),),
        seen=seen,
        effect=f"Lets {params.job} run {params.key} from its next start on.",
        changes=f"script: {command.get('ScriptLocation', 'none')} -> {script}",
        untouched="Runs that go now, every other setting of the job. Glue has no precondition: it is looked at again.",
    )


def _whole(found: JsonObject) -> JsonObject:
    """Return everything of a job that an update takes.

    Raises:
        InvalidError: it has settings that this bot would drop.
    """
    dropped = [name for one in (found, object_of(found["Command"])) for name in _others(one)]
    if dropped:
        raise InvalidError(f"The job has {', '.join(dropped)}, which this bot does not send back. Deploy it instead.")
    for arguments in ("DefaultArguments", "NonOverridableArguments"):
        if hushed := [name for name in object_of(found.get(arguments)) if re.fullmatch(HUSH, name)]:
            raise InvalidError(f"Its argument {hushed[0]} may be a secret; no call shows one. Deploy the job instead.")
    skipped = {"Name", "Others", "LastModifiedOn"}
    whole: JsonObject = {
        name: value for name, value in found.items() if name not in skipped and value not in (None, {}, "")
    }
    if "WorkerType" in whole:
        whole.pop("MaxCapacity", None)  # Glue takes one or the other, and answers with both
    return whole


def _others(value: JsonObject) -> list[str]:
    others = value.get("Others")
    return [str(one) for one in others if one not in SAID_BY_GLUE] if isinstance(others, list) else []


def _clean(value: JsonObject) -> JsonObject:
    return {name: item for name, item in value.items() if name != "Others" and item is not None}


def observe_script(look: Look, params: SetScript, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return which code the job runs."""
    found = object_of(look("glue.job", JobName=params.job)["Job"])
    script: JsonValue = object_of(found["Command"]).get("ScriptLocation", "")
    return {"script": script}


class Script(Returns):
    """Return which code the job runs."""

    script: str


ACTIONS = (
    Action(
        id="glue.job",
        title="See which code a job runs",
        params=NameJob,
        returns=Job,
        rows=("glue.job",),
        read=job,
    ),
    Action(
        id="glue.job_runs",
        title="List a job's newest runs",
        params=NameJob,
        returns=JobRuns,
        rows=("glue.job_runs",),
        read=job_runs,
    ),
    Action(
        id="glue.job_run",
        title="See how a job's run stands",
        params=NameJobRun,
        returns=JobRun,
        rows=("glue.job_run",),
        read=job_run,
    ),
    Action(
        id="glue.stop_run",
        title="Stop a job's run",
        params=NameJobRun,
        returns=JobRunState,
        rows=("glue.job_run", "glue.stop_job_run"),
        risk=Risk.CONTROL,
        propose=propose_stop,
        observe=observe_stop,
        local=False,
    ),
    Action(
        id="glue.start_job",
        title="Start a job once",
        params=StartJob,
        returns=JobStarted,
        rows=("glue.job", "glue.job_runs", "glue.job_run", "glue.start_job"),
        risk=Risk.CHANGE,
        propose=propose_start,
        observe=observe_start,
    ),
    Action(
        id="glue.set_script",
        title="Let a job run other code",
        params=SetScript,
        returns=Script,
        rows=("glue.job", "glue.update_job"),
        risk=Risk.CHANGE,
        propose=propose_script,
        observe=observe_script,
        local=False,
    ),
)
