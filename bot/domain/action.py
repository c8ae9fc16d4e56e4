"""The catalogue's vocabulary: rows (one AWS operation on named resources) and actions built of them.

A row is a permission: an operation, the parameters it may carry and on what, its risk and how often it may be sent.
An action is what a runbook step uses. Reading actions only look. Changing actions look, then *propose* the exact
calls; whoever performs the run asks for approval, sends each call at most once, and lets the action look again.
Nothing here talks to AWS.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, NoReturn, Protocol

from pydantic import BaseModel

from bot.domain.runbook import Risk
from bot.domain.sql import explained, named_partition, selected
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import InvalidError, NotFoundError

PLATFORM_KEYS = frozenset(
    {
        "bronze_bucket",
        "silver_bucket",
        "quarantine_bucket",
        "artifacts_bucket",
        "log_groups",
        "machine",
        "machines",
        "daily_rule",
        "rules",
        "namespace",
        "pipelines",
        "gold_bucket",
        "tfstate_bucket",
        "tfstate_keys",
        "lock_table",
        "locks",
        "database",
        "table",
        "quarantine_table",
        "tables",
        "workgroup",
        "workgroups",
        "job",
        "jobs",
        "function",
        "functions",
        "gate_function",
        "project",
        "projects",
        "build_log_groups",
        "queue",
        "queues",
        "dead_letter_queue",
        "dead_letter_queues",
        "topics",
        "quarantine_topic",
        "failures_topic",
        "etl_role",
        "roles",
        "compact_job",
        "results_bucket",
        "endpoint",
        "endpoints",
    }
)


HTTP = "http"
PRECONDITIONS = frozenset({"IfMatch", "IfNoneMatch", "RevisionId", "ConditionExpression"})
OWN_PRECONDITIONS = {"delete_object": "VersionId", "start_execution": "name", "update_table": "VersionId"}
"""Parameters that hold back these operations alone: elsewhere they only say on what the call is made."""


class Replay(StrEnum):
    """Say how often a call may be sent when its outcome is in doubt."""

    SAFE = "safe"
    TOKEN = "token"  # noqa: S105 - the name of a policy, not a secret
    ONCE = "once"


class Guard(StrEnum):
    """Say what AWS itself holds a call back for, whatever the bot looks at."""

    WHOLE = "whole"
    SOURCE = "source"
    NONE = "none"


class Platform(Value):
    """Name the resources of one environment; rows and runbooks may use no others.

    Attributes:
        name: what a person calls it, e.g. PROD.
        resources: names of buckets, functions, machines, by the key that rows and `platform.…` use.
        in_console: whether AWS's console shows them; a local lake is in none.
        endpoints: addresses of what else belongs to it and is asked over HTTPS, by name; nothing else ever is.
        anchors: where in S3 the audit's anchors are kept, which no step may write; empty where they lie elsewhere.
    """

    name: str
    account: str
    account_name: str
    region: str
    resources: Mapping[str, str | tuple[str, ...]]
    in_console: bool = False
    endpoints: Mapping[str, str] = {}
    anchors: str = ""

    def reaching(self, endpoints: Mapping[str, str]) -> "Platform":
        """Return the platform with these endpoints; `endpoint` is the first of their names."""
        names = tuple(endpoints)
        told = {"endpoints": names, "endpoint": names[0]} if names else {}
        return self.model_copy(update={"endpoints": endpoints, "resources": {**self.resources, **told}})

    def names(self, key: str) -> tuple[str, ...]:
        """Return the names listed under the key, one or many; `account` and `region` are the platform's own.

        Raises:
            InvalidError: the environment has no such entry.
        """
        own = {"account": self.account, "region": self.region}
        value = own.get(key) or self.resources.get(key)
        if value is None:
            raise InvalidError(f"platform has no {key!r}; add it to the platform section of bot.toml.")
        return (value,) if isinstance(value, str) else value


class Match(Value):
    """Admit strings that match wholly; `<key>` stands for a name of the platform, escaped."""

    pattern: str

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether the whole value fits; only ASCII text can."""
        return isinstance(value, str) and value.isascii() and bool(re.fullmatch(self._regex(platform), value))

    def _regex(self, platform: Platform) -> str:
        def names(found: re.Match[str]) -> str:
            return "(?:" + "|".join(re.escape(name) for name in platform.names(found[1])) + ")"

        return re.sub(r"<([a-z_]+)>", names, self.pattern)


class Fixed(Value):
    """Admit one value only, the platform's own (`<account>`); `bind` fills it in, so that no call goes without."""

    value: str

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is that value."""
        return value == self.filled(platform)

    def filled(self, platform: Platform) -> str:
        """Return the value on this platform."""
        return _one(self.value, platform)


class Named(Value):
    """Admit a name of the platform behind a fixed prefix (an ARN's); `bind` writes the name out in full."""

    prefix: str
    of: Match

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is the prefix followed by an admitted name."""
        prefix = _one(self.prefix, platform)
        return isinstance(value, str) and value.startswith(prefix) and self.of.admits(value[len(prefix) :], platform)

    def full(self, value: JsonValue, platform: Platform) -> JsonValue:
        """Return an admitted name behind the prefix; anything else as it is, for `admits` to judge."""
        if isinstance(value, str) and self.of.admits(value, platform):
            return _one(self.prefix, platform) + value
        return value


class Whole(Value):
    """Admit whole numbers between two bounds."""

    least: int
    most: int

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is a whole number in bounds; true and false are not numbers."""
        return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most


class Text(Value):
    """Admit free text up to a length in characters, where the row's effect does not depend on it."""

    most: int

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is text within the length."""
        return isinstance(value, str) and len(value) <= self.most


class OneOf(Value):
    """Admit exactly the listed values."""

    values: tuple[JsonValue, ...]

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether the value is one of them, and of the same type."""
        return any(type(value) is type(wanted) and value == wanted for wanted in self.values)


class Document(Value):
    """Admit a JSON document given as text, whose fields are each admitted; unknown fields are refused."""

    fields: Mapping[str, "Allowed"]
    required: tuple[str, ...] = ()

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it parses strictly to an object of admitted fields."""
        try:
            parsed = parse_object(value) if isinstance(value, str) else None
        except InvalidError:
            return False
        if parsed is None or not set(self.required) <= set(parsed):
            return False
        return all(name in self.fields and self.fields[name].admits(item, platform) for name, item in parsed.items())


class Each(Value):
    """Admit a list of bounded length whose every element is admitted."""

    of: "Allowed"
    most: int

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is a list within the length, each element fitting."""
        return isinstance(value, list) and len(value) <= self.most and all(self.of.admits(v, platform) for v in value)


class Fields(Value):
    """Admit an object (not text) whose fields are each admitted; unknown fields are refused."""

    fields: Mapping[str, "Allowed"]
    required: tuple[str, ...] = ()

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether every field is known and fits, and none required is missing."""
        if not isinstance(value, dict) or not set(self.required) <= set(value):
            return False
        return all(name in self.fields and self.fields[name].admits(item, platform) for name, item in value.items())


class AnyOf(Value):
    """Admit what one of several admits."""

    of: tuple["Allowed", ...]

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether any of them admits it."""
        return any(one.admits(value, platform) for one in self.of)


class Map(Value):
    """Admit an object whose names are not known beforehand: every name matches, every value is admitted."""

    keys: Match
    of: "Allowed"
    most: int

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is an object within the length, each name and value fitting."""
        if not isinstance(value, dict) or len(value) > self.most:
            return False
        return all(self.keys.admits(name, platform) and self.of.admits(v, platform) for name, v in value.items())


class Query(Value):
    """Admit one parsed statement on the platform's own tables, in the one spelling our own writer gives it.

    Attributes:
        kind: select (counts only, no text in it), explain (of any select) or add_partition.
    """

    kind: str

    def admits(self, value: JsonValue, platform: Platform) -> bool:
        """Return whether it is exactly what is written again from what was parsed."""
        tables = frozenset(platform.names("tables"))
        database = platform.names("database")[0]
        judge = {"select": selected, "explain": explained, "add_partition": named_partition}[self.kind]
        try:
            return isinstance(value, str) and judge(value, tables=tables, database=database) == value
        except InvalidError:
            return False


Allowed = Match | Fixed | Named | Whole | Text | OneOf | Document | Each | Fields | AnyOf | Map | Query


class Row(Value):
    """Permit one AWS operation, with named parameters on named resources.

    Attributes:
        service: as boto3 calls it; or `http`, which is none of AWS: an endpoint of the platform.
        allows: every parameter the call may carry, and what it may hold; one not listed is refused.
        token: the parameter the service deduplicates on, where `replay` is token.
        resource: what the call touches, as text over its parameters, e.g. `s3://{Bucket}/{Key}`.
        keep: dotted paths of the answer that are kept (`executions[].name`), each with its kind:
            text, number, truth, time, map (of scalars), digest (SHA-256 of the text instead of it); a `?` behind the
            kind says that AWS may leave it out. A `Body` is parsed as strict JSON, and fields of it not listed are
            counted under `Unlisted`. Without any, metadata only.
            The name `*` keeps, as a list under `Others`, the names of the fields beside those listed.
        most_kept: how many characters of kept answer are taken at most.
        absent: error codes that mean "not there" for this row, beside those that always do.
        iam: the IAM actions the operation needs.
        isolated: it writes only under a run id of its own and promotes nothing; whether on-call may confirm their own
            is the policy's to say.
    """

    id: str
    service: str
    operation: str
    title: str
    allows: Mapping[str, Allowed]
    required: tuple[str, ...] = ()
    resource: str
    risk: Risk = Risk.READ
    replay: Replay = Replay.SAFE
    token: str | None = None
    keep: Mapping[str, str] = {}
    most_kept: int = 65_536
    absent: tuple[str, ...] = ()
    iam: tuple[str, ...] = ()
    isolated: bool = False
    version: int = 1

    @property
    def of_aws(self) -> bool:
        """Return whether it is AWS that is asked."""
        return self.service != HTTP

    def guard(self, call: "Call") -> Guard:
        """Return whether AWS refuses the call where what it is for has changed, or its name was used before.

        Of a copy that names only what it copies from, what it overwrites may have become anything.
        """
        sent = set(call.many.first[0] if call.many and call.many.first else call.params)
        if sent & {*PRECONDITIONS, OWN_PRECONDITIONS.get(self.operation)}:
            return Guard.WHOLE
        return Guard.SOURCE if "CopySourceIfMatch" in sent else Guard.NONE


class Many(Value):
    """Say which calls one call stands for.

    Attributes:
        digest: SHA-256 of the list's file (`many.line` of each, in order).
        first: the parameters of the first few, for people.
    """

    count: int
    digest: str
    first: tuple[JsonObject, ...]


class Call(Value):
    """Hold the exact parameters one row would be sent with; or, with `many`, a list of calls of that row."""

    row: str
    params: JsonObject
    resource: str
    many: Many | None = None


@dataclass(frozen=True)
class Element:
    """Hold one call of a list, and whether the lake is so already, so that it is not sent."""

    call: Call
    done: bool = False


class Occasion(Value):
    """Say for which run, step, element and request a call is proposed; idempotency tokens come from it."""

    installation: str
    run: int
    step: str
    item: int = 0
    request: int = 1

    def token(self, length: int = 12) -> str:
        """Return the first hex digits of a hash over the occasion; the same occasion gives the same token."""
        text = f"{self.installation}/{self.run}/{self.step}/{self.item}/{self.request}"
        return hashlib.sha256(text.encode()).hexdigest()[:length]


class Proposal(Value):
    """Say which calls an action wants to make, what it saw, and what people should know.

    Attributes:
        seen: the state that decides; a difference at the call voids the approval.
        already: nothing needs to be done, the lake is so already; there are no calls then, unless something is held
            or let go of: a pause and its resume always name theirs, because both are asked for at once.
        lists: by resource, what each call that stands for a list stands for, as the lake is now; all of it, and
            what is so already too.
        holds: the shared resource this pauses, counted over all runs.
        releases: the shared resource this lets go of.
    """

    calls: tuple[Call, ...]
    seen: JsonObject
    effect: str
    changes: str
    untouched: str = ""
    already: bool = False
    lists: Mapping[str, tuple[Element, ...]] = {}
    holds: str | None = None
    releases: str | None = None


class Look(Protocol):
    """Perform one reading row and return what the row keeps."""

    def __call__(self, row: str, /, **params: JsonValue) -> JsonObject:
        """Perform the row; an answer AWS gives as "not there" is `{"found": False}`.

        Raises:
            UnavailableError: no answer; trying again is safe.
            CallRefusedError: AWS said no.
        """
        ...

    def call(self, row: str, /, **params: JsonValue) -> Call:
        """Return the exact call of a row, for a proposal; nothing is sent.

        Raises:
            InvalidError: the row does not admit it.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Action:
    """Tie a name of the catalogue to its parameters, its answer and its functions.

    A reading action has `read` only. A changing action has `propose` (look, then name the exact calls) and
    `observe` (after the calls were answered, look again and return the output; also used to poll).
    `settle` looks whether a call that was sent before, and now meets a failed precondition, took effect after all:
    the answer as if it had just been given, or None. `insist` looks once more at what some calls of a list overwrite,
    right before they are sent, where AWS has no precondition for it. `risk` is the highest its calls can have; what
    counts for the verdict is `Catalogue.risk` of the calls proposed. `shows` is false where what `propose` looks at
    stays as it was when the calls took effect, e.g. a message was sent. `local` is false where the local lake cannot
    do it.
    """

    id: str
    title: str
    params: type[BaseModel]
    returns: type[BaseModel]
    rows: tuple[str, ...]
    risk: Risk = Risk.READ
    read: Callable[[Look, Any, datetime], JsonObject] | None = None
    propose: Callable[[Look, Any, Occasion], Proposal] | None = None
    observe: Callable[[Look, Any, tuple[JsonObject, ...]], JsonObject] | None = None
    shows: bool = True
    local: bool = True

    def looked(self, look: Look, params: BaseModel, now: datetime) -> JsonObject:
        """Perform a reading action.

        Raises:
            InvalidError: it changes things; it has to be asked for.
        """
        if self.read is None:
            raise InvalidError(f"{self.id} does not only look; it has to be asked for.")
        return self.read(look, params, now)

    settle: Callable[[Look, Call], JsonObject | None] | None = None
    insist: Callable[[Look, Sequence[Call]], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Hold everything the bot can do; what is not here cannot run."""

    rows: Mapping[str, Row]
    actions: Mapping[str, Action]

    def action(self, name: str) -> Action:
        """Return the action of that name.

        Raises:
            NotFoundError: there is none; the words offer the nearest.
        """
        found = self.actions.get(name)
        if found is None:
            near = get_close_matches(name, self.actions, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `runbook-bot actions` lists them."
            raise NotFoundError(f"There is no action called {name!r}.{hint}")
        return found

    def row(self, name: str) -> Row:
        """Return the row of that name.

        Raises:
            NotFoundError: there is none.
        """
        found = self.rows.get(name)
        if found is None:
            raise NotFoundError(f"There is no catalogue row called {name!r}.")
        return found

    def imitated(self) -> "Catalogue":
        """Return the catalogue for a lake that imitates AWS: an action it cannot do says so, and sends nothing."""
        return replace(self, actions={name: one if one.local else _not_here(one) for name, one in self.actions.items()})

    def risk(self, calls: Iterable[Call]) -> Risk:
        """Return the highest risk among the calls' rows; without any it is only a look."""
        risks = [self.row(call.row).risk for call in calls]
        return max(risks, key=lambda risk: risk.rank, default=Risk.READ)


def _not_here(action: Action) -> Action:
    def refuse(*_: object) -> NoReturn:
        raise InvalidError(
            f"The local lake cannot do this ({action.title.lower()}, {action.id}); on AWS it is done. "
            "Take another way, or go on without it."
        )

    return replace(action, read=refuse if action.read else None, propose=refuse if action.propose else None)


@dataclass(frozen=True, kw_only=True)
class Looking:
    """Look, for the functions of actions: bind each row on the platform, then perform it."""

    catalogue: Catalogue
    platform: Platform
    perform: Callable[[Call], JsonObject]

    def __call__(self, row: str, /, **params: JsonValue) -> JsonObject:
        """Perform a reading row."""
        return self.perform(self.call(row, **params))

    def call(self, row: str, /, **params: JsonValue) -> Call:
        """Return the exact call; nothing is sent."""
        return bind(self.catalogue.row(row), params, self.platform)


def bind(row: Row, params: JsonObject, platform: Platform) -> Call:
    """Return the call if the row admits every parameter on this platform; binding it again returns the same.

    Raises:
        InvalidError: a parameter is missing, not listed, or holds what the row does not admit.
    """
    params = {**_fixed(row, platform), **params}
    missing = [name for name in row.required if name not in params]
    if missing:
        raise InvalidError(f"{row.id} needs {', '.join(missing)}.")
    for name, value in params.items():
        allowed = row.allows.get(name)
        if allowed is None:
            raise InvalidError(f"{row.id} may not carry the parameter {name}.")
        if isinstance(allowed, Named):
            params[name] = value = allowed.full(value, platform)
        if not allowed.admits(value, platform):
            raise InvalidError(f"{row.id} does not admit this value of {name}: {shown(value)}.")
    named = {name: value for name, value in params.items() if isinstance(value, str | int)}
    return Call(row=row.id, params=params, resource=row.resource.format(**named))


def bind_known(
    row: Row, params: JsonObject, platform: Platform, *, is_open: Callable[[Allowed, JsonValue], bool]
) -> Call:
    """Return the call as `bind` does, where some values are not known yet: those may be anything.

    Raises:
        InvalidError: whatever the open values turn out to be, the row does not admit the call.
    """
    params = {**_fixed(row, platform), **params}
    if missing := [name for name in row.required if name not in params]:
        raise InvalidError(f"{row.id} needs {', '.join(missing)}.")
    for name, value in params.items():
        allowed = row.allows.get(name)
        if allowed is None:
            raise InvalidError(f"{row.id} may not carry the parameter {name}.")
        if isinstance(allowed, Named):
            params[name] = value = allowed.full(value, platform)
        if not _may_admit(allowed, value, platform, is_open):
            raise InvalidError(f"{row.id} does not admit this value of {name}: {shown(value)}.")
    return Call(row=row.id, params=params, resource=row.resource)


def _may_admit(
    allowed: Allowed, value: JsonValue, platform: Platform, is_open: Callable[[Allowed, JsonValue], bool]
) -> bool:
    """Return whether the known parts fit, whatever the open ones turn out to be."""

    def fits(within: Allowed, item: JsonValue) -> bool:
        return _may_admit(within, item, platform, is_open)

    match allowed, value:
        case Document(), str() if value.lstrip().startswith("{"):
            return _fields_fit(allowed, parse_object(value), fits)
        case Fields(), dict():
            return _fields_fit(allowed, value, fits)
        case Each(), list():
            return len(value) <= allowed.most and all(fits(allowed.of, item) for item in value)
        case AnyOf(), _:
            return any(fits(one, value) for one in allowed.of)
        case Map(), dict():
            names = all(fits(allowed.keys, name) for name in value)
            return names and len(value) <= allowed.most and all(fits(allowed.of, item) for item in value.values())
        case _:
            return is_open(allowed, value) or allowed.admits(value, platform)


def _fields_fit(allowed: Document | Fields, value: JsonObject, fits: Callable[[Allowed, JsonValue], bool]) -> bool:
    known = set(allowed.required) <= set(value) <= set(allowed.fields)
    return known and all(fits(allowed.fields[name], item) for name, item in value.items())


def _fixed(row: Row, platform: Platform) -> JsonObject:
    return {name: allowed.filled(platform) for name, allowed in row.allows.items() if isinstance(allowed, Fixed)}


def _one(text: str, platform: Platform) -> str:
    return re.sub(r"<([a-z_]+)>", lambda found: platform.names(found[1])[0], text)


def shown(value: JsonValue, most: int = 120) -> str:
    """Return a value as one short line of ASCII; other characters show as escapes."""
    text = ascii(value)
    return text if len(text) <= most else text[: most - 1] + "..."
