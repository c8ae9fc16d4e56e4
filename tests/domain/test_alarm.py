import pytest

from bot.domain.alarm import AlarmNotice, alarm_notice, alarm_now
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.domain.alarms import TOPIC, envelope, message


def test_an_alarm_is_read_from_what_sns_puts_into_the_queue() -> None:
    assert alarm_notice(envelope()) == AlarmNotice(
        name="CircuitBreakerOpen",
        arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
        account="123456789012",
        region="eu-west-1",
        state="ALARM",
        previous="OK",
        reason="Threshold Crossed: 1 datapoint [1.0 (21/01/26 02:07:00)] was >= 1.0",
        description="The load halted itself.",
        at="2026-01-21T02:08:02.120Z",
        namespace="DataLake/ETL",
        metric="CircuitBreakerOpen",
        statistic="MAXIMUM",
        dimensions={"Pipeline": "transactions"},
        threshold=1.0,
        period=60,
        message_id="11111111-2222-3333-4444-555555555555",
        topic=TOPIC,
    )


def test_an_alarm_without_a_metric_of_its_own_is_read() -> None:
    notice = alarm_notice(
        envelope(message(Trigger={"Metrics": [{"Id": "m1"}], "Threshold": 5.0}, AlarmDescription=None))
    )

    assert (notice.metric, notice.dimensions, notice.threshold) == ("", {}, 5.0)


BAD: dict[str, str] = {
    "no JSON": "ALARM!",
    "a list": "[]",
    "two topics": envelope()[:-1] + f', "TopicArn": "{TOPIC}"}}',
    "a number for an id": envelope(MessageId=7),
    "an id with a newline": envelope(MessageId="11111111\n"),
    "a subscription": envelope(Type="SubscriptionConfirmation", SubscribeURL="https://evil.example"),
    "a message that is no JSON": envelope("hello"),
    "a message that is an object": envelope()
    .replace('"Message": "', '"Message": {"x": "')
    .replace('", "Timestamp', '"}, "Timestamp'),
    "another certificate host": envelope(SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"),
    "a certificate over plain http": envelope(SigningCertURL="http://sns.eu-west-1.amazonaws.com/x.pem"),
    "10 kB of name": envelope(message(AlarmName="x" * 10_240)),
}
BAD_FIELDS: dict[str, tuple[str, JsonValue]] = {
    "no name": ("AlarmName", None),
    "an empty name": ("AlarmName", ""),
    "a name that is not the ARN's": ("AlarmName", "SameErrorRateHigh"),
    "an account that is not the ARN's": ("AWSAccountId", "999999999999"),
    "an ARN of something else": ("AlarmArn", "arn:aws:sns:eu-west-1:123456789012:CircuitBreakerOpen"),
    "no state": ("NewStateValue", None),
    "an invented state": ("NewStateValue", "PANIC"),
    "a state that is a number": ("NewStateValue", 1),
    "no time": ("StateChangeTime", None),
    "a time without offset": ("StateChangeTime", "2026-01-21T02:08:02"),
    "a time in words": ("StateChangeTime", "yesterday"),
    "dimensions as text": ("Trigger", {"Dimensions": "Pipeline=transactions"}),
    "a threshold as text": ("Trigger", {"Threshold": "1"}),
    "a reason of 10 kB": ("NewStateReason", "x" * 10_240),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_what_is_no_alarm_is_refused(what: str) -> None:
    with pytest.raises(InvalidError):
        alarm_notice(BAD[what])


@pytest.mark.parametrize("what", sorted(BAD_FIELDS))
def test_an_alarm_with_a_wrong_field_is_refused(what: str) -> None:
    name, value = BAD_FIELDS[what]

    with pytest.raises(InvalidError):
        alarm_notice(envelope(message(**{name: value})))


def test_hostile_text_in_a_free_field_is_only_text() -> None:
    words = "'; DROP TABLE x; -- \u200b \U0001f525 <!channel> ${platform.account}"

    assert alarm_notice(envelope(message(NewStateReason=words))).reason == words


def test_no_alarm_of_that_name_is_none() -> None:
    assert alarm_now({"found": True, "MetricAlarms": []}) is None
    assert alarm_now({"found": True}) is None


def test_a_composite_alarm_is_an_alarm_without_a_metric_of_its_own() -> None:
    text = envelope(message(Trigger=None, AlarmRule='ALARM("a") AND ALARM("b")', TriggeringChildren=[]))
    kept: JsonObject = {
        "MetricAlarms": [],
        "CompositeAlarms": [
            {
                "AlarmName": "CircuitBreakerOpen",
                "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
                "StateValue": "ALARM",
                "StateUpdatedTimestamp": "2026-01-21T02:08:02Z",
            }
        ],
    }

    assert (alarm_notice(text).metric, alarm_notice(text).dimensions) == ("", {})
    now = alarm_now(kept)
    assert now is not None
    assert (now.state, now.metric, now.reason) == ("ALARM", None, "")
