"""Logs Insights, by three questions that are written here: no runbook writes its language."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.rows.signals import QUERIES
from bot.domain.action import Action, Look
from bot.domain.moment import epoch
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

PAUSES_S = (0.2, 0.5, 1.0, *(2.0,) * 10)
GOING = frozenset({"Scheduled", "Running", "Unknown"})


class AskInsights(Params):
    """Name the question, the log group and the hours."""

    group: str
    question: Literal["errors_by_type", "errors_by_file", "schema_errors"]
    hours: int = Field(default=24, ge=1, le=336)


class CountedLines(Returns):
    """Hold one group of lines: what they share, and how many there are."""

    key: str
    count: int


class Insight(Returns):
    """Return the groups, largest first; `groups` and `lines` are absent unless the question was answered."""

    status: str
    lines: int = 0
    groups: list[CountedLines] = []


def insights(look: Look, params: AskInsights, now: datetime) -> JsonObject:
    """Return what a question counts in the log."""
    return asked(look, params, now)


def asked(look: Look, params: AskInsights, now: datetime, *, sleep: Callable[[float], None] = time.sleep) -> JsonObject:
    """Ask, wait until it is answered or a step has waited long enough, and return the groups."""
    started = look(
        "logs.insights",
        logGroupName=params.group,
        startTime=epoch(now - timedelta(hours=params.hours)),
        endTime=epoch(now),
        queryString=QUERIES[params.question],
    )
    if started.get("found") is False:
        raise InvalidError(f"There is no log group {params.group}.")
    answer = look("logs.insights_results", queryId=started["queryId"])
    for pause in PAUSES_S:
        if answer["status"] not in GOING:
            break
        sleep(pause)
        answer = look("logs.insights_results", queryId=started["queryId"])
    if answer["status"] != "Complete":
        return {"status": answer["status"]}
    groups = _groups(answer)
    return {"status": "Complete", "lines": sum(int(str(one["count"])) for one in groups), "groups": [*groups]}


def _groups(answer: JsonObject) -> list[JsonObject]:
    lines = answer.get("results")
    found: list[JsonObject] = []
    for line in lines if isinstance(lines, list) else []:
        fields: dict[str, JsonValue] = {str(one.get("field")): one.get("value") for one in rows_of(line)}
        count = str(fields.pop("n", ""))
        key = next((str(value) for name, value in fields.items() if name != "@ptr"), "")
        if count.isascii() and count.isdigit():
            found.append({"key": key[:200], "count": int(count)})
    return sorted(found, key=lambda one: -int(str(one["count"])))


ACTIONS = (
    Action(
        id="logs.insights",
        title="Count log lines by one of three questions",
        params=AskInsights,
        returns=Insight,
        rows=("logs.insights", "logs.insights_results"),
        read=insights,
        local=False,
    ),
)
