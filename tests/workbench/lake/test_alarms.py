import json
from datetime import datetime, timedelta

from bot.workbench.lake import watches
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.circuit_breaker import break_
from tests.workbench.lake.driving import alarm_state, eventually, metric, notices, set_breaker

HOUR = timedelta(hours=1)


def test_a_halted_load_sets_the_alarms_off_and_says_so_on_the_bots_queue(lake: Lake) -> None:
    break_(lake)

    envelopes = notices(lake, 2)

    assert [(found["Type"], found["TopicArn"]) for found in envelopes] == [
        ("Notification", "arn:aws:sns:eu-west-1:123456789012:etl-failures")
    ] * 2
    assert [found["Subject"] for found in envelopes] == [
        'ALARM: "CircuitBreakerOpen" in EU (Ireland)',
        'ALARM: "SameErrorRateHigh" in EU (Ireland)',
    ]
    assert [alarm_state(lake, name) for name in lake.names.alarms] == ["ALARM", "ALARM"]


def test_an_alarm_changes_at_the_moved_hour_and_not_at_the_hosts(lake: Lake) -> None:
    lake.clock.advance(HOUR.total_seconds())
    before = lake.clock.now()

    break_(lake)

    told = json.loads(notices(lake, 1)[0]["Message"])["StateChangeTime"]
    assert datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%f%z") >= before


def test_the_message_is_the_one_cloudwatch_sends(lake: Lake) -> None:
    break_(lake)

    breaker_open, same_error = (json.loads(found["Message"]) for found in notices(lake, 2))

    found = lake.clients.cloudwatch.describe_alarms(AlarmNames=["SameErrorRateHigh"])["MetricAlarms"][0]
    changed = datetime.strptime(same_error.pop("StateChangeTime"), "%Y-%m-%dT%H:%M:%S.%f%z")
    assert abs(changed - found["StateUpdatedTimestamp"]) < timedelta(milliseconds=1)
    reason = same_error.pop("NewStateReason")
    assert reason.startswith("Threshold Crossed: 1 datapoint [101.0 (")
    assert same_error.pop("AlarmConfigurationUpdatedTimestamp")
    failures = "arn:aws:sns:eu-west-1:123456789012:etl-failures"
    assert same_error == {
        "AlarmName": "SameErrorRateHigh",
        "AlarmDescription": "More than 100 equal errors within an hour in transactions.",
        "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM",
        "Region": "EU (Ireland)",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:SameErrorRateHigh",
        "OldStateValue": "OK",
        "OKActions": [failures],
        "AlarmActions": [failures],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "SameErrorCount",
            "Namespace": "DataLake/ETL",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [
                {"value": "transactions", "name": "Pipeline"},
                {"value": "CURRENCY_ERROR", "name": "ErrorType"},
            ],
            "Period": 3600,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 100.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    assert breaker_open["Trigger"]["Dimensions"] == [{"value": "transactions", "name": "Pipeline"}]


def test_each_change_is_told_once_and_the_way_back_is_told_too(lake: Lake) -> None:
    break_(lake)
    notices(lake, 2)

    set_breaker(lake, "CLOSED")
    lake.clock.advance(61 * 60)
    lake.look()
    back = [json.loads(found["Message"]) for found in notices(lake, 2)]

    assert [(found["AlarmName"], found["OldStateValue"], found["NewStateValue"]) for found in back] == [
        ("CircuitBreakerOpen", "ALARM", "OK"),
        ("SameErrorRateHigh", "ALARM", "OK"),
    ]
    assert [alarm_state(lake, name) for name in lake.names.alarms] == ["OK", "OK"]
    lake.pause()
    queue = lake.queue_url(lake.names.failures_queue)
    assert "Messages" not in lake.clients.sqs.receive_message(QueueUrl=queue)


def test_a_breaker_left_open_keeps_its_alarm_however_late_it_gets(lake: Lake) -> None:
    break_(lake)
    notices(lake, 2)

    lake.clock.advance(61 * 60)
    lake.look()
    eventually(lambda: alarm_state(lake, "SameErrorRateHigh") == "OK", what="the hour without errors")

    assert alarm_state(lake, "CircuitBreakerOpen") == "ALARM"


def test_a_half_open_breaker_is_still_an_alarm(lake: Lake) -> None:
    break_(lake)
    notices(lake, 2)

    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    lake.clock.advance(30 * 60)
    lake.look()
    eventually(lambda: halts(lake)[-5:] == [1] * 5, what="heartbeats that say halted")

    assert alarm_state(lake, "CircuitBreakerOpen") == "ALARM"


def test_the_pipeline_beats_every_five_minutes_of_the_time_the_clock_jumped_over(lake: Lake) -> None:
    lake.clock.advance(60 * 60)
    lake.look()

    eventually(lambda: len(halts(lake)) >= 12, what="the heartbeats")

    counts = metric(lake, "SameErrorCount", stat="SampleCount", back=HOUR, error_type="CURRENCY_ERROR")
    assert counts == [1] * 12
    assert metric(lake, "SameErrorCount", stat="Sum", back=HOUR, error_type="CURRENCY_ERROR") == [0] * 12
    assert set(halts(lake)) == {0}


def test_the_history_before_start_has_heartbeats_too(lake: Lake) -> None:
    assert len(metric(lake, "SameErrorCount", stat="Sum", back=HOUR, error_type="CURRENCY_ERROR")) >= 11


def test_a_message_nobody_deletes_goes_to_the_dead_letters_after_three_receives(lake: Lake) -> None:
    sqs, queue = lake.clients.sqs, lake.queue_url(lake.names.failures_queue)
    lake.clients.sns.publish(TopicArn=lake.names.topic_arn(lake.names.failures_topic), Message="not an alarm")

    received = [len(sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0).get("Messages", [])) for _ in range(4)]

    assert received == [1, 1, 1, 0]
    dead = sqs.receive_message(QueueUrl=lake.queue_url(lake.names.failures_dead_letters))["Messages"]
    assert json.loads(dead[0]["Body"])["Message"] == "not an alarm"


def test_every_alarm_of_the_platform_is_defined_and_only_the_breakers_speak(lake: Lake) -> None:
    found = lake.clients.cloudwatch.describe_alarms()["MetricAlarms"]

    assert len(found) == 29
    assert {alarm["AlarmName"] for alarm in found if alarm["ActionsEnabled"]} == set(lake.names.alarms)


def test_an_alarm_that_was_not_armed_keeps_silent(lake: Lake) -> None:
    lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key)
    lake.clock.advance(600)
    lake.look()
    eventually(lambda: len(halts(lake)) >= 2, what="the heartbeats")

    assert alarm_state(lake, "LatestPointerMissing") == "OK"


def test_an_armed_alarm_follows_the_lake_both_ways(lake: Lake) -> None:
    partition = lake.seeded.latest_key.removesuffix("_LATEST.json")
    body = lake.clients.s3.get_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key)["Body"].read()
    lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key)
    watches.arm(lake.clients, lake.names, "LatestPointerMissing", at=lake.clock.now(), Partition=partition)
    lake.look()
    notices(lake, 1)

    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key, Body=body)
    lake.clock.advance(660)
    lake.look()

    back = json.loads(notices(lake, 1)[0]["Message"])
    assert (back["AlarmName"], back["NewStateValue"]) == ("LatestPointerMissing", "OK")


def test_the_history_of_an_alarm_tells_each_turn_at_the_moved_hour(lake: Lake) -> None:
    begun = lake.clock.now()
    break_(lake)
    notices(lake, 2)
    set_breaker(lake, "CLOSED")
    lake.clock.advance(61 * 60)
    lake.look()
    notices(lake, 2)

    def told(since: datetime) -> list[str]:
        found = lake.clients.cloudwatch.describe_alarm_history(
            AlarmName=lake.names.breaker_alarm, HistoryItemType="StateUpdate", StartDate=since
        )
        return [one["HistorySummary"] for one in found["AlarmHistoryItems"]]

    turns = ["Alarm updated from ALARM to OK", "Alarm updated from OK to ALARM"]
    assert (told(begun), told(begun + HOUR)) == (turns, turns[:1])


def test_the_lost_table_and_the_lost_marker_are_measured(lake: Lake) -> None:
    month, now = lake.seeded.months[0], lake.clock.now()
    lake.clients.glue.delete_table(DatabaseName=lake.names.database, Name=lake.names.table)
    marker = f"{month.partition}run_id={month.run_id}/_SUCCESS"
    lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=marker)

    watches.arm(lake.clients, lake.names, "CatalogTableMissing", at=now)
    watches.arm(lake.clients, lake.names, "SuccessMarkerMissing", at=now, Partition=month.partition, RunId=month.run_id)
    lake.look()

    told = {json.loads(found["Message"])["AlarmName"] for found in notices(lake, 2)}
    assert told == {"CatalogTableMissing", "SuccessMarkerMissing"}


def halts(lake: Lake) -> list[float]:
    return metric(lake, "CircuitBreakerOpen", stat="Maximum", back=HOUR)
