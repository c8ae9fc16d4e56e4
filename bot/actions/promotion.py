"""Give readers a run: point to it, or fill `current/` with it, take out what is left over, and point to it.

Everything a later call rests on is either what was seen and does not move while these calls are made, or a list that
was frozen before anybody was asked. So each call can be proved again just before it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from bot.actions.gate import judged
from bot.actions.lake import (
    COMPARING,
    RUN_ID,
    LeftOver,
    NameRun,
    compared,
    current_files,
    files_of,
    live_run,
    name_of,
    success_of,
)
from bot.actions.listing import Object
from bot.actions.parameters import Returns
from bot.domain.action import Action, Call, Element, Look, Occasion, Proposal
from bot.domain.many import standing_for
from bot.domain.moment import moment, written
from bot.domain.policy import MOST_AT_ONCE
from bot.domain.runbook import Risk
from bot.domain.strictjson import canonical, digest, parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_FILES = 10_000
NO_POINTER = "none"  # an ETag stands in quotes, so it is none
MOST_NAMED = 50  # so many files are named in what was seen; of more only a digest


class Point(NameRun):
    """Name the run readers shall be given.

    Attributes:
        promoted_at: what the pointer says of when; `${run.started}`.
        replaces: the ETag of the pointer that is replaced, where it is known from an earlier step; any other one
            there now is refused. An undo names the one its run left (`${steps.promote.output.etag}`). `none` where
            an earlier step found no pointer: then one that is there by now is refused.
        instead_of: the run readers must have now, where that is known; any other one is refused.
    """

    promoted_at: str
    replaces: str = ""
    instead_of: Annotated[str, Field(pattern=f"^$|{RUN_ID}")] = ""


class Pointed(Returns):
    """Return what the pointer says now."""

    run_id: str
    etag: str
    version_id: str


class Promote(Point):
    """Name the run, and what `lake.current` found left over; nothing else is taken out of readers' sight."""

    left_over: list[LeftOver] = Field(default=[], max_length=200)


class Promoted(Pointed):
    """Return what the pointer says, and how `current/` compares with the run's files."""

    complete: bool
    files: int
    missing: int
    unproven: int
    left_over_count: int


@dataclass(frozen=True, kw_only=True)
class _Pointing:
    call: Call | None
    live: JsonObject
    gate: JsonObject


def propose_point(look: Look, params: Point, _occasion: Occasion) -> Proposal:
    """Propose the one write of the pointer, having seen the run's `_SUCCESS` and the pointer it replaces."""
    pointing = _pointing(look, params, files=None)
    seen: JsonObject = {"gate": pointing.gate, "pointer": pointing.live, "etag": pointing.live.get("etag", "")}
    was = pointing.live.get("run_id") or "none"
    if pointing.call is None:
        words = f"Readers are given {params.run_id} already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    return Proposal(
        calls=(pointing.call,),
        seen=seen,
        effect=f"Points readers of {params.partition} to the run {params.run_id}.",
        changes=f"_LATEST.json run_id: {was} -> {params.run_id}",
        untouched="The files in current/, every run's own files, every other partition.",
    )


def _pointing(look: Look, params: Point, *, files: int | None) -> _Pointing:
    success = success_of(look, params.bucket, params.partition, params.run_id)
    gate = judged(params.run_id, success)
    if success is None or not gate["allowed"]:
        reasons = gate["reasons"]
        words = " ".join(str(one) for one in reasons) if isinstance(reasons, list) else ""
        raise InvalidError(f"The run {params.run_id} may not be given to readers. {words}")
    live = live_run(look, params.bucket, params.partition)
    already = live.get("run_id") == params.run_id
    if params.replaces and not already and live.get("etag", NO_POINTER) != params.replaces:
        raise InvalidError(
            f"Somebody gave readers {live.get('run_id') or 'nothing'} since; the pointer was {params.replaces}, "
            f"now it is {live.get('etag') or 'gone'}. Nothing was changed."
        )
    if params.instead_of and not already and live.get("run_id") != params.instead_of:
        raise InvalidError(
            f"Readers have {live.get('run_id') or 'nothing'}, not {params.instead_of}; nothing was changed."
        )
    body: JsonObject = {
        "run_id": params.run_id,
        "promoted_at": written(moment(params.promoted_at)),
        "output_prefix": f"{params.partition}run_id={params.run_id}/",
        "current_prefix": f"{params.partition}current/",
        "schema_version": params.partition.rsplit("schema_v=", 1)[1].rstrip("/"),
    }
    if success.get("execution_arn"):
        body["execution_arn"] = success["execution_arn"]
    if files is not None:
        body["files_copied"] = files
    place: JsonObject = {"Bucket": params.bucket, "Key": f"{params.partition}_LATEST.json"}
    text = canonical(body).decode()
    if not live["found"]:
        call = look.call("s3.create_pointer", Body=text, **place)
    else:
        call = look.call("s3.put_pointer", Body=text, IfMatch=live["etag"], **place)
    judgement: JsonObject = {name: value for name, value in gate.items() if name not in {"found", "reasons"}}
    return _Pointing(call=None if already else call, live=live, gate=judgement)


def observe_point(look: Look, params: Point, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return what the pointer says now."""
    return _pointed(look, params)


def _pointed(look: Look, params: Point) -> JsonObject:
    live = live_run(look, params.bucket, params.partition)
    return {name: live.get(name, "") for name in ("run_id", "etag", "version_id")}


def propose_promote(look: Look, params: Promote, _occasion: Occasion) -> Proposal:
    """Propose a copy of each file of the run, a marker on each file left over, and the pointer at the end."""
    files = files_of(look, params.bucket, params.partition, params.run_id)
    if not files or len(files) > MOST_FILES:
        raise InvalidError(f"The run {params.run_id} has {len(files)} files; 1 to {MOST_FILES} can be promoted.")
    pointing = _pointing(look, params, files=len(files))
    there = current_files(look, params.bucket, params.partition)
    left = _left_over(look, params, files, there)
    calls, lists = _copyings(look, params, files, there, beside=len(left) + 1)
    seen: JsonObject = {"gate": pointing.gate, "pointer": pointing.live, "files": _manifest(files)}
    if pointing.call is None and compared(look, params.bucket, params.partition, params.run_id)["complete"]:
        words = f"Readers are given {params.run_id} already, and current/ holds exactly its files."
        return Proposal(calls=(), lists=lists, seen=seen, effect=words, changes="nothing", already=True)
    calls += [look.call("s3.hide_left_over", Bucket=params.bucket, Key=one.key, IfMatch=one.etag) for one in left]
    changes = [
        f"current/: filled with the files of {params.run_id} ({len(files)})",
        *(f"current/{one.key.rsplit('/', 1)[-1]}: there -> out of sight (its versions stay)" for one in left),
    ]
    if pointing.call is not None:
        calls.append(pointing.call)
        changes.append(f"_LATEST.json run_id: {pointing.live.get('run_id') or 'none'} -> {params.run_id}")
    return Proposal(
        calls=tuple(calls),
        lists=lists,
        seen=seen,
        effect=f"Gives readers of {params.partition} the run {params.run_id}.",
        changes="\n".join(changes),
        untouched="Every run's own files, every version in the bucket, every other partition.",
    )


def _copyings(
    look: Look, params: Promote, files: tuple[Object, ...], there: Sequence[Object], *, beside: int
) -> tuple[list[Call], dict[str, tuple[Element, ...]]]:
    """Return a call per file; of more than an approval names one by one, one call that stands for them all."""
    copies = [_copying(look, params, one) for one in files]
    if len(copies) + beside <= MOST_AT_ONCE:
        return copies, {}
    resource = f"s3://{params.bucket}/{params.partition}current/"
    etags = {name_of(one): one.etag for one in there}
    elements = tuple(
        Element(copy, done=etags.get(name_of(one)) == one.etag) for copy, one in zip(copies, files, strict=True)
    )
    return [standing_for(copies, resource=resource)], {resource: elements}


def _copying(look: Look, params: Promote, one: Object) -> Call:
    return look.call(
        "s3.copy_current",
        Bucket=params.bucket,
        Key=f"{params.partition}current/{name_of(one)}",
        CopySource={"Bucket": params.bucket, "Key": one.key},
        CopySourceIfMatch=one.etag,
    )


def _left_over(look: Look, params: Promote, files: tuple[Object, ...], current: Sequence[Object]) -> list[LeftOver]:
    """Return the frozen left-overs, having made sure that there are no others, and that hiding loses nothing."""
    wanted = {name_of(one) for one in files}
    frozen = {one.key: one for one in params.left_over}
    folder = f"{params.partition}current/"
    for one in frozen.values():
        if not one.key.startswith(folder) or one.key.rsplit("/", 1)[-1] in wanted:
            raise InvalidError(f"{one.key} is not left over in {folder}.")
    for there in current:
        if name_of(there) in wanted:
            continue
        if there.key not in frozen or frozen[there.key].etag != there.etag:
            raise InvalidError(
                f"{folder} holds {name_of(there)}, which is not of this run and was not listed. "
                "Look again (lake.current), and pass its left_over."
            )
    if frozen and look("s3.versioning", Bucket=params.bucket).get("Status") != "Enabled":
        raise InvalidError(f"{params.bucket} does not keep every version, so nothing is taken out of current/ there.")
    return sorted(frozen.values(), key=lambda one: one.key)


def _manifest(files: tuple[Object, ...]) -> JsonValue:
    if len(files) <= MOST_NAMED:
        return {name_of(one): f"{one.etag} {one.size}" for one in files}
    return digest([[one.key, one.etag, one.size] for one in files])


def observe_promote(look: Look, params: Promote, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return what the pointer says and how `current/` compares with the run's files."""
    found = compared(look, params.bucket, params.partition, params.run_id)
    return {
        **_pointed(look, params),
        "files": found["run_files"],
        **{name: found[name] for name in ("complete", "missing", "unproven", "left_over_count")},
    }


def settle(look: Look, call: Call) -> JsonObject | None:
    """Return the answer a call would have had, if what it wants is how it is; None for what no look can tell."""
    match call.row:
        case "s3.put_pointer" | "s3.create_pointer":
            return _settled_pointer(look, call)
        case "s3.copy_current":
            return _settled_copy(look, call)
        case _:
            return None


def _settled_pointer(look: Look, call: Call) -> JsonObject | None:
    answer = look("s3.get_pointer", Bucket=call.params["Bucket"], Key=call.params["Key"])
    wanted = parse_object(str(call.params["Body"]))
    if answer.get("found") is False or answer["Unlisted"] or answer["Body"] != wanted:
        return None
    return {"ETag": answer["ETag"], "VersionId": answer.get("VersionId", "")}


def _settled_copy(look: Look, call: Call) -> JsonObject | None:
    answer = look("s3.head", Bucket=call.params["Bucket"], Key=call.params["Key"])
    if answer.get("found") is False or answer["ETag"] != call.params["CopySourceIfMatch"]:
        return None
    return {"CopyObjectResult": {"ETag": answer["ETag"]}, "VersionId": answer.get("VersionId", "")}


_POINTING = ("s3.get_success", "s3.get_pointer", "s3.put_pointer", "s3.create_pointer")

ACTIONS = (
    Action(
        id="lake.point",
        title="Point readers to a run",
        params=Point,
        returns=Pointed,
        rows=_POINTING,
        risk=Risk.CHANGE,
        propose=propose_point,
        observe=observe_point,
        settle=settle,
    ),
    Action(
        id="lake.promote",
        title="Give readers a run: its files, and the pointer to it",
        params=Promote,
        returns=Promoted,
        rows=(*_POINTING, *COMPARING, "s3.versioning", "s3.head", "s3.copy_current", "s3.hide_left_over"),
        risk=Risk.CHANGE,
        propose=propose_promote,
        observe=observe_promote,
        settle=settle,
    ),
)
