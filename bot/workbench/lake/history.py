"""How an alarm's state changed, which moto keeps and does not tell: mended in one tested place."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from moto.cloudwatch.models import Alarm, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from bot.workbench.lake.mending import replace
from bot.workbench.lake.names import LakeNames


def mend(names: LakeNames) -> None:
    """Make the local CloudWatch tell the history of an alarm, as the evaluator has moved it."""

    def describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
        alarm = cloudwatch_backends[names.account][names.region].alarms.get(self._get_param("AlarmName"))
        since, until = (_at(self._get_param(name)) for name in ("StartDate", "EndDate"))
        turns = [*turned(alarm)] if alarm is not None else []
        within = [one for one in turns if (not since or one[0] >= since) and (not until or one[0] <= until)]
        most = int(self._get_param("MaxRecords") or 100)
        items = [_item(self._get_param("AlarmName"), *one) for one in within[::-1][:most]]
        return ActionResult({"AlarmHistoryItems": items, **({"NextToken": "more"} if len(within) > most else {})})

    replace(CloudWatchResponse, "describe_alarm_history", describe_alarm_history)


def turned(alarm: Alarm) -> Iterator[tuple[datetime, str, str]]:
    """Yield when the state became another, from what to what; moto keeps of each state when it began."""
    states = [(state, at) for _, _, _, state, at in alarm.history]
    for (was, _), (became, at) in pairwise([*states, (alarm.state_value, alarm.state_updated_timestamp)]):
        if was != became:
            yield at.replace(tzinfo=UTC), was, became


def _item(name: str, at: datetime, was: str, became: str) -> dict[str, object]:
    return {
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {was} to {became}",
        "Timestamp": at,
    }


def _at(value: datetime | str | None) -> datetime | None:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
