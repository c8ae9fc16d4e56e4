"""Log lines: fetched by time range, filtered and counted in our own code; their text is only data."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from pydantic import Field, model_validator

from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Look
from bot.domain.moment import from_millis, moment, written
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_PAGES = 40
MOST_LINES = 100_000
MOST_GROUPS = 50
MOST_VALUE = 200
PAGE = 5_000


class SearchLogs(Params):
    """Say which lines are wanted, and how they are counted.

    Attributes:
        where: fields of the JSON line and the text each must hold.
        count_by: fields of the JSON line; lines with the same values are one group.
        limit: how many groups are returned.
    """

    group: str
    where: Mapping[str, str] = {}
    hours: int | None = Field(default=None, ge=1, le=336)
    since: str | None = None
    until: str | None = None
    count_by: list[str] = Field(default=[], max_length=4)
    limit: int = Field(default=10, ge=1, le=MOST_GROUPS)

    @model_validator(mode="after")
    def _one_start(self) -> "SearchLogs":
        if (self.hours is None) == (self.since is None):
            raise ValueError("give either hours or since")
        return self


class Group(Returns):
    """Count the lines that share the values of `count_by`."""

    key: dict[str, str]
    count: int
    first: str
    last: str


class Lines(Returns):
    """Return what was counted.

    Attributes:
        lines: how many matched.
        read: how many were looked at; `not_json` of those were no JSON object.
        complete: false when the budget ended before the lines did.
        top: the values of the largest group; empty when there is none.
    """

    lines: int
    read: int
    not_json: int
    complete: bool
    groups: list[Group]
    top: dict[str, str]


class _Tally:
    """Count lines as they come; holds one entry per group, never the lines."""

    def __init__(self, where: Mapping[str, str], count_by: list[str]) -> None:
        self.where, self.count_by = where, count_by
        self.lines = self.read = self.not_json = 0
        self.complete = True
        self.groups: dict[tuple[str, ...], list[int]] = {}

    def add(self, at: int, message: str) -> None:
        """Count one line."""
        self.read += 1
        line = _parsed(message)
        if line is None:
            self.not_json += 1
            return
        if any(_text(line.get(field)) != wanted for field, wanted in self.where.items()):
            return
        self.lines += 1
        if not self.count_by:
            return
        key = tuple((_text(line.get(field)) or "")[:MOST_VALUE] for field in self.count_by)
        group = self.groups.setdefault(key, [0, at, at])
        self.groups[key] = [group[0] + 1, min(group[1], at), max(group[2], at)]

    def result(self, limit: int) -> JsonObject:
        """Return the counts, largest group first."""
        ranked = sorted(self.groups.items(), key=lambda item: (-item[1][0], item[0]))[:limit]
        groups: list[JsonValue] = [
            {
                "key": dict(zip(self.count_by, key, strict=True)),
                "count": count,
                "first": written(from_millis(first)),
                "last": written(from_millis(last)),
            }
            for key, (count, first, last) in ranked
        ]
        top: JsonObject = dict(zip(self.count_by, ranked[0][0], strict=True)) if ranked else {}
        return {
            "lines": self.lines,
            "read": self.read,
            "not_json": self.not_json,
            "complete": self.complete,
            "groups": groups,
            "top": top,
        }


def search(look: Look, params: SearchLogs, now: datetime) -> JsonObject:
    """Return how many lines match, and which groups they fall into."""
    since = moment(params.since) if params.since else now - timedelta(hours=params.hours or 0)
    until = moment(params.until) if params.until else now
    if until <= since:
        raise InvalidError(f"There is no time between {written(since)} and {written(until)}.")
    tally = _Tally(params.where, params.count_by)
    for at, message in _events(look, params, since, until, tally):
        tally.add(at, message)
    return tally.result(params.limit)


def _events(
    look: Look, params: SearchLogs, since: datetime, until: datetime, tally: _Tally
) -> Iterator[tuple[int, str]]:
    """Yield time and text of every line; an empty page is not the end, a token seen before is."""
    optional: JsonObject = {}
    if term := quoted_term(params.where):
        optional["filterPattern"] = term
    met: set[str] = set()
    for _ in range(MOST_PAGES):
        page = look(
            "logs.filter",
            logGroupName=params.group,
            startTime=_millis(since),
            endTime=_millis(until),
            limit=PAGE,
            **optional,
        )
        if page.get("found") is False:
            raise InvalidError(f"There is no log group {params.group}.")
        events = page.get("events")
        for event in events if isinstance(events, list) else []:
            if tally.read >= MOST_LINES:
                tally.complete = False
                return
            if isinstance(event, dict) and isinstance(event.get("timestamp"), int):
                yield int(str(event["timestamp"])), str(event.get("message", ""))
        token = page.get("nextToken")
        if not isinstance(token, str) or not token:
            return
        if token in met:
            break
        met.add(token)
        optional["nextToken"] = token
    tally.complete = False


def quoted_term(where: Mapping[str, str]) -> str | None:
    """Return a filter pattern of one quoted term that every wanted line holds, or None.

    Only plain words become one: any other value is compared in our own code alone, and none becomes syntax.
    """
    plain = [value for value in where.values() if _plain(value)]
    return f'"{max(plain, key=len)}"' if plain else None


def _plain(value: str) -> bool:
    return value.isascii() and 0 < len(value) <= 64 and all(c.isalnum() or c in "_-" for c in value)


def _parsed(message: str) -> JsonObject | None:
    text = message.strip()
    if not text.startswith("{"):
        return None
    try:
        return parse_object(text)
    except (InvalidError, RecursionError, json.JSONDecodeError):
        return None


def _text(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


ACTIONS = (
    Action(
        id="logs.search",
        title="Count log lines",
        params=SearchLogs,
        returns=Lines,
        rows=("logs.filter",),
        read=search,
    ),
)
