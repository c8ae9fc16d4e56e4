"""Builds that deploy: how they stand, what failed in one, deploy one commit."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError

MOST_BUILDS = 20
MOST_WORDS = 8_000  # characters; more than anybody is shown, so that nothing is cut before it is redacted
GOING = "IN_PROGRESS"
COMMIT = r"^[0-9a-f]{7,40}$"
_LOOKS_LIKE_ERROR = re.compile(r"\b(?:error|exception|failed|denied|traceback)\b", re.IGNORECASE)


class NameProject(Params):
    """Name a project that builds."""

    project: str


class Build(Returns):
    """Hold how a build stands.

    Attributes:
        commit: what was built, as far as AWS knows.
        failed_phase: the first phase that failed; empty where none did.
        reason: what the phase says of it.
        log_group: where its log is, for `codebuild.log`; `log_stream` with it.
    """

    id: str
    project: str
    status: str
    phase: str
    started: str
    stopped: str
    commit: str
    failed_phase: str
    reason: str
    log_group: str
    log_stream: str


class Builds(Returns):
    """Return a project's newest builds, newest first; `last_good` is the commit of the newest that SUCCEEDED."""

    count: int
    going: int
    last_good: str = ""
    builds: list[Build]


def builds(look: Look, params: NameProject, _now: datetime) -> JsonObject:
    """Return a project's newest builds."""
    found = builds_of(look, params.project)
    output: JsonObject = {
        "count": len(found),
        "going": sum(1 for one in found if one["status"] == GOING),
        "builds": [*found],
    }
    good = [str(one["commit"]) for one in found if one["status"] == "SUCCEEDED" and one["commit"]]
    return {**output, "last_good": good[0]} if good else output


def builds_of(look: Look, project: str) -> list[JsonObject]:
    """Return a project's newest builds, newest first."""
    answer = look("codebuild.of_project", projectName=project)
    ids = answer.get("ids")
    if answer.get("found") is False:
        raise InvalidError(f"There is no project {shown(project)}.")
    if not isinstance(ids, list) or not ids:
        return []
    return _builds(look, ids[:MOST_BUILDS])


def _builds(look: Look, ids: list[JsonValue]) -> list[JsonObject]:
    place = {str(one): number for number, one in enumerate(ids)}
    found = [_build(one) for one in rows_of(look("codebuild.builds", ids=ids).get("builds"))]
    return sorted(found, key=lambda one: place.get(str(one["id"]), len(place)))


def _build(one: JsonObject) -> JsonObject:
    logs = object_of(one.get("logs"))
    failed = next((phase for phase in rows_of(one.get("phases")) if phase.get("phaseStatus") in _BAD), {})
    contexts = [str(context.get("message") or "") for context in rows_of(failed.get("contexts"))]
    return {
        "id": one["id"],
        "project": one.get("projectName") or "",
        "status": one.get("buildStatus") or "",
        "phase": one.get("currentPhase") or "",
        "started": one.get("startTime") or "",
        "stopped": one.get("endTime") or "",
        "commit": one.get("resolvedSourceVersion") or one.get("sourceVersion") or "",
        "failed_phase": failed.get("phaseType") or "",
        "reason": " ".join(filter(None, contexts))[:MOST_WORDS],
        "log_group": logs.get("groupName") or "",
        "log_stream": logs.get("streamName") or "",
    }


_BAD = frozenset({"FAILED", "FAULT", "TIMED_OUT", "CLIENT_ERROR", "STOPPED"})


class NameBuild(Params):
    """Name a build by CodeBuild's id."""

    id: str


def build(look: Look, params: NameBuild, _now: datetime) -> JsonObject:
    """Return how a build stands."""
    return _one(look, params.id)


def _one(look: Look, build_id: str) -> JsonObject:
    found = _builds(look, [build_id])
    if not found:
        raise InvalidError(f"There is no build {shown(build_id)}.")
    return found[0]


class ReadLog(Params):
    """Name the log of a build, as `codebuild.build` gives it."""

    group: str
    stream: str


class BuildLog(Returns):
    """Return the first line of a build's log that tells of an error; `error` is empty where none does."""

    lines: int
    errors: int
    error: str


def log(look: Look, params: ReadLog, _now: datetime) -> JsonObject:
    """Return the first line among the last 200 of a build's log that tells of an error."""
    answer = look("logs.build", logGroupName=params.group, logStreamName=params.stream, startFromHead=False, limit=200)
    if answer.get("found") is False:
        raise InvalidError(f"There is no log {shown(params.stream)} in {params.group}.")
    lines = [str(one.get("message") or "").strip() for one in rows_of(answer.get("events"))]
    errors = [one for one in lines if _LOOKS_LIKE_ERROR.search(one)]
    return {"lines": len(lines), "errors": len(errors), "error": errors[0][:MOST_WORDS] if errors else ""}


class StartBuild(NameProject):
    """Name the commit that shall be deployed."""

    commit: Annotated[str, Field(pattern=COMMIT)]


def propose_start(look: Look, params: StartBuild, occasion: Occasion) -> Proposal:
    """Propose one build of one commit, if none of the project goes now."""
    found = builds_of(look, params.project)
    going = [str(one["id"]) for one in found if one["status"] == GOING]
    if going:
        raise InvalidError(f"{params.project} builds already ({going[0]}); wait for it.")
    call = look.call(
        "codebuild.start",
        projectName=params.project,
        sourceVersion=params.commit,
        idempotencyToken=occasion.token(64),
    )
    newest = str(found[0]["id"]) if found else "none"
    was = str(found[0]["commit"])[:12] if found else "unknown"
    return Proposal(
        calls=(call,),
        seen={"newest": newest},
        effect=f"Builds and deploys the commit {params.commit[:12]} by {params.project}.",
        changes=f"deployed commit: {was} -> {params.commit[:12]}",
        untouched="Data, what readers are given; another commit can be deployed the same way.",
    )


def observe_start(look: Look, _params: StartBuild, answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how the started build stands.

    Raises:
        WorldChangedError: there was no answer that names it.
    """
    if not answers:
        raise WorldChangedError("No build was started.", field="build", was="started", now="none")
    return _one(look, str(object_of(answers[-1]["build"])["id"]))


ACTIONS = (
    Action(
        id="codebuild.builds",
        title="List a project's newest builds",
        params=NameProject,
        returns=Builds,
        rows=("codebuild.of_project", "codebuild.builds"),
        read=builds,
    ),
    Action(
        id="codebuild.build",
        title="See how a build stands, and what failed in it",
        params=NameBuild,
        returns=Build,
        rows=("codebuild.builds",),
        read=build,
    ),
    Action(
        id="codebuild.log",
        title="Find the first error in a build's log",
        params=ReadLog,
        returns=BuildLog,
        rows=("logs.build",),
        read=log,
    ),
    Action(
        id="codebuild.start",
        title="Deploy one commit",
        params=StartBuild,
        returns=Build,
        rows=("codebuild.of_project", "codebuild.builds", "codebuild.start"),
        risk=Risk.CHANGE,
        propose=propose_start,
        observe=observe_start,
    ),
)
