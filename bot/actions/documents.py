"""Control documents in S3: read one, find objects, swap one by compare-and-swap."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.actions.listing import Object, pages
from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Call, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.strictjson import canonical, parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError

MOST_FOUND = 200
MOST_PAGES = 10


class ReadJson(Params):
    """Name the document."""

    bucket: str
    key: str


class Breaker(Returns):
    """Hold a breaker file's fields."""

    pipeline: str
    state: str
    opened_at: str | None = None
    error_type: str | None = None
    count: int | None = None
    window_s: int
    threshold: int
    run_id: str | None = None
    changed_by: str = ""
    reason: str | None = None


class Pointer(Returns):
    """Hold the fields of _LATEST.json, which readers follow."""

    run_id: str
    execution_arn: str = ""
    promoted_at: str = ""
    output_prefix: str = ""
    current_prefix: str = ""
    schema_version: str = ""
    files_copied: int = 0


class Success(Returns):
    """Hold the fields of _SUCCESS, which a finished run writes."""

    run_id: str
    execution_arn: str = ""
    completed_at: str = ""
    schema_version: str = ""
    metrics: Mapping[str, int | float | str] = {}
    quarantine_by_reason: Mapping[str, int] = {}
    has_critical_errors: bool = False
    promotion_allowed: bool = False


class Document(Returns):
    """Return the document as it stands; without it only `found` is there."""

    found: bool
    etag: str = ""
    version_id: str = ""
    modified: str = ""
    body: Breaker | Pointer | Success | None = None


@dataclass(frozen=True, kw_only=True)
class _Kind:
    key: str
    get: str
    put: str | None = None
    changeable: frozenset[str] = frozenset()


_KINDS = (
    _Kind(
        key=r"control/circuit_breaker/[A-Za-z0-9_-]+\.json",
        get="s3.get_breaker",
        put="s3.put_breaker",
        changeable=frozenset({"state", "reason"}),
    ),
    # What readers are given changes by lake.point and lake.promote alone: they judge the run first.
    _Kind(key=r"silver/.*/_LATEST\.json", get="s3.get_pointer"),
    _Kind(key=r"silver/.*/_SUCCESS", get="s3.get_success"),
)


def _kind(key: str) -> _Kind:
    for kind in _KINDS:
        if re.fullmatch(kind.key, key):
            return kind
    raise InvalidError(
        f"{shown(key)} is no control document this bot knows; it reads "
        "control/circuit_breaker/<pipeline>.json, silver/…/_LATEST.json and silver/…/run_id=…/_SUCCESS."
    )


def read_json(look: Look, params: ReadJson, _now: datetime) -> JsonObject:
    """Return the document and the version it has."""
    return _read(look, params.bucket, params.key)[0]


def _read(look: Look, bucket: str, key: str) -> tuple[JsonObject, JsonValue]:
    answer = look(_kind(key).get, Bucket=bucket, Key=key)
    if answer.get("found") is False:
        return {"found": False}, 0
    document: JsonObject = {
        "found": True,
        "etag": answer["ETag"],
        "version_id": answer.get("VersionId", ""),
        "modified": answer["LastModified"],
        "body": answer["Body"],
    }
    return document, answer["Unlisted"]


class SwapJson(Params):
    """Name the document and the fields that get other values."""

    bucket: str
    key: str
    change: dict[str, str | int | None]


class Swapped(Returns):
    """Return the document as it stands after the swap."""

    etag: str
    version_id: str
    body: Breaker


def propose_swap(look: Look, params: SwapJson, occasion: Occasion) -> Proposal:
    """Propose the one write that replaces the document seen, and fails if it is another by then."""
    kind = _kind(params.key)
    if kind.put is None or not set(params.change) <= kind.changeable:
        fields = ", ".join(sorted(kind.changeable)) or "nothing"
        hint = " Readers are given another run by lake.point or lake.promote." if kind.get == "s3.get_pointer" else ""
        raise InvalidError(
            f"s3.swap_json may change {fields} of {params.key}; {', '.join(sorted(params.change))} was asked.{hint}"
        )
    seen, unlisted = _read(look, params.bucket, params.key)
    before = seen.get("body")
    if not isinstance(before, dict):
        raise InvalidError(f"There is no {params.key} in {params.bucket}, so it cannot be changed. Restore it first.")
    if unlisted:
        raise InvalidError(
            f"{params.key} has {unlisted} fields this bot does not know and would drop. "
            "Remove them, or change it by hand."
        )
    changed = {name: value for name, value in params.change.items() if before.get(name) != value}
    seen = {name: value for name, value in seen.items() if name != "modified"}
    if not changed:
        words = f"{params.key} holds this already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    after: JsonObject = {**before, **changed, "changed_by": f"R-{occasion.run}"}
    call = look.call(
        kind.put,
        Bucket=params.bucket,
        Key=params.key,
        Body=canonical(after).decode(),
        IfMatch=seen["etag"],
    )
    return Proposal(
        calls=(call,),
        seen=seen,
        effect=f"Writes {params.key}: " + ", ".join(f"{k} becomes {shown(v)}" for k, v in changed.items()) + ".",
        changes="\n".join(f"{k}: {shown(before.get(k))} -> {shown(after[k])}" for k in (*changed, "changed_by")),
        untouched="Every other field of the document, every other object.",
    )


def observe_swap(look: Look, params: SwapJson, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the document as it is now.

    Raises:
        WorldChangedError: it is gone.
    """
    seen, _ = _read(look, params.bucket, params.key)
    if not seen["found"]:
        raise WorldChangedError(f"{params.key} is gone.", field="found", was="true", now="false")
    return {name: seen[name] for name in ("etag", "version_id", "body")}


def settle_swap(look: Look, call: Call) -> JsonObject | None:
    """Return the answer a write would have had, if what it writes is what is there."""
    seen, unlisted = _read(look, str(call.params["Bucket"]), str(call.params["Key"]))
    if unlisted or not seen["found"] or seen["body"] != parse_object(str(call.params["Body"])):
        return None
    return {"ETag": seen["etag"], "VersionId": seen["version_id"]}


class Find(Params):
    """Name where to look.

    Attributes:
        name: text the key must contain.
    """

    bucket: str
    prefix: str
    name: str = ""


class Found(Returns):
    """Return the objects found, by key; `complete` says whether every key was looked at and returned."""

    count: int
    complete: bool
    objects: list[Object]


def find(look: Look, params: Find, _now: datetime) -> JsonObject:
    """Return the objects under the prefix whose key contains the name."""
    objects: list[JsonValue] = []
    complete = False
    for page, more in pages(look, params.bucket, params.prefix, most=MOST_PAGES):
        objects += [one.model_dump() for one in page if params.name in one.key]
        complete = not more and len(objects) <= MOST_FOUND
        if len(objects) > MOST_FOUND:
            break
    return {"count": min(len(objects), MOST_FOUND), "complete": complete, "objects": objects[:MOST_FOUND]}


ACTIONS = (
    Action(
        id="s3.read_json",
        title="Read a control document",
        params=ReadJson,
        returns=Document,
        rows=tuple(kind.get for kind in _KINDS),
        read=read_json,
    ),
    Action(
        id="s3.find",
        title="Find objects by key",
        params=Find,
        returns=Found,
        rows=("s3.list",),
        read=find,
    ),
    Action(
        id="s3.swap_json",
        title="Change fields of a control document, if nobody else has",
        params=SwapJson,
        returns=Swapped,
        rows=("s3.get_breaker", "s3.put_breaker"),
        risk=Risk.CHANGE,
        propose=propose_swap,
        observe=observe_swap,
        settle=settle_swap,
    ),
)
