"""Objects as objects: which versions there are, and what a delete marker hides."""

import re
from datetime import datetime

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject
from bot.errors import CallRefusedError, InvalidError, WorldChangedError

MOST_VERSIONS = 100
MOST_PAGES = 5
_MARKS = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}


class Place(Params):
    """Name an object."""

    bucket: str
    key: str


class Head(Returns):
    """Return the object's version; without it only `found` is there."""

    found: bool
    etag: str = ""
    version_id: str = ""
    size: int = 0
    modified: str = ""


def head(look: Look, params: Place, _now: datetime) -> JsonObject:
    """Return which version of an object is there."""
    row = "s3.head_source" if params.key.startswith("bronze/") else "s3.head"
    answer = look(row, Bucket=params.bucket, Key=params.key)
    if answer.get("found") is False:
        return {"found": False}
    return {
        "found": True,
        "etag": answer["ETag"],
        "version_id": answer.get("VersionId", ""),
        "size": answer["ContentLength"],
        "modified": answer["LastModified"],
    }


class Version(Returns):
    """Hold one version of an object."""

    key: str
    version_id: str
    etag: str
    size: int
    modified: str
    latest: bool


class Versions(Returns):
    """Return the versions of an object (or of all below a prefix of code), newest first, 100 at most.

    Attributes:
        found: whether a version is there that is not hidden.
        marker: the delete marker on top, by its version id; absent where there is none.
        newest: the version id of the newest version there is, hidden or not; absent where there is none.
    """

    found: bool
    hidden: bool
    count: int
    complete: bool
    marker: str = ""
    newest: str = ""
    versions: list[Version]


_VERSIONS = {
    r"silver/.*/_LATEST\.json": "s3.versions_pointer",
    r"etl/.*": "s3.versions_artifact",
    r".*\.tfstate": "s3.versions_tfstate",
}


def versions(look: Look, params: Place, _now: datetime) -> JsonObject:
    """Return the versions of a pointer, of deployed code, or of Terraform's state (never what is in it)."""
    row = next((row for pattern, row in _VERSIONS.items() if re.fullmatch(pattern, params.key)), None)
    if row is None:
        raise InvalidError(f"{shown(params.key)}: only _LATEST.json, etl/… and Terraform's state have versions listed.")
    return versions_of(look, row, params.bucket, params.key, exact=not params.key.startswith("etl/"))


def versions_of(look: Look, row: str, bucket: str, key: str, *, exact: bool = True) -> JsonObject:
    """Return the versions under a key; `exact` leaves out longer keys that begin with it."""
    listed: list[JsonObject] = []
    hidden: list[JsonObject] = []
    more: JsonObject = {}
    for _ in range(MOST_PAGES):
        page = look(row, Bucket=bucket, Prefix=key, MaxKeys=1000, **more)
        listed += rows_of(page.get("Versions"))
        hidden += rows_of(page.get("DeleteMarkers"))
        more = {ours: page[theirs] for ours, theirs in _MARKS.items() if page.get(theirs)}
        if not more:
            break
    mine = [one for one in listed if not exact or one["Key"] == key]
    markers = [one for one in hidden if one["Key"] == key and one["IsLatest"]]
    found = sorted((_version(one) for one in mine), key=lambda one: str(one["modified"]), reverse=True)
    output: JsonObject = {
        "found": any(one["latest"] for one in found),
        "hidden": bool(markers),
        "count": len(found),
        "complete": not more and len(found) <= MOST_VERSIONS,
        "versions": [*found[:MOST_VERSIONS]],
    }
    if markers:
        output["marker"] = markers[0]["VersionId"]
    if found:
        # Of two versions of one second AWS lists the newer first; sorting keeps that order.
        output["newest"] = next((one["version_id"] for one in found if one["latest"]), found[0]["version_id"])
    return output


def _version(one: JsonObject) -> JsonObject:
    names = {
        "key": "Key",
        "version_id": "VersionId",
        "etag": "ETag",
        "size": "Size",
        "modified": "LastModified",
        "latest": "IsLatest",
    }
    return {ours: one[theirs] for ours, theirs in names.items()}


class NameBucket(Params):
    """Name a bucket."""

    bucket: str


class Versioning(Returns):
    """Say whether the bucket is there, may be looked at, and keeps every version."""

    found: bool
    denied: bool
    enabled: bool


def versioning(look: Look, params: NameBucket, _now: datetime) -> JsonObject:
    """Return whether a bucket is there and keeps every version."""
    try:
        answer = look("s3.versioning", Bucket=params.bucket)
    except CallRefusedError as error:
        if error.code in {"AccessDenied", "403", "AllAccessDisabled"}:
            return {"found": True, "denied": True, "enabled": False}
        raise
    found = answer.get("found") is not False
    return {"found": found, "denied": False, "enabled": answer.get("Status") == "Enabled"}


class Undelete(Place):
    """Name an object, and the delete marker on top of it, by its version id."""

    marker: str


def propose_undelete(look: Look, params: Undelete, _occasion: Occasion) -> Proposal:
    """Propose to remove a delete marker, having seen that it is one and what lies below it."""
    found = versions_of(look, "s3.versions_pointer", params.bucket, params.key)
    seen: JsonObject = {name: found.get(name, "") for name in ("found", "marker", "newest")}
    if found["found"]:
        words = f"{params.key} is there already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    if found.get("marker") != params.marker:
        raise InvalidError(f"{shown(params.marker)} is no delete marker on top of {params.key}; data is never removed.")
    if not found["count"]:
        raise InvalidError(f"Nothing lies below the marker of {params.key}. Make it anew from a good run (lake.point).")
    return Proposal(
        calls=(look.call("s3.remove_marker", Bucket=params.bucket, Key=params.key, VersionId=params.marker),),
        seen=seen,
        effect=f"Brings back {params.key} as it was before it was deleted.",
        changes=f"{params.key}: hidden -> version {found['newest']}",
        untouched="Every version of every object.",
    )


def observe_undelete(look: Look, params: Undelete, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the object as it is now.

    Raises:
        WorldChangedError: it is not there.
    """
    answer = look("s3.head", Bucket=params.bucket, Key=params.key)
    if answer.get("found") is False:
        raise WorldChangedError(f"{params.key} is not there.", field="found", was="true", now="false")
    return {"found": True, "etag": answer["ETag"], "version_id": answer.get("VersionId", "")}


class Back(Returns):
    """Return the version that is there again."""

    found: bool
    etag: str
    version_id: str


ACTIONS = (
    Action(
        id="s3.head",
        title="See which version of an object is there",
        params=Place,
        returns=Head,
        rows=("s3.head", "s3.head_source"),
        read=head,
    ),
    Action(
        id="s3.versions",
        title="List an object's versions, and whether it is hidden",
        params=Place,
        returns=Versions,
        rows=tuple(_VERSIONS.values()),
        read=versions,
    ),
    Action(
        id="s3.versioning",
        title="See whether a bucket is there and keeps every version",
        params=NameBucket,
        returns=Versioning,
        rows=("s3.versioning",),
        read=versioning,
    ),
    Action(
        id="s3.undelete",
        title="Bring back a pointer that was deleted",
        params=Undelete,
        returns=Back,
        rows=("s3.versions_pointer", "s3.head", "s3.remove_marker"),
        risk=Risk.CHANGE,
        propose=propose_undelete,
        observe=observe_undelete,
    ),
)
