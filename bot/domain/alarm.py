"""An alarm as CloudWatch tells it, through SNS and SQS; hostile text until confirmed."""

import re
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.action import shown
from bot.domain.moment import moment, written
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import InvalidError

ARN = r"arn:aws:cloudwatch:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):alarm:(?P<name>.+)"
MOST_CHARACTERS = 262_144
ALARM_TYPES = ("MetricAlarm", "CompositeAlarm")


class AlarmNotice(Value):
    """Hold one state change of an alarm, as the notification says it.

    Attributes:
        at: when the state changed, ISO text with offset; with the ARN it names the episode.
    """

    name: str
    arn: str
    account: str
    region: str
    state: str
    previous: str
    reason: str
    description: str = ""
    at: str
    namespace: str = ""
    metric: str = ""
    statistic: str = ""
    dimensions: Mapping[str, str] = {}
    threshold: float | None = None
    period: int | None = None
    message_id: str
    topic: str


class AlarmNow(Value):
    """Hold what CloudWatch itself says of an alarm when asked.

    Attributes:
        since: StateUpdatedTimestamp as ISO text; with the ARN it names the episode.
    """

    name: str
    arn: str
    state: str
    reason: str
    description: str = ""
    since: str
    metric: str | None = None
    namespace: str | None = None
    threshold: int | float | None = None
    dimensions: Mapping[str, str] = {}


def alarm_now(kept: JsonObject) -> AlarmNow | None:
    """Return the alarm from what the row `cloudwatch.alarm` keeps; None where there is none of that name."""
    alarm = _first(kept.get("MetricAlarms")) or _first(kept.get("CompositeAlarms"))
    if alarm is None:
        return None
    fields = {
        "name": alarm["AlarmName"],
        "arn": alarm["AlarmArn"],
        "state": alarm["StateValue"],
        "reason": alarm.get("StateReason", ""),
        "description": alarm.get("AlarmDescription", ""),
        "since": alarm["StateUpdatedTimestamp"],
        "metric": alarm.get("MetricName"),
        "namespace": alarm.get("Namespace"),
        "threshold": alarm.get("Threshold"),
        "dimensions": _dimensions(alarm.get("Dimensions"), "Name", "Value"),
    }
    return AlarmNow.model_validate(fields)


def _first(alarms: JsonValue) -> JsonObject | None:
    found = alarms[0] if isinstance(alarms, list) and alarms else None
    return found if isinstance(found, dict) else None


def _dimensions(value: JsonValue, name: str, held: str) -> JsonObject:
    pairs = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return {str(one[name]): one[held] for one in pairs}


class _Wire(BaseModel):
    """Take a message's fields as they are: no text becomes a number; AWS may add fields."""

    model_config = ConfigDict(frozen=True, strict=True)


T = TypeVar("T", bound=_Wire)
Short = Annotated[str, Field(max_length=1_024)]


class _Envelope(_Wire):
    type: Short = Field(alias="Type")
    message_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")] = Field(alias="MessageId")
    topic: Short = Field(alias="TopicArn")
    message: str = Field(alias="Message")
    certificate: Short | None = Field(alias="SigningCertURL", default=None)


class _Dimension(_Wire):
    name: Short
    value: Short


class _Trigger(_Wire):
    metric: Short = Field(alias="MetricName", default="")
    namespace: Short = Field(alias="Namespace", default="")
    statistic: Short | None = Field(alias="Statistic", default=None)
    dimensions: list[_Dimension] = Field(alias="Dimensions", default=[], max_length=30)
    period: int | None = Field(alias="Period", default=None)
    threshold: float | int | None = Field(alias="Threshold", default=None)


class _Message(_Wire):
    name: Annotated[str, Field(min_length=1, max_length=255)] = Field(alias="AlarmName")
    arn: Short = Field(alias="AlarmArn")
    account: Short = Field(alias="AWSAccountId")
    state: Short = Field(alias="NewStateValue")
    previous: Short = Field(alias="OldStateValue")
    reason: Annotated[str, Field(max_length=4_096)] = Field(alias="NewStateReason")
    description: Annotated[str, Field(max_length=4_096)] | None = Field(alias="AlarmDescription", default=None)
    at: Short = Field(alias="StateChangeTime")
    trigger: _Trigger = Field(alias="Trigger", default=_Trigger())


def alarm_notice(text: str) -> AlarmNotice:
    """Return the alarm that an SNS message, as it lies in the queue, tells of.

    Raises:
        InvalidError: it is no such message; the words say what is wrong.
    """
    envelope = _checked(_Envelope, text, "SNS message")
    if envelope.type != "Notification":
        raise InvalidError(f"It is a {shown(envelope.type)}, not a Notification; no address in it is ever fetched.")
    message = _checked(_Message, envelope.message, "alarm")
    arn = re.fullmatch(ARN, message.arn)
    if arn is None or arn["name"] != message.name or arn["account"] != message.account:
        raise InvalidError(f"The alarm's ARN {shown(message.arn)} does not fit its name and account.")
    _certificate(envelope.certificate, arn["region"])
    if {message.state, message.previous} - {"ALARM", "OK", "INSUFFICIENT_DATA"}:
        raise InvalidError(f"CloudWatch has no state {shown(message.state)} or {shown(message.previous)}.")
    trigger = message.trigger
    return AlarmNotice(
        name=message.name,
        arn=message.arn,
        account=message.account,
        region=arn["region"],
        state=message.state,
        previous=message.previous,
        reason=message.reason,
        description=message.description or "",
        at=written(moment(message.at)),
        namespace=trigger.namespace,
        metric=trigger.metric,
        statistic=trigger.statistic or "",
        dimensions={one.name: one.value for one in trigger.dimensions},
        threshold=trigger.threshold,
        period=trigger.period,
        message_id=envelope.message_id,
        topic=envelope.topic,
    )


def _checked(shape: type[T], text: str, what: str) -> T:
    parsed = parse_object(text, most=MOST_CHARACTERS)
    try:
        return shape.model_validate(parsed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"The {what} does not fit at {where}: {first['msg']}.") from error


def _certificate(url: str | None, region: str) -> None:
    if url is not None and not re.fullmatch(rf"https://sns\.{re.escape(region)}\.amazonaws\.com/[A-Za-z0-9_./-]+", url):
        raise InvalidError(f"Its signing certificate is said to be at {shown(url)}, which is not SNS.")
