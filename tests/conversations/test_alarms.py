"""Alarms through the real queue: none is lost, none is shown twice, and what is none goes to the dead letters."""

import json
from typing import Any

from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, Stage, notified_of, until

ARN = "arn:aws:cloudwatch:eu-west-1:{account}:alarm:{name}"


def _message(name: str, *, account: str = "123456789012", state: str = "ALARM") -> str:
    return json.dumps(
        {
            "AlarmName": name,
            "AlarmArn": ARN.format(account=account, name=name),
            "AWSAccountId": account,
            "NewStateValue": state,
            "OldStateValue": "OK" if state == "ALARM" else "ALARM",
            "NewStateReason": "a test says so",
            "StateChangeTime": "2026-11-23T02:07:00.000+0000",
        }
    )


def _envelope(stage: Stage, message: str, *, number: int, **other: str) -> str:
    names = stage.lake.names
    envelope = {
        "Type": "Notification",
        "MessageId": f"00000000-0000-0000-0000-{number:012d}",
        "TopicArn": names.topic_arn(names.failures_topic),
        "Message": message,
    }
    return json.dumps({**envelope, **other})


def _send(stage: Stage, body: str) -> None:
    names = stage.lake.names
    stage.lake.clients.sqs.send_message(QueueUrl=stage.lake.queue_url(names.failures_queue), MessageBody=body)


def _make(stage: Stage, name: str) -> None:
    """Have CloudWatch know an alarm that is in ALARM and stays so."""
    cloudwatch = stage.lake.clients.cloudwatch
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Elsewhere",
        MetricName="Nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test says so")


def _buried(stage: Stage, count: int) -> dict[str, str]:
    """Return what lies with the dead letters: the reason by the body."""
    names = stage.lake.names
    url = stage.lake.queue_url(names.failures_dead_letters)
    found: dict[str, str] = {}

    def all_there() -> bool:
        answer: Any = stage.lake.clients.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        for one in answer.get("Messages", ()):
            found[one["Body"]] = one["MessageAttributes"]["reason"]["StringValue"]
        return len(found) >= count

    until(all_there, f"{count} dead letters, not {len(found)}")
    return found


def _left(stage: Stage) -> int:
    """Return how many messages the intake queue still holds, those being dealt with included."""
    names = stage.lake.names
    said = stage.lake.clients.sqs.get_queue_attributes(
        QueueUrl=stage.lake.queue_url(names.failures_queue), AttributeNames=["All"]
    )["Attributes"]
    return int(said["ApproximateNumberOfMessages"]) + int(said["ApproximateNumberOfMessagesNotVisible"])


def test_what_is_no_alarm_of_ours_goes_to_the_dead_letters_with_the_reason_and_the_good_one_is_shown(
    stage: Stage,
) -> None:
    _make(stage, "Good")
    subscribe = {"Type": "SubscriptionConfirmation", "SubscribeURL": "http://127.0.0.1:1/confirm"}
    bad = {
        "not JSON at all <!channel>": "JSON",
        json.dumps({"Type": "Notification", "Message": "x"}): "does not fit",
        _envelope(stage, "{}", number=1): "does not fit",
        _envelope(stage, _message("Good"), number=2, TopicArn="arn:aws:sns:eu-west-1:123456789012:other"): "topic",
        _envelope(stage, _message("Good", account="999999999999"), number=3): "another account",
        _envelope(stage, "", number=4, **subscribe): "no address in it is ever fetched",
    }
    for body in bad:
        _send(stage, body)
    _send(stage, _envelope(stage, _message("Good"), number=5))

    shown = stage.ana.wait_for_message("Good", channel=INCIDENTS)
    reasons = _buried(stage, len(bad))

    assert "No runbook" in plain(shown) or "no runbook" in plain(shown)
    assert {body: words in reasons[body] for body, words in bad.items()} == dict.fromkeys(bad, True), reasons
    assert until(lambda: _left(stage) == 0, "an empty queue")
    assert len(stage.cards("ALARM")) == 1


def test_the_same_message_twice_and_an_alarm_that_fires_again_are_one_card_that_notified_once(stage: Stage) -> None:
    _make(stage, "Twice")
    _send(stage, _envelope(stage, _message("Twice"), number=1))
    shown = stage.ana.wait_for_message("Twice", channel=INCIDENTS)

    _send(stage, _envelope(stage, _message("Twice"), number=1))
    until(lambda: _left(stage) == 0, "the second message is dealt with")
    _make(stage, "Twice")
    _send(stage, _envelope(stage, _message("Twice"), number=2))
    until(lambda: _left(stage) == 0 and stage.kinds().count("alarm.again") == 1, "both are dealt with")

    assert [one["ts"] for one in stage.cards("Twice")] == [shown["ts"]]
    assert notified_of(stage.ana, "Twice") == ["group"]
    assert stage.kinds().count("alarm.went_off") == 1


def test_a_burst_of_alarms_while_the_bot_was_away_is_told_whole_and_what_a_runbook_answers_by_itself(
    stage: Stage,
) -> None:
    names = [f"Burst{number:02d}" for number in range(12)]
    for name in names:
        _make(stage, name)
    with stage.downtime():
        stage.break_("circuit-breaker")
        for number, name in enumerate(names):
            _send(stage, _envelope(stage, _message(name), number=number))
        until(lambda: _left(stage) >= 14, "the nightly load's two alarms")

    stage.ana.wait_for_message("circuit-breaker fits", channel=INCIDENTS)
    until(lambda: _left(stage) == 0, "an empty queue")
    until(lambda: stage.cards("ALARM STORM") and all(len(stage.cards(name)) == 1 for name in names), "all are told")

    assert "SameErrorRateHigh" in plain(stage.cards("CircuitBreakerOpen")[0])
    assert stage.kinds().count("alarm.went_off") == 14


def test_ok_again_only_edits_the_card(stage: Stage) -> None:
    _make(stage, "Passing")
    _send(stage, _envelope(stage, _message("Passing"), number=1))
    shown = stage.ana.wait_for_message("Passing", channel=INCIDENTS)
    stage.lake.clients.cloudwatch.set_alarm_state(AlarmName="Passing", StateValue="OK", StateReason="over")

    _send(stage, _envelope(stage, _message("Passing", state="OK"), number=2))
    again = stage.ana.wait_for_message("OK again", channel=INCIDENTS)

    assert again["ts"] == shown["ts"]
    assert len(stage.ana.notifications()) == 1


def test_an_alarm_that_cloudwatch_does_not_know_is_not_shown(stage: Stage) -> None:
    _send(stage, _envelope(stage, _message("Invented"), number=1))

    until(lambda: "alarm.unconfirmed" in stage.kinds(), "it was asked about")

    assert stage.cards("Invented") == []
