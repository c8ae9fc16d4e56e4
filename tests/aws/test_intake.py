import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from bot.aws.intake import AlarmIntake
from bot.aws.plumbing import Plumbed, Plumbing
from bot.domain.alarm import AlarmNotice
from bot.errors import UnavailableError
from tests.aws.moto_lake import Lake
from tests.aws.seeded import ACCOUNT, CREDENTIALS, PLATFORM, REGION
from tests.domain.alarms import TOPIC, envelope, message
from tests.embedded import collected


@cache
def _plumbing(resources: Plumbed) -> Plumbing:
    return Plumbing(plumbed=resources, credentials=CREDENTIALS)


class Queues:
    """Hold the intake queue and its dead letters, and an intake that reads them."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._sqs = lake.client("sqs")
        self.url = self._sqs.create_queue(QueueName="etl-failures-bot")["QueueUrl"]
        self._dead = self._sqs.create_queue(QueueName="etl-failures-bot-dlq")["QueueUrl"]
        resources = Plumbed(account=ACCOUNT, region=REGION, queue_url=self.url, dead_letter_url=self._dead)
        self.intake = self.intake_with(resources)

    def intake_with(self, resources: Plumbed) -> AlarmIntake:
        """Return an intake that has these resources."""
        return AlarmIntake(
            plumbing=_plumbing(resources),
            platform=PLATFORM,
            topic_arns=frozenset({TOPIC}),
        )

    def put(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self) -> int:
        """Return how many messages the intake queue still holds, seen or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        held = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(held[name]) for name in names)

    def dead(self) -> list[tuple[str, str]]:
        """Return body and reason of every dead letter."""
        answer: Any = self._sqs.receive_message(
            QueueUrl=self._dead, MaxNumberOfMessages=10, MessageAttributeNames=["reason"]
        )
        return [(one["Body"], one["MessageAttributes"]["reason"]["StringValue"]) for one in answer.get("Messages", ())]


@pytest.fixture
def queues(the_lake: Lake) -> Queues:
    return Queues(the_lake)


def test_an_alarm_is_deleted_only_after_it_was_accepted(queues: Queues) -> None:
    queues.put(envelope())
    during: list[int] = []
    accepted: list[AlarmNotice] = []

    def accept(notice: AlarmNotice) -> None:
        accepted.append(notice)
        during.append(queues.left())

    assert queues.intake.take(accept, wait_s=0) == 1

    assert ([one.name for one in accepted], during, queues.left()) == (["CircuitBreakerOpen"], [1], 0)


def test_an_alarm_that_could_not_be_kept_stays_in_the_queue(queues: Queues) -> None:
    queues.put(envelope())

    with pytest.raises(UnavailableError):
        queues.intake.take(_failing(UnavailableError("the database is away")), wait_s=0)

    assert (queues.left(), queues.dead()) == (1, [])


def _failing(error: Exception) -> Callable[[AlarmNotice], None]:
    def accept(_: AlarmNotice) -> None:
        raise error

    return accept


def test_the_same_message_twice_has_one_identity(queues: Queues) -> None:
    queues.put(envelope())
    queues.put(envelope())

    received = queues.intake.receive(wait_s=0)

    assert [one.message_id for one in received] == ["11111111-2222-3333-4444-555555555555"] * 2
    assert received[0].receipt != received[1].receipt


BAD = {
    "no JSON": ("DROP TABLE", "not JSON"),
    "another topic": (envelope(TopicArn=f"arn:aws:sns:{REGION}:999999999999:etl-failures"), "not one of ours"),
    "a subscription": (
        envelope(Type="SubscriptionConfirmation", SubscribeURL="http://127.0.0.1:9/confirm"),
        "ever fetched",
    ),
    "a number nobody can read": (envelope().replace('"SignatureVersion": "1"', f'"x": {"9" * 5_000}'), "not JSON"),
    "a number that is none": (envelope(message().replace('"Threshold": 1.0', '"Threshold": 1e999')), "too large"),
    "a time before all times": (envelope(message(StateChangeTime="0001-01-01T00:00:00+23:59")), "not a time"),
    "another account": (
        envelope(
            message(
                AWSAccountId="999999999999",
                AlarmArn=f"arn:aws:cloudwatch:{REGION}:999999999999:alarm:CircuitBreakerOpen",
            )
        ),
        "another account",
    ),
    "another region": (
        envelope(
            message(AlarmArn=f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:CircuitBreakerOpen"),
            SigningCertURL="https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        ),
        "another account or region",
    ),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_what_is_no_alarm_of_ours_goes_to_the_dead_letters_with_the_reason(
    queues: Queues, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    body, reason = BAD[what]
    queues.put(body)
    queues.put(envelope())

    with caplog.at_level(logging.WARNING, logger="bot.aws.intake"), collected() as lines:
        received = queues.intake.receive(wait_s=0)

    ((buried, why),) = queues.dead()
    assert (buried, len(received), queues.left()) == (body, 1, 1)
    assert reason in why
    assert reason in json.dumps([vars(record).get("reason") for record in caplog.records])
    assert lines.values("AlarmsRefused", Why="not_ours") == [1]


def test_what_cannot_be_sent_to_the_dead_letters_stays_and_holds_up_no_alarm(queues: Queues) -> None:
    nowhere = Plumbed(account=ACCOUNT, region=REGION, queue_url=queues.url)
    intake = queues.intake_with(nowhere)
    queues.put("DROP TABLE")
    queues.put(envelope())

    assert (len(intake.receive(wait_s=0)), queues.left()) == (1, 2)
