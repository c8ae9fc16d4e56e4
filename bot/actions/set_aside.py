"""Rows set aside: copies to the condemned, marks. Nothing in quarantine is ever moved or deleted.

Thousands of objects are one list under one approval. It is listed from the lake each time it is needed, with what is
so already told apart, so that it goes on where it was interrupted and does nothing twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from bot.actions.listing import Object, all_listed, looks, pages, rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Call, Element, Look, Occasion, Proposal, shown
from bot.domain.many import standing_for
from bot.domain.plain import counted
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_PAGES = 50
CONDEMNED = {"Key": "state", "Value": "condemned"}
NAMEABLE = r"[A-Za-z0-9_=./-]+"


class Aside(Params):
    """Name rows set aside by the prefix they lie under.

    Attributes:
        name: a part every key must have, such as `/run_id=20260121T020000Z/`.
        without: a part no key may have, such as `/error_type=CURRENCY_ERROR/`; others do not count at all.
    """

    bucket: str
    prefix: str = Field(pattern=r"^quarantine/[A-Za-z0-9_=./-]*$")
    name: str = Field(default="", pattern=r"^[A-Za-z0-9_=./-]{0,200}$")
    without: str = Field(default="", pattern=r"^[A-Za-z0-9_=./-]{0,200}$")

    def means(self, key: str) -> bool:
        """Return whether an object under the prefix is one of those meant."""
        return self.name in key and not (self.without and self.without in key)


class Pending(Returns):
    """Return what is left to do, and how much is done.

    Attributes:
        done: how many objects have it already.
        left: how many do not.
        unnameable: objects whose keys no call may carry; they need a person.
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


class Changed(Returns):
    """Return how many of the objects are as wanted now."""

    count: int
    done: int
    progress: str


@dataclass(frozen=True, kw_only=True)
class _One:
    """Hold one object set aside, and whether it is as wanted.

    Attributes:
        tags: those it has beside the mark, in order.
    """

    key: str
    size: int
    done: bool
    etag: str = ""
    version: str = ""
    tags: tuple[JsonObject, ...] = ()

    @property
    def nameable(self) -> bool:
        return re.fullmatch(NAMEABLE, self.key) is not None


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Hold the objects that are meant, and whether every key was looked at."""

    objects: tuple[_One, ...]
    complete: bool


def uncopied(look: Look, params: Aside, _now: datetime) -> JsonObject:
    """Return how many objects set aside have no copy among the condemned."""
    return _pending(_copied(look, params), "copied")


def _copied(look: Look, aside: Aside) -> _Found:
    there = {one.key: one for one in all_listed(look, aside.bucket, _condemned(aside.prefix))}
    objects: list[_One] = []
    complete = True
    for page, more in pages(look, aside.bucket, aside.prefix, most=MOST_PAGES):
        complete = not more
        objects += [
            _One(key=one.key, size=one.size, done=_is_copy(there.get(_condemned(one.key)), one), etag=one.etag)
            for one in page
            if aside.means(one.key)
        ]
    return _Found(objects=tuple(objects), complete=complete)


def _is_copy(there: Object | None, source: Object) -> bool:
    """Return whether a copy is there: the ETag proves it, but a source in parts or under a key of KMS has another."""
    if there is None or there.size != source.size:
        return False
    return there.etag == source.etag or there.modified >= source.modified


def _condemned(key: str) -> str:
    return "condemned/" + key.removeprefix("quarantine/")


def _pending(found: _Found, what: str) -> JsonObject:
    count = len(found.objects)
    done = sum(one.done for one in found.objects)
    unnameable = sum(not one.done and not one.nameable for one in found.objects)
    return {
        "count": count,
        "done": done,
        "left": count - done - unnameable,
        "unnameable": unnameable,
        "complete": found.complete,
        "finished": found.complete and count > 0 and done == count,
        "progress": f"{done:,} of {count:,} {what}" if found.complete else f"{done:,} of {count:,} or more {what}",
    }


def untagged(look: Look, params: Aside, _now: datetime) -> JsonObject:
    """Return how many objects set aside are not marked as condemned."""
    return _pending(_marked(look, params), "marked")


def _marked(look: Look, aside: Aside) -> _Found:
    objects: list[_One] = []
    complete = True
    for page, more in pages(look, aside.bucket, aside.prefix, most=MOST_PAGES):
        complete = not more
        objects += _with_tags(look, aside.bucket, [one for one in page if aside.means(one.key)])
    return _Found(objects=tuple(objects), complete=complete)


def _with_tags(look: Look, bucket: str, page: Sequence[Object]) -> list[_One]:
    """Return the objects with their newest version and its tags; those that cannot be named have none."""
    named = [one for one in page if re.fullmatch(NAMEABLE, one.key)]
    answers = _tagged(look, [{"Bucket": bucket, "Key": one.key} for one in named])
    found = [
        _One(
            key=one.key,
            size=one.size,
            done=CONDEMNED in tags,
            version=str(answer.get("VersionId") or ""),
            tags=_others(tags),
        )
        for one, answer in zip(named, answers, strict=True)
        for tags in [rows_of(answer.get("TagSet"))]
    ]
    rest = [one for one in page if not re.fullmatch(NAMEABLE, one.key)]
    return [*found, *(_One(key=one.key, size=one.size, done=False) for one in rest)]


def _tagged(look: Look, places: Sequence[JsonObject]) -> list[JsonObject]:
    answers = list(looks(look, "s3.tags", places))
    for place, answer in zip(places, answers, strict=True):
        if answer.get("found") is False:
            raise InvalidError(f"There is no {shown(place['Key'])} in {place['Bucket']} any more. Look again.")
    return answers


def _others(tags: Sequence[JsonObject]) -> tuple[JsonObject, ...]:
    others = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags if tag["Key"] != CONDEMNED["Key"]]
    return tuple(sorted(others, key=lambda tag: str(tag["Key"])))


def propose_copies(look: Look, params: Aside, _occasion: Occasion) -> Proposal:
    """Propose one copy per object, each only of what was seen, all of them as one list."""
    found = _listed(_copied(look, params), params)
    return _proposal(
        [Element(call=_copy(look, params.bucket, one), done=one.done) for one in found],
        resource=f"s3://{params.bucket}/{_condemned(params.prefix)}",
        effect=f"Copies {_counted(found)} to condemned/, where the pipeline does not take them up.",
        what="copies",
        untouched="The rows in quarantine/: nothing is moved or deleted.",
    )


def _listed(found: _Found, aside: Aside) -> list[_One]:
    if not found.complete:
        raise InvalidError(
            f"{aside.prefix} holds more objects than one list may; ask for less at once (a narrower prefix)."
        )
    return [one for one in found.objects if one.nameable]


def _counted(found: Sequence[_One]) -> str:
    return f"{counted(len(found), 'object')} ({counted(sum(one.size for one in found), 'byte')})"


def _proposal(elements: Sequence[Element], *, resource: str, effect: str, what: str, untouched: str) -> Proposal:
    """Propose a list, or say that all of it is so already."""
    call = standing_for((one.call for one in elements), resource=resource)
    count, there = len(elements), sum(one.done for one in elements)
    already = there == count
    return Proposal(
        calls=() if already else (call,),
        lists={resource: tuple(elements)},
        seen={"objects": count, "list": call.many.digest if call.many else ""},
        effect=f"All {count:,} {what} are there already." if already else effect,
        changes="nothing" if already else f"{what}: {there:,} of {count:,} -> {count:,} of {count:,}",
        untouched=untouched,
        already=already,
    )


def _copy(look: Look, bucket: str, one: _One) -> Call:
    return look.call(
        "s3.copy_condemned",
        Bucket=bucket,
        Key=_condemned(one.key),
        CopySource={"Bucket": bucket, "Key": one.key},
        CopySourceIfMatch=one.etag,
    )


def observe_copies(look: Look, params: Aside, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how many of the objects have a copy among the condemned."""
    return _changed(_listed(_copied(look, params), params), "copied")


def _changed(found: Sequence[_One], what: str) -> JsonObject:
    count, done = len(found), sum(one.done for one in found)
    return {"count": count, "done": done, "progress": f"{done:,} of {count:,} {what}"}


def propose_tags(look: Look, params: Aside, _occasion: Occasion) -> Proposal:
    """Propose to mark each version seen as condemned, keeping the tags it has; all of them as one list."""
    found = _listed(_marked(look, params), params)
    return _proposal(
        [Element(call=_tag(look, params.bucket, one), done=one.done) for one in found],
        resource=f"s3://{params.bucket}/{params.prefix}",
        effect=f"Marks {_counted(found)} in quarantine as condemned.",
        what="marks",
        untouched="What is in the objects, their other tags, their copies.",
    )


def _tag(look: Look, bucket: str, one: _One) -> Call:
    tags: list[JsonValue] = [*one.tags, dict(CONDEMNED)]
    if not one.version:
        raise InvalidError(f"{bucket} does not keep every version, so nothing is marked there.")
    return look.call("s3.tag_condemned", Bucket=bucket, Key=one.key, VersionId=one.version, Tagging={"TagSet": tags})


def insist_same_tags(look: Look, calls: Sequence[Call]) -> None:
    """Insist that a mark drops no tag that somebody gave since it was listed: S3 has no precondition for it.

    Raises:
        InvalidError: it would.
    """
    places = [{name: call.params[name] for name in ("Bucket", "Key", "VersionId")} for call in calls]
    for call, answer in zip(calls, _tagged(look, places), strict=True):
        wanted = object_of(call.params["Tagging"]).get("TagSet")
        if _others(rows_of(answer.get("TagSet"))) != _others(rows_of(wanted)):
            raise InvalidError(
                f"Somebody changed the tags of {call.resource} since they were listed; nothing more was sent. "
                "Ask again: it goes on from there."
            )


def observe_tags(look: Look, params: Aside, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how many of the objects are marked as condemned."""
    return _changed(_listed(_marked(look, params), params), "marked")


ACTIONS = (
    Action(
        id="s3.uncopied",
        title="Count rows set aside that have no copy among the condemned",
        params=Aside,
        returns=Pending,
        rows=("s3.list",),
        read=uncopied,
    ),
    Action(
        id="s3.untagged",
        title="Count rows set aside that are not marked as condemned",
        params=Aside,
        returns=Pending,
        rows=("s3.list", "s3.tags"),
        read=untagged,
    ),
    Action(
        id="s3.copy_prefix",
        title="Copy rows set aside to the condemned, all under a prefix",
        params=Aside,
        returns=Changed,
        rows=("s3.list", "s3.copy_condemned"),
        risk=Risk.CHANGE,
        propose=propose_copies,
        observe=observe_copies,
    ),
    Action(
        id="s3.tag_prefix",
        title="Mark rows set aside as condemned, all under a prefix",
        params=Aside,
        returns=Changed,
        rows=("s3.list", "s3.tags", "s3.tag_condemned"),
        risk=Risk.CHANGE,
        propose=propose_tags,
        observe=observe_tags,
        insist=insist_same_tags,
    ),
)
