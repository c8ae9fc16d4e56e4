"""Terraform's state: who holds its lock, releasing a stale one, putting an older version on top; never its text."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from bot.actions.builds import GOING, builds_of
from bot.actions.listing import rows_of
from bot.actions.objects import versions_of
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Call, Look, Occasion, Proposal, shown
from bot.domain.moment import moment
from bot.domain.runbook import Risk
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject
from bot.errors import InvalidError

STALE_AFTER = timedelta(minutes=30)


class NameLock(Params):
    """Name a lock: its table, and its id there."""

    table: str
    lock: str


class Lock(Returns):
    """Say who holds the lock; `held` alone is there when nobody does."""

    held: bool
    id: str = ""
    who: str = ""
    operation: str = ""
    created: str = ""
    age_minutes: int = 0


def lock(look: Look, params: NameLock, now: datetime) -> JsonObject:
    """Return who holds the lock, and for how long."""
    info = _info(look, params)
    if info is None:
        return {"held": False}
    held = _held(info)
    return {"held": True, **held, "age_minutes": int((now - moment(str(held["created"]))).total_seconds() // 60)}


def _info(look: Look, params: NameLock) -> str | None:
    answer = look("dynamodb.lock", TableName=params.table, Key={"LockID": {"S": params.lock}}, ConsistentRead=True)
    if answer.get("found") is False:
        raise InvalidError(f"There is no table {params.table}.")
    info = object_of(object_of(answer.get("Item")).get("Info")).get("S")
    return info if isinstance(info, str) else None


def _held(info: str) -> JsonObject:
    said = parse_object(info)
    created = str(said.get("Created") or "")
    names = {"id": "ID", "who": "Who", "operation": "Operation"}
    return {**{ours: str(said.get(theirs) or "")[:200] for ours, theirs in names.items()}, "created": _whole(created)}


def _whole(created: str) -> str:
    """Return the time with at most six digits behind the second; Terraform writes nine."""
    head, point, rest = created.partition(".")
    return f"{head}.{rest[:6].rstrip('Z')}Z" if point and rest.endswith("Z") else created


class Release(NameLock):
    """Name the lock, and what shows that nobody uses it any more.

    Attributes:
        project: whose builds take the lock; none of them may go now.
        as_of: the lock must be 30 minutes old at this time; `${run.started}`.
    """

    project: str
    as_of: str


def propose_release(look: Look, params: Release, _occasion: Occasion) -> Proposal:
    """Propose to release a lock that is stale: old, held by no build, and still the one that was seen."""
    info = _info(look, params)
    if info is None:
        return Proposal(
            calls=(), seen={"held": False}, effect="Nobody holds the lock.", changes="nothing", already=True
        )
    held = _held(info)
    age = moment(params.as_of) - moment(str(held["created"]))
    if age < STALE_AFTER:
        minutes = max(0, int(age.total_seconds() // 60))
        raise InvalidError(
            f"The lock was {minutes} minutes old when this run was started; one younger than 30 is never released. "
            "Wait, and start this runbook again."
        )
    going = [str(one["id"]) for one in builds_of(look, params.project) if one["status"] == GOING]
    if going:
        raise InvalidError(f"{going[0]} still builds and may hold the lock; wait for it, or stop it where it runs.")
    call = look.call(
        "dynamodb.release",
        TableName=params.table,
        Key={"LockID": {"S": params.lock}},
        ExpressionAttributeValues={":seen": {"S": info}},
    )
    return Proposal(
        calls=(call,),
        seen={"held": True, **held, "going": 0},
        effect=f"Releases the lock that {held['who'] or 'somebody'} has held since {held['created']}.",
        changes=f"lock {shown(params.lock)}: held ({held['operation']}) -> free",
        untouched="Terraform's state, everything that is deployed.",
    )


def observe_release(look: Look, params: Release, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return whether somebody holds the lock."""
    return {"held": _info(look, params) is not None}


class Held(Returns):
    """Say whether somebody holds the lock."""

    held: bool


def settle_release(look: Look, call: Call) -> JsonObject | None:
    """Return the answer of the release, if nobody holds the lock."""
    name = object_of(object_of(call.params["Key"])["LockID"])["S"]
    return {} if _info(look, NameLock(table=str(call.params["TableName"]), lock=str(name))) is None else None


class RestoreState(Params):
    """Name Terraform's state, and the version that shall be on top again.

    Attributes:
        replaces: the version on top, where it is known from an earlier step; with any other nothing is changed. An
            undo names the one its run put there.
        table: of locks, and `lock` its id there; whoever holds it may be writing the state, so it must be free.
    """

    bucket: str
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,400}\.tfstate$")]
    version_id: str
    replaces: str = ""
    table: str
    lock: str


class Restored(Returns):
    """Return the version that is on top now; under a key of KMS a copy has another ETag than what it copies."""

    version_id: str
    size: int
    etag: str


def propose_restore(look: Look, params: RestoreState, _occasion: Occasion) -> Proposal:
    """Propose to copy an older version over the newest, if that is still the newest."""
    held = _info(look, NameLock(table=params.table, lock=params.lock))
    if held is not None:
        who = _held(held)["who"] or "somebody"
        raise InvalidError(f"{who} holds the lock of {params.key} and may be writing it; wait until it is free.")
    found = versions_of(look, "s3.versions_tfstate", params.bucket, params.key)
    versions = {str(one["version_id"]): one for one in rows_of(found["versions"])}
    older, newest = versions.get(params.version_id), versions.get(str(found.get("newest")))
    if older is None or newest is None or not found["found"]:
        raise InvalidError(f"{params.key} has no version {shown(params.version_id)} among its newest.")
    seen: JsonObject = {"newest": newest["version_id"], "etag": newest["etag"], "older": older["etag"]}
    if older["etag"] == newest["etag"]:
        words = "What is on top is the same already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    if params.replaces and newest["version_id"] != params.replaces:
        raise InvalidError(
            f"Somebody wrote {params.key} since: version {newest['version_id']} is on top, not {params.replaces}. "
            "Nothing was changed."
        )
    call = look.call(
        "s3.rollback_tfstate",
        Bucket=params.bucket,
        Key=params.key,
        CopySource={"Bucket": params.bucket, "Key": params.key, "VersionId": params.version_id},
        CopySourceIfMatch=older["etag"],
        IfMatch=newest["etag"],
    )
    return Proposal(
        calls=(call,),
        seen=seen,
        effect=f"Puts the state of {older['modified']} on top of {params.key}; what is deployed does not change by it.",
        changes=f"{params.key}: version {newest['version_id']} -> a copy of {params.version_id}",
        untouched="Every version of the state, everything that is deployed, the lock.",
    )


def observe_restore(look: Look, params: RestoreState, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return which version is on top."""
    return _top(look, params.bucket, params.key)


def _top(look: Look, bucket: str, key: str) -> JsonObject:
    found = versions_of(look, "s3.versions_tfstate", bucket, key)
    newest = next((one for one in rows_of(found["versions"]) if one["latest"]), {})
    return {
        "version_id": newest.get("version_id", ""),
        "size": newest.get("size", 0),
        "etag": newest.get("etag", ""),
    }


def settle_restore(look: Look, call: Call) -> JsonObject | None:
    """Return the answer of the copy, if what is on top is what it copies."""
    top = _top(look, str(call.params["Bucket"]), str(call.params["Key"]))
    if top["etag"] != call.params["CopySourceIfMatch"]:
        return None
    return {"CopyObjectResult": {"ETag": top["etag"]}, "VersionId": top["version_id"]}


ACTIONS = (
    Action(
        id="terraform.lock",
        title="See who holds the lock of Terraform's state",
        params=NameLock,
        returns=Lock,
        rows=("dynamodb.lock",),
        read=lock,
    ),
    Action(
        id="terraform.release_lock",
        title="Release a stale lock of Terraform's state",
        params=Release,
        returns=Held,
        rows=("dynamodb.lock", "codebuild.of_project", "codebuild.builds", "dynamodb.release"),
        risk=Risk.DESTRUCTIVE,
        propose=propose_release,
        observe=observe_release,
        settle=settle_release,
    ),
    Action(
        id="terraform.restore_state",
        title="Put an older version of Terraform's state on top",
        params=RestoreState,
        returns=Restored,
        rows=("dynamodb.lock", "s3.versions_tfstate", "s3.rollback_tfstate"),
        risk=Risk.DESTRUCTIVE,
        propose=propose_restore,
        observe=observe_restore,
        settle=settle_restore,
    ),
)
