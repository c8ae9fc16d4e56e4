"""Alarm messages as SNS and CloudWatch word them, for tests."""

import json

from bot.domain.value import JsonObject, JsonValue

TOPIC = "arn:aws:sns:eu-west-1:123456789012:etl-failures"


def message(**other: JsonValue) -> str:
    """Return CloudWatch's own JSON, with some fields replaced; None leaves a field out."""
    fields: JsonObject = {
        "AlarmName": "CircuitBreakerOpen",
        "AlarmDescription": "The load halted itself.",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-01-20T10:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [1.0 (21/01/26 02:07:00)] was >= 1.0",
        "StateChangeTime": "2026-01-21T02:08:02.120+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "CircuitBreakerOpen",
            "Namespace": "DataLake/ETL",
            "StatisticType": "Statistic",
            "Statistic": "MAXIMUM",
            "Unit": None,
            "Dimensions": [{"value": "transactions", "name": "Pipeline"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
        **other,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def envelope(text: str | None = None, **other: JsonValue) -> str:
    """Return what SNS puts around it in the queue."""
    fields: JsonObject = {
        "Type": "Notification",
        "MessageId": "11111111-2222-3333-4444-555555555555",
        "TopicArn": TOPIC,
        "Subject": 'ALARM: "CircuitBreakerOpen" in EU (Ireland)',
        "Message": text if text is not None else message(),
        "Timestamp": "2026-01-21T02:08:02.200Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        **other,
    }
    return json.dumps(fields)
