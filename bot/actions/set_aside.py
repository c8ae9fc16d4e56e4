"""Rows set aside: copies to the condemned, marks. Nothing in quarantine is ever moved or deleted.

A list of objects to change is looked up in a step of its own and given to the one that changes them: it is frozen
before anybody is asked, each element has its own precondition, and what was done before is not in the next list.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from bot.actions.listing import all_listed, pages, rows_of
from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Call, Look, Occasion, Proposal, shown
from bot.domain.many import standing_for
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_AT_ONCE = 500
MOST_PAGES = 50
CONDEMNED = {"Key": "state", "Value": "condemned"}
NAMEABLE = r"[A-Za-z0-9_=./-]+"


class Aside(Params):
    """Name rows set aside by the prefix they lie under, and how many of them are wanted at once.

    Attributes:
        name: a part every key must have, such as `/run_id=20260121T020000Z/`.
        without: a part no key may have, such as `/error_type=CURRENCY_ERROR/`; others do not count at all.
    """

    bucket: str
    prefix: str = Field(pattern=r"^quarantine/[A-Za-z0-9_=./-]*$")
    name: str = Field(default="", pattern=r"^[A-Za-z0-9_=./-]{0,200}$")
    without: str = Field(default="", pattern=r"^[A-Za-z0-9_=./-]{0,200}$")
    most: int = Field(default=20, ge=1, le=MOST_AT_ONCE)

    def means(self, key: str) -> bool:
        """Return whether an object under the prefix is one of those meant."""
        return self.name in key and not (self.without and self.without in key)


class Listed(Params):
    """Name one object as a listing found it."""

    key: str
    etag: str
    version_id: str = ""


class Pending(Returns):
    """Return what is left to do, and how much is done.

    Attributes:
        done: how many objects have it already.
        left: how many do not.
        unnameable: objects whose keys no call may carry; they need a person.
        todo: the first of those left, as many as were asked for.
        finished: nothing is left, every object was looked at, and there was at least one.
        progress: how far it is, in words.
    """

    count: int
    done: int
    left: int
    unnameable: int
    complete: bool
    finished: bool
    progress: str
    todo: list[Listed]


def uncopied(look: Look, params: Aside, _now: datetime) -> JsonObject:
    """Return which objects set aside have no copy among the condemned."""
    there = {one.key: one.size for one in all_listed(look, params.bucket, _condemned(params.prefix))}
    todo: list[JsonValue] = []
    done = left = unnameable = 0
    complete = True
    for page, more in pages(look, params.bucket, params.prefix, most=MOST_PAGES):
        complete = not more
        for one in page:
            if not params.means(one.key):
                continue
            if there.get(_condemned(one.key)) == one.size:
                done += 1
            elif not re.fullmatch(NAMEABLE, one.key):
                unnameable += 1
            else:
                left += 1
                if len(todo) < params.most:
                    todo.append({"key": one.key, "etag": one.etag, "version_id": ""})
    return _pending(done, left, unnameable, todo, complete=complete, what="copied")


def _condemned(key: str) -> str:
    return "condemned/" + key.removeprefix("quarantine/")


def _pending(done: int, left: int, unnameable: int, todo: list[JsonValue], *, complete: bool, what: str) -> JsonObject:
    count = done + left + unnameable
    return {
        "count": count,
        "done": done,
        "left": left,
        "unnameable": unnameable,
        "complete": complete,
        "finished": complete and count > 0 and done == count,
        "progress": f"{done} of {count} {what}" if complete else f"{done} of {count} or more {what}",
        "todo": todo,
    }


def untagged(look: Look, params: Aside, _now: datetime) -> JsonObject:
    """Return which objects set aside are not marked as condemned; looks no further than it needs for `most`."""
    todo: list[JsonValue] = []
    done = unnameable = 0
    complete = True
    more: JsonObject = {}
    for _ in range(MOST_PAGES):
        page = look("s3.versions_set_aside", Bucket=params.bucket, Prefix=params.prefix, MaxKeys=1000, **more)
        for one in rows_of(page.get("Versions")):
            if not one["IsLatest"] or not params.means(str(one["Key"])):
                continue
            if not re.fullmatch(NAMEABLE, str(one["Key"])):
                unnameable += 1
            elif _state(_tags(look, params.bucket, str(one["Key"]), str(one["VersionId"]))) == CONDEMNED["Value"]:
                done += 1
            elif len(todo) < params.most:
                todo.append({"key": one["Key"], "etag": one["ETag"], "version_id": one["VersionId"]})
            else:
                complete = False
                break
        if not complete or "NextKeyMarker" not in page:
            break
        more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    else:
        complete = False
    return _pending(done, len(todo), unnameable, todo, complete=complete, what="marked")


def _tags(look: Look, bucket: str, key: str, version: str) -> list[JsonObject]:
    answer = look("s3.tags", Bucket=bucket, Key=key, VersionId=version)
    if answer.get("found") is False:
        raise InvalidError(f"There is no {shown(key)} in {bucket} any more.")
    return rows_of(answer.get("TagSet"))


def _state(tags: list[JsonObject]) -> JsonValue:
    return next((one["Value"] for one in tags if one["Key"] == CONDEMNED["Key"]), None)


class ChangeObjects(Params):
    """Name the objects, as the step before found them (its `todo`)."""

    bucket: str
    objects: list[Listed] = Field(min_length=1, max_length=MOST_AT_ONCE)


class CopyObjects(Params):
    """Name the objects, as the step before found them (its `todo`), or the prefix under which all are copied.

    Attributes:
        prefix: thousands of objects are one list under one approval, which goes on where it was interrupted.
    """

    bucket: str
    objects: list[Listed] = Field(default=[], max_length=MOST_AT_ONCE)
    prefix: str = Field(default="", pattern=r"^(quarantine/[A-Za-z0-9_=./-]*)?$")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.objects) == bool(self.prefix):
            raise ValueError("give `objects` or `prefix`, one of the two")
        return self


class Changed(Returns):
    """Return how many of the objects are as wanted now."""

    count: int
    done: int
    progress: str


def propose_copies(look: Look, params: CopyObjects, _occasion: Occasion) -> Proposal:
    """Propose one copy per object, each only of what was seen; of a prefix, all of them as one list."""
    if params.prefix:
        return _propose_prefix(look, params)
    seen: JsonObject = {}
    calls: list[Call] = []
    for one in params.objects:
        answer = look("s3.head", Bucket=params.bucket, Key=one.key)
        if answer.get("found") is False or answer["ETag"] != one.etag:
            raise InvalidError(f"{one.key} is not what was listed any more. Look again, and ask anew.")
        seen[one.key] = f"{answer['ETag']} {answer['ContentLength']}"
        calls.append(_copy(look, params.bucket, one.key, one.etag))
    return Proposal(
        calls=tuple(calls),
        seen=seen,
        effect=f"Copies {len(calls)} objects to condemned/, where the pipeline does not take them up again.",
        changes="\n".join(f"{call.params['Key']}: none -> copy" for call in calls),
        untouched="The rows in quarantine/: nothing is moved or deleted.",
    )


def _propose_prefix(look: Look, params: CopyObjects) -> Proposal:
    resource = f"s3://{params.bucket}/{_condemned(params.prefix)}"
    left = [0, 0, 0]  # objects, those that are there already, bytes

    def counted() -> Iterator[Call]:
        for call, done, size in _copies(look, params.bucket, params.prefix):
            left[0], left[1], left[2] = left[0] + 1, left[1] + done, left[2] + size
            yield call

    call = standing_for(counted(), resource=resource)
    count, there, size = left
    seen: JsonObject = {"objects": count, "bytes": size, "list": call.many.digest if call.many else ""}
    if there == count:
        words = f"All {count:,} objects are among the condemned already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    return Proposal(
        calls=(call,),
        seen=seen,
        effect=f"Copies {count:,} objects ({size:,} bytes) to condemned/, where the pipeline does not take them up.",
        changes=f"{_condemned(params.prefix)}: {there:,} of {count:,} -> {count:,} of {count:,} copies",
        untouched="The rows in quarantine/: nothing is moved or deleted.",
    )


def _copies(look: Look, bucket: str, prefix: str) -> Iterator[tuple[Call, bool, int]]:
    """Yield, for each object that can be named, its copy, whether it is there already, and its size."""
    there = {one.key: one.etag for page, _ in pages(look, bucket, _condemned(prefix)) for one in page}
    complete = True
    for page, more in pages(look, bucket, prefix):
        complete = not more
        for one in page:
            if re.fullmatch(NAMEABLE, one.key):
                copy = _copy(look, bucket, one.key, one.etag)
                yield copy, there.get(_condemned(one.key)) == one.etag, one.size
    if not complete:
        raise InvalidError(f"{prefix} holds more objects than one list may; ask for less at once (a narrower prefix).")


def each_copy(look: Look, params: CopyObjects, _call: Call) -> Iterator[tuple[Call, bool]]:
    """List the copies under the prefix as they are now."""
    for call, done, _ in _copies(look, params.bucket, params.prefix):
        yield call, done


def _copy(look: Look, bucket: str, key: str, etag: str) -> Call:
    return look.call(
        "s3.copy_condemned",
        Bucket=bucket,
        Key=_condemned(key),
        CopySource={"Bucket": bucket, "Key": key},
        CopySourceIfMatch=etag,
    )


def observe_copies(look: Look, params: CopyObjects, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how many of the objects have a copy of their size among the condemned."""
    if params.prefix:
        found = [done for _, done, _ in _copies(look, params.bucket, params.prefix)]
        return _changed(len(found), sum(found), "copied")
    done = 0
    for one in params.objects:
        source = look("s3.head", Bucket=params.bucket, Key=one.key)
        copy = look("s3.head", Bucket=params.bucket, Key=_condemned(one.key))
        there = source.get("found") is not False and copy.get("found") is not False
        done += bool(there and source["ContentLength"] == copy["ContentLength"])
    return _changed(len(params.objects), done, "copied")


def _changed(count: int, done: int, what: str) -> JsonObject:
    return {"count": count, "done": done, "progress": f"{done} of {count} {what}"}


def settle_copy(look: Look, call: Call) -> JsonObject | None:
    """Return the answer a copy would have had, if what it copies is there."""
    copy = look("s3.head", Bucket=call.params["Bucket"], Key=call.params["Key"])
    if copy.get("found") is False or copy["ETag"] != call.params["CopySourceIfMatch"]:
        return None
    return {"CopyObjectResult": {"ETag": copy["ETag"]}, "VersionId": copy.get("VersionId", "")}


def propose_tags(look: Look, params: ChangeObjects, _occasion: Occasion) -> Proposal:
    """Propose to mark each version seen as condemned, keeping the tags it has."""
    seen: JsonObject = {}
    calls: list[Call] = []
    for one in params.objects:
        others = [tag for tag in _tags(look, params.bucket, one.key, one.version_id) if tag["Key"] != CONDEMNED["Key"]]
        seen[one.key] = {"version_id": one.version_id, "tags": {str(tag["Key"]): tag["Value"] for tag in others}}
        calls.append(
            look.call(
                "s3.tag_condemned",
                Bucket=params.bucket,
                Key=one.key,
                VersionId=one.version_id,
                Tagging={"TagSet": [*others, dict(CONDEMNED)]},
            )
        )
    return Proposal(
        calls=tuple(calls),
        seen=seen,
        effect=f"Marks {len(calls)} objects in quarantine as condemned.",
        changes="\n".join(f"{one.key}: state -> condemned" for one in params.objects),
        untouched="What is in the objects, their other tags, their copies.",
    )


def observe_tags(look: Look, params: ChangeObjects, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how many of the objects are marked as condemned."""
    done = sum(
        1 for one in params.objects if _state(_tags(look, params.bucket, one.key, one.version_id)) == CONDEMNED["Value"]
    )
    return _changed(len(params.objects), done, "marked")


ACTIONS = (
    Action(
        id="s3.uncopied",
        title="Find rows set aside that have no copy among the condemned",
        params=Aside,
        returns=Pending,
        rows=("s3.list",),
        read=uncopied,
    ),
    Action(
        id="s3.untagged",
        title="Find rows set aside that are not marked as condemned",
        params=Aside,
        returns=Pending,
        rows=("s3.versions_set_aside", "s3.tags"),
        read=untagged,
    ),
    Action(
        id="s3.copy_prefix",
        title="Copy rows set aside to the condemned, some or all under a prefix",
        params=CopyObjects,
        returns=Changed,
        rows=("s3.list", "s3.head", "s3.copy_condemned"),
        each=each_copy,
        risk=Risk.CHANGE,
        propose=propose_copies,
        observe=observe_copies,
        settle=settle_copy,
    ),
    Action(
        id="s3.tag_prefix",
        title="Mark rows set aside as condemned",
        params=ChangeObjects,
        returns=Changed,
        rows=("s3.tags", "s3.tag_condemned"),
        risk=Risk.CHANGE,
        propose=propose_tags,
        observe=observe_tags,
    ),
)
