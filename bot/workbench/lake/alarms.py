"""CloudWatch's part that moto lacks: the pipeline's heartbeat, and alarms that look at their metrics.

Every alarm is evaluated from its own definition on the movable clock; a change of state is set and published
to the alarm's own topics, both ways. What state the data ask for is decided in notification.py.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from moto.cloudwatch.models import cloudwatch_backends

from bot.workbench.lake import breaker, metrics, notification, watches
from bot.workbench.lake.clients import Clients
from bot.workbench.lake.loop import Loop
from bot.workbench.lake.names import LakeNames
from bot.workbench.lake.notification import Alarm, Verdict

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef, MetricDataQueryTypeDef

    from bot.workbench.clock import Clock

_REST = 1.0  # seconds between two looks; a finished run is looked at once


class Evaluator:
    """Beat and look, again and again."""

    def __init__(self, *, clients: Clients, names: LakeNames, clock: "Clock", beaten: datetime) -> None:
        self._clients = clients
        self._names = names
        self._clock = clock
        self._beaten = beaten
        self._failed: set[str] = set()
        self.loop = Loop(self.look, name="lake-alarms", rest=_REST)

    def begin_again(self, *, beaten: datetime) -> None:
        """Take up after Start over: the history ends at `beaten`."""
        self._beaten = beaten
        self._failed.clear()

    def look(self) -> None:
        """Emit the heartbeats that are due, also those the clock jumped over; then evaluate every alarm."""
        now = self._clock.now()
        alarms = self._alarms()
        self._beat(now, alarms)
        self._count_failures(now)
        for alarm in alarms:
            verdict = notification.judge(alarm, self._values(alarm, now), at=now)
            if verdict.state != alarm.state:
                self._change(alarm, verdict)

    def _beat(self, now: datetime, alarms: Sequence[Alarm]) -> None:
        due = metrics.ticks(after=self._beaten, until=now)
        if not due:
            return
        halted = breaker.read(self._clients.s3, self._names).state != "CLOSED"
        points = [point for at in due for point in metrics.heartbeat(halted=halted, at=at)]
        metrics.put(self._clients.cloudwatch, self._names, points)
        for alarm in alarms:
            if alarm.name in watches.WATCHES:
                watches.measure(self._clients, self._names, alarm.name, dict(alarm.dimensions), at=due)
        self._beaten = due[-1]

    def _count_failures(self, now: datetime) -> None:
        """Send ExecutionsFailed for each execution that has failed since the last look, as Step Functions does."""
        found = self._clients.sfn.list_executions(
            stateMachineArn=self._names.state_machine_arn, statusFilter="FAILED", maxResults=100
        )
        new = {execution["executionArn"] for execution in found["executions"]} - self._failed
        if new:
            watches.happened(self._clients, self._names, "StepFunctionsExecutionsFailed", len(new), at=now)
        self._failed |= new

    def _alarms(self) -> list[Alarm]:
        """Return the alarms that speak; the others are not evaluated here, and describing them costs the most."""
        known = cloudwatch_backends[self._names.account][self._names.region].alarms
        speaking = [name for name, alarm in list(known.items()) if alarm.actions_enabled]
        if not speaking:
            return []
        found = self._clients.cloudwatch.describe_alarms(AlarmNames=speaking)["MetricAlarms"]
        return [_alarm(alarm) for alarm in found]

    def _values(self, alarm: Alarm, now: datetime) -> list[float]:
        # moto cuts both ends to the second and leaves the end out: one second more keeps the newest points.
        end = now + timedelta(seconds=1)
        start = end - timedelta(seconds=alarm.period * alarm.evaluation_periods)
        query: MetricDataQueryTypeDef = {
            "Id": "watched",
            "MetricStat": {
                "Metric": {
                    "Namespace": alarm.namespace,
                    "MetricName": alarm.metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in alarm.dimensions],
                },
                "Period": alarm.period,
                "Stat": alarm.statistic,
            },
        }
        found = self._clients.cloudwatch.get_metric_data(
            MetricDataQueries=[query], StartTime=start, EndTime=end, ScanBy="TimestampAscending"
        )
        return list(found["MetricDataResults"][0]["Values"])

    def _change(self, alarm: Alarm, verdict: Verdict) -> None:
        cloudwatch = self._clients.cloudwatch
        changed_at = self._clock.now()
        cloudwatch.set_alarm_state(AlarmName=alarm.name, StateValue=verdict.state, StateReason=verdict.reason)
        # moto stamps it with the host's time; straight in moto, because CloudWatch has no such request.
        stands = cloudwatch_backends[self._names.account][self._names.region].alarms[alarm.name]
        stands.state_updated_timestamp = changed_at.replace(tzinfo=None)
        body = notification.message(alarm, self._names, verdict, changed_at=changed_at)
        topics = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(verdict.state, ())
        for topic in topics:
            self._clients.sns.publish(
                TopicArn=topic,
                Subject=notification.subject(alarm, self._names, state=verdict.state),
                Message=json.dumps(body),
            )


def _alarm(found: "MetricAlarmTypeDef") -> Alarm:
    return Alarm(
        name=found["AlarmName"],
        arn=found["AlarmArn"],
        description=found.get("AlarmDescription", ""),
        state=found["StateValue"],
        configured_at=found["AlarmConfigurationUpdatedTimestamp"].astimezone(UTC),
        namespace=found["Namespace"],
        metric=found["MetricName"],
        statistic=found["Statistic"],
        dimensions=tuple((part["Name"], part["Value"]) for part in found["Dimensions"]),
        period=found["Period"],
        evaluation_periods=found["EvaluationPeriods"],
        comparison=found["ComparisonOperator"],
        threshold=found["Threshold"],
        treat_missing=found.get("TreatMissingData", "missing"),
        alarm_actions=tuple(found["AlarmActions"]),
        ok_actions=tuple(found["OKActions"]),
    )
