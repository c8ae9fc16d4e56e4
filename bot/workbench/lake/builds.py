"""Builds of the deployment that fail, or deploy, neither of which moto's do: mended in one tested place.

moto calls every build SUCCEEDED as soon as it is looked at. Here one that has failed stays so, one that is looked at
while another holds the lock on the state, or while the state cannot be read, fails, as Terraform does, and the one
that holds the lock goes on. One that succeeds points the jobs at the artifact of its commit.
"""

import json
from datetime import datetime
from typing import Any

from moto.codebuild.models import CodeBuildBackend, codebuild_backends
from moto.dynamodb.models import dynamodb_backends
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from bot.workbench.lake.furniture import ARTIFACTS
from bot.workbench.lake.mending import replace
from bot.workbench.lake.names import LakeNames

UNREADABLE = "Error: Failed to load state: unexpected end of JSON input"
_FINAL = ("FAILED", "STOPPED")
_BATCH_GET = CodeBuildBackend.batch_get_builds


def mend(names: LakeNames) -> None:
    """Make the local CodeBuild fail builds, and leave a failed build failed."""

    def batch_get_builds(self: CodeBuildBackend, ids: list[str]) -> list[dict[str, Any]]:
        known = [build for history in self.build_metadata_history.values() for build in history if build["id"] in ids]
        holder, readable = _holder(names), _readable_state(names)
        going = [build for build in known if build["buildStatus"] == "IN_PROGRESS"]
        for build in going:
            if holder not in (None, build["id"]):
                _end(names, build, why="Error acquiring the state lock")
            elif not readable:
                _end(names, build, why=UNREADABLE)
        as_they_are = [build for build in known if build["buildStatus"] in _FINAL or build["id"] == holder]
        rest = [build["id"] for build in known if build not in as_they_are]
        found = as_they_are + _BATCH_GET(self, rest)
        for build in going:
            if build["buildStatus"] == "SUCCEEDED":
                _deploy(names, str(build.get("sourceVersion") or ""))
        return found

    replace(CodeBuildBackend, "batch_get_builds", batch_get_builds)


def fail(names: LakeNames, build_id: str, *, began: datetime, ended: datetime, why: str) -> None:
    """End a build in its BUILD phase."""
    stamps = {"startTime": _stamp(began), "endTime": _stamp(ended)}
    histories = codebuild_backends[names.account][names.region].build_metadata_history.values()
    build = next(one for history in histories for one in history if one["id"] == build_id)
    build.update(stamps)
    _end(names, build, why=why)


def _end(names: LakeNames, build: dict[str, Any], *, why: str) -> None:
    """Give a build the end of one that failed."""
    stamps = {"startTime": build["startTime"], "endTime": build.get("endTime", build["startTime"])}
    done = ("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD")
    context = {"statusCode": "COMMAND_EXECUTION_ERROR", "message": why}
    build["phases"] = [
        *({"phaseType": phase, "phaseStatus": "SUCCEEDED", **stamps} for phase in done),
        {"phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [context], **stamps},
        {"phaseType": "COMPLETED", "startTime": stamps["endTime"]},
    ]
    build.update({"buildStatus": "FAILED", "currentPhase": "COMPLETED", "buildComplete": True, **stamps})
    build["logs"] = {"groupName": names.deploy_log_group, "streamName": build["id"].split(":", 1)[1]}


def _holder(names: LakeNames) -> str | None:
    """Return the build that holds the lock on the state, if it is held."""
    backend = dynamodb_backends[names.account][names.region]
    item = backend.get_item(names.locks_table, {"LockID": {"S": names.lock_id}})
    return None if item is None else str(json.loads(item.attrs["Info"].value)["Info"])


def _readable_state(names: LakeNames) -> bool:
    state = s3_backends[names.account]["aws"].get_object(names.state_bucket, names.state_key)
    try:
        return state is not None and "serial" in json.loads(state.value)
    except ValueError:
        return False


def _deploy(names: LakeNames, commit: str) -> None:
    """Point the jobs at the artifact of a commit, where there is one; only this can, since moto has no UpdateJob."""
    artifact = next((one for one in ARTIFACTS if f"-{commit[:7]}." in one), None)
    if artifact is None:
        return
    for job in glue_backends[names.account][names.region].jobs.values():
        command: dict[str, str] = vars(job)["command"]
        command["ScriptLocation"] = f"s3://{names.artifacts_bucket}/etl/{artifact}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
